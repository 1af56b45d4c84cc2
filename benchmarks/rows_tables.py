"""Rows on shocks through inter-industry tables: speed against BoARIO and against the machine, and BoARIO's answers."""

from __future__ import annotations

import atexit
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.earthquake_2011 import CARS, ELECTRONICS, HOME, world_of_2010
from benchmarks.measure import Run, find_shared, run, run_peer
from benchmarks.registry import RefereeRow, SpeedRow
from pondasi.stress.pooled.industries import IndustryTable
from tests.stress.boario import Question, differences, read_table_csv

SMALL, LARGE = (30, 40), (100, 40)
"""Regions and sectors of 1,200 and 4,000 industries."""
LANES = 64


@cache
def scratch() -> Path:
    """Return a folder that is gone at the end."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# --- speed ---------------------------------------------------------------------------------------


def ours(task: str, *arguments: object) -> Run:
    """Run one of `benchmarks.tables_tasks`."""
    return run([sys.executable, "-m", "benchmarks.tables_tasks", task, *map(str, arguments)])


def theirs(size: tuple[int, int], steps: int) -> Run:
    """Time some steps of BoARIO."""
    return run_peer("boario_run.py", "time", *size, steps)


SPEED = (
    SpeedRow(
        "stress-1200",
        "a year of days, one shock, 1,200 industries",
        partial(ours, "year", *SMALL, 1, 200),
        partial(theirs, SMALL, 8),
        "BoARIO: 8 steps after 2, scaled",
        ratio=25,
        repeats=5,
        peer_repeats=3,
    ),
    SpeedRow(
        "stress-4000",
        "the same, 4,000 industries (their flows: 128 MB)",
        partial(ours, "year", *LARGE, 1, 30),
        partial(theirs, LARGE, 3),
        "BoARIO: 3 steps after 2, scaled",
        megabytes=800,
        ratio=40,
        repeats=5,
        peer_repeats=3,
    ),
    SpeedRow(
        "stress-batch",
        "the same, 1,200 industries, per shock in a batch of 64 (12 steps, scaled)",
        partial(ours, "year", *SMALL, LANES, 12),
        partial(theirs, SMALL, 8),
        "BoARIO: 8 steps after 2, scaled",
        ratio=60,
        repeats=5,
        peer_repeats=3,
    ),
    SpeedRow(
        "stress-read",
        "one shock, 4,000 industries: part of the bandwidth reached (as ratio)",
        partial(ours, "year", *LARGE, 1, 30),
        partial(ours, "read", *LARGE, 30),
        "one read of the flows a step",
    ),
    SpeedRow(
        "stress-multiply",
        "batch of 64, 1,200 industries: part of the arithmetic reached (as ratio)",
        partial(ours, "year", *SMALL, LANES, 12),
        partial(ours, "multiply", *SMALL, LANES, 12),
        "a step's three products by BLAS",
    ),
)

# --- referees ------------------------------------------------------------------------------------

KEPT = ("base_alt_recovery", "base_alt_arbitrary", "psi_alt_recovery", "psi_alt_rebuild", "psi_noalt_recovery")
EXACT = (1e-9, "rounding, over a year of steps")
CLOSE = (1e-5, "there, stocks within 1e-5 of their target everywhere are left as they are")
CONSTRUCTION = (("construction", 1.0),)
QUESTIONS = {
    "week": Question(step=7, steps=60, occurrence=14, duration=28, recovery=120),
    "week-fixed": Question(step=7, steps=60, orders="noalt", occurrence=14, duration=21, size=(0.8, 0.2)),
    "week-rebuild": Question(step=7, steps=60, event="rebuild", occurrence=14, duration=21, recovery=120),
    "short-stocks": Question(stock=10, psi=0.9, tau=10, size=(0.7, 0.5), steps=200),
    "low-psi": Question(stock=20, psi=0.4, tau=30, size=(0.9, 0.9), steps=200),
    "no-overtime": Question(alpha_max=1.0, size=(0.6, 0.6), steps=200),
    "quick-overtime": Question(alpha_max=1.5, alpha_tau=30, size=(0.6, 0.6), steps=200),
    "arbitrary": Question(event="arbitrary", size=(0.95, 0.3), recovery=60, steps=200),
    "arbitrary-fixed": Question(event="arbitrary", orders="noalt", stock=30, size=(0.5, 0.9), recovery=30, steps=200),
    "six-hit": Question(
        labels=tuple((f"reg{region}", "electricity") for region in range(1, 7)), size=(0.3,) * 6, stock=15, steps=200
    ),
    "rebuild-slowly": Question(event="rebuild", recovery=300, rebuilding=CONSTRUCTION, size=(0.1, 0.6), steps=200),
    "rebuild-fixed": Question(event="rebuild", orders="noalt", recovery=60, size=(0.05, 0.1), steps=200),
}
"""More than what lies in ../shared: put to BoARIO itself, all in one process."""
WORLD = {
    "world-2010": Question(
        event="arbitrary",
        labels=((HOME, ELECTRONICS), (HOME, CARS)),
        size=(0.5, 0.8),
        occurrence=3,
        duration=20,
        recovery=30,
        stock=15,
        steps=60,
    )
}
"""The same on the world's table of 2010, where 22 of 1,435 industries make nothing."""


@cache
def shared_table() -> IndustryTable:
    """Return the table of the shared folder, 6 regions and 8 sectors."""
    return read_table_csv(find_shared("reference/boario"))


def kept_run(name: str) -> float:
    """Return how far we are from a run of BoARIO that lies in the shared folder."""
    folder, table = find_shared("reference/boario"), shared_table()
    asked = json.loads((folder / "meta.json").read_text(encoding="utf-8"))[name]
    model, orders, event = name.split("_")
    arbitrary = {"size": tuple(asked["impact"]), "recovery": 60} if event == "arbitrary" else {}
    found = {
        ours: pd.read_csv(folder / f"{name}__{theirs}.csv", header=[0, 1], index_col=0).T.reindex(table.labels).T
        for ours, theirs in (("output", "production_realised"), ("unmet", "final_demand_undist"))
    }
    return max(
        differences(table, Question(model, orders, event, **arbitrary), {k: v.to_numpy() for k, v in found.items()})
    )


@cache
def answers(world: bool) -> dict[str, dict[str, np.ndarray]]:  # noqa: FBT001 - which of two tables
    """Put all questions on a table to BoARIO: those on the world's table of 2010, or those on the small one."""
    table, questions = (world_of_2010(), WORLD) if world else (shared_table(), QUESTIONS)
    given, asked, found = scratch() / "table.npz", scratch() / "questions.json", scratch() / "answers.npz"
    np.savez(
        given,
        Z=table.Z,
        Y=table.final,
        x=table.output,
        labels=np.array(list(table.labels), dtype=str),
        users=np.array(table.users, dtype=str),
    )
    asked.write_text(json.dumps([asdict(question) for question in questions.values()]), encoding="utf-8")
    run_peer("boario_run.py", "answer", given, asked, found)
    with np.load(found) as data:
        return {name: {part: data[f"{part}_{k}"] for part in ("output", "unmet")} for k, name in enumerate(questions)}


def live_run(name: str) -> float:
    """Return how far we are from BoARIO itself."""
    if name in WORLD:
        return max(differences(world_of_2010(), WORLD[name], answers(world=True)[name]))
    return max(differences(shared_table(), QUESTIONS[name], answers(world=False)[name]))


REFEREES = tuple(
    RefereeRow(
        f"stress-{name.replace('_', '-')}",
        f"output and unmet demand, 365 days: {name.replace('_', ', ')}",
        "BoARIO, ../shared",
        partial(kept_run, name),
        *(CLOSE if name.startswith("base") else EXACT),
    )
    for name in KEPT
) + tuple(
    RefereeRow(
        f"stress-{name}",
        f"output and unmet demand, {question.steps} steps: {name.replace('-', ' ')}",
        "BoARIO",
        partial(live_run, name),
        *EXACT,
    )
    for name, question in {**QUESTIONS, **WORLD}.items()
)
