"""Where work is done: in this process, in several on this machine, or on a cluster; the results never tell.

An executor has one verb, ``map(function, items)``, which returns the results in the order of the items. What an
item gives may depend on the item and the function alone, so that 1 or 16 workers give the same bits. A worker
that dies loses nothing: its items are done again, by others.

Processes are spawned, never forked: the HiGHS solver fails without an error in a process that was forked after
it had run.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from typing import Any, Protocol, Self, TypeVar

from pondasi.errors import MissingExtraError, PondasiError, UsageError

T = TypeVar("T")
R = TypeVar("R")

LOSSES = 3
"""How often an item may lose its worker before it is held to be the cause."""
PIECES = 4
"""Pieces of work per worker: few, for the function travels with each; some, for pieces differ in length."""


class Executor(Protocol):
    """Anything that maps a function over items and returns the results in their order."""

    @property
    def workers(self) -> int:
        """How many workers there are now."""
        ...

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return ``[function(item) for item in items]``."""
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *details: object) -> None: ...


class WorkerLostError(PondasiError):
    """A piece of work has ended its worker time and again: most often memory ran out."""


def open_executor(workers: int | str | object = 1) -> Executor:
    """Return an executor, to be used in a ``with`` block.

    Parameters
    ----------
    workers
        1: this process. More: that many processes on this machine, started by spawn, so a script that asks for
        them keeps its own work under ``if __name__ == "__main__"``. 0: as many as the machine has cores. An address such as
        ``tcp://10.0.0.5:8786`` or a ``distributed.Client``: a cluster.

    Raises
    ------
    UsageError
        For a number below 0, or something that is none of these.
    MissingExtraError
        For an address, where the package ``distributed`` is not installed.

    Example
    -------
    >>> with open_executor(1) as executor:
    ...     executor.map(abs, [-2, 1])
    [2, 1]
    """
    if isinstance(workers, int):
        if workers < 0:
            raise UsageError("workers_negative", workers=workers)
        number = workers or os.cpu_count() or 1
        return Serial() if number == 1 else Processes(number)
    if isinstance(workers, str):
        return Cluster(_connect(workers), own=True)
    if hasattr(workers, "scheduler_info") and hasattr(workers, "gather"):
        return Cluster(workers)
    raise UsageError("workers_unknown", workers=type(workers).__name__)


class _Closing:
    """An executor as a ``with`` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers go."""


class Serial(_Closing):
    """One item after the other, in this process."""

    workers = 1

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the results in the order of the items."""
        return [function(item) for item in items]


class Processes(_Closing):
    """Processes on this machine, started when they are first needed and kept until `close`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the results in the order of the items; what a lost worker held is done again.

        Raises
        ------
        WorkerLostError
            If one piece of work has lost its worker `LOSSES` times.
        """
        pieces = _cut(list(items), self.workers * PIECES)
        done: dict[int, list[R]] = {}
        strikes = 0
        while waiting := [number for number in range(len(pieces)) if number not in done]:
            before = len(done)
            # After a loss without any gain one alone: else a piece that kills takes the innocent with it.
            lived = self._run(function, pieces, waiting if strikes == 0 else waiting[:1], done)
            strikes = 0 if lived or len(done) > before else strikes + 1
            if strikes >= LOSSES:
                raise WorkerLostError("worker_lost", times=strikes)
        return [result for number in range(len(pieces)) for result in done[number]]

    def _run(
        self, function: Callable[[T], R], pieces: list[list[T]], tried: list[int], done: dict[int, list[R]]
    ) -> bool:
        """Run some pieces, put their results into ``done``, and tell whether all workers lived."""
        pool = self._pool or ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))
        self._pool = pool
        futures: dict[int, Future[list[R]]] = {}
        try:
            for number in tried:
                futures[number] = pool.submit(_apply, function, pieces[number])
            for number, future in futures.items():
                done[number] = future.result()
        except BrokenProcessPool:
            for number, future in futures.items():
                if future.done() and future.exception() is None:
                    done[number] = future.result()
            pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            return False
        except BaseException:
            for future in futures.values():
                future.cancel()
            raise
        return True

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class Cluster(_Closing):
    """The workers of a ``distributed`` scheduler, which sends the work of a lost worker to others."""

    def __init__(self, client: Any, *, own: bool = False) -> None:  # noqa: ANN401 - distributed has no types
        self._client = client
        self._own = own

    @property
    def workers(self) -> int:
        """How many workers the scheduler has now, at least one."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return the results in the order of the items.

        Raises
        ------
        WorkerLostError
            If the scheduler gives a piece up, since it has lost several workers.
        """
        from distributed.scheduler import KilledWorker

        pieces = _cut(list(items), self.workers * PIECES)
        if not pieces:
            return []
        # The function may carry large tables: sent once to every worker, not once with every piece.
        [sent] = self._client.scatter([function], broadcast=True, hash=False)
        futures = self._client.map(_Apply(), [sent] * len(pieces), pieces, pure=False, retries=LOSSES)
        try:
            results: list[list[R]] = self._client.gather(futures)
        except KilledWorker as error:
            raise WorkerLostError("worker_lost", times=LOSSES) from error
        return [result for piece in results for result in piece]

    def close(self) -> None:
        """Leave the scheduler, if the connection is our own."""
        if self._own:
            self._client.close()


class _Apply:
    """`_apply` as an object, under one name whatever the function is."""

    def __call__(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return _apply(function, items)


def _apply(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]


def _cut(items: list[T], pieces: int) -> list[list[T]]:
    """Cut items into at most so many pieces of about equal length, in order."""
    number = min(pieces, len(items))
    ends = [len(items) * k // number for k in range(number + 1)] if number else [0]
    return [items[start:end] for start, end in pairwise(ends)]


def _connect(address: str) -> object:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("extra_cluster") from error
    try:
        return Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError("workers_unreachable", workers=address) from error
