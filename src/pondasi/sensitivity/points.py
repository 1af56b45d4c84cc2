"""What screening and variance share: factors with their intervals, and a function run over many points."""

from __future__ import annotations

import math
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.errors import MissingExtraError, UsageError
from pondasi.executor import open_executor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pondasi.executor import Executor

    Floats = NDArray[np.float64]
    Intervals = Mapping[str, tuple[float, float]]
    Run = Callable[[Floats], "float | Sequence[float] | Floats"]
    Progress = Callable[[int, int], None]

BATCH = 16
"""Points that a worker is given before the caller hears how far it is."""


def describe_factors(intervals: Intervals) -> dict[str, Any]:
    """Return factors as SALib takes them.

    Raises
    ------
    UsageError
        If there are none, or an interval is empty or not finite; all such factors are named.
    MissingExtraError
        If SALib is not installed.

    Example
    -------
    >>> describe_factors({"a": (0.0, 1.0)})["num_vars"]
    1
    """
    if not intervals:
        raise UsageError("factors_none")
    wrong = [name for name, (low, high) in intervals.items() if not (math.isfinite(low) and low < high < math.inf)]
    if wrong:
        raise UsageError("factors_intervals", factors=", ".join(wrong))
    try:
        import_module("SALib.analyze")
    except ImportError as error:
        raise MissingExtraError("extra_sensitivity") from error
    return {"num_vars": len(intervals), "names": list(intervals), "bounds": [list(ends) for ends in intervals.values()]}


def run_points(
    run: Run, points: Floats, outputs: Sequence[str], executor: Executor | None, progress: Progress | None
) -> Floats:
    """Return what a function gives at some points, shape (points, outputs), whoever computes it.

    Raises
    ------
    UsageError
        If the function gives another number of outputs, or one that is not finite.
    """
    values: list[Floats] = []
    with open_executor(1) if executor is None else nullcontext(executor) as pool:
        piece = BATCH * pool.workers
        for begin in range(0, len(points), piece):
            answers = pool.map(run, list(points[begin : begin + piece]))
            values += [np.atleast_1d(np.asarray(answer, dtype=float)) for answer in answers]
            if progress is not None:
                progress(len(values), len(points))
    if any(value.shape != (len(outputs),) for value in values):
        raise UsageError("outputs_number", n=len(outputs))
    table = np.stack(values)
    broken = int((~np.isfinite(table)).any(axis=1).sum())
    if broken:
        raise UsageError("outputs_not_finite", n=broken, points=len(points))
    return table
