"""The step of `pondasi.stress.dynamics`, compiled, for several scenarios side by side.

Two passes over the lots make a step; the orders of a need are only kept where some of them are moved to
other sources, and computed again where not. Tests hold the kernel to the readable side, state by state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from pondasi.stress.lanes import DEMAND, FLOW, LANES, LINE, RIGHT, SERVICE, SHIPPING, STARTS

if TYPE_CHECKING:
    from pondasi.stress.lanes import Blows, Frame, Lanes, Scratch, Watch
    from pondasi.stress.system import Floats

ROUNDING = 1e-9
"""As in `pondasi.stress.dynamics`."""


@njit(cache=True, nogil=True, error_model="numpy")
def run_lanes(f: Frame, s: Lanes, b: Blows, w: Scratch, watch: Watch, series: Floats) -> None:
    """Run the lanes through all steps of the series, in place.

    ``series`` has the shape (steps, watches, LANES).
    """
    for step in range(series.shape[0]):
        _strike(f, s, b, w, step)
        _limit_and_ask(f, s, b, w)
        _share_spare(f, s, b, w)
        _move(f, s, b, w)
        _settle(f, s, b, w)
        for k in range(series.shape[1]):
            for v in range(LANES):
                series[step, k, v] = 0.0
            for r in range(watch.start[k], watch.start[k + 1]):
                i = watch.supplier[r]
                source = w.delivered if watch.what[k] == 0 else w.shipped
                for v in range(LANES):
                    series[step, k, v] += watch.weight[r] * source[i, v]


@njit(cache=True, nogil=True, error_model="numpy")
def _strike(f: Frame, s: Lanes, b: Blows, w: Scratch, step: int) -> None:
    """Set what is lost in this step; several blows on one supplier strike what still works."""
    for r in range(b.loss.shape[0]):
        w.hit[b.row_what[r], b.row_supplier[r], b.row_lane[r]] = 0.0
    for r in range(b.loss.shape[0]):
        what, i, v = b.row_what[r], b.row_supplier[r], b.row_lane[r]
        w.hit[what, i, v] = 1.0 - (1.0 - w.hit[what, i, v]) * (1.0 - b.loss[r, step])
    if b.gates:
        w.closed[:] = 0.0
        for r in range(b.close_loss.shape[0]):
            loss, v = b.close_loss[r, step], b.close_lane[r]
            if loss > 0.0:
                for c in range(b.close_start[r], b.close_start[r + 1]):
                    g = b.close_gate[c]
                    w.closed[g, v] = 1.0 - (1.0 - w.closed[g, v]) * (1.0 - loss)
    for r in range(len(b.scrap_step)):
        if b.scrap_step[r] == step:
            i, v = b.scrap_supplier[r], b.scrap_lane[r]
            for k in range(f.stage_start[i], f.stage_start[i + 1]):
                s.line[k, v] -= b.scrap_part[r] * s.line[k, v]


@njit(cache=True, nogil=True, error_model="numpy")
def _limit_and_ask(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Capacity; then wishes and orders, from users to makers."""
    n = len(f.output)
    held = w.row[0]
    for i in range(n):
        for v in range(LANES):
            w.standing[i, v] = 1.0
        for q in range(f.need_start[i], f.need_start[i + 1]):
            if f.kind[q] != FLOW:
                for v in range(LANES):
                    w.standing[i, v] = min(w.standing[i, v], 1.0 - f.force[q] * s.worn[q, v])
        for v in range(LANES):
            w.standing[i, v] *= (1.0 - w.hit[STARTS, i, v]) * (1.0 - w.hit[LINE, i, v])
            final = f.final[i] * (1.0 - w.hit[DEMAND, i, v])
            w.need[i, v] = final
            w.calls[i, v] = final + s.waiting[i, v]
            w.load[i, v] = 0.0
            w.moved_calls[i, v] = 0.0
    for j in range(n):
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                for e in range(f.lot_start[q], f.lot_start[q + 1]):
                    if f.late[e]:
                        for v in range(LANES):
                            w.need[f.supplier[e], v] += f.coefficient[e] * s.want[j, v]
    for j in range(n - 1, -1, -1):
        length = f.stage_start[j + 1] - f.stage_start[j]
        for v in range(LANES):
            held[v] = 0.0
        for k in range(f.stage_start[j], f.stage_start[j + 1]):
            for v in range(LANES):
                held[v] += s.line[k, v]
        for v in range(LANES):
            smoothed = s.smoothed[j, v] + (w.need[j, v] - s.smoothed[j, v]) / f.smoothing[j]
            steady = smoothed + s.placed[j, v]
            gap = s.owed[j, v] + s.waiting[j, v] + f.finished[j] - s.finished[j, v]
            gap = gap + length * steady - held[v]
            unbound = max(0.0, steady + gap / f.adjustment[j])
            capacity = f.output[j] * w.standing[j, v] * (1.0 + s.overtime[j, v])
            s.smoothed[j, v] = smoothed
            w.unbound[j, v] = unbound
            s.want[j, v] = min(capacity, unbound)
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                _order(f, s, b, w, j, q)


@njit(cache=True, nogil=True, error_model="numpy")
def _order(f: Frame, s: Lanes, b: Blows, w: Scratch, j: int, q: int) -> None:
    """Order the lots of one need; where some are owed, move the open part of what is short to other sources."""
    begin, end = f.lot_start[q], f.lot_start[q + 1]
    any_owed = 0.0
    rate = 1.0 / f.adjustment[j]
    for e in range(begin, end):
        i = f.supplier[e]
        a, target = f.coefficient[e], f.target[e]
        for v in range(LANES):
            use = a * s.want[j, v]
            owed = s.backlog[e, v]
            own = max(0.0, use + (target - s.lots[e, v] - owed) * rate)
            any_owed = max(any_owed, owed)
            w.calls[i, v] += own + owed
            w.need[i, v] += use
        if f.late[e]:
            for v in range(LANES):
                w.need[i, v] -= a * s.want[j, v]
    w.turned[q] = any_owed > 0.0
    for v in range(LANES):
        w.worst[q, v] = 0.0
    if w.turned[q]:
        _turn(f, s, b, w, j, q)
    if b.gates:
        for e in range(begin, end):
            g = b.gate[e]
            if g >= 0:
                i = f.supplier[e]
                for v in range(LANES):
                    if w.turned[q]:
                        own = w.ordered[e, v]
                        w.moved_calls[i, v] -= w.closed[g, v] * w.moved[e, v]
                    else:
                        own = max(
                            0.0, f.coefficient[e] * s.want[j, v] + (f.target[e] - s.lots[e, v] - s.backlog[e, v]) * rate
                        )
                    w.calls[i, v] -= w.closed[g, v] * (own + s.backlog[e, v])


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(f: Frame, s: Lanes, b: Blows, w: Scratch, j: int, q: int) -> None:
    """Move the open part of short orders to the sources with spare capacity (stress.6)."""
    begin, end = f.lot_start[q], f.lot_start[q + 1]
    weights, pool = w.row[1], w.row[2]
    rate = 1.0 / f.adjustment[j]
    for v in range(LANES):
        weights[v], pool[v] = 0.0, 0.0
    for e in range(begin, end):
        i = f.supplier[e]
        g = b.gate[e] if b.gates else -1
        usual = f.coefficient[e] * f.output[j] * f.urgency
        for v in range(LANES):
            use = f.coefficient[e] * s.want[j, v]
            owed = s.backlog[e, v]
            own = max(0.0, use + (f.target[e] - s.lots[e, v] - owed) * rate)
            asked = owed + usual
            short = owed / asked if asked > 0.0 else 0.0
            reach = f.output[i] * w.standing[i, v] * (1.0 + f.spare[i])
            weight = max(0.0, reach - s.need[i, v]) * (1.0 - short)
            if g >= 0:
                weight *= 1.0 - w.closed[g, v]
            turned = s.open[q, v] * short * own
            w.ordered[e, v] = own
            w.moved[e, v] = weight
            weights[v] += weight
            pool[v] += turned
            w.worst[q, v] = max(w.worst[q, v], short)
    for v in range(LANES):
        wanted, room = pool[v], weights[v]
        pool[v] = s.open[q, v] * min(1.0, room / wanted) if wanted > 0.0 else 0.0
        weights[v] = min(1.0, wanted / room) if room > 0.0 else 0.0
    for e in range(begin, end):
        i = f.supplier[e]
        usual = f.coefficient[e] * f.output[j] * f.urgency
        for v in range(LANES):
            asked = s.backlog[e, v] + usual
            short = s.backlog[e, v] / asked if asked > 0.0 else 0.0
            turned = pool[v] * short * w.ordered[e, v]
            moved = weights[v] * w.moved[e, v]
            w.ordered[e, v] -= turned
            w.moved[e, v] = moved
            w.calls[i, v] -= turned
            w.load[i, v] += moved
            w.moved_calls[i, v] += moved


@njit(cache=True, nogil=True, error_model="numpy")
def _share_spare(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Hold what is moved to each maker within its spare capacity; ``load`` becomes the part that fits."""
    for i in range(len(f.output)):
        for v in range(LANES):
            reach = f.output[i] * w.standing[i, v] * (1.0 + f.spare[i])
            spare = max(0.0, reach - s.need[i, v])
            load = w.load[i, v]
            fits = min(1.0, spare / load) if load > 0.0 else 1.0
            s.placed[i, v] = fits * load
            w.load[i, v] = fits
            w.calls[i, v] += fits * w.moved_calls[i, v]
            w.first_calls[i, v] = 0.0
    if f.tiered:
        for j in range(len(f.output)):
            rate = 1.0 / f.adjustment[j]
            for q in range(f.need_start[j], f.need_start[j + 1]):
                if f.kind[q] != RIGHT:
                    for e in range(f.lot_start[q], f.lot_start[q + 1]):
                        i = f.supplier[e]
                        for v in range(LANES):
                            passing = _passing(f, s, b, w, j, q, e, i, v, rate)
                            w.first_calls[i, v] += min(passing, f.first_lots[e])
        for i in range(len(f.output)):
            for v in range(LANES):
                final = f.final[i] * (1.0 - w.hit[DEMAND, i, v]) + s.waiting[i, v]
                w.first_calls[i, v] += min(final, f.first_final[i])


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _passing(f: Frame, s: Lanes, b: Blows, w: Scratch, j: int, q: int, e: int, i: int, v: int, rate: float) -> float:
    """Orders and backlog of one lot that may pass its route."""
    if w.turned[q]:
        ordered = w.ordered[e, v] + w.load[i, v] * w.moved[e, v]
    else:
        use = f.coefficient[e] * s.want[j, v]
        ordered = max(0.0, use + (f.target[e] - s.lots[e, v] - s.backlog[e, v]) * rate)
    passing: float = ordered + s.backlog[e, v]
    if b.gates and b.gate[e] >= 0:
        passing *= 1.0 - w.closed[b.gate[e], v]
    return passing


@njit(cache=True, nogil=True, error_model="numpy")
def _move(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Goods arrive, bind, are used, move along the line and are shared out, from makers to users."""
    n = len(f.output)
    content, least, slowest, started, speed = w.row[3], w.row[4], w.row[5], w.row[6], w.row[7]
    for i in range(n):
        for v in range(LANES):
            s.owed[i, v] = 0.0
    for j in range(n):
        length = f.stage_start[j + 1] - f.stage_start[j]
        for v in range(LANES):
            content[v], least[v], slowest[v] = 0.0, s.want[j, v], 1.0
        for k in range(f.stage_start[j], f.stage_start[j + 1]):
            for v in range(LANES):
                content[v] += s.line[k, v]
        for v in range(LANES):
            content[v] /= max(length, 1)
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                _arrive(f, s, b, w, j, q)
                _bind(f, s, w, j, q)
        for v in range(LANES):
            capacity = f.output[j] * w.standing[j, v] * (1.0 + s.overtime[j, v])
            started[v] = min(least[v], slowest[v] * capacity)
            speed[v] = min(1.0 - w.hit[LINE, j, v], slowest[v])
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                _use(f, s, w, j, q)
        _run_line(f, s, w, j)
        for v in range(LANES):
            final = f.final[j] * (1.0 - w.hit[DEMAND, j, v]) + s.waiting[j, v]
            stock = s.finished[j, v] + w.shipped[j, v]
            supply = stock * (1.0 - w.hit[SHIPPING, j, v])
            calls, first = w.calls[j, v], w.first_calls[j, v]
            first_final = min(final, f.first_final[j]) if f.tiered else 0.0
            served = min(1.0, supply / first) if first > 0.0 else 1.0
            over, later = max(0.0, supply - first), calls - first
            rest = min(1.0, over / later) if later > 0.0 else 1.0
            w.served[j, v], w.rest[j, v] = served, rest
            delivered = served * first_final + rest * (final - first_final)
            w.delivered[j, v] = delivered
            # What goes to lots is the rest of what is sent: served * first + rest * later, less final demand.
            sent = served * first + rest * max(0.0, later)
            s.finished[j, v] = max(0.0, stock - sent)
            s.waiting[j, v] = (final - delivered) * (1.0 - f.lost[j])


@njit(cache=True, nogil=True, error_model="numpy")
def _arrive(f: Frame, s: Lanes, b: Blows, w: Scratch, j: int, q: int) -> None:
    """Take in what the makers send, and count the lots that are at hand."""
    have = w.have[q]
    rate = 1.0 / f.adjustment[j]
    turned = w.turned[q]
    for v in range(LANES):
        have[v] = 0.0
    for e in range(f.lot_start[q], f.lot_start[q + 1]):
        i = f.supplier[e]
        g = b.gate[e] if b.gates else -1
        a, target = f.coefficient[e], f.target[e]
        if f.late[e]:
            # The maker has not made yet: what is asked waits in ``ordered`` until it has.
            for v in range(LANES):
                use = a * s.want[j, v]
                if turned:
                    ordered = w.ordered[e, v] + w.load[i, v] * w.moved[e, v]
                else:
                    ordered = max(0.0, use + (target - s.lots[e, v] - s.backlog[e, v]) * rate)
                w.ordered[e, v] = ordered + s.backlog[e, v]
                have[v] += s.lots[e, v]
        elif turned or g >= 0 or f.tiered:
            for v in range(LANES):
                use = a * s.want[j, v]
                if turned:
                    ordered = w.ordered[e, v] + w.load[i, v] * w.moved[e, v]
                else:
                    ordered = max(0.0, use + (target - s.lots[e, v] - s.backlog[e, v]) * rate)
                asked = ordered + s.backlog[e, v]
                passing = asked * (1.0 - w.closed[g, v]) if g >= 0 else asked
                first = min(passing, f.first_lots[e])
                sent = w.served[i, v] * first + w.rest[i, v] * (passing - first)
                lots = s.lots[e, v] + sent
                owed = max(0.0, asked - sent)
                s.lots[e, v] = lots
                s.backlog[e, v] = owed
                s.owed[i, v] += owed
                have[v] += lots
        else:
            for v in range(LANES):
                # No lot of the need is owed: backlog is zero in all lanes.
                lots = s.lots[e, v]
                asked = max(0.0, a * s.want[j, v] + (target - lots) * rate)
                sent = w.rest[i, v] * asked
                owed = max(0.0, asked - sent)
                lots += sent
                s.lots[e, v] = lots
                s.backlog[e, v] = owed
                s.owed[i, v] += owed
                have[v] += lots


@njit(cache=True, nogil=True, error_model="numpy")
def _bind(f: Frame, s: Lanes, w: Scratch, j: int, q: int) -> None:
    """Find what the lots at hand allow (stress.3, stress.4); ``met`` of a need is kept for its use."""
    content, least, slowest, missing = w.row[3], w.row[4], w.row[5], w.row[0]
    have, along = w.have[q], f.along[q]
    for v in range(LANES):
        missing[v] = 0.0
    for e in range(f.lot_start[q], f.lot_start[q + 1]):
        a = f.coefficient[e]
        for v in range(LANES):
            rate = content[v] if along else s.want[j, v]
            missing[v] += max(0.0, a * rate - s.lots[e, v])
    any_missing = 0.0
    for v in range(LANES):
        any_missing = max(any_missing, missing[v])
    for v in range(LANES):
        rate = content[v] if along else s.want[j, v]
        whole = f.whole[q] * rate
        met = min(1.0, have[v] / whole) if whole > 0.0 else 1.0
        if any_missing > 0.0 and whole > 0.0:
            lines = max(0.0, 1.0 - (1.0 - s.open[q, v]) * (missing[v] / whole))
            met = min(met, lines if f.varieties[q] == 1.0 else lines ** f.varieties[q])
        if f.kind[q] == SERVICE:
            w.met[q, v] = 1.0 - (1.0 - met) * min(1.0, s.want[j, v] / f.output[j])
        else:
            part = 1.0 - f.force[q] * (1.0 - met)
            if along:
                slowest[v] = min(slowest[v], part)
            else:
                least[v] = min(least[v], part * rate)


@njit(cache=True, nogil=True, error_model="numpy")
def _use(f: Frame, s: Lanes, w: Scratch, j: int, q: int) -> None:
    """Use up each need: its own part of each lot, and what is missing there from the other lots."""
    content, started, speed, rate, more = w.row[3], w.row[6], w.row[7], w.row[0], w.row[1]
    begin, end, along, service = f.lot_start[q], f.lot_start[q + 1], f.along[q], f.kind[q] == SERVICE
    own = w.row[2]
    for v in range(LANES):
        rate[v] = started[v]
        if along:
            rate[v] = content[v] * speed[v]
        if service:
            rate[v] = content[v] if along else s.want[j, v]
        own[v] = 0.0
    for e in range(begin, end):
        a = f.coefficient[e]
        for v in range(LANES):
            own[v] += min(s.lots[e, v], a * rate[v])
    any_more = 0.0
    for v in range(LANES):
        total = min(f.whole[q] * rate[v], w.have[q, v])
        left = w.have[q, v] - own[v]
        more[v] = min(1.0, max(0.0, total - own[v]) / left) if left > 0.0 else 0.0
        any_more = max(any_more, more[v])
    if any_more > 0.0:
        for e in range(begin, end):
            a = f.coefficient[e]
            for v in range(LANES):
                lots = s.lots[e, v]
                mine = min(lots, a * rate[v])
                s.lots[e, v] = max(0.0, lots - mine - more[v] * (lots - mine))
    else:
        for e in range(begin, end):
            a = f.coefficient[e]
            for v in range(LANES):
                s.lots[e, v] = max(0.0, s.lots[e, v] - a * rate[v])


@njit(cache=True, nogil=True, error_model="numpy")
def _run_line(f: Frame, s: Lanes, w: Scratch, j: int) -> None:
    """Move the line by a step: W_l <- (1 - v) W_l + v W_(l-1) (stress.1)."""
    started, speed = w.row[6], w.row[7]
    begin, end = f.stage_start[j], f.stage_start[j + 1]
    if begin == end:
        for v in range(LANES):
            w.shipped[j, v] = started[v]
        return
    for v in range(LANES):
        w.shipped[j, v] = speed[v] * s.line[end - 1, v]
    for k in range(end - 1, begin, -1):
        for v in range(LANES):
            s.line[k, v] = s.line[k, v] - speed[v] * s.line[k, v] + speed[v] * s.line[k - 1, v]
    for v in range(LANES):
        s.line[begin, v] = s.line[begin, v] - speed[v] * s.line[begin, v] + started[v]


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(f: Frame, s: Lanes, b: Blows, w: Scratch) -> None:
    """Late lots arrive; overtime, qualification, wear and designs move on (stress.3, stress.7, stress.8)."""
    n = len(f.output)
    for j in range(n):
        for q in range(f.need_start[j], f.need_start[j + 1]):
            if f.kind[q] != RIGHT:
                for e in range(f.lot_start[q], f.lot_start[q + 1]):
                    if f.late[e]:
                        _receive(f, s, b, w, e)
                if w.turned[q]:
                    for v in range(LANES):
                        step = (1.0 - f.dual[q]) / f.qualification[q] * w.worst[q, v]
                        s.open[q, v] = min(1.0, s.open[q, v] + step)
    for k in range(len(f.acting)):
        q = f.acting[k]
        if f.kind[q] == SERVICE:
            for v in range(LANES):
                worn, met = s.worn[q, v], w.met[q, v]
                s.worn[q, v] = worn + f.wear[q] * (1.0 - met) * (1.0 - worn) - met * worn / f.repair[q]
        else:
            _age(f, s, b, w, q)
    for i in range(n):
        for v in range(LANES):
            wanted = (w.unbound[i, v] - f.output[i] * w.standing[i, v]) / f.output[i]
            s.overtime[i, v] += (min(max(wanted, 0.0), f.spare[i]) - s.overtime[i, v]) / f.overtime[i]
            s.need[i, v] = w.need[i, v]


@njit(cache=True, nogil=True, error_model="numpy")
def _receive(f: Frame, s: Lanes, b: Blows, w: Scratch, e: int) -> None:
    """Bring a late lot to its user."""
    i = f.supplier[e]
    g = b.gate[e] if b.gates else -1
    for v in range(LANES):
        asked = w.ordered[e, v]
        passing = asked * (1.0 - w.closed[g, v]) if g >= 0 else asked
        first = min(passing, f.first_lots[e])
        sent = w.served[i, v] * first + w.rest[i, v] * (passing - first)
        owed = max(0.0, asked - sent)
        s.lots[e, v] += sent
        s.backlog[e, v] = owed
        s.owed[i, v] += owed


@njit(cache=True, nogil=True, error_model="numpy")
def _age(f: Frame, s: Lanes, b: Blows, w: Scratch, q: int) -> None:
    """Age the designs whose rights are withheld for longer than the lag (stress.8)."""
    for v in range(LANES):
        met = 0.0
        for e in range(f.lot_start[q], f.lot_start[q + 1]):
            part = f.coefficient[e] * w.standing[f.supplier[e], v]
            if b.gates and b.gate[e] >= 0:
                part *= 1.0 - w.closed[b.gate[e], v]
            met += part
        withheld = max(0.0, 1.0 - met / f.whole[q]) if f.whole[q] > 0.0 else 0.0
        felt = withheld if s.clock[q, v] >= f.lag[q] else 0.0
        s.worn[q, v] += f.refresh[q] * (felt - s.worn[q, v])
        s.clock[q, v] = s.clock[q, v] + 1.0 if withheld > ROUNDING else 0.0
