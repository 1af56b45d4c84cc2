"""The form of a shock is read strictly: every fault at once, each with its line, its key and its cure."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pondasi.errors import DataError
from pondasi.stress.shock_form import Known, check_shock, load_form, read_shock, write_template
from pondasi.stress.shocks import Interval
from pondasi.tables.dictionary import load_dictionary
from pondasi.words import LANGUAGES, Words

KNOWN = Known(("fab_dram", "fab_logic_ge28", "helium"), {"press_2021": "seen", "judgement": "judged"})
GOOD = """\
shock: fire
name: {en: Fire, id: Kebakaran, ja: 火災}
class: fire
grade: estimated
sources: [press_2021]
hits:
  - nodes: [fab_dram]
    countries: [KOR]
    loss: {value: 0.3, low: 0.2, high: 0.5}
    hold_weeks: 4
"""


def read(text: str, folder: Path):
    path = folder / "fire.yaml"
    path.write_text(text, encoding="utf-8")
    return check_shock(path, KNOWN)


def found(text: str, folder: Path) -> list[tuple[str, int | None, str | None]]:
    report = read(text, folder)
    assert report.shock is None
    for problem in report.problems:
        for language in LANGUAGES:
            assert Words(language).problem(problem)
    return [(problem.key, problem.place.row, problem.place.column) for problem in report.problems]


def test_a_good_form_is_read(tmp_path: Path) -> None:
    report = read(GOOD, tmp_path)
    assert report.problems == ()
    assert report.shock is not None
    assert report.shock.names["ja"] == "火災"
    (hit,) = report.shock.hits
    assert hit.loss == Interval(0.3, 0.2, 0.5)
    assert hit.hold_weeks == Interval.exactly(4)
    assert (hit.channel, hit.loss_of, hit.scrap, hit.alike) == ("line", "hit", False, False)
    alike = read(GOOD.replace("hold_weeks: 4", "hold_weeks: 4\n    alike: yes"), tmp_path).shock
    assert alike is not None
    assert alike.hits[0].alike


CASES = [
    ("class: fire", "class: fier", "code_unknown_guess", 3, "class"),
    ("class: fire", "clas: fire", "form_key_unknown_guess", 3, "clas"),
    ("class: fire", "class: fire\nclass: flood", "form_key_twice", 4, "class"),
    ("class: fire\n", "", "form_key_missing", 1, "class"),
    ("class: fire", "class:", "form_blank", 3, "class"),
    ("class: fire", "class: [fire]", "form_not_plain", 3, "class"),
    ("class: fire", "class: fire\ndate: 2021-13-01", "not_a_date", 4, "date"),
    ("class: fire", "class: fire\nhorizon_weeks: 0", "number_out_of_range", 4, "horizon_weeks"),
    ("ja: 火災}", "jp: 火災}", "form_language", 2, "name"),
    (", ja: 火災}", "}", "form_key_missing", 2, "name.ja"),
    ("shock: fire", "shock: Big Fire", "not_an_id_guess", 1, "shock"),
    ("[press_2021]", "[press_2012]", "reference_unknown_guess", 5, "sources"),
    ("[press_2021]", "[judgement]", "grade_too_high", 4, "grade"),
    ("[press_2021]", "[]", "form_blank", 5, "sources"),
    ("[fab_dram]", "[fab_dam]", "reference_unknown_guess", 7, "hits[1].nodes"),
    ("[fab_dram]", "[fab_dram, fab_dram]", "list_twice", 7, "hits[1].nodes"),
    ("[KOR]", "[KORE]", "country_unknown_guess", 8, "hits[1].countries"),
    ("value: 0.3", "value: 30", "number_out_of_range_percent", 9, "hits[1].loss.value"),
    ("value: 0.3", 'value: "0,3"', "number_other_locale", 9, "hits[1].loss.value"),
    ("value: 0.3", "value: much", "not_a_number", 9, "hits[1].loss.value"),
    ("value: 0.3", "value: 0.1", "interval_order", 9, "hits[1].loss"),
    (", high: 0.5", "", "form_key_missing", 9, "hits[1].loss.high"),
    ("low: 0.2", "low: -0.2", "form_surge", 9, "hits[1].loss"),
    ("hold_weeks: 4", "hold_weeks: 0", "form_no_time", 7, "hits[1]"),
    ("    hold_weeks: 4\n", "", "form_no_time", 7, "hits[1]"),
    ("hold_weeks: 4", "hold_weeks: 4\n    profile: [[0, 0], [1, 1]]", "form_two_times", 11, "hits[1].profile"),
    ("hold_weeks: 4", "profile: [[0, 0], [1]]", "form_profile_pairs", 10, "hits[1].profile"),
    ("hold_weeks: 4", "profile: [[1, 0], [2, 1]]", "form_profile_weeks", 10, "hits[1].profile"),
    ("hold_weeks: 4", "profile: [[0, 0], [3, 1], [2, 1]]", "form_profile_weeks", 10, "hits[1].profile"),
    ("hold_weeks: 4", "profile: [[0, 0], [3, 1.5]]", "number_out_of_range", 10, "hits[1].profile"),
    ("hold_weeks: 4", "hold_weeks: 4\n    duration_weeks: 5", "form_duration", 11, "hits[1].duration_weeks"),
    ("hold_weeks: 4", "hold_weeks: 4\n    scrap: perhaps", "form_flag", 11, "hits[1].scrap"),
    ("hold_weeks: 4", "hold_weeks: 4\n    buyers: [USA]", "form_buyers", 11, "hits[1].buyers"),
    ("hold_weeks: 4", "hold_weeks: 4\n    channel: route", "form_key_missing", 7, "hits[1].buyers"),
    ("hold_weeks: 4", "hold_weeks: 4\n    channel: demand\n    loss_of: world", "form_world", 12, "hits[1].loss_of"),
    ("  - nodes: [fab_dram]\n    countries: [KOR]", "  - nodes\n  - countries: [KOR]", "form_hits", 7, "hits[1]"),
    (GOOD[GOOD.index("  - nodes") :], "", "form_blank", 6, "hits"),
    (GOOD, "", "form_no_keys", 1, None),
    (GOOD, "- a\n- b\n", "form_no_keys", 1, None),
    ("[KOR]", "[KOR", "form_broken", 9, None),
    ("{en: Fire", "&x {en: Fire", "form_alias", 7, None),
]


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "column"), CASES, ids=[f"{c[2]}-{n}" for n, c in enumerate(CASES)]
)
def test_a_fault_is_named_with_its_line_and_key(
    old: str, new: str, key: str, line: int, column: str | None, tmp_path: Path
) -> None:
    text = GOOD.replace(old, new, 1)
    if key == "form_alias":
        text = text.replace("sources: [press_2021]", "sources: [press_2021]\ndescription: *x").replace(
            "hits:", "hits:", 1
        )
        line = 6
    assert (key, line, column) in found(text, tmp_path)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("fire\nname", "fire\nhorizont: 9\nname").replace("[KOR]", "[XXX]").replace("0.2", "0.9")
    keys = [key for key, _, _ in found(text, tmp_path)]
    assert len(keys) == 3


def test_the_place_is_said_as_line_and_key(tmp_path: Path) -> None:
    report = read(GOOD.replace("class: fire", "class: fier"), tmp_path)
    assert str(Words("en").problem(report.problems[0])).startswith("fire.yaml, line 3, key class: 'fier'")
    assert "3行目、キーclass" in Words("ja").problem(report.problems[0])


def test_reading_raises_all_problems(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("shock: a\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_shock(path, KNOWN)
    assert {problem.place.column for problem in caught.value.problems} == {"name", "class", "grade", "sources", "hits"}
    assert check_shock(tmp_path / "none.yaml", KNOWN).problems[0].key == "path_missing"
    path.write_bytes(b"\xff\xfe\xff")
    assert check_shock(path, KNOWN).problems[0].key == "path_unreadable"
    path.write_text("#" * 100_001)
    assert check_shock(path, KNOWN).problems[0].key == "form_too_large"
    path.write_text("a: " + "[" * 5000)
    assert [problem.key for problem in check_shock(path, KNOWN).problems] == ["form_too_deep"]


@given(st.text(max_size=60), st.integers(0, len(GOOD)))
def test_no_text_breaks_the_reader(noise: str, at: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(GOOD[:at] + noise + GOOD[at:], encoding="utf-8", errors="replace")
        report = check_shock(path, KNOWN)
    assert report.ok or report.problems


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_is_a_good_form(language: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(write_template(language), encoding="utf-8")
    report = check_shock(path, KNOWN)
    assert report.problems == ()
    assert report.ok
    text = path.read_text(encoding="utf-8")
    for item in load_form().values():
        assert item.column.meaning[language] in text
        assert f"{item.key.rpartition('.')[2]}: {item.example}".rstrip() in text


def test_every_example_of_the_form_is_valid(tmp_path: Path) -> None:
    """Keys that the template leaves out are tried one by one."""
    for item in load_form().values():
        if item.key in {"hits", "hits.firms", "hits.buyers", "hits.profile", "hits.duration_weeks"}:
            continue
        content = yaml.safe_load(GOOD)
        target = content["hits"][0] if item.key.startswith("hits.") else content
        target[item.key.rpartition(".")[2]] = yaml.safe_load(item.example)
        content["grade"], content["sources"] = "assumed", ["judgement"]
        assert read(yaml.safe_dump(content, allow_unicode=True), tmp_path).ok, item.key


def test_the_form_stands_in_three_languages_with_known_codes() -> None:
    dictionary = load_dictionary()
    for item in load_form().values():
        assert all(item.column.meaning[language] for language in LANGUAGES)
        assert item.column.unit is None or item.column.unit in dictionary.units
        assert (item.type == "code") == bool(item.allowed)
