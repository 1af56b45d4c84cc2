"""Draw chains from the intervals of their figures (chain.13).

A figure with an interval is drawn from a triangular density over [low, high] with its mode at the
value. Shares of a node and links of a supplier are drawn together: the draws are scaled by one factor
and held inside their intervals until they add up to the total of the central values, so that no draw
leaves its interval and no node makes more than all of it. A figure without an interval stays; an unknown
one stays unknown.

Each draw has a random stream of its own, so draw 17 is the same whoever asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.chain.records import Chain
from pondasi.chain.rules import FIGURES
from pondasi.errors import UsageError
from pondasi.seeds import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

TOGETHER = {"shares": ["node", "basis"], "links": ["supplier", "role"]}
"""Figures that are parts of one whole, and by what."""
ROUNDS = 60
"""Halvings of the factor's interval: 2^-60 is below a double's last digit."""


def sample_chains(chain: Chain, n: int, seed: int = 0) -> Iterator[Chain]:
    """Yield ``n`` chains drawn from the intervals.

    Example
    -------
    >>> from pondasi import load_chain
    >>> first, second = sample_chains(load_chain(), 2, seed=1)
    >>> bool((first.shares["share"] != second.shares["share"]).any())
    True
    """
    if n < 1:
        raise UsageError("sample_size", n=n)
    for number in range(n):
        yield sample_chain(chain, seed, number)


def sample_chain(chain: Chain, seed: int, number: int) -> Chain:
    """Return draw ``number`` of the stream of ``seed``."""
    tables = dict(chain.tables)
    for name, (value, low, high) in FIGURES.items():
        frame = chain.tables[name]
        if frame.empty:
            continue
        stream = open_stream(seed, "chain", name, number)
        drawn = _draw(frame, (value, low, high), stream)
        if name in TOGETHER:
            drawn = _hold_totals(frame, (value, low, high), drawn, TOGETHER[name])
        tables[name] = frame.assign(**{value: drawn})
    return Chain(tables, chain.id, chain.version)


def _draw(frame: pd.DataFrame, names: tuple[str, str, str], stream: np.random.Generator) -> NDArray[np.float64]:
    value, low, high = (frame[name].to_numpy(dtype=float) for name in names)
    uniform = stream.random(len(frame))  # one number a row, wanted or not: rows do not shift each other
    free = np.isfinite(value) & np.isfinite(low) & np.isfinite(high) & (high > low)
    out = value.copy()
    a, c, b, u = low[free], value[free], high[free], uniform[free]
    cut = (c - a) / (b - a)
    rising = a + np.sqrt(u * (b - a) * (c - a))
    falling = b - np.sqrt((1 - u) * (b - a) * (b - c))
    out[free] = np.where(u < cut, rising, falling)
    return out


def _hold_totals(
    frame: pd.DataFrame, names: tuple[str, str, str], drawn: NDArray[np.float64], groups: list[str]
) -> NDArray[np.float64]:
    """Scale each group by one factor, inside the intervals, to the total of its central values."""
    value, low, high = (frame[name].to_numpy(dtype=float) for name in names)
    low = np.where(np.isfinite(low), low, value)
    high = np.where(np.isfinite(high), high, value)
    part = np.isfinite(value)
    if "firm" in frame.columns:
        part &= frame["firm"].isna().to_numpy()
    group = frame.groupby(groups, sort=False, observed=True).ngroup().to_numpy()
    size = int(group.max()) + 1
    total = np.bincount(group[part], value[part], minlength=size)
    down, up = np.full(size, -60.0), np.full(size, 60.0)  # factor exp(-60) to exp(60)
    for _ in range(ROUNDS):
        middle = (down + up) / 2
        held = np.clip(drawn[part] * np.exp(middle[group[part]]), low[part], high[part])
        short = np.bincount(group[part], held, minlength=size) < total
        down, up = np.where(short, middle, down), np.where(short, up, middle)
    out = drawn.copy()
    out[part] = np.clip(drawn[part] * np.exp(up[group[part]]), low[part], high[part])
    return out
