"""Which figures decide a loss: groups of the shipped world, the function behind them, and what a run tells."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pondasi import load_shock, load_world
from pondasi.chain.records import World
from pondasi.chain.sample import prepare_draws
from pondasi.cli import main
from pondasi.cli import sensitivity as verb
from pondasi.cli.sensitivity import say_sensitivity
from pondasi.executor import Processes
from pondasi.report.numbers import Numbers
from pondasi.sensitivity.figures import PARAMETERS, STRUCK, TRAITS, USERS, list_factors, list_rows_of
from pondasi.sensitivity.losses import OUTPUTS, LossModel
from pondasi.sensitivity.stress import TRAJECTORIES, WEEKS, measure_sensitivity
from pondasi.stress.assess import run_stress_test
from pondasi.stress.build import PACE, build_system
from pondasi.stress.shocks import Interval
from pondasi.tables.dictionary import load_dictionary
from pondasi.words import LANGUAGES, Words

FEW = {"traits/inventory_weeks/users", "shares/share/packaging", "pace/overtime_weeks", "shock/loss"}
SHORT = 16


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module")
def shock(world):
    return load_shock("taiwan_blockade", world.chain)


@pytest.fixture(scope="module")
def factors(world, shock):
    return list_factors(world, shock, "IDN")


@pytest.fixture(scope="module")
def few(factors):
    chosen = tuple(factor for factor in factors if factor.id in FEW)
    assert {factor.id for factor in chosen} == FEW
    return chosen


@pytest.fixture(scope="module")
def found(world, shock, few):
    return measure_sensitivity(world, "IDN", shock, factors=few, trajectories=2, samples=4, top=2, weeks=SHORT)


def systems_differ(one, other):
    return any(
        not np.array_equal(getattr(one, name), getattr(other, name))
        for name in one.__dataclass_fields__
        if name not in {"labels", "step"}
    )


@pytest.mark.slow
def test_every_trait_and_parameter_that_the_engine_reads_may_move_and_no_other(world):
    """Each is moved to its ends in turn: what changes the system is listed, what is not listed changes nothing."""
    base = build_system(world)
    traits = world.chain.traits
    for trait in sorted(set(traits["trait"])):
        chosen = traits["trait"] == trait
        ends = [traits["high"], traits["low"]]
        if (traits["value"][chosen] <= 1).all():
            ends.append(1 - traits["value"])  # what acts only beyond a threshold is moved across it
        tables = (traits.assign(value=traits["value"].where(~chosen | end.isna(), end)) for end in ends)
        chains = (replace(world.chain, tables={**world.chain.tables, "traits": table}) for table in tables)
        differs = any(systems_differ(base, build_system(World(chain, world.companions))) for chain in chains)
        assert differs == (trait in TRAITS), trait
    pace = world.companions[PACE]
    for parameter in pace["parameter"]:
        ends = (pace["value"].where(pace["parameter"] != parameter, pace[end]) for end in ("high", "low"))
        moved = ({**world.companions, PACE: pace.assign(value=end)} for end in ends)
        differs = any(systems_differ(base, build_system(World(world.chain, companions))) for companions in moved)
        assert differs == (parameter in PARAMETERS), parameter


def test_a_figure_stands_in_one_group_at_most(factors):
    for table in ("traits", "shares", "nodes", "links", PACE):
        rows = np.concatenate([factor.rows for factor in factors if factor.table == table])
        assert len(rows) == len(set(rows.tolist()))
    assert len({factor.id for factor in factors}) == len(factors)


def test_groups_are_told_by_what_the_shock_names(world, factors):
    assert not any(factor.where == STRUCK for factor in factors), "all nodes are struck: stages tell them apart"
    neon = list_factors(world, load_shock("neon_cut", world.chain), "IDN")
    struck = {factor.what: factor for factor in neon if factor.where == STRUCK}
    nodes = set(world.chain.traits["node"].iloc[struck["inventory_weeks"].rows])
    assert nodes == {node for hit in load_shock("neon_cut", world.chain).hits for node in hit.nodes}
    shares = list_rows_of(world, load_shock("neon_cut", world.chain), struck["share"])
    assert set(shares["row"].str.split("/").str[1]) <= {"UKR", "RUS"}
    users = next(factor for factor in factors if factor.id == "traits/inventory_weeks/users")
    assert users.where == USERS
    assert world.chain.traits["node"].iloc[users.rows].str.startswith("use_").all()


def test_rows_carry_what_a_planner_needs_to_measure_them(world, shock, factors):
    for factor in factors:
        rows = list_rows_of(world, shock, factor)
        assert len(rows), factor.id
        assert (rows["low"] < rows["high"]).any()
        assert rows[["grade", "source", "unit"]].notna().all(axis=None)
        assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).all()


def test_all_central_is_the_central_run(world, shock, few):
    model = LossModel(world, "IDN", shock, few, SHORT)
    central = model(np.full(len(few), np.nan))
    test = run_stress_test(world, "IDN", [shock], draws=0, weeks=SHORT)
    row = test.rank().iloc[0]
    assert central.tolist() == [row["gross"], row["net"], row["depth"], test.rank("world").iloc[0]["gross"]]


def test_an_end_is_the_world_with_the_figures_at_that_end(world, shock, few):
    """By another way: tables and shock put to their ends by hand, and the usual stress test."""
    for level, column in ((0.0, "low"), (1.0, "high")):
        place = {factor.id: level if factor.table != "shares" else np.nan for factor in few}
        model = LossModel(world, "IDN", shock, few, SHORT)
        gross = model(np.array([place[factor.id] for factor in few]))[0]
        traits, pace = world.chain.traits, world.companions[PACE]
        rows = next(factor.rows for factor in few if factor.id == "traits/inventory_weeks/users")
        chosen = np.isin(np.arange(len(traits)), rows)
        tables = {**world.chain.tables, "traits": traits.assign(value=traits["value"].where(~chosen, traits[column]))}
        over = pace["parameter"] == "overtime_weeks"
        companions = {**world.companions, PACE: pace.assign(value=pace["value"].where(~over, pace[column]))}
        moved = World(replace(world.chain, tables=tables), companions)
        ends = [replace(hit, loss=Interval.exactly(hit.loss.at(column))) for hit in shock.hits]
        struck = replace(shock, hits=tuple(ends))
        test = run_stress_test(moved, "IDN", [struck], draws=0, weeks=SHORT)
        assert gross == pytest.approx(test.rank().iloc[0]["gross"], rel=1e-9)


def test_a_share_that_is_moved_keeps_its_node_whole(world, few):
    [factor] = [factor for factor in few if factor.table == "shares"]
    before = world.chain.shares
    for level in (0.0, 0.5, 1.0):
        levels = np.full(len(before), np.nan)
        levels[factor.rows] = level
        after = prepare_draws(world.chain).place({"shares": levels}).shares
        assert ((after["share"] >= before["low"] - 1e-12) | before["low"].isna()).all()
        assert ((after["share"] <= before["high"] + 1e-12) | before["high"].isna()).all()
        country = before["firm"].isna() & before["share"].notna()
        sums = [table[country].groupby(["node", "basis"])["share"].sum() for table in (before, after)]
        whole = sums[0] >= 0.98
        assert sums[1][whole].to_numpy() == pytest.approx(sums[0][whole].to_numpy(), abs=1e-9)
        assert (sums[1] <= 1.001 + 1e-9).all()
        other = ~before["node"].isin(before["node"].iloc[factor.rows])
        assert after["share"][other].equals(before["share"][other])
    high, low = (
        prepare_draws(world.chain).place({"shares": np.where(np.isin(np.arange(len(before)), factor.rows), u, np.nan)})
        for u in (1.0, 0.0)
    )
    assert (high.shares["share"].iloc[factor.rows] > low.shares["share"].iloc[factor.rows]).all()


def test_a_stronger_shock_costs_more_and_more_stock_less(found):
    ranked = found.screening.rank("gross")
    assert ranked.loc["shock/loss", "mu"] > 0
    assert ranked.loc["traits/inventory_weeks/users", "mu"] < 0
    assert set(found.screening.table.index.unique("output")) == set(OUTPUTS)


def test_rows_of_the_strongest_groups_are_moved_alone(found):
    strongest = found.screening.rank("gross").index[:2]
    assert set(found.rows.index.unique("factor")) == set(strongest)
    assert (found.rows["swing"].diff().dropna() <= 0).all()
    apart = (found.rows["loss_high"] - found.rows["loss_low"]).abs()
    assert (found.rows["swing"] >= apart - 1e-12).all()
    assert found.variance.runs == 4 * (2 + 2)


@pytest.mark.slow
def test_the_bits_are_the_same_on_two_workers(world, shock, few, found):
    with Processes(2) as pool:
        again = measure_sensitivity(
            world, "IDN", shock, factors=few, trajectories=2, samples=4, top=2, weeks=SHORT, executor=pool
        )
    tables = found.as_tables()
    for name, table in again.as_tables().items():
        pd.testing.assert_frame_equal(table, tables[name], check_exact=True)


def test_a_shock_without_effect_leaves_nothing_to_measure(world, few):
    quiet = load_shock("tool_licence_stop", world.chain)
    stock = tuple(factor for factor in few if factor.table == "traits")
    nothing = measure_sensitivity(world, "IDN", quiet, factors=stock, trajectories=2, samples=4, weeks=2)
    assert (nothing.screening.table["mu_star"] == 0).all()
    assert len(nothing.rows) == 0
    assert nothing.variance is None
    said = say_sensitivity(nothing, quiet, world, Words("en"), Numbers(Words("en")))
    assert said[-1].startswith("No group of figures changes the loss")


@pytest.mark.parametrize("language", LANGUAGES)
def test_groups_and_figures_are_said_in_every_language(world, shock, found, language):
    words = Words(language)
    text = "\n".join(say_sensitivity(found, shock, world, words, Numbers(words)))
    strongest = found.groups.loc[found.screening.rank("gross").index[0]]
    assert words.say(f"sensitivity.what.{strongest['what']}") in text
    assert Numbers(words).plain(float(found.central["gross"])) in text
    for trait in (*TRAITS, *PARAMETERS):
        assert words.say(f"sensitivity.what.{trait}")
    assert set(TRAITS) <= set(load_dictionary().traits)


def test_the_verb_saves_a_run_that_can_be_made_again(capsys, tmp_path, monkeypatch, few):
    monkeypatch.setattr("pondasi.sensitivity.stress.list_factors", lambda *_: few[-2:])
    call = ["sensitivity", "IDN", "--shock", "taiwan_blockade", "--trajectories", "2", "--weeks", "8", "--seed", "5"]
    assert main([*call, "--json", "--workspace", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert {row["output"] for row in result["factors"]} == set(OUTPUTS)
    assert {row["factor"].split("/")[0] for row in result["factors"]} == {few[-1].table, few[-2].table}
    assert main(["replay", result["run"], "--workspace", str(tmp_path)]) == 0


def test_the_verb_has_the_defaults_of_the_function():
    assert (verb.PATHS, verb.WEEKS) == (TRAJECTORIES, WEEKS)


def test_a_shock_must_be_named(capsys):
    assert main(["sensitivity", "IDN"]) == 2
    assert "--shock" in capsys.readouterr().err
