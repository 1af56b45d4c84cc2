"""Make room in a node for the shares that an overlay states (chain.20).

Shares of a node are parts of one whole. Where they were all of it, the shares that the overlay does not
state are scaled by one factor, each inside its interval, to the sum that they had together with it. Where
a part was left over (the rest of the world, unknown), that part takes up the difference, and the others
are scaled only if the sum would pass one. What is unknown stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.chain.rules import SHARE_SUM_LOW
from pondasi.chain.scale import scale_groups
from pondasi.tables.numbers import show_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from pondasi.errors import Place
    from pondasi.tables.raw import RawPack

FIT = 1e-9
"""A sum may miss by this much, by the rounding of shares in files."""


def make_room(
    pack: RawPack, before: pd.DataFrame, shares: pd.DataFrame, stated: NDArray[np.bool_], places: Sequence[Place]
) -> pd.DataFrame:
    """Return the shares with room made in every node and basis that an overlay touches.

    Parameters
    ----------
    pack
        Takes note of nodes in which no room can be made: their shares stay as they are.
    before
        The table without overlays.
    shares
        The table with the rows of overlays in it.
    stated
        Which rows an overlay states, shape (rows,).
    places
        Where each row stands.
    """
    whole = shares["firm"].isna().to_numpy()
    value = shares["share"].to_numpy(dtype=float).copy()
    low, high = (
        np.where(np.isnan(end), value, end) for end in (shares[name].to_numpy(dtype=float) for name in ("low", "high"))
    )
    indices = shares.groupby(["node", "basis"], sort=False).indices
    groups = {key: np.asarray(rows, dtype=np.intp) for key, rows in indices.items()}
    for node, basis in dict.fromkeys(
        zip(*(shares.loc[stated & whole, name] for name in ("node", "basis")), strict=True)
    ):
        rows = groups[node, basis]
        rows = rows[whole[rows]]
        others = rows[~stated[rows] & ~np.isnan(value[rows])]
        fixed = float(np.nansum(value[rows[stated[rows]]]))
        target = _find_target(before, node, basis, value[rows])
        wanted = fixed + float(value[others].sum()) if target is None else target
        if not len(others) or abs(fixed + value[others].sum() - wanted) <= FIT:
            continue
        least, most = float(low[others].sum()), float(high[others].sum())
        if not least - FIT <= wanted - fixed <= most + FIT:
            at = rows[stated[rows]][-1]
            fields: dict[str, Any] = {
                "node": node,
                "basis": basis,
                "stated": show_number(fixed),
                "needed": show_number(wanted - fixed),
            }
            fields |= {"low": show_number(least), "high": show_number(most)}
            pack.add("overlay_no_room", places[at], table="shares", others=[places[row] for row in others], **fields)
            continue
        room = np.clip(np.array([wanted - fixed]), least, most)
        held = scale_groups(value[others], low[others], high[others], np.zeros(len(others), dtype=np.intp), room)
        _scale_firms(shares, value, groups[node, basis], others, held)
        value[others] = held
    return shares.assign(share=value)


def _find_target(before: pd.DataFrame, node: str, basis: str, now: NDArray[np.float64]) -> float | None:
    """Return what the shares of a node must add up to; None where what is left over takes up the difference."""
    rows = before[(before["node"] == node) & (before["basis"] == basis) & before["firm"].isna()]["share"].to_numpy(
        dtype=float
    )
    total, blank = float(np.nansum(rows)), bool(np.isnan(rows).any())
    complete = total >= SHARE_SUM_LOW and not (blank and total < 1)
    if complete and not np.isnan(now).any():
        return total
    return max(1.0, total) if float(np.nansum(now)) > max(1.0, total) else None


def _scale_firms(
    shares: pd.DataFrame,
    value: NDArray[np.float64],
    rows: NDArray[np.intp],
    countries: NDArray[np.intp],
    held: NDArray[np.float64],
) -> None:
    """Scale the firms of countries that give way, so that they still fit into them."""
    country = shares["country"].to_numpy(dtype=object)
    factor = {country[row]: new / value[row] for row, new in zip(countries, held, strict=True) if value[row] > 0}
    for row in rows:
        if isinstance(shares["firm"].iloc[row], str) and not np.isnan(value[row]):
            value[row] *= min(1.0, factor.get(country[row], 1.0))
