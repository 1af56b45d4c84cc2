"""The search for whole starts, told by what has begun instead of what begins (plan.24b).

``begun_k`` of start k (option o, node n) is 1 where o has started at n or before, ``z_k = begun_k - begun_k'`` with k' the last
start of o above n that may be taken. Nothing else changes, but a search that decides ``begun_k`` splits the plans in two good halves, by n or
later, while ``z_k`` splits them in one start and all others, which cost nearly the same a year later (Lambert, Brickey, Newman and Eurek 2014, doi:10.1287/inte.2013.0731).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.solver import Programme

if TYPE_CHECKING:
    from pondasi.plan.problem import Vector, Whole
    from pondasi.solver import Solved


def find_above(option: Whole, node: Whole, parent: Whole) -> Whole:
    """Return for every start the last one of its option on the way to it, -1 where there is none, shape (starts,).

    Parameters
    ----------
    option, node
        Of every start.
    parent
        Of every node, -1 for the root.

    Example
    -------
    >>> find_above(np.array([0, 0, 1]), np.array([0, 2, 1]), np.array([-1, 0, 1])).tolist()
    [-1, 0, -1]
    """
    at = {pair: k for k, pair in enumerate(zip(option.tolist(), node.tolist(), strict=True))}
    above = np.full(len(option), -1, dtype=np.intp)
    for (o, n), k in at.items():
        up = int(parent[n])
        while up >= 0 and (o, up) not in at:
            up = int(parent[up])
        above[k] = at[o, up] if up >= 0 else -1
    return above


class WholeSearch:
    """A programme whose first columns are starts, to be solved with whole ones.

    Parameters
    ----------
    above
        Of every start, see `find_above`; a start stands behind those above it.
    cost, bounds, matrix, ends
        The programme in starts and all other variables.
    """

    def __init__(
        self,
        above: Whole,
        cost: Vector,
        bounds: tuple[Vector, Vector],
        matrix: sparse.csr_array,
        ends: tuple[Vector, Vector],
        *,
        threads: int = 1,
    ) -> None:
        self.above, columns = above, len(cost)
        below = np.flatnonzero(above >= 0)
        entries = np.concatenate([np.ones(columns), np.full(len(below), -1.0)])
        place = np.concatenate([np.arange(columns), below]), np.concatenate([np.arange(columns), above[below]])
        self.change = sparse.csr_array(sparse.coo_array((entries, place), shape=(columns, columns)))
        lower, upper = bounds[0].copy(), bounds[1].copy()
        # The bounds of a start below another are a row, and what has begun is 0 or 1.
        lower[below], upper[below] = 0, 1
        self.programme = Programme(
            self.change.T @ cost,
            lower,
            upper,
            sparse.csr_array(sparse.vstack([matrix @ self.change, self.change[below]], format="csr")),
            np.concatenate([ends[0], bounds[0][below]]),
            np.concatenate([ends[1], bounds[1][below]]),
            whole=np.arange(columns) < len(above),
            threads=threads,
        )
        # A plan takes few of the starts, so most are fixed at the root; to begin again there without them took as long as the search.
        self.programme.set_option("mip_allow_restart", value=False)

    def suggest(self, x: Vector) -> None:
        """Offer a plan to begin with."""
        begun = x.copy()
        begun[: len(self.above)] = np.round(x[: len(self.above)])
        for k in np.flatnonzero(self.above >= 0):
            begun[k] += begun[self.above[k]]
        self.programme.suggest(begun)

    def solve(self, gap: float, seconds: float | None) -> Solved:
        """Return the best plan found, in starts again (see `pondasi.solver.Programme.solve`)."""
        solved = self.programme.solve(gap=gap, seconds=seconds)
        return replace(solved, x=self.change @ solved.x)
