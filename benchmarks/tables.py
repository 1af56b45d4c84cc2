"""Made-up inter-industry tables of any size, drawn alike by our side and by the peers (numpy only)."""

from __future__ import annotations

import numpy as np

HIT = 3
"""Industries that are hit: the first ones, in as many sectors."""
LOST = 0.4
"""Part of their capacity that they lose."""


def draw_flows(regions: int, sectors: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return flows (n, n) and final demand (n,) of a full table, region by region; value added is positive.

    Regions buy most at home, as in published tables.
    """
    draws = np.random.default_rng(seed)
    n = regions * sectors
    Z = draws.lognormal(0, 1, (n, n))
    home = np.repeat(np.arange(regions), sectors)
    Z *= np.where(home[:, None] == home, 1.0, 1.0 / regions)
    return Z, np.maximum(1.2 * Z.sum(axis=0) - Z.sum(axis=1), 0.2 * Z.sum(axis=0))


def name_industries(regions: int, sectors: int) -> list[tuple[str, str]]:
    """Return labels whose order is that of the alphabet, which some programs take."""
    return [(f"r{region:03}", f"s{sector:03}") for region in range(regions) for sector in range(sectors)]
