"""Where in the chain is the making concentrated in one place?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.findings import CHOKEPOINT
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import STAGES
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding

SHOWN = 20
NAMED = 3


@dataclass(frozen=True)
class Ranked:
    """A node with its largest place of production."""

    largest: Holding
    cr1: float
    cr3: float
    hhi: float


def write_concentration(context: Context) -> Section:
    """Return the section on concentration, with the most concentrated nodes ranked."""
    ranked = _rank(context)
    statement = _say_over_half(context, ranked)
    return Section(
        id="concentration",
        title=context.say("brief.concentration.title"),
        answer=statement.text,
        blocks=(_chart(context, ranked),) if ranked else (),
        method=(context.say("brief.concentration.method"),),
        statements=(statement,),
    )


def _rank(context: Context) -> list[Ranked]:
    findings = context.findings
    ranked = [
        Ranked(findings.holdings[(row["node"], row["top"])], row["cr1"], row["cr3"], row["hhi"])
        for row in list_rows(findings.concentration.reset_index())
        if row["cr1"] is not None and not findings.nodes[row["node"]].is_user
    ]
    return sorted(ranked, key=lambda item: (-item.cr1, -item.hhi))


def _say_over_half(context: Context, ranked: list[Ranked]) -> Statement:
    over = [item for item in ranked if item.cr1 > CHOKEPOINT]
    leaders = Counter(item.largest.country for item in over).most_common(NAMED)
    named = [context.say("brief.concentration.leader", place=context.place_in_text(code), n=n) for code, n in leaders]
    text = context.say(
        "brief.concentration.over_half",
        n=len(over),
        total=str(len(ranked)),
        half=context.numbers.percent(CHOKEPOINT),
        leaders=context.join(named),
    )
    firm = sum(item.largest.part.grade in {"exact", "estimated"} for item in over)
    return Statement(text, "concentration", "estimated" if 2 * firm >= len(over) else "assumed")


def _chart(context: Context, ranked: list[Ranked]) -> Chart:
    first, shown = ranked[0], ranked[:SHOWN]
    title = context.say(
        "brief.concentration.chart_title",
        node=context.node(first.largest.node.id),
        place=context.place(first.largest.country),
        part=context.numbers.percent(first.cr1),
    )
    picture = Bars(
        id="concentration-svg",
        title=title,
        description=context.say("brief.concentration.chart_description"),
        bars=[_bar(context, item) for item in shown],
        axis=context.numbers.tick,
        keys=list_keys(context, [item.largest for item in shown]),
        limit=1.0,
    )
    return Chart(
        id="concentration-chart",
        title=title,
        subtitle=context.say("brief.concentration.chart_subtitle", n=len(shown)),
        svg=draw_ranked_bars(picture),
        table=_table(context, ranked),
        caption=context.say("brief.concentration.caption"),
        sources=list_sources(*(item.largest.part for item in shown)),
    )


def _bar(context: Context, item: Ranked) -> Bar:
    held = item.largest
    part = Part(item.cr1, STAGES[held.node.stage], held.part.grade, context.grade(held.part.grade))
    text = context.say(
        "brief.concentration.bar", place=context.place(held.country), part=context.numbers.percent(item.cr1)
    )
    strong = held.country in {context.findings.home, context.findings.partner}
    return Bar(context.node(held.node.id), (part,), text, held.part.low, held.part.high, strong=strong)


def _table(context: Context, ranked: list[Ranked]) -> Table:
    heads = tuple(context.say(f"brief.column.{name}") for name in ("node", "top", "cr1", "cr3", "hhi"))
    rows = tuple(
        (
            Cell(context.node(item.largest.node.id)),
            Cell(context.place(item.largest.country)),
            context.figure_cell(item.largest.part),
            context.sum_cell(item.cr3),
            context.sum_cell(item.hhi, "index"),
        )
        for item in ranked
    )
    return Table(heads, rows)
