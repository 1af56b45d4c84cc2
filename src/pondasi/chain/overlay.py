"""National figures laid over the public chain, and never written back into it (chain.19).

An overlay is a folder with any tables of the chain or its companions and an ``overlay.toml`` that says
whose it is and how secret. Its rows replace rows of equal key; rows with a new key are added. Where it
states shares of a node, the other shares of that node make room: see `pondasi.chain.room`.

Overlays are laid over at once, not one after the other. So what one states is never moved to make room
for another, and the order of two that share no key does not matter; where two state the same row, the
later one holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.load import CheckReport, check_raw, order_problems
from pondasi.chain.records import CHAIN_TABLES, OverlayMark, Tables, World, hash_tables
from pondasi.chain.room import make_room
from pondasi.chain.rules import check_intervals
from pondasi.errors import DataError, Place, UsageError
from pondasi.tables.cells import empty_frame, type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.raw import RawPack, RawTable, shape_columns
from pondasi.tables.read import read_pack
from pondasi.tables.relations import check_keys
from pondasi.tables.text import suggest
from pondasi.tables.write import column_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

HEAD_FILE = "overlay.toml"
TOUCHED = (
    *CHAIN_TABLES,
    "controls",
    "hazards",
    "sites",
    "capability",
    "routes",
    "reach",
    "concordance",
    "trade_prior",
    "trade_audit",
    "pace",
)
"""Tables that an overlay may touch: those of the chain and its companions, not those of a case."""
HEADER_ROWS = 2
"""A CSV file shows its first row of data as row 2."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """National figures, read and checked by themselves.

    Parameters
    ----------
    id, owner
        Its name, and who owns the figures.
    secrecy
        A code of the dictionary: open, internal, confidential or secret.
    tables
        Tables by name, columns and types as in the dictionary; only those that it has.
    places
        Where the rows of each table stand.
    """

    id: str
    owner: str
    secrecy: str
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    places: Mapping[str, Sequence[Place]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Take the tables as they are now."""
        object.__setattr__(self, "tables", Tables(self.tables))

    @property
    def mark(self) -> OverlayMark:
        """What a result made with it must say."""
        return OverlayMark(self.id, self.owner, self.secrecy, hash_tables(self.tables))

    @property
    def files(self) -> frozenset[str]:
        """Names of the files that its rows stand in."""
        return frozenset(place.file for places in self.places.values() for place in places)

    def __str__(self) -> str:
        """Say what it is, as a sentence."""
        rows = ", ".join(f"{len(table)} {name}" for name, table in self.tables.items())
        return f"Overlay {self.id} of {self.owner} ({self.secrecy}): {rows or 'no rows'}"


def load_overlay(path: str | Path) -> Overlay:
    """Load an overlay, checked by itself: its head, cells, keys and intervals.

    Raises
    ------
    DataError
        With all problems, each with its place and cure.
    """
    report, overlay = _read(path)
    if not report.ok:
        raise DataError(report.errors, "overlay_has_problems", file=report.file)
    return overlay


def is_overlay(path: str | Path) -> bool:
    """Tell whether a path is the folder of an overlay."""
    return (Path(path) / HEAD_FILE).is_file()


def lay_over(world: World, overlays: Sequence[Overlay]) -> World:
    """Return a world with overlays laid over it; the world itself stays as it is.

    Parameters
    ----------
    world
        A checked world.
    overlays
        The later of two holds where they state the same row.

    Raises
    ------
    UsageError
        If an overlay comes twice.
    DataError
        With all problems: shares that cannot make room, references without a row, rules that no longer hold.

    Example
    -------
    >>> from pondasi import load_world
    >>> lay_over(load_world(), []).chain == load_world().chain
    True
    """
    if not overlays:
        return world
    report, frames = _lay(world, overlays)
    if not report.ok:
        raise DataError(report.errors, "overlay_has_problems", file=", ".join(overlay.id for overlay in overlays))
    marks = (*world.chain.overlays, *(overlay.mark for overlay in overlays))
    chain = replace(world.chain, tables={name: frames[name] for name in CHAIN_TABLES}, overlays=marks)
    return World(chain, {name: frame for name, frame in frames.items() if name not in CHAIN_TABLES})


def check_overlay(path: str | Path, world: World) -> CheckReport:
    """Check an overlay by itself, then laid over a world, and return every problem at once."""
    report, overlay = _read(path)
    if not report.ok:
        return report
    laid, _ = _lay(world, [overlay])
    told = {(problem.key, problem.place) for problem in report.problems}
    mine = [problem for problem in laid.problems if problem.level == "error" or problem.place.file in overlay.files]
    fresh = [problem for problem in mine if (problem.key, problem.place) not in told]
    problems = order_problems([*report.problems, *fresh], tuple(load_dictionary().tables))
    return replace(report, problems=problems)


def _read(path: str | Path) -> tuple[CheckReport, Overlay]:
    """Return what is wrong with an overlay by itself, and the overlay as far as it could be read."""
    dictionary = load_dictionary()
    pack = read_pack(path, head_file=HEAD_FILE)
    if not is_overlay(path):
        pack.add("overlay_head_missing", Place(HEAD_FILE))
    pack.problems = [problem for problem in pack.problems if problem.key != "folder_without_tables"]
    known = dictionary.codes["secrecy"]
    _check_head(pack, tuple(known))
    for name in sorted(set(pack.tables) - set(TOUCHED)):
        raw = pack.tables.pop(name)
        pack.add("overlay_table", raw.header_place(), table=name, known=", ".join(TOUCHED))
    typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
    check_keys(pack, typed, dictionary)
    check_intervals(pack, typed, dictionary)
    frames = {name: table.frame for name, table in typed.items()}
    rows = {name: len(table.raw.rows) for name, table in typed.items()}
    report = CheckReport(
        pack.file, pack.form, order_problems(pack.problems, tuple(dictionary.tables)), rows, frames, pack.head
    )
    places = {name: tuple(table.raw.place(row) for row in range(rows[name])) for name, table in typed.items()}
    head = {key: str(pack.head.get(key, "")) for key in ("id", "owner", "secrecy")}
    return report, Overlay(**head, tables=frames, places=places)


def _check_head(pack: RawPack, known: Sequence[str]) -> None:
    for key in ("id", "owner"):
        if pack.found and not str(pack.head.get(key, "")).strip():
            pack.add("overlay_head_value", _head_place(pack, key), key=key)
    secrecy = str(pack.head.get("secrecy", ""))
    if secrecy not in known:
        pack.add(
            "overlay_secrecy",
            _head_place(pack, "secrecy"),
            value=secrecy,
            known=", ".join(known),
            guess=suggest(secrecy, known) or known[-1],
        )


def _head_place(pack: RawPack, key: str) -> Place:
    return Place(HEAD_FILE, None, pack.head_rows.get(key), key)


def _lay(world: World, overlays: Sequence[Overlay]) -> tuple[CheckReport, dict[str, pd.DataFrame]]:
    """Return the tables with overlays laid over them, and every problem of the whole."""
    names = [mark.id for mark in world.chain.overlays] + [overlay.id for overlay in overlays]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError("overlay_twice", id=twice)
    dictionary = load_dictionary()
    base = {**world.chain.tables, **world.companions}
    pack = RawPack(world.chain.id, "frames", {"id": world.chain.id, "version": world.chain.version})
    frames: dict[str, pd.DataFrame] = {}
    for name in dict.fromkeys([*base, *(name for overlay in overlays for name in overlay.tables)]):
        columns = dictionary.tables[name]
        own = base.get(name, empty_frame(columns))
        merged = _merge(name, own, overlays, [column.name for column in columns.values() if column.key])
        frames[name] = merged.frame
        if name == "shares" and merged.stated.any():
            frames[name] = make_room(pack, own, merged.frame, merged.stated, merged.places)
        shaped = [(str(label), column_values(column)) for label, column in frames[name].items()]
        raw = shape_columns(pack, name, name, shaped, len(frames[name]))
        pack.tables[name] = PlacedTable(**vars(raw), origins=merged.places)
        pack.found.add(name)
    return check_raw(pack), frames


@dataclass
class PlacedTable(RawTable):
    """A table whose rows come from several files."""

    origins: Sequence[Place] = ()

    def place(self, position: int, column: str | None = None) -> Place:
        """Return the place of a cell in the file that its row came from."""
        return replace(self.origins[position], column=column)


@dataclass(frozen=True, eq=False)
class _Merged:
    """A table with overlays laid over it: which rows an overlay states, and where each row stands."""

    frame: pd.DataFrame
    stated: NDArray[np.bool_]
    places: Sequence[Place]


def _merge(name: str, own: pd.DataFrame, overlays: Sequence[Overlay], keys: list[str]) -> _Merged:
    """Replace rows of equal key where they stand; add the others at the end, in the order of their keys."""
    places = [Place(f"{name}.csv", None, row + HEADER_ROWS) for row in range(len(own))]
    frames, start = [own], len(own)
    where = {key: row for row, key in enumerate(_list_keys(own, keys))}
    at, added = dict(enumerate(range(len(own)))), {}
    for overlay in overlays:
        if name not in overlay.tables:
            continue
        table = overlay.tables[name]
        frames.append(table.astype(own.dtypes))
        places += overlay.places[name]
        for row, key in enumerate(_list_keys(table, keys)):
            if key in where:
                at[where[key]] = start + row
            else:
                added[key] = start + row
        start += len(table)
    order = np.array([*at.values(), *(added[key] for key in sorted(added))], dtype=np.intp)
    frame = own if len(frames) == 1 else pd.concat(frames, ignore_index=True).iloc[order].reset_index(drop=True)
    return _Merged(frame, order >= len(own), [places[row] for row in order])


def _list_keys(frame: pd.DataFrame, keys: list[str]) -> list[tuple[str, ...]]:
    columns = [["" if cell is None else str(cell) for cell in column_values(frame[key])] for key in keys]
    return list(zip(*columns, strict=True))
