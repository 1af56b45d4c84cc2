"""The further questions of the stress test that a brief runs by itself: ``pondasi brief --compute full``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.workspace import Manifest, SavedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.report.slots import Depth, Task

SAMPLE = 4000
"""Disruptions of a full sample: some hundred and fifty seconds of CPU, and centuries of years."""


def compute_sensitivity(task: Task) -> SavedRun | None:
    """Find which figures decide what the worst shock costs, as ``pondasi sensitivity HOME --shock NAME`` would; None where none costs anything."""
    from pondasi.report.stress_figures import StressRun
    from pondasi.sensitivity.stress import TRAJECTORIES, WEEKS, measure_sensitivity
    from pondasi.stress.shock_library import load_shocks

    known = load_shocks(task.world.chain).shocks
    felt = [shock for shock in StressRun(task.runs["stress"]).felt if shock in known] if "stress" in task.runs else []
    if not felt:
        return None
    home = task.findings.home
    found = measure_sensitivity(
        task.world, home, known[felt[0]], trajectories=TRAJECTORIES, weeks=WEEKS, seed=task.seed, executor=task.executor
    )
    options = {"home": home, "shock": felt[0], "trajectories": TRAJECTORIES, "sobol": 0, "weeks": WEEKS}
    return _save(task, "sensitivity", options, found.as_tables())


def compute_sample(task: Task) -> SavedRun:
    """Draw disruptions and run each, as ``pondasi stress HOME --sample N`` would; a run that was stopped is resumed."""
    from pondasi.stress.assess import WEEKS
    from pondasi.stress.campaign import run_campaign

    options = {"home": task.findings.home, "weeks": WEEKS, "sample": SAMPLE}
    manifest = _make_manifest(task, "stress", options)
    found = run_campaign(
        task.world,
        task.findings.home,
        SAMPLE,
        seed=task.seed,
        weeks=WEEKS,
        executor=task.executor,
        cache=task.workspace.path / "cache" / f"stress-{manifest.hash[:16]}",
    )
    return _save(task, "stress", options, found.as_tables())


def compute_critical(task: Task) -> SavedRun:
    """Stop every supplier in turn, as ``pondasi stress HOME --critical`` would."""
    from pondasi.stress.criticality import FOLLOWED_WEEKS, measure_criticality
    from pondasi.stress.survival import measure_survival

    lost = measure_criticality(task.world, task.findings.home, weeks=FOLLOWED_WEEKS, executor=task.executor)
    tables = lost.as_tables() | measure_survival(task.world).as_tables()
    options = {"home": task.findings.home, "weeks": FOLLOWED_WEEKS, "critical": True}
    return _save(task, "stress", options, tables)


def is_sample_enough(run: SavedRun, depth: Depth) -> bool:
    """Tell whether a saved sample is as large as is asked for."""
    return depth == "quick" or int(run.manifest["options"]["sample"]) >= SAMPLE


def _make_manifest(task: Task, verb: str, options: Mapping[str, Any]) -> Manifest:
    chain = task.world.chain
    return Manifest(verb, {**options, **task.inputs}, chain.origin, task.seed, companions=task.world.companions_hash)


def _save(task: Task, verb: str, options: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> SavedRun:
    manifest = _make_manifest(task, verb, options)
    return SavedRun(task.workspace.save_run(manifest, tables), manifest.as_dict())
