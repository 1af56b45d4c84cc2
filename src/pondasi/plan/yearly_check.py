"""Whether a year of the plan sees the same years as bad as the weekly stress test does (plan.55).

Years of disruption are drawn once. The weekly engine runs their events; the plan's year takes the same events by its own rule
(plan.27, plan.28): each takes its loss for its length from what it strikes, in whatever week it falls, without a slow way back, and
events that move demand take nothing. Both losses are value added of the country's user industries, on the chain of today and without any step.
Where the order of years is not the same, figures of the plan that hang on disruptions are indicative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from pondasi.chain.flows import balance_flows
from pondasi.plan.after import FRESH, prepare_system
from pondasi.plan.build import build_problem
from pondasi.plan.layout import Layout
from pondasi.plan.operations import make_setting, sweep_node
from pondasi.plan.price import points_of, without_steps
from pondasi.plan.scenarios import WEEKS, Events, gather_disruptions
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.sampling import prepare_hazards, sample_shocks
from pondasi.stress.simulate import run_schedule
from pondasi.stress.watches import HOME, watch_country

if TYPE_CHECKING:
    from pondasi.chain.flows import Flows
    from pondasi.plan.case import Case
    from pondasi.plan.problem import Vector
    from pondasi.stress.sampling import HazardSet, SampledShocks
    from pondasi.stress.system import System

SCENARIOS = 256
FIRM = 0.9
"""Rank correlation from which on the plan's year is taken to order years as the weekly engine does."""
FOLLOWED = 104
"""Weeks that a year of disruption is followed: its events may be felt after it [weeks]."""
ROUNDING = 1e-6
"""A loss of less than a dollar is rounding of the solver."""
MILLION = 1e6
ADDED = "value_added_share_of_output"


@dataclass(frozen=True, eq=False)
class YearlyCheck:
    """The loss of some years by the plan's rule and by the weekly engine.

    Parameters
    ----------
    table
        Index ``scenario``: ``weekly`` and ``yearly`` loss of value added [million USD].
    rank
        Rank correlation (Spearman), nan where one of both never loses anything.
    slope
        Yearly loss per weekly loss, by least squares through nought; nan where nothing is lost weekly.
    """

    table: pd.DataFrame = field(repr=False)
    rank: float
    slope: float

    @property
    def is_firm(self) -> bool:
        """Whether both order the years alike; where nothing can be told they do not."""
        return bool(self.rank >= FIRM)


def check_years(case: Case, *, scenarios: int = SCENARIOS, seed: int = FRESH) -> YearlyCheck:
    """Return how the plan's yearly loss agrees with the weekly one on the same drawn years.

    Parameters
    ----------
    scenarios, seed
        Years, with events at the rates of their hazards, and the seed of the draw.
    """
    world, home = case.world, case.country
    system, users = prepare_system(world, home, {})
    hazards = prepare_hazards(world, system.labels)
    sampled = sample_shocks(hazards, scenarios, seed, mode="poisson", horizon_weeks=float(WEEKS))
    weekly = _lose_weekly(case, system, users, sampled)
    flows = balance_flows(world.chain)
    disruptions = gather_disruptions(
        world, flows, home, _read_events(case, flows, system, hazards, sampled), np.full(scenarios, 1 / scenarios)
    )
    problem = build_problem(case, scenarios=scenarios, seed=seed, disruptions=disruptions)
    layout = Layout(problem)
    point = points_of(problem, layout, without_steps(problem, layout))[0]
    done = sweep_node(make_setting(problem), point, activity=True).activity
    yearly = np.zeros(scenarios) if done is None else problem.operations.loss @ done
    return compare_losses(weekly, np.where(yearly > ROUNDING, yearly, 0.0))


def compare_losses(weekly: Vector, yearly: Vector) -> YearlyCheck:
    """Return the agreement of two losses of the same years.

    Example
    -------
    >>> check = compare_losses(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, 1.0]))
    >>> round(check.rank, 9), check.slope, check.is_firm
    (1.0, 0.5, True)
    """
    table = pd.DataFrame({"weekly": weekly, "yearly": yearly}).rename_axis("scenario")
    moves = all(len(np.unique(column)) > 1 for column in (weekly, yearly))
    rank = float(stats.spearmanr(weekly, yearly).statistic) if moves else np.nan
    square = float(weekly @ weekly)
    return YearlyCheck(table, rank, float(weekly @ yearly) / square if square else np.nan)


def _lose_weekly(case: Case, system: System, users: tuple[str, ...], sampled: SampledShocks) -> Vector:
    """Return the value added that home's user industries lose in each year, made good or not [million USD]."""
    watches = watch_country(system, users, case.country)
    series = run_schedule(system, sampled.schedule, round(FOLLOWED / system.step), watches)
    table = measure_outcomes(series, watches.base(system), watches.names, step=system.step)
    traits = case.world.chain.traits.set_index(["node", "trait"])["value"]
    lost = np.zeros(len(sampled.schedule))
    for user in users:
        if (user, case.country) in system.labels:
            output = float(system.output[system.labels.get_loc((user, case.country))]) / system.step / MILLION
            gross = table.of(f"{HOME}/{user}")["gross"].to_numpy(dtype=float)
            lost += gross * output * float(traits.get((user, ADDED), np.nan))
    return lost


def _read_events(case: Case, flows: Flows, system: System, hazards: HazardSet, sampled: SampledShocks) -> Events:
    """Return drawn events as the plan's rule takes them."""
    table = case.world.companions["hazards"].set_index("hazard")["class"]
    place = {}
    for h, name in enumerate(hazards.names):
        for p in range(int(hazards.first_place[h]), int(hazards.first_place[h + 1])):
            place[name, hazards.places[p]] = p
    here = flows.labels.get_indexer(system.labels)
    events = sampled.events
    lost = np.zeros((len(flows.labels), len(events)))
    weeks = np.minimum(events["weeks"].to_numpy(dtype=float), WEEKS)
    loss = np.clip(events["loss"].to_numpy(dtype=float), 0.0, 1.0)
    for e, (hazard, where) in enumerate(zip(events["hazard"], events["place"], strict=True)):
        if table[hazard] == "demand":
            continue
        p = place[hazard, where]
        struck = here[hazards.supplier[hazards.first_supplier[p] : hazards.first_supplier[p + 1]]]
        lost[struck[struck >= 0], e] = loss[e] * weeks[e]
    return Events(lost, loss, weeks, events["scenario"].to_numpy())
