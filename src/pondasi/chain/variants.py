"""Families and their variants: what is said of the family holds for each of its types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pondasi.chain.records import Chain


def inherit_links(chain: Chain) -> pd.DataFrame:
    """Return the links, with those of a family passed on to its variants.

    A variant sells to the users of its family, in the same parts of its own sales, unless it has a
    link of its own with that user in that role. The family keeps its links only if it has a market of
    its own: a family that is the sum of its variants has none, so nothing is counted twice.
    """
    links, variants = chain.links, chain.variants
    if variants.empty:
        return links
    families: dict[str, list[str]] = {}
    for variant, family in variants[["variant", "family"]].itertuples(index=False):
        families.setdefault(family, []).append(variant)
    own = set(links[["supplier", "user", "role"]].itertuples(index=False, name=None))
    added = []
    for family in families:
        rows = links[links["supplier"] == family]
        for variant in sorted(_descend(families, family)):
            fresh = [row for row in rows.itertuples(index=False) if (variant, row.user, row.role) not in own]
            own.update((variant, row.user, row.role) for row in fresh)
            added.extend(row._replace(supplier=variant) for row in fresh)
    market = chain.nodes.set_index("node")["market_usd"]
    empty = [family for family in families if pd.isna(market[family])]
    kept = links[~links["supplier"].isin(empty)]
    if not added:
        return kept.reset_index(drop=True)
    return pd.concat([kept, pd.DataFrame(added, columns=links.columns).astype(links.dtypes)], ignore_index=True)


def _descend(families: dict[str, list[str]], family: str) -> set[str]:
    found: set[str] = set()
    stack = [family]
    while stack:
        for variant in families.get(stack.pop(), []):
            if variant not in found:
                found.add(variant)
                stack.append(variant)
    return found
