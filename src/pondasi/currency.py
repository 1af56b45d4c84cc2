"""Money in another currency: at a dated, sourced rate, for display alone.

All data and results are in constant USD; nothing is computed in another currency. The rate is the mean of
its year, so an amount of another year is shown at a rate that was not its own.
"""

from __future__ import annotations

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
