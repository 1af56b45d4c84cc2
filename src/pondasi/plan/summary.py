"""What a case holds at a glance: steps by pillar, money by funder, partners, and how firm it all is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.facts import GRADES
from pondasi.plan.case import PLAN_TABLES
from pondasi.plan.futures import grow_tree

if TYPE_CHECKING:
    from pondasi.plan.case import Case

STEP_TABLES = tuple(name for name in PLAN_TABLES if name.startswith("step_"))


@dataclass(frozen=True, eq=False)
class CaseSummary:
    """Counts and sums over a case.

    Parameters
    ----------
    country
        The home country.
    steps
        By ``pillar``: steps, how many of them are committed, and the capital cost of one module of each [USD]
        with its interval, as the sum of the ends.
    money
        By ``funder``: what can be spent over all years of the plan [USD], with the sum of the ends.
    partners
        By ``partner``: the probability that it keeps its word, the steps it can do, its money over all years [USD].
    grades
        By ``table``: how many rows are exact, estimated, assumed.
    step_grades
        The same by ``pillar``, over the tables that describe steps.
    leaves, full_leaves
        Ends of the reduced and of the full tree of futures.
    knowledge
        Whether the limit of knowledge is on.
    sourced_capex
        Share of the capital cost of one module of each step whose figure rests on sources.
    """

    country: str
    steps: pd.DataFrame
    money: pd.DataFrame
    partners: pd.DataFrame
    grades: pd.DataFrame = field(repr=False)
    step_grades: pd.DataFrame = field(repr=False)
    leaves: int
    full_leaves: int
    knowledge: bool
    sourced_capex: float

    @property
    def assumed_share(self) -> float:
        """Share of all rows that rest on judgement or memory."""
        return float(self.grades["assumed"].sum() / self.grades.to_numpy().sum())


def summarise_case(case: Case) -> CaseSummary:
    """Return what a case holds at a glance.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> summary = summarise_case(load_case("IDN"))
    >>> int(summary.steps["steps"].sum()), summary.leaves, summary.full_leaves
    (63, 9, 36)
    """
    tables = case.tables
    pillar = tables["steps"].set_index("step")["pillar"]
    capex = tables["step_costs"].query("kind == 'capex'").set_index("step")[["value", "low", "high", "grade"]]
    steps = pd.DataFrame({"pillar": pillar, "committed": tables["steps"].set_index("step")["status"] == "committed"})
    ends = {"value": "capex", "low": "capex_low", "high": "capex_high"}
    by_pillar = steps.join(capex[list(ends)].rename(columns=ends))
    counts = by_pillar.groupby("pillar", sort=False).agg(
        steps=("committed", "size"),
        committed=("committed", "sum"),
        capex=("capex", "sum"),
        capex_low=("capex_low", "sum"),
        capex_high=("capex_high", "sum"),
    )
    budgets = tables["budgets"]
    options = case.options.drop(index=case.country, level="partner").reset_index()
    partners = (
        tables["partners"]
        .set_index("partner")[["kept"]]
        .assign(steps=options.groupby("partner").size(), money=budgets.groupby("partner")["value"].sum())
    )
    graded = {name: table["grade"] for name, table in tables.items() if "grade" in table and len(table)}
    marks = [tables[name].assign(pillar=tables[name]["step"].map(pillar))[["pillar", "grade"]] for name in STEP_TABLES]
    return CaseSummary(
        case.country,
        counts,
        budgets.groupby("funder", sort=False)[["value", "low", "high"]].sum(),
        partners.fillna({"steps": 0, "money": 0.0}).astype({"steps": int}),
        pd.DataFrame({name: _count(column) for name, column in graded.items()}).T.rename_axis("table"),
        pd.DataFrame({name: _count(rows["grade"]) for name, rows in pd.concat(marks).groupby("pillar", sort=False)}).T,
        len(grow_tree(case).leaves),
        len(grow_tree(case, full=True).leaves),
        case.knowledge_known,
        float(capex.loc[capex["grade"] != "assumed", "value"].sum() / capex["value"].sum()) if len(capex) else 0.0,
    )


def _count(grades: pd.Series) -> pd.Series:
    """Return how many rows have each grade."""
    return grades.value_counts().reindex(GRADES[:-1], fill_value=0)
