"""How much of the variance each factor makes, alone and with the others (sensitivity.3 to sensitivity.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.errors import UsageError
from pondasi.seeds import open_stream
from pondasi.sensitivity.points import describe_factors, run_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.executor import Executor
    from pondasi.sensitivity.points import Intervals, Progress, Run

RESAMPLES = 500
"""Draws of points with replacement for an interval."""
ENDS = (0.025, 0.975)
LEAST = 4
"""Points below which an estimate of a variance means nothing."""
COLUMNS = ("first", "first_low", "first_high", "total", "total_low", "total_high")


@dataclass(frozen=True, eq=False)
class Variance:
    """Shares of the variance of each output, by factor.

    Parameters
    ----------
    samples, runs
        Points of the sequence, and how often the function was run.
    spread
        Index output: ``mean`` and ``deviation`` of the output over the box [output].
    table
        Index (output, factor), by falling ``total``: ``first``, the part of the variance that would be gone, on the
        mean, if the factor alone were known; ``total``, the part that would be left if all others were known;
        each with the 95 % interval of the bootstrap [fraction]. All are 0 where the output does not vary.
        Estimates may lie below 0 or above 1 by their error.
    """

    samples: int
    runs: int
    spread: pd.DataFrame = field(repr=False)
    table: pd.DataFrame = field(repr=False)

    def rank(self, output: str) -> pd.DataFrame:
        """Return the factors of one output, the strongest first."""
        return self.table[self.table.index.get_level_values("output") == output].droplevel("output")


def measure_sobol(
    intervals: Intervals,
    run: Run,
    *,
    samples: int = 256,
    outputs: Sequence[str] = ("value",),
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Variance:
    """Split the variance of outputs over factors that move independently and evenly over their intervals.

    Meant for the few factors that a screening leaves: it takes ``samples * (factors + 2)`` runs. A factor that
    has no effect has ``first = total = 0``.

    Parameters
    ----------
    intervals, run, outputs, seed, executor, progress
        As for `screen_factors`.
    samples
        Points of the sequence, a power of two.

    Raises
    ------
    UsageError
        If factors or outputs make no sense, or ``samples`` is no power of two of at least 4.
    MissingExtraError
        If SALib is not installed.

    References
    ----------
    Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6; Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018
    (design and estimators, as SALib has them).

    Example
    -------
    >>> found = measure_sobol({"a": (0, 1), "b": (0, 1), "idle": (0, 1)}, lambda x: 2 * x[0] + x[1], samples=1024)
    >>> found.rank("value")["total"].round(2).to_dict()
    {'a': 0.8, 'b': 0.2, 'idle': 0.0}
    """
    if samples < LEAST or samples & (samples - 1):
        raise UsageError("samples_power", n=samples, least=LEAST)
    problem = describe_factors(intervals)
    from SALib.sample import sobol as sampling

    stream = open_stream(seed, "sobol")
    points = sampling.sample(problem, samples, calc_second_order=False, seed=int(stream.integers(1, 2**31)))
    values = run_points(run, points, outputs, executor, progress)
    again = int(stream.integers(1, 2**31))  # never 0, which SALib takes for 'no seed'
    tables = [_split(problem, values[:, number], again) for number in range(len(outputs))]
    own = values.reshape(samples, -1, len(outputs))[:, [0, -1]].reshape(-1, len(outputs))
    spread = pd.DataFrame(
        {"mean": own.mean(axis=0), "deviation": own.std(axis=0)}, pd.Index(list(outputs), name="output")
    )
    return Variance(samples, len(points), spread, pd.concat(tables, keys=list(outputs), names=["output"]))


def _split(problem: dict[str, Any], values: np.ndarray, seed: int) -> pd.DataFrame:
    """Return the indices of one output, the strongest factor first."""
    names = pd.Index(problem["names"], name="factor")
    if np.ptp(values) == 0:
        return pd.DataFrame(0.0, names, list(COLUMNS))
    from SALib.analyze import sobol as analysis

    found = analysis.analyze(
        problem, values, calc_second_order=False, num_resamples=RESAMPLES, keep_resamples=True, seed=seed
    )
    columns: dict[str, np.ndarray] = {}
    for name, key in (("first", "S1"), ("total", "ST")):
        low, high = np.quantile(found[f"{key}_conf_all"], ENDS, axis=0)
        columns |= {name: np.asarray(found[key], dtype=float), f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns, names).sort_values("total", ascending=False, kind="stable")
