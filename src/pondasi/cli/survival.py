"""Suppliers and remedies in a terminal: what is lost without a supplier, how long one can do without, what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.cli.grid import lay_out
from pondasi.places import name_place
from pondasi.stress.sentences import NOTHING
from pondasi.stress.watches import HOME, WORLD
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.chain.records import World
    from pondasi.report.numbers import Numbers
    from pondasi.stress.criticality import Criticality
    from pondasi.stress.remedies import Remedies
    from pondasi.stress.survival import Survival
    from pondasi.words import Words

TOP = 10
"""Suppliers that are printed; the run holds them all."""
SEEN = 0.001
"""What saves or costs less than this part of the loss is printed as nothing."""


def say_criticality(lost: Criticality, world: World, words: Words, numbers: Numbers) -> list[str]:
    """Return the suppliers whose loss costs the country most, then those that cost the world most."""
    name = _namer(world, words)
    place = name_place(lost.home, words.language)
    lines: list[str] = []
    for watch in (HOME, WORLD):
        ranked = lost.rank(watch)
        felt = ranked[ranked[f"{watch}_gross"] > NOTHING]
        fields = {"weeks": numbers.plain(lost.stop_weeks), "felt": len(felt), "n": len(ranked), "place": place}
        lines += ["", words.say(f"survival.critical.{watch}", **fields)]
        rows = [
            [
                name(row["node"]),
                name_place(row["country"], words.language),
                *(numbers.plain(row[f"{watch}_{measure}"]) for measure in ("gross", "net")),
                numbers.percent(row[f"{watch}_depth"]),
                _week(row[f"{watch}_impact_week"], words),
            ]
            for row in list_rows(felt.head(TOP).reset_index())
        ]
        if rows:
            lines += lay_out(_head(words, "supplier", "place", "gross", "net", "depth", "impact"), rows, right=2)
    if lost.skipped:
        lines += ["", words.say("survival.skipped", n=len(lost.skipped))]
    return lines[1:]


def say_survival(survival: Survival, world: World, words: Words, numbers: Numbers) -> list[str]:
    """Return the suppliers that the world can do without for the shortest time."""
    name = _namer(world, words)
    goods = survival.table[survival.table["goods"]]
    finite = goods[~goods["for_ever"]]
    summary = words.say(
        "survival.summary",
        n=len(goods),
        ever=int(goods["for_ever"].sum()),
        exposed=int(goods["exposed"].sum()),
        other=int((~survival.table["goods"]).sum()),
    )
    rows = [
        [
            name(row["node"]),
            name_place(row["country"], words.language),
            numbers.plain(row["survive_weeks"]),
            *(
                words.say("survival.unknown") if row[column] is None else numbers.plain(row[column])
                for column in ("recover_weeks", "qualify_weeks")
            ),
        ]
        for row in list_rows(finite.head(TOP).reset_index())
    ]
    if not rows:
        return [summary]
    return [summary, *lay_out(_head(words, "supplier", "place", "survive", "recover", "qualify"), rows, right=2)]


def say_remedies(found: Remedies, world: World, words: Words, numbers: Numbers) -> list[str]:
    """Return what helps, by loss avoided per dollar where the cost is known."""
    name = _namer(world, words)
    summary = words.say(
        "survival.remedies",
        place=name_place(found.home, words.language),
        n=len(found.shocks),
        lost=numbers.money(found.lost),
    )
    unknown = words.say("survival.unknown")
    rows = []
    for row in list_rows(found.table.reset_index()):
        seen = abs(row["avoided"]) > SEEN * found.lost
        text = words.say(
            f"survival.remedy.{row['remedy']}",
            node=name(row["node"]),
            weeks=numbers.plain(found.stock_weeks),
            share=numbers.percent(found.home_share),
        )
        cost, per_dollar = row["cost"], row["per_dollar"]
        rows.append(
            [
                text,
                numbers.money(row["avoided"] if seen else 0.0),
                unknown if cost is None else numbers.money(cost),
                unknown if per_dollar is None else numbers.plain(per_dollar if seen else 0.0),
            ]
        )
    return [summary, *lay_out(_head(words, "remedy", "avoided", "cost", "per_dollar"), rows)]


def _head(words: Words, *columns: str) -> list[str]:
    return [words.say(f"survival.column.{column}") for column in columns]


def _week(week: float | None, words: Words) -> str:
    return words.say("survival.never") if week is None else str(int(week))


def _namer(world: World, words: Words) -> Callable[[str], str]:
    nodes = index_rows(world.chain.nodes, "node")
    return lambda node: str(nodes[node][f"name_{words.language}"])
