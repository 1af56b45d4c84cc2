"""pymrio's test table of 6 regions and 8 sectors, and what its Leontief inverse makes of it.

    python pymrio_table.py OUT.npz

OUT gets Z, output x, final demand by region Y, and L Y.
"""

import json
import sys
import time

import numpy as np
import pymrio


def main(answer: str) -> None:
    """Read, solve, save, and print the time."""
    table = pymrio.load_test()
    start = time.perf_counter()
    table.calc_all()
    seconds = time.perf_counter() - start
    demand = table.Y.T.groupby(level="region", sort=False).sum().T
    made = table.L.dot(demand)
    np.savez(answer, Z=table.Z.to_numpy(), x=table.x.to_numpy().ravel(), Y=demand.to_numpy(), made=made.to_numpy())
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
