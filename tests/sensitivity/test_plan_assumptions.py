"""Assumptions of a plan that are moved: only what is meant moves, as far as rules let it, and what comes of it is known beforehand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pondasi import UsageError
from pondasi.plan.build import build_problem, draw_years
from pondasi.plan.case import load_case
from pondasi.plan.checkpoint import name_checkpoint
from pondasi.plan.cuts import CutPool, build_cut
from pondasi.plan.operations import Point, make_setting, sweep_node
from pondasi.plan.solve import solve_plan
from pondasi.sensitivity.plan import TABLES, measure_assumptions
from pondasi.sensitivity.plan_figures import CHANCE, PICKS, Assumption, list_assumptions, table_of
from pondasi.sensitivity.plan_moves import ENDS, Mover
from pondasi.sensitivity.plan_runs import Asker
from pondasi.sensitivity.tell_plan import name_group, tell_assumptions
from pondasi.tables.rows import list_rows
from pondasi.words import LANGUAGES, Words

GAP = 0.01
PLANT, SCHOOL = "be_batam_expand", "tal_upskill_industry"
CLOSE = 1e-6
"""Relative to all costs, as close as costs are known."""


@pytest.fixture(scope="module")
def case():
    return load_case("IDN")


def cut_down(case, years=12):
    """Return the case with one plant that makes as much as it may, one programme and few years: a plan of it takes seconds, and starts the plant at once."""
    tables = dict(case.tables)
    for name, table in tables.items():
        kept = table[table["step"].isin([PLANT, SCHOOL])] if "step" in table.columns else table
        if name == "steps":
            kept = kept.assign(before=None, beside=None, excludes=None)
        if name == "step_nodes":
            kept = kept.assign(value=kept["high"])
        if name == "parameters":
            kept = kept.assign(value=kept["value"].where(kept["parameter"] != "horizon_years", float(years)))
        tables[name] = kept.reset_index(drop=True)
    return replace(case, tables=tables)


def change(case, table, column, where, value):
    frame = case.tables[table]
    return replace(
        case, tables={**case.tables, table: frame.assign(**{column: frame[column].where(~where(frame), value)})}
    )


def solve(case):
    pool = CutPool()
    return solve_plan(case, scenarios=3, gap=GAP, targets=False, pool=pool), pool


def named(case, *names):
    return [group for group in list_assumptions(case) if group.name in names]


@pytest.fixture(scope="module")
def dear(case):
    """Return a plan whose plant may cost a hundred times as much as it is thought to."""
    capex = case.tables["step_costs"].query("step == @PLANT and kind == 'capex'")["value"].item()
    small = change(
        cut_down(case), "step_costs", "high", lambda t: (t["step"] == PLANT) & (t["kind"] == "capex"), 100 * capex
    )
    return solve(small)


# --- what moves


def test_every_group_moves_its_own_figures_to_their_own_ends_and_nothing_else(case):
    mover = Mover(case)
    groups = list_assumptions(case)
    assert len({group.name for group in groups}) == len(groups) > 60
    assert set(PICKS) <= {group.name for group in groups}
    for group in groups:
        before = table_of(case, group.table)
        value, low, high = (before[name].to_numpy(dtype=float) for name in group.figure)
        wide = group.rows[group.find_wide(before)]
        for end, goal in zip(ENDS, (low, high), strict=True):
            moved = mover.move(group, end)
            after = table_of(moved.case, group.table)[group.figure[0]].to_numpy(dtype=float)
            assert moved.moved + moved.held == len(wide), group.name
            assert moved.fixed == len(group.rows) - len(wide)
            assert (np.isclose(after[wide], goal[wide])).sum() == moved.moved > 0, group.name
            part = np.isfinite(value) & np.isfinite(low) & np.isfinite(high)
            assert ((after >= low - 1e-9) & (after <= high + 1e-9))[part].all(), group.name
            others = np.setdiff1d(np.arange(len(before)), wide)
            if not group.name.startswith(CHANCE) and group.name != "home_use":
                # Of parts of a whole the others give way.
                assert np.array_equal(after[others], value[others], equal_nan=True), group.name
            for name in case.tables:
                if name != group.table:
                    assert moved.case.tables[name].equals(case.tables[name])


def test_rules_of_the_case_hold_wherever_figures_stand(case):
    mover = Mover(case)
    for group in list_assumptions(case):
        for end in ENDS:
            tables = mover.move(group, end).case.tables
            assert tables["step_funding"].groupby("step")["share"].sum().min() >= 1 - 1e-9
            costs = tables["step_costs"].pivot_table(index="step", columns="kind", values="value")
            assert not (costs["inputs"] > costs["opex"] * (1 + 1e-9)).any()
            sizes = tables["step_traits"].pivot_table(index="step", columns="trait", values="value")
            modules = tables["steps"].set_index("step")["committed_modules"].astype(float)
            assert (sizes["least_scale"] <= sizes["modules_max"] + 1e-9).all()
            modules = modules.reindex(sizes.index)
            assert not (modules > sizes["modules_max"] + 1e-9).any()
            assert not (modules < sizes["least_scale"] - 1e-9).any()
            chances = tables["futures"].groupby("parent")["probability"].sum()
            assert np.allclose(chances, 1)
            assert tables["futures"]["probability"].between(0, 1, inclusive="right").all()


def test_shares_of_funders_go_only_as_low_as_pays_for_the_step(case):
    (funding,) = named(case, "funding")
    moved = Mover(case).move(funding, "low")
    assert moved.held
    before, after = (one.tables["step_funding"].groupby("step")["share"].sum() for one in (case, moved.case))
    lower = after < before - 1e-9
    assert (lower & np.isclose(after, 1)).any(), "some are held at the whole of the cost"


def test_the_other_branches_make_up_for_a_chance_that_moves(case):
    (low,) = named(case, f"{CHANCE}/demand_low")
    futures = Mover(case).move(low, "high").case.tables["futures"].set_index("future")["probability"]
    before = case.tables["futures"].set_index("future")["probability"]
    assert futures["low"] == case.tables["futures"].set_index("future")["high"]["low"]
    assert futures["base"] / futures["high"] == pytest.approx(before["base"] / before["high"])


def test_what_is_drawn_from_an_interval_is_drawn_at_its_end(case):
    mover = Mover(case)
    for name, table in (("lead", "step_traits"), ("hazard_loss", "hazards"), ("hazard_weeks", "hazards")):
        (group,) = named(case, name)
        after = table_of(mover.move(group, "high").case, table)
        value, low, high = (after[column].to_numpy(dtype=float)[group.rows] for column in group.figure)
        assert (value == low).all()
        assert (value == high).all()


# --- what comes of it: nothing where nothing is moved


def test_figures_moved_to_their_own_value_leave_every_bit_as_it_is(case):
    small = cut_down(case)
    years = draw_years(small, scenarios=3)
    base = name_checkpoint(Path(), build_problem(small, scenarios=3))
    assert name_checkpoint(Path(), build_problem(small, scenarios=3, disruptions=years)) == base
    mover = Mover(small)
    for group in list_assumptions(small):
        value = table_of(small, group.table)[group.figure[0]]
        ends = dict.fromkeys(group.figure[1:], value)
        if group.table in small.tables:
            still = replace(small, tables={**small.tables, group.table: small.tables[group.table].assign(**ends)})
            assert not group.find_wide(still.tables[group.table]).any()
            moved = Mover(still).move(group, "high")
            assert (moved.moved, moved.held, moved.fixed) == (0, 0, len(group.rows))
            assert moved.case.tables[group.table].equals(still.tables[group.table])
        nothing = replace(group, rows=np.zeros(0, dtype=np.intp))
        assert mover.move(nothing, "high").moved == 0
    assert name_checkpoint(Path(), build_problem(mover.move(nothing, "high").case, scenarios=3)) == base


def test_a_figure_that_nothing_depends_on_moves_nothing(dear):
    plan, pool = dear
    table = plan.case.tables["branch_effects"]
    rows = np.flatnonzero(table["effect"] == "world_market")
    idle = Assumption("idle", "branch_effects", ("value", "low", "high"), rows)
    found = measure_assumptions(plan, groups=[idle], pool=pool)
    assert found.runs["state"].tolist() == ["same", "same"]
    assert (found.runs[["kept", "low"]] == plan.value).all().all()
    assert (found.runs["high"] == plan.most).all()
    row = found.groups.loc["idle"]
    assert (row["changed"], row["sure"], row["swing"], row["drift"]) == (0, 0, 0.0, 0.0)


# --- what comes of it: what theory says


def test_a_plant_that_becomes_too_dear_leaves_for_sure_and_a_cheap_one_stays(dear):
    plan, pool = dear
    found = measure_assumptions(plan, groups=named(plan.case, "capital"), pool=pool)
    runs = found.runs.set_index("end")
    assert (runs["left"]["low"], runs["left"]["high"]) == ("", PLANT)
    assert (runs["sure"]["low"], runs["sure"]["high"]) == (False, True)
    assert (runs["stay"]["low"], runs["stay"]["high"]) == (1, 0)
    assert runs["kept"]["high"] < 0 or runs["broken"]["high"], "as it is, the plan would lose, or cannot be paid"
    assert runs["low"]["high"] == pytest.approx(0.0, abs=CLOSE * abs(plan.reference))
    assert runs["low"]["low"] > plan.value
    assert (found.groups.loc["capital", "changed"], found.groups.loc["capital", "sure"]) == (1, 1)
    step = found.steps.loc[PLANT]
    assert (step["plan"], step["first"], step["runs"], step["share"], step["sure"]) == (True, 1, 2, 0.5, 1)


@pytest.mark.slow
def test_looser_limits_and_cheaper_steps_are_never_worth_less(dear):
    plan, pool = dear
    better = {"capital": "low", "running": "low", "budget_state": "high", "people": "high", "output": "high"}
    found = measure_assumptions(plan, closely=None, groups=named(plan.case, *better), pool=pool)
    for row in list_rows(found.runs):
        assert row["low"] <= row["high"] + CLOSE * abs(plan.reference)
        if row["kept"] is not None:
            assert row["high"] >= row["kept"] - CLOSE * abs(plan.reference), "no plan exceeds the bound"
        if row["end"] == better[row["group"]]:
            assert row["high"] >= plan.value - CLOSE * abs(plan.reference)
        else:
            assert row["low"] <= plan.most + CLOSE * abs(plan.reference)


def test_cuts_of_the_plan_bound_it_under_other_figures_and_are_not_shared_where_things_have_other_names(dear):
    plan, pool = dear
    asker = Asker(plan, 0, np.inf, pool=pool)
    draws = np.random.default_rng(1)
    for name in ("capital", "border_price", "value_added", "output", "hazard_loss"):
        (group,) = named(plan.case, name)
        problem = asker.build(asker.mover.move(group, "high").case, anew=group.draws_anew(plan.case))
        shared = asker.share_cuts(problem)
        assert shared.records, name
        setting = make_setting(problem)
        for record in shared.records[:: max(1, len(shared.records) // 20)]:
            inputs = draws.uniform(0, 2, len(record.point.inputs))
            point = Point(record.point.node, inputs, 0.0)
            sweep = sweep_node(setting, point)
            true = problem.operations.weight @ sweep.values
            cut = build_cut(problem.change(risk_weight=0.0), setting, record)
            assert cut.at(point) <= true + 1e-6 * (1 + abs(true)), name
    other = plan.problem.change(labels=replace(plan.problem.labels, steps=("one", "two")))
    assert not asker.share_cuts(other).records


# --- what time, seeds and groups left open do


def test_what_time_leaves_unknown_is_said_and_never_raised(dear):
    plan, pool = dear
    found = measure_assumptions(plan, seconds=0, groups=named(plan.case, "capital", "running"), pool=pool)
    assert set(found.runs["state"]) == {"unknown"}
    assert found.runs["low"].isna().all()
    assert found.groups["drift"].isna().all()
    assert found.steps["share"].isna().all()


def test_groups_that_are_not_looked_at_closely_are_priced_and_saved_first(dear):
    plan, pool = dear
    kept = []
    found = measure_assumptions(
        plan, closely=1, groups=named(plan.case, "capital", "grid"), pool=pool, keep=kept.append
    )
    assert [set(tables) for tables in kept] == [set(TABLES)] * 2
    assert set(kept[0]["assumption_runs"]["state"]) <= {"kept", "same"}
    assert found.groups["known"].to_dict() == {"capital": 2, "grid": 0}
    assert found.groups.index[0] == "capital"


def test_a_plan_of_another_seed_is_refused(dear):
    with pytest.raises(UsageError) as error:
        measure_assumptions(dear[0], seed=7, groups=[])
    assert error.value.key == "plan_other_years"


# --- in words


@pytest.fixture(scope="module")
def moved(dear):
    """Return what is known of three groups, of one of them closely; and what is known of them in no time."""
    plan, pool = dear
    groups = named(plan.case, "capital", "grid", "budget_lender")
    found = measure_assumptions(plan, closely=1, groups=groups, pool=pool)
    return found, measure_assumptions(plan, seconds=0, groups=groups, pool=pool)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_moves_the_first_steps_is_told_in_every_language(dear, moved, language):
    plan, _ = dear
    words = Words(language)
    told = tell_assumptions(moved[0], plan, words)
    plant = plan.case.tables["steps"].set_index("step")[f"name_{language}"][PLANT]
    (line,) = [text for text in told if plant in text and words.say("assumptions.sure.yes") in text]
    assert words.say("assumptions.what.capital") in line
    assert not [text for text in told if "{" in text]
    assert words.say("assumptions.time", n=6) in tell_assumptions(moved[1], plan, words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_has_a_name(case, language):
    words = Words(language)
    branches = case.tables["branches"].set_index("branch")[f"name_{language}"]
    for group in list_assumptions(case):
        branch = branches.get(group.name.removeprefix(f"{CHANCE}/"), "")
        assert name_group({"group": group.name, f"name_{language}": branch}, words)
