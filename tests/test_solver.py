import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import maximum_flow

from pondasi.solver import OutOfTimeError, Programme, fill_transport


@given(st.integers(0, 10**9))
def test_as_much_is_carried_as_another_program_carries(seed):
    draws = np.random.default_rng(seed)
    m, n = draws.integers(1, 9, size=2)
    supply, demand = draws.integers(0, 50, size=m), draws.integers(0, 50, size=n)
    allowed = draws.random((m, n)) < draws.choice([0.2, 0.5, 0.9])

    flows = fill_transport(supply, demand, allowed)

    assert (flows >= 0).all()
    assert (flows[~allowed] == 0).all()
    assert (flows.sum(axis=1) <= supply).all()
    assert (flows.sum(axis=0) <= demand).all()
    network = np.zeros((m + n + 2, m + n + 2), dtype=np.int32)
    network[0, 1 : m + 1] = supply
    network[1 : m + 1, m + 1 : -1] = np.where(allowed, 1000, 0)
    network[m + 1 : -1, -1] = demand
    assert flows.sum() == maximum_flow(sparse.csr_array(network), 0, m + n + 1).flow_value


def test_whole_numbers_stay_exact_at_any_size():
    supply = np.array([2**60, 1])
    flows = fill_transport(supply, np.array([1, 2**60]), np.array([[True, True], [True, False]]))
    assert flows.tolist() == [[0, 2**60], [1, 0]]


def test_nothing_is_changed_in_what_is_given():
    supply, demand = np.array([2, 3]), np.array([4, 1])
    fill_transport(supply, demand, np.ones((2, 2), dtype=bool))
    assert supply.tolist() == [2, 3]
    assert demand.tolist() == [4, 1]


def test_columns_and_rows_join_a_programme_that_goes_on_from_where_it_stood():
    draws = np.random.default_rng(4)
    matrix = draws.random((6, 9))
    cost, upper, need = 1 + draws.random(9), np.full(9, 3.0), np.full(6, 2.0)
    whole = Programme(cost, np.zeros(9), upper, sparse.csr_array(matrix), need, np.full(6, np.inf)).solve()
    grown = Programme(cost[:6], np.zeros(6), upper[:6], sparse.csr_array(matrix[:4, :6]), need[:4], np.full(4, np.inf))
    grown.solve()
    grown.add_columns(cost[6:], np.zeros(3), upper[6:], sparse.csc_array(matrix[:4, 6:]))
    grown.add_rows(sparse.csr_array(matrix[4:]), need[4:], np.full(2, np.inf))
    solved = grown.solve()
    assert solved.objective == pytest.approx(whole.objective, rel=1e-9)
    basic = grown.basic()
    assert len(set(basic.tolist())) == 6
    outside = np.setdiff1d(np.arange(9), basic)
    at_a_bound = np.isclose(solved.x[outside], 0) | np.isclose(solved.x[outside], 3)
    assert at_a_bound.all(), "what is not basic stands at a bound"


def test_a_search_without_time_says_so_and_what_no_solution_goes_below():
    # Rows that split a market exactly are hard for branch and bound (Cornuejols and Dawande 1998).
    draws = np.random.default_rng(0)
    rows, goods = 4, 30
    weight = draws.integers(0, 100, (rows, goods)).astype(float)
    half = np.floor(weight.sum(axis=1) / 2)
    whole = np.ones(goods, dtype=bool)
    programme = Programme(
        np.ones(goods), np.zeros(goods), np.ones(goods), sparse.csr_array(weight), half, half, whole=whole
    )
    with pytest.raises(OutOfTimeError) as ended:
        programme.solve(seconds=0)
    assert ended.value.bound <= goods
