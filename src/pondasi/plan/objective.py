"""What the plan is for: the yearly costs, discounted and weighed by probability, and the weight of bad years.

The cost to be made small (plan.30)::

    sum_n p_n d_n ( sum charge size + rho(Q_n) )        risk "cost":  rho = (1 - weight) mean + weight CVaR_tail
    sum_n p_n d_n ( sum charge size + mean(Q_n) ) + weight sum_t d_t CVaR_tail(loss of year t)        risk "loss"

with ``Q_n`` the operational cost of a year over its scenarios. The first is nested: node by node, so that what is
decided later agrees with what was planned (time-consistent). The second looks at the loss of a whole year, over all
tree nodes and scenarios, by ``CVaR = min over eta of eta + mean(max(0, loss - eta)) / (1 - tail)`` (Rockafellar and
Uryasev 2000, doi:10.21314/JOR.2000.038); the excess over ``eta`` is bought inside the operations, so that they
minimise the very sum that is bounded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Operations, PlanProblem, Vector


def weigh_tail(values: Vector, weight: Vector, tail: float) -> Vector:
    """Return the weights whose mean is CVaR: the worst share ``1 - tail`` of the probability, and nothing else.

    They are the worst of all weights with ``0 <= q <= weight / (1 - tail)`` and sum 1, so that ``q @ other`` is
    at most the CVaR of any other values (plan.31).

    Parameters
    ----------
    values
        Costs, shape (S,).
    weight
        Probabilities, shape (S,), sum 1.
    tail
        In [0, 1): 0 gives the mean.

    Example
    -------
    >>> weigh_tail(np.array([1.0, 5.0, 3.0]), np.array([0.5, 0.25, 0.25]), 0.5).tolist()
    [0.0, 0.5, 0.5]
    """
    order = np.argsort(-values, kind="stable")
    room = np.cumsum(weight[order])
    taken = np.diff(np.minimum(room, 1 - tail), prepend=0.0)
    if len(values):
        taken[-1] += max(0.0, (1 - tail) - room[-1])
    result = np.empty_like(weight)
    result[order] = taken / (1 - tail)
    return result


def weigh_scenarios(problem: PlanProblem, values: Vector) -> Vector:
    """Return the weights of the scenarios under which the risk of these values is their mean, shape (S,) (plan.32)."""
    weight = problem.operations.weight
    if problem.risk == "loss" or problem.risk_weight == 0:
        return weight
    worst = weigh_tail(values, weight, problem.risk_tail)
    return np.asarray((1 - problem.risk_weight) * weight + problem.risk_weight * worst)


def measure_risk(problem: PlanProblem, values: Vector) -> float:
    """Return ``rho`` of the operational costs of one node (plan.30)."""
    return float(weigh_scenarios(problem, values) @ values)


def cost_decisions(problem: PlanProblem, layout: Layout) -> Vector:
    """Return the cost of every variable of the strategic part, shape (columns,) (plan.30)."""
    cost = np.zeros(layout.columns)
    option, _ = layout.starts
    start, felt, age = layout.pairs
    options = problem.options
    yearly = problem.discount[felt] * options.charge[option[start], age] * options.cost_factor[option[start], felt]
    np.add.at(cost, layout.at("size", start), yearly)
    cost[layout.at("cost", np.arange(len(problem.tree)))] = problem.discount
    # Shares that others pay are no charge; what is paid in their stead is one, in the year in which it is paid.
    cost[layout.at("shift", *np.indices(layout.shapes["shift"]))] = problem.discount
    if problem.risk == "loss":
        years = problem.tree.years
        discount = (1 + problem.discount_rate) ** -(years - years[0]).astype(float)
        cost[layout.at("threshold", np.arange(len(years)))] = problem.risk_weight * discount
    return cost


def add_excess(problem: PlanProblem) -> Operations:
    """Return the operations with the loss above a threshold as a column of their own, where the risk asks for it (plan.33).

    The row ``excess - loss @ y >= -eta`` at the price ``weight / (1 - tail)`` per unit of excess.
    """
    operations = problem.operations
    if problem.risk == "cost":
        return operations
    rows, columns = operations.matrix.shape
    scenarios = len(operations.weight)
    below = sparse.csr_array(np.append(-operations.loss, 1.0)[None, :])
    wide = sparse.hstack([operations.matrix, sparse.csr_array((rows, 1))])
    return replace(
        operations,
        cost=np.append(operations.cost, problem.risk_weight / (1 - problem.risk_tail)),
        matrix=sparse.csr_array(sparse.vstack([wide, below], format="csr")),
        need=np.vstack([operations.need, np.zeros(operations.need.shape[1])]),
        row_weight=np.vstack([operations.row_weight, np.zeros(scenarios)]),
        base=np.vstack([operations.base, np.full(scenarios, np.inf)]),
        column_growth=np.append(operations.column_growth, 0),
        loss=np.append(operations.loss, 0.0),
        excess=(columns, rows),
    )
