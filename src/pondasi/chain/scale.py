"""Scale parts of wholes by one factor each, inside their intervals, to a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = 1e-14
"""A sum of shares is held when it is this near: the rounding of some dozen parts."""
ROUNDS = 100
"""Most wholes take fewer than ten steps of Newton's method on the common factor; the rest are halvings."""


def scale_groups(
    parts: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    group: NDArray[np.intp],
    target: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return parts scaled by one factor a group, each held inside its interval, that add up to the targets.

    Parameters
    ----------
    parts, low, high
        Shape (n,), not negative, ``low <= high``.
    group
        Group of each part, shape (n,).
    target
        Sum of each group, shape (groups,), between the sums of its ends; otherwise the nearest end is given.

    Example
    -------
    >>> scale_groups(np.array([0.4, 0.4]), np.zeros(2), np.array([1.0, 0.45]), np.zeros(2, int), np.ones(1)).tolist()
    [0.55, 0.45]
    """
    size = len(target)
    factor, below, above = np.ones(size), np.zeros(size), np.full(size, np.inf)
    held = parts
    for _ in range(ROUNDS):
        scaled = parts * factor[group]
        held = np.clip(scaled, low, high)
        gap = target - np.bincount(group, held, size)
        if np.abs(gap).max() <= EXACT:
            break
        below, above = np.where(gap > 0, factor, below), np.where(gap < 0, factor, above)
        slope = np.bincount(group, parts * (held == scaled), size)
        step = factor + np.divide(gap, slope, out=np.full(size, np.nan), where=slope > 0)
        middle = np.where(np.isinf(above), 2 * factor, (below + above) / 2)
        factor = np.where(gap == 0, factor, np.where((step > below) & (step < above), step, middle))
    return held
