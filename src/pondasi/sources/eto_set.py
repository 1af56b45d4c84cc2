"""The ETO set as found: its columns, what must hold in them, and what several tables need of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from pondasi.sources.phrases import Money, parse_money, parse_percent, split_citation
from pondasi.tables.text import make_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pondasi.errors import Problem
    from pondasi.sources.registry import SourceSet
    from pondasi.sources.rows import Row

Record = dict[str, object]
"""One row of a table to be."""

MARKET = "market_share_chart_global_market_size_info"
COLUMNS = {
    "inputs": (
        "input_id",
        "input_name",
        "type",
        "stage_id",
        "year",
        MARKET,
        "market_share_chart_source",
    ),
    "sequence": ("input_id", "goes_into_id", "is_type_of_id"),
    "providers": ("provider_name", "provider_id", "provider_type", "country"),
    "provision": ("provider_name", "provider_id", "provided_id", "share_provided", "year", "source"),
    "stages": ("stage_id",),
}
WHOLE_SET = "eto"
"""Id of the source row for the set as a whole."""
LONGEST_ID = 48


@lru_cache(maxsize=1)
def load_readings() -> Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]:
    """Return how the types of inputs read in the tables of a chain."""
    text = (resources.files("pondasi") / "data" / "sources" / "eto.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def check_cells(rows: Mapping[str, list[Row]]) -> Iterator[Problem]:
    """Yield the cells that no reading fits."""
    types = load_readings()["types"]
    kinds = {f"{kind} {stage}".strip() for kind, stages in types.items() for stage in stages}
    inputs = {row["input_id"] for row in rows["inputs"]}
    provided = inputs | {row["stage_id"] for row in rows["stages"]}
    providers = {row["provider_id"] for row in rows["providers"]}
    for row in rows["inputs"]:
        if f"{row['type']} {row['stage_id']}".strip() not in kinds:
            yield row.problem("source_value", "type", known=", ".join(sorted(kinds)))
        yield from _check_year(row)
    for row in rows["sequence"]:
        yield from _check_reference(row, "input_id", inputs, "inputs.csv")
        for column in ("goes_into_id", "is_type_of_id"):
            yield from _check_reference(row, column, {*inputs, ""}, "inputs.csv")
    for row in rows["provision"]:
        yield from _check_reference(row, "provided_id", provided, "inputs.csv, stages.csv")
        yield from _check_reference(row, "provider_id", providers, "providers.csv")
        if row["share_provided"] and parse_percent(row["share_provided"]) is None:
            yield row.problem("source_number", "share_provided")
        yield from _check_year(row)


def _check_reference(row: Row, column: str, known: set[str], file: str) -> Iterator[Problem]:
    if row[column] not in known:
        yield row.problem("source_reference", column, file=file)


def _check_year(row: Row) -> Iterator[Problem]:
    if row["year"] and not row["year"].isdigit():
        yield row.problem("source_number", "year")


class Citations:
    """The sources table as it grows: a row for the set, and one for each text that it cites."""

    def __init__(self, source: SourceSet) -> None:
        self.source = source
        self.ids: dict[str, str] = {"": WHOLE_SET}
        self.rows = [self._row(WHOLE_SET, source.title["en"].partition(":")[0], source.home)]

    def cite(self, text: str) -> str:
        """Return the id of a cited text; a blank one cites the set."""
        if text not in self.ids:
            title, address = split_citation(text)
            wanted = _shorten(_make_id(f"{WHOLE_SET} {title}"))
            taken = set(self.ids.values())
            self.ids[text] = next(name for name in _number(wanted) if name not in taken)
            self.rows.append(self._row(self.ids[text], f"{title} (as cited in the set)", address or self.source.home))
        return self.ids[text]

    def _row(self, name: str, title: str, address: str) -> Record:
        return {
            "source": name,
            "publisher": self.source.publisher,
            "title": title,
            "year": self.source.date.year,
            "url": address,
            "licence": self.source.licence,
            "evidence": "seen",
            "confidence": "medium",
        }


@dataclass(frozen=True)
class EtoSet:
    """The set as found, and what several tables need of it."""

    rows: Mapping[str, list[Row]]
    citations: Citations

    @cached_property
    def nodes(self) -> dict[str, str]:
        """Id of an input -> id of its node, made of the name."""
        nodes: dict[str, str] = {}
        for row in self.rows["inputs"]:
            wanted = _make_id(row["input_name"]) or _make_id(row["input_id"])
            taken = set(nodes.values())
            nodes[row["input_id"]] = next(name for name in _number(wanted) if name not in taken)
        return nodes

    @cached_property
    def readings(self) -> dict[str, Mapping[str, str]]:
        """Id of an input -> its stage, kind, role and, where stated, pillar."""
        found = load_readings()
        single = found["inputs"]
        return {
            row["input_id"]: single.get(row["input_id"]) or found["types"][row["type"]][row["stage_id"]]  # type: ignore[misc]
            for row in self.rows["inputs"]
        }

    @cached_property
    def families(self) -> dict[str, list[str]]:
        """Id of an input -> the inputs that it is a type of."""
        return self._targets("is_type_of_id")

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """Id of an input -> the inputs that it goes into."""
        return self._targets("goes_into_id")

    @cached_property
    def markets(self) -> dict[str, Money]:
        """Id of an input -> its market as stated; not for texts that are no amount."""
        found = {row["input_id"]: parse_money(row[MARKET]) for row in self.rows["inputs"]}
        return {name: money for name, money in found.items() if money is not None}

    def cite(self, text: str) -> str:
        """Return the source of a row that cites ``text``: that text and the set, or the set alone."""
        cited = self.citations.cite(text)
        return cited if cited == WHOLE_SET else f"{cited}|{WHOLE_SET}"

    def reach(self, start: str, ways: Iterable[Mapping[str, list[str]]]) -> list[str]:
        """Return what can be reached from an input along some ways, nearest first, without itself."""
        ways, found = list(ways), [start]
        for name in found:
            found += dict.fromkeys(goal for way in ways for goal in way.get(name, []) if goal not in found)
        return found[1:]

    def _targets(self, column: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self.rows["sequence"]:
            if row[column]:
                found.setdefault(row["input_id"], []).append(row[column])
        return found


def read_year(row: Row) -> int | None:
    """Return the year of a row, or None where it is blank."""
    return int(row["year"]) if row["year"] else None


def _make_id(text: str) -> str:
    """Return an id of small letters, digits and single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", make_id(text)).strip("_")


def _shorten(name: str) -> str:
    """Return a long id without its last words."""
    return name if len(name) <= LONGEST_ID else name[: LONGEST_ID + 1].rpartition("_")[0]


def _number(name: str) -> Iterator[str]:
    """Yield a name, then the same with a number, without end."""
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1
