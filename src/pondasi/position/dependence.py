"""Is a country's import of a good dependent on few outside? (position.12, position.13).

Three indicators of the European Commission (SWD(2021) 352), here with thresholds that can be moved. A
threshold decides much: so each good says in how many years it is flagged, and in which part of the nearby
thresholds the answer stays the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass, field
from itertools import product as combine
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

INDICATORS = ("cdi1", "cdi2", "cdi3")
PERSISTENT = 2 / 3
"""Part of the years in which a good must be flagged to count as dependent: two of three, as CEPII's GeoDep has it."""


@dataclass(frozen=True)
class Thresholds:
    """From which value on an indicator speaks of dependence: strictly above, all three together.

    Parameters
    ----------
    cdi1
        Concentration of the sources of imports (HHI).
    cdi2
        Part of the imports that comes from outside the bloc.
    cdi3
        Imports from outside over exports.
    spread
        By which part each is moved down and up to see whether the answer stays.

    Notes
    -----
    0.4, 0.5 and 1 are those of SWD(2021) 352.
    """

    cdi1: float = 0.4
    cdi2: float = 0.5
    cdi3: float = 1.0
    spread: float = 0.2


@dataclass(frozen=True, eq=False)
class Dependence:
    """Dependence of imports by good and year.

    Parameters
    ----------
    indicators
        Index (product, year): cdi1, cdi2, cdi3, dependent (True, False, or missing where it cannot be told),
        robust (part of the moved thresholds that give the same answer).
    products
        Index product: years (in which it can be told), flagged (years in which it is dependent),
        persistent (whether flagged in enough of them), robust (the least of its years).
    thresholds
        What was asked.
    """

    indicators: pd.DataFrame = field(repr=False)
    products: pd.DataFrame = field(repr=False)
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def kept(self) -> float:
        """Of the goods flagged in a year, the part that is flagged in the year after too; nan without two years."""
        wide = self.indicators["dependent"].unstack("year")  # noqa: PD010 - one column, no aggregation
        flags = wide.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        both = (flags[:, :-1] == 1) & ~np.isnan(flags[:, 1:])
        return float(flags[:, 1:][both].mean()) if both.any() else float("nan")


def measure_dependence(
    imports: pd.Series,
    exports: pd.Series,
    *,
    bloc: Collection[str] = (),
    thresholds: Thresholds | None = None,
    persistent: float = PERSISTENT,
) -> Dependence:
    """Return which goods a country, or a bloc, imports from few outside, and how firm that answer is.

    (position.12) With m_o the imports of a good from origin o, and O the origins outside the bloc:
    ``CDI1 = sum over O of (m_o / sum over O of m)^2``; ``CDI2 = sum over O of m / sum of m``;
    ``CDI3 = sum over O of m / exports``. A good is dependent in a year when all three pass their thresholds.
    Without a bloc all origins are outside and CDI2 is one. (position.13) It is persistently so when it is
    flagged in two years of three.

    Parameters
    ----------
    imports
        Index (product, year, origin) [any currency]. A row that is not there is no import; one without a
        value is unknown, and with it all indicators of its good and year.
    exports
        Index (product, year). A row that is not there is unknown, not zero.
    bloc
        Countries that count as inside.
    thresholds
        Those of the Commission by default.
    persistent
        Part of the years from which a good counts as persistently dependent.

    References
    ----------
    European Commission 2021, SWD(2021) 352; Arjona, Connell and Herghelegiu 2023, *An enhanced
    methodology to monitor the EU's strategic dependencies and vulnerabilities*.

    Example
    -------
    >>> rows = [("chips", 2024, "x"), ("chips", 2024, "y")]
    >>> imports = pd.Series([9.0, 1.0], pd.MultiIndex.from_tuples(rows, names=["product", "year", "origin"]))
    >>> exports = pd.Series([2.0], pd.MultiIndex.from_tuples([("chips", 2024)], names=["product", "year"]))
    >>> found = measure_dependence(imports, exports).indicators.iloc[0]
    >>> found[["cdi1", "cdi2", "cdi3", "dependent"]].astype(float).round(2).tolist()
    [0.82, 1.0, 5.0, 1.0]
    """
    thresholds = thresholds or Thresholds()
    for name, series in (("imports", imports), ("exports", exports)):
        if (series < 0).any():
            raise UsageError("trade_negative", table=name, n=int((series < 0).sum()))
    keys = ["product", "year"]
    outside = imports[~imports.index.get_level_values("origin").isin(list(bloc))]
    total, far = (_sum(series, keys) for series in (imports, outside))
    far = far.reindex(total.index, fill_value=0.0)
    square = _sum(outside**2, keys).reindex(total.index, fill_value=0.0)
    sold = exports.groupby(keys).sum(min_count=1).reindex(total.index)
    table = pd.DataFrame(
        {
            "cdi1": square / far.where(far > 0) ** 2,
            "cdi2": far / total.where(total > 0),
            "cdi3": (far / sold.where(sold > 0))
            .where(sold != 0, np.where(far > 0, np.inf, np.nan))
            .where(sold.notna()),
        }
    )
    values = table.to_numpy()
    limits = np.array(astuple(thresholds)[: len(INDICATORS)])
    answer = _judge(values, limits)
    moved = [
        limits * np.array(step)
        for step in combine((1 - thresholds.spread, 1.0, 1 + thresholds.spread), repeat=len(INDICATORS))
    ]
    same = np.mean([_judge(values, one) == answer for one in moved], axis=0)
    known = ~np.isnan(answer)
    table["dependent"] = pd.Series(answer, table.index).astype("boolean")
    table["robust"] = np.where(known, same, np.nan)
    return Dependence(table, _sum_years(table, persistent), thresholds)


def _sum(series: pd.Series, keys: list[str]) -> pd.Series:
    """Return sums by key; one with an unknown part is unknown."""
    groups = series.groupby(keys)
    return groups.sum().where(groups.count() == groups.size())


def _judge(values: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 where all indicators pass, 0 where one that is known does not, nan where it cannot be told."""
    failed = (values <= limits).any(axis=1)
    return np.where(failed, 0.0, np.where(np.isnan(values).any(axis=1), np.nan, 1.0))


def _sum_years(table: pd.DataFrame, persistent: float) -> pd.DataFrame:
    groups = table.groupby("product")
    years, flagged = groups["dependent"].count(), groups["dependent"].sum()
    enough = (flagged >= persistent * years).where(years > 0)
    return pd.DataFrame(
        {
            "years": years,
            "flagged": flagged.astype(int),
            "persistent": enough.astype("boolean"),
            "robust": groups["robust"].min(),
        }
    )
