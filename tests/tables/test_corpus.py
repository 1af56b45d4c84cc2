"""`check_pack` names every fault that was planted in a corpus of broken packs, at its place, all at once."""

import re
from pathlib import Path

import pytest

from pondasi.chain.load import CheckReport, check_pack
from pondasi.errors import Problem
from pondasi.words import LANGUAGES, Words
from tests.tables.corpus import CORPUS, Case, Fault

ENGLISH = Words("en")


def fits(problem: Problem, fault: Fault) -> bool:
    """Tell whether a finding is the one that was planted."""
    place = problem.place
    wanted = (fault.file, fault.sheet, fault.row, fault.column)
    found = (place.file, place.sheet, place.row, place.column)
    return (
        (problem.key, problem.level) == (fault.key, fault.level)
        and all(want is None or want == part for want, part in zip(wanted, found, strict=True))
        and fault.says in ENGLISH.problem(problem)
    )


ODD = re.compile(r"''(?!\w)|\(\)|\( |\bNone\b|\bnan\b|[{}]|  | [.,;:](?!\w)|object at 0x|to \.")
"""An empty slot, or a leftover of the program."""


def odd_texts(report: CheckReport) -> list[str]:
    """Return texts of findings that are empty or odd, in any language, and English ones that do not end."""
    odd = []
    for language in LANGUAGES:
        words = Words(language)
        parts = [part for problem in report.problems for part in words.problem_parts(problem)]
        odd += [part for part in parts if not part or ODD.search(part)]
        odd += [part for part in parts if language == "en" and not part.endswith((".", "?"))]
    return odd


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_every_planted_fault_is_named_at_its_place(case: Case, tmp_path: Path) -> None:
    report = check_pack(case.build(tmp_path))
    told = [f"{problem.level} {problem.key} {ENGLISH.problem(problem)}" for problem in report.problems]
    for fault in case.faults:
        assert any(fits(problem, fault) for problem in report.problems), (fault, told)
    planted = {fault.key for fault in case.faults if fault.level == "error"}
    assert {problem.key for problem in report.errors} - case.also == planted - case.also, told
    assert report.ok == (not planted and not ({problem.key for problem in report.errors} & case.also))
    assert odd_texts(report) == []


def test_the_corpus_is_large_and_has_no_twins() -> None:
    names = [case.name for case in CORPUS]
    assert len(names) == len(set(names))
    assert sum(bool(case.faults) for case in CORPUS) >= 150
    assert len({fault.key for case in CORPUS for fault in case.faults}) >= 80
