"""The brief: one page that stands alone, speaks three languages and shows nothing without its source."""

import base64
import csv
import io
import re
from html.parser import HTMLParser

import pytest

from pondasi import UsageError, Words, gather_findings, load_chain, write_brief
from pondasi.report.brief import compose_brief
from pondasi.report.sections import SECTIONS, SLOTS

LANGUAGES = ("en", "id", "ja")


class Page(HTMLParser):
    """Collects what a browser would fetch, the anchors, and the ids."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.links, self.ids, self.open = [], [], [], []
        self.unclosed = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        for name in ("src", "srcset", "data", "action", "poster", "background"):
            if name in attributes:
                self.fetched.append(attributes[name])
        if tag == "link":
            self.fetched.append(attributes.get("href"))
        if tag in {"script", "iframe", "object", "embed", "img"}:
            self.fetched.append(tag)


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


def test_the_page_needs_nothing_from_outside(pages, language):
    page = Page(pages[language])
    assert page.fetched == []
    styles = re.findall(r"<style>(.*?)</style>", pages[language], re.DOTALL)
    assert not re.search(r"@import|url\((?!#)", "".join(styles))
    assert not re.search(r"url\((?!#)", re.sub(r"<style>.*?</style>", "", pages[language], flags=re.DOTALL))


def test_every_anchor_leads_somewhere_and_every_id_is_unique(pages, language):
    page = Page(pages[language])
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith(("#", "https://", "http://", "data:text/csv;")) for link in page.links)


def test_the_rows_behind_a_chart_can_be_taken_away(pages, briefs, language):
    links = [link for link in Page(pages[language]).links if link.startswith("data:")]
    charts = [chart for section in briefs[language].sections for chart in section.blocks]
    assert len(links) == len(charts)
    for link, chart in zip(links, charts, strict=True):
        text = base64.b64decode(link.partition("base64,")[2]).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == len(chart.table.rows) * (len(chart.table.columns) - 1)
        figures = [cell.figure for row in chart.table.rows for cell in row[1:]]
        told = [None if figure is None or figure.value is None else figure.value for figure in figures]
        assert [float(row["value"]) if row["value"] else None for row in rows] == told


def test_the_page_says_its_language(pages, language):
    assert f'<html lang="{language}">' in pages[language]


def test_no_slot_or_key_is_left_open(pages, language):
    text = re.sub(r"<style>.*?</style>", "", pages[language], flags=re.DOTALL)
    assert not re.search(r"\{\w+\}", text)
    assert not re.search(r">\s*(brief|number|grade|manifest|table)\.[a-z_.]+\s*<", text)
    assert "nan" not in re.sub(r"<[^>]+>", " ", text).split()


def test_every_statement_leads_to_its_evidence_and_has_a_grade(briefs, language):
    brief = briefs[language]
    sections = {section.id for section in brief.sections}
    statements = [statement for section in brief.sections for statement in section.statements]
    assert len(statements) >= 8
    assert {statement.section for statement in statements} <= sections
    assert {statement.grade for statement in statements} <= {"exact", "estimated", "assumed", "unknown"}
    assert all(re.search(r"\d", statement.text) for statement in statements)


def test_every_section_answers_its_question(briefs, language):
    assert len(briefs[language].sections) == len(SECTIONS) - sum(not slot.is_open for slot in SLOTS)
    for section in briefs[language].sections:
        assert section.title
        assert section.answer


def test_every_chart_has_a_table_twin_with_as_many_columns_as_heads(briefs, language):
    for section in briefs[language].sections:
        for chart in section.blocks:
            assert chart.table.rows
            assert {len(row) for row in chart.table.rows} == {len(chart.table.columns)}


def test_every_figure_with_a_grade_has_a_source_that_is_listed(briefs, language):
    brief = briefs[language]
    listed = {line.id for line in brief.sources}
    cells = [cell for section in brief.sections for chart in section.blocks for row in chart.table.rows for cell in row]
    graded = [cell for cell in cells if cell.grade]
    assert graded
    assert all(cell.sources for cell in graded)
    assert {source for cell in cells for source in cell.sources} <= listed


def test_languages_show_the_same_figures(briefs):
    def shape(brief):
        return [
            [
                (
                    chart.id,
                    len(chart.table.rows),
                    [[(cell.grade, cell.sources) for cell in row] for row in chart.table.rows],
                )
                for chart in section.blocks
            ]
            for section in brief.sections
        ]

    assert shape(briefs["en"]) == shape(briefs["id"]) == shape(briefs["ja"])


def test_places_follow_the_profile(findings):
    plain, oecd = (compose_brief(findings, Words("en"), places=places) for places in ("plain", "oecd"))
    assert any("Taiwan" in statement.text for section in plain.sections for statement in section.statements)
    assert any("Chinese Taipei" in statement.text for section in oecd.sections for statement in section.statements)


def test_a_brief_without_a_partner_leaves_out_the_partner():
    findings = gather_findings(load_chain(), "MYS", draws=0)
    brief = compose_brief(findings, Words("en"))
    assert "partner" not in {section.id for section in brief.sections}
    assert "Malaysia" in brief.title


def test_the_chart_of_exposure_and_its_table_agree(findings, briefs):
    exposure = findings.exposure.of("IDN")
    table = next(section for section in briefs["en"].sections if section.id == "exposure").blocks[0].table
    assert len(table.rows) == len(exposure)
    assert exposure["share"].sum() == pytest.approx(1.0, abs=1e-9)


def test_the_page_is_written_whole_or_not_at_all(findings, tmp_path, monkeypatch):
    target = tmp_path / "brief.html"
    target.write_text("old", encoding="utf-8")
    monkeypatch.setattr("pondasi.report.brief.render_brief", lambda *_: (_ for _ in ()).throw(RuntimeError("cut")))
    with pytest.raises(RuntimeError, match="cut"):
        write_brief(findings, Words("en"), target)
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["brief.html"]


def test_a_country_outside_the_chain_is_refused_with_a_reason():
    with pytest.raises(UsageError, match="no share in any node"):
        gather_findings(load_chain(), "TUV", draws=0)


def test_a_country_is_not_its_own_partner():
    with pytest.raises(UsageError, match="its own partner"):
        gather_findings(load_chain(), "IDN", "IDN", draws=0)


def test_nothing_recorded_is_said_and_is_not_zero():
    findings = gather_findings(load_chain(), "IDN", "NZL", draws=0)
    assert findings.part("NZL").value is None
    brief = compose_brief(findings, Words("en"))
    partner = next(section for section in brief.sections if section.id == "partner")
    assert "No production" in partner.statements[0].text
    assert [chart.id for chart in partner.blocks] == ["reverse-chart"]


def test_tools_and_rights_are_no_firmer_than_the_links_they_rest_on(findings):
    links = findings.chain.links
    assert (links.loc[links["role"] == "capital", "grade"] == "assumed").mean() > 0.5
    assert findings.grade("tools") == "assumed"
    assert findings.part("JPN", "tools").grade == "assumed"
    assert findings.grade("supply") == findings.exposure_grade
