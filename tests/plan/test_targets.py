"""Targets: the engine, the extensive form and plain sums agree; what is out of reach is lowered as little as can be."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.build_targets import need_nodes
from pondasi.plan.build_year import find_capacity
from pondasi.plan.case import load_case
from pondasi.plan.coalitions import Coalitions, restrict_partners
from pondasi.plan.conflicts import find_earliest
from pondasi.plan.extensive import solve_extensive
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import loosen
from pondasi.plan.price import without_steps
from pondasi.plan.questions import ask_about
from pondasi.plan.reach import find_reach, find_way
from pondasi.plan.repair import find_possible
from pondasi.plan.rules_targets import split_subjects
from pondasi.plan.targets import Targets, measure_targets, most_of_target
from pondasi.plan.unit_worth import worth_of_units
from pondasi.tables.rows import list_rows
from tests.plan.random_plans import make_plan

FINE = 1e-5


def ask(problem, draws, *, far=1.0):
    """Return a problem that is asked for a part of what a plan of it reaches: output, steps, people."""
    options, tree = problem.options, problem.tree
    number, steps = len(options), len(problem.labels.steps)
    targets = Targets(
        np.ones(3),
        np.full(3, tree.years[-1]),
        running=np.array([draws.uniform(0, 5, number), np.zeros(number), np.zeros(number)]),
        ready=np.array([np.zeros(steps), np.ones(steps), np.zeros(steps)]),
        trained=np.array([[0.0], [0.0], [1.0]]),
    )
    first = find_earliest(problem)
    most = [most_of_target(problem.change(targets=targets), i, first) for i in range(3)]
    reach = find_reach(
        problem.change(
            targets=Targets(np.array(most), targets.year, targets.running, None, targets.ready, targets.trained)
        )
    )
    level = reach.problem.targets.level * far
    return problem.change(targets=Targets(level, targets.year, targets.running, None, targets.ready, targets.trained))


@pytest.mark.referee
@pytest.mark.parametrize("seed", [0, 3, 4, 5, 7])
def test_the_engine_agrees_with_the_extensive_form(seed):
    draws = np.random.default_rng(seed)
    problem = ask(make_plan(seed, years=4, gates=(1,), steps=4, partners=1, scenarios=3, tight=2.0), draws, far=0.9)
    every = solve_extensive(problem)
    found = solve_benders(problem, gap=0.0)
    assert found.cost == pytest.approx(every.cost, rel=FINE)
    assert found.bound <= every.cost * (1 + FINE) + FINE
    last = problem.tree.year == problem.tree.years[-1]
    reached = measure_targets(problem, found.layout, found.x)[:, last]
    assert (reached >= problem.targets.level[:, None] * (1 - FINE)).all()
    without = solve_benders(problem.change(targets=Targets()), gap=0.0)
    assert without.cost < found.cost - FINE * abs(found.cost), "these targets cost something"


@pytest.mark.parametrize("seed", range(4))
def test_what_can_be_reached_is_asked_for_in_full_and_no_more(seed):
    problem = make_plan(seed, years=5, gates=(1,), steps=4, partners=1, scenarios=2, tight=2.0)
    asked = ask(problem, np.random.default_rng(seed))
    reach = find_reach(asked)
    assert not len(reach.lowered)
    assert find_possible(reach.problem) is not None
    level = asked.targets.level
    for i in np.flatnonzero(level > 0):
        # One alone may be reached further than all together, but what all bounds together say holds for it.
        alone = asked.targets.lower(np.where(np.arange(len(level)) == i, level * 1.5, 0.0))
        far = find_reach(asked.change(targets=alone))
        assert far.problem.targets.level[i] >= level[i] * 0.99
        assert find_possible(far.problem) is not None


def test_a_target_out_of_reach_is_lowered_to_what_a_plan_reaches():
    problem = make_plan(3, years=5, gates=(1,), steps=4, partners=1, scenarios=2)
    people = Targets(np.array([1e9]), problem.tree.years[-1:], trained=np.ones((1, 1)))
    reach = find_reach(problem.change(targets=people))
    assert reach.lowered.tolist() == [0]
    assert reach.problem.targets.asked.tolist() == [1e9]
    layout = Layout(reach.problem)
    nothing = measure_targets(problem.change(targets=people), layout, without_steps(problem, layout))[0]
    last = problem.tree.year == problem.tree.years[-1]
    assert reach.problem.targets.level[0] >= nothing[last].min() * 0.99
    reached = measure_targets(reach.problem, layout, reach.x)[0, last].min()
    assert reach.problem.targets.level[0] <= reached < 1e9


def test_targets_that_are_reached_anyway_cost_nothing():
    problem = make_plan(4, years=4, gates=(1,), steps=3, partners=1, scenarios=2)
    free = solve_benders(problem, gap=0.0)
    reached = measure_targets(
        problem.change(targets=Targets(np.zeros(1), problem.tree.years[-1:], ready=np.ones((1, 3)))),
        free.layout,
        free.x,
    )
    level = reached[0, problem.tree.year == problem.tree.years[-1]].min()
    asked = problem.change(targets=Targets(np.array([level]), problem.tree.years[-1:], ready=np.ones((1, 3))))
    assert solve_benders(asked, gap=0.0).cost == pytest.approx(free.cost, rel=FINE)


@pytest.fixture(scope="module")
def shipped():
    """Return the shipped case, and the problem that it makes."""
    case = load_case("IDN")
    return case, build_problem(case, scenarios=2, offers=1)


def edit(case, **columns):
    """Return a case whose one target is the first of the shipped ones, changed."""
    table = case.tables["targets"].iloc[:1].copy()
    for name, value in columns.items():
        table[name] = value
    return replace(case, tables={**case.tables, "targets": table})


def test_the_table_counts_what_it_says(shipped):
    case, problem = shipped
    asked = {row["target"]: row for row in list_rows(case.tables["targets"])}
    assert problem.labels.targets == tuple(asked)
    layout = Layout(problem)
    nothing = measure_targets(problem, layout, without_steps(problem, layout))
    for i, name in enumerate(problem.labels.targets):
        n = int(np.flatnonzero(problem.tree.year == asked[name]["year"])[0])
        if asked[name]["measure"] == "trained":
            skills = split_subjects(asked[name]["subject"]) or problem.labels.skills
            talent = case.tables["talent"].query("quantity == 'inflow'")
            come = talent[talent["skill"].isin(skills) & (talent["year"] <= asked[name]["year"])]["value"].sum()
            assert nothing[i, n] == pytest.approx(come)
        else:
            assert nothing[i, n] == 0


@pytest.mark.parametrize("measure", ["output", "cover"])
def test_output_is_what_may_be_expected_of_plants_at_home(shipped, measure):
    case, _ = shipped
    changed = edit(case, measure=measure, subject="atp_wirebond|test_service", value=1.0, unit="USD/year", year=2040)
    problem = build_problem(changed, scenarios=2, offers=1)
    layout = Layout(problem)
    x = without_steps(problem, layout)
    today = measure_targets(problem, layout, x)[0]
    o, n = int(np.flatnonzero(problem.targets.running[0])[0]), len(problem.tree) - 1
    x[layout.at("running", o, n)] = 2.0
    step = problem.labels.steps[problem.options.step[o]]
    capacity = find_capacity(case)[step][1] / 1e6
    works = problem.options.success[o, n] * problem.options.output_factor[o, n]
    need = need_nodes(problem.operations, ("atp_wirebond", "test_service"))[n] if measure == "cover" else 1.0
    more = measure_targets(problem, layout, x)[0, n] - today[n]
    assert need > 0
    assert more == pytest.approx(2 * capacity * works / need)
    assert today[n] > 0, "Indonesia packages today"


def test_a_way_to_a_target_out_of_reach_is_tried_out(shipped):
    _, problem = shipped
    reach = find_reach(problem)
    assert reach.lowered.size
    for i in reach.lowered:
        changes = find_way(reach.problem, int(i))
        assert changes
        assert not {change.kind for change in changes} & {"target"}
        level = reach.problem.targets.level.copy()
        level[i] = reach.problem.targets.asked[i]
        asked = reach.problem.change(targets=reach.problem.targets.lower(level))
        assert find_possible(asked) is None
        assert find_possible(loosen(asked, changes)) is not None


def test_a_target_in_the_mean_is_held_by_the_mean():
    problem = make_plan(5, years=4, gates=(1,), steps=4, partners=1, scenarios=2)
    ready = np.ones((1, 4))
    most = Targets(np.array([4.0]), problem.tree.years[-1:], ready=ready, mean=np.array([True]))
    level = find_reach(problem.change(targets=most)).problem.targets.level[0]
    each = Targets(np.array([4.0]), problem.tree.years[-1:], ready=ready)
    assert level >= find_reach(problem.change(targets=each)).problem.targets.level[0] - 0.01
    asked = problem.change(targets=most.lower([level]))
    found = solve_benders(asked, gap=0.0)
    last = problem.tree.year == problem.tree.years[-1]
    reached = measure_targets(asked, found.layout, found.x)[0, last]
    assert problem.tree.probability[last] @ reached >= level - FINE
    assert found.cost == pytest.approx(solve_extensive(asked).cost, rel=FINE)


def test_a_partner_is_weighed_by_what_both_plans_can_reach():
    problem = make_plan(8, years=4, gates=(1,), steps=4, partners=2, scenarios=2)
    targets = Targets(np.full(1, 1e9), problem.tree.years[-1:], ready=np.ones((1, 4)))
    game = Coalitions(find_reach(problem.change(targets=targets)).problem)
    nobody = find_reach(restrict_partners(problem.change(targets=targets), ()))
    assert game.problem.targets.level == pytest.approx(nobody.problem.targets.level)
    assert game.solve(0, 1.0).low <= game.solve(game.everyone, 1.0).high + 1.0


def test_a_tenth_less_of_a_target_is_worth_what_the_engine_finds_for_it():
    problem = ask(
        make_plan(3, years=4, gates=(1,), steps=4, partners=1, scenarios=2), np.random.default_rng(3), far=0.9
    )
    found = solve_benders(problem, gap=0.0)
    questions = ask_about(problem, found, 1.0, held=False, gap=0.0)
    units = [unit for unit in worth_of_units(questions, years=1) if unit.change.kind == "target"]
    assert [unit.change.item for unit in units] == np.flatnonzero(problem.targets.level > 0).tolist()
    for unit in units:
        assert unit.change.amount == pytest.approx(0.1 * problem.targets.level[unit.change.item])
        less = solve_extensive(loosen(problem, [unit.change])).cost
        gain = found.cost - less
        room = FINE * abs(found.cost)
        assert unit.low - room <= gain <= unit.high + room
    assert any(unit.high > FINE * abs(found.cost) for unit in units), "some target costs something"
