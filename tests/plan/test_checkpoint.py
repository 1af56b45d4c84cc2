"""A search that is stopped goes on from its cuts, and workers that are really killed lose nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pondasi.executor import Processes
from pondasi.plan import operations as sweeps
from pondasi.plan.benders import solve_benders
from pondasi.plan.checkpoint import name_checkpoint, read_checkpoint
from pondasi.plan.problem import Quota
from tests.plan.random_plans import make_plan

PATIENCE = 120
"""Seconds after which a process that never begins is a failure."""
FINE = 4e-6
"""Of all costs: two searches, each within 1e-6, and cuts in single precision."""


def hard():
    return make_plan(3, years=5, gates=(1, 2), steps=5, partners=2, scenarios=6)


def test_the_name_follows_every_figure_and_nothing_else(tmp_path):
    problem = make_plan(1)
    name = name_checkpoint(tmp_path, problem)
    assert name == name_checkpoint(tmp_path, make_plan(1))
    budget = problem.limits.budget.copy()
    budget[0, -1] *= 1 + 1e-12
    others = [
        problem.change(limits={"budget": budget}),
        problem.change(menu={"must": ~problem.menu.must}),
        problem.change(operations={"matrix": problem.operations.matrix * 2}),
        replace(problem, discount_rate=0.06),
        problem.change(quota=Quota("lack", 1.0)),
        make_plan(2),
    ]
    assert len({name, *(name_checkpoint(tmp_path, other) for other in others)}) == 1 + len(others)


def test_where_there_is_no_file_there_are_no_cuts(tmp_path):
    pool, plan = read_checkpoint(tmp_path / "none.npz")
    assert len(pool) == 0
    assert plan is None


@pytest.mark.slow
def test_a_killed_search_goes_on_from_its_cuts_and_its_plan(tmp_path):
    file = tmp_path / "cuts.npz"
    script = f"""
        from pathlib import Path
        from pondasi.plan import benders, search
        from tests.plan.test_checkpoint import hard
        search.EVERY = 0.0
        benders.solve_benders(
            hard(), gap=0, checkpoint=Path({str(file)!r}), progress=lambda bound, cost: print(bound, cost, flush=True)
        )
        print("done", flush=True)
    """
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), *sys.path])
    call = [sys.executable, "-c", textwrap.dedent(script)]
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as process:
        seen = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
    assert "done" not in "".join(seen)
    assert all(seen), "it was under way"
    pool, plan = read_checkpoint(file)
    assert len(pool) > 0
    problem = hard()
    whole = solve_benders(problem, gap=0)
    again = solve_benders(problem, gap=0, pool=pool, suggestion=plan)
    slack = FINE * abs(whole.cost)
    assert again.cost == pytest.approx(whole.cost, abs=slack)
    assert again.bound <= whole.cost + slack
    assert again.sweeps < whole.sweeps


def test_a_search_out_of_time_leaves_its_plan_and_goes_on_no_worse(tmp_path):
    problem, file = hard(), tmp_path / "cuts.npz"
    short = solve_benders(problem, gap=0, seconds=0, checkpoint=file)
    pool, plan = read_checkpoint(file)
    assert plan == pytest.approx(short.x)
    again = solve_benders(problem, gap=0, seconds=0, pool=pool, suggestion=plan)
    assert again.cost <= short.cost + FINE * abs(short.cost)


# --- workers --------------------------------------------------------------------------------------


class Fatal:
    """A sweep that ends its own process the first time that it is asked for a node."""

    def __init__(self, folder, node):
        self.folder, self.node = folder, node

    def __call__(self, setting, groups):
        mark = Path(self.folder) / "killed"
        if any(point.node == self.node for group in groups for point in group) and not mark.exists():
            mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return sweeps.sweep_share(setting, groups)


def test_a_worker_killed_in_a_sweep_loses_nothing(tmp_path, monkeypatch):
    problem = make_plan(3, scenarios=4)
    alone = solve_benders(problem, gap=0)
    monkeypatch.setattr("pondasi.plan.operations.sweep_share", Fatal(str(tmp_path), 2))
    with Processes(2) as executor:
        shared = solve_benders(problem, gap=0, executor=executor)
    assert int((tmp_path / "killed").read_text()) != os.getpid(), "a worker was killed, not this process"
    assert (shared.cost, shared.bound) == (alone.cost, alone.bound)
    assert (shared.x == alone.x).all()


@pytest.mark.slow
def test_a_worker_of_a_cluster_killed_in_a_sweep_loses_nothing(tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    from pondasi.executor import open_executor

    problem = make_plan(3, scenarios=4)
    alone = solve_benders(problem, gap=0)
    monkeypatch.setattr("pondasi.plan.operations.sweep_share", Fatal(str(tmp_path), 2))
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50)
    with cluster, Client(cluster, set_as_default=False) as client, open_executor(client) as executor:
        before = set(client.run(os.getpid).values())
        shared = solve_benders(problem, gap=0, executor=executor)
        killed = int((tmp_path / "killed").read_text())
        assert killed in before
        deadline = time.monotonic() + PATIENCE
        while killed in set(client.run(os.getpid).values()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert killed not in set(client.run(os.getpid).values())
    assert (shared.cost, shared.bound) == (alone.cost, alone.bound)
    assert np.array_equal(shared.x, alone.x)
