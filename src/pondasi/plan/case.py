"""The case of a plan: one country's steps, money, people, limits, partners and futures, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pondasi.chain.cases import CASE_TABLES, KIND, CaseRule, case_path, check_case
from pondasi.chain.load import load_world
from pondasi.chain.records import Tables, hash_tables
from pondasi.errors import DataError, Place, UsageError
from pondasi.plan.rules import (
    check_committed,
    check_knowledge,
    check_order,
    check_parameters,
    check_profiles,
    check_step_rows,
)
from pondasi.plan.rules_targets import check_targets
from pondasi.plan.rules_world import check_dates, check_demand, check_futures, check_money, check_partners
from pondasi.tables.cells import empty_frame
from pondasi.tables.dictionary import load_dictionary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from pondasi.chain.load import CheckReport
    from pondasi.chain.records import Chain, World
    from pondasi.tables.cells import Typed
    from pondasi.tables.raw import RawPack

NEEDED_TABLES = (
    "steps",
    "step_traits",
    "step_costs",
    "cost_profiles",
    "step_nodes",
    "step_needs",
    "step_training",
    "step_funding",
    "step_partners",
    "partners",
    "partner_terms",
    "funders",
    "budgets",
    "talent",
    "limits",
    "demand_paths",
    "branches",
    "branch_effects",
    "futures",
    "future_groups",
    "node_terms",
    "parameters",
)
"""Tables without which there is nothing to plan."""
FREE_TABLES = ("step_knowledge", "knowledge", "readiness", "targets")
"""Tables that may be missing: without knowledge that limit is off, without criteria none are listed, without targets a plan is for money alone."""
SOURCES = "sources"
PLAN_TABLES = (*NEEDED_TABLES, *FREE_TABLES)
WORKBOOK_TABLES = (*PLAN_TABLES, *CASE_TABLES, SOURCES)
"""Sheets of the workbook of a case."""
CASE_HEAD = {
    "kind": KIND,
    "country": "",
    "title_en": "",
    "title_id": "",
    "title_ja": "",
    "licence": "",
    "currency": "USD",
}
"""What the README sheet of an empty workbook says of the pack."""
RULES: tuple[CaseRule, ...] = (
    check_step_rows,
    check_profiles,
    check_order,
    check_committed,
    check_knowledge,
    check_parameters,
    check_partners,
    check_money,
    check_dates,
    check_futures,
    check_demand,
    check_targets,
)
"""What must hold beyond the tables themselves, in the order in which it is looked at."""


@dataclass(frozen=True, eq=False)
class Case:
    """What a plan of one country starts from; nothing in it is decided.

    Parameters
    ----------
    country
        The home country.
    version
        What the case says of itself.
    titles
        Title by language.
    tables
        The tables of the plan by name, with the columns of the dictionary; one that is missing is empty.
    sources
        Sources that the case brings beside those of the world.
    world
        The world that the case refers to.
    """

    country: str
    version: str
    titles: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    sources: pd.DataFrame = field(repr=False)
    world: World = field(repr=False)

    def __post_init__(self) -> None:
        """Take the tables as they are now."""
        object.__setattr__(self, "tables", Tables(self.tables))

    @cached_property
    def origin(self) -> dict[str, str]:
        """What a run says of its case: country, version, and SHA-256 over the content of its tables and sources."""
        tables = {name: self.tables[name] for name in PLAN_TABLES} | {SOURCES: self.sources}
        return {"country": self.country, "version": self.version, "hash": hash_tables(tables)}

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table with its key as index levels, named as in the dictionary.

        Example
        -------
        >>> load_case("IDN").frame("step_traits").loc[("en_power", "lead_years"), "unit"]
        'years'
        """
        key = [column.name for column in load_dictionary().tables[name].values() if column.key]
        return self.tables[name].set_index(key)

    @property
    def options(self) -> pd.DataFrame:
        """Every step with every partner who can do it, and on what terms.

        Index ``step, partner``; the columns of ``step_partners`` and, by the family of the step, those of
        ``partner_terms``; ``kept`` (1 for the home country); ``success``, the chance of success with that
        partner: ``min(1, product of the stages x success_factor)``. The factor stands nowhere else.
        """
        tables = self.tables
        family = tables["steps"].set_index("step")["family"]
        terms = tables["partner_terms"].drop(columns=["grade", "source", "note", "year"])
        options = tables["step_partners"].assign(family=lambda frame: frame["step"].map(family))
        options = options.merge(terms, on=["partner", "family"], how="left", validate="many_to_one")
        kept = tables["partners"].set_index("partner")["kept"]
        options["kept"] = options["partner"].map(kept).where(options["partner"] != self.country, 1.0)
        options["success"] = (options["step"].map(self.success) * options["success_factor"]).clip(upper=1.0)
        return options.set_index(["step", "partner"])

    @property
    def success(self) -> pd.Series:
        """The chance of success of each step at base terms: the product over the stages that are stated."""
        traits = self.tables["step_traits"]
        stages = traits[traits["trait"].str.startswith("success_")]
        return stages.groupby("step", sort=False)["value"].prod()

    @property
    def knowledge_known(self) -> bool:
        """Whether distances to partner practice are stated; if not, that limit is off and results say so."""
        return bool(len(self.tables["knowledge"]) and len(self.tables["step_knowledge"]))


def load_case(place: str | Path, world: World | None = None) -> Case:
    """Load the checked case of a plan: a country code for one that ships, else a folder or workbook.

    Raises
    ------
    UsageError
        If no case of that country ships, or if the one that ships holds no plan.
    DataError
        With all problems of the case.

    Example
    -------
    >>> case = load_case("IDN")
    >>> len(case.tables["steps"]) >= 45
    True
    """
    world = load_world() if world is None else world
    report = check_plan_case(case_path(place), world.chain)
    if not report.ok:
        raise DataError(report.errors, "pack_has_problems", file=report.file)
    if "steps" not in report.tables:
        raise UsageError("case_without_plan", place=str(place))
    head = report.head
    titles = {language: str(head.get(f"title_{language}", head["country"])) for language in ("en", "id", "ja")}
    columns = load_dictionary().tables
    frames = {name: report.tables.get(name, empty_frame(columns[name])) for name in (*PLAN_TABLES, SOURCES)}
    sources = frames.pop(SOURCES)
    return Case(str(head["country"]), str(head.get("version", "")), titles, frames, sources, world)


def check_plan_case(path: str | Path | RawPack, chain: Chain | None = None) -> CheckReport:
    """Check a case with the rules of a plan, if it holds one, and return every problem at once.

    Example
    -------
    >>> check_plan_case(case_path("IDN")).ok
    True
    """
    return check_case(path, chain, (_check_tables, *RULES))


def _check_tables(pack: RawPack, _tables: Mapping[str, Typed]) -> None:
    """Name the tables that a plan needs, if any table of a plan is there."""
    if pack.found & set(PLAN_TABLES):
        for name in NEEDED_TABLES:
            if name not in pack.found:
                pack.add("case_table_missing", Place(pack.file), table=name)
