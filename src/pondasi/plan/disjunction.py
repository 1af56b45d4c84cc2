"""What a year costs by which steps stand: bounds that fractions of starts cannot evade (plan.23a).

A cut says what capacity saves, whatever it needs; so a fifth of a plant's licence, with a plant of full size behind it,
saves nearly as much as the plant, and pays a fifth of what the plant needs. But a step stands or it does not. For
steps that a proposal leaves in doubt, every combination of standing and not is a term T with its weight ``lambda_T``, its
inputs ``w_T`` and its cost ``theta_T``::

    theta = min sum_T theta_T   with   theta_T >= a_k lambda_T + b_k w_T  for every cut k,
    sum_T lambda_T = 1,  sum_{T with j} lambda_T = ready_j,  sum_T w_T = inputs,
    w_T = 0 for a step that does not stand in T,  sum_{o of j} w_To / most_o <= lambda_T  else

(Balas 1998, doi:10.1016/S0166-218X(98)00136-X; Ceria and Soares 1999, doi:10.1007/s101070050106). Its dual is a cut in
inputs and in what is ready. Where ``ready`` is whole one term has all weight, and it says what the cuts say; between, it says more.
The points ``w_T / lambda_T`` are where the operations are asked next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from pondasi.plan.cuts import Cut
from pondasi.plan.operations import make_point
from pondasi.solver import Programme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.plan.layout import Layout
    from pondasi.plan.operations import Point
    from pondasi.plan.problem import Matrix, PlanProblem, Vector, Whole
    from pondasi.solver import Solved

DOUBT = 1e-3
"""From how far off 0 and 1 a step is in doubt."""
DOUBTED = 3
"""Steps in doubt of a node that are told apart, those that matter most: twice the terms with every one more."""
HEARD = 40
"""Cuts of a node that are looked at, the latest first."""
WEIGHED = 0.1
"""Weight from which a term's point is one where the operations are asked."""


@dataclass(frozen=True, eq=False)
class TermCut:
    """``cost of node >= cut at the inputs + ready @ what is ready``.

    Parameters
    ----------
    cut
        The part in running options, access and threshold.
    ready
        What a step that stands adds, shape (J,).
    """

    cut: Cut
    ready: Vector = field(repr=False)


class Doubt(NamedTuple):
    """A node as a proposal leaves it: what runs, what is ready (J,), and cuts as rows (intercepts, slopes, threshold slopes)."""

    point: Point
    ready: Vector
    intercepts: Vector
    slopes: Matrix
    threshold_slopes: Vector


class Verdict(NamedTuple):
    """What the terms say of a node: its cost at least, the cut that says so, and where to ask the operations."""

    cost: float
    cut: TermCut
    points: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class Frame:
    """What is the same for all proposals.

    Parameters
    ----------
    step
        Step of each option, shape (O,).
    most
        What an option can run at most in a node, shape (O, N) [modules].
    """

    step: Whole
    most: Matrix


def make_frame(problem: PlanProblem, layout: Layout) -> Frame:
    """Return steps and largest sizes: the size at most, at the highest share of the full effect by any age there may be."""
    most = np.zeros((len(problem.options), len(problem.tree)))
    option, _ = layout.starts
    start, felt, age = layout.pairs
    np.maximum.at(most, (option[start], felt), problem.options.run[option[start], age])
    return Frame(problem.options.step, most * problem.options.size_max[:, None])


def make_doubts(problem: PlanProblem, layout: Layout, x: Vector, cuts: Sequence[Sequence[Cut]]) -> list[Doubt]:
    """Return every node of a solution with its cuts."""
    inputs = np.vstack([layout.read(x, "running"), layout.read(x, "access")])
    ready, threshold = layout.read(x, "ready"), layout.read(x, "threshold")
    year = np.searchsorted(problem.tree.years, problem.tree.year)
    return [
        Doubt(
            make_point(n, inputs[:, n], threshold[year[n]]),
            np.clip(ready[:, n], 0, 1),
            np.array([cut.intercept for cut in heard]),
            np.array([cut.slopes for cut in heard]),
            np.array([cut.threshold_slope for cut in heard]),
        )
        for n, heard in enumerate(of_node[-HEARD:] for of_node in cuts)
    ]


def weigh_terms(frame: Frame, doubt: Doubt) -> Verdict | None:
    """Return what the terms say of a node, or None where no step that matters is in doubt."""
    options, inputs = len(frame.step), np.maximum(doubt.point.inputs, 0)
    most = np.concatenate([frame.most[:, doubt.point.node], np.ones(len(inputs) - options)])
    used = np.flatnonzero((np.abs(doubt.slopes).max(axis=0) > 0) & (most > 0))
    # Every access is a group of its own, as the options of a step are one.
    group = np.concatenate([frame.step, len(doubt.ready) + np.arange(len(inputs) - options)])[used]
    told = _most_in_doubt(doubt, group, used, most)
    if not len(told):
        return None
    terms = np.array([[bool(number >> k & 1) for k in range(len(told))] for number in range(1 << len(told))])
    rows = _Terms(doubt, used, group, most[used], told, terms)
    return rows.read(rows.solve())


def _most_in_doubt(doubt: Doubt, group: Whole, used: Whole, most: Vector) -> Whole:
    """Return the steps in doubt that the cuts expect most of."""
    worth = np.abs(doubt.slopes).max(axis=0) * most
    expected = np.zeros(len(doubt.ready))
    steps = group < len(doubt.ready)
    np.maximum.at(expected, group[steps], worth[used[steps]])
    distance = np.minimum(doubt.ready, 1 - doubt.ready)
    expected[distance < DOUBT] = 0
    first = np.argsort(-expected * distance, kind="stable")[:DOUBTED]
    return np.sort(first[expected[first] > 0])


class _Terms:
    """The programme over all terms of a node; columns of a term are weight, cost, threshold, inputs.

    Inside, inputs are shares of the most there can be, and costs are counted from what the cuts say at the proposal, in
    units of what most matters: numbers near 1, as the solver wants them. An input of which there is nothing is in no term, so it is no column;
    its slope is the least of what the terms say of it, which takes nothing from the cut.
    """

    def __init__(
        self, doubt: Doubt, used: Whole, group: Whole, most: Vector, told: Whole, terms: NDArray[np.bool_]
    ) -> None:
        self.doubt, self.used, self.most, self.told, self.terms = doubt, used, most, told, terms
        self.slopes = doubt.slopes[:, used] * most
        self.unit = float(np.abs(self.slopes).max())
        said = doubt.intercepts + doubt.slopes @ doubt.point.inputs + doubt.threshold_slopes * doubt.point.threshold
        self.level = float(said.max())
        self.span = max(1.0, doubt.point.threshold)
        self.groups, self.member = np.unique(group, return_inverse=True)
        self.shares = np.maximum(doubt.point.inputs[used], 0) / most
        self.there = np.flatnonzero(self.shares > 0)
        # Groups of which there is anything, and which of them each column is.
        self.filled, self.column = np.unique(self.member[self.there], return_inverse=True)
        self.cuts, self.width = len(doubt.intercepts), 3 + len(self.there)
        kept = np.ones((len(terms), len(used)), dtype=bool)
        for k, j in enumerate(told):
            kept[:, group == j] = terms[:, k][:, None]
        self.stands = kept

    def solve(self) -> Solved:
        terms, within = len(self.terms), self._within()
        upper = np.full((terms, self.width), np.inf)
        upper[:, 3:][~self.stands[:, self.there]] = 0
        upper[:, 2] = np.inf if self.doubt.threshold_slopes.any() else 0
        lower, cost = np.zeros(upper.shape), np.zeros(upper.shape)
        lower[:, 1], cost[:, 1] = -np.inf, 1
        # A proposal keeps its rows but for rounding: here it keeps them exactly.
        filled = np.bincount(self.member, weights=self.shares, minlength=len(self.groups))
        ready = np.clip(self.doubt.ready[self.told], 0, 1)
        ready = np.minimum(1, np.maximum(ready, filled[np.searchsorted(self.groups, self.told)]))
        shares = (self.shares / np.maximum(1, filled)[self.member])[self.there]
        threshold = self.doubt.point.threshold / self.span if self.doubt.threshold_slopes.any() else 0.0
        ends = np.concatenate([[1.0], ready, [threshold], shares])
        floor = np.concatenate([np.zeros(terms * len(within)), ends])
        ceiling = np.concatenate([np.full(terms * len(within), np.inf), ends])
        return Programme(cost.ravel(), lower.ravel(), upper.ravel(), self._matrix(within), floor, ceiling).solve()

    def _within(self) -> Matrix:
        """Rows of one term: every cut below its cost, and what runs within what stands."""
        doubt = self.doubt
        counted = (doubt.intercepts - self.level) / self.unit
        head = np.column_stack([-counted, np.ones(self.cuts), -doubt.threshold_slopes * self.span / self.unit])
        share = np.zeros((len(self.filled), len(self.there)))
        share[self.column, np.arange(len(self.there))] = -1
        stand = np.hstack([np.ones((len(share), 1)), np.zeros((len(share), 2)), share])
        return np.vstack([np.hstack([head, -self.slopes[:, self.there] / self.unit]), stand])

    def _matrix(self, within: Matrix) -> sparse.csr_array:
        """Rows of all terms, one after the other, and rows over all: weights, what is ready, threshold and inputs add up."""
        terms, width = len(self.terms), self.width
        row, column = np.nonzero(within)
        each = np.arange(terms)[:, None]
        rows = [(row + len(within) * each).ravel()]
        columns = [(column + width * each).ravel()]
        values = [np.tile(within[row, column], terms)]
        first = terms * len(within)
        weights = np.vstack([np.ones(terms), self.terms.T])
        k, term = np.nonzero(weights)
        rest = np.arange(width - 2)
        rows += [first + k, np.tile(first + len(weights) + rest, terms)]
        columns += [width * term, (2 + rest + width * each).ravel()]
        values += [np.ones(len(k)), np.ones(terms * len(rest))]
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        return sparse.csr_array(sparse.coo_array(entries, shape=(first + len(weights) + len(rest), terms * width)))

    def read(self, solved: Solved) -> Verdict:
        """Return cost, cut and points; the cut gives way by what the solver's duals miss to bound every term."""
        doubt, terms = self.doubt, len(self.terms)
        split = terms * (self.cuts + len(self.filled))
        parts = solved.duals[:split].reshape(terms, -1)[:, : self.cuts]
        joined = solved.duals[split:] * self.unit
        _, ready, _, known = np.split(joined, [1, 1 + len(self.told), 2 + len(self.told)])
        parts = np.maximum(parts, 0)
        parts = parts / parts.sum(axis=1, keepdims=True)
        said = parts @ self.slopes
        slopes = np.where(self.stands, said, np.inf).min(axis=0)
        slopes[self.there] = known
        # Least of (what the cuts say - what this cut says) over all inputs of a term.
        missed = np.where(self.stands, said - slopes, 0.0)
        least = np.zeros((terms, len(self.groups)))
        np.minimum.at(least.T, self.member, missed.T)
        margin = parts @ doubt.intercepts + least.sum(axis=1) - self.terms @ ready
        wide = np.zeros(len(doubt.point.inputs))
        wide[self.used] = slopes / self.most
        stands = np.zeros(len(doubt.ready))
        stands[self.told] = ready
        threshold_slope = float((parts @ doubt.threshold_slopes).min())
        cut = Cut(doubt.point.node, float(margin.min()), wide, threshold_slope)
        return Verdict(self.level + self.unit * solved.objective, TermCut(cut, stands), self._points(solved))

    def _points(self, solved: Solved) -> tuple[Point, ...]:
        points = []
        for column in solved.x.reshape(len(self.terms), self.width):
            if column[0] >= WEIGHED:
                wide = np.zeros(len(self.doubt.point.inputs))
                mine = self.used[self.there]
                wide[mine] = np.clip(column[3:] / column[0], 0, 1) * self.most[self.there]
                points.append(make_point(self.doubt.point.node, wide, column[2] * self.span / column[0]))
        return tuple(points)
