"""What a plan changes for both sides of a partnership: dependence and trade, before and after (plan.56).

Measured on the chain of today and on that of a year of the plan (`pondasi.plan.world_after`), so that only the country's new shares
differ. Dependence is the exposure over all tiers, and its concentration the sum of squared shares over all places, home included.
Trade is the flow of goods in the chain, from any maker of one side to any user of the other; tools and rights are no flows of a
year and are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.position.exposure import measure_exposure

if TYPE_CHECKING:
    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.plan.world_after import WorldAfter

MEASURES = ("exposure", "concentration", "sales", "output")
"""Exposure to the other side [fraction]; concentration of the exposure [index]; sales to the other side, and what is made of all
nodes that the plan adds to [USD/year]."""


def weigh_sides(before: World, after: WorldAfter, home: str, partner: str) -> pd.DataFrame:
    """Return the measures of both sides before and after.

    Parameters
    ----------
    before, after
        The world of today and that of a year of the plan.
    home, partner
        Country codes; a side without industries that use chips has no exposure.

    Returns
    -------
    Index ``country, measure``; ``before``, ``after``, missing where there is nothing to measure.
    """
    nodes = tuple(str(node) for node in after.shares.index)
    sides = {"before": _measure(before, home, partner, nodes), "after": _measure(after.world, home, partner, nodes)}
    return pd.DataFrame(sides).rename_axis(["country", "measure"])


def _measure(world: World, home: str, partner: str, nodes: tuple[str, ...]) -> dict[tuple[str, str], float]:
    flows = balance_flows(world.chain, read_prior(world))
    found = {}
    for mine, other in ((home, partner), (partner, home)):
        share = _expose(world, flows, mine)
        found[mine, "exposure"] = np.nan if share is None else float(share.get(other, 0.0))
        found[mine, "concentration"] = np.nan if share is None else float((share**2).sum())
        found[mine, "sales"] = _trade(flows, mine, other)
        found[mine, "output"] = _make(flows, mine, nodes)
    return found


def _expose(world: World, flows: Flows, home: str) -> pd.Series | None:
    """Return the exposure of a country by place; None for one whose industries use no chips."""
    countries = flows.labels.get_level_values("country")
    uses = flows.labels.get_level_values("node").isin(flows.users) & (countries == home)
    bought = np.asarray(flows.Z.sum(axis=0)).ravel()
    if not bought[np.asarray(uses)].any():
        return None
    return measure_exposure(world.chain, home, flows=flows).of(home)["share"]


def _trade(flows: Flows, seller: str, buyer: str) -> float:
    """Return what makers of one country sell to users in another [USD/year]."""
    countries = np.asarray(flows.labels.get_level_values("country"))
    return float(flows.Z[np.flatnonzero(countries == seller)][:, np.flatnonzero(countries == buyer)].sum())


def _make(flows: Flows, country: str, nodes: tuple[str, ...]) -> float:
    here = flows.labels.get_level_values("node").isin(nodes) & (flows.labels.get_level_values("country") == country)
    return float(flows.output[np.asarray(here)].sum())
