"""The search of one plan: the strategic programme proposes, the operations answer, until bound and cost are near enough.

Four phases (see `pondasi.plan.benders`): starts in any fraction; the same with every year at what it costs by which steps
stand; whole starts among the likely ones; cases over all starts. They share the strategic programme, its cuts, the best plan and the bound.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pondasi.errors import UsageError
from pondasi.executor import Serial
from pondasi.plan.branch import Branching
from pondasi.plan.cuts import CutPool, build_cut, pool_key, start_record
from pondasi.plan.disjunction import make_doubts, make_frame, weigh_terms
from pondasi.plan.master import SMALL, Master
from pondasi.plan.objective import cost_decisions
from pondasi.plan.operations import Point, make_setting, sweep_nodes
from pondasi.plan.price import LEAST, LIVELY, Answer, evaluate, points_of, price, without_steps
from pondasi.plan.quota import cut_quota, measure_quota
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, OutOfTimeError, SolverError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pondasi.executor import Executor
    from pondasi.plan.cuts import Cut, Record
    from pondasi.plan.master import Proposal
    from pondasi.plan.operations import Sweep
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.reference import Reference
    from pondasi.plan.strategy import Strategy

STEP = 0.5
"""How far from the best known point towards the proposal the operations are asked in the first phase."""
ROUNDS = 200
"""Rounds of either phase after which the search ends with the gap that it has."""
SHARE = 0.3
"""Part of the wanted gap that the first phase, and each search for whole starts, may leave."""
EARLY = 0.01
"""Part of the value that the first phase may leave where others follow."""
SLOW = 0.003
"""Part of the value by which the bound must rise in a round of the second phase; what is left is for cases to find."""
MOSTLY = 0.9
"""Part of all that the cuts miss in a proposal for which the operations are asked in the second phase."""
NARROW = 0.02
"""Part of the value, as first known, at which the search leaves the likely starts for all: the rest is found there."""
FINE = 0.1
"""Part of the wanted gap that the bound of a case may miss for starts that have not joined."""
POOLED = 30
"""Cuts of a node that are taken from earlier solves, the latest first."""
COARSE = 0.05
"""Part of the value, as first known, at which the first search for whole starts may end."""
FINER = 0.25
"""Part of what a search left between cost and bound at which the next may end."""
AHEAD = 2.0
"""A search that might end at less than so many times what is enough goes on to `SHARE` of it."""
SETTLING = 8
"""Rounds at most in which sizes settle around the starts of one proposal."""
EVERY = 20.0
"""Seconds after which a search writes what another can go on from."""
ROOM = 1e-6
"""By how much a limit may be missed, relative to what stands against it: rounding of the solver."""
PLACES = 6
"""Digits to which two points are the same, where the operations need not be asked again."""


class Search:
    """The state of one solve: the strategic programme, its cuts, the best plan and the bound."""

    def __init__(
        self,
        problem: PlanProblem,
        executor: Executor,
        pool: CutPool | None,
        strategy: Strategy | None,
        fixed: tuple[Vector, Vector] | None,
        checkpoint: Path | None,
        seconds: float,
        *,
        insist: bool,
    ) -> None:
        self.started = self.due = time.monotonic()
        self.deadline = self.started + seconds
        self.halfway = self.started + seconds / 2
        self.insist = insist
        self.problem, self.executor, self.checkpoint = problem, executor, checkpoint
        self.strategy = strategy or build_strategy(problem)
        self.layout = self.strategy.layout
        self.setting = make_setting(problem)
        self.pool = CutPool() if pool is None else pool
        key = pool_key(problem, self.setting)
        if not self.pool.records:
            self.pool.key = key
        if self.pool.key != key:
            raise UsageError("cuts_of_another_plan")
        self.ends = self.layout.bounds() if fixed is None else fixed
        self.master = Master(problem, self.strategy, fixed)
        self.best: tuple[float, float, Vector, Vector] | None = None
        self.bound = -np.inf
        self.start: tuple[float, Vector | None] = (np.inf, None)
        self.known_value, self.settled, self.whole, self.hurried = 0.0, False, False, False
        self.used = np.zeros(self.master.starts, dtype=bool)
        self.paying = self.used
        self.sweeps = self.solves = 0
        self.cuts: list[list[Cut]] = [[] for _ in range(len(problem.tree))]
        start = [start_record(problem, self.setting, n) for n in range(len(problem.tree))]
        self.add_cuts(self.cut([*start, *self.pool.latest(POOLED)]))
        self.frame = make_frame(problem, self.layout)
        self.asked_at: set[tuple[int, bytes, float]] = set()

    def run(
        self,
        gap: float,
        scale: float | None,
        scale_cost: float | None,
        *,
        whole: bool,
        widen: bool,
        suggestion: Vector | None,
        progress: Callable[[float, float], None] | None,
    ) -> Answer:
        """Go through the phases (see `pondasi.plan.benders.solve_benders`)."""

        def value() -> float:
            """Return what is known of the value to which the gap is relative."""
            best = self.best[0] if self.best is not None and self.whole else self.bound
            return abs(scale or 0.0) if scale_cost is None else abs(scale_cost - best)

        def wanted() -> float:
            """Return the difference that the gap allows."""
            best = self.best[0] if self.best is not None and self.whole else self.bound
            return max(gap * value(), LEAST * abs(best))

        def nearly() -> float:
            """Return the difference at which the first phase may end where others follow."""
            return wanted() if not whole else max(SHARE * wanted(), EARLY * value())

        relaxed = self.relax(nearly, progress, last=not whole)
        self.known_value = abs(scale or 0.0) if scale_cost is None else abs(scale_cost - self.bound)
        if not whole:
            return self.answer((relaxed, 0), wanted)
        if suggestion is not None:
            self.take_suggestion(suggestion)
        relaxed += self.tell_apart(wanted, progress)
        self.whole = True
        searched = self.search(wanted, progress, widen=widen)
        return self.answer((relaxed, searched), wanted)

    def relax(self, enough: Callable[[], float], progress: Callable[[float, float], None] | None, *, last: bool) -> int:
        """Solve with starts in any fraction; return the rounds (first phase)."""
        reached, centre = self.start
        for number in range(1, ROUNDS + 1):
            proposal = self.master.relax()
            self.bound = max(self.bound, proposal.bound)
            x = proposal.x
            self.used |= self.layout.read(x, "z") > LIVELY
            asked = x if centre is None else STEP * x + (1 - STEP) * centre
            cost, sharp = self.ask(asked, x, keep=last)
            if cost < reached:
                reached, centre = cost, asked
            if not sharp and asked is not x:
                # The point between said nothing new about the proposal itself: ask there.
                cost, sharp = self.ask(x, x, keep=last)
                if cost < reached:
                    reached, centre = cost, x
            self.report(progress, reached)
            ended = reached - self.bound <= enough() or not sharp
            late = time.monotonic() > (self.deadline if last else self.halfway)
            if ended or late:
                self.hurried |= late and not ended
                self.master.remember(proposal.x)
                return number
        return ROUNDS

    def tell_apart(self, wanted: Callable[[], float], progress: Callable[[float, float], None] | None) -> int:
        """Solve with starts in any fraction, but every year at what it costs by which steps stand (plan.23a); return the rounds."""
        self.used[:] = False
        rounds, before = 0, self.bound
        while rounds < ROUNDS:
            rounds += 1
            proposal = self.master.relax()
            self.bound = max(self.bound, proposal.bound)
            x = proposal.x
            self.used |= self.layout.read(x, "z") > LIVELY
            self.report(progress, np.inf if self.best is None else self.best[0])
            doubts = make_doubts(self.problem, self.layout, x, self.cuts)
            verdicts = self.executor.map(functools.partial(weigh_terms, self.frame), doubts)
            known = self.layout.read(x, "cost")
            said = [verdict for verdict in verdicts if verdict is not None]
            missed = np.array([max(0.0, verdict.cost - known[verdict.cut.cut.node]) for verdict in said])
            nodes = np.array([verdict.cut.cut.node for verdict in said], dtype=np.intp)
            weighed = self.problem.discount[nodes] * missed
            slow = proposal.bound - before <= SLOW * self.known_value and rounds > 1
            before = proposal.bound
            settled = weighed.sum() <= SHARE * wanted() or slow
            late = time.monotonic() > self.halfway
            if settled or late:
                self.hurried |= late and not settled
                break
            order = np.argsort(-weighed, kind="stable")
            first = order[: 1 + int(np.searchsorted(np.cumsum(weighed[order]), MOSTLY * weighed.sum()))]
            telling = [said[k] for k in np.sort(first) if missed[k] > 0]
            self.master.add_cuts([v.cut.cut for v in telling], np.array([v.cut.ready for v in telling]))
            self.sweep([point for verdict in telling for point in verdict.points if self.is_new(point)])
        self.master.remember(x)
        self.paying = self.master.active.copy()
        return rounds

    def is_new(self, point: Point) -> bool:
        """Tell whether the operations were not yet asked at a point, and note that they are now."""
        key = (point.node, np.round(point.inputs, PLACES).tobytes(), round(point.threshold, PLACES))
        new = key not in self.asked_at
        self.asked_at.add(key)
        return new

    def sweep(self, points: Sequence[Point]) -> tuple[list[Sweep], list[Cut]]:
        """Ask the operations at points, and keep what the answers say."""
        sweeps, self.setting = sweep_nodes(self.setting, points, self.executor)
        self.sweeps += len(sweeps)
        self.solves += sum(sweep.solves for sweep in sweeps)
        cuts = self.cut([self.pool.add(point, sweep) for point, sweep in zip(points, sweeps, strict=True)])
        self.add_cuts(cuts)
        return sweeps, cuts

    def add_cuts(self, cuts: Sequence[Cut]) -> None:
        """Give cuts to the strategic programme, and keep those on costs by node."""
        for cut in cuts:
            if cut.block == "cost":
                self.cuts[cut.node].append(cut)
        self.master.add_cuts(cuts)

    def search(
        self, wanted: Callable[[], float], progress: Callable[[float, float], None] | None, *, widen: bool
    ) -> int:
        """Solve with whole starts; return the rounds (second phase).

        First among the likely starts, each search up to a part of the gap that the last one left, so that early ones are cheap and
        give cuts where plans lie; then what no plan over all starts beats is looked for (`pondasi.plan.branch`).
        """
        among = self.likely()
        reach = COARSE * self.known_value
        for number in range(1, ROUNDS + 1):
            if self.best is not None and time.monotonic() >= self.deadline:
                return number - 1
            proposal, among = self.propose(among, max(SHARE * wanted(), reach))
            if proposal is None:
                return number
            self.settle_sizes(proposal.x, SHARE * wanted())
            self.require_plan()
            if self.best is None:
                # What operations make of it is over the quota; the cuts say so from now on.
                continue
            cost, _ = self.incumbent
            left = cost - proposal.bound
            reach = FINER * max(0.0, left)
            proving = widen and not among.all()
            enough = max(wanted(), NARROW * self.known_value) if proving else wanted()
            if reach < AHEAD * enough:
                # What is left then should do, and not nearly do.
                reach = SHARE * enough
            if among.all():
                self.bound = max(self.bound, proposal.bound)
            self.report(progress, cost)
            if cost - self.bound <= wanted() or (not proposal.finished and time.monotonic() > self.deadline):
                return number
            if not widen and left <= enough:
                self.settled = True
                return number
            if proving and left <= enough:
                return number + self.prove(wanted, progress)
        return ROUNDS

    def prove(self, wanted: Callable[[], float], progress: Callable[[float, float], None] | None) -> int:
        """Find what no plan over all starts beats, and better plans where there are any; return how often whole plans were looked at."""
        visits = 0

        def visit(u: Vector) -> None:
            nonlocal visits
            visits += 1
            self.settle_sizes(self.master.image @ u, SHARE * wanted())

        def is_over(bound: float) -> bool:
            self.bound = max(self.bound, min(bound, self.incumbent[0]))
            self.report(progress, self.incumbent[0])
            return time.monotonic() > self.deadline

        branching = Branching(
            self.master,
            self.paying | (self.likely() & self.master.possible),
            FINE * wanted(),
            self.known_value,
            together=not isinstance(self.executor, Serial),
        )
        bound = branching.run(lambda: self.incumbent[0] - (1 - LIVELY) * wanted(), visit, is_over)
        self.bound = max(self.bound, min(bound, self.incumbent[0]))
        return visits

    def likely(self) -> NDArray[np.bool_]:
        """Return the starts to search among first: all of few; else those that proposals in fractions or the best plan have used."""
        if self.master.starts <= SMALL:
            return np.ones(self.master.starts, dtype=bool)
        used = self.used | ~self.master.possible
        return used if self.best is None else used | (self.layout.read(self.best[2], "z") > LIVELY)

    def require_plan(self) -> None:
        """Refuse to go on where time has ended before any plan was found."""
        if self.best is None and time.monotonic() > self.deadline:
            raise OutOfTimeError(self.bound)

    def propose(
        self, among: NDArray[np.bool_], gap: float, *, first: bool = False
    ) -> tuple[Proposal | None, NDArray[np.bool_]]:
        """Return a plan with whole starts among some, in the time that is left; among all, where none can be made of these.

        None where time ended before the solver came to see that the plan known is one. ``first``: the first plan will do, whenever it comes.
        """
        left = self.deadline - time.monotonic()
        known = None if self.best is None else self.best[2]
        if known is None and left <= 0:
            first = True
            if not self.insist:
                raise OutOfTimeError(self.bound)
        if first:
            gap, left = np.inf, np.inf
        try:
            return self.master.search(among, gap, None if np.isinf(left) else max(left, 1.0), known), among
        except InfeasibleError:
            if among.all():
                raise
            return self.propose(np.ones_like(among), gap, first=first)
        except OutOfTimeError:
            if known is not None:
                return None, among
            if not self.insist:
                raise OutOfTimeError(self.bound) from None
            return self.propose(among, gap, first=True)

    def settle_sizes(self, x: Vector, tolerance: float) -> None:
        """Keep the starts of a proposal and settle sizes and money around them: cheap rounds that give many cuts."""
        price_of = cost_decisions(self.problem, self.layout)
        for _ in range(SETTLING):
            refined = self.master.refine(x)
            cost = self.try_plan(refined)
            if refined is x:
                return
            if cost - float(price_of @ refined) <= tolerance or time.monotonic() > self.deadline:
                return

    def count_from(self, reference: Reference | None) -> float:
        """Return the cost that values are counted from; the committed steps alone are a plan to begin with if nothing else is asked."""
        if reference is None or not self.problem.menu.must.any():
            nothing = without_steps(self.problem, self.layout)
            if self.problem.quota is not None:
                return evaluate(self.problem, self.layout, nothing, executor=self.executor).cost
            self.start = (self.try_plan(nothing, keep=False), nothing)
            return self.start[0]
        x = reference.move_to(self.layout)
        if self.keeps_limits(x):
            self.used |= self.layout.read(x, "z") > LIVELY
            self.start = (self.try_plan(x), x)
        return reference.cost

    def take_suggestion(self, x: Vector) -> None:
        """Begin with a plan that was given, as it is or with sizes and money settled anew; one whose starts the limits do not allow is no plan."""
        if not self.keeps_limits(x):
            allowed = x.copy()
            starts = slice(0, self.master.starts)
            allowed[starts] = np.clip(np.round(x[starts]), self.ends[0][starts], self.ends[1][starts])
            x = self.master.refine(allowed)
        if self.keeps_limits(x):
            self.try_plan(x)

    def keeps_limits(self, x: Vector) -> bool:
        """Tell whether decisions keep all rows and bounds, up to rounding."""
        held, (low, high), (lower, upper) = self.strategy.matrix @ x, self.strategy.ends, self.ends
        room = ROOM * (1 + np.abs(held))
        inside = (x >= lower - ROOM * (1 + np.abs(x))) & (x <= upper + ROOM * (1 + np.abs(x)))
        return bool(((held >= low - room) & (held <= high + room)).all() and inside.all())

    @property
    def incumbent(self) -> tuple[float, Vector]:
        """Cost and decisions of the best plan known."""
        if self.best is None:
            raise SolverError("programme_unsolved", status="no plan")
        return self.best[0], self.best[2]

    def try_plan(self, x: Vector, *, keep: bool = True) -> float:
        """Sweep the operations of a plan, add its cuts, and keep it if it is the best; infinite if it is over the quota."""
        cost, _ = self.ask(x, x, keep=keep)
        return cost

    def ask(self, asked: Vector, proposed: Vector, *, keep: bool) -> tuple[float, bool]:
        """Sweep at a point; return its cost, infinite over the quota, and whether a cut says more of the proposal than was known."""
        points = points_of(self.problem, self.layout, asked)
        before = self.master.known_costs(proposed)
        sweeps, cuts = self.sweep(points)
        there = points_of(self.problem, self.layout, proposed) * (len(cuts) // len(points))
        known = np.array([cut.at(point) for cut, point in zip(cuts, there, strict=True)])
        size = 1e-9 * (1 + np.abs(known))
        cost, decisions = price(self.problem, self.layout, asked, sweeps)
        if not self.keeps_quota(asked, points, sweeps):
            cost = np.inf
        elif keep and (self.best is None or cost < self.best[0]):
            self.best = (cost, decisions, asked, np.array([sweep.values for sweep in sweeps]))
        if time.monotonic() >= self.due:
            self.keep()
        return cost, bool((known > before + size).any())

    def keep(self) -> None:
        """Write what another run can go on from."""
        if self.checkpoint is not None:
            known = CutPool(self.pool.key, self.pool.latest(POOLED))
            known.save(self.checkpoint, None if self.best is None else self.best[2])
        self.due = time.monotonic() + EVERY

    def cut(self, records: Sequence[Record]) -> list[Cut]:
        """Return the cuts of dual values: on the costs of all nodes, then on what counts against the quota."""
        cuts = [build_cut(self.problem, self.setting, record) for record in records]
        if self.problem.quota is None:
            return cuts
        return cuts + [cut_quota(self.problem, self.setting, record) for record in records]

    def keeps_quota(self, x: Vector, points: Sequence[Point], sweeps: Sequence[Sweep]) -> bool:
        """Tell whether what operations make of a plan is within the quota."""
        quota = self.problem.quota
        if quota is None:
            return True
        values = np.array([sweep.values for sweep in sweeps])
        found = measure_quota(self.problem, self.layout, x, self.setting, points, values)
        return found <= quota.level + ROOM * (1 + abs(quota.level))

    def report(self, progress: Callable[[float, float], None] | None, cost: float) -> None:
        """Tell whoever asked how far the search is."""
        if progress is not None:
            progress(self.bound, cost)

    def answer(self, rounds: tuple[int, int], wanted: Callable[[], float]) -> Answer:
        """Return the best plan with all that is known of it."""
        if self.best is None:
            raise OutOfTimeError(self.bound)
        cost, decisions, x, values = self.best
        self.keep()
        return Answer(
            self.layout,
            x,
            cost,
            min(self.bound, cost),
            values,
            decisions,
            rounds,
            self.sweeps,
            self.solves,
            time.monotonic() - self.started,
            self.settled or cost - self.bound <= wanted() * (1 + LIVELY),
            self.hurried,
        )
