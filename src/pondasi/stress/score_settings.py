"""What the year of an event changes by rule: the state of its market, and figures that it had helped to set.

A row of the backtest has figures of its own (`score_overrides`). Two kinds are the same for many rows, and
are set where no outcome is in sight:

- *market*: stocks and spare capacity by the state of the market. `market_traits` holds them by class of
  nodes, from series of other years; `event_markets` says which state an event struck, from figures of that
  time that are no outcome (capacity in use, stocks held).
- *without the event*: a trait of the chain that was set with an event in sight (`set_with`) is left out
  when that event is scored. The figure of the class of nodes takes its place, or one from other events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

STOCKS, CAPACITY = "inventory_weeks", ("utilisation", "overcapacity_max")
"""Traits that follow the state of the market: what is held, and what could be made beyond what is made."""
SETTINGS = ("trait_classes", "class_traits", "market_traits", "event_markets", "set_with")
"""Tables that stand beside the rows."""


@dataclass(frozen=True)
class Setting:
    """A trait of a node for one event, with why it is not the chain's: ``market`` or ``without_event``."""

    node: str
    trait: str
    why: str
    figure: Mapping[str, Any]


class Settings:
    """Looks up what the events of a row change by rule.

    Parameters
    ----------
    tables
        `SETTINGS` by name, typed; those that are not there change nothing.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self._class = {row["node"]: row["class"] for row in _rows(tables, "trait_classes")}
        self._usual = index_rows(tables["class_traits"], "class", "trait") if "class_traits" in tables else {}
        self._market = (
            index_rows(tables["market_traits"], "class", "market", "trait") if "market_traits" in tables else {}
        )
        self._states = _rows(tables, "event_markets")
        self._seen = _rows(tables, "set_with")

    def find(self, events: tuple[str, ...]) -> tuple[Setting, ...]:
        """Return what several events of one row change: the market first, each trait of a node once.

        Raises
        ------
        KeyError
            If a state, or a trait that no state sets, has no figure for the class of its node.
        """
        found: dict[tuple[str, str], Setting] = {}
        for setting in self._find_market(events):
            found.setdefault((setting.node, setting.trait), setting)
        for row in self._seen:
            key = row["node"], row["trait"]
            if row["event"] in events and key not in found:
                own = row["value"] is not None
                figure = row if own else self._usual[self._class[row["node"]], row["trait"]]
                found[key] = Setting(*key, "without_event", figure)
        return tuple(found.values())

    def _find_market(self, events: tuple[str, ...]) -> Iterator[Setting]:
        for row in self._states:
            if row["event"] in events:
                for node in row["nodes"].split("|"):
                    for trait in (STOCKS,) if row["trait"] == STOCKS else CAPACITY:
                        figure = self._market[self._class[node], row["market"], trait]
                        yield Setting(node, trait, "market", figure)


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> list[dict[str, Any]]:
    return list_rows(tables[name]) if name in tables else []
