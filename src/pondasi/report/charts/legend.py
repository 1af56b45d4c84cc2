"""A line of keys above a chart: a sample of each mark and what it stands for, in as many rows as it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pondasi.report.svg import GREY, INK, measure_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.report.svg import Drawing

    Mark = Literal["box", "hollow", "line", "gate"]

ROW, SAMPLE = 22.0, 18.0
"""Height of a row of keys and width of a sample."""


@dataclass(frozen=True)
class Sample:
    """A key: its name and its mark, with the colour, grade and letter of a box."""

    name: str
    mark: Mark = "box"
    colour: str = INK
    grade: str = "exact"
    letter: str = ""


def measure_legend(samples: Sequence[Sample], width: float) -> float:
    """Return the height that some keys take in a width."""
    return ROW * (1 + max((row for _, _, row in _place(samples, width)), default=-1))


def draw_legend(drawing: Drawing, samples: Sequence[Sample], x: float, y: float, width: float) -> None:
    """Draw keys from a corner on."""
    for sample, across, row in _place(samples, width):
        left, middle = x + across, y + ROW * row + ROW / 2
        if sample.mark == "line":
            drawing.add("line", x1=left, y1=middle, x2=left + SAMPLE, y2=middle, stroke=sample.colour, stroke_width=2)
        elif sample.mark == "gate":
            draw_gate(drawing, left + SAMPLE / 2, middle)
        else:
            hollow = {"fill": "#FFFFFF", "stroke": INK, "stroke-dasharray": "3 2"}
            paint = hollow if sample.mark == "hollow" else drawing.paint(sample.colour, sample.grade)
            drawing.add("rect", x=left, y=middle - 6, width=SAMPLE, height=12, stroke_width=0.8, paint=paint)
            if sample.letter:
                drawing.text(
                    left + SAMPLE / 2, middle + 3.6, sample.letter, size=10, anchor="middle", weight="700", halo=True
                )
        drawing.text(left + SAMPLE + 6, middle + 4, sample.name, size=12, fill=GREY)


def draw_gate(drawing: Drawing, x: float, y: float, size: float = 6.0) -> None:
    """Draw a gate: a diamond around a point."""
    drawing.add("path", d=f"M{x:.1f} {y - size:.1f}l{size} {size}l{-size} {size}l{-size} {-size}Z", fill=INK)


def _place(samples: Sequence[Sample], width: float) -> list[tuple[Sample, float, int]]:
    placed: list[tuple[Sample, float, int]] = []
    x, row = 0.0, 0
    for sample in samples:
        wide = SAMPLE + 24 + measure_text(sample.name, 12)
        if x + wide > width and x > 0:
            x, row = 0.0, row + 1
        placed.append((sample, x, row))
        x += wide
    return placed
