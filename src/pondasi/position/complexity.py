"""What does a country export beside others, and what is near to it (position.14 to position.20)?

Relatedness and complexity from a table of exports: who has an advantage in what, which goods are made by
the same countries, how near a good is to what a country makes, and how rare the skills behind it are.
The definitions are those of the Atlas of Economic Complexity; where programs differ, each function states
what it does. Exports leave out design, tools in use and plants that sell at home, so this is one view
beside the chain and not a measure of it.

Only one eigenproblem is solved, on the symmetric matrix of countries by countries: the products' side
follows from it by one multiplication, and never needs the matrix of products by products.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.csgraph import connected_components

from pondasi.errors import UsageError
from pondasi.position.stability import RankStability, measure_stability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ADVANTAGE = 1.0
"""A country has an advantage in a good when its share in it is its share in all trade, or more (Balassa 1965)."""
ADVANTAGES = (0.75, 1.0, 1.25)
"""Thresholds over which a ranking is tested: the usual one, and a quarter less and more."""
MIN_COUNTRIES = 3
"""With two countries ECI is plus and minus one by definition."""
ROUNDING = 1e-12
"""An eigenvalue, or a spread, below this is the rounding of zero."""


@dataclass(frozen=True, eq=False)
class Complexity:
    """Relatedness and complexity of one year of exports.

    Parameters
    ----------
    countries
        Index country: diversity (goods with an advantage), eci, coi. Blank where they are not defined.
    products
        Index product: ubiquity (countries with an advantage), pci.
    rca, density, cog
        Countries by products. ``density`` is the nearness of a good to what a country makes, 0 to 1;
        ``cog`` what having it would add to the country's outlook, 0 where it has it already.
    proximity
        Products by products, 0 to 1; one on the diagonal.
    """

    countries: pd.DataFrame = field(repr=False)
    products: pd.DataFrame = field(repr=False)
    rca: pd.DataFrame = field(repr=False)
    density: pd.DataFrame = field(repr=False)
    cog: pd.DataFrame = field(repr=False)
    proximity: pd.DataFrame = field(repr=False)

    @property
    def present(self) -> pd.DataFrame:
        """Where a country has an advantage."""
        return self.rca >= ADVANTAGE


def measure_complexity(exports: pd.DataFrame) -> Complexity:
    """Return relatedness and complexity of countries and products.

    A country without any advantage, or a good in which nobody has one, has no ECI or PCI; the others are
    not disturbed. Where countries fall into groups that share no good, ECI and PCI are those of the
    largest group, since between groups they mean nothing.

    Parameters
    ----------
    exports
        Countries as index, products as columns, not negative [any currency]; see `tabulate_exports`.

    Raises
    ------
    UsageError
        If a value is missing or negative, or nothing is exported.

    References
    ----------
    Hidalgo and Hausmann 2009, doi:10.1073/pnas.0900943106; Hausmann et al. 2014, *The Atlas of Economic
    Complexity*; Balassa 1965, doi:10.1111/j.1467-9957.1965.tb00050.x.

    Example
    -------
    >>> exports = pd.DataFrame({"chips": [9.0, 1.0, 1.0], "oil": [1.0, 9.0, 5.0], "fish": [1.0, 1.0, 6.0]}, list("abc"))
    >>> found = measure_complexity(exports)
    >>> found.countries["diversity"].tolist(), bool(found.density.loc["a", "chips"] > found.density.loc["b", "chips"])
    ([1, 1, 1], True)
    """
    rca = measure_rca(exports)
    present = rca.to_numpy() >= ADVANTAGE
    eci, pci, worth = solve_indices(present)
    proximity = relate_products(present)
    density = measure_density(present, proximity)
    coi = find_outlook(present, density, worth)
    cog = find_gain(present, proximity, worth)
    countries = pd.DataFrame({"diversity": present.sum(axis=1), "eci": eci, "coi": coi}, exports.index)
    products = pd.DataFrame({"ubiquity": present.sum(axis=0), "pci": pci}, exports.columns)
    return Complexity(
        countries,
        products,
        rca,
        pd.DataFrame(density, exports.index, exports.columns, copy=False),
        pd.DataFrame(cog, exports.index, exports.columns, copy=False),
        pd.DataFrame(proximity, exports.columns, exports.columns, copy=False),
    )


def rank_complexity(
    exports: Mapping[int, pd.DataFrame], advantages: Sequence[float] = ADVANTAGES
) -> dict[str, RankStability]:
    """Return how firmly the order of countries by ECI, and of products by PCI, holds over years and thresholds.

    The ranking is that of the latest year with the usual threshold of advantage; the variants (position.10) are
    all years with all thresholds.

    Parameters
    ----------
    exports
        Year -> exports, countries by products.
    advantages
        Values of RCA from which a country has an advantage.

    Returns
    -------
    ``eci`` and ``pci``.

    Example
    -------
    >>> table = pd.DataFrame([[9.0, 5, 1, 1], [6, 6, 1, 0], [1, 6, 8, 0], [0, 1, 9, 0]], list("abcd"), list("wxyz"))
    >>> rank_complexity({2023: table, 2024: table}, [1.0])["eci"].mean
    1.0
    """
    found: dict[str, dict[tuple[int, float], pd.Series]] = {"eci": {}, "pci": {}}
    for year, table in sorted(exports.items()):
        rca = measure_rca(table)
        for advantage in dict.fromkeys((*advantages, ADVANTAGE)):
            eci, pci, _ = solve_indices(rca.to_numpy() >= advantage)
            found["eci"][year, advantage] = pd.Series(eci, rca.index)
            found["pci"][year, advantage] = pd.Series(pci, rca.columns)
    latest = (max(exports), ADVANTAGE)
    chosen = [(year, advantage) for year in sorted(exports) for advantage in advantages]
    return {
        name: measure_stability(series[latest], pd.DataFrame({key: series[key] for key in chosen}))
        for name, series in found.items()
    }


def tabulate_exports(
    rows: pd.DataFrame, country: str = "country", product: str = "product", value: str = "value"
) -> pd.DataFrame:
    """Return exports as countries by products from rows, one per country and product.

    A trade table lists what was traded, so a pair without a row is zero. A row without a value is not:
    it is unknown, and refused.

    Raises
    ------
    UsageError
        If a value is missing or negative, or a pair stands twice.

    Example
    -------
    >>> rows = pd.DataFrame({"country": ["a", "b"], "product": ["x", "y"], "value": [1.0, 2.0]})
    >>> tabulate_exports(rows).to_numpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    twice = rows.duplicated([country, product])
    if twice.any():
        pair = rows.loc[twice, [country, product]].iloc[0]
        raise UsageError("exports_twice", country=str(pair[country]), product=str(pair[product]))
    if rows[value].isna().any():
        raise UsageError("exports_missing", n=int(rows[value].isna().sum()))
    table = rows.pivot_table(index=country, columns=product, values=value, aggfunc="sum", fill_value=0.0)
    return table.astype(float)


def measure_rca(exports: pd.DataFrame) -> pd.DataFrame:
    """Return revealed comparative advantage (position.14): ``(x_cp / x_c) / (x_p / x)``.

    Zero where a country exports nothing, or nobody exports the good.

    Raises
    ------
    UsageError
        If a value is missing or negative, or nothing is exported.

    Example
    -------
    >>> measure_rca(pd.DataFrame({"x": [3.0, 1.0], "y": [1.0, 3.0]})).to_numpy().tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    x = exports.to_numpy(dtype=float)
    if np.isnan(x).any():
        raise UsageError("exports_missing", n=int(np.isnan(x).sum()))
    if (x < 0).any():
        raise UsageError("exports_negative", n=int((x < 0).sum()))
    total = x.sum()
    if not total > 0:
        raise UsageError("exports_empty")
    expected = x.sum(axis=1)[:, None] * (x.sum(axis=0) / total)
    return pd.DataFrame(
        np.divide(x, expected, out=np.zeros_like(x), where=expected > 0), exports.index, exports.columns
    )


def relate_products(present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return proximity (position.15): the smaller of two conditional probabilities of having both goods.

    ``phi_pq = sum_c M_cp M_cq / max(u_p, u_q)``, shape (products, products); one on the diagonal, and zero
    for a good in which nobody has an advantage.

    Parameters
    ----------
    present
        M, shape (countries, products).

    Example
    -------
    >>> relate_products(np.array([[True, True], [True, False]])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    M = present.astype(float)
    both = M.T @ M
    ubiquity = M.sum(axis=0)
    inverse = 1 / np.maximum(ubiquity, 1.0)
    both *= np.minimum(inverse[:, None], inverse)
    return np.asarray(both)


def measure_density(present: NDArray[np.bool_], proximity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return density (position.16): which part of a good's neighbourhood a country has an advantage in.

    ``d_cp = sum_q M_cq phi_qp / sum_q phi_qp``, the good itself included; blank for a good in which nobody
    has an advantage. Shape (countries, products).

    Example
    -------
    >>> measure_density(np.array([[True, False]]), np.array([[1.0, 0.5], [0.5, 1.0]])).round(3).tolist()
    [[0.667, 0.333]]
    """
    reach = proximity.sum(axis=0)
    near = present.astype(float) @ proximity
    return np.asarray(np.divide(near, reach, out=np.full(near.shape, np.nan), where=reach > 0))


def solve_indices(
    present: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ECI, PCI, and PCI before its mean is taken off, in units of the spread of ECI.

    (position.17) ECI is the eigenvector of the second largest eigenvalue of ``D^-1 M U^-1 M'``, with D and U
    the diversities and ubiquities. It is found from the symmetric ``D^-1/2 M U^-1 M' D^-1/2``, shape
    (countries, countries), with the sign that goes with diversity, less its mean, over its standard
    deviation (of a whole population). (position.18) PCI is ``U^-1 M' k / lambda`` with k that eigenvector
    and lambda its eigenvalue, less the mean and over the standard deviation *of ECI*, so that a product
    stands where the countries that make it stand.

    Parameters
    ----------
    present
        M, shape (countries, products).

    Returns
    -------
    Shapes (countries,), (products,), (products,); blank outside the largest group of countries that share
    goods, and everywhere if that group has fewer than three countries.

    Example
    -------
    >>> eci, pci, _ = solve_indices(np.array([[True, True, True], [True, True, False], [True, False, False]]))
    >>> bool(eci[0] > eci[1] > eci[2]), bool(pci[2] > pci[1] > pci[0])
    (True, True)
    """
    countries, products = _find_largest_group(present)
    eci, pci, worth = (
        np.full(present.shape[0], np.nan),
        np.full(present.shape[1], np.nan),
        np.full(present.shape[1], np.nan),
    )
    if len(countries) < MIN_COUNTRIES:
        return eci, pci, worth
    M = present[np.ix_(countries, products)].astype(float)
    diversity, ubiquity = M.sum(axis=1), M.sum(axis=0)
    half = M / np.sqrt(diversity)[:, None] / np.sqrt(ubiquity)
    n = len(countries)
    value, vector = eigh(half @ half.T, subset_by_index=[n - 2, n - 2])
    k = vector[:, 0] / np.sqrt(diversity)
    k *= _find_sign(k, diversity)
    spread = k.std()
    if value[0] <= ROUNDING or spread <= ROUNDING * np.abs(k).max():
        return eci, pci, worth  # all countries make the same: there is nothing to tell them apart
    eci[countries] = (k - k.mean()) / spread
    worth[products] = (M.T @ k) / ubiquity / value[0] / spread
    pci[products] = worth[products] - k.mean() / spread
    return eci, pci, worth


def find_outlook(
    present: NDArray[np.bool_], density: NDArray[np.float64], worth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the complexity outlook COI (position.19): how much complexity lies near to what a country makes.

    ``sum_p d_cp (1 - M_cp) K_p``, with K the PCI before its mean is taken off; over countries with an
    advantage in something less the mean, over the standard deviation. Blank for the others.
    """
    outlook = np.nan_to_num(density * ~present) @ np.nan_to_num(worth)
    outlook[~present.any(axis=1)] = np.nan
    known = ~np.isnan(outlook)
    spread = outlook[known].std() if known.any() else 0.0
    return (outlook - outlook[known].mean()) / spread if spread > 0 else np.full(len(outlook), np.nan)


def find_gain(
    present: NDArray[np.bool_], proximity: NDArray[np.float64], worth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the opportunity gain COG (position.20): what a new good would add to the outlook.

    ``(1 - M_cp) sum_q (1 - M_cq) K_q phi_qp / sum_r phi_qr``, in units of the spread of ECI, the good itself
    included in the sum; 0 where the country has an advantage already. Shape (countries, products).
    """
    missing = (~present).astype(float)
    reach = proximity.sum(axis=1)
    weight = np.divide(np.nan_to_num(worth), reach, out=np.zeros_like(reach), where=reach > 0)
    gain = missing * ((missing * weight) @ proximity)
    gain[:, ~present.any(axis=0)] = np.nan
    return np.asarray(gain)


def _find_largest_group(present: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the countries and products of the largest group of countries that hang together by shared goods."""
    m, n = present.shape
    country, product = np.nonzero(present)
    links = sparse.csr_array((np.ones(len(country)), (country, m + product)), shape=(m + n, m + n))
    _, group = connected_components(links, directed=False)
    sizes = np.bincount(group[:m], weights=present.any(axis=1), minlength=group.max() + 1)
    largest = group == sizes.argmax()
    return np.flatnonzero(largest[:m] & present.any(axis=1)), np.flatnonzero(largest[m:] & present.any(axis=0))


def _find_sign(k: NDArray[np.float64], diversity: NDArray[np.float64]) -> float:
    """Return the sign that lets an eigenvector rise with diversity; plus if it does neither."""
    together = float(((k - k.mean()) * (diversity - diversity.mean())).sum())
    return -1.0 if together < 0 else 1.0
