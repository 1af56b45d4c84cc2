"""Random streams that belong to a scenario or to a figure, not to a worker or to an order of calls."""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

STRIDE, FIRST_MIX, SECOND_MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The constants of SplitMix64."""
WORD = 2**64


def open_stream(seed: int, *path: str | int) -> np.random.Generator:
    """Return the random stream of one purpose and scenario.

    The stream depends on ``seed`` and ``path`` alone: the same bits with one or many workers and in
    any order.

    Parameters
    ----------
    seed
        Seed of the run, 0 or larger.
    path
        What the numbers are for, such as ``("shocks", 17)``.

    Example
    -------
    >>> a, b = open_stream(1, "shocks", 17), open_stream(1, "shocks", 17)
    >>> bool(a.random() == b.random())
    True
    """
    _check(seed)
    key = tuple(zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))


def name_streams(seed: int, names: Iterable[str]) -> NDArray[np.uint64]:
    """Return a stream for each name, to be read by `read_streams`.

    A stream depends on ``seed`` and its name alone. So a figure keeps its draws when rows change places
    or others come and go, and two versions of a chain can be compared draw by draw.

    Example
    -------
    >>> bool(name_streams(1, ["a", "b"])[1] == name_streams(1, ["b"])[0])
    True
    """
    _check(seed)
    words = [blake2b(f"{seed}/{name}".encode(), digest_size=8).digest() for name in names]
    return np.frombuffer(b"".join(words), dtype="<u8").astype(np.uint64)


def read_streams(streams: NDArray[np.uint64], number: int) -> NDArray[np.float64]:
    """Return draw ``number`` of each stream, uniform on [0, 1).

    References
    ----------
    SplitMix64: Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195.

    Example
    -------
    >>> read_streams(name_streams(1, ["a", "b"]), 17).round(3).tolist()
    [0.366, 0.843]
    """
    words = streams + np.uint64((number + 1) * STRIDE % WORD)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(FIRST_MIX)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(SECOND_MIX)
    words ^= words >> np.uint64(31)
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _check(seed: int) -> None:
    if seed < 0:
        raise UsageError("seed_negative", seed=seed)
