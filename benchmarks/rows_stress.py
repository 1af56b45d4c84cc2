"""Rows on the stress test of a country: thousands of disruptions, and the kernel against the readable side."""

from __future__ import annotations

import numpy as np

from benchmarks.measure import run_task
from benchmarks.registry import RefereeRow, SpeedRow
from pondasi.chain.load import load_world
from pondasi.stress.build import build_system
from pondasi.stress.dynamics import take_step
from pondasi.stress.kernel import DELIVERED
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import average_losses
from pondasi.stress.shock_library import load_shock
from pondasi.stress.simulate import Routes, run_schedule
from pondasi.stress.state import Hits, proportional, rest
from pondasi.stress.watches import watch_suppliers

ALL, SOME = 10_000, 1_280
"""Disruptions of the target, and those that are run; the time is scaled by their ratio."""

SPEED = (
    SpeedRow(
        "stress-sample",
        f"{ALL:,} disruptions x 156 weeks of the shipped world chain, two processes; scaled from {SOME:,}",
        lambda: run_task("disruptions", SOME, ALL),
        seconds=300,
        megabytes=2000,
        repeats=1,
    ),
    SpeedRow(
        "stress-named",
        "twelve named shocks x 156 weeks, one chain, with the buffers taken away one by one",
        lambda: run_task("named"),
        seconds=20,
        repeats=3,
    ),
)


def kernel_on_world() -> float:
    """Return how far the kernel is from the readable side, shipped world, a blockade over half a year."""
    world = load_world()
    system = build_system(world)
    schedule = resolve_shock(
        load_shock("taiwan_blockade", world.chain), system.labels, weigh_suppliers(world.chain, system.labels)
    )
    steps, n = 30, len(system.output)
    watches = watch_suppliers([(str(i), DELIVERED, row) for i, row in enumerate(np.eye(n, dtype=bool))])
    series = run_schedule(system, schedule, steps, watches)[0]
    means = average_losses(schedule, steps, system.step)
    state, worst = rest(system), 0.0
    for step in range(steps):
        state, moves = take_step(system, state, _hits(system, schedule, means, step), proportional(system))
        worst = max(worst, float(np.abs(moves.delivered - series[:, step]).max()))
    return worst / float(system.output.max())


def _hits(system, schedule, means, step) -> Hits:  # noqa: ANN001 - as in pondasi.stress.simulate
    """Return what one step takes away: a blockade stops shipping, and routes to the country."""
    door, passing = np.ones(len(system.output)), np.ones(len(system.supplier))
    shipping, routes = schedule.select("shipping"), Routes.of(system)
    for row in range(schedule.rows):
        if shipping[row]:
            door[schedule.supplier[row]] *= 1 - means[row, step]
        else:
            passing[routes.find_closed(schedule, row)] *= 1 - means[row, step]
    none = np.zeros(len(system.output))
    return Hits(none, none, 1 - door, none, none, 1 - passing)


REFEREES = (
    RefereeRow(
        "stress-kernel",
        "deliveries to final demand, 30 weeks of a blockade, shipped world",
        "the readable side",
        kernel_on_world,
        1e-12,
        "rounding of sums over some hundred lots, passed on for 30 steps",
    ),
)
