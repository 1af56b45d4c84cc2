"""Random small inter-industry tables, and what may hit them."""

import numpy as np
from hypothesis import strategies as st

from pondasi.stress.pooled.industries import build_table
from pondasi.stress.pooled.rules import load_rules
from pondasi.stress.pooled.shocks import PooledShock, plan_rebuilding, shape_loss


@st.composite
def industry_tables(draw, max_regions=3, max_sectors=4):
    """Draw a balanced table: some flows missing, some industries without flows, demand or output."""
    regions, sectors = draw(st.integers(1, max_regions)), draw(st.integers(1, max_sectors))
    n = regions * sectors
    draws = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    Z = draws.lognormal(0, 2, (n, n)) * (draws.random((n, n)) < draw(st.sampled_from([0.1, 0.5, 1.0])))
    final = draws.lognormal(1, 2, (n, regions)) * (draws.random((n, 1)) < 0.9)
    idle = draws.random(n) < draw(st.sampled_from([0.0, 0.2]))
    Z[idle], Z[:, idle], final[idle] = 0.0, 0.0, 0.0
    # Inputs never cost more than output is worth, so that value added is not negative.
    for _ in range(3):
        output = Z.sum(axis=1) + final.sum(axis=1)
        cost = Z.sum(axis=0)
        Z = Z * np.where(cost > 0.9 * output, np.divide(0.9 * output, cost, out=np.ones(n), where=cost > 0), 1.0)
    labels = [(f"r{region}", f"s{sector}") for region in range(regions) for sector in range(sectors)]
    return build_table(Z, final, labels=labels)


@st.composite
def pooled_rules(draw, steps_of_stock=(3, 15, 90)):
    """Draw rules over all switches, with steps of a day or a week."""
    step = draw(st.sampled_from([1, 7]))
    return load_rules(
        step_days=step,
        stock_days=draw(st.sampled_from(steps_of_stock)) * step,
        threshold=draw(st.sampled_from([0.0, 0.5, 0.8, 1.0])),
        restoration_days=draw(st.sampled_from([0, 10, 60])),
        overproduction_max=draw(st.sampled_from([1.0, 1.25])),
        order_split=draw(st.sampled_from(["capacity", "fixed"])),
        tiers=draw(st.sampled_from([(0, 0, 0), (0, 1, 1), (1, 0, 0), (0, 1, 2), (2, 0, 1)])),
        delivered_rebuilding_leaves_plans=draw(st.booleans()),
    )


@st.composite
def pooled_shocks(draw, table, rules):
    """Draw a loss of capacity of up to two industries, and damage that is rebuilt."""
    labels = [tuple(label) for label in table.labels]
    hit = draw(st.lists(st.sampled_from(labels), max_size=2, unique=True))
    parts = {label: draw(st.sampled_from([0.2, 0.7, 1.0])) for label in hit}
    start, duration, recovery = draw(st.integers(0, 3)), draw(st.integers(0, 12)), draw(st.sampled_from([0, 5]))
    losses = (shape_loss(table, parts, start=start, duration=duration, recovery=recovery),) if parts else ()
    makers = sorted({label[1] for label, made in zip(labels, table.output, strict=True) if made > 0})
    rebuilding = ()
    worth = [label for label, added in zip(labels, table.value_added, strict=True) if added > 0]
    if makers and worth and draw(st.booleans()):
        label = draw(st.sampled_from(worth))
        damage = draw(st.sampled_from([0.1, 1.0])) * rules.capital_ratio * table.value_added[labels.index(label)]
        rebuilding = (
            plan_rebuilding(table, rules, {label: damage}, {makers[0]: 1.0}, start=start, duration=duration, days=20),
        )
    return PooledShock(losses, rebuilding)


@st.composite
def stressed_tables(draw):
    """Draw a table, rules and a shock."""
    table, rules = draw(industry_tables()), draw(pooled_rules())
    return table, rules, draw(pooled_shocks(table, rules))
