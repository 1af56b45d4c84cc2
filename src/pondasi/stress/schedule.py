"""Shocks as arrays that a kernel reads: how much of what is gone, week by week (stress.21, stress.22).

A schedule holds any number of scenarios one after another. A row is one supplier that loses something
through one channel; its loss is a line through breakpoints. Rows of one supplier and channel within a
scenario are blows that strike one after another: each takes its part of what still works, so that

    d_i(t) = 1 - prod_r (1 - d_r(t)).                                                  (stress.22)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.stress.shocks import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.errors import Problem
    from pondasi.stress.shocks import Channel

ANY_BUYER = -1
"""Buyer code of a row that is not about routes."""
FOREIGN = -2
"""Buyer code of a route to every country but the supplier's own."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """Losses of s scenarios in r rows with k breakpoints.

    Parameters
    ----------
    first
        Rows of scenario s are ``first[s]:first[s + 1]``; shape (s + 1,), int64.
    supplier
        Label that loses, shape (r,), int64; the label of final demand for ``demand``.
    channel
        Place in `CHANNELS`, shape (r,), uint8.
    buyer
        For ``route`` the place in ``countries`` or `FOREIGN`, else `ANY_BUYER`; shape (r,), int32.
    scrap
        Part of the line in which work is spoiled at the onset, shape (r,) [fraction].
    alike
        Rows that slow all plants of their supplier alike, instead of stopping some of them, shape (r,).
    start
        Breakpoints of row r are ``start[r]:start[r + 1]``; shape (r + 1,), int64.
    week, loss
        Breakpoints, shape (k,): week of the run [weeks] and lost fraction from there on, straight to
        the next; two in one week are a jump. Nothing is lost before the first; the last one stays.
    countries
        Codes of the countries that buy.
    findings
        Hits that touch nothing, and why.
    """

    first: NDArray[np.int64]
    supplier: NDArray[np.int64] = field(repr=False)
    channel: NDArray[np.uint8] = field(repr=False)
    buyer: NDArray[np.int32] = field(repr=False)
    scrap: NDArray[np.float64] = field(repr=False)
    alike: NDArray[np.bool_] = field(repr=False)
    start: NDArray[np.int64] = field(repr=False)
    week: NDArray[np.float64] = field(repr=False)
    loss: NDArray[np.float64] = field(repr=False)
    countries: tuple[str, ...] = field(default=(), repr=False)
    findings: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        """Return the number of scenarios."""
        return len(self.first) - 1

    @property
    def rows(self) -> int:
        """Number of rows over all scenarios."""
        return len(self.supplier)

    @property
    def onset(self) -> NDArray[np.float64]:
        """Week in which each row starts, shape (r,) [weeks]."""
        return self.week[self.start[:-1]]

    @property
    def end(self) -> NDArray[np.float64]:
        """Week from which each row no longer changes, shape (r,) [weeks]."""
        return self.week[self.start[1:] - 1]

    def select(self, channel: Channel) -> NDArray[np.bool_]:
        """Return which rows are of a channel, shape (r,)."""
        chosen: NDArray[np.bool_] = self.channel == CHANNELS.index(channel)
        return chosen

    def take(self, start: int, stop: int) -> Schedule:
        """Return the scenarios ``start`` to ``stop`` as a schedule of their own."""
        rows = slice(self.first[start], self.first[stop])
        points = slice(self.start[rows.start], self.start[rows.stop])
        return Schedule(
            first=self.first[start : stop + 1] - rows.start,
            supplier=self.supplier[rows],
            channel=self.channel[rows],
            buyer=self.buyer[rows],
            scrap=self.scrap[rows],
            alike=self.alike[rows],
            start=self.start[rows.start : rows.stop + 1] - points.start,
            week=self.week[points],
            loss=self.loss[points],
            countries=self.countries,
            findings=self.findings,
        )


def join_schedules(schedules: Sequence[Schedule]) -> Schedule:
    """Put schedules of the same labels one after another, a scenario each or more."""
    if len({schedule.countries for schedule in schedules}) > 1:
        raise ValueError("the schedules are of different labels")
    findings: list[Problem] = []
    for schedule in schedules:
        findings += [finding for finding in schedule.findings if finding not in findings]
    return Schedule(
        first=_join_offsets([schedule.first for schedule in schedules]),
        supplier=np.concatenate([schedule.supplier for schedule in schedules]),
        channel=np.concatenate([schedule.channel for schedule in schedules]),
        buyer=np.concatenate([schedule.buyer for schedule in schedules]),
        scrap=np.concatenate([schedule.scrap for schedule in schedules]),
        alike=np.concatenate([schedule.alike for schedule in schedules]),
        start=_join_offsets([schedule.start for schedule in schedules]),
        week=np.concatenate([schedule.week for schedule in schedules]),
        loss=np.concatenate([schedule.loss for schedule in schedules]),
        countries=schedules[0].countries,
        findings=tuple(findings),
    )


def average_losses(schedule: Schedule, steps: int, dt: float = 1.0) -> NDArray[np.float64]:
    """Return the mean loss of each row over each step, shape (r, steps) [fraction] (stress.21).

    The mean is the exact integral over the step, ``1/dt int d_r(t) dt``: an outage of three days costs
    three days, whatever the step, and a day's step and a week's step lose the same.

    Example
    -------
    >>> from pondasi.stress.shocks import Hit, Interval, Shock
    >>> from pondasi.stress.resolve import resolve_shock
    >>> import pandas as pd
    >>> labels = pd.MultiIndex.from_tuples([("helium", "QAT")], names=["node", "country"])
    >>> hit = Hit(("helium",), ("QAT",), Interval.exactly(0.5), hold_weeks=Interval.exactly(1.5))
    >>> average_losses(resolve_shock(Shock("cut", {}, "conflict", (hit,)), labels), 3).tolist()
    [[0.5, 0.25, 0.0]]
    """
    last = np.zeros(len(schedule.week), bool)
    last[schedule.start[1:] - 1] = True
    left, right = schedule.week, np.append(schedule.week[1:], 0.0)
    high, low = schedule.loss, np.append(schedule.loss[1:], 0.0)
    right, low = np.where(last, np.inf, right), np.where(last, high, low)
    width = right - left
    slope = np.divide(low - high, width, out=np.zeros_like(width), where=np.isfinite(width) & (width > 0))
    edges = np.arange(steps + 1) * dt
    a = np.maximum(left[:, None], edges[None, :-1])
    b = np.minimum(right[:, None], edges[None, 1:])
    middle = high[:, None] + slope[:, None] * ((a + b) / 2 - left[:, None])
    parts = np.where(b > a, (b - a) * middle, 0.0) / dt
    return np.add.reduceat(parts, schedule.start[:-1], axis=0) if schedule.rows else parts.reshape(0, steps)


def combine_losses(
    schedule: Schedule, channel: Channel, labels: int, steps: int, dt: float = 1.0
) -> NDArray[np.float64]:
    """Return the loss of every label, shape (scenarios, labels, steps) [fraction] (stress.22).

    Dense, for a look and for tests; routes are not in it, since they have two ends.
    """
    working = np.ones((len(schedule), labels, steps))
    scenario = np.repeat(np.arange(len(schedule)), np.diff(schedule.first))
    chosen = schedule.select(channel)
    means = average_losses(schedule, steps, dt)
    np.multiply.at(working, (scenario[chosen], schedule.supplier[chosen]), 1 - means[chosen])
    return 1 - working


def _join_offsets(offsets: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    ends = np.cumsum([0, *(part[-1] for part in offsets[:-1])])
    return np.concatenate([np.zeros(1, np.int64), *(part[1:] + end for part, end in zip(offsets, ends, strict=True))])
