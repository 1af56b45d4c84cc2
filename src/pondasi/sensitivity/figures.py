"""The uncertain figures behind the loss of a shock, in groups that move together (sensitivity.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.rules import FIGURES
from pondasi.stress.build import PACE
from pondasi.stress.shocks import ALL, HOME
from pondasi.tables.dictionary import load_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pondasi.chain.records import World
    from pondasi.stress.shocks import Hit, Shock

TRAITS = (
    "along_line_share",
    "cycle_weeks",
    "dual_sourced_share",
    "inventory_weeks",
    "licence_lag_weeks",
    "lost_demand_per_week",
    "overcapacity_max",
    "qualification_weeks",
    "refresh_share",
    "repair_weeks",
    "service_sales_usd",
    "shared_use_share",
    "single_sourced_varieties",
    "user_industry_output_usd",
    "wear_per_year",
    "wip_scrap_weeks",
)
"""Traits on which a run depends; a test holds that no other does."""
PARAMETERS = (
    "adjustment_weeks",
    "smoothing_weeks",
    "smoothing_cycles",
    "overtime_weeks",
    "urgency_weeks",
    "stock_for_sale",
    "maker_stock_share",
    "lost_other_per_week",
    "important_force",
)
"""The pace of reactions, of the table ``pace``."""
STRUCK, USERS, EVENT = "struck", "users", "shock"
"""Groups beside the stages: nodes that the shock names; user industries; the shock itself."""
LOSS, TIME = "loss", "time"


@dataclass(frozen=True, eq=False)
class Factor:
    """Figures that move together from the low ends of their intervals to the high ends.

    Parameters
    ----------
    table, what, where
        The table of the figures (`EVENT` for the shock itself); what they say (a trait, a parameter, ``share``,
        ``market``, ``sales_share``, `LOSS` or `TIME`); and of whom: a stage, `STRUCK`, `USERS`, or blank.
    rows
        Places of the figures in their table; none for the shock.
    """

    table: str
    what: str
    where: str
    rows: NDArray[np.int64] = field(repr=False)

    @property
    def id(self) -> str:
        """The three parts as one name."""
        return "/".join(filter(None, (self.table, self.what, self.where)))


def list_factors(world: World, shock: Shock, home: str) -> tuple[Factor, ...]:
    """Return the groups of figures that may move the loss that a shock brings.

    Figures of one trait move together by stage of their node; user industries are a group of their own, and so are the
    nodes that the shock names. Shares are those of the countries that it strikes, links the largest of each supplier:
    the other countries and links of their wholes give way. What has no interval, or one of no width, cannot move and
    is left out.

    Parameters
    ----------
    world, shock, home
        The tables, the event, and the country that stands for HOME in it.

    Example
    -------
    >>> from pondasi import load_shock, load_world
    >>> world = load_world()
    >>> found = {factor.id for factor in list_factors(world, load_shock("neon_cut", world.chain), "IDN")}
    >>> {"traits/inventory_weeks/users", "pace/adjustment_weeks", "shock/time"} <= found
    True
    """
    return tuple(factor for factor in _propose(world, shock, home) if len(factor.rows) or factor.table == EVENT)


def _propose(world: World, shock: Shock, home: str) -> Iterator[Factor]:
    chain = world.chain
    stage = _group_nodes(world, shock)
    wide = {name: _is_wide(chain.tables[name], name) for name in ("traits", "shares", "nodes", "links")}
    for trait in TRAITS:
        chosen = wide["traits"] & (chain.traits["trait"] == trait).to_numpy()
        yield from _split("traits", trait, chain.traits["node"].map(stage), chosen)
    yield from _split(
        "shares", "share", chain.shares["node"].map(stage), wide["shares"] & _find_struck(world, shock, home)
    )
    yield from _split("nodes", "market", chain.nodes["node"].map(stage), wide["nodes"])
    largest = chain.links.groupby("supplier")["sales_share"].transform("max") == chain.links["sales_share"]
    chosen = wide["links"] & largest.to_numpy(dtype=bool)
    yield from _split("links", "sales_share", chain.links["supplier"].map(stage), chosen)
    pace = world.companions[PACE]
    for parameter in PARAMETERS:
        chosen = (pace["parameter"] == parameter).to_numpy() & (pace["high"] > pace["low"]).to_numpy(dtype=bool)
        yield Factor(PACE, parameter, "", np.flatnonzero(chosen))
    intervals = {
        LOSS: [hit.loss for hit in shock.hits],
        TIME: [span for hit in shock.hits for span in (hit.hold_weeks, hit.recovery_weeks, hit.duration_weeks) if span],
    }
    for what, found in intervals.items():
        if any(interval.high > interval.low for interval in found):
            yield Factor(EVENT, what, "", np.zeros(0, np.int64))


def _split(table: str, what: str, group: pd.Series, chosen: NDArray[np.bool_]) -> Iterator[Factor]:
    """Yield a factor for each group with figures that can move."""
    codes = group.to_numpy(dtype=object)
    for where in sorted(set(codes[chosen])):
        yield Factor(table, what, where, np.flatnonzero(chosen & (codes == where)))


def _group_nodes(world: World, shock: Shock) -> dict[str, str]:
    """Return the group of each node: its stage, or user industries, or the nodes that the shock names."""
    nodes = world.chain.nodes
    group = dict(zip(nodes["node"].tolist(), nodes["stage"].tolist(), strict=True))
    sold = set(world.chain.links["supplier"])
    group |= {node: USERS for node, stage in group.items() if node not in sold and stage == "demand"}
    return group | {node: STRUCK for hit in shock.hits for node in hit.nodes if node in group}


def _is_wide(table: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    value, low, high = (table[column].to_numpy(dtype=float) for column in FIGURES[name])
    wide: NDArray[np.bool_] = np.isfinite(value) & (high > low)
    return wide


def _find_struck(world: World, shock: Shock, home: str) -> NDArray[np.bool_]:
    """Return which shares are those of suppliers that the shock strikes, by place of production."""
    shares = world.chain.shares
    out = np.zeros(len(shares), dtype=bool)
    for hit in (hit for hit in shock.hits if ALL not in hit.countries):
        here = (shares["basis"] == "location").to_numpy() & _match(shares["node"], hit.nodes)
        firm = shares["firm"].isin(hit.firms) if hit.firms else shares["firm"].isna()
        out |= here & firm.to_numpy() & _match(shares["country"], _read_countries(hit, home))
    return out


def _read_countries(hit: Hit, home: str) -> tuple[str, ...]:
    return tuple(home if country == HOME else country for country in hit.countries)


def _match(column: pd.Series, names: tuple[str, ...]) -> NDArray[np.bool_]:
    if ALL in names:
        return np.ones(len(column), dtype=bool)
    return column.isin(names).to_numpy()


def list_rows_of(world: World, shock: Shock, factor: Factor) -> pd.DataFrame:
    """Return the rows of a factor: ``row`` (its key), value, low, high, unit, grade and source, and its place in the table.

    For the shock itself there is one row a hit.
    """
    if factor.table == EVENT:
        return pd.DataFrame(_describe_hits(shock, factor.what))
    table = world.companions[PACE] if factor.table == PACE else world.chain.tables[factor.table]
    part = table.iloc[factor.rows]
    key = [column.name for column in load_dictionary().tables[factor.table].values() if column.key]
    names = [
        "/".join(filter(None, cells)) for cells in part[key].fillna("").astype("str").itertuples(index=False, name=None)
    ]
    value, low, high = FIGURES.get(factor.table, ("value", "low", "high"))
    unit = part.get("unit", "USD" if factor.table == "nodes" else "fraction")
    return pd.DataFrame(
        {
            "place": factor.rows,
            "row": names,
            "value": part[value].to_numpy(dtype=float),
            "low": part[low].to_numpy(dtype=float),
            "high": part[high].to_numpy(dtype=float),
            "unit": unit.to_numpy() if isinstance(unit, pd.Series) else unit,
            "grade": part["grade"].to_numpy(),
            "source": part["source"].to_numpy(),
        }
    )


def _describe_hits(shock: Shock, what: str) -> Iterator[dict[str, object]]:
    for number, hit in enumerate(shock.hits):
        spans = [hit.loss] if what == LOSS else [hit.hold_weeks, hit.recovery_weeks, hit.duration_weeks]
        for span in filter(None, spans):
            yield {
                "place": number,
                "row": f"{shock.id}/{number + 1}",
                "value": span.value,
                "low": span.low,
                "high": span.high,
                "unit": "fraction" if what == LOSS else "weeks",
                "grade": shock.grade,
                "source": "|".join(shock.sources),
            }
