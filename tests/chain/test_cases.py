"""Cases: what is known of one country beside the world chain, and whether the two agree."""

import shutil

import pytest

from pondasi import DataError, UsageError, Words, load_chain
from pondasi.chain.cases import case_path, check_case, is_case, list_cases, load_case
from pondasi.tables.read import read_pack


@pytest.fixture(scope="module")
def chain():
    return load_chain()


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(case_path("IDN"), tmp_path / "IDN")


def edit(folder, table, old, new):
    file = folder / f"{table}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("country", list_cases())
def test_every_case_that_ships_is_sound_and_agrees_with_the_chain(country, chain):
    report = check_case(case_path(country), chain)
    assert report.problems == ()
    case = load_case(country, chain)
    assert case.country == country
    assert set(case.titles) == {"en", "id", "ja"}


@pytest.mark.parametrize("country", list_cases())
def test_every_text_of_a_case_exists_in_three_languages(country, chain):
    languages = ("en", "id", "ja")
    for table in load_case(country, chain).tables.values():
        stems = {name.removesuffix("_en") for name in table.columns if name.endswith("_en")}
        for column in (f"{stem}_{language}" for stem in stems for language in languages):
            assert table[column].notna().all(), column


def test_demand_outside_the_evidence_is_named(copy, chain):
    edit(copy, "demand", "600000000,300000000,1000000000", "60000000,30000000,100000000")
    (problem,) = check_case(copy, chain).problems
    assert (problem.key, problem.level, problem.table) == ("evidence_differs", "warning", "demand")
    assert problem.fields["node"] == "use_computing"
    assert "30,000,000 to 100,000,000" in Words("en").problem(problem), "figures as people write them"


@pytest.mark.parametrize(
    ("table", "old", "new", "key"),
    [
        ("demand", "use_computing", "use_computng", "reference_unknown_guess"),
        ("demand", "300000000,1000000000", "1000000000,300000000", "interval_order"),
        ("trade", ",import,", ",imort,", "code_unknown_guess"),
        ("demand", "assumed,judgement", "estimated,judgement", "grade_too_high"),
    ],
)
def test_faults_of_a_case_are_named(copy, chain, table, old, new, key):
    edit(copy, table, old, new)
    assert key in {problem.key for problem in check_case(copy, chain).problems}
    with pytest.raises(DataError):
        load_case(copy, chain)


def test_a_case_names_its_country(copy, chain):
    head = copy / "pack.toml"
    head.write_text(
        head.read_text(encoding="utf-8").replace('country = "IDN"', 'country = "Indonesia"'), encoding="utf-8"
    )
    assert [problem.key for problem in check_case(copy, chain).errors] == ["case_country"]


def test_a_case_is_told_from_a_chain(copy, tmp_path):
    assert is_case(read_pack(copy))
    assert not is_case(read_pack(tmp_path))
    (copy / "pack.toml").write_text("kind = [", encoding="utf-8")
    assert not is_case(read_pack(copy))


def test_an_unknown_case_names_what_there_is():
    with pytest.raises(UsageError, match="IDN"):
        case_path("IDM")
