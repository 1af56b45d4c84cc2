"""What must hold in a chain beyond keys and references (equations chain.1 to chain.6).

Each rule is a function that looks at the typed tables and notes what breaks it. `RULES` lists them in
the order in which their findings are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.dictionary import Dictionary
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

FIGURES = {
    "nodes": ("market_usd", "market_low", "market_high"),
    "links": ("sales_share", "low", "high"),
    "variants": ("substitution", "low", "high"),
    "shares": ("share", "low", "high"),
    "traits": ("value", "low", "high"),
}
"""The figure of each table with its interval."""


def check_intervals(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.1) low <= value <= high; a figure that is not exact has an interval."""
    for name, (value, low, high) in FIGURES.items():
        typed = tables.get(name)
        if typed is None:
            continue
        frame = typed.frame
        inside = ~((frame[low] > frame[value]) | (frame[value] > frame[high]) | (frame[low] > frame[high]))
        for position in np.flatnonzero(~inside):
            row = frame.iloc[position]
            shown = f"{row[low]:g} / {row[value]:g} / {row[high]:g}"
            pack.add("interval_order", typed.place(int(position), value), table=name, value=shown, low=low, high=high)
        given = frame[value].notna()
        bare = given & (frame[low].isna() | frame[high].isna()) & (frame["grade"] != "exact") & frame["grade"].notna()
        for position in np.flatnonzero(bare):
            side = low if pd.isna(frame[low].iloc[position]) else high
            pack.add("interval_missing", typed.place(int(position), side), table=name, level="warning", grade=str(frame["grade"].iloc[position]))
        for position in np.flatnonzero(frame[value].isna()):
            if _blank(typed, value, int(position)):
                pack.add("figure_unknown", typed.place(int(position), value), table=name, level="note")


def check_grades(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.2) a row that rests on judgement or memory alone is 'assumed'."""
    sources = tables.get("sources")
    if sources is None:
        return
    evidence = dict(zip(sources.frame["source"], sources.frame["evidence"], strict=True))
    for name in FIGURES:
        typed = tables.get(name)
        if typed is None:
            continue
        for position, (cell, grade) in enumerate(zip(typed.frame["source"], typed.frame["grade"], strict=True)):
            if pd.isna(cell) or pd.isna(grade) or grade == "assumed":
                continue
            found = [evidence.get(item) for item in str(cell).split("|")]
            if all(item in {"recalled", "judged"} for item in found):
                pack.add("grade_too_high", typed.place(position, "grade"), table=name, value=str(grade), source=str(cell))


def check_links(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.3) no node supplies itself; a node sells no more than its sales."""
    typed = tables.get("links")
    if typed is None:
        return
    frame = typed.frame
    for position in np.flatnonzero((frame["supplier"] == frame["user"]).fillna(value=False)):
        pack.add("self_loop", typed.place(int(position), "user"), table="links", value=str(frame["user"].iloc[position]))
    sums = frame.groupby("supplier", sort=False)["sales_share"].sum(min_count=1)
    for node, total in sums[sums > 1 + ROUNDING].items():
        rows = np.flatnonzero((frame["supplier"] == node).fillna(value=False))
        pack.add(
            "sales_above_one",
            typed.place(int(rows[-1]), "sales_share"),
            table="links",
            value=f"{total:.4g}",
            node=str(node),
            rows=_rows(typed, rows),
        )


def check_shares(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.4) shares of a node's countries, on one basis, do not pass one; firms fit in their country."""
    typed = tables.get("shares")
    if typed is None:
        return
    frame = typed.frame
    whole = frame["firm"].isna()
    for (node, basis), group in frame[whole].groupby(["node", "basis"], sort=False):
        total = group["share"].sum(min_count=1)
        place = typed.place(int(group.index[-1]), "share")
        fields = {"node": str(node), "basis": str(basis), "rows": _rows(typed, group.index.to_numpy())}
        if pd.isna(total):
            continue
        blank = group["share"].isna().any()
        if total > SHARE_SUM_HIGH:
            pack.add("shares_above_one", place, table="shares", value=f"{total:.4g}", **fields)
        elif total < SHARE_SUM_LOW and blank:
            pack.add("shares_remainder_unknown", place, table="shares", value=f"{total:.4g}", level="note", **fields)
        elif total < SHARE_SUM_LOW:
            pack.add("shares_below_one", place, table="shares", value=f"{total:.4g}", level="warning", **fields)
        elif abs(total - 1) > ROUNDING:
            pack.add("shares_rescaled", place, table="shares", value=f"{total:.4g}", level="note", **fields)
    if whole.all():
        return
    firms = frame[~whole].groupby(["node", "country", "basis"], sort=False)["share"].sum(min_count=1)
    country = frame[whole].set_index(["node", "country", "basis"])["share"]
    country = country[~country.index.duplicated()].reindex(firms.index)
    over = firms > country + ROUNDING
    for (node, code, basis), total in firms[over].items():
        rows = np.flatnonzero((~whole) & (frame["node"] == node) & (frame["country"] == code) & (frame["basis"] == basis))
        limit = float(country[(node, code, basis)])
        place = typed.place(int(rows[-1]), "share")
        pack.add("firms_above_country", place, table="shares", value=f"{total:.4g}", node=str(node), country=str(code), limit=f"{limit:.4g}")


def check_value_added(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.5) flow, service and licence inputs of a node do not pass what it sells."""
    if not {"nodes", "links"} <= set(tables):
        return
    nodes = tables["nodes"].frame.dropna(subset=["node"]).drop_duplicates("node").set_index("node")
    links = tables["links"].frame
    market = nodes["market_usd"]
    service, output = _trait(tables, SERVICE_TRAIT), _trait(tables, OUTPUT_TRAIT)
    value = links["supplier"].map(market) * links["sales_share"]
    serviced = links["supplier"].map(service) * links["sales_share"]
    flow = value.where(links["role"] != "capital", serviced)
    inputs = flow.groupby(links["user"]).sum(min_count=1)
    for position, node in enumerate(tables["nodes"].frame["node"]):
        bought, sold = inputs.get(node), market.get(node)
        if pd.isna(node) or bought is None or pd.isna(bought):
            continue
        user = node in output.index
        limit = output[node] if user else sold
        if limit is not None and bought > limit * (1 + VALUE_ADDED_TOLERANCE):
            column = "market_usd"
            place = tables["nodes"].place(position, column)
            pack.add("value_added_negative", place, table="nodes", value=f"{limit:.4g}", node=node, inputs=f"{bought:.4g}")
        elif user and sold is not None and abs(bought - sold) > MARKET_TOLERANCE * sold:
            place = tables["nodes"].place(position, "market_usd")
            pack.add("user_market_differs", place, table="nodes", value=f"{sold:.4g}", level="warning", node=node, inputs=f"{bought:.4g}")


def check_variants(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.6) 'is a type of' has no cycle."""
    typed = tables.get("variants")
    if typed is None:
        return
    parents: dict[str, list[str]] = {}
    pairs = typed.frame[["variant", "family"]].dropna()
    for variant, family in pairs.itertuples(index=False):
        parents.setdefault(variant, []).append(family)
    for position, (variant, family) in zip(pairs.index, pairs.itertuples(index=False), strict=True):
        path = _path(parents, family, variant)
        if path is not None:
            place = typed.place(int(position), "family")
            pack.add("variant_cycle", place, table="variants", value=family, path=" -> ".join([variant, *path]))


def check_traits(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """(chain.7) a trait stands in its own unit and inside its range."""
    typed = tables.get("traits")
    if typed is None:
        return
    for position, (name, value, unit) in enumerate(zip(typed.frame["trait"], typed.frame["value"], typed.frame["unit"], strict=True)):
        trait = dictionary.traits.get(str(name))
        if trait is None:
            continue
        if not pd.isna(unit) and unit != trait.unit:
            _name_unit(pack, typed, position, (str(unit), trait.unit), value, dictionary)
        elif (trait.low is not None and value < trait.low) or (trait.high is not None and value > trait.high):
            place = typed.place(position, "value")
            fields = {"low": trait.low, "high": trait.high, "unit": trait.unit, "trait": trait.name}
            pack.add("trait_out_of_range", place, table="traits", value=f"{value:g}", **fields)


def check_use(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """Note sources and nodes that nothing refers to: often the other half of a misspelt id."""
    used: set[str] = set()
    for name in FIGURES:
        if name in tables:
            for cell in tables[name].frame["source"].dropna():
                used.update(str(cell).split("|"))
    _name_unused(pack, tables.get("sources"), "source", used, "source_unused")
    named: set[str] = set()
    for name, columns in {"links": ("supplier", "user"), "shares": ("node",), "variants": ("variant", "family"), "traits": ("node",)}.items():
        if name in tables:
            for column in columns:
                named.update(tables[name].frame[column].dropna())
    _name_unused(pack, tables.get("nodes"), "node", named, "node_unused")


RULES: tuple[Rule, ...] = (
    check_intervals,
    check_grades,
    check_links,
    check_shares,
    check_value_added,
    check_variants,
    check_traits,
    check_use,
)


def _name_unused(pack: RawPack, typed: Typed | None, column: str, used: set[str], key: str) -> None:
    if typed is None:
        return
    for position, item in enumerate(typed.frame[column]):
        if not pd.isna(item) and item not in used:
            pack.add(key, typed.place(position, column), table=typed.raw.table, value=item, level="note")


def _name_unit(pack: RawPack, typed: Typed, position: int, units: tuple[str, str], value: float, dictionary: Dictionary) -> None:
    found, wanted = units
    place = typed.place(position, "unit")
    here, there = dictionary.units[found], dictionary.units[wanted]
    fields: dict[str, object] = {"trait": str(typed.frame["trait"].iloc[position]), "unit": wanted}
    if here.dimension == there.dimension and here.base == there.base and not pd.isna(value):
        converted = value * here.factor / there.factor
        pack.add("unit_of_trait_convert", place, table="traits", value=found, number=f"{value:g}", converted=f"{converted:g}", **fields)
    else:
        pack.add("unit_of_trait", place, table="traits", value=found, **fields)


def _trait(tables: Mapping[str, Typed], name: str) -> pd.Series:
    if "traits" not in tables:
        return pd.Series(dtype=float)
    frame = tables["traits"].frame
    frame = frame[frame["trait"] == name].dropna(subset=["node", "value"]).drop_duplicates("node")
    return frame.set_index("node")["value"]


def _path(parents: Mapping[str, list[str]], start: str, goal: str) -> list[str] | None:
    """Return a path from ``start`` up to ``goal`` along 'is a type of', or None."""
    stack, seen = [[start]], {start}
    while stack:
        path = stack.pop()
        if path[-1] == goal:
            return path
        for parent in parents.get(path[-1], []):
            if parent not in seen or parent == goal:
                seen.add(parent)
                stack.append([*path, parent])
    return None


def _blank(typed: Typed, column: str, position: int) -> bool:
    """Tell whether the cell was blank in the file, rather than unreadable."""
    cells = typed.raw.cells.get(column)
    return cells is None or cells[position] is None or not str(cells[position]).strip() or cells[position] != cells[position]


def _rows(typed: Typed, positions: np.ndarray) -> str:
    rows = [str(typed.raw.rows[int(position)]) for position in positions]
    return ", ".join(rows[:8]) + (", …" if len(rows) > 8 else "")  # noqa: PLR2004 - enough to find the place
