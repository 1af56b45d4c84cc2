"""A year of the chain in every scenario: what is made at home, bought, sold, and what need stays unmet (plan.20).

One linear programme per scenario, of which only bounds differ; so a basis that is optimal in one scenario is tried
on all others at once, and only where it does not fit is the solver asked again. What the programme does not join is
solved apart: the calm part of a year differs between scenarios by its length and by what works, so that few bases serve
it, whatever the disrupted part does. The dual values are kept: from them any bound can be rebuilt as a cut, for other
demand, availability, capacity or access (see `pondasi.plan.cuts`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pondasi.plan.objective import add_excess
from pondasi.solver import AT_LOWER, AT_UPPER, BASIC, Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.problem import Matrix, Operations, PlanProblem, Vector, Whole
    from pondasi.solver import Solved

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
    parts
        Rows and columns of each part of the programme that shares nothing with the others.
    """

    operations: Operations = field(repr=False)
    step: Whole
    success: Matrix
    output_factor: Matrix
    parts: tuple[tuple[Whole, Whole], ...] = ()


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
    options, operations = problem.options, add_excess(problem)
    return Setting(operations, options.step, options.success, options.output_factor, find_parts(operations.matrix))


def find_parts(matrix: sparse.csr_array) -> tuple[tuple[Whole, Whole], ...]:
    """Return rows and columns of each part of a programme that no entry joins with another.

    Example
    -------
    >>> rows, columns = zip(*find_parts(sparse.csr_array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])), strict=True)
    >>> [part.tolist() for part in columns]
    [[0, 2], [1]]
    """
    rows = matrix.shape[0]
    entry = matrix.tocoo()
    size = sum(matrix.shape)
    joined = sparse.csr_array((np.ones(entry.nnz), (entry.row, entry.col + rows)), shape=(size, size))
    number, label = connected_components(joined, directed=False)
    found = [(np.flatnonzero(label[:rows] == k), np.flatnonzero(label[rows:] == k)) for k in range(number)]
    # A column that stands in no row goes with the first part: it is at whichever bound pays.
    lone = [columns for part, columns in found if not len(part)]
    found = [(part, columns) for part, columns in found if len(part)]
    if lone and found:
        found[0] = (found[0][0], np.sort(np.concatenate([found[0][1], *lone])))
    return tuple(found)


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
    done = np.zeros(upper.shape) if activity else None
    parts = setting.parts or find_parts(operations.matrix)
    swept = [_sweep_part(operations, part, rhs, upper, done) for part in parts]
    # Scenarios that share the duals of every part share a dual vector.
    together, which = np.unique(np.array([one.which for one in swept]), axis=1, return_inverse=True)
    duals = np.zeros((together.shape[1], len(rhs)))
    for one, (rows, _), chosen in zip(swept, parts, together, strict=True):
        duals[:, rows] = one.duals[chosen]
    values = np.sum([one.values for one in swept], axis=0)
    return Sweep(values, _tidy(duals, operations), which.ravel(), done, sum(one.solves for one in swept))


def _sweep_part(
    operations: Operations, part: tuple[Whole, Whole], rhs: Matrix, upper: Matrix, done: Matrix | None
) -> Sweep:
    """Solve a part of the operations in all scenarios; write what is done into ``done``."""
    rows, columns = part
    matrix, cost = sparse.csr_array(operations.matrix[rows][:, columns]), operations.cost[columns]
    rhs, upper = rhs[rows], upper[columns]
    scenarios = rhs.shape[1]
    lower, above = np.zeros(len(columns)), np.full(len(rows), np.inf)
    programme = Programme(cost, lower, upper[:, 0], matrix, rhs[:, 0], above)
    # Small and dense: a basis of some fifty rows is factored faster than its entries are sorted.
    extended = np.hstack([matrix.toarray(), -np.eye(len(rows))])
    ceiling = np.vstack([upper, np.full((len(rows), scenarios), np.inf)])
    floor = np.vstack([np.zeros((len(columns), scenarios)), rhs])
    values, which = np.zeros(scenarios), np.full(scenarios, -1)
    duals: list[Vector] = []
    while (waiting := np.flatnonzero(which < 0)).size:
        first = waiting[0]
        programme.set_bounds(lower, np.ascontiguousarray(upper[:, first]))
        programme.set_rows(np.ascontiguousarray(rhs[:, first]), above)
        solved = programme.solve()
        which[first], values[first] = len(duals), solved.objective
        if done is not None:
            done[columns, first] = solved.x
        others = waiting[1:]
        x = None
        if others.size:
            status = _read_status(programme, solved, ceiling[:, first])
            x = _apply_basis(extended, status, floor[:, others], ceiling[:, others])
        if x is not None:
            fits = _inside(x, floor[:, others], ceiling[:, others])
            which[others[fits]] = len(duals)
            values[others[fits]] = cost @ x[: len(columns), fits]
            if done is not None:
                done[np.ix_(columns, others[fits])] = x[: len(columns), fits]
        duals.append(solved.duals)
    return Sweep(values, np.array(duals), which, solves=len(duals))


def _read_status(programme: Programme, solved: Solved, ceiling: Vector) -> NDArray[np.int8]:
    """Return where each column and row stands in the last solution: `BASIC`, or at the bound where it pays to be.

    The reduced cost says which, so that the basis stays optimal where a bound that is zero here is not.
    """
    columns = len(solved.x)
    status = np.full(columns + len(solved.duals), AT_LOWER, dtype=np.int8)
    equal = np.abs(solved.reduced) <= FITS
    nearer = equal & (ceiling[:columns] > 0) & (solved.x > ceiling[:columns] / 2)
    status[:columns][nearer | (~equal & (solved.reduced < 0))] = AT_UPPER
    status[programme.basic()] = BASIC
    return status


def _apply_basis(extended: Matrix, status: NDArray[np.int8], floor: Matrix, ceiling: Matrix) -> Matrix | None:
    """Return the basic solutions of a basis for other bounds, shape (columns + rows, scenarios), or None if it is singular."""
    x = np.where((status == AT_UPPER)[:, None], ceiling, floor)
    inside = status == BASIC
    if not np.isfinite(x[~inside]).all():
        return None
    known = extended[:, ~inside] @ x[~inside]
    try:
        x[inside] = np.linalg.solve(extended[:, inside], -known)
    except np.linalg.LinAlgError:  # exactly singular
        return None
    return x if np.isfinite(x[inside]).all() else None


def _inside(x: Matrix, floor: Matrix, ceiling: Matrix) -> NDArray[np.bool_]:
    """Tell for each scenario whether all values keep their bounds."""
    size = 1 + np.abs(np.where(np.isfinite(ceiling), ceiling, 0)).max(axis=0) + np.abs(floor).max(axis=0)
    return np.asarray(((x >= floor - FITS * size) & (x <= ceiling + FITS * size)).all(axis=0))


def _tidy(duals: Matrix, operations: Operations) -> Matrix:
    """Return duals inside what makes them valid: not negative, and the excess not worth more than its price."""
    tidy = np.maximum(duals, 0)
    column, row = operations.excess
    if row >= 0:
        tidy[:, row] = np.minimum(tidy[:, row], operations.cost[column])
    return np.asarray(tidy)
