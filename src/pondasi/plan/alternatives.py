"""Other plans that are nearly as good: how far can one go from the best plan before it costs more than a stated part of its value?

The distance of two plans is the number of starts in which they differ, each weighed by the probability of its future (plan.80)::

    distance(z, z') = sum over starts k of p_node(k) |z_k - z'_k|

With z' given this is linear in z, since both are 0 or 1. So a plan that lies at least so far from all plans known is one
more family of rows, and the engine says what the best such plan costs. The distance is doubled until that is more than is
allowed; then either it is proven that nothing lies further, or time ran out. Every plan has its own full sweep.

The ways to be nearly optimal follow Brill, Chang and Hopkins 1982 (doi:10.1287/mnsc.28.3.221), who look for the plan
that differs most under a limit of cost; here the cost is made least under a limit of distance, so that every step is the same problem.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import TAKEN, move_plan
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.plan.price import LEAST, evaluate
from pondasi.plan.reshape import follow_path
from pondasi.plan.roadmap import SOON
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy, build_strategy
from pondasi.solver import InfeasibleError, OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector

SLACK = 0.05
"""Part of the value that another plan may be short of the best."""
FURTHER = 2.0
"""By how much the distance grows from one search to the next."""
SHORTEST = 1.0
"""Seconds that a search gets at least."""


@dataclass(frozen=True, eq=False)
class Alternatives:
    """The best plan and others that are nearly as good.

    Parameters
    ----------
    answers
        The plans, the best first, each with its own full sweep.
    plans
        Index ``plan`` (0 the best); columns ``value`` [million USD], ``distance`` to the nearest of the others before it,
        ``most_distance``: beyond it, it is proven that no plan is good enough (infinite where that is not known), and
        ``regret``: what it loses in the worst future against the plan that is best there, among these plans.
    steps
        Index ``step``; ``share``: in which part of the plans it starts within `SOON` years, weighed by futures.
    regret
        Index ``future`` (leaf), one column per plan: what it loses there [million USD].
    floor
        Value that a plan must have to be good enough.
    """

    answers: tuple[Answer, ...] = field(repr=False)
    plans: pd.DataFrame
    steps: pd.DataFrame = field(repr=False)
    regret: pd.DataFrame = field(repr=False)
    floor: float = 0.0

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name, with plain columns."""
        regret = self.regret.rename(columns=lambda k: f"plan_{k}").reset_index()
        return {
            "alternatives": self.plans.reset_index(),
            "alternative_steps": self.steps.reset_index(),
            "alternative_regret": regret,
        }


def find_alternatives(
    problem: PlanProblem,
    best: Answer,
    reference: float,
    number: int,
    *,
    slack: float = SLACK,
    gap: float,
    seconds: float = np.inf,
    executor: Executor | None = None,
    pool: CutPool | None = None,
) -> Alternatives:
    """Return plans that are worth nearly as much as the best and start other things.

    Parameters
    ----------
    best
        The best plan known.
    reference
        Cost of the committed steps alone.
    number
        How many other plans are looked for; fewer are found where no more are good enough, or time runs out.
    slack
        Part of the value of the best plan that another may be short of it.
    gap
        Difference of cost and bound at which each search may end, relative to the value.
    """
    deadline = time.monotonic() + seconds
    value = reference - best.cost
    tolerance = max(gap * abs(value), 2 * LEAST * abs(best.cost))
    limit = best.cost + max(slack * abs(value), tolerance)
    shared = CutPool() if pool is None else pool
    strategy = build_strategy(problem)
    answers, rows = [best], [(value, 0.0, np.inf)]
    for k in range(number):
        found, distance, least = None, 0.0, 1.0
        proven = np.inf
        while time.monotonic() < deadline:
            left = (deadline - time.monotonic()) / (number - k)
            try:
                answer = solve_benders(
                    problem,
                    gap=1.0,
                    scale=tolerance,
                    strategy=keep_distance(strategy, problem, answers, least),
                    seconds=np.inf if np.isinf(left) else max(SHORTEST, left / 2),
                    insist=False,
                    executor=executor,
                    pool=shared,
                )
            except InfeasibleError:
                proven = least
                break
            except OutOfTimeError as error:
                proven = least if error.bound > limit else np.inf
                break
            if answer.cost > limit:
                proven = least if answer.bound > limit else np.inf
                break
            found, distance = answer, measure_distance(problem, answer, answers)
            least = FURTHER * max(distance, least)
        if found is None:
            rows[-1] = (*rows[-1][:2], min(rows[-1][2], proven))
            break
        answers.append(found)
        rows.append((reference - found.cost, distance, proven))
    regret = tabulate_regret(problem, answers)
    plans = pd.DataFrame(rows, columns=["value", "distance", "most_distance"]).rename_axis("plan")
    plans["regret"] = regret.max(axis=0).to_numpy()
    return Alternatives(tuple(answers), plans, share_steps(problem, answers), regret, reference - limit)


def keep_distance(strategy: Strategy, problem: PlanProblem, answers: Sequence[Answer], least: float) -> Strategy:
    """Return the rows of a problem with one more family: at least so far from every plan (plan.80)."""
    layout, rows = strategy.layout, Rows(strategy.layout)
    weight = problem.tree.probability[layout.starts[1]]
    ends = np.zeros(len(answers))
    at = layout.at("z", np.arange(len(weight)))
    for k, answer in enumerate(answers):
        there = _starts_in(answer, layout)
        rows.add(np.full(len(weight), k), at, weight * (1 - 2 * there))
        ends[k] = least - weight @ there
    return Strategy(layout, (*strategy.families, rows.make("distance_kept", len(answers), lower=ends)))


def measure_distance(problem: PlanProblem, answer: Answer, answers: Sequence[Answer]) -> float:
    """Return how far a plan lies from the nearest of others (plan.80)."""
    weight = problem.tree.probability[answer.layout.starts[1]]
    own = _starts_in(answer, answer.layout)
    return min(float(weight @ np.abs(own - _starts_in(other, answer.layout))) for other in answers)


def tabulate_regret(problem: PlanProblem, answers: Sequence[Answer]) -> pd.DataFrame:
    """Return what each plan loses in each future against the plan that is best there, among these (plan.81).

    A future is a leaf of the tree. The true least cost there is not looked for, so regret is no more than against all plans.
    """
    names, costs = [], []
    for leaf in problem.tree.leaves:
        path, nodes = follow_path(problem, int(leaf))
        layout = Layout(path)
        costs.append([evaluate(path, layout, move_plan(a.x, a.layout, layout, nodes)[0]).cost for a in answers])
        names.append(problem.tree.names[leaf])
    table = np.array(costs)
    index = pd.Index(names, name="future")
    return pd.DataFrame(table - table.min(axis=1, keepdims=True), index=index, columns=range(len(answers)))


def share_steps(problem: PlanProblem, answers: Sequence[Answer]) -> pd.DataFrame:
    """Return in which part of the plans each step starts within `SOON` years, the surest first (plan.82)."""
    tree = problem.tree
    early = tree.year < tree.year[0] + SOON
    shares = np.zeros(len(problem.labels.steps))
    for answer in answers:
        option, node = answer.layout.starts
        taken = (answer.layout.read(answer.x, "z") > TAKEN) & early[node]
        np.add.at(shares, problem.options.step[option[taken]], tree.probability[node[taken]])
    table = pd.DataFrame({"share": shares / len(answers)}, index=pd.Index(problem.labels.steps, name="step"))
    return table[table["share"] > 0].sort_values("share", ascending=False, kind="stable")


def _starts_in(answer: Answer, layout: Layout) -> Vector:
    """Return the starts of a plan, 0 or 1, in the order of a layout."""
    moved, _ = move_plan(answer.x, answer.layout, layout)
    return np.asarray((layout.read(moved, "z") > TAKEN).astype(float))
