"""A plan as tables and sentences, from one that is solved in a second."""

import dataclasses

import numpy as np
import pytest

from pondasi.currency import Money, find_rate, in_millions
from pondasi.plan.build import RUNS, build_problem
from pondasi.plan.build_year import find_plants
from pondasi.plan.carry import move_plan
from pondasi.plan.case import load_case
from pondasi.plan.layout import Layout
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.roadmap import (
    tabulate_money,
    tabulate_people,
    tabulate_plan,
    tabulate_starts,
    tell_partner,
    tell_plan,
)
from pondasi.plan.solve import PartnerGain, Plan, leave_out, take_better
from pondasi.plan.values import value_afresh
from pondasi.words import LANGUAGES, Words


@pytest.fixture(scope="module")
def plan():
    """Return a plan that starts two things by hand: not the best, and every figure of it is known."""
    case = load_case("IDN")
    problem = build_problem(case, scenarios=3)
    layout = Layout(problem)
    option, node = layout.starts
    x = without_steps(problem, layout)
    root = np.flatnonzero(node == 0)
    later = np.flatnonzero(problem.tree.year[node] == 2030)
    alone = problem.options.partner[option] < 0
    plants = [problem.labels.steps.index(step) for step in find_plants(case)]
    chosen = [root[alone[root]][0], later[~alone[later] & np.isin(problem.options.step[option[later]], plants)][0]]
    x[layout.at("z", np.array(chosen))] = 1
    x[layout.at("size", np.array(chosen))] = 2.0
    for k in chosen:
        start, felt, age = layout.pairs
        mine = start == k
        o = option[k]
        for block, profile in (("spent", problem.options.cash), ("running", problem.options.run)):
            np.add.at(x, layout.at(block, np.full(mine.sum(), o), felt[mine]), 2.0 * profile[o, age[mine]])
    answer = evaluate(problem, layout, x)
    reference = evaluate(problem, layout, without_steps(problem, layout)).cost
    return Plan(case, problem, answer, reference, 0.01), chosen


def test_tables_hold_what_was_started_and_what_it_takes(plan):
    plan, chosen = plan
    tables = tabulate_plan(plan)
    option, node = plan.answer.layout.starts
    assert len(tables["starts"]) == 2
    assert tables["starts"]["modules"].tolist() == [2.0, 2.0]
    assert tables["starts"]["year"].tolist() == [2026, 2030]
    assert tables["starts"]["partner"].isna().tolist() == [True, False]
    paid = tabulate_money(plan)["paid"].groupby("year").sum()
    options, tree = plan.problem.options, plan.problem.tree
    for year in (2026, 2031):
        due = 0.0
        for k in chosen:
            felt = tree.year[node[k]] <= year
            reach = tree.probability[node[k]]
            if felt:
                o = option[k]
                due += (
                    reach
                    * 2
                    * options.cash[o, year - tree.year[node[k]]]
                    * options.cost_factor[o, 0]
                    * options.purse_share[o].sum()
                )
        assert paid[year] == pytest.approx(due)
    assert (tabulate_people(plan)["needed"] >= 0).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_is_told_in_every_language(plan, language):
    plan, _ = plan
    told = tell_plan(plan, Words(language))
    assert len(told) >= 6
    assert not [line for line in told if "{" in line]
    assert sum("2030" in line for line in told) >= 1
    gain = PartnerGain("JPN", plan, 1.0, 2.5)
    assert "2" in tell_partner(gain, Words(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bound_that_was_not_reached_is_no_number(plan, language):
    plan, _ = plan
    answer = dataclasses.replace(plan.answer, bound=plan.answer.cost - 1e9, finished=False)
    found = dataclasses.replace(plan, answer=answer, reference=plan.answer.cost + 100)
    told = "\n".join(tell_plan(found, Words(language)))
    words = Words(language)
    assert words.say("plan.unfinished_unbounded") in told
    assert "000.000.000" not in told.replace(",", ".")
    gain = PartnerGain("JPN", plan, 1.0, 1e9)
    assert "000" not in tell_partner(gain, words, bounded=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", ["IDR", "JPY"])
def test_a_plan_is_told_in_the_currency_of_its_reader(plan, language, currency):
    plan, _ = plan
    words, dollars = Words(language, find_rate(currency)), find_rate().names[language]
    gain = PartnerGain("JPN", plan, 1.0, 2.5)
    told = [*tell_plan(plan, words), tell_partner(gain, words)]
    assert not [line for line in told if dollars in line]
    assert words.say("plan.value", value=in_millions(plan.value), most=in_millions(plan.most)) == told[0]
    assert sum(find_rate(currency).names[language] in line for line in told) >= 4


def test_on_fresh_years_the_same_decisions_are_priced_anew(plan):
    plan, _ = plan
    fresh = value_afresh(plan, [1, 2, 3])
    assert len(fresh.draws) == 3
    assert fresh.low <= fresh.mean <= fresh.high
    assert fresh.inside == plan.value
    # The draw that the plan was made for gives the value that it was made with.
    same = value_afresh(plan, [0, 0], runs=RUNS * len(plan.problem.operations.weight))
    assert same.draws == pytest.approx([plan.value] * 2)
    assert same.low == pytest.approx(same.high)
    assert fresh.draws.std() > 0


def test_a_plan_is_worth_no_less_than_one_that_was_found_without_a_partner(plan):
    plan, _ = plan
    problem = leave_out(plan.problem, "JPN")
    layout = Layout(problem)
    x, lost = move_plan(plan.answer.x, plan.answer.layout, layout)
    assert lost == 0, "what was chosen by hand has no part of Japan, or this test says nothing"
    nothing = evaluate(plan.problem, plan.answer.layout, without_steps(plan.problem, plan.answer.layout))
    known = dataclasses.replace(plan, answer=dataclasses.replace(nothing, bound=-1.0))
    chosen = dataclasses.replace(plan, problem=problem, answer=evaluate(problem, layout, x))
    better, worse = sorted((known.answer.cost, chosen.answer.cost))
    assert better < worse
    # Whichever of the two is found without the partner.
    for one, other in ((known, chosen), (chosen, known)):
        taken = take_better(one, other)
        assert taken.answer.cost == better
        assert taken.answer.bound == one.answer.bound
        assert taken.problem is one.problem
        again = evaluate(taken.problem, taken.answer.layout, taken.answer.x)
        assert again.cost == pytest.approx(better, rel=1e-9)
        assert taken.answer.values == pytest.approx(again.values)


def test_a_plan_that_reaches_less_is_not_taken_for_a_better_one(plan):
    plan, _ = plan
    targets = plan.problem.targets
    level = targets.level.copy()
    level[-1] = 0.0
    asked = dataclasses.replace(plan, answer=dataclasses.replace(plan.answer, cost=plan.answer.cost + 100.0))
    less = dataclasses.replace(plan, problem=plan.problem.change(targets=targets.lower(level)))
    assert less.answer.cost < asked.answer.cost
    assert take_better(asked, less) is asked
    assert take_better(asked, plan).answer.cost == plan.answer.cost


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_start_is_told_with_its_size_and_what_it_costs_to_build(plan, language):
    plan, _ = plan
    (row, *_) = tabulate_starts(plan).reset_index().to_dict("records")
    costs = plan.case.frame("step_costs")["value"]
    capital = 2.0 * costs.loc[(row["step"], "capex")]
    told = tell_plan(plan, Words(language))
    size = Words(language).say("plan.size_built", n=2.0, capital=Money(capital))
    assert [line for line in told if size in line and str(row["year"]) in line]
    assert told.count(Words(language).say("plan.sizes")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_where_nothing_new_pays_in_the_first_years(plan, language):
    plan, _ = plan
    words = Words(language)
    said = words.say("plan.nothing_new", last="2028")
    assert said not in tell_plan(plan, words)
    must = plan.problem.menu.must.copy()
    first = plan.starts[0]
    must[plan.problem.options.step[first[0]]] = True
    committed = dataclasses.replace(plan, problem=plan.problem.change(menu={"must": must}))
    assert said in tell_plan(committed, words)
