"""Relatedness and complexity: by hand, against the reference outputs, and where definitions end."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.errors import UsageError
from pondasi.position.complexity import (
    measure_complexity,
    measure_density,
    measure_rca,
    rank_complexity,
    relate_products,
    solve_indices,
    tabulate_exports,
)

REFERENCE = 1e-10
"""Both solve an eigenproblem in double precision; the eigenvalues of the tables lie well apart."""


@pytest.mark.referee
@pytest.mark.parametrize("size", ["30x60x1", "130x1200x1"])
def test_all_indices_are_those_of_the_reference(shared, size):
    given_ = pd.read_parquet(shared(f"reference/ecomplexity/in_{size}.parquet"))
    theirs = pd.read_parquet(shared(f"reference/ecomplexity/out_{size}.parquet"))
    ours = measure_complexity(tabulate_exports(given_, "loc", "prod", "val"))

    def table(name):
        return theirs.pivot_table(index="loc", columns="prod", values=name).to_numpy()

    for mine, name in ((ours.rca, "rca"), (ours.density, "density"), (ours.cog, "cog"), (ours.present, "mcp")):
        assert mine.to_numpy() == pytest.approx(table(name), abs=REFERENCE * np.abs(table(name)).max()), name
    for name in ("eci", "coi", "diversity"):
        assert ours.countries[name].to_numpy() == pytest.approx(table(name)[:, 0], abs=REFERENCE), name
    for name in ("pci", "ubiquity"):
        assert ours.products[name].to_numpy() == pytest.approx(
            table(name)[0], abs=REFERENCE * np.abs(table(name)).max()
        )


def test_a_small_table_by_hand():
    """Two countries, two goods, 4 of 8 each: x_cp / 4 over 1/2. Proximity: both have neither in common."""
    exports = pd.DataFrame({"x": [3.0, 1.0], "y": [1.0, 3.0]}, ["a", "b"])
    assert measure_rca(exports).to_numpy().tolist() == [[1.5, 0.5], [0.5, 1.5]]
    present = np.array([[True, True, False], [True, False, True], [True, False, False]])
    proximity = relate_products(present)
    assert proximity == pytest.approx(np.array([[1, 1 / 3, 1 / 3], [1 / 3, 1, 0], [1 / 3, 0, 1]]))
    density = measure_density(present, proximity)
    assert density[0] == pytest.approx([(1 + 1 / 3) / (5 / 3), (1 / 3 + 1) / (4 / 3), (1 / 3) / (4 / 3)])


def test_the_eigenvector_is_that_of_the_plain_definition():
    """ECI from the full, unsymmetric matrix of countries; PCI from that of products."""
    draw = np.random.default_rng(1)
    present = draw.random((12, 30)) < draw.random((12, 1)) * 0.8 + 0.1
    present = present[:, present.any(axis=0)]
    M, d, u = present.astype(float), present.sum(axis=1), present.sum(axis=0)
    eci, pci, _ = solve_indices(present)
    values, vectors = np.linalg.eig((M / d[:, None]) @ (M / u).T)
    k = vectors[:, np.argsort(values.real)[-2]].real
    k = (k - k.mean()) / k.std()
    assert eci == pytest.approx(k * np.sign(k @ eci), abs=1e-9)
    values, vectors = np.linalg.eig((M / u).T @ (M / d[:, None]))
    q = vectors[:, np.argsort(values.real)[-2]].real
    assert abs(np.corrcoef(q, pci)[0, 1]) == pytest.approx(1.0)
    mean = (M @ pci) / d  # what a country's goods are worth on average rises with its ECI one to one
    assert np.corrcoef(mean, eci)[0, 1] == pytest.approx(1.0)


def exports_of(countries=14, products=25, seed=0):
    draw = np.random.default_rng(seed)
    values = draw.lognormal(0, 2, (countries, products)) * (draw.random((countries, products)) < 0.7)
    return pd.DataFrame(values, [f"c{k}" for k in range(countries)], [f"p{k}" for k in range(products)])


def test_a_country_with_nothing_disturbs_nobody():
    """The rest keeps its indices to the bit of the solve; the country has none, and no figure is invented for it."""
    exports = exports_of()
    empty = pd.concat([exports, pd.DataFrame(0.0, ["empty"], exports.columns)])
    before, after = measure_complexity(exports), measure_complexity(empty)
    for name in ("eci", "coi", "diversity"):
        assert after.countries[name].drop("empty").to_numpy() == pytest.approx(
            before.countries[name].to_numpy(), rel=1e-9
        )
    assert after.products["pci"].to_numpy() == pytest.approx(before.products["pci"].to_numpy(), rel=1e-9)
    assert after.countries.loc["empty", "diversity"] == 0
    assert after.countries.loc["empty", ["eci", "coi"]].isna().all()
    assert (after.density.loc["empty"] == 0).all()


def test_a_good_that_nobody_sells_disturbs_nobody():
    exports = exports_of()
    after = measure_complexity(exports.assign(none=0.0))
    before = measure_complexity(exports)
    assert after.countries["eci"].to_numpy() == pytest.approx(before.countries["eci"].to_numpy(), rel=1e-9)
    assert np.isnan(after.products.loc["none", "pci"])
    assert after.cog["none"].isna().all()
    assert after.density["none"].isna().all()
    assert after.density.drop(columns="none").to_numpy() == pytest.approx(before.density.to_numpy())


def test_groups_that_share_no_good_are_not_compared():
    """Ten countries with goods of their own, and two with others: the two get no index beside the ten."""
    big, small = exports_of(10, 20), exports_of(2, 4, seed=3) + 1.0
    apart = pd.concat([big, small.set_axis(["s0", "s1"]).set_axis([f"q{k}" for k in range(4)], axis=1)]).fillna(0.0)
    found = measure_complexity(apart)
    assert found.countries.loc[["s0", "s1"], "eci"].isna().all()
    assert found.countries["eci"].notna().sum() == 10


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_countries_have_no_index(rows):
    found = measure_complexity(exports_of(rows, 5) + 1.0)
    assert found.countries["eci"].isna().all()
    assert found.rca.shape == (rows, 5)


def test_countries_that_all_make_the_same_cannot_be_told_apart():
    found = measure_complexity(pd.DataFrame(np.ones((5, 6))))
    assert found.countries["eci"].isna().all()
    assert found.products["pci"].isna().all()
    assert (found.density == 1).all().all()


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (pd.DataFrame({"x": [1.0, np.nan]}), "not zero"),
        (pd.DataFrame({"x": [1.0, -1.0]}), "negative"),
        (pd.DataFrame({"x": [0.0, 0.0]}), "Nothing"),
    ],
)
def test_a_table_that_is_not_exports_is_refused(table, text):
    with pytest.raises(UsageError, match=text):
        measure_complexity(table)


def test_rows_become_a_table_and_what_is_unknown_is_not_zero():
    rows = pd.DataFrame({"country": ["a", "b"], "product": ["x", "y"], "value": [1.0, 2.0]})
    assert tabulate_exports(rows).to_numpy().tolist() == [[1.0, 0.0], [0.0, 2.0]]
    with pytest.raises(UsageError, match="not zero"):
        tabulate_exports(rows.assign(value=[1.0, np.nan]))
    with pytest.raises(UsageError, match="two rows"):
        tabulate_exports(pd.concat([rows, rows]))


@given(st.integers(0, 10_000), st.floats(0.1, 1e6))
@settings(max_examples=25)
def test_the_currency_and_the_order_do_not_matter(seed, factor):
    exports = exports_of(8, 12, seed)
    first, second = measure_complexity(exports), measure_complexity((exports * factor).iloc[::-1, ::-1])
    for table in ("density", "cog"):
        one, other = getattr(first, table), getattr(second, table).reindex(index=exports.index, columns=exports.columns)
        assert other.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-6, nan_ok=True)
    eci = second.countries["eci"].reindex(exports.index)
    assert eci.to_numpy() == pytest.approx(first.countries["eci"].to_numpy(), abs=1e-6, nan_ok=True)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_the_scales_are_what_they_say(seed):
    found = measure_complexity(exports_of(10, 15, seed))
    eci, coi = (found.countries[name].dropna() for name in ("eci", "coi"))
    for index in (eci, coi):
        assert index.mean() == pytest.approx(0.0, abs=1e-9)
        assert index.std(ddof=0) == pytest.approx(1.0)
    assert np.nan_to_num(found.density).min() >= 0
    assert np.nan_to_num(found.density).max() <= 1 + 1e-12
    assert found.proximity.to_numpy().max() <= 1
    assert (found.cog.to_numpy()[found.present.to_numpy()] == 0).all()


def test_the_order_of_countries_over_years_and_thresholds_has_a_stability():
    years = {
        year: exports_of(seed=5) * np.exp(np.random.default_rng(year).normal(0, 0.2, (14, 25))) for year in (1, 2, 3)
    }
    found = rank_complexity(years)
    assert {name: stability.variants for name, stability in found.items()} == {"eci": 9, "pci": 9}
    assert 0.5 < found["eci"].mean < 1
    latest = measure_complexity(years[3]).countries["eci"]
    assert found["eci"].ranks["value"].to_dict() == pytest.approx(latest.to_dict())
    still = rank_complexity({1: years[1], 2: years[1] * 7.0}, [1.0])
    assert still["eci"].mean == still["pci"].mean == 1.0
    assert rank_complexity(years, [1.0])["eci"].mean > rank_complexity(years, [0.25, 4.0])["eci"].mean
