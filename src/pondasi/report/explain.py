"""From a figure to the rows and sources that it rests on.

A figure is named by its place: a row of a table by its key (``shares/wafer_200/IDN``,
``nodes/litho_euv``, ``links/wafer_300/fab_dram``, ``traits/fab_dram/cycle_weeks``), a result by what it
says (``exposure/IDN/JPN``, ``exposure/IDN/JPN/tools``, ``use/IDN``). Every figure of a brief has such a name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pondasi.errors import UsageError
from pondasi.places import ROW, UNKNOWN, require_country
from pondasi.position.exposure import measure_exposure
from pondasi.report.evidence import Explanation, gather_evidence
from pondasi.report.findings import DRAWS, gather_findings
from pondasi.report.results import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.flows import Prior
    from pondasi.chain.records import Chain
    from pondasi.workspace import SavedRun


def explain_figure(
    chain: Chain,
    place: str,
    prior: Prior | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    runs: Mapping[str, SavedRun] | None = None,
) -> Explanation:
    """Return the rows and sources behind a figure.

    Parameters
    ----------
    chain
        A checked chain.
    place
        Where the figure stands, its parts separated by ``/``.
    prior
        As for `balance_flows`: what trade says of the routes behind an exposure.
    draws, seed
        Chains drawn from the intervals for the range of a result, and their seed.
    runs
        Saved runs of other verbs, for what they say.

    Raises
    ------
    UsageError
        If there is no such figure; the nearest is named.

    Example
    -------
    >>> from pondasi import load_chain
    >>> found = explain_figure(load_chain(), "shares/litho_euv/NLD/control")
    >>> found.figure.value, found.figure.grade
    (1.0, 'exact')
    """
    kind, *parts = place.strip("/").split("/")
    if kind not in RESULTS:
        return gather_evidence(chain).explain(place)
    if RESULTS[kind].of_home:
        if not parts:
            raise UsageError("figure_unknown", place=place, guess=RESULTS[kind].form)
        home = require_country(parts[0])
        if kind == "exposure" and len(parts) > 1 and parts[1].upper() not in {ROW, UNKNOWN}:
            parts[1] = require_country(parts[1])
        named = "/".join([kind, home, *parts[1:]])
    else:
        # What is said of the whole world does not depend on the country that asks.
        home, named, draws = str(measure_exposure(chain).by_country.index[0][0]), place, draws if kind == "rule" else 0
    findings = gather_findings(chain, home, draws=draws, seed=seed, prior=prior)
    return gather_evidence(chain, replace(findings, runs=runs or {})).explain(named)
