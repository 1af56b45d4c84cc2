"""How concentrated is the making of each node (position.1)?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.shares import list_places, tabulate_shares
from pondasi.places import ROW, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis

TOP = 3


def measure_concentration(chain: Chain, basis: Basis = "location") -> pd.DataFrame:
    """Return HHI, CR1 and CR3 of every node: ``HHI_p = sum_c s_pc^2``.

    The rest of the world is many countries, and an unknown part may belong to anyone. So HHI has two
    ends: at the low end what is not assigned to a country is spread thin; at the high end the rest of
    the world is one country more, and the unknown part belongs to the largest of all. The central value
    is the low end: it claims no concentration that is not seen.

    Parameters
    ----------
    chain
        A checked chain.
    basis
        Where it is made (``location``), or where its maker has its head office (``control``).

    Returns
    -------
    Index node; columns hhi, hhi_low, hhi_high, cr1, cr3 [fraction], top (country code; of equals the
    first), assigned (part of the node assigned to countries), unknown (part unknown). A node of which no
    part is assigned to a country has blanks.

    References
    ----------
    Hirschman 1964, American Economic Review 54(5): 761-762.

    Example
    -------
    >>> from pondasi import load_chain
    >>> measure_concentration(load_chain()).loc["litho_euv", "top"]
    'NLD'
    """
    places = list_places(chain)
    shares = tabulate_shares(chain, basis, places)
    named = np.array([place not in {ROW, UNKNOWN} for place in places])
    rest, unknown = shares[:, places.index(ROW)], shares[:, places.index(UNKNOWN)]
    s = shares[:, named]
    first = s.argmax(axis=1) if s.size else np.zeros(len(s), dtype=int)
    hhi, cr1, cr3 = rate_shares(s)
    largest = np.maximum(shares[:, [*np.flatnonzero(named), places.index(ROW)]].max(axis=1), 0)
    table = pd.DataFrame(
        {
            "hhi": hhi,
            "hhi_low": hhi,
            "hhi_high": np.minimum(hhi + rest**2 + 2 * largest * unknown + unknown**2, 1.0),
            "cr1": cr1,
            "cr3": cr3,
            "top": np.append(np.array(places, dtype=object)[named], "")[first],
            "assigned": s.sum(axis=1),
            "unknown": unknown,
        },
        index=pd.Index(chain.nodes["node"].to_numpy(), name="node"),
    ).astype({"top": "str"})
    blank = table["assigned"] == 0
    table.loc[blank, ["hhi", "hhi_low", "hhi_high", "cr1", "cr3", "top"]] = np.nan
    return table


def rate_shares(
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return HHI, CR1 and CR3 of shares, shape (..., countries), of countries alone (position.1).

    Example
    -------
    >>> [figure.tolist() for figure in rate_shares(np.array([[0.5, 0.5, 0.0, 0.0]]))]
    [[0.5], [0.5], [1.0]]
    """
    ranked = -np.sort(-shares, axis=-1)
    return (shares**2).sum(axis=-1), ranked[..., :1].sum(axis=-1), ranked[..., :TOP].sum(axis=-1)
