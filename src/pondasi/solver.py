"""Solvers of the programmes that the model poses; today a largest flow, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
