"""What does the home country use and make, and where in the chain does it stand?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES, grade_of
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.chain_graph import Graph, GraphLink, GraphNode, draw_chain_graph
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.results import locate_share
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import STAGES
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding, Node

COLUMNS = ("materials", "equipment", "design", "fabrication", "packaging", "chips", "users")
NAMED = 3


def write_place(context: Context) -> Section:
    """Return the section on the home country's place: its use, and the chain graph."""
    statements = (_say_use(context), _say_makes(context), _say_own(context))
    used = sorted(
        context.findings.held_by(context.findings.home, users=True), key=lambda item: item.value, reverse=True
    )
    return Section(
        id="place",
        title=context.say("brief.place.title", home=context.home),
        answer=context.join_sentences(statements[:2]),
        blocks=(_chart_use(context, used), _chart(context)),
        method=(context.say("brief.place.method"),),
        statements=statements,
    )


# --- statements ----------------------------------------------------------------------------------


def _say_use(context: Context) -> Statement:
    home = context.findings.home
    text = context.say(
        "brief.place.use",
        home=context.home,
        use=context.cite(f"use/{home}"),
        year=context.cite("year"),
        part=context.cite(f"use/{home}/part", short=True),
    )
    return Statement(text, "place", context.findings.use.grade)


def _say_makes(context: Context) -> Statement:
    held = context.findings.held_by(context.findings.home)
    total = context.cite("count/nodes")
    if not held:
        text = context.say("brief.place.makes_nothing", home=context.home, total=total)
        return Statement(text, "place", "unknown")
    weights: dict[str, float] = {}
    for item in held:
        weights[item.part.grade] = weights.get(item.part.grade, 0.0) + item.value
    text = context.say(
        "brief.place.makes" if len(held) <= NAMED else "brief.place.makes_most",
        home=context.home,
        items=context.name_holdings(held[:NAMED]),
        count=context.cite(f"count/made/{context.findings.home}"),
        total=total,
    )
    return Statement(text, "place", grade_of(weights))


def _say_own(context: Context) -> Statement:
    home = context.findings.home
    part = context.findings.part(home)
    key = "brief.place.own" if part.value is not None else "brief.place.own_none"
    text = context.say(
        key, home=context.home, part=context.cite(f"exposure/{home}/{home}"), use=context.cite(f"use/{home}")
    )
    return Statement(text, "exposure", part.grade)


# --- what home uses ------------------------------------------------------------------------------


def _chart_use(context: Context, used: list[Holding]) -> Chart:
    home = context.findings.home
    first = used[0]
    title = context.say(
        "brief.use.title",
        home=context.home,
        node=context.node_in_text(first.node.id),
        amount=context.cite(f"use/{home}/{first.node.id}", short=True),
    )
    picture = Bars(
        id="use-svg",
        title=title,
        description=context.say("brief.use.description", home=context.home),
        bars=[_bar_use(context, item) for item in used],
        axis=context.numbers.money_tick,
        keys=list_keys(context, (), {item.part.grade for item in used}),
        ticks=3,
        per_unit=context.numbers.rate.per_usd,
    )
    heads = tuple(
        context.say(f"brief.column.{name}", home=context.home, place=context.home)
        for name in ("industry", "bought", "used_share")
    )
    rows = tuple(
        (
            context.node_cell(item.node.id),
            context.cell(f"use/{home}/{item.node.id}"),
            context.cell(locate_share(item)),
        )
        for item in used
    )
    return Chart(
        id="use-chart",
        title=title,
        subtitle=context.say("brief.use.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=Table(heads, rows),
        caption=context.say_caption(item.part.grade for item in used),
        sources=list_sources(*(item.part for item in used)),
    )


def _bar_use(context: Context, item: Holding) -> Bar:
    at = f"use/{context.findings.home}/{item.node.id}"
    figure = context.look_up(at)
    part = Part(figure.value or 0.0, STAGES["users"], figure.grade, context.grade(figure.grade))
    return Bar(
        context.names[item.node.id], (part,), context.cite(at), figure.low, figure.high, row=f"nodes/{item.node.id}"
    )


# --- the chain -----------------------------------------------------------------------------------


def _chart(context: Context) -> Chart:
    findings = context.findings
    held = findings.held_by(findings.home)
    return Chart(
        id="chain-graph",
        title=context.say(
            "brief.place.chart_title" if held else "brief.place.chart_title_none",
            home=context.home,
            n=context.count(f"count/made/{findings.home}"),
            total=context.cite("count/nodes"),
        ),
        subtitle=context.say("brief.place.chart_subtitle", home=context.home),
        svg=draw_chain_graph(_graph(context)),
        table=_table(context),
        caption=context.say_caption(item.part.grade for item in held),
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
    name = context.names[node.id]
    return GraphNode(
        id=node.id,
        name=name,
        column=_column(node),
        colour=STAGES["users"] if node.is_user else STAGES[node.stage],
        market=node.market.value,
        grade=node.market.grade,
        part=None if item is None else item.part.value,
        part_text="" if item is None else context.cite(locate_share(item), short=True),
        tip=f"{name}: {context.numbers.figure(node.market)}",
    )


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
            context.node_cell(node.id),
            Cell(context.say(f"brief.stage.{_column(node)}")),
            context.cell(f"nodes/{node.id}"),
            context.holding_cell(node.id, context.findings.home),
        )
        for node in context.findings.nodes.values()
    )
    return Table(heads, rows)
