"""What does the partner hold that the home country lacks, and the reverse?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.svg import GREY, STAGES

if TYPE_CHECKING:
    import pandas as pd

    from pondasi.report.context import Context

SHOWN = 18
NAMED = 3


def write_partner(context: Context) -> Section | None:
    """Return the section on the partner; none without a partner."""
    findings = context.findings
    if not findings.partner:
        return None
    parts = {kind: context.numbers.figure(findings.part(findings.partner, kind)) for kind in ("supply", "tools", "permission")}
    held = findings.holds.sort_values("share", ascending=False)
    items = [
        context.say("brief.place.made_item", node=context.node(row.node), part=context.numbers.percent_interval(row.share, row.low, row.high))
        for row in held.head(NAMED).itertuples()
    ]
    statements = [Statement(context.say("brief.partner.parts", partner=context.partner, home=context.home, **parts), "partner", findings.exposure_grade)]
    if items:
        statements.append(Statement(context.say("brief.partner.holds", partner=context.partner, items=context.join(items)), "partner", "estimated"))
    return Section(
        id="partner",
        title=context.say("brief.partner.title", partner=context.partner, home=context.home),
        answer=" ".join(statement.text for statement in statements),
        blocks=(_chart(context, held),) if items else (),
        points=(_reverse(context),),
        method=(context.say("brief.partner.method", partner=context.partner),),
        statements=tuple(statements),
    )


def _reverse(context: Context) -> str:
    """Say what home makes and the partner is not known to make, or makes less of."""
    findings = context.findings
    theirs = findings.holds.set_index("node")["share"]
    mine = findings.makes[findings.makes["share"] > findings.makes["node"].map(theirs).fillna(0.0)]
    if mine.empty:
        return context.say("brief.partner.reverse_none", home=context.home, partner=context.partner)
    names = [context.node(node) for node in mine["node"].head(NAMED)]
    return context.say("brief.partner.reverse", home=context.home, partner=context.partner, items=context.join(names))


def _chart(context: Context, held: pd.DataFrame) -> Chart:
    findings = context.findings
    mine = findings.makes.set_index("node")
    bars, cells = [], []
    for row in held.head(SHOWN).itertuples():
        part = Part(row.share, STAGES[row.stage], row.grade, context.grade(row.grade))
        bars.append(Bar(context.node(row.node), (part,), context.numbers.percent(row.share), row.low, row.high, strong=row.node in mine.index))
    for _, row in held.iterrows():
        own = context.share_cell(mine.loc[row["node"]]) if row["node"] in mine.index else Cell(context.say("brief.place.not_listed"), number=True)
        cells.append((Cell(context.node(row["node"])), Cell(context.code("stage", row["stage"])), context.share_cell(row), own))
    first = held.iloc[0]
    title = context.say("brief.partner.chart_title", partner=context.partner, n=int((held["share"] > 1 / 4).sum()))
    present = [name for name in STAGES if name in set(held.head(SHOWN)["stage"])]
    keys = [Key(context.code("stage", name), STAGES[name]) for name in present]
    keys += [Key(context.grade(grade), GREY, grade) for grade in ("exact", "estimated", "assumed")]
    svg = draw_ranked_bars(
        Bars(
            id="partner-svg",
            title=title,
            description=context.say("brief.partner.chart_description", partner=context.partner),
            bars=bars,
            axis=context.numbers.percent,
            keys=keys,
            limit=1.0,
        )
    )
    heads = (
        context.say("brief.column.node"),
        context.say("brief.column.stage"),
        context.say("brief.column.share_of", place=context.partner),
        context.say("brief.column.share_of", place=context.home),
    )
    return Chart(
        id="partner-chart",
        title=title,
        subtitle=context.say("brief.partner.chart_subtitle", n=len(bars), partner=context.partner, home=context.home),
        svg=svg,
        table=Table(heads, tuple(cells)),
        caption=context.say("brief.caption", year=str(int(first["year"])), grade=context.grade("estimated")),
    )
