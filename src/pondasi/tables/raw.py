"""A pack as it was found: cells with their places, before anything is believed about them.

The readers of CSV, Parquet and Excel all return a `RawPack`; everything after them is the same for
the three forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pondasi.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 50_000_000
"""Largest CSV or Excel file that is read; beyond it the Parquet form is named."""

MAX_TEXT = 32_767
"""Longest text that an Excel cell holds."""


@dataclass(frozen=True)
class Formula:
    """A formula cell of a workbook."""

    text: str


@dataclass(frozen=True)
class CellError:
    """A cell in which a spreadsheet shows an error, such as #N/A."""

    text: str


@dataclass
class RawTable:
    """One table as found: a list of cells per column and the row number of each."""

    table: str
    file: str
    sheet: str | None
    columns: list[str]
    cells: dict[str, list[Any]]
    rows: list[int]
    units: Mapping[str, str] | None = None

    def place(self, position: int | None = None, column: str | None = None) -> Place:
        """Return the place of a cell, by its position among the rows read."""
        return Place(self.file, self.sheet, None if position is None else self.rows[position], column)


@dataclass
class RawPack:
    """All tables of a pack as found, what its head says, and the problems met on the way."""

    file: str
    form: str
    head: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, RawTable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, key: str, place: Place, *, table: str = "", value: object = None, level: str = "error", **fields: object) -> None:
        """Note a problem."""
        text = None if value is None else str(value)
        self.problems.append(Problem(key, table, place, text, fields, level))  # type: ignore[arg-type]


def shape_table(
    pack: RawPack, table: str, file: str, sheet: str | None, header: list[Any], header_row: int, body: list[tuple[int, list[Any]]]
) -> RawTable:
    """Turn a header and its rows into a `RawTable`, noting faults of the header and of row lengths.

    Rows without any content are left out; a row that is longer or shorter than the header is named,
    since its cells cannot be trusted to stand under their columns.
    """
    names = [_clean_name(cell) for cell in header]
    while names and not names[-1]:
        names.pop()
    place = Place(file, sheet, header_row)
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name and any(len(cells) >= number and not is_blank(cells[number - 1]) for _, cells in body):
            pack.add("header_blank", place, table=table, number=number)
        elif name in seen and name:
            pack.add("header_twice", Place(file, sheet, header_row, name), table=table)
        seen.add(name)
    kept = [(row, cells) for row, cells in body if not all(is_blank(cell) for cell in cells)]
    width = len(names)
    for row, cells in kept:
        if any(not is_blank(cell) for cell in cells[width:]):
            pack.add("row_too_long", Place(file, sheet, row), table=table, width=width, found=len(cells))
        if sheet is None and len(cells) < width:
            pack.add("row_too_short", Place(file, sheet, row), table=table, width=width, found=len(cells))
    columns = list(dict.fromkeys(name for name in names if name))
    positions = {name: names.index(name) for name in columns}
    cells_by_column = {
        name: [cells[position] if position < len(cells) else None for _, cells in kept] for name, position in positions.items()
    }
    return RawTable(table, file, sheet, columns, cells_by_column, [row for row, _ in kept])


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _clean_name(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
