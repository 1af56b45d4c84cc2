"""The only file that knows a solver of linear programmes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SolverError(RuntimeError):
    """A programme that has a solution was not solved: a fault of the program, not of the user."""


def fill_transport(supply: NDArray[np.float64], demand: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return flows on allowed routes that carry as much as can be carried (a maximum flow).

    Parameters
    ----------
    supply, demand
        Shapes (m,) and (n,), not negative.
    allowed
        Shape (m, n).

    Returns
    -------
    Shape (m, n): a basic solution, so that flows are zero or clearly positive.
    """
    rows, columns = np.nonzero(allowed)
    flows = np.zeros(allowed.shape)
    if not len(rows):
        return flows
    routes = np.arange(len(rows))
    ones = np.ones(len(rows))
    limits = sparse.vstack(
        [
            sparse.csr_array((ones, (rows, routes)), shape=(len(supply), len(rows))),
            sparse.csr_array((ones, (columns, routes)), shape=(len(demand), len(rows))),
        ]
    )
    scale = max(supply.sum(), demand.sum()) or 1.0
    result = linprog(-ones, A_ub=limits, b_ub=np.concatenate([supply, demand]) / scale, bounds=(0, None), method="highs-ds")
    if result.status != 0:
        raise SolverError(result.message)
    flows[rows, columns] = result.x * scale
    return flows
