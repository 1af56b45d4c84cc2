"""One cell at a time: what each type of column takes, and what it makes of it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi.chain.load import check_pack
from pondasi.tables.dictionary import Column
from pondasi.tables.raw import CellError, Formula
from pondasi.tables.readers import Outcome, Reader, read_cell
from pondasi.tables.text import (
    drop_invisible,
    escape_text,
    make_id,
    name_control,
    narrow_text,
    suggest,
    tidy_text,
    unescape_text,
)


def read(
    kind: Any, cell: object, low: float | None = None, high: float | None = None, unit: str | None = None
) -> Outcome:
    column = Column("t", "c", kind, unit, required=False, key=False, low=low, high=high, codes=None, meaning={})
    return read_cell(cell, Reader(column, allowed=frozenset({"flow", "capital"})))


MIDNIGHT = dt.datetime(2024, 5, 1)  # noqa: DTZ001 - a spreadsheet knows no time zones


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("number", 3, 3.0),
        ("number", Decimal("0.25"), 0.25),
        ("number", " 0.25 ", 0.25),
        ("year", 2024, 2024),
        ("year", 2024.0, 2024),
        ("year", "２０２４", 2024),
        ("year", Decimal(2024), 2024),
        ("text", 300, "300"),
        ("text", 300.0, "300"),
        ("text", 0.5, "0.5"),
        ("id", "ｗａｆｅｒ＿３００", "wafer_300"),
        ("id", 300.0, "300"),
        ("code", " flow\n", "flow"),
        ("country", "ＪＰＮ", "JPN"),
        ("country", "ROW", "ROW"),
        ("references", "a | b", "a|b"),
        ("references", "a｜b", "a|b"),
        ("countries", "JPN|IDN", "JPN|IDN"),
        ("date", MIDNIGHT, "2024-05-01"),
        ("date", MIDNIGHT.date(), "2024-05-01"),
        ("date", "2024-05", "2024-05"),
        ("date", "2024", "2024"),
        ("url", "https://例え.jp/a?b=1", "https://例え.jp/a?b=1"),
    ],
)
def test_what_is_read(kind: str, cell: object, value: object) -> None:
    assert read(kind, cell) == Outcome(value)


@pytest.mark.parametrize(
    ("kind", "cell", "key"),
    [
        ("number", 10**400, "number_beyond_range"),
        ("number", float("inf"), "number_beyond_range"),
        ("number", "x", "not_a_number"),
        ("number", True, "cell_is_boolean"),
        ("number", dt.time(12), "cell_is_date"),
        ("number", [1], "cell_kind"),
        ("year", "2024.5", "not_a_year"),
        ("year", "２４年", "not_a_year"),
        ("text", dt.timedelta(1), "cell_is_date"),
        ("text", {"a": 1}, "cell_kind"),
        ("text", Formula("=A1"), "cell_formula"),
        ("text", CellError("#REF!"), "cell_error"),
        ("date", MIDNIGHT.replace(hour=3), "not_a_date"),
        ("date", dt.time(3), "not_a_date"),
        ("date", "2024-02-30", "not_a_date"),
        ("date", "0000", "not_a_date"),
        ("date", 45_000, "not_a_date"),
        ("url", "https://x.org/" + "a" * 32_767, "text_too_long"),
        ("url", "https://x .org", "not_a_url"),
        ("text", "_x0041_" * 4_000, "text_too_long"),
        ("country", "UNKNOWN", "country_unknown"),
    ],
)
def test_what_is_refused(kind: str, cell: object, key: str) -> None:
    outcome = read(kind, cell)
    assert outcome.value is None
    assert outcome.fault is not None
    assert outcome.fault.key == key


@pytest.mark.parametrize(
    ("value", "unit", "key"),
    [
        (-0.1, "fraction", "number_out_of_range"),
        (12, "fraction", "number_out_of_range_percent"),
        (101, "fraction", "number_out_of_range"),
        (2, "weeks", "number_out_of_range"),
    ],
)
def test_a_range_tells_per_cent_from_other_errors(value: float, unit: str, key: str) -> None:
    outcome = read("number", value, 0.0, 1.0, unit)
    assert outcome.fault is not None
    assert outcome.fault.key == key


@given(text=st.text(max_size=20))
def test_tidying_twice_changes_nothing(text: str) -> None:
    for tidy in (tidy_text, narrow_text, lambda text: drop_invisible(tidy_text(text))):
        once = tidy(text)
        assert tidy(once) == once
        assert once == once.strip()


@given(text=st.text(st.sampled_from("_x005FaAf\n0D1")) | st.text())
def test_what_is_escaped_for_a_workbook_comes_back(text: str) -> None:
    assert unescape_text(escape_text(text)) == text or "x005F_" in text


def test_signs_are_named_so_that_they_can_be_looked_up() -> None:
    assert name_control("a\x07b\x00c\x07") == "U+0007, U+0000"
    assert name_control("a_x005F_b") == "x005F_"
    assert (suggest("wafer300", ["wafer_300", "chip"]), suggest("zzz", ["wafer_300"])) == ("wafer_300", "")
    assert [make_id(text) for text in ("Wafer 300", "ウエハ", "ＣＭＰ　Slurry", "--a--")] == [
        "wafer_300",
        "",
        "cmp_slurry",
        "a",
    ]


def test_a_parquet_file_without_columns_is_empty(tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "nodes.parquet")
    assert [problem.key for problem in check_pack(tmp_path).errors] == ["table_empty", "table_missing"]
