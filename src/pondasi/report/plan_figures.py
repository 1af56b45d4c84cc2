"""The figures of a saved plan by their place, each with the rows of the run and of the case that it rests on.

``plan/HOME/value``, ``most``, ``short``, ``fresh`` speak of the whole; ``plan/HOME/chance/STEP``, ``soon``, ``begins`` of a
step; ``plan/HOME/start/STEP/YEAR/FUTURE/MEASURE`` of one start; ``plan/HOME/future/FUTURE/MEASURE`` of a future;
``plan/HOME/paid/KIND/YEAR`` and ``purse/PURSE/YEAR`` of money, ``people/SKILL/YEAR/MEASURE`` of people,
``output/NODE/YEAR/MEASURE`` of capacity, ``partner/CODE`` of what a partner brings, ``count/WHAT`` of steps, ``target/ID/MEASURE``, ``targets/WHAT`` and
``way/N/amount`` of what was asked for; and
``plan_run/HOME/WHAT`` is what the call set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import Figure, Grade, grade_of, weakest
from pondasi.plan.tell_targets import SHORT, judge_target
from pondasi.report.evidence import Step
from pondasi.report.plan_run import split_sources
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pondasi.report.plan_run import PlanRun

    Found = tuple[Figure, list[Step]]

KINDS = ("plan", "plan_run")
"""First parts of the names of these figures."""
MILLION = 1e6
MONEY_KINDS = ("state", "private", "partner")
MEASURES = {"year": "year", "lead": "years", "modules": "modules", "probability": "fraction"}
SET = {"first": "year", "last": "year", "soon": "year", "futures": "count", "scenarios": "count", "offered": "count"}

AFTER = {"disruptions": "scenarios", "weeks": "weeks"}
CHECK = {"years": "count", "firm": "index"}
SIDES = {"exposure": "fraction", "concentration": "index", "sales": "USD/year", "output": "USD/year"}
ASSUMED: Grade = "assumed"
"""Pace, traits and hazards behind a weekly run mostly are."""


class PlanFigures:
    """Tells the figures of a saved plan.

    Parameters
    ----------
    told
        The plan.
    """

    def __init__(self, told: PlanRun) -> None:
        self.told = told

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on.

        Raises
        ------
        LookupError
            If there is no figure of that name.
        """
        kind, home, *parts = place.strip("/").split("/")
        if home != self.told.home or not parts:
            raise LookupError(place)
        if kind == KINDS[1]:
            return self._find_set(*parts), []
        finders: Mapping[str, Callable[..., Found]] = {
            "count": self._find_count,
            "start": self._find_start,
            "future": self._find_future,
            "paid": self._find_paid,
            "purse": self._find_purse,
            "people": self._find_people,
            "output": self._find_output,
            "partner": self._find_partner,
            "after": self._find_after,
            "check": self._find_check,
            "side": self._find_side,
            "target": self._find_target,
            "targets": self._find_targets,
            "way": self._find_way,
        }
        name, *rest = parts
        if name in finders:
            return finders[name](*rest)
        return self._find_step(name, *rest) if rest else self._find_whole(name)

    def _find_after(self, first: str, name: str = "") -> Found:
        """Return the loss before or after the plan, of a named shock or as the mean over fresh disruptions, or the change."""
        rows = self._starting_with("step_nodes/") or self._rest_on_costs()
        if name:
            row = index_rows(self.told.tables["after_named"], "shock")[first]
            figure = Figure(row[{"before": "before", "after": "after"}[name]], "weeks", grade=ASSUMED)
            return figure, [Step(f"after_named/{first}", figure), *rows]
        row = list_rows(self.told.tables["after"])[0]
        low, high = (row["low"], row["high"]) if first == "change" else (None, None)
        value = row[{"before": "before", "after": "after", "change": "change"}[first]]
        figure = Figure(value, "weeks", low, high, grade=ASSUMED)
        return figure, [Step("after", figure), *rows]

    def _find_check(self, name: str) -> Found:
        row = list_rows(self.told.tables["check"])[0]
        figure = Figure(row[{"rank": "rank", "slope": "slope"}[name]], "index", grade=ASSUMED)
        return figure, [Step("check", figure), *(self._starting_with("step_nodes/") or self._rest_on_costs())]

    def _find_side(self, country: str, measure: str, end: str) -> Found:
        row = index_rows(self.told.tables["sides"], "country", "measure")[country, measure]
        figure = Figure(row[{"before": "before", "after": "after"}[end]], SIDES[measure], grade=self.told.grade)
        return figure, [
            Step(f"sides/{country}/{measure}", figure),
            *(self._starting_with("step_nodes/") or self._rest_on_costs()),
        ]

    def _find_target(self, name: str, measure: str) -> Found:
        """Return what is asked, reached, or reached without asking of a target; or which part of it is reached."""
        row = next(row for row in self.told.targets if row["target"] == name)
        asked = Step(
            f"targets/{name}",
            Figure(
                row["asked"],
                row["unit"],
                year=int(row["year"]),
                grade=weakest(row["grade"]),
                sources=split_sources(row["sources"]),
            ),
        )
        if measure == "year":
            return Figure(int(row["year"]), "year", grade="exact"), [asked]
        if measure == "asked":
            return asked.figure, [asked]
        if measure == "alone":
            figure = Figure(self.told.missed[name]["level"], row["unit"], grade=self.told.grade)
            return figure, [asked, Step(f"partner_missed/{name}", figure), *self._rest_on_costs()]
        part = {"reached": row["reached"], "without": row["without"], "part": row["reached"] / row["asked"]}[measure]
        figure = Figure(part, "fraction" if measure == "part" else row["unit"], grade=self.told.grade)
        return figure, [
            asked,
            *(self._starting_with("step_training/", "step_nodes/", "talent/") or self._rest_on_costs()),
        ]

    def _find_targets(self, name: str) -> Found:
        """Return how many targets there are or are reached, or an end of what they cost."""
        rows = [self._find_target(row["target"], "asked")[1][0] for row in self.told.targets]
        if name in {"count", "met"}:
            met = [row for row in self.told.targets if judge_target(row) != SHORT]
            return Figure(len(self.told.targets if name == "count" else met), "count", grade="exact"), rows
        row = list_rows(self.told.tables["targets_cost"])[0]
        figure = self._worth(row[{"low": "low", "high": "high", "value": "value"}[name]])
        return figure, [Step(f"targets_cost/{name}", figure), *rows, *self._rest_on_costs()]

    def _find_way(self, k: str, _: str) -> Found:
        """Return how much more of a limit a target out of reach would take."""
        row = self.told.ways[int(k)]
        money = row["kind"] in {"budget", "loan"}
        unit = "USD" if money else row["unit"] or "index"
        figure = Figure(row["amount"] * (MILLION if money else 1.0), unit, grade=self.told.grade)
        years = range(int(row["first"]), int(row["last"]) + 1)
        return figure, [Step(f"target_ways/{k}", figure), *self._of_budgets(years, [row["item"]])]

    def _find_set(self, name: str, year: str = "") -> Figure:
        if name == "year" and int(year) in self.told.years:
            return Figure(int(year), "year", grade="exact")
        if name in AFTER:
            return Figure(int(self.told.tables["after"][AFTER[name]].iloc[0]), "count", grade="exact")
        if name in CHECK:
            return Figure(self.told.tables["check"][name].iloc[0].item(), CHECK[name], grade="exact")
        if name == "draws":
            return Figure(int(self.told.tables["fresh"]["draws"].iloc[0]), "count", grade="exact")
        return Figure(int(self.told.set[name]), SET[name], grade="exact")

    def _find_whole(self, name: str) -> Found:
        """Return a figure of the whole plan; it rests on what is started and on the futures."""
        if name == "fresh":
            row = list_rows(self.told.tables["fresh"])[0]
            figure = self._worth(row["mean"], row["low"], row["high"])
            return figure, [Step("fresh", figure), *self._rest_on_costs()]
        value = {
            "value": self.told.measures["value"],
            "most": self.told.measures["most"],
            "short": max(self.told.measures["most"] - self.told.measures["value"], 0.0),
            "loss": -self.told.measures["value"],
            "least_loss": -self.told.measures["most"],
        }[name]
        figure = self._worth(value)
        return figure, [Step(f"measures/{name}", figure), *self._rest_on_costs()]

    def _worth(self, value: float, low: float | None = None, high: float | None = None) -> Figure:
        low, high = (None if end is None else end * MILLION for end in (low, high))
        return Figure(value * MILLION, "USD", low, high, grade=self.told.grade)

    def _rest_on_costs(self) -> list[Step]:
        """Return the rows of the case that weigh most in the plan: costs of what is started, then the futures."""
        starts = {row["step"]: 0.0 for row in self.told.starts}
        for row in self.told.starts:
            starts[row["step"]] += row["modules"] * row["probability"]
        costs = [
            self.told.inputs[f"step_costs/{step}/capex"]
            for step in starts
            if f"step_costs/{step}/capex" in self.told.inputs
        ]
        costs.sort(key=lambda one: -(one.figure.value or 0.0) * starts[one.place.split("/")[1]])
        return [*costs, *self._starting_with("parameters/real_discount_rate"), *self._of_futures(self.told.futures)]

    def _starting_with(self, *prefixes: str) -> list[Step]:
        return [step for place, step in self.told.inputs.items() if place.startswith(prefixes)]

    def _of_futures(self, futures: Iterable[str]) -> list[Step]:
        """Return the rows of the full tree that are joined in some futures."""
        wanted = set(futures)
        table = self.told.tables["inputs"]
        mine = table[(table["table"] == "futures") & table["about"].isin(list(wanted))]
        return [self.told.inputs[place] for place in mine["place"]]

    def _of_step(self, step: str) -> list[Step]:
        """Return the row of a step in the plan, and its rows in the case."""
        row = self.told.steps[step]
        figure = Figure(row["chance"], "fraction", grade=weakest(row["grade"]), sources=split_sources(row["sources"]))
        return [Step(f"steps/{step}", figure), *self._starting_with(f"step_costs/{step}/", f"step_traits/{step}/")]

    def _find_step(self, name: str, step: str) -> Found:
        row = self.told.steps[step]
        column, unit = {
            "chance": ("chance", "fraction"),
            "soon": ("soon", "fraction"),
            "begins": ("first", "year"),
            "ends": ("last", "year"),
        }[name]
        return Figure(row[column], unit, grade=self.told.grade), self._of_step(step)

    def _find_count(self, name: str, part: str = "") -> Found:
        """Return how many steps start soon, in every future, at all, or in some futures only.

        Of those that start soon ``soon_with/CODE`` and ``soon_with/alone`` count those with a partner or alone, and
        ``soon_more/N`` those after the first N.
        """
        steps, sure, soon = list(self.told.steps), self.told.list_sure(), self.told.list_soon()
        if name == "soon_with":
            wanted = None if part == "alone" else part
            return self._count([step for step in soon if self.told.find_partner(step) == wanted])
        if name == "soon_more":
            return self._count(soon[int(part) :])
        found = {
            "soon": soon,
            "sure": sure,
            "steps": steps,
            "some": [step for step in steps if step not in sure],
        }[name]
        return self._count(found)

    def _count(self, found: list[str]) -> Found:
        rows = [self._of_step(step)[0] for step in found] or self._of_futures(self.told.futures)
        return Figure(len(found), "count", grade="exact"), rows

    def _find_start(self, step: str, year: str, future: str, name: str) -> Found:
        row = next(
            one for one in self.told.starts if (one["step"], str(one["year"]), one["future"]) == (step, year, future)
        )
        figure = Figure(row[name], MEASURES[name], grade=self.told.grade)
        return figure, [Step(f"starts/{step}/{year}/{future}", figure), *self._of_step(step)]

    def _find_future(self, future: str, name: str) -> Found:
        row, rows = self.told.futures[future], self._of_futures([future])
        if name == "year":
            return Figure(int(row["year"]), "year", grade="exact"), rows
        value = {"chance": "probability", "reach": "reach"}[name]
        return Figure(row[value], "fraction", grade=_grade(rows)), rows

    def _find_paid(self, kind: str, year: str = "") -> Found:
        """Return what a kind of funder pays in a year, or in the years until the first steps are on their way."""
        if kind != "all" and kind not in MONEY_KINDS:
            raise LookupError(kind)
        years = [int(year)] if year else [one for one in self.told.years if one <= int(self.told.set["soon"])]
        purses = [purse for purse, row in self.told.purses.items() if kind in {"all", row["kind"]}]
        value = sum(self.told.money[one, purse]["paid"] for one in years for purse in purses)
        steps = [
            Step(f"money/{one}/{purse}", self._worth(self.told.money[one, purse]["paid"]))
            for one in years
            for purse in purses
            if self.told.money[one, purse]["paid"]
        ]
        return self._worth(value), [*steps, *self._of_budgets(years, purses), *self._rest_on_costs()]

    def _of_budgets(self, years: Iterable[int], purses: Iterable[str]) -> list[Step]:
        wanted = {f"/{purse}/{year}" for purse in purses for year in years}
        return [
            one
            for place, one in self.told.inputs.items()
            if place[place.find("/") :].endswith(tuple(wanted)) and place.startswith("budgets/")
        ]

    def _find_purse(self, purse: str, year: str, name: str) -> Found:
        figure = self._worth(self.told.money[int(year), purse][{"paid": "paid", "budget": "budget"}[name]])
        row = Step(f"money/{year}/{purse}", figure)
        return figure, [row, *self._of_budgets([int(year)], [purse]), *self._rest_on_costs()]

    def _find_people(self, skill: str, year: str, name: str) -> Found:
        value = self.told.people[int(year), skill][{"needed": "needed", "there": "there"}[name]]
        rows = self._starting_with(f"talent/{skill}/stock", f"talent/{skill}/attrition")
        rows += [
            step
            for place, step in self.told.inputs.items()
            if place.startswith("step_needs/") and f"/{skill}/" in place
        ]
        figure = Figure(value, "persons", grade=_grade(rows))
        return figure, [Step(f"people/{year}/{skill}", figure), *rows]

    def _find_output(self, node: str, year: str, name: str) -> Found:
        value = self.told.output[int(year), node][{"standing": "standing", "working": "working"}[name]]
        rows = [
            one for place, one in self.told.inputs.items() if place.startswith("step_nodes/") and f"/{node}/" in place
        ]
        figure = Figure(value * MILLION, "USD/year", grade=_grade(rows))
        return figure, [Step(f"output/{year}/{node}", figure), *rows]

    def _find_partner(self, code: str, end: str) -> Found:
        if end == "steps":
            mine = list(dict.fromkeys(row["step"] for row in self.told.starts if row["partner"] == code))
            rows = [self._of_step(step)[0] for step in mine] or self._starting_with(f"partners/{code}")
            return Figure(len(mine), "count", grade="exact"), rows
        row = index_rows(self.told.tables["partner"], "partner")[code]
        figure = self._worth(row[{"low": "low", "high": "high"}[end]])
        return figure, [
            Step(f"partner/{code}", figure),
            *self._starting_with(f"partners/{code}"),
            *self._rest_on_costs(),
        ]


def _grade(rows: Iterable[Step]) -> Grade:
    """Return how firm most of some rows are."""
    counts: dict[str, float] = {}
    for row in rows:
        counts[row.figure.grade] = counts.get(row.figure.grade, 0.0) + 1.0
    return grade_of(counts)
