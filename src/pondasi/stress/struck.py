"""Run each scenario on a chain of its own, in which what is made follows the plants that are struck (stress.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.stress.schedule import join_schedules
from pondasi.stress.simulate import run_schedule
from pondasi.stress.twins import split_struck

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pondasi.stress.divide import By
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.system import Floats, System
    from pondasi.stress.watches import Watches


def run_struck(
    system: System,
    schedule: Schedule,
    steps: int,
    watch: Callable[[System], Watches],
    made: Collection[str],
    *,
    by: By = "product",
) -> tuple[Floats, Watches]:
    """Run all scenarios of a schedule from the base, each with its struck suppliers and their products cut in two.

    Twins carry the labels of the suppliers that they were: what is watched is by supplier as ever. Scenarios
    that strike no part of a supplier need no cut and run side by side.

    Parameters
    ----------
    system
        The chain; ``schedule`` was resolved on its ``labels``.
    schedule
        Scenarios; each is its own world.
    steps
        How long [steps].
    watch
        Names what to record on a chain, by labels; of equal names and base on the chain with twins.
    made
        Nodes of which one unit goes into one product, see `pondasi.stress.twins.find_made`.
    by
        What the struck twin of a user holds, see `pondasi.stress.twins.split_struck`.

    Returns
    -------
    series
        Shape (scenarios, watches, steps) [USD/step].
    watches
        Those of the uncut chain.
    """
    watches = watch(system)
    out = np.empty((len(schedule), len(watches.names), steps))
    whole = []
    for number in range(len(schedule)):
        twins = split_struck(system, schedule.take(number, number + 1), made, by=by)
        if twins.cut:
            out[number] = run_schedule(twins.system, twins.schedule, steps, watch(twins.system))[0]
        else:
            whole.append(number)
    if whole:
        together = join_schedules([schedule.take(number, number + 1) for number in whole])
        out[whole] = run_schedule(system, together, steps, watches)
    return out, watches
