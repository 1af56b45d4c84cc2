"""Rows on the chain and the position of a country."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.matrices import draw_matrices, save_matrices
from benchmarks.measure import Run, find_shared, run, run_peer, run_task
from benchmarks.registry import RefereeRow, SpeedRow
from benchmarks.synthetic import ETO, make_chain
from pondasi.chain.balance import balance
from pondasi.chain.flows import balance_flows
from pondasi.chain.load import load_chain, save_chain
from pondasi.position.exposure import measure_exposure, trace_use
from pondasi.position.requirements import solve_requirements

# --- what both sides are given -------------------------------------------------------------------


@cache
def scratch() -> Path:
    """Return a folder that is gone at the end."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def eto_pack() -> Path:
    """Return a made-up pack of the size of the ETO data, every country in every node."""
    path = scratch() / "pack"
    save_chain(make_chain(ETO), path)
    return path


@cache
def eto_system() -> Path:
    """Return the balanced flows of that pack, its output and every country's use of chips, for a peer."""
    flows = balance_flows(load_chain(eto_pack()))
    homes = measure_exposure(load_chain(eto_pack()), flows=flows).by_country.index.unique("home")
    Z = sparse.csr_array(flows.Z)
    path = scratch() / "system.npz"
    np.savez(path, data=Z.data, indices=Z.indices, indptr=Z.indptr, x=flows.output, Y=trace_use(flows, list(homes)))
    return path


@cache
def matrices() -> Path:
    """Return matrices to fit."""
    return save_matrices(scratch() / "matrices.npz")


# --- speed ---------------------------------------------------------------------------------------


def write_brief() -> Run:
    """Write the brief of the README as a user does for the first time."""
    workspace = Path(tempfile.mkdtemp(dir=scratch()))
    program = Path(sys.executable).with_name("pondasi")
    command = [program] if program.exists() else [sys.executable, "-c", "from pondasi.cli import main; main()"]
    return run([*command, "brief", "IDN", "--with", "JPN", "--workspace", workspace])


def ask_for_help() -> Run:
    """Ask the command line for help."""
    return run(
        [sys.executable, "-c", "import sys; sys.argv = ['pondasi', '--help']; from pondasi.cli import main; main()"]
    )


SPEED = (
    SpeedRow(
        "load-eto",
        "load and check a pack: 126 nodes, 60 countries, 400 firms, 16,000 shares",
        lambda: run_task("load", eto_pack()),
        seconds=1,
    ),
    SpeedRow(
        "exposure-eto",
        "balance its flows (7,500 suppliers), exposures of all countries",
        lambda: run_task("exposure", eto_pack()),
        lambda: run_peer("pymrio_leontief.py", eto_system(), scratch() / "theirs.npz"),
        "pymrio: A, inverse, L Y (one run)",
        seconds=5,
        megabytes=1000,
        ratio=10,
        peer_repeats=1,
    ),
    SpeedRow(
        "exposure-band",
        "exposure of one country on the shipped world, 200 draws",
        lambda: run_task("band", 200),
        seconds=5,
    ),
    SpeedRow(
        "fit",
        "fit 21 matrices of 8 to 60 countries to their margins, to 1e-10",
        lambda: run_task("fit", matrices()),
        lambda: run_peer("ipfn_fit.py", matrices(), scratch() / "fitted.npz"),
        "ipfn",
        ratio=3,
        peer_repeats=3,
    ),
    SpeedRow("brief", "pondasi brief IDN --with JPN, from nothing", write_brief, seconds=20, megabytes=1000, repeats=3),
    SpeedRow(
        "help",
        "pondasi --help",
        ask_for_help,
        lambda: run([sys.executable, "-c", "pass"]),
        "Python alone",
        seconds=0.3,
        difference=True,
    ),
    SpeedRow("import", "import pondasi", lambda: run_task("import"), seconds=0.5),
)

# --- referees ------------------------------------------------------------------------------------


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference, relative to the largest figure of the referee."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def table_of_pymrio() -> float:
    """Return how far our output for each region's demand is from pymrio's, on its test table."""
    path = scratch() / "table.npz"
    run_peer("pymrio_table.py", path)
    with np.load(path) as data:
        A = sparse.csr_array(data["Z"] / data["x"])
        return difference(solve_requirements(A, data["Y"]), data["made"])


def regions_of_pymrio() -> float:
    """Return the same for parts of regions, from the table in the shared folder."""
    folder = find_shared("reference/boario")
    Z = pd.read_csv(folder / "Z.csv", header=[0, 1], index_col=[0, 1])
    Y = pd.read_csv(folder / "Y.csv", header=[0, 1], index_col=[0, 1])
    x = pd.read_csv(folder / "x.csv", index_col=[0, 1])["indout"].reindex(Z.index)
    path, answer = scratch() / "shared_table.npz", scratch() / "shared_made.npz"
    demand = Y.T.groupby(level=0, sort=False).sum().T.reindex(Z.index)
    np.savez(path, Z=Z.to_numpy(), x=x.to_numpy(), Y=demand.to_numpy())
    run_peer("pymrio_leontief.py", path, answer)
    with np.load(answer) as data:
        theirs = _parts(data["made"], Z.index)
    ours = solve_requirements(sparse.csr_array(Z.to_numpy() / x.to_numpy()), demand.to_numpy())
    return difference(_parts(ours, Z.index), theirs)


def _parts(made: np.ndarray, index: pd.MultiIndex) -> np.ndarray:
    """Return each region's part of what each region's demand takes."""
    by_region = pd.DataFrame(made, index).groupby(level=0, sort=False).sum()
    return (by_region / by_region.sum()).to_numpy()


def chain_of_pymrio() -> float:
    """Return how far our supply exposure is from pymrio's output by country, on a made-up chain of ETO size."""
    answer = scratch() / "chain_made.npz"
    run_peer("pymrio_leontief.py", eto_system(), answer)
    chain = load_chain(eto_pack())
    flows = balance_flows(chain)
    with np.load(answer) as data:
        made = pd.DataFrame(data["made"]).groupby(flows.labels.get_level_values("country")).sum()
    table = measure_exposure(chain, flows=flows).by_country.xs("supply", level="kind")["share"]
    wide = table.reset_index().pivot_table(index="country", columns="home", values="share", fill_value=0.0)
    wide = wide.reindex(made.index, fill_value=0.0)
    return difference(wide.to_numpy(), (made / made.sum()).to_numpy())


def fits_of_ipfn() -> float:
    """Return how far our balanced matrices are from ipfn's, of the total."""
    answer = scratch() / "fitted.npz"
    run_peer("ipfn_fit.py", matrices(), answer)
    cases = draw_matrices()
    with np.load(answer) as theirs:
        return max(
            float(
                np.abs(
                    balance(cases[f"rows_{k}"], cases[f"columns_{k}"], cases[f"prior_{k}"], 1e-12) - theirs[name]
                ).max()
            )
            / cases[f"rows_{k}"].sum()
            for k, name in enumerate(theirs.files)
        )


def three_tiers_by_hand() -> float:
    """Return how far we are from the chain that tests/position/test_exposure.py solves by hand."""
    from tests.chain.random_chains import two_countries

    by_hand = {
        ("supply", "IDN"): 30.0,
        ("supply", "JPN"): 250.0,
        ("tools", "JPN"): 10.0,
        ("permission", "USA"): 75.0,
        ("value", "IDN"): 19.5,
        ("value", "JPN"): 155.5,
        ("value", "USA"): 75.0,
    }
    theirs = pd.Series(by_hand)
    found = measure_exposure(two_countries(), ["IDN"]).by_country.xs("IDN")["value"]
    return difference(found.reindex(theirs.index).to_numpy(), theirs.to_numpy())


def accounts_of_the_world() -> float:
    """Return the largest gap between what a chip sells for and what goes into it, on the shipped world.

    A finished chip is design, wafer fabrication, packaging and test; the world's tables close these
    accounts, so the value of the node itself is zero.
    """
    chain = load_chain()
    links, nodes = chain.links, chain.nodes.set_index("node")
    users = set(chain.traits.loc[chain.traits["trait"] == "user_industry_output_usd", "node"])
    chips = set(links.loc[links["user"].isin(users) & (links["role"] == "flow"), "supplier"])
    into = links[links["user"].isin(chips)]
    value = (into["supplier"].map(nodes["market_usd"]) * into["sales_share"]).groupby(into["user"]).sum()
    market = nodes.loc[value.index, "market_usd"]
    return float((value / market - 1).abs().max())


def world_adds_up() -> float:
    """Return how far the value created for all users' chips is from what all users pay for them."""
    exposure = measure_exposure(load_chain())
    value = exposure.by_country.xs("value", level="kind")["value"].groupby("home").sum()
    return difference(value.to_numpy(), exposure.use.groupby("home").sum().reindex(value.index).to_numpy())


ROUNDING = "rounding of a solve, over the condition of I - A"
REFEREES = (
    RefereeRow(
        "table",
        "output for each region's final demand, pymrio's test table (6 x 8)",
        "pymrio: L @ Y",
        table_of_pymrio,
        1e-11,
        ROUNDING,
    ),
    RefereeRow(
        "regions",
        "parts of regions in it, table of ../shared/reference",
        "pymrio: L @ Y by region",
        regions_of_pymrio,
        1e-11,
        ROUNDING,
    ),
    RefereeRow(
        "chain",
        "supply exposure of all countries, made-up chain of ETO size",
        "pymrio: L @ Y by country",
        chain_of_pymrio,
        1e-11,
        ROUNDING,
    ),
    RefereeRow("fit", "21 balanced matrices", "ipfn", fits_of_ipfn, 1e-9, "both stop at margins off by up to 1e-10"),
    RefereeRow(
        "hand",
        "all kinds of exposure, three tiers in two countries",
        "by hand",
        three_tiers_by_hand,
        1e-14,
        "rounding of a dozen sums",
    ),
    RefereeRow(
        "world",
        "chips = wafers + packaging + test + design, shipped world",
        "the tables' own markets",
        accounts_of_the_world,
        5e-3,
        "markets are given to three or four digits",
    ),
    RefereeRow(
        "bill",
        "value created = chip bill, every country, shipped world",
        "the chip bill",
        world_adds_up,
        1e-10,
        "rounding",
    ),
)
