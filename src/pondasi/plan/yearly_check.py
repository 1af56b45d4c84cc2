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

from pondasi.plan.after import FRESH
from pondasi.plan.build import build_problem
from pondasi.plan.operations import Point, make_setting, sweep_node
from pondasi.plan.scenarios import draw_disruptions
from pondasi.plan.weekly_years import prepare_engine
from pondasi.plan.year import CALM

if TYPE_CHECKING:
    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.scenarios import Disruptions
    from pondasi.plan.weekly_years import WeeklyEngine

RUNS = 128
"""Years on which the plan's own are checked."""
FIRM = 0.9
"""Rank correlation from which on the plan's year is taken to order years as the weekly engine does."""
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


def check_years(
    case: Case,
    *,
    runs: int = RUNS,
    seed: int = FRESH,
    engine: WeeklyEngine | None = None,
    executor: Executor | None = None,
) -> YearlyCheck:
    """Return how the plan's yearly loss agrees with the weekly one on the same drawn years.

    Parameters
    ----------
    runs, seed
        Years that are run (see `draw_disruptions`), and the seed of the draw.
    engine, executor
        As for `build_problem`.
    """
    engine = engine or prepare_engine(case.world, case.country, executor=executor)
    calm = build_problem(case, scenarios=0)
    nodes = [node for block, node in calm.operations.row_labels if block == CALM]
    drawn = draw_disruptions(engine, nodes, runs, seed, executor=executor)
    problem = build_problem(case, seed=seed, disruptions=drawn)
    return compare_losses(lose_weekly(case.world, drawn), lose_yearly(problem))


def lose_weekly(world: World, drawn: Disruptions) -> Vector:
    """Return the value added that home's user industries lose week by week, shape (S,) [million USD]: of each its own output lost."""
    engine = drawn.engine
    traits = world.chain.traits.set_index(["node", "trait"])["value"]
    made = [engine.system.output[engine.system.labels.get_loc((user, engine.home))] for user in engine.users]
    added = [float(traits.get((user, ADDED), np.nan)) for user in engine.users]
    return np.asarray(np.array(made) / engine.system.step / MILLION * added @ drawn.years.gross)


def lose_yearly(problem: PlanProblem) -> Vector:
    """Return the value added that the plan's first year loses without any step, shape (S,) [million USD], if need is that of today."""
    today = problem.change(operations={"growth": np.ones_like(problem.operations.growth)})
    nothing = np.zeros(len(today.options) + len(today.labels.countries))
    done = sweep_node(make_setting(today), Point(0, nothing, 0.0), activity=True).activity
    yearly = np.zeros(len(today.operations.weight)) if done is None else today.operations.loss @ done
    return np.asarray(np.where(yearly > ROUNDING, yearly, 0.0))


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
