import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from pondasi.errors import SizeError
from pondasi.position.requirements import MAX_INVERSE, invert_requirements, solve_requirements


def draw_coefficients(seed, *, upper):
    """Return coefficients whose columns add up to less than one."""
    draws = np.random.default_rng(seed)
    n = draws.integers(1, 30)
    A = draws.random((n, n)) * (draws.random((n, n)) < 0.3)
    A = np.triu(A, 1) if upper else A
    return A / np.maximum(A.sum(axis=0), 1e-9) * draws.uniform(0, 0.95, n), draws


@given(st.integers(0, 10**9), st.booleans())
def test_what_is_made_covers_what_is_used_up_and_what_is_wanted(seed, upper):
    A, draws = draw_coefficients(seed, upper=upper)
    use = draws.lognormal(0, 5, (len(A), 3))
    x = solve_requirements(sparse.csr_array(A), use, acyclic=upper)
    # Rounding, over a condition of at most 1 / (1 - 0.95).
    assert np.abs(x - A @ x - use).max() <= 1e-13 * use.max() * 20
    assert (x >= use - 1e-12 * use.max()).all()
    assert x == pytest.approx(np.linalg.solve(np.eye(len(A)) - A, use), rel=1e-9)


@given(st.integers(0, 10**9))
def test_tiers_added_up_give_the_same(seed):
    """x = d + A d + A A d + ...: on a chain without circles the sum ends."""
    A, draws = draw_coefficients(seed, upper=True)
    use = draws.random(len(A))
    tier, total = use, use.copy()
    for _ in range(len(A)):
        tier = A @ tier
        total += tier
    assert solve_requirements(sparse.csr_array(A), use, acyclic=True) == pytest.approx(total, rel=1e-12)


def test_the_inverse_is_the_answer_to_every_single_use():
    A, _ = draw_coefficients(3, upper=False)
    B = invert_requirements(sparse.csr_array(A))
    assert (np.eye(len(A)) - A) @ B == pytest.approx(np.eye(len(A)), abs=1e-12)


def test_an_inverse_that_would_not_fit_is_refused():
    with pytest.raises(SizeError, match="solve_requirements"):
        invert_requirements(sparse.csr_array((MAX_INVERSE + 1, MAX_INVERSE + 1)))


def test_nothing_wanted_and_nothing_there():
    A = sparse.csr_array(np.array([[0.0, 0.5], [0.0, 0.0]]))
    assert solve_requirements(A, np.zeros(2)).tolist() == [0.0, 0.0]
    assert solve_requirements(A, np.zeros((2, 0))).shape == (2, 0)
    assert solve_requirements(sparse.csr_array((0, 0)), np.zeros((0, 2))).shape == (0, 2)
