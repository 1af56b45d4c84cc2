"""The paper: tagged, whole in its fonts, the same bytes for the same content, and it says what the page says."""

import builtins
import re
import subprocess

import pytest

from pondasi import Words
from pondasi.errors import MissingExtraError
from pondasi.report.brief import write_brief
from pondasi.report.paper import render_paper
from tests.programs import find_program

LANGUAGES = ("en", "id", "ja")


@pytest.fixture(scope="module")
def papers(briefs, tmp_path_factory):
    """Return the paper of each language as a file, set with the fonts of the extra alone, as on a bare machine."""
    folder = tmp_path_factory.mktemp("papers")
    files = {language: folder / f"{language}.pdf" for language in LANGUAGES}
    for language, file in files.items():
        file.write_bytes(render_paper(briefs[language], Words(language), system_fonts=False))
    return files


def read(file, *options):
    program = find_program("pdftotext")
    return subprocess.run([program, *options, str(file), "-"], check=True, stdout=subprocess.PIPE).stdout.decode()


def squeeze(text):
    """Leave out what setting changes: spaces, breaks, hyphenation, page furniture."""
    return re.sub(r"[\s\u00ad\u200b]+", "", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_is_tagged_and_says_its_language_and_title(papers, briefs, language):
    content = papers[language].read_bytes()
    assert content.startswith(b"%PDF-")
    info = subprocess.run(
        [find_program("pdfinfo"), str(papers[language])], check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    assert re.search(r"Tagged:\s+yes", info)
    assert briefs[language].title in info
    assert "CreationDate" not in info
    assert 8 <= int(re.search(r"Pages:\s+(\d+)", info)[1]) <= 40, "this brief answers every question there is"
    assert f"/Lang({language}".encode() in content.replace(b" (", b"(")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statements_come_back_out_of_the_paper(papers, briefs, language):
    text = squeeze(read(papers[language], "-raw"))
    for section in briefs[language].sections:
        for statement in section.statements:
            assert squeeze(statement.text) in text, statement.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_across_a_page_leaves_no_page_before_it_nearly_empty(papers, language):
    """Such a page cannot share what is left of the one before it; so it stands last, behind the last of the text."""
    call = [find_program("pdfinfo"), "-l", "99", str(papers[language])]
    sizes = re.findall(
        r"Page +\d+ size: +([\d.]+) x ([\d.]+)",
        subprocess.run(call, check=True, stdout=subprocess.PIPE).stdout.decode(),
    )
    across = [float(width) > float(height) for width, height in sizes]
    assert across == sorted(across)
    assert across[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sign_is_missing_and_every_font_is_embedded(papers, language):
    """A sign without a glyph would come out as a box: typst then warns, and the text holds a replacement."""
    rows = subprocess.run([find_program("pdffonts"), str(papers[language])], check=True, stdout=subprocess.PIPE)
    fonts = rows.stdout.decode().splitlines()[2:]
    assert fonts
    assert all(re.search(r"\syes\s+yes\s+yes\s+\d+", row) for row in fonts), fonts
    assert not re.search("[\ufffd\u0000]", read(papers[language]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_of_the_text_is_in_a_font_of_the_paper(papers, language):
    from fontTools.ttLib import TTFont

    from pondasi.report.paper import find_fonts

    covered = set()
    for folder in find_fonts():
        for file in folder.glob("*.ttf"):
            if file.stem in {"ipaexg", "DejaVuSans", "DejaVuSans-Bold"}:
                covered |= set(TTFont(file).getBestCmap())
    lost = {sign for sign in read(papers[language]) if not sign.isspace() and ord(sign) not in covered}
    assert not lost - {"\u200b", "\x0c"}


def test_equal_content_gives_equal_bytes(briefs, papers):
    again = render_paper(briefs["en"], Words("en"), system_fonts=False)
    assert again == papers["en"].read_bytes()


def test_without_the_extra_the_install_line_is_named(findings, monkeypatch, tmp_path):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name == "typst":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'pondasi\[pdf\]'"):
        write_brief(findings, Words("en"), tmp_path / "a.html", formats=("html", "pdf"))
    assert list(tmp_path.iterdir()) == []
