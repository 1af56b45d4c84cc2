"""What a stress test of one country looks at: its user industries, the world's, and the chips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.stress.kernel import DELIVERED, FREE, MET, OWED, SENT, SHIPPED
from pondasi.stress.system import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.stress.lanes import Watch
    from pondasi.stress.system import Floats, Ints, System

HOME, WORLD = "home", "world"
"""Whose output a watch is about."""


@dataclass(frozen=True, eq=False)
class Watches:
    """Weighted sums that a run records, step by step.

    Parameters
    ----------
    names
        Of each watch, length k.
    what
        `DELIVERED`, `SHIPPED`, `SENT`, `OWED` or `FREE` (weights over suppliers) or `MET` (weights over needs), shape
        (k,).
    members, weights
        What each watch sums up, and with what weight; k arrays.
    """

    names: tuple[str, ...]
    what: Ints = field(repr=False)
    members: tuple[Ints, ...] = field(repr=False)
    weights: tuple[Floats, ...] = field(repr=False)

    def base(self, system: System) -> Floats:
        """Return what each watch records in a step that nothing hits, shape (k,) [USD/step, or fraction]."""
        source = {
            DELIVERED: system.final,
            SHIPPED: system.output,
            SENT: system.output,
            MET: np.ones(len(system.kind)),
            OWED: np.zeros(len(system.output)),
            FREE: system.output * system.spare + system.for_sale * system.finished / system.adjustment,
        }
        sums = [
            float(source[int(what)][members] @ weights)
            for what, members, weights in zip(self.what, self.members, self.weights, strict=True)
        ]
        return np.array(sums)

    def first(self, count: int) -> Watches:
        """Return the first watches alone."""
        return Watches(self.names[:count], self.what[:count], self.members[:count], self.weights[:count])

    def compile(self) -> Watch:
        """Return the watches as the kernel reads them."""
        from pondasi.stress.lanes import Watch

        start = np.concatenate([[0], np.cumsum([len(members) for members in self.members])]).astype(np.int64)
        members = np.concatenate([*self.members, np.zeros(0, np.int64)]).astype(np.int64)
        return Watch(start, members, np.concatenate([*self.weights, np.zeros(0)]), self.what.astype(np.int64))


def watch_suppliers(rows: Sequence[tuple[str, int, np.ndarray]]) -> Watches:
    """Return watches from (name, what, flags over suppliers or needs), all of weight one."""
    members = tuple(np.flatnonzero(flags) for _, _, flags in rows)
    return Watches(
        names=tuple(name for name, _, _ in rows),
        what=np.array([what for _, what, _ in rows], dtype=np.int64),
        members=members,
        weights=tuple(np.ones(len(part)) for part in members),
    )


def watch_country(system: System, users: Sequence[str], home: str) -> Watches:
    """Return what a stress test of a country records.

    - ``home/use_x``: output of a user industry of the country, and ``home`` all of them; ``world/use_x`` and
      ``world`` the same of the world [USD/step];
    - ``chips/node``: chips of a class that are made in the world [USD/step];
    - ``short/use_x/node``: part of the need of a home industry for a class of chips that is met [fraction].
    """
    nodes, countries = (system.labels.get_level_values(level).to_numpy(dtype=object) for level in ("node", "country"))
    user = np.isin(nodes, users)
    here = user & (countries == home)
    rows: list[tuple[str, int, np.ndarray]] = [(HOME, DELIVERED, here), (WORLD, DELIVERED, user)]
    rows += [(f"{HOME}/{name}", DELIVERED, here & (nodes == name)) for name in users if (here & (nodes == name)).any()]
    rows += [(f"{WORLD}/{name}", DELIVERED, nodes == name) for name in users]
    goods = (system.kind == Kind.FLOW) & here[system.user_of_need]
    taken = nodes[system.supplier[system.lot_start[:-1]]]
    rows += [
        (f"chips/{name}", SHIPPED, nodes == name)
        for name in sorted(set(taken[(system.kind == Kind.FLOW) & user[system.user_of_need]]))
    ]
    for need in np.flatnonzero(goods):
        flags = np.zeros(len(system.kind), dtype=bool)
        flags[need] = True
        rows.append((f"short/{nodes[system.user_of_need[need]]}/{taken[need]}", MET, flags))
    return watch_suppliers(rows)
