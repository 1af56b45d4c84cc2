"""Complete the shares of each node so that they add up to one, and say what was added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.chain.rules import SHARE_SUM_LOW
from pondasi.places import ROW, UNKNOWN

if TYPE_CHECKING:
    from pondasi.chain.records import Chain

Basis = Literal["location", "control"]


def complete_shares(chain: Chain, basis: Basis = "location") -> pd.DataFrame:
    """Return the shares of countries in every node, adding up to one per node (chain.4).

    A sum of 0.98 to 1.02 is rounding and is rescaled. Below that, the remainder goes to ``ROW`` as
    estimated; if a country is present with unknown size, it goes to ``UNKNOWN``: it is not zero, and it
    is not spread over the others. A node without any share on this basis is ``UNKNOWN`` as a whole.

    Returns
    -------
    Columns node, country, share [fraction], low, high, grade, in the order of the node table; countries
    by code.
    """
    frame = chain.shares
    frame = frame[frame["firm"].isna() & (frame["basis"] == basis)]
    blank = frame["share"].isna()
    nodes = chain.nodes["node"]
    known = frame[~blank]
    total = known.groupby("node")["share"].sum().reindex(nodes).fillna(0.0)
    with_blank = pd.Series(nodes.isin(frame.loc[blank, "node"]).to_numpy(), index=total.index)
    rescaled = total >= SHARE_SUM_LOW
    remainder = (1 - total).clip(lower=0).where(~rescaled, 0.0)
    factor = (1 / total).where(rescaled, 1.0)
    scaled = known[["node", "country", "share", "low", "high", "grade"]].copy()
    by_row = scaled["node"].map(factor)
    for column in ("share", "low", "high"):
        scaled[column] = (scaled[column] * by_row).clip(upper=1.0)
    rest = remainder[remainder > 0]
    unknown = with_blank[rest.index] | (total[rest.index] == 0)
    added = pd.DataFrame(
        {
            "node": rest.index,
            "country": np.where(unknown, UNKNOWN, ROW),
            "share": rest.to_numpy(),
            "low": np.nan,
            "high": np.nan,
            "grade": np.where(unknown, "unknown", "estimated"),
        }
    )
    both = pd.concat([scaled, added], ignore_index=True) if len(added) else scaled
    both = both.groupby(["node", "country"], as_index=False, sort=False).agg(
        {"share": "sum", "low": "sum", "high": "sum", "grade": "first"}
    )
    order = pd.Series(np.arange(len(nodes)), index=nodes)
    both["_order"] = both["node"].map(order)
    both = both.sort_values(["_order", "country"], kind="stable").drop(columns="_order")
    return both[both["share"] > 0].reset_index(drop=True)
