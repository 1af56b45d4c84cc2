"""What it is worth to plan for more than one future, to wait, to adapt, and to know.

Four plans beside the best one, each priced in the same tree of futures:

- *mean*: what a plan made for one average future and average years starts before the first gate is held; all later
  decisions are taken anew. What the best plan gains on it is the value of the stochastic solution (Birge 1982,
  doi:10.1007/BF01585113; here for the first of several stages, Escudero et al. 2007, doi:10.1007/s11750-007-0005-4).
- *wait*: nothing new starts before the first gate. What the best plan gains on it is the price of waiting.
- *fixed*: starts and sizes are the same in all futures to the end. What the best plan gains on it is the value of
  being able to adapt.
- *known*: it is known from the start which future comes (wait-and-see). What it gains on the best plan is the expected
  value of perfect information on futures; disruptions and the success of steps stay unknown.

With ``WS`` the cost where it is known, ``RP`` of the best plan, ``EEV`` of the mean one (plan.75)::

    WS <= RP <= EEV

Costs are those of (plan.30), so each year's risk is weighed in all of them alike, and futures by their probability. With the
other choice of risk ("loss") the tail of a year is looked at within the future that is known, and what is gained
holds that difference too; the order above stays true.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.cuts import CutPool, pool_key
from pondasi.plan.layout import Layout
from pondasi.plan.operations import make_setting
from pondasi.plan.price import LEAST
from pondasi.plan.reshape import (
    average_futures,
    average_scenarios,
    follow_path,
    hold_first_stage,
    tie_futures,
    wait_for_gate,
)
from pondasi.solver import InfeasibleError, OutOfTimeError

if TYPE_CHECKING:
    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector, Whole
    from pondasi.plan.strategy import Strategy

PLANS = ("best", "mean", "wait", "fixed", "known")
GAINS = {"mean": "stochastic", "wait": "waiting", "fixed": "adapting", "known": "information"}
"""What the difference between the best plan and another is the worth of."""


@dataclass(frozen=True, eq=False)
class PlanWorth:
    """Values of the best plan and of plans made in another way, and what lies between them [million USD of today's value].

    Parameters
    ----------
    plans
        Index ``plan`` (`PLANS`); columns ``low`` and ``high`` of its value, against the committed steps alone. Both unknown where no
        such plan keeps all limits; ``low`` alone where time ended before one was found.
    gains
        Index ``gain`` (the values of `GAINS`), columns ``low`` and ``high``, never below zero; ``high`` is infinite where
        the other plan cannot be kept, and unknown where time ended before one was found.
    kept
        How much of the mean plan's first stage could be held in all futures: ``all``, ``starts`` (with other sizes), ``none``, or
        ``unknown`` where time ended before that was known.
    """

    plans: pd.DataFrame
    gains: pd.DataFrame = field(repr=False)
    kept: str = "all"

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return both tables by name, with plain columns."""
        return {"worth": self.plans.reset_index(), "gains": self.gains.reset_index()}


def measure_worth(
    problem: PlanProblem,
    best: Answer,
    reference: float,
    *,
    gap: float,
    seconds: float = np.inf,
    executor: Executor | None = None,
    pool: CutPool | None = None,
) -> PlanWorth:
    """Return what planning for several futures, waiting, adapting and knowing are worth, as intervals from the gaps.

    Parameters
    ----------
    best
        The best plan known and what no plan can beat.
    reference
        Cost of the committed steps alone.
    gap
        Difference of cost and bound at which each solve may end, relative to the value of the best plan.
    seconds
        Time for all solves together; intervals are wider where it runs out, and hold.
    pool
        Cuts of the problem itself; those in the nodes of a path start the search where its leaf is known.
    """
    asker = _Asker(problem, best, reference, gap, time.monotonic() + seconds, executor, pool)
    values = {"best": (reference - best.cost, reference - best.bound)}
    values["mean"], kept = asker.hold_mean()
    values["wait"] = asker.ask(wait_for_gate(problem), share=1 / 3)
    tied, strategy = tie_futures(problem)
    values["fixed"] = asker.ask(tied, share=1 / 2, strategy=strategy)
    values["known"] = asker.know()
    low, high = values["best"]
    # Each of these is a plan of the problem, so the best is worth no less; and knowing is worth no less than the best.
    low = max([low, *(values[name][0] for name in ("mean", "wait", "fixed") if not np.isnan(values[name][0]))])
    high = min(high, values["known"][1])
    values["best"] = min(low, high), high
    gains = {}
    for name, gain in GAINS.items():
        above, below = (values["known"], values["best"]) if name == "known" else (values["best"], values[name])
        if np.isnan(below).all():
            gains[gain] = (0.0, np.inf)
        else:
            gains[gain] = (max(0.0, above[0] - below[1]), float(np.maximum(0.0, above[1] - below[0])))
    return PlanWorth(
        pd.DataFrame.from_dict(
            {name: values[name] for name in PLANS}, orient="index", columns=["low", "high"]
        ).rename_axis("plan"),
        pd.DataFrame.from_dict(gains, orient="index", columns=["low", "high"]).rename_axis("gain"),
        kept,
    )


class _Asker:
    """Solves the plans beside the best one, each for a share of the time left."""

    def __init__(
        self,
        problem: PlanProblem,
        best: Answer,
        reference: float,
        gap: float,
        deadline: float,
        executor: Executor | None,
        pool: CutPool | None,
    ) -> None:
        self.problem, self.best, self.reference, self.executor = problem, best, reference, executor
        self.deadline = deadline
        self.tolerance = max(gap * abs(reference - best.cost), 2 * LEAST * abs(best.cost))
        self.pool = CutPool() if pool is None else pool

    def solve(
        self,
        problem: PlanProblem,
        share: float,
        *,
        pool: CutPool | None = None,
        strategy: Strategy | None = None,
        suggestion: Vector | None = None,
        part: float = 1.0,
    ) -> Answer:
        left = self.deadline - time.monotonic()
        return solve_benders(
            problem,
            gap=part,
            scale=self.tolerance,
            seconds=np.inf if np.isinf(left) else max(share * left, 1.0),
            insist=False,
            executor=self.executor,
            pool=self.pool if pool is None else pool,
            strategy=strategy,
            suggestion=suggestion,
        )

    def ask(self, problem: PlanProblem, share: float, strategy: Strategy | None = None) -> tuple[float, float]:
        """Return the value of a narrower problem; unknown if it has no plan, and its lower end if none was found in time."""
        try:
            answer = self.solve(problem, share, strategy=strategy)
        except InfeasibleError:
            return np.nan, np.nan
        except OutOfTimeError as error:
            return np.nan, self.reference - max(error.bound, self.best.bound)
        return self.reference - answer.cost, self.reference - answer.bound

    def hold_mean(self) -> tuple[tuple[float, float], str]:
        """Return the value of what a plan for the mean starts first, and how much of it could be held (plan.71)."""
        mean = average_scenarios(average_futures(self.problem))
        try:
            answer = self.solve(mean, 1 / 8, pool=CutPool())
        except InfeasibleError:
            return (np.nan, np.nan), "none"
        except OutOfTimeError:
            return (np.nan, self.reference - self.best.bound), "unknown"
        for sizes, kept in ((True, "all"), (False, "starts")):
            value = self.ask(hold_first_stage(self.problem, answer.x, answer.layout, sizes=sizes), share=1 / 4)
            if not np.isnan(value[1]):
                return value, "unknown" if np.isnan(value[0]) else kept
        return (np.nan, np.nan), "none"

    def know(self) -> tuple[float, float]:
        """Return the value where it is known which future comes: leaf by leaf, weighed by its probability (plan.72)."""
        tree = self.problem.tree
        low = high = self.reference
        for k, leaf in enumerate(tree.leaves):
            path, nodes = follow_path(self.problem, int(leaf))
            # On its path the best plan keeps all limits: a plan to begin with.
            known, _ = move_plan(self.best.x, self.best.layout, Layout(path), nodes)
            pool = self.keep_nodes(path, nodes)
            answer = self.solve(path, 1 / (len(tree.leaves) - k), pool=pool, suggestion=known)
            weight = float(tree.probability[leaf])
            low, high = low - weight * answer.cost, high - weight * answer.bound
        return low, high

    def keep_nodes(self, path: PlanProblem, nodes: Whole) -> CutPool:
        """Return the dual values that were found in the nodes of a path, as of the path: its years are the same."""
        place = {int(node): k for k, node in enumerate(nodes)}
        records = [
            replace(record, point=record.point._replace(node=place[record.point.node]))
            for record in self.pool.records
            if record.point.node in place
        ]
        return CutPool(pool_key(path, make_setting(path)), records)
