"""The figures of what was asked of a plan beyond the plan itself, by their place.

``others/HOME/share/STEP`` is the part of the nearly best plans that hold a first step, ``units/HOME/KIND/ITEM/YEAR/low`` and
``high`` what one more unit of a limit is worth, ``worth/HOME/GAIN/low`` what planning for several futures, waiting, adapting
and knowing are worth, ``front/HOME/AIM/reached/N`` and ``cost/N/low`` what more of another aim would cost, and
``partners/HOME/CODE/MEASURE/low`` what a partner brings. ``others_run/HOME/WHAT`` and ``partners_run/HOME/WHAT`` is what
their calls set. All worths are intervals from the gaps of the searches.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure, Grade
from pondasi.plan.alternatives import SLACK
from pondasi.report.evidence import Step
from pondasi.report.plan_figures import MILLION
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pondasi.report.case_rows import CaseRows
    from pondasi.workspace import SavedRun

    Found = tuple[Figure, list[Step]]

KINDS = {
    "others": ("others", "others_run"),
    "assumptions": ("assumptions",),
    "units": ("units",),
    "worth": ("worth",),
    "front": ("front",),
    "partners": ("partners", "partners_run"),
}
"""First parts of the names of the figures, by the slot whose run tells them."""
GRADE: Grade = "assumed"
"""What a plan is worth rests on costs and terms that mostly are."""
SURE = 1 - 1e-6
LEAST = 1e-3
"""A worth below this is none [million USD]: the gaps of the searches are wider."""
ENDS = ("low", "high")
AIMS = {
    "jobs": ("person-years", 1.0),
    "emissions": ("tonnes", 1.0),
    "self_reliance": ("fraction", 1.0),
    "risk": ("USD", MILLION),
}
"""Unit of an aim, and how many of it make one in the run."""


class PlanQuestions:
    """A saved run that answers a question about a plan, as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``plan`` or ``partners``.
    rows
        Rows of the case, for names and sources.
    """

    def __init__(self, run: SavedRun, rows: CaseRows) -> None:
        self.run, self.rows = run, rows
        self.home = str(run.manifest["options"]["home"])

    # --- the run

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Part of the nearly best plans that hold each first step, the surest first."""
        return {row["step"]: row["share"] for row in list_rows(self.run.table("alternative_steps"))}

    @cached_property
    def plans(self) -> list[dict[str, Any]]:
        """The best plan and those found beside it."""
        return list_rows(self.run.table("alternatives"))

    @cached_property
    def units(self) -> list[dict[str, Any]]:
        """Limits and years in which one more unit may be worth something, by falling upper end, as far as that is known."""
        rows = list_rows(self.run.table("units"))
        rows = [row for row in rows if row["high"] is not None and row["high"] >= LEAST]
        return sorted(rows, key=lambda row: (-row["high"], -row["low"], row["kind"], row["item"], row["year"]))

    @cached_property
    def gains(self) -> Mapping[str, dict[str, Any]]:
        """Worth of planning for several futures, waiting, adapting and knowing, by name, as far as time let it be known."""
        gains = index_rows(self.run.table("gains"), "gain")
        return {name: row for name, row in gains.items() if row["high"] is not None}

    @cached_property
    def fronts(self) -> Mapping[str, list[dict[str, Any]]]:
        """Points of each aim that none other beats, the best plan first."""
        tables = self.run.tables()
        return {
            aim: [row for row in list_rows(tables[f"front_{aim}"]) if row["point"] == 0 or not row["beaten"]]
            for aim in AIMS
            if f"front_{aim}" in tables
        }

    @cached_property
    def partners(self) -> Mapping[str, dict[str, Any]]:
        """What each partner brings, by code, the largest share first."""
        return index_rows(self.run.table("partners"), "partner")

    @cached_property
    def measures(self) -> Mapping[str, Any]:
        """Values without and with all partners, and how far the search came."""
        return list_rows(self.run.table("measures"))[0]

    @property
    def first_year(self) -> int:
        """Last year of the first steps."""
        return int(list_rows(self.run.table("run"))[0]["soon"])

    # --- the figures

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, *parts = place.strip("/").split("/")
        if home != self.home or not parts:
            raise LookupError(place)
        finders: Mapping[str, Callable[..., Found]] = {
            "others": self._find_other,
            "others_run": self._find_others_set,
            "units": self._find_unit,
            "worth": self._find_gain,
            "front": self._find_front,
            "partners": self._find_partner,
            "partners_run": self._find_partners_set,
        }
        return finders[kind](*parts)

    def _find_others_set(self, name: str) -> Found:
        if name == "slack":
            return Figure(SLACK, "fraction", grade="exact"), []
        return Figure({"soon": self.first_year}[name], "year", grade="exact"), []

    def _find_other(self, name: str, part: str) -> Found:
        if name == "share":
            row = self.rows.of_step(part)
            figure = Figure(self.shares[part], "fraction", grade=GRADE, sources=row.figure.sources)
            return figure, [Step(f"alternative_steps/{part}", figure), row]
        found = {
            "plans": range(1, len(self.plans)),
            "steps": self.shares,
            "sure": [step for step, share in self.shares.items() if share >= SURE],
        }[part]
        return Figure(len(found), "count", grade="exact"), [self.rows.of_step(step) for step in self.shares]

    def _find_unit(self, kind: str, item: str, year: str, end: str) -> Found:
        rows = {(one["kind"], str(one["item"]), str(one["year"])): one for one in self.units}
        row = rows[kind, item, year]
        if end == "year":
            return Figure(int(row["year"]), "year", grade="exact"), self._of_steps()
        return self._money(row[_end(end)], f"units/{kind}/{item}/{year}", self._of_limit(kind, item))

    def _of_limit(self, kind: str, item: str) -> list[Step]:
        if kind == "target":
            return [self.rows.of_target(item)]
        return [self.rows.of_funder(item)] if kind == "budget" else self._of_steps()

    def _find_gain(self, gain: str, end: str) -> Found:
        return self._money(self.gains[gain][_end(end)], f"gains/{gain}", self._of_steps())

    def _find_front(self, aim: str, name: str, number: str, end: str = "") -> Found:
        points = {str(row["point"]): row for row in self.fronts[aim]}
        row, best, rows = points[number], points["0"], self._of_steps()
        if name == "reached":
            unit, size = AIMS[aim]
            figure = Figure(row["reached"] * size, unit, grade=GRADE, sources=_join(rows))
            return figure, [Step(f"front_{aim}/{number}", figure), *rows]
        if name != "cost":
            raise LookupError(name)
        ends = {"low": best["low"] - row["high"], "high": best["high"] - row["low"]}
        return self._money(max(ends[_end(end)], 0.0), f"front_{aim}/{number}", rows)

    def _find_partners_set(self, name: str) -> Found:
        value = {"solved": self.measures["solved"], "groups": 2 ** int(self.measures["players"])}[name]
        return Figure(int(value), "count", grade="exact"), []

    def _find_partner(self, code: str, name: str, end: str = "") -> Found:
        if code == "all":
            sides = {
                "low": self.measures["everyone_low"] - self.measures["none_high"],
                "high": self.measures["everyone_high"] - self.measures["none_low"],
            }
            rows = [self.rows.of_partner(one) for one in self.partners]
            return self._money(max(sides[_end(name)], 0.0), "measures", rows)
        row, rows = self.partners[code], [self.rows.of_partner(code)]
        if name == "offers":
            return Figure(int(row["offers"]), "count", grade="exact"), rows
        return self._money(row[f"{name}_{_end(end)}"], f"partners/{code}", rows)

    def _of_steps(self) -> list[Step]:
        """Return the steps that the plan starts."""
        return [self.rows.of_step(row["step"]) for row in list_rows(self.run.table("steps"))]

    def _money(self, value: float | None, place: str, rows: Sequence[Step]) -> Found:
        """Return an amount of million USD; unknown where no such plan can be kept."""
        known = None if value is None or math.isinf(value) else (value if abs(value) >= LEAST else 0.0) * MILLION
        figure = Figure(known, "USD", grade="unknown" if known is None else GRADE, sources=_join(rows))
        return figure, [Step(place, figure), *rows]


def _end(name: str) -> str:
    return ENDS[ENDS.index(name)]


def _join(rows: Sequence[Step]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for row in rows for source in row.figure.sources))
