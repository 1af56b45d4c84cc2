"""A search that can be stopped: its cuts and its best plan in a file, named by the problem that they belong to.

The name is a hash over every array of the problem, so that a search never goes on from what was found for other figures. A search that went
on from a file has other cuts than one that ran through; both end within the same gap, and may end with another plan inside it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pondasi.plan.cuts import CutPool

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.plan.problem import PlanProblem, Vector

FOLDER = "checkpoints"
"""Where a workspace keeps them."""


def name_checkpoint(folder: Path, problem: PlanProblem) -> Path:
    """Return the file that holds what is known of a problem.

    Example
    -------
    >>> from pathlib import Path
    >>> from pondasi.plan.build import build_problem
    >>> from pondasi.plan.case import load_case
    >>> problem = build_problem(load_case("IDN"), scenarios=3)
    >>> name_checkpoint(Path(), problem) == name_checkpoint(Path(), problem.change(discount_rate=0.5))
    False
    """
    digest = hashlib.sha256()
    _add(digest, problem)
    return folder / f"plan-{digest.hexdigest()[:16]}.npz"


def read_checkpoint(path: Path) -> tuple[CutPool, Vector | None]:
    """Return the cuts in a file, and the best plan that was known; no cuts if there is no such file."""
    if not path.is_file():
        return CutPool(), None
    pool = CutPool.load(path)
    with np.load(path) as data:
        return pool, np.asarray(data["plan"]) if "plan" in data else None


def _add(digest: hashlib._Hash, value: object) -> None:
    """Add a value to a hash, with all that it holds; lengths and types go in as well, so that nothing runs into its neighbour."""
    if dataclasses.is_dataclass(value):
        for part in dataclasses.fields(value):
            digest.update(part.name.encode())
            _add(digest, getattr(value, part.name))
    elif isinstance(value, sparse.csr_array):
        for array in (np.array(value.shape), value.indptr, value.indices, value.data):
            _add(digest, np.asarray(array))
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _add(digest, item)
    else:
        digest.update(f"{type(value).__name__}{value!r};".encode())
