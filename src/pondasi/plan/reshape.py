"""The same plan under another view of the future: one average future, one future known, decisions held or put off.

Every function takes a problem and returns a problem (or rows to add), so that the engine is asked in the same way.
The first stage is all years up to and with the first gate: what is decided before anything has turned out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.carry import TAKEN
from pondasi.plan.layout import Layout
from pondasi.plan.problem import Tree
from pondasi.plan.rows import Rows
from pondasi.plan.strategy import Strategy, build_strategy

if TYPE_CHECKING:
    from pondasi.plan.problem import Mask, Matrix, PlanProblem, Vector, Whole

SETTLED = 0.5
"""An option is open in an average future where the futures in which it is outweigh the others: an average of yes and no has to be one of them. A rule of
this comparison (plan.70) and no figure of the world; the plan itself never uses it."""
ROOM = 1e-6
"""By how much a size that is held may move, as a share of the largest: the rounding of the solver."""


def find_first_stage(tree: Tree) -> Mask:
    """Return which nodes come before anything has turned out, shape (N,): all, if the tree never branches."""
    if not len(tree.gates):
        return np.ones(len(tree), dtype=bool)
    return np.asarray(tree.year <= tree.year[tree.gates].min())


def change_tree(problem: PlanProblem, tree: Tree, share: Matrix) -> PlanProblem:
    """Return the problem on another tree of the same years, whose nodes are means of nodes.

    Parameters
    ----------
    share
        How much of each node of the problem is in each new node, shape (new, N), rows adding up to 1.
    """
    options, limits, operations = problem.options, problem.limits, problem.operations

    def mean(values: Matrix) -> Matrix:
        return np.asarray(values @ share.T)

    targets = {name: getattr(problem.targets, name) for name in ("scale", "base")}
    return problem.change(
        tree=tree,
        targets={name: mean(table) for name, table in targets.items() if table is not None},
        options={
            "open": mean(options.open.astype(float)) >= SETTLED,
            "use": options.use if options.use.shape[2] == 1 else mean(options.use),
            **{name: mean(getattr(options, name)) for name in ("cost_factor", "success", "output_factor")},
        },
        limits={name: mean(getattr(limits, name)) for name in ("budget", "loan", "inflow", "resource")},
        operations={"growth": mean(operations.growth)},
    )


def average_futures(problem: PlanProblem) -> PlanProblem:
    """Return the problem in which one future comes for sure: the mean of all, year by year (plan.70)."""
    tree = problem.tree
    years = tree.years
    share = (tree.year == years[:, None]) * tree.probability
    number = len(years)
    line = Tree(years, np.arange(-1, number - 1), np.ones(number), (tree.names[0],) * number)
    return change_tree(problem, line, share / share.sum(axis=1, keepdims=True))


def average_scenarios(problem: PlanProblem) -> PlanProblem:
    """Return the problem in which every year is the mean of its scenarios: no disruption stands out, no step fails or works by half.

    A step gives its output times its chance; what suppliers ship is what they ship in the mean (plan.70).
    """
    operations, options = problem.operations, problem.options
    weight = operations.weight
    works = operations.levels[options.step][:, :, None] < options.success[:, None, :]
    chance = np.einsum("s,osn->on", weight, works.astype(float))
    return problem.change(
        options={"success": np.ones_like(options.success), "output_factor": options.output_factor * chance},
        operations={
            "row_weight": (operations.row_weight @ weight)[:, None],
            "base": (operations.base @ weight)[:, None],
            "coefficient": (operations.coefficient @ weight)[:, None],
            "levels": np.zeros((len(operations.levels), 1)),
            "weight": np.ones(1),
        },
    )


def follow_path(problem: PlanProblem, leaf: int) -> tuple[PlanProblem, Whole]:
    """Return the problem in which it is known from the start that this leaf comes, and the nodes of its path (plan.72)."""
    tree = problem.tree
    nodes = tree.path(leaf)
    number = len(nodes)
    line = Tree(tree.year[nodes], np.arange(-1, number - 1), np.ones(number), tuple(tree.names[n] for n in nodes))
    return change_tree(problem, line, np.eye(len(tree))[nodes]), nodes


def hold_first_stage(problem: PlanProblem, x: Vector, layout: Layout, *, sizes: bool = True) -> PlanProblem:
    """Return the problem in which the first stage is that of a plan, and all later decisions are free (plan.71).

    Parameters
    ----------
    x, layout
        The plan, of a problem with the same options and the same years before the first gate.
    sizes
        Whether sizes are held as well as starts.
    """
    options, menu, tree = problem.options, problem.menu, problem.tree
    first = find_first_stage(tree)
    years = tree.year[first]
    option, node = layout.starts
    year = layout.problem.tree.year[node]
    taken = np.flatnonzero((layout.read(x, "z") > TAKEN) & (year <= years.max()))
    open_ = options.open & ~first[None, :]
    least, most = options.size_min.copy(), options.size_max.copy()
    earliest, latest, must = menu.earliest.copy(), menu.latest.copy(), menu.must.copy()
    for k in taken:
        o, step = option[k], options.step[option[k]]
        open_[options.step == step] = False
        open_[o] = first & (tree.year == year[k])
        earliest[step] = latest[step] = year[k]
        must[step] = True
        if sizes:
            size, room = layout.read(x, "size")[k], ROOM * most[o]
            least[o], most[o] = max(least[o], size - room), min(most[o], size + room)
    return problem.change(
        options={"open": open_, "size_min": least, "size_max": most},
        menu={"earliest": earliest, "latest": latest, "must": must},
    )


def wait_for_gate(problem: PlanProblem) -> PlanProblem:
    """Return the problem in which nothing new starts before something has turned out; what is committed does (plan.73)."""
    tree, options, menu = problem.tree, problem.options, problem.menu
    first = find_first_stage(tree)
    due = menu.must & (menu.latest <= tree.year[first].max())
    return problem.change(options={"open": options.open & (~first[None, :] | due[options.step][:, None])})


def tie_futures(problem: PlanProblem) -> tuple[PlanProblem, Strategy]:
    """Return the problem whose starts and sizes are the same in all futures of a year, and its rows (plan.74).

    Only what is open in every future of a year can start in it. Money is still settled future by future.
    """
    tree, options = problem.tree, problem.options
    open_ = options.open.copy()
    for year in tree.years:
        nodes = np.flatnonzero(tree.year == year)
        open_[:, nodes] = np.all(options.open[:, nodes], axis=1, keepdims=True)
    tied = problem.change(options={"open": open_})
    strategy = build_strategy(tied)
    layout, rows = strategy.layout, Rows(strategy.layout)
    option, node = layout.starts
    order = np.lexsort((node, tree.year[node], option))
    one, other = order[:-1], order[1:]
    same = (option[one] == option[other]) & (tree.year[node[one]] == tree.year[node[other]])
    one, other = one[same], other[same]
    for shift, block in ((0, "z"), (len(one), "size")):
        row = np.arange(len(one)) + shift
        rows.add(row, layout.at(block, one), 1.0)
        rows.add(row, layout.at(block, other), -1.0)
    labels = [(int(option[k]), int(node[k])) for k in other] * 2
    family = rows.make("tied", 2 * len(one), lower=0.0, upper=0.0, labels=labels)
    return tied, Strategy(layout, (*strategy.families, family))
