"""Of every impossible plan the known cause is named, and every repair has been tried out."""

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.case import load_case
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change, loosen, round_up
from pondasi.plan.narrow import keep_what_helps, merge_futures
from pondasi.plan.repair import find_possible, read_weights, repair_plan
from pondasi.plan.strategy import build_strategy
from pondasi.plan.tell_repair import name_item, tabulate_repairs, tell_repairs
from pondasi.solver import InfeasibleError
from pondasi.words import LANGUAGES, Words
from tests.plan.impossible.corpus import CASES, by, must, small
from tests.plan.random_plans import make_plan

KEPT = 1e-5
"""By how much the solver's plan may break a row whose entries go up to a few hundred: its own 1e-7, scaled."""


def mark(name):
    """Whole cases of a country take long; the small ones are tried in every run."""
    return pytest.param(name, marks=pytest.mark.long if name.startswith(("IDN", "MYS")) else ())


@pytest.fixture(scope="module", params=[mark(name) for name in CASES], ids=str)
def tried(request):
    make, cause = CASES[request.param]
    problem = make()
    weights = read_weights(load_case("IDN"))
    return problem, cause, repair_plan(problem, weights=weights)


def test_the_known_cause_is_named(tried):
    _, cause, report = tried
    assert not report.possible
    if isinstance(cause, str):
        assert cause in {conflict.nature for conflict in report.conflicts}
        # Where nature forbids it, every way gives up something that was asked for.
        assert all({kind for kind, _ in repair.limits} & {"commitment", "target"} for repair in report.repairs)
    else:
        assert not report.conflicts
        named = {
            (change.kind, name_item(report.problem, change)) for repair in report.repairs for change in repair.changes
        }
        assert cause in named


def test_every_repair_differs_and_has_been_tried_out(tried):
    problem, _, report = tried
    assert report.repairs
    for k, repair in enumerate(report.repairs):
        for other in report.repairs[k + 1 :]:
            assert not repair.limits <= other.limits
            assert not other.limits <= repair.limits
            assert len(repair.limits) <= len(other.limits)
        assert all(change.amount == round_up(change).amount for change in repair.changes)
        # The plan that was found keeps every row of the problem with just these limits loosened, built anew.
        layout = repair.plan.layout
        fresh = build_strategy(layout.problem)
        loosened = loosen(problem, repair.changes)
        assert (layout.problem.limits.budget == loosened.limits.budget).all()
        assert (layout.problem.menu.latest == loosened.menu.latest).all()
        value, (low, high) = fresh.matrix @ repair.plan.x, fresh.ends
        assert (value >= low - KEPT * (1 + np.abs(value))).all()
        assert (value <= high + KEPT * (1 + np.abs(value))).all()


@pytest.mark.long
@pytest.mark.parametrize(
    "tried", ["IDN: two laws that exclude each other", "MYS: partners pay for a plant"], indirect=True
)
def test_a_report_is_told_in_every_language(tried):
    _, _, report = tried
    case = load_case(report.problem.home)
    told = [tell_repairs(case, report, Words(language), "plain") for language in LANGUAGES]
    assert len({len(lines) for lines in told}) == 1
    assert all("{" not in line for lines in told for line in lines)
    table = tabulate_repairs(report)
    assert len(table) == sum(len(repair.changes) for repair in report.repairs)
    assert (table["amount"] != 0).all()


@pytest.mark.parametrize("name", ["no state money", "power for one of two", "a circle of two", "money and people both"])
def test_the_engine_agrees_before_and_after(name):
    problem = CASES[name][0]()
    with pytest.raises(InfeasibleError):
        solve_benders(problem)
    for repair in repair_plan(problem).repairs:
        answer = solve_benders(repair.problem, gap=0.01)
        # The plan of the repair is one of those that the engine chooses from.
        assert answer.cost <= repair.plan.cost * (1 + 1e-6) + 1e-6


def test_a_bit_less_does_not_do():
    problem = CASES["state money of one year"][0]()
    (repair,) = [one for one in repair_plan(problem).repairs if one.limits == {("budget", 0)}]
    (change,) = repair.changes
    # 70 % of 20, at the cheapest partner's cost, is paid in the first year, and there is 1.
    options = problem.options
    short = 0.7 * 20 * options.cost_factor[options.step == 0, 0].min() - 1
    assert short <= change.amount < short + 0.1, "rounded up to three digits, and no more"
    less = Change(change.kind, change.item, change.year, short * 0.999, change.limit)
    assert find_possible(loosen(problem, [less])) is None


def test_weights_decide_which_limit_gives_way():
    problem = small(menu={"must": must(0), "latest": by(s0=2026)}, limits={"budget": np.zeros((2, len(small().tree)))})
    # Both purses are needed, so the ways are: money of both, or the promise.
    by_money = repair_plan(problem, weights={"commitment": 1e6}).repairs
    assert by_money[0].limits == {("commitment", 0)}, "fewest limits come first, whatever they cost"
    assert {("budget", 0), ("budget", 1)} <= by_money[1].limits
    assert by_money[0].cost == pytest.approx(1e8)


def test_what_can_be_needs_no_repair():
    report = repair_plan(make_plan(1, scenarios=2))
    assert report.possible
    assert report.repairs == ()


def test_one_future_under_the_tightest_limits_is_on_the_safe_side():
    problem = make_plan(5, years=4, gates=(1, 2), steps=3, scenarios=2, tight=0.6)
    problem = problem.change(menu={"must": np.array([True, False, False])})
    merged = merge_futures(problem)
    assert len(merged.tree) == len(problem.tree.years)
    if find_possible(merged) is not None:
        assert find_possible(problem) is not None
    for n, year in enumerate(problem.tree.year):
        t = int(np.searchsorted(merged.tree.year, year))
        assert (merged.limits.budget[:, t] <= problem.limits.budget[:, n]).all()
        assert (merged.options.open[:, t] <= problem.options.open[:, n]).all()


def test_steps_that_only_take_are_left_out():
    problem = small(menu={"must": must(0), "before": ((0, 1),)})
    kept = keep_what_helps(problem)
    assert set(kept.options.step[Layout(kept).starts[0]].tolist()) == {0, 1}
