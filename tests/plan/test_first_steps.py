"""First steps of a plan, and plans held to them: against trying everything."""

import itertools

import numpy as np
import pytest

from pondasi.plan.benders import solve_benders
from pondasi.plan.first_steps import find_first_steps, hold_first_steps
from pondasi.plan.layout import Layout
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError
from tests.plan import brute_force
from tests.plan.random_plans import make_plan


def small(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=2, tight=1.5)
    return problem.change(limits={"loan": np.zeros(len(problem.tree))})


def first_of(problem, plan):
    """Return the steps that begin in every future, by walking each path: three years are all there are (plan.95)."""
    found = []
    for leaf in problem.tree.leaves:
        above = brute_force.path(problem.tree, leaf)
        found.append({int(problem.options.step[o]) for o, n in plan if n in above})
    return frozenset(set.intersection(*found))


@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 6])
def test_the_best_plan_with_given_first_steps_is_that_of_trying_everything(seed):
    problem = small(seed)
    # A start that gives nothing before the end is none of the engine's.
    useful = [(int(o), int(n)) for o, n in zip(*Layout(problem).starts, strict=True)]
    starts = [(o, n) for o, n in useful if brute_force.allowed_alone(problem, o, n)]
    least: dict[frozenset[int], float] = {}
    for plan in brute_force.plans_of(problem, starts):
        if brute_force.allowed(problem, plan):
            first = first_of(problem, plan)
            least[first] = min(least.get(first, np.inf), brute_force.cost(problem, plan))
    assert len(least) > 1, "else the test says nothing"
    strategy = build_strategy(problem)
    for size in range(3):
        for wanted in map(frozenset, itertools.combinations(range(2), size)):
            if wanted not in least:
                with pytest.raises(InfeasibleError):
                    solve_benders(problem, gap=0, strategy=hold_first_steps(strategy, wanted))
                continue
            answer = solve_benders(problem, gap=0, strategy=hold_first_steps(strategy, wanted))
            assert find_first_steps(problem, answer) == wanted
            # Both programmes are solved to about a millionth.
            assert answer.cost == pytest.approx(least[wanted], rel=1e-5)


def test_what_is_committed_is_no_first_step():
    problem = small(4)
    answer = solve_benders(problem, gap=0, strategy=hold_first_steps(build_strategy(problem), {1}))
    assert find_first_steps(problem, answer) == {1}
    committed = problem.change(menu={"must": np.arange(2) == 1})
    assert find_first_steps(committed, answer) == frozenset()
