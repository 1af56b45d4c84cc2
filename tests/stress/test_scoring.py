"""Scores as they come out by hand."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi.stress.scoring import (
    CAP,
    balance_accuracy,
    bootstrap_mean,
    compare_scores,
    count_coverage,
    flip_signs,
    mean_and_median,
    miss_weeks,
    score_interval,
    score_loss,
)
from pondasi.stress.shocks import Interval

SEEN = Interval(15.0, 10.0, 20.0)
differences = st.lists(st.integers(-8, 8).map(lambda n: n / 4), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("model", "score"),
    [
        (10, 0), (15, 0), (20, 0), (40, math.log(2)), (5, math.log(2)), (200, CAP), (201, CAP), (1, CAP), (0.1, CAP),
        (0, CAP), (-3, CAP),
    ],
)  # fmt: skip
def test_a_score_is_the_distance_to_what_was_observed(model: float, score: float) -> None:
    assert score_loss(model, SEEN) == pytest.approx(score)


def test_a_loss_that_may_be_none_is_no_loss() -> None:
    with pytest.raises(ValueError, match="is none"):
        score_loss(1.0, Interval(1.0, 0.0, 2.0))


@given(st.floats(1e-9, 1e9), st.floats(0.1, 10), st.floats(1, 10), st.floats(1, 10), st.floats(0.01, 100))
def test_a_score_does_not_depend_on_the_unit(
    model: float, value: float, below: float, above: float, unit: float
) -> None:
    seen = Interval(value, value / below, value * above)
    scaled = Interval(value * unit, value / below * unit, value * above * unit)
    assert score_loss(model * unit, scaled) == pytest.approx(score_loss(model, seen), abs=1e-9)


# --- chance --------------------------------------------------------------------------------------


def test_three_wins_are_one_flip_of_eight() -> None:
    assert flip_signs([-1, -2, -3]).better == 1 / 8
    assert flip_signs([-1, -2, -3]).differ == 2 / 8
    assert flip_signs([-1, -2, -3]).smallest == 2 / 8


def test_one_small_defeat_by_hand() -> None:
    """Sums of (1, 2, 3) over all signs: -6 -4 -2 0 0 2 4 6; seen is -1 -2 +3 = 0 ... and -2 for (+2)."""
    assert flip_signs([1, -2, -3]).better == 2 / 8
    assert flip_signs([-1, 2, -3]).better == 3 / 8
    assert flip_signs([-1, -2, 3]).better == 5 / 8
    assert flip_signs([1, 2, 3]).better == 1
    assert flip_signs([1, -2, -3]).differ == 4 / 8


def test_rows_that_are_equal_say_nothing() -> None:
    assert flip_signs([0, 0, 0]).better == 1
    assert flip_signs([]).differ == 1


def test_six_rows_are_needed_for_five_per_cent() -> None:
    assert flip_signs([-1] * 5).smallest > 0.05
    assert flip_signs([-1] * 6).smallest < 0.05
    with pytest.raises(ValueError, match="21 rows"):
        flip_signs([1] * 21)


@given(differences)
def test_the_test_agrees_with_counting_one_by_one(values: list[float]) -> None:
    sums = [
        sum(sign * abs(x) for sign, x in zip(signs, values, strict=True))
        for signs in product((1, -1), repeat=len(values))
    ]
    assert flip_signs(values).better == pytest.approx(np.mean([total <= sum(values) + 1e-9 for total in sums]))
    assert flip_signs(values).differ == pytest.approx(
        np.mean([abs(total) >= abs(sum(values)) - 1e-9 for total in sums])
    )


@given(differences, st.randoms())
def test_order_and_scale_of_differences_do_not_matter(values: list[float], random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert flip_signs(shuffled) == flip_signs(values)
    assert flip_signs([3 * x for x in values]) == flip_signs(values)


def test_the_bootstrap_holds_the_mean_and_its_spread() -> None:
    values = [0.0, 1.0] * 50
    low, high = bootstrap_mean(values, 1)
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.645 * 0.5 / 10, rel=0.15)  # normal limit; 10,000 draws, steps of 0.01
    assert bootstrap_mean(values, 1) == (low, high)
    assert all(map(math.isnan, bootstrap_mean([])))


def test_a_comparison_is_the_mean_of_the_differences() -> None:
    found = compare_scores([0.1, 0.2, 0.3], [1.1, 0.2, 0.8])
    assert found.mean == pytest.approx(-0.5)
    assert found.low <= found.mean <= found.high
    assert found.test == flip_signs([-1.0, 0.0, -0.5])


# --- nulls and losses, intervals, times ----------------------------------------------------------


def test_balanced_accuracy_by_hand() -> None:
    found = balance_accuracy([0.1, 0.2, 0.01], [0.02, 0.021, 0.0, 0.0])
    assert (found.hits, found.losses, found.rejections, found.nulls) == (2, 3, 3, 4)
    assert found.accuracy == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert balance_accuracy([0.5], []).accuracy is None


def test_a_model_that_says_nothing_or_everything_is_right_half_the_time() -> None:
    assert balance_accuracy([0.0] * 5, [0.0] * 9).accuracy == 0.5
    assert balance_accuracy([1.0] * 5, [1.0] * 9).accuracy == 0.5


def test_interval_scores_by_hand() -> None:
    assert score_interval(10, 20, SEEN) == pytest.approx(math.log(2))
    assert score_interval(20, 40, SEEN) == pytest.approx(math.log(2) + 10 * math.log(20 / 15))
    assert score_interval(5, 10, SEEN) == pytest.approx(math.log(2) + 10 * math.log(15 / 10))
    assert score_interval(0, 0, SEEN) == pytest.approx(10 * math.log(15))  # as a tenth of the lower end: 1
    assert score_interval(10, 20, SEEN, alpha=0.5) == score_interval(10, 20, SEEN)


def test_the_interval_score_is_least_at_the_true_quantiles() -> None:
    """It is proper: over draws of what is observed, the interval of their 10 and 90 per cent scores best."""
    observed = np.exp(np.random.default_rng(1).normal(3, 0.4, 2_000))
    best = np.exp(3 + 0.4 * np.array([-1.2816, 1.2816]))

    def mean(low: float, high: float) -> float:
        return float(np.mean([score_interval(low, high, Interval.exactly(x)) for x in observed]))

    others = [(0.8, 1), (1, 1.25), (1.25, 1), (1, 0.8), (0.8, 1.25), (1.25, 0.8)]
    assert all(mean(*best) < mean(best[0] * a, best[1] * b) for a, b in others)


@pytest.mark.parametrize(
    ("inside", "rows", "low", "high"),
    [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0), (5, 6, 0.3588, 0.9958), (1, 1, 0.025, 1.0)],
)
def test_coverage_as_in_published_tables(inside: int, rows: int, low: float, high: float) -> None:
    found = count_coverage(inside, rows)
    assert str(found) == f"{inside} of {rows}"
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_times_are_weeks_outside_of_what_was_observed() -> None:
    seen = Interval(5, 3, 7)
    assert [miss_weeks(week, seen) for week in (1, 3, 5, 7, 10)] == [2, 0, 0, 0, 3]
    assert miss_weeks(None, seen) is None


def test_mean_and_median() -> None:
    assert mean_and_median([0, 0, 3]) == (1, 0)
    assert all(map(math.isnan, mean_and_median([])))
