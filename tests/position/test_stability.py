"""How much of a ranking survives: by hand, at the limits, and on random figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.position.stability import measure_stability


def test_three_places_and_four_variants_by_hand():
    """x stays first in three of four; y and z change twice and tie once: 1 + 1/2 of 4."""
    values = pd.Series({"z": 1.0, "y": 2.0, "x": 3.0})
    variants = pd.DataFrame(
        {"a": {"x": 3.0, "y": 2.0, "z": 1.0}, "b": {"x": 3.0, "y": 1.0, "z": 2.0},
         "c": {"x": 3.0, "y": 2.0, "z": 2.0}, "d": {"x": 1.0, "y": 2.0, "z": 3.0}}
    )  # fmt: skip
    found = measure_stability(values, variants)
    assert found.ranks.index.tolist() == ["x", "y", "z"]
    assert found.survival.loc["x"].tolist() == [1.0, 0.75, 0.75]
    assert found.survival.loc["y", "z"] == found.survival.loc["z", "y"] == (1 + 0.5) / 4
    assert found.ranks["next"].tolist()[:2] == [0.75, 0.375]
    assert np.isnan(found.ranks["next"].iloc[-1])
    assert found.ranks["holds"].tolist() == [0.75, 0.75, 0.25]
    assert found.mean == pytest.approx((0.75 + 0.75 + 0.375) / 3)
    assert found.variants == 4


def test_without_variants_nothing_is_claimed():
    found = measure_stability(pd.Series({"a": 2.0, "b": 1.0}), pd.DataFrame(index=["a", "b"]))
    assert found.variants == 0
    assert np.isnan(found.mean)
    assert found.survival.isna().all().all()
    assert found.ranks["rank"].tolist() == [1.0, 2.0]


def test_a_missing_figure_is_no_vote():
    values = pd.Series({"a": 2.0, "b": 1.0, "c": np.nan})
    variants = pd.DataFrame({1: {"a": 2.0, "b": np.nan}, 2: {"a": 0.0, "b": 1.0}, 3: {"b": 3.0}})
    found = measure_stability(values, variants)
    assert found.ranks.index.tolist() == ["a", "b"], "a place without a figure is not ranked"
    assert found.survival.loc["a", "b"] == 0.0, "only the second variant has both"


def test_nothing_to_rank_is_fine():
    found = measure_stability(pd.Series(dtype=float), pd.DataFrame())
    assert found.ranks.empty
    assert np.isnan(found.mean)


figures = st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=4, max_size=4), min_size=1, max_size=6)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=4, max_size=4), figures)
@settings(max_examples=60)
def test_survival_is_what_counting_gives(values, drawn):
    names = list("abcd")
    central = pd.Series(values, names)
    found = measure_stability(central, pd.DataFrame(drawn, columns=names).T)
    order = found.ranks.index.tolist()
    assert order == sorted(names, key=lambda name: (-central[name], name)), "of equals the first by name"
    for place, first in enumerate(order):
        for second in order[place + 1 :]:
            votes = [(row[names.index(first)] > row[names.index(second)]) + (row[names.index(first)] == row[names.index(second)]) / 2 for row in drawn]  # fmt: skip
            assert found.survival.loc[first, second] == pytest.approx(np.mean(votes))
            assert found.survival.loc[second, first] == found.survival.loc[first, second]


@given(st.permutations([1.0, 2.0, 3.0, 4.0]), st.integers(1, 5))
def test_what_does_not_move_keeps_every_order(values, n):
    central = pd.Series(values, list("abcd"))
    found = measure_stability(central, pd.concat([central] * n, axis=1))
    assert found.mean == 1.0
    assert (found.ranks["holds"] == 1.0).all()
    turned = measure_stability(central, pd.concat([-central] * n, axis=1))
    assert turned.mean == 0.0
