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
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

Locale = Literal["machine", "en", "id", "ja"]
LOCALES: tuple[Locale, ...] = ("machine", "en", "id", "ja")

_MACHINE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_GROUPED = {
    "en": re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?"),
    "id": re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d+)?"),
}
_GROUPED["ja"] = _GROUPED["en"]
_SIGNS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\ufe63": "-"})


@dataclass(frozen=True)
class Reading:
    """What came of reading a text: a value, or the key of the problem and its possible readings.

    ``grouped`` tells that the value was read through a grouping sign and should be read back.
    """

    value: float | None = None
    problem: str | None = None
    readings: tuple[float, ...] = field(default=())
    grouped: bool = False


def read_number(text: str, locale: Locale = "machine") -> Reading:
    """Read ``text`` as a number in ``locale``.

    Example
    -------
    >>> read_number("16,185", "id").value, read_number("16,185", "en").value
    (16.185, 16185.0)
    >>> read_number("16,185").problem, read_number("16,185").readings
    ('number_two_readings', (16.185, 16185.0))
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    if locale == "machine":
        if _MACHINE.fullmatch(plain):
            return _finish(plain)
    elif _GROUPED[locale].fullmatch(plain):
        group, point = (".", ",") if locale == "id" else (",", ".")
        reading = _finish(plain.replace(group, "").replace(point, "."))
        return Reading(reading.value, reading.problem, grouped=group in plain)
    return _explain(plain, locale)


def round_significant(value: float) -> float:
    """Return ``value`` at the 15 significant digits that every form of a pack keeps."""
    return float(f"{value:.15g}")


def _finish(text: str) -> Reading:
    value = float(text)
    return Reading(round_significant(value)) if math.isfinite(value) else Reading(problem="number_too_large")


def _explain(plain: str, locale: Locale) -> Reading:
    if plain.endswith("%"):
        inner = read_number(plain[:-1], locale)
        if inner.value is not None:
            return Reading(problem="number_percent", readings=(round_significant(inner.value / 100),))
    if not re.search(r"\d", plain):
        return Reading(problem="not_a_number")
    compact = plain.replace(" ", "").replace("'", "")
    found = {
        float(compact.replace(group, "").replace(point, "."))
        for name, group, point in (("en", ",", "."), ("id", ".", ","))
        if _GROUPED[name].fullmatch(compact)
    }
    readings = tuple(sorted(found))
    if len(readings) > 1:
        return Reading(problem="number_two_readings", readings=readings)
    if readings:
        return Reading(problem="number_other_locale", readings=readings)
    return Reading(problem="number_with_text" if re.search(r"[^\W\d_]", plain) else "not_a_number")
