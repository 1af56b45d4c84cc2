"""From a case to a planning problem: tables with labels in, arrays out (plan.40 to plan.46).

What is rounded or left out is listed in ``PlanProblem.notes`` as keys of the word catalogues, and said with every result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.errors import UsageError
from pondasi.plan.build_year import build_chain_year, build_scenarios, figures, find_capacity, find_margins, find_plants
from pondasi.plan.futures import blend_demand, blend_effects, grow_tree
from pondasi.plan.problem import ALONE, Labels, Limits, Menu, Options, PlanProblem, Tree
from pondasi.plan.year import assemble_year
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pondasi.plan.case import Case
    from pondasi.plan.futures import Tree as Futures
    from pondasi.plan.problem import Matrix, Vector
    from pondasi.plan.scenarios import Disruptions

MILLION = 1e6
OFFERS = 2
"""Partners at most that a step is offered with, beside doing it alone: the ones with the best chance for the money."""
PACE = 3
"""Years from one chance to start to the next, after the last gate: what lies that far is planned in coarser steps."""
FUNDERS = ("state", "private", "partner", "lender")
FLAGGED = {"yes", "conditional"}
HOURS = 8760
GRAMS = 1e6
"""Grams in a tonne."""
SETTLED = 0.5
"""A partner is there where the futures in which it stays outweigh the others."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What can be chosen, before it becomes arrays: one row per option, steps and partners by name."""

    frame: pd.DataFrame
    steps: tuple[str, ...]
    partners: tuple[str, ...]


def build_problem(
    case: Case,
    *,
    scenarios: int = 100,
    seed: int = 0,
    partners: Iterable[str] | None = None,
    offers: int = OFFERS,
    favour: str | None = None,
    pace: int = PACE,
    full_tree: bool = False,
    disruptions: Disruptions | None = None,
) -> PlanProblem:
    """Return the planning problem of a case.

    Parameters
    ----------
    scenarios, seed
        Operational scenarios of every year, drawn from the hazards of the world (`pondasi.plan.scenarios`).
    partners
        Partners that may take part; all of the case by default.
    offers
        Partners at most that a step is offered with. A stated reduction: see `OFFERS`.
    favour
        A partner that every step it can do is offered with, beside the best.
    pace
        Years between chances to start after the last gate. A stated reduction: see `PACE`.
    full_tree
        Whether to plan on all futures instead of the joined ones.
    disruptions
        Years from elsewhere, such as a stress test, instead of those drawn here.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> problem = build_problem(load_case("IDN"), scenarios=5)
    >>> len(problem.tree.leaves), len(problem.operations.weight)
    (9, 5)
    """
    futures = grow_tree(case, full=full_tree)
    parameters = case.tables["parameters"].set_index("parameter")["value"]
    first = int(parameters["start_year"])
    years = np.arange(first, first + int(parameters["horizon_years"]))
    tree, where = spread_years(futures, years)
    choice = list_options(case, partners, offers, favour)
    effects = _read_effects(case, futures, where, choice.partners)
    purses = name_purses(case, choice)
    options = _make_options(case, choice, purses, tree, effects, years)
    last = max(futures.gates, default=int(years[-1]))
    paced = (tree.year <= last) | ((tree.year - last) % pace == 0)
    options = replace(options, open=options.open & paced)
    chain = build_chain_year(case, choice.frame, _grow_users(case, futures, tree, where))
    scenes = build_scenarios(case, chain, choice.steps, scenarios, seed, disruptions)
    labels = Labels(
        steps=choice.steps,
        partners=choice.partners,
        purses=purses,
        skills=tuple(dict.fromkeys(case.tables["talent"]["skill"])),
        resources=_resources(case),
        domains=_domains(case),
        countries=tuple(chain.countries[c] for c in chain.accesses),
    )
    names = {name for name in ("alpha", "lambda", "real_discount_rate") if name not in parameters}
    if names:
        raise UsageError("case_without_plan", place=case.country)
    return PlanProblem(
        tree,
        options,
        _make_menu(case, choice.steps, years),
        _make_limits(case, choice, purses, labels, tree, effects),
        assemble_year(chain, scenes),
        labels,
        discount_rate=float(parameters["real_discount_rate"]),
        risk_weight=float(min(parameters["lambda"], 1.0)),
        risk_tail=float(parameters["alpha"]),
        home=case.country,
        notes=_list_notes(case),
    )


def spread_years(futures: Futures, years: np.ndarray) -> tuple[Tree, tuple[str, ...]]:
    """Return the tree by years, and the future that each of its nodes is in (plan.40)."""
    parents = futures.nodes["parent"]
    known = futures.nodes["year"]
    children: dict[str | None, list[str]] = {}
    for name, parent in parents.items():
        children.setdefault(None if pd.isna(parent) else parent, []).append(str(name))
    rows: list[tuple[int, int, float, str]] = []

    def grow(future: str, year: int, above: int) -> None:
        if year > years[-1]:
            return
        after = [child for child in children.get(future, []) if known[child] <= year]
        if after:
            for child in after:
                grow(child, year, above)
            return
        rows.append((year, above, float(futures.nodes["reach"][future]), future))
        grow(future, year + 1, len(rows) - 1)

    grow(children[None][0], int(years[0]), -1)
    order = sorted(range(len(rows)), key=lambda k: (rows[k][0], k))
    place = {old: new for new, old in enumerate(order)}
    tree = Tree(
        np.array([rows[k][0] for k in order]),
        np.array([place.get(rows[k][1], -1) for k in order]),
        np.array([rows[k][2] for k in order]),
        tuple(rows[k][3] for k in order),
    )
    return tree, tree.names


def list_options(case: Case, partners: Iterable[str] | None, offers: int, favour: str | None = None) -> Choice:
    """Return the options: each step alone where that is possible, and with its best partners (plan.41).

    The best have the largest ``success x (1 + share of money they bring) / cost factor``; ties by name.
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
    best = ranked.groupby("step", sort=False).head(offers)
    ranked = ranked[ranked.index.isin(best.index) | (ranked["partner"] == favour)]
    steps = tuple(step for step in case.tables["steps"]["step"] if step in set(frame["step"]))
    both = pd.concat([frame[alone], ranked])
    both = both.assign(place=both["step"].map({step: k for k, step in enumerate(steps)}))
    both = both.sort_values(["place", "alone", "partner"], ascending=[True, False, True]).reset_index(drop=True)
    return Choice(both, steps, tuple(sorted(chosen)))


def name_purses(case: Case, choice: Choice) -> tuple[str, ...]:
    """Return who pays: each funder, a lender left out (its money is a loan of the state), partners one by one."""
    funders = case.tables["funders"]
    own = [str(row.funder) for row in funders.itertuples() if row.kind in {"state", "private"}]
    return (*own, *choice.partners)


@dataclass(frozen=True, eq=False)
class _Effects:
    """What holds in each node of the tree: factors by node, shape (N,), and by partner and node, shape (M, N)."""

    licence: Vector
    front_end: Vector
    stays: Matrix
    money: Matrix
    unlocked: Matrix


def _read_effects(case: Case, futures: Futures, where: Sequence[str], partners: Sequence[str]) -> _Effects:
    """Return the effects of the futures; a commitment is kept with the probability of the branches that keep it (plan.42)."""
    effects = blend_effects(case, futures)["value"].reset_index()

    def one(name: str, partner: str = "") -> Vector:
        found = effects[(effects["effect"] == name) & (effects["partner"] == partner) & (effects["year"] == 0)]
        by_node = found.set_index("node")["value"]
        return np.array([by_node.get(node, 1.0) for node in where])

    table = case.tables["branch_effects"]
    level = table[table["effect"] == "commitment_level"].set_index("branch")["value"]
    money = table[table["effect"] == "partner_money"].set_index("branch")["value"]
    kept = case.tables["partners"].set_index("partner")["kept"]
    mix = futures.mix["share"].reset_index()
    names = list(dict.fromkeys(where))
    stays, paid = np.ones((len(partners), len(names))), np.ones((len(partners), len(names)))
    for m, partner in enumerate(partners):
        for n, node in enumerate(names):
            here = mix[(mix["node"] == node) & mix["branch"].isin(level.index)]
            if len(here):
                share = here["share"].to_numpy()
                keeps = level[here["branch"]].to_numpy() <= kept[partner]
                stays[m, n] = share @ keeps
                less = np.array([money.get(branch, 1.0) for branch in here["branch"]])
                paid[m, n] = share @ np.where(keeps, 1.0, less)
    unlocked = np.array([one("flagged_open", partner) for partner in partners]).reshape(len(partners), len(where))
    at = np.array([names.index(node) for node in where])
    return _Effects(one("licence_success"), one("front_end_output"), stays[:, at], paid[:, at], unlocked)


def _grow_users(case: Case, futures: Futures, tree: Tree, where: Sequence[str]) -> Mapping[str, Vector]:
    """Return the growth of each user's need in each node of the tree against the base year."""
    demand = blend_demand(case, futures)["value"]
    found = {}
    for user in demand.index.unique("user"):
        values = np.zeros(len(tree))
        for n, node in enumerate(where):
            path = demand.xs((node, user))
            values[n] = np.interp(tree.year[n], path.index.to_numpy(dtype=float), path.to_numpy())
        found[str(user)] = values
    return found


def _make_options(
    case: Case, choice: Choice, purses: Sequence[str], tree: Tree, effects: _Effects, years: np.ndarray
) -> Options:
    frame, ages = choice.frame, np.arange(len(years))
    steps = {step: k for k, step in enumerate(choice.steps)}
    partner = np.array([ALONE if row.alone else choice.partners.index(row.partner) for row in frame.itertuples()])
    foreign = np.flatnonzero(partner >= 0)
    lead = frame["lead_years"].to_numpy() * frame["lead_factor"].to_numpy()
    wear = _wear(case, frame)
    run = run_profiles(frame, lead, wear, ages)
    money = _spread_money(case, frame, ages)
    rate = float(case.tables["parameters"].set_index("parameter")["value"]["real_discount_rate"])
    share, unpaid = share_purses(case, frame, purses, money)
    own = 1 - share[:, [purses.index(p) for p in choice.partners]].sum(axis=1)
    annuity = spread_annuities(money.capex, wear, rate)
    success, unlocked = _chances(frame, partner, effects)
    open_ = np.ones((len(frame), len(tree)), dtype=bool) & (unpaid <= SETTLED / MILLION)[:, None]
    open_[foreign] &= (effects.stays[partner[foreign]] >= SETTLED) & (unlocked[foreign] > 0)
    family = frame["family"].to_numpy()
    output = np.where(np.isin(family, ["front_end"])[:, None], effects.front_end, 1.0)
    return Options(
        step=np.array([steps[step] for step in frame["step"]]),
        partner=partner,
        open=open_,
        size_min=frame["least_scale"].to_numpy(dtype=float),
        size_max=frame["modules_max"].to_numpy(dtype=float),
        lead=np.ceil(lead - SETTLED / MILLION).astype(int),
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
    )


def run_profiles(frame: pd.DataFrame, lead: Vector, wear: Vector, ages: np.ndarray) -> Matrix:
    """Return the share of full output at each age: ramp, yield, wear (plan.43).

    Output begins in the first whole year after ``lead``, ramps up in equal steps over ``ramp_years``, gains yield
    from ``yield_start`` by ``yield_learning`` of the gap a year, and wears out by ``wear`` a year.
    """
    since = ages - np.ceil(lead - SETTLED / MILLION)[:, None]
    ramp = np.maximum(frame["ramp_years"].to_numpy(dtype=float), 1)[:, None]
    begin = frame.get("yield_start", pd.Series(1.0, frame.index)).fillna(1.0).to_numpy()[:, None]
    learning = frame.get("yield_learning", pd.Series(0.0, frame.index)).fillna(0.0).to_numpy()[:, None]
    years = np.maximum(since, 0)
    share = (
        np.clip((years + 1) / ramp, 0, 1) * (1 - (1 - begin) * (1 - learning) ** years) * (1 - wear[:, None]) ** years
    )
    return np.asarray(np.where(since >= 0, share, 0.0))


@dataclass(frozen=True, eq=False)
class _Money:
    """Payments per module by age [million USD], shape (O, A): capital, and running costs that no sales pay."""

    capex: Matrix
    opex: Matrix


def _spread_money(case: Case, frame: pd.DataFrame, ages: np.ndarray) -> _Money:
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
    return _Money(capex, opex)


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


def share_purses(case: Case, frame: pd.DataFrame, purses: Sequence[str], money: _Money) -> tuple[Matrix, Vector]:
    """Return who pays what share of an option, shape (O, P), and what nobody may pay (plan.46).

    A plant: private money first, up to its cap and to what earns its hurdle rate, the present value of sales less running
    costs over capital at that rate. Then the partner, up to the smaller of the step's cap and the share it brings; then
    the state, up to its cap and that of lenders, whose loans it repays. A programme earns nothing: private money pays
    only what is left, up to its cap.
    """
    caps = figures(case.tables["step_funding"], "step", "funder", column="share")
    kind = {row["funder"]: row["kind"] for row in list_rows(case.tables["funders"])}
    shares, unpaid = np.zeros((len(frame), len(purses))), np.zeros(len(frame))
    earned, plants = _earn_hurdle(case, frame, money), find_plants(case)
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
    return shares, unpaid


def _earn_hurdle(case: Case, frame: pd.DataFrame, money: _Money) -> Vector:
    """Return the share of the capital of a plant that its sales earn at the hurdle rate of private money; 1 for a programme."""
    funders = list_rows(case.tables["funders"])
    rates = [float(row["rate"]) for row in funders if row["kind"] == "private" and row["rate"] is not None]
    plants, margins = find_plants(case), find_margins(case)
    lead = frame["lead_years"].to_numpy() * frame["lead_factor"].to_numpy()
    ages = np.arange(money.capex.shape[1])
    run = run_profiles(frame, lead, _wear(case, frame), ages)
    discount = (1 + min(rates, default=0.0)) ** -ages.astype(float)
    earned = np.ones(len(frame))
    for o, row in enumerate(list_rows(frame)):
        spent = float(money.capex[o] @ discount) * float(row["cost_factor"])
        if row["step"] in plants and spent > 0:
            earned[o] = np.clip(margins[row["step"]] / MILLION * float(run[o] @ discount) / spent, 0, 1)
    return earned


def _wear(case: Case, frame: pd.DataFrame) -> Vector:
    made, terms = find_capacity(case), figures(case.tables["node_terms"], "node", "term")
    return np.array(
        [terms.get((made[step][0], "depreciation"), 0.0) if step in made else 0.0 for step in frame["step"]]
    )


def _chances(frame: pd.DataFrame, partner: np.ndarray, effects: _Effects) -> tuple[Matrix, Matrix]:
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
    return np.array([[needs.get((step, skill, phase), 0.0) for skill in _skills(case)] for step in frame["step"]])


def _skills(case: Case) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.tables["talent"]["skill"]))


def _graduates(case: Case, frame: pd.DataFrame, run: Matrix, ages: np.ndarray) -> np.ndarray:
    """Return graduates by age: those who began when a place was running, ``lag`` years later."""
    skills = _skills(case)
    found = np.zeros((len(frame), len(skills), len(ages)))
    training: dict[str, list[dict[str, Any]]] = {}
    for row in list_rows(case.tables["step_training"]):
        training.setdefault(row["step"], []).append(row)
    for o, step in enumerate(frame["step"]):
        for row in training.get(step, ()):
            lag = int(np.ceil(row["lag_years"] - SETTLED / MILLION))
            found[o, skills.index(row["skill"]), lag:] += row["value"] * run[o, : len(ages) - lag]
    return found


def _resources(case: Case) -> tuple[str, ...]:
    return tuple(limit for limit in dict.fromkeys(case.tables["limits"]["limit"]) if limit != "grid_intensity")


def _uses(case: Case, frame: pd.DataFrame, tree: Tree) -> np.ndarray:
    """Return resources at full run in each node, shape (O, R, N); emissions are direct ones and those of the power taken."""
    resources = _resources(case)
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


def _domains(case: Case) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.tables["knowledge"]["domain"])) if case.knowledge_known else ()


def _knowledge(case: Case, frame: pd.DataFrame, role: str) -> Matrix:
    table = case.tables["step_knowledge"]
    found = figures(table[table["role"] == role], "step", "domain")
    empty = 0.0 if role == "gain" else np.inf
    rows = [[found.get((step, domain), empty) for domain in _domains(case)] for step in frame["step"]]
    values = np.array(rows).reshape(len(frame), len(_domains(case)))
    if role == "gain":
        # The full step gives the gain; its modules share it.
        return np.asarray(-np.log1p(-values) / np.maximum(frame["modules_max"].to_numpy(dtype=float), 1)[:, None])
    return values


def _make_menu(case: Case, steps: Sequence[str], years: np.ndarray) -> Menu:
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


def _make_limits(
    case: Case, choice: Choice, purses: Sequence[str], labels: Labels, tree: Tree, effects: _Effects
) -> Limits:
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
        target_output=np.zeros(0),
        target_year=np.zeros(0, dtype=int),
        target_weight=np.zeros((0, len(choice.frame))),
    )


def _list_notes(case: Case) -> tuple[str, ...]:
    effects = set(case.tables["branch_effects"]["effect"])
    notes = ["plan.note.scenarios", "plan.note.waiting"]
    if not case.knowledge_known:
        notes.append("plan.note.knowledge")
    if {"licence_lead", "front_end_delay"} & effects:
        notes.append("plan.note.leads")
    return tuple(notes)
