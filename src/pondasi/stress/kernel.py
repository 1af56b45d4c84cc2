"""The step of `pondasi.stress.dynamics`, compiled, for several scenarios side by side.

Scenarios lie in *lanes*: the last axis of every array that changes, so that what a lot needs to know of the
chain is read once for all of them and the arithmetic runs in vector registers.

Two passes over the lots make a step, `_limit_and_ask` and `_move`. The loops over the lots of one need are
small functions of plain arrays, below them: so the compiler turns them into vector code. The *plain* forms
are for needs of which nothing is owed in any lane, most of the chain at most times: they touch one array of
state, and compute orders again instead of keeping them. Tests hold the kernel to the readable side, state
by state.

All compiled functions and their constants stand in this one file, since the compiler's cache on disk looks
only at the file that a function stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.stress.lanes import Blows, Frame, Lanes, Scratch, Watch
    from pondasi.stress.system import Floats, Ints

    Compiled = TypeVar("Compiled", bound=Callable[..., object])

LANES = 64
"""Scenarios that are run side by side where there are many: eight vectors of eight doubles, so that
what is read once of a lot serves many."""
FLOW, SERVICE, RIGHT = 0, 1, 2
"""The kinds of `pondasi.stress.system.Kind`, as plain numbers."""
ROWS = 9
"""Rows of lanes for sums that live no longer than a loop."""
STARTS, LINE, SHIPPING, DEMAND, OVERTIME = 0, 1, 2, 3, 4
"""Places of what is lost by supplier in `Scratch.hit`."""
DELIVERED, SHIPPED, MET, SENT, OWED, FREE = 0, 1, 2, 3, 4, 5
"""What a watch records: deliveries to final demand, what leaves the line, the part of a need that is met, what leaves
the door to all buyers, what is owed to them as the step ends, and what could be made beyond the need of the step before,
or given from stock."""
ROUNDING, DUST = 1e-9, 1e-13
"""As in `pondasi.stress.dynamics`."""

COUNTLESS: dict[str, Any] = {"_nrt": False}
"""Nothing is allocated here, so no references are counted: to count those of all arrays for each need took two thirds
of the time of a scenario that runs alone. An option that numba has and its stubs have not."""
fast: Callable[[Compiled], Compiled] = njit(cache=True, nogil=True, error_model="numpy", **COUNTLESS)
inlined: Callable[[Compiled], Compiled] = njit(nogil=True, error_model="numpy", inline="always", **COUNTLESS)
"""For functions that take the whole chain and are called for each supplier or need: passing it would cost more."""


@fast
def run_lanes(f: Frame, s: Lanes, b: Blows, w: Scratch, watch: Watch, series: Floats) -> None:
    """Run the lanes through all steps of the series, in place.

    ``series`` has the shape (steps, watches, lanes).
    """
    lanes = s.lots.shape[1]
    for step in range(series.shape[0]):
        _strike(f, s, b, w, step)
        _limit_and_ask(f, s, b, w)
        _share_spare(f, s, b, w)
        _move(f, s, b, w)
        _settle(f, s, b, w)
        for k in range(series.shape[1]):
            for v in range(lanes):
                series[step, k, v] = 0.0
            for r in range(watch.start[k], watch.start[k + 1]):
                i = watch.member[r]
                source = w.delivered
                if watch.what[k] == SHIPPED:
                    source = w.shipped
                elif watch.what[k] == MET:
                    source = w.met
                elif watch.what[k] == SENT:
                    source = w.sent
                elif watch.what[k] == OWED:
                    source = s.owed
                elif watch.what[k] == FREE:
                    source = w.spare
                for v in range(lanes):
                    series[step, k, v] += watch.weight[r] * source[i, v]
                if watch.what[k] == OWED:
                    for v in range(lanes):
                        series[step, k, v] += watch.weight[r] * s.waiting[i, v]


@fast
def _strike(f: Frame, s: Lanes, b: Blows, w: Scratch, step: int) -> None:
    """Set what is lost in this step; several blows on one supplier strike what still works."""
    for r in range(b.loss.shape[0]):
        w.hit[b.row_what[r], b.row_supplier[r], b.row_lane[r]] = 0.0
    for r in range(b.loss.shape[0]):
        what, i, v = b.row_what[r], b.row_supplier[r], b.row_lane[r]
        w.hit[what, i, v] = 1.0 - (1.0 - w.hit[what, i, v]) * (1.0 - b.loss[r, step])
    w.passing[:] = 1.0
    w.gated[:] = 0.0
    for r in range(b.close_loss.shape[0]):
        loss = b.close_loss[r, step]
        if loss > 0.0:
            for c in range(b.close_start[r], b.close_start[r + 1]):
                w.passing[b.close_gate[c], b.close_lane[r]] *= 1.0 - loss
                w.gated[b.gate_need[b.close_gate[c]]] = 1.0
    for r in range(len(b.scrap_step)):
        if b.scrap_step[r] == step:
            i, v = b.scrap_supplier[r], b.scrap_lane[r]
            for k in range(f.stage_start[i], f.stage_start[i + 1]):
                s.line[k, v] -= b.scrap_part[r] * s.line[k, v]


@fast
def _limit_and_ask(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Capacity; then wishes and orders, from users to makers (stress.1, stress.2, stress.6)."""
    lanes = s.lots.shape[1]
    n = len(f.output)
    for i in range(n):
        for v in range(lanes):
            w.standing[i, v] = (1.0 - w.hit[STARTS, i, v]) * (1.0 - w.hit[LINE, i, v])
            final = f.final[i] * (1.0 - w.hit[DEMAND, i, v])
            w.need[i, v] = final
            w.calls[i, v] = final + s.waiting[i, v]
            w.load[i, v] = 0.0
            w.left[i, v] = 1.0
    for k in range(len(f.acting)):
        q = f.acting[k]
        i = f.user_of_need[q]
        for v in range(lanes):
            w.left[i, v] = min(w.left[i, v], 1.0 - f.force[q] * s.worn[q, v])
    for i in range(n):
        for v in range(lanes):
            w.standing[i, v] *= w.left[i, v]
            reach = f.output[i] * w.standing[i, v] * (1.0 + f.spare[i] * (1.0 - w.hit[OVERTIME, i, v]))
            reach += f.for_sale * s.finished[i, v] / f.adjustment[i]
            w.spare[i, v] = reach * (1.0 - w.hit[SHIPPING, i, v]) - s.need[i, v]
    for q in range(len(f.kind)):
        if w.gated[q] and f.kind[q] != RIGHT:
            free_gated(
                f.lot_start[q],
                f.lot_start[q + 1],
                f.supplier,
                f.coefficient,
                s.want[f.user_of_need[q]],
                w.passing,
                b.gate,
                w.spare,
            )
    for i in range(n):
        for v in range(lanes):
            w.spare[i, v] = max(0.0, w.spare[i, v])
    for c in range(len(f.late_lots)):
        e = f.late_lots[c]
        for v in range(lanes):
            w.need[f.supplier[e], v] += f.coefficient[e] * s.want[f.user[e], v]
    for j in range(n - 1, -1, -1):
        _wish(f, s, w, j)
        per, want = 1.0 / f.adjustment[j], s.want[j]
        for q in range(f.need_start[j], f.need_start[j + 1]):
            begin, end = f.lot_start[q], f.lot_start[q + 1]
            w.turned[q] = s.owing[q]
            w.kept[q] = max(s.owing[q], w.gated[q], f.late[q])
            if f.kind[q] == RIGHT:
                continue
            if not w.kept[q]:
                order_plain(begin, end, f.supplier, f.coefficient, f.target, per, want, s.lots, w.calls, w.need)
                continue
            order_kept(
                begin,
                end,
                f.supplier,
                f.coefficient,
                f.target,
                per,
                want,
                s.lots,
                s.backlog,
                w.ordered,
                w.calls,
            )
            need_some(begin, end, f.supplier, f.coefficient, f.late_lot, want, w.need)
            if w.turned[q]:
                turn(
                    begin,
                    end,
                    f.supplier,
                    f.coefficient,
                    f.output[j] * f.urgency,
                    per,
                    w.spare,
                    s.backlog,
                    w.passing,
                    b.gate,
                    s.open[q],
                    w.worst[q],
                    w.row[1],
                    w.row[2],
                    w.turn_rate[q],
                    w.ordered,
                    w.moved,
                    w.load,
                )


@inlined
def _wish(f: Frame, s: Lanes, w: Scratch, j: int) -> None:
    """Say what a maker wants to start (stress.2)."""
    lanes = s.lots.shape[1]
    length, held = f.stage_start[j + 1] - f.stage_start[j], w.held[j]
    for v in range(lanes):
        held[v] = 0.0
    for k in range(f.stage_start[j], f.stage_start[j + 1]):
        for v in range(lanes):
            held[v] += s.line[k, v]
    for v in range(lanes):
        smoothed = s.smoothed[j, v] + (w.need[j, v] - s.smoothed[j, v]) / f.smoothing[j]
        steady = smoothed + s.placed[j, v]
        gap = s.owed[j, v] + s.waiting[j, v] + f.finished[j] - s.finished[j, v]
        gap = gap + length * steady - held[v]
        coming = (f.smoothing[j] + length) * max(0.0, f.output[j] - smoothed)
        gap = max(gap, min(0.0, gap + coming))
        unbound = max(0.0, steady + gap / f.adjustment[j])
        capacity = f.output[j] * w.standing[j, v] * (1.0 + s.overtime[j, v])
        s.smoothed[j, v] = smoothed
        w.unbound[j, v] = unbound
        s.want[j, v] = min(capacity, unbound)


@fast
def _share_spare(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Hold what is moved to each maker within its spare capacity; ``load`` becomes the part that fits (stress.6)."""
    lanes = s.lots.shape[1]
    for i in range(len(f.output)):
        for v in range(lanes):
            load = w.load[i, v]
            fits = min(1.0, w.spare[i, v] / load) if load > 0.0 else 1.0
            s.placed[i, v] = fits * load
            w.load[i, v] = fits
            w.first_calls[i, v] = 0.0
    for q in range(len(f.kind)):
        if w.turned[q]:
            place(
                f.lot_start[q],
                f.lot_start[q + 1],
                f.supplier,
                f.coefficient,
                f.output[f.user_of_need[q]] * f.urgency,
                1.0 / f.adjustment[f.user_of_need[q]],
                s.backlog,
                w.load,
                w.turn_rate[q],
                w.row[1],
                w.row[2],
                w.ordered,
                w.moved,
                w.calls,
            )
        if w.gated[q] and f.kind[q] != RIGHT:
            call_gated(
                f.lot_start[q],
                f.lot_start[q + 1],
                f.supplier,
                f.coefficient,
                f.output[f.user_of_need[q]],
                w.passing,
                b.gate,
                w.ordered,
                s.backlog,
                w.calls,
            )
    if not f.tiered:
        return
    for j in range(len(f.output)):
        for v in range(lanes):
            final = f.final[j] * (1.0 - w.hit[DEMAND, j, v]) + s.waiting[j, v]
            w.first_calls[j, v] += min(final, f.first_final[j])
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                ask_first(
                    f.lot_start[q],
                    f.lot_start[q + 1],
                    f.supplier,
                    f.coefficient,
                    f.output[j],
                    f.target,
                    f.first_lots,
                    1.0 / f.adjustment[j],
                    w.kept[q] > 0.0,
                    s.want[j],
                    s.lots,
                    s.backlog,
                    w.passing,
                    b.gate,
                    w.ordered,
                    w.first_calls,
                )


@fast
def _move(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Goods arrive, bind, are used, move along the line and are shared out, from makers to users."""
    lanes = s.lots.shape[1]
    content, least, slowest, started, speed, rate = w.row[3], w.row[4], w.row[5], w.row[6], w.row[7], w.row[0]
    for i in range(len(f.output)):
        for v in range(lanes):
            s.owed[i, v] = 0.0
    for j in range(len(f.output)):
        length, want = max(f.stage_start[j + 1] - f.stage_start[j], 1), s.want[j]
        for v in range(lanes):
            # A line that is hit uses, at its own speed, what that speed takes.
            content[v] = w.held[j, v] / length * (1.0 - w.hit[LINE, j, v])
            least[v], slowest[v] = want[v], 1.0
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                _arrive(f, s, b, w, j, q)
                along, force, met, missing = f.along[q], f.force[q], w.met[q], w.missing[q]
                if f.shared[q] > 0.0:
                    missing = w.row[1]
                    miss_alone(
                        f.lot_start[q],
                        f.lot_start[q + 1],
                        f.coefficient,
                        f.shared[q],
                        content if along else want,
                        w.missing[q],
                        s.open[q],
                        s.lots,
                        missing,
                    )
                meet(
                    f.whole[q],
                    f.varieties[q],
                    f.shared[q],
                    content if along else want,
                    w.have[q],
                    missing,
                    s.open[q],
                    met,
                )
                if f.kind[q] == SERVICE:
                    continue
                if along:
                    for v in range(lanes):
                        slowest[v] = min(slowest[v], 1.0 - force * (1.0 - met[v]))
                else:
                    for v in range(lanes):
                        least[v] = min(least[v], (1.0 - force * (1.0 - met[v])) * want[v])
        for v in range(lanes):
            capacity = f.output[j] * w.standing[j, v] * (1.0 + s.overtime[j, v])
            started[v] = min(least[v], slowest[v] * capacity)
            speed[v] = (1.0 - w.hit[LINE, j, v]) * slowest[v]
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                service, along = f.kind[q] == SERVICE, f.along[q]
                taken = content if along else want
                lacking, beyond = 0.0, 0.0
                for v in range(lanes):
                    rate[v] = taken[v]
                    if not service:
                        rate[v] = content[v] * slowest[v] if along else started[v]
                    lacking += w.missing[q, v]
                    beyond += taken[v] - rate[v]
                begin, end = f.lot_start[q], f.lot_start[q + 1]
                if f.shared[q] > 0.0 and w.turned[q]:
                    use_shared(
                        begin,
                        end,
                        f.coefficient,
                        f.target,
                        f.whole[q],
                        f.shared[q],
                        taken,
                        rate,
                        w.have[q],
                        w.missing[q],
                        s.open[q],
                        w.worst[q],
                        w.row[1],
                        w.row[2],
                        w.row[8],
                        s.lots,
                    )
                elif lacking > 0.0:
                    use_some(
                        begin,
                        end,
                        f.coefficient,
                        f.whole[q],
                        taken,
                        rate,
                        w.have[q],
                        w.missing[q],
                        w.row[1],
                        w.row[2],
                        s.lots,
                    )
                elif beyond > 0.0:
                    use_plain(begin, end, f.coefficient, taken, rate, s.lots)
        run_line(f.stage_start[j], f.stage_start[j + 1], s.line, started, speed, w.shipped[j])
        _share_out(f, s, w, j)


@inlined
def _arrive(f: Frame, s: Lanes, b: Blows, w: Scratch, j: int, q: int) -> None:
    """Take in the lots of one need, by the short way if all of it is sent."""
    lanes = s.lots.shape[1]
    begin, end, per, want = f.lot_start[q], f.lot_start[q + 1], 1.0 / f.adjustment[j], s.want[j]
    rate = w.row[3] if f.along[q] else want
    for v in range(lanes):
        w.have[q, v], w.missing[q, v] = 0.0, 0.0
    plain = not w.kept[q]
    for e in range(begin, end):
        plain = plain and w.full[f.supplier[e]] == 1.0
    if plain:
        arrive_plain(begin, end, f.coefficient, f.target, per, want, rate, s.lots, w.have[q], w.missing[q])
        s.owing[q] = 0.0
        return
    owing = arrive_some(
        begin,
        end,
        f.supplier,
        f.coefficient,
        f.output[j],
        f.target,
        f.first_lots,
        f.late_lot,
        per,
        w.kept[q] > 0.0,
        want,
        rate,
        w.served,
        w.rest,
        w.passing,
        b.gate,
        w.ordered,
        s.lots,
        s.backlog,
        s.owed,
        w.have[q],
        w.missing[q],
    )
    s.owing[q] = 1.0 if owing > 0.0 else 0.0


@inlined
def _share_out(f: Frame, s: Lanes, w: Scratch, j: int) -> None:
    """Share out what a maker has: first calls first, the rest in proportion (stress.5)."""
    lanes = s.lots.shape[1]
    w.full[j] = 1.0
    for v in range(lanes):
        final = f.final[j] * (1.0 - w.hit[DEMAND, j, v]) + s.waiting[j, v]
        stock = s.finished[j, v] + w.shipped[j, v]
        door = w.hit[SHIPPING, j, v]
        supply = min(stock, (1.0 - door) * f.output[j]) if door > 0.0 else stock
        first, later = w.first_calls[j, v], w.calls[j, v] - w.first_calls[j, v]
        first_final = min(final, f.first_final[j]) if f.tiered else 0.0
        over = max(0.0, supply - first)
        served = supply / first if supply < first * (1.0 - DUST) else 1.0
        rest = over / later if over < later * (1.0 - DUST) else 1.0
        w.served[j, v], w.rest[j, v] = served, rest
        w.full[j] = min(w.full[j], served, rest)
        delivered = served * first_final + rest * (final - first_final)
        w.delivered[j, v] = delivered
        w.sent[j, v] = served * first + rest * max(0.0, later)
        s.finished[j, v] = max(0.0, stock - w.sent[j, v])
        s.waiting[j, v] = (final - delivered) * (1.0 - f.lost[j])


@fast
def _settle(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Late lots arrive; overtime, qualification, wear and designs move on (stress.3, stress.7, stress.8)."""
    lanes = s.lots.shape[1]
    n = len(f.output)
    for q in range(len(f.kind)):
        if w.turned[q]:
            for v in range(lanes):
                worst = w.worst[q, v]
                if worst > ROUNDING:
                    s.clock[q, v] += 1.0
                if s.clock[q, v] >= f.lag[q]:
                    step = (1.0 - f.dual[q]) / f.qualification[q] * worst
                    s.open[q, v] = min(1.0, s.open[q, v] + step)
    for c in range(len(f.late_lots)):
        _receive(f, s, b, w, f.late_lots[c])
    for k in range(len(f.acting)):
        q = f.acting[k]
        if f.kind[q] == SERVICE:
            for v in range(lanes):
                # An idle tool does not wear, whatever it lacks; nor is it mended without service.
                worn, met = s.worn[q, v], w.met[q, v]
                busy = min(1.0, s.want[f.user_of_need[q], v] / f.output[f.user_of_need[q]])
                s.worn[q, v] = worn + f.wear[q] * busy * (1.0 - met) * (1.0 - worn) - met * worn / f.repair[q]
        else:
            _age(f, s, b, w, q)
    for i in range(n):
        for v in range(lanes):
            wanted = (w.unbound[i, v] - f.output[i] * w.standing[i, v]) / f.output[i]
            most = f.spare[i] * (1.0 - w.hit[OVERTIME, i, v])
            s.overtime[i, v] += (min(max(wanted, 0.0), most) - s.overtime[i, v]) / f.overtime[i]
            s.need[i, v] = w.need[i, v]


@inlined
def _receive(f: Frame, s: Lanes, b: Blows, w: Scratch, e: int) -> None:
    """Bring a late lot to its user."""
    lanes = s.lots.shape[1]
    i, q = f.supplier[e], f.need_of_lot[e]
    for v in range(lanes):
        asked = w.ordered[e, v]
        part = w.passing[b.gate[e], v]
        passing = min(asked, part * (f.coefficient[e] * f.output[f.user[e]])) if part < 1.0 else asked
        first = min(passing, f.first_lots[e])
        sent = w.served[i, v] * first + w.rest[i, v] * (passing - first)
        owed = max(0.0, asked - sent)
        s.lots[e, v] += sent
        s.backlog[e, v] = owed
        s.owed[i, v] += owed
        if owed > 0.0:
            s.owing[q] = 1.0


@inlined
def _age(f: Frame, s: Lanes, b: Blows, w: Scratch, q: int) -> None:
    """Age the designs whose rights are withheld for longer than the lag (stress.8)."""
    lanes = s.lots.shape[1]
    for v in range(lanes):
        met = 0.0
        for e in range(f.lot_start[q], f.lot_start[q + 1]):
            met += f.coefficient[e] * w.standing[f.supplier[e], v] * w.passing[b.gate[e], v]
        withheld = max(0.0, 1.0 - met / f.whole[q]) if f.whole[q] > 0.0 else 0.0
        felt = withheld if s.clock[q, v] >= f.lag[q] else 0.0
        s.worn[q, v] += f.refresh[q] * (felt - s.worn[q, v])
        s.clock[q, v] = s.clock[q, v] + 1.0 if withheld > ROUNDING else 0.0


@fast
def order_plain(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    target: Floats,
    per: float,
    want: Floats,
    lots: Floats,
    calls: Floats,
    need: Floats,
) -> None:
    """Order what is used and what the stock lacks (stress.6)."""
    lanes = want.shape[0]
    for e in range(begin, end):
        i, a, goal = supplier[e], coefficient[e], target[e]
        for v in range(lanes):
            use = a * want[v]
            calls[i, v] += max(0.0, use + (goal - lots[e, v]) * per)
            need[i, v] += use


@fast
def order_kept(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    target: Floats,
    per: float,
    want: Floats,
    lots: Floats,
    backlog: Floats,
    ordered: Floats,
    calls: Floats,
) -> None:
    """Order the same where something may be owed or a route be closed, and keep the orders."""
    lanes = want.shape[0]
    for e in range(begin, end):
        i, a, goal = supplier[e], coefficient[e], target[e]
        for v in range(lanes):
            owed = backlog[e, v]
            own = max(0.0, a * want[v] + (goal - lots[e, v] - owed) * per)
            ordered[e, v] = own
            calls[i, v] += own + owed


@fast
def need_some(
    begin: int, end: int, supplier: Ints, coefficient: Floats, late_lot: Ints, want: Floats, need: Floats
) -> None:
    """Tell the makers what is needed of the lots that arrive in this step (stress.2)."""
    lanes = want.shape[0]
    for e in range(begin, end):
        if not late_lot[e]:
            i, a = supplier[e], coefficient[e]
            for v in range(lanes):
                need[i, v] += a * want[v]


@fast
def turn(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    usual_rate: float,
    per: float,
    spare: Floats,
    backlog: Floats,
    passing: Floats,
    gate: Ints,
    opened: Floats,
    worst: Floats,
    weights: Floats,
    pool: Floats,
    turn_rate: Floats,
    ordered: Floats,
    moved: Floats,
    load: Floats,
) -> None:
    """Move the open part of short orders to the sources with spare capacity (stress.6)."""
    lanes = opened.shape[0]
    for v in range(lanes):
        weights[v], pool[v], worst[v] = 0.0, 0.0, 0.0
    for e in range(begin, end):
        i, g, usual = supplier[e], gate[e], coefficient[e] * usual_rate
        for v in range(lanes):
            owed = backlog[e, v]
            short = owed / (owed + usual)
            weight = spare[i, v] * (1.0 - short) * passing[g, v]
            moved[e, v] = weight
            weights[v] += weight
            pool[v] += opened[v] * short * (ordered[e, v] + owed * per)
            worst[v] = max(worst[v], short)
    for v in range(lanes):
        wanted, room = pool[v], weights[v]
        turn_rate[v] = opened[v] if room > 0.0 else 0.0
        weights[v] = wanted / room if room > 0.0 else 0.0
    for e in range(begin, end):
        i = supplier[e]
        for v in range(lanes):
            there = weights[v] * moved[e, v]
            moved[e, v] = there
            load[i, v] += there


@fast
def place(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    usual_rate: float,
    per: float,
    backlog: Floats,
    fits: Floats,
    turn_rate: Floats,
    gone: Floats,
    placed: Floats,
    ordered: Floats,
    moved: Floats,
    calls: Floats,
) -> None:
    """Place what is moved where it fits; what finds no place stays with its own source (stress.6)."""
    lanes = turn_rate.shape[0]
    for v in range(lanes):
        gone[v], placed[v] = 0.0, 0.0
    for e in range(begin, end):
        i, usual = supplier[e], coefficient[e] * usual_rate
        for v in range(lanes):
            owed = backlog[e, v]
            gone[v] += turn_rate[v] * (owed / (owed + usual)) * (ordered[e, v] + owed * per)
            placed[v] += fits[i, v] * moved[e, v]
    for v in range(lanes):
        gone[v] = turn_rate[v] * (placed[v] / gone[v]) if gone[v] > 0.0 else 0.0
    for e in range(begin, end):
        i, usual = supplier[e], coefficient[e] * usual_rate
        for v in range(lanes):
            own, owed = ordered[e, v], backlog[e, v]
            final = own - gone[v] * (owed / (owed + usual)) * (own + owed * per) + fits[i, v] * moved[e, v]
            ordered[e, v] = final
            calls[i, v] += final - own


@fast
def free_gated(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    want: Floats,
    passing: Floats,
    gate: Ints,
    spare: Floats,
) -> None:
    """Count what a closed route would have taken as spare: it is free for others (stress.6)."""
    for e in range(begin, end):
        i, g, a = supplier[e], gate[e], coefficient[e]
        for v in range(spare.shape[1]):
            spare[i, v] += (1.0 - passing[g, v]) * a * want[v]


@fast
def call_gated(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    usual_rate: float,
    passing: Floats,
    gate: Ints,
    ordered: Floats,
    backlog: Floats,
    calls: Floats,
) -> None:
    """Take back the calls that no route lets through: one closed in part lets that part of the usual through."""
    for e in range(begin, end):
        i, g, usual = supplier[e], gate[e], coefficient[e] * usual_rate
        for v in range(calls.shape[1]):
            if passing[g, v] < 1.0:
                asked = ordered[e, v] + backlog[e, v]
                calls[i, v] += min(asked, passing[g, v] * usual) - asked


@fast
def ask_first(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    usual_rate: float,
    target: Floats,
    first_lots: Floats,
    per: float,
    kept: bool,  # noqa: FBT001 - a kernel takes its arguments by place
    want: Floats,
    lots: Floats,
    backlog: Floats,
    passing: Floats,
    gate: Ints,
    ordered: Floats,
    first_calls: Floats,
) -> None:
    """Sum up what the makers of one need serve first (stress.5)."""
    lanes = want.shape[0]
    for e in range(begin, end):
        i, a, goal, most, g = supplier[e], coefficient[e], target[e], first_lots[e], gate[e]
        for v in range(lanes):
            asked = ordered[e, v] + backlog[e, v] if kept else max(0.0, a * want[v] + (goal - lots[e, v]) * per)
            if passing[g, v] < 1.0:
                asked = min(asked, passing[g, v] * (a * usual_rate))
            first_calls[i, v] += min(asked, most)


@fast
def arrive_plain(
    begin: int,
    end: int,
    coefficient: Floats,
    target: Floats,
    per: float,
    want: Floats,
    rate: Floats,
    lots: Floats,
    have: Floats,
    missing: Floats,
) -> None:
    """Take in what was ordered, all of it; count what is at hand and what is missing of each lot.

    What the user wants is taken out at once; `use_plain` and `use_some` put back what it cannot use, which
    in most of the chain at most times is nothing.
    """
    lanes = have.shape[0]
    for e in range(begin, end):
        a, goal = coefficient[e], target[e]
        for v in range(lanes):
            held = lots[e, v]
            held += max(0.0, a * want[v] + (goal - held) * per)
            have[v] += held
            missing[v] += max(0.0, a * rate[v] - held)
            lots[e, v] = held - a * rate[v]


@fast
def arrive_some(
    begin: int,
    end: int,
    supplier: Ints,
    coefficient: Floats,
    usual_rate: float,
    target: Floats,
    first_lots: Floats,
    late_lot: Ints,
    per: float,
    kept: bool,  # noqa: FBT001 - a kernel takes its arguments by place
    want: Floats,
    rate: Floats,
    served: Floats,
    rest: Floats,
    passing: Floats,
    gate: Ints,
    ordered: Floats,
    lots: Floats,
    backlog: Floats,
    owed_by: Floats,
    have: Floats,
    missing: Floats,
) -> float:
    """Take in the part that the makers send; return what is owed of the need (stress.5)."""
    lanes = have.shape[0]
    owing = 0.0
    for e in range(begin, end):
        i, a, goal, most, g = supplier[e], coefficient[e], target[e], first_lots[e], gate[e]
        if late_lot[e]:
            # The maker has not made yet: what is asked waits until it has.
            for v in range(lanes):
                ordered[e, v] += backlog[e, v]
                have[v] += lots[e, v]
                missing[v] += max(0.0, a * rate[v] - lots[e, v])
                lots[e, v] -= a * rate[v]
        else:
            for v in range(lanes):
                held = lots[e, v]
                asked = ordered[e, v] + backlog[e, v] if kept else max(0.0, a * want[v] + (goal - held) * per)
                open_ = min(asked, passing[g, v] * (a * usual_rate)) if passing[g, v] < 1.0 else asked
                first = min(open_, most)
                sent = served[i, v] * first + rest[i, v] * (open_ - first)
                owed = max(0.0, asked - sent)
                held += sent
                lots[e, v] = held - a * rate[v]
                backlog[e, v] = owed
                owed_by[i, v] += owed
                owing += owed
                have[v] += held
                missing[v] += max(0.0, a * rate[v] - held)
    return owing


@fast
def miss_alone(
    begin: int,
    end: int,
    coefficient: Floats,
    shared: float,
    rate: Floats,
    missing: Floats,
    opened: Floats,
    lots: Floats,
    alone: Floats,
) -> None:
    """Count what is missing of each lot once the lines that know another source leave it to the others (stress.3)."""
    lanes = rate.shape[0]
    some = 0.0
    for v in range(lanes):
        alone[v] = 0.0
        some += missing[v]
    if some <= 0.0:
        return
    for e in range(begin, end):
        a = coefficient[e]
        for v in range(lanes):
            # What is wanted was taken out of the lot when it came.
            alone[v] += max(0.0, -lots[e, v] - shared * opened[v] * (a * rate[v]))


@fast
def meet(
    whole: float,
    varieties: float,
    shared: float,
    rate: Floats,
    have: Floats,
    missing: Floats,
    opened: Floats,
    met: Floats,
) -> None:
    """Find the part of a need that the lots at hand meet: pooled, and line by line (stress.3)."""
    lanes = have.shape[0]
    for v in range(lanes):
        asked = whole * rate[v]
        part = 1.0
        if asked > 0.0:
            part = min(1.0, have[v] / asked)
            if missing[v] > 0.0:
                lines = max(0.0, 1.0 - (1.0 - opened[v]) / (1.0 - shared * opened[v]) * (missing[v] / asked))
                part = min(part, lines if varieties == 1.0 else lines**varieties)
        met[v] = part


@fast
def use_plain(begin: int, end: int, coefficient: Floats, taken: Floats, rate: Floats, lots: Floats) -> None:
    """Put back what was taken of each lot beyond its use."""
    lanes = rate.shape[0]
    for e in range(begin, end):
        a = coefficient[e]
        for v in range(lanes):
            lots[e, v] += a * (taken[v] - rate[v])


@fast
def use_some(
    begin: int,
    end: int,
    coefficient: Floats,
    whole: float,
    taken: Floats,
    rate: Floats,
    have: Floats,
    missing: Floats,
    own: Floats,
    more: Floats,
    lots: Floats,
) -> None:
    """Use each lot's own part as far as it goes, and what is missing there from the other lots.

    In lanes where nothing is missing this is `use_plain`, to the bit.
    """
    lanes = have.shape[0]
    for v in range(lanes):
        own[v] = 0.0
    for e in range(begin, end):
        a = coefficient[e]
        for v in range(lanes):
            own[v] += min(lots[e, v] + a * taken[v], a * rate[v])
    for v in range(lanes):
        total, left = min(whole * rate[v], have[v]), have[v] - own[v]
        more[v] = min(1.0, max(0.0, total - own[v]) / left) if left > 0.0 else 0.0
    for e in range(begin, end):
        a = coefficient[e]
        for v in range(lanes):
            held = lots[e, v] + a * taken[v]
            mine = min(held, a * rate[v])
            left_over = max(0.0, held - mine - more[v] * (held - mine))
            lots[e, v] = left_over if missing[v] > 0.0 else lots[e, v] + a * (taken[v] - rate[v])


@fast
def use_shared(
    begin: int,
    end: int,
    coefficient: Floats,
    target: Floats,
    whole: float,
    shared: float,
    taken: Floats,
    rate: Floats,
    have: Floats,
    missing: Floats,
    opened: Floats,
    worst: Floats,
    own: Floats,
    more: Floats,
    take: Floats,
    lots: Floats,
) -> None:
    """Use the lots so that lines that know another source leave what is scarce to the others (stress.4).

    In lanes where nothing is owed this is `use_some`.
    """
    lanes = have.shape[0]
    for v in range(lanes):
        own[v], take[v] = 0.0, 0.0
    for e in range(begin, end):
        a, goal = coefficient[e], target[e]
        for v in range(lanes):
            held = lots[e, v] + a * taken[v]
            if worst[v] > ROUNDING:
                alone = 1.0 - shared * opened[v]
                mine = min(held, alone * (a * rate[v]))
                own[v] += mine
                take[v] += max(0.0, held - mine - alone * goal)
            else:
                own[v] += min(held, a * rate[v])
    for v in range(lanes):
        total = min(whole * rate[v], have[v])
        wanted, free = max(0.0, total - own[v]), take[v]
        take[v] = min(1.0, wanted / free) if free > 0.0 else 0.0
        wanted, left = max(0.0, wanted - take[v] * free), have[v] - own[v] - take[v] * free
        more[v] = min(1.0, wanted / left) if left > 0.0 else 0.0
    for e in range(begin, end):
        a, goal = coefficient[e], target[e]
        for v in range(lanes):
            held = lots[e, v] + a * taken[v]
            if worst[v] > ROUNDING:
                alone = 1.0 - shared * opened[v]
                mine = min(held, alone * (a * rate[v]))
                mine += take[v] * max(0.0, held - mine - alone * goal)
                lots[e, v] = max(0.0, held - mine - more[v] * (held - mine))
            else:
                mine = min(held, a * rate[v])
                left_over = max(0.0, held - mine - more[v] * (held - mine))
                lots[e, v] = left_over if missing[v] > 0.0 else lots[e, v] + a * (taken[v] - rate[v])


@fast
def run_line(begin: int, end: int, line: Floats, started: Floats, speed: Floats, shipped: Floats) -> None:
    """Move a line by a step: W_l <- (1 - v) W_l + v W_(l-1) (stress.1)."""
    lanes = started.shape[0]
    if begin == end:
        for v in range(lanes):
            shipped[v] = started[v]
        return
    for v in range(lanes):
        shipped[v] = speed[v] * line[end - 1, v]
    for k in range(end - 1, begin, -1):
        for v in range(lanes):
            line[k, v] += speed[v] * (line[k - 1, v] - line[k, v])
    for v in range(lanes):
        line[begin, v] += started[v] - speed[v] * line[begin, v]
