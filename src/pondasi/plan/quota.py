"""A limit on what operations make of a plan: its worst years, or what home cannot make of what home needs (plan.84).

Both are convex in what runs, node by node, and join the scenarios of a node. So each node has a variable that is held above cuts, as its cost is,
and one row over the nodes holds their sum below a level::

    own(x) + sum_n w_n quota_n <= level,      quota_n >= intercept + slopes @ inputs_n

- ``risk`` (plan.86): ``quota_n`` is CVaR_tail of the operational cost of node n, from the same dual values as the cost, weighed over the worst
  scenarios alone; with the discount as ``w`` and the cost of decisions as ``own`` the sum is what the plan costs if every year is one of its worst.
  The operations that are cheapest in every scenario are also those with the least CVaR, so that nothing has to be solved anew.
- ``lack`` (plan.85): of each node of the chain what users at home need of it, less what plants at home can make while calm and while disrupted, as far
  as steps work in the scenario; what is left over of one node makes good nothing of another. It is a sum of maxima of linear functions, and the cut is
  its slope. What goes into these plants may be bought abroad.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.cuts import Cut, build_cut
from pondasi.plan.objective import cost_decisions, weigh_tail
from pondasi.plan.operations import bound_columns, works
from pondasi.plan.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.cuts import Record
    from pondasi.plan.layout import Layout
    from pondasi.plan.operations import Point, Setting
    from pondasi.plan.problem import Matrix, Operations, PlanProblem, Vector, Whole
    from pondasi.plan.rows import Family

MAKE = "make"
"""Kind of the columns that make something at home."""
ROOM = 1e-7
"""By how much a level may be missed, relative to its size: rounding of sums."""


def keep_quota(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.84) What counts against a quota stays below its level: ``own(x) + sum_n w_n quota_n <= level``."""
    rows = Rows(layout)
    if problem.quota is None:
        return rows.make("quota", 0)
    own, weight = _weigh(problem, layout)
    at = np.flatnonzero(own)
    rows.add(np.zeros(len(at), dtype=np.intp), at, own[at])
    nodes = np.arange(len(weight))
    rows.add(np.zeros(len(nodes), dtype=np.intp), layout.at("quota", nodes), weight)
    level = problem.quota.level
    return rows.make("quota", 1, upper=level + ROOM * (1 + abs(level)), labels=[()])


def cut_quota(problem: PlanProblem, setting: Setting, record: Record) -> Cut:
    """Return the cut on what counts against the quota, at the point of a record."""
    if problem.quota is not None and problem.quota.kind == "risk":
        return build_cut(problem, setting, record, worst=True)
    value, slopes = _find_lack(setting, record.point)
    return Cut(record.point.node, value - float(slopes @ record.point.inputs), slopes, block="quota")


def measure_quota(
    problem: PlanProblem, layout: Layout, x: Vector, setting: Setting, points: Sequence[Point], values: Matrix
) -> float:
    """Return what counts against the quota of a plan.

    Parameters
    ----------
    points
        What the plan hands to the operations of each node.
    values
        Operational cost in every node and scenario, shape (N, S).
    """
    own, weight = _weigh(problem, layout)
    if problem.quota is not None and problem.quota.kind == "risk":
        q = [weigh_tail(row, problem.operations.weight, problem.risk_tail) for row in values]
        found = np.array([w @ row for w, row in zip(q, values, strict=True)])
    else:
        found = np.array([_find_lack(setting, point)[0] for point in points])
    return float(own @ x + weight @ found)


def need_parts(problem: PlanProblem) -> Vector:
    """Return what users at home need in each node, in parts that plants could make, shape (N,) [million USD per year]."""
    operations = problem.operations
    # Calm and disrupted rows add up to a year in every scenario.
    each = np.einsum("rn,rs->ns", operations.parts @ operations.growth, operations.row_weight[: len(operations.parts)])
    return np.asarray(each @ operations.weight)


def _weigh(problem: PlanProblem, layout: Layout) -> tuple[Vector, Vector]:
    """Return what counts of the decisions themselves, shape (columns,), and the weight of each node, shape (N,)."""
    if problem.quota is None or problem.quota.kind == "lack":
        return np.zeros(layout.columns), problem.tree.probability
    own = cost_decisions(problem, layout)
    own[layout.at("cost", np.arange(len(problem.tree)))] = 0.0
    return own, problem.discount


def _find_lack(setting: Setting, point: Point) -> tuple[float, Vector]:
    """Return what home cannot make in a node, as a mean over its scenarios, and its slope in what runs."""
    operations = setting.operations
    g = operations.growth[:, point.node]
    made = find_made(operations)
    plants = np.flatnonzero(made >= 0)
    lack = (operations.parts @ g)[:, None] * operations.row_weight[: len(operations.parts)]
    np.subtract.at(lack, made[plants], bound_columns(setting, point)[plants])
    missing = (lack > 0) * operations.weight
    entries = np.flatnonzero(made[operations.entry_column] >= 0)
    row = made[operations.entry_column[entries]]
    amount = operations.coefficient[entries] * works(setting, point.node)[entries]
    less = (missing[row] * amount).sum(axis=1) * g[operations.entry_growth[entries]]
    slopes = np.zeros(len(point.inputs))
    np.subtract.at(slopes, operations.entry_input[entries], less)
    return float((missing * lack).sum()), slopes


def find_made(operations: Operations) -> Whole:
    """Return the row whose node each column makes at home, shape (columns,); -1 for what makes nothing."""
    row_of = np.full(len(operations.cost), -1)
    entry = operations.matrix.tocoo()
    plant = np.zeros(len(operations.cost), dtype=bool)
    plant[: len(operations.column_labels)] = [label[1] == MAKE for label in operations.column_labels]
    made = (entry.data > 0) & plant[entry.col] & (entry.row < len(operations.parts))
    row_of[entry.col[made]] = entry.row[made]
    return row_of
