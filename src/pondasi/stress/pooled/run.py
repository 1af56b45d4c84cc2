"""Run shocks through an inter-industry table with the compiled kernel, many scenarios at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.errors import UsageError
from pondasi.stress.pooled.lanes import advance_lanes, start_lanes
from pondasi.stress.pooled.model import prepare_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.stress.pooled.industries import IndustryTable
    from pondasi.stress.pooled.rules import PooledRules
    from pondasi.stress.pooled.shocks import PooledShock

    Array = NDArray[np.float64]

LANES = 64
"""Scenarios that share a pass; more would push the lanes of one user's goods out of the cache."""

Level = Literal["industry", "region", "sector", "total"]


@dataclass(frozen=True, eq=False)
class PooledRun:
    """What came out, per scenario, step and group of industries.

    Parameters
    ----------
    groups
        Labels of the groups, length g: industries, regions, sectors or one total.
    output, unmet, rebuilt
        Output, final demand that was not met, and goods delivered to rebuilding, shape (scenarios, steps, g)
        [money/step].
    base
        Output without a shock, shape (g,) [money/step].
    step_days
        Length of a step [days].
    """

    groups: pd.Index
    output: Array = field(repr=False)
    unmet: Array = field(repr=False)
    rebuilt: Array = field(repr=False)
    base: Array = field(repr=False)
    step_days: float = 1.0

    @property
    def lost(self) -> Array:
        """Output below the base, summed over steps; negative where catching up made more, shape (scenarios, g)."""
        return np.asarray((self.base - self.output).sum(axis=1))


def run_pooled(
    table: IndustryTable,
    rules: PooledRules,
    shocks: Sequence[PooledShock],
    steps: int,
    *,
    by: Level = "industry",
    progress: Callable[[int, int], None] | None = None,
) -> PooledRun:
    """Run each shock from the base of the table.

    Parameters
    ----------
    table
        Any inter-industry table; full ones and sparse ones have a kernel each.
    rules
        See `load_rules`.
    shocks
        Scenarios. They are taken in fixed batches, so that the answer does not depend on the number of threads.
    steps
        Steps of ``rules.step_days``.
    by
        What the results are added up to. By industry they take 24 bytes per scenario, step and industry.
    progress
        Told after each batch how many scenarios are done, of how many.

    Example
    -------
    >>> from pondasi.stress.pooled.industries import build_table
    >>> from pondasi.stress.pooled.rules import load_rules
    >>> from pondasi.stress.pooled.shocks import PooledShock, shape_loss
    >>> labels = [("north", "parts"), ("north", "cars")]
    >>> table = build_table([[0.0, 365.0], [0.0, 0.0]], [0.0, 730.0], labels=labels)
    >>> fire = shape_loss(table, {labels[0]: 1.0}, start=0, duration=60)
    >>> run = run_pooled(table, load_rules(), [PooledShock(losses=(fire,))], 90)
    >>> cars = run.output[0, :, 1]
    >>> int(np.argmax(cars < 1.99))  # 90 days of stock less 19 are below 0.8 of it
    19
    """
    if steps < 1:
        raise UsageError("steps_below_one", steps=steps)
    model = prepare_model(table, rules)
    groups, number = group_industries(table, by)
    shape = (len(shocks), steps, len(groups))
    output, unmet, rebuilt = (np.empty(shape) for _ in range(3))
    add = sparse.csr_array(
        (np.ones(len(number)), (number[model.order], np.arange(len(number)))), (len(groups), len(number))
    )
    for begin in range(0, len(shocks), LANES):
        part = slice(begin, begin + LANES)
        lanes = start_lanes(model, shocks[part])
        for step in range(steps):
            delivered = advance_lanes(model, lanes, step)
            own = lanes.own
            for kept, moved in zip(
                (output, unmet, rebuilt), (own.output, own.f[:, None] * (1 - own.met_final), delivered), strict=True
            ):
                kept[part, step] = np.asarray(add @ moved).T
        if progress is not None:
            progress(min(begin + LANES, len(shocks)), len(shocks))
    base = np.asarray(add @ model.x)
    return PooledRun(groups, output, unmet, rebuilt, base, rules.step_days)


def group_industries(table: IndustryTable, by: Level) -> tuple[pd.Index, NDArray[np.intp]]:
    """Return the labels of the groups, and the group of each industry."""
    if by == "industry":
        return table.labels, np.arange(len(table.labels))
    if by == "total":
        return pd.Index(["total"], name="total"), np.zeros(len(table.labels), dtype=np.intp)
    number, names = pd.factorize(table.labels.get_level_values(by))
    return pd.Index(names, name=by), number
