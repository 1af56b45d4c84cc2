"""On whom does the home country depend, and for what?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.places import ROW, UNKNOWN
from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.context import list_sources
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import LETTERS, STAGES
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from pondasi.position.exposure import Kind
    from pondasi.report.context import Context

SHOWN = 12
FIRM = 0.9
"""Part of the draws from which on the order of two places is said without a doubt."""
KINDS: tuple[Kind, ...] = ("supply", "value", "tools", "permission")
"""Kinds of exposure that the table sets side by side."""


def write_exposure(context: Context) -> Section:
    """Return the section on supply exposure, with tools and permission beside it."""
    said = (_say_first(context), _say_next(context), _say_value(context), _say_other_kinds(context))
    statements = tuple(statement for statement in said if statement is not None)
    lead = statements[:2] if said[1] is not None else statements[:1]
    bought = _list_bought(context)
    return Section(
        id="exposure",
        title=context.say("brief.exposure.title", home=context.home),
        answer=context.join_sentences(lead),
        blocks=(_chart(context), *((_chart_bought(context, bought),) if bought else ())),
        points=(*(item.text for item in statements[len(lead) :]), _say_routes(context)),
        method=(
            context.say("brief.exposure.method"),
            context.say("brief.exposure.method_band", n=context.count("rule/draws")),
        ),
        statements=statements,
    )


# --- statements ----------------------------------------------------------------------------------


def _say_first(context: Context) -> Statement:
    """Say on whom home depends most, and for what; two that cannot be told apart are named together."""
    findings = context.findings
    partners = findings.partners()
    if not partners:
        text = context.say("brief.exposure.none", home=context.home, use=context.cite(f"use/{findings.home}"))
        return Statement(text, "exposure", findings.exposure_grade)
    fields = {
        "home": context.home,
        "place": context.place_in_text(partners[0]),
        "part": _cite_part(context, partners[0]),
        "nodes": _name_largest(context, partners[0]),
    }
    if _is_pair(context):
        text = context.say(
            "brief.exposure.first_pair",
            second=context.place_in_text(partners[1]),
            second_part=_cite_part(context, partners[1]),
            second_nodes=_name_largest(context, partners[1]),
            order=context.cite(f"order/{findings.home}/{partners[0]}/{partners[1]}"),
            **fields,
        )
    else:
        text = context.say("brief.exposure.first", **fields)
    return Statement(text, "exposure", findings.exposure_grade)


def _is_pair(context: Context) -> bool:
    """Tell whether the order of the first two is not firm."""
    partners = context.findings.partners()
    if len(partners) < 2:  # noqa: PLR2004 - a pair
        return False
    holds = context.findings.order_holds(partners[0], partners[1])
    return holds is not None and holds < FIRM


def _say_next(context: Context) -> Statement | None:
    """Say who comes next, and for what; nothing where fewer are recorded."""
    skipped = 2 if _is_pair(context) else 1
    places = context.findings.partners()[skipped : skipped + 2]
    if len(places) < 2:  # noqa: PLR2004 - two are named
        return None
    fields: dict[str, str] = {}
    for name, code in zip(("second", "third"), places, strict=True):
        fields[name] = context.place_in_text(code)
        fields[f"{name}_part"] = _cite_part(context, code)
        fields[f"{name}_nodes"] = _name_largest(context, code)
    return Statement(context.say("brief.exposure.next", **fields), "exposure", context.findings.exposure_grade)


def _cite_part(context: Context, country: str, kind: Kind = "supply") -> str:
    more = "" if kind == "supply" else f"/{kind}"
    return context.cite(f"exposure/{context.findings.home}/{country}{more}")


def _name_largest(context: Context, country: str) -> str:
    """Name the node in which home depends most on a country; one alone, for names may hold commas."""
    mine = [row for row in context.findings.behind if row["country"] == country]
    return context.node_in_text(max(mine, key=lambda row: float(row["value"]))["node"])


def _say_value(context: Context) -> Statement | None:
    """Say where the value of the chip bill is created, and whose part grows most over all tiers."""
    findings = context.findings
    if not findings.partners("value") or not findings.partners():
        return None
    first = findings.partners("value")[0]
    rows = index_rows(findings.exposure.of(findings.home).reset_index(), "country")
    hidden = max(findings.partners(), key=lambda code: rows[code]["share"] - rows[code]["direct"])
    value = context.say(
        "brief.exposure.value",
        home=context.home,
        place=context.place_in_text(first),
        part=_cite_part(context, first, "value"),
    )
    weight = context.say(
        "brief.exposure.hidden",
        hidden=context.place_in_text(hidden),
        direct=context.cite(f"exposure/{findings.home}/{hidden}/direct", short=True),
        all_tiers=context.cite(f"exposure/{findings.home}/{hidden}", short=True),
    )
    grade = findings.grade("value")
    both = [Statement(text, "exposure", grade) for text in (value, weight)]
    return Statement(context.join_sentences(both), "exposure", grade)


def _say_other_kinds(context: Context) -> Statement | None:
    """Say who makes the tools and holds the rights; nothing where the chain has none of them."""
    findings = context.findings
    if not all(findings.partners(kind) for kind in KINDS[2:]):
        return None
    fields: dict[str, str] = {}
    for kind in KINDS[2:]:
        code = findings.partners(kind)[0]
        fields[f"{kind}_place"] = context.place_in_text(code)
        fields[f"{kind}_part"] = _cite_part(context, code, kind)
    text = context.say("brief.exposure.other_kinds", **fields)
    return Statement(text, "exposure", findings.grade(*KINDS[2:]))


def _say_routes(context: Context) -> str:
    """Say what the routes between countries rest on."""
    steered = context.count("count/steered")
    if not steered:
        return context.say("brief.exposure.no_home_bias")
    return context.say("routes.exposure", n=steered, total=context.cite("count/nodes"))


# --- on whom -------------------------------------------------------------------------------------


def _chart(context: Context) -> Chart:
    findings = context.findings
    partners = findings.partners()
    if _is_pair(context):
        first, second = (context.place_in_text(code) for code in partners[:2])
        title = context.say("brief.exposure.chart_title_pair", place=first, second=second, home=context.home)
    else:
        title = context.say(
            "brief.exposure.chart_title" if partners else "brief.exposure.chart_title_none",
            place=context.place_in_text(partners[0] if partners else findings.home),
            home=context.home,
        )
    parts = _split_by_stage(context)
    stages = [name for name in STAGES if any(name in part for part in parts.values())]
    picture = Bars(
        id="exposure-svg",
        title=title,
        description=context.say("brief.exposure.chart_description", home=context.home),
        bars=[_bar(context, code, parts.get(code, {}), stages) for code in _choose(context)],
        axis=context.numbers.tick,
        keys=list_keys(context, stages, {findings.exposure_grade}),
    )
    return Chart(
        id="exposure-chart",
        title=title,
        subtitle=context.say("brief.exposure.chart_subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table(context),
        shown=min(SHOWN + 2, len(findings.exposed["supply"])),
        caption=context.say(
            "brief.exposure.caption",
            year=context.cite("year"),
            grade=context.grade(findings.exposure_grade),
            assumed=context.cite(f"soft/{findings.home}"),
            total=context.cite(f"production/{findings.home}"),
            bill=context.cite(f"use/{findings.home}", short=True),
        ),
        sources=_list_heaviest(context),
    )


def _list_heaviest(context: Context) -> tuple[str, ...]:
    """Return the sources of the rows that weigh most in the production behind home's chips."""
    return tuple(row["source"] for row in context.evidence.explain(f"production/{context.findings.home}").sources)


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
    grade = "unknown" if code == UNKNOWN else context.findings.exposure_grade
    pieces = tuple(
        Part(parts.get(name, 0.0), STAGES[name], grade, context.stage(name), LETTERS[name]) for name in stages
    )
    strong = code in {context.findings.home, context.findings.partner}
    return Bar(context.place(code), pieces, _cite_part(context, code), figure.low, figure.high, strong=strong)


def _table(context: Context) -> Table:
    home = context.findings.home
    rows = []
    for code in context.findings.exposure.of(home).index:
        at = f"exposure/{home}/{code}"
        places = (f"{at}/direct", at, *(f"{at}/{kind}" for kind in KINDS[1:]), f"{at}/amount")
        rows.append((Cell(context.place(str(code))), *(context.cell(place) for place in places)))
    heads = ("place", "direct", *KINDS, "supply_value")
    return Table(tuple(context.say(f"brief.column.{name}", home=context.home) for name in heads), tuple(rows))


# --- for what ------------------------------------------------------------------------------------


def _list_bought(context: Context) -> list[tuple[str, str]]:
    """Return the kinds of chips that home buys, the dearest first, each with the place that finishes most of them."""
    findings = context.findings
    use = {str(node): float(value) for node, value in findings.exposure.use.loc[findings.home].items()}
    bought = sorted((node for node, value in use.items() if value > 0), key=lambda node: -use[node])
    top = {}
    for row in sorted(findings.behind, key=lambda row: row["share"]):
        if row["country"] not in {ROW, UNKNOWN}:
            top[row["node"]] = row["country"]
    return [(node, top[node]) for node in bought if node in top]


def _chart_bought(context: Context, bought: list[tuple[str, str]]) -> Chart:
    at = f"use/{context.findings.home}"
    title = context.say(
        "brief.bought.title",
        home=context.home,
        node=context.node_in_text(bought[0][0]),
        amount=context.cite(f"{at}/{bought[0][0]}", short=True),
    )
    grades = {node: context.look_up(f"{at}/{node}").grade for node, _ in bought}
    picture = Bars(
        id="bought-svg",
        title=title,
        description=context.say("brief.bought.description", home=context.home),
        bars=[_bar_bought(context, node, country) for node, country in bought],
        axis=context.numbers.money_tick,
        keys=list_keys(context, (), set(grades.values())),
        ticks=3,
        per_unit=context.numbers.rate.per_usd,
    )
    held = [item.part for key in bought if (item := context.findings.holdings.get(key)) is not None]
    return Chart(
        id="bought-chart",
        title=title,
        subtitle=context.say("brief.bought.subtitle", home=context.home),
        svg=draw_ranked_bars(picture),
        table=_table_bought(context, bought),
        caption=context.say_caption(grades.values()),
        sources=list_sources(*held),
    )


def _bar_bought(context: Context, node: str, country: str) -> Bar:
    home = context.findings.home
    figure = context.look_up(f"use/{home}/{node}")
    text = context.say(
        "brief.bought.bar",
        amount=context.cite(f"use/{home}/{node}", short=True),
        place=context.place(country),
        part=context.cite(f"supply/{home}/{node}/{country}", short=True),
    )
    stage = context.findings.nodes[node].stage
    part = Part(figure.value or 0.0, STAGES[stage], figure.grade, context.grade(figure.grade))
    return Bar(context.names[node], (part,), text, row=f"nodes/{node}")


def _table_bought(context: Context, bought: list[tuple[str, str]]) -> Table:
    home = context.findings.home
    heads = tuple(context.say(f"brief.column.{name}") for name in ("chips", "bought", "finished", "finished_part"))
    rows = tuple(
        (
            context.node_cell(node),
            context.cell(f"use/{home}/{node}"),
            Cell(context.place(country)),
            context.cell(f"supply/{home}/{node}/{country}"),
        )
        for node, country in bought
    )
    return Table(heads, rows)
