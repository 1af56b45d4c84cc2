"""The pooled member, compiled: one pass over the flow matrix per step, many scenarios ('lanes') at once.

The order matrix is never stored. Orders are ``O_ij = Z_ij c_i u_kj`` with ``c_i`` the pull of supplier i and ``u_kj``
what j needs of sector k over ``H_kj = sum_{i in k} Z_ij c_i``; so a step needs three products with Z, all of which use
a row while it is in cache: orders received ``c_i sum_j Z_ij u_kj``, what arrives per unit of need
``G_kj = sum_{i in k} Z_ij c_i r_i``, and ``H`` for the next orders. Industries stand sorted by sector here, so that the
sums over a sector's rows are private to it and the answer does not depend on the number of threads.

Arrays end with the lanes: (n, lanes) for industries, (pairs, lanes) for sectors' goods at users. In a full table the
pair of sector k and user j is ``k n + j``; a sparse one keeps the pairs that occur, in the same order.

The body of each parallel loop is a function of its own. Written in place, numba 0.68 compiles some of them wrongly: the
smallest of several limits came out as the last, with one thread too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit, prange

from pondasi.stress.pooled.rules import ROUND_OFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TILE = 32
"""Users whose goods are worked together: in 64 lanes, 16 kB of each array."""
REORDER = {"reassoc", "contract", "nsz"}
"""Sums may be taken in another order; infinities and missing values keep their meaning."""


class Rates(NamedTuple):
    """Rules as the kernel takes them: rates per step, and the ranks of orders, final demand and rebuilding."""

    overproduction_max: float
    overproduction_rate: float
    restoration_rate: float
    negligible: float
    by_capacity: bool
    leaves_plans: bool
    fair: bool
    orders_tier: int
    final_tier: int
    rebuilding_tier: int


class Targets(NamedTuple):
    """Target stocks n of each sector's goods [steps of use], and ``max(1, psi n)``, shape (K,)."""

    cover: Array
    bound: Array


class Industries(NamedTuple):
    """What moves with industries; the first two have shape (n,), the others (n, lanes)."""

    x: Array
    f: Array
    loss: Array
    rebuilding: Array
    overproduction: Array
    allowed: Array
    output: Array
    capacity: Array
    planned: Array
    met_final: Array
    met_rebuilding: Array
    pull: Array
    arriving: Array


class Goods(NamedTuple):
    """What moves with sectors' goods at users.

    ``A``, shape (pairs,); ``stock, unit, arrived, total``, shape (pairs, lanes): S, u, G and H.
    """

    A: Array
    stock: Array
    unit: Array
    arrived: Array
    total: Array


@njit(inline="always")
def raise_capacity(a: float, demand: float, before: float, rates: Rates) -> float:
    """Overproduction (stress.p2)."""
    scarcity = (demand - before) / demand if demand > 0 else 0.0
    change = (rates.overproduction_max - a) * scarcity if scarcity != 0 else 1 - a
    return max(1.0, a + change * rates.overproduction_rate)


@njit(inline="always")
def serve(
    output: float, ordered: float, final: float, rebuilding: float, tiers: tuple[int, int, int]
) -> tuple[float, float, float]:
    """Parts of orders, final demand and rebuilding that are met (stress.p5)."""
    met_orders, met_final, met_rebuilding = 1.0, 1.0, 1.0
    left = output
    for tier in range(3):
        claims = (
            (ordered if tiers[0] == tier else 0.0)
            + (final if tiers[1] == tier else 0.0)
            + (rebuilding if tiers[2] == tier else 0.0)
        )
        met = left / claims if claims - left > ROUND_OFF * output else 1.0
        met_orders = met if tiers[0] == tier else met_orders
        met_final = met if tiers[1] == tier else met_final
        met_rebuilding = met if tiers[2] == tier else met_rebuilding
        left = max(left - claims, 0.0)
    return met_orders, met_final, met_rebuilding


@njit(cache=True, error_model="numpy")
def produce(i: int, asked: Array, own: Industries, rates: Rates) -> None:
    """Work of industry i in all lanes (stress.p1 to stress.p5), once it is known what is asked of it, shape (lanes,)."""
    x, f = own.x[i], own.f[i]
    tiers = rates.orders_tier, rates.final_tier, rates.rebuilding_tier
    loss, rebuilding, overproduction = own.loss[i], own.rebuilding[i], own.overproduction[i]
    allowed, outputs, capacities = own.allowed[i], own.output[i], own.capacity[i]
    planned, final, rebuilt = own.planned[i], own.met_final[i], own.met_rebuilding[i]
    pull, arriving = own.pull[i], own.arriving[i]
    for s in range(len(asked)):
        ordered = asked[s] * pull[s]
        demand = ordered + f + rebuilding[s]
        a = raise_capacity(overproduction[s], demand, outputs[s], rates)
        part = (1 - loss[s]) * a
        capacity = x * (1 - loss[s]) * a
        output = min(demand, capacity, allowed[s])
        if rates.fair:
            met = output / demand if demand - output > ROUND_OFF * output else 1.0
            met_orders, met_final, met_rebuilding = met, met, met
        else:
            met_orders, met_final, met_rebuilding = serve(output, ordered, f, rebuilding[s], tiers)
        wanted = demand - rebuilding[s] * met_rebuilding if rates.leaves_plans else demand
        overproduction[s] = a
        outputs[s] = output
        capacities[s] = capacity
        planned[s] = min(wanted, capacity)
        final[s] = met_final
        rebuilt[s] = met_rebuilding
        arriving[s] = pull[s] * met_orders
        if rates.by_capacity and x > 0:
            pull[s] = part


@njit(inline="always")
def move_stock(
    stock: float, arrivals: float, A: float, output: float, planned: float, cover: float, rate: float
) -> tuple[float, float]:
    """Return the stock of one good at one user after a step, and what the user needs next (stress.p6, stress.p7)."""
    needed = A * output
    if np.isinf(cover):
        return stock, needed
    stock = max(stock - needed, 0.0) + arrivals
    return stock, needed + rate * max(cover * A * planned - stock, 0.0)


# --- full tables ---------------------------------------------------------------------------------


@njit(cache=True, parallel=True)
def pass_full(Z: Array, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates) -> None:
    """One pass over a full table for one lane; Z has shape (n, n), ``first`` the first row of each sector, (K + 1,)."""
    for k in prange(len(first) - 1):
        pass_full_sector(k, Z, first, asked, own, goods, rates)


@njit(cache=True, error_model="numpy", fastmath=REORDER)
def pass_full_sector(
    k: int, Z: Array, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates
) -> None:
    """Pass over the rows of one sector of a full table."""
    n = Z.shape[1]
    u, G = goods.unit.reshape(-1, n)[k], goods.arrived.reshape(-1, n)[k]
    H = goods.total.reshape(-1, n)[k]
    G[:] = 0.0
    if rates.by_capacity:
        H[:] = 0.0
    i, end = first[k], first[k + 1]
    while i < end:
        # Four rows together read u, G and H once; the last rows stand in for those that lack, with weight 0.
        i1, i2, i3 = min(i + 1, end - 1), min(i + 2, end - 1), min(i + 3, end - 1)
        z0, z1, z2, z3 = Z[i], Z[i1], Z[i2], Z[i3]
        t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
        for j in range(n):
            t0 += z0[j] * u[j]
            t1 += z1[j] * u[j]
            t2 += z2[j] * u[j]
            t3 += z3[j] * u[j]
        # In this order, for where a row stands in for another its own sum is written last.
        asked[i3, 0], asked[i2, 0], asked[i1, 0], asked[i, 0] = t3, t2, t1, t0
        produce(i, asked[i], own, rates)
        g0, g1, g2, g3 = own.arriving[i, 0], 0.0, 0.0, 0.0
        h0, h1, h2, h3 = own.pull[i, 0], 0.0, 0.0, 0.0
        if i + 1 < end:
            produce(i1, asked[i1], own, rates)
            g1, h1 = own.arriving[i1, 0], own.pull[i1, 0]
        if i + 2 < end:
            produce(i2, asked[i2], own, rates)
            g2, h2 = own.arriving[i2, 0], own.pull[i2, 0]
        if i + 3 < end:
            produce(i3, asked[i3], own, rates)
            g3, h3 = own.arriving[i3, 0], own.pull[i3, 0]
        if rates.by_capacity:
            for j in range(n):
                G[j] += g0 * z0[j] + g1 * z1[j] + g2 * z2[j] + g3 * z3[j]
                H[j] += h0 * z0[j] + h1 * z1[j] + h2 * z2[j] + h3 * z3[j]
        else:
            for j in range(n):
                G[j] += g0 * z0[j] + g1 * z1[j] + g2 * z2[j] + g3 * z3[j]
        i += 4


@njit(cache=True, parallel=True)
def pass_full_lanes(
    Z: Array, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates
) -> None:
    """One pass over a full table for all lanes: three products of matrices."""
    for k in prange(len(first) - 1):
        pass_lanes_sector(k, Z, first, asked, own, goods, rates)


@njit(cache=True, error_model="numpy", fastmath=REORDER)
def pass_lanes_sector(
    k: int, Z: Array, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates
) -> None:
    """Pass over the rows of one sector of a full table for all lanes."""
    n = own.output.shape[0]
    pairs, rows = slice(k * n, (k + 1) * n), slice(first[k], first[k + 1])
    z, t, u = Z[rows], asked[rows], goods.unit[pairs]
    t[:] = 0.0
    for start in range(0, n, TILE):
        tile = slice(start, min(n, start + TILE))
        add_product(z[:, tile], u[tile], t)
    for i in range(len(z)):
        produce(first[k] + i, t[i], own, rates)
    add_transposed(z, own.arriving[rows], goods.arrived[pairs])
    if rates.by_capacity:
        add_transposed(z, own.pull[rows], goods.total[pairs])


@njit(cache=True, error_model="numpy")
def add_transposed(z: Array, weight: Array, out: Array) -> None:
    """Set out to z' weight, shapes (rows, n), (rows, lanes) and (n, lanes)."""
    n = len(out)
    out[:] = 0.0
    for start in range(0, n, TILE):
        tile = slice(start, min(n, start + TILE))
        add_product(z[:, tile].T, weight, out[tile])


@njit(cache=True, error_model="numpy", fastmath=REORDER)
def add_product(left: Array, right: Array, out: Array) -> None:
    """Add left right to out, shapes (rows, m), (m, lanes) and (rows, lanes): two rows and four terms at a time."""
    rows, m = left.shape
    lanes = out.shape[1]
    pairs, fours = rows - rows % 2, m - m % 4
    for i in range(0, pairs, 2):
        for j in range(0, fours, 4):
            a0, a1, a2, a3 = left[i, j], left[i, j + 1], left[i, j + 2], left[i, j + 3]
            b0, b1, b2, b3 = left[i + 1, j], left[i + 1, j + 1], left[i + 1, j + 2], left[i + 1, j + 3]
            for s in range(lanes):
                u0, u1, u2, u3 = right[j, s], right[j + 1, s], right[j + 2, s], right[j + 3, s]
                out[i, s] += a0 * u0 + a1 * u1 + a2 * u2 + a3 * u3
                out[i + 1, s] += b0 * u0 + b1 * u1 + b2 * u2 + b3 * u3
    for i in range(rows):
        for j in range(fours if i < pairs else 0, m):
            for s in range(lanes):
                out[i, s] += left[i, j] * right[j, s]


@njit(cache=True, parallel=True)
def restock_full(targets: Targets, own: Industries, goods: Goods, rates: Rates) -> None:
    """Stocks and needs of all pairs of a full table."""
    n = own.output.shape[0]
    for b in prange((n + TILE - 1) // TILE):
        restock_block(b * TILE, min(n, (b + 1) * TILE), targets, own, goods, rates)


@njit(cache=True, error_model="numpy")
def restock_block(start: int, end: int, targets: Targets, own: Industries, goods: Goods, rates: Rates) -> None:
    """Stocks, needs and limits of some users of a full table, shape (end - start, lanes) sector by sector."""
    n, lanes = own.output.shape
    output, planned, allowed = own.output[start:end], own.planned[start:end], own.allowed[start:end]
    rate, negligible = rates.restoration_rate, rates.negligible
    allowed[:] = np.inf
    for k in range(len(targets.cover)):
        n_k, m_k = targets.cover[k], targets.bound[k]
        pairs = slice(k * n + start, k * n + end)
        A, stock, unit = goods.A[pairs], goods.stock[pairs], goods.unit[pairs]
        arrived, total = goods.arrived[pairs], goods.total[pairs]
        for j in range(end - start):
            for s in range(lanes):
                arrivals, H = unit[j, s] * arrived[j, s], total[j, s]
                left, need = move_stock(stock[j, s], arrivals, A[j], output[j, s], planned[j, s], n_k, rate)
                stock[j, s] = left
                unit[j, s] = need / H if H > 0 else 0.0
            if negligible < A[j] and not np.isinf(n_k):
                for s in range(lanes):
                    allowed[j, s] = min(allowed[j, s], stock[j, s] / (m_k * A[j]))


# --- sparse tables -------------------------------------------------------------------------------


class Entries(NamedTuple):
    """A sparse table by rows and by pairs.

    ``start`` (n + 1,), ``pair`` and ``value``, of each entry; ``pair_start`` (K + 1,), each sector's first pair, and
    ``user``, of each pair. Along a row pairs ascend, and a sector's pairs lie together.
    """

    start: NDArray[np.int64]
    pair: NDArray[np.int64]
    value: Array
    pair_start: NDArray[np.int64]
    user: NDArray[np.int64]


@njit(cache=True, parallel=True)
def pass_sparse(Z: Entries, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates) -> None:
    """One pass over a sparse table for all lanes; ``asked`` is room for what is asked, shape (n, lanes)."""
    for k in prange(len(first) - 1):
        pass_sparse_sector(k, Z, first, asked, own, goods, rates)


@njit(cache=True, error_model="numpy")
def pass_sparse_sector(
    k: int, Z: Entries, first: NDArray[np.intp], asked: Array, own: Industries, goods: Goods, rates: Rates
) -> None:
    """Pass over the rows of one sector of a sparse table; its pairs are its own."""
    lanes = asked.shape[1]
    start, pair, value = Z.start, Z.pair, Z.value
    unit, arrived, total = goods.unit, goods.arrived, goods.total
    arrived[Z.pair_start[k] : Z.pair_start[k + 1]] = 0.0
    if rates.by_capacity:
        total[Z.pair_start[k] : Z.pair_start[k + 1]] = 0.0
    for i in range(first[k], first[k + 1]):
        wanted, arriving, pull = asked[i], own.arriving[i], own.pull[i]
        wanted[:] = 0.0
        for e in range(start[i], start[i + 1]):
            for s in range(lanes):
                wanted[s] += value[e] * unit[pair[e], s]
        produce(i, wanted, own, rates)
        for e in range(start[i], start[i + 1]):
            for s in range(lanes):
                arrived[pair[e], s] += value[e] * arriving[s]
                if rates.by_capacity:
                    total[pair[e], s] += value[e] * pull[s]


@njit(cache=True, parallel=True)
def restock_sparse(
    Z: Entries,
    chunks: NDArray[np.int64],
    least: Array,
    targets: Targets,
    own: Industries,
    goods: Goods,
    rates: Rates,
) -> None:
    """Stocks and needs of all pairs of a sparse table, a chunk of sectors to each thread.

    ``chunks`` holds the first sector of each chunk and, at the end, K; ``least``, shape (chunks, n, lanes), gets the
    output that the goods of each chunk allow. The smallest of them is the same for any number of chunks.
    """
    for c in prange(len(chunks) - 1):
        restock_chunk(chunks[c], chunks[c + 1], Z, least[c], targets, own, goods, rates)


@njit(cache=True, error_model="numpy")
def restock_chunk(
    start: int, end: int, Z: Entries, least: Array, targets: Targets, own: Industries, goods: Goods, rates: Rates
) -> None:
    """Stocks, needs and limits of some sectors' goods in a sparse table (stress.p4, stress.p6, stress.p7)."""
    output, planned = own.output, own.planned
    rate, negligible = rates.restoration_rate, rates.negligible
    stock, unit, arrived, total = goods.stock, goods.unit, goods.arrived, goods.total
    lanes = output.shape[1]
    least[:] = np.inf
    for k in range(start, end):
        n_k, m_k = targets.cover[k], targets.bound[k]
        for p in range(Z.pair_start[k], Z.pair_start[k + 1]):
            A, j = goods.A[p], Z.user[p]
            for s in range(lanes):
                arrivals, H = unit[p, s] * arrived[p, s], total[p, s]
                left, need = move_stock(stock[p, s], arrivals, A, output[j, s], planned[j, s], n_k, rate)
                stock[p, s] = left
                unit[p, s] = need / H if H > 0 else 0.0
            if negligible < A and not np.isinf(n_k):
                for s in range(lanes):
                    least[j, s] = min(least[j, s], stock[p, s] / (m_k * A))
