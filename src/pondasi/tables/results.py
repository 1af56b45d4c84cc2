"""Tables of results for other programs: one CSV, or a workbook with a sheet per table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.errors import UsageError
from pondasi.tables.text import escape_text
from pondasi.tables.write import replace_file, table_to_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

SHEET_NAME = 31
"""Longest name of a sheet that a spreadsheet allows."""
WIDEST = 40
ENDINGS = (".xlsx", ".csv")


def save_results(path: str | Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables with plain columns: all into a workbook, or the first into a CSV file.

    Parameters
    ----------
    path
        Ends in ``.xlsx`` or ``.csv``.
    tables
        By title; columns bear the names that a reader sees.

    Raises
    ------
    UsageError
        If the ending is neither.

    Example
    -------
    >>> import pandas as pd, tempfile
    >>> file = Path(tempfile.mkdtemp()) / "values.csv"
    >>> save_results(file, {"values": pd.DataFrame({"partner": ["JPN"], "value": [12.5]})})
    >>> file.read_text(encoding="utf-8").splitlines()
    ['partner,value', 'JPN,12.5']
    """
    check_ending(path)
    path = Path(path)
    with replace_file(path) as temporary:
        if path.suffix == ".csv":
            temporary.write_text(table_to_csv(next(iter(tables.values()))), encoding="utf-8", newline="")
        else:
            _write_workbook(temporary, tables)


def check_ending(path: str | Path | None) -> None:
    """Refuse a place that results cannot go to; worth asking before they are computed. None is no place and none is needed.

    Raises
    ------
    UsageError
        If the name ends neither in ``.xlsx`` nor in ``.csv``.
    """
    if path is not None and Path(path).suffix not in ENDINGS:
        raise UsageError("results_ending", path=str(path))


def _write_workbook(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for title, table in tables.items():
        sheet = book.create_sheet(title[:SHEET_NAME])
        sheet.append([escape_text(str(name)) for name in table.columns])
        for row in table.to_numpy(dtype=object).tolist():
            sheet.append([escape_text(value) if isinstance(value, str) else value for value in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "B2"
        for number, name in enumerate(table.columns, start=1):
            longest = max(
                [len(str(name)), *(len(value) for value in table.iloc[:, number - 1] if isinstance(value, str))]
            )
            sheet.column_dimensions[get_column_letter(number)].width = min(longest + 2, WIDEST)
    book.save(path)
