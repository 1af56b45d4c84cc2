"""Which suppliers hold most for home, and how long can one do without them beside how long they may be gone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.critical_figures import CriticalRun
from pondasi.report.svg import ALARM, GREY

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.critical_figures import Key as Supplier
    from pondasi.workspace import SavedRun

GRADE = "assumed"
SHOWN, TIMES = 12, 8
"""Suppliers whose loss is drawn, and whose times are."""


def write_critical(context: Context, run: SavedRun) -> Section:
    """Return the section on a saved run of lost suppliers."""
    told = CriticalRun(run, context.evidence.rows)
    text, times = _say_answer(context, told), _say_times(context, told)
    charts = [_chart_lost(context, told)] if told.felt else []
    charts += [_chart_times(context, told)] if told.short else []
    return Section(
        id="critical",
        title=context.say("slot.critical.title"),
        answer=context.join_sentences([Statement(one, "critical", GRADE) for one in (text, times) if one]),
        blocks=tuple(charts),
        points=(context.say("critical_brief.limit"),),
        method=(context.say("critical_brief.method"),),
        statements=(Statement(text, "critical", GRADE),),
    )


def _say_answer(context: Context, told: CriticalRun) -> str:
    at = f"critical/{told.home}"
    fields = {
        "home": context.home,
        "stop": context.cite(f"critical_run/{told.home}/stop"),
        **{name: context.cite(f"{at}/count/{name}") for name in ("suppliers", "felt")},
    }
    if not told.felt:
        return context.say("critical_brief.none", **fields)
    node, country = told.felt[0]
    fields |= {name: context.cite(f"{at}/{node}/{country}/{name}") for name in ("gross", "depth")}
    return context.say("critical_brief.answer", supplier=_name_in_text(context, told.felt[0]), **fields)


def _say_times(context: Context, told: CriticalRun) -> str:
    """Say how long the world can do without the supplier that it misses soonest; nothing where it can without all."""
    if not told.short:
        return ""
    node, country = told.short[0]
    at = f"critical/{told.home}"
    known = context.look_up(f"{at}/{node}/{country}/recover").value is not None
    names = ("survive", "recover") if known else ("survive",)
    fields = {name: context.cite(f"{at}/{node}/{country}/{name}") for name in names}
    fields |= {name: context.cite(f"{at}/count/{name}") for name in ("short", "exposed")}
    key = "critical_brief.times" if known else "critical_brief.times_open"
    return context.say(key, supplier=_name_in_text(context, told.short[0]), **fields)


def _chart_lost(context: Context, told: CriticalRun) -> Chart:
    at, shown = f"critical/{told.home}", told.felt[:SHOWN]
    first = f"{at}/{'/'.join(shown[0])}"
    title = context.say(
        "critical_brief.lost.title",
        supplier=_name_in_text(context, shown[0]),
        gross=context.cite(f"{first}/gross"),
        stop=context.cite(f"critical_run/{told.home}/stop"),
    )
    figures = [context.look_up(f"{at}/{node}/{country}/gross") for node, country in shown]
    bars = [
        Bar(
            _name(context, key),
            (Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade)),),
            context.cite(f"{at}/{'/'.join(key)}/gross"),
            strong=number == 0,
            row=f"suppliers/{'/'.join(key)}",
        )
        for number, (key, figure) in enumerate(zip(shown, figures, strict=True))
    ]
    picture = Bars(
        id="critical-svg",
        title=str(title),
        description=context.say("critical_brief.lost.description", home=context.home),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(context.grade(GRADE), ALARM, GRADE)],
    )
    measures = ("gross", "net", "depth", "impact", "survive", "recover", "qualify")
    return Chart(
        id="critical-chart",
        title=title,
        subtitle=context.say("critical_brief.lost.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table(context, told, told.felt, measures),
        caption=_caption(context, told),
        sources=list_sources(*figures),
        shown=min(SHOWN, len(told.felt)),
    )


def _chart_times(context: Context, told: CriticalRun) -> Chart:
    at, shown = f"critical/{told.home}", told.short[:TIMES]
    first = f"{at}/{'/'.join(shown[0])}"
    title = context.say(
        "critical_brief.time.title",
        supplier=_name_in_text(context, shown[0]),
        survive=context.cite(f"{first}/survive"),
    )
    marks = {"survive": (GREY, "S"), "recover": (ALARM, "R")}
    bars = [
        Bar(
            _name(context, key) if name == "survive" else "",
            (Part(figure.value or 0.0, colour, GRADE, context.say(f"critical_brief.time.{name}"), letter),),
            context.say("critical_brief.no_hazard") if figure.value is None else context.cite(place),
            row=f"suppliers/{'/'.join(key)}" if name == "survive" else "",
        )
        for key in shown
        for name, (colour, letter) in marks.items()
        for place in [f"{at}/{'/'.join(key)}/{name}"]
        for figure in [context.look_up(place)]
    ]
    picture = Bars(
        id="critical-times-svg",
        title=str(title),
        description=context.say("critical_brief.time.description"),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[
            Key(context.say(f"critical_brief.time.{name}"), colour, GRADE, letter)
            for name, (colour, letter) in marks.items()
        ],
    )
    return Chart(
        id="critical-times",
        title=title,
        subtitle=context.say("critical_brief.time.subtitle"),
        svg=draw_ranked_bars(picture),
        table=_table(context, told, told.short, ("survive", "recover", "qualify")),
        caption=_caption(context, told),
        sources=list_sources(*(context.look_up(f"{at}/{'/'.join(key)}/survive") for key in shown)),
        shown=min(SHOWN, len(told.short)),
    )


def _table(context: Context, told: CriticalRun, keys: list[Supplier], measures: tuple[str, ...]) -> Table:
    heads = tuple(context.say(f"critical_brief.column.{name}") for name in ("supplier", *measures))
    rows = tuple(
        (
            Cell(_name(context, key), place=f"suppliers/{'/'.join(key)}"),
            *(_cell(context, told, key, name) for name in measures),
        )
        for key in keys
    )
    return Table(heads, rows)


def _cell(context: Context, told: CriticalRun, key: Supplier, name: str) -> Cell:
    """Return a figure as a cell; what is not known of a supplier says why."""
    place = f"critical/{told.home}/{'/'.join(key)}/{name}"
    if context.look_up(place).value is not None:
        return context.cell(place)
    if name == "survive":
        known = told.times[key]["for_ever"]
        return Cell(context.say("critical_brief.for_ever" if known else "critical_brief.not_goods"))
    return Cell(
        context.say({"impact": "stress_brief.never", "recover": "critical_brief.no_hazard"}.get(name, "grade.unknown"))
    )


def _caption(context: Context, told: CriticalRun) -> str:
    cited = {name: context.cite(f"critical_run/{told.home}/{name}") for name in ("stop", "weeks")}
    return context.say("critical_brief.caption", grade=context.grade(GRADE), **cited)


def _name(context: Context, key: Supplier) -> str:
    """Return a supplier as a label."""
    return str(context.say("critical_brief.label", node=context.names[key[0]], place=context.place(key[1])))


def _name_in_text(context: Context, key: Supplier) -> str:
    """Return a supplier as it stands inside a sentence."""
    fields = {"node": context.node_in_text(key[0]), "place": context.place_in_text(key[1])}
    return context.say("critical_brief.supplier", **fields)
