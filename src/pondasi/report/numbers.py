"""Numbers as a reader of a language expects them, with no more digits than their interval deserves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from babel.numbers import format_decimal

from pondasi.currency import MILLION, find_column_scale, find_rate, find_scale

if TYPE_CHECKING:
    from pondasi.currency import Rate
    from pondasi.facts import Figure
    from pondasi.words import Words

MIN_DIGITS, MAX_DIGITS = 2, 3
RATE_DIGITS = 5
"""Digits of a rate of exchange that are shown."""
WHOLE = {"year", "count", "week"}
"""Units that are shown as whole numbers."""
PERCENT_FLOOR = 0.0005
"""Shares up to a twentieth of a per cent are shown as 'below 0.1 %'."""
SMALLEST_PERCENT = 0.001
"""The least share that is shown as a number."""


class Numbers:
    """Formats numbers for one language.

    Parameters
    ----------
    words
        The catalogue of the language.
    rate
        Rate at which money is shown; that of the words by default, or else USD. What is given is always USD.

    Example
    -------
    >>> from pondasi.words import Words
    >>> Numbers(Words("id")).money(4.87e9)
    '4,87 miliar USD'
    >>> Numbers(Words("ja")).money(4.87e9)
    '48.7億米ドル'
    >>> from pondasi.currency import find_rate
    >>> Numbers(Words("id"), find_rate("IDR")).money(4.87e9)
    '80,2 triliun rupiah'
    """

    def __init__(self, words: Words, rate: Rate | None = None) -> None:
        self.words = words
        self.language = words.language
        self.rate = rate or words.rate or find_rate()
        self.currency = self.rate.names[words.language]

    def plain(self, value: float, digits: int = MAX_DIGITS) -> str:
        """Return a number at some significant digits."""
        rounded, decimals = round_to(value, digits)
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(rounded, format=pattern, locale=self.language)

    def money(self, value: float, digits: int = MAX_DIGITS) -> str:
        """Return an amount of USD, in the currency shown, with its scale in words."""
        value *= self.rate.per_usd
        name, scale = self._scale(value)
        return self.words.say(f"number.money.{name}", value=self.plain(value / scale, digits), currency=self.currency)

    def money_interval(self, value: float, low: float | None, high: float | None, most: int = MAX_DIGITS) -> str:
        """Return an amount with its interval, such as 'about 4.9 (4.5 to 5.3) billion USD'."""
        digits = min(most, digits_for(value, low, high))
        if low is None or high is None:
            return self.money(value, digits)
        value, low, high = (amount * self.rate.per_usd for amount in (value, low, high))
        name, scale = self._scale(value)
        place = digits - 1 - _exponent(round_to(value / scale, digits)[0])
        shown = {
            key: self._fixed(round(number / scale, place), max(0, place))
            for key, number in {"value": value, "low": low, "high": high}.items()
        }
        if len(set(shown.values())) == 1:
            return self.words.say(f"number.money.{name}", value=shown["value"], currency=self.currency)
        return self.words.say(f"number.money_interval.{name}", currency=self.currency, **shown)

    def column_unit(self) -> tuple[str, float]:
        """Return the unit of a column of money in the currency shown, and how many of it a million USD are."""
        name, scale = find_column_scale(self.rate)
        return self.words.say(f"number.unit.{name}", currency=self.currency), MILLION * self.rate.per_usd / scale

    def rate_note(self, publisher: str) -> str:
        """Return the rate at which money is shown, its year and who states it, as a sentence."""
        rate = self.plain(self.rate.per_usd, RATE_DIGITS)
        return self.words.say(
            "number.rate", currency=self.currency, rate=rate, year=str(self.rate.year), publisher=publisher
        )

    def percent(self, value: float, digits: int = MIN_DIGITS) -> str:
        """Return a share in per cent."""
        if 0 < value <= PERCENT_FLOOR:
            return self.words.say("number.percent_below", value=self._fixed(SMALLEST_PERCENT * 100, 1))
        rounded, decimals = round_to(value * 100, digits)
        return self.words.say("number.percent", value=self._fixed(rounded, min(decimals, 1)))

    def tick(self, value: float) -> str:
        """Return a round share at an axis, without idle decimals."""
        text = format_decimal(value * 100, format="#,##0.##", locale=self.language)
        return self.words.say("number.percent", value=text)

    def money_tick(self, value: float) -> str:
        """Return a round amount of USD at an axis, in the currency shown, without idle decimals."""
        value *= self.rate.per_usd
        name, scale = self._scale(value)
        text = format_decimal(value / scale, format="#,##0.##", locale=self.language)
        return self.words.say(f"number.money.{name}", value=text, currency=self.currency)

    def amount_tick(self, value: float) -> str:
        """Return a bare number at an axis."""
        return format_decimal(value, format="#,##0.##", locale=self.language)

    def percent_interval(self, value: float, low: float | None, high: float | None, most: int = MAX_DIGITS) -> str:
        """Return a share with its interval, such as '26 % (25 to 28)'."""
        if low is None or high is None or math.isnan(low) or math.isnan(high):
            return self.percent(value, most)
        digits = min(most, digits_for(value, low, high))
        decimals = min(round_to(value * 100, digits)[1], 1)
        shown = {
            key: self._fixed(number * 100, decimals)
            for key, number in {"value": value, "low": low, "high": high}.items()
        }
        if 0 < value <= PERCENT_FLOOR and high <= SMALLEST_PERCENT:
            return self.percent(value)
        if len(set(shown.values())) == 1:
            return self.words.say("number.percent", value=shown["value"])
        return self.words.say("number.percent_interval", **shown)

    def figure(self, figure: Figure, *, short: bool = False) -> str:
        """Return a figure with its interval, or the word for unknown.

        Three digits at most, two of an assumed figure and of one that has neither an interval nor a source
        that states it. ``short`` leaves out the interval, but shows no digit more.
        """
        value, low, high = figure.value, figure.low, figure.high
        if value is None:
            return self.words.say("grade.unknown")
        if figure.unit in WHOLE:
            return self._whole(figure, value, short=short)
        loose = figure.grade == "assumed" or (low is None and not (figure.grade == "exact" and figure.sources))
        most = MIN_DIGITS if loose else MAX_DIGITS
        if short:
            most, low, high = min(most, digits_for(value, low, high)), None, None
        if figure.unit == "fraction":
            return self.percent_interval(value, low, high, most)
        if figure.unit.startswith("USD"):
            return self.money_interval(value, low, high, most)
        return self._number(figure, value, low, high, most)

    def _number(self, figure: Figure, value: float, low: float | None, high: float | None, most: int) -> str:
        """Return a bare number; whole years without decimals."""
        digits = min(most, digits_for(value, low, high))
        whole = figure.unit == "years" and float(value).is_integer()
        if low is None or high is None:
            return self._fixed(value, 0) if whole else self.plain(value, digits)
        # The interval says what can be told: a value far below its ends has no more decimals than they.
        largest = max(abs(value), abs(high), abs(low))
        return self._interval(value, low, high, 0 if whole else round_to(largest, digits)[1])

    def _interval(self, value: float, low: float, high: float, decimals: int) -> str:
        """Return a value with its interval at some decimals; alone where the ends would read alike."""
        ends = {name: self._fixed(end, decimals) for name, end in (("value", value), ("low", low), ("high", high))}
        return ends["value"] if len(set(ends.values())) == 1 else self.words.say("position.interval", **ends)

    def _whole(self, figure: Figure, value: float, *, short: bool) -> str:
        """Return a year, a count or a week; only a week may have an interval."""
        if figure.unit == "year":
            return str(int(value))
        low, high = figure.low, figure.high
        if short or figure.unit == "count" or low is None or high is None:
            return self._fixed(value, 0)
        return self._interval(value, low, high, 0)

    def _fixed(self, value: float, decimals: int) -> str:
        return format_decimal(value, format="#,##0" + ("." + "0" * decimals if decimals else ""), locale=self.language)

    def _scale(self, value: float) -> tuple[str, float]:
        return find_scale(value, self.language)


def digits_for(value: float, low: float | None, high: float | None) -> int:
    """Return how many significant digits an interval lets a value show: two, or three if it is narrow.

    Example
    -------
    >>> digits_for(4.9, 4.5, 5.3), digits_for(4.87, 4.86, 4.88)
    (2, 3)
    """
    if low is None or high is None or not value or high <= low:
        return MAX_DIGITS
    return MAX_DIGITS if (high - low) / abs(value) < 0.05 else MIN_DIGITS  # noqa: PLR2004 - a third digit moves by 5 % at most


def round_to(value: float, digits: int) -> tuple[float, int]:
    """Return a value at some significant digits, and the decimals that it then needs."""
    if not value:
        return 0.0, 0
    rounded = round(value, digits - 1 - _exponent(value))
    return rounded, max(0, digits - 1 - _exponent(rounded))


def _exponent(value: float) -> int:
    """Return the power of ten of the first digit; 0 for zero."""
    return math.floor(math.log10(abs(value))) if value else 0
