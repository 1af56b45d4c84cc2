"""Bases of a small linear programme of which only bounds change: kept, chosen by their worth, tried before a solver is asked.

A basis whose reduced costs have the right signs is optimal wherever its basic solution keeps its bounds, whatever the
bounds are (plan.20a). What it is worth under given bounds, its dual value, is a lower bound on the cost, and the optimal one is worth
most; so of all bases kept one product says which to try, and one small solve whether it fits. Columns that are the same are
one column with both bounds, and costs are tilted by a little, so that of several optimal bases one is the best (plan.20b);
what is kept is optimal at the true cost as well, and all that is returned is worked out with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pondasi.solver import AT_LOWER, AT_UPPER, BASIC, Programme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pondasi.solver import Solved

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]
    Whole = NDArray[np.intp]

FITS = 1e-9
"""By how much a basic solution may leave its bounds, relative to the largest bound of its scenario: rounding of one solve."""
TILT = 1e-5
"""Part of a usual cost by which costs are tilted at most: far above what the solver sees as nought, far below what parts prices."""
KEPT = 800
"""Bases of a part that are kept: more of them take longer to weigh than the solver takes for what they would save."""
FADING = 0.5
"""What the uses of a basis count after another round, against those of that round."""
TRIES = 2
"""How many of the bases that are worth most are tried on a scenario before the solver is asked."""

ALONE = 2e5
"""Multiplications of a product that is surely done by one thread (OpenBLAS spreads it from 262,144 on)."""


class Basis(NamedTuple):
    """A basis that is optimal wherever it fits.

    Parameters
    ----------
    status
        Where each column and row stands: `BASIC`, or at which bound, shape (columns + rows,).
    worth
        What a unit of each upper bound and right-hand side adds to its dual value, at tilted cost, shape (columns + rows,).
    duals
        At the true cost, shape (rows,).
    """

    status: NDArray[np.int8]
    worth: Vector
    duals: Vector


@dataclass(frozen=True, eq=False)
class Library:
    """The bases that are kept, the most used first: arrays as in `Basis` with one row per basis, and how much each was used."""

    status: NDArray[np.int8]
    worth: Matrix
    duals: Matrix
    used: Vector

    def __len__(self) -> int:
        return len(self.status)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a linear programme that shares nothing with the others, ready to be solved.

    Parameters
    ----------
    rows, columns
        Which of the whole programme are in it.
    order, starts
        Its columns, those that are the same next to each other, and where each group starts; groups are the columns of what follows.
    cost, tilted, matrix
        As they are and with tilted cost.
    extended
        ``(matrix, -1)``, dense: a basis of some fifty rows is factored faster than its entries are sorted.
    library
        Bases to be tried.
    """

    rows: Whole
    columns: Whole
    order: Whole
    starts: Whole
    cost: Vector
    tilted: Vector
    matrix: sparse.csr_array
    extended: Matrix
    library: Library = field(repr=False)


class Swept(NamedTuple):
    """A part in all scenarios: cost, distinct duals, which of them, uses of each basis kept, and bases that the solver found."""

    values: Vector
    duals: Matrix
    which: Whole
    used: Whole
    found: tuple[Basis, ...]
    solves: int


def split_parts(cost: Vector, matrix: sparse.csr_array) -> tuple[Part, ...]:
    """Return each part of a programme that no entry joins with another, without bases.

    Example
    -------
    >>> parts = split_parts(np.ones(3), sparse.csr_array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]))
    >>> [part.columns.tolist() for part in parts]
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
    return tuple(make_part(cost, matrix, part, columns) for part, columns in found)


def make_part(cost: Vector, matrix: sparse.csr_array, rows: Whole, columns: Whole) -> Part:
    """Return some rows and columns of a programme as a part, columns that are the same as one (plan.20b)."""
    inner = sparse.csr_array(matrix[rows][:, columns]).toarray()
    _, first, group = np.unique(np.vstack([cost[columns], inner]), axis=1, return_index=True, return_inverse=True)
    # Groups in the order in which they first appear.
    rank = np.argsort(np.argsort(first))[group.ravel()]
    first = np.sort(first)
    order = np.argsort(rank, kind="stable")
    starts = np.searchsorted(rank[order], np.arange(len(first)))
    inner, own = inner[:, first], cost[columns][first]
    # Any numbers without a pattern will do, so long as everyone has the same.
    tilt = np.random.default_rng(len(own)).random(len(own)) * TILT * _measure(own)
    extended = np.hstack([inner, -np.eye(len(rows))])
    wide, none = extended.shape[1], np.zeros((0, extended.shape[1]))
    library = Library(np.zeros((0, wide), dtype=np.int8), none, np.zeros((0, len(rows))), np.zeros(0))
    return Part(rows, columns, order, starts, own, own + tilt, sparse.csr_array(inner), extended, library)


def _measure(cost: Vector) -> float:
    """Return the size of a usual cost: what an unmet need costs may be thousands of times a price."""
    size = np.abs(cost[cost != 0])
    return float(np.median(size)) if size.size else 1.0


def sweep_part(part: Part, rhs: Matrix, upper: Matrix, done: Matrix | None = None) -> Swept:
    """Solve a part in all scenarios.

    Parameters
    ----------
    rhs, upper
        Bounds of the whole programme, shapes (rows, S) and (columns, S).
    done
        Shape (columns, S): what is done is written into the columns of the part.
    """
    each = upper[part.columns[part.order]]
    run = _Run(part, rhs[part.rows], np.add.reduceat(each, part.starts, axis=0))
    run.try_library()
    run.ask_solver()
    if done is not None:
        done[part.columns[part.order]] = _share_out(part, run.x, each)
    used = np.bincount(run.which[run.which < len(part.library)], minlength=len(part.library))
    taken, which = np.unique(run.which, return_inverse=True)
    duals = np.vstack([part.library.duals, *run.duals])[taken]
    return Swept(run.values, duals, which.ravel(), used, tuple(run.found), run.solves)


class _Run:
    """The state of one sweep of a part: which scenarios are solved, and by which basis."""

    def __init__(self, part: Part, rhs: Matrix, upper: Matrix) -> None:
        self.part, self.rhs, self.upper = part, rhs, upper
        columns, scenarios = upper.shape
        self.floor = np.vstack([np.zeros((columns, scenarios)), rhs])
        self.ceiling = np.vstack([upper, np.full(rhs.shape, np.inf)])
        finite = np.where(np.isfinite(upper), upper, 0)
        self.endless = not np.isfinite(upper).all()
        self.known = np.vstack([finite, rhs])
        self.room = FITS * (1 + np.abs(finite).max(axis=0, initial=0) + np.abs(rhs).max(axis=0, initial=0))
        self.values, self.which = np.zeros(scenarios), np.full(scenarios, -1)
        self.x = np.zeros((columns, scenarios))
        self.duals: list[Vector] = []
        self.found: list[Basis] = []
        self.solves = 0

    def try_library(self) -> None:
        """Try on each scenario the bases that are worth most there."""
        library = self.part.library
        if not len(library):
            return
        worth = _multiply(library.worth, self.known)
        waiting = np.arange(len(self.which))
        for _ in range(min(TRIES, len(library))):
            best = worth[:, waiting].argmax(axis=0)
            for k in np.unique(best):
                self.try_basis(library.status[k], waiting[best == k], k)
            worth[best, waiting] = -np.inf
            waiting = np.flatnonzero(self.which < 0)
            if not waiting.size:
                return

    def ask_solver(self) -> None:
        """Solve what is left; what the solver finds is tried on all that still waits."""
        part = self.part
        if not (self.which < 0).any():
            return
        lower, above = np.zeros(len(part.cost)), np.full(len(part.rows), np.inf)
        programme = Programme(part.tilted, lower, lower, part.matrix, np.zeros(len(part.rows)), above)
        while (waiting := np.flatnonzero(self.which < 0)).size:
            first, at = waiting[0], len(part.library) + len(self.duals)
            programme.set_bounds(lower, np.ascontiguousarray(self.upper[:, first]))
            programme.set_rows(np.ascontiguousarray(self.rhs[:, first]), above)
            solved = programme.solve()
            self.solves += 1
            basis = _weigh_basis(part, _read_status(programme, solved, self.upper[:, first]))
            if basis is not None:
                self.duals.append(basis.duals)
                self.try_basis(basis.status, waiting, at)
                self.found.append(basis)
            if self.which[first] < 0:
                # The tilt has led astray, or the solver has taken more room than a basis may: its word at the true cost.
                programme.set_cost(part.cost)
                solved = programme.solve()
                self.solves += 1
                self.which[first], self.values[first] = len(part.library) + len(self.duals), solved.objective
                self.x[:, first] = solved.x
                self.duals.append(solved.duals)
                programme.set_cost(part.tilted)

    def try_basis(self, status: NDArray[np.int8], tried: Whole, number: int) -> None:
        """Solve those of the tried scenarios where a basis fits."""
        part, columns = self.part, len(self.upper)
        inside, above = status == BASIC, status == AT_UPPER
        if self.endless:
            tried = tried[np.isfinite(self.upper[above[:columns]][:, tried]).all(axis=0)]
        floor, ceiling = self.floor[:, tried], self.ceiling[:, tried]
        x = np.where(above[:, None], ceiling, floor)
        x[inside] = 0
        try:
            basic = np.linalg.solve(part.extended[:, inside], -_multiply(part.extended, x))
        except np.linalg.LinAlgError:  # exactly singular
            return
        room = self.room[tried]
        fits = ((basic >= floor[inside] - room) & (basic <= ceiling[inside] + room)).all(axis=0)
        x[inside] = basic
        reached = tried[fits]
        self.which[reached] = number
        self.x[:, reached] = x[:columns, fits]
        self.values[reached] = part.cost @ x[:columns, fits]


def _multiply(left: Matrix, right: Matrix) -> Matrix:
    """Return a product, in pieces too small to be spread over threads: there are other workers, and waking threads takes longer."""
    rows = max(1, int(ALONE / max(1, right.size)))
    result = np.empty((len(left), right.shape[1]))
    for start in range(0, len(left), rows):
        np.matmul(left[start : start + rows], right, out=result[start : start + rows])
    return result


def _read_status(programme: Programme, solved: Solved, upper: Vector) -> NDArray[np.int8]:
    """Return where each column and row stands in the last solution: `BASIC`, or at the bound where it pays to be.

    The reduced cost says which, so that the basis stays optimal where a bound that is zero here is not.
    """
    columns = len(solved.x)
    status = np.full(columns + len(solved.duals), AT_LOWER, dtype=np.int8)
    equal = np.abs(solved.reduced) <= FITS
    nearer = equal & (upper > 0) & (solved.x > upper / 2)
    status[:columns][nearer | (~equal & (solved.reduced < 0))] = AT_UPPER
    status[programme.basic()] = BASIC
    return status


def _weigh_basis(part: Part, status: NDArray[np.int8]) -> Basis | None:
    """Return a basis with its duals, or None if it is singular or not optimal at the true cost, wherever it fits."""
    inside = status == BASIC
    none = np.zeros(len(part.rows))
    costs = np.vstack([np.append(part.tilted, none), np.append(part.cost, none)])
    try:
        duals = np.linalg.solve(part.extended[:, inside].T, costs[:, inside].T).T
    except np.linalg.LinAlgError:  # exactly singular
        return None
    reduced = costs - duals @ part.extended
    signed = np.where(status == AT_UPPER, -reduced[1], reduced[1])[~inside]
    if not (signed >= -FITS * _measure(part.cost)).all():
        return None
    return Basis(status, np.append(np.minimum(reduced[0, : len(part.cost)], 0), duals[0]), duals[1])


def _share_out(part: Part, x: Matrix, each: Matrix) -> Matrix:
    """Return what each column does, in `order`: of those that are the same the first as much as it can."""
    ends = np.append(part.starts[1:], len(part.order))
    result = np.empty_like(each)
    for start, end, whole in zip(part.starts, ends, x, strict=True):
        rest = whole
        for k in range(start, end - 1):
            result[k] = np.minimum(rest, each[k])
            rest = rest - result[k]
        result[end - 1] = rest
    return result


def renew_library(part: Part, used: Iterable[Whole], found: Sequence[Basis]) -> Part:
    """Return a part with the bases that were used or found kept, the most used first; the order of ``found`` settles ties."""
    library = part.library
    uses = np.sum([*used, np.zeros(len(library))], axis=0)
    at = {status.tobytes(): k for k, status in enumerate(library.status)}
    new: list[Basis] = []
    counted = (FADING * library.used + uses).tolist()
    for basis in found:
        key = basis.status.tobytes()
        if key not in at:
            at[key] = len(counted)
            counted.append(0.0)
            new.append(basis)
        counted[at[key]] += 1
    counted = np.array(counted)
    kept = np.argsort(-counted, kind="stable")[:KEPT]
    status = np.vstack([library.status, *(basis.status for basis in new)])[kept]
    worth = np.vstack([library.worth, *(basis.worth for basis in new)])[kept]
    duals = np.vstack([library.duals, *(basis.duals for basis in new)])[kept]
    return replace(part, library=Library(status, worth, duals, counted[kept]))
