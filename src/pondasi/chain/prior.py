"""What trade says of who buys from whom, as a prior for the balance of flows (chain.18).

Customs know routes between countries; the chain knows how much each country makes and uses. The table
``trade_prior`` holds parts of a country's exports by destination, or of its imports by origin, for the
goods of some nodes. Each is set against what the route would carry if every user bought from all makers
in proportion:

    w_od = t_od / (e_d / E_o),    e_d = sum_qp V_qp s_pd / sum_qp V_qp,    E_o = sum of e over the
                                                                           foreign places not left out

for an export row, with t the stated part; for an import row likewise with the makers' shares. A weight of
1 says nothing, 2 says that the route carries twice as much as proportion would give. What the rows of an
origin leave of its exports is spread over the places that they do not name. Trade says nothing of sales
at home: there the weight is 1, and so it is on routes that a row leaves out (a blank share) because
goods only pass through or come to be packaged. Where exports and imports both name a route, the weight
is the geometric mean of the two. The balance then meets both margins, whatever the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.accounts import account_nodes
from pondasi.chain.rules import ROUNDING
from pondasi.chain.shares import list_places, locate, tabulate_shares
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from pondasi.chain.flows import Prior
    from pondasi.chain.records import World

TABLE = "trade_prior"
SIDES = {"export": ("origin", "destination"), "import": ("destination", "origin")}
"""Whose trade a row is a part of, and the other end of its routes."""


def read_prior(world: World) -> Prior | None:
    """Return the weights that trade gives to routes, by supplier node; None where the world has no trade rows.

    Parameters
    ----------
    world
        A checked chain with its companions.

    Returns
    -------
    For each pair (supplier node, ""): weights relative to the product of the margins, origins as index
    and destinations as columns. `balance_flows` takes it as it is.

    Example
    -------
    >>> from pondasi import balance_flows, load_world
    >>> world = load_world()
    >>> prior = read_prior(world)
    >>> bool((prior["chip_dram", ""] > 0).all(axis=None))
    True
    >>> balance_flows(world.chain, prior).prior is prior
    True
    """
    table = world.companions.get(TABLE)
    if table is None or table.empty:
        return None
    chain = world.chain
    places, accounts = list_places(chain), account_nodes(chain)
    order = locate(accounts.nodes, chain.nodes["node"].tolist())
    shares = tabulate_shares(chain, "location", places)[order]
    values = np.sum([matrix.toarray() for matrix in accounts.sales.values()], axis=0)
    goods: dict[str, list[dict[str, Any]]] = {}
    for row in list_rows(table):
        goods.setdefault(row["nodes"], []).append(row)
    found: dict[str, list[_Weights]] = {}
    for cell, rows in goods.items():
        nodes = cell.split("|")
        sold = values[locate(nodes, accounts.nodes)]
        made = sold.sum(axis=1) @ shares[locate(nodes, accounts.nodes)]
        expected = {"export": _to_parts(sold.sum(axis=0) @ shares), "import": _to_parts(made)}
        for node in nodes:
            found.setdefault(node, []).extend(_weigh_side(side, rows, expected[side], places) for side in SIDES)
    return {(node, ""): pd.DataFrame(_join(weights), places, places) for node, weights in found.items()}


@dataclass(frozen=True)
class _Weights:
    """What some rows say, shape (origins, destinations); nan where they say nothing.

    ``rest`` is what they leave to routes that they do not name.
    """

    named: NDArray[np.float64]
    rest: NDArray[np.float64]


def _to_parts(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = values.sum()
    return values / total if total > 0 else values


def _weigh_side(
    side: str, rows: list[dict[str, Any]], expected: NDArray[np.float64], places: tuple[str, ...]
) -> _Weights:
    """Weigh the routes of every country whose exports (or imports) are stated."""
    own, other = SIDES[side]
    named, rest = np.full((2, len(places), len(places)), np.nan)
    stated: dict[str, dict[str, float | None]] = {}
    for row in rows:
        if row["side"] == side and {row[own], row[other]} <= set(places):
            stated.setdefault(row[own], {})[row[other]] = row["share"]
    for country, parts in stated.items():
        here = places.index(country)
        named[here], rest[here] = _weigh_routes(parts, np.where(np.arange(len(places)) == here, 0.0, expected), places)
    return _Weights(named, rest) if side == "export" else _Weights(named.T, rest.T)


def _weigh_routes(
    parts: Mapping[str, float | None], expected: NDArray[np.float64], places: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of one country's routes, named and not; ``expected`` is zero at home."""
    share = np.array([parts.get(place) for place in places], dtype=float)
    blank = np.array([place in parts for place in places]) & np.isnan(share)
    expected = _to_parts(np.where(blank, 0.0, expected))
    nothing = np.full(len(places), np.nan)
    named = np.divide(share, expected, out=nothing.copy(), where=expected > 0)
    free = (expected > 0) & np.isnan(share)
    left, room = 1.0 - float(np.nansum(share)), float(expected[free].sum())
    says = left > ROUNDING and room > 0 and not np.isnan(share).all()
    return named, np.where(free, left / room, np.nan) if says else nothing


def _join(weights: list[_Weights]) -> NDArray[np.float64]:
    """Return one weight a route: of what is named the geometric mean, else of what is left, else 1."""
    named, rest = (_mean_log(np.stack([getattr(one, name) for one in weights])) for name in ("named", "rest"))
    return np.exp(np.where(~np.isnan(named), named, np.where(~np.isnan(rest), rest, 0.0)))


def _mean_log(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean logarithm along the first axis over what is stated; nan where nothing is."""
    stated = np.isfinite(weights)
    logs = np.log(weights, out=np.zeros_like(weights), where=stated & (weights > 0))
    count = stated.sum(axis=0)
    mean: NDArray[np.float64] = np.divide(logs.sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.where((stated & (weights <= 0)).any(axis=0), -np.inf, mean)
