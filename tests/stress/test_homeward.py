"""Plants moved home: by hand on a chain of four nodes, and what stays on random ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from pondasi import load_world
from pondasi.chain.flows import Flows
from pondasi.stress.homeward import move_home
from pondasi.stress.remedies import CAPITAL, count_capital

NODES = ("raw", "fab", "chip", "use")
MADE = ("fab", "chip")
ROUNDING = 1e-12
"""Sums of some dozen flows, relative to the largest output."""


def make_flows(labels, pairs, final):
    """Return flows from (maker, user, value) and what leaves the chain."""
    labels = pd.MultiIndex.from_tuples(labels, names=["node", "country"])
    goods = np.zeros((len(labels), len(labels)))
    for maker, user, value in pairs:
        goods[labels.get_loc(maker), labels.get_loc(user)] += value
    none = sparse.csr_array(goods.shape)
    output = goods.sum(axis=1) + np.array(final)
    return Flows(labels, sparse.csr_array(goods), output, none, none, users=("use",))


@st.composite
def chains(draw):
    """Draw flows from raw to fab to chip to use over some countries, each with something for others."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    labels = [(node, c) for node in NODES for c in "ABCD" if node == "use" or c == "B" or rng.random() < 0.7]
    pairs = [
        (maker, user, rng.uniform(0.1, 9))
        for maker in labels
        for user in labels
        if NODES.index(user[0]) - NODES.index(maker[0]) == 1 and rng.random() < 0.8
    ]
    return make_flows(labels, pairs, rng.uniform(1, 30, len(labels)))


def by_node(flows, values):
    return pd.Series(values).groupby(flows.labels.get_level_values("node").to_numpy()).sum()


def test_by_hand():
    labels = [("raw", "C"), ("fab", "C"), ("chip", "B"), ("use", "A")]
    pairs = [(labels[0], labels[1], 4.0), (labels[1], labels[2], 8.0), (labels[2], labels[3], 10.0)]
    moved = move_home(make_flows(labels, pairs, [6, 32, 10, 100]), "chip", ["use"], "A", 0.5, MADE)
    assert moved.built == {"chip": 5.0, "fab": 2.0}
    place = moved.flows.labels.get_loc
    assert moved.flows.output.tolist() == [10.0, 38.0, 2.0, 15.0, 5.0, 100.0]
    goods = moved.flows.Z.toarray()
    assert goods[place(("chip", "A")), place(("use", "A"))] == 5.0
    assert goods[place(("fab", "A")), place(("chip", "A"))] == 2.0
    assert goods[place(("fab", "C")), place(("chip", "A"))] == 0.0
    assert goods[place(("raw", "C")), place(("fab", "A"))] == pytest.approx(0.2)


@given(flows=chains(), part=st.just(0.0) | st.floats(1e-6, 1), home=st.sampled_from("ABCD"))
def test_only_the_place_changes(flows, part, home):
    moved = move_home(flows, "chip", ["use"], home, part, MADE)
    scale, there = flows.output.max(), moved.flows
    assert np.abs(by_node(there, there.output) - by_node(flows, flows.output)).max() < ROUNDING * scale
    assert np.abs(by_node(there, there.final) - by_node(flows, flows.final)).max() < 1e3 * ROUNDING * scale
    assert there.Z.sum() == pytest.approx(flows.Z.sum())
    # Users take from each node what they took, and all others sell to final demand what they sold.
    for user in flows.labels[flows.labels.get_level_values("node") == "use"]:
        taken = [by_node(f, f.Z.toarray()[:, f.labels.get_loc(user)]) for f in (there, flows)]
        assert np.abs(taken[0] - taken[1]).max() < ROUNDING * scale
    kept = pd.Series(there.final, there.labels).reindex(flows.labels)
    assert np.abs(kept.to_numpy() - flows.final).max() < 1e3 * ROUNDING * scale
    nodes, countries = (there.labels.get_level_values(level) for level in ("node", "country"))
    foreign, buyer = (nodes == "chip") & (countries != home), there.labels.get_loc(("use", home))
    old = flows.labels.get_level_values("node") == "chip"
    old &= flows.labels.get_level_values("country") != home
    before = flows.Z.toarray()[old, flows.labels.get_loc(("use", home))].sum()
    assert there.Z.toarray()[foreign, buyer].sum() == pytest.approx((1 - part) * before, abs=ROUNDING * scale)
    assert moved.built["chip"] == pytest.approx(part * before, abs=ROUNDING * scale)


@given(flows=chains(), home=st.sampled_from("ABCD"))
def test_nothing_moved_changes_nothing(flows, home):
    there = move_home(flows, "chip", ["use"], home, 0.0, MADE).flows
    place = there.labels.get_indexer(flows.labels)
    assert np.array_equal(there.Z.toarray()[np.ix_(place, place)], flows.Z.toarray())
    assert there.Z.sum() == flows.Z.sum()
    assert np.array_equal(there.output[place], flows.output)


@pytest.mark.parametrize("part", [-0.1, 1.1, np.nan])
def test_no_more_than_all_can_move(part):
    labels = [("chip", "B"), ("use", "A")]
    with pytest.raises(ValueError, match="part"):
        move_home(make_flows(labels, [(labels[0], labels[1], 10.0)], [1, 9]), "chip", ["use"], "A", part, MADE)


def test_capital_is_known_or_unknown():
    world = load_world()
    traits = world.chain.traits
    years = traits[traits["trait"] == CAPITAL].set_index("node")["value"]
    built = {"chip_dao": 5.0, "fab_dao": 3.0, "atp_wirebond": 2.0}
    assert count_capital(world, built) == pytest.approx(3 * years["fab_dao"] + 2 * years["atp_wirebond"])
    assert np.isnan(count_capital(world, {**built, "design_dao": 1.0}))
