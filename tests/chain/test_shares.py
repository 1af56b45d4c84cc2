import pandas as pd
import pytest
from hypothesis import given

from pondasi.chain.shares import complete_shares, list_places, tabulate_shares
from tests.chain.random_chains import change, make_chain, random_chains


def complete(shares, **more):
    table = complete_shares(make_chain({"a": 1.0}, [], {"a": shares}, **more))
    return {row.country: row for row in table.itertuples()}


def test_rounding_is_rescaled_with_its_interval():
    found = complete({"JPN": (0.5, 0.4, 0.6), "KOR": (0.51, 0.5, 1.0)})
    assert found["JPN"].share == pytest.approx(0.5 / 1.01)
    assert found["KOR"].high == pytest.approx(1.0 / 1.01)
    assert sum(row.share for row in found.values()) == pytest.approx(1.0, abs=1e-15)


def test_what_lacks_goes_to_the_rest_of_the_world():
    found = complete({"JPN": (0.5, 0.4, 0.6), "KOR": (0.2, 0.1, 0.3)})
    assert found["ROW"].share == pytest.approx(0.3)
    assert (found["ROW"].low, found["ROW"].high) == pytest.approx((0.1, 0.5))
    assert found["ROW"].grade == "estimated"


def test_it_joins_what_the_rest_of_the_world_has_already():
    found = complete({"JPN": (0.5, 0.4, 0.6), "ROW": (0.2, 0.1, 0.3)})
    assert found["ROW"].share == pytest.approx(0.5)
    assert (found["ROW"].low, found["ROW"].high) == pytest.approx((0.2, 0.8))


@pytest.mark.parametrize("known", [0.5, 0.985])
def test_where_a_size_is_unknown_what_lacks_is_unknown_and_no_one_else_gains(known):
    found = complete({"JPN": known, "KOR": None})
    assert found["JPN"].share == known
    assert found["UNKNOWN"].share == pytest.approx(1 - known)
    assert found["UNKNOWN"].grade == "unknown"
    assert "KOR" not in found


def test_a_node_without_shares_is_unknown_as_a_whole():
    assert complete({})["UNKNOWN"].share == 1.0
    assert complete({"JPN": None})["UNKNOWN"].share == 1.0
    assert complete({"JPN": 1.0}, control={})["JPN"].share == 1.0


def test_a_basis_never_stands_in_for_the_other():
    chain = make_chain({"a": 1.0}, [], {"a": {"JPN": 1.0}}, control={})
    assert complete_shares(chain, "control")["country"].tolist() == ["UNKNOWN"]


def test_firms_are_not_counted_beside_their_country():
    chain = make_chain({"a": 1.0}, [], {"a": {"JPN": 1.0}})
    firm = chain.shares.head(1).assign(firm="f", share=0.4)
    with_firm = change(chain, shares=pd.concat([chain.shares, firm.astype(chain.shares.dtypes)], ignore_index=True))
    assert complete_shares(with_firm).equals(complete_shares(chain))


@given(random_chains(gaps=True, spread=True))
def test_shares_add_up_to_one_in_the_order_of_the_nodes(chain):
    for basis in ("location", "control"):
        table = complete_shares(chain, basis)
        assert (table["share"] > 0).all()
        assert table.groupby("node")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-12)
        inside = (table["low"] <= table["share"] + 1e-12) & (table["share"] <= table["high"] + 1e-12)
        assert (inside | table["low"].isna()).all()
        assert table["node"].drop_duplicates().tolist() == chain.nodes["node"].tolist()
        places = list_places(chain)
        array = tabulate_shares(chain, basis, places)
        wide = table.pivot_table(index="node", columns="country", values="share")
        wide = wide.reindex(index=chain.nodes["node"], columns=list(places)).fillna(0.0)
        assert (array == wide.to_numpy()).all()
