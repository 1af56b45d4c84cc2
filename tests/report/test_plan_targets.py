"""What is said of targets, in the terminal and in the brief: it follows from the run, in every language."""

from dataclasses import replace

import numpy as np
import pytest

from pondasi import Words
from pondasi.plan.loosen import Change
from pondasi.plan.reach import Reach
from pondasi.plan.record import record_plan
from pondasi.plan.roadmap import tell_plan
from pondasi.plan.solve import PartnerGain
from pondasi.plan.targets import Targets
from pondasi.plan.tell_targets import judge_target, tabulate_ways, tell_missed, tell_targets
from pondasi.report.brief import compose_brief
from pondasi.report.plan_figures import PlanFigures
from pondasi.report.plan_run import PlanRun
from pondasi.report.sections import SECTIONS, SLOTS
from pondasi.workspace import Manifest, SavedRun, Workspace
from tests.plan.hand_made import SHORT
from tests.report.plan_run import make_plan

LANGUAGES = ("en", "id", "ja")
(PLAN,) = (slot for slot in SLOTS if slot.key == "plan")
LOSS = 40.0
"""What the plan with targets costs more than it brings [million USD]."""


def ask(plan, *, lowered=True):
    """Return a plan as if it had been asked for the targets of its case, the last of which is out of reach."""
    targets = plan.problem.targets
    level = targets.level.copy()
    if lowered:
        level[-1] = 0.0
    problem = plan.problem.change(targets=targets.lower(level))
    free = replace(plan, problem=plan.problem.change(targets=Targets()))
    answer = replace(plan.answer, cost=plan.reference + LOSS, bound=plan.reference + LOSS - SHORT / 10)
    reach = Reach(problem, plan.answer.x, 0.0, alike=True)
    return replace(plan, problem=problem, answer=answer, reach=reach, free=free)


@pytest.fixture(scope="module")
def plan():
    return ask(make_plan())


@pytest.fixture(scope="module")
def ways(plan):
    purse = plan.problem.labels.purses.index("JPN")
    changes = (Change("budget", purse, 2029, 10.6, 20.0), Change("budget", purse, 2030, 25.8, 20.0))
    return {plan.problem.labels.targets[-1]: (*changes, Change("people", 0, 2030, 12.0, 50.0))}


@pytest.fixture(scope="module")
def run(plan, ways, findings, tmp_path_factory):
    options = {"home": "IDN", "with": None, "quick": True, "scenarios": len(plan.problem.operations.weight)}
    manifest = Manifest("plan", options, findings.chain.origin, 0)
    tables = record_plan(plan) | {"target_ways": tabulate_ways(plan, ways)}
    folder = Workspace(tmp_path_factory.mktemp("work")).save_run(manifest, tables)
    return SavedRun(folder, manifest.as_dict())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_says_each_target_and_what_one_out_of_reach_lacks(plan, ways, language):
    words = Words(language)
    told = tell_targets(plan, ways, words)
    names = [row[f"name_{language}"] for row in plan.case.tables["targets"].to_dict("records")]
    assert len(told) == 1 + len(names) + 2, "a sentence for all, one for each, one for each limit of the last"
    for line, name in zip(told[1:], names, strict=False):
        assert name in line
    assert any(amount in told[-2] for amount in ("36.4", "36,4", "3,640万"))
    nowhere = tell_targets(plan, dict.fromkeys(ways), words)
    assert nowhere[-1] == words.say("plan.targets.no_way")
    first = tell_plan(plan, words)[0]
    assert any(amount in first for amount in ("40", "4,000万")), "a plan that costs more than it brings says so"
    assert "-" not in first, "and no worth below nothing"


def test_a_target_is_reached_anyway_by_the_plan_or_not():
    assert judge_target({"asked": 5.0, "reached": 5.0, "without": 5.0}) == "anyway"
    assert judge_target({"asked": 5.0, "reached": 5.0 - 1e-7, "without": 4.0}) == "reached"
    assert judge_target({"asked": 5.0, "reached": 4.9, "without": 4.0}) == "short"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_partner_adds_to_the_reach_is_said(plan, language):
    target = plan.problem.labels.targets[1]
    gain = PartnerGain("JPN", plan, 0.0, 1.0, {target: 9000.0})
    (line,) = tell_missed(gain, plan, Words(language), "XYZ")
    assert "XYZ" in line
    assert any(form in line for form in ("9,000", "9.000"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_brief_tells_them_on_its_first_page_and_in_its_section(findings, run, plan, language):
    brief = compose_brief(findings, Words(language), runs={"plan": run}, order=(PLAN, SECTIONS[-1]))
    heads = {line.kind: line.text for line in brief.headlines}
    last = plan.case.tables["targets"].iloc[-1][f"name_{language}"]
    assert last in heads["targets"]
    section = brief.sections[0]
    assert any(last in point for point in section.points)
    chart = next(block for block in section.blocks if block.id == "plan-targets")
    assert len(chart.table.rows) == len(plan.case.tables["targets"])
    assert {chart.table.rows[0][0].place} == {f"targets/{plan.problem.labels.targets[0]}"}


def test_every_figure_of_a_target_leads_to_its_row(run, plan):
    told = PlanRun(run)
    figures = PlanFigures(told)
    case = {row["target"]: row for row in plan.case.tables["targets"].to_dict("records")}
    for name, row in case.items():
        asked, steps = figures.find(f"plan/IDN/target/{name}/asked")
        assert (asked.value, asked.unit, asked.grade) == (row["value"], row["unit"], row["grade"])
        assert steps[0].figure.sources == tuple(row["source"].split("|"))
        part, _ = figures.find(f"plan/IDN/target/{name}/part")
        assert part.value == pytest.approx(figures.find(f"plan/IDN/target/{name}/reached")[0].value / row["value"])
    low, high = (figures.find(f"plan/IDN/targets/{end}")[0].value for end in ("low", "high"))
    assert (low, high) == pytest.approx(tuple(1e6 * end for end in plan.cost_of_targets))
    assert figures.find("plan/IDN/targets/count")[0].value == len(case)
    met = figures.find("plan/IDN/targets/met")[0].value
    assert met == sum(judge_target(row) != "short" for row in told.targets)
    money, steps = figures.find("plan/IDN/way/0/amount")
    assert (money.value, money.unit) == (pytest.approx(36.4e6), "USD")
    assert any(step.place.startswith("budgets/") for step in steps)
    assert figures.find("plan/IDN/way/1/amount")[0].unit == "persons"


def test_cost_of_targets_is_an_interval_from_both_gaps(plan):
    low, high = plan.cost_of_targets
    assert low == pytest.approx(max(0.0, plan.free.value - plan.most))
    assert high == pytest.approx(plan.free.most - plan.value)
    assert np.isfinite([low, high]).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_brief_says_what_a_partner_adds_to_the_reach(findings, plan, tmp_path, language):
    gain = PartnerGain("JPN", plan.free, 0.0, 1.0, {plan.problem.labels.targets[-1]: 0.0})
    manifest = Manifest("plan", {"home": "IDN", "with": "JPN"}, findings.chain.origin, 0)
    folder = Workspace(tmp_path).save_run(manifest, record_plan(plan, gain))
    run = SavedRun(folder, manifest.as_dict())
    brief = compose_brief(findings, Words(language), runs={"plan": run}, order=(PLAN, SECTIONS[-1]))
    last = plan.case.tables["targets"].iloc[-1][f"name_{language}"]
    said = [text.text for text in brief.sections[0].statements if last in text.text]
    assert len(said) == 1
    assert "0" in said[0]
    assert PlanFigures(PlanRun(run)).find(f"plan/IDN/target/{plan.problem.labels.targets[-1]}/alone")[0].value == 0
