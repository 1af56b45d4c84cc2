"""Our side of the rows on inter-industry tables: `python -m benchmarks.tables_tasks NAME [arguments]`.

Prints a line of JSON. A compiled kernel is compiled before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import numba
import numpy as np

from benchmarks.tables import HIT, LOST, draw_flows, name_industries
from pondasi.stress.pooled.industries import build_table
from pondasi.stress.pooled.lanes import advance_lanes, start_lanes
from pondasi.stress.pooled.model import PooledModel, prepare_model
from pondasi.stress.pooled.rules import load_rules
from pondasi.stress.pooled.shocks import PooledShock, shape_loss

YEAR = 365


def prepare(regions: int, sectors: int, lanes: int) -> tuple[PooledModel, list[PooledShock]]:
    """Return a made-up table as the kernel takes it, and as many shocks, each in another region."""
    Z, final = draw_flows(regions, sectors)
    table = build_table(Z, final, labels=name_industries(regions, sectors))
    hit = [(region * sectors + np.arange(HIT)) % len(table.output) for region in range(lanes)]
    shape = shape_loss(table, {tuple(table.labels[0]): LOST}, start=1, duration=20, recovery=90)
    path = np.repeat(shape.path, HIT, axis=1)
    shocks = [PooledShock((replace(shape, industries=industries, path=path),)) for industries in hit]
    return prepare_model(table, load_rules()), shocks


def run_year(regions: str, sectors: str, lanes: str, steps: str) -> float:
    """Run some steps after two for warming up; return the time of a year of them, per scenario."""
    model, shocks = prepare(int(regions), int(sectors), int(lanes))
    state = start_lanes(model, shocks)
    warm = 2
    for step in range(warm):
        advance_lanes(model, state, step)
    start = time.perf_counter()
    for step in range(warm, warm + int(steps)):
        advance_lanes(model, state, step)
    return (time.perf_counter() - start) / int(steps) * YEAR / int(lanes)


def read_flows(regions: str, sectors: str, times: str) -> float:
    """Read a full table once per step with all threads, adding it up; return the time of a year of steps."""
    n = int(regions) * int(sectors)
    Z = np.ones((n, n))
    add_up(Z)
    start = time.perf_counter()
    for _ in range(int(times)):
        add_up(Z)
    return (time.perf_counter() - start) / int(times) * YEAR


@numba.njit(parallel=True, fastmath=True, cache=True)
def add_up(Z: np.ndarray) -> float:
    """Return the sum of a table."""
    total = 0.0
    for i in numba.prange(Z.shape[0]):
        row = 0.0
        for j in range(Z.shape[1]):
            row += Z[i, j]
        total += row
    return total


def multiply(regions: str, sectors: str, lanes: str, times: str) -> float:
    """Do a step's three products with the table, for all lanes, by BLAS; return the time of a year, per scenario."""
    n, S = int(regions) * int(sectors), int(lanes)
    Z, right, out = np.ones((n, n)), np.ones((n, S)), np.empty((n, S))
    np.matmul(Z, right, out=out)
    start = time.perf_counter()
    for _ in range(int(times)):
        np.matmul(Z, right, out=out)
        np.matmul(Z.T, right, out=out)
        np.matmul(Z.T, right, out=out)
    return (time.perf_counter() - start) / int(times) * YEAR / S


TASKS = {"year": run_year, "read": read_flows, "multiply": multiply}

if __name__ == "__main__":
    print(json.dumps({"seconds": TASKS[sys.argv[1]](*sys.argv[2:])}))
