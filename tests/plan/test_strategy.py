"""Each family of rows alone: what it says of random decisions is what plain loops over the tree say."""

import numpy as np
import pytest

from pondasi.plan import strategy
from pondasi.plan.layout import BLOCKS, Layout
from pondasi.plan.strategy import FAMILIES, build_strategy
from pondasi.plan.targets import Targets, measure_targets
from tests.plan.random_plans import make_plan


@pytest.fixture(params=[1, 2, 5])
def plan(request):
    """Return a problem, its layout, and random starts with all sums over them, reckoned by loops."""
    problem = make_plan(request.param, steps=4, partners=2)
    problem = problem.change(
        menu={
            "before": ((1, 0), (2, 0)),
            "together": ((3, 1),),
            "excludes": ((0, 3),),
            "must": np.array([True, False, False, False]),
            "latest": np.full(4, 2027),
        },
        targets=Targets(
            np.array([3.0, 30.0]),
            np.array([2028, 2027]),
            running=np.array([np.ones(len(problem.options)), np.zeros(len(problem.options))]),
            scale=np.full((2, len(problem.tree)), 0.5),
            ready=np.array([[0.0, 0.0, 2.0, 0.0], np.zeros(4)]),
            trained=np.array([[0.0], [1.0]]),
            stock=np.array([[0.25], [0.0]]),
        ),
    )
    layout = Layout(problem)
    draws = np.random.default_rng(request.param)
    x = draws.uniform(0, 2, layout.columns)
    return problem, layout, x


def rows(family, plan):
    problem, layout, x = plan
    built = family(problem, layout)
    return built, dict(zip(built.labels, built.matrix @ x, strict=True))


def felt(problem, layout, option, node):
    """Yield the starts of an option that lie on the path to a node, with their age there."""
    for k, (o, a) in enumerate(zip(*layout.starts, strict=True)):
        if o == option and a in problem.tree.path(node):
            yield k, problem.tree.year[node] - problem.tree.year[a]


def before(problem, table, node):
    """Return a block's column at the parent of a node, 0 at the root."""
    parent = problem.tree.parent[node]
    return table[:, parent] if parent >= 0 else np.zeros(len(table))


def test_start_once(plan):
    problem, layout, x = plan
    _, found = rows(strategy.start_once, plan)
    begun, z = layout.read(x, "begun"), layout.read(x, "z")
    for (j, n), value in found.items():
        here = sum(
            z[k] for k, (o, a) in enumerate(zip(*layout.starts, strict=True)) if a == n and problem.options.step[o] == j
        )
        assert value == pytest.approx(begun[j, n] - before(problem, begun, n)[j] - here)
    assert (layout.bounds()[1][layout.at("begun", *np.indices(begun.shape))] == 1).all()


def test_be_ready(plan):
    problem, layout, x = plan
    _, found = rows(strategy.be_ready, plan)
    ready, z = layout.read(x, "ready"), layout.read(x, "z")
    for (j, n), value in found.items():
        due = sum(
            z[k]
            for o in np.flatnonzero(problem.options.step == j)
            for k, age in felt(problem, layout, o, n)
            if age == problem.options.lead[o]
        )
        assert value == pytest.approx(ready[j, n] - before(problem, ready, n)[j] - due)


def test_bound_sizes(plan):
    problem, layout, x = plan
    built = strategy.bound_sizes(problem, layout)
    z, size, (option, _) = layout.read(x, "z"), layout.read(x, "size"), layout.starts
    low, high = np.split(built.matrix @ x, 2)
    assert low == pytest.approx(size - problem.options.size_min[option] * z)
    assert high == pytest.approx(problem.options.size_max[option] * z - size)
    assert (built.lower == 0).all()


@pytest.mark.parametrize(
    ("family", "block"),
    [
        (strategy.add_up_running, "running"),
        (strategy.add_up_spending, "spent"),
        (strategy.add_up_building, "building"),
    ],
)
def test_sums_over_starts(plan, family, block):
    problem, layout, x = plan
    built = family(problem, layout)
    options = problem.options
    profile = {
        "running": options.run,
        "spent": options.cash,
        "building": np.arange(options.run.shape[1]) < options.lead[:, None],
    }[block]
    # With the block set to what the loops say, every row is met.
    size, exact = layout.read(x, "size"), x.copy()
    for o in range(len(options)):
        for n in range(len(problem.tree)):
            exact[layout.at(block, o, n)] = sum(profile[o, age] * size[k] for k, age in felt(problem, layout, o, n))
    assert built.matrix @ exact == pytest.approx(np.zeros(len(built.upper)), abs=1e-9)
    assert np.abs(built.matrix @ x).max() > 1e-3


def test_keep_stock_of_people(plan):
    problem, layout, x = plan
    built, found = rows(strategy.keep_stock_of_people, plan)
    stock, size, limits = layout.read(x, "stock"), layout.read(x, "size"), problem.limits
    for (k, n), value in found.items():
        trained = sum(
            problem.options.trains[o, k, age] * size[s]
            for o in range(len(problem.options))
            for s, age in felt(problem, layout, o, n)
        )
        assert value == pytest.approx(stock[k, n] - (1 - limits.loss[k]) * before(problem, stock, n)[k] - trained)
    root = built.labels.index((0, 0))
    assert built.upper[root] == pytest.approx(limits.inflow[0, 0] + (1 - limits.loss[0]) * limits.stock[0])


def test_need_people(plan):
    problem, layout, x = plan
    _, found = rows(strategy.need_people, plan)
    blocks = {name: layout.read(x, name) for name in ("running", "building", "stock")}
    for (k, n), value in found.items():
        needed = problem.options.people[:, k] @ blocks["running"][:, n]
        needed += problem.options.people_building[:, k] @ blocks["building"][:, n]
        assert value == pytest.approx(needed - blocks["stock"][k, n])


def test_learn(plan):
    problem, layout, x = plan
    built, found = rows(strategy.learn, plan)
    distance, running = layout.read(x, "distance"), layout.read(x, "running")
    for (d, n), value in found.items():
        learned = problem.options.gain[:, d] @ running[:, n]
        assert value == pytest.approx(distance[d, n] - before(problem, distance, n)[d] + learned)
    assert built.upper[0] == pytest.approx(problem.limits.distance[0] + problem.limits.drift[0])
    assert built.upper[1] == pytest.approx(problem.limits.drift[0])


def test_need_knowledge(plan):
    problem, layout, x = plan
    built = strategy.need_knowledge(problem, layout)
    limited = np.isfinite(problem.options.distance_max[layout.starts[0]])
    assert len(built.upper) == limited.sum()
    for row, k in enumerate(np.flatnonzero(limited.any(axis=1))):
        o, n = (part[k] for part in layout.starts)
        x = np.zeros(layout.columns)
        x[layout.at("distance", 0, n)] = 5.0
        left = built.upper[row] - (built.matrix @ x)[row]
        x[layout.at("z", k)] = 1
        # Taken, it allows the limit and no more; not taken, any distance that can be reached.
        assert built.upper[row] - (built.matrix @ x)[row] + 5.0 == pytest.approx(problem.options.distance_max[o, 0])
        reach = problem.limits.distance[0] + problem.limits.drift[0] * len(problem.tree.years)
        assert left + 5.0 == pytest.approx(max(reach, problem.options.distance_max[o, 0]))


@pytest.mark.parametrize(
    ("family", "block", "pairs"),
    [(strategy.need_steps_before, "begun", "before"), (strategy.need_steps_together, "ready", "together")],
)
def test_order_of_steps(plan, family, block, pairs):
    problem, layout, x = plan
    _, found = rows(family, plan)
    left, ready = layout.read(x, block), layout.read(x, "ready")
    assert {(j, i) for j, i, _ in found} == set(getattr(problem.menu, pairs))
    for (j, i, n), value in found.items():
        assert value == pytest.approx(left[j, n] - ready[i, n])


def test_exclude(plan):
    problem, layout, x = plan
    _, found = rows(strategy.exclude, plan)
    begun = layout.read(x, "begun")
    assert {n for _, _, n in found} == set(problem.tree.leaves.tolist())
    for (i, j, n), value in found.items():
        assert value == pytest.approx(begun[i, n] + begun[j, n])


def test_keep_budgets(plan):
    problem, layout, x = plan
    built, found = rows(strategy.keep_budgets, plan)
    spent, kept, loan = (layout.read(x, name) for name in ("spent", "kept", "loan"))
    limits, options, tree = problem.limits, problem.options, problem.tree
    for (p, n), value in found.items():
        paid = (options.purse_share[:, p] * options.cost_factor[:, n]) @ spent[:, n]
        expected = paid + kept[p, n] - before(problem, kept, n)[p]
        if p == limits.borrower:
            expected += sum(limits.repay[tree.year[n] - tree.year[a]] * loan[a] for a in tree.path(n)) - loan[n]
        assert value == pytest.approx(expected)
    assert built.upper == pytest.approx(limits.budget.ravel())
    lower, upper = layout.bounds()
    carried = upper[layout.at("kept", *np.indices(kept.shape))]
    assert (np.isinf(carried) == limits.carry[:, None]).all()
    assert (upper[layout.at("loan", np.arange(len(tree)))] == limits.loan).all()
    assert (lower[layout.at("loan", np.arange(len(tree)))] == 0).all()


def test_keep_resources(plan):
    problem, layout, x = plan
    built, found = rows(strategy.keep_resources, plan)
    running = layout.read(x, "running")
    for (r, n), value in found.items():
        assert value == pytest.approx(problem.options.use[:, r, n] @ running[:, n])
    assert built.upper == pytest.approx(problem.limits.resource.ravel())


def test_gain_access(plan):
    problem, layout, x = plan
    built, found = rows(strategy.gain_access, plan)
    access, running = layout.read(x, "access"), layout.read(x, "running")
    for (c, n), value in found.items():
        assert value == pytest.approx(access[c, n] - problem.options.access[:, c] @ running[:, n])
    assert (built.upper == problem.limits.access[0]).all()


def test_keep_commitments(plan):
    problem, layout, x = plan
    built, found = rows(strategy.keep_commitments, plan)
    begun = layout.read(x, "begun")
    assert {(j, problem.tree.year[n]) for j, n in found} == {(0, 2027)}
    for (j, n), value in found.items():
        assert value == pytest.approx(begun[j, n])
    assert (built.lower == 1).all()


def test_reach_targets(plan):
    problem, layout, x = plan
    built, found = rows(strategy.reach_targets, plan)
    options, tree = problem.options, problem.tree
    running, ready, stock, size = (layout.read(x, name) for name in ("running", "ready", "stock", "size"))
    reached = measure_targets(problem, layout, x)
    assert {(i, tree.year[n]) for i, n in found} == {(0, 2028), (1, 2027)}
    for (i, n), value in found.items():
        if i == 0:
            works = options.success[:, n] * options.output_factor[:, n]
            assert value == pytest.approx(0.5 * works @ running[:, n] + 2 * ready[2, n] + 0.25 * stock[0, n])
            assert reached[i, n] == pytest.approx(value)
        else:
            here = 0.0
            for s, (o, a) in enumerate(zip(*layout.starts, strict=True)):
                if tree.above[n, a]:
                    here += size[s] * sum(options.trains[o, 0, : tree.year[n] - tree.year[a] + 1])
            come = sum(problem.limits.inflow[0, a] for a in tree.path(n))
            assert value == pytest.approx(here)
            assert reached[i, n] == pytest.approx(here + come)
            assert built.lower[built.labels.index((i, n))] == pytest.approx(30 - come)
    assert all(built.lower[row] == 3 for row, (i, _) in enumerate(built.labels) if i == 0)


def test_keep_dates(plan):
    problem, layout, _ = plan
    assert len(strategy.keep_dates(problem, layout).upper) == 0
    free = Layout(problem, free_dates=True)
    option, node = free.starts
    step, year = problem.options.step[option], problem.tree.year[node]
    outside = (year < problem.menu.earliest[step]) | (year > problem.menu.latest[step])
    assert outside.any()
    built = strategy.keep_dates(problem, free)
    x = np.zeros(free.columns)
    x[free.at("z", np.flatnonzero(outside))] = 1
    assert len(built.upper) == outside.sum()
    assert (built.matrix @ x == 1).all()
    assert (built.upper == 0).all()


def test_all_families_stand_once_with_a_number_and_a_label_for_every_row(plan):
    problem, layout, _ = plan
    whole = build_strategy(problem)
    assert len({family.name for family in whole.families}) == len(FAMILIES)
    for build, family in zip(FAMILIES, whole.families, strict=True):
        assert build.__doc__.startswith("(plan.")
        assert len(family.labels) == len(family.upper) == family.matrix.shape[0]
        assert (whole.matrix[whole.rows_of(family.name)] != family.matrix).nnz == 0
    taken = np.concatenate([layout.at(name, *np.indices(layout.shapes[name])).ravel() for name in BLOCKS])
    assert (np.sort(taken) == np.arange(layout.columns)).all()
    with pytest.raises(KeyError):
        whole.rows_of("nothing")


@pytest.mark.parametrize("seed", [1, 4])
def test_the_state_pays_in_a_partners_stead_what_its_options_let_it(seed):
    problem = make_plan(seed, steps=4, partners=2, stand_in=True)
    layout, draws = Layout(problem), np.random.default_rng(seed)
    x = draws.uniform(0, 2, layout.columns)
    shift, spent, kept, loan = (layout.read(x, name) for name in ("shift", "spent", "kept", "loan"))
    options, limits, tree = problem.options, problem.limits, problem.tree
    built = strategy.share_out_payments(problem, layout)
    found = dict(zip(built.labels, built.matrix @ x, strict=True))
    budgets = strategy.keep_budgets(problem, layout)
    paid = dict(zip(budgets.labels, budgets.matrix @ x, strict=True))
    for (p, n), value in found.items():
        room = (options.room[:, p] * options.cost_factor[:, n]) @ spent[:, n]
        assert value == pytest.approx(shift[p, n] - room)
        above = tree.parent[n]
        own = (options.purse_share[:, p] * options.cost_factor[:, n]) @ spent[:, n] + kept[p, n] - shift[p, n]
        own -= kept[p, above] if above >= 0 else 0.0
        if p == limits.borrower:
            own += shift[:, n].sum() - loan[n]
            own += sum(loan[a] * limits.repay[tree.year[n] - tree.year[a]] for a in tree.path(n))
        assert paid[p, n] == pytest.approx(own)
    assert (built.upper == 0).all()
