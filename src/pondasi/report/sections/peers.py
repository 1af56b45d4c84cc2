"""How does the home country stand beside others?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Section, Statement, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.sections.keys import list_keys
from pondasi.report.svg import INK, PALE

if TYPE_CHECKING:
    from pondasi.report.context import Context

MEASURES = (
    "use",
    "made",
    "nodes",
    "foreign_supply",
    "foreign_tools",
    "foreign_permission",
    "partner_hhi",
)
"""What the table sets side by side, as in the summary of a position."""


def write_peers(context: Context) -> Section | None:
    """Return the section that sets home beside its peers; none without peers."""
    position = context.findings.position
    if not position.peers:
        return None
    ranked = sorted(position.countries, key=lambda code: -(_largest(context, code) or 0.0))
    if _largest(context, ranked[0]) is None:
        return None
    statement = _say_largest(context, ranked)
    return Section(
        id="peers",
        title=context.say("brief.peers.title", home=context.home),
        answer=statement.text,
        blocks=(_chart(context, ranked),),
        method=(context.say("brief.peers.method"),),
        statements=(statement,),
    )


def _largest(context: Context, code: str) -> float | None:
    value: float | None = context.findings.summary[("largest_supply", code)]["value"]
    return value


def _find_partner(context: Context, code: str) -> str | None:
    place: str | None = context.findings.summary[("largest_supply", code)]["place"]
    return place


def _name_partner(context: Context, code: str) -> str:
    place = _find_partner(context, code)
    return context.say("grade.unknown") if place is None else context.place_in_text(place)


def _locate(context: Context, code: str) -> str:
    """Return the place of the figure that a country has for its largest partner."""
    place = _find_partner(context, code)
    return f"position/{code}/largest_supply" if place is None else f"exposure/{code}/{place}"


def _say_largest(context: Context, ranked: list[str]) -> Statement:
    findings = context.findings
    first = ranked[0]
    names = context.join([context.place_in_text(code) for code in findings.position.countries])
    fields = {"names": names, "place": context.place_in_text(first), "on": _name_partner(context, first)}
    part = context.cite(_locate(context, first))
    if first == findings.home:
        text = context.say("brief.peers.home_most", part=part, **fields)
    else:
        text = context.say(
            "brief.peers.other_most",
            part=part,
            home=context.home,
            home_on=_name_partner(context, findings.home),
            home_part=context.cite(_locate(context, findings.home)),
            **fields,
        )
    return Statement(text, "peers", findings.exposure_grade)


def _chart(context: Context, ranked: list[str]) -> Chart:
    findings = context.findings
    grade = findings.exposure_grade
    title = context.say("brief.peers.chart_title", place=context.place(ranked[0]), on=_name_partner(context, ranked[0]))
    picture = Bars(
        id="peers-svg",
        title=title,
        description=context.say("brief.peers.description"),
        bars=[_bar(context, code) for code in ranked],
        axis=context.numbers.tick,
        keys=list_keys(context, (), {grade}),
    )
    countries = findings.position.countries
    heads = (context.say("position.column.measure"), *(context.place(code) for code in countries))
    largest = (
        (Cell(context.say("brief.peers.partner")), *(Cell(_name_partner(context, code)) for code in countries)),
        (Cell(context.say("brief.peers.part")), *(context.cell(_locate(context, code)) for code in countries)),
    )
    rows = tuple(
        (
            Cell(context.say(f"brief.peers.measure.{measure}")),
            *(context.cell(f"position/{code}/{measure}") for code in countries),
        )
        for measure in MEASURES
    )
    return Chart(
        id="peers-chart",
        title=title,
        subtitle=context.say("brief.peers.subtitle"),
        svg=draw_ranked_bars(picture),
        table=Table(heads, (*largest, *rows)),
        caption=context.say(
            "brief.peers.caption",
            year=context.cite("year"),
            grade=context.grade(grade),
            soft=context.cite("coverage/places"),
        ),
        sources=tuple(row["source"] for row in context.evidence.explain(f"use/{findings.home}").sources),
    )


def _bar(context: Context, code: str) -> Bar:
    figure = context.look_up(_locate(context, code))
    home = code == context.findings.home
    part = Part(figure.value or 0.0, INK if home else PALE, figure.grade)
    text = context.say("brief.peers.bar", place=_name_partner(context, code), part=context.cite(_locate(context, code)))
    return Bar(context.place(code), (part,), text, figure.low, figure.high, strong=home)
