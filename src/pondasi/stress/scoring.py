"""How far a model is from what was seen, and whether it is better than saying nothing (stress.31 to stress.37)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pondasi.seeds import open_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.stress.shocks import Interval

CAP = math.log(10)
"""Worst score of a row: off by a factor of ten or more, or a loss that was missed."""
LOSS_LIMIT = 0.02
"""Lost fraction above which a model says that there is a loss."""
EXACT_ROWS = 20
"""Rows up to which all flips of sign are tried; a million of them."""
TIE = 1e-12
"""Relative difference below which two sums of scores are equal, so that rounding breaks no tie."""


@dataclass(frozen=True)
class SignFlip:
    """Exact test of paired differences: how often chance alone does as well (stress.33).

    ``better`` is the one-sided p (the model is not better than the other), ``differ`` the two-sided one.
    """

    better: float
    differ: float
    rows: int

    @property
    def smallest(self) -> float:
        """The smallest two-sided p that this number of rows allows."""
        return min(1.0, 2.0 ** (1 - self.rows))


@dataclass(frozen=True)
class Paired:
    """A model against another on the same rows."""

    mean: float
    low: float
    high: float
    test: SignFlip


@dataclass(frozen=True)
class Coverage:
    """How many of n outcomes lie in their interval, with the range of the true rate (stress.37)."""

    inside: int
    rows: int
    low: float
    high: float

    def __str__(self) -> str:
        """Say it as 'k of n'."""
        return f"{self.inside} of {self.rows}"


@dataclass(frozen=True)
class Balance:
    """Losses seen and nulls left alone (stress.35)."""

    hits: int
    losses: int
    rejections: int
    nulls: int

    @property
    def accuracy(self) -> float | None:
        """Mean of the two rates; None where one has no rows."""
        if not self.losses or not self.nulls:
            return None
        return (self.hits / self.losses + self.rejections / self.nulls) / 2


def score_loss(model: float, observed: Interval) -> float:
    """Return the score of one row with a loss: 0 inside what was observed, at most ln 10 (stress.31).

    ``score = min(ln 10, max(0, ln low - ln model, ln model - ln high))``; a model that sees nothing, or a
    gain, has missed the loss.

    Example
    -------
    >>> from pondasi.stress.shocks import Interval
    >>> seen = Interval(15.0, 10.0, 20.0)
    >>> [round(score_loss(model, seen), 3) for model in (12, 40, 5, 0, 1e6)]
    [0.0, 0.693, 0.693, 2.303, 2.303]
    """
    if not observed.low > 0:
        raise ValueError(f"a loss of {observed.low} and more is none")
    if not model > 0:
        return CAP
    return min(CAP, max(0.0, math.log(observed.low / model), math.log(model / observed.high)))


def flip_signs(differences: Sequence[float]) -> SignFlip:
    """Test whether paired differences are below 0 by more than chance, over all flips of sign (stress.33).

    Under the null hypothesis either model is as likely to be the better one in each row, so every flip of
    signs is as likely. ``better`` is the share of flips whose sum is as low or lower.

    Example
    -------
    >>> flip_signs([-1.0, -1.0, -1.0]).better
    0.125
    """
    d = np.asarray(differences, dtype=float)
    if len(d) > EXACT_ROWS:
        raise ValueError(f"{len(d)} rows are more than the {EXACT_ROWS} of an exact test")
    if not len(d):
        return SignFlip(1.0, 1.0, 0)
    signs = np.array(list(product((1.0, -1.0), repeat=len(d))))
    sums, seen = signs @ abs(d), float(d.sum())
    slack = TIE * float(abs(d).sum())
    better = float((sums <= seen + slack).mean())
    differ = float((abs(sums) >= abs(seen) - slack).mean())
    return SignFlip(better, differ, len(d))


def bootstrap_mean(
    values: Sequence[float], seed: int = 0, *, level: float = 0.9, draws: int = 10_000
) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of a mean over events (stress.34).

    Example
    -------
    >>> bootstrap_mean([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    v = np.asarray(values, dtype=float)
    if not len(v):
        return math.nan, math.nan
    picks = open_stream(seed, "bootstrap", len(v)).integers(len(v), size=(draws, len(v)))
    low, high = np.quantile(v[picks].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def compare_scores(model: Sequence[float], other: Sequence[float], seed: int = 0) -> Paired:
    """Compare a model with another on the same rows; below 0 the model is better (stress.32)."""
    differences = [a - b for a, b in zip(model, other, strict=True)]
    low, high = bootstrap_mean(differences, seed)
    return Paired(float(np.mean(differences)) if differences else math.nan, low, high, flip_signs(differences))


def balance_accuracy(losses: Sequence[float], nulls: Sequence[float], limit: float = LOSS_LIMIT) -> Balance:
    """Count losses that a model sees and nulls that it leaves alone (stress.35).

    Parameters
    ----------
    losses, nulls
        Lost fractions that the model gives for rows with a loss, and for nulls that are represented.
    limit
        Lost fraction above which it says that there is a loss.

    Example
    -------
    >>> balance_accuracy([0.3, 0.01], [0.0, 0.0, 0.01, 0.5]).accuracy
    0.625
    """
    return Balance(sum(x > limit for x in losses), len(losses), sum(x <= limit for x in nulls), len(nulls))


def score_interval(low: float, high: float, observed: Interval, alpha: float = 0.2) -> float:
    """Return the interval score of a loss on the scale of logarithms (stress.36).

    ``ln high - ln low``, plus ``2 / alpha`` times the distance of the observed figure outside of it. Ends
    beyond a factor of ten of what was observed count as that factor, as in the score.

    References
    ----------
    Gneiting and Raftery 2007, doi:10.1198/016214506000001437.

    Example
    -------
    >>> from pondasi.stress.shocks import Interval
    >>> round(score_interval(10.0, 20.0, Interval.exactly(15.0)), 3)
    0.693
    >>> round(score_interval(20.0, 20.0, Interval.exactly(10.0)), 3)
    6.931
    """
    floor, roof = observed.low / 10, observed.high * 10
    l, u = (math.log(min(max(end, floor), roof)) for end in (low, high))  # noqa: E741 - the paper's letters
    x = math.log(observed.value)
    return (u - l) + 2 / alpha * (max(0.0, l - x) + max(0.0, x - u))


def count_coverage(inside: int, rows: int, level: float = 0.95) -> Coverage:
    """Return 'k of n' with the Clopper-Pearson range of the true rate (stress.37).

    References
    ----------
    Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.

    Example
    -------
    >>> found = count_coverage(5, 6)
    >>> str(found), round(found.low, 3), round(found.high, 3)
    ('5 of 6', 0.359, 0.996)
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = float(beta.ppf(tail, inside, rows - inside + 1)) if inside else 0.0
    high = float(beta.ppf(1 - tail, inside + 1, rows - inside)) if inside < rows else 1.0
    return Coverage(inside, rows, low, high)


def miss_weeks(model: float | None, observed: Interval) -> float | None:
    """Return by how many weeks a time lies outside of what was observed; None where the model has none."""
    return None if model is None else max(0.0, observed.low - model, model - observed.high)


def mean_and_median(scores: Sequence[float]) -> tuple[float, float]:
    """Return mean and median of scores, NaN without rows."""
    values: NDArray[np.float64] = np.asarray(scores, dtype=float)
    return (float(values.mean()), float(np.median(values))) if len(values) else (math.nan, math.nan)
