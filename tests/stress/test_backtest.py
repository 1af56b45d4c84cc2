"""Backtests with models whose score is known; the stage of an event is the chain of its year."""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pondasi import balance_flows, build_chain, load_chain
from pondasi.chain.records import Chain
from pondasi.chain.shares import complete_shares
from pondasi.errors import DataError, UsageError
from pondasi.stress.backtest import judge_row, run_backtest
from pondasi.stress.resolve import weigh_suppliers
from pondasi.stress.schedule import average_losses, combine_losses
from pondasi.stress.score_rows import Override, ScoreRow, load_score_rows
from pondasi.stress.scoring import CAP
from pondasi.stress.shock_library import ShockLibrary, load_shocks, shock_files
from pondasi.stress.shocks import Interval
from pondasi.stress.staging import revise_chain, stage_row, vary_overrides

SHEET = load_score_rows()
SHOCKS = shock_files()[0].parent
ROWS = {row.row: row for row in SHEET.rows}
RUN = [row for row in SHEET.rows if row.runs]


@cache
def today() -> Chain:
    return load_chain()


@cache
def library() -> ShockLibrary:
    return load_shocks(today())


def label(chain: Chain) -> pd.MultiIndex:
    """Return the suppliers as `balance_flows` labels them, without the work of balancing."""
    return pd.MultiIndex.from_frame(complete_shares(chain)[["node", "country"]])


def perfect(row: ScoreRow, _overrides: tuple[Override, ...]) -> dict[str, float | None]:
    assert row.observed is not None
    if row.kind == "timing":
        return {"weeks": row.observed.value}
    assert row.scale is not None
    lost = row.observed.value / row.scale
    return {"lost": lost, "unbuffered": 1.0, "low": lost * 0.9, "high": lost * 1.1}


def naive(row: ScoreRow, _overrides: tuple[Override, ...]) -> dict[str, float | None]:
    assert row.naive is not None
    if row.kind == "timing":
        return {"weeks": row.naive.value}
    assert row.scale is not None
    lost = row.naive.value / row.scale
    return {"lost": lost, "unbuffered": lost}


def blind(_row: ScoreRow, _overrides: tuple[Override, ...]) -> dict[str, float | None]:
    return {"lost": 0.0, "unbuffered": 1.0, "weeks": None}


# --- models that are known -----------------------------------------------------------------------


def test_a_model_that_sees_all_meets_every_target() -> None:
    report = run_backtest(perfect, SHEET)
    assert (report.mean, report.median) == (0, 0)
    assert report.balance.accuracy == 1
    assert str(report.coverage) == "6 of 6"
    assert report.interval_mean == pytest.approx(math.log(1.1 / 0.9))
    assert report.against_null.mean == pytest.approx(-CAP)
    assert report.against_null.test.differ == 2 / 64
    assert report.targets == {
        "balanced_accuracy": True,
        "below_naive": True,
        "below_null": True,
        "p_naive": None,
        "p_null": True,
    }
    assert report.p_within_reach == report.against_naive.test.differ == 2 / 16, (
        "in two rows nobody can beat the naive figure"
    )
    assert report.passed


def test_the_naive_model_scores_as_the_naive_figures() -> None:
    """By hand: naive over the nearest end of what was seen, in the six rows that count."""
    report = run_backtest(naive, SHEET)
    expected = [
        math.log(21.2 / 20), math.log(1_200_000 / 680_000), math.log(35 / 33), 0.0, 0.0, math.log(2 / 0.71),
    ]  # fmt: skip
    assert report.mean == pytest.approx(np.mean(expected))
    assert report.mean == pytest.approx(report.naive_mean)
    assert report.against_naive.mean == 0
    assert report.against_naive.test.differ == 1
    assert report.balance.rejections == 0
    assert report.balance.hits == 5, "its 0.7 weeks of a quarter are below the limit in one row"
    assert not report.passed
    assert report.coverage is None


def test_a_model_that_says_nothing_misses_all_losses() -> None:
    report = run_backtest(blind, SHEET)
    assert report.mean == pytest.approx(CAP)
    assert report.null_mean == CAP
    assert report.against_null.mean == 0
    assert report.balance.accuracy == 0.5
    assert report.targets["below_null"] is False


def test_a_null_counts_only_if_it_could_have_been_a_loss() -> None:
    def buffered(row: ScoreRow, overrides: tuple[Override, ...]) -> dict[str, float | None]:
        return {**blind(row, overrides), "unbuffered": 0.02 if row.row == "e34_quartz" else 0.021}

    report = run_backtest(buffered, SHEET)
    assert report.balance.nulls == sum(row.counted for row in RUN if row.kind == "null") - 1
    assert report.table.loc["e34_quartz", "reason"] == "not_represented"
    assert not report.table.loc["e34_quartz", "counted"]


def test_rows_that_do_not_count_are_shown_and_left_out() -> None:
    def wrong_apart(row: ScoreRow, overrides: tuple[Override, ...]) -> dict[str, float | None]:
        return perfect(row, overrides) if row.counted else blind(row, overrides)

    report = run_backtest(wrong_apart, SHEET)
    assert report.mean == 0
    assert report.table.loc["e09_dram", "score"] == pytest.approx(CAP)
    assert set(report.table.index) == {row.row for row in RUN}


def test_times_are_reported_apart() -> None:
    report = run_backtest(naive, SHEET)
    assert report.table.loc["e06_peak", "miss_weeks"] == 3
    assert report.table.loc["e22_shipments", "miss_weeks"] == pytest.approx(6.1)
    assert run_backtest(blind, SHEET).table["miss_weeks"].isna().all()


def test_rows_and_shocks_may_come_from_another_folder(tmp_path: Path) -> None:
    """So events that were held out can be scored without being in the project."""
    text = (SHOCKS / "wuxi_fire_2013.yaml").read_text(encoding="utf-8")
    (tmp_path / "late.yaml").write_text(text.replace("wuxi_fire_2013", "late").replace("E09", "E99"), encoding="utf-8")
    head, *lines = (SHOCKS.parent / "backtests" / "score_rows.csv").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("e09_dram"))
    line = line.replace("e09_dram,E09,wuxi_fire_2013", "late,E99,late").replace(
        ",no,naive_is_source", ",yes,independent"
    )
    (tmp_path / "score_rows.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
    sheet = load_score_rows(tmp_path)
    report = run_backtest(perfect, sheet)
    assert (report.mean, report.against_naive.test.rows) == (0, 1)
    assert report.balance.accuracy is None
    more = load_shocks(today(), tmp_path)
    labels = label(today())
    assert stage_row(sheet.rows[0], (), more, labels, weigh_suppliers(today(), labels)).rows == 1
    with pytest.raises(UsageError, match="late"):
        stage_row(sheet.rows[0], (), library(), labels, weigh_suppliers(today(), labels))
    (tmp_path / "late.yaml").write_text("shock: late\n", encoding="utf-8")
    with pytest.raises(DataError):
        load_shocks(today(), tmp_path)
    (tmp_path / "score_rows.csv").unlink()
    with pytest.raises(DataError, match="score_rows"):
        load_score_rows(tmp_path)


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    run_backtest(blind, SHEET, progress=lambda done, rows: seen.append((done, rows)))
    assert seen == [(number, len(RUN)) for number in range(1, len(RUN) + 1)]


def test_a_model_must_say_what_is_asked() -> None:
    with pytest.raises(ValueError, match="unbuffered"):
        judge_row(ROWS["e05_wafers"], {"lost": 0.1})
    with pytest.raises(ValueError, match="nothing to compare"):
        judge_row(ROWS["e08_disks"], {"lost": 0.1, "unbuffered": 0.1})


# --- the stage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", RUN, ids=lambda row: row.row)
def test_the_chain_of_the_year_is_sound_and_holds_the_shock(row: ScoreRow) -> None:
    overrides = SHEET.overrides[row.row]
    chain = revise_chain(today(), overrides, library().sources)
    for override in overrides:
        if override.changed == "shares":
            rows = chain.shares[(chain.shares["node"] == override.node) & (chain.shares["basis"] == "location")]
            before = today().shares
            before = before[(before["node"] == override.node) & (before["basis"] == "location")]
            assert rows.set_index("country").loc[override.country, "share"] == override.value.value
            assert rows["share"].sum() == pytest.approx(max(before["share"].sum(), override.value.value), abs=1e-9)
            assert (rows["share"].isna() == before["share"].isna().to_numpy()).all()
        if override.changed == "traits":
            traits = chain.traits.set_index(["node", "trait"])
            assert traits.loc[(override.node, override.trait), "value"] == override.value.value
    labels = label(chain)
    schedule = stage_row(row, overrides, library(), labels, weigh_suppliers(chain, labels))
    assert len(schedule) == 1
    assert schedule.rows > 0
    assert [finding.key for finding in schedule.findings] == []
    assert sorted(set(schedule.onset)) == sorted(row.starts)


@pytest.mark.parametrize("name", ["e05_wafers", "e10_cameras", "e2021_cars"])
def test_the_chain_of_the_year_passes_every_check(name: str) -> None:
    chain = revise_chain(today(), SHEET.overrides[name], library().sources)
    checked = build_chain(chain.tables)
    assert [len(checked.tables[name]) for name in checked.tables] == [len(chain.tables[name]) for name in chain.tables]


@pytest.mark.parametrize(
    ("name", "node", "low", "high"),
    [
        ("e01_resin", "resin_encapsulation", 0.58, 0.6),
        ("e05_wafers", "wafer_300", 0.24, 0.26),
        ("e06_cars", "fab_logic_ge28", 0.09, 0.11),
        ("e07_laminate", "substrate_bt", 0.49, 0.51),
        ("e10_cameras", "fab_dao", 0.49, 0.51),
        ("e15_yokkaichi", "fab_nand", 0.34, 0.36),
        ("e30_naka", "fab_logic_ge28", 0.02, 0.031),
    ],
)
def test_the_share_of_the_world_that_is_hit_is_the_one_that_was_reported(
    name: str, node: str, low: float, high: float
) -> None:
    row, overrides = ROWS[name], SHEET.overrides[name]
    chain = revise_chain(today(), overrides, library().sources)
    labels = label(chain)
    holdings = weigh_suppliers(chain, labels)
    loss = combine_losses(stage_row(row, overrides, library(), labels, holdings), "line", len(labels), 1, 0.01)[0, :, 0]
    here = labels.get_level_values("node") == node
    assert low < float((loss * holdings.share)[here].sum()) < high


def test_the_suppliers_are_those_of_the_flows() -> None:
    assert set(label(today())) == set(balance_flows(today()).labels)


def test_events_of_one_row_start_in_their_own_weeks() -> None:
    row = ROWS["e2021_cars"]
    chain = today()
    labels = label(chain)
    schedule = stage_row(row, (), library(), labels, weigh_suppliers(chain, labels))
    means = average_losses(schedule, 40)
    nodes = np.array([labels[supplier][0] for supplier in schedule.supplier])
    assert means[nodes == "atp_wirebond", :15].max() == 0
    assert means[nodes == "atp_wirebond", 15:].max() > 0
    assert set(schedule.onset) == {0.0, 4.4, 15.0}


def test_draws_of_a_row_stay_in_their_intervals_and_belong_to_their_number() -> None:
    overrides = SHEET.overrides["e06_cars"]
    drawn = vary_overrides(overrides, 1, 7)
    assert drawn == vary_overrides(overrides, 1, 7)
    assert drawn != vary_overrides(overrides, 1, 8)
    assert vary_overrides(overrides[2:], 1, 7) == drawn[2:]
    for override, given in zip(drawn, overrides, strict=True):
        assert given.value.low <= override.value.value <= given.value.high
    assert vary_overrides((), 1, 7) == ()


def test_a_country_without_a_row_gets_one() -> None:
    override = Override(
        "row", "shares", "helium", "", "", Interval(0.2, 0.1, 0.3), "fraction", "year", "assumed", ("judgement",), ""
    )
    from dataclasses import replace

    chain = revise_chain(today(), [replace(override, country="ISL")])
    rows = chain.shares[(chain.shares["node"] == "helium") & (chain.shares["basis"] == "location")]
    assert rows.set_index("country").loc["ISL", "share"] == 0.2
    trait = replace(override, changed="traits", trait="licence_lag_weeks", unit="weeks")
    assert "licence_lag_weeks" in set(revise_chain(today(), [trait]).traits.query("node == 'helium'")["trait"])
