"""Complete the shares of each node so that they add up to one, and say what was added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.chain.rules import SHARE_SUM_LOW
from pondasi.facts import weakest
from pondasi.places import ROW, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pondasi.chain.records import Chain

Basis = Literal["location", "control"]


def complete_shares(chain: Chain, basis: Basis = "location") -> pd.DataFrame:
    """Return the shares of countries in every node, adding up to one per node (chain.4).

    A sum of 0.98 to 1.02 is rounding and is rescaled. Below that, the remainder goes to ``ROW`` as
    estimated. If a country is present with unknown size, whatever lacks to one goes to ``UNKNOWN``: it is
    not zero, and it is not spread over the others. A node without any share on this basis is ``UNKNOWN``
    as a whole. The interval of a remainder is what the intervals of the others leave.

    Returns
    -------
    Columns node, country, share [fraction], low, high, grade, in the order of the node table; countries
    by code.

    Example
    -------
    >>> from pondasi import load_chain
    >>> shares = complete_shares(load_chain())
    >>> sorted(shares.groupby("node")["share"].sum().round(9).unique().tolist())
    [1.0]
    """
    rows = _read(chain, basis)
    frame = chain.shares.iloc[rows.place]
    known = ~np.isnan(rows.share)
    factor, remainder, unknown = _complete(rows)
    low, high = (frame[name].to_numpy(dtype=float) for name in ("low", "high"))
    least, most = (np.where(np.isnan(end), rows.share, end) for end in (low, high))
    added = np.flatnonzero(remainder > 0)
    scale = factor[rows.node]
    table = pd.DataFrame(
        {
            "node": np.concatenate([rows.node[known], added]),
            "country": np.concatenate([rows.country[known], np.where(unknown[added], UNKNOWN, ROW)]),
            "share": np.concatenate([(rows.share * scale)[known], remainder[added]]),
            "low": np.concatenate([np.minimum(low * scale, 1)[known], np.clip(1 - _sum(rows, most), 0, 1)[added]]),
            "high": np.concatenate([np.minimum(high * scale, 1)[known], np.clip(1 - _sum(rows, least), 0, 1)[added]]),
            "grade": np.concatenate(
                [frame["grade"].to_numpy(dtype=object)[known], np.where(unknown[added], "unknown", "estimated")]
            ),
        }
    )
    table = _join_row(table[table["share"] > 0]).sort_values(["node", "country"], kind="stable", ignore_index=True)
    return table.assign(node=chain.nodes["node"].to_numpy()[table["node"]]).astype({"country": "str", "grade": "str"})


def tabulate_shares(chain: Chain, basis: Basis, places: Sequence[str]) -> NDArray[np.float64]:
    """Return the completed shares as an array, shape (nodes, places), in the order of the node table.

    ``places`` holds every country of the share table, ``ROW`` and ``UNKNOWN``; see `list_places`.
    """
    rows = _read(chain, basis)
    factor, remainder, unknown = _complete(rows)
    table = np.zeros((rows.nodes, len(places)))
    place = locate(rows.country, places)
    np.add.at(table, (rows.node, place), np.nan_to_num(rows.share) * factor[rows.node])
    rest = np.where(unknown, places.index(UNKNOWN), places.index(ROW))
    table[np.arange(rows.nodes), rest] += remainder
    return table


def list_places(chain: Chain) -> tuple[str, ...]:
    """Return every country of the share table by code, with ``ROW`` and ``UNKNOWN``."""
    return tuple(sorted({*chain.shares["country"], ROW, UNKNOWN}))


def locate(names: Iterable[str], among: Sequence[str]) -> NDArray[np.intp]:
    """Return where each name stands in a list without repeats; -1 for one that is not there."""
    where = {name: place for place, name in enumerate(among)}
    return np.array([where.get(name, -1) for name in names], dtype=np.intp)


@dataclass(frozen=True)
class _Rows:
    """The shares of whole countries on one basis, as arrays.

    ``place`` counts along the share table, ``node`` along the node table, whose length is ``nodes``.
    """

    nodes: int
    place: NDArray[np.intp]
    node: NDArray[np.intp]
    country: NDArray[np.object_]
    share: NDArray[np.float64]


def _read(chain: Chain, basis: Basis) -> _Rows:
    frame, nodes = chain.shares, chain.nodes["node"].tolist()
    rows = np.flatnonzero(frame["firm"].isna().to_numpy() & (frame["basis"].to_numpy(dtype=object) == basis))
    node, country = (frame[name].to_numpy(dtype=object)[rows] for name in ("node", "country"))
    return _Rows(len(nodes), rows, locate(node, nodes), country, frame["share"].to_numpy(dtype=float)[rows])


def _sum(rows: _Rows, figure: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(rows.node, np.nan_to_num(figure), minlength=rows.nodes).astype(np.float64)


def _complete(rows: _Rows) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return per node: the factor on its shares, what lacks to one, and whether that is unknown."""
    total = _sum(rows, rows.share)
    blank = np.bincount(rows.node, np.isnan(rows.share), minlength=rows.nodes) > 0
    whole = (total >= SHARE_SUM_LOW) & ~(blank & (total < 1))
    factor = np.divide(1.0, total, out=np.ones(rows.nodes), where=whole)
    return factor, np.where(whole, 0.0, 1 - total), blank | (total == 0)


def _join_row(table: pd.DataFrame) -> pd.DataFrame:
    """Join a remainder of ``ROW`` with the row that the node has for it already."""
    twice = table.duplicated(["node", "country"], keep=False)
    if not twice.any():
        return table
    joint = table[twice].groupby(["node", "country"], as_index=False)
    sums = joint[["share", "low", "high"]].sum(min_count=2).merge(joint["grade"].agg(lambda grade: weakest(*grade)))
    return pd.concat([table[~twice], sums], ignore_index=True)
