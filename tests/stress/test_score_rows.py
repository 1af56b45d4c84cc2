"""The rows of the backtest are whole: every event is there, each independent one counts once, nothing held out is told."""

from collections import Counter

import pandas as pd
import pytest

from pondasi import load_chain
from pondasi.stress.score_rows import ScoreRow, load_score_rows
from pondasi.stress.shock_library import load_shocks

SHEET = load_score_rows()
ROWS = {row.row: row for row in SHEET.rows}
HELD_OUT = {"E27", "E28", "E38"}
NULL_LIMIT = 2.0
"""Per cent up to which a null may have lost something unseen."""


def events_of(row: ScoreRow) -> list[str]:
    return row.event.split("+")


def test_every_event_of_the_set_is_covered(shared) -> None:
    events = pd.read_csv(shared("data/backtests/events_tune.csv"))
    covered = {event for row in SHEET.rows for event in events_of(row)}
    assert covered == {*events["id"], *HELD_OUT, "E41"}


def test_an_event_counts_once() -> None:
    counted = Counter(event for row in SHEET.rows if row.counted for event in events_of(row))
    assert max(counted.values()) == 1
    assert all(row.reason == "independent" for row in SHEET.rows if row.counted)
    assert not any(row.reason == "independent" for row in SHEET.rows if not row.counted)


def test_nothing_of_what_is_held_out_is_told() -> None:
    for row in SHEET.rows:
        if HELD_OUT & set(events_of(row)):
            assert (row.kind, row.reason, row.shocks, row.observed, row.naive) == ("none", "held_out", (), None, None)


@pytest.mark.parametrize("row", SHEET.rows, ids=lambda row: row.row)
def test_a_row_is_whole(row: ScoreRow) -> None:
    if not row.runs:
        assert row.observed is None
        assert not row.counted
        return
    assert row.measure
    assert row.nodes
    assert row.observed is not None
    assert row.naive is not None
    assert len(row.shocks) == len(row.starts) > 0
    assert row.starts[0] == 0
    assert list(row.starts) == sorted(row.starts)
    assert row.from_week < row.to_week
    assert (row.scale is None) == (row.kind == "timing")
    if row.kind == "null":
        assert row.observed.value <= 0.5
        assert row.observed.high <= NULL_LIMIT or row.row == "e07_laminate"  # 0 to 3, central 0
        assert row.unit == "percent"
    if row.kind == "loss":
        assert row.observed.low > 0
        assert row.naive.low > 0
    if row.counted and row.kind == "loss":  # more than nothing by the same limit, over the same time
        assert row.scale is not None
        assert 100 * row.observed.value / row.scale > NULL_LIMIT


def test_the_shocks_are_those_of_the_events() -> None:
    shocks = load_shocks().shocks
    for row in SHEET.rows:
        assert [shocks[name].event for name in row.shocks] in ([], events_of(row))
        if row.shocks:
            assert {shocks[name].market for name in row.shocks} == {row.market}


def test_the_figures_agree_with_the_event_set(shared) -> None:
    """Naive and observed figures of the rows that the set has in the same unit."""
    told = pd.read_csv(shared("data/backtests/naive_check_tune.csv"))
    pairs = {
        "e01_resin": 0, "e02_chichi": 1, "e05_wafers": 2, "e07_laminate": 3, "e06_april": 4, "e09_dram": 8, "e10_cameras": 9,
        "e15_yokkaichi": 11, "e16_korea": 12, "e20_foundry": 13, "e33_hualien": 17, "e34_quartz": 18, "e31_gallium": 19,
    }  # fmt: skip
    for name, place in pairs.items():
        row, source = ROWS[name], told.loc[place]
        assert row.naive is not None
        assert row.observed is not None
        assert source["event_id"] == row.event
        assert row.naive.value == pytest.approx(source["naive_central"], rel=0.05)
        assert row.observed.value == pytest.approx(source["actual_central"])


def test_overrides_are_of_rows_that_run_and_say_why() -> None:
    chain = load_chain()
    makers = set(chain.shares[["node", "country"]].itertuples(index=False, name=None))
    for name, overrides in SHEET.overrides.items():
        assert ROWS[name].runs or not overrides
        for override in overrides:
            assert (override.changed == "traits") == bool(override.trait)
            assert (override.changed == "traits") == (not override.country)
            if override.country:
                assert (override.node, override.country) in makers


def test_what_was_set_with_an_event_in_sight_is_set_again_without_it() -> None:
    """A trait whose source is that of the shock, at a node that the row is about, has an override."""
    traits = load_chain().traits
    shocks = load_shocks().shocks
    for row in SHEET.rows:
        if not (row.counted and row.runs):
            continue
        known = {source for name in row.shocks for source in shocks[name].sources} | set(row.sources)
        known -= {"judgement"}
        hit = {node for name in row.shocks for part in shocks[name].hits for node in part.nodes} | set(row.nodes)
        changed = {(override.node, override.trait) for override in SHEET.overrides[row.row]}
        for node, trait, cell in traits[["node", "trait", "source"]].itertuples(index=False, name=None):
            if node in hit and known & set(str(cell).split("|")):
                assert (node, trait) in changed, (row.row, node, trait)
