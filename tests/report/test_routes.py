"""A brief says what its routes rest on, and explain takes the same ones."""

import pytest

from pondasi import Words, balance_flows, gather_findings, load_world, measure_exposure, read_prior
from pondasi.report.brief import compose_brief
from pondasi.report.explain import explain_figure


@pytest.fixture(scope="module")
def world():
    return load_world()


def points(findings, language):
    sections = {section.id: section.points for section in compose_brief(findings, Words(language)).sections}
    return [*sections["exposure"], *sections["unknown"]]


@pytest.mark.parametrize("language", ["en", "id", "ja"])
def test_a_brief_with_trade_says_so_and_one_without_says_so(world, language):
    words = Words(language)
    prior = read_prior(world)
    even = points(gather_findings(world.chain, "JPN", draws=0), language)
    trade = points(gather_findings(world.chain, "JPN", draws=0, prior=prior), language)
    made = len(world.chain.nodes) - len(balance_flows(world.chain).users)
    said = words.say("routes.exposure", n=len(prior), total=str(made))
    assert words.say("brief.exposure.no_home_bias") in even
    assert words.say("brief.exposure.no_home_bias") not in trade
    assert said in trade
    assert said not in even
    assert words.say("routes.limit") in trade
    assert words.say("brief.unknown.limit.prior") in even


def test_explain_and_the_brief_give_the_same_figure(world):
    prior = read_prior(world)
    for routes in (None, prior):
        exposure = measure_exposure(world.chain, ["JPN"], flows=balance_flows(world.chain, routes))
        found = explain_figure(world.chain, "exposure/JPN/TWN", routes, draws=0)
        assert found.figure.value == pytest.approx(exposure.of("JPN")["share"]["TWN"], rel=1e-9)
