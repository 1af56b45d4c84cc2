"""What a section is made of: the records that the page template knows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A cell of a table twin: the text shown, the grade, and the sources of its row."""

    text: str
    grade: str = ""
    sources: tuple[str, ...] = ()
    number: bool = False


@dataclass(frozen=True)
class Table:
    """The rows behind a chart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A chart with the finding as its title, the measure as its subtitle, and its table twin."""

    id: str
    title: str
    subtitle: str
    svg: str
    table: Table
    caption: str
    sources: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Statement:
    """A sentence of the first page, with the section that holds its evidence and its grade."""

    text: str
    section: str
    grade: str


@dataclass(frozen=True)
class Section:
    """A question, its answer, and the evidence."""

    id: str
    title: str
    answer: str
    blocks: tuple[Chart, ...] = ()
    points: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = field(default=())
