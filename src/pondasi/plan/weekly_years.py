"""Years of disruption, run week by week on the chain of today: what a plan's year takes from them (plan.27, plan.28).

The weekly engine knows stocks on the way, other sources, overtime and controls. What it says of a country without any step is taken as it is:
which user loses how much of its output, for want of what, and in how many weeks. So without a step a plan's year loses what the weekly one loses, and what
a step adds comes on top.

The disrupted part of a year is the weeks in which a user at home loses output; in a year in which none does, those in which something hits or
starves plants at home. What buyers of a node lack comes earlier than what their customers lack: these weeks are lost in the disrupted part, as many as it
holds. What hits plants at home counts as it is in those weeks.
"""

from __future__ import annotations

import functools
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.executor import open_executor
from pondasi.stress.build import build_system
from pondasi.stress.impact import ROUNDING, VISIBLE
from pondasi.stress.kernel import DELIVERED, MET, SENT
from pondasi.stress.sampling import prepare_hazards, sample_shocks, sample_worst
from pondasi.stress.simulate import run_schedule
from pondasi.stress.system import Kind
from pondasi.stress.watches import Watches
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.plan.problem import Matrix, Vector, Whole
    from pondasi.stress.sampling import HazardSet
    from pondasi.stress.system import Floats, System

T = TypeVar("T")
R = TypeVar("R")
YEAR, FOLLOWED = 52, 156
"""Events begin within a year, and are followed for three: a surge of demand lasts for two, and is felt once stocks are used up [weeks]."""
HELD = 4
"""Engines that stay at hand: to prepare one takes seconds, and plans, their fresh years and their questions ask for the same."""
PIECE = 8
"""Years or events that are run side by side: as many as a vector of the kernel holds. More take as long each, and leave less to several workers."""
LOOK = 130
"""For so long the worst event of each hazard is followed, only to see whether it may be felt at all [weeks]."""


@dataclass(frozen=True, eq=False)
class WeeklyEngine:
    """The chain of today as the weekly engine takes it, and what may strike it.

    Parameters
    ----------
    home
        The country of the plan.
    system
        Its suppliers are those of all `WeeklyYears`.
    users
        Its user industries.
    needs
        Node and user of each need of theirs that binds; ``need`` is its place among the needs of the system.
    hazards, named
        Hazards, and the nodes that each names; None where the world has none.
    worst
        What each hazard costs the country's users at its worst [weeks of the output of all of them], shape (h,).
    """

    home: str
    system: System = field(repr=False)
    users: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]
    need: Whole = field(repr=False)
    hazards: HazardSet | None = field(repr=False)
    named: Mapping[str, frozenset[str]] = field(repr=False)
    worst: Vector = field(repr=False)


@dataclass(frozen=True, eq=False)
class WeeklyYears:
    """What some years do, S of them.

    Parameters
    ----------
    share
        Part of the year that is disrupted, shape (S,).
    gross
        Output that each user at home loses (stress.10), shape (users, S) [weeks].
    lost
        The same by what it lacked, shape (needs, S) [years].
    short
        What the average buyer of each node lacks of it while disrupted, as far as that costs it output, shape (nodes, S).
    struck
        What plants at home cannot make while disrupted for they are hit themselves, shape (nodes, S).
    slow, left
        Weeks of output that each supplier does not ship, and the part that it still ships in the weeks in which it lags, shape (suppliers, S).
    """

    share: Vector
    gross: Matrix = field(repr=False)
    lost: Matrix = field(repr=False)
    short: Matrix = field(repr=False)
    struck: Matrix = field(repr=False)
    slow: Matrix = field(repr=False)
    left: Matrix = field(repr=False)

    def take(self, years: Whole) -> WeeklyYears:
        """Return some of the years."""
        return WeeklyYears(**{name: getattr(self, name)[..., years] for name in self.__dataclass_fields__})


_PREPARED: dict[tuple[str, str, str, bool], WeeklyEngine] = {}


def prepare_engine(world: World, home: str, *, struck: bool = True, executor: Executor | None = None) -> WeeklyEngine:
    """Return the weekly engine of a country, and what each hazard costs it at its worst; the last few stay at hand, by the content of their worlds.

    Parameters
    ----------
    struck
        Whether anything is to strike at all.

    Example
    -------
    >>> from pondasi import load_world
    >>> engine = prepare_engine(load_world(), "IDN")
    >>> bool((engine.worst > 0).any()), bool((engine.worst > 0).all())
    (True, False)
    """
    key = world.chain.hash, world.companions_hash, home, struck
    if key not in _PREPARED:
        flows = balance_flows(world.chain, read_prior(world))
        system = build_system(world, flows)
        table = world.companions.get("hazards")
        rows = [] if table is None else list_rows(table)
        named = {row["hazard"]: frozenset(str(row["nodes"]).split("|")) for row in rows}
        hazards = prepare_hazards(world, system.labels) if struck and any(row["rate"] for row in rows) else None
        engine = make_engine(system, flows.users, home, hazards, named, executor=executor)
        while len(_PREPARED) >= HELD:
            del _PREPARED[next(iter(_PREPARED))]
        _PREPARED[key] = engine
    return _PREPARED[key]


def make_engine(
    system: System,
    users: Sequence[str],
    home: str,
    hazards: HazardSet | None,
    named: Mapping[str, frozenset[str]],
    *,
    executor: Executor | None = None,
) -> WeeklyEngine:
    """Return the weekly engine of a country from a system, and what each hazard costs it at its worst."""
    nodes, countries = (system.labels.get_level_values(level).to_numpy(dtype=object) for level in ("node", "country"))
    here = np.isin(nodes, users) & (countries == home)
    need = np.flatnonzero((system.kind == Kind.FLOW) & (system.force > 0) & here[system.user_of_need])
    taken = nodes[system.supplier[system.lot_start[:-1]]]
    pairs = tuple((str(taken[q]), str(nodes[system.user_of_need[q]])) for q in need)
    own = tuple(user for user in users if (user, home) in system.labels)
    engine = WeeklyEngine(home, system, own, pairs, need, hazards, named, np.zeros(0))
    if hazards is None:
        return engine
    gross = _map(functools.partial(_run_worst, engine, hazards), range(0, len(hazards.names), PIECE), executor)
    weight = np.array([system.output[system.labels.get_loc((user, home))] for user in own])
    worst = np.concatenate([weight @ part for part in gross]) / max(weight.sum(), np.finfo(float).tiny)
    return replace(engine, worst=worst)


def run_years(
    engine: WeeklyEngine,
    hazards: HazardSet,
    nodes: Sequence[str],
    numbers: Whole,
    seed: int,
    *,
    executor: Executor | None = None,
) -> WeeklyYears:
    """Run drawn years through the chain.

    Parameters
    ----------
    nodes
        Of which it is asked what plants lack; rows of ``short`` and ``struck``.
    numbers, seed
        Which years: their numbers in the stream of the seed (`sample_shocks`).
    """
    read = functools.partial(_run_piece, engine, hazards, tuple(nodes), seed)
    pieces = [numbers[first : first + PIECE].tolist() for first in range(0, len(numbers), PIECE)]
    found = _map(read, pieces, executor)
    return WeeklyYears(
        **{
            name: np.concatenate([getattr(part, name) for part in found], axis=-1)
            for name in WeeklyYears.__dataclass_fields__
        }
    )


def _map(function: Callable[[T], R], items: Sequence[T], executor: Executor | None) -> list[R]:
    with open_executor(1) if executor is None else nullcontext(executor) as pool:
        return pool.map(function, items)


def _run_worst(engine: WeeklyEngine, hazards: HazardSet, first: int) -> Matrix:
    """Return what the worst events of some hazards cost each user, shape (users, hazards) [weeks]."""
    worst = sample_worst(hazards).schedule
    part = worst.take(first, min(first + PIECE, len(worst)))
    watches = _watch(engine, ()).first(len(engine.users))
    series = run_schedule(engine.system, part, round(LOOK / engine.system.step), watches)
    return np.asarray(_lose(series, watches.base(engine.system)).sum(axis=2).T * engine.system.step)


def _run_piece(
    engine: WeeklyEngine, hazards: HazardSet, nodes: tuple[str, ...], seed: int, numbers: Sequence[int]
) -> WeeklyYears:
    """Run some years, and read from their weeks what the plan's year takes."""
    system, step = engine.system, engine.system.step
    sampled = sample_shocks(hazards, numbers, seed, mode="poisson", horizon_weeks=float(YEAR))
    watches = _watch(engine, nodes)
    steps = round(FOLLOWED / step)
    series = run_schedule(system, sampled.schedule, steps, watches)
    base = watches.base(system)
    ends = np.cumsum([len(engine.users), len(engine.needs), len(nodes)])
    lose, miss, scarce, lag = np.split(_lose(series, base), ends, axis=1)
    # A node that not all buyers need is recorded over those that do: the others go on.
    scarce = scarce * base[ends[1] : ends[2], None]
    gross = lose.sum(axis=2) * step
    struck = _strike(engine, nodes, sampled.events, numbers, steps)
    when = _find_disrupted(lose, scarce, struck)
    share = when.sum(axis=1) * step / YEAR
    lost = _attribute(engine, gross, miss) / YEAR
    force = system.force[engine.need]
    share = np.minimum(np.maximum(share, (lost / force).max(axis=1, initial=0)), 1.0)
    lost = np.minimum(lost, force * share[:, None])

    some = np.where(share > 0, share, 1.0)[:, None]
    hit = np.einsum("ynt,yt->yn", struck, when) / np.maximum(when.sum(axis=1), 1)[:, None]
    lags = (lag > VISIBLE).sum(axis=2)
    depth = np.divide(lag.sum(axis=2), lags, out=np.zeros(lag.shape[:2]), where=lags > 0)
    return WeeklyYears(
        share=share,
        gross=gross.T,
        lost=lost.T,
        short=np.minimum(scarce.sum(axis=2) * step / YEAR / some, 1.0).T,
        struck=hit.T,
        slow=lag.sum(axis=2).T * step,
        left=np.clip(1 - depth, 0, 1).T,
    )


def _lose(series: Floats, base: Floats) -> Floats:
    """Return the part of the base that each watch lacks in each step; what is within rounding is nothing."""
    safe = np.where(base > 0, base, 1.0)[None, :, None]
    loss = np.where(base[None, :, None] > 0, 1 - series / safe, 0.0)
    return np.where(loss > ROUNDING, loss, 0.0)


def _watch(engine: WeeklyEngine, nodes: tuple[str, ...]) -> Watches:
    """Return what is recorded: users, their needs, what buyers of nodes lack, and what every supplier ships.

    A watch of a node is the sum over all who use it up of ``force met``, weighed by what they use; its base is below 1 where some go on without it.
    """
    system = engine.system
    names, countries = (system.labels.get_level_values(level).to_numpy(dtype=object) for level in ("node", "country"))
    one = np.ones(1)
    here = countries == engine.home
    rows: list[tuple[str, int, Whole, Vector]] = [
        (user, DELIVERED, np.flatnonzero(here & (names == user)), one) for user in engine.users
    ]
    rows += [("/".join(pair), MET, np.array([q]), one) for pair, q in zip(engine.needs, engine.need, strict=True)]
    goods = np.flatnonzero(system.kind == Kind.FLOW)
    taken = names[system.supplier[system.lot_start[:-1]]][goods]
    value = (system.need_coefficient * system.output[system.user_of_need])[goods]
    for node in nodes:
        mine, used = goods[taken == node], value[taken == node]
        rows.append((node, MET, mine, system.force[mine] * used / used.sum() if len(mine) else used))
    rows += [(f"{k}", SENT, np.array([k]), one) for k in range(len(names))] if nodes else []
    return Watches(
        names=tuple(row[0] for row in rows),
        what=np.array([row[1] for row in rows], dtype=np.int64),
        members=tuple(row[2].astype(np.int64) for row in rows),
        weights=tuple(row[3] for row in rows),
    )


def _strike(
    engine: WeeklyEngine, nodes: tuple[str, ...], events: pd.DataFrame, numbers: Sequence[int], steps: int
) -> Floats:
    """Return what plants at home lose by what hits them, shape (years, nodes, steps) (stress.22, stress.27).

    Plants that do not stand yet are hit with those that do.
    """
    working = np.ones((len(numbers), len(nodes), steps))
    place = {number: k for k, number in enumerate(numbers)}
    here = events[events["place"].isin([engine.home, ""])]
    edges = np.arange(steps + 1) * engine.system.step
    for row in list_rows(here):
        mine = np.array([node in engine.named[row["hazard"]] for node in nodes], dtype=bool)
        if mine.any():
            lost = np.diff(_gather_loss(edges - row["week"], row["loss"], row["weeks"], row["hold"]))
            working[place[row["scenario"]], mine] *= 1 - lost / engine.system.step
    return 1 - working


def _gather_loss(since: Vector, loss: float, weeks: float, hold: float) -> Vector:
    """Return the weeks lost by an event up to so many weeks after its onset: full loss, then a straight way back (stress.27).

    Example
    -------
    >>> _gather_loss(np.array([-1.0, 0.0, 2.0, 4.0, 9.0]), 0.5, 4.0, 0.5).tolist()
    [0.0, 0.0, 1.0, 1.5, 1.5]
    """
    full = np.clip(since, 0, weeks * hold)
    back = np.clip(since - weeks * hold, 0, weeks * (1 - hold))
    width = weeks * (1 - hold)
    return np.asarray(loss * (full + back - (back**2 / (2 * width) if width > 0 else 0.0)))


def _find_disrupted(lose: Floats, scarce: Floats, struck: Floats) -> Floats:
    """Return which steps are disrupted, 1 or 0: those in which users lose, else those in which plants are hit or starve, shape (years, steps).

    A user counts as losing from a hundredth of the deepest loss of the year on.
    """
    worst = lose.max(axis=(1, 2), initial=0)
    felt = (lose > VISIBLE * worst[:, None, None]).any(axis=1)
    other = np.logical_or((scarce > VISIBLE).any(axis=1), (struck > VISIBLE).any(axis=1))
    return np.asarray(np.where(worst[:, None] > 0, felt, other), dtype=float)


def _attribute(engine: WeeklyEngine, gross: Floats, miss: Floats) -> Floats:
    """Return the loss of each user by what it lacked, shape (years, needs): in proportion to what each lack alone would have cost."""
    alone = miss.sum(axis=2) * engine.system.force[engine.need]
    user = np.array([engine.users.index(user) for _, user in engine.needs], dtype=np.intp)
    total = (alone @ np.eye(len(engine.users))[user])[:, user]
    part = np.divide(alone, total, out=np.zeros_like(alone), where=total > 0)
    return np.asarray(part * gross[:, user])
