"""Time that ends before a plan is found: what is known by then is said, and nothing that was found is lost."""

import numpy as np
import pytest

from pondasi.plan.alternatives import find_alternatives
from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.questions import ask_about
from pondasi.plan.reasons import Reason, explain_steps
from pondasi.plan.solve import Plan
from pondasi.plan.tell_reasons import tell_reasons
from pondasi.plan.tell_worth import tell_worth
from pondasi.plan.unit_worth import UnitWorth, worth_of_units
from pondasi.plan.worth import measure_worth
from pondasi.solver import OutOfTimeError
from pondasi.words import LANGUAGES, Words
from tests.plan.random_plans import make_plan

CLOSE = 1e-5
"""Relative to all costs: the gaps of two solves."""


@pytest.fixture
def problem():
    return make_plan(2, years=3, gates=(1,), scenarios=3)


@pytest.fixture
def no_time(monkeypatch):
    """Let no search for whole starts that has a limit of time find a plan of its own."""
    from pondasi.plan.master import Master

    search = Master.search

    def fail(self, among, gap, seconds, known):
        if seconds is None:
            return search(self, among, gap, seconds, known)
        raise OutOfTimeError

    return lambda: monkeypatch.setattr(Master, "search", fail)


def plan_of(problem):
    pool = CutPool()
    answer = solve_benders(problem, gap=0, pool=pool)
    reference = evaluate(problem, answer.layout, without_steps(problem, answer.layout)).cost
    return answer, reference, pool


def test_a_search_without_a_plan_says_its_bound_or_goes_on_to_the_first(problem, no_time):
    whole = solve_benders(problem, gap=0)
    no_time()
    with pytest.raises(OutOfTimeError) as ended:
        solve_benders(problem, scale=1.0, seconds=1, insist=False)
    assert np.isfinite(ended.value.bound)
    assert ended.value.bound <= whole.cost + CLOSE * abs(whole.cost)
    first = solve_benders(problem, scale=1.0, seconds=1)
    assert first.cost >= whole.cost - CLOSE * abs(whole.cost)


def test_a_plan_that_is_known_is_not_lost(problem, no_time):
    nothing = without_steps(problem, Layout(problem))
    known = evaluate(problem, Layout(problem), nothing).cost
    no_time()
    found = solve_benders(problem, scale=1.0, seconds=1, insist=False, suggestion=nothing)
    assert found.cost <= known + CLOSE * abs(known)
    assert found.bound <= found.cost


def test_reasons_have_an_interval_or_say_what_is_not_known(problem, no_time):
    answer, reference, pool = plan_of(problem)
    exact = explain_steps(ask_about(problem, answer, reference - answer.cost, gap=1e-6, pool=pool))
    assert {reason.inside for reason in exact} == {True, False}, "else the test says nothing of one of them"
    no_time()
    questions = ask_about(problem, answer, reference - answer.cost, gap=1e-6, seconds=1, pool=pool)
    size = CLOSE * abs(answer.cost)
    for hasty, true in zip(explain_steps(questions), exact, strict=True):
        assert hasty.inside == true.inside
        assert hasty.low <= true.high + size
        if hasty.inside:
            assert hasty.high >= true.low - size, "the plan less the step is a plan"
            assert hasty.delay_high >= true.delay_low - size
        elif hasty.why in {"closed", "limit"}:
            assert hasty.why == true.why
        elif hasty.why == "unknown":
            assert np.isnan(hasty.high)
        else:
            assert hasty.high >= true.low - size, "the plan with the step is a plan"
    assert all(unit.high >= unit.low >= 0 for unit in worth_of_units(questions, years=1))


def test_no_time_at_all_leaves_every_question_open_and_none_raises(problem):
    answer, reference, pool = plan_of(problem)
    questions = ask_about(problem, answer, reference - answer.cost, together=0, pool=pool)
    reasons = explain_steps(questions)
    assert {reason.why for reason in reasons} <= {"unknown", "closed", "committed"}
    assert all(np.isnan(reason.delay_high) for reason in reasons if reason.inside)
    units = worth_of_units(questions, years=1)
    assert all(np.isnan(unit.high) == unit.binds for unit in units)


def test_a_step_that_the_commitments_need_is_named_so(problem):
    answer, _, pool = plan_of(problem)
    reason = next(reason for reason in explain_steps(ask_about(problem, answer, 1.0, pool=pool)) if reason.inside)
    other = next(j for j in range(len(problem.labels.steps)) if j != reason.step)
    must = np.zeros(len(problem.labels.steps), dtype=bool)
    must[other] = True
    latest = problem.menu.latest.copy()
    latest[:] = problem.tree.year.max()
    menu = {"must": must, "latest": latest, "before": (), "together": ((other, reason.step),), "excludes": ()}
    limits = {name: getattr(problem.limits, name) * 100 for name in ("budget", "stock", "inflow", "resource")}
    needy = problem.change(menu=menu, limits=limits)
    found = solve_benders(needy, gap=0)
    told = explain_steps(ask_about(needy, found, 1.0), [reason.step])
    assert [one.why for one in told] == ["required"]
    assert np.isinf(told[0].low)


def test_worth_and_other_plans_are_unknown_and_hold(problem, no_time):
    answer, reference, _ = plan_of(problem)
    exact = measure_worth(problem, answer, reference, gap=1e-6)
    no_time()
    hasty = measure_worth(problem, answer, reference, gap=1e-6, seconds=1)
    size = CLOSE * abs(answer.cost)
    assert hasty.kept == "unknown"
    assert hasty.plans.loc[["mean", "wait", "fixed"], "low"].isna().all()
    for name in ("wait", "fixed"):
        assert hasty.plans.loc[name, "high"] >= exact.plans.loc[name, "low"] - size
    assert hasty.gains.loc[["stochastic", "waiting", "adapting"], "high"].isna().all()
    assert np.isfinite(hasty.gains.loc["information", "high"])
    assert (hasty.gains["low"] <= exact.gains["high"] + size).all()
    for language in LANGUAGES:
        told = tell_worth(hasty, problem.tree, Words(language))
        assert all("nan" not in line and "{" not in line for line in told)
    others = find_alternatives(problem, answer, reference, 1, gap=0.01, seconds=1)
    assert len(others.answers) == 1
    assert np.isinf(others.plans["most_distance"].iloc[-1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_known_is_told(language):
    case = load_case("IDN")
    problem = build_problem(case, scenarios=3)
    answer = evaluate(problem, Layout(problem), without_steps(problem, Layout(problem)))
    plan = Plan(case, problem, answer, answer.cost, 0.01)
    reasons = [
        Reason(0, 1.0, "unknown", 3.0, np.nan, delay_low=2.0, delay_high=np.nan),
        Reason(1, 1.0, "required", np.inf, np.inf, delay_low=np.inf, delay_high=np.inf),
        Reason(2, 0.0, "unknown", -4.0, np.nan),
        Reason(3, 0.0, "unknown", -np.inf, np.nan),
        Reason(4, 0.0, "unknown", 5.0, np.nan),
    ]
    change = Change("budget", 0, 2028, 1.0, 1.0)
    told = tell_reasons(plan, reasons, [UnitWorth(change, 0.0, np.nan, binds=True)], Words(language))
    assert len(told) == len(reasons) + 2
    assert all(text not in line for line in told for text in ("nan", "inf ", "{"))
    assert "3" in told[0]
    # What it could gain, not a loss below zero.
    assert "4" in told[2]
    assert "-4" not in told[2]
    assert "5" in told[4]
    assert len(set(told)) == len(told)
