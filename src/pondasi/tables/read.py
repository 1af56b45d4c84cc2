"""Find out what a path holds and read it as a `RawPack`: folder of CSV, folder of Parquet, workbook."""

from __future__ import annotations

import csv
import tomllib
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from pondasi.errors import Place
from pondasi.tables.dictionary import Dictionary, load_dictionary
from pondasi.tables.numbers import LOCALES
from pondasi.tables.raw import MAX_BYTES, RawPack, RawTable, shape_table

HEAD_FILE = "pack.toml"
DELIMITERS = {",": ",", ";": ";", "\t": "tab"}


def read_pack(path: str | Path, dictionary: Dictionary | None = None) -> RawPack:
    """Read every table found at ``path``, noting what cannot be read.

    Parameters
    ----------
    path
        A folder of ``<table>.csv`` or ``<table>.parquet`` files with an optional ``pack.toml``, or
        an ``.xlsx`` workbook with a sheet per table.
    dictionary
        Tables to look for; the shipped one by default.
    """
    dictionary = dictionary or load_dictionary()
    path = Path(path)
    pack = RawPack(path.name, "none")
    if not path.exists():
        pack.add("path_missing", Place(str(path)))
    elif path.is_dir():
        _read_folder(pack, path, dictionary)
    elif path.suffix.lower() in {".xlsx", ".xlsm"}:
        from pondasi.tables.excel_read import read_workbook

        read_workbook(pack, path, dictionary)
    else:
        pack.add("path_form_unknown", Place(path.name), value=path.suffix)
    _check_head(pack)
    return pack


def _read_folder(pack: RawPack, folder: Path, dictionary: Dictionary) -> None:
    _read_head(pack, folder / HEAD_FILE)
    files = sorted(item for item in folder.iterdir() if item.is_file())
    found = {item.stem: item for item in files if item.suffix.lower() in {".csv", ".parquet"}}
    if not found:
        pack.add("folder_without_tables", Place(folder.name))
        return
    pack.form = "parquet" if all(item.suffix.lower() == ".parquet" for item in found.values()) else "csv"
    for item in files:
        if item.stem in dictionary.tables and found.get(item.stem) == item:
            read = _read_parquet if item.suffix.lower() == ".parquet" else _read_csv
            read(pack, item, dictionary)
        elif item.stem in found and found[item.stem] != item and item.suffix.lower() in {".csv", ".parquet"}:
            pack.add("table_in_two_forms", Place(item.name), table=item.stem)
        elif item.suffix.lower() in {".csv", ".parquet"}:
            name_unknown_table(pack, item.stem, Place(item.name), dictionary)


def name_unknown_table(pack: RawPack, name: str, place: Place, dictionary: Dictionary) -> None:
    """Note a file or sheet that is no table; an error when it looks like a misspelt one."""
    near = get_close_matches(name.casefold(), dictionary.tables, n=1, cutoff=0.7)
    if near:
        pack.add("table_misspelt", place, value=name, guess=near[0])
    else:
        pack.add("table_unknown", place, value=name, level="warning", known=", ".join(dictionary.tables))


def _read_head(pack: RawPack, file: Path) -> None:
    if not file.exists():
        return
    try:
        pack.head = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        pack.add("head_unreadable", Place(file.name), reason=str(error))


def _check_head(pack: RawPack) -> None:
    place = Place(HEAD_FILE) if pack.form != "excel" else Place(pack.file, "README")
    locale = pack.head.get("locale", "machine")
    if locale not in LOCALES:
        near = get_close_matches(str(locale), LOCALES, n=1, cutoff=0.4)
        pack.add("locale_unknown", place, value=locale, known=", ".join(LOCALES), guess=near[0] if near else "machine")
    delimiter = pack.head.get("delimiter", ",")
    if delimiter not in DELIMITERS:
        pack.add("delimiter_unknown", place, value=delimiter)


def _read_csv(pack: RawPack, file: Path, dictionary: Dictionary) -> None:
    place = Place(file.name)
    if file.stat().st_size > MAX_BYTES:
        pack.add("file_too_large", place, table=file.stem, megabytes=file.stat().st_size // 1_000_000, limit=MAX_BYTES // 1_000_000)
        return
    text = _decode(pack, file)
    if text is None:
        return
    if not text.strip():
        pack.add("table_empty", place, table=file.stem)
        return
    delimiter = pack.head.get("delimiter", ",")
    first = text.split("\n", 1)[0]
    used = max(DELIMITERS, key=first.count)
    if used != delimiter and first.count(used) > first.count(delimiter):
        pack.add("csv_delimiter", place, table=file.stem, value=DELIMITERS[used], declared=DELIMITERS.get(delimiter, delimiter))
        return
    body: list[tuple[int, list[Any]]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            body.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        pack.add("csv_broken", Place(file.name, None, line), table=file.stem, reason=str(error))
        return
    start = next(index for index, (_, cells) in enumerate(body) if any(cell.strip() for cell in cells))
    pack.tables[file.stem] = shape_table(pack, file.stem, file.name, None, body[start][1], body[start][0], body[start + 1 :])


def _decode(pack: RawPack, file: Path) -> str | None:
    data = file.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        pack.add("csv_encoding", Place(file.name), table=file.stem, guess="UTF-16")
        return None
    if b"\x00" in data:
        pack.add("csv_binary", Place(file.name), table=file.stem)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        guess = "Windows-1252"
        try:
            data.decode("cp932")
            guess = "Shift-JIS"
        except UnicodeDecodeError:
            pass
        line = data.count(b"\n", 0, error.start) + 1
        pack.add("csv_encoding", Place(file.name, None, line), table=file.stem, guess=guess)
        return None


def _read_parquet(pack: RawPack, file: Path, dictionary: Dictionary) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        pack.add("parquet_broken", Place(file.name), table=file.stem, reason=str(error).splitlines()[0])
        return
    cells = {name: frame.column(name).to_pylist() for name in frame.column_names}
    pack.tables[file.stem] = RawTable(file.stem, file.name, None, list(cells), cells, list(range(1, frame.num_rows + 1)))
