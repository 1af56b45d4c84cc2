"""Load, check, build and save a chain."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.chain.records import CHAIN_TABLES, Chain, World
from pondasi.chain.rules import RULES
from pondasi.errors import DataError, Place, Problem
from pondasi.tables.cells import empty_frame, type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.raw import RawPack, name_unknown_table, shape_columns
from pondasi.tables.read import HEAD_FILE, check_identity, read_pack
from pondasi.tables.relations import check_keys, check_references
from pondasi.tables.save import save_tables
from pondasi.tables.write import column_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

REQUIRED = ("nodes", "sources")
"""Tables without which, or without whose rows, there is no chain."""
FRAMES = "frames"


@dataclass(frozen=True)
class CheckReport:
    """What `check_pack` found.

    Parameters
    ----------
    file
        Name of the folder or workbook.
    form
        csv, parquet, excel, frames (tables in memory), or none.
    problems
        All of them: errors, then warnings, then notes; within each by table and row.
    rows
        Rows of each table that could be read.
    tables
        The tables with typed columns; a cell with an error is missing.
    head
        What the pack says of itself.
    """

    file: str
    form: str
    problems: tuple[Problem, ...]
    rows: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    head: Mapping[str, object] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that keep the pack from being used."""
        return tuple(problem for problem in self.problems if problem.level == "error")

    @property
    def ok(self) -> bool:
        """Whether the pack can be used."""
        return not self.errors


def check_pack(path: str | Path | RawPack) -> CheckReport:
    """Check a pack (folder of CSV or Parquet, or workbook, or one that was read) and return every problem at once.

    Example
    -------
    >>> check_pack(world_path()).ok
    True
    """
    return check_raw(path if isinstance(path, RawPack) else read_pack(path))


def load_chain(path: str | Path | None = None) -> Chain:
    """Load a checked chain; without a path, the world chain that ships with the package.

    Raises
    ------
    DataError
        With all problems, each with its place and cure.
    """
    return load_world(path).chain


def load_world(path: str | Path | None = None) -> World:
    """Load a chain with its companion tables.

    Parameters
    ----------
    path
        A folder or workbook, or the name of the shipped version, such as ``world-2026.1``, by which a run
        names its data; without it, the shipped one.

    Raises
    ------
    DataError
        With all problems, each with its place and cure.
    """
    shipped = path is None or (str(path) == name_world() and not Path(path).exists())
    return open_report(check_pack(world_path() if shipped or path is None else path))


def build_chain(tables: Mapping[str, pd.DataFrame], *, id: str = "", version: str = "") -> Chain:  # noqa: A002 - the pack's word
    """Make a checked chain of tables in memory.

    Parameters
    ----------
    tables
        Tables by name, with the columns of the dictionary; a missing table is empty.
    id, version
        What the chain says of itself: letters, digits, '.', '_' and '-'.

    Raises
    ------
    DataError
        With all problems; rows are counted from one.

    Example
    -------
    >>> from pondasi import load_chain
    >>> chain = load_chain()
    >>> build_chain(chain.tables).hash == chain.hash
    True
    """
    dictionary = load_dictionary()
    pack = RawPack(FRAMES, FRAMES, {"id": id, "version": version})
    for name, frame in tables.items():
        if name not in dictionary.tables:
            name_unknown_table(pack, name, Place(name), dictionary, tables)
            continue
        columns = [(str(label), column_values(column)) for label, column in frame.items()]
        pack.tables[name] = shape_columns(pack, name, name, columns, len(frame))
        pack.found.add(name)
    check_identity(pack, Place(FRAMES))
    return open_report(check_raw(pack)).chain


def save_chain(chain: Chain, path: str | Path, *, language: str = "en") -> None:
    """Save a chain as a workbook (``.xlsx``), else as a folder: Parquet if its name ends so, or CSV.

    Nothing is half written: an interrupted save leaves what was there.

    Parameters
    ----------
    chain
        The chain.
    path
        A name that ends in ``.xlsx``, or the folder to write or replace.
    language
        Language of the notes in a workbook.

    Raises
    ------
    UsageError
        If the path asks for another form, or holds files that would be lost.

    Example
    -------
    >>> import tempfile
    >>> from pondasi import load_chain
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_chain(load_chain(), f"{folder}/world.parquet")
    ...     load_chain(f"{folder}/world.parquet") == load_chain()
    True
    """
    head = {"id": chain.id, "version": chain.version, "locale": "machine"}
    save_tables(chain.tables, head, path, language)


def world_path() -> Path:
    """Return the folder of the world chain that ships with the package."""
    return Path(str(resources.files("pondasi") / "data" / "world"))


def order_problems(problems: Sequence[Problem], tables: tuple[str, ...]) -> tuple[Problem, ...]:
    """Return problems with errors first; within a level the order is that of the tables and of their rows."""
    levels = {"error": 0, "warning": 1, "note": 2}
    place = {name: number for number, name in enumerate(tables)}
    return tuple(
        sorted(problems, key=lambda found: (levels[found.level], place.get(found.table, -1), found.place.row or 0))
    )


def name_world() -> str:
    """Return the name and version of the world chain that ships.

    Example
    -------
    >>> load_world(name_world()).chain == load_chain()
    True
    """
    head = tomllib.loads((world_path() / HEAD_FILE).read_text(encoding="utf-8"))
    return f"{head['id']}-{head['version']}"


def check_raw(pack: RawPack) -> CheckReport:
    """Return every problem of the tables of a chain and its companions, as they were read."""
    dictionary = load_dictionary()
    typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
    _name_missing_tables(pack)
    check_keys(pack, typed, dictionary)
    check_references(pack, typed, dictionary)
    if pack.locale is not None:  # sums of numbers that could not be read mean nothing
        for rule in RULES:
            rule(pack, typed, dictionary)
    frames = {name: table.frame for name, table in typed.items()}
    rows = {name: len(table.raw.rows) for name, table in typed.items()}
    return CheckReport(
        pack.file, pack.form, order_problems(pack.problems, tuple(dictionary.tables)), rows, frames, pack.head
    )


def _name_missing_tables(pack: RawPack) -> None:
    """Note tables that are not there, or have no rows, unless nothing could be opened at all."""
    if not pack.found:
        return
    for name in CHAIN_TABLES:
        required = name in REQUIRED
        if name not in pack.found:
            pack.add("table_missing", Place(pack.file), table=name, level="error" if required else "warning")
        elif name in pack.tables and not pack.tables[name].rows:
            place = pack.tables[name].header_place()
            pack.add("table_without_rows", place, table=name, level="error" if required else "note")


def open_report(report: CheckReport) -> World:
    """Return the world that a report holds.

    Raises
    ------
    DataError
        If it has errors.
    """
    if not report.ok:
        key = "tables_have_problems" if report.form == FRAMES else "pack_has_problems"
        raise DataError(report.errors, key, file=report.file)
    dictionary = load_dictionary()
    frames = {name: report.tables.get(name, empty_frame(dictionary.tables[name])) for name in CHAIN_TABLES}
    companions = {name: frame for name, frame in report.tables.items() if name not in CHAIN_TABLES}
    chain = Chain(frames, str(report.head.get("id", "")), str(report.head.get("version", "")))
    return World(chain, companions)
