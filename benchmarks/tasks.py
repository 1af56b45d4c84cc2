"""Our side of the timed rows: `python -m benchmarks.tasks NAME [arguments]` prints a line of JSON.

What is prepared beforehand (drawing a chain, starting Python) is left out of ``seconds``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def load_pack(folder: str) -> float:
    """Load a pack with all its checks."""
    from pondasi.chain.load import load_chain

    return clock(lambda: load_chain(folder))


def measure_all_homes(folder: str) -> float:
    """Balance the flows of a pack and measure the exposure of every country that uses chips."""
    from pondasi.chain.flows import balance_flows
    from pondasi.chain.load import load_chain
    from pondasi.position.exposure import measure_exposure

    chain = load_chain(folder)
    return clock(lambda: measure_exposure(chain, flows=balance_flows(chain)))


def measure_band(draws: str) -> float:
    """Measure the exposure of one country on the shipped world, with a band."""
    from pondasi.chain.load import load_chain
    from pondasi.position.exposure import measure_exposure

    chain = load_chain()
    home = str(measure_exposure(chain).by_country.index[0][0])
    return clock(lambda: measure_exposure(chain, [home], draws=int(draws)))


def fit_matrices(file: str) -> float:
    """Balance the matrices of `benchmarks.matrices` and save the answers beside them."""
    from pondasi.chain.balance import balance

    with np.load(file) as data:
        cases = [(data[f"rows_{k}"], data[f"columns_{k}"], data[f"prior_{k}"]) for k in range(int(data["n"]))]
    tolerance = 1e-10 * min(min(rows.min(), columns.min()) / rows.sum() for rows, columns, _ in cases)
    balance(*cases[0])
    seconds, answers = clocked(lambda: [balance(*case, tolerance) for case in cases])
    np.savez(Path(file).with_name("ours.npz"), *answers)
    return seconds


def measure_complexities(file: str) -> float:
    """Measure relatedness and complexity of every year of a table of exports."""
    import pandas as pd

    from pondasi.position.complexity import measure_complexity

    with np.load(file) as data:
        tables = [pd.DataFrame(year) for year in data["exports"]]
    return clock(lambda: [measure_complexity(table).countries for table in tables])


def measure_a_position(draws: str) -> float:
    """Measure the position of one country beside two others, with bands and stability."""
    from pondasi.chain.load import load_chain
    from pondasi.position.exposure import measure_exposure
    from pondasi.position.profile import measure_position

    chain = load_chain()
    home, *peers = measure_exposure(chain).by_country.index.unique("home")[:3].tolist()
    return clock(lambda: measure_position(chain, home, peers, draws=int(draws)))


def import_package() -> float:
    """Import the package."""

    def look() -> None:
        import pondasi  # noqa: F401 - that it is imported is the point

    return clock(look)


def clock(work: Callable[[], object]) -> float:
    """Return how long some work takes [s]."""
    return clocked(work)[0]


def clocked(work: Callable[[], object]) -> tuple[float, object]:
    """Return how long some work takes [s], and what it gives."""
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


TASKS = {
    "load": load_pack,
    "exposure": measure_all_homes,
    "band": measure_band,
    "fit": fit_matrices,
    "complexity": measure_complexities,
    "position": measure_a_position,
    "import": import_package,
}


if __name__ == "__main__":
    print(json.dumps({"seconds": TASKS[sys.argv[1]](*sys.argv[2:])}))
