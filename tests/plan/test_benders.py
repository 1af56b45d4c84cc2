"""The engine agrees with the extensive form and with trying everything; its cuts bound; its work can be shared and resumed."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.errors import UsageError
from pondasi.executor import Processes
from pondasi.plan.bases import make_part
from pondasi.plan.benders import solve_benders
from pondasi.plan.cuts import CutPool, build_cut
from pondasi.plan.extensive import solve_extensive
from pondasi.plan.layout import Layout
from pondasi.plan.objective import measure_risk
from pondasi.plan.operations import Point, bound_columns, bound_rows, make_setting, sweep_node
from pondasi.plan.price import evaluate, points_of, without_steps
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, Programme, SolverError
from tests.plan import brute_force
from tests.plan.random_plans import make_plan, small_plans

GAP = 2e-6
"""Relative to all costs: what the engine is asked for at least (1e-6), twice, for the referee has one of its own."""


def agrees(ours, theirs):
    return abs(ours - theirs) <= GAP * abs(theirs)


def started(answer):
    option, node = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 0.5
    return tuple(sorted((int(o), int(n)) for o, n in zip(option[taken], node[taken], strict=True)))


@pytest.mark.referee
@pytest.mark.parametrize("seed", range(30))
def test_it_agrees_with_the_extensive_form(seed):
    risk = "loss" if seed % 3 == 2 else "cost"
    problem = make_plan(seed, risk=risk, years=3, steps=2 + seed % 2, scenarios=2)
    ours, theirs = solve_benders(problem, gap=0), solve_extensive(problem)
    assert agrees(ours.cost, theirs.cost)
    assert ours.bound <= theirs.cost + GAP * abs(theirs.cost)
    assert ours.finished
    # The referee's plan, priced by our operations, costs what the referee says.
    assert evaluate(problem, theirs.layout, theirs.x).cost == pytest.approx(theirs.cost, rel=1e-7)


def test_the_random_plans_are_worth_solving():
    answers = [solve_benders(make_plan(seed, scenarios=3), gap=0) for seed in range(6)]
    assert sum(bool(started(answer)) for answer in answers) >= 3


@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6, 7, 11])
def test_both_agree_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=3, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    least, _ = brute_force.solve(problem)
    assert agrees(solve_benders(problem, gap=0).cost, least)
    assert agrees(solve_extensive(problem).cost, least)


def test_few_starts_at_a_time_give_the_same(monkeypatch):
    problem = make_plan(5, scenarios=3)
    whole = solve_benders(problem, gap=0)
    monkeypatch.setattr("pondasi.plan.master.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.search.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.master.MOST", 3)
    part = solve_benders(problem, gap=0)
    assert part.finished
    assert agrees(part.cost, whole.cost)
    assert part.bound <= whole.cost + GAP * abs(whole.cost)


def random_point(problem, draws):
    limits = problem.options.size_max.sum()
    inputs = np.concatenate(
        [
            draws.uniform(0, 1, len(problem.options))
            * problem.options.size_max
            * (draws.random(len(problem.options)) < 0.7),
            draws.uniform(0, 1, len(problem.labels.countries)),
        ]
    )
    assert limits > 0
    return Point(
        int(draws.integers(len(problem.tree))), inputs, float(draws.uniform(0, 50)) if problem.risk == "loss" else 0.0
    )


@pytest.mark.parametrize("risk", ["cost", "loss"])
def test_no_cut_lies_above_the_cost_at_a_thousand_points(risk):
    problem = make_plan(2, risk=risk, scenarios=3)
    pool = CutPool()
    solve_benders(problem, gap=0, pool=pool)
    draws = np.random.default_rng(0)
    # The same duals, read for a world with other demand, availability, budgets, chances and another weight of risk.
    base = draws.uniform(0.5, 1.5, problem.operations.base.shape)
    # What users need comes by their contracts or lacks, and no need may grow beyond both.
    base[[label[1] == "contract" for label in problem.operations.column_labels]] = 1.2
    base[[label[1] == "lack" for label in problem.operations.column_labels]] = 1.2
    other = problem.change(
        operations={
            "growth": problem.operations.growth * draws.uniform(0.7, 1.4, problem.operations.growth.shape),
            "base": problem.operations.base * base,
            "coefficient": problem.operations.coefficient
            * draws.uniform(0.5, 1.5, problem.operations.coefficient.shape),
            "row_weight": problem.operations.row_weight * draws.uniform(0.8, 1.2, problem.operations.row_weight.shape),
        },
        options={"success": np.clip(problem.options.success * 0.8, 0, 1)},
        risk_tail=0.3,
    )
    tight = 0
    for changed in (problem, other):
        setting = make_setting(changed)
        nodes = {n: [] for n in range(len(changed.tree))}
        for k, record in enumerate(pool.records):
            nodes[record.point.node].append(build_cut(changed, setting, record))
            # A dual vector bounds any other node, too.
            nodes[k % len(nodes)].append(build_cut(changed, setting, record, node=k % len(nodes)))
        for _ in range(500):
            point = random_point(changed, draws)
            true = measure_risk(changed, sweep_node(setting, point).values)
            highest = max(cut.at(point) for cut in nodes[point.node])
            assert highest <= true + 1e-6 * (1 + abs(true))
            tight += highest >= true - 0.02 * abs(true)
    assert tight > 20, "cuts that are nowhere near the cost would pass as well"


def test_at_its_own_point_a_cut_is_the_cost():
    problem = make_plan(4, scenarios=5)
    setting = make_setting(problem)
    draws = np.random.default_rng(1)
    for _ in range(20):
        point = random_point(problem, draws)
        sweep = sweep_node(setting, point)
        cut = build_cut(problem, setting, CutPool().add(point, sweep))
        # Single precision in the pool costs 1e-7 of each product.
        assert cut.at(point) == pytest.approx(measure_risk(problem, sweep.values), rel=1e-5, abs=1e-4)


@given(small_plans(scenarios=6), st.integers(0, 1000))
@settings(max_examples=15)
def test_operations_primal_equals_dual_equals_reported(problem, seed):
    setting = make_setting(problem)
    point = random_point(problem, np.random.default_rng(seed))
    sweep = sweep_node(setting, point, activity=True)
    operations = setting.operations
    rhs, upper = bound_rows(setting, point), bound_columns(setting, point)
    size = 1e-6 * (1 + np.abs(sweep.values).max())
    assert (sweep.activity >= -size).all()
    assert (sweep.activity <= upper + size).all()
    assert (operations.matrix @ sweep.activity >= rhs - size).all()
    assert operations.cost @ sweep.activity == pytest.approx(sweep.values, abs=size)
    y = sweep.duals[sweep.which].T
    dual = (y * rhs).sum(axis=0) + (np.minimum(0, operations.cost[:, None] - operations.matrix.T @ y) * upper).sum(
        axis=0
    )
    assert dual == pytest.approx(sweep.values, abs=size)


@settings(max_examples=20)
@given(small_plans(), st.integers(0, 1000))
def test_parts_that_share_nothing_are_solved_apart_at_the_same_cost(problem, seed):
    setting = make_setting(problem)
    rows, columns = setting.operations.matrix.shape
    assert sorted(np.concatenate([part.rows for part in setting.parts]).tolist()) == list(range(rows))
    assert sorted(np.concatenate([part.columns for part in setting.parts]).tolist()) == list(range(columns))
    inputs = np.random.default_rng(seed).random(len(problem.options) + len(problem.labels.countries))
    point = Point(0, inputs, 0.0)
    apart = sweep_node(setting, point)
    whole = make_part(setting.operations.cost, setting.operations.matrix, np.arange(rows), np.arange(columns))
    together = sweep_node(replace(setting, parts=(whole,)), point)
    # Two bases of one programme: the solver's own tolerance.
    np.testing.assert_allclose(apart.values, together.values, rtol=1e-7, atol=1e-7)


def test_without_widening_the_plan_is_one_and_the_bound_holds(monkeypatch):
    monkeypatch.setattr("pondasi.plan.master.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.search.SMALL", 0)
    problem = make_plan(3, years=4, scenarios=3)
    quick, best = (solve_benders(problem, gap=1e-4, widen=widen) for widen in (False, True))
    assert quick.finished
    assert quick.bound <= best.cost * (1 + 1e-9)
    assert quick.cost >= best.bound - 1e-6 * abs(best.bound)


def test_starts_that_are_held_are_in_the_plan(monkeypatch):
    monkeypatch.setattr("pondasi.plan.master.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.search.SMALL", 0)
    problem = make_plan(3, years=4, scenarios=3)
    layout = Layout(problem)
    best = solve_benders(problem, gap=1e-4)
    z = np.round(layout.read(best.x, "z"))
    for start in np.flatnonzero(z):
        lower, upper = layout.bounds()
        lower[layout.at("z", int(start))] = 1
        held = solve_benders(problem, gap=1e-4, fixed=(lower, upper))
        assert layout.read(held.x, "z")[start] == pytest.approx(1)
        assert held.cost == pytest.approx(best.cost, rel=1e-3)


def test_workers_change_nothing_and_a_pool_is_resumed(tmp_path):
    problem = make_plan(3, scenarios=4)
    alone = solve_benders(problem, gap=0, checkpoint=tmp_path / "cuts.npz")
    with Processes(2) as executor:
        shared = solve_benders(problem, gap=0, executor=executor)
    assert shared.cost == alone.cost
    assert shared.bound == alone.bound
    assert (shared.x == alone.x).all()
    pool = CutPool.load(tmp_path / "cuts.npz")
    assert len(pool) > 0
    again = solve_benders(problem, gap=0, pool=pool)
    assert agrees(again.cost, alone.cost)
    assert sum(again.rounds) < sum(alone.rounds)


def test_a_run_out_of_time_gives_its_best_and_says_so():
    problem = make_plan(3, scenarios=4)
    whole = solve_benders(problem, gap=0)
    short = solve_benders(problem, gap=0, seconds=0)
    assert short.cost >= whole.cost - GAP * abs(whole.cost)
    assert short.bound <= whole.cost + GAP * abs(whole.cost)
    assert short.finished == (short.cost - short.bound <= 1.001e-6 * abs(short.cost))


def test_cuts_of_another_shape_are_refused(tmp_path):
    pool = CutPool()
    solve_benders(make_plan(1, scenarios=3), pool=pool)
    with pytest.raises(UsageError, match="another shape"):
        solve_benders(make_plan(1, scenarios=4), pool=pool)
    CutPool((1, 2)).save(tmp_path / "empty.npz")
    assert CutPool.load(tmp_path / "empty.npz").key == (1, 2)


def test_what_cannot_be_is_said():
    problem = make_plan(1, scenarios=2)
    problem = problem.change(
        menu={"must": np.ones(len(problem.labels.steps), dtype=bool), "excludes": ((0, 1),)},
    )
    with pytest.raises(InfeasibleError):
        solve_benders(problem)
    with pytest.raises(InfeasibleError):
        solve_extensive(problem)


# --- limits ---------------------------------------------------------------------------------------


def test_one_scenario_one_branch_sure_success_is_a_plain_programme():
    problem = make_plan(6, gates=(), scenarios=1, sure=True)
    costs = [
        solve_benders(problem.change(risk_weight=weight, risk_tail=tail), gap=0).cost
        for weight, tail in ((0.0, 0.0), (0.7, 0.9), (1.0, 0.5))
    ]
    assert costs == pytest.approx([costs[0]] * 3, rel=GAP)
    assert agrees(costs[0], solve_extensive(problem.change(risk_weight=0.0)).cost)


@pytest.mark.parametrize("risk", ["cost", "loss"])
def test_risk_weight_zero_is_neutral_and_more_weight_never_costs_less(risk):
    problem = make_plan(8, risk=risk, scenarios=4)
    neutral = solve_benders(problem.change(risk="cost", risk_weight=0.0), gap=0).cost
    costs = [solve_benders(problem.change(risk_weight=weight), gap=0).cost for weight in (0.0, 0.3, 0.6, 1.0)]
    assert agrees(costs[0], neutral)
    assert all(b >= a - GAP * abs(a) for a, b in pairwise(costs))


def test_tail_zero_is_the_mean_and_a_thin_tail_the_worst():
    problem = make_plan(10, scenarios=4)
    layout = Layout(problem)
    sweeps = [
        sweep_node(make_setting(problem), point) for point in points_of(problem, layout, without_steps(problem, layout))
    ]
    worst = problem.change(risk_weight=1.0, risk_tail=1 - 1e-9)
    mean = problem.change(risk_weight=1.0, risk_tail=0.0)
    for sweep in sweeps:
        assert measure_risk(worst, sweep.values) == pytest.approx(sweep.values.max(), rel=1e-6)
        assert measure_risk(mean, sweep.values) == pytest.approx(problem.operations.weight @ sweep.values)


@pytest.mark.parametrize("seed", range(3))
def test_looser_limits_never_cost_more(seed):
    problem = make_plan(seed, years=3, gates=(1,), scenarios=3)
    cost = solve_benders(problem, gap=0).cost
    limits = problem.limits
    for looser in (
        {"budget": limits.budget * 1.5},
        {"inflow": limits.inflow + 5},
        {"access": np.minimum(limits.access + 0.4, 1)},
        {"resource": limits.resource * 2},
    ):
        assert solve_benders(problem.change(limits=looser), gap=0).cost <= cost + GAP * abs(cost)


@pytest.mark.parametrize("seed", [1, 3])
def test_agreements_with_suppliers_pay_and_both_solvers_agree(seed):
    plain = make_plan(seed, years=3, gates=(1,), steps=3, scenarios=3)
    agreed = make_plan(seed, years=3, gates=(1,), steps=3, scenarios=3, agreed=0.5)
    cost = solve_benders(agreed, gap=0).cost
    assert agrees(cost, solve_extensive(agreed).cost)
    assert cost <= solve_benders(plain, gap=0).cost * (1 + GAP)
    assert len(agreed.operations.entry_input) > len(plain.operations.entry_input)


def test_a_solver_that_lost_its_way_begins_again(monkeypatch):
    problem = make_plan(3, scenarios=3)
    expected = solve_benders(problem, gap=0)
    lost, limit = [], np.inf

    class Forgetful(Programme):
        def solve(self, **options):
            lost.append(self)
            if len(lost) == 1 or len(lost) > limit:
                raise SolverError("programme_unsolved", status="Unknown")
            return super().solve(**options)

    monkeypatch.setattr("pondasi.plan.master.Programme", Forgetful)
    assert agrees(solve_benders(problem, gap=0).cost, expected.cost)
    lost.clear()
    limit = 0
    with pytest.raises(SolverError, match="relied on"):
        solve_benders(problem, gap=0)


def test_a_suggestion_that_the_limits_do_not_allow_is_no_plan_and_one_with_wrong_sizes_is_settled():
    helped = 0
    for seed in range(6):
        problem = make_plan(seed, scenarios=2, partners=2, steps=4)
        best = solve_benders(problem, gap=0)
        layout = best.layout
        # Everything at once, for nothing: dearer than limits allow, and nothing that it gives is paid for.
        all_at_once = best.x.copy()
        for block in ("z", "size", "running", "ready"):
            at = layout.first[block] + np.arange(np.prod(layout.shapes[block]))
            all_at_once[at] = 1.0
        # The best starts with sizes a thousand times as large as any.
        too_large = best.x.copy()
        for block in ("size", "running"):
            at = layout.first[block] + np.arange(np.prod(layout.shapes[block]))
            too_large[at] *= 1000
        for suggestion in (all_at_once, too_large):
            found = solve_benders(problem, gap=0, suggestion=suggestion)
            assert found.finished
            assert found.cost == pytest.approx(best.cost, rel=GAP)
            assert evaluate(problem, found.layout, found.x).cost == pytest.approx(found.cost, rel=1e-9)
            held, (low, high) = build_strategy(problem).matrix @ found.x, build_strategy(problem).ends
            room = 1e-6 * (1 + np.abs(held))
            assert ((held >= low - room) & (held <= high + room)).all()
        helped += bool((layout.read(best.x, "size") > 0).any())
    assert helped


def test_a_solver_that_misses_zero_by_its_rounding_leaves_no_year_without_a_solution():
    for seed in range(4):
        problem = make_plan(seed, scenarios=3)
        layout = Layout(problem)
        x = without_steps(problem, layout)
        exact = evaluate(problem, layout, x).cost
        x[layout.first["running"] + np.arange(np.prod(layout.shapes["running"]))] = -1e-4
        points = points_of(problem, layout, x)
        assert all(bound_columns(make_setting(problem), point).min() >= 0 for point in points)
        assert evaluate(problem, layout, x).cost == pytest.approx(exact, rel=1e-12)


@pytest.mark.referee
@pytest.mark.parametrize("seed", [2, 5, 9])
def test_a_state_that_pays_in_a_partners_stead_never_loses_and_the_extensive_form_agrees(seed):
    shape = {"years": 4, "gates": (1,), "steps": 4, "partners": 2, "scenarios": 3, "tight": 2.0}
    problem, held = make_plan(seed, **shape, stand_in=True), make_plan(seed, **shape)
    poor = problem.limits.budget.copy()
    poor[2:] *= 0.2
    problem, held = (one.change(limits={"budget": poor}) for one in (problem, held))
    found = solve_benders(problem, gap=0)
    assert found.cost == pytest.approx(solve_extensive(problem).cost, rel=GAP)
    assert found.cost <= solve_benders(held, gap=0).cost * (1 + GAP)
    nothing = problem.change(options={"room": np.zeros_like(problem.options.room)})
    assert solve_benders(nothing, gap=0).cost == pytest.approx(solve_benders(held, gap=0).cost, rel=GAP)
