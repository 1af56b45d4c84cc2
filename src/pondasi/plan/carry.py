"""Decisions of one problem read as decisions of another: other starts on offer, or another tree of the same years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Vector, Whole

TAKEN = 0.5
"""A start above this is one: whole starts are 0 or 1 up to the rounding of the solver."""
BY_START, BY_YEAR = ("z", "size"), ("threshold",)
"""Blocks that count starts, and years; all others end in the nodes of the tree."""


def move_plan(x: Vector, source: Layout, target: Layout, nodes: Whole | None = None) -> tuple[Vector, int]:
    """Return the decisions of a plan in another problem of the same options, and how many starts had no place there.

    Parameters
    ----------
    x
        All variables in the order of ``source``.
    nodes
        Node of the source that each node of the target stands for, shape (N of the target,); the same by default.

    Returns
    -------
    All variables in the order of ``target``. Limits are not looked at: where years or limits differ, the plan may not
    keep them. A start without a place is left out.
    """
    number = len(target.problem.tree)
    nodes = np.arange(number) if nodes is None else nodes
    found = np.zeros(target.columns)
    for block in source.first:
        if block in BY_START or 0 in {*source.shapes[block], *target.shapes[block]}:
            continue
        values = source.read(x, block)
        values = values if block in BY_YEAR else values[..., nodes]
        found[target.first[block] : target.first[block] + values.size] = values.ravel()
    option, node = target.starts
    shape = len(source.problem.options), len(source.problem.tree)
    taken = np.zeros(shape, dtype=bool)
    taken[source.starts] = source.read(x, "z") > TAKEN
    here = taken[option, nodes[node]]
    for block in BY_START:
        table = np.zeros(shape)
        table[source.starts] = source.read(x, block)
        found[target.at(block, np.flatnonzero(here))] = table[option, nodes[node]][here]
    return found, int(taken[:, nodes].sum() - here.sum())
