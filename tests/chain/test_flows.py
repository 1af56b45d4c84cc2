import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.chain.accounts import account_nodes, sort_nodes
from pondasi.chain.flows import balance_flows
from pondasi.chain.load import build_chain, load_chain
from pondasi.chain.shares import complete_shares
from pondasi.errors import BalanceError
from pondasi.position.requirements import solve_requirements
from tests.chain.random_chains import (
    add_node,
    change,
    make_chain,
    random_chains,
    scale_money,
    shuffle,
    split_country,
    two_countries,
)

ROUNDING = 1e-12
"""Sums of a few hundred numbers, relative to the largest."""
MARGIN = 1e-9
"""The tolerance of the balance, 1e-10 of a link, over the links of a supplier."""
EITHER = random_chains() | random_chains(gaps=True) | random_chains(circle=True)


def frame(matrix, labels):
    return pd.DataFrame(matrix.toarray(), labels, labels)


def margins(flows, role="Z"):
    """Return what each label sells to each node and buys from each node."""
    table = frame(getattr(flows, role), flows.labels)
    return table.T.groupby("node").sum().T, table.groupby("node").sum().T


def some_prior(chain, seed):
    """Return uneven weights on every route; routes from and to the same half of the places stay open, others may close."""
    draws = np.random.default_rng(seed)
    places = sorted({*chain.shares["country"], "ROW", "UNKNOWN"})
    weights = pd.DataFrame(draws.lognormal(0, 1, (len(places), len(places))), places, places)
    return {(node, ""): weights for node in chain.nodes["node"]}


# --- every link, every margin --------------------------------------------------------------------


@given(EITHER, st.integers(0, 10**6) | st.none())
def test_every_supplier_sells_and_every_user_buys_its_share_of_every_link(chain, seed):
    flows = balance_flows(chain, None if seed is None else some_prior(chain, seed))
    accounts = account_nodes(chain)
    shares = complete_shares(chain).set_index(["node", "country"])["share"].reindex(flows.labels)
    for name, role in (("Z", "flow"), ("capital", "capital"), ("licence", "licence")):
        value = pd.DataFrame(accounts.sales[role].toarray(), accounts.nodes, accounts.nodes)
        sold, bought = margins(flows, name)
        nodes = flows.labels.get_level_values("node")
        scale = MARGIN * (1 + value.to_numpy().max())
        assert np.abs(sold - value.loc[nodes, sold.columns].to_numpy() * shares.to_numpy()[:, None]).max().max() < scale
        assert (
            np.abs(bought - value.T.loc[nodes, bought.columns].to_numpy() * shares.to_numpy()[:, None]).max().max()
            < scale
        )


@given(EITHER)
def test_output_is_sales_and_what_leaves_the_chain_is_not_negative(chain):
    flows = balance_flows(chain)
    used = np.asarray(flows.Z[:, flows.output > 0].sum(axis=1)).ravel()
    assert flows.output == pytest.approx(used + flows.final)
    assert (flows.final >= -ROUNDING * (1 + flows.output)).all()
    output = pd.Series(flows.output, flows.labels).groupby("node").sum()
    market = chain.nodes.set_index("node")["market_usd"]
    traits = chain.traits.pivot_table(index="node", columns="trait", values="value").reindex(market.index)
    service = traits.get("service_sales_usd", pd.Series(0.0, market.index)).fillna(0.0)
    expected = traits["user_industry_output_usd"].fillna(market.fillna(0.0) + service)
    assert output.reindex(market.index).to_numpy() == pytest.approx(expected.to_numpy(), rel=ROUNDING)


@given(EITHER)
def test_the_base_is_a_fixed_point(chain):
    flows = balance_flows(chain)
    x = solve_requirements(flows.coefficients, flows.final)
    assert x == pytest.approx(flows.output, rel=ROUNDING, abs=ROUNDING)


@given(random_chains() | random_chains(gaps=True))
def test_suppliers_stand_before_users(chain):
    flows = balance_flows(chain)
    assert flows.acyclic
    for matrix in (flows.Z, flows.licence):
        i, j = matrix.nonzero()
        assert (i < j).all()


@given(random_chains(circle=True))
def test_a_circle_is_seen(chain):
    flows = balance_flows(chain)
    assert not flows.acyclic
    i, j = flows.Z.nonzero()
    assert (i > j).any()


# --- what must change nothing --------------------------------------------------------------------


@settings(max_examples=30)
@given(EITHER, st.integers(0, 10**6))
def test_the_unit_of_money_the_order_of_rows_and_strangers_change_nothing(chain, seed):
    flows = balance_flows(chain)
    table = frame(flows.Z, flows.labels)
    scaled = balance_flows(scale_money(chain, 15_750.0))
    assert scaled.labels.equals(flows.labels)
    assert scaled.Z.toarray() == pytest.approx(15_750.0 * flows.Z.toarray(), rel=ROUNDING)
    assert scaled.output == pytest.approx(15_750.0 * flows.output, rel=ROUNDING)
    for same in (shuffle(chain, seed), add_node(chain)):
        other = balance_flows(same)
        found = frame(other.Z, other.labels).loc[flows.labels, flows.labels]
        assert found.to_numpy() == pytest.approx(table.to_numpy(), rel=ROUNDING)


@given(EITHER)
def test_two_halves_of_a_country_trade_as_the_whole(chain):
    whole, halves = balance_flows(chain), balance_flows(split_country(chain, "JPN", ("FRA", "GBR")))
    names = {"FRA": "JPN", "GBR": "JPN"}

    def join(table):
        for _ in range(2):
            countries = table.index.get_level_values("country")
            table = (
                table.groupby([table.index.get_level_values("node"), countries.map(lambda code: names.get(code, code))])
                .sum()
                .T
            )
        return table.sort_index().sort_index(axis=1)

    first, second = join(frame(whole.Z, whole.labels)), join(frame(halves.Z, halves.labels))
    assert first.index.equals(second.index)
    assert second.to_numpy() == pytest.approx(first.to_numpy(), rel=ROUNDING)


# --- roles ---------------------------------------------------------------------------------------


def test_tools_and_rights_stand_apart_and_service_is_a_flow():
    flows = balance_flows(two_countries())
    Z, capital, licence = (frame(matrix, flows.labels) for matrix in (flows.Z, flows.capital, flows.licence))
    assert Z.loc["wafer", "chip"].to_numpy() == pytest.approx(np.array([[2.0, 18.0], [8.0, 72.0]]))
    assert Z.loc["tool", "chip"].to_numpy() == pytest.approx(np.array([[2.0, 18.0]]))
    assert Z.loc["design"].to_numpy().sum() == 0
    assert capital.loc["tool", "chip"].to_numpy().tolist() == [[4.0, 36.0]]
    assert licence.loc["design", "chip"].to_numpy().tolist() == [[30.0, 270.0]]
    assert flows.users == ("use",)
    output = pd.Series(flows.output, flows.labels)
    assert output["tool"].tolist() == [60.0]
    assert output["use"].tolist() == [1250.0, 3750.0]
    # Tools and rights are sold in full, but nothing of them is used up.
    assert pd.Series(flows.final, flows.labels)["tool"].tolist() == [40.0]


def test_service_orders_the_nodes_too():
    """The table lists the chip before its tool; only the tool's service ties them."""
    chain = two_countries()
    flipped = change(chain, nodes=chain.nodes.iloc[::-1].reset_index(drop=True))
    flows = balance_flows(flipped)
    assert flows.acyclic
    i, j = flows.Z.nonzero()
    assert (i < j).all()


def test_a_user_that_sells_sells_its_industry_s_output_not_the_chips_it_bought():
    chain = make_chain(
        {"chip": 10.0, "use": 10.0, "other": 50.0},
        [("chip", "use", "flow", 1.0), ("use", "other", "flow", 0.1)],
        {"chip": {"JPN": 1.0}, "use": {"JPN": 1.0}, "other": {"JPN": 1.0}},
        users={"use": 300.0},
    )
    assert balance_flows(chain).Z.toarray()[1, 2] == pytest.approx(30.0)


# --- what is not known ---------------------------------------------------------------------------


def test_an_unknown_market_with_known_service_stays_consistent():
    chain = make_chain(
        {"tool": None, "chip": 100.0, "use": 100.0},
        [("tool", "chip", "capital", 0.5), ("chip", "use", "flow", 1.0)],
        {"tool": {"JPN": 1.0}, "chip": {"IDN": 1.0}, "use": {"IDN": 1.0}},
        service={"tool": 20.0},
        users={"use": 500.0},
    )
    flows = balance_flows(chain)
    assert flows.gaps.nodes_without_market == ("tool",)
    assert flows.capital.nnz == 0
    assert frame(flows.Z, flows.labels).loc["tool", "chip"].to_numpy().tolist() == [[10.0]]
    assert pd.Series(flows.output, flows.labels)["tool"].tolist() == [20.0]
    assert (flows.final >= 0).all()


def test_every_gap_is_named_and_its_mass_is_unknown_not_zero():
    chain = make_chain(
        {"gas": None, "wafer": 40.0, "chip": 100.0, "use": 100.0},
        [("gas", "wafer", "flow", 0.5), ("wafer", "chip", "flow", None), ("chip", "use", "flow", 1.0)],
        {"wafer": {"JPN": 0.6, "KOR": None}, "chip": {}, "use": {"IDN": 1.0}},
        control={},
        users={"use": None},
    )
    flows = balance_flows(chain)
    assert flows.gaps.nodes_without_market == ("gas",)
    assert flows.gaps.nodes_without_share == ("chip", "gas")
    assert flows.gaps.links_without_size == (("wafer", "chip"),)
    assert flows.gaps.shares_without_size == (("wafer", "KOR"),)
    assert flows.gaps.users_without_output == ("use",)
    output = pd.Series(flows.output, flows.labels)
    assert output["wafer"].to_dict() == {"JPN": 24.0, "UNKNOWN": 16.0}
    assert frame(flows.Z, flows.labels).loc["chip", "use"].to_numpy().tolist() == [[100.0]]
    # The wafers of the link without a size leave the chain, as far as is known.
    assert pd.Series(flows.final, flows.labels)["wafer"].sum() == 40.0


def test_the_shipped_world_has_no_gaps():
    flows = balance_flows(load_chain())
    gaps = flows.gaps
    assert not any(
        (gaps.nodes_without_market, gaps.links_without_size, gaps.nodes_without_share, gaps.users_without_output)
    )
    assert flows.acyclic


# --- priors --------------------------------------------------------------------------------------


def test_a_prior_of_ones_says_nothing_and_one_for_a_pair_goes_before_one_for_a_node():
    chain = two_countries()
    plain = balance_flows(chain).Z.toarray()
    ones = pd.DataFrame(1.0, ["JPN", "IDN"], ["JPN", "IDN"])
    assert balance_flows(chain, {("wafer", ""): ones}).Z.toarray() == pytest.approx(plain, rel=1e-9)
    uneven = pd.DataFrame([[5.0]], ["JPN"], ["JPN"])
    assert balance_flows(chain, {("wafer", ""): uneven}).Z.toarray() != pytest.approx(plain, rel=1e-3)
    assert balance_flows(chain, {("wafer", ""): uneven, ("wafer", "chip"): ones}).Z.toarray() == pytest.approx(
        plain, rel=1e-9
    )


def test_a_closed_route_carries_nothing_and_the_margins_still_meet():
    closed = pd.DataFrame([[0.0]], ["JPN"], ["IDN"])
    flows = balance_flows(two_countries(), {("wafer", "chip"): closed})
    wafers = frame(flows.Z, flows.labels).loc["wafer", "chip"]
    assert wafers.loc["JPN", "IDN"] == 0
    assert wafers.to_numpy() == pytest.approx(np.array([[10.0, 10.0], [0.0, 80.0]]), abs=1e-8)


def test_routes_closed_without_a_way_out_are_all_named_at_once():
    """JPN makes 0.8 of the wafers and all tools; IDN makes 0.1 of the chips and takes no wafers but JPN's."""
    one, all_ = pd.DataFrame([[0.0]], ["JPN"], ["JPN"]), pd.DataFrame(0.0, ["JPN"], ["JPN", "IDN"])
    with pytest.raises(BalanceError) as caught:
        balance_flows(two_countries(), {("wafer", "chip"): one, ("tool", ""): all_})
    found = {problem.fields["supplier"]: problem.fields for problem in caught.value.problems}
    assert set(found) == {"wafer", "tool"}
    assert found["wafer"] == {
        "supplier": "wafer",
        "user": "chip",
        "sellers": "JPN",
        "buyers": "IDN",
        "supply": "80",
        "demand": "10",
    }
    assert "JPN" in str(caught.value)


def test_a_prior_on_strange_nodes_or_below_zero_is_refused():
    ones = pd.DataFrame([[1.0]], ["JPN"], ["JPN"])
    with pytest.raises(ValueError, match="waver"):
        balance_flows(two_countries(), {("waver", ""): ones})
    with pytest.raises(ValueError, match="from 0 on"):
        balance_flows(two_countries(), {("wafer", ""): -ones})


def test_flows_remember_how_they_were_balanced():
    prior = {("wafer", ""): pd.DataFrame([[2.0]], ["JPN"], ["JPN"])}
    flows = balance_flows(two_countries(), prior, "control")
    assert flows.prior is prior
    assert flows.basis == "control"


# --- order ---------------------------------------------------------------------------------------


def test_nodes_on_a_circle_keep_the_order_of_the_table():
    assert sort_nodes(["c", "b", "a"], [("a", "b"), ("b", "a"), ("b", "c")]) == (("c", "b", "a"), False)
    assert sort_nodes(["c", "b", "a"], [("a", "b"), ("b", "c"), ("a", "b")]) == (("a", "b", "c"), True)
    assert sort_nodes([], []) == ((), True)


def test_an_empty_chain_has_empty_flows():
    chain = make_chain({}, [], {}, check=False)
    flows = balance_flows(chain)
    assert len(flows.labels) == 0
    assert flows.coefficients.shape == (0, 0)


@settings(max_examples=10)
@given(random_chains(gaps=True, spread=True) | random_chains(circle=True))
def test_the_chains_of_these_tests_pass_the_check(chain):
    assert build_chain(chain.tables).nodes["node"].equals(chain.nodes["node"])
