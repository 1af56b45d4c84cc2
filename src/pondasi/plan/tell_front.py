"""What jobs, lower emissions, self-reliance and less risk would cost, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.currency import DIGITS, in_millions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.words import Words


SHARES = {"self_reliance"}
"""Aims that are told in per cent."""


def tell_front(fronts: Mapping[str, pd.DataFrame], words: Words) -> list[str]:
    """Return for every aim how far the best plan goes, and what the furthest point that no other beats would cost."""
    told = []
    for aim, front in fronts.items():
        best, others = front.iloc[0], front.iloc[1:]
        others = others[~others["beaten"]]
        size = 100 if aim in SHARES else 1
        start = _round(size * float(best["reached"]))
        if others.empty:
            told.append(words.say(f"front.{aim}_alone", start=start))
            continue
        last = others.iloc[-1]
        low, high = max(0.0, float(best["low"] - last["high"])), max(0.0, float(best["high"] - last["low"]))
        told.append(
            words.say(
                f"front.{aim}",
                start=start,
                reached=_round(size * float(last["reached"])),
                saved=in_millions(float(best["reached"] - last["reached"])),
                low=in_millions(low),
                high=in_millions(high),
            )
        )
    return told


def _round(value: float) -> float:
    """Return two digits: jobs and emissions that rest on assumed figures deserve no more."""
    return float(f"{value:.{DIGITS}g}")
