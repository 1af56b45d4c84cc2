"""Doors that are closed by part: routes under licence, ports at half their pace, and what they free for others."""

import numpy as np
import pytest

from tests.stress.small_chains import build_chain, delivered, hit, lot, place, run


@pytest.mark.parametrize("step", [1.0, 1 / 7])
@pytest.mark.parametrize("door", ["closed", "shipping"])
def test_half_a_door_halves_what_passes_for_as_long_as_it_lasts(door, step):
    """Half of what waits would pass all of it in the end: a year of it would cost a step."""
    system = build_chain([("m", "AAA", 1.0, {}), ("u", "BBB", 2.0, {})], [(0, 1, 1.0, {"stock_weeks": 2.0})], step=step)
    at = {0: 0.5} if door == "closed" else {place(system, "m"): 0.5}
    weeks = round(52 / step)
    _, moves = run(system, weeks, lambda _: hit(system, **{door: at}))
    user = place(system, "u")
    lost = (1 - delivered(moves)[:, user] / system.final[user]).sum() * step
    # 52 weeks at half, less the stock of two weeks, which lasts four; 1e-9 is rounding of a sum over a year.
    assert lost == pytest.approx((52 - 4) / 2, abs=1e-9)


def test_a_door_that_opens_lets_all_pass_that_waited():
    system = build_chain([("m", "AAA", 1.0, {}), ("u", "BBB", 2.0, {})], [(0, 1, 1.0, {"stock_weeks": 9.0})])
    _, moves = run(system, 8, lambda step: hit(system, closed={0: 1.0}) if step < 4 else None)
    sent = np.array([moved.sent[0] for moved in moves])
    assert sent[:4].tolist() == [0] * 4
    assert sent[4] > 4 * 0.9


def test_what_a_closed_route_would_have_taken_is_free_for_others():
    """Two makers without spare capacity; one stops, the other may not sell abroad: its whole output is for home."""
    makers = [("m", "AAA", 2.0, {}), ("m", "BBB", 2.0, {})]
    users = [("u", "AAA", 4.0, {}), ("v", "CCC", 4.0, {})]
    half = {"stock_weeks": 4.0}
    lots = [(i, j, 1.0, half) for i in (0, 1) for j in (2, 3)]
    system = build_chain(makers + users, lots)
    stays, stops = place(system, "m", "AAA"), place(system, "m", "BBB")
    home, abroad = place(system, "u"), place(system, "v")
    gate = lot(system, stays, abroad)
    _, moves = run(system, 60, lambda _: hit(system, starts={stops: 1.0}, closed={gate: 1.0}))
    made = delivered(moves)
    assert made[-1, abroad] < 0.01
    assert made[-20:, home].min() > 0.99 * system.final[home]
    _, moves = run(system, 60, lambda _: hit(system, starts={stops: 1.0}))
    both = delivered(moves)[-20:, [home, abroad]] / system.final[[home, abroad]]
    assert both.mean() == pytest.approx(0.5, abs=0.01)
