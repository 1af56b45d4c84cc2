"""The engine answers rows of the backtest; two rows of known kind are run whole."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi import load_world
from pondasi.errors import UsageError
from pondasi.stress.hindsight import ChainModel, _find_week, _lose
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.shock_library import load_shocks


@pytest.fixture(scope="module")
def model():
    world = load_world()
    return ChainModel(world, load_shocks(world.chain))


def row_of(name):
    sheet = load_score_rows()
    return next(row for row in sheet.rows if row.row == name), sheet.overrides[name]


def test_a_fab_that_stops_loses_what_it_would_have_made(model):
    row, overrides = row_of("e30_naka")
    said = model(row, overrides)
    assert 0 < said["lost"] <= said["unbuffered"] + 1e-9


def test_draws_give_an_interval(model):
    row, overrides = row_of("e35_tainan")
    said = replace(model, draws=3)(row, overrides)
    assert said["low"] <= said["high"]


def test_a_row_without_output_is_refused(model):
    row, overrides = row_of("e30_naka")
    with pytest.raises(UsageError):
        model(replace(row, countries=("ATA",)), overrides)


def test_broken_weeks_count_in_part():
    row, _ = row_of("e30_naka")
    series = np.array([1.0, 0.0, 1.0, 1.0])
    assert _lose(series, 1.0, replace(row, from_week=0.5, to_week=2.5)) == pytest.approx(0.5)


def test_weeks_of_timing():
    loss = np.array([0.0, 0.1, 0.5, 0.2, *[0.0] * 20])
    assert _find_week("peak_week", loss) == 2.5
    assert _find_week("recovery_week", loss) == 4.0
    assert _find_week("recovery_week", np.full(20, 0.5)) is None
    assert _find_week("peak_week", np.zeros(20)) is None
