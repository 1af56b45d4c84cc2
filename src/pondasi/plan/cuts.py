"""Bounds on the cost of a year from dual values, and the pool that keeps them for other plans.

For any ``y >= 0`` the cost of scenario s is at least (plan.22)::

    rhs_s @ y + sum_c min(0, cost_c - (A'y)_c) upper_cs

for each column either pays its price at its upper bound or stays away. Upper bounds are linear in what the strategic
part decides, so this is a cut. Nothing in it asks ``y`` to be optimal for these bounds: a stored ``y`` stays valid for
other demand, availability, capacity, access, budgets, partners and thresholds. Under other prices or coefficients the
reduced costs ``min(0, cost - A'y)`` are taken anew, and that is valid as long as every column has a finite
upper bound; the only one that has none is the excess of the loss, whose dual is held below its price. Likewise
the weights of the scenarios are taken anew, from the values at the point where ``y`` was found, so a cut survives another weight of risk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.plan.objective import weigh_scenarios, weigh_tail
from pondasi.plan.operations import Point, works
from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pondasi.plan.operations import Setting, Sweep
    from pondasi.plan.problem import Matrix, PlanProblem, Vector, Whole


@dataclass(frozen=True, eq=False)
class Cut:
    """``cost of node >= intercept + slopes @ inputs + threshold_slope x threshold``; or what counts against a quota, instead of the cost."""

    node: int
    intercept: float
    slopes: Vector = field(repr=False)
    threshold_slope: float = 0.0
    block: Literal["cost", "quota"] = "cost"

    def at(self, point: Point) -> float:
        """Return the bound at a point."""
        return float(self.intercept + self.slopes @ point.inputs + self.threshold_slope * point.threshold)


@dataclass(frozen=True, eq=False)
class Record:
    """Dual values found at a point, in single precision (any values bound, so rounding costs tightness only)."""

    point: Point
    duals: NDArray[np.float32] = field(repr=False)
    which: NDArray[np.int32] = field(repr=False)


@dataclass
class CutPool:
    """The dual values of all sweeps, to be rebuilt as cuts of this problem or of another of the same chain.

    ``key`` is the shape that another problem must share: rows, scenarios, inputs and nodes.
    """

    key: tuple[int, ...] = ()
    records: list[Record] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records)

    def add(self, point: Point, sweep: Sweep) -> Record:
        """Keep the dual values of a sweep."""
        record = Record(point, sweep.duals.astype(np.float32), sweep.which.astype(np.int32))
        self.records.append(record)
        return record

    def latest(self, number: int) -> list[Record]:
        """Return the last records of each node, at most ``number`` of it: found nearest to plans, they say most."""
        left: dict[int, int] = {}
        kept = []
        for record in reversed(self.records):
            node = record.point.node
            left[node] = left.get(node, number) - 1
            if left[node] >= 0:
                kept.append(record)
        return kept[::-1]

    def save(self, path: str | Path, plan: Vector | None = None) -> None:
        """Write the pool, whole or not at all; with a plan, all its variables."""
        arrays: dict[str, NDArray[np.generic]] = {"key": np.array(self.key, dtype=np.int64)}
        if self.records:
            arrays |= {
                "node": np.array([record.point.node for record in self.records]),
                "threshold": np.array([record.point.threshold for record in self.records]),
                "inputs": np.array([record.point.inputs for record in self.records]),
                "which": np.array([record.which for record in self.records]),
                "duals": np.concatenate([record.duals for record in self.records]),
                "number": np.array([len(record.duals) for record in self.records]),
            }
        if plan is not None:
            arrays["plan"] = plan
        with replace_file(Path(path)) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | Path) -> CutPool:
        """Read a pool that was saved."""
        with np.load(path) as data:
            key = tuple(int(part) for part in data["key"])
            if "node" not in data:
                return cls(key)
            parts = np.split(data["duals"], np.cumsum(data["number"])[:-1])
            rows = zip(data["node"], data["threshold"], data["inputs"], data["which"], parts, strict=True)
            return cls(
                key,
                [Record(Point(int(n), inputs, float(eta)), duals, which) for n, eta, inputs, which, duals in rows],
            )


def pool_key(problem: PlanProblem, setting: Setting) -> tuple[int, ...]:
    """Return what two problems must share so that dual values of one bound the other."""
    rows, columns = setting.operations.matrix.shape
    inputs = len(problem.options) + len(problem.labels.countries)
    return rows, columns, len(setting.operations.weight), inputs, len(problem.tree)


def build_cut(
    problem: PlanProblem, setting: Setting, record: Record, node: int | None = None, *, worst: bool = False
) -> Cut:
    """Return the cut that dual values give for a node of a problem: where they were found, or any other (plan.23).

    Parameters
    ----------
    node
        Node to be bounded; the one of the record by default.
    worst
        Whether the mean of the worst scenarios alone is bounded, for a quota of risk, instead of the cost (plan.86).
    """
    point = record.point if node is None else record.point._replace(node=node)
    intercepts, parts = bound_scenarios(setting, record, point.node)
    operations = setting.operations
    weighted = parts * point.inputs[operations.entry_input][:, None]
    per_scenario = intercepts + weighted.sum(axis=0)
    slope = np.zeros(len(operations.weight))
    if operations.excess[1] >= 0:
        column, row = operations.excess
        slope = -np.minimum(record.duals[record.which, row].astype(float), operations.cost[column])
        per_scenario = per_scenario + slope * point.threshold
    weight = operations.weight
    q = weigh_tail(per_scenario, weight, problem.risk_tail) if worst else weigh_scenarios(problem, per_scenario)
    slopes = np.bincount(operations.entry_input, weights=parts @ q, minlength=len(point.inputs)).astype(float)
    return Cut(point.node, float(intercepts @ q), slopes, float(slope @ q), "quota" if worst else "cost")


def bound_scenarios(setting: Setting, record: Record, node: int) -> tuple[Vector, Matrix]:
    """Return per scenario the part of the bound that does not move, shape (S,), and what each entry adds, shape (E, S)."""
    operations = setting.operations
    y = record.duals.astype(float)
    column, row = operations.excess
    if row >= 0:
        y[:, row] = np.minimum(y[:, row], operations.cost[column])
    g = operations.growth[:, node]
    # Distinct duals first, scenarios second: there are few of the former.
    reduced = np.minimum(0, operations.cost[:, None] - operations.matrix.T @ y.T)[:, record.which]
    rhs = (operations.need @ g)[:, None] * operations.row_weight
    base = operations.base
    if column >= 0:
        reduced[column] = 0.0
        base = base.copy()
        base[column] = 0.0
    fixed = np.einsum("sr,rs->s", y[record.which], rhs)
    fixed += (reduced * base * g[operations.column_growth][:, None]).sum(axis=0)
    entries = operations.coefficient * works(setting, node) * g[operations.entry_growth][:, None]
    return fixed, entries * reduced[operations.entry_column]


def start_record(problem: PlanProblem, setting: Setting, node: int) -> Record:
    """Return the record of ``y = 0``: nothing costs less than selling all that can be sold and needing nothing."""
    rows = setting.operations.matrix.shape[0]
    inputs = np.zeros(len(problem.options) + len(problem.labels.countries))
    scenarios = len(setting.operations.weight)
    return Record(Point(node, inputs, 0.0), np.zeros((1, rows), dtype=np.float32), np.zeros(scenarios, dtype=np.int32))


def cut_columns(problem: PlanProblem) -> Whole:
    """Return the nodes' positions among the years, for the thresholds, shape (N,)."""
    return np.asarray(np.searchsorted(problem.tree.years, problem.tree.year))
