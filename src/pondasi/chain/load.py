"""Load, check, build and save a chain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.chain.records import CHAIN_TABLES, COMPANION_TABLES, Chain, World
from pondasi.chain.rules import RULES
from pondasi.errors import DataError, Place, Problem, UsageError
from pondasi.tables.cells import Typed, empty_frame, type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.raw import RawPack, RawTable
from pondasi.tables.read import read_pack
from pondasi.tables.relations import check_keys, check_references
from pondasi.tables.write import column_values, save_csv, save_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

REQUIRED = ("nodes", "sources")


@dataclass(frozen=True)
class CheckReport:
    """What `check_pack` found: all problems, worst first within a table's order, and the row counts."""

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


def check_pack(path: str | Path) -> CheckReport:
    """Check a pack (folder of CSV or Parquet, or workbook) and return every problem at once.

    Example
    -------
    >>> from pondasi.chain.load import world_path
    >>> check_pack(world_path()).ok
    True
    """
    return _check(read_pack(path))


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

    Raises
    ------
    DataError
        With all problems, each with its place and cure.
    """
    return _world_of(check_pack(world_path() if path is None else path))


def build_chain(tables: Mapping[str, pd.DataFrame], *, id: str = "", version: str = "") -> Chain:  # noqa: A002 - the pack's word
    """Make a checked chain of tables in memory.

    Raises
    ------
    DataError
        With all problems; a row is counted from one.
    """
    pack = RawPack("", "frames", {"id": id, "version": version})
    for name, frame in tables.items():
        cells = {str(column): column_values(frame[column]) for column in frame.columns}
        pack.tables[name] = RawTable(name, name, None, list(cells), cells, list(range(1, len(frame) + 1)))
    return _world_of(_check(pack)).chain


def save_chain(chain: Chain, path: str | Path, *, language: str = "en") -> None:
    """Save a chain as a workbook (``.xlsx``), else as a folder: Parquet if its name ends so, or CSV.

    Nothing is half written: an interrupted save leaves what was there.
    """
    head = {"id": chain.id, "version": chain.version, "locale": "machine"}
    path = Path(path)
    if path.suffix.lower() == ".xlsx":
        from pondasi.tables.excel_write import save_workbook

        save_workbook(chain.tables, head, path, language)
    elif path.name.endswith(".parquet"):
        save_parquet(chain.tables, head, path)
    elif path.suffix:
        raise UsageError("save_form_unknown", path=str(path))
    else:
        save_csv(chain.tables, head, path)


def world_path() -> Path:
    """Return the folder of the world chain that ships with the package."""
    return Path(str(resources.files("pondasi") / "data" / "world"))


def _check(pack: RawPack) -> CheckReport:
    dictionary = load_dictionary()
    typed: dict[str, Typed] = {}
    locale_known = not any(problem.key == "locale_unknown" for problem in pack.problems)
    if locale_known:
        typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
        if pack.tables:
            _name_missing_tables(pack)
        check_keys(pack, typed, dictionary)
        check_references(pack, typed, dictionary)
        for rule in RULES:
            rule(pack, typed, dictionary)
    _check_identity(pack)
    frames = {name: table.frame for name, table in typed.items()}
    rows = {name: len(frame) for name, frame in frames.items()}
    return CheckReport(pack.file, pack.form, _order(pack.problems), rows, frames, pack.head)


def _order(problems: list[Problem]) -> tuple[Problem, ...]:
    levels = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(problems, key=lambda problem: levels[problem.level]))


def _name_missing_tables(pack: RawPack) -> None:
    failed = {problem.table for problem in pack.problems}
    for name in CHAIN_TABLES:
        if name not in pack.tables and name not in failed:
            level = "error" if name in REQUIRED else "warning"
            pack.add("table_missing", Place(pack.file), table=name, level=level)


def _check_identity(pack: RawPack) -> None:
    for key in ("id", "version"):
        value = pack.head.get(key, "")
        if not re.fullmatch(r"[A-Za-z0-9._\-]*", str(value)):
            pack.add("head_value", Place(pack.file), value=value, key=key)


def _world_of(report: CheckReport) -> World:
    if not report.ok:
        raise DataError(report.errors, "pack_has_problems", file=report.file)
    dictionary = load_dictionary()
    frames = {name: report.tables.get(name, empty_frame(dictionary.tables[name])) for name in CHAIN_TABLES}
    companions = {name: frame for name, frame in report.tables.items() if name in COMPANION_TABLES}
    chain = Chain(frames, str(report.head.get("id", "")), str(report.head.get("version", "")))
    return World(chain, companions)
