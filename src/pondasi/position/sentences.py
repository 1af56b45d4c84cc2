"""The position of a country in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal

from pondasi.places import name_place_in_text
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.position.exposure import Kind
    from pondasi.position.profile import Position
    from pondasi.words import Words

EDGE = 0.1
"""Shares nearer than this to none or all are shown with a decimal, so that 0.4 is not none and 99.6 not all."""


def say_position(position: Position, words: Words, places: str = "plain") -> list[str]:
    """Return the position in sentences: what lies abroad, with whom, how firm that is, and the peers.

    Parameters
    ----------
    position
        From `measure_position`.
    words
        The catalogue of the language.
    places
        Profile of place names: plain, un or oecd.

    Example
    -------
    >>> from pondasi import load_chain, measure_position
    >>> from pondasi.words import Words
    >>> say_position(measure_position(load_chain(), "IDN"), Words("en"))[0]
    'Of the production behind the chips that Indonesia uses, ... % lies abroad, over all tiers.'
    """
    voice = _Voice(position, words, places)
    said = [voice.say_abroad(position.home), *(voice.say_partners(kind) for kind in ("supply", "tools", "permission"))]
    said += [voice.say_nodes(), *(voice.say_peer(peer) for peer in position.peers)]
    if position.draws:
        said.append(words.say("position.draws", n=position.draws))
    else:
        said.append(words.say("position.no_draws"))
    return [text for text in said if text is not None]


class _Voice:
    """The position, a language, and names of places."""

    def __init__(self, position: Position, words: Words, places: str) -> None:
        self.position = position
        self.words = words
        self.places = places
        self.home = self.place(position.home)

    def place(self, code: str) -> str:
        return name_place_in_text(code, self.words.language, self.places)

    def percent(self, value: float, low: float = math.nan, high: float = math.nan) -> str:
        decimals = 1 if min(value, 1 - value) < EDGE and 0 < value < 1 else 0
        shown = {
            name: format_decimal(100 * number, "#,##0" + ".0" * decimals, self.words.language)
            for name, number in {"value": value, "low": low, "high": high}.items()
            if not math.isnan(number)
        }
        if len(shown) == 1 or shown["low"] == shown["high"]:
            return self.words.say("number.percent", value=shown["value"])
        return self.words.say("number.percent_interval", **shown)

    def figure(self, row: dict[str, Any], name: str = "value") -> str:
        low, high = (math.nan if row.get(end) is None else row[end] for end in ("low", "high"))
        return self.percent(row[name], low, high)

    def say_abroad(self, home: str) -> str:
        row = self.summary("foreign_supply", home)
        return self.words.say("position.abroad", home=self.place(home), part=self.figure(row))

    def summary(self, measure: str, country: str) -> dict[str, Any]:
        return list_rows(self.position.summary.loc[[(measure, country)]])[0]

    def say_partners(self, kind: Kind) -> str | None:
        """Say the largest partners of a kind, and how often the first stays before the second."""
        rows = list_rows(self.position.partners(kind).reset_index())
        if not rows:
            return None
        fields = {"first": self.place(rows[0]["country"]), "first_part": self.figure(rows[0], "share")}
        if len(rows) == 1:
            return self.words.say(f"position.only.{kind}", **fields)
        fields |= {"second": self.place(rows[1]["country"]), "second_part": self.figure(rows[1], "share")}
        text = self.words.say(f"position.partners.{kind}", **fields)
        if rows[0]["next"] is None:
            return text
        holds = self.words.say("position.order_holds", part=self.percent(rows[0]["next"]))
        return self.words.say("list.sentence").join([text, holds])

    def say_nodes(self) -> str:
        """Say in how many nodes home has a part, and where it is largest."""
        position = self.position
        made = position.nodes[~position.nodes["user"]]
        ranked = position.stability["shares"].ranks
        mine = ranked[ranked.index.isin(made.index)]
        if mine.empty:
            return self.words.say("position.makes_nothing", home=self.home, all=len(made))
        node = str(mine.index[0])
        row = list_rows(position.shares.loc[[(node, position.home)]])[0]
        name = str(made.loc[node, f"name_{self.words.language}"])
        fields = {"home": self.home, "node": name, "part": self.figure(row, "share")}
        return self.words.say("position.makes", n=len(mine), all=len(made), **fields)

    def say_peer(self, peer: str) -> str:
        row = self.summary("largest_supply", peer)
        fields = {"peer": self.place(peer), "abroad": self.figure(self.summary("foreign_supply", peer))}
        if row["value"] is None:
            return self.words.say("position.peer_alone", **fields)
        return self.words.say("position.peer", first=self.place(row["place"]), part=self.figure(row), **fields)
