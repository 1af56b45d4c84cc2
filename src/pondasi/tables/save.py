"""Save tables in the form that a path asks for: workbook, folder of Parquet, or folder of CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.errors import UsageError
from pondasi.tables.write import save_csv, save_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

OTHER_FORMS = {
    ".csv",
    ".doc",
    ".docx",
    ".html",
    ".json",
    ".ods",
    ".pdf",
    ".pptx",
    ".tsv",
    ".txt",
    ".xls",
    ".xlsb",
    ".xlsm",
    ".zip",
}
"""Names by which a user asks for a file that Pondasi does not write; any other name is a folder."""


def save_tables(
    tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], path: str | Path, language: str = "en"
) -> None:
    """Write tables with what the pack says of itself; an interrupted save leaves what was there.

    Parameters
    ----------
    tables
        Tables of the dictionary, by name.
    head
        What the pack says of itself: id, version, locale and so on.
    path
        A name that ends in ``.xlsx``, else the folder to write or replace.
    language
        Language of the notes in a workbook.

    Raises
    ------
    UsageError
        If the path asks for another form, or holds files that would be lost.
    """
    path = Path(path)
    form = path.suffix.lower()
    if form == ".xlsx":
        from pondasi.tables.excel_write import save_workbook

        save_workbook(tables, head, path, language)
    elif form == ".parquet":
        save_parquet(tables, head, path)
    elif form in OTHER_FORMS:
        raise UsageError("save_form_unknown", path=str(path))
    else:
        save_csv(tables, head, path)
