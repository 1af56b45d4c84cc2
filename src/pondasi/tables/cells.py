"""From raw cells to typed columns, naming every cell that does not fit the dictionary."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.tables.raw import is_blank
from pondasi.tables.readers import BLANK, Reader, read_cell
from pondasi.tables.text import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pondasi.errors import Level, Place
    from pondasi.tables.dictionary import Column, Dictionary
    from pondasi.tables.raw import RawPack, RawTable
    from pondasi.tables.readers import Outcome

UNIT_BY_ROW = "see unit"
"""Unit of a column whose rows each state their own in the column ``unit``."""
READ_BACK = 3
"""How many grouped numbers of a column are read back in words; the rest are counted."""


@dataclass(frozen=True)
class Typed:
    """A table whose cells are typed; a cell that is blank or could not be read is None.

    ``values`` has a list per column of the dictionary, in the order of the rows read; ``raw`` keeps the
    places.
    """

    values: Mapping[str, list[Any]]
    raw: RawTable
    columns: Mapping[str, Column]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table as a frame: floats, years as integers, texts; unknown is missing."""
        return pd.DataFrame({name: _column_array(self.columns[name], cells) for name, cells in self.values.items()})

    def rows(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield the cells of some columns row by row."""
        return zip(*(self.values[name] for name in names), strict=True)

    def place(self, position: int, column: str) -> Place:
        """Return where the cell stands in the user's file."""
        return self.raw.place(position, column)

    def places(self, position: int, *columns: str) -> list[Place]:
        """Return where some cells of a row stand."""
        return [self.raw.place(position, column) for column in columns]

    def is_blank(self, position: int, column: str) -> bool:
        """Tell whether the cell was blank in the file, rather than unreadable."""
        cells = self.raw.cells.get(column)
        return position not in self.raw.crooked and (cells is None or is_blank(cells[position]))


def type_table(pack: RawPack, raw: RawTable, dictionary: Dictionary) -> Typed:
    """Return the table with one typed column per column of the dictionary, in its order."""
    columns = dictionary.tables[raw.table]
    _check_header(pack, raw, columns)
    _check_units(pack, raw, columns)
    locale = pack.locale if raw.typed else "machine"
    declared = "locale" in pack.head or not raw.typed
    values = {}
    for name, column in columns.items():
        allowed = frozenset(dictionary.allowed(column)) if column.type == "code" else frozenset()
        values[name] = _read_column(pack, raw, Reader(column, locale, declared, allowed))
    return Typed(values, raw, columns)


def empty_frame(columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return a table without rows."""
    return pd.DataFrame({name: _column_array(column, []) for name, column in columns.items()})


def _column_array(column: Column, values: Sequence[Any]) -> Any:  # noqa: ANN401 - arrays of three kinds
    if column.type == "year":
        return pd.array(values, dtype="Int64")
    if column.numeric:
        return np.array([math.nan if value is None else value for value in values], dtype=float)
    return pd.array(values, dtype="str")


def _check_header(pack: RawPack, raw: RawTable, columns: Mapping[str, Column]) -> None:
    missing = {name: column for name, column in columns.items() if name not in raw.columns}
    for name in raw.columns:
        if name in columns:
            continue
        near = suggest(name, missing)
        if near:
            del missing[near]
            pack.add("column_misspelt", raw.header_place(name), table=raw.table, value=name, guess=near)
        elif not name.startswith("_"):
            pack.add("column_unknown", raw.header_place(name), table=raw.table, value=name, known=", ".join(columns))
    for name, column in missing.items():
        level: Level = "error" if column.required or column.key or column.type == "number" else "warning"
        pack.add("column_missing", raw.header_place(name), table=raw.table, level=level)


def _check_units(pack: RawPack, raw: RawTable, columns: Mapping[str, Column]) -> None:
    for name, found in raw.units.items():
        unit = columns[name].unit if name in columns else None
        if unit is None or found == unit:
            continue
        place = replace(raw.header_place(name), row=raw.units_row)
        if unit == UNIT_BY_ROW:
            pack.add("unit_of_column_by_row", place, table=raw.table, value=found)
        else:
            pack.add("unit_of_column", place, table=raw.table, value=found, unit=unit)


def _read_column(pack: RawPack, raw: RawTable, reader: Reader) -> list[Any]:
    """Return the values of a column, None where a cell is blank or cannot be read."""
    cells = raw.cells.get(reader.column.name)
    if cells is None:
        return [None] * len(raw.rows)
    outcomes = _read_cells(cells, reader)
    _add_faults(pack, raw, reader.column, outcomes)
    _read_back(pack, raw, reader, outcomes)
    return [outcome.value for outcome in outcomes]


def _read_cells(cells: Sequence[Any], reader: Reader) -> list[Outcome]:
    """Read every cell; a text that comes again is read once."""
    known: dict[str, Outcome] = {}
    outcomes = []
    for cell in cells:
        if not isinstance(cell, str):
            outcome = BLANK if is_blank(cell) else read_cell(cell, reader)
        elif cell in known:
            outcome = known[cell]
        else:
            outcome = known[cell] = BLANK if is_blank(cell) else read_cell(cell, reader)
        outcomes.append(outcome)
    return outcomes


def _add_faults(pack: RawPack, raw: RawTable, column: Column, outcomes: Sequence[Outcome]) -> None:
    """Note the faults of a column; a crooked row is at fault as a whole and was named as such."""
    for position, outcome in enumerate(outcomes):
        fault = outcome.fault
        if (fault is None and not outcome.blank) or position in raw.crooked:
            continue
        place = raw.place(position, column.name)
        if fault is not None:
            pack.add(fault.key, place, table=raw.table, value=fault.value, level=fault.level, **fault.fields)
        if column.required and outcome.blank:
            pack.add("cell_required", place, table=raw.table)


def _read_back(pack: RawPack, raw: RawTable, reader: Reader, outcomes: Sequence[Outcome]) -> None:
    """Say in words what the first numbers with a grouping sign were read as."""
    name = reader.column.name
    found = [position for position, outcome in enumerate(outcomes) if outcome.read_back and outcome.fault is None]
    for position in found[:READ_BACK]:
        place, cell, value = raw.place(position, name), raw.cells[name][position], outcomes[position].value
        pack.add(
            "number_read_back",
            place,
            table=raw.table,
            value=cell,
            level="note",
            readings=(value,),
            locale=reader.locale,
        )
    if len(found) > READ_BACK:
        place = raw.place(found[READ_BACK], name)
        pack.add("numbers_read_back_more", place, table=raw.table, level="note", n=len(found) - READ_BACK)
