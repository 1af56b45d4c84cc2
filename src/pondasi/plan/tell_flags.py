"""What stands in the way of steps from abroad: export control and rules on subsidies, as the case states them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.plan.roadmap import tabulate_starts
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pondasi.plan.solve import Plan
    from pondasi.words import Words

FLAGS = ("export_control", "subsidy_rule")
"""Columns of the table step_partners: yes, conditional or no."""
RAISED = ("yes", "conditional")
"""Degrees in which a flag is told, the harder one first."""


def find_flags(starts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Return the steps on which a flag is raised, by flag and degree, in the order of their starts.

    A step that starts with several partners is told once, in the hardest degree.

    Parameters
    ----------
    starts
        Rows with ``step`` and the `FLAGS` of the step with its partner, or alone.

    Example
    -------
    >>> rows = [{"step": "fab", "export_control": degree, "subsidy_rule": "no"} for degree in ("conditional", "yes")]
    >>> find_flags(rows)
    {('export_control', 'yes'): ['fab']}
    """
    rows = list(starts)
    found: dict[tuple[str, str], list[str]] = {}
    for flag in FLAGS:
        told: set[str] = set()
        for degree in RAISED:
            steps = dict.fromkeys(row["step"] for row in rows if row[flag] == degree and row["step"] not in told)
            told |= steps.keys()
            if steps:
                found[flag, degree] = list(steps)
    return found


def tell_flags(plan: Plan, words: Words) -> list[str]:
    """Return a sentence for each flag that is raised on a step of the plan, or that none is; nothing where nothing starts."""
    names = index_rows(plan.case.tables["steps"], "step")
    options = index_rows(plan.case.tables["step_partners"], "step", "partner")
    starts = [
        options[row["step"], row["partner"] or plan.case.country]
        for row in list_rows(tabulate_starts(plan).reset_index())
    ]
    if not starts:
        return []
    found = find_flags(starts)
    if not found:
        return [words.say("plan.flag.none")]
    return [
        words.say(
            f"plan.flag.{flag}_{degree}",
            steps=words.say("parts.joint").join(names[step][f"name_{words.language}"] for step in steps),
        )
        for (flag, degree), steps in found.items()
    ]
