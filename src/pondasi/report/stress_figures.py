"""The figures of a saved stress test by their place, each with the rows of the run and the sources of the shock.

``stress/HOME/SHOCK/MEASURE`` is a figure of one shock, ``stress/HOME/SHOCK/week/N`` the loss of a week,
``stress/HOME/all/STAGE`` what a buffer takes away over all shocks, ``stress/HOME/count/WHAT`` a count of them and
``stress_run/HOME/draws`` or ``weeks`` what the call set.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure, weakest
from pondasi.report.evidence import Step
from pondasi.stress.mitigate import STAGES
from pondasi.stress.sentences import NOTHING
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.workspace import SavedRun

KINDS = ("stress", "stress_run")
"""First parts of the names of these figures."""
OUTCOMES = {
    "gross": ("gross", "weeks"),
    "net": ("net", "weeks"),
    "depth": ("depth", "fraction"),
    "impact": ("impact_week", "week"),
    "recovery": ("recovery_week", "week"),
}
"""Column of the outcomes and unit, by measure."""
VALUES = {"value_added": ("value_added_usd", "USD"), "jobs": ("job_years", "job-years")}
ROUNDING = 1e-9
"""Losses of less are sums that do not come out even."""


class StressRun:
    """A saved stress test as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``stress``, made with named shocks.
    """

    def __init__(self, run: SavedRun) -> None:
        self.run = run
        self.home = str(run.manifest["options"]["home"])

    # --- the run

    @cached_property
    def shocks(self) -> Mapping[str, dict[str, Any]]:
        """Rows of the shocks by id."""
        return index_rows(self.run.table("shocks"), "shock")

    @cached_property
    def outcomes(self) -> Mapping[str, dict[str, Any]]:
        """Outcomes of home by shock."""
        table = self.run.table("outcomes")
        return index_rows(table[table["watch"] == "home"], "shock")

    @cached_property
    def carried(self) -> Mapping[tuple[str, str], float]:
        """Gross loss of home by shock and stage, in the central run [weeks]."""
        return {(row["shock"], row["stage"]): row["gross"] for row in list_rows(self.run.table("carried"))}

    @cached_property
    def losses(self) -> Mapping[tuple[str, str], dict[str, Any]]:
        """What each user industry loses for good, by shock and user."""
        return index_rows(self.run.table("losses"), "shock", "user")

    @cached_property
    def paths(self) -> Mapping[tuple[str, int], dict[str, Any]]:
        """Loss of home by shock and week."""
        table = self.run.table("paths")
        return index_rows(table[table["watch"] == "home"], "shock", "week")

    @property
    def draws(self) -> int:
        """How many draws the bands rest on."""
        return int(next(iter(self.shocks.values()))["draws"])

    @property
    def weeks(self) -> int:
        """How long each shock is followed [weeks]."""
        return 1 + max(week for _, week in self.paths)

    @cached_property
    def ranked(self) -> list[str]:
        """Shocks by falling loss of home, the median first and then the upper end."""
        return sorted(self.shocks, key=lambda shock: (-self.loss(shock), -self.most(shock), shock))

    def loss(self, shock: str) -> float:
        """Return the gross loss of home: the median of the draws, or the central run [weeks]."""
        return float(self.outcomes[shock]["gross_median" if self.draws else "gross"])

    def most(self, shock: str) -> float:
        """Return the largest gross loss that the run states of a shock [weeks]."""
        row = self.outcomes[shock]
        return float(max(row["gross"], row.get("gross_high") or 0.0))

    @cached_property
    def felt(self) -> list[str]:
        """Shocks that cost what a reader would act on, worst first."""
        return [shock for shock in self.ranked if self.most(shock) >= NOTHING]

    def explain_nothing(self, shock: str) -> str:
        """Return why a shock has no effect, as `pondasi.stress.sentences.explain_nothing` does (stress.14)."""
        if self.carried[(shock, STAGES[0])] < NOTHING:
            return "untouched" if self.shocks[shock]["untouched"] else "slow"
        return next((stage for stage in STAGES[1:] if self.carried[(shock, stage)] < NOTHING), STAGES[-1])

    # --- the figures

    def find(self, place: str) -> tuple[Figure, list[Step]]:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, *parts = place.strip("/").split("/")
        if home != self.home or not parts:
            raise LookupError(place)
        if kind == KINDS[1]:
            return Figure({"draws": self.draws, "weeks": self.weeks}[parts[0]], "count", grade="exact"), []
        if parts[0] == "count":
            chosen = {"shocks": self.ranked, "none": [one for one in self.ranked if one not in self.felt]}[parts[1]]
            return Figure(len(chosen), "count", grade="exact"), [self._step_shock(shock) for shock in chosen]
        if parts[0] == "all":
            return self._share_saved(parts[1])
        shock, *rest = parts
        figure, row = self._measure(shock, rest)
        return figure, [Step(row, figure), *self._steps_shock(shock)]

    def _measure(self, shock: str, parts: list[str]) -> tuple[Figure, str]:
        """Return a figure of one shock and the row of the run where it stands."""
        if parts[0] == "week":
            row = self.paths[(shock, int(parts[1]))]
            return self._band(shock, row, "", "fraction", central="loss"), f"paths/{shock}/home/{parts[1]}"
        if parts[0] in OUTCOMES:
            column, unit = OUTCOMES[parts[0]]
            return self._band(shock, self.outcomes[shock], f"{column}_", unit, central=column), f"outcomes/{shock}/home"
        if parts[0] in VALUES:
            return self._value(shock, parts[0], parts[1:])
        before, stage = _split_stage(parts[0])
        value = self.carried[(shock, stage)]
        if before:
            value = self.carried[(shock, before)] - value
        return self._figure(shock, value, "weeks"), f"carried/{shock}/{stage}"

    def _band(self, shock: str, row: Mapping[str, Any], column: str, unit: str, *, central: str) -> Figure:
        """Return the median of the draws with its band, or the central run where nothing was drawn."""
        if not self.draws:
            return self._figure(shock, row[central], unit)
        low, value, high = (row[f"{column}{end}"] for end in ("low", "median", "high"))
        return self._figure(shock, value, unit, low, high)

    def _value(self, shock: str, name: str, users: list[str]) -> tuple[Figure, str]:
        column, unit = VALUES[name]
        rows = [row for (one, user), row in self.losses.items() if one == shock and user in (users or [user])]
        values = [row[column] for row in rows]
        value = None if not values or None in values else sum(values)
        return self._figure(shock, value, unit), f"losses/{shock}" + "".join(f"/{user}" for user in users)

    def _share_saved(self, stage: str) -> tuple[Figure, list[Step]]:
        """Return which part of what would be lost bare a buffer takes away, over all shocks."""
        before = _split_stage(f"saved_{stage}")[0]
        bare = sum(self.carried[(shock, STAGES[0])] for shock in self.ranked)
        if bare <= 0:
            raise LookupError(stage)
        saved = sum(self.carried[(shock, before)] - self.carried[(shock, stage)] for shock in self.ranked)
        return Figure(saved / bare, "fraction", grade="assumed"), [self._step_shock(shock) for shock in self.ranked]

    def _figure(
        self, shock: str, value: float | None, unit: str, low: float | None = None, high: float | None = None
    ) -> Figure:
        """Return a figure of the run; no firmer than assumed, for pace, traits and shocks mostly are."""
        if value is None:
            return Figure(None, unit, sources=self.sources(shock))
        known = low is not None and high is not None
        ends = (_tidy(low or 0.0), _tidy(high or 0.0)) if known else (None, None)
        return Figure(_tidy(value), unit, ends[0], ends[1], None, "assumed", self.sources(shock))

    def sources(self, shock: str) -> tuple[str, ...]:
        """Return the ids of the sources of a shock."""
        return tuple(filter(None, self.shocks[shock]["sources"].split("|")))

    def _steps_shock(self, shock: str) -> list[Step]:
        """Return the loss and the length of a shock, as the run took them."""
        row, sources = self.shocks[shock], self.sources(shock)
        grade = weakest(row["grade"])
        return [
            Step(
                f"shocks/{shock}/{name}",
                Figure(row[name], unit, row[f"{name}_low"], row[f"{name}_high"], grade=grade, sources=sources),
            )
            for name, unit in (("loss", "fraction"), ("weeks", "weeks"))
        ]

    def _step_shock(self, shock: str) -> Step:
        return Step(f"outcomes/{shock}/home", self._measure(shock, ["gross"])[0])


def _split_stage(name: str) -> tuple[str, str]:
    """Return the stage before and the stage of a measure: ``saved_spare`` is what ``spare`` takes away from ``stocks``."""
    stages: tuple[str, ...] = STAGES
    if not name.startswith("saved_"):
        return "", stages[stages.index(name)]
    at = stages.index(name.removeprefix("saved_"))
    if at == 0:
        raise LookupError(name)
    return stages[at - 1], stages[at]


def _tidy(value: float) -> float:
    return 0.0 if abs(value) < ROUNDING else float(value)
