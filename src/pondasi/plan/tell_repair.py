"""Repairs of an impossible plan as sentences and as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.currency import in_millions
from pondasi.places import name_place_in_text
from pondasi.plan.loosen import DIGITS, round_up
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pondasi.plan.case import Case
    from pondasi.plan.conflicts import Conflict
    from pondasi.plan.loosen import Change
    from pondasi.plan.problem import PlanProblem
    from pondasi.plan.repair import RepairReport
    from pondasi.words import Words


def tabulate_repairs(report: RepairReport) -> pd.DataFrame:
    """Return every change of every repair: index ``repair, kind, item, year``; ``amount``, ``limit``, ``percent``, ``weight``.

    ``item`` is the id of the purse, skill, resource, step or target; amounts as in `pondasi.plan.loosen.Change`.
    """
    rows = [
        {
            "repair": k,
            "kind": change.kind,
            "item": name_item(report.problem, change),
            "year": change.year,
            "amount": change.amount,
            "limit": change.limit,
            "percent": change.percent,
            "weight": report.weights[change.kind],
        }
        for k, repair in enumerate(report.repairs, start=1)
        for change in repair.changes
    ]
    columns = ["repair", "kind", "item", "year", "amount", "limit", "percent", "weight"]
    return pd.DataFrame(rows, columns=columns).set_index(columns[:4])


def name_item(problem: PlanProblem, change: Change) -> str:
    """Return the id of what a change is about; loans have none."""
    labels = problem.labels
    match change.kind:
        case "budget":
            return labels.purses[change.item]
        case "people":
            return labels.skills[change.item]
        case "resource":
            return labels.resources[change.item]
        case "target":
            return labels.targets[change.item] if change.item < len(labels.targets) else str(change.item)
        case "loan":
            return ""
        case _:
            return labels.steps[change.item]


def tell_repairs(case: Case, report: RepairReport, words: Words, places: str = "plain") -> list[str]:
    """Return why a plan is impossible and what would make it possible, as sentences."""
    names = Names(case, report.problem, words, places)
    told = [words.say("plan.repair.impossible"), *(names.tell_conflict(conflict) for conflict in report.conflicts)]
    if not report.repairs:
        return [*told, words.say("plan.repair.none")]
    for k, repair in enumerate(report.repairs, start=1):
        head = {"k": k, "count": len(report.repairs), "limits": len(repair.limits), "cost": _round(repair.cost)}
        told.append(words.say("plan.repair.head", **head))
        told += names.tell_changes(repair.changes)
        told.append(words.say("plan.repair.worth", value=in_millions(repair.value)))
    if report.alike:
        told.append(words.say("plan.repair.alike"))
    return [*told, words.say("plan.repair.weights", **report.weights)]


class Names:
    """Names of steps, purses, skills and resources in one language."""

    def __init__(self, case: Case, problem: PlanProblem, words: Words, places: str) -> None:
        self.problem, self.words, self.places = problem, words, places
        self.steps = index_rows(case.tables["steps"], "step")
        self.targets = index_rows(case.tables["targets"], "target")
        self.funders = index_rows(case.tables["funders"], "funder")
        self.units = dict(zip(case.tables["limits"]["limit"], case.tables["limits"]["unit"], strict=True))

    def step(self, j: int) -> str:
        """Return the name of a step."""
        return str(self.steps[self.problem.labels.steps[j]][f"name_{self.words.language}"])

    def join(self, steps: Sequence[int]) -> str:
        """Return the names of steps in a row."""
        return self.words.say("list.joint").join(self.step(j) for j in steps)

    def purse(self, name: str) -> str:
        """Return the name of a funder or of a partner."""
        if name in self.funders:
            return str(self.funders[name][f"name_{self.words.language}"])
        return name_place_in_text(name, self.words.language, self.places)

    def item(self, change: Change) -> str:
        """Return the name of the purse, skill or resource of a limit, or of a target."""
        item = name_item(self.problem, change)
        if change.kind == "target":
            return self.target(item)
        if change.kind == "budget":
            return self.purse(item)
        return load_dictionary().codes["skill" if change.kind == "people" else "limit"][item][self.words.language]

    def target(self, name: str) -> str:
        """Return the name of a target; its id where the case does not name it."""
        return str(self.targets[name][f"name_{self.words.language}"]) if name in self.targets else name

    def targets_of(self, targets: Sequence[int]) -> list[str]:
        """Return the names of targets."""
        return [self.target(self.problem.labels.targets[i]) for i in targets]

    def unit(self, change: Change) -> str:
        """Return the unit of a resource."""
        return str(self.units[name_item(self.problem, change)])

    def tell_conflict(self, conflict: Conflict) -> str:
        """Return a reason by nature as a sentence."""
        words, steps = self.words, self.join(conflict.steps)
        target = next((i for kind, i in conflict.asked if kind == "target"), 0)
        labels = self.problem.labels.targets
        name = self.target(labels[target]) if target < len(labels) else str(target + 1)
        most = None if conflict.most is None else _round(conflict.most)
        return {
            "circle": lambda: words.say("plan.conflict.circle", steps=steps),
            "exclusion": lambda: words.say("plan.conflict.exclusion", steps=steps),
            "closed": lambda: words.say("plan.conflict.closed", steps=steps),
            "horizon": lambda: words.say("plan.conflict.horizon", steps=steps, year=str(conflict.year)),
            "reach": lambda: words.say("plan.conflict.reach", steps=steps, target=name, most=most),
            "knowledge": lambda: words.say("plan.conflict.knowledge", steps=steps),
            "together": lambda: words.say("plan.conflict.together", steps=steps),
        }[conflict.nature]()

    def tell_changes(self, changes: Sequence[Change]) -> list[str]:
        """Return one sentence for every limit that is loosened."""
        groups: dict[tuple[str, int, bool], list[Change]] = {}
        for change in changes:
            groups.setdefault((*change.name, change.amount < 0), []).append(change)
        return [self.tell_change(group) for group in groups.values()]

    def tell_change(self, changes: list[Change]) -> str:
        """Return how one limit is loosened, over its years, as a sentence."""
        words, first = self.words, changes[0]
        top = max(changes, key=lambda change: change.amount)
        fields: dict[str, object] = {
            "year": str(top.year),
            "first": str(changes[0].year),
            "last": str(changes[-1].year),
            "amount": round_up(replace(first, amount=sum(change.amount for change in changes))).amount,
            "most": top.amount,
            "limit": _round(first.limit),
        }
        one = len(changes) == 1
        match first.kind:
            case "budget":
                fields = _as_money(fields) | {"purse": self.item(first)}
                return words.say("plan.repair.budget.year" if one else "plan.repair.budget.years", **fields)
            case "loan":
                fields = _as_money(fields)
                return words.say("plan.repair.loan.year" if one else "plan.repair.loan.years", **fields)
            case "people":
                fields["skill"] = self.item(first)
                return words.say("plan.repair.people.year" if one else "plan.repair.people.years", **fields)
            case "resource":
                fields |= {"resource": self.item(first), "unit": self.unit(first)}
                return words.say("plan.repair.resource.year" if one else "plan.repair.resource.years", **fields)
            case _:
                return self.tell_asked(first)

    def tell_asked(self, change: Change) -> str:
        """Return how what is asked for changes: less of it, later or earlier, or given up."""
        words, year = self.words, str(change.year)
        if change.kind == "target":
            name = self.target(name_item(self.problem, change))
            return words.say("plan.repair.target.lower", year=year, target=name, amount=change.amount)
        step = self.step(change.item)
        if change.kind == "commitment":
            return words.say("plan.repair.commitment.given_up", step=step)
        key = "plan.repair.date.later" if change.amount > 0 else "plan.repair.date.earlier"
        return words.say(key, old=year, new=str(change.year + round(change.amount)), step=step)


def _as_money(fields: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of a limit on money with amounts of money: what is lacking is rounded up, as it is to suffice."""
    needed = {name: in_millions(fields[name], DIGITS, up=True) for name in ("amount", "most")}
    return {**fields, **needed, "limit": in_millions(fields["limit"], DIGITS)}


def _round(value: float) -> float:
    """Return three digits: costs that rest on assumed figures deserve no more."""
    return float(f"{value:.3g}")
