"""A fan: a band, the median inside it and the central run, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.report.charts.ranked_bars import ticks
from pondasi.report.svg import ALARM, GREY, INK, RULE, Drawing, darken, measure_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 820.0, 330.0, 64.0, 20.0, 40.0, 46.0
QUARTER, YEAR = 13, 52
"""Weeks between ticks of a short run; longer runs have half as many."""
TICKS = 5
FLOOR = 0.01
"""The axis shows at least so much, so that nothing looks large that is not."""


@dataclass(frozen=True)
class Fan:
    """What the chart shows; ``low``, ``middle`` and ``high`` are empty where nothing was drawn.

    ``keys`` names the band, the median and the central run, in this order; ``grade`` is the texture of the band.
    """

    id: str
    title: str
    description: str
    central: Sequence[float]
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]
    axis: Callable[[float], str]
    across: str
    keys: tuple[str, str, str]
    grade: str


def draw_fan(chart: Fan) -> str:
    """Return the fan as SVG: weeks from left to right, loss upwards from zero."""
    drawing = Drawing(WIDTH, HEIGHT, chart.title, chart.description, chart.id)
    every = [*chart.central, *chart.low, *chart.middle, *chart.high]
    top, bottom = max(*every, FLOOR), min(*every, 0.0)
    wide = (WIDTH - LEFT - RIGHT) / max(len(chart.central) - 1, 1)
    unit = (HEIGHT - TOP - BOTTOM) / (top - bottom)

    def place(week: float, loss: float) -> tuple[float, float]:
        return LEFT + week * wide, TOP + (top - loss) * unit

    steps = ticks(top, TICKS)
    below = [-tick for tick in steps[1:] if -tick >= bottom]
    for tick in (*steps, *below):
        y = place(0, tick)[1]
        drawing.add("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, stroke=GREY if tick == 0 else RULE)
        drawing.text(LEFT - 8, y + 4, chart.axis(tick), size=11, fill=GREY, anchor="end", tick=True)
    for week in range(0, len(chart.central), QUARTER if len(chart.central) <= YEAR else 2 * QUARTER):
        x = place(week, 0)[0]
        drawing.add("line", x1=x, y1=HEIGHT - BOTTOM, x2=x, y2=HEIGHT - BOTTOM + 5, stroke=GREY)
        drawing.text(x, HEIGHT - BOTTOM + 19, str(week), size=11, fill=GREY, anchor="middle", tick=True)
    drawing.text(WIDTH - RIGHT, HEIGHT - 8, chart.across, size=12, fill=GREY, anchor="end")
    if chart.high:
        edge = [place(*point) for point in enumerate(chart.high)]
        back = [place(*point) for point in enumerate(chart.low)][::-1]
        drawing.add("path", d=_join([*edge, *back]) + "Z", stroke_width=0.8, paint=drawing.paint(ALARM, chart.grade))
        _line(drawing, [place(*point) for point in enumerate(chart.middle)], darken(ALARM), "")
    _line(drawing, [place(*point) for point in enumerate(chart.central)], INK, "5 3")
    _write_keys(drawing, chart)
    return str(drawing)


def _line(drawing: Drawing, points: Sequence[tuple[float, float]], colour: str, dash: str) -> None:
    paint = {"stroke-dasharray": dash} if dash else {}
    drawing.add("path", d=_join(points), fill="none", stroke=colour, stroke_width=2, paint=paint)


def _join(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _write_keys(drawing: Drawing, chart: Fan) -> None:
    """Write what band and lines are; lines differ by dash, not by colour alone."""
    x = LEFT
    for number, name in enumerate(chart.keys):
        if number < 2 and not chart.high:  # noqa: PLR2004 - band and median
            continue
        if number == 0:
            drawing.add("rect", x=x, y=8, width=22, height=12, paint=drawing.paint(ALARM, chart.grade))
        else:
            _line(drawing, [(x, 14), (x + 22, 14)], darken(ALARM) if number == 1 else INK, "" if number == 1 else "5 3")
        drawing.text(x + 28, 18, name, size=12, fill=GREY)
        x += 52 + measure_text(name, 12)
