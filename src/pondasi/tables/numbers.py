"""Read a number that a person typed, in the locale that the file declares.

A locale is never guessed. '16,185' is sixteen thousand in one country and sixteen in another, and a
chip programme has been misread by a factor of a thousand that way. Without a declared locale a text is
read as a machine writes it (point, no grouping), and whatever else it may be is refused with both
readings in words.

Every number is held to 15 significant digits, which is what a spreadsheet keeps: so a pack is the same
in CSV, Parquet and Excel.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from pondasi.tables.text import narrow_text

Locale = Literal["machine", "en", "id", "ja"]
LOCALES: tuple[Locale, ...] = ("machine", "en", "id", "ja")
DIGITS = 15
"""Significant digits that every form of a pack keeps."""
LEAST_SPOKEN, MOST_SPOKEN = 1e-4, 10**DIGITS
"""Numbers from here to there are read back in words; others have too many zeros for the ear to count."""

_MACHINE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_POINT_COMMA = {"en": (".", ","), "id": (",", ".")}
"""Decimal sign and grouping sign of each way of writing; Japan writes as English does."""
_TYPED = {
    name: re.compile(
        rf"[+-]?(?:(?:[1-9][0-9]{{0,2}}(?:\{group}[0-9]{{3}})+|[0-9]+)(?:\{point}[0-9]*)?|\{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    )
    for name, (point, group) in _POINT_COMMA.items()
}
_SIGNS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\ufe63": "-", "\u2019": "'"})
_GAPS = re.compile(r"(?<=[0-9])[ '](?=[0-9])")


@dataclass(frozen=True)
class Reading:
    """What came of reading a text: a value, or the key of the problem and its possible readings.

    ``read_back`` tells that a grouping sign, or what may be one, decided the value: the reader should
    hear it in words.
    """

    value: float | None = None
    problem: str | None = None
    readings: tuple[float, ...] = ()
    read_back: bool = False


def read_number(text: str, locale: Locale = "machine", *, declared: bool = True) -> Reading:
    """Read ``text`` as a number in ``locale``.

    Parameters
    ----------
    text
        The cell as typed.
    locale
        How the file writes numbers: ``machine`` (1234.5), ``en`` and ``ja`` (1,234.5), ``id`` (1.234,5).
    declared
        Whether the file says so. If it does not, a text that groups its digits in another locale is
        still read as a machine writes it, and read back.

    Example
    -------
    >>> read_number("16,185", "id").value, read_number("16,185", "en").value
    (16.185, 16185.0)
    >>> read_number("16,185").problem, read_number("16,185").readings
    ('number_two_readings', (16.185, 16185.0))
    """
    plain = narrow_text(text).translate(_SIGNS)
    value = _read_as(plain, locale)
    if value is None:
        return _explain(plain, locale)
    if not math.isfinite(value) or _vanishes(value, plain):
        return Reading(problem="number_beyond_range")
    doubtful = _has_grouping(plain, locale) if locale != "machine" else not declared and _has_grouping(plain, "id")
    return Reading(value, read_back=doubtful and _can_be_said(value))


def round_significant(value: float) -> float:
    """Return ``value`` at the 15 significant digits that every form of a pack keeps; zero has no sign.

    Example
    -------
    >>> round_significant(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.{DIGITS}g}") + 0.0


def show_number(value: float) -> float | str:
    """Return a number for the slot of a text: itself, or as 1e+22 where it has too many zeros to write out.

    Example
    -------
    >>> show_number(0.25), show_number(1e22)
    (0.25, '1e+22')
    """
    return value if _can_be_said(value) else f"{value:.{DIGITS}g}"


def _style(locale: str) -> str:
    return "id" if locale == "id" else "en"


def _read_as(plain: str, locale: str) -> float | None:
    if locale == "machine":
        return round_significant(float(plain)) if _MACHINE.fullmatch(plain) else None
    style = _style(locale)
    if not _TYPED[style].fullmatch(plain):
        return None
    point, group = _POINT_COMMA[style]
    return round_significant(float(plain.replace(group, "").replace(point, ".")))


def _has_grouping(plain: str, locale: str) -> bool:
    style = _style(locale)
    return _POINT_COMMA[style][1] in plain and _TYPED[style].fullmatch(plain) is not None


def _can_be_said(value: float) -> bool:
    return value == 0 or LEAST_SPOKEN <= abs(value) < MOST_SPOKEN


def _vanishes(value: float, plain: str) -> bool:
    """Tell whether a number that is not zero became zero: its exponent is too small."""
    return value == 0 and re.search(r"[1-9]", re.split(r"[eE]", plain)[0]) is not None


def _explain(plain: str, locale: Locale) -> Reading:
    if plain.endswith("%"):
        inner = read_number(plain[:-1], locale)
        meant = inner.readings if inner.value is None else (inner.value,)
        if len(meant) == 1 and inner.problem != "number_percent" and _can_be_said(meant[0] / 100):
            return Reading(problem="number_percent", readings=(round_significant(meant[0] / 100),))
    compact = _GAPS.sub("", plain)
    found = tuple(sorted({value for style in _TYPED if (value := _read_as(compact, style)) is not None}))
    if not all(_can_be_said(value) and not _vanishes(value, compact) for value in found):
        return Reading(problem="number_beyond_range")
    if len(found) > 1:
        return Reading(problem="number_two_readings", readings=found)
    if found:
        return Reading(problem="number_other_locale", readings=found)
    words = re.search(r"[0-9]", plain) and re.search(r"[^\W\d_]|[$€£¥]", plain)
    return Reading(problem="number_with_text" if words else "not_a_number")
