"""Rows on the plan: the shipped case, growth with scenarios, and the extensive form as the peer and the referee.

The extensive form is our own, through linopy and HiGHS: no other program plans steps over a tree with talent and several
purses, so the peer is what a good user of an open solver would write down.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from benchmarks.measure import Run, run
from benchmarks.registry import RefereeRow, SpeedRow

WORKERS = 2
CLOSE = 0.005
"""Part of all costs within which a plan of the shipped case is asked for."""
SHAPE = {
    "years": 8,
    "gates": (2, 5),
    "branches": 2,
    "steps": 8,
    "partners": 3,
    "nodes": 12,
    "users": 3,
    "countries": 6,
    "tight": 2.0,
}
"""The made-up plan that both sides solve: 8 years, 4 leaves, 8 steps with partners, 12 nodes."""
LARGEST = 80
"""Scenarios at which the extensive form of that plan is timed."""
GROWTH = (30, 100, 300, 1000)


def solve_shipped(seconds: float, *, quick: bool, targets: bool = False) -> dict[str, object]:
    """Solve the shipped case as the command does; tell when plan and bound were close, how close they came, and the rounds.

    ``seconds`` of the answer is the time, from loading the case on, until they were within `CLOSE` of all costs, or all of it where they never were; with targets, in
    the search for the plan that reaches them, which follows the one for the plan without.
    """
    from pondasi.executor import open_executor
    from pondasi.plan.case import load_case
    from pondasi.plan.solve import solve_plan

    start = time.perf_counter()
    seen: list[tuple[float, float, float]] = []
    with open_executor(WORKERS) as executor:
        plan = solve_plan(
            load_case("IDN"),
            quick=quick,
            seconds=seconds,
            targets=targets,
            executor=executor,
            progress=lambda bound, cost: seen.append((time.perf_counter() - start, bound, cost)),
        )
    short, whole = plan.answer.cost - plan.answer.bound, time.perf_counter() - start
    begun = max((k for k in range(1, len(seen)) if seen[k][1] < seen[k - 1][1]), default=0)
    close = [at for at, bound, cost in seen[begun:] if cost - bound <= CLOSE * abs(cost)]
    return {
        "seconds": close[0] if close else whole,
        "whole": whole,
        "finished": plan.answer.finished,
        "value": plan.value,
        "gap_of_value": short / max(abs(plan.value), 1e-9),
        "gap_of_cost": short / plan.answer.cost,
        "rounds": plan.answer.rounds,
        "solves": plan.answer.solves,
    }


def solve_made_up(scenarios: int, *, extensive: bool) -> dict[str, object]:
    """Solve the made-up plan within 0.5 per cent of all costs; tell the time and the cost."""
    from pondasi.plan.benders import solve_benders
    from pondasi.plan.extensive import solve_extensive
    from tests.plan.random_plans import make_plan

    problem = make_plan(3, scenarios=scenarios, **SHAPE)
    start = time.perf_counter()
    if extensive:
        answer = solve_extensive(problem, gap=0.005, seconds=600)
    else:
        answer = solve_benders(problem, gap=0.005, scale=solve_scale(problem))
    return {"seconds": time.perf_counter() - start, "cost": answer.cost, "bound": answer.bound}


def solve_scale(problem: object) -> float:
    """Return the cost of no new step: what the gap is taken of, on both sides."""
    from pondasi.plan.layout import Layout
    from pondasi.plan.price import evaluate, without_steps

    layout = Layout(problem)
    return evaluate(problem, layout, without_steps(problem, layout)).cost


def ask(*arguments: object) -> Run:
    """Do one of the tasks below in a process of its own."""
    return run([sys.executable, "-m", "benchmarks.rows_plan", *map(str, arguments)], timeout=900)


def shipped(gap: float, seconds: float, task: str) -> Run:
    """Solve the shipped case; a search that ends above the gap is a failed row that tells how far it came.

    The gap is that of solvers, relative to all costs; what it is of the value is told beside.
    """
    found = ask(task, seconds)
    part, value = (float(str(found.answer[f"gap_of_{name}"])) for name in ("cost", "value"))
    sys.stderr.write(
        f"gap: {part:.2e} of all costs, {value:.1%} of a value of {found.answer['value']:.3g} million USD after {found.answer['whole']:.0f} s\n"
    )
    if part > gap:
        raise RuntimeError(f"{found.seconds:.0f} s: gap {part:.2%} of all costs")
    return found


SPEED = (
    SpeedRow(
        "plan",
        "plan of the shipped case, 100 scenarios, gap 0.5 % of all costs, two processes",
        lambda: shipped(CLOSE, 60, "shipped"),
        seconds=90,
        megabytes=2000,
        repeats=1,
    ),
    SpeedRow(
        "plan-quick",
        "the same with --quick: 12 scenarios",
        lambda: shipped(CLOSE, 300, "quick"),
        seconds=15,
        megabytes=2000,
        repeats=1,
    ),
    SpeedRow(
        "plan-targets",
        "the shipped case with its targets, without and with them, 100 scenarios",
        lambda: shipped(CLOSE, 60, "targets"),
        megabytes=2000,
        repeats=1,
    ),
    SpeedRow(
        "plan-extensive",
        f"made-up plan (8 years, 4 leaves, 8 steps), {LARGEST} scenarios, gap 0.5 % of all costs",
        lambda: ask("made-up", LARGEST),
        lambda: ask("extensive", LARGEST),
        "extensive form, HiGHS",
        ratio=10,
        repeats=1,
        peer_repeats=1,
    ),
    *(
        SpeedRow(
            f"plan-grow-{scenarios}",
            f"the same plan, {scenarios} scenarios",
            lambda scenarios=scenarios: ask("made-up", scenarios),
            repeats=1,
        )
        for scenarios in GROWTH
    ),
)


def by_extensive() -> float:
    """Return the largest difference between both ways of solving, on thirty small random plans."""
    from pondasi.plan.benders import solve_benders
    from pondasi.plan.extensive import solve_extensive
    from tests.plan.random_plans import make_plan

    worst = 0.0
    for seed in range(100, 130):
        problem = make_plan(seed, years=3, scenarios=2, risk="loss" if seed % 3 == 2 else "cost")
        theirs = solve_extensive(problem).cost
        worst = max(worst, abs(solve_benders(problem, gap=0).cost - theirs) / abs(theirs))
    return worst


def by_brute_force() -> float:
    """Return the largest difference from trying everything, on tiny random plans."""
    from pondasi.plan.benders import solve_benders
    from tests.plan import brute_force
    from tests.plan.random_plans import make_plan

    worst = 0.0
    for seed in (20, 21, 22, 23, 24):
        problem = make_plan(seed, years=3, gates=(1,), steps=2, whole=True, scenarios=3, tight=1.5)
        problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
        least, _ = brute_force.solve(problem)
        worst = max(worst, abs(solve_benders(problem, gap=0).cost - least) / abs(least))
    return worst


REASON = "the engine is asked for 1e-6 of all costs; the referee has as much"
REFEREES = (
    RefereeRow("plan", "cost of 30 small random plans", "extensive form, HiGHS", by_extensive, 2e-6, REASON),
    RefereeRow("plan-tiny", "cost of 5 tiny plans", "trying everything, scipy", by_brute_force, 2e-6, REASON),
)

if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task in {"shipped", "quick", "targets"}:
        told = solve_shipped(float(rest[0]), quick=task == "quick", targets=task == "targets")
    else:
        told = solve_made_up(int(rest[0]), extensive=task == "extensive")
    print(json.dumps(told))
