"""On whom does the home country depend?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.places import ROW, UNKNOWN
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.svg import STAGES
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.position.exposure import Kind
    from pondasi.report.context import Context

SHOWN = 12
NAMED = 3
LARGEST = 2
"""Nodes that are named for each place."""
KINDS: tuple[Kind, ...] = ("supply", "value", "tools", "permission")
"""Kinds of exposure that the table sets side by side."""


def write_exposure(context: Context) -> Section:
    """Return the section on supply exposure, with tools and permission beside it."""
    said = (_say_most(context), _say_for_what(context), _say_value(context), _say_other_kinds(context))
    statements = tuple(statement for statement in said if statement is not None)
    return Section(
        id="exposure",
        title=context.say("brief.exposure.title", home=context.home),
        answer=statements[0].text,
        blocks=(_chart(context),),
        points=(*(item.text for item in statements[1:]), _say_routes(context)),
        method=(
            context.say("brief.exposure.method"),
            context.say("brief.exposure.method_band", n=context.findings.exposure.draws),
        ),
        statements=statements,
    )


def _say_routes(context: Context) -> str:
    """Say what the routes between countries rest on."""
    steered = {supplier for supplier, _ in context.findings.flows.prior or {}}
    if not steered:
        return context.say("brief.exposure.no_home_bias")
    return context.say("routes.exposure", n=len(steered), total=str(len(context.findings.nodes)))


def _say_most(context: Context) -> Statement:
    findings = context.findings
    first = [
        context.say(
            "brief.exposure.item",
            place=context.place_in_text(code),
            part=context.numbers.figure(findings.part(code)),
        )
        for code in findings.partners()[:NAMED]
    ]
    text = context.say("brief.exposure.most", home=context.home, items=context.join(first))
    return Statement(text, "exposure", findings.exposure_grade)


def _say_for_what(context: Context) -> Statement | None:
    """Say which products the largest places stand for; nothing where fewer than three are recorded."""
    places = context.findings.partners()[:NAMED]
    if len(places) < NAMED:
        return None
    fields: dict[str, str] = {}
    for name, code in zip(("first", "second", "third"), places, strict=True):
        fields[name] = context.place_in_text(code)
        fields[f"{name}_nodes"] = context.join([context.node_in_text(node) for node in _largest_nodes(context, code)])
    text = context.say("brief.exposure.for_what", home=context.home, **fields)
    return Statement(text, "exposure", context.findings.exposure_grade)


def _largest_nodes(context: Context, country: str) -> list[str]:
    """Return the nodes in which home depends most on a country."""
    rows = list_rows(context.findings.exposure.by_node.loc[context.findings.home].reset_index())
    mine = sorted((row for row in rows if row["country"] == country), key=lambda row: -row["value"])
    return [row["node"] for row in mine[:LARGEST]]


def _say_value(context: Context) -> Statement | None:
    """Say where the value of the chip bill is created, and whose part grows most over all tiers."""
    findings = context.findings
    if not findings.partners("value") or not findings.partners():
        return None
    first = findings.partners("value")[0]
    rows = {row["country"]: row for row in list_rows(findings.exposure.of(findings.home).reset_index())}
    hidden = max(findings.partners(), key=lambda code: rows[code]["share"] - rows[code]["direct"])
    text = context.say(
        "brief.exposure.value",
        home=context.home,
        place=context.place_in_text(first),
        part=context.numbers.figure(findings.part(first, "value")),
        hidden=context.place_in_text(hidden),
        direct=context.numbers.percent(rows[hidden]["direct"]),
        all_tiers=context.numbers.percent(rows[hidden]["share"]),
    )
    return Statement(text, "exposure", findings.grade("value"))


def _say_other_kinds(context: Context) -> Statement | None:
    """Say who makes the tools and holds the rights; nothing where the chain has none of them."""
    findings = context.findings
    if not all(findings.partners(kind) for kind in KINDS[2:]):
        return None
    fields: dict[str, str] = {}
    for kind in KINDS[2:]:
        code = findings.partners(kind)[0]
        fields[f"{kind}_place"] = context.place_in_text(code)
        fields[f"{kind}_part"] = context.numbers.figure(findings.part(code, kind))
    text = context.say("brief.exposure.other_kinds", home=context.home, **fields)
    return Statement(text, "exposure", findings.grade(*KINDS[2:]))


def _chart(context: Context) -> Chart:
    findings = context.findings
    title = context.say("brief.exposure.chart_title", place=context.place(findings.partners()[0]), home=context.home)
    parts = _split_by_stage(context)
    stages = [name for name in STAGES if any(name in part for part in parts.values())]
    bars = [_bar(context, code, parts.get(code, {}), stages) for code in _choose(context)]
    picture = Bars(
        id="exposure-svg",
        title=title,
        description=context.say("brief.exposure.chart_description", home=context.home),
        bars=bars,
        axis=context.numbers.tick,
        keys=[Key(context.stage(name), STAGES[name]) for name in stages],
    )
    return Chart(
        id="exposure-chart",
        title=title,
        subtitle=context.say("brief.exposure.chart_subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table(context),
        caption=context.say(
            "brief.exposure.caption",
            year=str(findings.year),
            grade=context.grade(findings.exposure_grade),
            assumed=context.numbers.percent(findings.soft),
            total=context.numbers.money(sum(row["value"] for row in list_rows(findings.exposure.of(findings.home)))),
            bill=context.numbers.money(float(findings.exposure.use.loc[findings.home].sum())),
        ),
    )


def _choose(context: Context) -> list[str]:
    """Return the places that the chart shows: home, the largest, the partner, and what has no country."""
    findings = context.findings
    codes = [findings.home, *findings.partners()[:SHOWN]]
    if findings.partner and findings.partner not in codes:
        codes.append(findings.partner)
    return [*codes, *(code for code in (ROW, UNKNOWN) if (findings.part(code).value or 0.0) > 0)]


def _split_by_stage(context: Context) -> dict[str, dict[str, float]]:
    """Return the part of each place at each stage of the chain."""
    findings = context.findings
    rows = list_rows(findings.exposure.by_node.loc[findings.home].reset_index())
    total = sum(row["value"] for row in rows)
    parts: dict[str, dict[str, float]] = {}
    for row in rows:
        stage = findings.nodes[row["node"]].stage
        place = parts.setdefault(row["country"], {})
        place[stage] = place.get(stage, 0.0) + row["value"] / total
    return parts


def _bar(context: Context, code: str, parts: dict[str, float], stages: list[str]) -> Bar:
    figure = context.findings.part(code)
    pieces = tuple(Part(parts.get(name, 0.0), STAGES[name], "exact", context.stage(name)) for name in stages)
    strong = code in {context.findings.home, context.findings.partner}
    return Bar(context.place(code), pieces, context.numbers.figure(figure), figure.low, figure.high, strong=strong)


def _table(context: Context) -> Table:
    findings = context.findings
    rows = []
    for row in list_rows(findings.exposure.of(findings.home).reset_index()):
        figures = [findings.part(row["country"], kind) for kind in KINDS]
        parts = (Cell(context.numbers.figure(figure), figure) for figure in figures)
        direct, value = context.sum_cell(row["direct"]), context.sum_cell(row["value"], "USD/year")
        rows.append((Cell(context.place(row["country"])), direct, *parts, value))
    heads = ("place", "direct", *KINDS, "supply_value")
    return Table(tuple(context.say(f"brief.column.{name}") for name in heads), tuple(rows))
