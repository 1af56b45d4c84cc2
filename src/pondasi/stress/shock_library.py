"""The shocks that ship: what happened, and what has a name before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.chain.rules import check_grades, check_intervals
from pondasi.errors import DataError, UsageError
from pondasi.stress.shock_form import Known, check_shock, read_shock
from pondasi.tables.cells import type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.raw import shape_columns
from pondasi.tables.read import read_pack
from pondasi.tables.relations import check_keys, check_references
from pondasi.tables.text import suggest
from pondasi.tables.write import column_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import Chain
    from pondasi.stress.shocks import Shock
    from pondasi.tables.cells import Typed
    from pondasi.tables.raw import RawPack

FORMS = (".yaml", ".yml")
"""Names by which a file of one's own is told from a shock of the library."""


@dataclass(frozen=True)
class ShockLibrary:
    """Shocks by id, with what was seen to follow and where it stands.

    Parameters
    ----------
    shocks
        By id, in the order of their names.
    outcomes
        What was measured after them, apart from the shocks themselves.
    sources
        Sources of the library beside those of the world.
    """

    shocks: Mapping[str, Shock]
    outcomes: pd.DataFrame
    sources: pd.DataFrame


def load_shocks(chain: Chain | None = None, more: str | Path | None = None) -> ShockLibrary:
    """Return the library, checked against a chain (the shipped one by default).

    Parameters
    ----------
    chain
        Whose nodes and sources the shocks may name.
    more
        A folder of forms of one's own, which come after those that ship.

    Raises
    ------
    DataError
        With all problems.

    Example
    -------
    >>> library = load_shocks()
    >>> library.shocks["tohoku_wafers_2011"].hazard
    'earthquake'
    """
    tables = _read_tables()
    known = know_chain(chain)
    own = [] if more is None else sorted(path for path in Path(more).iterdir() if path.suffix.lower() in FORMS)
    reports = [check_shock(path, known) for path in (*shock_files(), *own)]
    problems = [problem for report in reports for problem in report.problems if problem.level == "error"]
    if problems:
        raise DataError(problems, "pack_has_problems", file="shocks")
    shocks = {report.shock.id: report.shock for report in reports if report.shock is not None}
    return ShockLibrary(shocks, tables["outcomes"].frame, tables["sources"].frame)


def load_shock(name: str | Path, chain: Chain | None = None) -> Shock:
    """Return a shock: by id one of the library, by path (``.yaml``) one's own.

    Raises
    ------
    UsageError
        If the library has none of that name.
    DataError
        With all problems of the file.
    """
    path = Path(name)
    if path.suffix.lower() in FORMS or len(path.parts) > 1:
        return read_shock(path, know_chain(chain))
    known = {file.stem: file for file in shock_files()}
    if str(name) not in known:
        guess = suggest(str(name), known, 0.4)
        key = "shock_unknown_guess" if guess else "shock_unknown"
        raise UsageError(key, shock=str(name), guess=guess)
    return read_shock(known[str(name)], know_chain(chain))


def load_shock_sources() -> pd.DataFrame:
    """Return the sources of the library beside those of the world."""
    return _read_tables()["sources"].frame


def load_shapes() -> pd.DataFrame:
    """Return how events of each class of hazard go on: what they take away, and how long at full loss."""
    return _read_tables()["hazard_shapes"].frame


def know_chain(chain: Chain | None = None) -> Known:
    """Return what a shock may refer to: the nodes of a chain, its sources and those of the library."""
    from pondasi.chain.load import load_chain

    chain = load_chain() if chain is None else chain
    own = _read_tables()["sources"].frame
    sources = {
        str(source): str(evidence)
        for table in (chain.sources, own)
        for source, evidence in table[["source", "evidence"]].itertuples(index=False, name=None)
    }
    return Known(chain.nodes["node"].tolist(), sources)


def shock_files() -> list[Path]:
    """Return the files of the library by name."""
    return sorted(path for path in _folder().iterdir() if path.suffix == FORMS[0])


def _folder() -> Path:
    return Path(str(resources.files("pondasi") / "data" / "shocks"))


@lru_cache(maxsize=1)
def _read_tables() -> Mapping[str, Typed]:
    """Return the tables beside the shocks, checked against the dictionary and the sources of the shipped world."""
    dictionary = load_dictionary()
    pack = read_pack(_folder())
    typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
    check_tables(pack, typed)
    errors = [problem for problem in pack.problems if problem.level == "error"]
    if errors:
        raise DataError(errors, "pack_has_problems", file=pack.file)
    return typed


def check_tables(pack: RawPack, typed: Mapping[str, Typed]) -> None:
    """Note keys that are not unique and references that lead nowhere, sources of the shipped world included."""
    from pondasi.chain.load import load_chain

    dictionary = load_dictionary()
    chain = load_chain()
    own = _read_tables()["sources"].frame if "sources" not in typed else typed["sources"].frame
    known = {"nodes": chain.nodes, "sources": pd.concat([chain.sources, own], ignore_index=True)}
    others = {}
    for name, frame in known.items():
        columns = [(str(label), column_values(column)) for label, column in frame.items()]
        others[name] = type_table(pack, shape_columns(pack, name, name, columns, len(frame)), dictionary)
    check_keys(pack, {**typed, **others}, dictionary)
    check_references(pack, {**typed, **others}, dictionary)
    check_intervals(pack, typed, dictionary)
    check_grades(pack, {**typed, "sources": others["sources"]}, dictionary)
