"""What is given up for another aim: the plan's value against jobs, emissions, self-reliance or risk, point by point.

The best plan that reaches at least (or stays below) a level of the aim is asked for, from where the best plan stands towards how far any plan
can go (plan.83)::

    most value  subject to  m >= level                 (epsilon-constraint: Haimes, Lasdon and Wismer 1971)

Jobs and emissions are linear in what runs, ``m = sum_n p_n sum_o weight_on running_on``, one row of the strategic part. Self-reliance and
risk are what operations make of a plan, and join the scenarios of every node: a quota with a variable per node (plan.84).

- self-reliance: the share of what users at home need that plants at home can make, ``1 - lack / need`` (plan.85)
- risk: what the plan costs if every year is one of its worst (plan.86)

The augmented form (Mavrotas 2009, doi:10.1016/j.amc.2009.03.037) rewards what exceeds the level, so that no point is
beaten; here points that another one beats in both are marked instead, which needs no weight.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.operations import make_setting
from pondasi.plan.price import LEAST, points_of
from pondasi.plan.problem import Quota
from pondasi.plan.quota import measure_quota, need_parts
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy, build_strategy
from pondasi.solver import InfeasibleError, OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import Matrix, PlanProblem, Vector

POINTS = 4
"""Levels that are tried."""
ROOM = 1e-9
"""By how much a level may be missed, relative to its size: rounding of sums."""
SHORT = 1e-6
"""Part of the way to the furthest plan known at which the last level of a quota stands, so that rounding does not rule that plan out."""


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


@dataclass(frozen=True)
class MadeAim:
    """Something else that a plan may be for, which operations make of it: ``quota`` is the kind of `Quota` that holds it."""

    name: str
    quota: Literal["risk", "lack"]
    sense: Literal["more", "less"]


def list_aims(problem: PlanProblem) -> tuple[Aim | MadeAim, ...]:
    """Return what a problem can be asked for beside value.

    Jobs [person-years, skilled people at work in what runs], emissions [as the limit counts them], self-reliance [share of what users at home need]
    and risk [million USD, where the years are weighed by their cost]; each where it is stated.
    """
    nodes = len(problem.tree)
    found: list[Aim | MadeAim] = [
        Aim("jobs", np.repeat(problem.options.people.sum(axis=1)[:, None], nodes, axis=1), "more")
    ]
    if "carbon" in problem.labels.resources:
        use = problem.options.use[:, problem.labels.resources.index("carbon")]
        found.append(Aim("emissions", np.broadcast_to(use, (len(use), nodes)), "less"))
    if problem.operations.parts.any():
        found.append(MadeAim("self_reliance", "lack", "more"))
    if problem.risk == "cost" and problem.risk_tail > 0:
        found.append(MadeAim("risk", "risk", "less"))
    return tuple(found)


def trace_front(
    problem: PlanProblem,
    best: Answer,
    reference: float,
    aim: Aim | MadeAim,
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
    shared = CutPool() if pool is None else pool
    tolerance = max(gap * abs(reference - best.cost), 2 * LEAST * abs(best.cost))

    def solve(asked: PlanProblem, parts: int, **options: object) -> Answer:
        left = deadline - time.monotonic()
        return solve_benders(
            asked,
            seconds=np.inf if np.isinf(left) else max(1.0, left / parts),
            insist=False,
            executor=executor,
            **{"pool": shared, "gap": 1.0, "scale": tolerance, **options},  # type: ignore[arg-type]
        )

    start = measure_aim(problem, best, aim)
    reach, known = _go_furthest(problem, best, start, aim, lambda asked, **options: solve(asked, points + 1, **options))
    rows = [(start, start, reference - best.cost, reference - best.bound)]
    last, step = start, (reach - start) / points
    for k in range(1, points + 1):
        level = last + step
        left = deadline - time.monotonic()
        if left <= 0 or abs(reach - start) <= ROOM * (1 + abs(start)):
            break
        asked, options = hold_aim(problem, aim, level)
        if known is not None:
            options["suggestion"] = move_plan(known.x, known.layout, Layout(asked))[0]
        try:
            answer = solve(asked, points + 1 - k, **options)
        except InfeasibleError:
            step /= 2
            continue
        except OutOfTimeError:
            break
        last = level
        rows.append((level, measure_aim(problem, answer, aim), reference - answer.cost, reference - answer.bound))
    table = pd.DataFrame(rows, columns=["level", "reached", "low", "high"]).rename_axis("point")
    # A plan that reaches a stricter level reaches every laxer one, so no point is worth less than a later one.
    table["high"] = table["high"].cummin()
    table["low"] = np.minimum(table["low"], table["high"])
    table["beaten"] = _mark_beaten(table, aim)
    return table


def measure_aim(problem: PlanProblem, answer: Answer, aim: Aim | MadeAim) -> float:
    """Return what a plan has of an aim."""
    layout, x = answer.layout, answer.x
    if isinstance(aim, Aim):
        return float(write_aim(problem, layout, aim) @ x)
    asked = problem.change(quota=Quota(aim.quota, np.inf))
    points = points_of(problem, layout, x)
    found = measure_quota(asked, layout, x, make_setting(problem), points, answer.values)
    return found if aim.quota == "risk" else 1 - found / _need(problem)


def hold_aim(problem: PlanProblem, aim: Aim | MadeAim, level: float) -> tuple[PlanProblem, dict[str, object]]:
    """Return the problem in which an aim reaches a level, and what its solver has to be told."""
    if isinstance(aim, Aim):
        strategy = build_strategy(problem)
        return problem, {"strategy": ask_for(strategy, write_aim(problem, strategy.layout, aim), aim, level)}
    most = level if aim.quota == "risk" else (1 - level) * _need(problem)
    return problem.change(quota=Quota(aim.quota, most)), {}


def _need(problem: PlanProblem) -> float:
    """Return what users at home need over all years, in parts that plants could make [million USD]."""
    return float(problem.tree.probability @ need_parts(problem))


def _go_furthest(
    problem: PlanProblem, best: Answer, start: float, aim: Aim | MadeAim, solve: Callable[..., Answer]
) -> tuple[float, Answer | None]:
    """Return where a front ends; for risk with the plan that goes so far, the one that is best if nothing else counts."""
    if isinstance(aim, Aim):
        return find_reach(problem, start, aim), None
    if aim.quota == "lack":
        return min(1.0, 2 * start), None
    furthest = solve(replace(problem, risk_weight=1.0), suggestion=best.x)
    reach = min(start, measure_aim(problem, furthest, aim))
    return start + (1 - SHORT) * (reach - start), furthest


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


def _mark_beaten(table: pd.DataFrame, aim: Aim | MadeAim) -> list[bool]:
    sign = 1.0 if aim.sense == "more" else -1.0
    aims, values = sign * table["reached"].to_numpy(), table["low"].to_numpy()
    return [
        bool((((aims >= a) & (values > v)) | ((aims > a) & (values >= v))).any())
        for a, v in zip(aims, values, strict=True)
    ]
