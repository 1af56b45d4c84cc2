"""What every section needs to speak: words, numbers, names, and the findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.places import name_place
from pondasi.report.blocks import Cell
from pondasi.report.numbers import Numbers
from pondasi.tables.dictionary import load_dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.report.findings import Findings
    from pondasi.words import Words


@dataclass(frozen=True)
class Context:
    """The voice of one brief: a language, a profile of place names, and the findings."""

    findings: Findings
    words: Words
    places: str = "plain"
    numbers: Numbers = field(init=False)
    names: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare numbers and node names of the language."""
        object.__setattr__(self, "numbers", Numbers(self.words))
        nodes = self.findings.chain.nodes
        object.__setattr__(self, "names", dict(zip(nodes["node"], nodes[f"name_{self.words.language}"], strict=True)))

    @property
    def home(self) -> str:
        """Name of the home country."""
        return self.place(self.findings.home)

    @property
    def partner(self) -> str:
        """Name of the partner country, or nothing."""
        return self.place(self.findings.partner) if self.findings.partner else ""

    def say(self, key: str, /, **fields: object) -> str:
        """Return a text of the catalogue."""
        return self.words.say(key, **fields)

    def place(self, code: str) -> str:
        """Return the name of a place."""
        return name_place(code, self.words.language, self.places)

    def node(self, node: str) -> str:
        """Return the name of a node."""
        return self.names[node]

    def code(self, kind: str, code: str) -> str:
        """Return the meaning of a code of the dictionary, such as a stage."""
        return load_dictionary().codes[kind][code][self.words.language]

    def grade(self, grade: str) -> str:
        """Return the word for a grade."""
        return self.say(f"grade.{grade}")

    def join(self, items: list[str]) -> str:
        """Return a list as this language writes it."""
        if len(items) < 2:  # noqa: PLR2004 - nothing to join
            return "".join(items)
        return self.say("list.last", first=self.say("list.joint").join(items[:-1]), last=items[-1])

    def share_cell(self, row: pd.Series) -> Cell:
        """Return a share with its interval, grade and sources as a cell of a table twin."""
        if pd.isna(row["share"]):
            return Cell(self.say("grade.unknown"), "unknown", split_sources(row["source"]), number=True)
        text = self.numbers.percent_interval(row["share"], row["low"], row["high"])
        return Cell(text, str(row["grade"]), split_sources(row["source"]), number=True)


def split_sources(cell: object) -> tuple[str, ...]:
    """Return the ids of a source cell."""
    return () if cell is None or pd.isna(cell) else tuple(str(cell).split("|"))
