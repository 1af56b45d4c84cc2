"""The ETO set as a chain, by a small reader of its own: what it leaves unknown must stay unknown.

Not shipped (the set is for non-commercial use): the test needs ../shared.
"""

import re

import numpy as np
import pandas as pd
import pytest

from pondasi.chain.flows import balance_flows
from pondasi.chain.load import build_chain
from pondasi.chain.shares import complete_shares
from pondasi.chain.variants import find_sums, inherit_links
from pondasi.places import UNKNOWN, load_countries
from pondasi.position.concentration import measure_concentration
from pondasi.tables.dictionary import load_dictionary

ROLES = {"tool_resource": "capital", "material_resource": "flow", "design_resource": "licence", "process": "flow"}
STAGES = {"tool_resource": "equipment", "material_resource": "materials", "design_resource": "design"}
KINDS = {"tool_resource": "tool", "material_resource": "material", "design_resource": "licence", "process": "process"}
MONEY = re.compile(r"\$([\d.]+) (billion|million)")
ORIGIN = {"grade": "estimated", "source": "eto"}


def read_eto(folder):
    """Return the set as tables of a chain, blanks left blank."""
    inputs, providers, provision, sequence = (
        pd.read_csv(folder / f"{name}.csv") for name in ("inputs", "providers", "provision", "sequence")
    )
    names = inputs["input_id"].str.lower()
    kind = pd.Series(inputs["type"].to_numpy(), names)
    variants = sequence.dropna(subset=["is_type_of_id"])
    market = pd.Series(inputs["market_share_chart_global_market_size_info"].map(read_money).to_numpy(), names)
    # A family's market is the sum of its types and would be counted twice.
    pairs = variants["input_id"].str.lower(), variants["is_type_of_id"].str.lower()
    known = market[pairs[0]].notna().to_numpy()
    market[pairs[1][known].unique()] = np.nan
    nodes = pd.DataFrame({"node": names, "stage": kind.map(STAGES).fillna("fabrication").to_numpy()})
    nodes["kind"] = kind.map(KINDS).fillna("product").to_numpy()
    nodes = nodes.assign(name_en=names, name_id=names, name_ja=names, market_usd=market.to_numpy(), **ORIGIN)
    links = sequence.dropna(subset=["goes_into_id"])
    supplier = links["input_id"].str.lower()
    tables = {
        "nodes": nodes,
        "links": pd.DataFrame(
            {
                "supplier": supplier,
                "user": links["goes_into_id"].str.lower(),
                "role": supplier.map(kind).map(ROLES),
                "essentiality": "critical",
                **ORIGIN,
            }
        ),
        "variants": pd.DataFrame({"variant": pairs[0], "family": pairs[1], **ORIGIN}),
        "shares": read_shares(provision[provision["provided_id"].isin(inputs["input_id"])], providers),
        "sources": pd.DataFrame(
            [
                {
                    "source": "eto",
                    "publisher": "ETO",
                    "title": "chips",
                    "year": 2026,
                    "licence": "cc-by-nc-4.0",
                    "evidence": "seen",
                    "confidence": "medium",
                }
            ]
        ),
    }
    columns = load_dictionary().tables
    return {name: table.reindex(columns=list(columns[name])) for name, table in tables.items()}


def read_money(text):
    found = MONEY.match(str(text))
    return float(found[1]) * {"billion": 1e9, "million": 1e6}[found[2]] if found else np.nan


def read_shares(provision, providers):
    """Return shares by country (head office): the country's own rows, else what its firms add up to.

    What is no country stands as ROW of unknown size, so that the remainder stays unknown.
    """
    rows = provision.merge(providers[["provider_id", "provider_type", "country"]], on="provider_id")
    own = rows["provider_type"] == "country"
    code = rows["provider_name"].where(own, rows["country"])
    place = code.where(code.isin(load_countries()), "ROW")
    share = (rows["share_provided"] / 100).where(place != "ROW")
    table = pd.DataFrame({"node": rows["provided_id"].str.lower(), "country": place, "share": share, "own": own})
    by = ["node", "country"]
    stated = table[table["own"]].groupby(by)["share"].sum(min_count=1)
    held = table[~table["own"]].groupby(by)["share"].agg(lambda part: part.sum(skipna=False))
    both = pd.concat([stated, held[~held.index.isin(stated.index)]])
    total = both.groupby("node").transform("sum")
    both = (both / total.clip(lower=1)).where(total > 0, both)
    return both.reset_index().assign(basis="control", **ORIGIN)


@pytest.fixture(scope="module")
def eto(shared):
    return build_chain(read_eto(shared("data/eto")))


def test_the_set_is_a_chain(eto):
    assert len(eto.nodes) == 126
    assert len(eto.links) == 53
    assert len(eto.variants) == 86
    assert set(eto.shares["basis"]) == {"control"}


def test_blanks_stay_unknown(eto):
    assert eto.links["sales_share"].isna().all()
    assert eto.shares["share"].isna().sum() > 50
    table = complete_shares(eto, "control")
    blank = set(eto.shares.loc[eto.shares["share"].isna(), "node"])
    unknown = set(table.loc[table["country"] == UNKNOWN, "node"])
    without = set(eto.nodes["node"]) - set(eto.shares["node"])
    totals = eto.shares.groupby("node")["share"].sum()
    assert without <= unknown
    assert {node for node in blank if totals[node] < 0.98} <= unknown
    assert unknown <= blank | without
    assert table.groupby("node")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-12)


def test_a_place_of_making_is_not_read_out_of_a_head_office(eto):
    assert (complete_shares(eto, "location")["country"] == UNKNOWN).all()
    assert measure_concentration(eto, "location")["hhi"].isna().all()


def test_flows_name_what_is_missing_and_put_nothing_in_its_place(eto):
    flows = balance_flows(eto, basis="control")
    links = inherit_links(eto)
    assert flows.Z.nnz == flows.capital.nnz == flows.licence.nnz == 0
    assert flows.gaps.links_without_size == tuple(sorted(set(zip(links["supplier"], links["user"], strict=True))))
    assert len(flows.gaps.links_without_size) >= len(eto.links)
    nodes = eto.nodes
    expected = set(nodes.loc[nodes["market_usd"].isna(), "node"]) - find_sums(eto)
    assert set(flows.gaps.nodes_without_market) == expected
    assert set(flows.gaps.nodes_without_share) == set(nodes["node"]) - set(eto.shares.dropna(subset=["share"])["node"])
    # All that is sold leaves the chain, as far as is known, and nothing is counted twice.
    assert flows.final.sum() == pytest.approx(nodes["market_usd"].sum())


def test_one_maker_is_seen(eto):
    euv = eto.nodes.loc[eto.nodes["node"] == "n20", "node"].item()
    found = measure_concentration(eto, "control").loc[euv]
    assert found["top"] == "NLD"
    assert found["hhi"] == pytest.approx(1.0)
