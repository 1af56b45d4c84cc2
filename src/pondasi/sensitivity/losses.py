"""The loss of a country under a shock as a function of where its uncertain figures stand (sensitivity.6, sensitivity.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.chain.records import World
from pondasi.chain.sample import prepare_draws
from pondasi.errors import UsageError
from pondasi.sensitivity.figures import EVENT, LOSS, TIME
from pondasi.stress.assess import SHOWN
from pondasi.stress.build import PACE, build_system
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.shocks import draw_triangle, place_shock
from pondasi.stress.struck import run_struck
from pondasi.stress.twins import find_made
from pondasi.stress.watches import HOME, WORLD, watch_country

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.chain.flows import Flows
    from pondasi.chain.sample import Sampler
    from pondasi.sensitivity.figures import Factor
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import System
    from pondasi.stress.watches import Watches

OUTPUTS = ("gross", "net", "depth", "world_gross")
"""What a run tells: gross and net loss and the deepest week of home's user industries, gross loss of the world's."""
NOISE = 1e-9
"""An output below this is none [weeks, or share of a week]: no loss, but the last digits of the sums that make it."""
FLOWS = ("nodes", "links", "variants", "shares")
"""Tables on which the flows rest: traits and pace leave them as they are."""


@dataclass(frozen=True, eq=False)
class LossModel:
    """What a shock costs a country, with figures at chosen levels; what travels to a worker.

    Parameters
    ----------
    world, home, shock
        The central figures, the country and the event.
    factors
        Groups of figures, in the order of a point.
    weeks
        How long each run is followed [weeks].

    Example
    -------
    >>> from pondasi import load_shock, load_world
    >>> world = load_world()
    >>> model = LossModel(world, "IDN", load_shock("neon_cut", world.chain), (), 4)
    >>> model(np.zeros(0)).shape
    (4,)
    """

    world: World
    home: str
    shock: Shock
    factors: tuple[Factor, ...]
    weeks: int
    sampler: Sampler = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the chain ready to be placed."""
        object.__setattr__(self, "sampler", prepare_draws(self.world.chain))

    def __call__(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `OUTPUTS` with the factors at the levels of a point, 0 low to 1 high; nan leaves one central."""
        rows = [(factor, factor.rows, level) for factor, level in zip(self.factors, point, strict=True)]
        return self._run(*self._place(rows))

    def move(self, factor: Factor, row: int, level: float) -> NDArray[np.float64]:
        """Return `OUTPUTS` with one figure of a factor at a level and all others central."""
        return self._run(*self._place([(factor, np.array([row]), level)]))

    def _place(self, moves: Sequence[tuple[Factor, NDArray[np.int64], float]]) -> tuple[World, Shock]:
        """Return the world and the shock with some figures at their levels."""
        levels: dict[str, NDArray[np.float64]] = {}
        event: dict[str, float] = {}
        companions = dict(self.world.companions)
        for factor, rows, level in moves:
            if np.isnan(level):
                continue
            if factor.table == EVENT:
                event[factor.what] = float(level)
            elif factor.table == PACE:
                table = companions[PACE]
                low, value, high = (table[name].to_numpy(dtype=float) for name in ("low", "value", "high"))
                placed = value.copy()
                placed[rows] = draw_triangle(np.full(len(rows), level), low[rows], value[rows], high[rows])
                companions[PACE] = table.assign(value=placed)
            else:
                table = self.world.chain.tables[factor.table]
                levels.setdefault(factor.table, np.full(len(table), np.nan))[rows] = level
        world = World(self.sampler.place(levels), companions)
        return world, place_shock(self.shock, loss=event.get(LOSS), time=event.get(TIME))

    def _run(self, world: World, shock: Shock) -> NDArray[np.float64]:
        chain = world.chain
        central = all(chain.tables[name] is self.world.chain.tables[name] for name in FLOWS)
        flows = self._flows if central else balance_flows(chain, read_prior(world))
        if not any((name, self.home) in flows.labels for name in flows.users):
            raise UsageError("country_without_use", country=self.home)
        system = build_system(world, flows)
        shared = any(hit.firms or hit.loss_of == "world" for hit in shock.hits)
        holdings = weigh_suppliers(chain, system.labels) if shared else None
        schedule = resolve_shock(shock, system.labels, holdings, home=self.home)

        def watch(chain: System) -> Watches:
            return watch_country(chain, flows.users, self.home).first(SHOWN)

        series, watches = run_struck(system, schedule, self.weeks, watch, find_made(chain))
        table = measure_outcomes(series, watches.base(system), watches.names).table.droplevel("scenario")
        home, world_ = table.loc[HOME], table.loc[WORLD]
        found = np.array([home["gross"], home["net"], home["depth"], world_["gross"]], dtype=float)
        return np.where(np.abs(found) <= NOISE, 0.0, found)

    @cached_property
    def _flows(self) -> Flows:
        return balance_flows(self.world.chain, read_prior(self.world))
