"""Which factors matter at all: elementary effects along random paths (sensitivity.1, sensitivity.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.errors import UsageError
from pondasi.seeds import open_stream
from pondasi.sensitivity.points import describe_factors, run_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.executor import Executor
    from pondasi.sensitivity.points import Intervals, Progress, Run

LEVELS = 4
"""Steps of the grid, as Morris 1991 and most users since take them; a step then spans two thirds of an interval."""
RESAMPLES = 1000
"""Draws of paths with replacement for an interval."""
ROUNDING = 1e-12
"""Share of the largest output below which an effect is none: sums of some thousand numbers differ by as much in their last digits."""
LEAST = 2
"""Paths without which nothing can be said of their spread."""


@dataclass(frozen=True, eq=False)
class Screening:
    """What each factor does to each output as it moves over its interval.

    Parameters
    ----------
    trajectories, runs
        How many paths were walked, and how often the function was run.
    table
        Index (output, factor), by falling ``mu_star`` within an output: ``mu``, the mean effect of moving the
        factor over its whole interval [output]; ``mu_star``, the mean of its absolute value, with
        ``mu_star_low`` and ``mu_star_high``, the 95 % interval of the bootstrap over paths; ``sigma``, its
        standard deviation between paths: large beside ``mu_star`` where the effect depends on the other
        factors, or bends.
    """

    trajectories: int
    runs: int
    table: pd.DataFrame = field(repr=False)

    def rank(self, output: str) -> pd.DataFrame:
        """Return the factors of one output, the strongest first."""
        return self.table[self.table.index.get_level_values("output") == output].droplevel("output")


def screen_factors(
    intervals: Intervals,
    run: Run,
    *,
    trajectories: int = 10,
    outputs: Sequence[str] = ("value",),
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Screening:
    """Walk random paths through the box of all factors, one factor at a time, and see what each step does.

    A cheap first look: ``trajectories * (factors + 1)`` runs tell which factors do nothing. A factor that has
    no effect, or none beyond the rounding of sums, has ``mu_star = 0``.

    Parameters
    ----------
    intervals
        Low and high of each factor, by name.
    run
        Takes a point, shape (factors,), and returns the outputs: a number, or as many as ``outputs`` has names.
    trajectories
        Paths; 4 to 10 are usual for screening.
    outputs
        Names of what the function returns.
    seed, executor, progress
        Of the paths; where the function is run (it must then travel to other processes); called with runs done
        and in all. The same seed gives the same bits wherever it is run.

    Raises
    ------
    UsageError
        If factors or outputs make no sense, or there are fewer than two paths.
    MissingExtraError
        If SALib is not installed.

    References
    ----------
    Morris 1991, doi:10.1080/00401706.1991.10484804; Campolongo, Cariboni and Saltelli 2007,
    doi:10.1016/j.envsoft.2006.10.004 (``mu_star``). Paths and effects are those of SALib.

    Example
    -------
    >>> found = screen_factors({"a": (0, 1), "b": (0, 2), "idle": (0, 1)}, lambda x: 3 * x[0] + x[1])
    >>> found.rank("value")["mu_star"].round(6).to_dict()
    {'a': 3.0, 'b': 2.0, 'idle': 0.0}
    """
    if trajectories < LEAST:
        raise UsageError("trajectories_few", n=trajectories, least=LEAST)
    problem = describe_factors(intervals)
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as sampling

    points = sampling.sample(problem, trajectories, num_levels=LEVELS, seed=open_stream(seed, "morris"))
    values = run_points(run, points, outputs, executor, progress)
    tables = []
    for number, _ in enumerate(outputs):
        found = analysis.analyze(problem, points, values[:, number], num_resamples=2, num_levels=LEVELS, seed=1)
        effects = _read_effects(problem["bounds"], points, values[:, number], trajectories)
        low, high = _bootstrap(np.abs(effects), seed)
        columns = {name: np.asarray(found[name], dtype=float) for name in ("mu", "mu_star")}
        columns |= {"mu_star_low": low, "mu_star_high": high, "sigma": np.asarray(found["sigma"], dtype=float)}
        least = ROUNDING * np.abs(values[:, number]).max()
        columns = {name: np.where(np.abs(column) <= least, 0.0, column) for name, column in columns.items()}
        table = pd.DataFrame(columns, pd.Index(problem["names"], name="factor"))
        tables.append(table.sort_values("mu_star", ascending=False, kind="stable"))
    whole = pd.concat(tables, keys=list(outputs), names=["output"])
    return Screening(trajectories, len(points), whole)


def _read_effects(bounds: list[list[float]], points: np.ndarray, values: np.ndarray, paths: int) -> np.ndarray:
    """Return the effect of each factor on each path over its whole interval, shape (paths, factors) (sensitivity.1)."""
    low, high = np.array(bounds).T
    place = ((points - low) / (high - low)).reshape(paths, -1, len(low))
    step = np.diff(place, axis=1)
    moved = np.abs(step).argmax(axis=2)
    size = np.take_along_axis(step, moved[..., None], axis=2)[..., 0]
    effects = np.empty((paths, len(low)))
    np.put_along_axis(effects, moved, np.diff(values.reshape(paths, -1), axis=1) / size, axis=1)
    return effects


def _bootstrap(effects: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of the mean over paths; shape (factors,) each."""
    stream = open_stream(seed, "morris", "bootstrap")
    drawn = stream.integers(len(effects), size=(RESAMPLES, len(effects)))
    low, high = np.quantile(effects[drawn].mean(axis=1), (0.025, 0.975), axis=0)
    return low, high
