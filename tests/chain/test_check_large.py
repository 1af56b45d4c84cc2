"""A chain of the largest published size is checked; how fast, is measured by `benchmarks.speed`."""

from pathlib import Path

import numpy as np
import pytest

from pondasi.chain.load import check_pack
from pondasi.places import load_countries
from tests.tables.packs import Tables, valid_tables, write_csv

NODES, COUNTRIES, FIRMS = 126, 60, 400
"""The size of the chain that ETO publishes, with every country in every node on both bases."""


def large_tables() -> Tables:
    """Return a valid chain of 126 nodes: 15,120 shares of countries and 3,000 of firms."""
    draw = np.random.default_rng(1)
    tables = valid_tables()
    proof = ["2024", "estimated", "src_a|src_b", ""]
    names = [f"node_{number:03d}" for number in range(NODES)]
    tables["nodes"][1:] = [
        [
            name,
            "materials",
            "material",
            "material",
            name,
            name,
            "半導体材料",
            f"{(number + 1) * 1e9:.0f}",
            "1",
            "1000000000000",
            *proof,
        ]
        for number, name in enumerate(names)
    ]
    tables["links"][1:] = [
        [supplier, user, "flow", "critical", "0.004", "0.001", "0.01", *proof]
        for number, supplier in enumerate(names)
        for user in names[number + 1 : number + 11]
    ]
    tables["variants"][1:] = []
    tables["traits"][1:] = [
        [name, trait, "12", "8", "20", "weeks", *proof]
        for name in names
        for trait in ("inventory_weeks", "cycle_weeks")
    ]
    shares = []
    for name in names:
        for basis in ("location", "control"):
            parts = draw.dirichlet(np.ones(COUNTRIES)).round(6)
            for country, part in zip(list(load_countries())[:COUNTRIES], parts, strict=True):
                shares.append([name, country, "", basis, f"{part:.6f}", "0", "1", *proof])
    firms = [
        [row[0], row[1], f"Firm {number % FIRMS} 株式会社", row[3], f"{float(row[4]) / 3:.7f}", "0", "1", *proof]
        for number, row in enumerate(shares[:: len(shares) // 3000][:3000])
    ]
    tables["shares"][1:] = shares + firms
    return tables


@pytest.mark.slow
def test_a_chain_of_the_largest_published_size_is_checked_whole(tmp_path: Path) -> None:
    report = check_pack(write_csv(tmp_path / "eto", large_tables()))
    assert report.ok
    assert report.rows["shares"] == 2 * NODES * COUNTRIES + 3000
