"""The value against another aim: levels are kept, more of the aim is never worth more, and the same from trying everything."""

import itertools

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.front import Aim, list_aims, trace_front, write_aim
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.tell_front import tell_front
from pondasi.words import LANGUAGES, Words
from tests.plan import brute_force
from tests.plan.random_plans import make_plan


def trace(problem, aim, points=3):
    best = solve_benders(problem, gap=0)
    reference = evaluate(problem, best.layout, without_steps(problem, best.layout)).cost
    return best, reference, trace_front(problem, best, reference, aim, points=points, gap=1e-6)


def power_of(problem, sense):
    use = problem.options.use[:, 0]
    return Aim("power", np.broadcast_to(use, (len(problem.options), len(problem.tree))), sense)


@pytest.mark.parametrize("seed", [3, 5, 8])
@pytest.mark.parametrize("sense", ["more", "less"])
def test_levels_are_kept_and_cost_value(seed, sense):
    problem = make_plan(seed, years=3, gates=(1,), steps=3, scenarios=2)
    best, _, front = trace(problem, power_of(problem, sense))
    # There may be no plan with more of it at all.
    assert len(front) > 1 or sense == "more"
    assert front["reached"][0] == pytest.approx(write_aim(problem, best.layout, power_of(problem, sense)) @ best.x)
    sign = 1 if sense == "more" else -1
    room = 1e-6 * (1 + front["level"].abs())
    assert (sign * front["reached"] >= sign * front["level"] - room).all()
    slack = 4e-6 * abs(best.cost)
    assert (front["high"].diff().dropna() <= slack).all()
    assert (front["low"] <= front["high"]).all()
    assert not front["beaten"].all()


def test_nothing_running_has_no_aim():
    problem = make_plan(8, years=3, gates=(1,), scenarios=2)
    best = solve_benders(problem, gap=0)
    row = write_aim(problem, best.layout, power_of(problem, "less"))
    assert row @ without_steps(problem, best.layout) == 0
    front = trace(problem, power_of(problem, "less"), points=1)[2]
    assert front["reached"].iloc[-1] == pytest.approx(0, abs=1e-6)
    assert front["low"].iloc[-1] == pytest.approx(0, abs=1e-3), "no power is doing nothing, or what takes none"


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6])
def test_every_point_agrees_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=2, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    aim = power_of(problem, "more")
    starts = [
        (o, n)
        for o, n in itertools.product(range(len(problem.options)), range(len(problem.tree)))
        if brute_force.allowed_alone(problem, o, n)
    ]
    known = []
    for plan in brute_force.plans_of(problem, starts):
        if brute_force.allowed(problem, plan):
            power = sum(
                problem.tree.probability[n]
                * aim.weight[o, n]
                * problem.options.run[o, problem.tree.year[n] - problem.tree.year[b]]
                for n in range(len(problem.tree))
                for o, b in plan
                if b in brute_force.path(problem.tree, n)
            )
            known.append((power, brute_force.cost(problem, plan)))
    _, reference, front = trace(problem, aim)
    slack = 1e-5 * abs(reference)
    for row in front.itertuples():
        least = min((cost for power, cost in known if power >= row.level - 1e-6), default=np.inf)
        assert row.low - slack <= reference - least <= row.high + slack


def test_some_plans_can_have_more():
    found = [
        trace(
            make_plan(s, years=3, gates=(1,), steps=3, scenarios=2),
            power_of(make_plan(s, years=3, gates=(1,), steps=3, scenarios=2), "more"),
        )[2]
        for s in (3, 5)
    ]
    assert max(len(front) for front in found) > 1


def test_aims_of_a_case_are_jobs_and_emissions():
    problem = build_problem(load_case("IDN"), scenarios=3)
    jobs, emissions, *_ = list_aims(problem)
    assert (jobs.name, emissions.name) == ("jobs", "emissions")
    assert jobs.weight.shape == emissions.weight.shape == (len(problem.options), len(problem.tree))
    assert jobs.weight.max() > 0
    assert emissions.weight.max() > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_fronts_are_told_in_every_language(language):
    problem = make_plan(3, years=3, gates=(1,), steps=3, scenarios=2)
    front = trace(problem, power_of(problem, "less"))[2]
    told = tell_front({"jobs": front.iloc[:1], "emissions": front}, Words(language))
    assert len(told) == 2
    assert not [line for line in told if "{" in line]
    assert told[0] != tell_front({"jobs": front}, Words(language))[0]
