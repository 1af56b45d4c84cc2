"""The tree by years and what holds in each of its nodes, from the futures of a case (plan.40, plan.42)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.plan.futures import blend_demand, blend_effects
from pondasi.plan.problem import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pondasi.plan.case import Case
    from pondasi.plan.futures import Tree as Futures
    from pondasi.plan.problem import Matrix, Vector


def spread_years(futures: Futures, years: np.ndarray) -> tuple[Tree, tuple[str, ...]]:
    """Return the tree by years, and the future that each of its nodes is in (plan.40)."""
    parents = futures.nodes["parent"]
    known = futures.nodes["year"]
    children: dict[str | None, list[str]] = {}
    for name, parent in parents.items():
        children.setdefault(None if pd.isna(parent) else parent, []).append(str(name))
    rows: list[tuple[int, int, float, str]] = []

    def grow(future: str, year: int, above: int) -> None:
        if year > years[-1]:
            return
        after = [child for child in children.get(future, []) if known[child] <= year]
        if after:
            for child in after:
                grow(child, year, above)
            return
        rows.append((year, above, float(futures.nodes["reach"][future]), future))
        grow(future, year + 1, len(rows) - 1)

    grow(children[None][0], int(years[0]), -1)
    order = sorted(range(len(rows)), key=lambda k: (rows[k][0], k))
    place = {old: new for new, old in enumerate(order)}
    tree = Tree(
        np.array([rows[k][0] for k in order]),
        np.array([place.get(rows[k][1], -1) for k in order]),
        np.array([rows[k][2] for k in order]),
        tuple(rows[k][3] for k in order),
    )
    return tree, tree.names


@dataclass(frozen=True, eq=False)
class Effects:
    """What holds in each node of the tree: factors by node, shape (N,), and by partner and node, shape (M, N).

    ``licence_lead`` is the factor on the lead time of a step that needs a partner's licence, ``front_end_delay`` the years by which
    wafer fabs come late: means over all futures, for a lead time has to be known when a step is planned (plan.43). ``licence_leads`` and
    ``front_end_delays`` are the same as what may turn out, each with its chance (plan.43a).
    """

    licence: Vector
    front_end: Vector
    stays: Matrix
    money: Matrix
    unlocked: Matrix
    licence_lead: float
    front_end_delay: float
    licence_leads: tuple[tuple[float, float], ...]
    front_end_delays: tuple[tuple[float, float], ...]


def read_effects(case: Case, futures: Futures, where: Sequence[str], partners: Sequence[str]) -> Effects:
    """Return the effects of the futures; a commitment is kept with the probability of the branches that keep it (plan.42)."""
    effects = blend_effects(case, futures)["value"].reset_index()

    def one(name: str, partner: str = "", plain: float = 1.0) -> Vector:
        found = effects[(effects["effect"] == name) & (effects["partner"] == partner) & (effects["year"] == 0)]
        by_node = found.set_index("node")["value"]
        return np.array([by_node.get(node, plain) for node in where])

    table = case.tables["branch_effects"]
    level = table[table["effect"] == "commitment_level"].set_index("branch")["value"]
    money = table[table["effect"] == "partner_money"].set_index("branch")["value"]
    kept = case.tables["partners"].set_index("partner")["kept"]
    mix = futures.mix["share"].reset_index()
    names = list(dict.fromkeys(where))
    stays, paid = np.ones((len(partners), len(names))), np.ones((len(partners), len(names)))
    for m, partner in enumerate(partners):
        for n, node in enumerate(names):
            here = mix[(mix["node"] == node) & mix["branch"].isin(level.index)]
            if len(here):
                share = here["share"].to_numpy()
                keeps = level[here["branch"]].to_numpy() <= kept[partner]
                stays[m, n] = share @ keeps
                less = np.array([money.get(branch, 1.0) for branch in here["branch"]])
                paid[m, n] = share @ np.where(keeps, 1.0, less)
    unlocked = np.array([one("flagged_open", partner) for partner in partners]).reshape(len(partners), len(where))
    at = np.array([names.index(node) for node in where])
    return Effects(
        one("licence_success"),
        one("front_end_output"),
        stays[:, at],
        paid[:, at],
        unlocked,
        float(one("licence_lead")[0]),
        float(one("front_end_delay", plain=0.0)[0]),
        _spread(case, futures, where[0], "licence_lead", 1.0),
        _spread(case, futures, where[0], "front_end_delay", 0.0),
    )


def _spread(case: Case, futures: Futures, root: str, effect: str, plain: float) -> tuple[tuple[float, float], ...]:
    """Return what an effect may be, each value with its chance as seen from the first year; ``plain`` where no branch says anything."""
    table = case.tables["branch_effects"]
    values = table[table["effect"] == effect].set_index("branch")["value"]
    mix = futures.mix["share"].reset_index()
    here = mix[(mix["node"] == root) & mix["branch"].isin(values.index)]
    found: dict[float, float] = {}
    for branch, share in zip(here["branch"], here["share"], strict=True):
        found[float(values[branch])] = found.get(float(values[branch]), 0.0) + float(share)
    found[plain] = found.get(plain, 0.0) + 1 - sum(found.values())
    return tuple((chance, value) for value, chance in sorted(found.items()) if chance > 0)


def grow_users(case: Case, futures: Futures, tree: Tree, where: Sequence[str]) -> Mapping[str, Vector]:
    """Return the growth of each user's need in each node of the tree against the base year."""
    demand = blend_demand(case, futures)["value"]
    found = {}
    for user in demand.index.unique("user"):
        values = np.zeros(len(tree))
        for n, node in enumerate(where):
            path = demand.xs((node, user))
            values[n] = np.interp(tree.year[n], path.index.to_numpy(dtype=float), path.to_numpy())
        found[str(user)] = values
    return found
