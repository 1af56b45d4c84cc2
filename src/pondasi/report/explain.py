"""From a figure to the rows and sources that it rests on.

A figure is named by its place: a row of a table by its key (``shares/wafer_200/IDN``,
``nodes/litho_euv``, ``links/wafer_300/fab_dram``, ``traits/fab_dram/cycle_weeks``), a result by what it
says (``exposure/IDN/JPN``, ``use/IDN``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pondasi.chain.flows import balance_flows
from pondasi.chain.rules import FIGURES, OUTPUT_TRAIT
from pondasi.errors import UsageError
from pondasi.facts import Figure, grade_of, weakest
from pondasi.places import require_country
from pondasi.position.exposure import measure_exposure
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from pondasi.chain.flows import Prior
    from pondasi.chain.records import Chain

RESULTS = ("exposure", "use")
SHOWN = 12
"""Parts of a result that are listed; the rest is summed."""


@dataclass(frozen=True)
class Step:
    """One row or part behind a figure: its place, its figure, its weight in the whole, the remark of its row."""

    place: str
    figure: Figure
    note: str = ""
    weight: float | None = None


@dataclass(frozen=True)
class Explanation:
    """A figure, what it rests on, and the sources of all of it."""

    place: str
    figure: Figure
    steps: tuple[Step, ...]
    rest: float = 0.0
    sources: tuple[dict[str, Any], ...] = field(default=(), repr=False)


def explain_figure(chain: Chain, place: str, prior: Prior | None = None) -> Explanation:
    """Return the rows and sources behind a figure.

    Parameters
    ----------
    chain
        A checked chain.
    place
        Where the figure stands, its parts separated by ``/``.
    prior
        As for `balance_flows`: what trade says of the routes behind an exposure.

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
    if kind in RESULTS:
        found = _explain_result(chain, kind, parts, place, prior)
    elif kind in FIGURES:
        found = _explain_rows(chain, kind, parts, place)
    else:
        known = [*FIGURES, *RESULTS]
        raise UsageError("figure_kind", kind=kind, known=", ".join(known))
    figures = (found.figure, *(step.figure for step in found.steps))
    cited = dict.fromkeys(source for figure in figures for source in figure.sources)
    rows = index_rows(chain.sources, "source")
    return Explanation(place, found.figure, found.steps, found.rest, tuple(rows[source] for source in cited))


def _explain_rows(chain: Chain, table: str, parts: list[str], place: str) -> Explanation:
    names = [name for name, column in load_dictionary().tables[table].items() if column.key and name != "firm"]
    rows = [row for row in list_rows(chain.tables[table]) if row.get("firm") is None]
    found = [row for row in rows if all(row[name] == part for name, part in zip(names, parts, strict=False))]
    if not parts or len(parts) > len(names) or not found:
        keys = ["/".join([table, *(str(row[name]) for name in names[: max(len(parts), 1)])]) for row in rows]
        near = get_close_matches(place, list(dict.fromkeys(keys)), n=1, cutoff=0.5)
        raise UsageError("figure_unknown", place=place, guess=near[0] if near else f"{table}/" + "/".join(names))
    steps = tuple(_step(table, names, row) for row in found)
    return Explanation(place, steps[0].figure, steps)


def _step(table: str, names: list[str], row: dict[str, Any]) -> Step:
    value, low, high = FIGURES[table]
    unit = row.get("unit") or load_dictionary().tables[table][value].unit or ""
    year = row.get("market_year", row.get("year"))
    grade = weakest("unknown" if row[value] is None else row["grade"])
    figure = Figure(row[value], unit, row[low], row[high], year, grade, tuple(row["source"].split("|")))
    return Step("/".join([table, *(str(row[name]) for name in names)]), figure, row["note"] or "")


def _explain_result(chain: Chain, kind: str, parts: list[str], place: str, prior: Prior | None) -> Explanation:
    wanted = 2 if kind == "exposure" else 1
    if len(parts) != wanted:
        raise UsageError("figure_unknown", place=place, guess="exposure/HOME/PLACE" if wanted > 1 else "use/HOME")
    home = require_country(parts[0])
    exposure = measure_exposure(chain, [home], flows=balance_flows(chain, prior))
    shares = index_rows(_by_place(chain), "node", "country")
    if kind == "use":
        weights = [(node, home, value) for node, value in _user_weights(chain, home)]
        return _sum_up(place, weights, shares, None)
    country = parts[1].upper()
    rows = list_rows(exposure.by_node.loc[home].reset_index())
    mine = [(row["node"], country, row["value"]) for row in rows if row["country"] == country]
    if not mine:
        raise UsageError("figure_unknown", place=place, guess=f"exposure/{home}/{exposure.of(home).index[0]}")
    return _sum_up(place, mine, shares, sum(row["value"] for row in rows))


def _sum_up(
    place: str,
    parts: list[tuple[str, str, float]],
    shares: dict[tuple[str, str], dict[str, Any]],
    whole: float | None,
) -> Explanation:
    """Return a result as the sum of its parts, each with the share that it rests on."""
    total = sum(value for _, _, value in parts)
    ranked = sorted(parts, key=lambda part: -part[2])
    steps: list[Step] = []
    weights: dict[str, float] = {}
    for node, country, value in ranked:
        row = shares.get((node, country))
        step = _step("shares", ["node", "country", "basis"], row) if row else Step(node, Figure(None, "fraction"))
        weights[step.figure.grade] = weights.get(step.figure.grade, 0.0) + value
        steps.append(Step(step.place, step.figure, step.note, value / total if total else None))
    value, unit = (total, "USD/year") if whole is None else (total / whole, "fraction")
    low, high = _bound(steps, total) if whole is None else (None, None)
    figure = Figure(value, unit, low, high, grade=grade_of(weights))
    rest = sum(step.weight or 0.0 for step in steps[SHOWN:])
    return Explanation(place, figure, tuple(steps[:SHOWN]), rest)


def _bound(steps: list[Step], total: float) -> tuple[float, float]:
    """Return the ends of a sum of holdings: every part at its own low and high end, as the brief shows it."""
    ends = []
    for name in ("low", "high"):
        worth = 0.0
        for step in steps:
            value, end = step.figure.value, getattr(step.figure, name)
            part = (step.weight or 0.0) * total
            worth += part if not value or end is None else part * end / value
        ends.append(worth)
    return ends[0], ends[1]


def _by_place(chain: Chain) -> Any:  # noqa: ANN401 - a table
    shares = chain.shares
    return shares[(shares["basis"] == "location") & shares["firm"].isna()]


def _user_weights(chain: Chain, home: str) -> list[tuple[str, float]]:
    users = set(chain.traits.loc[chain.traits["trait"] == OUTPUT_TRAIT, "node"])
    market = {row["node"]: row["market_usd"] or 0.0 for row in list_rows(chain.nodes)}
    rows = list_rows(_by_place(chain))
    return [
        (row["node"], (row["share"] or 0.0) * market[row["node"]])
        for row in rows
        if row["country"] == home and row["node"] in users
    ]
