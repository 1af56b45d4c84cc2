"""How much of a chain is known, and how firmly (chain.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pondasi.chain.rules import FIGURES
from pondasi.chain.shares import complete_shares
from pondasi.facts import GRADES

if TYPE_CHECKING:
    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis


def count_grades(chain: Chain) -> pd.DataFrame:
    """Return how many figures of each table are exact, estimated, assumed and unknown.

    Returns
    -------
    Index table; columns exact, estimated, assumed, unknown. A blank figure counts as unknown, whatever
    its grade.

    Example
    -------
    >>> from pondasi import load_chain
    >>> list(count_grades(load_chain()).columns)
    ['exact', 'estimated', 'assumed', 'unknown']
    """
    counts = {}
    for name, (value, _, _) in FIGURES.items():
        frame = chain.tables[name]
        grade = frame["grade"].where(frame[value].notna(), "unknown")
        counts[name] = grade.value_counts().reindex(list(GRADES), fill_value=0)
    table = pd.DataFrame(counts).T
    table.index.name = "table"
    return table


def weigh_grades(chain: Chain, basis: Basis = "location") -> pd.DataFrame:
    """Return which part of each node's sales rests on shares of each grade.

    Returns
    -------
    Index node; columns exact, estimated, assumed, unknown [fraction], adding up to one.
    """
    shares = complete_shares(chain, basis)
    table = shares.pivot_table(
        index="node", columns="grade", values="share", aggfunc="sum", fill_value=0.0, observed=True
    )
    return table.reindex(index=chain.nodes["node"], columns=list(GRADES), fill_value=0.0)
