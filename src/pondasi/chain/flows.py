"""From shares to flows between suppliers: who sells how much to whom (chain.8 to chain.12).

Sales of node q are ``M_q``; ``M_q split_qp`` of it goes to user node p. Supplier (q, c) sells
``M_q s_qc split_qp`` and user (p, c') buys ``M_q split_qp s_pc'``. The bilateral flows between them are
the ones nearest to a prior (see `pondasi.chain.balance`). Base output and coefficients are then
*defined* from the balanced flows, ``x_i = sum_j Z_ij + f_i`` and ``A = Z / x``, so that the base is a
fixed point.

The three roles stay apart. Flows (and the service of tools) are used up by today's output and stand in
``Z``. New tools are investment: they stand in ``capital``. Rights stand in ``licence``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.balance import NoBalanceError, balance
from pondasi.chain.rules import OUTPUT_TRAIT, ROUNDING, SERVICE_TRAIT
from pondasi.chain.shares import complete_shares
from pondasi.chain.variants import inherit_links
from pondasi.errors import BalanceError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis

    Prior = Mapping[tuple[str, str], pd.DataFrame]

ROLES = ("flow", "capital", "licence")


@dataclass(frozen=True)
class Gaps:
    """What could not be turned into flows, and why: it is reported, never taken as zero."""

    nodes_without_market: tuple[str, ...] = ()
    nodes_without_share: tuple[str, ...] = ()
    links_without_size: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Flows:
    """Balanced flows between suppliers, a supplier being a node in a country.

    Parameters
    ----------
    labels
        Index with levels node and country, upstream nodes first; length n.
    Z
        Flows used up, shape (n, n) [USD/year], sparse by rows: ``Z[i, j]`` is what j buys from i.
    output
        Base output x, shape (n,) [USD/year].
    capital, licence
        New tools and rights, shape (n, n) [USD/year].
    users
        Nodes that use finished chips.
    acyclic
        Whether every flow goes down the order of the labels.
    gaps
        What is missing.
    """

    labels: pd.MultiIndex
    Z: sparse.csr_array = field(repr=False)
    output: NDArray[np.float64] = field(repr=False)
    capital: sparse.csr_array = field(repr=False)
    licence: sparse.csr_array = field(repr=False)
    users: tuple[str, ...] = ()
    acyclic: bool = True
    gaps: Gaps = field(default_factory=Gaps)

    @property
    def final(self) -> NDArray[np.float64]:
        """What leaves the chain or is no flow: final demand, investment, rights, shape (n,) [USD/year]."""
        return self.output - np.asarray(self.Z.sum(axis=1)).ravel()

    @property
    def coefficients(self) -> sparse.csr_array:
        """A = Z / x by columns, shape (n, n) [USD per USD]; a supplier without output has none."""
        inverse = np.divide(1.0, self.output, out=np.zeros_like(self.output), where=self.output > 0)
        return sparse.csr_array(self.Z @ sparse.diags_array(inverse))


def balance_flows(chain: Chain, prior: Prior | None = None, basis: Basis = "location") -> Flows:
    """Turn the shares of a chain into balanced flows.

    Parameters
    ----------
    chain
        A checked chain.
    prior
        For a pair (supplier node, user node), or (supplier node, "") for all of its users: a table of
        weights, origins as index and destinations as columns, not negative, relative to the product of
        the margins: 1 says nothing, 0 closes the route. Pairs that are not named have weight 1.
    basis
        ``location`` (where it is made) by default. With ``control`` the flows run between head
        offices; use it only where places of production are unknown.

    Raises
    ------
    BalanceError
        If closed routes leave no solution for some links; all of them are named.

    Example
    -------
    >>> from pondasi import balance_flows, load_chain
    >>> flows = balance_flows(load_chain())
    >>> bool((flows.final >= -1e-3).all())
    True
    """
    nodes = chain.nodes.set_index("node")
    links = inherit_links(chain)
    order, acyclic = sort_nodes(tuple(nodes.index), links[links["role"] == "flow"])
    shares = complete_shares(chain, basis)
    blocks, labels = _label(order, shares)
    market = nodes["market_usd"]
    output, users = _base_output(chain, order, market)
    x = np.concatenate([output.get(node, 0.0) * blocks[node].share for node in order]) if len(labels) else np.zeros(0)
    links = _cap_sales(links.dropna(subset=["sales_share"]))
    service = _trait(chain, SERVICE_TRAIT)
    building = _Building(blocks, prior or {})
    for supplier, user, role, split in links[["supplier", "user", "role", "sales_share"]].itertuples(index=False):
        sales = market[supplier]
        if not np.isnan(sales):
            building.add(role, supplier, user, sales * split)
        if role == "capital" and supplier in service.index:
            building.add("flow", supplier, user, service[supplier] * split)
    if building.problems:
        raise BalanceError(building.problems, "no_balance")
    matrices = {role: building.matrix(role, len(labels)) for role in ROLES}
    return Flows(labels, matrices["flow"], x, matrices["capital"], matrices["licence"], users, acyclic, _find_gaps(chain, shares))


def sort_nodes(nodes: tuple[str, ...], links: pd.DataFrame) -> tuple[tuple[str, ...], bool]:
    """Return the nodes with suppliers before users, and whether that is possible for all.

    Nodes on a circle keep the order of the table and the second value is False.
    """
    users: dict[str, list[str]] = {node: [] for node in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for supplier, user in links[["supplier", "user"]].drop_duplicates().itertuples(index=False):
        users[supplier].append(user)
        waiting[user] += 1
    ready = [node for node in nodes if not waiting[node]]
    done: list[str] = []
    while ready:
        node = ready.pop(0)
        done.append(node)
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    left = [node for node in nodes if waiting[node] > 0]
    return (*done, *left), not left


@dataclass(frozen=True)
class _Block:
    """The labels of one node: a slice of the index, its countries and their shares."""

    start: int
    countries: tuple[str, ...]
    share: NDArray[np.float64]


def _label(order: tuple[str, ...], shares: pd.DataFrame) -> tuple[dict[str, _Block], pd.MultiIndex]:
    groups = {node: group for node, group in shares.groupby("node", sort=False)}
    blocks: dict[str, _Block] = {}
    start = 0
    for node in order:
        group = groups[node]
        blocks[node] = _Block(start, tuple(group["country"]), group["share"].to_numpy(dtype=float))
        start += len(group)
    pairs = [(node, country) for node, block in blocks.items() for country in block.countries]
    return blocks, pd.MultiIndex.from_tuples(pairs, names=["node", "country"])


def _base_output(chain: Chain, order: tuple[str, ...], market: pd.Series) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return what each node sells (service included), and which nodes are users of chips."""
    service, industry = _trait(chain, SERVICE_TRAIT), _trait(chain, OUTPUT_TRAIT)
    output = (market.add(service, fill_value=0.0)).where(market.notna())
    sold = {node: float(output[node]) for node in order if not np.isnan(output[node])}
    users = tuple(node for node in order if node in industry.index)
    return {**sold, **{node: float(industry[node]) for node in users}}, users


def _cap_sales(links: pd.DataFrame) -> pd.DataFrame:
    """Rescale links that pass one by rounding (the check refuses more than that)."""
    total = links.groupby("supplier")["sales_share"].transform("sum")
    over = (total > 1) & (total <= 1 + 2 * ROUNDING)
    return links.assign(sales_share=links["sales_share"].where(~over, links["sales_share"] / total))


class _Building:
    """Collects the balanced flows of every link."""

    def __init__(self, blocks: Mapping[str, _Block], prior: Prior) -> None:
        self.blocks = blocks
        self.prior = prior
        self.parts: dict[str, list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]] = {role: [] for role in ROLES}
        self.problems: list[Problem] = []

    def add(self, role: str, supplier: str, user: str, value: float) -> None:
        seller, buyer = self.blocks[supplier], self.blocks[user]
        rows, columns = value * seller.share, value * buyer.share
        try:
            flows = balance(rows, columns, self._weights(supplier, user, seller, buyer))
        except NoBalanceError as error:
            fault = error.shortfall
            fields = {
                "supplier": supplier,
                "user": user,
                "sellers": ", ".join(seller.countries[index] for index in fault.rows),
                "buyers": ", ".join(buyer.countries[index] for index in fault.columns),
                "supply": f"{fault.supply:.4g}",
                "demand": f"{fault.demand:.4g}",
            }
            self.problems.append(Problem("no_balance", "links", fields=fields))
            return
        i = np.repeat(np.arange(seller.start, seller.start + len(rows)), len(columns))
        j = np.tile(np.arange(buyer.start, buyer.start + len(columns)), len(rows))
        self.parts[role].append((i, j, flows.ravel()))

    def _weights(self, supplier: str, user: str, seller: _Block, buyer: _Block) -> NDArray[np.float64] | None:
        table = self.prior.get((supplier, user), self.prior.get((supplier, "")))
        if table is None:
            return None
        affinity = table.reindex(index=list(seller.countries), columns=list(buyer.countries)).fillna(1.0).to_numpy(dtype=float)
        return affinity * np.outer(seller.share, buyer.share)

    def matrix(self, role: str, n: int) -> sparse.csr_array:
        parts = self.parts[role]
        if not parts:
            return sparse.csr_array((n, n))
        pick: Callable[[int], NDArray[np.float64]] = lambda which: np.concatenate([part[which] for part in parts])
        matrix = sparse.csr_array(sparse.coo_array((pick(2), (pick(0), pick(1))), shape=(n, n)))
        matrix.eliminate_zeros()
        return matrix


def _find_gaps(chain: Chain, shares: pd.DataFrame) -> Gaps:
    nodes, links = chain.nodes, chain.links
    unknown = shares[(shares["grade"] == "unknown") & (shares["share"] == 1.0)]["node"]
    blank = links[links["sales_share"].isna()]
    return Gaps(
        nodes_without_market=tuple(nodes.loc[nodes["market_usd"].isna(), "node"]),
        nodes_without_share=tuple(unknown),
        links_without_size=tuple(blank[["supplier", "user"]].itertuples(index=False, name=None)),
    )


def _trait(chain: Chain, name: str) -> pd.Series:
    frame = chain.traits
    frame = frame[(frame["trait"] == name) & frame["value"].notna()]
    return frame.set_index("node")["value"]
