"""The words that a user sees, in every language of the house.

A catalogue is a folder of TOML files per language. An entry is a full sentence with named slots; an
entry with the forms ``one`` and ``other`` is chosen by the field ``n``. No sentence is glued from
parts, so that a translator is free in word order.

Example
-------
>>> Words("id").say("grade.estimated")
'estimasi'
>>> Words("en").say("check.summary.errors", n=1)
'1 error'
"""

from __future__ import annotations

import math
import tomllib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pondasi.currency import Money, Rate
    from pondasi.errors import PondasiError, Problem

SPELLED_FROM, SPELLED_TO = 1e-4, 1e15
"""Numbers between these are put in words; others would only be a row of noughts."""

LANGUAGES = ("en", "id", "ja")
"""Languages that every text exists in; the first is the default."""


class Words:
    """The catalogue of one language.

    Parameters
    ----------
    language
        One of `LANGUAGES`.
    rate
        Rate at which amounts of money (`pondasi.currency.Money`) are shown; USD by default.

    Raises
    ------
    UsageError
        For a language that has no catalogue.
    """

    def __init__(self, language: str, rate: Rate | None = None) -> None:
        if language not in LANGUAGES:
            raise UsageError("unknown_language", language=language, known=", ".join(LANGUAGES))
        self.language, self.rate = language, rate

    def at(self, rate: Rate) -> Words:
        """Return the same words with money at a rate."""
        return Words(self.language, rate)

    def say(self, key: str, /, **fields: object) -> str:
        """Return the text of ``key`` with its slots filled.

        Raises
        ------
        KeyError
            If the catalogue has no such key or a slot has no field: a fault of the program, which
            the tests look for.
        """
        entry = load_catalogue(self.language)[key]
        if isinstance(entry, str):
            text = entry
        else:
            one = self.language == "en" and fields["n"] == 1
            text = entry["one" if one else "other"]
        return text.format_map({name: self._shown(value) for name, value in fields.items()})

    def has(self, key: str) -> bool:
        """Tell whether the catalogue holds ``key``."""
        return key in load_catalogue(self.language)

    def error(self, error: PondasiError) -> str:
        """Return the text of an error, with all of its problems below it."""
        problems = getattr(error, "problems", ())
        head = self.say(f"error.{error.key}", **error.fields)
        return "\n".join([head, *(self.problem(problem) for problem in problems)])

    def problem(self, problem: Problem) -> str:
        """Return one problem as 'place: what. Cure.'."""
        what, cure = self.problem_parts(problem)
        place = self.place(problem)
        text = self.say("list.sentence").join(part for part in (what, cure) if part)
        return self.say("place.before", place=place, text=text) if place else text

    def problem_parts(self, problem: Problem) -> tuple[str, str]:
        """Return what is wrong and what cures it, as two texts."""
        fields = {"value": problem.value, "column": problem.place.column, "table": problem.table, **problem.fields}
        readings = fields.pop("readings", ())
        for number, reading in enumerate(readings if isinstance(readings, tuple) else (), start=1):
            shown = f"{reading:.15g}"
            # A number to be written into the file is shown as the file's locale writes it.
            fields[f"reading_{number}"] = shown.replace(".", ",") if fields.get("locale") == "id" else shown
            fields[f"words_{number}"] = spell_number(reading, self.language)
        return (
            self.say(f"problem.{problem.key}.what", **fields),
            self.say(f"problem.{problem.key}.cure", **fields),
        )

    def place(self, problem: Problem) -> str:
        """Return where the problem stands, such as 'nodes.csv, row 7, column market_usd'."""
        place = problem.place
        parts = [place.file] if place.file else []
        if place.sheet is not None:
            parts.append(self.say("place.sheet", sheet=place.sheet))
        form = place.file.endswith((".yaml", ".yml"))
        if place.row is not None:
            parts.append(self.say("place.line" if form else "place.row", row=place.row))
        if place.column is not None:
            parts.append(self.say("place.key" if form else "place.column", column=place.column))
        return self.say("place.joint").join(parts)

    def _shown(self, value: object) -> object:
        from pondasi.currency import Money

        if isinstance(value, float):
            from babel.numbers import format_decimal

            if value and not SPELLED_FROM <= abs(value) < SPELLED_TO:
                return f"{value:g}"
            return format_decimal(value, format="#,##0.######", locale=self.language)
        if isinstance(value, Money):
            return self._show_money(value)
        return "" if value is None else value

    def _show_money(self, money: Money) -> str:
        """Return an amount in the currency of these words, without idle decimals."""
        from babel.numbers import format_decimal

        from pondasi.currency import find_rate, find_scale

        rate = self.rate or find_rate()
        amount = money.round_in(rate)
        name, scale = find_scale(amount, self.language)
        text = f"{amount:g}"
        if math.isfinite(amount):
            shown = round(amount / scale, 2) + 0.0  # what rounds to nothing has no sign
            text = format_decimal(shown, format="#,##0.##", locale=self.language)
        return self.say(f"number.money.{name}", value=text, currency=rate.names[self.language])


def spell_number(value: float, language: str) -> str:
    """Return a number in words, so that a misread point or comma is heard at once.

    Example
    -------
    >>> spell_number(16.185, "id")
    'enam belas koma satu delapan lima'
    """
    from num2words import num2words

    if value < 0:
        return Words(language).say("number.minus", number=spell_number(-value, language))
    if value and not SPELLED_FROM <= value < SPELLED_TO:
        return f"{value:g}"
    number = int(value) if float(value).is_integer() else value
    return str(num2words(number, lang=language))


@lru_cache(maxsize=len(LANGUAGES))
def load_catalogue(language: str) -> Mapping[str, str | dict[str, str]]:
    """Return every entry of a language as ``{'a.b.c': text or plural forms}``."""
    entries: dict[str, str | dict[str, str]] = {}
    folder = resources.files("pondasi") / "words" / language
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            entries.update(_flatten(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    return entries


def _flatten(tree: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str | dict[str, str]]]:
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or (isinstance(value, dict) and set(value) == {"one", "other"}):
            yield key, value
        elif isinstance(value, dict):
            yield from _flatten(value, f"{key}.")
