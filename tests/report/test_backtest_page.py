"""The page of the backtest names every row, compared or not, in three languages."""

import pytest

from pondasi import Words
from pondasi.report.backtest_page import render_backtest, say_score
from pondasi.stress.backtest import Backtest, run_backtest
from pondasi.stress.score_rows import load_score_rows
from pondasi.words import LANGUAGES

SHEET = load_score_rows()


@pytest.fixture(scope="module")
def report() -> Backtest:
    def half(row, _overrides):
        """See half of every loss, and half of a per cent where there was none; times a week late."""
        if row.kind == "timing":
            return {"weeks": row.observed.high + 1}
        lost = row.observed.value / row.scale / 2 or 0.005
        return {"lost": lost, "unbuffered": 0.01 if row.row == "e34_quartz" else 0.5, "low": lost, "high": 3 * lost}

    return run_backtest(half, SHEET)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_is_there_once(language: str, report: Backtest) -> None:
    page = render_backtest(report, SHEET, Words(language))
    for row in SHEET.rows:
        mark = f"| `{row.row}` |" if row.runs else f"- {row.row}"
        assert page.count(mark) == 1, row.row
    widths = {line.count("|") for line in page.splitlines() if line.startswith("| ")}
    assert len(widths) == 1


def test_the_score_is_said_with_its_figures(report: Backtest) -> None:
    text = " ".join(say_score(report, Words("en")))
    assert "The model sees 6 of 6 losses and leaves 8 of 8 nulls alone" in text
    assert "6 of 6 losses lie in the model's 80 % interval; the true rate may be 54 % to 100 %" in text
    assert "a model without any error would reach p = 0.125" in text
    page = render_backtest(report, SHEET, Words("en"))
    assert "Not represented: without stocks" in page
    assert "1.0 weeks off" in page
    assert "cannot be told with so few rows" in page
    assert "E27" in page


def test_a_band_without_width_away_from_the_figure_is_shown() -> None:
    def sure(row, _overrides):
        return {"weeks": 3.0, "low": 3.0, "high": 3.0} if row.kind == "timing" else {
            "lost": 0.5, "unbuffered": 0.5, "low": 0.0, "high": 0.0
        }  # fmt: skip

    page = render_backtest(run_backtest(sure, SHEET), SHEET, Words("en"))
    assert "| 50.0 (0–0) |" in page
    assert "3.00 (" not in page


def test_a_false_alarm_is_called_one() -> None:
    def wolf(row, _overrides):
        return {"weeks": None} if row.kind == "timing" else {"lost": 0.5, "unbuffered": 0.5}

    page = render_backtest(run_backtest(wolf, SHEET), SHEET, Words("en"))
    assert page.count("false alarm") == sum(row.kind == "null" for row in SHEET.rows)
    assert "80 % interval" not in page
