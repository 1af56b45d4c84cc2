"""Which assumptions move the first steps most, and which first steps stay whatever they are?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.plan.gates import begin_small
from pondasi.report.assumption_figures import COUNTED
from pondasi.report.blocks import Cell, Chart, Headline, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.sections.plan_others import GRADE, chart_steps, find_questions, name_step
from pondasi.report.svg import ALARM, GREY
from pondasi.sensitivity.tell_plan import name_group

if TYPE_CHECKING:
    from pondasi.report.assumption_figures import AssumptionRun
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

NAMED, HEAD = 5, 2
"""Groups that the answer names, and that the line above all statements names."""
ENDS = ("low", "high")
STEPS = "assumption-steps-chart"
"""Id of the chart of first steps."""


def write_assumptions(context: Context, _run: SavedRun) -> Section:
    """Return the section on a plan under moved assumptions: which groups of figures change its first steps, and which steps stay."""
    told: AssumptionRun = find_questions(context, "assumptions")  # type: ignore[assignment]  # the teller of this kind
    moving = [row for row in told.close if row["changed"]]
    fields = _cite_counts(context, told)
    items = [_say_group(context, told, row) for row in moving[:NAMED]]
    form = "answer" if moving else "still"
    text = context.say(
        f"assumptions_brief.{form}", **fields, **({"items": context.join(items, "parts")} if moving else {})
    )
    charts = [_chart_groups(context, told)] if told.close else []
    charts += [_chart_firm(context, told)] if told.firm or (told.first and told.close) else []
    return Section(
        id="assumptions",
        title=context.say("slot.assumptions.title"),
        answer=text,
        blocks=tuple(charts),
        points=tuple(_say_points(context, told)),
        method=(context.say("assumptions_brief.method"),),
        statements=(Statement(text, "assumptions", GRADE),),
        headlines=(Headline(_say_head(context, told, moving), "assumptions", GRADE, "first"),) if moving else (),
    )


def _cite_counts(context: Context, told: AssumptionRun) -> dict[str, str]:
    names = ("groups", "figures", "assumed", "closely", "runs", "firm", "first")
    return {name: context.cite(f"assumptions/{told.home}/count/{name}") for name in names}


def _say_head(context: Context, told: AssumptionRun, moving: list[dict[str, Any]]) -> str:
    fields = _cite_counts(context, told)
    items = [_say_group(context, told, row) for row in moving[:HEAD]]
    return context.say(
        "assumptions_brief.head", firm=fields["firm"], first=fields["first"], items=context.join(items, "parts")
    )


def _say_group(context: Context, told: AssumptionRun, row: dict[str, Any]) -> str:
    at = f"assumptions/{told.home}"
    cited = {name: context.cite(f"{at}/{name}/{row['group']}") for name in ("changed", "sure")}
    return context.say("assumptions_brief.item", group=begin_small(name_group(row, context.words)), **cited)


def _say_points(context: Context, told: AssumptionRun) -> list[str]:
    """Say the gap beside the changes, which steps stay, and what was not moved or is not known."""
    at = f"assumptions/{told.home}"
    cited = {name: context.cite(f"{at}/plan/{name}") for name in ("value", "most")}
    said = [context.say("assumptions_brief.gap", **cited)]
    if not told.first:
        said.append(context.say("assumptions.no_first"))
    if told.firm:
        names = [str(name_step(context, told, step)) for step in told.firm]
        said.append(context.say("assumptions_brief.firm", steps=context.join(names, "parts")))
    if told.broken:
        names = [begin_small(name_group(row, context.words)) for row in told.broken]
        said.append(context.say("assumptions_brief.broken", groups=context.join(names, "parts")))
    if told.others:
        drift, rest = context.cite(f"{at}/drift"), context.cite(f"{at}/count/rest")
        said.append(context.say("assumptions_brief.others", drift=drift, rest=rest))
    stayed = {name: context.cite(f"{at}/count/{name}") for name in ("fixed", "held")}
    said.append(context.say("assumptions_brief.stayed", **stayed))
    if context.look_up(f"{at}/count/unknown").value:
        said.append(context.say("assumptions_brief.time", unknown=context.cite(f"{at}/count/unknown")))
    return said


def _chart_groups(context: Context, told: AssumptionRun) -> Chart:
    """Return the groups looked at closely by how many first steps they change, with the value at both ends."""
    at = f"assumptions/{told.home}"
    names = [name_group(row, context.words) for row in told.close]
    moving = bool(told.close[0]["changed"])
    title = (
        context.say("assumptions_brief.chart.title", group=begin_small(names[0]))
        if moving
        else context.say("assumptions_brief.chart.still")
    )
    keys = {name: context.say(f"assumptions_brief.chart.{name}") for name in ("sure", "open")}
    bars = [
        Bar(
            name,
            (
                Part(float(row["sure"]), ALARM, GRADE, keys["sure"]),
                Part(float(row["changed"] - row["sure"]), GREY, GRADE, keys["open"]),
            ),
            context.say(
                "assumptions_brief.chart.ends",
                **{end: context.cite(f"{at}/value/{end}/{row['group']}") for end in ENDS},
            ),
            strong=number == 0 and moving,
        )
        for number, (row, name) in enumerate(zip(told.close, names, strict=True))
    ]
    picture = Bars(
        id="assumptions-svg",
        title=str(title),
        description=context.say("assumptions_brief.chart.description", home=context.home),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(keys["sure"], ALARM, GRADE), Key(keys["open"], GREY, GRADE)],
        limit=float(max(len(told.first), 1)),
    )
    places = [
        *(f"{at}/{name}/{{}}" for name in COUNTED),
        *(f"{at}/{kind}/{end}/{{}}" for kind in ("value", "kept") for end in ENDS),
    ]
    columns = ("group", *COUNTED, *ENDS, *(f"kept_{end}" for end in ENDS))
    rows = tuple(
        (Cell(name), *(context.cell(place.format(row["group"])) for place in places))
        for row, name in zip(told.close, names, strict=True)
    )
    return Chart(
        id="assumptions-chart",
        title=title,
        subtitle=context.say("assumptions_brief.chart.subtitle"),
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"assumptions_brief.column.{name}") for name in columns), rows),
        caption=_caption(context, told),
        sources=list_sources(context.look_up(f"{at}/plan/value")),
    )


def _chart_firm(context: Context, told: AssumptionRun) -> Chart:
    """Return the first steps by the part of the plans searched anew in which they stay."""
    at, fields = f"assumptions/{told.home}", _cite_counts(context, told)
    texts = {
        "title": context.say("assumptions_brief.steps.title", firm=fields["firm"], first=fields["first"]),
        "subtitle": context.say("assumptions_brief.steps.subtitle", runs=fields["runs"]),
        "description": context.say("assumptions_brief.steps.description", home=context.home),
        "caption": _caption(context, told),
    }
    return chart_steps(context, told, STEPS, texts, {step: f"{at}/share/{step}" for step in told.first})


def _caption(context: Context, told: AssumptionRun) -> str:
    runs = context.cite(f"assumptions/{told.home}/count/runs")
    return context.say("assumptions_brief.caption", grade=context.grade(GRADE), runs=runs)
