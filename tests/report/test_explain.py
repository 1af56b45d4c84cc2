"""Every figure leads to its rows and sources."""

import pytest

from pondasi import UsageError, gather_findings, load_chain, load_world, measure_exposure, read_prior
from pondasi.report.evidence import gather_evidence
from pondasi.report.explain import explain_figure


@pytest.fixture(scope="module")
def chain():
    return load_chain()


def test_a_row_leads_to_its_sources(chain):
    found = explain_figure(chain, "shares/litho_euv/NLD/control", draws=0)
    assert found.figure.value == 1.0
    assert {row["source"] for row in found.sources} == set(found.figure.sources)
    assert all(row["publisher"] for row in found.sources)


def test_every_row_of_every_table_can_be_explained(chain):
    evidence = gather_evidence(chain)
    for table, key in (("nodes", ["node"]), ("traits", ["node", "trait"]), ("links", ["supplier", "user", "role"])):
        for row in chain.tables[table].to_dict("records"):
            assert evidence.explain("/".join([table, *(str(row[name]) for name in key)])).sources


def test_exposure_is_the_sum_of_its_parts(chain):
    found = explain_figure(chain, "exposure/IDN/JPN", draws=0)
    assert sum(step.weight for step in found.steps) + found.rest == pytest.approx(1.0)
    share = measure_exposure(chain, ["IDN"]).of("IDN").loc["JPN", "share"]
    assert found.figure.value == pytest.approx(share)
    weights = [step.weight for step in found.steps]
    assert weights == sorted(weights, reverse=True)


def test_use_is_the_sum_of_the_user_industries(chain):
    found = explain_figure(chain, "use/IDN", draws=0)
    assert found.figure.value == pytest.approx(measure_exposure(chain, ["IDN"]).use.loc["IDN"].sum(), rel=1e-3)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("shares/wafer_20/IDN", "shares/wafer_200/IDN"),
        ("foo/x", "Known: nodes"),
        ("exposure/IDN", "exposure/HOME/PLACE"),
        ("exposure/IDN/ZZZ", "ZZZ"),
        ("exposure/IDN/JPN/toys", "tools.permission"),
        ("count/toys", "count/nodes"),
        ("use", "use/HOME"),
        ("nodes", "nodes/"),
        ("use/Indonesa", "IDN"),
    ],
)
def test_a_figure_that_is_not_there_names_the_nearest(chain, place, message):
    with pytest.raises(UsageError, match=message):
        explain_figure(chain, place, draws=0)


def test_use_has_the_range_that_the_brief_shows(chain):
    found = explain_figure(chain, "use/idn", draws=0).figure
    shown = gather_findings(chain, "IDN", draws=0).use
    assert (found.value, found.low, found.high) == pytest.approx((shown.value, shown.low, shown.high))


@pytest.mark.parametrize(
    "place",
    [
        "exposure/IDN/JPN/tools",
        "exposure/JPN/TWN",
        "order/IDN/CHN/TWN",
        "use/IDN/part",
        "position/VNM/foreign_supply",
        "concentration/litho_euv/hhi",
        "count/chokepoints/JPN",
    ],
)
def test_explain_gives_the_figure_that_the_brief_shows(findings, place):
    prior = read_prior(load_world())
    shown = gather_evidence(findings.chain, findings).explain(place)
    found = explain_figure(findings.chain, place, prior, draws=6, seed=1)
    ends = [
        [end for end in (one.figure.value, one.figure.low, one.figure.high) if end is not None]
        for one in (found, shown)
    ]
    assert ends[0] == pytest.approx(ends[1])
    assert found.steps
    assert found.sources


def test_a_country_may_be_written_small(chain):
    assert (
        explain_figure(chain, "exposure/idn/jpn", draws=0).figure
        == explain_figure(chain, "exposure/IDN/JPN", draws=0).figure
    )
