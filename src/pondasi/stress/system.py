"""What the weekly engine needs of a chain: suppliers, lots, needs, lines; all amounts are per step.

A *supplier* is a node in a country. A *lot* is what one user holds from one supplier. A *need* is all that
one user takes from one node: its lots stand side by side. Suppliers are ordered in layers, makers before
their users; lots by user, then need, so that a layer's users, needs and lots are slices.

::

    suppliers  | layer 0 | layer 1 |   ...
    needs      |  of the users of layer 1  | ...      need_start[j] : need_start[j + 1]
    lots       |  of each need             | ...      lot_start[q] : lot_start[q + 1]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class Kind(IntEnum):
    """How a need acts on its user."""

    FLOW = 0
    """Used up by the output (flow): binds as soon as the lots are gone."""
    SERVICE = 1
    """Spares and service of a tool: without them capacity wears."""
    RIGHT = 2
    """Licences and designs: without them the range of products ages."""


@dataclass(frozen=True, eq=False)
class System:
    """A chain as arrays: n suppliers, m lots, q needs; money is USD, time is steps of ``step`` weeks.

    Parameters
    ----------
    labels
        Node and country of each supplier, in the order of the arrays, length n.
    step
        Length of a step [weeks].
    output, final
        Base output and final demand, shape (n,) [USD/step].
    lost
        Part of unmet final demand that is lost each step instead of waiting, shape (n,).
    stages
        Steps that a unit spends on the line, shape (n,); 0 = made and shipped in the same step.
    finished
        Finished goods that the maker wants to hold, shape (n,) [USD].
    spare
        Extra output over base output that can be reached in a shortage, shape (n,).
    scrap
        Part of the line's content that an uncontrolled stop ruins, shape (n,).
    smoothing
        Steps over which a maker averages its need, shape (n,).
    adjustment
        Steps over which stocks and backlogs are brought back, shape (n,).
    overtime
        Steps in which extra output is reached and given up, shape (n,).
    layers
        First supplier of each layer and, at the end, n.
    need_start, lot_start
        First need of each supplier, shape (n + 1,), first lot of each need, shape (q + 1,).
    supplier, user
        Supplier and user of each lot, shape (m,).
    late
        Lots that arrive for the next step: their maker does not stand in an earlier layer than the user.
    coefficient
        A of each lot, USD of it per USD of the user's output, shape (m,).
    target
        Stock that the user wants to hold of each lot, shape (m,) [USD].
    kind, force
        Of each need: how it acts, and how strongly (critical 1, important 1/2, marginal 0), shape (q,).
    along
        Needs that enter all along the line (gases, resists) instead of at its start, shape (q,).
    dual
        Part of the lots that others may fill from the start, shape (q,).
    varieties
        Single-sourced varieties that one product needs, shape (q,).
    shared
        Part of a lot that any line of the user may use, shape (q,): 1 = one good, 0 = as many goods as products.
    qualification
        Steps to qualify other sources, shape (q,).
    wear, repair
        Wear of capacity per step without service, and steps in which it is undone, shape (q,).
    refresh, lag
        Part of designs renewed per step, and steps until a stop of rights is felt; of goods, steps in which a lot
        must be owed before another source that is being qualified can deliver, shape (q,).
    urgency
        Need of so many steps in backlog counts as half short: when a user looks for other sources.
    for_sale
        Part of a maker's finished goods that buyers of other makers may order.
    """

    labels: pd.MultiIndex
    step: float
    output: Floats = field(repr=False)
    final: Floats = field(repr=False)
    lost: Floats = field(repr=False)
    stages: Ints = field(repr=False)
    finished: Floats = field(repr=False)
    spare: Floats = field(repr=False)
    scrap: Floats = field(repr=False)
    smoothing: Floats = field(repr=False)
    adjustment: Floats = field(repr=False)
    overtime: Floats = field(repr=False)
    layers: Ints = field(repr=False)
    need_start: Ints = field(repr=False)
    lot_start: Ints = field(repr=False)
    supplier: Ints = field(repr=False)
    user: Ints = field(repr=False)
    late: Flags = field(repr=False)
    coefficient: Floats = field(repr=False)
    target: Floats = field(repr=False)
    kind: Ints = field(repr=False)
    force: Floats = field(repr=False)
    along: Flags = field(repr=False)
    dual: Floats = field(repr=False)
    varieties: Floats = field(repr=False)
    shared: Floats = field(repr=False)
    qualification: Floats = field(repr=False)
    wear: Floats = field(repr=False)
    repair: Floats = field(repr=False)
    refresh: Floats = field(repr=False)
    lag: Floats = field(repr=False)
    urgency: float = 1.0
    for_sale: float = 1.0

    @property
    def stage_start(self) -> Ints:
        """First stage of each supplier's line in the array of all lines, shape (n + 1,)."""
        return np.concatenate([[0], np.cumsum(self.stages)])

    @property
    def need_of_lot(self) -> Ints:
        """Need of each lot, shape (m,)."""
        return np.repeat(np.arange(len(self.kind)), np.diff(self.lot_start))

    @property
    def user_of_need(self) -> Ints:
        """User of each need, shape (q,)."""
        return np.repeat(np.arange(len(self.output)), np.diff(self.need_start))

    @property
    def need_coefficient(self) -> Floats:
        """A of each need: the sum over its lots, shape (q,)."""
        return add_by(self.need_of_lot, self.coefficient, len(self.kind))

    def __str__(self) -> str:
        """Say what the system holds, as a sentence."""
        return (
            f"System: {len(self.output)} suppliers in {len(self.layers) - 1} layers, {len(self.supplier)} lots, "
            f"{int(self.stages.sum())} stages, steps of {self.step:g} weeks"
        )


def add_by(index: Ints, values: Floats, size: int) -> Floats:
    """Return the sums of values by index, shape (size,).

    Example
    -------
    >>> add_by(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [1.0, 0.0, 5.0]
    """
    return np.bincount(index, values, size).astype(np.float64, copy=False)


def find_layers(edges: sparse.csr_array) -> Ints:
    """Return the layer of each supplier: makers in earlier layers than their users, circles in one layer.

    Parameters
    ----------
    edges
        Shape (n, n); ``edges[i, j]`` is not zero where j takes from i.

    Example
    -------
    >>> find_layers(sparse.csr_array(np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0]]))).tolist()
    [0, 1, 1]
    """
    n = edges.shape[0]
    count, part = sparse.csgraph.connected_components(edges, connection="strong")
    pairs = sparse.coo_array(edges)
    ends = part[pairs.coords[0]], part[pairs.coords[1]]
    above = sparse.csr_array(sparse.coo_array((np.ones(pairs.nnz), ends), shape=(count, count)))
    above.setdiag(0)
    above.eliminate_zeros()
    layer, waiting = np.zeros(count, dtype=np.int64), np.bincount(above.indices, minlength=count)
    ready = np.flatnonzero(waiting == 0)
    while len(ready):
        following: list[int] = []
        for i in ready:
            for j in above.indices[above.indptr[i] : above.indptr[i + 1]]:
                layer[j] = max(layer[j], layer[i] + 1)
                waiting[j] -= 1
                if waiting[j] == 0:
                    following.append(int(j))
        ready = np.array(following, dtype=np.int64)
    return layer[part] if n else np.zeros(0, dtype=np.int64)
