"""The annex of a brief: one workbook with the numbers behind every chart, and their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.tables.excel_shape import fit_rows, print_wide
from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from pondasi.report.blocks import Cell, Chart
    from pondasi.report.brief import Brief
    from pondasi.words import Words

WIDTH_STATEMENT, WIDTH_TEXT, WIDTH_NUMBER = 100, 40, 14
FORMATS = {"fraction": "0.0%", "USD/year": "#,##0", "index": "0.00", "count": "0"}
SHEET_NAME = 31
"""Longest name of a sheet that a spreadsheet allows."""


def write_annex(brief: Brief, words: Words, path: str | Path) -> None:
    """Write the workbook: statements, a sheet per chart, the figures of the text, sources.

    Every figure stands as a number with its interval, grade and sources in columns of their own, so that
    it can be filtered and computed with.
    """
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    first = book.create_sheet(_name(words.say("annex.statements")))
    first.append([brief.title])
    first["A1"].font = Font(bold=True, size=14)
    first.append([brief.subtitle])
    first.append([])
    first.append([words.say("annex.statement"), words.say("annex.grade")])
    for head in brief.headlines:
        first.append([head.text, words.say(f"grade.{head.grade}")])
    for section in brief.sections:
        for statement in section.statements:
            first.append([statement.text, words.say(f"grade.{statement.grade}")])
    first.append([])
    for key, value in brief.manifest.items():
        first.append([f"{words.say(f'manifest.{key}')}: {value}"])
    _shape(first, 4)
    first.column_dimensions["A"].width = WIDTH_STATEMENT
    fit_rows(first, 5, first.max_row)
    for section in brief.sections:
        for chart in section.blocks:
            _write_chart(book.create_sheet(_name(words.say(f"annex.sheet.{chart.id}"))), chart, words)
    _write_figures(book.create_sheet(_name(words.say("annex.sheet.figures"))), brief, words)
    last = book.create_sheet(_name(words.say("brief.sources_title")))
    last.append([words.say(f"annex.{name}") for name in ("source", "text", "address", "evidence", "confidence")])
    for line in brief.sources:
        last.append([line.id, line.text, line.url, line.evidence, line.confidence])
    _shape(last, 1)
    with replace_file(path) as temporary:
        book.save(temporary)


def _write_figures(sheet: Worksheet, brief: Brief, words: Words) -> None:
    """Write the figures that sentences cite, each with its name, its interval and the rows that weigh most."""
    heads = ("name", "value", "low", "high", "unit", "year", "grade", "how", "rests_on", "sources")
    sheet.append([words.say(f"figure.column.{name}") for name in heads])
    for line in brief.figures:
        figure = line.explanation.figure
        unit = "" if figure.unit == "year" else figure.unit
        rests_on = " | ".join(step.place for step in line.explanation.steps)
        grade, how = words.say(f"grade.{figure.grade}"), words.say(f"figure.how.{line.kind}")
        values = [figure.value, figure.low, figure.high, unit, figure.year]
        sheet.append([line.place, *values, grade, how, rests_on, " | ".join(figure.sources)])
        for column in (2, 3, 4):
            sheet.cell(sheet.max_row, column).number_format = FORMATS.get(figure.unit, "General")
    _shape(sheet, 1)


def _write_chart(sheet: Worksheet, chart: Chart, words: Words) -> None:
    from openpyxl.styles import Font

    sheet.append([chart.title])
    sheet["A1"].font = Font(bold=True, size=12)
    sheet.append([chart.subtitle])
    sheet.append([chart.caption])
    kinds = [_kind(column) for column in zip(*chart.table.rows, strict=True)]
    heads: list[str] = []
    for name, kind in zip(chart.table.columns, kinds, strict=True):
        heads.append(name)
        if kind in {"interval", "graded"}:
            heads += [words.say("annex.low"), words.say("annex.high")]
        if kind == "graded":
            heads += [words.say("annex.grade"), words.say("annex.sources")]
    sheet.append(heads)
    for number, row in enumerate(chart.table.rows, start=5):
        column = 1
        for cell, kind in zip(row, kinds, strict=True):
            column = _write_cell(sheet, number, column, cell, kind, words)
    _shape(sheet, 4)


def _kind(cells: tuple[Cell, ...]) -> str:
    """Return how many columns of the sheet a column of the table needs."""
    figures = [cell.figure for cell in cells if cell.figure is not None]
    if not figures:
        return "text"
    if any(cell.graded for cell in cells):
        return "graded"
    return "interval" if any(figure.low is not None for figure in figures) else "number"


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell, kind: str, words: Words) -> int:
    """Write a cell of the table and return the next free column."""
    figure = cell.figure
    if figure is None or figure.value is None:
        sheet.cell(row, column, cell.text)
        return column + {"text": 1, "number": 1, "interval": 3, "graded": 5}[kind]
    values: list[float | None] = [figure.value]
    if kind in {"interval", "graded"}:
        values += [figure.low, figure.high]
    for offset, value in enumerate(values):
        if value is not None:
            sheet.cell(row, column + offset, value).number_format = FORMATS.get(figure.unit, "General")
    column += len(values)
    if kind == "graded":
        if cell.graded:
            sheet.cell(row, column, words.say(f"grade.{figure.grade}"))
            sheet.cell(row, column + 1, " | ".join(figure.sources))
        column += 2
    return column


def _shape(sheet: Worksheet, head: int) -> None:
    """Make the head row bold and freeze it; give columns a readable width."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for cell in sheet[head]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = f"B{head + 1}"
    print_wide(sheet)
    for number in range(1, sheet.max_column + 1):
        cells = [sheet.cell(row, number).value for row in range(head, min(sheet.max_row, head + 40) + 1)]
        text = any(isinstance(value, str) and len(value) > WIDTH_NUMBER for value in cells[1:])
        sheet.column_dimensions[get_column_letter(number)].width = WIDTH_TEXT if text or number == 1 else WIDTH_NUMBER
    fit_rows(sheet, head, head)


def _name(text: str) -> str:
    return text[:SHEET_NAME]
