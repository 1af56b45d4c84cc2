"""The section on a saved stress test: what it says follows from the run, and every figure leads to its row."""

import dataclasses

import pytest

from pondasi import UsageError, Words
from pondasi.cli import main
from pondasi.report.annex import write_annex
from pondasi.report.brief import compose_brief, render_brief
from pondasi.report.compute_stress import is_enough
from pondasi.report.evidence import gather_evidence
from pondasi.report.paper import render_paper
from pondasi.report.sections import SECTIONS, SLOTS
from pondasi.report.slots import match_runs
from pondasi.report.stress_figures import StressRun
from pondasi.workspace import Manifest, Workspace
from tests.report.stress_run import GROSS, WEEKS, save_stress

LANGUAGES = ("en", "id", "ja")
(STRESS,) = (slot for slot in SLOTS if slot.key == "stress")


def compose(findings, run, language="en"):
    return compose_brief(findings, Words(language), runs={"stress": run}, order=(STRESS, SECTIONS[-1]))


@pytest.fixture(scope="module")
def make(findings, tmp_path_factory):
    def run(**options):
        return save_stress(Workspace(tmp_path_factory.mktemp("work")), findings.chain.origin, **options)

    return run


@pytest.fixture(scope="module")
def run(make):
    return make()


def test_it_opens_with_what_costs_most_from_where_and_how_soon(findings, run):
    section = compose(findings, run).sections[0]
    assert section.answer.startswith("Of 3 named shocks 'Island cut off', which strikes Taiwan, costs Indonesia most")
    assert "6.0 (0.4 to 8.0) weeks" in section.answer
    assert "from week 7 on" in section.answer
    assert "Quick, 4 draws, indicative." in section.answer
    assert {statement.grade for statement in section.statements} == {"assumed"}


def test_the_line_above_all_names_what_costs_most(findings, run, make):
    (line,) = compose(findings, run).headlines
    assert line.kind == "hurt"
    assert line.text.startswith(
        "Weeks of output that user industries lose: 'Island cut off' 6.0 (0.4 to 8.0); and 'Squeeze'"
    )
    assert compose(findings, make(gross={"gas": GROSS["gas"]})).headlines == ()


def test_what_carries_the_worst_shock_adds_up(findings, run):
    told = StressRun(run)
    figures = {
        name: told.find(f"stress/IDN/island/{name}")[0].value
        for name in ("bare", "saved_stocks", "saved_spare", "saved_sources", "sources")
    }
    assert figures == {"bare": 28, "saved_stocks": 16, "saved_spare": 2, "saved_sources": 5, "sources": 5}
    assert (
        "stocks take away 16 of them, spare capacity 2.0 and other sources 5.0"
        in compose(findings, run).sections[0].answer
    )


def test_a_buffer_is_weighed_over_all_shocks(run):
    saved = {stage: StressRun(run).find(f"stress/IDN/all/{stage}")[0].value for stage in ("stocks", "spare", "sources")}
    assert saved == pytest.approx({"stocks": 29 / 41, "spare": 2 / 41, "sources": 5 / 41})


def test_a_shock_without_effect_is_listed_with_its_reason(findings, run):
    points = compose(findings, run).sections[0].points
    assert "No effect, for stocks carry it: 'Gas cut' (9.0 weeks without any buffer)." in points
    assert any("'Squeeze': 0.00 (0.00 to 0.30) weeks" in point for point in points)


def test_what_no_shock_costs_is_said_and_not_drawn(findings, make):
    section = compose(findings, make(gross={"gas": GROSS["gas"]})).sections[0]
    assert section.answer.startswith("None of 1 named shocks")
    assert [chart.id for chart in section.blocks] == ["stress-chart"]


def test_without_draws_no_band_is_shown(findings, make):
    run = make(draws=0)
    figure, _ = StressRun(run).find("stress/IDN/island/gross")
    assert (figure.value, figure.low, figure.high) == (5.0, None, None)
    assert "Central run only" in compose(findings, run).sections[0].answer


def test_the_ends_of_a_figure_are_those_of_the_table(run):
    row = run.table("outcomes").set_index(["shock", "watch"]).loc[("island", "home")]
    figure, steps = StressRun(run).find("stress/IDN/island/depth")
    assert (figure.low, figure.value, figure.high) == tuple(row[f"depth_{end}"] for end in ("low", "median", "high"))
    assert [step.place for step in steps] == ["outcomes/island/home", "shocks/island/loss", "shocks/island/weeks"]
    assert figure.sources == ("csis_taiwan_2022", "judgement")


@pytest.mark.parametrize(
    "place",
    [
        "stress/IDN/toys/gross",
        "stress/VNM/island/gross",
        "stress/IDN/island/week/999",
        "stress/IDN/island/saved_bare",
        "stress/IDN",
        "stress_run/IDN/luck",
    ],
)
def test_a_figure_that_is_not_there_is_refused(findings, run, place):
    with pytest.raises(UsageError, match="no figure"):
        gather_evidence(findings.chain, dataclasses.replace(findings, runs={"stress": run})).explain(place)


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook_and_paper_carry_it(findings, run, language, tmp_path):
    import openpyxl

    words, brief = Words(language), compose(findings, run, language)
    write_annex(brief, words, tmp_path / "a.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert {words.say(f"annex.sheet.{name}") for name in ("stress-chart", "stress-path", "stress-fall")} <= set(sheets)
    assert render_paper(brief, words).startswith(b"%PDF")
    assert render_brief(brief, words).count('data-figure="stress/') > 100


def test_a_run_of_sampled_disruptions_does_not_fill_it(findings, tmp_path):
    workspace, data = Workspace(tmp_path), findings.chain.origin
    workspace.save_run(Manifest("stress", {"home": "IDN", "weeks": WEEKS, "sample": 9}, data, 0), {})
    asked = Manifest("brief", {"home": "IDN"}, data, 0)
    assert match_runs([STRESS], workspace, asked) == {}
    saved = save_stress(workspace, data)
    assert match_runs([STRESS], workspace, asked)["stress"].path == saved.path


def test_a_quick_run_is_not_enough_where_a_full_one_is_asked_for(run):
    deep = dataclasses.replace(run, manifest={"options": {"draws": 64}})
    assert [is_enough(one, depth) for one in (run, deep) for depth in ("quick", "full")] == [True, False, True, True]


def test_explain_finds_a_figure_in_the_workspace_and_refuses_it_without_a_run(findings, tmp_path, capsys):
    arguments = ["explain", "stress/IDN/island/gross", "--workspace", str(tmp_path)]
    assert main(arguments) == 2
    assert "stress/HOME/SHOCK" in capsys.readouterr().err
    save_stress(Workspace(tmp_path), findings.chain.origin)
    assert main(arguments) == 0
    assert "6.0 (0.4 to 8.0)" in capsys.readouterr().out
    assert main(["explain", "stress_run/IDN/weeks", "--workspace", str(tmp_path)]) == 0


@pytest.mark.slow
def test_a_run_of_the_verb_fills_it_and_can_be_made_again(findings, tmp_path):
    space = ["--workspace", str(tmp_path), "--quiet"]
    named = [part for shock in ("osat_cyber", "strait_malacca_closure") for part in ("--shock", shock)]
    assert main(["stress", "IDN", *named, "--draws", "1", "--weeks", "12", *space]) == 0
    runs = match_runs([STRESS], Workspace(tmp_path), Manifest("brief", {"home": "IDN"}, findings.chain.origin, 0))
    section = compose(findings, runs["stress"]).sections[0]
    assert "2 named shocks" in section.answer
    assert len(section.blocks[0].table.rows) == 2
    assert main(["replay", str(runs["stress"].path), *space]) == 0
