"""What no plan beats, over all starts: by cases of what has begun by when (plan.24c).

A search for whole starts is given the likely ones (plan.24b). Here all count. Plans are told apart by cases (`pondasi.plan.cases`): "step j has begun by
node n", or not, and where partners are in doubt "option o has begun by n". Under the decisions of a case the strategic programme is solved in fractions, while starts
join as they pay and cuts as they tell (`pondasi.plan.lean`; branch and price: Barnhart et al. 1998, doi:10.1287/opre.46.3.316). A case that no plan better
than the one known can come from is closed; of the others the one with the least bound is told apart next, and now and then followed down to a whole plan.
What no plan beats is the least bound of all that are open.

Which case to make next is learnt: by how much the bound rose when a step was decided, for what that changed (Benichou et al.
1971, doi:10.1007/BF01584074); a step of which nothing is known is tried for a few pivots. Both sides of a case have a programme each, so that they can be solved side by
side, with the same result as one after the other.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pondasi.plan.cases import DOUBT, SLIGHT, Cases
from pondasi.plan.lean import Lean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pondasi.plan.cases import Doubt, Under
    from pondasi.plan.lean import Relaxed
    from pondasi.plan.master import Master
    from pondasi.plan.problem import Vector

TRIED = 4
"""Cases at most that are weighed before one is chosen."""
KNOWN = 2
"""How often both sides of a step must have been decided or tried for the effect to be known."""
VISITS = 8
"""How often the operations are asked at the whole plans of a case before its bound is left as it is."""
MISSING = 1e-7
"""What is required and not begun is nothing below this: rounding of the solver."""
WORST = 1e-6
"""Least rise that is counted, so that of two cases without one the other side decides."""
DIVING = 40
"""Cases after which the open case with the least bound is followed down to a whole plan, which may be better than any known."""
SURE = 0.15
"""On the way down all that is so near to 0 or 1 is decided at once."""
SIDES = (False, True)

Found = TypeVar("Found")


@dataclass(order=True)
class Open:
    """A case that is still open: its bound, and the solution in fractions that leaves something undecided."""

    bound: float
    number: int
    under: Under = field(compare=False, repr=False)
    relaxed: Relaxed = field(compare=False, repr=False)
    visits: int = field(compare=False, default=0)


class Effects:
    """By how much the bound rose when steps were decided, for what that changed."""

    def __init__(self) -> None:
        self.total: dict[tuple[int, bool], float] = defaultdict(float)
        self.times: dict[tuple[int, bool], int] = defaultdict(int)

    def learn(self, doubt: Doubt, rise: float, *, begun: bool) -> None:
        """Take in what a decision did."""
        self.total[doubt.case.step, begun] += max(rise, 0.0) / doubt.change(begun=begun)
        self.times[doubt.case.step, begun] += 1

    def expect(self, doubt: Doubt, *, begun: bool) -> float:
        """Return by how much the bound may rise; of a step not known yet as much as of the others in the mean."""
        side = doubt.case.step, begun
        known = sum(self.times.values())
        mean = sum(self.total.values()) / known if known else 1.0
        return doubt.change(begun=begun) * (self.total[side] / self.times[side] if self.times[side] else mean)

    def score(self, doubt: Doubt) -> float:
        """Return what deciding may bring: both sides must rise, so their product."""
        down, up = (max(self.expect(doubt, begun=begun), WORST) for begun in SIDES)
        return down * up

    def is_known(self, doubt: Doubt) -> bool:
        """Tell whether enough was seen of both sides of a step."""
        return all(self.times[doubt.case.step, begun] >= KNOWN for begun in SIDES)


class Branching:
    """The cases of one search.

    Parameters
    ----------
    master
        With its cuts.
    active
        Starts to begin with, shape (starts,).
    tolerance
        See `pondasi.plan.lean.Lean.solve` [million USD].
    penalty
        See `pondasi.plan.lean.Lean`.
    together
        Whether both sides of a case are solved at the same time.
    """

    def __init__(
        self, master: Master, active: NDArray[np.bool_], tolerance: float, penalty: float, *, together: bool = False
    ) -> None:
        self.master, self.tolerance, self.together = master, tolerance, together
        self.cases = Cases(master.layout)
        needed = master.telling_rows()
        self.leans = [Lean(master, active, needed, penalty) for _ in SIDES]
        self.effects = Effects()
        self.open: list[Open] = []
        self.number = self.expanded = 0
        self.left = np.inf

    def run(
        self, cutoff: Callable[[], float], visit: Callable[[Vector], None], is_over: Callable[[float], bool]
    ) -> float:
        """Tell plans apart until none can cost less than a cutoff, or time is over; return what none beats.

        Parameters
        ----------
        cutoff
            Cost that a plan must be below to matter; falls as better plans are found.
        visit
            Asks the operations at a whole plan: adds cuts, and may find a better plan.
        is_over
            Called with the bound; ends the search.
        """
        self.cutoff, self.visit = cutoff, visit
        under = self.cases.nothing()
        # Both programmes begin here, so that what is tried in one and in the other can be compared.
        self._add(under, self._both(lambda begun: self.leans[begun].solve(under, cutoff(), self.tolerance))[0])
        while self.open and self.open[0].bound < cutoff() and not is_over(self.bound):
            if self.expanded % DIVING == 0:
                self._dive(self.open[0])
            self._expand(heapq.heappop(self.open))
            self.expanded += 1
        return self.bound

    @property
    def bound(self) -> float:
        """What no plan beats."""
        return min(self.open[0].bound if self.open else np.inf, self.left, self.cutoff())

    def _add(self, under: Under, relaxed: Relaxed | None, visits: int = 0) -> None:
        """Keep decisions as an open case, unless no plan under them is better."""
        if relaxed is not None:
            self.number += 1
            heapq.heappush(self.open, Open(relaxed.bound, self.number, under, relaxed, visits))

    def _both(self, function: Callable[[bool], Found]) -> list[Found]:
        """Return what both sides of a case give."""
        if not self.together:
            return [function(begun) for begun in SIDES]
        with ThreadPoolExecutor(len(SIDES)) as pool:
            return list(pool.map(function, SIDES))

    def _expand(self, case: Open) -> None:
        """Tell the plans of a case apart; where its starts are whole, ask the operations."""
        doubt = self._choose(case)
        if doubt is not None:
            cutoff = self.cutoff()
            sides = [self.cases.decide(case.under, doubt.case, begun=begun) for begun in SIDES]
            found = self._both(lambda begun: self.leans[begun].solve(sides[begun], cutoff, self.tolerance))
            for begun, under, relaxed in zip(SIDES, sides, found, strict=True):
                self._add(under, relaxed)
                self.effects.learn(doubt, (cutoff if relaxed is None else relaxed.bound) - case.bound, begun=begun)
        elif case.visits >= VISITS:
            self.left = min(self.left, case.bound)
        else:
            if case.relaxed.missing > MISSING:
                self.leans[0].raise_penalty()
            else:
                self.visit(case.relaxed.u)
            again = self.leans[0].solve(case.under, self.cutoff(), self.tolerance)
            self._add(case.under, again, case.visits + 1)

    def _choose(self, case: Open) -> Doubt | None:
        """Return what to decide next; None where all starts are whole."""
        found = self._list_doubts(case)
        if not found and case.visits:
            # Its whole plan was looked at, and a little of a start more than that still pays.
            found = self._list_doubts(case, SLIGHT)
        found.sort(key=self.effects.score, reverse=True)
        return max(found[:TRIED], key=lambda doubt: self._weigh(case, doubt), default=None)

    def _weigh(self, case: Open, doubt: Doubt) -> float:
        """Return what deciding may bring: as learnt, or as tried where little is."""
        if self.effects.is_known(doubt):
            return self.effects.score(doubt)
        sides = [self.cases.decide(case.under, doubt.case, begun=begun) for begun in SIDES]
        tried = self._both(lambda begun: self.leans[begun].try_out(sides[begun]))
        rises = [min(cost, self.cutoff()) - case.bound for cost in tried]
        for begun in SIDES:
            self.effects.learn(doubt, rises[begun], begun=begun)
        return max(rises[0], WORST) * max(rises[1], WORST)

    def _list_doubts(self, case: Open, least: float = DOUBT) -> list[Doubt]:
        return self.cases.list_doubts(case.under, case.relaxed.u[: self.master.starts], least)

    def _dive(self, case: Open) -> None:
        """Follow a case down to a whole plan, deciding what is most certain first, and ask the operations there."""
        while doubts := self._list_doubts(case):
            doubts.sort(key=lambda doubt: min(doubt.begun, 1 - doubt.begun))
            under = case.under
            for number, doubt in enumerate(doubts):
                if number == 0 or min(doubt.begun, 1 - doubt.begun) < SURE:
                    under = self.cases.decide(under, doubt.case, begun=doubt.begun > 0.5)  # noqa: PLR2004
            relaxed = self.leans[0].solve(under, self.cutoff(), self.tolerance)
            if relaxed is None:
                return
            case = Open(relaxed.bound, 0, under, relaxed)
        if case.relaxed.missing <= MISSING:
            self.visit(case.relaxed.u)
