"""A case: what is known of one country beside the world chain, and whether the two agree (chain.15).

A case holds tables of its own (demand, trade, resources, programmes, road map, and those of a plan) whose
rows refer to nodes and sources of the world; it may bring further sources. Home demand has one source, the chain's shares of the user nodes; the rows of
the case are their evidence, and a warning names where they disagree beyond the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pondasi.chain.load import CheckReport, load_chain, order_problems
from pondasi.chain.rules import check_grades, check_intervals, check_traits
from pondasi.errors import DataError, Place, UsageError
from pondasi.places import is_country
from pondasi.tables.cells import Typed, type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.excel_read import README
from pondasi.tables.raw import RawPack, shape_columns
from pondasi.tables.read import HEAD_FILE, read_pack
from pondasi.tables.relations import check_keys, check_references
from pondasi.tables.rows import index_rows, list_rows
from pondasi.tables.text import suggest
from pondasi.tables.write import column_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from pondasi.chain.records import Chain

CaseRule = Callable[[RawPack, Mapping[str, Typed]], None]
KIND = "case"
CASE_TABLES = ("demand", "trade", "resources", "programmes", "roadmap")
EVIDENCE = "chips_used"
"""Basis of the rows that state chips used, in USD a year: evidence for the chain's shares."""


@dataclass(frozen=True)
class Case:
    """What is known of one country beside the world chain.

    Parameters
    ----------
    country
        Country code.
    version
        What the case says of itself.
    titles
        Title by language.
    tables
        Tables by name, columns and types as in the dictionary.
    """

    country: str
    version: str
    titles: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame] = field(repr=False)


def list_cases() -> tuple[str, ...]:
    """Return the countries whose case ships with the package.

    Example
    -------
    >>> "IDN" in list_cases()
    True
    """
    folder = resources.files("pondasi") / "data" / "cases"
    return tuple(sorted(item.name for item in folder.iterdir() if item.is_dir()))


def load_case(place: str | Path, chain: Chain | None = None) -> Case:
    """Load a checked case: a country code for one that ships, else a path.

    Raises
    ------
    UsageError
        If no case of that country ships.
    DataError
        With all problems of the case.

    Example
    -------
    >>> load_case("IDN").titles["en"]
    'Case: Indonesia'
    """
    report = check_case(case_path(place), chain)
    if not report.ok:
        raise DataError(report.errors, "pack_has_problems", file=report.file)
    head = report.head
    titles = {language: str(head.get(f"title_{language}", head["country"])) for language in ("en", "id", "ja")}
    return Case(str(head["country"]), str(head.get("version", "")), titles, report.tables)


def case_path(place: str | Path) -> Path:
    """Return the folder of a case: a path, or the code of a country whose case ships."""
    path = Path(place)
    if path.exists() or len(path.parts) > 1:
        return path
    known = list_cases()
    if str(place) not in known:
        raise UsageError("case_unknown", place=str(place), guess=suggest(str(place), known), known=", ".join(known))
    return Path(str(resources.files("pondasi") / "data" / "cases" / str(place)))


def is_case(pack: RawPack) -> bool:
    """Tell whether a pack says of itself that it is a case."""
    return bool(pack.head.get("kind") == KIND)


def check_case(path: str | Path | RawPack, chain: Chain | None = None, rules: Iterable[CaseRule] = ()) -> CheckReport:
    """Check a case and return every problem at once.

    Parameters
    ----------
    path
        Folder or workbook of the case, or what was read from it.
    chain
        The chain whose demand the case is evidence for; the shipped one by default.
    rules
        What must hold beyond the tables themselves, such as the rules of a plan.

    Example
    -------
    >>> check_case(case_path("IDN")).ok
    True
    """
    dictionary = load_dictionary()
    pack = path if isinstance(path, RawPack) else read_pack(path)
    _want_case(pack)
    typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
    chain = load_chain() if chain is None else chain
    known = {**typed, **_type_world(chain)}
    if "sources" in typed:
        known["sources"] = _join_sources(pack, known["sources"], typed["sources"])
    check_keys(pack, typed, dictionary)
    check_references(pack, known, dictionary)
    if pack.locale is not None:  # sums of numbers that could not be read mean nothing
        check_intervals(pack, typed, dictionary)
        check_traits(pack, typed, dictionary)
        for rule in rules:
            rule(pack, known)
    check_grades(pack, {**typed, "sources": known["sources"]}, dictionary)
    _check_country(pack)
    if not any(problem.level == "error" for problem in pack.problems) and "demand" in typed:
        _check_evidence(pack, typed["demand"], chain)
    frames = {name: table.frame for name, table in typed.items()}
    rows = {name: len(table.raw.rows) for name, table in typed.items()}
    problems = order_problems(pack.problems, tuple(dictionary.tables))
    return CheckReport(pack.file, pack.form, problems, rows, frames, pack.head)


def _want_case(pack: RawPack) -> None:
    """Let what could not be read say the tables and the template of a case, where others name those of a world."""
    found, pack.problems = pack.problems, []
    for problem in found:
        match problem.key:
            case "path_form_unknown":
                pack.add("case_form_unknown", problem.place, value=problem.value)
            case "folder_without_tables":
                pack.add("case_without_tables", problem.place)
            case "excel_without_tables":
                pack.add("case_without_sheets", problem.place)
            case _:
                pack.problems.append(problem)


def _join_sources(pack: RawPack, world: Typed, own: Typed) -> Typed:
    """Return the sources of the world and of the case; an id has one meaning."""
    names = tuple(world.columns)
    known, added = list(world.rows(*names)), list(own.rows(*names))
    taken = {row[0] for row in known}
    for position, (source, *_) in enumerate(added):
        if source in taken:
            pack.add("source_in_world", own.place(position, "source"), table="sources", value=source)
    return replace(world, values=dict(zip(names, map(list, zip(*known, *added, strict=True)), strict=True)))


def _type_world(chain: Chain) -> dict[str, Typed]:
    """Return the tables of the chain that a case refers to."""
    dictionary = load_dictionary()
    pack = RawPack(chain.id, "frames")
    typed = {}
    for name in ("nodes", "sources"):
        frame = chain.tables[name]
        columns = [(str(label), column_values(column)) for label, column in frame.items()]
        typed[name] = type_table(pack, shape_columns(pack, name, name, columns, len(frame)), dictionary)
    return typed


def _check_country(pack: RawPack) -> None:
    country = str(pack.head.get("country", ""))
    if pack.found and not is_country(country):
        file, sheet = (pack.file, README) if pack.form == "excel" else (HEAD_FILE, None)
        place = Place(file, sheet, pack.head_rows.get("country"), "country")
        pack.add("case_country", place, value=country)


def _check_evidence(pack: RawPack, demand: Typed, chain: Chain) -> None:
    """(chain.15) Warn where the chain's demand of a user lies outside the interval of the case's evidence."""
    market = index_rows(chain.nodes, "node")
    shares = chain.shares
    mine = shares[(shares["country"] == pack.head["country"]) & (shares["basis"] == "location") & shares["firm"].isna()]
    stated: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for position, row in enumerate(list_rows(demand.frame)):
        if row["basis"] == EVIDENCE and row["node"] is not None and row["value"] is not None:
            stated.setdefault(row["node"], []).append((position, row))
    used = index_rows(mine, "node")
    for node, found in stated.items():
        low, high = (
            sum(row[end] if row[end] is not None else row["value"] for _, row in found) for end in ("low", "high")
        )
        share, world = used.get(node), market[node]["market_usd"]
        value = 0.0 if share is None or world is None else (share["share"] or 0.0) * world
        if not low <= value <= high:
            place = demand.place(found[0][0], "value")
            known, least, most = (float(f"{figure:.3g}") for figure in (value, low, high))
            said: dict[str, Any] = {"node": node, "known": known, "low": least, "high": most}
            pack.add("evidence_differs", place, table="demand", value=f"{known:.0f}", level="warning", **said)
