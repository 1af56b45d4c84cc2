"""ipfn's answer to the matrices of `benchmarks.matrices`.

    python ipfn_fit.py IN.npz OUT.npz

It fits until every margin is within 1e-10 of itself, which is what our side is held to as well.
"""

import json
import sys
import time

import numpy as np
from ipfn import ipfn


def fit(rows: np.ndarray, columns: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return ipfn's answer; it writes into what it is given, so it gets copies."""
    given = prior.copy(), [rows.copy(), columns.copy()], [[0], [1]]
    return ipfn.ipfn(*given, convergence_rate=1e-10, max_iteration=100_000, rate_tolerance=0).iteration()


def main(given: str, answer: str) -> None:
    """Read, solve, save, and print the time."""
    with np.load(given) as data:
        cases = [(data[f"rows_{k}"], data[f"columns_{k}"], data[f"prior_{k}"]) for k in range(int(data["n"]))]
    fit(*cases[0])
    start = time.perf_counter()
    answers = [fit(*case) for case in cases]
    seconds = time.perf_counter() - start
    np.savez(answer, *answers)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
