"""The executors agree, and a worker that is really killed loses nothing."""

import functools
import os
import signal
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi import executor as module
from pondasi.errors import MissingExtraError, UsageError
from pondasi.executor import Cluster, Processes, Serial, WorkerLostError, open_executor

ITEMS = list(range(23))


def square(number):
    return number * number


def square_with_accident(folder, number):
    """Kill the own process the first time that 7 is met."""
    if number == 7 and not (folder / "killed").exists():
        (folder / "killed").write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number * number


def kill(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def stumble(number):
    if number == 7:
        raise ValueError("seven")
    return number


def name_process(_):
    time.sleep(0.05)
    return os.getpid()


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as executor:
        yield executor


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


def test_results_come_in_order_from_serial_and_from_processes(processes):
    assert Serial().map(square, ITEMS) == processes.map(square, ITEMS) == [square(item) for item in ITEMS]
    assert Serial().map(square, []) == processes.map(square, []) == []
    assert processes.map(square, iter([3])) == [9]


def test_the_work_is_done_elsewhere_by_all_workers(processes):
    names = set(processes.map(name_process, range(16)))
    assert os.getpid() not in names
    assert len(names) == 2


def test_a_killed_process_loses_nothing(tmp_path):
    with Processes(2) as executor:
        assert executor.map(functools.partial(square_with_accident, tmp_path), ITEMS) == [square(i) for i in ITEMS]
        assert (tmp_path / "killed").exists()
        assert executor.map(square, ITEMS) == [square(item) for item in ITEMS]


def test_work_that_kills_every_worker_is_named_and_not_tried_for_ever():
    with Processes(2) as executor, pytest.raises(WorkerLostError, match="memory"):
        executor.map(kill, ITEMS)


def test_an_error_in_the_work_reaches_the_caller_and_the_pool_goes_on(processes):
    with pytest.raises(ValueError, match="seven"):
        processes.map(stumble, ITEMS)
    assert processes.map(square, ITEMS) == [square(item) for item in ITEMS]


@pytest.mark.slow
def test_a_cluster_gives_the_same_and_survives_a_killed_worker(client, tmp_path):
    executor = open_executor(client)
    assert isinstance(executor, Cluster)
    assert executor.workers == 2
    assert executor.map(square, ITEMS) == [square(item) for item in ITEMS]
    assert executor.map(square, []) == []
    with pytest.raises(ValueError, match="seven"):
        executor.map(stumble, ITEMS)
    assert executor.map(functools.partial(square_with_accident, tmp_path), ITEMS) == [square(i) for i in ITEMS]
    assert (tmp_path / "killed").exists()


@pytest.mark.slow
def test_an_address_is_enough(client):
    with open_executor(client.scheduler.address) as executor:
        assert executor.map(square, [2, 3]) == [4, 9]
    assert client.submit(square, 5).result() == 25, "only the own connection is closed"


def test_numbers_choose_the_executor():
    assert isinstance(open_executor(1), Serial)
    assert open_executor(3).workers == 3
    assert open_executor(0).workers == (os.cpu_count() or 1)


@pytest.mark.parametrize("workers", [-1, object(), 1.5])
def test_what_names_no_workers_is_refused(workers):
    with pytest.raises(UsageError):
        open_executor(workers)


def test_a_missing_package_is_named_with_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pondasi\[cluster\]'"):
        open_executor("tcp://127.0.0.1:1")


@given(st.lists(st.integers(), max_size=40), st.integers(1, 12))
def test_pieces_hold_every_item_once_in_order(items, pieces):
    cut = module._cut(items, pieces)
    assert [item for piece in cut for item in piece] == items
    assert len(cut) == min(pieces, len(items))
    assert max(map(len, cut), default=0) - min(map(len, cut), default=0) <= 1


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    def refuse(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr("distributed.Client", refuse)
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:1"):
        open_executor("tcp://127.0.0.1:1")
