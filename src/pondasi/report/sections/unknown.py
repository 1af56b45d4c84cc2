"""What do we not know?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.svg import GREY, INK

if TYPE_CHECKING:
    from pondasi.report.context import Context

MISSING = ("disruptions", "steps", "partner_terms", "tracking")
LIMITS = ("prior", "independent", "gross", "boom")


def write_unknown(context: Context) -> Section:
    """Return the section on coverage, gaps and what the brief cannot tell."""
    findings = context.findings
    soft = findings.support.get("assumed", 0.0) + findings.support.get("unknown", 0.0)
    statement = Statement(
        context.say("brief.unknown.soft", part=context.numbers.percent(soft), home=context.home), "unknown", findings.exposure_grade
    )
    return Section(
        id="unknown",
        title=context.say("brief.unknown.title"),
        answer=statement.text,
        blocks=(_chart(context),),
        points=(
            *_gaps(context),
            *(context.say(f"brief.unknown.limit.{name}") for name in LIMITS),
            *(context.say(f"brief.unknown.missing.{name}") for name in MISSING),
        ),
        statements=(statement,),
    )


def _gaps(context: Context) -> list[str]:
    """Say which figures are missing; nothing when none is."""
    gaps = context.findings.flows.gaps
    texts = []
    for name, nodes in (("market", gaps.nodes_without_market), ("share", gaps.nodes_without_share)):
        if nodes:
            texts.append(context.say(f"brief.unknown.gap.{name}", n=len(nodes), nodes=context.join([context.node(node) for node in nodes[:5]])))
    if gaps.links_without_size:
        texts.append(context.say("brief.unknown.gap.link", n=len(gaps.links_without_size)))
    blank = int(context.findings.chain.shares["share"].isna().sum())
    if blank:
        texts.append(context.say("brief.unknown.gap.blank", n=blank))
    return texts


def _chart(context: Context) -> Chart:
    findings = context.findings
    weights = findings.weights.drop(index=list(findings.flows.users))
    stage = findings.chain.nodes.set_index("node")["stage"].reindex(weights.index)
    by_stage = weights.groupby(stage, sort=False).mean()
    bars, rows = [], []
    for name, row in by_stage.iterrows():
        parts = tuple(Part(float(row[grade]), INK if grade != "unknown" else GREY, grade, context.grade(grade)) for grade in GRADES if row[grade] > 0)
        soft = float(row["assumed"] + row["unknown"])
        bars.append(Bar(context.code("stage", str(name)), parts, context.say("brief.unknown.bar", part=context.numbers.percent(soft))))
    for table, row in findings.grades.iterrows():
        cells = [Cell(str(table))]
        cells.extend(Cell(str(int(row[grade])), number=True) for grade in GRADES)
        rows.append(tuple(cells))
    keys = [Key(context.grade(grade), INK if grade != "unknown" else GREY, grade) for grade in GRADES]
    title = context.say("brief.unknown.chart_title")
    svg = draw_ranked_bars(
        Bars(
            id="unknown-svg", title=title, description=context.say("brief.unknown.chart_description"), bars=bars, axis=context.numbers.percent, keys=keys, limit=1.0
        )
    )
    heads = (context.say("brief.column.table"), *(context.grade(grade) for grade in GRADES))
    return Chart(
        id="unknown-chart",
        title=title,
        subtitle=context.say("brief.unknown.chart_subtitle"),
        svg=svg,
        table=Table(heads, tuple(rows)),
        caption=context.say("brief.unknown.caption"),
    )
