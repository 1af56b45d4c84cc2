"""How the world may turn out: the full tree of futures, and the reduced one that a plan is made on.

The full tree branches once for every variable. In the reduced tree, nodes that share a *group* are joined; a
stage without groups is no gate. A joined node has the sum of the probabilities of what it joins, and what
happens in it is their mean, so that probabilities and means of every variable are those of the full tree. A
gate stands in the year in which the last of its variables is known: nothing is known earlier than in the full
tree.

Equations, with `P(n)` the probability to reach node n of the full tree and `g` a group:

    P(g) = sum of P(n) over the nodes n of g
    P(b | g) = sum over the leaves l below g that branch b leads to of P(l) / P(g)
    effect(g) = sum over the branches b of P(b | g) effect(b)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.plan.case import Case

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree of futures.

    Parameters
    ----------
    nodes
        Index ``node``, parents before children; columns ``parent`` (missing for the root), ``year`` from which
        it is known that the world is there, ``probability`` given the parent, ``reach`` (the product along the
        path), and ``leaf``.
    mix
        Index ``node, branch``; ``share`` is the probability of the branch, given the node, and ``settled``
        whether its variable is decided there.
    joined
        Node of this tree by node of the full tree, for the nodes at gates.
    """

    nodes: pd.DataFrame
    mix: pd.DataFrame = field(repr=False)
    joined: Mapping[str, str] = field(repr=False)

    @property
    def leaves(self) -> list[str]:
        """The ends of the tree."""
        return list(self.nodes.index[self.nodes["leaf"]])

    @property
    def gates(self) -> list[int]:
        """The years in which the tree branches."""
        return sorted(set(self.nodes.loc[self.nodes["parent"].notna(), "year"]))


def grow_tree(case: Case, *, full: bool = False) -> Tree:
    """Return the tree of a case: the reduced one, or the full one.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> case = load_case("IDN")
    >>> tree = grow_tree(case)
    >>> len(tree.leaves), tree.gates, len(grow_tree(case, full=True).leaves)
    (9, [2029, 2034], 36)
    """
    futures = index_rows(case.tables["futures"], "future")
    groups = index_rows(case.tables["future_groups"], "group")
    grouped = any(row["group"] is not None for row in futures.values())
    variables = dict(zip(case.tables["branches"]["branch"], case.tables["branches"]["variable"], strict=True))
    reach = _reach(futures)
    if full or not grouped:
        joined = {name: name for name in futures}
        parents = {name: row["parent"] for name, row in futures.items()}
    else:
        root = next(name for name, row in futures.items() if row["parent"] is None)
        joined = {root: root} | {name: row["group"] for name, row in futures.items() if row["group"] is not None}
        parents = {root: None} | {name: row["parent"] or root for name, row in groups.items()}
    return _make_tree(futures, reach, joined, parents, variables)


def blend_effects(case: Case, tree: Tree) -> pd.DataFrame:
    """Return what holds at each node of a tree: the mean of the effects of its branches (see the module).

    Returns
    -------
    Index ``node, effect, partner, year`` (``partner`` '' for all, ``year`` 0 where the effect holds from the
    branching on); columns ``value``, ``low``, ``high`` and ``settled``, which tells whether the variable is
    decided at the node: before that, the mean over all its branches is what may be expected.
    """
    mix = tree.mix.reset_index()
    effects = case.tables["branch_effects"]
    both = mix.merge(effects, on="branch", validate="many_to_many")
    both = both.assign(partner=both["partner"].fillna(""), year=both["year"].fillna(0).astype(int))
    figures = ["value", "low", "high"]
    both[figures] = both[figures].mul(both["share"], axis=0)
    groups = both.groupby(["node", "effect", "partner", "year"], sort=False)
    return groups[figures].sum().join(groups["settled"].all())


def blend_demand(case: Case, tree: Tree) -> pd.DataFrame:
    """Return the demand of each user at each node of a tree, by the years of the paths.

    Returns
    -------
    Index ``node, user, year``; ``value``, ``low`` and ``high`` against the first year of the paths.
    """
    paths = case.tables["demand_paths"].rename(columns={"node": "user"})
    both = tree.mix.reset_index().merge(paths, on="branch", validate="many_to_many")
    figures = ["value", "low", "high"]
    both[figures] = both[figures].mul(both["share"], axis=0)
    return both.groupby(["node", "user", "year"], sort=False)[figures].sum()


def _reach(futures: Rows) -> dict[str, float]:
    """Return the probability to reach each node of the full tree."""
    found: dict[str, float] = {}

    def reach(name: str) -> float:
        if name not in found:
            row = futures[name]
            found[name] = row["probability"] * (1.0 if row["parent"] is None else reach(row["parent"]))
        return found[name]

    for name in futures:
        reach(name)
    return found


def _make_tree(
    futures: Rows,
    reach: Mapping[str, float],
    joined: Mapping[str, str],
    parents: Mapping[str, str | None],
    variables: Mapping[str, str],
) -> Tree:
    mothers = {row["parent"] for row in futures.values()}
    leaves = [name for name in futures if name not in mothers]
    paths = {name: _path(futures, name) for name in leaves}
    total: dict[str, float] = dict.fromkeys(parents, 0.0)
    years: dict[str, int] = {}
    settled: dict[str, set[str]] = {name: set() for name in parents}
    for name, group in joined.items():
        total[group] += reach[name]
        years[group] = max(years.get(group, 0), futures[name]["year"])
        settled[group] |= {
            variables[futures[step]["branch"]] for step in _path(futures, name) if futures[step]["branch"]
        }
    shares: dict[tuple[str, str], float] = {}
    for leaf, path in paths.items():
        branches = [futures[step]["branch"] for step in path if futures[step]["branch"] is not None]
        for group in {joined[step] for step in path if step in joined}:
            for branch in branches:
                shares[group, branch] = shares.get((group, branch), 0.0) + reach[leaf] / total[group]
    order = _order(parents)
    nodes = pd.DataFrame(
        {
            "parent": pd.array([parents[name] for name in order], dtype="str"),
            "year": [years[name] for name in order],
            "probability": [total[name] / total.get(parents[name] or "", 1.0) for name in order],
            "reach": [total[name] for name in order],
            "leaf": [name not in set(parents.values()) for name in order],
        },
        index=pd.Index(order, name="node"),
    )
    keys = sorted(shares, key=lambda key: (order.index(key[0]), list(variables).index(key[1])))
    mix = pd.DataFrame(
        {
            "share": [shares[key] for key in keys],
            "settled": [variables[branch] in settled[group] for group, branch in keys],
        },
        index=pd.MultiIndex.from_tuples(keys, names=["node", "branch"]),
    )
    return Tree(nodes, mix, dict(joined))


def _path(futures: Rows, name: str) -> list[str]:
    """Return the nodes from the root of the full tree to a node."""
    path = [name]
    while (parent := futures[path[-1]]["parent"]) is not None:
        path.append(parent)
    return path[::-1]


def _order(parents: Mapping[str, str | None]) -> list[str]:
    """Return names with parents before children, else as they come."""
    order: list[str] = []
    while len(order) < len(parents):
        order += [name for name, parent in parents.items() if name not in order and (parent is None or parent in order)]
    return order


def name_nodes(case: Case, tree: Tree, language: str) -> dict[str, str]:
    """Return the name of each node of a tree: of its group, else of the branches that lead there."""
    groups = {row["group"]: row[f"name_{language}"] for row in list_rows(case.tables["future_groups"])}
    branches = {row["branch"]: row[f"name_{language}"] for row in list_rows(case.tables["branches"])}
    futures = index_rows(case.tables["futures"], "future")
    names = {}
    for node in tree.nodes.index:
        row = futures.get(node)
        names[node] = groups.get(node) or (branches[row["branch"]] if row and row["branch"] else node)
    return names
