"""The annex holds the numbers behind every chart."""

import openpyxl
import pytest

from pondasi import Words
from pondasi.report.annex import write_annex


@pytest.fixture(scope="module", params=["en", "id", "ja"])
def annex(request, briefs, tmp_path_factory):
    path = tmp_path_factory.mktemp("annex") / "brief.xlsx"
    write_annex(briefs[request.param], Words(request.param), path)
    return briefs[request.param], openpyxl.load_workbook(path)


def test_there_is_a_sheet_per_chart_and_every_row_is_in_it(annex):
    brief, book = annex
    charts = [chart for section in brief.sections for chart in section.blocks]
    assert len(book.sheetnames) == len(charts) + 3
    for chart, sheet in zip(charts, book.worksheets[1:-2], strict=True):
        assert sheet.max_row == 4 + len(chart.table.rows)
        assert sheet["A1"].value == chart.title


def test_figures_are_numbers_with_their_interval_grade_and_sources(annex):
    brief, book = annex
    chart = next(section for section in brief.sections if section.id == "concentration").blocks[0]
    sheet = next(sheet for sheet in book.worksheets if sheet["A1"].value == chart.title)
    first = [cell.value for cell in sheet[5]]
    figure = chart.table.rows[0][3].figure
    assert first[3:6] == [figure.value, figure.low, figure.high]
    assert first[7] == " | ".join(figure.sources)
    assert len([cell.value for cell in sheet[4] if cell.value]) == len([value for value in first if value is not None])


def test_every_figure_of_the_text_stands_there_with_its_rows(annex):
    brief, book = annex
    rows = list(book.worksheets[-2].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [line.place for line in brief.figures]
    for row, line in zip(rows, brief.figures, strict=True):
        figure = line.explanation.figure
        # A workbook keeps 16 digits, one less than a float may need.
        known = [value for value in (figure.value, figure.low, figure.high) if value is not None]
        assert [value for value in row[1:4] if value is not None] == pytest.approx(known, rel=1e-14)


def test_every_source_named_is_listed(annex):
    brief, book = annex
    listed = {row[0] for row in book.worksheets[-1].iter_rows(min_row=2, values_only=True)}
    assert listed == {line.id for line in brief.sources}
