"""Which assumptions move the first steps of a plan most (sensitivity.9 to sensitivity.12)?

One group of figures at a time is moved to the low and to the high ends of its intervals, over the same years of disruption (over others
of the same seed only where these are drawn from what moves) and with the same options. First it is asked of every group what the plan as it is
would be worth; then, of the groups where that moves most, which plan would be best. Every value is an interval from the gap of its
search, so a step may come or go by the gap alone. A change is *sure* only where the intervals of two searches part: whatever keeps the
first steps of the plan costs more than the plan that was found without them.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.sensitivity.plan_figures import CHANCE, list_assumptions, table_of
from pondasi.sensitivity.plan_moves import ENDS
from pondasi.sensitivity.plan_runs import Asker, Run
from pondasi.tables.rows import index_rows
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pondasi.executor import Executor
    from pondasi.plan.cuts import CutPool
    from pondasi.plan.solve import Plan
    from pondasi.sensitivity.plan_figures import Assumption

    Tables = dict[str, pd.DataFrame]
    Runs = Mapping[str, Sequence[Run]]

CLOSELY = 12
"""Groups that are looked at closely by default."""
ASSUMED = "assumed"
COLUMNS = [
    "group",
    *(f"name_{language}" for language in LANGUAGES),
    *(
        "table",
        "rows",
        "assumed",
        "held",
        "fixed",
        "drift",
        "broken",
        "known",
        "changed",
        "sure",
        "swing",
        "swing_sure",
    ),
]
"""Columns of the groups; a name is that of the branch whose chance it is."""
TABLES = ("assumptions", "assumption_runs", "assumption_steps", "assumption_base")
"""Tables of a run that hold the answer."""


@dataclass(frozen=True, eq=False)
class Assumptions:
    """How far the first steps and the value of a plan rest on its assumptions.

    Parameters
    ----------
    low, high
        Value of the plan and what no plan exceeds [million USD].
    runs
        A row per group and end, as `Run`.
    groups
        Index ``group``, ranked (sensitivity.12): ``table``; ``rows`` that can move, how many of them are ``assumed``, ``held`` by a rule at
        either end, and ``fixed`` without an interval; ``drift``, by how much the plan as it is gains or loses at most, NaN where that is not
        known, or it breaks a limit at an end (``broken``); ``known``, at how many ends it is known which plan is best; ``changed`` first steps at
        either end, ``sure`` those of ends where a change is sure; ``swing`` of the value found, and ``swing_sure``, what of it the gaps leave.
    steps
        Index ``step``, first steps of the plan and others that were one in any run, the firmest first: whether it is one in the ``plan``, in ``first``
        of ``runs`` that were solved it is one, as a ``share``, and ``sure`` counts runs in which it changes and a change is sure.
    """

    low: float
    high: float
    runs: pd.DataFrame = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    steps: pd.DataFrame = field(repr=False)

    def as_tables(self) -> Tables:
        """Return all tables by name, with plain columns."""
        base = pd.DataFrame({"measure": ["value", "most"], "value": [self.low, self.high]})
        return dict(zip(TABLES, (self.groups.reset_index(), self.runs, self.steps.reset_index(), base), strict=True))


def measure_assumptions(
    plan: Plan,
    *,
    closely: int | None = CLOSELY,
    seed: int = 0,
    seconds: float = np.inf,
    groups: Iterable[Assumption] | None = None,
    executor: Executor | None = None,
    pool: CutPool | None = None,
    keep: Callable[[Tables], object] | None = None,
) -> Assumptions:
    """Return what each group of assumptions does to the value and to the first steps of a plan.

    Parameters
    ----------
    closely
        For how many groups the plan is solved again: those at whose ends the plan as it is breaks a limit, or moves most in value. None
        for all.
    seed
        Of the plan.
    seconds
        Time of all together; each run that is solved has an equal share of what is left. What time leaves unknown is said.
    groups
        Those of `list_assumptions` by default.
    pool
        Cuts of the search for the plan; they are not changed.
    keep
        Called with the tables of what is known, once all groups are gone through and after every one that is looked at closely.

    Raises
    ------
    UsageError
        If the plan was not made over the years that its seed gives.
    """
    asker = Asker(plan, seed, time.monotonic() + seconds, executor, pool)
    wanted = list(list_assumptions(plan.case) if groups is None else groups)
    runs = {group.name: [asker.keep_plan(group, end) for end in ENDS] for group in wanted}
    found = _sum_up(asker, wanted, runs)
    if keep is not None:
        keep(found.as_tables())
    strong = sorted(wanted, key=lambda group: _rank_drift(plan, runs[group.name]))[:closely]
    left = len(ENDS) * len(strong)
    for group in strong:
        for number, run in enumerate(runs[group.name]):
            begin = time.monotonic()
            runs[group.name][number] = asker.solve_again(group, run, begin + (asker.deadline - begin) / left)
            left -= 1
        found = _sum_up(asker, wanted, runs)
        if keep is not None:
            keep(found.as_tables())
    return found


def _rank_drift(plan: Plan, runs: Sequence[Run]) -> tuple[bool, float]:
    """Return the place of a group before any search: first those where the plan as it is breaks a limit, last those of which nothing is known."""
    return not any(run.broken for run in runs), -np.nan_to_num(_drift(plan, runs), nan=-1.0)


def _drift(plan: Plan, runs: Sequence[Run]) -> float:
    """Return by how much the plan as it is gains or loses at most; NaN where that is not known at both ends."""
    return float(np.max([abs(run.kept - plan.value) for run in runs]))


def _sum_up(asker: Asker, groups: Sequence[Assumption], runs: Runs) -> Assumptions:
    """Return what is known by now."""
    plan, every = asker.plan, [run for some in runs.values() for run in some]
    frame = pd.DataFrame([asdict(run) for run in every], columns=[part.name for part in fields(Run)])
    steps = _count_steps(asker.name(asker.first), every)
    return Assumptions(plan.value, plan.most, frame, _rank_groups(plan, groups, runs), steps)


def _rank_groups(plan: Plan, groups: Sequence[Assumption], runs: Runs) -> pd.DataFrame:
    """Return a row per group (sensitivity.12): by first steps of which a change is sure, then by any change, by value found, and by drift."""
    rows = []
    branches = index_rows(plan.case.tables["branches"], "branch")
    for group in groups:
        mine, branch = runs[group.name], branches.get(group.name.removeprefix(f"{CHANCE}/"), {})
        table = table_of(plan.case, group.table)
        wide = group.find_wide(table)
        ends = [(plan.value, plan.most), *((run.low, run.high) for run in mine if not np.isnan(run.low))]
        values = [low for low, _ in ends]
        apart = max(low - high for low, _ in ends for _, high in ends)
        rows.append(
            {
                "group": group.name,
                **{f"name_{language}": branch.get(f"name_{language}") for language in LANGUAGES},
                "table": group.table,
                "rows": int(wide.sum()),
                "assumed": int((table["grade"].to_numpy()[group.rows[wide]] == ASSUMED).sum()),
                "held": max(run.held for run in mine),
                "fixed": int((~wide).sum()),
                "drift": _drift(plan, mine),
                "broken": any(run.broken for run in mine),
                "known": len(ends) - 1,
                "changed": len(frozenset().union(*(run.changed for run in mine))),
                "sure": len(frozenset().union(*(run.changed for run in mine if run.sure))),
                "swing": max(values) - min(values),
                "swing_sure": max(0.0, apart),
            }
        )
    frame = pd.DataFrame(rows, columns=COLUMNS).set_index("group")
    return frame.sort_values(["sure", "changed", "swing", "drift"], ascending=False, kind="stable")


def _count_steps(first: Sequence[str], runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row per step that is a first step in the plan or in any run, the firmest first."""
    solved = [run for run in runs if run.state == "solved"]
    rows = []
    for step in dict.fromkeys([*first, *(step for run in solved for step in run.came.split("|") if step)]):
        here = sum((step in first) != (step in run.changed) for run in solved)
        sure = sum(run.sure and step in run.changed for run in solved)
        share = here / len(solved) if solved else np.nan
        rows.append((step, step in first, here, len(solved), share, sure))
    frame = pd.DataFrame(rows, columns=["step", "plan", "first", "runs", "share", "sure"]).set_index("step")
    return frame.sort_values(["plan", "share"], ascending=False, kind="stable")
