"""What must hold in a chain beyond keys and references (equations chain.1 to chain.7).

Each rule is a function that looks at the typed tables and notes what breaks it. `RULES` lists them in
the order in which their findings are shown.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pondasi.tables.numbers import show_number
from pondasi.tables.relations import find_target, split_items

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from pondasi.errors import Level
    from pondasi.tables.cells import Typed
    from pondasi.tables.dictionary import Column, Dictionary, Trait
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
READ_GRADES = frozenset({"exact", "estimated"})
"""Grades of figures that rest on something that was read."""
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
    ("pace", ("value", "low", "high")),
    ("routes", ("share", "low", "high")),
    ("reach", ("share", "low", "high")),
    ("concordance", ("chip_share", "low", "high")),
    ("trade_prior", ("share", "low", "high")),
    ("hazard_shapes", ("hold_share", "hold_low", "hold_high")),
    ("outcomes", ("value", "low", "high")),
    ("score_rows", ("observed", "observed_low", "observed_high")),
    ("score_rows", ("naive", "naive_low", "naive_high")),
    *((name, ("value", "low", "high")) for name in ("score_overrides", "class_traits", "market_traits", "set_with")),
    *(
        (name, ("value", "low", "high"))
        for name in ("demand", "trade", "resources", "programmes", "roadmap", "targets")
    ),
    ("funders", ("rate", "rate_low", "rate_high")),
)
"""The same for the companions of a chain and the tables of a case; a row may have several."""
PLAN_FIGURES = (
    *(
        (name, ("value", "low", "high"))
        for name in (
            "step_traits",
            "step_costs",
            "step_nodes",
            "step_needs",
            "step_training",
            "step_knowledge",
            "budgets",
            "talent",
            "limits",
            "knowledge",
            "demand_paths",
            "branch_effects",
            "node_terms",
            "parameters",
        )
    ),
    ("step_training", ("lag_years", "lag_low", "lag_high")),
    ("cost_profiles", ("share", "low", "high")),
    ("step_funding", ("share", "low", "high")),
    ("futures", ("probability", "low", "high")),
    ("partners", ("kept", "kept_low", "kept_high")),
    *(
        ("partner_terms", (name, f"{stem}_low", f"{stem}_high"))
        for name, stem in (
            ("cost_factor", "cost"),
            ("lead_factor", "lead"),
            ("success_factor", "success"),
            ("finance_share", "finance"),
        )
    ),
)
"""The same for what a plan is made of: each figure has its interval and its year."""


def check_intervals(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.1) low <= value <= high; a figure that is not exact has an interval, and one that was read a year."""
    for name, names in (*FIGURES.items(), *COMPANION_FIGURES, *PLAN_FIGURES):
        if name in tables:
            _check_order(pack, tables[name], names)
    for name, names in (*FIGURES.items(), *PLAN_FIGURES):
        if name in tables:
            _check_complete(pack, tables[name], names)


def check_grades(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.2) a row that rests on judgement or memory alone is 'assumed'."""
    if "sources" not in tables:
        return
    sources = tables["sources"].rows("source", "evidence")
    weak = {source for source, evidence in sources if evidence in {"recalled", "judged"}}
    for name, typed in tables.items():
        if not {"source", "grade"} <= set(typed.values):
            continue
        for position, (cell, grade) in enumerate(typed.rows("source", "grade")):
            if cell is not None and grade in READ_GRADES and weak.issuperset(cell.split("|")):
                place, others = typed.place(position, "grade"), typed.places(position, "source")
                pack.add("grade_too_high", place, table=name, value=grade, others=others, source=cell)


def check_links(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.3) no node supplies itself; a node sells no more than its sales."""
    if "links" not in tables:
        return
    typed = tables["links"]
    for position, (supplier, user) in enumerate(typed.rows("supplier", "user")):
        if user is not None and supplier == user:
            others = typed.places(position, "supplier")
            pack.add("self_loop", typed.place(position, "user"), table="links", value=user, others=others)
    for group in _sum_groups(typed, ("supplier",), "sales_share"):
        if group.total > 1 + ROUNDING:
            _name_sum(pack, typed, "sales_share", group, "sales_above_one", node=group.key[0])


def check_shares(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.4) shares of a node's countries, on one basis, do not pass one; firms fit in their country."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    firms = {position for position, firm in enumerate(typed.values["firm"]) if firm is not None}
    for group in _sum_groups(typed, ("node", "basis"), "share", leave=firms):
        node, basis = group.key
        if group.total > SHARE_SUM_HIGH:
            _name_sum(pack, typed, "share", group, "shares_above_one", node=node, basis=basis)
        elif group.unread:
            continue  # what the cell should hold may well make up the sum
        elif group.total < 1 - ROUNDING and group.blank:
            _name_sum(pack, typed, "share", group, "shares_remainder_unknown", "note", node=node, basis=basis)
        elif group.total < SHARE_SUM_LOW:
            _name_sum(pack, typed, "share", group, "shares_below_one", "warning", node=node, basis=basis)
        elif abs(group.total - 1) > ROUNDING:
            _name_sum(pack, typed, "share", group, "shares_rescaled", "note", node=node, basis=basis)
    keys = ("node", "country", "basis")
    countries = {group.key: group for group in _sum_groups(typed, keys, "share", leave=firms)}
    for group in _sum_groups(typed, keys, "share", leave=set(range(len(typed.raw.rows))) - firms):
        whole = countries.get(group.key)
        if whole is not None and group.total > whole.total + ROUNDING:
            both = replace(group, positions=(*whole.positions, *group.positions))
            (node, country, _), limit = group.key, show_number(whole.total)
            _name_sum(pack, typed, "share", both, "firms_above_country", node=node, country=country, limit=limit)


def check_firms(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """Hold firms to one way of writing, so that the rows of a firm are found together."""
    if "shares" not in tables:
        return
    typed = tables["shares"]
    first: dict[str, int] = {}
    firms = typed.values["firm"]
    for position, firm in enumerate(firms):
        if firm is None:
            continue
        row = first.setdefault("".join(unicodedata.normalize("NFKC", firm).casefold().split()), position)
        if firm != firms[row]:
            place, others = typed.place(position, "firm"), typed.places(row, "firm")
            fields: dict[str, Any] = {"other": firms[row], "row": typed.raw.rows[row]}
            pack.add("firm_spelled_twice", place, table="shares", value=firm, level="warning", others=others, **fields)


def check_value_added(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.5) flow, service and licence inputs of a node do not pass what it sells."""
    if not {"nodes", "links"} <= set(tables):
        return
    market = _by_node(tables["nodes"].rows("node", "market_usd"))
    output = _trait(tables, OUTPUT_TRAIT)
    inputs = _value_inputs(tables["links"], market, _trait(tables, SERVICE_TRAIT))
    for position, node in enumerate(tables["nodes"].values["node"]):
        bought, sold = sum(inputs.get(node, {}).values()), market.get(node, math.inf)
        fields: dict[str, Any] = {"node": node, "inputs": _round(bought)}
        fields["others"] = [tables["links"].place(row, "sales_share") for row in inputs.get(node, {})]
        place = tables["nodes"].place(position, "market_usd")
        limit = output.get(node, sold)
        if bought > limit * (1 + VALUE_ADDED_TOLERANCE):
            pack.add("value_added_negative", place, table="nodes", limit=_round(limit), **fields)
        elif bought and node in output and abs(bought - sold) > MARKET_TOLERANCE * sold:
            pack.add("user_market_differs", place, table="nodes", level="warning", market=_round(sold), **fields)


def check_variants(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """(chain.6) 'is a type of' has no cycle."""
    if "variants" not in tables:
        return
    typed = tables["variants"]
    parents: dict[str, list[str]] = {}
    for variant, family in typed.rows("variant", "family"):
        if variant is not None and family is not None:
            parents.setdefault(variant, []).append(family)
    for position, (variant, family) in enumerate(typed.rows("variant", "family")):
        path = _find_path(parents, family, variant)
        if variant is not None and path is not None:
            place, others = typed.place(position, "family"), typed.places(position, "variant")
            circle = " -> ".join([variant, *path])
            pack.add("variant_cycle", place, table="variants", value=family, others=others, path=circle)


def check_traits(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """(chain.7) what has one unit and one range, as traits and indicators do, stands in them."""
    for typed in tables.values():
        column = find_rated(typed.columns, dictionary)
        if column is None:
            continue
        known = dictionary.rated[column.codes or ""]
        for position, (code, unit, *figures) in enumerate(typed.rows(column.name, "unit", "value", "low", "high")):
            trait = known.get(code)
            if trait is None or unit is None:
                continue
            if unit != trait.unit:
                _name_unit(pack, typed, position, trait, dictionary)
            else:
                _check_range(pack, typed, position, trait, figures)


def find_rated(columns: Mapping[str, Column], dictionary: Dictionary) -> Column | None:
    """Return the column of codes that decides the unit of a table's value, or None."""
    if not {"value", "unit"} <= set(columns):
        return None
    rated = [column for column in columns.values() if column.type == "code" and column.codes in dictionary.rated]
    return rated[-1] if rated else None


def check_use(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """Note sources and nodes that nothing refers to: often the other half of a misspelt id."""
    used: dict[str, set[str]] = {}
    for typed in tables.values():
        for column in typed.columns.values():
            target = find_target(column)
            if target is not None:
                used.setdefault(target[0], set()).update(item for _, item in split_items(typed.values[column.name]))
    for name, column_name, key in (("sources", "source", "source_unused"), ("nodes", "node", "node_unused")):
        if name not in tables:
            continue
        for position, item in enumerate(tables[name].values[column_name]):
            if item is not None and item not in used.get(name, ()):
                pack.add(key, tables[name].place(position, column_name), table=name, value=item, level="note")


def check_users(pack: RawPack, tables: Mapping[str, Typed], _dictionary: Dictionary) -> None:
    """Note that no node is a user of chips: the pack is sound, but exposure and brief need one."""
    if not {"nodes", "traits"} <= set(tables) or not tables["nodes"].raw.rows:
        return
    traits = tables["traits"]
    if OUTPUT_TRAIT not in traits.values["trait"]:
        pack.add("no_users", traits.raw.header_place("trait"), table="traits", level="note", trait=OUTPUT_TRAIT)


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
    check_users,
)


@dataclass(frozen=True)
class _Group:
    """Rows with the same key: the sum of their figures, and where they stand.

    ``blank`` tells that a figure is left blank, ``unread`` that one is there but could not be read.
    """

    key: tuple[str, ...]
    total: float
    blank: bool
    unread: bool
    positions: tuple[int, ...]


def _sum_groups(typed: Typed, keys: tuple[str, ...], value: str, leave: Collection[int] = ()) -> Iterator[_Group]:
    """Yield the groups that have a known figure, in the order of their first rows, some rows left out."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, key in enumerate(typed.rows(*keys)):
        if position not in leave and None not in key:
            groups.setdefault(key, []).append(position)
    figures = typed.values[value]
    for key, positions in groups.items():
        known = [figures[position] for position in positions if figures[position] is not None]
        blank = [typed.is_blank(position, value) for position in positions if figures[position] is None]
        if known:
            yield _Group(key, math.fsum(known), any(blank), not all(blank), tuple(positions))


def _name_sum(
    pack: RawPack, typed: Typed, column: str, group: _Group, key: str, level: Level = "error", /, **fields: object
) -> None:
    """Note a sum at its last row; the others take part."""
    *others, place = (typed.place(position, column) for position in group.positions)
    rows = ", ".join(str(typed.raw.rows[position]) for position in group.positions[:SHOWN_ROWS])
    rows += ", …" if len(group.positions) > SHOWN_ROWS else ""
    pack.add(
        key,
        place,
        table=typed.raw.table,
        level=level,
        others=others,
        total=show_number(group.total),
        rows=rows,
        **fields,
    )


def _check_order(pack: RawPack, typed: Typed, names: tuple[str, str, str]) -> None:
    value, low, high = names
    for position, (figure, least, most) in enumerate(typed.rows(*names)):
        pairs = (
            [(low, least, high, most)] if figure is None else [(low, least, value, figure), (value, figure, high, most)]
        )
        for lower, below, upper, above in pairs:
            if below is None or above is None or below <= above:
                continue
            place, others = typed.place(position, value), typed.places(position, low, high)
            fields: dict[str, Any] = {
                "lower": lower,
                "upper": upper,
                "low": show_number(below),
                "high": show_number(above),
            }
            pack.add("interval_order", place, table=typed.raw.table, others=others, **fields)


def _check_complete(pack: RawPack, typed: Typed, names: tuple[str, str, str]) -> None:
    """Note what lacks to a figure: itself, its interval, its year."""
    value, low, high = names
    table, year = typed.raw.table, "market_year" if "market_year" in typed.values else "year"
    for position, (figure, least, most, grade, when) in enumerate(typed.rows(*names, "grade", year)):
        if figure is None:
            if value in typed.raw.cells and typed.is_blank(position, value):
                others = typed.places(position, low, high)
                pack.add("figure_unknown", typed.place(position, value), table=table, level="note", others=others)
            continue
        side = low if least is None else high
        open_end = (least is None) != (most is None) or (least is None and grade in {"estimated", "assumed"})
        if open_end and typed.is_blank(position, side):
            pack.add("interval_missing", typed.place(position, side), table=table, level="warning", grade=grade)
        if when is None and grade in READ_GRADES and typed.is_blank(position, year):
            pack.add("year_missing", typed.place(position, year), table=table, level="warning")


def _check_range(pack: RawPack, typed: Typed, position: int, trait: Trait, figures: list[float | None]) -> None:
    if trait.low is None or trait.high is None:
        return
    for name, figure in zip(("value", "low", "high"), figures, strict=True):
        if figure is not None and not trait.low <= figure <= trait.high:
            fields: dict[str, Any] = {
                "trait": trait.name,
                "figure": show_number(figure),
                "low": trait.low,
                "high": trait.high,
                "unit": trait.unit,
            }
            pack.add("trait_out_of_range", typed.place(position, name), table=typed.raw.table, **fields)


def _name_unit(pack: RawPack, typed: Typed, position: int, trait: Trait, dictionary: Dictionary) -> None:
    place, found, value = typed.place(position, "unit"), typed.values["unit"][position], typed.values["value"][position]
    here, there = dictionary.units[found], dictionary.units[trait.unit]
    fields: dict[str, Any] = {"trait": trait.name, "unit": trait.unit}
    if here.base == there.base and value is not None:
        fields |= {"number": f"{value:.15g}", "converted": f"{value * here.factor / there.factor:.6g}"}
        pack.add("unit_of_trait_convert", place, table=typed.raw.table, value=found, **fields)
    else:
        pack.add("unit_of_trait", place, table=typed.raw.table, value=found, **fields)


def _by_node(rows: Iterable[tuple[Any, ...]]) -> dict[str, float]:
    """Return the known figure of each node; the first row of a node counts."""
    found: dict[str, float] = {}
    for node, figure in rows:
        if node is not None and figure is not None:
            found.setdefault(node, figure)
    return found


def _trait(tables: Mapping[str, Typed], name: str) -> dict[str, float]:
    if "traits" not in tables:
        return {}
    rows = tables["traits"].rows("node", "value", "trait")
    return _by_node((node, value) for node, value, trait in rows if trait == name)


def _value_inputs(
    links: Typed, market: Mapping[str, float], service: Mapping[str, float]
) -> dict[str, dict[int, float]]:
    """Return user -> row of the link -> what it is worth a year; tools count by their service only."""
    inputs: dict[str, dict[int, float]] = {}
    for position, (supplier, user, role, share) in enumerate(links.rows("supplier", "user", "role", "sales_share")):
        sales = (service if role == "capital" else market).get(supplier)
        if sales is not None and share is not None and user is not None:
            inputs.setdefault(user, {})[position] = sales * share
    return inputs


def _round(money: float) -> float | str:
    """Return money at five digits, as a finding shows it."""
    return show_number(float(f"{money:.5g}"))


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
