"""What a run lost, and when: gross and net of what was made up, first week, depth, recovery (stress.10 to stress.13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.stress.system import Floats

VISIBLE = 0.01
"""A loss counts as begun, and as over, at this part of base output."""
CALM_WEEKS = 13
"""Output has recovered when it stays up for so long."""
ROUNDING = 1e-9
"""Losses of less are sums that do not come out even."""
HORIZONS = (26, 52)
"""Weeks after which the net loss is stated."""
COLUMNS = ("gross", *(f"net_{weeks}" for weeks in HORIZONS), "net", "depth", "impact_week", "recovery_week")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What was lost, by scenario and watch.

    Parameters
    ----------
    table
        Index (scenario, watch); columns: ``gross``, ``net_26``, ``net_52``, ``net`` in weeks of base output
        of the watch; ``depth`` [fraction]; ``impact_week`` and ``recovery_week`` [weeks], nan where loss
        never shows, or is not over by the end.
    """

    table: pd.DataFrame = field(repr=False)

    def of(self, watch: str) -> pd.DataFrame:
        """Return the outcomes of one watch, a row per scenario."""
        rows = self.table.index.get_level_values("watch") == watch
        return self.table[rows].droplevel("watch")


def measure_outcomes(
    series: Floats, base: Floats, names: Sequence[str], *, step: float = 1.0, first: int = 0
) -> Outcomes:
    """Return what runs lost against the base.

    With ``y(t)`` what a watch records and ``b`` its base: the gross loss is ``sum max(0, 1 - y/b) dt``
    (stress.10), the net loss ``sum (1 - y/b) dt`` up to a horizon, so that catching up counts (stress.11);
    the time to impact is the start of the first step with more than 1 % lost, the depth the largest loss of
    a step (stress.12); the time to recover is the start of the first step after the impact from which 13
    weeks pass above 99 % (stress.13).

    Parameters
    ----------
    series
        Shape (scenarios, watches, steps).
    base
        Shape (watches,); a watch without a base loses nothing that could be told.
    names
        Names of the watches.
    step
        Length of a step [weeks].
    first
        Number of the first scenario.

    Example
    -------
    >>> series = np.array([[[1.0, 0.5, 0.5, *[1.0] * 20]]])
    >>> measure_outcomes(series, np.array([1.0]), ["cars"]).table.iloc[0].tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 3.0]
    """
    scenarios = len(series)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(base[None, :, None] > 0, 1 - series / base[None, :, None], 0.0)
    shown = np.where(np.abs(loss) < ROUNDING, 0.0, loss)
    seen = shown > VISIBLE
    impact = np.where(seen.any(axis=2), seen.argmax(axis=2) * step, np.nan)
    columns = {"gross": np.maximum(shown, 0.0).sum(axis=2) * step}
    for weeks in HORIZONS:
        columns[f"net_{weeks}"] = shown[:, :, : round(weeks / step)].sum(axis=2) * step
    columns["net"] = shown.sum(axis=2) * step
    columns["depth"] = np.maximum(shown.max(axis=2), 0.0)
    columns["impact_week"] = impact
    columns["recovery_week"] = _find_recovery(seen, round(CALM_WEEKS / step)) * step
    index = pd.MultiIndex.from_product([range(first, first + scenarios), names], names=["scenario", "watch"])
    return Outcomes(pd.DataFrame({name: columns[name].ravel() for name in COLUMNS}, index))


def _find_recovery(seen: np.ndarray, calm: int) -> Floats:
    """Return the first step after the first loss from which so many steps are calm; nan where there is none."""
    steps = seen.shape[2]
    # Steps until the next loss, counted from the back; beyond the end nothing is known.
    until = np.zeros(seen.shape, dtype=np.int64)
    run = np.zeros(seen.shape[:2], dtype=np.int64)
    for t in range(steps - 1, -1, -1):
        run = np.where(seen[:, :, t], 0, run + 1)
        until[:, :, t] = run
    begun = np.maximum.accumulate(seen, axis=2)
    over = begun & (until >= min(calm, steps))
    found: Floats = np.where(over.any(axis=2), over.argmax(axis=2).astype(float), np.nan)
    return found
