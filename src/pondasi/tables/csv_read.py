"""Read a CSV file as a `RawTable`: UTF-8, one declared delimiter, quotes in order."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from pondasi.errors import Place
from pondasi.tables.raw import MAX_BYTES, RawPack, shape_table

if TYPE_CHECKING:
    from pathlib import Path

DELIMITERS = (",", ";", "\t")
"""Signs that may part cells."""
MEGA = 1_000_000
_KANA = range(0x3041, 0x30FF)


def read_csv(pack: RawPack, file: Path, delimiter: str) -> None:
    """Read ``file`` into the pack, or note why it cannot be read.

    Rows are counted as a spreadsheet shows them: a cell with line ends inside does not count twice.
    """
    table, place = file.stem, Place(file.name)
    size = file.stat().st_size
    if size > MAX_BYTES:
        pack.add("file_too_large", place, table=table, megabytes=size // MEGA, limit=MAX_BYTES // MEGA)
        return
    text = _decode(pack, table, place, file.read_bytes())
    if text is None or not _check_delimiter(pack, table, place, text, delimiter):
        return
    body: list[tuple[int, list[Any]]] = []
    try:
        for cells in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
            body.append((len(body) + 1, cells))
    except csv.Error as error:
        pack.add("csv_broken", Place(file.name, None, len(body) + 1), table=table, reason=str(error))
        return
    raw = shape_table(pack, table, file.name, None, body)
    if raw is not None:
        pack.tables[table] = raw
        if not text.endswith(("\n", "\r")):
            pack.add("csv_without_end", Place(file.name, None, len(body)), table=table, level="note")


def _decode(pack: RawPack, table: str, place: Place, data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        pack.add("csv_encoding", place, table=table, guess="UTF-16")
        return None
    nothing = data.find(b"\x00")
    if nothing >= 0:
        pack.add("csv_binary", Place(place.file, None, _line(data, nothing)), table=table)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = _line(data, error.start)
        pack.add("csv_encoding", Place(place.file, None, row), table=table, guess=_guess_encoding(data))
        return None


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _guess_encoding(data: bytes) -> str:
    """Return the Japanese encoding in which the text would hold kana, else the one of western Windows."""
    for codec, name in (("euc_jp", "EUC-JP"), ("cp932", "Shift-JIS")):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if any(ord(sign) in _KANA for sign in text):
            return name
    return "Windows-1252"


def _check_delimiter(pack: RawPack, table: str, place: Place, text: str, delimiter: str) -> bool:
    """Tell whether the header is parted by the declared delimiter, as far as one can see."""
    header = next((line for line in StringIO(text) if line.strip() and not line.startswith("#")), "")
    used = max(DELIMITERS, key=header.count)
    if header.count(used) <= header.count(delimiter):
        return True
    pack.add("csv_delimiter", place, table=table, value=_show(used), declared=_show(delimiter))
    return False


def _show(delimiter: str) -> str:
    return delimiter.replace("\t", "tab")
