"""Drawn disruptions: each belongs to its scenario, follows the table of hazards, and is a shock like any other."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import balance_flows, load_world
from pondasi.chain.records import World
from pondasi.errors import UsageError
from pondasi.stress.resolve import resolve_shock
from pondasi.stress.sampling import HazardSet, SampledShocks, prepare_hazards, sample_shocks
from pondasi.stress.schedule import Schedule, average_losses
from pondasi.stress.shock_library import load_shapes
from pondasi.stress.shocks import CHANNELS, Hit, Interval, Shock
from pondasi.tables.dictionary import load_dictionary

ARRAYS = ("first", "supplier", "channel", "buyer", "scrap", "start", "week", "loss")
LONG = 5.0
"""Standard deviations: a figure farther off is wrong, not unlucky (once in two million)."""
one = Interval.exactly


@cache
def world() -> World:
    return load_world()


@cache
def labels() -> pd.MultiIndex:
    return balance_flows(world().chain).labels


@cache
def hazards() -> HazardSet:
    return prepare_hazards(world(), labels())


@cache
def many(mode: str) -> SampledShocks:
    return sample_shocks(hazards(), 4_000, seed=3, mode=mode)


def table() -> pd.DataFrame:
    return world().companions["hazards"].set_index("hazard")


def scenarios_of(schedule: Schedule) -> Iterator[Schedule]:
    return (schedule.take(number, number + 1) for number in range(len(schedule)))


def same(left: Schedule, right: Schedule) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in ARRAYS)


# --- a scenario owns its draws -------------------------------------------------------------------


@given(
    st.integers(0, 2**32), st.lists(st.integers(0, 10**9), min_size=1, max_size=6, unique=True), st.randoms(), st.data()
)
@settings(max_examples=40)
@pytest.mark.parametrize("mode", ["one", "poisson"])
def test_a_scenario_is_the_same_bits_in_any_set_and_order(
    mode: str, seed: int, chosen: list[int], random, data
) -> None:
    together = sample_shocks(hazards(), chosen, seed, mode=mode, horizon_weeks=52).schedule
    shuffled = list(chosen)
    random.shuffle(shuffled)
    other = sample_shocks(hazards(), shuffled, seed, mode=mode, horizon_weeks=52).schedule
    pick = data.draw(st.sampled_from(chosen))
    alone = sample_shocks(hazards(), [pick], seed, mode=mode, horizon_weeks=52).schedule
    a = together.take(chosen.index(pick), chosen.index(pick) + 1)
    b = other.take(shuffled.index(pick), shuffled.index(pick) + 1)
    assert same(a, alone)
    assert same(b, alone)


def test_chunks_of_workers_put_together_are_the_whole() -> None:
    whole = sample_shocks(hazards(), 64, seed=5, mode="poisson").schedule
    for workers in (1, 2, 16):
        parts = [
            sample_shocks(hazards(), part, seed=5, mode="poisson").schedule
            for part in np.array_split(range(64), workers)
        ]
        scenarios = [scenario for part in parts for scenario in scenarios_of(part)]
        assert all(same(left, right) for left, right in zip(scenarios, scenarios_of(whole), strict=True))


DIGEST = """
from hashlib import sha256
from pondasi import load_world
from pondasi.chain.shares import complete_shares
import pandas as pd
from pondasi.stress.sampling import prepare_hazards, sample_shocks
world = load_world()
labels = pd.MultiIndex.from_frame(complete_shares(world.chain)[["node", "country"]])
drawn = sample_shocks(prepare_hazards(world, labels), 20, seed=4, mode="poisson").schedule
print(sha256(b"".join(getattr(drawn, name).tobytes() for name in ("supplier", "week", "loss", "start"))).hexdigest())
"""


def test_another_process_draws_the_same_bits() -> None:
    """Whatever the salt of its hashes, which sets and dictionaries could carry into an order."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": salt},
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().strip()) == 64


def test_a_longer_horizon_only_adds_events() -> None:
    short = sample_shocks(hazards(), 50, seed=5, mode="poisson", horizon_weeks=52).events
    long = sample_shocks(hazards(), 50, seed=5, mode="poisson", horizon_weeks=156).events
    inside = long[long["week"] < 52].reset_index(drop=True)
    pd.testing.assert_frame_equal(inside, short)


def test_seeds_differ() -> None:
    assert not same(sample_shocks(hazards(), 8, seed=1).schedule, sample_shocks(hazards(), 8, seed=2).schedule)


# --- it follows the table ------------------------------------------------------------------------


def test_one_event_strikes_at_week_0() -> None:
    events = many("one").events
    assert (events["week"] == 0).all()
    assert events["scenario"].tolist() == list(range(4_000))


@pytest.mark.parametrize("mode", ["one", "poisson"])
def test_hazards_come_in_proportion_to_their_rates(mode: str) -> None:
    counts = many(mode).events["hazard"].value_counts()
    rate = table()["rate"].drop("month_any")
    expected = rate / rate.sum() * counts.sum()
    spread = np.sqrt(expected)
    assert set(counts.index) == set(rate.index)
    assert (abs(counts.reindex(rate.index) - expected) < LONG * spread).all()


def test_events_of_a_horizon_are_poisson() -> None:
    counts = many("poisson").events.groupby("scenario").size().reindex(range(4_000), fill_value=0)
    years = 156 / load_dictionary().units["years"].factor
    mean = table()["rate"].drop("month_any").sum() * years
    assert counts.mean() == pytest.approx(mean, abs=LONG * np.sqrt(mean / 4_000))
    assert counts.var() == pytest.approx(mean, rel=LONG * np.sqrt(2 / 4_000))  # variance of a Poisson count is its mean
    weeks = many("poisson").events["week"]
    assert weeks.mean() == pytest.approx(78, abs=LONG * 156 / np.sqrt(12 * len(weeks)))


@pytest.mark.parametrize("mode", ["one", "poisson"])
def test_figures_lie_in_their_intervals(mode: str) -> None:
    ends = ["class", "loss_low", "loss_high", "duration_low", "duration_high"]
    events = many(mode).events.join(table()[ends], on="hazard")
    shapes = load_shapes().set_index("class")
    assert events["loss"].between(events["loss_low"], events["loss_high"]).all()
    assert events["weeks"].between(events["duration_low"] * (1 - 1e-12), events["duration_high"] * (1 + 1e-12)).all()
    assert (
        events["hold"].between(events["class"].map(shapes["hold_low"]), events["class"].map(shapes["hold_high"])).all()
    )


def test_a_hazard_of_a_country_strikes_there_and_the_rest_elsewhere() -> None:
    events = many("poisson").events.join(table()[["country", "scope"]], on="hazard")
    own = set(table()["country"]) - {"ROW"}
    named = events[(events["country"] != "ROW") & (events["scope"] == "country")]
    assert (named["place"] == named["country"]).all()
    elsewhere = events[(events["country"] == "ROW") & (events["scope"] == "country")]
    assert not set(elsewhere["place"]) & own
    assert "UNKNOWN" not in set(events["place"])
    assert (events[events["scope"] == "world"]["place"] == "").all()


def test_a_place_is_struck_in_proportion_to_what_it_makes() -> None:
    """The background of fires, over places without rows of their own."""
    from pondasi.stress.resolve import weigh_suppliers

    chosen = hazards().names.index("world_fire")
    places = hazards().places[hazards().first_place[chosen] : hazards().first_place[chosen + 1]]
    share = pd.Series(weigh_suppliers(world().chain, labels()).share, index=labels())
    nodes = table().loc["world_fire", "nodes"].split("|")
    weight = pd.Series({place: sum(share.get((node, place), 0.0) for node in nodes) for place in places})
    events = sample_shocks(hazards(), 40_000, seed=8).events
    counts = events[events["hazard"] == "world_fire"]["place"].value_counts().reindex(weight.index, fill_value=0)
    expected = weight / weight.sum() * counts.sum()
    assert (abs(counts - expected) <= LONG * np.sqrt(expected) + 1).all()


# --- an event is a shock like any other ----------------------------------------------------------


def surges() -> list[int]:
    """Return some scenarios of surges of demand: they take overtime as well."""
    events = many("one").events
    return events.index[events["hazard"].isin(["demand_surge_chips", "demand_surge_memory"])].tolist()[:8]


def test_some_events_are_surges() -> None:
    assert len(surges()) == 8


@pytest.mark.parametrize("scenario", [*range(0, 4_000, 100), *surges()])
def test_an_event_is_the_shock_that_it_describes(scenario: int) -> None:
    event = many("one").events.loc[scenario]
    row, shape = table().loc[event["hazard"]], load_shapes().set_index("class")
    shape = shape.loc[row["class"]]
    route = shape["channel"] == "route"
    hold = event["weeks"] * event["hold"]
    hit = Hit(
        nodes=tuple(row["nodes"].split("|")),
        countries=(event["place"] or "*",),
        loss=one(event["loss"]),
        channel=shape["channel"],
        buyers=("*",) if route else (),
        hold_weeks=one(hold),
        recovery_weeks=one(event["weeks"] - hold),
        scrap=shape["scrap"] == "yes",
    )
    hits = [hit]
    if shape["overtime_loss"] > 0:
        hits.append(replace(hit, channel="overtime", loss=one(shape["overtime_loss"]), scrap=False))
    known = labels()[labels().get_level_values("country") != "UNKNOWN"]
    expected = resolve_shock(Shock("event", {}, row["class"], tuple(hits)), known)
    drawn = many("one").schedule.take(scenario, scenario + 1)
    place = [known[supplier] for supplier in expected.supplier]
    by_channel = np.lexsort((expected.supplier, expected.channel))
    assert [labels()[supplier] for supplier in drawn.supplier] == [place[row] for row in by_channel]
    assert drawn.channel.tolist() == expected.channel[by_channel].tolist()
    assert CHANNELS[drawn.channel[0]] == shape["channel"]
    steps = int(np.ceil(event["weeks"])) + 1
    assert average_losses(drawn, steps) == pytest.approx(average_losses(expected, steps)[by_channel], abs=1e-9)
    assert drawn.scrap.tolist() == pytest.approx(expected.scrap[by_channel].tolist())
    assert set(drawn.buyer) == set(expected.buyer)


def test_nodes_of_an_event_are_struck_together() -> None:
    for scenario in scenarios_of(many("one").schedule):
        for channel in set(scenario.channel):
            losses = average_losses(scenario, 4)[scenario.channel == channel]
            assert (losses == losses[0]).all()


# --- limits --------------------------------------------------------------------------------------


def test_what_is_left_out_is_said() -> None:
    assert [(finding.key, finding.value) for finding in hazards().findings] == [("hazard_of_firms", "month_any")]
    some = labels()[labels().get_level_values("node") == "quartz_high_purity"]
    found = prepare_hazards(world(), some)
    assert {finding.key for finding in found.findings} == {"hazard_of_firms", "hazard_strikes_nothing"}
    assert "usa_hurricane" in found.names
    assert sample_shocks(found, 10).schedule.findings == found.findings


def test_rates_have_ends() -> None:
    totals = [prepare_hazards(world(), labels(), rate=end).rate.sum() for end in ("low", "value", "high")]
    assert totals == sorted(totals)
    assert totals[0] < totals[2]


def test_a_world_without_hazards_is_refused() -> None:
    with pytest.raises(UsageError, match="hazards"):
        prepare_hazards(World(world().chain, {}), labels())
    with pytest.raises(UsageError, match="hazards"):
        prepare_hazards(world(), labels()[:0])


def test_no_scenarios_and_no_events() -> None:
    assert len(sample_shocks(hazards(), 0).schedule) == 0
    calm = sample_shocks(hazards(), 5, mode="poisson", horizon_weeks=1e-9)
    assert (len(calm.schedule), calm.schedule.rows, len(calm.events)) == (5, 0, 0)
    assert average_losses(calm.schedule, 10).shape == (0, 10)


def test_ten_thousand_scenarios_take_about_a_second() -> None:
    """Measured 0.06 s for one event each and 1.1 s for three years of them; ten times that is a fault."""
    start = time.process_time()
    sample_shocks(hazards(), 10_000)
    sample_shocks(hazards(), 10_000, mode="poisson")
    assert time.process_time() - start < 12
