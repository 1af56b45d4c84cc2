"""Groups of figures and single figures by name, and what a sensitivity run says, in the language of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.places import name_place
from pondasi.sensitivity.figures import EVENT, STRUCK, USERS
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from pondasi.chain.records import World
    from pondasi.words import Words

EVEN = 1e-9
"""An effect that has the same sign on all paths, but for rounding."""


def name_factor(what: str, where: str, words: Words) -> str:
    """Return the name of a group of figures.

    Example
    -------
    >>> from pondasi import Words
    >>> name_factor("inventory_weeks", "users", Words("en"))
    'Stock (user industries)'
    """
    text = words.say(f"sensitivity.what.{what}")
    if not where:
        return text
    if where in {STRUCK, USERS}:
        return words.say("sensitivity.factor", what=text, where=words.say(f"sensitivity.where.{where}"))
    stage = load_dictionary().codes["stage"][where][words.language]
    return words.say("sensitivity.factor", what=text, where=stage)


def name_row(factor: str, row: str, world: World, words: Words, shock: str = "") -> str:
    """Return of whom a figure speaks: a node, a node in a country, two nodes, or a part of the shock; blank for pace."""
    table, parts = factor.split("/", maxsplit=1)[0], row.split("/")
    nodes = index_rows(world.chain.nodes, "node")

    def name(node: str) -> str:
        return str(nodes[node][f"name_{words.language}"])

    if table == EVENT:
        return words.say("sensitivity.hit", shock=shock, number=parts[-1])
    if table == "shares":
        return words.say("list.joint").join([name(parts[0]), name_place(parts[1], words.language)])
    if table == "links":
        return words.say("list.joint").join([name(parts[0]), name(parts[1])])
    return name(parts[0]) if parts[0] in nodes else ""


def tell_direction(mu: float, mu_star: float) -> str:
    """Return whether more of a group costs more (``up``), less (``down``), or one or the other (``mixed``).

    Example
    -------
    >>> tell_direction(-2.0, 2.0), tell_direction(0.5, 2.0)
    ('down', 'mixed')
    """
    if abs(mu) < (1 - EVEN) * mu_star:
        return "mixed"
    return "up" if mu > 0 else "down"
