"""What may happen in a year of the plan: years drawn from the hazards of the world and run week by week (plan.26 to plan.29a).

A year holds a Poisson number of events of every hazard, each with a draw of place, severity and length, as in the stress test (plan.26). Most years cost
nobody anything, and a run of the weekly engine takes time. So many years are drawn, and few are run: of four classes with exact weights (plan.29) the most from
those that hold what costs the country something at its worst. Of the years that were run, few are planned for, that stand for the others (plan.29a).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.weekly_years import YEAR, WeeklyYears, run_years
from pondasi.seeds import open_stream
from pondasi.stress.sampling import sample_shocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pondasi.executor import Executor
    from pondasi.plan.problem import Matrix, Vector, Whole
    from pondasi.plan.weekly_years import WeeklyEngine
    from pondasi.stress.sampling import HazardSet

RARE = 0.05
"""Hazards that come less often than once in twenty years have a class of their own. A choice of the method and no figure of the world: the classes have
their exact weights wherever the line is drawn, and it moves only how many of the years that are drawn have a rare event (plan.29)."""
POOL = 4096
"""Years that are drawn, for those that are run to be chosen from: rare ones must be among them. Drawing costs next to nothing."""
WATCHED = 0.1
"""What a year counts where no loss is expected, as a part of the mean that is expected: so that such years are run as well. A choice of the method:
every year has its exact weight, however often its kind is run."""
CALM, UNFELT, COMMON = 0, 1, 2
"""Classes of years: without an event; with such alone as cost nothing at their worst; with others; beyond, with others that are rare."""


@dataclass(frozen=True, eq=False)
class Disruptions:
    """Years with their weights.

    Parameters
    ----------
    engine
        Whose labels the years have.
    nodes
        Rows of `WeeklyYears.short` and `WeeklyYears.struck`.
    weight
        Probability of each year, shape (S,).
    years
        What happens in each.
    """

    engine: WeeklyEngine = field(repr=False)
    nodes: tuple[str, ...]
    weight: Vector
    years: WeeklyYears = field(repr=False)


def draw_disruptions(
    engine: WeeklyEngine, nodes: Sequence[str], runs: int, seed: int = 0, *, executor: Executor | None = None
) -> Disruptions:
    """Draw years from the hazards of the engine's world, and run some of them.

    Parameters
    ----------
    nodes
        Of which it is asked what plants lack.
    runs
        How many years are run; the one without an event is known, and comes first. At least as many as there are classes.
    seed
        The same seed gives the same years, whatever the number of workers.
    """
    calm = _rest(engine, len(nodes))
    if engine.hazards is None:
        return Disruptions(engine, tuple(nodes), np.ones(1), calm)
    chosen, weight = choose_years(engine.hazards, engine.worst, runs, seed)
    found = (
        run_years(engine, engine.hazards, nodes, chosen, seed, executor=executor) if len(chosen) else calm.take(chosen)
    )
    together = {
        name: np.concatenate([getattr(calm, name), getattr(found, name)], axis=-1)
        for name in WeeklyYears.__dataclass_fields__
    }
    return Disruptions(engine, tuple(nodes), np.append(1 - weight.sum(), weight), WeeklyYears(**together))


def _rest(engine: WeeklyEngine, nodes: int) -> WeeklyYears:
    """Return the year without an event."""
    none = np.zeros((nodes, 1))
    still = np.zeros((len(engine.system.labels), 1))
    return WeeklyYears(
        share=np.zeros(1),
        gross=np.zeros((len(engine.users), 1)),
        lost=np.zeros((len(engine.needs), 1)),
        short=none,
        struck=none,
        slow=still,
        left=still + 1,
    )


def choose_years(hazards: HazardSet, worst: Vector, runs: int, seed: int) -> tuple[Whole, Vector]:
    """Return numbers of the years that are run, and their weights; what is missing to 1 is the year without an event (plan.29).

    Parameters
    ----------
    worst
        What each hazard costs at its worst, shape (h,).
    """
    events = sample_shocks(hazards, POOL, seed, mode="poisson", horizon_weeks=float(YEAR)).events
    kind, expected = _classify(hazards, worst, events)
    chances = weigh_classes(hazards.rate * YEAR, worst > 0)
    here = [(k, np.flatnonzero(kind == k)) for k in range(UNFELT, len(chances))]
    here = [(k, members) for k, members in here if len(members) and chances[k] > 0]
    mean = np.average(expected, weights=_spread(kind, chances))
    sizes = [chances[k] * (expected[members].mean() + WATCHED * mean) for k, members in here]
    # Where nothing is expected to be felt, each kind counts by its chance.
    total = sum(sizes)
    parts = [size / total if total > 0 else chances[k] for size, (k, _) in zip(sizes, here, strict=True)]
    draws = open_stream(seed, "plan", "years")
    chosen, weight = [], []
    for (k, members), part in zip(here, parts, strict=True):
        count = max(1, round(part * runs))
        order = members[np.argsort(expected[members], kind="stable")]
        for piece in _cut(order, expected[order] + WATCHED * mean, count):
            chosen.append(int(draws.choice(piece)))
            weight.append(chances[k] * len(piece) / len(members))
    return np.array(chosen, dtype=np.intp), np.array(weight)


def weigh_classes(rates: Vector, felt: np.ndarray) -> Vector:
    """Return the exact chance of each class of years; rates are events a year (plan.29).

    Example
    -------
    >>> weigh_classes(np.array([1.0, 0.5, 0.01]), np.array([False, True, True])).round(3).tolist()
    [0.221, 0.38, 0.39, 0.01]
    """
    rare = felt & (rates < RARE)
    none, unfelt, common = (float(np.exp(-rates[which].sum())) for which in (rates >= 0, felt, rare))
    return np.array([none, unfelt - none, common - unfelt, 1 - common])


def _classify(hazards: HazardSet, worst: Vector, events: pd.DataFrame) -> tuple[Whole, Vector]:
    """Return the class of each drawn year, and what it may be expected to cost.

    An event is expected to cost what the worst of its hazard does, times the square of its lost weeks over those of the worst: losses begin only once stocks
    are used up. This chooses years to run, and says nothing of what they cost.
    """
    number = {name: k for k, name in enumerate(hazards.names)}
    hazard = np.array([number[name] for name in events["hazard"]], dtype=np.intp)
    year = events["scenario"].to_numpy()
    size = events["loss"] * events["weeks"] * (1 + events["hold"])
    most = hazards.loss[2] * hazards.weeks[2] * (1 + hazards.hold[2])
    # A hazard that takes nothing even at its worst has nothing to be measured by, and costs nothing.
    part = np.divide(size.to_numpy(), most[hazard], out=np.zeros(len(size)), where=most[hazard] > 0)
    expected = np.bincount(year, worst[hazard] * part**2, POOL)
    felt = worst > 0
    rare = felt & (hazards.rate * YEAR < RARE)
    kind = np.full(POOL, CALM)
    for flags, name in ((np.ones_like(felt), UNFELT), (felt, COMMON), (rare, COMMON + 1)):
        kind[year[flags[hazard]]] = name
    return kind.astype(np.intp), np.asarray(expected, dtype=float)


def _spread(kind: Whole, chances: Vector) -> Vector:
    """Return the weight of each drawn year: the chance of its class, shared out."""
    number = np.bincount(kind, minlength=len(chances))
    return np.asarray((chances / np.maximum(number, 1))[kind])


def _cut(members: Whole, size: Vector, count: int) -> list[Whole]:
    """Return members, in order, in so many pieces of equal sums of sizes; fewer only where there are fewer members.

    Where one member is larger than a piece should be, fewer pieces come of it, and the largest of the others are halved.

    Example
    -------
    >>> [piece.tolist() for piece in _cut(np.arange(5), np.array([1.0, 1.0, 1.0, 1.0, 9.0]), 3)]
    [[0, 1], [2, 3], [4]]
    """
    grown = np.append(0.0, np.cumsum(size if size.any() else np.ones(len(size))))
    middles = (grown[1:] + grown[:-1]) / (2 * grown[-1])
    first = np.unique(np.minimum((middles * count).astype(int), count - 1), return_index=True)[1].tolist()
    ends = list(zip(first, [*first[1:], len(members)], strict=True))
    while len(ends) < min(count, len(members)):
        heavy = max((end for end in ends if end[1] - end[0] > 1), key=lambda end: grown[end[1]] - grown[end[0]])
        begin, end = heavy
        half = (grown[begin] + grown[end]) / 2
        middle = begin + 1 + int(np.abs(grown[begin + 1 : end] - half).argmin())
        at = ends.index(heavy)
        ends[at : at + 1] = [(begin, middle), (middle, end)]
    return [members[begin:end] for begin, end in ends]


def thin_disruptions(drawn: Disruptions, cost: Vector, scenarios: int) -> Disruptions:
    """Return fewer years that stand for all that were run; ``cost`` and ``scenarios`` as for `choose_few`."""
    which, weight = choose_few(drawn.weight, drawn.years.share, cost, scenarios)
    return replace(drawn, weight=weight, years=drawn.years.take(which))


def choose_few(weight: Vector, share: Vector, cost: Vector, scenarios: int) -> tuple[Whole, Vector]:
    """Return which years stand for all, and their weights (plan.29a).

    Years without an event are alike, and are one. The others are put in order of what they cost the country that does nothing, and cut into pieces of which
    each holds an equal sum of ``weight x sqrt(extra cost + its mean)``: rare, costly years keep pieces of their own. Of
    each piece the year nearest to its mean cost stays, with the weight of the piece.

    Parameters
    ----------
    weight, share
        Of each year: its probability, and the part of it that is disrupted, shape (S,).
    cost
        Of each year, shape (S,).
    scenarios
        How many to keep, at most.

    Example
    -------
    >>> which, weight = choose_few(np.full(4, 0.25), np.array([0.0, 0.1, 0.2, 0.5]), np.array([1.0, 2.0, 2.2, 9.0]), 3)
    >>> which.tolist(), weight.tolist()
    ([0, 1, 3], [0.25, 0.5, 0.25])
    """
    if len(weight) <= scenarios:
        return np.arange(len(weight)), weight
    order = np.argsort(cost, kind="stable")
    calm = order[share[order] == 0]
    eventful = order[share[order] > 0]
    pieces = [calm] if len(calm) else []
    if len(eventful):
        extra = np.maximum(cost[eventful] - cost.min(), 0)
        size = weight[eventful] * np.sqrt(extra + extra.mean())
        # Where no year costs more than another, each counts by its weight alone.
        pieces += _cut(eventful, size if size.any() else weight[eventful], max(scenarios - len(pieces), 1))
    kept, weights = [], []
    for members in pieces:
        mean = np.average(cost[members], weights=weight[members])
        kept.append(members[np.argmin(np.abs(cost[members] - mean))])
        weights.append(weight[members].sum())
    return np.array(kept, dtype=np.intp), np.array(weights)


def draw_levels(steps: Sequence[str], weight: Vector, seed: int) -> Matrix:
    """Return the uniform level of each step in each scenario, shape (steps, S): spread evenly over [0, 1) by weight (plan.21)."""
    levels = np.zeros((len(steps), len(weight)))
    for j, step in enumerate(steps):
        draws = open_stream(seed, "plan", "levels", step)
        order = draws.permutation(len(weight))
        before = np.cumsum(weight[order]) - weight[order]
        levels[j, order] = before + weight[order] * draws.random(len(weight))
    return np.minimum(levels, np.nextafter(1, 0))
