"""`pondasi plan`: the answer as sentences, as JSON, and a run left behind."""

import json
import shutil

import pandas as pd
import pytest
from openpyxl import Workbook

from pondasi.chain.cases import case_path
from pondasi.chain.load import load_chain
from pondasi.cli import main
from pondasi.cli.replay import rebuild_call
from pondasi.plan.case import load_case
from pondasi.report.case_rows import read_case_rows
from pondasi.words import Words
from tests.plan.impossible.corpus import edit, leave_to_partners

OLD_NAME, NEW_NAME = "Scholarships abroad with return duty", "Scholarships & return / 留学"
"""A step that every plan of the shipped case holds, and its name in a case of one's own."""


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.slow
def test_a_short_search_gives_a_plan_its_gap_and_its_tables(run, tmp_path):
    code, out, _ = run("plan", "IDN", "--scenarios", 3, "--seconds", 1, "--workspace", tmp_path, "--json")
    answer = json.loads(out)
    assert code == (0 if answer["finished"] else 1)
    assert answer["value"] <= answer["most"]
    starts = pd.read_parquet(f"{answer['run']}/tables/starts.parquet")
    assert len(starts) == len(answer["starts"])
    asked = load_case("IDN").tables["targets"]
    assert [row["target"] for row in answer["targets"]] == list(asked["target"])
    assert all(row["level"] * (1 - 1e-6) <= row["reached"] for row in answer["targets"])
    assert any(asked["name_en"].iloc[-1] in line for line in answer["statements"])
    # What is committed in the case is in every plan.
    assert "tal_scholarship_return" in set(starts["step"])
    assert {"money", "people", "output", "measures"} <= {p.stem for p in (tmp_path / "runs").glob("*/tables/*.parquet")}


@pytest.mark.long
def test_a_plan_that_ran_out_of_time_goes_on_from_where_it_was(run, tmp_path):
    call = (
        "plan",
        "IDN",
        "--scenarios",
        3,
        "--seconds",
        1,
        "--fresh",
        0,
        "--workspace",
        tmp_path,
        "--json",
        "--resume",
    )
    first = json.loads(run(*call)[1])
    assert any("begun anew" in line for line in first["statements"])
    assert not first["finished"], "a second is not enough, or this test says nothing"
    [left] = (tmp_path / "checkpoints").iterdir()
    again = json.loads(run(*call)[1])
    assert any(" cuts of one that was stopped" in line for line in again["statements"])
    assert again["value"] >= first["value"] - 1e-6 * abs(first["value"])
    assert left.exists() == (not again["finished"])


def test_a_country_is_no_partner_of_itself(run):
    code, _, err = run("plan", "IDN", "--with", "IDN")
    assert code == 2
    assert "Indonesia" in err or "IDN" in err


def test_a_country_without_a_plan_is_named(run):
    code, _, err = run("plan", "VNM")
    assert code == 2
    assert "VNM" in err


@pytest.fixture(scope="module")
def own_case(tmp_path_factory):
    """Return a workbook of the shipped case in which one step has another name."""
    folder = tmp_path_factory.mktemp("case")
    assert main(["build", str(case_path("IDN")), "--out", str(folder / "shipped"), "--quiet"]) == 0
    steps = folder / "shipped" / "steps.csv"
    text = steps.read_text(encoding="utf-8")
    assert OLD_NAME in text
    steps.write_text(text.replace(OLD_NAME, NEW_NAME), encoding="utf-8")
    assert main(["build", str(folder / "shipped"), "--out", str(folder / "my case.xlsx"), "--quiet"]) == 0
    return folder / "my case.xlsx"


@pytest.mark.slow
def test_a_plan_is_made_on_a_workbook_of_ones_own(run, own_case, tmp_path):
    call = ("plan", "IDN", "--scenarios", 3, "--seconds", 1, "--fresh", 0, "--no-targets", "--workspace", tmp_path)
    _, out, _ = run(*call, "--case", own_case)
    assert "my case.xlsx" in out
    assert NEW_NAME in out
    (folder,) = (tmp_path / "runs").glob("*-plan-*")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["options"]["case"] == str(own_case)
    assert "--no-targets" in rebuild_call(manifest, Words("en"))
    assert not list(folder.glob("tables/targets*")), "nothing is said of what was left aside"
    assert manifest["case"] == load_case(own_case).origin != load_case("IDN").origin
    assert str(own_case) in rebuild_call(manifest, Words("en"))


def test_a_case_of_another_country_or_none_at_all_is_refused(run, own_case, tmp_path):
    for verb in ("plan", "partners", "brief"):
        space = ("--workspace", tmp_path)
        code, _, err = run(verb, "MYS", "--case", own_case, *space)
        assert (code, "IDN" in err, "MYS" in err) == (2, True, True)
        code, _, err = run(verb, "IDN", "--case", tmp_path / "nothing.xlsx", *space)
        assert (code, "nothing.xlsx" in err) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("language", ["en", "id", "ja"])
def test_what_is_no_case_is_told_of_the_template_of_a_case(run, own_case, tmp_path, language):
    folder, book, table, part = (tmp_path / name for name in ("empty", "other.xlsx", "steps.csv", "part"))
    folder.mkdir()
    Workbook().save(book)
    table.write_text("step\n", encoding="utf-8")
    shutil.copytree(own_case.parent / "shipped", part)
    (part / "talent.csv").unlink()
    for path in (folder, book, table, part):
        code, _, err = run("plan", "IDN", "--case", path, "--workspace", tmp_path / "work", "--language", language)
        assert (code, "template --case" in err) == (3, True), err


def test_the_rows_of_a_case_of_ones_own_are_read_from_it(own_case):
    assert read_case_rows(str(own_case), load_chain()).steps["tal_scholarship_return"]["name_en"] == NEW_NAME


def test_one_fresh_draw_is_refused(run):
    code, _, err = run("plan", "IDN", "--fresh", 1)
    assert code == 2
    assert "--fresh" in err


@pytest.mark.long
def test_a_plan_with_a_partner_can_be_made_again_to_the_bit(run, tmp_path, monkeypatch):
    # Any plan is good enough: the search ends by its gap, at once, and not by the time of this machine.
    monkeypatch.setattr("pondasi.plan.solve.QUICK_GAP", 1e9)
    space = ["--workspace", tmp_path]
    code, out, _ = run("plan", "IDN", "--quick", "--scenarios", 3, "--fresh", 2, "--with", "JPN", "--json", *space)
    answer = json.loads(out)
    assert code == 0
    assert answer["fresh"]["draws"] == 2
    assert answer["partner"]["low"] <= answer["partner"]["high"]
    assert any("2029" in line for line in answer["statements"])
    code, out, _ = run("replay", answer["run"], "--json", *space)
    found = json.loads(out)
    assert (code, found["same"], found["by_time"]) == (0, True, False)
    assert found["call"][:4] == ["plan", "IDN", "--with", "JPN"]
    assert found["tables"]["compared"] == len(list((tmp_path / "runs").glob("*/tables/*.parquet")))


def test_a_search_that_ended_by_time_is_named_where_it_comes_out_differently(capsys):
    from pondasi.cli.replay import show
    from pondasi.words import Words

    found = {"call": ["plan", "IDN"], "same": False, "figures": 3, "by_time": True, "largest": [], "versions": {}}
    found |= {
        "tables": {"missing": [], "new": [], "different": ["starts"]},
        "data": None,
        "companions": None,
        "case": None,
    }
    show(found, Words("en"))
    assert "depends on the machine" in capsys.readouterr().out
    show(found | {"by_time": False}, Words("en"))
    assert "depends on the machine" not in capsys.readouterr().out


@pytest.mark.long
def test_a_plan_that_cannot_be_gets_its_repairs(run, tmp_path, monkeypatch):
    case = edit(load_case("MYS"), step_funding=leave_to_partners("mat_poly_eg", 0.4))
    monkeypatch.setattr("pondasi.plan.case.load_case", lambda *_: case)
    code, out, _ = run("plan", "MYS", "--scenarios", 3, "--json", "--workspace", tmp_path)
    answer = json.loads(out)
    assert code == 1
    assert answer["possible"] is False
    assert len(answer["repairs"]) == 3
    assert {change["kind"] for change in answer["repairs"][0]["changes"]} <= {"budget", "commitment", "date", "people"}
    assert len(answer["statements"]) > 2 * len(answer["repairs"])


@pytest.mark.long
def test_reasons_stand_in_the_run(run, tmp_path, monkeypatch):
    # Any plan is good enough, and one step and one year stand for all.
    from pondasi.plan import reasons, unit_worth

    monkeypatch.setattr("pondasi.plan.solve.QUICK_GAP", 1e9)
    explain, weigh = reasons.explain_steps, unit_worth.worth_of_units
    monkeypatch.setattr(reasons, "explain_steps", lambda questions: explain(questions, [6]))
    monkeypatch.setattr(unit_worth, "worth_of_units", lambda questions: weigh(questions, years=1))
    arguments = ("--quick", "--scenarios", 3, "--fresh", 0, "--reasons", "--json", "--workspace", tmp_path)
    code, out, _ = run("plan", "IDN", *arguments)
    answer = json.loads(out)
    assert code == 0
    (reason,) = pd.read_parquet(f"{answer['run']}/tables/reasons.parquet").to_dict("records")
    assert (reason["step"], reason["why"]) == ("tal_scholarship_return", "committed")
    units = pd.read_parquet(f"{answer['run']}/tables/units.parquet")
    assert set(units["kind"]) == {"budget", "people", "resource"}
    assert (units["low"] <= units["high"]).all()
