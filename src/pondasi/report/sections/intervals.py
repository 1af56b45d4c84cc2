"""Charts and words for what is known as an interval only: a least and a most, and nothing said of what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.report.blocks import Cell, Chart, Table
from pondasi.report.charts.ranked_bars import Bar, Bars, draw_ranked_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.report.context import Context

ENDS = ("low", "high")


@dataclass(frozen=True)
class Interval:
    """A line of such a chart: its name, the row that the name stands for, and where its ends stand."""

    name: str
    row: str
    place: str


def say_between(context: Context, place: str) -> str:
    """Return both ends of a figure; that it cannot be where an end is unknown, and one number where both read alike."""
    low, high = (context.cite(f"{place}/{end}") for end in ENDS)
    if context.look_up(f"{place}/high").value is None:
        return context.say("intervals.never")
    if str(low) == str(high):
        return low
    return context.say("intervals.between", low=low, high=high)


def chart_intervals(
    context: Context,
    name: str,
    texts: dict[str, str],
    lines: Sequence[Interval],
    more: Sequence[tuple[str, str]] = (),
    sources: tuple[str, ...] = (),
) -> Chart:
    """Return intervals of money as lines from their least to their most.

    Parameters
    ----------
    name
        Id of the chart.
    texts
        ``title``, ``subtitle``, ``description``, ``caption`` and ``first``, the head of the first column.
    lines
        In the order in which they are shown.
    more
        Further columns of the table: head, and the end of the place below that of the line.
    """
    bars = [
        Bar(line.name, (), say_between(context, line.place), *_ends(context, line.place), row=line.row)
        for line in lines
    ]
    picture = Bars(
        id=f"{name}-svg",
        title=texts["title"],
        description=texts["description"],
        bars=bars,
        axis=context.numbers.money_tick,
        per_unit=context.numbers.rate.per_usd,
    )
    heads = (texts["first"], *(context.say(f"intervals.{end}") for end in ENDS), *(head for head, _ in more))
    rows = tuple(
        (
            Cell(line.name, place=line.row),
            *(context.cell(f"{line.place}/{end}") for end in ENDS),
            *(context.cell(f"{line.place.rsplit('/', 1)[0]}/{end}") for _, end in more),
        )
        for line in lines
    )
    return Chart(
        id=name,
        title=texts["title"],
        subtitle=texts["subtitle"],
        svg=draw_ranked_bars(picture),
        table=Table(heads, rows),
        caption=texts["caption"],
        sources=sources or _join(context, lines),
    )


def _ends(context: Context, place: str) -> tuple[float, float]:
    low, high = (context.look_up(f"{place}/{end}").value or 0.0 for end in ENDS)
    return low, high


def _join(context: Context, lines: Sequence[Interval]) -> tuple[str, ...]:
    found = (source for line in lines for source in context.look_up(f"{line.place}/low").sources)
    return tuple(dict.fromkeys(found))
