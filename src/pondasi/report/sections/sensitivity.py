"""Which uncertain figures decide what a shock costs, and which are worth measuring first?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.chain.records import World
from pondasi.plan.gates import begin_small
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.marks import Text, mark_name
from pondasi.report.sensitivity_figures import LOSSES, PARTS, SensitivityRun
from pondasi.report.svg import ALARM
from pondasi.sensitivity.figures import EVENT
from pondasi.sensitivity.sentences import name_factor, name_row, tell_direction
from pondasi.stress.shock_library import load_shocks

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

GRADE = "assumed"
NAMED, FIRST, ROWS = 3, 3, 10
"""Groups that the answer names, figures worth measuring, and figures that are drawn."""


def write_sensitivity(context: Context, run: SavedRun) -> Section:
    """Return the section on a saved sensitivity run: the groups of figures that decide, then single figures."""
    told = SensitivityRun(run)
    text = _say_answer(context, told)
    return Section(
        id="sensitivity",
        title=context.say("slot.sensitivity.title"),
        answer=text,
        blocks=(_chart_groups(context, told), *((_chart_rows(context, told),) if told.alone else ()))
        if told.strong
        else (),
        points=(*_say_first(context, told), *([_say_assumed(context, told)] if told.strong else [])),
        method=(context.say("sensitivity_brief.method"),),
        statements=(Statement(text, "sensitivity", GRADE),) if told.strong else (),
    )


def _say_answer(context: Context, told: SensitivityRun) -> str:
    at = f"sensitivity/{told.home}/{told.shock}"
    fields = {
        "shock": name_event(context, told),
        "gross": context.cite(f"{at}/gross"),
        "groups": context.cite(f"{at}/count/groups"),
        "idle": context.cite(f"{at}/count/idle"),
    }
    if not told.strong:
        return context.say("sensitivity_brief.none", **fields)
    items = [
        context.say(
            "sensitivity_brief.item",
            group=begin_small(name_factor(row["what"], row["where"], context.words)),
            effect=context.cite(f"{at}/effect/{row['factor']}"),
        )
        for row in told.strong[:NAMED]
    ]
    return context.say("sensitivity_brief.answer", items=context.join(items, "parts"), **fields)


def _say_assumed(context: Context, told: SensitivityRun) -> str:
    at = f"sensitivity/{told.home}/{told.shock}/count"
    cited = {name: context.cite(f"{at}/{name}") for name in ("assumed", "strong")}
    return context.say("sensitivity_brief.assumed", **cited)


def _say_first(context: Context, told: SensitivityRun) -> list[str]:
    """Name the figures of the data that move the loss most alone and that no source states exactly."""
    places = [
        place
        for place in told.alone
        if told.rows[place]["grade"] != "exact" and not told.rows[place]["factor"].startswith(f"{EVENT}/")
    ]
    items = [
        context.say(
            "sensitivity_brief.alone",
            figure=_name_figure(context, told.rows[place], place, small=True),
            **_cite_ends(context, told, place),
        )
        for place in places[:FIRST]
    ]
    return [context.say("sensitivity_brief.first", items=context.join(items, "parts"))] if items else []


def _chart_groups(context: Context, told: SensitivityRun) -> Chart:
    at = f"sensitivity/{told.home}/{told.shock}"
    figures = [context.look_up(f"{at}/effect/{row['factor']}") for row in told.strong]
    names = [name_factor(row["what"], row["where"], context.words) for row in told.strong]
    title = context.say(
        "sensitivity_brief.groups.title",
        group=names[0],
        effect=context.cite(f"{at}/effect/{told.strong[0]['factor']}"),
    )
    bars = [
        Bar(
            name,
            (Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade)),),
            context.cite(f"{at}/effect/{row['factor']}"),
            figure.low,
            figure.high,
            strong=number == 0,
        )
        for number, (row, name, figure) in enumerate(zip(told.strong, names, figures, strict=True))
    ]
    picture = Bars(
        id="sensitivity-svg",
        title=str(title),
        description=context.say("sensitivity_brief.groups.description"),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(context.grade(grade), ALARM, grade) for grade in dict.fromkeys(figure.grade for figure in figures)],
    )
    parts = PARTS if told.variance else ()
    columns = ("group", "direction", "effect", *parts)
    table = tuple(
        (
            Cell(name),
            Cell(context.say(f"sensitivity.direction.{tell_direction(row['mu'], row['mu_star'])}")),
            context.cell(f"{at}/effect/{row['factor']}"),
            *(context.cell(f"{at}/{part}/{row['factor']}") for part in parts),
        )
        for row, name in zip(told.strong, names, strict=True)
    )
    return Chart(
        id="sensitivity-chart",
        title=title,
        subtitle=context.say("sensitivity_brief.groups.subtitle", home=context.home, shock=name_event(context, told)),
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"sensitivity_brief.column.{name}") for name in columns), table),
        caption=_caption(context, told),
        sources=list_sources(*figures),
    )


def _chart_rows(context: Context, told: SensitivityRun) -> Chart:
    at = f"sensitivity/{told.home}/{told.shock}"
    places = told.alone[:ROWS]
    names = [_name_figure(context, told.rows[place], place) for place in places]
    ends = [[context.look_up(f"{at}/row/{place}/loss_{end}") for end in ("low", "high")] for place in places]
    title = context.say(
        "sensitivity_brief.rows.title",
        figure=_name_figure(context, told.rows[places[0]], places[0], small=True),
        **_cite_ends(context, told, places[0]),
    )
    bars = [
        Bar(
            str(name),
            (Part(told.central, ALARM, pair[0].grade, context.grade(pair[0].grade)),),
            context.say("intervals.between", **_cite_ends(context, told, place)),
            min(one.value or 0.0 for one in pair),
            max(one.value or 0.0 for one in pair),
            strong=number == 0,
            row=f"sensitivity_rows/{place}",
        )
        for number, (place, name, pair) in enumerate(zip(places, names, ends, strict=True))
    ]
    grades = dict.fromkeys(pair[0].grade for pair in ends)
    picture = Bars(
        id="sensitivity-rows-svg",
        title=str(title),
        description=context.say("sensitivity_brief.rows.description"),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(context.grade(grade), ALARM, grade) for grade in grades],
    )
    columns = ("figure", "value", "loss_low", "loss_high")
    table = tuple(
        (
            Cell(str(name), place=f"sensitivity_rows/{place}"),
            *(context.cell(f"{at}/row/{place}/{column}") for column in columns[1:]),
        )
        for place, name in zip(places, names, strict=True)
    )
    return Chart(
        id="sensitivity-rows",
        title=title,
        subtitle=context.say("sensitivity_brief.rows.subtitle", home=context.home, shock=name_event(context, told)),
        svg=draw_ranked_bars(picture),
        table=Table(tuple(context.say(f"sensitivity_brief.column.{name}") for name in columns), table),
        caption=_caption(context, told),
        sources=list_sources(*(pair[0] for pair in ends)),
    )


def _caption(context: Context, told: SensitivityRun) -> str:
    cited = {name: context.cite(f"sensitivity_run/{told.home}/{name}") for name in ("paths", "weeks")}
    return context.say("sensitivity_brief.caption", grade=context.grade(GRADE), **cited)


def name_event(context: Context, told: SensitivityRun) -> Text:
    """Return the name of the shock of a run, as the library has it; its id where it is not in the library."""
    known = load_shocks(context.findings.chain).shocks
    name = known[told.shock].names.get(context.words.language, told.shock) if told.shock in known else told.shock
    return Text(mark_name(f"shocks/{told.shock}", name))


def _cite_ends(context: Context, told: SensitivityRun, place: int) -> dict[str, str]:
    """Return the loss with a figure at the ends of its interval, the smaller loss first."""
    row, at = told.rows[place], f"sensitivity/{told.home}/{told.shock}/row/{place}"
    ends = sorted(LOSSES, key=lambda end: float(row[end]))
    return {name: context.cite(f"{at}/{end}") for name, end in zip(("low", "high"), ends, strict=True)}


def _name_figure(context: Context, row: dict[str, Any], place: int, *, small: bool = False) -> Text:
    """Return the name of a single figure: what it says, and of whom; ``small`` as it stands inside a sentence."""
    table, what, *_ = row["factor"].split("/")
    said = context.words.say(f"sensitivity.what.{what}")
    of = "" if table == EVENT else name_row(row["factor"], row["row"], World(context.findings.chain, {}), context.words)
    name = context.words.say("sensitivity.factor", what=said, where=of) if of else said
    return Text(mark_name(f"sensitivity_rows/{place}", begin_small(name) if small else name))
