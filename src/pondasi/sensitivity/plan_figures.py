"""The uncertain figures behind a plan, in groups that move together (sensitivity.9).

A group is one kind of figure of one table: the cost of building of all steps, the chance that a hazard strikes, what a partner pays. All its
rows move together to the ends of their own intervals; what has none stays. Figures that are parts of a whole, or that a rule of
the case holds to others, move as far as the rule lets them (`pondasi.sensitivity.plan_moves`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pondasi.chain.rules import COMPANION_FIGURES, FIGURES, PLAN_FIGURES
from pondasi.plan.build_options import name_skills
from pondasi.stress.build import IMPORTANT, PACE, REACH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from pondasi.plan.case import Case

    Mask = NDArray[np.bool_]

CHANCE = "chance"
"""First part of the name of a group of the probabilities of one branch of the futures."""
PRICED = "value_added"
"""The one group of the world that no run of the weekly engine reads."""
RELIEF = "relief"
"""Phase of what a step makes available instead of needing it."""


@dataclass(frozen=True, eq=False)
class Assumption:
    """Figures of one kind that move together.

    Parameters
    ----------
    name
        Of the group, unique; ``chance/BRANCH`` for the probability of a branch.
    table, figure
        The table, and its columns of the value and of the ends of its interval.
    rows
        Places in the table.
    """

    name: str
    table: str
    figure: tuple[str, str, str]
    rows: NDArray[np.intp] = field(repr=False)

    def find_wide(self, table: pd.DataFrame) -> Mask:
        """Return which of its rows have an interval that they can move in, shape (rows,)."""
        value, low, high = (table[name].to_numpy(dtype=float)[self.rows] for name in self.figure)
        return np.asarray(np.isfinite(value) & (high > low))

    def draws_anew(self, case: Case) -> bool:
        """Tell whether years of disruption depend on it: they are run on the world as it is."""
        return self.table not in case.tables and self.name != PRICED


class _Pick(NamedTuple):
    """Rows of a table: those whose cell in ``column`` is one of ``names``, all without a column."""

    table: str
    value: str = "value"
    column: str = ""
    names: tuple[str, ...] = ()


PICKS = {
    "capital": _Pick("step_costs", column="kind", names=("capex",)),
    "running": _Pick("step_costs", column="kind", names=("opex",)),
    "inputs": _Pick("step_costs", column="kind", names=("inputs",)),
    "success": _Pick("step_traits", column="trait", names=("success_build", "success_qualify", "success_market")),
    "lead": _Pick("step_traits", column="trait", names=("lead_years",)),
    "ramp": _Pick("step_traits", column="trait", names=("ramp_years",)),
    "yield": _Pick("step_traits", column="trait", names=("yield_start", "yield_learning")),
    "least_size": _Pick("step_traits", column="trait", names=("least_scale",)),
    "most_size": _Pick("step_traits", column="trait", names=("modules_max",)),
    "output": _Pick("step_nodes", column="effect", names=("capacity",)),
    "cover": _Pick("step_nodes", column="effect", names=("access", "stock")),
    "graduates": _Pick("step_training"),
    "training_time": _Pick("step_training", "lag_years"),
    "knowledge_gain": _Pick("step_knowledge", column="role", names=("gain",)),
    "knowledge_threshold": _Pick("step_knowledge", column="role", names=("threshold",)),
    "knowledge_distance": _Pick("knowledge"),
    "funding": _Pick("step_funding", "share"),
    "people": _Pick("talent", column="quantity", names=("stock", "inflow")),
    "attrition": _Pick("talent", column="quantity", names=("attrition",)),
    "grid": _Pick("limits", column="limit", names=("grid_intensity",)),
    "demand": _Pick("demand_paths"),
    "licence_success": _Pick("branch_effects", column="effect", names=("licence_success",)),
    "licence_lead": _Pick("branch_effects", column="effect", names=("licence_lead",)),
    "flagged": _Pick("branch_effects", column="effect", names=("flagged_open",)),
    "partner_money": _Pick("branch_effects", column="effect", names=("partner_money",)),
    "commitment": _Pick("branch_effects", column="effect", names=("commitment_level",)),
    "fab_output": _Pick("branch_effects", column="effect", names=("front_end_output",)),
    "fab_delay": _Pick("branch_effects", column="effect", names=("front_end_delay",)),
    "kept": _Pick("partners", "kept"),
    "border_price": _Pick("node_terms", column="term", names=("border_price",)),
    "market_share": _Pick("node_terms", column="term", names=("export_share",)),
    "wear": _Pick("node_terms", column="term", names=("depreciation",)),
    "discount": _Pick("parameters", column="parameter", names=("real_discount_rate",)),
    "risk_weight": _Pick("parameters", column="parameter", names=("lambda",)),
    "risk_tail": _Pick("parameters", column="parameter", names=("alpha",)),
    "load": _Pick("parameters", column="parameter", names=("load_factor",)),
    "value_added": _Pick("traits", column="trait", names=("value_added_share_of_output",)),
    "user_output": _Pick("traits", column="trait", names=("user_industry_output_usd",)),
    "stocks": _Pick("traits", column="trait", names=("inventory_weeks",)),
    "spare": _Pick("traits", column="trait", names=("overcapacity_max",)),
    "qualification": _Pick("traits", column="trait", names=("qualification_weeks",)),
    "markets": _Pick("nodes", "market_usd"),
    "important": _Pick(PACE, column="parameter", names=(IMPORTANT,)),
    "reach": _Pick(REACH, "share"),
}
"""Groups that one column tells apart."""
TERMS = {
    "partner_cost": "cost_factor",
    "partner_lead": "lead_factor",
    "partner_success": "success_factor",
    "partner_share": "finance_share",
}
"""Terms of partners, by group."""
BUDGETS = {"budget_state": "state", "budget_private": "private", "budget_partner": "partner", "budget_lender": "lender"}
RATES = {"rate_state": "state", "rate_private": "private", "rate_partner": "partner", "rate_lender": "lender"}
"""Kind of the funders whose money, or whose rate, is a group."""
STRIKES = {"hazard_rate": "rate", "hazard_loss": "loss", "hazard_weeks": "duration_weeks"}
"""How often hazards strike, how hard and for how long, by group."""


def list_assumptions(case: Case) -> tuple[Assumption, ...]:
    """Return the groups of figures of a case and its world that a plan depends on and that can move; last those that ask for other years of disruption.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> found = {group.name for group in list_assumptions(load_case("IDN"))}
    >>> {"capital", "success", "hazard_rate", "budget_state", "chance/control_tight"} <= found
    True
    """
    found = [group for group in _propose(case) if group.find_wide(table_of(case, group.table)).any()]
    return tuple(sorted(found, key=lambda group: group.draws_anew(case)))


def table_of(case: Case, name: str) -> pd.DataFrame:
    """Return a table of a case, or of the world that it refers to."""
    if name in case.tables:
        return case.tables[name]
    chain = case.world.chain
    return chain.tables[name] if name in chain.tables else case.world.companions[name]


def _propose(case: Case) -> Iterator[Assumption]:
    for name, pick in PICKS.items():
        if not _is_there(case, pick.table):
            continue
        frame = table_of(case, pick.table)
        chosen = frame[pick.column].isin(pick.names).to_numpy() if pick.column else np.ones(len(frame), dtype=bool)
        yield _group(name, pick.table, pick.value, chosen)
    needs = case.tables["step_needs"]
    of_people, relief = (needs["need"].isin(name_skills(case)), needs["phase"] == RELIEF)
    yield _group("people_needed", "step_needs", "value", (of_people & ~relief).to_numpy())
    yield _group("resources_needed", "step_needs", "value", (~of_people & ~relief).to_numpy())
    yield _group("relief", "step_needs", "value", relief.to_numpy())
    limits = case.tables["limits"]["limit"]
    yield _group("limits", "limits", "value", (limits != "grid_intensity").to_numpy())
    funders = case.tables["funders"].set_index("funder")["kind"]
    kinds = case.tables["budgets"]["funder"].map(funders)
    for name, kind in BUDGETS.items():
        yield _group(name, "budgets", "value", (kinds == kind).to_numpy())
    for name, kind in RATES.items():
        yield _group(name, "funders", "rate", (case.tables["funders"]["kind"] == kind).to_numpy())
    abroad = (case.tables["partner_terms"]["partner"] != case.country).to_numpy()
    for name, value in TERMS.items():
        yield _group(name, "partner_terms", value, abroad)
    every = np.ones(len(case.world.companions["hazards"]), dtype=bool)
    for name, value in STRIKES.items():
        yield _group(name, "hazards", value, every)
    yield _group("home_use", "shares", "share", _find_home_use(case))
    yield from _list_chances(case)


def _is_there(case: Case, table: str) -> bool:
    return table in case.tables or table in case.world.chain.tables or table in case.world.companions


def _group(name: str, table: str, value: str, chosen: Mask) -> Assumption:
    return Assumption(name, table, _find_figure(table, value), np.flatnonzero(chosen))


def _find_figure(table: str, value: str) -> tuple[str, str, str]:
    """Return the columns of a figure and of its interval."""
    known = [*FIGURES.items(), *COMPANION_FIGURES, *PLAN_FIGURES]
    return next(names for name, names in known if name == table and names[0] == value)


def _find_home_use(case: Case) -> Mask:
    """Return which shares say how much of each user industry stands at home."""
    chain = case.world.chain
    sold = set(chain.links["supplier"])
    users = [node for node, stage in zip(chain.nodes["node"], chain.nodes["stage"], strict=True) if stage == "demand"]
    shares = chain.shares
    at_home = (shares["country"] == case.country) & (shares["basis"] == "location") & shares["firm"].isna()
    return np.asarray(at_home & shares["node"].isin([node for node in users if node not in sold]))


def _list_chances(case: Case) -> Iterator[Assumption]:
    """Yield the probability of each branch; where a variable has two, of the second: the first gives way."""
    branches, futures = case.tables["branches"], case.tables["futures"]
    for _, mine in branches.groupby("variable", sort=False)["branch"]:
        names = mine.tolist()
        for branch in names[1:] if len(names) == 2 else names:  # noqa: PLR2004 - one and the other
            yield _group(f"{CHANCE}/{branch}", "futures", "probability", (futures["branch"] == branch).to_numpy())
