"""A plan's limits as elastic ones: how little must be loosened so that what is asked for can be done.

The strategic rows (plan.1) to (plan.19), with a slack on every limit that a person set (plan.90), and a 0-1 variable for
every limit by name (plan.91), over the steps that help (`pondasi.plan.narrow`).

Operations never make a plan impossible: what is needed may stay unmet. So the programme is strategic only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from pondasi.plan.loosen import PER_CENT, Change, measure_limit
from pondasi.plan.narrow import keep_what_helps, merge_futures
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, Programme

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from pondasi.plan.loosen import Kind
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.strategy import Strategy

LOOSE = 1e-6
"""A slack below this is the solver's rounding [million USD, people, units]."""
PROBING = 1 << 15
"""The solver's rule of presolve that tries each 0-1 variable both ways: on these programmes it takes far longer than the search."""
NODES = 50
"""Nodes of a search after which the best found is taken: a count, so that the same is found on any machine."""
EXACT = 100_000
"""The same where the programme is small."""
CLOSE = 0.02
"""By how much a repair may be dearer than the cheapest of as many limits, relative: amounts are rounded by about as much."""
SMALL = 300
"""Up to so many starts a repair is sought future by future, above that with all futures alike (`merge_futures`)."""
SHARP = 1e-9
"""How whole a 0-1 variable must be: it is multiplied by the largest use of a limit."""


@dataclass(frozen=True, eq=False)
class Slack:
    """A variable that loosens a limit in a year: what it is, its largest use, and the rows where it counts."""

    kind: Kind
    item: int
    year: int
    most: float
    limit: float
    rows: NDArray[np.intp] = field(repr=False)
    sign: float = -1.0


class Elastic:
    """The elastic programme of a problem, to be solved for one repair after the other.

    Parameters
    ----------
    weights
        What a per cent of a limit costs, by kind.
    """

    def __init__(self, problem: PlanProblem, weights: Mapping[str, float]) -> None:
        self.strategy: Strategy = build_strategy(keep_what_helps(problem), free_dates=True)
        self.merged = self.strategy.layout.shapes["z"][0] > SMALL
        if self.merged:
            problem = merge_futures(problem)
            self.strategy = build_strategy(keep_what_helps(problem), free_dates=True)
        self.problem = problem
        self.layout = self.strategy.layout
        self.slacks = [*self._money(), *self._means(), *self._asked()]
        self.names: list[tuple[str, int]] = list(dict.fromkeys((slack.kind, slack.item) for slack in self.slacks))
        self.weights = weights
        self.first_slack = self.layout.columns
        self.first_name = self.first_slack + len(self.slacks)
        self.columns = self.first_name + len(self.names)

    def feasible(self, *, held: Collection[tuple[str, int]] = ()) -> bool:
        """Tell whether what is asked for can be done where the limits in ``held`` stand and all others are free."""
        try:
            self._programme(held).solve()
        except InfeasibleError:
            return False
        return True

    def solve(
        self, known: Collection[frozenset[tuple[str, int]]], *, least: int = 0
    ) -> tuple[frozenset[tuple[str, int]], list[Change]] | None:
        """Return the repair of fewest limits, and of these the cheapest, that contains none of those known (plan.92).

        Parameters
        ----------
        known
            Sets of limits that have been found.
        least
            Limits that a repair is known to take at least.

        Returns
        -------
        The limits by name and the changes, or None if there is no other.
        """
        programme = self._programme(())
        for names in known:
            row = np.zeros(self.columns)
            row[[self.first_name + self.names.index(name) for name in names]] = 1
            programme.add_rows(sparse.csr_array(row[None, :]), np.array([-np.inf]), np.array([len(names) - 1.0]))
        counted = np.zeros(self.columns)
        counted[self.first_name :] = 1
        programme.set_cost(counted)
        programme.add_rows(sparse.csr_array(counted[None, :]), np.array([float(least)]), np.array([np.inf]))
        try:
            fewest = programme.solve(gap=0.5)
        except InfeasibleError:
            return None
        number = float(np.ceil(fewest.objective - 0.5))
        programme.add_rows(sparse.csr_array(counted[None, :]), np.array([-np.inf]), np.array([number]))
        programme.set_cost(self._cost())
        programme.suggest(fewest.x)
        programme.set_option("mip_rel_gap", CLOSE)
        x = programme.solve().x
        changes = self._changes(x)
        return frozenset(change.name for change in changes), changes

    def _cost(self) -> Vector:
        """Return what slacks cost: per cent of the limit times its weight."""
        cost = np.zeros(self.columns)
        cost[self.first_slack : self.first_name] = [
            PER_CENT * self.weights.get(slack.kind, 1.0) / slack.limit for slack in self.slacks
        ]
        return cost

    def _changes(self, x: Vector) -> list[Change]:
        found = zip(self.slacks, x[self.first_slack : self.first_name], strict=True)
        used = [(slack, float(value)) for slack, value in found if value > LOOSE * slack.most]
        return [
            Change(
                slack.kind, slack.item, slack.year, value * (-slack.sign if slack.kind == "date" else 1), slack.limit
            )
            for slack, value in used
        ]

    def _programme(self, held: Collection[tuple[str, int]]) -> Programme:
        lower, upper = self.layout.bounds()
        upper[self.layout.at("loan", np.arange(len(self.problem.tree)))] = np.inf
        lower = np.concatenate([lower, np.zeros(self.columns - len(lower))])
        most = np.array([slack.most for slack in self.slacks])
        free = np.array([name not in held for name in self.names], dtype=float)
        upper = np.concatenate([upper, most, free])
        whole = np.zeros(self.columns, dtype=bool)
        whole[self.layout.at("z", np.arange(self.layout.shapes["z"][0]))] = True
        whole[self.first_name :] = True
        matrix, low, high = self.rows
        programme = Programme(np.zeros(self.columns), lower, upper, matrix, low, high, whole=whole)
        programme.set_option("mip_feasibility_tolerance", SHARP)
        programme.set_option("presolve_rule_off", PROBING)
        programme.set_option("mip_max_nodes", NODES if self.merged else EXACT)
        return programme

    @cached_property
    def rows(self) -> tuple[sparse.csr_array, Vector, Vector]:
        """All rows: those of the strategy with slacks, loans, dates in years, and each slack below its limit's 0-1 variable."""
        base = self.strategy.matrix
        low, high = (end.copy() for end in self.strategy.ends)
        entries: list[tuple[Any, Any, Any]] = []
        for k, slack in enumerate(self.slacks):
            if slack.kind in {"date", "commitment"}:
                continue
            at = slack.rows
            entries.append((at, np.full(len(at), self.first_slack + k), np.full(len(at), slack.sign)))
        rows = _Writer(entries, base.shape[0])
        self._more_rows(rows)
        matrix = sparse.coo_array(base)
        row, column, value = (np.concatenate(part) for part in zip(*rows.entries, strict=True))
        full = sparse.coo_array(
            (
                np.concatenate([matrix.data, value]),
                (np.concatenate([matrix.coords[0], row]), np.concatenate([matrix.coords[1], column])),
            ),
            shape=(rows.number, self.columns),
        )
        return (
            sparse.csr_array(full),
            np.concatenate([low, np.array(rows.low)]),
            np.concatenate([high, np.array(rows.high)]),
        )

    def _more_rows(self, rows: _Writer) -> None:
        """Write loans below their loosened bound, slacks below their 0-1 variables, and the rows of dates."""
        tree, layout = self.problem.tree, self.layout
        where = {name: self.first_name + k for k, name in enumerate(self.names)}
        for k, slack in enumerate(self.slacks):
            name = where[slack.kind, slack.item]
            rows.add([(self.first_slack + k, 1.0), (name, -slack.most)], high=0.0)
            if slack.kind == "loan":
                for n in np.flatnonzero(tree.year == slack.year):
                    loan = int(layout.at("loan", np.array([n]))[0])
                    rows.add([(loan, 1.0), (self.first_slack + k, -1.0)], high=float(self.problem.limits.loan[n]))
        self._write_dates(rows, where)

    def _write_dates(self, rows: _Writer, where: Mapping[tuple[str, int], int]) -> None:
        layout, tree = self.layout, self.problem.tree
        option, node = layout.starts
        step = self.problem.options.step[option]
        moved = {
            (slack.item, slack.sign): self.first_slack + k
            for k, slack in enumerate(self.slacks)
            if slack.kind == "date"
        }
        given_up = {
            slack.item: self.first_slack + k for k, slack in enumerate(self.slacks) if slack.kind == "commitment"
        }
        menu = self.problem.menu
        z = layout.at("z", np.arange(len(option)))
        # Rows of (plan.17) open with the date of their step, and count the years.
        first = self.strategy.rows_of("date").start
        for k, (j, early, n) in enumerate(self._family("date").labels):
            rows.put(first + k, where["date", j], -1.0)
            years = float(menu.earliest[j] - tree.year[n] if early else tree.year[n] - menu.latest[j])
            mine = z[(step == j) & (node == n)]
            rows.add([(moved[j, 1.0 if early else -1.0], 1.0), *((int(c), -years) for c in mine)], low=0.0)
        # Rows of (plan.15) open where the step comes later or is given up; then it has begun where a path ends.
        first = self.strategy.rows_of("commitment").start
        for k, (j, _) in enumerate(self._family("commitment").labels):
            rows.put(first + k, given_up[j], 1.0)
            if ("date", j) in where:
                rows.put(first + k, where["date", j], 1.0)
        for j in np.flatnonzero(self.problem.menu.must):
            for leaf in tree.leaves:
                begun = int(layout.at("begun", np.array([j]), np.array([leaf]))[0])
                rows.add([(begun, 1.0), (given_up[int(j)], 1.0)], low=1.0)

    def _family(self, name: str) -> Any:  # noqa: ANN401
        return next(family for family in self.strategy.families if family.name == name)

    def _money(self) -> list[Slack]:
        """Return the slacks of purses and loans."""
        problem, limits, o = self.problem, self.problem.limits, self._used()
        cash = problem.options.cash[o].sum(axis=1) * problem.options.cost_factor[o].max(axis=1, initial=0)
        total = problem.options.purse_share[o].T @ (cash * problem.options.size_max[o])
        if problem.options.room is not None and limits.borrower >= 0:
            total[limits.borrower] += problem.options.room[o].sum(axis=1) @ (cash * problem.options.size_max[o])
        found: list[Slack] = []
        for p in range(len(limits.budget)):
            if total[p] > 0:
                found += self._yearly("budget", p, "budget", float(total[p]))
        if limits.borrower >= 0 and total[limits.borrower] > 0:
            most = float(total[limits.borrower] + limits.loan.sum())
            found += self._yearly("loan", -1, None, most)
        return found

    def _means(self) -> list[Slack]:
        """Return the slacks of people and resources."""
        problem, o, found = self.problem, self._used(), []
        options, limits = problem.options, problem.limits
        wanted = (options.people + options.people_building)[o].T @ options.size_max[o]
        years = len(problem.tree.years)
        for k in np.flatnonzero(wanted > 0):
            most = float(wanted[k] / max(1 - limits.loss[k], LOOSE) ** years)
            found += self._yearly("people", int(k), "people_stock", most)
        use = np.maximum(options.use[o], 0).max(axis=2, initial=0).T @ options.size_max[o]
        for r in np.flatnonzero(use > 0):
            found += self._yearly("resource", int(r), "resource", float(use[r]))
        return found

    def _asked(self) -> list[Slack]:
        """Return the slacks of dates, commitments and targets."""
        problem, found = self.problem, []
        menu, targets = problem.menu, problem.targets
        none = np.zeros(0, dtype=np.intp)
        years = float(len(problem.tree.years))
        sides = {(j, early) for j, early, _ in self._family("date").labels}
        for j, early in sorted(sides):
            at = menu.earliest[j] if early else menu.latest[j]
            found.append(Slack("date", j, int(at), years, years, none, 1.0 if early else -1.0))
        found += [Slack("commitment", int(j), int(menu.latest[j]), 1.0, 1.0, none) for j in np.flatnonzero(menu.must)]
        first = self.strategy.rows_of("target").start
        labels = self._family("target").labels
        for i, year in enumerate(targets.year):
            rows = np.array([first + k for k, label in enumerate(labels) if label[0] == i], dtype=np.intp)
            limit = measure_limit(problem, "target", i, int(year), 1.0)
            found.append(Slack("target", i, int(year), max(float(targets.level[i]), 0.0), limit, rows, 1.0))
        return found

    def _used(self) -> NDArray[np.bool_]:
        """Tell which options may start here at all."""
        return np.asarray(self.layout.problem.options.open.any(axis=1))

    def _yearly(self, kind: Kind, item: int, family: str | None, most: float) -> list[Slack]:
        tree, found = self.problem.tree, []
        for year in tree.years:
            nodes = np.flatnonzero(tree.year == year)
            first = 0 if family is None else self.strategy.rows_of(family).start + item * len(tree)
            rows = np.zeros(0, dtype=np.intp) if family is None else first + nodes
            limit = measure_limit(self.problem, kind, item, int(year), most)
            found.append(Slack(kind, item, int(year), most, limit, rows))
        return found


class _Writer:
    """Collects entries for rows that stand already, and rows below them."""

    def __init__(self, entries: list[tuple[Any, Any, Any]], number: int) -> None:
        self.entries = entries
        self.number = number
        self.low: list[float] = []
        self.high: list[float] = []

    def put(self, row: int, column: int, value: float) -> None:
        self.entries.append((np.array([row]), np.array([column]), np.array([value])))

    def add(self, entries: list[tuple[int, float]], *, low: float = -np.inf, high: float = np.inf) -> None:
        for column, value in entries:
            self.put(self.number, column, value)
        self.low.append(low)
        self.high.append(high)
        self.number += 1
