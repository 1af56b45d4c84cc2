"""What a year costs by which steps stand: the cuts bound every whole plan, and say more than others of fractions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.plan.benders import solve_benders
from pondasi.plan.cuts import CutPool, build_cut
from pondasi.plan.disjunction import make_doubts, make_frame, weigh_terms
from pondasi.plan.layout import Layout
from pondasi.plan.master import Master
from pondasi.plan.objective import measure_risk
from pondasi.plan.operations import make_setting, sweep_node
from pondasi.plan.price import points_of
from pondasi.plan.strategy import build_strategy
from tests.plan.random_plans import make_plan, small_plans


def mix_plans(problem, draws, whole):
    """Return all variables that sums over starts make, with starts drawn: whole and once a path, or in any fraction."""
    layout, options = Layout(problem), problem.options
    option, node = layout.starts
    tree, step = problem.tree, options.step
    z = np.zeros(len(option))
    for k in draws.permutation(len(option)):
        mates = (step[option] == step[option[k]]) & (tree.above[node[k]][node] | tree.above[node, node[k]])
        left = 1 - max(
            (z[mates & tree.above[leaf][node]].sum() for leaf in tree.leaves if tree.above[leaf][node[k]]), default=0
        )
        z[k] = float(draws.random() < left) * (left > 0.99) if whole else draws.random() * max(left, 0)
    size = z * draws.uniform(options.size_min[option], options.size_max[option])
    x = np.zeros(layout.columns)
    x[layout.at("z", np.arange(len(z)))] = z
    x[layout.at("size", np.arange(len(z)))] = size
    start, felt, age = layout.pairs
    due = age >= options.lead[option[start]]
    np.add.at(x, layout.at("running", option[start], felt), options.run[option[start], age] * size[start])
    np.add.at(x, layout.at("ready", step[option[start]], felt), due * z[start])
    access = np.indices(layout.shapes["access"])
    x[layout.at("access", *access)] = draws.random(access.shape[1:])
    if problem.risk == "loss":
        years = np.arange(len(tree.years))
        x[layout.at("threshold", years)] = draws.uniform(0, 50, len(years))
    return layout, x


def cuts_at(problem, setting, layout, points):
    found = [[] for _ in range(len(problem.tree))]
    for x in points:
        for point in points_of(problem, layout, x):
            found[point.node].append(build_cut(problem, setting, CutPool().add(point, sweep_node(setting, point))))
    return found


def read(cut, layout, problem, x):
    point = points_of(problem, layout, x)[cut.cut.node]
    return cut.cut.at(point) + float(cut.ready @ layout.read(x, "ready")[:, cut.cut.node])


@pytest.mark.parametrize("risk", ["cost", "loss"])
@given(data=st.data())
@settings(max_examples=15)
def test_no_cut_lies_above_the_cost_of_a_whole_plan(risk, data):
    problem = data.draw(small_plans(scenarios=4, risk=risk))
    draws = np.random.default_rng(data.draw(st.integers(0, 1000)))
    setting, layout = make_setting(problem), Layout(problem)
    points = [mix_plans(problem, draws, whole)[1] for whole in (False, True, False)]
    doubts = make_doubts(problem, layout, points[0], cuts_at(problem, setting, layout, points))
    verdicts = [weigh_terms(make_frame(problem, layout), doubt) for doubt in doubts]
    cuts = [verdict.cut for verdict in verdicts if verdict is not None]
    for _ in range(10):
        _, x = mix_plans(problem, draws, whole=True)
        there = points_of(problem, layout, x)
        true = [measure_risk(problem, sweep_node(setting, point).values) for point in there]
        for cut in cuts:
            assert read(cut, layout, problem, x) <= true[cut.cut.node] + 1e-6 * (1 + abs(true[cut.cut.node]))


def test_a_proposal_in_fractions_costs_more_than_the_cuts_say_and_where_it_stands_whole_as_much():
    problem, draws = make_plan(5, scenarios=3, steps=4), np.random.default_rng(3)
    setting, layout = make_setting(problem), Layout(problem)
    corners = [mix_plans(problem, draws, whole=True)[1] for _ in range(12)]
    _, x = mix_plans(problem, draws, whole=False)
    found = cuts_at(problem, setting, layout, [*corners, x])
    frame, more = make_frame(problem, layout), 0
    for doubt in make_doubts(problem, layout, x, found):
        said = max(cut.at(doubt.point) for cut in found[doubt.point.node])
        verdict = weigh_terms(frame, doubt)
        if verdict is None:
            continue
        size = 1e-6 * (1 + abs(said))
        assert verdict.cost >= said - size
        # The cut passes through what the terms say at the proposal itself.
        assert read(verdict.cut, layout, problem, x) == pytest.approx(verdict.cost, abs=size)
        more += verdict.cost > said + size
        assert sum(point.node == doubt.point.node for point in verdict.points) >= 1
    assert more > 0
    # What stands whole is in no doubt.
    assert all(weigh_terms(frame, doubt) is None for doubt in make_doubts(problem, layout, corners[0], found))


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_size_of_money_changes_nothing(factor):
    problem, draws = make_plan(5, scenarios=3, steps=4), np.random.default_rng(3)
    layout = Layout(problem)
    points = [mix_plans(problem, draws, whole)[1] for whole in (True, True, False)]
    other = problem.change(operations={"cost": problem.operations.cost * factor})
    verdicts = []
    for one in (problem, other):
        doubts = make_doubts(one, layout, points[-1], cuts_at(one, make_setting(one), layout, points))
        verdicts.append([weigh_terms(make_frame(one, layout), doubt) for doubt in doubts])
    told = [(a, b) for a, b in zip(*verdicts, strict=True) if a is not None]
    assert len(told) > 0
    for a, b in told:
        # Duals are kept in single precision.
        assert b.cost == pytest.approx(a.cost * factor, rel=1e-5)


def test_the_bound_of_fractions_comes_nearer_to_the_best_plan():
    gained = 0
    for seed in range(6):
        problem, pool = make_plan(seed, scenarios=3, steps=3, needs=0.3), CutPool()
        best = solve_benders(problem, gap=0, pool=pool)
        layout, setting = best.layout, make_setting(problem)
        found = [[] for _ in range(len(problem.tree))]
        for record in pool.records:
            found[record.point.node].append(build_cut(problem, setting, record))
        master = Master(problem, build_strategy(problem), None)
        master.add_cuts([cut for of_node in found for cut in of_node])
        frame, bounds = make_frame(problem, layout), [master.relax().bound]
        for _ in range(4):
            doubts = make_doubts(problem, layout, master.relax().x, found)
            cuts = [verdict.cut for doubt in doubts if (verdict := weigh_terms(frame, doubt)) is not None]
            master.add_cuts([cut.cut for cut in cuts], np.array([cut.ready for cut in cuts]))
            bounds.append(master.relax().bound)
        size = 1e-6 * abs(best.cost)
        assert all(later >= earlier - size for earlier, later in pairwise(bounds))
        assert bounds[-1] <= best.cost + size
        gained += bounds[-1] > bounds[0] + size
    assert gained > 0
