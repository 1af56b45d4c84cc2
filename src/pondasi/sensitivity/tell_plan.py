"""What moved assumptions do to a plan, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.currency import in_millions
from pondasi.plan.gates import begin_small
from pondasi.sensitivity.plan_figures import CHANCE
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pondasi.plan.solve import Plan
    from pondasi.sensitivity.plan import Assumptions
    from pondasi.words import Words

    Row = Mapping[str, Any]


def name_group(row: Row, words: Words) -> str:
    """Return the name of a group of assumptions: a row of `Assumptions.groups`.

    Example
    -------
    >>> from pondasi import Words
    >>> name_group({"group": "capital"}, Words("en"))
    'Building costs of steps'
    """
    if row["group"].startswith(f"{CHANCE}/"):
        return words.say("assumptions.chance", branch=begin_small(str(row[f"name_{words.language}"])))
    return words.say(f"assumptions.what.{row['group']}")


def tell_assumptions(found: Assumptions, plan: Plan, words: Words) -> list[str]:
    """Return which groups of assumptions move the first steps, what else they do, and which first steps stay throughout."""
    groups, runs = list_rows(found.groups.reset_index()), index_rows(found.runs, "group", "end")
    asked = [row for row in groups if row["known"]]
    told = [
        words.say(
            "assumptions.summary",
            groups=len(groups),
            figures=sum(row["rows"] for row in groups),
            assumed=sum(row["assumed"] for row in groups),
            closely=len(asked),
            value=in_millions(found.low),
            most=in_millions(found.high),
        )
    ]
    teller = _Teller(plan, words)
    for row in asked:
        if row["changed"]:
            ends = {end: teller.tell_end(runs[row["group"], end]) for end in ("low", "high")}
            told.append(words.say("assumptions.group", group=name_group(row, words), **ends))
    steady = [row for row in asked if not row["changed"]]
    if steady:
        told.append(words.say("assumptions.steady", groups=teller.join(name_group(row, words) for row in steady)))
    told += teller.tell_steps(found)
    broken = [name_group(row, words) for row in groups if row["broken"]]
    if broken:
        told.append(words.say("assumptions.broken", groups=teller.join(broken)))
    others = [row["drift"] for row in groups if not row["known"] and row["drift"] is not None]
    if others:
        told.append(words.say("assumptions.others", n=len(others), drift=in_millions(max(others))))
    stayed = {name: sum(row[name] for row in groups) for name in ("fixed", "held")}
    if any(stayed.values()):
        told.append(words.say("assumptions.stayed", **stayed))
    unknown = sum(run["state"] == "unknown" for run in runs.values())
    if unknown:
        told.append(words.say("assumptions.time", n=unknown))
    return told


class _Teller:
    """Says what comes of a plan whose steps have names."""

    def __init__(self, plan: Plan, words: Words) -> None:
        self.words = words
        steps = index_rows(plan.case.tables["steps"], "step")
        self.names = {step: str(row[f"name_{words.language}"]) for step, row in steps.items()}

    def join(self, items: Iterable[str]) -> str:
        return self.words.say("assumptions.between").join(items)

    def tell_end(self, run: Row) -> str:
        """Say what comes of one end of a group."""
        if run["state"] not in {"solved", "same"}:
            state = "impossible" if run["state"] == "impossible" else "unknown"
            return self.words.say(f"assumptions.end.{state}")
        if run["state"] == "same":
            return self.words.say("assumptions.end.same")
        fields = {"value": in_millions(run["low"]), "most": in_millions(run["high"])}
        parts = {
            name: self.join(self.names[step] for step in run[name].split("|") if step) for name in ("left", "came")
        }
        said = {name: self.words.say(f"assumptions.end.{name}", steps=steps) for name, steps in parts.items() if steps}
        if not said:
            return self.words.say("assumptions.end.stay", n=run["stay"], **fields)
        changes = self.words.say("assumptions.end.both", **said) if len(said) > 1 else next(iter(said.values()))
        known = run["barred"] or run["lost_high"] is not None
        sure = self.words.say(f"assumptions.sure.{'yes' if run['sure'] else 'no' if known else 'unknown'}")
        return self.words.say("assumptions.end.change", changes=changes, sure=sure, **fields)

    def tell_steps(self, found: Assumptions) -> list[str]:
        """Say which first steps stay in all plans that were searched anew, and how many of these keep the others."""
        first = [row for row in list_rows(found.steps.reset_index()) if row["plan"]]
        if not first:
            return [self.words.say("assumptions.no_first")]
        rows = [row for row in first if row["runs"]]
        if not rows:
            return []
        firm = [self.names[row["step"]] for row in rows if row["first"] == row["runs"]]
        loose = [
            self.words.say("assumptions.step", step=self.names[row["step"]], n=row["first"])
            for row in rows
            if row["first"] < row["runs"]
        ]
        key = "assumptions.firm" if firm else "assumptions.firm_none"
        steps = {"steps": self.join(firm)} if firm else {}
        told = [self.words.say(key, runs=rows[0]["runs"], **steps)]
        if loose:
            told.append(self.words.say("assumptions.loose", runs=rows[0]["runs"], steps=self.join(loose)))
        return told
