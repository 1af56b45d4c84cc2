"""The table of 6 regions and 8 sectors that other input-output programs test with (needs ../shared)."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from pondasi.position.requirements import invert_requirements, solve_requirements

SURPLUS = 1e-6
"""The table's own output and its sums differ in the last digits that it gives."""


@pytest.fixture(scope="module")
def table(shared):
    folder = shared("reference/boario")
    Z = pd.read_csv(folder / "Z.csv", header=[0, 1], index_col=[0, 1])
    Y = pd.read_csv(folder / "Y.csv", header=[0, 1], index_col=[0, 1]).reindex(Z.index)
    x = pd.read_csv(folder / "x.csv", index_col=[0, 1])["indout"].reindex(Z.index)
    return Z, Y, x


def test_the_output_for_all_final_demand_is_the_output(table):
    Z, Y, x = table
    A = sparse.csr_array(Z.to_numpy() / x.to_numpy())
    assert solve_requirements(A, Y.sum(axis=1).to_numpy()) == pytest.approx(x.to_numpy(), rel=SURPLUS)


def test_each_region_s_demand_is_answered_as_by_a_dense_inverse(table):
    Z, Y, x = table
    A = Z.to_numpy() / x.to_numpy()
    demand = Y.T.groupby(level=0, sort=False).sum().T.to_numpy()
    expected = np.linalg.inv(np.eye(len(A)) - A) @ demand
    assert solve_requirements(sparse.csr_array(A), demand) == pytest.approx(expected, rel=1e-10)
    assert invert_requirements(sparse.csr_array(A)) @ demand == pytest.approx(expected, rel=1e-10)
