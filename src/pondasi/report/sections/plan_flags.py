"""What export control and rules on subsidies may do to the steps of a saved plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.plan.tell_flags import FLAGS, find_flags
from pondasi.report.sections.plan_charts import name_step

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.plan_run import PlanRun


def say_flags(context: Context, told: PlanRun) -> list[str]:
    """Return a sentence for each flag that is raised on a step of the plan, or that none is; nothing where nothing starts.

    A run that was saved before flags were kept says nothing of them.
    """
    if not told.starts or not set(FLAGS) <= set(told.tables["starts"]):
        return []
    found = find_flags(told.starts)
    if not found:
        return [context.say("plan.flag.none")]
    return [
        context.say(
            f"plan.flag.{flag}_{degree}",
            steps=context.join([name_step(context, told, step) for step in steps], "parts"),
        )
        for (flag, degree), steps in found.items()
    ]
