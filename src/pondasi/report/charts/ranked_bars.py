"""Ranked bars, each stacked by part, with an interval and its grade as texture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.report.svg import GREY, INK, RULE, Drawing, fit_text, measure_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROW_HEIGHT, BAR_HEIGHT, LABEL_WIDTH, RIGHT = 26.0, 16.0, 220.0, 150.0
LETTER_ROOM = 14.0
TICK_SIZE, TICK_GAP = 11.0, 8.0
"""Size of the texts at the axis, and room between two of them."""
SIZES = (12.0, 11.0, 10.0, 9.0)
ROUNDING = 1e-9
WIDTH = 820.0


@dataclass(frozen=True)
class Part:
    """A stretch of a bar; ``letter`` is that of its key, written inside where there is room."""

    value: float
    colour: str
    grade: str
    tip: str = ""
    letter: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its parts, the text at its end, its interval, and the row that its name stands for."""

    name: str
    parts: tuple[Part, ...]
    text: str
    low: float | None = None
    high: float | None = None
    strong: bool = False
    row: str = ""


@dataclass(frozen=True)
class Key:
    """An entry of the legend."""

    name: str
    colour: str
    grade: str = "exact"
    letter: str = ""


@dataclass(frozen=True)
class Bars:
    """What the chart shows; its axis is round in what ``per_unit`` makes of a unit, such as another currency.

    ``ticks`` is the most that the axis may have.
    """

    id: str
    title: str
    description: str
    bars: Sequence[Bar]
    axis: Callable[[float], str]
    keys: Sequence[Key] = field(default=())
    limit: float | None = None
    ticks: int = 6
    per_unit: float = 1.0


def draw_ranked_bars(chart: Bars) -> str:
    """Return ranked, zero-based horizontal bars as SVG."""
    key_rows = _place_keys(chart.keys)
    top = 12 + 22 * (key_rows[-1][2] + 1 if key_rows else 0)
    height = top + ROW_HEIGHT * len(chart.bars) + 30
    drawing = Drawing(WIDTH, height, chart.title, chart.description, chart.id)
    longest = (
        max((max(sum(part.value for part in bar.parts), bar.high or 0.0) for bar in chart.bars), default=1.0) or 1.0
    )
    limit = max(chart.limit or 0.0, longest)
    right = max((measure_text(bar.text, 12, "700") + 16 for bar in chart.bars), default=RIGHT)
    unit = (WIDTH - LABEL_WIDTH - max(RIGHT, right)) / limit
    for key, x, row in key_rows:
        drawing.add("rect", x=x, y=6 + 22 * row, width=14, height=12, paint=drawing.paint(key.colour, key.grade))
        _write_letter(drawing, x + 7, 12 + 22 * row, key.letter, 10)
        drawing.text(x + 20, 16 + 22 * row, key.name, size=12, fill=GREY)
    for tick in _choose_ticks(chart, limit, unit):
        x = LABEL_WIDTH + tick * unit
        drawing.add("line", x1=x, y1=top - 4, x2=x, y2=height - 24, stroke=RULE)
        drawing.text(x, height - 8, chart.axis(tick), size=TICK_SIZE, fill=GREY, anchor="middle", tick=True)
    for number, bar in enumerate(chart.bars):
        _draw_bar(drawing, bar, top + ROW_HEIGHT * number, unit)
    return str(drawing)


def _choose_ticks(chart: Bars, limit: float, unit: float) -> list[float]:
    """Return round values for the axis, fewer where their texts would touch."""
    for most in range(chart.ticks, 0, -1):
        found = [tick / chart.per_unit for tick in ticks(limit * chart.per_unit, most)]
        widest = max(measure_text(chart.axis(tick), TICK_SIZE) for tick in found)
        if len(found) < 2 or widest + TICK_GAP <= (found[1] - found[0]) * unit:  # noqa: PLR2004 - a pair is the least
            break
    return found


def _draw_bar(drawing: Drawing, bar: Bar, y: float, unit: float) -> None:
    weight = "700" if bar.strong else "400"
    lines, size = fit_text(bar.name, LABEL_WIDTH - 14, SIZES, weight=weight)
    for number, line in enumerate(lines):
        offset = 16 if len(lines) == 1 else 10 + 12 * number
        drawing.text(
            LABEL_WIDTH - 8, y + offset, line, size=size, anchor="end", weight=weight, tip=bar.name, row=bar.row
        )
    x = LABEL_WIDTH
    for part in bar.parts:
        width = part.value * unit
        drawing.add(
            "rect",
            x=x,
            y=y + 4,
            width=max(width, 0.0),
            height=BAR_HEIGHT,
            stroke_width=0.8,
            tip=part.tip,
            paint=drawing.paint(part.colour, part.grade),
        )
        if width > LETTER_ROOM:
            _write_letter(drawing, x + min(width / 2, LETTER_ROOM / 2), y + 4 + BAR_HEIGHT / 2, part.letter, 10)
        x += width
    middle = y + 4 + BAR_HEIGHT / 2
    end = x
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        low, high = LABEL_WIDTH + bar.low * unit, LABEL_WIDTH + bar.high * unit
        drawing.add("line", x1=low, y1=middle, x2=high, y2=middle, stroke=INK, stroke_width=1.4)
        for side in (low, high):
            drawing.add("line", x1=side, y1=middle - 4, x2=side, y2=middle + 4, stroke=INK, stroke_width=1.4)
        end = max(end, high)
    drawing.text(end + 8, y + 16, bar.text, size=12, weight=weight)


def _place_keys(keys: Sequence[Key]) -> list[tuple[Key, float, int]]:
    placed: list[tuple[Key, float, int]] = []
    x, row = 0.0, 0
    for key in keys:
        width = 38 + measure_text(key.name, 12)
        if x + width > WIDTH and x > 0:
            x, row = 0.0, row + 1
        placed.append((key, x, row))
        x += width
    return placed


def _write_letter(drawing: Drawing, x: float, y: float, letter: str, size: float) -> None:
    """Write the letter of a key in the middle of a place; its halo makes it readable on any fill."""
    if letter:
        drawing.text(x, y + size * 0.36, letter, size=size, anchor="middle", weight="700", halo=True)


def ticks(limit: float, most: int) -> list[float]:
    """Return round values from zero to the limit, at most so many steps apart."""
    power = 10.0 ** math.floor(math.log10(limit / most))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if limit / (step * power) <= most + ROUNDING)
    return [round(number * step, 12) for number in range(int(limit / step + ROUNDING) + 1)]
