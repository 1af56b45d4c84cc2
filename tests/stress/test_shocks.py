"""Shocks become schedules that lose exactly what they state, whoever reads them and in whatever step."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi.errors import DataError, UsageError
from pondasi.stress.resolve import Holdings, add_traces, cap_trace, resolve_shock, weigh_suppliers
from pondasi.stress.schedule import ANY_BUYER, FOREIGN, average_losses, combine_losses, join_schedules
from pondasi.stress.shocks import (
    CHANNELS,
    Hit,
    Interval,
    Shock,
    draw_log_triangle,
    draw_triangle,
    pick_shock,
    vary_shock,
)
from pondasi.tables.dictionary import load_dictionary
from tests.chain.random_chains import make_chain

LABELS = pd.MultiIndex.from_tuples(
    [("gas", "JPN"), ("gas", "KOR"), ("fab", "KOR"), ("fab", "TWN"), ("cars", "JPN")], names=["node", "country"]
)
HOLDINGS = Holdings(np.array([0.25, 0.75, 0.5, 0.5, 1.0]), {("fab", "KOR", "Alpha"): 0.2, ("fab", "TWN", "Beta"): 0.5})
one = Interval.exactly


def shock(*hits: Hit) -> Shock:
    return Shock("event", {"en": "Event"}, "fire", hits)


def keys(schedule) -> list[str]:
    return [finding.key for finding in schedule.findings]


# --- a hit ---------------------------------------------------------------------------------------


def test_the_channels_are_those_of_the_dictionary() -> None:
    assert set(CHANNELS) == set(load_dictionary().codes["channel"])


def test_a_straight_way_back_is_a_hold_and_a_ramp() -> None:
    week, gone = Hit(("gas",), ("JPN",), one(0.5), hold_weeks=one(4), recovery_weeks=one(6)).trace()
    assert week.tolist() == [0, 4, 10]
    assert gone.tolist() == [1, 1, 0]


def test_a_way_back_without_hold_starts_at_once() -> None:
    week, gone = Hit(("gas",), ("JPN",), one(0.5), recovery_weeks=one(6)).trace()
    assert week.tolist() == [0, 6]
    assert gone.tolist() == [1, 0]


def test_a_profile_keeps_its_form_when_it_is_stretched() -> None:
    profile = ((0.0, 0.1), (4.0, 0.1), (8.0, 1.0))
    week, gone = Hit(("gas",), ("JPN",), one(0.5), profile=profile, duration_weeks=one(16)).trace()
    assert week.tolist() == [0, 8, 16]
    assert gone.tolist() == pytest.approx([0.9, 0.9, 0])


def test_an_interval_holds_its_value() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Interval(1.0, 2.0, 3.0)


# --- who is hit ----------------------------------------------------------------------------------


def test_a_hit_finds_its_suppliers() -> None:
    schedule = resolve_shock(shock(Hit(("gas", "fab"), ("KOR",), one(0.4), hold_weeks=one(2))), LABELS)
    assert schedule.supplier.tolist() == [1, 2]
    assert schedule.buyer.tolist() == [ANY_BUYER] * 2
    assert schedule.findings == ()
    assert combine_losses(schedule, "line", 5, 3)[0, :, 0].tolist() == pytest.approx([0, 0.4, 0.4, 0, 0])


def test_all_nodes_of_a_country_and_a_home_country() -> None:
    port = Hit(("*",), ("HOME",), one(1.0), channel="shipping", hold_weeks=one(2))
    schedule = resolve_shock(shock(port), LABELS, home="JPN")
    assert schedule.supplier.tolist() == [0, 4]
    with pytest.raises(UsageError, match="HOME"):
        resolve_shock(shock(port), LABELS)


@pytest.mark.parametrize(
    ("hit", "found"),
    [
        (Hit(("gaz",), ("JPN",), one(0.5), hold_weeks=one(2)), ["hit_node_absent", "shock_hits_nothing"]),
        (Hit(("gas",), ("TWN",), one(0.5), hold_weeks=one(2)), ["hit_makes_none", "shock_hits_nothing"]),
        (Hit(("gas",), ("TWN", "JPN"), one(0.5), hold_weeks=one(2)), ["hit_makes_none"]),
        (Hit(("*",), ("USA",), one(0.5), hold_weeks=one(2)), ["hit_country_absent", "shock_hits_nothing"]),
        (
            Hit(("fab",), ("*",), one(0.5), firms=("Gamma",), hold_weeks=one(2)),
            ["hit_firm_absent", "shock_hits_nothing"],
        ),
        (
            Hit(("gas",), ("JPN",), one(0.5), channel="route", buyers=("USA",), hold_weeks=one(2)),
            ["hit_buyer_absent", "shock_hits_nothing"],
        ),
    ],
)
def test_what_touches_nothing_is_said(hit: Hit, found: list[str]) -> None:
    assert keys(resolve_shock(shock(hit), LABELS, HOLDINGS)) == found


def test_the_nearest_node_is_named() -> None:
    schedule = resolve_shock(shock(Hit(("gaz",), ("JPN",), one(0.5), hold_weeks=one(2))), LABELS)
    assert schedule.findings[0].fields["guess"] == "gas"


def test_a_loss_of_the_world_falls_on_those_that_are_hit() -> None:
    hit = Hit(("fab",), ("KOR",), one(0.1), loss_of="world", hold_weeks=one(2))
    assert resolve_shock(shock(hit), LABELS, HOLDINGS).loss.tolist() == pytest.approx([0.2, 0.2, 0])
    both = Hit(("fab",), ("*",), one(0.1), loss_of="world", hold_weeks=one(2))
    assert average_losses(resolve_shock(shock(both), LABELS, HOLDINGS), 1).ravel().tolist() == pytest.approx([0.1, 0.1])


def test_a_loss_of_the_world_is_refused_where_less_is_held() -> None:
    hit = Hit(("gas",), ("JPN",), one(0.3), loss_of="world", hold_weeks=one(2))
    with pytest.raises(DataError) as caught:
        resolve_shock(shock(hit, hit), LABELS, HOLDINGS)
    assert [problem.key for problem in caught.value.problems] == ["hit_above_share"] * 2
    assert "0.25" in str(caught.value)
    with pytest.raises(UsageError, match="shares"):
        resolve_shock(shock(hit), LABELS)


def test_a_loss_of_the_world_where_the_share_is_unknown_is_said() -> None:
    unknown = Holdings(np.array([np.nan, 0.75, 0.5, 0.5, 1.0]), {})
    hit = Hit(("gas",), ("JPN",), one(0.3), loss_of="world", hold_weeks=one(2))
    assert "hit_share_unknown" in keys(resolve_shock(shock(hit), LABELS, unknown))


def test_a_firm_is_its_part_of_its_country() -> None:
    hit = Hit(("fab",), ("*",), one(0.5), firms=("Alpha",), hold_weeks=one(2))
    schedule = resolve_shock(shock(hit), LABELS, HOLDINGS)
    assert schedule.supplier.tolist() == [2]
    assert schedule.loss[0] == pytest.approx(0.5 * 0.2 / 0.5)


def test_shares_of_firms_come_from_the_table() -> None:
    chain = make_chain({"fab": 100}, [], {"fab": {"KOR": 0.5, "TWN": 0.5}})
    holdings = weigh_suppliers(
        chain, pd.MultiIndex.from_tuples([("fab", "TWN"), ("fab", "KOR")], names=["node", "country"])
    )
    assert holdings.share.tolist() == [0.5, 0.5]
    assert holdings.firms == {}


def test_routes_have_buyers() -> None:
    named = Hit(("gas",), ("JPN",), one(1.0), channel="route", buyers=("KOR", "TWN"), hold_weeks=one(2))
    schedule = resolve_shock(shock(named), LABELS)
    assert [schedule.countries[buyer] for buyer in schedule.buyer] == ["KOR", "TWN"]
    every = Hit(("gas",), ("JPN",), one(1.0), channel="route", buyers=("*",), hold_weeks=one(2))
    assert resolve_shock(shock(every), LABELS).buyer.tolist() == [FOREIGN]


def test_a_country_that_is_cut_off_still_supplies_itself() -> None:
    hit = Hit(("gas",), ("*",), one(1.0), channel="route", buyers=("KOR",), hold_weeks=one(2))
    assert [LABELS[supplier] for supplier in resolve_shock(shock(hit), LABELS).supplier] == [("gas", "JPN")]
    named = Hit(("gas",), ("JPN", "KOR"), one(1.0), channel="route", buyers=("KOR",), hold_weeks=one(2))
    assert len(resolve_shock(shock(named), LABELS).supplier) == 2


# --- several hits --------------------------------------------------------------------------------


def test_parts_that_start_together_add_up_and_later_ones_take_of_what_works() -> None:
    first = Hit(("gas",), ("JPN",), one(0.5), hold_weeks=one(4))
    later = Hit(("gas",), ("JPN",), one(0.5), hold_weeks=one(4), start_week=2.0)
    together = combine_losses(resolve_shock(shock(first, first), LABELS), "line", 5, 5)[0, 0]
    apart = combine_losses(resolve_shock(shock(first, later), LABELS), "line", 5, 7)[0, 0]
    assert together.tolist() == pytest.approx([1, 1, 1, 1, 0])
    assert apart.tolist() == pytest.approx([0.5, 0.5, 0.75, 0.75, 0.5, 0.5, 0])


def test_more_than_all_is_held_at_all_and_said() -> None:
    hit = Hit(("gas",), ("JPN",), one(0.8), hold_weeks=one(4))
    schedule = resolve_shock(shock(hit, hit), LABELS)
    assert schedule.loss.max() == 1
    assert keys(schedule) == ["hit_above_all"]


def test_scrap_is_the_part_that_stops_at_once() -> None:
    fire = Hit(("fab",), ("KOR",), one(0.3), hold_weeks=one(4), scrap=True)
    calm = Hit(("fab",), ("KOR",), one(0.2), hold_weeks=one(4))
    assert resolve_shock(shock(fire, calm), LABELS).scrap.tolist() == pytest.approx([0.3])


def test_what_slows_all_plants_alike_is_told_apart_from_what_stops_some() -> None:
    stops = Hit(("fab",), ("KOR",), one(0.3), hold_weeks=one(4))
    slows = Hit(("fab",), ("KOR",), one(0.2), hold_weeks=one(4), alike=True)
    schedule = resolve_shock(shock(stops, slows), LABELS)
    assert schedule.alike.tolist() == [False, True]
    assert schedule.loss.max(initial=0.0) == pytest.approx(0.3)
    joined = join_schedules([schedule, schedule])
    assert joined.alike.tolist() == [False, True] * 2
    assert joined.take(1, 2).alike.tolist() == [False, True]


@st.composite
def traces(draw: st.DrawFn):
    steps = draw(st.lists(st.integers(0, 5), min_size=1, max_size=5))
    week = np.cumsum([0, *steps]).astype(float)
    keep = [k for k in range(len(week)) if (week == week[k]).sum() <= 2 or k == list(week).index(week[k])]
    week = week[keep]
    level = draw(st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=len(week), max_size=len(week)))
    return week, np.array(level)


def integral(trace, end: float) -> float:
    """Return the area under a line through breakpoints up to ``end``, which lies after the last of them."""
    week, level = trace
    return float(np.trapezoid(level, week) + level[-1] * (end - week[-1]))


@given(st.lists(traces(), min_size=1, max_size=3))
def test_a_sum_of_lines_has_the_sum_of_their_areas(parts) -> None:
    total = add_traces(parts)
    assert integral(total, 40.0) == pytest.approx(sum(integral(part, 40.0) for part in parts), abs=1e-9)
    assert (np.diff(total[0]) >= 0).all()
    assert total[0][0] == 0


@given(st.lists(traces(), min_size=1, max_size=3))
def test_a_line_that_is_capped_never_passes_one_and_keeps_the_rest(parts) -> None:
    week, level = total = add_traces(parts)
    capped = cap_trace(total)
    assert capped[1].max() <= 1
    fine = np.linspace(0, 39, 3901) + 0.005  # between breakpoints, which lie on whole weeks
    before, after = np.interp(fine, week, level), np.interp(fine, *capped)
    assert after == pytest.approx(np.minimum(before, 1), abs=1e-9)


# --- time ----------------------------------------------------------------------------------------


@given(traces(), st.sampled_from([1.0, 0.5, 1 / 7, 4.0]))
def test_steps_of_any_length_lose_the_same(trace, dt: float) -> None:
    week, gone = trace
    hit = Hit(("gas",), ("JPN",), one(1.0), profile=tuple(zip(week.tolist(), (1 - gone).tolist(), strict=True)))
    schedule = resolve_shock(shock(hit), LABELS)
    means = average_losses(schedule, round(28 / dt), dt)
    assert means.sum() * dt == pytest.approx(integral(trace, 28.0), abs=1e-9)
    assert (means >= -1e-12).all()
    assert (means <= 1 + 1e-12).all()


def test_what_never_comes_back_stays_lost() -> None:
    hit = Hit(("gas",), ("JPN",), one(1.0), profile=((0.0, 0.0), (2.0, 0.75)))
    means = average_losses(resolve_shock(shock(hit), LABELS), 200)
    assert means[0, -1] == pytest.approx(0.25)


def test_schedules_are_put_together_and_taken_apart() -> None:
    one_row = resolve_shock(shock(Hit(("gas",), ("JPN",), one(0.4), hold_weeks=one(2))), LABELS)
    none = resolve_shock(shock(Hit(("gas",), ("TWN",), one(0.4), hold_weeks=one(2))), LABELS)
    two_rows = resolve_shock(shock(Hit(("fab",), ("*",), one(0.2), recovery_weeks=one(3))), LABELS)
    joint = join_schedules([one_row, none, two_rows, none])
    assert len(joint) == 4
    assert keys(joint) == ["hit_makes_none", "shock_hits_nothing"]
    expected = [combine_losses(part, "line", 5, 6)[0] for part in (one_row, none, two_rows, none)]
    assert np.array_equal(combine_losses(joint, "line", 5, 6), expected)
    for start in range(4):
        for stop in range(start, 5):
            part = joint.take(start, stop)
            assert np.array_equal(combine_losses(part, "line", 5, 6), np.array(expected[start:stop]).reshape(-1, 5, 6))


# --- intervals -----------------------------------------------------------------------------------

WIDE = shock(
    Hit(("gas",), ("JPN",), Interval(0.5, 0.2, 0.6), hold_weeks=Interval(4, 2, 16), recovery_weeks=Interval(2, 0, 3)),
    Hit(
        ("fab",), ("KOR",), Interval(0.1, 0.0, 0.2), profile=((0.0, 0.0), (8.0, 1.0)), duration_weeks=Interval(8, 4, 9)
    ),
)


def test_ends_of_the_intervals() -> None:
    for end in ("low", "value", "high"):
        picked = pick_shock(WIDE, end)
        assert [hit.loss.value for hit in picked.hits] == [hit.loss.at(end) for hit in WIDE.hits]
        assert picked.hits[0].hold_weeks == one(WIDE.hits[0].hold_weeks.at(end))
        assert picked.hits[1].weeks == WIDE.hits[1].duration_weeks.at(end)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_draw_lies_in_the_interval_and_belongs_to_its_scenario(seed: int, scenario: int) -> None:
    drawn = vary_shock(WIDE, seed, scenario)
    assert drawn == vary_shock(WIDE, seed, scenario)
    for hit, wide in zip(drawn.hits, WIDE.hits, strict=True):
        assert wide.loss.low <= hit.loss.value <= wide.loss.high
    assert 2 <= drawn.hits[0].hold_weeks.value <= 16
    assert 4 <= drawn.hits[1].weeks <= 9


def test_draws_differ_and_losses_move_together() -> None:
    drawn = [vary_shock(WIDE, 1, scenario) for scenario in range(200)]
    first, second = (np.array([shock.hits[k].loss.value for shock in drawn]) for k in (0, 1))
    assert len(set(first)) == 200
    assert (np.argsort(first) == np.argsort(second)).all()


@given(st.floats(0, 1), st.floats(0, 10), st.floats(0, 10), st.floats(0, 10))
def test_a_triangle_is_its_own_inverse(level: float, a: float, b: float, c: float) -> None:
    low, mode, high = sorted([a, b, c])
    x = float(draw_triangle(level, low, mode, high))
    assert low <= x <= high
    if high - low > 1e-3 and 0.001 < level < 0.999:  # the distribution function is flat nowhere else
        below = (x - low) ** 2 / ((high - low) * (mode - low)) if x < mode else None
        above = 1 - (high - x) ** 2 / ((high - low) * (high - mode)) if x > mode else None
        found = below if below is not None else above
        if found is not None:
            assert found == pytest.approx(level, abs=1e-6)


def test_a_log_triangle_has_as_much_weight_on_both_sides_of_a_middle_factor() -> None:
    assert float(draw_log_triangle(0.5, 1.0, 4.0, 16.0)) == pytest.approx(4.0)
    assert float(draw_log_triangle(0.5, 0.0, 1.0, 2.0)) == pytest.approx(1.0)
