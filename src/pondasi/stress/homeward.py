"""Capacity at home in the place of imports: the same chain, with plants moved (stress.19)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.stress.system import Floats, Ints


@dataclass(frozen=True, eq=False)
class Homeward:
    """A chain in which a country makes part of what it bought abroad.

    Parameters
    ----------
    flows
        The chain with the plants at home.
    built
        Output that moved home by node, the node itself and what it is made of [USD/year].
    """

    flows: Flows = field(repr=False)
    built: dict[str, float]


def move_home(flows: Flows, node: str, users: Sequence[str], home: str, part: float, made: Collection[str]) -> Homeward:
    """Let a country make part of what its users import of a node, with the plants that it comes from.

    To a planner: instead of so much of its imported chips the country has the fab and the assembly line for
    them. Nothing else is new: the plants at home take the same materials, rights and tools from the same
    makers as those that they replace, so that all totals of the chain stay, and only where things are made
    changes. A plant abroad that served the country is smaller by what moved.

    Parameters
    ----------
    flows
        Balanced flows.
    node, users, home
        What is made at home, for which of the country's user nodes, and the country.
    part
        Part of what these users import of the node that is made at home, 0 to 1.
    made
        Nodes that move with what is made of them, if it takes them as goods; see
        `pondasi.stress.twins.find_made`.

    Raises
    ------
    ValueError
        If ``part`` is not between 0 and 1.

    Example
    -------
    >>> import numpy as np
    >>> from pondasi import balance_flows, load_chain
    >>> from pondasi.stress.twins import find_made
    >>> chain = load_chain()
    >>> flows = balance_flows(chain)
    >>> moved = move_home(flows, "chip_power_sic", flows.users, "IDN", 0.5, find_made(chain))
    >>> list(moved.built)
    ['chip_power_sic', 'fab_sic', 'test_service', 'atp_wirebond']
    >>> bool(np.isclose(moved.flows.output.sum(), flows.output.sum()))
    True
    """
    if not 0 <= part <= 1:
        raise ValueError("the part that moves lies between 0 and 1")
    moving = _list_moving(flows, node, made)
    labels, place = _add_places(flows.labels, moving, home)
    tables = {name: _widen(getattr(flows, name), place, len(labels)) for name in ("Z", "capital", "licence")}
    goods, output, built = tables["Z"], np.zeros(len(labels)), {}
    output[place] = flows.output
    nodes, countries = (labels.get_level_values(level).to_numpy(dtype=object) for level in ("node", "country"))
    wanted = pd.MultiIndex.from_tuples([(name, home) for name in moving], names=labels.names)
    at_home = dict(zip(moving, labels.get_indexer(wanted).tolist(), strict=True))
    buyers = np.flatnonzero(np.isin(nodes, users) & (countries == home))
    # What moves away from each supplier: the node itself for its users, the rest for the plants that moved.
    leaves = np.zeros(len(labels))
    abroad = np.flatnonzero((nodes == node) & (countries != home))
    imports = part * goods[np.ix_(abroad, buyers)]
    goods[np.ix_(abroad, buyers)] -= imports
    goods[at_home[node], buyers] += imports.sum(axis=0)
    leaves[abroad] = imports.sum(axis=1)
    for name in moving:
        here, abroad = at_home[name], np.flatnonzero((nodes == name) & (countries != home))
        built[name] = float(leaves[abroad].sum())
        moved = np.divide(leaves[abroad], output[abroad], out=np.zeros(len(abroad)), where=output[abroad] > 0)
        inputs = np.zeros(len(labels))
        for table in tables.values():
            taken = table[:, abroad] * moved
            table[:, abroad] -= taken
            table[:, here] += taken.sum(axis=1)
            inputs += taken.sum(axis=1) if table is goods else 0.0
        output[abroad] -= leaves[abroad]
        output[here] += built[name]
        for below in moving[moving.index(name) + 1 :]:
            theirs = np.where((nodes == below) & (countries != home), inputs, 0.0)
            goods[:, here] -= theirs
            goods[at_home[below], here] += theirs.sum()
            leaves += theirs
    left = {name: sparse.csr_array(np.maximum(table, 0.0)) for name, table in tables.items()}
    changed = replace(
        flows,
        labels=labels,
        output=np.maximum(output, 0.0),
        Z=left["Z"],
        capital=left["capital"],
        licence=left["licence"],
    )
    return Homeward(changed, built)


def _list_moving(flows: Flows, node: str, made: Collection[str]) -> list[str]:
    """Return the node and the nodes that move with it, users before their makers."""
    nodes = flows.labels.get_level_values("node").to_numpy(dtype=object)
    order = {name: number for number, name in enumerate(dict.fromkeys(nodes))}
    sold = sparse.coo_array(flows.Z)
    pairs = set(zip(nodes[sold.coords[0]], nodes[sold.coords[1]], strict=True))
    found, waiting = {node}, [node]
    while waiting:
        user = waiting.pop()
        below = {maker for maker, to in pairs if to == user and maker in made} - found
        found |= below
        waiting += below
    return sorted(found, key=lambda name: -order[name])


def _add_places(labels: pd.MultiIndex, moving: Sequence[str], home: str) -> tuple[pd.MultiIndex, Ints]:
    """Return the labels with the country at each of some nodes, and where the old ones stand among them."""
    rows: list[tuple[str, str]] = []
    known = list(labels)
    for number, (node, country) in enumerate(known):
        rows.append((node, country))
        last = number + 1 == len(known) or known[number + 1][0] != node
        if last and node in moving and (node, home) not in labels:
            rows.append((node, home))
    wide = pd.MultiIndex.from_tuples(rows, names=labels.names)
    return wide, wide.get_indexer(labels).astype(np.int64)


def _widen(table: sparse.csr_array, place: Ints, size: int) -> Floats:
    """Return a table between suppliers with room for new ones, shape (size, size)."""
    wide = np.zeros((size, size))
    wide[np.ix_(place, place)] = table.toarray()
    return wide
