"""The pooled member keeps its accounts on random tables, and its compiled side says what the readable side says."""

import importlib.util
from dataclasses import replace
from types import SimpleNamespace

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pondasi.errors import DataError, UsageError
from pondasi.stress.pooled import kernel as pooled_kernel
from pondasi.stress.pooled import lanes as pooled_lanes
from pondasi.stress.pooled.dynamics import advance, limit_by_inputs, prepare_base, start_state
from pondasi.stress.pooled.industries import build_table, close_table, read_table
from pondasi.stress.pooled.lanes import advance_lanes, start_lanes
from pondasi.stress.pooled.model import prepare_model
from pondasi.stress.pooled.rules import load_rules
from pondasi.stress.pooled.run import run_pooled
from pondasi.stress.pooled.shocks import PooledShock, plan_rebuilding, shape_loss
from tests.stress.tables import industry_tables, pooled_rules, stressed_tables

ROUNDING = 1e-12
"""Over the largest figure: sums over a table of a dozen industries and some steps, taken in another order."""
STEPS = 25
FEWER = settings(max_examples=25)


def walk(table, rules, shock, steps=STEPS):
    """Run the readable side; return the base, and the state before, what happened, and the state after, by step."""
    base = prepare_base(table, rules)
    state = start_state(base, shock.rebuilding)
    path = []
    for step in range(steps):
        n = len(base.x)
        loss = np.max([loss.at(step, n) for loss in shock.losses], axis=0, initial=0.0) * np.ones(n)
        after, done = advance(base, state, loss, shock.rebuilding)
        path.append((state, done, after))
        state = after
    return base, path


# --- the compiled side ---------------------------------------------------------------------------


@FEWER
@given(stressed_tables(), st.booleans())
def test_the_compiled_side_says_the_same(stressed, as_sparse):
    table, rules, shock = stressed
    base, path = walk(table, rules, shock)
    if as_sparse:
        table = replace(table, Z=sparse.csr_array(table.Z))
    scale = max(base.x.max(), 1e-300)
    expected = [
        np.array([done.output for _, done, _ in path]),
        np.array([done.demand[1] * (1 - done.met[1]) for _, done, _ in path]),
        np.array([done.demand[2] * done.met[2] for _, done, _ in path]),
    ]
    alone = run_pooled(table, rules, [shock], STEPS)
    among = run_pooled(table, rules, [PooledShock(), shock, PooledShock()], STEPS)
    for run, lane in ((alone, 0), (among, 1)):
        for mine, theirs in zip((run.output, run.unmet, run.rebuilt), expected, strict=True):
            assert np.abs(mine[lane] - theirs).max() <= ROUNDING * scale


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("lanes", [1, 3])
def test_what_the_compiled_side_holds_is_what_the_readable_side_holds(form, lanes):
    table = made_table(regions=3, sectors=5)
    rules = load_rules(stock_days={"s0": 10, "s1": 12, "s2": np.inf, "s3": 15, "s4": 4})
    shock = PooledShock((shape_loss(table, {("r1", "s3"): 0.9, ("r2", "s0"): 0.5}, start=1, duration=30),))
    base, path = walk(table, rules, shock, steps=40)
    model = prepare_model(replace(table, Z=form(table.Z)), rules)
    state = start_lanes(model, [shock] * lanes)
    for step in range(40):
        advance_lanes(model, state, step)
    _, done, after = path[-1]
    place = np.argsort(model.order)
    stock = np.zeros_like(after.stocks)
    stock[model.flows.sector, model.order[model.flows.user]] = state.goods.stock[:, -1]
    assert stock == pytest.approx(after.stocks, rel=ROUNDING, abs=ROUNDING * base.x.max())
    for mine, theirs in {
        "output": done.output,
        "capacity": done.capacity,
        "overproduction": after.overproduction,
        "allowed": limit_by_inputs(base, after.stocks),
    }.items():
        assert getattr(state.own, mine)[place, -1] == pytest.approx(theirs, rel=ROUNDING), mine
    assert (done.output < 0.9 * base.x).sum() > 5, "the shock spreads, or this would hold for little"


def made_table(regions, sectors, seed=0):
    draws = np.random.default_rng(seed)
    n = regions * sectors
    Z = draws.lognormal(0, 1, (n, n))
    labels = [(f"r{region}", f"s{sector}") for region in range(regions) for sector in range(sectors)]
    return build_table(Z, Z.sum(axis=0)[:, None] * 0.7, Z.sum(axis=1) + Z.sum(axis=0) * 0.7, labels)


def test_more_lanes_than_a_batch_holds_and_fewer_groups():
    table, rules = made_table(2, 3), load_rules(stock_days=5)
    shocks = [
        PooledShock((shape_loss(table, {("r0", "s1"): part}, start=0, duration=9),)) for part in np.linspace(0, 1, 70)
    ]
    told = []
    run = run_pooled(table, rules, shocks, 12, by="region", progress=lambda done, of: told.append((done, of)))
    assert told == [(64, 70), (70, 70)]
    assert list(run.groups) == ["r0", "r1"]
    last = run_pooled(table, rules, shocks[-1:], 12)
    by_region = last.output[0].reshape(12, 2, 3).sum(axis=2)
    assert run.output[-1] == pytest.approx(by_region, rel=ROUNDING)
    total = run_pooled(table, rules, shocks[-1:], 12, by="total")
    assert total.output[0, :, 0] == pytest.approx(by_region.sum(axis=1), rel=ROUNDING)
    assert total.lost[0, 0] == pytest.approx(12 * total.base[0] - by_region.sum(), rel=1e-9)
    assert (np.diff(run.lost.sum(axis=1)) >= -ROUNDING * total.base[0]).all()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("tiers", [(0, 0, 0), (1, 0, 2)])
def test_the_kernel_says_the_same_uncompiled(monkeypatch, form, lanes, tiers):
    """A compiler may err: the same file, loaded once more and left as Python, is held against what numba made of it."""
    table, rules = made_table(3, 3), load_rules(stock_days={"s0": 5, "s1": np.inf, "s2": 8}, tiers=tiers)
    table = replace(table, Z=form(table.Z))
    stop = PooledShock((shape_loss(table, {("r1", "s0"): 0.9, ("r0", "s2"): 0.9}, start=0, duration=30),))
    compiled = run_pooled(table, rules, [stop] * lanes, 12)
    with monkeypatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", 1)
        spec = importlib.util.spec_from_file_location("uncompiled", pooled_kernel.__file__)
        plain = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(plain)
    for name in ("pass_full", "pass_full_lanes", "pass_sparse", "restock_full", "restock_sparse"):
        monkeypatch.setattr(pooled_lanes, name, getattr(plain, name))
    interpreted = run_pooled(table, rules, [stop] * lanes, 12)
    assert np.abs(compiled.output - interpreted.output).max() <= ROUNDING * compiled.base.max()
    assert np.abs(compiled.unmet - interpreted.unmet).max() <= ROUNDING * compiled.base.max()
    assert (compiled.output[:, -1] < 0.9 * compiled.base).any()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("lanes", [1, 5])
def test_the_number_of_threads_changes_no_bit(monkeypatch, form, lanes):
    table, rules = made_table(3, 5), load_rules(stock_days=6)
    table = replace(table, Z=form(table.Z))
    stop = PooledShock((shape_loss(table, {("r1", "s3"): 0.9}, start=0, duration=30),))
    alone = run_pooled(table, rules, [stop] * lanes, 20)
    for limit in ("FLOWS_PER_THREAD", "GOODS_PER_THREAD"):
        monkeypatch.setattr(pooled_lanes, limit, 1.0)
    together = run_pooled(table, rules, [stop] * lanes, 20)
    assert (alone.output == together.output).all()
    assert (alone.output[:, -1] < 0.9 * alone.base).any()


def test_a_shorter_step_changes_little_and_ever_less():
    """The error of a step is of first order: a week loses a sixth more than a day here, two days a sixth of that."""
    table = made_table(4, 5)
    lost = {}
    for days in (7, 2, 1):
        rules = load_rules(step_days=days, stock_days=42, year_days=364)
        hit = {("r0", "s3"): 0.9, ("r1", "s4"): 0.9}
        stop = shape_loss(table, hit, start=14 // days, duration=84 // days, recovery=84 // days)
        lost[days] = run_pooled(table, rules, [PooledShock((stop,))], 364 // days, by="total").lost[0, 0]
    assert lost[7] == pytest.approx(lost[1], rel=0.25)
    assert abs(lost[2] - lost[1]) < abs(lost[7] - lost[1]) / 4


# --- what must hold ------------------------------------------------------------------------------


@FEWER
@given(industry_tables(), pooled_rules(steps_of_stock=(1, 3, 90)))
def test_without_a_shock_nothing_moves(table, rules):
    steps = int(5 * rules.year_days / rules.step_days)
    run = run_pooled(table, rules, [PooledShock()], steps)
    scale = max(run.base.max(), 1e-300)
    assert np.abs(run.output - run.base).max() <= ROUNDING * scale
    assert np.abs(run.unmet).max() <= ROUNDING * scale


@FEWER
@given(stressed_tables())
def test_accounts_close_and_nothing_is_negative(stressed):
    base, path = walk(*stressed)
    scale = max(base.x.max(), base.Z.max(), 1e-300)
    endless = ~np.isfinite(base.cover)
    for before, done, after in path:
        delivered = (done.demand * done.met).sum(axis=0)
        assert np.abs(done.output - delivered).max() <= ROUNDING * scale, "all that is made is delivered"
        moved = done.arrivals - done.used
        assert np.abs((after.stocks - before.stocks - moved)[~endless]).max(initial=0) <= ROUNDING * max(
            scale, before.stocks.max()
        )
        assert done.arrivals.sum() == pytest.approx(
            (done.demand[0] * done.met[0]).sum(), rel=ROUNDING, abs=ROUNDING * scale
        )
        assert np.abs(done.used + done.without - base.A * done.output).max() <= ROUNDING * scale
        for figures in (after.stocks, after.orders, done.output, done.met, done.without, *after.rebuilding):
            assert (figures >= 0).all()
        assert (done.met <= 1).all()
        assert (done.output <= done.capacity * (1 + ROUNDING)).all()
        for event, left, was in zip(stressed[2].rebuilding, after.rebuilding, before.rebuilding, strict=True):
            bought = (done.demand[2] * done.met[2]).sum()
            assert was.sum() - left.sum() == pytest.approx(bought, rel=1e-9, abs=ROUNDING * event.bill.sum())


@FEWER
@given(stressed_tables(), st.sampled_from([1e-6, 7.0, 1e9]))
def test_money_may_be_counted_in_any_unit(stressed, factor):
    table, rules, shock = stressed
    other = build_table(table.Z * factor, table.final * factor, table.output * factor, table.labels)
    bills = tuple(replace(event, bill=event.bill * factor) for event in shock.rebuilding)
    run = run_pooled(table, rules, [shock], STEPS)
    scaled = run_pooled(other, rules, [replace(shock, rebuilding=bills)], STEPS)
    assert np.abs(scaled.output / factor - run.output).max() <= 1e-10 * max(run.base.max(), 1e-300)


@FEWER
@given(stressed_tables(), st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(stressed, random):
    table, rules, shock = stressed
    order = list(range(len(table.output)))
    random.shuffle(order)
    other = build_table(table.Z[np.ix_(order, order)], table.final[order], table.output[order], table.labels[order])
    place = np.argsort(order)
    losses = tuple(replace(loss, industries=place[loss.industries]) for loss in shock.losses)
    events = tuple(
        replace(event, damaged=place[event.damaged], suppliers=place[event.suppliers]) for event in shock.rebuilding
    )
    run = run_pooled(table, rules, [shock], STEPS)
    moved = run_pooled(other, rules, [PooledShock(losses, events)], STEPS)
    assert np.abs(moved.output[:, :, place] - run.output).max() <= 1e-10 * max(run.base.max(), 1e-300)


@FEWER
@given(stressed_tables(), st.sampled_from([0.5, 0.1]))
def test_splitting_an_industry_into_two_alike_changes_nothing(stressed, part):
    table, rules, shock = stressed
    shock = replace(shock, rebuilding=())
    n = len(table.output)
    split = np.vstack([np.eye(n), np.eye(n)[0]])
    split[0, 0], split[n, 0] = part, 1 - part
    region, sector = table.labels[0]
    labels = [*table.labels, (f"{region} again", sector)]
    other = build_table(split @ table.Z @ split.T, split @ table.final, split @ table.output, labels)
    losses = tuple(
        replace(
            loss,
            industries=np.append(loss.industries, np.full((loss.industries == 0).sum(), n)),
            path=np.hstack([loss.path, loss.path[:, loss.industries == 0]]),
        )
        for loss in shock.losses
    )
    run = run_pooled(table, rules, [shock], STEPS)
    twice = run_pooled(other, rules, [PooledShock(losses)], STEPS)
    assert np.abs(twice.output @ np.where(split > 0, 1.0, 0.0) - run.output).max() <= 1e-10 * max(
        run.base.max(), 1e-300
    )


# --- by hand -------------------------------------------------------------------------------------


PARTS, CARS = ("north", "parts"), ("north", "cars")


def two_tiers():
    """Parts for 1 a day go into cars for 2 a day."""
    return build_table([[0.0, 365.0], [0.0, 0.0]], [0.0, 730.0], labels=[PARTS, CARS])


def test_a_stop_is_felt_when_stocks_fall_below_their_threshold():
    fire = PooledShock((shape_loss(two_tiers(), {PARTS: 1.0}, start=0, duration=60),))
    run = run_pooled(two_tiers(), load_rules(stock_days=10, threshold=0.5), [fire], 60)
    cars = run.output[0, :, 1]
    # Ten days of stock, one used a day: 5 days are left after day 4, and from then on a fifth of the rest a day.
    assert cars[:6] == pytest.approx([2] * 6)
    assert cars[6:9] == pytest.approx([2 * 0.8, 2 * 0.8**2, 2 * 0.8**3])


def test_tiers_say_who_goes_short():
    table = build_table([[0.0, 1.0], [0.0, 0.0]], [1.0, 4.0], labels=[PARTS, CARS])
    fire = PooledShock((shape_loss(table, {PARTS: 0.5}, start=0, duration=1),))
    for tiers, unmet in {(0, 0, 0): 0.5, (0, 1, 1): 1.0, (1, 0, 0): 0.0}.items():
        rules = load_rules(year_days=1, tiers=tiers)
        assert run_pooled(table, rules, [fire], 1).unmet[0, 0, 0] == pytest.approx(unmet)


def test_what_is_destroyed_is_bought_and_then_work_is_as_before():
    table = build_table([[0.0, 3650.0], [0.0, 0.0]], [3650.0, 7300.0], labels=[PARTS, CARS])
    rules = load_rules()
    event = plan_rebuilding(table, rules, {CARS: 1460.0}, {"parts": 1.0}, start=2, duration=3, days=10, factor=2.0)
    run = run_pooled(table, rules, [PooledShock(rebuilding=(event,))], 700)
    lost = 1460 / (4 * 3650)
    assert run.output[0, 2, 1] == pytest.approx(20 * (1 - lost))
    assert run.rebuilt[0, :5].max() == 0
    assert run.rebuilt[0].sum() == pytest.approx(2 * 1460, rel=1e-3)
    assert run.output[0, -1, 1] == pytest.approx(20, rel=1e-2)


def test_one_sector_without_inputs():
    table = build_table([[0.0]], [365.0], labels=[PARTS])
    fire = PooledShock((shape_loss(table, {PARTS: 0.25}, start=1, duration=2),))
    run = run_pooled(table, load_rules(overproduction_max=1), [fire], 5)
    assert run.output[0, :, 0] == pytest.approx([1, 0.75, 0.75, 1, 1])
    assert run.unmet[0, :, 0] == pytest.approx([0, 0.25, 0.25, 0, 0])


def test_no_output_at_all_and_no_value_added():
    empty = build_table(np.zeros((2, 2)), [0.0, 0.0], labels=[PARTS, CARS])
    assert run_pooled(empty, load_rules(), [PooledShock()], 3).output.tolist() == [[[0.0, 0.0]] * 3]
    table = build_table([[0.0, 2.0], [0.0, 0.0]], [0.0, 2.0], labels=[PARTS, CARS])
    assert table.value_added.tolist() == [2.0, 0.0]
    assert np.isfinite(run_pooled(table, load_rules(), [PooledShock()], 3).output).all()
    with pytest.raises(UsageError, match="capital"):
        plan_rebuilding(table, load_rules(), {CARS: 1.0}, {"parts": 1.0}, start=0, duration=0, days=9)


# --- tables, rules and shocks that make no sense -------------------------------------------------


def test_a_table_of_pymrio_is_taken_as_it_is():
    table = made_table(2, 2)
    columns = pd.MultiIndex.from_product([["r0", "r1"], ["households", "state"]])
    Y = pd.DataFrame(np.outer(table.final[:, 0], [0.4, 0.3, 0.2, 0.1]), table.labels, columns)
    published = SimpleNamespace(
        Z=pd.DataFrame(table.Z, table.labels, table.labels), Y=Y, x=pd.DataFrame({"indout": table.output}, table.labels)
    )
    read = read_table(published)
    assert read.users == ("r0", "r1")
    assert read.final.sum(axis=0) == pytest.approx(table.final.sum() * np.array([0.7, 0.3]))
    assert list(read.labels) == list(table.labels)
    assert read.labels.names == ["region", "sector"]
    assert read.imbalance < ROUNDING


def test_all_that_is_wrong_with_a_table_is_told_at_once():
    with pytest.raises(DataError) as caught:
        build_table([[0.0, -1.0], [np.nan, 0.0]], [1.0, -2.0], [3.0, np.inf], [PARTS, PARTS])
    keys = [problem.key for problem in caught.value.problems]
    assert keys == [
        "industries_label_twice",
        "industries_missing",
        "industries_negative",
        "industries_negative",
        "industries_missing",
    ]
    assert len(str(caught.value)) > 0


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (([[0.0]], [1.0, 2.0]), "industries_shape"),
        (([[0.0, 1.0]], [1.0]), "industries_shape"),
        (([[0.0]], [1.0], [1.0, 2.0]), "industries_shape"),
        (([[0.0]], [1.0], [1.0], [PARTS, CARS]), "industries_shape"),
        (([[0.0]], [1.0], [2.0]), "industries_unbalanced"),
        (([[0.0]], [1.0], None, pd.MultiIndex.from_tuples([("a", "b", "c")])), "industries_levels"),
        (
            ([[0.0]], pd.DataFrame({"f": [1.0]}, pd.MultiIndex.from_tuples([CARS])), None, [PARTS]),
            "industries_labels_differ",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(arguments, key):
    with pytest.raises(DataError) as caught:
        build_table(*arguments)
    assert key in {problem.key for problem in caught.value.problems}


def test_a_table_is_closed_by_what_is_sold():
    table = close_table([[0.0, 5.0], [0.0, 0.0]], pd.DataFrame({"r": [-1.0, 20.0]}))
    assert table.final.ravel().tolist() == [0.0, 20.0]
    assert table.imbalance == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"stock_days": 0.5},
        {"stock_days": float("nan")},
        {"step_days": 0},
        {"threshold": 1.5},
        {"restoration_days": -1},
        {"overproduction_max": 0.9},
        {"capital_ratio": 0},
        {"tiers": (0, 2, 2)},
        {"order_split": "by weather"},
    ],
)
def test_rules_out_of_range_are_refused(changes):
    with pytest.raises(UsageError):
        load_rules(**changes)


def test_requests_that_make_no_sense_are_refused():
    table, rules = two_tiers(), load_rules()
    with pytest.raises(UsageError, match="no industry south parts"):
        shape_loss(table, {("south", "parts"): 0.1}, start=0, duration=1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        shape_loss(table, {PARTS: 1.1}, start=0, duration=1)
    with pytest.raises(UsageError, match="ghosts"):
        plan_rebuilding(table, rules, {PARTS: 1.0}, {"ghosts": 1.0}, start=0, duration=0, days=9)
    with pytest.raises(UsageError, match="whole number"):
        run_pooled(table, rules, [PooledShock()], 0)
    with pytest.raises(UsageError, match="ghosts"):
        run_pooled(table, load_rules(stock_days={"parts": 9, "cars": 9, "ghosts": 9}), [PooledShock()], 1)
