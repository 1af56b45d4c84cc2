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

from pondasi.stress.shocks import CHANNELS
from pondasi.stress.system import Kind, System, add_by

if TYPE_CHECKING:
    from collections.abc import Collection

    from pondasi.chain.records import Chain
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.system import Flags, Floats, Ints

SMALL = 0.005
"""A twin of less than this part of a supplier is not cut off: half of the loss that counts as visible (stress.12)."""
DOOR = 0.001
"""Part of a need that comes from all sources even where no product has a second one: it can be qualified there."""
PLANTS = ("starts", "line")
"""Channels that stop plants. Doors, routes, rights, service and demand concern all plants alike."""
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


def split_struck(system: System, schedule: Schedule, made: Collection[str]) -> Twins:
    """Cut the suppliers that a shock strikes, and what is made of them, into struck and unharmed twins (stress.9).

    Of supplier i the part ``a_i`` is struck: the largest loss that a row of the shock does to its plants, or
    more where more of an input is struck. With ``w_e`` the share of supplier e in need q of user j::

        a_qj = sum_e w_e a_e            a_j = max(alpha_j, max_q a_qj)

    over needs of which one unit goes into one product. The struck twin of j holds ``a_j`` of its output,
    line and stocks. What it takes: the part ``1 - g`` of products with a single source (g the dual-sourced
    share of the need) follows the plant, the rest comes from both twins in proportion, so that of what e
    sells to j::

        struck to struck       a_e (1 - g + g a_j)                    struck to unharmed    a_e g (1 - a_j)
        unharmed to struck     (1 - a_e) ((1 - g) b + g a_j)          b = (a_j - a_qj) / (1 - a_qj)
        unharmed to unharmed   (1 - a_e) ((1 - g) (1 - b) + g (1 - a_j))

    Of what the struck twin of j takes from struck makers, ``g a_j`` in ``1 - g + g a_j`` belongs to products
    with a second source: that part others may fill from the start, so that of all of j's products, as
    before, ``(1 - g) a_qj`` have no other source.

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

    Raises
    ------
    ValueError
        If the schedule does not hold exactly one scenario.
    """
    if len(schedule) != 1:
        raise ValueError("twins are cut for one scenario at a time")
    falls, alpha = _find_plants(system, schedule)
    followed = _find_followed(system, made)
    struck = _follow(system, alpha, followed)
    both = (struck > 0) & (struck < 1)
    if not both.any():
        return Twins(system, schedule, np.arange(len(struck)), struck)
    first = np.concatenate([[0], np.cumsum(1 + both)]).astype(np.int64)
    origin = np.repeat(np.arange(len(struck)), 1 + both)
    cut = _Cut(struck, both, first, origin)
    return Twins(_divide(system, cut, followed), _aim(schedule, cut, falls), origin, struck)


@dataclass(frozen=True, eq=False)
class _Cut:
    """Who is cut in two: struck parts, flags, place of the first twin (n + 1), and whose twin each is (n')."""

    struck: Floats
    both: Flags
    first: Ints
    origin: Ints

    @property
    def part(self) -> Floats:
        """Part of its supplier that each twin is, shape (n',)."""
        part = np.ones(len(self.origin))
        part[self.first[:-1][self.both]] = self.struck[self.both]
        part[self.first[:-1][self.both] + 1] = 1 - self.struck[self.both]
        return part


def _find_plants(system: System, schedule: Schedule) -> tuple[Flags, Floats]:
    """Return which rows fall on single plants, and the part of each supplier that they strike.

    Rows of one supplier that do not overlap may strike the same plants; of those that do, the largest.
    """
    falls, alpha = np.zeros(schedule.rows, dtype=bool), np.zeros(len(system.output))
    if not schedule.rows:
        return falls, alpha
    sells = np.zeros(len(system.output), dtype=bool)
    sells[system.supplier[system.kind[system.need_of_lot] != Kind.RIGHT]] = True
    peak = np.maximum.reduceat(schedule.loss, schedule.start[:-1])
    begin = np.floor(schedule.onset / system.step)
    # What is not over at its last point stays for ever.
    lasting = schedule.loss[schedule.start[1:] - 1] > 0
    end = np.where(lasting, np.inf, np.ceil(schedule.end / system.step))
    plants = np.isin(schedule.channel, [CHANNELS.index(name) for name in PLANTS]) & (peak > 0)
    taken: dict[int, list[int]] = {}
    for row in sorted(np.flatnonzero(plants & sells[schedule.supplier]).tolist(), key=lambda r: -peak[r]):
        supplier = int(schedule.supplier[row])
        others = taken.setdefault(supplier, [])
        if all(end[row] <= begin[other] or end[other] <= begin[row] for other in others):
            others.append(row)
            falls[row] = True
            alpha[supplier] = max(alpha[supplier], peak[row])
    return falls, alpha


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


def _follow(system: System, alpha: Floats, followed: Flags) -> Floats:
    """Return the struck part of each supplier, from makers to users; parts that are nearly none or all are so."""
    struck = alpha.copy()
    use, user = system.need_coefficient, system.user_of_need
    for begin, end in zip(system.layers[:-1], system.layers[1:], strict=True):
        here = slice(begin, end)
        needs = np.arange(system.need_start[begin], system.need_start[end])
        mine = slice(system.lot_start[system.need_start[begin]], system.lot_start[system.need_start[end]])
        of = system.need_of_lot[mine] - system.need_start[begin]
        part = add_by(of, system.coefficient[mine] * struck[system.supplier[mine]], len(needs))
        part = np.divide(part, use[needs], out=np.zeros(len(needs)), where=use[needs] > 0)
        np.maximum.at(struck, user[needs[followed[needs]]], part[followed[needs]])
        struck[here] = np.select([struck[here] < SMALL, struck[here] > 1 - SMALL], [0.0, 1.0], struck[here])
    return struck


def _divide(system: System, cut: _Cut, followed: Flags) -> System:
    """Return the chain with twins: four flows for one where maker and user are cut, two where one of them is."""
    of, i, j = system.need_of_lot, system.supplier, system.user
    here, there = cut.struck[i], cut.struck[j]
    share = system.coefficient / np.maximum(system.need_coefficient[of], np.finfo(float).tiny)
    need = np.minimum(1.0, add_by(of, share * here, len(system.kind)))[of]
    # A user that is not cut takes from both twins, whatever it takes.
    follows = followed[of] & cut.both[j]
    door = np.where(np.isinf(system.qualification), system.dual, np.maximum(system.dual, DOOR))[of]
    pooled = np.where(follows, door, 1.0)
    beyond = np.clip(np.divide(there - need, 1 - need, out=np.ones(len(need)), where=need < 1), 0.0, 1.0)
    shares = np.concatenate(
        [
            here * (1 - pooled + pooled * there),
            here * pooled * (1 - there),
            (1 - here) * ((1 - pooled) * beyond + pooled * there),
            (1 - here) * ((1 - pooled) * (1 - beyond) + pooled * (1 - there)),
        ]
    )
    struck, unharmed = cut.first[:-1], cut.first[:-1] + cut.both
    supplier = np.concatenate([struck[i], struck[i], unharmed[i], unharmed[i]])
    user = np.concatenate([struck[j], unharmed[j], struck[j], unharmed[j]])
    lot = np.tile(np.arange(len(i)), 4)
    kept = np.flatnonzero(shares > 0)
    rows = kept[np.lexsort((supplier[kept], of[lot[kept]], user[kept]))]
    supplier, user, lot, shares = supplier[rows], user[rows], lot[rows], shares[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (user[1:] != user[:-1]) | (of[lot[1:]] != of[lot[:-1]])
    first = np.flatnonzero(new)
    who, part = cut.origin, cut.part
    dual = system.dual[of]
    second = np.divide(dual * there, 1 - dual + dual * there, out=dual.copy(), where=follows)
    twin = follows[lot[first]] & (user[first] == struck[j[lot[first]]])
    dual = np.where(twin, second[lot[first]], dual[lot[first]])
    by_need = ("kind", "force", "along", "varieties", "qualification", "wear", "repair", "refresh", "lag")
    by_supplier = ("lost", "stages", "spare", "scrap", "smoothing", "adjustment", "overtime")
    return replace(
        system,
        labels=system.labels[who],
        **{name: getattr(system, name)[who] for name in by_supplier},
        **{name: getattr(system, name)[who] * part for name in ("output", "final", "finished")},
        **{name: getattr(system, name)[of[lot[first]]] for name in by_need},
        dual=dual,
        layers=cut.first[system.layers],
        need_start=np.searchsorted(user[first], np.arange(len(who) + 1)).astype(np.int64),
        lot_start=np.append(first, len(rows)).astype(np.int64),
        supplier=supplier,
        user=user,
        late=system.late[lot],
        coefficient=system.coefficient[lot] * shares / part[user],
        target=system.target[lot] * shares,
    )


def _aim(schedule: Schedule, cut: _Cut, falls: Flags) -> Schedule:
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
        start=start,
        week=schedule.week[at],
        loss=schedule.loss[at] * np.repeat(scale, points),
    )
