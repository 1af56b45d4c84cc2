"""The library is whole: every shock is sourced, stands in three languages and hits something in the shipped chain."""

import re
from functools import cache
from pathlib import Path

import pytest

from pondasi import balance_flows, load_world
from pondasi.errors import UsageError
from pondasi.stress.resolve import resolve_shock, weigh_suppliers
from pondasi.stress.schedule import average_losses
from pondasi.stress.shock_form import write_template
from pondasi.stress.shock_library import ShockLibrary, know_chain, load_shock, load_shocks, shock_files
from pondasi.stress.shocks import pick_shock, vary_shock
from pondasi.words import LANGUAGES

IDS = [path.stem for path in shock_files()]
HELD_OUT = {"E27", "E28", "E38", "E41"}


@cache
def world():
    return load_world()


@cache
def library() -> ShockLibrary:
    return load_shocks(world().chain)


@cache
def holdings():
    labels = balance_flows(world().chain).labels
    return labels, weigh_suppliers(world().chain, labels)


def test_the_library_has_enough_of_the_past_and_of_what_may_come() -> None:
    shocks = load_shocks().shocks
    assert list(shocks) == IDS
    assert sum(bool(shock.event) for shock in shocks.values()) >= 25
    assert sum(not shock.date for shock in shocks.values()) >= 8


@pytest.mark.parametrize("name", IDS)
def test_a_shock_is_whole_and_hits_something(name: str) -> None:
    shock = library().shocks[name]
    assert shock.id == name
    assert bool(shock.event) == bool(shock.date) == bool(shock.market)
    for language in LANGUAGES:
        assert shock.names[language]
        assert (
            len(re.findall(r"[.。]", shock.descriptions[language]))
            - len(re.findall(r"\d\.\d", shock.descriptions[language]))
            == 1
        )
    labels, held = holdings()
    for version in (shock, pick_shock(shock, "low"), pick_shock(shock, "high"), vary_shock(shock, 0, 1)):
        schedule = resolve_shock(version, labels, held, home="IDN")
        assert not [finding for finding in schedule.findings if finding.key == "shock_hits_nothing"]
        assert schedule.end.max() <= shock.horizon_weeks
        assert schedule.loss.max() <= 1
    loss = average_losses(resolve_shock(shock, labels, held, home="IDN"), shock.horizon_weeks)
    assert abs(loss).sum() > 0


@pytest.mark.parametrize("name", IDS)
def test_a_shock_of_the_past_touches_all_that_it_names(name: str) -> None:
    labels, held = holdings()
    schedule = resolve_shock(library().shocks[name], labels, held, home="IDN")
    assert [finding.key for finding in schedule.findings if finding.key != "hit_makes_none"] == []


def test_outcomes_stand_apart_and_belong_to_shocks_of_the_past() -> None:
    assert set(library().outcomes["shock"]) <= {name for name, shock in library().shocks.items() if shock.event}
    assert len(library().outcomes) >= 80
    used = {source for cell in library().outcomes["source"] for source in cell.split("|")}
    used |= {source for shock in library().shocks.values() for source in shock.sources}
    assert set(library().sources["source"]) - used <= {"o_wsts_memory_1994"}


def test_held_out_events_are_not_in_the_library() -> None:
    assert not HELD_OUT & {shock.event for shock in library().shocks.values()}


def test_dates_and_market_agree_with_the_event_set(shared) -> None:
    import pandas as pd

    events = pd.read_csv(shared("data/backtests/events_tune.csv"), keep_default_na=False).set_index("id")
    for shock in library().shocks.values():
        if shock.event:
            row = events.loc[shock.event]
            assert shock.date == row["start_date"]
            said = row["market_state"]
            tight = "very tight" in said and shock.event != "E33"
            assert (shock.market == "very_tight") == tight, shock.id


def test_a_shock_by_name_and_by_path(tmp_path: Path) -> None:
    assert load_shock("wuxi_fire_2013").event == "E09"
    path = tmp_path / "own.yaml"
    path.write_text(write_template("en"), encoding="utf-8")
    assert load_shock(path).id == "my_shock"
    with pytest.raises(UsageError, match="wuxi_fire_2013"):
        load_shock("wuxi_fire")
    with pytest.raises(UsageError, match="list"):
        load_shock("zzz")


def test_a_chain_of_ones_own_names_its_nodes() -> None:
    assert "wafer_300" in know_chain().nodes
