"""ecomplexity's answer to a table of exports.

    python ecomplexity_indices.py IN.npz [OUT.npz]

IN holds ``exports``, shape (years, countries, products). The answers of the first year are saved.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from ecomplexity import ecomplexity

NAMES = ("rca", "density", "cog", "eci", "coi", "pci")


def solve(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all indices of one or several years."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ecomplexity(rows, {"time": "year", "loc": "loc", "prod": "prod", "val": "val"})


def main(given: str, answer: str = "") -> None:
    """Read, solve, save, and print the time."""
    with np.load(given) as data:
        exports = data["exports"]
    index = pd.MultiIndex.from_product([range(n) for n in exports.shape], names=["year", "loc", "prod"])
    rows = pd.DataFrame({"val": exports.ravel()}, index).reset_index()
    start = time.perf_counter()
    found = solve(rows)
    seconds = time.perf_counter() - start
    if answer:
        first = found[found["year"] == 0].sort_values(["loc", "prod"])
        np.savez(answer, **{name: first[name].to_numpy().reshape(exports.shape[1:]) for name in NAMES})
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
