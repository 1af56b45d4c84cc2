"""Divide the flows of a chain among twins of its suppliers: what hangs on a struck plant, and what does not (stress.9)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.stress.system import System, add_by

if TYPE_CHECKING:
    from pondasi.stress.system import Flags, Floats, Ints

By = Literal["product", "plant"]
"""What the struck twin of a user holds: the products whose only source is the plant, or all that the plant makes."""
DOOR = 0.001
"""Part of a need that comes from all sources even where no product has a second one: it can be qualified there."""


@dataclass(frozen=True, eq=False)
class Cut:
    """Who is cut in two, n suppliers into n' twins.

    Parameters
    ----------
    struck
        Part of each supplier that its struck twin is, shape (n,).
    alone
        What of it lacks an input that has no other source, shape (n,).
    beside
        Largest loss by what strikes both twins, shape (n,) [fraction].
    both
        Which suppliers are cut, shape (n,).
    first
        Place of the first twin of each, and at the end n', shape (n + 1,).
    origin
        Whose twin each is, shape (n',).
    """

    struck: Floats = field(repr=False)
    alone: Floats = field(repr=False)
    beside: Floats = field(repr=False)
    both: Flags = field(repr=False)
    first: Ints = field(repr=False)
    origin: Ints = field(repr=False)

    @property
    def part(self) -> Floats:
        """Part of its supplier that each twin is, shape (n',)."""
        part = np.ones(len(self.origin))
        part[self.first[:-1][self.both]] = self.struck[self.both]
        part[self.first[:-1][self.both] + 1] = 1 - self.struck[self.both]
        return part


def find_lone(struck: Floats, alone: Floats, dual: Floats, by: By) -> Floats:
    """Return the part of each maker that hangs on the struck plant for a user: what has no other source.

    Another plant is no help to what lacks an input that has no other source. By plant, it is all that is struck.

    Parameters
    ----------
    struck, alone
        Struck part of the maker, and what of it lacks an input without another source.
    dual
        Part of what the user takes that has a second source.
    by
        What a twin holds.
    """
    return struck if by == "plant" else struck - dual * (struck - alone)


def divide_system(system: System, cut: Cut, followed: Flags, by: By) -> System:
    """Return the chain with twins: four flows for one where maker and user are cut, two where one of them is.

    Parameters
    ----------
    system, cut
        The chain, and who is cut.
    followed
        Needs whose user's products follow what is taken, shape (q,).
    by
        What a twin holds.
    """
    of, i, j = system.need_of_lot, system.supplier, system.user
    here = cut.struck[i]
    share = system.coefficient / np.maximum(system.need_coefficient[of], np.finfo(float).tiny)
    # A user that is not cut takes from both twins, whatever it takes.
    follows = followed[of] & cut.both[j]
    ties = (_tie_plants if by == "plant" else _tie_products)(system, cut, follows, share)
    loose = here - ties.tied
    shares = np.concatenate(
        [
            ties.tied + loose * ties.struck,
            loose * (1 - ties.struck),
            (1 - here) * ties.unharmed,
            (1 - here) * (1 - ties.unharmed),
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
    who, part, need = cut.origin, cut.part, lot[first]
    twin = follows[need] & (user[first] == struck[j[need]])
    by_need = (
        *("kind", "force", "along", "varieties", "shared"),
        *("qualification", "wear", "repair", "refresh"),
    )
    by_supplier = ("lost", "stages", "spare", "scrap", "smoothing", "adjustment", "overtime")
    return replace(
        system,
        labels=system.labels[who],
        **{name: getattr(system, name)[who] for name in by_supplier},
        **{name: getattr(system, name)[who] * part for name in ("output", "final", "finished")},
        **{name: getattr(system, name)[of[need]] for name in by_need},
        dual=np.where(twin, ties.dual[need], ties.dual_unharmed[need]),
        lag=np.where(twin, ties.lag[need], system.lag[of[need]]),
        layers=cut.first[system.layers],
        need_start=np.searchsorted(user[first], np.arange(len(who) + 1)).astype(np.int64),
        lot_start=np.append(first, len(rows)).astype(np.int64),
        supplier=supplier,
        user=user,
        late=system.late[lot],
        coefficient=system.coefficient[lot] * shares / part[user],
        target=system.target[lot] * shares,
    )


@dataclass(frozen=True, eq=False)
class _Ties:
    """How the twins of a maker and of a user share a lot, shape (m,).

    Parameters
    ----------
    tied
        What of the maker's struck twin is tied to that of the user.
    struck, unharmed
        Of all else of the maker's struck and unharmed twin the part that the user's struck twin takes.
    dual, dual_unharmed
        Part of the need that others may fill, in the user's struck and unharmed twin.
    lag
        Steps until a new source can deliver to the user's struck twin.
    """

    tied: Floats
    struck: Floats
    unharmed: Floats
    dual: Floats
    dual_unharmed: Floats
    lag: Floats


def _tie_products(system: System, cut: Cut, follows: Flags, share: Floats) -> _Ties:
    """Tie what has no other source; all else is shared alike by both twins of the user.

    What others may fill is, of what may be missing, that with a second source. What another plant makes for the
    first time passes its whole line first.
    """
    of, count = system.need_of_lot, len(system.kind)
    here, there, dual = cut.struck[system.supplier], cut.struck[system.user], system.dual[of]
    lone = find_lone(here, cut.alone[system.supplier], dual, "product")

    def add(values: Floats) -> Floats:
        return add_by(of, share * values, count)[of]

    tied = np.where(follows, lone * (1 - np.where(np.isinf(system.qualification[of]), 0.0, DOOR)), 0.0)
    gone = np.minimum(1.0, add(tied))
    rest = _divided(there - gone, 1 - gone)
    twice, beside = add(here - lone), add(cut.beside[system.supplier])
    able, risk, single = twice + dual * beside, twice + beside, add(lone)
    second = np.divide(able * rest, single + risk * rest, out=dual.copy(), where=follows & (single + risk * rest > 0))
    unharmed = np.divide(able, risk, out=dual.copy(), where=follows & (risk > 0))
    whole, line = add(1 - here), add((1 - here) * system.stages[system.supplier])
    # Whole steps, so that rounding of a mean moves nothing by a step.
    late = np.round(np.divide(line, whole, out=np.zeros(len(whole)), where=whole > 0))
    return _Ties(tied, rest, rest, second, unharmed, system.lag[of] + late)


def _tie_plants(system: System, cut: Cut, follows: Flags, share: Floats) -> _Ties:
    """Tie all that the plant makes; products with a second source take from both twins of the maker."""
    of, dual = system.need_of_lot, system.dual[system.need_of_lot]
    here, there = cut.struck[system.supplier], cut.struck[system.user]
    need = np.minimum(1.0, add_by(of, share * here, len(system.kind)))[of]
    door = np.where(np.isinf(system.qualification), system.dual, np.maximum(system.dual, DOOR))[of]
    pooled = np.where(follows, door, 1.0)
    beyond = _divided(there - need, 1 - need)
    second = np.divide(dual * there, 1 - dual + dual * there, out=dual.copy(), where=follows)
    return _Ties(here * (1 - pooled), there, (1 - pooled) * beyond + pooled * there, second, dual, system.lag[of])


def _divided(part: Floats, whole: Floats) -> Floats:
    """Return part / whole between 0 and 1, one where the whole is nothing."""
    return np.clip(np.divide(part, whole, out=np.ones(len(whole)), where=whole > 0), 0.0, 1.0)
