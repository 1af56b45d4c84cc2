"""A plan of the joined futures on all futures of the data: nodes match, nothing is nothing, and what cannot be kept is dropped."""

import numpy as np
import pytest

from pondasi.plan.all_futures import FullValue, match_nodes, open_all_futures, settle_money, value_on_all_futures
from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.layout import Layout
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.solve import Plan
from pondasi.plan.strategy import build_strategy
from pondasi.plan.targets import Targets
from pondasi.plan.tell_worth import tell_all_futures, tell_fresh, tell_worth
from pondasi.plan.values import FreshValue
from pondasi.plan.worth import measure_worth
from pondasi.words import LANGUAGES, Words
from tests.plan.random_plans import make_plan


@pytest.fixture(scope="module")
def plan():
    """Return a plan that starts one thing alone in the first year, and one with a partner after the first gate."""
    case = load_case("IDN")
    problem = build_problem(case, scenarios=3)
    # Nothing is asked for, so that a plan of a few starts keeps every limit.
    problem = problem.change(
        menu={"must": np.zeros(len(problem.labels.steps), dtype=bool), "before": (), "together": ()}, targets=Targets()
    )
    strategy = build_strategy(problem)
    layout = strategy.layout
    option, node = layout.starts
    alone = problem.options.partner[option] < 0
    rich = problem.limits.budget.sum()
    cheap = problem.options.cash[option].sum(axis=1) * problem.options.size_min[option]
    first = np.flatnonzero((node == 0) & alone)
    after = np.flatnonzero((problem.tree.year[node] == 2030) & ~alone)
    x = without_steps(problem, layout)
    for k in (first[np.argmin(cheap[first])], after[np.argmin(cheap[after])]):
        assert cheap[k] < rich
        x[layout.at("z", int(k))] = 1
        x[layout.at("size", int(k))] = max(problem.options.size_min[option[k]], 1e-3)
    held = settle_money(strategy, x)
    assert held is not None
    reference = evaluate(problem, layout, without_steps(problem, layout)).cost
    return Plan(case, problem, evaluate(problem, layout, held), reference, 0.05)


def test_every_future_belongs_to_one_that_it_was_joined_into(plan):
    full = build_problem(plan.case, scenarios=3, full_tree=True).tree
    reduced = plan.problem.tree
    nodes = match_nodes(plan.case, full, reduced)
    assert (reduced.year[nodes] == full.year).all()
    for k in range(len(reduced)):
        assert full.probability[nodes == k].sum() == pytest.approx(reduced.probability[k])
    later = full.parent >= 0
    assert (nodes[full.parent[later]] == reduced.parent[nodes[later]]).all(), "paths lead along paths"


@pytest.mark.long
def test_the_plan_is_priced_on_all_futures_and_what_is_lost_is_said(plan, monkeypatch):
    full = open_all_futures(plan).change(menu={"must": plan.problem.menu.must, "before": (), "together": ()})
    monkeypatch.setattr("pondasi.plan.all_futures.open_all_futures", lambda *_: full)
    found = value_on_all_futures(plan, gap=0.05)
    assert found.futures == 36
    assert found.joined == plan.value
    assert found.low <= found.high
    assert 0 <= found.kept <= 1
    if found.kept == 1:
        assert found.low == found.high
    nothing = without_steps(plan.problem, plan.answer.layout)
    idle = Plan(plan.case, plan.problem, evaluate(plan.problem, plan.answer.layout, nothing), plan.reference, 0.05)
    found = value_on_all_futures(idle)
    assert (found.low, found.high, found.kept) == pytest.approx((0.0, 0.0, 1.0), abs=1e-6)
    closed = full.change(options={"open": full.options.open & (full.options.partner < 0)[:, None]})
    monkeypatch.setattr("pondasi.plan.all_futures.open_all_futures", lambda *_: closed)
    found = value_on_all_futures(plan, gap=0.05)
    assert found.kept < 1


def test_money_that_is_not_there_is_not_settled():
    problem = make_plan(8, years=3, gates=(1,), scenarios=2)
    problem = problem.change(limits={"budget": problem.limits.budget * 0, "loan": problem.limits.loan * 0})
    strategy = build_strategy(problem)
    x = without_steps(problem, strategy.layout)
    assert settle_money(strategy, x) is not None
    costly = np.argmax(problem.options.cash[strategy.layout.starts[0]].sum(axis=1))
    x[strategy.layout.at("z", int(costly))] = 1
    x[strategy.layout.at("size", int(costly))] = 1
    assert settle_money(strategy, x) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_it_is_worth_is_told_in_every_language(language):
    words, problem = Words(language), make_plan(8, years=3, gates=(1,), scenarios=2)
    layout = Layout(problem)
    nothing = evaluate(problem, layout, without_steps(problem, layout))
    worth = measure_worth(problem, nothing, nothing.cost, gap=0.01)
    told = tell_worth(worth, problem.tree, words)
    assert len(told) >= 4
    told.append(tell_fresh(FreshValue(5.0, 4.0, 3.0, 5.0, np.array([3.0, 5.0])), words))
    pays = (
        FreshValue(5.0, 4.0, low, high, np.array([3.0, 5.0])) for low, high in ((3.0, 5.0), (-1.0, 5.0), (-4.0, -1.0))
    )
    assert len({tell_fresh(fresh, words)[-40:] for fresh in pays}) == 3
    told.append(tell_all_futures(value_of(0.8), words))
    told.append(tell_all_futures(value_of(1.0), words))
    assert not [line for line in told if "{" in line]
    assert any("80" in line for line in told)


def value_of(kept):
    return FullValue(10.0, 7.0, 8.0, 36, kept)
