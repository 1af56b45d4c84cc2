"""What a plan reaches of what was asked for, what that costs, and what keeps a target out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.plan.tell_targets import SHORT, judge_target
from pondasi.report.blocks import Cell, Chart, Headline, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.marks import Text, mark_name
from pondasi.report.sections.plan_charts import cite_year, name_purse, say_caption
from pondasi.report.svg import GREY, INK

if TYPE_CHECKING:
    from typing import Any

    from pondasi.report.context import Context
    from pondasi.report.plan_run import PlanRun

WHOLE = 1.0
"""A target that is reached, as a part of what is asked."""


def head_targets(context: Context, told: PlanRun) -> tuple[Headline, ...]:
    """Return the line on targets above all statements; none where the plan was asked for none."""
    if not told.targets:
        return ()
    return (Headline(_say_cost(context, told), "plan", told.grade, "targets"),)


def state_targets(context: Context, told: PlanRun) -> list[Statement]:
    """Return what targets cost as a statement; none where the plan was asked for none."""
    return [Statement(_say_cost(context, told), "plan", told.grade)] if told.targets else []


def say_targets(context: Context, told: PlanRun) -> list[str]:
    """Say of each target how it stands, and what would have to be loosened for one out of reach."""
    said = []
    for row in told.targets:
        at = f"plan/{told.home}/target/{row['target']}"
        fields: dict[str, str] = {"name": name_target(context, row), "year": cite_year(told, int(row["year"]))}
        fields |= {name: context.cite(f"{at}/{name}") for name in ("asked", "reached", "without")}
        fields["unit"] = context.say(f"plan_brief.target.unit.{row['measure']}")
        state = judge_target(row)
        said.append(context.say(f"plan_brief.target.{state}", **fields))
        if state == SHORT:
            said += _say_ways(context, told, row)
    return said


def say_missed(context: Context, told: PlanRun) -> list[str]:
    """Say which targets are out of reach without the partner, and how far each goes then."""
    said = []
    for row in told.targets:
        if row["target"] in told.missed and told.partner is not None:
            at = f"plan/{told.home}/target/{row['target']}"
            fields: dict[str, str] = {"name": name_target(context, row), "year": cite_year(told, int(row["year"]))}
            fields |= {"unit": context.say(f"plan_brief.target.unit.{row['measure']}")}
            fields |= {"reached": context.cite(f"{at}/alone"), "partner": context.place_in_text(told.partner)}
            said.append(context.say("plan_brief.target.missed", **fields))
    return said


def chart_targets(context: Context, told: PlanRun) -> Chart | None:
    """Return each target as a bar: the part reached without asking for it, and what the plan adds; None without targets."""
    if not told.targets:
        return None
    at = f"plan/{told.home}"
    title = context.say("plan_brief.targets.title", **_count(context, told))
    without, added = (context.say(f"plan_brief.targets.{name}") for name in ("without", "added"))
    bars = []
    for row in told.targets:
        parts = [min(row[name] / row["asked"], WHOLE) for name in ("without", "reached")]
        bars.append(
            Bar(
                str(name_target(context, row)),
                (
                    Part(parts[0], GREY, "exact", without),
                    Part(max(parts[1] - parts[0], 0.0), INK, told.grade, added),
                ),
                context.cite(f"{at}/target/{row['target']}/part"),
                strong=judge_target(row) != SHORT,
                row=f"targets/{row['target']}",
            )
        )
    picture = Bars(
        id="plan-targets-svg",
        title=str(title),
        description=context.say("plan_brief.targets.description", home=context.home),
        bars=bars,
        axis=context.numbers.tick,
        keys=[Key(without, GREY), Key(added, INK, told.grade)],
        limit=WHOLE,
    )
    names = ("asked", "reached", "without")
    heads = (
        context.say("plan_brief.column.target"),
        context.say("plan_brief.column.by"),
        *(context.say(f"plan_brief.column.{name}") for name in names),
    )
    rows = tuple(
        (
            Cell(str(name_target(context, row)), place=f"targets/{row['target']}"),
            context.cell(f"{at}/target/{row['target']}/year"),
            *(context.cell(f"{at}/target/{row['target']}/{name}") for name in names),
        )
        for row in told.targets
    )
    return Chart(
        id="plan-targets",
        title=title,
        subtitle=context.say("plan_brief.targets.subtitle"),
        svg=draw_ranked_bars(picture),
        table=Table(heads, rows),
        caption=say_caption(context, told),
        sources=tuple(dict.fromkeys(row["sources"].split("|")[0] for row in told.targets if row["sources"])),
    )


def name_target(context: Context, row: dict[str, Any]) -> Text:
    """Return the name of a target, with the row that it stands for."""
    return Text(mark_name(f"targets/{row['target']}", row[f"name_{context.words.language}"]))


def _count(context: Context, told: PlanRun) -> dict[str, str]:
    at = f"plan/{told.home}/targets"
    return {name: context.cite(f"{at}/{name}") for name in ("met", "count")}


def _say_cost(context: Context, told: PlanRun) -> str:
    """Say how many targets are reached, at what cost, and which are out of reach."""
    at = f"plan/{told.home}/targets"
    fields = _count(context, told) | {name: context.cite(f"{at}/{name}") for name in ("low", "high")}
    short = [name_target(context, row) for row in told.targets if judge_target(row) == SHORT]
    if not short:
        return context.say("plan_brief.targets.cost", **fields)
    return context.say("plan_brief.targets.cost_short", items=context.join(short), **fields)


def _say_ways(context: Context, told: PlanRun, target: dict[str, Any]) -> list[str]:
    """Say what would have to be loosened; or that no way was found, or none was looked for."""
    said = []
    for k, row in enumerate(told.ways):
        if row["target"] != target["target"]:
            continue
        if row["kind"] is None:
            return [context.say("plan_brief.target.no_way")]
        name = row[f"name_{context.words.language}"]
        if row["kind"] == "budget":
            name = name_purse(context, told, row["item"])
        fields = {
            "name": name or "",
            "first": cite_year(told, int(row["first"])),
            "last": cite_year(told, int(row["last"])),
        }
        fields["amount"] = context.cite(f"plan/{told.home}/way/{k}/amount")
        said.append(context.say(f"plan_brief.way.{row['kind']}", **fields))
    return said
