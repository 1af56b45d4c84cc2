"""Where every variable of the strategic part stands, and its bounds.

Variables, all per tree node: ``z`` (0 or 1) and ``size`` for every start (option, node), ``begun`` and ``ready`` per step (has it been
started, could it give output), ``running`` modules and money ``spent`` per option, ``stock`` of people, ``distance`` to partner
practice, ``access``, ``loan``, ``kept`` money, ``shift`` (what the borrower pays in a purse's stead), ``cost`` of operations, where there is a quota what counts against it (``quota``), and ``threshold`` of the loss per year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.problem import PlanProblem, Vector, Whole

BLOCKS = (
    "z",
    "size",
    "begun",
    "ready",
    "building",
    "running",
    "spent",
    "stock",
    "distance",
    "access",
    "loan",
    "kept",
    "shift",
    "cost",
    "quota",
    "threshold",
)


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each variable stands.

    Parameters
    ----------
    problem
        What is planned.
    free_dates
        Whether starts before the earliest and after the latest year get a variable as well.
    """

    problem: PlanProblem
    free_dates: bool = False

    @cached_property
    def starts(self) -> tuple[Whole, Whole]:
        """Option and node of every start that may be: open, inside its dates, and of use before the horizon ends."""
        options, tree, menu = self.problem.options, self.problem.tree, self.problem.menu
        year, step = tree.year[None, :], options.step
        useful = year + options.lead[:, None] <= tree.year.max()
        may = options.open & (useful | menu.must[step][:, None])
        if not self.free_dates:
            may &= (year >= menu.earliest[step][:, None]) & (year <= menu.latest[step][:, None])
        option, node = np.nonzero(may)
        return option, node

    @cached_property
    def pairs(self) -> tuple[Whole, Whole, Whole]:
        """Start, node at or below it, and age there: every place where a start is felt."""
        _, node = self.starts
        below = self.problem.tree.above.T[node]  # (starts, N): nodes at or below the start
        start, felt = np.nonzero(below)
        age = self.problem.tree.year[felt] - self.problem.tree.year[node[start]]
        return start, felt, age

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each block of variables."""
        p, labels = self.problem, self.problem.labels
        nodes, starts = len(p.tree), len(self.starts[0])
        return {
            "z": (starts,),
            "size": (starts,),
            "begun": (len(labels.steps), nodes),
            "ready": (len(labels.steps), nodes),
            "building": (len(p.options), nodes),
            "running": (len(p.options), nodes),
            "spent": (len(p.options), nodes),
            "stock": (len(labels.skills), nodes),
            "distance": (len(labels.domains), nodes),
            "access": (len(labels.countries), nodes),
            "loan": (nodes,),
            "kept": (len(labels.purses), nodes),
            "shift": (len(labels.purses) if p.options.room is not None else 0, nodes),
            "cost": (nodes,),
            "quota": (nodes if p.quota is not None else 0,),
            "threshold": (len(p.tree.years),),
        }

    @cached_property
    def first(self) -> dict[str, int]:
        """First column of each block."""
        sizes = [int(np.prod(self.shapes[name])) for name in BLOCKS]
        return dict(zip(BLOCKS, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))

    @cached_property
    def columns(self) -> int:
        """How many variables there are."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def at(self, block: str, *index: NDArray[np.intp] | int) -> Whole:
        """Return the columns of a block's variables."""
        shape = self.shapes[block]
        return self.first[block] + np.asarray(np.ravel_multi_index(np.broadcast_arrays(*index), shape))

    def read(self, x: Vector, block: str) -> NDArray[np.float64]:
        """Return a block of a solution in its own shape."""
        start = self.first[block]
        return x[start : start + int(np.prod(self.shapes[block]))].reshape(self.shapes[block])

    def bounds(self) -> tuple[Vector, Vector]:
        """Return lower and upper bounds of all variables: (plan.1) begun <= 1, (plan.12) loans, (plan.14) access."""
        lower, upper = np.zeros(self.columns), np.full(self.columns, np.inf)
        limits = self.problem.limits
        upper[self.at("z", np.arange(self.shapes["z"][0]))] = 1
        whole = {name: self.at(name, *np.indices(self.shapes[name])) for name in BLOCKS}
        upper[whole["access"]] = upper[whole["begun"]] = 1
        upper[whole["loan"]] = limits.loan if limits.borrower >= 0 else 0
        upper[whole["kept"]] = np.where(limits.carry, np.inf, 0)[:, None]
        for name in ("distance", "cost", "quota"):
            lower[whole[name]] = -np.inf
        # A loss is never negative, so neither is the threshold that CVaR chooses.
        upper[whole["threshold"]] = np.inf if self.problem.risk == "loss" else 0
        return lower, upper
