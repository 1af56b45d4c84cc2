"""Read one cell as what its column holds: a value, or what is wrong with it and what it may mean.

`read_cell` knows nothing of places or of other cells, so equal cells of a column have equal outcomes.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pondasi.places import is_country, suggest_country
from pondasi.tables.numbers import Locale, read_number, round_significant
from pondasi.tables.raw import CellError, Formula
from pondasi.tables.text import (
    MAX_TEXT,
    drop_invisible,
    escape_text,
    make_id,
    name_control,
    name_invisible,
    narrow_text,
    show_control,
    suggest,
    tidy_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pondasi.errors import Level
    from pondasi.tables.dictionary import Column

PERCENT = 100
_ID = re.compile(r"[a-z0-9][a-z0-9_.\-]*")
_URL = re.compile(r"https?://[^\s]+")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_OTHER_SIGNS = re.compile(r"[,;/、\s]+")
_YEAR = re.compile(r"[0-9]+(?:\.0*)?")
_TIMES = (dt.date, dt.time, dt.timedelta)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell: the key of the finding, the cell as shown, and the slots of its text."""

    key: str
    value: object
    fields: Mapping[str, Any] = field(default_factory=dict)
    level: Level = "error"


@dataclass(frozen=True)
class Outcome:
    """The value of a cell, None where it is blank or cannot be read, and its fault.

    A warning may come with a value. ``blank`` tells that there was nothing to read; ``read_back`` that
    the value was decided by a grouping sign.
    """

    value: Any = None
    fault: Fault | None = None
    blank: bool = False
    read_back: bool = False


BLANK = Outcome(blank=True)


@dataclass(frozen=True)
class Reader:
    """How the cells of one column are read.

    Parameters
    ----------
    column
        The column as the dictionary states it.
    locale
        How numbers are typed; None where it is not known, so that typed numbers stay unread.
    declared
        Whether the file itself names the locale.
    allowed
        The codes of a column of codes.
    """

    column: Column
    locale: Locale | None = "machine"
    declared: bool = True
    allowed: frozenset[str] = frozenset()


def read_cell(cell: object, reader: Reader) -> Outcome:
    """Read a cell that is not blank."""
    return _find_unfit(cell, reader) or _KINDS[reader.column.type](cell, reader)


def _find_unfit(cell: object, reader: Reader) -> Outcome | None:
    """Return the outcome for a cell that no column of this type can hold, whatever its content."""
    if isinstance(cell, str):
        return _find_unseen(cell, reader)
    found: Outcome | None = None
    if isinstance(cell, Formula):
        found = _faulty("cell_formula", cell.text)
    elif isinstance(cell, CellError):
        found = _faulty("cell_error", cell.text)
    elif isinstance(cell, bool):
        found = _faulty("cell_is_boolean", cell)
    elif isinstance(cell, _TIMES):
        found = None if reader.column.type == "date" else _faulty("cell_is_date", cell)
    elif not isinstance(cell, (int, float, Decimal)):
        found = _faulty("cell_kind", cell, kind=type(cell).__name__)
    return found


def _find_unseen(cell: str, reader: Reader) -> Outcome | None:
    """Return the outcome for a text with signs that cannot be printed or seen; those of a text column can go."""
    if signs := name_control(cell):
        return _faulty("cell_control", show_control(cell), signs=signs)
    if reader.column.type != "text" and (signs := name_invisible(cell)):
        return _faulty("cell_invisible", cell, signs=signs, guess=drop_invisible(cell))
    return None


def _read_number(cell: Any, reader: Reader) -> Outcome:  # noqa: ANN401 - a cell holds whatever was typed
    if not isinstance(cell, str):
        return _in_range(_to_float(cell), cell, reader.column)
    if reader.locale is None:
        return Outcome()
    reading = read_number(cell, reader.locale, declared=reader.declared)
    if reading.problem is not None:
        return _faulty(reading.problem, cell, readings=reading.readings, locale=reader.locale)
    return _in_range(reading.value, cell, reader.column, read_back=reading.read_back)


def _to_float(cell: float | Decimal) -> float:
    try:
        return round_significant(float(cell))
    except OverflowError:
        return math.inf


def _in_range(value: float | None, cell: object, column: Column, *, read_back: bool = False) -> Outcome:
    if value is None or not math.isfinite(value):
        return _faulty("number_beyond_range", cell)
    low, high = column.low, column.high
    if low is None or high is None or low <= value <= high:
        return Outcome(value, read_back=read_back)
    if column.unit == "fraction" and 1 < value <= PERCENT:
        return _faulty("number_out_of_range_percent", cell, low=low, high=high, fraction=value / PERCENT)
    if column.type == "year":
        return _faulty("year_out_of_range", cell, low=int(low), high=int(high))
    return _faulty("number_out_of_range", cell, low=low, high=high, unit=column.unit)


def _read_year(cell: object, reader: Reader) -> Outcome:
    text = narrow_text(str(cell))
    if not _YEAR.fullmatch(text):
        return _faulty("not_a_year", cell)
    found = _in_range(float(text), cell, reader.column)
    return found if found.fault else Outcome(int(found.value))


def _read_text(cell: object, _reader: Reader) -> Outcome:
    text = tidy_text(_as_text(cell))
    if len(escape_text(text)) > MAX_TEXT:
        return _faulty("text_too_long", text, length=len(text), limit=MAX_TEXT)
    signs = name_invisible(text)
    if not signs:
        return Outcome(text)
    left = drop_invisible(text)
    return Outcome(left or None, Fault("text_invisible", text, {"signs": signs}, "warning"), blank=not left)


def _read_id(cell: object, _reader: Reader) -> Outcome:
    text = narrow_text(_as_text(cell))
    if _ID.fullmatch(text):
        return Outcome(text)
    guess = make_id(text)
    return _faulty("not_an_id_guess", cell, guess=guess) if guess else _faulty("not_an_id", cell)


def _read_list(cell: object, reader: Reader) -> Outcome:
    text = narrow_text(_as_text(cell))
    parts = [part.strip() for part in text.split("|")]
    if "" in parts:
        return _faulty("list_blank_item", cell)
    countries = reader.column.type == "countries"
    for part in parts:
        if not _is_item(part, countries=countries):
            guess = _guess_items(part, countries=countries)
            return (
                _faulty("list_item_guess", cell, item=part, guess=guess)
                if guess
                else _faulty("list_item", cell, item=part)
            )
    if len(set(parts)) != len(parts):
        return _faulty("list_twice", cell, item=next(part for part in parts if parts.count(part) > 1))
    return Outcome("|".join(parts))


def _is_item(text: str, *, countries: bool) -> bool:
    return is_country(text) if countries else _ID.fullmatch(text) is not None


def _guess_items(text: str, *, countries: bool) -> str:
    """Return what an item most likely means: several that are parted by another sign, or one misspelt."""
    several = [part for part in _OTHER_SIGNS.split(text) if part]
    if len(several) > 1 and all(_is_item(part, countries=countries) for part in several):
        return "|".join(several)
    return (suggest_country(text) or "") if countries else make_id(text)


def _read_code(cell: object, reader: Reader) -> Outcome:
    text = narrow_text(_as_text(cell))
    if text in reader.allowed:
        return Outcome(text)
    known = sorted(reader.allowed)
    guess = suggest(text, known, 0.5)
    if guess:
        return _faulty("code_unknown_guess", cell, guess=guess, known=", ".join(known))
    return _faulty("code_unknown", cell, known=", ".join(known))


def _read_country(cell: object, _reader: Reader) -> Outcome:
    text = narrow_text(_as_text(cell))
    if is_country(text):
        return Outcome(text)
    guess = suggest_country(text)
    return _faulty("country_unknown_guess", cell, guess=guess) if guess else _faulty("country_unknown", cell)


def _read_date(cell: object, _reader: Reader) -> Outcome:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return Outcome(cell.date().isoformat())
    if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
        return Outcome(cell.isoformat())
    text = narrow_text(_as_text(cell))
    match = _DATE.fullmatch(text)
    return Outcome(text) if match and _is_day(*match.groups()) else _faulty("not_a_date", cell)


def _is_day(year: str, month: str | None, day: str | None) -> bool:
    try:
        dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return False
    return True


def _read_url(cell: object, _reader: Reader) -> Outcome:
    text = tidy_text(_as_text(cell))
    if len(escape_text(text)) > MAX_TEXT:
        return _faulty("text_too_long", text, length=len(text), limit=MAX_TEXT)
    return Outcome(text) if _URL.fullmatch(text) else _faulty("not_a_url", cell)


def _as_text(cell: object) -> str:
    """Return a cell as text; a spreadsheet's number without its '.0'."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _faulty(key: str, value: object, /, **fields: object) -> Outcome:
    return Outcome(None, Fault(key, value, fields))


_KINDS: Mapping[str, Callable[[Any, Reader], Outcome]] = {
    "number": _read_number,
    "year": _read_year,
    "text": _read_text,
    "id": _read_id,
    "reference": _read_id,
    "references": _read_list,
    "countries": _read_list,
    "code": _read_code,
    "country": _read_country,
    "date": _read_date,
    "url": _read_url,
}
