"""Which figures decide what a shock costs a country, and which single rows are worth measuring first (sensitivity.6 to 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.sensitivity.figures import EVENT, list_factors, list_rows_of
from pondasi.sensitivity.losses import OUTPUTS, LossModel
from pondasi.sensitivity.points import run_points
from pondasi.sensitivity.screen import ROUNDING, Screening, screen_factors
from pondasi.sensitivity.variance import Variance, measure_sobol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.sensitivity.figures import Factor
    from pondasi.sensitivity.points import Progress
    from pondasi.stress.shocks import Shock

WEEKS = 104
"""A shock is followed for two years: what a run of thousands of points can afford."""
TRAJECTORIES = 4
"""Paths of a screening by default: the fewest that are usual."""
TOP = 5
"""Groups of figures that are looked at closely: row by row, and by their parts of the variance."""
ASSUMED = "assumed"


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the loss of a country under a shock depends on.

    Parameters
    ----------
    home, shock, weeks
        The country, the id of the shock and how long it was followed [weeks].
    central
        Each of `OUTPUTS` with all figures at their central values.
    screening
        Of all groups of figures. Effects are those of moving a group from the low ends of its intervals to the
        high ends; gross and net losses in weeks of output, depth as a fraction.
    groups
        Index factor: ``table``, ``what`` and ``where`` of the group, how many ``rows`` it has, and how many of them
        are ``assumed``.
    rows
        Index (factor, row), for the strongest groups: value, low, high, unit, grade and source of each figure, and
        ``loss_low`` and ``loss_high``, the gross loss of home with this figure alone at the ends of its interval
        and all others central [weeks]; by falling ``swing``, the distance of the two.
    variance
        Of the strongest groups, with all others central; None where it was not asked for, or nothing matters.
    """

    home: str
    shock: str
    weeks: int
    central: pd.Series = field(repr=False)
    screening: Screening
    groups: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    variance: Variance | None = None

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        factors = self.screening.table.join(self.groups, on="factor").reset_index()
        central = self.central.rename("value").rename_axis("output").reset_index()
        tables = {"factors": factors, "rows": self.rows.reset_index(), "central": central}
        if self.variance is not None:
            tables |= {
                "variance": self.variance.table.reset_index(),
                "spread": self.variance.spread.reset_index(),
            }
        return tables


def measure_sensitivity(
    world: World,
    home: str,
    shock: Shock,
    *,
    trajectories: int = TRAJECTORIES,
    samples: int = 0,
    top: int = TOP,
    factors: Sequence[Factor] | None = None,
    weeks: int = WEEKS,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Find the figures that decide what a shock costs a country.

    First all groups of figures are screened; then the rows of the strongest are moved one at a time; then, if
    ``samples`` are asked for, the variance of the loss is split over the strongest.

    Parameters
    ----------
    world, home, shock
        As for `run_stress_test`.
    trajectories, samples
        Paths of the screening, and points of the sequence for the parts of the variance: a power of two, or 0 for
        none.
    top
        How many groups are looked at closely.
    factors
        Groups of figures; those of `list_factors` by default.
    weeks, seed, executor, progress
        As for `run_stress_test`; ``progress`` counts the runs of each of the three parts anew.

    Raises
    ------
    UsageError
        If the country has no user industries in the chain, or paths or points make no sense.
    MissingExtraError
        If SALib is not installed.
    """
    factors = tuple(list_factors(world, shock, home) if factors is None else factors)
    model = LossModel(world, home, shock, factors, weeks)
    central = pd.Series(model(np.full(len(factors), np.nan)), list(OUTPUTS))
    unit = {factor.id: (0.0, 1.0) for factor in factors}
    screening = screen_factors(
        unit, model, trajectories=trajectories, outputs=OUTPUTS, seed=seed, executor=executor, progress=progress
    )
    ranked = screening.rank(OUTPUTS[0])["mu_star"]
    place = {factor.id: number for number, factor in enumerate(factors)}
    strong = [place[name] for name in ranked.index[ranked > 0][:top]]
    variance = None
    if samples and strong:
        names = {factors[number].id: (0.0, 1.0) for number in strong}
        variance = measure_sobol(
            names,
            _Few(model, tuple(strong)),
            samples=samples,
            outputs=OUTPUTS,
            seed=seed,
            executor=executor,
            progress=progress,
        )
    rows = _move_rows(model, strong, central.iloc[0], executor, progress)
    return Sensitivity(home, shock.id, weeks, central, screening, _describe(model), rows, variance)


@dataclass(frozen=True)
class _Few:
    """The loss as a function of some of the factors, with the others central."""

    model: LossModel
    chosen: tuple[int, ...]

    def __call__(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.full(len(self.model.factors), np.nan)
        whole[list(self.chosen)] = point
        return self.model(whole)


@dataclass(frozen=True)
class _Alone:
    """The loss with one figure moved: factor, row and level as a point."""

    model: LossModel

    def __call__(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        number, row, level = point.tolist()
        return self.model.move(self.model.factors[int(number)], int(row), level)


def _move_rows(
    model: LossModel, strong: list[int], central: float, executor: Executor | None, progress: Progress | None
) -> pd.DataFrame:
    """Return the rows of some factors with the gross loss at both ends of each, by falling swing (sensitivity.8)."""
    parts = []
    for number in strong:
        table = list_rows_of(model.world, model.shock, model.factors[number])
        parts.append(table.assign(factor=model.factors[number].id, number=number))
    if not parts:
        return pd.DataFrame(columns=["factor", "row", "loss_low", "loss_high", "swing"]).set_index(["factor", "row"])
    rows = pd.concat(parts, ignore_index=True)
    # The hits of a shock move together: one pair of runs for all of them.
    asked = rows[["number", "place"]].where(
        rows["factor"].str.split("/").str[0] != EVENT, rows[["number"]].assign(place=0)
    )
    pairs, at = np.unique(asked.to_numpy(dtype=float), axis=0, return_inverse=True)
    points = np.concatenate([np.column_stack([pairs, np.full(len(pairs), level)]) for level in (0.0, 1.0)])
    gross = run_points(_Alone(model), points, OUTPUTS, executor, progress)[:, 0].reshape(2, -1)[:, at.ravel()]
    rows = rows.assign(loss_low=gross[0], loss_high=gross[1])
    ends = np.stack([gross[0], gross[1], np.full(gross.shape[1], central)])
    swing = np.ptp(ends, axis=0)
    rows["swing"] = np.where(swing <= ROUNDING * np.abs(ends).max(), 0.0, swing)
    rows = rows.drop(columns=["number", "place"]).sort_values("swing", ascending=False, kind="stable")
    return rows.set_index(["factor", "row"])


def _describe(model: LossModel) -> pd.DataFrame:
    """Return what each group holds."""
    rows = []
    for factor in model.factors:
        table = list_rows_of(model.world, model.shock, factor)
        rows.append(
            (factor.id, factor.table, factor.what, factor.where, len(table), int((table["grade"] == ASSUMED).sum()))
        )
    columns = ["factor", "table", "what", "where", "rows", "assumed"]
    return pd.DataFrame(rows, columns=columns).set_index("factor")
