"""Draw chains from the intervals of their figures (chain.13, chain.21).

A figure with an interval is drawn from a triangular density over [low, high] with its mode at the
value. Shares of a node and links of a supplier are parts of one whole and are drawn together: where
they are all of it, the draws are scaled by one factor and held inside their intervals until they add up
to what the central values add up to; where a part is left over (sold outside the chain, unknown), it
takes up the difference, and the draws are scaled only if they pass one. So no draw leaves its interval
and no node makes more than all of it. A figure without an interval stays; an unknown one stays unknown.

One report lies behind many figures, and its errors go with it: the figures of a table that rest first
on the same source and are about the same country, user or trait share a normal factor, with a stated
correlation (a Gaussian copula: each figure keeps its triangle). Figures of different sources are drawn
apart, though in truth more hangs together (a boom that lifts all markets); bands of sums are then too
narrow and bands of ratios too wide.

Each figure has a random stream of its own, named by its key, and each factor one named by what it is
common to: draw 17 of a figure is the same whoever asks for it, in whatever order, and whatever other
rows there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from pondasi.chain.rules import FIGURES, ROUNDING, SHARE_SUM_LOW
from pondasi.chain.scale import scale_groups
from pondasi.errors import UsageError
from pondasi.seeds import name_streams, read_streams
from pondasi.tables.dictionary import load_dictionary, read_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from pondasi.chain.records import Chain

TOGETHER = {"shares": (["node", "basis"], SHARE_SUM_LOW), "links": (["supplier"], 1 - ROUNDING)}
"""Figures that are parts of one whole, by what, and the sum from which they are all of it."""
ABOUT = {"links": "user", "shares": "country", "traits": "trait"}
"""What the figures of one source are about when their errors go together; see `_find_factors`."""
UNEVEN = 1e-9
"""A sum of shares that is off by less is off by rounding."""


def sample_chains(chain: Chain, n: int, seed: int = 0, *, common: Mapping[str, float] | None = None) -> Iterator[Chain]:
    """Yield ``n`` chains drawn from the intervals.

    Parameters
    ----------
    chain
        The chain whose figures are the modes.
    n
        How many chains; the first of many are the same as the first of few.
    seed
        Seed of the draws, 0 or larger.
    common
        Correlation of the errors of figures that rest first on one source, by the evidence of the source
        (seen, recalled, judged), 0 to 1; by default that of `read_correlations`, ``{}`` draws all figures
        apart.

    Example
    -------
    >>> from pondasi import load_chain
    >>> first, second = sample_chains(load_chain(), 2, seed=1)
    >>> bool((first.shares["share"] != second.shares["share"]).any())
    True
    """
    if n < 1:
        raise UsageError("sample_size", n=n)
    sampler = prepare_draws(chain, seed, common=common)
    return (sampler.draw(number) for number in range(n))


def sample_chain(chain: Chain, seed: int, number: int, *, common: Mapping[str, float] | None = None) -> Chain:
    """Return draw ``number``, counted from 0: the same chain that `sample_chains` yields there."""
    return prepare_draws(chain, seed, common=common).draw(number)


@dataclass(frozen=True, eq=False)
class Sampler:
    """A chain made ready to be drawn from: what takes long is done once, and workers may have a copy each."""

    chain: Chain
    lotteries: Mapping[str, _Lottery] = field(repr=False)

    def draw(self, number: int) -> Chain:
        """Return draw ``number``, counted from 0, whoever asks for it and in whatever order."""
        tables = dict(self.chain.tables)
        for name, lottery in self.lotteries.items():
            drawn = _hold(lottery, _draw_triangular(lottery, _read_together(lottery, number)))
            tables[name] = self.chain.tables[name].assign(**{FIGURES[name][0]: drawn})
        return replace(self.chain, tables=tables)

    def place(self, levels: Mapping[str, NDArray[np.float64]]) -> Chain:
        """Return the chain with chosen figures at chosen places of their intervals (chain.22).

        Parameters
        ----------
        levels
            By table (``nodes``, ``links``, ``variants``, ``shares``, ``traits``): a level for every row, 0 its low end,
            1 its high end, between them the quantile of its triangle; nan leaves the figure as it is. Where a
            figure is part of a whole, the others of its whole give way, and it only as far as they cannot.

        Example
        -------
        >>> from pondasi import load_chain
        >>> chain = load_chain()
        >>> highest = prepare_draws(chain).place({"traits": np.ones(len(chain.traits))})
        >>> bool((highest.traits["value"] >= chain.traits["value"]).all())
        True
        """
        tables = dict(self.chain.tables)
        for name, level in levels.items():
            lottery, chosen = self.lotteries[name], np.isfinite(level)
            if not chosen.any():
                continue
            placed = np.where(chosen, _draw_triangular(lottery, np.where(chosen, level, 0.0)), lottery.value)
            tables[name] = self.chain.tables[name].assign(**{FIGURES[name][0]: _give_way(lottery, placed, chosen)})
        return replace(self.chain, tables=tables)


def prepare_draws(chain: Chain, seed: int = 0, *, common: Mapping[str, float] | None = None) -> Sampler:
    """Make a chain ready to be drawn from; ``common`` as in `sample_chains`.

    Example
    -------
    >>> from pondasi import load_chain
    >>> sampler = prepare_draws(load_chain(), seed=1)
    >>> sampler.draw(1).hash == list(sample_chains(load_chain(), 2, seed=1))[1].hash
    True
    """
    common = read_correlations() if common is None else common
    tables = {name: chain.tables[name] for name in FIGURES if len(chain.tables[name])}
    rows = zip(chain.sources["source"], chain.sources["evidence"], strict=True)
    tied = {source: common.get(evidence, 0.0) for source, evidence in rows}
    return Sampler(chain, {name: _read(name, table, seed, tied) for name, table in tables.items()})


def read_correlations() -> dict[str, float]:
    """Return the correlation of errors by the evidence of their source, from ``data/dictionary/correlations.csv``.

    Example
    -------
    >>> read_correlations()
    {'seen': 0.3, 'recalled': 0.5, 'judged': 0.5}
    """
    return {row["evidence"]: float(row["value"]) for row in read_resource("dictionary/correlations.csv")}


@dataclass(frozen=True)
class _Lottery:
    """One table, ready to be drawn from: its figures, their intervals and streams, and what is a whole.

    ``whole`` gives each row its group (-1 for none); a group adds up to ``total``, or if that is nan, to
    one at most. ``factor`` is the stream that a row shares with others, and ``common`` the correlation
    of their errors (0 for none).
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    streams: NDArray[np.uint64]
    whole: NDArray[np.intp]
    total: NDArray[np.float64]
    factor: NDArray[np.uint64]
    common: NDArray[np.float64]


def _read(name: str, frame: pd.DataFrame, seed: int, tied: Mapping[str, float]) -> _Lottery:
    value, low, high = (frame[column].to_numpy(dtype=float) for column in FIGURES[name])
    fixed = ~(np.isfinite(low) & np.isfinite(high))
    low, high = np.where(fixed, value, low), np.where(fixed, value, high)
    key = [column.name for column in load_dictionary().tables[name].values() if column.key]
    names = frame[key].fillna("").astype("str").itertuples(index=False, name=None)
    streams = name_streams(seed, ("/".join((name, *parts)) for parts in names))
    factor, common = _find_factors(name, frame, seed, tied)
    return _Lottery(value, low, high, streams, *_find_wholes(name, frame, value), factor, common)


def _find_factors(
    name: str, frame: pd.DataFrame, seed: int, tied: Mapping[str, float]
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Give figures of the same first source that are about the same thing one stream, and say how far they share it."""
    first = [cell.split("|")[0] if isinstance(cell, str) else "" for cell in frame["source"]]
    about = frame[ABOUT[name]].fillna("") if name in ABOUT else [""] * len(frame)
    names = (f"common/{name}/{source}/{what}" for source, what in zip(first, about, strict=True))
    return name_streams(seed, names), np.array([tied.get(source, 0.0) for source in first])


def _read_together(lottery: _Lottery, number: int) -> NDArray[np.float64]:
    """Return a uniform number per row; those with a common factor are correlated, and uniform all the same."""
    u, tied = read_streams(lottery.streams, number), lottery.common > 0
    if tied.any():
        common = lottery.common[tied]
        shared = ndtri(read_streams(lottery.factor[tied], number))
        u[tied] = ndtr(np.sqrt(common) * shared + np.sqrt(1 - common) * ndtri(u[tied]))
    return u


def _find_wholes(
    name: str, frame: pd.DataFrame, value: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    if name not in TOGETHER:
        return np.full(len(frame), -1), np.zeros(0)
    columns, enough = TOGETHER[name]
    group = frame.groupby(columns, sort=False).ngroup().to_numpy()
    member = frame["firm"].isna().to_numpy() if "firm" in frame.columns else np.full(len(frame), fill_value=True)
    blank = np.bincount(group[member], np.isnan(value[member]), minlength=group.max() + 1) > 0
    total = np.bincount(group[member], np.nan_to_num(value[member]), minlength=group.max() + 1)
    open_ = (total < enough) | (blank & (total < 1))
    return np.where(member & np.isfinite(value), group, -1), np.where(open_, np.nan, total)


def _draw_triangular(lottery: _Lottery, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn uniform numbers into triangular ones, by the inverse of the distribution."""
    out = lottery.value.copy()
    free = lottery.high > lottery.low
    a, c, b, u = lottery.low[free], lottery.value[free], lottery.high[free], u[free]
    rising = a + np.sqrt(u * (b - a) * (c - a))
    falling = b - np.sqrt((1 - u) * (b - a) * (b - c))
    out[free] = np.clip(np.where(u * (b - a) < c - a, rising, falling), a, b)
    return out


def _hold(lottery: _Lottery, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale each whole by one factor, inside the intervals, to its total; one that is left over, to one at most."""
    part, size = lottery.whole >= 0, len(lottery.total)
    if not size:
        return drawn
    group, free, low, high = lottery.whole[part], drawn[part], lottery.low[part], lottery.high[part]
    target = np.where(np.isnan(lottery.total), np.minimum(np.bincount(group, free, size), 1.0), lottery.total)
    held = scale_groups(free, low, high, group, target)
    out = drawn.copy()
    out[part] = held
    return out


def _give_way(lottery: _Lottery, placed: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Let the parts of a whole that were not placed make up for those that were; wholes without any stay as they are."""
    size = len(lottery.total)
    moved = np.bincount(lottery.whole[chosen & (lottery.whole >= 0)], minlength=size) > 0
    if not moved.any():
        return placed
    low, high = (np.where(chosen, placed, end) for end in (lottery.low, lottery.high))
    held = _hold(replace(_pick_wholes(lottery, moved), low=low, high=high), placed)
    # Where the others cannot make up for it, what was placed moves as well.
    part = lottery.whole >= 0
    over = np.bincount(lottery.whole[part], held[part], size) - np.where(np.isnan(lottery.total), 1.0, lottery.total)
    missed = moved & (np.where(np.isnan(lottery.total), over, np.abs(over)) > UNEVEN)
    return _hold(_pick_wholes(lottery, missed), held) if missed.any() else held


def _pick_wholes(lottery: _Lottery, picked: NDArray[np.bool_]) -> _Lottery:
    """Return the lottery with some of its wholes alone; rows of none read the last, which is added."""
    whole = np.where(np.append(picked, False)[lottery.whole], lottery.whole, -1)
    return replace(lottery, whole=whole, total=np.where(picked, lottery.total, np.nan))
