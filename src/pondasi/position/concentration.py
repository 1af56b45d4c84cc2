"""How concentrated is the making of each node? (position.1)"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.shares import complete_shares
from pondasi.places import ROW, UNKNOWN

if TYPE_CHECKING:
    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis

TOP = 3


def measure_concentration(chain: Chain, basis: Basis = "location") -> pd.DataFrame:
    """Return HHI, CR1 and CR3 of every node: ``HHI_p = sum_c s_pc^2``.

    The rest of the world is many countries, and an unknown part may belong to anyone. So HHI has two
    ends: at the low end what is not assigned to a country is spread thin, at the high end it belongs to
    one country (an unknown part to the largest). The central value spreads the rest of the world thin
    and leaves out what is unknown.

    Returns
    -------
    Index node; columns hhi, hhi_low, hhi_high, cr1, cr3 [fraction], top (country code), assigned (part
    of the node assigned to countries), unknown (part unknown). Nodes without any share are blank.

    References
    ----------
    Hirschman 1964, American Economic Review 54(5): 761-762.
    """
    shares = complete_shares(chain, basis)
    nodes = chain.nodes["node"]
    special = shares["country"].isin([ROW, UNKNOWN])
    named = shares[~special]
    rest = shares[shares["country"] == ROW].groupby("node")["share"].sum().reindex(nodes).fillna(0.0)
    unknown = shares[shares["country"] == UNKNOWN].groupby("node")["share"].sum().reindex(nodes).fillna(0.0)
    squares = (named["share"] ** 2).groupby(named["node"]).sum().reindex(nodes)
    ranked = named.sort_values("share", ascending=False).groupby("node", sort=False)
    largest = ranked["share"].first().reindex(nodes)
    table = pd.DataFrame(
        {
            "hhi": squares,
            "hhi_low": squares,
            "hhi_high": squares + rest**2 + 2 * largest * unknown + unknown**2,
            "cr1": largest,
            "cr3": ranked["share"].apply(lambda share: share.head(TOP).sum()).reindex(nodes),
            "top": ranked["country"].first().reindex(nodes),
            "assigned": named.groupby("node")["share"].sum().reindex(nodes).fillna(0.0),
            "unknown": unknown,
        }
    )
    table.index.name = "node"
    return table.replace({np.inf: np.nan})
