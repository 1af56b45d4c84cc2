"""What must hold in a chain beyond keys and references (equations chain.1 to chain.7).

Each rule is a function that looks at the typed tables and notes what breaks it. `RULES` lists them in
the order in which their findings are shown.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.tables.relations import find_target, split_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pondasi.errors import Level, Place
    from pondasi.tables.cells import Typed
    from pondasi.tables.dictionary import Dictionary, Trait
    from pondasi.tables.raw import RawPack

    Rule = Callable[[RawPack, Mapping[str, Typed], Dictionary], None]

SHARE_SUM_LOW = 0.98
"""A sum of shares from here to `SHARE_SUM_HIGH` is rounding and is rescaled (MODEL, section 1)."""
SHARE_SUM_HIGH = 1.02
ROUNDING = 1e-3
"""Shares are given to three or four decimals; a sum may pass one by this much."""
VALUE_ADDED_TOLERANCE = 5e-3
"""Inputs may pass a node's market by this share before value added counts as negative."""
MARKET_TOLERANCE = 0.02
"""Chips that reach a user may differ from the user's own market by this share without a warning."""
OUTPUT_TRAIT = "user_industry_output_usd"
SERVICE_TRAIT = "service_sales_usd"
SHOWN_ROWS = 8
"""Rows that a finding names in its text; it marks all of them."""

FIGURES = {
    "nodes": ("market_usd", "market_low", "market_high"),
    "links": ("sales_share", "low", "high"),
    "variants": ("substitution", "low", "high"),
    "shares": ("share", "low", "high"),
    "traits": ("value", "low", "high"),
}
"""The figure of each table of a chain with its interval."""
COMPANION_FIGURES = (
    ("hazards", ("rate", "rate_low", "rate_high")),
    ("hazards", ("loss", "loss_low", "loss_high")),
    ("hazards", ("duration_weeks", "duration_low", "duration_high")),
    ("capability", ("value", "low", "high")),
    ("routes", ("share", "low", "high")),
)
"""The same for the companions of a chain, whose rows may have several."""


def check_intervals(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.1) low <= value <= high; a figure that is not exact has an interval and a year."""
    for name, names in (*FIGURES.items(), *COMPANION_FIGURES):
        if name in tables:
            _check_order(pack, tables[name], names)
            _check_complete(pack, tables[name], names)


def check_grades(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.2) a row that rests on judgement or memory alone is 'assumed'."""
    if "sources" not in tables:
        return
    sources = tables["sources"].frame
    weak = frozenset(sources.loc[sources["evidence"].isin(["recalled", "judged"]), "source"])
    for name, typed in tables.items():
        if not {"source", "grade"} <= set(typed.frame.columns):
            continue
        for position, (cell, grade) in enumerate(zip(typed.frame["source"], typed.frame["grade"], strict=True)):
            if isinstance(cell, str) and isinstance(grade, str) and grade != "assumed" and weak.issuperset(cell.split("|")):
                others = [typed.place(position, "source")]
                pack.add("grade_too_high", typed.place(position, "grade"), table=name, value=grade, source=cell, others=others)


def check_links(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.3) no node supplies itself; a node sells no more than its sales."""
    if "links" not in tables:
        return
    typed = tables["links"]
    frame = typed.frame.dropna(subset=["supplier"])
    for position in frame.index[frame["supplier"] == frame["user"]]:
        others = [typed.place(position, "supplier")]
        pack.add("self_loop", typed.place(position, "user"), table="links", value=frame["user"][position], others=others)
    for node, group in frame.groupby("supplier", sort=False):
        total = group["sales_share"].sum()
        if total > 1 + ROUNDING:
            _name_sum(pack, typed, "sales_above_one", "sales_share", group, {"node": node, "total": total})


def check_shares(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.4) shares of a node's countries, on one basis, do not pass one; firms fit in their country."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    countries = typed.frame[typed.frame["firm"].isna()]
    for (node, basis), group in split_groups(countries, ["node", "basis"]):
        total, blank = group["share"].sum(min_count=1), bool(group["share"].isna().any())
        verdict = _judge_sum(total, blank=blank)
        if verdict is not None:
            key, level = verdict
            _name_sum(pack, typed, key, "share", group, {"node": node, "basis": basis, "total": total}, level)
    limits = countries.drop_duplicates(["node", "country", "basis"]).set_index(["node", "country", "basis"])["share"]
    for (node, country, basis), group in split_groups(typed.frame.dropna(subset=["firm"]), ["node", "country", "basis"]):
        total, limit = group["share"].sum(), limits.get((node, country, basis), np.nan)
        if total > limit + ROUNDING:
            fields = {"node": node, "country": country, "total": total, "limit": float(limit)}
            _name_sum(pack, typed, "firms_above_country", "share", group, fields)


def check_firms(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """A firm is written the same way in every row, so that its shares are found together."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    first: dict[str, tuple[str, int]] = {}
    for position, firm in typed.frame["firm"].dropna().items():
        plain = "".join(unicodedata.normalize("NFKC", firm).casefold().split())
        known, row = first.setdefault(plain, (firm, position))
        if firm != known:
            fields = {"other": known, "row": typed.raw.rows[row]}
            others = [typed.place(row, "firm")]
            pack.add("firm_spelled_twice", typed.place(position, "firm"), table="shares", value=firm, level="warning", others=others, **fields)
