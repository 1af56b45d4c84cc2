"""What would one more unit be worth, what is it worth to plan, wait, adapt and know, and what would other aims cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.plan.gates import begin_small
from pondasi.report.blocks import Section
from pondasi.report.sections.intervals import Interval, chart_intervals, say_between
from pondasi.report.sections.plan_others import GRADE, find_questions

if TYPE_CHECKING:
    from pondasi.report.blocks import Chart
    from pondasi.report.context import Context
    from pondasi.report.plan_questions import PlanQuestions
    from pondasi.workspace import SavedRun

TEXTS = ("title", "subtitle", "description", "first")
"""Texts of a chart of intervals, beside its caption."""
CHARTS = {
    "jobs": "front-jobs",
    "emissions": "front-emissions",
    "self_reliance": "front-self-reliance",
    "risk": "front-risk",
}
SHOWN = 10
"""Limits that are drawn."""


def write_units(context: Context, _run: SavedRun) -> Section:
    """Return the section on what one more unit of each limit is worth."""
    told = find_questions(context, "units")
    title = context.say("slot.units.title")
    if not told.units:
        return Section("units", title, context.say("units_brief.none"), method=(context.say("units_brief.method"),))
    places = [f"units/{told.home}/{row['kind']}/{row['item']}/{row['year']}" for row in told.units]
    first = told.units[0]
    text = context.say(
        "units_brief.answer",
        what=_name_unit(context, told, first),
        year=context.cite(f"{places[0]}/year"),
        worth=say_between(context, places[0]),
    )
    lines = [
        Interval(
            str(
                context.say(
                    "units_brief.line", name=_name_limit(context, told, row), year=context.cite(f"{place}/year")
                )
            ),
            place.replace("units/", "limits/", 1),
            place,
        )
        for row, place in zip(told.units[:SHOWN], places, strict=False)
    ]
    texts = {name: context.say(f"units_brief.{name}") for name in ("subtitle", "description", "first")}
    texts |= {"title": context.say("units_brief.title", what=_name_unit(context, told, first))}
    texts |= {"caption": _say_caption(context)}
    return Section(
        id="units",
        title=title,
        answer=text,
        blocks=(chart_intervals(context, "units-chart", texts, lines),),
        method=(context.say("units_brief.method"),),
    )


def _name_limit(context: Context, told: PlanQuestions, row: dict[str, Any]) -> str:
    """Return the name of the purse, skill or resource of a limit, or of a target."""
    item, language = str(row["item"]), context.words.language
    if row["kind"] == "target":
        return str(told.rows.targets[item][f"name_{language}"])
    if row["kind"] == "budget":
        known = told.rows.funders.get(item)
        return str(known[f"name_{language}"]) if known else context.place(item)
    return context.code("skill" if row["kind"] == "people" else "limit", item)


def _name_unit(context: Context, told: PlanQuestions, row: dict[str, Any]) -> str:
    """Return one more unit of a limit, or a tenth less of a target, in words."""
    kind = row["kind"] if row["kind"] in {"budget", "people", "target"} else "resource"
    unit = {"unit": told.rows.units[str(row["item"])]} if kind == "resource" else {}
    return context.say(f"units_brief.unit.{kind}", name=begin_small(_name_limit(context, told, row)), **unit)


def write_worth(context: Context, _run: SavedRun) -> Section:
    """Return the section on what planning for several futures, waiting, adapting and knowing are worth."""
    told = find_questions(context, "worth")
    places = {gain: f"worth/{told.home}/{gain}" for gain in told.gains}
    items = [
        context.say(f"worth_brief.item.{gain}", worth=say_between(context, place)) for gain, place in places.items()
    ]
    title = context.say("slot.worth.title")
    texts = {name: context.say(f"worth_brief.{name}") for name in TEXTS} | {"caption": _say_caption(context)}
    lines = [
        Interval(str(context.say(f"worth_brief.line.{gain}")), f"gains/{gain}", place)
        for gain, place in places.items()
        if context.look_up(f"{place}/high").value is not None
    ]
    return Section(
        id="worth",
        title=title,
        answer=context.say("worth_brief.answer", items=context.join(items, "parts")),
        blocks=(chart_intervals(context, "worth-chart", texts, lines),) if lines else (),
        method=(context.say("worth_brief.method"),),
    )


def write_front(context: Context, _run: SavedRun) -> Section:
    """Return the section on what more of another aim would cost: jobs, lower emissions, self-reliance, less risk."""
    told = find_questions(context, "front")
    said = [_say_front(context, told, aim) for aim in told.fronts]
    charts = [_chart_front(context, told, aim) for aim, points in told.fronts.items() if len(points) > 1]
    return Section(
        id="front",
        title=context.say("slot.front.title"),
        answer=_join(context, said),
        blocks=tuple(charts),
        method=(context.say("front_brief.method"),),
    )


def _join(context: Context, said: list[str]) -> str:
    text = said[0]
    for more in said[1:]:
        text = context.say("plan_brief.both", first=text, second=more)
    return text


def _say_front(context: Context, told: PlanQuestions, aim: str) -> str:
    """Say where the best plan stands in an aim, and what the furthest point would cost."""
    at, points = f"front/{told.home}/{aim}", told.fronts[aim]
    start = context.cite(f"{at}/reached/0")
    if len(points) == 1:
        return context.say(f"front_brief.{aim}_alone", start=start)
    last = points[-1]["point"]
    reached, cost = context.cite(f"{at}/reached/{last}"), say_between(context, f"{at}/cost/{last}")
    return context.say(f"front_brief.{aim}", start=start, reached=reached, cost=cost)


def _chart_front(context: Context, told: PlanQuestions, aim: str) -> Chart:
    at = f"front/{told.home}/{aim}"
    lines = [
        Interval(
            context.say(f"front_brief.point.{aim}", reached=context.cite(f"{at}/reached/{row['point']}")),
            f"front_{aim}/{row['point']}",
            f"{at}/cost/{row['point']}",
        )
        for row in told.fronts[aim]
    ]
    texts = {name: context.say(f"front_brief.{aim}_chart.{name}") for name in TEXTS}
    return chart_intervals(context, CHARTS[aim], {**texts, "caption": _say_caption(context)}, lines)


def _say_caption(context: Context) -> str:
    return context.say("intervals.caption", grade=context.grade(GRADE))
