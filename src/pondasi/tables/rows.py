"""Rows of a table as plain records, for code that speaks about rows one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def list_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, column -> plain Python value; None where unknown.

    Example
    -------
    >>> import pandas as pd
    >>> list_rows(pd.DataFrame({"node": ["wafer_300"], "share": [float("nan")]}))
    [{'node': 'wafer_300', 'share': None}]
    """
    columns = {str(name): frame[name] for name in frame.columns}
    values = {
        name: [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]
        for name, column in columns.items()
    }
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def index_rows(frame: pd.DataFrame, *keys: str) -> dict[Any, dict[str, Any]]:
    """Return the rows by key: a value for one key column, a tuple for several."""
    rows = list_rows(frame)
    if len(keys) == 1:
        return {row[keys[0]]: row for row in rows}
    return {tuple(row[key] for key in keys): row for row in rows}
