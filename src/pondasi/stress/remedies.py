"""What would help: stock, second sources or capacity at home, by loss avoided and by cost (stress.19)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.errors import DataError, Problem, UsageError
from pondasi.stress.assemble import WEEKS_PER_YEAR
from pondasi.stress.build import PACE, build_system
from pondasi.stress.homeward import move_home
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.kernel import DELIVERED
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import join_schedules
from pondasi.stress.struck import run_struck
from pondasi.stress.system import Kind
from pondasi.stress.twins import find_made
from pondasi.stress.watches import watch_suppliers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import Floats, Ints, System
    from pondasi.stress.watches import Watches

WEEKS = 156
"""A disruption is followed for three years."""
STOCK, SOURCES, CAPACITY = "stock", "sources", "capacity"
"""More stock with the country's users; all their lots of a node qualified at other sources; plants at home."""
RATE, SOURCE_RATE, CHARGE = "stock_carrying_rate", "second_source_cost_rate", "capital_charge_rate"
"""The parameters that turn stock, purchases with one source and capital into a yearly cost."""
STOCK_WEEKS, HOME_SHARE = "remedy_stock_weeks", "remedy_home_share"
"""The parameters that say how much stock is added and what part of imports is made at home."""
ADDED, CAPITAL = "value_added_share_of_output", "capital_years"
"""The traits that turn output into value added, and a plant's output into its capital."""
PLANT = "process"
"""The kind of nodes that are plants: a product has none of its own beside the processes that it comes from."""


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
    stock_weeks, home_share
        Stock that ``stock`` adds [weeks of use], and the part of imports that ``capacity`` makes at home.
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
    home_share: float
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
    stock_weeks: float | None = None,
    home_share: float | None = None,
    weeks: int = WEEKS,
    flows: Flows | None = None,
) -> Remedies:
    """Try more stock, second sources and capacity at home, node by node, on the same shocks.

    For every node whose goods bind the country's user industries: ``stock`` gives them some more weeks of
    it, at its value times the carrying rate of the table ``pace``; ``sources`` qualifies other sources for
    all their lots from the start, at a rate on the purchases that had one source; ``capacity`` makes part of
    what they import at home, with the plants that it comes from (`pondasi.stress.homeward.move_home`), at a
    charge on the capital that these plants take (trait ``capital_years``). How long building takes, and
    whether it succeeds, is asked of a plan.

    Parameters
    ----------
    world, home
        A checked chain with its companions, and a country with user industries.
    shocks
        From `load_shock`, or one's own.
    weights
        One for each shock, not negative; equal by default.
    stock_weeks, home_share
        Stock that is added [weeks of use], and the part of imports that is made at home; by default those
        of the table ``pace``.
    weeks
        How long each shock is followed [weeks].
    flows
        Balanced flows, if they are at hand.

    Raises
    ------
    UsageError
        If no shock is named, or the country has no user industries.
    DataError
        If a parameter of the remedies or the value added of a user is not known.
    """
    if not shocks:
        raise UsageError("no_shocks")
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    users = [name for name in flows.users if (name, home) in flows.labels]
    if not users:
        raise UsageError("country_without_use", country=home)
    pace, added = _read_money(world, users)
    stock_weeks = pace[STOCK_WEEKS] if stock_weeks is None else stock_weeks
    home_share = pace[HOME_SHARE] if home_share is None else home_share
    system = build_system(world, flows)
    schedule = _resolve(world, system, shocks, home)
    weight = np.ones(len(shocks)) if weights is None else np.asarray(weights, dtype=float)
    weight = weight / weight.sum()
    mine = np.array([system.labels.get_loc((name, home)) for name in users])
    made = find_made(world.chain)

    def lose(changed: System, blows: Schedule = schedule) -> float:
        return float(weight @ _lose(changed, blows, weeks, [(name, home) for name in users], added, made))

    lost = lose(system)
    rows = []
    for node, needs in find_nodes(system, mine).items():
        moved = move_home(flows, node, users, home, home_share, made)
        there = build_system(world, moved.flows)
        rows += [
            (
                STOCK,
                node,
                lost - lose(add_stock(system, needs, stock_weeks)),
                pace[RATE] * stock_weeks * float(_use(system, needs).sum()) / system.step,
            ),
            (
                SOURCES,
                node,
                lost - lose(open_sources(system, needs)),
                pace[SOURCE_RATE] * WEEKS_PER_YEAR * _use_single(system, needs) / system.step,
            ),
            (
                CAPACITY,
                node,
                lost - lose(there, _resolve(world, there, shocks, home)),
                pace[CHARGE] * count_capital(world, moved.built),
            ),
        ]
    table = pd.DataFrame(rows, columns=["remedy", "node", "avoided", "cost"])
    table["per_dollar"] = table["avoided"] / table["cost"]
    table = table.sort_values(["per_dollar", "avoided"], ascending=False, kind="stable", na_position="last")
    names = tuple(shock.id for shock in shocks)
    return Remedies(home, names, weight, lost, stock_weeks, home_share, table.set_index(["remedy", "node"]))


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


def count_capital(world: World, built: Mapping[str, float]) -> float:
    """Return the capital of plants by their output, nan where it is not known of one of them [USD].

    Example
    -------
    >>> from pondasi import load_world
    >>> count_capital(load_world(), {"chip_dao": 9e8, "fab_dao": 1e8})
    280000000.0
    """
    traits, nodes = world.chain.traits, world.chain.nodes
    years = traits[traits["trait"] == CAPITAL].set_index("node")["value"].to_dict()
    plants = set(nodes.loc[nodes["kind"] == PLANT, "node"])
    return float(sum(output * years.get(node, np.nan) for node, output in built.items() if node in plants and output))


def _resolve(world: World, system: System, shocks: Sequence[Shock], home: str) -> Schedule:
    """Return the shocks on the suppliers of a system; one that the shares do not know holds what it makes."""
    labels, holdings = system.labels, weigh_suppliers(world.chain, system.labels)
    node = labels.get_level_values("node")
    part = system.output / pd.Series(system.output).groupby(np.asarray(node)).transform("sum").to_numpy()
    new = ~labels.isin(pd.MultiIndex.from_frame(world.chain.shares[["node", "country"]]))
    holdings = replace(holdings, share=np.where(new & np.isnan(holdings.share), part, holdings.share))
    return join_schedules([resolve_shock(shock, labels, holdings, home=home) for shock in shocks])


def _use_single(system: System, needs: Ints) -> float:
    """Return what some needs give in a step of goods that have one source [USD]."""
    whole = system.need_coefficient[needs] * system.output[system.user_of_need[needs]]
    return float(whole @ (1 - system.dual[needs]))


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


def _read_money(world: World, users: Sequence[str]) -> tuple[dict[str, float], Floats]:
    """Return the parameters of the remedies and the value added per output of each user."""
    pace, traits = world.companions.get(PACE), world.chain.traits
    known = {} if pace is None else pace.set_index("parameter")["value"].dropna().to_dict()
    shares = traits[traits["trait"] == ADDED].set_index("node")["value"].dropna()
    needed = (RATE, SOURCE_RATE, CHARGE, STOCK_WEEKS, HOME_SHARE)
    problems = [Problem("parameter_needed", PACE, value=name) for name in needed if name not in known]
    problems += [
        Problem("trait_needed", "traits", value=user, fields={"node": user, "trait": ADDED})
        for user in users
        if user not in shares.index
    ]
    if problems:
        raise DataError(tuple(problems), "stress_needs")
    return {name: float(known[name]) for name in needed}, shares[list(users)].to_numpy(dtype=float)
