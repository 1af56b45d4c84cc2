"""From raw cells to typed columns, naming every cell that does not fit the dictionary."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.places import is_country, suggest_country
from pondasi.tables.numbers import Locale, read_number, round_significant
from pondasi.tables.raw import MAX_TEXT, CellError, Formula, RawPack, RawTable, is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pondasi.errors import Place
    from pondasi.tables.dictionary import Column, Dictionary

_ID = re.compile(r"[a-z0-9][a-z0-9_.\-]*")
_URL = re.compile(r"https?://[^\s]+")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
READ_BACK = 3
"""How many grouped numbers of a column are read back in words; the rest are counted."""


@dataclass(frozen=True)
class Typed:
    """A table whose cells are typed; a cell that could not be read is missing and has a problem.

    ``raw`` keeps the places; ``frame`` has a plain range index in the order of the rows read.
    """

    frame: pd.DataFrame
    raw: RawTable

    def place(self, position: int, column: str | None = None) -> Place:
        """Return where the cell stands in the user's file."""
        return self.raw.place(position, column)


def type_table(pack: RawPack, raw: RawTable, dictionary: Dictionary) -> Typed:
    """Return the table with one typed column per column of the dictionary, in its order."""
    columns = dictionary.tables[raw.table]
    locale: Locale = pack.head.get("locale", "machine") if raw.file.endswith((".csv", ".xlsx", ".xlsm")) else "machine"
    _check_header(pack, raw, columns)
    _check_units(pack, raw, columns, dictionary)
    data: dict[str, Any] = {}
    for name, column in columns.items():
        cells = raw.cells.get(name)
        if cells is None:
            cells = [None] * len(raw.rows)
        reader = _Reader(pack, raw, column, locale, dictionary)
        values = reader.read(cells)
        if column.required and name in raw.cells:
            for position, value in enumerate(values):
                if value is None and is_blank(cells[position]):
                    pack.add("cell_required", raw.place(position, name), table=raw.table)
        data[name] = _column_array(column, values)
    return Typed(pd.DataFrame(data), raw)


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
    for name in raw.columns:
        if name in columns:
            continue
        missing = [column for column in columns if column not in raw.columns]
        near = get_close_matches(name.casefold(), missing, n=1, cutoff=0.6)
        place = raw.place(None, name)
        if near:
            pack.add("column_misspelt", place, table=raw.table, guess=near[0])
        elif name.startswith("_"):
            continue
        else:
            pack.add("column_unknown", place, table=raw.table, known=", ".join(columns))
    for name, column in columns.items():
        if name not in raw.columns:
            level = "error" if column.required or column.key or column.type == "number" else "warning"
            pack.add("column_missing", raw.place(None, name), table=raw.table, level=level)


def _check_units(pack: RawPack, raw: RawTable, columns: Mapping[str, Column], dictionary: Dictionary) -> None:
    for name, found in (raw.units or {}).items():
        column = columns.get(name)
        if column is None or column.unit is None or found == column.unit:
            continue
        near = get_close_matches(found, dictionary.units, n=1, cutoff=0.5)
        pack.add("unit_of_column", raw.place(None, name), table=raw.table, value=found, unit=column.unit, guess=near[0] if near else column.unit)


class _Reader:
    """Reads the cells of one column."""

    def __init__(self, pack: RawPack, raw: RawTable, column: Column, locale: Locale, dictionary: Dictionary) -> None:
        self.pack = pack
        self.raw = raw
        self.column = column
        self.locale = locale
        self.allowed = frozenset(dictionary.allowed(column)) if column.type == "code" else frozenset()
        self.read_back = 0

    def read(self, cells: Sequence[Any]) -> list[Any]:
        kinds: dict[str, Callable[[int, Any], Any]] = {
            "number": self._number,
            "year": self._year,
            "text": self._text,
            "id": self._id,
            "reference": self._id,
            "references": self._list,
            "countries": self._list,
            "code": self._code,
            "country": self._country,
            "date": self._date,
            "url": self._url,
        }
        read_one = kinds[self.column.type]
        values = [None if is_blank(cell) else self._sound(read_one, position, cell) for position, cell in enumerate(cells)]
        if self.read_back > READ_BACK:
            self._add("numbers_read_back_more", None, None, level="note", n=self.read_back - READ_BACK)
        return values

    def _sound(self, read_one: Callable[[int, Any], Any], position: int, cell: object) -> object:
        if isinstance(cell, Formula):
            self._add("cell_formula", position, cell.text)
            return None
        if isinstance(cell, CellError):
            self._add("cell_error", position, cell.text)
            return None
        if isinstance(cell, str) and _CONTROL.search(cell):
            self._add("cell_control", position, _CONTROL.sub("\ufffd", cell))
            return None
        return read_one(position, cell)

    def _add(self, key: str, position: int | None, value: object, level: str = "error", **fields: object) -> None:
        self.pack.add(key, self.raw.place(position, self.column.name), table=self.raw.table, value=value, level=level, **fields)

    def _number(self, position: int, cell: object) -> float | None:
        if isinstance(cell, bool) or isinstance(cell, (dt.datetime, dt.date, dt.time, dt.timedelta)):
            self._add("cell_is_date" if not isinstance(cell, bool) else "not_a_number", position, cell)
            return None
        if isinstance(cell, (int, float)):
            value = round_significant(float(cell)) if math.isfinite(cell) else None
            if value is None:
                if not math.isnan(cell):
                    self._add("number_too_large", position, cell)
                return None
        else:
            reading = read_number(str(cell), self.locale)
            if reading.problem is not None:
                self._add(reading.problem, position, cell, readings=reading.readings, locale=self.locale)
                return None
            assert reading.value is not None  # noqa: S101 - a reading has a value or a problem
            value = reading.value
            if reading.grouped:
                self.read_back += 1
                if self.read_back <= READ_BACK:
                    self._add("number_read_back", position, cell, level="note", readings=(value,), locale=self.locale)
        return self._in_range(position, cell, value)

    def _in_range(self, position: int, cell: object, value: float) -> float | None:
        low, high = self.column.low, self.column.high
        if (low is not None and value < low) or (high is not None and value > high):
            percent = self.column.unit == "fraction" and 1 < value <= 100  # noqa: PLR2004 - per cent
            key = "number_out_of_range_percent" if percent else "number_out_of_range"
            self._add(key, position, cell, low=low, high=high, unit=self.column.unit or "", fraction=value / 100)
            return None
        return value

    def _year(self, position: int, cell: object) -> int | None:
        if isinstance(cell, (dt.datetime, dt.date)):
            self._add("cell_is_date", position, cell)
            return None
        text = unicodedata.normalize("NFKC", str(cell)).strip()
        number = float(text) if re.fullmatch(r"\d+(\.0*)?", text) else None
        if number is None:
            self._add("not_a_year", position, cell)
            return None
        value = self._in_range(position, cell, number)
        return None if value is None else int(value)

    def _text(self, position: int, cell: object) -> str | None:
        text = _as_text(cell)
        if len(text) > MAX_TEXT:
            self._add("text_too_long", position, text[:40] + "…", length=len(text), limit=MAX_TEXT)
            return None
        return text

    def _id(self, position: int, cell: object) -> str | None:
        text = unicodedata.normalize("NFKC", _as_text(cell))
        if not _ID.fullmatch(text):
            guess = re.sub(r"[^a-z0-9_.\-]+", "_", _INVISIBLE.sub("", text).casefold()).strip("_")
            self._add("not_an_id", position, cell, guess=guess)
            return None
        return text

    def _list(self, position: int, cell: object) -> str | None:
        parts = [part.strip() for part in unicodedata.normalize("NFKC", _as_text(cell)).split("|")]
        valid = is_country if self.column.type == "countries" else _ID.fullmatch
        for part in parts:
            if not valid(part):
                guess = (suggest_country(part) if self.column.type == "countries" else None) or ""
                self._add("list_item", position, cell, item=part, guess=guess)
                return None
        if len(set(parts)) != len(parts):
            self._add("list_twice", position, cell)
        return "|".join(parts)

    def _code(self, position: int, cell: object) -> str | None:
        text = unicodedata.normalize("NFKC", _as_text(cell))
        if text not in self.allowed:
            known = sorted(self.allowed)
            near = get_close_matches(text.casefold(), known, n=1, cutoff=0.5)
            key = "code_unknown_guess" if near else "code_unknown"
            self._add(key, position, cell, guess=near[0] if near else "", known=", ".join(known))
            return None
        return text

    def _country(self, position: int, cell: object) -> str | None:
        text = unicodedata.normalize("NFKC", _as_text(cell))
        if not is_country(text):
            guess = suggest_country(text)
            self._add("country_unknown_guess" if guess else "country_unknown", position, cell, guess=guess or "")
            return None
        return text

    def _date(self, position: int, cell: object) -> str | None:
        if isinstance(cell, dt.datetime):
            return cell.date().isoformat()
        if isinstance(cell, dt.date):
            return cell.isoformat()
        text = _as_text(cell)
        match = _DATE.fullmatch(text)
        if match:
            year, month, day = (int(part) if part else 1 for part in match.groups())
            try:
                dt.date(year, month, day)
            except ValueError:
                match = None
        if not match:
            self._add("not_a_date", position, cell)
            return None
        return text

    def _url(self, position: int, cell: object) -> str | None:
        text = _as_text(cell)
        if not _URL.fullmatch(text):
            self._add("not_a_url", position, cell)
            return None
        return text


def _as_text(cell: object) -> str:
    """Return the text of a cell, its ends stripped, line ends as one sign and characters composed."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text).strip()
