"""From suppliers and lots in weeks and years to the arrays of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.stress.system import Kind, System, find_layers

if TYPE_CHECKING:
    import pandas as pd

    from pondasi.stress.system import Flags, Floats, Ints

WEEKS_PER_YEAR = 52.0
"""A year of the model: losses of a year are the sum of so many weeks."""


@dataclass(frozen=True, eq=False)
class Suppliers:
    """What a chain says of its n suppliers, in weeks.

    Parameters
    ----------
    labels
        Node and country, length n.
    output
        Base output [USD/week].
    cycle_weeks, finished_weeks
        Time on the line, and finished goods held by the maker in weeks of output.
    overcapacity
        Extra output that can be reached over base output.
    scrap_weeks
        Weeks of output ruined by an uncontrolled stop.
    lost_per_week
        Part of unmet final demand given up in a week.
    """

    labels: pd.MultiIndex
    output: Floats = field(repr=False)
    cycle_weeks: Floats = field(repr=False)
    finished_weeks: Floats = field(repr=False)
    overcapacity: Floats = field(repr=False)
    scrap_weeks: Floats = field(repr=False)
    lost_per_week: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class Lots:
    """What goes from supplier to user, in any order, length m; what concerns a need is equal in all its lots.

    Parameters
    ----------
    supplier, user, node
        Places in the suppliers' arrays, and the node that the need is for.
    value
        Base flow [USD/week]; for rights what is paid for them.
    stock_weeks
        Stock that the user holds, in weeks of use.
    kind, force, along
        As in `System`.
    dual, varieties, shared, qualification_weeks
        Dual-sourced share, single-sourced varieties, part of a lot that any line of the user may use, weeks to
        qualify other sources.
    wear_per_year, repair_weeks
        Of the service of tools.
    refresh_per_year, lag_weeks
        Of rights.
    """

    supplier: Ints
    user: Ints
    node: Ints
    value: Floats = field(repr=False)
    stock_weeks: Floats = field(repr=False)
    kind: Ints = field(repr=False)
    force: Floats = field(repr=False)
    along: Flags = field(repr=False)
    dual: Floats = field(repr=False)
    varieties: Floats = field(repr=False)
    shared: Floats = field(repr=False)
    qualification_weeks: Floats = field(repr=False)
    wear_per_year: Floats = field(repr=False)
    repair_weeks: Floats = field(repr=False)
    refresh_per_year: Floats = field(repr=False)
    lag_weeks: Floats = field(repr=False)


@dataclass(frozen=True)
class Pace:
    """How fast people react, in weeks; equal for all suppliers.

    Parameters
    ----------
    adjustment_weeks
        Weeks over which stocks and backlogs are brought back (tau).
    smoothing_weeks, smoothing_cycles
        A maker averages its need over so many weeks, at least so many times its own cycle (theta).
    overtime_weeks
        Weeks in which extra output is reached and given up.
    urgency_weeks
        A backlog of so many weeks' need counts as half short.
    stock_for_sale
        Part of a maker's finished goods that buyers of other makers may order.
    """

    adjustment_weeks: float
    smoothing_weeks: float
    smoothing_cycles: float
    overtime_weeks: float
    urgency_weeks: float
    stock_for_sale: float


def assemble(suppliers: Suppliers, lots: Lots, pace: Pace, *, step: float = 1.0) -> System:
    """Return a chain as the engine takes it: layered, sorted, and counted in steps.

    Parameters
    ----------
    suppliers, lots, pace
        What the chain says, in weeks and years.
    step
        Length of a step [weeks].
    """
    n = len(suppliers.output)
    edges = sparse.csr_array((np.ones(len(lots.value)), (lots.supplier, lots.user)), shape=(n, n))
    layer = find_layers(edges)
    order = np.argsort(layer, kind="stable")
    at = np.empty(n, dtype=np.int64)
    at[order] = np.arange(n)
    supplier, user = at[lots.supplier], at[lots.user]
    # Rights and goods from one node are two needs.
    need = lots.node * len(Kind) + lots.kind
    rows = np.lexsort((supplier, need, user))
    supplier, user, need = supplier[rows], user[rows], need[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (user[1:] != user[:-1]) | (need[1:] != need[:-1])
    first = np.flatnonzero(new)
    stages = np.round(suppliers.cycle_weeks[order] / step).astype(np.int64)
    output = suppliers.output[order] * step
    coefficient = lots.value[rows] * step / output[user]
    goods = lots.kind[rows] != Kind.RIGHT
    sold = np.bincount(supplier[goods], (lots.value[rows] * step)[goods], n)
    weeks = suppliers.cycle_weeks[order]
    per_step = step / WEEKS_PER_YEAR

    def of_need(values: Floats) -> Floats:
        return np.asarray(values[rows][first], dtype=np.float64)

    return System(
        labels=suppliers.labels[order],
        step=step,
        output=output,
        final=np.maximum(0.0, output - sold),
        lost=1 - (1 - suppliers.lost_per_week[order]) ** step,
        stages=stages,
        finished=suppliers.finished_weeks[order] * suppliers.output[order],
        spare=suppliers.overcapacity[order],
        scrap=np.minimum(1.0, suppliers.scrap_weeks[order] / np.maximum(weeks, step)),
        smoothing=np.maximum(1.0, np.maximum(pace.smoothing_weeks, pace.smoothing_cycles * weeks) / step),
        adjustment=np.full(n, max(1.0, pace.adjustment_weeks / step)),
        overtime=np.full(n, max(1.0, pace.overtime_weeks / step)),
        layers=np.concatenate([[0], np.cumsum(np.bincount(layer))]).astype(np.int64),
        need_start=np.searchsorted(user[first], np.arange(n + 1)).astype(np.int64),
        lot_start=np.append(first, len(rows)).astype(np.int64),
        supplier=supplier,
        user=user,
        late=layer[order][supplier] >= layer[order][user],
        coefficient=coefficient,
        target=np.where(goods, lots.stock_weeks[rows] * lots.value[rows], 0.0),
        kind=lots.kind[rows][first].astype(np.int64),
        force=of_need(lots.force),
        along=lots.along[rows][first],
        dual=of_need(lots.dual),
        varieties=of_need(lots.varieties),
        shared=of_need(lots.shared),
        qualification=np.maximum(1.0, of_need(lots.qualification_weeks) / step),
        wear=of_need(lots.wear_per_year) * per_step,
        repair=np.maximum(1.0, of_need(lots.repair_weeks) / step),
        refresh=of_need(lots.refresh_per_year) * per_step,
        lag=np.where(goods[first], 0.0, of_need(lots.lag_weeks)) / step,
        urgency=max(1.0, pace.urgency_weeks / step),
        for_sale=pace.stock_for_sale,
    )
