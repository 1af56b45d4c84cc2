"""The plan that a brief works out by itself: ``pondasi brief --compute quick|full``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.chain.cases import case_path, list_cases
from pondasi.solver import InfeasibleError
from pondasi.workspace import Manifest, SavedRun

if TYPE_CHECKING:
    from pondasi.report.slots import Depth, Task

FULL = 100
"""Years of disruption from which on a plan is not called quick."""


def compute_plan(task: Task) -> SavedRun:
    """Work out the plan and save the run, as ``pondasi plan HOME --with PARTNER`` with the same options would.

    Where no plan keeps all limits the run holds one table, ``impossible``, and the brief says so. A partner that the case does not name can take no part: then the plan is one without.
    """
    import pandas as pd

    from pondasi.plan.case import load_case
    from pondasi.plan.work_out import work_out_plan

    case = load_case(task.findings.case_place, task.world)
    known = set(case.tables["partners"]["partner"])
    partner = task.findings.partner if task.findings.partner in known else None
    quick = task.depth == "quick"
    try:
        found = work_out_plan(
            case,
            partner=partner,
            quick=quick,
            seed=task.seed,
            stress=not quick,
            inputs=task.inputs,
            executor=task.executor,
        )
    except InfeasibleError as error:
        options = {
            "home": case.country,
            "with": partner,
            "quick": quick,
            "scenarios": 0 if quick else FULL,
            "stress": not quick,
        }
        origin, companions = task.world.chain.origin, task.world.companions_hash
        manifest = Manifest(
            "plan", {**options, **task.inputs}, origin, task.seed, companions=companions, case=case.origin
        )
        folder = task.workspace.save_run(manifest, {"impossible": pd.DataFrame({"error": [error.key]})})
        return SavedRun(folder, manifest.as_dict())
    return SavedRun(task.workspace.save_run(found.manifest, found.as_tables()), found.manifest.as_dict())


def is_plan_enough(run: SavedRun, depth: Depth) -> bool:
    """Tell whether a saved plan is as deep as is asked for."""
    options = run.manifest["options"]
    return depth == "quick" or (int(options.get("scenarios") or 0) >= FULL and bool(options.get("stress")))


def has_plan(case: str) -> bool:
    """Tell whether a case states steps to plan with: that of a country, if it ships, or a folder or workbook that was read."""
    if case in list_cases():
        return (case_path(case) / "steps.csv").exists()
    return Path(case).exists()
