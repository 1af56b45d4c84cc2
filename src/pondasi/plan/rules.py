"""What must hold in the steps of a case, beyond cells, keys, references, units and intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pondasi.tables.numbers import show_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.raw import RawPack

ROUNDING = 1e-3
"""Shares are given to three decimals; a sum may miss one by this much."""
NEEDED_TRAITS = ("lead_years", "ramp_years", "least_scale", "modules_max")
NEEDED_PARAMETERS = ("start_year", "horizon_years", "real_discount_rate", "alpha", "lambda")


def check_step_rows(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Name steps that lack a trait, a cost, a partner or a funder who could pay all."""
    traits = set(rows_of(tables, "step_traits", "step", "trait"))
    costs = {step for step, _ in rows_of(tables, "step_costs", "step", "kind")}
    partners = {step for step, _ in rows_of(tables, "step_partners", "step", "partner")}
    shares: dict[str, float] = {}
    for step, share in rows_of(tables, "step_funding", "step", "share"):
        shares[step] = shares.get(step, 0.0) + (share or 0.0)
    for position, (step,) in enumerate(rows_of(tables, "steps", "step")):
        if step is None:
            continue
        place: dict[str, Any] = {"table": "steps", "value": step}
        where = tables["steps"].place(position, "step")
        lacking = [trait for trait in NEEDED_TRAITS if (step, trait) not in traits]
        if lacking and "step_traits" in tables:
            pack.add("step_without_traits", where, traits=", ".join(lacking), **place)
        if "step_costs" in tables and step not in costs:
            pack.add("step_without_cost", where, **place)
        if "step_partners" in tables and step not in partners:
            pack.add("step_without_partner", where, **place)
        if "step_funding" in tables and shares.get(step, 0.0) < 1 - ROUNDING:
            pack.add("step_unpaid", where, total=show_number(shares.get(step, 0.0)), **place)


def check_profiles(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold profiles of cost to whole years and to a sum of one, and costs to profiles of their kind."""
    if not {"cost_profiles", "step_costs"} <= set(tables):
        return
    typed = tables["cost_profiles"]
    profiles: dict[str, list[int]] = {}
    rows = list(typed.rows("profile", "age", "kind", "share"))
    for position, (profile, *_) in enumerate(rows):
        if profile is not None:
            profiles.setdefault(profile, []).append(position)
    kinds: dict[str, str] = {}
    for profile, positions in profiles.items():
        ages = [rows[position][1] for position in positions]
        found = {rows[position][2] for position in positions} - {None}
        shares = [rows[position][3] for position in positions]
        place, others = typed.place(positions[-1], "share"), typed.places(positions[0], "share")
        if len(found) == 1:
            kinds[profile] = found.pop()
        elif found:
            pack.add("profile_mixed", typed.place(positions[-1], "kind"), table="cost_profiles", value=profile)
        if None not in ages and sorted(ages) != list(range(len(ages))):
            pack.add("profile_gap", typed.place(positions[-1], "age"), table="cost_profiles", value=profile)
        total = math.fsum(share or 0.0 for share in shares)
        if kinds.get(profile) == "capex" and None not in shares and abs(total - 1) > ROUNDING:
            pack.add(
                "profile_sum", place, table="cost_profiles", value=profile, others=others, total=show_number(total)
            )
    _check_costs(pack, tables["step_costs"], kinds)


def _check_costs(pack: RawPack, typed: Typed, kinds: Mapping[str, str]) -> None:
    costs = typed.rows("step", "kind", "value")
    opex = {step: value for step, kind, value in costs if kind == "opex" and value is not None}
    for position, (step, kind, value, profile) in enumerate(typed.rows("step", "kind", "value", "profile")):
        place = typed.place(position, "profile")
        if kind in {"capex", "opex"} and profile is None and typed.is_blank(position, "profile"):
            pack.add("profile_needed", place, table="step_costs", value=step)
        elif kind == "inputs" and profile is not None:
            pack.add("profile_needless", place, table="step_costs", value=profile)
        elif profile in kinds and kind is not None and kinds[profile] != kind:
            pack.add("profile_kind", place, table="step_costs", value=profile, kind=kind, found=kinds[profile])
        if kind == "inputs" and value is not None and value > opex.get(step, math.inf) * (1 + ROUNDING):
            fields: dict[str, Any] = {"inputs": show_number(value), "opex": show_number(opex[step])}
            pack.add("inputs_above_opex", typed.place(position, "value"), table="step_costs", value=step, **fields)


def check_order(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold prerequisites to an order without circle, and exclusions to both sides."""
    if "steps" not in tables:
        return
    typed = tables["steps"]
    needs: dict[str, set[str]] = {}
    excludes: dict[str, set[str]] = {}
    where: dict[str, int] = {}
    for position, (step, before, beside, against) in enumerate(typed.rows("step", "before", "beside", "excludes")):
        if step is not None:
            where.setdefault(step, position)
            needs[step] = {*_items(before), *_items(beside)}
            excludes[step] = set(_items(against))
            for twice in sorted(set(_items(before)) & set(_items(beside))):
                place, others = typed.place(position, "beside"), typed.places(position, "before")
                pack.add("step_before_and_beside", place, table="steps", value=twice, others=others)
    _check_circles(pack, typed, needs, where)
    _check_exclusions(pack, typed, needs, excludes, where)


def _check_circles(pack: RawPack, typed: Typed, needs: Mapping[str, set[str]], where: Mapping[str, int]) -> None:
    """Name each circle once, at the first of its steps by name."""
    for step in needs:
        way = _find_way(needs, step, step)
        if way is not None and step == min(way):
            others = [typed.place(where[name], "before") for name in way[1:-1]]
            path = " -> ".join(way)
            pack.add("step_cycle", typed.place(where[step], "before"), table="steps", others=others, path=path)


def _check_exclusions(
    pack: RawPack,
    typed: Typed,
    needs: Mapping[str, set[str]],
    excludes: Mapping[str, set[str]],
    where: Mapping[str, int],
) -> None:
    """Hold exclusions to both sides, and off the steps that one step needs together."""
    for step in needs:
        for other in sorted(excludes[step] & set(needs)):
            if step not in excludes[other]:
                place, others = typed.place(where[other], "excludes"), typed.places(where[step], "excludes")
                pack.add("exclusion_one_sided", place, table="steps", others=others, step=step, other=other)
        if _find_way(needs, step, step) is not None:
            continue  # a circle is named as such
        together = _closure(needs, step) | {step}
        for one in sorted(together):
            for other in sorted(excludes.get(one, set()) & together):
                if one <= other:
                    place = typed.place(where[step], "before")
                    pack.add("exclusion_needed", place, table="steps", step=step, one=one, other=other)


def check_committed(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold what is committed, and the dates and sizes of steps, to each other."""
    if "steps" not in tables:
        return
    typed = tables["steps"]
    traits = {(step, trait): value for step, trait, value in rows_of(tables, "step_traits", "step", "trait", "value")}
    names = ("step", "status", "committed_start", "committed_modules", "earliest_start", "deadline")
    for position, (step, status, start, modules, earliest, deadline) in enumerate(typed.rows(*names)):
        most, least = traits.get((step, "modules_max")), traits.get((step, "least_scale"))
        if deadline is not None and earliest is not None and deadline < earliest:
            others = typed.places(position, "earliest_start")
            pack.add(
                "deadline_before_start", typed.place(position, "deadline"), table="steps", value=step, others=others
            )
        committed = status == "committed"
        if committed != (start is not None) or committed != (modules is not None):
            column = "committed_start" if committed != (start is not None) else "committed_modules"
            pack.add("committed_incomplete", typed.place(position, column), table="steps", value=step)
        elif modules is not None and most is not None and least is not None and not least <= modules <= most:
            fields: dict[str, Any] = {
                "modules": show_number(modules),
                "least": show_number(least),
                "most": show_number(most),
            }
            pack.add("committed_size", typed.place(position, "committed_modules"), table="steps", value=step, **fields)
        if most is not None and least is not None and least > most:
            fields = {"least": show_number(least), "most": show_number(most)}
            pack.add("least_above_most", typed.place(position, "step"), table="steps", value=step, **fields)


def check_knowledge(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Say when the limit of knowledge is off, and name thresholds in a domain without a start."""
    starts = {domain for domain, quantity in rows_of(tables, "knowledge", "domain", "quantity") if quantity == "start"}
    if not starts:
        if "steps" in tables:
            place = tables["steps"].raw.header_place("step")
            pack.add("knowledge_off", place, table="knowledge", level="note")
        return
    for position, (domain, role) in enumerate(rows_of(tables, "step_knowledge", "domain", "role")):
        if role == "threshold" and domain is not None and domain not in starts:
            place = tables["step_knowledge"].place(position, "domain")
            pack.add("threshold_without_start", place, table="step_knowledge", value=domain)


def check_parameters(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Name parameters without which nothing can be computed."""
    if "parameters" not in tables:
        return
    known = {name for name, value in rows_of(tables, "parameters", "parameter", "value") if value is not None}
    for name in NEEDED_PARAMETERS:
        if name not in known:
            place = tables["parameters"].raw.header_place("parameter")
            pack.add("parameter_missing", place, table="parameters", value=name)


def rows_of(tables: Mapping[str, Typed], name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of some columns of a table, none if it is missing."""
    return tables[name].rows(*columns) if name in tables else iter(())


def _items(cell: str | None) -> list[str]:
    return [] if cell is None else cell.split("|")


def _closure(needs: Mapping[str, set[str]], start: str) -> set[str]:
    """Return all that a step needs, however far down."""
    found: set[str] = set()
    stack = [start]
    while stack:
        for name in needs.get(stack.pop(), set()) - found:
            found.add(name)
            stack.append(name)
    return found


def _find_way(needs: Mapping[str, set[str]], start: str, goal: str) -> list[str] | None:
    """Return a way from a step over what it needs to another, or None."""
    stack, seen = [[start]], {start}
    while stack:
        path = stack.pop()
        for name in sorted(needs.get(path[-1], set())):
            if name == goal:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                stack.append([*path, name])
    return None
