"""What a country's plan is worth with some of its partners only: the value of every coalition, as an interval.

The value of a coalition is that of the best plan with these partners alone: their options, their terms, their money
(plan.60)::

    v(S) = cost of the committed steps alone - least cost of a plan with partners of S

The reference is one for all coalitions (`pondasi.plan.reference`), so what differs between two is what partners bring.

No coalition has to be solved to be bounded. A plan that is found stands in every coalition that holds the partners it
uses, so its value bounds all of these from below; and what no plan of a coalition exceeds, no plan of a part of it
exceeds. So v is an interval everywhere, and never falls when a partner joins (plan.61).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.errors import UsageError
from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import TAKEN, move_plan
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.price import LEAST
from pondasi.plan.reach import ask_alike, find_reach
from pondasi.plan.reference import find_reference
from pondasi.solver import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector, Whole

TRIES = 3
"""How often a coalition is taken up again at the same tolerance before it is left as it is."""
SLICE, FIRST_SLICE = 0.125, 0.375
"""Part of the time left that one coalition may take; the first, on whose cuts all others build, takes more."""
SHORTEST = 1.0
"""Seconds that a coalition gets at least."""


def restrict_partners(problem: PlanProblem, partners: Iterable[int]) -> PlanProblem:
    """Return the problem with some partners only: the others start nothing and pay nothing.

    A step that is committed keeps the partners it may be agreed with, and their money for it: what is agreed is no part
    of what is weighed.

    Parameters
    ----------
    partners
        Indices of the partners that take part.
    """
    options, labels = problem.options, problem.labels
    absent = sorted(set(range(len(labels.partners))) - set(partners))
    agreed = problem.menu.must[options.step]
    purses = {m: labels.purses.index(labels.partners[m]) for m in absent if labels.partners[m] in labels.purses}
    closed = np.isin(options.partner, absent) | options.purse_share[:, list(purses.values())].any(axis=1)
    budget = problem.limits.budget.copy()
    for purse in purses.values():
        if not options.purse_share[agreed, purse].any():
            budget[purse] = 0
    return problem.change(options={"open": options.open & ~(closed & ~agreed)[:, None]}, limits={"budget": budget})


@dataclass(frozen=True)
class Fact:
    """What solving one coalition has shown; members are bits of a number.

    Parameters
    ----------
    mask
        The coalition that was solved.
    used
        Partners whose options or money the plan found uses.
    low, high
        Value of that plan, and what no plan of the coalition exceeds [million USD].
    """

    mask: int
    used: int
    low: float
    high: float


@dataclass
class Coalitions:
    """The coalitions of a problem: solves those it is asked for, and bounds all others by them.

    Parameters
    ----------
    problem
        With all partners in.
    executor, pool
        As in `solve_benders`; the pool is shared by all coalitions.

    Raises
    ------
    UsageError
        If what is committed cannot be done even with all partners.

    Attributes
    ----------
    players
        Partners that any start is offered with; the others have no effect whatever the coalition.
    reference
        Cost of the committed steps alone, the same for every coalition.
    facts
        What solving has shown, in order.
    """

    problem: PlanProblem
    executor: Executor | None = None
    pool: CutPool = field(default_factory=CutPool)

    def __post_init__(self) -> None:
        """Find the players and the cost of the committed steps alone, with targets that the country can reach without any partner."""
        if len(self.problem.targets):
            try:
                self.problem = ask_alike(self.problem, find_reach(restrict_partners(self.problem, ())).problem)
            except InfeasibleError as error:
                raise UsageError("coalition_impossible", members="-") from error
        self.layout = Layout(self.problem)
        option = np.unique(self.layout.starts[0])
        option = option[~self.problem.menu.must[self.problem.options.step[option]]]
        partner = self.problem.options.partner[option]
        self.players: tuple[int, ...] = tuple(sorted({int(m) for m in partner if m >= 0}))
        try:
            self.alone = find_reference(self.problem, executor=self.executor, pool=self.pool)
        except InfeasibleError as error:
            raise self.impossible(self.everyone) from error
        self.reference = self.alone.cost
        self.facts: list[Fact] = []
        self.plans: list[Vector] = []
        self.tried: dict[tuple[int, float], int] = {}

    @property
    def everyone(self) -> int:
        """The coalition of all players."""
        return (1 << len(self.players)) - 1

    def bound(self, masks: Whole) -> tuple[Vector, Vector]:
        """Return what is known of the values of coalitions, from all that was solved (plan.61).

        Parameters
        ----------
        masks
            Coalitions, shape (C,).

        Returns
        -------
        Lower and upper ends, each of shape (C,) [million USD]; infinite while nothing is known.
        """
        low, high = np.full(len(masks), -np.inf), np.full(len(masks), np.inf)
        for fact in self.facts:
            low = np.where((masks & fact.used) == fact.used, np.maximum(low, fact.low), low)
            high = np.where((masks | fact.mask) == fact.mask, np.minimum(high, fact.high), high)
        # The solver's rounding may put a plan above a bound by its last digits.
        return np.minimum(low, high), high

    def settled(self, mask: int, tolerance: float) -> bool:
        """Tell whether a coalition's value is known well enough, or was taken up often enough."""
        low, high = self.bound(np.array([mask]))
        return bool(high[0] - low[0] <= tolerance) or self.tried.get((mask, tolerance), 0) >= TRIES

    @property
    def finest(self) -> float:
        """The least tolerance that solving can reach [million USD]."""
        costs = [self.reference, *(self.reference - fact.low for fact in self.facts)]
        return 2 * LEAST * max(abs(cost) for cost in costs)

    def solve(self, mask: int, tolerance: float, deadline: float = np.inf, *, relative: bool = False) -> Fact:
        """Solve a coalition and keep what it shows.

        Parameters
        ----------
        tolerance
            Difference of the ends of its value that is small enough [million USD].
        relative
            Whether the tolerance is a part of the value that is found.
        deadline
            Time of `time.monotonic` at which all has to end.

        Raises
        ------
        UsageError
            If no plan keeps all limits with these partners: what is not there has no value to be shared.
        """
        self.tried[mask, tolerance] = self.tried.get((mask, tolerance), 0) + 1
        problem = restrict_partners(self.problem, self.members(mask))
        layout = Layout(problem)
        left = max(deadline - time.monotonic(), 0.0)
        part = SLICE if self.facts else FIRST_SLICE
        try:
            answer = solve_benders(
                problem,
                gap=tolerance if relative else 1.0,
                scale=None if relative else tolerance,
                executor=self.executor,
                pool=self.pool,
                seconds=np.inf if np.isinf(left) else max(SHORTEST, part * left),
                suggestion=self.suggest(mask, layout),
                reference=self.alone,
            )
        except InfeasibleError as error:
            raise self.impossible(mask) from error
        fact = Fact(mask, self.uses(problem, answer), self.reference - answer.cost, self.reference - answer.bound)
        self.facts.append(fact)
        self.plans.append(move_plan(answer.x, layout, self.layout)[0])
        return fact

    def impossible(self, mask: int) -> UsageError:
        """Return what is said of a coalition that has no plan."""
        return UsageError("coalition_impossible", members=", ".join(self.names(mask)) or "-")

    def members(self, mask: int) -> tuple[int, ...]:
        """Return the partners of a coalition, as indices of the problem's labels."""
        return tuple(m for k, m in enumerate(self.players) if mask >> k & 1)

    def names(self, mask: int) -> tuple[str, ...]:
        """Return the names of the partners of a coalition."""
        return tuple(self.problem.labels.partners[m] for m in self.members(mask))

    def suggest(self, mask: int, layout: Layout) -> Vector | None:
        """Return the best plan known that uses none but these partners."""
        fitting = [k for k, fact in enumerate(self.facts) if fact.used & mask == fact.used]
        if not fitting:
            return None
        best = max(fitting, key=lambda k: self.facts[k].low)
        return move_plan(self.plans[best], self.layout, layout)[0]

    def uses(self, problem: PlanProblem, answer: Answer) -> int:
        """Return the partners whose options or money a plan uses."""
        option, _ = answer.layout.starts
        taken = np.unique(option[answer.layout.read(answer.x, "z") > TAKEN])
        taken = taken[~problem.menu.must[problem.options.step[taken]]]
        share = problem.options.purse_share[taken]
        mask = 0
        for k, m in enumerate(self.players):
            name = problem.labels.partners[m]
            pays = name in problem.labels.purses and bool(share[:, problem.labels.purses.index(name)].any())
            if pays or (problem.options.partner[taken] == m).any():
                mask |= 1 << k
        return mask
