"""Which first steps does any good plan hold, and who brings what: other plans and other partners beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Headline, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.marks import Text, mark_name
from pondasi.report.sections.intervals import Interval, chart_intervals, say_between
from pondasi.report.svg import PILLARS

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.plan_questions import PlanQuestions
    from pondasi.workspace import SavedRun

GRADE = "assumed"
SHOWN, NAMED, HEAD = 16, 8, 4
"""Steps that are drawn, that the answer names, and that the line above all statements names."""


def find_questions(context: Context, kind: str) -> PlanQuestions:
    """Return the saved run behind a kind of figures, as the evidence reads it."""
    told: PlanQuestions = context.evidence.told[kind]  # type: ignore[assignment]  # the teller of these kinds
    return told


def write_others(context: Context, _run: SavedRun) -> Section:
    """Return the section on plans that are nearly as good as the best: which first steps they share."""
    told = find_questions(context, "others")
    at, set_ = f"others/{told.home}", f"others_run/{told.home}"
    fields = {
        "slack": context.cite(f"{set_}/slack"),
        "year": context.cite(f"{set_}/soon"),
        **{name: context.cite(f"{at}/count/{name}") for name in ("plans", "steps", "sure")},
    }
    title = context.say("slot.others.title")
    if len(told.plans) < 2 or not told.shares:  # noqa: PLR2004 - the best and one more
        return Section("others", title, context.say("others_brief.none", **fields))
    names = [_say_share(context, told, step) for step in list(told.shares)[:NAMED]]
    text = context.say("others_brief.answer", items=context.join(names, "parts"), **fields)
    items = [_say_share(context, told, step) for step in list(told.shares)[:HEAD]]
    head = context.say("others_brief.head", items=context.join(items, "parts"), **fields)
    return Section(
        id="others",
        title=title,
        answer=text,
        blocks=(_chart_shares(context, told),),
        method=(context.say("others_brief.method"),),
        headlines=(Headline(head, "others", GRADE, "first"),),
    )


def _say_share(context: Context, told: PlanQuestions, step: str) -> str:
    share = context.cite(f"others/{told.home}/share/{step}")
    return context.say("others_brief.item", step=name_step(context, told, step), share=share)


def _chart_shares(context: Context, told: PlanQuestions) -> Chart:
    at = f"others/{told.home}"
    texts = {
        "title": context.say(
            "others_brief.chart.title",
            sure=context.cite(f"{at}/count/sure"),
            steps=context.cite(f"{at}/count/steps"),
        ),
        "subtitle": context.say("others_brief.chart.subtitle", year=context.cite(f"others_run/{told.home}/soon")),
        "description": context.say("others_brief.chart.description", home=context.home),
        "caption": context.say(
            "others_brief.caption", grade=context.grade(GRADE), plans=context.cite(f"{at}/count/plans")
        ),
    }
    return chart_steps(context, told, "others-chart", texts, {step: f"{at}/share/{step}" for step in told.shares})


def chart_steps(
    context: Context, told: PlanQuestions, name: str, texts: dict[str, str], places: dict[str, str]
) -> Chart:
    """Return steps as bars, in the colours of their pillars, by the part of some plans that hold them.

    Parameters
    ----------
    name
        Id of the chart.
    texts
        ``title``, ``subtitle``, ``description`` and ``caption``.
    places
        Where the part of each step stands, in the order in which they are shown.
    """
    shown = list(places)[:SHOWN]
    figures = [context.look_up(places[step]) for step in shown]
    pillars = {step: str(told.rows.steps[step]["pillar"]) for step in places}
    bars = [
        Bar(
            str(name_step(context, told, step)),
            (Part(figure.value or 0.0, PILLARS[pillars[step]], figure.grade, context.grade(figure.grade)),),
            context.cite(places[step]),
            row=f"steps/{step}",
        )
        for step, figure in zip(shown, figures, strict=True)
    ]
    keys = [
        Key(context.code("pillar", pillar), colour, GRADE)
        for pillar, colour in PILLARS.items()
        if pillar in {pillars[step] for step in shown}
    ]
    picture = Bars(
        id=name.replace("chart", "svg"),
        title=str(texts["title"]),
        description=texts["description"],
        bars=bars,
        axis=context.numbers.tick,
        keys=keys,
        limit=1.0,
    )
    rows = tuple(
        (
            Cell(str(name_step(context, told, step)), place=f"steps/{step}"),
            Cell(context.code("pillar", pillars[step])),
            context.cell(place),
        )
        for step, place in places.items()
    )
    return Chart(
        id=name,
        title=texts["title"],
        subtitle=texts["subtitle"],
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"others_brief.column.{head}") for head in ("step", "pillar", "share")), rows),
        caption=texts["caption"],
        sources=list_sources(*figures),
        shown=min(SHOWN, len(rows)),
    )


def write_partners(context: Context, _run: SavedRun) -> Section:
    """Return the section on what each partner brings, alone, last and over all orders of joining."""
    told = find_questions(context, "partners")
    at, set_ = f"partners/{told.home}", f"partners_run/{told.home}"
    names = {code: context.place_in_text(code) for code in told.partners}
    fields = {
        "home": context.home,
        "all": say_between(context, f"{at}/all"),
        **{name: context.cite(f"{set_}/{name}") for name in ("solved", "groups")},
    }
    first = next(iter(told.partners))
    settled = bool(told.measures["separated"])
    text = (
        context.say(
            "partners_brief.settled",
            partner=names[first],
            share=say_between(context, f"{at}/{first}/shapley"),
            **fields,
        )
        if settled
        else context.say("partners_brief.open", **fields)
    )
    lines = [Interval(context.place(code), f"partners/{code}", f"{at}/{code}/shapley") for code in told.partners]
    texts = {
        "title": context.say("partners_brief.title_settled", partner=names[first])
        if settled
        else context.say("partners_brief.title_open"),
        "subtitle": context.say("partners_brief.subtitle", home=context.home),
        "description": context.say("partners_brief.description", home=context.home),
        "caption": context.say(
            "partners_brief.caption", grade=context.grade(GRADE), **{n: fields[n] for n in ("solved", "groups")}
        ),
        "first": context.say("partners_brief.column.partner"),
    }
    more = [
        (context.say(f"partners_brief.column.{name}_{end}"), f"{name}/{end}")
        for name in ("alone", "last")
        for end in ("low", "high")
    ]
    whom = (
        [
            Headline(
                context.say(
                    "partners_brief.head",
                    items=context.join(
                        [
                            context.say(
                                "partners_brief.item",
                                partner=names[code],
                                share=say_between(context, f"{at}/{code}/shapley"),
                            )
                            for code in list(told.partners)[:HEAD]
                        ],
                        "parts",
                    ),
                ),
                "partners",
                GRADE,
                "whom",
            )
        ]
        if settled
        else []
    )
    return Section(
        id="partners",
        title=context.say("slot.partners.title"),
        answer=text,
        blocks=(chart_intervals(context, "partners-chart", texts, lines, more),),
        points=(context.say("partners_brief.meaning"),),
        method=(context.say("partners_brief.method"),),
        statements=(Statement(text, "partners", GRADE),) if settled else (),
        headlines=tuple(whom),
    )


def name_step(context: Context, told: PlanQuestions, step: str) -> Text:
    """Return the name of a step of the case, with the row that it stands for."""
    return Text(mark_name(f"steps/{step}", told.rows.steps[step][f"name_{context.words.language}"]))
