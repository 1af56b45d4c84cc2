"""How much of a ranking survives when its figures move (position.10)?

Two places are ranked by figures that have intervals. Where these overlap, the order may be a matter of
chance, and a ranking that does not say so claims too much: of the products that the European Commission's
indicators flag as dependent in one year, one in five is not flagged in the next (see the model page). So
every ranking here comes with the part of variants (draws, years, thresholds) in which each order holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.position.bands import HIGH_QUANTILE, LOW_QUANTILE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RankStability:
    """A ranking, and how firmly each of its orders holds.

    Parameters
    ----------
    survival
        Index and columns: what is ranked, in its order. Part of the variants in which the order of two is
        the one of the ranking; a tie counts as half, so 0.5 says that the order is not known. One on the
        diagonal. Missing where no variant has a figure for both.
    ranks
        Index: what is ranked, in its order. Columns value, rank (1 is the largest; ties share the better
        rank), rank_low and rank_high (one tenth and nine tenths of the variants lie below), holds (part of
        the variants in which the rank is the same), next (survival of the order with the one that follows).
    variants
        How many variants there were; 0 if none were made, and then all of this is missing.
    """

    survival: pd.DataFrame = field(repr=False)
    ranks: pd.DataFrame = field(repr=False)
    variants: int = 0

    @property
    def mean(self) -> float:
        """Mean survival over all pairs; nan for fewer than two places or without variants."""
        above = self.survival.to_numpy()[np.triu_indices(len(self.survival), 1)]
        known = above[~np.isnan(above)]
        return float(known.mean()) if len(known) else float("nan")


def measure_stability(values: pd.Series, variants: pd.DataFrame) -> RankStability:
    """Return how often the order of two places survives, and how firmly each rank holds.

    Parameters
    ----------
    values
        What is ranked, by place, the largest first; places without a figure are left out.
    variants
        The same figures where something moved: places as index, a column per draw, year or threshold. A
        place that a variant does not have is missing there.

    Returns
    -------
    With ``a`` before ``b`` in the ranking, ``survival(a, b) = mean over variants v of
    [x_av > x_bv] + [x_av = x_bv] / 2`` (position.10), over the variants that have both.

    Example
    -------
    >>> values = pd.Series({"x": 3.0, "y": 2.0, "z": 1.0})
    >>> variants = pd.DataFrame({1: {"x": 3.0, "y": 1.0, "z": 2.0}, 2: {"x": 5.0, "y": 4.0, "z": 0.0}})
    >>> found = measure_stability(values, variants)
    >>> float(found.survival.loc["x", "y"]), float(found.survival.loc["y", "z"])
    (1.0, 0.5)
    >>> found.ranks["holds"].tolist()
    [1.0, 0.5, 0.5]
    """
    ranked = values.dropna().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    drawn = variants.reindex(ranked.index).to_numpy(dtype=float)
    survival = _count_survival(drawn)
    ranks = pd.DataFrame({"value": ranked.astype(float), "rank": _rank(ranked.to_numpy(dtype=float)[:, None])[:, 0]})
    ranks["rank_low"], ranks["rank_high"], ranks["holds"] = _band_ranks(drawn, ranks["rank"].to_numpy())
    ranks["next"] = np.append(np.diagonal(survival, 1), np.nan)[: len(ranked)]
    table = pd.DataFrame(survival, ranked.index, ranked.index)
    return RankStability(table, ranks, drawn.shape[1])


def _count_survival(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return survival, shape (n, n), of rows in the order of the ranking, shape (n, variants)."""
    n = len(drawn)
    above, counted = np.zeros((n, n)), np.zeros((n, n))
    for column in drawn.T:
        first, second = column[:, None], column[None, :]
        above += (first > second) + 0.5 * (first == second)
        known = ~np.isnan(column)
        counted += known[:, None] & known[None, :]
    part = np.divide(above, counted, out=np.full((n, n), np.nan), where=counted > 0)
    upper = np.triu(part, 1)
    survival: NDArray[np.float64] = upper + upper.T
    np.fill_diagonal(survival, 1.0 if drawn.shape[1] else np.nan)
    return survival


def _rank(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks by column, 1 for the largest; ties share the better one; nan stays."""
    return np.asarray(pd.DataFrame(drawn).rank(ascending=False, method="min").to_numpy(dtype=float))


def _band_ranks(
    drawn: NDArray[np.float64], rank: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the higher end of each rank, and the part of variants in which it holds."""
    blank = np.full(len(drawn), np.nan)
    low, high, holds = blank.copy(), blank.copy(), blank.copy()
    for row, found in enumerate(_rank(drawn)):
        known = found[~np.isnan(found)]
        if len(known):
            low[row], high[row] = np.quantile(known, [LOW_QUANTILE, HIGH_QUANTILE], method="inverted_cdf")
            holds[row] = (known == rank[row]).mean()
    return low, high, holds
