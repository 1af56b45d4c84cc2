"""Before and after, the check on the plan's own years, and both sides of a partnership, as sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pondasi.currency import DIGITS, MILLION, Money
from pondasi.places import name_place_in_text
from pondasi.plan.yearly_check import FIRM
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.plan.after import BeforeAfter
    from pondasi.plan.yearly_check import YearlyCheck
    from pondasi.words import Words

SHOWS = 0.05
"""Weeks of output from which a named shock is told: about a third of a day."""
LEAST = 1e-5
"""Weeks of output, or parts of one, below which a figure is none: some seconds."""


def tell_after(
    found: BeforeAfter, home: str, names: Mapping[str, str], words: Words, places: str = "plain"
) -> list[str]:
    """Return what fresh disruptions cost before and after; ``names`` are those of the named shocks."""
    mean, low, high = found.change
    told = [
        words.say(
            f"plan.after.{choose_change(low, high)}",
            home=name_place_in_text(home, words.language, places),
            scenarios=len(found.sampled),
            weeks=found.weeks,
            year=str(found.after.year),
            before=_short(float(found.sampled["before"].mean())),
            after=_short(float(found.sampled["after"].mean())),
            change=words.say("position.interval", value=_short(mean), low=_short(low), high=_short(high)),
        )
    ]
    told += [
        _tell_named(names[row["shock"]], row["before"], row["after"], words)
        for row in list_rows(found.named.reset_index())
        if max(row["before"], row["after"]) >= SHOWS
    ]
    return [*told, words.say("plan.after.limit")]


def _tell_named(shock: str, before: float, after: float, words: Words) -> str:
    """Say what a named shock costs before and after the plan, as both are shown."""
    fields = {"shock": shock, "before": _short(before), "after": _short(after)}
    return words.say("plan.after.named_same" if fields["before"] == fields["after"] else "plan.after.named", **fields)


def choose_change(low: float, high: float) -> str:
    """Return the form of the sentence for a change with an interval: ``less``, ``more``, ``none``, or ``open`` where it may be either.

    Example
    -------
    >>> choose_change(-2.0, -1.0), choose_change(-1.0, 1.0), choose_change(0.0, 0.0)
    ('less', 'open', 'none')
    """
    if max(abs(low), abs(high)) < LEAST:
        return "none"
    return "less" if high < 0 else "more" if low > 0 else "open"


def tell_check(check: YearlyCheck, words: Words) -> str:
    """Return how the plan's own years agree with the weekly ones, with a warning where they do not."""
    fields = {"scenarios": len(check.table), "firm": FIRM}
    if math.isnan(check.rank):
        return words.say("plan.check.none", **fields)
    fields |= {"rank": _short(check.rank), "slope": _short(check.slope)}
    return words.say(f"plan.check.{'firm' if check.is_firm else 'loose'}", **fields)


def tell_sides(
    sides: pd.DataFrame, home: str, partner: str, year: int, words: Words, places: str = "plain"
) -> list[str]:
    """Return what the plan changes for the country and for the partner."""
    told = []
    for mine, other, side in ((home, partner, "home"), (partner, home, "partner")):
        fields: dict[str, object] = {"year": str(year)}
        fields |= {"mine": name_place_in_text(mine, words.language, places)}
        fields |= {"other": name_place_in_text(other, words.language, places)}
        rows = list_rows(sides[sides.index.get_level_values("country") == mine].reset_index())
        for row in rows:
            ends = {end: _say(row["measure"], row[end], words) for end in ("before", "after")}
            fields[row["measure"]] = words.say(f"plan.side.{choose_side(**ends)}", **ends)
        known = all(row["before"] is not None for row in rows if row["measure"] == "exposure")
        told.append(words.say(f"plan.side.{side}.{'whole' if known else 'trade'}", **fields))
    return told


def choose_side(before: str, after: str) -> str:
    """Return the form of what becomes of a measure, as both ends are shown: ``change``, or ``same`` where they read alike.

    Example
    -------
    >>> choose_side("8.7 %", "8.7 %"), choose_side("8.7 %", "8.9 %")
    ('same', 'change')
    """
    return "same" if before == after else "change"


def _say(measure: str, value: float | None, words: Words) -> str:
    if value is None:
        return ""
    if measure == "exposure":
        return words.say("number.percent", value=_short(100 * value))
    if measure == "concentration":
        return words.say("plan.side.index", value=_short(value))
    return words.say("plan.side.money", value=Money(value if abs(value) >= LEAST * MILLION else 0.0))


def _short(value: float) -> float:
    """Return two digits, and nothing of what is left of the difference of two like runs."""
    return float(f"{value:.{DIGITS}g}") if abs(value) >= LEAST else 0.0
