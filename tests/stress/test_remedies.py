"""Remedies: what they change, what they save on a chain of three, and what is said of a world."""

import numpy as np
import pytest

from pondasi import load_world
from pondasi.cli.survival import say_remedies
from pondasi.errors import DataError, UsageError
from pondasi.report.numbers import Numbers
from pondasi.stress.criticality import stop_all, stop_suppliers, watch_users
from pondasi.stress.remedies import RATE, SOURCES, STOCK, add_stock, find_nodes, open_sources, rank_remedies
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
    stock, sources = (found.table.loc[kind] for kind in (STOCK, SOURCES))
    assert found.lost > 0
    assert (stock["cost"] > 0).all()
    assert sources["cost"].isna().all()
    assert stock["per_dollar"].is_monotonic_decreasing
    assert sources["avoided"].is_monotonic_decreasing
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
