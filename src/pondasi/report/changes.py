"""What changed between two runs, worlds or overlays: rows of data, results, and why as far as it can be traced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ENDS = ("low", "high")
"""Columns with such names are ends of intervals: they follow the figure and are told last."""
NAMED = 2
"""Reasons that a change names."""
ROUNDING = 1e-9
"""Part of a figure that a change of other rows may move it by, by the order of sums alone."""
FIRST, LAST = ("summary", "exposure", "shares", "concentration"), ("ranks", "rank_survival")
DESCRIPTIVE = {"firm", "grade", "place", "source", "note", "top", "unit"}
"""Columns that describe a row of results and do not name it."""


@dataclass(frozen=True)
class RowChange:
    """A row of data that was added or removed, or a cell of it that changed.

    ``place`` names the row as ``pondasi explain`` takes it; ``column`` is blank for a whole row; ``size`` is
    the change of a number against the larger of the two, 1 for rows, 0 for texts.
    """

    table: str
    place: str
    kind: str
    column: str = ""
    old: Any = None
    new: Any = None
    size: float = 0.0


@dataclass(frozen=True)
class ResultChange:
    """A figure of a result that changed, and the reasons that could be traced; None where a side has no such row."""

    table: str
    place: str
    column: str
    old: float | None
    new: float | None
    reasons: tuple[str, ...] = ()

    @property
    def size(self) -> float:
        """How far it moved, in its own unit."""
        return abs((self.new or 0.0) - (self.old or 0.0))


@dataclass(frozen=True)
class Changes:
    """Everything that changed, the largest first; results table by table, since their units differ."""

    data: tuple[RowChange, ...] = ()
    results: tuple[ResultChange, ...] = ()
    tables: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.data or self.results)


def compare_data(old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]) -> tuple[RowChange, ...]:
    """Return the rows of data that were added, removed or changed, the largest change first.

    Example
    -------
    >>> old = {"variants": pd.DataFrame({"variant": ["neon"], "family": ["gases"], "substitution": [0.5]})}
    >>> new = {"variants": old["variants"].assign(substitution=0.25)}
    >>> [(change.place, change.old, change.new) for change in compare_data(old, new)]
    [('variants/neon/gases', 0.5, 0.25)]
    """
    found: list[RowChange] = []
    for table in dict.fromkeys([*old, *new]):
        columns = load_dictionary().tables[table]
        keys = [name for name, column in columns.items() if column.key]
        before, after = (_index(side.get(table), keys) for side in (old, new))
        for key in dict.fromkeys([*before, *after]):
            place = "/".join([table, *(part for part in key if part)])
            if key not in after:
                found.append(RowChange(table, place, "removed", size=1.0))
            elif key not in before:
                found.append(RowChange(table, place, "added", size=1.0))
            else:
                found.extend(_compare_cells(table, place, before[key], after[key]))
    return tuple(sorted(found, key=lambda change: (-change.size, change.place, change.column)))


def compare_results(
    old: Mapping[str, pd.DataFrame],
    new: Mapping[str, pd.DataFrame],
    data: tuple[RowChange, ...] = (),
    tolerance: float = 0.0,
) -> tuple[ResultChange, ...]:
    """Return the figures of results that changed: table by table, the largest change of a column first.

    Parameters
    ----------
    old, new
        Tables of two runs by name; only those that both have are compared.
    data
        What changed in the data: reasons are looked for among it.
    tolerance
        Part of a figure by which it may move unsaid; 0 says every bit, `ROUNDING` leaves out rounding.
    """
    reasons = _Reasons(data, old, new)
    found: list[ResultChange] = []
    for table in order_tables(name for name in old if name in new):
        mine = [
            ResultChange(table, place, column, before, after, reasons.find(table, names))
            for place, names, column, before, after in _compare_figures(old[table], new[table])
            if not _is_near(before, after, tolerance)
        ]
        found += sorted(
            mine, key=lambda change: (change.column.endswith(ENDS), change.column, -change.size, change.place)
        )
    return tuple(found)


def order_tables(names: Iterable[str]) -> tuple[str, ...]:
    """Return tables of results with what a reader asks for first, and those on ranks last.

    Example
    -------
    >>> order_tables(["ranks", "a_table", "summary"])
    ('summary', 'a_table', 'ranks')
    """
    return tuple(
        sorted(names, key=lambda name: (name in LAST, FIRST.index(name) if name in FIRST else len(FIRST), name))
    )


def _is_near(old: float | None, new: float | None, tolerance: float) -> bool:
    return old is not None and new is not None and abs(new - old) <= tolerance * max(abs(old), abs(new))


def _index(frame: pd.DataFrame | None, keys: list[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    if frame is None:
        return {}
    return {tuple("" if row.get(key) is None else str(row[key]) for key in keys): row for row in list_rows(frame)}


def _compare_cells(table: str, place: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[RowChange]:
    for column in (name for name in old if name in new and old[name] != new[name]):
        before, after = old[column], new[column]
        size = 0.0
        if isinstance(before, float) or isinstance(after, float):
            largest = max(abs(before or 0.0), abs(after or 0.0))
            size = abs((after or 0.0) - (before or 0.0)) / largest if largest else 0.0
            size *= 1.0 if not column.endswith(ENDS) else 0.5  # an interval follows its figure
        yield RowChange(table, place, "changed", column, before, after, size)


def _compare_figures(
    old: pd.DataFrame, new: pd.DataFrame
) -> Iterator[tuple[str, dict[str, str], str, float | None, float | None]]:
    """Yield place, key by column, column, old and new of every figure that is not the same to the bit."""
    keys = find_keys(old, new)
    before, after = (_index(frame, keys) for frame in (old, new))
    columns = [str(name) for name in old.columns if name in new.columns and pd.api.types.is_float_dtype(old[name])]
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key, {}), after.get(key, {})
        names = dict(zip(keys, key, strict=True))
        for column in columns:
            first, second = one.get(column), other.get(column)
            if first != second:
                yield "/".join(key), names, column, first, second


def find_keys(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Return the columns that tell the rows of a table of results apart: no numbers, and no more than it takes.

    Example
    -------
    >>> table = pd.DataFrame({"home": ["a", "a"], "node": ["x", "y"], "grade": ["z", "z"], "share": [0.1, 0.2]})
    >>> find_keys(table, table)
    ['home', 'node']
    """
    names = [str(name) for name in old.columns if name in new.columns and not pd.api.types.is_float_dtype(old[name])]
    keys = [name for name in names if name not in DESCRIPTIVE and not name.startswith("name_")]
    for name in (name for name in names if name not in keys):
        if keys and not any(frame.duplicated(keys).any() for frame in (old, new)):
            break
        keys.append(name)
    return keys


class _Reasons:
    """Finds which rows of data stand behind a change of a result."""

    def __init__(
        self, data: tuple[RowChange, ...], old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]
    ) -> None:
        self.by_node: dict[str, list[str]] = {}
        for change in data:
            if change.column in {"note", "source", "grade", "year", "market_year"} or change.column.endswith(ENDS):
                continue
            _, *parts = change.place.split("/")
            for node in parts[:2] if change.table in {"links", "variants"} else parts[:1]:
                self.by_node.setdefault(node, []).append(change.place)
        self.moves = _trace_exposure(old.get("exposure_by_node"), new.get("exposure_by_node"))

    def find(self, table: str, names: Mapping[str, str]) -> tuple[str, ...]:
        if "node" in names or names.get("item") in self.by_node:
            places = self.by_node.get(names.get("node", names.get("item", "")), [])
            country = names.get("country")
            ranked = sorted(places, key=lambda place: country not in place.split("/"))
            return tuple(dict.fromkeys(ranked))[:NAMED]
        home, country = names.get("home"), names.get("country")
        if table == "exposure" and names.get("kind") == "supply" and home is not None and country is not None:
            found: dict[str, None] = {}
            for node in self.moves.get((home, country), []):
                ranked = sorted(self.by_node.get(node, []), key=lambda place: country not in place.split("/"))
                found.update(dict.fromkeys(ranked[:1]))
            return tuple(found)[:NAMED]
        return ()


def _trace_exposure(old: pd.DataFrame | None, new: pd.DataFrame | None) -> dict[tuple[str, str], list[str]]:
    """Return for home and country the nodes in which its part of supply moved, the largest move first."""
    if old is None or new is None or not {"home", "node", "country", "value"} <= set(old.columns) & set(new.columns):
        return {}
    keys = ["home", "country", "node"]
    parts = [
        frame.assign(part=frame["value"] / frame.groupby("home")["value"].transform("sum")) for frame in (old, new)
    ]
    one, other = (frame.groupby(keys)["part"].sum() for frame in parts)
    moved = other.sub(one, fill_value=0.0).rename("part").reset_index()
    moved["size"] = moved["part"].abs()
    ranked = moved[moved["size"] > 0].sort_values(["size", "node"], ascending=[False, True])
    found: dict[tuple[str, str], list[str]] = {}
    for row in list_rows(ranked):
        found.setdefault((row["home"], row["country"]), []).append(row["node"])
    return found
