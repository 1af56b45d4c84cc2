"""Families and their variants: what is said of the family holds for each of its types.

A family is often no more than the sum of its types ('lithography tools' of EUV, immersion and dry ones).
Then it has no market of its own, and its links are passed on: what it sells, by each variant (chain.16);
what it buys, by its variants in proportion to their markets (chain.17). A market that stands at the
family itself is what is sold as the family beyond its variants; nothing is counted twice.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pondasi.chain.rules import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pondasi.chain.records import Chain

SIZES = ("sales_share", "low", "high")


def inherit_links(chain: Chain) -> pd.DataFrame:
    """Return the links, with those of families passed on to their variants.

    (chain.16) A variant sells to the users of its family, in the same parts of its own sales, unless it
    has a link of its own with that user in that role: the nearest family that says something holds, and
    where it has several, their mean. Where own and inherited parts pass one together, the inherited ones
    fill what is left; where nothing is left, none is inherited.

    (chain.17) What a supplier sells to a family without a market goes to the variants in proportion to
    their markets, on top of what it sells to them by links of their own. If the market of one of them is
    unknown, so is the size of each of these links.

    Returns
    -------
    Columns as in the table links; a pair may stand in two rows, which add up.
    """
    links, variants = chain.links, chain.variants
    if variants.empty:
        return links
    stated, sums = _read(links), find_sums(chain)
    pairs = sorted(zip(variants["variant"], variants["family"], strict=True))
    sold = [link for link in stated if link.supplier not in sums]
    sold += [link for link in _pass_sales(stated, pairs) if link.supplier not in sums]
    passed = _share_purchases(sold, pairs, sums, chain.nodes)
    if passed == stated:
        return links
    table = links.iloc[[link.row for link in passed]].reset_index(drop=True)
    names = {"supplier": [link.supplier for link in passed], "user": [link.user for link in passed]}
    sizes = dict(zip(SIZES, np.array([link.sizes for link in passed]).reshape(-1, len(SIZES)).T, strict=True))
    return table.assign(**names, **sizes).astype(links.dtypes)


def find_sums(chain: Chain) -> frozenset[str]:
    """Return the families that are the sum of their variants: those without a market of their own."""
    nodes, variants = chain.nodes, chain.variants
    unknown = np.flatnonzero(np.isnan(nodes["market_usd"].to_numpy()))
    return frozenset(nodes["node"].iloc[unknown]) & frozenset(variants["family"]) if len(unknown) else frozenset()


class _Link(NamedTuple):
    """A link and the row of the table that says so; ``sizes`` are the share and its interval."""

    supplier: str
    user: str
    role: str
    row: int
    sizes: tuple[float, ...]

    def scale(self, factor: float) -> _Link:
        return self._replace(sizes=tuple(factor * size for size in self.sizes))


def _read(links: pd.DataFrame) -> list[_Link]:
    suppliers, users, roles = (links[name].tolist() for name in ("supplier", "user", "role"))
    sizes = zip(*(links[name].tolist() for name in SIZES), strict=True)
    return list(map(_Link, suppliers, users, roles, range(len(links)), sizes))


def _pass_sales(stated: Sequence[_Link], pairs: Sequence[tuple[str, str]]) -> list[_Link]:
    """Return what variants inherit from their families, beyond their own links."""
    families = {variant: [family for name, family in pairs if name == variant] for variant, _ in pairs}
    own = {node: [link for link in stated if link.supplier == node] for pair in pairs for node in pair}

    @cache
    def inherited(node: str) -> tuple[_Link, ...]:
        above = families.get(node, ())
        return _inherit(node, own[node], [link for family in above for link in (*own[family], *inherited(family))])

    return [link for node in families for link in inherited(node)]


def _inherit(node: str, own: Sequence[_Link], said: Sequence[_Link]) -> tuple[_Link, ...]:
    named = {(link.user, link.role) for link in own}
    fresh: dict[tuple[str, str], list[_Link]] = defaultdict(list)
    for link in said:
        if (link.user, link.role) not in named:
            fresh[link.user, link.role].append(link)
    means = [
        links[0]._replace(sizes=tuple(np.mean([link.sizes for link in links], axis=0))) for links in fresh.values()
    ]
    room = 1 - sum(link.sizes[0] for link in own if link.sizes[0] > 0)
    wanted = sum(link.sizes[0] for link in means if link.sizes[0] > 0)
    if room <= ROUNDING:
        return ()
    factor = room / wanted if wanted > room else 1.0
    return tuple(link.scale(factor)._replace(supplier=node) for link in means)


def _share_purchases(
    links: Sequence[_Link], pairs: Sequence[tuple[str, str]], sums: frozenset[str], nodes: pd.DataFrame
) -> list[_Link]:
    """Return the links with those to sums of variants shared out."""
    market = dict(zip(nodes["node"], nodes["market_usd"], strict=True)) if sums else {}
    parts: dict[str, dict[str, float]] = {}
    for family in sums:
        leaves = _find_leaves(family, pairs, sums)
        total = sum(market[leaf] for leaf in leaves)
        parts[family] = {leaf: market[leaf] / total if total > 0 else math.nan for leaf in leaves}
    shared: list[_Link] = []
    for link in links:
        shared += (
            [link.scale(part)._replace(user=leaf) for leaf, part in parts[link.user].items()]
            if link.user in parts
            else [link]
        )
    return shared


def _find_leaves(family: str, pairs: Sequence[tuple[str, str]], sums: frozenset[str]) -> list[str]:
    """Return the nodes below a family that are no sums themselves, each once."""
    below = {variant for variant, name in pairs if name == family}
    leaves = {variant for variant in below if variant not in sums}
    return sorted(leaves.union(*(_find_leaves(variant, pairs, sums) for variant in below & sums)))
