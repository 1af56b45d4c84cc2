"""The page in a real browser: accessible, complete without a network, no sign missing, nothing cut."""

import re
import subprocess

import pytest

from tests.programs import find_program

LANGUAGES = ("en", "id", "ja")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALIKE = [["tbody tr:nth-child(n+4)"], [".sources li:nth-child(n+6)"], ["#glossary dl > div:nth-child(n+6)"]]
"""Rows like those before them, which axe would look at one by one for a minute."""
WIDTHS = (360, 1200)
"""Of a phone and of a desk [px]."""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    program = find_program("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for language, page in pages.items():
        (folder / f"{language}.html").write_text(page, encoding="utf-8")
    return {language: folder / f"{language}.html" for language in pages}


@pytest.fixture
def visit(browser, files):
    """Return a function that opens the page of a language offline, and the requests that it made."""
    contexts = []

    def open_page(language, width=1200, **options):
        context = browser.new_context(offline=True, viewport={"width": width, "height": 1000}, **options)
        contexts.append(context)
        page = context.new_page()
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(files[language].as_uri())
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        return page, asked, wrong

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_without_a_network(visit, language):
    page, asked, wrong = visit(language)
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    assert wrong == []
    assert page.locator("svg.chart").count() == page.locator("figure").count() > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_at_level_aa(visit, language):
    from axe_playwright_python.sync_playwright import Axe

    page, *_ = visit(language)
    found = Axe().run(page, context={"exclude": ALIKE}, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    told = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found["violations"]]
    assert len(found["passes"]) > 15
    assert told == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_out_of_the_page(visit, language, width):
    page, *_ = visit(language, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg.chart')].flatMap(svg => {
            const room = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < room.left - 1 || box.right > room.right + 1 || box.bottom > room.bottom + 1;
            }).map(text => (svg.closest('figure, section')?.id ?? '') + ': ' + text.textContent);
        })"""
    )
    assert outside == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_of_a_chart_is_cut_or_lies_on_another(visit, language):
    page, *_ = visit(language)
    found = page.evaluate(
        """() => [...document.querySelectorAll('svg.chart')].flatMap(svg => {
            const labels = [...svg.querySelectorAll('text')].map(text => {
                const lines = [...text.querySelectorAll('tspan')];
                const box = text.getBBox();
                return {text: lines.map(line => line.textContent).join(''), left: box.x, right: box.x + box.width,
                        top: box.y + box.height * 0.22, bottom: box.y + box.height * 0.78};
            });
            const cut = labels.filter(label => label.text.endsWith('…')).map(label => 'cut: ' + label.text);
            const laid = labels.flatMap((one, at) => labels.slice(at + 1)
                .filter(two => one.left + 1 < two.right && two.left + 1 < one.right
                               && one.top < two.bottom && two.top < one.bottom)
                .map(two => svg.id + ': ' + one.text + ' / ' + two.text));
            return [...cut, ...laid];
        })"""
    )
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_has_a_glyph(visit, language):
    """A sign that no font has is drawn as a box: it is then as wide as the box of a sign that is nowhere."""
    page, *_ = visit(language)
    signs = sorted(set(re.sub(r"\s", "", page.inner_text("body"))))
    boxes = page.evaluate(
        """signs => {
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 40;
            const pen = canvas.getContext('2d', {willReadFrequently: true});
            pen.font = '24px ' + getComputedStyle(document.body).fontFamily;
            const draw = sign => {
                pen.clearRect(0, 0, 40, 40);
                pen.fillText(sign, 4, 28);
                return pen.getImageData(0, 0, 40, 40).data.join();
            };
            const box = draw('\\u{10FFFD}');
            return signs.filter(sign => draw(sign) === box);
        }""",
        signs,
    )
    assert len(signs) > 60
    assert boxes == []


def test_every_figure_link_can_be_followed_by_keyboard(visit):
    page, *_ = visit("en")
    first = page.locator(".statements a.figure").first
    first.focus()
    page.keyboard.press("Enter")
    target = first.get_attribute("href")
    assert page.url.endswith(target)
    assert page.locator(target).is_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_print_is_a4_and_the_statements_fill_one_page(visit, tmp_path, language):
    page, *_ = visit(language)
    file = tmp_path / "print.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)
    info = subprocess.run([find_program("pdfinfo"), "-l", "3", str(file)], check=True, stdout=subprocess.PIPE)
    sizes = re.findall(r"Page\s+\d+ size:\s+([\d.]+) x ([\d.]+)", info.stdout.decode())
    assert {tuple(round(float(side)) for side in size) for size in sizes} <= {
        (595, 842),
        (842, 595),
        (596, 842),
        (842, 596),
    }
    first = subprocess.run(
        [find_program("pdftotext"), "-l", "1", str(file), "-"], check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    ends = [page.locator(place).last.inner_text() for place in (".statements li .tail", ".statements .hint")]
    assert all(re.sub(r"\s|→", "", end)[-12:] in re.sub(r"\s", "", first) for end in ends)
    assert page.locator("main h2").nth(1).inner_text() not in first
