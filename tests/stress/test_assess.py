"""The stress test of a country: named shocks, bands, what carries them, and thousands of sampled ones."""

import numpy as np
import pytest

from pondasi import load_world
from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.chain.records import Chain, World
from pondasi.errors import DataError, UsageError
from pondasi.executor import open_executor
from pondasi.report.numbers import Numbers
from pondasi.stress import campaign as campaign_module
from pondasi.stress.assess import run_stress_test
from pondasi.stress.build import build_system
from pondasi.stress.campaign import CHUNK, run_campaign
from pondasi.stress.dynamics import take_step
from pondasi.stress.mitigate import STAGES, strip_system, unbuffer_system
from pondasi.stress.sentences import explain_nothing, say_shock
from pondasi.stress.shock_library import load_shock
from pondasi.stress.state import calm, proportional, rest
from pondasi.words import LANGUAGES, Words

WEEKS = 40


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module")
def flows(world):
    return balance_flows(world.chain, read_prior(world))


@pytest.fixture(scope="module")
def test(world, flows):
    shocks = [load_shock(name, world.chain) for name in ("taiwan_blockade", "neon_cut", "tool_licence_stop")]
    return run_stress_test(world, "IDN", shocks, draws=1, weeks=WEEKS, flows=flows)


def test_the_shipped_world_rests(world, flows):
    system = build_system(world, flows)
    state, following = rest(system), rest(system)
    for _ in range(8):
        following, moves = take_step(system, following, calm(system), proportional(system))
    assert np.allclose(moves.delivered, system.final, rtol=1e-12, atol=1e-6)
    # A small lot carries the rounding of its maker's other lots.
    assert np.abs(following.lots - state.lots).max() < 1e-12 * state.lots.max()


def test_a_blockade_is_felt_and_a_cut_of_gas_is_not(test):
    rank = test.rank()
    assert rank.index[0] == "taiwan_blockade"
    assert rank.loc["taiwan_blockade", "gross"] > 1
    assert rank.loc["neon_cut", "gross"] < 0.01


def test_buffers_take_loss_away_one_by_one(test):
    gross = test.carried["gross"].unstack()[list(STAGES)]
    assert (gross.diff(axis=1).iloc[:, 1:] < 1e-6).all(axis=None)
    assert gross.loc["neon_cut", "bare"] > 1


def test_lost_value_is_a_part_of_lost_output(test):
    table = test.losses
    assert (table["value_added_usd"] <= table["output_usd"]).all()
    assert table["output_usd"].groupby("shock").sum()["taiwan_blockade"] > 1e6


def test_paths_add_up_to_the_outcomes(test):
    loss = test.paths["loss"]
    for shock in test.shocks:
        path = loss[shock]["home"]
        assert path.clip(lower=0).sum() == pytest.approx(test.rank().loc[shock, "gross"], abs=1e-6)


def test_tables_of_a_run_have_plain_columns(test):
    for table in test.as_tables().values():
        assert all(isinstance(name, str) for name in table.columns)
        assert len(table)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shock_is_said_and_one_without_effect_says_why(test, language):
    words = Words(language)
    said = [say_shock(test, shock, shock, words, Numbers(words)) for shock in test.shocks]
    assert len(set(said)) == len(said)
    assert explain_nothing(test, "neon_cut") == "stocks"


def test_stripped_chains_still_rest(world, flows):
    system = build_system(world, flows)
    for stage in STAGES[:-1]:
        stripped = strip_system(system, stage)
        _, moves = take_step(stripped, rest(stripped), calm(stripped), proportional(stripped))
        assert np.allclose(moves.delivered, system.final, rtol=1e-9, atol=1e-3)
    assert (unbuffer_system(system).spare == system.spare).all()


def test_wrong_requests_are_refused(world, flows):
    with pytest.raises(UsageError, match="No shock is named"):
        run_stress_test(world, "IDN", [], flows=flows)
    with pytest.raises(UsageError):
        run_stress_test(world, "XXX", [load_shock("neon_cut", world.chain)], flows=flows)
    with pytest.raises(UsageError):
        run_campaign(world, "IDN", 0, flows=flows)
    with pytest.raises(UsageError):
        run_campaign(world, "XXX", 5, flows=flows)


def test_all_missing_traits_are_named_at_once(world, flows):
    traits = world.chain.traits
    gone = traits[~((traits["trait"] == "inventory_weeks") & traits["node"].isin(["neon", "wafer_300"]))]
    chain = Chain({**world.chain.tables, "traits": gone}, world.chain.id, world.chain.version)
    with pytest.raises(DataError) as caught:
        build_system(World(chain, {name: table for name, table in world.companions.items() if name != "pace"}), flows)
    named = {problem.value for problem in caught.value.problems}
    assert {"neon", "wafer_300", "adjustment_weeks", "urgency_weeks"} <= named
    for language in LANGUAGES:
        assert "neon" in Words(language).error(caught.value)


def test_a_campaign_is_the_same_whoever_runs_it_and_however_often_it_stops(world, flows, tmp_path, monkeypatch):
    monkeypatch.setattr(campaign_module, "CHUNK", 4)
    whole = run_campaign(world, "IDN", 10, weeks=6, flows=flows)
    seen = []

    class StoppedError(Exception):
        pass

    def stop(done, of):
        seen.append((done, of))
        raise StoppedError

    with pytest.raises(StoppedError):
        run_campaign(world, "IDN", 10, weeks=6, flows=flows, cache=tmp_path, progress=stop)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept
    assert len(kept) < 3
    resumed = run_campaign(world, "IDN", 10, weeks=6, flows=flows, cache=tmp_path)
    assert seen == [(8, 10)]
    for name, table in whole.as_tables().items():
        assert table.equals(resumed.as_tables()[name])
    assert whole.outcomes["hazard"].ne("").all()
    assert whole.rate > 1


@pytest.mark.slow
def test_a_campaign_on_two_processes_gives_the_same_bits(world, flows):
    alone = run_campaign(world, "IDN", CHUNK + 7, weeks=4, flows=flows)
    with open_executor(2) as executor:
        shared = run_campaign(world, "IDN", CHUNK + 7, weeks=4, flows=flows, executor=executor)
    assert alone.outcomes.equals(shared.outcomes)
    assert alone.paths.equals(shared.paths)
