"""The first steps of a plan: what begins within the first years in every future, and a plan held to them (plan.95, plan.96)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.carry import TAKEN
from pondasi.plan.roadmap import SOON
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Collection

    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Whole


def find_first_steps(problem: PlanProblem, answer: Answer) -> frozenset[int]:
    """Return the steps that begin within `SOON` years in every future, as indices; what is committed is no choice and not among them (plan.95)."""
    begun = answer.layout.read(answer.x, "begun")[:, _end_of_first(problem)] > TAKEN
    return frozenset(int(j) for j in np.flatnonzero(begun.all(axis=1) & ~problem.menu.must))


def hold_first_steps(strategy: Strategy, steps: Collection[int]) -> Strategy:
    """Return the rows of a problem with one more family: its first steps are these and no others, with whomever and whenever (plan.96).

    ``begun_jn >= 1`` at every node n of the last of the first years for these, ``sum_n begun_jn <= N - 1`` for all others.
    """
    layout, rows = strategy.layout, Rows(strategy.layout)
    problem, nodes = layout.problem, _end_of_first(layout.problem)
    free = np.flatnonzero(~problem.menu.must)
    for row, j in enumerate(free):
        rows.add(np.full(len(nodes), row), layout.at("begun", np.full(len(nodes), j), nodes), 1.0)
    kept = np.isin(free, list(steps))
    family = rows.make(
        "first_kept",
        len(free),
        lower=np.where(kept, float(len(nodes)), 0.0),
        upper=np.where(kept, float(len(nodes)), len(nodes) - 1.0),
    )
    return Strategy(layout, (*strategy.families, family))


def _end_of_first(problem: PlanProblem) -> Whole:
    """Return the nodes of the last of the first years."""
    year = problem.tree.year
    return np.flatnonzero(year == min(int(year.min()) + SOON - 1, int(year.max())))
