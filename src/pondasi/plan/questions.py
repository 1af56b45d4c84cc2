"""A plan of which things are asked: every answer a solve of a problem that differs in what the question asks.

*Held* (the default): the starts of the plan may be dropped, and only starts that the question itself asks for may join; sizes and money
are settled again. *Decided anew* (``held=False``): all starts are open again, at the price of a full search per question.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.cuts import CutPool
from pondasi.plan.layout import Layout
from pondasi.solver import OutOfTimeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.strategy import Strategy

SHORTEST = 1.0
"""Seconds that a question gets at least, while there is time."""
SEARCHING = 0.5
"""Part of the time of a question that its search is given: what it starts from and its last sweeps take the rest."""
RECENT = 6
"""Cuts of each node that a question starts from, the newest: older ones mostly say less and cost time."""


@dataclass(frozen=True, eq=False)
class Questions:
    """A plan of which things are asked: its problem, its starts, and what it costs at least and at most.

    Parameters
    ----------
    base
        The plan with sizes settled again, over the starts that are asked about.
    pool
        Cuts that every question starts from.
    seconds
        Time of a question at most.
    deadline
        Time of `time.monotonic` at which all questions have to end.
    parts
        Questions among which the time that is left is shared out.
    """

    problem: PlanProblem
    mask: NDArray[np.bool_] = field(repr=False)
    base: Answer
    pool: CutPool = field(repr=False)
    scale: float
    gap: float
    held: bool
    seconds: float = np.inf
    executor: Executor | None = None
    deadline: float = np.inf
    parts: int = 1

    def solve(self, problem: PlanProblem, *, known: Vector | None = None, strategy: Strategy | None = None) -> Answer:
        """Return the best plan of a changed problem, from a copy of the cuts, so that no answer depends on another.

        Parameters
        ----------
        known
            A plan of the changed problem: with it there is an answer, however short the time.

        Raises
        ------
        OutOfTimeError
            If time ends before there is a plan.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        return solve_benders(
            problem,
            gap=self.gap,
            seconds=min(self.seconds, max(SHORTEST, SEARCHING * left / self.parts)),
            insist=False,
            scale=self.scale,
            pool=CutPool(self.pool.key, list(self.pool.records)),
            executor=self.executor,
            strategy=strategy,
            suggestion=known,
        )

    def least(self, error: OutOfTimeError) -> float:
        """Return what a changed plan loses at least, where time ended before there was one."""
        return error.bound - self.base.cost

    def loss(self, answer: Answer) -> tuple[float, float]:
        """Return what a changed plan loses against the plan, as an interval (plan.93)."""
        return answer.bound - self.base.cost, answer.cost - self.base.bound

    def allow(self, mask: NDArray[np.bool_], **menu: NDArray[np.generic]) -> PlanProblem:
        """Return the problem with these starts, and fields of its menu changed."""
        return self.problem.change(options={"open": self.problem.options.open & mask}, menu=menu)


def ask_about(
    problem: PlanProblem,
    answer: Answer,
    value: float,
    *,
    held: bool = True,
    gap: float = 0.005,
    seconds: float = np.inf,
    together: float = np.inf,
    pool: CutPool | None = None,
    executor: Executor | None = None,
) -> Questions:
    """Return a plan ready for questions.

    Parameters
    ----------
    answer, value
        The plan and what it is worth [million USD].
    held
        Whether its starts are held (see the module).
    gap
        Gap of every solve, relative to the value.
    seconds
        Time of every solve; one that runs out has a wider interval, or none (see `Reason`).
    together
        Time of all solves, from now on: each gets an equal share of what those before it left.
    pool
        Cuts of the search that found the plan; they are not changed.
    """
    option, node = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 1 / 2
    mask = np.ones_like(problem.options.open)
    if held:
        mask[:] = False
        mask[option[taken], node[taken]] = True
    deadline = time.monotonic() + together
    scale = max(abs(value), 1.0)
    questions = Questions(problem, mask, answer, _recent(pool), scale, gap, held, seconds, executor, deadline)
    if not held:
        return questions
    part = questions.allow(mask)
    known, _ = move_plan(answer.x, answer.layout, Layout(part))
    try:
        return replace(questions, base=replace(questions, parts=len(problem.labels.steps)).solve(part, known=known))
    except OutOfTimeError:  # there was no time at all: the plan as it was found is one over its own starts
        return questions


def _recent(pool: CutPool | None) -> CutPool:
    """Return the newest cuts of every node, in the order in which they were found."""
    if pool is None:
        return CutPool()
    count: dict[int, int] = {}
    kept = []
    for record in reversed(pool.records):
        node = record.point.node
        count[node] = count.get(node, 0) + 1
        if count[node] <= RECENT:
            kept.append(record)
    return CutPool(pool.key, kept[::-1])
