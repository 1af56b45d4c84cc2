"""Random streams that belong to a scenario, not to a worker or to an order of calls."""

from __future__ import annotations

import zlib

import numpy as np

from pondasi.errors import UsageError


def open_stream(seed: int, *path: str | int) -> np.random.Generator:
    """Return the random stream of one purpose and scenario.

    The stream depends on ``seed`` and ``path`` alone: the same bits with one or many workers and in
    any order.

    Parameters
    ----------
    seed
        Seed of the run, 0 or larger.
    path
        What the numbers are for, such as ``("shares", 17)``.

    Example
    -------
    >>> a, b = open_stream(1, "shares", 17), open_stream(1, "shares", 17)
    >>> bool(a.random() == b.random())
    True
    """
    if seed < 0:
        raise UsageError("seed_negative", seed=seed)
    key = tuple(zlib.crc32(part.encode()) if isinstance(part, str) else part for part in path)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))
