"""Read a Parquet file as a `RawTable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pondasi.errors import Place
from pondasi.tables.raw import RawPack, say_error, shape_columns

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError)
"""What the library raises on a file that is cut off, damaged, or holds times that no calendar has."""


def read_parquet(pack: RawPack, file: Path) -> None:
    """Read ``file`` into the pack, or note why it cannot be read."""
    table = file.stem
    try:
        with pq.ParquetFile(file) as source:
            found = source.read()
        columns = [(name, found.column(number).to_pylist()) for number, name in enumerate(found.column_names)]
    except BROKEN as error:
        pack.add("parquet_broken", Place(file.name), table=table, reason=say_error(error))
        return
    if not columns:
        pack.add("table_empty", Place(file.name), table=table)
        return
    pack.tables[table] = shape_columns(pack, table, file.name, columns, found.num_rows)
