"""What is decided over the tree: starts, sizes, money, people, knowledge, as numbered families of rows.

Every family is one function that takes the problem and the layout of its variables and returns rows with labels;
`build_strategy` stacks them. Notation as in `pondasi.plan.problem`; ``a <= n`` says that node a lies on the path to n,
``age = year(n) - year(a)``. Variables, all per tree node: ``z`` (0 or 1) and ``size`` for every start (option, node),
``begun`` and ``ready`` per step (has it been started, could it give output), ``running`` modules and money ``spent`` per option, ``stock`` of people, ``distance`` to partner practice, ``access``, ``loan``, ``kept`` money,
``cost`` of operations, and ``threshold`` of the loss per year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pondasi.plan.problem import Matrix, PlanProblem, Vector, Whole

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
    "cost",
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
            "cost": (nodes,),
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
        for name in ("distance", "cost"):
            lower[whole[name]] = -np.inf
        # A loss is never negative, so neither is the threshold that CVaR chooses.
        upper[whole["threshold"]] = np.inf if self.problem.risk == "loss" else 0
        return lower, upper


@dataclass(frozen=True, eq=False)
class Family:
    """Rows of one kind: ``lower <= matrix x <= upper``.

    Parameters
    ----------
    name
        Of the family; with a row's label it names a limit.
    labels
        What each row is about, as indices.
    relax
        What a slack of 1 does to each row: +1 loosens the upper end, -1 the lower, 0 nobody set this limit.
    """

    name: str
    matrix: sparse.csr_array = field(repr=False)
    lower: Vector = field(repr=False)
    upper: Vector = field(repr=False)
    labels: tuple[tuple[int, ...], ...] = field(repr=False, default=())
    relax: int = 0


class _Rows:
    """Collects the entries of a family."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.parts: list[tuple[Whole, Whole, Vector]] = []

    def add(self, row: Whole, column: Whole, value: Vector | float) -> None:
        row, column, value = np.broadcast_arrays(row, column, np.asarray(value, dtype=float))
        self.parts.append((row.ravel(), column.ravel(), value.ravel()))

    def make(
        self,
        name: str,
        number: int,
        *,
        lower: Vector | float = -np.inf,
        upper: Vector | float = np.inf,
        labels: Sequence[tuple[int, ...]] = (),
        relax: int = 0,
    ) -> Family:
        empty = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))
        row, column, value = (np.concatenate(part) for part in zip(empty, *self.parts, strict=True))
        matrix = sparse.csr_array(sparse.coo_array((value, (row, column)), shape=(number, self.layout.columns)))
        matrix.eliminate_zeros()
        ends = [np.broadcast_to(np.asarray(end, dtype=float), number).copy() for end in (lower, upper)]
        return Family(name, matrix, ends[0], ends[1], tuple(labels), relax)


def start_once(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.1) A step starts at most once on a path, with one partner: ``begun_jn = begun_j,parent + sum_{o of j} z_on <= 1``.

    The bound stands in `Layout.bounds`.
    """
    rows, (option, node) = _Rows(layout), layout.starts
    tree, steps = problem.tree, len(problem.labels.steps)
    nodes = len(tree)
    _carry(rows, layout, "begun", steps)
    rows.add(problem.options.step[option] * nodes + node, layout.at("z", np.arange(len(option))), -1.0)
    return rows.make("begun", steps * nodes, lower=0.0, upper=0.0, labels=_grid(steps, nodes))


def be_ready(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.18) A step can give output ``lead`` years after its start: ``ready_jn = ready_j,parent + sum_{o of j, age = lead_o} z_oa``."""
    rows, (option, _) = _Rows(layout), layout.starts
    nodes, steps = len(problem.tree), len(problem.labels.steps)
    _carry(rows, layout, "ready", steps)
    start, felt, age = layout.pairs
    due = age == problem.options.lead[option[start]]
    rows.add(problem.options.step[option[start[due]]] * nodes + felt[due], layout.at("z", start[due]), -1.0)
    return rows.make("ready", steps * nodes, lower=0.0, upper=0.0, labels=_grid(steps, nodes))


def _carry(rows: _Rows, layout: Layout, block: str, number: int) -> None:
    """Write ``block_in - block_i,parent`` into row (i, n)."""
    tree = layout.problem.tree
    i, n = np.indices((number, len(tree)))
    rows.add(i * len(tree) + n, layout.at(block, i, n), 1.0)
    later = tree.parent[n] >= 0
    rows.add((i * len(tree) + n)[later], layout.at(block, i[later], tree.parent[n[later]]), -1.0)


def bound_sizes(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.2) The size is between its least and most where a step starts: ``min z <= size <= max z``."""
    rows, (option, _) = _Rows(layout), layout.starts
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
    rows, (option, _) = _Rows(layout), layout.starts
    options, nodes = len(profile), len(layout.problem.tree)
    _carry(rows, layout, block, options)
    start, felt, age = layout.pairs
    change = np.diff(profile, axis=1, prepend=0.0)[option[start], age]
    rows.add(option[start] * nodes + felt, layout.at("size", start), -change)
    return rows.make(block, options * nodes, lower=0.0, upper=0.0, labels=_grid(options, nodes))


def keep_stock_of_people(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.4) People: ``stock_kn = (1 - loss_k) stock_k,parent + inflow_kn + sum_{o, a <= n} trains_ok(age) size_oa``."""
    rows, (option, _) = _Rows(layout), layout.starts
    tree, limits = problem.tree, problem.limits
    skills, nodes = len(limits.stock), len(tree)
    k, n = np.indices((skills, nodes))
    rows.add(k * nodes + n, layout.at("stock", k, n), 1.0)
    later = tree.parent[n] >= 0
    kl, nl = k[later], n[later]
    rows.add(kl * nodes + nl, layout.at("stock", kl, tree.parent[nl]), -(1 - limits.loss[kl]))
    start, felt, age = layout.pairs
    for skill in range(skills):
        trained = problem.options.trains[option[start], skill, age]
        rows.add(skill * nodes + felt, layout.at("size", start), -trained)
    come = limits.inflow + np.where(tree.parent < 0, ((1 - limits.loss) * limits.stock)[:, None], 0)
    labels = [(int(a), int(b)) for a, b in zip(k.ravel(), n.ravel(), strict=True)]
    return rows.make("people_stock", skills * nodes, lower=come.ravel(), upper=come.ravel(), labels=labels)


def need_people(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.5) No more people at work than there are: ``sum_o people_ok running_on + building_people_ok building_on <= stock_kn``."""
    rows, options = _Rows(layout), problem.options
    skills, nodes = options.people.shape[1], len(problem.tree)
    k, n = np.indices((skills, nodes))
    rows.add(k * nodes + n, layout.at("stock", k, n), -1.0)
    n = np.arange(nodes)
    for block, people in (("running", options.people), ("building", options.people_building)):
        o, skill = np.nonzero(people)
        rows.add(skill[:, None] * nodes + n, layout.at(block, o[:, None], n), people[o, skill][:, None])
    return rows.make("people", skills * nodes, upper=0.0, labels=_grid(skills, nodes), relax=1)


def learn(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.6) Knowledge: ``distance_dn = distance_d,parent + drift_d - sum_o gain_od running_on``."""
    rows, gain, tree, limits = _Rows(layout), problem.options.gain, problem.tree, problem.limits
    domains, nodes = gain.shape[1], len(tree)
    d, n = np.indices((domains, nodes))
    rows.add(d * nodes + n, layout.at("distance", d, n), 1.0)
    later = tree.parent[n] >= 0
    dl, nl = d[later], n[later]
    rows.add(dl * nodes + nl, layout.at("distance", dl, tree.parent[nl]), -1.0)
    o, domain = np.nonzero(gain)
    n = np.arange(nodes)
    rows.add(domain[:, None] * nodes + n, layout.at("running", o[:, None], n), gain[o, domain][:, None])
    rest = limits.drift[:, None] + np.where(tree.parent < 0, limits.distance[:, None], 0)
    rest = np.broadcast_to(rest, (domains, nodes)).ravel()
    return rows.make("distance", domains * nodes, lower=rest, upper=rest, labels=_grid(domains, nodes))


def need_knowledge(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.7) A step without a licensing partner starts only near practice: ``distance_dn <= max_od + far (1 - z_on)``.

    ``far`` is the largest distance without any step less ``max``, so that the row says nothing where z = 0.
    """
    rows, (option, node) = _Rows(layout), layout.starts
    limits, tree = problem.limits, problem.tree
    most = limits.distance[:, None] + np.cumsum(np.ones((1, len(tree.years))), axis=1) * np.maximum(
        limits.drift[:, None], 0
    )
    far_away = most.max(axis=1, initial=0)
    start, domain = np.nonzero(np.isfinite(problem.options.distance_max[option]))
    most_allowed = problem.options.distance_max[option[start], domain]
    far = np.maximum(far_away[domain] - most_allowed, 0)
    row = np.arange(len(start))
    rows.add(row, layout.at("distance", domain, node[start]), 1.0)
    rows.add(row, layout.at("z", start), far)
    labels = [(int(o), int(d), int(n)) for o, d, n in zip(option[start], domain, node[start], strict=True)]
    return rows.make("knowledge", len(start), upper=most_allowed + far, labels=labels)


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
    rows, nodes = _Rows(layout), np.arange(len(layout.problem.tree))
    for k, (j, needed) in enumerate(needs):
        rows.add(k * len(nodes) + nodes, layout.at(block, np.full(len(nodes), j), nodes), 1.0)
        rows.add(k * len(nodes) + nodes, layout.at("ready", np.full(len(nodes), needed), nodes), -1.0)
    labels = [(j, needed, int(n)) for j, needed in needs for n in nodes]
    return rows.make(name, len(labels), upper=0.0, labels=labels)


def exclude(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.10) Of two steps that exclude each other one at most stands on a path: ``begun_i,leaf + begun_j,leaf <= 1``."""
    rows, leaves = _Rows(layout), problem.tree.leaves
    row = np.arange(len(leaves))
    for k, pair in enumerate(problem.menu.excludes):
        for j in pair:
            rows.add(k * len(leaves) + row, layout.at("begun", np.full(len(leaves), j), leaves), 1.0)
    labels = [(i, j, int(leaf)) for i, j in problem.menu.excludes for leaf in leaves]
    return rows.make("exclude", len(labels), upper=1.0, labels=labels)


def keep_budgets(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.11) Money of a purse in a year.

    ``sum_o share_op cost_factor_on spent_on + kept_pn <= budget_pn + kept_p,parent``; the borrower's row also gains
    ``loan_n`` and pays ``sum_{a <= n} repay(age) loan_a``. Only purses that may carry over have ``kept``; loans are
    bounded (plan.12).
    """
    rows = _Rows(layout)
    options, tree, limits = problem.options, problem.tree, problem.limits
    purses, nodes = limits.budget.shape
    o, p = np.nonzero(options.purse_share)
    n = np.arange(nodes)
    paid = options.purse_share[o, p][:, None] * options.cost_factor[o]
    rows.add(p[:, None] * nodes + n, layout.at("spent", o[:, None], n), paid)
    p, n = np.indices((purses, nodes))
    rows.add(p * nodes + n, layout.at("kept", p, n), 1.0)
    later = tree.parent[n] >= 0
    rows.add((p * nodes + n)[later], layout.at("kept", p[later], tree.parent[n[later]]), -1.0)
    if limits.borrower >= 0:
        n, a = np.nonzero(tree.above)
        since = tree.year[n] - tree.year[a]
        rows.add(limits.borrower * nodes + n, layout.at("loan", a), limits.repay[since] - (since == 0))
    upper = limits.budget.ravel()
    return rows.make("budget", purses * nodes, upper=upper, labels=_grid(purses, nodes), relax=1)


def keep_resources(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.13) Power, water, emissions: ``sum_o use_orn running_on <= resource_rn``."""
    rows, use, limit = _Rows(layout), problem.options.use, problem.limits.resource
    resources, nodes = limit.shape
    o, r = np.nonzero(use.any(axis=2))
    n = np.arange(nodes)
    rows.add(r[:, None] * nodes + n, layout.at("running", o[:, None], n), np.broadcast_to(use[o, r], (len(o), nodes)))
    labels = _grid(resources, nodes)
    return rows.make("resource", resources * nodes, upper=limit.ravel(), labels=labels, relax=1)


def gain_access(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.14) Access is what agreements in force add up to, at most 1: ``access_cn <= access0_c + sum_o access_oc running_on``."""
    rows, brings = _Rows(layout), problem.options.access
    countries, nodes = brings.shape[1], len(problem.tree)
    c, n = np.indices((countries, nodes))
    rows.add(c * nodes + n, layout.at("access", c, n), 1.0)
    o, country = np.nonzero(brings)
    n = np.arange(nodes)
    rows.add(country[:, None] * nodes + n, layout.at("running", o[:, None], n), -brings[o, country][:, None])
    upper = np.repeat(problem.limits.access, nodes)
    return rows.make("access", countries * nodes, upper=upper, labels=_grid(countries, nodes))


def keep_commitments(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.15) What is committed has begun by its latest year on every path: ``begun_jn >= 1``."""
    rows, tree, menu = _Rows(layout), problem.tree, problem.menu
    last = np.minimum(menu.latest, tree.year.max())
    labels = [(int(j), int(n)) for j in np.flatnonzero(menu.must) for n in np.flatnonzero(tree.year == last[j])]
    for row, (j, n) in enumerate(labels):
        rows.add(np.array([row]), layout.at("begun", j, n), 1.0)
    return rows.make("commitment", len(labels), lower=1.0, labels=labels, relax=-1)


def reach_targets(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.16) What must run by a year: ``sum_o weight_io running_on >= output_i`` at every node of that year."""
    rows, limits = _Rows(layout), problem.limits
    labels = [
        (i, int(n)) for i, year in enumerate(limits.target_year) for n in np.flatnonzero(problem.tree.year == year)
    ]
    for row, (i, n) in enumerate(labels):
        o = np.flatnonzero(limits.target_weight[i])
        rows.add(np.full(len(o), row), layout.at("running", o, np.full(len(o), n)), limits.target_weight[i, o])
    lower = limits.target_output[[i for i, _ in labels]] if labels else np.zeros(0)
    return rows.make("target", len(labels), lower=lower, labels=labels, relax=-1)


def keep_dates(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.17) Where dates are free to be loosened, a start outside them: ``z_oa <= 0`` before the earliest, after the latest year."""
    rows, (option, node) = _Rows(layout), layout.starts
    menu, step, year = problem.menu, problem.options.step[option], problem.tree.year[node]
    early, late = year < menu.earliest[step], year > menu.latest[step]
    outside = np.flatnonzero(early | late)
    rows.add(np.arange(len(outside)), layout.at("z", outside), 1.0)
    labels = [(int(step[k]), int(early[k]), int(node[k])) for k in outside]
    return rows.make("date", len(outside), upper=0.0, labels=labels, relax=1)


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
    keep_resources,
    gain_access,
    keep_commitments,
    reach_targets,
    keep_dates,
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


def _grid(first: int, second: int) -> list[tuple[int, ...]]:
    return [(a, b) for a in range(first) for b in range(second)]
