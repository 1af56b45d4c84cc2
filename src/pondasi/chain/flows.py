"""From shares to flows between suppliers: who sells how much to whom (chain.8 to chain.12).

Sales of node q are ``M_q``; ``V_qp = M_q split_qp`` of it goes to user node p. Supplier (q, c) sells
``V_qp s_qc`` and user (p, c') buys ``V_qp s_pc'``. The bilateral flows between them are the ones nearest
to a prior (see `pondasi.chain.balance`). Base output and coefficients are then *defined* from the
balanced flows, ``x_i = sum_j Z_ij + f_i`` and ``A = Z / x``, so that the base is a fixed point.

The three roles stay apart. Flows (and the service of tools) are used up by today's output and stand in
``Z``. New tools are investment: they stand in ``capital``. Rights stand in ``licence``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.accounts import ROLES, Gaps, account_nodes
from pondasi.chain.balance import NoBalanceError, balance
from pondasi.chain.shares import list_places, locate, tabulate_shares
from pondasi.errors import BalanceError, Problem
from pondasi.places import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pondasi.chain.accounts import Accounts
    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis

    Prior = Mapping[tuple[str, str], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Flows:
    """Balanced flows between suppliers, a supplier being a node in a country.

    Parameters
    ----------
    labels
        Index with levels node and country, upstream nodes first; length n.
    Z
        Flows used up, shape (n, n) [USD/year], sparse by rows: ``Z[i, j]`` is what j buys from i.
    output
        Base output x, shape (n,) [USD/year]; zero where it is unknown (see ``gaps``).
    capital, licence
        New tools and rights, shape (n, n) [USD/year].
    users
        Nodes that use finished chips.
    acyclic
        Whether every flow and right goes down the order of the labels.
    gaps
        What is missing.
    prior, basis
        What the flows were balanced with.
    """

    labels: pd.MultiIndex
    Z: sparse.csr_array = field(repr=False)
    output: NDArray[np.float64] = field(repr=False)
    capital: sparse.csr_array = field(repr=False)
    licence: sparse.csr_array = field(repr=False)
    users: tuple[str, ...] = ()
    acyclic: bool = True
    gaps: Gaps = field(default_factory=Gaps)
    prior: Prior | None = field(default=None, repr=False)
    basis: Basis = "location"

    @property
    def final(self) -> NDArray[np.float64]:
        """What is not used up in known output, ``f = x - A x``, shape (n,) [USD/year] (chain.11).

        Final demand, investment, rights, what leaves the chain, and what goes to buyers whose own output
        is unknown.
        """
        used: NDArray[np.float64] = self.coefficients @ self.output
        return self.output - used

    @property
    def coefficients(self) -> sparse.csr_array:
        """A = Z / x by columns, shape (n, n) [USD per USD]; a supplier without output has none (chain.12)."""
        return divide_columns(self.Z, self.output)


def divide_columns(flows: sparse.csr_array, output: NDArray[np.float64]) -> sparse.csr_array:
    """Return flows per unit of the buyer's output; a buyer without output has none."""
    inverse = np.divide(1.0, output, out=np.zeros_like(output), where=output > 0)
    return sparse.csr_array(flows @ sparse.diags_array(inverse))


def balance_flows(chain: Chain, prior: Prior | None = None, basis: Basis = "location") -> Flows:
    """Turn the shares of a chain into balanced flows.

    Parameters
    ----------
    chain
        A checked chain.
    prior
        For a pair (supplier node, user node), or (supplier node, "") for all of its users: a table of
        weights, origins as index and destinations as columns, not negative, relative to the product of
        the margins: 1 says nothing, 0 closes the route. Pairs and places that are not named have
        weight 1.
    basis
        ``location`` (where it is made) by default. With ``control`` the flows run between head
        offices; use it only where places of production are unknown.

    Raises
    ------
    BalanceError
        If closed routes leave no solution for some links; all of them are named.
    ValueError
        If a prior names a node that the chain does not have, or holds a weight below 0.

    Example
    -------
    >>> from pondasi import balance_flows, load_chain
    >>> flows = balance_flows(load_chain())
    >>> bool((flows.final >= -1e-9 * flows.output).all())
    True
    """
    _check_prior(chain, prior)
    accounts = account_nodes(chain)
    places = list_places(chain)
    order = locate(accounts.nodes, chain.nodes["node"].tolist())
    shares = tabulate_shares(chain, basis, places)[order]
    node, place = np.nonzero(shares)
    nodes, countries = np.array(accounts.nodes, dtype=object), np.array(places, dtype=object)
    labels = pd.MultiIndex.from_arrays([nodes[node], countries[place]], names=["node", "country"])
    spread = _Spread(accounts, labels, np.searchsorted(node, np.arange(len(nodes) + 1)), shares[node, place], prior)
    matrices = {role: spread.over_countries(accounts.sales[role]) for role in ROLES}
    if spread.problems:
        raise BalanceError(tuple(spread.problems.values()), "no_balance")
    return Flows(
        labels=labels,
        Z=matrices["flow"],
        output=accounts.output[node] * shares[node, place],
        capital=matrices["capital"],
        licence=matrices["licence"],
        users=accounts.users,
        acyclic=accounts.acyclic,
        gaps=_add_gaps(accounts.gaps, chain, basis, labels),
        prior=prior,
        basis=basis,
    )


def _check_prior(chain: Chain, prior: Prior | None) -> None:
    named = {node for pair in prior or {} for node in pair if node}
    strange = sorted(named - set(chain.nodes["node"]))
    if strange:
        raise ValueError(f"the prior names nodes that the chain does not have: {', '.join(strange)}")


class _Spread:
    """Spreads what goes from node to node over the countries of both.

    ``start[q]`` is the first label of node q, ``share`` the share of each label in its node.
    """

    def __init__(
        self,
        accounts: Accounts,
        labels: pd.MultiIndex,
        start: NDArray[np.intp],
        share: NDArray[np.float64],
        prior: Prior | None,
    ) -> None:
        self.nodes = accounts.nodes
        self.countries = labels.get_level_values("country")
        self.start = start
        self.share = share
        places = tuple(self.countries.unique())
        self.place = locate(self.countries, places)
        self.prior = {pair: _read_weights(table, places) for pair, table in (prior or {}).items()}
        self.problems: dict[tuple[int, int], Problem] = {}
        self.parts: dict[tuple[int, int], NDArray[np.float64]] = {}

    def over_countries(self, values: sparse.csr_array) -> sparse.csr_array:
        """Return values from node to node as flows from label to label."""
        pairs = sparse.coo_array(values)
        n = len(self.share)
        rows, columns, flows = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        for q, p, value in zip(*pairs.coords, pairs.data, strict=True):
            sellers, buyers = (np.arange(self.start[node], self.start[node + 1]) for node in (q, p))
            rows.append(np.repeat(sellers, len(buyers)))
            columns.append(np.tile(buyers, len(sellers)))
            if (q, p) not in self.parts:  # new tools and their service run on the same routes
                self.parts[q, p] = self.balance(int(q), int(p), float(value))
            flows.append(value * self.parts[q, p].ravel())
        parts = np.concatenate(flows), (np.concatenate(rows), np.concatenate(columns))
        matrix = sparse.csr_array(sparse.coo_array(parts, shape=(n, n)))
        matrix.eliminate_zeros()
        return matrix

    def balance(self, q: int, p: int, value: float) -> NDArray[np.float64]:
        """Return the balanced flows from node q to node p as parts of one; note where there are none."""
        sellers, buyers = (slice(self.start[node], self.start[node + 1]) for node in (q, p))
        rows, columns = self.share[sellers], self.share[buyers]
        known = self.prior.get((self.nodes[q], self.nodes[p]), self.prior.get((self.nodes[q], "")))
        if known is None:
            return np.outer(rows, columns)
        weights = known[np.ix_(self.place[sellers], self.place[buyers])]
        try:
            return balance(rows, columns, weights * np.outer(rows, columns))
        except NoBalanceError as error:
            fault = error.shortfall
            origins, destinations = self.countries[sellers], self.countries[buyers]
            fields = {
                "supplier": self.nodes[q],
                "user": self.nodes[p],
                "sellers": ", ".join(origins[list(fault.rows)]),
                "buyers": ", ".join(destinations[list(fault.columns)]),
                "supply": f"{fault.supply * value:.4g}",
                "demand": f"{fault.demand * value:.4g}",
            }
            self.problems[q, p] = Problem("no_balance", "links", fields=fields)
            return np.zeros((len(rows), len(columns)))


def _read_weights(table: pd.DataFrame, places: tuple[str, ...]) -> NDArray[np.float64]:
    """Return a table of weights as an array over all places, 1 where it says nothing."""
    rows, columns = locate(places, table.index.tolist()), locate(places, table.columns.tolist())
    weights = table.to_numpy(dtype=float)[np.ix_(rows, columns)]
    known = (rows >= 0)[:, None] & (columns >= 0)[None, :] & ~np.isnan(weights)
    return np.where(known, weights, 1.0)


def _add_gaps(gaps: Gaps, chain: Chain, basis: Basis, labels: pd.MultiIndex) -> Gaps:
    frame = chain.shares
    blank = frame[frame["firm"].isna() & (frame["basis"] == basis) & frame["share"].isna()]
    known = set(labels[labels.get_level_values("country") != UNKNOWN].get_level_values("node"))
    return replace(
        gaps,
        nodes_without_share=tuple(sorted(set(chain.nodes["node"]) - known)),
        shares_without_size=tuple(sorted(blank[["node", "country"]].itertuples(index=False, name=None))),
    )
