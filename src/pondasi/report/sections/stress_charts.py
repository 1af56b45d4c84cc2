"""The charts on a stress test: ranked loss, the path of the worst shock, what carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Table
from pondasi.report.charts.fan import Fan, draw_fan
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.charts.waterfall import Fall, Waterfall, draw_waterfall
from pondasi.report.marks import Text, mark_name
from pondasi.report.svg import ALARM
from pondasi.stress.mitigate import STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.stress_figures import StressRun

GRADE = "assumed"
PAPER_WEEKS = 26
"""Weeks of a path that a paper prints; page and workbook hold all."""


def chart_ranked(context: Context, told: StressRun) -> Chart:
    """Return the loss of every shock that costs anything, largest first; the table names all shocks."""
    at, felt = f"stress/{told.home}", told.felt
    title = (
        context.say(
            "stress_brief.ranked.title",
            shock=name_shock(context, told, felt[0]),
            gross=context.cite(f"{at}/{felt[0]}/gross"),
        )
        if felt
        else context.say("stress_brief.ranked.title_none")
    )
    subtitle = context.say("stress_brief.ranked.subtitle", home=context.home)
    bars = [
        Bar(
            str(name_shock(context, told, shock)),
            (Part(figure.value or 0.0, ALARM, figure.grade, context.grade(figure.grade)),),
            context.cite(f"{at}/{shock}/gross"),
            figure.low,
            figure.high,
            strong=number == 0,
            row=f"shocks/{shock}",
        )
        for number, shock in enumerate(felt)
        for figure in [context.look_up(f"{at}/{shock}/gross")]
    ]
    picture = Bars(
        id="stress-svg",
        title=str(title),
        description=context.say("stress_brief.ranked.description", home=context.home),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[Key(context.grade(GRADE), ALARM, GRADE)],
    )
    return Chart(
        id="stress-chart",
        title=title,
        subtitle=subtitle,
        svg=draw_ranked_bars(picture),
        table=_table_ranked(context, told),
        caption=_caption(context, told),
        sources=_sources(told, felt or told.ranked),
    )


def _table_ranked(context: Context, told: StressRun) -> Table:
    measures = ("gross", "net", "depth", "impact", "recovery", "bare")
    heads = tuple(context.say(f"stress_brief.column.{name}") for name in ("shock", *measures))
    rows = tuple(
        (
            Cell(str(name_shock(context, told, shock)), place=f"shocks/{shock}"),
            *(_cell(context, f"stress/{told.home}/{shock}/{name}") for name in measures),
        )
        for shock in told.ranked
    )
    return Table(heads, rows)


def _cell(context: Context, place: str) -> Cell:
    """Return a figure as a cell; a time that is not reached within the run says so."""
    return context.cell(place) if context.look_up(place).value is not None else Cell(context.say("stress_brief.never"))


def chart_path(context: Context, told: StressRun, shock: str) -> Chart:
    """Return the weekly loss under a shock, as a fan."""
    at = f"stress/{told.home}/{shock}"
    title = context.say(
        "stress_brief.path.title", shock=name_shock(context, told, shock), depth=context.cite(f"{at}/depth")
    )
    rows = [told.paths[(shock, week)] for week in range(told.weeks)]
    bands = {name: [row[name] for row in rows] if told.draws else [] for name in ("low", "median", "high")}
    keys = tuple(context.say(f"stress_brief.path.key.{name}") for name in ("band", "median", "central"))
    picture = Fan(
        id="stress-path-svg",
        title=str(title),
        description=context.say("stress_brief.path.description", home=context.home),
        central=[row["loss"] for row in rows],
        low=bands["low"],
        middle=bands["median"],
        high=bands["high"],
        axis=context.numbers.tick,
        across=context.say("stress_brief.path.across"),
        keys=(keys[0], keys[1], keys[2]),
        grade=GRADE,
    )
    heads = tuple(context.say(f"stress_brief.column.{name}") for name in ("week", "loss"))
    return Chart(
        id="stress-path",
        title=title,
        subtitle=context.say("stress_brief.path.subtitle", home=context.home),
        svg=draw_fan(picture),
        table=Table(
            heads,
            tuple(
                (Cell(str(week), place=f"{at}/week/{week}"), context.cell(f"{at}/week/{week}"))
                for week in range(told.weeks)
            ),
        ),
        shown=min(PAPER_WEEKS, told.weeks),
        caption=_caption(context, told),
        sources=_sources(told, [shock]),
    )


def chart_carried(context: Context, told: StressRun, shock: str) -> Chart:
    """Return what carries a shock, as a waterfall of the central run."""
    at = f"stress/{told.home}/{shock}"
    title = context.say(
        "stress_brief.fall.title",
        shock=name_shock(context, told, shock),
        bare=context.cite(f"{at}/bare"),
        left=context.cite(f"{at}/{STAGES[-1]}"),
    )
    names = {stage: context.say(f"stress_brief.fall.{stage}") for stage in STAGES}
    places = {stage: f"{at}/{stage}" if stage == STAGES[0] else f"{at}/saved_{stage}" for stage in STAGES}
    last = f"{at}/{STAGES[-1]}"
    picture = Waterfall(
        id="stress-fall-svg",
        title=str(title),
        description=context.say("stress_brief.fall.description", home=context.home),
        steps=[Fall(names[stage], told.carried[(shock, stage)], context.cite(places[stage])) for stage in STAGES],
        left=Fall(context.say("stress_brief.fall.left"), told.carried[(shock, STAGES[-1])], context.cite(last)),
        axis=context.numbers.amount_tick,
        grade=GRADE,
    )
    rows = [(names[stage], places[stage]) for stage in STAGES] + [(context.say("stress_brief.fall.left"), last)]
    heads = tuple(context.say(f"stress_brief.column.{name}") for name in ("step", "weeks"))
    return Chart(
        id="stress-fall",
        title=title,
        subtitle=context.say("stress_brief.fall.subtitle", home=context.home),
        svg=draw_waterfall(picture),
        table=Table(heads, tuple((Cell(name), context.cell(place)) for name, place in rows)),
        caption=_caption(context, told),
        sources=_sources(told, [shock]),
    )


def _caption(context: Context, told: StressRun) -> str:
    cited = {name: context.cite(f"stress_run/{told.home}/{name}") for name in ("draws", "weeks")}
    return context.say("stress_brief.caption", grade=context.grade(GRADE), **cited)


def _sources(told: StressRun, shocks: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for shock in shocks for source in told.sources(shock)))


def name_shock(context: Context, told: StressRun, shock: str) -> Text:
    """Return the name of a shock, with the row that it stands for."""
    return Text(mark_name(f"shocks/{shock}", told.shocks[shock][f"name_{context.words.language}"]))
