"""Other plans that are nearly as good, in sentences: how many, how far, and which first steps they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.currency import in_millions
from pondasi.plan.alternatives import SLACK
from pondasi.plan.roadmap import SOON
from pondasi.tables.rows import index_rows

if TYPE_CHECKING:
    from pondasi.plan.alternatives import Alternatives
    from pondasi.plan.solve import Plan
    from pondasi.words import Words

SURE = 1 - 1e-6
"""A step is in every plan from this share on: rounding of sums of probabilities."""


def tell_alternatives(found: Alternatives, plan: Plan, words: Words) -> list[str]:
    """Return what other plans show: which first steps any good plan has, which depend, and which plan regrets least."""
    number = len(found.answers) - 1
    if not number:
        proven = np.isfinite(found.plans["most_distance"].iloc[-1])
        return [words.say("alternatives.none" if proven else "alternatives.not_found", slack=round(100 * SLACK))]
    steps = index_rows(plan.case.tables["steps"], "step")
    names = {step: str(steps[step][f"name_{words.language}"]) for step in found.steps.index}
    year = str(int(plan.problem.tree.year[0]) + SOON)
    others = found.plans.iloc[1:]
    told = [
        words.say(
            "alternatives.found",
            n=number,
            slack=round(100 * SLACK),
            least=round(float(others["distance"].min()), 1),
            most=round(float(others["distance"].max()), 1),
        )
    ]
    sure = [names[step] for step, share in found.steps["share"].items() if share >= SURE]
    open_ = [
        words.say("alternatives.step", step=names[step], share=round(100 * float(share)))
        for step, share in found.steps["share"].items()
        if share < SURE
    ]
    if sure:
        told.append(words.say("alternatives.sure", year=year, steps=words.say("alternatives.between").join(sure)))
    else:
        told.append(words.say("alternatives.nothing_sure", year=year))
    if open_:
        told.append(words.say("alternatives.open", year=year, steps=words.say("alternatives.between").join(open_)))
    calm = int(found.plans["regret"].argmin())
    regret = in_millions(float(found.plans["regret"].iloc[calm]))
    key = "alternatives.regret_best" if calm == 0 else "alternatives.regret_other"
    told.append(words.say(key, plan=calm, regret=regret))
    return told
