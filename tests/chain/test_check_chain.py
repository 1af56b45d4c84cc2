"""A chain is frozen, equal by content and says what it holds; what is wrong with it is said all at once."""

import pickle
from pathlib import Path

import pandas as pd
import pytest

from pondasi.chain.load import CheckReport, build_chain, check_pack, load_chain, load_world, save_chain, world_path
from pondasi.chain.records import CHAIN_TABLES, Chain
from pondasi.errors import DataError
from tests.tables.packs import put, typed_tables, valid_tables, write_csv


def frames() -> dict[str, pd.DataFrame]:
    return {
        name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        for name, rows in typed_tables(valid_tables()).items()
    }


@pytest.fixture
def chain() -> Chain:
    return build_chain(frames(), id="small", version="2026.1")


# --- the record ----------------------------------------------------------------------------------


def test_nobody_changes_a_chain_behind_anothers_back(chain: Chain) -> None:
    before = chain.hash
    tables = frames()
    other = build_chain(tables)
    tables["shares"].loc[0, "share"] = 0.0
    for name in CHAIN_TABLES:
        frame = chain.tables[name]
        frame.loc[:, frame.columns[0]] = "changed"
        frame.pop(frame.columns[0])
        other_frame = getattr(chain, name)
        other_frame.loc[0, "note"] = "changed"
    with pytest.raises(TypeError):
        chain.tables["nodes"] = chain.nodes  # type: ignore[index]
    with pytest.raises(AttributeError):
        chain.id = "other"  # type: ignore[misc]
    assert Chain(dict(chain.tables)).hash == before == other.hash == chain.hash


def test_chains_are_equal_by_content_id_and_version(chain: Chain) -> None:
    twin = build_chain(frames(), id="small", version="2026.1")
    tables = frames()
    tables["shares"].loc[0, "share"] = 0.521
    assert chain == twin
    assert len({chain, twin, build_chain(tables, id="small", version="2026.1"), build_chain(frames())}) == 3
    assert chain != "small"
    assert chain.hash == build_chain(frames()).hash


def test_a_chain_travels_to_another_process(chain: Chain) -> None:
    assert pickle.loads(pickle.dumps(chain)) == chain


def test_a_chain_says_what_it_holds(chain: Chain) -> None:
    assert str(chain) == "Chain small 2026.1: 7 nodes, 6 links, 1 variants, 17 shares, 5 traits, 3 sources"
    assert str(build_chain(frames())).startswith("Chain: 7 nodes")
    assert repr(chain) == "Chain(id='small', version='2026.1')"


def test_the_order_of_rows_is_part_of_the_content(chain: Chain) -> None:
    tables = frames()
    tables["nodes"] = tables["nodes"].iloc[::-1]
    assert build_chain(tables).nodes["node"].tolist() == chain.nodes["node"].tolist()[::-1]


# --- load and build ------------------------------------------------------------------------------


def test_the_world_comes_with_its_companions(tmp_path: Path) -> None:
    world = load_world()
    assert world.chain == load_chain(world_path())
    assert {"controls", "hazards"} <= set(world.companions)
    assert not set(world.companions) & set(CHAIN_TABLES)
    hazards = world.companions["hazards"]
    hazards.loc[:, "country"] = "changed"
    assert not world.companions["hazards"].equals(hazards)
    save_chain(world.chain, tmp_path / "chain")
    assert dict(load_world(tmp_path / "chain").companions) == {}


def test_a_pack_with_errors_is_not_loaded_and_says_all(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 1, "country", "Germany")
    put(tables, "nodes", 2, "market_usd", "16,185")
    with pytest.raises(DataError) as caught:
        load_chain(write_csv(tmp_path / "pack", tables))
    assert [problem.key for problem in caught.value.problems] == ["number_two_readings", "country_unknown_guess"]
    assert str(caught.value).splitlines()[0] == "pack has 2 errors and was not loaded."
    assert "nodes.csv, row 3, column market_usd" in str(caught.value)


def test_tables_in_memory_are_checked_too() -> None:
    tables = frames()
    tables["shares"].loc[0, "country"] = "Germany"
    tables["link"] = tables.pop("links")
    with pytest.raises(DataError) as caught:
        build_chain(tables, version="2026/1")
    found = {(problem.key, problem.place.file, problem.place.row) for problem in caught.value.problems}
    assert found == {
        ("head_value", "frames", None),
        ("table_misspelt", "link", None),
        ("country_unknown_guess", "shares", 1),
    }
    assert str(caught.value).startswith("The tables have ")


@pytest.mark.parametrize("labels", [["node", "node"], [0, 1]])
def test_odd_labels_of_a_frame_are_named(labels: list[object]) -> None:
    tables = frames()
    nodes = tables["nodes"].copy()
    nodes.columns = pd.Index([*labels, *nodes.columns[2:]])
    with pytest.raises(DataError):
        build_chain({**tables, "nodes": nodes})


def test_what_can_be_read_of_a_broken_pack_is_in_the_report(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 1, "share", "0,52")
    report = check_pack(write_csv(tmp_path / "pack", tables))
    assert not report.ok
    assert report.rows == {name: len(rows) - 1 for name, rows in sorted(tables.items())}
    assert pd.isna(report.tables["shares"]["share"][0])
    assert report.tables["shares"]["share"][1] == 0.3
    assert report.head["version"] == "2026.1"


def test_findings_stand_in_the_order_of_levels_tables_and_rows(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 9, "country", "xx")
    put(tables, "shares", 2, "share", "x")
    put(tables, "nodes", 7, "stage", "x")
    put(tables, "links", 1, "low", "")
    report = check_pack(write_csv(tmp_path / "pack", tables))
    places = [(problem.level, problem.table, problem.place.row) for problem in report.problems]
    assert places[:4] == [
        ("error", "nodes", 8),
        ("error", "shares", 3),
        ("error", "shares", 10),
        ("warning", "links", 2),
    ]
    assert {level for level, _, _ in places[4:]} == {"note"}


def test_a_report_is_the_same_every_time() -> None:
    first, second = check_pack(world_path()), check_pack(world_path())
    assert isinstance(first, CheckReport)
    assert first.problems == second.problems
    assert first.rows == second.rows


def test_the_world_that_ships_has_no_errors_and_no_warnings() -> None:
    report = check_pack(world_path())
    assert [problem for problem in report.problems if problem.level != "note"] == []


def test_a_sum_is_not_judged_while_a_part_of_it_cannot_be_read(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 10, "share", "85%")
    report = check_pack(write_csv(tmp_path / "pack", tables))
    assert [problem.key for problem in report.problems if problem.place.row in {11, 12}] == ["number_percent"]
