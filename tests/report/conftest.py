"""Briefs on the shipped world chain, made once."""

import pytest

from pondasi import Words, gather_findings, load_world, read_prior
from pondasi.report.brief import compose_brief, render_brief
from pondasi.workspace import Workspace
from tests.report.plan_run import save_plan
from tests.report.question_runs import save_questions
from tests.report.stress_run import save_stress

LANGUAGES = ("en", "id", "ja")
MANIFEST = {
    "pondasi": "0.1.0",
    "world": "world-2026.1",
    "hash": "0123456789abcdef",
    "seed": "1",
    "draws": "6",
    "made": "2026-01-02",
    "run": "abcdef01",
}


@pytest.fixture(scope="session")
def findings():
    world = load_world()
    peers = ("VNM", "MYS")
    return gather_findings(world.chain, "IDN", "JPN", peers=peers, draws=6, seed=1, prior=read_prior(world))


@pytest.fixture(scope="session")
def runs(findings, tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("runs"))
    return {
        "stress": save_stress(workspace, findings.chain.origin),
        "plan": save_plan(workspace, findings.chain.origin),
        **save_questions(workspace, findings.chain.origin),
    }


@pytest.fixture(scope="session")
def briefs(findings, runs):
    return {language: compose_brief(findings, Words(language), manifest=MANIFEST, runs=runs) for language in LANGUAGES}


@pytest.fixture(scope="session")
def pages(briefs):
    return {language: render_brief(brief, Words(language)) for language, brief in briefs.items()}
