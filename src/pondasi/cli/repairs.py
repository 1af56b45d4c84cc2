"""What `pondasi plan` says of a plan that cannot be: why, and what would make it possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.inputs import note_rate
from pondasi.cli.options import say_json

if TYPE_CHECKING:
    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.words import Words

SHORT = 1
"""Exit code of a search that ended before its gap, or of a plan that cannot be: an answer, and less than was asked for."""


def show_repairs(
    case: Case,
    words: Words,
    favour: str | None,
    seed: int,
    places: str,
    executor: Executor,
    *,
    quick: bool,
    as_json: bool,
) -> int:
    """Say why there is no plan, and what would make one possible."""
    from pondasi.plan.build import OFFERS, build_problem
    from pondasi.plan.repair import read_weights, repair_plan
    from pondasi.plan.solve import QUICK_OFFERS, QUICK_SCENARIOS
    from pondasi.plan.targets import Targets
    from pondasi.plan.tell_repair import tabulate_repairs, tell_repairs

    # Which limits are too tight does not depend on the scenarios; what a repaired plan is worth is a first look.
    offers = QUICK_OFFERS if quick else OFFERS
    problem = build_problem(case, scenarios=QUICK_SCENARIOS, seed=seed, offers=offers, favour=favour)
    # A target out of reach is lowered and makes no plan impossible: what is in question is what is committed.
    problem = problem.change(targets=Targets())
    report = repair_plan(problem, weights=read_weights(case), impossible=True, executor=executor)
    told = [*tell_repairs(case, report, words, places), *note_rate(case.world, words)]
    if as_json:
        changes = tabulate_repairs(report).reset_index().to_dict("records")
        say_json(
            {
                "possible": False,
                "conflicts": [conflict.nature for conflict in report.conflicts],
                "repairs": [
                    {
                        "cost": repair.cost,
                        "value": repair.value,
                        "changes": [change for change in changes if change["repair"] == k],
                    }
                    for k, repair in enumerate(report.repairs, start=1)
                ],
                "statements": told,
            }
        )
    else:
        for line in told:
            click.echo(f"- {line}")
    return SHORT
