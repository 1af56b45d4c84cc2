"""A campaign on a cluster of real processes: the same bits, also where a worker is killed in mid-run."""

import os
import signal
import threading
import time

import pytest

from pondasi import load_shock, load_world
from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.cli import main
from pondasi.errors import UsageError
from pondasi.executor import open_executor
from pondasi.stress import campaign as campaign_module
from pondasi.stress.assess import run_stress_test
from pondasi.stress.campaign import run_campaign
from pondasi.workspace import open_workspace

SCENARIOS, PIECE, WEEKS = 26, 3, 12
PATIENCE = 120
"""Seconds to wait for a worker to be at work; it takes a few."""


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as here,
        Client(here, set_as_default=False) as client,
    ):
        yield client


class Killer(threading.Thread):
    """Kills the first worker that is found at work on a piece, once."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.processes = client.run(os.getpid)
        self.killed = None
        self.working = None

    def run(self):
        end = time.monotonic() + PATIENCE
        while self.killed is None and time.monotonic() < end:
            running = self.client.run(_count_running)
            for worker, number in running.items():
                if number and self.killed is None:
                    self.killed = self.processes[worker]
                    os.kill(self.killed, signal.SIGKILL)
            time.sleep(0.02)


def _count_running(dask_worker):
    """Return how many pieces of work the worker is in the middle of."""
    return len(dask_worker.state.executing)


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_loses_nothing(world, client, monkeypatch, tmp_path):
    monkeypatch.setattr(campaign_module, "CHUNK", PIECE)
    flows = balance_flows(world.chain, read_prior(world))
    alone = run_campaign(world, "IDN", SCENARIOS, weeks=WEEKS, flows=flows)
    before = set(client.run(os.getpid).values())
    killer, told = Killer(client), []
    with open_executor(client) as executor:
        killer.start()
        shared = run_campaign(
            world,
            "IDN",
            SCENARIOS,
            weeks=WEEKS,
            flows=flows,
            executor=executor,
            cache=tmp_path,
            progress=lambda done, of: told.append((done, of, killer.killed)),
        )
    killer.join()
    assert killer.killed in before
    assert told[0][2] is not None, "killed before the first pieces were all back"
    assert told[-1][:2] == (SCENARIOS, SCENARIOS)
    deadline = time.monotonic() + PATIENCE
    while killer.killed in set(client.run(os.getpid).values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert killer.killed not in set(client.run(os.getpid).values()), "it was the process of a worker, and it is gone"
    assert len(list(tmp_path.iterdir())) == -(-SCENARIOS // PIECE)
    for name, table in alone.as_tables().items():
        assert table.equals(shared.as_tables()[name]), name


@pytest.mark.slow
def test_an_executor_that_is_given_stays_open(world, client):
    with open_executor(client.scheduler.address) as executor:
        run_campaign(world, "IDN", 2, weeks=1, executor=executor)
        run_stress_test(world, "IDN", [load_shock("neon_cut", world.chain)], draws=1, weeks=1, executor=executor)
        assert executor.map(abs, [-3]) == [3]


@pytest.mark.slow
def test_the_verb_takes_the_address_of_a_scheduler(client, tmp_path, capsys):
    call = ["stress", "IDN", "--sample", "5", "--weeks", "4", "--quiet"]
    runs = []
    for number, workers in enumerate(("1", client.scheduler.address)):
        folder = tmp_path / str(number)
        assert main([*call, "--workers", workers, "--workspace", str(folder)]) == 0
        [run] = (folder / "runs").iterdir()
        runs.append(open_workspace(folder).open_run(run))
    assert runs[0].manifest["options"] == runs[1].manifest["options"], "where it ran is not part of the run"
    for name, table in runs[0].tables().items():
        assert table.equals(runs[1].table(name)), name
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("workers", "said"), [("many", "'many' names no workers"), ("-1", "-1 workers")])
def test_what_names_no_workers_is_refused(workers, said, capsys):
    assert main(["stress", "IDN", "--workers", workers]) == UsageError.exit_code
    assert said in capsys.readouterr().err
