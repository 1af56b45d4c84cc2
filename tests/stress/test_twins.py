"""What is cut in two stays what it was in sum, and its struck part alone runs dry."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import load_chain
from pondasi.stress.kernel import DELIVERED, SHIPPED
from pondasi.stress.lanes import frame_system
from pondasi.stress.schedule import average_losses, combine_losses
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.simulate import run_batch, run_schedule
from pondasi.stress.state import State, proportional, rest
from pondasi.stress.struck import run_struck
from pondasi.stress.system import add_by
from pondasi.stress.twins import SMALL, find_made, split_struck
from pondasi.stress.watches import watch_suppliers
from tests.stress.random_schedules import draw_schedule, hits_of
from tests.stress.small_chains import EDGES, build_chain, delivered, draw_edge, place, run

EXACT = 1e-12
"""Rounding of sums over some hundred lots, relative to the largest amount at hand."""
LATER = 1e-9
"""The same after weeks in which it passes through lines and stocks."""
POOLED = 0.05
"""Part of the loss by which twins with second sources for all may differ on the mean from the chain that is not cut:
what one twin has at its door serves the buyers of the other only once orders have moved (stress.6)."""
NODES = {f"n{k}" for k in range(10)} | {f"zn{k}" for k in range(10)}
seeds, edges = st.integers(0, 10_000), st.sampled_from(EDGES)


def strike(system, seed, **options):
    """Return a shock on plants of a few suppliers, with rows that may fall on the same ones."""
    return draw_schedule(system, seed, scenarios=1, **{"channels": ("line", "starts"), "rows": 4, **options})


def by_label(system):
    """Return watches of what each supplier of the uncut chain ships and delivers."""
    labels = np.array(["/".join(label) for label in system.labels])
    what = (("shipped", SHIPPED), ("delivered", DELIVERED))
    return watch_suppliers([(f"{how} {name}", k, labels == name) for how, k in what for name in sorted(set(labels))])


def total_lost(system, series):
    """Return the weeks of all final demand that a run loses."""
    half = len(series) // 2
    return float((system.final.sum() - series[half:].sum(axis=0)).sum() / system.final.sum())


@given(seeds, edges)
@settings(deadline=None)
def test_totals_stay(seed, edge):
    system = draw_edge(seed, edge)
    twins = split_struck(system, strike(system, seed), NODES)
    cut, n = twins.system, len(system.output)
    assert list(cut.labels) == list(system.labels[twins.origin])
    for name in ("output", "final", "finished"):
        assert np.allclose(add_by(twins.origin, getattr(cut, name), n), getattr(system, name), rtol=EXACT, atol=0)
    key, mine = _pairs(system, np.arange(n)), _pairs(cut, twins.origin)
    assert mine.keys() == key.keys()
    for pair, amounts in key.items():
        assert np.allclose(mine[pair], amounts, rtol=LATER, atol=0)
    assert np.allclose(cut.need_coefficient, _uncut_need(system, twins), rtol=EXACT, atol=0)


def _pairs(system, origin):
    """Return flow and stock between suppliers of the uncut chain, by maker, user and kind of need."""
    value, kind = system.coefficient * system.output[system.user], system.kind[system.need_of_lot]
    found = {}
    for e, (i, j) in enumerate(zip(origin[system.supplier], origin[system.user], strict=True)):
        before = found.get((i, j, kind[e]), (0.0, 0.0))
        found[i, j, kind[e]] = before[0] + value[e], before[1] + system.target[e]
    return found


def _uncut_need(system, twins):
    """Return for each need of the cut chain what its user takes of that node per unit in the uncut one."""
    counts = np.diff(system.need_start)
    of = [np.arange(system.need_start[i], system.need_start[i] + counts[i]) for i in twins.origin]
    return system.need_coefficient[np.concatenate([*of, np.zeros(0, np.int64)]).astype(np.int64)]


@given(seeds, edges, st.sampled_from([1.0, 1 / 7]))
@settings(deadline=None)
def test_the_whole_loses_what_the_shock_says(seed, edge, step):
    system = draw_edge(seed, edge, step=step)
    schedule = strike(system, seed)
    twins = split_struck(system, schedule, NODES)
    part = twins.system.output / system.output[twins.origin]
    left, after = (
        np.prod([1 - combine_losses(rows, name, size, 100, step)[0] for name in ("line", "starts")], axis=0)
        for rows, size in ((schedule, len(system.output)), (twins.schedule, len(part)))
    )
    sums = np.zeros_like(left)
    np.add.at(sums, twins.origin, part[:, None] * after)
    assert np.abs(sums - left).max() < EXACT


@pytest.mark.parametrize("edge", EDGES)
def test_nothing_moves_without_a_shock(edge):
    system = draw_edge(5, edge)
    twins = split_struck(system, strike(system, 5), NODES)
    blows = twins.schedule
    nothing = replace(blows, loss=0 * blows.loss, scrap=0 * blows.scrap)
    watches = by_label(twins.system)
    base = watches.base(twins.system)
    series = run_schedule(twins.system, nothing, 260, watches)[0]
    assert np.abs(series - base[:, None]).max() < EXACT * base.max()


def test_something_is_cut_in_the_random_chains():
    cut = [split_struck(system, strike(system, s), NODES).cut for s in range(30) for system in [draw_edge(s)]]
    assert np.mean(cut) > 0.5


@given(seeds, st.sampled_from(("plain", "scarce", "no_line", "apart")))
@settings(deadline=None)
def test_with_second_sources_for_all_a_lost_maker_is_lost_as_in_the_chain_that_is_not_cut(seed, edge):
    system = draw_edge(seed, edge, kinds=False)
    system = replace(system, dual=np.ones(len(system.kind)))
    schedule = strike(system, seed, rows=2)
    schedule = replace(schedule, loss=(schedule.loss > 0).astype(float), scrap=(schedule.scrap > 0).astype(float))
    whole = run_schedule(system, schedule, 60, by_label(system))
    series, _ = run_struck(system, schedule, 60, by_label, NODES)
    assert np.abs(series - whole).max() < LATER * system.output.max()


def test_with_second_sources_for_all_twins_are_nearly_the_pooled_model():
    lost, apart = [], []
    for seed in range(60):
        system = draw_edge(seed, kinds=False)
        system = replace(system, dual=np.ones(len(system.kind)))
        schedule = strike(system, seed, rows=2)
        whole = total_lost(system, run_schedule(system, schedule, 80, by_label(system))[0])
        series, _ = run_struck(system, schedule, 80, by_label, NODES)
        lost.append(whole)
        apart.append(abs(total_lost(system, series[0]) - whole))
    assert np.mean(apart) < POOLED * np.mean(lost)


ALONE = {"dual": 0.0, "qualification_weeks": np.inf}


@given(
    st.floats(0.02, 0.98),
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from((0.0, 0.5, 3.0)), st.sampled_from((0.0, 1.0, 4.0))),
        min_size=2,
        max_size=4,
    ),
    st.integers(0, 100),
)
@settings(deadline=None)
def test_single_sourced_products_share_the_fate_of_their_plant(part, stages, seed):
    """Of a chain without second sources the part that hangs on the plant loses all, the rest nothing."""
    last = len(stages)
    suppliers = [
        (f"n{k}", "AAA", 1.0, {"cycle_weeks": float(cycle), "finished_weeks": finished, "scrap_weeks": 1.0})
        for k, (cycle, finished, _) in enumerate(stages)
    ]
    # Its buyer is not cut: it holds so much of both twins that what it lacks of one never eats the other.
    users = [*suppliers, ("n9", "AAA", 1.0, {})]
    lots = [(k, k + 1, 1.0, {**ALONE, "stock_weeks": stages[k][2]}) for k in range(last - 1)]
    lots += [(last - 1, last, 0.4, {**ALONE, "stock_weeks": 1000.0})]
    system = build_chain(users, lots)
    schedule = _stop(system, 0, part, seed)
    watches = by_label(system)
    series, _ = run_struck(system, schedule, 70, by_label, NODES)
    all_gone = run_schedule(
        system, replace(schedule, loss=schedule.loss / part, scrap=schedule.scrap / part), 70, watches
    )
    base = watches.base(system)[:, None]
    assert np.abs(series[0] - (part * all_gone[0] + (1 - part) * base)).max() < LATER * system.output.max()


def _stop(system, supplier, loss, seed=0, *, weeks=None):
    """Return one stop of the line of one supplier."""
    drawn = draw_schedule(system, seed, scenarios=1, rows=1, channels=("line",))
    week = drawn.week if weeks is None else np.array([0.0, weeks, weeks])
    return replace(
        drawn, supplier=np.array([supplier]), week=week, loss=np.array([loss, loss, 0.0]), scrap=np.array([loss])
    )


@pytest.mark.parametrize(("varieties", "dual"), [(1.0, 0.0), (4.0, 0.0), (4.0, 0.25), (2.5, 0.6)])
def test_a_fab_of_a_tenth_stops_the_lines_that_lack_its_chips(varieties, dual):
    """By hand: stock of three weeks, then each product lacks a chip of the fab with the chance of stress.3."""
    rows = [
        ("fab", "AAA", 1.0, {}),
        ("package", "AAA", 1.0, {}),
        ("chip", "AAA", 1.0, {}),
        ("car", "AAA", 20.0, {}),
    ]
    last = {**ALONE, "dual": dual, "varieties": varieties, "stock_weeks": 3.0}
    system = build_chain(rows, [(0, 1, 1.0, ALONE), (1, 2, 1.0, ALONE), (2, 3, 1.0, last)])
    schedule, car = _stop(system, 0, 0.1, weeks=10.0), place(system, "car")
    twins = split_struck(system, schedule, {"fab", "package", "chip"})
    means = average_losses(twins.schedule, 16, 1.0)
    _, moves = run(twins.system, 16, lambda week: hits_of(twins.system, twins.schedule, 0, week, means))
    user = place(twins.system, "car")
    made = delivered(moves)[:, user] / 20
    assert twins.struck.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.0])
    assert made[:3] == pytest.approx(1.0)
    # Nobody has spare capacity: what others may fill comes from their stock until that is gone too.
    assert made[3] == pytest.approx((1 - (1 - dual) * 0.1) ** varieties)
    assert made[3:10] == pytest.approx(made[3], abs=0.01)
    # Kept whole, the same lot would thin and last for 3 / 0.1 weeks.
    whole = average_losses(schedule, 16, 1.0)
    _, thin = run(system, 16, lambda week: hits_of(system, schedule, 0, week, whole))
    assert delivered(thin)[:10, car] / 20 == pytest.approx(1.0)


def test_a_small_part_is_not_cut():
    system = build_chain(
        [("fab", "AAA", 1.0, {}), ("chip", "AAA", 1.0, {}), ("car", "AAA", 9.0, {})],
        [(0, 1, 1.0, ALONE), (1, 2, 1.0, ALONE)],
    )
    for loss, cut in ((SMALL / 2, False), (2 * SMALL, True), (1 - SMALL / 2, False)):
        twins = split_struck(system, _stop(system, 0, loss), {"fab", "chip"})
        assert twins.cut is cut
        assert (twins.system is system) is not cut


def test_what_comes_from_all_plants_is_not_cut_further():
    """A gas goes into all chips, several varieties into each module: there the gap is one of lots."""
    rows = [("gas", "AAA", 1.0, {}), ("fab", "AAA", 2.0, {}), ("module", "AAA", 3.0, {}), ("car", "AAA", 9.0, {})]
    lots = [(0, 1, 1.0, ALONE), (1, 2, 2.0, {**ALONE, "varieties": 3.0}), (2, 3, 3.0, ALONE)]
    system = build_chain(rows, lots)
    gas = split_struck(system, _stop(system, 0, 0.5), {"fab", "module"})
    fab = split_struck(system, _stop(system, 1, 0.5), {"fab", "module"})
    assert gas.struck.tolist() == [0.5, 0, 0, 0]
    assert fab.struck.tolist() == [0, 0.5, 0, 0]


def test_doors_routes_and_demand_strike_all_plants():
    system = draw_edge(3)
    for channel in ("shipping", "route", "demand", "service", "licence"):
        schedule = strike(system, 3, channels=(channel,))
        assert not split_struck(system, schedule, NODES).cut
    schedule = strike(system, 3, channels=("line", "route"), rows=8)
    twins = split_struck(system, schedule, NODES)
    assert twins.cut
    routes = twins.schedule.select("route")
    for supplier in np.unique(schedule.supplier[schedule.select("route")]):
        both = np.flatnonzero(twins.origin == supplier)
        hit = [
            np.sort(twins.schedule.loss[twins.schedule.start[:-1][routes & (twins.schedule.supplier == i)]])
            for i in both
        ]
        assert all(np.array_equal(hit[0], other) for other in hit)
        assert len(hit[0]) == (schedule.select("route") & (schedule.supplier == supplier)).sum()


def test_twins_are_cut_for_one_scenario():
    system = draw_edge(1)
    with pytest.raises(ValueError, match="one scenario"):
        split_struck(system, draw_schedule(system, 1, scenarios=2), NODES)


@pytest.mark.parametrize("seed", range(6))
def test_kernel_equals_readable_side(seed):
    system = draw_edge(seed, EDGES[seed % len(EDGES)])
    twins = split_struck(system, strike(system, seed, channels=CHANNELS, rows=6), NODES)
    cut, schedule, rationing = twins.system, twins.schedule, proportional(twins.system)
    frame = frame_system(cut, rationing.lots, rationing.final)
    _, lanes = run_batch(frame, cut, schedule, 30, by_label(cut).compile())
    means = average_losses(schedule, 30, cut.step)
    states, _ = run(cut, 30, lambda step: hits_of(cut, schedule, 0, step, means))
    scale = max(1.0, cut.output.max(), cut.target.max(initial=0.0))
    for field in fields(State):
        mine, theirs = getattr(states[-1], field.name), getattr(lanes, field.name)[:, 0]
        assert np.abs(mine - theirs).max(initial=0.0) < LATER * scale, field.name
    assert rest(cut).finished.sum() == pytest.approx(system.finished.sum())


def test_runs_are_told_by_supplier_and_alone_or_together_the_same():
    system = draw_edge(2)
    schedule = draw_schedule(system, 2, scenarios=4)
    series, watches = run_struck(system, schedule, 20, by_label, NODES)
    assert series.shape == (4, len(watches.names), 20)
    for number in range(4):
        one = schedule.take(number, number + 1)
        alone, _ = run_struck(system, one, 20, by_label, NODES)
        assert np.array_equal(alone[0], series[number])
        assert by_label(split_struck(system, one, NODES).system).names == watches.names


def test_processes_and_products_are_made_of_one_unit():
    made = find_made(load_chain())
    assert {"fab_dram", "atp_wirebond", "chip_dram"} <= made
    assert not {"neon", "eda", "litho_euv"} & made
