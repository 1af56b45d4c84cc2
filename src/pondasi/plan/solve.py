"""The plan of a case: solved, measured against the committed steps alone, and with or without a partner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.plan.all_futures import settle_money
from pondasi.plan.benders import solve_benders
from pondasi.plan.build import OFFERS, build_problem
from pondasi.plan.carry import move_plan
from pondasi.plan.checkpoint import name_checkpoint, read_checkpoint
from pondasi.plan.coalitions import restrict_partners
from pondasi.plan.cuts import CutPool
from pondasi.plan.reach import ask_alike, find_reach
from pondasi.plan.reference import find_reference
from pondasi.plan.strategy import build_strategy
from pondasi.plan.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.reach import Reach
    from pondasi.plan.reference import Reference
    from pondasi.plan.weekly_years import WeeklyEngine

SCENARIOS, SECONDS, GAP = 100, 600.0, 0.005
QUICK_SCENARIOS, QUICK_SECONDS, QUICK_GAP, QUICK_OFFERS = 12, 180.0, 0.05, 1
"""A first look: few scenarios, a wide gap, one partner a step, and no search beyond the starts of the first phase. Results say so."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to start, when and with whom, and what it is worth.

    Parameters
    ----------
    case, problem
        What was planned, and as arrays.
    answer
        Decisions, their cost, and what no plan can beat.
    reference
        Cost of the committed steps alone, over the same scenarios (plan.34).
    gap
        Gap that was asked for, relative to the value.
    favour
        Partner that every step it can do is offered with.
    widen
        Whether the search went on beyond the starts that its first phase used (see `solve_benders`).
    offers
        Partners at most that a step was offered with: a problem on other years has the same options only with as many.
    alone
        The committed steps alone, as decisions; None where nothing is committed.
    resumed
        Cuts of a search that was stopped, from which this one went on.
    reach
        How far the targets of the case can be reached; None where it states none.
    free
        The plan without targets, which may be worth more; None where the case states none.
    """

    case: Case
    problem: PlanProblem
    answer: Answer
    reference: float
    gap: float
    favour: str | None = None
    widen: bool = True
    offers: int = OFFERS
    alone: Reference | None = None
    resumed: int = 0
    reach: Reach | None = None
    free: Plan | None = field(default=None, repr=False)

    @property
    def cost_of_targets(self) -> tuple[float, float]:
        """What the targets cost: by how much the plan is worth less than one without them, as an interval from both gaps [million USD] (plan.35)."""
        if self.free is None:
            return 0.0, 0.0
        return max(0.0, self.free.value - self.most), max(0.0, self.free.most - self.value)

    @property
    def value(self) -> float:
        """What the plan is worth: by how much it costs less than the committed steps alone [million USD of today's value] (plan.34)."""
        return self.reference - self.answer.cost

    @property
    def most(self) -> float:
        """What no plan under these limits can exceed."""
        return self.reference - self.answer.bound

    @property
    def notes(self) -> tuple[str, ...]:
        """What is rounded or left out, and whether time cut the search short, as keys of the word catalogues."""
        return (*self.problem.notes, *(("plan.note.hurried",) if self.answer.hurried else ()))

    @property
    def starts(self) -> list[tuple[int, int, float]]:
        """Option, node and modules of everything that is started, in order of time."""
        option, node = self.answer.layout.starts
        taken = np.flatnonzero(self.answer.layout.read(self.answer.x, "z") > 1 / 2)
        size = self.answer.layout.read(self.answer.x, "size")
        rows = [(int(option[k]), int(node[k]), float(size[k])) for k in taken]
        return sorted(rows, key=lambda row: (row[1], row[0]))


@dataclass(frozen=True, eq=False)
class PartnerGain:
    """What a partner brings: the value of the plan with it less that without, as an interval from both gaps.

    Parameters
    ----------
    partner
        Country code.
    without
        The plan in which the partner does nothing and pays nothing.
    low, high
        Bounds of the difference [million USD]: both plans are known within their gaps only. Never below zero, for a
        plan may leave a partner out.
    missed
        Targets that are out of reach without the partner, with the level that is in reach, by id. Both plans of the difference are then asked for these levels.
    """

    partner: str
    without: Plan = field(repr=False)
    low: float
    high: float
    missed: Mapping[str, float] = field(default_factory=dict)


def solve_plan(
    case: Case,
    *,
    quick: bool = False,
    scenarios: int | None = None,
    seed: int = 0,
    gap: float | None = None,
    seconds: float | None = None,
    favour: str | None = None,
    targets: bool = True,
    engine: WeeklyEngine | None = None,
    executor: Executor | None = None,
    pool: CutPool | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
    progress: Callable[[float, float], None] | None = None,
) -> Plan:
    """Solve the plan of a case: what it is worth without targets, and what reaches its targets at the least cost.

    Parameters
    ----------
    quick
        Few scenarios and a wide gap, for a first look.
    scenarios, seed
        Years of disruption that every year is planned for, and the seed of their draw.
    gap
        Largest part of the value that may be missing.
    seconds
        Time after which the best plan so far is returned. A search that ends by time depends on the machine.
    favour
        A partner that every step it can do is offered with.
    targets
        Whether the plan has to reach the targets of the case, as far as they can be reached (`pondasi.plan.reach`).
    engine
        As in `build_problem`.
    executor, pool, progress
        As in `solve_benders`.
    checkpoints
        Folder in which a search keeps what another can go on from; nothing stays of one that reached its gap.
    resume
        Whether to go on from what such a search left there; `Plan.resumed` says from how many cuts.

    Raises
    ------
    InfeasibleError
        If no plan keeps all limits.
    """
    offers = QUICK_OFFERS if quick else OFFERS
    problem = build_problem(
        case,
        scenarios=scenarios or (QUICK_SCENARIOS if quick else SCENARIOS),
        seed=seed,
        offers=offers,
        favour=favour,
        engine=engine,
        executor=executor,
    )
    return _solve(
        case,
        problem if targets else problem.change(targets=Targets()),
        favour=favour,
        widen=not quick,
        offers=offers,
        gap=gap or (QUICK_GAP if quick else GAP),
        seconds=seconds or (QUICK_SECONDS if quick else SECONDS),
        executor=executor,
        pool=CutPool() if pool is None else pool,
        checkpoints=checkpoints,
        resume=resume,
        progress=progress,
    )


def weigh_partner(
    plan: Plan,
    partner: str,
    *,
    seconds: float = SECONDS,
    executor: Executor | None = None,
    pool: CutPool | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
    progress: Callable[[float, float], None] | None = None,
) -> PartnerGain:
    """Return what a partner brings to a plan, by solving it again without (plan.50); ``checkpoints`` as for `solve_plan`."""
    problem, whole = leave_out(plan.problem, partner), plan
    search: dict[str, Any] = {
        "favour": plan.favour,
        "widen": plan.widen,
        "offers": plan.offers,
        "gap": plan.gap,
        "seconds": seconds,
        "executor": executor,
        "pool": CutPool() if pool is None else pool,
        "checkpoints": checkpoints,
        "resume": resume,
        "progress": progress,
        "alone": plan.alone,
    }
    missed: dict[str, float] = {}
    if len(problem.targets):
        reach = find_reach(problem)
        names, level = plan.problem.labels.targets, reach.problem.targets.level
        missed = {names[i]: float(level[i]) for i in np.flatnonzero(level < plan.problem.targets.level)}
        problem = ask_alike(problem, reach.problem)
        if missed:
            whole = _search(plan.case, ask_alike(plan.problem, problem), suggestion=plan.answer.x, **search)
        search["suggestion"] = settle_money(build_strategy(problem), reach.x)
    without = _search(plan.case, problem, **search)
    # Whatever can be done without the partner can be done with it.
    least = max(whole.value, without.value)
    return PartnerGain(partner, without, max(0.0, least - without.most), max(0.0, whole.most - without.value), missed)


def take_better(plan: Plan, without: Plan) -> Plan:
    """Return a plan, or where the one that was found without a partner is worth more, that one as a plan with it (plan.50).

    Whatever can be done without a partner can be done with it, so a plan is never worth less than one that was found without.
    What no plan can exceed stays as the search with the partner left it. One that reaches less of a target is no such plan, however cheap.
    """
    less = len(plan.problem.targets) and (without.problem.targets.level < plan.problem.targets.level).any()
    if less or without.answer.cost >= plan.answer.cost:
        return plan
    x, lost = move_plan(without.answer.x, without.answer.layout, plan.answer.layout)
    if lost:
        return plan
    found = replace(plan.answer, x=x, cost=without.answer.cost, values=without.answer.values)
    return replace(plan, answer=replace(found, decisions=without.answer.decisions))


def leave_out(problem: PlanProblem, partner: str) -> PlanProblem:
    """Return the problem in which a partner starts and pays nothing but what is committed; cuts of one bound the other."""
    return restrict_partners(problem, (m for m, name in enumerate(problem.labels.partners) if name != partner))


def _solve(case: Case, problem: PlanProblem, *, alone: Reference | None = None, **search: Any) -> Plan:  # noqa: ANN401
    """Return the plan of a problem; where it has targets, as far as they can be reached, beside the plan without them."""
    if not len(problem.targets):
        return _search(case, problem, alone=alone, **search)
    reach = find_reach(problem)
    alone = alone or find_reference(problem, executor=search["executor"], pool=search["pool"])
    free = _search(case, problem.change(targets=Targets()), alone=alone, **search)
    known = settle_money(build_strategy(reach.problem), reach.x)
    plan = _search(case, reach.problem, alone=alone, suggestion=known, **search)
    return replace(plan, reach=reach, free=free)


def _search(
    case: Case,
    problem: PlanProblem,
    *,
    favour: str | None,
    widen: bool,
    offers: int,
    gap: float,
    seconds: float,
    executor: Executor | None,
    pool: CutPool,
    checkpoints: Path | None,
    resume: bool,
    progress: Callable[[float, float], None] | None,
    alone: Reference | None = None,
    suggestion: Vector | None = None,
) -> Plan:
    file = None if checkpoints is None else name_checkpoint(checkpoints, problem)
    known, earlier = (CutPool(), None) if file is None or not resume else read_checkpoint(file)
    if known.records:
        pool.key = known.key
        pool.records += known.records
    reference = alone or find_reference(problem, executor=executor, pool=pool)
    answer = solve_benders(
        problem,
        gap=gap,
        widen=widen,
        seconds=seconds,
        executor=executor,
        pool=pool,
        reference=reference,
        suggestion=suggestion if earlier is None else earlier,
        checkpoint=file,
        progress=progress,
    )
    if file is not None and answer.finished:
        file.unlink(missing_ok=True)
    kept = reference if problem.menu.must.any() else None
    return Plan(case, problem, answer, reference.cost, gap, favour, widen, offers, kept, len(known))
