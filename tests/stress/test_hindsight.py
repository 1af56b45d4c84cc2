"""The engine answers rows of the backtest; two rows of known kind are run whole."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi import load_world
from pondasi.chain.sample import prepare_draws
from pondasi.errors import UsageError
from pondasi.stress.hindsight import ChainModel, _Draw, _find_week, _lose
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.shock_library import load_shocks
from pondasi.stress.twins import find_made


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


def test_a_draw_moves_the_chain_beside_the_shock(model):
    row, overrides = row_of("e30_naka")
    sampler = prepare_draws(model.world.chain, 0)
    drawn = _Draw(sampler, model.world, model.library, row, overrides, 0, 39)
    fixed = replace(drawn, sampler=replace(sampler, lotteries={}))
    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert drawn(0) != fixed(0), "the same shock on the chain as it stands"


def test_what_is_made_follows_its_plant_in_every_draw(model):
    """Else all drawn chains would thin a struck plant over all products, and lose less than the central one."""
    sampler = prepare_draws(model.world.chain, 0)
    nodes = sampler.chain.nodes.set_index("node")
    goods = nodes.index[(nodes["kind"] == "process") & (nodes["stage"] != "design")]
    made = find_made(sampler.chain) & set(goods)
    assert len(made) > 8
    for number in range(3):
        traits = sampler.draw(number).traits.set_index(["node", "trait"])["value"]
        assert {traits[node, "single_sourced_varieties"] for node in made} == {1.0}


def test_a_time_has_an_interval_and_late_is_no_week(model):
    row, overrides = row_of("e22_shipments")
    said = replace(model, draws=3)(row, overrides)
    assert said["low"] <= said["high"] <= 104
    never = replace(row, measure="peak_week", nodes=("use_government",), countries=())
    assert replace(model, draws=2)(never, overrides) == {"weeks": None, "low": None, "high": None}


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
