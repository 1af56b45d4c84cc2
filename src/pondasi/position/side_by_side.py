"""Countries side by side: a few figures for each, with bands, and how firmly their order holds (position.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.places import ROW, UNKNOWN
from pondasi.position.bands import band
from pondasi.position.stability import RankStability, measure_stability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pondasi.position.exposure import Exposure, Kind

UNITS = {
    "use": "USD/year",
    "made": "USD/year",
    "nodes": "count",
    "upstreamness": "sales",
    "foreign_supply": "fraction",
    "foreign_tools": "fraction",
    "foreign_permission": "fraction",
    "unknown_supply": "fraction",
    "largest_supply": "fraction",
    "partner_hhi": "index",
}
"""Measures of the summary with their units, in the order in which they are shown."""


def compare_countries(
    exposure: Exposure,
    countries: tuple[str, ...],
    part: NDArray[np.float64],
    outputs: NDArray[np.float64],
    upstreamness: NDArray[np.float64],
    users: NDArray[np.bool_],
) -> tuple[pd.DataFrame, dict[str, RankStability]]:
    """Return figures of countries side by side, and how firmly each order of the countries holds.

    Measures (position.11): ``use``, the chips that a country's industries use; ``made``, its part of the
    world's sales of all nodes but users, tier by tier (gross, as in exposure); ``nodes``, in how many of
    them it has a part; ``upstreamness``, the mean U of what it makes, by value; ``foreign_supply``,
    ``foreign_tools``, ``foreign_permission``, the part of exposure that is known to lie abroad;
    ``unknown_supply``, the part of which nobody knows where it lies; ``largest_supply``, the part of the
    largest single partner, which ``place`` names; ``partner_hhi``, the HHI over foreign partners alone.

    Parameters
    ----------
    exposure
        Of these countries, with its draws.
    countries
        Codes.
    part
        Their share of each node, shape (1 + draws, nodes, countries); the first is central. The rest alike.
    outputs
        What each node sells, shape (1 + draws, nodes) [USD/year].
    upstreamness
        Shape (1 + draws, nodes).
    users
        Which nodes use chips, shape (nodes,).
    """
    value = part * np.where(users, 0.0, outputs)[:, :, None]
    made = value.sum(axis=1)
    weighted = np.nan_to_num(value * upstreamness[:, :, None]).sum(axis=1)
    figures = {
        "made": made,
        "nodes": (part[:, ~users] > 0).sum(axis=1).astype(float),
        "upstreamness": np.divide(weighted, made, out=np.full_like(made, np.nan), where=made > 0),
    }
    central = {name: figure[0] for name, figure in figures.items()}
    drawn = {name: figure[1:] for name, figure in figures.items()}
    central["use"] = np.array([float(exposure.use.xs(code, level="home").sum()) for code in countries])
    drawn["use"] = exposure.drawn_use.reindex(countries).to_numpy().T
    index = pd.Index(countries, name="country")
    places = {"largest_supply": [_name_largest(exposure, code) for code in countries]}
    for name, measure in EXPOSURES.items():
        columns = [measure(exposure, code) for code in countries]
        central[name] = np.array([column[0] for column in columns])
        drawn[name] = np.stack([column[1:] for column in columns], axis=1)
    tables, orders = {}, {}
    for name, unit in UNITS.items():
        low, high = band(central[name], drawn[name])
        figures = {"value": central[name], "low": low, "high": high, "unit": unit, "place": places.get(name)}
        tables[name] = pd.DataFrame(figures, index).astype({"place": "str"})
        orders[name] = measure_stability(pd.Series(central[name], index), pd.DataFrame(drawn[name].T, index))
    return pd.concat(tables, names=["measure"]), orders


def _look(exposure: Exposure, home: str, kind: Kind) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return the partners of home and their shares, shape (partners, 1 + draws), the central ones first."""
    shares = exposure.of(home, kind)["share"].sort_index()
    drawn = exposure.drawn_of(home, kind).reindex(shares.index)
    return shares.index.to_numpy(dtype=object), np.column_stack([shares.to_numpy(), drawn.to_numpy()])


def _abroad(exposure: Exposure, home: str, kind: Kind) -> NDArray[np.float64]:
    """Return what is known to lie abroad; missing where there is nothing of the kind."""
    places, shares = _look(exposure, home, kind)
    if not len(places):
        return np.full(1 + exposure.draws, np.nan)
    return np.asarray(shares[~np.isin(places, [home, UNKNOWN])].sum(axis=0))


def _unknown(exposure: Exposure, home: str) -> NDArray[np.float64]:
    places, shares = _look(exposure, home, "supply")
    return np.asarray(shares[places == UNKNOWN].sum(axis=0))


def _partners(exposure: Exposure, home: str) -> NDArray[np.float64]:
    places, shares = _look(exposure, home, "supply")
    return shares[~np.isin(places, [home, ROW, UNKNOWN])]


def _largest(exposure: Exposure, home: str) -> NDArray[np.float64]:
    partners = _partners(exposure, home)
    return partners.max(axis=0) if len(partners) else np.full(1 + exposure.draws, np.nan)


def _name_largest(exposure: Exposure, home: str) -> str | None:
    shares = exposure.of(home)["share"].drop([home, ROW, UNKNOWN], errors="ignore")
    return None if shares.empty else str(shares.sort_index().idxmax())


def _concentrate(exposure: Exposure, home: str) -> NDArray[np.float64]:
    partners = _partners(exposure, home)
    total = partners.sum(axis=0)
    squares = (partners**2).sum(axis=0)
    return np.asarray(np.divide(squares, total**2, out=np.full(len(total), np.nan), where=total > 0))


EXPOSURES: Mapping[str, Callable[[Exposure, str], NDArray[np.float64]]] = {
    "foreign_supply": lambda exposure, home: _abroad(exposure, home, "supply"),
    "foreign_tools": lambda exposure, home: _abroad(exposure, home, "tools"),
    "foreign_permission": lambda exposure, home: _abroad(exposure, home, "permission"),
    "unknown_supply": _unknown,
    "largest_supply": _largest,
    "partner_hhi": _concentrate,
}
"""Measures that are read off the exposure, each of shape (1 + draws,)."""
