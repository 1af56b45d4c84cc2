"""The figures of a saved campaign of sampled disruptions by their place: what a year may bring.

A campaign draws single disruptions in proportion to their rates; with ``rate`` of them a year, a loss of which a part p
of the disruptions exceeds is exceeded in a year with chance ``1 - exp(-rate p)`` (stress.15).

``sample/HOME/rate`` is how many disruptions a year the world sees, ``mean`` what they cost a year, ``felt`` the chance of a
year with one that is felt, ``exceed/N`` the loss that one year of N exceeds, ``hazard/ID/MEASURE`` a figure of one hazard,
and ``sample_run/HOME/WHAT`` what the call set.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.facts import Figure, Grade, weakest
from pondasi.report.evidence import Step
from pondasi.stress.campaign import FELT
from pondasi.tables.dictionary import read_resource
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pondasi.workspace import SavedRun

    Found = tuple[Figure, list[Step]]

KINDS = ("sample", "sample_run")
"""First parts of the names of these figures."""
SIGMA = 1.96
"""Half of the 95 % interval of a normal error, in standard deviations."""
GRADE: Grade = "assumed"
"""Rates of hazards, pace and traits mostly are."""
RETURNS = (2, 5, 10, 20, 50, 100, 200, 500)
"""Returns that may be told [years]."""
LEAST = 2
"""Draws that must lie above a loss for it to be told."""


class SampleRun:
    """A saved campaign as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``stress``, made with ``--sample``.
    """

    def __init__(self, run: SavedRun) -> None:
        self.run = run
        self.home = str(run.manifest["options"]["home"])
        self.whole: Mapping[str, Any] = list_rows(run.table("campaign"))[0]
        self.rate = float(self.whole["rate"])
        self.count = int(self.whole["scenarios"])

    # --- the run

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Gross loss of home in each disruption, largest first [weeks]."""
        gross = self.run.table("outcomes")["gross"].to_numpy(dtype=float)
        return np.sort(np.maximum(gross, 0.0))[::-1]

    @cached_property
    def hazards(self) -> Mapping[str, dict[str, Any]]:
        """Rows of the hazards by id, by falling loss that they bring in all."""
        rows = sorted(list_rows(self.run.table("hazards")), key=lambda row: -row["mean"] * row["events"])
        return {row["hazard"]: row for row in rows}

    @cached_property
    def felt(self) -> list[str]:
        """Hazards that cost anything, the one with the largest loss in all first."""
        return [name for name, row in self.hazards.items() if row["mean"] > 0]

    @cached_property
    def known(self) -> Mapping[str, dict[str, str]]:
        """Rows of the hazards that ship, by id: names, rates and sources."""
        return {row["hazard"]: row for row in read_resource("world/hazards.csv")}

    @cached_property
    def returns(self) -> list[int]:
        """Returns for which enough disruptions were drawn, from the first that may lose anything [years]."""
        enough = [years for years in RETURNS if self.count * self._part(years) >= LEAST]
        return [years for years in enough if self._find_ranks(years)[2] > 0]

    @property
    def years(self) -> float:
        """Years that the disruptions stand for."""
        return self.count / self.rate

    def name(self, hazard: str, language: str) -> str:
        """Return the name of a hazard; its id where it does not ship."""
        return self.known[hazard][f"name_{language}"] if hazard in self.known else hazard

    def _part(self, years: int) -> float:
        """Return the part of the disruptions that exceed what one year of some exceeds; above 1 where none is so small."""
        return -math.log(1 - 1 / years) / self.rate

    # --- the figures

    def find(self, place: str) -> Found:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        kind, home, *parts = place.strip("/").split("/")
        if home != self.home or not parts:
            raise LookupError(place)
        if kind == KINDS[1]:
            value = {"scenarios": self.count, "weeks": self.whole["weeks"], "years": round(self.years)}[parts[0]]
            return Figure(int(value), "count", grade="exact"), []
        name, *rest = parts
        if name == "hazard":
            return self._find_hazard(*rest)
        if name == "return":
            return Figure(int(rest[0]), "count", grade="exact"), self._steps()
        value, low, high, unit = self._find_exceeded(int(rest[0])) if name == "exceed" else self._find_whole(name)
        figure = Figure(value, unit, low, high, grade=GRADE, sources=self._sources(self._heaviest()))
        return figure, [Step("outcomes", figure), *self._steps()]

    def _find_whole(self, name: str) -> tuple[float, float | None, float | None, str]:
        if name == "rate":
            return self.rate, None, None, "events/year"
        if name == "mean":
            mean, error = float(self.losses.mean()), SIGMA * float(self.losses.std()) / math.sqrt(self.count)
            return self.rate * mean, self.rate * max(mean - error, 0.0), self.rate * (mean + error), "weeks"
        if name == "worst":
            return float(self.losses[0]), None, None, "weeks"
        if name != "felt":
            raise LookupError(name)
        low, high = _wilson(int((self.losses > FELT).sum()), self.count)
        value = float((self.losses > FELT).mean())
        return self._in_a_year(value), self._in_a_year(low), self._in_a_year(high), "fraction"

    def _in_a_year(self, part: float) -> float:
        return 1 - math.exp(-self.rate * part)

    def _find_exceeded(self, years: int) -> tuple[float, float, float, str]:
        """Return the loss that one year of some exceeds, its ends by the ranks that the number of draws leaves open."""
        if years not in self.returns:
            raise LookupError(years)
        return *self._find_ranks(years), "weeks"

    def _find_ranks(self, years: int) -> tuple[float, float, float]:
        """Return the loss at the rank of a return, and at the ranks that chance may put there."""
        rank = self.count * self._part(years)
        spread = SIGMA * math.sqrt(max(rank, 1.0))
        ranks = (rank, rank + spread, rank - spread)
        value, low, high = (float(self.losses[min(max(round(one), 1), self.count) - 1]) for one in ranks)
        return value, low, high

    def _find_hazard(self, hazard: str, name: str) -> Found:
        row = self.hazards[hazard]
        sources = self._sources([hazard])
        if name == "part":
            whole = sum(one["mean"] * one["events"] for one in self.hazards.values())
            figure = Figure(row["mean"] * row["events"] / whole, "fraction", grade=GRADE, sources=sources)
        elif name == "events":
            figure = Figure(int(row["events"]), "count", grade="exact", sources=sources)
        else:
            figure = Figure(row[{"mean": "mean", "high": "high"}[name]], "weeks", grade=GRADE, sources=sources)
        return figure, [Step(f"hazards/{hazard}", self._known_rate(hazard))]

    def _heaviest(self) -> list[str]:
        return self.felt or list(self.hazards)

    def _steps(self) -> list[Step]:
        return [Step(f"hazards/{hazard}", self._known_rate(hazard)) for hazard in self._heaviest()]

    def _known_rate(self, hazard: str) -> Figure:
        """Return how often a hazard strikes, as its row states; unknown where it does not ship."""
        row = self.known.get(hazard)
        if row is None:
            return Figure(None, "events/year")
        value, low, high = (float(row[name]) for name in ("rate", "rate_low", "rate_high"))
        sources = tuple(filter(None, row["source"].split("|")))
        return Figure(value, "events/year", low, high, grade=weakest(row["grade"]), sources=sources)

    def _sources(self, hazards: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for hazard in hazards for source in self._known_rate(hazard).sources))


def _wilson(found: int, tried: int) -> tuple[float, float]:
    """Return the 95 % interval of a part that was found in some tries (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Example
    -------
    >>> [round(end, 3) for end in _wilson(0, 100)], [round(end, 2) for end in _wilson(50, 100)]
    ([0.0, 0.037], [0.4, 0.6])
    """
    share, wide = found / tried, SIGMA**2 / tried
    middle = (share + wide / 2) / (1 + wide)
    half = SIGMA * math.sqrt(share * (1 - share) / tried + wide / (4 * tried)) / (1 + wide)
    return max(middle - half, 0.0), min(middle + half, 1.0)
