"""The pooled member of the stress engine, readable: small numbered steps from state to state (stress.p1 to stress.p8).

An industry holds one stock of each input, whoever made it; orders lapse if they are not met. This is the adaptive
regional input-output model on any inter-industry table. These functions say what is computed; the same is computed
fast, and for many scenarios at once, by `pondasi.stress.pooled.run`, and the two are tested against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.stress.pooled.rules import ROUND_OFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.stress.pooled.industries import IndustryTable
    from pondasi.stress.pooled.rules import PooledRules
    from pondasi.stress.pooled.shocks import Rebuilding

    Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PooledBase:
    """What holds still: the table per step, and its rules. n industries, K supplying sectors.

    Parameters
    ----------
    x, f
        Base output and final demand, shape (n,) [money/step].
    Z
        Base flows, shape (n, n) [money/step].
    sector
        Number of the sector of each industry, shape (n,).
    A
        Inputs per unit of output by supplying sector, shape (K, n).
    cover
        Target stocks, shape (K,) [steps of use]; infinite where an input cannot run out.
    bound
        ``max(1, psi n)``, shape (K,): stocks below this many steps of use cut output.
    capital
        Shape (n,) [money].
    rules
        The switches and rates.
    """

    x: Vector
    f: Vector
    Z: NDArray[np.float64] = field(repr=False)
    sector: NDArray[np.intp] = field(repr=False)
    A: NDArray[np.float64] = field(repr=False)
    cover: Vector
    bound: Vector
    capital: Vector
    rules: PooledRules


@dataclass(frozen=True, eq=False)
class PooledState:
    """What moves.

    Parameters
    ----------
    step
        Steps done.
    stocks
        S, shape (K, n) [money]: what industries hold of each sector's goods.
    orders
        O, shape (n, n) [money/step]: who wants how much from whom in this step.
    overproduction
        a, shape (n,): capacity over that of undamaged, normal work.
    output
        x of the step before, shape (n,) [money/step].
    rebuilding
        What is left to rebuild, per event, shape (suppliers, damaged) [money].
    """

    step: int
    stocks: NDArray[np.float64] = field(repr=False)
    orders: NDArray[np.float64] = field(repr=False)
    overproduction: Vector
    output: Vector
    rebuilding: tuple[NDArray[np.float64], ...] = ()


@dataclass(frozen=True, eq=False)
class PooledStep:
    """What happened in one step, all [money/step].

    Parameters
    ----------
    output, capacity
        Shape (n,).
    met
        Parts of orders, final demand and rebuilding that were delivered, shape (3, n).
    demand
        Orders, final demand and rebuilding addressed to each industry, shape (3, n).
    arrivals, used, without
        Into and out of stocks, and needed but not there ('done without'), shape (K, n).
    """

    output: Vector
    capacity: Vector
    met: NDArray[np.float64]
    demand: NDArray[np.float64]
    arrivals: NDArray[np.float64] = field(repr=False)
    used: NDArray[np.float64] = field(repr=False)
    without: NDArray[np.float64] = field(repr=False)


def prepare_base(table: IndustryTable, rules: PooledRules) -> PooledBase:
    """Turn a table of a year into what one step needs."""
    names, sector = number_sectors(table)
    part = rules.step_days / rules.year_days
    Z = (table.Z.toarray() if sparse.issparse(table.Z) else np.asarray(table.Z)) * part
    x = table.output * part
    needs = np.zeros((len(names), len(x)))
    np.add.at(needs, sector, Z)
    A = np.divide(needs, x, out=np.zeros_like(needs), where=x > 0)
    return PooledBase(
        x=x,
        f=table.final.sum(axis=1) * part,
        Z=Z,
        sector=sector,
        A=A,
        cover=rules.cover(names),
        bound=rules.bound(names),
        capital=rules.capital_ratio * table.value_added,
        rules=rules,
    )


def number_sectors(table: IndustryTable) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names of the sectors, in the order in which they first stand, and each industry's number."""
    level = table.labels.get_level_values("sector")
    names = list(dict.fromkeys(level))
    number = {name: k for k, name in enumerate(names)}
    return names, np.fromiter((number[name] for name in level), dtype=np.intp, count=len(level))


def start_state(base: PooledBase, events: Sequence[Rebuilding] = ()) -> PooledState:
    """Return the base: stocks on target, orders as in the table."""
    cover = np.where(np.isfinite(base.cover), base.cover, 0.0)
    return PooledState(
        step=0,
        stocks=cover[:, None] * base.A * base.x,
        orders=base.Z,
        overproduction=np.ones_like(base.x),
        output=base.x,
        rebuilding=tuple(event.bill for event in events),
    )


def advance(
    base: PooledBase, state: PooledState, loss: Vector, events: Sequence[Rebuilding] = ()
) -> tuple[PooledState, PooledStep]:
    """Do one step; ``loss`` is the part of capacity lost to outside causes, shape (n,)."""
    rules = base.rules
    loss = lose_capital(base, state, loss, events)
    demand = np.array([state.orders.sum(axis=1), base.f, want_rebuilding(state, events, len(base.x))])
    a = overproduce(state, demand.sum(axis=0), rules)
    capacity = base.x * (1 - loss) * a
    wanted = np.minimum(demand.sum(axis=0), capacity)
    output = np.minimum(wanted, limit_by_inputs(base, state.stocks))
    met = ration(output, demand, rules)
    arrivals, used, without, stocks = move_stocks(base, state, output, met[0])
    rebuilding = rebuild(state, events, met[2])
    planned = wanted
    if rules.delivered_rebuilding_leaves_plans:
        planned = np.minimum(demand.sum(axis=0) - demand[2] * met[2], capacity)
    orders = place_orders(base, stocks, planned, output, capacity)
    done = PooledStep(output, capacity, met, demand, arrivals, used, without)
    return replace(
        state,
        step=state.step + 1,
        stocks=stocks,
        orders=orders,
        overproduction=a,
        output=output,
        rebuilding=rebuilding,
    ), done


def lose_capital(base: PooledBase, state: PooledState, loss: Vector, events: Sequence[Rebuilding]) -> Vector:
    """Capacity lost (stress.p1): ``d = max(d_outside, capital not yet rebuilt / capital)``."""
    damage = np.zeros_like(base.x)
    for event, left in zip(events, state.rebuilding, strict=True):
        if state.step >= event.start:
            damage[event.damaged] += left.sum(axis=0) / event.factor
    lost = np.divide(damage, base.capital, out=np.zeros_like(damage), where=base.capital > 0)
    return np.maximum(loss, np.minimum(lost, 1.0))


def overproduce(state: PooledState, demand: Vector, rules: PooledRules) -> Vector:
    """Overproduction (stress.p2).

    With scarcity ``s = (D - x(-1)) / D``: ``a <- max(1, a + ((a_max - a) s + (1 - a) [s = 0]) / tau)``.
    """
    a = state.overproduction
    s = np.divide(demand - state.output, demand, out=np.zeros_like(demand), where=demand > 0)
    change = (rules.overproduction_max - a) * s + np.where(s == 0, 1 - a, 0.0)
    return np.maximum(1.0, a + change * rules.overproduction_rate)


def limit_by_inputs(base: PooledBase, stocks: NDArray[np.float64]) -> Vector:
    """Most output that stocks allow (stress.p4): ``min over k of S_k / (max(1, psi n_k) A_k)``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        allowed = stocks / (base.bound[:, None] * base.A)
    binding = (base.rules.negligible_share < base.A) & np.isfinite(base.cover)[:, None]
    return np.asarray(np.where(binding, allowed, np.inf).min(axis=0, initial=np.inf))


def ration(output: Vector, demand: NDArray[np.float64], rules: PooledRules) -> NDArray[np.float64]:
    """Parts of each kind of demand that are met (stress.p5): tier by tier, in proportion within a tier."""
    met = np.ones_like(demand)
    left = output
    for tier in range(len(demand)):
        kinds = [kind for kind, place in enumerate(rules.tiers) if place == tier]
        wanted = demand[kinds].sum(axis=0)
        short = wanted - left > ROUND_OFF * output
        met[kinds] = np.divide(left, wanted, out=np.ones_like(left), where=short)
        left = np.maximum(left - wanted, 0.0)
    return met


def move_stocks(
    base: PooledBase, state: PooledState, output: Vector, met: Vector
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Arrivals, use, what is done without, and stocks after (stress.p6): ``S <- S + arrivals - min(S, A x)``."""
    arrivals = np.zeros_like(base.A)
    np.add.at(arrivals, base.sector, state.orders * met[:, None])
    needed = base.A * output
    endless = ~np.isfinite(base.cover)[:, None]
    used = np.where(endless, needed, np.minimum(needed, state.stocks))
    stocks = np.where(endless, state.stocks, np.maximum(state.stocks - used, 0.0) + arrivals)
    return arrivals, used, needed - used, stocks


def place_orders(
    base: PooledBase, stocks: NDArray[np.float64], planned: Vector, output: Vector, capacity: Vector
) -> NDArray[np.float64]:
    """Orders for the next step (stress.p7).

    A gap to the stock that the wanted output asks for is ordered over ``tau``, and what was used is replaced:
    ``need = max(0, n A x* - S) / tau + A x``. It goes to the regions as in the base, or in the proportion of
    ``Z_ij`` times what is left of i's capacity.
    """
    cover = np.where(np.isfinite(base.cover), base.cover, 0.0)[:, None]
    need = base.rules.restoration_rate * np.maximum(0.0, cover * base.A * planned - stocks) + base.A * output
    weight = np.ones_like(base.x)
    if base.rules.order_split == "capacity":
        weight = np.divide(capacity, base.x, out=weight, where=base.x > 0)
    pull = base.Z * weight[:, None]
    total = np.zeros_like(base.A)
    np.add.at(total, base.sector, pull)
    per_unit = np.divide(need, total, out=np.zeros_like(need), where=total > 0)
    return np.asarray(pull * per_unit[base.sector])


def want_rebuilding(state: PooledState, events: Sequence[Rebuilding], n: int) -> Vector:
    """Demand for rebuilding by supplier (stress.p8): what is left, over ``tau``, once the repair has begun."""
    demand = np.zeros(n)
    for event, left in zip(events, state.rebuilding, strict=True):
        if state.step >= event.begin:
            demand[event.suppliers] += left.sum(axis=1) * event.rate
    return demand


def rebuild(state: PooledState, events: Sequence[Rebuilding], met: Vector) -> tuple[NDArray[np.float64], ...]:
    """Take the deliveries of this step off what is left to rebuild (stress.p8)."""
    return tuple(
        left * (1 - event.rate * met[event.suppliers, None]) if state.step >= event.begin else left
        for event, left in zip(events, state.rebuilding, strict=True)
    )
