"""The targets of a plan as sentences and tables: what is reached, at what cost, and what keeps a target out of reach (plan.16, plan.35)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.currency import MILLION, Money, in_millions
from pondasi.plan.reach import MET
from pondasi.plan.roadmap import NAMES, tabulate_targets
from pondasi.plan.tell_repair import Names, name_item
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pondasi.plan.loosen import Change
    from pondasi.plan.solve import PartnerGain, Plan
    from pondasi.words import Words

    Ways = Mapping[str, Sequence[Change] | None]

ANYWAY, REACHED, SHORT = "anyway", "reached", "short"
"""How it stands with a target: what is committed reaches it, the plan does, or no plan was found that does."""


def judge_target(row: Mapping[str, Any]) -> str:
    """Return how it stands with a target, from its row in the table of targets.

    Example
    -------
    >>> judge_target({"asked": 40.0, "reached": 40.0, "without": 10.0})
    'reached'
    """
    enough = row["asked"] * (1 - MET)
    if row["without"] >= enough:
        return ANYWAY
    return REACHED if row["reached"] >= enough else SHORT


def tell_targets(plan: Plan, ways: Ways, words: Words, places: str = "plain") -> list[str]:
    """Return what a plan reaches of what was asked for, and what that costs, as sentences; nothing where nothing was asked for.

    Parameters
    ----------
    ways
        What would have to be loosened for each target out of reach, by id; None where no way was found.
    """
    if plan.free is None:
        return []
    rows = list_rows(tabulate_targets(plan).reset_index())
    states = [judge_target(row) for row in rows]
    low, high = map(in_millions, plan.cost_of_targets)
    fields = {"n": len(rows), "met": len(rows) - states.count(SHORT), "value": in_millions(plan.free.value)}
    told = [words.say("plan.targets.cost", low=low, high=high, **fields)]
    names = Names(plan.case, plan.problem, words, places)
    for row, state in zip(rows, states, strict=True):
        fields = {"name": row[f"name_{words.language}"], "year": str(row["year"])}
        fields |= {key: say_amount(row[key], row["unit"], words) for key in ("asked", "reached", "without")}
        told.append(words.say(f"plan.targets.{state}", **fields))
        if state == SHORT and row["target"] in ways:
            changes = ways[row["target"]]
            told += [words.say("plan.targets.no_way")] if changes is None else names.tell_changes(changes)
    return told


def tabulate_missed(gain: PartnerGain, plan: Plan) -> pd.DataFrame:
    """Return the targets that are out of reach without a partner: ``target``, and the ``level`` that is in reach, in the unit of the target."""
    rows = index_rows(plan.case.tables["targets"], "target")
    scale = {target: MILLION if rows[target]["measure"] == "output" else 1.0 for target in gain.missed}
    return pd.DataFrame([{"target": name, "level": level * scale[name]} for name, level in gain.missed.items()])


def tell_missed(gain: PartnerGain, plan: Plan, words: Words, partner: str) -> list[str]:
    """Say which targets are out of reach without a partner, and how far each goes then."""
    rows = index_rows(plan.case.tables["targets"], "target")
    told = []
    for missed in list_rows(tabulate_missed(gain, plan)):
        row = rows[missed["target"]]
        amount = say_amount(missed["level"], row["unit"], words)
        fields = {"name": row[f"name_{words.language}"], "year": str(int(row["year"])), "partner": partner}
        told.append(words.say("plan.targets.missed", reached=amount, **fields))
    return told


def say_amount(value: float, unit: str, words: Words) -> str:
    """Return an amount with its unit as it is read: people and things in whole numbers, money in millions, parts in per cent."""
    if unit == "USD/year":
        return words.say("plan.targets.amount.money", n=Money(value))
    if unit == "fraction":
        return words.say("plan.targets.amount.share", n=_round(100 * value))
    kind = "people" if unit == "persons" else "steps"
    return words.say(f"plan.targets.amount.{kind}", n=_round(value))


def tabulate_ways(plan: Plan, ways: Ways) -> pd.DataFrame:
    """Return what would have to be loosened for each target out of reach: ``target, kind, item, first, last, amount, most, unit`` and names.

    One row per limit; ``amount`` is the sum over its years, ``most`` that of the year in which most lacks. A target for which no way was found has one row without a kind.
    """
    columns = ["target", "kind", "item", *NAMES, "first", "last", "amount", "most", "unit"]
    funders, steps = (index_rows(plan.case.tables[name], name[:-1]) for name in ("funders", "steps"))
    codes, units = (
        load_dictionary().codes,
        dict(zip(plan.case.tables["limits"]["limit"], plan.case.tables["limits"]["unit"], strict=True)),
    )
    rows: list[dict[str, Any]] = []
    for target, changes in ways.items():
        groups: dict[tuple[str, int, bool], list[Change]] = {}
        for change in changes or ():
            groups.setdefault((*change.name, change.amount < 0), []).append(change)
        if not groups:
            rows.append({"target": target})
        for group in groups.values():
            kind, item = group[0].kind, name_item(plan.problem, group[0])
            own = funders.get(item) or steps.get(item)
            listed = codes["skill"].get(item) or codes["limit"].get(item)
            names = {name: own[name] if own else listed[name[-2:]] if listed else None for name in NAMES}
            unit = {"budget": "million USD", "loan": "million USD", "people": "persons"}.get(kind) or units.get(
                item, ""
            )
            amounts = [change.amount for change in group]
            most = max(amounts, key=abs)
            years = {"first": min(change.year for change in group), "last": max(change.year for change in group)}
            rows.append(
                {
                    "target": target,
                    "kind": kind,
                    "item": item,
                    **names,
                    **years,
                    "amount": sum(amounts),
                    "most": most,
                    "unit": unit,
                }
            )
    return pd.DataFrame(rows, columns=columns)


def _round(value: float) -> float:
    """Return three digits: figures that rest on assumed ones deserve no more."""
    return float(f"{value:.3g}")
