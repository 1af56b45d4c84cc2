"""From the table of targets of a case to what counts towards each (plan.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pondasi.plan.build_year import MILLION, find_capacity
from pondasi.plan.rules_targets import OUTPUT, split_subjects
from pondasi.plan.targets import Targets
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.plan.build_options import Choice
    from pondasi.plan.case import Case
    from pondasi.plan.problem import Labels, Operations, Tree, Vector
    from pondasi.plan.year import YearChain

TODAY = "today: "
"""How producers are named that stand before the plan (`pondasi.plan.build_year`)."""


def make_targets(
    case: Case, choice: Choice, labels: Labels, tree: Tree, chain: YearChain, operations: Operations
) -> Targets:
    """Return what a case asks for, with what each option, step and skill counts.

    Output is counted as what may be expected of plants [million USD of output a year], today's at home included, which stays as it is; ``cover`` is that output
    as a part of what users at home need in the year.
    """
    rows = list_rows(case.tables["targets"])
    if not rows:
        return Targets()
    number, nodes = len(rows), len(tree)
    made = find_capacity(case)
    capacity = [made.get(step, ("", 0.0)) for step in choice.frame["step"]]
    running, scale = np.zeros((number, len(capacity))), np.ones((number, nodes))
    ready, base = np.zeros((number, len(labels.steps))), np.zeros((number, nodes))
    people = {name: np.zeros((number, len(labels.skills))) for name in ("trained", "people")}
    level = np.zeros(number)
    for i, row in enumerate(rows):
        measure, subjects = row["measure"], split_subjects(row["subject"])
        level[i] = float(row["value"]) / (MILLION if measure == "output" else 1.0)
        if measure in people:
            people[measure][i] = [not subjects or skill in subjects for skill in labels.skills]
        elif measure in OUTPUT:
            running[i] = [value / MILLION if node in subjects else 0.0 for node, value in capacity]
            if measure == "cover":
                scale[i] = 1 / need_nodes(operations, subjects)
            base[i] = _make_today(chain, subjects) * scale[i]
        else:
            ready[i] = [step in subjects for step in labels.steps]
    return Targets(
        level,
        np.array([int(row["year"]) for row in rows]),
        running=running,
        scale=scale,
        ready=ready,
        trained=people["trained"],
        stock=people["people"],
        base=base,
        mean=np.array([row["futures"] == "mean" for row in rows]),
    )


def need_nodes(operations: Operations, names: Sequence[str]) -> Vector:
    """Return what users at home need of some nodes of the chain in each node of the tree, shape (N,) [million USD per year].

    A chip that can be joined at home counts as the parts that go into it.
    """
    rows = [k for k, (_, name) in enumerate(operations.row_labels[: len(operations.parts)]) if name in names]
    each = np.einsum("rn,rs->ns", operations.parts[rows] @ operations.growth, operations.row_weight[rows])
    return np.asarray(each @ operations.weight)


def _make_today(chain: YearChain, names: Sequence[str]) -> float:
    """Return what plants of today make of some nodes at home [million USD per year]."""
    return float(
        sum(
            amount
            for producer, amount in zip(chain.producers, chain.existing, strict=True)
            if producer.removeprefix(TODAY) in names and producer.startswith(TODAY)
        )
    )
