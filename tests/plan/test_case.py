"""The case of a plan: loads, labelled, whole, and the same in every form of file."""

import pandas as pd
import pytest

from pondasi import UsageError, load_world
from pondasi.chain.cases import case_path
from pondasi.plan.case import FREE_TABLES, PLAN_TABLES, check_plan_case, load_case
from pondasi.tables.excel_write import save_workbook
from pondasi.tables.save import save_tables

PLANNED = ("IDN", "MYS")
"""Countries whose case ships with a plan."""


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture(scope="module", params=PLANNED)
def case(request, world):
    return load_case(request.param, world)


def test_the_shipped_case_of_a_plan_is_sound(case, world):
    assert check_plan_case(case_path(case.country), world.chain).problems == ()
    assert all(len(case.tables[name]) for name in PLAN_TABLES)


def test_the_first_case_has_steps_of_every_kind_that_a_ministry_asks_for(world):
    steps = load_case("IDN", world).tables["steps"]
    assert len(steps) >= 45
    assert steps["family"].nunique() == 8
    assert steps["pillar"].nunique() == 5
    assert steps["logic"].isin(["input", "activity", "output"]).all()


def test_the_country_decides_the_figures_and_not_the_code(world):
    one, other = (load_case(country, world).frame("parameters")["value"] for country in PLANNED)
    for name in ("gdp", "power_price", "wage_technicians"):
        assert one[name] != other[name]


def test_every_figure_of_a_step_has_an_interval_a_grade_and_a_source(case):
    for name in ("step_traits", "step_costs", "step_nodes", "step_needs", "step_training", "step_knowledge"):
        table = case.tables[name]
        assert table[["value", "low", "high", "grade", "source"]].notna().all().all(), name
        assert (table["low"] <= table["value"]).all()
        assert (table["value"] <= table["high"]).all()


def test_what_is_called_estimated_names_a_source_that_was_read(case, world):
    evidence = dict(zip(world.chain.sources["source"], world.chain.sources["evidence"], strict=True))
    own = check_plan_case(case_path(case.country), world.chain).tables["sources"]
    evidence |= dict(zip(own["source"], own["evidence"], strict=True))
    for name, table in case.tables.items():
        if "grade" in table:
            firm = table[table["grade"] != "assumed"]
            for row in firm["source"]:
                assert any(evidence[source] == "seen" for source in row.split("|")), (name, row)


def test_every_step_cites_what_was_published_on_its_cost_or_on_what_it_is(case, world):
    known = pd.concat([case.sources, world.chain.sources]).set_index("source")
    published = set(known.index[known["publisher"] != known.loc["judgement", "publisher"]])
    cited: dict[str, set[str]] = {step: set() for step in case.tables["steps"]["step"]}
    for name in ("steps", "step_costs", "step_traits", "step_nodes"):
        for step, cell in zip(case.tables[name]["step"], case.tables[name]["source"], strict=True):
            cited[step] |= set(filter(None, (cell or "").split("|")))
    assert [step for step, sources in cited.items() if not sources & published] == []


def test_every_source_of_the_case_is_used(case, world):
    tables = check_plan_case(case_path(case.country), world.chain).tables
    used = {item for table in tables.values() if "grade" in table for row in table["source"] for item in row.split("|")}
    assert set(tables["sources"]["source"]) <= used


def test_every_partner_of_an_option_has_terms_and_money(case):
    options = case.options
    assert options["cost_factor"].notna().all()
    budgets = case.tables["budgets"]
    money = set(budgets["partner"].dropna())
    assert set(options.index.get_level_values("partner")) - {case.country} <= money


def test_frames_are_labelled_by_their_keys(case):
    assert case.frame("step_traits").index.names == ["step", "trait"]
    assert case.frame("budgets").index.names == ["funder", "partner", "year"]
    assert case.knowledge_known


def test_a_case_without_steps_is_refused_in_words(world):
    with pytest.raises(UsageError, match="holds no steps"):
        load_case("JPN", world)


def test_tables_of_a_case_cannot_be_changed_from_outside(case):
    steps = case.tables["steps"]
    steps.loc[0, "step"] = "changed"
    assert case.tables["steps"].loc[0, "step"] != "changed"


@pytest.mark.parametrize("form", ["case.xlsx", "case.parquet", "case"])
def test_a_case_is_the_same_in_every_form(form, case, world, tmp_path):
    report = check_plan_case(case_path(case.country), world.chain)
    head = {key: str(value) for key, value in report.head.items()}
    save_tables(report.tables, head, tmp_path / form)
    again = check_plan_case(tmp_path / form, world.chain)
    assert again.problems == ()
    assert {key: str(value) for key, value in again.head.items()} == head
    for name, table in report.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
    other = load_case(tmp_path / form, world)
    assert (other.country, other.version, other.titles) == (case.country, case.version, case.titles)


def test_a_title_with_quotes_survives(world, tmp_path):
    report = check_plan_case(case_path("JPN"), world.chain)
    head = {**report.head, "title_en": 'A "quoted" \\ title'}
    for form in ("quoted", "quoted.xlsx"):
        save_tables(report.tables, head, tmp_path / form)
        assert check_plan_case(tmp_path / form, world.chain).head["title_en"] == head["title_en"]


def test_a_workbook_without_the_tables_that_may_lack_still_loads(case, world, tmp_path):
    report = check_plan_case(case_path(case.country), world.chain)
    kept = {name: table for name, table in report.tables.items() if name not in FREE_TABLES}
    kept["steps"] = kept["steps"].assign(readiness=None).astype({"readiness": "str"})
    save_workbook(kept, {key: str(value) for key, value in report.head.items()}, tmp_path / "case.xlsx")
    assert not load_case(tmp_path / "case.xlsx", world).knowledge_known
