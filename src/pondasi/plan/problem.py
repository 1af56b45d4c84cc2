"""The planning problem as arrays with labels: what every part of the plan is computed from.

A `PlanProblem` is made from a case by `pondasi.plan.build`, or drawn at random by tests. Letters: tree nodes
``n = 0..N-1`` (one per future and year), steps ``j``, options ``o`` (a step with one partner, or alone),
purses ``p`` (who pays), skills ``k``, domains ``d`` of knowledge, resources ``r`` (power, water, emissions), scenarios ``s``.
Money is USD of constant prices; sizes are in modules of a step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pondasi.plan.targets import Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Whole = NDArray[np.intp]

Risk = Literal["cost", "loss"]
ALONE = -1
"""Partner of an option that needs none."""


@dataclass(frozen=True, eq=False)
class Tree:
    """How the world may turn out: nodes in years, each but the first with one parent a year earlier.

    Parameters
    ----------
    year
        Year of each node, shape (N,); parents come before their children.
    parent
        Index of the parent, -1 for the root, shape (N,).
    probability
        Shape (N,); of a year's nodes they add up to 1.
    names
        What has turned out by then, shape (N,): ids of branches joined by ``/``.

    Example
    -------
    >>> tree = Tree(np.array([2026, 2027, 2027]), np.array([-1, 0, 0]), np.array([1.0, 0.4, 0.6]), ("", "low", "high"))
    >>> tree.path(2).tolist(), tree.leaves.tolist()
    ([0, 2], [1, 2])
    """

    year: Whole
    parent: Whole
    probability: Vector
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.year)

    def path(self, node: int) -> Whole:
        """Return the nodes from the root to ``node``, both included."""
        found = [node]
        while (above := int(self.parent[found[-1]])) >= 0:
            found.append(above)
        return np.array(found[::-1])

    @cached_property
    def above(self) -> Mask:
        """``above[n, a]``: node a lies on the path to n, or is n; shape (N, N)."""
        table = np.eye(len(self), dtype=bool)
        for node in range(1, len(self)):
            table[node] |= table[self.parent[node]]
        return table

    @cached_property
    def leaves(self) -> Whole:
        """Nodes without children."""
        return np.setdiff1d(np.arange(len(self)), self.parent)

    @property
    def years(self) -> Whole:
        """Years of the plan, in order."""
        return np.unique(self.year)

    @cached_property
    def gates(self) -> Whole:
        """Nodes after which the world may turn out in more than one way."""
        return np.flatnonzero(np.bincount(self.parent[1:], minlength=len(self)) > 1)


@dataclass(frozen=True, eq=False)
class Options:
    """What may be started: a step with one partner, or alone. Everything is per module of size.

    Ages count full years since the start; arrays over ages have one column for every age up to the horizon.

    Parameters
    ----------
    step, partner
        Index of the step, and of the partner or `ALONE`, shape (O,).
    open
        Whether an option may start in a node, shape (O, N): the step is in the menu and the partner is there.
    size_min, size_max
        Modules, shape (O,); equal for a step that is taken whole or not at all.
    lead
        Years from the start to the first output, shape (O,).
    run
        Share of the full effect at an age, in [0, 1], shape (O, A); zero before ``lead``.
    cash
        What must be paid at an age [USD per module], shape (O, A).
    charge
        What the year costs the country at an age [USD per module], shape (O, A): annuities of what was spent
        and running costs that do not stand in the operations.
    cost_factor
        By which money is multiplied in a node, shape (O, N).
    purse_share
        Who pays, shape (O, P); rows add up to at most 1, the rest is paid from outside all limits.
    room
        Part of a purse's share that the borrower may pay in its stead, shape (O, P); None for no part of any.
    people, people_building
        Skilled people needed at full run, and while it is built, shapes (O, K).
    trains
        Graduates of a skill at an age [people per year], shape (O, K, A).
    use
        Resources at full run, shape (O, R, N) or (O, R, 1); below zero where a step relieves a limit.
    gain
        ``-ln(1 - gain)`` by which a running module cuts the distance to partner practice each year, shape (O, D).
    distance_max
        Log distance up to which the option may start, shape (O, D); infinite without a limit.
    access
        Access to the supply of a country that it brings at full run, shape (O, C).
    success
        Probability that it works, as seen in a node, shape (O, N).
    output_factor
        By which its output is multiplied in a node, shape (O, N).
    """

    step: Whole
    partner: Whole
    open: Mask
    size_min: Vector
    size_max: Vector
    lead: Whole
    run: Matrix
    cash: Matrix
    charge: Matrix
    cost_factor: Matrix
    purse_share: Matrix
    people: Matrix
    people_building: Matrix
    trains: NDArray[np.float64]
    use: NDArray[np.float64]
    gain: Matrix
    distance_max: Matrix
    access: Matrix
    success: Matrix
    output_factor: Matrix
    room: Matrix | None = None

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True, eq=False)
class Menu:
    """What holds for steps whoever the partner is.

    Parameters
    ----------
    earliest, latest
        First and last year of a start, shape (J,).
    must
        Whether the step must be started by ``latest`` on every path, shape (J,): what is committed.
    before, together
        Pairs (step, needed step): the needed one runs before the step starts; or when its output begins.
    excludes
        Pairs of steps of which one at most is taken.
    """

    earliest: Whole
    latest: Whole
    must: Mask
    before: tuple[tuple[int, int], ...] = ()
    together: tuple[tuple[int, int], ...] = ()
    excludes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Limits:
    """What there is: money, people, knowledge, resources.

    Parameters
    ----------
    budget
        Money of a purse in a node [USD per year], shape (P, N).
    carry
        Whether what is left of a purse may be used later, shape (P,).
    borrower
        Index of the purse that loans go to and are repaid from, or -1 for no loans.
    loan
        New loans at most in a node [USD per year], shape (N,).
    repay
        What a loan of 1 costs at each age [USD], shape (A,).
    stock, loss, inflow
        Skilled people before the first year, shape (K,); share lost in a year, shape (K,); people who
        come without any step, shape (K, N).
    resource
        Limit of a resource, shape (R, N).
    distance, drift
        Log distance to partner practice before the first year, shape (D,), and its yearly growth, shape (D,).
    access
        Access to a country's supply without any step, shape (C,).
    """

    budget: Matrix
    carry: Mask
    borrower: int
    loan: Vector
    repay: Vector
    stock: Vector
    loss: Vector
    inflow: Matrix
    resource: Matrix
    distance: Vector
    drift: Vector
    access: Vector


@dataclass(frozen=True, eq=False)
class Operations:
    """One year of the chain as a linear programme whose bounds alone differ between nodes and scenarios.

    ``min cost y`` with ``matrix y >= rhs`` and ``0 <= y <= upper`` (plan.20), where, with ``g = growth[:, n]``
    and inputs ``w = (running options, access)``::

        rhs[i]   = (need @ g)[i] row_weight[i, s]
        upper[c] = g[column_growth[c]] base[c, s]
                 + sum over entries e of column c:  g[entry_growth[e]] coefficient[e, s] works[e, s, n] w[entry_input[e]]

    ``works`` is 1 for access; for an option it is ``output_factor`` where the level drawn for its step lies
    below its probability of success, else 0.

    Parameters
    ----------
    cost
        Shape (columns,) [USD per unit].
    matrix
        Shape (rows, columns).
    need, row_weight
        Shapes (rows, classes of growth) and (rows, S).
    growth
        Shape (classes, N); the first class is 1 everywhere.
    base, column_growth
        Shapes (columns, S) and (columns,).
    entry_column, entry_input, entry_growth, coefficient
        Shapes (E,), (E,), (E,) and (E, S).
    levels
        Uniform draw of each step in each scenario, shape (J, S).
    weight
        Probability of each scenario, shape (S,).
    loss
        What each column adds to the loss of the year [USD per unit], shape (columns,).
    excess
        Column and row that hold the loss above a threshold (`Risk` "loss"), or -1 and -1.
    parts
        What users at home need of each row's node [USD per year], by class of growth, shape (rows, classes): like ``need``, but
        a chip that can be joined at home counts as the parts that go into it (plan.85).
    row_labels, column_labels
        What the rows and columns are: (block, node) and (block, kind, name).
    """

    cost: Vector
    matrix: sparse.csr_array
    need: Matrix
    row_weight: Matrix
    growth: Matrix
    base: Matrix
    column_growth: Whole
    entry_column: Whole
    entry_input: Whole
    entry_growth: Whole
    coefficient: Matrix
    levels: Matrix
    weight: Vector
    loss: Vector
    excess: tuple[int, int] = (-1, -1)
    parts: Matrix = field(default_factory=lambda: np.zeros((0, 0)))
    row_labels: tuple[tuple[str, ...], ...] = ()
    column_labels: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Labels:
    """Names for what the arrays count."""

    steps: tuple[str, ...]
    partners: tuple[str, ...] = ()
    purses: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quota:
    """What a plan may have at most of something that operations make of it (plan.84).

    Parameters
    ----------
    kind
        ``risk``: what the plan costs if every year is one of its worst (plan.86); ``lack``: what users at home need and plants at home
        cannot make (plan.85).
    level
        At most, over all nodes [million USD].
    """

    kind: Literal["risk", "lack"]
    level: float


@dataclass(frozen=True, eq=False)
class PlanProblem:
    """A planning problem: tree, options, limits, operations, and how the years and the risk are weighed.

    Parameters
    ----------
    discount_rate
        Real, per year.
    risk
        ``cost``: nested CVaR of each node's operational cost; ``loss``: CVaR of a year's loss over all nodes
        and scenarios (plan.30).
    risk_weight, risk_tail
        Weight of the risk, 0 (neutral) to 1, and the tail ``alpha`` in [0, 1) beyond which CVaR looks.
    notes
        What the problem leaves open, as keys of the word catalogues.
    quota
        A limit on something that operations make of a plan; none by default.
    targets
        What the plan has to reach; nothing by default.
    """

    tree: Tree
    options: Options
    menu: Menu
    limits: Limits
    operations: Operations
    labels: Labels
    discount_rate: float
    risk: Risk = "cost"
    risk_weight: float = 0.0
    risk_tail: float = 0.0
    home: str = ""
    notes: tuple[str, ...] = field(default=())
    quota: Quota | None = None
    targets: Targets = field(default_factory=Targets)

    @cached_property
    def discount(self) -> Vector:
        """Probability times discount of each node, shape (N,)."""
        years = self.tree.year - self.tree.year.min()
        return np.asarray(self.tree.probability * (1 + self.discount_rate) ** -years.astype(float))

    def change(self, **parts: Any) -> PlanProblem:  # noqa: ANN401 - fields of the parts
        """Return the problem with fields of its parts replaced, such as ``limits={"budget": ...}``.

        A mapping changes fields of a part; anything else replaces the field itself.
        """
        changed = {
            name: replace(getattr(self, name), **value) if isinstance(value, dict) else value
            for name, value in parts.items()
        }
        return replace(self, **changed)
