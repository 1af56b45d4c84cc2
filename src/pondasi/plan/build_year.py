"""The chain around one country as the plan's operations see it, from the balanced flows of the world (plan.20, plan.47).

In it are the chips whose lack costs a user output, the nodes that steps add capacity to, and what goes into either. A chip is
joined from wafers, packaging, test and design: a producer of its own, so that home parts find their way into home chips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.accounts import account_nodes
from pondasi.chain.flows import balance_flows
from pondasi.chain.variants import inherit_links
from pondasi.errors import DataError, Problem
from pondasi.plan.problem import ALONE
from pondasi.plan.scenarios import draw_levels
from pondasi.plan.year import Scenarios, YearChain
from pondasi.stress.build import IMPORTANT, PACE, REACH
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.plan.case import Case
    from pondasi.plan.problem import Matrix, Vector
    from pondasi.plan.scenarios import Disruptions

MILLION = 1e6
WEEKS = 52
ROOM = 10.0
"""By how much the joining of chips at home may exceed today's need: it is no limit, and has to be finite."""


def build_chain_year(case: Case, options: pd.DataFrame, growth: Mapping[str, Vector]) -> YearChain:
    """Return the year of a case's country at base (`YearChain`).

    Parameters
    ----------
    options
        One row per option, with ``step``, ``partner`` and ``modules_max``.
    growth
        Growth of each user's need in each node of the tree, shape (N,).
    """
    chain, home = case.world.chain, case.country
    flows, accounts = balance_flows(chain), account_nodes(chain)
    order = {node: k for k, node in enumerate(accounts.nodes)}
    output = pd.Series(accounts.output, accounts.nodes)
    links = inherit_links(chain)
    trade = read_trade(flows, home)
    users = tuple(
        user for user in accounts.users if user in growth and user in trade.users and trade.users[user].to_numpy().any()
    )
    force = find_force(case.world)
    binds = np.array(
        [force.get(pair, 0.0) > 0 for pair in zip(links["supplier"], links["user"], strict=True)], dtype=bool
    )
    wanted = links[links["user"].isin(users) & (links["role"] == "flow") & binds]
    chips = tuple(dict.fromkeys(wanted["supplier"]))
    made = find_capacity(case)
    steps = tuple(step for step in dict.fromkeys(options["step"]) if step in made)
    targets = tuple(dict.fromkeys(made[step][0] for step in steps))
    flow, licence = (accounts.sales[role].tocsc() for role in ("flow", "licence"))

    def enter(node: str) -> pd.Series:
        """Return what goes into a unit of a node; rights count where a chip is joined from its design."""
        column = order[node]
        amount = np.asarray(flow[:, [column]].todense()).ravel()
        if node in chips:
            amount = amount + np.asarray(licence[:, [column]].todense()).ravel()
        amount = amount / output[node] if output[node] > 0 else amount * 0
        found = pd.Series(amount, accounts.nodes)
        kinds = chain.nodes.set_index("node")["kind"]
        return found[(found > 0) & (kinds[found.index] != "tool")]

    into = {node: enter(node) for node in (*chips, *targets)}
    names = dict.fromkeys(node for node in (*chips, *targets, *(q for part in into.values() for q in part.index)))
    nodes = tuple(sorted(names, key=order.__getitem__))
    at = {node: k for k, node in enumerate(nodes)}
    countries = tuple(dict.fromkeys(flows.labels.get_level_values("country")))
    producers = (*steps, *(f"today: {node}" for node in targets), *(f"join: {chip}" for chip in chips))
    makes = [made[step][0] for step in steps] + list(targets) + list(chips)
    inputs = np.zeros((len(nodes), len(producers)))
    for i, node in enumerate(makes):
        for q, amount in into[node].items():
            inputs[at[str(q)], i] = amount
    binding = set(zip(wanted["supplier"], wanted["user"], strict=True))
    use = np.array(
        [[trade.users[user].loc[node].sum() if (node, user) in binding else 0.0 for user in users] for node in nodes]
    )
    joined = use.sum(axis=1)
    # What users buy without needing it to go on is no part of the plan's need, and neither is its supply.
    supply = np.array(trade.bought.reindex(index=list(nodes), columns=list(countries), fill_value=0.0), dtype=float)
    for user, table in trade.users.items():
        for q, node in enumerate(nodes):
            if (node, user) not in binding:
                supply[q] -= table.loc[node, list(countries)].to_numpy(dtype=float)
    # What the country makes itself of a node that steps add to is a producer of its own.
    supply[[at[node] for node in targets], countries.index(home)] = 0
    needs = _find_needs(inputs, makes, into, chips, joined, at)
    terms = figures(case.tables["node_terms"], "node", "term")
    world = np.array([output[node] for node in nodes])
    share = np.array([terms.get((node, "export_share"), 0.0) for node in nodes])
    here = trade.made[home].reindex(nodes).to_numpy()
    today = np.maximum(here - trade.bought[home].reindex(nodes).to_numpy(), 0.0)
    grown, supply_growth = _grow(growth, users, use, accounts.users, output)
    existing = np.concatenate(
        [
            np.zeros(len(steps)),
            [here[at[node]] for node in targets],
            ROOM * np.array([joined[at[chip]] for chip in chips]),
        ]
    )
    made_at = {step: k for k, step in enumerate(steps)}
    return YearChain(
        nodes=nodes,
        producers=producers,
        users=users,
        countries=countries,
        makes=np.array([at[node] for node in makes]),
        unit_cost=_unit_costs(case, steps, inputs[:, -len(chips) :], len(targets)),
        inputs=inputs,
        existing=existing / MILLION,
        use=use / MILLION,
        force=np.array([[force.get((node, user), 0.0) for user in users] for node in nodes]),
        penalty=np.array(
            [
                float(trade.made[home].to_dict()[user]) * _trait(case, user, "value_added_share_of_output")
                for user in users
            ]
        )
        / MILLION,
        supply=np.maximum(supply, 0) / MILLION,
        spare=np.array([_trait(case, node, "overcapacity_max") for node in nodes]),
        needs=needs,
        contracts=trade.world_shares(nodes, countries, home),
        market=(share * world + today) / MILLION,
        price=np.array([terms.get((node, "border_price"), 1.0) for node in nodes]),
        growth=grown,
        supply_growth=supply_growth,
        option_producer=np.array([made_at.get(step, ALONE) for step in options["step"]]),
        capacity=np.array([made[step][1] if step in made else 0.0 for step in options["step"]]) / MILLION,
        sales=np.zeros(len(options)),
        reserve=_hold_stock(case, options, nodes, joined),
        agreed=_agree_supply(case, options, nodes),
        agreed_with=np.array(
            [countries.index(partner) if partner in countries else ALONE for partner in options["partner"]]
        ),
        accesses=np.zeros(0, dtype=np.intp),
        joins=np.arange(len(steps) + len(targets), len(producers)),
    )


def _hold_stock(case: Case, options: pd.DataFrame, nodes: Sequence[str], joined: Vector) -> Matrix:
    """Return what a module adds to the stock of each node, shape (O, nodes) [million USD]: weeks of home use (plan.48)."""
    weeks = find_effects(case, "stock")
    table = [[weeks.get((step, node), 0.0) for node in nodes] for step in options["step"]]
    return np.asarray(np.array(table).reshape(len(options), len(nodes)) / WEEKS * joined / MILLION)


def _agree_supply(case: Case, options: pd.DataFrame, nodes: Sequence[str]) -> Matrix:
    """Return the part of a partner's gap in supply that a module closes, shape (O, nodes): all modules at most all of it (plan.48)."""
    part = find_effects(case, "access")
    table = [[part.get((step, node), 0.0) for node in nodes] for step in options["step"]]
    most = 1 / np.maximum(options["modules_max"].to_numpy(dtype=float), 1)
    return np.asarray(np.minimum(np.array(table).reshape(len(options), len(nodes)), most[:, None]))


def find_force(world: World) -> dict[tuple[str, str], float]:
    """Return the part of a user's output that stops where it gets nothing of a node, by supplier and user (stress.4)."""
    row = index_rows(world.companions[PACE], "parameter").get(IMPORTANT) if PACE in world.companions else None
    if row is None:
        raise DataError((Problem("parameter_needed", PACE, value=IMPORTANT),), "stress_needs")
    table = world.companions.get(REACH)
    known = {
        (part["supplier"], part["user"]): float(part["share"]) for part in ([] if table is None else list_rows(table))
    }
    usual = {"critical": 1.0, "important": float(row["value"]), "marginal": 0.0}
    flows = [link for link in list_rows(inherit_links(world.chain)) if link["role"] == "flow"]
    return {
        (link["supplier"], link["user"]): known.get((link["supplier"], link["user"]), usual[link["essentiality"]])
        for link in flows
    }


def find_effects(case: Case, effect: str) -> dict[tuple[str, str], float]:
    """Return what steps do to nodes beside capacity: by step and node, per full module."""
    rows = list_rows(case.tables["step_nodes"])
    return {(row["step"], row["node"]): float(row["value"]) for row in rows if row["effect"] == effect}


def figures(frame: pd.DataFrame, *keys: str, column: str = "value") -> dict[Any, float]:
    """Return the stated figures of a table by key; what is unknown is not among them."""
    return {key: float(row[column]) for key, row in index_rows(frame, *keys).items() if row[column] is not None}


def build_scenarios(case: Case, chain: YearChain, steps: Sequence[str], drawn: Disruptions, seed: int) -> Scenarios:
    """Return what may happen in a year to this chain, from years that were run week by week (plan.28)."""
    years, number = drawn.years, len(drawn.weight)
    rows = {node: k for k, node in enumerate(drawn.nodes)}
    at = np.array([rows[node] for node in chain.nodes], dtype=np.intp)
    share = np.where(years.share > 0, years.share, 1.0)
    lost = np.zeros((len(chain.nodes), len(chain.users), number))
    place = {(node, user): (q, k) for q, node in enumerate(chain.nodes) for k, user in enumerate(chain.users)}
    for pair, row in zip(drawn.engine.needs, years.lost, strict=True):
        if pair in place:
            lost[place[pair]] = row / share
    short = years.short[at]
    return Scenarios(
        drawn.weight,
        years.share,
        home=1 - years.struck[at][chain.makes],
        short=short,
        lost=lost,
        gain=_gain_priority(case, chain, drawn, lost, short),
        levels=draw_levels(steps, drawn.weight, seed),
    )


def _gain_priority(case: Case, chain: YearChain, drawn: Disruptions, lost: Matrix, short: Matrix) -> Matrix:
    """Return what priority with a country brings back, shape (nodes, countries, S) (plan.28a).

    What lacks of a node is shared out over its makers abroad by the weeks that they do not ship; a buyer that each of them serves first gets what it
    usually gets, as far as they make so much at all.
    """
    number = len(drawn.weight)
    shape = (len(chain.nodes), len(chain.countries), number)
    slow, left = np.zeros(shape), np.ones(shape)
    q, c = ({name: k for k, name in enumerate(names)} for names in (chain.nodes, chain.countries))
    for (node, country), weeks, part in zip(
        drawn.engine.system.labels, drawn.years.slow, drawn.years.left, strict=True
    ):
        if node in q and country in c:
            slow[q[node], c[country]], left[q[node], c[country]] = weeks, part
    made = read_trade(balance_flows(case.world.chain), case.country).made
    total = made.reindex(index=chain.nodes, columns=chain.countries, fill_value=0.0).to_numpy() / MILLION
    use = chain.use.sum(axis=1)
    needed = np.divide(chain.use, chain.force, out=np.zeros_like(chain.use), where=chain.force > 0)
    users = np.einsum("qk,qks->qs", needed, lost)
    lacking = np.where(use[:, None] > 0, users / np.where(use > 0, use, 1.0)[:, None], short)
    sold = np.where(chain.supply.sum(axis=1, keepdims=True) > 0, chain.supply, chain.contracts)
    sold = np.divide(
        sold, sold.sum(axis=1, keepdims=True), out=np.zeros_like(sold), where=sold.any(axis=1, keepdims=True)
    )
    mean = np.einsum("qc,qcs->qs", sold, slow)[:, None, :]
    lag = np.divide(slow, mean, out=np.ones(shape), where=mean > 0)
    gone = np.minimum(lag * lacking[:, None, :], 1.0)
    often = np.divide(total, chain.supply, out=np.full_like(total, np.inf), where=chain.supply > 0)
    first = np.where(left > 0, np.minimum(1.0, np.where(left > 0, left, 1.0) * often[:, :, None]), 0.0)
    return np.asarray(np.maximum(first - (1 - gone), 0.0))


def _find_needs(
    inputs: Matrix,
    makes: Sequence[str],
    into: Mapping[str, pd.Series],
    chips: Sequence[str],
    joined: Vector,
    at: Mapping[str, int],
) -> Matrix:
    """Return what a unit of capacity finds suppliers for: its inputs, and the other parts of the chips it may go into.

    A part that goes into several chips is spread over them by what the country uses of each.
    """
    needs = inputs.copy()
    for i, node in enumerate(makes):
        if node in chips:
            continue
        takes = {chip: float(into[chip].get(node, 0.0)) * joined[at[chip]] for chip in chips}
        total = sum(takes.values())
        if total <= 0:
            continue
        for chip, taken in takes.items():
            if taken > 0:
                for other, amount in into[chip].items():
                    if other != node:
                        needs[at[str(other)], i] += taken / total * amount / float(into[chip][node])
    return needs


def _grow(
    growth: Mapping[str, Vector], users: Sequence[str], use: Matrix, all_users: Sequence[str], output: pd.Series
) -> tuple[Matrix, np.ndarray]:
    """Return growth by class: 1; the world's chip users together; each user at home; then the home need of every node."""
    every = [user for user in all_users if user in growth]
    weights = np.array([output.get(user, 0.0) for user in every])
    world = np.array([growth[user] for user in every]).T @ weights / weights.sum()
    rows = [np.ones(len(world)), world, *(growth[user] for user in users)]
    classes = np.ones(len(use), dtype=np.intp)
    for q, row in enumerate(use):
        if row.sum() > 0:
            classes[q] = len(rows)
            rows.append(np.array([growth[user] for user in users]).T @ row / row.sum())
    return np.array(rows), classes


def _unit_costs(case: Case, steps: Sequence[str], joins: Matrix, standing: int) -> Vector:
    """Return running cost per unit without what is bought through the chain.

    A programme whose costs sales do not cover pays them elsewhere and costs nothing here; what stands today runs at
    sunk cost; joining adds what a bought chip costs more than its parts.
    """
    costs = figures(case.tables["step_costs"], "step", "kind")
    plants, made = find_plants(case), find_capacity(case)
    unit = [
        max(costs.get((step, "opex"), 0.0) - costs.get((step, "inputs"), 0.0), 0.0) / made[step][1]
        if step in plants
        else 0.0
        for step in steps
    ]
    return np.concatenate([unit, np.zeros(standing), np.maximum(1 - joins.sum(axis=0), 0)])


def find_capacity(case: Case) -> dict[str, tuple[str, float]]:
    """Return the node that a step makes and its output at full ramp [USD per year], for steps that make any."""
    rows = list_rows(case.tables["step_nodes"])
    return {row["step"]: (row["node"], float(row["value"])) for row in rows if row["effect"] == "capacity"}


def find_margins(case: Case) -> dict[str, float]:
    """Return what sales at the border leave over running costs at full ramp [USD per year], for steps that make any."""
    costs = figures(case.tables["step_costs"], "step", "kind")
    price = figures(case.tables["node_terms"], "node", "term")
    made = find_capacity(case)
    return {
        step: value * price.get((node, "border_price"), 1.0) - costs.get((step, "opex"), 0.0)
        for step, (node, value) in made.items()
    }


def find_plants(case: Case) -> set[str]:
    """Return the steps whose sales at the border cover their running costs: these belong to the operations (plan.44)."""
    return {step for step, margin in find_margins(case).items() if margin >= 0}


@dataclass(frozen=True, eq=False)
class Trade:
    """Who makes what, and what one country buys of it: tables of node by country [USD per year].

    Parameters
    ----------
    made
        Output of a node in a country.
    bought
        What the home country buys of a node from a country, its own included; `for_user` splits it.
    """

    made: pd.DataFrame
    bought: pd.DataFrame
    users: Mapping[str, pd.DataFrame]

    def world_shares(self, nodes: Sequence[str], countries: Sequence[str], home: str) -> Matrix:
        """Return who makes a node abroad, shape (nodes, countries), rows adding up to 1 where anybody does."""
        table = np.array(self.made.reindex(index=list(nodes), columns=list(countries), fill_value=0.0), dtype=float)
        table[:, list(countries).index(home)] = 0
        total = table.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(table, total, out=np.zeros_like(table), where=total > 0))


def read_trade(flows: Flows, home: str) -> Trade:
    """Return the trade of a country from balanced flows."""
    countries = flows.labels.get_level_values("country")
    buyers = flows.labels.get_level_values("node").to_numpy()

    def table(values: Vector) -> pd.DataFrame:
        frame = pd.DataFrame({"value": values}, index=flows.labels).reset_index()
        return frame.pivot_table(index="node", columns="country", values="value", aggfunc="sum", fill_value=0.0)

    flow = sparse.csc_array(flows.Z)
    here = np.flatnonzero(countries == home)
    bought = {str(buyers[k]): np.asarray(flow[:, [k]].todense()).ravel() for k in here}
    whole = np.sum(list(bought.values()), axis=0) if bought else np.zeros(len(flows.labels))
    users = {user: table(bought[user]) for user in flows.users if user in bought}
    return Trade(table(flows.output), table(whole), users)


def _trait(case: Case, node: str, trait: str) -> float:
    """Return a trait of a node; one that is not stated counts as none, which makes no supply larger."""
    traits = case.world.chain.traits
    found = figures(traits[(traits["node"] == node) & (traits["trait"] == trait)], "node")
    return found.get(node, 0.0)
