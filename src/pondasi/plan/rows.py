"""Rows of one kind, with labels, and how the families of `pondasi.plan.strategy` write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Vector, Whole


@dataclass(frozen=True, eq=False)
class Family:
    """Rows of one kind: ``lower <= matrix x <= upper``.

    Parameters
    ----------
    name
        Of the family; with a row's label it names a limit.
    labels
        What each row is about, as indices.
    relax
        What a slack of 1 does to each row: +1 loosens the upper end, -1 the lower, 0 nobody set this limit.
    """

    name: str
    matrix: sparse.csr_array = field(repr=False)
    lower: Vector = field(repr=False)
    upper: Vector = field(repr=False)
    labels: tuple[tuple[int, ...], ...] = field(repr=False, default=())
    relax: int = 0


class Rows:
    """Collects the entries of a family, and makes it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.parts: list[tuple[Whole, Whole, Vector]] = []

    def add(self, row: Whole, column: Whole, value: Vector | float) -> None:
        """Put values at rows and columns, all broadcast against each other; what stands at the same place adds up."""
        row, column, value = np.broadcast_arrays(row, column, np.asarray(value, dtype=float))
        self.parts.append((row.ravel(), column.ravel(), value.ravel()))

    def make(
        self,
        name: str,
        number: int,
        *,
        lower: Vector | float = -np.inf,
        upper: Vector | float = np.inf,
        labels: Sequence[tuple[int, ...]] = (),
        relax: int = 0,
    ) -> Family:
        """Return the family of so many rows, with one end for all rows or one each."""
        empty = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))
        row, column, value = (np.concatenate(part) for part in zip(empty, *self.parts, strict=True))
        matrix = sparse.csr_array(sparse.coo_array((value, (row, column)), shape=(number, self.layout.columns)))
        matrix.eliminate_zeros()
        ends = [np.broadcast_to(np.asarray(end, dtype=float), number).copy() for end in (lower, upper)]
        return Family(name, matrix, ends[0], ends[1], tuple(labels), relax)


def carry_over(rows: Rows, layout: Layout, block: str, number: int) -> None:
    """Write ``block_in - block_i,parent`` into row (i, n)."""
    tree = layout.problem.tree
    i, n = np.indices((number, len(tree)))
    rows.add(i * len(tree) + n, layout.at(block, i, n), 1.0)
    later = tree.parent[n] >= 0
    rows.add((i * len(tree) + n)[later], layout.at(block, i[later], tree.parent[n[later]]), -1.0)


def label_grid(first: int, second: int) -> list[tuple[int, ...]]:
    """Return the labels (i, n) of a family that has a row for every i and node."""
    return [(a, b) for a in range(first) for b in range(second)]
