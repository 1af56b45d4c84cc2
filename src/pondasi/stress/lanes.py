"""What the kernel reads and writes: the chain, the states of several scenarios side by side, and what hits them.

Scenarios lie in *lanes*, the last axis of every array that changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pondasi.stress.kernel import FLOW, RIGHT, ROWS

if TYPE_CHECKING:
    from pondasi.stress.system import Floats, Ints, System


class Frame(NamedTuple):
    """A `System` as the kernel reads it."""

    output: Floats
    final: Floats
    lost: Floats
    stage_start: Ints
    finished: Floats
    spare: Floats
    smoothing: Floats
    adjustment: Floats
    overtime: Floats
    need_start: Ints
    lot_start: Ints
    supplier: Ints
    user: Ints
    user_of_need: Ints
    need_of_lot: Ints
    late_lot: Ints
    late_lots: Ints
    """The late lots, by number."""
    late: Floats
    """Needs with late lots, 1 or 0."""
    coefficient: Floats
    target: Floats
    kind: Ints
    force: Floats
    along: Ints
    whole: Floats
    dual: Floats
    varieties: Floats
    shared: Floats
    qualification: Floats
    wear: Floats
    repair: Floats
    refresh: Floats
    lag: Floats
    acting: Ints
    """Needs that are services or rights."""
    urgency: float
    for_sale: float
    first_lots: Floats
    first_final: Floats
    tiered: bool


class Lanes(NamedTuple):
    """The states of the scenarios, as in `pondasi.stress.state.State`, lanes last."""

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
    owed: Floats
    """Backlog of each supplier over its lots, shape (n, lanes)."""
    owing: Floats
    """Needs of which a lot is owed in some lane, shape (q,)."""


class Blows(NamedTuple):
    """What hits the lanes, row by row.

    Parameters
    ----------
    loss
        Rows by supplier: mean loss of each step, shape (rows, steps).
    row_supplier, row_lane, row_what
        What each row hits, shape (rows,).
    scrap_step, scrap_supplier, scrap_lane, scrap_part
        Work ruined as a step begins.
    gate
        Place of each lot's route among those that are ever closed; the one after the last is always open,
        shape (m,).
    gates, gate_need
        Their number, and the need that each is in, shape (gates,).
    close_loss
        Rows by route: mean loss of each step, shape (routes, steps).
    close_lane, close_start, close_gate
        Lane of each route and its gates, ``close_start[r] : close_start[r + 1]``.
    """

    loss: Floats
    row_supplier: Ints
    row_lane: Ints
    row_what: Ints
    scrap_step: Ints
    scrap_supplier: Ints
    scrap_lane: Ints
    scrap_part: Floats
    gate: Ints
    gates: int
    gate_need: Ints
    close_loss: Floats
    close_lane: Ints
    close_start: Ints
    close_gate: Ints


class Watch(NamedTuple):
    """What is recorded: weighted sums over suppliers or needs, as `pondasi.stress.watches.Watches`."""

    start: Ints
    member: Ints
    weight: Floats
    what: Ints


class Scratch(NamedTuple):
    """Room that a step needs."""

    hit: Floats
    passing: Floats
    standing: Floats
    left: Floats
    spare: Floats
    held: Floats
    full: Floats
    need: Floats
    unbound: Floats
    calls: Floats
    first_calls: Floats
    load: Floats
    turn_rate: Floats
    served: Floats
    rest: Floats
    shipped: Floats
    delivered: Floats
    sent: Floats
    ordered: Floats
    moved: Floats
    turned: Floats
    kept: Floats
    gated: Floats
    have: Floats
    missing: Floats
    met: Floats
    worst: Floats
    row: Floats


def frame_system(system: System, first_lots: Floats, first_final: Floats) -> Frame:
    """Return a system and its rule of rationing as the kernel reads them."""
    late = system.late & (system.kind[system.need_of_lot] != RIGHT)
    return Frame(
        output=system.output,
        final=system.final,
        lost=system.lost,
        stage_start=system.stage_start.astype(np.int64),
        finished=system.finished,
        spare=system.spare,
        smoothing=system.smoothing,
        adjustment=system.adjustment,
        overtime=system.overtime,
        need_start=system.need_start,
        lot_start=system.lot_start,
        supplier=system.supplier.astype(np.int64),
        user=system.user.astype(np.int64),
        user_of_need=system.user_of_need.astype(np.int64),
        need_of_lot=system.need_of_lot.astype(np.int64),
        late_lot=late.astype(np.int64),
        late_lots=np.flatnonzero(late).astype(np.int64),
        late=np.maximum.reduceat(np.append(late, 0).astype(np.float64), system.lot_start[:-1]),
        coefficient=system.coefficient,
        target=system.target,
        kind=system.kind,
        force=system.force,
        along=(system.along & (system.stages[system.user_of_need] > 0)).astype(np.int64),
        whole=system.need_coefficient,
        dual=system.dual,
        varieties=system.varieties,
        shared=system.shared,
        qualification=system.qualification,
        wear=system.wear,
        repair=system.repair,
        refresh=system.refresh,
        lag=system.lag,
        acting=np.flatnonzero(system.kind != FLOW).astype(np.int64),
        urgency=float(system.urgency),
        for_sale=float(system.for_sale),
        first_lots=first_lots,
        first_final=first_final,
        tiered=bool(first_lots.any() or first_final.any()),
    )


def make_scratch(f: Frame, gates: int, lanes: int) -> Scratch:
    """Return the room that a step of a frame needs."""
    n, q, m = len(f.output), len(f.kind), len(f.supplier)

    def room(rows: int) -> Floats:
        return np.zeros((rows, lanes))

    sizes = {
        "passing": gates + 1,
        "ordered": m,
        "moved": m,
        "have": q,
        "missing": q,
        "met": q,
        "worst": q,
        "turn_rate": q,
        "row": ROWS,
    }
    rooms = {name: room(sizes.get(name, n)) for name in Scratch._fields}
    return Scratch(
        **{
            **rooms,
            "hit": np.zeros((5, n, lanes)),
            "turned": np.zeros(q),
            "kept": np.zeros(q),
            "gated": np.zeros(q),
            "full": np.ones(n),
        }
    )
