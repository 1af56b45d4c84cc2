"""What does the partner hold that the home country lacks, and the reverse?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.results import locate_share
from pondasi.report.sections.exposure import KINDS
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import LETTERS, STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding

SHOWN = 16
NAMED = 3


def write_partner(context: Context) -> Section | None:
    """Return the section on the partner; none without a partner."""
    findings = context.findings
    if not findings.partner:
        return None
    theirs, ours = findings.held_by(findings.partner), findings.held_by(findings.home)
    statements = [_say_parts(context, findings.partner)]
    if theirs:
        text = context.say("brief.partner.holds", partner=context.partner, items=context.name_holdings(theirs[:NAMED]))
        firm = sum(item.part.grade in {"exact", "estimated"} for item in theirs[:NAMED])
        statements.append(Statement(text, "partner", "estimated" if 2 * firm > NAMED else "assumed"))
    reverse = _say_reverse(context, ours)
    blocks = (*([_chart(context, theirs)] if theirs else []), *([_chart_reverse(context, ours)] if ours else []))
    return Section(
        id="partner",
        title=context.say("brief.partner.title", partner=context.partner, home=context.home),
        answer=context.join_sentences([*statements, *([reverse] if reverse else [])]),
        blocks=blocks,
        method=(context.say("brief.partner.method", partner=context.partner),),
        statements=(*statements, *([reverse] if reverse else [])),
    )


def _say_parts(context: Context, partner: str) -> Statement:
    at = f"exposure/{context.findings.home}/{partner}"
    parts = {str(kind): context.cite(at if kind == "supply" else f"{at}/{kind}") for kind in KINDS}
    known = context.findings.part(partner).value is not None
    key = "brief.partner.parts" if known else "brief.partner.parts_none"
    text = context.say(key, partner=context.partner, home=context.home, **parts)
    return Statement(text, "partner", context.findings.grade(*KINDS))


def _say_reverse(context: Context, ours: list[Holding]) -> Statement | None:
    """Say in which nodes home makes a larger part of the world than the partner; nothing if home makes nothing."""
    if not ours:
        return None
    more = [item for item in ours if (item.part.value or 0.0) > _part_of_partner(context, item)]
    fields = {"home": context.home, "partner": context.partner}
    if more:
        text = context.say("brief.partner.reverse", items=context.name_holdings(more[:NAMED]), **fields)
    else:
        count = context.count(f"count/made/{context.findings.home}")
        text = context.say("brief.partner.reverse_none", n=count, **fields)
    firm = sum(item.part.grade in {"exact", "estimated"} for item in ours)
    return Statement(text, "partner", "estimated" if 2 * firm > len(ours) else "assumed")


def _part_of_partner(context: Context, item: Holding) -> float:
    held = context.findings.holdings.get((item.node.id, str(context.findings.partner)))
    return 0.0 if held is None else held.part.value or 0.0


# --- what the partner holds ----------------------------------------------------------------------


def _chart(context: Context, held: list[Holding]) -> Chart:
    shown = held[:SHOWN]
    title = context.say(
        "brief.partner.chart_title",
        partner=context.partner,
        n=context.count(f"count/large/{context.findings.partner}"),
        large=context.cite("rule/large"),
    )
    picture = Bars(
        id="partner-svg",
        title=title,
        description=context.say("brief.partner.chart_description", partner=context.partner),
        bars=[_bar(context, item) for item in shown],
        axis=context.numbers.tick,
        keys=list_keys(context, {item.node.stage for item in shown}, {item.part.grade for item in shown}),
        limit=1.0,
    )
    return Chart(
        id="partner-chart",
        title=title,
        subtitle=context.say("brief.partner.chart_subtitle", partner=context.partner, home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table(context, held, str(context.findings.partner), context.findings.home),
        shown=len(shown),
        caption=context.say_caption(item.part.grade for item in shown),
        sources=list_sources(*(item.part for item in shown)),
    )


def _bar(context: Context, item: Holding) -> Bar:
    strong = (item.node.id, context.findings.home) in context.findings.holdings
    return _draw(context, item, context.cite(locate_share(item), short=True), strong=strong)


def _draw(context: Context, item: Holding, text: str, *, strong: bool = False) -> Bar:
    stage, grade = item.node.stage, item.part.grade
    part = Part(item.part.value or 0.0, STAGES[stage], grade, context.grade(grade), LETTERS[stage])
    row = f"nodes/{item.node.id}"
    return Bar(context.names[item.node.id], (part,), text, item.part.low, item.part.high, strong=strong, row=row)


# --- the reverse ---------------------------------------------------------------------------------


def _chart_reverse(context: Context, held: list[Holding]) -> Chart:
    first = held[0]
    title = context.say(
        "brief.reverse.title",
        home=context.home,
        node=context.node_in_text(first.node.id),
        part=context.cite(locate_share(first), short=True),
    )
    picture = Bars(
        id="reverse-svg",
        title=title,
        description=context.say("brief.reverse.description", home=context.home, partner=context.partner),
        bars=[_bar_reverse(context, item) for item in held[:SHOWN]],
        axis=context.numbers.tick,
        keys=list_keys(context, {item.node.stage for item in held}, {item.part.grade for item in held}),
    )
    return Chart(
        id="reverse-chart",
        title=title,
        subtitle=context.say("brief.reverse.subtitle", home=context.home, partner=context.partner),
        svg=draw_ranked_bars(picture),
        table=_table(context, held, context.findings.home, str(context.findings.partner)),
        caption=context.say_caption(item.part.grade for item in held),
        sources=list_sources(*(item.part for item in held)),
    )


def _bar_reverse(context: Context, item: Holding) -> Bar:
    theirs = context.findings.holdings.get((item.node.id, str(context.findings.partner)))
    part = context.cite(locate_share(item), short=True)
    if theirs is None:
        return _draw(context, item, part)
    other = context.cite(locate_share(theirs), short=True)
    return _draw(context, item, context.say("brief.reverse.bar", part=part, partner=context.partner, other=other))


def _table(context: Context, held: list[Holding], first: str, second: str) -> Table:
    heads = (
        context.say("brief.column.node"),
        context.say("brief.column.stage"),
        context.say("brief.column.share_of", place=context.place_in_text(first)),
        context.say("brief.column.share_of", place=context.place_in_text(second)),
    )
    rows = tuple(
        (
            context.node_cell(item.node.id),
            Cell(context.stage(item.node.stage)),
            context.cell(locate_share(item)),
            context.holding_cell(item.node.id, second),
        )
        for item in held
    )
    return Table(heads, rows)
