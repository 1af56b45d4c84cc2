"""What a stress test leaves behind in a run: its tables, and beside them the shocks as they were used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pondasi.stress.shocks import ALL, HOME
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.stress.assess import StressTest
    from pondasi.stress.shocks import Shock


def record_test(test: StressTest, shocks: Sequence[Shock]) -> dict[str, pd.DataFrame]:
    """Return the tables of a run: those of the test, and ``shocks``.

    A row of ``shocks`` keeps the name of a shock in every language, the places that it strikes, its loss and
    its length with their intervals, its sources and its grade, so that a reader of the run needs no file that may
    have changed since; ``untouched`` tells that some of its hits touch nothing, ``draws`` on how many draws the
    bands rest.
    """
    untouched = {finding.fields.get("shock") for finding in test.findings}
    rows = []
    for shock in shocks:
        worst = max(shock.hits, key=lambda hit: abs(hit.loss.value))
        rows.append(
            {
                "shock": shock.id,
                **{f"name_{language}": shock.names.get(language, shock.id) for language in LANGUAGES},
                "places": "|".join(_list_places(shock, test.home)),
                **{f"loss{end}": getattr(worst.loss, name) for end, name in ENDS.items()},
                **{f"weeks{end}": length for end, length in zip(ENDS, _measure_length(shock), strict=True)},
                "sources": "|".join(shock.sources),
                "grade": shock.grade,
                "untouched": shock.id in untouched,
                "draws": test.draws,
            }
        )
    return {**test.as_tables(), "shocks": pd.DataFrame(rows)}


ENDS = {"": "value", "_low": "low", "_high": "high"}


def _list_places(shock: Shock, home: str) -> list[str]:
    """Return the countries that a shock strikes, HOME by its code; none where it strikes all."""
    struck = [home if country == HOME else country for hit in shock.hits for country in hit.countries]
    return list(dict.fromkeys(country for country in struck if country != ALL))


def _measure_length(shock: Shock) -> tuple[float, float, float]:
    """Return how long the longest hit lasts, with its ends [weeks]."""
    lengths = []
    for hit in shock.hits:
        spans = [span for span in (hit.hold_weeks, hit.recovery_weeks, hit.duration_weeks) if span is not None]
        fixed = 0.0 if spans else hit.weeks
        value, low, high = (fixed + sum(getattr(span, name) for span in spans) for name in ENDS.values())
        lengths.append((value, low, high))
    return max(lengths)
