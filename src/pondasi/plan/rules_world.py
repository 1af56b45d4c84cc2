"""What must hold in the money, the partners and the futures of a case."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pondasi.plan.rules import ROUNDING, rows_of
from pondasi.tables.numbers import show_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.raw import RawPack

DATED = ("budgets", "talent", "limits", "targets")
"""Tables of yearly figures, which stand inside the horizon."""
SHOWN = 5
"""Ids or years that a finding names in its text."""


@dataclass(frozen=True)
class _Future:
    """A row of the table of futures: where it stands and what it says."""

    position: int
    parent: str | None
    year: Any
    branch: str | None
    probability: float | None


def check_partners(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold partners to one list, and each option to terms of the family of its step."""
    if not {"partners", "steps"} <= set(tables):
        return
    home = str(pack.head.get("country", ""))
    known = {partner for (partner,) in rows_of(tables, "partners", "partner") if partner is not None}
    for position, (partner,) in enumerate(rows_of(tables, "partners", "partner")):
        if partner == home:
            pack.add("partner_is_home", tables["partners"].place(position, "partner"), table="partners", value=partner)
    for name, own in (("step_partners", True), ("partner_terms", True), ("budgets", False), ("branch_effects", False)):
        for position, (partner,) in enumerate(rows_of(tables, name, "partner")):
            if partner is None or partner in known or (own and partner == home):
                continue
            place, shown = tables[name].place(position, "partner"), ", ".join(sorted(known))
            pack.add("partner_unknown", place, table=name, value=partner, known=shown)
    family = dict(rows_of(tables, "steps", "step", "family"))
    terms = set(rows_of(tables, "partner_terms", "partner", "family"))
    for position, (step, partner) in enumerate(rows_of(tables, "step_partners", "step", "partner")):
        kind = family.get(step)
        if kind is not None and partner in {*known, home} and (partner, kind) not in terms:
            place = tables["step_partners"].place(position, "partner")
            pack.add("terms_missing", place, table="step_partners", value=partner, step=step, family=kind)


def check_money(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold each funder to every year of the plan, and money of partners, and only that, to a partner."""
    if not {"funders", "budgets"} <= set(tables):
        return
    typed = tables["budgets"]
    kinds = dict(rows_of(tables, "funders", "funder", "kind"))
    years: dict[tuple[str, str | None], set[int]] = {}
    for position, (funder, partner, year) in enumerate(typed.rows("funder", "partner", "year")):
        place, kind = typed.place(position, "partner"), kinds.get(funder)
        if kind == "partner" and partner is None and typed.is_blank(position, "partner"):
            pack.add("money_without_partner", place, table="budgets", value=funder)
        elif kind is not None and kind != "partner" and partner is not None:
            pack.add("money_with_partner", place, table="budgets", value=partner, funder=funder)
        if year is not None:
            years.setdefault((funder, partner), set()).add(year)
    first, last = _horizon(tables)
    if first is None or last is None:
        return
    for (funder, partner), found in years.items():
        lacking = sorted(set(range(first, last + 1)) - found)
        if lacking:
            place, shown = typed.raw.header_place("year"), ", ".join(map(str, lacking[:SHOWN]))
            value = " ".join(filter(None, (funder, partner)))
            pack.add("budget_years_missing", place, table="budgets", value=value, years=shown, n=len(lacking))


def check_dates(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold yearly figures, and the dates of steps, to the years of the plan."""
    first, last = _horizon(tables)
    if first is None or last is None:
        return
    dated = [(name, ("year",)) for name in DATED]
    for name, columns in (*dated, ("steps", ("earliest_start", "deadline", "committed_start"))):
        for position, cells in enumerate(rows_of(tables, name, *columns)):
            for column, year in zip(columns, cells, strict=True):
                if year is not None and not first <= year <= last:
                    place = tables[name].place(position, column)
                    pack.add("year_outside_horizon", place, table=name, value=year, first=first, last=last)


def check_futures(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold the tree of futures: one present, no circle, years that rise, probabilities that sum to one."""
    if not {"futures", "branches"} <= set(tables):
        return
    typed = tables["futures"]
    names = ("future", "parent", "year", "branch", "probability")
    rows = {row[0]: _Future(position, *row[1:]) for position, row in enumerate(typed.rows(*names)) if row[0]}
    _check_paths(pack, typed, rows)
    children: dict[str, list[str]] = {}
    for name, row in rows.items():
        if row.parent is not None:
            children.setdefault(row.parent, []).append(name)
    variables = dict(rows_of(tables, "branches", "branch", "variable"))
    for parent, found in children.items():
        chances = [rows[name].probability for name in found]
        places = [typed.place(rows[name].position, "probability") for name in found]
        total = math.fsum(chance or 0.0 for chance in chances)
        if None not in chances and abs(total - 1) > ROUNDING:
            fields: dict[str, Any] = {"total": show_number(total), "children": ", ".join(found)}
            pack.add("future_sum", places[-1], table="futures", value=parent, others=places[:-1], **fields)
        kinds = {kind for name in found if (kind := variables.get(rows[name].branch)) is not None}
        if len(kinds) > 1:
            place, shown = typed.place(rows[found[-1]].position, "branch"), ", ".join(sorted(kinds))
            pack.add("future_variables", place, table="futures", value=parent, variables=shown)
    if not any(problem.table == "futures" and problem.level == "error" for problem in pack.problems):
        _check_groups(pack, tables, rows)


def _check_paths(pack: RawPack, typed: Typed, rows: Mapping[str, _Future]) -> None:
    """Hold the nodes of the full tree to one present, and each to a past that is earlier."""
    roots = [name for name, row in rows.items() if row.parent is None and typed.is_blank(row.position, "parent")]
    if len(roots) != 1 and rows:
        value = ", ".join(roots[:SHOWN])
        pack.add("future_roots", typed.raw.header_place("parent"), table="futures", value=value, n=len(roots))
    for name, row in rows.items():
        above = rows.get(row.parent or "")
        if above is not None and None not in (row.year, above.year) and row.year <= above.year:
            place, others = typed.place(row.position, "year"), typed.places(above.position, "year")
            pack.add("future_year", place, table="futures", value=name, others=others)
        if row.parent is not None and row.branch is None and typed.is_blank(row.position, "branch"):
            pack.add("future_without_branch", typed.place(row.position, "branch"), table="futures", value=name)
        if name in _past(rows, name)[1:]:
            pack.add("future_cycle", typed.place(row.position, "parent"), table="futures", value=name)


def _check_groups(pack: RawPack, tables: Mapping[str, Typed], rows: Mapping[str, _Future]) -> None:
    """Hold groups to one depth: what is joined comes from the same group, and a stage joins all or none."""
    typed = tables["futures"]
    group = dict(rows_of(tables, "futures", "future", "group"))
    parents = dict(rows_of(tables, "future_groups", "group", "parent"))
    depths: dict[int, list[str]] = {}
    for name, row in rows.items():
        past = _past(rows, name)
        depths.setdefault(len(past), []).append(name)
        above = next((group[step] for step in past[1:] if group.get(step)), None)
        own = group.get(name)
        if own is not None and own in parents and parents[own] != above:
            place, fields = typed.place(row.position, "group"), {"group": own, "above": above or "-"}
            pack.add("group_parent", place, table="futures", value=name, parent=parents[own] or "-", **fields)
    for found in depths.values():
        without = [name for name in found if group.get(name) is None]
        if without and len(without) < len(found):
            place, shown = typed.place(rows[without[0]].position, "group"), ", ".join(without[:SHOWN])
            pack.add("group_missing", place, table="futures", value=shown, n=len(without))
    for position, name in enumerate(parents):
        if name is not None and name not in set(group.values()):
            place = tables["future_groups"].place(position, "group")
            pack.add("group_unused", place, table="future_groups", value=name)


def check_demand(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold demand paths to branches of demand, all of them, from one first year with the ratio 1."""
    if not {"demand_paths", "branches"} <= set(tables):
        return
    typed = tables["demand_paths"]
    demand = {branch for branch, variable in rows_of(tables, "branches", "branch", "variable") if variable == "demand"}
    rows = list(typed.rows("node", "branch", "year", "value"))
    years = [year for _, _, year, _ in rows if year is not None]
    present: dict[str, set[str]] = {}
    for position, (node, branch, year, value) in enumerate(rows):
        if branch is not None and branch not in demand:
            pack.add("demand_branch", typed.place(position, "branch"), table="demand_paths", value=branch)
        elif node is not None and branch is not None:
            present.setdefault(node, set()).add(branch)
        if year == min(years, default=None) and value is not None and abs(value - 1) > ROUNDING:
            place = typed.place(position, "value")
            pack.add("demand_start", place, table="demand_paths", value=show_number(value), year=year)
    for node, found in present.items():
        if demand - found:
            place, shown = typed.raw.header_place("branch"), ", ".join(sorted(demand - found))
            pack.add("demand_branch_missing", place, table="demand_paths", value=node, branches=shown)


def _horizon(tables: Mapping[str, Typed]) -> tuple[int | None, int | None]:
    """Return the first and the last year of the plan, None where not known."""
    known = {name: value for name, value in rows_of(tables, "parameters", "parameter", "value") if value is not None}
    start, years = known.get("start_year"), known.get("horizon_years")
    return (None, None) if start is None or years is None else (int(start), int(start + years) - 1)


def _past(rows: Mapping[str, _Future], name: str) -> list[str]:
    """Return a node and those before it, the nearest first; a circle ends where it closes."""
    path = [name]
    while (parent := rows[path[-1]].parent) is not None and parent in rows:
        if parent in path:
            return [*path, parent]
        path.append(parent)
    return path
