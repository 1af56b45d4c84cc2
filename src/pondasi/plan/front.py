"""What is given up for jobs or for lower emissions: the plan's value against another aim, point by point.

For an aim that is linear in what runs, ``m = sum_n p_n sum_o weight_on running_on``, the best plan that reaches at least (or
stays below) a level is asked for, from where the best plan stands to none of it, or to twice as much (plan.83)::

    most value  subject to  m >= level                 (epsilon-constraint: Haimes, Lasdon and Wismer 1971)

The augmented form (Mavrotas 2009, doi:10.1016/j.amc.2009.03.037) rewards what exceeds the level, so that no point is
beaten; here points that another one beats in both are marked instead, which needs no weight. Risk and self-reliance are no such
sums: risk is an argument of the problem (``risk_weight``), and self-reliance asks for what the operations make of capacity.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.plan.benders import LEAST, solve_benders
from pondasi.plan.cuts import CutPool
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy, build_strategy
from pondasi.solver import InfeasibleError

if TYPE_CHECKING:
    from pondasi.executor import Executor
    from pondasi.plan.benders import Answer
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Matrix, PlanProblem, Vector

POINTS = 4
"""Levels that are tried."""
ROOM = 1e-9
"""By how much a level may be missed, relative to its size: rounding of sums."""


@dataclass(frozen=True, eq=False)
class Aim:
    """Something else that a plan may be for, linear in what runs.

    Parameters
    ----------
    name
        Key of the aim.
    weight
        What a running module adds in a node, shape (O, N).
    sense
        Whether more is better, or less.
    """

    name: str
    weight: Matrix
    sense: Literal["more", "less"]


def list_aims(problem: PlanProblem) -> tuple[Aim, ...]:
    """Return jobs [person-years, skilled people at work in what runs] and emissions [as the limit counts them], where stated."""
    nodes = len(problem.tree)
    found = [Aim("jobs", np.repeat(problem.options.people.sum(axis=1)[:, None], nodes, axis=1), "more")]
    if "carbon" in problem.labels.resources:
        use = problem.options.use[:, problem.labels.resources.index("carbon")]
        found.append(Aim("emissions", np.broadcast_to(use, (len(use), nodes)), "less"))
    return tuple(found)


def trace_front(
    problem: PlanProblem,
    best: Answer,
    reference: float,
    aim: Aim,
    *,
    points: int = POINTS,
    gap: float,
    seconds: float = np.inf,
    executor: Executor | None = None,
    pool: CutPool | None = None,
) -> pd.DataFrame:
    """Return the plan's value against one aim.

    Parameters
    ----------
    best, reference
        The best plan, and the cost of the committed steps alone.
    aim
        What else the plan is for.
    points
        Levels that are tried; the step is halved where no plan with whole starts reaches the next one.
    gap
        Difference of cost and bound at which each search may end, relative to the value of the best plan.

    Returns
    -------
    Index ``point`` (0 the best plan); columns ``level`` that was asked for, ``reached`` by the plan found, ``low`` and ``high`` of the
    value [million USD], ``beaten``: another point has more of both. Levels that no plan reaches are left out.
    """
    deadline = time.monotonic() + seconds
    strategy = build_strategy(problem)
    row = write_aim(problem, strategy.layout, aim)
    start = float(row @ best.x)
    reach = find_reach(problem, start, aim)
    shared = CutPool() if pool is None else pool
    tolerance = max(gap * abs(reference - best.cost), 2 * LEAST * abs(best.cost))
    rows = [(start, start, reference - best.cost, reference - best.bound)]
    last, step = start, (reach - start) / points
    for k in range(1, points + 1):
        level = last + step
        left = deadline - time.monotonic()
        if left <= 0 or abs(reach - start) <= ROOM * (1 + abs(start)):
            break
        try:
            answer = solve_benders(
                problem,
                gap=1.0,
                scale=tolerance,
                strategy=ask_for(strategy, row, aim, level),
                seconds=np.inf if np.isinf(left) else max(1.0, left / (points + 1 - k)),
                executor=executor,
                pool=shared,
            )
        except InfeasibleError:
            step /= 2
            continue
        last = level
        rows.append((level, float(row @ answer.x), reference - answer.cost, reference - answer.bound))
    table = pd.DataFrame(rows, columns=["level", "reached", "low", "high"]).rename_axis("point")
    # A plan that reaches a stricter level reaches every laxer one, so no point is worth less than a later one.
    table["high"] = table["high"].cummin()
    table["low"] = np.minimum(table["low"], table["high"])
    table["beaten"] = _mark_beaten(table, aim)
    return table


def write_aim(problem: PlanProblem, layout: Layout, aim: Aim) -> Vector:
    """Return the aim as a row over all variables, shape (columns,)."""
    row = np.zeros(layout.columns)
    row[layout.at("running", *np.indices(aim.weight.shape))] = aim.weight * problem.tree.probability
    return row


def find_reach(problem: PlanProblem, start: float, aim: Aim) -> float:
    """Return where a front ends: none of what should be less; twice of what should be more.

    Where the best plan has nothing of it, half of what the most giving option gives if it starts at once.
    """
    if aim.sense == "less":
        return 0.0
    if start > 0:
        return 2 * start
    age = problem.tree.year - problem.tree.year[0]
    given = (aim.weight * problem.options.run[:, age]) @ problem.tree.probability * problem.options.size_max
    return max(0.0, float(given.max(initial=0.0)) / 2)


def ask_for(strategy: Strategy, row: Vector, aim: Aim, level: float) -> Strategy:
    """Return the rows with one more: the aim reaches a level (plan.83)."""
    rows = Rows(strategy.layout)
    at = np.flatnonzero(row)
    rows.add(np.zeros(len(at), dtype=np.intp), at, row[at])
    room = ROOM * (1 + abs(level))
    ends = {"lower": level - room} if aim.sense == "more" else {"upper": level + room}
    family = rows.make("aim", 1, lower=ends.get("lower", -np.inf), upper=ends.get("upper", np.inf))
    return Strategy(strategy.layout, (*strategy.families, family))


def _mark_beaten(table: pd.DataFrame, aim: Aim) -> list[bool]:
    sign = 1.0 if aim.sense == "more" else -1.0
    aims, values = sign * table["reached"].to_numpy(), table["low"].to_numpy()
    return [
        bool((((aims >= a) & (values > v)) | ((aims > a) & (values >= v))).any())
        for a, v in zip(aims, values, strict=True)
    ]
