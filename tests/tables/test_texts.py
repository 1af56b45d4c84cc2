"""Every finding that the code can note has its two texts, and no text is without its finding."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import pondasi
from pondasi.errors import DataError, Place, PondasiError, Problem, UsageError
from pondasi.words import LANGUAGES, Words, load_catalogue

PACKAGE = Path(pondasi.__file__).parent
NOTES = {"add", "Problem", "Fault", "_faulty", "_name_sum"}
"""Calls that note a finding; its key is the first text among their arguments."""


def calls() -> Iterator[ast.Call]:
    """Yield the calls of the tables and the chain; other rooms test their own findings."""
    for path in sorted([*(PACKAGE / "tables").rglob("*.py"), *(PACKAGE / "chain").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in NOTES:
                yield node


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def keys_of(call: ast.Call) -> set[str]:
    """Return the keys that a call may note: texts with an underscore among its arguments, in their branches too."""
    return {
        node.value
        for argument in call.args
        for node in ast.walk(argument)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)+", node.value)
    }


def emitted() -> set[str]:
    found = {key for call in calls() for key in keys_of(call)}
    # Some keys come from the reader of numbers, and from a table of rules.
    for name in ("tables/numbers.py", "chain/rules.py"):
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "problem":
                found |= keys_of(ast.Call(ast.Name("Reading"), [node.value], []))
            if isinstance(node, ast.Tuple):
                found |= {
                    key for key in keys_of(ast.Call(ast.Name(""), list(node.elts), [])) if key.endswith("_unused")
                }
    return found


def written() -> dict[str, set[str]]:
    """Return finding -> the texts that it has in the catalogue of checks."""
    file = PACKAGE / "words" / "en" / "check.toml"
    return {key: set(texts) for key, texts in tomllib.loads(file.read_text(encoding="utf-8"))["problem"].items()}


def test_every_finding_has_texts_and_every_text_a_finding() -> None:
    known = {key.split(".")[1] for key in load_catalogue("en") if key.startswith("problem.")}
    columns = {"sales_share"}  # an argument beside a key
    assert emitted() - columns - known == set()
    assert set(written()) - emitted() == set()


def test_every_finding_says_what_is_wrong_and_what_cures_it() -> None:
    assert {key: texts for key, texts in written().items() if texts != {"what", "cure"}} == {}


def test_texts_of_findings_are_whole_sentences() -> None:
    for key in written():
        for part in ("what", "cure"):
            entry = load_catalogue("en")[f"problem.{key}.{part}"]
            for text in [entry] if isinstance(entry, str) else entry.values():
                assert text == text.strip(), key
                assert text.endswith((".", "?")), key
                assert text[0].isupper() or text[0] in "'{" or text.startswith("pack.toml"), key
                assert "(s)" not in text, key


# --- the errors themselves -----------------------------------------------------------------------


def test_an_error_of_the_input_says_all_of_its_problems() -> None:
    problems = [
        Problem("cell_required", "nodes", Place("nodes.csv", None, 3, "name_en")),
        Problem("header_blank", "nodes", Place("pack.xlsx", "nodes", 1), None, {"number": 2, "letter": "B"}),
    ]
    assert str(DataError(problems, "pack_has_problems", file="pack")).splitlines() == [
        "pack has 2 errors and was not loaded.",
        "nodes.csv, row 3, column name_en: The cell is blank but needed. Fill it in.",
        "pack.xlsx, sheet nodes, row 1: Column B (number 2) has cells but no name. Name the column, or empty it.",
    ]
    assert str(DataError(problems[:1])).startswith("The input has 1 problem.\n")


@pytest.mark.parametrize(("error", "code"), [(PondasiError, 1), (UsageError, 2), (DataError, 3)])
def test_errors_carry_their_exit_code(error: type[PondasiError], code: int) -> None:
    assert error.exit_code == code


def test_an_error_holds_a_key_and_fields_not_a_sentence() -> None:
    error = UsageError("out_is_folder", path="a.xlsx")
    assert (error.key, error.fields) == ("out_is_folder", {"path": "a.xlsx"})
    assert str(error) == "a.xlsx is a folder. Name a file."


@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_a_finding_without_a_place_is_said_too(language: str) -> None:
    assert Words(language).problem(Problem("cell_required")) == "The cell is blank but needed. Fill it in."
