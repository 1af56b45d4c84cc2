"""Where in the chain is the making concentrated in one place?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.context import split_sources
from pondasi.report.findings import CHOKEPOINT
from pondasi.report.svg import GREY, STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context

SHOWN = 20
NAMED = 3


def write_concentration(context: Context) -> Section:
    """Return the section on concentration, with the most concentrated nodes ranked."""
    findings = context.findings
    table = findings.concentration.drop(index=list(findings.flows.users)).dropna(subset=["cr1"])
    ranked = table.sort_values(["cr1", "hhi"], ascending=False)
    over = ranked[ranked["cr1"] > CHOKEPOINT]
    leaders = over["top"].value_counts()
    named = [context.say("brief.concentration.leader", place=context.place(str(code)), n=int(count)) for code, count in leaders.head(NAMED).items()]
    statement = Statement(
        context.say(
            "brief.concentration.over_half",
            n=len(over),
            total=str(len(table)),
            half=context.numbers.percent(CHOKEPOINT),
            leaders=context.join(named),
        ),
        "concentration",
        "estimated",
    )
    return Section(
        id="concentration",
        title=context.say("brief.concentration.title"),
        answer=statement.text,
        blocks=(_chart(context, ranked),),
        method=(context.say("brief.concentration.method"),),
        statements=(statement,),
    )


def _chart(context: Context, ranked: pd.DataFrame) -> Chart:
    findings = context.findings
    stage = findings.chain.nodes.set_index("node")["stage"]
    shares = findings.chain.shares
    rows = shares[(shares["basis"] == "location") & shares["firm"].isna()].set_index(["node", "country"])
    bars, cells = [], []
    for node, row in ranked.head(SHOWN).iterrows():
        share = rows.loc[(node, row["top"])]
        colour = STAGES[str(stage[node])]
        value = float(row["cr1"])
        part = Part(value, colour, str(share["grade"]), context.grade(str(share["grade"])))
        text = f"{context.place(str(row['top']))} {context.numbers.percent(value)}"
        low, high = (None if pd.isna(share[name]) else float(share[name]) for name in ("low", "high"))
        bars.append(Bar(context.node(str(node)), (part,), text, low, high, strong=row["top"] == findings.home))
    for node, row in ranked.iterrows():
        share = rows.loc[(node, row["top"])]
        cells.append(
            (
                Cell(context.node(str(node))),
                Cell(context.place(str(row["top"]))),
                context.share_cell(share),
                Cell(context.numbers.percent(float(row["cr3"])), number=True),
                Cell(context.numbers.plain(float(row["hhi"]), 2), number=True),
            )
        )
    present = [name for name in STAGES if any(stage[node] == name for node in ranked.head(SHOWN).index)]
    keys = [Key(context.code("stage", name), STAGES[name]) for name in present]
    keys += [Key(context.grade(grade), GREY, grade) for grade in ("exact", "estimated", "assumed")]
    first = ranked.iloc[0]
    title = context.say("brief.concentration.chart_title", node=context.node(str(ranked.index[0])), place=context.place(str(first["top"])), part=context.numbers.percent(float(first["cr1"])))
    svg = draw_ranked_bars(
        Bars(
            id="concentration-svg",
            title=title,
            description=context.say("brief.concentration.chart_description"),
            bars=bars,
            axis=context.numbers.percent,
            keys=keys,
            limit=1.0,
        )
    )
    heads = tuple(context.say(f"brief.column.{name}") for name in ("node", "top", "cr1", "cr3", "hhi"))
    sources = tuple(dict.fromkeys(item for cell in rows.loc[[(node, row["top"]) for node, row in ranked.head(SHOWN).iterrows()], "source"] for item in split_sources(cell)))
    return Chart(
        id="concentration-chart",
        title=title,
        subtitle=context.say("brief.concentration.chart_subtitle", n=min(SHOWN, len(ranked))),
        svg=svg,
        table=Table(heads, tuple(cells)),
        caption=context.say("brief.concentration.caption"),
        sources=sources,
    )
