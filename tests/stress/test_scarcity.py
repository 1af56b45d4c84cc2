"""Indices of scarcity: by hand on one chain, against the readable step, and what must hold of any flows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import load_shock, load_world
from pondasi.cli import main
from pondasi.errors import UsageError
from pondasi.stress.dynamics import take_step
from pondasi.stress.kernel import FREE, OWED, SENT
from pondasi.stress.scarcity import RECORDED, index_scarcity, list_goods, measure_scarcity, watch_scarcity
from pondasi.stress.schedule import average_losses
from pondasi.stress.simulate import run_schedule
from pondasi.stress.state import proportional, rest
from pondasi.stress.system import add_by
from pondasi.stress.watches import watch_suppliers
from tests.stress.random_schedules import draw_schedule, hits_of
from tests.stress.random_systems import draw_system
from tests.stress.small_chains import build_chain

AMOUNTS = st.floats(0, 1e6)


@pytest.fixture(scope="module")
def found():
    world = load_world()
    shocks = [load_shock(name, world.chain) for name in ("taiwan_blockade", "neon_cut")]
    return measure_scarcity(world, "IDN", shocks, weeks=30)


def test_a_lone_maker_that_stops_owes_a_week_more_each_week():
    """One maker, one user that waits for ever: after a stop of five weeks five weeks are owed, and nothing is free."""
    chain = build_chain(
        [("chip", "AAA", 1.0, {}), ("car", "BBB", 4.0, {"lost_per_week": 0.0})], [(0, 1, 1.0, {"stock_weeks": 0.0})]
    )
    schedule = stop(chain, weeks=5)
    series = run_schedule(chain, schedule, 5, watch_scarcity(chain))[0].reshape(1, len(RECORDED), 5)
    base = watch_scarcity(chain).base(chain)
    index = index_scarcity(series[:, 0], series[:, 1], series[:, 2], base[:1, None])
    assert index["fill"][0].tolist() == [0] * 5
    assert index["spot"][0].tolist() == [1] * 5
    assert index["backlog"][0, 0] == pytest.approx(1)
    assert (np.diff(index["backlog"][0]) >= -1e-12).all()


def stop(chain, weeks):
    from pondasi.stress.resolve import resolve_shock
    from pondasi.stress.shocks import Hit, Interval, Shock

    hit = Hit(("chip",), ("AAA",), Interval.exactly(1.0), hold_weeks=Interval.exactly(float(weeks)))
    return resolve_shock(Shock("stop", {}, "fire", (hit,)), chain.labels)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_owed_is_what_the_readable_step_owes(seed):
    system = draw_system(seed)
    schedule = draw_schedule(system, seed)
    n, steps = len(system.output), 12
    every = np.arange(n)
    watches = watch_suppliers([(str(i), OWED, every == i) for i in every])
    series = run_schedule(system, schedule, steps, watches)[0]
    means = average_losses(schedule, steps, system.step)
    state = rest(system)
    for step in range(steps):
        state, _ = take_step(system, state, hits_of(system, schedule, 0, step, means), proportional(system))
        owed = add_by(system.supplier, state.backlog, n) + state.waiting
        # The kernel agrees with the step to 1e-12 of the largest amount; sums over lots add to that.
        assert series[:, step] == pytest.approx(owed, abs=1e-9 * system.output.max())


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.floats(1, 1e6), st.floats(0.1, 1000))
def test_indices_stay_in_their_range_and_know_no_unit(sent, owed, free, usual, unit):
    one = {name: float(value) for name, value in index_scarcity(*map(np.array, (sent, owed, free, usual))).items()}
    assert one["backlog"] >= 0
    assert 0 <= one["fill"] <= 1
    assert 0 <= one["spot"] <= 1
    scaled = index_scarcity(*(np.array(unit * amount) for amount in (sent, owed, free, usual)))
    for name, value in one.items():
        assert float(scaled[name]) == pytest.approx(value, rel=1e-9, abs=1e-8)
    more = index_scarcity(*map(np.array, (sent, owed + usual, free, usual)))
    assert float(more["backlog"]) > one["backlog"]
    assert float(more["fill"]) <= one["fill"]
    assert float(more["spot"]) >= one["spot"]


def test_without_a_shock_nothing_is_scarce():
    system = draw_system(3)
    from pondasi.stress.resolve import resolve_shock
    from pondasi.stress.shocks import Hit, Interval, Shock

    none = Shock(
        "none", {}, "fire", (Hit(("nowhere",), ("AAA",), Interval.exactly(1.0), hold_weeks=Interval.exactly(5.0)),)
    )
    watches = watch_scarcity(system)
    series = run_schedule(system, resolve_shock(none, system.labels), 10, watches)[0]
    by_node = series.reshape(len(list_goods(system)), len(RECORDED), 10)
    base = watches.base(system).reshape(-1, len(RECORDED))
    index = index_scarcity(by_node[:, 0], by_node[:, 1], by_node[:, 2], base[:, :1])
    assert (index["backlog"] == 0).all()
    assert (index["fill"] == 1).all()
    assert (index["spot"] == 0).all()
    assert by_node[:, RECORDED.index(SENT)] == pytest.approx(np.repeat(base[:, :1], 10, axis=1), rel=1e-9)
    assert by_node[:, RECORDED.index(FREE), 0] == pytest.approx(base[:, 2], rel=1e-9, abs=1e-12)


def test_what_is_struck_is_scarce_and_the_rest_is_ranked(found):
    peaks = found.rank("neon_cut")
    struck = {node for hit in load_shock("neon_cut", load_world().chain).hits for node in hit.nodes}
    assert peaks["backlog"].idxmax() in struck
    assert (peaks["backlog"].diff().dropna() <= 0).all()
    assert found.peaks.index.unique("shock").tolist() == ["taiwan_blockade", "neon_cut"]
    paths = found.paths.reset_index()
    path = paths[(paths["shock"] == "neon_cut") & (paths["node"] == "neon")].set_index("week")
    assert path["backlog"].max() == peaks.loc["neon", "backlog"]
    assert path["backlog"].idxmax() == peaks.loc["neon", "week"]
    calm = peaks[peaks["backlog"] == 0]
    assert calm[["week", "spot_week"]].isna().all(axis=None)
    assert (calm["fill"] == 1).all()


def test_a_request_without_shocks_is_refused():
    with pytest.raises(UsageError, match="No shock is named"):
        measure_scarcity(load_world(), "IDN", [])


def test_the_verb_shows_what_is_scarcest_and_only_where_it_is_asked(capsys, tmp_path):
    call = ["stress", "IDN", "--shock", "neon_cut", "--draws", "0", "--weeks", "8", "--workspace", str(tmp_path)]
    assert main([*call, "--scarcity"]) == 0
    text = capsys.readouterr().out
    assert "Neon" in text
    assert "not a forecast of prices" in text
    [run] = (tmp_path / "runs").iterdir()
    assert (run / "tables" / "scarcity.parquet").exists()
    peaks = pd.read_parquet(run / "tables" / "scarcity.parquet")
    assert peaks["backlog"].iloc[0] > 0
    assert main(["replay", str(run), "--workspace", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(call) == 0
    assert "not a forecast of prices" not in capsys.readouterr().out
    assert main(["stress", "IDN", "--critical", "--scarcity"]) == 2
