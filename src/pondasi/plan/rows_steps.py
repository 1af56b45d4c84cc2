"""Families of rows about steps: starts and sizes, what runs, their order, what is committed or asked for, dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.rows import Rows, carry_over, label_grid

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import Matrix, PlanProblem
    from pondasi.plan.rows import Family


def start_once(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.1) A step starts at most once on a path, with one partner: ``begun_jn = begun_j,parent + sum_{o of j} z_on <= 1``.

    The bound stands in `Layout.bounds`.
    """
    rows, (option, node) = Rows(layout), layout.starts
    tree, steps = problem.tree, len(problem.labels.steps)
    nodes = len(tree)
    carry_over(rows, layout, "begun", steps)
    rows.add(problem.options.step[option] * nodes + node, layout.at("z", np.arange(len(option))), -1.0)
    return rows.make("begun", steps * nodes, lower=0.0, upper=0.0, labels=label_grid(steps, nodes))


def be_ready(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.18) A step can give output ``lead`` years after its start: ``ready_jn = ready_j,parent + sum_{o of j, age = lead_o} z_oa``."""
    rows, (option, _) = Rows(layout), layout.starts
    nodes, steps = len(problem.tree), len(problem.labels.steps)
    carry_over(rows, layout, "ready", steps)
    start, felt, age = layout.pairs
    due = age == problem.options.lead[option[start]]
    rows.add(problem.options.step[option[start[due]]] * nodes + felt[due], layout.at("z", start[due]), -1.0)
    return rows.make("ready", steps * nodes, lower=0.0, upper=0.0, labels=label_grid(steps, nodes))


def bound_sizes(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.2) The size is between its least and most where a step starts: ``min z <= size <= max z``."""
    rows, (option, _) = Rows(layout), layout.starts
    k = np.arange(len(option))
    for shift, bound, sign in ((0, problem.options.size_min, 1.0), (len(k), problem.options.size_max, -1.0)):
        rows.add(k + shift, layout.at("size", k), sign)
        rows.add(k + shift, layout.at("z", k), -sign * bound[option])
    return rows.make("size", 2 * len(k), lower=0.0, labels=[(int(o),) for o in option] * 2)


def add_up_running(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.3) What runs: ``running_on = sum_{a <= n} run_o(age) size_oa``."""
    return _ride(layout, "running", problem.options.run)


def add_up_building(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.18a) What is being built: ``building_on = sum_{a <= n, age < lead_o} size_oa``."""
    ages = np.arange(problem.options.run.shape[1])
    return _ride(layout, "building", (ages < problem.options.lead[:, None]).astype(float))


def add_up_spending(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.19) What is paid, before cost factors: ``spent_on = sum_{a <= n} cash_o(age) size_oa``."""
    return _ride(layout, "spent", problem.options.cash)


def _ride(layout: Layout, block: str, profile: Matrix) -> Family:
    """Write ``block_on = sum profile_o(age) size_oa`` as its change from the parent: few entries, for profiles level off."""
    rows, (option, _) = Rows(layout), layout.starts
    options, nodes = len(profile), len(layout.problem.tree)
    carry_over(rows, layout, block, options)
    start, felt, age = layout.pairs
    change = np.diff(profile, axis=1, prepend=0.0)[option[start], age]
    rows.add(option[start] * nodes + felt, layout.at("size", start), -change)
    return rows.make(block, options * nodes, lower=0.0, upper=0.0, labels=label_grid(options, nodes))


def need_steps_before(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.8) What a step needs could give output before it starts: ``begun_jn <= ready_in``.

    Both only grow along a path, so the row holds at the start itself and ever after; over fractions of starts it
    is tighter than ``sum z_on <= ready_in``.
    """
    return _order(layout, problem.menu.before, "before", "begun")


def need_steps_together(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.9) What may be built in parallel is ready when output starts: ``ready_jn <= ready_in``."""
    return _order(layout, problem.menu.together, "together", "ready")


def _order(layout: Layout, needs: tuple[tuple[int, int], ...], name: str, block: str) -> Family:
    rows, nodes = Rows(layout), np.arange(len(layout.problem.tree))
    for k, (j, needed) in enumerate(needs):
        rows.add(k * len(nodes) + nodes, layout.at(block, np.full(len(nodes), j), nodes), 1.0)
        rows.add(k * len(nodes) + nodes, layout.at("ready", np.full(len(nodes), needed), nodes), -1.0)
    labels = [(j, needed, int(n)) for j, needed in needs for n in nodes]
    return rows.make(name, len(labels), upper=0.0, labels=labels)


def exclude(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.10) Of two steps that exclude each other one at most stands on a path: ``begun_i,leaf + begun_j,leaf <= 1``."""
    rows, leaves = Rows(layout), problem.tree.leaves
    row = np.arange(len(leaves))
    for k, pair in enumerate(problem.menu.excludes):
        for j in pair:
            rows.add(k * len(leaves) + row, layout.at("begun", np.full(len(leaves), j), leaves), 1.0)
    labels = [(i, j, int(leaf)) for i, j in problem.menu.excludes for leaf in leaves]
    return rows.make("exclude", len(labels), upper=1.0, labels=labels)


def keep_commitments(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.15) What is committed has begun by its latest year on every path: ``begun_jn >= 1``."""
    rows, tree, menu = Rows(layout), problem.tree, problem.menu
    last = np.minimum(menu.latest, tree.year.max())
    labels = [(int(j), int(n)) for j in np.flatnonzero(menu.must) for n in np.flatnonzero(tree.year == last[j])]
    for row, (j, n) in enumerate(labels):
        rows.add(np.array([row]), layout.at("begun", j, n), 1.0)
    return rows.make("commitment", len(labels), lower=1.0, labels=labels, relax=-1)


def keep_dates(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.17) Where dates are free to be loosened, a start outside them: ``z_oa <= 0`` before the earliest, after the latest year."""
    rows, (option, node) = Rows(layout), layout.starts
    menu, step, year = problem.menu, problem.options.step[option], problem.tree.year[node]
    early, late = year < menu.earliest[step], year > menu.latest[step]
    outside = np.flatnonzero(early | late)
    rows.add(np.arange(len(outside)), layout.at("z", outside), 1.0)
    labels = [(int(step[k]), int(early[k]), int(node[k])) for k in outside]
    return rows.make("date", len(outside), upper=0.0, labels=labels, relax=1)
