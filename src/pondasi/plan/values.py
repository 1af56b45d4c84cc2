"""What a plan is worth on years that it was not made for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from pondasi.plan.build import build_problem
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.weekly_years import prepare_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.executor import Executor
    from pondasi.plan.problem import Vector
    from pondasi.plan.solve import Plan
    from pondasi.plan.weekly_years import WeeklyEngine

CONFIDENCE = 0.95
LEAST_RUNS = 32
"""Years at least that are run week by week for a draw."""


@dataclass(frozen=True, eq=False)
class FreshValue:
    """The value of a plan over fresh draws of the disruptions (plan.51).

    Parameters
    ----------
    inside
        Value over the scenarios that it was made for [million USD]: too rosy, for the plan was fitted to them.
    mean, low, high
        Mean over the draws, and its interval by Student's t at `CONFIDENCE`.
    draws
        Value in each draw.
    """

    inside: float
    mean: float
    low: float
    high: float
    draws: Vector = field(repr=False)


def value_afresh(
    plan: Plan,
    seeds: Sequence[int],
    *,
    scenarios: int | None = None,
    runs: int | None = None,
    engine: WeeklyEngine | None = None,
    executor: Executor | None = None,
) -> FreshValue:
    """Return what the decisions of a plan are worth where other disruptions come and other steps fail.

    Nothing is decided anew: starts and sizes are those of the plan, and of the committed steps alone those against which it counts.

    Parameters
    ----------
    seeds
        One draw per seed, at least two; not the seed of the plan.
    scenarios
        Scenarios per draw; as many as the plan has by default.
    runs
        Years per draw that are run week by week for those to stand for; as many as there are scenarios, or `LEAST_RUNS`, by default.
    engine
        As in `build_problem`.
    """
    number = scenarios or len(plan.problem.operations.weight)
    layout, x = plan.answer.layout, plan.answer.x
    engine = engine or prepare_engine(plan.case.world, plan.case.country, executor=executor)
    values = []
    for seed in seeds:
        fresh = build_problem(
            plan.case,
            scenarios=number,
            runs=max(number, LEAST_RUNS) if runs is None else runs,
            seed=seed,
            offers=plan.offers,
            favour=plan.favour,
            engine=engine,
            executor=executor,
        )
        problem = plan.problem.change(operations=fresh.operations)
        alone = without_steps(problem, layout) if plan.alone is None else plan.alone.move_to(layout)
        reference = evaluate(problem, layout, alone, executor=executor).cost
        values.append(reference - evaluate(problem, layout, x, executor=executor).cost)
    draws = np.array(values)
    mean = float(draws.mean())
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(draws) - 1) * draws.std(ddof=1) / np.sqrt(len(draws)))
    return FreshValue(plan.value, mean, mean - half, mean + half, draws)
