"""A figure with all that a reader may ask of it: interval, unit, year, grade, source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Grade = Literal["exact", "estimated", "assumed", "unknown"]
GRADES: tuple[Grade, ...] = ("exact", "estimated", "assumed", "unknown")
"""From firm to missing; a result is no firmer than its weakest part."""


@dataclass(frozen=True)
class Figure:
    """One number as it may be shown.

    Parameters
    ----------
    value
        The central value, or None where it is unknown: never zero for missing.
    unit
        A unit code of the dictionary.
    low, high
        Ends of the interval; None where there is none.
    grade
        How firm it is.
    sources
        Ids of the rows' sources, the main one first.
    rows
        Keys of the data rows behind it, as ``table/key/key``.
    """

    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    year: int | None = None
    grade: Grade = "unknown"
    sources: tuple[str, ...] = ()
    rows: tuple[str, ...] = field(default=(), repr=False)


def weakest(*grades: str) -> Grade:
    """Return the least firm of some grades.

    Example
    -------
    >>> weakest("exact", "assumed", "estimated")
    'assumed'
    """
    return max((grade for grade in GRADES if grade in grades), key=GRADES.index, default="unknown")


def grade_of(weights: Mapping[str, float]) -> Grade:
    """Return the grade of a sum: assumed if more than half of its weight is assumed or unknown.

    The grade of the weakest part would call every sum assumed, since each has some small part that is;
    so the assumed part is shown beside such a grade.

    Example
    -------
    >>> grade_of({"estimated": 0.7, "assumed": 0.3}), grade_of({"exact": 1.0})
    ('estimated', 'exact')
    """
    total = sum(weights.values())
    soft = weights.get("assumed", 0.0) + weights.get("unknown", 0.0)
    if total and soft > total / 2:
        return "assumed"
    return "exact" if total and weights.get("exact", 0.0) == total else "estimated"
