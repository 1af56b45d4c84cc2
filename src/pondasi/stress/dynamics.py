"""One step of the chain, in small functions that cite their equation; the kernel computes the same, fast.

A step runs twice through the chain: from users to makers, where each says what it wants and orders it
(stress.2, stress.6), and from makers to users, where goods arrive, bind, are used, move along the line
and are shared out (stress.1, stress.3, stress.4, stress.5). What arrives in a step may be used at once.
Between steps overproduction, qualification, wear and designs move on (stress.3, stress.7, stress.8).

`take_step` is the table of contents. It changes nothing that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pondasi.stress.state import Hits, Moves, Rationing, State
from pondasi.stress.system import Kind, add_by

if TYPE_CHECKING:
    from pondasi.stress.system import Flags, Floats, Ints, System


ROUNDING = 1e-9
"""Rights withheld by less are the rounding of sums over their owners; lots that are short by less that of shares."""


DUST = 1e-13
"""A part of an order that is missing by less is the rounding of sums over some hundred buyers."""


class Rule(Protocol):
    """An own rule of rationing: what a supplier sends when it cannot serve all."""

    def __call__(self, supplier: int, supply: float, orders: Floats, final: float) -> tuple[Floats, float]:
        """Return what goes to each lot of the supplier and to final demand [USD]; together at most ``supply``."""
        ...


def take_step(
    system: System, state: State, hits: Hits, rationing: Rationing, rule: Rule | None = None
) -> tuple[State, Moves]:
    """Return the state after one step, and what moved in it.

    Parameters
    ----------
    system, state
        The chain and where it stands.
    hits
        What is lost in this step.
    rationing
        Who is served first.
    rule
        An own rule instead; the compiled kernel does not take one.
    """
    limits = _limit_capacity(system, state, hits)
    ruined = hits.scrap[_supplier_of_stage(system)] * state.line
    line = state.line - ruined
    wishes = _wish(system, state, hits, limits, line)
    orders = _place_orders(system, state, hits, limits, wishes)
    return _move(system, state, hits, limits, _Plan(line, ruined, wishes, orders), rationing, rule)


@dataclass(frozen=True, eq=False)
class _Limits:
    """Capacity of the step k, what it could be with all overtime, and the part that rights allow."""

    capacity: Floats
    reach: Floats
    available: Floats


@dataclass(frozen=True, eq=False)
class _Wishes:
    """Wanted starts x*, what they would be without a limit, and the need N behind them."""

    want: Floats
    unbound: Floats
    need: Floats
    smoothed: Floats


@dataclass(frozen=True, eq=False)
class _Orders:
    """Orders of the step O, those of them moved to other sources, and how short each lot is."""

    ordered: Floats
    placed: Floats
    short: Floats


@dataclass(frozen=True, eq=False)
class _Plan:
    line: Floats
    ruined: Floats
    wishes: _Wishes
    orders: _Orders


def _limit_capacity(system: System, state: State, hits: Hits) -> _Limits:
    """Capacity k = x0 (1 - d)(1 + a), less wear and aged designs (stress.1, stress.8); overtime that is taken is no reach (stress.7)."""
    left = np.ones(len(system.output))
    np.minimum.at(left, system.user_of_need, 1 - system.force * state.worn)
    standing = (1 - hits.starts) * (1 - hits.line) * left
    return _Limits(
        capacity=system.output * standing * (1 + state.overtime),
        reach=system.output * standing * (1 + system.spare * (1 - hits.overtime)),
        available=standing,
    )


def _wish(system: System, state: State, hits: Hits, limits: _Limits, line: Floats) -> _Wishes:
    """Need N and wanted starts x*, from users to makers (stress.2)."""
    n = len(system.output)
    held = add_by(_supplier_of_stage(system), line, n)
    owed = add_by(system.supplier, state.backlog, n) + state.waiting
    flow = system.kind[system.need_of_lot] != Kind.RIGHT
    late = flow & system.late
    need = system.final * (1 - hits.demand)
    need += add_by(system.supplier[late], (system.coefficient * state.want[system.user])[late], n)
    want, unbound, smoothed = np.zeros(n), np.zeros(n), np.zeros(n)
    for first, last in _layers(system, upwards=True):
        users = slice(first, last)
        smoothed[users] = state.smoothed[users] + (need[users] - state.smoothed[users]) / system.smoothing[users]
        steady = smoothed[users] + state.placed[users]
        gap = owed[users] + system.finished[users] - state.finished[users]
        gap = gap + system.stages[users] * steady - held[users]
        # What lies unsold while need is low, a need that is back takes off again: it is not cut for twice.
        low = np.maximum(0.0, system.output[users] - smoothed[users])
        coming = (system.smoothing[users] + system.stages[users]) * low
        gap = np.maximum(gap, np.minimum(0.0, gap + coming))
        unbound[users] = np.maximum(0.0, steady + gap / system.adjustment[users])
        want[users] = np.minimum(limits.capacity[users], unbound[users])
        lots = _lots_of(system, first, last)
        on_time = flow[lots] & ~system.late[lots]
        asked = np.where(on_time, system.coefficient[lots] * want[system.user[lots]], 0.0)
        need += add_by(system.supplier[lots], asked, n)
    return _Wishes(want, unbound, need, smoothed)


def _place_orders(system: System, state: State, hits: Hits, limits: _Limits, wishes: _Wishes) -> _Orders:
    """Orders of each lot; the open part of what is short goes to other sources, within their spare capacity (stress.6)."""
    of = system.need_of_lot
    goods = system.kind[of] != Kind.RIGHT
    use = system.coefficient * wishes.want[system.user]
    gap = system.target - state.lots - state.backlog
    own = np.where(goods, np.maximum(0.0, use + gap / system.adjustment[system.user]), 0.0)
    usual = system.coefficient * system.output[system.user] * system.urgency
    short = np.where(goods, _part(state.backlog, state.backlog + usual, empty=0.0), 0.0)
    # What a closed route would have taken is free for others; behind a closed door nothing is.
    shut = np.where(goods, hits.closed * system.coefficient * state.want[system.user], 0.0)
    # Finished goods are for sale too, as fast as stocks are brought back.
    reach = (limits.reach + system.for_sale * state.finished / system.adjustment) * (1 - hits.shipping)
    spare = np.maximum(0.0, reach - state.need + add_by(system.supplier, shut, len(system.output)))
    weight = spare[system.supplier] * (1 - short) * (1 - hits.closed)
    weights = add_by(of, weight, len(system.kind))
    # What is owed is withdrawn and ordered elsewhere too: else it would count as on order for ever.
    meant = state.open[of] * short * (own + state.backlog / system.adjustment[system.user])
    pool = add_by(of, meant, len(system.kind))
    turned = np.where(weights[of] > 0, meant, 0.0)
    moved = weight * _part(pool, weights, empty=0.0)[of]
    load = add_by(system.supplier, moved, len(system.output))
    fits = np.minimum(1.0, _part(spare, load))
    there = fits[system.supplier] * moved
    # What finds no place stays with its own source.
    gone = _part(add_by(of, there, len(system.kind)), add_by(of, turned, len(system.kind)), empty=0.0)
    return _Orders(own - gone[of] * turned + there, fits * load, short)


def _move(
    system: System, state: State, hits: Hits, limits: _Limits, plan: _Plan, rationing: Rationing, rule: Rule | None
) -> tuple[State, Moves]:
    """Goods arrive, bind, are used, move along the line and are shared out, from makers to users (stress.5).

    A route or a door that is closed in part lets through that part of what usually passes: what has waited
    does not squeeze through as well.
    """
    n, wishes = len(system.output), plan.wishes
    asked = plan.orders.ordered + state.backlog
    usual = system.coefficient * system.output[system.user]
    passing = np.where(hits.closed > 0, np.minimum(asked, (1 - hits.closed) * usual), asked)
    final = system.final * (1 - hits.demand) + state.waiting
    first = np.minimum(passing, rationing.lots), np.minimum(final, rationing.final)
    calls = add_by(system.supplier, passing, n) + final
    first_calls = add_by(system.supplier, first[0], n) + first[1]
    lots, sent = state.lots.copy(), np.zeros_like(state.lots)
    used, without = np.zeros_like(state.lots), np.zeros(len(system.kind))
    lacking = np.zeros(len(system.kind))
    line, finished = plan.line.copy(), state.finished.copy()
    owed = _shortest(system, plan.orders.short) > ROUNDING
    started, shipped, delivered = np.zeros(n), np.zeros(n), np.zeros(n)
    for begin, end in _layers(system):
        makers, mine = slice(begin, end), _lots_of(system, begin, end)
        lots[mine] += np.where(system.late[mine], 0.0, sent[mine])
        bound = _bind(system, state, hits, limits, wishes, _Goods(line, lots, owed), (begin, end))
        used[mine], without[bound.needs], lacking[bound.needs] = bound.used, bound.without, bound.lacking
        lots[mine] -= used[mine]
        started[makers] = bound.started
        shipped[makers] = _run_line(system, line, bound.started, bound.speed, begin, end)
        stock, door = finished[makers] + shipped[makers], hits.shipping[makers]
        supply = np.where(door > 0, np.minimum(stock, (1 - door) * system.output[makers]), stock)
        out = np.flatnonzero((system.supplier >= begin) & (system.supplier < end))
        if rule is None:
            served = _fill(supply, first_calls[makers])
            over = np.maximum(0.0, supply - first_calls[makers])
            rest = _fill(over, calls[makers] - first_calls[makers])
            at = system.supplier[out] - begin
            sent[out] = served[at] * first[0][out] + rest[at] * (passing[out] - first[0][out])
            delivered[makers] = served * first[1][makers] + rest * (final[makers] - first[1][makers])
        else:
            for i in range(begin, end):
                to = out[system.supplier[out] == i]
                sent[to], delivered[i] = _ask(rule, i, float(supply[i - begin]), passing[to], float(final[i]))
        finished[makers] += shipped[makers] - add_by(system.supplier, sent, n)[makers] - delivered[makers]
    lots += np.where(system.late, sent, 0.0)
    unmet = final - delivered
    clock = _wait(system, state, limits, hits, plan.orders.short)
    following = State(
        line=line,
        finished=np.maximum(finished, 0.0),
        lots=np.maximum(lots, 0.0),
        backlog=np.maximum(asked - sent, 0.0),
        waiting=unmet * (1 - system.lost),
        smoothed=wishes.smoothed,
        need=wishes.need,
        want=wishes.want,
        placed=plan.orders.placed,
        overtime=_work_over(system, state, hits, limits, wishes),
        open=_qualify(system, state, plan.orders.short, clock),
        worn=_wear(system, state, lacking, wishes.want, limits, hits),
        clock=clock,
    )
    ruined = add_by(_supplier_of_stage(system), plan.ruined, n)
    forgone = unmet * system.lost
    moves = Moves(started, shipped, ruined, delivered, forgone, plan.orders.ordered, sent, used, without)
    return following, moves


def _ask(rule: Rule, supplier: int, supply: float, orders: Floats, final: float) -> tuple[Floats, float]:
    """Ask an own rule what goes to whom; goods that there are not, or nobody asked for, are refused."""
    sent, delivered = rule(supplier, supply, orders, final)
    tiny = ROUNDING * max(supply, final, orders.sum())
    asked = (sent <= orders + tiny).all() and delivered <= final + tiny
    if not (asked and min(delivered, sent.min(initial=0.0)) >= -tiny and sent.sum() + delivered <= supply + tiny):
        raise ValueError(f"the own rule sends from supplier {supplier} what it has not or what nobody asked for")
    return sent, delivered


@dataclass(frozen=True, eq=False)
class _Goods:
    """Where goods are while a step is under way, and of which needs some are owed."""

    line: Floats
    lots: Floats
    owed: Flags


@dataclass(frozen=True, eq=False)
class _Bound:
    """What the lots at hand allow in one layer."""

    needs: slice
    started: Floats
    speed: Floats
    used: Floats
    without: Floats
    lacking: Floats


def _bind(
    system: System, state: State, hits: Hits, limits: _Limits, wishes: _Wishes, goods: _Goods, layer: tuple[int, int]
) -> _Bound:
    """Find starts and speed of the line under the lots at hand, and what they use (stress.3, stress.4)."""
    (begin, end), lots = layer, goods.lots
    needs, mine = slice(*system.need_start[[begin, end]]), _lots_of(system, begin, end)
    count = needs.stop - needs.start
    of = system.need_of_lot[mine] - needs.start
    user = system.user_of_need[needs]
    kind, force, along = system.kind[needs], system.force[needs], system.along[needs]
    content = _content(system, goods.line)
    along = along & (system.stages[user] > 0)
    # A line that is hit uses, at its own speed, what that speed takes.
    rate = np.where(along, content[user] * (1 - hits.line[user]), wishes.want[user])
    whole = system.need_coefficient[needs] * rate
    have = add_by(of, lots[mine], count)
    # stress.3: lines without their part of a lot, and the varieties that one product needs
    # Lines that know another source leave a good that all may use to those that know none.
    known = state.open[needs]
    alone = 1 - system.shared[needs] * known
    missing = add_by(of, np.maximum(0.0, alone[of] * system.coefficient[mine] * rate[of] - lots[mine]), count)
    lines = np.maximum(0.0, 1 - _part(1 - known, alone, empty=0.0) * _part(missing, whole, empty=0.0))
    met = np.minimum(np.minimum(1.0, _part(have, whole)), lines ** system.varieties[needs])
    # stress.4: critical needs bind, important ones by half, marginal ones not
    flow = kind == Kind.FLOW
    allowed = np.where(flow & ~along, (1 - force * (1 - met)) * rate, np.inf)
    moving = np.where(flow & along, 1 - force * (1 - met), 1.0)
    least, slowest = np.full(end - begin, np.inf), np.ones(end - begin)
    np.minimum.at(least, user - begin, allowed)
    np.minimum.at(slowest, user - begin, moving)
    started = np.minimum(np.minimum(wishes.want[begin:end], least), slowest * limits.capacity[begin:end])
    speed = (1 - hits.line[begin:end]) * slowest
    used_at = np.where(along, content[user] * speed[user - begin], started[user - begin])
    used_at = np.where(kind == Kind.SERVICE, rate, used_at)
    asked = np.where(kind == Kind.RIGHT, 0.0, system.need_coefficient[needs] * used_at)
    total = np.minimum(asked, have)
    own = np.where(kind == Kind.RIGHT, 0.0, used_at)[of] * system.coefficient[mine]
    spared = goods.owed[needs] & (system.shared[needs] > 0)
    own = np.minimum(lots[mine], np.where(spared, alone, 1.0)[of] * own)
    # What each lot has beyond what lines without another source want to hold of it, then all that is left
    free = np.maximum(0.0, lots[mine] - own - alone[of] * system.target[mine])
    used = own + np.where(spared[of], _draw(of, free, total - add_by(of, own, count)), 0.0)
    used = used + _draw(of, lots[mine] - used, total - add_by(of, used, count))
    return _Bound(needs, started, speed, used, asked - add_by(of, used, count), 1 - met)


def _draw(of: Ints, stock: Floats, wanted: Floats) -> Floats:
    """Return what is drawn from the lots of each need, from all in proportion to what they have."""
    held = add_by(of, stock, len(wanted))
    part = np.divide(np.maximum(0.0, wanted), held, out=np.zeros_like(held), where=held > 0)
    return np.minimum(1.0, part)[of] * stock


def _run_line(system: System, line: Floats, started: Floats, speed: Floats, begin: int, end: int) -> Floats:
    """Move the lines of one layer by one step and return what leaves them: W_l <- (1 - v) W_l + v W_(l-1) (stress.1)."""
    start = system.stage_start
    shipped = started.copy()
    for i in range(begin, end):
        if system.stages[i]:
            content = line[start[i] : start[i + 1]]
            moving = speed[i - begin] * content
            shipped[i - begin] = moving[-1]
            content -= moving
            content[1:] += moving[:-1]
            content[0] += started[i - begin]
    return shipped


def _work_over(system: System, state: State, hits: Hits, limits: _Limits, wishes: _Wishes) -> Floats:
    """Overproduction moves towards what is wanted beyond base capacity, as far as it can go (stress.7)."""
    standing = system.output * limits.available
    wanted = (wishes.unbound - standing) / system.output
    return (
        state.overtime + (np.clip(wanted, 0.0, system.spare * (1 - hits.overtime)) - state.overtime) / system.overtime
    )


def _qualify(system: System, state: State, short: Floats, clock: Floats) -> Floats:
    """Qualify other sources, the faster the shorter the shortest lot is; once qualified they stay (stress.3).

    What another plant has to make for the first time passes its whole line first.
    """
    step = (1 - system.dual) / system.qualification * _shortest(system, short)
    return np.minimum(1.0, state.open + np.where(clock >= system.lag, step, 0.0))


def _shortest(system: System, short: Floats) -> Floats:
    """Return how short the shortest lot of each need is, shape (q,)."""
    worst = np.zeros(len(system.kind))
    np.maximum.at(worst, system.need_of_lot, short)
    return worst


def _wear(system: System, state: State, lacking: Floats, want: Floats, limits: _Limits, hits: Hits) -> Floats:
    """Wear without service and its repair; ageing of designs without rights and their renewal (stress.8).

    An idle tool does not wear, whatever it lacks; nor is it mended without service.
    """
    busy = np.minimum(1.0, want / system.output)[system.user_of_need]
    worn = state.worn + system.wear * busy * lacking * (1 - state.worn) - (1 - lacking) * state.worn / system.repair
    withheld = _withheld(system, limits, hits)
    felt = np.where(state.clock >= system.lag, withheld, 0.0)
    aged = state.worn + system.refresh * (felt - state.worn)
    return np.select([system.kind == Kind.SERVICE, system.kind == Kind.RIGHT], [worn, aged], 0.0)


def _wait(system: System, state: State, limits: _Limits, hits: Hits, short: Floats) -> Floats:
    """Count the steps for which rights have been withheld, and those in which a lot of goods was owed (stress.8)."""
    rights = np.where(_withheld(system, limits, hits) > ROUNDING, state.clock + 1, 0.0)
    goods = state.clock + (_shortest(system, short) > ROUNDING)
    return np.where(system.kind == Kind.RIGHT, rights, goods)


def _withheld(system: System, limits: _Limits, hits: Hits) -> Floats:
    """Part of the rights of each need that is withheld: their owner stopped, or the route closed."""
    of = system.need_of_lot
    met = system.coefficient * limits.available[system.supplier] * (1 - hits.closed)
    return np.maximum(0.0, 1 - _part(add_by(of, met, len(system.kind)), system.need_coefficient))


def _content(system: System, line: Floats) -> Floats:
    """Mean content of a stage of each line, shape (n,) [USD]; zero without a line."""
    total = add_by(_supplier_of_stage(system), line, len(system.output))
    return total / np.maximum(system.stages, 1)


def _supplier_of_stage(system: System) -> Ints:
    return np.repeat(np.arange(len(system.output)), system.stages)


def _layers(system: System, *, upwards: bool = False) -> list[tuple[int, int]]:
    pairs = [(int(a), int(b)) for a, b in zip(system.layers[:-1], system.layers[1:], strict=True)]
    return pairs[::-1] if upwards else pairs


def _lots_of(system: System, begin: int, end: int) -> slice:
    return slice(*system.lot_start[system.need_start[[begin, end]]])


def _fill(supply: Floats, calls: Floats) -> Floats:
    """Return the part of calls that is filled; a shortfall within rounding is none, so that no dust is owed."""
    part = _part(supply, calls)
    return np.where(part >= 1 - DUST, 1.0, part)


def _part(have: Floats, of: Floats, *, empty: float = 1.0) -> Floats:
    """Return have / of; ``empty`` where nothing is asked for."""
    out: Floats = np.divide(have, of, out=np.full_like(of, empty), where=of > 0)
    return out
