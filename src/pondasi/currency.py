"""Money in another currency: at a dated, sourced rate, for display alone.

All data and results are in constant USD; nothing is computed in another currency. The rate is the mean of
its year, so an amount of another year is shown at a rate that was not its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pondasi.errors import UsageError
from pondasi.tables.dictionary import read_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.facts import Figure

BASE = "USD"
"""The currency of the data."""
MILLION = 1e6
DIGITS = 2
"""Digits of an amount that is told: what it rests on is assumed in the main, as figures of a brief are."""
SCALES = {
    "en": (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)),
    "ja": (("trillion", 1e12), ("hundred_million", 1e8), ("ten_thousand", 1e4)),
}
SCALES["id"] = SCALES["en"]
COLUMN_SCALES = SCALES["en"]
"""Units of a column of money: by thousands in every language, as tables are set."""
ROUNDING = 1e-6
"""What is left of the last digit by arithmetic, where an amount is rounded up."""


@dataclass(frozen=True)
class Rate:
    """What a US dollar is worth in a currency, on the mean of a year.

    Parameters
    ----------
    currency
        Code of ISO 4217.
    per_usd
        Units of the currency per USD.
    year
        The rate is the mean of this year.
    grade, source
        How firm it is, and the id of its source; no source for the base.
    names
        Name in a text, by language.
    """

    currency: str
    per_usd: float
    year: int
    grade: str
    source: str
    names: Mapping[str, str]

    def convert(self, figure: Figure) -> Figure:
        """Return a figure of money in this currency; another figure as it is.

        Example
        -------
        >>> from pondasi.facts import Figure
        >>> find_rate("JPY").convert(Figure(2.0, "USD/year")).unit
        'JPY/year'
        """
        unit, mark, per = figure.unit.partition("/")
        if unit != BASE:
            return figure
        value, low, high = (
            None if end is None else end * self.per_usd for end in (figure.value, figure.low, figure.high)
        )
        return replace(figure, value=value, low=low, high=high, unit=f"{self.currency}{mark}{per}")


@dataclass(frozen=True)
class Money:
    """An amount for the slot of a text: `pondasi.words.Words` shows it in the currency of its reader, with its scale in words.

    Parameters
    ----------
    usd
        The amount [USD].
    digits
        Digits that are shown.
    up
        Whether the last digit is rounded up: for what is needed at least.

    Example
    -------
    >>> from pondasi.words import Words
    >>> Words("en").say("plan.searching", seconds=3, short=Money(4.871e9))
    'Searching for 3 s; 4.9 billion USD between what is found and its bound'
    """

    usd: float
    digits: int = DIGITS
    up: bool = False

    def round_in(self, rate: Rate) -> float:
        """Return the amount in a currency, with no more digits than are to be shown."""
        amount = self.usd * rate.per_usd
        if not amount or not math.isfinite(amount):
            return amount
        step = 10.0 ** (math.floor(math.log10(abs(amount))) + 1 - self.digits)
        return step * (math.ceil(amount / step - ROUNDING) if self.up else round(amount / step))


def in_millions(value: float, digits: int = DIGITS, *, up: bool = False) -> Money:
    """Return an amount of million USD, as plans count, for the slot of a text."""
    return Money(value * MILLION, digits, up)


def find_scale(amount: float, language: str) -> tuple[str, float]:
    """Return the name and the size of the unit in which a language tells an amount.

    Example
    -------
    >>> find_scale(4.87e9, "en"), find_scale(4.87e9, "ja"), find_scale(12.0, "id")
    (('billion', 1000000000.0), ('hundred_million', 100000000.0), ('one', 1.0))
    """
    for name, scale in SCALES[language]:
        if abs(amount) >= scale * 0.9995:
            return name, scale
    return "one", 1.0


def find_column_scale(rate: Rate) -> tuple[str, float]:
    """Return the name and the size of the unit of a column that counts in million USD: the largest that this is one of, or more.

    Example
    -------
    >>> find_column_scale(find_rate()), find_column_scale(find_rate("IDR"))
    (('million', 1000000.0), ('billion', 1000000000.0))
    """
    fits = [found for found in COLUMN_SCALES if MILLION * rate.per_usd >= found[1]]
    return fits[0] if fits else COLUMN_SCALES[-1]


def list_currencies() -> tuple[str, ...]:
    """Return the codes in which money can be shown; the first is the one of the data.

    Example
    -------
    >>> list_currencies()
    ('USD', 'IDR', 'JPY')
    """
    return tuple(_load_rates())


def find_rate(currency: str = BASE) -> Rate:
    """Return the rate of a currency.

    Raises
    ------
    UsageError
        For a currency that has none.

    Example
    -------
    >>> find_rate("IDR").year, find_rate().per_usd
    (2025, 1.0)
    """
    rates = _load_rates()
    if currency.upper() not in rates:
        raise UsageError("unknown_currency", currency=currency, known=", ".join(rates))
    return rates[currency.upper()]


@lru_cache(maxsize=1)
def _load_rates() -> Mapping[str, Rate]:
    return {
        row["currency"]: Rate(
            row["currency"],
            float(row["per_usd"]),
            int(row["year"]),
            row["grade"],
            row["source"],
            {language: row[f"name_{language}"] for language in ("en", "id", "ja")},
        )
        for row in read_resource("dictionary/rates.csv")
    }
