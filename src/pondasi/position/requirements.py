"""What has to be made, over all tiers, for a given use: the Leontief system, solved and never inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from pondasi.errors import SizeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_INVERSE = 3_000
"""Labels up to which an explicit inverse is made; beyond, its memory grows as n squared."""


def solve_requirements(
    coefficients: sparse.csr_array[np.float64], use: NDArray[np.float64], *, acyclic: bool = False
) -> NDArray[np.float64]:
    """Return the output x that a use d needs over all tiers (position.2): ``(I - A) x = d``.

    Parameters
    ----------
    coefficients
        A, shape (n, n) [USD of i per USD of j's output].
    use
        d, shape (n,) or (n, k) [USD/year].
    acyclic
        Whether A has entries above its diagonal only (labels in node order). The factor then has the
        entries of A itself and the solve is one pass from users to raw materials.

    Example
    -------
    >>> A = sparse.csr_array(np.array([[0.0, 0.5], [0.0, 0.0]]))
    >>> solve_requirements(A, np.array([0.0, 10.0])).tolist()
    [5.0, 10.0]
    """
    n = coefficients.shape[0]
    use = np.ascontiguousarray(use, dtype=float)
    if not use.size:
        return use.copy()
    system = sparse.csc_array(sparse.eye_array(n) - coefficients)
    factors = splu(system, permc_spec="NATURAL" if acyclic else "COLAMD")
    return np.asarray(factors.solve(use))


def invert_requirements(coefficients: sparse.csr_array[np.float64]) -> NDArray[np.float64]:
    """Return ``(I - A)^-1`` as a full matrix, for small chains.

    Raises
    ------
    SizeError
        Beyond `MAX_INVERSE` labels.

    Example
    -------
    >>> invert_requirements(sparse.csr_array(np.array([[0.0, 0.5], [0.0, 0.0]]))).tolist()
    [[1.0, 0.5], [0.0, 1.0]]
    """
    n = coefficients.shape[0]
    if n > MAX_INVERSE:
        raise SizeError("inverse_too_large", n=n, limit=MAX_INVERSE)
    return solve_requirements(coefficients, np.eye(n))
