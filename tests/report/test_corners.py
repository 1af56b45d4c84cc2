"""Dark corners: long names, unknown shares, no partner, no peers, two that cannot be told apart, another currency."""

import dataclasses
import re

import pytest

from pondasi import Words, gather_findings, load_chain
from pondasi.chain.records import Chain, OverlayMark
from pondasi.currency import find_rate
from pondasi.report.brief import compose_brief, render_brief
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import Context
from pondasi.report.paper import render_paper
from pondasi.report.sections.exposure import write_exposure
from pondasi.report.svg import fit_text

LANGUAGES = ("en", "id", "ja")
LONG = {
    "en": "Extraordinarily long name of a product that somebody wrote out in full, with its uses and its grades",
    "id": "Nama produk yang luar biasa panjang dan ditulis lengkap beserta kegunaan serta tingkat mutunya",
    "ja": "用途と等級まで省略せずに書き出した非常に長い品目名称である半導体製造用超高純度特殊材料および関連部材一式",
}

FITS = {"en": 72, "id": 72, "ja": 40}
"""Signs of them that fit into two lines of a label, though only small."""


@pytest.fixture(scope="module")
def chain():
    return load_chain()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_name_is_broken_and_shrunk_before_it_is_cut(language):
    rows, size = fit_text(LONG[language][: FITS[language]], 206, (12.0, 11.0, 10.0, 9.0))
    assert "…" not in rows[-1]
    assert len(rows) == 2
    assert size < 12
    rows, size = fit_text(LONG[language] * 3, 206, (12.0, 9.0))
    assert rows[-1].endswith("…")
    assert size == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cut_name_is_whole_in_its_tip(language):
    picture = draw_ranked_bars(
        Bars("b", "t", "d", [Bar(LONG[language] * 2, (Part(0.5, "#000000", "exact"),), "1")], str)
    )
    assert LONG[language] * 2 in picture


def test_japanese_lines_begin_and_end_where_they_may():
    for width in range(60, 200, 7):
        rows, _ = fit_text(LONG["ja"] + "（第一種）、第二種ー等級。", width, (12.0,), lines=9)
        assert not any(row[0] in "、。）ー" or row[-1] == "（" for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_share_is_said_to_be_unknown(chain, language):
    words = Words(language)
    shares = chain.shares
    mine = (shares["node"] == "chip_dao") & (shares["country"] == "IDN") & (shares["basis"] == "location")
    assert mine.sum() == 1
    shares.loc[mine, ["share", "low", "high"]] = float("nan")
    blank = Chain({**chain.tables, "shares": shares}, id=chain.id, version=chain.version)
    brief = compose_brief(gather_findings(blank, "IDN", "JPN", draws=0), words)
    table = next(section for section in brief.sections if section.id == "place").blocks[1].table
    row = next(row for row in table.rows if row[0].place == "nodes/chip_dao")
    assert row[3].text == words.say("grade.unknown")
    assert row[3].grade == "unknown"
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", render_brief(brief, words), flags=re.DOTALL)
    assert not re.search(r"\bnan\b|\bNone\b", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_country_without_partner_and_peers_has_its_brief(chain, language):
    words = Words(language)
    brief = compose_brief(gather_findings(chain, "IDN", draws=0), words)
    assert {section.id for section in brief.sections} == {
        "place",
        "exposure",
        "concentration",
        "stress",
        "plan",
        "unknown",
    }
    if language == LANGUAGES[-1]:
        assert render_paper(brief, words).startswith(b"%PDF")


@pytest.mark.parametrize(("holds", "pair"), [(0.6, True), (0.97, False), (None, False)])
def test_two_that_cannot_be_told_apart_are_named_together(findings, monkeypatch, holds, pair):
    monkeypatch.setattr(type(findings), "order_holds", lambda *_: holds)
    answer = write_exposure(Context(findings, Words("en"))).answer
    assert ("which of the two is first is not sure" in answer.lower()) == pair
    assert answer.count("China") >= 1 <= answer.count("Taiwan")


def test_another_currency_is_said_with_its_rate(findings):
    brief = compose_brief(findings, Words("id"), rate=find_rate("IDR"))
    assert "rupiah" in brief.sections[0].statements[0].text
    assert "16" in brief.notes[0]
    assert brief.notes[0] in render_brief(brief, Words("id"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_overlay_is_named_at_both_ends_of_the_page(findings, language):
    mark = OverlayMark("survey-2026", "Kemenperin", "confidential", "0" * 64)
    marked = dataclasses.replace(findings)
    chain = findings.chain
    laid = Chain(chain.tables, id=chain.id, version=chain.version, overlays=(mark,))
    object.__setattr__(marked, "chain", laid)
    brief = compose_brief(marked, Words(language))
    assert "survey-2026" in brief.overlays[0]
    assert render_brief(brief, Words(language)).count(brief.overlays[0]) == 2
