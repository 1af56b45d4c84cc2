"""Random small planning problems, valid by construction: every kind of limit occurs, none makes the plan impossible.

`make_plan` draws one from a seed; `small_plans` is the same for hypothesis. Money in million USD.
"""

import numpy as np
from hypothesis import strategies as st

from pondasi.plan.problem import Labels, Limits, Menu, Options, PlanProblem, Tree
from pondasi.plan.year import Scenarios, YearChain, assemble_year


def make_tree(draws, years, gates, branches=2):
    """Return a tree over ``years`` that branches after each gate, a number of years from the start."""
    nodes = [(2026, -1, 1.0, "")]
    level = [0]
    for t in range(1, years):
        below = []
        for parent in level:
            number = branches if t in gates else 1
            chance = draws.dirichlet(np.full(number, 4.0)) if number > 1 else [1.0]
            for k in range(number):
                name = nodes[parent][3]
                nodes.append(
                    (
                        2026 + t,
                        parent,
                        nodes[parent][2] * chance[k],
                        f"{name}{'/' if name else ''}{k}" if number > 1 else name,
                    )
                )
                below.append(len(nodes) - 1)
        level = below
    year, parent, probability, names = zip(*nodes, strict=True)
    return Tree(np.array(year), np.array(parent), np.array(probability), names)


def make_plan(
    seed,
    *,
    years=4,
    gates=(2,),
    steps=3,
    partners=1,
    nodes=3,
    users=2,
    scenarios=4,
    countries=2,
    risk="cost",
    weight=0.4,
    tail=0.6,
    whole=False,
    sure=False,
    tight=1.0,
    branches=2,
    offers=99,
    density=1.0,
    needs=0.2,
    agreed=0.0,
    stand_in=False,
):
    """Return a random planning problem.

    ``whole``: sizes are 0 or 1; ``sure``: every step works; ``tight``: factor on budgets, people and power;
    ``offers``: partners at most that would do a step; ``density``: share of nodes that are an input of a later one;
    ``needs``: share of pairs of steps of which one needs the other first, and as many that may be built in parallel;
    ``agreed``: part of a country's gap in supply that a module closes of a step that makes nothing;
    ``stand_in``: whether the state may pay what a partner would pay.
    """
    draws = np.random.default_rng(seed)
    tree = make_tree(draws, years, gates, branches)
    N, A = len(tree), years
    option_step, option_partner = [], []
    for j in range(steps):
        willing = [m for m in range(partners) if draws.random() < 0.6]
        for m in (-1, *sorted(draws.permutation(willing)[:offers].astype(int))):
            option_step.append(j)
            option_partner.append(m)
    option_step, option_partner = np.array(option_step), np.array(option_partner)
    number = len(option_step)
    foreign = option_partner >= 0
    lead = draws.integers(0, 3, number)
    age = np.arange(A)
    ramp = draws.integers(1, 3, number)
    run = np.clip((age - lead[:, None] + 1) / ramp[:, None], 0, 1) * (age >= lead[:, None])
    capex, opex = draws.uniform(2, 30, number), draws.uniform(0, 2, number)
    purses = 2 + partners
    share = np.zeros((number, purses))
    share[:, 0] = draws.uniform(0.3, 0.9, number)
    share[:, 1] = 1 - share[:, 0]
    for o in np.flatnonzero(foreign):
        part = draws.uniform(0.1, 0.4)
        share[o, :2] *= 1 - part
        share[o, 2 + option_partner[o]] = part
    cash = np.where(age <= lead[:, None], capex[:, None] / (lead[:, None] + 1), opex[:, None])
    charge = np.where(age >= lead[:, None], capex[:, None] * 0.12, 0) + opex[:, None]
    trains = np.zeros((number, 1, A))
    trainers = draws.random(steps) < 0.3
    trains[:, 0] = (trainers[option_step] * draws.uniform(5, 20, number))[:, None] * run
    branch = np.array([len(set(name.split("/"))) % 2 for name in tree.names])
    success = (
        np.ones((number, N))
        if sure
        else np.clip(draws.uniform(0.3, 0.9, number)[:, None] + 0.15 * foreign[:, None] - 0.1 * branch, 0, 1)
    )
    size_max = np.ones(number) if whole else draws.integers(1, 4, number).astype(float)
    size_min = size_max.copy() if whole else draws.choice([0.0, 0.3, 0.5], number)
    distance_max = np.where(foreign[:, None], np.inf, draws.choice([np.inf, 0.9], (number, 1), p=[0.7, 0.3]))
    options = Options(
        step=option_step,
        partner=option_partner,
        open=(draws.random((number, N)) < 0.8) | ~foreign[:, None],
        size_min=size_min,
        size_max=size_max,
        lead=lead,
        run=run,
        cash=cash,
        charge=charge,
        cost_factor=np.tile(draws.uniform(0.9, 1.2, number)[:, None], N) * (1 + 0.1 * branch),
        purse_share=share,
        people=(draws.uniform(0, 25, number) * ~trainers[option_step])[:, None],
        people_building=(draws.uniform(0, 8, number) * (draws.random(number) < 0.5))[:, None],
        trains=trains,
        use=draws.uniform(0, 10, number)[:, None, None] * (1 + 0.05 * branch),
        gain=np.where(draws.random((number, 1)) < 0.4, draws.uniform(0.05, 0.3, (number, 1)), 0),
        distance_max=distance_max,
        access=np.where(draws.random((number, 1)) < 0.3, 0.5, 0) * np.ones((number, 1)),
        success=success,
        output_factor=np.tile(draws.uniform(0.8, 1.0, number)[:, None], N) if not sure else np.ones((number, N)),
        room=np.where(np.arange(purses) >= 2, share, 0.0) if stand_in else None,
    )
    pairs = [(int(a), int(b)) for a, b in zip(*np.triu_indices(steps, 1), strict=True)]
    kinds = draws.choice(4, len(pairs), p=[needs, needs, 0.75 * needs, 1 - 2.75 * needs])
    menu = Menu(
        earliest=np.full(steps, 2026) + draws.integers(0, 2, steps),
        latest=np.full(steps, 2026 + years),
        must=np.zeros(steps, dtype=bool),
        before=tuple((b, a) for (a, b), kind in zip(pairs, kinds, strict=True) if kind == 0),
        together=tuple((b, a) for (a, b), kind in zip(pairs, kinds, strict=True) if kind == 1),
        excludes=tuple(pair for pair, kind in zip(pairs, kinds, strict=True) if kind == 2),
    )
    limits = Limits(
        budget=draws.uniform(10, 40, (purses, 1)) * np.ones((1, N)) * tight,
        carry=np.arange(purses) == 0,
        borrower=0,
        loan=np.full(N, draws.uniform(0, 20)),
        repay=np.where(age > 0, 0.4, 0.0),
        stock=draws.uniform(5, 60, 1) * tight,
        loss=np.full(1, 0.1),
        inflow=np.full((1, N), 3.0) * tight,
        resource=np.full((1, N), draws.uniform(5, 25)) * tight,
        distance=np.ones(1),
        drift=np.full(1, 0.02),
        access=np.array([0.1]),
    )
    operations = make_year(
        draws,
        tree,
        option_step,
        steps,
        nodes=nodes,
        users=users,
        countries=countries,
        scenarios=scenarios,
        density=density,
        agreed=agreed,
    )
    labels = Labels(
        steps=tuple(f"step {j}" for j in range(steps)),
        partners=tuple(f"partner {m}" for m in range(partners)),
        purses=("state", "private", *(f"partner {m}" for m in range(partners))),
        skills=("engineers",),
        resources=("power",),
        domains=("process",),
        countries=("country 0",),
    )
    return PlanProblem(tree, options, menu, limits, operations, labels, 0.05, risk, weight, tail)


def make_year(draws, tree, option_step, steps, *, nodes, users, countries, scenarios, density, agreed=0.0):
    """Return random operations: every step but each third makes one node; inputs come from nodes before it."""
    number, N, S = len(option_step), len(tree), scenarios
    producers = steps + nodes
    makes = np.concatenate([draws.integers(0, nodes, steps), np.arange(nodes)])
    inputs = np.zeros((nodes, producers))
    for i, q in enumerate(makes):
        if q:
            inputs[:q, i] = draws.uniform(0, 0.5 / (q * density), q) * (draws.random(q) < density)
    has = np.arange(steps) % 3 != 2
    use = draws.uniform(0, 60, (nodes, users)) * (draws.random((nodes, users)) < 0.8)
    supply = draws.dirichlet(np.ones(countries), nodes) * (use.sum(axis=1) + 1)[:, None] * draws.uniform(0.8, 1.3)
    share = np.where(draws.random(S) < 0.3, 0, draws.uniform(0, 0.8, S))
    force = np.where(use > 0, draws.choice([0.5, 1.0], use.shape), 0.0)
    world = 1.03 ** (tree.year - 2026)
    growth = np.vstack([np.ones(N), world, *(world * draws.uniform(0.8, 1.3, N) for _ in range(users))])
    chain = YearChain(
        nodes=tuple(f"node {q}" for q in range(nodes)),
        producers=tuple(f"producer {i}" for i in range(producers)),
        users=tuple(f"user {k}" for k in range(users)),
        countries=tuple(f"country {c}" for c in range(countries)),
        makes=makes,
        unit_cost=draws.uniform(0.1, 0.6, producers),
        inputs=inputs,
        existing=np.concatenate([np.zeros(steps), draws.uniform(0, 10, nodes)]),
        use=use,
        force=force,
        penalty=use.sum(axis=0) * draws.uniform(1.5, 4, users),
        supply=supply,
        spare=draws.uniform(0, 0.2, nodes),
        needs=inputs,
        contracts=draws.dirichlet(np.ones(countries), nodes),
        price=draws.uniform(0.8, 1, nodes),
        market=draws.uniform(0, 5, nodes),
        growth=growth,
        supply_growth=np.ones(nodes, dtype=int),
        option_producer=np.where(has[option_step], option_step, -1),
        capacity=draws.uniform(5, 50, number),
        sales=draws.uniform(0, 20, number),
        reserve=np.where(has[option_step][:, None], 0, draws.uniform(0, 10, (number, nodes))),
        agreed=np.where(has[option_step][:, None], 0, agreed) * np.ones((number, nodes)),
        agreed_with=option_step % countries,
        accesses=np.array([0]),
    )
    scenes = Scenarios(
        weight=draws.dirichlet(np.full(S, 3.0)),
        share=share,
        home=draws.uniform(0.3, 1, (producers, S)),
        short=draws.uniform(0, 1, (nodes, S)),
        lost=force[:, :, None] * draws.uniform(0, 1, (nodes, users, S)),
        gain=draws.uniform(0, 1, (nodes, countries, S)) * draws.uniform(0, 1, (nodes, countries, S)),
        levels=draws.uniform(0, 1, (steps, S)),
    )
    return assemble_year(chain, scenes)


def small_plans(**fixed):
    """Draw a random planning problem."""
    return st.integers(0, 10**6).map(lambda seed: make_plan(seed, **fixed))
