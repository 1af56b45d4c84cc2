"""What there is and what is committed: menu and limits of a planning problem, from a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.build_year import MILLION
from pondasi.plan.problem import Limits, Menu
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.build_options import Choice
    from pondasi.plan.build_tree import Effects
    from pondasi.plan.case import Case
    from pondasi.plan.problem import Labels, Tree, Vector


def make_menu(case: Case, steps: Sequence[str], years: np.ndarray) -> Menu:
    """Return when each step may start, what is committed, and the order of steps."""
    table = index_rows(case.tables["steps"], "step")
    place = {step: k for k, step in enumerate(steps)}

    def pairs(column: str) -> tuple[tuple[int, int], ...]:
        named = [(step, other) for step in steps for other in str(table[step][column] or "").split("|")]
        return tuple((place[step], place[other]) for step, other in named if other in place)

    committed = {step: table[step]["committed_start"] for step in steps}
    latest = {step: committed[step] or table[step]["deadline"] or years[-1] for step in steps}
    earliest = {step: committed[step] or table[step]["earliest_start"] for step in steps}
    return Menu(
        earliest=np.array([int(earliest[step]) for step in steps]),
        latest=np.array([int(latest[step]) for step in steps]),
        must=np.array([committed[step] is not None for step in steps]),
        before=pairs("before"),
        together=pairs("beside"),
        excludes=tuple(sorted({(min(pair), max(pair)) for pair in pairs("excludes")})),
    )


def make_limits(
    case: Case, choice: Choice, purses: Sequence[str], labels: Labels, tree: Tree, effects: Effects
) -> Limits:
    """Return money, people, resources and knowledge in each node of the tree [million USD, people, as stated]."""
    budgets = (
        case.tables["budgets"].fillna({"partner": ""}).set_index(["funder", "partner", "year"])["value"].sort_index()
    )
    funders = case.tables["funders"].set_index("funder")

    def path(funder: str, partner: str = "") -> Vector:
        return np.array([float(budgets.get((funder, partner, int(year)), 0.0)) for year in tree.year]) / MILLION

    giving = next((f for f in funders.index if funders["kind"][f] == "partner"), "")
    lender = next((f for f in funders.index if funders["kind"][f] == "lender"), None)
    budget = np.array(
        [path(giving, p) * effects.money[choice.partners.index(p)] if p in choice.partners else path(p) for p in purses]
    )
    talent = case.tables["talent"].set_index(["skill", "quantity"]).sort_index()
    inflow = case.tables["talent"].query("quantity == 'inflow'").set_index(["skill", "year"])["value"].sort_index()
    limits = case.tables["limits"].set_index(["limit", "year"])["value"].sort_index()
    ages = len(tree.years)
    repay = np.zeros(ages)
    if lender is not None:
        rate, term = float(funders["rate"][lender]), int(funders["repay_years"][lender])
        repay[1 : term + 1] = rate / (1 - (1 + rate) ** -term) if rate > 0 else 1 / term
    knowledge = case.tables["knowledge"].set_index(["domain", "quantity"])["value"].sort_index()
    carry = [p in funders.index and funders["carry_over"][p] == "yes" for p in purses]
    state = next((k for k, p in enumerate(purses) if p in funders.index and funders["kind"][p] == "state"), -1)
    stock = {quantity: talent.xs(quantity, level="quantity")["value"] for quantity in ("stock", "attrition")}
    return Limits(
        budget=budget,
        carry=np.array(carry),
        borrower=state if lender is not None else -1,
        loan=np.zeros(len(tree)) if lender is None else path(str(lender)),
        repay=repay,
        stock=np.array([float(stock["stock"][skill]) for skill in labels.skills]),
        loss=np.array([float(stock["attrition"][skill]) for skill in labels.skills]),
        inflow=np.array([[float(inflow[skill, int(year)]) for year in tree.year] for skill in labels.skills]),
        resource=np.array([[float(limits[limit, int(year)]) for year in tree.year] for limit in labels.resources]),
        distance=np.array([float(knowledge[domain, "start"]) for domain in labels.domains]),
        drift=np.array([float(knowledge.get((domain, "drift"), 0.0)) for domain in labels.domains]),
        access=np.zeros(len(labels.countries)),
    )
