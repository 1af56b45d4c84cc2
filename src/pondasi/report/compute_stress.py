"""The stress test that a brief runs by itself: ``pondasi brief --compute quick|full``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.workspace import Manifest, SavedRun

if TYPE_CHECKING:
    from pondasi.report.slots import Depth, Task

FULL = 64
"""Draws from which on a band is not called quick."""
QUICK, QUICK_WEEKS = 4, 104
"""Draws of a quick run, and weeks that it follows each shock: about half a minute, and indicative."""


def compute_stress(task: Task) -> SavedRun:
    """Run the shocks that have a name and save the run, as ``pondasi stress HOME`` with the same options would."""
    from pondasi.stress.assess import WEEKS, run_stress_test
    from pondasi.stress.record import record_test
    from pondasi.stress.shock_library import load_shocks

    draws, weeks = (QUICK, QUICK_WEEKS) if task.depth == "quick" else (FULL, WEEKS)
    findings, world = task.findings, task.world
    shocks = [shock for shock in load_shocks(world.chain).shocks.values() if not shock.event]
    options = {"home": findings.home, "weeks": weeks, "shock": [], "draws": draws, **task.inputs}
    manifest = Manifest("stress", options, world.chain.origin, task.seed, companions=world.companions_hash)
    test = run_stress_test(
        world, findings.home, shocks, draws=draws, seed=task.seed, weeks=weeks, executor=task.executor
    )
    folder = task.workspace.save_run(manifest, record_test(test, shocks))
    return SavedRun(folder, manifest.as_dict())


def is_enough(run: SavedRun, depth: Depth) -> bool:
    """Tell whether a saved run is as deep as is asked for."""
    return int(run.manifest["options"].get("draws") or 0) >= (QUICK if depth == "quick" else FULL)
