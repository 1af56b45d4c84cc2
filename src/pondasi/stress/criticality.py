"""How much hangs on each supplier: one after another stops, and the whole chain runs on without it (stress.16)."""

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
from pondasi.stress.build import build_system
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.kernel import DELIVERED, LANES
from pondasi.stress.schedule import ANY_BUYER, Schedule
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.simulate import run_schedule
from pondasi.stress.watches import HOME, WORLD, watch_suppliers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.stress.system import Floats, Ints, System
    from pondasi.stress.watches import Watches

    Progress = Callable[[int, int], None]

STOP_WEEKS = 13
"""A supplier is gone for a quarter of a year."""
FOLLOWED_WEEKS = 65
"""It is followed to a year after its return."""
CHUNK = LANES
"""Suppliers of a piece of work: some seconds, and series that take no memory to speak of."""
MEASURES = ("gross", "net", "depth", "impact_week")
"""What is kept of `pondasi.stress.impact.COLUMNS`."""


@dataclass(frozen=True, eq=False)
class Criticality:
    """What the user industries of a country and of the world lose when one supplier is gone.

    Parameters
    ----------
    home, stop_weeks, weeks
        The country, how long a supplier is gone, and how long the chain is followed [weeks].
    table
        Index (node, country), by falling gross loss of the world; ``user`` tells the user industries, which
        lose themselves; for ``home_`` and ``world_``: ``gross`` and ``net`` in weeks of output, ``depth``
        [fraction], ``impact_week`` [weeks], nan where no week loses more than 1 %.
    skipped
        Suppliers without output that is known: they cannot be lost.
    """

    home: str
    stop_weeks: float
    weeks: int
    table: pd.DataFrame = field(repr=False)
    skipped: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def rank(self, watch: str = HOME) -> pd.DataFrame:
        """Return the suppliers that are no user industries, by falling gross loss of ``home`` or ``world``."""
        rows = self.table[~self.table["user"]]
        return rows.sort_values(f"{watch}_gross", ascending=False, kind="stable")

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        skipped = pd.DataFrame(list(self.skipped), columns=["node", "country"])
        return {"criticality": self.table.reset_index(), "criticality_skipped": skipped}


def measure_criticality(
    world: World,
    home: str,
    *,
    stop_weeks: float = STOP_WEEKS,
    weeks: int = FOLLOWED_WEEKS,
    flows: Flows | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Criticality:
    """Stop every supplier in turn, with the work on its line ruined as far as it can be, and say what is lost.

    The loss holds what stocks, spare capacity, second sources and their qualification carry; it is a run of
    the chain, not a share of the market.

    Parameters
    ----------
    world, home
        A checked chain with its companions, and the country whose industries are looked at.
    stop_weeks, weeks
        How long each supplier is gone, and how long the chain is followed [weeks].
    flows
        Balanced flows, if they are at hand.
    executor
        Where chunks are run; results are the same to the bit whatever it is.
    progress
        Called with suppliers done and suppliers in all.

    Raises
    ------
    UsageError
        If the country has no user industries in the chain.
    """
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    if not any((name, home) in flows.labels for name in flows.users):
        raise UsageError("country_without_use", country=home)
    system = build_system(world, flows)
    known = set(system.labels)
    skipped = tuple((str(node), str(country)) for node, country in flows.labels if (node, country) not in known)
    values = stop_all(system, watch_users(system, flows.users, home), stop_weeks, weeks, executor, progress)
    columns = {f"{name}_{measure}": values[name][measure] for name in (HOME, WORLD) for measure in MEASURES}
    user = system.labels.get_level_values("node").isin(flows.users)
    table = pd.DataFrame({"user": user, **columns}, system.labels)
    table = table.sort_index(kind="stable").sort_values(f"{WORLD}_gross", ascending=False, kind="stable")
    return Criticality(home, stop_weeks, weeks, table, skipped)


def watch_users(system: System, users: Sequence[str], home: str) -> Watches:
    """Return the two watches ``home`` and ``world``: what the user industries deliver."""
    node, country = (system.labels.get_level_values(level) for level in ("node", "country"))
    user = np.asarray(node.isin(users))
    here = user & np.asarray(country == home)
    return watch_suppliers([(HOME, DELIVERED, here), (WORLD, DELIVERED, user)])


def stop_all(
    system: System,
    watches: Watches,
    stop_weeks: float,
    weeks: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Floats]]:
    """Return for each watch the `MEASURES` of the loss when each supplier stops, shapes (n,)."""
    chunk = _Chunk(system, watches, stop_weeks, weeks)
    total = len(system.output)
    pieces = list(range(0, total, CHUNK))
    done: list[Floats] = []
    with open_executor(1) if executor is None else nullcontext(executor) as pool:
        batch = max(1, 2 * pool.workers)
        for begin in range(0, len(pieces), batch):
            done += pool.map(chunk, pieces[begin : begin + batch])
            if progress is not None:
                progress(min(len(done) * CHUNK, total), total)
    values = np.concatenate(done)
    return {
        watch: {measure: values[:, w, k] for k, measure in enumerate(MEASURES)} for w, watch in enumerate(watches.names)
    }


def stop_suppliers(suppliers: Ints, weeks: float) -> Schedule:
    """Return scenarios in each of which the line of one supplier stands still, its work in process at risk.

    Example
    -------
    >>> schedule = stop_suppliers(np.array([4, 7]), 13.0)
    >>> len(schedule), schedule.supplier.tolist(), schedule.end.tolist()
    (2, [4, 7], [13.0, 13.0])
    """
    count = len(suppliers)
    return Schedule(
        first=np.arange(count + 1),
        supplier=np.asarray(suppliers, dtype=np.int64),
        channel=np.full(count, CHANNELS.index("line"), dtype=np.uint8),
        buyer=np.full(count, ANY_BUYER, dtype=np.int32),
        scrap=np.ones(count),
        alike=np.zeros(count, dtype=bool),
        start=3 * np.arange(count + 1),
        week=np.tile([0.0, weeks, weeks], count),
        loss=np.tile([1.0, 1.0, 0.0], count),
    )


@dataclass(frozen=True)
class _Chunk:
    """Some suppliers, each stopped alone; what travels to a worker."""

    system: System
    watches: Watches
    stop_weeks: float
    weeks: int

    def __call__(self, first: int) -> Floats:
        """Return the measures of the suppliers from ``first`` on, shape (suppliers, watches, measures)."""
        system = self.system
        suppliers = np.arange(first, min(first + CHUNK, len(system.output)))
        steps = round(self.weeks / system.step)
        series = run_schedule(system, stop_suppliers(suppliers, self.stop_weeks), steps, self.watches)
        names = self.watches.names
        table = measure_outcomes(series, self.watches.base(system), names, step=system.step).table
        return table[list(MEASURES)].to_numpy(dtype=float).reshape(len(suppliers), len(names), len(MEASURES))
