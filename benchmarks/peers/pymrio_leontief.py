"""pymrio's answer: coefficients, Leontief inverse and output for each column of final use.

    python pymrio_leontief.py IN.npz OUT.npz

IN holds Z (sparse, as data, indices, indptr, or dense), output x and use Y; OUT gets L Y. Reading and the
dense table are prepared beforehand; timed are the three calls of pymrio.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import pymrio


def main(given: str, answer: str) -> None:
    """Read, solve, save, and print the time."""
    with np.load(given) as data:
        x, Y = data["x"], data["Y"]
        if "Z" in data:
            Z = data["Z"]
        else:
            Z = np.zeros((len(x), len(x)))
            rows = np.repeat(np.arange(len(x)), np.diff(data["indptr"]))
            Z[rows, data["indices"]] = data["data"]
    Z, Y, x = pd.DataFrame(Z), pd.DataFrame(Y), pd.DataFrame(x)
    start = time.perf_counter()
    A = pymrio.calc_A(Z, x)
    L = pymrio.calc_L(A)
    made = pymrio.calc_x_from_L(L, Y) if Y.shape[1] == 1 else L.dot(Y)
    seconds = time.perf_counter() - start
    np.savez(answer, made=np.asarray(made))
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
