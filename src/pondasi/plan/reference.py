"""What a plan's value is counted from: the committed steps alone (plan.34).

What is committed is done whatever is decided now, so it is no part of what a plan is worth: the reference is the cheapest plan
that holds the committed steps, at their dates and sizes, and nothing new, over the same scenarios. Where nothing is committed, that
is doing nothing new at all. Targets are not asked of it: what they cost is part of a plan that reaches them.

A committed step may need others that nobody has committed: a step before or beside it, one that trains its people, makes room for its
power, or brings the knowledge. Of these the reference takes as few as can be (starts weighed by the probability of their futures), without
partners where that is possible, and of all such plans the cheapest. They are named in ``added``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import TAKEN, move_plan
from pondasi.plan.layout import Layout
from pondasi.plan.narrow import keep_what_helps
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.problem import ALONE
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy, build_strategy
from pondasi.plan.targets import Targets
from pondasi.solver import InfeasibleError, Programme

if TYPE_CHECKING:
    from pondasi.executor import Executor
    from pondasi.plan.cuts import CutPool
    from pondasi.plan.problem import PlanProblem, Vector

ROOM = 1e-6
"""By how much a number of starts may be missed: rounding of the solver."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The committed steps alone, and what they cost.

    Parameters
    ----------
    layout, x
        All variables of the strategic part.
    cost
        True cost, by a full sweep of the operations [million USD, discounted].
    bound
        No plan of the committed steps alone costs less; equal to ``cost`` where nothing is committed.
    added
        Steps that are not committed and that committed ones cannot do without, as indices.
    """

    layout: Layout
    x: Vector = field(repr=False)
    cost: float
    bound: float
    added: tuple[int, ...] = ()

    def move_to(self, layout: Layout) -> Vector:
        """Return the decisions in the order of another problem of the same options and tree."""
        return move_plan(self.x, self.layout, layout)[0]


def find_reference(problem: PlanProblem, *, executor: Executor | None = None, pool: CutPool | None = None) -> Reference:
    """Return the committed steps alone (plan.34).

    Parameters
    ----------
    executor, pool
        As in `solve_benders`.

    Raises
    ------
    InfeasibleError
        If the committed steps cannot be done under the limits, whatever is added to them.

    Example
    -------
    >>> from pondasi.plan.build import build_problem
    >>> from pondasi.plan.case import load_case
    >>> problem = build_problem(load_case("IDN"), scenarios=3)
    >>> alone = find_reference(problem)
    >>> steps = set(problem.options.step[alone.layout.starts[0][alone.layout.read(alone.x, "z") > 0.5]].tolist())
    >>> steps == set(np.flatnonzero(problem.menu.must).tolist()), alone.added
    (True, ())
    """
    layout = Layout(problem)
    if not problem.menu.must.any():
        nothing = without_steps(problem, layout)
        cost = evaluate(problem, layout, nothing, executor=executor).cost
        return Reference(layout, nothing, cost, cost)
    strategy = _keep_committed(problem)
    part = strategy.layout.problem
    # Few starts are left, so it is solved as closely as costs are known.
    answer = solve_benders(part, gap=0.0, scale=1.0, strategy=strategy, executor=executor, pool=pool)
    x, _ = move_plan(answer.x, answer.layout, layout)
    taken = np.unique(part.options.step[answer.layout.starts[0][answer.layout.read(answer.x, "z") > TAKEN]])
    added = tuple(int(j) for j in taken if not part.menu.must[j])
    return Reference(layout, x, answer.cost, answer.bound, added)


def _keep_committed(problem: PlanProblem) -> Strategy:
    """Return the rows of the problem in which only committed steps start, and as few others as these need."""
    options, menu = problem.options, problem.menu
    asked = problem.change(targets=Targets())
    committed = menu.must[options.step]
    helping = keep_what_helps(asked)
    alone = helping.options.open & (committed | (options.partner == ALONE))[:, None]
    for open_ in (options.open & committed[:, None], alone):
        strategy = build_strategy(asked.change(options={"open": open_}))
        fewest = _count_fewest(strategy)
        if fewest is not None:
            return _add_few(strategy, fewest)
    strategy = build_strategy(helping)
    fewest = _count_fewest(strategy)
    if fewest is None:
        raise InfeasibleError("programme_infeasible")
    return _add_few(strategy, fewest)


def _weigh_new(strategy: Strategy) -> Vector:
    """Return the weight of each start in the number of those that nobody has committed, shape (starts,)."""
    problem = strategy.layout.problem
    option, node = strategy.layout.starts
    return np.where(problem.menu.must[problem.options.step[option]], 0.0, problem.tree.probability[node])


def _count_fewest(strategy: Strategy) -> float | None:
    """Return the least number of starts beside the committed ones with which all limits can be kept; None if none can."""
    layout = strategy.layout
    z = layout.at("z", np.arange(layout.shapes["z"][0]))
    cost, whole = np.zeros(layout.columns), np.zeros(layout.columns, dtype=bool)
    cost[z] = _weigh_new(strategy)
    whole[z] = True
    try:
        solved = Programme(cost, *layout.bounds(), strategy.matrix, *strategy.ends, whole=whole).solve()
    except InfeasibleError:
        return None
    return max(0.0, float(solved.objective))


def _add_few(strategy: Strategy, fewest: float) -> Strategy:
    """Return the rows with one more: no more starts beside the committed ones than are needed."""
    weight = _weigh_new(strategy)
    if not weight.any():
        return strategy
    rows = Rows(strategy.layout)
    rows.add(np.zeros(len(weight), dtype=np.intp), strategy.layout.at("z", np.arange(len(weight))), weight)
    family = rows.make("added", 1, upper=fewest * (1 + ROOM) + ROOM)
    return Strategy(strategy.layout, (*strategy.families, family))
