"""The band that drawn figures give: where four draws of five lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW_QUANTILE, HIGH_QUANTILE = 0.1, 0.9
"""Ends of the band that is shown: four draws of five lie inside."""


def band(value: NDArray[np.float64], drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the band of drawn figures; the central value lies inside it.

    Parameters
    ----------
    value
        Central figures, any shape.
    drawn
        The same with draws along the first axis; missing where a draw has none. Without draws, or where
        the central figure is missing, the ends are missing.

    Example
    -------
    >>> low, high = band(np.array([5.0]), np.arange(11.0)[:, None])
    >>> low.tolist(), high.tolist()
    ([1.0], [9.0])
    """
    low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    known = ~np.isnan(value) & ~np.isnan(drawn).all(axis=0) if len(drawn) else np.zeros(value.shape, dtype=bool)
    if known.any():
        ends = np.nanquantile(drawn[:, known], [LOW_QUANTILE, HIGH_QUANTILE], axis=0)
        low[known], high[known] = np.minimum(ends[0], value[known]), np.maximum(ends[1], value[known])
    return low, high
