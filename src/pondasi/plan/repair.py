"""Never just 'infeasible': the cheapest ways to make an impossible plan possible, by name, each tried out.

Every limit that a person set may give way at a price: per cent of the limit times a weight that the user sees (plan.90).
Of all ways the one that touches fewest limits comes first, then the cheapest (plan.92); the next must not contain one
that was found. Amounts are rounded up, and what is said is what was solved again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.conflicts import find_conflicts
from pondasi.plan.elastic import PROBING, SMALL, Elastic
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import ASKED, KINDS, loosen, round_up
from pondasi.plan.narrow import keep_what_helps, merge_futures
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, Programme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.conflicts import Conflict
    from pondasi.plan.loosen import Change
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector, Whole

REPAIRS = 3
"""Repairs that are shown."""
WEIGHT = "repair_weight_"
"""Parameters of a case that say what a per cent of a limit costs begin so."""


@dataclass(frozen=True, eq=False)
class Repair:
    """A way to make a plan possible, tried out.

    Parameters
    ----------
    changes
        What is loosened, with rounded amounts.
    cost
        Per cent of each limit times its weight, summed.
    problem
        The problem with the limits so loosened.
    plan
        Decisions that keep its limits and do what is asked for, priced by a full sweep of the operations: not the best plan, but one.
    value
        What doing just that is worth against starting nothing at all, not even what is committed, for that is in question here [million USD].
    """

    changes: tuple[Change, ...]
    cost: float
    problem: PlanProblem = field(repr=False)
    plan: Answer = field(repr=False)
    value: float

    @property
    def limits(self) -> frozenset[tuple[str, int]]:
        """The limits that are loosened, by kind and item."""
        return frozenset(change.name for change in self.changes)


@dataclass(frozen=True, eq=False)
class RepairReport:
    """Why a plan is impossible and what would make it possible.

    Parameters
    ----------
    problem
        What was asked for.
    possible
        Whether it can be done as it stands; there is nothing to repair then.
    conflicts
        Reasons by nature: with these only giving up something helps.
    repairs
        Ways to make it possible, fewest limits first, then the cheapest.
    weights
        What a per cent of a limit cost, by kind.
    alike
        Whether repairs were sought with the same starts in all futures, for there are many (`merge_futures`).
    """

    problem: PlanProblem = field(repr=False)
    possible: bool
    conflicts: tuple[Conflict, ...] = ()
    repairs: tuple[Repair, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    alike: bool = False


def repair_plan(
    problem: PlanProblem,
    *,
    weights: Mapping[str, float] | None = None,
    number: int = REPAIRS,
    impossible: bool = False,
    executor: Executor | None = None,
) -> RepairReport:
    """Return why a plan is impossible, and the cheapest repairs that differ.

    Parameters
    ----------
    problem
        What is planned, possible or not.
    weights
        What a per cent of a limit costs, by kind of limit (`pondasi.plan.loosen.KINDS`); 1 where nothing is said, so that a per
        cent of any limit is as good as one of another. `read_weights` takes them from a case.
    number
        Repairs at most.
    impossible
        Whether it is known that no plan keeps all limits, such as from an `InfeasibleError`; else that is looked at first.

    Example
    -------
    >>> from pondasi.plan.build import build_problem
    >>> from pondasi.plan.case import load_case
    >>> problem = build_problem(load_case("IDN"), scenarios=3)
    >>> poor = problem.change(limits={"budget": problem.limits.budget * 0, "loan": problem.limits.loan * 0})
    >>> report = repair_plan(poor, number=1)
    >>> report.possible, len(report.repairs)
    (False, 1)
    """
    known = dict.fromkeys(KINDS, 1.0) | dict(weights or {})
    if not impossible and find_possible(problem) is not None:
        return RepairReport(problem, possible=True, weights=known)
    elastic = Elastic(problem, known)
    # What starting nothing at all costs does not depend on the limits.
    nothing = without_steps(problem, Layout(problem))
    reference = evaluate(problem, Layout(problem), nothing, executor=executor).cost
    repairs: list[Repair] = []
    found: list[frozenset[tuple[str, int]]] = []
    while len(repairs) < number:
        least = max((len(names) for names in found), default=1)
        solved = elastic.solve(found, least=least)
        if solved is None:
            break
        names, changes = solved
        found.append(names)
        repair = _try_out(problem, tuple(round_up(change) for change in changes), known, reference, executor)
        if repair is not None:
            repairs.append(repair)
    # Reasons by nature are looked for only where every way gives up something that was asked for.
    conflicts = find_conflicts(problem, elastic) if all(_gives_up(names) for names in found) else []
    repairs.sort(key=lambda repair: (len(repair.limits), repair.cost))
    return RepairReport(
        problem,
        possible=False,
        conflicts=tuple(conflicts),
        repairs=tuple(repairs),
        weights=known,
        alike=elastic.merged,
    )


def _gives_up(names: frozenset[tuple[str, int]]) -> bool:
    return any(kind in ASKED for kind, _ in names)


def find_possible(problem: PlanProblem) -> tuple[PlanProblem, Vector] | None:
    """Return decisions that keep all limits and do what is asked for, or None if there are none.

    Only the strategic part is asked: operations can always be done, for what is needed may stay unmet. Where there are
    many starts, plans that start the same in all futures are tried first.

    Returns
    -------
    The problem in which only what helps may start, and its variables (see `Layout`).
    """
    small = keep_what_helps(problem)
    if len(Layout(small).starts[0]) > SMALL:
        merged = merge_futures(small)
        x = _solve_starts(merged)
        if x is not None:
            option, year = _started(merged, x)
            alike = np.zeros_like(small.options.open)
            for o, y in zip(option, year, strict=True):
                alike[o, small.tree.year == y] = True
            part = small.change(options={"open": small.options.open & alike})
            known = _solve_starts(part)
            if known is not None:
                return part, known
    x = _solve_starts(small)
    return None if x is None else (small, x)


def _solve_starts(problem: PlanProblem) -> Vector | None:
    strategy = build_strategy(problem)
    layout = strategy.layout
    lower, upper = layout.bounds()
    whole = np.zeros(layout.columns, dtype=bool)
    whole[layout.at("z", np.arange(layout.shapes["z"][0]))] = True
    programme = Programme(np.zeros(layout.columns), lower, upper, strategy.matrix, *strategy.ends, whole=whole)
    programme.set_option("presolve_rule_off", PROBING)
    try:
        return programme.solve().x
    except InfeasibleError:
        return None


def _started(problem: PlanProblem, x: Vector) -> tuple[Whole, Whole]:
    """Return option and year of everything that is started."""
    layout = Layout(problem)
    option, node = layout.starts
    taken = layout.read(x, "z") > 1 / 2
    return option[taken], problem.tree.year[node[taken]]


def read_weights(case: Case) -> dict[str, float]:
    """Return what a per cent of a limit costs, by kind, from the parameters of a case; kinds that it does not name are left out.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> sorted(read_weights(load_case("IDN"))) == sorted(KINDS)
    True
    """
    values = case.tables["parameters"].set_index("parameter")["value"]
    return {kind: float(values[WEIGHT + kind]) for kind in KINDS if WEIGHT + kind in values.index}


def _try_out(
    problem: PlanProblem,
    changes: tuple[Change, ...],
    weights: Mapping[str, float],
    reference: float,
    executor: Executor | None,
) -> Repair | None:
    """Solve again with the limits so loosened, and price the plan that was found by a full sweep."""
    loosened = loosen(problem, changes)
    possible = find_possible(loosened)
    if possible is None:
        return None
    small, x = possible
    layout = build_strategy(small).layout
    plan = evaluate(small, layout, x, executor=executor)
    cost = sum(change.percent * weights[change.kind] for change in changes)
    return Repair(changes, float(cost), loosened, plan, reference - plan.cost)
