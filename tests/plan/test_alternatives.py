"""Other plans nearly as good: they are good enough, far enough, and nothing lies further where that is proven."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi.plan.alternatives import find_alternatives, keep_distance, measure_distance
from pondasi.plan.benders import solve_benders
from pondasi.plan.case import load_case
from pondasi.plan.layout import Layout
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.solve import Plan
from pondasi.plan.strategy import build_strategy
from pondasi.plan.tell_alternatives import tell_alternatives
from pondasi.words import LANGUAGES, Words
from tests.plan import brute_force
from tests.plan.random_plans import make_plan


def small(seed, **options):
    return make_plan(seed, **{"years": 3, "gates": (1,), "steps": 3, "partners": 1, "scenarios": 2, **options})


def search(problem, number, slack):
    best = solve_benders(problem, gap=0)
    reference = evaluate(problem, best.layout, without_steps(problem, best.layout)).cost
    return best, reference, find_alternatives(problem, best, reference, number, slack=slack, gap=1e-6)


def taken(answer):
    option, node = answer.layout.starts
    chosen = answer.layout.read(answer.x, "z") > 0.5
    return {(int(o), int(n)) for o, n in zip(option[chosen], node[chosen], strict=True)}


@pytest.mark.long
@pytest.mark.parametrize("seed", [3, 5, 8])
def test_other_plans_are_good_enough_and_differ(seed):
    problem = small(seed)
    best, reference, found = search(problem, 3, 0.3)
    assert len(found.answers) > 1
    assert found.answers[0] is best
    for k, answer in enumerate(found.answers):
        true = evaluate(problem, answer.layout, answer.x).cost
        assert reference - true >= found.floor - 1e-6 * abs(reference)
        assert found.plans["value"][k] == pytest.approx(reference - true)
        for other in found.answers[:k]:
            differ = sum(problem.tree.probability[n] for _, n in taken(answer) ^ taken(other))
            assert differ >= found.plans["distance"][k] - 1e-9
            assert differ >= 1 - 1e-9
    assert (found.regret.min(axis=1) == 0).all()
    mean = found.regret.T @ problem.tree.probability[problem.tree.leaves]
    costs = np.array([answer.cost for answer in found.answers])
    # Regrets over futures weighed by their chance differ as the costs of the plans do.
    assert (mean - mean[0]).to_numpy() == pytest.approx(costs - costs[0], abs=1e-6 * abs(reference))
    assert found.steps["share"].between(0, 1 + 1e-9).all()


def test_no_slack_leaves_the_best_plan_alone():
    problem = small(8)
    found = search(problem, 2, 0.0)[2]
    floor = found.plans["value"][0]
    assert (found.plans["value"] >= floor - 1e-5 * abs(found.answers[0].cost)).all()


def test_distances_are_those_of_the_rows():
    problem = small(8)
    best, _, found = search(problem, 1, 0.5)
    other = found.answers[1]
    distance = measure_distance(problem, other, [best])
    family = keep_distance(build_strategy(problem), problem, [best], 0.0).families[-1]
    assert family.name == "distance_kept"
    assert (family.matrix @ other.x - family.lower).tolist() == pytest.approx([distance])
    assert (family.matrix @ best.x - family.lower).tolist() == pytest.approx([0.0], abs=1e-9)


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6])
def test_what_is_proven_agrees_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=2, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    # What starts too late to be of use is no other plan.
    starts = [
        (int(o), int(n))
        for o, n in zip(*Layout(problem).starts, strict=True)
        if brute_force.allowed_alone(problem, o, n)
    ]
    costs = {
        plan: brute_force.cost(problem, plan)
        for plan in brute_force.plans_of(problem, starts)
        if brute_force.allowed(problem, plan)
    }
    best, reference, found = search(problem, 1, 0.5)
    limit = reference - found.floor
    near = [set(plan) for plan, cost in costs.items() if cost <= limit * (1 - 1e-6)]
    reach = [sum(problem.tree.probability[n] for _, n in plan ^ taken(best)) for plan in near]
    if len(found.answers) > 1:
        assert taken(found.answers[1]) in [set(plan) for plan, cost in costs.items() if cost <= limit * (1 + 1e-6)]
    assert max(reach) < found.plans["most_distance"].iloc[-1] + 1e-9
    assert found.plans["most_distance"].iloc[-1] < np.inf


def test_a_plan_without_rivals_is_proven_to_have_none():
    found = search(small(1), 1, 0.3)[2]
    assert len(found.answers) == 1
    assert found.plans["most_distance"].tolist() == [1.0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_alternatives_are_told_in_every_language(language):
    case, words = load_case("IDN"), Words(language)
    names = case.tables["steps"]["step"].tolist()[:3]
    for seed, number in ((5, 2), (1, 1)):
        problem = small(seed)
        problem = problem.change(labels=replace(problem.labels, steps=tuple(names)))
        best, reference, found = search(problem, number, 0.3)
        told = tell_alternatives(found, Plan(case, problem, best, reference, 0.01), words)
        assert not [line for line in told if "{" in line]
        assert len(told) >= (3 if seed == 5 else 1)
    hasty = find_alternatives(problem, best, reference, 1, gap=0.01, seconds=0)
    assert len(hasty.answers) == 1
    assert tell_alternatives(hasty, Plan(case, problem, best, reference, 0.01), words) != told
