"""A plan under other figures: what it is worth as it is, and which plan would be best (sensitivity.10, sensitivity.11)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.errors import UsageError
from pondasi.executor import Serial
from pondasi.plan.all_futures import settle_money
from pondasi.plan.benders import solve_benders
from pondasi.plan.build import build_problem, draw_years
from pondasi.plan.carry import move_plan
from pondasi.plan.checkpoint import name_checkpoint
from pondasi.plan.cuts import CutPool, pool_key
from pondasi.plan.first_steps import find_first_steps, hold_first_steps
from pondasi.plan.operations import make_setting
from pondasi.plan.price import LEAST, points_of, price, sweep_all, without_steps
from pondasi.plan.reach import find_reach
from pondasi.plan.reference import find_reference
from pondasi.plan.strategy import build_strategy
from pondasi.plan.targets import Targets
from pondasi.sensitivity.plan_moves import Mover
from pondasi.solver import InfeasibleError, OutOfTimeError, Programme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.layout import Layout
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.reference import Reference
    from pondasi.plan.solve import Plan
    from pondasi.plan.strategy import Strategy
    from pondasi.sensitivity.plan_figures import Assumption
    from pondasi.sensitivity.plan_moves import End

State = Literal["solved", "kept", "same", "impossible", "unknown"]
"""Solved anew; only the plan as it is was priced; nothing that the plan is made from moved; no plan keeps all limits; time left it unknown."""
SHORTEST = 1.0
"""Seconds that a search gets at least, while there is time."""
FREE = 0.6
"""Part of the time of a run for the search that is free; the one that keeps the first steps has the rest, where it is needed."""
RECENT = 30
"""Cuts of each node that a run starts from, the newest."""


@dataclass(frozen=True)
class Run:
    """The plan with one group of figures at one end.

    Parameters
    ----------
    group, end, state
        What moved, where to, and what came of it.
    moved, held, fixed
        Rows at the end; rows that a rule of the case held back; rows without an interval, which stayed.
    kept, broken
        Value of the plan as it is under these figures [million USD]: its starts, with its sizes cut to what the limits allow; NaN where
        its starts break a limit all the same (``broken``), or is not known. Where the plan was not solved again it is against the committed
        steps alone as they are.
    low, high
        Value of the best plan found, and what no plan exceeds [million USD]; NaN where not known. Values are against the committed
        steps alone under the same figures.
    stay
        How many of the first steps stay.
    left, came
        First steps that are none any longer, and others that are now, joined by ``|``.
    lost_low, lost_high, barred
        What keeping the first steps of the plan would lose under these figures [million USD]; NaN where no plan can keep them
        (``barred``), or time left it unknown.
    sure
        Whether it is sure that the first steps change (sensitivity.11).
    finished
        Whether the searches reached their gap.
    """

    group: str
    end: End
    state: State
    moved: int = 0
    held: int = 0
    fixed: int = 0
    kept: float = np.nan
    broken: bool = False
    low: float = np.nan
    high: float = np.nan
    stay: int = 0
    left: str = ""
    came: str = ""
    lost_low: float = np.nan
    lost_high: float = np.nan
    barred: bool = False
    sure: bool = False
    finished: bool = False

    @property
    def changed(self) -> frozenset[str]:
        """First steps that leave or come."""
        return frozenset(step for cell in (self.left, self.came) for step in cell.split("|") if step)


class Asker:
    """A plan of which the figures are moved.

    Parameters
    ----------
    plan, seed
        The plan, and the seed that it was made with.
    deadline
        Time of `time.monotonic` at which all has to end.
    pool
        Cuts of the search for the plan; they are not changed.

    Raises
    ------
    UsageError
        If the plan was not made over the years that its seed gives.
    """

    def __init__(
        self, plan: Plan, seed: int, deadline: float, executor: Executor | None = None, pool: CutPool | None = None
    ) -> None:
        self.plan, self.seed, self.deadline, self.executor = plan, seed, deadline, executor
        self.mover = Mover(plan.case)
        self.pool = CutPool() if pool is None else CutPool(pool.key, pool.latest(RECENT))
        labels, options = plan.problem.labels, plan.problem.options
        self.pairs = {
            (labels.steps[j], labels.partners[m] if m >= 0 else plan.case.country)
            for j, m in zip(options.step, options.partner, strict=True)
        }
        self.scenarios = len(plan.problem.operations.weight)
        self.years = draw_years(plan.case, scenarios=self.scenarios, seed=seed, offers=plan.offers, favour=plan.favour)
        self.same = name_checkpoint(Path(), plan.problem)
        if name_checkpoint(Path(), self.build(plan.case, anew=False)) != self.same:
            raise UsageError("plan_other_years", seed=seed)
        self.first = find_first_steps(plan.problem, plan.answer)

    def build(self, case: Case, *, anew: bool) -> PlanProblem:
        """Return the problem of a case with the options of the plan, over its years of disruption, or over those drawn anew from its seed."""
        problem = build_problem(
            case,
            scenarios=self.scenarios,
            seed=self.seed,
            pairs=self.pairs,
            disruptions=None if anew else self.years,
            executor=self.executor,
        )
        if not len(self.plan.problem.targets):
            return problem.change(targets=Targets())
        # Under other figures less, or more of what was lowered, may be reached: asked for is what can be.
        return find_reach(problem).problem

    def keep_plan(self, group: Assumption, end: End) -> Run:
        """Return what the plan as it is would be worth with a group at an end (sensitivity.10)."""
        moved = self.mover.move(group, end)
        run = Run(group.name, end, "unknown", moved.moved, moved.held, moved.fixed)
        if time.monotonic() >= self.deadline:
            return run
        problem = self.build(moved.case, anew=group.draws_anew(self.plan.case))
        value, most = self.plan.value, self.plan.most
        if name_checkpoint(Path(), problem) == self.same:
            return replace(
                run,
                state="same",
                kept=value,
                low=value,
                high=most,
                stay=len(self.first),
                lost_low=0.0,
                lost_high=most - value,
                finished=self.plan.answer.finished,
            )
        strategy = build_strategy(problem)
        known, alone = self.carry(strategy, self.plan.answer), self.carry_alone(strategy)
        if alone is None:
            return replace(run, state="impossible", broken=True)
        if known is None:
            return replace(run, state="kept", broken=True)
        cost, without = self.weigh(strategy.layout, (known, alone))
        return replace(run, state="kept", kept=without - cost)

    def carry(self, strategy: Strategy, plan: Answer | Reference) -> Vector | None:
        """Return the starts of a plan under other figures, with sizes as they are or as large as limits let them be; None if that cannot be."""
        x, lost = move_plan(plan.x, plan.layout, strategy.layout)
        return None if lost else settle_money(strategy, x, shrink=True)

    def carry_alone(self, strategy: Strategy) -> Vector | None:
        """Return the committed steps alone as they are under other figures, or the best that is left of them; None if none is (plan.51)."""
        problem = strategy.layout.problem
        if self.plan.alone is None:
            return without_steps(problem, strategy.layout)
        alone = self.carry(strategy, self.plan.alone)
        if alone is not None:
            return alone
        try:
            return find_reference(problem, executor=self.executor).move_to(strategy.layout)
        except InfeasibleError:
            return None

    def weigh(self, layout: Layout, plans: Sequence[Vector]) -> list[float]:
        """Return the true costs of decisions, by one sweep of the operations of all."""
        problem = layout.problem
        sweeps = sweep_all(
            problem, [point for x in plans for point in points_of(problem, layout, x)], self.executor or Serial()
        )
        nodes = len(problem.tree)
        return [price(problem, layout, x, sweeps[k * nodes : (k + 1) * nodes])[0] for k, x in enumerate(plans)]

    def solve_again(self, group: Assumption, run: Run, until: float) -> Run:
        """Return a run whose plan as it is was priced with the best plan found by some time, and whether its first steps are the same."""
        if run.state != "kept" or time.monotonic() >= self.deadline:
            return run
        problem = self.build(self.mover.move(group, run.end).case, anew=group.draws_anew(self.plan.case))
        pool = self.share_cuts(problem)
        reference = find_reference(problem, executor=self.executor)
        strategy = build_strategy(problem)
        known = self.carry(strategy, self.plan.answer)
        if known is not None:
            # Against the same cost as the best plan: the committed steps alone, settled anew.
            run = replace(run, kept=reference.cost - self.weigh(strategy.layout, (known,))[0])
        begin = time.monotonic()
        try:
            free = self.search(strategy, reference, pool, begin + FREE * (until - begin), known)
        except InfeasibleError:
            return replace(run, state="unknown" if can_be_kept(strategy) else "impossible")
        except OutOfTimeError as error:
            return replace(run, state="unknown", high=reference.cost - error.bound)
        if find_first_steps(problem, free) == self.first:
            return self.tell(run, reference, free, free, (0.0, free.cost - free.bound))
        return self.hold(run, strategy, reference, pool, until, known, free)

    def hold(
        self,
        run: Run,
        strategy: Strategy,
        reference: Reference,
        pool: CutPool,
        until: float,
        known: Vector | None,
        free: Answer,
    ) -> Run:
        """Return a run with what it costs to keep the first steps of the plan, where a search that was free found others."""
        rows = hold_first_steps(strategy, self.first)
        try:
            held = self.search(rows, reference, pool, until, known)
        except InfeasibleError:
            barred = not can_be_kept(rows)
            return self.tell(replace(run, barred=barred), reference, free, free, (np.nan, np.nan))
        except OutOfTimeError as error:
            return self.tell(run, reference, free, free, (error.bound - free.cost, np.nan))
        # A plan that keeps the first steps and costs no more is the better one: nothing need change.
        best = held if held.cost <= free.cost else free
        return self.tell(run, reference, best, free, (held.bound - best.cost, held.cost - free.bound))

    def share_cuts(self, problem: PlanProblem) -> CutPool:
        """Return the cuts of the plan where rows, columns, options, scenarios and years of a problem are the same, else none (plan.22)."""
        alike = pool_key(problem, make_setting(problem)) == self.pool.key
        alike &= _name_all(problem) == _name_all(self.plan.problem)
        return CutPool(self.pool.key, list(self.pool.records)) if alike else CutPool()

    def search(
        self, strategy: Strategy, reference: Reference, pool: CutPool, until: float, known: Vector | None
    ) -> Answer:
        """Return the best plan under some rows, within the gap of the plan relative to what it is worth."""
        left = until - time.monotonic()
        return solve_benders(
            strategy.layout.problem,
            gap=self.plan.gap,
            widen=self.plan.widen,
            seconds=np.inf if np.isinf(left) else max(SHORTEST, left),
            insist=False,
            executor=self.executor,
            pool=pool,
            strategy=strategy,
            suggestion=known,
            reference=reference,
        )

    def tell(self, run: Run, reference: Reference, best: Answer, free: Answer, lost: tuple[float, float]) -> Run:
        """Return a run with its plan, whose bound is that of the search that was free (sensitivity.11)."""
        first = find_first_steps(best.layout.problem, best)
        room = 2 * LEAST * abs(best.cost)
        low, high = (end if np.isnan(end) else 0.0 if end <= room else end for end in lost)
        return replace(
            run,
            state="solved",
            low=reference.cost - best.cost,
            high=reference.cost - min(free.bound, best.cost),
            stay=len(self.first & first),
            left="|".join(self.name(self.first - first)),
            came="|".join(self.name(first - self.first)),
            lost_low=low,
            lost_high=high,
            sure=first != self.first and (run.barred or low > 0),
            finished=bool(free.finished and best.finished),
        )

    def name(self, steps: Iterable[int]) -> list[str]:
        """Return the ids of steps, in the order of the case."""
        return [self.plan.problem.labels.steps[j] for j in sorted(steps)]


def can_be_kept(strategy: Strategy) -> bool:
    """Tell whether any whole starts keep all limits, by a search without cuts: with them, a programme that is hard on the solver may look as if none did."""
    layout = strategy.layout
    lower, upper = layout.bounds()
    whole = np.zeros(layout.columns, dtype=bool)
    whole[layout.at("z", np.arange(layout.shapes["z"][0]))] = True
    nodes = layout.at("cost", np.arange(layout.shapes["cost"][0]))
    lower[nodes] = upper[nodes] = 0.0
    try:
        Programme(np.zeros(layout.columns), lower, upper, strategy.matrix, *strategy.ends, whole=whole).solve(
            gap=np.inf
        )
    except InfeasibleError:
        return False
    return True


def _name_all(problem: PlanProblem) -> tuple[object, ...]:
    """Return what two problems must call the same for a cut of one to say anything of the other."""
    operations, options = problem.operations, problem.options
    named = operations.row_labels, operations.column_labels, problem.labels, problem.tree.names
    return *named, tuple(options.step.tolist()), tuple(options.partner.tolist())
