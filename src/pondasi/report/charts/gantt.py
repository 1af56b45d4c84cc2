"""A roadmap: steps by pillar over the years; a bar is as high as the chance that it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.report.charts.legend import Sample, draw_gate, draw_legend, measure_legend
from pondasi.report.svg import GREY, INK, PALE, RULE, Drawing, fit_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, LEFT, RIGHT = 820.0, 236.0, 118.0
ROW, BAR, HEAD, AXIS = 28.0, 18.0, 24.0, 44.0
"""Heights of a row, of a bar that is certain, of the name of a pillar, and of the axis."""
SIZES = (12.0, 11.0, 10.0, 9.0)
TICK = 5
"""Years between ticks."""
LEAST = 0.005
"""A chance below this draws nothing."""


@dataclass(frozen=True)
class Row:
    """A step: its name, the row it stands for, the text at its end, and by year the chances that it is built and runs."""

    name: str
    row: str
    text: str
    profile: Sequence[tuple[int, float, float]]
    grade: str
    strong: bool = False


@dataclass(frozen=True)
class Group:
    """A pillar and its steps."""

    name: str
    colour: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Gantt:
    """What the chart shows.

    ``gates`` are years with their texts; ``soon`` is the last of the first years, and ``soon_name`` what these are called;
    ``keys`` names being built, running, and a gate, in this order; ``grade`` is that of the key.
    """

    id: str
    title: str
    description: str
    groups: Sequence[Group]
    first: int
    last: int
    gates: Sequence[tuple[int, str]]
    soon: int
    soon_name: str
    keys: tuple[str, str, str]
    grade: str


def draw_gantt(chart: Gantt) -> str:
    """Return the roadmap as SVG: years from left to right, a row a step."""
    samples = (
        Sample(chart.keys[0], "hollow"),
        Sample(chart.keys[1], "box", GREY, chart.grade),
        Sample(chart.keys[2], "gate"),
        Sample(chart.soon_name, "box", "#EEF1F4"),
    )
    top = measure_legend(samples, WIDTH) + AXIS
    height = top + sum(HEAD + ROW * len(group.rows) for group in chart.groups) + 10
    drawing = Drawing(WIDTH, height, chart.title, chart.description, chart.id)
    wide = (WIDTH - LEFT - RIGHT) / (chart.last - chart.first + 1)

    def place(year: int) -> float:
        return LEFT + (year - chart.first) * wide

    soon = place(chart.soon + 1) - LEFT
    drawing.add("rect", x=LEFT, y=top - 4, width=soon, height=height - top, fill="#EEF1F4")
    draw_legend(drawing, samples, 0, 0, WIDTH)
    _draw_axis(drawing, chart, place, top, height)
    y = top
    for group in chart.groups:
        drawing.add("rect", x=0, y=y + 7, width=10, height=10, paint=drawing.paint(group.colour, "exact"))
        drawing.text(16, y + 16, group.name, size=12, weight="700")
        drawing.add("line", x1=0, y1=y + 1, x2=WIDTH, y2=y + 1, stroke=PALE)
        y += HEAD
        for row in group.rows:
            _draw_row(drawing, row, group.colour, place, wide, y)
            y += ROW
    return str(drawing)


def _draw_axis(drawing: Drawing, chart: Gantt, place: Callable[[int], float], top: float, height: float) -> None:
    wide = place(chart.first + 1) - place(chart.first)
    for year in range(chart.first, chart.last + 1):
        if year in {chart.first, chart.last} or (year % TICK == 0 and chart.last - year > 1 < year - chart.first):
            x = place(year) + wide / 2
            drawing.add("line", x1=x, y1=top - 8, x2=x, y2=top - 4, stroke=GREY)
            drawing.text(x, top - 12, str(year), size=11, fill=GREY, anchor="middle", tick=True)
    for year, text in chart.gates:
        x = place(year)
        drawing.add(
            "line",
            x1=x,
            y1=top - 4,
            x2=x,
            y2=height - 8,
            stroke=INK,
            stroke_width=0.8,
            paint={"stroke-dasharray": "2 3"},
        )
        draw_gate(drawing, x, top - 31, 5)
        drawing.text(x + 9, top - 27, text, size=11, weight="700")
    drawing.add("line", x1=LEFT, y1=top - 4, x2=WIDTH - RIGHT, y2=top - 4, stroke=RULE)


def _draw_row(drawing: Drawing, row: Row, colour: str, place: Callable[[int], float], wide: float, y: float) -> None:
    weight = "700" if row.strong else "400"
    lines, size = fit_text(row.name, LEFT - 24, SIZES, weight=weight)
    for number, line in enumerate(lines):
        offset = 18 if len(lines) == 1 else 12 + 12.5 * number
        drawing.text(16, y + offset, line, size=size, weight=weight, tip=row.name, row=row.row)
    base = y + (ROW + BAR) / 2
    drawing.add("line", x1=LEFT, y1=base, x2=WIDTH - RIGHT, y2=base, stroke=RULE)
    for first, last, building, running in _merge(row.profile):
        x, across = place(first), wide * (last - first + 1)
        if running > LEAST:
            drawing.add(
                "rect",
                x=x,
                y=base - BAR * running,
                width=across,
                height=BAR * running,
                stroke_width=0.8,
                paint=drawing.paint(colour, row.grade),
            )
        if building > LEAST:
            paint = {"fill": "#FFFFFF", "stroke": INK, "stroke-dasharray": "3 2"}
            high = BAR * building
            drawing.add(
                "rect", x=x, y=base - BAR * running - high, width=across, height=high, stroke_width=0.8, paint=paint
            )
    drawing.text(WIDTH - RIGHT + 8, y + 18, row.text, size=12, weight=weight)


def _merge(profile: Sequence[tuple[int, float, float]]) -> list[tuple[int, int, float, float]]:
    """Join years in which nothing changes: first, last, building, running."""
    spans: list[tuple[int, int, float, float]] = []
    for year, building, running in profile:
        if spans and abs(spans[-1][2] - building) < LEAST and abs(spans[-1][3] - running) < LEAST:
            spans[-1] = (spans[-1][0], year, spans[-1][2], spans[-1][3])
        else:
            spans.append((year, year, building, running))
    return spans
