"""The brief as one HTML page: every figure a link to its rows, nothing fetched from outside."""

from __future__ import annotations

import base64
import csv
import io
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pondasi.report.marks import split_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pondasi.report.blocks import Chart
    from pondasi.report.brief import Brief
    from pondasi.words import Words

CHART_SOURCES = 6
"""Sources named under a chart; its table twin names the rest."""
STEPS = 3
"""Rows named beside a figure of the annex."""


def render_page(brief: Brief, words: Words) -> str:
    """Return the brief as one HTML page that needs nothing from outside."""
    from pondasi.report.numbers import Numbers

    environment = Environment(
        loader=PackageLoader("pondasi.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["rows"] = make_download
    environment.filters["unit"] = lambda unit: name_unit(unit, words)
    environment.filters["rich"] = _make_rich({line.place: line.number for line in brief.figures})
    return environment.get_template("brief.html").render(
        brief=brief,
        say=words.say,
        percent=Numbers(words).percent,
        sources={line.id: line.number for line in brief.sources},
        titles={section.id: section.title for section in brief.sections},
        chart_sources=CHART_SOURCES,
        steps=STEPS,
    )


def name_unit(unit: str, words: Words) -> str:
    """Return the unit of a figure where its text does not say it; nothing where it does, or there is none."""
    key = f"figure.unit.{unit}"
    return words.say(key) if words.has(key) else ""


def make_download(chart: Chart) -> str:
    """Return the rows behind a chart as an address that holds them: CSV in machine format, a line for each cell."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["row", "column", "text", "value", "low", "high", "unit", "year", "grade", "sources", "place"])
    for row in chart.table.rows:
        for column, cell in zip(chart.table.columns[1:], row[1:], strict=True):
            figure = cell.figure
            known = (
                (figure.value, figure.low, figure.high, figure.unit, figure.year, figure.grade) if figure else [""] * 6
            )
            writer.writerow(
                [row[0].text, column, cell.text, *known, "|".join(figure.sources if figure else ()), cell.place]
            )
    content = base64.b64encode(stream.getvalue().encode("utf-8-sig")).decode("ascii")
    return f"data:text/csv;charset=utf-8;base64,{content}"


def _make_rich(numbers: Mapping[str, int]) -> Callable[[str], Markup]:
    """Return the filter that turns a marked text into HTML: figures lead to the annex, names say their row."""
    figure = Markup('<a class="figure" href="#figure-{}" data-figure="{}">{}</a>')
    name = Markup('<span data-row="{}">{}</span>')

    def rich(text: str) -> Markup:
        html = Markup()
        for run in split_runs(text):
            if run.kind == "figure":
                html += figure.format(numbers[run.place], run.place, run.text)
            elif run.kind == "name":
                html += name.format(run.place, run.text)
            else:
                html += run.text
        return html

    return rich
