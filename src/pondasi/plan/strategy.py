"""What is decided over the tree: starts, sizes, money, people, knowledge, as numbered families of rows.

Every family is one function (`pondasi.plan.rows_steps`, `pondasi.plan.rows_limits`) that takes the problem and the layout
of its variables and returns rows with labels; `build_strategy` stacks them. Notation as in `pondasi.plan.problem`;
``a <= n`` says that node a lies on the path to n, ``age = year(n) - year(a)``. The variables are those of `pondasi.plan.layout`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.plan.layout import Layout
from pondasi.plan.quota import keep_quota
from pondasi.plan.rows_limits import (
    gain_access,
    keep_budgets,
    keep_resources,
    keep_stock_of_people,
    learn,
    need_knowledge,
    need_people,
    share_out_payments,
)
from pondasi.plan.rows_steps import (
    add_up_building,
    add_up_running,
    add_up_spending,
    be_ready,
    bound_sizes,
    exclude,
    keep_commitments,
    keep_dates,
    need_steps_before,
    need_steps_together,
    start_once,
)
from pondasi.plan.targets import reach_targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.rows import Family

FAMILIES: tuple[Callable[[PlanProblem, Layout], Family], ...] = (
    start_once,
    be_ready,
    bound_sizes,
    add_up_building,
    add_up_running,
    add_up_spending,
    keep_stock_of_people,
    need_people,
    learn,
    need_knowledge,
    need_steps_before,
    need_steps_together,
    exclude,
    keep_budgets,
    share_out_payments,
    keep_resources,
    gain_access,
    keep_commitments,
    reach_targets,
    keep_dates,
    keep_quota,
)
"""All families, in the order of their numbers; (plan.12) and the bounds of access stand in `Layout.bounds`."""


@dataclass(frozen=True, eq=False)
class Strategy:
    """All rows over all variables."""

    layout: Layout
    families: tuple[Family, ...]

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The rows of all families, one under the other."""
        return sparse.csr_array(sparse.vstack([family.matrix for family in self.families], format="csr"))

    @cached_property
    def ends(self) -> tuple[Vector, Vector]:
        """Lower and upper ends of all rows."""
        lower = np.concatenate([family.lower for family in self.families])
        return lower, np.concatenate([family.upper for family in self.families])

    def rows_of(self, name: str) -> slice:
        """Return where the rows of a family stand."""
        start = 0
        for family in self.families:
            if family.name == name:
                return slice(start, start + len(family.upper))
            start += len(family.upper)
        raise KeyError(name)


def build_strategy(problem: PlanProblem, *, free_dates: bool = False) -> Strategy:
    """Return all rows of a problem's strategic part, (plan.1) to (plan.19)."""
    layout = Layout(problem, free_dates)
    return Strategy(layout, tuple(build(problem, layout) for build in FAMILIES))
