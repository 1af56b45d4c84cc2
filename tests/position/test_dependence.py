"""Dependence of imports: by hand, over years, over thresholds, and where it cannot be told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.errors import UsageError
from pondasi.position.dependence import Thresholds, measure_dependence


def imports_of(rows):
    index = pd.MultiIndex.from_tuples([row[:3] for row in rows], names=["product", "year", "origin"])
    return pd.Series([float(row[3]) for row in rows], index)


def exports_of(rows):
    index = pd.MultiIndex.from_tuples([row[:2] for row in rows], names=["product", "year"])
    return pd.Series([float(row[2]) for row in rows], index)


ROWS = [("gas", 2023, "RUS", 60), ("gas", 2023, "USA", 20), ("gas", 2023, "DEU", 20)]


def test_three_indicators_by_hand():
    """Outside the bloc 60 and 20 of 100: HHI 0.75^2 + 0.25^2, part 0.8, over exports of 50: 1.6."""
    found = measure_dependence(imports_of(ROWS), exports_of([("gas", 2023, 50)]), bloc={"DEU"})
    row = found.indicators.loc[("gas", 2023)]
    assert row[["cdi1", "cdi2", "cdi3"]].astype(float).tolist() == pytest.approx([0.625, 0.8, 1.6])
    assert bool(row["dependent"])
    assert row["robust"] == 1.0, "all three lie more than a fifth above"


def test_without_a_bloc_all_imports_are_from_outside():
    row = measure_dependence(imports_of(ROWS), exports_of([("gas", 2023, 50)])).indicators.iloc[0]
    assert row["cdi2"] == 1.0
    assert row["cdi1"] == pytest.approx(0.36 + 0.04 + 0.04)
    assert 0 < row["robust"] < 1, "0.44 is near to 0.4"


def test_the_thresholds_can_be_moved():
    imports, exports = imports_of(ROWS), exports_of([("gas", 2023, 50)])
    assert not measure_dependence(imports, exports, thresholds=Thresholds(cdi1=0.5)).indicators["dependent"].iloc[0]
    assert measure_dependence(imports, exports, thresholds=Thresholds(cdi1=0.43)).indicators["dependent"].iloc[0]


def test_one_failed_indicator_is_enough_and_an_unknown_one_is_not():
    """Exports that nobody knows leave the question open, unless another indicator says no."""
    open_ = measure_dependence(imports_of(ROWS), exports_of([("gas", 2022, 50)])).indicators.iloc[0]
    assert pd.isna(open_["dependent"])
    assert np.isnan(open_["robust"])
    spread = [("gas", 2023, code, 10) for code in "ABCDEFGH"]
    closed = measure_dependence(imports_of(spread), exports_of([("gas", 2022, 50)])).indicators.iloc[0]
    assert not closed["dependent"]
    assert not pd.isna(closed["dependent"])


def test_an_unknown_import_makes_its_good_and_year_unknown():
    rows = [*ROWS, ("gas", 2023, "QAT", np.nan), ("oil", 2023, "SAU", 5)]
    found = measure_dependence(imports_of(rows), exports_of([("gas", 2023, 50), ("oil", 2023, 1)])).indicators
    assert pd.isna(found.loc[("gas", 2023), "dependent"])
    assert bool(found.loc[("oil", 2023), "dependent"])


def test_who_exports_nothing_depends_without_limit():
    row = measure_dependence(imports_of(ROWS), exports_of([("gas", 2023, 0)])).indicators.iloc[0]
    assert row["cdi3"] == np.inf
    assert bool(row["dependent"])


def test_persistence_over_years():
    rows = [("gas", year, origin, value) for year in (2021, 2022, 2023) for origin, value in (("RUS", 60), ("USA", 20))]
    rows += [("chip", year, origin, 10) for year in (2021, 2022, 2023) for origin in "ABCD"]
    rows += [("chip", 2023, "A", 200)]
    imports = imports_of(rows).groupby(level=[0, 1, 2]).sum()
    exports = exports_of([(product, year, 5) for product in ("gas", "chip") for year in (2021, 2022, 2023)])
    found = measure_dependence(imports, exports)
    assert found.products["flagged"].to_dict() == {"chip": 1, "gas": 3}
    assert found.products["persistent"].to_dict() == {"chip": False, "gas": True}
    assert found.kept == 1.0
    less = measure_dependence(imports, exports, persistent=0.3)
    assert less.products["persistent"].to_dict() == {"chip": True, "gas": True}


def test_of_what_is_flagged_a_part_is_kept():
    rows = [("a", 1, "X", 1), ("a", 2, "X", 1), ("b", 1, "X", 1), *(("b", 2, code, 1) for code in "XYZW")]
    exports = exports_of([(product, year, 0.5) for product in "ab" for year in (1, 2)])
    assert measure_dependence(imports_of(rows), exports).kept == 0.5
    assert np.isnan(measure_dependence(imports_of(rows[:1]), exports).kept)


def test_negative_trade_is_refused():
    with pytest.raises(UsageError, match="negative"):
        measure_dependence(imports_of([("a", 1, "X", -1)]), exports_of([("a", 1, 1)]))
    with pytest.raises(UsageError, match="negative"):
        measure_dependence(imports_of([("a", 1, "X", 1)]), exports_of([("a", 1, -1)]))


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.floats(0.1, 100)), min_size=1, max_size=5, unique_by=lambda row: row[0]), st.floats(0.1, 1e3))  # fmt: skip
@settings(max_examples=40)
def test_indicators_keep_their_ranges_and_do_not_see_the_currency(rows, factor):
    imports = imports_of([("good", 2024, origin, value) for origin, value in rows])
    exports = exports_of([("good", 2024, 7.0)])
    one = measure_dependence(imports, exports, bloc={"A"}).indicators
    other = measure_dependence(imports * factor, exports * factor, bloc={"A"}).indicators
    names = ["cdi1", "cdi2", "cdi3"]
    assert other[names].to_numpy() == pytest.approx(one[names].to_numpy(), rel=1e-9, nan_ok=True)
    if not np.isnan(one["cdi1"].iloc[0]):
        outside = len([row for row in rows if row[0] != "A"])
        assert 1 / outside - 1e-9 <= one["cdi1"].iloc[0] <= 1 + 1e-9
    assert 0 <= one["cdi2"].iloc[0] <= 1 + 1e-12
