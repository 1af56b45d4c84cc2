"""What has no other source runs dry first: products by plant, goods that any line may use, stocks that are for sale."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import load_world
from pondasi.stress.schedule import average_losses
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.struck import run_struck
from pondasi.stress.twins import split_struck
from pondasi.tables.rows import list_rows
from tests.stress.random_schedules import draw_schedule, hits_of
from tests.stress.small_chains import EDGES, build_chain, draw_edge, hit, lot, place, run
from tests.stress.test_twins import ALONE, NODES, by_label, strike

MADE = {"fab", "package", "chip"}
FIELDS = ("output", "final", "finished", "coefficient", "target", "dual", "supplier", "user", "lag")
CLOSE = 1e-9
"""Rounding of a few sums, relative to one."""


def stop(system, node, loss, weeks=20.0, *, alike=False):
    """Return one stop of the line of one supplier."""
    drawn = draw_schedule(system, 0, scenarios=1, rows=1, channels=("line",))
    return replace(
        drawn,
        supplier=np.array([place(system, node, "AAA")]),
        week=np.array([0.0, weeks, weeks]),
        loss=np.array([loss, loss, 0.0]),
        scrap=np.array([loss]),
        alike=np.array([alike]),
    )


def run_twins(system, schedule, steps, by="product"):
    """Return the twins and their moves, on the readable side."""
    twins = split_struck(system, schedule, MADE, by=by)
    means = average_losses(twins.schedule, steps, 1.0)
    return twins, *run(twins.system, steps, lambda week: hits_of(twins.system, twins.schedule, 0, week, means))


def chip_chain(dual, *, packed=0.0, finished=3.0, line=0.0, qualification=np.inf):
    """Return a fab beside another of nine times its size, whose wafers are packed, tested and built in."""
    fabs = [("fab", "AAA", 1.0, {"cycle_weeks": line}), ("fab", "BBB", 9.0, {"cycle_weeks": line})]
    rows = [
        *fabs,
        ("package", "AAA", 10.0, {}),
        ("chip", "AAA", 10.0, {"finished_weeks": finished}),
        ("car", "AAA", 99.0, {}),
    ]
    wafer = {"dual": dual, "qualification_weeks": qualification}
    lots = [(0, 2, 1.0, wafer), (1, 2, 9.0, wafer), (2, 3, 10.0, {**ALONE, "dual": packed}), (3, 4, 10.0, ALONE)]
    return build_chain(rows, lots)


@pytest.mark.parametrize("dual", [0.0, 0.35, 0.8])
def test_products_without_a_second_source_get_nothing_and_the_others_share(dual):
    """By hand: a fab of a tenth stops; of its products the part 1 - g gets nothing, and its stock lasts three weeks."""
    system = chip_chain(dual)
    twins, _, moves = run_twins(system, stop(system, "fab", 1.0), 12)
    chips = np.flatnonzero(twins.origin == place(system, "chip"))
    assert twins.struck[place(system, "chip")] == pytest.approx(0.1 * (1 - dual))
    sent = np.array([moved.sent for moved in moves])
    of_struck = sent[:, twins.system.supplier == chips[0]].sum(axis=1) / twins.system.output[chips[0]]
    assert of_struck[:3] == pytest.approx(1.0)
    assert of_struck[3:] == pytest.approx(0.0, abs=CLOSE)
    # Nobody has spare capacity: what has a second source shares what the other fab makes.
    made = np.array([moved.shipped for moved in moves])[:, chips[1]] / twins.system.output[chips[1]]
    assert made[1:] == pytest.approx(0.9 / (1 - 0.1 * (1 - dual)), abs=1e-6)


def test_read_by_plant_the_stock_of_the_struck_twin_lasts_longer():
    """The twin that mixes products with and without a second source runs at g, so three weeks of stock last for more."""
    system = chip_chain(0.4)
    _, _, moves = run_twins(system, stop(system, "fab", 1.0), 12, by="plant")
    twins = split_struck(system, stop(system, "fab", 1.0), MADE, by="plant")
    chip = np.flatnonzero(twins.origin == place(system, "chip"))[0]
    sent = np.array([moved.sent for moved in moves])[:, twins.system.supplier == chip].sum(axis=1)
    assert sent[:4] / twins.system.output[chip] == pytest.approx(1.0)


@pytest.mark.parametrize("packed", [0.0, 0.5, 1.0])
def test_a_second_site_for_packing_is_no_help_to_a_chip_without_wafers(packed):
    system = chip_chain(0.35, packed=packed)
    twins = split_struck(system, stop(system, "fab", 1.0), MADE)
    assert twins.struck[[place(system, "package"), place(system, "chip")]] == pytest.approx(0.065)


def test_of_what_may_be_missing_others_may_fill_what_has_a_second_source():
    system = chip_chain(0.35)
    cut = split_struck(system, stop(system, "fab", 1.0), MADE).system
    package = [i for i, label in enumerate(cut.labels) if label[0] == "package"]
    needs = [cut.need_start[i] for i in package]
    assert cut.dual[needs] == pytest.approx([0.0, 1.0])


@given(st.integers(0, 10_000), st.sampled_from(EDGES))
@settings(deadline=None)
def test_without_second_sources_both_readings_are_one(seed, edge):
    system = draw_edge(seed, edge)
    system = replace(
        system, dual=np.zeros(len(system.kind)), qualification=np.full(len(system.kind), np.inf), lag=0 * system.lag
    )
    # By product, nothing beside plants may be struck, else what is at risk is weighed anew.
    schedule = strike(system, seed, rows=1)
    one, other = (split_struck(system, schedule, NODES, by=by).system for by in ("product", "plant"))
    for name in FIELDS[:-1]:
        assert np.allclose(getattr(one, name), getattr(other, name), rtol=CLOSE, atol=0), name


@given(st.integers(0, 10_000), st.sampled_from(EDGES))
@settings(deadline=None)
def test_totals_stay_by_plant_as_well(seed, edge):
    system = draw_edge(seed, edge)
    twins = split_struck(system, strike(system, seed), NODES, by="plant")
    for name in ("output", "final", "finished"):
        sums = np.bincount(twins.origin, getattr(twins.system, name), len(system.output))
        assert np.allclose(sums, getattr(system, name), rtol=CLOSE, atol=0)


@pytest.mark.parametrize(("line", "first"), [(0.0, 0), (4.0, 4), (9.0, 9)])
def test_a_product_that_is_qualified_elsewhere_passes_the_line_there_first(line, first):
    """Qualified in a tenth of a week: the need opens at once, or when the line of the other fab has been passed."""
    system = chip_chain(0.0, line=line, qualification=1.0)
    twins, states, _ = run_twins(system, stop(system, "fab", 1.0, weeks=40.0), 20)
    package = np.flatnonzero(twins.origin == place(system, "package"))[0]
    need = twins.system.need_start[package]
    assert twins.system.lag[need] == line
    opened = np.array([state.open[need] for state in states])
    week = int((opened > 2 * opened[0] + CLOSE).argmax())
    # Owed for the first time in the first week, seen by the buyer in the next.
    assert first <= week <= first + 2


def test_what_slows_all_plants_alike_slows_every_product_made_there():
    """By hand: a country of a tenth at half speed; its single-sourced products run at half, and no plant stands still."""
    system = chip_chain(0.35)
    schedule = stop(system, "fab", 0.5, alike=True)
    twins, _, moves = run_twins(system, schedule, 12)
    assert twins.struck[place(system, "fab", "AAA")] == 1.0
    assert twins.struck[place(system, "chip")] == pytest.approx(0.065)
    assert twins.schedule.loss.tolist() == schedule.loss.tolist()
    chip = np.flatnonzero(twins.origin == place(system, "chip"))[0]
    sent = np.array([moved.sent for moved in moves])[:, twins.system.supplier == chip].sum(axis=1)
    part = sent / twins.system.output[chip]
    # Three weeks of stock at half speed last for six. What others can also take elsewhere is left to those who cannot.
    assert part[:6] == pytest.approx(1.0)
    assert 0.5 - CLOSE <= part[-1] < 0.9
    plants = split_struck(system, replace(schedule, alike=np.array([False])), MADE)
    assert plants.struck[place(system, "chip")] == pytest.approx(0.0325)


def two_sources(shared, *, dual, spare=0.0, rival_finished=0.0):
    """Return a fab that takes half of an acid from each of two makers and holds four weeks of it."""
    rows = [
        ("acid", "AAA", 1.0, {}),
        ("acid", "BBB", 1.0, {"overcapacity": spare, "finished_weeks": rival_finished}),
        ("fab", "AAA", 10.0, {}),
    ]
    acid = {"dual": dual, "qualification_weeks": np.inf, "stock_weeks": 4.0, "shared": shared}
    return build_chain(rows, [(0, 2, 1.0, acid), (1, 2, 1.0, acid)])


def weeks_in_full(system, weeks=40):
    """Return for how many weeks the fab runs at full speed once one of its makers is gone."""
    gone = hit(system, line={place(system, "acid", "AAA"): 1.0}, starts={place(system, "acid", "AAA"): 1.0})
    _, moves = run(system, weeks, lambda _: gone)
    made = np.array([moved.delivered[place(system, "fab")] for moved in moves]) / 10
    return int((made < 1 - CLOSE).argmax())


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_lines_that_know_another_source_leave_what_is_scarce_to_the_others(shared):
    """Half of the lines know one source. All stock is used up after eight weeks at the earliest whoever takes it."""
    weeks = weeks_in_full(two_sources(shared, dual=0.5, spare=0.2))
    assert weeks == 4 if shared == 0 else 4 < weeks <= 9


def test_the_more_lines_may_use_a_good_the_longer_it_lasts():
    weeks = [weeks_in_full(two_sources(shared, dual=0.5, spare=0.2)) for shared in (0.0, 0.3, 0.6, 1.0)]
    assert weeks == sorted(weeks)
    assert weeks[-1] > weeks[0]


@pytest.mark.parametrize("dual", [0.0, 1.0])
def test_with_one_source_for_all_or_two_for_all_it_is_the_same_who_uses_it(dual):
    """Nobody has another source, or everybody: then nothing can be left to others."""
    assert len({weeks_in_full(two_sources(shared, dual=dual, spare=0.2)) for shared in (0.0, 0.5, 1.0)}) == 1


def test_nothing_is_used_that_is_not_there_nor_more_than_is_needed():
    system = two_sources(0.7, dual=0.6, spare=0.3)
    gone = hit(system, starts={place(system, "acid", "AAA"): 0.9}, line={place(system, "acid", "AAA"): 0.9})
    states, moves = run(system, 40, lambda _: gone)
    for state, moved in zip(states, moves, strict=True):
        assert state.lots.min() >= 0
        assert moved.used.sum() == pytest.approx(0.2 * moved.started[place(system, "fab")])


def test_finished_goods_of_a_rival_are_for_sale():
    """The rival cannot make more, yet ships what it holds: less if it keeps that for others, nothing if it has none."""
    sent = []
    for held, for_sale in ((0.0, 1.0), (6.0, 1.0), (6.0, 0.0)):
        system = replace(two_sources(0.0, dual=1.0, rival_finished=held), for_sale=for_sale)
        gone = hit(system, starts={place(system, "acid", "AAA"): 1.0}, line={place(system, "acid", "AAA"): 1.0})
        _, moves = run(system, 16, lambda _, gone=gone: gone)
        e = lot(system, place(system, "acid", "BBB"), place(system, "fab"))
        sent.append(np.array([moved.sent[e] for moved in moves]).sum())
    assert sent[0] == pytest.approx(16.0)
    # Kept for others, it is sold only as far as the buyers that it is kept for need less.
    assert sent[0] < sent[2] < sent[1] <= 22.0


def test_runs_may_be_read_by_plant():
    system = chip_chain(0.4)
    schedule = stop(system, "fab", 1.0)
    lost = {
        by: (system.final.sum() - run_struck(system, schedule, 12, by_label, MADE, by=by)[0][0][-len(system.output) :])
        for by in ("product", "plant")
    }
    assert not np.allclose(lost["product"], lost["plant"])


def test_what_users_hold_is_told_as_the_part_of_all_stocks_that_is_theirs():
    """A figure of users' stock is divided by the part that users hold: mend the figures where the pace changes."""
    world = load_world()
    pace = {row["parameter"]: row["value"] for row in list_rows(world.companions["pace"])}
    traits = world.chain.traits
    told = traits[traits["note"].fillna("").str.contains("maker_stock_share")]
    assert 1 - pace["maker_stock_share"] == pytest.approx(0.7)
    assert set(told["trait"]) == {"inventory_weeks"}
    assert len(told) > 5
    rows = load_score_rows().overrides["e16_korea"]
    held = [o.value.value for o in rows if o.node == "hf_electronic" and o.trait == "inventory_weeks"]
    assert held == [pytest.approx(4 / 0.7, abs=0.05)]
