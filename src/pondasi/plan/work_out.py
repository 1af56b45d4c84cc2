"""A plan with all that is said of it: solved, priced on fresh years, and with and without a partner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.plan.after import FRESH, BeforeAfter, stress_after
from pondasi.plan.cuts import CutPool
from pondasi.plan.reach import find_way
from pondasi.plan.record import record_after, record_plan
from pondasi.plan.repair import read_weights
from pondasi.plan.solve import QUICK_SECONDS, SECONDS, solve_plan, take_better, weigh_partner
from pondasi.plan.tell_targets import tabulate_ways
from pondasi.plan.two_sides import weigh_sides
from pondasi.plan.values import value_afresh
from pondasi.plan.weekly_years import prepare_engine
from pondasi.plan.world_after import build_world_after
from pondasi.plan.yearly_check import FIRM, YearlyCheck, check_years
from pondasi.stress.shock_library import load_shocks
from pondasi.workspace import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.loosen import Change
    from pondasi.plan.solve import PartnerGain, Plan
    from pondasi.plan.values import FreshValue
    from pondasi.stress.shocks import Shock

QUICK_DRAWS, DRAWS = 3, 8
"""Fresh draws on which a plan is priced."""


@dataclass(frozen=True, eq=False)
class WorkedPlan:
    """A plan with what is said of it.

    Parameters
    ----------
    plan, gain, fresh
        The plan, what a partner brings to it, and what it is worth on fresh years.
    manifest
        Of its run.
    after, check, shocks
        What fresh disruptions cost before and after, how the plan's own years agree with the weekly ones, and the named
        shocks that were run.
    sides
        What the plan changes for both sides of the partnership.
    ways
        What would have to be loosened for each target out of reach, by id; None where no way was found.
    pool
        Cuts of the searches, for further ones.
    seconds
        Time that each search was allowed.
    """

    plan: Plan
    gain: PartnerGain | None
    fresh: FreshValue | None
    manifest: Manifest
    after: BeforeAfter | None = None
    check: YearlyCheck | None = None
    sides: pd.DataFrame | None = None
    shocks: tuple[Shock, ...] = ()
    ways: Mapping[str, tuple[Change, ...] | None] = field(default_factory=dict)
    pool: CutPool = field(default_factory=CutPool, repr=False)
    seconds: float = SECONDS

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that a run leaves behind."""
        tables = record_plan(self.plan, self.gain, self.fresh)
        if self.ways:
            tables["target_ways"] = tabulate_ways(self.plan, self.ways)
        if self.after is not None:
            tables |= record_after(self.after, self.shocks)
        if self.check is not None:
            row = {"rank": self.check.rank, "slope": self.check.slope, "years": len(self.check.table), "firm": FIRM}
            tables |= {"check": pd.DataFrame([row]), "check_years": self.check.table.reset_index()}
        if self.sides is not None:
            tables["sides"] = self.sides.reset_index()
        return tables


def work_out_plan(
    case: Case,
    *,
    partner: str | None = None,
    quick: bool = False,
    scenarios: int | None = None,
    draws: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    stress: bool = False,
    targets: bool = True,
    inputs: Mapping[str, Any] | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> WorkedPlan:
    """Work out the plan of a case as ``pondasi plan`` does.

    Parameters
    ----------
    partner
        Whose part is weighed: the plan is solved again without it.
    quick, scenarios, seconds, seed
        As for `solve_plan`.
    draws
        Fresh draws on which the plan is priced, at least two, or 0 for none; their seeds follow that of the plan.
    stress
        Whether fresh disruptions are run week by week before and after the plan, and its own years held against them.
    targets
        As for `solve_plan`.
    inputs
        Further options for the manifest, such as those that name the data.
    checkpoints, resume
        As for `solve_plan`, for the plan and for the one without the partner.
    executor
        Where operations are swept.
    progress
        As in `solve_benders`, for the search of the plan and for the one without the partner.
    """
    limit = seconds or (QUICK_SECONDS if quick else SECONDS)
    number = (QUICK_DRAWS if quick else DRAWS) if draws is None else draws
    pool = CutPool()
    engine = prepare_engine(case.world, case.country, executor=executor)
    plan = solve_plan(
        case,
        quick=quick,
        scenarios=scenarios,
        seed=seed,
        seconds=limit,
        favour=partner,
        targets=targets,
        engine=engine,
        executor=executor,
        pool=pool,
        checkpoints=checkpoints,
        resume=resume,
        progress=progress,
    )
    gain = None
    if partner is not None:
        gain = weigh_partner(
            plan,
            partner,
            seconds=limit,
            executor=executor,
            pool=pool,
            checkpoints=checkpoints,
            resume=resume,
            progress=progress,
        )
        plan = take_better(plan, gain.without)
    ways = find_ways(plan)
    seeds = range(seed + 1, seed + 1 + number)
    fresh = value_afresh(plan, seeds, engine=engine, executor=executor) if number else None
    after = check = sides = None
    shocks: tuple[Shock, ...] = ()
    if stress:
        shocks = tuple(shock for shock in load_shocks(case.world.chain).shocks.values() if not shock.event)
        after = stress_after(plan, shocks, seed=seed + FRESH)
        check = check_years(case, seed=seed + FRESH, engine=engine, executor=executor)
    if partner is not None:
        sides = weigh_sides(case.world, build_world_after(plan), case.country, partner)
    chosen = {
        "home": case.country,
        "with": partner,
        "quick": quick,
        "seconds": seconds,
        "scenarios": len(plan.problem.operations.weight),
        "fresh": number,
        "stress": stress,
        **({} if targets else {"no-targets": True}),
        **(inputs or {}),
    }
    world = case.world
    manifest = Manifest("plan", chosen, world.chain.origin, seed, companions=world.companions_hash, case=case.origin)
    return WorkedPlan(plan, gain, fresh, manifest, after, check, sides, shocks, ways, pool, limit)


def find_ways(plan: Plan) -> dict[str, tuple[Change, ...] | None]:
    """Return what would have to be loosened for each target of a plan that is out of reach (`pondasi.plan.reach.find_way`)."""
    if plan.reach is None:
        return {}
    names, weights = plan.problem.labels.targets, read_weights(plan.case)
    return {names[i]: find_way(plan.problem, int(i), weights) for i in plan.reach.lowered}
