"""What may a year bring: how often do disruptions hurt, how much does one year of many lose, and which hazard is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.marks import Text, mark_name
from pondasi.report.sample_figures import SampleRun
from pondasi.report.svg import ALARM

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

GRADE = "assumed"
SHOWN = 8
"""Hazards that are drawn or named."""


def write_sample(context: Context, run: SavedRun) -> Section:
    """Return the section on a saved campaign of sampled disruptions."""
    told = SampleRun(run)
    text = _say_answer(context, told)
    charts = [_chart_years(context, told)] if told.felt and told.returns else []
    charts += [_chart_hazards(context, told)] if len(told.felt) > 1 else []
    return Section(
        id="sample",
        title=context.say("slot.sample.title"),
        answer=text,
        blocks=tuple(charts),
        points=(*_say_hazards(context, told), context.say("sample_brief.limit")),
        method=(context.say("sample_brief.method"),),
        statements=(Statement(text, "sample", GRADE),),
    )


def _say_answer(context: Context, told: SampleRun) -> str:
    at, set_ = f"sample/{told.home}", f"sample_run/{told.home}"
    fields = {"home": context.home, "rate": context.cite(f"{at}/rate"), "n": context.cite(f"{set_}/scenarios")}
    if not told.felt:
        return context.say("sample_brief.none", **fields)
    fields |= {name: context.cite(f"{at}/{name}") for name in ("felt", "mean")}
    text = context.say("sample_brief.answer", **fields)
    if not told.returns:
        return text
    years = told.returns[-1]
    more = context.say(
        "sample_brief.exceed", years=context.cite(f"{at}/return/{years}"), loss=context.cite(f"{at}/exceed/{years}")
    )
    return context.say("sample_brief.both", first=text, second=more)


def _say_hazards(context: Context, told: SampleRun) -> list[str]:
    """Say which hazards the loss comes from; nothing where none costs anything."""
    at = f"sample/{told.home}/hazard"
    items = [
        context.say(
            "sample_brief.hazard",
            hazard=_name(context, told, hazard),
            **{name: context.cite(f"{at}/{hazard}/{name}") for name in ("part", "events", "mean")},
        )
        for hazard in told.felt[:SHOWN]
        if context.look_up(f"{at}/{hazard}/part").value
    ]
    return [context.say("sample_brief.hazards", items=context.join(items, "parts"))] if items else []


def _chart_years(context: Context, told: SampleRun) -> Chart:
    at = f"sample/{told.home}"
    last = told.returns[-1]
    title = context.say(
        "sample_brief.years.title", years=context.cite(f"{at}/return/{last}"), loss=context.cite(f"{at}/exceed/{last}")
    )
    figures = [context.look_up(f"{at}/exceed/{years}") for years in told.returns]
    names = [
        context.say("sample_brief.years.row", years=context.cite(f"{at}/return/{years}")) for years in told.returns
    ]
    bars = [
        Bar(
            str(name),
            (Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade)),),
            context.cite(f"{at}/exceed/{years}"),
            figure.low,
            figure.high,
            strong=years == last,
            row=f"returns/{years}",
        )
        for years, name, figure in zip(told.returns, names, figures, strict=True)
    ]
    picture = Bars(
        id="sample-svg",
        title=str(title),
        description=context.say("sample_brief.years.description", home=context.home),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(context.grade(GRADE), ALARM, GRADE)],
    )
    rows = tuple(
        (Cell(str(name), place=f"returns/{years}"), context.cell(f"{at}/exceed/{years}"))
        for years, name in zip(told.returns, names, strict=True)
    )
    return Chart(
        id="sample-chart",
        title=title,
        subtitle=context.say("sample_brief.years.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"sample_brief.column.{name}") for name in ("years", "loss")), rows),
        caption=_caption(context, told),
        sources=list_sources(*figures),
    )


def _chart_hazards(context: Context, told: SampleRun) -> Chart:
    at, shown = f"sample/{told.home}/hazard", told.felt[:SHOWN]
    title = context.say(
        "sample_brief.from.title",
        hazard=_name(context, told, shown[0]),
        part=context.cite(f"{at}/{shown[0]}/part"),
    )
    figures = [context.look_up(f"{at}/{hazard}/part") for hazard in shown]
    bars = [
        Bar(
            str(_name(context, told, hazard)),
            (Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade)),),
            context.cite(f"{at}/{hazard}/part"),
            strong=number == 0,
            row=f"hazards/{hazard}",
        )
        for number, (hazard, figure) in enumerate(zip(shown, figures, strict=True))
    ]
    picture = Bars(
        id="sample-hazards-svg",
        title=str(title),
        description=context.say("sample_brief.from.description", home=context.home),
        bars=bars,
        axis=context.numbers.tick,
        keys=[Key(context.grade(GRADE), ALARM, GRADE)],
    )
    measures = ("part", "events", "mean", "high")
    rows = tuple(
        (
            Cell(str(_name(context, told, hazard)), place=f"hazards/{hazard}"),
            *(context.cell(f"{at}/{hazard}/{name}") for name in measures),
        )
        for hazard in told.felt
    )
    return Chart(
        id="sample-hazards",
        title=title,
        subtitle=context.say("sample_brief.from.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"sample_brief.column.{name}") for name in ("hazard", *measures)), rows),
        caption=_caption(context, told),
        sources=list_sources(*figures),
        shown=min(SHOWN, len(rows)),
    )


def _caption(context: Context, told: SampleRun) -> str:
    cited = {name: context.cite(f"sample_run/{told.home}/{name}") for name in ("scenarios", "weeks", "years")}
    return context.say("sample_brief.caption", grade=context.grade(GRADE), **cited)


def _name(context: Context, told: SampleRun, hazard: str) -> Text:
    return Text(mark_name(f"hazards/{hazard}", told.name(hazard, context.words.language)))
