"""Bases that are kept give what the solver gives, more exactly; what is not optimal at the true cost is never kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pondasi.executor import Serial
from pondasi.plan import bases
from pondasi.plan.bases import make_part, renew_library, split_parts, sweep_part
from pondasi.plan.operations import Point, bound_columns, bound_rows, make_setting, sweep_node, sweep_nodes
from tests.plan.random_plans import make_plan, small_plans

ROUNDING = 1e-8
"""Relative to the largest value: what a basic solution may leave its bounds by (1e-9), times what that may cost."""


def random_points(problem, seed, number):
    draws = np.random.default_rng(seed)
    inputs = len(problem.options) + len(problem.labels.countries)
    nodes = draws.integers(len(problem.tree), size=number)
    return [Point(int(node), draws.random(inputs) * draws.integers(2, size=inputs), draws.random()) for node in nodes]


@settings(max_examples=15)
@given(small_plans(scenarios=6), st.integers(0, 1000))
def test_a_library_changes_no_cost_and_primal_equals_dual(problem, seed):
    empty = make_setting(problem)
    points = random_points(problem, seed, 12)
    _, learnt = sweep_nodes(empty, points, Serial())
    for point in points:
        alone, helped = sweep_node(empty, point), sweep_node(learnt, point, activity=True)
        size = ROUNDING * (1 + np.abs(helped.values).max())
        np.testing.assert_allclose(helped.values, alone.values, rtol=0, atol=size)
        assert helped.solves <= alone.solves
        cost, matrix = learnt.operations.cost, learnt.operations.matrix
        rhs, upper = bound_rows(learnt, point), bound_columns(learnt, point)
        y = helped.duals[helped.which].T
        held = np.minimum(0, cost[:, None] - matrix.T @ y)
        dual = (y * rhs).sum(axis=0) + np.where(held < 0, held * upper, 0).sum(axis=0)
        np.testing.assert_allclose(dual, helped.values, rtol=0, atol=size)
        np.testing.assert_allclose(cost @ helped.activity, helped.values, rtol=0, atol=size)
        assert (helped.activity <= upper + size).all()
        assert (helped.activity >= -size).all()


def test_what_was_learnt_spares_the_solver():
    problem = make_plan(3, scenarios=6)
    points = random_points(problem, 0, 40)
    first, learnt = sweep_nodes(make_setting(problem), points, Serial())
    again, _ = sweep_nodes(learnt, points, Serial())
    assert sum(sweep.solves for sweep in again) < sum(sweep.solves for sweep in first) / 2


def test_columns_that_are_the_same_share_what_is_done():
    [part] = split_parts(np.array([1.0, 2.0, 1.0]), sparse.csr_array([[1.0, 1.0, 1.0]]))
    assert len(part.cost) == 2
    upper = np.array([[1.0, 1.0], [5.0, 5.0], [3.0, np.inf]])
    done = np.zeros((3, 2))
    swept = sweep_part(part, np.array([[4.5, 4.5]]), upper, done)
    assert done.T.tolist() == [[1.0, 0.5, 3.0], [1.0, 0.0, 3.5]]
    assert swept.values.tolist() == [5.0, 4.5]


def test_a_tilt_that_leads_astray_changes_no_cost(monkeypatch):
    # Large enough that a price below the tilt is well above the solver's own tolerance.
    monkeypatch.setattr(bases, "TILT", 0.01)
    astray = []
    for dearer in (0, 1):
        cost = np.ones(2)
        cost[dearer] += 1e-4
        part = make_part(cost, sparse.csr_array([[1.0, 1.0]]), np.arange(1), np.arange(2))
        swept = sweep_part(part, np.array([[2.0]]), np.full((2, 1), 3.0))
        assert swept.values == pytest.approx([2.0], abs=1e-12)
        astray.append(bool(np.argmin(part.tilted) == dearer))
        assert len(swept.found) == (0 if astray[-1] else 1)
    assert sorted(astray) == [False, True], "the tilt must lead astray in one of the two"


def test_the_most_used_bases_are_kept(monkeypatch):
    problem = make_plan(3, scenarios=6)
    sweeps = [sweep_node(make_setting(problem), point) for point in random_points(problem, 1, 20)]
    part = make_setting(problem).parts[0]
    found = [basis for sweep in sweeps for basis in sweep.found[0]]
    whole = renew_library(part, [], found).library
    times = [sum(basis.status.tobytes() == status.tobytes() for basis in found) for status in whole.status]
    assert times == sorted(times, reverse=True)
    assert whole.used.tolist() == times
    monkeypatch.setattr(bases, "KEPT", 2)
    few = renew_library(part, [], found).library
    assert (few.status == whole.status[:2]).all()
    # Found again though it is kept: used, not kept twice.
    again = renew_library(renew_library(part, [], found), [], found).library
    assert len(again) == 2
