"""The figures of what moved assumptions do to a plan, by their place.

``assumptions/HOME/plan/value`` and ``most`` is the plan as it was saved, ``assumptions/HOME/value/END/GROUP`` and ``kept/END/GROUP`` what the best
plan, and the plan as it is, are worth with a group of figures at an end, ``changed/GROUP`` and ``sure/GROUP`` how many first steps
change, ``rows/GROUP`` and ``assumed/GROUP`` how many figures move, ``share/STEP`` in which part of the plans a first step stays, ``drift`` what the plan
as it is gains or loses at most by a group that was not looked at closely, and ``count/WHAT`` a count.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure
from pondasi.report.evidence import Step
from pondasi.report.plan_questions import GRADE, PlanQuestions
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Row = dict[str, Any]
    Found = tuple[Figure, list[Step]]

KIND = "assumptions"
"""First part of the names of these figures, and the slot whose run tells them."""
COUNTED = ("rows", "assumed", "changed", "sure")


class AssumptionRun(PlanQuestions):
    """A saved run in which the assumptions of a plan were moved, as a brief reads it."""

    # --- the run

    @cached_property
    def groups(self) -> Mapping[str, Row]:
        """Groups of figures by name, as they are ranked."""
        return index_rows(self.run.table("assumptions"), "group")

    @cached_property
    def ends(self) -> Mapping[tuple[str, str], Row]:
        """What came of each group and end."""
        return index_rows(self.run.table("assumption_runs"), "group", "end")

    @cached_property
    def close(self) -> list[Row]:
        """Groups that were looked at closely, as they are ranked."""
        return [row for row in self.groups.values() if row["known"]]

    @cached_property
    def broken(self) -> list[Row]:
        """Groups at an end of which the starts of the plan break a limit."""
        return [row for row in self.groups.values() if row["broken"]]

    @cached_property
    def others(self) -> list[Row]:
        """Groups that were not looked at closely, and of which it is known what the plan as it is gains or loses."""
        return [row for row in self.groups.values() if not row["known"] and row["drift"] is not None]

    @cached_property
    def first(self) -> Mapping[str, Row]:
        """First steps of the plan, the firmest first."""
        table = self.run.table("assumption_steps")
        return index_rows(table[table["plan"].astype(bool)], "step")

    @cached_property
    def firm(self) -> list[str]:
        """First steps that stay in every plan that was searched anew."""
        return [step for step, row in self.first.items() if row["runs"] and row["first"] == row["runs"]]

    # --- the figures

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, name, *parts = place.strip("/").split("/")
        if home != self.home or kind != KIND:
            raise LookupError(place)
        finders: Mapping[str, Callable[..., Found]] = {
            "plan": self._find_plan,
            "value": lambda *key: self._find_end("low", *key),
            "kept": lambda *key: self._find_end("kept", *key),
            "drift": self._find_drift,
            "share": self._find_share,
            "count": self._find_count,
            **{one: lambda *key, one=one: self._find_group(one, *key) for one in COUNTED},
        }
        return finders[name](*parts)

    def _find_plan(self, name: str) -> Found:
        row = index_rows(self.run.table("assumption_base"), "measure")[name]
        return self._money(row["value"], f"assumption_base/{name}", self._of_steps())

    def _find_end(self, column: str, end: str, *key: str) -> Found:
        group = "/".join(key)
        return self._money(self.ends[group, end][column], f"assumption_runs/{group}/{end}", self._of_steps())

    def _find_drift(self) -> Found:
        row = max(self.others, key=lambda row: float(row["drift"]))
        return self._money(row["drift"], f"assumptions/{row['group']}", self._of_steps())

    def _find_group(self, name: str, *key: str) -> Found:
        row = self.groups["/".join(key)]
        return Figure(int(row[name]), "count", grade="exact"), self._of_steps()

    def _find_share(self, step: str) -> Found:
        row = self.rows.of_step(step)
        figure = Figure(self.first[step]["share"], "fraction", grade=GRADE, sources=row.figure.sources)
        return figure, [Step(f"assumption_steps/{step}", figure), row]

    def _find_count(self, name: str) -> Found:
        every = self.groups.values()
        value = {
            "groups": len(self.groups),
            "closely": len(self.close),
            "rest": len(self.others),
            "first": len(self.first),
            "firm": len(self.firm),
            "runs": max((row["runs"] for row in self.first.values()), default=0),
            "unknown": sum(row["state"] == "unknown" for row in self.ends.values()),
            "figures": sum(row["rows"] for row in every),
            **{name: sum(row[name] for row in every) for name in ("assumed", "fixed", "held")},
        }[name]
        return Figure(int(value), "count", grade="exact"), self._of_steps()
