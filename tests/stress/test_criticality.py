"""Every supplier gone in turn: what is lost, ranked, the same bits with any number of workers."""

import numpy as np
import pandas as pd
import pytest

from pondasi import load_world
from pondasi.errors import UsageError
from pondasi.executor import open_executor
from pondasi.stress.criticality import (
    CHUNK,
    MEASURES,
    Criticality,
    measure_criticality,
    stop_all,
    stop_suppliers,
    watch_users,
)
from pondasi.stress.impact import measure_outcomes
from pondasi.stress.schedule import average_losses
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.simulate import run_schedule
from pondasi.stress.watches import HOME, WORLD
from tests.stress.random_systems import draw_system
from tests.stress.test_survival import FAB, OTHER, RAW, three_nodes


def watch(system, node, home):
    return watch_users(system, (node,), home)


def test_a_stop_is_whole_and_ends():
    schedule = stop_suppliers(np.array([3, 5]), 13.0)
    losses = average_losses(schedule, 20)
    assert losses[:, :13].tolist() == [[1.0] * 13] * 2
    assert not losses[:, 13:].any()
    assert schedule.scrap.tolist() == [1.0, 1.0]
    assert {CHANNELS[code] for code in schedule.channel} == {"line"}


def test_by_hand():
    """The only fab is gone for 13 weeks, three weeks lie with the user: ten weeks are lost, from week 3."""
    system = three_nodes()
    found = stop_all(system, watch(system, "use", "AAA"), 13.0, 65)
    assert found[HOME]["gross"][FAB] == pytest.approx(10.0, rel=0.05)
    assert found[HOME]["impact_week"][FAB] == 3
    assert found[HOME]["depth"][FAB] == pytest.approx(1.0)
    assert found[HOME]["gross"][OTHER] < 0.1 < found[HOME]["gross"][FAB]
    assert found[HOME]["gross"][RAW] < found[HOME]["gross"][FAB]
    assert all(np.array_equal(found[HOME][name], found[WORLD][name], equal_nan=True) for name in MEASURES)


def test_the_same_bits_in_any_process_and_alone():
    system = draw_system(8, nodes=40)
    watches = watch(system, "n39", "AAA")
    assert len(system.output) > CHUNK  # more than one piece of work
    mine = stop_all(system, watches, 13.0, 20)
    with open_executor(2) as executor:
        theirs = stop_all(system, watches, 13.0, 20, executor)
    for name in (HOME, WORLD):
        for measure in MEASURES:
            assert np.array_equal(mine[name][measure], theirs[name][measure], equal_nan=True)
    one = np.array([CHUNK + 1])
    series = run_schedule(system, stop_suppliers(one, 13.0), 20, watches)
    alone = measure_outcomes(series, watches.base(system), watches.names).of(WORLD)
    assert alone["gross"].item() == mine[WORLD]["gross"][CHUNK + 1]
    assert mine[WORLD]["gross"].max() > 0.1


def test_a_country_without_use_is_refused():
    with pytest.raises(UsageError):
        measure_criticality(load_world(), "QAT")


def test_the_ranking_leaves_out_the_users_themselves():
    index = pd.MultiIndex.from_tuples([("use", "AAA"), ("fab", "AAA"), ("raw", "AAA")], names=["node", "country"])
    table = pd.DataFrame({"user": [True, False, False], "home_gross": [13.0, 1.0, 2.0]}, index)
    lost = Criticality("AAA", 13.0, 65, table, (("neon", "BBB"),))
    assert lost.rank().index.get_level_values("node").tolist() == ["raw", "fab"]
    assert lost.as_tables()["criticality_skipped"].to_dict("records") == [{"node": "neon", "country": "BBB"}]
