"""What a plan says above all statements: the first steps with their confidence, and with whom they start."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pondasi.plan.gates import Start
from pondasi.report.blocks import Headline
from pondasi.report.plan_run import SURE
from pondasi.report.sections.plan_charts import name_start
from pondasi.report.sections.plan_targets import head_targets

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.plan_run import PlanRun

NAMED = 4
"""First steps that a line names."""


def say_headlines(context: Context, told: PlanRun) -> tuple[Headline, ...]:
    """Return the lines on the first steps, on targets where there are any, and on partners where steps start soon."""
    whom = _say_whom(context, told)
    return (
        Headline(_say_first(context, told), "plan", told.grade, "first"),
        *head_targets(context, told),
        *((Headline(whom, "plan", told.grade, "whom"),) if whom is not None else ()),
    )


def _say_first(context: Context, told: PlanRun) -> str:
    soon, at = told.list_soon(), f"plan_run/{told.home}"
    fields = {"year": context.cite(f"{at}/soon"), "firm": say_confidence(context, told)}
    if not soon:
        return context.say("plan_brief.head_none", offered=context.cite(f"{at}/offered"), **fields)
    items = [say_soon(context, told, step) for step in soon[:NAMED]]
    if len(soon) > NAMED:
        items.append(
            context.say("plan_brief.head_more", more=context.cite(f"plan/{told.home}/count/soon_more/{NAMED}"))
        )
    return context.say("plan_brief.head_first", items=context.join(items, "parts"), **fields)


def say_soon(context: Context, told: PlanRun, step: str) -> str:
    """Return a step with its earliest start; whether it is committed before, or its chance where that is not certain."""
    row = next(row for row in told.starts if row["step"] == step)
    item = name_start(context, told, Start(step, row["partner"], row["year"], row["future"], row["modules"]))
    if told.steps[step]["committed"]:
        return context.say("plan_brief.item_committed", step=item)
    if told.steps[step]["soon"] >= SURE:
        return item
    return context.say("plan_brief.item_some", step=item, chance=context.cite(f"plan/{told.home}/soon/{step}"))


def say_confidence(context: Context, told: PlanRun) -> str:
    """Say in a few words how far the search came."""
    if told.is_wide:
        return context.say("plan_brief.head_wide")
    end = ("settled" if told.has_settled else "firm") if told.set["finished"] else "loose"
    return context.say(f"plan_brief.head_{end}", short=context.cite(f"plan/{told.home}/short"))


def _say_whom(context: Context, told: PlanRun) -> str | None:
    """Say how many of the first steps start with whom, and what the partner brings; nothing where none starts."""
    counts = Counter(told.find_partner(step) for step in told.list_soon())
    if not counts:
        return None
    at = f"plan/{told.home}"
    items = [
        context.say(
            "plan_brief.head_with",
            steps=context.cite(f"{at}/count/soon_with/{code}"),
            partner=context.place_in_text(code),
        )
        for code, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] or ""))
        if code
    ]
    if counts[None]:
        items.append(context.say("plan_brief.head_alone", steps=context.cite(f"{at}/count/soon_with/alone")))
    fields = {"n": context.cite(f"{at}/count/soon"), "items": context.join(items)}
    if told.partner is None:
        return context.say("plan_brief.head_whom_only", **fields)
    return context.say("plan_brief.head_whom", worth=_say_worth(context, told, told.partner), **fields)


def _say_worth(context: Context, told: PlanRun, code: str) -> str:
    """Say in a few words what the partner that was weighed brings."""
    partner, at = context.place_in_text(code), f"plan/{told.home}/partner/{code}"
    if told.is_wide:
        return context.say("plan_brief.head_worth_unknown", partner=partner)
    low, high = (context.cite(f"{at}/{end}") for end in ("low", "high"))
    if (context.look_up(f"{at}/low").value or 0.0) > 0:
        return context.say("plan_brief.head_worth", partner=partner, low=low, high=high)
    return context.say("plan_brief.head_worth_open", partner=partner, high=high)
