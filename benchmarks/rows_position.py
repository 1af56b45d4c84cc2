"""Rows on position: complexity against another program, upstreamness against another solve."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.measure import find_shared, run_peer, run_task
from benchmarks.registry import RefereeRow, SpeedRow
from benchmarks.rows_chain import difference, scratch
from benchmarks.synthetic import draw_exports
from pondasi.chain.flows import balance_flows
from pondasi.chain.load import load_chain
from pondasi.position.complexity import measure_complexity, tabulate_exports
from pondasi.position.upstreamness import measure_upstreamness

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.position.complexity import Complexity

SMALL, LARGE = (130, 1200), (200, 5000)
YEARS = 25


@cache
def exports(countries: int, products: int, years: int = 1) -> Path:
    """Return a made-up table of exports as a file, shape (years, countries, products)."""
    path = scratch() / f"exports_{countries}_{products}_{years}.npz"
    np.savez(path, exports=draw_exports(countries, products, years))
    return path


SPEED = (
    SpeedRow(
        "position-complexity",
        "complexity of 130 countries x 1,200 products",
        lambda: run_task("complexity", exports(*SMALL)),
        lambda: run_peer("ecomplexity_indices.py", exports(*SMALL)),
        "ecomplexity",
        ratio=5,
        repeats=3,
        peer_repeats=3,
    ),
    SpeedRow(
        "position-panel",
        "the same, 25 years",
        lambda: run_task("complexity", exports(*SMALL, YEARS)),
        seconds=30,
        repeats=1,
    ),
    SpeedRow(
        "position-large",
        "complexity of 200 countries x 5,000 products",
        lambda: run_task("complexity", exports(*LARGE)),
        seconds=30,
        megabytes=2500,
        repeats=1,
    ),
    SpeedRow(
        "position",
        "position of one country beside two, shipped world, 200 draws",
        lambda: run_task("position", 200),
        seconds=20,
        repeats=3,
    ),
)


def reference(size: str) -> float:
    """Return how far we are from the reference outputs in the shared folder, over all indices."""
    given = pd.read_parquet(find_shared(f"reference/ecomplexity/in_{size}.parquet"))
    theirs = pd.read_parquet(find_shared(f"reference/ecomplexity/out_{size}.parquet"))
    return _compare(measure_complexity(tabulate_exports(given, "loc", "prod", "val")), theirs)


def _compare(ours: Complexity, theirs: pd.DataFrame) -> float:
    def table(name: str) -> np.ndarray:
        return theirs.pivot_table(index="loc", columns="prod", values=name).to_numpy()

    pairs = [
        (ours.rca, table("rca")),
        (ours.density, table("density")),
        (ours.cog, table("cog")),
        (ours.countries["eci"], table("eci")[:, 0]),
        (ours.countries["coi"], table("coi")[:, 0]),
        (ours.products["pci"], table("pci")[0]),
    ]
    return max(difference(mine.to_numpy(), other) for mine, other in pairs)


def program() -> float:
    """Return how far we are from ecomplexity itself, on a made-up table."""
    answer = scratch() / "indices.npz"
    run_peer("ecomplexity_indices.py", exports(40, 90), answer)
    ours = measure_complexity(pd.DataFrame(draw_exports(40, 90, 1)[0]))
    with np.load(answer) as theirs:
        pairs = [(ours.rca, theirs["rca"]), (ours.density, theirs["density"]), (ours.cog, theirs["cog"])]
        pairs += [(ours.countries[name], theirs[name][:, 0]) for name in ("eci", "coi")]
        pairs += [(ours.products["pci"], theirs["pci"][0])]
        return max(difference(mine.to_numpy(), other) for mine, other in pairs)


def upstreamness() -> float:
    """Return how far U of all suppliers of the shipped world is from that of a dense inverse."""
    chain = load_chain()
    flows = balance_flows(chain)
    delta = (flows.Z + flows.licence).toarray() / flows.output[:, None]
    theirs = np.linalg.inv(np.eye(len(delta)) - delta).sum(axis=1)
    return difference(measure_upstreamness(chain, flows).to_numpy(), theirs)


def upstreamness_by_hand() -> float:
    """Return how far we are from the chain that tests/position/test_upstreamness.py solves by hand."""
    from tests.chain.random_chains import two_countries

    theirs = pd.Series({"wafer": 3.0, "design": 3.0, "chip": 2.0, "use": 1.0, "tool": 5 / 3})
    return difference(measure_upstreamness(two_countries()).reindex(theirs.index).to_numpy(), theirs.to_numpy())


EIGEN = "rounding of an eigenvector, over the gap of its eigenvalue"
REFEREES = (
    RefereeRow(
        "position-small",
        "RCA, density, COG, ECI, COI, PCI of 30 x 60, ../shared/reference",
        "ecomplexity 0.5.3",
        lambda: reference("30x60x1"),
        1e-11,
        EIGEN,
    ),
    RefereeRow(
        "position-large",
        "the same of 130 x 1,200, ../shared/reference",
        "ecomplexity 0.5.3",
        lambda: reference("130x1200x1"),
        1e-11,
        EIGEN,
    ),
    RefereeRow("position-program", "the same of 40 x 90, made up", "ecomplexity", program, 1e-11, EIGEN),
    RefereeRow(
        "position-upstream",
        "upstreamness of all suppliers, shipped world",
        "numpy: dense inverse",
        upstreamness,
        1e-11,
        "rounding of a solve",
    ),
    RefereeRow(
        "position-hand", "upstreamness, three tiers", "by hand", upstreamness_by_hand, 1e-14, "rounding of a dozen sums"
    ),
)
