"""The figures of a saved sensitivity run by their place, each with the rows that move together and their sources.

``sensitivity/HOME/SHOCK/effect/GROUP`` is what moving a group of figures over its intervals changes,
``.../first/GROUP`` and ``.../total/GROUP`` its parts of the variance, ``.../row/N/MEASURE`` one figure moved alone,
``.../gross`` the loss with all figures central, ``.../count/WHAT`` a count of groups, and ``sensitivity_run/HOME/WHAT``
what the call set.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure, grade_of, weakest
from pondasi.report.evidence import Step
from pondasi.sensitivity.figures import EVENT
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pondasi.facts import Grade
    from pondasi.workspace import SavedRun

    Found = tuple[Figure, list[Step]]

KINDS = ("sensitivity", "sensitivity_run")
"""First parts of the names of these figures."""
OUTPUT = "gross"
"""The loss that is looked at: gross, in weeks of output."""
PARTS = ("first", "total")
SET = {"paths": "trajectories", "weeks": "weeks", "points": "sobol"}
LOSSES = ("loss_low", "loss_high")
ROUNDING = 1e-9


class SensitivityRun:
    """A saved sensitivity run as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``sensitivity``.
    """

    def __init__(self, run: SavedRun) -> None:
        self.run = run
        self.options = run.manifest["options"]
        self.home, self.shock = str(self.options["home"]), str(self.options["shock"])
        self.event = self.shock

    # --- the run

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        """Groups of figures by falling effect on the loss."""
        table = self.run.table("factors")
        rows = list_rows(table[table["output"] == OUTPUT])
        return sorted(rows, key=lambda row: -row["mu_star"])

    @cached_property
    def by_name(self) -> Mapping[str, dict[str, Any]]:
        """Groups of figures by name."""
        return {row["factor"]: row for row in self.groups}

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Figures of the strongest groups, each moved alone, by falling swing of the loss."""
        return list_rows(self.run.table("rows"))

    @cached_property
    def strong(self) -> list[dict[str, Any]]:
        """The groups whose figures were moved one by one."""
        looked_at = {row["factor"] for row in self.rows}
        return [row for row in self.groups if row["factor"] in looked_at]

    @cached_property
    def central(self) -> float:
        """Loss with all figures at their central values [weeks]."""
        return float(index_rows(self.run.table("central"), "output")[OUTPUT]["value"])

    @cached_property
    def variance(self) -> Mapping[str, dict[str, Any]]:
        """Parts of the variance by group; empty where they were not asked for."""
        if not self.options.get("sobol") or not self.strong:
            return {}
        table = self.run.table("variance")
        return index_rows(table[table["output"] == OUTPUT], "factor")

    @cached_property
    def alone(self) -> list[int]:
        """Places of the rows that move the loss, the parts of a shock counted once."""
        seen: set[str] = set()
        found = []
        for place, row in enumerate(self.rows):
            if row["swing"] > ROUNDING and row["factor"] not in seen:
                found.append(place)
                seen |= {row["factor"]} if row["factor"].startswith(f"{EVENT}/") else set()
        return found

    # --- the figures

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, *parts = place.strip("/").split("/")
        if home != self.home or not parts:
            raise LookupError(place)
        if kind == KINDS[1]:
            return Figure(int(self.options[SET[parts[0]]]), "count", grade="exact"), []
        shock, name, *rest = parts
        if shock != self.shock:
            raise LookupError(place)
        finders: Mapping[str, Callable[..., Found]] = {
            "effect": self._find_effect,
            "first": lambda *key: self._find_part("first", *key),
            "total": lambda *key: self._find_part("total", *key),
            "row": self._find_row,
            "count": self._find_count,
            OUTPUT: self._find_central,
        }
        return finders[name](*rest)

    def _find_central(self) -> Found:
        rows = [self._step(row) for row in self.rows]
        figure = Figure(self.central, "weeks", grade="assumed", sources=_join(rows))
        return figure, [Step(f"central/{OUTPUT}", figure), *rows]

    def _find_effect(self, *key: str) -> Found:
        row = self.by_name["/".join(key)]
        figure, rows = self._of_group(row["mu_star"], row["mu_star_low"], row["mu_star_high"], "weeks", row)
        return figure, [Step(f"factors/{row['factor']}", figure), *rows]

    def _find_part(self, name: str, *key: str) -> Found:
        row = self.variance["/".join(key)]
        group = self.by_name[row["factor"]]
        value, low, high = (_share(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
        figure, rows = self._of_group(value, low, high, "fraction", group)
        return figure, [Step(f"variance/{row['factor']}/{name}", figure), *rows]

    def _of_group(self, value: float, low: float, high: float, unit: str, group: dict[str, Any]) -> Found:
        rows = [self._step(row) for row in self.rows if row["factor"] == group["factor"]]
        grade: Grade = grade_of({"assumed": group["assumed"], "estimated": group["rows"] - group["assumed"]})
        return Figure(value, unit, max(low, 0.0), high, grade=grade, sources=_join(rows)), rows

    def _find_row(self, number: str, name: str) -> Found:
        row = self.rows[int(number)]
        step = self._step(row)
        if name == "value":
            return step.figure, [step]
        figure = Figure(row[LOSSES[LOSSES.index(name)]], "weeks", grade=step.figure.grade, sources=step.figure.sources)
        return figure, [step]

    def _find_count(self, name: str) -> Found:
        found = {
            "groups": self.groups,
            "idle": [row for row in self.groups if row["mu_star"] <= ROUNDING],
            "assumed": [row for row in self.strong if row["assumed"] == row["rows"]],
            "strong": self.strong,
        }[name]
        rows = [self._step(row) for row in self.rows]
        return Figure(len(found), "count", grade="exact"), rows

    def _step(self, row: dict[str, Any]) -> Step:
        sources = tuple(filter(None, (row["source"] or "").split("|")))
        figure = Figure(
            row["value"], row["unit"], row["low"], row["high"], grade=weakest(row["grade"]), sources=sources
        )
        table = row["factor"].split("/")[0]
        return Step(f"{'shocks' if table == EVENT else table}/{row['row']}", figure)


def _join(rows: list[Step]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for row in rows for source in row.figure.sources))


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
