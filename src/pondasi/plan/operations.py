"""A year of the chain in every scenario: what is made at home, bought, sold, and what need stays unmet (plan.20).

One linear programme per scenario, of which only bounds differ; so bases that were optimal elsewhere are tried on all
scenarios at once, and only where none fits is the solver asked (see `pondasi.plan.bases`). What the programme does not join
is solved apart: the calm part of a year differs between scenarios by its length and by what works, so that few bases serve
it, whatever the disrupted part does. The dual values are kept: from them any bound can be rebuilt as a cut, for other
demand, availability, capacity or access (see `pondasi.plan.cuts`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from pondasi.plan.bases import renew_library, split_parts, sweep_part
from pondasi.plan.objective import add_excess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.executor import Executor
    from pondasi.plan.bases import Basis, Part
    from pondasi.plan.problem import Matrix, Operations, PlanProblem, Vector, Whole

LEARNING = 4
"""Of so many points one is swept first: what it teaches of bases helps with the others."""
TOGETHER, COLUMNS = 16, 1600
"""Points that are swept together at most, and their scenarios: more points leave less to be done side by side by several workers, and of many scenarios each
finds its bases among its own."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What the operations of any node need; small enough to be sent to workers.

    Parameters
    ----------
    operations
        With the excess of the loss, where the risk asks for it.
    step
        Step of each option, shape (O,).
    success, output_factor
        Shape (O, N), see `pondasi.plan.problem.Options`.
    parts
        Each part of the programme that shares nothing with the others, with the bases that are tried first.
    collect
        Which entries add to each upper bound, shape (columns, E).
    """

    operations: Operations = field(repr=False)
    step: Whole
    success: Matrix
    output_factor: Matrix
    parts: tuple[Part, ...] = field(repr=False)
    collect: sparse.csr_array = field(repr=False)


class Point(NamedTuple):
    """What the strategic part hands to the operations of a node: inputs (running options, access) and threshold."""

    node: int
    inputs: Vector
    threshold: float


def make_point(node: int, inputs: Vector, threshold: float) -> Point:
    """Return a point from what a solver gives: it may miss zero by its rounding, and a bound below zero would leave a year without any solution."""
    return Point(node, np.ascontiguousarray(np.maximum(inputs, 0.0)), max(0.0, float(threshold)))


@dataclass(frozen=True, eq=False)
class Sweep:
    """The operations of one node in all scenarios.

    Parameters
    ----------
    values
        Cost of the year in each scenario, shape (S,).
    duals
        Distinct dual vectors, shape (D, rows).
    which
        Dual vector of each scenario, shape (S,).
    activity
        What is done, shape (columns, S), where it was asked for.
    solves
        How often the solver was asked.
    used, found
        Of each part: how often each basis kept was used, and bases that the solver found.
    """

    values: Vector
    duals: NDArray[np.float64]
    which: Whole
    activity: Matrix | None = None
    solves: int = 0
    used: tuple[Whole, ...] = field(default=(), repr=False)
    found: tuple[tuple[Basis, ...], ...] = field(default=(), repr=False)


def make_setting(problem: PlanProblem) -> Setting:
    """Return what the operations need of a problem."""
    options, operations = problem.options, add_excess(problem)
    return set_up(operations, options.step, options.success, options.output_factor)


def set_up(operations: Operations, step: Whole, success: Matrix, output_factor: Matrix) -> Setting:
    """Return operations as a setting; no basis is known as yet."""
    entries = len(operations.entry_column)
    order = (np.ones(entries), (operations.entry_column, np.arange(entries)))
    collect = sparse.csr_array(sparse.coo_array(order, shape=(len(operations.cost), entries)))
    return Setting(operations, step, success, output_factor, split_parts(operations.cost, operations.matrix), collect)


def works(setting: Setting, node: int) -> Matrix:
    """Return by what each entry counts in each scenario, shape (E, S) (plan.21).

    For an option: its output factor where the drawn level of its step lies below its probability of success; a
    partner who raises that probability keeps all scenarios of one who does not. For access: 1.
    """
    operations = setting.operations
    option = operations.entry_input < len(setting.step)
    o = operations.entry_input[option]
    result = np.ones(operations.coefficient.shape)
    reached = operations.levels[setting.step[o]] < setting.success[o, node][:, None]
    result[option] = reached * setting.output_factor[o, node][:, None]
    return result


def bound_rows(setting: Setting, point: Point) -> Matrix:
    """Return the right-hand sides in all scenarios, shape (rows, S)."""
    operations = setting.operations
    rhs = (operations.need @ operations.growth[:, point.node])[:, None] * operations.row_weight
    if operations.excess[1] >= 0:
        rhs[operations.excess[1]] = -point.threshold
    return np.asarray(rhs)


def bound_columns(setting: Setting, point: Point) -> Matrix:
    """Return the upper bounds in all scenarios, shape (columns, S)."""
    operations, g = setting.operations, setting.operations.growth[:, point.node]
    upper = operations.base * g[operations.column_growth][:, None]
    scale = g[operations.entry_growth] * point.inputs[operations.entry_input]
    entries = operations.coefficient * works(setting, point.node) * scale[:, None]
    return np.asarray(upper + setting.collect @ entries)


def sweep_node(setting: Setting, point: Point, *, activity: bool = False) -> Sweep:
    """Solve the operations of a node in all scenarios.

    The result depends on ``setting`` and ``point`` alone, whoever does the work.

    Parameters
    ----------
    activity
        Whether to return what is done, too.
    """
    return _sweep_together(setting, [point], activity=activity)[0]


def _sweep_together(setting: Setting, points: Sequence[Point], *, activity: bool = False) -> list[Sweep]:
    """Solve the operations of some nodes as if their scenarios were those of one: a basis that fits one node is tried on all at once."""
    operations, scenarios = setting.operations, len(setting.operations.weight)
    rhs = np.hstack([bound_rows(setting, point) for point in points])
    upper = np.hstack([bound_columns(setting, point) for point in points])
    done = np.zeros(upper.shape) if activity else None
    swept = [sweep_part(part, rhs, upper, done) for part in setting.parts]
    values = np.sum([one.values for one in swept], axis=0)
    # Scenarios that share the duals of every part share a dual vector.
    shared = np.array([one.which for one in swept])
    sweeps = []
    for k in range(len(points)):
        mine = slice(k * scenarios, (k + 1) * scenarios)
        together, which = np.unique(shared[:, mine], axis=1, return_inverse=True)
        duals = np.zeros((together.shape[1], len(rhs)))
        for one, part, chosen in zip(swept, setting.parts, together, strict=True):
            duals[:, part.rows] = one.duals[chosen]
        here = None if done is None else done[:, mine]
        # What was used and found is told once, with the first.
        told = swept if k == 0 else []
        used, found = tuple(one.used for one in told), tuple(one.found for one in told)
        solves = sum(one.solves for one in told)
        sweeps.append(Sweep(values[mine], _tidy(duals, operations), which.ravel(), here, solves, used, found))
    return sweeps


def sweep_share(setting: Setting, groups: Sequence[Sequence[Point]]) -> list[list[Sweep]]:
    """Sweep the groups of points that are one worker's share."""
    return [_sweep_together(setting, points) for points in groups]


def sweep_nodes(setting: Setting, points: Sequence[Point], executor: Executor) -> tuple[list[Sweep], Setting]:
    """Sweep several points; return the sweeps in their order, and the setting with what was learnt of bases.

    Points are swept some together, always the same ones; bases are learnt between pieces of work, never within. So the result is the same with any
    number of workers.
    """
    order = np.concatenate([np.arange(start, len(points), LEARNING) for start in range(LEARNING)])
    sweeps: dict[int, Sweep] = {}
    workers = executor.workers
    first = -(-len(points) // LEARNING)
    together = max(1, min(TOGETHER, COLUMNS // max(1, len(setting.operations.weight))))
    for piece in (order[:first], order[first:]):
        groups = [piece[start : start + together].tolist() for start in range(0, len(piece), together)]
        # One share for each worker: the bases travel with every share.
        shares = [groups[k::workers] for k in range(min(workers, len(groups)))]
        asked = [[[points[k] for k in group] for group in share] for share in shares]
        for share, answers in zip(shares, executor.map(functools.partial(sweep_share, setting), asked), strict=True):
            for group, answer in zip(share, answers, strict=True):
                sweeps |= zip(group, answer, strict=True)
        setting = learn(setting, [sweeps[k] for k in piece.tolist()])
    return [sweeps[k] for k in range(len(points))], setting


def learn(setting: Setting, sweeps: Sequence[Sweep]) -> Setting:
    """Return a setting with the bases that sweeps used and found."""
    told = [one for one in sweeps if one.used]
    parts = [
        renew_library(part, [one.used[k] for one in told], [basis for one in told for basis in one.found[k]])
        for k, part in enumerate(setting.parts)
    ]
    return replace(setting, parts=tuple(parts))


def _tidy(duals: Matrix, operations: Operations) -> Matrix:
    """Return duals inside what makes them valid: not negative, and the excess not worth more than its price."""
    tidy = np.maximum(duals, 0)
    column, row = operations.excess
    if row >= 0:
        tidy[:, row] = np.minimum(tidy[:, row], operations.cost[column])
    return np.asarray(tidy)
