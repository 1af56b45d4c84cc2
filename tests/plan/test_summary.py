"""A case at a glance: its sums are those of its tables."""

import json

import pytest

from pondasi.cli import main
from pondasi.plan.case import load_case
from pondasi.plan.summary import summarise_case
from pondasi.words import LANGUAGES


@pytest.fixture(scope="module")
def case():
    return load_case("IDN")


@pytest.fixture(scope="module")
def summary(case):
    return summarise_case(case)


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main(["cases", *arguments])
        return code, capsys.readouterr()

    return call


def test_every_step_is_counted_once(case, summary):
    assert summary.steps["steps"].sum() == len(case.tables["steps"])
    capex = case.tables["step_costs"].query("kind == 'capex'")["value"].sum()
    assert summary.steps["capex"].sum() == pytest.approx(capex)


def test_money_is_that_of_the_budgets(case, summary):
    assert summary.money["value"].sum() == pytest.approx(case.tables["budgets"]["value"].sum())
    assert summary.partners["money"].sum() == pytest.approx(summary.money.loc["partner", "value"])


def test_grades_count_every_row_that_has_one(case, summary):
    rows = sum(len(table) for table in case.tables.values() if "grade" in table)
    assert summary.grades.to_numpy().sum() == rows
    assumed = sum((table["grade"] == "assumed").sum() for table in case.tables.values() if "grade" in table)
    assert summary.assumed_share == pytest.approx(assumed / rows)
    assert 0 < summary.sourced_capex < 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verb_says_what_a_plan_starts_from(language, case, summary, run):
    code, said = run("IDN", "--language", language)
    assert code == 0
    lines = said.out.splitlines()
    asked = load_case("IDN").tables["targets"]
    assert len(lines) == 1 + len(summary.steps) + len(summary.money) + len(summary.partners) + len(asked) + 2
    assert case.titles[language] in lines[0]


def test_the_verb_says_it_as_json(summary, run):
    content = json.loads(run("IDN", "--json")[1].out)
    assert content["leaves"] == summary.leaves
    assert content["assumed_share"] == pytest.approx(summary.assumed_share)
    assert set(content["partners"]) == set(summary.partners.index)


def test_a_case_without_a_plan_says_so(run):
    code, said = run("JPN")
    assert code == 2
    assert "holds no steps" in said.err
