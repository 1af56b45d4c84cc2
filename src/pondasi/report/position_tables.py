"""The position of a country as tables of texts: for the terminal, and for whoever else shows tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pondasi.facts import GRADES, Figure
from pondasi.places import name_place
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from pondasi.position.exposure import Kind
    from pondasi.position.profile import Position
    from pondasi.report.numbers import Numbers
    from pondasi.words import Words

SHOWN = 8
"""Partners and nodes that are shown unless all are asked for."""


@dataclass(frozen=True)
class TextTable:
    """A table of texts under a title."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tabulate_position(
    position: Position, words: Words, numbers: Numbers, places: str = "plain", *, whole: bool = False
) -> tuple[TextTable, ...]:
    """Return the tables of a position: countries side by side, partners by kind, what home makes, concentration.

    Parameters
    ----------
    position
        From `measure_position`.
    words, numbers
        The language, and how numbers and money are shown.
    places
        Profile of place names.
    whole
        Whether every partner and node is listed, and upstreamness, coverage and capability too.
    """
    teller = _Teller(position, words, numbers, places, None if whole else SHOWN)
    tables = [teller.compare(), *(teller.list_partners(kind) for kind in ("supply", "tools", "permission"))]
    tables += [teller.list_nodes(), teller.list_concentration()]
    if whole:
        tables += [teller.list_upstreamness(), teller.list_coverage(), teller.list_capability()]
    return tuple(table for table in tables if table.rows)


@dataclass(frozen=True)
class _Teller:
    position: Position
    words: Words
    numbers: Numbers
    places: str
    shown: int | None

    def name(self, code: str) -> str:
        return name_place(code, self.words.language, self.places)

    def column(self, *names: str) -> tuple[str, ...]:
        return tuple(self.words.say(f"position.column.{name}") for name in names)

    def figure(self, row: dict[str, Any], value: str, unit: str, grade: str = "estimated") -> str:
        """Return a figure with its band; numbers without a unit of their own as bare numbers."""
        if row[value] is None:
            return self.words.say("grade.unknown")
        if unit in {"sales", "index"} and row.get("low") is not None:
            ends = {name: self.numbers.plain(row[name]) for name in ("low", "high")}
            return self.words.say("position.interval", value=self.numbers.plain(row[value]), **ends)
        if unit == "count":
            return str(int(row[value]))
        return self.numbers.figure(Figure(row[value], unit, row.get("low"), row.get("high"), grade=grade))  # type: ignore[arg-type]  # the tables hold grades

    def compare(self) -> TextTable:
        """Return home and peers side by side, with how often the order of the countries holds."""
        summary = index_rows(self.position.summary.reset_index(), "measure", "country")
        rows = []
        for measure in dict.fromkeys(name for name, _ in summary):
            found = [summary[measure, code] for code in self.position.countries]
            cells = [self.figure(row, "value", row["unit"]) for row in found]
            if measure == "largest_supply":
                cells = [self.with_place(row["place"], cell) for row, cell in zip(found, cells, strict=True)]
            mean = self.position.stability[f"summary/{measure}"].mean
            holds = [self.numbers.percent(mean) if self.position.draws else ""] if self.position.peers else []
            rows.append((self.words.say(f"position.measure.{measure}"), *cells, *holds))
        head = [*self.column("measure"), *map(self.name, self.position.countries)]
        return TextTable(
            self.words.say("position.table.compare"),
            (*head, *(self.column("order") if self.position.peers else ())),
            tuple(rows),
        )

    def with_place(self, code: str | None, cell: str) -> str:
        return cell if code is None else self.words.say("position.with_place", place=self.name(code), part=cell)

    def list_partners(self, kind: Kind) -> TextTable:
        """Return the largest partners of a kind, with the firmness of their ranks."""
        rows = list_rows(self.position.partners(kind).reset_index())[: self.shown]
        cells = tuple(
            (self.name(row["country"]), self.figure(row, "share", "fraction"), *self.rank(row)) for row in rows
        )
        return TextTable(
            self.words.say(f"position.table.{kind}"), self.column("place", "part", *self.firmness()), cells
        )

    def list_nodes(self) -> TextTable:
        """Return what home makes and uses, by share of the world."""
        position = self.position
        shares = index_rows(position.shares.xs(position.home, level="country").reset_index(), "node")
        rows = []
        for rank in self.list_ranks("shares"):
            row = shares[rank["node"]]
            grade = self.words.say(f"grade.{row['grade']}")
            rows.append(
                (self.node(rank["node"]), self.figure(row, "share", "fraction", row["grade"]), grade, *self.rank(rank))
            )
        head = self.column("node", "world_share", "grade", *self.firmness())
        return TextTable(self.words.say("position.table.shares", home=self.name(position.home)), head, tuple(rows))

    def list_concentration(self) -> TextTable:
        """Return how concentrated the making of nodes is, the most concentrated first."""
        found = index_rows(self.position.concentration.reset_index(), "node")
        rows = []
        for rank in self.list_ranks("concentration"):
            row = found[rank["node"]]
            ends = {"value": row["hhi"], "low": row["hhi_draw_low"], "high": row["hhi_draw_high"]}
            parts = (
                {"share": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]} for name in ("cr1", "cr3")
            )
            cells = [self.figure(part, "share", "fraction") for part in parts]
            named = (self.node(rank["node"]), self.figure(ends, "value", "index"), self.name(row["top"]))
            rows.append((*named, *cells, *self.rank(rank)))
        head = self.column("node", "hhi", "top", "cr1", "cr3", *self.firmness())
        return TextTable(self.words.say("position.table.concentration"), head, tuple(rows))

    def list_upstreamness(self) -> TextTable:
        """Return how far nodes stand from the final buyer, the farthest first."""
        found = index_rows(self.position.upstreamness.reset_index(), "node")
        rows = [
            (self.node(rank["node"]), self.figure(found[rank["node"]], "upstreamness", "sales"), *self.rank(rank))
            for rank in self.list_ranks("upstreamness")
        ]
        head = self.column("node", "sales", *self.firmness())
        return TextTable(self.words.say("position.table.upstreamness"), head, tuple(rows))

    def list_coverage(self) -> TextTable:
        """Return which part of each node rests on shares of each grade, by place of production."""
        rows = [
            (self.node(row["node"]), *(self.numbers.percent(row[grade]) for grade in GRADES))
            for row in list_rows(self.position.coverage.xs("location", level="basis").reset_index())
        ]
        head = (*self.column("node"), *(self.words.say(f"grade.{grade}") for grade in GRADES))
        return TextTable(self.words.say("position.table.coverage"), head, tuple(rows))

    def list_ranks(self, ranking: str) -> list[dict[str, Any]]:
        """Return a ranking of nodes, as far as it is shown."""
        ranks = self.position.stability[ranking].ranks.rename_axis("node").reset_index()
        return list_rows(ranks)[: self.shown]

    def node(self, node: str) -> str:
        return str(self.position.nodes.loc[node, f"name_{self.words.language}"])

    def list_capability(self) -> TextTable:
        """Return the indicators of home and peers side by side, with their years."""
        table = self.position.capability.reset_index()
        rows, found = [], index_rows(table, "indicator", "country")
        indicators = load_dictionary().indicators
        for name in dict.fromkeys(table["indicator"]):
            cells = [self.indicator(found.get((name, code))) for code in self.position.countries]
            unit = load_dictionary().units[indicators[name].unit].meaning[self.words.language]
            rows.append((indicators[name].meaning[self.words.language], *cells, unit))
        head = (*self.column("indicator"), *map(self.name, self.position.countries), *self.column("unit"))
        return TextTable(self.words.say("position.table.capability"), head, tuple(rows))

    def indicator(self, row: dict[str, Any] | None) -> str:
        if row is None or row["value"] is None:
            return self.words.say("grade.unknown")
        value = self.numbers.plain(row["value"])
        return value if row["year"] is None else self.words.say("position.of_year", value=value, year=str(row["year"]))

    def firmness(self) -> tuple[str, ...]:
        return ("rank", "holds") if self.position.draws else ("rank",)

    def rank(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return a rank with its band, and how often it holds; without draws the rank alone."""
        if row["holds"] is None:
            return (str(int(row["rank"])),)
        low, high, rank = (str(int(row[name])) for name in ("rank_low", "rank_high", "rank"))
        shown = rank if low == high == rank else self.words.say("position.interval", value=rank, low=low, high=high)
        return shown, self.numbers.percent(row["holds"])
