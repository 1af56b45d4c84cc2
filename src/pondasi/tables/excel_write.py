"""Write tables as one Excel workbook: a sheet per table, units row, drop-downs and notes.

The same function makes the empty template, so a template and a saved pack cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.tables.cells import empty_frame
from pondasi.tables.dictionary import Column, Dictionary, load_dictionary
from pondasi.tables.excel_read import README, UNITS_MARK
from pondasi.tables.write import column_values, replace_file
from pondasi.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HEAD_ROWS = 2
TEMPLATE_ROWS = 2000
"""Rows of a sheet, beyond its content, that drop-downs cover."""
KEY_FILL, REQUIRED_FILL, OPTIONAL_FILL, UNIT_FILL = "1B1B1E", "0072B2", "6B7280", "EEF1F4"
LISTS = "_lists"
WIDTHS = {"text": 36, "references": 24, "url": 30, "number": 16, "year": 10}


def save_template(path: str | Path, language: str = "en") -> None:
    """Write an empty workbook for the six tables of a chain."""
    dictionary = load_dictionary()
    names = ("nodes", "links", "variants", "shares", "traits", "sources")
    tables = {name: empty_frame(dictionary.tables[name]) for name in names}
    save_workbook(tables, {"id": "", "version": "", "locale": "machine"}, path, language)


def save_workbook(tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], path: str | Path, language: str = "en") -> None:
    """Write tables as a workbook; an interrupted write leaves what was there."""
    import openpyxl

    dictionary, words = load_dictionary(), Words(language)
    book = openpyxl.Workbook()
    book.remove(book.active)
    _write_readme(book.create_sheet(README), head, words, dictionary, tuple(tables))
    lists = _write_lists(book, dictionary, tuple(tables))
    for name, frame in tables.items():
        _write_sheet(book.create_sheet(name), frame, dictionary.tables[name], lists, words)
    book.move_sheet(LISTS, len(tables))
    book[LISTS].sheet_state = "hidden"
    book.active = 0
    with replace_file(path) as temporary:
        book.save(temporary)


def _write_readme(sheet: Worksheet, head: Mapping[str, str], words: Words, dictionary: Dictionary, names: tuple[str, ...]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    from pondasi.tables.numbers import LOCALES

    sheet.append([words.say("template.title")])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([words.say("template.fill_below")])
    for key in ("id", "version", "locale"):
        sheet.append([key, head.get(key, ""), words.say(f"template.head.{key}")])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
        if not head.get(key):
            sheet.cell(sheet.max_row, 2).value = None
        if key == "locale":
            choice = DataValidation(type="list", formula1='"' + ",".join(LOCALES) + '"', allow_blank=False)
            sheet.add_data_validation(choice)
            choice.add(f"B{sheet.max_row}")
    sheet.append([])
    for line in words.say("template.how").splitlines():
        sheet.append(["", line])
    sheet.append([])
    for name in names:
        sheet.append(["", words.say(f"table.{name}"), words.say("template.columns", n=len(dictionary.tables[name]))])
        sheet.cell(sheet.max_row, 2).hyperlink = f"#'{name}'!A1"
        sheet.cell(sheet.max_row, 2).font = Font(underline="single", color="0072B2")
    for column, width in {"A": 14, "B": 72, "C": 60}.items():
        sheet.column_dimensions[column].width = width
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write_lists(book: Workbook, dictionary: Dictionary, names: tuple[str, ...]) -> Mapping[str, str]:
    """Write every code list to a hidden sheet and return list name -> its range."""
    from openpyxl.utils import get_column_letter

    from pondasi.places import ROW, load_countries

    sheet = book.create_sheet(LISTS)
    lists: dict[str, tuple[str, ...]] = {"country": (*load_countries(), ROW)}
    for name in names:
        for column in dictionary.tables[name].values():
            if column.type == "code":
                lists[column.codes or column.name] = dictionary.allowed(column)
    ranges = {}
    for number, (name, codes) in enumerate(lists.items(), start=1):
        letter = get_column_letter(number)
        for row, code in enumerate((name, *codes), start=1):
            sheet.cell(row, number, code)
        ranges[name] = f"{LISTS}!${letter}$2:${letter}${len(codes) + 1}"
    return ranges


def _write_sheet(sheet: Worksheet, frame: pd.DataFrame, columns: Mapping[str, Column], lists: Mapping[str, str], words: Words) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    last = len(frame) + HEAD_ROWS + TEMPLATE_ROWS
    for number, column in enumerate(columns.values(), start=1):
        letter = get_column_letter(number)
        head = sheet.cell(1, number, column.name)
        fill = KEY_FILL if column.key and column.required else REQUIRED_FILL if column.required else OPTIONAL_FILL
        head.fill = PatternFill("solid", fgColor=fill)
        head.font = Font(bold=True, color="FFFFFF")
        head.comment = Comment(_note(column, words), "Pondasi", width=320, height=140)
        unit = sheet.cell(2, number, UNITS_MARK if number == 1 else (column.unit or column.type))
        unit.fill = PatternFill("solid", fgColor=UNIT_FILL)
        unit.font = Font(italic=True, color="4B5563")
        sheet.column_dimensions[letter].width = WIDTHS.get(column.type, 20)
        _write_column(sheet, number, column, column_values(frame[column.name]))
        _add_choice(sheet, f"{letter}{HEAD_ROWS + 1}:{letter}{last}", column, lists)
    sheet.freeze_panes = "B3"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(len(frame) + HEAD_ROWS, HEAD_ROWS)}"
    sheet.row_dimensions[1].height = 20
    for cell in sheet[1]:
        cell.alignment = Alignment(vertical="center")


def _write_column(sheet: Worksheet, number: int, column: Column, values: list[Any]) -> None:
    for row, value in enumerate(values, start=HEAD_ROWS + 1):
        if value is None:
            continue
        cell = sheet.cell(row, number)
        if column.numeric:
            cell.value = value
            if column.unit == "fraction":
                cell.number_format = "0.0###"
            elif column.unit == "USD/year":
                cell.number_format = "#,##0"
        else:
            cell.value = _escape(value)
            cell.data_type = "s"  # a text that begins with '=' stays a text
    if column.type == "year":
        for row in range(HEAD_ROWS + 1, HEAD_ROWS + 1 + len(values)):
            sheet.cell(row, number).number_format = "0"


def _escape(text: str) -> str:
    return text


def _add_choice(sheet: Worksheet, area: str, column: Column, lists: Mapping[str, str]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    formula = None
    if column.type == "code":
        formula = lists[column.codes or column.name]
    elif column.type == "country":
        formula = lists["country"]
    elif column.type == "reference" and column.codes:
        table, _ = column.codes.split(".")
        formula = f"{table}!$A${HEAD_ROWS + 1}:$A${HEAD_ROWS + TEMPLATE_ROWS}"
    if formula:
        choice = DataValidation(type="list", formula1=formula, allow_blank=not column.required, showErrorMessage=True)
    elif column.type == "number" and column.low is not None and column.high is not None:
        choice = DataValidation(type="decimal", operator="between", formula1=f"{column.low:g}", formula2=f"{column.high:g}", allow_blank=True)
    else:
        return
    choice.errorStyle = "warning"
    sheet.add_data_validation(choice)
    choice.add(area)


def _note(column: Column, words: Words) -> str:
    lines = [column.meaning[words.language] or column.meaning["en"]]
    if column.unit:
        lines.append(words.say("template.unit", unit=column.unit))
    if column.low is not None and column.high is not None:
        lines.append(words.say("template.range", low=column.low, high=column.high))
    lines.append(words.say("template.required" if column.required else "template.optional"))
    return "\n".join(lines)
