"""What an option costs by age, who pays it, and how it ramps up (plan.43 to plan.46)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.plan.build_year import MILLION, figures, find_capacity, find_margins, find_plants
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.case import Case
    from pondasi.plan.problem import Matrix, Vector

FUNDERS = ("state", "private", "partner", "lender")
ROUNDING = 0.5 / MILLION
"""Below this a share of the money, or a part of a year, is none: rounding of stated figures."""


@dataclass(frozen=True, eq=False)
class Money:
    """Payments per module by age [million USD], shape (O, A): capital, and running costs that no sales pay."""

    capex: Matrix
    opex: Matrix


def spread_money(case: Case, frame: pd.DataFrame, ages: np.ndarray) -> Money:
    """Return payments by age; a plant whose sales cover its running costs pays them from sales (plan.44)."""
    costs = index_rows(case.tables["step_costs"], "step", "kind")
    profiles: dict[tuple[str, str], dict[int, float]] = {}
    for row in list_rows(case.tables["cost_profiles"]):
        profiles.setdefault((row["profile"], row["kind"]), {})[int(row["age"])] = float(row["share"])
    capex, opex = np.zeros((len(frame), len(ages))), np.zeros((len(frame), len(ages)))
    plants = find_plants(case)
    for o, step in enumerate(frame["step"]):
        for kind, into in (("capex", capex), ("opex", opex)):
            cost = costs.get((step, kind))
            if cost is None or (kind == "opex" and step in plants):
                continue
            profile = profiles[cost["profile"], kind]
            # Capital is spent once; running costs stay at the last age that is stated.
            after = 0.0 if kind == "capex" else profile[max(profile)]
            into[o] = float(cost["value"]) / MILLION * np.array([profile.get(int(age), after) for age in ages])
    return Money(capex, opex)


def spread_annuities(capex: Matrix, wear: Vector, rate: float) -> Matrix:
    """Return what capital costs a year, over its life of ``1 / wear`` years, or all years if it does not wear (plan.45)."""
    ages = capex.shape[1]
    charge = np.zeros_like(capex)
    for o, spent in enumerate(capex):
        life = ages if wear[o] == 0 else max(1, round(1 / wear[o]))
        factor = rate / (1 - (1 + rate) ** -life) if rate > 0 else 1 / life
        for age in np.flatnonzero(spent):
            charge[o, age : age + life] += spent[age] * factor
    return charge


def run_profiles(frame: pd.DataFrame, lead: Vector, wear: Vector, ages: np.ndarray) -> Matrix:
    """Return the share of full output at each age: ramp, yield, wear (plan.43).

    Output begins in the first whole year after ``lead``, ramps up in equal steps over ``ramp_years``, gains yield
    from ``yield_start`` by ``yield_learning`` of the gap a year, and wears out by ``wear`` a year.
    """
    since = ages - np.ceil(lead - ROUNDING)[:, None]
    ramp = np.maximum(frame["ramp_years"].to_numpy(dtype=float), 1)[:, None]
    begin = frame.get("yield_start", pd.Series(1.0, frame.index)).fillna(1.0).to_numpy()[:, None]
    learning = frame.get("yield_learning", pd.Series(0.0, frame.index)).fillna(0.0).to_numpy()[:, None]
    years = np.maximum(since, 0)
    share = (
        np.clip((years + 1) / ramp, 0, 1) * (1 - (1 - begin) * (1 - learning) ** years) * (1 - wear[:, None]) ** years
    )
    return np.asarray(np.where(since >= 0, share, 0.0))


def share_purses(case: Case, frame: pd.DataFrame, purses: Sequence[str], money: Money) -> tuple[Matrix, Vector, Matrix]:
    """Return who pays what share of an option, shape (O, P), what nobody may pay, and what the state may pay in a partner's stead (plan.46).

    A plant: private money first, up to its cap and to what earns its hurdle rate, the present value of sales less running
    costs over capital at that rate. Then the partner, up to the smaller of the step's cap and the share it brings; then
    the state, up to its cap and that of lenders, whose loans it repays. A programme earns nothing: private money pays
    only what is left, up to its cap. Who builds a plant that is committed has decided: its private money is bound by
    the cap alone. What a partner's money does not reach for, the state may pay in its stead, within its own cap (plan.11a).
    """
    caps = figures(case.tables["step_funding"], "step", "funder", column="share")
    kind = {row["funder"]: row["kind"] for row in list_rows(case.tables["funders"])}
    shares, unpaid = np.zeros((len(frame), len(purses))), np.zeros(len(frame))
    room = np.zeros_like(shares)
    earned = np.where(frame["step"].isin(find_committed(case).index), 1.0, _earn_hurdle(case, frame, money))
    plants = find_plants(case)
    names = {k: next((f for f in kind if kind[f] == k), "") for k in ("state", "private")}
    for o, row in enumerate(list_rows(frame)):
        step = row["step"]
        cap = {k: sum(caps.get((step, f), 0.0) for f in kind if kind[f] == k) for k in FUNDERS}
        left = 1.0
        private = (names["private"], min(cap["private"], earned[o]))
        public = [
            ("" if row["alone"] else row["partner"], min(cap["partner"], row["finance_share"])),
            (names["state"], cap["state"] + cap["lender"]),
        ]
        for name, most in [private, *public] if step in plants else [*public, private]:
            if name in purses:
                paid = min(left, max(most, 0.0))
                shares[o, purses.index(name)] = paid
                left -= paid
        unpaid[o] = left
        if row["partner"] in purses and not row["alone"] and names["state"] in purses:
            own, theirs = purses.index(names["state"]), purses.index(row["partner"])
            room[o, theirs] = np.clip(cap["state"] + cap["lender"] - shares[o, own], 0.0, shares[o, theirs])
    return shares, unpaid, room


def _earn_hurdle(case: Case, frame: pd.DataFrame, money: Money) -> Vector:
    """Return the share of the capital of a plant that its sales earn at the hurdle rate of private money; 1 for a programme."""
    funders = list_rows(case.tables["funders"])
    rates = [float(row["rate"]) for row in funders if row["kind"] == "private" and row["rate"] is not None]
    plants, margins = find_plants(case), find_margins(case)
    lead = frame["lead"].to_numpy()
    ages = np.arange(money.capex.shape[1])
    run = run_profiles(frame, lead, find_wear(case, frame), ages)
    discount = (1 + min(rates, default=0.0)) ** -ages.astype(float)
    earned = np.ones(len(frame))
    for o, row in enumerate(list_rows(frame)):
        spent = float(money.capex[o] @ discount) * float(row["cost_factor"])
        if row["step"] in plants and spent > 0:
            earned[o] = np.clip(margins[row["step"]] / MILLION * float(run[o] @ discount) / spent, 0, 1)
    return earned


def find_committed(case: Case) -> pd.Series:
    """Return the size of each step that is committed [modules], by step."""
    steps = case.tables["steps"]
    mine = steps[steps["committed_start"].notna()]
    return mine.set_index("step")["committed_modules"].astype(float)


def find_wear(case: Case, frame: pd.DataFrame) -> Vector:
    """Return the share of capacity that wears out in a year, shape (O,); 0 for a step that makes nothing."""
    made, terms = find_capacity(case), figures(case.tables["node_terms"], "node", "term")
    return np.array(
        [terms.get((made[step][0], "depreciation"), 0.0) if step in made else 0.0 for step in frame["step"]]
    )
