"""Read an Excel workbook as a `RawPack`: a sheet per table, and a README sheet with the locale."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from pondasi.errors import Place
from pondasi.tables.raw import MAX_BYTES, CellError, Formula, RawPack, is_blank, shape_table
from pondasi.tables.read import name_unknown_table

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from pondasi.tables.dictionary import Dictionary

README = "README"
UNITS_MARK = "#unit"
MAX_UNPACKED = 20 * MAX_BYTES
OLD_FORMAT = b"\xd0\xcf\x11\xe0"


def read_workbook(pack: RawPack, file: Path, dictionary: Dictionary) -> None:
    """Read every sheet that is a table of the dictionary.

    Sheets whose name begins with ``_`` belong to the template (code lists) and are passed over, as is
    a row whose first cell begins with ``#``: the units row, or a remark.
    """
    import openpyxl

    pack.form = "excel"
    if not _check_container(pack, file):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, TypeError, ParseError) as error:
        pack.add("excel_broken", Place(file.name), reason=type(error).__name__)
        return
    if README in book.sheetnames:
        pack.head = _read_readme(book[README])
    for name in book.sheetnames:
        if name.startswith("_") or name == README:
            continue
        if name not in dictionary.tables:
            name_unknown_table(pack, name, Place(file.name, name), dictionary)
            continue
        _read_sheet(pack, file.name, book[name])
    if not pack.tables and not pack.problems:
        pack.add("excel_without_tables", Place(file.name))


def _check_container(pack: RawPack, file: Path) -> bool:
    size = file.stat().st_size
    place = Place(file.name)
    if size > MAX_BYTES:
        pack.add("file_too_large", place, megabytes=size // 1_000_000, limit=MAX_BYTES // 1_000_000)
        return False
    with file.open("rb") as stream:
        start = stream.read(4)
    if start == OLD_FORMAT:
        pack.add("excel_old_or_locked", place)
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, EOFError):
        pack.add("excel_truncated", place)
        return False
    if unpacked > MAX_UNPACKED:
        pack.add("file_too_large", place, megabytes=unpacked // 1_000_000, limit=MAX_UNPACKED // 1_000_000)
        return False
    if "xl/workbook.xml" not in names:
        pack.add("excel_broken", place, reason="xl/workbook.xml")
        return False
    return True


def _read_readme(sheet: Worksheet) -> dict[str, Any]:
    head = {}
    for row in sheet.iter_rows(max_col=2, values_only=True):
        key, value = (*row, None, None)[:2]
        if isinstance(key, str) and key.strip().replace("_", "").isalnum() and value is not None:
            head[key.strip()] = value.strip() if isinstance(value, str) else value
    return head


def _read_sheet(pack: RawPack, file: str, sheet: Worksheet) -> None:
    table = sheet.title
    body = [(number, [_take(cell) for cell in row]) for number, row in enumerate(sheet.iter_rows(), start=1)]
    body = [(number, cells) for number, cells in body if not all(is_blank(cell) for cell in cells)]
    if not body:
        pack.add("table_empty", Place(file, table), table=table)
        return
    header_row, header = body[0]
    for area in sheet.merged_cells.ranges:
        pack.add("merged_cells", Place(file, table, area.min_row, str(header[area.min_col - 1] or "")), table=table, value=area.coord)
    units = None
    rows = []
    for number, cells in body[1:]:
        first = cells[0]
        if isinstance(first, str) and first.startswith("#"):
            if first.strip() == UNITS_MARK:
                units = {str(name).strip(): str(cell).strip() for name, cell in zip(header[1:], cells[1:], strict=False) if name and cell}
            else:
                pack.add("row_is_remark", Place(file, table, number), table=table, value=first, level="note")
            continue
        rows.append((number, cells))
    raw = shape_table(pack, table, file, table, header, header_row, rows)
    raw.units = units
    pack.tables[table] = raw


def _take(cell: Any) -> Any:  # noqa: ANN401 - a cell holds whatever the user typed
    if cell.data_type == "f":
        return Formula(str(cell.value))
    if cell.data_type == "e":
        return CellError(str(cell.value))
    return cell.value
