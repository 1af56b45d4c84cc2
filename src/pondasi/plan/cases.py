"""Cases that tell plans apart: a step, or one of its options, has begun by a node or has not (plan.24c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Matrix, Vector, Whole

DOUBT = 1e-3
"""From how far off 0 and 1 it is in doubt whether something has begun."""
SLIGHT = 1e-6
"""The same where all else is decided, and the bound of a case still lies below what its whole plan costs."""


class Under(NamedTuple):
    """What is decided: starts that are not taken, shape (starts,), and where a path ends with the step begun, shape (J, leaves)."""

    blocked: NDArray[np.bool_]
    required: NDArray[np.bool_]


class Case(NamedTuple):
    """A step, or one of its options (-1 for any), and the node by which it has begun or not."""

    step: int
    option: int
    node: int


class Doubt(NamedTuple):
    """A case that a solution in fractions leaves open: its probability, and how much of it has begun."""

    case: Case
    chance: float
    begun: float

    def change(self, *, begun: bool) -> float:
        """Return by how much deciding changes the solution, weighed by probability."""
        return self.chance * (1 - self.begun if begun else self.begun)


class Cases:
    """The cases of a problem.

    Parameters
    ----------
    layout
        Of its variables.
    """

    def __init__(self, layout: Layout) -> None:
        problem = layout.problem
        self.tree, self.steps = problem.tree, problem.options.step
        self.option, self.node = layout.starts
        self.step = self.steps[self.option]
        self.shape = len(problem.labels.steps), len(self.tree.leaves)

    def nothing(self) -> Under:
        """Return no decisions."""
        return Under(np.zeros(len(self.option), dtype=bool), np.zeros(self.shape, dtype=bool))

    def decide(self, under: Under, case: Case, *, begun: bool) -> Under:
        """Return decisions with one more: what has begun begins on the path to the node and not after, what has not begins on no part of it."""
        mine = self.step == case.step if case.option < 0 else self.option == case.option
        on_path = self.tree.above[case.node][self.node]
        if not begun:
            return Under(under.blocked | (mine & on_path), under.required)
        after = self.tree.above[self.node, case.node] & (self.node != case.node)
        others = (self.step == case.step) & (after | (on_path & ~mine))
        required = under.required.copy()
        required[case.step] |= self.tree.above[self.tree.leaves, case.node]
        return Under(under.blocked | others, required)

    def list_doubts(self, under: Under, starts: Vector, least: float = DOUBT) -> list[Doubt]:
        """Return of each step the place where it is most in doubt whether it has begun; if none is, the same of options.

        Parameters
        ----------
        least
            From how far off 0 and 1 that is in doubt.
        """
        for group, of_step in ((self.step, None), (self.option, self.steps)):
            begun = self._sum_paths(starts, group)
            off = np.minimum(begun, 1 - begun)
            weighed = np.where(off > least, off * self.tree.probability, 0.0)
            found = []
            for row in np.flatnonzero(weighed.max(axis=1, initial=0.0) > 0).tolist():
                node = int(weighed[row].argmax())
                case = Case(row, -1, node) if of_step is None else Case(int(of_step[row]), row, node)
                if not self._is_decided(under, case):
                    found.append(Doubt(case, float(self.tree.probability[node]), float(begun[row, node])))
            if found:
                return found
        return []

    def _sum_paths(self, starts: Vector, group: Whole) -> Matrix:
        """Return how much of each group has begun by each node, shape (groups, N)."""
        begun = np.zeros((int(group.max(initial=-1)) + 1, len(self.tree)))
        np.add.at(begun, (group, self.node), starts)
        for n in range(1, len(self.tree)):
            begun[:, n] += begun[:, self.tree.parent[n]]
        return begun

    def _is_decided(self, under: Under, case: Case) -> bool:
        """Tell whether something has begun by decision already, whatever the solution may miss of it."""
        after = self.decide(under, case, begun=True)
        return bool((after.blocked == under.blocked).all() and (after.required == under.required).all())
