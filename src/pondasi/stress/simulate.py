"""Run many scenarios through the chain: schedule in, weekly series out, in lanes and by any executor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from pondasi.stress.kernel import DEMAND, LANES, LINE, OVERTIME, SHIPPING, STARTS, run_lanes
from pondasi.stress.lanes import Blows, Frame, Lanes, frame_system, make_scratch
from pondasi.stress.schedule import ANY_BUYER, FOREIGN, average_losses, join_schedules
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.state import proportional, rest
from pondasi.stress.system import Kind, add_by

if TYPE_CHECKING:
    from pondasi.stress.lanes import Watch
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.state import Rationing, State
    from pondasi.stress.system import Flags, Floats, Ints, System
    from pondasi.stress.watches import Watches

_BY_SUPPLIER = {"starts": STARTS, "line": LINE, "shipping": SHIPPING, "demand": DEMAND, "overtime": OVERTIME}


def run_schedule(
    system: System, schedule: Schedule, steps: int, watches: Watches, rationing: Rationing | None = None
) -> Floats:
    """Run all scenarios of a schedule from the base.

    Parameters
    ----------
    system
        The chain; ``schedule`` was resolved on its ``labels``.
    schedule
        Scenarios; each is its own world, whatever stands beside it.
    steps
        How long [steps].
    watches
        What to record.
    rationing
        Who is served first; in proportion by default.

    Returns
    -------
    Shape (scenarios, watches, steps) [USD/step].
    """
    rationing = proportional(system) if rationing is None else rationing
    frame = frame_system(system, rationing.lots, rationing.final)
    watch = watches.compile()
    out = np.empty((len(schedule), len(watches.names), steps))
    order, alike = sort_alike(schedule) if len(schedule) > LANES else (np.arange(len(schedule)), schedule)
    for begin in range(0, len(schedule), LANES):
        end = min(begin + LANES, len(schedule))
        series, _ = run_batch(frame, system, alike.take(begin, end), steps, watch)
        out[order[begin:end]] = series.transpose(2, 1, 0)
    return out


def sort_alike(schedule: Schedule) -> tuple[Ints, Schedule]:
    """Return scenarios that strike the same suppliers one after another, and the place that each came from.

    Side by side they leave more of the chain untouched in all lanes, for which the kernel has its plain forms.
    What a scenario gives does not depend on its place.
    """
    struck = [
        tuple(sorted(schedule.supplier[begin:end].tolist()))
        for begin, end in zip(schedule.first[:-1], schedule.first[1:], strict=True)
    ]
    order = np.array(sorted(range(len(schedule)), key=struck.__getitem__), dtype=np.int64)
    return order, join_schedules([schedule.take(k, k + 1) for k in order.tolist()])


def run_batch(
    frame: Frame, system: System, schedule: Schedule, steps: int, watch: Watch, start: State | None = None
) -> tuple[Floats, Lanes]:
    """Run some scenarios side by side; return series, shape (steps, watches, scenarios), and the last states."""
    blows = compile_blows(system, schedule, steps)
    lanes = open_lanes(rest(system) if start is None else start, system, len(schedule))
    series = np.zeros((steps, len(watch.what), len(schedule)))
    run_lanes(frame, lanes, blows, make_scratch(frame, blows.gates, len(schedule)), watch, series)
    return series, lanes


def open_lanes(state: State, system: System, count: int) -> Lanes:
    """Return one state in each of so many lanes."""
    values = {name: getattr(state, name) for name in Lanes._fields if hasattr(state, name)}
    values["owed"] = add_by(system.supplier, state.backlog, len(system.output))
    spread = {name: np.repeat(value[:, None], count, axis=1) for name, value in values.items()}
    owing = add_by(system.need_of_lot, state.backlog, len(system.kind)) > 0
    return Lanes(**spread, owing=owing.astype(np.float64))


def compile_blows(system: System, schedule: Schedule, steps: int) -> Blows:
    """Return a schedule as rows for the kernel."""
    loss = average_losses(schedule, steps, system.step)
    lane = np.repeat(np.arange(len(schedule)), np.diff(schedule.first))
    channel = np.array([_BY_SUPPLIER.get(name, -1) for name in CHANNELS])[schedule.channel]
    plain = np.flatnonzero(channel >= 0)
    scrap = np.flatnonzero(schedule.scrap > 0)
    onset = np.floor(schedule.onset[scrap] / system.step).astype(np.int64)
    closings = np.flatnonzero(channel < 0)
    routes = Routes.of(system)
    shut = [routes.find_closed(schedule, int(row)) for row in closings]
    used = np.unique(np.concatenate([*shut, np.zeros(0, np.int64)])).astype(np.int64)
    gate = np.full(len(system.supplier), len(used), dtype=np.int64)
    gate[used] = np.arange(len(used))
    return Blows(
        loss=np.ascontiguousarray(loss[plain]),
        row_supplier=schedule.supplier[plain].astype(np.int64),
        row_lane=lane[plain].astype(np.int64),
        row_what=channel[plain].astype(np.int64),
        scrap_step=onset,
        scrap_supplier=schedule.supplier[scrap].astype(np.int64),
        scrap_lane=lane[scrap].astype(np.int64),
        scrap_part=schedule.scrap[scrap] * system.scrap[schedule.supplier[scrap]],
        gate=gate,
        gates=len(used),
        gate_need=system.need_of_lot[used].astype(np.int64),
        close_loss=np.ascontiguousarray(loss[closings]),
        close_lane=lane[closings].astype(np.int64),
        close_start=np.concatenate([[0], np.cumsum([len(lots) for lots in shut])]).astype(np.int64),
        close_gate=gate[np.concatenate([*shut, np.zeros(0, np.int64)]).astype(np.int64)],
    )


@dataclass(frozen=True, eq=False)
class Routes:
    """The lots of a system by supplier, with their kind and the country of their user, to find what a row closes.

    Parameters
    ----------
    order, first
        Lots by supplier, shape (m,), and the first lot of each in that order, shape (n + 1,).
    kind, country
        Of each lot, in that order, shape (m,).
    home
        Country of each supplier, shape (n,).
    """

    order: Ints
    first: Ints
    kind: Ints
    country: np.ndarray
    home: np.ndarray

    @classmethod
    def of(cls, system: System) -> Self:
        """Return the lots of a system, ready to be searched."""
        home = system.labels.get_level_values("country").to_numpy(dtype=object)
        order = np.argsort(system.supplier, kind="stable").astype(np.int64)
        first = np.searchsorted(system.supplier[order], np.arange(len(home) + 1)).astype(np.int64)
        return cls(order, first, system.kind[system.need_of_lot][order], home[system.user[order]], home)

    def find_closed(self, schedule: Schedule, row: int) -> Ints:
        """Return which lots a row on routes, service or rights closes, ascending."""
        supplier = int(schedule.supplier[row])
        mine = slice(self.first[supplier], self.first[supplier + 1])
        closed: Flags = np.ones(mine.stop - mine.start, dtype=bool)
        only = {"service": Kind.SERVICE, "licence": Kind.RIGHT}.get(CHANNELS[schedule.channel[row]])
        if only is not None:
            closed &= self.kind[mine] == only
        buyer = schedule.buyer[row]
        if buyer == FOREIGN:
            closed &= self.country[mine] != self.home[supplier]
        elif buyer != ANY_BUYER:
            closed &= self.country[mine] == schedule.countries[buyer]
        return np.sort(self.order[mine][closed])
