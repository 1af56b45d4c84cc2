"""Which steps come first, when, and with whom: what starts soon, what it is worth, and what the rest waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.plan.gates import Start, begin_small, choose_form
from pondasi.report.blocks import Section, Statement
from pondasi.report.compute_plan import FULL
from pondasi.report.plan_run import PlanRun
from pondasi.report.sections.plan_after import chart_after, say_after
from pondasi.report.sections.plan_charts import (
    chart_money,
    chart_output,
    chart_people,
    chart_roadmap,
    name_future,
    name_start,
)
from pondasi.report.sections.plan_flags import say_flags
from pondasi.report.sections.plan_heads import say_headlines, say_soon
from pondasi.report.sections.plan_targets import chart_targets, say_missed, say_targets, state_targets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pondasi.plan.gates import Branch, Gate
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

NAMED = 6
"""First steps that the headline names."""


def write_plan(context: Context, run: SavedRun) -> Section:
    """Return the section on a saved plan.

    It opens with what starts in the first years and how firm that is; then what the plan is worth over the years that it
    was made for and over fresh ones, what hangs on how the world turns out, and what the partner brings.
    """
    told = PlanRun(run)
    if told.is_impossible:
        text = context.say("plan_brief.impossible", home=context.home)
        statement = Statement(text, "plan", "assumed")
        return Section("plan", context.say("slot.plan.title"), text, statements=(statement,))
    first, worth, later = _say_first(context, told), _say_worth(context, told), _say_later(context, told)
    partner = _say_partner(context, told)
    answer = [
        Statement(context.say("plan_brief.both", first=first, second=_say_firmness(context, told)), "plan", told.grade),
        Statement(worth, "plan", told.grade),
        *state_targets(context, told),
    ]
    more = [Statement(partner, "plan", told.grade)] if partner is not None else []
    more += [Statement(text, "plan", told.grade) for text in say_missed(context, told)]
    notes = [name.rsplit(".", 1)[-1] for name in str(told.set["notes"]).split("|") if name]
    output, aims = chart_output(context, told) if told.steps else None, chart_targets(context, told)
    after = chart_after(context, told)
    charts = (chart_roadmap, chart_money, chart_people) if told.steps else ()
    return Section(
        id="plan",
        title=context.say("slot.plan.title"),
        answer=context.join_sentences(answer),
        blocks=(
            *(chart(context, told) for chart in charts[:1]),
            *((aims,) if aims is not None else ()),
            *(chart(context, told) for chart in charts[1:]),
            *(chart for chart in (output, after) if chart is not None),
        ),
        points=(
            *(statement.text for statement in more),
            *say_targets(context, told),
            *say_flags(context, told),
            *_say_nothing_new(context, told),
            *((later,) if later is not None else ()),
            *_say_gates(context, told),
            *((_say_money(context, told),) if told.steps else ()),
            *say_after(context, told),
            *(context.say(f"plan.note.{name}") for name in notes),
        ),
        method=(context.say("plan_brief.method"), context.say("plan_brief.method_gates")),
        statements=(answer[1], *more),
        headlines=say_headlines(context, told),
    )


def _say_first(context: Context, told: PlanRun) -> str:
    """Say which steps start in the first years, and in which part of the futures."""
    soon, year = told.list_soon(), context.cite(f"plan_run/{told.home}/soon")
    offered = context.cite(f"plan_run/{told.home}/offered")
    if not soon:
        return context.say("plan_brief.first_none", year=year, offered=offered, home=context.home)
    items = [say_soon(context, told, step) for step in soon[:NAMED]]
    count = context.count(f"plan/{told.home}/count/soon")
    key = "plan_brief.first_more" if len(soon) > NAMED else "plan_brief.first"
    return context.say(key, n=count, year=year, offered=offered, home=context.home, items=context.join(items, "parts"))


def _say_nothing_new(context: Context, told: PlanRun) -> list[str]:
    """Say it where the first years begin nothing but what is committed, and how to see what comes first for other aims."""
    soon = told.list_soon()
    if not soon or not all(told.steps[step]["committed"] for step in soon):
        return []
    return [context.say("plan.nothing_new", last=context.cite(f"plan_run/{told.home}/soon"))]


def _say_firmness(context: Context, told: PlanRun) -> str:
    """Say how far the search came, and that another plan may be as good within what it left open."""
    if told.is_wide:
        return context.say("plan_brief.wide")
    fields = {name: context.cite(f"plan/{told.home}/{name}") for name in ("most", "short", "least_loss")}
    end = ("settled" if told.has_settled else "firm") if told.set["finished"] else "loose"
    if told.targets and told.measures["value"] < 0:
        return context.say(f"plan_brief.cost_{end}", **fields)
    return context.say(f"plan_brief.{end}", **fields)


def _say_worth(context: Context, told: PlanRun) -> str:
    """Say what the plan is worth over the years that it was made for, and over others."""
    at, set_ = f"plan/{told.home}", f"plan_run/{told.home}"
    if told.targets and told.measures["value"] < 0:
        return _say_loss(context, told)
    fields = {"value": context.cite(f"{at}/value"), "scenarios": context.cite(f"{set_}/scenarios")}
    if "fresh" not in told.tables:
        return context.say("plan_brief.worth", **fields)
    low, high = context.look_up(f"{at}/fresh").low, context.look_up(f"{at}/fresh").high
    form = "gains" if (low or 0.0) > 0 else "loses" if (high or 0.0) < 0 else "open"
    fields |= {"fresh": context.cite(f"{at}/fresh"), "draws": context.cite(f"{set_}/draws")}
    text = context.say(f"plan_brief.worth_fresh.{form}", **fields)
    if int(told.set["scenarios"]) >= FULL:
        return text
    return context.say(
        "plan_brief.both", first=text, second=context.say("plan_brief.quick", scenarios=fields["scenarios"])
    )


def _say_loss(context: Context, told: PlanRun) -> str:
    """Say what a plan that has to reach targets costs more than it brings."""
    at, set_ = f"plan/{told.home}", f"plan_run/{told.home}"
    fields = {"loss": context.cite(f"{at}/loss"), "scenarios": context.cite(f"{set_}/scenarios")}
    if "fresh" not in told.tables:
        return context.say("plan_brief.loss", **fields)
    fields |= {"fresh": context.cite(f"{at}/fresh"), "draws": context.cite(f"{set_}/draws")}
    return context.say("plan_brief.loss_fresh", **fields)


def _say_later(context: Context, told: PlanRun) -> str | None:
    """Say how much of the plan holds in every future, and how much waits for a gate; nothing where nothing starts."""
    if not told.steps:
        return None
    at = f"plan/{told.home}"
    named = {gate.year: gate.branches[0].future for gate in told.gates.gates}
    years = context.join([context.cite(f"{at}/future/{future}/year") for future in named.values()])
    if not context.look_up(f"{at}/count/some").value:
        return context.say("plan_brief.later_none", years=years, steps=context.cite(f"{at}/count/steps"))
    fields = {name: context.cite(f"{at}/count/{name}") for name in ("steps", "sure", "some")}
    return context.say("plan_brief.later", years=years, **fields)


def _say_partner(context: Context, told: PlanRun) -> str | None:
    """Say what the partner brings; nothing where none was weighed."""
    if told.partner is None:
        return None
    at = f"plan/{told.home}/partner/{told.partner}"
    partner, steps = context.place_in_text(told.partner), context.cite(f"{at}/steps")
    if told.is_wide:
        return context.say("plan_brief.partner_unknown", partner=partner, home=context.home, steps=steps)
    low = context.look_up(f"{at}/low").value or 0.0
    fields = {name: context.cite(f"{at}/{name}") for name in ("low", "high")}
    key = "plan_brief.partner" if low > 0 else "plan_brief.partner_open"
    return context.say(key, partner=partner, home=context.home, steps=steps, **fields)


def _say_money(context: Context, told: PlanRun) -> str:
    at = f"plan/{told.home}/paid"
    paid = {kind: context.cite(f"{at}/{kind}") for kind in ("state", "private", "partner")}
    return context.say("plan_brief.paid", year=context.cite(f"plan_run/{told.home}/soon"), **paid)


# --- the gates ----------------------------------------------------------------------------------------


def _say_gates(context: Context, told: PlanRun) -> list[str]:
    """Say the plan as a tree of decisions, as `pondasi.plan.gates.tell_gates` does, each number with its place."""
    gates = told.gates
    if not gates.gates:
        return []
    year = _cite_gate(context, told, gates.gates[0])
    form, steps = choose_form(gates.first), _join_starts(context, told, gates.first)
    first = context.say(f"plan.gate.first.at.{form}", year=year, steps=steps)
    if gates.is_idle:
        named = {gate.year: gate for gate in gates.gates}
        return [
            first,
            context.say(
                "plan.gate.idle", years=context.join([_cite_gate(context, told, gate) for gate in named.values()])
            ),
        ]
    return [
        first,
        *(text for gate in gates.gates for text in _say_gate(context, told, gate)),
    ]


def _say_gate(context: Context, told: PlanRun, gate: Gate) -> list[str]:
    when = "at" if gate.before == told.gates.root else "after"
    fields = {"year": _cite_gate(context, told, gate), "before": name_future(context, told, gate.before)}
    said = []
    if gate.shared or gate.is_idle:
        form, steps = choose_form(gate.shared), _join_starts(context, told, gate.shared)
        said.append(context.say(f"plan.gate.shared.{when}.{form}", steps=steps, **fields))
    for branch in () if gate.is_idle else gate.branches:
        form = choose_form(branch.starts, more=bool(gate.shared))
        said.append(
            context.say(
                f"plan.gate.branch.{when}.{form}",
                future=name_future(context, told, branch.future),
                about=_say_about(context, told, branch),
                steps=_join_starts(context, told, branch.starts),
                **fields,
            )
        )
    return said


def _cite_gate(context: Context, told: PlanRun, gate: Gate) -> str:
    return context.cite(f"plan/{told.home}/future/{gate.branches[0].future}/year")


def _say_about(context: Context, told: PlanRun, branch: Branch) -> str:
    """Return what is known in a branch and how likely it is."""
    name = f"name_{context.words.language}"
    known = [
        context.join([begin_small(told.branches[one][name]) for one in condition.branches], "either")
        for condition in branch.conditions
    ]
    chance = context.cite(f"plan/{told.home}/future/{branch.future}/chance")
    if not known:
        return context.say("plan.gate.chance", chance=chance)
    return context.say("plan.gate.known", known=context.join(known, "known"), chance=chance)


def _join_starts(context: Context, told: PlanRun, starts: Iterable[Start]) -> str:
    return context.join([name_start(context, told, start) for start in starts], "parts")
