"""Print rows as they come, and keep the last measurement in README.md, between markers."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path

README = Path(__file__).with_name("README.md")


def print_row(cells: list[str], widths: list[int]) -> None:
    """Print one line of a table, at once."""
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


def write_section(name: str, heads: list[str], rows: list[list[str]], notes: list[str]) -> None:
    """Replace a section of README.md by a table of the last measurement."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    table = [heads, ["---"] * len(heads), *rows]
    when = f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}."
    lines = [begin, "", when, "", *(f"| {' | '.join(row)} |" for row in table), "", *(f"- {note}" for note in notes)]
    README.write_text(
        before + "\n".join([*lines, "", end] if notes else [*lines, end]) + after, encoding="utf-8", newline="\n"
    )
