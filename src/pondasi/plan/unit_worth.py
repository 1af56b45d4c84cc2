"""What one more unit of a limit, or a tenth less of a target, is worth: the difference of two solves, as an interval from incumbent and bound (plan.93)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.carry import move_plan
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change, loosen
from pondasi.plan.questions import Questions
from pondasi.solver import OutOfTimeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.loosen import Kind
    from pondasi.plan.problem import PlanProblem

UNITS: dict[Kind, float] = {"budget": 1.0, "people": 10.0, "resource": 1.0}
"""One more unit: a million USD, ten people who come, one unit of the resource such as a MW. Of a target it is a tenth less (`TENTH`)."""
TENTH = 0.1
"""Part of a target that is asked for less."""
YEARS = 5
"""First years in which one more unit of each limit is weighed."""
TIGHT = 1e-6
"""Share of a limit that may be left where it is said to bind."""


@dataclass(frozen=True)
class UnitWorth:
    """What one more unit of a limit in a year is worth.

    Parameters
    ----------
    change
        The limit and the unit (`UNITS`).
    low, high
        Gain [million USD]; both 0 where the limit does not bind at this plan, and nothing is decided anew. NaN for ``high`` where time
        ended before it was asked.
    binds
        Whether the limit binds at this plan.
    """

    change: Change
    low: float
    high: float
    binds: bool


def worth_of_units(questions: Questions, years: int = YEARS) -> list[UnitWorth]:
    """Return what one more unit of each limit is worth in each of the first years.

    A limit that does not bind at this plan is worth nothing there and is not solved for.
    """
    changes = _list_units(questions.problem, years)
    binding = [_binds(questions, change) for change in changes]
    return [
        value_change(replace(questions, parts=max(1, sum(binding[k:]))), change) for k, change in enumerate(changes)
    ]


def count_units(questions: Questions, years: int = YEARS) -> int:
    """Return how many limits bind in the first years, each of which takes a solve."""
    return sum(_binds(questions, change) for change in _list_units(questions.problem, years))


def value_change(questions: Questions, change: Change) -> UnitWorth:
    """Return what a looser limit is worth: never less than nothing, for the plan itself still keeps all limits."""
    if not _binds(questions, change):
        return UnitWorth(change, 0.0, 0.0, binds=False)
    try:
        looser = loosen(questions.allow(questions.mask), [change])
        answer = questions.solve(looser, known=move_plan(questions.base.x, questions.base.layout, Layout(looser))[0])
    except OutOfTimeError:
        return UnitWorth(change, 0.0, np.nan, binds=True)
    low, high = questions.loss(answer)
    return UnitWorth(change, max(0.0, -high), max(0.0, -low), binds=True)


def _list_units(problem: PlanProblem, years: int) -> list[Change]:
    """Return one more unit of each limit in each of the first years, and a tenth less of each target."""
    found, targets = [], problem.targets
    sizes = {"budget": len(problem.labels.purses), "people": len(problem.labels.skills)}
    sizes["resource"] = len(problem.labels.resources)
    for kind, amount in UNITS.items():
        for item in range(sizes[kind]):
            found += [Change(kind, item, int(year), amount, amount) for year in problem.tree.years[:years]]
    asked = [
        (i, int(year), float(level)) for i, (year, level) in enumerate(zip(targets.year, targets.level, strict=True))
    ]
    return [*found, *(Change("target", i, year, TENTH * level, level) for i, year, level in asked if level > 0)]


def _binds(questions: Questions, change: Change) -> bool:
    """Tell whether more of a limit could be used at once: nothing is left of it in some node of the year, or of a stock, later."""
    problem, layout, x = questions.problem, questions.base.layout, questions.base.x
    tree, options, limits = problem.tree, problem.options, problem.limits
    if change.kind == "target":
        # Steps are whole, so a plan may reach more than it has to and still start less for less.
        return True
    here = tree.year == change.year
    running = layout.read(x, "running")
    if change.kind == "budget":
        if limits.carry[change.item]:
            return True
        spent = layout.read(x, "spent") * options.cost_factor
        limit, used = limits.budget[change.item], options.purse_share[:, change.item] @ spent
        shift = layout.read(x, "shift")
        if len(shift):
            used = used - shift[change.item] + (shift.sum(axis=0) if change.item == limits.borrower else 0.0)
        if change.item == limits.borrower:
            return bool(layout.read(x, "loan").any()) or _full(limit, used, here)
    elif change.kind == "people":
        here = tree.year >= change.year
        limit = layout.read(x, "stock")[change.item]
        used = options.people[:, change.item] @ running
        used = used + options.people_building[:, change.item] @ layout.read(x, "building")
    else:
        limit = limits.resource[change.item]
        used = np.einsum("on,on->n", np.broadcast_to(options.use[:, change.item], running.shape), running)
    return _full(limit, used, here)


def _full(limit: NDArray[np.float64], used: NDArray[np.float64], here: NDArray[np.bool_]) -> bool:
    return bool((limit[here] - used[here] <= TIGHT * (1 + np.abs(limit[here]))).any())
