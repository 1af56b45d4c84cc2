"""What trade says of routes becomes weights that mean what they say, and leave the margins alone."""

import numpy as np
import pandas as pd
import pytest

from pondasi import balance_flows, load_world, measure_exposure, read_prior
from pondasi.chain.prior import TABLE
from pondasi.chain.records import World
from tests.chain.random_chains import make_chain

ROUNDING = 1e-12
MARGIN = 1e-9
"""The tolerance of the balance, 1e-10 of a link, over the links of a supplier."""
COLUMNS = ["nodes", "side", "origin", "destination", "share"]


def small_world(*rows):
    """Chips made in TWN and KOR, used in CHN, JPN, IDN and TWN."""
    chain = make_chain(
        {"chip": 100.0, "use": 100.0},
        [("chip", "use", "flow", 1.0)],
        {"chip": {"TWN": 0.6, "KOR": 0.4}, "use": {"CHN": 0.4, "JPN": 0.2, "IDN": 0.2, "TWN": 0.2}},
        users={"use": 1000.0},
    )
    return World(chain, {TABLE: pd.DataFrame(rows, columns=COLUMNS)})


@pytest.fixture(scope="module")
def world():
    return load_world()


def test_a_world_without_trade_has_no_prior(world):
    assert read_prior(small_world()) is None
    assert read_prior(World(world.chain, {})) is None


def test_the_weight_of_an_export_is_its_part_over_that_of_use_abroad():
    """TWN sells abroad to CHN, JPN and IDN, which use 0.4, 0.2 and 0.2: half, a quarter, a quarter."""
    weights = read_prior(small_world(("chip", "export", "TWN", "CHN", 0.25)))["chip", ""]
    assert weights.loc["TWN", "CHN"] == pytest.approx(0.25 / 0.5, rel=ROUNDING)
    assert weights.loc["TWN", ["JPN", "IDN"]].tolist() == pytest.approx([0.75 / 0.5] * 2, rel=ROUNDING)
    assert weights.loc["TWN", "TWN"] == 1.0
    assert (weights.drop(index="TWN") == 1.0).all(axis=None)


def test_the_weight_of_an_import_is_its_part_over_that_of_makers_abroad():
    weights = read_prior(small_world(("chip", "import", "TWN", "IDN", 0.9)))["chip", ""]
    assert weights.loc["TWN", "IDN"] == pytest.approx(0.9 / 0.6, rel=ROUNDING)
    assert weights.loc["KOR", "IDN"] == pytest.approx(0.1 / 0.4, rel=ROUNDING)
    assert (weights.drop(columns="IDN") == 1.0).all(axis=None)


def test_a_route_that_is_left_out_keeps_weight_one_and_is_no_part_of_the_rest():
    rows = (("chip", "export", "TWN", "JPN", np.nan), ("chip", "export", "TWN", "CHN", 0.5))
    weights = read_prior(small_world(*rows))["chip", ""].loc["TWN"]
    assert weights["JPN"] == 1.0
    assert weights["CHN"] == pytest.approx(0.5 / (0.4 / 0.6), rel=ROUNDING)
    assert weights["IDN"] == pytest.approx(0.5 / (0.2 / 0.6), rel=ROUNDING)


def test_two_statements_on_a_route_meet_in_their_geometric_mean():
    rows = (("chip", "export", "TWN", "IDN", 0.5), ("chip", "import", "TWN", "IDN", 0.3))
    weights = read_prior(small_world(*rows))["chip", ""]
    assert weights.loc["TWN", "IDN"] == pytest.approx(np.sqrt(0.5 / 0.25 * 0.3 / 0.6), rel=ROUNDING)


def test_what_is_stated_outweighs_what_is_left_over():
    rows = (("chip", "export", "TWN", "CHN", 0.25), ("chip", "import", "TWN", "IDN", 0.3))
    weights = read_prior(small_world(*rows))["chip", ""]
    assert weights.loc["TWN", "IDN"] == pytest.approx(0.3 / 0.6, rel=ROUNDING)


def test_trade_in_proportion_says_nothing():
    rows = [("chip", "export", "TWN", place, part) for place, part in (("CHN", 0.5), ("JPN", 0.25), ("IDN", 0.25))]
    weights = read_prior(small_world(*rows))["chip", ""]
    assert weights.to_numpy() == pytest.approx(1.0, rel=ROUNDING)


def test_places_that_the_chain_does_not_know_are_passed_over():
    weights = read_prior(small_world(("chip", "export", "TWN", "USA", 0.5), ("chip", "export", "FRA", "IDN", 0.5)))
    assert (weights["chip", ""] == 1.0).all(axis=None)


def test_stated_imports_come_out_of_the_balance():
    """KOR is the only other maker, and the home market of TWN is free to give way."""
    world = small_world(*(("chip", "import", "TWN", place, 0.5) for place in ("CHN", "JPN", "IDN")))
    flows = balance_flows(world.chain, read_prior(world))
    table = pd.DataFrame(flows.Z.toarray(), flows.labels, flows.labels).loc["chip", "use"]
    even = table["CHN"] / table["CHN"].sum()
    assert even["TWN"] < 0.6
    assert table["TWN"]["TWN"] / table["TWN"].sum() > 0.6
    assert table.sum(axis=1).tolist() == pytest.approx([40.0, 60.0], rel=MARGIN)


def test_the_rows_that_ship_are_parts_of_one_whole(world):
    table = world.companions[TABLE]
    own = table["origin"].where(table["side"] == "export", table["destination"])
    sums = table.groupby([table["nodes"], table["side"], own])["share"].sum()
    assert sums.max() < 1.0
    assert (table["origin"] != table["destination"]).all()
    stated = table.dropna(subset=["share"])
    assert ((stated["low"] < stated["share"]) & (stated["share"] < stated["high"])).all()


def test_trade_moves_who_buys_from_whom_and_nothing_else(world):
    prior = read_prior(world)
    even, steered = balance_flows(world.chain), balance_flows(world.chain, prior)
    assert steered.output == pytest.approx(even.output, rel=ROUNDING)
    for axis in (0, 1):
        sums = [np.asarray(flows.Z.sum(axis=axis)).ravel() for flows in (steered, even)]
        assert sums[0] == pytest.approx(sums[1], rel=MARGIN, abs=1.0)
    found = {}
    for name, flows in (("even", even), ("trade", steered)):
        exposure = measure_exposure(world.chain, ["JPN"], flows=flows).of("JPN")["share"]
        assert exposure.sum() == pytest.approx(1.0, rel=ROUNDING)
        found[name] = exposure
    assert found["trade"]["TWN"] - found["even"]["TWN"] > 0.05


def test_draws_balanced_with_trade_are_the_same_bits_again(world):
    flows = balance_flows(world.chain, read_prior(world))
    first, again = (measure_exposure(world.chain, ["IDN"], draws=2, seed=3, flows=flows).by_country for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert (first["low"] <= first["share"]).all()
    assert (first["share"] <= first["high"]).all()
