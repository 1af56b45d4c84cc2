"""The brief as plain values: what `--json` prints and what the paper is set from.

The shape is stable: its name stands under ``schema`` and changes with any change that would break a reader
(``docs/data/brief-json.md`` describes it). A text is given whole and in runs, each of them plain, a figure
with its place, or the name of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.report.marks import split_runs

if TYPE_CHECKING:
    from pondasi.facts import Figure
    from pondasi.report.blocks import Cell, Chart, Section
    from pondasi.report.brief import Brief, FigureLine

SCHEMA = "pondasi.brief/1"


def tell_brief(brief: Brief) -> dict[str, Any]:
    """Return a brief as plain values.

    Example
    -------
    >>> from pondasi import Words, gather_findings, load_chain
    >>> from pondasi.report.brief import compose_brief
    >>> content = tell_brief(compose_brief(gather_findings(load_chain(), "IDN", draws=0), Words("en")))
    >>> content["schema"], content["sections"][1]["id"]
    ('pondasi.brief/1', 'exposure')
    """
    return {
        "schema": SCHEMA,
        "language": brief.language,
        "home": brief.home,
        "partner": brief.partner,
        "title": str(brief.title),
        "subtitle": str(brief.subtitle),
        "overlays": [str(text) for text in brief.overlays],
        "notes": [str(text) for text in brief.notes],
        "headlines": [
            {**_tell(item.text), "kind": item.kind, "section": item.section, "grade": item.grade}
            for item in brief.headlines
        ],
        "statements": [
            {**_tell(item.text), "section": item.section, "grade": item.grade}
            for section in brief.sections
            for item in section.statements
        ],
        "sections": [_tell_section(section) for section in brief.sections],
        "figures": [_tell_line(line) for line in brief.figures],
        "sources": [
            {
                "number": line.number,
                "id": line.id,
                "text": str(line.text),
                "url": line.url,
                "evidence": line.evidence,
                "confidence": line.confidence,
            }
            for line in brief.sources
        ],
        "glossary": [{"key": key, "term": term, "meaning": meaning} for key, term, meaning in brief.glossary],
        "manifest": dict(brief.manifest),
    }


def _tell(text: str) -> dict[str, Any]:
    """Return a text whole and in runs."""
    names = {"figure": "figure", "name": "row", "": ""}
    runs = [{"text": run.text, **({names[run.kind]: run.place} if run.kind else {})} for run in split_runs(text)]
    return {"text": str(text), "runs": runs}


def _tell_section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": _tell(section.title),
        "answer": _tell(section.answer),
        "charts": [_tell_chart(chart) for chart in section.blocks],
        "points": [_tell(point) for point in section.points],
        "method": [_tell(paragraph) for paragraph in section.method],
    }


def _tell_chart(chart: Chart) -> dict[str, Any]:
    return {
        "id": chart.id,
        "title": _tell(chart.title),
        "subtitle": _tell(chart.subtitle),
        "caption": _tell(chart.caption),
        "sources": list(chart.sources),
        "wide": chart.wide,
        "shown": len(chart.table.rows) if chart.shown is None else chart.shown,
        "table": {
            "columns": [str(column) for column in chart.table.columns],
            "rows": [[_tell_cell(cell) for cell in row] for row in chart.table.rows],
        },
    }


def _tell_cell(cell: Cell) -> dict[str, Any]:
    told: dict[str, Any] = {"text": str(cell.text)}
    if cell.figure is not None:
        told["figure"] = {"place": cell.place, **_tell_figure(cell.figure), "graded": cell.graded}
    elif cell.place:
        told["row"] = cell.place
    return told


def _tell_figure(figure: Figure) -> dict[str, Any]:
    names = ("value", "low", "high", "unit", "year", "grade")
    return {**{name: getattr(figure, name) for name in names}, "sources": list(figure.sources)}


def _tell_line(line: FigureLine) -> dict[str, Any]:
    found = line.explanation
    return {
        "number": line.number,
        "place": line.place,
        "kind": line.kind,
        "text": line.text,
        **_tell_figure(found.figure),
        "main_sources": list(line.sources),
        "rests_on": [{"place": step.place, "weight": step.weight} for step in found.steps],
        "more": found.more,
    }
