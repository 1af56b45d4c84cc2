import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.chain.flows import balance_flows
from pondasi.chain.load import load_chain
from pondasi.chain.sample import sample_chain
from pondasi.errors import BalanceError, UsageError
from pondasi.position.exposure import KINDS, measure_exposure, trace_use
from tests.chain.random_chains import (
    add_node,
    change,
    make_chain,
    random_chains,
    scale_money,
    shuffle,
    split_country,
    two_countries,
)

ROUNDING = 1e-12
EITHER = random_chains() | random_chains(circle=True) | random_chains(gaps=True)


def values_of(exposure, home, kind):
    return exposure.of(home, kind)["value"].to_dict()


# --- by hand -------------------------------------------------------------------------------------


def test_three_tiers_in_two_countries_by_hand():
    """Indonesia uses a quarter of 1,000 USD of chips: 25 made at home, 225 in Japan.

    A USD of chips takes 0.10 of wafers (Japan 0.8, Indonesia 0.2), 0.02 of service on tools (Japan), 0.30
    of designs (USA) and 0.04 of new tools (Japan); the wafers and the rest take nothing.

    Supply: chips 25 + 225, wafers 5 + 20, service 0 + 5: Indonesia 30, Japan 250, of 280.
    Direct: Indonesia 25 of 250, so a tenth. Tools: 10, Japan. Permission: 75, USA.
    Value: a USD of chips adds 1 - 0.10 - 0.02 - 0.30 = 0.58 of its own, so Indonesia 14.5 + 5 = 19.5,
    Japan 130.5 + 20 + 5 = 155.5, USA 75: together the bill of 250.
    """
    exposure = measure_exposure(two_countries(), ["IDN"])
    assert values_of(exposure, "IDN", "supply") == pytest.approx({"JPN": 250.0, "IDN": 30.0})
    assert exposure.of("IDN")["share"].to_dict() == pytest.approx({"JPN": 250 / 280, "IDN": 30 / 280})
    assert exposure.of("IDN")["direct"].to_dict() == pytest.approx({"JPN": 0.9, "IDN": 0.1})
    assert values_of(exposure, "IDN", "tools") == pytest.approx({"JPN": 10.0})
    assert values_of(exposure, "IDN", "permission") == pytest.approx({"USA": 75.0})
    assert values_of(exposure, "IDN", "value") == pytest.approx({"JPN": 155.5, "USA": 75.0, "IDN": 19.5})
    assert exposure.of("IDN", "value")["direct"].isna().all()
    assert exposure.use.to_dict() == pytest.approx({("IDN", "chip"): 250.0})
    by_node = exposure.by_node.loc["IDN"]
    assert by_node["value"].to_dict() == pytest.approx(
        {
            ("wafer", "IDN"): 5.0,
            ("wafer", "JPN"): 20.0,
            ("tool", "JPN"): 5.0,
            ("chip", "IDN"): 25.0,
            ("chip", "JPN"): 225.0,
        }
    )
    assert by_node.loc[("wafer", "JPN"), "share"] == pytest.approx(0.8)


def test_a_circle_by_hand():
    """Chips that take 0.1 of wafers, which take 0.2 of chips: 1 / (1 - 0.02) of chips for every one used."""
    shares = {"wafer": {"JPN": 1.0}, "chip": {"TWN": 1.0}, "use": {"IDN": 1.0}}
    chain = make_chain(
        {"wafer": 100.0, "chip": 1000.0, "use": 980.0},
        [("wafer", "chip", "flow", 1.0), ("chip", "wafer", "flow", 0.02), ("chip", "use", "flow", 0.98)],
        shares,
        users={"use": 5000.0},
    )
    found = values_of(measure_exposure(chain), "IDN", "supply")
    assert found == pytest.approx({"TWN": 980 / (1 - 0.1 * 0.2), "JPN": 98 / (1 - 0.1 * 0.2)})


def test_rights_are_followed_over_all_tiers_and_counted_where_their_owner_sits():
    """Design 300 of 1,000 takes software for 60: permission to the USA 0.3 + 0.06, owned by Japan if so stated."""
    where = {"soft": {"IND": 1.0}, "design": {"USA": 1.0}, "chip": {"TWN": 1.0}, "use": {"IDN": 1.0}}
    owner = {**where, "soft": {"DEU": 1.0}, "chip": {"USA": 1.0}}
    chain = make_chain(
        {"soft": 60.0, "design": 300.0, "chip": 1000.0, "use": 1000.0},
        [("soft", "design", "licence", 1.0), ("design", "chip", "licence", 1.0), ("chip", "use", "flow", 1.0)],
        where,
        control=owner,
        users={"use": 5000.0},
    )
    exposure = measure_exposure(chain)
    assert values_of(exposure, "IDN", "permission") == pytest.approx({"USA": 300.0, "DEU": 60.0})
    assert values_of(exposure, "IDN", "control") == pytest.approx({"USA": 1000.0})
    assert values_of(exposure, "IDN", "supply") == pytest.approx({"TWN": 1000.0})
    assert values_of(exposure, "IDN", "value") == pytest.approx({"TWN": 700.0, "USA": 240.0, "IND": 60.0})


# --- on random chains ----------------------------------------------------------------------------


@given(EITHER)
def test_shares_are_parts_of_one(chain):
    table = measure_exposure(chain).by_country
    assert ((table["share"] >= 0) & (table["share"] <= 1 + ROUNDING)).all()
    assert table.groupby(["home", "kind"])["share"].sum().to_numpy() == pytest.approx(1.0, abs=ROUNDING)
    supply = table.xs("supply", level="kind")
    assert supply.groupby("home")["direct"].sum().to_numpy() == pytest.approx(1.0, abs=ROUNDING)
    # What is controlled is what is made, seen by another basis.
    supply, control = (table["value"].xs(kind, level="kind").groupby("home").sum() for kind in ("supply", "control"))
    assert control.to_numpy() == pytest.approx(supply.to_numpy(), rel=ROUNDING)


@given(EITHER)
def test_value_adds_up_to_the_chip_bill(chain):
    exposure = measure_exposure(chain)
    value = exposure.by_country.xs("value", level="kind")["value"].groupby("home").sum()
    bill = exposure.use.groupby("home").sum()
    assert value.to_numpy() == pytest.approx(bill.reindex(value.index).to_numpy(), rel=1e-10)


@settings(max_examples=30)
@given(EITHER, st.integers(0, 10**6))
def test_money_order_and_strangers_change_nothing(chain, seed):
    before = measure_exposure(chain).by_country
    for same in (shuffle(chain, seed), add_node(chain), scale_money(chain, 15_750.0)):
        after = measure_exposure(same).by_country
        assert after.index.equals(before.index)
        assert after["share"].to_numpy() == pytest.approx(before["share"].to_numpy(), abs=ROUNDING)
    assert after["value"].to_numpy() == pytest.approx(15_750.0 * before["value"].to_numpy(), rel=1e-10)


@given(EITHER)
def test_two_halves_of_a_country_count_as_the_whole(chain):
    before, after = (
        measure_exposure(one, ["IDN"]).by_country for one in (chain, split_country(chain, "JPN", ("FRA", "GBR")))
    )
    joined = after.reset_index().replace({"country": {"FRA": "JPN", "GBR": "JPN"}})
    joined = joined.groupby(["home", "kind", "country"])["share"].sum()
    assert joined.reindex(before.index).to_numpy() == pytest.approx(before["share"].to_numpy(), abs=ROUNDING)
    assert len(joined) == len(before)


@given(EITHER)
def test_half_a_home_country_depends_as_the_whole(chain):
    whole = measure_exposure(chain, ["JPN"]).by_country.xs("JPN")
    half = measure_exposure(split_country(chain, "JPN", ("FRA", "GBR")), ["FRA"]).by_country.xs("FRA")
    joined = (
        half.reset_index()
        .replace({"country": {"FRA": "JPN", "GBR": "JPN"}})
        .groupby(["kind", "country"])[["share", "value"]]
        .sum()
    )
    assert joined["share"].reindex(whole.index).to_numpy() == pytest.approx(whole["share"].to_numpy(), abs=ROUNDING)
    assert 2 * joined["value"].reindex(whole.index).to_numpy() == pytest.approx(whole["value"].to_numpy(), rel=1e-10)


@given(random_chains())
def test_a_country_that_makes_nothing_has_no_part(chain):
    shares = chain.shares
    without = change(chain, shares=shares[shares["country"] != "JPN"].reset_index(drop=True))
    found = measure_exposure(without, ["IDN"]).by_country
    assert "JPN" not in found.index.get_level_values("country")
    assert found.groupby("kind")["share"].sum().to_numpy() == pytest.approx(1.0, abs=ROUNDING)


@settings(max_examples=30)
@given(random_chains(spread=True) | random_chains(circle=True) | random_chains(gaps=True, spread=True))
def test_nodes_alone_give_what_balanced_flows_give(chain):
    """The band is drawn without countries, which must be exact where no prior tells suppliers apart (position.8).

    A drawn chain measured by its flows lies inside the band of that one draw, whose ends are the draw
    itself and the central value.
    """
    drawn = sample_chain(chain, 0, 0)
    by_nodes = measure_exposure(chain, draws=1).by_country
    by_flows = (
        measure_exposure(drawn, flows=balance_flows(drawn)).by_country["share"].reindex(by_nodes.index).fillna(0.0)
    )
    ends = np.where(by_flows < by_nodes["share"], by_nodes["low"], by_nodes["high"])
    assert ends == pytest.approx(by_flows.to_numpy(), abs=ROUNDING)


# --- priors and bands ----------------------------------------------------------------------------


def some_prior():
    """Return a taste for the own country's chips, ten times over."""
    return {("chip", "use"): pd.DataFrame([[10.0, 1.0], [1.0, 10.0]], ["IDN", "JPN"], ["IDN", "JPN"])}


def test_a_prior_moves_the_exposure_and_the_draws_follow_it():
    chain = two_countries()
    nodes = chain.nodes
    chain = change(
        chain, nodes=nodes.assign(market_low=0.9 * nodes["market_usd"], market_high=1.2 * nodes["market_usd"])
    )
    plain, tied = (
        measure_exposure(chain, ["IDN"], draws=20, flows=balance_flows(chain, prior)) for prior in (None, some_prior())
    )
    own = ("IDN", "supply", "IDN")
    assert tied.by_country.loc[own, "direct"] > 2 * plain.by_country.loc[own, "direct"]
    low, share, high = tied.by_country.loc[own, ["low", "share", "high"]]
    assert low < share < high
    # The band is the prior's: the exposure without it lies far below.
    assert low > 1.5 * plain.by_country.loc[own, "high"]


def test_draws_that_contradict_the_closed_routes_are_left_out():
    """Japan sells no chips to Indonesia, which makes 0.1 of them: only where it uses less than that is there a balance."""
    closed = {("chip", "use"): pd.DataFrame([[0.0]], ["JPN"], ["IDN"])}
    chain = use_of_indonesia(0.08, 0.0, 1.0)
    flows = balance_flows(chain, closed)
    exposure = measure_exposure(chain, ["IDN"], draws=40, flows=flows)
    assert 0 < exposure.draws < 40
    assert exposure.by_country.loc[("IDN", "supply", "IDN"), "direct"] == pytest.approx(1.0)
    with pytest.raises(BalanceError):
        measure_exposure(use_of_indonesia(0.2, 0.15, 0.3), ["IDN"], draws=3, flows=flows)


def use_of_indonesia(share, low, high):
    """Return the chain of two countries in which Indonesia uses this part of the chips."""
    chain = two_countries()
    shares = chain.shares
    for country, ends in (("IDN", [share, low, high]), ("JPN", [1 - share, 1 - high, 1 - low])):
        shares.loc[(shares["node"] == "use") & (shares["country"] == country), ["share", "low", "high"]] = ends
    return change(chain, shares=shares)


def test_where_no_prior_tells_them_apart_users_of_the_same_chips_depend_alike():
    table = measure_exposure(two_countries()).by_country["share"]
    assert table["IDN"].to_numpy() == pytest.approx(table["JPN"].to_numpy(), rel=ROUNDING)


def test_bands_hold_the_value_and_are_the_same_on_every_run():
    first, second = (measure_exposure(load_chain(), ["IDN", "JPN"], draws=10, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(first.by_country, second.by_country)
    table = first.by_country
    assert first.draws == 10
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()
    assert (table["low"] < table["high"]).mean() > 0.9
    other = measure_exposure(load_chain(), ["IDN"], draws=10, seed=5).by_country
    assert not other["low"].equals(table.loc[["IDN"], "low"])


def test_a_country_that_may_make_something_shows_in_the_band():
    chain = two_countries()
    row = chain.shares.head(1).assign(country="KOR", share=0.0, low=0.0, high=0.3)
    shares = chain.shares.assign(low=0.0, high=1.0)
    chain = change(chain, shares=pd.concat([shares, row.astype(shares.dtypes)], ignore_index=True))
    assert "KOR" not in measure_exposure(chain, ["IDN"]).of("IDN").index
    found = measure_exposure(chain, ["IDN"], draws=20).of("IDN").loc["KOR"]
    assert found["share"] == 0
    assert found["high"] > 0


def test_without_intervals_the_band_is_the_value():
    table = measure_exposure(two_countries(), draws=3).by_country
    assert table["low"].to_numpy() == pytest.approx(table["share"].to_numpy(), abs=ROUNDING)
    assert table["high"].to_numpy() == pytest.approx(table["share"].to_numpy(), abs=ROUNDING)


# --- what is asked -------------------------------------------------------------------------------


def test_every_country_that_uses_chips_is_measured_unless_some_are_named():
    exposure = measure_exposure(two_countries())
    assert exposure.by_country.index.unique("home").tolist() == ["IDN", "JPN"]
    assert measure_exposure(two_countries(), ["JPN"]).by_country.index.unique("home").tolist() == ["JPN"]
    assert set(exposure.by_country.index.unique("kind")) == set(KINDS)


@pytest.mark.parametrize(
    ("home", "what"), [("FRA", "FRA has no share"), ("USA", "USA uses no chips"), ("XXX", "XXX has no share")]
)
def test_a_country_without_use_is_refused(home, what):
    with pytest.raises(UsageError, match=what):
        measure_exposure(two_countries(), [home])


def test_a_user_whose_purchases_are_unknown_is_no_user():
    chain = make_chain(
        {"chip": None, "use": None},
        [("chip", "use", "flow", 1.0)],
        {"chip": {"JPN": 1.0}, "use": {"IDN": 1.0}},
        users={"use": 5.0},
    )
    assert measure_exposure(chain).by_country.empty
    with pytest.raises(UsageError, match="uses no chips"):
        measure_exposure(chain, ["IDN"])


def test_a_chain_without_tools_or_rights_has_no_rows_of_them():
    chain = make_chain(
        {"chip": 10.0, "use": 10.0},
        [("chip", "use", "flow", 1.0)],
        {"chip": {"JPN": 1.0}, "use": {"IDN": 1.0}},
        users={"use": 50.0},
    )
    exposure = measure_exposure(chain, draws=2)
    assert exposure.of("IDN", "tools").empty
    assert exposure.of("IDN", "permission").empty
    assert exposure.of("IDN", "value")["value"].to_dict() == {"JPN": 10.0}


def test_use_is_what_user_industries_buy():
    flows = balance_flows(two_countries())
    use = pd.DataFrame(trace_use(flows, ["IDN", "JPN"]), flows.labels, ["IDN", "JPN"])
    assert use["IDN"].to_dict() == pytest.approx(
        {**dict.fromkeys(flows.labels, 0.0), ("chip", "IDN"): 25.0, ("chip", "JPN"): 225.0}
    )
    assert use.to_numpy().sum() == pytest.approx(1000.0)
