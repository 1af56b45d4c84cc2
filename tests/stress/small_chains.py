"""Chains for the tests of the dynamics: small ones by hand, and random ones with every edge case."""

from dataclasses import fields, replace

import numpy as np
import pandas as pd

from pondasi.stress.assemble import Lots, Suppliers, assemble
from pondasi.stress.dynamics import take_step
from pondasi.stress.state import Hits, proportional, rest
from pondasi.stress.system import Kind
from tests.stress.random_systems import PACE, draw_parts

SUPPLIER = {
    "cycle_weeks": 0.0,
    "finished_weeks": 0.0,
    "overcapacity": 0.0,
    "scrap_weeks": 0.0,
    "lost_per_week": 1.0,
}
LOT = {
    "stock_weeks": 0.0,
    "kind": Kind.FLOW,
    "force": 1.0,
    "along": False,
    "dual": 1.0,
    "varieties": 1.0,
    "shared": 0.0,
    "qualification_weeks": 26.0,
    "wear_per_year": 0.0,
    "repair_weeks": 4.0,
    "refresh_per_year": 0.0,
    "lag_weeks": 0.0,
}
EDGES = ("plain", "circles", "island", "single", "apart", "no_final", "large", "scarce", "no_line")


def build_parts(suppliers, lots):
    """Return suppliers and lots from short rows.

    A supplier is `(node, country, output, more)`, a lot `(supplier, user, value, more)` with suppliers by their place.
    """
    names = [name for name, *_ in suppliers]
    number = {name: k for k, name in enumerate(dict.fromkeys(names))}
    made = {key: np.array([{**SUPPLIER, **more}[key] for *_, more in suppliers], float) for key in SUPPLIER}
    labels = pd.MultiIndex.from_tuples([row[:2] for row in suppliers], names=["node", "country"])
    bought = {key: np.array([{**LOT, **more}[key] for *_, more in lots], float) for key in LOT}
    bought |= {"kind": bought["kind"].astype(np.int64), "along": bought["along"].astype(bool)}
    ends = np.array([row[:2] for row in lots], np.int64).reshape(-1, 2)
    node = np.array([number[names[i]] for i in ends[:, 0]], np.int64)
    value = np.array([row[2] for row in lots], float)
    output = np.array([row[2] for row in suppliers], float)
    return Suppliers(labels, output, **made), Lots(ends[:, 0], ends[:, 1], node, value, **bought)


def build_chain(suppliers, lots, *, step=1.0, **pace):
    """Return a chain by hand; the rows as in `build_parts`, and what differs from the usual pace."""
    return assemble(*build_parts(suppliers, lots), replace(PACE, **pace), step=step)


def draw_edge_parts(seed, edge="plain", *, nodes=5, kinds=True):
    """Return suppliers and lots of a random chain with one edge case."""
    suppliers, lots = draw_parts(seed, nodes=1 if edge == "single" else nodes, loops=edge == "circles", kinds=kinds)
    if edge == "large":
        lots = replace(lots, stock_weeks=lots.stock_weeks + 1e6)
    if edge == "scarce" and len(lots.value):
        lots = replace(lots, stock_weeks=np.random.default_rng(seed).uniform(0, 0.9, len(lots.value)))
    if edge == "no_line":
        suppliers = replace(suppliers, cycle_weeks=np.zeros(len(suppliers.output)))
    if edge == "no_final":
        goods = lots.kind != Kind.RIGHT
        sold = np.bincount(lots.supplier[goods], lots.value[goods], len(suppliers.output))
        bought = np.bincount(lots.user[goods], lots.value[goods], len(suppliers.output))
        suppliers = replace(suppliers, output=np.where(sold > bought, sold, suppliers.output))
    if edge in {"island", "apart"}:
        # One supplier that nobody knows, or a second chain beside the first.
        other = draw_parts(seed + 1, nodes=1 if edge == "island" else 3, kinds=kinds)
        suppliers, lots = join_parts((suppliers, lots), other)
    return suppliers, lots


def join_parts(one, two):
    """Return two chains side by side, which have nothing to do with each other."""
    n, nodes = len(one[0].output), 1 + max(one[1].node.max(initial=0), 99)
    labels = one[0].labels.append(two[0].labels.set_levels(["z" + x for x in two[0].labels.levels[0]], level=0))
    suppliers = Suppliers(
        labels, **{f.name: np.concatenate([getattr(p[0], f.name) for p in (one, two)]) for f in fields(Suppliers)[1:]}
    )
    shift = {"supplier": n, "user": n, "node": nodes}
    columns = {
        f.name: np.concatenate([getattr(one[1], f.name), getattr(two[1], f.name) + shift[f.name]])
        if f.name in shift
        else np.concatenate([getattr(p[1], f.name) for p in (one, two)])
        for f in fields(Lots)
    }
    return suppliers, Lots(**columns)


def draw_edge(seed, edge="plain", *, step=1.0, pace=PACE, **options):
    """Return a random chain with one edge case as a system."""
    return assemble(*draw_edge_parts(seed, edge, **options), pace, step=step)


def place(system, node, country=None):
    """Return where a supplier stands in the arrays of a system."""
    names = system.labels.get_level_values("node").to_numpy(dtype=object) == node
    if country is not None:
        names &= system.labels.get_level_values("country").to_numpy(dtype=object) == country
    (i,) = np.flatnonzero(names)
    return int(i)


def lot(system, supplier, user):
    """Return which lot goes from one supplier to another."""
    (e,) = np.flatnonzero((system.supplier == supplier) & (system.user == user))
    return int(e)


def hit(system, *, closed=None, **lost):
    """Return the hits of a step: `starts={supplier: part}`, `line=...`, `closed={lot: part}` and so on."""
    n = len(system.output)
    arrays = {name: np.zeros(n) for name in ("starts", "line", "shipping", "demand", "overtime", "scrap")}
    arrays["closed"] = np.zeros(len(system.supplier))
    for name, parts in {**lost, "closed": closed or {}}.items():
        for at, part in parts.items():
            arrays[name][at] = part
    return Hits(**arrays)


def run(system, steps, hits=None, *, rationing=None, rule=None, start=None):
    """Run a chain; `hits` gives those of a step, or None. Return the states after each step and the moves."""
    rationing = proportional(system) if rationing is None else rationing
    state, calm = rest(system) if start is None else start, hit(system)
    states, moves = [], []
    for step in range(steps):
        blow = hits(step) if hits else None
        state, moved = take_step(system, state, calm if blow is None else blow, rationing, rule)
        states.append(state)
        moves.append(moved)
    return states, moves


def delivered(moves):
    """Return what went to final demand, shape (steps, n)."""
    return np.array([moved.delivered for moved in moves])
