"""Remedies: what they change, what they save on a chain of three, and what is said of a world."""

import numpy as np
import pytest

from pondasi import load_world
from pondasi.chain.records import Chain
from pondasi.cli.survival import say_remedies
from pondasi.errors import DataError, UsageError
from pondasi.report.numbers import Numbers
from pondasi.stress.criticality import stop_all, stop_suppliers, watch_users
from pondasi.stress.remedies import (
    CAPACITY,
    CAPITAL,
    CHARGE,
    RATE,
    SOURCES,
    STOCK,
    add_stock,
    find_nodes,
    open_sources,
    rank_remedies,
)
from pondasi.stress.schedule import average_losses
from pondasi.stress.shock_library import load_shock
from pondasi.words import LANGUAGES, Words
from tests.stress.test_survival import FAB, RAW, USE, three_nodes

WHOLE = 0.05
"""What catching up and the last part of a week blur of some weeks lost."""


def test_stock_delays_and_saves_as_many_weeks():
    system = three_nodes()
    needs = find_nodes(system, np.array([USE]))
    assert list(needs) == ["fab"]
    more = add_stock(system, needs["fab"], 4.0)
    lost = [stop_all(one, watch_users(one, ("use",), "AAA"), 13.0, 65)["home"] for one in (system, more)]
    assert lost[0]["gross"][FAB] - lost[1]["gross"][FAB] == pytest.approx(4.0, rel=WHOLE)
    assert lost[1]["impact_week"][FAB] == lost[0]["impact_week"][FAB] + 4


def test_second_sources_save_what_varieties_would_lose():
    system = three_nodes(dual=0.0, spare=3.0)
    opened = open_sources(system, find_nodes(system, np.array([FAB]))["raw"])
    lost = [stop_all(one, watch_users(one, ("use",), "AAA"), 26.0, 65)["home"]["gross"] for one in (system, opened)]
    assert lost[1][RAW] < lost[0][RAW]
    assert lost[0][FAB] == lost[1][FAB]
    assert average_losses(stop_suppliers(np.array([RAW]), 26.0), 40).sum() == 26


def test_a_world():
    world = load_world()
    shocks = [load_shock("taiwan_blockade", world.chain)]
    found = rank_remedies(world, "IDN", shocks, weeks=30)
    assert found.lost > 0
    for kind in (STOCK, SOURCES, CAPACITY):
        assert (found.table.loc[kind]["cost"] > 0).all()
    assert found.table["per_dollar"].is_monotonic_decreasing
    assert found.table.loc[CAPACITY, "chip_logic_advanced"]["avoided"] > 0
    assert found.table["avoided"].max() <= found.lost
    for language in LANGUAGES:
        words = Words(language)
        lines = say_remedies(found, world, words, Numbers(words))
        assert len(lines) == len(found.table) + 3
    with pytest.raises(UsageError):
        rank_remedies(world, "QAT", shocks)
    pace = world.companions["pace"]
    poor = type(world)(world.chain, {**world.companions, "pace": pace[pace["parameter"] != RATE]})
    with pytest.raises(DataError) as error:
        rank_remedies(poor, "IDN", shocks)
    assert [problem.value for problem in error.value.problems] == [RATE]


def test_capital_that_is_not_known_leaves_the_cost_open():
    world = load_world()
    traits = world.chain.traits
    shocks = [load_shock("taiwan_blockade", world.chain)]
    known = traits[(traits["trait"] != CAPITAL) | (traits["node"] != "fab_dram")]
    tables = {name: world.chain.tables[name] for name in world.chain.tables}
    poor = type(world)(Chain({**tables, "traits": known}, world.chain.id, world.chain.version), world.companions)
    found = rank_remedies(poor, "IDN", shocks, weeks=20, home_share=0.5, stock_weeks=1.0)
    assert np.isnan(found.table.loc[CAPACITY, "chip_dram"]["cost"])
    assert found.table.index[-1] == (CAPACITY, "chip_dram")
    pace = world.companions["pace"].set_index("parameter")["value"]
    rich = rank_remedies(world, "IDN", shocks, weeks=20, home_share=0.5, stock_weeks=1.0)
    twice = rank_remedies(world, "IDN", shocks, weeks=20, home_share=1.0, stock_weeks=2.0)
    for kind in (STOCK, CAPACITY):
        assert np.allclose(twice.table.loc[kind]["cost"].sort_index(), 2 * rich.table.loc[kind]["cost"].sort_index())
    assert 0 < pace[CHARGE] < 1
