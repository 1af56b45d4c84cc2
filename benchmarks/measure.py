"""Run one side of a row in a process of its own; tell its time and the peak of its memory, children included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.registry import MissingError

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(os.environ.get("PONDASI_PEERS") or ROOT / ".peers")
SHARED = Path(os.environ.get("PONDASI_SHARED") or ROOT.parent / "shared")
LOOK = 0.02
"""Seconds between looks at the memory."""
MEGABYTE = 1e6


@dataclass(frozen=True)
class Run:
    """What one process took: time [s], peak of memory with children [MB], and what it answered."""

    seconds: float
    megabytes: float
    answer: dict[str, object] = field(default_factory=dict)


def run(command: list[str | Path], *, timeout: float = 600) -> Run:
    """Run a command from the root of the project.

    If its last line of output is a JSON object with ``seconds``, that is the time (so that a task can
    leave out its preparation); else it is the wall time of the process.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    start = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    peak = 0.0
    try:
        while True:
            peak = max(peak, _memory(child.pid))
            try:
                out, told = child.communicate(timeout=LOOK)
                break
            except subprocess.TimeoutExpired:
                if time.perf_counter() - start > timeout:
                    raise
    finally:
        child.kill()
    seconds = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {(told or out).strip().splitlines()[-1:]}")
    answer = _read_answer(out)
    return Run(float(str(answer.get("seconds", seconds))), peak / MEGABYTE, answer)


def run_task(name: str, *arguments: object) -> Run:
    """Run a task of ours, from `benchmarks.tasks`."""
    return run([sys.executable, "-m", "benchmarks.tasks", name, *map(str, arguments)])


def run_peer(script: str, *arguments: object) -> Run:
    """Run a script of benchmarks/peers with the peers' own Python."""
    python = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        raise MissingError("the peers are not installed: make peers")
    return run([python, ROOT / "benchmarks" / "peers" / script, *map(str, arguments)])


def find_shared(path: str) -> Path:
    """Return a path of the shared folder."""
    if not (SHARED / path).exists():
        raise MissingError(f"../shared/{path} is missing")
    return SHARED / path


def _read_answer(out: str) -> dict[str, object]:
    lines = out.strip().splitlines()
    if lines and lines[-1].startswith("{"):
        return dict(json.loads(lines[-1]))
    return {}


def _memory(process: int) -> float:
    """Return what a process and its children hold now, or one of them held at most [bytes]; 0 where /proc is missing."""
    now, most = 0.0, 0.0
    waiting = [process]
    while waiting:
        folder = Path("/proc") / str(waiting.pop())
        try:
            held = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines() if line.startswith("Vm")
            )
            waiting += [int(child) for child in (folder / "task" / folder.name / "children").read_text().split()]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        now += _bytes(held.get("VmRSS"))
        most = max(most, _bytes(held.get("VmHWM")))
    return max(now, most)


def _bytes(text: str | None) -> float:
    return float(text.split()[0]) * 1024 if text else 0.0
