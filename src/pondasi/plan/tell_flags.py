"""What stands in the way of the first steps from abroad: export control and rules on subsidies, as the case states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.plan.roadmap import tabulate_starts
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from pondasi.plan.solve import Plan
    from pondasi.words import Words

FLAGS = ("export_control", "subsidy_rule")
"""Columns of the table step_partners: yes, conditional or no."""
RAISED = ("yes", "conditional")


def tell_flags(plan: Plan, words: Words) -> list[str]:
    """Return a sentence for each flag that is raised on a step that starts before the first gate, with that partner or alone."""
    names = index_rows(plan.case.tables["steps"], "step")
    options = index_rows(plan.case.tables["step_partners"], "step", "partner")
    root = plan.problem.tree.names[0]
    found: dict[tuple[str, str], list[str]] = {}
    for row in list_rows(tabulate_starts(plan).reset_index()):
        if row["future"] != root:
            continue
        option = options[row["step"], row["partner"] or plan.case.country]
        for flag in FLAGS:
            found.setdefault((flag, option[flag]), []).append(names[row["step"]][f"name_{words.language}"])
    return [
        words.say(f"plan.flag.{flag}_{degree}", steps=words.say("list.joint").join(found[flag, degree]))
        for flag in FLAGS
        for degree in RAISED
        if (flag, degree) in found
    ]
