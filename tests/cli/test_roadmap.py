"""The roadmap in a terminal and the tables of a plan in a workbook: what the saved plan holds, and nothing else."""

from dataclasses import replace

import openpyxl
import pytest

from pondasi import load_chain
from pondasi.cli import main
from pondasi.cli.grid import measure_width
from pondasi.cli.roadmap import ABSENT, BUILT, GATE, RUNS, RUNS_IN_SOME, draw_roadmap, title_plan
from pondasi.currency import find_rate
from pondasi.plan.case import load_case
from pondasi.plan.tell_flags import tell_flags
from pondasi.report.plan_run import SURE, PlanRun
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.results import save_results
from pondasi.words import LANGUAGES, Words
from pondasi.workspace import Workspace
from tests.report.plan_run import make_plan, save_plan


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return PlanRun(save_plan(Workspace(tmp_path_factory.mktemp("plan")), load_chain().origin))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sign_a_year_says_what_is_built_and_runs_and_in_how_many_futures(told, language):
    head, *lines, legend = draw_roadmap(told, Words(language))
    rows = {line.split("  ")[1]: line for line in lines if line.startswith("  ")}
    assert len(rows) == len(told.steps)
    assert len(lines) - len(rows) == len({row["pillar"] for row in told.steps.values()})
    assert len({measure_width(line) for line in (head, *rows.values())}) == 1
    gates = [gate.year for gate in told.gates.gates]
    assert all(str(year) in legend for year in gates)
    for step, row in told.steps.items():
        signs = rows[row[f"name_{language}"]].rsplit("  ", 1)[1]
        assert signs.index(GATE) == min(gates) - told.years[0]
        drawn = signs.replace(GATE, "")
        assert len(drawn) == len(told.years)
        for sign, (_, building, running) in zip(drawn, told.draw_profile(step), strict=True):
            assert (sign == RUNS) == (running >= SURE)
            assert (sign == ABSENT) == (running == building == 0)
            assert sign in {RUNS, RUNS_IN_SOME, BUILT, ABSENT}
    assert any(RUNS in line for line in rows.values())


def test_nothing_is_drawn_where_nothing_starts():
    class Empty:
        steps = ()

    assert draw_roadmap(Empty, Words("en")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_holds_what_the_run_holds(told, language, tmp_path):
    words, file = Words(language), tmp_path / "plan.xlsx"
    names = load_chain().nodes.set_index("node")[f"name_{language}"].to_dict()
    save_results(file, title_plan(told, ["a sentence"], names, words, "plain"))
    roadmap, money, people, output, said = openpyxl.load_workbook(file)
    assert [roadmap.cell(row, 4).value for row in range(2, roadmap.max_row + 1)] == [row["year"] for row in told.starts]
    assert all(cell.value for row in roadmap.iter_rows() for cell in row)
    for sheet, table in ((money, told.money), (people, told.people), (output, told.output)):
        assert [cell.value for cell in sheet["A"][1:]] == list(told.years)
        assert len({cell.value for cell in sheet[1]}) == sheet.max_column, "each head says something of its own"
        total = sum(cell.value for row in sheet.iter_rows(min_row=2, min_col=2) for cell in row)
        kept = sum(
            sum(value for name, value in row.items() if name not in {"year", "purse", "skill", "node"})
            for row in table.values()
        )
        assert 0 < total <= kept + 1, "only what pays or is built is shown"
    assert sum(cell.value for cell in people["B"][1:]) == pytest.approx(
        sum(row["needed"] for (_, skill), row in told.people.items() if skill == next(iter(told.people))[1]), abs=0.5
    )
    assert [cell.value for cell in said["A"]][1:] == ["a sentence"]


@pytest.mark.parametrize(("currency", "unit", "scale"), [("IDR", "billion IDR", 1e9), ("JPY", "million JPY", 1e6)])
def test_a_workbook_shows_money_in_the_currency_of_its_reader(told, currency, unit, scale):
    names = load_chain().nodes.set_index("node")["name_en"].to_dict()
    dollars, shown = (
        list(title_plan(told, [], names, words, "plain").values())
        for words in (Words("en"), Words("en", find_rate(currency)))
    )
    factor = find_rate(currency).per_usd * 1e6 / scale
    for sheet in (1, 3):
        assert all(unit in column for column in shown[sheet].columns[1:])
        # Both are rounded to two decimals, the smaller of them before it is multiplied.
        half = 0.005 * (1 + factor)
        assert shown[sheet].iloc[:, 1:].to_numpy() == pytest.approx(
            dollars[sheet].iloc[:, 1:].to_numpy() * factor, abs=half
        )
    assert shown[2].equals(dollars[2]), "people are no money"


@pytest.mark.parametrize("verb", ["plan", "partners"])
def test_a_place_that_cannot_be_written_is_refused_at_once(verb, tmp_path, capsys):
    assert main([verb, "IDN", "--out", str(tmp_path / "plan.pdf"), "--workspace", str(tmp_path)]) == 2
    assert "plan.pdf" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("language", LANGUAGES)
def test_flags_and_what_a_step_needs_first_are_those_of_the_case(told, language):
    words, case = Words(language), load_case("IDN")
    table = title_plan(told, [], load_chain().nodes.set_index("node")[f"name_{language}"].to_dict(), words, "plain")
    roadmap = next(iter(table.values()))
    flags = case.frame("step_partners")
    names = case.frame("readiness")[f"name_{language}"]
    for row, start in zip(roadmap.to_dict("records"), told.starts, strict=True):
        option = flags.loc[(start["step"], start["partner"] or "IDN")]
        meaning = load_dictionary().codes["control_flag"][option["export_control"]][language]
        assert row[words.say("plan.sheet.export_control")] == meaning
        needed = [one for one in (case.frame("steps").loc[start["step"], "readiness"] or "").split("|") if one]
        assert row[words.say("plan.sheet.readiness")] == "; ".join(names[one] for one in needed)


def test_a_flag_is_told_of_the_steps_that_start():
    plan = make_plan()
    first = plan.starts[0]
    step = plan.problem.labels.steps[plan.problem.options.step[first[0]]]
    name = plan.case.frame("steps").loc[step, "name_en"]
    for value, told in (("yes", True), ("conditional", True), ("no", False)):
        table = plan.case.tables["step_partners"].assign(export_control=value, subsidy_rule="no")
        case = replace(plan.case, tables={**dict(plan.case.tables), "step_partners": table})
        (line,) = tell_flags(replace(plan, case=case), Words("en"))
        assert (name in line and "Export control may" in line) == told
    assert line == Words("en").say("plan.flag.none")
    assert tell_flags(replace(plan, answer=replace(plan.answer, x=0 * plan.answer.x)), Words("en")) == []
