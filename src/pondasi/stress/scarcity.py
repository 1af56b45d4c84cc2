"""How scarce a good is, week by week: for those with contracts, and for those who look for more (stress.40 to 43).

Indices of scarcity, not forecasts of prices: the model has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.errors import UsageError
from pondasi.stress.build import build_system
from pondasi.stress.kernel import FREE, OWED, SENT
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import join_schedules
from pondasi.stress.struck import run_struck
from pondasi.stress.system import Kind
from pondasi.stress.twins import find_made
from pondasi.stress.watches import watch_suppliers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import Floats, System
    from pondasi.stress.watches import Watches

RECORDED = (SENT, OWED, FREE)
"""What the indices of a node are made of."""
INDICES = ("backlog", "fill", "spot")
ROUNDING = 1e-9
"""What is owed by less than this part of a usual week is a sum that does not come out even."""


@dataclass(frozen=True, eq=False)
class Scarcity:
    """Indices of the goods of a chain under some shocks.

    Parameters
    ----------
    shocks
        Their ids.
    paths
        Index (shock, node, week): ``backlog``, orders that are not filled [weeks of usual deliveries];
        ``fill``, the part of what is due that is delivered [fraction]; ``spot``, what is not filled beside what is not
        filled and what makers have free, from 0 (nothing is sought) to 1 (nothing is free).
    peaks
        Index (shock, node), by falling ``backlog`` within a shock: its largest value and its ``week``, the least ``fill``,
        the largest ``spot`` and its ``spot_week``; a week is nan where nothing is ever owed.
    """

    shocks: tuple[str, ...]
    paths: pd.DataFrame = field(repr=False)
    peaks: pd.DataFrame = field(repr=False)

    def rank(self, shock: str) -> pd.DataFrame:
        """Return the peaks under one shock by node, the largest backlog first."""
        return self.peaks[self.peaks.index.get_level_values("shock") == shock].droplevel("shock")

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        return {"scarcity": self.peaks.reset_index(), "scarcity_paths": self.paths.reset_index()}


def measure_scarcity(
    world: World, home: str, shocks: Sequence[Shock], *, weeks: int = 104, flows: Flows | None = None
) -> Scarcity:
    """Run named shocks at their central values and say how scarce each good becomes, and when.

    Parameters
    ----------
    world, home, shocks, weeks, flows
        As for `run_stress_test`; ``home`` only stands for HOME in shocks, the indices are those of the world.

    Raises
    ------
    UsageError
        If no shock is named.

    Notes
    -----
    With ``y`` what leaves the doors of the makers of a node in a week (``y0`` as usual), ``O`` what is owed as it ends
    and ``F`` what they could make beyond the need of the week before or give from stock: backlog ``O / y0`` (stress.40), fill
    ``y / (y + O)`` (stress.41), spot ``O / (O + F)`` (stress.42), 0 where nothing is owed. The ratio of unfilled orders to
    shipments is a usual gauge of a tight market (U.S. Census Bureau, survey M3).

    Example
    -------
    >>> from pondasi import load_shock, load_world
    >>> world = load_world()
    >>> found = measure_scarcity(world, "IDN", [load_shock("neon_cut", world.chain)], weeks=4)
    >>> bool(found.rank("neon_cut").loc["neon", "backlog"] > 0)
    True
    """
    if not shocks:
        raise UsageError("no_shocks")
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    system = build_system(world, flows)
    holdings = weigh_suppliers(world.chain, system.labels)
    schedule = join_schedules([resolve_shock(shock, system.labels, holdings, home=home) for shock in shocks])
    steps = round(weeks / system.step)
    series, watches = run_struck(system, schedule, steps, watch_scarcity, find_made(world.chain))
    nodes = list_goods(system)
    usual = watches.base(system).reshape(len(nodes), len(RECORDED))[:, 0]
    recorded = series.reshape(len(shocks), len(nodes), len(RECORDED), steps)
    indices = index_scarcity(recorded[:, :, 0], recorded[:, :, 1], recorded[:, :, 2], usual[:, None], system.step)
    names = tuple(shock.id for shock in shocks)
    index = pd.MultiIndex.from_product([names, nodes, range(steps)], names=["shock", "node", "week"])
    paths = pd.DataFrame({name: indices[name].ravel() for name in INDICES}, index)
    return Scarcity(names, paths, _find_peaks(indices, names, nodes, system.step))


def list_goods(system: System) -> list[str]:
    """Return the nodes whose goods someone in the chain takes, by name."""
    node = system.labels.get_level_values("node").to_numpy(dtype=object)
    return sorted({str(name) for name in node[system.supplier[system.kind[system.need_of_lot] != Kind.RIGHT]]})


def watch_scarcity(system: System) -> Watches:
    """Return what the indices need of every node whose goods someone takes: three sums over its suppliers."""
    node = system.labels.get_level_values("node").to_numpy(dtype=object)
    return watch_suppliers([(f"{name}/{what}", what, node == name) for name in list_goods(system) for what in RECORDED])


def index_scarcity(sent: Floats, owed: Floats, free: Floats, usual: Floats, step: float = 1.0) -> dict[str, Floats]:
    """Return the indices of flows of any shape (stress.40 to stress.42).

    Parameters
    ----------
    sent, owed, free
        What leaves the door in a step, what is owed as it ends, and what could be made beyond it [USD].
    usual
        What leaves the door in a usual step [USD].
    step
        Length of a step [weeks].

    Example
    -------
    >>> found = index_scarcity(np.array([6.0]), np.array([2.0]), np.array([3.0]), np.array([8.0]))
    >>> {name: value.round(3).tolist() for name, value in found.items()}
    {'backlog': [0.25], 'fill': [0.75], 'spot': [0.4]}
    """
    due = np.where(owed > ROUNDING * usual, owed, 0.0)
    whole, sought = sent + due, due + np.maximum(free, 0.0)
    return {
        "backlog": due / usual * step,
        "fill": np.divide(sent, whole, out=np.ones_like(whole), where=due > 0),
        "spot": np.divide(due, sought, out=np.zeros_like(sought), where=due > 0),
    }


def _find_peaks(indices: dict[str, Floats], shocks: Sequence[str], nodes: Sequence[str], step: float) -> pd.DataFrame:
    """Return the extremes of each index by shock and node, and their weeks (stress.43)."""
    backlog, spot = indices["backlog"], indices["spot"]
    ever = backlog.max(axis=2) > 0
    columns = {
        "backlog": backlog.max(axis=2),
        "week": np.where(ever, backlog.argmax(axis=2) * step, np.nan),
        "fill": indices["fill"].min(axis=2),
        "spot": spot.max(axis=2),
        "spot_week": np.where(ever, spot.argmax(axis=2) * step, np.nan),
    }
    index = pd.MultiIndex.from_product([shocks, nodes], names=["shock", "node"])
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)
    order = {shock: number for number, shock in enumerate(shocks)}
    return table.sort_values(
        ["shock", "backlog"],
        key=lambda column: column.map(order) if column.name == "shock" else -column,
        kind="stable",
    )
