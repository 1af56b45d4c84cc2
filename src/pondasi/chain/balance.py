"""Iterative proportional fitting: the flows nearest to a prior that meet both margins (chain.10).

Given what suppliers sell (row totals) and what users buy (column totals), the flows closest to a prior
in relative entropy have the form ``u_i prior_ij v_j``. They are found by scaling rows and columns in
turn (Deming and Stephan 1940; Bacharach 1970; Sinkhorn 1967). With the product of the margins as prior
the answer is that product.

A prior may close routes with zeros. Then it is first asked whether any flows exist; if not, the margins
at fault are named. Entries that are zero in every solution are taken out before the scaling, which
otherwise would only creep towards them. Where a part of the market hangs on the rest by a thread the
scaling creeps all the same; Newton's method on the same problem then takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components

from pondasi.errors import PondasiError
from pondasi.solver import fill_transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-10
"""Largest error of a margin, as a share of the total, at which flows count as balanced."""
FEASIBILITY = 1e-9
"""Share of the total by which the margins may differ, or stay unplaced, by rounding."""
TRACE = 1e-12
"""Share of the total below which a flow is the rounding of the margins and not a flow."""
UNITS = 2**60
"""Parts into which the total is cut for the exact question whether a balance exists."""
PATIENCE = 300
"""Rounds of scaling before Newton's method takes over; most cases need fewer than 50."""
MAX_STEPS = 200
"""Newton steps before giving up; the hardest cases of the tests need about 30."""


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
        If the totals differ or closed routes leave no solution.
    ValueError
        If a margin or weight is negative or not a number.

    Example
    -------
    >>> balance(np.array([3.0, 1.0]), np.array([2.0, 2.0])).tolist()
    [[1.5, 1.5], [0.5, 0.5]]
    >>> closed = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> balance(np.array([1.0, 3.0]), np.array([2.0, 2.0]), closed).round(6).tolist()
    [[1.0, 0.0], [1.0, 2.0]]
    """
    _check(rows, columns, prior)
    total = float(rows.sum())
    if abs(total - columns.sum()) > FEASIBILITY * max(total, float(columns.sum())):
        everyone = tuple(range(len(rows))), tuple(range(len(columns)))
        raise NoBalanceError(Shortfall(*everyone, total, float(columns.sum())))
    if total <= 0:
        return np.zeros((len(rows), len(columns)))
    r, c = rows / total, columns / columns.sum()
    if prior is None:
        return total * np.outer(r, c)
    weights = prior if (prior > 0).all() else np.where(_find_usable(rows, columns, prior > 0), prior, 0.0)
    return total * _scale(r, c, _even(weights), tolerance)


def _check(rows: NDArray[np.float64], columns: NDArray[np.float64], prior: NDArray[np.float64] | None) -> None:
    if prior is not None and prior.shape != (len(rows), len(columns)):
        raise PondasiError("weights_shape", rows=len(rows), columns=len(columns), shape=prior.shape)
    for name, numbers in (("margin", rows), ("margin", columns), ("weight", prior)):
        if numbers is not None and not ((numbers >= 0) & np.isfinite(numbers)).all():
            raise ValueError(f"every {name} is a number from 0 on")


def _even(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale rows, then columns, by their largest weight: it changes no balance and keeps numbers in range."""
    weights = _divide(weights, weights.max(axis=1, keepdims=True))
    return _divide(weights, weights.max(axis=0, keepdims=True))


def _scale(
    r: NDArray[np.float64], c: NDArray[np.float64], w: NDArray[np.float64], tolerance: float
) -> NDArray[np.float64]:
    """Return ``u_i w_ij v_j`` with margins r and c that add up to one."""
    u, v = np.zeros(len(r)), np.ones(len(c))
    reached = w @ v
    for _ in range(PATIENCE):
        u = _divide(r, reached)
        v = _divide(c, u @ w)
        reached = w @ v
        if np.abs(u * reached - r).max() <= tolerance:
            return u[:, None] * w * v[None, :]
    flows: NDArray[np.float64] = u[:, None] * w * v[None, :]
    return _polish(r, c, flows, tolerance)


def _polish(
    r: NDArray[np.float64], c: NDArray[np.float64], flows: NDArray[np.float64], tolerance: float
) -> NDArray[np.float64]:
    """Bring flows whose columns fit to rows that fit, by Newton's method with halved steps.

    With columns kept exact, the rows' scales e^a minimise the convex function
    ``sum_j c_j log(sum_i P_ij e^a_i) - r a``; its gradient is the error of the rows.
    """
    keep = r > 0
    r, P = r[keep], flows[keep]
    for _ in range(MAX_STEPS):
        gap = P.sum(axis=1) - r
        if np.abs(gap).max() <= tolerance:
            full = np.zeros_like(flows)
            full[keep] = P
            return full
        a = _newton_step(P, c, gap)
        step = min(1.0, LEAP / np.abs(a).max())
        while step > TRACE and _height(P, c, r, step * a) > ARMIJO * step * float(gap @ a):
            step /= 2
        P = np.exp(step * a)[:, None] * P
        P = P * _divide(c, P.sum(axis=0))
    raise PondasiError("not_balanced", rounds=MAX_STEPS, error=f"{np.abs(gap).max():.1e}", tolerance=f"{tolerance:.1e}")


ARMIJO = 1e-4
"""Part of the promised descent that a step must bring, the usual choice."""
LEAP = 20.0
"""Longest step of a logarithm: e^20 keeps every number in range."""


def _newton_step(P: NDArray[np.float64], c: NDArray[np.float64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the step of the rows' logarithms; a common factor of a closed part is left as it is."""
    size = np.sqrt(P.sum(axis=1))
    S = (P / size[:, None]) @ _divide(P / size[:, None], c).T
    H = np.eye(len(gap)) - (S + S.T) / 2
    step: NDArray[np.float64] = -np.linalg.lstsq(H, gap / size, rcond=SINGULAR)[0] / size
    return step


SINGULAR = 1e-13
"""Eigenvalues of the scaled Hessian (0 to 1) below this are rounding of zero."""


def _height(P: NDArray[np.float64], c: NDArray[np.float64], r: NDArray[np.float64], a: NDArray[np.float64]) -> float:
    """Return the convex function at a step ``a`` from P, less its value at P."""
    top = a.max()
    grown = np.exp(a - top) @ P
    open_ = c > 0
    return float(c[open_] @ np.log(grown[open_] / c[open_]) + top * c.sum() - r @ a)


def _divide(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _find_usable(
    rows: NDArray[np.float64], columns: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the routes that carry something in at least one solution.

    A route without flow in one solution can be used in another only along a circle of the residual
    graph: if its two ends lie in one strongly connected part.
    """
    supply, demand = (np.rint(margin / margin.sum() * UNITS).astype(np.int64) for margin in (rows, columns))
    flows = fill_transport(supply, demand, allowed)
    used = flows > TRACE * UNITS
    m, n = allowed.shape
    (i, j), (back_i, back_j) = np.nonzero(allowed), np.nonzero(used)
    ways = np.concatenate([i, m + back_j]), np.concatenate([m + j, back_i])
    residual = sparse.csr_array((np.ones(len(ways[0])), ways), shape=(m + n, m + n))
    left = supply - flows.sum(axis=1)
    if left.sum() > FEASIBILITY * UNITS:
        raise NoBalanceError(_find_shortfall(rows, columns, residual, np.flatnonzero(left > TRACE * UNITS)))
    _, part = connected_components(residual, directed=True, connection="strong")
    joined: NDArray[np.bool_] = part[:m, None] == part[None, m:]
    return allowed & (used | joined)


def _find_shortfall(
    rows: NDArray[np.float64], columns: NDArray[np.float64], residual: sparse.csr_array, starts: NDArray[np.intp]
) -> Shortfall:
    """Follow the suppliers with something left: all users that they can reach, however rearranged, are full."""
    reached = {
        int(place) for start in starts for place in breadth_first_order(residual, start, return_predecessors=False)
    }
    sellers = sorted(place for place in reached if place < len(rows))
    buyers = sorted(place - len(rows) for place in reached if place >= len(rows))
    return Shortfall(tuple(sellers), tuple(buyers), float(rows[sellers].sum()), float(columns[buyers].sum()))
