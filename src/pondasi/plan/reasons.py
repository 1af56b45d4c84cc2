"""Why a step is in the plan or out of it, and what a year's delay costs.

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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.plan.all_futures import settle_money
from pondasi.plan.carry import move_plan
from pondasi.plan.elastic import Elastic
from pondasi.plan.layout import Layout
from pondasi.plan.loosen import Change, round_up
from pondasi.plan.narrow import close_over
from pondasi.plan.objective import cost_decisions
from pondasi.plan.questions import SHORTEST, Questions
from pondasi.plan.reach import find_reach
from pondasi.plan.strategy import build_strategy
from pondasi.plan.unit_worth import count_units
from pondasi.solver import InfeasibleError, OutOfTimeError, Programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pondasi.plan.price import Answer
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.strategy import Strategy

Why = Literal[
    "committed",
    "target",
    "required",
    "prerequisite",
    "enables",
    "earns",
    "closed",
    "limit",
    "displaces",
    "costs",
    "unknown",
]
"""In: it is committed; without it the other starts of the plan miss a target; no plan keeps all limits without it; others lose what they need first; others could not be done; it earns more than it
costs. Out: nobody can do or pay for it; a limit forbids it; it would push out something worth more; it earns less than it costs. Either: time
ended before a plan of the other choice was found."""


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
    targets
        Targets that the other starts of the plan miss without it, as indices, where ``why`` is ``target``.
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
    targets: tuple[int, ...] = ()

    @property
    def inside(self) -> bool:
        """Whether the step is in the plan in any future."""
        return self.share > 0


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
    units = count_units(questions)
    found: dict[int, Reason] = {}
    left = units + sum(solves)
    # Those of the plan first, should time not last for all.
    for k in sorted(range(len(wanted)), key=lambda k: not inside[k]):
        asked = replace(questions, parts=left)
        found[k] = _explain_in(asked, wanted[k]) if inside[k] else _explain_out(asked, wanted[k])
        left -= solves[k]
    return [found[k] for k in range(len(wanted))]


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
        missed = _find_missed(part)
        needed: Why = "target" if missed else "required"
        return Reason(j, share, needed, np.inf, np.inf, (), (), *_delay(questions, j, None), missed)
    except OutOfTimeError as error:
        low = max(0.0, questions.least(error))
        return Reason(j, share, "unknown", low, np.nan, (), (), *_delay(questions, j, None))
    low, high = questions.loss(answer)
    lost = tuple(i for i in _started(questions.base) - _started(answer) if i != j)
    needing = tuple(i for i in lost if j in close_over(problem, {i}))
    why: Why = "prerequisite" if needing else "enables" if lost else "earns"
    return Reason(j, share, why, max(0.0, low), max(0.0, high), needing or lost, (), *_delay(questions, j, answer))


def _find_missed(part: PlanProblem) -> tuple[int, ...]:
    """Return the targets that some starts cannot reach; none where no targets are asked for, or these starts cannot be done even without."""
    if not len(part.targets):
        return ()
    try:
        return tuple(find_reach(part).lowered.tolist())
    except InfeasibleError:
        return ()


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
        changes = () if found is None else tuple(map(round_up, found[1]))
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
