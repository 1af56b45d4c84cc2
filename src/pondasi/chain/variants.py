"""Families and their variants: what is said of the family holds for each of its types.

A family is often no more than the sum of its types ('lithography tools' of EUV, immersion and dry ones).
Then it has no market of its own, and its links are passed on: what it sells, by each variant (chain.15);
what it buys, by its variants in proportion to their markets (chain.16). A market that stands at the
family itself is what is sold as the family beyond its variants; nothing is counted twice.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from pondasi.chain.records import Chain

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
    sums, market = find_sums(chain), dict(zip(chain.nodes["node"], chain.nodes["market_usd"], strict=True))
    pairs = sorted(zip(variants["variant"], variants["family"], strict=True))
    passed = _share_purchases(_pass_sales(links, pairs, sums), pairs, sums, market)
    table = links.iloc[[link.row for link in passed]].reset_index(drop=True)
    sizes = np.array([link.sizes for link in passed]).reshape(-1, len(SIZES))
    names = {"supplier": [link.supplier for link in passed], "user": [link.user for link in passed]}
    return table.assign(**names, **dict(zip(SIZES, sizes.T, strict=True))).astype(links.dtypes)


def find_sums(chain: Chain) -> frozenset[str]:
    """Return the families that are the sum of their variants: those without a market of their own."""
    if chain.variants.empty:
        return frozenset()
    nodes = chain.nodes
    return frozenset(nodes.loc[nodes["market_usd"].isna(), "node"]) & frozenset(chain.variants["family"])


class _Link(NamedTuple):
    """A link and the row of the table that says so; ``sizes`` are the share and its interval."""

    supplier: str
    user: str
    role: str
    row: int
    sizes: NDArray[np.float64]


def _pass_sales(links: pd.DataFrame, pairs: Sequence[tuple[str, str]], sums: frozenset[str]) -> list[_Link]:
    names = zip(links["supplier"], links["user"], links["role"], strict=True)
    sizes = links[list(SIZES)].to_numpy(dtype=float)
    own: dict[str, list[_Link]] = defaultdict(list)
    for row, (supplier, user, role) in enumerate(names):
        own[supplier].append(_Link(supplier, user, role, row, sizes[row]))
    families = {variant: [family for name, family in pairs if name == variant] for variant, _ in pairs}

    @cache
    def links_of(node: str) -> tuple[_Link, ...]:
        said = [link for family in families.get(node, ()) for link in links_of(family)]
        return (*own[node], *_inherit(node, own[node], said))

    nodes = dict.fromkeys([*links["supplier"], *families])
    return [link for node in nodes if node not in sums for link in links_of(node)]


def _inherit(node: str, own: Sequence[_Link], said: Sequence[_Link]) -> list[_Link]:
    """Return what the families of a node say beyond its own links."""
    named = {(link.user, link.role) for link in own}
    fresh: dict[tuple[str, str], list[_Link]] = defaultdict(list)
    for link in said:
        if (link.user, link.role) not in named:
            fresh[link.user, link.role].append(link)
    means = {key: np.mean([link.sizes for link in several], axis=0) for key, several in fresh.items()}
    room = max(1 - sum(link.sizes[0] for link in own if link.sizes[0] > 0), 0.0)
    wanted = sum(sizes[0] for sizes in means.values() if sizes[0] > 0)
    factor = room / wanted if wanted > room else 1.0
    return [_Link(node, *key, fresh[key][0].row, factor * sizes) for key, sizes in means.items()]


def _share_purchases(
    links: Sequence[_Link], pairs: Sequence[tuple[str, str]], sums: frozenset[str], market: Mapping[str, float]
) -> list[_Link]:
    weights: dict[str, dict[str, float]] = {}
    for family in sums:
        leaves = _find_leaves(family, pairs, sums)
        total = sum(market[leaf] for leaf in leaves)
        weights[family] = {leaf: market[leaf] / total if total > 0 else math.nan for leaf in leaves}
    return [
        link._replace(user=user, sizes=weight * link.sizes)
        for link in links
        for user, weight in weights.get(link.user, {link.user: 1.0}).items()
    ]


def _find_leaves(family: str, pairs: Sequence[tuple[str, str]], sums: frozenset[str]) -> list[str]:
    """Return the nodes below a family that are no sums themselves, each once."""
    below = {variant for variant, name in pairs if name == family}
    leaves = {variant for variant in below if variant not in sums}
    return sorted(leaves.union(*(_find_leaves(variant, pairs, sums) for variant in below & sums)))
