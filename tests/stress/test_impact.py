"""What a run lost: hand-made series with hand-made answers."""

import numpy as np
import pytest

from pondasi.stress.impact import measure_outcomes

WEEK = 1.0


def outcome(losses, step=WEEK):
    series = 1 - np.array(losses, dtype=float)[None, None]
    return measure_outcomes(series, np.array([1.0]), ["x"], step=step).of("x").iloc[0]


def test_a_dip_and_its_recovery():
    row = outcome([0, 0, 0.4, 0.2, 0, *[0] * 20])
    assert row["gross"] == pytest.approx(0.6)
    assert row["net"] == pytest.approx(0.6)
    assert (row["depth"], row["impact_week"], row["recovery_week"]) == (pytest.approx(0.4), 2, 4)


def test_what_is_made_up_counts_in_the_net():
    row = outcome([0.5, 0, -0.2, -0.3, *[0] * 20])
    assert row["gross"] == pytest.approx(0.5)
    assert row["net"] == pytest.approx(0.0, abs=1e-12)


def test_net_loss_stops_at_its_horizon():
    row = outcome([*[0.1] * 30, *[-0.1] * 30])
    assert row["net_26"] == pytest.approx(2.6)
    assert row["net_52"] == pytest.approx(3.0 - 2.2)


def test_a_relapse_within_thirteen_weeks_is_no_recovery():
    row = outcome([0.5, *[0] * 5, 0.5, *[0] * 20])
    assert row["recovery_week"] == 7


def test_a_loss_that_lasts_has_no_recovery():
    row = outcome([0.0, *[0.5] * 30])
    assert np.isnan(row["recovery_week"])


def test_too_few_calm_weeks_at_the_end_are_no_recovery():
    row = outcome([0.5, *[0] * 12])
    assert np.isnan(row["recovery_week"])


def test_no_loss_has_no_weeks():
    row = outcome([0.0] * 30)
    assert row["gross"] == 0
    assert np.isnan(row["impact_week"])
    assert np.isnan(row["recovery_week"])


def test_less_than_a_hundredth_does_not_show():
    row = outcome([0.009] * 30)
    assert np.isnan(row["impact_week"])
    assert row["gross"] == pytest.approx(0.27)


def test_days_are_counted_in_weeks():
    row = outcome([0.7] * 7 + [0.0] * 200, step=1 / 7)
    assert row["gross"] == pytest.approx(0.7)
    assert row["recovery_week"] == pytest.approx(1.0)


def test_a_watch_without_base_loses_nothing():
    table = measure_outcomes(np.zeros((1, 1, 20)), np.zeros(1), ["x"]).table
    assert table["gross"].tolist() == [0.0]
