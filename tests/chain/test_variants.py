import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi.chain.flows import balance_flows
from pondasi.chain.variants import find_sums, inherit_links
from tests.chain.random_chains import make_chain, shuffle

JAPAN = {"JPN": 1.0}


def links_of(markets, links, variants):
    """Return the inherited links as {(supplier, user, role): share}; rows of one pair are added up."""
    table = inherit_links(make_chain(markets, links, {}, variants=variants, check=False))
    return table.groupby(["supplier", "user", "role"])["sales_share"].sum(min_count=1).to_dict()


def test_without_variants_the_links_stay_as_they_are():
    chain = make_chain({"a": 2.0, "b": 3.0}, [("a", "b", "flow", 0.5)], {})
    assert inherit_links(chain).equals(chain.links)


def test_a_variant_sells_as_its_family_unless_it_says_otherwise():
    found = links_of(
        {"family": None, "v1": 3.0, "v2": 1.0, "x": 9.0, "y": 9.0},
        [
            ("family", "x", "flow", 0.6),
            ("family", "y", "flow", 0.3),
            ("v2", "x", "flow", 0.2),
            ("v2", "x", "capital", 0.1),
        ],
        [("v1", "family"), ("v2", "family")],
    )
    assert found == {
        ("v1", "x", "flow"): 0.6,
        ("v1", "y", "flow"): 0.3,
        ("v2", "x", "flow"): 0.2,
        ("v2", "x", "capital"): 0.1,
        ("v2", "y", "flow"): 0.3,
    }


def test_what_a_variant_inherits_fills_only_what_its_own_links_leave():
    found = links_of(
        {"family": None, "v": 1.0, "x": 9.0, "y": 9.0, "z": 9.0},
        [("family", "x", "flow", 0.6), ("family", "y", "flow", 0.4), ("v", "z", "flow", 0.75)],
        [("v", "family")],
    )
    assert found == pytest.approx({("v", "z", "flow"): 0.75, ("v", "x", "flow"): 0.15, ("v", "y", "flow"): 0.1})


def test_the_nearest_family_speaks_first():
    found = links_of(
        {"all": None, "some": None, "v": 1.0, "w": 1.0, "x": 9.0, "y": 9.0},
        [("all", "x", "flow", 0.5), ("all", "y", "flow", 0.5), ("some", "x", "flow", 0.1)],
        [("v", "some"), ("some", "all"), ("w", "all")],
    )
    assert found == {
        ("v", "x", "flow"): 0.1,
        ("v", "y", "flow"): 0.5,
        ("w", "x", "flow"): 0.5,
        ("w", "y", "flow"): 0.5,
    }


def test_of_several_families_the_mean_holds():
    found = links_of(
        {"f": None, "g": None, "v": 1.0, "x": 9.0},
        [("f", "x", "flow", 0.2), ("g", "x", "flow", 0.6)],
        [("v", "f"), ("v", "g")],
    )
    assert found == {("v", "x", "flow"): pytest.approx(0.4)}


def test_a_family_with_a_market_of_its_own_sells_and_buys_for_itself():
    found = links_of(
        {"m": 1.0, "family": 2.0, "v": 1.0, "x": 9.0},
        [("m", "family", "flow", 1.0), ("family", "x", "flow", 1.0)],
        [("v", "family")],
    )
    assert found == {("m", "family", "flow"): 1.0, ("family", "x", "flow"): 1.0, ("v", "x", "flow"): 1.0}


def test_what_a_family_buys_goes_to_its_variants_by_their_markets():
    found = links_of(
        {"m": 1.0, "family": None, "v1": 3.0, "v2": 1.0},
        [("m", "family", "flow", 0.8), ("m", "v2", "flow", 0.1)],
        [("v1", "family"), ("v2", "family")],
    )
    assert found == pytest.approx({("m", "v1", "flow"): 0.6, ("m", "v2", "flow"): 0.3})


def test_a_family_of_families_is_gone_through_to_its_ends():
    """``all`` = v1 (2) + ``some`` (v2 of 5 and v3 of 3); v3 is also named below ``all`` and counts once."""
    found = links_of(
        {"m": 1.0, "all": None, "some": None, "v1": 2.0, "v2": 5.0, "v3": 3.0},
        [("m", "all", "licence", 1.0)],
        [("v1", "all"), ("some", "all"), ("v2", "some"), ("v3", "some"), ("v3", "all")],
    )
    assert found == pytest.approx(
        {("m", "v1", "licence"): 0.2, ("m", "v2", "licence"): 0.5, ("m", "v3", "licence"): 0.3}
    )


def test_a_variant_that_is_a_family_with_a_market_is_an_end():
    found = links_of(
        {"m": 1.0, "all": None, "some": 6.0, "v1": 2.0, "v2": 5.0},
        [("m", "all", "flow", 1.0)],
        [("v1", "all"), ("some", "all"), ("v2", "some")],
    )
    assert found == pytest.approx({("m", "v1", "flow"): 0.25, ("m", "some", "flow"): 0.75})


def test_from_family_to_family():
    found = links_of(
        {"f": None, "f1": 1.0, "f2": 2.0, "g": None, "g1": 3.0, "g2": 1.0},
        [("f", "g", "flow", 1.0)],
        [("f1", "f"), ("f2", "f"), ("g1", "g"), ("g2", "g")],
    )
    assert found == {(f, g, "flow"): share for f in ("f1", "f2") for g, share in (("g1", 0.75), ("g2", 0.25))}


def test_a_variant_of_unknown_size_leaves_every_part_unknown_and_reported():
    chain = make_chain(
        {"m": 1.0, "family": None, "v1": 3.0, "v2": None},
        [("m", "family", "flow", 0.8)],
        {"m": JAPAN, "v1": JAPAN, "v2": JAPAN},
        variants=[("v1", "family"), ("v2", "family")],
    )
    flows = balance_flows(chain)
    assert flows.gaps.links_without_size == (("m", "v1"), ("m", "v2"))
    assert flows.gaps.nodes_without_market == ("v2",)
    assert flows.Z.nnz == 0
    assert flows.final.sum() == 4.0


def test_families_that_are_sums_are_told_apart():
    chain = make_chain({"f": None, "g": 2.0, "v": None}, [], {}, variants=[("v", "f"), ("v", "g")])
    assert find_sums(chain) == {"f"}


@given(st.integers(0, 10**6), st.lists(st.floats(0.1, 10), min_size=3, max_size=3))
def test_nothing_is_lost_or_made_on_the_way_down(seed, sizes):
    """What m sells, and what f's variants sell, is the same with the families written out or not."""
    chain = make_chain(
        {"m": 4.0, "f": None, "v1": sizes[0], "v2": sizes[1], "g": None, "w": sizes[2], "x": 40.0},
        [
            ("m", "f", "flow", 0.7),
            ("m", "x", "flow", 0.2),
            ("f", "g", "flow", 0.3),
            ("f", "x", "flow", 0.6),
            ("w", "x", "flow", 0.9),
        ],
        {},
        variants=[("v1", "f"), ("v2", "f"), ("w", "g")],
        check=False,
    )
    sums = inherit_links(shuffle(chain, seed)).groupby("supplier")["sales_share"].sum()
    assert sums.to_dict() == pytest.approx({"m": 0.9, "v1": 0.9, "v2": 0.9, "w": 0.9})
    first, second = balance_flows(chain), balance_flows(shuffle(chain, seed))
    assert first.Z.sum() == pytest.approx(second.Z.sum(), rel=1e-14)
