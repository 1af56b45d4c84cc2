"""Upstreamness: by hand, against the sum of its series, and on random chains."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import sparse

from pondasi.chain.accounts import account_nodes
from pondasi.chain.flows import balance_flows
from pondasi.chain.load import load_chain
from pondasi.position.upstreamness import measure_upstreamness, solve_upstreamness
from tests.chain.random_chains import make_chain, random_chains, scale_money, two_countries

ROUNDING = 1e-12
EITHER = random_chains() | random_chains(circle=True) | random_chains(gaps=True)


def test_three_tiers_by_hand():
    """Wafers and designs go into chips, chips to users: 3, 3, 2, 1. Tools sell 40 new and 20 of service, and a
    new tool is a final sale: 40/60 x 1 + 20/60 x 3 = 5/3."""
    found = measure_upstreamness(two_countries())
    assert found.to_dict() == pytest.approx({"wafer": 3.0, "design": 3.0, "chip": 2.0, "use": 1.0, "tool": 5 / 3})


def test_what_leaves_the_chain_is_a_final_sale():
    """Half of the gas goes into wafers (3 + 1), half elsewhere (1): 2.5."""
    chain = make_chain(
        {"gas": 10.0, "wafer": 100.0, "chip": 1000.0, "use": 1000.0},
        [("gas", "wafer", "flow", 0.5), ("wafer", "chip", "flow", 1.0), ("chip", "use", "flow", 1.0)],
        {node: {"JPN": 1.0} for node in ("gas", "wafer", "chip", "use")},
        users={"use": 5000.0},
    )
    assert measure_upstreamness(chain)["gas"] == pytest.approx(0.5 * 1 + 0.5 * 4)


def test_the_published_form_and_the_solve_agree_on_a_circle():
    """Antras et al. 2012, equation 1: the mean of 1, 2, 3, ... by the part of output that needs so many sales."""
    used = np.array([[0.0, 30.0, 10.0], [5.0, 0.0, 40.0], [0.0, 10.0, 0.0]])
    output = np.array([50.0, 60.0, 80.0])
    final, step, mean = output - used.sum(axis=1), used / output[:, None], np.zeros(3)
    part = final / output
    for stages in range(1, 400):
        mean += stages * part
        part = step @ part
    assert solve_upstreamness(sparse.csr_array(used), output) == pytest.approx(mean, rel=ROUNDING)


@given(EITHER)
@settings(max_examples=40)
def test_the_solve_is_that_of_a_dense_inverse(chain):
    accounts = account_nodes(chain)
    used = (accounts.sales["flow"] + accounts.sales["licence"]).toarray()
    known = accounts.output > 0
    delta = np.divide(used, accounts.output[:, None], out=np.zeros_like(used), where=known[:, None])
    expected = np.linalg.inv(np.eye(len(delta)) - delta) @ np.ones(len(delta))
    found = measure_upstreamness(chain).reindex(accounts.nodes).to_numpy()
    assert found[known] == pytest.approx(expected[known], rel=1e-10)
    assert np.isnan(found[~known]).all()
    assert (found[known] >= 1 - ROUNDING).all()


@given(EITHER)
@settings(max_examples=40)
def test_without_a_prior_all_suppliers_of_a_node_stand_equally_far(chain):
    by_node = measure_upstreamness(chain)
    by_supplier = measure_upstreamness(chain, balance_flows(chain))
    nodes = by_supplier.index.get_level_values("node")
    assert by_supplier.to_numpy() == pytest.approx(by_node.reindex(nodes).to_numpy(), rel=1e-9, nan_ok=True)


@given(random_chains())
@settings(max_examples=20)
def test_the_currency_does_not_matter(chain):
    pd.testing.assert_series_equal(
        measure_upstreamness(chain), measure_upstreamness(scale_money(chain, 1000.0)), rtol=1e-9
    )


def test_the_shipped_world_stands_in_the_order_of_its_stages():
    chain = load_chain()
    found = measure_upstreamness(chain)
    nodes = chain.nodes.set_index("node")
    users = found[nodes["stage"] == "demand"]
    assert found.notna().all()
    assert found[nodes["stage"] == "fabrication"].median() > users.median()
    assert found.idxmax() in {"mask_blank", "polysilicon_eg"}
