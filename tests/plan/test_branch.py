"""Cases part the plans in two, what no plan beats is never above the best one, and the search by cases ends at it."""

from itertools import product

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.branch import Branching
from pondasi.plan.cases import Case, Cases
from pondasi.plan.cuts import CutPool, build_cut, start_record
from pondasi.plan.lean import Lean
from pondasi.plan.master import Master
from pondasi.plan.operations import make_setting
from pondasi.plan.price import evaluate
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, Programme
from tests.plan.random_plans import make_plan

GAP = 2e-6


def make_master(problem):
    """Return the strategic programme with the cuts of a solve; the first are one a node."""
    pool = CutPool()
    solve_benders(problem, gap=1e-3, pool=pool)
    setting = make_setting(problem)
    records = [start_record(problem, setting, n) for n in range(len(problem.tree))] + pool.latest(30)
    master = Master(problem, build_strategy(problem), None)
    master.add_cuts([build_cut(problem, setting, record) for record in records])
    return master


def best_whole(master, under=None):
    """Return the least cost of whole starts by the cuts, under decisions, by the solver alone; infinite where there is none."""
    upper, ends = master.upper.copy(), (master.ends[0].copy(), master.ends[1])
    if under is not None:
        upper[: master.starts][under.blocked] = master.lower[: master.starts][under.blocked]
        ends[0][master.leaf_rows[under.required.ravel()]] = 1
    whole = np.arange(len(upper)) < master.starts
    try:
        found = Programme(master.cost, master.lower, upper, master.matrix, *ends, whole=whole).solve(gap=0.0)
    except InfeasibleError:
        return np.inf
    return found.objective


def some_cases(cases, draws, number):
    """Return decisions drawn at random, one after the other."""
    under = cases.nothing()
    for _ in range(number):
        start = int(draws.integers(len(cases.option)))
        option = int(cases.option[start]) if draws.random() < 0.4 else -1
        case = Case(int(cases.step[start]), option, int(draws.integers(len(cases.tree))))
        under = cases.decide(under, case, begun=bool(draws.random() < 0.5))
    return under


@pytest.mark.parametrize("seed", range(4))
def test_a_case_parts_the_plans_in_two(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, partners=1)
    cases = Cases(Master(problem, build_strategy(problem), None).layout)
    draws = np.random.default_rng(seed)
    step, tree = cases.step, problem.tree
    for _ in range(60):
        # A whole plan: of each step at most one start on a path.
        taken = np.zeros(len(step), dtype=bool)
        for start in draws.permutation(len(step)):
            related = tree.above[cases.node, cases.node[start]] | tree.above[cases.node[start]][cases.node]
            if draws.random() < 0.6 and not (taken & related & (step == step[start])).any():
                taken[start] = True
        start = int(draws.integers(len(step)))
        option = int(cases.option[start]) if draws.random() < 0.5 else -1
        case = Case(int(step[start]), option, int(draws.integers(len(tree))))
        kept = []
        for begun in (False, True):
            under = cases.decide(cases.nothing(), case, begun=begun)
            ends = np.zeros(cases.shape, dtype=bool)
            for j, k in product(*(range(size) for size in cases.shape)):
                ends[j, k] = (taken & (step == j) & tree.above[tree.leaves[k]][cases.node]).any()
            kept.append(not (taken & under.blocked).any() and bool(ends[under.required].all()))
        assert sorted(kept) == [False, True]


@pytest.mark.parametrize("seed", range(8))
def test_no_bound_lies_above_the_best_under_decisions(seed):
    draws = np.random.default_rng(seed)
    problem = make_plan(seed, scenarios=2, partners=2, tight=0.8)
    master = make_master(problem)
    none = np.zeros(master.starts, dtype=bool)
    for number in (0, 1, 2, 3):
        under = some_cases(Cases(master.layout), draws, number)
        # Of the cuts the first of each node alone: the others join where they are missed.
        needed = np.arange(master.matrix.shape[0]) < master.matrix.shape[0] - master.cuts + len(problem.tree)
        lean = Lean(master, none, needed, 50.0)
        best = best_whole(master, under)
        relaxed = lean.solve(under, np.inf, 1e-6)
        if relaxed is None:
            assert np.isinf(best)
        else:
            assert relaxed.bound <= best + 1e-6 * abs(best)


def test_what_joins_for_decisions_that_cannot_be_kept_leaves_again():
    problem = make_plan(1, scenarios=2)
    master = make_master(problem)
    lean = Lean(master, np.zeros(master.starts, dtype=bool), np.ones(master.matrix.shape[0], dtype=bool), 50.0)
    assert lean.solve(Cases(master.layout).nothing(), np.inf, 1e-6) is not None
    before = lean.active.copy()
    # A stock of people above all there are: no start mends that.
    row = int(np.flatnonzero((master.ends[0] == master.ends[1]) & (master.ends[1] > 0))[0])
    master.ends[0][row] = master.ends[1][row] = -1e6
    assert lean.solve(Cases(master.layout).nothing(), np.inf, 1e-6) is None
    assert (lean.active == before).all()


@pytest.mark.parametrize("seed", [0, 3, 6, 9, 14, 16])
def test_it_ends_at_the_best_by_the_cuts(seed):
    problem = make_plan(seed, scenarios=2, partners=2, needs=0.3, steps=4)
    master = make_master(problem)
    best = best_whole(master)
    plans = []

    def visit(u):
        z = np.round(u[: master.starts])
        lower, upper = master.lower.copy(), master.upper.copy()
        lower[: master.starts] = upper[: master.starts] = z
        plans.append(Programme(master.cost, lower, upper, master.matrix, *master.ends).solve().objective)

    def cutoff():
        return min([best + 50, *plans]) - GAP * abs(best)

    bounds = []
    for together in (False, True):
        plans.clear()
        branching = Branching(master, np.zeros(master.starts, dtype=bool), 1e-7, 5.0, together=together)
        bounds.append(branching.run(cutoff, visit, lambda _: False))
        assert min(plans) == pytest.approx(best, rel=GAP)
        assert bounds[-1] <= best + 1e-6 * abs(best)
        assert bounds[-1] >= best - 2 * GAP * abs(best)
    # Side by side or one after the other: the same bits.
    assert bounds[0] == bounds[1]


def test_the_engine_proves_over_all_starts(monkeypatch):
    monkeypatch.setattr("pondasi.plan.master.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.search.SMALL", 0)
    monkeypatch.setattr("pondasi.plan.master.MOST", 3)
    proved = 0
    run = Branching.run

    def counted(self, *given):
        nonlocal proved
        proved += 1
        return run(self, *given)

    monkeypatch.setattr(Branching, "run", counted)
    for seed in range(6):
        problem = make_plan(seed, scenarios=2, partners=2, steps=3 + seed % 2)
        found = solve_benders(problem, gap=0)
        with monkeypatch.context() as usual:
            usual.setattr("pondasi.plan.master.SMALL", 1500)
            usual.setattr("pondasi.plan.search.SMALL", 1500)
            best = solve_benders(problem, gap=0)
        assert found.finished
        assert found.cost == pytest.approx(best.cost, rel=GAP)
        assert found.bound <= best.cost * (1 + GAP)
        assert evaluate(problem, found.layout, found.x).cost == pytest.approx(found.cost, rel=1e-9)
    assert proved
