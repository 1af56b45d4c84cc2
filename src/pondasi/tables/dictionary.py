"""The dictionary: which tables exist, and what each column may hold.

The dictionary is data (``data/dictionary/*.csv``). Checks, Excel templates and the reference page are
all made from it, so they cannot disagree.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

ColumnType = Literal[
    "id", "code", "reference", "references", "country", "countries", "number", "year", "date", "text", "url"
]


@dataclass(frozen=True)
class Column:
    """One column of a table, as the dictionary states it."""

    table: str
    name: str
    type: ColumnType
    unit: str | None
    required: bool
    key: bool
    low: float | None
    high: float | None
    codes: str | None
    meaning: Mapping[str, str]

    @property
    def numeric(self) -> bool:
        """Whether cells are numbers (years included)."""
        return self.type in {"number", "year"}


@dataclass(frozen=True)
class Trait:
    """What is stated in one unit and one range: a trait of nodes or steps, an indicator, a parameter, a kind of cost."""

    name: str
    unit: str
    low: float | None
    high: float | None
    meaning: Mapping[str, str]


@dataclass(frozen=True)
class Unit:
    """A unit code; ``factor`` turns a value into ``base``."""

    name: str
    dimension: str
    factor: float
    base: str
    meaning: Mapping[str, str]


@dataclass(frozen=True)
class Dictionary:
    """All tables, code lists and units; ``rated`` are the lists whose codes each have one unit and one range.

    Rated are the traits of nodes and of steps, the indicators of countries, the parameters of a plan, and code
    lists such as the kinds of cost.
    """

    tables: Mapping[str, Mapping[str, Column]]
    codes: Mapping[str, Mapping[str, Mapping[str, str]]]
    rated: Mapping[str, Mapping[str, Trait]]
    units: Mapping[str, Unit]

    @property
    def traits(self) -> Mapping[str, Trait]:
        """The traits of nodes."""
        return self.rated["traits"]

    @property
    def indicators(self) -> Mapping[str, Trait]:
        """The indicators of countries."""
        return self.rated["indicators"]

    def allowed(self, column: Column) -> tuple[str, ...]:
        """Return the codes that a column of type ``code`` may hold."""
        name = column.codes or column.name
        if name == "unit":
            return tuple(self.units)
        return tuple(self.codes[name] if name in self.codes else self.rated[name])


@lru_cache(maxsize=1)
def load_dictionary() -> Dictionary:
    """Return the dictionary that ships with the package.

    Example
    -------
    >>> load_dictionary().tables["shares"]["share"].unit
    'fraction'
    """
    codes: dict[str, dict[str, Mapping[str, str]]] = {}
    for row in read_resource("dictionary/codes.csv"):
        codes.setdefault(row["list"], {})[row["code"]] = _texts(row)
    rated = {
        "traits": _load_traits("dictionary/traits.csv", "trait"),
        "indicators": _load_traits("dictionary/indicators.csv", "indicator"),
        "step_traits": _load_traits("dictionary/step_traits.csv", "trait"),
        "parameters": _load_traits("dictionary/parameters.csv", "parameter"),
    }
    for row in read_resource("dictionary/code_units.csv"):
        trait = Trait(
            row["code"], row["unit"], _number(row["low"]), _number(row["high"]), codes[row["list"]][row["code"]]
        )
        rated.setdefault(row["list"], {})[row["code"]] = trait
    return Dictionary(
        tables=_load_tables(),
        codes=codes,
        rated=rated,
        units={
            row["unit"]: Unit(row["unit"], row["dimension"], float(row["factor"]), row["base"], _texts(row))
            for row in read_resource("dictionary/units.csv")
        },
    )


def read_resource(path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file that ships under ``pondasi/data``."""
    text = (resources.files("pondasi") / "data" / path).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


def _load_tables() -> dict[str, dict[str, Column]]:
    tables: dict[str, dict[str, Column]] = {}
    for row in read_resource("dictionary/columns.csv"):
        tables.setdefault(row["table"], {})[row["column"]] = Column(
            table=row["table"],
            name=row["column"],
            type=row["type"],  # type: ignore[arg-type]  # the test of the dictionary holds the types
            unit=row["unit"] or None,
            required=row["required"] == "yes",
            key=row["key"] == "yes",
            low=_number(row["low"]),
            high=_number(row["high"]),
            codes=row["codes"] or None,
            meaning=_texts(row),
        )
    return tables


def _load_traits(path: str, key: str) -> dict[str, Trait]:
    return {
        row[key]: Trait(row[key], row["unit"], _number(row.get("low", "")), _number(row.get("high", "")), _texts(row))
        for row in read_resource(path)
    }


def _texts(row: Mapping[str, str]) -> Mapping[str, str]:
    return {language: row[f"meaning_{language}"] for language in ("en", "id", "ja")}


def _number(text: str) -> float | None:
    return float(text) if text else None
