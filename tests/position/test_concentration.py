import numpy as np
import pytest
from hypothesis import given

from pondasi.chain.load import load_chain
from pondasi.places import ROW, UNKNOWN
from pondasi.position.concentration import measure_concentration
from tests.chain.random_chains import make_chain, random_chains, split_country


def measure(shares, **more):
    return measure_concentration(make_chain({"a": 1.0}, [], {"a": shares}, check=False, **more)).loc["a"]


def test_shares_that_are_all_known_have_one_answer():
    """0.25 + 0.09 + 0.03 of 0.5, 0.3, 0.1 and 0.1 is 0.36."""
    found = measure({"JPN": 0.3, "TWN": 0.5, "USA": 0.1, "DEU": 0.1})
    assert found[["hhi", "hhi_low", "hhi_high", "cr1", "cr3"]].tolist() == pytest.approx([0.36, 0.36, 0.36, 0.5, 0.9])
    assert found["top"] == "TWN"
    assert found[["assigned", "unknown"]].tolist() == pytest.approx([1.0, 0.0])


def test_the_rest_of_the_world_is_thin_or_one_country():
    found = measure({"JPN": 0.6, "TWN": 0.2, ROW: 0.2})
    assert found[["hhi_low", "hhi", "hhi_high"]].tolist() == pytest.approx([0.40, 0.40, 0.44])
    assert found["top"] == "JPN"
    assert found["assigned"] == pytest.approx(0.8)


def test_an_unknown_part_is_thin_or_goes_to_the_largest():
    """(0.5 + 0.3) squared + 0.2 squared = 0.68."""
    found = measure({"JPN": 0.5, "TWN": 0.2, "USA": None})
    assert found[["hhi_low", "hhi", "hhi_high"]].tolist() == pytest.approx([0.29, 0.29, 0.68])
    assert found["unknown"] == pytest.approx(0.3)


def test_the_largest_may_hide_in_the_rest_of_the_world():
    """ROW 0.5 as one country, with the unknown 0.2: 0.7 squared + 0.3 squared = 0.58."""
    found = measure({"JPN": 0.3, ROW: 0.5, "USA": None})
    assert found["hhi_high"] == pytest.approx(0.58)


def test_one_maker_is_all():
    assert measure({"NLD": 1.0})[["hhi", "hhi_high", "cr1", "cr3"]].tolist() == [1.0] * 4


@pytest.mark.parametrize("shares", [{}, {"JPN": None}, {ROW: 1.0}])
def test_without_a_named_country_nothing_is_claimed(shares):
    found = measure(shares)
    assert found[["hhi", "hhi_low", "hhi_high", "cr1", "cr3", "top"]].isna().all()
    assert found["assigned"] == 0


def test_the_first_of_equals_leads_whatever_the_order():
    assert measure({"TWN": 0.5, "JPN": 0.5})["top"] == measure({"JPN": 0.5, "TWN": 0.5})["top"] == "JPN"


def test_head_offices_are_measured_apart():
    chain = make_chain({"a": 1.0}, [], {"a": {"MYS": 1.0}}, control={"a": {"DEU": 0.5, "USA": 0.5}}, check=False)
    assert measure_concentration(chain, "control").loc["a", "hhi"] == pytest.approx(0.5)
    assert measure_concentration(chain).loc["a", "hhi"] == 1.0


@given(random_chains(gaps=True) | random_chains())
def test_the_ends_enclose_the_value_and_every_way_to_assign_the_rest(chain):
    table = measure_concentration(chain)
    assert table.index.tolist() == chain.nodes["node"].tolist()
    known = table.dropna(subset=["hhi"])
    assert (known["hhi_low"] <= known["hhi"]).all()
    assert (known["hhi"] <= known["hhi_high"] + 1e-12).all()
    assert (known["hhi_high"] <= 1).all()
    # A split of the assigned part into n equal countries is the least concentrated there is.
    assert (known["hhi"] >= known["assigned"] ** 2 / 6 - 1e-12).all()
    assert (known["cr1"] ** 2 <= known["hhi"] + 1e-12).all()
    assert (known["cr1"] <= known["cr3"] + 1e-12).all()
    assert (known["cr3"] <= known["assigned"] + 1e-12).all()


@given(random_chains())
def test_a_country_in_two_halves_is_less_concentrated_by_half_its_square(chain):
    first = measure_concentration(chain)["hhi"]
    second = measure_concentration(split_country(chain, "JPN", ("FRA", "GBR")))["hhi"]
    location = chain.shares[chain.shares["basis"] == "location"]
    japan = location[location["country"] == "JPN"].set_index("node")["share"].reindex(first.index).fillna(0.0)
    assert second.to_numpy() == pytest.approx((first - japan**2 / 2).to_numpy(), abs=1e-12)


def test_the_shipped_world_agrees_with_a_plain_sum_of_squares():
    chain = load_chain()
    shares = chain.shares[(chain.shares["basis"] == "location") & chain.shares["firm"].isna()]
    plain = {
        node: np.square(group.loc[group["country"] != ROW, "share"]).sum() for node, group in shares.groupby("node")
    }
    table = measure_concentration(chain)
    for node, value in table["hhi"].items():
        assert value == pytest.approx(plain[node], rel=1e-12)
    assert (table["unknown"] == 0).all()
    assert UNKNOWN not in table["top"].to_numpy()
