"""The engine as the model that a backtest holds against what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.chain.records import World
from pondasi.chain.sample import prepare_draws
from pondasi.errors import BalanceError, UsageError
from pondasi.executor import Serial
from pondasi.stress.assess import HIGH, LOW
from pondasi.stress.build import build_system
from pondasi.stress.impact import CALM_WEEKS, ROUNDING, VISIBLE
from pondasi.stress.kernel import SENT, SHIPPED
from pondasi.stress.mitigate import unbuffer_system
from pondasi.stress.resolve import weigh_suppliers
from pondasi.stress.staging import revise_chain, stage_row, vary_overrides
from pondasi.stress.struck import run_struck
from pondasi.stress.twins import find_made
from pondasi.stress.watches import watch_suppliers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pondasi.chain.sample import Sampler
    from pondasi.executor import Executor
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.score_rows import Override, ScoreRow
    from pondasi.stress.shock_library import ShockLibrary
    from pondasi.stress.system import Floats, System
    from pondasi.stress.watches import Watches

SETTLE_WEEKS = 26
"""A run goes on for so long after the weeks of its row, so that recoveries show."""


@dataclass(frozen=True)
class ChainModel:
    """What the engine says of a row of the backtest: the chain of the year, its shocks, weeks and output compared.

    Parameters
    ----------
    world
        The world of today; each row revises it.
    library
        Shocks by id, and the sources that overrides name.
    draws, seed
        Chains, overrides and shocks drawn from their intervals together, for the interval of a row; 0 for none.
    executor
        Where the draws are run.
    """

    world: World
    library: ShockLibrary
    draws: int = 0
    seed: int = 0
    executor: Executor = field(default_factory=Serial)

    def __call__(self, row: ScoreRow, overrides: tuple[Override, ...]) -> Mapping[str, float | None]:
        """Return what the model says of a row."""
        steps = round(max(row.to_week, 0.0)) + SETTLE_WEEKS
        system, schedule = _stage(self.world, self.library, row, overrides, None)
        made = find_made(self.world.chain)
        series, base = _watch(system, schedule, row, steps, made)
        if row.kind == "timing":
            weeks = {"weeks": _find_week(row.measure, 1 - series / base)}
            return weeks | self._band(row, overrides, steps)
        bare, bare_base = _watch(unbuffer_system(system), schedule, row, steps, made)
        said: dict[str, float | None] = {"lost": _lose(series, base, row), "unbuffered": _lose(bare, bare_base, row)}
        return said | self._band(row, overrides, steps)

    def _band(self, row: ScoreRow, overrides: tuple[Override, ...], steps: int) -> dict[str, float | None]:
        """Return the ends of the interval; a time that a draw never reaches counts as late."""
        if not self.draws:
            return {}
        sampler = prepare_draws(self.world.chain, self.seed)
        job = _Draw(sampler, self.world, self.library, row, overrides, self.seed, steps)
        drawn = [one for one in self.executor.map(job, range(self.draws)) if one is not None]
        ends = {"low": LOW, "high": HIGH} if drawn else {}
        found = {name: float(np.quantile(drawn, level, method="inverted_cdf")) for name, level in ends.items()}
        return {name: value if np.isfinite(value) else None for name, value in found.items()}


@dataclass(frozen=True)
class _Draw:
    """One draw of a row: chain, figures of its year and shocks together; what travels to a worker."""

    sampler: Sampler
    world: World
    library: ShockLibrary
    row: ScoreRow
    overrides: tuple[Override, ...]
    seed: int
    steps: int

    def __call__(self, number: int) -> float | None:
        """Return the loss of draw ``number``, or the week of a row of timing; None if its chain has no balance."""
        drawn = vary_overrides(self.overrides, self.seed, number)
        world = World(self.sampler.draw(number), self.world.companions)
        try:
            system, schedule = _stage(world, self.library, self.row, drawn, (self.seed, number))
        except BalanceError:
            return None
        series, base = _watch(system, schedule, self.row, self.steps, find_made(world.chain))
        if self.row.kind == "timing":
            week = _find_week(self.row.measure, 1 - series / base)
            return np.inf if week is None else week
        return _lose(series, base, self.row)


def _stage(
    world: World,
    library: ShockLibrary,
    row: ScoreRow,
    overrides: Sequence[Override],
    draw: tuple[int, int] | None,
) -> tuple[System, Schedule]:
    """Return the chain of the year as a system, and the shocks of the row on it."""
    chain = revise_chain(world.chain, overrides, library.sources)
    then = World(chain, world.companions)
    system = build_system(then, balance_flows(chain, read_prior(then)))
    holdings = weigh_suppliers(chain, system.labels)
    return system, stage_row(row, overrides, library, system.labels, holdings, draw=draw)


def _watch(
    system: System, schedule: Schedule, row: ScoreRow, steps: int, made: Collection[str]
) -> tuple[Floats, float]:
    """Return the output that the row is about, step by step, and its base."""

    def watch(system: System) -> Watches:
        nodes, countries = (
            system.labels.get_level_values(level).to_numpy(dtype=object) for level in ("node", "country")
        )
        here = np.isin(nodes, row.nodes)
        if row.countries:
            here &= np.isin(countries, row.countries)
        if not here.any():
            raise UsageError("row_without_output", row=row.row)
        return watch_suppliers([("output", SENT if row.measure == "lost_deliveries" else SHIPPED, here)])

    series, watches = run_struck(system, schedule, steps, watch, made)
    return series[0, 0], float(watches.base(system)[0])


def _lose(series: Floats, base: float, row: ScoreRow) -> float:
    """Return the part lost over the weeks of the row, net of what is made up in them; broken weeks count in part."""
    weeks = np.arange(len(series))
    part = np.clip(np.minimum(row.to_week, weeks + 1) - np.maximum(row.from_week, weeks), 0.0, 1.0)
    lost = float(1 - part @ series / base / part.sum())
    return lost if abs(lost) > ROUNDING else 0.0


def _find_week(measure: str, loss: Floats) -> float | None:
    """Return the middle of the deepest week, or the week from which all stays well; None without a loss."""
    seen = loss > VISIBLE
    if not seen.any():
        return None
    if measure == "peak_week":
        return float(loss.argmax()) + 0.5
    first = int(seen.argmax())
    for week in range(first, len(loss) - CALM_WEEKS + 1):
        if not seen[week : week + CALM_WEEKS].any():
            return float(week)
    return None
