"""No solution lies outside tightened bounds, and no start that is ruled out can be part of a whole plan."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from pondasi.plan.master import Master
from pondasi.plan.strategy import build_strategy
from pondasi.plan.tighten import tighten_bounds
from pondasi.solver import InfeasibleError, Programme
from tests.plan.random_plans import make_plan

NUMBERS = st.integers(-3, 3)


@given(
    st.lists(st.tuples(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, st.integers(0, 4)), min_size=1, max_size=5),
    st.integers(1, 3),
)
def test_no_whole_solution_is_cut_off(rows, most):
    matrix = np.array([row for row, _, _ in rows], dtype=float)
    low = np.array([start for _, start, _ in rows], dtype=float)
    high = low + np.array([width for _, _, width in rows])
    bounds = np.zeros(3), np.full(3, float(most))
    lower, upper = tighten_bounds(sparse.csr_array(matrix), (low, high), bounds, np.ones(3, dtype=bool))
    for x in itertools.product(range(most + 1), repeat=3):
        held = matrix @ x
        if ((held >= low) & (held <= high)).all():
            assert (lower <= x).all()
            assert (upper >= x).all()


def test_a_chain_of_rows_is_followed():
    # x1 <= 3, x2 <= x1 - 1, x3 <= x2 - 1 and x3 >= 1, with an endless variable beside them that says nothing.
    rows = sparse.csr_array([[1.0, 0, 0, 0], [-1, 1, 0, 0], [0, -1, 1, 0], [0, 0, 1, 1]])
    ends = np.full(4, -np.inf), np.array([3.0, -1.0, -1.0, np.inf])
    start = np.array([0.0, 0, 1, -np.inf]), np.full(4, np.inf)
    lower, upper = tighten_bounds(rows, ends, start, np.zeros(4, dtype=bool))
    assert lower.tolist() == [3, 2, 1, -np.inf]
    assert upper.tolist() == [3, 2, 1, np.inf]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_ruled_out_cannot_be_started(seed):
    problem = make_plan(seed, tight=0.4, needs=0.3)
    master = Master(problem, build_strategy(problem), None)
    kept = master.lower, master.upper
    seen = 0
    for start in np.flatnonzero(~master.possible):
        lower = master.lower.copy()
        lower[start] = 1
        whole = np.arange(len(lower)) < master.starts
        programme = Programme(master.cost * 0, lower, kept[1], master.matrix, *master.ends, whole=whole)
        with pytest.raises(InfeasibleError):
            programme.solve(gap=0.0)
        seen += 1
    assert seen
