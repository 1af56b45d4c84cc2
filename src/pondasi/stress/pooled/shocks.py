"""What hits an inter-industry table: capacity lost along a path, and capital that is rebuilt with goods of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pondasi.stress.pooled.industries import IndustryTable
    from pondasi.stress.pooled.rules import PooledRules

Label = tuple[str, str]


@dataclass(frozen=True, eq=False)
class CapacityLoss:
    """Parts of capacity that are lost to an outside cause, step by step.

    Parameters
    ----------
    industries
        Positions in the table, shape (m,).
    path
        Part lost, shape (steps, m), 0 to 1; after its last step nothing is lost.
    """

    industries: NDArray[np.intp]
    path: NDArray[np.float64] = field(repr=False)

    def at(self, step: int, n: int) -> NDArray[np.float64]:
        """Return the part lost in one step, shape (n,); of two causes the larger one counts."""
        loss = np.zeros(n)
        if step < len(self.path):
            np.maximum.at(loss, self.industries, self.path[step])
        return loss


@dataclass(frozen=True, eq=False)
class Rebuilding:
    """Capital that is destroyed and rebuilt with goods of some industries (stress.p8).

    Parameters
    ----------
    damaged, suppliers
        Positions in the table, shapes (d,) and (s,).
    bill
        What has to be bought from each supplier for each damaged industry, shape (s, d) [money].
    factor
        Bill over damage.
    start, begin
        Steps in which the damage is done and in which rebuilding begins.
    rate
        Part of what is left that is asked for per step.
    """

    damaged: NDArray[np.intp]
    suppliers: NDArray[np.intp]
    bill: NDArray[np.float64] = field(repr=False)
    factor: float
    start: int
    begin: int
    rate: float


@dataclass(frozen=True, eq=False)
class PooledShock:
    """One scenario: losses of capacity from outside, and capital that is destroyed and rebuilt."""

    losses: tuple[CapacityLoss, ...] = ()
    rebuilding: tuple[Rebuilding, ...] = ()


def shape_loss(
    table: IndustryTable, lost: Mapping[Label, float], *, start: int, duration: int, recovery: int = 0
) -> CapacityLoss:
    """Return a loss that stands for a while and then ends along a straight line.

    Parameters
    ----------
    lost
        Part of capacity lost by label (region, sector).
    start, duration, recovery
        First step, steps at full loss, and steps over which it ends.

    Example
    -------
    >>> from pondasi.stress.pooled.industries import build_table
    >>> table = build_table([[0.0]], [2.0], labels=[("north", "parts")])
    >>> shape_loss(table, {("north", "parts"): 0.4}, start=1, duration=2, recovery=4).path.ravel().tolist()
    [0.0, 0.4, 0.4, 0.4, 0.3, 0.2, 0.1]
    """
    industries = locate_labels(table, lost)
    size = np.array(list(lost.values()), dtype=float)
    if not ((size >= 0) & (size <= 1)).all():
        raise UsageError("loss_out_of_range", value=f"{size[(size < 0) | (size > 1)][0]:g}")
    steps = np.arange(start + duration + recovery, dtype=float)
    ends = np.clip(1 - (steps - start - duration) / max(recovery, 1), 0, 1)
    path = np.where(steps < start, 0.0, ends)[:, None] * size
    return CapacityLoss(industries, path)


def plan_rebuilding(
    table: IndustryTable,
    rules: PooledRules,
    damage: Mapping[Label, float],
    sectors: Mapping[str, float],
    *,
    start: int,
    duration: int,
    days: float,
    factor: float = 1.0,
) -> Rebuilding:
    """Return damage to capital and who is asked to make it good.

    Parameters
    ----------
    damage
        Capital lost by label [money].
    sectors
        Part of the bill by supplying sector. Each sector's part goes to its regions as the damaged industry bought
        from them in the base; where it bought nothing, as all did.
    start, duration
        Step of the damage, and steps until rebuilding begins.
    days
        What is left is asked for at the rate 1/days.
    factor
        Bill over damage: above 1 where it is built back better or dearer.

    Raises
    ------
    UsageError
        If the damage exceeds the capital of an industry, or a sector is unknown or makes nothing.
    """
    damaged = locate_labels(table, damage)
    size = np.array(list(damage.values()), dtype=float)
    capital = rules.capital_ratio * table.value_added[damaged]
    if (size > capital).any() or (size < 0).any():
        worst = int(np.argmax(size - capital))
        name = " ".join(table.labels[damaged[worst]])
        raise UsageError(
            "damage_above_capital", industry=name, damage=f"{size[worst]:.4g}", capital=f"{capital[worst]:.4g}"
        )
    level = table.labels.get_level_values("sector")
    suppliers, bills = [], []
    for sector, part in sectors.items():
        rows = np.flatnonzero(level == sector)
        whole = table.output[rows].sum()
        if not whole > 0:
            raise UsageError("rebuilding_sector_unknown", sector=sector)
        bought = np.asarray(
            table.Z[rows][:, damaged] if isinstance(table.Z, np.ndarray) else table.Z[rows][:, damaged].toarray()
        )
        total = bought.sum(axis=0)
        usual = np.broadcast_to((table.output[rows] / whole)[:, None], bought.shape)
        split = np.divide(bought, total, out=usual.copy(), where=total > 0)
        suppliers.append(rows)
        bills.append(split * size * part * factor)
    return Rebuilding(
        damaged=damaged,
        suppliers=np.concatenate(suppliers),
        bill=np.concatenate(bills),
        factor=factor * sum(sectors.values()),
        start=start,
        begin=start + duration,
        rate=rules.step_days / max(days, rules.step_days),
    )


def locate_labels(table: IndustryTable, labels: Iterable[Label]) -> NDArray[np.intp]:
    """Return where labels stand in the table."""
    wanted = list(labels)
    places = table.labels.get_indexer(pd.Index(wanted, dtype=object))
    if (places < 0).any():
        raise UsageError("industry_unknown", industry=" ".join(wanted[int(np.argmin(places))]))
    return np.asarray(places, dtype=np.intp)
