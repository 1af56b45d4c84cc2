import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from pondasi.chain.balance import NoBalanceError, balance
from pondasi.errors import PondasiError

MARGIN = 1.01e-10
"""What the docstring promises, a share of the total, and a hundredth for adding up."""


def draw_case(seed, *, size=8, closed=(0.0, 0.3, 0.7), scale=(-3, 13)):
    """Return margins that a flow on open routes meets, with that flow and a prior of uneven weights."""
    draws = np.random.default_rng(seed)
    m, n = draws.integers(1, size + 1, size=2)
    open_ = draws.random((m, n)) >= draws.choice(closed)
    flow = np.where(open_, draws.lognormal(0, 2, (m, n)), 0) * 10.0 ** draws.integers(*scale)
    prior = np.where(open_, draws.lognormal(0, draws.choice([0.1, 3]), (m, n)), 0)
    return flow, prior


def worst(flows, rows, columns):
    return max(np.abs(flows.sum(axis=1) - rows).max(), np.abs(flows.sum(axis=0) - columns).max())


@given(st.integers(0, 10**9))
def test_margins_are_met_and_closed_routes_stay_closed(seed):
    flow, prior = draw_case(seed)
    rows, columns = flow.sum(axis=1), flow.sum(axis=0)
    found = balance(rows, columns, prior)
    assert (found >= 0).all()
    assert (found[prior == 0] == 0).all()
    assert worst(found, rows, columns) <= MARGIN * flow.sum()


@given(st.integers(0, 10**9))
def test_flows_are_the_prior_times_a_factor_per_row_and_one_per_column(seed):
    """Entropy is least exactly there: on every circle of four routes the cross ratio is the prior's."""
    flow, prior = draw_case(seed, closed=(0.0,), scale=(0, 1))
    found = balance(flow.sum(axis=1), flow.sum(axis=0), prior)
    ratio = np.log(found / prior)
    cross = ratio - ratio[:1] - ratio[:, :1] + ratio[:1, :1]
    # Rounding of products of two factors.
    assert np.abs(cross).max() < 1e-11


@given(st.integers(0, 10**9))
def test_factors_on_rows_and_columns_of_the_prior_change_nothing(seed):
    flow, prior = draw_case(seed)
    rows, columns = flow.sum(axis=1), flow.sum(axis=0)
    draws = np.random.default_rng(seed)
    scaled = prior * draws.lognormal(0, 3, (len(rows), 1)) * draws.lognormal(0, 3, (1, len(columns)))
    apart = np.abs(balance(rows, columns, prior) - balance(rows, columns, scaled)).max()
    # Both lie within 1e-10 of the margins; a part that hangs by a thread passes on many times that.
    assert apart <= 1e-7 * flow.sum()


@given(st.integers(0, 10**9))
def test_without_a_prior_flows_are_the_product_of_the_margins(seed):
    flow, _ = draw_case(seed, closed=(0.0,))
    rows, columns = flow.sum(axis=1), flow.sum(axis=0)
    product = np.outer(rows, columns) / flow.sum()
    assert balance(rows, columns) == pytest.approx(product, rel=1e-14)
    assert balance(rows, columns, np.ones_like(flow)) == pytest.approx(product, rel=1e-9)


@given(st.integers(0, 10**9))
def test_money_in_another_unit_gives_the_same_flows(seed):
    flow, prior = draw_case(seed)
    rows, columns = flow.sum(axis=1), flow.sum(axis=0)
    # A power of two leaves every digit as it is; another factor may end a round earlier or later.
    assert (balance(2.0**20 * rows, 2.0**20 * columns, prior) == 2.0**20 * balance(rows, columns, prior)).all()
    apart = np.abs(balance(1e6 * rows, 1e6 * columns, prior) - 1e6 * balance(rows, columns, prior)).max()
    assert apart <= 1e-7 * 1e6 * flow.sum()


@pytest.mark.parametrize("seed", range(12))
def test_a_general_minimiser_finds_the_same_flows(seed):
    draws = np.random.default_rng(seed)
    m, n = draws.integers(2, 4, size=2)
    rows, columns = draws.dirichlet(np.full(m, 5)), draws.dirichlet(np.full(n, 5))
    prior = draws.lognormal(0, 1, (m, n))
    margins = np.r_[rows, columns][:-1]
    limits = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])[:-1]
    found = minimize(
        lambda z: float(z @ np.log(z / prior.ravel())),
        np.outer(rows, columns).ravel(),
        jac=lambda z: np.log(z / prior.ravel()) + 1,
        bounds=[(1e-12, None)] * (m * n),
        constraints={"type": "eq", "fun": lambda z: limits @ z - margins, "jac": lambda _: limits},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    # The minimiser stops where the entropy no longer falls in its last digits: its root is 1e-7.
    assert balance(rows, columns, prior).ravel() == pytest.approx(found.x, abs=2e-6)


@given(st.integers(0, 10**9))
def test_where_no_balance_exists_the_margins_at_fault_are_named(seed):
    draws = np.random.default_rng(seed)
    m, n = draws.integers(1, 7, size=2)
    open_ = draws.random((m, n)) < draws.choice([0.3, 0.6])
    rows, columns = draws.dirichlet(np.ones(m)), draws.dirichlet(np.ones(n))
    routes = np.flatnonzero(open_.ravel())
    limits = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])[:, routes]
    most = -linprog(-np.ones(len(routes)), A_ub=limits, b_ub=np.r_[rows, columns]).fun if len(routes) else 0.0
    if most > 1 - 1e-7:  # the other program's tolerance
        assert worst(balance(rows, columns, open_.astype(float)), rows, columns) <= MARGIN
        return
    with pytest.raises(NoBalanceError) as caught:
        balance(rows, columns, open_.astype(float))
    fault = caught.value.shortfall
    sellers, buyers = list(fault.rows), list(fault.columns)
    outlets = np.flatnonzero(open_[sellers].any(axis=0))
    assert set(outlets) <= set(buyers)
    assert fault.supply == pytest.approx(rows[sellers].sum())
    assert fault.demand == pytest.approx(columns[buyers].sum())
    # What they cannot sell is exactly what the other program could not place.
    assert fault.supply - fault.demand == pytest.approx(1 - most, abs=1e-7)


def test_totals_that_differ_are_no_balance():
    with pytest.raises(NoBalanceError) as caught:
        balance(np.array([1.0, 2.0]), np.array([4.0]))
    assert caught.value.shortfall.rows == (0, 1)
    assert caught.value.exit_code == 3
    with pytest.raises(NoBalanceError):
        balance(np.zeros(2), np.array([4.0]))


@pytest.mark.parametrize("slack", [1e-2, 1e-4, 1e-6, 1e-8])
def test_a_part_that_hangs_by_a_thread_is_balanced_too(slack):
    """The only solution has ``slack`` on the one route between the parts; scaling alone needs 1 / slack rounds."""
    rows, columns = np.array([1 + slack, 1.0]), np.array([1.0, 1 + slack])
    found = balance(rows, columns, np.array([[1.0, 1.0], [0.0, 1.0]]))
    assert found == pytest.approx(np.array([[1.0, slack], [0.0, 1.0]]), abs=2 * MARGIN)


def test_a_route_that_is_empty_in_every_solution_is_left_out():
    prior = np.array([[1.0, 5.0], [0.0, 1.0]])
    assert balance(np.array([1.0, 1.0]), np.array([1.0, 1.0]), prior).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_large_market_with_few_routes():
    draws = np.random.default_rng(1)
    for open_ in (0.04, 0.1, 0.4):
        flow = np.where(draws.random((60, 60)) < open_, draws.lognormal(0, 4, (60, 60)), 0)
        prior = np.where(flow > 0, draws.lognormal(0, 3, (60, 60)), 0)
        found = balance(flow.sum(axis=1), flow.sum(axis=0), prior)
        assert worst(found, flow.sum(axis=1), flow.sum(axis=0)) <= MARGIN * flow.sum()


def test_weights_of_any_size_are_taken():
    prior = np.array([[1e-290, 1e-280], [1e290, 3e300]])
    found = balance(np.array([1.0, 1.0]), np.array([1.0, 1.0]), prior)
    assert np.isfinite(found).all()
    assert worst(found, 1, 1) <= 2 * MARGIN


@pytest.mark.parametrize(
    ("rows", "columns", "flows"),
    [
        ([5.0], [5.0], [[5.0]]),
        ([0.0, 2.0], [1.0, 1.0, 0.0], [[0, 0, 0], [1, 1, 0]]),
        ([0.0, 0.0], [0.0], [[0], [0]]),
        ([], [], np.zeros((0, 0))),
    ],
)
def test_empty_margins_and_single_cells(rows, columns, flows):
    rows, columns = np.array(rows), np.array(columns)
    prior = np.ones((len(rows), len(columns)))
    assert (balance(rows, columns) == np.array(flows)).all()
    assert (balance(rows, columns, prior) == np.array(flows)).all()
    closed = np.where(np.array(flows) > 0, 1.0, 0.0)
    assert (balance(rows, columns, closed) == np.array(flows)).all()


def test_what_makes_no_sense_is_refused():
    one = np.array([1.0])
    with pytest.raises(PondasiError, match="do not fit"):
        balance(one, one, np.ones((2, 1)))
    for rows, columns, prior in ((-one, -one, None), (one, one, -np.ones((1, 1))), (one * np.nan, one, None)):
        with pytest.raises(ValueError, match="from 0 on"):
            balance(rows, columns, prior)


def test_a_tolerance_below_rounding_is_told_and_not_waited_for():
    flow, prior = draw_case(5, size=8, closed=(0.0,), scale=(0, 1))
    with pytest.raises(PondasiError, match="stopped after"):
        balance(flow.sum(axis=1), flow.sum(axis=0), prior, tolerance=1e-30)
