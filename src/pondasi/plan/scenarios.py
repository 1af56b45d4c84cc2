"""What may happen in a year, drawn from the hazards of the world, until a stress test delivers it (plan.26 to plan.29).

A year holds a Poisson number of events of every hazard, each with a triangular draw of severity and length over its interval. An
event takes ``loss x length`` weeks of output from what it hits. Downstream, weeks are lost where a critical input lacks them, less the
weeks of stock held of it: ``lost_j = max(own, max_q force_q (sum_i share_ij lost_i) - stock_q)`` (plan.27), with the force of stress.4: all for critical inputs, for important ones the
parameter ``important_force``, and where the table ``reach`` knows it the part of the user's output that needs the input; tools and rights
do not stop today's output and pass nothing on. An event disrupts this country's year for as long as it lacks something: the longest of
``lost / loss`` over what the country makes or buys, which is shorter than the event by the stocks on the way. The disrupted part of the
year is all events together, at most all of it; what a supplier can ship in it is 1 less its lost weeks over that length (plan.28). With priority a buyer is served first out of
what is left.

Scenarios are drawn by class, with exact weights: no event; common events only; at least one event of a rare hazard (plan.29). Hazards
of the home country hit what is made at home. A hazard without a country of its own (ROW) hits one country, by its share in the node. Demand
hazards move no supply and belong to the tree.

Few years tell little of what is rare: of many drawn years, few are kept that stand for the others of their class (plan.29a).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.chain.variants import inherit_links
from pondasi.errors import DataError, Problem
from pondasi.places import ROW
from pondasi.seeds import open_stream
from pondasi.stress.build import IMPORTANT, PACE, REACH
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.plan.problem import Matrix, Vector

RARE = 0.05
"""Hazards that come less often than once in twenty years have a class of their own. A choice of the method and no figure of the world: the classes have
their exact weights wherever the line is drawn, and it moves only how many of the years that are drawn have a rare event (plan.29)."""
WEEKS = 52
COMMON = 1
"""Class of the years with common events only; before it those without any, after it those with a rare one."""


@dataclass(frozen=True, eq=False)
class Disruptions:
    """Years drawn from the hazards.

    Parameters
    ----------
    weight
        Probability of each scenario, shape (S,).
    share
        Part of the year that is disrupted, shape (S,).
    shipped
        What each supplier can ship while disrupted, shape (suppliers, S), suppliers as in the flows.
    weeks
        Mean length of what is felt of an event [weeks], shape (S,); 0 without one.
    """

    weight: Vector
    share: Vector
    shipped: Matrix = field(repr=False)
    weeks: Vector


def draw_disruptions(world: World, flows: Flows, home: str, scenarios: int, seed: int = 0) -> Disruptions:
    """Draw years from the hazards of a world.

    Parameters
    ----------
    home
        Country that buys.
    scenarios
        How many, 3 or more for all classes to be there.
    seed
        The same seed gives the same years, whatever the number of workers.
    """
    hazards = world.companions["hazards"]
    hazards = hazards[hazards["class"] != "demand"].reset_index(drop=True)
    rates = hazards["rate"].to_numpy(dtype=float)
    numbers, weight = draw_numbers(rates, scenarios, seed)
    hazard, year = (np.repeat(part, numbers.ravel()) for part in np.indices(numbers.shape).reshape(2, -1))
    draws = open_stream(seed, "plan", "severity")
    loss = _triangle(hazards, "loss", hazard, draws)
    length = _triangle(hazards, "duration", hazard, draws)
    lost = _hit(hazards, flows, hazard, np.minimum(loss, 1) * np.minimum(length, WEEKS), draws)
    return gather_disruptions(world, flows, home, Events(lost, loss, length, year), weight)


@dataclass(frozen=True, eq=False)
class Events:
    """Events of some years, e of them.

    Parameters
    ----------
    lost
        Weeks of output that each supplier loses by the event itself, shape (suppliers, e).
    loss, weeks
        Part of the output that is lost, and for how long, shape (e,) [fraction, weeks].
    year
        Scenario in which each takes place, shape (e,).
    """

    lost: Matrix = field(repr=False)
    loss: Vector
    weeks: Vector
    year: np.ndarray


def gather_disruptions(world: World, flows: Flows, home: str, events: Events, weight: Vector) -> Disruptions:
    """Return years from their events: what is lost is passed down the chain, and felt as long as it lacks (plan.27, plan.28)."""
    scenarios, loss = len(weight), events.loss
    lost = pass_on(world, flows, events.lost)
    collect = sparse.csr_array((np.ones(len(loss)), (np.arange(len(loss)), events.year)), shape=(len(loss), scenarios))
    felt = np.minimum(lost[find_suppliers(flows, home)] / np.maximum(loss, np.finfo(float).tiny), events.weeks).max(
        axis=0, initial=0
    )
    together = np.asarray(felt @ collect)
    share = np.minimum(together / WEEKS, 1.0)
    number = np.asarray((felt > 0) @ collect)
    weeks = np.divide(together, number, out=np.zeros(scenarios), where=number > 0)
    lost_year = np.asarray(lost @ collect)
    disrupted = np.where(share > 0, share * WEEKS, 1.0)
    return Disruptions(weight, share, np.clip(1 - lost_year / disrupted, 0, 1), weeks)


def find_suppliers(flows: Flows, home: str) -> np.ndarray:
    """Return the suppliers that are at home, or sell to it."""
    at_home = flows.labels.get_level_values("country") == home
    sells = np.asarray(sparse.csc_array(flows.Z)[:, np.flatnonzero(at_home)].sum(axis=1)).ravel() > 0
    return np.flatnonzero(at_home | sells)


def draw_numbers(rates: Vector, scenarios: int, seed: int) -> tuple[np.ndarray, Vector]:
    """Return how often each hazard strikes in each scenario, shape (hazards, S), and the exact weights (plan.29).

    Example
    -------
    >>> numbers, weight = draw_numbers(np.array([1.0, 0.01]), 5, 0)
    >>> (
    ...     numbers[:, 0].tolist(),
    ...     bool((numbers[1, 3:] > 0).all()),
    ...     round(float(weight[0]), 3),
    ...     round(float(weight.sum()), 12),
    ... )
    ([0, 0], True, 0.364, 1.0)
    """
    rare = rates < RARE
    none = float(np.exp(-rates.sum()))
    no_rare = float(np.exp(-rates[rare].sum()))
    chances = [none, no_rare - none, 1 - no_rare]
    counts = [min(scenarios, 1), (scenarios - 1) - (scenarios - 1) // 2, (scenarios - 1) // 2]
    used = [count > 0 and chance > 0 for count, chance in zip(counts, chances, strict=True)]
    total = sum(chance for chance, here in zip(chances, used, strict=True) if here)
    numbers, weight = np.zeros((len(rates), scenarios), dtype=int), np.zeros(scenarios)
    first = 0
    for kind, (count, chance, here) in enumerate(zip(counts, chances, used, strict=True)):
        for s in range(first, first + count if here else first):
            draws = open_stream(seed, "plan", "events", s)
            weight[s] = chance / total / count
            while kind:
                found = draws.poisson(rates)
                if kind == COMMON:
                    found[rare] = 0
                if (found if kind == COMMON else found[rare]).any():
                    numbers[:, s] = found
                    break
        first += count
    return numbers, weight


def thin_disruptions(drawn: Disruptions, cost: Vector, scenarios: int) -> Disruptions:
    """Return fewer years that stand for all that were drawn (plan.29a).

    Years without an event are alike, and are one. The others are put in order of what they cost the country that does nothing, and cut into pieces of which
    each holds an equal sum of ``weight x sqrt(extra cost + its mean)``: rare, costly years keep pieces of their own. Of
    each piece the year nearest to its mean cost stays, with the weight of the piece.

    Parameters
    ----------
    cost
        Of each drawn year, shape (S,).
    scenarios
        How many to keep, at most.

    Example
    -------
    >>> many = Disruptions(np.full(4, 0.25), np.array([0.0, 0.1, 0.2, 0.5]), np.ones((1, 4)), np.ones(4))
    >>> few = thin_disruptions(many, np.array([1.0, 2.0, 2.2, 9.0]), 3)
    >>> few.weight.tolist(), few.share.tolist()
    ([0.25, 0.5, 0.25], [0.0, 0.1, 0.5])
    """
    if len(drawn.weight) <= scenarios:
        return drawn
    order = np.argsort(cost, kind="stable")
    calm = order[drawn.share[order] == 0]
    eventful = order[drawn.share[order] > 0]
    pieces = [calm] if len(calm) else []
    if len(eventful):
        extra = np.maximum(cost[eventful] - cost.min(), 0)
        size = drawn.weight[eventful] * np.sqrt(extra + extra.mean())
        # Where no year costs more than another, each counts by its weight alone.
        size = size if size.any() else drawn.weight[eventful]
        left = max(scenarios - len(pieces), 1)
        middle = (np.cumsum(size) - size / 2) / size.sum()
        piece = np.minimum((middle * left).astype(int), left - 1)
        pieces += [eventful[piece == k] for k in np.unique(piece)]
    kept, weight = [], []
    for members in pieces:
        mean = np.average(cost[members], weights=drawn.weight[members])
        kept.append(members[np.argmin(np.abs(cost[members] - mean))])
        weight.append(drawn.weight[members].sum())
    chosen = np.array(kept)
    return Disruptions(np.array(weight), drawn.share[chosen], drawn.shipped[:, chosen], drawn.weeks[chosen])


def draw_levels(steps: Sequence[str], weight: Vector, seed: int) -> Matrix:
    """Return the uniform level of each step in each scenario, shape (steps, S): spread evenly over [0, 1) by weight (plan.21)."""
    levels = np.zeros((len(steps), len(weight)))
    for j, step in enumerate(steps):
        draws = open_stream(seed, "plan", "levels", step)
        order = draws.permutation(len(weight))
        before = np.cumsum(weight[order]) - weight[order]
        levels[j, order] = before + weight[order] * draws.random(len(weight))
    return np.minimum(levels, np.nextafter(1, 0))


def pass_on(world: World, flows: Flows, lost: Matrix) -> Matrix:
    """Return the weeks that each supplier loses through what it buys, shape (suppliers, events) (plan.27)."""
    chain = world.chain
    lost = lost.copy()
    nodes = flows.labels.get_level_values("node").to_numpy()
    kind = {row["node"]: row["kind"] for row in list_rows(chain.nodes)}
    stocks = chain.traits[chain.traits["trait"] == "inventory_weeks"]
    traits = {row["node"]: row["value"] for row in list_rows(stocks) if row["value"] is not None}
    by_user: dict[str, list[tuple[str, float]]] = {}
    force, reach = _read_force(world)
    for row in list_rows(inherit_links(chain)):
        pair = row["supplier"], row["user"]
        passed = reach.get(pair, force.get(row["essentiality"])) if row["role"] == "flow" else None
        if passed is not None and kind[row["supplier"]] not in {"tool", "licence"}:
            by_user.setdefault(row["user"], []).append((row["supplier"], passed))
    flow = sparse.csc_array(flows.Z)
    for user in dict.fromkeys(nodes):
        mine = np.flatnonzero(nodes == user)
        for supplier, part in by_user.get(user, ()):
            sellers = np.flatnonzero(nodes == supplier)
            bought = flow[sellers][:, mine]
            total = np.asarray(bought.sum(axis=0)).ravel()
            if not len(sellers) or not total.any():
                continue
            scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
            lack = (bought.T @ lost[sellers]) * scale[:, None] * part
            # Without a known stock none is counted: the loss is then not made smaller.
            lost[mine] = np.maximum(lost[mine], lack - float(traits.get(supplier, 0.0)))
    return lost


def _read_force(world: World) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Return the part of a lack that stops the user, by essentiality; and by supplier and user where it is known (stress.4)."""
    row = index_rows(world.companions[PACE], "parameter").get(IMPORTANT) if PACE in world.companions else None
    if row is None:
        raise DataError((Problem("parameter_needed", PACE, value=IMPORTANT),), "stress_needs")
    table = world.companions.get(REACH)
    rows = [] if table is None else list_rows(table)
    known = {(part["supplier"], part["user"]): float(part["share"]) for part in rows}
    return {"critical": 1.0, "important": float(row["value"])}, known


def _hit(hazards: pd.DataFrame, flows: Flows, hazard: np.ndarray, weeks: Vector, draws: np.random.Generator) -> Matrix:
    """Return weeks of output lost by what each event hits itself, shape (suppliers, events)."""
    nodes = flows.labels.get_level_values("node").to_numpy()
    countries = flows.labels.get_level_values("country").to_numpy()
    lost = np.zeros((len(nodes), len(hazard)))
    rows = list_rows(hazards)
    for event, h in enumerate(hazard):
        named = str(rows[h]["nodes"]).split("|")
        country = rows[h]["country"]
        hit = np.isin(nodes, named)
        if country == ROW:
            for node in named:
                here = np.flatnonzero(nodes == node)
                size = flows.output[here]
                if size.sum() > 0:
                    lost[draws.choice(here, p=size / size.sum()), event] = weeks[event]
        else:
            lost[hit & (countries == country), event] = weeks[event]
    return lost


def _triangle(hazards: pd.DataFrame, name: str, hazard: np.ndarray, draws: np.random.Generator) -> Vector:
    """Draw from the interval of a figure; a figure without one is itself."""
    middle = "loss" if name == "loss" else "duration_weeks"
    mode = hazards[middle].to_numpy(dtype=float)
    low, high = (hazards[f"{name}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    low, high = np.where(np.isnan(low), mode, low), np.where(np.isnan(high), mode, high)
    u = draws.random(len(hazard))
    a, c, b = low[hazard], mode[hazard], high[hazard]
    width = np.where(b > a, b - a, 1.0)
    turn = (c - a) / width
    up = a + np.sqrt(u * width * (c - a))
    down = b - np.sqrt((1 - u) * width * (b - c))
    return np.asarray(np.where(b > a, np.where(u < turn, up, down), c))
