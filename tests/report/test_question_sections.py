"""The sections on what is asked beyond a stress test and a plan: each follows from its run, and is left out without one."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from pondasi import UsageError, Words
from pondasi.chain.records import World
from pondasi.cli import main
from pondasi.report.brief import compose_brief
from pondasi.report.compute_questions import SAMPLE, compute_sensitivity, is_sample_enough
from pondasi.report.evidence import gather_evidence
from pondasi.report.sample_figures import SampleRun
from pondasi.report.sections import SECTIONS, SLOTS
from pondasi.report.sensitivity_figures import SensitivityRun
from pondasi.report.slots import Task, match_runs
from pondasi.workspace import Manifest, SavedRun, Workspace
from tests.report import question_runs as made
from tests.report.plan_run import save_plan
from tests.report.stress_run import GROSS, save_stress

LANGUAGES = ("en", "id", "ja")
OPTIONAL = {slot.key: slot for slot in SLOTS if slot.optional}


@pytest.fixture
def save(findings, tmp_path_factory):
    def run(name, **options):
        return getattr(made, f"save_{name}")(
            Workspace(tmp_path_factory.mktemp("work")), findings.chain.origin, **options
        )

    return run


def compose(findings, name, run, language="en"):
    return compose_brief(findings, Words(language), runs={name: run}, order=(OPTIONAL[name], SECTIONS[-1])).sections[0]


# --- left out where no run is, and how to get one


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_run_tells_is_left_out_and_the_command_is_named(findings, language):
    order = (*OPTIONAL.values(), SECTIONS[-1])
    (section,) = compose_brief(findings, Words(language), order=order).sections
    points = "\n".join(section.points)
    for slot in OPTIONAL.values():
        assert Words(language).say(f"slot.{slot.key}.title") in points
        assert f"pondasi {slot.verb} IDN {slot.asks}".strip() in points


def test_what_a_run_tells_is_not_called_missing(findings, save):
    run = save("critical")
    sections = compose_brief(
        findings, Words("en"), runs={"critical": run}, order=(OPTIONAL["critical"], SECTIONS[-1])
    ).sections
    assert [section.id for section in sections] == ["critical", "unknown"]
    assert "pondasi stress IDN --critical" not in "\n".join(sections[-1].points)


def test_each_slot_takes_the_runs_that_hold_its_tables(findings, tmp_path):
    workspace, data = Workspace(tmp_path), findings.chain.origin
    saved = {"stress": save_stress(workspace, data), "plan": save_plan(workspace, data)}
    saved |= made.save_questions(workspace, data)
    # Remedies name shocks too and hold other tables: no stress test of a brief.
    made.save(
        workspace, data, "stress", {"weeks": 156, "shock": "", "remedies": True}, {"remedies": pd.DataFrame({"a": [1]})}
    )
    found = match_runs(SLOTS, workspace, Manifest("brief", {"home": "IDN", "with": "JPN"}, data, 0))
    assert {name: run.path for name, run in found.items() if name != "plan"} == {
        name: run.path for name, run in saved.items() if name != "plan"
    }


def test_a_slot_without_a_case_offers_nothing():
    elsewhere = [slot for slot in OPTIONAL.values() if not slot.offered("NLD")]
    assert {slot.key for slot in elsewhere} == {"others", "assumptions", "units", "worth", "front", "partners"}


def test_a_figure_of_a_question_can_be_asked_for_on_the_command_line(findings, tmp_path, capsys):
    made.save_critical(Workspace(tmp_path), findings.chain.origin)
    assert main(["explain", "critical/IDN/chip_dram/KOR/survive", "--workspace", str(tmp_path)]) == 0
    assert "30" in capsys.readouterr().out


# --- which figures decide


def test_the_strongest_groups_open_with_their_intervals(findings, save):
    section = compose(findings, "sensitivity", save("sensitivity"))
    assert "the shock: how long, 9 (5 to 12) weeks" in section.answer
    assert "stock (user industries), 2.0 (0.5 to 3.0) weeks" in section.answer
    assert "Of 3 groups of figures 1 change nothing." in section.answer
    assert [chart.id for chart in section.blocks] == ["sensitivity-chart", "sensitivity-rows"]
    # The parts of a shock move together and stand once; smaller losses come first.
    assert len(section.blocks[1].table.rows) == 2
    (first,) = (point for point in section.points if point.startswith("Worth measuring first"))
    assert "stock (Cars), from 5.0 to 7.0 weeks" in first


def test_parts_of_the_variance_stand_in_the_table_where_they_were_measured(findings, save):
    plain, split = (compose(findings, "sensitivity", save("sensitivity", points=n)).blocks[0].table for n in (0, 64))
    assert len(split.columns) == len(plain.columns) + 2
    assert [str(cell.text) for cell in split.rows[0][-2:]] == ["70 % (50 to 90)", "80 % (60 to 100)"]


def test_where_nothing_moves_the_loss_that_is_said(findings, save):
    section = compose(findings, "sensitivity", save("sensitivity", still=True))
    assert section.answer.startswith("No figure within its interval changes what 'Blockade of the Taiwan Strait' costs")
    assert (section.blocks, section.statements) == ((), ())


def test_figures_of_another_shock_are_unknown(save):
    told = SensitivityRun(save("sensitivity"))
    with pytest.raises(LookupError):
        told.find("sensitivity/IDN/neon_cut/gross")


@pytest.mark.parametrize("gross", [GROSS, {"gas": GROSS["gas"]}])
def test_nothing_is_screened_where_no_shock_of_the_library_costs_anything(findings, tmp_path, gross):
    world = World(findings.chain, {})
    run = save_stress(Workspace(tmp_path), findings.chain.origin, gross=gross)
    task = Task(world, findings, Workspace(tmp_path), "full", 0, runs={"stress": run})
    assert compute_sensitivity(task) is None


# --- what a year may bring


def test_a_year_in_many_follows_from_ranks_and_the_rate(save):
    told = SampleRun(save("sample"))
    figures = {name: told.find(f"sample/IDN/{name}")[0] for name in ("rate", "mean", "felt", "worst")}
    assert figures["rate"].value == made.RATE
    assert figures["mean"].value == pytest.approx(made.RATE * np.mean(made.LOSSES))
    assert figures["mean"].low <= figures["mean"].value <= figures["mean"].high
    assert figures["felt"].value == pytest.approx(1 - np.exp(-made.RATE * 5 / 200))
    assert figures["felt"].low < figures["felt"].value < figures["felt"].high
    assert figures["worst"].value == max(made.LOSSES)
    # 200 disruptions stand for 40 years: one year in 20 exceeds about the second largest loss.
    assert told.returns[-1] == 20
    found = told.find("sample/IDN/exceed/20")[0]
    assert (found.low, found.value, found.high) == (0.2, 2.0, 4.0)
    with pytest.raises(LookupError):
        told.find("sample/IDN/exceed/500")


def test_more_draws_tell_rarer_years(save):
    many = SampleRun(save("sample", losses=tuple(np.repeat(made.LOSSES, 20))))
    assert many.returns[-1] > SampleRun(save("sample")).returns[-1]


def test_hazards_are_named_with_their_parts_which_add_up(findings, save):
    told = SampleRun(save("sample"))
    assert sum(told.find(f"sample/IDN/hazard/{name}/part")[0].value for name in told.hazards) == pytest.approx(1)
    section = compose(findings, "sample", save("sample"))
    assert any(
        "'Military: blockade or quarantine' (1 drawn, 4.0 weeks each on the mean)" in text for text in section.points
    )


def test_a_sample_without_loss_says_so(findings, save):
    section = compose(findings, "sample", save("sample", losses=(0.0,) * 50))
    assert section.answer.startswith("None of 50 sampled disruptions")
    assert section.blocks == ()


def test_only_a_large_sample_is_enough_for_a_full_brief(save):
    run = save("sample")
    assert [is_sample_enough(run, depth) for depth in ("quick", "full")] == [True, False]
    large = SavedRun(run.path, {**run.manifest, "options": {**run.manifest["options"], "sample": SAMPLE}})
    assert is_sample_enough(large, "full")


# --- lost suppliers


def test_the_supplier_that_costs_most_opens_with_its_times(findings, save):
    section = compose(findings, "critical", save("critical"))
    assert "2 of 3 cost the user industries of Indonesia output" in section.answer
    assert "logic wafer fabrication below 10\u00a0nm from Taiwan costs most: 0.40 weeks" in section.answer
    assert "for 25 weeks, and it may be gone for 26" in section.answer
    assert "Of 2 suppliers without whom one cannot do for ever, 1 may be gone for longer" in section.answer
    lost, times = section.blocks
    assert [len(chart.table.rows) for chart in (lost, times)] == [2, 2]
    assert "no hazard stated" in {str(cell.text) for row in times.table.rows for cell in row}


def test_suppliers_without_effect_are_said_and_not_drawn(findings, save):
    section = compose(findings, "critical", save("critical", gross=(0.0, 0.0, 0.0)))
    assert "none of 3 costs the user industries" in section.answer
    assert [chart.id for chart in section.blocks] == ["critical-times"]


# --- beside the plan


def test_first_steps_carry_the_part_of_the_plans_that_hold_them(findings, save):
    section = compose(findings, "others", save("others"))
    assert (
        "'Chip-design degree programmes' 100 %; and 'Process, packaging and materials degrees' 40 %" in section.answer
    )
    assert "2 others were found that are worth at most 5.0 % less" in section.answer
    (line,) = section.headlines
    assert (line.kind, "100 %" in line.text) == ("first", True)


def test_where_no_other_plan_was_found_nothing_is_told_of_firmness(findings, save):
    section = compose(findings, "others", save("others", found=0))
    assert "No other plan that is worth at most 5.0 % less was found" in section.answer
    assert (section.blocks, section.headlines) == ((), ())


def test_assumptions_that_move_first_steps_are_named_with_what_is_sure_and_what_stays(findings, save):
    section = compose(findings, "assumptions", save("assumptions"))
    assert "3 groups of uncertain figures (120 figures, 90 of them assumed)" in section.answer
    assert "building costs of steps (1 change, 1 of them for sure)" in section.answer
    assert "In all of the 3 plans that were searched anew 1 of 2 first steps stay." in section.answer
    points = " ".join(section.points)
    assert "The plan is worth 100 million USD and no plan more than 110 million USD" in points
    assert "These first steps stay in every plan that was searched anew: Chip-design degree programmes" in points
    assert "whatever its sizes, and the plan has to be made anew: chance: export control tightens" in points
    assert "Of the other 1 groups" in points
    assert "gains or loses 3.0 million USD at most" in points
    assert "are not known" not in points
    assert [chart.id for chart in section.blocks] == ["assumptions-chart", "assumption-steps-chart"]
    assert [len(chart.table.rows) for chart in section.blocks] == [2, 2]
    assert [str(cell.text) for cell in section.blocks[0].table.rows[0][1:5]] == ["40", "30", "1", "1"]
    (line,) = section.headlines
    assert (line.kind, "1 of 2 first steps" in line.text) == ("first", True)


def test_a_plan_without_a_first_step_says_so(findings, save):
    run = save("assumptions", first=False)
    section = compose(findings, "assumptions", run)
    assert "The plan itself has no first step: nothing new begins within three years in every future." in section.points
    assert [chart.id for chart in section.blocks] == ["assumptions-chart"]


def test_where_no_assumption_moves_a_first_step_that_is_said_and_so_is_what_is_not_known(findings, save):
    section = compose(findings, "assumptions", save("assumptions", still=True, hasty=True))
    assert "No first step changed: in all of the 3 plans 2 of 2 stay." in section.answer
    assert section.headlines == ()
    assert "1 of the plans are not known" in " ".join(section.points)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_more_unit_is_told_from_least_to_most(findings, save, language):
    section = compose(findings, "units", save("units"), language)
    (chart,) = section.blocks
    assert len(chart.table.rows) == 3  # what is worth nothing is left out
    assert re.search(r"1[.,]5|150万", section.answer)


def test_where_no_unit_is_worth_anything_that_is_said(findings, save):
    section = compose(findings, "units", save("units", worth=0.0))
    assert section.answer.startswith("No more of any limit is worth anything")
    assert section.blocks == ()


def test_what_cannot_be_kept_has_no_worth_and_a_single_number_no_range(findings, save):
    section = compose(findings, "worth", save("worth"))
    assert "to be able to decide anew as the future turns out is worth cannot be" in section.answer
    assert "to know which future comes would be worth 2.0 million USD" in section.answer
    assert "would cost 20 million USD to 40 million USD" in section.answer
    assert len(section.blocks[0].table.rows) == len(made.GAINS) - 1


def test_points_that_another_beats_are_left_out_of_a_front(findings, save):
    section = compose(findings, "front", save("front"))
    assert "gives 100 person-years of skilled work; 120 would cost 5.0 million USD to 15 million USD" in section.answer
    assert [len(chart.table.rows) for chart in section.blocks] == [2] * 4
    assert "could make 10 % of what industries at home need" in section.answer
    assert "the plan would cost 100 million USD; 120 million USD would cost" in section.answer
    alone = compose(findings, "front", save("front", points=made.FRONT[:1]))
    assert "no plan with more was found" in alone.answer
    assert alone.blocks == ()


def test_what_partners_bring_is_told_in_order_only_where_the_order_is_settled(findings, save):
    settled, still_open = (compose(findings, "partners", save("partners", settled=one)) for one in (True, False))
    assert "Japan brings most to the plan of Indonesia: 90 million USD to 110 million USD" in settled.answer
    assert settled.headlines[0].kind == "whom"
    assert "time ended the search with 5 of 4 groups" in still_open.answer
    assert (still_open.headlines, still_open.statements) == ((), ())
    # What is left of a difference of large sums is nothing.
    assert [str(cell.text) for cell in settled.blocks[0].table.rows[-1][1:3]] == ["0 USD", "0 USD"]
    assert "All partners together bring 120 million USD to 140 million USD" in settled.answer


@pytest.mark.parametrize(
    "place",
    [
        "others/IDN/share/nothing",
        "assumptions/IDN/value/low/nothing",
        "assumptions/IDN/count/nothing",
        "units/IDN/budget/state/1999/low",
        "front/IDN/jobs/price/1",
        "partners/IDN/JPN/shapley/middle",
    ],
)
def test_a_figure_that_is_not_there_is_named(findings, runs, place):
    with pytest.raises(UsageError):
        gather_evidence(findings.chain, dataclasses.replace(findings, runs=runs)).explain(place)
