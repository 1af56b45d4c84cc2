"""Briefs on the shipped world chain, made once."""

import pytest

from pondasi import Words, gather_findings, load_chain
from pondasi.report.brief import compose_brief, render_brief

LANGUAGES = ("en", "id", "ja")


@pytest.fixture(scope="session")
def findings():
    return gather_findings(load_chain(), "IDN", "JPN", draws=8, seed=1)


@pytest.fixture(scope="session")
def briefs(findings):
    return {language: compose_brief(findings, Words(language)) for language in LANGUAGES}


@pytest.fixture(scope="session")
def pages(briefs):
    return {language: render_brief(brief, Words(language)) for language, brief in briefs.items()}
