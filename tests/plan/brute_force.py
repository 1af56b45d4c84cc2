"""Tiny plans solved by trying everything: an answer that shares no code with the package.

Every set of starts is tried; every rule is checked by walking the tree in plain loops; every scenario is solved by
scipy; CVaR is the mean of the worst share, by sorting. Sizes are 0 or 1 and there are no loans.
"""

import itertools

import numpy as np
from scipy.optimize import linprog


def path(tree, node):
    found = []
    while node >= 0:
        found.insert(0, node)
        node = tree.parent[node]
    return found


def allowed(p, plan):  # noqa: C901, PLR0911, PLR0912 - one rule after the other, in plain sight
    """Tell whether a set of starts {(option, node)} keeps every rule."""
    o, menu, limits, tree = p.options, p.menu, p.limits, p.tree
    for option, node in plan:
        year = tree.year[node]
        step = o.step[option]
        if not o.open[option, node] or not menu.earliest[step] <= year <= menu.latest[step]:
            return False
    for leaf in [n for n in range(len(tree.year)) if n not in tree.parent]:
        here = [(option, node) for option, node in plan if node in path(tree, leaf)]
        steps = [o.step[option] for option, _ in here]
        if len(set(steps)) < len(steps):
            return False
        if any(i in steps and j in steps for i, j in menu.excludes):
            return False
        for option, node in here:
            for needs, slack in ((menu.before, 0), (menu.together, o.lead[option])):
                for step, needed in needs:
                    due = tree.year[node] + slack
                    if step != o.step[option] or due > tree.year[leaf]:
                        continue
                    if not any(o.step[a] == needed and tree.year[b] + o.lead[a] <= due for a, b in here):
                        return False
        kept = np.zeros(len(limits.carry))
        people = limits.stock.copy()
        distance = limits.distance.copy()
        for n in path(tree, leaf):
            ages = [(option, tree.year[n] - tree.year[node]) for option, node in here if node in path(tree, n)]
            paid = sum(
                (o.purse_share[a] * o.cash[a, age] * o.cost_factor[a, n] for a, age in ages), np.zeros(len(kept))
            )
            left = limits.budget[:, n] + kept - paid
            people = (
                people * (1 - limits.loss)
                + limits.inflow[:, n]
                + sum((o.trains[a, :, age] for a, age in ages), np.zeros(1))
            )
            wanted = sum((o.people[a] * o.run[a, age] for a, age in ages), np.zeros(1))
            wanted = wanted + sum((o.people_building[a] for a, age in ages if age < o.lead[a]), np.zeros(1))
            used = sum((o.use[a, :, n] * o.run[a, age] for a, age in ages), np.zeros(1))
            distance = distance + limits.drift - sum((o.gain[a] * o.run[a, age] for a, age in ages), np.zeros(1))
            if (left < -1e-7).any() or (wanted > people + 1e-7).any() or (used > limits.resource[:, n] + 1e-7).any():
                return False
            if any(age == 0 and (distance > o.distance_max[a] + 1e-7).any() for a, age in ages):
                return False
            kept = np.where(limits.carry, left, 0)
    return True


def cost(p, plan):
    """Return the cost of a set of starts."""
    o, tree, ops = p.options, p.tree, p.operations
    total = 0.0
    for n in range(len(tree.year)):
        ages = [(a, tree.year[n] - tree.year[b]) for a, b in plan if b in path(tree, n)]
        yearly = sum(o.charge[a, age] * o.cost_factor[a, n] for a, age in ages)
        running = {a: o.run[a, age] for a, age in ages}
        access = np.minimum(1, p.limits.access + sum((o.access[a] * run for a, run in running.items()), np.zeros(1)))
        values = np.array([scenario(p, n, s, running, access) for s in range(len(ops.weight))])
        worst, left, tail = 0.0, 1 - p.risk_tail, 0.0
        for s in np.argsort(-values):
            taken = min(left, ops.weight[s])
            tail += taken * values[s]
            left -= taken
        worst = tail / (1 - p.risk_tail)
        mean = ops.weight @ values
        rho = (1 - p.risk_weight) * mean + p.risk_weight * worst
        total += tree.probability[n] / (1 + p.discount_rate) ** (tree.year[n] - tree.year[0]) * (yearly + rho)
    return total


def scenario(p, n, s, running, access):
    ops, o = p.operations, p.options
    g = ops.growth[:, n]
    upper = [g[ops.column_growth[c]] * ops.base[c, s] for c in range(len(ops.cost))]
    for e in range(len(ops.entry_column)):
        i = ops.entry_input[e]
        if i >= len(o.step):
            amount = access[i - len(o.step)]
        elif ops.levels[o.step[i], s] < o.success[i, n]:
            amount = running.get(i, 0.0) * o.output_factor[i, n]
        else:
            amount = 0.0
        upper[ops.entry_column[e]] += g[ops.entry_growth[e]] * ops.coefficient[e, s] * amount
    rhs = (ops.need @ g) * ops.row_weight[:, s]
    found = linprog(ops.cost, -ops.matrix.toarray(), -rhs, bounds=[(0, u) for u in upper], method="highs-ipm")
    assert found.status == 0, found.message
    return found.fun


def solve(p):
    """Return the least cost over all sets of starts, and the set."""
    starts = [(a, n) for a, n in itertools.product(range(len(p.options.step)), range(len(p.tree.year)))]
    starts = [start for start in starts if allowed_alone(p, *start)]
    best = (np.inf, ())
    known = {}
    for plan in plans_of(p, starts):
        if allowed(p, plan):
            known[plan] = cost(p, plan)
            best = min(best, (known[plan], plan))
    return best


def allowed_alone(p, option, node):
    step = p.options.step[option]
    return p.options.open[option, node] and p.menu.earliest[step] <= p.tree.year[node] <= p.menu.latest[step]


def plans_of(p, starts):
    """Yield every set of starts that takes no step twice on a path."""

    def extend(plan, rest):
        yield tuple(plan)
        for k, (option, node) in enumerate(rest):
            clash = any(
                p.options.step[a] == p.options.step[option] and (b in path(p.tree, node) or node in path(p.tree, b))
                for a, b in plan
            )
            if not clash:
                yield from extend([*plan, (option, node)], rest[k + 1 :])

    yield from extend([], starts)
