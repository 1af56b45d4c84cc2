"""How far the targets of a plan can be reached, and the targets as far as they can be (plan.16a).

A target that no plan reaches makes every plan impossible, and tells nobody what to start. So before anything is planned the shortfalls of all
targets, each as a part of its level, are made as small as can be in sum; a target that stays short is lowered to what was reached, and every result says so.
Operations never make a plan impossible, so that is asked of the strategic part alone, over the steps that help.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.plan.carry import move_plan
from pondasi.plan.elastic import CLOSE, EXACT, NODES, PROBING, SMALL, Elastic
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import DIGITS, loosen, round_up
from pondasi.plan.narrow import keep_what_helps, merge_futures
from pondasi.plan.repair import find_possible
from pondasi.plan.strategy import build_strategy
from pondasi.plan.targets import Targets, reach_of_targets
from pondasi.solver import Programme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.plan.loosen import Change
    from pondasi.plan.problem import PlanProblem, Vector, Whole

MET = 1e-6
"""Part of a target that may lack where it is said to be reached: the rounding of the solver."""


@dataclass(frozen=True, eq=False)
class Reach:
    """How far targets can be reached together.

    Parameters
    ----------
    problem
        The problem with its targets lowered to what can be reached.
    x
        A plan of it, all variables of the strategic part in the order of its `Layout`; it does what helps targets, cheap or not.
    bound
        Sum of the parts of all targets that are missing in any plan, at least.
    alike
        Whether the same starts in all futures were looked for, for there are many (`merge_futures`): plans that wait for what turns out may reach more.
    """

    problem: PlanProblem = field(repr=False)
    x: Vector = field(repr=False)
    bound: float
    alike: bool

    @property
    def lowered(self) -> Whole:
        """Targets that are lowered, as indices."""
        targets = self.problem.targets
        return np.flatnonzero(targets.level < targets.asked)


def find_reach(problem: PlanProblem) -> Reach:
    """Return the targets of a problem as far as they can be reached (plan.16a).

    Raises
    ------
    InfeasibleError
        If there is no plan even without targets: what is committed cannot be done.

    Example
    -------
    >>> from pondasi.plan.build import build_problem
    >>> from pondasi.plan.case import load_case
    >>> from pondasi.plan.targets import Targets
    >>> problem = build_problem(load_case("IDN"), scenarios=3)
    >>> asked = Targets(
    ...     np.array([3000.0, 1e9]), np.array([2035, 2035]), trained=np.ones((2, len(problem.labels.skills)))
    ... )
    >>> reach = find_reach(problem.change(targets=asked))
    >>> reach.lowered.tolist(), reach.problem.targets.asked.tolist()
    ([1], [3000.0, 1000000000.0])
    """
    small = keep_what_helps(problem)
    mean = problem.targets.mean is not None and bool(problem.targets.mean.any())
    alike = len(Layout(small).starts[0]) > SMALL and not mean
    part = merge_futures(small) if alike else small
    x, bound = _fall_short_least(part, alike=alike)
    layout = Layout(problem)
    moved = _split(part, x, layout) if alike else move_plan(x, Layout(part), layout)[0]
    targets = problem.targets
    reached = reach_of_targets(problem, layout, moved)
    short = reached < targets.level * (1 - MET)
    level = np.where(short, [_round_down(float(amount)) for amount in reached], targets.level)
    return Reach(problem.change(targets=targets.lower(level)), moved, bound, alike)


def ask_alike(problem: PlanProblem, asked: PlanProblem) -> PlanProblem:
    """Return a problem of the same case with its targets at the levels that another was asked for; without any where that had none."""
    if not len(asked.targets):
        return problem.change(targets=Targets())
    return problem.change(targets=problem.targets.lower(asked.targets.level))


def _fall_short_least(problem: PlanProblem, *, alike: bool) -> tuple[Vector, float]:
    """Return the plan whose targets fall short least, each as a part of its level, and the least sum that any plan misses."""
    strategy = build_strategy(problem)
    layout, targets = strategy.layout, problem.targets
    at, number = strategy.rows_of("target"), len(targets)
    labels = next(family for family in strategy.families if family.name == "target").labels
    target = np.array([i for i, _ in labels], dtype=np.intp)
    short = sparse.csr_array(
        (np.ones(len(labels)), (at.start + np.arange(len(labels)), target)), shape=(strategy.matrix.shape[0], number)
    )
    lower, upper = layout.bounds()
    cost = np.concatenate([np.zeros(layout.columns), 1 / np.maximum(targets.level, MET)])
    whole = np.zeros(layout.columns + number, dtype=bool)
    whole[layout.at("z", np.arange(layout.shapes["z"][0]))] = True
    programme = Programme(
        cost,
        np.concatenate([lower, np.zeros(number)]),
        np.concatenate([upper, np.full(number, np.inf)]),
        sparse.csr_array(sparse.hstack([strategy.matrix, short], format="csr")),
        *strategy.ends,
        whole=whole,
    )
    programme.set_option("presolve_rule_off", PROBING)
    programme.set_option("mip_max_nodes", NODES if alike else EXACT)
    programme.set_option("mip_rel_gap", CLOSE)
    solved = programme.solve()
    return solved.x[: layout.columns], float(solved.bound)


def _split(problem: PlanProblem, x: Vector, layout: Layout) -> Vector:
    """Return the plan of merged futures in every future."""
    tree, own = problem.tree, Layout(problem)
    years = layout.problem.tree.year
    nodes = np.searchsorted(tree.year, years)
    return move_plan(x, own, layout, nodes)[0]


def _round_down(amount: float) -> float:
    """Return an amount of `DIGITS` digits that is no larger.

    Example
    -------
    >>> _round_down(1239.9), _round_down(0.0)
    (1230.0, 0.0)
    """
    if amount <= 0:
        return 0.0
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(amount)))
    return float(np.floor(amount * scale) / scale)


def find_way(
    problem: PlanProblem, target: int, weights: Mapping[str, float] | None = None
) -> tuple[Change, ...] | None:
    """Return the least that must be loosened so that a target that was lowered is reached as it was asked for, tried out.

    Other targets stay at the levels of the problem; none of them gives way, and neither does this one. Amounts are rounded up; None if no way was found.

    Parameters
    ----------
    problem
        With targets as far as they can be reached (`Reach.problem`).
    weights
        As for `pondasi.plan.repair.repair_plan`.
    """
    targets = problem.targets
    level = targets.level.copy()
    level[target] = targets.asked[target]
    asked = problem.change(targets=targets.lower(level))
    elastic = Elastic(asked, weights or {})
    kept = [frozenset({("target", i)}) for i in range(len(targets))]
    found = elastic.solve(kept)
    if found is None:
        return None
    changes = tuple(round_up(change) for change in found[1])
    return changes if find_possible(loosen(asked, changes)) is not None else None
