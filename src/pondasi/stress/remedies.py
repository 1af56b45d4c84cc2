"""What would help: more stock or second sources, by the loss that they avoid and what they cost (stress.19)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.errors import DataError, Problem, UsageError
from pondasi.stress.build import PACE, build_system
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.kernel import DELIVERED
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import join_schedules
from pondasi.stress.struck import run_struck
from pondasi.stress.system import Kind
from pondasi.stress.twins import find_made
from pondasi.stress.watches import watch_suppliers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import Floats, Ints, System
    from pondasi.stress.watches import Watches

WEEKS = 156
"""A disruption is followed for three years."""
STOCK_WEEKS = 4.0
"""Stock that is added: a month of use."""
STOCK, SOURCES = "stock", "sources"
"""More stock with the country's users; all their lots of a node qualified at other sources."""
RATE, ADDED = "stock_carrying_rate", "value_added_share_of_output"
"""The parameter and the trait that turn stock into a yearly cost, and output into value added."""


@dataclass(frozen=True, eq=False)
class Remedies:
    """What each remedy saves, on the mean over some shocks.

    Parameters
    ----------
    home, shocks
        The country and the ids of the shocks.
    weights
        Weight of each shock, shape (shocks,); they sum to one. They are no rates: what is avoided is that
        of one shock, if it comes.
    lost
        Value added that the country's user industries lose as things are [USD/shock].
    stock_weeks
        Stock that ``stock`` adds [weeks of use].
    table
        Index (remedy, node): ``avoided`` value added [USD/shock], negative where it does harm; ``cost``
        [USD/year], nan where the data do not tell; ``per_dollar``: avoided per USD a year, nan with it.
        Those with a cost come first, by falling ``per_dollar``, then the others by falling ``avoided``.
    """

    home: str
    shocks: tuple[str, ...]
    weights: Floats = field(repr=False)
    lost: float
    stock_weeks: float
    table: pd.DataFrame = field(repr=False)

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        shocks = pd.DataFrame({"shock": self.shocks, "weight": self.weights})
        return {"remedies": self.table.reset_index(), "remedies_shocks": shocks}


def rank_remedies(
    world: World,
    home: str,
    shocks: Sequence[Shock],
    *,
    weights: Sequence[float] | None = None,
    stock_weeks: float = STOCK_WEEKS,
    weeks: int = WEEKS,
    flows: Flows | None = None,
) -> Remedies:
    """Try more stock and second sources, node by node, on the same shocks.

    For every node whose goods bind the country's user industries: ``stock`` gives them some more weeks of
    it, at its value times the carrying rate of the table ``pace``; ``sources`` qualifies other sources for
    all their lots from the start. What qualification costs is not in the data: such remedies are ranked by
    what they avoid. More capacity at home changes the chain itself: that is asked of a plan.

    Parameters
    ----------
    world, home
        A checked chain with its companions, and a country with user industries.
    shocks
        From `load_shock`, or one's own.
    weights
        One for each shock, not negative; equal by default.
    stock_weeks, weeks
        Stock that is added [weeks of use], and how long each shock is followed [weeks].
    flows
        Balanced flows, if they are at hand.

    Raises
    ------
    UsageError
        If no shock is named, or the country has no user industries.
    DataError
        If the carrying rate or the value added of a user is not known.
    """
    if not shocks:
        raise UsageError("no_shocks")
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    users = [name for name in flows.users if (name, home) in flows.labels]
    if not users:
        raise UsageError("country_without_use", country=home)
    rate, added = _read_money(world, users)
    system = build_system(world, flows)
    holdings = weigh_suppliers(world.chain, system.labels)
    schedule = join_schedules([resolve_shock(shock, system.labels, holdings, home=home) for shock in shocks])
    weight = np.ones(len(shocks)) if weights is None else np.asarray(weights, dtype=float)
    weight = weight / weight.sum()
    mine = np.array([system.labels.get_loc((name, home)) for name in users])
    made = find_made(world.chain)

    def lose(changed: System) -> float:
        return float(weight @ _lose(changed, schedule, weeks, [(name, home) for name in users], added, made))

    lost = lose(system)
    rows = []
    for node, needs in find_nodes(system, mine).items():
        stock = stock_weeks / system.step * _use(system, needs)
        cost = rate * float(stock.sum())
        rows.append((STOCK, node, lost - lose(add_stock(system, needs, stock_weeks)), cost))
        rows.append((SOURCES, node, lost - lose(open_sources(system, needs)), np.nan))
    table = pd.DataFrame(rows, columns=["remedy", "node", "avoided", "cost"])
    table["per_dollar"] = table["avoided"] / table["cost"]
    table = table.sort_values(["per_dollar", "avoided"], ascending=False, kind="stable", na_position="last")
    names = tuple(shock.id for shock in shocks)
    return Remedies(home, names, weight, lost, stock_weeks, table.set_index(["remedy", "node"]))


def find_nodes(system: System, users: Ints) -> dict[str, Ints]:
    """Return the needs of some users by node, for nodes whose goods bind them."""
    node = system.labels.get_level_values("node").to_numpy(dtype=object)[system.supplier[system.lot_start[:-1]]]
    binding = (system.kind == Kind.FLOW) & (system.force > 0) & np.isin(system.user_of_need, users)
    return {str(name): np.flatnonzero(binding & (node == name)) for name in sorted(set(node[binding]))}


def add_stock(system: System, needs: Ints, weeks: float) -> System:
    """Return the chain with more weeks of stock in some needs, of each lot in proportion to its use."""
    target = system.target.copy()
    target[np.isin(system.need_of_lot, needs)] += weeks / system.step * _use(system, needs)
    return replace(system, target=target)


def open_sources(system: System, needs: Ints) -> System:
    """Return the chain with other sources qualified from the start for some needs."""
    dual = system.dual.copy()
    dual[needs] = 1.0
    return replace(system, dual=dual)


def _use(system: System, needs: Ints) -> Floats:
    """Return what the lots of some needs give in a step [USD]."""
    lots = np.isin(system.need_of_lot, needs)
    return (system.coefficient * system.output[system.user])[lots]


def _lose(
    system: System,
    schedule: Schedule,
    weeks: int,
    users: Sequence[tuple[str, str]],
    added: Floats,
    made: Collection[str],
) -> Floats:
    """Return the value added that some users lose in each scenario, net of what they make up [USD]."""

    def watch(chain: System) -> Watches:
        nodes, countries = (chain.labels.get_level_values(k).to_numpy(dtype=object) for k in ("node", "country"))
        return watch_suppliers([(name, DELIVERED, (nodes == name) & (countries == home)) for name, home in users])

    series, watches = run_struck(system, schedule, round(weeks / system.step), watch, made)
    base = watches.base(system)
    net = measure_outcomes(series, base, watches.names, step=system.step).table["net"].to_numpy()
    lost: Floats = net.reshape(len(schedule), len(users)) @ (base / system.step * added)
    return lost


def _read_money(world: World, users: Sequence[str]) -> tuple[float, Floats]:
    """Return the carrying rate of stock a year and the value added per output of each user."""
    pace, traits = world.companions.get(PACE), world.chain.traits
    rate = [] if pace is None else pace.loc[pace["parameter"] == RATE, "value"].dropna().tolist()
    shares = traits[traits["trait"] == ADDED].set_index("node")["value"].dropna()
    problems = [] if rate else [Problem("parameter_needed", PACE, value=RATE)]
    problems += [
        Problem("trait_needed", "traits", value=user, fields={"node": user, "trait": ADDED})
        for user in users
        if user not in shares.index
    ]
    if problems:
        raise DataError(tuple(problems), "stress_needs")
    return float(rate[0]), shares[list(users)].to_numpy(dtype=float)
