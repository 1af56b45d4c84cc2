"""Rows of the benchmarks: what each holds, and where they are found.

A file ``rows_TOPIC.py`` in this folder lists its rows in ``SPEED`` and ``REFEREES``; nothing else needs to
know of it.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Run


class MissingError(Exception):
    """A peer or a shared file is not there: the row fails, and says what is missing."""


@dataclass(frozen=True)
class SpeedRow:
    """One task, timed on our side and, where there is one, on a peer's.

    Parameters
    ----------
    name
        Word for ``--only``.
    task
        What is done, for the table.
    ours, peer
        Do the task once, in a process of its own, and tell the time and the peak of memory.
    against
        Who the peer is, or what the bound rests on.
    seconds, megabytes
        Bounds on our side.
    difference
        Whether ``seconds`` bounds what we take beyond the peer, not all that we take.
    ratio
        How many times faster than the peer we want to be.
    repeats, peer_repeats
        How often each side runs, in turns.
    """

    name: str
    task: str
    ours: Callable[[], Run]
    peer: Callable[[], Run] | None = None
    against: str = "bound"
    seconds: float | None = None
    megabytes: float | None = None
    difference: bool = False
    ratio: float | None = None
    repeats: int = 5
    peer_repeats: int = 5


@dataclass(frozen=True)
class RefereeRow:
    """One quantity, answered by us and by another program or by hand.

    ``measure`` returns the largest difference, relative to the largest figure of the referee; ``reason``
    says why the tolerance is what it is.
    """

    name: str
    quantity: str
    referee: str
    measure: Callable[[], float]
    tolerance: float
    reason: str


def speed_rows() -> tuple[SpeedRow, ...]:
    """Return the rows of `benchmarks.speed`."""
    return tuple(row for topic in _topics() for row in import_module(topic).SPEED)


def referee_rows() -> tuple[RefereeRow, ...]:
    """Return the rows of `benchmarks.referees`."""
    return tuple(row for topic in _topics() for row in import_module(topic).REFEREES)


def _topics() -> list[str]:
    folder = Path(__file__).parent
    return [
        f"benchmarks.{module.name}" for module in pkgutil.iter_modules([str(folder)]) if module.name.startswith("rows_")
    ]
