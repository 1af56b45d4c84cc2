"""Write tables as CSV or Parquet: to a temporary place first, then in one move."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pondasi.errors import UsageError
from pondasi.tables.numbers import MOST_SPOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

HEAD_FILE = "pack.toml"


@contextmanager
def replace_file(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``target`` and move it there when the block ends well.

    If the block fails, the target stays as it was and the temporary file is gone.

    Raises
    ------
    UsageError
        If the target is a folder.
    """
    target = Path(target)
    if target.is_dir():
        raise UsageError("out_is_folder", path=str(target))
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
def replace_folder(target: str | Path, files: Iterable[str]) -> Iterator[Path]:
    """Give a temporary folder beside ``target`` and put it in the target's place at the end.

    If the block fails, the target stays as it was and the temporary folder is gone.

    Parameters
    ----------
    target
        The folder to write or to replace.
    files
        Names that the target may hold now, since the new folder stands for them.

    Raises
    ------
    UsageError
        If the target holds anything else: it would be lost.
    """
    target = Path(target)
    _refuse_strangers(target, frozenset(files))
    target.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    new, old = room / "new", room / "old"
    new.mkdir()
    try:
        yield new
        if target.exists():
            target.replace(old)
        try:
            new.replace(target)
        except BaseException:
            if old.exists():
                old.replace(target)
            raise
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _refuse_strangers(target: Path, files: frozenset[str]) -> None:
    if target.is_dir():
        strangers = sorted(item.name for item in target.iterdir() if item.name not in files or not item.is_file())
    else:
        strangers = [target.name] if target.exists() else []
    if strangers:
        raise UsageError("out_holds_other_files", path=str(target), files=", ".join(strangers[:5]))


def save_csv(tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], folder: str | Path) -> None:
    """Write a folder of CSV files with its ``pack.toml``."""
    with replace_folder(folder, _own_files(tables)) as temporary:
        for name, frame in tables.items():
            (temporary / f"{name}.csv").write_text(table_to_csv(frame), encoding="utf-8", newline="")
        _write_head(head, temporary)


def save_parquet(tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], folder: str | Path) -> None:
    """Write a folder of Parquet files with its ``pack.toml``."""
    with replace_folder(folder, _own_files(tables)) as temporary:
        for name, frame in tables.items():
            frame.to_parquet(temporary / f"{name}.parquet", index=False, compression="zstd")
        _write_head(head, temporary)


def _own_files(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the files that hold these tables in either form: what a new folder stands for."""
    return [HEAD_FILE, *(f"{name}.{form}" for name in tables for form in ("csv", "parquet"))]


def _write_head(head: Mapping[str, str], folder: Path) -> None:
    lines = [f"{key} = {_quote(str(value))}" for key, value in head.items()]
    (folder / HEAD_FILE).write_text("\n".join([*lines, ""]), encoding="utf-8", newline="")


def _quote(text: str) -> str:
    """Return a text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def table_to_csv(frame: pd.DataFrame) -> str:
    r"""Return a table in machine format: point, no grouping, blank for unknown, LF.

    Example
    -------
    >>> import pandas as pd
    >>> table_to_csv(pd.DataFrame({"node": ["logic", "memory"], "share": [0.5, None]}))
    'node,share\nlogic,0.5\nmemory,\n'
    """
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(frame.columns)
    columns = [[format_cell(cell) for cell in column_values(frame[name])] for name in frame.columns]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def column_values(column: pd.Series) -> list[Any]:
    """Return the cells of a column as plain Python values, None where unknown."""
    cells = (cell.item() if isinstance(cell, np.generic) else cell for cell in column.tolist())
    return [None if missing else cell for cell, missing in zip(cells, column.isna(), strict=True)]


def format_cell(cell: object) -> str:
    """Return a cell as machine text that reads back as the same value.

    Example
    -------
    >>> format_cell(1500000000.0), format_cell(0.12), format_cell(None)
    ('1500000000', '0.12', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < MOST_SPOKEN:
        return str(int(cell))
    return str(cell)
