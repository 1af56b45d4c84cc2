"""What must hold in a chain beyond keys and references (equations chain.1 to chain.7).

Each rule is a function that looks at the typed tables and notes what breaks it. `RULES` lists them in
the order in which their findings are shown.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.tables.relations import find_target, split_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from pondasi.errors import Level
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
    """(chain.1) low <= value <= high; a figure that is not exact has an interval, and every figure a year."""
    for name, names in (*FIGURES.items(), *COMPANION_FIGURES):
        if name in tables:
            _check_order(pack, tables[name], names)
    for name, names in FIGURES.items():
        if name in tables:
            _check_complete(pack, tables[name], names)


def check_grades(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.2) a row that rests on judgement or memory alone is 'assumed'."""
    if "sources" not in tables:
        return
    sources = tables["sources"].frame
    weak = frozenset(sources["source"][sources["evidence"].isin(["recalled", "judged"])])
    for name, typed in tables.items():
        if not {"source", "grade"} <= set(typed.frame.columns):
            continue
        for position, (cell, grade) in enumerate(_rows_of(typed, "source", "grade")):
            if isinstance(cell, str) and grade in {"exact", "estimated"} and weak.issuperset(cell.split("|")):
                place, others = typed.place(position, "grade"), [typed.place(position, "source")]
                pack.add("grade_too_high", place, table=name, value=grade, others=others, source=cell)


def check_links(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.3) no node supplies itself; a node sells no more than its sales."""
    if "links" not in tables:
        return
    typed = tables["links"]
    for position, (supplier, user) in enumerate(_rows_of(typed, "supplier", "user")):
        if isinstance(user, str) and supplier == user:
            place, others = typed.place(position, "user"), [typed.place(position, "supplier")]
            pack.add("self_loop", place, table="links", value=user, others=others)
    for group in _sum_groups(typed.frame, ["supplier"], "sales_share"):
        if group.total > 1 + ROUNDING:
            _name_sum(pack, typed, "sales_share", group, "sales_above_one", node=group.key[0])


def check_shares(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.4) shares of a node's countries, on one basis, do not pass one; firms fit in their country."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    whole = typed.frame["firm"].isna()
    for group in _sum_groups(typed.frame[whole], ["node", "basis"], "share"):
        node, basis = group.key
        if group.total > SHARE_SUM_HIGH:
            _name_sum(pack, typed, "share", group, "shares_above_one", node=node, basis=basis)
        elif group.total < SHARE_SUM_LOW and group.blank:
            _name_sum(pack, typed, "share", group, "shares_remainder_unknown", "note", node=node, basis=basis)
        elif group.total < SHARE_SUM_LOW:
            _name_sum(pack, typed, "share", group, "shares_below_one", "warning", node=node, basis=basis)
        elif abs(group.total - 1) > ROUNDING:
            _name_sum(pack, typed, "share", group, "shares_rescaled", "note", node=node, basis=basis)
    keys = ["node", "country", "basis"]
    limits = {group.key: group.total for group in _sum_groups(typed.frame[whole], keys, "share")}
    for group in _sum_groups(typed.frame[~whole], keys, "share"):
        limit = limits.get(group.key, math.nan)
        if group.total > limit + ROUNDING:
            node, country, _ = group.key
            _name_sum(pack, typed, "share", group, "firms_above_country", node=node, country=country, limit=limit)


def check_firms(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """Hold firms to one way of writing, so that the rows of a firm are found together."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    first: dict[str, tuple[str, int]] = {}
    for position, firm in enumerate(typed.frame["firm"].tolist()):
        if not isinstance(firm, str):
            continue
        plain = "".join(unicodedata.normalize("NFKC", firm).casefold().split())
        other, row = first.setdefault(plain, (firm, position))
        if firm != other:
            place, others = typed.place(position, "firm"), [typed.place(row, "firm")]
            fields: dict[str, Any] = {"other": other, "row": typed.raw.rows[row]}
            pack.add("firm_spelled_twice", place, table="shares", value=firm, level="warning", others=others, **fields)


def check_value_added(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.5) flow, service and licence inputs of a node do not pass what it sells."""
    if not {"nodes", "links"} <= set(tables):
        return
    nodes, links = tables["nodes"], tables["links"]
    market = _by_node(nodes.frame, "market_usd")
    output = _by_node(_trait_rows(tables, OUTPUT_TRAIT), "value")
    value = _value_links(tables, market)
    inputs = value.groupby(links.frame["user"]).sum(min_count=1)
    for position, node in enumerate(nodes.frame["node"].tolist()):
        bought, sold = float(inputs.get(node, math.nan)), market.get(node, math.nan)
        limit = output.get(node, sold)
        too_much = bought > limit * (1 + VALUE_ADDED_TOLERANCE)
        if not too_much and not (node in output and abs(bought - sold) > MARKET_TOLERANCE * sold):
            continue
        sellers = np.flatnonzero((links.frame["user"] == node) & value.notna())
        others = [links.place(int(row), "sales_share") for row in sellers]
        place, fields = nodes.place(position, "market_usd"), {"node": node, "inputs": _round(bought)}
        if too_much:
            pack.add("value_added_negative", place, table="nodes", others=others, limit=_round(limit), **fields)
        else:
            fields["market"] = _round(sold)
            pack.add("user_market_differs", place, table="nodes", level="warning", others=others, **fields)


def check_variants(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.6) 'is a type of' has no cycle."""
    if "variants" not in tables:
        return
    typed = tables["variants"]
    pairs = [(variant, family) for variant, family in _rows_of(typed, "variant", "family")]
    parents: dict[str, list[str]] = {}
    for variant, family in pairs:
        if isinstance(variant, str) and isinstance(family, str):
            parents.setdefault(variant, []).append(family)
    for position, (variant, family) in enumerate(pairs):
        path = _find_path(parents, family, variant)
        if path is not None:
            place, others = typed.place(position, "family"), [typed.place(position, "variant")]
            pack.add(
                "variant_cycle",
                place,
                table="variants",
                value=family,
                others=others,
                path=" -> ".join([variant, *path]),
            )


def check_traits(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """(chain.7) a trait of a node, and an indicator of a country, stands in its own unit and inside its range."""
    for name, column, known in (
        ("traits", "trait", dictionary.traits),
        ("capability", "indicator", dictionary.indicators),
    ):
        if name not in tables:
            continue
        typed = tables[name]
        for position, (code, unit, *figures) in enumerate(_rows_of(typed, column, "unit", "value", "low", "high")):
            trait = known.get(code)
            if trait is None or not isinstance(unit, str):
                continue
            if unit != trait.unit:
                _name_unit(pack, typed, position, trait, figures[0], dictionary)
            else:
                _check_range(pack, typed, position, trait, figures)


def check_use(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """Note sources and nodes that nothing refers to: often the other half of a misspelt id."""
    used: dict[str, set[str]] = {"sources": set(), "nodes": set()}
    for name, typed in tables.items():
        for column in dictionary.tables[name].values():
            target = find_target(column)
            if target is not None and target[0] in used:
                used[target[0]].update(item for _, item in split_items(typed.frame[column.name]))
    for name, column_name, key in (("sources", "source", "source_unused"), ("nodes", "node", "node_unused")):
        if name not in tables:
            continue
        for position, item in enumerate(tables[name].frame[column_name].tolist()):
            if isinstance(item, str) and item not in used[name]:
                pack.add(key, tables[name].place(position, column_name), table=name, value=item, level="note")


RULES: tuple[Rule, ...] = (
    check_intervals,
    check_grades,
    check_links,
    check_shares,
    check_firms,
    check_value_added,
    check_variants,
    check_traits,
    check_use,
)


@dataclass(frozen=True)
class _Group:
    """Rows with the same key: the sum of their figures, whether one is blank, and where they stand."""

    key: tuple[str, ...]
    total: float
    blank: bool
    positions: tuple[int, ...]


def _sum_groups(frame: pd.DataFrame, keys: list[str], value: str) -> Iterator[_Group]:
    """Yield the groups that have a known figure, in the order of their first rows."""
    groups: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    whole = frame.dropna(subset=keys)
    for position, *cells, figure in whole[[*keys, value]].itertuples(name=None):
        groups.setdefault(tuple(cells), []).append((position, figure))
    for key, rows in groups.items():
        known = [figure for _, figure in rows if not math.isnan(figure)]
        if known:
            yield _Group(key, math.fsum(known), len(known) < len(rows), tuple(position for position, _ in rows))


def _name_sum(
    pack: RawPack, typed: Typed, column: str, group: _Group, key: str, level: Level = "error", /, **fields: object
) -> None:
    """Note a sum at its last row; the others take part."""
    *others, place = (typed.place(position, column) for position in group.positions)
    rows = ", ".join(str(typed.raw.rows[position]) for position in group.positions[:SHOWN_ROWS])
    rows += ", …" if len(group.positions) > SHOWN_ROWS else ""
    pack.add(key, place, table=typed.raw.table, level=level, others=others, total=group.total, rows=rows, **fields)


def _check_order(pack: RawPack, typed: Typed, names: tuple[str, str, str]) -> None:
    value, low, high = names
    frame = typed.frame
    blank = frame[value].isna()
    for lower, upper, where in ((low, value, ~blank), (value, high, ~blank), (low, high, blank)):
        for position in np.flatnonzero((frame[lower] > frame[upper]) & where):
            row = int(position)
            first, *others = (typed.place(row, name) for name in (value, low, high))
            ends: dict[str, Any] = {
                "lower": lower,
                "upper": upper,
                "low": frame[lower].iloc[row],
                "high": frame[upper].iloc[row],
            }
            pack.add("interval_order", first, table=typed.raw.table, others=others, **ends)


def _check_complete(pack: RawPack, typed: Typed, names: tuple[str, str, str]) -> None:
    value, low, high = names
    frame, table = typed.frame, typed.raw.table
    year = next((name for name in ("year", "market_year") if name in frame.columns), None)
    known, exact = frame[value].notna(), frame["grade"] == "exact"
    ends = frame[[low, high]].isna().sum(axis=1)
    for position in np.flatnonzero(known & frame["grade"].notna() & ((ends == 1) | ((ends == 2) & ~exact))):  # noqa: PLR2004 - both ends
        row = int(position)
        side = low if math.isnan(frame[low].iloc[row]) else high
        if typed.is_blank(row, side):
            pack.add(
                "interval_missing", typed.place(row, side), table=table, level="warning", grade=frame["grade"].iloc[row]
            )
    if year is not None:
        for position in np.flatnonzero(known & frame[year].isna() & frame["grade"].isin(["exact", "estimated"])):
            if typed.is_blank(int(position), year):
                pack.add("year_missing", typed.place(int(position), year), table=table, level="warning")
    for position in np.flatnonzero(~known):
        if value in typed.raw.cells and typed.is_blank(int(position), value):
            pack.add("figure_unknown", typed.place(int(position), value), table=table, level="note")


def _check_range(pack: RawPack, typed: Typed, position: int, trait: Trait, figures: list[float]) -> None:
    if trait.low is None or trait.high is None:
        return
    for name, figure in zip(("value", "low", "high"), figures, strict=True):
        if figure < trait.low or figure > trait.high:
            fields: dict[str, Any] = {
                "trait": trait.name,
                "figure": figure,
                "low": trait.low,
                "high": trait.high,
                "unit": trait.unit,
            }
            pack.add("trait_out_of_range", typed.place(position, name), table=typed.raw.table, **fields)


def _name_unit(pack: RawPack, typed: Typed, position: int, trait: Trait, value: float, dictionary: Dictionary) -> None:
    place, found = typed.place(position, "unit"), typed.frame["unit"].iloc[position]
    here, there = dictionary.units[found], dictionary.units[trait.unit]
    fields: dict[str, Any] = {"trait": trait.name, "unit": trait.unit}
    if here.base == there.base and not math.isnan(value):
        fields |= {"number": f"{value:.15g}", "converted": f"{value * here.factor / there.factor:.6g}"}
        pack.add("unit_of_trait_convert", place, table=typed.raw.table, value=found, **fields)
    else:
        pack.add("unit_of_trait", place, table=typed.raw.table, value=found, **fields)


def _trait_rows(tables: Mapping[str, Typed], name: str) -> pd.DataFrame | None:
    if "traits" not in tables:
        return None
    frame = tables["traits"].frame
    return frame[frame["trait"] == name]


def _by_node(frame: pd.DataFrame | None, column: str) -> dict[str, float]:
    """Return the known figure of each node; the first row of a node counts."""
    if frame is None:
        return {}
    known = frame.dropna(subset=["node", column]).drop_duplicates("node")
    return dict(zip(known["node"].tolist(), known[column].tolist(), strict=True))


def _value_links(tables: Mapping[str, Typed], market: Mapping[str, float]) -> pd.Series[float]:
    """Return what each link is worth a year as an input: tools count by their service only."""
    links = tables["links"].frame
    service = _by_node(_trait_rows(tables, SERVICE_TRAIT), "value")
    sales = links["supplier"].map(market)
    serviced = links["supplier"].map(service)
    return sales.where(links["role"] != "capital", serviced).astype(float) * links["sales_share"]


def _round(money: float) -> float:
    """Return money at five digits, as a finding shows it."""
    return float(f"{money:.5g}")


def _rows_of(typed: Typed, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of some columns row by row; a missing text is no str."""
    return zip(*(typed.frame[name].tolist() for name in names), strict=True)


def _find_path(parents: Mapping[str, list[str]], start: str, goal: str) -> list[str] | None:
    """Return a path from ``start`` up to ``goal`` along 'is a type of', or None."""
    stack, seen = [[start]], {start}
    while stack:
        path = stack.pop()
        if path[-1] == goal:
            return path
        for parent in parents.get(path[-1], []):
            if parent not in seen:
                seen.add(parent)
                stack.append([*path, parent])
    return None
