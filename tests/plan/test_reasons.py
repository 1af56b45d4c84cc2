"""Why steps are in or out, against trying everything; limits, monotony, and what must be exactly nothing."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi.currency import in_millions
from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change, loosen
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.questions import ask_about
from pondasi.plan.reach import find_reach
from pondasi.plan.reasons import Reason, explain_steps
from pondasi.plan.solve import Plan
from pondasi.plan.targets import Targets
from pondasi.plan.tell_reasons import tabulate_reasons, tell_reasons
from pondasi.plan.unit_worth import UnitWorth, value_change, worth_of_units
from pondasi.words import LANGUAGES, Words
from tests.plan import brute_force
from tests.plan.random_plans import make_plan

CLOSE = 1e-5
"""Relative to all costs: the gap that the engine is asked for here, of both solves."""


def tiny(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=3, tight=1.5)
    return problem.change(limits={"loan": np.zeros(len(problem.tree))})


def questions_of(problem, *, held=False):
    pool = CutPool()
    answer = solve_benders(problem, gap=0, pool=pool)
    reference = evaluate(problem, answer.layout, without_steps(problem, answer.layout)).cost
    return ask_about(problem, answer, reference - answer.cost, held=held, gap=1e-6, pool=pool)


def forced(problem, j):
    """Return the least cost over all plans that hold a step on every path, by trying everything."""
    steps, tree = problem.options.step, problem.tree
    best = np.inf
    starts = [(a, n) for a in range(len(steps)) for n in range(len(tree)) if brute_force.allowed_alone(problem, a, n)]
    for plan in brute_force.plans_of(problem, starts):
        nodes = [n for a, n in plan if steps[a] == j]
        if all(set(nodes) & set(brute_force.path(tree, leaf)) for leaf in tree.leaves) and brute_force.allowed(
            problem, plan
        ):
            best = min(best, brute_force.cost(problem, plan))
    return best


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6, 7, 11])
def test_decided_anew_it_agrees_with_trying_everything(seed):
    problem = tiny(seed)
    questions = questions_of(problem)
    least, plan = brute_force.solve(problem)
    taken = {int(problem.options.step[a]) for a, _ in plan}
    for reason in explain_steps(questions):
        j = reason.step
        assert reason.inside == (j in taken)
        if reason.inside:
            closed = problem.options.open & (problem.options.step != j)[:, None]
            other, _ = brute_force.solve(problem.change(options={"open": closed}))
        else:
            other = forced(problem, j)
        if np.isinf(other):
            assert reason.why in {"limit", "closed"}
            assert np.isinf(reason.low)
        else:
            size = CLOSE * abs(least)
            assert reason.low - size <= other - least <= reason.high + size


@pytest.mark.parametrize("seed", range(4))
def test_held_starts_bound_what_a_step_is_worth(seed):
    problem = make_plan(seed, years=3, gates=(1,), scenarios=3)
    held, anew = (questions_of(problem, held=held) for held in (True, False))
    for ours, theirs in zip(explain_steps(held), explain_steps(anew), strict=True):
        assert ours.inside == theirs.inside
        size = CLOSE * abs(held.base.cost)
        if ours.inside:
            # With fewer ways to make up for it, no less is lost.
            assert ours.high >= theirs.low - size
            assert ours.low >= 0
            assert ours.delay_low is not None
            # A year later is at least as good as not at all.
            assert ours.delay_low <= ours.high + size


def test_a_step_that_is_not_in_the_plan_can_go_without_any_change():
    questions = questions_of(make_plan(2, years=3, gates=(1,), scenarios=3), held=True)
    unused = [reason.step for reason in explain_steps(questions) if not reason.inside]
    assert unused
    for j in unused:
        mask = questions.mask & (questions.problem.options.step != j)[:, None]
        again = questions.solve(questions.allow(mask))
        assert again.cost == questions.base.cost
        # The same plan; money may stand in another of several years that cost the same.
        for block in ("z", "size"):
            ours, theirs = (answer.layout.read(answer.x, block) for answer in (again, questions.base))
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_more_of_a_limit_never_lowers_the_value(seed):
    problem = make_plan(seed, years=3, gates=(1,), scenarios=3, tight=0.7)
    questions = questions_of(problem)
    size = CLOSE * abs(questions.base.cost)
    worths = worth_of_units(questions, years=2)
    assert all(0 <= worth.low <= worth.high + size for worth in worths)
    for worth in worths[:4]:
        change = worth.change
        twice = value_change(questions, Change(change.kind, change.item, change.year, 2 * change.amount, change.limit))
        assert twice.high >= worth.low - size
        # The difference of two solves that know nothing of each other.
        alone = questions.base.cost - solve_benders(loosen(problem, [change]), gap=0).cost
        if worth.binds:
            assert worth.low - size <= alone <= worth.high + size


def test_the_order_in_which_is_asked_changes_nothing():
    questions = questions_of(make_plan(3, years=3, gates=(1,), scenarios=3), held=True)
    assert explain_steps(questions, [0, 1, 2]) == explain_steps(questions, [2, 1, 0])[::-1]


def test_a_prerequisite_says_for_whom():
    problem = make_plan(5, years=4, gates=(2,), steps=3, scenarios=3, needs=0.0, sure=True)
    base = questions_of(problem, held=True)
    inside = [reason.step for reason in explain_steps(base) if reason.inside]
    assert inside
    j = inside[0]
    other = next(i for i in range(3) if i != j)
    needy = problem.change(menu={"before": ((j, other),)}, options={"charge": problem.options.charge * 0.01})
    reasons = {reason.step: reason for reason in explain_steps(questions_of(needy, held=True))}
    assert reasons[j].inside
    assert reasons[other].why == "prerequisite"
    assert j in reasons[other].others


def shown(words, value):
    return words.say("plan.reason.one", value=in_millions(value))


def test_reasons_are_told_in_every_language():
    case = load_case("IDN")
    problem = build_problem(case, scenarios=3)
    answer = evaluate(problem, Layout(problem), without_steps(problem, Layout(problem)))
    plan = Plan(case, problem, answer, answer.cost, 0.01)
    money, people = Change("budget", 0, 2028, 40.0, 140.0), Change("people", 0, 2027, 10.0, 10.0)
    whys = ("committed", "prerequisite", "enables", "earns", "closed", "limit", "limit", "displaces", "costs")
    reasons = [
        Reason(j, 0.5, why, 1.0, 2.0, (3, 4), (money, people) if j == 5 else (), delay_low=1.0, delay_high=np.inf)
        for j, why in enumerate(whys)
    ]
    power = Change("resource", 0, 2026, 1.0, 1.0)
    units = [UnitWorth(change, 0.0, 1.5, binds=True) for change in (money, people, power)]
    nothing = [UnitWorth(money, 0.0, 0.0, binds=False)]
    for words in map(Words, LANGUAGES):
        told = tell_reasons(plan, reasons, units, words)
        assert len(told) == len(reasons) + len(units) + 1
        assert all("{" not in line for line in told)
        assert shown(words, 40.0) in told[5]
        assert "inf" not in "".join(told)
        (undecided, *_) = tell_reasons(plan, [Reason(8, 0.0, "costs", -1.0, 2.0)], units, words)
        assert undecided != told[8]
        assert len(tell_reasons(plan, reasons, nothing, words)) == len(reasons) + 2
        (alike, *_) = tell_reasons(plan, [Reason(3, 1.0, "earns", 37.04, 37.01)], units, words)
        assert alike.count(shown(words, 37.0)) == 1, "ends that read alike are one number"
        (gain, *_) = tell_reasons(plan, [Reason(8, 0.0, "costs", -3.4, -3.2)], units, words)
        assert gain not in {undecided, told[8]}
        assert "-3" not in gain
        assert gain.index(shown(words, 3.2)) < gain.index(shown(words, 3.4))
        for high, key in ((0.0, "delay_none"), (np.nan, "delay_open")):
            (late, *_) = tell_reasons(plan, [replace(reasons[0], delay_low=0.0, delay_high=high)], units, words)
            assert late.endswith(words.say(f"plan.reason.{key}", low=in_millions(0.0)))
    tables = tabulate_reasons(problem, reasons, units)
    assert tables["reasons"]["why"].tolist() == list(whys)
    assert tables["reasons"]["limits"][5] == "budget state|people design_engineers"
    assert tables["units"]["binds"].all()


def test_a_step_without_which_a_target_is_missed_is_in_for_that():
    problem = make_plan(4, years=4, gates=(1,), steps=4, partners=1, scenarios=2, tight=2.0)
    most = find_reach(problem.change(targets=Targets(np.array([4.0]), problem.tree.years[-1:], ready=np.ones((1, 4)))))
    asked = problem.change(targets=Targets(most.problem.targets.level, problem.tree.years[-1:], ready=np.ones((1, 4))))
    questions = questions_of(asked, held=True)
    reasons = [reason for reason in explain_steps(questions) if reason.inside]
    missing = [reason for reason in reasons if reason.why == "target"]
    assert missing, "every start counts, so none can be left out"
    assert {reason.targets for reason in missing} == {(0,)}
    assert all(np.isinf(reason.low) for reason in missing)
    without = [reason for reason in explain_steps(questions_of(problem, held=True)) if reason.why == "target"]
    assert not without
