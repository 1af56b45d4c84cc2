"""The referee: the whole plan as one programme, every scenario of every node written out, through linopy.

Nothing is decomposed: no cuts, no dual values, no weights of risk. CVaR stands as its minimum over a threshold. It grows
with nodes times scenarios and is meant for small problems, and as a door to other solvers (``build_extensive`` returns
the linopy model).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from pondasi.errors import MissingExtraError
from pondasi.plan.layout import BLOCKS
from pondasi.plan.objective import cost_decisions
from pondasi.plan.operations import Point, bound_columns, bound_rows, make_setting
from pondasi.plan.price import Answer
from pondasi.plan.quota import find_made
from pondasi.plan.strategy import build_strategy
from pondasi.solver import InfeasibleError, SolverError

if TYPE_CHECKING:
    from pondasi.plan.layout import Layout
    from pondasi.plan.problem import PlanProblem, Vector
    from pondasi.plan.strategy import Strategy


def solve_extensive(
    problem: PlanProblem, *, gap: float = 1e-6, seconds: float = np.inf, whole: bool = True, threads: int = 1
) -> Answer:
    """Solve the extensive form with HiGHS.

    Parameters
    ----------
    gap
        Relative gap of the solver.
    seconds
        Time limit; the answer is then the best found, with its bound.
    whole
        Whether starts are whole.

    Raises
    ------
    InfeasibleError
        If no plan keeps all limits.
    SolverError
        For any end but an optimum, or a plan when time runs out. linopy's own status says 'ok' at a time limit
        too, so its termination condition is looked at.
    """
    strategy = build_strategy(problem)
    model, columns = build_extensive(problem, strategy, whole=whole)
    options: dict[str, Any] = {"mip_rel_gap": gap, "threads": threads, "output_flag": False}
    if np.isfinite(seconds):
        options["time_limit"] = seconds
    _, condition = model.solve("highs", io_api="direct", progress=False, log_to_console=False, **options)
    if condition in {"infeasible", "infeasible_or_unbounded"}:
        raise InfeasibleError("programme_infeasible")
    if condition not in {"optimal", "time_limit"} or not np.isfinite(model.objective.value):
        raise SolverError("programme_unsolved", status=str(condition))
    x = np.concatenate([model.variables[name].solution.to_numpy().ravel() for name in columns])
    bound = float(model.solver_model.getInfo().mip_dual_bound) if whole else float(model.objective.value)
    shape = (len(problem.tree), len(problem.operations.weight))
    cost = float(model.objective.value)
    used = model.variables["activity"].solution.to_numpy() @ make_setting(problem).operations.cost
    decisions = float(_own_cost(problem, strategy) @ x)
    return Answer(strategy.layout, x, cost, bound, used.reshape(shape), decisions, finished=condition == "optimal")


def build_extensive(
    problem: PlanProblem, strategy: Strategy | None = None, *, whole: bool = True
) -> tuple[Any, list[str]]:
    """Return the linopy model, and the names of its strategic variables in the order of `Layout`."""
    try:
        import linopy
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("extra_linopy") from error

    strategy = strategy or build_strategy(problem)
    layout, setting = strategy.layout, make_setting(problem)
    operations = setting.operations
    model = linopy.Model()
    writer = _Writer(model)
    lower, upper = layout.bounds()
    names = []
    for block in BLOCKS:
        count = int(np.prod(layout.shapes[block]))
        if count == 0:
            continue
        at = slice(layout.first[block], layout.first[block] + count)
        index = pd.RangeIndex(count, name=block)
        if block == "z" and whole:
            variable = model.add_variables(binary=True, coords=[index], name=block)
            if (upper[at] < 1).any():
                raise ValueError("starts that are held at 0 are left out of the layout")
        else:
            variable = model.add_variables(lower[at], upper[at], coords=[index], name=block)
        writer.columns(variable)
        names.append(block)
    writer.rows("strategy", strategy.matrix, *strategy.ends)
    nodes, scenarios, count = len(problem.tree), len(operations.weight), len(operations.cost)
    free = Point(0, np.zeros(len(problem.options) + len(problem.labels.countries)), 0.0)
    fixed = np.array([bound_columns(setting, free._replace(node=n)).T for n in range(nodes)])
    each = [
        pd.RangeIndex(nodes, name="node"),
        pd.RangeIndex(scenarios, name="scenario"),
        pd.RangeIndex(count, name="activity"),
    ]
    activity = model.add_variables(0, np.inf, coords=each, name="activity")
    first = writer.columns(activity)
    for n in range(nodes):
        _write_year(writer, problem, strategy, fixed[n], n, first + n * scenarios * count)
    weights = problem.discount[:, None] * operations.weight
    cost = np.zeros(writer.number)
    cost[: layout.columns] = _own_cost(problem, strategy)
    mean = 1.0 if problem.risk == "loss" else 1 - problem.risk_weight
    cost[first : first + fixed.size] = (mean * weights[:, :, None] * operations.cost).ravel()
    if problem.risk == "cost" and problem.risk_weight > 0:
        # CVaR = min over eta of eta + mean(excess) / (1 - tail), excess >= cost - eta, per node.
        eta = model.add_variables(-np.inf, np.inf, coords=each[:1], name="eta")
        eta_at = writer.columns(eta)
        excess = model.add_variables(0, np.inf, coords=each[:2], name="excess")
        excess_at = writer.columns(excess)
        matrix = _excess_rows(operations.cost, nodes, scenarios, (first, eta_at, excess_at), writer.number)
        writer.rows("excess", matrix, np.zeros(nodes * scenarios), np.full(nodes * scenarios, np.inf))
        cost = np.concatenate([cost, problem.risk_weight * problem.discount])
        cost = np.concatenate([cost, (problem.risk_weight / (1 - problem.risk_tail) * weights).ravel()])
    _write_quota(writer, problem, layout, (first, fixed.shape))
    model.add_objective(writer.express(sparse.csr_array(np.pad(cost, (0, writer.number - len(cost)))[None, :])).sum())
    return model, names


def _write_year(writer: _Writer, problem: PlanProblem, strategy: Strategy, fixed: Vector, n: int, first: int) -> None:
    """Write balances and bounds of one node in all scenarios."""
    setting, layout = make_setting(problem), strategy.layout
    operations = setting.operations
    scenarios, count = fixed.shape
    empty = Point(n, np.zeros(len(problem.options) + len(problem.labels.countries)), 0.0)
    rhs = bound_rows(setting, empty)
    rows = operations.matrix.shape[0]
    matrix = sparse.lil_array((scenarios * rows, writer.number))
    matrix[:, first : first + scenarios * count] = sparse.block_diag([operations.matrix] * scenarios, format="lil")
    if operations.excess[1] >= 0:
        year = int(np.searchsorted(problem.tree.years, problem.tree.year[n]))
        matrix[np.arange(scenarios) * rows + operations.excess[1], layout.first["threshold"] + year] = 1
    writer.rows(f"balance {n}", sparse.csr_array(matrix), rhs.T.ravel(), np.full(scenarios * rows, np.inf))
    # What one more unit of each input allows, from the definition of the bounds itself.
    finite = np.flatnonzero(np.isfinite(fixed[0]))
    parts = [(np.arange(scenarios * count), first + np.arange(scenarios * count), np.ones(scenarios * count))]
    for i in np.unique(operations.entry_input):
        unit = empty.inputs.copy()
        unit[i] = 1
        more = np.zeros_like(fixed)
        more[:, finite] = bound_columns(setting, empty._replace(inputs=unit)).T[:, finite] - fixed[:, finite]
        s, c = np.nonzero(more)
        o = len(problem.options)
        at = layout.at("running", i, n) if i < o else layout.at("access", i - o, n)
        parts.append((s * count + c, np.full(len(s), at), -more[s, c]))
    row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    bounds = sparse.csr_array(sparse.coo_array((value, (row, column)), shape=(scenarios * count, writer.number)))
    kept = (np.arange(scenarios)[:, None] * count + finite).ravel()
    writer.rows(f"bound {n}", bounds[kept], np.full(len(kept), -np.inf), fixed.ravel()[kept])


def _write_quota(writer: _Writer, problem: PlanProblem, layout: Layout, activity: tuple[int, tuple[int, ...]]) -> None:
    """Hold what counts against a quota above its definition, where there is one."""
    if problem.quota is not None and problem.quota.kind == "risk":
        _write_worst(writer, problem, layout, activity)
    elif problem.quota is not None:
        _write_lack(writer, problem, layout)


def _write_worst(writer: _Writer, problem: PlanProblem, layout: Layout, activity: tuple[int, tuple[int, ...]]) -> None:
    """Hold what counts against a quota of risk above CVaR of each node, as its minimum over a threshold (plan.86)."""
    import pandas as pd

    operations = make_setting(problem).operations
    nodes, scenarios, _ = activity[1]
    each = [pd.RangeIndex(nodes, name="node"), pd.RangeIndex(scenarios, name="scenario")]
    eta = writer.columns(writer.model.add_variables(-np.inf, np.inf, coords=each[:1], name="quota_eta"))
    excess = writer.columns(writer.model.add_variables(0, np.inf, coords=each, name="quota_excess"))
    matrix = _excess_rows(operations.cost, nodes, scenarios, (activity[0], eta, excess), writer.number)
    writer.rows("quota excess", matrix, np.zeros(nodes * scenarios), np.full(nodes * scenarios, np.inf))
    n, row = np.arange(nodes), np.repeat(np.arange(nodes), scenarios)
    parts = [
        (n, layout.at("quota", n), np.ones(nodes)),
        (n, eta + n, -np.ones(nodes)),
        (row, excess + np.arange(nodes * scenarios), np.tile(-operations.weight / (1 - problem.risk_tail), nodes)),
    ]
    writer.entries("quota worst", parts, np.zeros(nodes))


def _write_lack(writer: _Writer, problem: PlanProblem, layout: Layout) -> None:
    """Hold what counts against a quota of what home lacks above its definition, row by row and scenario by scenario (plan.85)."""
    import pandas as pd

    setting = make_setting(problem)
    operations = setting.operations
    made = find_made(operations)
    plants = np.flatnonzero(made >= 0)
    nodes, scenarios, rows = len(problem.tree), len(operations.weight), len(operations.parts)
    sizes = (nodes, scenarios, rows)
    each = [pd.RangeIndex(size, name=name) for size, name in zip(sizes, ("node", "scenario", "part"), strict=True)]
    short = writer.columns(writer.model.add_variables(0, np.inf, coords=each, name="lack"))
    empty = np.zeros(len(problem.options) + len(problem.labels.countries))
    for n in range(nodes):

        def make(inputs: Vector, node: int = n) -> Vector:
            """Return what home can make at some inputs, shape (scenarios x rows,)."""
            total = np.zeros((rows, scenarios))
            np.add.at(total, made[plants], bound_columns(setting, Point(node, inputs, 0.0))[plants])
            return total.T.ravel()

        none, k = make(empty), np.arange(scenarios * rows)
        parts = [(k, short + n * len(k) + k, np.ones(len(k)))]
        for i in np.unique(operations.entry_input):
            unit = empty.copy()
            unit[i] = 1.0
            more, o = make(unit) - none, len(problem.options)
            at = layout.at("running", i, n) if i < o else layout.at("access", i - o, n)
            used = np.flatnonzero(more)
            parts.append((used, np.full(len(used), int(at)), more[used]))
        need = (operations.parts @ operations.growth[:, n])[:, None] * operations.row_weight[:rows]
        writer.entries(f"lack {n}", parts, need.T.ravel() - none)
        weight = -np.repeat(operations.weight, rows)
        own = (np.zeros(1, dtype=int), np.atleast_1d(layout.at("quota", n)), np.ones(1))
        writer.entries(
            f"quota lack {n}", [own, (np.zeros(len(k), dtype=int), short + n * len(k) + k, weight)], np.zeros(1)
        )


def _excess_rows(
    price: Vector, nodes: int, scenarios: int, first: tuple[int, int, int], columns: int
) -> sparse.csr_array:
    """Return ``excess_ns - cost @ activity_ns + eta_n >= 0``."""
    number, count = nodes * scenarios, len(price)
    row = np.arange(number)
    parts = [
        (row, first[2] + row, np.ones(number)),
        (row, first[1] + row // scenarios, np.ones(number)),
        (np.repeat(row, count), first[0] + np.arange(number * count), np.tile(-price, number)),
    ]
    rows, columns_at, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_array(sparse.coo_array((values, (rows, columns_at)), shape=(number, columns)))


def _own_cost(problem: PlanProblem, strategy: Strategy) -> Vector:
    """Return what decisions cost without the operations."""
    layout = strategy.layout
    cost = cost_decisions(problem, layout)
    cost[layout.first["cost"] : layout.first["cost"] + len(problem.tree)] = 0
    return cost


class _Writer:
    """Writes sparse rows over all variables, in the order in which they were added, into a linopy model."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - linopy has no types
        self.model = model
        self.labels = np.zeros(0, dtype=np.int64)

    @property
    def number(self) -> int:
        return len(self.labels)

    def columns(self, variable: Any) -> int:  # noqa: ANN401
        first = self.number
        self.labels = np.concatenate([self.labels, variable.labels.to_numpy().ravel()])
        return first

    def express(self, matrix: sparse.csr_array) -> Any:  # noqa: ANN401
        import linopy
        import xarray as xr

        counts = np.diff(matrix.indptr)
        most = int(counts.max(initial=1))
        variables = np.full((len(counts), most), -1, dtype=np.int64)
        values = np.full((len(counts), most), np.nan)
        inside = np.arange(most) < counts[:, None]
        variables[inside], values[inside] = self.labels[matrix.indices], matrix.data
        data = xr.Dataset({"coeffs": (("row", "_term"), values), "vars": (("row", "_term"), variables)})
        return linopy.LinearExpression(data.assign_coords(row=np.arange(len(counts))), self.model)

    def entries(self, name: str, parts: list[tuple[Any, Any, Any]], lower: Vector) -> None:
        """Write rows from their entries (row, column, value), each at least its lower end."""
        row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        matrix = sparse.csr_array(sparse.coo_array((value, (row, column)), shape=(len(lower), self.number)))
        self.rows(name, matrix, lower, np.full(len(lower), np.inf))

    def rows(self, name: str, matrix: sparse.csr_array, lower: Vector, upper: Vector) -> None:
        wide = sparse.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], self.number))
        for sign, end in ((">=", lower), ("<=", upper)):
            kept = np.flatnonzero(np.isfinite(end) & (np.diff(wide.indptr) > 0))
            if len(kept):
                self.model.add_constraints(self.express(wide[kept]), sign, end[kept], name=f"{name} {sign}")
