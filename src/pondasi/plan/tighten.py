"""What the limits alone say that no plan can do (plan.24a).

Each row bounds each of its variables by what is left when all others are as helpful as they may be; such bounds tighten one
another, round by round (bound propagation: Savelsbergh 1994, doi:10.1287/ijoc.6.4.445). Variables that take whole numbers are
rounded: a start for whose least size there are not the people, or whose prerequisites come too late, is none, and fractions
of it need not be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from pondasi.plan.problem import Vector, Whole

ROUNDS = 12
"""Rounds at most; each sees one more link of a chain of limits."""
ROUNDING = 1e-6
"""A whole number may be missed by so much: rounding of the solver and of the sums here."""


def tighten_bounds(
    matrix: sparse.csr_array, ends: tuple[Vector, Vector], bounds: tuple[Vector, Vector], whole: NDArray[np.bool_]
) -> tuple[Vector, Vector]:
    """Return bounds that every solution keeps, given rows and bounds.

    Where rows and bounds contradict one another, the bounds cross or are of no use; whoever solves will say so.

    Parameters
    ----------
    matrix, ends
        Rows and their lower and upper ends, shapes (rows, columns) and (rows,).
    bounds
        Of the variables, shape (columns,) each; may be infinite.
    whole
        Which variables take whole numbers only, shape (columns,).

    Example
    -------
    >>> from scipy import sparse
    >>> rows = sparse.csr_array([[2.0, 1.0], [-1.0, 1.0]])
    >>> ends = np.array([-np.inf, 0.0]), np.array([3.0, np.inf])
    >>> lower, upper = tighten_bounds(rows, ends, (np.zeros(2), np.full(2, 9.0)), np.array([True, False]))
    >>> upper.tolist()
    [1.0, 3.0]
    """
    matrix = matrix.copy()
    matrix.eliminate_zeros()
    filled = np.diff(matrix.indptr) > 0
    matrix, ends = matrix[filled], (ends[0][filled], ends[1][filled])
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    first, column, value = matrix.indptr[:-1].astype(np.intp), matrix.indices, matrix.data
    lower, upper = bounds[0].copy(), bounds[1].copy()
    rising = value > 0
    for _ in range(ROUNDS):
        low, high = np.where(rising, lower[column], upper[column]), np.where(rising, upper[column], lower[column])
        most = (ends[1][row] - _all_others(row, first, value * low, -np.inf)) / value
        least = (ends[0][row] - _all_others(row, first, value * high, np.inf)) / value
        tighter = lower.copy(), upper.copy()
        np.maximum.at(tighter[0], column, np.where(rising, least, most))
        np.minimum.at(tighter[1], column, np.where(rising, most, least))
        tighter[0][whole] = np.ceil(tighter[0][whole] - ROUNDING)
        tighter[1][whole] = np.floor(tighter[1][whole] + ROUNDING)
        settled = _agree(lower, tighter[0]) and _agree(upper, tighter[1])
        lower, upper = tighter
        if settled:
            break
    return lower, upper


def _all_others(row: Whole, first: Whole, part: Vector, endless: float) -> Vector:
    """Return for each entry the sum over all other entries of its row; ``endless`` where one of these is infinite."""
    infinite = np.isinf(part)
    if infinite.any():
        number = np.add.reduceat(infinite.astype(np.intp), first)
        finite = np.where(infinite, 0.0, part)
        rest = np.asarray(np.add.reduceat(finite, first))[row] - finite
        return np.asarray(np.where(number[row] > infinite, endless, rest))
    return np.asarray(np.add.reduceat(part, first)[row] - part)


def _agree(before: Vector, after: Vector) -> bool:
    """Tell whether bounds moved by no more than rounding."""
    finite = np.isfinite(after)
    return bool(
        np.isinf(before[~finite]).all() and np.allclose(before[finite], after[finite], rtol=ROUNDING, atol=ROUNDING)
    )
