"""Read a publisher's CSV files as rows of text, with every problem of all files at once."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING

from pondasi.errors import Place, Problem
from pondasi.tables.text import tidy_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One row: its cells as text by column, and where it stands (the header is row 1)."""

    file: str
    number: int
    cells: Mapping[str, str] = field(repr=False)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def problem(self, key: str, column: str, **fields: object) -> Problem:
        """Return a problem with one cell of this row."""
        return Problem(key, place=Place(self.file, None, self.number, column), value=self[column], fields=fields)


def read_rows(path: Path, columns: Sequence[str], problems: list[Problem]) -> list[Row]:
    """Return the rows of a CSV file; without them, note why it cannot be read.

    ``columns`` are those that must be there; others are read as well.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        lines = [line for line in csv.reader(StringIO(text, newline=""), strict=True) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem("source_unreadable", place=Place(path.name), fields={"reason": str(error)}))
        return []
    header = lines[0] if lines else []
    missing = [column for column in columns if column not in header]
    if missing:
        problems += [Problem("source_column_missing", place=Place(path.name, None, 1, column)) for column in missing]
        return []
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            fields = {"found": len(line), "wanted": len(header)}
            problems.append(Problem("source_row_width", place=Place(path.name, None, number), fields=fields))
        else:
            rows.append(Row(path.name, number, dict(zip(header, map(tidy_text, line), strict=True))))
    return rows
