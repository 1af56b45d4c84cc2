"""The section on a saved plan: what it says follows from the run, and every figure leads to its row."""

import dataclasses
import re

import pytest

from pondasi import UsageError, Words, load_world
from pondasi.cli import main
from pondasi.plan.work_out import WorkedPlan
from pondasi.report.annex import write_annex
from pondasi.report.brief import compose_brief, render_brief
from pondasi.report.compute_plan import compute_plan, has_plan, is_plan_enough
from pondasi.report.evidence import gather_evidence
from pondasi.report.paper import render_paper
from pondasi.report.plan_figures import MILLION, PlanFigures
from pondasi.report.plan_run import PlanRun
from pondasi.report.sections import SECTIONS, SLOTS
from pondasi.report.slots import Task, match_runs
from pondasi.solver import InfeasibleError
from pondasi.workspace import Manifest, SavedRun, Workspace
from tests.plan.hand_made import SHORT
from tests.report.plan_run import FRESH, GAIN, make_plan, save_plan

LANGUAGES = ("en", "id", "ja")
(PLAN,) = (slot for slot in SLOTS if slot.key == "plan")


def compose(findings, run, language="en"):
    return compose_brief(findings, Words(language), runs={"plan": run}, order=(PLAN, SECTIONS[-1]))


@pytest.fixture(scope="module")
def make(findings, tmp_path_factory):
    def run(**options):
        return save_plan(Workspace(tmp_path_factory.mktemp("work")), findings.chain.origin, **options)

    return run


@pytest.fixture(scope="module")
def run(make):
    return make()


@pytest.fixture(scope="module")
def told(run):
    return PlanRun(run)


def find(told, place):
    return PlanFigures(told).find(place)


def test_it_opens_with_the_first_steps_and_how_firm_they_are(findings, run, told):
    section = compose(findings, run).sections[0]
    (first,) = told.list_soon()
    assert section.answer.startswith("By the end of 2028 the plan of Indonesia starts 1 of ")
    assert f"'{told.steps[first]['name_en']}' in 2026" in section.answer
    # The search of a plan made by hand has no end: so much may be missing, and first steps may change.
    assert "These first steps may still change" in section.answer
    assert re.search(r"up to \d+ (million|billion) USD may be missing", section.answer)
    assert "Quick, 3 years of disruption, indicative." in section.answer
    assert {statement.grade for statement in section.statements} == {"assumed"}


@pytest.mark.parametrize(
    ("gap", "words"),
    [(1e-9, "done among the likely starts and looked at no others"), (1e9, "The search came within its gap")],
)
def test_a_search_that_ended_by_itself_says_whether_it_looked_everywhere(findings, make, gap, words):
    told = make()
    row = told.tables()["run"].assign(finished=True, gap=gap)
    row.to_parquet(told.path / "tables" / "run.parquet")
    answer = compose(findings, SavedRun(told.path, told.manifest)).sections[0].answer
    assert words in answer
    assert "ended before its target" not in answer
    assert ("These first steps may still change" in answer) == (gap < 1)


def test_a_bound_that_tells_nothing_is_left_out(findings, make):
    told = make()
    row = told.table("measures").assign(value=1.3e3, most=1.2e5)
    row.to_parquet(told.path / "tables" / "measures.parquet")
    section = compose(findings, SavedRun(told.path, told.manifest)).sections[0]
    assert "time ended the search before it was known how much better another plan may be" in section.answer
    assert "What Japan brings to the plan of Indonesia is not known" in section.statements[-1].text
    assert not any("120 billion" in text for text in (section.answer, *section.points))


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        ((5.0, 1.0, 9.0), "5.0 (1.0 to 9.0) million USD over 3 fresh draws"),
        (FRESH, "whether it pays is open"),
        ((-5.0, -9.0, -1.0), "does not pay on others"),
        (None, "has not been priced on others"),
    ],
)
def test_what_it_is_worth_on_fresh_years_decides_the_sentence(findings, make, fresh, words):
    assert words in compose(findings, make(fresh=fresh)).sections[0].answer


def test_what_is_missing_is_the_distance_to_the_bound(told):
    plan = make_plan()
    value, most, short = (find(told, f"plan/IDN/{name}")[0].value for name in ("value", "most", "short"))
    assert value == pytest.approx(plan.value * MILLION)
    assert short == pytest.approx(most - value)
    assert short == pytest.approx(max(SHORT, SHORT + plan.answer.cost - plan.reference) * MILLION)


def test_chances_are_those_of_the_tree(told):
    tree = make_plan().problem.tree
    for step, row in told.steps.items():
        mine = [start for start in told.starts if start["step"] == step]
        assert row["chance"] == pytest.approx(sum(start["probability"] for start in mine))
        assert find(told, f"plan/IDN/chance/{step}")[0].value == row["chance"]
        last = told.draw_profile(step)[-1]
        assert last[1] + last[2] == pytest.approx(row["chance"])
    assert find(told, "plan/IDN/future/open_world/reach")[0].value == pytest.approx(
        tree.probability[tree.names.index("open_world")]
    )


def test_a_step_is_built_until_its_lead_time_is_over(told):
    row = told.starts[0]
    profile = {year: (building, running) for year, building, running in told.draw_profile(row["step"])}
    assert row["probability"] == 1
    for year, (building, running) in profile.items():
        assert running == (1 if year >= row["year"] + row["lead"] else 0)
        assert building + running == 1


def test_money_by_kind_adds_up_to_all_of_it(told):
    parts = [find(told, f"plan/IDN/paid/{kind}")[0].value for kind in ("state", "private", "partner")]
    assert sum(parts) == pytest.approx(find(told, "plan/IDN/paid/all")[0].value)
    assert find(told, "plan/IDN/paid/all/2026")[0].value == pytest.approx(
        told.tables["money"].query("year == 2026")["paid"].sum() * MILLION
    )


def test_the_parts_of_the_plan_count_up(told):
    steps, sure, some = (find(told, f"plan/IDN/count/{name}")[0].value for name in ("steps", "sure", "some"))
    assert steps == sure + some == len(told.steps)


def test_where_nothing_waits_no_nought_is_told(findings, make):
    told = make()
    steps = told.table("steps").assign(chance=1.0)
    steps.to_parquet(told.path / "tables" / "steps.parquet")
    section = compose(findings, SavedRun(told.path, told.manifest)).sections[0]
    assert any(f"Every future sees all {len(steps)} steps of the plan start" in point for point in section.points)
    assert section.blocks[0].title == f"Steps that start in every future: all {len(steps)}"


def test_gates_stand_among_the_points_with_their_chances(findings, run):
    points = compose(findings, run).sections[0].points
    assert any(point.startswith("Whatever turns out by 2029, start '") for point in points)
    (open_world,) = (point for point in points if point.startswith("If by 2029 it has come to 'Open, growing world'"))
    assert "export control stays loose; chance 34 %" in open_world
    assert any("start nothing new" in point for point in points)


@pytest.mark.parametrize(
    ("gain", "words"),
    [(GAIN, "may bring nothing to the plan of Indonesia, and at most 40"), ((5.0, 9.0), "between 5.0")],
)
def test_what_the_partner_brings_is_an_interval(findings, make, gain, words):
    statements = compose(findings, make(gain=gain)).sections[0].statements
    assert words in statements[-1].text
    assert "Japan" in statements[-1].text


def test_without_a_partner_nothing_is_said_of_one(findings, make):
    section = compose(findings, make(partner=None)).sections[0]
    assert len(section.statements) == 1
    assert not any("Japan" in line.text for line in section.headlines)
    with pytest.raises(LookupError):
        find(PlanRun(make(partner=None)), "plan/IDN/partner/JPN/low")


def test_before_and_after_stand_with_their_interval_and_a_warning(findings, run):
    section = compose(findings, run).sections[0]
    (mean,) = (point for point in section.points if point.startswith("In 2 fresh years of disruption"))
    assert "lose on average 3.0 weeks of output on the chain of today and 2.5 on that of 2045" in mean
    assert "takes away part of the loss, a change of -0.50 (-0.80 to -0.20) weeks" in mean
    assert any(
        "Warning: over 64 freshly drawn years" in point and "0.30, below 0.90" in point for point in section.points
    )
    (chart,) = (block for block in section.blocks if block.id == "plan-after")
    assert "'Island cut off' costs 6.0 weeks of output before the plan and 5.5 after it" in chart.title
    # A shock without effect stands in the table and is not drawn.
    assert len(chart.table.rows) == 3
    assert "Gas cut" not in chart.svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shock_that_costs_the_same_after_the_plan_is_said_once(findings, make, language):
    told = make()
    same = told.table("after_named").assign(after=lambda table: table["before"])
    same.to_parquet(told.path / "tables" / "after_named.parquet")
    charts = compose(findings, SavedRun(told.path, told.manifest), language).sections[0].blocks
    (title,) = (str(chart.title) for chart in charts if chart.id == "plan-after")
    assert len(re.findall(r"6[.,]0", title)) == 1


@pytest.mark.parametrize(
    ("there", "words"), [(10.0, "No skill is short: of "), (1.5, "Most strained: "), (1.0, "Most strained: ")]
)
def test_a_skill_is_strained_where_the_plan_needs_more_than_half_of_it(findings, make, there, words):
    told = make()
    people = told.table("people").assign(there=lambda table: there * table["needed"].max())
    people.to_parquet(told.path / "tables" / "people.parquet")
    charts = compose(findings, SavedRun(told.path, told.manifest)).sections[0].blocks
    (title,) = (str(chart.title) for chart in charts if chart.id == "plan-people")
    assert title.startswith(words)


@pytest.mark.parametrize(
    ("rank", "words"), [(0.95, "orders the years as the weekly one does"), (None, "cannot be held")]
)
def test_the_check_says_what_it_found(findings, make, rank, words):
    points = compose(findings, make(rank=rank)).sections[0].points
    assert any(words in point for point in points)
    assert not any("Warning" in point for point in points)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_export_control_and_rules_on_subsidies_may_stop_is_said_near_the_partner(findings, make, language):
    words, told = Words(language), make()
    steps = PlanRun(told).steps
    for degree in ("yes", "conditional", "no"):
        starts = told.table("starts").assign(export_control=degree, subsidy_rule="no")
        starts.to_parquet(told.path / "tables" / "starts.parquet")
        saved = SavedRun(told.path, told.manifest)
        _, second, *others = compose(findings, saved, language).sections[0].points
        if degree == "no":
            assert second == words.say("plan.flag.none")
            continue
        assert all(row[f"name_{language}"] in second for row in steps.values())
        assert second.startswith(words.say(f"plan.flag.export_control_{degree}", steps="")[:8])
        assert not any(words.say("plan.flag.none") == other for other in others)
    starts.drop(columns=["export_control", "subsidy_rule"]).to_parquet(told.path / "tables" / "starts.parquet")
    points = compose(findings, SavedRun(told.path, told.manifest), language).sections[0].points
    assert words.say("plan.flag.none") not in points


def test_both_sides_are_said(findings, make, run):
    points = compose(findings, run).sections[0].points
    (home,) = (point for point in points if point.startswith("What changes for Indonesia by 2045"))
    (partner,) = (point for point in points if point.startswith("What changes for Japan by 2045"))
    assert "dependence on Japan over all tiers from 50 % to 55 %" in home
    assert "sales of goods to Indonesia, a year, from 300 million USD" in partner
    unused = [point for point in compose(findings, make(exposure=None)).sections[0].points if "What changes" in point]
    assert len(unused) == 2
    assert not any("dependence" in point for point in unused)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_reads_alike_on_both_sides_is_called_unchanged(findings, make, language):
    told = make()
    sides = told.table("sides").assign(after=lambda table: table["before"] * 1.0001)
    sides.to_parquet(told.path / "tables" / "sides.parquet")
    words = Words(language)
    points = compose(findings, SavedRun(told.path, told.manifest), language).sections[0].points
    same = words.say("plan.side.same", after=words.say("number.percent", value="50"))
    assert any(same in point for point in points)


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ({"value": 1300.0, "most": 1500.0}, "Indicative: time ended the search, up to 200 million USD may be missing"),
        ({"value": 1300.0, "most": 1.2e5}, "Indicative: time ended the search before any bound"),
    ],
)
def test_the_lines_above_all_name_the_first_steps_their_confidence_and_with_whom(findings, make, measures, words):
    told = make()
    told.table("measures").assign(**measures).to_parquet(told.path / "tables" / "measures.parquet")
    brief = compose_brief(findings, Words("en"), runs={"plan": SavedRun(told.path, told.manifest)}, order=(PLAN,))
    first, whom = brief.headlines
    (step,) = PlanRun(told).list_soon()
    assert [first.kind, whom.kind] == ["first", "whom"]
    assert first.text.startswith(f"By the end of 2028: '{PlanRun(told).steps[step]['name_en']}' in 2026")
    assert words in first.text
    assert whom.text.startswith("Of 1 first steps 1 alone.")
    assert "120 billion" not in whom.text


def test_a_longer_list_of_first_steps_is_cut_and_counted(told):
    assert find(told, "plan/IDN/count/soon_more/0")[0].value == len(told.list_soon())
    assert find(told, "plan/IDN/count/soon_more/1")[0].value == 0
    assert find(told, "plan/IDN/count/soon_with/alone")[0].value == 1
    assert find(told, "plan/IDN/count/soon_with/JPN")[0].value == 0


def test_what_a_partnership_brings_is_unknown_only_without_a_plan_on_it(findings, make):
    missing = Words("en").say("brief.unknown.missing.partner_terms")
    for partner, here in (("JPN", False), (None, True)):
        assert (missing in compose(findings, make(partner=partner)).sections[-1].points) == here


def test_a_run_without_the_weekly_test_says_nothing_of_it(findings, make):
    section = compose(findings, make(after=False)).sections[0]
    assert not any("fresh years" in point or "Warning" in point for point in section.points)
    assert "plan-after" not in {block.id for block in section.blocks}


@pytest.mark.parametrize(
    "place",
    [
        "plan/IDN/toys",
        "plan/VNM/value",
        "plan/IDN/chance/toys",
        "plan/IDN/paid/toys",
        "plan/IDN/people/technicians/1999/there",
        "plan/IDN/partner/KOR/low",
        "plan/IDN",
        "plan_run/IDN/luck",
        "plan_run/IDN/year/1999",
    ],
)
def test_a_figure_that_is_not_there_is_refused(findings, run, place):
    with pytest.raises(UsageError, match="no figure"):
        gather_evidence(findings.chain, dataclasses.replace(findings, runs={"plan": run})).explain(place)


def test_a_figure_leads_to_rows_of_the_case_and_their_sources(findings, run, told):
    evidence = gather_evidence(findings.chain, dataclasses.replace(findings, runs={"plan": run}))
    step = told.list_soon()[0]
    found = evidence.explain(f"plan/IDN/begins/{step}")
    assert {place.split("/")[0] for place in (one.place for one in found.steps)} <= {
        "steps",
        "step_costs",
        "step_traits",
    }
    row = make_plan().case.tables["step_costs"].query("step == @step and kind == 'capex'").iloc[0]
    (cost,) = (one for one in found.steps if one.place == f"step_costs/{step}/capex")
    assert (cost.figure.value, cost.figure.grade) == (row["value"], row["grade"])
    assert set(row["source"].split("|")) <= {source["source"] for source in found.sources}
    budget = evidence.explain("plan/IDN/purse/state/2026/budget")
    assert any(one.place == "budgets/state/2026" for one in budget.steps)
    people = evidence.explain("plan/IDN/people/technicians/2030/there")
    assert any(one.place.startswith("talent/technicians/stock") for one in people.steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook_and_paper_carry_it(findings, run, language, tmp_path):
    import openpyxl

    words, brief = Words(language), compose(findings, run, language)
    write_annex(brief, words, tmp_path / "a.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    named = {words.say(f"annex.sheet.{name}") for name in ("plan-chart", "plan-money", "plan-people", "plan-output")}
    assert named <= set(sheets)
    assert render_paper(brief, words).startswith(b"%PDF")
    assert render_brief(brief, words).count('data-figure="plan/') > 100


def test_a_plan_that_starts_nothing_is_said_and_not_drawn(findings, run, tmp_path):
    tables = run.tables()
    for name in ("starts", "steps"):
        tables[name] = tables[name].iloc[:0]
    manifest = Manifest("plan", {"home": "IDN"}, findings.chain.origin, 0)
    empty = SavedRun(Workspace(tmp_path).save_run(manifest, tables), manifest.as_dict())
    section = compose(findings, empty).sections[0]
    assert "starts none of" in section.answer
    # What was run week by week stays; of steps there is nothing to draw.
    assert [block.id for block in section.blocks] == ["plan-after"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_plan_keeps_all_limits_the_brief_says_so(findings, tmp_path, monkeypatch, language):
    def refuse(*_arguments, **_options):
        raise InfeasibleError("programme_infeasible")

    monkeypatch.setattr("pondasi.plan.work_out.solve_plan", refuse)
    workspace = Workspace(tmp_path)
    run = compute_plan(Task(load_world(), findings, workspace, "quick", 0))
    assert match_runs([PLAN], workspace, Manifest("brief", {"home": "IDN", "with": "JPN"}, findings.chain.origin, 0))
    words = Words(language)
    section = compose(findings, run, language).sections[0]
    assert section.answer == words.say(
        "plan_brief.impossible", home="Indonesia" if language != "ja" else "インドネシア"
    )


def test_the_brief_works_the_plan_out_as_the_verb_does(findings, tmp_path, monkeypatch):
    asked = {}

    def work_out(case, **options):
        asked.update(options, home=case.country)
        plan = make_plan()
        manifest = Manifest("plan", {"home": "IDN", "with": options["partner"]}, findings.chain.origin, 0)
        return WorkedPlan(plan, None, None, manifest)

    monkeypatch.setattr("pondasi.plan.work_out.work_out_plan", work_out)
    task = Task(load_world(), findings, Workspace(tmp_path), "quick", 7)
    run = compute_plan(task)
    assert (asked["home"], asked["partner"], asked["quick"], asked["seed"]) == ("IDN", "JPN", True, 7)
    assert PlanRun(run).starts
    # Viet Nam is no partner of the case: the plan is one without it.
    compute_plan(dataclasses.replace(task, findings=dataclasses.replace(findings, partner="VNM"), depth="full"))
    assert (asked["partner"], asked["quick"]) == (None, False)


def test_a_quick_plan_is_not_enough_where_a_full_one_is_asked_for(run):
    deep = dataclasses.replace(run, manifest={"options": {"scenarios": 100, "stress": True}})
    assert [is_plan_enough(one, depth) for one in (run, deep) for depth in ("quick", "full")] == [
        True,
        False,
        True,
        True,
    ]


def test_a_plan_is_offered_where_a_case_states_steps():
    assert [has_plan(home) for home in ("IDN", "MYS", "VNM", "KOR")] == [True, True, False, False]


def test_explain_finds_a_figure_in_the_workspace(findings, tmp_path, capsys):
    arguments = ["explain", "plan/IDN/short", "--workspace", str(tmp_path)]
    assert main(arguments) == 2
    assert "plan/HOME" in capsys.readouterr().err
    save_plan(Workspace(tmp_path), findings.chain.origin)
    assert main(arguments) == 0
    assert "measures/short" in capsys.readouterr().out


def test_a_brief_takes_the_plan_with_its_partner_before_one_without(findings, tmp_path):
    workspace, data = Workspace(tmp_path), findings.chain.origin
    save_plan(workspace, data, partner=None)
    asked = Manifest("brief", {"home": "IDN", "with": "JPN"}, data, 0)
    assert match_runs([PLAN], workspace, asked)["plan"].manifest["options"]["with"] is None
    save_plan(workspace, data)
    assert match_runs([PLAN], workspace, asked)["plan"].manifest["options"]["with"] == "JPN"


def test_it_says_where_nothing_new_pays_in_the_first_years(findings, run, told, monkeypatch):
    usual = compose(findings, run).sections[0]
    assert not any("nothing that is not committed pays" in point for point in usual.points)
    monkeypatch.setattr(PlanRun, "steps", {step: row | {"committed": True} for step, row in told.steps.items()})
    assert any(
        "nothing that is not committed pays by 2028" in point for point in compose(findings, run).sections[0].points
    )


def test_the_first_line_of_the_page_says_what_was_committed_before(findings, run, told, monkeypatch):
    first = compose(findings, run).sections[0].headlines[0].text
    assert "(committed before)" not in first
    monkeypatch.setattr(PlanRun, "steps", {step: row | {"committed": True} for step, row in told.steps.items()})
    assert "(committed before)" in compose(findings, run).sections[0].headlines[0].text
