"""The figures of a saved run of lost suppliers by their place: what each costs, and how long one can do without.

``critical/HOME/NODE/COUNTRY/MEASURE`` speaks of one supplier, ``critical/HOME/count/WHAT`` counts them, and
``critical_run/HOME/stop`` and ``weeks`` are what the call set.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure, Grade
from pondasi.report.evidence import Step
from pondasi.stress.criticality import STOP_WEEKS
from pondasi.stress.sentences import NOTHING
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.workspace import SavedRun

    Found = tuple[Figure, list[Step]]
    Key = tuple[str, str]

KINDS = ("critical", "critical_run")
"""First parts of the names of these figures."""
LOST = {
    "gross": ("home_gross", "weeks"),
    "net": ("home_net", "weeks"),
    "depth": ("home_depth", "fraction"),
    "impact": ("home_impact_week", "week"),
}
"""Column of the losses and unit, by measure."""
TIMES = {"survive": "survive_weeks", "recover": "recover_weeks", "qualify": "qualify_weeks"}
GRADE: Grade = "assumed"
"""Pace and traits mostly are."""


class CriticalRun:
    """A saved run of lost suppliers as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``stress``, made with ``--critical``.
    rows
        Rows of the chain by place, for the sources of each supplier.
    """

    def __init__(self, run: SavedRun, rows: Mapping[str, Step]) -> None:
        self.run, self.rows = run, rows
        self.home = str(run.manifest["options"]["home"])

    # --- the run

    @cached_property
    def lost(self) -> Mapping[Key, dict[str, Any]]:
        """Losses by node and country, user industries left out."""
        table = self.run.table("criticality")
        return index_rows(table[~table["user"]], "node", "country")

    @cached_property
    def times(self) -> Mapping[Key, dict[str, Any]]:
        """Time to survive and to recover by node and country."""
        return index_rows(self.run.table("survival"), "node", "country")

    @cached_property
    def felt(self) -> list[Key]:
        """Suppliers whose loss costs home anything that shows, the worst first."""
        found = [key for key, row in self.lost.items() if row["home_gross"] >= NOTHING]
        return sorted(found, key=lambda key: (-self.lost[key]["home_gross"], key))

    @cached_property
    def short(self) -> list[Key]:
        """Suppliers of goods that the world cannot do without for ever, the shortest time first."""
        found = [key for key, row in self.times.items() if row["goods"] and not row["for_ever"]]
        return sorted(found, key=lambda key: (self.times[key]["survive_weeks"], key))

    @cached_property
    def exposed(self) -> list[Key]:
        """Suppliers that may be gone for longer than one can do without them."""
        return [key for key in self.short if self.times[key]["exposed"]]

    # --- the figures

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, *parts = place.strip("/").split("/")
        if home != self.home or not parts:
            raise LookupError(place)
        if kind == KINDS[1]:
            value = {"stop": STOP_WEEKS, "weeks": self.run.manifest["options"]["weeks"]}[parts[0]]
            return Figure(int(value), "count", grade="exact"), []
        if parts[0] == "count":
            return self._find_count(parts[1])
        node, country, name = parts
        key = (node, country)
        if name in LOST:
            column, unit = LOST[name]
            value, table = self.lost[key][column], "criticality"
        else:
            value, table, unit = self.times[key][TIMES[name]], "survival", "weeks"
        steps = self._steps([key])
        sources = tuple(dict.fromkeys(source for step in steps for source in step.figure.sources))
        figure = Figure(value, unit, grade="unknown" if value is None else GRADE, sources=sources)
        return figure, [Step(f"{table}/{node}/{country}", figure), *steps]

    def _find_count(self, name: str) -> Found:
        found = {
            "suppliers": list(self.lost),
            "felt": self.felt,
            "short": self.short,
            "exposed": self.exposed,
        }[name]
        return Figure(len(found), "count", grade="exact"), self._steps(found or list(self.lost))

    def _steps(self, keys: list[Key]) -> list[Step]:
        places = (f"shares/{node}/{country}/location" for node, country in keys)
        known = [self.rows[place] for place in places if place in self.rows]
        return known or [self.rows[f"nodes/{node}"] for node, _ in keys]
