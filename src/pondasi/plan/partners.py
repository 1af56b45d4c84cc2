"""Which partner brings what: each one's share of what cooperation is worth, alone, last, and over all orders of joining.

To a planner: 'alone' is what a partner brings if it is the only one; 'last' is what is lost if it leaves while all
others stay; the Shapley value is the mean over all orders in which partners may join. Of two partners that offer the
same, each is worth much alone and little when it is last, and the Shapley value shares it between them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.plan.build import OFFERS, build_problem
from pondasi.plan.coalitions import Coalitions
from pondasi.plan.cuts import CutPool
from pondasi.plan.shapley import Game, sample_orders, weigh_coalitions
from pondasi.plan.solve import GAP, SCENARIOS, SECONDS
from pondasi.plan.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.plan.problem import PlanProblem

PLAYERS = 10
"""Up to so many partners every coalition is written out; beyond, orders of joining are sampled."""
ORDERS = 1000
"""Pairs of orders at most in a sample."""
CONFIDENCE = 0.95
FINER = 10.0
"""By how much the tolerance shrinks while partners are not yet in order."""


@dataclass(frozen=True, eq=False)
class PartnerValues:
    """What partners bring to a plan [million USD of today's value].

    Parameters
    ----------
    table
        Index ``partner``, the largest Shapley value first; columns ``shapley``, ``alone`` and ``last`` with ``_low`` and ``_high``,
        and ``offers``: how many options it is offered with.
    none, everyone
        Value without any partner and with all, each as (low, high).
    separated
        Whether the order holds for all values that agree with what was solved.
    solved
        Coalitions that were solved.
    players
        Partners with any effect; 2 to this power are the coalitions.
    coalitions
        Index ``members`` (joined by ``+``); columns ``low``, ``high``, and ``solved``: whether it was solved itself.
    orders
        Pairs of orders that were sampled; 0 where every coalition was looked at.
    targets
        Index ``target``; ``asked`` by the case, and the ``level`` that every coalition reaches: what is in reach without any partner. Empty where
        nothing is asked for.
    """

    table: pd.DataFrame
    none: tuple[float, float]
    everyone: tuple[float, float]
    separated: bool
    solved: int
    players: int
    coalitions: pd.DataFrame = field(repr=False)
    orders: int = 0
    targets: pd.DataFrame = field(default_factory=lambda: _list_targets((), Targets()), repr=False)

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name, with plain columns."""
        measures = {
            "none_low": self.none[0],
            "none_high": self.none[1],
            "everyone_low": self.everyone[0],
            "everyone_high": self.everyone[1],
            "separated": self.separated,
            "solved": self.solved,
            "players": self.players,
            "orders": self.orders,
        }
        more = {"targets": self.targets.reset_index()} if len(self.targets) else {}
        return more | {
            "partners": self.table.reset_index(),
            "coalitions": self.coalitions.reset_index(),
            "measures": pd.DataFrame([measures]),
        }


def value_partners(
    case: Case,
    *,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    offers: int = OFFERS,
    gap: float = GAP,
    seconds: float = SECONDS,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PartnerValues:
    """Return what each partner of a case brings (plan.60 to plan.64).

    Parameters
    ----------
    scenarios, seed, offers
        As in `build_problem`. With few offers a step may have no partner left in a small coalition that could do it.
    gap
        Part of the value with all partners by which a coalition's value may be unknown; it shrinks while time is left
        and the order of partners is open.
    seconds
        Time after which what is known so far is returned: intervals are wider then, and hold.
    """
    problem = build_problem(case, scenarios=scenarios, seed=seed, offers=offers, executor=executor)
    return share_value(problem, gap=gap, seconds=seconds, seed=seed, executor=executor, progress=progress)


def share_value(
    problem: PlanProblem,
    *,
    gap: float,
    seconds: float = np.inf,
    seed: int = 0,
    most: int = PLAYERS,
    orders: int = ORDERS,
    executor: Executor | None = None,
    pool: CutPool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PartnerValues:
    """Return what each partner brings to a problem.

    Parameters
    ----------
    gap, seconds
        As in `value_partners`.
    seed, most, orders
        Orders are sampled where there are more than ``most`` partners.
    progress
        Called after every solve with how many coalitions are known well enough, and how many there are.
    """
    game = Coalitions(problem, executor, CutPool() if pool is None else pool)
    search = _Search(game, time.monotonic() + seconds, gap, progress)
    search.begin()
    if len(game.players) > most:
        return _sample(search, seed, orders)
    weights = weigh_coalitions(len(game.players))
    search.refine(weights)
    return _tabulate(game, weights)


class _Search:
    """Which coalition to solve next."""

    def __init__(
        self, game: Coalitions, deadline: float, gap: float, progress: Callable[[int, int], None] | None
    ) -> None:
        self.game, self.deadline, self.progress = game, deadline, progress
        self.gap = gap
        self.tolerance = np.inf

    def begin(self) -> None:
        """Solve everyone, no one, all but one, and each alone: the ends, and two of the three figures of a partner."""
        game = self.game
        fact = game.solve(game.everyone, self.gap, self.deadline, relative=True)
        self.tolerance = max(self.gap * abs(fact.low), game.finest)
        ones = [1 << k for k in range(len(game.players))]
        for mask in (game.everyone, 0, *(game.everyone ^ one for one in ones), *ones):
            self.reach(mask, first=mask in {0, game.everyone})

    def reach(self, mask: int, *, first: bool = False) -> bool:
        """Solve a coalition until it is known well enough; False if time ran out."""
        while not self.game.settled(mask, self.tolerance):
            if time.monotonic() > self.deadline and not first:
                return False
            self.game.solve(mask, self.tolerance, self.deadline)
            self.report(1)
            if first and time.monotonic() > self.deadline:
                return False
        return True

    def refine(self, weights: np.ndarray) -> None:
        """Solve what matters most and is known least, until the order of partners is plain or time ends."""
        game = self.game
        masks = np.arange(game.everyone + 1)
        matters = np.abs(weights).sum(axis=0)
        while time.monotonic() < self.deadline and not Game(*game.bound(masks)).separates(weights):
            low, high = game.bound(masks)
            order = np.argsort(-matters * (high - low), kind="stable")
            open_ = [int(mask) for mask in masks[order] if not game.settled(int(mask), self.tolerance)]
            if open_:
                game.solve(open_[0], self.tolerance, self.deadline)
                self.report(len(masks) - len(open_))
            elif self.tolerance > game.finest:
                self.tolerance = max(self.tolerance / FINER, game.finest)
            else:
                return

    def report(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, self.game.everyone + 1)


def _tabulate(game: Coalitions, weights: np.ndarray) -> PartnerValues:
    masks = np.arange(game.everyone + 1)
    low, high = game.bound(masks)
    known = Game(low, high)
    middle = (low + high) / 2
    rows = {}
    for k in range(len(game.players)):
        alone, last = np.zeros((2, len(masks)))
        alone[[1 << k, 0]] = 1, -1
        last[[game.everyone, game.everyone ^ 1 << k]] = 1, -1
        row: dict[str, float] = {}
        for name, sums in (("shapley", weights[k]), ("alone", alone), ("last", last)):
            ends = known.span(sums)
            row |= {name: float(sums @ middle), f"{name}_low": ends[0], f"{name}_high": ends[1]}
        rows[k] = row
    solved = {fact.mask for fact in game.facts}
    coalitions = pd.DataFrame(
        {"low": low, "high": high, "solved": [int(mask) in solved for mask in masks]},
        index=pd.Index(["+".join(game.names(int(mask))) for mask in masks], name="members"),
    )
    return _record(game, rows, coalitions, separated=known.separates(weights), orders=0)


def _sample(search: _Search, seed: int, orders: int) -> PartnerValues:
    game = search.game
    values, number = sample_orders(len(game.players), game.bound, orders, seed, CONFIDENCE, search.reach)
    rows = {}
    for k in range(len(game.players)):
        one = 1 << k
        low, high = game.bound(np.array([0, one, game.everyone ^ one, game.everyone]))
        row = dict(zip(("shapley", "shapley_low", "shapley_high"), values[:, k].tolist(), strict=True))
        for name, there, without in (("alone", 1, 0), ("last", 3, 2)):
            ends = max(0.0, float(low[there] - high[without])), float(high[there] - low[without])
            row |= {name: sum(ends) / 2, f"{name}_low": ends[0], f"{name}_high": ends[1]}
        rows[k] = row
    masks = np.array(sorted({fact.mask for fact in game.facts}))
    low, high = game.bound(masks)
    names = pd.Index(["+".join(game.names(int(mask))) for mask in masks], name="members")
    coalitions = pd.DataFrame({"low": low, "high": high, "solved": True}, index=names)
    ranked = sorted(rows.values(), key=lambda row: -row["shapley"])
    separated = all(above["shapley_low"] >= below["shapley_high"] for above, below in pairwise(ranked))
    return _record(game, rows, coalitions, separated=separated, orders=number)


def _record(
    game: Coalitions, rows: dict[int, dict[str, float]], coalitions: pd.DataFrame, *, separated: bool, orders: int
) -> PartnerValues:
    labels = game.problem.labels.partners
    columns = [f"{name}{end}" for name in ("shapley", "alone", "last") for end in ("", "_low", "_high")]
    players = {labels[m]: rows[k] for k, m in enumerate(game.players)}
    # A partner without any offer changes no coalition: it brings nothing, and that is exact.
    table = pd.DataFrame.from_dict(
        {name: players.get(name, dict.fromkeys(columns, 0.0)) for name in labels}, orient="index", columns=columns
    ).rename_axis("partner")
    option, _ = game.layout.starts
    offered = np.unique(option)
    table["offers"] = [int((game.problem.options.partner[offered] == m).sum()) for m in range(len(labels))]
    table = table.sort_values(["shapley", "alone"], ascending=False, kind="stable")
    low, high = game.bound(np.array([0, game.everyone]))
    return PartnerValues(
        table,
        (float(low[0]), float(high[0])),
        (float(low[1]), float(high[1])),
        separated,
        len({fact.mask for fact in game.facts}),
        len(game.players),
        coalitions,
        orders,
        _list_targets(game.problem.labels.targets, game.problem.targets),
    )


def _list_targets(names: tuple[str, ...], targets: Targets) -> pd.DataFrame:
    """Return what was asked for and what is in reach: index ``target``; ``asked``, ``level``, output in million USD a year."""
    frame = pd.DataFrame({"asked": targets.asked, "level": targets.level}, dtype=float)
    return frame.set_index(pd.Index(names[: len(targets)], name="target"))
