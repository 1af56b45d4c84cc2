"""Random schedules on random chains, and what they take away in one step, for the readable side."""

import numpy as np

from pondasi.stress.schedule import Schedule
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.simulate import Routes
from pondasi.stress.state import Hits

PLAIN = ("starts", "line", "shipping", "demand", "overtime")


def draw_schedule(system, seed, *, scenarios=3, rows=3, channels=CHANNELS):
    """Return scenarios of a few blows each: a jump, a hold, a ramp back."""
    rng = np.random.default_rng((seed, 1))
    count = scenarios * rows
    channel = np.array([CHANNELS.index(name) for name in rng.choice(channels, count)])
    countries = tuple(sorted(set(system.labels.get_level_values("country"))))
    route = channel == CHANNELS.index("route")
    start, hold, ramp = rng.integers(0, 8, count) * 1.0, rng.uniform(0.5, 12, count), rng.uniform(0, 5, count)
    loss = np.where(rng.random(count) < 0.5, 1.0, rng.uniform(0.1, 1, count))
    return Schedule(
        first=np.arange(0, count + 1, rows),
        supplier=rng.integers(0, len(system.output), count),
        channel=channel.astype(np.uint8),
        buyer=np.where(route, rng.integers(0, len(countries), count), -1).astype(np.int32),
        scrap=np.where(channel == CHANNELS.index("line"), loss, 0.0),
        alike=np.zeros(count, dtype=bool),
        start=np.arange(0, 3 * count + 1, 3),
        week=np.column_stack([start, start + hold, start + hold + ramp]).ravel(),
        loss=np.column_stack([loss, loss, 0 * loss]).ravel(),
        countries=countries,
    )


def hits_of(system, schedule, scenario, step, means):
    """Return what one step of one scenario takes away, from the mean losses of all rows."""
    n, routes = len(system.output), Routes.of(system)
    left, scrap, passing = np.ones((len(PLAIN), n)), np.zeros(n), np.ones(len(system.supplier))
    for row in range(schedule.first[scenario], schedule.first[scenario + 1]):
        channel, i = CHANNELS[schedule.channel[row]], schedule.supplier[row]
        if channel in PLAIN:
            left[PLAIN.index(channel), i] *= 1 - means[row, step]
        else:
            passing[routes.find_closed(schedule, row)] *= 1 - means[row, step]
        if schedule.scrap[row] > 0 and int(schedule.onset[row] // system.step) == step:
            scrap[i] = 1 - (1 - scrap[i]) * (1 - schedule.scrap[row] * system.scrap[i])
    return Hits(*(1 - left), scrap, 1 - passing)
