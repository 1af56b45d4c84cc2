"""Where is the home country in the chain, and what does it use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES, grade_of
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.chain_graph import Graph, GraphLink, GraphNode, draw_chain_graph
from pondasi.report.context import list_sources
from pondasi.report.svg import STAGES
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Node

COLUMNS = ("materials", "equipment", "design", "fabrication", "packaging", "chips", "users")
NAMED = 3


def write_place(context: Context) -> Section:
    """Return the section on the home country's place, with the chain graph."""
    statements = (_say_use(context), _say_makes(context), _say_own(context))
    return Section(
        id="place",
        title=context.say("brief.place.title", home=context.home),
        answer=context.join_sentences(statements[:2]),
        blocks=(_chart(context),),
        method=(context.say("brief.place.method"),),
        statements=statements,
    )


def _say_use(context: Context) -> Statement:
    use = context.findings.use
    part = context.numbers.percent((use.value or 0.0) / context.findings.world_use)
    text = context.say(
        "brief.place.use", home=context.home, use=context.numbers.figure(use), year=str(use.year), part=part
    )
    return Statement(text, "place", use.grade)


def _say_makes(context: Context) -> Statement:
    held = context.findings.held_by(context.findings.home)
    if not held:
        return Statement(context.say("brief.place.makes_nothing", home=context.home), "place", "unknown")
    weights: dict[str, float] = {}
    for item in held:
        weights[item.part.grade] = weights.get(item.part.grade, 0.0) + item.value
    key = "brief.place.makes" if len(held) <= NAMED else "brief.place.makes_most"
    text = context.say(key, home=context.home, items=context.name_holdings(held[:NAMED]), count=str(len(held)))
    return Statement(text, "place", grade_of(weights))


def _say_own(context: Context) -> Statement:
    part = context.findings.part(context.findings.home)
    key = "brief.place.own" if part.value is not None else "brief.place.own_none"
    fields = {"home": context.home, "part": context.numbers.figure(part)}
    return Statement(context.say(key, **fields), "exposure", part.grade)


def _chart(context: Context) -> Chart:
    findings = context.findings
    made = [node for node in findings.nodes.values() if not node.is_user]
    held = findings.held_by(findings.home)
    table = _table(context)
    return Chart(
        id="chain-graph",
        title=context.say("brief.place.chart_title", home=context.home, n=len(held), total=len(made)),
        subtitle=context.say("brief.place.chart_subtitle", home=context.home),
        svg=draw_chain_graph(_graph(context)),
        table=table,
        caption=context.say("brief.caption", year=str(findings.year)),
        sources=list_sources(*(item.part for item in held)),
        wide=True,
    )


def _graph(context: Context) -> Graph:
    findings = context.findings
    own = {item.node.id for item in findings.held_by(findings.home)}
    links = [
        GraphLink(row["supplier"], row["user"], strong=row["supplier"] in own)
        for row in list_rows(findings.chain.links)
    ]
    drawn = [_draw_node(context, node) for node in findings.nodes.values()]
    grades = {node.grade for node in drawn}
    return Graph(
        id="chain-graph-svg",
        title=context.say("brief.place.title", home=context.home),
        description=context.say("brief.place.chart_description", home=context.home),
        columns={column: context.say(f"brief.stage.{column}") for column in COLUMNS},
        nodes=drawn,
        links=links,
        keys={grade: context.grade(grade) for grade in GRADES if grade in grades},
    )


def _draw_node(context: Context, node: Node) -> GraphNode:
    item = context.findings.holdings.get((node.id, context.findings.home))
    name = context.node(node.id)
    return GraphNode(
        id=node.id,
        name=name,
        column=_column(node),
        colour=STAGES["users"] if node.is_user else STAGES[node.stage],
        market=node.market.value,
        grade=node.market.grade,
        part=None if item is None else item.part.value,
        part_text="" if item is None else _short(context, item.part.value),
        tip=f"{name}: {context.numbers.figure(node.market)}",
    )


def _short(context: Context, part: float | None) -> str:
    return context.say("grade.unknown") if part is None else context.numbers.percent(part)


def _column(node: Node) -> str:
    if node.stage != "demand":
        return node.stage
    return "users" if node.is_user else "chips"


def _table(context: Context) -> Table:
    heads = tuple(
        context.say(f"brief.column.{name}", home=context.home) for name in ("node", "stage", "market", "home_share")
    )
    rows = tuple(
        (
            Cell(context.node(node.id)),
            Cell(context.say(f"brief.stage.{_column(node)}")),
            context.figure_cell(node.market),
            context.holding_cell(node.id, context.findings.home),
        )
        for node in context.findings.nodes.values()
    )
    return Table(heads, rows)
