"""A pack as it was found: cells with their places, before anything is believed about them.

The readers of CSV, Parquet and Excel all return a `RawPack`; everything after them is the same for
the three forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pondasi.errors import Level, Place, Problem
from pondasi.tables.text import drop_invisible, narrow_text, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pondasi.tables.dictionary import Dictionary
    from pondasi.tables.numbers import Locale

MAX_BYTES = 50_000_000
"""Largest CSV or Excel file that is read; beyond it the Parquet form is named."""
MAX_SHOWN = 200
"""Signs of a cell that a finding repeats."""
UNITS_MARK = "#unit"
"""First cell of the row that states the unit of each column."""


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
    """One table as found: a list of cells per column and the row number of each.

    ``crooked`` holds the positions of rows whose cells do not stand under their columns; ``typed``
    tells that people may have typed the numbers, so that the locale of the pack holds.
    """

    table: str
    file: str
    sheet: str | None
    columns: list[str]
    cells: dict[str, list[Any]]
    rows: Sequence[int]
    header_row: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    units_row: int | None = None
    crooked: frozenset[int] = frozenset()
    typed: bool = True

    def place(self, position: int, column: str | None = None) -> Place:
        """Return the place of a cell, by its position among the rows read."""
        return Place(self.file, self.sheet, self.rows[position], column)

    def header_place(self, column: str | None = None) -> Place:
        """Return the place of a column's name."""
        return Place(self.file, self.sheet, self.header_row, column)


@dataclass
class RawPack:
    """All tables of a pack as found, what its head says, and the problems met on the way.

    ``found`` names the tables that are there, readable or not; ``locale`` is None where the head names
    an unknown one, so that no number can be read.
    """

    file: str
    form: str
    head: dict[str, Any] = field(default_factory=dict)
    head_rows: dict[str, int] = field(default_factory=dict)
    locale: Locale | None = "machine"
    tables: dict[str, RawTable] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        key: str,
        place: Place,
        /,
        *,
        table: str = "",
        value: object = None,
        level: Level = "error",
        others: Iterable[Place] = (),
        **fields: object,
    ) -> None:
        """Note a problem; a long value is cut short."""
        text = None if value is None else str(value)
        if text is not None and len(text) > MAX_SHOWN:
            text = text[: MAX_SHOWN - 1] + "…"
        self.problems.append(Problem(key, table, place, text, fields, level, tuple(others)))


def shape_table(
    pack: RawPack, table: str, file: str, sheet: str | None, body: Sequence[tuple[int, list[Any]]]
) -> RawTable | None:
    """Turn numbered rows into a `RawTable`, noting faults of the header and of row lengths.

    The first row with content is the header. Rows without content are left out; a row that begins with
    ``#`` is the units row or a remark. Of a row that is longer or shorter than the header only the first
    cell is kept, since the others cannot be trusted to stand under their columns.
    """
    filled = [(row, cells) for row, cells in body if not all(map(is_blank, cells))]
    data, units = _split_remarks(pack, table, file, sheet, filled)
    if not data:
        pack.add("table_empty", Place(file, sheet), table=table)
        return None
    header_row, header = data.pop(0)
    names = _check_names(pack, Place(file, sheet, header_row), table, header, data)
    crooked = _check_widths(pack, table, file, sheet, names, len(header), data)
    data = [(row, cells[:1] if position in crooked else cells) for position, (row, cells) in enumerate(data)]
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        if name:
            positions.setdefault(name, position)
    cells = {
        name: [cells[position] if position < len(cells) else None for _, cells in data]
        for name, position in positions.items()
    }
    raw = RawTable(table, file, sheet, list(positions), cells, [row for row, _ in data], header_row, crooked=crooked)
    if units is not None:
        raw.units_row, found = units
        shown = zip(names[1:], map(show_cell, found[1:]), strict=False)
        raw.units = {name: unit for name, unit in shown if name and unit}
    return raw


def shape_columns(
    pack: RawPack, table: str, file: str, columns: Iterable[tuple[str, list[Any]]], rows: int
) -> RawTable:
    """Turn whole columns, as Parquet and frames hold them, into a `RawTable`; rows count from one."""
    cells: dict[str, list[Any]] = {}
    for name, values in columns:
        if name in cells:
            pack.add("header_twice", Place(file, None, None, name), table=table)
        else:
            cells[name] = values
    return RawTable(table, file, None, list(cells), cells, range(1, rows + 1), typed=False)


def name_unknown_table(pack: RawPack, name: str, place: Place, dictionary: Dictionary, present: Iterable[str]) -> None:
    """Note a file or sheet that is no table; an error when it looks like a misspelt one that is absent."""
    absent = [table for table in dictionary.tables if table not in set(present)]
    near = suggest(name, absent, 0.7)
    if near:
        pack.found.add(near)
        pack.add("table_misspelt", place, value=name, guess=near)
    else:
        pack.add("table_unknown", place, value=name, level="warning", known=", ".join(dictionary.tables))


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing: no value, white space, or a float that is no number."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or (isinstance(cell, float) and cell != cell)  # noqa: PLR0124 - NaN


def show_cell(cell: object) -> str:
    """Return a cell as the user sees it."""
    if isinstance(cell, (Formula, CellError)):
        return cell.text
    return "" if cell is None else str(cell).strip()


def say_error(error: BaseException) -> str:
    """Return what the operating system or a library says of an error, in one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__}: {next(iter(text.splitlines()), '')}".removesuffix(": ")


def column_letter(number: int) -> str:
    """Return the letter that a spreadsheet shows over a column, counted from one.

    Example
    -------
    >>> column_letter(1), column_letter(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of the column over which a spreadsheet shows ``letters``.

    Example
    -------
    >>> column_number("AB")
    28
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _split_remarks(
    pack: RawPack, table: str, file: str, sheet: str | None, body: Sequence[tuple[int, list[Any]]]
) -> tuple[list[tuple[int, list[Any]]], tuple[int, list[Any]] | None]:
    data, units = [], None
    for row, cells in body:
        first = cells[0]
        if not (isinstance(first, str) and first.lstrip().startswith("#")):
            data.append((row, cells))
        elif narrow_text(first).casefold() == UNITS_MARK and units is None:
            units = (row, cells)
        else:
            pack.add("row_is_remark", Place(file, sheet, row), table=table, value=first.strip(), level="note")
    return data, units


def _check_names(
    pack: RawPack, place: Place, table: str, header: list[Any], data: list[tuple[int, list[Any]]]
) -> list[str]:
    """Return the names of the columns, '' for one without name; the last one has a name."""
    names = [drop_invisible(narrow_text(show_cell(cell))) for cell in header]
    filled = _find_filled(data) if "" in names else frozenset()
    seen = {""}
    for number, (name, cell) in enumerate(zip(names, header, strict=True), start=1):
        here = Place(place.file, place.sheet, place.row, name or None)
        if isinstance(cell, (Formula, CellError)):
            pack.add("cell_formula" if isinstance(cell, Formula) else "cell_error", here, table=table, value=name)
        if not name and number - 1 in filled:
            pack.add("header_blank", here, table=table, number=number, letter=column_letter(number))
        elif name and name in seen:
            pack.add("header_twice", here, table=table)
        seen.add(name)
    while names and not names[-1]:
        names.pop()
    return names


def _find_filled(data: list[tuple[int, list[Any]]]) -> frozenset[int]:
    """Return the positions in which some row has a cell that is not blank."""
    return frozenset(position for _, cells in data for position, cell in enumerate(cells) if not is_blank(cell))


def _check_widths(
    pack: RawPack,
    table: str,
    file: str,
    sheet: str | None,
    names: list[str],
    header: int,
    data: list[tuple[int, list[Any]]],
) -> frozenset[int]:
    """Return the positions of rows that are longer than the header or, in a CSV, shorter than its names."""
    crooked = set()
    width = len(names)
    for position, (row, cells) in enumerate(data):
        found = len(cells)
        if found == width:
            continue
        if sheet is None and found < width:
            pack.add("row_too_short", Place(file, sheet, row), table=table, width=width, found=found)
        elif sheet is None and found > header:
            pack.add("row_too_long", Place(file, sheet, row), table=table, width=width, found=found)
        else:
            continue
        crooked.add(position)
    return frozenset(crooked)
