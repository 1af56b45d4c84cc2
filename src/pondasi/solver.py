"""Solvers of the programmes that the model poses: linear and mixed-integer ones, and a largest flow, exactly.

The only file that knows HiGHS (Huangfu and Hall 2018, doi:10.1007/s12532-017-0130-5). A `Programme` is built
once and solved many times with other bounds, each time from the basis of the last; the status of every solve is
checked, for a solver that stops early also returns numbers. Processes that solve are spawned, never forked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.errors import PondasiError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Vector = NDArray[np.float64]

FEASIBLE = 1e-7
"""By how much the solver may break a bound or a row: its own default."""

AT_LOWER, BASIC, AT_UPPER = 0, 1, 2
"""Where a column or row may stand in a basis."""


class SolverError(PondasiError):
    """The solver gave no answer that can be relied on; the text holds its own words."""


class OutOfTimeError(SolverError):
    """A search ended, by time or rounds, before it found any solution; no solution goes below ``bound``, as far as that is known."""

    def __init__(self, bound: float = -np.inf) -> None:
        super().__init__("out_of_time")
        self.bound = bound


class InfeasibleError(PondasiError):
    """No values keep all bounds and rows."""


@dataclass(frozen=True, eq=False)
class Solved:
    """An answer of the solver.

    Parameters
    ----------
    objective
        Value of the solution found.
    bound
        What no solution goes below: the objective itself for a linear programme solved to the end.
    x
        The solution, shape (columns,).
    duals, reduced
        Shadow price of every row and reduced cost of every column; empty for a mixed-integer programme.
    finished
        False if the time ran out; ``x`` is then the best found.
    """

    objective: float
    bound: float
    x: Vector = field(repr=False)
    duals: Vector = field(repr=False)
    reduced: Vector = field(repr=False)
    finished: bool = True


class Programme:
    """``min cost x`` with ``row_lower <= A x <= row_upper`` and ``lower <= x <= upper``, kept for re-solving.

    Parameters
    ----------
    cost, lower, upper
        Shape (columns,); bounds may be infinite.
    matrix
        ``A``, shape (rows, columns), sparse by rows.
    row_lower, row_upper
        Shape (rows,).
    whole
        Columns that take whole numbers only, shape (columns,); none by default.
    threads
        Threads of the solver.

    Example
    -------
    >>> from scipy import sparse
    >>> price = np.array([2.0, 3.0])
    >>> A = sparse.csr_array([[1.0, 1.0]])
    >>> programme = Programme(price, np.zeros(2), np.array([1.0, 9.0]), A, np.array([4.0]), np.array([np.inf]))
    >>> programme.solve().objective
    11.0
    >>> programme.set_bounds(np.zeros(2), np.array([3.0, 9.0]))
    >>> programme.solve().objective
    9.0
    """

    def __init__(
        self,
        cost: Vector,
        lower: Vector,
        upper: Vector,
        matrix: sparse.csr_array,
        row_lower: Vector,
        row_upper: Vector,
        *,
        whole: NDArray[np.bool_] | None = None,
        threads: int = 1,
    ) -> None:
        import highspy

        # The class below Highs: Highs itself sets up callbacks, and prints a banner as it does so.
        self._solver: Any = highspy.Highs.__mro__[1]()
        self._names = highspy
        self.set_option("output_flag", value=False)
        self.set_option("threads", threads)
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_, model.col_lower_, model.col_upper_ = (_bounded(part) for part in (cost, lower, upper))
        model.row_lower_, model.row_upper_ = _bounded(row_lower), _bounded(row_upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        model.a_matrix_.index_ = matrix.indices.astype(np.int32)
        model.a_matrix_.value_ = matrix.data.astype(float)
        self._whole = whole is not None and bool(whole.any())
        if whole is not None and self._whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[int(one)] for one in whole]
        self._check(self._solver.passModel(model))
        self.shape: tuple[int, int] = (int(matrix.shape[0]), int(matrix.shape[1]))
        self._columns = np.arange(self.shape[1], dtype=np.int32)
        self._rows = np.arange(self.shape[0], dtype=np.int32)

    def set_option(self, name: str, value: object) -> None:
        """Set an option of the solver by the solver's own name."""
        self._check(self._solver.setOptionValue(name, value))

    def set_bounds(self, lower: Vector, upper: Vector) -> None:
        """Change the bounds of all columns."""
        self._check(self._solver.changeColsBounds(self.shape[1], self._columns, lower, upper))

    def set_cost(self, cost: Vector) -> None:
        """Change the cost of all columns."""
        self._check(self._solver.changeColsCost(self.shape[1], self._columns, cost))

    def set_rows(self, lower: Vector, upper: Vector) -> None:
        """Change the bounds of all rows."""
        self._check(self._solver.changeRowsBounds(self.shape[0], self._rows, lower, upper))

    def set_whole(self, whole: NDArray[np.bool_]) -> None:
        """Change which columns take whole numbers only."""
        kinds = (self._names.HighsVarType.kContinuous, self._names.HighsVarType.kInteger)
        chosen = [kinds[int(one)] for one in whole]
        self._check(self._solver.changeColsIntegrality(self.shape[1], self._columns, chosen))
        self._whole = bool(whole.any())

    def add_rows(self, matrix: sparse.csr_array, lower: Vector, upper: Vector) -> None:
        """Add rows at the end; the basis stays."""
        number = int(matrix.shape[0])
        if number == 0:
            return
        starts, index = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        values = matrix.data.astype(float)
        self._check(self._solver.addRows(number, lower, upper, len(values), starts, index, values))
        self.shape = (self.shape[0] + number, self.shape[1])
        self._rows = np.arange(self.shape[0], dtype=np.int32)

    def drop_rows(self, rows: NDArray[np.intp]) -> None:
        """Take rows out; the basis stays where all of them are basic."""
        if not len(rows):
            return
        self._check(self._solver.deleteRows(len(rows), rows.astype(np.int32)))
        self.shape = (self.shape[0] - len(rows), self.shape[1])
        self._rows = np.arange(self.shape[0], dtype=np.int32)

    def add_columns(self, cost: Vector, lower: Vector, upper: Vector, matrix: sparse.csc_array) -> None:
        """Add columns at the end, with their entries in all rows; the basis stays."""
        number = int(matrix.shape[1])
        if number == 0:
            return
        starts, index = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        values = matrix.data.astype(float)
        self._check(self._solver.addCols(number, cost, lower, upper, len(values), starts, index, values))
        self.shape = (self.shape[0], self.shape[1] + number)
        self._columns = np.arange(self.shape[1], dtype=np.int32)

    def suggest(self, x: Vector) -> None:
        """Offer a solution to start a mixed-integer search from."""
        solution = self._names.HighsSolution()
        solution.col_value = list(map(float, x))
        solution.value_valid = True
        self._check(self._solver.setSolution(solution))

    def forget(self) -> None:
        """Forget the basis, so that the next solve depends on the programme alone and not on what went before."""
        self._check(self._solver.clearSolver())

    def solve(self, *, seconds: float | None = None, gap: float | None = None, steps: int | None = None) -> Solved:
        """Solve, starting from the basis of the last solve where there is one.

        Parameters
        ----------
        seconds
            Time after which a mixed-integer search ends with the best found so far.
        gap
            Difference between the best found and the bound at which it may end, in units of the cost.
        steps
            Pivots after which a linear programme may end unfinished, with what is known of its objective by then.

        Raises
        ------
        InfeasibleError
            If there is no solution.
        OutOfTimeError
            If time ends a mixed-integer search before a solution is found.
        SolverError
            For any other end than an optimum, or a found solution when time runs out.
        """
        if gap is not None:
            self.set_option("mip_abs_gap", gap)
            self.set_option("mip_rel_gap", 0.0)
        limit = self._names.kHighsInf if seconds is None else self._solver.getRunTime() + seconds
        self.set_option("time_limit", limit)
        self.set_option("simplex_iteration_limit", self._names.kHighsIInf if steps is None else steps)
        self._solver.run()
        status, names = self._solver.getModelStatus(), self._names.HighsModelStatus
        if status in {names.kInfeasible, names.kUnboundedOrInfeasible}:
            raise InfeasibleError("programme_infeasible")
        info = self._solver.getInfo()
        out_of_time = status in {names.kTimeLimit, names.kInterrupt, names.kSolutionLimit}
        found = info.primal_solution_status == self._names.SolutionStatus.kSolutionStatusFeasible
        if out_of_time and self._whole and not found:
            raise OutOfTimeError(float(info.mip_dual_bound))
        out_of_steps = steps is not None and status == names.kIterationLimit
        if status != names.kOptimal and not out_of_steps and not (out_of_time and self._whole):
            raise SolverError("programme_unsolved", status=self._solver.modelStatusToString(status))
        solution = self._solver.getSolution()
        return Solved(
            objective=float(info.objective_function_value),
            bound=float(info.mip_dual_bound) if self._whole else float(info.objective_function_value),
            x=np.asarray(solution.col_value),
            duals=np.zeros(0) if self._whole else np.asarray(solution.row_dual),
            reduced=np.zeros(0) if self._whole else np.asarray(solution.col_dual),
            finished=status == names.kOptimal,
        )

    def basic(self) -> NDArray[np.intp]:
        """Return which columns, and after them rows, are basic in the last solution: as many as there are rows."""
        status, found = self._solver.getBasicVariables()
        self._check(status)
        found = np.asarray(found, dtype=np.intp)
        return np.where(found < 0, self.shape[1] - 1 - found, found)

    def _check(self, status: object) -> None:
        if status == self._names.HighsStatus.kError:
            raise SolverError("programme_refused")


def _bounded(values: Vector) -> Vector:
    return np.ascontiguousarray(values, dtype=float)


def fill_transport(
    supply: NDArray[np.int64], demand: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return flows on allowed routes that carry as much as can be carried.

    The way goes from suppliers with something left to users that want more, along allowed routes and
    back along routes in use, the shortest first (Edmonds and Karp 1972). Whole numbers keep it exact:
    whether all can be carried is then no question of a tolerance.

    Parameters
    ----------
    supply, demand
        Shapes (m,) and (n,), not negative; their sums fit 63 bits.
    allowed
        Shape (m, n).

    Returns
    -------
    Shape (m, n).

    References
    ----------
    Edmonds and Karp 1972, doi:10.1145/321694.321699.

    Example
    -------
    >>> fill_transport(np.array([2, 3]), np.array([4, 1]), np.array([[True, True], [True, False]])).tolist()
    [[1, 1], [3, 0]]
    """
    flows = np.zeros(allowed.shape, dtype=np.int64)
    left, wanted = supply.astype(np.int64), demand.astype(np.int64)
    for i in range(len(left)):
        routes = np.flatnonzero(allowed[i])
        taken = np.diff(np.minimum(np.cumsum(wanted[routes]), left[i]), prepend=0)
        flows[i, routes] = taken
        wanted[routes] -= taken
        left[i] -= taken.sum()
    while (path := _find_path(flows, left, wanted, allowed)) is not None:
        _ship(flows, left, wanted, path)
    return flows


def _find_path(
    flows: NDArray[np.int64], left: NDArray[np.int64], wanted: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> list[int] | None:
    """Return a shortest way row, column, row, ..., column along which more can be carried."""
    m, n = allowed.shape
    row_from, column_from = np.full(m, -1), np.full(n, -1)
    reached, frontier = left > 0, np.flatnonzero(left > 0)
    while len(frontier):
        new = np.flatnonzero(allowed[frontier].any(axis=0) & (column_from < 0))
        if not len(new):
            return None
        column_from[new] = frontier[allowed[np.ix_(frontier, new)].argmax(axis=0)]
        ends = new[wanted[new] > 0]
        if len(ends):
            return _trace(row_from, column_from, int(ends[0]))
        used = flows[:, new] > 0
        frontier = np.flatnonzero(used.any(axis=1) & ~reached)
        row_from[frontier] = new[used[frontier].argmax(axis=1)]
        reached[frontier] = True
    return None


def _trace(row_from: NDArray[np.int64], column_from: NDArray[np.int64], end: int) -> list[int]:
    path = [end]
    while True:
        row = int(column_from[path[-1]])
        path.append(row)
        if row_from[row] < 0:
            return path[::-1]
        path.append(int(row_from[row]))


def _ship(flows: NDArray[np.int64], left: NDArray[np.int64], wanted: NDArray[np.int64], path: list[int]) -> None:
    """Carry as much as fits along a way: onto its routes forward, off its routes back."""
    forward = list(zip(path[::2], path[1::2], strict=True))
    back = list(zip(path[2::2], path[1:-1:2], strict=True))
    amount = min(left[path[0]], wanted[path[-1]], *(flows[route] for route in back))
    for route in forward:
        flows[route] += amount
    for route in back:
        flows[route] -= amount
    left[path[0]] -= amount
    wanted[path[-1]] -= amount
