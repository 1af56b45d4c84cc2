"""What breaks the supply of the home country, how deep and for how long? From a saved stress test of named shocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.marks import Text, mark_name
from pondasi.report.results import find_shock
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import ALARM

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

SHOWN = 12
FELT = 0.005
"""Weeks of output below which nothing is lost that a reader would act on."""
COLUMNS = ("gross", "net", "depth")


def write_stress(context: Context, run: SavedRun) -> Section | None:
    """Return the section on named shocks, the one that costs home most first; none if the run holds no shock."""
    table = run.table("outcomes")
    mine = table[table["watch"] == "home"].sort_values("gross", ascending=False, kind="stable")
    shocks = [str(shock) for shock in mine["shock"]]
    if not shocks:
        return None
    statement = _say_worst(context, shocks)
    draws, weeks = (context.cite(f"stress/{context.findings.home}/{name}") for name in ("draws", "weeks"))
    return Section(
        id="stress",
        title=context.say("slot.stress.title", home=context.home),
        answer=statement.text,
        blocks=(_chart(context, shocks),),
        points=(context.say("brief.stress.indicative", draws=draws, weeks=weeks),),
        method=(context.say("brief.stress.method"),),
        statements=(statement,),
    )


def _name(context: Context, shock: str) -> str:
    """Return the name of a shock, marked as that of its file; one that a user wrote is known by its id."""
    known = find_shock(context.findings.chain, shock)
    return Text(mark_name(f"shocks/{shock}", shock if known is None else known.names[context.words.language]))


def _say_worst(context: Context, shocks: list[str]) -> Statement:
    home = context.findings.home
    at = f"stress/{home}/{shocks[0]}"
    felt = sum((context.look_up(f"stress/{home}/{shock}/gross").value or 0.0) >= FELT for shock in shocks)
    text = context.say(
        "brief.stress.worst" if felt else "brief.stress.nothing",
        home=context.home,
        shock=_name(context, shocks[0]),
        gross=context.cite(f"{at}/gross"),
        net=context.cite(f"{at}/net", short=True),
        depth=context.cite(f"{at}/depth", short=True),
        n=context.count(f"stress/{home}/shocks"),
    )
    return Statement(text, "stress", context.look_up(f"{at}/gross").grade)


def _chart(context: Context, shocks: list[str]) -> Chart:
    home = context.findings.home
    grades = {context.look_up(f"stress/{home}/{shock}/gross").grade for shock in shocks[:SHOWN]}
    title = context.say("brief.stress.chart_title", home=context.home, shock=_name(context, shocks[0]))
    picture = Bars(
        id="stress-svg",
        title=title,
        description=context.say("brief.stress.description", home=context.home),
        bars=[_bar(context, shock) for shock in shocks[:SHOWN]],
        axis=context.numbers.amount_tick,
        keys=list_keys(context, (), grades),
    )
    heads = tuple(context.say(f"brief.stress.column.{name}") for name in ("shock", *COLUMNS))
    rows = tuple(
        (
            Cell(_name(context, shock), place=f"shocks/{shock}"),
            *(context.cell(f"stress/{home}/{shock}/{name}") for name in COLUMNS),
        )
        for shock in shocks
    )
    return Chart(
        id="stress-chart",
        title=title,
        subtitle=context.say("brief.stress.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=Table(heads, rows),
        shown=min(SHOWN, len(shocks)),
        caption=context.say("brief.stress.caption", year=context.cite("year"), soft=context.cite("coverage/places")),
        sources=tuple(row["source"] for row in context.evidence.explain(f"stress/{home}/{shocks[0]}/gross").sources),
    )


def _bar(context: Context, shock: str) -> Bar:
    at = f"stress/{context.findings.home}/{shock}/gross"
    figure = context.look_up(at)
    part = Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade))
    return Bar(_name(context, shock), (part,), context.cite(at), figure.low, figure.high, row=f"shocks/{shock}")
