"""Limits that a person set, by name, and a problem in which some of them are looser.

A `Change` loosens one limit in one year; `loosen` returns the problem with all changes made; `round_up` makes a change one
that can be said in words and still holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.problem import PlanProblem, Vector

Kind = Literal["budget", "loan", "people", "resource", "date", "commitment", "target"]
KINDS: tuple[Kind, ...] = ("budget", "loan", "people", "resource", "date", "commitment", "target")
"""What a person may have set: money, loans, people, power and the like, when a step starts, that it starts, what is asked for."""
ASKED = ("commitment", "target")
"""What is asked for; all else is what there is to do it with."""
WHOLE = ("people", "date", "commitment")
"""Counted in whole numbers: people, years, steps."""
DIGITS = 3
"""Digits of an amount: more would say more than the figures behind it."""
PER_CENT = 100.0
ROUNDING = 1e-6
"""What an amount may be above a number that can be said and still count as that: the solver's own rounding."""


@dataclass(frozen=True)
class Change:
    """One limit loosened in one year.

    Parameters
    ----------
    kind
        One of `KINDS`.
    item
        Index of the purse, skill, resource, step or target; -1 for loans.
    year
        Year in which there is more; of a step, its limit as it was (earliest or latest year, year of the commitment); of a target, its year.
    amount
        How much more there is [million USD, people, unit of the resource]; of a target, how much less is asked for; of a
        date, years later, or earlier if below zero; of a commitment that is given up, 1.
    limit
        What the amount is a share of.
    """

    kind: Kind
    item: int
    year: int
    amount: float
    limit: float

    @property
    def name(self) -> tuple[str, int]:
        """The limit that is loosened, whatever the year."""
        return self.kind, self.item

    @property
    def percent(self) -> float:
        """By how many per cent the limit is loosened."""
        return PER_CENT * abs(self.amount) / self.limit


def loosen(problem: PlanProblem, changes: Sequence[Change]) -> PlanProblem:
    """Return the problem with limits loosened.

    Example
    -------
    ``loosen(problem, [Change("budget", 0, 2028, 40.0, 140.0)])`` gives the first purse 40 million USD more in 2028.
    """
    limits, menu, year = problem.limits, problem.menu, problem.tree.year
    tables = {
        "budget": limits.budget.copy(),
        "people": limits.inflow.copy(),
        "resource": limits.resource.copy(),
        "loan": limits.loan.copy()[None, :],
    }
    level, must = problem.targets.level.copy(), menu.must.copy()
    earliest, latest = menu.earliest.copy(), menu.latest.copy()
    for change in changes:
        match change.kind:
            case "target":
                level[change.item] -= change.amount
            case "commitment":
                must[change.item] = False
            case "date" if change.amount < 0:
                earliest[change.item] = change.year + round(change.amount)
            case "date":
                latest[change.item] = change.year + round(change.amount)
            case _:
                tables[change.kind][max(change.item, 0), year == change.year] += change.amount
    return problem.change(
        limits={
            "budget": tables["budget"],
            "inflow": tables["people"],
            "resource": tables["resource"],
            "loan": tables["loan"][0],
        },
        menu={"must": must, "earliest": earliest, "latest": latest},
        targets=problem.targets.lower(level),
    )


def measure_limit(problem: PlanProblem, kind: Kind, item: int, year: int, most: float) -> float:
    """Return what an amount is a share of.

    The limit of the year; of people, those who would be there without any step; of a date, the years of the plan; of a
    commitment, 1. Where the limit of the year is zero, the mean over the years; where that is zero too, the ``most`` that could be used.
    """
    limits = problem.limits
    if kind == "date":
        return float(len(problem.tree.years))
    if kind == "commitment":
        return 1.0
    if kind == "target":
        level = float(problem.targets.level[item])
        return level if level > 0 else 1.0
    if kind == "people":
        row = _stock_without_steps(problem)[item]
    else:
        row = {"budget": limits.budget, "resource": limits.resource, "loan": limits.loan[None, :]}[kind][max(item, 0)]
    here = float(row[problem.tree.year == year].max())
    return next((value for value in (here, float(row.mean())) if value > 0), most)


def round_up(change: Change) -> Change:
    """Return a change of an amount that can be said: `DIGITS` digits or whole numbers, never less than it was.

    Example
    -------
    >>> (
    ...     round_up(Change("budget", 0, 2028, 40.0123, 100.0)).amount,
    ...     round_up(Change("people", 0, 2028, 11.2, 90.0)).amount,
    ... )
    (40.1, 12.0)
    """
    if change.kind in WHOLE:
        return replace(change, amount=float(np.copysign(np.ceil(abs(change.amount) - ROUNDING), change.amount)))
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(change.amount)))
    return replace(change, amount=float(np.ceil(change.amount * scale - ROUNDING) / scale))


def _stock_without_steps(problem: PlanProblem) -> Vector:
    """Return the people who would be there without any step, shape (K, N)."""
    limits, tree = problem.limits, problem.tree
    stock = np.zeros_like(limits.inflow)
    for n in range(len(tree)):
        above = tree.parent[n]
        before = limits.stock if above < 0 else stock[:, above]
        stock[:, n] = before * (1 - limits.loss) + limits.inflow[:, n]
    return stock
