"""What breaks the supply: what hurts most, from where, how soon, what carries it and what would help?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.blocks import Headline, Section, Statement
from pondasi.report.compute_stress import FULL
from pondasi.report.sections.stress_charts import chart_carried, chart_path, chart_ranked, name_shock
from pondasi.report.stress_figures import StressRun
from pondasi.stress.mitigate import STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun

GRADE = "assumed"
"""Pace, traits and shocks mostly are."""
NAMED = 3
HURTS = 2
"""Shocks that the line above all statements names."""
BUFFERED = STAGES[1:]
"""Reasons that are a buffer: what the shock would cost without it is said."""


def write_stress(context: Context, run: SavedRun) -> Section:
    """Return the section on a saved stress test of named shocks.

    It opens with the shock that costs most, and says what carries it; whatever costs nothing is listed with its
    reason. Loss is that of the country's user industries, in weeks of their usual output.
    """
    told = StressRun(run)
    worst = _say_worst(context, told)
    carried = _say_carried(context, told)
    value = _say_value(context, told)
    answer = [Statement(text, "stress", GRADE) for text in (worst, carried, _say_help(context, told)) if text]
    felt = bool(told.felt)
    return Section(
        id="stress",
        title=context.say("slot.stress.title"),
        answer=context.join_sentences(answer),
        blocks=(
            chart_ranked(context, told),
            *((chart_path(context, told, told.felt[0]), chart_carried(context, told, told.felt[0])) if felt else ()),
        ),
        points=(
            *((value,) if value is not None else ()),
            *_say_rest(context, told),
            *_say_nothing(context, told),
            context.say("stress_brief.limit"),
        ),
        method=(context.say("stress_brief.method"), _say_band(context, told)),
        statements=tuple(answer[-1:]) if told.felt else tuple(answer),
        headlines=(Headline(_say_hurt(context, told), "stress", GRADE, "hurt"),) if told.felt else (),
    )


def _say_run(context: Context, told: StressRun) -> str:
    """Say on how many draws the run rests, and that few are only indicative."""
    key = "none" if not told.draws else "quick" if told.draws < FULL else "full"
    return context.say(f"stress_brief.draws.{key}", draws=context.cite(f"stress_run/{told.home}/draws"))


def _say_hurt(context: Context, told: StressRun) -> str:
    """Say in a line which shock costs most, and which come next."""
    at = f"stress/{told.home}"
    items = [
        context.say(
            "stress_brief.hurt_item",
            shock=name_shock(context, told, shock),
            gross=context.cite(f"{at}/{shock}/gross"),
        )
        for shock in told.felt[:HURTS]
    ]
    return context.say("stress_brief.hurt", items=context.join(items, "parts"), run=_say_run(context, told))


def _say_worst(context: Context, told: StressRun) -> str:
    """Say which shock costs most, from where it comes, how deep and from when on."""
    at, n = f"stress/{told.home}", context.cite(f"stress/{told.home}/count/shocks")
    run = _say_run(context, told)
    if not told.felt:
        return context.say("stress_brief.worst_none", home=context.home, n=n, run=run)
    shock = told.felt[0]
    soon = context.look_up(f"{at}/{shock}/impact").value is not None
    return context.say(
        "stress_brief.worst" if soon else "stress_brief.worst_late",
        home=context.home,
        n=n,
        shock=name_shock(context, told, shock),
        places=_say_places(context, told, shock),
        gross=context.cite(f"{at}/{shock}/gross"),
        depth=context.cite(f"{at}/{shock}/depth"),
        run=run,
        **({"impact": context.cite(f"{at}/{shock}/impact")} if soon else {}),
    )


def _say_places(context: Context, told: StressRun, shock: str) -> str:
    """Return where a shock strikes."""
    places = [code for code in told.shocks[shock]["places"].split("|") if code]
    if not places:
        return context.say("stress_brief.everywhere")
    return context.join([context.place_in_text(code) for code in places[:NAMED]])


def _say_carried(context: Context, told: StressRun) -> str | None:
    """Say what carries the worst shock; nothing where none costs anything."""
    if not told.felt:
        return None
    at = f"stress/{told.home}/{told.felt[0]}"
    saved = {name: context.cite(f"{at}/saved_{name}") for name in STAGES[1:]}
    return context.say(
        "stress_brief.carried",
        shock=name_shock(context, told, told.felt[0]),
        bare=context.cite(f"{at}/bare"),
        left=context.cite(f"{at}/{STAGES[-1]}"),
        **saved,
    )


def _say_help(context: Context, told: StressRun) -> str | None:
    """Say which buffer takes away most over all shocks: what is first to be kept, and what more would help."""
    if not any(told.carried[(shock, STAGES[0])] > 0 for shock in told.ranked):
        return None
    places = {stage: f"stress/{told.home}/all/{stage}" for stage in STAGES[1:]}
    first = max(places, key=lambda stage: context.look_up(places[stage]).value or 0.0)
    parts = {name: context.cite(place) for name, place in places.items()}
    return context.say(f"stress_brief.help.{first}", n=context.cite(f"stress/{told.home}/count/shocks"), **parts)


def _say_value(context: Context, told: StressRun) -> str | None:
    """Say what the worst shock costs for good in money and work; nothing where that is unknown, or all is made up for."""
    if not told.felt:
        return None
    at = f"stress/{told.home}/{told.felt[0]}"
    if not all((context.look_up(f"{at}/{name}").value or 0.0) > 0 for name in ("value_added", "jobs")):
        return None
    users = {
        user: row["value_added_usd"]
        for (shock, user), row in told.losses.items()
        if shock == told.felt[0] and row["value_added_usd"] is not None
    }
    first = max(users, key=lambda user: users[user])
    return context.say(
        "stress_brief.value",
        shock=name_shock(context, told, told.felt[0]),
        value=context.cite(f"{at}/value_added"),
        jobs=context.cite(f"{at}/jobs"),
        user=context.node_in_text(first),
        part=context.cite(f"{at}/value_added/{first}"),
    )


def _say_rest(context: Context, told: StressRun) -> list[str]:
    """Say what the other shocks cost that cost anything."""
    return [
        context.say(
            "stress_brief.other",
            shock=name_shock(context, told, shock),
            gross=context.cite(f"stress/{told.home}/{shock}/gross"),
            bare=context.cite(f"stress/{told.home}/{shock}/bare"),
        )
        for shock in told.felt[1:]
    ]


def _say_nothing(context: Context, told: StressRun) -> list[str]:
    """Say which shocks cost nothing, reason by reason, and what each would cost bare (stress.14)."""
    reasons: dict[str, list[str]] = {}
    for shock in told.ranked:
        if shock not in told.felt:
            bare = context.cite(f"stress/{told.home}/{shock}/bare")
            name = name_shock(context, told, shock)
            reason = told.explain_nothing(shock)
            key = "stress_brief.nothing_bare" if reason in BUFFERED else "stress_brief.nothing_item"
            reasons.setdefault(reason, []).append(context.say(key, shock=name, bare=bare))
    return [
        context.say(f"stress_brief.nothing.{reason}", items=context.join(items, "parts"))
        for reason, items in reasons.items()
    ]


def _say_band(context: Context, told: StressRun) -> str:
    key = "stress_brief.method_band" if told.draws else "stress_brief.method_central"
    cited = {name: context.cite(f"stress_run/{told.home}/{name}") for name in ("draws", "weeks")}
    return context.say(key, **cited)
