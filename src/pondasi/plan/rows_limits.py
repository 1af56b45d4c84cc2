"""Families of rows about what there is: people, knowledge, money, power and water and emissions, access."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.rows import Rows, label_grid

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import PlanProblem
    from pondasi.plan.rows import Family


def keep_stock_of_people(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.4) People: ``stock_kn = (1 - loss_k) stock_k,parent + inflow_kn + sum_{o, a <= n} trains_ok(age) size_oa``."""
    rows, (option, _) = Rows(layout), layout.starts
    tree, limits = problem.tree, problem.limits
    skills, nodes = len(limits.stock), len(tree)
    k, n = np.indices((skills, nodes))
    rows.add(k * nodes + n, layout.at("stock", k, n), 1.0)
    later = tree.parent[n] >= 0
    kl, nl = k[later], n[later]
    rows.add(kl * nodes + nl, layout.at("stock", kl, tree.parent[nl]), -(1 - limits.loss[kl]))
    start, felt, age = layout.pairs
    for skill in range(skills):
        trained = problem.options.trains[option[start], skill, age]
        rows.add(skill * nodes + felt, layout.at("size", start), -trained)
    come = limits.inflow + np.where(tree.parent < 0, ((1 - limits.loss) * limits.stock)[:, None], 0)
    labels = [(int(a), int(b)) for a, b in zip(k.ravel(), n.ravel(), strict=True)]
    return rows.make("people_stock", skills * nodes, lower=come.ravel(), upper=come.ravel(), labels=labels)


def need_people(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.5) No more people at work than there are: ``sum_o people_ok running_on + building_people_ok building_on <= stock_kn``."""
    rows, options = Rows(layout), problem.options
    skills, nodes = options.people.shape[1], len(problem.tree)
    k, n = np.indices((skills, nodes))
    rows.add(k * nodes + n, layout.at("stock", k, n), -1.0)
    n = np.arange(nodes)
    for block, people in (("running", options.people), ("building", options.people_building)):
        o, skill = np.nonzero(people)
        rows.add(skill[:, None] * nodes + n, layout.at(block, o[:, None], n), people[o, skill][:, None])
    return rows.make("people", skills * nodes, upper=0.0, labels=label_grid(skills, nodes), relax=1)


def learn(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.6) Knowledge: ``distance_dn = distance_d,parent + drift_d - sum_o gain_od running_on``."""
    rows, gain, tree, limits = Rows(layout), problem.options.gain, problem.tree, problem.limits
    domains, nodes = gain.shape[1], len(tree)
    d, n = np.indices((domains, nodes))
    rows.add(d * nodes + n, layout.at("distance", d, n), 1.0)
    later = tree.parent[n] >= 0
    dl, nl = d[later], n[later]
    rows.add(dl * nodes + nl, layout.at("distance", dl, tree.parent[nl]), -1.0)
    o, domain = np.nonzero(gain)
    n = np.arange(nodes)
    rows.add(domain[:, None] * nodes + n, layout.at("running", o[:, None], n), gain[o, domain][:, None])
    rest = limits.drift[:, None] + np.where(tree.parent < 0, limits.distance[:, None], 0)
    rest = np.broadcast_to(rest, (domains, nodes)).ravel()
    return rows.make("distance", domains * nodes, lower=rest, upper=rest, labels=label_grid(domains, nodes))


def need_knowledge(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.7) A step without a licensing partner starts only near practice: ``distance_dn <= max_od + far (1 - z_on)``.

    ``far`` is the largest distance without any step less ``max``, so that the row says nothing where z = 0.
    """
    rows, (option, node) = Rows(layout), layout.starts
    limits, tree = problem.limits, problem.tree
    most = limits.distance[:, None] + np.cumsum(np.ones((1, len(tree.years))), axis=1) * np.maximum(
        limits.drift[:, None], 0
    )
    far_away = most.max(axis=1, initial=0)
    start, domain = np.nonzero(np.isfinite(problem.options.distance_max[option]))
    most_allowed = problem.options.distance_max[option[start], domain]
    far = np.maximum(far_away[domain] - most_allowed, 0)
    row = np.arange(len(start))
    rows.add(row, layout.at("distance", domain, node[start]), 1.0)
    rows.add(row, layout.at("z", start), far)
    labels = [(int(o), int(d), int(n)) for o, d, n in zip(option[start], domain, node[start], strict=True)]
    return rows.make("knowledge", len(start), upper=most_allowed + far, labels=labels)


def keep_budgets(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.11) Money of a purse in a year.

    ``sum_o share_op cost_factor_on spent_on + kept_pn <= budget_pn + kept_p,parent``; the borrower's row also gains
    ``loan_n`` and pays ``sum_{a <= n} repay(age) loan_a``. Only purses that may carry over have ``kept``; loans are
    bounded (plan.12). What the borrower pays in a purse's stead, ``shift_pn``, leaves that row for its own (plan.11a).
    """
    rows = Rows(layout)
    options, tree, limits = problem.options, problem.tree, problem.limits
    purses, nodes = limits.budget.shape
    o, p = np.nonzero(options.purse_share)
    n = np.arange(nodes)
    paid = options.purse_share[o, p][:, None] * options.cost_factor[o]
    rows.add(p[:, None] * nodes + n, layout.at("spent", o[:, None], n), paid)
    p, n = np.indices((purses, nodes))
    rows.add(p * nodes + n, layout.at("kept", p, n), 1.0)
    later = tree.parent[n] >= 0
    rows.add((p * nodes + n)[later], layout.at("kept", p[later], tree.parent[n[later]]), -1.0)
    if options.room is not None and limits.borrower >= 0:
        rows.add(p * nodes + n, layout.at("shift", p, n), -1.0)
        rows.add(limits.borrower * nodes + n, layout.at("shift", p, n), 1.0)
    if limits.borrower >= 0:
        n, a = np.nonzero(tree.above)
        since = tree.year[n] - tree.year[a]
        rows.add(limits.borrower * nodes + n, layout.at("loan", a), limits.repay[since] - (since == 0))
    upper = limits.budget.ravel()
    return rows.make("budget", purses * nodes, upper=upper, labels=label_grid(purses, nodes), relax=1)


def share_out_payments(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.11a) The borrower may pay in a purse's stead what that purse would have paid, as far as each option lets it.

    ``shift_pn <= sum_o room_op cost_factor_on spent_on``.
    """
    rows, options = Rows(layout), problem.options
    if options.room is None:
        return rows.make("shift", 0)
    purses, nodes = problem.limits.budget.shape
    p, n = np.indices((purses, nodes))
    rows.add(p * nodes + n, layout.at("shift", p, n), 1.0)
    o, p = np.nonzero(options.room)
    n = np.arange(nodes)
    most = options.room[o, p][:, None] * options.cost_factor[o]
    rows.add(p[:, None] * nodes + n, layout.at("spent", o[:, None], n), -most)
    return rows.make("shift", purses * nodes, upper=0.0, labels=label_grid(purses, nodes))


def keep_resources(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.13) Power, water, emissions: ``sum_o use_orn running_on <= resource_rn``."""
    rows, use, limit = Rows(layout), problem.options.use, problem.limits.resource
    resources, nodes = limit.shape
    o, r = np.nonzero(use.any(axis=2))
    n = np.arange(nodes)
    rows.add(r[:, None] * nodes + n, layout.at("running", o[:, None], n), np.broadcast_to(use[o, r], (len(o), nodes)))
    labels = label_grid(resources, nodes)
    return rows.make("resource", resources * nodes, upper=limit.ravel(), labels=labels, relax=1)


def gain_access(problem: PlanProblem, layout: Layout) -> Family:
    """(plan.14) Access is what agreements in force add up to, at most 1: ``access_cn <= access0_c + sum_o access_oc running_on``."""
    rows, brings = Rows(layout), problem.options.access
    countries, nodes = brings.shape[1], len(problem.tree)
    c, n = np.indices((countries, nodes))
    rows.add(c * nodes + n, layout.at("access", c, n), 1.0)
    o, country = np.nonzero(brings)
    n = np.arange(nodes)
    rows.add(country[:, None] * nodes + n, layout.at("running", o[:, None], n), -brings[o, country][:, None])
    upper = np.repeat(problem.limits.access, nodes)
    return rows.make("access", countries * nodes, upper=upper, labels=label_grid(countries, nodes))
