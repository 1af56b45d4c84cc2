"""The brief as JSON: complete, stable, documented."""

import json
import re
from pathlib import Path

import pytest

from pondasi.report.content import SCHEMA, tell_brief

LANGUAGES = ("en", "id", "ja")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "data" / "brief-json.md"
SHAPE = {
    "": "figures glossary headlines home language manifest notes overlays partner schema sections sources statements subtitle title",
    "headlines": "grade kind runs section text",
    "statements": "grade runs section text",
    "sections": "answer charts id method points title",
    "sections.charts": "caption id shown sources subtitle table title wide",
    "figures": "grade high kind low main_sources more number place rests_on sources text unit value year",
    "figures.rests_on": "place weight",
    "sources": "confidence evidence id number text url",
    "glossary": "key meaning term",
}
"""Keys of pondasi.brief/1, by where they stand. Whoever takes one away gives the schema a new name."""


@pytest.fixture(params=LANGUAGES)
def told(request, briefs):
    return json.loads(json.dumps(tell_brief(briefs[request.param]), allow_nan=False))


def find(content, path):
    items = [content]
    for name in filter(None, path.split(".")):
        items = [inner for item in items for inner in item[name]]
    return items


@pytest.mark.parametrize("path", SHAPE)
def test_the_shape_is_the_one_written_here(told, path):
    assert told["schema"] == SCHEMA == "pondasi.brief/1"
    found = find(told, path)
    assert found
    assert {tuple(sorted(item)) for item in found} == {tuple(SHAPE[path].split())}


def test_a_text_is_the_sum_of_its_runs(told):
    texts = [*told["headlines"], *told["statements"], *(section["answer"] for section in told["sections"])]
    assert all(text["text"] == "".join(run["text"] for run in text["runs"]) for text in texts)
    cited = {run["figure"] for text in texts for run in text["runs"] if "figure" in run}
    assert cited <= {figure["place"] for figure in told["figures"]}
    assert "exposure/IDN/TWN" in cited


def test_every_cell_is_a_figure_a_row_or_plain(told):
    rows = [row for section in told["sections"] for chart in section["charts"] for row in chart["table"]["rows"]]
    cells = [cell for row in rows for cell in row]
    assert {tuple(sorted(set(cell) - {"text"})) for cell in cells} == {("figure",), ("row",), ()}
    figures = [cell["figure"] for cell in cells if "figure" in cell]
    assert all(figure["place"] for figure in figures)
    assert all(figure["sources"] for figure in figures if figure["graded"])


def test_languages_tell_the_same_figures(briefs):
    first, *others = (
        [(line["place"], line["value"]) for line in tell_brief(briefs[one])["figures"]] for one in LANGUAGES
    )
    assert all(sorted(other) == sorted(first) for other in others)


def test_the_page_of_the_docs_names_every_key():
    named = set(re.findall(r"`([a-z_]+)`", PAGE.read_text(encoding="utf-8")))
    keys = {key for names in SHAPE.values() for key in names.split()}
    assert keys - named == set()
