"""Write tables as CSV, Parquet or a workbook: to a temporary place first, then in one move."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def replace_file(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``target`` and move it there when the block ends well.

    If the block fails, the target stays as it was and the temporary file is gone.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replace_folder(target: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside ``target`` and put it in the target's place at the end.

    Raises
    ------
    UsageError
        If the target exists and holds anything but tables and ``pack.toml``: it would be lost.
    """
    target = Path(target)
    if target.exists():
        strangers = [item.name for item in target.iterdir() if item.suffix not in {".csv", ".parquet", ".toml"}] if target.is_dir() else [target.name]
        if strangers:
            raise UsageError("out_holds_other_files", path=str(target), files=", ".join(sorted(strangers)[:5]))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
            target.replace(old / "old")
            temporary.replace(target)
            shutil.rmtree(old)
        else:
            temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def table_to_csv(frame: pd.DataFrame) -> str:
    """Return a table in machine format: point, no grouping, blank for unknown, LF."""
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(frame.columns)
    columns = [[format_cell(cell) for cell in column_values(frame[name])] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def column_values(column: pd.Series) -> list[Any]:
    """Return the cells of a column as plain Python values, None where unknown."""
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]


def format_cell(cell: object) -> str:
    """Return a cell as machine text that reads back as the same value."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - integers are exact to 15 digits
            return str(int(cell))
        return repr(cell)
    return str(cell)


def save_csv(tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], folder: str | Path) -> None:
    """Write a folder of CSV files with its ``pack.toml``."""
    with replace_folder(folder) as temporary:
        for name, frame in tables.items():
            (temporary / f"{name}.csv").write_text(table_to_csv(frame), encoding="utf-8", newline="")
        _write_head(head, temporary)


def save_parquet(tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], folder: str | Path) -> None:
    """Write a folder of Parquet files with its ``pack.toml``."""
    with replace_folder(folder) as temporary:
        for name, frame in tables.items():
            frame.to_parquet(temporary / f"{name}.parquet", index=False, compression="zstd")
        _write_head(head, temporary)


def _write_head(head: Mapping[str, str], folder: Path) -> None:
    lines = [f'{key} = "{value}"' for key, value in head.items()]
    (folder / "pack.toml").write_text("\n".join([*lines, ""]), encoding="utf-8", newline="")
