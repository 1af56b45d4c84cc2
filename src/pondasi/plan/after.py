"""Before and after: fresh disruptions, week by week, on the chain of today and on that of a year of the plan (plan.54).

Both chains meet the same years of disruption, drawn with a seed that the plan was not made with, so that the difference is known
better than either loss. Reserves of the plan are stock of the country's industries; agreements on supply are not in it, for
the weekly engine knows no priority of one buyer over another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.plan.world_after import build_world_after
from pondasi.stress.build import build_system
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.remedies import add_stock, find_nodes
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.sampling import prepare_hazards, sample_shocks
from pondasi.stress.schedule import join_schedules
from pondasi.stress.simulate import run_schedule
from pondasi.stress.watches import HOME, watch_country

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pondasi.chain.records import World
    from pondasi.plan.solve import Plan
    from pondasi.plan.world_after import WorldAfter
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.shocks import Shock
    from pondasi.stress.system import Floats, System

CONFIDENCE = 0.95
NOISE = 1e-6
"""A difference in loss below this [weeks of output] is none: shares change in the last digits, and years follow."""
YEAR, WEEKS = 52, 104
"""Events begin within a year, and are followed for two [weeks]."""
SCENARIOS = 256
FRESH = 1000
"""Added to the seed of a plan: its disruptions, and those that it was priced on, come from others."""


@dataclass(frozen=True, eq=False)
class BeforeAfter:
    """What disruptions cost the country's industries before and after the plan [weeks of their output].

    Parameters
    ----------
    after
        The world of the year.
    sampled
        Index ``scenario``, a year of disruption: ``hazard`` of its first event (missing without one), and the gross loss
        ``before`` and ``after``.
    named
        Index ``shock``: the same for shocks that have a name, in the central run.
    change
        Mean of after less before, with its interval by Student's t over the pairs.
    weeks
        How long each was followed.
    """

    after: WorldAfter = field(repr=False)
    sampled: pd.DataFrame = field(repr=False)
    named: pd.DataFrame
    change: tuple[float, float, float]
    weeks: int


def stress_after(
    plan: Plan,
    shocks: Sequence[Shock] = (),
    *,
    year: int | None = None,
    future: str | None = None,
    scenarios: int = SCENARIOS,
    seed: int = FRESH,
    weeks: int = WEEKS,
) -> BeforeAfter:
    """Run the same disruptions on the chain of today and on that of a year of the plan.

    Parameters
    ----------
    shocks
        Named shocks that are run as well.
    year, future
        See `build_world_after`.
    scenarios, seed
        Fresh years of disruption, events at the rates of their hazards; not the seed of the plan. At least two.
    weeks
        How long each is followed [weeks].
    """
    after = build_world_after(plan, year, future)
    sides = [(plan.case.world, {}), (after.world, after.reserves)]
    home = plan.case.country
    drawn, named, hazard = [], [], np.array([], dtype=object)
    for world, reserves in sides:
        system, users = prepare_system(world, home, reserves)
        sampled = sample_shocks(
            prepare_hazards(world, system.labels), scenarios, seed, mode="poisson", horizon_weeks=float(YEAR)
        )
        first = sampled.events.groupby("scenario")["hazard"].first()
        hazard = first.reindex(range(scenarios)).to_numpy(dtype=object)
        drawn.append(_lose(system, sampled.schedule, users, home, weeks))
        if shocks:
            holdings = weigh_suppliers(world.chain, system.labels)
            schedule = join_schedules([resolve_shock(shock, system.labels, holdings, home=home) for shock in shocks])
            named.append(_lose(system, schedule, users, home, weeks))
    table = pd.DataFrame({"hazard": hazard, "before": drawn[0], "after": drawn[1]})
    index = pd.Index([shock.id for shock in shocks], name="shock")
    both = pd.DataFrame(dict(zip(("before", "after"), named or ([], []), strict=True)), index, dtype=float)
    return BeforeAfter(after, table.rename_axis("scenario"), both, pair_means(drop_noise(drawn[1] - drawn[0])), weeks)


def drop_noise(difference: Floats) -> Floats:
    """Return differences of two runs, with nothing where they are less than what rounding leaves of two like ones.

    Example
    -------
    >>> drop_noise(np.array([2e-9, -0.5])).tolist()
    [0.0, -0.5]
    """
    return np.where(np.abs(difference) < NOISE, 0.0, difference)


def pair_means(difference: Floats) -> tuple[float, float, float]:
    """Return the mean of paired differences and its interval by Student's t at `CONFIDENCE`.

    Example
    -------
    >>> pair_means(np.array([1.0, 1.0, 1.0]))
    (1.0, 1.0, 1.0)
    """
    mean, spread = float(difference.mean()), float(difference.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(difference) - 1)) * spread / float(np.sqrt(len(difference)))
    return mean, mean - half, mean + half


def prepare_system(world: World, home: str, reserves: Mapping[str, float]) -> tuple[System, tuple[str, ...]]:
    """Return the chain as the weekly engine takes it, reserves in the stocks of the country's industries, and the users."""
    flows = balance_flows(world.chain, read_prior(world))
    system = build_system(world, flows)
    mine = np.array([system.labels.get_loc((user, home)) for user in flows.users if (user, home) in flows.labels])
    for node, needs in find_nodes(system, mine).items():
        if reserves.get(node, 0.0) > 0:
            system = add_stock(system, needs, reserves[node])
    return system, flows.users


def _lose(system: System, schedule: Schedule, users: tuple[str, ...], home: str, weeks: int) -> Floats:
    """Return the gross loss of home in every scenario [weeks of output]."""
    watches = watch_country(system, users, home).first(1)
    series = run_schedule(system, schedule, round(weeks / system.step), watches)
    outcomes = measure_outcomes(series, watches.base(system), watches.names, step=system.step)
    return outcomes.of(HOME)["gross"].to_numpy(dtype=float)
