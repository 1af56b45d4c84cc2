"""Figures and citations that publishers write as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_MONEY = re.compile(r"\$\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>thousand|million|billion|trillion)?(?P<rest>.*)")
_REMARK = re.compile(r"\(([^()]*)\)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s,]+)[^)]*\)")
_SCALES = {None: 0, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
"""Powers of ten."""


@dataclass(frozen=True)
class Money:
    """An amount [USD], its year where one is stated, and what it is said to cover."""

    value: float
    year: int | None = None
    scope: str = ""


def parse_money(text: str) -> Money | None:
    """Return an amount in US dollars, or None where the text is none.

    Example
    -------
    >>> parse_money("$13 billion (2025)")
    Money(value=13000000000.0, year=2025, scope='')
    >>> parse_money("$56.2 billion (microprocessors) (2019)").scope
    'microprocessors'
    >>> parse_money("about half")
    """
    match = _MONEY.fullmatch(text.strip())
    if match is None or _REMARK.sub("", match["rest"]).strip():
        return None
    remarks = _REMARK.findall(match["rest"])
    years = [remark for remark in remarks if _YEAR.fullmatch(remark)]
    scope = "; ".join(remark for remark in remarks if remark not in years)
    number = Decimal(match["number"].replace(",", "")).scaleb(_SCALES[match["scale"]])
    return Money(float(number), int(years[0]) if years else None, scope)


def parse_percent(text: str) -> float | None:
    """Return a percentage as a fraction, the nearest float to what is written; None where it is none.

    Example
    -------
    >>> parse_percent("28.5"), parse_percent("n/a")
    (0.285, None)
    """
    if not re.fullmatch(r"\d+(\.\d+)?", text.strip()):
        return None
    return float(Decimal(text.strip()).scaleb(-2))


def split_citation(text: str) -> tuple[str, str | None]:
    """Return a citation without its markup, and the first address in it.

    Example
    -------
    >>> split_citation("[SIA](https://perma.cc/GT6R-SWEM), page 3.")
    ('SIA, page 3.', 'https://perma.cc/GT6R-SWEM')
    """
    links = _LINK.findall(text)
    return _LINK.sub(r"\1", text).strip(), links[0][1] if links else None
