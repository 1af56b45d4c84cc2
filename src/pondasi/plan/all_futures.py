"""The plan on all futures of the data, not only on those that were joined to plan on.

A plan is made on a tree in which futures that differ little are joined. Here its decisions are carried to the full tree:
what starts in a joined future starts in every future that was joined into it (plan.76). There, futures part
earlier and further, so some decisions may not keep a limit that was a mean before, or a partner may be gone. What
can be kept is kept, and what cannot is dropped at the least loss; both are said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.carry import TAKEN, move_plan
from pondasi.plan.futures import grow_tree
from pondasi.plan.price import evaluate
from pondasi.plan.reach import ask_alike
from pondasi.plan.reference import find_reference
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, OutOfTimeError, Programme

if TYPE_CHECKING:
    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.problem import PlanProblem, Tree, Vector, Whole
    from pondasi.plan.solve import Plan
    from pondasi.plan.strategy import Strategy


@dataclass(frozen=True, eq=False)
class FullValue:
    """The value of a plan on all futures [million USD of today's value].

    Parameters
    ----------
    joined
        Its value on the joined futures, on which it was made.
    low, high
        Its value on all of them. Equal where every decision could be kept; else the best that is left of it. NaN for ``low`` where time
        ended before it was known what can be left of it.
    futures
        How many futures there are.
    kept
        Share of the starts, weighed by probability, that could be kept; NaN where time ended before that was known.
    """

    joined: float
    low: float
    high: float
    futures: int
    kept: float


def value_on_all_futures(
    plan: Plan,
    *,
    seed: int = 0,
    gap: float | None = None,
    seconds: float = np.inf,
    executor: Executor | None = None,
) -> FullValue:
    """Return what the decisions of a plan are worth on the full tree of futures.

    Parameters
    ----------
    seed
        Seed of the plan; the years of disruption are those of the plan whatever it is.
    gap
        Where decisions have to be dropped, the gap of that search, relative to the value of the plan.
    """
    problem = open_all_futures(plan, seed)
    nodes = match_nodes(plan.case, problem.tree, plan.problem.tree)
    strategy = build_strategy(problem)
    layout = strategy.layout
    x, lost = move_plan(plan.answer.x, plan.answer.layout, layout, nodes)
    reference = find_reference(problem, executor=executor).cost
    held = None if lost else settle_money(strategy, x)
    if held is not None:
        value = reference - evaluate(problem, layout, held, executor=executor).cost
        return FullValue(plan.value, value, value, len(problem.tree.leaves), 1.0)
    wanted = _weigh_starts(problem, plan, nodes)
    taken = layout.read(x, "z") > TAKEN
    option, node = layout.starts
    open_ = np.zeros_like(problem.options.open)
    open_[option[taken], node[taken]] = True
    part = problem.change(options={"open": open_})
    inner = build_strategy(part)
    ends = inner.layout.bounds()
    moved, _ = move_plan(x, layout, inner.layout)
    ends[1][inner.layout.at("size", np.arange(int(taken.sum())))] = inner.layout.read(moved, "size")
    try:
        answer = solve_benders(
            part,
            gap=plan.gap if gap is None else gap,
            scale=max(abs(plan.value), 1.0),
            fixed=ends,
            strategy=inner,
            seconds=seconds,
            insist=False,
            executor=executor,
        )
    except OutOfTimeError as error:
        most = reference - error.bound
        return FullValue(plan.value, np.nan, most, len(problem.tree.leaves), np.nan)
    found = inner.layout.read(answer.x, "z") > TAKEN
    kept = float(problem.tree.probability[inner.layout.starts[1][found]].sum()) / wanted
    return FullValue(
        plan.value, reference - answer.cost, reference - answer.bound, len(problem.tree.leaves), min(kept, 1.0)
    )


def open_all_futures(plan: Plan, seed: int = 0) -> PlanProblem:
    """Return the plan's problem on the full tree, over the same years of disruption and with the same options."""
    own = plan.problem
    full = build_problem(plan.case, scenarios=0, seed=seed, offers=plan.offers, favour=plan.favour, full_tree=True)
    operations = {
        name: getattr(own.operations, name) for name in own.operations.__dataclass_fields__ if name != "growth"
    }
    return ask_alike(full.change(operations=operations), own)


def match_nodes(case: Case, full: Tree, reduced: Tree) -> Whole:
    """Return the node of the reduced tree by years that each node of the full one belongs to, shape (N of full,) (plan.76).

    It is the joined future of the node itself or of the nearest one above it that is joined, as far as that is known
    by then in the reduced tree.
    """
    joined, every = grow_tree(case), grow_tree(case, full=True)
    above = {name: parent if isinstance(parent, str) else None for name, parent in every.nodes["parent"].items()}
    known = joined.nodes["year"].to_dict()
    place = {(int(year), name): k for k, (year, name) in enumerate(zip(reduced.year, reduced.names, strict=True))}
    found = []
    for year, name in zip(full.year.tolist(), full.names, strict=True):
        at: str | None = name
        while at is not None and (at not in joined.joined or known[joined.joined[at]] > year):
            at = above[at]
        found.append(place[year, joined.joined[name if at is None else at]])
    return np.array(found)


def settle_money(strategy: Strategy, x: Vector, *, shrink: bool = False) -> Vector | None:
    """Return a plan with its starts and sizes as they are and all else settled around them; None if a limit is broken.

    Parameters
    ----------
    shrink
        Whether sizes may be smaller than they are, as little as the limits ask for (relative to the size, weighed by probability).
    """
    layout = strategy.layout
    lower, upper = layout.bounds()
    for block in ("z", "size", "threshold"):
        at = layout.at(block, np.arange(layout.shapes[block][0]))
        value = layout.read(x, block)
        lower[at] = upper[at] = np.round(value) if block == "z" else value
    access = layout.at("access", *np.indices(layout.shapes["access"]))
    cost = np.zeros(layout.columns)
    # More access never costs more, so all that agreements give is taken.
    cost[access] = -1.0
    if shrink:
        sizes = layout.at("size", np.arange(layout.shapes["size"][0]))
        lower[sizes] = 0.0
        weight = layout.problem.tree.probability[layout.starts[1]]
        cost[sizes] = np.divide(-weight, x[sizes], out=np.zeros(len(sizes)), where=x[sizes] > 0)
    nodes = layout.at("cost", np.arange(layout.shapes["cost"][0]))
    lower[nodes] = upper[nodes] = 0.0
    try:
        return Programme(cost, lower, upper, strategy.matrix, *strategy.ends).solve().x
    except InfeasibleError:
        return None


def _weigh_starts(problem: PlanProblem, plan: Plan, nodes: Whole) -> float:
    """Return how many starts a plan takes, weighed by the probability of their futures."""
    layout = plan.answer.layout
    taken = np.zeros((len(plan.problem.options), len(plan.problem.tree)), dtype=bool)
    taken[layout.starts] = layout.read(plan.answer.x, "z") > TAKEN
    return float((taken[:, nodes] @ problem.tree.probability).sum())
