"""A plan as a terminal and a spreadsheet show it: the roadmap by pillar with its gates, and its tables with titles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pondasi.cli.grid import measure_width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.report.plan_run import PlanRun
    from pondasi.words import Words

RUNS, RUNS_IN_SOME, BUILT, ABSENT, GATE = "#", "+", "-", ".", "|"
"""One sign a year: plain ones, that every terminal has."""
INDENT = "  "
DIGITS = 2
"""Decimals of sums in a sheet: figures that rest on assumed ones deserve no more."""


def draw_roadmap(told: PlanRun, words: Words) -> list[str]:
    """Return the roadmap as lines: steps by pillar, a sign for each year, a bar before each gate; none where nothing starts.

    What runs in some futures has another sign than what runs in all.
    """
    from pondasi.tables.dictionary import load_dictionary

    if not told.steps:
        return []
    pillars = load_dictionary().codes["pillar"]
    gates = {gate.year for gate in told.gates.gates}
    names = {step: INDENT + row[f"name_{words.language}"] for step, row in told.steps.items()}
    width = max(measure_width(name) for name in names.values())
    first, last = (str(told.years[end]) for end in (0, -1))
    drawn = "".join(GATE * (year in gates) + RUNS for year in told.years)
    lines = [f"{' ' * width}  {first}{last.rjust(len(drawn) - len(first))}"]
    pillar = None
    for step, name in names.items():
        if told.steps[step]["pillar"] != pillar:
            pillar = told.steps[step]["pillar"]
            lines.append(pillars[pillar][words.language])
        signs = "".join(
            GATE * (year in gates) + _choose_sign(building, running)
            for year, building, running in told.draw_profile(step)
        )
        lines.append(f"{name}{' ' * (width - measure_width(name))}  {signs}")
    kinds = {"runs": RUNS, "some": RUNS_IN_SOME, "built": BUILT, "gate": GATE}
    years = words.say("list.joint").join(str(year) for year in sorted(gates))
    return [*lines, words.say("plan.roadmap.legend", **kinds, years=years)]


def _choose_sign(building: float, running: float) -> str:
    """Return the sign of a year by the chances that a step is being built in it and that it runs."""
    from pondasi.report.plan_run import SURE

    if running >= SURE:
        return RUNS
    if running > 0 and running >= building:
        return RUNS_IN_SOME
    return BUILT if building > 0 else ABSENT


def title_plan(
    told: PlanRun, lines: list[str], nodes: Mapping[str, str], words: Words, places: str
) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan as a reader sees them: roadmap, money, people, new capacity, and all that is said.

    Parameters
    ----------
    lines
        The sentences on the plan.
    nodes
        Names of the nodes of the chain.
    places
        Profile of place names.
    """
    from pondasi.places import name_place
    from pondasi.tables.dictionary import load_dictionary

    codes, name = load_dictionary().codes, f"name_{words.language}"

    def purse(code: str) -> str:
        return str(told.purses[code][name] or name_place(code, words.language, places))

    paying = {code: purse(code) for code in told.purses if any(told.money[year, code]["paid"] for year in told.years)}
    skills = {skill: codes["skill"][skill][words.language] for _, skill in told.people}
    made = {node: nodes[node] for node in told.list_nodes()}
    tables = {
        "plan-chart": _list_starts(told, words, places),
        "plan-money": _spread(told, told.money, paying, ("paid", "budget"), words, "money"),
        "plan-people": _spread(told, told.people, skills, ("needed", "there"), words, "persons"),
        "plan-output": _spread(told, told.output, made, ("working", "standing"), words, "money_a_year"),
    }
    titled = {words.say(f"annex.sheet.{sheet}"): table for sheet, table in tables.items()}
    said = words.say("plan.sheet.said")
    return titled | {said: pd.DataFrame({said: lines})}


def _list_starts(told: PlanRun, words: Words, places: str) -> pd.DataFrame:
    """Return every start with what it is, with whom, when, in which future, and how large."""
    from pondasi.places import name_place
    from pondasi.plan.tell_flags import FLAGS
    from pondasi.tables.dictionary import load_dictionary

    codes, name = load_dictionary().codes, f"name_{words.language}"
    pillars, flags = codes["pillar"], codes["control_flag"]
    criteria = dict(zip(told.tables["readiness"]["criterion"], told.tables["readiness"][name], strict=True))
    rows = [
        {
            "step": told.steps[row["step"]][name],
            "pillar": pillars[told.steps[row["step"]]["pillar"]][words.language],
            "partner": words.say("plan_brief.alone")
            if row["partner"] is None
            else name_place(row["partner"], words.language, places),
            "year": row["year"],
            "lead": row["lead"],
            "future": words.say("plan_brief.every_future")
            if row["future"] == told.gates.root
            else told.futures[row["future"]][name],
            "chance": row["probability"],
            "modules": row["modules"],
            **{flag: flags[row[flag]][words.language] for flag in FLAGS},
            "readiness": "; ".join(criteria[one] for one in told.steps[row["step"]]["readiness"].split("|") if one),
        }
        for row in told.starts
    ]
    columns = ("step", "pillar", "partner", "year", "lead", "future", "chance", "modules")
    heads = {column: words.say(f"plan_brief.column.{column}") for column in columns}
    heads |= {column: words.say(f"plan.sheet.{column}") for column in (*FLAGS, "readiness")}
    return pd.DataFrame(rows, columns=list(heads)).rename(columns=heads)


def _spread(
    told: PlanRun,
    table: Mapping[tuple[int, str], Mapping[str, float]],
    names: Mapping[str, str],
    measures: tuple[str, ...],
    words: Words,
    unit: str,
) -> pd.DataFrame:
    """Return a table by year, with two columns for each name: its head says whose, what and in which unit."""
    from pondasi.report.numbers import Numbers

    money, per_million = Numbers(words).column_unit()
    factor = 1.0 if unit == "persons" else per_million
    found: dict[str, list[float]] = {words.say("plan_brief.column.year"): list(told.years)}
    for code, name in names.items():
        for measure in measures:
            what = words.say(f"plan.sheet.{measure}", who=name)
            found[words.say(f"plan.sheet.{unit}", what=what, unit=money)] = [
                round(table[year, code][measure] * factor, DIGITS) for year in told.years
            ]
    return pd.DataFrame(found)
