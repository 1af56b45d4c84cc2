"""Random chains for the engine: layers or circles, all kinds of needs, edge cases included."""

import numpy as np
import pandas as pd

from pondasi.stress.assemble import Lots, Pace, Suppliers, assemble
from pondasi.stress.system import Kind

PACE = Pace(8.0, 8.0, 2.0, 8.0, 1.0, 1.0)
COUNTRIES = ("AAA", "BBB", "CCC")


def draw_parts(seed, *, nodes=6, loops=False, kinds=True):
    """Return suppliers and lots of a random chain that is balanced: outputs cover what is sold."""
    rng, others = np.random.default_rng(seed), np.random.default_rng((seed, 2))
    labels, of = [], []
    for p in range(nodes):
        for country in rng.choice(COUNTRIES, rng.integers(1, 4), replace=False):
            labels.append((f"n{p}", str(country)))
            of.append(p)
    of = np.array(of)
    n = len(of)
    rows = []
    for p in range(nodes):
        for q in range(nodes):
            before = q < p or (loops and q != p and rng.random() < 0.15)
            if not before or rng.random() > 0.6:
                continue
            kind = int(rng.choice([Kind.FLOW, Kind.FLOW, Kind.FLOW, Kind.SERVICE, Kind.RIGHT])) if kinds else 0
            common = {
                "kind": kind,
                "force": float(rng.choice([1.0, 0.5, 0.0])) if kinds else 1.0,
                "along": bool(rng.random() < 0.4) if kinds else False,
                "dual": float(rng.random()),
                "varieties": float(rng.choice([1.0, 1.0, 2.5, 4.0])),
                "shared": float(others.choice([0.0, 0.6, 1.0])),
                "qualification_weeks": float(rng.uniform(4, 40)),
                "wear_per_year": float(rng.uniform(0, 0.6)),
                "repair_weeks": float(rng.uniform(2, 10)),
                "refresh_per_year": float(rng.uniform(0, 0.5)),
                "lag_weeks": float(rng.integers(0, 20)),
                "stock_weeks": float(rng.choice([0.0, 0.3, 2.0, 8.0]))
                if not loops
                else float(rng.choice([1.0, 3.0, 8.0])),
            }
            for i in np.flatnonzero(of == q):
                value = rng.uniform(0.1, 1.0, (of == p).sum())
                users = zip(np.flatnonzero(of == p), value, strict=True)
                rows += [{"supplier": i, "user": j, "node": q, "value": v, **common} for j, v in users]
    frame = pd.DataFrame(rows)
    sold, bought = np.zeros(n), np.zeros(n)
    if len(frame):
        frame["value"] *= float(rng.choice([1.0, 1e6]))
        goods = frame[frame["kind"] != Kind.RIGHT]
        sold = np.bincount(goods["supplier"], goods["value"], n)
        bought = np.bincount(goods["user"], goods["value"], n)
    # Nobody sells less than the inputs cost; some sell to final demand as well.
    usual = max(sold.max(initial=0.0), 1.0)
    output = np.maximum(sold, 1.1 * bought) + usual * np.where(rng.random(n) < 0.7, rng.uniform(0.0, 1.0, n), 1e-3)
    suppliers = Suppliers(
        pd.MultiIndex.from_tuples(labels, names=["node", "country"]),
        output,
        rng.integers(0, 14, n).astype(float),
        rng.choice([0.0, 0.0, 1.0, 3.0], n),
        rng.uniform(0, 0.4, n),
        rng.uniform(0, 3, n),
        rng.choice([0.0, 0.02, 1.0], n),
    )
    columns = ("supplier", "user", "node", "value", "stock_weeks", "kind", "force", "along", "dual", "varieties")
    rest = ("shared", "qualification_weeks", "wear_per_year", "repair_weeks", "refresh_per_year", "lag_weeks")
    empty = {name: np.zeros(0) for name in (*columns, *rest)}
    data = {name: frame[name].to_numpy() for name in (*columns, *rest)} if len(frame) else empty
    for name in ("supplier", "user", "node", "kind"):
        data[name] = data[name].astype(np.int64)
    data["along"] = data["along"].astype(bool)
    return suppliers, Lots(**data)


def draw_system(seed, **options):
    """Return a random chain as a system."""
    step = options.pop("step", 1.0)
    return assemble(*draw_parts(seed, **options), PACE, step=step)
