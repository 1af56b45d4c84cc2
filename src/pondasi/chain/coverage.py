"""How much of a chain is known, and how firmly (chain.14)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.chain.rules import FIGURES, OUTPUT_TRAIT, READ_GRADES
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


def weigh_grades(chain: Chain, basis: Basis = "location", *, strict: bool = False) -> pd.DataFrame:
    """Return which part of each node's sales rests on shares of each grade.

    Parameters
    ----------
    strict
        Count a share as assumed as soon as one of its sources was not read: recalled or judged.

    Returns
    -------
    Index node; columns exact, estimated, assumed, unknown [fraction], adding up to one.
    """
    shares = complete_shares(_read_strictly(chain) if strict else chain, basis)
    table = shares.pivot_table(
        index="node", columns="grade", values="share", aggfunc="sum", fill_value=0.0, observed=True
    )
    return table.reindex(index=chain.nodes["node"], columns=list(GRADES), fill_value=0.0)


def weigh_doubt(chain: Chain, basis: Basis = "location", *, strict: bool = False) -> dict[str, float]:
    """Return which part of the places of what is made rests on judgement, or is not known.

    Users of chips make none and are left out; their places are those of demand.

    Parameters
    ----------
    strict
        As in `weigh_grades`.

    Returns
    -------
    nodes: mean over the nodes [fraction]; sales: mean weighted by sales, over the nodes whose sales are known.

    Example
    -------
    >>> from pondasi import load_chain
    >>> sorted(weigh_doubt(load_chain()))
    ['nodes', 'sales']
    """
    users = chain.traits.loc[chain.traits["trait"] == OUTPUT_TRAIT, "node"]
    weights = weigh_grades(chain, basis, strict=strict).drop(index=list(users))
    doubt = weights["assumed"] + weights["unknown"]
    sales = chain.nodes.set_index("node")["market_usd"].reindex(doubt.index).fillna(0.0)
    return {"nodes": float(doubt.mean()), "sales": float((doubt * sales).sum() / sales.sum())}


def weigh_links(chain: Chain) -> pd.DataFrame:
    """Return which part of what goes along the links of each role rests on a size of each grade.

    Returns
    -------
    Index role; columns as in `weigh_grades` [fraction of the money], adding up to one. Links whose size or
    whose supplier's sales are unknown carry no known money and are left out: `count_grades` counts them.

    Example
    -------
    >>> from pondasi import load_chain
    >>> list(weigh_links(load_chain()).index)
    ['capital', 'flow', 'licence']
    """
    sales = chain.links["supplier"].map(chain.nodes.set_index("node")["market_usd"])
    money = (chain.links["sales_share"] * sales).rename("money")
    by = pd.concat([chain.links[["role", "grade"]], money], axis=1).dropna()
    table = by.pivot_table(index="role", columns="grade", values="money", aggfunc="sum", fill_value=0.0)
    table = table.reindex(columns=list(GRADES), fill_value=0.0)
    return table.div(table.sum(axis=1), axis=0)


def _read_strictly(chain: Chain) -> Chain:
    """Return the chain with the shares graded assumed that rest in part on a source that was not read."""
    sources = chain.sources
    unread = set(sources.loc[sources["evidence"] != "seen", "source"])
    rows = zip(chain.shares["grade"], chain.shares["source"], strict=True)
    grades = ["assumed" if grade in READ_GRADES and unread & set(cell.split("|")) else grade for grade, cell in rows]
    shares = chain.shares.assign(grade=pd.Series(grades, index=chain.shares.index, dtype="str"))
    return replace(chain, tables={**chain.tables, "shares": shares})
