"""What may be chosen, and the arrays of it: each step alone or with a partner (plan.41, plan.42)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.errors import UsageError
from pondasi.plan.build_money import (
    ROUNDING,
    find_committed,
    find_wear,
    run_profiles,
    share_purses,
    spread_annuities,
    spread_money,
)
from pondasi.plan.build_year import figures
from pondasi.plan.problem import ALONE, Options
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pondasi.plan.build_tree import Effects
    from pondasi.plan.case import Case
    from pondasi.plan.problem import Matrix, Tree, Vector

FLAGGED = {"yes", "conditional"}
LENDER = "lender"
"""Kind of who lends to the state; without one the state neither borrows nor pays in another's stead."""
FRONT_END = "front_end"
"""Family of the wafer fabs."""
HOURS = 8760
GRAMS = 1e6
"""Grams in a tonne."""
LEADS = 10
"""Points of equal chance at which the distribution of a lead time is read: its mean over them moves output by less than a tenth of a year's."""
SETTLED = 0.5
"""A partner is there where the futures that a node joins and in which it stays outweigh the others. Whether an option is offered has to be yes or no, so this is
where a chance is rounded and no figure of the world; what it is worth where it is offered counts with the chance itself (plan.42)."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What can be chosen, before it becomes arrays: one row per option, steps and partners by name."""

    frame: pd.DataFrame
    steps: tuple[str, ...]
    partners: tuple[str, ...]


def list_options(
    case: Case,
    partners: Iterable[str] | None,
    offers: int,
    favour: str | None = None,
    pairs: Collection[tuple[str, str]] | None = None,
) -> Choice:
    """Return the options: each step alone where that is possible, and with its best partners (plan.41).

    The best beside a favoured one have the largest ``success x (1 + share of money they bring) / cost factor``; ties by name. With ``pairs`` of step and
    partner it is these, whoever is best.
    """
    frame = case.options.reset_index()
    known = set(case.tables["partners"]["partner"])
    chosen = known if partners is None else set(partners)
    asked = chosen | ({favour} if favour is not None else set())
    if asked - known:
        name = min(asked - known)
        raise UsageError("plan_partner_unknown", partner=name, known=", ".join(sorted(known)))
    frame = frame[frame["partner"].isin(chosen | {case.country})]
    traits = case.tables["step_traits"].pivot_table(index="step", columns="trait", values="value")
    frame = frame.join(traits, on="step")
    appeal = frame["success"] * (1 + frame["finance_share"]) / frame["cost_factor"]
    alone = frame["partner"] == case.country
    frame = frame.assign(alone=alone, appeal=appeal)
    ranked = frame[~alone].sort_values(["step", "appeal", "partner"], ascending=[True, False, True])
    # Whom a favoured partner is weighed against is offered beside it, or it would be credited with all that nobody else was asked to do.
    best = ranked[ranked["partner"] != favour].groupby("step", sort=False).head(offers)
    kept = ranked[ranked.index.isin(best.index) | (ranked["partner"] == favour)]
    steps = tuple(step for step in case.tables["steps"]["step"] if step in set(frame["step"]))
    both = pd.concat([frame[alone], kept])
    if pairs is not None:
        named = pd.MultiIndex.from_frame(frame[["step", "partner"]])
        both = frame[named.isin(list(pairs))]
    both = both.assign(place=both["step"].map({step: k for k, step in enumerate(steps)}))
    both = both.sort_values(["place", "alone", "partner"], ascending=[True, False, True]).reset_index(drop=True)
    return Choice(both, steps, tuple(sorted(chosen)))


def name_purses(case: Case, choice: Choice) -> tuple[str, ...]:
    """Return who pays: each funder, a lender left out (its money is a loan of the state), partners one by one."""
    funders = case.tables["funders"]
    own = [str(row.funder) for row in funders.itertuples() if row.kind in {"state", "private"}]
    return (*own, *choice.partners)


def make_options(
    case: Case, choice: Choice, purses: Sequence[str], tree: Tree, effects: Effects, years: np.ndarray
) -> Options:
    """Return the arrays of what can be chosen, one row per option (`Options`); what is committed has its committed size."""
    frame, ages = choice.frame.assign(lead=_wait_for_output(choice.frame, effects)), np.arange(len(years))
    planned = np.ceil(frame["lead"].to_numpy() - ROUNDING).astype(int)
    steps = {step: k for k, step in enumerate(choice.steps)}
    partner = np.array([ALONE if row.alone else choice.partners.index(row.partner) for row in frame.itertuples()])
    foreign = np.flatnonzero(partner >= 0)
    wear = find_wear(case, frame)
    run = np.where(ages >= planned[:, None], _run_late(case, frame, effects, wear, ages), 0.0)
    money = spread_money(case, frame, ages)
    rate = float(case.tables["parameters"].set_index("parameter")["value"]["real_discount_rate"])
    share, unpaid, room = share_purses(case, frame, purses, money)
    own = 1 - share[:, [purses.index(p) for p in choice.partners]].sum(axis=1)
    annuity = spread_annuities(money.capex, wear, rate)
    success, unlocked = _chances(frame, partner, effects)
    open_ = np.ones((len(frame), len(tree)), dtype=bool) & (unpaid <= ROUNDING)[:, None]
    open_[foreign] &= (effects.stays[partner[foreign]] >= SETTLED) & (unlocked[foreign] > 0)
    family = frame["family"].to_numpy()
    fixed = find_committed(case).reindex(frame["step"]).to_numpy(dtype=float)
    output = np.where((family == FRONT_END)[:, None], effects.front_end, 1.0)
    return Options(
        step=np.array([steps[step] for step in frame["step"]]),
        partner=partner,
        open=open_,
        size_min=np.where(np.isnan(fixed), frame["least_scale"].to_numpy(dtype=float), fixed),
        size_max=np.where(np.isnan(fixed), frame["modules_max"].to_numpy(dtype=float), fixed),
        lead=planned,
        run=run,
        cash=money.capex + money.opex,
        charge=(annuity + money.opex) * own[:, None],
        cost_factor=np.repeat(frame["cost_factor"].to_numpy(dtype=float)[:, None], len(tree), axis=1),
        purse_share=share,
        people=_needs(case, frame, "operation"),
        people_building=_needs(case, frame, "build"),
        trains=_graduates(case, frame, run, ages),
        use=_uses(case, frame, tree),
        gain=_knowledge(case, frame, "gain"),
        distance_max=np.where(
            frame["licence"].to_numpy()[:, None] == "yes", np.inf, _knowledge(case, frame, "threshold")
        ),
        access=np.zeros((len(frame), 0)),
        success=success,
        output_factor=output,
        room=room if room.any() and (case.tables["funders"]["kind"] == LENDER).any() else None,
    )


def _wait_for_output(frame: pd.DataFrame, effects: Effects) -> Vector:
    """Return years from the start to the first output, shape (O,), means over the futures (plan.43)."""
    lead = np.array(frame["lead_years"] * frame["lead_factor"], dtype=float)
    lead *= np.where(frame["licence"] == "yes", effects.licence_lead, 1.0)
    return lead + np.where(frame["family"] == FRONT_END, effects.front_end_delay, 0.0)


def _run_late(case: Case, frame: pd.DataFrame, effects: Effects, wear: Vector, ages: np.ndarray) -> Matrix:
    """Return the share of full output at each age, as the mean over the lead times that may turn out, shape (O, A) (plan.43a).

    A lead time has a triangular distribution over its interval, read at `LEADS` points of equal chance; a licence may take longer and a wafer
    fab come late, each with the chance of its futures.
    """
    traits = case.tables["step_traits"]
    ends = traits[traits["trait"] == "lead_years"].set_index("step")[["low", "value", "high"]]
    low, mode, high = (ends.reindex(frame["step"])[name].to_numpy(dtype=float) for name in ("low", "value", "high"))
    low, high = (np.where(np.isnan(end), mode, end) for end in (low, high))
    licence = (frame["licence"] == "yes").to_numpy()
    fab = (frame["family"] == FRONT_END).to_numpy()
    mean = np.zeros((len(frame), len(ages)))
    for k in range(LEADS):
        own = _invert_triangle((2 * k + 1) / (2 * LEADS), low, mode, high) * frame["lead_factor"].to_numpy(dtype=float)
        for (chance, factor), (other, delay) in product(effects.licence_leads, effects.front_end_delays):
            lead = own * np.where(licence, factor, 1.0) + np.where(fab, delay, 0.0)
            mean += chance * other / LEADS * run_profiles(frame, lead, wear, ages)
    return mean


def _invert_triangle(chance: float, low: Vector, mode: Vector, high: Vector) -> Vector:
    """Return the value that a triangular draw stays below with a chance."""
    width = high - low
    before = np.divide(mode - low, width, out=np.zeros_like(width), where=width > 0)
    up = low + np.sqrt(chance * width * (mode - low))
    down = high - np.sqrt((1 - chance) * width * (high - mode))
    return np.where(chance < before, up, down)


def _chances(frame: pd.DataFrame, partner: np.ndarray, effects: Effects) -> tuple[Matrix, Matrix]:
    """Return the chance of success of each option in each node, and in how many cases it is open at all (plan.42)."""
    base = frame["success"].to_numpy(dtype=float)[:, None]
    licensed = frame["licence"].to_numpy() == "yes"
    chance = base * np.where(licensed[:, None], effects.licence, 1.0)
    unlocked = np.ones_like(chance)
    steps = frame["step"].tolist()
    alone = {row["step"]: float(row["success"]) for row in list_rows(frame) if row["alone"]}
    flagged = frame["export_control"].isin(FLAGGED).to_numpy()
    for o in np.flatnonzero(partner >= 0):
        stays = effects.stays[partner[o]]
        without = min(alone.get(steps[o], 0.0), float(base[o, 0]))
        chance[o] = stays * chance[o] + (1 - stays) * without
        if flagged[o]:
            unlocked[o] = effects.unlocked[partner[o]]
    return np.minimum(chance * unlocked, 1.0), unlocked


def _needs(case: Case, frame: pd.DataFrame, phase: str) -> Matrix:
    needs = figures(case.tables["step_needs"], "step", "need", "phase")
    return np.array([[needs.get((step, skill, phase), 0.0) for skill in name_skills(case)] for step in frame["step"]])


def name_skills(case: Case) -> tuple[str, ...]:
    """Return the skills of which people are counted."""
    return tuple(dict.fromkeys(case.tables["talent"]["skill"]))


def _graduates(case: Case, frame: pd.DataFrame, run: Matrix, ages: np.ndarray) -> np.ndarray:
    """Return graduates by age: those who began when a place was running, ``lag`` years later."""
    skills = name_skills(case)
    found = np.zeros((len(frame), len(skills), len(ages)))
    training: dict[str, list[dict[str, Any]]] = {}
    for row in list_rows(case.tables["step_training"]):
        training.setdefault(row["step"], []).append(row)
    for o, step in enumerate(frame["step"]):
        for row in training.get(step, ()):
            lag = int(np.ceil(row["lag_years"] - ROUNDING))
            found[o, skills.index(row["skill"]), lag:] += row["value"] * run[o, : len(ages) - lag]
    return found


def name_resources(case: Case) -> tuple[str, ...]:
    """Return what is limited beside money and people: power, water, emissions."""
    return tuple(limit for limit in dict.fromkeys(case.tables["limits"]["limit"]) if limit != "grid_intensity")


def _uses(case: Case, frame: pd.DataFrame, tree: Tree) -> np.ndarray:
    """Return resources at full run in each node, shape (O, R, N); emissions are direct ones and those of the power taken."""
    resources = name_resources(case)
    needs = figures(case.tables["step_needs"], "step", "need", "phase")
    limits = case.tables["limits"]
    grid = limits[limits["limit"] == "grid_intensity"].set_index("year")["value"]
    load = float(case.tables["parameters"].set_index("parameter")["value"].get("load_factor", 1.0))
    intensity = (
        np.interp(tree.year, grid.index.to_numpy(dtype=float), grid.to_numpy()) if len(grid) else np.zeros(len(tree))
    )
    use = np.zeros((len(frame), len(resources), len(tree)))
    for o, step in enumerate(frame["step"]):
        for r, resource in enumerate(resources):
            use[o, r] = needs.get((step, resource, "operation"), 0.0) - needs.get((step, resource, "relief"), 0.0)
        if "carbon" in resources:
            power = needs.get((step, "power", "operation"), 0.0) * load * HOURS
            # MWh x g/kWh = kg: a thousandth of a tonne.
            use[o, resources.index("carbon")] += power * intensity * 1000 / GRAMS
    return use


def name_domains(case: Case) -> tuple[str, ...]:
    """Return the domains of knowledge; none where the limit is off."""
    return tuple(dict.fromkeys(case.tables["knowledge"]["domain"])) if case.knowledge_known else ()


def _knowledge(case: Case, frame: pd.DataFrame, role: str) -> Matrix:
    table = case.tables["step_knowledge"]
    found = figures(table[table["role"] == role], "step", "domain")
    empty = 0.0 if role == "gain" else np.inf
    rows = [[found.get((step, domain), empty) for domain in name_domains(case)] for step in frame["step"]]
    values = np.array(rows).reshape(len(frame), len(name_domains(case)))
    if role == "gain":
        # The full step gives the gain; its modules share it.
        return np.asarray(-np.log1p(-values) / np.maximum(frame["modules_max"].to_numpy(dtype=float), 1)[:, None])
    return values
