"""Find out what a path holds and read it as a `RawPack`: folder of CSV, folder of Parquet, workbook."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pondasi.errors import Place
from pondasi.tables.csv_read import DELIMITERS, read_csv
from pondasi.tables.dictionary import Dictionary, load_dictionary
from pondasi.tables.numbers import LOCALES
from pondasi.tables.raw import RawPack, name_unknown_table, say_error
from pondasi.tables.text import suggest

HEAD_FILE = "pack.toml"
IDENTITY = ("id", "version")
WORKBOOKS = {".xlsx", ".xlsm"}
_IDENTITY = re.compile(r"[A-Za-z0-9._\-]*")


def read_pack(path: str | Path, dictionary: Dictionary | None = None, *, head_file: str = HEAD_FILE) -> RawPack:
    """Read every table found at ``path``, noting what cannot be read.

    Parameters
    ----------
    path
        A folder of ``<table>.csv`` or ``<table>.parquet`` files with an optional ``pack.toml``, or
        an ``.xlsx`` workbook with a sheet per table.
    dictionary
        Tables to look for; the shipped one by default.
    head_file
        The file of a folder that says what it is.

    Example
    -------
    >>> [problem.key for problem in read_pack("no such folder").problems]
    ['path_missing']
    """
    dictionary = dictionary or load_dictionary()
    path = Path(path)
    pack = RawPack(path.name or str(path), "none")
    try:
        if path.is_dir():
            _read_folder(pack, path, dictionary, head_file)
        elif not path.exists():
            pack.add("path_missing", Place(str(path)), value=path)
        elif path.suffix.lower() in WORKBOOKS:
            _read_workbook(pack, path, dictionary)
        else:
            pack.add("path_form_unknown", Place(path.name), value=path.name)
    except (OSError, ValueError) as error:  # no right to read it, a broken disk, a name that cannot be
        pack.add("path_unreadable", Place(str(path)), reason=say_error(error))
    return pack


def _read_workbook(pack: RawPack, path: Path, dictionary: Dictionary) -> None:
    from pondasi.tables.excel_read import README, open_workbook, read_sheets

    pack.form = "excel"
    book = open_workbook(pack, path)
    if book is not None:
        _check_head(pack, Place(path.name, README))
        read_sheets(pack, path.name, book, dictionary)


def _read_folder(pack: RawPack, folder: Path, dictionary: Dictionary, head_file: str) -> None:
    head = folder / head_file
    if head.exists():
        _read_head(pack, head)
    _check_head(pack, Place(head_file))
    files = sorted(item for item in folder.iterdir() if item.is_file())
    tables = [item for item in files if item.suffix.lower() in {".csv", ".parquet"}]
    pack.form = "parquet" if tables and all(item.suffix.lower() == ".parquet" for item in tables) else "csv"
    stems = [item.stem for item in tables]
    for item in files:
        if item not in tables:
            _name_passed_over(pack, item, dictionary)
        elif item.stem not in dictionary.tables:
            name_unknown_table(pack, item.stem, Place(item.name), dictionary, stems)
        elif item.stem in pack.found:
            pack.add("table_twice", Place(item.name), table=item.stem)
        else:
            pack.found.add(item.stem)
            _read_table(pack, item)
    if not pack.found:
        pack.add("folder_without_tables", Place(folder.name))


def _read_table(pack: RawPack, file: Path) -> None:
    try:
        if file.suffix.lower() == ".csv":
            delimiter = pack.head.get("delimiter", ",")
            if delimiter in DELIMITERS:
                read_csv(pack, file, delimiter)
        else:
            from pondasi.tables.parquet_read import read_parquet

            read_parquet(pack, file)
    except OSError as error:
        pack.add("path_unreadable", Place(file.name), table=file.stem, reason=say_error(error))


def _name_passed_over(pack: RawPack, file: Path, dictionary: Dictionary) -> None:
    """Note a file that seems to be a table in a form that is not read, such as nodes.csv.txt."""
    if file.name.split(".")[0] in dictionary.tables:
        pack.add("file_passed_over", Place(file.name), value=file.name, level="warning")


def _read_head(pack: RawPack, file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8-sig")
        pack.head = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        pack.add("head_unreadable", Place(file.name), reason=say_error(error))
        return
    for row, line in enumerate(text.splitlines(), start=1):
        if match := re.match(r"\s*([A-Za-z0-9_]+)\s*=", line):
            pack.head_rows.setdefault(match[1], row)


def _check_head(pack: RawPack, place: Place) -> None:
    """Check what the head says, and take only what is known from it."""
    locale = pack.head.get("locale", "machine")
    pack.locale = next((name for name in LOCALES if name == locale), None)
    if pack.locale is None:
        near = suggest(str(locale), LOCALES, 0.4) or "machine"
        pack.add(
            "locale_unknown", _head_place(pack, place, "locale"), value=locale, known=", ".join(LOCALES), guess=near
        )
    delimiter = pack.head.get("delimiter", ",")
    if delimiter not in DELIMITERS:
        pack.add("delimiter_unknown", _head_place(pack, place, "delimiter"), value=delimiter)
    check_identity(pack, place)


def check_identity(pack: RawPack, place: Place) -> None:
    """Note an id or version of the pack that could not stand in a file name."""
    for key in IDENTITY:
        value = pack.head.get(key, "")
        if not _IDENTITY.fullmatch(str(value)):
            pack.add("head_value", _head_place(pack, place, key), value=value, key=key)


def _head_place(pack: RawPack, place: Place, key: str) -> Place:
    return Place(place.file, place.sheet, pack.head_rows.get(key), key)
