"""What it is worth to plan for several futures, to wait, to adapt and to know, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.currency import in_millions
from pondasi.plan.reshape import find_first_stage

if TYPE_CHECKING:
    from pondasi.plan.all_futures import FullValue
    from pondasi.plan.problem import Tree
    from pondasi.plan.values import FreshValue
    from pondasi.plan.worth import PlanWorth
    from pondasi.words import Words


def tell_worth(worth: PlanWorth, tree: Tree, words: Words) -> list[str]:
    """Return each gain as a sentence with its interval; where the other plan cannot be kept, or time ended, that is said instead."""
    gate = str(int(tree.year[find_first_stage(tree)].max()) + 1)
    told = []
    for gain, row in worth.gains.iterrows():
        low, high = float(row["low"]), float(row["high"])
        if np.isnan(high):
            told.append(words.say(f"worth.unknown.{gain}", low=in_millions(low), year=gate))
        elif np.isinf(high):
            told.append(words.say(f"worth.impossible.{gain}", year=gate))
        else:
            told.append(words.say(f"worth.{gain}", low=in_millions(low), high=in_millions(high), year=gate))
    if worth.kept == "starts":
        told.append(words.say("worth.kept_starts"))
    return told


def tell_fresh(fresh: FreshValue, words: Words) -> str:
    """Return the value on years that the plan was not made for."""
    fields = {name: in_millions(getattr(fresh, name)) for name in ("inside", "mean", "low", "high")}
    form = "gains" if fresh.low > 0 else "loses" if fresh.high < 0 else "open"
    return words.say(f"worth.fresh.{form}", draws=len(fresh.draws), **fields)


def tell_all_futures(found: FullValue, words: Words) -> str:
    """Return the value on all futures of the data, and what of the plan could not be kept."""
    fields = {name: in_millions(getattr(found, name)) for name in ("joined", "low", "high")}
    if np.isnan(found.kept):
        key = "worth.all_futures_unbounded" if np.isinf(found.high) else "worth.all_futures_unknown"
        return words.say(key, futures=found.futures, high=fields["high"], joined=fields["joined"])
    key = "worth.all_futures" if found.kept == 1 else "worth.all_futures_less"
    return words.say(key, futures=found.futures, kept=round(100 * found.kept), **fields)
