"""Thousands of sampled disruptions: in chunks that can be stopped and resumed, on any executor (stress.15)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.errors import UsageError
from pondasi.executor import open_executor
from pondasi.stress.assemble import WEEKS_PER_YEAR
from pondasi.stress.assess import HIGH, LOW, MIDDLE, SHOWN, WEEKS
from pondasi.stress.build import build_system
from pondasi.stress.impact import COLUMNS, measure_outcomes
from pondasi.stress.kernel import LANES
from pondasi.stress.sampling import prepare_hazards, sample_shocks
from pondasi.stress.simulate import run_schedule
from pondasi.stress.watches import watch_country
from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.errors import Problem
    from pondasi.executor import Executor
    from pondasi.stress.sampling import HazardSet, Mode
    from pondasi.stress.system import Floats, System
    from pondasi.stress.watches import Watches

    Progress = Callable[[int, int], None]

CHUNK = 10 * LANES
"""Scenarios of a piece of work: some seconds each, so that little is lost when a run is stopped."""


@dataclass(frozen=True, eq=False)
class Campaign:
    """What n sampled disruptions do to the user industries of a country.

    Parameters
    ----------
    home, scenarios, weeks
        The country, how many disruptions, and how long each was followed [weeks].
    outcomes
        A row per scenario: ``hazard`` of its first event (blank for none), and the columns of
        `pondasi.stress.impact.COLUMNS` for ``home`` and, with the prefix ``world_``, for the world.
    paths
        Index (watch, week): quantiles ``low``, ``median``, ``high`` and the ``mean`` of the loss over all
        scenarios [fraction].
    hazards
        Index hazard: ``events`` drawn, ``chance`` that home loses more than a tenth of a week, ``mean`` gross loss
        and ``high`` (nine of ten are below) [weeks of output].
    rate
        Events a year that the scenarios stand for; nan where each holds several [events/year].
    findings
        Hazards that strike nothing in the chain.
    """

    home: str
    scenarios: int
    weeks: int
    outcomes: pd.DataFrame = field(repr=False)
    paths: pd.DataFrame = field(repr=False)
    hazards: pd.DataFrame = field(repr=False)
    rate: float
    findings: tuple[Problem, ...] = ()

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        tables = {name: getattr(self, name).reset_index() for name in ("outcomes", "paths", "hazards")}
        whole = {"scenarios": self.scenarios, "weeks": self.weeks, "rate": self.rate}
        return {"campaign": pd.DataFrame([whole]), **tables}


def run_campaign(
    world: World,
    home: str,
    scenarios: int,
    *,
    seed: int = 0,
    mode: Mode = "one",
    weeks: int = WEEKS,
    flows: Flows | None = None,
    executor: Executor | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Campaign:
    """Draw disruptions from the hazards of a world and run each through the chain.

    Parameters
    ----------
    world, home, flows
        As for `run_stress_test`.
    scenarios, seed, mode
        How many disruptions, the seed, and ``one`` event at week 0 or ``poisson`` events over the weeks.
    weeks
        How long each is followed [weeks].
    executor
        Where chunks are run; results are the same to the bit whatever it is.
    cache
        A folder of the run: chunks that are done are kept there, and found again when it is resumed.
    progress
        Called with scenarios done and scenarios in all.

    Raises
    ------
    UsageError
        If no scenario is asked for, or the country has no user industries in the chain.
    """
    if scenarios < 1:
        raise UsageError("sample_size", n=scenarios)
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    if not any((name, home) in flows.labels for name in flows.users):
        raise UsageError("country_without_use", country=home)
    system = build_system(world, flows)
    hazards = prepare_hazards(world, system.labels)
    chunk = _Chunk(
        system, hazards, watch_country(system, flows.users, home).first(SHOWN), seed, mode, weeks, scenarios, CHUNK
    )
    pieces = list(range(0, scenarios, CHUNK))
    done = _find_done(cache, pieces)
    with open_executor(1) if executor is None else nullcontext(executor) as pool:
        waiting = [first for first in pieces if first not in done]
        batch = max(1, 2 * pool.workers)
        for begin in range(0, len(waiting), batch):
            part = waiting[begin : begin + batch]
            for first, result in zip(part, pool.map(chunk, part), strict=True):
                done[first] = result
                _keep(cache, first, result)
            if progress is not None:
                progress(min(len(done) * CHUNK, scenarios), scenarios)
    return _gather(chunk, [done[first] for first in pieces], home)


@dataclass(frozen=True)
class _Result:
    """What a chunk hands back: outcomes of home and world, the first hazard, and the paths."""

    outcomes: Floats
    hazard: np.ndarray
    paths: np.ndarray


@dataclass(frozen=True)
class _Chunk:
    """A chunk of scenarios; what travels to a worker."""

    system: System
    hazards: HazardSet
    watches: Watches
    seed: int
    mode: Mode
    weeks: int
    scenarios: int
    size: int

    def __call__(self, first: int) -> _Result:
        """Run the scenarios from ``first`` on."""
        numbers = range(first, min(first + self.size, self.scenarios))
        sampled = sample_shocks(self.hazards, numbers, self.seed, mode=self.mode, horizon_weeks=float(self.weeks))
        series = run_schedule(self.system, sampled.schedule, self.weeks, self.watches)
        base = self.watches.base(self.system)
        table = measure_outcomes(series, base, self.watches.names).table
        loss = 1 - series / base[None, :, None]
        outcomes = table[list(COLUMNS)].to_numpy(dtype=float).reshape(len(numbers), SHOWN, len(COLUMNS))
        return _Result(outcomes, _first_hazard(sampled.events, numbers, self.hazards), loss.astype(np.float32))


def _first_hazard(events: pd.DataFrame, numbers: range, hazards: HazardSet) -> np.ndarray:
    """Return the place of the first hazard of each scenario among the hazards, -1 for none."""
    place = {name: number for number, name in enumerate(hazards.names)}
    found = np.full(len(numbers), -1, dtype=np.int64)
    for scenario, hazard in zip(events["scenario"].tolist()[::-1], events["hazard"].tolist()[::-1], strict=True):
        found[scenario - numbers.start] = place[hazard]
    return found


def _find_done(cache: Path | None, pieces: list[int]) -> dict[int, _Result]:
    done: dict[int, _Result] = {}
    if cache is None or not cache.is_dir():
        return done
    for first in pieces:
        path = cache / f"chunk-{first}.npz"
        if path.exists():
            with np.load(path) as kept:
                done[first] = _Result(kept["outcomes"], kept["hazard"], kept["paths"])
    return done


def _keep(cache: Path | None, first: int, result: _Result) -> None:
    if cache is None:
        return
    with replace_file(cache / f"chunk-{first}.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, outcomes=result.outcomes, hazard=result.hazard, paths=result.paths)


def _gather(chunk: _Chunk, results: list[_Result], home: str) -> Campaign:
    values = np.concatenate([result.outcomes for result in results])
    number = np.concatenate([result.hazard for result in results])
    names = np.array([*chunk.hazards.names, ""], dtype=object)[number]
    columns: dict[str, np.ndarray] = {"hazard": names}
    for place, prefix in enumerate(("", "world_")):
        columns |= {f"{prefix}{name}": values[:, place, k] for k, name in enumerate(COLUMNS)}
    outcomes = pd.DataFrame(columns, pd.RangeIndex(len(values), name="scenario"))
    paths = np.concatenate([result.paths for result in results])
    index = pd.MultiIndex.from_product([chunk.watches.names, range(chunk.weeks)], names=["watch", "week"])
    bands = {
        name: np.quantile(paths, level, axis=0).ravel()
        for name, level in (("low", LOW), ("median", MIDDLE), ("high", HIGH))
    }
    bands["mean"] = paths.mean(axis=0, dtype=np.float64).ravel()
    grouped = outcomes[outcomes["hazard"] != ""].groupby("hazard")["gross"]
    hazards = pd.DataFrame(
        {
            "events": grouped.size(),
            "chance": grouped.agg(lambda gross: float((gross > FELT).mean())),
            "mean": grouped.mean(),
            "high": grouped.quantile(HIGH),
        }
    ).sort_values("mean", ascending=False, kind="stable")
    single = chunk.mode == "one"
    return Campaign(
        home=home,
        scenarios=len(values),
        weeks=chunk.weeks,
        outcomes=outcomes,
        paths=pd.DataFrame(bands, index),
        hazards=hazards,
        rate=float(chunk.hazards.rate.sum() * WEEKS_PER_YEAR) if single else np.nan,
        findings=chunk.hazards.findings,
    )


FELT = 0.1
"""Weeks of output from which a disruption counts as felt: half a working day."""
