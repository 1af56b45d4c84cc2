"""Write tables as one Excel workbook: a sheet per table, units row, drop-downs and notes.

The same function makes the empty template, so a template and a saved pack cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from pondasi.places import ROW, load_countries
from pondasi.tables.cells import empty_frame
from pondasi.tables.dictionary import Column, Dictionary, load_dictionary
from pondasi.tables.excel_read import README
from pondasi.tables.excel_shape import fit_rows, print_wide
from pondasi.tables.numbers import LOCALES
from pondasi.tables.raw import UNITS_MARK, column_letter
from pondasi.tables.text import escape_text
from pondasi.tables.write import column_values, format_cell, replace_file
from pondasi.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

TEMPLATE_TABLES = ("nodes", "links", "variants", "shares", "traits", "sources")
HEAD_KEYS = ("id", "version", "locale", "kind", "country", "title_en", "title_id", "title_ja", "licence", "currency")
"""What a pack may say of itself, with a note in the words; the first three stand in every workbook."""
HEAD_ROWS = 2
"""Rows over the content of a sheet: names and units."""
TEMPLATE_ROWS = 2000
"""Rows of a sheet, beyond its content, that drop-downs cover."""
KEY_FILL, REQUIRED_FILL, OPTIONAL_FILL, UNIT_FILL = "1B1B1E", "0072B2", "6B7280", "EEF1F4"
AUTHOR = "Pondasi"
LISTS = "_lists"
COUNTRIES = "country"
WIDTHS = {"text": 36, "references": 24, "url": 30, "number": 16, "year": 10}
FORMATS = {"year": "0", "fraction": "0.0###", "USD/year": "#,##0"}
"""How numbers of a unit are shown; the cell keeps every digit."""


def save_template(
    path: str | Path,
    language: str = "en",
    tables: Sequence[str] = TEMPLATE_TABLES,
    head: Mapping[str, str] | None = None,
) -> None:
    """Write an empty workbook, with texts in ``language``: by default for the six tables of a chain.

    Parameters
    ----------
    path
        The workbook.
    language
        Language of its texts.
    tables
        Names of the tables of the dictionary that get a sheet.
    head
        What else the README sheet says of the pack, beside id, version and locale.
    """
    dictionary = load_dictionary()
    frames = {name: empty_frame(dictionary.tables[name]) for name in tables}
    save_workbook(frames, {"id": "", "version": "", "locale": "machine", **(head or {})}, path, language)


def save_workbook(
    tables: Mapping[str, pd.DataFrame], head: Mapping[str, str], path: str | Path, language: str = "en"
) -> None:
    """Write tables as a workbook; an interrupted write leaves what was there.

    Parameters
    ----------
    tables
        Tables of the dictionary, by name; their columns are written in its order.
    head
        What the pack says of itself: id, version, locale and so on.
    path
        The workbook; an existing one is replaced when the new one is whole.
    language
        Language of the README sheet and of the notes on the columns.
    """
    dictionary, words = load_dictionary(), Words(language)
    columns = {name: dictionary.tables[name] for name in tables}
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    _write_readme(book.create_sheet(README), head, words, columns)
    sheets = {name: book.create_sheet(name) for name in tables}
    choices = _write_lists(book, dictionary, columns) | _range_keys(tables, columns)
    for name, frame in tables.items():
        _write_sheet(sheets[name], frame, columns[name], choices, words)
    with replace_file(path) as temporary:
        book.save(temporary)


def _write_readme(
    sheet: Worksheet, head: Mapping[str, str], words: Words, columns: Mapping[str, Mapping[str, Column]]
) -> None:
    sheet.append([words.say("template.case.title" if head.get("kind") == "case" else "template.title")])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([words.say("template.fill_below")])
    for key in dict.fromkeys((*HEAD_KEYS[:3], *head)):
        note = words.say(f"template.head.{key}") if key in HEAD_KEYS else None
        sheet.append([key, head.get(key) or None, note])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
        if key == "locale":
            _add_choice(sheet, f"B{sheet.max_row}", '"' + ",".join(LOCALES) + '"')
    sheet.append([])
    for line in words.say("template.how").splitlines():
        sheet.append([None, line])
    sheet.append([])
    for name in columns:
        sheet.append([None, words.say(f"table.{name}"), words.say("template.columns", n=len(columns[name]))])
        link = sheet.cell(sheet.max_row, 2)
        link.hyperlink = f"#'{name}'!A1"
        link.font = Font(underline="single", color=REQUIRED_FILL)
    for letter, width in {"A": 14, "B": 72, "C": 60}.items():
        sheet.column_dimensions[letter].width = width
    fit_rows(sheet, 3, sheet.max_row)
    print_wide(sheet)


def _write_lists(book: Workbook, dictionary: Dictionary, columns: Mapping[str, Mapping[str, Column]]) -> dict[str, str]:
    """Write every code list to a hidden sheet and return list name -> its range."""
    lists: dict[str, Sequence[str]] = {COUNTRIES: (*load_countries(), ROW)}
    for table in columns.values():
        for column in table.values():
            if column.type == "code":
                lists[column.codes or column.name] = dictionary.allowed(column)
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    ranges = {}
    for number, (name, codes) in enumerate(lists.items(), start=1):
        for row, code in enumerate((name, *codes), start=1):
            sheet.cell(row, number).value = code
        ranges[name] = _range(LISTS, number, 2, len(codes) + 1)
    return ranges


def _range_keys(tables: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, Column]]) -> dict[str, str]:
    """Return 'table.column' -> the range that a reference to it may choose from."""
    return {
        f"{name}.{column}": _range(name, number, HEAD_ROWS + 1, _last_row(frame))
        for name, frame in tables.items()
        for number, column in enumerate(columns[name], start=1)
    }


def _range(sheet: str, number: int, first: int, last: int) -> str:
    letter = column_letter(number)
    return f"{sheet}!${letter}${first}:${letter}${last}"


def _last_row(frame: pd.DataFrame) -> int:
    return HEAD_ROWS + len(frame) + TEMPLATE_ROWS


def _write_sheet(
    sheet: Worksheet, frame: pd.DataFrame, columns: Mapping[str, Column], choices: Mapping[str, str], words: Words
) -> None:
    for number, column in enumerate(columns.values(), start=1):
        letter = column_letter(number)
        _write_head(sheet, number, column, words)
        sheet.column_dimensions[letter].width = WIDTHS.get(column.type, 20)
        for row, value in enumerate(column_values(frame[column.name]), start=HEAD_ROWS + 1):
            if value is not None:
                _write_cell(sheet.cell(row, number), value, column)
        _restrict(sheet, f"{letter}{HEAD_ROWS + 1}:{letter}{_last_row(frame)}", column, choices)
    sheet.freeze_panes = "B3"
    sheet.auto_filter.ref = f"A1:{column_letter(len(columns))}{len(frame) + HEAD_ROWS}"
    sheet.row_dimensions[1].height = 20


def _write_head(sheet: Worksheet, number: int, column: Column, words: Words) -> None:
    """Write the name of a column, with its note, and its unit."""
    head = sheet.cell(1, number)
    head.value = column.name
    fill = KEY_FILL if column.key and column.required else REQUIRED_FILL if column.required else OPTIONAL_FILL
    head.fill = PatternFill("solid", fgColor=fill)
    head.font = Font(bold=True, color="FFFFFF")
    head.alignment = Alignment(vertical="center")
    head.comment = Comment(_note(column, words), AUTHOR, width=320, height=140)
    unit = sheet.cell(HEAD_ROWS, number)
    unit.value = UNITS_MARK if number == 1 else (column.unit or column.type)
    unit.fill = PatternFill("solid", fgColor=UNIT_FILL)
    unit.font = Font(italic=True, color="4B5563")


def _note(column: Column, words: Words) -> str:
    lines = [column.meaning[words.language]]
    if column.unit:
        lines.append(words.say("template.unit", unit=column.unit))
    if column.type == "number" and column.low is not None and column.high is not None:
        lines.append(words.say("template.range", low=column.low, high=column.high))
    lines.append(words.say("template.required" if column.required else "template.optional"))
    return "\n".join(lines)


def _write_cell(cell: Cell | Any, value: Any, column: Column) -> None:  # noqa: ANN401 - text or number
    if column.numeric:
        cell.value = value
        cell.number_format = FORMATS.get(column.unit or "", "General")
    else:
        cell.value = escape_text(value)
        cell.data_type = "s"  # a text that begins with '=' stays a text


def _restrict(sheet: Worksheet, area: str, column: Column, choices: Mapping[str, str]) -> None:
    """Offer a drop-down or a range of numbers; what does not fit is warned of, since `check` decides."""
    if column.type == "country":
        _add_choice(sheet, area, choices[COUNTRIES])
    elif column.type == "code":
        _add_choice(sheet, area, choices[column.codes or column.name])
    elif column.type == "reference" and column.codes is not None and column.codes in choices:
        _add_choice(sheet, area, choices[column.codes])
    elif column.type == "number" and column.low is not None and column.high is not None:
        low, high = format_cell(column.low), format_cell(column.high)
        _add_rule(sheet, area, DataValidation(type="decimal", operator="between", formula1=low, formula2=high))


def _add_choice(sheet: Worksheet, area: str, source: str) -> None:
    _add_rule(sheet, area, DataValidation(type="list", formula1=source))


def _add_rule(sheet: Worksheet, area: str, rule: DataValidation) -> None:
    rule.allow_blank = True
    rule.showErrorMessage = True
    rule.errorStyle = "warning"
    sheet.add_data_validation(rule)
    rule.add(area)
