"""Read an Excel workbook as a `RawPack`: a sheet per table, and a README sheet with the locale."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pondasi.errors import Place
from pondasi.tables.raw import (
    MAX_BYTES,
    CellError,
    Formula,
    RawPack,
    column_number,
    is_blank,
    name_unknown_table,
    say_error,
    shape_table,
    show_cell,
)
from pondasi.tables.text import unescape_text

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from pondasi.tables.dictionary import Dictionary

README = "README"
MEGA = 1_000_000
MAX_UNPACKED = 4 * MAX_BYTES
"""Bytes that a workbook may hold once it is unpacked."""
MAX_CELLS = 2_000_000
"""Cells of a sheet, the empty ones between its corners included."""
OLD_FORMAT = b"\xd0\xcf\x11\xe0"
"""How an .xls file begins, and any workbook that is locked by a password."""
BROKEN = (
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl and the unpacker raise on a damaged workbook; a fault of ours would show in the tests."""

_AREA = re.compile(
    rb"""<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref=["']([A-Z]+)([0-9]+):(?P<last>([A-Z]+)([0-9]+))["']"""
)


def open_workbook(pack: RawPack, file: Path) -> Workbook | None:
    """Open a workbook and read its head, or note why it cannot be opened."""
    import openpyxl

    size = file.stat().st_size
    place = Place(file.name)
    if size > MAX_BYTES:
        pack.add("file_too_large", place, megabytes=size // MEGA, limit=MAX_BYTES // MEGA)
        return None
    data = file.read_bytes()
    if not _check_container(pack, place, data):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(data), keep_links=False)
    except BROKEN as error:
        pack.add("excel_broken", place, reason=say_error(error))
        return None
    _read_readme(pack, book)
    return book


def read_sheets(pack: RawPack, file: str, book: Workbook, dictionary: Dictionary) -> None:
    """Read every sheet that is a table of the dictionary.

    Sheets whose name begins with ``_`` belong to the template (code lists) and are passed over.
    """
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    for name in book.sheetnames:
        if name.startswith("_") or name == README:
            continue
        if name not in dictionary.tables or name not in sheets:
            name_unknown_table(pack, name, Place(file, name), dictionary, book.sheetnames)
            continue
        pack.found.add(name)
        _read_sheet(pack, file, sheets[name])
    if not pack.found:
        pack.add("excel_without_tables", Place(file))


def _check_container(pack: RawPack, place: Place, data: bytes) -> bool:
    if data.startswith(OLD_FORMAT):
        pack.add("excel_old_or_locked", place)
        return False
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
            if unpacked > MAX_UNPACKED:
                pack.add("file_unpacks_too_large", place, megabytes=unpacked // MEGA, limit=MAX_UNPACKED // MEGA)
                return False
            names = archive.namelist()
            spans = [archive.read(name) for name in names if name.startswith("xl/worksheets/")]
    except BROKEN:
        pack.add("excel_truncated", place)
        return False
    if "[Content_Types].xml" not in names:
        pack.add("excel_no_workbook", place)
        return False
    areas = [match for sheet in spans for match in _AREA.finditer(sheet)]
    if sum(map(_count_cells, areas)) > MAX_CELLS:
        largest = max(areas, key=_count_cells)["last"].decode()
        pack.add("sheet_too_large", place, value=largest, limit=float(MAX_CELLS))
        return False
    return True


def _count_cells(area: re.Match[bytes]) -> int:
    left, top, _, right, bottom = area.groups()
    return (column_number(right.decode()) - column_number(left.decode()) + 1) * (int(bottom) - int(top) + 1)


def _read_readme(pack: RawPack, book: Workbook) -> None:
    """Take the lines 'key, value' of the README sheet as the head of the pack."""
    for sheet in book.worksheets:
        if sheet.title != README or _is_too_large(sheet):
            continue
        for row, cells in enumerate(sheet.iter_rows(max_col=2, values_only=True), start=1):
            key, value = (*cells, None, None)[:2]
            name = show_cell(key)
            if name.isidentifier() and not is_blank(value):
                pack.head.setdefault(name, value.strip() if isinstance(value, str) else value)
                pack.head_rows.setdefault(name, row)


def _read_sheet(pack: RawPack, file: str, sheet: Worksheet) -> None:
    table = sheet.title
    if _is_too_large(sheet):
        corner = sheet.dimensions.rpartition(":")[2]
        pack.add("sheet_too_large", Place(file, table), table=table, value=corner, limit=float(MAX_CELLS))
        return
    body = [(number, [_take(cell) for cell in row]) for number, row in enumerate(sheet.iter_rows(), start=1)]
    raw = shape_table(pack, table, file, table, body)
    if raw is None:
        return
    pack.tables[table] = raw
    header = body[(raw.header_row or 1) - 1][1]
    for area in sheet.merged_cells.ranges:
        names = [show_cell(cell) or None for cell in header[area.min_col - 1 : area.max_col]]
        first, *rest = (
            Place(file, table, row, name) for row in range(area.min_row, area.max_row + 1) for name in names
        )
        pack.add("merged_cells", first, table=table, value=area.coord, others=rest)


def _is_too_large(sheet: Worksheet) -> bool:
    return sheet.max_row * sheet.max_column > MAX_CELLS


def _take(cell: Any) -> Any:  # noqa: ANN401 - a cell holds whatever the user typed
    if cell.data_type == "f":
        return Formula(str(getattr(cell.value, "text", cell.value)))
    if cell.data_type == "e":
        return CellError(str(cell.value))
    return unescape_text(cell.value) if isinstance(cell.value, str) else cell.value
