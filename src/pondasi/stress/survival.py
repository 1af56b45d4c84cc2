"""How long the chain can do without a supplier, and how long it may have to (stress.17, stress.18)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.flows import balance_flows
from pondasi.chain.prior import read_prior
from pondasi.solver import Programme
from pondasi.stress.build import build_system
from pondasi.stress.sampling import prepare_hazards
from pondasi.stress.shocks import CHANNELS
from pondasi.stress.system import Kind, add_by

if TYPE_CHECKING:
    from pondasi.chain.flows import Flows
    from pondasi.chain.records import World
    from pondasi.solver import Solved
    from pondasi.stress.system import Flags, Floats, Ints, System

FOR_EVER = 10_000.0
"""Steps from which a chain counts as one that can do without a supplier for ever."""
SHARE = 1e-6
"""Part of `FOR_EVER` within which the solver has reached it."""
STANDING = ("starts", "line", "shipping")
"""Channels of hazards that stop a supplier."""
SURGE = "demand"
"""Class of hazards in which nothing stops, but more is wanted."""


@dataclass(frozen=True, eq=False)
class Survival:
    """Time to survive and time to recover of every supplier.

    Parameters
    ----------
    table
        Index (node, country), by rising time to survive; ``goods``: whether the supplier's goods bind
        anybody (else no time is given: tools and rights act through wear and age); ``survive_weeks``
        [weeks], nan where ``for_ever``; ``recover_weeks`` with its end ``recover_high`` [weeks],
        ``hazard`` and ``hazard_loss`` [fraction]: the longest lasting hazard of the world's table that
        stops this supplier, and the part that it takes away, nan and blank where none does;
        ``qualify_weeks``: the longest qualification of another source among its buyers; ``exposed`` where
        ``recover_weeks`` is longer than ``survive_weeks``.
    """

    table: pd.DataFrame = field(repr=False)

    def as_tables(self) -> dict[str, pd.DataFrame]:
        """Return the table that a run leaves behind."""
        return {"survival": self.table.reset_index()}


def measure_survival(world: World, *, flows: Flows | None = None) -> Survival:
    """Return how long the world's final demand can be met without each supplier, and how long it may be gone.

    The time to survive is an upper bound: stocks are where they are needed, every other source is
    qualified at once, and what is on a line arrives in time (stress.17). The chain itself fails no later.
    For one country alone the programme would say nothing, for it would serve that country before all others.

    Parameters
    ----------
    world
        A checked chain with its companions.
    flows
        Balanced flows, if they are at hand.

    References
    ----------
    Simchi-Levi, Schmidt, Wei 2014, Harvard Business Review 92(1-2):96; Simchi-Levi et al. 2015, Interfaces
    45(5):375, doi:10.1287/inte.2015.0804.
    """
    flows = balance_flows(world.chain, read_prior(world)) if flows is None else flows
    system = build_system(world, flows)
    user = np.asarray(system.labels.get_level_values("node").isin(flows.users))
    goods = find_binding(system)
    suppliers = np.flatnonzero(goods & ~user)
    steps = np.full(len(user), np.nan)
    steps[suppliers] = survive_losses(system, user, suppliers)
    ever = np.isinf(steps)
    columns: dict[str, np.ndarray] = {
        "goods": goods,
        "survive_weeks": np.where(ever, np.nan, steps * system.step),
        "for_ever": ever,
        **_find_recovery(world, system),
        "qualify_weeks": _find_qualification(system),
    }
    columns["exposed"] = columns["recover_weeks"] > steps * system.step
    table = pd.DataFrame(columns, system.labels)[~user].sort_index(kind="stable")
    return Survival(table.sort_values("survive_weeks", kind="stable"))


def find_binding(system: System) -> Flags:
    """Return which suppliers sell goods that bind a buyer, shape (n,)."""
    binding = ((system.kind == Kind.FLOW) & (system.force > 0))[system.need_of_lot]
    sells: Flags = add_by(system.supplier[binding], np.ones(int(binding.sum())), len(system.output)) > 0
    return sells


def survive_losses(system: System, scope: Flags, suppliers: Ints) -> Floats:
    """Return the time to survive the loss of each of some suppliers, shape (suppliers,) [steps]; inf: for ever."""
    programme = SurvivalProgramme(system, scope)
    times = np.array([-programme.solve(int(supplier)).objective for supplier in suppliers])
    return np.where(times >= FOR_EVER * (1 - SHARE), np.inf, np.maximum(times, 0.0))


class SurvivalProgramme:
    """The longest time t in which final demand is met in full without one supplier (stress.17).

    All amounts are steps of base output. For supplier i with capacity ``c_i = 1 + spare_i``, ``L_i`` stages
    of work in process and finished goods ``F_i``, over the whole time: ``v_i`` leaves its line, ``u_i`` is
    started, ``e_i`` are passages along the line, and ``w_q`` is what an important need takes::

        max t   such that
        v_i <= c_i t                              nothing moves faster than all overtime allows
        u_i >= v_i - L_i                          what leaves was on the line, or was started
        e_i >= k/L_i v_i - k (k - 1) / (2 L_i)    what stands at stage L - k + 1 still has k stages to pass
        z_i <= (1 - phi) c_i t + phi w_q          an important need binds by its force phi
        sum_q A_q x0 w_q + f t <= sum_i (F_i + x0_i v_i) + S     of each node, its buyers' stocks S pooled
        f_i t <= F_i + x0_i v_i                   of every supplier whose final demand counts
        v_k = 0                                   of the supplier that is gone

    where ``z`` is ``u``, or ``e`` for what enters all along the line, and ``w = z`` for critical needs.

    Every run of the chain in which the demand that counts is served up to t gives values that keep these
    rows, whatever its rationing, second sources, qualification, wear and rights: they leave out what hinders
    and nothing that helps. So the chain falls short no later than t. If t can be kept, so can all that is
    shorter, for the rows hold a convex set with zero.

    Parameters
    ----------
    system
        The chain.
    scope
        Suppliers whose final demand counts, shape (n,).
    """

    def __init__(self, system: System, scope: Flags) -> None:
        matrix, self.row_upper = _write_rows(system, scope)
        columns = matrix.shape[1]
        self.lower, self.upper = np.zeros(columns), np.full(columns, np.inf)
        self.upper[0] = FOR_EVER
        cost = np.zeros(columns)
        cost[0] = -1.0
        below = np.full(len(self.row_upper), -np.inf)
        self._programme = Programme(cost, self.lower, self.upper, matrix, below, self.row_upper)

    def solve(self, supplier: int | None = None) -> Solved:
        """Solve without a supplier; the objective is minus the time to survive [steps], at most `FOR_EVER`."""
        upper = self.upper.copy()
        if supplier is not None:
            upper[1 + supplier] = 0.0
        self._programme.set_bounds(self.lower, upper)
        return self._programme.solve()


class _Rows:
    """Rows ``a x <= b`` as they are written down, in blocks."""

    def __init__(self) -> None:
        self.row: list[Ints] = []
        self.column: list[Ints] = []
        self.value: list[Floats] = []
        self.upper: list[Floats] = []
        self.count = 0

    def add(self, upper: Floats, *terms: tuple[Ints, Ints, Floats]) -> None:
        """Add rows; a term is (row within the block, column, coefficient)."""
        for row, column, value in terms:
            self.row.append(row + self.count)
            self.column.append(column)
            self.value.append(value)
        self.upper.append(upper)
        self.count += len(upper)

    def finish(self, columns: int) -> tuple[sparse.csr_array, Floats]:
        """Return the matrix and the upper ends of its rows."""
        row, column, value = (np.concatenate(part) for part in (self.row, self.column, self.value))
        matrix = sparse.coo_array((value, (row, column)), shape=(self.count, columns))
        return sparse.csr_array(matrix), np.concatenate(self.upper)


def _write_rows(system: System, scope: Flags) -> tuple[sparse.csr_array, Floats]:
    """Return the rows of stress.17; columns are t, v, u and e by supplier, and w by need."""
    n, q = len(system.output), len(system.kind)
    every, stages, capacity = np.arange(n), system.stages.astype(float), 1 + system.spare
    v, u, e, w = 1 + every, 1 + n + every, 1 + 2 * n + every, 1 + 3 * n + np.arange(q)
    rows, one = _Rows(), np.ones(n)
    rows.add(np.zeros(n), (every, v, one), (every, np.zeros(n, dtype=np.int64), -capacity))
    rows.add(stages, (every, v, one), (every, u, -one))
    user = system.user_of_need
    along = system.along & (system.stages[user] > 0)
    for part in (0.0, 0.5, 1.0):
        lines = np.unique(user[along])
        k, place, length = np.maximum(1.0, np.ceil(part * stages[lines])), np.arange(len(lines)), stages[lines]
        rows.add(k * (k - 1) / (2 * length), (place, v[lines], k / length), (place, e[lines], -np.ones(len(lines))))
    entering = np.where(along, e[user], u[user])
    binding = (system.kind == Kind.FLOW) & (system.force > 0)
    partly = np.flatnonzero(binding & (system.force < 1))
    place, force = np.arange(len(partly)), system.force[partly]
    rows.add(
        np.zeros(len(partly)),
        (place, entering[partly], np.ones(len(partly))),
        (place, w[partly], -force),
        (place, np.zeros(len(partly), dtype=np.int64), -(1 - force) * capacity[user[partly]]),
    )
    _write_balances(rows, system, scope, binding, np.where(system.force < 1, w, entering))
    final = np.flatnonzero(scope & (system.final > 0))
    place, scale = np.arange(len(final)), system.output[final]
    rows.add(
        system.finished[final] / scale,
        (place, np.zeros(len(final), dtype=np.int64), system.final[final] / scale),
        (place, v[final], -np.ones(len(final))),
    )
    return rows.finish(1 + 3 * n + q)


def _write_balances(rows: _Rows, system: System, scope: Flags, binding: Flags, taking: Ints) -> None:
    """Write that a node gives no more than is made of it and lies in stock, its buyers' stocks pooled."""
    code, names = pd.factorize(system.labels.get_level_values("node"))
    p, n = len(names), len(system.output)
    total = add_by(code, system.output, p)
    needs = np.flatnonzero(binding)
    node = code[system.supplier[system.lot_start[needs]]]
    use = system.need_coefficient[needs] * system.output[system.user_of_need[needs]]
    stock = add_by(system.need_of_lot, system.target, len(system.kind))[needs]
    held = add_by(node, stock, p) + add_by(code, system.finished, p)
    asked = add_by(code, np.where(scope, system.final, 0.0), p)
    rows.add(
        held / total,
        (node, taking[needs], use / total[node]),
        (code, 1 + np.arange(n), -system.output / total[code]),
        (np.arange(p), np.zeros(p, dtype=np.int64), asked / total),
    )


def _find_recovery(world: World, system: System) -> dict[str, np.ndarray]:
    """Return how long the longest lasting hazard keeps each supplier down, and which it is (stress.18)."""
    n = len(system.output)
    weeks, high, loss = (np.full(n, np.nan) for _ in range(3))
    name = np.full(n, "", dtype=object)
    if "hazards" in world.companions:
        table = world.companions["hazards"]
        outages = set(table.loc[table["class"] != SURGE, "hazard"])
        hazards = prepare_hazards(world, system.labels)
        stops = np.isin(hazards.channel, [CHANNELS.index(channel) for channel in STANDING])
        for h in np.flatnonzero(stops & np.isin(hazards.names, list(outages))):
            places = slice(hazards.first_place[h], hazards.first_place[h + 1] + 1)
            first, last = hazards.first_supplier[places][[0, -1]]
            struck = np.unique(hazards.supplier[first:last])
            longer = struck[~(weeks[struck] >= hazards.weeks[1, h])]
            weeks[longer], high[longer] = hazards.weeks[1, h], hazards.weeks[2, h]
            loss[longer], name[longer] = hazards.loss[1, h], hazards.names[h]
    return {"recover_weeks": weeks, "recover_high": high, "hazard": name, "hazard_loss": loss}


def _find_qualification(system: System) -> Floats:
    """Return the longest qualification among the buyers of each supplier's goods [weeks]; nan without buyers."""
    lots = (system.kind == Kind.FLOW)[system.need_of_lot]
    longest = np.full(len(system.output), -np.inf)
    np.maximum.at(longest, system.supplier[lots], system.qualification[system.need_of_lot[lots]] * system.step)
    return np.where(np.isfinite(longest), longest, np.nan)
