"""What the year of an event changes by rule: the market's state, and figures that had been set with the event in sight."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from pondasi import load_chain, load_world
from pondasi.chain.records import World
from pondasi.stress.build import build_system
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.score_settings import CAPACITY, STOCKS, Settings
from pondasi.tables.dictionary import read_resource

SHEET = load_score_rows()
ROWS = {row.row: row for row in SHEET.rows}
MARKETS = ("very_tight", "tight", "balanced", "slack")
"""From the least idle capacity to the most."""
CEILING = (0.93, 1.0)
"""Output that a class can reach over its capacity: nobody passes all of it, and classes come close."""


def read(name):
    rows = read_resource(f"backtests/{name}.csv")
    return pd.DataFrame(rows)


def settings(**tables):
    frames = {
        "trait_classes": pd.DataFrame({"node": ["helium", "neon"], "class": ["gases", "gases"]}),
        "class_traits": pd.DataFrame({"class": ["gases"], "trait": ["dual_sourced_share"], "value": [0.5]}),
        "market_traits": pd.DataFrame(
            {
                "class": ["gases"] * 3,
                "market": ["slack"] * 3,
                "trait": [STOCKS, *CAPACITY],
                "value": [9.0, 0.7, 0.3],
            }
        ),
        "event_markets": pd.DataFrame(
            {
                "event": ["E1", "E2"],
                "nodes": ["helium|neon", "neon"],
                "trait": [STOCKS, CAPACITY[0]],
                "market": ["slack"] * 2,
            }
        ),
        "set_with": pd.DataFrame(
            {
                "event": ["E1", "E1", "E3"],
                "node": ["helium", "helium", "neon"],
                "trait": [STOCKS, "dual_sourced_share", "dual_sourced_share"],
                "value": [None, None, 0.9],
            }
        ).astype({"value": float}),
    }
    return Settings(frames | tables)


def figures(found):
    return {(one.node, one.trait): (one.why, one.figure["value"]) for one in found}


def test_the_market_comes_before_what_was_in_sight_and_each_trait_once() -> None:
    assert figures(settings().find(("E1",))) == {
        ("helium", STOCKS): ("market", 9.0),
        ("neon", STOCKS): ("market", 9.0),
        ("helium", "dual_sourced_share"): ("without_event", 0.5),
    }


def test_capacity_is_two_traits_and_a_figure_of_its_own_beats_the_class() -> None:
    found = figures(settings().find(("E2", "E3")))
    assert found == {
        ("neon", "utilisation"): ("market", 0.7),
        ("neon", "overcapacity_max"): ("market", 0.3),
        ("neon", "dual_sourced_share"): ("without_event", 0.9),
    }
    assert settings().find(("E9",)) == ()


def test_a_state_without_a_figure_is_not_passed_over() -> None:
    states = pd.DataFrame({"event": ["E1"], "nodes": ["helium"], "trait": [STOCKS], "market": ["tight"]})
    with pytest.raises(KeyError):
        settings(event_markets=states).find(("E1",))


def test_a_figure_of_the_row_comes_first() -> None:
    own = {(o.node, o.trait): o for o in SHEET.overrides["e10_cameras"]}
    assert own["chip_dao", STOCKS].why == "narrow"
    assert own["fab_dao", STOCKS].why == "market"
    for overrides in SHEET.overrides.values():
        keys = [(o.changed, o.node, o.country, o.trait) for o in overrides]
        assert len(keys) == len(set(keys))


def test_what_a_note_says_was_known_from_an_event_is_left_out_when_it_is_scored() -> None:
    seen = {(row["event"], row["node"], row["trait"]) for row in read_resource("backtests/set_with.csv")}
    run = {event for row in SHEET.rows if row.runs for event in row.event.split("+")}
    traits = load_chain().traits
    told = 0
    for node, trait, note in traits[["node", "trait", "note"]].itertuples(index=False, name=None):
        found = re.search(r"known from event (E\d+)", str(note))
        if found and found[1] in run:
            told += 1
            assert (found[1], node, trait) in seen
    assert told > 20
    for row in SHEET.rows:
        changed = {(o.node, o.trait) for o in SHEET.overrides[row.row]}
        assert not row.runs or all(
            (node, trait) in changed for event, node, trait in seen if event in row.event.split("+")
        )


def test_stocks_and_spare_capacity_grow_as_a_market_slackens() -> None:
    table = read("market_traits").astype({"value": float, "low": float, "high": float})
    for (_, trait), rows in table.groupby(["class", "trait"]):
        line = rows.set_index("market").loc[list(MARKETS)]
        sign = -1 if trait == "utilisation" else 1
        for end in ("value", "low", "high"):
            assert (sign * line[end]).is_monotonic_increasing, (rows, end)


def test_spare_capacity_is_what_use_of_capacity_leaves() -> None:
    table = read("market_traits").astype({"value": float}).set_index(["class", "market", "trait"])["value"]
    for name in ("fabs", "fabs_memory", "packaging"):
        for market in MARKETS:
            reach = table[name, market, "utilisation"] * (1 + table[name, market, "overcapacity_max"])
            low, high = (CEILING[0] - 0.04, CEILING[1]) if name == "packaging" else CEILING
            assert low < reach < high, (name, market)


def test_the_state_of_a_market_does_not_rest_on_the_outcome() -> None:
    """No source of a row's observed figure says in which market it struck; judgement is graded so."""
    for state in read_resource("backtests/event_markets.csv"):
        cited = set(state["source"].split("|")) - {"judgement"}
        rows = [row for row in SHEET.rows if state["event"] in row.event.split("+") and row.runs]
        assert rows
        for row in rows:
            assert not cited & set(row.sources), (state, row.row)
        assert cited or state["grade"] == "assumed"


def test_an_input_binds_only_what_it_reaches() -> None:
    world = load_world()
    system = build_system(world)
    nodes = system.labels.get_level_values("node").to_numpy(dtype=object)
    taken = nodes[system.supplier[system.lot_start[:-1]]]
    here = (taken == "gallium") & (nodes[system.user_of_need] == "fab_dao")
    share = world.companions["reach"].set_index(["supplier", "user"])["share"]
    assert here.any()
    assert set(system.force[here]) == {share["gallium", "fab_dao"]}
    without = World(world.chain, {name: table for name, table in world.companions.items() if name != "reach"})
    assert set(build_system(without).force[here]) == {0.5}


def test_rows_of_ones_own_may_bring_their_own_states(tmp_path) -> None:
    head, *lines = (row for row in _text("score_rows"))
    line = next(line for line in lines if line.startswith("e30_naka"))
    (tmp_path / "score_rows.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
    shipped = load_score_rows(tmp_path).overrides["e30_naka"]
    assert {o.why for o in shipped} == {"market"}, "the tables that ship hold where the folder has none"
    head, *_ = _text("event_markets")
    (tmp_path / "event_markets.csv").write_text(
        f"{head}\nE30,fab_logic_ge28,inventory_weeks,slack,assumed,judgement,\n", encoding="utf-8"
    )
    (only,) = load_score_rows(tmp_path).overrides["e30_naka"]
    assert (only.node, only.trait, only.value.value) == ("fab_logic_ge28", STOCKS, 4.2)
    assert replace(only, row="other").sources == only.sources


def _text(name: str) -> list[str]:
    from importlib import resources

    text = (resources.files("pondasi") / "data" / "backtests" / f"{name}.csv").read_text(encoding="utf-8")
    return text.splitlines()
