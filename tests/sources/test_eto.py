"""The reader of the ETO set: nothing is invented, nothing is lost unsaid, and the checker agrees."""

import pandas as pd
import pytest

from pondasi import (
    balance_flows,
    build_chain,
    check_pack,
    load_chain,
    measure_concentration,
    measure_exposure,
    save_chain,
)
from pondasi.errors import DataError, UsageError
from pondasi.places import load_countries
from pondasi.sources.eto import read_eto
from pondasi.sources.read import read_source
from pondasi.sources.registry import find_source
from pondasi.sources.store import add_source
from tests.sources.made_up import PROVIDERS, PROVISION, SMALL, make_set, write_files


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the made-up set with some files changed, as tables and what was left out."""

    def run(**texts):
        files = SMALL | {
            f"{name}.csv": text.encode() if isinstance(text, str) else text for name, text in texts.items()
        }
        return read_eto(write_files(tmp_path / "set", files), make_set(files, "eto"))

    return run


def of(table, **keys):
    for column, value in keys.items():
        table = table[table[column] == value]
    (row,) = table.to_dict("records")
    return row


# --- a made-up set, by hand ----------------------------------------------------------------------


def test_nodes_have_their_place_in_the_chain(read):
    nodes = build_chain(read()[0]).nodes.set_index("node")
    assert nodes["kind"].to_dict() == {
        "drawing": "process",
        "etching": "process",
        "boxing_testing": "process",
        "etchers": "tool",
        "dry_etchers_new": "tool",
        "wet_etchers": "tool",
        "resin": "material",
        "sketches": "licence",
        "boxed_chip": "product",
        "software": "licence",
    }
    assert nodes.loc["dry_etchers_new", ["stage", "pillar"]].tolist() == ["equipment", "front_end"]
    assert nodes.loc["software", ["stage", "pillar"]].tolist() == ["design", "design"]
    assert nodes.loc["boxed_chip", "stage"] == "demand"
    assert pd.isna(nodes.loc["boxed_chip", "pillar"])


def test_markets_are_read_with_their_year_and_scope(read):
    tables, left_out = read()
    nodes = tables["nodes"].set_index("node")
    assert nodes.loc["drawing", ["market_usd", "market_year", "grade"]].tolist() == [9e9, 2024, "estimated"]
    assert nodes.loc["software", ["market_usd", "market_year"]].tolist() == [1.2005e9, 2020]
    assert nodes.loc["wet_etchers", ["market_usd", "market_year", "grade"]].tolist() == [17e6, 2024, "assumed"]
    assert "all etchers" in nodes.loc["wet_etchers", "note"]
    assert nodes.loc["sketches", "market_usd"] is None or pd.isna(nodes.loc["sketches", "market_usd"])
    assert "no amount: unknown" in nodes.loc["sketches", "note"]
    assert pd.isna(nodes.loc["etchers", "market_usd"]), "it includes its types, which have markets of their own"
    assert "$30 million (2025)" in nodes.loc["etchers", "note"]
    assert left_out["families"] == 1


def test_links_have_roles_and_no_size(read):
    links = build_chain(read()[0]).links.set_index(["supplier", "user"])
    assert links["role"].to_dict() == {
        ("sketches", "drawing"): "licence",
        ("software", "drawing"): "licence",
        ("drawing", "etching"): "licence",
        ("etchers", "etching"): "capital",
        ("resin", "etching"): "flow",
        ("etching", "boxing_testing"): "flow",
        ("boxing_testing", "boxed_chip"): "flow",
    }
    assert links["sales_share"].isna().all()
    assert set(links["grade"]) == {"assumed"}


def test_what_is_no_country_leaves_an_unknown_remainder(read):
    tables, left_out = read()
    chain = build_chain(tables)
    drawing = chain.shares[chain.shares["node"] == "drawing"].set_index("country")
    assert drawing["share"].dropna().to_dict() == {"USA": 0.6}
    assert "EUR 30%, Various countries 10%" in drawing.loc["ROW", "note"]
    measured = measure_concentration(chain, "control").loc["drawing"]
    assert measured["unknown"] == pytest.approx(0.4, abs=1e-12)
    assert measured["assigned"] == pytest.approx(0.6, abs=1e-12)
    assert left_out == {"stages": 1, "places": 4, "firms": 1, "families": 1}


def test_rounding_is_scaled_and_said(read):
    shares = read()[0]["shares"]
    firms = shares[(shares["node"] == "dry_etchers_new") & shares["firm"].notna()]
    assert firms["share"].sum() == pytest.approx(0.751, abs=1e-15)
    assert firms["note"].str.contains("rounded").all()
    resin = shares[shares["node"] == "resin"]
    assert resin["share"].sum() == pytest.approx(1, abs=1e-15)
    assert resin["note"].str.contains("103.0%").all()


def test_more_than_rounding_is_left_to_the_checker(read):
    too_much = PROVISION.replace("NLD,P3,Resin,N7,18", "NLD,P3,Resin,N7,19")
    with pytest.raises(DataError) as caught:
        build_chain(read(provision=too_much)[0])
    assert [problem.key for problem in caught.value.problems] == ["shares_above_one"]
    too_much = PROVISION.replace("Bolt,P7,Dry etchers,N5,5.2", "Bolt,P7,Dry etchers,N5,9.2")
    with pytest.raises(DataError) as caught:
        build_chain(read(provision=too_much)[0])
    assert [problem.key for problem in caught.value.problems] == ["firms_above_country"]


def test_blank_shares_stay_unknown(read):
    shares = read()[0]["shares"]
    assert pd.isna(of(shares, node="sketches", country="JPN")["share"])
    assert pd.isna(of(shares, node="wet_etchers", firm="Acme")["share"])
    assert shares["low"].isna().all()
    assert set(shares["basis"]) == {"control"}


def test_every_row_cites_what_the_set_cites(read):
    sources = read()[0]["sources"]
    assert sources["source"].tolist() == ["eto", "eto_wsts", "eto_somebody_2025"]
    assert of(sources, source="eto_wsts")["url"] == "https://example.org/w"
    assert of(sources, source="eto_somebody_2025")["url"] == "https://example.org/set"


def test_names_that_make_the_same_id_are_kept_apart(read):
    inputs = SMALL["inputs.csv"].decode().replace("N6,Wet etchers", "N6,Etchers").replace("N7,Resin", "N7,樹脂")
    nodes = read(inputs=inputs)[0]["nodes"]
    assert nodes["node"].is_unique
    assert {"etchers", "etchers_2", "n7"} <= set(nodes["node"])


def test_a_circle_of_types_is_left_to_the_checker(read):
    sequence = SMALL["sequence.csv"].decode() + "Etchers,N4,,,Dry etchers,N5\n"
    with pytest.raises(DataError) as caught:
        build_chain(read(sequence=sequence)[0])
    assert {problem.key for problem in caught.value.problems} == {"variant_cycle"}


@pytest.mark.parametrize(
    ("file", "old", "new", "keys"),
    [
        ("inputs", "N2,Etching,process", "N2,Etching,magic", ["source_value"]),
        ("inputs", ",2019,$1 billion", ",about 2019,$1 billion", ["source_number"]),
        ("inputs", "input_name", "name", ["source_column_missing"]),
        ("inputs", "N7,Resin", "N7,Resin,more", ["source_row_width"]),
        ("sequence", "Resin,N7,", "Resin,N77,", ["source_reference"]),
        ("sequence", "Etching,N2,,\n", "Etching,N222,,\n", ["source_reference"] * 3),
        ("provision", "N5,75.1", "N5,most", ["source_number"]),
        ("provision", "P6,Dry etchers,N5", "P66,Dry etchers,N55", ["source_reference"] * 2),
        ("providers", "provider_type", "kind", ["source_column_missing"]),
        ("stages", "stage_id", '"stage_id', ["source_unreadable"]),
    ],
)
def test_another_version_that_does_not_fit_is_told_cell_by_cell(read, file, old, new, keys):
    text = SMALL[f"{file}.csv"].decode()
    assert old in text
    with pytest.raises(DataError) as caught:
        read(**{file: text.replace(old, new)})
    assert [problem.key for problem in caught.value.problems] == keys
    assert all(problem.place.file == f"{file}.csv" for problem in caught.value.problems)


def test_files_that_are_no_text_or_empty_are_told_together(read):
    with pytest.raises(DataError) as caught:
        read(inputs=PROVIDERS.encode("utf-16"), stages=b"")
    assert [problem.key for problem in caught.value.problems] == ["source_unreadable", "source_column_missing"]


# --- the published set ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eto(shared):
    """Return the published set as tables, and what was left out."""
    return read_eto(shared("data/eto"), find_source("eto"))


@pytest.fixture(scope="module")
def chain(eto):
    return build_chain(eto[0], id="eto", version="46e01064")


def test_the_published_set_has_its_size(eto, chain):
    assert {name: len(chain.tables[name]) for name in chain.tables} == {
        "nodes": 126,
        "links": 53,
        "variants": 86,
        "shares": 1203,
        "traits": 0,
        "sources": 14,
    }
    assert eto[1] == {"families": 16, "firms": 70, "stages": 21, "places": 63}


def test_every_stated_share_stands_in_the_chain_or_is_counted(eto, shared):
    """Seen from the other side: the publisher's rows, joined by hand, against the tables."""
    provision = pd.read_csv(shared("data/eto/provision.csv"), dtype=str, keep_default_na=False)
    providers = pd.read_csv(shared("data/eto/providers.csv"), dtype=str, keep_default_na=False).drop_duplicates(
        "provider_id"
    )
    raw = provision.merge(providers[["provider_id", "provider_type", "country"]], on="provider_id", validate="m:1")
    whole = raw["provider_type"] == "country"
    raw["place"] = raw["provider_name"].where(whole, raw["country"])
    raw["firm"] = raw["provider_name"].mask(whole)
    raw["value"] = pd.to_numeric(raw["share_provided"]) / 100
    raw["node"] = raw["provided_id"]
    kept = raw[raw["place"].isin(set(load_countries())) & raw["node"].str.startswith("N")]

    tables, left_out = eto
    names = {
        row["note"].split(";")[0].removeprefix("ETO input "): row["node"] for row in tables["nodes"].to_dict("records")
    }
    kept = kept.assign(node=kept["node"].map(names))
    shares = tables["shares"][tables["shares"]["country"] != "ROW"]
    assert len(kept) == len(shares) == len(raw) - sum(left_out[kind] for kind in ("stages", "places", "firms"))
    both = kept.merge(shares, left_on=["node", "place", "firm"], right_on=["node", "country", "firm"], validate="1:1")
    assert len(both) == len(kept)
    assert (both["value"].isna() == both["share"].isna()).all()
    untouched = both["note"].isna() & both["value"].notna()
    assert (both["value"] - both["share"])[untouched].abs().max() < 1e-15
    scaled = both[both["note"].notna()]
    assert 0 < len(scaled) < 40
    assert (scaled["value"] - scaled["share"]).abs().max() <= 0.001, "one digit of a percentage"


def test_the_published_set_passes_the_check(chain, tmp_path):
    save_chain(chain, tmp_path / "eto")
    report = check_pack(tmp_path / "eto")
    assert report.errors == ()
    kinds = {problem.key for problem in report.problems if problem.level == "warning"}
    assert kinds == {"interval_missing"}, "the set states no intervals, and says no other doubtful thing"


@pytest.mark.parametrize("name", ["eto", "eto.parquet", "eto.xlsx"])
def test_the_chain_goes_round_the_three_forms(chain, tmp_path, name):
    save_chain(chain, tmp_path / name)
    assert load_chain(tmp_path / name) == chain


def test_what_is_published_can_be_read_off(chain):
    measured = measure_concentration(chain, "control")
    euv = measured.loc["euv_lithography_tools"]
    assert (euv["top"], euv["hhi"]) == ("NLD", 1.0)
    assert measured.loc["photoresists", "unknown"] == 1.0
    nodes = chain.nodes.set_index("node")
    assert nodes.loc["euv_lithography_tools", "market_usd"] == 13e9
    assert pd.isna(nodes.loc["lithography_tools", "market_usd"])


def test_what_cannot_be_computed_is_said(chain):
    gaps = balance_flows(chain).gaps
    assert len(gaps.nodes_without_share) == 126, "no place of production is stated"
    assert gaps.links_without_size
    assert "chip_design" not in gaps.nodes_without_market
    by_control = balance_flows(chain, basis="control").gaps
    assert len(by_control.nodes_without_share) < 126
    assert by_control.shares_without_size
    with pytest.raises(UsageError, match="uses no chips"):
        measure_exposure(chain, ["JPN"])
    with pytest.raises(UsageError, match="no share in any node"):
        measure_exposure(chain, ["IDN"])


def test_the_published_set_becomes_a_chain_with_its_gaps(shared, workspace):
    add_source(find_source("eto"), workspace, [shared("data/eto")], accept=True)
    found = read_source("eto", workspace)
    build_chain(found.tables, id=found.id, version=found.version)
    assert found.version == "46e01064"
    assert found.unknown == {"nodes": (39, 126), "links": (53, 53), "variants": (86, 86), "shares": (303, 1203)}
