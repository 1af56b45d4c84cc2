"""Why a step is in the plan or out of it, what a year's delay costs, and what one more unit of a limit is worth.

Every answer is the difference of two solves, each priced by a full sweep, as an interval from incumbent and bound (plan.93)::

    loss in [bound_changed - cost_base, cost_changed - bound_base]

*Held* (the default): the starts of the plan may be dropped, and only starts that the question itself asks for may join; sizes and money
are settled again. So it says what the step is worth at this plan. *Decided anew* (``held=False``): all starts are open again;
that is what the step is worth, at the price of a full search per question.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.plan.benders import solve_benders
from pondasi.plan.cuts import CutPool
from pondasi.plan.elastic import Elastic
from pondasi.plan.loosen import Change, loosen
from pondasi.plan.narrow import close_over
from pondasi.solver import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pondasi.executor import Executor
    from pondasi.plan.benders import Answer
    from pondasi.plan.loosen import Kind
    from pondasi.plan.problem import PlanProblem

Why = Literal["committed", "prerequisite", "enables", "earns", "closed", "limit", "displaces", "costs"]
"""In: it is committed; others lose what they need first; others could not be done; it earns more than it costs. Out: nobody can do or pay for
it; a limit forbids it; it would push out something worth more; it earns less than it costs."""
UNITS: dict[Kind, float] = {"budget": 1.0, "people": 10.0, "resource": 1.0}
"""One more unit: a million USD, ten people who come, one unit of the resource such as a MW."""
RECENT = 6
"""Cuts of each node that a question starts from, the newest: older ones mostly say less and cost time."""
TIGHT = 1e-6
"""Share of a limit that may be left where it is said to bind."""


@dataclass(frozen=True)
class Reason:
    """What is known of one step.

    Parameters
    ----------
    step
        Index of the step.
    share
        Probability of the futures in which it stands.
    why
        Why it is in or out.
    others
        Steps that take part in the reason, as indices.
    limits
        Limits that forbid it, with what would have to be added, where ``why`` is ``limit``.
    low, high
        What is lost by the other choice, leaving it out or taking it in [million USD]; infinite where that cannot be.
    delay_low, delay_high
        What is lost if it starts a year later, or not at all if that is better; nothing for a step that is out.
    """

    step: int
    share: float
    why: Why
    low: float
    high: float
    others: tuple[int, ...] = ()
    limits: tuple[Change, ...] = ()
    delay_low: float | None = None
    delay_high: float | None = None

    @property
    def inside(self) -> bool:
        """Whether the step is in the plan in any future."""
        return self.share > 0


@dataclass(frozen=True)
class UnitWorth:
    """What one more unit of a limit in a year is worth.

    Parameters
    ----------
    change
        The limit and the unit (`UNITS`).
    low, high
        Gain [million USD]; both 0 where the limit does not bind at this plan, and nothing is decided anew.
    binds
        Whether the limit binds at this plan.
    """

    change: Change
    low: float
    high: float
    binds: bool


@dataclass(frozen=True, eq=False)
class Questions:
    """A plan of which things are asked: its problem, its starts, and what it costs at least and at most.

    Parameters
    ----------
    base
        The plan with sizes settled again, over the starts that are asked about.
    pool
        Cuts that every question starts from.
    """

    problem: PlanProblem
    mask: NDArray[np.bool_] = field(repr=False)
    base: Answer
    pool: CutPool = field(repr=False)
    scale: float
    gap: float
    held: bool
    seconds: float = np.inf
    executor: Executor | None = None

    def solve(self, problem: PlanProblem, *, suggest: bool = False) -> Answer:
        """Return the best plan of a changed problem, from a copy of the cuts, so that no answer depends on another."""
        return solve_benders(
            problem,
            gap=self.gap,
            seconds=self.seconds,
            scale=self.scale,
            pool=CutPool(self.pool.key, list(self.pool.records)),
            executor=self.executor,
            suggestion=self.base.x if suggest else None,
        )

    def loss(self, answer: Answer) -> tuple[float, float]:
        """Return what a changed plan loses against the plan, as an interval (plan.93)."""
        return answer.bound - self.base.cost, answer.cost - self.base.bound

    def allow(self, mask: NDArray[np.bool_], **menu: NDArray[np.generic]) -> PlanProblem:
        """Return the problem with these starts, and fields of its menu changed."""
        return self.problem.change(options={"open": self.problem.options.open & mask}, menu=menu)


def ask_about(
    problem: PlanProblem,
    answer: Answer,
    value: float,
    *,
    held: bool = True,
    gap: float = 0.005,
    seconds: float = np.inf,
    pool: CutPool | None = None,
    executor: Executor | None = None,
) -> Questions:
    """Return a plan ready for questions.

    Parameters
    ----------
    answer, value
        The plan and what it is worth [million USD].
    held
        Whether its starts are held (see the module).
    gap
        Gap of every solve, relative to the value.
    seconds
        Time of every solve; one that runs out has a wider interval.
    pool
        Cuts of the search that found the plan; they are not changed.
    """
    option, node = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 1 / 2
    mask = np.ones_like(problem.options.open)
    if held:
        mask[:] = False
        mask[option[taken], node[taken]] = True
    questions = Questions(problem, mask, answer, _recent(pool), max(abs(value), 1.0), gap, held, seconds, executor)
    base = questions.solve(questions.allow(mask)) if held else answer
    return replace(questions, base=base, mask=mask)


def explain_steps(questions: Questions, steps: Iterable[int] | None = None) -> list[Reason]:
    """Return for each step why it is in or out, what the other choice loses, and what a year's delay costs.

    Parameters
    ----------
    steps
        Indices; all steps by default.
    """
    wanted = range(len(questions.problem.labels.steps)) if steps is None else steps
    return [_explain_in(questions, j) if _share(questions, j) > 0 else _explain_out(questions, j) for j in wanted]


def worth_of_units(questions: Questions, years: int = 5) -> list[UnitWorth]:
    """Return what one more unit of each limit is worth in each of the first years.

    A limit that does not bind at this plan is worth nothing there and is not solved for.
    """
    problem, found = questions.problem, []
    sizes = {"budget": len(problem.labels.purses), "people": len(problem.labels.skills)}
    sizes["resource"] = len(problem.labels.resources)
    for kind, amount in UNITS.items():
        for item in range(sizes[kind]):
            found += [
                value_change(questions, Change(kind, item, int(year), amount, amount))
                for year in problem.tree.years[:years]
            ]
    return found


def value_change(questions: Questions, change: Change) -> UnitWorth:
    """Return what a looser limit is worth: never less than nothing, for the plan itself still keeps all limits."""
    if not _binds(questions, change):
        return UnitWorth(change, 0.0, 0.0, binds=False)
    answer = questions.solve(loosen(questions.allow(questions.mask), [change]), suggest=True)
    low, high = questions.loss(answer)
    return UnitWorth(change, max(0.0, -high), max(0.0, -low), binds=True)


def _explain_in(questions: Questions, j: int) -> Reason:
    problem, share = questions.problem, _share(questions, j)
    if problem.menu.must[j]:
        return Reason(j, share, "committed", 0.0, np.inf, (), (), *_delay(questions, j))
    mine = (problem.options.step == j)[:, None]
    answer = questions.solve(questions.allow(questions.mask & ~mine))
    low, high = questions.loss(answer)
    lost = tuple(i for i in _started(questions.base) - _started(answer) if i != j)
    needing = tuple(i for i in lost if j in close_over(problem, {i}))
    why: Why = "prerequisite" if needing else "enables" if lost else "earns"
    return Reason(j, share, why, max(0.0, low), max(0.0, high), needing or lost, (), *_delay(questions, j))


def _delay(questions: Questions, j: int) -> tuple[float | None, float | None]:
    """Return what is lost if a step starts a year later, and what needs it as well; or not at all, if that is better."""
    problem, tree = questions.problem, questions.problem.tree
    option, node = questions.base.layout.starts
    taken = questions.base.layout.read(questions.base.x, "z") > 1 / 2
    step = problem.options.step
    mask = questions.mask & (step != j)[:, None]
    for o, n in zip(option[taken], node[taken], strict=True):
        if step[o] == j or j in close_over(problem, {int(step[o])}):
            mask[o, _next_starts(problem, int(o), int(n))] = True
    latest = problem.menu.latest.copy()
    latest[j] = tree.year.max()
    try:
        answer = questions.solve(questions.allow(mask, latest=latest))
    except InfeasibleError:
        return np.inf, np.inf
    low, high = questions.loss(answer)
    return max(0.0, low), max(0.0, high)


def _next_starts(problem: PlanProblem, option: int, node: int) -> NDArray[np.intp]:
    """Return the nodes below a start in which the option may start next: a year later, or when it is open again."""
    tree, found, level = problem.tree, [], [node]
    while level:
        level = [int(n) for n in np.flatnonzero(np.isin(tree.parent, level))]
        found += [n for n in level if problem.options.open[option, n]]
        level = [n for n in level if not problem.options.open[option, n]]
    return np.array(found, dtype=np.intp)


def _explain_out(questions: Questions, j: int) -> Reason:
    problem = questions.problem
    needed = close_over(problem, {j})
    joining = np.isin(problem.options.step, list(needed))[:, None]
    must, latest = problem.menu.must.copy(), problem.menu.latest.copy()
    closed = tuple(i for i in sorted(needed) if not problem.options.open[problem.options.step == i].any())
    if closed:
        return Reason(j, 0.0, "closed", np.inf, np.inf, closed)
    must[j], latest[j] = True, problem.tree.year.max()
    forced = questions.allow(questions.mask | joining, must=must, latest=latest)
    try:
        answer = questions.solve(forced)
    except InfeasibleError:
        found = Elastic(forced, {}).solve([frozenset({("commitment", j)})])
        changes = () if found is None else tuple(found[1])
        return Reason(j, 0.0, "limit", np.inf, np.inf, (), changes)
    low, high = questions.loss(answer)
    lost = tuple(sorted(_started(questions.base) - _started(answer)))
    return Reason(j, 0.0, "displaces" if lost else "costs", low, high, lost)


def _binds(questions: Questions, change: Change) -> bool:
    """Tell whether more of a limit could be used at once: nothing is left of it in some node of the year, or of a stock, later."""
    problem, layout, x = questions.problem, questions.base.layout, questions.base.x
    tree, options, limits = problem.tree, problem.options, problem.limits
    here = tree.year == change.year
    running = layout.read(x, "running")
    if change.kind == "budget":
        if limits.carry[change.item]:
            return True
        spent = layout.read(x, "spent") * options.cost_factor
        limit, used = limits.budget[change.item], options.purse_share[:, change.item] @ spent
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


def _share(questions: Questions, j: int) -> float:
    """Return the probability of the futures in which a step stands."""
    leaves = questions.problem.tree.leaves
    begun = questions.base.layout.read(questions.base.x, "begun")[j, leaves] > 1 / 2
    return float(questions.problem.tree.probability[leaves][begun].sum())


def _started(answer: Answer) -> set[int]:
    """Return the steps that stand in any future."""
    option, _ = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 1 / 2
    return {int(j) for j in answer.layout.problem.options.step[option[taken]]}


def _recent(pool: CutPool | None) -> CutPool:
    """Return the newest cuts of every node, in the order in which they were found."""
    if pool is None:
        return CutPool()
    count: dict[int, int] = {}
    kept = []
    for record in reversed(pool.records):
        node = record.point.node
        count[node] = count.get(node, 0) + 1
        if count[node] <= RECENT:
            kept.append(record)
    return CutPool(pool.key, kept[::-1])
