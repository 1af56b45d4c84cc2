"""On whom does the home country depend?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.places import ROW, UNKNOWN
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.svg import STAGES

if TYPE_CHECKING:
    import pandas as pd

    from pondasi.report.context import Context

SHOWN = 12
NAMED = 3


def write_exposure(context: Context) -> Section:
    """Return the section on supply exposure, with tools and permission beside it."""
    findings = context.findings
    ranked = findings.partners()
    first = [context.say("brief.exposure.item", place=context.place(code), part=context.numbers.figure(findings.part(code))) for code in ranked[:NAMED]]
    grade = findings.exposure_grade
    statements = [
        Statement(context.say("brief.exposure.most", home=context.home, items=context.join(first)), "exposure", grade),
        Statement(context.say("brief.exposure.other_kinds", home=context.home, **_leaders(context)), "exposure", grade),
    ]
    chart = _chart(context)
    return Section(
        id="exposure",
        title=context.say("brief.exposure.title", home=context.home),
        answer=statements[0].text,
        blocks=(chart,),
        points=(statements[1].text, context.say("brief.exposure.no_home_bias")),
        method=(context.say("brief.exposure.method"), context.say("brief.exposure.method_band", n=findings.exposure.draws)),
        statements=tuple(statements),
    )


def _leaders(context: Context) -> dict[str, str]:
    fields = {}
    for kind in ("tools", "permission"):
        code = context.findings.partners(kind)[0]
        fields[f"{kind}_place"] = context.place(code)
        fields[f"{kind}_part"] = context.numbers.figure(context.findings.part(code, kind))
    return fields


def _chart(context: Context) -> Chart:
    findings = context.findings
    table = findings.exposure.of(findings.home)
    by_node = findings.exposure.by_node["value"].loc[findings.home]
    stage = findings.chain.nodes.set_index("node")["stage"]
    by_stage = by_node.groupby([by_node.index.get_level_values("country"), stage.reindex(by_node.index.get_level_values("node")).to_numpy()]).sum()
    total = float(by_node.sum())
    stages = [name for name in STAGES if name in by_stage.index.get_level_values(1)]
    codes = [findings.home, *findings.partners()[:SHOWN]]
    codes += [findings.partner] if findings.partner and findings.partner not in codes else []
    codes += [code for code in (ROW, UNKNOWN) if code in table.index]
    bars = []
    for code in codes:
        part = findings.part(code)
        pieces = tuple(
            Part(float(by_stage.get((code, name), 0.0)) / total, STAGES[name], "exact", context.code("stage", name)) for name in stages
        )
        strong = code in {findings.home, findings.partner}
        bars.append(Bar(context.place(code), pieces, context.numbers.figure(part), part.low, part.high, strong=strong))
    shown = [Bar(bar.name, bar.parts, bar.text, bar.low, bar.high, strong=bar.strong) for bar in bars]
    title = context.say("brief.exposure.chart_title", place=context.place(findings.partners()[0]), home=context.home)
    svg = draw_ranked_bars(
        Bars(
            id="exposure-svg",
            title=title,
            description=context.say("brief.exposure.chart_description", home=context.home),
            bars=shown,
            axis=context.numbers.percent,
            keys=[Key(context.code("stage", name), STAGES[name]) for name in stages],
        )
    )
    return Chart(
        id="exposure-chart",
        title=title,
        subtitle=context.say("brief.exposure.chart_subtitle", home=context.home),
        svg=svg,
        table=_table(context, table),
        caption=context.say(
            "brief.exposure.caption",
            year=str(findings.year),
            grade=context.grade(findings.exposure_grade),
            assumed=context.numbers.percent(findings.support.get("assumed", 0.0) + findings.support.get("unknown", 0.0)),
        ),
    )


def _table(context: Context, supply: pd.DataFrame) -> Table:
    findings = context.findings
    rows = []
    for code in supply.index:
        cells = [Cell(context.place(str(code)))]
        cells.extend(Cell(context.numbers.figure(findings.part(str(code), kind)), number=True) for kind in ("supply", "tools", "permission"))
        cells.append(Cell(context.numbers.money(float(supply.loc[code, "value"])), number=True))
        rows.append(tuple(cells))
    heads = ("place", "supply", "tools", "permission", "supply_value")
    return Table(tuple(context.say(f"brief.column.{name}") for name in heads), tuple(rows))
