"""Where is the home country in the chain, and what does it use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.chain_graph import Graph, GraphLink, GraphNode, draw_chain_graph
from pondasi.report.context import Context, split_sources
from pondasi.report.findings import grade_of

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("materials", "equipment", "design", "fabrication", "packaging", "chips", "users")
SHOWN = 3


def write_place(context: Context) -> Section:
    """Return the section on the home country's place, with the chain graph."""
    findings = context.findings
    use, makes = findings.use, findings.makes
    home_part = findings.part(findings.home)
    total = float(findings.chain.nodes.loc[findings.chain.nodes["node"].isin(findings.flows.users), "market_usd"].sum())
    assert use.value is not None  # noqa: S101 - a home country without use was refused before
    statements = (
        Statement(
            context.say(
                "brief.place.use", home=context.home, use=context.numbers.figure(use), year=str(use.year), part=context.numbers.percent(use.value / total)
            ),
            "place",
            use.grade,
        ),
        _made_statement(context, makes),
        Statement(context.say("brief.place.own", home=context.home, part=context.numbers.figure(home_part)), "exposure", findings.exposure_grade),
    )
    graph = _graph(context)
    table = _table(context, graph.nodes)
    sources = tuple(dict.fromkeys(item for row in table.rows for cell in row for item in cell.sources))
    title = context.say("brief.place.chart_title", home=context.home, n=len(makes), total=len(findings.chain.nodes) - len(findings.flows.users))
    chart = Chart(
        id="chain-graph",
        title=title,
        subtitle=context.say("brief.place.chart_subtitle", home=context.home),
        svg=draw_chain_graph(graph),
        table=table,
        caption=context.say("brief.caption", year=str(findings.year), grade=context.grade(use.grade)),
        sources=sources,
        wide=True,
    )
    return Section(
        id="place",
        title=context.say("brief.place.title", home=context.home),
        answer=" ".join(statement.text for statement in statements[:2]),
        blocks=(chart,),
        method=(context.say("brief.place.method"),),
        statements=statements,
    )


def _made_statement(context: Context, makes: pd.DataFrame) -> Statement:
    if makes.empty:
        return Statement(context.say("brief.place.makes_nothing", home=context.home), "place", "estimated")
    ranked = makes.sort_values("share", ascending=False)
    items = [
        context.say("brief.place.made_item", node=context.node(row.node), part=context.numbers.percent_interval(row.share, row.low, row.high))
        for row in ranked.head(SHOWN).itertuples()
    ]
    weights = {str(grade): float(value) for grade, value in makes.groupby("grade")["value"].sum().items()}
    key = "brief.place.makes" if len(makes) <= SHOWN else "brief.place.makes_most"
    text = context.say(key, home=context.home, items=context.join(items), count=str(len(makes)))
    return Statement(text, "place", grade_of(weights))


def _graph(context: Context) -> Graph:
    findings = context.findings
    nodes = findings.chain.nodes
    users = set(findings.flows.users)
    mine = _mine(context)
    drawn = tuple(_graph_node(context, row, mine, users) for row in nodes.to_dict("records"))
    linked = findings.chain.links
    links = tuple(
        GraphLink(row.supplier, row.user, strong=row.supplier in mine.index and row.supplier not in users)
        for row in linked.itertuples()
    )
    return Graph(
        id="chain-graph-svg",
        title=context.say("brief.place.title", home=context.home),
        description=context.say("brief.place.chart_description", home=context.home),
        columns={column: context.say(f"brief.stage.{column}") for column in COLUMNS},
        nodes=drawn,
        links=links,
    )


def _mine(context: Context) -> pd.DataFrame:
    shares = context.findings.chain.shares
    rows = shares[(shares["country"] == context.findings.home) & (shares["basis"] == "location") & shares["firm"].isna()]
    return rows.set_index("node")


def _graph_node(context: Context, row: Mapping[str, object], mine: pd.DataFrame, users: set[str]) -> GraphNode:
    node = str(row["node"])
    market = None if pd.isna(row["market_usd"]) else float(str(row["market_usd"]))
    part, text = None, ""
    if node in mine.index:
        share = mine.loc[node, "share"]
        part = None if pd.isna(share) else float(share)
        text = context.say("grade.unknown") if part is None else context.numbers.percent(part)
    name = context.node(node)
    value = context.say("grade.unknown") if market is None else context.numbers.money(market)
    return GraphNode(
        id=node,
        name=name,
        column=_column(str(row["stage"]), node, users),
        pillar="user" if node in users or pd.isna(row["pillar"]) else str(row["pillar"]),
        market=market,
        grade=str(row["grade"]),
        part=part,
        part_text=text,
        tip=f"{name}: {value}",
    )


def _column(stage: str, node: str, users: set[str]) -> str:
    if stage != "demand":
        return stage
    return "users" if node in users else "chips"


def _table(context: Context, drawn: tuple[GraphNode, ...]) -> Table:
    nodes = context.findings.chain.nodes.set_index("node")
    mine = _mine(context)
    rows = []
    for node in drawn:
        row = nodes.loc[node.id]
        low, high = (None if pd.isna(row[name]) else float(row[name]) for name in ("market_low", "market_high"))
        market = context.say("grade.unknown") if node.market is None else context.numbers.money_interval(node.market, low, high)
        part = context.share_cell(mine.loc[node.id]) if node.id in mine.index else Cell(context.say("brief.place.not_listed"), number=True)
        rows.append(
            (
                Cell(node.name),
                Cell(context.say(f"brief.stage.{node.column}")),
                Cell(market, str(row["grade"]), split_sources(row["source"]), number=True),
                part,
            )
        )
    heads = tuple(context.say(f"brief.column.{name}", home=context.home) for name in ("node", "stage", "market", "home_share"))
    return Table(heads, tuple(rows))
