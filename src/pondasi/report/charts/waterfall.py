"""A waterfall: a whole, what is taken away from it step by step, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pondasi.report.charts.ranked_bars import ticks
from pondasi.report.svg import ALARM, GREY, RULE, Drawing, fit_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, LABEL_WIDTH, RIGHT, ROW, BAR = 820.0, 220.0, 90.0, 32.0, 20.0
SIZES = (12.0, 11.0, 10.0)


@dataclass(frozen=True)
class Fall:
    """One step: its name, the level after it, and the text at its end."""

    name: str
    level: float
    text: str


@dataclass(frozen=True)
class Waterfall:
    """What the chart shows: the first step is the whole, the others take away; ``left`` names what remains."""

    id: str
    title: str
    description: str
    steps: Sequence[Fall]
    left: Fall
    axis: Callable[[float], str]
    grade: str


def draw_waterfall(chart: Waterfall) -> str:
    """Return the waterfall as SVG, from top to bottom."""
    height = 12 + ROW * (len(chart.steps) + 1) + 30
    drawing = Drawing(WIDTH, height, chart.title, chart.description, chart.id)
    levels = [step.level for step in chart.steps]
    most = max(*levels, chart.left.level) or 1.0
    unit = (WIDTH - LABEL_WIDTH - RIGHT) / most
    for tick in ticks(most, 6):
        x = LABEL_WIDTH + tick * unit
        drawing.add("line", x1=x, y1=6, x2=x, y2=height - 24, stroke=RULE)
        drawing.text(x, height - 8, chart.axis(tick), size=11, fill=GREY, anchor="middle", tick=True)
    spans = [(0.0, levels[0]), *((after, before) for before, after in pairwise(levels)), (0.0, chart.left.level)]
    for number, (step, (start, end)) in enumerate(zip([*chart.steps, chart.left], spans, strict=True)):
        whole = number in {0, len(spans) - 1}
        y = 12 + ROW * number
        _draw(drawing, chart, step, y, (LABEL_WIDTH + min(start, end) * unit, abs(end - start) * unit), whole=whole)
        if number < len(spans) - 1:
            x = LABEL_WIDTH + step.level * unit
            drawing.add("line", x1=x, y1=y + BAR, x2=x, y2=y + ROW, stroke=GREY, paint={"stroke-dasharray": "2 2"})
    return str(drawing)


def _draw(drawing: Drawing, chart: Waterfall, step: Fall, y: float, span: tuple[float, float], *, whole: bool) -> None:
    weight = "700" if whole else "400"
    x, width = span
    lines, size = fit_text(step.name, LABEL_WIDTH - 14, SIZES, weight=weight)
    for number, line in enumerate(lines):
        offset = 14 if len(lines) == 1 else 8 + 12 * number
        drawing.text(LABEL_WIDTH - 8, y + offset, line, size=size, anchor="end", weight=weight)
    paint = drawing.paint(ALARM if whole else GREY, chart.grade)
    drawing.add("rect", x=x, y=y, width=width, height=BAR, stroke_width=0.8, paint=paint)
    drawing.text(x + width + 8, y + 14, step.text, size=12, weight=weight, halo=True)
