"""What no limit loosened can mend: a circle of prerequisites, two steps that exclude each other, a target out of reach.

Looked for only where what is asked for cannot be done with money, people, resources and dates all free (`find_conflicts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.plan.elastic import Elastic
from pondasi.plan.narrow import close_over
from pondasi.plan.targets import most_of_target, steps_of_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pondasi.plan.problem import PlanProblem

Nature = Literal["circle", "exclusion", "closed", "horizon", "reach", "knowledge", "together"]
"""A circle of prerequisites; two needed steps exclude each other; a needed step nobody can do; lead times longer than the
years there are; a target above all that its steps can give; knowledge too far away; or: no single reason, only all together."""


@dataclass(frozen=True)
class Conflict:
    """A reason by nature why what is asked for cannot be done.

    Parameters
    ----------
    nature
        The kind of reason.
    asked
        What is asked for that takes part, as (``commitment``, step) or (``target``, target).
    steps
        Steps that take part, as indices.
    most
        Of a target out of reach, what its steps can give at most by its year.
    year
        Of lead times, the first year in which it could start or be reached.
    """

    nature: Nature
    asked: tuple[tuple[str, int], ...]
    steps: tuple[int, ...] = ()
    most: float | None = None
    year: int | None = None


def find_conflicts(problem: PlanProblem, elastic: Elastic) -> list[Conflict]:
    """Return why what is asked for cannot be done however the other limits are loosened; empty if it can.

    First what the order of steps and their lead times alone forbid, then, for the rest, what the programme finds.
    """
    asked: list[tuple[str, int]] = [("commitment", int(j)) for j in np.flatnonzero(problem.menu.must)]
    asked += [("target", i) for i in range(len(problem.targets))]
    found = list(_explain(problem, asked))
    named = {one for conflict in found for one in conflict.asked}
    rest = [one for one in asked if one not in named]
    while rest and not elastic.feasible(held=rest):
        core = _find_core(elastic, rest)
        found.append(_explain_rest(problem, core))
        # What is left may hold another conflict that has nothing to do with this one.
        rest = [one for one in rest if one not in core]
    return found


def _find_core(elastic: Elastic, asked: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return a smallest part of what is asked for that cannot be done: leave one out while the rest still cannot."""
    core = list(asked)
    for one in asked:
        without = [other for other in core if other != one]
        if not elastic.feasible(held=without):
            core = without
    return core


def _explain(problem: PlanProblem, asked: list[tuple[str, int]]) -> Iterator[Conflict]:
    """Yield the reasons that the order of steps and their lead times alone give."""
    options, menu = problem.options, problem.menu
    needs = {one: close_over(problem, {one[1]}) if one[0] == "commitment" else set() for one in asked}
    first, last = find_earliest(problem), int(problem.tree.year.max())
    for one, steps in needs.items():
        circle = _find_circle(problem, steps)
        closed = tuple(j for j in sorted(steps) if not options.open[options.step == j].any())
        if circle:
            yield Conflict("circle", (one,), tuple(circle))
        elif closed:
            yield Conflict("closed", (one,), closed)
        elif one[0] == "commitment" and first[one[1]] > last:
            yield Conflict("horizon", (one,), (one[1],), year=int(first[one[1]]))
        elif one[0] == "target":
            yield from _explain_target(problem, one[1], first)
    everything: set[int] = set().union(*needs.values()) if needs else set()
    for pair in menu.excludes:
        if set(pair) <= everything:
            yield Conflict("exclusion", tuple(one for one, steps in needs.items() if steps & set(pair)), pair)


def _explain_target(problem: PlanProblem, i: int, first: np.ndarray) -> Iterator[Conflict]:
    """Yield why a target is out of reach: steps that come too late, or too small."""
    options, steps = problem.options, sorted(steps_of_target(problem, i))
    most = most_of_target(problem, i, first)
    if most < problem.targets.level[i]:
        ready = [int(first[j] + options.lead[options.step == j].min(initial=options.run.shape[1])) for j in steps]
        late = most == 0 and ready and min(ready) > int(problem.targets.year[i])
        nature: Nature = "horizon" if late else "reach"
        yield Conflict(nature, (("target", i),), tuple(steps), most, min(ready) if nature == "horizon" else None)


def _explain_rest(problem: PlanProblem, core: list[tuple[str, int]]) -> Conflict:
    """Return the reason where no single rule gives one: knowledge, if it could be done without that limit."""
    options = problem.options
    needed = tuple(sorted(close_over(problem, {item for kind, item in core if kind == "commitment"})))
    near = problem.change(options={"distance_max": np.full_like(options.distance_max, np.inf)})
    far = Elastic(near, {}).feasible(held=core)
    limited = np.isfinite(options.distance_max).sum(axis=1) > 0
    steps = tuple(j for j in needed if limited[options.step == j].all()) if far else needed
    return Conflict("knowledge" if far else "together", tuple(core), steps)


def find_earliest(problem: PlanProblem) -> np.ndarray:
    """Return the first year in which each step could start, dates left aside, shape (J,): lead times of what it needs first.

    A step in or behind a circle gets a year after the plan.
    """
    options, menu, tree = problem.options, problem.menu, problem.tree
    steps = len(problem.labels.steps)
    first = np.full(steps, int(tree.year.min()))
    lead = np.array([options.lead[options.step == j].min(initial=options.run.shape[1]) for j in range(steps)])
    for _ in range(steps):
        old = first.copy()
        for j, i in menu.before:
            first[j] = max(first[j], first[i] + lead[i])
        for j, i in menu.together:
            longest = options.lead[options.step == j].max(initial=0)
            first[j] = max(first[j], first[i] + lead[i] - longest)
        if (first == old).all():
            break
    return first


def _find_circle(problem: PlanProblem, needed: set[int]) -> list[int]:
    """Return a circle of needs in which something comes before itself, or nothing; the first step stands last again."""
    arcs = {j: [(i, True) for a, i in problem.menu.before if a == j and i in needed] for j in needed}
    for j in arcs:
        arcs[j] += [(i, False) for a, i in problem.menu.together if a == j and i in needed]
    for start in sorted(needed):
        way = _way_back(arcs, start)
        if way:
            return way
    return []


def _way_back(arcs: dict[int, list[tuple[int, bool]]], start: int) -> list[int]:
    """Return the shortest way from a step to itself on which something must come first, or nothing."""
    reached: dict[tuple[int, bool], tuple[int, bool] | None] = {(start, False): None}
    queue = [(start, False)]
    for state in queue:
        j, takes = state
        for i, first in arcs[j]:
            new = (i, takes or first)
            if i == start and new[1]:
                way, back = [start], [state]
                while back:
                    way.append(back[0][0])
                    before = reached[back.pop()]
                    back += [] if before is None else [before]
                return way[::-1]
            if new not in reached:
                reached[new] = state
                queue.append(new)
    return []
