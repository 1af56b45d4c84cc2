"""Everything a brief speaks about, computed once: every figure on the page comes from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pondasi.chain.coverage import count_grades, weigh_grades
from pondasi.chain.flows import Flows, balance_flows
from pondasi.chain.shares import complete_shares
from pondasi.errors import UsageError
from pondasi.facts import GRADES, Figure, Grade, grade_of, weakest
from pondasi.places import ROW, UNKNOWN
from pondasi.position.concentration import measure_concentration
from pondasi.position.exposure import Exposure, measure_exposure
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.chain.flows import Prior
    from pondasi.chain.records import Chain
    from pondasi.position.exposure import Kind

CHOKEPOINT = 0.5
"""A node is called a chokepoint when one country makes more than this part of it."""


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
        return (self.part.value or 0.0) * (self.node.market.value or 0.0)


@dataclass(frozen=True)
class Findings:
    """The figures behind a brief.

    Parameters
    ----------
    chain, flows, exposure
        What was measured on what.
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
    grades, weights
        As `count_grades` and `weigh_grades`.
    """

    chain: Chain = field(repr=False)
    flows: Flows = field(repr=False)
    exposure: Exposure = field(repr=False)
    home: str
    partner: str | None
    nodes: Mapping[str, Node] = field(repr=False)
    holdings: Mapping[tuple[str, str], Holding] = field(repr=False)
    concentration: pd.DataFrame = field(repr=False)
    support: Mapping[str, float]
    grades: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    year: int

    def held_by(self, country: str, *, users: bool = False) -> list[Holding]:
        """Return what a country makes, largest part first; user industries only if asked for."""
        held = [item for (_, code), item in self.holdings.items() if code == country and item.node.is_user == users]
        return sorted(held, key=lambda item: -(item.part.value or 0.0))

    @property
    def use(self) -> Figure:
        """Chips that the home country's industries use in a year."""
        held = self.held_by(self.home, users=True)
        value, low, high = (sum(_worth(item, name) for item in held) for name in ("value", "low", "high"))
        sources = tuple(dict.fromkeys(source for item in held for source in item.part.sources))
        return Figure(value, "USD/year", low, high, self.year, grade_of(_weigh(held)), sources)

    @property
    def world_use(self) -> float:
        """Chips that all user industries of the world use in a year [USD/year]."""
        return sum(node.market.value or 0.0 for node in self.nodes.values() if node.is_user)

    @property
    def places_soft(self) -> float:
        """Mean part of a node's output whose place of production is assumed or unknown."""
        made = self.weights.drop(index=[node.id for node in self.nodes.values() if node.is_user])
        return float((made["assumed"] + made["unknown"]).mean())

    @property
    def links_soft(self) -> tuple[int, int]:
        """How many links have an assumed or unknown size, and how many there are."""
        row = index_rows(self.grades.reset_index(), "table")["links"]
        return row["assumed"] + row["unknown"], sum(row[grade] for grade in GRADES)

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
        links = [self._grade_links(roles[kind]) for kind in kinds if kind in roles]
        return weakest(self.exposure_grade, *links)

    def _grade_links(self, role: str) -> Grade:
        weights: dict[str, float] = {}
        for row in list_rows(self.chain.links):
            if row["role"] == role:
                value = (row["sales_share"] or 0.0) * (self.nodes[row["supplier"]].market.value or 0.0)
                weights[row["grade"]] = weights.get(row["grade"], 0.0) + value
        return grade_of(weights) if weights else "exact"

    def part(self, country: str, kind: Kind = "supply") -> Figure:
        """Return the exposure of home to one country; unknown where no part of it is recorded."""
        row = index_rows(self.exposure.of(self.home, kind).reset_index(), "country").get(country)
        if row is None:
            return Figure(None, "fraction", year=self.year)
        return Figure(row["share"], "fraction", row.get("low"), row.get("high"), self.year, self.grade(kind))

    def partners(self, kind: Kind = "supply") -> list[str]:
        """Return foreign countries by falling exposure; home, the rest of the world and unknown left out."""
        return [str(code) for code in self.exposure.of(self.home, kind).index if code not in {self.home, ROW, UNKNOWN}]


def gather_findings(
    chain: Chain,
    home: str,
    partner: str | None = None,
    *,
    draws: int = 200,
    seed: int = 0,
    prior: Prior | None = None,
) -> Findings:
    """Compute what a brief on ``home`` says.

    Parameters
    ----------
    chain
        A checked chain.
    home, partner
        Country codes.
    draws, seed
        Chains drawn from the intervals for the ranges, and their seed.
    prior
        What trade says of the routes, from `read_prior`; without it all buy from all in proportion.

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
    exposure = measure_exposure(chain, [home], draws=draws, seed=seed, flows=flows)
    nodes = {row["node"]: _node(row, flows.users) for row in list_rows(chain.nodes)}
    shares = chain.shares
    rows = shares[(shares["basis"] == "location") & shares["firm"].isna()]
    holdings = {(row["node"], row["country"]): _holding(row, nodes) for row in list_rows(rows)}
    return Findings(
        chain=chain,
        flows=flows,
        exposure=exposure,
        home=home,
        partner=partner,
        nodes=nodes,
        holdings=holdings,
        concentration=measure_concentration(chain),
        support=_weigh_support(chain, exposure, home),
        grades=count_grades(chain),
        weights=weigh_grades(chain),
        year=max((node.market.year or 0 for node in nodes.values() if node.is_user), default=0),
    )


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


def _weigh_support(chain: Chain, exposure: Exposure, home: str) -> dict[str, float]:
    """Weigh the production behind home's chips by grade: soft if its place or its amount is."""
    shares = index_rows(complete_shares(chain), "node", "country")
    firm_links = _weigh_links(chain)
    weights: dict[str, float] = {}
    for row in list_rows(exposure.by_node.loc[home].reset_index()):
        grade, firm = shares[(row["node"], row["country"])]["grade"], firm_links.get(row["node"], 1.0)
        weights[grade] = weights.get(grade, 0.0) + row["value"] * firm
        weak = weakest(grade, "assumed")
        weights[weak] = weights.get(weak, 0.0) + row["value"] * (1.0 - firm)
    total = sum(weights.values())
    return {grade: value / total for grade, value in weights.items()}


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


def _worth(item: Holding, name: str) -> float:
    part = getattr(item.part, name)
    return (item.part.value or 0.0 if part is None else part) * (item.node.market.value or 0.0)


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
