"""What it is worth to plan for several futures, to wait, to adapt, to know: limits, order, and trying everything."""

import itertools

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.layout import Layout
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.reshape import (
    average_futures,
    average_scenarios,
    find_first_stage,
    follow_path,
    hold_first_stage,
    tie_futures,
    wait_for_gate,
)
from pondasi.plan.worth import measure_worth
from tests.plan import brute_force
from tests.plan.random_plans import make_plan

SLACK = 4e-6
"""Relative to all costs: two solves, each within the least gap of 1e-6 on either side."""


def small(seed, **options):
    return make_plan(seed, **{"years": 4, "gates": (2,), "steps": 3, "partners": 1, "scenarios": 2, **options})


def solved(problem, gap=1e-6):
    answer = solve_benders(problem, gap=0)
    reference = evaluate(problem, answer.layout, without_steps(problem, answer.layout)).cost
    return answer, reference, measure_worth(problem, answer, reference, gap=gap)


def chosen(answer):
    option, node = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 0.5
    return sorted((int(o), int(n)) for o, n in zip(option[taken], node[taken], strict=True))


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 3])
def test_with_one_future_nothing_is_gained_by_adapting_or_knowing(seed):
    answer, _, worth = solved(small(seed, gates=()))
    slack = SLACK * abs(answer.cost)
    assert worth.gains.loc[["adapting", "information"], "high"].max() <= slack
    assert worth.plans.loc["known", "high"] == pytest.approx(worth.plans.loc["best", "high"], abs=slack)


@pytest.mark.parametrize("seed", [1, 3])
def test_with_one_future_and_one_year_that_is_sure_the_mean_plan_is_the_best(seed):
    answer, _, worth = solved(small(seed, gates=(), scenarios=1, sure=True))
    assert worth.kept == "all"
    assert worth.gains.loc["stochastic", "high"] <= SLACK * abs(answer.cost)


def test_means_of_one_future_are_that_future():
    problem = small(2, gates=(), scenarios=1, sure=True)
    same = average_scenarios(average_futures(problem))
    for part in ("options", "limits", "operations"):
        before, after = getattr(problem, part), getattr(same, part)
        for name in before.__dataclass_fields__:
            old, new = getattr(before, name), getattr(after, name)
            if isinstance(old, np.ndarray) and name != "levels":
                assert new == pytest.approx(old), name
    assert solve_benders(same, gap=0).cost == pytest.approx(solve_benders(problem, gap=0).cost, rel=SLACK)


def test_means_keep_probabilities_and_years():
    problem = small(5, gates=(1, 2))
    mean = average_futures(problem)
    tree = problem.tree
    assert mean.tree.year.tolist() == tree.years.tolist()
    for k, year in enumerate(tree.years):
        here = tree.year == year
        expected = problem.options.success[:, here] @ tree.probability[here]
        assert mean.options.success[:, k] == pytest.approx(expected)
    path, nodes = follow_path(problem, int(tree.leaves[-1]))
    assert path.options.success == pytest.approx(problem.options.success[:, nodes])
    assert path.operations.growth == pytest.approx(problem.operations.growth[:, nodes])


def test_nothing_new_starts_before_the_gate_and_ties_are_kept():
    problem = small(8, gates=(1,))
    first = find_first_stage(problem.tree)
    assert problem.tree.year[first].tolist() == [2026]
    late = solve_benders(wait_for_gate(problem), gap=0)
    assert all(not first[node] for _, node in chosen(late))
    tied, strategy = tie_futures(problem)
    answer = solve_benders(tied, gap=0, strategy=strategy)
    started = {}
    for option, node in chosen(answer):
        started.setdefault((option, int(problem.tree.year[node])), set()).add(node)
    for (_, year), nodes in started.items():
        assert nodes == set(np.flatnonzero(problem.tree.year == year).tolist())


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 8])
def test_holding_the_first_stage_of_the_best_plan_changes_nothing(seed):
    problem = small(seed, gates=(1,))
    answer = solve_benders(problem, gap=0)
    held = solve_benders(hold_first_stage(problem, answer.x, answer.layout), gap=0)
    assert held.cost == pytest.approx(answer.cost, rel=SLACK)
    first = find_first_stage(problem.tree)
    before = [start for start in chosen(answer) if first[start[1]]]
    assert [start for start in chosen(held) if first[start[1]]] == before


# --- the order of plans ---------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("risk", ["cost", "loss"])
@pytest.mark.parametrize("seed", [1, 3, 6, 8])
def test_knowing_beats_the_best_and_the_best_beats_all_others(seed, risk):
    answer, _, worth = solved(small(seed, risk=risk, gates=(1,)), gap=1e-6)
    slack = SLACK * abs(answer.cost)
    low, high = worth.plans["low"], worth.plans["high"]
    assert low["known"] >= low["best"] - slack
    for name in ("mean", "wait", "fixed"):
        if not np.isnan(low[name]):
            assert low[name] <= high["best"] + slack
    assert (worth.gains["low"] >= 0).all()
    assert (worth.gains["low"] <= worth.gains["high"]).all()


def test_some_futures_make_a_difference():
    gains = [solved(small(seed, gates=(1,), tight=2.0))[2].gains["low"] for seed in (5, 7, 9, 13)]
    found = np.array([gain.to_numpy() for gain in gains])
    assert (found.max(axis=0) > 1e-3).sum() >= 3, "else the tests of the order say nothing"


def test_out_of_time_the_intervals_hold():
    problem = small(8, gates=(1,))
    answer, reference, worth = solved(problem)
    hasty = measure_worth(problem, answer, reference, gap=0.01, seconds=0)
    slack = SLACK * abs(answer.cost)
    for name in ("wait", "fixed", "known"):
        assert hasty.plans.loc[name, "low"] <= worth.plans.loc[name, "high"] + slack
        assert hasty.plans.loc[name, "high"] >= worth.plans.loc[name, "low"] - slack


# --- trying everything ----------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6])
def test_values_agree_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=2, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    tree = problem.tree
    starts = [
        (o, n)
        for o, n in itertools.product(range(len(problem.options)), range(len(tree)))
        if brute_force.allowed_alone(problem, o, n)
    ]
    costs = {
        plan: brute_force.cost(problem, plan)
        for plan in brute_force.plans_of(problem, starts)
        if brute_force.allowed(problem, plan)
    }
    first = {int(n) for n in np.flatnonzero(find_first_stage(tree))}
    nothing = brute_force.cost(problem, ())
    _, reference, worth = solved(problem)
    slack = 1e-5 * abs(nothing)
    assert reference == pytest.approx(nothing, abs=slack)

    def agree(name, cost):
        row = worth.plans.loc[name]
        assert row["low"] - slack <= nothing - cost <= row["high"] + slack

    agree("best", min(costs.values()))
    agree("wait", min(cost for plan, cost in costs.items() if not any(n in first for _, n in plan)))

    def tied(plan):
        return all(all((o, int(other)) in plan for other in np.flatnonzero(tree.year == tree.year[n])) for o, n in plan)

    agree("fixed", min(cost for plan, cost in costs.items() if tied(plan)))
    known = 0.0
    for leaf in tree.leaves:
        path, _ = follow_path(problem, int(leaf))
        known += tree.probability[leaf] * brute_force.solve(path)[0]
    agree("known", known)
    mean_cost, mean_plan = brute_force.solve(average_scenarios(average_futures(problem)))
    assert np.isfinite(mean_cost)
    held = {(o, n) for o, n in mean_plan if n in first}
    fitting = [cost for plan, cost in costs.items() if {start for start in plan if start[1] in first} == held]
    if fitting:
        agree("mean", min(fitting))


def test_a_plan_moves_to_a_path():
    problem = small(8, gates=(1,))
    answer = solve_benders(problem, gap=0)
    total = 0.0
    for leaf in problem.tree.leaves:
        path, nodes = follow_path(problem, int(leaf))
        layout = Layout(path)
        x, lost = move_plan(answer.x, answer.layout, layout, nodes)
        assert lost == 0
        total += problem.tree.probability[leaf] * evaluate(path, layout, x).cost
    assert total == pytest.approx(answer.cost, rel=1e-9)
