"""Reasons of steps and worth of units as tables and as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.currency import DIGITS, Money, in_millions
from pondasi.plan.tell_repair import Names, name_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.problem import PlanProblem
    from pondasi.plan.reasons import Reason
    from pondasi.plan.solve import Plan
    from pondasi.plan.unit_worth import UnitWorth
    from pondasi.words import Words


LEAST = 1e-3
"""A difference below this is none [million USD]: the gaps of the solves are wider."""


def tabulate_reasons(
    problem: PlanProblem, reasons: Sequence[Reason], units: Sequence[UnitWorth]
) -> dict[str, pd.DataFrame]:
    """Return two tables by name: ``reasons``, a row per step, and ``units``, a row per limit and year; money in million USD."""
    steps = problem.labels.steps
    rows = [
        {
            "step": steps[reason.step],
            "share": reason.share,
            "why": reason.why,
            "others": "|".join(steps[i] for i in reason.others),
            "limits": "|".join(dict.fromkeys(f"{c.kind} {name_item(problem, c)}".strip() for c in reason.limits)),
            "low": reason.low,
            "high": reason.high,
            "targets": "|".join(problem.labels.targets[i] for i in reason.targets),
            "delay_low": reason.delay_low,
            "delay_high": reason.delay_high,
        }
        for reason in reasons
    ]
    worths = [
        {
            "kind": unit.change.kind,
            "item": name_item(problem, unit.change),
            "year": unit.change.year,
            "amount": unit.change.amount,
            "low": unit.low,
            "high": unit.high,
            "binds": unit.binds,
        }
        for unit in units
    ]
    found = {"reasons": pd.DataFrame(rows), "units": pd.DataFrame(worths)}
    found["reasons"][["delay_low", "delay_high"]] = found["reasons"][["delay_low", "delay_high"]].astype(float)
    return found


def tell_reasons(
    plan: Plan, reasons: Sequence[Reason], units: Sequence[UnitWorth], words: Words, places: str = "plain"
) -> list[str]:
    """Return a sentence or two for every step, those of the plan first, what one more unit is worth where that is anything, and what all rests on."""
    names = Names(plan.case, plan.problem, words, places)
    ordered = sorted(reasons, key=lambda reason: not reason.inside)
    told = [words.say("list.sentence").join(_tell_reason(names, reason, words)) for reason in ordered]
    worth = [_tell_unit(names, unit, words) for unit in units if _round(unit.high) > 0]
    open_ = sum(np.isnan(unit.high) for unit in units)
    if open_:
        worth.append(words.say("plan.reason.units_unknown", n=int(open_)))
    if not worth:
        years = len({unit.change.year for unit in units})
        worth = [words.say("plan.reason.none", years=years)]
    return [*told, *worth, words.say("plan.reason.basis")]


def _tell_reason(names: Names, reason: Reason, words: Words) -> list[str]:
    fields: dict[str, object] = {"step": names.step(reason.step), "others": names.join(reason.others)}
    fields |= {"targets": words.say("list.joint").join(names.targets_of(reason.targets))}
    fields |= {"low": _show(reason.low), "span": _span(reason.low, reason.high, words)}
    told = {
        "committed": lambda: words.say("plan.reason.in.committed", **fields),
        "target": lambda: words.say("plan.reason.in.target", **fields),
        "required": lambda: words.say("plan.reason.in.required", **fields),
        "prerequisite": lambda: words.say("plan.reason.in.prerequisite", **fields),
        "enables": lambda: words.say("plan.reason.in.enables", **fields),
        "earns": lambda: words.say("plan.reason.in.earns", **fields),
        "closed": lambda: words.say("plan.reason.out.closed", **fields),
        "limit": lambda: words.say(
            "plan.reason.out.limit" if reason.limits else "plan.reason.out.limit_unknown", **fields
        ),
        "displaces": lambda: words.say("plan.reason.out.displaces", **fields),
        "costs": lambda: words.say("plan.reason.out.costs", **fields),
        "unknown": lambda: _tell_unknown(reason, words, fields),
    }
    undecided = reason.why in {"displaces", "costs"} and _round(reason.low) < 0
    if undecided and _round(reason.high) < 0:
        gains = fields | {"span": _span(-reason.high, -reason.low, words)}
        first = words.say("plan.reason.out.gain", **gains)
    else:
        first = words.say("plan.reason.out.open", **fields) if undecided else told[reason.why]()
    lines = [first, *names.tell_changes(reason.limits)]
    if reason.delay_low is not None and reason.delay_high is not None:
        if np.isinf(reason.delay_low):
            return [*lines, words.say("plan.reason.delay_never")]
        lines.append(_tell_delay(reason.delay_low, reason.delay_high, words))
    return lines


def _tell_delay(low: float, high: float, words: Words) -> str:
    """Say what a year's delay loses."""
    if not np.isfinite(high):
        if not _round(low):
            return words.say("plan.reason.delay_open")
        return words.say("plan.reason.delay_unknown", low=_show(low))
    if not _round(high):
        return words.say("plan.reason.delay_none")
    return words.say("plan.reason.delay", span=_span(low, high, words))


def _tell_unknown(reason: Reason, words: Words, fields: dict[str, object]) -> str:
    """Say that time ended before the other choice was known, and what the bound still tells."""
    if reason.inside:
        return words.say("plan.reason.in.unknown", **fields)
    if np.isinf(reason.low):
        return words.say("plan.reason.out.unasked", **fields)
    if reason.low < 0:
        return words.say("plan.reason.out.unknown_gain", gain=_show(-reason.low), **fields)
    return words.say("plan.reason.out.unknown", **fields)


def _tell_unit(names: Names, unit: UnitWorth, words: Words) -> str:
    fields: dict[str, object] = {"name": names.item(unit.change), "year": str(unit.change.year)}
    fields |= {"span": _span(unit.low, unit.high, words)}
    match unit.change.kind:
        case "budget":
            return words.say("plan.unit.budget", amount=in_millions(unit.change.amount), **fields)
        case "people":
            return words.say("plan.unit.people", **fields)
        case "target":
            return words.say("plan.unit.target", **fields)
        case _:
            return words.say("plan.unit.resource", unit=names.unit(unit.change), **fields)


def _span(low: float, high: float, words: Words) -> str:
    """Return a range as it is said: one number where both ends read alike."""
    ends = [_show(end) for end in (low, high)]
    if ends[0] == ends[1]:
        return words.say("plan.reason.one", value=ends[0])
    return words.say("plan.reason.span", low=ends[0], high=ends[1])


def _show(value: float) -> Money:
    return in_millions(_round(value))


def _round(value: float) -> float:
    """Return two digits of a difference whose interval is wide, and nothing below a thousandth of a million."""
    return float(f"{value:.{DIGITS}g}") if abs(value) >= LEAST else 0.0
