"""Where in the chain is the making concentrated in one place?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.results import locate_share
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import LETTERS, STAGES
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding

SHOWN = 16
NAMED = 3


def write_concentration(context: Context) -> Section:
    """Return the section on concentration, with the most concentrated nodes ranked."""
    ranked = _rank(context)
    statement = _say_over_half(context)
    return Section(
        id="concentration",
        title=context.say("brief.concentration.title"),
        answer=statement.text,
        blocks=(_chart(context, ranked),) if ranked else (),
        method=(context.say("brief.concentration.method"),),
        statements=(statement,),
    )


def _rank(context: Context) -> list[Holding]:
    """Return the largest holding of every node of production, most concentrated first."""
    findings = context.findings
    rows = [
        row
        for row in list_rows(findings.concentration.reset_index())
        if row["cr1"] is not None and not findings.nodes[row["node"]].is_user
    ]
    rows.sort(key=lambda row: (-row["cr1"], -row["hhi"]))
    return [findings.holdings[(row["node"], row["top"])] for row in rows]


def _say_over_half(context: Context) -> Statement:
    over = context.findings.chokepoints
    leaders = [code for code, _ in Counter(item.country for item in over).most_common(NAMED)]
    named = [
        context.say(
            "brief.concentration.leader",
            place=context.place_in_text(code),
            n=context.count(f"count/chokepoints/{code}"),
        )
        for code in leaders
    ]
    text = context.say(
        "brief.concentration.over_half" if over else "brief.concentration.none_over_half",
        n=context.count("count/chokepoints"),
        total=context.cite("count/nodes"),
        half=context.cite("rule/half"),
        leaders=context.join(named),
    )
    firm = sum(item.part.grade in {"exact", "estimated"} for item in over)
    return Statement(text, "concentration", "estimated" if 2 * firm >= len(over) else "assumed")


def _chart(context: Context, ranked: list[Holding]) -> Chart:
    first, shown = ranked[0], ranked[:SHOWN]
    title = context.say(
        "brief.concentration.chart_title",
        node=context.node_in_text(first.node.id),
        place=context.place(first.country),
        part=context.cite(locate_share(first), short=True),
    )
    picture = Bars(
        id="concentration-svg",
        title=title,
        description=context.say("brief.concentration.chart_description"),
        bars=[_bar(context, item) for item in shown],
        axis=context.numbers.tick,
        keys=list_keys(context, {item.node.stage for item in shown}, {item.part.grade for item in shown}),
        limit=1.0,
    )
    return Chart(
        id="concentration-chart",
        title=title,
        subtitle=context.say("brief.concentration.chart_subtitle"),
        svg=draw_ranked_bars(picture),
        table=_table(context, ranked),
        shown=len(shown),
        caption=context.say_caption(item.part.grade for item in shown),
        sources=list_sources(*(item.part for item in shown)),
    )


def _bar(context: Context, item: Holding) -> Bar:
    stage, grade = item.node.stage, item.part.grade
    part = Part(item.part.value or 0.0, STAGES[stage], grade, context.grade(grade), LETTERS[stage])
    text = context.say(
        "brief.concentration.bar",
        place=context.place(item.country),
        part=context.cite(locate_share(item), short=True),
    )
    strong = item.country in {context.findings.home, context.findings.partner}
    return Bar(
        context.names[item.node.id],
        (part,),
        text,
        item.part.low,
        item.part.high,
        strong=strong,
        row=f"nodes/{item.node.id}",
    )


def _table(context: Context, ranked: list[Holding]) -> Table:
    heads = tuple(context.say(f"brief.column.{name}") for name in ("node", "stage", "top", "cr1", "cr3", "hhi"))
    rows = tuple(
        (
            context.node_cell(item.node.id),
            Cell(context.stage(item.node.stage)),
            Cell(context.place(item.country)),
            context.cell(locate_share(item)),
            context.cell(f"concentration/{item.node.id}/cr3"),
            context.cell(f"concentration/{item.node.id}/hhi"),
        )
        for item in ranked
    )
    return Table(heads, rows)
