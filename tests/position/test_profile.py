"""The position as a whole: by hand, its accounts, its bands and its limits."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from pondasi.chain.load import load_chain, load_world
from pondasi.errors import UsageError
from pondasi.places import UNKNOWN
from pondasi.position.bands import band
from pondasi.position.exposure import measure_exposure
from pondasi.position.profile import measure_position
from pondasi.position.sentences import say_position
from pondasi.words import LANGUAGES, Words
from tests.chain.random_chains import make_chain, random_chains, two_countries


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module")
def position(world):
    return measure_position(
        world.chain, "IDN", ["VNM", "MYS"], draws=20, seed=3, capability=world.companions["capability"]
    )


def test_two_countries_by_hand():
    """As in test_exposure: supply 30 at home and 250 in Japan; tools in Japan, rights in the USA.

    Indonesia makes 0.2 of wafers (100) and 0.1 of chips (1,000): 120; Japan 80, 900, and 60 of tools and
    their service: 1,040. U of wafers is 3 and of chips 2: Indonesia (20 x 3 + 100 x 2) / 120.
    """
    position = measure_position(two_countries(), "IDN", ["JPN"])
    summary = position.summary["value"]
    assert summary["foreign_supply"].to_dict() == pytest.approx({"IDN": 250 / 280, "JPN": 90 / 840})
    assert summary["foreign_tools"].to_dict() == pytest.approx({"IDN": 1.0, "JPN": 0.0})
    assert summary["foreign_permission"].to_dict() == pytest.approx({"IDN": 1.0, "JPN": 1.0})
    assert summary["made"].to_dict() == pytest.approx({"IDN": 120.0, "JPN": 1040.0})
    assert summary["use"].to_dict() == pytest.approx({"IDN": 250.0, "JPN": 750.0})
    assert summary["nodes"].to_dict() == {"IDN": 2.0, "JPN": 3.0}
    assert summary.loc[("upstreamness", "IDN")] == pytest.approx((20 * 3 + 100 * 2) / 120)
    assert summary.loc[("partner_hhi", "IDN")] == pytest.approx(1.0)
    assert position.summary.loc[("largest_supply", "IDN"), "place"] == "JPN"
    assert position.shares.loc[("chip", "IDN"), "share"] == pytest.approx(0.1)
    assert position.shares.loc[("chip", "IDN"), "value"] == pytest.approx(100.0)
    assert position.partners("supply").index.tolist() == ["JPN"]


def test_without_draws_there_are_no_bands_and_no_ranking_is_tested():
    position = measure_position(two_countries(), "IDN", ["JPN"])
    assert position.draws == 0
    assert position.summary[["low", "high"]].isna().all().all()
    assert position.shares[["low", "high"]].isna().all().all()
    assert all(found.variants == 0 and np.isnan(found.mean) for found in position.stability.values())


def test_figures_without_intervals_do_not_move():
    position = measure_position(two_countries(), "IDN", ["JPN"], draws=3)
    for table in (position.summary, position.shares):
        value = table["value" if "value" in table and "unit" in table else "share"]
        assert table["low"].to_numpy() == pytest.approx(value.to_numpy(), nan_ok=True)
        assert table["high"].to_numpy() == pytest.approx(value.to_numpy(), nan_ok=True)
    assert (position.concentration["top_holds"] == 1).all()
    assert position.stability["concentration"].ranks["holds"].eq(1.0).all()


def test_every_central_figure_is_the_one_of_its_own_verb(world, position):
    exposure = measure_exposure(world.chain, ["IDN", "VNM", "MYS"], draws=20, seed=3)
    pd.testing.assert_frame_equal(exposure.by_country, position.exposure.by_country)
    pd.testing.assert_frame_equal(exposure.by_node, position.exposure.by_node)
    abroad = exposure.of("IDN")["share"].drop(["IDN", UNKNOWN], errors="ignore").sum()
    assert position.summary.loc[("foreign_supply", "IDN"), "value"] == pytest.approx(abroad)


def test_central_figures_lie_in_their_bands(position):
    for table, name in (
        (position.summary, "value"),
        (position.shares, "share"),
        (position.upstreamness, "upstreamness"),
    ):
        known = table[table[name].notna()]
        assert (known["low"] <= known[name]).all()
        assert (known[name] <= known["high"]).all()
    table = position.concentration
    for name, ends in (("hhi", "hhi_draw"), ("cr1", "cr1"), ("cr3", "cr3")):
        known = table[table[name].notna()]
        assert (known[f"{ends}_low"] <= known[name]).all()
        assert (known[name] <= known[f"{ends}_high"]).all()


def test_every_ranking_says_how_firm_it_is(position):
    assert {"supply", "tools", "permission", "concentration", "upstreamness", "shares"} <= set(position.stability)
    for found in position.stability.values():
        assert found.variants == 20
        assert found.survival.shape == (len(found.ranks), len(found.ranks))
        assert found.ranks["holds"].between(0, 1).all()
        assert (found.ranks["rank_low"] <= found.ranks["rank_high"]).all()
    assert position.partners("supply")["rank"].is_monotonic_increasing


def test_the_same_seed_gives_the_same_bits(world, position):
    again = measure_position(world.chain, "IDN", ["VNM", "MYS"], draws=20, seed=3)
    for name, table in position.as_tables().items():
        if name != "capability":
            pd.testing.assert_frame_equal(table, again.as_tables()[name])
    other = measure_position(world.chain, "IDN", ["VNM", "MYS"], draws=20, seed=4)
    assert not other.summary["low"].equals(position.summary["low"])


class Elsewhere:
    """An executor that sends its work away and does it backwards."""

    workers = 2

    def map(self, function, items):
        sent = pickle.loads(pickle.dumps(function))
        return [sent(item) for item in reversed(list(items))][::-1]


def test_where_the_draws_are_measured_does_not_matter(world, position):
    sent = measure_position(world.chain, "IDN", ["VNM", "MYS"], draws=20, seed=3, executor=Elsewhere())
    pd.testing.assert_frame_equal(sent.exposure.by_country, position.exposure.by_country, check_exact=True)
    pd.testing.assert_frame_equal(sent.summary, position.summary, check_exact=True)


def test_peers_do_not_change_what_is_said_of_home(world, position):
    alone = measure_position(world.chain, "IDN", draws=20, seed=3)
    pd.testing.assert_frame_equal(alone.partners("supply"), position.partners("supply"), rtol=1e-9)
    mine = position.summary.xs("IDN", level="country")
    pd.testing.assert_frame_equal(alone.summary.xs("IDN", level="country"), mine, rtol=1e-9)


def test_it_goes_into_files_and_comes_back(position, tmp_path):
    assert str(pickle.loads(pickle.dumps(position))) == str(position)
    tables = position.as_tables()
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / f"{name}.parquet"), table)
    plain = json.loads(json.dumps(position.as_dict(), allow_nan=False))
    assert plain["home"] == "IDN"
    assert plain["stability"]["supply"] == position.stability["supply"].mean


def test_capability_stands_beside_it_with_its_sources(world, position):
    table = position.capability
    assert set(table.index.get_level_values("country")) == {"IDN", "VNM", "MYS"}
    assert table["source"].notna().all()
    row = world.companions["capability"].set_index(["indicator", "country"]).loc[("logistics_index", "IDN")]
    assert table.loc[("logistics_index", "IDN"), "value"] == row["value"]
    assert measure_position(world.chain, "IDN").capability.empty


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_every_language(position, language):
    said = say_position(position, Words(language))
    assert len(said) == 8
    assert all("{" not in text for text in said)
    assert str(position).splitlines() == say_position(position, Words("en"))


def test_a_country_that_makes_nothing_and_one_that_buys_from_nobody_can_be_told():
    chain = make_chain(
        {"chip": 10.0, "use": 10.0},
        [("chip", "use", "flow", 1.0)],
        {"chip": {"JPN": 1.0}, "use": {"IDN": 0.5, "JPN": 0.5}},
        users={"use": 50.0},
    )
    text = str(measure_position(chain, "IDN", ["JPN"]))
    assert "no recorded part" in text
    assert "All that is recorded of it abroad stands in Japan with 100 %" in text
    assert "Japan: 0 % abroad." in text


@pytest.mark.parametrize(("home", "peers"), [("IDN", ["IDN"]), ("TUV", []), ("IDN", ["TUV"])])
def test_a_country_that_cannot_be_measured_is_refused(home, peers):
    with pytest.raises(UsageError):
        measure_position(load_chain(), home, peers)


def test_missing_draws_leave_the_band_missing():
    low, high = band(np.array([1.0, np.nan, 2.0]), np.array([[0.0, 1.0, np.nan], [2.0, 1.0, np.nan]]))
    assert low.tolist()[0] <= 1.0 <= high.tolist()[0]
    assert np.isnan(low[1:]).all()
    assert np.isnan(high[1:]).all()


@given(random_chains(gaps=True, spread=True))
@settings(max_examples=12)
def test_any_chain_has_a_position(chain):
    position = measure_position(chain, "IDN", ["JPN"], draws=3)
    summary = position.summary
    for name in ("foreign_supply", "unknown_supply"):
        assert summary.loc[name, "value"].between(0, 1 + 1e-12).all()
    domestic = position.exposure.of("IDN")["share"].get("IDN", 0.0)
    both = summary.loc[("foreign_supply", "IDN"), "value"] + summary.loc[("unknown_supply", "IDN"), "value"]
    assert both + domestic == pytest.approx(1.0)
    assert position.shares.groupby("node")["share"].sum().max() <= 1 + 1e-12
    assert str(position)
