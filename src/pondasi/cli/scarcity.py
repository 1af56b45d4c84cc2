"""Scarcity in a terminal: under each shock, the goods that are scarcest, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.cli.grid import lay_out
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import World
    from pondasi.report.numbers import Numbers
    from pondasi.stress.scarcity import Scarcity
    from pondasi.words import Words

TOP = 5
"""Goods that are printed for each shock; the run holds them all."""
SEEN = 0.05
"""Less than this many weeks of usual deliveries owed is not worth a line: a third of a day."""


def say_scarcity(found: Scarcity, names: Mapping[str, str], world: World, words: Words, numbers: Numbers) -> list[str]:
    """Return the goods of which most is owed under each shock, and what the indices are not."""
    nodes = index_rows(world.chain.nodes, "node")
    lines = ["", words.say("scarcity.what")]
    for shock in found.shocks:
        peaks = found.rank(shock)
        felt = peaks[peaks["backlog"] > SEEN].head(TOP)
        if not len(felt):
            lines += ["", words.say("scarcity.none", shock=names[shock])]
            continue
        rows = [
            [
                str(nodes[row["node"]][f"name_{words.language}"]),
                numbers.plain(row["backlog"]),
                str(int(row["week"])),
                numbers.percent(row["fill"]),
                numbers.percent(row["spot"]),
                str(int(row["spot_week"])),
            ]
            for row in list_rows(felt.reset_index())
        ]
        head = [
            words.say(f"scarcity.column.{name}") for name in ("node", "backlog", "week", "fill", "spot", "spot_week")
        ]
        lines += ["", words.say("scarcity.shock", shock=names[shock]), *lay_out(head, rows)]
    return lines
