"""A planning problem made smaller for the question whether it can be done at all: fewer steps, one future.

Only steps that what is asked for needs, or that train people, relieve a resource or bring knowledge, can matter: any other
only takes from the limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.plan.problem import Tree
from pondasi.plan.targets import steps_of_target

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pondasi.plan.problem import PlanProblem


def needed_steps(problem: PlanProblem) -> set[int]:
    """Return the steps that are asked for, with all that these need."""
    asked = {int(j) for j in np.flatnonzero(problem.menu.must)}
    asked |= {j for i in range(len(problem.targets)) for j in steps_of_target(problem, i)}
    return close_over(problem, asked)


def close_over(problem: PlanProblem, steps: Collection[int]) -> set[int]:
    """Return steps with all that they need, directly or through others."""
    found, new = set(steps), set(steps)
    while new:
        new = {i for j, i in (*problem.menu.before, *problem.menu.together) if j in new} - found
        found |= new
    return found


def keep_what_helps(problem: PlanProblem) -> PlanProblem:
    """Return the problem in which only steps start that are asked for, or that widen a limit for those."""
    options = problem.options
    trains, relieves, gains = options.trains > 0, options.use < 0, options.gain > 0
    kept, before = needed_steps(problem), None
    while kept != before:
        before = set(kept)
        o = np.isin(options.step, list(kept))
        skills = (options.people[o] + options.people_building[o]).any(axis=0)
        resources = (options.use[o] > 0).any(axis=(0, 2))
        domains = np.isfinite(options.distance_max[o]).any(axis=0)
        widens = np.zeros(len(options), dtype=bool)
        for table in (trains[:, skills], relieves[:, resources], gains[:, domains]):
            widens |= np.reshape(table, (len(options), -1)).any(axis=1)
        kept = close_over(problem, kept | set(options.step[widens].tolist()))
    return problem.change(options={"open": options.open & np.isin(options.step, list(kept))[:, None]})


def merge_futures(problem: PlanProblem) -> PlanProblem:
    """Return the problem with one future: what starts then starts in all futures alike, under the tightest limits of each year.

    A plan of it keeps the limits of every future, so what loosens its limits enough does so for the problem itself; a
    plan that adapts to what turns out may need less.
    """
    tree, options, limits = problem.tree, problem.options, problem.limits
    years = tree.years
    groups = [np.flatnonzero(tree.year == year) for year in years]

    def merge(table: NDArray[Any], how: Any) -> NDArray[Any]:  # noqa: ANN401
        if table.shape[-1] != len(tree):
            return table
        return np.stack([how(table[..., nodes], axis=-1) for nodes in groups], axis=-1)

    number = len(years)
    targets = problem.targets
    tables = {name: getattr(targets, name) for name in ("scale", "base")}
    merged = replace(targets, **{name: merge(table, np.min) for name, table in tables.items() if table is not None})
    chain = Tree(years, np.arange(number) - 1, np.ones(number), ("",) * number)
    return replace(
        problem.change(
            options={
                "open": merge(options.open, np.all),
                "cost_factor": merge(options.cost_factor, np.max),
                "use": merge(options.use, np.max),
                "success": merge(options.success, np.min),
                "output_factor": merge(options.output_factor, np.min),
            },
            limits={
                "budget": merge(limits.budget, np.min),
                "loan": merge(limits.loan, np.min),
                "inflow": merge(limits.inflow, np.min),
                "resource": merge(limits.resource, np.min),
            },
        ),
        targets=merged,
        tree=chain,
    )
