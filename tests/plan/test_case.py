"""The case of a plan: loads, labelled, whole."""

import pytest

from pondasi import UsageError, load_world
from pondasi.plan.case import load_case


@pytest.fixture(scope="module")
def world():
    return load_world()


def test_the_shipped_case_holds_a_plan(world):
    case = load_case("IDN", world)
    assert len(case.tables["steps"]) >= 45
    assert case.frame("step_traits").index.names == ["step", "trait"]
    assert case.knowledge_known


def test_a_case_without_steps_is_refused_in_words(world):
    with pytest.raises(UsageError, match="holds no steps"):
        load_case("JPN", world)


def test_tables_of_a_case_cannot_be_changed_from_outside(world):
    case = load_case("IDN", world)
    steps = case.tables["steps"]
    steps.loc[0, "step"] = "changed"
    assert case.tables["steps"].loc[0, "step"] != "changed"
