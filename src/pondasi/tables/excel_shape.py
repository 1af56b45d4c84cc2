"""How sheets look: rows as high as their text, pages as wide as the sheet."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LINE = 15.0
"""Height of a line of text in points."""
DEFAULT_WIDTH = 8.43
"""Width of a column whose width nobody set, in characters."""


def fit_rows(sheet: Worksheet, first: int, last: int) -> None:
    """Wrap the text of some rows and make each as high as its longest cell needs.

    Spreadsheet programs do this only when a cell is edited, not when a file is opened.
    """
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for row in range(first, last + 1):
        lines = 1
        for cell in sheet[row]:
            if isinstance(cell.value, str):
                width = sheet.column_dimensions[get_column_letter(cell.column)].width or DEFAULT_WIDTH
                lines = max(lines, sum(_count_lines(part, width) for part in cell.value.split("\n")))
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        if lines > 1:
            sheet.row_dimensions[row].height = LINE * lines


def print_wide(sheet: Worksheet) -> None:
    """Print a sheet in landscape, one page wide."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _count_lines(text: str, width: float) -> int:
    signs = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
    return max(1, math.ceil(signs * 1.1 / width))
