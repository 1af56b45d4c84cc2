"""The charts on a plan: the roadmap with its gates, money by year, people against stock, capacity by node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.places import name_place
from pondasi.plan.gates import begin_small
from pondasi.report.blocks import Cell, Chart, Table
from pondasi.report.charts.columns import Columns, Panel, Series, draw_columns
from pondasi.report.charts.gantt import Gantt, Group, Row, draw_gantt
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.marks import Text, mark_figure, mark_name
from pondasi.report.plan_figures import MILLION, MONEY_KINDS
from pondasi.report.plan_run import SURE
from pondasi.report.svg import GREY, INK, LETTERS, PALE, PILLARS, STAGES

if TYPE_CHECKING:
    from pondasi.plan.gates import Start
    from pondasi.report.context import Context
    from pondasi.report.plan_run import PlanRun

PAYS = {"state": (INK, "S"), "private": (GREY, "P"), "partner": (PALE, "F")}
"""Colour and letter of who pays: the country's own money in ink, others in greys."""
PEOPLE = PILLARS["enabler"]
PANEL = 170.0
"""Height of a panel of people."""
AMPLE = 0.5
"""Up to this part of the people there, no skill is called strained."""
PAPER_YEARS = 10
"""Years of a table that a paper prints; page and workbook hold all."""
EVERY = 5
"""Years between the rows that a table of years shows first."""


def chart_roadmap(context: Context, told: PlanRun) -> Chart:
    """Return the roadmap: what starts when, how long it is built, and in which part of the futures."""
    at = f"plan/{told.home}"
    waits = bool(context.look_up(f"{at}/count/some").value)
    names = ("steps", "sure", "some") if waits else ("steps",)
    fields = {name: context.cite(f"{at}/count/{name}") for name in names}
    title = context.say("plan_brief.roadmap.title" if waits else "plan_brief.roadmap.title_all", **fields)
    soon = set(told.list_soon())
    groups = [
        Group(
            str(context.code("pillar", pillar)),
            colour,
            [
                Row(
                    name=str(name_step(context, told, step)),
                    row=f"steps/{step}",
                    text=_say_end(context, told, step),
                    profile=told.draw_profile(step),
                    grade=row["grade"],
                    strong=step in soon,
                )
                for step, row in told.steps.items()
                if row["pillar"] == pillar
            ],
        )
        for pillar, colour in PILLARS.items()
    ]
    gates = dict.fromkeys(gate.year for gate in told.gates.gates)
    named = {gate.year: gate.branches[0].future for gate in told.gates.gates}
    picture = Gantt(
        id="plan-svg",
        title=str(title),
        description=context.say("plan_brief.roadmap.description", home=context.home),
        groups=[group for group in groups if group.rows],
        first=told.years[0],
        last=told.years[-1],
        gates=[(year, context.cite(f"{at}/future/{named[year]}/year")) for year in gates],
        soon=int(told.set["soon"]),
        soon_name=context.say("plan_brief.roadmap.soon"),
        keys=(
            context.say("plan_brief.roadmap.building"),
            context.say("plan_brief.roadmap.running"),
            context.say("plan_brief.roadmap.gate"),
        ),
        grade=told.grade,
    )
    return Chart(
        id="plan-chart",
        title=title,
        subtitle=context.say("plan_brief.roadmap.subtitle"),
        svg=draw_gantt(picture),
        table=_table_starts(context, told),
        caption=say_caption(context, told),
        sources=_sources(told),
    )


def _say_end(context: Context, told: PlanRun, step: str) -> str:
    """Return the year in which a step starts first and the chance that it starts."""
    at = f"plan/{told.home}"
    fields = {"year": context.cite(f"{at}/begins/{step}"), "chance": context.cite(f"{at}/chance/{step}")}
    if told.steps[step]["chance"] >= SURE:
        return context.say("plan_brief.roadmap.end_sure", **fields)
    return context.say("plan_brief.roadmap.end", **fields)


def _table_starts(context: Context, told: PlanRun) -> Table:
    names = ("step", "pillar", "partner", "year", "lead", "future", "chance", "modules")
    heads = tuple(context.say(f"plan_brief.column.{name}") for name in names)
    rows = []
    for row in told.starts:
        at = f"plan/{told.home}/start/{row['step']}/{row['year']}/{row['future']}"
        partner = context.place(row["partner"]) if row["partner"] else context.say("plan_brief.alone")
        rows.append(
            (
                Cell(str(name_step(context, told, row["step"])), place=f"steps/{row['step']}"),
                Cell(context.code("pillar", told.steps[row["step"]]["pillar"])),
                Cell(partner),
                context.cell(f"{at}/year"),
                context.cell(f"{at}/lead"),
                Cell(name_future(context, told, row["future"]), place=f"futures/{row['future']}"),
                context.cell(f"{at}/probability"),
                context.cell(f"{at}/modules"),
            )
        )
    return Table(heads, tuple(rows))


def chart_money(context: Context, told: PlanRun) -> Chart:
    """Return who pays what in each year."""
    at = f"plan/{told.home}"
    title = context.say(
        "plan_brief.money.title",
        year=context.cite(f"plan_run/{told.home}/soon"),
        whole=context.cite(f"{at}/paid/all"),
        state=context.cite(f"{at}/paid/state"),
    )
    purses = {kind: [purse for purse, row in told.purses.items() if row["kind"] == kind] for kind in MONEY_KINDS}
    parts = [
        Series(
            context.say(f"plan_brief.money.{kind}"),
            [MILLION * sum(told.money[year, purse]["paid"] for purse in purses[kind]) for year in told.years],
            PAYS[kind][0],
            told.grade,
            PAYS[kind][1],
        )
        for kind in MONEY_KINDS
    ]
    picture = Columns(
        id="plan-money-svg",
        title=str(title),
        description=context.say("plan_brief.money.description", home=context.home),
        years=told.years,
        panels=[Panel(parts)],
        axis=context.numbers.money_tick,
        per_unit=context.numbers.rate.per_usd,
    )
    shown = [purse for purse in told.purses if any(told.money[year, purse]["paid"] for year in told.years)]
    heads = (
        context.say("plan_brief.column.year"),
        *(
            context.say(f"plan_brief.column.{name}", who=name_purse(context, told, purse))
            for purse in shown
            for name in ("paid", "budget")
        ),
    )
    rows = tuple(
        (
            _year(told, year),
            *(context.cell(f"{at}/purse/{purse}/{year}/{name}") for purse in shown for name in ("paid", "budget")),
        )
        for year in told.years
    )
    return Chart(
        id="plan-money",
        title=title,
        subtitle=context.say("plan_brief.money.subtitle"),
        svg=draw_columns(picture),
        table=Table(heads, rows),
        shown=min(PAPER_YEARS, len(told.years)),
        caption=say_caption(context, told),
        sources=_sources(told),
    )


def name_purse(context: Context, told: PlanRun, purse: str) -> str:
    """Return the name of who pays."""
    own = told.purses[purse][f"name_{context.words.language}"]
    return own or name_place(purse, context.words.language, context.places)


def chart_people(context: Context, told: PlanRun) -> Chart:
    """Return the people that the plan needs against those that there are, skill by skill."""
    at, years = f"plan/{told.home}", told.years
    skills = list(dict.fromkeys(skill for _, skill in told.people))

    def strain(skill: str, year: int) -> float:
        row = told.people[year, skill]
        return float(row["needed"] / row["there"]) if row["there"] else 0.0

    skill, year = max(((skill, year) for skill in skills for year in years), key=lambda pair: strain(*pair))
    title = context.say(
        "plan_brief.people.title" if strain(skill, year) > AMPLE else "plan_brief.people.title_ample",
        skill=begin_small(context.code("skill", skill)),
        year=cite_year(told, year),
        **{name: context.cite(f"{at}/people/{skill}/{year}/{name}") for name in ("needed", "there")},
    )
    grade = context.look_up(f"{at}/people/{skill}/{year}/needed").grade
    panels = [
        Panel(
            [
                Series(
                    context.say("plan_brief.people.needed"),
                    [told.people[one, name]["needed"] for one in years],
                    PEOPLE,
                    context.look_up(f"{at}/people/{name}/{years[0]}/needed").grade,
                )
            ],
            str(context.code("skill", name)),
            [told.people[one, name]["there"] for one in years],
        )
        for name in skills
    ]
    picture = Columns(
        id="plan-people-svg",
        title=str(title),
        description=context.say("plan_brief.people.description", home=context.home),
        years=years,
        panels=panels,
        axis=context.numbers.amount_tick,
        line_name=context.say("plan_brief.people.there"),
        height=PANEL,
    )
    heads = (
        context.say("plan_brief.column.year"),
        *(
            context.say(f"plan_brief.column.{name}", who=context.code("skill", one))
            for one in skills
            for name in ("needed", "there")
        ),
    )
    rows = tuple(
        (
            _year(told, one),
            *(context.cell(f"{at}/people/{name}/{one}/{what}") for name in skills for what in ("needed", "there")),
        )
        for one in years
    )
    return Chart(
        id="plan-people",
        title=title,
        subtitle=context.say("plan_brief.people.subtitle"),
        svg=draw_columns(picture),
        table=Table(heads, rows),
        shown=min(PAPER_YEARS, len(told.years)),
        caption=context.say("plan_brief.caption_people", grade=context.grade(grade), **_count_run(context, told)),
        sources=_sources(told),
    )


def chart_output(context: Context, told: PlanRun) -> Chart | None:
    """Return the capacity that the plan adds by its last year, node by node; None where it adds none."""
    at, last, nodes = f"plan/{told.home}", told.years[-1], told.list_nodes()
    if not nodes:
        return None
    first = f"{at}/output/{nodes[0]}/{last}"
    title = context.say(
        "plan_brief.output.title",
        node=context.node_in_text(nodes[0]),
        year=context.cite(f"plan_run/{told.home}/last"),
        standing=context.cite(f"{first}/standing"),
        working=context.cite(f"{first}/working"),
    )
    stages = {row: context.findings.nodes[row].stage for row in nodes}
    bars = []
    for node in nodes:
        place = f"{at}/output/{node}/{last}"
        standing, working = (context.look_up(f"{place}/{name}") for name in ("standing", "working"))
        colour, letter = STAGES[stages[node]], LETTERS[stages[node]]
        parts = (
            Part(working.value or 0.0, colour, working.grade, context.grade(working.grade), letter),
            Part(
                (standing.value or 0.0) - (working.value or 0.0),
                "#FFFFFF",
                "exact",
                context.say("plan_brief.output.fails"),
            ),
        )
        text = context.cite(f"{place}/working")
        bars.append(Bar(context.names[node], parts, text, strong=node == nodes[0], row=f"nodes/{node}"))
    keys = [
        Key(context.stage(stage), STAGES[stage], told.grade, LETTERS[stage])
        for stage in STAGES
        if stage in stages.values()
    ]
    picture = Bars(
        id="plan-output-svg",
        title=str(title),
        description=context.say("plan_brief.output.description", home=context.home),
        bars=bars,
        axis=context.numbers.money_tick,
        keys=[*keys, Key(context.say("plan_brief.output.fails"), "#FFFFFF")],
        per_unit=context.numbers.rate.per_usd,
    )
    years = [year for year in told.years if year % EVERY == 0 or year == last]
    names = ("year", "working", "standing")
    heads = (context.say("brief.column.node"), *(context.say(f"plan_brief.column.{name}") for name in names))
    rows = tuple(
        (
            context.node_cell(node),
            _year(told, year),
            *(context.cell(f"{at}/output/{node}/{year}/{name}") for name in names[1:]),
        )
        for node in nodes
        for year in reversed(years)
    )
    return Chart(
        id="plan-output",
        title=title,
        subtitle=context.say("plan_brief.output.subtitle", year=context.cite(f"plan_run/{told.home}/last")),
        svg=draw_ranked_bars(picture),
        table=Table(heads, rows),
        caption=say_caption(context, told),
        sources=_sources(told),
    )


def _year(told: PlanRun, year: int) -> Cell:
    return Cell(str(year), place=f"plan_run/{told.home}/year/{year}")


def cite_year(told: PlanRun, year: int) -> Text:
    """Return a year of the plan, marked."""
    return Text(mark_figure(f"plan_run/{told.home}/year/{year}", str(year)))


def _count_run(context: Context, told: PlanRun) -> dict[str, str]:
    return {name: context.cite(f"plan_run/{told.home}/{name}") for name in ("scenarios", "futures")}


def say_caption(context: Context, told: PlanRun) -> str:
    """Return the line under a chart of the plan: over how many futures and years of disruption, and how firm."""
    return context.say("plan_brief.caption", grade=context.grade(told.grade), **_count_run(context, told))


def _sources(told: PlanRun) -> tuple[str, ...]:
    """Return the first source of each step that is started."""
    first = (row["sources"].split("|")[0] for row in told.steps.values())
    return tuple(dict.fromkeys(filter(None, first)))


def name_step(context: Context, told: PlanRun, step: str) -> Text:
    """Return the name of a step, with the row that it stands for."""
    return Text(mark_name(f"steps/{step}", told.steps[step][f"name_{context.words.language}"]))


def name_start(context: Context, told: PlanRun, start: Start) -> str:
    """Return a step with its year, and its partner where it has one."""
    place = f"plan/{told.home}/start/{start.step}/{start.year}/{start.future}/year"
    fields = {"step": name_step(context, told, start.step), "year": context.cite(place)}
    if start.partner is None:
        return context.say("plan.gate.item.alone", **fields)
    return context.say("plan.gate.item.partner", partner=context.place_in_text(start.partner), **fields)


def name_future(context: Context, told: PlanRun, future: str) -> str:
    """Return the name of a future; that of all futures together for the first one."""
    if future == told.gates.root:
        return context.say("plan_brief.every_future")
    return str(told.futures[future][f"name_{context.words.language}"])
