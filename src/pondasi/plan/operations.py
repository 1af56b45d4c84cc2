"""A year of the chain in every scenario: what is made at home, bought, sold, and what need stays unmet (plan.20).

One linear programme per scenario, of which only bounds differ; so a basis that is optimal in one scenario is tried
on all others at once, and only where it does not fit is the solver asked again. The dual values are kept: from them
any bound can be rebuilt as a cut, for other demand, availability, capacity or access (see `pondasi.plan.cuts`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from pondasi.plan.objective import add_excess
from pondasi.solver import AT_LOWER, AT_UPPER, BASIC, FREE, Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.problem import Matrix, Operations, PlanProblem, Vector, Whole

FITS = 1e-9
"""By how much a basic solution may leave its bounds, relative to the largest bound of its scenario: rounding of one solve."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What the operations of any node need; small enough to be sent to workers.

    Parameters
    ----------
    operations
        With the excess of the loss, where the risk asks for it.
    step
        Step of each option, shape (O,).
    success, output_factor
        Shape (O, N), see `pondasi.plan.problem.Options`.
    """

    operations: Operations = field(repr=False)
    step: Whole
    success: Matrix
    output_factor: Matrix


class Point(NamedTuple):
    """What the strategic part hands to the operations of a node: inputs (running options, access) and threshold."""

    node: int
    inputs: Vector
    threshold: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """The operations of one node in all scenarios.

    Parameters
    ----------
    values
        Cost of the year in each scenario, shape (S,).
    duals
        Distinct dual vectors, shape (D, rows).
    which
        Dual vector of each scenario, shape (S,).
    activity
        What is done, shape (columns, S), where it was asked for.
    solves
        How often the solver was asked.
    """

    values: Vector
    duals: NDArray[np.float64]
    which: Whole
    activity: Matrix | None = None
    solves: int = 0


def make_setting(problem: PlanProblem) -> Setting:
    """Return what the operations need of a problem."""
    options = problem.options
    return Setting(add_excess(problem), options.step, options.success, options.output_factor)


def works(setting: Setting, node: int) -> Matrix:
    """Return by what each entry counts in each scenario, shape (E, S) (plan.21).

    For an option: its output factor where the drawn level of its step lies below its probability of success; a
    partner who raises that probability keeps all scenarios of one who does not. For access: 1.
    """
    operations = setting.operations
    option = operations.entry_input < len(setting.step)
    o = operations.entry_input[option]
    result = np.ones(operations.coefficient.shape)
    reached = operations.levels[setting.step[o]] < setting.success[o, node][:, None]
    result[option] = reached * setting.output_factor[o, node][:, None]
    return result


def bound_rows(setting: Setting, point: Point) -> Matrix:
    """Return the right-hand sides in all scenarios, shape (rows, S)."""
    operations = setting.operations
    rhs = (operations.need @ operations.growth[:, point.node])[:, None] * operations.row_weight
    if operations.excess[1] >= 0:
        rhs[operations.excess[1]] = -point.threshold
    return np.asarray(rhs)


def bound_columns(setting: Setting, point: Point) -> Matrix:
    """Return the upper bounds in all scenarios, shape (columns, S)."""
    operations, g = setting.operations, setting.operations.growth[:, point.node]
    upper = operations.base * g[operations.column_growth][:, None]
    scale = g[operations.entry_growth] * point.inputs[operations.entry_input]
    entries = operations.coefficient * works(setting, point.node) * scale[:, None]
    order = (np.ones(len(scale)), (operations.entry_column, np.arange(len(scale))))
    collect = sparse.csr_array(sparse.coo_array(order, shape=(len(operations.cost), len(scale))))
    return np.asarray(upper + collect @ entries)


def sweep_node(setting: Setting, point: Point, *, activity: bool = False) -> Sweep:
    """Solve the operations of a node in all scenarios.

    The result depends on ``setting`` and ``point`` alone, whoever does the work.

    Parameters
    ----------
    activity
        Whether to return what is done, too.
    """
    operations = setting.operations
    rhs, upper = bound_rows(setting, point), bound_columns(setting, point)
    rows, columns = operations.matrix.shape
    scenarios = len(operations.weight)
    lower, above = np.zeros(columns), np.full(rows, np.inf)
    programme = Programme(operations.cost, lower, upper[:, 0], operations.matrix, rhs[:, 0], above)
    extended = sparse.csc_array(sparse.hstack([operations.matrix, -sparse.eye_array(rows)], format="csc"))
    ceiling = np.vstack([upper, np.full((rows, scenarios), np.inf)])
    floor = np.vstack([np.zeros((columns, scenarios)), rhs])
    values, which = np.zeros(scenarios), np.full(scenarios, -1)
    done = np.zeros((columns, scenarios)) if activity else None
    duals: list[Vector] = []
    while (waiting := np.flatnonzero(which < 0)).size:
        first = waiting[0]
        programme.set_bounds(lower, np.ascontiguousarray(upper[:, first]))
        programme.set_rows(np.ascontiguousarray(rhs[:, first]), above)
        solved = programme.solve()
        which[first], values[first] = len(duals), solved.objective
        if done is not None:
            done[:, first] = solved.x
        others = waiting[1:]
        x = _apply_basis(extended, programme.basis(), floor[:, others], ceiling[:, others]) if others.size else None
        if x is not None:
            fits = _inside(x, floor[:, others], ceiling[:, others])
            which[others[fits]] = len(duals)
            values[others[fits]] = operations.cost @ x[:columns, fits]
            if done is not None:
                done[:, others[fits]] = x[:columns, fits]
        duals.append(_tidy(solved.duals, operations))
    return Sweep(values, np.array(duals), which, done, len(duals))


def _apply_basis(
    extended: sparse.csc_array, basis: tuple[NDArray[np.int8], NDArray[np.int8]], floor: Matrix, ceiling: Matrix
) -> Matrix | None:
    """Return the basic solutions of a basis for other bounds, shape (columns + rows, scenarios), or None if it is singular."""
    status = np.concatenate(basis)
    if (status == FREE).any() or (status == BASIC).sum() != extended.shape[0]:
        return None
    x = np.where((status == AT_UPPER)[:, None], ceiling, floor)
    # A row at its upper end has none here: every row is only bounded below.
    x[status == BASIC] = 0
    outside = (status == AT_LOWER) | (status == AT_UPPER)
    if not np.isfinite(x[outside]).all():
        return None
    known = extended[:, np.flatnonzero(outside)] @ x[outside]
    try:
        x[status == BASIC] = splu(extended[:, np.flatnonzero(status == BASIC)]).solve(-known)
    except RuntimeError:  # exactly singular
        return None
    return x if np.isfinite(x).all() else None


def _inside(x: Matrix, floor: Matrix, ceiling: Matrix) -> NDArray[np.bool_]:
    """Tell for each scenario whether all values keep their bounds."""
    size = 1 + np.abs(np.where(np.isfinite(ceiling), ceiling, 0)).max(axis=0) + np.abs(floor).max(axis=0)
    return np.asarray(((x >= floor - FITS * size) & (x <= ceiling + FITS * size)).all(axis=0))


def _tidy(duals: Vector, operations: Operations) -> Vector:
    """Return duals inside what makes them valid: not negative, and the excess not worth more than its price."""
    tidy = np.maximum(duals, 0)
    column, row = operations.excess
    if row >= 0:
        tidy[row] = min(tidy[row], operations.cost[column])
    return tidy
