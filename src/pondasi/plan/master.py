"""The strategic programme as the engine solves it: only starts that may pay, all else substituted.

``begun``, ``ready``, ``building``, ``running`` and ``spent`` are sums over starts, so they are put in place (``x = image @ u``). Of the many
starts that may be (option and node), a plan uses few. So the solver is given an active part of them; the others are
priced from the shadow prices of the rows (plan.24)::

    price_k = min over size in [size_min, size_max] of  reduced_z_k + reduced_size_k size

and join while a price is below zero (column generation: Dantzig and Wolfe 1960, doi:10.1287/opre.8.1.101). What no plan over any
starts can beat is then the objective plus the least sum of prices below zero that one start per step and path allows (plan.25).

In the same way rows join: of most limits, orders of steps and cuts those that a solution breaks, until it breaks none; those that have not mattered for
some proposals leave again (plan.24d). With fewer rows a bound is a bound, and a proposal keeps all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.plan.cuts import cut_columns
from pondasi.plan.objective import cost_decisions
from pondasi.plan.tighten import tighten_bounds
from pondasi.plan.whole import WholeSearch, find_above
from pondasi.solver import InfeasibleError, Programme, SolverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.plan.cuts import Cut
    from pondasi.plan.problem import Matrix, PlanProblem, Vector, Whole
    from pondasi.plan.rows import Family
    from pondasi.plan.strategy import Strategy
    from pondasi.solver import Solved

SUMS = ("begun", "ready", "building", "running", "spent")
"""Blocks that are sums over starts."""
SMALL = 1500
"""Up to so many starts all are active from the beginning."""
MOST = 600
"""Starts that join at a time, the best priced first."""
TURNS = 3
"""How often starts may join before the operations are asked again."""
AT_NEED = ("people", "knowledge", "before", "together", "budget", "resource")
"""Families of rows that join once a solution breaks them: a plan uses little of most limits, and most rows never bind."""
BROKEN = 1e-7
"""By how much a solution may break a row that has not joined: the solver's own tolerance, for rows are scaled."""
ROUNDING = 1e-10
"""The same, relative to what stands in the row."""
PATIENT = 3
"""Proposals for which a row may not have mattered before it leaves the programme again."""
TELLING = 2
"""Cuts of a node that a search takes from each point remembered."""
PRICED = 1e-7
"""A price above minus this share of the objective is none: rounding of the solver."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """What the strategic programme proposes.

    Parameters
    ----------
    x
        All variables in the order of `Layout`.
    objective
        Cost with what the cuts say of the operations.
    bound
        No plan, over all starts, costs less.
    finished
        False if the time ran out.
    """

    x: Vector = field(repr=False)
    objective: float
    bound: float
    finished: bool = True


class Master:
    """The strategic programme with its cuts, to be solved again and again."""

    def __init__(
        self, problem: PlanProblem, strategy: Strategy, fixed: tuple[Vector, Vector] | None, threads: int = 1
    ) -> None:
        self.problem, self.strategy, self.layout = problem, strategy, strategy.layout
        self.threads = threads
        self.starts = self.layout.shapes["z"][0]
        lower, upper = self.layout.bounds() if fixed is None else fixed
        inside = np.ones(self.layout.columns, dtype=bool)
        for block in SUMS:
            inside[self.layout.at(block, *np.indices(self.layout.shapes[block]))] = False
        self.kept = np.flatnonzero(inside)
        self.image = self._substitute()
        self.cost = self.image.T @ cost_decisions(problem, self.layout)
        self.lower, self.upper = lower[self.kept], upper[self.kept]
        families = [family for family in strategy.families if family.name not in SUMS]
        self.names = np.concatenate([np.full(len(family.upper), i) for i, family in enumerate(families)])
        self.size_rows = self.names == [family.name for family in families].index("size")
        parts = [sparse.csr_array(family.matrix @ self.image) for family in families]
        lows, highs = [family.lower for family in families], [family.upper for family in families]
        # (plan.1) the bound on begun, as rows where a path ends.
        steps, leaves = len(problem.labels.steps), problem.tree.leaves
        at = self.layout.at("begun", np.repeat(np.arange(steps), len(leaves)), np.tile(leaves, steps))
        self.leaf_rows = sum(part.shape[0] for part in parts) + np.arange(len(at))
        parts.append(self.image[at])
        lows.append(lower[at])
        highs.append(upper[at])
        self.needed = self._needed_rows(families)
        self.matrix = sparse.csr_array(sparse.vstack(parts, format="csr"))
        self.ends = np.concatenate(lows), np.concatenate(highs)
        self.cuts = 0
        self.joined = np.ones(self.matrix.shape[0], dtype=bool)
        waiting = [i for i, family in enumerate(families) if family.name in AT_NEED]
        self.joined[: len(self.names)] = ~np.isin(self.names, waiting)
        self.may_leave = ~self.joined
        self.idle = np.zeros(0, dtype=np.intp)
        self._rule_out()
        self.held = self.lower[: self.starts] > 0
        self.active = (self._first_starts() & self.possible) | self.held
        self.points: list[Vector] = []
        self.binding = np.zeros(0, dtype=np.intp)
        self.programme: Programme | None = None
        self.columns = self.rows = np.zeros(0, dtype=np.intp)

    def _rule_out(self) -> None:
        """Find the starts that no whole plan can make (plan.24a), and the sizes that the others cannot pass; scale the rows."""
        size = np.asarray(abs(self.matrix).max(axis=1).todense()).ravel()
        scale = np.divide(1.0, size, out=np.ones_like(size), where=size > 0)
        self.matrix = sparse.csr_array(sparse.diags_array(scale) @ self.matrix)
        self.ends = self.ends[0] * scale, self.ends[1] * scale
        whole = np.arange(len(self.lower)) < self.starts
        _, upper = tighten_bounds(self.matrix, self.ends, (self.lower, self.upper), whole)
        self.possible = upper[: self.starts] > 0

    def add_cuts(self, cuts: Sequence[Cut], ready: Matrix | None = None) -> None:
        """Put cuts below the rows: ``cost_n - slopes @ inputs - slope x threshold - ready @ ready_n >= intercept`` (plan.23, plan.23a).

        Parameters
        ----------
        ready
            What each step that stands adds to each cut, shape (cuts, J); nothing by default.
        """
        if not cuts:
            return
        wide = self._write_cuts(cuts)
        if ready is not None:
            row, step = np.nonzero(ready)
            at = self.layout.at("ready", step, np.array([cut.node for cut in cuts])[row])
            wide = wide - sparse.csr_array(sparse.coo_array((ready[row, step], (row, at)), shape=wide.shape))
        matrix = sparse.csr_array(wide @ self.image)
        lower, upper = np.array([cut.intercept for cut in cuts]), np.full(len(cuts), np.inf)
        first = self.matrix.shape[0]
        self.matrix = sparse.csr_array(sparse.vstack([self.matrix, matrix], format="csr"))
        self.ends = np.concatenate([self.ends[0], lower]), np.concatenate([self.ends[1], upper])
        self.cuts += len(cuts)
        self.joined = np.append(self.joined, np.ones(len(cuts), dtype=bool))
        self.may_leave = np.append(self.may_leave, np.ones(len(cuts), dtype=bool))
        if self.programme is not None:
            self._take_in(np.arange(first, first + len(cuts)))

    def relax(self) -> Proposal:
        """Solve with starts in any fraction; starts that may pay join, for a few turns at a time.

        The bound holds whatever is left out: of the starts of one step at most one stands on a path.
        """
        for turn in range(TURNS):
            solved = self._solve_active()
            duals = np.zeros(self.matrix.shape[0])
            duals[self.rows] = solved.duals
            price = self.price(duals)
            idle = np.where(self.active | ~self.possible, 0.0, np.minimum(price, 0.0))
            bound = solved.objective + self.best_of_steps(idle)
            last = turn == TURNS - 1 or solved.objective - bound <= PRICED * (1 + abs(solved.objective))
            if last:
                proposal = Proposal(self._full(solved.x), solved.objective, bound)
                self.binding = self.rows[np.abs(solved.duals) > 0]
                self._let_go()
            worst = np.argsort(idle, kind="stable")[:MOST]
            joining = worst[idle[worst] < -PRICED]
            self._join(joining)
            if last:
                break
        return proposal

    def best_of_steps(self, price: Vector) -> float:
        """Return the least sum of prices of starts of which each step has one at most on every path (plan.25).

        From the leaves to the root: a node's best is its own start, or the best of its children together.
        """
        option, node = self.layout.starts
        tree, steps = self.problem.tree, len(self.problem.labels.steps)
        own = np.zeros((steps, len(tree)))
        np.minimum.at(own, (self.problem.options.step[option], node), price)
        below = np.zeros_like(own)
        for n in range(len(tree) - 1, 0, -1):
            below[:, tree.parent[n]] += np.minimum(own[:, n], below[:, n])
        return float(np.minimum(own[:, 0], below[:, 0]).sum())

    def price(self, duals: Vector) -> Vector:
        """Return the price of every start (plan.24)."""
        reduced = self.cost - self.matrix.T @ self._unsized(duals)
        option, _ = self.layout.starts
        options = self.problem.options
        z, size = reduced[: self.starts], reduced[self.starts : 2 * self.starts]
        return np.asarray(z + np.minimum(size * options.size_min[option], size * options.size_max[option]))

    def search(self, among: NDArray[np.bool_], gap: float, seconds: float | None, known: Vector | None) -> Proposal:
        """Solve with whole starts, over some of them, with the cuts that say most at the points remembered.

        Every bound with fewer cuts is a bound; a cut that was missed at the proposal is among those of the next search,
        for the proposal is remembered.

        Parameters
        ----------
        among
            Starts that may be taken, shape (starts,).
        gap
            Difference at which the search may end.
        known
            A plan to begin with.
        """
        self.active = (among & self.possible) | self.held
        needed = self.telling_rows()
        # The solver's presolve wants all limits: to meet a broken one afterwards would be to search again.
        needed[: self.matrix.shape[0] - self.cuts] = True
        rows, columns = self.select(self.active, needed)
        option, node = (part[columns[columns < self.starts]] for part in self.layout.starts)
        searched = WholeSearch(
            find_above(option, node, self.problem.tree.parent),
            self.cost[columns],
            (self.lower[columns], self.upper[columns]),
            sparse.csr_array(self.matrix[rows][:, columns]),
            (self.ends[0][rows], self.ends[1][rows]),
            threads=self.threads,
        )
        if known is not None:
            searched.suggest(self.with_costs(known)[self.kept][columns])
        solved = searched.solve(gap, seconds)
        self.programme, self.columns = None, columns
        x = self._full(solved.x)
        self.remember(x)
        return Proposal(x, solved.objective, solved.bound, solved.finished)

    def remember(self, x: Vector) -> None:
        """Keep a point: the cuts that say most there are part of every search from now on."""
        self.points.append(x[self.kept])

    def refine(self, x: Vector) -> Vector:
        """Return a plan with its starts whole to the last digit, and sizes and money solved again around them."""
        z = np.round(x[: self.starts])
        before, bounds = self.active, (self.lower, self.upper)
        self.active = z > 0
        self.lower, self.upper = self.lower.copy(), self.upper.copy()
        self.lower[: self.starts] = self.upper[: self.starts] = z
        self.programme = None
        try:
            settled = self._full(self._solve_rows().x)
        except InfeasibleError:  # a limit binds to the last digit: the solver's own point keeps it within its tolerance
            return x
        finally:
            self.active, (self.lower, self.upper) = before, bounds
            self.programme = None
        self.remember(settled)
        return settled

    def known_costs(self, x: Vector) -> Vector:
        """Return what the cuts say at least of the operational cost of each node at given decisions, shape (N,).

        With a quota what counts against it in each node follows, shape (2 N,).
        """
        said, node = self.read_cuts(x[self.kept])
        least = np.full(self._bounded, -np.inf)
        np.maximum.at(least, node, said)
        return least

    @property
    def _bounded(self) -> int:
        """How many variables cuts bound: the costs of the nodes, and what counts against a quota, one after the other."""
        return len(self.problem.tree) + self.layout.shapes["quota"][0]

    @property
    def first_bounded(self) -> int:
        """Where the variables that cuts bound begin among all that are no sums."""
        return int(np.searchsorted(self.kept, self.layout.first["cost"]))

    def read_cuts(self, u: Vector) -> tuple[Vector, Whole]:
        """Return what each cut says of what it bounds at a point, and which that is, shapes (cuts,)."""
        nodes = self._bounded
        first = self.first_bounded
        u = u.copy()
        u[first : first + nodes] = 0
        rows = self.matrix[self.matrix.shape[0] - self.cuts :]
        node = np.asarray(rows[:, first : first + nodes].argmax(axis=1)).ravel()
        return self.ends[0][self.matrix.shape[0] - self.cuts :] - rows @ u, node

    def telling_rows(self) -> NDArray[np.bool_]:
        """Tell which rows a search needs: those that have joined; cuts that bind the last solution in fractions, or say most of a node at a point remembered."""
        needed = self.joined.copy()
        if self.starts <= SMALL or not self.points:
            needed[self.matrix.shape[0] - self.cuts :] = True
            return needed
        told = np.zeros(self.cuts, dtype=bool)
        for u in self.points:
            said, node = self.read_cuts(u)
            order = np.lexsort((-said, node))
            rank = np.arange(self.cuts) - np.searchsorted(node[order], node[order])
            told[order[rank < TELLING]] = True
            most = said[order][np.searchsorted(node[order], node)]
            told |= said >= most - PRICED * (1 + np.abs(most))
        needed[self.matrix.shape[0] - self.cuts :] = told
        needed[self.binding] = True
        return needed

    def with_costs(self, x: Vector) -> Vector:
        """Return a plan with the operational costs that the cuts allow it, so that the solver accepts it."""
        full = x.copy()
        least = self.known_costs(x)
        full[self.layout.first["cost"] + np.arange(len(least))] = least + PRICED * (1 + np.abs(least))
        return full

    def find_broken(self, u: Vector, rows: Whole) -> Whole:
        """Return the rows that a solution breaks, beside those that it was asked to keep."""
        held = self.matrix @ u
        room = BROKEN + ROUNDING * np.abs(held)
        broken = (held < self.ends[0] - room) | (held > self.ends[1] + room)
        broken[rows] = False
        return np.flatnonzero(broken)

    def _take_in(self, rows: Whole) -> None:
        """Add rows to the programme."""
        self.joined[rows] = True
        matrix = sparse.csr_array(self.matrix[rows][:, self.columns])
        self._programme().add_rows(matrix, self.ends[0][rows], self.ends[1][rows])
        self.rows = np.concatenate([self.rows, rows])
        self.idle = np.append(self.idle, np.zeros(len(rows), dtype=np.intp))

    def _let_go(self) -> None:
        """Take out the rows that have not mattered for some proposals; they come back when a solution breaks them."""
        basic = self._programme().basic() - len(self.columns)
        slack = np.zeros(len(self.rows), dtype=bool)
        slack[basic[basic >= 0]] = True
        self.idle = np.where(slack & self.may_leave[self.rows], self.idle + 1, 0)
        leaving = np.flatnonzero(self.idle >= PATIENT)
        self._programme().drop_rows(leaving)
        self.joined[self.rows[leaving]] = False
        self.rows, self.idle = np.delete(self.rows, leaving), np.delete(self.idle, leaving)

    def _solve_rows(self) -> Solved:
        """Solve; rows that the solution breaks join until there are none."""
        while True:
            solved = self._programme().solve()
            broken = self.find_broken(self._wide(solved.x), self.rows)
            if not len(broken):
                return solved
            self._take_in(broken)

    def _solve_active(self) -> Solved:
        try:
            return self._solve_rows()
        except InfeasibleError:
            if (self.active | ~self.possible).all():
                raise
            self.active |= self.possible
        except SolverError:
            # The solver lost its way from the basis of the last solve, or nothing bounds the cost without the rows that wait: once more from the
            # beginning, with all of them.
            self.joined[:] = True
        self.programme = None
        return self._solve_rows()

    def _programme(self) -> Programme:
        if self.programme is None:
            self.rows, self.columns = self.select(self.active)
            self.idle = np.zeros(len(self.rows), dtype=np.intp)
            self.programme = Programme(
                self.cost[self.columns],
                self.lower[self.columns],
                self.upper[self.columns],
                sparse.csr_array(self.matrix[self.rows][:, self.columns]),
                self.ends[0][self.rows],
                self.ends[1][self.rows],
                threads=self.threads,
            )
        return self.programme

    def select(self, active: NDArray[np.bool_], needed: NDArray[np.bool_] | None = None) -> tuple[Whole, Whole]:
        """Return rows and columns of the programme with some starts: the rows that may bind, of those that have joined or are needed."""
        part = np.ones(len(self.kept), dtype=bool)
        part[: 2 * self.starts] = np.tile(active, 2)
        needed = self.joined if needed is None else needed
        return np.flatnonzero(self.wanted_rows(active) & needed), np.flatnonzero(part)

    def _join(self, starts: Whole) -> None:
        """Let starts join the programme, with the rows that bind them; what was found stays the point to go on from."""
        if not len(starts):
            return
        self.active[starts] = True
        if self.programme is None:
            return
        new = np.concatenate([starts, starts + self.starts])
        entries = sparse.csc_array(self.matrix[self.rows][:, new])
        self.programme.add_columns(self.cost[new], self.lower[new], self.upper[new], entries)
        self.columns = np.concatenate([self.columns, new])
        wanted = self.wanted_rows(self.active) & self.joined
        wanted[self.rows] = False
        self._take_in(np.flatnonzero(wanted))

    def wanted_rows(self, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which rows may bind with some starts: those with entries, and an order of steps only where a start makes its left side grow."""
        part = np.zeros(len(self.kept))
        part[2 * self.starts :] = 1
        part[: 2 * self.starts] = np.tile(active, 2)
        filled = abs(self.matrix) @ part > 0
        wanted = np.ones(self.matrix.shape[0], dtype=bool)
        option, node = self.layout.starts
        steps, nodes = len(self.problem.labels.steps), len(self.problem.tree)
        step = self.problem.options.step[option]
        begins = np.zeros((steps, nodes), dtype=bool)
        begins[step[active], node[active]] = True
        start, felt, age = self.layout.pairs
        due = active[start] & (age == self.problem.options.lead[option[start]])
        gives = np.zeros((steps, nodes), dtype=bool)
        gives[step[start[due]], felt[due]] = True
        for rows, j, n, kind in self.needed:
            wanted[rows] = (begins if kind == "before" else gives)[j, n]
        impossible = ~filled & ((self.ends[0] > 0) | (self.ends[1] < 0))
        return np.asarray((filled & wanted) | impossible)

    def _needed_rows(self, families: Sequence[Family]) -> list[tuple[slice, Whole, Whole, str]]:
        """Return where the orders of steps stand, their steps and nodes, and their family."""
        found: list[tuple[slice, Whole, Whole, str]] = []
        first = 0
        for family in families:
            count = len(family.upper)
            if family.name in {"before", "together"} and count:
                labels = np.array(family.labels)
                found.append((slice(first, first + count), labels[:, 0], labels[:, 2], family.name))
            first += count
        return found

    def _unsized(self, duals: Vector) -> Vector:
        """Return duals without those of the bounds of sizes, which a price looks at itself."""
        known = np.zeros(len(duals), dtype=bool)
        known[: len(self.size_rows)] = self.size_rows
        return np.where(known, 0.0, duals)

    def _first_starts(self) -> NDArray[np.bool_]:
        """Return the starts to begin with: all of few; else of each step its likeliest option, at every other year."""
        if self.starts <= SMALL:
            return np.ones(self.starts, dtype=bool)
        option, node = self.layout.starts
        options, tree = self.problem.options, self.problem.tree
        chance = options.success.mean(axis=1) / options.cost_factor.mean(axis=1)
        best = {
            int(j): int(np.flatnonzero(options.step == j)[np.argmax(chance[options.step == j])])
            for j in np.unique(options.step)
        }
        likely = np.isin(option, list(best.values()))
        return np.asarray(likely & ((tree.year[node] - tree.year[0]) % 2 == 0))

    def _wide(self, u: Vector) -> Vector:
        wide = np.zeros(len(self.kept))
        wide[self.columns] = u
        return wide

    def _full(self, u: Vector) -> Vector:
        return np.asarray(self.image @ self._wide(u))

    def _substitute(self) -> sparse.csr_array:
        """Return the matrix that gives all variables from those that are no sums."""
        layout, options, nodes = self.layout, self.problem.options, len(self.problem.tree)
        position = np.full(layout.columns, -1)
        position[self.kept] = np.arange(len(self.kept))
        option, _ = layout.starts
        start, felt, age = layout.pairs
        step = options.step[option[start]]
        due = age >= options.lead[option[start]]
        parts = [(self.kept, np.arange(len(self.kept)), np.ones(len(self.kept)))]
        for block, row, column, value in (
            ("begun", step * nodes + felt, "z", np.ones(len(start))),
            ("ready", step * nodes + felt, "z", due.astype(float)),
            ("building", option[start] * nodes + felt, "size", (~due).astype(float)),
            ("running", option[start] * nodes + felt, "size", options.run[option[start], age]),
            ("spent", option[start] * nodes + felt, "size", options.cash[option[start], age]),
        ):
            parts.append((layout.first[block] + row, position[layout.at(column, start)], value))
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        image = sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=(layout.columns, len(self.kept))))
        image.eliminate_zeros()
        return image

    def _write_cuts(self, cuts: Sequence[Cut]) -> sparse.csr_array:
        options, position = len(self.problem.options), cut_columns(self.problem)
        rows, columns, values = [], [], []
        for number, cut in enumerate(cuts):
            used = np.flatnonzero(cut.slopes)
            running, access = used[used < options], used[used >= options] - options
            at = [
                self.layout.at(cut.block, np.array([cut.node])),
                self.layout.at("running", running, np.full(len(running), cut.node)),
                self.layout.at("access", access, np.full(len(access), cut.node)),
            ]
            value = [np.ones(1), -cut.slopes[running], -cut.slopes[access + options]]
            if cut.threshold_slope:
                at.append(self.layout.at("threshold", np.array([position[cut.node]])))
                value.append(np.array([-cut.threshold_slope]))
            columns.append(np.concatenate(at))
            values.append(np.concatenate(value))
            rows.append(np.full(len(columns[-1]), number))
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_array(sparse.coo_array(entries, shape=(len(cuts), self.layout.columns)))
