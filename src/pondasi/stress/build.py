"""From a world's tables and balanced flows to the system that the engine runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.chain.variants import inherit_links
from pondasi.errors import DataError, Problem
from pondasi.stress.assemble import WEEKS_PER_YEAR, Lots, Pace, Suppliers, assemble
from pondasi.stress.system import Kind
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.stress.system import Flags, Floats, Ints, System

IMPORTANT = "important_force"
"""Parameter: part of a shortage of an important input that binds; of a critical one all does, of a marginal one nothing (stress.4)."""
ALONG = 0.5
"""A node of whose use more than half falls along the line enters along it."""
ROUNDING = 1e-9
"""A stock that lasts a step but for this part lasts it: weeks were turned to steps and back."""
REACH = "reach"
"""The companion table with how far an input reaches: the part of its user's output that needs it (stress.4)."""
PACE = "pace"
"""The companion table with the pace of reactions."""


def build_system(world: World, flows: Flows | None = None, *, step: float = 1.0) -> System:
    """Return a world as the engine takes it.

    The stock between a node's maker and its use is split by ``maker_stock_share``; for chips the trait of
    the chip is what makers and distributors hold, that of the user what users hold. Tools act through
    service and wear, licences through designs. What stands at no known country takes part as one supplier.
    Work in process is ruined by a stop only where a trait says how much.

    Parameters
    ----------
    world
        A checked chain with its companions; its table ``pace`` holds the pace of reactions.
    flows
        Balanced flows if they are at hand; else they are balanced with what trade says of routes.
    step
        Length of a step [weeks].

    Raises
    ------
    DataError
        If a trait or parameter that the engine needs is missing, or makers supply each other in a circle
        without a step of stock: all of them are named.

    Example
    -------
    >>> from pondasi import load_world
    >>> system = build_system(load_world())
    >>> len(system.labels) > 1000
    True
    """
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    reader = _Reader(world)
    node = flows.labels.get_level_values("node").to_numpy(dtype=object)
    names, code = np.unique(node, return_inverse=True)
    user = np.isin(names, flows.users)
    edges = _list_edges(world, flows, names, code, reader.parameter(IMPORTANT))
    sells = np.zeros(len(names), dtype=bool)
    sells[edges.node[edges.kind != Kind.RIGHT]] = True
    to_users = np.zeros(len(names), dtype=bool)
    to_users[edges.node[user[code[edges.user]] & (edges.kind == Kind.FLOW)]] = True
    inventory = reader.read("inventory_weeks", names, sells | user)
    maker_share = np.where(to_users, 1.0, reader.parameter("maker_stock_share"))
    # Nodes that sell nothing but rights have no line of goods.
    cycle = np.where(sells | user, reader.read("cycle_weeks", names, sells | user), 0.0)
    lost = np.where(user, reader.read("lost_demand_per_week", names, user), reader.parameter("lost_other_per_week"))
    suppliers = Suppliers(
        labels=flows.labels,
        output=flows.output / WEEKS_PER_YEAR,
        cycle_weeks=cycle[code],
        finished_weeks=np.where(user | ~sells, 0.0, maker_share * inventory)[code],
        overcapacity=reader.read("overcapacity_max", names, sells | user)[code],
        scrap_weeks=np.nan_to_num(reader.read("wip_scrap_weeks", names))[code],
        lost_per_week=lost[code],
    )
    held = np.where(user[code[edges.user]], inventory[code[edges.user]], ((1 - maker_share) * inventory)[edges.node])
    lots = Lots(
        supplier=edges.supplier,
        user=edges.user,
        node=edges.node,
        value=edges.value / WEEKS_PER_YEAR,
        stock_weeks=np.where(edges.kind == Kind.RIGHT, 0.0, held),
        kind=edges.kind,
        force=edges.force,
        along=(reader.read("along_line_share", names) > ALONG)[edges.node],
        **{name: values[edges.node] for name, values in _read_needs(reader, names, edges).items()},
    )
    pace = Pace(**{name: reader.parameter(name) for name in Pace.__dataclass_fields__})
    reader.finish()
    system = assemble(*_drop_idle(suppliers, lots), pace, step=step)
    check_circles(system)
    return system


def check_circles(system: System) -> None:
    """Refuse circles in which users hold less than a step of what arrives a step late: the base would not stand still.

    Raises
    ------
    DataError
        With every pair of nodes that it concerns.
    """
    goods = system.kind[system.need_of_lot] != Kind.RIGHT
    use = system.coefficient * system.output[system.user]
    thin = goods & system.late & (system.target < use * (1 - ROUNDING))
    node = system.labels.get_level_values("node").to_numpy(dtype=object)
    pairs = sorted(set(zip(node[system.supplier[thin]], node[system.user[thin]], strict=True)))
    if pairs:
        found = [Problem("stock_below_step", "traits", value=q, fields={"node": q, "user": p}) for q, p in pairs]
        raise DataError(tuple(found), "circles_without_stock")


@dataclass(frozen=True, eq=False)
class _Edges:
    """Who takes what from whom: suppliers and users by label, the node taken by name, yearly value."""

    supplier: Ints
    user: Ints
    node: Ints
    value: Floats
    kind: Ints
    force: Floats


def _list_edges(world: World, flows: Flows, names: np.ndarray, code: Ints, important: float) -> _Edges:
    """Return flows and rights between labels; what reaches a user only by capital links is service."""
    goods, rights = sparse.coo_array(flows.Z), sparse.coo_array(flows.licence)
    links = inherit_links(world.chain)
    table = world.companions.get(REACH)
    reach = {} if table is None else table.set_index(["supplier", "user"])["share"].to_dict()
    stated = {
        (supplier, user, role): essentiality
        for supplier, user, role, essentiality in links[["supplier", "user", "role", "essentiality"]].itertuples(
            index=False, name=None
        )
    }
    force = {"critical": 1.0, "important": important, "marginal": 0.0}
    parts = []
    for matrix, roles in ((goods, ("flow", "capital")), (rights, ("licence",))):
        i, j = matrix.coords
        pair = code[i] * len(names) + code[j]
        kinds, forces = np.zeros(len(pair), dtype=np.int64), np.zeros(len(pair))
        for number in np.unique(pair):
            q, p = names[number // len(names)], names[number % len(names)]
            role = next(name for name in roles if (q, p, name) in stated)
            kinds[pair == number] = {"flow": Kind.FLOW, "capital": Kind.SERVICE, "licence": Kind.RIGHT}[role]
            forces[pair == number] = reach.get((q, p), force[stated[q, p, role]])
        parts.append((i, j, code[i], matrix.data, kinds, forces))
    return _Edges(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _read_needs(reader: _Reader, names: np.ndarray, edges: _Edges) -> dict[str, Floats]:
    """Return what the engine asks of a need, by the node that is taken."""

    def taken(*kinds: Kind) -> Flags:
        out = np.zeros(len(names), dtype=bool)
        out[edges.node[np.isin(edges.kind, kinds)]] = True
        return out

    goods, service, rights = taken(Kind.FLOW, Kind.SERVICE), taken(Kind.SERVICE), taken(Kind.RIGHT)
    read: dict[str, tuple[str, Flags | None]] = {
        "dual": ("dual_sourced_share", goods),
        "varieties": ("single_sourced_varieties", goods),
        "shared": ("shared_use_share", None),
        "qualification_weeks": ("qualification_weeks", goods),
        "wear_per_year": ("wear_per_year", service),
        "repair_weeks": ("repair_weeks", service),
        "refresh_per_year": ("refresh_share", rights),
        "lag_weeks": ("licence_lag_weeks", rights),
    }
    return {name: np.nan_to_num(reader.read(trait, names, needed)) for name, (trait, needed) in read.items()}


def _drop_idle(suppliers: Suppliers, lots: Lots) -> tuple[Suppliers, Lots]:
    """Leave out suppliers whose output is unknown or nothing, and their lots."""
    kept = suppliers.output > 0
    place = np.cumsum(kept) - 1
    rows = kept[lots.supplier] & kept[lots.user]
    fields = {name: getattr(lots, name)[rows] for name in Lots.__dataclass_fields__}
    fields |= {"supplier": place[fields["supplier"]], "user": place[fields["user"]]}
    return Suppliers(**{name: getattr(suppliers, name)[kept] for name in Suppliers.__dataclass_fields__}), Lots(
        **fields
    )


@dataclass
class _Reader:
    """Reads traits and parameters, and remembers what is missing."""

    world: World
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._traits: Mapping[tuple[str, str], Any] = index_rows(self.world.chain.traits, "node", "trait")
        table = self.world.companions.get(PACE)
        self._pace = {} if table is None else index_rows(table, "parameter")

    def read(self, trait: str, names: np.ndarray, needed: Flags | None = None) -> Floats:
        """Return a trait by node, nan where it is not known; what is needed and not known is a problem."""
        rows = [self._traits.get((name, trait)) for name in names]
        values = np.array([np.nan if row is None or row["value"] is None else row["value"] for row in rows])
        if needed is not None:
            for name in names[needed & np.isnan(values)]:
                fields = {"node": name, "trait": trait}
                self.problems[name, trait] = Problem("trait_needed", "traits", value=name, fields=fields)
        return values

    def parameter(self, name: str) -> float:
        """Return a parameter of the engine."""
        row = self._pace.get(name)
        if row is None:
            self.problems[PACE, name] = Problem("parameter_needed", PACE, value=name)
            return np.nan
        return float(row["value"])

    def finish(self) -> None:
        """Name all that is missing, if anything is."""
        if self.problems:
            raise DataError(tuple(self.problems.values()), "stress_needs")
