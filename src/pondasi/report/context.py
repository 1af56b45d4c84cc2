"""What every section needs to speak: words, numbers, names, and the findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.facts import Figure
from pondasi.places import name_place, name_place_in_text
from pondasi.report.blocks import Cell
from pondasi.report.numbers import Numbers
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pondasi.report.blocks import Statement
    from pondasi.report.findings import Findings, Holding
    from pondasi.words import Words


@dataclass(frozen=True)
class Context:
    """The voice of one brief: a language, a profile of place names, and the findings.

    ``closed`` names the slots that wait for a verb that does not exist yet.
    """

    findings: Findings
    words: Words
    places: str = "plain"
    closed: tuple[str, ...] = ()
    numbers: Numbers = field(init=False)
    names: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare numbers and node names of the language."""
        name = f"name_{self.words.language}"
        object.__setattr__(self, "numbers", Numbers(self.words))
        object.__setattr__(self, "names", {row["node"]: row[name] for row in list_rows(self.findings.chain.nodes)})

    @property
    def home(self) -> str:
        """Name of the home country, as it stands inside a sentence."""
        return self.place_in_text(self.findings.home)

    @property
    def partner(self) -> str:
        """Name of the partner country as it stands inside a sentence, or nothing."""
        return self.place_in_text(self.findings.partner) if self.findings.partner else ""

    def say(self, key: str, /, **fields: object) -> str:
        """Return a text of the catalogue."""
        return self.words.say(key, **fields)

    def place(self, code: str) -> str:
        """Return the name of a place."""
        return name_place(code, self.words.language, self.places)

    def place_in_text(self, code: str) -> str:
        """Return the name of a place as it stands inside a sentence."""
        return name_place_in_text(code, self.words.language, self.places)

    def node(self, node: str) -> str:
        """Return the name of a node."""
        return self.names[node]

    def node_in_text(self, node: str) -> str:
        """Return the name of a node as it stands inside a sentence: 'silicon wafers', but 'SiC wafers'."""
        name = self.names[node]
        first = name.split(" ", 1)[0]
        return name[0].lower() + name[1:] if first[1:].islower() else name

    def code(self, kind: str, code: str) -> str:
        """Return the meaning of a code of the dictionary, such as a stage."""
        return load_dictionary().codes[kind][code][self.words.language]

    def stage(self, stage: str) -> str:
        """Return the name of a stage of production; users of chips are no such stage."""
        return self.say("brief.stage.chips") if stage == "demand" else self.code("stage", stage)

    def grade(self, grade: str) -> str:
        """Return the word for a grade."""
        return self.say(f"grade.{grade}")

    def join(self, items: list[str]) -> str:
        """Return a list as this language writes it."""
        if len(items) < 2:  # noqa: PLR2004 - nothing to join
            return "".join(items)
        if len(items) == 2:  # noqa: PLR2004 - a pair has no comma in some languages
            return self.say("list.pair", first=items[0], last=items[1])
        return self.say("list.last", first=self.say("list.joint").join(items[:-1]), last=items[-1])

    def join_sentences(self, statements: Iterable[Statement]) -> str:
        """Return statements as one paragraph; some languages put no space between sentences."""
        return self.say("list.sentence").join(statement.text for statement in statements)

    def name_holdings(self, held: list[Holding]) -> str:
        """Return holdings as a list in words: node and part of the world."""
        items = [
            self.say("brief.holding", node=self.node_in_text(item.node.id), part=self.numbers.figure(item.part))
            for item in held
        ]
        return self.join(items)

    def figure_cell(self, figure: Figure) -> Cell:
        """Return the figure of a row with its interval, grade and sources as a cell of a table twin."""
        return Cell(self.numbers.figure(figure), figure, graded=True)

    def sum_cell(
        self, value: float, unit: str = "fraction", low: float | None = None, high: float | None = None
    ) -> Cell:
        """Return a computed figure as a cell; its grade stands in the caption."""
        figure = Figure(value, unit, low, high, grade=self.findings.exposure_grade)
        return Cell(self.numbers.figure(figure), figure)

    def holding_cell(self, node: str, country: str) -> Cell:
        """Return what a country makes of a node, or that nothing is recorded."""
        item = self.findings.holdings.get((node, country))
        return (
            Cell(self.say("brief.not_recorded"), Figure(None, "fraction"))
            if item is None
            else self.figure_cell(item.part)
        )


def list_sources(*figures: Figure) -> tuple[str, ...]:
    """Return the sources of some figures, each once, in their order."""
    return tuple(dict.fromkeys(source for figure in figures for source in figure.sources))
