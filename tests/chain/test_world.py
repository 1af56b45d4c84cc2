"""The world chain that ships: its accounts close, its evidence does not get thinner, its audit is today's."""

import pytest

from pondasi import build_chain, check_pack, load_world, save_chain
from pondasi.chain.coverage import weigh_doubt, weigh_links
from pondasi.chain.load import world_path
from pondasi.chain.rules import OUTPUT_TRAIT

BILLION = 1e9
SENTENCE = 12
"""Shorter notes say nothing."""


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module")
def market(world):
    return world.chain.nodes.set_index("node")["market_usd"]


def test_it_has_no_errors_and_no_warnings():
    report = check_pack(world_path())
    assert [problem for problem in report.problems if problem.level != "note"] == []


def test_chips_are_wafers_packaging_test_and_design(world, market):
    """MODEL 1: the accounts hold within 1 per cent; here they close to rounding."""
    stage = world.chain.nodes.set_index("node")["stage"]
    users = set(world.chain.traits.loc[world.chain.traits["trait"] == OUTPUT_TRAIT, "node"])
    chips = sum(market[node] for node in market.index if stage[node] == "demand" and node not in users)
    parts = sum(market[node] for node in market.index if stage[node] in {"fabrication", "packaging"})
    design = sum(market[node] for node in ("design_logic", "design_memory", "design_dao"))
    assert parts + design == pytest.approx(chips, rel=1e-6)
    assert sum(market[node] for node in users) == pytest.approx(chips, rel=1e-3)


def test_world_sales_are_those_published(market):
    """SIA: 791.7 billion USD of chips in 2025."""
    chips = market[[node for node in market.index if node.startswith("chip_")]].sum()
    assert chips / BILLION == pytest.approx(791.7, rel=0.005)


@pytest.mark.parametrize("strict", [False, True])
def test_less_than_a_quarter_of_the_places_rests_on_judgement(world, strict):
    """Lower the limits when evidence is added; never raise them."""
    doubt = weigh_doubt(world.chain, strict=strict)
    assert doubt["nodes"] < 0.25
    assert doubt["sales"] < 0.1


def test_every_place_that_is_not_assumed_says_how_it_was_derived(world):
    made = world.chain.shares.query("basis == 'location' and firm.isna() and grade != 'assumed'")
    bare = made[made["note"].isna() | (made["note"].str.len() < SENTENCE)]
    assert bare[["node", "country"]].to_numpy().tolist() == []


def test_doubt_is_what_the_rows_say(world):
    """Recomputed from the tables: shares by grade, and by what was read."""
    unread = set(world.chain.sources.query("evidence != 'seen'")["source"])
    rows = world.chain.shares.query("basis == 'location' and firm.isna() and ~node.str.startswith('use_')")
    weak = rows["source"].map(lambda cell: not unread.isdisjoint(cell.split("|")))
    market = world.chain.nodes.set_index("node")["market_usd"].drop(
        index=[node for node in world.chain.nodes["node"] if node.startswith("use_")]
    )
    for strict, doubtful in ((False, rows["grade"] == "assumed"), (True, (rows["grade"] == "assumed") | weak)):
        part = rows["share"].where(doubtful, 0).groupby(rows["node"]).sum().reindex(market.index, fill_value=0)
        doubt = weigh_doubt(world.chain, strict=strict)
        assert doubt["nodes"] == pytest.approx(part.mean(), abs=1e-3)
        assert doubt["sales"] == pytest.approx((part * market).sum() / market.sum(), abs=1e-3)


def test_most_money_goes_along_links_whose_size_is_sourced(world):
    """Tools apart: which class of fab buys which tool is judged for logic. Lower the limits, never raise them."""
    links, market = world.chain.links, world.chain.nodes.set_index("node")["market_usd"]
    money = links["sales_share"] * links["supplier"].map(market)
    parts = weigh_links(world.chain)
    for role, most in (("flow", 0.1), ("licence", 0.05), ("capital", 0.8)):
        of = links["role"] == role
        judged = money[of & (links["grade"] == "assumed")].sum() / money[of].sum()
        assert parts.loc[role, "assumed"] == pytest.approx(judged)
        assert judged < most


def test_south_east_asia_is_in_it(world):
    shares = world.chain.shares
    made = shares[(shares["basis"] == "location") & ~shares["node"].str.startswith("use_")]
    nodes = made.groupby("country")["node"].nunique()
    assert nodes[["IDN", "MYS", "VNM", "THA", "PHL", "IND", "SGP"]].min() >= 5
    assert made["country"].nunique() >= 29


def test_location_stands_apart_from_control(world):
    shares = world.chain.shares.pivot_table(index=["node", "country"], columns="basis", values="share").fillna(0.0)
    assert (shares["location"] - shares["control"]).abs().gt(0.05).sum() > 50


def test_the_trade_audit_holds_todays_shares(world):
    """Mend with the shares of today where this fails: location_share = sum over nodes, weighted by sales."""
    audit = world.companions["trade_audit"]
    single = audit[~audit["nodes"].str.contains("|", regex=False)]
    shares = world.chain.shares.query("basis == 'location' and firm.isna()").set_index(["node", "country"])["share"]
    for row in single.itertuples():
        assert shares.get((row.nodes, row.country), 0.0) == pytest.approx(row.location_share, abs=0.01)
    assert (audit["location_share"] - audit["export_share"]).to_numpy() == pytest.approx(
        audit["difference"].to_numpy(), abs=0.0015
    )


STOCKED = {"inventory_weeks", "cycle_weeks", "qualification_weeks", "utilisation", "overcapacity_max"}
SOURCED = {"dual_sourced_share", "single_sourced_varieties"}
LINES = {"wip_scrap_weeks", "restart_weeks"}
SERVICED = {"wear_per_year", "repair_weeks", "service_sales_usd", "life_years"}
LICENSED = {"licence_lag_weeks", "refresh_share"}
USERS = {"inventory_weeks", "utilisation", "overcapacity_max", "lost_demand_per_week", "substitution_weeks"}
INDUSTRY = {"value_added_share_of_output", "jobs_per_musd_output", OUTPUT_TRAIT}
SLACK = 1.06
"""Full use of all capacity, and the rounding of two figures that are judged apart."""


def traits_of(world, nodes):
    traits = world.chain.traits
    return traits[traits["node"].isin(nodes)].dropna(subset=["value"]).groupby("node")["trait"].apply(set)


def test_every_node_that_sells_has_the_traits_of_the_stress_test(world):
    """MODEL 3a: who sells along a flow, as capital or as a right; lines that can be stopped; users of chips."""
    links, stage = world.chain.links, world.chain.nodes.set_index("node")["stage"]
    users = set(world.chain.traits.loc[world.chain.traits["trait"] == OUTPUT_TRAIT, "node"])
    sellers = {role: set(links.loc[links["role"] == role, "supplier"]) for role in ("flow", "capital", "licence")}
    crystals = {"wafer_300", "wafer_200", "wafer_sic"}
    lines = {node for node in stage.index if stage[node] in {"fabrication", "packaging"}} | crystals
    for nodes, wanted in (
        (sellers["flow"], STOCKED | SOURCED),
        (sellers["capital"], STOCKED | SOURCED | SERVICED),
        (sellers["licence"], LICENSED),
        (lines, LINES),
        (users, USERS | INDUSTRY),
    ):
        found = traits_of(world, nodes)
        assert set(found.index) == nodes
        assert {node: wanted - found[node] for node in nodes if wanted - found[node]} == {}


def test_no_trait_without_interval_and_reason(world):
    traits = world.chain.traits
    open_ = traits[traits["grade"] != "exact"]
    assert open_[["value", "low", "high"]].notna().all(axis=None)
    assert (open_["low"] <= open_["value"]).all()
    assert (open_["value"] <= open_["high"]).all()
    judged = set(world.chain.sources.loc[world.chain.sources["evidence"] == "judged", "source"])
    firm = traits[traits["grade"] != "assumed"]
    assert not firm["source"].map(lambda cell: set(cell.split("|")) <= judged).any()


def test_capacity_is_used_up_to_all_of_it(world):
    """Utilisation x (1 + overcapacity_max): extra output comes out of what is idle, and cannot pass it."""
    table = world.chain.traits.pivot_table(index="node", columns="trait", values="value")
    full = (table["utilisation"] * (1 + table["overcapacity_max"])).dropna()
    assert len(full) > 75
    assert full.max() <= SLACK


def test_a_line_holds_no_more_scrap_than_its_content(world):
    table = world.chain.traits.pivot_table(index="node", columns="trait", values="value")
    scrap = table.dropna(subset=["wip_scrap_weeks"])
    assert (scrap["wip_scrap_weeks"] <= scrap["cycle_weeks"]).all()


def test_every_control_has_an_issuer_a_target_nodes_and_dates(world):
    """What a shock needs of a control: who withholds what from whom, from when, and until when it rests."""
    controls = world.companions["controls"]
    assert controls[["issuers", "issuer_group"]].notna().any(axis=1).all()
    assert controls[["targets", "target_group"]].notna().any(axis=1).all()
    assert controls["start_date"].notna().all()
    days = controls[["start_date", "change_date", "suspended_until"]].astype("datetime64[ns]")
    assert not (days["change_date"] < days["start_date"]).any()
    rests = controls["status"].str.startswith("suspended")
    assert days.loc[rests, ["change_date", "suspended_until"]].notna().all(axis=None)
    assert (days["change_date"] < days["suspended_until"])[rests].all()
    held = world.chain.shares.query("firm.isna() and share > 0").groupby("node")["country"].apply(set)
    rows = controls.dropna(subset=["issuers"]).itertuples()
    idle = [row.control for row in rows if not any(set(row.issuers.split("|")) & held[n] for n in row.nodes.split("|"))]
    assert idle == ["can_2024_allied"]  # the law names tools of which Canada makes none in these tables


def test_a_chain_without_users_is_sound_but_says_what_it_cannot_do(world, tmp_path):
    tables = {name: world.chain.tables[name] for name in ("nodes", "links", "variants", "shares", "traits", "sources")}
    tables["traits"] = tables["traits"].query("trait != @OUTPUT_TRAIT")
    save_chain(build_chain(tables), tmp_path / "pack")
    found = [problem for problem in check_pack(tmp_path / "pack").problems if problem.key == "no_users"]
    assert [(problem.level, problem.table) for problem in found] == [("note", "traits")]
