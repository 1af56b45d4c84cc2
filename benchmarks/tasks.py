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


def run_disruptions(some: str, scaled_to: str) -> float:
    """Run sampled disruptions through the shipped world on two processes, and scale the time to more of them."""
    from pondasi.chain.flows import balance_flows
    from pondasi.chain.load import load_world
    from pondasi.chain.prior import read_prior
    from pondasi.executor import open_executor
    from pondasi.stress.campaign import CHUNK, run_campaign

    world = load_world()
    flows = balance_flows(world.chain, read_prior(world))
    home = next(country for node, country in flows.labels if node in flows.users)
    with open_executor(2) as executor:
        run_campaign(world, home, 2 * CHUNK, weeks=1, flows=flows, executor=executor)
        seconds = clock(lambda: run_campaign(world, home, int(some), flows=flows, executor=executor))
    return seconds * int(scaled_to) / int(some)


def run_named_shocks() -> float:
    """Run the named shocks that are not of the past on the shipped world, without draws."""
    from pondasi.chain.flows import balance_flows
    from pondasi.chain.load import load_world
    from pondasi.chain.prior import read_prior
    from pondasi.stress.assess import run_stress_test
    from pondasi.stress.shock_library import load_shocks

    world = load_world()
    flows = balance_flows(world.chain, read_prior(world))
    home = next(country for node, country in flows.labels if node in flows.users)
    shocks = [shock for shock in load_shocks(world.chain).shocks.values() if not shock.event]
    run_stress_test(world, home, shocks[:1], draws=0, weeks=1, flows=flows)
    return clock(lambda: run_stress_test(world, home, shocks, draws=0, flows=flows))


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
    "disruptions": run_disruptions,
    "named": run_named_shocks,
    "import": import_package,
}


if __name__ == "__main__":
    print(json.dumps({"seconds": TASKS[sys.argv[1]](*sys.argv[2:])}))
