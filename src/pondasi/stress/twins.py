"""Let what is made follow the plant that is struck: twins of suppliers, struck and unharmed (stress.9).

A supplier is a node in a country, often many plants, and each product comes from one of them. If one plant
burns, its products run dry and the others do not; a supplier kept as one would thin all of its products a
little, and stocks that are gone in a month would last for half a year. So before a shock is run, each
supplier that it strikes is cut in two, and so is what is made of its goods, down to those who gather many
products and feel the gaps (stress.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.stress.divide import Cut, divide_system, find_lone
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.system import Kind, System, add_by

if TYPE_CHECKING:
    from collections.abc import Collection

    from pondasi.chain.records import Chain
    from pondasi.stress.divide import By
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.system import Flags, Floats, Ints

SMALL = 0.005
"""A twin of less than this part of a supplier is not cut off: half of the loss that counts as visible (stress.12)."""
PLANTS = ("starts", "line")
"""Channels that stop plants. Doors, routes, rights, service and demand concern all plants alike."""
WAYS = ("shipping", "route")
"""Channels that keep goods from their users, whatever plant they come from."""
MADE = ("process", "product")
"""Kinds of nodes of which one unit goes into one product: a chip is cut from one fab's wafer and packed once."""


@dataclass(frozen=True, eq=False)
class Twins:
    """A chain whose struck suppliers are cut in two, and the shock upon it.

    Parameters
    ----------
    system
        The chain with twins; both carry the label of the supplier that they were, the struck one first.
    schedule
        The shock on its suppliers.
    origin
        Supplier of the uncut chain that each one was, shape (n',).
    struck
        Part of each supplier of the uncut chain that is struck itself or made of what is, shape (n,).
    """

    system: System
    schedule: Schedule
    origin: Ints = field(repr=False)
    struck: Floats = field(repr=False)

    @property
    def cut(self) -> bool:
        """Whether anything is cut; else the chain is the one that was given."""
        return len(self.origin) > len(self.struck)


def find_made(chain: Chain) -> frozenset[str]:
    """Return the nodes of which one unit goes into one product: processes and products.

    Materials, tools and rights go into all that a plant makes: what comes out does not follow them.

    Example
    -------
    >>> from pondasi import load_chain
    >>> made = find_made(load_chain())
    >>> "fab_dram" in made, "neon" in made
    (True, False)
    """
    nodes = chain.nodes
    return frozenset(nodes.loc[nodes["kind"].isin(MADE), "node"].astype(str))


def split_struck(system: System, schedule: Schedule, made: Collection[str], *, by: By = "product") -> Twins:
    """Cut the suppliers that a shock strikes, and what is made of them, into struck and unharmed twins (stress.9).

    Of supplier i the part ``a_i`` is struck, and ``h_i`` of it lacks an input that has no other source. With
    ``w_e`` the share of supplier e in need q of user j, ``g`` the dual-sourced share of the need and
    ``alpha`` the largest loss that a row of the shock does to plants (1 for a row that slows all alike)::

        s_qe = a_e - g (a_e - h_e)      what hangs on the plant for q: it has no other source
        a_qj = sum_e w_e s_qe           h_j = max_q a_qj        a_j = max(alpha_j, h_j)

    over needs of which one unit goes into one product. The struck twin of j holds ``a_j`` of its output,
    line and stocks: products that have no source but the struck plants, and what is struck at j itself. All
    else of what e sells is shared alike, so that of it goes::

        struck to struck       s_qe + (a_e - s_qe) b                  struck to unharmed    (a_e - s_qe) (1 - b)
        unharmed to struck     (1 - a_e) b                            b = (a_j - a_qj) / (1 - a_qj)
        unharmed to unharmed   (1 - a_e) (1 - b)

    Of the lots at risk the unharmed twin of j takes only those with a second source, which others may fill from
    the start. What the struck twin gets qualified elsewhere passes the line there before it comes.

    With ``by="plant"`` the struck twin holds all that the plant makes, as if ``s_qe = a_e``; of its products the
    part g takes from both twins of e.

    All totals stay: outputs, flows, stocks, final demand. The loss of a row falls on the struck twin,
    divided by ``a_i``. Of rows that overlap in time only the largest does; the others strike both twins,
    each its part of what still works, so that the loss of the whole is at all times that of stress.22.

    Parameters
    ----------
    system
        The chain.
    schedule
        One scenario, resolved on the labels of the chain.
    made
        Nodes of which one unit goes into one product, see `find_made`.
    by
        What the struck twin of a user holds.

    Raises
    ------
    ValueError
        If the schedule does not hold exactly one scenario.
    """
    if len(schedule) != 1:
        raise ValueError("twins are cut for one scenario at a time")
    falls, alpha, beside = _find_plants(system, schedule)
    followed = _find_followed(system, made)
    struck, alone = _follow(system, alpha, followed, by)
    both = (struck > 0) & (struck < 1)
    if not both.any():
        return Twins(system, schedule, np.arange(len(struck)), struck)
    first = np.concatenate([[0], np.cumsum(1 + both)]).astype(np.int64)
    origin = np.repeat(np.arange(len(struck)), 1 + both)
    cut = Cut(struck, alone, beside, both, first, origin)
    return Twins(divide_system(system, cut, followed, by), _aim(schedule, cut, falls), origin, struck)


def _find_plants(system: System, schedule: Schedule) -> tuple[Flags, Floats, Floats]:
    """Return which rows fall on single plants, the part of each supplier that they strike, and that of all other rows.

    Rows of one supplier that do not overlap may strike the same plants; of those that do, the largest.
    """
    falls = np.zeros(schedule.rows, dtype=bool)
    alpha, beside = np.zeros(len(system.output)), np.zeros(len(system.output))
    if not schedule.rows:
        return falls, alpha, beside
    sells = np.zeros(len(system.output), dtype=bool)
    sells[system.supplier[system.kind[system.need_of_lot] != Kind.RIGHT]] = True
    peak = np.maximum.reduceat(schedule.loss, schedule.start[:-1])
    begin = np.floor(schedule.onset / system.step)
    # What is not over at its last point stays for ever.
    lasting = schedule.loss[schedule.start[1:] - 1] > 0
    end = np.where(lasting, np.inf, np.ceil(schedule.end / system.step))
    plants = np.isin(schedule.channel, [CHANNELS.index(name) for name in PLANTS]) & (peak > 0)
    plants &= sells[schedule.supplier]
    # What slows all plants alike slows every product made there.
    falls = plants & schedule.alike & (peak >= SMALL)
    alpha[schedule.supplier[falls]] = 1.0
    taken: dict[int, list[int]] = {}
    for row in sorted(np.flatnonzero(plants & ~schedule.alike).tolist(), key=lambda r: -peak[r]):
        supplier = int(schedule.supplier[row])
        before = taken.setdefault(supplier, [])
        if all(end[row] <= begin[other] or end[other] <= begin[row] for other in before):
            before.append(row)
            falls[row] = True
            alpha[supplier] = max(alpha[supplier], peak[row])
    others = ~falls & np.isin(schedule.channel, [CHANNELS.index(name) for name in (*PLANTS, *WAYS)])
    np.maximum.at(beside, schedule.supplier[others], peak[others])
    return falls, alpha, beside


def _find_followed(system: System, made: Collection[str]) -> Flags:
    """Return the needs whose user's products follow what is taken, shape (q,).

    One unit of one variety makes one product, it binds, and the user sells to others: who gathers several
    varieties, or sells to nobody in the chain, feels the gap by stress.3. In circles all plants mix.
    """
    node = system.labels.get_level_values("node").to_numpy(dtype=object)[system.supplier[system.lot_start[:-1]]]
    sells = np.zeros(len(system.output), dtype=bool)
    sells[system.supplier] = True
    late = np.zeros(len(system.kind), dtype=bool)
    late[system.need_of_lot[system.late]] = True
    single = (system.kind == Kind.FLOW) & (system.force > 0) & (system.varieties <= 1)
    followed: Flags = single & np.isin(node, list(made)) & sells[system.user_of_need] & ~late
    return followed


def _follow(system: System, alpha: Floats, followed: Flags, by: By) -> tuple[Floats, Floats]:
    """Return the struck part of each supplier, from makers to users, and what of it hangs on inputs with no other source.

    Parts that are nearly none or all are so.
    """
    struck, alone = alpha.copy(), np.zeros(len(alpha))
    use, user = system.need_coefficient, system.user_of_need
    for begin, end in zip(system.layers[:-1], system.layers[1:], strict=True):
        here = slice(begin, end)
        needs = np.arange(system.need_start[begin], system.need_start[end])
        mine = slice(system.lot_start[system.need_start[begin]], system.lot_start[system.need_start[end]])
        of, maker = system.need_of_lot[mine], system.supplier[mine]
        lone = find_lone(struck[maker], alone[maker], system.dual[of], by)
        part = add_by(of - system.need_start[begin], system.coefficient[mine] * lone, len(needs))
        part = np.divide(part, use[needs], out=np.zeros(len(needs)), where=use[needs] > 0)
        np.maximum.at(alone, user[needs[followed[needs]]], part[followed[needs]])
        struck[here] = np.maximum(struck[here], alone[here])
        struck[here] = np.select([struck[here] < SMALL, struck[here] > 1 - SMALL], [0.0, 1.0], struck[here])
        alone[here] = np.minimum(alone[here], struck[here])
    return struck, alone


def _aim(schedule: Schedule, cut: Cut, falls: Flags) -> Schedule:
    """Return the shock on the twins: what stops plants on the struck one, in full; all else on both."""
    both = cut.both[schedule.supplier]
    count = 1 + (both & ~falls)
    row = np.repeat(np.arange(schedule.rows), count)
    second = np.zeros(len(row), dtype=bool)
    second[1:] = row[1:] == row[:-1]
    scale = np.where(both & falls, 1 / np.where(both, cut.struck[schedule.supplier], 1.0), 1.0)[row]
    points = np.diff(schedule.start)[row]
    start = np.concatenate([[0], np.cumsum(points)]).astype(np.int64)
    at = np.arange(start[-1]) - np.repeat(start[:-1] - schedule.start[:-1][row], points)
    return replace(
        schedule,
        first=np.array([0, len(row)], np.int64),
        supplier=cut.first[schedule.supplier[row]] + second,
        channel=schedule.channel[row],
        buyer=schedule.buyer[row],
        scrap=np.minimum(1.0, schedule.scrap[row] * scale),
        alike=schedule.alike[row],
        start=start,
        week=schedule.week[at],
        loss=schedule.loss[at] * np.repeat(scale, points),
    )
