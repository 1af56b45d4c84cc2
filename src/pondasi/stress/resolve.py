"""From a shock to the suppliers of a chain that it hits; what touches nothing is said (stress.21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pondasi.errors import DataError, Problem, UsageError
from pondasi.stress.schedule import ANY_BUYER, FOREIGN, Schedule
from pondasi.stress.shocks import ALL, CHANNELS, HOME
from pondasi.tables.text import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from pondasi.chain.records import Chain
    from pondasi.stress.shocks import Hit, Shock

    Trace = tuple[NDArray[np.float64], NDArray[np.float64]]
    _Row = tuple[int, int, int, float, bool]

TOLERANCE = 1e-9
"""By which a sum of fractions may pass one before it is more than all."""


@dataclass(frozen=True)
class Holdings:
    """Who holds how much of the world's supply, to turn a loss of the world into a loss of suppliers.

    Parameters
    ----------
    share
        Share of each label in its node, shape (n,) [fraction].
    firms
        Share of the world by (node, country, firm) [fraction].
    """

    share: NDArray[np.float64]
    firms: Mapping[tuple[str, str, str], float]


def weigh_suppliers(chain: Chain, labels: pd.MultiIndex) -> Holdings:
    """Return the shares of suppliers and firms by place of production.

    Example
    -------
    >>> from pondasi import balance_flows, load_chain
    >>> chain = load_chain()
    >>> flows = balance_flows(chain)
    >>> holdings = weigh_suppliers(chain, flows.labels)
    >>> float(holdings.share[flows.labels.get_loc(("wafer_300", "JPN"))]) > 0.2
    True
    """
    from pondasi.chain.shares import complete_shares

    table = complete_shares(chain).set_index(["node", "country"])["share"]
    rows = chain.shares
    rows = rows[rows["firm"].notna() & (rows["basis"] == "location") & rows["share"].notna()]
    firms = {
        (str(node), str(country), str(firm)): float(share)
        for node, country, firm, share in rows[["node", "country", "firm", "share"]].itertuples(index=False, name=None)
    }
    return Holdings(table.reindex(labels).to_numpy(dtype=float), firms)


def resolve_shock(
    shock: Shock, labels: pd.MultiIndex, holdings: Holdings | None = None, *, home: str | None = None
) -> Schedule:
    """Return the suppliers that a shock hits and when, as a schedule of one scenario.

    Parts of one supplier that start together and act in the same way add up; others take their part of what
    still works.

    Parameters
    ----------
    shock
        The event; its intervals are taken at their central values (see `vary_shock`, `pick_shock`).
    labels
        Suppliers as (node, country), as in `Flows.labels`.
    holdings
        Needed where a loss is stated as a part of the world's supply, or by firm.
    home
        The country that stands for HOME.

    Raises
    ------
    UsageError
        If the shock needs a home country, or holdings, that were not given.
    DataError
        If the suppliers that are hit hold less than the stated loss of the world.

    Example
    -------
    >>> import pandas as pd
    >>> from pondasi.stress.shocks import Hit, Interval, Shock
    >>> labels = pd.MultiIndex.from_product([["neon"], ["CHN", "UKR"]], names=["node", "country"])
    >>> war = Hit(("neon",), ("UKR", "RUS"), Interval.exactly(0.9), hold_weeks=Interval.exactly(60))
    >>> schedule = resolve_shock(Shock("war", {}, "conflict", (war,)), labels)
    >>> schedule.supplier.tolist(), [finding.key for finding in schedule.findings]
    ([1], ['hit_makes_none'])
    """
    if shock.needs_home and home is None:
        raise UsageError("shock_needs_home", shock=shock.id)
    if holdings is None and any(hit.firms or hit.loss_of == "world" for hit in shock.hits):
        raise UsageError("shock_needs_shares", shock=shock.id)
    work = _Work(shock, labels, holdings, home or "")
    for number, hit in enumerate(shock.hits, start=1):
        work.add(number, hit)
    if work.errors:
        raise DataError(work.errors, "shock_has_problems", shock=shock.id)
    return work.finish()


class _Work:
    """Rows of one shock by supplier, channel, buyer and onset; their parts add up."""

    def __init__(self, shock: Shock, labels: pd.MultiIndex, holdings: Holdings | None, home: str) -> None:
        self.shock = shock
        self.node = labels.get_level_values("node").to_numpy(dtype=object)
        self.country = labels.get_level_values("country").to_numpy(dtype=object)
        self.countries = tuple(sorted(set(self.country)))
        self.holdings = holdings
        self.home = home
        self.rows: dict[_Row, list[Trace]] = {}
        self.scrap: dict[_Row, float] = {}
        self.findings: list[Problem] = []
        self.errors: list[Problem] = []

    def add(self, number: int, hit: Hit) -> None:
        countries = tuple(self.home if country == HOME else country for country in hit.countries)
        week, gone = hit.trace()
        buyers = self._find_buyers(number, hit)
        for supplier, part in self._find_suppliers(number, hit, countries):
            loss = hit.loss.value * part
            for buyer in buyers:
                if ALL in countries and buyer >= 0 and self.countries[buyer] == self.country[supplier]:
                    continue  # a country that is cut off from all others still supplies itself
                key = (supplier, CHANNELS.index(hit.channel), buyer, hit.start_week, hit.alike)
                self.rows.setdefault(key, []).append((hit.start_week + week, loss * gone))
                self.scrap[key] = self.scrap.get(key, 0.0) + (loss * float(gone[0]) if hit.scrap else 0.0)

    def _find_suppliers(self, number: int, hit: Hit, countries: tuple[str, ...]) -> Iterator[tuple[int, float]]:
        """Yield each supplier that is hit and the part of it that ``loss`` is a fraction of."""
        known = list(dict.fromkeys(self.node))
        for node in known if ALL in hit.nodes else hit.nodes:
            at_node = np.flatnonzero(self.node == node)
            if not len(at_node):
                self.note_finding("hit_node_absent", number, node=node, guess=suggest(node, known))
                continue
            here = at_node if ALL in countries else at_node[np.isin(self.country[at_node], countries)]
            if ALL not in countries and ALL not in hit.nodes:
                for country in (c for c in countries if c not in set(self.country[at_node])):
                    self.note_finding("hit_makes_none", number, node=node, country=country)
            if len(here):
                yield from self._weigh(number, hit, node, here)
        if ALL in hit.nodes and ALL not in countries:
            for country in (c for c in countries if c not in self.countries):
                self.note_finding("hit_country_absent", number, country=country)

    def _weigh(self, number: int, hit: Hit, node: str, here: NDArray[np.intp]) -> Iterator[tuple[int, float]]:
        """Yield suppliers with the factor from the stated loss to the loss of the supplier (stress.21)."""
        part = np.ones(len(here))
        if self.holdings is not None and (hit.firms or hit.loss_of == "world"):
            share = self.holdings.share[here]
            if hit.firms:
                firms = self.holdings.firms
                held = np.array(
                    [sum(firms.get((node, str(self.country[i]), firm), 0.0) for firm in hit.firms) for i in here]
                )
                part = np.divide(held, share, out=np.zeros_like(held), where=share > 0)
                if not held.any():
                    self.note_finding("hit_firm_absent", number, node=node, firms=", ".join(hit.firms))
                    return
            if hit.loss_of == "world":
                total = float((part * share).sum())
                if not total > 0:  # also where the share is unknown
                    self.note_finding("hit_share_unknown", number, node=node)
                    return
                if hit.loss.value > total + TOLERANCE:
                    self._refuse(number, node, hit.loss.value, total)
                    return
                part = part / total
        yield from ((int(i), float(p)) for i, p in zip(here, part, strict=True) if p > 0)

    def _find_buyers(self, number: int, hit: Hit) -> list[int]:
        if hit.channel != "route":
            return [ANY_BUYER]
        if ALL in hit.buyers:
            return [FOREIGN]
        named = [self.home if buyer == HOME else buyer for buyer in hit.buyers]
        for buyer in (b for b in named if b not in self.countries):
            self.note_finding("hit_buyer_absent", number, country=buyer)
        return [self.countries.index(buyer) for buyer in named if buyer in self.countries]

    def finish(self) -> Schedule:
        traces = {key: add_traces(parts) for key, parts in self.rows.items()}
        for (supplier, *_), (_, loss) in traces.items():
            if (loss > 1 + TOLERANCE).any():
                self.note_finding("hit_above_all", 0, node=self.node[supplier], country=self.country[supplier])
        if not traces:
            self.note_finding("shock_hits_nothing", 0)
        capped = [cap_trace(trace) for trace in traces.values()]
        keys = list(traces)
        return Schedule(
            first=np.array([0, len(keys)], np.int64),
            supplier=np.array([key[0] for key in keys], np.int64),
            channel=np.array([key[1] for key in keys], np.uint8),
            buyer=np.array([key[2] for key in keys], np.int32),
            scrap=np.minimum(np.array([self.scrap[key] for key in keys], np.float64), 1.0),
            alike=np.array([key[4] for key in keys], np.bool_),
            start=np.cumsum([0, *(len(week) for week, _ in capped)], dtype=np.int64),
            week=np.concatenate([np.zeros(0), *(week for week, _ in capped)]),
            loss=np.concatenate([np.zeros(0), *(loss for _, loss in capped)]),
            countries=self.countries,
            findings=tuple(self.findings),
        )

    def _fields(self, number: int) -> dict[str, object]:
        return {"shock": self.shock.id, "number": number}

    def note_finding(self, key: str, number: int, **fields: object) -> None:
        self.findings.append(Problem(key, fields={**self._fields(number), **fields}, level="warning"))

    def _refuse(self, number: int, node: str, loss: float, total: float) -> None:
        fields = {**self._fields(number), "node": node, "loss": round(loss, 4), "held": round(total, 4)}
        self.errors.append(Problem("hit_above_share", value=str(loss), fields=fields))


def add_traces(parts: list[Trace]) -> Trace:
    """Return the sum of lines through breakpoints that start in the same week, with their jumps.

    Example
    -------
    >>> steady, ramp = (
    ...     (np.array([0.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.0])),
    ...     (np.array([0.0, 2.0]), np.array([0.4, 0.0])),
    ... )
    >>> [points.tolist() for points in add_traces([steady, ramp])]
    [[0.0, 1.0, 1.0, 2.0], [0.9, 0.7, 0.2, 0.0]]
    """
    if len(parts) == 1:
        return parts[0]
    weeks = np.unique(np.concatenate([week for week, _ in parts]))
    left, right = (np.sum([_read(*part, weeks, side) for part in parts], axis=0) for side in ("left", "right"))
    jump = left != right
    jump[0] = False  # nothing before the onset counts
    order = np.argsort(np.concatenate([np.arange(len(weeks)), np.flatnonzero(jump) - 0.5]), kind="stable")
    values = np.concatenate([right, left[jump]])[order]
    return np.concatenate([weeks, weeks[jump]])[order], values


def cap_trace(trace: Trace) -> Trace:
    """Return a line that nowhere passes one.

    Example
    -------
    >>> [points.tolist() for points in cap_trace((np.array([0.0, 2.0]), np.array([2.0, 0.0])))]
    [[0.0, 1.0, 2.0], [1.0, 1.0, 0.0]]
    """
    week, loss = trace
    above = loss > 1
    cross = np.flatnonzero(above[1:] != above[:-1])
    step = loss[cross + 1] - loss[cross]
    at = week[cross] + (1 - loss[cross]) / step * (week[cross + 1] - week[cross])
    order = np.argsort(np.concatenate([np.arange(len(week)), cross + 0.5]), kind="stable")
    return np.concatenate([week, at])[order], np.minimum(np.concatenate([loss, np.ones(len(at))])[order], 1.0)


def _read(
    week: NDArray[np.float64], loss: NDArray[np.float64], at: NDArray[np.float64], side: str
) -> NDArray[np.float64]:
    """Return a line at some weeks, coming from the left or going to the right; it keeps its last value."""
    before = np.searchsorted(week, at, side="left" if side == "left" else "right") - 1
    before = np.clip(before, 0, len(week) - 1)
    after = np.minimum(before + 1, len(week) - 1)
    width = week[after] - week[before]
    way = np.divide(at - week[before], width, out=np.zeros_like(width), where=width > 0)
    return loss[before] + np.clip(way, 0, 1) * (loss[after] - loss[before])
