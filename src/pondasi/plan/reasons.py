"""Why a step is in the plan or out of it, what a year's delay costs, and what one more unit of a limit is worth.

Every answer is the difference of two solves, each priced by a full sweep, as an interval from incumbent and bound (plan.93)::

    loss in [bound_changed - cost_base, cost_changed - bound_base]

*Held* (the default): the starts of the plan may be dropped, and only starts that the question itself asks for may join; sizes and money
are settled again. So it says what the step is worth at this plan. *Decided anew* (``held=False``): all starts are open again;
that is what the step is worth, at the price of a full search per question.

Where time ends a question before any plan of the other choice is found, only the bound is known: the lower end says it, and the upper one is
not known (NaN).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.plan.all_futures import settle_money
from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.cuts import CutPool
from pondasi.plan.elastic import Elastic
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change, loosen
from pondasi.plan.narrow import close_over
from pondasi.plan.objective import cost_decisions
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, OutOfTimeError, Programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pondasi.executor import Executor
    from pondasi.plan.loosen import Kind
    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.strategy import Strategy

Why = Literal[
    "committed", "required", "prerequisite", "enables", "earns", "closed", "limit", "displaces", "costs", "unknown"
]
"""In: it is committed; no plan keeps all limits without it; others lose what they need first; others could not be done; it earns more than it
costs. Out: nobody can do or pay for it; a limit forbids it; it would push out something worth more; it earns less than it costs. Either: time
ended before a plan of the other choice was found."""
UNITS: dict[Kind, float] = {"budget": 1.0, "people": 10.0, "resource": 1.0}
"""One more unit: a million USD, ten people who come, one unit of the resource such as a MW."""
YEARS = 5
"""First years in which one more unit of each limit is weighed."""
SHORTEST = 1.0
"""Seconds that a question gets at least, while there is time."""
SEARCHING = 0.5
"""Part of the time of a question that its search is given: what it starts from and its last sweeps take the rest."""
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
        What is lost by the other choice, leaving it out or taking it in [million USD]; infinite where that cannot be. NaN for ``high`` where
        time ended before a plan of the other choice was found; ``low`` then comes from the bound alone, minus infinity for none.
    delay_low, delay_high
        What is lost if it starts a year later, or not at all if that is better, in the same way; nothing for a step that is out.
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
        Gain [million USD]; both 0 where the limit does not bind at this plan, and nothing is decided anew. NaN for ``high`` where time
        ended before it was asked.
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
    seconds
        Time of a question at most.
    deadline
        Time of `time.monotonic` at which all questions have to end.
    parts
        Questions among which the time that is left is shared out.
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
    deadline: float = np.inf
    parts: int = 1

    def solve(self, problem: PlanProblem, *, known: Vector | None = None, strategy: Strategy | None = None) -> Answer:
        """Return the best plan of a changed problem, from a copy of the cuts, so that no answer depends on another.

        Parameters
        ----------
        known
            A plan of the changed problem: with it there is an answer, however short the time.

        Raises
        ------
        OutOfTimeError
            If time ends before there is a plan.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        return solve_benders(
            problem,
            gap=self.gap,
            seconds=min(self.seconds, max(SHORTEST, SEARCHING * left / self.parts)),
            insist=False,
            scale=self.scale,
            pool=CutPool(self.pool.key, list(self.pool.records)),
            executor=self.executor,
            strategy=strategy,
            suggestion=known,
        )

    def least(self, error: OutOfTimeError) -> float:
        """Return what a changed plan loses at least, where time ended before there was one."""
        return error.bound - self.base.cost

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
    together: float = np.inf,
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
        Time of every solve; one that runs out has a wider interval, or none (see `Reason`).
    together
        Time of all solves, from now on: each gets an equal share of what those before it left.
    pool
        Cuts of the search that found the plan; they are not changed.
    """
    option, node = answer.layout.starts
    taken = answer.layout.read(answer.x, "z") > 1 / 2
    mask = np.ones_like(problem.options.open)
    if held:
        mask[:] = False
        mask[option[taken], node[taken]] = True
    deadline = time.monotonic() + together
    scale = max(abs(value), 1.0)
    questions = Questions(problem, mask, answer, _recent(pool), scale, gap, held, seconds, executor, deadline)
    if not held:
        return questions
    part = questions.allow(mask)
    known, _ = move_plan(answer.x, answer.layout, Layout(part))
    try:
        return replace(questions, base=replace(questions, parts=len(problem.labels.steps)).solve(part, known=known))
    except OutOfTimeError:  # there was no time at all: the plan as it was found is one over its own starts
        return questions


def explain_steps(questions: Questions, steps: Iterable[int] | None = None) -> list[Reason]:
    """Return for each step why it is in or out, what the other choice loses, and what a year's delay costs.

    Parameters
    ----------
    steps
        Indices; all steps by default.
    """
    problem = questions.problem
    wanted = list(range(len(problem.labels.steps)) if steps is None else steps)
    inside = [_share(questions, j) > 0 for j in wanted]
    # Left out and a year later; or taken in.
    solves = [2 if here and not problem.menu.must[j] else 1 for j, here in zip(wanted, inside, strict=True)]
    units = sum(_binds(questions, change) for change in _list_units(problem, YEARS))
    found: dict[int, Reason] = {}
    left = units + sum(solves)
    # Those of the plan first, should time not last for all.
    for k in sorted(range(len(wanted)), key=lambda k: not inside[k]):
        asked = replace(questions, parts=left)
        found[k] = _explain_in(asked, wanted[k]) if inside[k] else _explain_out(asked, wanted[k])
        left -= solves[k]
    return [found[k] for k in range(len(wanted))]


def worth_of_units(questions: Questions, years: int = YEARS) -> list[UnitWorth]:
    """Return what one more unit of each limit is worth in each of the first years.

    A limit that does not bind at this plan is worth nothing there and is not solved for.
    """
    changes = _list_units(questions.problem, years)
    binding = [_binds(questions, change) for change in changes]
    return [
        value_change(replace(questions, parts=max(1, sum(binding[k:]))), change) for k, change in enumerate(changes)
    ]


def _list_units(problem: PlanProblem, years: int) -> list[Change]:
    """Return one more unit of each limit in each of the first years."""
    found = []
    sizes = {"budget": len(problem.labels.purses), "people": len(problem.labels.skills)}
    sizes["resource"] = len(problem.labels.resources)
    for kind, amount in UNITS.items():
        for item in range(sizes[kind]):
            found += [Change(kind, item, int(year), amount, amount) for year in problem.tree.years[:years]]
    return found


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


def _explain_in(questions: Questions, j: int) -> Reason:
    problem, share = questions.problem, _share(questions, j)
    if problem.menu.must[j]:
        return Reason(j, share, "committed", 0.0, np.inf, (), (), *_delay(questions, j, None))
    mine = (problem.options.step == j)[:, None]
    part = questions.allow(questions.mask & ~mine)
    strategy = build_strategy(part)
    try:
        answer = questions.solve(part, known=_leave_out(questions, j, strategy), strategy=strategy)
    except InfeasibleError:
        return Reason(j, share, "required", np.inf, np.inf, (), (), *_delay(questions, j, None))
    except OutOfTimeError as error:
        low = max(0.0, questions.least(error))
        return Reason(j, share, "unknown", low, np.nan, (), (), *_delay(questions, j, None))
    low, high = questions.loss(answer)
    lost = tuple(i for i in _started(questions.base) - _started(answer) if i != j)
    needing = tuple(i for i in lost if j in close_over(problem, {i}))
    why: Why = "prerequisite" if needing else "enables" if lost else "earns"
    return Reason(j, share, why, max(0.0, low), max(0.0, high), needing or lost, (), *_delay(questions, j, answer))


def _leave_out(questions: Questions, j: int, strategy: Strategy) -> Vector | None:
    """Return the plan less a step and all that needs it, its money settled anew; None if that breaks a limit."""
    problem, layout = questions.problem, strategy.layout
    x, _ = move_plan(questions.base.x, questions.base.layout, layout)
    step = problem.options.step[layout.starts[0]]
    gone = np.isin(step, [i for i in np.unique(step) if j in close_over(problem, {int(i)})])
    for block in ("z", "size"):
        x[layout.at(block, np.flatnonzero(gone))] = 0.0
    return settle_money(strategy, x)


def _delay(questions: Questions, j: int, without: Answer | None) -> tuple[float | None, float | None]:
    """Return what is lost if a step starts a year later, and what needs it as well; or not at all, if that is better.

    Parameters
    ----------
    without
        The best plan that leaves it out, where that is known: not at all is one way to be later.
    """
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
    later = questions.allow(mask, latest=latest)
    try:
        answer = questions.solve(
            later, known=None if without is None else move_plan(without.x, without.layout, Layout(later))[0]
        )
    except InfeasibleError:
        return np.inf, np.inf
    except OutOfTimeError as error:
        return max(0.0, questions.least(error)), np.nan
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
    strategy = build_strategy(forced)
    try:
        answer = questions.solve(forced, known=_take_in(questions, joining, strategy), strategy=strategy)
    except InfeasibleError:
        found = Elastic(forced, {}).solve([frozenset({("commitment", j)})])
        changes = () if found is None else tuple(found[1])
        return Reason(j, 0.0, "limit", np.inf, np.inf, (), changes)
    except OutOfTimeError as error:
        return Reason(j, 0.0, "unknown", questions.least(error), np.nan)
    low, high = questions.loss(answer)
    lost = tuple(sorted(_started(questions.base) - _started(answer)))
    return Reason(j, 0.0, "displaces" if lost else "costs", low, high, lost)


def _take_in(questions: Questions, joining: NDArray[np.bool_], strategy: Strategy) -> Vector | None:
    """Return the plan with all its starts and what joins it at little cost; None if there is no room, or none is found at once.

    Parameters
    ----------
    joining
        Options that may join, shape (O, 1).
    """
    if time.monotonic() >= questions.deadline:
        return None
    layout = strategy.layout
    base, _ = move_plan(questions.base.x, questions.base.layout, layout)
    taken = layout.read(base, "z") > 1 / 2
    free = joining[layout.starts[0], 0] | taken
    starts = np.arange(len(taken))
    lower, upper = layout.bounds()
    lower[layout.at("z", starts[taken])] = 1.0
    upper[layout.at("z", starts[~free])] = upper[layout.at("size", starts[~free])] = 0.0
    nodes = layout.at("cost", np.arange(layout.shapes["cost"][0]))
    lower[nodes] = upper[nodes] = 0.0
    whole = np.zeros(layout.columns, dtype=bool)
    whole[layout.at("z", starts)] = True
    cost = cost_decisions(layout.problem, layout)
    programme = Programme(cost, lower, upper, strategy.matrix, *strategy.ends, whole=whole)
    try:
        x = programme.solve(seconds=SHORTEST, gap=np.inf).x
    except (InfeasibleError, OutOfTimeError):
        return None
    return settle_money(strategy, x)


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
