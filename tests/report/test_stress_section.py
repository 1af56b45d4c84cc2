"""The section on shocks says what a saved stress test found, and every figure of it leads back to the run."""

import pandas as pd
import pytest

from pondasi import Words
from pondasi.cli import main
from pondasi.report.brief import compose_brief, render_brief
from pondasi.report.evidence import gather_evidence
from pondasi.report.marks import split_runs
from pondasi.report.sections import SLOTS
from pondasi.report.slots import match_runs
from pondasi.workspace import Manifest, Workspace

LANGUAGES = ("en", "id", "ja")
SHOCKS = ("gallium_licence_2023", "fukushima_renesas_2022", "mine_own")


def save(workspace, chain, gross, **options):
    """Save outcomes as a stress test does: a row for each shock and watch."""
    rows = [
        {"shock": shock, "watch": watch, "gross": value * part, "gross_low": value * part / 2, "gross_high": value * 2}
        | {"net": value * part / 4, "depth": 0.1 * part}
        for shock, value in zip(SHOCKS, gross, strict=True)
        for watch, part in (("home", 1.0), ("world", 0.5))
    ]
    manifest = Manifest("stress", {"home": "IDN", "weeks": 156, **options}, chain.origin, 0)
    return workspace.save_run(manifest, {"outcomes": pd.DataFrame(rows)})


@pytest.fixture
def runs(findings, tmp_path):
    workspace = Workspace(tmp_path)
    save(workspace, findings.chain, (0.5, 3.25, 1.0), shock=",".join(SHOCKS), draws=16)
    return match_runs(SLOTS, workspace, Manifest("brief", {"home": "IDN"}, findings.chain.origin, 0))


def section_of(brief):
    return next(section for section in brief.sections if section.id == "stress")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worst_shock_is_said_with_its_figures(findings, runs, language):
    words = Words(language)
    brief = compose_brief(findings, words, runs=runs)
    section = section_of(brief)
    (statement,) = section.statements
    figures = [run.place for run in split_runs(statement.text) if run.kind == "figure"]
    assert "stress/IDN/fukushima_renesas_2022/gross" in figures
    assert len(section.blocks[0].table.rows) == len(SHOCKS)
    assert section.blocks[0].table.rows[0][1].figure.value == 3.25
    assert [line for line in brief.figures if line.kind == "stress"]
    assert "mine_own" in render_brief(brief, words)
    assert words.say("brief.unknown.missing.disruptions") not in brief.sections[-1].points


def test_figures_of_a_run_lead_to_the_nodes_hit_and_the_sources_of_the_shock(findings, runs):
    brief = compose_brief(findings, Words("en"), runs=runs)
    line = next(line for line in brief.figures if line.place == "stress/IDN/fukushima_renesas_2022/gross")
    assert (line.explanation.figure.low, line.explanation.figure.high) == (1.625, 6.5)
    assert line.explanation.steps
    assert line.sources
    assert line.explanation.figure.grade == "assumed"


def test_nothing_lost_is_said_and_not_called_a_loss(findings, tmp_path):
    workspace = Workspace(tmp_path)
    save(workspace, findings.chain, (0.0, 0.0, 0.0), shock="a", draws=0)
    found = match_runs(SLOTS, workspace, Manifest("brief", {"home": "IDN"}, findings.chain.origin, 0))
    assert section_of(compose_brief(findings, Words("en"), runs=found)).answer.startswith("None of 3 named shocks")


def test_a_sampled_run_is_left_to_its_own_verb(findings, tmp_path):
    workspace = Workspace(tmp_path)
    save(workspace, findings.chain, (0.5, 1.0, 2.0), sample=100)
    assert match_runs(SLOTS, workspace, Manifest("brief", {"home": "IDN"}, findings.chain.origin, 0)) == {}


def test_without_a_run_the_figure_is_refused_and_with_one_explained(findings, tmp_path, capsys):
    arguments = ["explain", "stress/IDN/fukushima_renesas_2022/gross", "--workspace", str(tmp_path)]
    assert main(arguments) == 2
    assert "stress/HOME/SHOCK" in capsys.readouterr().err
    save(Workspace(tmp_path), findings.chain, (0.5, 3.25, 1.0), shock="a", draws=4)
    assert main(arguments) == 0
    assert "3.2" in capsys.readouterr().out
    assert gather_evidence(findings.chain, findings).findings.runs == {}
