"""Matrices for the row on fitting: margins and priors as the chain has them, up to 60 by 60."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (8, 20, 60)
EACH = 7


def draw_matrices(seed: int = 0) -> dict[str, np.ndarray]:
    """Return margins and priors by name: shares over countries, and trade that leans to some partners.

    A fifth of the routes is closed, and every margin can be met: it is that of a flow on the open ones.
    """
    draws = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {"n": np.array(len(SIZES) * EACH)}
    for k in range(len(SIZES) * EACH):
        size = SIZES[k % len(SIZES)]
        open_ = draws.random((size, size)) < 0.8
        np.fill_diagonal(open_, val=True)
        flow = np.where(open_, draws.lognormal(0, 1, (size, size)), 0)
        arrays[f"rows_{k}"], arrays[f"columns_{k}"] = flow.sum(axis=1), flow.sum(axis=0)
        arrays[f"prior_{k}"] = np.where(open_, draws.lognormal(0, 1.5, (size, size)), 0)
    return arrays


def save_matrices(path: Path) -> Path:
    """Save the matrices for both sides."""
    np.savez(path, **draw_matrices())
    return path
