"""Families and their variants: what is said of the family holds for each of its types.

A family is often no more than the sum of its types ('lithography tools' of EUV, immersion and dry ones).
Then it has no market of its own, and its links are passed on: what it sells, by each variant (chain.15);
what it buys, by its variants in proportion to their markets (chain.16). A market that stands at the
family itself is what is sold as the family beyond its variants; nothing is counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import Chain

    Families = Mapping[str, tuple[str, ...]]

SIZES = ("sales_share", "low", "high")


def inherit_links(chain: Chain) -> pd.DataFrame:
    """Return the links, with those of families passed on to their variants.

    (chain.15) A variant sells to the users of its family, in the same parts of its own sales, unless it
    has a link of its own with that user in that role: the nearest family that says something holds, and
    where it has several, their mean. Where own and inherited parts pass one together, the inherited ones
    fill what is left.

    (chain.16) What a supplier sells to a family without a market goes to the variants in proportion to
    their markets, on top of what it sells to them by links of their own. If the market of one of them is
    unknown, so is the size of each of these links.

    Returns
    -------
    Columns as in the table links; a pair may stand in two rows, which add up.
    """
    links, variants = chain.links, chain.variants
    if variants.empty:
        return links
    market = dict(zip(chain.nodes["node"], chain.nodes["market_usd"], strict=True))
    sums = _empty_families(variants, market)
    return _share_purchases(_pass_sales(links, variants, sums), sums, market)


def find_sums(chain: Chain) -> frozenset[str]:
    """Return the families that are the sum of their variants: those without a market of their own."""
    variants = chain.variants
    if variants.empty:
        return frozenset()
    market = dict(zip(chain.nodes["node"], chain.nodes["market_usd"], strict=True))
    return frozenset(_empty_families(variants, market))


def _empty_families(variants: pd.DataFrame, market: Mapping[str, float]) -> Families:
    groups = variants.groupby("family", sort=False)["variant"]
    return {str(family): tuple(sorted(group)) for family, group in groups if np.isnan(market[str(family)])}


def _pass_sales(links: pd.DataFrame, variants: pd.DataFrame, sums: Families) -> pd.DataFrame:
    parents = {str(node): sorted(group) for node, group in variants.groupby("variant")["family"]}
    own = {str(node): group for node, group in links.groupby("supplier", sort=False)}
    full: dict[str, pd.DataFrame] = {}

    def links_of(node: str) -> pd.DataFrame:
        if node not in full:
            full[node] = _inherit(node, own.get(node, links.head(0)), [links_of(family) for family in parents[node]])
        return full[node]

    full.update({node: group for node, group in own.items() if node not in parents})
    full.update({str(family): links.head(0) for family in variants["family"] if family not in {*parents, *own}})
    added = [links_of(variant) for variant in parents if variant not in sums]
    kept = links[~links["supplier"].isin([*sums, *parents])]
    return pd.concat([kept, *added], ignore_index=True)


def _inherit(node: str, own: pd.DataFrame, families: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the links of a node: its own, and what its families say beyond them."""
    said = pd.concat(families, ignore_index=True)
    named = pd.MultiIndex.from_frame(own[["user", "role"]])
    said = said[~pd.MultiIndex.from_frame(said[["user", "role"]]).isin(named)]
    if said.empty:
        return own
    pair = said.groupby(["user", "role"], sort=False)
    fresh = said.drop_duplicates(["user", "role"]).assign(supplier=node)
    fresh = fresh.assign(**{size: pair[size].mean().to_numpy() for size in SIZES})
    room, wanted = 1 - own["sales_share"].sum(), fresh["sales_share"].sum()
    if wanted > room:
        fresh = _scale(fresh, max(room, 0.0) / wanted)
    return pd.concat([own, fresh], ignore_index=True) if len(own) else fresh


def _share_purchases(links: pd.DataFrame, sums: Families, market: Mapping[str, float]) -> pd.DataFrame:
    parts = [links[~links["user"].isin(list(sums))]]
    for family, rows in links[links["user"].isin(list(sums))].groupby("user", sort=False):
        leaves = _find_leaves(str(family), sums)
        total = sum(market[leaf] for leaf in leaves)
        weights = {leaf: market[leaf] / total if total > 0 else np.nan for leaf in leaves}
        parts.extend(_scale(rows.assign(user=leaf), weight) for leaf, weight in weights.items())
    return pd.concat(parts, ignore_index=True)


def _find_leaves(family: str, sums: Families) -> list[str]:
    """Return the nodes below a family that are no sums themselves, each once."""
    below = {variant for variant in sums[family] if variant not in sums}
    return sorted(below.union(*(_find_leaves(variant, sums) for variant in sums[family] if variant in sums)))


def _scale(links: pd.DataFrame, factor: float) -> pd.DataFrame:
    return links.assign(**{size: links[size] * factor for size in SIZES})
