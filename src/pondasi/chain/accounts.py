"""The chain by node, before countries: what each node sells, and to which nodes (chain.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import sparse

from pondasi.chain.rules import OUTPUT_TRAIT, SERVICE_TRAIT
from pondasi.chain.shares import locate
from pondasi.chain.variants import find_sums, inherit_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pondasi.chain.records import Chain

Role = Literal["flow", "capital", "licence"]
ROLES: tuple[Role, ...] = ("flow", "capital", "licence")


@dataclass(frozen=True)
class Gaps:
    """What could not be turned into flows, and why: it is reported, never taken as zero.

    Parameters
    ----------
    nodes_without_market
        Their sales are unknown; a tool's service may be known all the same. Families that are the sum
        of their variants are not among them.
    nodes_without_share
        Nothing says where they are made: all of it stands at ``UNKNOWN``.
    links_without_size
        What they carry is counted as leaving the chain, and the user's own value is too large by it.
    shares_without_size
        The country is present in the node, and its part is somewhere in ``UNKNOWN``.
    users_without_output
        Users of chips whose own output is unknown; what they buy is known.
    """

    nodes_without_market: tuple[str, ...] = ()
    nodes_without_share: tuple[str, ...] = ()
    links_without_size: tuple[tuple[str, str], ...] = ()
    shares_without_size: tuple[tuple[str, str], ...] = ()
    users_without_output: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Accounts:
    """What each node sells to which.

    Parameters
    ----------
    nodes
        Suppliers before users where that is possible; length n.
    output
        What a node sells (service included), for users of chips their industry's output, shape (n,)
        [USD/year]; zero where it is unknown.
    sales
        By role, shape (n, n) [USD/year]: ``sales[role][q, p]`` is what p buys from q (V, chain.8).
    users
        Nodes that use finished chips.
    acyclic
        Whether suppliers stand before users throughout.
    gaps
        What is missing, shares left out.
    """

    nodes: tuple[str, ...]
    output: NDArray[np.float64] = field(repr=False)
    sales: Mapping[Role, sparse.csr_array] = field(repr=False)
    users: tuple[str, ...]
    acyclic: bool
    gaps: Gaps


def account_nodes(chain: Chain) -> Accounts:
    """Return what each node of a chain sells, and to which nodes (chain.8).

    Links of role flow carry ``M_q split_qp``, links of role capital and licence likewise in matrices of
    their own; the service of a tool goes to the buyers of the tool in the same parts and is a flow.

    Example
    -------
    >>> from pondasi import load_chain
    >>> accounts = account_nodes(load_chain())
    >>> accounts.acyclic, accounts.gaps == Gaps()
    (True, True)
    """
    links = inherit_links(chain)
    supplier, user, role = (links[name].to_numpy(dtype=object) for name in ("supplier", "user", "role"))
    split = links["sales_share"].to_numpy(dtype=float)
    names = chain.nodes["node"].tolist()
    market = dict(zip(names, chain.nodes["market_usd"].tolist(), strict=True))
    service, industry = _read_trait(chain, SERVICE_TRAIT), _read_trait(chain, OUTPUT_TRAIT)
    triples = zip(supplier, user, role, strict=True)
    nodes, acyclic = sort_nodes(names, ((i, j) for i, j, how in triples if how != "capital" or i in service))
    users = tuple(node for node in nodes if node in industry)
    sold = np.array([industry.get(node, market[node]) for node in nodes])
    serviced = np.array([service.get(node, np.nan) if node not in industry else np.nan for node in nodes])
    output = np.nan_to_num(sold) + np.nan_to_num(serviced)
    sales = _value_links(locate(supplier, nodes), locate(user, nodes), role, split, sold, serviced)
    blank = np.isnan(split)
    gaps = Gaps(
        nodes_without_market=tuple(sorted({node for node in names if np.isnan(market[node])} - find_sums(chain))),
        links_without_size=tuple(sorted(set(zip(supplier[blank], user[blank], strict=True)))),
        users_without_output=tuple(sorted(node for node in users if np.isnan(industry[node]))),
    )
    return Accounts(nodes, output, sales, users, acyclic, gaps)


def sort_nodes(nodes: Sequence[str], links: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], bool]:
    """Return the nodes with suppliers before users, and whether that is possible for all.

    Nodes on a circle, and those behind one, keep the order of the table; the second value is then False.

    Parameters
    ----------
    nodes
        Nodes in the order of their table.
    links
        Pairs (supplier, user).

    Example
    -------
    >>> sort_nodes(["chip", "wafer"], [("wafer", "chip")])
    (('wafer', 'chip'), True)
    """
    users: dict[str, list[str]] = {node: [] for node in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for supplier, user in dict.fromkeys(links):
        users[supplier].append(user)
        waiting[user] += 1
    done = [node for node in nodes if not waiting[node]]
    for node in done:
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                done.append(user)
    left = [node for node in nodes if waiting[node] > 0]
    return (*done, *left), not left


def _value_links(
    supplier: NDArray[np.intp],
    user: NDArray[np.intp],
    role: NDArray[np.object_],
    split: NDArray[np.float64],
    sold: NDArray[np.float64],
    service: NDArray[np.float64],
) -> dict[Role, sparse.csr_array]:
    """Return what every link carries; a link or supplier of unknown size carries nothing that is known."""
    n = len(sold)
    # Parts may pass one by rounding; the check refuses more than that.
    split = split / np.maximum(1.0, np.bincount(supplier, np.nan_to_num(split), n))[supplier]

    def gather(rows: NDArray[np.bool_], sales: NDArray[np.float64]) -> sparse.csr_array:
        value = np.nan_to_num(sales[supplier] * split)
        rows = rows & (value > 0)
        return sparse.csr_array(sparse.coo_array((value[rows], (supplier[rows], user[rows])), shape=(n, n)))

    values = {name: gather(role == name, sold) for name in ROLES}
    return {**values, "flow": values["flow"] + gather(role == "capital", service)}


def _read_trait(chain: Chain, name: str) -> dict[str, float]:
    """Return a trait by node, with nan where it is stated to be unknown."""
    traits = chain.traits
    rows = traits["trait"].to_numpy(dtype=object) == name
    return dict(
        zip(traits["node"].to_numpy(dtype=object)[rows], traits["value"].to_numpy()[rows].tolist(), strict=True)
    )
