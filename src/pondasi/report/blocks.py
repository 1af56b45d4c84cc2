"""What a section is made of: the records that the page template knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.report.marks import begin_text

if TYPE_CHECKING:
    from pondasi.facts import Figure


@dataclass(frozen=True)
class Cell:
    """A cell of a table twin: the text shown and, where it is a figure, the figure itself.

    ``graded`` tells that grade and sources of the figure are shown beside it: the figures of a row of
    the data, but not those of a result, whose grade stands in the caption. ``place`` is where the figure
    stands, as `pondasi explain` takes it, or the row that the text names.
    """

    text: str
    figure: Figure | None = None
    graded: bool = False
    place: str = ""

    @property
    def grade(self) -> str:
        """Grade shown beside the text, or nothing."""
        return self.figure.grade if self.figure is not None and self.graded else ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources shown beside the text."""
        return self.figure.sources if self.figure is not None and self.graded else ()


@dataclass(frozen=True)
class Table:
    """The rows behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A chart with the finding as its title, the measure as its subtitle, and its table twin.

    ``shown`` counts the first rows of the table that the chart draws, and a paper prints; by default all.
    """

    id: str
    title: str
    subtitle: str
    svg: str
    table: Table
    caption: str
    sources: tuple[str, ...] = ()
    wide: bool = False
    shown: int | None = None

    def __post_init__(self) -> None:
        """Begin the title as a sentence begins."""
        object.__setattr__(self, "title", begin_text(self.title))


@dataclass(frozen=True)
class Statement:
    """A sentence of the first page, with the section that holds its evidence and its grade."""

    text: str
    section: str
    grade: str

    def __post_init__(self) -> None:
        """Begin the text as a sentence begins."""
        object.__setattr__(self, "text", begin_text(self.text))


HEADLINES = ("first", "targets", "hurt", "whom")
"""The lines above all statements, in reading order: first steps, what they are to reach, what hurts most, with whom."""


@dataclass(frozen=True)
class Headline(Statement):
    """One of the lines above all statements; of two of one kind the later section's stands."""

    kind: str = HEADLINES[0]


@dataclass(frozen=True)
class Section:
    """A question, its answer, and the evidence; and what of it stands on the first page."""

    id: str
    title: str
    answer: str
    blocks: tuple[Chart, ...] = ()
    points: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = field(default=())
    headlines: tuple[Headline, ...] = field(default=())

    def __post_init__(self) -> None:
        """Begin title, answer and points as sentences begin."""
        object.__setattr__(self, "title", begin_text(self.title))
        object.__setattr__(self, "answer", begin_text(self.answer))
        object.__setattr__(self, "points", tuple(begin_text(point) for point in self.points))
