"""Everything a brief speaks about, computed once: every figure on the page comes from here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.chain.coverage import count_grades, weigh_grades
from pondasi.chain.flows import Flows, balance_flows
from pondasi.chain.shares import complete_shares
from pondasi.errors import UsageError
from pondasi.facts import Figure, Grade, grade_of, weakest
from pondasi.places import ROW, UNKNOWN
from pondasi.position.concentration import measure_concentration
from pondasi.position.exposure import KINDS, Exposure
from pondasi.position.profile import Position, measure_position
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from pondasi.chain.flows import Prior
    from pondasi.chain.records import Chain
    from pondasi.executor import Executor
    from pondasi.position.exposure import Kind
    from pondasi.workspace import SavedRun

CHOKEPOINT = 0.5
"""A node is called a chokepoint when one country makes more than this part of it."""
DRAWS = 100
"""Chains drawn by default: the ends of a band then move by about a seventh of its width between seeds."""
LARGE = 0.25
"""A part of the world above this is counted as large."""


@dataclass(frozen=True)
class Node:
    """A node of the chain as a brief needs it."""

    id: str
    stage: str
    pillar: str | None
    market: Figure
    is_user: bool


@dataclass(frozen=True)
class Holding:
    """What a country makes of a node: its part of the world, and what that is worth [USD/year]."""

    node: Node
    country: str
    part: Figure

    @property
    def value(self) -> float:
        """Value of the holding, 0 where it is unknown: used for ranking only."""
        return self.worth("value")

    def worth(self, end: str) -> float:
        """Return what the holding is worth at its value, its low or its high end; the value where it has no ends."""
        part = getattr(self.part, end)
        return (self.part.value or 0.0 if part is None else part) * (self.node.market.value or 0.0)


@dataclass(frozen=True)
class Findings:
    """The figures behind a brief.

    Parameters
    ----------
    chain, flows, position
        What was measured on what; home stands beside its peers.
    home, partner
        Country codes; the partner may be None.
    nodes
        Nodes by id, in the order of the chain.
    holdings
        Every share by place of production, by node and country.
    concentration
        As `measure_concentration`.
    support
        Part of the production behind home's chips that rests on figures of each grade: its place on a
        share, its amount on the links that lead from it. The weaker of the two counts.
    soft_parts
        What of it is assumed or unknown, by node and country [USD/year].
    grades, weights
        As `count_grades` and `weigh_grades`.
    runs
        Saved runs of other verbs on the same data, verb -> run.
    case
        Folder or workbook of the case of the plan, where it is not the one that ships.
    """

    chain: Chain = field(repr=False)
    flows: Flows = field(repr=False)
    position: Position = field(repr=False)
    home: str
    partner: str | None
    nodes: Mapping[str, Node] = field(repr=False)
    holdings: Mapping[tuple[str, str], Holding] = field(repr=False)
    concentration: pd.DataFrame = field(repr=False)
    support: Mapping[str, float]
    soft_parts: Mapping[tuple[str, str], float] = field(repr=False)
    grades: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    year: int
    runs: Mapping[str, SavedRun] = field(default_factory=dict, repr=False)
    case: str = ""

    @property
    def case_place(self) -> str:
        """What names the case of the plan: its folder or workbook, or the home country for the one that ships."""
        return self.case or self.home

    @property
    def exposure(self) -> Exposure:
        """The exposure of home and its peers."""
        return self.position.exposure

    def order_holds(self, first: str, second: str) -> float | None:
        """Return in which part of the draws home depends more on the first country; None without draws."""
        survival = self.position.stability["supply"].survival
        value = float(survival.loc[first, second])  # type: ignore[arg-type]  # a table of numbers
        return None if math.isnan(value) else value

    def held_by(self, country: str, *, users: bool = False) -> list[Holding]:
        """Return what a country makes, largest part first; user industries only if asked for."""
        held = [item for (_, code), item in self.holdings.items() if code == country and item.node.is_user == users]
        return sorted(held, key=lambda item: -(item.part.value or 0.0))

    @property
    def use(self) -> Figure:
        """Chips that the home country's industries use in a year."""
        held = self.held_by(self.home, users=True)
        value, low, high = (sum(item.worth(name) for item in held) for name in ("value", "low", "high"))
        sources = tuple(dict.fromkeys(source for item in held for source in item.part.sources))
        return Figure(value, "USD/year", low, high, self.year, grade_of(_weigh(held)), sources)

    @property
    def world_use(self) -> float:
        """Chips that all user industries of the world use in a year [USD/year]."""
        return sum(node.market.value or 0.0 for node in self.nodes.values() if node.is_user)

    @cached_property
    def summary(self) -> Mapping[tuple[str, str], dict[str, Any]]:
        """Rows of the countries side by side, by measure and country."""
        return index_rows(self.position.summary.reset_index(), "measure", "country")

    @cached_property
    def concentrated(self) -> Mapping[str, dict[str, Any]]:
        """Rows of the concentration by node."""
        return index_rows(self.concentration.reset_index(), "node")

    @cached_property
    def weighed(self) -> Mapping[str, dict[str, Any]]:
        """Rows of the weights by node: the part of its output of each grade."""
        return index_rows(self.weights.reset_index(), "node")

    @property
    def chokepoints(self) -> list[Holding]:
        """Largest holding of every node of which one country makes more than half, most concentrated first."""
        rows = [row for row in self.concentrated.values() if (row["cr1"] or 0.0) > CHOKEPOINT]
        held = [self.holdings[(row["node"], row["top"])] for row in rows if not self.nodes[row["node"]].is_user]
        return sorted(held, key=lambda item: -(item.part.value or 0.0))

    @property
    def exposure_grade(self) -> Grade:
        """How firm the exposure is, by the weight of the shares behind it."""
        return grade_of(self.support)

    @property
    def soft(self) -> float:
        """Part of the production behind home's chips whose place or amount is assumed or unknown."""
        return self.support.get("assumed", 0.0) + self.support.get("unknown", 0.0)

    def grade(self, *kinds: Kind) -> Grade:
        """Return how firm figures of some kinds are: no firmer than the production or the links behind them.

        Tools rest on the capital links, rights on the licence links, the value of the bill on both flows and
        licences.
        """
        roles = {"tools": "capital", "permission": "licence", "value": "licence"}
        links = [self.link_grades.get(roles[kind], "exact") for kind in kinds if kind in roles]
        return weakest(self.exposure_grade, *links)

    @cached_property
    def link_grades(self) -> Mapping[str, Grade]:
        """How firm the links of each role are, by the sales of their suppliers."""
        weights: dict[str, dict[str, float]] = {}
        for row in list_rows(self.chain.links):
            value = (row["sales_share"] or 0.0) * (self.nodes[row["supplier"]].market.value or 0.0)
            mine = weights.setdefault(row["role"], {})
            mine[row["grade"]] = mine.get(row["grade"], 0.0) + value
        return {role: grade_of(mine) for role, mine in weights.items()}

    @cached_property
    def suppliers(self) -> Mapping[str, set[str]]:
        """Nodes that supply along links of each role."""
        found: dict[str, set[str]] = {}
        for row in list_rows(self.chain.links):
            found.setdefault(row["role"], set()).add(row["supplier"])
        return found

    @cached_property
    def shares_of(self) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
        """Rows of the shares of countries, firms left out, by country and basis."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in list_rows(self.chain.shares):
            if row["firm"] is None:
                found.setdefault((row["country"], row["basis"]), []).append(row)
        return found

    @cached_property
    def behind(self) -> list[dict[str, Any]]:
        """Production behind home's chips, a row for each node and country."""
        return list_rows(self.exposure.by_node.loc[self.home].reset_index())

    @cached_property
    def exposed(self) -> Mapping[str, Mapping[str, dict[str, Any]]]:
        """Rows of the exposure by kind and country, largest first."""
        return {kind: index_rows(self.exposure.of(self.home, kind).reset_index(), "country") for kind in KINDS}

    def part(self, country: str, kind: Kind = "supply") -> Figure:
        """Return the exposure of home to one country; unknown where no part of it is recorded."""
        row = self.exposed[kind].get(country)
        if row is None:
            return Figure(None, "fraction", year=self.year)
        return Figure(row["share"], "fraction", row.get("low"), row.get("high"), self.year, self.grade(kind))

    def partners(self, kind: Kind = "supply") -> list[str]:
        """Return foreign countries by falling exposure; home, the rest of the world and unknown left out."""
        return [code for code in self.exposed[kind] if code not in {self.home, ROW, UNKNOWN}]


def gather_findings(
    chain: Chain,
    home: str,
    partner: str | None = None,
    *,
    peers: Sequence[str] = (),
    more_peers: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
    prior: Prior | None = None,
    executor: Executor | None = None,
) -> Findings:
    """Compute what a brief on ``home`` says.

    Parameters
    ----------
    chain
        A checked chain.
    home, partner
        Country codes.
    peers
        Countries that stand beside home.
    more_peers
        Countries that do so if their industries are known to use chips; the partner is one of them.
    draws, seed
        Chains drawn from the intervals for the ranges, and their seed.
    prior
        What trade says of the routes, from `read_prior`; without it all buy from all in proportion.
    executor
        Where the draws are measured; here by default. The figures do not depend on it.

    Raises
    ------
    UsageError
        If home is not in the chain or uses no chips, or is named as its own partner.
    """
    if partner == home:
        raise UsageError("partner_is_home", country=home)
    flows = balance_flows(chain, prior)
    if not flows.users:
        raise UsageError("no_users")
    using = list_users(flows)
    wanted = (*peers, *(code for code in (*more_peers, partner) if code in using))
    beside = [str(code) for code in dict.fromkeys(wanted) if code != home]
    position = measure_position(chain, home, beside, draws=draws, seed=seed, flows=flows, executor=executor)
    exposure = position.exposure
    nodes = {row["node"]: _node(row, flows.users) for row in list_rows(chain.nodes)}
    shares = chain.shares
    rows = shares[(shares["basis"] == "location") & shares["firm"].isna()]
    holdings = {(row["node"], row["country"]): _holding(row, nodes) for row in list_rows(rows)}
    support, soft_parts = _weigh_support(chain, exposure, home)
    return Findings(
        chain=chain,
        flows=flows,
        position=position,
        home=home,
        partner=partner,
        nodes=nodes,
        holdings=holdings,
        concentration=measure_concentration(chain),
        support=support,
        soft_parts=soft_parts,
        grades=count_grades(chain),
        weights=weigh_grades(chain),
        year=max((node.market.year or 0 for node in nodes.values() if node.is_user), default=0),
    )


def list_users(flows: Flows) -> set[str]:
    """Return the countries whose industries are known to buy chips."""
    nodes, countries = (flows.labels.get_level_values(level) for level in ("node", "country"))
    bought = np.asarray(flows.Z.sum(axis=0)).ravel() > 0
    return set(countries[np.asarray(nodes.isin(flows.users)) & bought]) - {ROW, UNKNOWN}


def _node(row: Mapping[str, Any], users: tuple[str, ...]) -> Node:
    market = Figure(
        row["market_usd"],
        "USD/year",
        row["market_low"],
        row["market_high"],
        row["market_year"],
        weakest("unknown" if row["market_usd"] is None else row["grade"]),
        _split(row["source"]),
    )
    return Node(row["node"], row["stage"], row["pillar"], market, row["node"] in users)


def _holding(row: Mapping[str, Any], nodes: Mapping[str, Node]) -> Holding:
    grade = weakest("unknown" if row["share"] is None else row["grade"])
    part = Figure(row["share"], "fraction", row["low"], row["high"], row["year"], grade, _split(row["source"]))
    return Holding(nodes[row["node"]], row["country"], part)


def _weigh_support(
    chain: Chain, exposure: Exposure, home: str
) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Weigh the production behind home's chips by grade, and list the soft of it: soft if its place or its amount is."""
    shares = index_rows(complete_shares(chain), "node", "country")
    firm_links = _weigh_links(chain)
    weights: dict[str, float] = {}
    soft: dict[tuple[str, str], float] = {}
    for row in list_rows(exposure.by_node.loc[home].reset_index()):
        key = (row["node"], row["country"])
        grade, firm = shares[key]["grade"], firm_links.get(row["node"], 1.0)
        weak = weakest(grade, "assumed")
        for name, value in ((grade, row["value"] * firm), (weak, row["value"] * (1.0 - firm))):
            weights[name] = weights.get(name, 0.0) + value
            if name in {"assumed", "unknown"}:
                soft[key] = soft.get(key, 0.0) + value
    total = sum(weights.values())
    return {grade: value / total for grade, value in weights.items()}, soft


def _weigh_links(chain: Chain) -> dict[str, float]:
    """Return the part of each node's sales along links that is not assumed."""
    sold: dict[str, float] = {}
    firm: dict[str, float] = {}
    for row in list_rows(chain.links):
        value = row["sales_share"] or 0.0
        sold[row["supplier"]] = sold.get(row["supplier"], 0.0) + value
        if row["grade"] in {"exact", "estimated"}:
            firm[row["supplier"]] = firm.get(row["supplier"], 0.0) + value
    return {node: firm.get(node, 0.0) / value for node, value in sold.items() if value}


def _weigh(held: list[Holding]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in held:
        weights[item.part.grade] = weights.get(item.part.grade, 0.0) + item.value
    return weights


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
