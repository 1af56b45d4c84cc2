"""The chip chain as a layered graph: stages left to right, area as market, ring as the home country's part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.report.svg import GREY, INK, PALE, Drawing, fit_text, measure_text, wrap_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMN, ROW, TOP, LEFT = 194.0, 29.0, 50.0, 26.0
MIN_RADIUS, MAX_RADIUS = 3.5, 21.0
TEXT, LINE = 11.5, 12.0
SIZES = (TEXT, 10.5, 9.5)


@dataclass(frozen=True)
class GraphNode:
    """A node as drawn: its column, its market and the home country's part in it."""

    id: str
    name: str
    column: str
    colour: str
    market: float | None
    grade: str
    part: float | None
    part_text: str
    tip: str


@dataclass(frozen=True)
class GraphLink:
    """A link as drawn; ``strong`` marks what touches the home country's own nodes."""

    supplier: str
    user: str
    strong: bool


@dataclass(frozen=True)
class Graph:
    """What the chart shows."""

    id: str
    title: str
    description: str
    columns: Mapping[str, str]
    nodes: Sequence[GraphNode]
    links: Sequence[GraphLink]
    keys: Mapping[str, str]


def draw_chain_graph(graph: Graph) -> str:
    """Return the layered graph as SVG."""
    places = _place(graph)
    rows = max(sum(node.column == column for node in graph.nodes) for column in graph.columns)
    width, height = LEFT + COLUMN * len(graph.columns), TOP + ROW * rows + 40
    drawing = Drawing(width, height, graph.title, graph.description, graph.id)
    for number, name in enumerate(graph.columns.values()):
        x = LEFT + COLUMN * number - 12
        lines = wrap_text(name, COLUMN - 12, 13, weight="700")
        for line, text in enumerate(lines, start=1 - len(lines)):
            drawing.text(x, 32 + 15 * line, text, size=13, weight="700", fill=INK)
        drawing.add("line", x1=x, y1=40, x2=x + COLUMN - 12, y2=40, stroke=PALE)
    for link in sorted(graph.links, key=lambda link: link.strong):
        _draw_link(drawing, places[link.supplier], places[link.user], strong=link.strong)
    largest = max((node.market or 0.0) for node in graph.nodes) or 1.0
    for node in graph.nodes:
        _draw_node(drawing, node, places[node.id], largest)
    x = LEFT - 8
    for grade, name in graph.keys.items():
        drawing.add("circle", cx=x, cy=height - 14, r=6, paint=drawing.paint(GREY, grade))
        drawing.text(x + 11, height - 10, name, size=12, fill=GREY)
        x += 34 + measure_text(name, 12)
    return str(drawing)


def _place(graph: Graph) -> dict[str, tuple[float, float]]:
    """Place nodes in their columns; order each column by the mean height of its neighbours, twice."""
    columns = {column: [node.id for node in graph.nodes if node.column == column] for column in graph.columns}
    rows = max(len(nodes) for nodes in columns.values())
    heights: dict[str, float] = {}

    def settle(nodes: list[str]) -> None:
        gap = min(rows / max(len(nodes), 1), 3.2)
        start = (rows - gap * len(nodes)) / 2
        heights.update({node: start + gap * (number + 0.5) for number, node in enumerate(nodes)})

    for nodes in columns.values():
        settle(nodes)
    neighbours: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for link in graph.links:
        neighbours[link.supplier].append(link.user)
        neighbours[link.user].append(link.supplier)
    for _ in range(2):
        for nodes in columns.values():
            mean = {
                node: sum(heights[other] for other in neighbours[node]) / len(neighbours[node])
                if neighbours[node]
                else heights[node]
                for node in nodes
            }
            nodes.sort(key=lambda node: (mean[node], node))
            settle(nodes)
    x = {column: LEFT + COLUMN * number for number, column in enumerate(columns)}
    return {node: (x[column], TOP + ROW * heights[node]) for column, nodes in columns.items() for node in nodes}


def _draw_link(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], *, strong: bool) -> None:
    (x1, y1), (x2, y2) = start, end
    bend = max(40.0, abs(x2 - x1) / 2.4)
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    stroke, opacity, width = (INK, 0.5, 1.1) if strong else (GREY, 0.13, 0.7)
    drawing.add("path", d=path, fill="none", stroke=stroke, stroke_opacity=opacity, stroke_width=width)


def _draw_node(drawing: Drawing, node: GraphNode, place: tuple[float, float], largest: float) -> None:
    x, y = place
    radius = MIN_RADIUS if not node.market else max(MIN_RADIUS, MAX_RADIUS * math.sqrt(node.market / largest))
    grade = "unknown" if node.market is None else node.grade
    drawing.add("circle", cx=x, cy=y, r=radius, fill="#FFFFFF")
    drawing.add(
        "circle",
        cx=x,
        cy=y,
        r=radius,
        stroke_width=1,
        tip=node.tip,
        paint={**drawing.paint(node.colour, grade), "data-row": f"nodes/{node.id}"},
    )
    if node.part is not None:
        _draw_ring(drawing, x, y, radius + 3.2, node.part)
    left = x + radius + (9 if node.part is not None else 5)
    width = COLUMN - radius - 34
    lines, size = fit_text(node.name, width, SIZES)
    room = width - measure_text(lines[-1], size) - measure_text(f" {node.part_text}", TEXT, "700")
    beside = bool(node.part_text) and room > 0
    count = len(lines) + bool(node.part_text and not beside)
    start = y - (count - 1) * LINE / 2 + 3.6
    for number, line in enumerate(lines):
        drawing.text(left, start + LINE * number, line, size=size, row=f"nodes/{node.id}", halo=True)
    if node.part_text:
        shift = measure_text(f"{lines[-1]} ", size) + 2 if beside else 0.0
        drawing.text(left + shift, start + LINE * (count - 1), node.part_text, size=TEXT, weight="700", halo=True)


def _draw_ring(drawing: Drawing, x: float, y: float, radius: float, part: float) -> None:
    """Draw the home country's part as an arc over a pale ring, from the top clockwise."""
    drawing.add("circle", cx=x, cy=y, r=radius, fill="none", stroke=PALE, stroke_width=2.6)
    circle = 2 * math.pi * radius
    arc = max(part * circle, 1.2)
    drawing.add(
        "circle",
        cx=x,
        cy=y,
        r=radius,
        fill="none",
        stroke=INK,
        stroke_width=2.6,
        stroke_dasharray=f"{arc:.2f} {circle:.2f}",
        transform=f"rotate(-90 {x:.1f} {y:.1f})",
    )
