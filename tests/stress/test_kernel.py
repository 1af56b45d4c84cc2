"""The kernel computes what the readable side computes, state by state, whatever the chain and the blows."""

import importlib.util
from dataclasses import fields, replace

import numba
import numpy as np
import pytest

from pondasi.stress import kernel, simulate
from pondasi.stress.dynamics import take_step
from pondasi.stress.kernel import DELIVERED, LANES, MET, SENT, SHIPPED
from pondasi.stress.lanes import frame_system
from pondasi.stress.schedule import average_losses
from pondasi.stress.simulate import run_batch, run_schedule, sort_alike
from pondasi.stress.state import State, contracts_first, home_first, proportional, rest
from pondasi.stress.system import Kind
from pondasi.stress.watches import watch_suppliers
from tests.stress.random_schedules import draw_schedule, hits_of
from tests.stress.random_systems import draw_system

TOLERANCE = 1e-12
"""Rounding of sums over some hundred lots, relative to the largest output."""
LATER = 1e-9
"""After 40 steps in which rounding passes through lines and stocks."""
RULES = (proportional, contracts_first, home_first)


def all_of(system):
    return watch_suppliers([(str(i), DELIVERED, row) for i, row in enumerate(np.eye(len(system.output), dtype=bool))])


@pytest.mark.parametrize("seed", range(18))
def test_kernel_equals_readable_side(seed):
    system = draw_system(seed, nodes=4 + seed % 4, loops=seed % 3 == 2, step=1.0 if seed % 5 else 1 / 7)
    schedule, steps, scenario = draw_schedule(system, seed), 40, seed % 3
    rationing = RULES[seed % 2 if seed % 3 == 2 else seed % 3](system)
    frame = frame_system(system, rationing.lots, rationing.final)
    series, lanes = run_batch(frame, system, schedule, steps, all_of(system).compile())
    means = average_losses(schedule, steps, system.step)
    state, scale = rest(system), system.output.max()
    for step in range(steps):
        state, moves = take_step(system, state, hits_of(system, schedule, scenario, step, means), rationing)
        error = np.abs(moves.delivered - series[step, :, scenario]).max() / scale
        assert error < (TOLERANCE if step < 3 else LATER)
    pure = {"overtime", "open", "worn", "clock"}
    for field in fields(State):
        mine, theirs = getattr(state, field.name), getattr(lanes, field.name)[:, scenario]
        assert np.abs(mine - theirs).max(initial=0.0) < LATER * (1.0 if field.name in pure else scale), field.name


@pytest.mark.parametrize("seed", range(6))
def test_one_step_from_any_state(seed):
    system = draw_system(seed, nodes=5, loops=seed % 2 == 1)
    rng = np.random.default_rng(seed)
    base = rest(system)
    shaken = {
        field.name: getattr(base, field.name) * rng.uniform(0, 2, getattr(base, field.name).shape)
        for field in fields(State)
    }
    shaken |= {"backlog": base.lots * rng.uniform(0, 1, base.lots.shape) * (rng.random(base.lots.shape) < 0.3)}
    shaken |= {name: np.clip(shaken[name], 0, 1) for name in ("open", "worn")}
    state = replace(base, **shaken)
    schedule, rationing = draw_schedule(system, seed), proportional(system)
    means = average_losses(schedule, 1, system.step)
    frame = frame_system(system, rationing.lots, rationing.final)
    _, lanes = run_batch(frame, system, schedule, 1, all_of(system).compile(), state)
    for scenario in range(len(schedule)):
        following, _ = take_step(system, state, hits_of(system, schedule, scenario, 0, means), rationing)
        for field in fields(State):
            mine, theirs = getattr(following, field.name), getattr(lanes, field.name)[:, scenario]
            scale = max(1.0, np.abs(mine).max(initial=0.0))
            assert np.abs(mine - theirs).max(initial=0.0) < TOLERANCE * scale, field.name


def test_lanes_do_not_know_of_each_other():
    system = draw_system(3, nodes=6)
    schedule = draw_schedule(system, 3, scenarios=LANES + 5)
    together = run_schedule(system, schedule, 30, all_of(system))
    for scenario in (0, 7, LANES - 1, LANES, LANES + 4):
        alone = run_schedule(system, schedule.take(scenario, scenario + 1), 30, all_of(system))
        assert np.array_equal(alone[0], together[scenario])


def test_alike_scenarios_stand_side_by_side():
    system = draw_system(2, nodes=5)
    schedule = draw_schedule(system, 2, scenarios=12)
    order, alike = sort_alike(schedule)

    def struck(one, k):
        return sorted(one.supplier[one.first[k] : one.first[k + 1]].tolist())

    assert sorted(order.tolist()) == list(range(12))
    assert [struck(alike, k) for k in range(12)] == sorted(struck(schedule, k) for k in range(12))
    for place, number in enumerate(order.tolist()):
        mine, theirs = alike.take(place, place + 1), schedule.take(number, number + 1)
        assert np.array_equal(mine.supplier, theirs.supplier)
        assert np.array_equal(mine.loss, theirs.loss)


@pytest.fixture
def uncompiled(monkeypatch):
    """Return the kernel's file as plain Python: the same sums, slowly, and visible to the coverage."""
    with monkeypatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", 1)
        spec = importlib.util.spec_from_file_location("uncompiled_kernel", kernel.__file__)
        plain = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(plain)
    monkeypatch.setattr(simulate, "run_lanes", plain.run_lanes)


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_compiled_and_uncompiled_say_the_same(seed, monkeypatch):
    system = draw_system(seed, nodes=4, loops=seed == 2)
    schedule = draw_schedule(system, seed)
    rationing = RULES[seed % 3](system)
    slowly = run_schedule(system, schedule, 12, all_of(system), rationing)
    monkeypatch.setattr(simulate, "run_lanes", kernel.run_lanes)
    quickly = run_schedule(system, schedule, 12, all_of(system), rationing)
    assert np.abs(slowly - quickly).max() < TOLERANCE * system.output.max()


def test_a_watch_records_what_it_names():
    system = draw_system(4, nodes=5)
    n = len(system.output)
    everyone, goods = np.ones(n, dtype=bool), system.kind != Kind.RIGHT
    watches = watch_suppliers(
        [
            ("delivered", DELIVERED, everyone),
            ("shipped", SHIPPED, everyone),
            ("sent", SENT, everyone),
            ("met", MET, goods & (np.cumsum(goods) == 1)),
        ]
    )
    blows = draw_schedule(system, 0, scenarios=1)
    nothing = replace(blows, loss=0 * blows.loss, scrap=0 * blows.scrap)
    series = run_schedule(system, nothing, 3, watches)
    assert np.allclose(series[0], watches.base(system)[:, None], rtol=TOLERANCE)
