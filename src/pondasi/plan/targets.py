"""What a plan is asked to reach: people, output and steps that stand, each by a year (plan.16).

A target adds up what counts towards it and holds the sum at its level in every future of its year, or in the mean over the futures. What counts is linear in what is decided:
modules that run and may be expected to work, steps that could give output, people who have been trained, people who are there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.rows import Rows

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Mask, Matrix, PlanProblem, Tree, Vector, Whole
    from pondasi.plan.rows import Family


def _none(*shape: int) -> Matrix:
    return np.zeros(shape)


@dataclass(frozen=True, eq=False)
class Targets:
    """What is asked for, and how each part of a plan counts towards it.

    Parameters
    ----------
    level
        What the plan has to reach, shape (I,).
    year
        By when, shape (I,).
    running, scale
        What a module counts that runs and works, shape (I, O), times what it counts for in a node, shape (I, N): 1, or one over what is
        needed there.
    ready
        What a step counts once it could give output, shape (I, J).
    trained
        What a person counts who has come, by a step or without any, since the first year, shape (I, K).
    stock
        What a person counts who is there, shape (I, K).
    base
        What counts in a node whatever is started, shape (I, N).
    mean
        Whether the mean over the futures has to be at the level, instead of every future, shape (I,).
    asked
        What was asked for before a target out of reach was lowered, shape (I,); ``level`` by default.

    Example
    -------
    >>> targets = Targets(np.array([40.0]), np.array([2030]), trained=np.ones((1, 2)))
    >>> len(targets), targets.lower([30.0]).asked.tolist()
    (1, [40.0])
    """

    level: Vector = field(default_factory=lambda: _none(0))
    year: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    running: Matrix | None = None
    scale: Matrix | None = None
    ready: Matrix | None = None
    trained: Matrix | None = None
    stock: Matrix | None = None
    base: Matrix | None = None
    mean: Mask | None = None
    asked: Vector = field(default_factory=lambda: _none(0))

    def __post_init__(self) -> None:
        """Take what was asked for as the level where nothing else is said."""
        if len(self.asked) != len(self.level):
            object.__setattr__(self, "asked", self.level)

    def __len__(self) -> int:
        return len(self.level)

    def part(self, name: str, target: int) -> Vector | None:
        """Return what a part of the plan counts towards a target, or None where it counts nothing."""
        table: Matrix | None = {"running": self.running, "ready": self.ready, "trained": self.trained}.get(
            name, self.stock
        )
        return None if table is None or not table[target].any() else table[target]

    def scale_at(self, target: int, nodes: Whole) -> Vector:
        """Return what running modules count for in some nodes, shape (nodes,)."""
        return np.ones(len(nodes)) if self.scale is None else self.scale[target, nodes]

    def base_at(self, target: int, nodes: Whole) -> Vector:
        """Return what counts in some nodes whatever is started, shape (nodes,)."""
        return np.zeros(len(nodes)) if self.base is None else self.base[target, nodes]

    def rows(self, target: int, tree: Tree) -> list[tuple[int, Whole, Vector]]:
        """Return the rows of a target: a label, nodes, and the weight of each; one row per node of its year, or one for their mean (label -1)."""
        nodes = np.flatnonzero(tree.year == self.year[target])
        if self.mean is not None and self.mean[target]:
            chance = tree.probability[nodes]
            return [(-1, nodes, chance / chance.sum())]
        return [(int(n), np.array([n]), np.ones(1)) for n in nodes]

    def lower(self, level: Vector | list[float]) -> Targets:
        """Return the targets at other levels; what was asked for stays known."""
        return replace(self, level=np.asarray(level, dtype=float), asked=self.asked)


def reach_targets(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.16) What has to be reached by a year, in every node of it, or in the mean over them.

    ``scale_in sum_o running_io success_on output_on running_on + sum_j ready_ij ready_jn + sum_k stock_ik stock_kn
    + base_in + sum_k trained_ik (people who have come without steps + sum_{a <= n} sum_o trains_ok(0..age) size_oa) >= level_i``.
    A row has the label (target, node), or (target, -1) for the mean.
    """
    rows, targets, tree = Rows(layout), problem.targets, problem.tree
    labels: list[tuple[int, int]] = []
    lower: list[float] = []
    come = _come_without_steps(problem)
    for i in range(len(targets)):
        for label, nodes, weight in targets.rows(i, tree):
            row = len(labels)
            labels.append((i, label))
            lower.append(float(targets.level[i]))
            for n, part in zip(nodes.tolist(), weight.tolist(), strict=True):
                columns, counts, given = _count(problem, layout, i, n, come)
                rows.add(np.full(len(columns), row), columns, part * counts)
                lower[row] -= part * given
    return rows.make("target", len(labels), lower=np.array(lower), labels=labels, relax=-1)


def _count(problem: PlanProblem, layout: Layout, target: int, n: int, come: Matrix) -> tuple[Whole, Vector, float]:
    """Return the variables that count towards a target in a node, what each counts, and what counts anyway."""
    targets, options = problem.targets, problem.options
    given = float(targets.base_at(target, np.array([n]))[0])
    found: list[tuple[Whole, Vector]] = []
    if (running := targets.part("running", target)) is not None:
        o = np.flatnonzero(running)
        works = options.success[o, n] * options.output_factor[o, n]
        found.append(
            (
                layout.at("running", o, np.full(len(o), n)),
                running[o] * works * targets.scale_at(target, np.array([n])),
            )
        )
    for block in ("ready", "stock"):
        if (part := targets.part(block, target)) is not None:
            k = np.flatnonzero(part)
            found.append((layout.at(block, k, np.full(len(k), n)), part[k]))
    if (trained := targets.part("trained", target)) is not None:
        start, counts = _train(layout, trained, n)
        found.append((layout.at("size", start), counts))
        given += float(trained @ come[:, n])
    if not found:
        return np.zeros(0, dtype=np.intp), np.zeros(0), given
    return np.concatenate([columns for columns, _ in found]), np.concatenate([counts for _, counts in found]), given


def measure_targets(problem: PlanProblem, layout: Layout, x: Vector) -> Matrix:
    """Return what a plan reaches of each target in each node, shape (I, N); whatever its year.

    Parameters
    ----------
    layout, x
        All variables of the strategic part.
    """
    come, nodes = _come_without_steps(problem), len(problem.tree)
    found = np.zeros((len(problem.targets), nodes))
    for i in range(len(found)):
        for n in range(nodes):
            columns, counts, given = _count(problem, layout, i, n, come)
            found[i, n] = given + counts @ x[columns]
    return found


def reach_of_targets(problem: PlanProblem, layout: Layout, x: Vector) -> Vector:
    """Return what a plan reaches of each target by its year, in the least of its futures or in their mean, shape (I,)."""
    measured = measure_targets(problem, layout, x)
    return np.array(
        [
            min(float(measured[i, nodes] @ weight) for _, nodes, weight in problem.targets.rows(i, problem.tree))
            for i in range(len(measured))
        ]
    )


def steps_of_target(problem: PlanProblem, target: int) -> set[int]:
    """Return the steps that count towards a target, as indices."""
    targets, options = problem.targets, problem.options
    found: set[int] = set()
    if (running := targets.part("running", target)) is not None:
        found |= set(options.step[running > 0].tolist())
    if (ready := targets.part("ready", target)) is not None:
        found |= set(np.flatnonzero(ready > 0).tolist())
    for name in ("trained", "stock"):
        if (people := targets.part(name, target)) is not None:
            found |= set(options.step[(options.trains[:, people > 0] > 0).any(axis=(1, 2))].tolist())
    return found


def most_of_target(problem: PlanProblem, target: int, first: Whole) -> float:
    """Return what all steps together give a target at most, if nothing but lead times limits them.

    Parameters
    ----------
    first
        First year in which each step could start, shape (J,).
    """
    targets, options, tree = problem.targets, problem.options, problem.tree
    year = int(targets.year[target])
    last = options.run.shape[1] - 1
    age = np.minimum(year - first[options.step], last).astype(int)
    able = (age >= 0) & (options.open.sum(axis=1) > 0)
    here = np.flatnonzero(tree.year == year)
    total = float(targets.base_at(target, here).max(initial=0))
    gives = np.zeros(len(options))
    upto = [slice(0, max(int(a), -1) + 1) for a in age]
    if (running := targets.part("running", target)) is not None:
        works = (options.success * options.output_factor)[:, here] * targets.scale_at(target, here)
        most = np.array([options.run[o, part].max(initial=0) for o, part in enumerate(upto)])
        gives += np.maximum(running, 0) * options.size_max * most * works.max(axis=1, initial=0)
    for name in ("trained", "stock"):
        if (people := targets.part(name, target)) is not None:
            come = np.array([people @ options.trains[o, :, part].sum(axis=1) for o, part in enumerate(upto)])
            gives += np.maximum(come, 0) * options.size_max
    total += float(sum(gives[able & (options.step == j)].max(initial=0) for j in np.unique(options.step)))
    if (ready := targets.part("ready", target)) is not None:
        done = [bool((able & (options.step == j) & (age >= options.lead)).any()) for j in range(len(ready))]
        total += float(np.maximum(ready, 0) @ np.array(done, dtype=float))
    if (trained := targets.part("trained", target)) is not None:
        total += float((trained @ _come_without_steps(problem))[here].max(initial=0))
    if (stock := targets.part("stock", target)) is not None:
        total += float(np.maximum(stock, 0) @ problem.limits.stock)
        total += float((np.maximum(stock, 0) @ _come_without_steps(problem))[here].max(initial=0))
    return total


def _come_without_steps(problem: PlanProblem) -> Matrix:
    """Return the people who have come without any step since the first year, shape (K, N)."""
    tree, inflow = problem.tree, problem.limits.inflow
    return np.asarray(inflow @ tree.above.T.astype(float))


def _train(layout: Layout, weight: Vector, node: int) -> tuple[Whole, Vector]:
    """Return the starts at or above a node, and what a module of each has trained by then, weighed by skill."""
    problem = layout.problem
    option, at = layout.starts
    start = np.flatnonzero(problem.tree.above[node, at])
    age = problem.tree.year[node] - problem.tree.year[at[start]]
    trained = np.cumsum(np.einsum("k,oka->oa", weight, problem.options.trains), axis=1)
    counts = trained[option[start], age]
    return start[counts != 0], counts[counts != 0]
