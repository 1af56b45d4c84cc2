"""Decisions of one problem read as decisions of another that offers other starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Vector

TAKEN = 0.5
"""A start above this is one: whole starts are 0 or 1 up to the rounding of the solver."""


def carry_over(x: Vector, source: Layout, target: Layout) -> Vector | None:
    """Return the decisions of a plan where starts stand elsewhere; None if one that it takes is not offered there.

    Both problems have the same steps, options and tree, so that only the blocks of starts differ.

    Parameters
    ----------
    x
        All variables in the order of ``source``.

    Returns
    -------
    All variables in the order of ``target``.
    """
    nodes = len(source.problem.tree)
    was, now = (option * nodes + node for option, node in (source.starts, target.starts))
    taken = np.flatnonzero(source.read(x, "z") > TAKEN)
    if not np.isin(was[taken], now).all():
        return None
    place = np.searchsorted(now, was[taken])
    found = np.zeros(target.columns)
    for block in source.first:
        if block not in {"z", "size"}:
            found[target.first[block] : target.first[block] + source.read(x, block).size] = source.read(
                x, block
            ).ravel()
    for block in ("z", "size"):
        found[target.at(block, place)] = source.read(x, block)[taken]
    return found
