"""The command line: exit codes, languages, and what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pondasi.chain.cases import case_path
from pondasi.cli import main
from pondasi.cli.app import make_group
from pondasi.words import Words

VERBS = (
    "position",
    "stress",
    "sensitivity",
    "plan",
    "partners",
    "brief",
    "explain",
    "coverage",
    "diff",
    "replay",
    "backtest",
    "check",
    "template",
    "build",
    "cases",
    "shocks",
    "sources",
    "doctor",
)


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("language", ["en", "id", "ja"])
def test_help_speaks_the_users_language(run, language):
    words = Words(language)
    code, out, _ = run("--language", language, "--help")
    assert code == 0
    assert out.startswith(words.say("cli.usage"))
    top = out
    for verb in VERBS:
        assert verb in top
        code, out, _ = run(verb, "--help", "--language", language)
        assert code == 0
        assert words.say("cli.options") in out


def test_the_language_may_come_from_the_environment(run, monkeypatch):
    monkeypatch.setenv("PONDASI_LANGUAGE", "ja")
    assert run("--help")[1].startswith(Words("ja").say("cli.usage"))
    monkeypatch.setenv("PONDASI_LANGUAGE", "xx")
    assert run("--help")[1].startswith(Words("en").say("cli.usage"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek"], "Did you mean 'check'"),
        (["zzz"], "Known: position"),
        (["check", "--foo"], "no option '--foo'"),
        (["brief", "--languge", "id", "IDN"], "Did you mean --language"),
        (["brief"], "'HOME' is missing"),
        (["brief", "IDN", "--places", "x"], "plain, un, oecd"),
        (["brief", "IDN", "--seed", "-1"], "'--seed'"),
        (["brief", "IDN", "--with"], "needs a value"),
        (["brief", "Indonesa"], "Did you mean IDN"),
        (["brief", "IDN", "--out", "brief.txt"], "ends in .html"),
        (["brief", "IDN", "--out", "brief.pdf"], "with --format pdf"),
        (["brief", "IDN", "--format", "html,docx"], "'docx' is no form of a brief. Known: html, pdf"),
        (["brief", "IDN", "--format", ","], "Known: html, pdf"),
        (["brief", "IDN", "--peers", "VNM,Jaapan"], "Did you mean JPN"),
        (["brief", "IDN", "--draws", "0", "--workspace", "/dev/null/x"], "/dev/null"),
        (["brief", "IDN", "--with", "Jaapan"], "Did you mean JPN"),
        (["brief", "TUV"], "no share in any node"),
        (["template", "out.csv"], ".xlsx"),
        ([], "verb"),
    ],
)
def test_a_wrong_call_ends_with_two_and_says_what_is_wrong(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_version(run):
    code, out, _ = run("--version")
    assert code == 0
    assert out.strip()[0].isdigit()


def test_brief_writes_a_document_and_a_run(run, tmp_path):
    code, out, _ = run(
        "brief", "VNM", "--with", "KOR", "--language", "ja", "--draws", "2", "--workspace", str(tmp_path / "w")
    )
    assert code == 0
    document = tmp_path / "w" / "documents" / "brief-VNM-KOR-ja.html"
    assert document.exists()
    assert str(document) in out
    (folder,) = (tmp_path / "w" / "runs").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["options"] == {
        "home": "VNM",
        "with": "KOR",
        "peers": "IDN,JPN,MYS,KOR",
        "language": "ja",
        "places": "plain",
        "draws": 2,
        "routes": "trade",
    }
    assert {path.stem for path in (folder / "tables").iterdir()} >= {"exposure", "exposure_by_node", "concentration"}


def test_a_brief_is_written_as_a_paper_where_the_user_says(run, tmp_path):
    target = tmp_path / "paper.pdf"
    code, out, _ = run("brief", "IDN", "--draws", "0", "--format", "pdf", "--out", str(target))
    assert code == 0
    assert str(target) in out
    assert target.read_bytes().startswith(b"%PDF")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["paper.pdf", "paper.xlsx"]


def test_the_same_call_gives_the_same_page_on_the_same_day(run, tmp_path):
    pages = []
    for name in ("a", "b"):
        code, out, _ = run("brief", "IDN", "--draws", "3", "--seed", "5", "--json", "--workspace", str(tmp_path / name))
        assert code == 0
        result = json.loads(out)
        pages.append(Path(result["documents"]["html"]).read_bytes())
        assert result["statements"]
    assert pages[0] == pages[1]


def test_check_tells_good_from_bad(run, tmp_path):
    assert run("template", str(tmp_path / "t.xlsx"))[0] == 0
    assert run("template", str(tmp_path / "t.xlsx"))[0] == 2, "an existing file is kept"
    code, out, _ = run("check", str(tmp_path / "missing"))
    assert code == 3
    assert "missing" in out
    code, out, _ = run("check", str(tmp_path / "missing"), "--json")
    assert code == 3
    assert json.loads(out)["problems"][0]["key"] == "path_missing"


@pytest.mark.slow
def test_build_goes_round_the_three_forms(run, tmp_path):
    hashes = set()
    source = []
    for name in ("pack", "pack.parquet", "pack.xlsx"):
        code, out, _ = run("build", *source, "--out", str(tmp_path / name))
        assert code == 0
        hashes.add(out.split("hash ")[1])
        source = [str(tmp_path / name)]
        assert run("check", str(tmp_path / name), "--quiet")[0] == 0
    assert len(hashes) == 1


def test_doctor_finds_the_world_whole(run):
    code, out, _ = run("doctor")
    assert code == 0
    assert "numpy" in out
    assert json.loads(run("doctor", "--json")[1])["world"]["ok"]


def test_explain_shows_rows_and_sources(run):
    code, out, _ = run("explain", "exposure/IDN/JPN")
    assert code == 0
    assert "shares/" in out
    assert "Sources:" in out
    assert json.loads(run("explain", "use/IDN", "--json")[1])["figure"]["unit"] == "USD/year"
    assert run("explain", "shares/nothing")[0] == 2


def test_coverage_counts_and_writes_its_page(run, tmp_path):
    code, out, _ = run("coverage", "--out", str(tmp_path / "coverage.md"))
    assert code == 0
    assert "By weight" in out
    assert (tmp_path / "coverage.md").read_text(encoding="utf-8").startswith("# ")
    assert set(json.loads(run("coverage", "--json")[1])["weights"]) == {"location", "control"}


def test_cases_are_listed_and_checked(run):
    code, out, _ = run("cases")
    assert code == 0
    assert "IDN" in out
    assert len(json.loads(run("cases", "--json")[1])) >= 4
    assert run("check", str(case_path("IDN")))[0] == 0


def test_an_interrupt_ends_with_five(run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pondasi.chain.load.load_world", stop)
    code, _, err = run("brief", "IDN")
    assert code == 5
    assert "Interrupted" in err


def test_every_verb_has_words_in_every_language():
    for language in ("en", "id", "ja"):
        group = make_group(Words(language))
        assert tuple(group.verbs) == VERBS


@pytest.mark.parametrize("language", ["en", "id", "ja"])
@pytest.mark.parametrize(
    ("arguments", "option", "ends"),
    [
        (("plan", "IDN", "--seconds", "-5"), "--seconds", "≥ 1"),
        (("plan", "IDN", "--scenarios", "0"), "--scenarios", "≥ 3"),
        (("sources", "fetch", "x", "--timeout", "0"), "--timeout", "> 0"),
    ],
)
def test_a_number_out_of_range_is_refused_with_the_range(run, language, arguments, option, ends):
    code, out, err = run("--language", language, *arguments)
    assert code == 2
    assert out == ""
    assert option in err
    assert ends in err


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "pondasi", "cases"], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert "IDN" in done.stdout
