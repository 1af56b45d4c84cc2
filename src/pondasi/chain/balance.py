"""Iterative proportional fitting: the flows nearest to a prior that meet both margins (chain.10).

Given what suppliers sell (row totals) and what users buy (column totals), the flows closest to a prior
in relative entropy have the form ``u_i prior_ij v_j``. They are found by scaling rows and columns in
turn (Deming and Stephan 1940; Bacharach 1970; Sinkhorn 1967). With the product of the margins as prior
the answer is that product.

A prior may close routes with zeros. Then it is first asked whether any flows exist; if not, the margins
at fault are named. Entries that are zero in every solution are taken out before the scaling, which
otherwise would only creep towards them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pondasi.errors import PondasiError
from pondasi.solver import fill_transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-10
"""Largest error of a margin, as a share of the total, at which flows count as balanced."""
FEASIBILITY = 1e-9
"""Share of the total that may stay unplaced by rounding before a balance counts as impossible."""
MAX_ROUNDS = 200_000


@dataclass(frozen=True)
class Shortfall:
    """Why no balance exists: these rows may only ship to these columns, which want less."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    supply: float
    demand: float


class NoBalanceError(PondasiError):
    """No flows meet the margins; ``shortfall`` names the rows and columns at fault."""

    exit_code = 3

    def __init__(self, shortfall: Shortfall) -> None:
        super().__init__("no_balance")
        self.shortfall = shortfall


def balance(
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
    prior: NDArray[np.float64] | None = None,
    tolerance: float = TOLERANCE,
) -> NDArray[np.float64]:
    """Return the flows that meet both margins and lie nearest to the prior.

    Parameters
    ----------
    rows, columns
        What each supplier sells and each user buys, shapes (m,) and (n,), not negative and with the
        same total [any unit].
    prior
        Shape (m, n), not negative; zero closes a route. By default the product of the margins.
    tolerance
        Largest error of a margin, as a share of the total.

    Raises
    ------
    NoBalanceError
        If closed routes leave no solution.

    Example
    -------
    >>> balance(np.array([3.0, 1.0]), np.array([2.0, 2.0])).tolist()
    [[1.5, 1.5], [0.5, 0.5]]
    """
    total = float(rows.sum())
    if prior is not None and prior.shape != (len(rows), len(columns)):
        raise PondasiError("weights_shape", rows=len(rows), columns=len(columns), shape=prior.shape)
    if total <= 0 and columns.sum() <= 0:
        return np.zeros((len(rows), len(columns)))
    if abs(total - columns.sum()) > FEASIBILITY * total:
        raise NoBalanceError(Shortfall(tuple(range(len(rows))), tuple(range(len(columns))), total, float(columns.sum())))
    if prior is None:
        return np.outer(rows, columns) / total
    weights = prior
    if not (prior > 0).all():
        weights = np.where(_usable(rows, columns, prior > 0), prior, 0.0)
    return _scale(rows, columns, weights, tolerance * total)


def _scale(rows: NDArray[np.float64], columns: NDArray[np.float64], weights: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    v = np.ones(len(columns))
    for _ in range(MAX_ROUNDS):
        u = _divide(rows, weights @ v)
        v = _divide(columns, u @ weights)
        error = np.abs(u * (weights @ v) - rows).max()
        if error <= limit:
            return u[:, None] * weights * v[None, :]
    raise PondasiError("not_balanced", rounds=MAX_ROUNDS, error=f"{error:.1e}", tolerance=f"{limit:.1e}")


def _divide(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _usable(rows: NDArray[np.float64], columns: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the routes that carry something in at least one solution.

    A route without flow in one solution can be used in another only along a circle of the residual
    graph: if its two ends lie in one strongly connected part.
    """
    flows = fill_transport(rows, columns, allowed)
    short = rows.sum() - flows.sum()
    m, n = allowed.shape
    used = flows > FEASIBILITY * rows.sum() * 1e-3
    residual = sparse.lil_array((m + n, m + n))
    residual[:m, m:] = allowed
    residual[m:, :m] = used.T
    graph = residual.tocsr()
    if short > FEASIBILITY * rows.sum():
        raise NoBalanceError(_find_shortfall(rows, columns, flows, graph))
    _, part = connected_components(graph, directed=True, connection="strong")
    same = part[:m, None] == part[None, m:]
    return allowed & (used | same)


def _find_shortfall(
    rows: NDArray[np.float64], columns: NDArray[np.float64], flows: NDArray[np.float64], graph: sparse.csr_array
) -> Shortfall:
    m = len(rows)
    left = rows - flows.sum(axis=1)
    reached = np.zeros(graph.shape[0], dtype=bool)
    reached[:m] = left > FEASIBILITY * rows.sum()
    while True:
        grown = reached | (graph.T @ reached.astype(float) > 0)
        if (grown == reached).all():
            break
        reached = grown
    at_fault, buyers = np.flatnonzero(reached[:m]), np.flatnonzero(reached[m:])
    return Shortfall(tuple(at_fault.tolist()), tuple(buyers.tolist()), float(rows[at_fault].sum()), float(columns[buyers].sum()))
