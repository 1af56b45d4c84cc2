"""Inter-industry tables: who buys how much from whom, as a frozen record, from arrays, frames or pymrio's objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.errors import DataError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float64] | sparse.csr_array

BALANCE = 1e-3
"""Largest gap between output and its uses, over output, that a table may have: published tables are rounded."""
SHOWN = 5
"""Labels that a message names."""


class Published(Protocol):
    """What pymrio's tables have and is read here: flows, final demand and output of one year."""

    Z: pd.DataFrame
    Y: pd.DataFrame
    x: pd.DataFrame | pd.Series


@dataclass(frozen=True, eq=False)
class IndustryTable:
    """Flows between industries in one year, an industry being a sector in a region.

    Make one with `build_table` or `read_table`, which check it.

    Parameters
    ----------
    labels
        Index with levels region and sector, length n.
    Z
        Flows, shape (n, n) [money/year], full or sparse by rows: ``Z[i, j]`` is what j buys from i.
    final
        Final demand by region that uses it, shape (n, m) [money/year].
    output
        Output x, shape (n,) [money/year].
    value_added
        What output leaves beyond the inputs bought, shape (n,) [money/year].
    users
        Names of the columns of ``final``, length m.
    """

    labels: pd.MultiIndex
    Z: Matrix = field(repr=False)
    final: NDArray[np.float64] = field(repr=False)
    output: NDArray[np.float64] = field(repr=False)
    value_added: NDArray[np.float64] = field(repr=False)
    users: tuple[str, ...] = ()

    @property
    def imbalance(self) -> float:
        """Largest gap between output and its uses, over output; where there is no output, over the largest."""
        return float(_gaps(self.output, _uses(self.Z, self.final)).max(initial=0.0))


def build_table(
    Z: ArrayLike | pd.DataFrame | sparse.sparray,
    final: ArrayLike | pd.DataFrame,
    output: ArrayLike | pd.Series | None = None,
    labels: pd.MultiIndex | Sequence[tuple[str, str]] | None = None,
    *,
    value_added: ArrayLike | None = None,
) -> IndustryTable:
    """Check a table and return it as a record.

    Parameters
    ----------
    Z
        Flows, shape (n, n) [money/year]; a frame brings its labels along.
    final
        Final demand, shape (n,) or (n, m) [money/year]. Columns of a frame with several levels are added up over
        all but the first, the region that uses it.
    output
        Output, shape (n,) [money/year]; without it, the sum of the uses.
    labels
        Pairs of region and sector, length n. Without them, and without a frame, each industry is a sector of its own.
    value_added
        Shape (n,) [money/year]; without it, output less inputs bought, and zero where that is negative.

    Raises
    ------
    DataError
        All that is wrong: shapes, labels that repeat or disagree, figures that are missing or negative, output that
        is not the sum of its uses. Stocks that shrink make final demand negative: see `close_table`.

    Example
    -------
    >>> table = build_table([[0.0, 5.0], [0.0, 0.0]], [5.0, 20.0], labels=[("north", "parts"), ("north", "cars")])
    >>> table.output.tolist(), table.value_added.tolist()
    ([10.0, 20.0], [10.0, 15.0])
    """
    return _build(Z, final, output, labels, value_added, close=False)


def read_table(published: Published) -> IndustryTable:
    """Return the table that an object of pymrio, or any with the attributes Z, Y and x, holds.

    Example
    -------
    >>> from types import SimpleNamespace
    >>> index = pd.MultiIndex.from_tuples([("north", "parts"), ("north", "cars")], names=["region", "sector"])
    >>> columns = pd.MultiIndex.from_tuples([("north", "households"), ("north", "state")])
    >>> published = SimpleNamespace(
    ...     Z=pd.DataFrame([[0.0, 5.0], [0.0, 0.0]], index, index),
    ...     Y=pd.DataFrame([[3.0, 2.0], [20.0, 0.0]], index, columns),
    ...     x=pd.DataFrame({"indout": [10.0, 20.0]}, index),
    ... )
    >>> read_table(published).users
    ('north',)
    """
    return _build(published.Z, published.Y, published.x, None, None, close=False)


def close_table(
    Z: ArrayLike | pd.DataFrame | sparse.sparray,
    final: ArrayLike | pd.DataFrame,
    labels: pd.MultiIndex | Sequence[tuple[str, str]] | None = None,
) -> IndustryTable:
    """Return a table whose output is the sum of its uses, with negative final demand set to zero.

    Final demand is negative where stocks were run down, or where a table was balanced by force. Such an industry
    made less than it sold; taken as it is, its base would be no fixed point. Here it makes what it sells, so that
    the base holds still. Look at how much that changes: ``table.output`` against the published output.

    Example
    -------
    >>> close_table([[0.0, 5.0], [0.0, 0.0]], [-1.0, 20.0]).output.tolist()
    [5.0, 20.0]
    """
    return _build(Z, final, None, labels, None, close=True)


def _build(
    Z: object, final: object, output: object, labels: object, value_added: object, *, close: bool
) -> IndustryTable:
    problems: list[Problem] = []
    found = _find_labels(Z, final, output, labels, problems)
    flows = _flows(Z)
    n = flows.shape[0]
    demand, users = _final(final)
    made = None if output is None else np.asarray(output, dtype=float).ravel()
    added = None if value_added is None else np.asarray(value_added, dtype=float).ravel()
    index = found if found is not None else _number(n)
    _check_shapes({"Z": flows.shape, "final": demand.shape[:1]}, n, problems)
    lengths = {"labels": len(index), **_lengths(output=made, value_added=added)}
    _check_shapes({name: (length,) for name, length in lengths.items()}, n, problems)
    if problems:
        raise DataError(problems)
    _check_labels(index, problems)
    values = flows if isinstance(flows, np.ndarray) else flows.data
    _check_figures("Z", values, None, problems)
    if close:
        demand = np.where(demand.sum(axis=1, keepdims=True) < 0, 0.0, demand)
    for name, figures in {"final": demand, "output": made, "value_added": added}.items():
        if figures is not None:
            _check_figures(name, figures.sum(axis=1) if figures.ndim > 1 else figures, index, problems)
    if problems:
        raise DataError(problems)
    uses = _uses(flows, demand)
    made = uses if made is None else made
    _check_balance(made, uses, index, problems)
    if problems:
        raise DataError(problems)
    if added is None:
        added = np.maximum(made - np.asarray(flows.sum(axis=0)).ravel(), 0.0)
    return IndustryTable(index, flows, demand, made, added, users)


# --- reading -------------------------------------------------------------------------------------


def _flows(Z: object) -> Matrix:
    if sparse.issparse(Z):
        flows: sparse.csr_array = sparse.csr_array(Z).astype(float)  # type: ignore[call-overload]
        flows.sum_duplicates()
        return flows
    array = np.ascontiguousarray(np.asarray(Z, dtype=float))
    return array if array.ndim == 2 else array.reshape(len(array), -1)  # noqa: PLR2004 - rows and columns


def _final(final: object) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if isinstance(final, pd.DataFrame):
        table = final
        if table.columns.nlevels > 1:
            table = table.T.groupby(level=0, sort=False).sum().T
        return table.to_numpy(dtype=float), tuple(map(str, table.columns))
    array = np.asarray(final, dtype=float)
    array = array.reshape(len(array), -1) if array.size else array.reshape(len(array), 1)
    return array, tuple(map(str, range(array.shape[1])))


def _find_labels(
    Z: object, final: object, output: object, labels: object, problems: list[Problem]
) -> pd.MultiIndex | None:
    """Return the labels that are given or that the flows bring; say which frames have others."""
    frames = {"final": final, "output": output}
    named = {name: frame.index for name, frame in frames.items() if isinstance(frame, (pd.DataFrame, pd.Series))}
    if isinstance(Z, pd.DataFrame):
        named = {"Z": Z.index, "columns of Z": Z.columns, **named}
    if labels is not None:
        index = labels if isinstance(labels, pd.MultiIndex) else pd.MultiIndex.from_tuples(list(labels))  # type: ignore[call-overload]
    elif named and isinstance(next(iter(named.values())), pd.MultiIndex):
        index = pd.MultiIndex.from_tuples(list(next(iter(named.values()))))
    else:
        return None
    for name, other in named.items():
        if len(other) == len(index) and not other.equals(index):
            problems.append(Problem("industries_labels_differ", name))
    return index.set_names(["region", "sector"]) if index.nlevels == 2 else index  # noqa: PLR2004 - region, sector


def _number(n: int) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples([("", str(i)) for i in range(n)], names=["region", "sector"])


# --- checks --------------------------------------------------------------------------------------


def _lengths(**arrays: NDArray[np.float64] | None) -> dict[str, int]:
    return {name: len(array) for name, array in arrays.items() if array is not None}


def _check_shapes(shapes: dict[str, tuple[int, ...]], n: int, problems: list[Problem]) -> None:
    for name, shape in shapes.items():
        if any(size != n for size in shape):
            fields = {"found": " x ".join(map(str, shape)), "n": n}
            problems.append(Problem("industries_shape", name, fields=fields))


def _check_labels(index: pd.MultiIndex, problems: list[Problem]) -> None:
    if index.nlevels != 2:  # noqa: PLR2004 - region, sector
        problems.append(Problem("industries_levels", "labels", fields={"found": index.nlevels}))
    elif not index.is_unique:
        twice = index[index.duplicated()].unique()
        problems.append(Problem("industries_label_twice", "labels", fields=_name(twice)))


def _check_figures(
    name: str, figures: NDArray[np.float64], index: pd.MultiIndex | None, problems: list[Problem]
) -> None:
    missing, negative = ~np.isfinite(figures), figures < 0
    if missing.any():
        problems.append(Problem("industries_missing", name, fields=_where(missing, index)))
    if negative.any():
        problems.append(Problem("industries_negative", name, fields=_where(negative, index)))


def _check_balance(
    output: NDArray[np.float64], uses: NDArray[np.float64], index: pd.MultiIndex, problems: list[Problem]
) -> None:
    gaps = _gaps(output, uses)
    if (gaps > BALANCE).any():
        fields = {**_name(index[gaps > BALANCE]), "gap": f"{gaps.max():.2g}", "limit": f"{BALANCE:g}"}
        problems.append(Problem("industries_unbalanced", "output", fields=fields))


def _gaps(output: NDArray[np.float64], uses: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.where(output > 0, output, output.max(initial=0.0))
    gaps = np.zeros_like(output)
    np.divide(np.abs(output - uses), scale, out=gaps, where=scale > 0)
    return gaps


def _uses(Z: Matrix, final: NDArray[np.float64]) -> NDArray[np.float64]:
    uses: NDArray[np.float64] = np.asarray(Z.sum(axis=1), dtype=float).ravel() + final.sum(axis=1)
    return uses


def _where(wrong: NDArray[np.bool_], index: pd.MultiIndex | None) -> dict[str, object]:
    """Return how many figures are wrong and, for a column, which."""
    return {"n": int(wrong.sum()), "labels": "-"} if index is None else _name(index[wrong])


def _name(labels: pd.Index) -> dict[str, object]:
    names = [" ".join(filter(None, map(str, label))) for label in labels[:SHOWN]]
    return {"n": len(labels), "labels": ", ".join(names) + (", …" if len(labels) > SHOWN else "")}
