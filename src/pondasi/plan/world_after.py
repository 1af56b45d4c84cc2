"""The world of a year of the plan: the base chain with the country's shares as the plan's capacity makes them (plan.53).

Of a node of which the plan has capacity `K` at work, the country then makes

    share' = (share market growth + K) / (market growth + K_new),   K_new = K (the world makes as much as it uses)

so ``share' = share + K / (market growth)``, at most 1, and all others give way in proportion. The market grows with the world's
demand, what the country makes today grows with it, and the chain is else the one of today: prices, routes, stocks abroad and the
industries that use chips stay. Capacity and reserves are means over the futures, or those of one future.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.records import World
from pondasi.chain.shares import complete_shares
from pondasi.errors import UsageError
from pondasi.plan.build_year import find_capacity, find_effects
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pondasi.chain.records import Chain
    from pondasi.plan.solve import Plan

MILLION = 1e6
WORLD = 1
"""Row of the growth of the world's markets (`pondasi.plan.year.YearChain`)."""
LOCATION = "location"
TINY = 1e-12
"""Below this nothing is added."""


@dataclass(frozen=True, eq=False)
class WorldAfter:
    """The world of a year of the plan.

    Parameters
    ----------
    world
        With the shares of that year.
    year, future
        Which year, and which future, or None for the mean over all.
    shares
        Index ``node``, of the nodes that the plan adds to: ``before`` and ``after`` [fraction], ``added`` [USD a year of today's
        prices], ``market`` of the year [USD a year].
    reserves
        Weeks of use that reserves hold of a node for the country's industries.
    """

    world: World = field(repr=False)
    year: int
    future: str | None
    shares: pd.DataFrame
    reserves: Mapping[str, float]


def build_world_after(plan: Plan, year: int | None = None, future: str | None = None) -> WorldAfter:
    """Return the world of a year of the plan.

    Parameters
    ----------
    year
        The last one by default.
    future
        One of the futures of that year; by default capacity is the mean over all of them.

    Raises
    ------
    UsageError
        If the plan has no such year, or that year no such future.
    """
    tree, problem = plan.problem.tree, plan.problem
    year = int(tree.years[-1]) if year is None else year
    if year not in tree.years:
        raise UsageError("plan_year_unknown", year=str(year), first=str(tree.years[0]), last=str(tree.years[-1]))
    here = (tree.year == year) & (future is None or np.array([name == future for name in tree.names]))
    if not here.any():
        known = sorted({name for name, at in zip(tree.names, tree.year, strict=True) if at == year})
        raise UsageError("plan_future_unknown", future=str(future), year=str(year), known=", ".join(known))
    weight = np.where(here, tree.probability, 0.0)
    weight = weight / weight.sum()
    running = plan.answer.layout.read(plan.answer.x, "running")
    works = running * problem.options.success * problem.options.output_factor
    made, growth = find_capacity(plan.case), float(problem.operations.growth[WORLD] @ weight)
    step_of = [problem.labels.steps[j] for j in problem.options.step]
    added: dict[str, float] = {}
    for o, step in enumerate(step_of):
        if step in made:
            node, value = made[step]
            added[node] = added.get(node, 0.0) + float(works[o] @ weight) * value
    reserves: dict[str, float] = {}
    for (step, node), weeks in find_effects(plan.case, "stock").items():
        held = sum(float(running[o] @ weight) for o, name in enumerate(step_of) if name == step)
        if held > TINY:
            reserves[node] = reserves.get(node, 0.0) + held * weeks
    world = plan.case.world
    shares = _tabulate(world.chain, plan.case.country, {n: k for n, k in added.items() if k > TINY * MILLION}, growth)
    chain = replace_shares(
        world.chain, plan.case.country, {str(node): float(part) for node, part in shares["after"].items()}
    )
    return WorldAfter(World(chain, world.companions), year, future, shares, reserves)


def _tabulate(chain: Chain, home: str, added: Mapping[str, float], growth: float) -> pd.DataFrame:
    today = complete_shares(chain).set_index(["node", "country"])["share"].to_dict()
    markets = index_rows(chain.nodes, "node")
    rows = []
    for node, value in added.items():
        market = (markets[node]["market_usd"] or 0.0) * growth
        before = float(today.get((node, home), 0.0))
        after = min(1.0, before + value / market) if market else before
        rows.append({"node": node, "before": before, "after": after, "added": value, "market": market})
    return pd.DataFrame(rows, columns=["node", "before", "after", "added", "market"]).set_index("node")


def replace_shares(chain: Chain, home: str, shares: Mapping[str, float]) -> Chain:
    """Return the chain in which a country makes other shares of some nodes, and all others give way in proportion.

    Example
    -------
    >>> from pondasi import load_chain
    >>> from pondasi.chain.shares import complete_shares
    >>> chain = replace_shares(load_chain(), "IDN", {"wafer_200": 0.5})
    >>> table = complete_shares(chain).query("node == 'wafer_200'").set_index("country")["share"]
    >>> round(float(table["IDN"]), 9), round(float(table.sum()), 9)
    (0.5, 1.0)
    """
    today = complete_shares(chain).set_index(["node", "country"])["share"].to_dict()
    table = chain.shares.copy()
    placed = (table["basis"] == LOCATION).to_numpy(dtype=bool)
    new = []
    for node, share in shares.items():
        mine = placed & (table["node"] == node).to_numpy(dtype=bool)
        before = float(today.get((node, home), 0.0))
        at_home = mine & (table["country"] == home).to_numpy(dtype=bool)
        _scale(table, mine & ~at_home, (1 - share) / (1 - before) if before < 1 else 0.0)
        whole = at_home & table["firm"].isna().to_numpy(dtype=bool)
        if whole.any():
            _scale(table, at_home, share / before if before else 0.0)
            table.loc[whole, ["share", "low", "high"]] = share
        else:
            new.append(_make_row(table, node, home, share))
    if new:
        table = pd.concat([table, pd.DataFrame(new).astype(table.dtypes.to_dict())], ignore_index=True)
    return replace(chain, tables={**chain.tables, "shares": table})


def _scale(table: pd.DataFrame, rows: NDArray[np.bool_], factor: float) -> None:
    """Multiply the figures of some rows of a copy that nobody else has."""
    for column in ("share", "low", "high"):
        table.loc[rows, column] = (table.loc[rows, column] * factor).clip(upper=1.0)


def _make_row(table: pd.DataFrame, node: str, home: str, share: float) -> dict[str, object]:
    """Return the row of a node that the country makes for the first time: no firmer than assumed."""
    row: dict[str, object] = dict.fromkeys(table.columns)
    figures = {"share": share, "low": share, "high": share, "grade": "assumed"}
    return row | {"node": node, "country": home, "basis": LOCATION, **figures, "year": table["year"].max()}
