"""The switches and rates of the pooled member, with where their defaults come from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Days: TypeAlias = "float | Mapping[str, float]"
Tiers: TypeAlias = tuple[int, int, int]

SLACK = 1e-12
"""A stock that lacks less than this part of what is needed does not bind: stocks of one step would else let output
follow the rounding of the last digit, down or up."""
ROUND_OFF = 1e-13
"""Claims that exceed what is left by less than this part of output are met: sums over a table are no closer. Where most of
an output goes to a first tier, what is left for the next would else carry the rounding of the whole."""
KINDS = ("orders", "final", "rebuilding")
"""Kinds of demand, in the order in which all arrays hold them."""
FAIR: Tiers = (0, 0, 0)
"""Orders, final demand and rebuilding are cut alike."""


@dataclass(frozen=True)
class PooledRules:
    """Rules of the pooled member; make them with `load_rules`, which brings the sourced defaults.

    Parameters
    ----------
    step_days, year_days
        Length of a step, and of the year of the table [days].
    stock_days
        Target stock of an input [days of use]: one figure, or one per sector; ``inf`` for what cannot run out.
    threshold
        psi, the part of the target stock below which output falls. 1 is the rule of 2008, see ``restoration_days``.
    restoration_days
        Time in which a gap to the target is ordered; 0: all at once.
    overproduction_max, overproduction_days
        Highest capacity over normal, and the time in which it is reached.
    capital_ratio
        Capital over yearly value added.
    negligible_share
        Inputs that cost less than this part of output do not bind.
    order_split
        ``capacity``: orders go to regions as in the base, times what is left of their capacity; ``fixed``: as in
        the base.
    tiers
        Rank of orders, final demand and rebuilding in rationing: 0 is served first, equal ranks are cut alike.
    delivered_rebuilding_leaves_plans
        Whether what was delivered to rebuilding in a step is no longer demand when the next orders are placed.
    """

    step_days: float
    year_days: float
    stock_days: Days
    threshold: float
    restoration_days: float
    overproduction_max: float
    overproduction_days: float
    capital_ratio: float
    negligible_share: float
    order_split: Literal["capacity", "fixed"] = "capacity"
    tiers: Tiers = FAIR
    delivered_rebuilding_leaves_plans: bool = False

    @property
    def restoration_rate(self) -> float:
        """Part of the gap to target stocks that is ordered per step; all of it where the time is below a step."""
        return self.step_days / max(self.restoration_days, self.step_days)

    @property
    def overproduction_rate(self) -> float:
        """Part of the way to full overproduction per step, at full scarcity."""
        return self.step_days / max(self.overproduction_days, self.step_days)

    def cover(self, sectors: Sequence[str]) -> NDArray[np.float64]:
        """Return the target stock of each sector's goods [steps of use]."""
        days = self.stock_days
        if isinstance(days, Mapping):
            strange = sorted(set(sectors) ^ set(days))
            if strange:
                raise UsageError("stock_days_sectors", sectors=", ".join(strange))
            return np.array([days[name] for name in sectors], dtype=float) / self.step_days
        return np.full(len(sectors), days / self.step_days, dtype=float)

    def bound(self, sectors: Sequence[str]) -> NDArray[np.float64]:
        """Return the stock of each sector's goods below which output falls, ``max(1, psi n)`` [steps of use]."""
        cover = self.cover(sectors)
        return np.maximum(1.0, self.threshold * np.where(np.isfinite(cover), cover, 0.0)) * (1 - SLACK)


def load_rules(**changes: object) -> PooledRules:
    """Return the default rules with some of them changed.

    The defaults are those of a daily model with a stock of 90 days and psi of 0.8; `data/stress/pooled_rules.toml`
    gives source, grade and interval of each. They are conventions of the literature, not measurements.

    Raises
    ------
    UsageError
        If a stock lasts less than a step, or a figure lies outside its range.

    Example
    -------
    >>> load_rules(step_days=7, stock_days=35).cover(["steel"]).tolist()
    [5.0]
    >>> load_rules(threshold=1, restoration_days=0).restoration_rate
    1.0
    """
    rules = replace(PooledRules(**{name: row["value"] for name, row in _read_defaults().items()}), **changes)  # type: ignore[arg-type]
    _check(rules)
    return rules


def _read_defaults() -> dict[str, dict[str, float]]:
    text = (resources.files("pondasi") / "data" / "stress" / "pooled_rules.toml").read_text(encoding="utf-8")
    return {name: row for name, row in tomllib.loads(text).items() if name != "sources"}


def _check(rules: PooledRules) -> None:
    days = rules.stock_days
    least = min(days.values(), default=np.inf) if isinstance(days, Mapping) else days
    if not least >= rules.step_days > 0:
        raise UsageError("stock_under_step", stock=f"{least:g}", step=f"{rules.step_days:g}")
    inside = {
        "year_days": rules.year_days > 0,
        "threshold": 0 <= rules.threshold <= 1,
        "restoration_days": rules.restoration_days >= 0,
        "overproduction_max": rules.overproduction_max >= 1,
        "overproduction_days": rules.overproduction_days >= 0,
        "capital_ratio": rules.capital_ratio > 0,
        "negligible_share": 0 <= rules.negligible_share < 1,
        "order_split": rules.order_split in {"capacity", "fixed"},
        "tiers": sorted(set(rules.tiers)) == list(range(len(set(rules.tiers)))) and len(rules.tiers) == len(KINDS),
    }
    for name, holds in inside.items():
        if not holds:
            raise UsageError("rule_out_of_range", rule=name, value=getattr(rules, name))
