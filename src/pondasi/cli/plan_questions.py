"""What ``pondasi plan`` is asked beyond the plan: one question after the other, each with as much time as a search had.

Reasons have twice that, assumptions as much for every group that is looked at closely. What is answered is handed over at once, to be saved. A question that fails, or that is stopped by Ctrl-C, takes neither the plan nor
the answers before it along: it is named with its reason, and after Ctrl-C nothing further is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pondasi.errors import PondasiError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from pondasi.executor import Executor
    from pondasi.plan.work_out import WorkedPlan
    from pondasi.words import Words

    Tables = dict[str, pd.DataFrame]
    Answer = tuple[Tables, list[str]]

INTERRUPTED = 5
"""Exit code of a call that was stopped by Ctrl-C."""

REASONS = 2
"""Time of all reasons together, in times of a search: there are many of them."""

REASON_SHARE = 0.1
"""Part of the time of a search that a question about one step or limit may take."""

FULL_SHARE = 0.2
"""Part of the time that the full tree of futures may take."""

SCREEN = 6
"""Time for pricing the plan as it is under all groups of assumptions, in times of a search: more than a hundred ends, of which some have years of
disruption of their own."""


@dataclass(frozen=True)
class Answers:
    """What was answered.

    Parameters
    ----------
    told
        Sentences, those on what has no answer among them.
    missing
        Options without an answer.
    stopped
        Whether Ctrl-C ended the asking.
    tables
        Tables of the answers.
    """

    told: list[str]
    missing: tuple[str, ...] = ()
    stopped: bool = False
    tables: Tables = field(default_factory=dict, repr=False)


def answer_questions(
    found: WorkedPlan,
    words: Words,
    places: str,
    executor: Executor,
    save: Callable[[Tables], object],
    *,
    seed: int,
    worth: bool,
    reasons: bool,
    alternatives: int | None,
    front: bool,
    assumptions: int | None = None,
) -> Answers:
    """Ask what was asked for, and hand every answer's tables to ``save`` as it comes."""
    asked: dict[str, Callable[[], Answer]] = {}
    if worth:
        asked["--worth"] = lambda: _weigh_futures(found, words, seed, executor)
    if reasons:
        asked["--reasons"] = lambda: _find_reasons(found, words, places, executor)
    if alternatives:
        asked["--alternatives"] = lambda: _find_others(found, words, alternatives, executor)
    if front:
        asked["--front"] = lambda: _trace_fronts(found, words, executor)
    if assumptions:
        asked["--assumptions"] = lambda: _move_assumptions(found, words, assumptions, seed, executor, save)
    told: list[str] = []
    missing: list[str] = []
    known: Tables = {}
    for number, (option, ask) in enumerate(asked.items()):
        try:
            tables, lines = ask()
            save(tables)
            known |= tables
        except PondasiError as error:
            missing.append(option)
            lines = [words.say("plan.unanswered", option=option, reason=words.error(error))]
        except KeyboardInterrupt:
            told.append(words.say("plan.stopped", option=option))
            return Answers(told, (*missing, *list(asked)[number:]), stopped=True, tables=known)
        told += lines
    return Answers(told, tuple(missing), tables=known)


def _share_search(found: WorkedPlan, executor: Executor, *, times: float = 1.0) -> dict[str, Any]:
    """Return with what a question is searched: the gap and the cuts of the plan, and its time so many times."""
    return {"gap": found.plan.gap, "seconds": found.seconds * times, "executor": executor, "pool": found.pool}


def _weigh_futures(found: WorkedPlan, words: Words, seed: int, executor: Executor) -> Answer:
    """Return tables and sentences of what planning for several futures is worth, and of the plan on all of them."""
    import pandas as pd

    from pondasi.plan.all_futures import value_on_all_futures
    from pondasi.plan.tell_worth import tell_all_futures, tell_worth
    from pondasi.plan.worth import measure_worth

    plan = found.plan
    worth = measure_worth(
        plan.problem, plan.answer, plan.reference, **_share_search(found, executor, times=1 - FULL_SHARE)
    )
    every = value_on_all_futures(plan, seed=seed, seconds=found.seconds * FULL_SHARE, executor=executor)
    rows = {
        "inside": (plan.value, plan.most),
        "all_futures": (every.low, every.high),
        "kept": (every.kept, every.kept),
    }
    other = pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"]).rename_axis("measure").reset_index()
    told = [*tell_worth(worth, plan.problem.tree, words), tell_all_futures(every, words)]
    return worth.as_tables() | {"other_values": other}, told


def _find_reasons(found: WorkedPlan, words: Words, places: str, executor: Executor) -> Answer:
    """Return tables and sentences of why each step is in or out, and of what one more unit is worth."""
    from pondasi.plan.questions import ask_about
    from pondasi.plan.reasons import explain_steps
    from pondasi.plan.tell_reasons import tabulate_reasons, tell_reasons
    from pondasi.plan.unit_worth import worth_of_units

    plan = found.plan
    questions = ask_about(
        plan.problem,
        plan.answer,
        plan.value,
        together=found.seconds * REASONS,
        **_share_search(found, executor, times=REASON_SHARE),
    )
    reasons, units = explain_steps(questions), worth_of_units(questions)
    tables = tabulate_reasons(plan.problem, reasons, units)
    return tables, tell_reasons(plan, reasons, units, words, places)


def _find_others(found: WorkedPlan, words: Words, number: int, executor: Executor) -> Answer:
    """Return tables and sentences of other plans that are nearly as good."""
    from pondasi.plan.alternatives import find_alternatives
    from pondasi.plan.tell_alternatives import tell_alternatives

    plan = found.plan
    others = find_alternatives(
        plan.problem,
        plan.answer,
        plan.reference,
        number,
        **_share_search(found, executor),
    )
    return others.as_tables(), tell_alternatives(others, plan, words)


def _trace_fronts(found: WorkedPlan, words: Words, executor: Executor) -> Answer:
    """Return tables and sentences of what jobs, lower emissions, self-reliance and less risk would cost."""
    from pondasi.plan.front import list_aims, trace_front
    from pondasi.plan.tell_front import tell_front

    plan, aims = found.plan, list_aims(found.plan.problem)
    fronts = {
        aim.name: trace_front(
            plan.problem,
            plan.answer,
            plan.reference,
            aim,
            **_share_search(found, executor, times=1 / len(aims)),
        )
        for aim in aims
    }
    return {f"front_{name}": front.reset_index() for name, front in fronts.items()}, tell_front(fronts, words)


def _move_assumptions(
    found: WorkedPlan, words: Words, number: int, seed: int, executor: Executor, save: Callable[[Tables], object]
) -> Answer:
    """Return tables and sentences of which assumptions move the first steps; what is known by then is saved group by group."""
    from pondasi.sensitivity.plan import measure_assumptions
    from pondasi.sensitivity.tell_plan import tell_assumptions

    plan = found.plan
    moved = measure_assumptions(
        plan,
        closely=number,
        seed=seed,
        seconds=found.seconds * (SCREEN + number),
        executor=executor,
        pool=found.pool,
        keep=save,
    )
    return moved.as_tables(), tell_assumptions(moved, plan, words)
