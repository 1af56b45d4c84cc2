"""An inter-industry table as the compiled kernel takes it: sorted by sector, full or sparse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.stress.pooled.dynamics import number_sectors
from pondasi.stress.pooled.kernel import Entries, Rates, Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.stress.pooled.industries import IndustryTable
    from pondasi.stress.pooled.rules import PooledRules

    Array = NDArray[np.float64]

SPARSE_BELOW = 0.25
"""Part of the flows that is not zero, below which a table is worked as sparse."""


@dataclass(frozen=True, eq=False)
class FlowLayout:
    """Flows with industries sorted by sector, and what is kept for each pair of sector and user.

    Parameters
    ----------
    total
        ``sum of Z_ij over the rows of a sector``, shape (pairs,) [money/step].
    sector, user
        Of each pair, shape (pairs,).
    full
        Flows of a full table, shape (n, n); empty if the table is sparse.
    entries
        Flows of a sparse table; None if the table is full.
    """

    total: Array = field(repr=False)
    sector: NDArray[np.intp] = field(repr=False)
    user: NDArray[np.intp] = field(repr=False)
    full: Array = field(repr=False)
    entries: Entries | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """Flows that a pass goes over."""
        return self.full.size if self.entries is None else len(self.entries.value)


@dataclass(frozen=True, eq=False)
class PooledModel:
    """A table and its rules as the kernel takes them, industries sorted by sector.

    Parameters
    ----------
    order
        Position in the table of each industry here, shape (n,).
    first
        First industry of each sector, shape (K + 1,).
    x, f, capital
        Shape (n,) [money/step], [money].
    targets
        Target stocks of each sector's goods.
    A
        Inputs per unit of output, shape (pairs,).
    """

    order: NDArray[np.intp]
    first: NDArray[np.intp]
    x: Array
    f: Array
    capital: Array
    targets: Targets
    A: Array = field(repr=False)
    flows: FlowLayout
    rates: Rates


def prepare_model(table: IndustryTable, rules: PooledRules) -> PooledModel:
    """Sort a table by sector and turn it into what one step needs; one copy of the flows is made."""
    names, number = number_sectors(table)
    order = np.argsort(number, kind="stable")
    number = number[order]
    first = np.searchsorted(number, np.arange(len(names) + 1))
    part = rules.step_days / rules.year_days
    x = table.output[order] * part
    if isinstance(table.Z, np.ndarray) and np.count_nonzero(table.Z) >= SPARSE_BELOW * table.Z.size:
        flows = _lay_full(table.Z, order, first, part)
    else:
        flows = _lay_sparse(sparse.csr_array(table.Z), order, number, part)
    divisor = x[flows.user]
    rates = Rates(
        overproduction_max=float(rules.overproduction_max),
        overproduction_rate=float(rules.overproduction_rate),
        restoration_rate=float(rules.restoration_rate),
        negligible=float(rules.negligible_share),
        by_capacity=rules.order_split == "capacity",
        leaves_plans=rules.delivered_rebuilding_leaves_plans,
        fair=len(set(rules.tiers)) == 1,
        orders_tier=rules.tiers[0],
        final_tier=rules.tiers[1],
        rebuilding_tier=rules.tiers[2],
    )
    return PooledModel(
        order=order,
        first=first,
        x=x,
        f=table.final.sum(axis=1)[order] * part,
        capital=rules.capital_ratio * table.value_added[order],
        targets=Targets(rules.cover(names), rules.bound(names)),
        A=np.divide(flows.total, divisor, out=np.zeros_like(divisor), where=divisor > 0),
        flows=flows,
        rates=rates,
    )


def _lay_full(Z: Array, order: NDArray[np.intp], first: NDArray[np.intp], part: float) -> FlowLayout:
    n, sectors = len(order), len(first) - 1
    full = np.ascontiguousarray(Z[np.ix_(order, order)])
    full *= part
    total = np.add.reduceat(full, first[:-1], axis=0).ravel()
    return FlowLayout(total, np.repeat(np.arange(sectors), n), np.tile(np.arange(n), sectors), full)


def _lay_sparse(Z: sparse.csr_array, order: NDArray[np.intp], number: NDArray[np.intp], part: float) -> FlowLayout:
    n = len(order)
    cells = sparse.coo_array(Z[order][:, order])
    cells.eliminate_zeros()
    row, column = (place.astype(np.int64) for place in cells.coords)
    value = cells.data * part
    pairs, pair = np.unique(number[row] * n + column, return_inverse=True)
    sector, user = np.divmod(pairs, max(n, 1))
    by_row = np.lexsort((column, row))
    start = np.searchsorted(row[by_row], np.arange(n + 1))
    pair_start = np.searchsorted(sector, np.arange(number.max(initial=-1) + 2))
    return FlowLayout(
        total=np.bincount(pair, weights=value, minlength=len(pairs)).astype(float),
        sector=sector,
        user=user,
        full=np.zeros((0, 0)),
        entries=Entries(start, pair[by_row], value[by_row], pair_start, user),
    )
