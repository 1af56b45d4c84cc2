"""The world of a year of the plan, what fresh disruptions cost on it, and whether the plan's own years agree."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import UsageError, load_chain
from pondasi.chain.records import World
from pondasi.chain.shares import complete_shares
from pondasi.plan.after import pair_means, prepare_system, stress_after
from pondasi.plan.build_year import find_capacity
from pondasi.plan.roadmap import tabulate_output
from pondasi.plan.tell_after import tell_after, tell_check, tell_sides
from pondasi.plan.two_sides import weigh_sides
from pondasi.plan.world_after import build_world_after, replace_shares
from pondasi.plan.yearly_check import compare_losses
from pondasi.stress.shock_library import load_shocks
from pondasi.words import LANGUAGES, Words
from tests.plan.hand_made import start_by_hand

CHAIN = load_chain()
NODES = sorted(set(CHAIN.shares["node"]) & set(CHAIN.nodes.loc[CHAIN.nodes["market_usd"].notna(), "node"]))


@pytest.fixture(scope="module")
def plan():
    return start_by_hand()


def shares_of(chain):
    return complete_shares(chain).set_index(["node", "country"])["share"]


@given(node=st.sampled_from(NODES), share=st.floats(0.0, 1.0))
@settings(max_examples=40)
def test_other_countries_give_way_in_proportion(node, share):
    before, after = shares_of(CHAIN), shares_of(replace_shares(CHAIN, "IDN", {node: share}))
    assert after.groupby("node").sum().to_numpy() == pytest.approx(1.0)
    assert after.get((node, "IDN"), 0.0) == pytest.approx(share)
    others = before[node].drop("IDN", errors="ignore")
    rest = 1 - before.get((node, "IDN"), 0.0)
    left = after[node].drop("IDN", errors="ignore").reindex(others.index, fill_value=0.0)
    # Sums of shares are rounded to one within two hundredths before.
    assert left.to_numpy() == pytest.approx((others * (1 - share) / rest).to_numpy(), abs=1e-9)


def test_the_same_shares_leave_the_chain_as_it_is():
    same = {"atp_wirebond": float(shares_of(CHAIN)["atp_wirebond", "IDN"])}
    pd.testing.assert_series_equal(shares_of(replace_shares(CHAIN, "IDN", same)), shares_of(CHAIN))
    assert replace_shares(CHAIN, "IDN", {}).hash == CHAIN.hash


def test_the_year_holds_the_capacity_that_is_expected_to_work(plan):
    found = build_world_after(plan)
    working = tabulate_output(plan)["working"].xs(2045, level="year")
    assert found.shares["added"].to_dict() == pytest.approx((working[working > 0] * 1e6).to_dict())
    growth = found.shares["market"] / CHAIN.nodes.set_index("node")["market_usd"][found.shares.index]
    assert growth.to_numpy() == pytest.approx(growth.iloc[0])
    assert growth.iloc[0] > 1
    rise = found.shares["after"] - found.shares["before"]
    assert rise.to_numpy() == pytest.approx((found.shares["added"] / found.shares["market"]).to_numpy())
    today = build_world_after(plan, int(plan.problem.tree.years[0]))
    assert today.world.chain.hash == plan.case.world.chain.hash


def test_the_mean_over_futures_is_that_of_the_futures(plan):
    tree = plan.problem.tree
    names = [(name, p) for name, p, year in zip(tree.names, tree.probability, tree.year, strict=True) if year == 2045]
    node = build_world_after(plan).shares.index[0]
    parts = [build_world_after(plan, 2045, name).shares["added"].get(node, 0.0) * p for name, p in names]
    assert build_world_after(plan).shares["added"][node] == pytest.approx(sum(parts))


@pytest.mark.parametrize(("year", "future"), [(1999, None), (2045, "toys")])
def test_a_year_or_future_that_is_not_there_is_refused(plan, year, future):
    with pytest.raises(UsageError, match=str(future or year)):
        build_world_after(plan, year, future)


def test_reserves_of_the_plan_are_stock_of_its_industries(plan):
    world = plan.case.world
    bare, _ = prepare_system(world, "IDN", {})
    held, _ = prepare_system(world, "IDN", {"chip_dao": 4.0})
    more = held.target - bare.target
    assert more.min() == 0
    users = bare.labels.get_level_values("country")[bare.user[more > 0]]
    assert set(users) == {"IDN"}


@pytest.mark.slow
def test_a_plan_that_starts_nothing_changes_nothing(plan):
    idle = dataclasses.replace(plan, answer=dataclasses.replace(plan.answer, x=np.zeros_like(plan.answer.x)))
    shock = load_shocks(plan.case.world.chain).shocks["taiwan_blockade"]
    found = stress_after(idle, [shock], scenarios=8, weeks=52)
    assert found.change == (0.0, 0.0, 0.0)
    assert found.sampled["before"].tolist() == found.sampled["after"].tolist()
    assert found.named.loc["taiwan_blockade", "before"] == found.named.loc["taiwan_blockade", "after"] > 0
    for language in LANGUAGES:
        # What is left of the difference of two like runs is no figure.
        told = tell_after(
            dataclasses.replace(found, change=(-2e-9, -7e-9, 3e-9)), "IDN", {"taiwan_blockade": "X"}, Words(language)
        )
        assert "e-" not in told[0]
        shown = float(f"{found.named.loc['taiwan_blockade', 'after']:.2g}")
        assert told[1] == Words(language).say("plan.after.named_same", shock="X", after=shown)
    sides = weigh_sides(plan.case.world, found.after, "IDN", "JPN")
    pd.testing.assert_series_equal(sides["before"], sides["after"], check_names=False)


@pytest.mark.long
def test_a_plan_with_reserves_loses_less_under_a_named_shock(plan, monkeypatch):
    found = build_world_after(plan)
    rich = dataclasses.replace(found, reserves={"chip_logic_mature": 8.0, "chip_dao": 8.0, "chip_dram": 8.0})
    monkeypatch.setattr("pondasi.plan.after.build_world_after", lambda *_: rich)
    shock = load_shocks(plan.case.world.chain).shocks["taiwan_blockade"]
    result = stress_after(plan, [shock], scenarios=4, weeks=104)
    assert result.named.loc["taiwan_blockade", "after"] < 0.95 * result.named.loc["taiwan_blockade", "before"]
    for language in LANGUAGES:
        told = tell_after(result, "IDN", {"taiwan_blockade": "X"}, Words(language))
        assert len(told) == 3
        assert told[1] != Words(language).say("plan.after.named_same", shock="X", after=0.0)
        assert all("{" not in line for line in told)


@pytest.mark.slow
def test_more_capacity_at_home_sells_more_to_the_partner(plan):
    world = plan.case.world
    chain = replace_shares(world.chain, "IDN", {"atp_wirebond": 0.05})
    after = dataclasses.replace(build_world_after(plan), world=World(chain, world.companions))
    sides = weigh_sides(world, after, "IDN", "JPN")
    assert sides.loc[("IDN", "sales"), "after"] > sides.loc[("IDN", "sales"), "before"]
    assert sides.loc[("JPN", "exposure"), "after"] > sides.loc[("JPN", "exposure"), "before"]
    for language in LANGUAGES:
        told = tell_sides(sides, "IDN", "JPN", 2045, Words(language))
        assert len(told) == 2
        assert all("{" not in line and "2045" in line for line in told)
    # A side whose industries use no chips in the data has trade and no dependence.
    sides.loc[("JPN", "exposure"), "before"] = np.nan
    assert "dependence" not in tell_sides(sides, "IDN", "JPN", 2045, Words("en"))[1]


def test_agreement_is_told_from_disagreement():
    loss = np.array([0.0, 1.0, 3.0, 4.0])
    assert compare_losses(loss, 2 * loss).is_firm
    assert compare_losses(loss, 2 * loss).slope == pytest.approx(2)
    assert not compare_losses(loss, loss[::-1]).is_firm
    nothing = compare_losses(loss, np.zeros(4))
    assert np.isnan(nothing.rank)
    assert not nothing.is_firm
    for language in LANGUAGES:
        words = Words(language)
        told = {
            tell_check(check, words) for check in (nothing, compare_losses(loss, loss), compare_losses(loss, -loss))
        }
        assert len(told) == 3


def test_the_interval_of_pairs_is_narrower_than_that_of_either_side():
    draws = np.random.default_rng(0)
    before = draws.exponential(5, 400)
    mean, low, high = pair_means(np.asarray(before * 0.9 - before))
    assert low < mean < high < 0
    assert mean == pytest.approx(-0.1 * before.mean())


def test_the_capacity_of_every_step_has_a_node_of_the_chain(plan):
    assert {node for node, _ in find_capacity(plan.case).values()} <= set(CHAIN.nodes["node"])
