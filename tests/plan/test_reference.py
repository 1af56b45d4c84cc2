"""The committed steps alone: what is done anyway is no part of a plan's worth."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import TAKEN
from pondasi.plan.coalitions import Coalitions, restrict_partners
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.partners import share_value
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.reference import find_reference
from pondasi.plan.roadmap import tell_plan
from pondasi.plan.solve import leave_out
from pondasi.plan.targets import Targets
from pondasi.solver import InfeasibleError
from pondasi.words import LANGUAGES, Words
from tests.plan import brute_force
from tests.plan.hand_made import start_by_hand
from tests.plan.random_plans import make_plan

FINE = 4e-6
"""Of all costs: what both searches, each within 1e-6, and the rounding of stored cuts may leave."""


def small(seed, **options):
    return make_plan(seed, **{"years": 3, "gates": (1,), "steps": 3, "partners": 2, "scenarios": 2, **options})


def roomy(problem, times=9):
    """Return the problem with so much of everything that no limit is in the way of one step."""
    limits = problem.limits
    return problem.change(
        limits={
            "budget": limits.budget * times,
            "resource": limits.resource * times,
            "inflow": limits.inflow * times,
            "stock": limits.stock * times,
        },
        options={"distance_max": np.full_like(problem.options.distance_max, np.inf)},
    )


def commit(problem, steps, **menu):
    """Return the problem with steps that have to start by the last year, in one size, as what is committed has."""
    must = np.isin(np.arange(len(problem.labels.steps)), steps)
    latest = np.minimum(problem.menu.latest, problem.tree.year.max())
    size = np.where(must[problem.options.step], 1.0, problem.options.size_min)
    return problem.change(menu={"must": must, "latest": latest, **menu}, options={"size_min": size})


def make_dear(seed, price=500.0):
    """Return a roomy problem in which the first step is far too dear, and needs no other."""
    problem = roomy(small(seed, needs=0.0), 20).change(menu={"before": (), "together": (), "excludes": ()})
    dear = np.where(problem.options.step == 0, price, 0.0)[:, None]
    return problem.change(options={"charge": problem.options.charge + dear})


def steps_of(problem, answer):
    option, _ = answer.layout.starts
    return set(problem.options.step[option[answer.layout.read(answer.x, "z") > TAKEN]].tolist())


@pytest.mark.parametrize("seed", [1, 2])
def test_without_commitments_it_is_doing_nothing(seed):
    problem = small(seed)
    layout = Layout(problem)
    found = find_reference(problem)
    nothing = without_steps(problem, layout)
    assert found.x == pytest.approx(nothing)
    assert found.cost == found.bound == evaluate(problem, layout, nothing).cost
    assert found.added == ()


@pytest.mark.parametrize("seed", [2, 8, 15])
def test_a_step_that_the_plan_has_anyway_lowers_the_value_by_what_it_is_worth_and_never_below_zero(seed):
    problem = roomy(small(seed, whole=True))
    best = solve_benders(problem, gap=0)
    begun = best.layout.read(best.x, "begun")[:, problem.tree.leaves]
    always = np.flatnonzero((begun > TAKEN).all(axis=1))
    assert len(always), "some steps stand on every path"
    nothing = find_reference(problem).cost
    slack = FINE * abs(nothing)
    for step in always:
        committed = commit(problem, [int(step)])
        reference, answer = find_reference(committed), solve_benders(committed, gap=0)
        assert answer.cost == pytest.approx(best.cost, abs=slack), "it would have been started anyway"
        assert reference.cost - answer.cost >= -slack
        assert abs(reference.cost - nothing) > slack, "the value is counted from elsewhere"
        assert step in steps_of(committed, reference)
        assert steps_of(committed, reference) == {int(step), *reference.added}


@pytest.mark.parametrize("seed", range(4))
def test_a_step_that_only_costs_is_no_loss_of_the_plan(seed):
    committed = commit(make_dear(seed), [0])
    problem = committed.change(menu={"must": np.zeros(3, dtype=bool)})
    reference = find_reference(committed)
    answer = solve_benders(committed, gap=1e-4)
    nothing = find_reference(problem).cost
    assert reference.cost > nothing, "the committed step only costs"
    assert answer.cost <= reference.cost
    assert nothing - answer.cost < reference.cost - answer.cost


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_if_everything_is_committed_nothing_is_left_to_be_gained(seed):
    problem = roomy(small(seed, needs=0.0), 40).change(menu={"before": (), "together": (), "excludes": ()})
    committed = commit(problem, range(len(problem.labels.steps)))
    reference, answer = find_reference(committed), solve_benders(committed, gap=0)
    slack = FINE * abs(reference.cost)
    assert answer.cost == pytest.approx(reference.cost, abs=slack)
    assert reference.bound <= reference.cost <= reference.bound + slack


def test_what_a_committed_step_needs_is_taken_with_it_and_named():
    problem = roomy(small(5, needs=0.0), 20)
    problem = problem.change(
        options={"lead": np.ones_like(problem.options.lead)},
        menu={"before": ((1, 0),), "together": (), "excludes": (), "earliest": np.full(3, 2026)},
    )
    committed = commit(problem, [1])
    reference = find_reference(committed)
    assert steps_of(committed, reference) == {0, 1}
    assert reference.added == (0,)
    option, _ = reference.layout.starts
    taken = option[reference.layout.read(reference.x, "z") > TAKEN]
    partners = committed.options.partner[taken][committed.options.step[taken] == 0]
    assert (partners < 0).all(), "what is needed besides is done alone where that can be"
    every = solve_benders(committed, gap=0)
    assert every.cost <= reference.cost + FINE * abs(reference.cost)


def test_targets_are_not_asked_of_it():
    problem = roomy(small(2, needs=0.0))
    problem = commit(problem.change(menu={"before": (), "together": (), "excludes": ()}), [0])
    weight = (problem.options.step == 1).astype(float)[None]
    asked = problem.change(targets=Targets(np.array([1e-3]), problem.tree.years[-1:], running=weight))
    assert find_reference(asked).cost == pytest.approx(find_reference(problem).cost, rel=1e-6)


def test_commitments_that_cannot_be_kept_are_impossible():
    problem = small(3).change(menu={"excludes": ((0, 1),), "before": (), "together": ()})
    with pytest.raises(InfeasibleError):
        find_reference(commit(problem, [0, 1]))


@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6, 9])
def test_it_agrees_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, partners=2, whole=True, scenarios=2, needs=0.0)
    problem = roomy(problem.change(limits={"loan": np.zeros(len(problem.tree))}))
    committed = commit(problem, [0], excludes=())
    tried = []
    starts = [
        (o, n)
        for o, n in itertools.product(np.flatnonzero(problem.options.step == 0), range(len(problem.tree)))
        if brute_force.allowed_alone(committed, o, n)
    ]
    for plan in brute_force.plans_of(committed, starts):
        kept = all(any(b in brute_force.path(problem.tree, leaf) for _, b in plan) for leaf in problem.tree.leaves)
        if kept and brute_force.allowed(committed, plan):
            tried.append(brute_force.cost(committed, plan))
    assert find_reference(committed).cost == pytest.approx(min(tried), rel=1e-5)


# --- partners -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 8])
def test_it_is_the_same_for_every_coalition_and_no_coalition_is_worth_less_than_nothing(seed):
    problem = roomy(small(seed, needs=0.0), 20).change(menu={"before": (), "together": (), "excludes": ()})
    committed = commit(problem, [0])
    game = Coalitions(committed)
    slack = FINE * abs(game.reference)
    for partners in ((), (0,), (1,), (0, 1)):
        part = restrict_partners(committed, partners)
        assert find_reference(part).cost == pytest.approx(game.reference, abs=slack)
    found = share_value(committed, gap=1e-4)
    assert found.none[1] >= found.none[0] >= -slack
    total = sum(found.everyone) / 2 - sum(found.none) / 2
    assert found.table["shapley"].sum() == pytest.approx(total, abs=1e-6 * max(1.0, abs(total)))
    without = leave_out(committed, committed.labels.partners[0])
    assert find_reference(without).cost == pytest.approx(game.reference, abs=slack)


def test_the_gap_is_a_part_of_what_is_new():
    committed = commit(make_dear(8), [0])
    pool = CutPool()
    reference = find_reference(committed, pool=pool)
    answer = solve_benders(committed, gap=0.02, pool=pool, reference=reference)
    assert answer.finished
    assert answer.cost - answer.bound <= max(0.02 * (reference.cost - answer.cost), 1e-6 * abs(answer.cost)) * (
        1 + 1e-6
    )


def test_what_the_value_is_counted_from_is_named_in_every_language():
    plan = start_by_hand()
    alone = find_reference(plan.problem)
    steps = plan.case.tables["steps"].set_index("step")
    committed = plan.problem.labels.steps[int(np.flatnonzero(plan.problem.menu.must)[0])]
    other = plan.problem.labels.steps[0]
    for language in LANGUAGES:
        words = Words(language)
        name, more = (steps.loc[step, f"name_{language}"] for step in (committed, other))
        told = tell_plan(plan, words)
        counted = tell_plan(replace(plan, alone=alone), words)
        assert len(counted) == len(told) + 1
        assert name in counted[1]
        added = tell_plan(replace(plan, alone=replace(alone, added=(0,))), words)
        assert name in added[1]
        assert more in added[1]
