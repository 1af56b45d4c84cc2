"""The state of a chain between two steps, what hits it in a step, and what moved in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pondasi.stress.system import Flags, Floats, System


@dataclass(frozen=True, eq=False)
class State:
    """All that one step hands to the next; n suppliers, m lots, q needs; money in USD.

    Parameters
    ----------
    line
        Work in process W, stage after stage, supplier after supplier, shape (stages,).
    finished
        Finished goods F, shape (n,).
    lots
        Stocks of users S, shape (m,).
    backlog
        Unfilled orders B, shape (m,).
    waiting
        Unmet final demand that waits Bf, shape (n,).
    smoothed
        Smoothed need Nh, shape (n,) [USD/step].
    need
        Need of the last step N, shape (n,) [USD/step].
    want
        Wanted starts of the last step x*, shape (n,) [USD/step].
    placed
        Orders moved here from other sources in the last step, shape (n,) [USD/step].
    overtime
        Overproduction a, shape (n,).
    open
        Part of the lots that others may fill g, shape (q,).
    worn
        Capacity worn for want of service, or designs that have aged, shape (q,).
    clock
        Steps for which rights have been withheld; of goods, steps in which a lot was owed, shape (q,).
    """

    line: Floats
    finished: Floats
    lots: Floats
    backlog: Floats
    waiting: Floats
    smoothed: Floats
    need: Floats
    want: Floats
    placed: Floats
    overtime: Floats
    open: Floats
    worn: Floats
    clock: Floats


@dataclass(frozen=True, eq=False)
class Hits:
    """What hits the chain in one step, each a part lost from 0 to 1.

    Parameters
    ----------
    starts, line, shipping, demand, overtime
        Of each supplier, shape (n,): starts on the line, speed of the line, goods leaving the door, final
        demand, capacity beyond the usual.
    scrap
        Part of the line's content ruined as the step begins, shape (n,).
    closed
        Part of each lot's route that is closed, shape (m,).
    """

    starts: Floats
    line: Floats
    shipping: Floats
    demand: Floats
    overtime: Floats
    scrap: Floats
    closed: Floats


@dataclass(frozen=True, eq=False)
class Moves:
    """What moved in one step [USD].

    Parameters
    ----------
    started, shipped, scrapped
        On and off each line, and ruined on it, shape (n,).
    delivered, forgone
        To final demand, and unmet final demand given up, shape (n,).
    ordered, sent, used
        Of each lot, shape (m,).
    without
        Needs done without, shape (q,).
    """

    started: Floats
    shipped: Floats
    scrapped: Floats
    delivered: Floats
    forgone: Floats
    ordered: Floats
    sent: Floats
    used: Floats
    without: Floats


@dataclass(frozen=True, eq=False)
class Rationing:
    """Who is served first when there is not enough for all; the rest is shared in proportion.

    Parameters
    ----------
    lots
        Part of each order that is served first, at most so many USD a step, shape (m,).
    final
        The same for final demand, shape (n,).

    Notes
    -----
    Nothing first: all in proportion. Base flows first: contracts before spot. Without limit for buyers in
    the maker's country: home first.
    """

    lots: Floats = field(repr=False)
    final: Floats = field(repr=False)


def rest(system: System) -> State:
    """Return the base state, which nothing moves as long as nothing hits it."""
    n, m, q = len(system.output), len(system.supplier), len(system.kind)
    return State(
        line=np.repeat(system.output, system.stages),
        finished=system.finished.copy(),
        lots=system.target.copy(),
        backlog=np.zeros(m),
        waiting=np.zeros(n),
        smoothed=system.output.copy(),
        need=system.output.copy(),
        want=system.output.copy(),
        placed=np.zeros(n),
        overtime=np.zeros(n),
        open=system.dual.copy(),
        worn=np.zeros(q),
        clock=np.zeros(q),
    )


def calm(system: System) -> Hits:
    """Return a step in which nothing is hit."""
    n, m = len(system.output), len(system.supplier)
    none = np.zeros(n)
    return Hits(none, none, none, none, none, none, np.zeros(m))


def proportional(system: System) -> Rationing:
    """Return the rule that serves all in proportion to what they ask for."""
    return Rationing(np.zeros(len(system.supplier)), np.zeros(len(system.output)))


def contracts_first(system: System) -> Rationing:
    """Return the rule that serves what each buyer takes in normal times before anything more."""
    return Rationing(system.coefficient * system.output[system.user], system.final.copy())


def home_first(system: System) -> Rationing:
    """Return the rule that serves buyers in the maker's own country before all others."""
    country = system.labels.get_level_values("country").to_numpy(dtype=object)
    same: Flags = country[system.supplier] == country[system.user]
    return Rationing(np.where(same, np.inf, 0.0), np.zeros(len(system.output)))
