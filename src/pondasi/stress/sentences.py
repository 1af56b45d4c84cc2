"""A stress test in sentences: how much, how soon, and, where nothing is lost, why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.stress.mitigate import STAGES
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from typing import Protocol

    from pondasi.stress.assess import StressTest
    from pondasi.words import Words

    class Shows(Protocol):
        """What writes numbers in the user's language."""

        def plain(self, value: float, digits: int = 2) -> str:
            """Return a number."""
            ...

        def percent(self, value: float, digits: int = 2) -> str:
            """Return a part of one."""
            ...


NOTHING = 0.005
"""Weeks of output below which nothing is lost that a reader would act on: a quarter of an hour of a week's work."""


def say_shock(test: StressTest, shock: str, name: str, words: Words, numbers: Shows) -> str:
    """Return what one shock does to the country, as a sentence; one without effect says why (stress.14)."""
    row = index_rows(test.rank().reset_index(), "shock")[shock]
    if max(row["gross"], row.get("gross_high") or 0.0) < NOTHING:
        return words.say(f"stress.none.{explain_nothing(test, shock)}", shock=name, **_lost_bare(test, shock, numbers))
    fields = {
        "shock": name,
        "gross": numbers.plain(row["gross"]),
        "depth": numbers.percent(row["depth"]),
        "net": numbers.plain(row["net"]),
    }
    key = "stress.loss.whole"
    if "gross_low" in row:
        key = "stress.loss.band"
        fields |= {"low": numbers.plain(row["gross_low"]), "high": numbers.plain(row["gross_high"])}
    text = words.say(key, **fields)
    if row["impact_week"] is not None:
        first, over = int(row["impact_week"]), row["recovery_week"]
        when = words.say("stress.when.open", first=first)
        if over is not None:
            when = words.say("stress.when.over", first=first, over=int(over))
        text = words.say("list.sentence").join([text, when])
    return text


def explain_nothing(test: StressTest, shock: str) -> str:
    """Return why a shock has no effect: ``untouched``, ``slow``, or the buffer that carries it.

    A shock that costs nothing even without stocks, spare capacity and other sources either touches nothing
    that leads to the country's users, or works through tools and rights more slowly than the run lasts.
    """
    carried = test.carried["gross"]
    if carried[(shock, STAGES[0])] < NOTHING:
        hits_nothing = any(finding.fields.get("shock") == shock for finding in test.findings)
        return "untouched" if hits_nothing else "slow"
    return next((stage for stage in STAGES[1:] if carried[(shock, stage)] < NOTHING), STAGES[-1])


def _lost_bare(test: StressTest, shock: str, numbers: Shows) -> dict[str, str]:
    return {"bare": numbers.plain(float(test.carried["gross"][(shock, STAGES[0])]))}
