"""Columns by year: stacked by part, or beside a line, in one panel or in several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.report.charts.legend import Sample, draw_legend, measure_legend
from pondasi.report.charts.ranked_bars import ticks
from pondasi.report.svg import GREY, INK, RULE, Drawing, measure_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, GAP = 820.0, 24.0
LEFT, BOTTOM, TITLE = 88.0, 26.0, 22.0
"""Room for the marks of the axis at least, for the years, and for the name of a panel."""
BESIDE, SIZE = 8.0, 11.0
"""Between a mark of the axis and the axis, and how large it is written."""
EDGE = 12.0
"""Room at the right for the half of a year that stands out."""
TICKS, YEARS = 4, 5
"""Ticks upwards, and years between ticks."""
LEAST = 1e-9
ROOM = 15.0
"""A part of a column at least so high and wide carries its letter."""


@dataclass(frozen=True)
class Series:
    """A part of each column: its name, its values by year, colour, grade and letter."""

    name: str
    values: Sequence[float]
    colour: str
    grade: str
    letter: str = ""


@dataclass(frozen=True)
class Panel:
    """One set of columns, its parts from the ground up, with a line beside them where there is one."""

    parts: Sequence[Series]
    name: str = ""
    line: Sequence[float] = ()


@dataclass(frozen=True)
class Columns:
    """What the chart shows: panels over the same years, two in a row where there are several.

    ``axis`` writes an amount; ``per_unit`` is what it makes of a unit, so that ticks are round in what is shown; ``line_name``
    says what the line is; ``height`` is that of a panel.
    """

    id: str
    title: str
    description: str
    years: Sequence[int]
    panels: Sequence[Panel]
    axis: Callable[[float], str]
    per_unit: float = 1.0
    line_name: str = ""
    height: float = field(default=240.0)


def draw_columns(chart: Columns) -> str:
    """Return columns as SVG; every panel is zero-based and has a scale of its own."""
    parts = chart.panels[0].parts
    samples = [Sample(part.name, "box", part.colour, part.grade, part.letter) for part in parts]
    if chart.line_name:
        samples.append(Sample(chart.line_name, "line"))
    top = measure_legend(samples, WIDTH) + 8
    across = 1 if len(chart.panels) == 1 else 2
    rows = -(-len(chart.panels) // across)
    drawing = Drawing(WIDTH, top + rows * chart.height, chart.title, chart.description, chart.id)
    draw_legend(drawing, samples, 0, 0, WIDTH)
    wide = (WIDTH - GAP * (across - 1)) / across
    for number, panel in enumerate(chart.panels):
        x, y = (wide + GAP) * (number % across), top + chart.height * (number // across)
        _draw_panel(drawing, chart, panel, (x, y), wide)
    return str(drawing)


def _draw_panel(drawing: Drawing, chart: Columns, panel: Panel, corner: tuple[float, float], wide: float) -> None:
    top = corner[1] + (TITLE if panel.name else 8)
    floor, right = corner[1] + chart.height - BOTTOM, corner[0] + wide - EDGE
    sums = [sum(part.values[k] for part in panel.parts) for k in range(len(chart.years))]
    most = max(*sums, *panel.line, LEAST) if sums else LEAST
    unit = (floor - top) / most
    marks = [mark / chart.per_unit for mark in ticks(most * chart.per_unit, TICKS)]
    # Amounts are written at the axis: the longest of them must have its room.
    left = corner[0] + max(
        LEFT, BESIDE + max((measure_text(chart.axis(mark), SIZE) for mark in marks), default=0.0) + 4
    )
    step = (right - left) / len(chart.years)
    if panel.name:
        drawing.text(corner[0], corner[1] + 14, panel.name, size=12, weight="700")
    for tick in marks:
        y = floor - tick * unit
        drawing.add("line", x1=left, y1=y, x2=right, y2=y, stroke=GREY if tick == 0 else RULE)
        drawing.text(left - BESIDE, y + 4, chart.axis(tick), size=SIZE, fill=GREY, anchor="end", tick=True)
    for k, year in enumerate(chart.years):
        x, base = left + step * k, floor
        if year % YEARS == 0:
            drawing.text(x + step / 2, floor + 17, str(year), size=11, fill=GREY, anchor="middle", tick=True)
        for part in panel.parts:
            high = part.values[k] * unit
            if high > LEAST:
                drawing.add(
                    "rect",
                    x=x + step * 0.12,
                    y=base - high,
                    width=step * 0.76,
                    height=high,
                    stroke_width=0.8,
                    paint=drawing.paint(part.colour, part.grade),
                )
                if high > ROOM and step > ROOM:
                    drawing.text(
                        x + step / 2,
                        base - high / 2 + 4,
                        part.letter,
                        size=10,
                        anchor="middle",
                        weight="700",
                        halo=True,
                    )
            base -= high
    if panel.line:
        points = (f"{left + step * (k + 0.5):.1f} {floor - value * unit:.1f}" for k, value in enumerate(panel.line))
        drawing.add("path", d="M" + "L".join(points), fill="none", stroke=INK, stroke_width=2)
