"""What partners bring: bounds from few solves, the value shared over all orders, and the same from trying everything."""

import itertools
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.errors import UsageError
from pondasi.plan.benders import solve_benders
from pondasi.plan.carry import move_plan
from pondasi.plan.coalitions import Coalitions, restrict_partners
from pondasi.plan.layout import Layout
from pondasi.plan.partners import share_value
from pondasi.plan.shapley import Game, sample_orders, weigh_coalitions
from tests.plan import brute_force
from tests.plan.random_plans import make_plan


def small(seed, **options):
    return make_plan(seed, **{"years": 3, "gates": (1,), "steps": 3, "partners": 3, "scenarios": 2, **options})


def shapley_of(values, players):
    """Return Shapley values by walking all orders, from values by frozenset."""
    found = dict.fromkeys(range(players), 0.0)
    for order in itertools.permutations(range(players)):
        for k, m in enumerate(order):
            before = frozenset(order[:k])
            found[m] += (values[before | {m}] - values[before]) / factorial(players)
    return [found[m] for m in range(players)]


# --- the game -------------------------------------------------------------------------------------


@given(st.integers(1, 5), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_weights_are_the_mean_over_all_orders(players, seed):
    values = np.random.default_rng(seed).normal(size=1 << players)
    named = {frozenset(m for m in range(players) if mask >> m & 1): values[mask] for mask in range(1 << players)}
    shared = weigh_coalitions(players) @ values
    assert shared == pytest.approx(shapley_of(named, players))
    assert shared.sum() == pytest.approx(values[-1] - values[0])


@given(st.integers(2, 4), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_the_span_holds_every_game_inside_the_ends_and_is_no_wider_than_sums_of_ends(players, seed):
    draws = np.random.default_rng(seed)
    masks = np.arange(1 << players)
    steps = draws.exponential(size=players)
    true = np.array([max((steps[m] for m in range(players) if mask >> m & 1), default=0.0) for mask in masks])
    low, high = true - draws.exponential(0.3, len(true)), true + draws.exponential(0.3, len(true))
    weights = weigh_coalitions(players)
    game = Game(low, high)
    for m in range(players):
        ends = game.span(weights[m])
        assert ends[0] - 1e-7 <= weights[m] @ true <= ends[1] + 1e-7
        widest = np.where(weights[m] > 0, weights[m] * high, weights[m] * low).sum()
        assert ends[1] <= widest + 1e-7
        assert ends[0] >= -1e-7, "a partner never brings less than nothing"
    exact = Game(true, true)
    order = np.sort(weights @ true)
    assert exact.separates(weights)
    assert order[0] >= -1e-9


def test_sampled_orders_cover_the_true_values():
    players, draws = 5, np.random.default_rng(4)
    worth = draws.exponential(size=players)
    values = np.array([np.sqrt(sum(worth[m] for m in range(players) if mask >> m & 1)) for mask in range(1 << players)])
    true = weigh_coalitions(players) @ values

    def bound(masks):
        return values[masks], values[masks]

    (middle, low, high), number = sample_orders(players, bound, 60, 1, 0.999, lambda _: True)
    assert number == 60
    assert ((low <= true) & (true <= high)).all()
    assert middle.sum() == pytest.approx(values[-1] - values[0]), "each order shares the whole"
    assert (high - low).max() < 0.5 * values[-1]
    nothing, number = sample_orders(players, bound, 60, 1, 0.999, lambda _: False)
    assert number == 0
    assert (nothing[1] <= true).all()
    assert (true <= nothing[2]).all()


# --- coalitions of plans --------------------------------------------------------------------------


def test_a_plan_is_read_where_other_starts_are_offered():
    problem = small(3)
    answer = solve_benders(problem, gap=0)
    everyone, nobody = Layout(problem), Layout(restrict_partners(problem, []))
    same, lost = move_plan(answer.x, answer.layout, everyone)
    assert lost == 0
    assert same == pytest.approx(answer.x)
    uses = problem.options.partner[answer.layout.starts[0][answer.layout.read(answer.x, "z") > 0.5]]
    assert move_plan(answer.x, everyone, nobody)[1] == (uses >= 0).sum()
    alone = solve_benders(nobody.problem, gap=0)
    back, _ = move_plan(move_plan(alone.x, alone.layout, everyone)[0], everyone, alone.layout)
    assert back == pytest.approx(alone.x)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 3, 8])
def test_every_bound_holds_for_every_coalition_solved_alone(seed):
    problem = small(seed)
    game = Coalitions(problem)
    tolerance = 1e-5 * abs(game.reference)
    game.solve(game.everyone, tolerance)
    game.solve(0, tolerance)
    game.solve(1, tolerance)
    masks = np.arange(game.everyone + 1)
    low, high = game.bound(masks)
    for mask in masks:
        cost = solve_benders(restrict_partners(problem, game.members(int(mask))), gap=0).cost
        value = game.reference - cost
        slack = 3e-6 * abs(cost)
        assert low[mask] - slack <= value <= high[mask] + slack


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_shares_add_up_and_values_never_fall(seed):
    found = share_value(small(seed), gap=1e-4)
    total = sum(found.everyone) / 2 - sum(found.none) / 2
    assert found.table["shapley"].sum() == pytest.approx(total, abs=1e-6 * max(1.0, abs(total)))
    for name in ("shapley", "alone", "last"):
        inside = found.table[[f"{name}_low", name, f"{name}_high"]].to_numpy()
        assert (np.diff(inside, axis=1) >= -1e-6).all()
    values = {frozenset(filter(None, key.split("+"))): row for key, row in found.coalitions.iterrows()}
    for small_, row in values.items():
        for large, other in values.items():
            if small_ < large:
                assert row["low"] <= other["low"]
                assert row["high"] <= other["high"]


def test_partners_that_offer_the_same_are_worth_the_same_and_one_that_offers_nothing_is_worth_nothing():
    problem = small(8, partners=2)
    options = problem.options
    first = np.flatnonzero(options.partner == 0)
    assert len(first)
    kept = np.flatnonzero(options.partner <= 0)
    order = np.concatenate([kept, first])
    tables = {name: getattr(options, name) for name in options.__dataclass_fields__}
    fields = {name: None if table is None else table[order] for name, table in tables.items()}
    fields["partner"] = np.concatenate([options.partner[kept], np.ones(len(first), dtype=int)])
    # The twin pays from a purse of its own what the first pays.
    fields["purse_share"][len(kept) :, [2, 3]] = fields["purse_share"][len(kept) :, [3, 2]]
    budget = problem.limits.budget.copy()
    budget[3] = budget[2]
    operations = problem.operations
    at = operations.entry_input
    number = len(options)
    entries, inputs = [], []
    for new, old in enumerate(order):
        found = np.flatnonzero(at == old)
        entries.append(found)
        inputs.append(np.full(len(found), new))
    access = np.flatnonzero(at >= number)
    entries, inputs = np.concatenate([*entries, access]), np.concatenate([*inputs, at[access] - number + len(order)])
    twins = problem.change(
        options=fields,
        limits={"budget": budget},
        operations={
            "entry_input": inputs,
            "entry_column": operations.entry_column[entries],
            "entry_growth": operations.entry_growth[entries],
            "coefficient": operations.coefficient[entries],
        },
        labels=type(problem.labels)(
            **{
                **{name: getattr(problem.labels, name) for name in problem.labels.__dataclass_fields__},
                "partners": ("one", "two", "idle"),
                "purses": ("state", "private", "one", "two"),
            }
        ),
    )
    found = share_value(twins, gap=1e-5)
    one, two = found.table.loc["one"], found.table.loc["two"]
    scale = 1e-4 * max(1.0, abs(found.everyone[1]))
    assert one["shapley"] == pytest.approx(two["shapley"], abs=scale)
    assert one["alone"] == pytest.approx(two["alone"], abs=scale)
    assert one["alone"] > scale, "the twins must be worth something for this to say anything"
    idle = found.table.loc["idle"]
    assert idle["offers"] == 0
    assert (idle == 0).all()


@pytest.mark.long
@pytest.mark.referee
@pytest.mark.parametrize("seed", [4, 7])
def test_values_agree_with_trying_everything(seed):
    problem = make_plan(seed, years=3, gates=(1,), steps=2, partners=2, whole=True, scenarios=2, tight=1.5)
    problem = problem.change(limits={"loan": np.zeros(len(problem.tree))})
    partners = range(len(problem.labels.partners))
    values = {}
    for mask in range(1 << len(partners)):
        members = frozenset(m for m in partners if mask >> m & 1)
        least, _ = brute_force.solve(restrict_partners(problem, members))
        values[members] = brute_force.cost(problem, ()) - least
    true = shapley_of(values, len(partners))
    found = share_value(problem, gap=1e-6)
    for m in partners:
        row = found.table.loc[problem.labels.partners[m]]
        slack = 1e-5 * abs(brute_force.cost(problem, ()))
        assert row["shapley_low"] - slack <= true[m] <= row["shapley_high"] + slack
        assert row["shapley"] == pytest.approx(true[m], abs=slack)


def test_orders_are_sampled_where_there_are_many_partners():
    problem = small(3)
    exact = share_value(problem, gap=1e-5).table["shapley"]
    found = share_value(problem, gap=1e-5, most=1, orders=40)
    assert found.orders == 40
    for partner, value in exact.items():
        row = found.table.loc[partner]
        assert row["shapley_low"] - 1e-3 <= value <= row["shapley_high"] + 1e-3


def test_out_of_time_the_intervals_are_wide_and_hold():
    problem = small(8)
    exact = share_value(problem, gap=1e-5)
    found = share_value(problem, gap=1e-5, seconds=0)
    assert found.solved <= 2
    for partner, row in found.table.iterrows():
        assert row["shapley_low"] - 1e-3 <= exact.table.loc[partner, "shapley"] <= row["shapley_high"] + 1e-3


def test_what_is_committed_is_kept_in_every_coalition_and_no_partner_is_credited_with_it():
    problem = small(8)
    partner, step = problem.options.partner, problem.options.step
    committed = int(step[partner >= 0][0])
    must = np.arange(len(problem.labels.steps)) == committed
    open_ = problem.options.open & ((partner >= 0) | (step != committed))[:, None]
    problem = problem.change(
        options={"open": open_},
        menu={"must": must, "before": (), "together": (), "excludes": ()},
        limits={
            "budget": problem.limits.budget * 5,
            "resource": problem.limits.resource * 5,
            "inflow": problem.limits.inflow * 9,
        },
    )
    game = Coalitions(problem)
    fact = game.solve(0, 1e-4)
    assert fact.used == 0
    assert np.isfinite(fact.low)


def test_limits_that_no_coalition_can_keep_are_named():
    problem = small(8)
    problem = problem.change(menu={"must": np.ones(len(problem.labels.steps), dtype=bool), "excludes": ((0, 1),)})
    with pytest.raises(UsageError, match="keeps all limits"):
        share_value(problem, gap=1e-3)
