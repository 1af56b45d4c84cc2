"""The position of a country: every measure of this package at once, with intervals and rank stability."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.chain.accounts import account_nodes
from pondasi.chain.coverage import weigh_grades
from pondasi.chain.flows import balance_flows
from pondasi.chain.sample import sample_chains
from pondasi.chain.shares import complete_shares, list_places, locate, tabulate_shares
from pondasi.errors import UsageError
from pondasi.places import ROW, UNKNOWN
from pondasi.position.bands import band
from pondasi.position.concentration import measure_concentration, rate_shares
from pondasi.position.exposure import Exposure, measure_exposure
from pondasi.position.side_by_side import compare_countries
from pondasi.position.stability import RankStability, measure_stability
from pondasi.position.upstreamness import look_upstream, measure_upstreamness
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import Chain
    from pondasi.executor import Executor
    from pondasi.position.exposure import Kind

PARTNERS: tuple[Kind, ...] = ("supply", "tools", "permission")
"""Kinds of exposure whose partners are ranked; they stand side by side and are never added up."""


@dataclass(frozen=True, eq=False)
class Position:
    """Where a country stands in the chain, beside its peers.

    Every ``low`` and ``high`` is the band of the drawn chains (four draws of five); they are missing
    without draws. Grades are those of the shares behind a figure.

    Parameters
    ----------
    home, peers
        Country codes.
    shares
        Index (node, country), home and peers; columns share [fraction], low, high, grade, value [USD/year].
        A country that a node does not name has no row: that is not zero but not recorded.
    concentration
        As `measure_concentration`, with hhi_draw_low, hhi_draw_high, cr1_low, cr1_high, cr3_low, cr3_high,
        and top_holds: part of the draws in which the largest country is the same.
    exposure
        Of home and peers; see `Exposure`. Home itself is in it.
    upstreamness
        Index node; columns upstreamness, low, high.
    suppliers
        Upstreamness by supplier, index (node, country).
    coverage
        Index (basis, node): which part of a node's sales rests on shares of each grade [fraction].
    summary
        Index (measure, country), home first: columns value, low, high, unit, place. The peers side by side.
    capability
        Index (indicator, country), home and peers: value, low, high, unit, year, grade, source. Facts beside
        the chain, not results.
    stability
        How firmly each ranking holds: partners of home by ``supply``, ``tools`` and ``permission``; nodes by
        ``concentration`` and ``upstreamness``; home's nodes by ``shares``; home and peers by each measure of
        the summary, as ``summary/MEASURE``.
    nodes
        Index node: stage, pillar, names, and user, whether it is a user of chips. For those who show this.
    chain
        Id, version and hash of the chain, and the marks of overlays laid over it.
    draws, seed
        What the bands rest on.
    """

    home: str
    peers: tuple[str, ...]
    shares: pd.DataFrame = field(repr=False)
    concentration: pd.DataFrame = field(repr=False)
    exposure: Exposure = field(repr=False)
    upstreamness: pd.DataFrame = field(repr=False)
    suppliers: pd.Series = field(repr=False)
    coverage: pd.DataFrame = field(repr=False)
    summary: pd.DataFrame = field(repr=False)
    capability: pd.DataFrame = field(repr=False)
    stability: Mapping[str, RankStability] = field(repr=False)
    nodes: pd.DataFrame = field(repr=False)
    chain: Mapping[str, Any] = field(repr=False)
    draws: int = 0
    seed: int = 0

    @property
    def countries(self) -> tuple[str, ...]:
        """Home, then its peers."""
        return (self.home, *self.peers)

    def partners(self, kind: Kind = "supply") -> pd.DataFrame:
        """Return the foreign countries on which home depends, largest first.

        Columns share, low, high, value, and of the ranking: rank, rank_low, rank_high, holds, next. The rest
        of the world and what is unknown are no partners and are left out.
        """
        table = self.exposure.of(self.home, kind)
        table = table[~table.index.isin([self.home, ROW, UNKNOWN])].drop(columns="direct")
        return table.join(self.stability[kind].ranks.drop(columns="value")).sort_values("rank", kind="stable")

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return everything as flat tables by name: what a run keeps."""
        tables = {
            "shares": self.shares,
            "concentration": self.concentration,
            "exposure": self.exposure.by_country,
            "exposure_by_node": self.exposure.by_node,
            "upstreamness": self.upstreamness,
            "upstreamness_by_supplier": self.suppliers.to_frame(),
            "coverage": self.coverage,
            "summary": self.summary,
            "capability": self.capability,
        }
        flat = {name: table.reset_index() for name, table in tables.items()}
        ranks = [_name_ranking(found.ranks, name) for name, found in self.stability.items()]
        orders = [_list_orders(found.survival, name) for name, found in self.stability.items()]
        return {
            **flat,
            "ranks": pd.concat(ranks, ignore_index=True),
            "rank_survival": pd.concat(orders, ignore_index=True),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; None where unknown."""
        return {
            "home": self.home,
            "peers": list(self.peers),
            "chain": dict(self.chain),
            "draws": self.draws,
            "seed": self.seed,
            "stability": {name: _plain(found.mean) for name, found in self.stability.items()},
            **{name: list_rows(table) for name, table in self.as_tables().items() if name != "rank_survival"},
        }

    def __str__(self) -> str:
        """Say the position in sentences, in English; `say_position` speaks the other languages."""
        from pondasi.position.sentences import say_position
        from pondasi.words import Words

        return "\n".join(say_position(self, Words("en")))


def measure_position(
    chain: Chain,
    home: str,
    peers: Sequence[str] = (),
    *,
    draws: int = 0,
    seed: int = 0,
    flows: Flows | None = None,
    capability: pd.DataFrame | None = None,
    executor: Executor | None = None,
) -> Position:
    """Return where a country stands in the chain: what it makes, what it uses, on whom that rests.

    Parameters
    ----------
    chain
        A checked chain.
    home, peers
        Country codes; all must use chips.
    draws, seed
        Chains drawn from the intervals (chain.13), and their seed. Without draws there are no bands and no
        rank stability.
    flows
        Balanced flows of the chain, if they are at hand or were balanced with a prior.
    capability
        The companion table of the world (``load_world().companions["capability"]``).
    executor
        Where the draws of exposure are measured; here by default. The figures do not depend on it.

    Raises
    ------
    UsageError
        If a country is not in the chain or uses no chips, or stands twice.

    Example
    -------
    >>> from pondasi import load_chain
    >>> position = measure_position(load_chain(), "IDN", ["VNM"], draws=5)
    >>> position.partners("supply").index[0]
    'TWN'
    >>> position.summary.loc[("foreign_supply", "IDN"), "unit"]
    'fraction'
    """
    countries = (home, *peers)
    if len(set(countries)) < len(countries):
        raise UsageError("country_twice", country=next(code for code in countries if countries.count(code) > 1))
    flows = balance_flows(chain) if flows is None else flows
    drawn = list(sample_chains(chain, draws, seed)) if draws else []
    exposure = measure_exposure(chain, countries, draws=draws, seed=seed, flows=flows, executor=executor)
    places = list_places(chain)
    made = np.stack([tabulate_shares(one, "location", places) for one in (chain, *drawn)])
    outputs, distances = (np.stack(one) for one in zip(*map(_look_at_nodes, (chain, *drawn)), strict=True))
    index = pd.Index(chain.nodes["node"].to_numpy(), name="node")
    upstream = pd.Series(distances[0], index)
    drawn_upstream = pd.DataFrame(distances[1:].T, index)
    concentration, ranked_nodes = _measure_concentration(chain, places, made)
    shares, ranked_shares = _list_shares(chain, countries, places, made)
    users = chain.nodes["node"].isin(flows.users).to_numpy()
    part = made[:, :, [places.index(code) for code in countries]]
    summary, orders = compare_countries(exposure, countries, part, outputs, distances, users)
    low, high = band(distances[0], distances[1:])
    stability = {
        **{kind: _rank_partners(exposure, home, kind) for kind in PARTNERS},
        "concentration": ranked_nodes,
        "upstreamness": measure_stability(upstream, drawn_upstream),
        "shares": ranked_shares,
        **{f"summary/{name}": found for name, found in orders.items()},
    }
    return Position(
        home=home,
        peers=tuple(peers),
        shares=shares,
        concentration=concentration,
        exposure=exposure,
        upstreamness=pd.DataFrame({"upstreamness": upstream, "low": low, "high": high}),
        suppliers=measure_upstreamness(chain, flows),
        coverage=pd.concat({basis: weigh_grades(chain, basis) for basis in ("location", "control")}, names=["basis"]),
        summary=summary,
        capability=_pick_capability(capability, countries),
        stability=stability,
        nodes=_describe_nodes(chain, users),
        chain=chain.origin,
        draws=len(drawn),
        seed=seed,
    )


def _describe_nodes(chain: Chain, users: NDArray[np.bool_]) -> pd.DataFrame:
    columns = ["stage", "pillar", "name_en", "name_id", "name_ja"]
    return chain.nodes.set_index("node")[columns].assign(user=users)


def _look_at_nodes(chain: Chain) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each node sells [USD/year] and its upstreamness, in the order of the node table."""
    accounts = account_nodes(chain)
    order = locate(chain.nodes["node"], accounts.nodes)
    return accounts.output[order], look_upstream(accounts)[order]


def _measure_concentration(
    chain: Chain, places: tuple[str, ...], made: NDArray[np.float64]
) -> tuple[pd.DataFrame, RankStability]:
    """Return the concentration with its bands, and the ranking of nodes by HHI; the first of ``made`` is central."""
    table = measure_concentration(chain)
    named = np.array([place not in {ROW, UNKNOWN} for place in places])
    drawn = made[1:][:, :, named]
    figures = dict(zip(("hhi", "cr1", "cr3"), rate_shares(drawn), strict=True))
    for name, prefix in (("hhi", "hhi_draw"), ("cr1", "cr1"), ("cr3", "cr3")):
        table[f"{prefix}_low"], table[f"{prefix}_high"] = band(table[name].to_numpy(), figures[name])
    if len(drawn):
        first = np.array(places, dtype=object)[named][drawn.argmax(axis=2)]
        table["top_holds"] = np.where(
            table["hhi"].isna(), np.nan, (first == table["top"].to_numpy(object)).mean(axis=0)
        )
    else:
        table["top_holds"] = np.nan
    return table, measure_stability(table["hhi"], pd.DataFrame(figures["hhi"].T, table.index))


def _list_shares(
    chain: Chain, countries: tuple[str, ...], places: tuple[str, ...], made: NDArray[np.float64]
) -> tuple[pd.DataFrame, RankStability]:
    """Return the shares of countries with their bands, and the ranking of home's nodes by them."""
    rows = complete_shares(chain)
    rows = rows[rows["country"].isin(countries)].reset_index(drop=True)
    node = locate(rows["node"], chain.nodes["node"].tolist())
    drawn = made[1:, node, locate(rows["country"], places)]
    rows["low"], rows["high"] = band(rows["share"].to_numpy(), drawn)
    rows["value"] = rows["share"].to_numpy() * chain.nodes["market_usd"].to_numpy()[node]
    table = rows.set_index(["node", "country"]).sort_index(level="country", sort_remaining=False, kind="stable")
    table = table.loc[[(n, c) for c in countries for n in chain.nodes["node"] if (n, c) in table.index]]
    mine = (rows["country"] == countries[0]).to_numpy()
    index = pd.Index(rows.loc[mine, "node"], name="node")
    values = pd.Series(rows.loc[mine, "share"].to_numpy(), index)
    return table, measure_stability(values, pd.DataFrame(drawn[:, mine].T, index))


def _rank_partners(exposure: Exposure, home: str, kind: Kind) -> RankStability:
    foreign = exposure.of(home, kind)["share"].sort_index()
    foreign = foreign[~foreign.index.isin([home, ROW, UNKNOWN])]
    return measure_stability(foreign, exposure.drawn_of(home, kind))


def _pick_capability(table: pd.DataFrame | None, countries: tuple[str, ...]) -> pd.DataFrame:
    """Return the indicators of home and peers, in the order of the table; no rows without a table."""
    columns = ["value", "low", "high", "unit", "year", "grade", "source", "note"]
    if table is None:
        index = pd.MultiIndex.from_arrays([[], []], names=["indicator", "country"])
        return pd.DataFrame(columns=columns, index=index)
    rows = table[table["country"].isin(countries)].set_index(["indicator", "country"])[columns]
    known = dict.fromkeys(table["indicator"])
    return rows.loc[[(name, code) for name in known for code in countries if (name, code) in rows.index]]


def _name_ranking(ranks: pd.DataFrame, ranking: str) -> pd.DataFrame:
    return ranks.rename_axis("item").reset_index().assign(ranking=ranking)


def _list_orders(survival: pd.DataFrame, ranking: str) -> pd.DataFrame:
    """Return survival as a list of pairs, the first standing before the second."""
    first, second = np.triu_indices(len(survival), 1)
    items = survival.index.to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "ranking": ranking,
            "first": items[first],
            "second": items[second],
            "survival": survival.to_numpy()[first, second],
        }
    )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
