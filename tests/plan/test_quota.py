"""A limit on what operations make of a plan: cuts bound it, and the extensive form and trying everything agree."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.cuts import CutPool
from pondasi.plan.extensive import solve_extensive
from pondasi.plan.front import MadeAim, list_aims, measure_aim, trace_front
from pondasi.plan.operations import Point, make_setting, sweep_node
from pondasi.plan.price import points_of
from pondasi.plan.problem import Quota
from pondasi.plan.quota import cut_quota, find_made, measure_quota, need_parts
from pondasi.plan.reference import find_reference
from pondasi.plan.tell_front import tell_front
from pondasi.solver import InfeasibleError
from pondasi.words import LANGUAGES, Words
from tests.plan import brute_force
from tests.plan.random_plans import make_plan, small_plans

KINDS = ("risk", "lack")
AIMS = {"risk": MadeAim("risk", "risk", "less"), "lack": MadeAim("self_reliance", "lack", "more")}


def small(seed, **options):
    return make_plan(seed, **{"years": 3, "gates": (1,), "steps": 3, "scenarios": 3, **options})


def measure(problem, kind, answer):
    """Return what counts against a quota of a plan of the problem, with or without that quota."""
    asked = problem.change(quota=Quota(kind, np.inf))
    points = points_of(problem, answer.layout, answer.x)
    return measure_quota(asked, answer.layout, answer.x, make_setting(problem), points, answer.values)


def least_lack(problem):
    """Return the problem whose cost is what home cannot make, as a linear programme, and nothing else: its best plan has the least of it."""
    operations = problem.operations
    rows, columns = len(operations.parts), len(operations.column_labels)
    row_of = find_made(operations)[:columns]
    plants = np.flatnonzero(row_of >= 0)
    made = sparse.csr_array((np.ones(len(plants)), (row_of[plants], plants)), shape=(rows, columns))
    peak = (operations.parts @ operations.growth).max(axis=1, initial=0.0)
    kept = np.isin(operations.entry_column, plants)
    lack = replace(
        operations,
        cost=np.concatenate([np.zeros(columns), np.ones(rows)]),
        matrix=sparse.csr_array(sparse.hstack([made, sparse.eye_array(rows)])),
        need=operations.parts,
        row_weight=operations.row_weight[:rows],
        base=np.vstack([operations.base[:columns], peak[:, None] * operations.row_weight[:rows]]),
        column_growth=np.concatenate([operations.column_growth[:columns], np.zeros(rows, dtype=np.intp)]),
        loss=np.zeros(columns + rows),
        row_labels=operations.row_labels[:rows],
        entry_column=operations.entry_column[kept],
        entry_input=operations.entry_input[kept],
        entry_growth=operations.entry_growth[kept],
        coefficient=operations.coefficient[kept],
    )
    free = problem.change(options={"charge": np.zeros_like(problem.options.charge)})
    return replace(free, operations=lack, discount_rate=0.0, risk="cost", risk_weight=0.0, quota=None)


def least(problem, kind):
    """Return the least of it that any plan has."""
    asked = replace(problem, risk_weight=1.0) if kind == "risk" else least_lack(problem)
    return solve_benders(asked, gap=0).cost


def halfway(problem, kind):
    """Return the best plan, and the problem in which half the way to the least has to be gone."""
    best = solve_benders(problem, gap=0)
    level = (measure(problem, kind, best) + least(problem, kind)) / 2
    return best, problem.change(quota=Quota(kind, level))


def lack_of(_, setting, point):
    """Return what home cannot make in a node, in plain loops."""
    operations = setting.operations
    g = operations.growth[:, point.node]
    total = 0.0
    for s in range(len(operations.weight)):
        for r in range(len(operations.parts)):
            left = (operations.parts[r] @ g) * operations.row_weight[r, s]
            for c, label in enumerate(operations.column_labels):
                if label[1] == "make" and operations.matrix[r, c] > 0:
                    left -= operations.base[c, s] * g[operations.column_growth[c]]
                    for e in np.flatnonzero(operations.entry_column == c):
                        o = operations.entry_input[e]
                        works = operations.levels[setting.step[o], s] < setting.success[o, point.node]
                        amount = operations.coefficient[e, s] * setting.output_factor[o, point.node] * works
                        left -= g[operations.entry_growth[e]] * amount * point.inputs[o]
            total += operations.weight[s] * max(left, 0.0)
    return total


def worst_of(problem, setting, point):
    """Return the mean cost of the worst scenarios of a node, by sorting."""
    values, weight = sweep_node(setting, point).values, problem.operations.weight
    left, total = 1 - problem.risk_tail, 0.0
    for s in np.argsort(-values):
        taken = min(left, weight[s])
        total += taken * values[s]
        left -= taken
    return total / (1 - problem.risk_tail)


VALUES = {"risk": worst_of, "lack": lack_of}


@pytest.mark.parametrize("kind", KINDS)
@given(problem=small_plans(years=3, gates=(1,), scenarios=3), seed=st.integers(0, 2**31))
@settings(max_examples=12, deadline=None)
def test_a_cut_lies_below_at_every_point_and_touches_its_own(kind, problem, seed):
    draws = np.random.default_rng(seed)
    problem = problem.change(quota=Quota(kind, 0.0))
    setting = make_setting(problem)
    inputs = len(problem.options) + len(problem.labels.countries)
    node = int(draws.integers(len(problem.tree)))
    at = Point(node, draws.uniform(0, 2, inputs), 0.0)
    cut = cut_quota(problem, setting, CutPool().add(at, sweep_node(setting, at)))
    own = VALUES[kind](problem, setting, at)
    size = 1e-5 * (1 + abs(own))  # dual values are kept in single precision
    assert cut.block == "quota"
    assert cut.at(at) == pytest.approx(own, abs=size)
    for _ in range(12):
        other = Point(node, draws.uniform(0, 3, inputs), 0.0)
        assert cut.at(other) <= VALUES[kind](problem, setting, other) + size


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_what_counts_is_the_sum_over_the_nodes(seed):
    problem = small(seed)
    best, setting = solve_benders(problem, gap=0), make_setting(problem)
    points = points_of(problem, best.layout, best.x)
    lack = sum(problem.tree.probability[p.node] * lack_of(problem, setting, p) for p in points)
    assert measure(problem, "lack", best) == pytest.approx(lack)
    worst = best.decisions + sum(problem.discount[p.node] * worst_of(problem, setting, p) for p in points)
    assert measure(problem, "risk", best) == pytest.approx(worst)


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_the_least_lack_is_the_same_as_operations_and_as_a_sum_of_maxima(seed):
    problem = small(seed)
    found = solve_benders(least_lack(problem), gap=0)
    assert measure(problem, "lack", found) == pytest.approx(found.cost, rel=1e-6)
    assert found.cost <= measure(problem, "lack", solve_benders(problem, gap=0)) + 1e-6
    assert found.cost <= problem.tree.probability @ need_parts(problem)


@pytest.mark.referee
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 3, 43, 55])
def test_it_agrees_with_the_extensive_form(kind, seed):
    best, asked = halfway(small(seed), kind)
    found, other = solve_benders(asked, gap=0), solve_extensive(asked)
    slack = 4e-6 * abs(best.cost)
    assert found.cost == pytest.approx(other.cost, abs=slack)
    assert found.bound <= other.cost + slack
    assert found.cost >= best.cost - slack
    assert measure(asked, kind, found) <= asked.quota.level + 1e-5 * (1 + abs(asked.quota.level))


@pytest.mark.referee
@pytest.mark.parametrize("kind", KINDS)
def test_a_quota_that_binds_costs_and_one_that_does_not_costs_nothing(kind):
    problem = small(55)
    best, asked = halfway(problem, kind)
    slack = 4e-6 * abs(best.cost)
    assert solve_benders(asked, gap=0).cost > best.cost + slack
    wide = problem.change(quota=Quota(kind, measure(problem, kind, best) + 1.0))
    assert solve_benders(wide, gap=0).cost == pytest.approx(best.cost, abs=slack)
    tight = problem.change(quota=Quota(kind, least(problem, kind) * (1 - 1e-2)))
    with pytest.raises(InfeasibleError):
        solve_benders(tight, gap=0)


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [4, 6])
def test_it_agrees_with_trying_everything(kind, seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=2, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    best, asked = halfway(problem, kind)
    setting, tree, options = make_setting(problem), problem.tree, problem.options
    starts = [
        (o, n)
        for o, n in itertools.product(range(len(options)), range(len(tree)))
        if brute_force.allowed_alone(problem, o, n)
    ]
    cheapest = np.inf
    for plan in brute_force.plans_of(problem, starts):
        if not brute_force.allowed(problem, plan):
            continue
        counted = 0.0
        for n in range(len(tree)):
            inputs = np.zeros(len(options) + len(problem.labels.countries))
            charge = 0.0
            for o, b in plan:
                if b in brute_force.path(tree, n):
                    age = tree.year[n] - tree.year[b]
                    inputs[o] += options.run[o, age]
                    charge += options.charge[o, age] * options.cost_factor[o, n]
            access = options.access.T @ inputs[: len(options)]
            inputs[len(options) :] = np.minimum(1, problem.limits.access + access)
            value = VALUES[kind](problem, setting, Point(n, inputs, 0.0))
            counted += problem.discount[n] * (charge + value) if kind == "risk" else tree.probability[n] * value
        if counted <= asked.quota.level + 1e-6 * (1 + abs(asked.quota.level)):
            cheapest = min(cheapest, brute_force.cost(problem, plan))
    assert solve_benders(asked, gap=0).cost == pytest.approx(cheapest, abs=1e-5 * abs(best.cost))


# --- fronts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [43, 55])
def test_a_front_keeps_its_levels_and_that_of_risk_goes_to_the_end(kind, seed):
    problem, aim = small(seed), AIMS[kind]
    best, reference = solve_benders(problem, gap=0), find_reference(problem).cost
    front = trace_front(problem, best, reference, aim, points=8 if kind == "lack" else 3, gap=1e-6)
    sign = 1 if aim.sense == "more" else -1
    room = 1e-5 * (1 + front["level"].abs())
    assert len(front) > 1
    assert (sign * front["reached"] >= sign * front["level"] - room).all()
    assert front["high"].is_monotonic_decreasing
    assert front["low"].iloc[-1] < front["low"].iloc[0]
    assert front["reached"][0] == pytest.approx(measure_aim(problem, best, aim))
    if kind == "risk":
        assert len(front) == 4
        assert front["reached"].iloc[-1] == pytest.approx(least(problem, kind), rel=1e-4)
    else:
        most = 1 - least(problem, kind) / (problem.tree.probability @ need_parts(problem))
        assert front["reached"].iloc[-1] <= most + 1e-5


def test_without_a_tail_there_is_no_risk_to_be_traced():
    assert "risk" in {aim.name for aim in list_aims(small(1))}
    assert "risk" not in {aim.name for aim in list_aims(small(1, tail=0.0))}
    assert "risk" not in {aim.name for aim in list_aims(small(1, risk="loss"))}


def test_chips_of_a_case_are_taken_apart_into_what_plants_make():
    problem = build_problem(load_case("IDN"), scenarios=3)
    operations = problem.operations
    used = {operations.row_labels[r][1] for r in np.flatnonzero(operations.need.any(axis=1))}
    parts = {operations.row_labels[r][1] for r in np.flatnonzero(operations.parts.any(axis=1))}
    assert all(node.startswith("chip_") for node in used)
    assert not any(node.startswith("chip_") for node in parts)
    assert {"test_service", "atp_wirebond", "fab_dao", "design_logic"} <= parts
    # The parts of a chip are worth what it is, up to what joining itself adds; chips that a user can do without in part are none of it.
    mature = [label[1] in {"chip_logic_mature", "chip_dao"} for label in operations.row_labels]
    assert 0.9 * operations.need[mature].sum() < operations.parts.sum() < operations.need.sum()
    assert {aim.name for aim in list_aims(problem)} == {"jobs", "emissions", "self_reliance", "risk"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_fronts_are_told_in_every_language(language):
    problem = small(55)
    best, reference = solve_benders(problem, gap=1e-3), find_reference(problem).cost
    fronts = {aim.name: trace_front(problem, best, reference, aim, points=6, gap=1e-3) for aim in AIMS.values()}
    told = tell_front(fronts, Words(language)) + tell_front({a: f.iloc[:1] for a, f in fronts.items()}, Words(language))
    assert len(set(told)) == 4
    assert not [line for line in told if "{" in line]
    share = 100 * fronts["self_reliance"]["reached"][0]
    assert any(f"{float(f'{share:.2g}'):g}".split(".")[0] in line for line in told)
