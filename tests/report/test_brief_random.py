"""A brief can be written on any sound chain: few nodes, no tools, no rights, blanks, one country."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi import UsageError, Words, gather_findings
from pondasi.report.brief import compose_brief, render_brief
from tests.chain.random_chains import COUNTRIES, random_chains, two_countries


def gather(chain, home, partner):
    try:
        return gather_findings(chain, home, partner, draws=2)
    except UsageError as error:
        return error


@settings(max_examples=25)
@given(random_chains(gaps=True), st.sampled_from(COUNTRIES), st.sampled_from([None, *COUNTRIES]))
def test_any_chain_gives_a_brief_or_a_plain_refusal(chain, home, partner):
    findings = gather(chain, home, partner)
    if isinstance(findings, UsageError):
        assert Words("id").error(findings)
        return
    for language in ("en", "ja"):
        page = render_brief(compose_brief(findings, Words(language)), Words(language))
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
        assert not re.search(r"\bnan\b|\{\w+\}|\bNone\b", text)


def test_a_chain_without_tools_and_rights_speaks_of_supply_alone():
    brief = compose_brief(gather_findings(two_countries(), "IDN", draws=0), Words("en"))
    exposure = next(section for section in brief.sections if section.id == "exposure")
    assert exposure.statements
