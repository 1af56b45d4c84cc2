"""What do we not know?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Key, Part, draw_ranked_bars
from pondasi.report.svg import GREY, INK
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.report.context import Context

MISSING = {"disruptions": "stress", "steps": "plan", "partner_terms": None, "tracking": None}
"""Questions that no section answers, each with the slot that will; those of an open slot are left out."""
NAMED, HEAVIEST = 5, 3
COLOURS = {grade: GREY if grade == "unknown" else INK for grade in GRADES}
LIMITS = ("independent", "gross")
SHIPPED = "world"
"""Id of the chain that ships: what is said of its years is not said of another one."""


def write_unknown(context: Context) -> Section:
    """Return the section on coverage, gaps and what the brief cannot tell."""
    text = context.say(
        "brief.unknown.soft",
        part=context.cite(f"soft/{context.findings.home}"),
        places=context.cite("coverage/places"),
        soft_links=context.cite("count/soft_links"),
        links=context.cite("count/links"),
        home=context.home,
    )
    statement = Statement(text, "unknown", context.findings.exposure_grade)
    shipped = context.findings.chain.id == SHIPPED
    return Section(
        id="unknown",
        title=context.say("brief.unknown.title"),
        answer=statement.text,
        blocks=(_chart(context),),
        points=(
            *_say_heaviest(context),
            *_say_gaps(context),
            context.say("routes.limit" if context.findings.flows.prior else "brief.unknown.limit.prior"),
            *(context.say(f"brief.unknown.limit.{name}") for name in LIMITS),
            *((context.say("brief.unknown.boom", year=context.cite("year")),) if shipped else ()),
            *(
                context.say(f"brief.unknown.missing.{name}")
                for name, slot in MISSING.items()
                if (slot is None or slot in context.closed) and not (name == "partner_terms" and _has_sides(context))
            ),
            *(
                context.say("brief.unknown.absent", question=context.say(f"slot.{name}.title"), command=command)
                for name, command in context.absent
            ),
        ),
        statements=(statement,),
    )


def _has_sides(context: Context) -> bool:
    """Tell whether a saved plan says what a partnership changes for both sides."""
    run = context.findings.runs.get("plan")
    return run is not None and bool(run.manifest["options"].get("with"))


def _say_heaviest(context: Context) -> list[str]:
    """Name the assumed parts that weigh most in the production behind home's chips; nothing where none is."""
    home, soft = context.findings.home, context.findings.soft_parts
    first = sorted(soft, key=lambda key: -soft[key])[:HEAVIEST]
    items = [
        context.say(
            "brief.unknown.heavy_item",
            node=context.node_in_text(node),
            place=context.place_in_text(country),
            part=context.cite(f"soft/{home}/{node}/{country}"),
        )
        for node, country in first
    ]
    return [context.say("brief.unknown.heavy", items=context.join(items, "parts"))] if items else []


def _say_gaps(context: Context) -> list[str]:
    """Say which figures are missing; nothing when none is."""
    gaps = context.findings.flows.gaps
    texts = []
    for name, nodes in (("market", gaps.nodes_without_market), ("share", gaps.nodes_without_share)):
        if nodes:
            named = context.join([context.node_in_text(node) for node in nodes[:NAMED]], "parts")
            texts.append(context.say(f"brief.unknown.gap.{name}", n=context.count(f"count/gaps/{name}"), nodes=named))
    for name, some in (
        ("link", gaps.links_without_size),
        ("blank", context.findings.chain.shares["share"].isna().sum()),
    ):
        if some:
            texts.append(context.say(f"brief.unknown.gap.{name}", n=context.count(f"count/gaps/{name}")))
    return texts


def _chart(context: Context) -> Chart:
    title = context.say("brief.unknown.chart_title")
    picture = Bars(
        id="unknown-svg",
        title=title,
        description=context.say("brief.unknown.chart_description"),
        bars=_bars(context),
        axis=context.numbers.tick,
        keys=[Key(context.grade(grade), COLOURS[grade], grade) for grade in GRADES],
        limit=1.0,
    )
    return Chart(
        id="unknown-chart",
        title=title,
        subtitle=context.say("brief.unknown.chart_subtitle"),
        svg=draw_ranked_bars(picture),
        table=_table(context),
        caption=context.say("brief.unknown.caption"),
    )


def _bars(context: Context) -> list[Bar]:
    """Return one bar a stage: the mean over its nodes of the part that each grade has."""
    findings = context.findings
    by_stage: dict[str, list[dict[str, float]]] = {}
    for row in list_rows(findings.weights.reset_index()):
        node = findings.nodes[row["node"]]
        if not node.is_user:
            by_stage.setdefault(node.stage, []).append(row)
    bars = []
    for stage, rows in by_stage.items():
        mean = {grade: sum(row[grade] for row in rows) / len(rows) for grade in GRADES}
        parts = tuple(
            Part(mean[grade], COLOURS[grade], grade, context.grade(grade)) for grade in GRADES if mean[grade] > 0
        )
        text = context.say("brief.unknown.bar", part=context.cite(f"coverage/{stage}"))
        bars.append(Bar(context.stage(stage), parts, text))
    return bars


def _table(context: Context) -> Table:
    heads = (context.say("brief.column.table"), *(context.grade(grade) for grade in GRADES))
    rows = tuple(
        (
            Cell(context.say(f"table.{row['table']}")),
            *(context.cell(f"count/figures/{row['table']}/{grade}") for grade in GRADES),
        )
        for row in list_rows(context.findings.grades.reset_index())
    )
    return Table(heads, rows)
