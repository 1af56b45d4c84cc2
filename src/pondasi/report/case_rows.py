"""Rows of the case of a plan, for runs that keep only the ids of its steps and partners."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pondasi.chain.cases import case_path
from pondasi.facts import Figure, weakest
from pondasi.plan.case import check_plan_case
from pondasi.report.evidence import Step
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import Chain

    Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class CaseRows:
    """Steps, partners, funders, limits and targets of a case by id, and the sources that it brings."""

    steps: Rows = field(repr=False)
    partners: Rows = field(repr=False)
    funders: Rows = field(repr=False)
    units: Mapping[str, str] = field(repr=False)
    targets: Rows = field(repr=False)
    sources: Mapping[str, dict[str, Any]] = field(repr=False)

    def of_step(self, step: str) -> Step:
        """Return a step as what a figure rests on."""
        return _make_step(f"steps/{step}", self.steps[step])

    def of_partner(self, partner: str) -> Step:
        """Return a partner as what a figure rests on: the chance that it keeps its word."""
        row = self.partners[partner]
        figure = Figure(row["kept"], "fraction", row["kept_low"], row["kept_high"])
        return _make_step(f"partners/{partner}", row, figure)

    def of_target(self, target: str) -> Step:
        """Return a target as what a figure rests on."""
        row = self.targets[target]
        return _make_step(f"targets/{target}", row, Figure(row["value"], row["unit"], row["low"], row["high"]))

    def of_funder(self, funder: str) -> Step:
        """Return who pays as what a figure rests on: a funder of the country, or a partner."""
        if funder in self.funders:
            return _make_step(f"funders/{funder}", self.funders[funder])
        return self.of_partner(funder)


def read_case_rows(case: str, chain: Chain) -> CaseRows:
    """Return the rows of a case: a country code for one that ships, else a folder or workbook.

    Raises
    ------
    UsageError
        If no case of that country ships.
    """
    tables = check_plan_case(case_path(case), chain).tables
    limits = index_rows(tables["limits"], "limit")
    return CaseRows(
        steps=index_rows(tables["steps"], "step"),
        partners=index_rows(tables["partners"], "partner"),
        funders=index_rows(tables["funders"], "funder"),
        units={limit: str(row["unit"]) for limit, row in limits.items()},
        targets=index_rows(tables["targets"], "target") if "targets" in tables else {},
        sources=index_rows(tables["sources"], "source"),
    )


def _make_step(place: str, row: Mapping[str, Any], figure: Figure | None = None) -> Step:
    known = figure or Figure(None, "index")
    sources = tuple(filter(None, (row["source"] or "").split("|")))
    own = Figure(known.value, known.unit, known.low, known.high, None, weakest(row["grade"]), sources)
    return Step(place, own)
