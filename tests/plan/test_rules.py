"""Each rule of a case finds what it looks for, names the place, and nothing else is touched."""

from collections.abc import Callable

import pytest

from pondasi import DataError, Words, load_world
from pondasi.errors import Place
from pondasi.plan.case import PLAN_TABLES, check_plan_case, load_case
from pondasi.words import LANGUAGES
from tests.plan.small_case import HEAD, Rows, row_of, small_rows, write_case
from tests.tables.packs import valid_tables, write_csv

Edit = Callable[[Rows], object]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return load_world(write_csv(tmp_path_factory.mktemp("chain") / "small", valid_tables()))


def check(rows, folder, world, head=HEAD):
    return check_plan_case(write_case(folder / "case", rows, head), world.chain)


def put(table: str, column: str, value: object, /, **keys: object) -> Edit:
    return lambda rows: row_of(rows, table, **keys).__setitem__(column, value)


def drop(table: str, /, **keys: object) -> Edit:
    return lambda rows: rows[table].remove(row_of(rows, table, **keys))


def drop_all(table: str, /, **keys: object) -> Edit:
    def edit(rows: Rows) -> None:
        rows[table] = [row for row in rows[table] if any(row.get(name) != value for name, value in keys.items())]

    return edit


def add(table: str, /, **cells: object) -> Edit:
    return lambda rows: rows[table].append({**rows[table][-1], **cells})


def both(*edits: Edit) -> Edit:
    return lambda rows: [edit(rows) for edit in edits]


FAULTS: list[tuple[str, str, str | None, Edit]] = [
    # the key of the finding, its table, the column where it stands, the edit
    ("case_table_missing", "talent", None, lambda rows: rows.pop("talent")),
    ("step_without_traits", "steps", "step", drop("step_traits", step="plant", trait="lead_years")),
    ("step_without_cost", "steps", "step", drop("step_costs", step="rival", kind="opex")),
    ("step_without_partner", "steps", "step", drop_all("step_partners", step="plant")),
    ("step_unpaid", "steps", "step", put("step_funding", "share", 0.9, step="plant")),
    ("profile_sum", "cost_profiles", "share", put("cost_profiles", "share", 0.41, profile="build", age=0)),
    ("profile_gap", "cost_profiles", "age", put("cost_profiles", "age", 2, profile="run", age=1)),
    ("profile_mixed", "cost_profiles", "kind", put("cost_profiles", "kind", "capex", profile="run", age=1)),
    ("profile_needed", "step_costs", "profile", put("step_costs", "profile", "", step="plant", kind="capex")),
    ("profile_needless", "step_costs", "profile", put("step_costs", "profile", "run", step="plant", kind="inputs")),
    ("profile_kind", "step_costs", "profile", put("step_costs", "profile", "run", step="plant", kind="capex")),
    ("inputs_above_opex", "step_costs", "value", put("step_costs", "value", 9.1e6, step="plant", kind="inputs")),
    ("step_cycle", "steps", "before", put("steps", "before", "plant", step="office")),
    ("step_cycle", "steps", "before", put("steps", "beside", "school", step="school")),
    ("step_before_and_beside", "steps", "beside", put("steps", "before", "office|school", step="plant")),
    ("exclusion_one_sided", "steps", "excludes", put("steps", "excludes", "", step="rival")),
    ("exclusion_needed", "steps", "before", put("steps", "before", "rival", step="school")),
    ("deadline_before_start", "steps", "deadline", put("steps", "earliest_start", 2028, step="rival")),
    ("committed_incomplete", "steps", "committed_start", put("steps", "committed_start", "", step="school")),
    ("committed_incomplete", "steps", "committed_start", put("steps", "status", "none", step="school")),
    ("committed_incomplete", "steps", "committed_modules", put("steps", "committed_modules", "", step="school")),
    ("committed_size", "steps", "committed_modules", put("steps", "committed_modules", 3, step="school")),
    ("least_above_most", "steps", "step", put("step_traits", "value", 0.4, step="rival", trait="modules_max")),
    ("threshold_without_start", "step_knowledge", "domain", put("step_knowledge", "domain", "test", role="threshold")),
    ("knowledge_off", "knowledge", "step", lambda rows: rows.pop("knowledge")),
    ("parameter_missing", "parameters", "parameter", drop("parameters", parameter="alpha")),
    ("partner_is_home", "partners", "partner", add("partners", partner="IDN")),
    (
        "partner_unknown",
        "step_partners",
        "partner",
        put("step_partners", "partner", "USA", step="rival", partner="JPN"),
    ),
    ("partner_unknown", "budgets", "partner", put("budgets", "partner", "JOR", funder="aid", year=2027)),
    ("partner_unknown", "branch_effects", "partner", put("branch_effects", "partner", "JAM", branch="left")),
    ("terms_missing", "step_partners", "partner", drop("partner_terms", partner="JPN", family="talent")),
    ("money_without_partner", "budgets", "partner", put("budgets", "partner", "", funder="aid", year=2026)),
    ("money_with_partner", "budgets", "partner", put("budgets", "partner", "JPN", funder="state", year=2026)),
    ("budget_years_missing", "budgets", "year", drop("budgets", funder="state", year=2027)),
    ("year_outside_horizon", "limits", "year", add("limits", year=2029)),
    ("year_outside_horizon", "steps", "earliest_start", put("steps", "earliest_start", 2025, step="plant")),
    ("future_roots", "futures", "parent", put("futures", "parent", "", future="high")),
    ("future_year", "futures", "year", put("futures", "year", 2027, future="low_kept")),
    ("future_without_branch", "futures", "branch", put("futures", "branch", "", future="low")),
    ("future_cycle", "futures", "parent", put("futures", "parent", "low_kept", future="low")),
    ("future_sum", "futures", "probability", put("futures", "probability", 0.8, future="low_kept")),
    ("future_variables", "futures", "branch", put("futures", "branch", "kept", future="high")),
    ("group_parent", "futures", "group", put("future_groups", "parent", "together", group="alone")),
    ("group_missing", "futures", "group", put("futures", "group", "", future="high_left")),
    ("group_unused", "future_groups", "group", add("future_groups", group="nobody")),
    ("demand_branch", "demand_paths", "branch", put("demand_paths", "branch", "kept", branch="low", year=2030)),
    ("demand_start", "demand_paths", "value", put("demand_paths", "value", 1.1, branch="low", year=2025)),
    ("demand_branch_missing", "demand_paths", "branch", drop_all("demand_paths", branch="low")),
    ("target_without_subject", "targets", "subject", put("targets", "subject", "", target="sales")),
    ("target_subject", "targets", "subject", put("targets", "subject", "technicians|nobody", target="people")),
    ("target_subject", "targets", "subject", put("targets", "subject", "use_auto", target="sales")),
    ("target_of_nothing", "targets", "value", put("targets", "value", 0, target="people")),
    ("target_above_steps", "targets", "value", put("targets", "value", 3, target="plants")),
    ("year_outside_horizon", "targets", "year", put("targets", "year", 2031, target="plants")),
    # what the tables themselves hold, on the tables of a plan
    ("unit_of_trait", "step_needs", "unit", put("step_needs", "unit", "weeks", need="power")),
    (
        "unit_of_trait_convert",
        "step_traits",
        "unit",
        put("step_traits", "unit", "weeks", step="plant", trait="lead_years"),
    ),
    ("trait_out_of_range", "step_nodes", "value", put("step_nodes", "value", 1.2, effect="access")),
    ("code_unknown_guess", "step_needs", "need", put("step_needs", "need", "technicans", need="technicians")),
    ("code_unknown_guess", "step_training", "skill", put("step_training", "skill", "technicans", step="school")),
    ("reference_unknown_guess", "step_nodes", "node", put("step_nodes", "node", "chip_mcv", effect="capacity")),
    ("reference_unknown_guess", "steps", "before", put("steps", "before", "offce", step="plant")),
    ("reference_unknown_guess", "step_funding", "funder", put("step_funding", "funder", "stat", step="plant")),
    ("reference_unknown_guess", "step_costs", "profile", put("step_costs", "profile", "ran", step="rival")),
    ("interval_order", "budgets", "value", put("budgets", "low", 2e8, funder="state", year=2026)),
    (
        "interval_missing",
        "partner_terms",
        "cost_high",
        put("partner_terms", "cost_high", "", partner="JPN", family="talent"),
    ),
    ("grade_too_high", "step_costs", "grade", put("step_costs", "grade", "exact", step="rival")),
    ("key_twice", "limits", "limit", add("limits", limit="power")),
]


@pytest.fixture(scope="module")
def sound(world, tmp_path_factory):
    return check(small_rows(), tmp_path_factory.mktemp("sound"), world)


def test_the_small_case_is_sound(sound):
    assert sound.problems == ()
    assert set(sound.tables) == set(PLAN_TABLES)


@pytest.mark.parametrize(
    ("key", "table", "column", "edit"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_fault_is_named_at_its_place_with_a_cure(key, table, column, edit, world, tmp_path):
    rows = small_rows()
    edit(rows)
    report = check(rows, tmp_path, world)
    found = [problem for problem in report.problems if problem.key == key]
    assert found, [problem.key for problem in report.problems]
    assert {problem.table for problem in found} == {table}
    assert {problem.place.column for problem in found} == {column}
    for language in LANGUAGES:
        what, cure = Words(language).problem_parts(found[0])
        assert what
        assert cure


def test_all_faults_come_at_once(world, tmp_path):
    rows = small_rows()
    for edit in (
        put("cost_profiles", "share", 0.5, profile="build", age=0),
        put("steps", "excludes", "", step="rival"),
        put("futures", "probability", 0.8, future="low_kept"),
        put("step_needs", "unit", "weeks", need="power"),
    ):
        edit(rows)
    with pytest.raises(DataError) as caught:
        load_case(write_case(tmp_path / "case", rows), world)
    keys = {problem.key for problem in caught.value.problems}
    assert {"profile_sum", "exclusion_one_sided", "future_sum", "unit_of_trait"} <= keys


def test_every_rule_of_a_plan_has_a_fault_here():
    """The catalogue of words has an entry for each finding of the rules; each is brought about above."""
    from importlib import resources

    text = (resources.files("pondasi") / "words" / "en" / "steps.toml").read_text(encoding="utf-8")
    stated = {line.removeprefix("[problem.").removesuffix("]") for line in text.splitlines() if "[problem." in line}
    assert stated - {key for key, *_ in FAULTS} == {"source_in_world"}


def test_a_source_of_the_case_has_an_id_of_its_own(world, tmp_path):
    rows = small_rows()
    source = {"publisher": "a", "title": "b", "licence": "facts", "evidence": "seen", "confidence": "low"}
    rows["sources"] = [{"source": "mine", **source}]
    row_of(rows, "limits", year=2026)["source"] = "mine|src_a"
    assert check(rows, tmp_path, world).problems == ()
    rows["sources"].append({"source": "src_a", **source})
    (problem,) = check(rows, tmp_path, world).problems
    assert problem.key == "source_in_world"
    assert problem.place == Place("sources.csv", None, 3, "source")


def test_a_case_without_knowledge_loads_and_says_that_the_limit_is_off(world, tmp_path):
    rows = small_rows()
    del rows["knowledge"], rows["step_knowledge"]
    folder = write_case(tmp_path / "case", rows)
    assert [problem.key for problem in check_plan_case(folder, world.chain).problems] == ["knowledge_off"]
    assert not load_case(folder, world).knowledge_known


def test_chances_of_success_are_capped_and_stand_in_one_place(world, tmp_path):
    case = load_case(write_case(tmp_path / "case", small_rows()), world)
    assert case.success["plant"] == pytest.approx(0.8 * 0.5)
    assert case.options.loc[("plant", "JPN"), "success"] == pytest.approx(0.8 * 0.5 * 1.5)
    assert case.options.loc[("plant", "IDN"), "kept"] == 1
    assert case.options.loc[("plant", "JPN"), "kept"] == pytest.approx(0.8)
