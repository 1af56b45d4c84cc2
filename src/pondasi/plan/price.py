"""What decisions cost with the operations of every year, and what is known of a plan that was solved.

A cost is always a full sweep of the operations, never what cuts say of them (plan.30).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.executor import Serial
from pondasi.plan.cuts import cut_columns
from pondasi.plan.objective import cost_decisions, measure_risk
from pondasi.plan.operations import make_point, make_setting, sweep_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.executor import Executor
    from pondasi.plan.layout import Layout
    from pondasi.plan.operations import Point, Sweep
    from pondasi.plan.problem import PlanProblem, Vector

LEAST = 1e-6
"""Smallest gap that is asked for, relative to all costs: below it stands the rounding of stored cuts and of the solver."""
LIVELY = 1e-9
"""Below this a start is none: well above the rounding of the solver, well below any least size."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The plan found, its cost, and what no plan can beat.

    Parameters
    ----------
    x
        All variables of the strategic part (see `Layout`).
    cost
        Of ``x``, by a full sweep of the operations (plan.30) [million USD, discounted].
    bound
        No plan costs less.
    values
        Operational cost in every node and scenario, shape (N, S).
    decisions
        Part of ``cost`` that is not operational.
    rounds, sweeps, solves
        How much work it took: rounds of either phase, sweeps of nodes, programmes given to the solver.
    seconds
        Wall time.
    finished
        Whether the gap was reached, or the search settled that was not to be widened; else time or rounds ran out.
    hurried
        Whether time cut a phase of the search short: on a faster or slower machine the plan may be another one.
    """

    layout: Layout
    x: Vector = field(repr=False)
    cost: float
    bound: float
    values: Vector = field(repr=False)
    decisions: float
    rounds: tuple[int, int] = (0, 0)
    sweeps: int = 0
    solves: int = 0
    seconds: float = 0.0
    finished: bool = True
    hurried: bool = False

    def gap(self, scale: float) -> float:
        """Return what the plan may be short of the best, relative to ``scale``, most often the plan's value."""
        return max(0.0, self.cost - self.bound) / max(abs(scale), LIVELY)


def evaluate(problem: PlanProblem, layout: Layout, x: Vector, *, executor: Executor | None = None) -> Answer:
    """Return the true cost of given decisions, by a full sweep of the operations; nothing is known of a bound."""
    sweeps = sweep_all(problem, points_of(problem, layout, x), executor or Serial())
    cost, decisions = price(problem, layout, x, sweeps)
    values = np.array([sweep.values for sweep in sweeps])
    return Answer(layout, x, cost, -np.inf, values, decisions, sweeps=len(sweeps), finished=False)


def points_of(problem: PlanProblem, layout: Layout, x: Vector) -> list[Point]:
    """Return what a solution hands to the operations of each node."""
    inputs = np.vstack([layout.read(x, "running"), layout.read(x, "access")])
    thresholds = layout.read(x, "threshold")[cut_columns(problem)]
    return [make_point(n, inputs[:, n], thresholds[n]) for n in range(len(problem.tree))]


def without_steps(problem: PlanProblem, layout: Layout) -> Vector:
    """Return the decisions that start nothing: access is what it is today, all else zero."""
    x = np.zeros(layout.columns)
    countries, nodes = layout.shapes["access"]
    x[layout.at("access", *np.indices((countries, nodes)))] = np.minimum(problem.limits.access, 1)[:, None]
    return x


def sweep_all(problem: PlanProblem, points: Sequence[Point], executor: Executor) -> list[Sweep]:
    """Return the operations of several points, in their order."""
    return sweep_nodes(make_setting(problem), points, executor)[0]


def price(problem: PlanProblem, layout: Layout, x: Vector, sweeps: Sequence[Sweep]) -> tuple[float, float]:
    """Return the cost of decisions with their operations, and the part that is not operational (plan.30)."""
    cost = cost_decisions(problem, layout)
    operational = np.array([measure_risk(problem, sweep.values) for sweep in sweeps])
    first = layout.first["cost"]
    decisions = float(cost @ x - cost[first : first + len(sweeps)] @ x[first : first + len(sweeps)])
    return decisions + float(problem.discount @ operational), decisions
