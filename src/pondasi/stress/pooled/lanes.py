"""Scenarios side by side ('lanes'): their state, and one step of all of them with the compiled kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from pondasi.stress.pooled.kernel import (
    Goods,
    Industries,
    pass_full,
    pass_full_lanes,
    pass_sparse,
    restock_full,
    restock_sparse,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.stress.pooled.kernel import Entries
    from pondasi.stress.pooled.model import PooledModel
    from pondasi.stress.pooled.shocks import PooledShock, Rebuilding

    Array = NDArray[np.float64]

FLOWS_PER_THREAD = 4e6
"""Flows times lanes that a thread passes over in a few milliseconds: for less, waiting for another thread costs more
than it gives where other programs run."""
GOODS_PER_THREAD = 5e5
"""The same for goods at users."""


@dataclass(frozen=True, eq=False)
class Lanes:
    """The state of a batch of scenarios; its arrays are moved in place, step by step."""

    own: Industries
    goods: Goods
    asked: Array
    shocks: tuple[_LaneShock, ...]


@dataclass(frozen=True, eq=False)
class _LaneShock:
    """A shock with its industries numbered as in the model; what is left to rebuild is moved in place."""

    lane: int
    losses: tuple[tuple[NDArray[np.intp], Array], ...]
    rebuilding: tuple[tuple[Rebuilding, NDArray[np.intp], NDArray[np.intp], Array], ...]


def start_lanes(model: PooledModel, shocks: Sequence[PooledShock]) -> Lanes:
    """Return the base in every lane: stocks on target, orders as in the table."""
    n, pairs, lanes = len(model.x), len(model.A), len(shocks)
    flows, ones = model.flows, np.ones(lanes)
    cover = model.targets.cover[flows.sector]
    stock = np.where(np.isfinite(cover), cover, 0.0) * model.A * model.x[flows.user]
    binds = (model.rates.negligible < model.A) & np.isfinite(cover)
    allowed = np.full(n, np.inf)
    np.minimum.at(allowed, flows.user[binds], stock[binds] / (model.targets.bound[flows.sector] * model.A)[binds])
    zeros = {
        name: np.zeros((n, lanes))
        for name in Industries._fields
        if name not in {"x", "f", "overproduction", "allowed", "output", "pull"}
    }
    own = Industries(
        x=model.x,
        f=model.f,
        overproduction=np.ones((n, lanes)),
        allowed=np.repeat(allowed[:, None], lanes, axis=1),
        output=np.outer(model.x, ones),
        pull=np.ones((n, lanes)),
        **zeros,
    )
    goods = Goods(
        A=model.A,
        stock=np.outer(stock, ones),
        unit=np.outer(flows.total > 0, ones),
        arrived=np.zeros((pairs, lanes)),
        total=np.outer(flows.total, ones),
    )
    place = np.argsort(model.order)
    numbered = tuple(_number_shock(lane, shock, place) for lane, shock in enumerate(shocks))
    return Lanes(own, goods, np.empty((n, lanes)), numbered)


def _number_shock(lane: int, shock: PooledShock, place: NDArray[np.intp]) -> _LaneShock:
    return _LaneShock(
        lane,
        tuple((place[loss.industries], loss.path) for loss in shock.losses),
        tuple((event, place[event.damaged], place[event.suppliers], event.bill.copy()) for event in shock.rebuilding),
    )


def advance_lanes(model: PooledModel, lanes: Lanes, step: int) -> Array:
    """Do one step in every lane; return what was delivered to rebuilding, shape (n, lanes) [money/step]."""
    own, goods, flows, rates = lanes.own, lanes.goods, model.flows, model.rates
    count = own.output.shape[1]
    _shock_lanes(model, lanes, step)
    threads = numba.get_num_threads()
    try:
        _use_threads(flows.count * count / FLOWS_PER_THREAD, threads)
        if flows.entries is not None:
            pass_sparse(flows.entries, model.first, lanes.asked, own, goods, rates)
        elif count == 1:
            pass_full(flows.full, model.first, lanes.asked, own, goods, rates)
        else:
            pass_full_lanes(flows.full, model.first, lanes.asked, own, goods, rates)
        used = _use_threads(len(goods.A) * count / GOODS_PER_THREAD, threads)
        if flows.entries is not None:
            _restock_sparse(model, lanes, flows.entries, used)
        else:
            restock_full(model.targets, own, goods, rates)
    finally:
        numba.set_num_threads(threads)
    delivered = own.rebuilding * own.met_rebuilding
    _rebuild_lanes(lanes, step)
    return delivered


def _use_threads(worth: float, most: int) -> int:
    """Let the next kernel use as many threads as its work is worth; return how many."""
    threads = int(min(max(worth, 1), most))
    numba.set_num_threads(threads)
    return threads


def _restock_sparse(model: PooledModel, lanes: Lanes, entries: Entries, threads: int) -> None:
    """Share the sectors out so that threads have as many pairs each, and take the smallest limit that they find."""
    even = np.linspace(0, len(entries.user), threads + 1)[1:-1]
    chunks = np.concatenate([[0], np.searchsorted(entries.pair_start, even), [len(entries.pair_start) - 1]])
    least = np.empty((threads, *lanes.own.output.shape))
    restock_sparse(entries, chunks.astype(np.int64), least, model.targets, lanes.own, lanes.goods, model.rates)
    least.min(axis=0, out=lanes.own.allowed)


def _shock_lanes(model: PooledModel, lanes: Lanes, step: int) -> None:
    """Set what each lane has lost, and asks for rebuilding, in this step (stress.p1, stress.p8)."""
    own = lanes.own
    own.loss[:] = 0.0
    own.rebuilding[:] = 0.0
    for shock in lanes.shocks:
        loss, asked = own.loss[:, shock.lane], own.rebuilding[:, shock.lane]
        damage = np.zeros(len(loss))
        for event, damaged, suppliers, left in shock.rebuilding:
            if step >= event.start:
                np.add.at(damage, damaged, left.sum(axis=0) / event.factor)
            if step >= event.begin:
                np.add.at(asked, suppliers, left.sum(axis=1) * event.rate)
        np.divide(damage, model.capital, out=loss, where=model.capital > 0)
        np.minimum(loss, 1.0, out=loss)
        for industries, path in shock.losses:
            if step < len(path):
                np.maximum.at(loss, industries, path[step])


def _rebuild_lanes(lanes: Lanes, step: int) -> None:
    for shock in lanes.shocks:
        for event, _, suppliers, left in shock.rebuilding:
            if step >= event.begin:
                np.multiply(left, 1 - event.rate * lanes.own.met_rebuilding[suppliers, shock.lane][:, None], out=left)
