"""Disruptions drawn from the hazards of a world, scenario by scenario (stress.24 to stress.27).

One row of the table of hazards is one kind of event in one place: it comes at a rate, takes a part of all
its nodes there at once (a common cause) and lasts some weeks. Each scenario has a stream of its own, so
its events are the same bits whoever draws them, in whatever order, and however many others are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.errors import Problem, UsageError
from pondasi.places import ROW, UNKNOWN
from pondasi.seeds import name_streams, read_streams
from pondasi.stress.resolve import weigh_suppliers
from pondasi.stress.schedule import ANY_BUYER, FOREIGN, Schedule
from pondasi.stress.shock_library import load_shapes
from pondasi.stress.shocks import CHANNELS, draw_log_triangle, draw_triangle
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from pondasi.chain.records import World

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Mode = Literal["one", "poisson"]
GAP, HAZARD, PLACE, LOSS, WEEKS, HOLD = range(6)
"""Draws of an event in the stream of its scenario; event k reads from ``k * DRAWS`` on."""
DRAWS = 8
"""Draws that an event may use, with room for more."""
POINTS = 3
"""Breakpoints of an event: onset, start of the way back, end."""


@dataclass(frozen=True, eq=False)
class HazardSet:
    """Hazards as arrays, with the places each may strike.

    Parameters
    ----------
    names
        Ids of the h hazards that can strike something.
    rate
        Events per week, shape (h,) [events/week].
    loss, weeks, hold
        Low, value and high of the loss [fraction], the duration [weeks] and the part of it at full loss
        [fraction]; shape (3, h).
    channel, scrap, buyer
        As in a schedule, shape (h,).
    overtime
        Part of the capacity beyond the usual that an event takes too, shape (h,) [fraction].
    first_place
        Places of hazard h are ``first_place[h]:first_place[h + 1]``; shape (h + 1,).
    chance
        Chance that an event of the hazard strikes up to and with this place, shape (p,) [fraction].
    places
        Code of each place; '' where all of them are struck.
    first_supplier, supplier
        Suppliers of place p are ``supplier[first_supplier[p]:first_supplier[p + 1]]``.
    countries
        Codes of the countries that buy.
    findings
        Hazards that strike nothing in the chain, and those that are left out.
    """

    names: tuple[str, ...]
    rate: Floats = field(repr=False)
    loss: Floats = field(repr=False)
    weeks: Floats = field(repr=False)
    hold: Floats = field(repr=False)
    channel: NDArray[np.uint8] = field(repr=False)
    scrap: NDArray[np.bool_] = field(repr=False)
    buyer: NDArray[np.int32] = field(repr=False)
    overtime: Floats = field(repr=False)
    first_place: Ints = field(repr=False)
    chance: Floats = field(repr=False)
    places: tuple[str, ...] = field(repr=False)
    first_supplier: Ints = field(repr=False)
    supplier: Ints = field(repr=False)
    countries: tuple[str, ...] = field(default=(), repr=False)
    findings: tuple[Problem, ...] = ()


@dataclass(frozen=True, eq=False)
class SampledShocks:
    """Drawn disruptions: the schedule that a run reads, and the events behind it.

    ``events`` has a row per event: scenario, hazard, place ('' for the world), week, loss, weeks, hold
    (part of the weeks at full loss).
    """

    schedule: Schedule
    events: pd.DataFrame = field(repr=False)


def prepare_hazards(
    world: World, labels: pd.MultiIndex, *, rate: Literal["low", "value", "high"] = "value"
) -> HazardSet:
    """Put the hazards of a world on the suppliers of its chain.

    Rows of scope ``firm`` are left out: they are the view of one firm, to be used instead of the others.
    A row of the place ROW strikes one place, drawn in proportion to what it makes, among those that have
    no rows of their own. What is made in an unknown place cannot be struck.

    Parameters
    ----------
    world
        With the table ``hazards``.
    labels
        Suppliers as (node, country), as in `Flows.labels`.
    rate
        Which end of the rates: rare, central or frequent.

    Example
    -------
    >>> from pondasi import balance_flows, load_world
    >>> world = load_world()
    >>> hazards = prepare_hazards(world, balance_flows(world.chain).labels)
    >>> bool(hazards.rate.sum() > 0.01)
    True
    """
    table = world.companions.get("hazards")
    if table is None or table.empty:
        raise UsageError("world_without_hazards")
    suppliers = _Suppliers(labels, weigh_suppliers(world.chain, labels).share, frozenset(table["country"]) - {ROW})
    findings: list[Problem] = []
    kept, struck = [], []
    for row in list_rows(table):
        places = {} if row["scope"] == "firm" else suppliers.find_places(row)
        if places:
            kept.append(row)
            struck.append(places)
        else:
            key = "hazard_of_firms" if row["scope"] == "firm" else "hazard_strikes_nothing"
            findings.append(Problem(key, "hazards", value=row["hazard"], level="note"))
    found = _pack(kept, struck, rate, suppliers.countries, tuple(findings)) if kept else None
    if found is None or not found.rate.sum() > 0:
        raise UsageError("world_without_hazards")
    return found


def sample_shocks(
    hazards: HazardSet,
    scenarios: int | Iterable[int],
    seed: int = 0,
    *,
    mode: Mode = "one",
    horizon_weeks: float = 156.0,
) -> SampledShocks:
    """Draw disruptions for some scenarios.

    Parameters
    ----------
    hazards
        See `prepare_hazards`.
    scenarios
        How many, counted from 0, or which: a scenario is the same in any set.
    seed
        Seed of the run.
    mode
        ``one``: one event at week 0, the hazard drawn in proportion to its rate. ``poisson``: events at
        their rates over the horizon, any number of them.
    horizon_weeks
        Weeks in which events of ``poisson`` may start [weeks].

    Example
    -------
    >>> from pondasi import balance_flows, load_world
    >>> world = load_world()
    >>> hazards = prepare_hazards(world, balance_flows(world.chain).labels)
    >>> one, two = sample_shocks(hazards, 100), sample_shocks(hazards, [17])
    >>> bool((one.events.loc[one.events["scenario"] == 17, "loss"].iloc[0] == two.events["loss"]).all())
    True
    """
    chosen = np.arange(scenarios) if isinstance(scenarios, int) else np.fromiter(scenarios, dtype=np.int64)
    streams = name_streams(seed, [f"shocks/{number}" for number in chosen.tolist()])
    parts = [
        _draw(hazards, streams, place, week, number)
        for number, place, week in _list_events(hazards, streams, mode, horizon_weeks)
    ]
    order = np.lexsort((np.concatenate([part.week for part in parts]), np.concatenate([part.at for part in parts])))
    events = _Events(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in _Events.__slots__))
    return SampledShocks(_schedule(hazards, events, len(chosen)), _tabulate(hazards, events, chosen))


def sample_worst(hazards: HazardSet) -> SampledShocks:
    """Return a scenario for each hazard: one event at week 0, where it strikes most often, at the upper end of all its intervals.

    What costs nothing at its worst costs nothing alone; so one run of these tells which hazards a country need watch.

    Example
    -------
    >>> from pondasi import balance_flows, load_world
    >>> world = load_world()
    >>> hazards = prepare_hazards(world, balance_flows(world.chain).labels)
    >>> worst = sample_worst(hazards)
    >>> len(worst.schedule) == len(hazards.names), bool((worst.events["loss"] == hazards.loss[2]).all())
    (True, True)
    """
    number = len(hazards.names)
    hazard = np.arange(number)
    # The chances of the places of a hazard add up along them.
    alone = np.diff(hazards.chance, prepend=0.0)
    alone[hazards.first_place[:-1]] = hazards.chance[hazards.first_place[:-1]]
    ends = zip(hazards.first_place[:-1], hazards.first_place[1:], strict=True)
    place = np.array([begin + int(np.argmax(alone[begin:end])) for begin, end in ends])
    events = _Events(
        at=hazard,
        week=np.zeros(number),
        hazard=hazard,
        place=place,
        loss=hazards.loss[2],
        weeks=hazards.weeks[2],
        hold=hazards.hold[2],
    )
    return SampledShocks(_schedule(hazards, events, number), _tabulate(hazards, events, hazard))


class _Suppliers:
    """Looks up which suppliers a row of hazards strikes, place by place."""

    def __init__(self, labels: pd.MultiIndex, share: Floats, own: frozenset[str]) -> None:
        self.node = labels.get_level_values("node").to_numpy(dtype=object)
        self.country = labels.get_level_values("country").to_numpy(dtype=object)
        self.countries = tuple(sorted(set(self.country)))
        self.share = np.nan_to_num(share)
        self.own = own

    def find_places(self, row: dict[str, Any]) -> dict[str, tuple[float, Ints]]:
        """Return place -> (weight, suppliers); '' stands for everywhere at once."""
        here = np.flatnonzero(np.isin(self.node, row["nodes"].split("|")) & (self.country != UNKNOWN))
        if row["scope"] == "world":
            return {"": (1.0, here)} if len(here) else {}
        if row["country"] != ROW:
            here = here[self.country[here] == row["country"]]
            return {row["country"]: (1.0, here)} if len(here) else {}
        found = {}
        for place in sorted(set(self.country[here]) - self.own):
            suppliers = here[self.country[here] == place]
            weight = float(self.share[suppliers].sum())
            if weight > 0:
                found[place] = (weight, suppliers)
        return found


def _pack(
    rows: list[dict[str, Any]],
    struck: list[dict[str, tuple[float, Ints]]],
    rate: str,
    countries: tuple[str, ...],
    findings: tuple[Problem, ...],
) -> HazardSet:
    shapes: Mapping[str, dict[str, Any]] = index_rows(load_shapes(), "class")
    shape = [shapes[row["class"]] for row in rows]
    suffix = {"low": "rate_low", "value": "rate", "high": "rate_high"}[rate]
    per_week = 1 / load_dictionary().units["years"].factor
    groups = [group for places in struck for group in places.values()]
    weights = [np.array([weight for weight, _ in places.values()]) for places in struck]
    channel = np.array([CHANNELS.index(one["channel"]) for one in shape], np.uint8)
    return HazardSet(
        names=tuple(row["hazard"] for row in rows),
        rate=np.array([_read(row, suffix, "rate") * per_week for row in rows]),
        loss=_ends(rows, "loss_low", "loss", "loss_high"),
        weeks=_ends(rows, "duration_low", "duration_weeks", "duration_high"),
        hold=_ends(shape, "hold_low", "hold_share", "hold_high"),
        channel=channel,
        scrap=np.array([one["scrap"] == "yes" for one in shape]),
        buyer=np.where(channel == CHANNELS.index("route"), FOREIGN, ANY_BUYER).astype(np.int32),
        overtime=np.array([float(one["overtime_loss"]) for one in shape]),
        first_place=_offsets([len(places) for places in struck]),
        chance=np.concatenate([np.cumsum(weight) / weight.sum() for weight in weights]),
        places=tuple(place for places in struck for place in places),
        first_supplier=_offsets([len(suppliers) for _, suppliers in groups]),
        supplier=np.concatenate([suppliers for _, suppliers in groups]).astype(np.int64),
        countries=countries,
        findings=findings,
    )


def _ends(rows: list[dict[str, Any]], low: str, value: str, high: str) -> Floats:
    """Return the ends of an interval and its value, shape (3, rows); an end that is blank is the value."""
    return np.array([[_read(row, name, value) for row in rows] for name in (low, value, high)])


def _read(row: dict[str, Any], name: str, otherwise: str) -> float:
    return float(row[otherwise] if row[name] is None else row[name])


def _offsets(lengths: Iterable[int]) -> Ints:
    return np.cumsum([0, *lengths]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Events:
    """Drawn events as arrays of one length; ``at`` is the place of the scenario among those asked for."""

    at: Ints
    week: Floats
    hazard: Ints
    place: Ints
    loss: Floats
    weeks: Floats
    hold: Floats


def _list_events(
    hazards: HazardSet, streams: NDArray[np.uint64], mode: Mode, horizon: float
) -> list[tuple[int, Ints, Floats]]:
    """Return for each number of an event: the scenarios that have one, and its week (stress.24, stress.25)."""
    everyone = np.arange(len(streams))
    if mode == "one":
        return [(0, everyone, np.zeros(len(streams)))]
    found: list[tuple[int, Ints, Floats]] = []
    week = np.zeros(len(streams))
    while True:
        number = len(found)
        u = read_streams(streams[everyone], number * DRAWS + GAP)
        week = week + -np.log1p(-u) / hazards.rate.sum()
        inside = week < horizon
        everyone, week = everyone[inside], week[inside]
        found.append((number, everyone, week))
        if not len(everyone):
            return found


def _draw(hazards: HazardSet, streams: NDArray[np.uint64], at: Ints, week: Floats, number: int) -> _Events:
    """Draw event ``number`` of some scenarios (stress.26)."""
    u = [read_streams(streams[at], number * DRAWS + draw) for draw in range(DRAWS)]
    total = np.cumsum(hazards.rate)
    hazard = np.searchsorted(total, u[HAZARD] * total[-1], side="right").clip(max=len(total) - 1)
    # Places of hazard h lie between h and h + 1 on one line, so that one search finds them all.
    line = np.repeat(np.arange(len(total)), np.diff(hazards.first_place)) + hazards.chance
    place = np.searchsorted(line, hazard + u[PLACE], side="right")
    place = place.clip(hazards.first_place[hazard], hazards.first_place[hazard + 1] - 1)
    return _Events(
        at=at.astype(np.int64),
        week=week,
        hazard=hazard,
        place=place,
        loss=draw_triangle(u[LOSS], *hazards.loss[:, hazard]),
        weeks=draw_log_triangle(u[WEEKS], *hazards.weeks[:, hazard]),
        hold=draw_triangle(u[HOLD], *hazards.hold[:, hazard]),
    )


def _tabulate(hazards: HazardSet, events: _Events, scenarios: Ints) -> pd.DataFrame:
    """Return events as the table of `SampledShocks`."""
    return pd.DataFrame(
        {
            "scenario": scenarios[events.at],
            "hazard": np.array(hazards.names, dtype=object)[events.hazard],
            "place": np.array(hazards.places, dtype=object)[events.place],
            "week": events.week,
            "loss": events.loss,
            "weeks": events.weeks,
            "hold": events.hold,
        }
    )


def _schedule(hazards: HazardSet, events: _Events, scenarios: int) -> Schedule:
    """Return the events as a schedule: full loss, then a straight way back (stress.27), and the same of overtime (stress.29)."""
    begin, end = hazards.first_supplier[events.place], hazards.first_supplier[events.place + 1]
    struck = end - begin
    count = struck * np.where(hazards.overtime[events.hazard] > 0, 2, 1)
    event = np.repeat(np.arange(len(count)), count)
    rows = len(event)
    inside = np.arange(rows) - np.repeat(np.cumsum(count) - count, count)
    beyond = inside >= struck[event]
    hazard = events.hazard[event]
    loss = np.where(beyond, hazards.overtime[hazard], events.loss[event])
    onset, weeks = events.week[event], events.weeks[event]
    week = np.stack([onset, onset + weeks * events.hold[event], onset + weeks], axis=1)
    level = np.stack([loss, loss, np.zeros(rows)], axis=1)
    per_scenario = np.bincount(events.at, count, minlength=scenarios).astype(np.int64)
    return Schedule(
        first=_offsets(per_scenario.tolist()),
        supplier=hazards.supplier[begin[event] + inside - np.where(beyond, struck[event], 0)],
        channel=np.where(beyond, CHANNELS.index("overtime"), hazards.channel[hazard]).astype(np.uint8),
        buyer=np.where(beyond, ANY_BUYER, hazards.buyer[hazard]).astype(np.int32),
        scrap=np.where(hazards.scrap[hazard] & ~beyond, loss, 0.0),
        alike=np.zeros(rows, dtype=bool),
        start=np.arange(rows + 1, dtype=np.int64) * POINTS,
        week=week.ravel(),
        loss=level.ravel(),
        countries=hazards.countries,
        findings=hazards.findings,
    )
