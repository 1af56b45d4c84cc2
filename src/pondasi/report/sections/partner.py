"""What does the partner hold that the home country lacks, and the reverse?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.sections.exposure import KINDS
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding

SHOWN = 18
NAMED = 3
LARGE = 0.25
"""A part of the world above this is counted as large in the chart's title."""


def write_partner(context: Context) -> Section | None:
    """Return the section on the partner; none without a partner."""
    findings = context.findings
    if not findings.partner:
        return None
    held = findings.held_by(findings.partner)
    statements = [_say_parts(context, findings.partner)]
    if held:
        items = context.name_holdings(held[:NAMED])
        text = context.say("brief.partner.holds", partner=context.partner, items=items)
        firm = sum(item.part.grade in {"exact", "estimated"} for item in held[:NAMED])
        statements.append(Statement(text, "partner", "estimated" if 2 * firm > NAMED else "assumed"))
    return Section(
        id="partner",
        title=context.say("brief.partner.title", partner=context.partner, home=context.home),
        answer=context.join_sentences(statements),
        blocks=(_chart(context, held),) if held else (),
        points=(_say_reverse(context, held),),
        method=(context.say("brief.partner.method", partner=context.partner),),
        statements=tuple(statements),
    )


def _say_parts(context: Context, partner: str) -> Statement:
    parts = {str(kind): context.numbers.figure(context.findings.part(partner, kind)) for kind in KINDS}
    known = context.findings.part(partner).value is not None
    key = "brief.partner.parts" if known else "brief.partner.parts_none"
    text = context.say(key, partner=context.partner, home=context.home, **parts)
    return Statement(text, "partner", context.findings.grade(*KINDS))


def _say_reverse(context: Context, held: list[Holding]) -> str:
    """Say in which nodes home makes a larger part of the world than the partner."""
    theirs = {item.node.id: item.part.value or 0.0 for item in held}
    more = [
        item
        for item in context.findings.held_by(context.findings.home)
        if (item.part.value or 0.0) > theirs.get(item.node.id, 0.0)
    ]
    if not more:
        return context.say("brief.partner.reverse_none", home=context.home, partner=context.partner)
    names = context.join([context.node_in_text(item.node.id) for item in more[:NAMED]])
    return context.say("brief.partner.reverse", home=context.home, partner=context.partner, items=names)


def _chart(context: Context, held: list[Holding]) -> Chart:
    shown = held[:SHOWN]
    large = sum((item.part.value or 0.0) > LARGE for item in held)
    title = context.say("brief.partner.chart_title", partner=context.partner, n=large)
    picture = Bars(
        id="partner-svg",
        title=title,
        description=context.say("brief.partner.chart_description", partner=context.partner),
        bars=[_bar(context, item) for item in shown],
        axis=context.numbers.tick,
        keys=list_keys(context, shown),
        limit=1.0,
    )
    return Chart(
        id="partner-chart",
        title=title,
        subtitle=context.say("brief.partner.chart_subtitle", n=len(shown), partner=context.partner, home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table(context, held),
        caption=context.say("brief.caption", year=str(context.findings.year)),
        sources=list_sources(*(item.part for item in shown)),
    )


def _bar(context: Context, item: Holding) -> Bar:
    value = item.part.value or 0.0
    part = Part(value, STAGES[item.node.stage], item.part.grade, context.grade(item.part.grade))
    strong = (item.node.id, context.findings.home) in context.findings.holdings
    text = context.numbers.percent(value)
    return Bar(context.node(item.node.id), (part,), text, item.part.low, item.part.high, strong=strong)


def _table(context: Context, held: list[Holding]) -> Table:
    heads = (
        context.say("brief.column.node"),
        context.say("brief.column.stage"),
        context.say("brief.column.share_of", place=context.partner),
        context.say("brief.column.share_of", place=context.home),
    )
    rows = tuple(
        (
            Cell(context.node(item.node.id)),
            Cell(context.stage(item.node.stage)),
            context.figure_cell(item.part),
            context.holding_cell(item.node.id, context.findings.home),
        )
        for item in held
    )
    return Table(heads, rows)
