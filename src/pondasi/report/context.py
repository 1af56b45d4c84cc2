"""What every section needs to speak: words, numbers, names, and the figures with their places."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.facts import grade_of
from pondasi.places import name_place, name_place_in_text
from pondasi.report.blocks import Cell
from pondasi.report.evidence import gather_evidence, is_row
from pondasi.report.marks import Count, Text, keep_marks, mark_figure, mark_name
from pondasi.report.numbers import Numbers
from pondasi.report.results import locate_share
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pondasi.currency import Rate
    from pondasi.facts import Figure
    from pondasi.report.blocks import Statement
    from pondasi.report.evidence import Evidence
    from pondasi.report.findings import Findings, Holding
    from pondasi.words import Words

_UNIT = re.compile(r"(?<=\d) (?=[^\W\d]{1,2}\b)")
"""The space between a number and its unit, where no line should end."""


@dataclass(frozen=True)
class Context:
    """The voice of one brief: a language, a profile of place names, and the findings.

    A figure is *cited* by its place (`pondasi.report.evidence`), never typed in: so each number of the
    document leads to its rows, and charts, sentences and tables read the same value.

    ``closed`` names the slots that wait for a verb that does not exist yet, ``absent`` the optional ones that no
    run fills, each with the command that makes one; ``rate`` is the one at which money is shown.
    """

    findings: Findings
    words: Words
    places: str = "plain"
    closed: tuple[str, ...] = ()
    rate: Rate | None = None
    absent: tuple[tuple[str, str], ...] = ()
    numbers: Numbers = field(init=False)
    names: Mapping[str, str] = field(init=False, repr=False)
    evidence: Evidence = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare numbers, evidence and the node names of the language."""
        name = f"name_{self.words.language}"
        object.__setattr__(self, "numbers", Numbers(self.words, self.rate))
        object.__setattr__(self, "names", {row["node"]: row[name] for row in list_rows(self.findings.chain.nodes)})
        object.__setattr__(self, "evidence", gather_evidence(self.findings.chain, self.findings))

    # --- names

    @property
    def home(self) -> str:
        """Name of the home country, as it stands inside a sentence."""
        return self.place_in_text(self.findings.home)

    @property
    def partner(self) -> str:
        """Name of the partner country as it stands inside a sentence, or nothing."""
        return self.place_in_text(self.findings.partner) if self.findings.partner else ""

    def place(self, code: str) -> str:
        """Return the name of a place."""
        return name_place(code, self.words.language, self.places)

    def place_in_text(self, code: str) -> str:
        """Return the name of a place as it stands inside a sentence."""
        return name_place_in_text(code, self.words.language, self.places)

    def node_in_text(self, node: str) -> str:
        """Return the name of a node as it stands inside a sentence: 'silicon wafers', but 'SiC wafers'."""
        name = _UNIT.sub("\u00a0", self.names[node])
        first = name.split(" ", 1)[0]
        return Text(mark_name(f"nodes/{node}", name[0].lower() + name[1:] if first[1:].islower() else name))

    def code(self, kind: str, code: str) -> str:
        """Return the meaning of a code of the dictionary, such as a stage."""
        return load_dictionary().codes[kind][code][self.words.language]

    def stage(self, stage: str) -> str:
        """Return the name of a stage of production; users of chips are no such stage."""
        return self.say("brief.stage.chips") if stage == "demand" else self.code("stage", stage)

    def grade(self, grade: str) -> str:
        """Return the word for a grade."""
        return self.say(f"grade.{grade}")

    # --- sentences

    def say(self, key: str, /, **fields: object) -> str:
        """Return a text of the catalogue; figures and names in its fields keep their marks."""
        kept = {name: keep_marks(value) if isinstance(value, str) else value for name, value in fields.items()}
        return Text(self.words.say(key, **kept))

    def join(self, items: Iterable[str], kind: str = "list") -> str:
        """Return a list as this language writes it; ``kind`` "parts" keeps apart items that hold commas themselves."""
        kept = [keep_marks(item) for item in items]
        if len(kept) < 2:  # noqa: PLR2004 - nothing to join
            return Text("".join(kept))
        if len(kept) == 2:  # noqa: PLR2004 - a pair has no comma in some languages
            return self.say(f"{kind}.pair", first=kept[0], last=kept[1])
        return self.say(f"{kind}.last", first=self.words.say(f"{kind}.joint").join(kept[:-1]), last=kept[-1])

    def join_sentences(self, statements: Iterable[Statement]) -> str:
        """Return statements as one paragraph; some languages put no space between sentences."""
        return Text(self.words.say("list.sentence").join(keep_marks(statement.text) for statement in statements))

    def name_holdings(self, held: list[Holding]) -> str:
        """Return holdings as a list in words: node and part of the world."""
        items = (
            self.say("brief.holding", node=self.node_in_text(item.node.id), part=self.cite(locate_share(item)))
            for item in held
        )
        return self.join(items, "parts")

    def say_caption(self, grades: Iterable[str]) -> str:
        """Return the line under a chart of rows of the data: year, basis, grade, coverage; sources follow it."""
        weights = Counter(grades)
        return self.say(
            "brief.caption",
            year=self.cite("year"),
            grade=self.grade(grade_of(weights)),
            soft=self.cite("coverage/places"),
        )

    # --- figures

    def look_up(self, place: str) -> Figure:
        """Return the figure at a place."""
        return self.evidence.explain(place).figure

    def cite(self, place: str, *, short: bool = False) -> str:
        """Return the figure at a place as it stands inside a sentence, marked; ``short`` leaves out its interval."""
        return Text(mark_figure(place, self.numbers.figure(self.look_up(place), short=short)))

    def count(self, place: str) -> Count:
        """Return a count for a sentence; it chooses the plural form and is marked."""
        return Count(int(self.look_up(place).value or 0), place)

    def cell(self, place: str) -> Cell:
        """Return the figure at a place as a cell of a table twin.

        Of a row of the data the grade and the sources stand beside it; of a result, whose sources are
        those of many rows, the grade stands in the caption.
        """
        figure = self.look_up(place)
        return Cell(self.numbers.figure(figure), figure, graded=is_row(place), place=place)

    def node_cell(self, node: str) -> Cell:
        """Return the name of a node as a cell."""
        return Cell(self.names[node], place=f"nodes/{node}")

    def holding_cell(self, node: str, country: str) -> Cell:
        """Return what a country makes of a node, or that nothing is recorded."""
        item = self.findings.holdings.get((node, country))
        return Cell(self.say("brief.not_recorded")) if item is None else self.cell(locate_share(item))


def list_sources(*figures: Figure) -> tuple[str, ...]:
    """Return the sources of some figures, each once, in their order."""
    return tuple(dict.fromkeys(source for figure in figures for source in figure.sources))
