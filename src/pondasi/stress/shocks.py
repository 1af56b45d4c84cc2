"""Shocks as records: who is hit, through which door, how hard, for how long (stress.20 to stress.23).

A shock is one event. Its hits are the parts of capacity, demand or trade that it takes away; several hits
in one shock are a common cause. Figures are intervals until `vary_shock` or `pick_shock` fixes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from pondasi.seeds import name_streams, read_streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pondasi.facts import Grade

Channel = Literal["starts", "line", "shipping", "demand", "service", "licence", "route", "overtime"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""What a hit takes away, in the order of the codes of a schedule:

``starts`` new work only; ``line`` starts and all stages of the line; ``shipping`` only what leaves the
plant; ``demand`` final demand (a negative loss is a surge); ``service`` spares and service of tools;
``licence`` new and renewed rights; ``route`` deliveries to some countries of buyers; ``overtime`` capacity
beyond the usual.
"""
Base = Literal["hit", "world"]
"""What a loss is a fraction of: the capacity (or route, or demand) that is hit, or the world's supply of the node."""

ALL = "*"
"""Every node, every country. On either end of a route: every country but the one at the other end."""
HOME = "HOME"
"""A country that is named only when the shock is used, such as 'a port of the home country'."""

Profile = tuple[tuple[float, float], ...]
"""Points (weeks since the start, working fraction of what is hit), joined by straight lines."""


@dataclass(frozen=True)
class Interval:
    """A figure with the ends between which it lies.

    Example
    -------
    >>> Interval(4.0, 2.0, 8.0).at("high")
    8.0
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse ends that do not hold the value."""
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} does not hold")

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """Return an interval of one point."""
        return cls(value, value, value)

    def at(self, end: Literal["low", "value", "high"]) -> float:
        """Return one of the three figures."""
        return {"low": self.low, "value": self.value, "high": self.high}[end]


@dataclass(frozen=True)
class Hit:
    """One part of a shock.

    Parameters
    ----------
    nodes, countries
        What is hit, every node in every country named; `ALL` or `HOME` may stand for codes.
    loss
        Lost fraction of what is hit at its worst [fraction]; above 0, or below 0 for a surge of demand.
    channel
        One of `CHANNELS`.
    loss_of
        What ``loss`` is a fraction of. ``world``: of the world's supply of each node; it is turned into a
        loss of the suppliers that are hit by their shares, and refused if they hold less than that.
    firms
        Names in the table of shares; the loss then falls on their part of each country.
    buyers
        For ``route``: the countries to which deliveries stop.
    start_week
        Weeks from the start of the shock.
    hold_weeks, recovery_weeks
        Weeks at full loss, then weeks of a straight way back (without ``profile``).
    profile
        Working fraction by week instead; ``duration_weeks`` is then the interval of its last week.
    scrap
        Whether work in process is spoiled at the onset.
    alike
        Whether all plants of a supplier lose the same part (a lockdown, a drought, a bad batch of material),
        instead of some plants standing still.
    """

    nodes: tuple[str, ...]
    countries: tuple[str, ...]
    loss: Interval
    channel: Channel = "line"
    loss_of: Base = "hit"
    firms: tuple[str, ...] = ()
    buyers: tuple[str, ...] = ()
    start_week: float = 0.0
    hold_weeks: Interval | None = None
    recovery_weeks: Interval | None = None
    profile: Profile = ()
    duration_weeks: Interval | None = None
    scrap: bool = False
    alike: bool = False

    @property
    def weeks(self) -> float:
        """Weeks from the onset until nothing more changes [weeks]."""
        return float(self.trace()[0][-1])

    def trace(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the points of this hit: weeks since its onset, and the lost part of what is hit (stress.20).

        A profile keeps its form and is stretched to its duration.

        Example
        -------
        >>> hit = Hit(("fab_dram",), ("CHN",), Interval.exactly(0.5), hold_weeks=Interval.exactly(4.0))
        >>> [points.tolist() for points in hit.trace()]
        [[0.0, 4.0, 4.0], [1.0, 1.0, 0.0]]
        """
        if self.profile:
            week, working = np.array(self.profile, dtype=float).T
            if self.duration_weeks is not None:
                week *= self.duration_weeks.value / week[-1]
            return week, 1 - working
        hold = self.hold_weeks.value if self.hold_weeks else 0.0
        recovery = self.recovery_weeks.value if self.recovery_weeks else 0.0
        points = np.array([0.0, hold, hold + recovery]), np.array([1.0, 1.0, 0.0])
        first = 0 if hold else 1  # without a hold the first two points are one
        return points[0][first:], points[1][first:]


@dataclass(frozen=True)
class Shock:
    """An event and what it takes away.

    Parameters
    ----------
    id
        Identifier, also the name of its file.
    names, descriptions
        By language.
    hazard
        Class of the hazard, a code of the dictionary.
    hits
        All parts of the event; they happen together.
    sources, grade
        Where the figures come from and how firm they are.
    horizon_weeks
        Weeks that a run must cover to see the end of it.
    date
        When it happened, as ``YYYY-MM-DD``; '' for one that has not.
    event
        Its number in the backtest set, or ''.
    market
        State of the market when it struck, a code of the dictionary, or ''.
    note
        What the compiler judged.
    """

    id: str
    names: Mapping[str, str]
    hazard: str
    hits: tuple[Hit, ...]
    sources: tuple[str, ...] = ()
    grade: Grade = "assumed"
    horizon_weeks: int = 104
    descriptions: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    event: str = ""
    market: str = ""
    note: str = ""

    @property
    def needs_home(self) -> bool:
        """Whether a home country must be named before it can be used."""
        return any(HOME in (*hit.countries, *hit.buyers) for hit in self.hits)


def pick_shock(shock: Shock, end: Literal["low", "value", "high"]) -> Shock:
    """Return the shock with every interval at one end: the mildest, the central, the worst reading.

    Example
    -------
    >>> hit = Hit(("helium",), ("QAT",), Interval(1.0, 0.8, 1.0), hold_weeks=Interval(14.0, 3.0, 104.0))
    >>> pick_shock(Shock("cut", {}, "conflict", (hit,)), "low").hits[0].hold_weeks.value
    3.0
    """
    return _fix(shock, lambda interval: interval.at(end), lambda interval: interval.at(end))


def vary_shock(shock: Shock, seed: int, scenario: int) -> Shock:
    """Return the shock with every interval at a draw that belongs to the scenario (stress.23).

    All losses of one shock move together, and so do all of its times: what makes an event worse than
    thought makes all of it worse. Losses follow a triangle over their interval, times a triangle over
    the logarithm of theirs (first estimates of an outage err by factors).
    """
    stream = name_streams(seed, [f"vary/{shock.id}/{scenario}"])
    loss, time = (float(read_streams(stream, number)[0]) for number in (0, 1))
    return place_shock(shock, loss=loss, time=time)


def place_shock(shock: Shock, *, loss: float | None = None, time: float | None = None) -> Shock:
    """Return the shock with all its losses and all its times at chosen places of their intervals (stress.23).

    Parameters
    ----------
    shock
        The event.
    loss, time
        0 for the low ends, 1 for the high ends, between them the quantile of the density of stress.23; None
        for the central values.

    Example
    -------
    >>> hit = Hit(("helium",), ("QAT",), Interval(1.0, 0.8, 1.0), hold_weeks=Interval(14.0, 3.0, 104.0))
    >>> longest = place_shock(Shock("cut", {}, "conflict", (hit,)), time=1.0)
    >>> longest.hits[0].hold_weeks.value, longest.hits[0].loss.value
    (104.0, 1.0)
    """

    def read(level: float | None, quantile: Callable[..., NDArray[np.float64]]) -> _Reading:
        if level is None:
            return lambda interval: interval.value
        return lambda interval: float(quantile(level, interval.low, interval.value, interval.high))

    return _fix(shock, read(loss, draw_triangle), read(time, draw_log_triangle))


def draw_triangle(
    level: float | NDArray[np.float64],
    low: float | NDArray[np.float64],
    mode: float | NDArray[np.float64],
    high: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the quantile ``level`` of the triangle on [low, high] with its top at ``mode``.

    Example
    -------
    >>> draw_triangle(np.array([0.0, 0.5, 1.0]), 0.0, 1.0, 2.0).tolist()
    [0.0, 1.0, 2.0]
    """
    level, low, mode, high = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (level, low, mode, high)))
    width = high - low
    left = np.divide(mode - low, width, out=np.zeros_like(width), where=width > 0)
    rising = low + np.sqrt(level * width * (mode - low))
    falling = high - np.sqrt((1 - level) * width * (high - mode))
    return np.clip(np.where(level < left, rising, falling), low, high)


def draw_log_triangle(
    level: float | NDArray[np.float64],
    low: float | NDArray[np.float64],
    mode: float | NDArray[np.float64],
    high: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the quantile ``level`` of a figure whose logarithm follows a triangle; plain where an end is 0."""
    low, mode, high = (np.asarray(x, dtype=float) for x in (low, mode, high))
    plain = draw_triangle(level, low, mode, high)
    safe = [np.log(np.where(low > 0, x, 1.0)) for x in (low, mode, high)]
    return np.where(low > 0, np.clip(np.exp(draw_triangle(level, *safe)), low, high), plain)


def _fix(shock: Shock, loss: _Reading, time: _Reading) -> Shock:
    return replace(shock, hits=tuple(_fix_hit(hit, loss, time) for hit in shock.hits))


def _fix_hit(hit: Hit, loss: _Reading, time: _Reading) -> Hit:
    def fix(interval: Interval | None) -> Interval | None:
        return None if interval is None else Interval.exactly(time(interval))

    return replace(
        hit,
        loss=Interval.exactly(loss(hit.loss)),
        hold_weeks=fix(hit.hold_weeks),
        recovery_weeks=fix(hit.recovery_weeks),
        duration_weeks=fix(hit.duration_weeks),
    )


if TYPE_CHECKING:
    from collections.abc import Callable

    _Reading = Callable[[Interval], float]
