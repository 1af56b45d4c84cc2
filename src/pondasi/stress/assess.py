"""The stress test of a country under named shocks: what is lost, when, in bands, and what carries it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.chain.records import World
from pondasi.chain.sample import sample_chain
from pondasi.errors import BalanceError, UsageError
from pondasi.executor import open_executor
from pondasi.stress.build import build_system
from pondasi.stress.impact import COLUMNS, measure_outcomes
from pondasi.stress.mitigate import STAGES, strip_system
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import join_schedules
from pondasi.stress.shocks import vary_shock
from pondasi.stress.struck import run_struck
from pondasi.stress.twins import find_made
from pondasi.stress.watches import HOME, watch_country

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.errors import Problem
    from pondasi.executor import Executor
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import Floats, System
    from pondasi.stress.watches import Watches

    Progress = Callable[[int, int], None]

WEEKS = 156
"""A disruption is followed for three years."""
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
"""Ends and middle of the bands: four draws of five lie inside."""


@dataclass(frozen=True, eq=False)
class StressTest:
    """What named shocks do to the user industries of a country.

    Parameters
    ----------
    home, shocks
        The country and the ids of the shocks.
    outcomes
        Index (shock, watch); for each column of `pondasi.stress.impact.COLUMNS` the central run and, with
        draws, ``_low``, ``_median`` and ``_high``.
    paths
        Index (shock, watch, week): ``loss`` of the central run and with draws its band, for the watches
        ``home`` and ``world`` [fraction].
    carried
        Index (shock, stage): gross loss of home in weeks of output without stocks, spare capacity and other
        sources, and as they are added one by one.
    losses
        Index (shock, user): output, value added [USD] and jobs [job-years] lost by each user industry of the
        country in the central run, net of what was made up.
    draws
        How many drawn chains and shocks the bands rest on; 0 for none.
    weeks
        How long each shock was followed [weeks].
    findings
        Hits that touch nothing, and why.
    """

    home: str
    shocks: tuple[str, ...]
    outcomes: pd.DataFrame = field(repr=False)
    paths: pd.DataFrame = field(repr=False)
    carried: pd.DataFrame = field(repr=False)
    losses: pd.DataFrame = field(repr=False)
    draws: int
    weeks: int
    findings: tuple[Problem, ...] = ()

    def rank(self, watch: str = HOME) -> pd.DataFrame:
        """Return the shocks by falling gross loss of one watch."""
        rows = self.outcomes.index.get_level_values("watch") == watch
        return self.outcomes[rows].droplevel("watch").sort_values("gross", ascending=False, kind="stable")

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        names = ("outcomes", "paths", "carried", "losses")
        return {name: getattr(self, name).reset_index() for name in names}


def run_stress_test(
    world: World,
    home: str,
    shocks: Sequence[Shock],
    *,
    draws: int = 32,
    seed: int = 0,
    weeks: int = WEEKS,
    flows: Flows | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StressTest:
    """Run named shocks through the chain, week by week, and say what the country loses.

    Parameters
    ----------
    world
        A checked chain with its companions.
    home
        The country whose user industries are looked at; it also stands for HOME in shocks.
    shocks
        From `load_shock` or one's own.
    draws, seed
        Chains and shocks drawn from the intervals for the bands, and their seed; each draw moves shares,
        links, traits and the shock together.
    weeks
        How long each is followed [weeks].
    flows
        Balanced flows of the central chain, if they are at hand.
    executor
        Where draws are run; this process by default. Results do not depend on it.
    progress
        Called with draws done and draws in all.

    Raises
    ------
    UsageError
        If the country has no user industries in the chain, or no shock is named.
    DataError
        If a figure that the engine needs is missing.
    """
    if not shocks:
        raise UsageError("no_shocks")
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    users = [name for name in flows.users if (name, home) in flows.labels]
    if not users:
        raise UsageError("country_without_use", country=home)
    job = _Job(world, home, tuple(shocks), weeks, seed, flows.users)
    names = tuple(shock.id for shock in shocks)
    system = build_system(world, flows)
    schedule = job.resolve(system, world, shocks)
    series, watches = job.run(system, schedule)
    central = measure_outcomes(series, watches.base(system), watches.names).table
    drawn = _draw(job, draws, executor, progress)
    return StressTest(
        home=home,
        shocks=names,
        outcomes=_name_shocks(_band(central, [one[0] for one in drawn]), names),
        paths=_tabulate_paths(series, watches.base(system), [one[1] for one in drawn], watches.names, names),
        carried=_strip(job, system, schedule, names, central),
        losses=_value(world, central, users, system, names, home),
        draws=len(drawn),
        weeks=weeks,
        findings=schedule.findings,
    )


@dataclass(frozen=True)
class _Job:
    """One draw: a chain, a system and all shocks at their draws; what travels to a worker."""

    world: World
    home: str
    shocks: tuple[Shock, ...]
    weeks: int
    seed: int
    users: tuple[str, ...]

    def __call__(self, draw: int) -> tuple[pd.DataFrame, Floats] | None:
        """Return outcomes and paths of home and world in one draw; None if its routes have no balance."""
        chain = sample_chain(self.world.chain, self.seed, draw)
        world = World(chain, self.world.companions)
        try:
            system = build_system(world)
        except BalanceError:
            return None
        shocks = [vary_shock(shock, self.seed, draw) for shock in self.shocks]
        series, watches = self.run(system, self.resolve(system, world, shocks))
        base = watches.base(system)
        outcomes = measure_outcomes(series, base, watches.names).table
        return outcomes, 1 - series[:, :SHOWN] / base[None, :SHOWN, None]

    def resolve(self, system: System, world: World, shocks: Sequence[Shock]) -> Schedule:
        """Return the shocks as scenarios on the suppliers of a system."""
        holdings = weigh_suppliers(world.chain, system.labels)
        return join_schedules([resolve_shock(shock, system.labels, holdings, home=self.home) for shock in shocks])

    def run(self, system: System, schedule: Schedule) -> tuple[Floats, Watches]:
        """Return what the country's watches record, each shock on a chain whose products follow the struck plants."""

        def watch(chain: System) -> Watches:
            return watch_country(chain, self.users, self.home)

        return run_struck(system, schedule, self.weeks, watch, find_made(self.world.chain))


SHOWN = 2
"""Watches whose paths are kept: home and world, the first two."""


def _draw(
    job: _Job, draws: int, executor: Executor | None, progress: Progress | None
) -> list[tuple[pd.DataFrame, Floats]]:
    with open_executor(1) if executor is None else nullcontext(executor) as pool:
        results: list[Any] = []
        piece = max(1, 2 * pool.workers)
        for begin in range(0, draws, piece):
            results += pool.map(job, range(begin, min(begin + piece, draws)))
            if progress is not None:
                progress(len(results), draws)
    return [result for result in results if result is not None]


def _band(central: pd.DataFrame, drawn: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the band of the draws beside the central run; a time that a draw never reaches counts as late."""
    table = central.copy()
    if drawn:
        values = np.stack([one.loc[central.index, list(COLUMNS)].to_numpy(dtype=float) for one in drawn])
        late = np.where(np.isnan(values), np.inf, values)
        for name, level in (("low", LOW), ("median", MIDDLE), ("high", HIGH)):
            band = np.quantile(late, level, axis=0, method="inverted_cdf")
            band = np.where(np.isinf(band), np.nan, band)
            table[[f"{column}_{name}" for column in COLUMNS]] = band
    return table


def _name_shocks(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    shock = [names[number] for number in table.index.get_level_values("scenario")]
    index = pd.MultiIndex.from_arrays([shock, table.index.get_level_values("watch")], names=["shock", "watch"])
    return table.set_axis(index)


def _tabulate_paths(
    series: Floats, base: Floats, drawn: list[Floats], watches: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    weeks = series.shape[2]
    index = pd.MultiIndex.from_product([names, watches[:SHOWN], range(weeks)], names=["shock", "watch", "week"])
    columns = {"loss": (1 - series[:, :SHOWN] / base[None, :SHOWN, None]).ravel()}
    if drawn:
        for name, level in (("low", LOW), ("median", MIDDLE), ("high", HIGH)):
            columns[name] = np.quantile(np.stack(drawn), level, axis=0).ravel()
    return pd.DataFrame(columns, index)


def _strip(job: _Job, system: System, schedule: Schedule, names: Sequence[str], central: pd.DataFrame) -> pd.DataFrame:
    """Return the gross loss of home as stocks, spare capacity and other sources are added; the last is the central run."""
    rows = []
    for stage in STAGES[:-1]:
        stripped = strip_system(system, stage)
        series, watches = job.run(stripped, schedule)
        gross = measure_outcomes(series, watches.base(stripped), watches.names).of(HOME)["gross"].tolist()
        rows += [(name, stage, value) for name, value in zip(names, gross, strict=True)]
    whole = central[central.index.get_level_values("watch") == HOME]["gross"].tolist()
    rows += [(name, STAGES[-1], value) for name, value in zip(names, whole, strict=True)]
    return pd.DataFrame(rows, columns=["shock", "stage", "gross"]).set_index(["shock", "stage"])


def _value(
    world: World, central: pd.DataFrame, users: Sequence[str], system: System, names: Sequence[str], home: str
) -> pd.DataFrame:
    """Return output, value added and jobs that home's user industries lose: the user's loss times its own value."""
    traits = world.chain.traits.set_index(["node", "trait"])["value"]
    rows = []
    for user in users:
        weekly = float(system.output[system.labels.get_loc((user, home))]) / system.step
        added = traits.get((user, "value_added_share_of_output"), np.nan)
        jobs = traits.get((user, "jobs_per_musd_output"), np.nan)
        net = central[central.index.get_level_values("watch") == f"{HOME}/{user}"]["net"].tolist()
        for name, weeks in zip(names, net, strict=True):
            output = weekly * weeks
            rows.append((name, user, output, output * added, output / MILLION * jobs))
    columns = ["shock", "user", "output_usd", "value_added_usd", "job_years"]
    return pd.DataFrame(rows, columns=columns).set_index(["shock", "user"])


MILLION = 1e6
