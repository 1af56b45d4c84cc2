"""The engine: the plan solved by decomposition, strategy here and a year's operations there, joined by cuts.

Round by round the strategic part proposes, the operations of all nodes answer with their cost and a cut each, until what
no plan can beat (the bound) and what a plan is known to cost (the incumbent) lie within the gap. First with starts in any
fraction, then so that a year costs what it costs by which steps stand (`pondasi.plan.disjunction`), then whole among likely starts, at last by cases over all (`pondasi.plan.branch`). In the first phase the operations are asked at a point between the proposal and the best
point known (in-out stabilisation: Ben-Ameur and Neto 2007, doi:10.1002/net.20190; cuts: Benders 1962,
doi:10.1007/BF01386316; Van Slyke and Wets 1969, doi:10.1137/0117061).

Every cost reported is a full sweep of the operations, never what the cuts say. Work is done through an executor and
each answer depends on its point alone, so the result is the same with any number of workers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pondasi.executor import Serial
from pondasi.plan.cuts import CutPool
from pondasi.plan.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.executor import Executor
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.reference import Reference
    from pondasi.plan.strategy import Strategy


def solve_benders(
    problem: PlanProblem,
    *,
    gap: float = 0.005,
    scale: float | None = None,
    executor: Executor | None = None,
    pool: CutPool | None = None,
    fixed: tuple[Vector, Vector] | None = None,
    strategy: Strategy | None = None,
    whole: bool = True,
    widen: bool = True,
    seconds: float = np.inf,
    insist: bool = True,
    suggestion: Vector | None = None,
    reference: Reference | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Answer:
    """Solve a planning problem within a gap.

    Parameters
    ----------
    gap
        Largest difference of cost and bound, relative to ``scale``.
    scale
        Money to which the gap is relative [million USD]; by default the difference from the cost of the committed steps alone
        (`pondasi.plan.reference`), that is the value of the plan.
    executor
        Who does the sweeps; this process by default.
    pool
        Dual values of earlier solves; those of this solve are added to it.
    fixed
        Bounds for all variables instead of the usual ones, such as starts held at a value.
    whole
        Whether starts are whole; if not, only the first phase is done.
    widen
        Whether the search goes on, once it has settled among the likely starts, to cases over all that there are. Without, the plan
        comes sooner; what it may be short of the best is then known less closely.
    seconds
        Time after which the best plan so far is returned.
    insist
        Whether the search goes on to its first plan where time ends before there is any. Without, `OutOfTimeError` is raised
        then, with the bound that was reached.
    suggestion
        A plan to start from, such as that of a similar problem.
    reference
        The committed steps alone, if they are known already.
    checkpoint
        File that holds the latest cuts and the best plan, written every `EVERY` seconds and at the end, so that a run that was stopped
        goes on from there (`pondasi.plan.checkpoint`).
    progress
        Called after every round with the bound and the cost.

    Raises
    ------
    InfeasibleError
        If no plan keeps all limits; `pondasi.plan.repair` then says why.
    OutOfTimeError
        If time ends before there is a plan, and ``insist`` is not set.
    """
    pool = CutPool() if pool is None else pool
    if reference is None and scale is None and problem.menu.must.any():
        # The reference is itself solved here.
        from pondasi.plan.reference import find_reference

        reference = find_reference(problem, executor=executor, pool=pool)
    search = Search(problem, executor or Serial(), pool, strategy, fixed, checkpoint, seconds, insist=insist)
    scale_cost = None if scale is not None and reference is None else search.count_from(reference)
    return search.run(
        gap,
        scale,
        None if scale is not None else scale_cost,
        whole=whole,
        widen=widen,
        suggestion=suggestion,
        progress=progress,
    )
