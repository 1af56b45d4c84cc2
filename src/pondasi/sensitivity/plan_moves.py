"""A case with one group of figures at an end of its intervals, held to what the rules of a case allow (sensitivity.9).

A figure at an end is known to be there: where a plan draws from an interval (lead times, how hard a hazard strikes), all draws are the
end itself. What a rule holds to others moves with them, a step at a time, by the largest part ``t`` of the way that keeps the rule::

    value + t(end - value), 0 <= t <= 1

so that shares of funders pay for all of a step, what goes into a plant is no more than its running costs, and sizes fit each other and what is
committed. The other branches of a variable make up for the probability of the one that moves, inside their own intervals (chain.22).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pondasi.chain.records import World
from pondasi.chain.sample import prepare_draws
from pondasi.chain.scale import scale_groups
from pondasi.sensitivity.plan_figures import CHANCE, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pondasi.chain.sample import Sampler
    from pondasi.plan.case import Case
    from pondasi.sensitivity.plan_figures import Assumption

    Vector = NDArray[np.float64]

End = Literal["low", "high"]
ENDS: tuple[End, ...] = ("low", "high")
ROUNDING = 1e-9
"""A rule is kept if it is missed by no more: rounding of sums of shares."""


@dataclass(frozen=True, eq=False)
class Moved:
    """A case with a group of figures at an end.

    Parameters
    ----------
    moved, held, fixed
        How many rows stand at the end; how many a rule held back on the way, or where they were; how many have no interval and stayed.
    """

    case: Case = field(repr=False)
    moved: int
    held: int
    fixed: int


@dataclass(frozen=True, eq=False)
class Mover:
    """A case of which groups of figures are moved, one at a time."""

    case: Case

    @cached_property
    def _sampler(self) -> Sampler:
        return prepare_draws(self.case.world.chain)

    def move(self, group: Assumption, end: End) -> Moved:
        """Return the case with a group at the low or the high ends of its intervals.

        Example
        -------
        >>> from pondasi.plan.case import load_case
        >>> from pondasi.sensitivity.plan_figures import list_assumptions
        >>> case = load_case("IDN")
        >>> (capital,) = [group for group in list_assumptions(case) if group.name == "capital"]
        >>> cheap = Mover(case).move(capital, "low")
        >>> cheap.moved, bool((cheap.case.tables["step_costs"]["value"] <= case.tables["step_costs"]["value"]).all())
        (50, True)
        """
        before = table_of(self.case, group.table)
        wide = group.find_wide(before)
        rows = group.rows[wide]
        value = before[group.figure[0]].to_numpy(dtype=float)
        goal = value.copy()
        goal[rows] = before[group.figure[ENDS.index(end) + 1]].to_numpy(dtype=float)[rows]
        if group.table in self.case.world.chain.tables:
            level = np.full(len(before), np.nan)
            level[rows] = ENDS.index(end)
            chain = self._sampler.place({group.table: level})
            case = replace(self.case, world=World(chain, self.case.world.companions))
            reached = chain.tables[group.table][group.figure[0]].to_numpy(dtype=float)
        else:
            reached = self._hold(group, before, value, goal)
            settled = (reached != value) | (np.isin(np.arange(len(before)), rows) & (reached == goal))
            case = self._put(group, before, reached, settled)
        there = np.isclose(reached[rows], goal[rows], rtol=ROUNDING, atol=ROUNDING)
        return Moved(case, int(there.sum()), int((~there).sum()), int((~wide).sum()))

    def _put(self, group: Assumption, before: pd.DataFrame, reached: Vector, settled: NDArray[np.bool_]) -> Case:
        """Return the case with figures where they came to; one that is settled has no interval left."""
        columns = {}
        for name in group.figure:
            column = before[name].to_numpy(dtype=float).copy()
            column[settled] = reached[settled]
            columns[name] = column
        frame = before.assign(**columns)
        if group.table in self.case.tables:
            return replace(self.case, tables={**self.case.tables, group.table: frame})
        world = self.case.world
        return replace(self.case, world=World(world.chain, {**world.companions, group.table: frame}))

    def _hold(self, group: Assumption, before: pd.DataFrame, value: Vector, goal: Vector) -> Vector:
        """Return how far figures go towards an end under the rules of a case."""
        if group.name.startswith(f"{CHANCE}/"):
            return _share_out(before, group, goal)
        if not {"step"} <= set(before.columns):
            return goal
        part = np.ones(len(before))
        first, last = (
            list(self._list_margins(group.table, before.assign(**{group.figure[0]: some}))) for some in (value, goal)
        )
        for here, there in zip(first, last, strict=True):
            room, lost = here.clip(lower=0.0), here.clip(lower=0.0) - there
            most = (room / lost.where(lost > 0)).where(there < -ROUNDING, 1.0).clip(upper=1.0)
            part = np.minimum(part, before["step"].map(most).fillna(1.0).to_numpy(dtype=float))
        return np.asarray(np.where(part < 1, value + part * (goal - value), goal))

    def _list_margins(self, table: str, frame: pd.DataFrame) -> Iterator[pd.Series]:
        """Yield by step how far each rule is from being broken; below zero it is."""
        if table == "step_funding":
            yield frame.groupby("step")["share"].sum() - 1
        elif table == "step_costs":
            costs = frame.pivot_table(index="step", columns="kind", values="value")
            if {"opex", "inputs"} <= set(costs):
                yield (costs["opex"] - costs["inputs"]).dropna()
        elif table == "step_traits":
            sizes = frame.pivot_table(index="step", columns="trait", values="value")
            yield (sizes["modules_max"] - sizes["least_scale"]).dropna()
            modules = self.case.tables["steps"].set_index("step")["committed_modules"].astype(float)
            yield (sizes["modules_max"] - modules).dropna()
            yield (modules - sizes["least_scale"]).dropna()


def _share_out(before: pd.DataFrame, group: Assumption, goal: Vector) -> Vector:
    """Return the probabilities of futures with those of one branch at an end, and the others of each parent in their place."""
    out = before["probability"].to_numpy(dtype=float).copy()
    low, high = (before[name].fillna(before["probability"]).to_numpy(dtype=float) for name in ("low", "high"))
    parent = before["parent"].to_numpy(dtype=object)
    for row in group.rows:
        others = np.flatnonzero(parent == parent[row])
        others = others[others != row]
        chance = float(np.clip(goal[row], 1 - high[others].sum(), 1 - low[others].sum()))
        # A future that cannot come is none: its branch would be gone from the tree, and no longer the same question.
        if not 0 < chance < 1 or abs(chance - out[row]) <= ROUNDING:
            continue
        zeros = np.zeros(len(others), dtype=np.intp)
        out[row] = chance
        out[others] = scale_groups(out[others], low[others], high[others], zeros, np.array([1 - chance]))
    return out
