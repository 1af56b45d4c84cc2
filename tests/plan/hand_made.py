"""A plan made by hand, in a second: not the best, and every start of it is known."""

from dataclasses import replace

import numpy as np

from pondasi.plan.build import build_problem
from pondasi.plan.build_year import find_plants
from pondasi.plan.case import load_case
from pondasi.plan.layout import Layout
from pondasi.plan.price import evaluate, without_steps
from pondasi.plan.solve import Plan

SHORT = 50.0
"""What such a plan may be short of the best, for a bound that was not searched for [million USD]."""


def start_by_hand(home="IDN", scenarios=3, modules=2.0):
    """Return a plan that starts one step at once, a plant with a partner in one future, and one in another."""
    case = load_case(home)
    problem = build_problem(case, scenarios=scenarios)
    layout = Layout(problem)
    option, node = layout.starts
    options, tree = problem.options, problem.tree
    x = without_steps(problem, layout)
    alone = options.partner[option] < 0
    plants = np.isin(options.step[option], [problem.labels.steps.index(step) for step in find_plants(case)])
    year = tree.year[node]
    gate = tree.year[np.flatnonzero(np.isin(tree.parent, tree.gates))].min()
    futures = [name for name, at in zip(tree.names, tree.year, strict=True) if at == gate]
    name = np.array(tree.names)[node]
    chosen = [
        np.flatnonzero(alone & (node == 0))[0],
        np.flatnonzero(~alone & plants & (year == gate + 1) & (name == futures[1]))[0],
        np.flatnonzero(alone & (year == gate + 1) & (name == futures[1]))[-1],
        np.flatnonzero(alone & (year == gate + 1) & (name == futures[2]))[-1],
    ]
    x[layout.at("z", np.array(chosen))] = 1
    x[layout.at("size", np.array(chosen))] = modules
    start, felt, age = layout.pairs
    for k in chosen:
        mine, o = start == k, option[k]
        for block, profile in (("spent", options.cash), ("running", options.run)):
            np.add.at(x, layout.at(block, np.full(mine.sum(), o), felt[mine]), modules * profile[o, age[mine]])
    reference = evaluate(problem, layout, without_steps(problem, layout)).cost
    answer = evaluate(problem, layout, x)
    return Plan(case, problem, replace(answer, bound=min(answer.cost, reference) - SHORT), reference, 0.01)
