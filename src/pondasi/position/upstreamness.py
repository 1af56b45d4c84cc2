"""How far does a node stand from the final buyer (position.9)?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.accounts import account_nodes
from pondasi.position.requirements import solve_requirements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.chain.accounts import Accounts
    from pondasi.chain.flows import Flows
    from pondasi.chain.records import Chain


def measure_upstreamness(chain: Chain, flows: Flows | None = None) -> pd.Series:
    """Return the upstreamness of every node, or with flows of every supplier: ``U = (I - Delta)^-1 1``.

    One says that all of the output goes to final buyers; two, that it goes into goods that go there; and so
    on: the mean number of sales up to and with the final one, weighted by value. A planner reads from it how
    long a cut takes to reach the users, and how far from its market a new plant would stand.

    ``Delta_ij`` is the part of i's output that j uses up. What counts as used up are flows, the service of
    tools, and rights; new tools are investment and so a final sale. What leaves the chain is a final sale as
    well, so a material that is mostly sold elsewhere stands near to one. Links of unknown size count as
    leaving the chain: U is then a lower bound.

    Parameters
    ----------
    chain
        A checked chain.
    flows
        Balanced flows: gives the figure by supplier (node and country) instead of by node. Without a prior
        all suppliers of a node have the same.

    Returns
    -------
    Index node, or (node, country) with flows; blank where the output is unknown.

    References
    ----------
    Antras, Chor, Fally and Hillberry 2012, doi:10.1257/aer.102.3.412. They correct for trade and
    inventories; here the table is the whole world's and has neither.

    Example
    -------
    >>> from pondasi import load_chain
    >>> upstreamness = measure_upstreamness(load_chain())
    >>> bool(upstreamness["use_automotive"] == 1), bool(upstreamness["wafer_300"] > 2)
    (True, True)
    """
    if flows is None:
        accounts = account_nodes(chain)
        found = look_upstream(accounts)
        series = pd.Series(found, pd.Index(np.array(accounts.nodes, dtype=object), name="node"), name="upstreamness")
        return series.reindex(pd.Index(chain.nodes["node"].to_numpy(), name="node"))
    found = solve_upstreamness(flows.Z + flows.licence, flows.output, acyclic=flows.acyclic)
    return pd.Series(found, flows.labels, name="upstreamness")


def look_upstream(accounts: Accounts) -> NDArray[np.float64]:
    """Return U of every node, in the order of the accounts, shape (nodes,)."""
    used = accounts.sales["flow"] + accounts.sales["licence"]
    return solve_upstreamness(used, accounts.output, acyclic=accounts.acyclic)


def solve_upstreamness(
    used: sparse.csr_array, output: NDArray[np.float64], *, acyclic: bool = False
) -> NDArray[np.float64]:
    """Return U of n suppliers: ``U = 1 + Delta U`` with ``Delta_ij = used_ij / output_i`` (position.9).

    Parameters
    ----------
    used
        What j uses up of i's output, shape (n, n) [USD/year].
    output
        Shape (n,) [USD/year]; zero where it is unknown.
    acyclic
        Whether suppliers stand before users.

    Example
    -------
    >>> used = sparse.csr_array(np.array([[0.0, 5.0], [0.0, 0.0]]))
    >>> solve_upstreamness(used, np.array([10.0, 8.0])).tolist()
    [1.5, 1.0]
    """
    inverse = np.divide(1.0, output, out=np.zeros_like(output), where=output > 0)
    delta = sparse.csr_array(sparse.diags_array(inverse) @ used)
    # Rows may pass one by rounding, and in drawn chains; nobody sells more than the output.
    delta = sparse.csr_array(sparse.diags_array(1 / np.maximum(np.asarray(delta.sum(axis=1)).ravel(), 1.0)) @ delta)
    found = solve_requirements(delta, np.ones(len(output)), acyclic=acyclic)
    return np.where(output > 0, found, np.nan)
