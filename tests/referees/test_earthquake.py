"""The example of docs/model/stress-tables.md is what the program makes of the world's table of 2010 (needs ../shared)."""

from pathlib import Path

import pytest

from benchmarks import earthquake_2011

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model" / "stress-tables.md"


@pytest.mark.referee
def test_the_page_shows_what_comes_out(shared):
    shared("data/wiod_2009_2011/wiod_2010.npz")
    assert earthquake_2011.make_page() in PAGE.read_text(encoding="utf-8")


@pytest.mark.referee
def test_the_table_is_closed_with_little_change(shared):
    shared("data/wiod_2009_2011/wiod_2010.npz")
    table = earthquake_2011.world_of_2010()
    assert table.Z.shape == (1435, 1435)
    assert table.imbalance == 0
    assert (table.value_added >= 0).all()
