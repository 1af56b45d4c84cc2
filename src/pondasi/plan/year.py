"""A country's year as a linear programme: what it makes, buys, sells, draws from stock, and leaves unmet (plan.20).

Two blocks, calm and disrupted, last ``1 - h`` and ``h`` of the year. In each block, for every node q of the chain::

    make_q + buy_q + draw_q + sum_k use_qk unmet_k  >=  sum_i input_qi make_i + sell_q + sum_k use_qk need_k

so a user k that lacks one node does without the same share of all (each node's deliveries cover
``need_k - unmet_k``). Bounds, times the length of the block: making by capacity and its availability; buying by what
foreign suppliers can ship to this buyer, and more for every new plant, which
brings supply contracts at the world's shares; selling by the market open to it.

In the disrupted block users lose what the weekly stress test says (plan.28): user k gets by its contracts what it then gets of node q, the rest it lacks, at the
price of what a unit less of this node costs it::

    make_q + buy_q + draw_q + sum_k contract_qk + sum_k lack_qk  >=  sum_i input_qi make_i + sell_q + sum_k use_qk need_k
    lack_qk <= h use_qk lost_qk / force_qk        contract_qk <= h use_qk - (bound of lack_qk)

Other sources, overtime and stocks of today are in that already. What steps add is not: agreements, reserves, and chips that are joined of what new
plants make. So without a step all that can lack does, and nothing more. A new plant finds the other parts of a chip only as far as they are not what the chip
lacks for: a packaging plant makes good what is not packaged elsewhere, and not what has no wafers (plan.28b).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.plan.problem import Operations

if TYPE_CHECKING:
    from pondasi.plan.problem import Matrix, Vector, Whole

CALM, DISRUPTED = "calm", "disrupted"
KINDS = {CALM: ("make", "buy", "sell", "unmet"), DISRUPTED: ("make", "buy", "sell", "draw", "contract", "lack")}
ENOUGH = 1 + 1e-9
"""By how much more may lack than does, so that rounding never makes a year impossible."""


@dataclass(frozen=True, eq=False)
class Scenarios:
    """What may happen in a year, with exact probabilities.

    Parameters
    ----------
    weight
        Probability, shape (S,).
    share
        Part of the year that is disrupted, shape (S,).
    home
        What a producer at home can make while disrupted, shape (I, S) in [0, 1].
    short
        Part of what goes into plants at home that cannot be bought while disrupted, shape (nodes, S).
    lost
        Output that each user loses for want of a node while disrupted, as a part of what it makes in that time, at most `YearChain.force`, shape (nodes,
        users, S).
    gain
        Part of what a country ships to this buyer at base that priority would bring back while disrupted, shape (nodes, countries, S).
    levels
        Uniform draw of each step, shape (J, S).
    """

    weight: Vector
    share: Vector
    home: Matrix
    short: Matrix
    lost: Matrix
    gain: Matrix
    levels: Matrix


@dataclass(frozen=True, eq=False)
class YearChain:
    """The chain around one country, a year at base [million USD per year].

    Parameters
    ----------
    nodes, producers, users, countries
        Names. A producer is a step with capacity, an existing plant, or the joining of parts to a chip.
    makes
        Node that each producer makes, shape (I,).
    unit_cost
        Energy, people and bought inputs outside the chain per unit made, shape (I,).
    inputs
        Inputs through the chain per unit made, shape (nodes, I).
    existing
        Capacity that stands, shape (I,).
    use
        What each user needs, shape (nodes, K).
    force
        Part of a user's output that stops where a node is not there at all, shape (nodes, K), in (0, 1] where it is used.
    penalty
        Value added lost per unit of need unmet, shape (K,): the need of a user is 1 at base.
    supply
        What each country ships to this buyer, shape (nodes, countries).
    spare
        Idle capacity of suppliers, as a share of supply, in calm times, shape (nodes,).
    needs
        What a unit of new capacity of a producer finds suppliers for: its inputs, and what is joined with it into a
        chip, shape (nodes, I).
    contracts
        World shares at which it finds them, shape (nodes, countries).
    market, price
        What can be sold abroad, shape (nodes,), and what it earns at the border, 1 being the world price.
    growth
        Factors by tree node: row 0 all 1, row 1 the world's markets, then each user's need, then any others, shape (classes, N).
    supply_growth
        Row of ``growth`` with which the supply of a node to this buyer grows, shape (nodes,).
    option_producer
        Producer that each option adds to, or -1, shape (O,).
    capacity, sales
        What a module adds to making, and to what can be sold abroad, shape (O,).
    reserve
        What a module adds to the stock of each node, shape (O, nodes).
    agreed, agreed_with
        Part of the gap between what a country ships to this buyer while disrupted and what it would with full priority that
        a module closes, shape (O, nodes); and that country's position among ``countries``, or -1, shape (O,).
    accesses
        Positions among ``countries`` of those that an agreement may give priority with, shape (C,).
    joins
        Producers that only join a chip from its parts, as indices: whoever has the parts has the chip.
    """

    nodes: tuple[str, ...]
    producers: tuple[str, ...]
    users: tuple[str, ...]
    countries: tuple[str, ...]
    makes: Whole
    unit_cost: Vector
    inputs: Matrix
    existing: Vector
    use: Matrix
    force: Matrix
    penalty: Vector
    supply: Matrix
    spare: Vector
    needs: Matrix
    contracts: Matrix
    market: Vector
    price: Vector
    growth: Matrix = field(repr=False)
    supply_growth: Whole = field(repr=False)
    option_producer: Whole = field(repr=False)
    capacity: Vector = field(repr=False)
    sales: Vector = field(repr=False)
    reserve: Matrix = field(repr=False)
    agreed: Matrix = field(repr=False)
    agreed_with: Whole = field(repr=False)
    accesses: Whole = field(repr=False)
    joins: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.intp), repr=False)

    @property
    def pairs(self) -> tuple[Whole, Whole]:
        """Node and user of each need, shape (P,)."""
        node, user = np.nonzero(self.use)
        return node, user

    @property
    def lacking(self) -> Vector:
        """What a unit less of a node costs a user, by need, shape (P,) [value added lost per unit]."""
        node, user = self.pairs
        return np.asarray(self.penalty[user] * self.force[node, user] / self.use[node, user])


def assemble_year(chain: YearChain, scenarios: Scenarios) -> Operations:
    """Return the programme of a year (plan.20) with its bounds as entries on what the strategic part decides."""
    columns = _Columns(chain)
    spread = chain.contracts.sum(axis=1)
    length = {CALM: 1 - scenarios.share, DISRUPTED: scenarios.share}
    nodes, users = len(chain.nodes), len(chain.users)
    base = np.zeros((columns.number, len(scenarios.weight)))
    growth = np.zeros(columns.number, dtype=np.intp)
    entries: list[tuple[int, int, int, Vector]] = []
    for block in (CALM, DISRUPTED):
        h = length[block]
        calm = block == CALM
        home = np.ones_like(scenarios.home) if calm else scenarios.home
        base[columns.at(block, "make")] = chain.existing[:, None] * home * h
        if not calm:
            base[columns.at(block, "make")][chain.joins] = 0
        base[columns.at(block, "sell")] = chain.market[:, None] * h
        supply = chain.supply.sum(axis=1)
        if calm:
            base[columns.at(block, "unmet")] = h
            growth[columns.at(block, "unmet")] = 2 + np.arange(users)
            bought = np.tile((supply * (1 + chain.spare))[:, None], len(h))
            shipped = found = np.ones_like(scenarios.short)
        else:
            shipped, found = 1 - scenarios.short, _find_parts(chain, scenarios)
            # What users need comes by their contracts; the parts of chips that plants of today buy go into what they sell abroad.
            parts = (chain.inputs[:, chain.joins] > 0).any(axis=1)
            bought = np.where(parts, 0.0, np.maximum(supply - chain.use.sum(axis=1), 0))[:, None] * shipped
            _bound_users(chain, scenarios, columns, base, growth)
        base[columns.at(block, "buy")] = bought * h
        growth[columns.at(block, "sell")] = 1
        growth[columns.at(block, "buy")] = chain.supply_growth
        for o, i in enumerate(chain.option_producer):
            if i < 0:
                continue
            entries.append((columns.one(block, "make", i), o, 0, chain.capacity[o] * home[i] * h))
            if chain.sales[o]:
                entries.append((columns.one(block, "sell", chain.makes[i]), o, 1, chain.sales[o] * h))
            for q in np.flatnonzero(chain.needs[:, i]):
                own = min(chain.inputs[q, i], chain.needs[q, i])
                comes = own * shipped[q] + (chain.needs[q, i] - own) * found[q]
                entries.append((columns.one(block, "buy", q), o, 0, chain.capacity[o] * spread[q] * comes * h))
            if not calm:
                entries += _enter_joins(chain, columns, int(o), h)
    entries += _enter_agreements(chain, scenarios, columns)
    need = np.zeros((2 * nodes, len(chain.growth)))
    need[:nodes, 2 : 2 + users] = need[nodes:, 2 : 2 + users] = chain.use
    return Operations(
        cost=_price_columns(chain, columns),
        matrix=_balance_nodes(chain, columns),
        need=need,
        row_weight=np.vstack([np.tile(length[block], (nodes, 1)) for block in (CALM, DISRUPTED)]),
        growth=chain.growth,
        base=base,
        column_growth=growth,
        entry_column=np.array([entry[0] for entry in entries], dtype=np.intp),
        entry_input=np.array([entry[1] for entry in entries], dtype=np.intp),
        entry_growth=np.array([entry[2] for entry in entries], dtype=np.intp),
        coefficient=np.array([entry[3] for entry in entries]).reshape(len(entries), len(scenarios.weight)),
        levels=scenarios.levels,
        weight=scenarios.weight,
        loss=_price_unmet(chain, columns),
        parts=_take_apart(chain),
        row_labels=tuple((block, node) for block in (CALM, DISRUPTED) for node in chain.nodes),
        column_labels=columns.labels,
    )


def _bound_users(chain: YearChain, scenarios: Scenarios, columns: _Columns, base: Matrix, growth: Whole) -> None:
    """Enter what users get while disrupted, and what they lack (plan.28)."""
    node, user = chain.pairs
    whole = chain.use[node, user][:, None] * scenarios.share
    lacks = whole * np.minimum(scenarios.lost[node, user] / chain.force[node, user][:, None], 1)
    base[columns.at(DISRUPTED, "lack")] = lacks * ENOUGH
    base[columns.at(DISRUPTED, "contract")] = whole - lacks
    growth[columns.at(DISRUPTED, "lack")] = growth[columns.at(DISRUPTED, "contract")] = 2 + user


def _find_parts(chain: YearChain, scenarios: Scenarios) -> Matrix:
    """Return what part of the other parts of a chip a new plant finds while disrupted, shape (nodes, S) (plan.28b)."""
    use = chain.use.sum(axis=1)
    lacks = np.zeros_like(scenarios.short)
    for q in np.flatnonzero(use):
        part = np.divide(
            scenarios.lost[q],
            chain.force[q][:, None],
            out=np.zeros_like(scenarios.lost[q]),
            where=chain.force[q][:, None] > 0,
        )
        lacks[q] = chain.use[q] @ np.minimum(part, 1) / use[q]
    chips = chain.joins
    cause = np.array(
        [(lacks[chain.makes[chips]] * (row[:, None] > 0)).max(axis=0, initial=0) for row in chain.inputs[:, chips]]
    )
    open_ = 1 - np.divide(scenarios.short, cause, out=scenarios.short.copy(), where=cause > 0)
    return np.asarray(np.clip(open_, 0, 1))


def _enter_joins(chain: YearChain, columns: _Columns, option: int, h: Vector) -> list[tuple[int, int, int, Vector]]:
    """Return how many chips an option lets home join while disrupted: as many as what it makes goes into.

    Plants of today go on serving those whom they serve.
    """
    i = chain.option_producer[option]
    made = chain.makes[i]
    return [
        (columns.one(DISRUPTED, "make", join), option, 0, chain.capacity[option] / chain.inputs[made, join] * h)
        for join in chain.joins[chain.inputs[made, chain.joins] > 0]
    ]


def _enter_agreements(chain: YearChain, scenarios: Scenarios, columns: _Columns) -> list[tuple[int, int, int, Vector]]:
    """Return what access, agreements and stocks add while something is disrupted: column, input, growth and amount, shape (S,)."""
    entries: list[tuple[int, int, int, Vector]] = []
    first = scenarios.gain * scenarios.share
    gained = first[:, chain.accesses]
    options = len(chain.option_producer)
    for c in range(len(chain.accesses)):
        for q in np.flatnonzero(chain.supply[:, chain.accesses[c]]):
            gain = chain.supply[q, chain.accesses[c]] * gained[q, c]
            if gain.any():
                entries.append((columns.one(DISRUPTED, "buy", q), options + c, int(chain.supply_growth[q]), gain))
    for o, q in zip(*np.nonzero(chain.agreed * (chain.agreed_with >= 0)[:, None]), strict=True):
        c = chain.agreed_with[o]
        gain = chain.agreed[o, q] * chain.supply[q, c] * first[q, c]
        if gain.any():
            entries.append((columns.one(DISRUPTED, "buy", q), int(o), int(chain.supply_growth[q]), gain))
    for o, q in zip(*np.nonzero(chain.reserve), strict=True):
        # A stock is there as a whole or not at all, and can be drawn only while something is disrupted.
        entries.append(
            (columns.one(DISRUPTED, "draw", q), int(o), 0, np.where(scenarios.share > 0, chain.reserve[o, q], 0.0))
        )
    return entries


class _Columns:
    """Where each activity of each block stands."""

    def __init__(self, chain: YearChain) -> None:
        needs = tuple(f"{chain.users[k]}: {chain.nodes[q]}" for q, k in zip(*chain.pairs, strict=True))
        names = {"make": chain.producers, "unmet": chain.users, "contract": needs, "lack": needs}
        self.first: dict[tuple[str, str], tuple[int, int]] = {}
        labels: list[tuple[str, ...]] = []
        for block in (CALM, DISRUPTED):
            for kind in KINDS[block]:
                found = names.get(kind, chain.nodes)
                self.first[block, kind] = (len(labels), len(found))
                labels += [(block, kind, name) for name in found]
        self.labels, self.number = tuple(labels), len(labels)

    def at(self, block: str, kind: str) -> slice:
        first, count = self.first[block, kind]
        return slice(first, first + count)

    def one(self, block: str, kind: str, index: int | np.intp) -> int:
        return self.first[block, kind][0] + int(index)


def _balance_nodes(chain: YearChain, columns: _Columns) -> sparse.csr_array:
    """Return the balances of all nodes, one block under the other."""
    nodes = len(chain.nodes)
    matrix = sparse.lil_array((2 * nodes, columns.number))
    q = np.arange(nodes)
    for number, block in enumerate((CALM, DISRUPTED)):
        rows = slice(number * nodes, (number + 1) * nodes)
        made = -chain.inputs.astype(float)
        made[chain.makes, np.arange(len(chain.makes))] += 1
        matrix[rows, columns.at(block, "make")] = made
        matrix[rows, columns.at(block, "buy")] = np.eye(nodes)
        matrix[rows, columns.at(block, "sell")] = -np.eye(nodes)
        if block == CALM:
            matrix[rows, columns.at(block, "unmet")] = chain.use
            continue
        matrix[q + number * nodes, q + columns.at(block, "draw").start] = 1
        node = chain.pairs[0]
        for kind in ("contract", "lack"):
            matrix[node + number * nodes, np.arange(len(node)) + columns.at(block, kind).start] = 1
    return sparse.csr_array(matrix)


def _take_apart(chain: YearChain) -> Matrix:
    """Return what users cannot do without, with chips that are joined at home as the parts that go into them, shape (rows, classes) (plan.85)."""
    nodes, users = len(chain.nodes), len(chain.users)
    parts = np.zeros((2 * nodes, len(chain.growth)))
    parts[:nodes, 2 : 2 + users] = parts[nodes:, 2 : 2 + users] = chain.use * (chain.force >= 1)
    need = parts.copy()
    for i in chain.joins:
        for first in (0, nodes):
            chip = first + chain.makes[i]
            parts[first : first + nodes] += chain.inputs[:, [i]] * need[chip]
            parts[chip] -= need[chip]
    return parts


def _price_columns(chain: YearChain, columns: _Columns) -> Vector:
    """Return prices: the world price of 1 for what is bought, the border price for what is sold, unit costs, value added lost; stock is paid when it is built."""
    cost = np.zeros(columns.number)
    for block in (CALM, DISRUPTED):
        cost[columns.at(block, "make")] = chain.unit_cost
        cost[columns.at(block, "buy")] = 1
        cost[columns.at(block, "sell")] = -chain.price
    # A user that stands still loses its value added, and buys no chips: these would have cost what they are worth.
    cost[columns.at(CALM, "unmet")] = chain.penalty + chain.use.sum(axis=0)
    cost[columns.at(DISRUPTED, "lack")] = 1 + chain.lacking
    cost[columns.at(DISRUPTED, "contract")] = 1
    # What is drawn must be bought again.
    cost[columns.at(DISRUPTED, "draw")] = 1
    return cost


def _price_unmet(chain: YearChain, columns: _Columns) -> Vector:
    """Return what counts as loss of a year: value added lost."""
    loss = np.zeros(columns.number)
    loss[columns.at(CALM, "unmet")] = chain.penalty
    loss[columns.at(DISRUPTED, "lack")] = chain.lacking
    return loss
