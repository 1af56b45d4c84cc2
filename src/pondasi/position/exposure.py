"""On whom does a country's chip use depend, over all tiers? (position.2 to position.4)

For home country h, d are the chips that its user industries buy, and ``x = (I - A)^-1 d`` is all that
has to be made for them: chips, wafers, packaging, materials, service of tools. *Supply exposure* to
country c is c's part of x: what is looked through is production wherever it happens, and not only the
last seller (Baldwin, Freeman and Theodorakopoulos 2022, doi:10.3386/w30525, who show why the direct
figure hides most of it). It counts gross production, as they do, since a stop of production is what
hurts; a small value at an early tier can stop all that follows, so the exposure by node is given too.

Two more figures are given beside it and never added to it. *Tools*: the part of the new tools that
this production buys in a year, by place of making. *Permission*: the rights and designs it needs, by
head office of their owner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.chain.flows import balance_flows
from pondasi.chain.sample import sample_chains
from pondasi.chain.shares import complete_shares
from pondasi.errors import UsageError
from pondasi.position.requirements import solve_requirements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy import sparse

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import Chain

    Kind = Literal["supply", "tools", "permission"]

KINDS: tuple[Kind, ...] = ("supply", "tools", "permission")
LOW_QUANTILE, HIGH_QUANTILE = 0.1, 0.9
"""Ends of the band that is shown: four draws of five lie inside."""


@dataclass(frozen=True)
class Exposure:
    """The exposure of one or more home countries.

    Parameters
    ----------
    by_country
        Index (home, kind, country); columns share [fraction of x, of tools, of rights], value
        [USD/year], and low, high where draws were made. The home country itself is in it: foreign
        exposure is the rest.
    by_node
        Index (home, node, country); columns value [USD/year] and share [fraction of the node], for
        supply.
    use
        Chips that each home country uses [USD/year], index (home, node).
    draws
        How many chains the band rests on; 0 for none.
    """

    by_country: pd.DataFrame = field(repr=False)
    by_node: pd.DataFrame = field(repr=False)
    use: pd.Series = field(repr=False)
    draws: int = 0

    def of(self, home: str, kind: Kind = "supply") -> pd.DataFrame:
        """Return the exposure of one home country, largest first."""
        return self.by_country.loc[home].loc[kind].sort_values("share", ascending=False)


def measure_exposure(
    chain: Chain, homes: Sequence[str] | None = None, *, draws: int = 0, seed: int = 0, flows: Flows | None = None
) -> Exposure:
    """Return the exposure of home countries to all countries, over all tiers.

    Parameters
    ----------
    chain
        A checked chain.
    homes
        Country codes; by default every country that uses chips.
    draws
        Chains drawn from the intervals of the figures; they give low and high (one tenth and nine
        tenths of the draws lie below).
    seed
        Seed of the draws.
    flows
        Balanced flows of the chain, if they are at hand.

    Raises
    ------
    UsageError
        If a home country is not in the chain or uses no chips.

    Example
    -------
    >>> from pondasi import load_chain
    >>> exposure = measure_exposure(load_chain(), ["IDN"])
    >>> round(float(exposure.of("IDN")["share"].sum()), 9)
    1.0
    """
    flows = balance_flows(chain) if flows is None else flows
    wanted = _check_homes(chain, flows, homes)
    central = _measure(chain, flows, wanted)
    if not draws:
        return central
    samples = [_measure(drawn, balance_flows(drawn), wanted).by_country["share"] for drawn in sample_chains(chain, draws, seed)]
    drawn_shares = pd.concat(samples, axis=1).reindex(central.by_country.index).fillna(0.0)
    table = central.by_country.assign(
        low=drawn_shares.quantile(LOW_QUANTILE, axis=1), high=drawn_shares.quantile(HIGH_QUANTILE, axis=1)
    )
    table["low"] = np.minimum(table["low"], table["share"])
    table["high"] = np.maximum(table["high"], table["share"])
    return Exposure(table, central.by_node, central.use, draws)


def trace_use(flows: Flows, homes: Sequence[str]) -> NDArray[np.float64]:
    """Return what the user industries of each home country buy, shape (labels, homes) [USD/year]."""
    nodes, countries = (flows.labels.get_level_values(level) for level in ("node", "country"))
    user = np.asarray(nodes.isin(flows.users))
    pick = np.stack([(user & np.asarray(countries == home)).astype(float) for home in homes], axis=1)
    return np.asarray(flows.Z @ pick)


def _check_homes(chain: Chain, flows: Flows, homes: Sequence[str] | None) -> tuple[str, ...]:
    nodes = flows.labels.get_level_values("node")
    using = set(flows.labels[nodes.isin(flows.users)].get_level_values("country")) - {"ROW", "UNKNOWN"}
    if homes is None:
        return tuple(sorted(using))
    present = set(chain.shares["country"])
    for home in homes:
        if home not in present:
            raise UsageError("country_absent", country=home)
        if home not in using:
            raise UsageError("country_without_use", country=home)
    return tuple(homes)


def _measure(chain: Chain, flows: Flows, homes: tuple[str, ...]) -> Exposure:
    use = trace_use(flows, homes)
    needed = solve_requirements(flows.coefficients, use, acyclic=flows.acyclic)
    tools = _invested(flows.capital, flows.output, needed)
    supply = _spread(flows.labels, needed, homes)
    by_node = supply.rename("value").to_frame()
    by_node["share"] = by_node["value"] / by_node.groupby(["home", "node"])["value"].transform("sum")
    by_country = pd.concat(
        {
            "supply": supply.groupby(["home", "country"]).sum(),
            "tools": _spread(flows.labels, tools, homes).groupby(["home", "country"]).sum(),
            "permission": _permission(chain, flows, needed, homes),
        },
        names=["kind"],
    ).reorder_levels(["home", "kind", "country"])
    table = by_country.sort_index().rename("value").to_frame()
    total = table.groupby(["home", "kind"])["value"].transform("sum")
    table["share"] = (table["value"] / total).where(total > 0, 0.0)
    return Exposure(table[["share", "value"]], by_node, _spread(flows.labels, use, homes).groupby(["home", "node"]).sum())


def _invested(matrix: sparse.csr_array, output: NDArray[np.float64], needed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what suppliers of tools or rights sell in a year to the production that is needed."""
    part = np.divide(needed, output[:, None], out=np.zeros_like(needed), where=output[:, None] > 0)
    return np.asarray(matrix @ part)


def _spread(labels: pd.MultiIndex, values: NDArray[np.float64], homes: tuple[str, ...]) -> pd.Series:
    frame = pd.DataFrame(values, index=labels, columns=pd.Index(homes, name="home"))
    series = frame.stack()
    return series[series != 0].reorder_levels(["home", "node", "country"])


def _permission(chain: Chain, flows: Flows, needed: NDArray[np.float64], homes: tuple[str, ...]) -> pd.Series:
    """Return the rights behind the production, by head office of their owners."""
    rights = _spread(flows.labels, _invested(flows.licence, flows.output, needed), homes)
    by_node = rights.groupby(["home", "node"]).sum()
    control = complete_shares(chain, "control").set_index(["node", "country"])["share"]
    frame = by_node.rename("value").reset_index().merge(control.reset_index(), on="node")
    return (frame["value"] * frame["share"]).groupby([frame["home"], frame["country"]]).sum()
