import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.chain.load import load_chain
from pondasi.chain.rules import FIGURES
from pondasi.chain.sample import read_correlations, sample_chain, sample_chains
from pondasi.errors import UsageError
from pondasi.tables.dictionary import load_dictionary, read_resource
from tests.chain.random_chains import add_node, change, make_chain, random_chains, scale_money, shuffle

TOTAL = 1e-12
"""Rounding of a sum of a few dozen shares."""


def figures(chain, name):
    """Return the drawn figures of a table by key."""
    table = chain.tables[name]
    key = {
        "nodes": ["node"],
        "links": ["supplier", "user", "role"],
        "shares": ["node", "country", "basis"],
        "traits": ["node", "trait"],
    }
    return table.set_index(key[name])[FIGURES[name][0]].sort_index()


TABLES = ("nodes", "links", "shares", "traits")


def same(one, two):
    return all(figures(one, name).equals(figures(two, name)) for name in TABLES)


def alike(one, two):
    """Tell whether the figures of the first are those of the second, up to sums taken in another order."""
    pairs = ((figures(one, name), figures(two, name)) for name in TABLES)
    return all(np.allclose(old, new.reindex(old.index), rtol=TOTAL, atol=0, equal_nan=True) for old, new in pairs)


@given(random_chains(spread=True) | random_chains(gaps=True, spread=True), st.integers(0, 10**6))
def test_draws_stay_in_their_intervals_and_keep_their_wholes(chain, seed):
    drawn = sample_chain(chain, seed, 3)
    for name, (value, low, high) in FIGURES.items():
        before, after = chain.tables[name], drawn.tables[name][value]
        assert after.isna().equals(before[value].isna())
        inside = (after >= before[low]) & (after <= before[high])
        fixed = after == before[value]
        assert (inside | fixed | after.isna()).all()
        assert (fixed | (before[low] < before[high]) | after.isna()).all()
    for name, whole in (("shares", ["node", "basis"]), ("links", ["supplier"])):
        figure = FIGURES[name][0]
        before, after = (table.groupby(whole)[figure] for table in (chain.tables[name], drawn.tables[name]))
        blank = chain.tables[name].groupby(whole)[figure].apply(lambda column: column.isna().any())
        closed = (before.sum() >= (0.98 if name == "shares" else 0.999)) & ~(blank & (before.sum() < 1))
        assert (after.sum() - before.sum())[closed].abs().max() <= TOTAL or not closed.any()
        assert (after.sum() <= np.maximum(before.sum(), 1) + TOTAL).all()


def test_the_shipped_world_keeps_every_sum_of_shares():
    chain = load_chain()
    for drawn in sample_chains(chain, 3, seed=2):
        sums = drawn.shares[drawn.shares["firm"].isna()].groupby(["node", "basis"])["share"].sum()
        before = chain.shares[chain.shares["firm"].isna()].groupby(["node", "basis"])["share"].sum()
        assert (sums - before).abs().max() <= TOTAL


@settings(max_examples=20)
@given(random_chains(spread=True), st.integers(0, 10**6))
def test_a_draw_is_the_same_whoever_asks_in_whatever_order(chain, seed):
    five = list(sample_chains(chain, 5, seed))
    two = list(sample_chains(chain, 2, seed))
    assert same(two[1], five[1])
    assert same(sample_chain(chain, seed, 4), five[4])
    assert not same(five[0], five[1]) or (chain.nodes["market_low"] == chain.nodes["market_high"]).all()
    assert alike(five[4], sample_chain(shuffle(chain, seed), seed, 4))
    assert alike(five[4], sample_chain(add_node(chain), seed, 4))


@settings(max_examples=20)
@given(random_chains(spread=True))
def test_money_in_another_unit_is_drawn_alike(chain):
    first, second = sample_chain(chain, 1, 0), sample_chain(scale_money(chain, 1000.0), 1, 0)
    assert second.nodes["market_usd"].to_numpy() == pytest.approx(
        1000 * first.nodes["market_usd"].to_numpy(), rel=1e-12
    )


def test_a_single_figure_follows_the_triangle_of_its_interval():
    chain = make_chain({"a": (3.0, 1.0, 11.0)}, [], {}, check=False)
    values = np.array([drawn.nodes["market_usd"][0] for drawn in sample_chains(chain, 2000)])
    # Mean (1 + 3 + 11) / 3 and variance (1 + 9 + 121 - 3 - 33 - 11) / 18 of the triangle; 4 standard errors.
    assert values.mean() == pytest.approx(5.0, abs=4 * np.sqrt(84 / 18 / 2000))
    assert values.var() == pytest.approx(84 / 18, rel=0.1)
    # Below the mode lie (3 - 1) / (11 - 1) of the draws.
    assert (values < 3).mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / 2000))


def test_shares_of_a_whole_keep_close_to_their_own_means():
    shares = {"JPN": (0.5, 0.4, 0.6), "KOR": (0.3, 0.2, 0.4), "TWN": (0.2, 0.1, 0.3)}
    chain = make_chain({"a": 1.0}, [], {"a": shares}, check=False)
    draws = np.array([drawn.shares["share"][:3] for drawn in sample_chains(chain, 2000)])
    assert draws.sum(axis=1) == pytest.approx(1.0, abs=TOTAL)
    # Symmetric intervals: to hold the sum moves the means little; the widths are 0.2.
    assert draws.mean(axis=0) == pytest.approx([0.5, 0.3, 0.2], abs=0.006)
    assert (draws.std(axis=0) > 0.02).all()


def test_a_whole_of_fixed_figures_stays_as_it_is():
    chain = make_chain(
        {"a": 1.0, "b": 9.0}, [("a", "b", "flow", 0.4)], {"a": {"JPN": 0.1, "KOR": 0.2, "TWN": 0.7}}, check=False
    )
    assert same(sample_chain(chain, 0, 0), chain)


def test_one_free_figure_among_fixed_ones_has_no_room():
    chain = make_chain({"a": 1.0}, [], {"a": {"JPN": (0.7, 0.5, 0.9), "KOR": 0.3}}, check=False)
    assert sample_chain(chain, 0, 0).shares["share"][0] == pytest.approx(0.7, abs=TOTAL)


def test_what_is_left_over_takes_up_the_difference():
    """Half of the sales leave the chain, so the one link moves over its whole interval; and no sum passes one."""
    chain = make_chain(
        {"a": 1.0, "b": 9.0, "c": 9.0},
        [
            ("a", "b", "flow", (0.5, 0.2, 0.9)),
            ("c", "a", "flow", (0.05, 0.0, 1.0)),
            ("c", "b", "flow", (0.9, 0.2, 1.0)),
        ],
        {},
        check=False,
    )
    draws = pd.DataFrame([drawn.links["sales_share"].tolist() for drawn in sample_chains(chain, 500)])
    assert draws[0].min() < 0.3
    assert draws[0].max() > 0.8
    assert (draws[1] + draws[2]).max() <= 1 + TOTAL
    assert (draws[1] + draws[2]).max() > 0.99


def test_an_unknown_part_takes_up_the_difference():
    chain = make_chain({"a": 1.0}, [], {"a": {"JPN": (0.6, 0.3, 0.9), "KOR": None}}, check=False)
    draws = [drawn.shares["share"][0] for drawn in sample_chains(chain, 300)]
    assert min(draws) < 0.4
    assert max(draws) > 0.8


def test_firms_are_drawn_but_bound_to_no_sum():
    chain = make_chain({"a": 1.0}, [], {"a": {"JPN": (1.0, 1.0, 1.0)}}, control={}, check=False)
    firm = chain.shares.assign(firm="f", share=0.5, low=0.2, high=0.8).astype(chain.shares.dtypes)
    drawn = sample_chain(change(chain, shares=pd.concat([chain.shares, firm], ignore_index=True)), 0, 0).shares["share"]
    assert drawn[0] == 1.0
    assert drawn[1] != 0.5


HALF = {"seen": 0.5, "recalled": 0.5, "judged": 0.5}


@settings(max_examples=20)
@given(random_chains(spread=True), st.integers(0, 10**6))
def test_tied_draws_are_the_same_whatever_the_order_and_the_other_rows(chain, seed):
    drawn = sample_chain(chain, seed, 4, common=HALF)
    assert same(list(sample_chains(chain, 5, seed, common=HALF))[4], drawn)
    assert alike(drawn, sample_chain(shuffle(chain, seed), seed, 4, common=HALF))
    assert alike(drawn, sample_chain(add_node(chain), seed, 4, common=HALF))


def test_no_correlation_leaves_every_bit():
    chain = make_chain({"a": (3.0, 1.0, 11.0), "b": (3.0, 1.0, 11.0)}, [], {}, check=False)
    apart = sample_chain(chain, 5, 2, common={})
    assert apart.nodes["market_usd"].round(9).tolist() == [3.206477616, 2.007409615]
    assert same(apart, sample_chain(chain, 5, 2, common={"seen": 0.0}))
    assert not same(apart, sample_chain(chain, 5, 2, common=HALF))


@pytest.mark.parametrize("common", [0.3, 0.8])
def test_errors_of_one_source_go_together_as_stated_and_each_keeps_its_triangle(common):
    chain = make_chain({"a": (3.0, 1.0, 11.0), "b": (6.0, 5.0, 7.0)}, [], {}, check=False)
    draws = np.array(
        [drawn.nodes["market_usd"] for drawn in sample_chains(chain, 1500, common=dict.fromkeys(HALF, common))]
    )
    assert draws.mean(axis=0) == pytest.approx([5.0, 6.0], abs=4 * np.sqrt(84 / 18 / 1500))
    assert draws.var(axis=0) == pytest.approx([84 / 18, 6 / 36], rel=0.1)
    # Rank correlation of a Gaussian copula: 6/pi arcsin(r/2).
    ranks = np.corrcoef(draws.argsort(axis=0).argsort(axis=0).T)[0, 1]
    assert ranks == pytest.approx(6 / np.pi * np.arcsin(common / 2), abs=0.06)


def test_only_what_is_about_the_same_goes_together():
    """Shares of one country in two nodes do, of two countries do not."""
    spread = {"JPN": (0.3, 0.1, 0.5), "KOR": (0.3, 0.1, 0.5)}
    chain = make_chain({"a": 1.0, "b": 1.0}, [], {"a": spread, "b": spread}, check=False)
    tied = sample_chains(chain, 400, common=dict.fromkeys(HALF, 0.9))
    draws = pd.DataFrame([figures(drawn, "shares") for drawn in tied]).corr()
    japan, korea, other = (("a", "JPN", "location"), ("a", "KOR", "location"), ("b", "JPN", "location"))
    assert draws.loc[[japan], [other]].squeeze() > 0.7
    assert abs(draws.loc[[japan], [korea]].squeeze()) < 0.2


def test_what_one_judgement_lies_behind_spreads_its_mean_in_the_world():
    chain = load_chain()
    stocks = [
        np.std([one.traits.query("trait == 'inventory_weeks'")["value"].mean() for one in draws])
        for draws in (sample_chains(chain, 20), sample_chains(chain, 20, common={}))
    ]
    assert stocks[0] > 2 * stocks[1]


def test_no_draws_or_a_negative_seed_are_refused():
    with pytest.raises(UsageError):
        sample_chains(load_chain(), 0)
    with pytest.raises(UsageError):
        sample_chains(load_chain(), 1, seed=-1)


def test_correlations_are_rows_with_an_interval_for_every_evidence():
    rows = read_resource("dictionary/correlations.csv")
    assert {row["evidence"] for row in rows} == set(load_dictionary().codes["evidence"])
    assert all(0 <= float(row["low"]) <= float(row["value"]) <= float(row["high"]) < 1 for row in rows)
    assert {row["source"] for row in rows} <= set(load_chain().sources["source"])
    chain = load_chain()
    assert same(sample_chain(chain, 1, 0), sample_chain(chain, 1, 0, common=read_correlations()))
