"""What the plan changes: fresh disruptions before and after, and both sides of the partnership."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.plan.tell_after import SHOWS, choose_change, choose_side
from pondasi.report.blocks import Cell, Chart, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.marks import Text, mark_name
from pondasi.report.svg import ALARM, GREY
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.plan_run import PlanRun

GRADE = "assumed"
"""Pace, traits and shocks mostly are."""
SIDES = ("exposure", "concentration", "sales", "output")


def say_after(context: Context, told: PlanRun) -> list[str]:
    """Say what fresh disruptions cost before and after, how far the plan's own years can be relied on, and what changes for whom."""
    return [*_say_weekly(context, told), *_say_sides(context, told)]


def _say_weekly(context: Context, told: PlanRun) -> list[str]:
    """Say the losses before and after, and the check; nothing where no disruption was run."""
    if "after" not in told.tables:
        return []
    at, set_ = f"plan/{told.home}", f"plan_run/{told.home}"
    row = list_rows(told.tables["after"])[0]
    mean = context.say(
        f"plan.after.{choose_change(row['low'], row['high'])}",
        home=context.home,
        scenarios=context.cite(f"{set_}/disruptions"),
        weeks=context.cite(f"{set_}/weeks"),
        year=context.cite(f"{set_}/year/{row['year']}"),
        **{name: context.cite(f"{at}/after/{name}") for name in ("before", "after", "change")},
    )
    fields = {"scenarios": context.cite(f"{set_}/years"), "firm": context.cite(f"{set_}/firm")}
    rank = context.look_up(f"{at}/check/rank").value
    if rank is None:
        return [mean, context.say("plan.after.limit"), context.say("plan.check.none", **fields)]
    form = "firm" if rank >= (context.look_up(f"{set_}/firm").value or 1.0) else "loose"
    fields |= {name: context.cite(f"{at}/check/{name}") for name in ("rank", "slope")}
    return [mean, context.say("plan.after.limit"), context.say(f"plan.check.{form}", **fields)]


def _say_sides(context: Context, told: PlanRun) -> list[str]:
    """Say what changes for the country and for the partner; nothing where no partner was weighed."""
    if "sides" not in told.tables or told.partner is None:
        return []
    said = []
    for mine, other, side in ((told.home, told.partner, "home"), (told.partner, told.home, "partner")):
        at = f"plan/{told.home}/side/{mine}"
        known = context.look_up(f"{at}/exposure/before").value is not None
        fields = {measure: _say_side(context, f"{at}/{measure}") for measure in SIDES}
        fields |= {"mine": context.place_in_text(mine), "other": context.place_in_text(other)}
        year = context.cite(f"plan_run/{told.home}/last")
        said.append(context.say(f"plan.side.{side}.{'whole' if known else 'trade'}", year=year, **fields))
    return said


def _say_side(context: Context, at: str) -> str:
    """Return what becomes of a measure of one side; unchanged where both ends read alike."""
    before, after = (context.cite(f"{at}/{end}") for end in ("before", "after"))
    return context.say(f"plan.side.{choose_side(str(before), str(after))}", before=before, after=after)


def chart_after(context: Context, told: PlanRun) -> Chart | None:
    """Return the named shocks before and after the plan; None where none was run, or none costs anything."""
    if "after_named" not in told.tables:
        return None
    rows = sorted(list_rows(told.tables["after_named"]), key=lambda row: (-row["before"], row["shock"]))
    felt = [row for row in rows if max(row["before"], row["after"]) >= SHOWS]
    if not felt:
        return None
    at, name = f"plan/{told.home}/after", f"name_{context.words.language}"
    year = context.cite(f"plan_run/{told.home}/year/{list_rows(told.tables['after'])[0]['year']}")
    first = felt[0]["shock"]
    ends = {end: context.cite(f"{at}/{first}/{end}") for end in ("before", "after")}
    form = "title_same" if choose_side(**{end: str(text) for end, text in ends.items()}) == "same" else "title"
    title = context.say(f"plan_brief.after.{form}", shock=Text(mark_name(f"shocks/{first}", felt[0][name])), **ends)
    bars = [
        Bar(
            row[name] if end == "before" else "",
            (
                Part(
                    row[end], GREY if end == "before" else ALARM, GRADE, context.say(f"plan_brief.after.{end}"), letter
                ),
            ),
            context.cite(f"{at}/{row['shock']}/{end}"),
            row=f"shocks/{row['shock']}" if end == "before" else "",
        )
        for row in felt
        for end, letter in (("before", "B"), ("after", "A"))
    ]
    picture = Bars(
        id="plan-after-svg",
        title=str(title),
        description=context.say("plan_brief.after.description", home=context.home),
        bars=bars,
        axis=context.numbers.amount_tick,
        keys=[
            Key(context.say("plan_brief.after.before"), GREY, GRADE, "B"),
            Key(context.say("plan_brief.after.after"), ALARM, GRADE, "A"),
        ],
    )
    heads = tuple(context.say(f"plan_brief.column.{column}") for column in ("shock", "before", "after"))
    table = tuple(
        (
            Cell(row[name], place=f"shocks/{row['shock']}"),
            *(context.cell(f"{at}/{row['shock']}/{end}") for end in ("before", "after")),
        )
        for row in rows
    )
    return Chart(
        id="plan-after",
        title=title,
        subtitle=context.say("plan_brief.after.subtitle", home=context.home, year=year),
        svg=draw_ranked_bars(picture),
        table=Table(heads, table),
        caption=context.say(
            "plan_brief.after.caption", grade=context.grade(GRADE), weeks=context.cite(f"plan_run/{told.home}/weeks")
        ),
    )
