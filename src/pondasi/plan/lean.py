"""The strategic programme with few starts and few cuts, solved again and again under decisions on what has begun (plan.24c).

Of all starts only those that paid somewhere are given to the solver, of all cuts those that said most somewhere, of most limits those that a solution
broke somewhere; others join when their price or their word asks for it. So the bound holds over all starts and all cuts, while a solve takes a tenth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from pondasi.solver import InfeasibleError, Programme, SolverError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.cases import Under
    from pondasi.plan.master import Master
    from pondasi.plan.problem import Vector, Whole
    from pondasi.solver import Solved

JOINING = 600
"""Starts that join at a time, the best priced first."""
PAID = 1e-7
"""A price above minus this is none: rounding of the solver."""
PIVOTS = 2000
"""Steps of the solver in which decisions are tried out."""
TURNS = 8
"""How often starts and cuts may join in one solve."""
DEARER = 10.0
"""Factor by which the penalty rises where a plan in fractions pays it."""


class Relaxed(NamedTuple):
    """What no plan under some decisions beats, the solution in fractions that says so, in the variables of the master, and what it misses."""

    bound: float
    u: Vector
    missing: float


class Lean:
    """The programme of a `Master` with some starts and some cuts.

    Parameters
    ----------
    active
        Starts to begin with, shape (starts,).
    needed
        Rows to begin with, shape (rows of the master,).
    penalty
        Cost of what is required and not begun [million USD]: high, so that what no start gives is soon seen, and finite, so that nothing is
        impossible for want of a start that has not joined.
    """

    def __init__(self, master: Master, active: NDArray[np.bool_], needed: NDArray[np.bool_], penalty: float) -> None:
        self.master, self.active, self.penalty = master, active.copy(), penalty
        self.strategic = master.matrix.shape[0] - master.cuts
        self.by_column = sparse.csc_array(master.matrix[: self.strategic])
        self.leaf_rows = master.leaf_rows
        self._build(needed)

    def _build(self, needed: NDArray[np.bool_]) -> None:
        master = self.master
        self.rows, columns = master.select(self.active, needed)
        self.columns = columns
        self.programme = Programme(
            master.cost[columns],
            master.lower[columns],
            master.upper[columns],
            sparse.csr_array(master.matrix[self.rows][:, columns]),
            master.ends[0][self.rows],
            master.ends[1][self.rows],
            threads=master.threads,
        )
        # What is required and not begun, one column for all.
        entries = sparse.csc_array(self._ask(self.rows)[:, None])
        self.programme.add_columns(np.array([self.penalty]), np.zeros(1), np.full(1, np.inf), entries)
        self.columns = np.append(columns, -1)

    def _ask(self, rows: Whole) -> Vector:
        """Return what one unit missing does to rows."""
        return np.isin(rows, self.leaf_rows).astype(float)

    def solve(self, under: Under, cutoff: float, tolerance: float) -> Relaxed | None:
        """Return the best in fractions under decisions, or None where none keeps them or none costs less than a cutoff.

        Parameters
        ----------
        tolerance
            What prices, and what missed cuts, may add up to before they are acted on [million USD]; the bound takes prices into account.
        """
        before = self.active.copy()
        found = self._solve(under, cutoff, tolerance)
        if found is None and not (self.active == before).all():
            # Nothing keeps the decisions, whatever starts: those that joined for that leave again.
            self._give_back(before)
        return found

    def try_out(self, under: Under) -> float:
        """Return about what decisions cost, with the starts and cuts at hand and a few pivots: no bound."""
        self._decide(under)
        try:
            return self.programme.solve(steps=PIVOTS).objective
        except InfeasibleError:
            return np.inf
        except SolverError:
            self.programme.forget()
            return -np.inf

    def _solve(self, under: Under, cutoff: float, tolerance: float) -> Relaxed | None:
        master, turn = self.master, 1
        while True:
            solved = self._run(under)
            solved = self._run_with_all(under) if solved is None else solved
            if solved is None:
                return None
            missing = float(solved.x[self.columns < 0].sum())
            known = self.columns >= 0
            u = np.zeros(len(master.kept))
            u[self.columns[known]] = solved.x[known]
            duals = np.zeros(master.matrix.shape[0])
            duals[self.rows] = solved.duals
            idle = np.minimum(master.price(duals), 0.0)
            idle[self.active | under.blocked | ~master.possible] = 0
            bound = solved.objective + master.best_of_steps(idle)
            if bound >= cutoff:
                return None
            worst = np.argsort(idle, kind="stable")[:JOINING]
            starts = worst[idle[worst] < -PAID] if solved.objective - bound > tolerance else worst[:0]
            broken = master.find_broken(u, self.rows)
            broken = broken[broken < self.strategic]
            if len(broken):
                # What breaks a limit is not yet a solution, so it says nothing of cuts.
                self._add_rows(broken)
                continue
            missed = self._missed(u, tolerance)
            if turn == TURNS or not (len(starts) or len(missed)):
                return Relaxed(bound, u, missing)
            self._add_rows(missed)
            self._join(starts)
            turn += 1

    def _run_with_all(self, under: Under) -> Solved | None:
        """Solve once more with every start that may be taken: the decisions cannot be kept without."""
        self._join(np.flatnonzero(self.master.possible & ~self.active & ~under.blocked))
        return self._run(under)

    def _give_back(self, before: NDArray[np.bool_]) -> None:
        """Build the programme again with the starts of before, and the rows it has."""
        needed = np.zeros(self.master.matrix.shape[0], dtype=bool)
        needed[: self.strategic] = True
        needed[self.rows] = True
        self.active = before
        self._build(needed)

    def raise_penalty(self) -> None:
        """Make it dearer not to give what rows ask for, where that was the way out."""
        self.penalty *= DEARER
        cost = np.where(self.columns < 0, self.penalty, self.master.cost[np.maximum(self.columns, 0)])
        self.programme.set_cost(cost)

    def _decide(self, under: Under) -> None:
        """Give the decisions to the solver."""
        master = self.master
        lower, upper = np.zeros(len(self.columns)), np.full(len(self.columns), np.inf)
        known = self.columns >= 0
        lower[known], upper[known] = master.lower[self.columns[known]], master.upper[self.columns[known]]
        z = known & (self.columns < master.starts)
        upper[z] = np.where(under.blocked[self.columns[z]], lower[z], upper[z])
        floor = master.ends[0].copy()
        floor[self.leaf_rows[under.required.ravel()]] = 1
        self.programme.set_bounds(lower, upper)
        self.programme.set_rows(floor[self.rows], master.ends[1][self.rows])

    def _run(self, under: Under) -> Solved | None:
        self._decide(under)
        try:
            return self.programme.solve()
        except InfeasibleError:
            return None
        except SolverError:
            # The solver lost its way from the last basis.
            self.programme.forget()
        try:
            return self.programme.solve()
        except InfeasibleError:
            return None

    def _missed(self, u: Vector, tolerance: float) -> Whole:
        """Return of each node the cut that says most above what the solution allows it, as rows of the master."""
        master = self.master
        said, node = master.read_cuts(u)
        at = master.first_bounded + node
        rows = self.strategic + np.arange(len(said))
        # What counts against a quota has no price; there it is taken as it is.
        missed = (said - u[at]) * np.where(master.cost[at] > 0, master.cost[at], 1.0)
        missed = np.where(np.isin(rows, self.rows), 0.0, np.maximum(missed, 0.0))
        order = np.lexsort((-missed, node))
        first = order[np.searchsorted(node[order], np.unique(node))]
        return np.asarray(rows[first[missed[first] > 0]]) if missed[first].sum() > tolerance else rows[:0]

    def _add_rows(self, rows: Whole) -> None:
        if not len(rows):
            return
        master = self.master
        known = np.flatnonzero(self.columns >= 0)
        part = sparse.coo_array(master.matrix[rows][:, self.columns[known]])
        missing = int(np.flatnonzero(self.columns < 0)[0])
        asked = self._ask(rows)
        entries = (
            np.concatenate([part.data, asked]),
            (
                np.concatenate([part.coords[0], np.arange(len(rows))]),
                np.concatenate([known[part.coords[1]], np.full(len(rows), missing)]),
            ),
        )
        matrix = sparse.csr_array(sparse.coo_array(entries, shape=(len(rows), len(self.columns))))
        self.programme.add_rows(matrix, master.ends[0][rows], master.ends[1][rows])
        self.rows = np.concatenate([self.rows, rows])

    def _join(self, starts: Whole) -> None:
        """Let starts join, with the rows that bind them."""
        if not len(starts):
            return
        master = self.master
        self.active[starts] = True
        new = np.concatenate([starts, starts + master.starts])
        entries = sparse.csc_array(master.matrix[self.rows][:, new])
        self.programme.add_columns(master.cost[new], master.lower[new], master.upper[new], entries)
        self.columns = np.concatenate([self.columns, new])
        touched = np.setdiff1d(self.by_column[:, new].indices, self.rows)
        self._add_rows(touched[(master.wanted_rows(self.active) & master.joined)[touched]])
