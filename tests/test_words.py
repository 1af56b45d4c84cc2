"""Every text exists in every language, says the same with the same slots, and is used; numbers read as each language writes them."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from pondasi.errors import Problem
from pondasi.report.numbers import Numbers
from pondasi.words import LANGUAGES, Words, spell_number

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "pondasi"
CATALOGUES = PACKAGE / "words"
SOURCE, *TRANSLATIONS = LANGUAGES

SAME = {"HHI", "Pondasi", "Data ({rows})", "minus {number}"}
"""Texts with words that may be the same in English and in another language."""

CARRIERS = {
    "pack.add": 0,
    "Problem": 0,
    "Fault": 0,
    "_fault": 0,
    "_faulty": 0,
    "_name_sum": 4,
    "row.problem": 0,
    "self.note_finding": 0,
    "self.note_fault": 0,
    "_RefusedError": 0,
}
"""What takes the key of a problem, and the place of the key among its arguments."""

Catalogue = Mapping[str, str]


# --- the catalogues ------------------------------------------------------------------------------


def flatten(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def read_files(language: str) -> dict[str, Catalogue]:
    """Return the catalogue of one language, file by file; plural forms are entries of their own."""
    files = sorted((CATALOGUES / language).glob("*.toml"))
    return {file.name: dict(flatten(tomllib.loads(file.read_text(encoding="utf-8")))) for file in files}


@cache
def read_texts(language: str) -> Catalogue:
    return {key: text for entries in read_files(language).values() for key, text in entries.items()}


def read_keys() -> set[str]:
    """Return the keys that `Words.say` knows: the forms of a plural count as one."""
    return {find_entry(key) for key in read_texts(SOURCE)}


def find_entry(key: str) -> str:
    """Return the entry of a key: 'a' for the plural forms 'a.one' and 'a.other', else the key itself."""
    entry = key.rpartition(".")[0]
    forms = {other for other in read_texts(SOURCE) if other.rpartition(".")[0] == entry}
    return entry if forms == {f"{entry}.one", f"{entry}.other"} else key


def find_slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def has_words(text: str) -> bool:
    """Tell whether a text says something beside what its slots say."""
    return re.search(r"[^\W\d_]", re.sub(r"{\w+}", "", text)) is not None


def show(problems: list[str]) -> str:
    return "\n" + "\n".join(problems)


def test_each_file_has_the_same_keys_in_every_language() -> None:
    problems = []
    for language in TRANSLATIONS:
        here, there = read_files(language), read_files(SOURCE)
        for name in sorted({*here, *there}):
            mine, theirs = here.get(name, {}).keys(), there.get(name, {}).keys()
            problems += [f"{language}/{name} lacks {key}" for key in sorted(theirs - mine)]
            problems += [f"{language}/{name} has {key}, {SOURCE} has not" for key in sorted(mine - theirs)]
    assert not problems, show(problems)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_in_two_files(language: str) -> None:
    files = read_files(language)
    assert sum(map(len, files.values())) == len(read_texts(language))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_text_has_the_slots_of_the_english_one(language: str) -> None:
    texts = read_texts(language)
    problems = [
        f"{key}: {sorted(find_slots(text) ^ find_slots(texts[key]))}"
        for key, text in read_texts(SOURCE).items()
        if key in texts and find_slots(text) != find_slots(texts[key])
    ]
    assert not problems, show(problems)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_language_without_plural_says_both_forms_alike(language: str) -> None:
    texts = read_texts(language)
    plurals = {find_entry(key) for key in texts} - texts.keys()
    assert plurals
    assert [key for key in plurals if texts[f"{key}.one"] != texts[f"{key}.other"]] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_text_is_translated(language: str) -> None:
    texts = read_texts(language)
    same = {key: text for key, text in read_texts(SOURCE).items() if has_words(text) and texts.get(key) == text}
    problems = [f"{key}: {text}" for key, text in same.items() if text not in SAME]
    assert not problems, show(problems)


def test_what_may_stay_english_does_so_somewhere() -> None:
    english = read_texts(SOURCE)
    same = {text for language in TRANSLATIONS for key, text in read_texts(language).items() if english.get(key) == text}
    assert SAME - same == set()


def test_every_japanese_text_is_in_japanese_signs() -> None:
    japanese = re.compile("[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff5e]")
    foreign = [text for text in read_texts("ja").values() if has_words(text) and not japanese.search(text)]
    assert set(foreign) <= SAME


# --- the code uses the catalogue -----------------------------------------------------------------


@dataclass
class Uses:
    """The keys that some code says: in full, or as patterns whose groups are filled at run time."""

    keys: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)

    def covers(self, key: str) -> bool:
        """Tell whether the code says ``key``; what fills a pattern must stand in the code as a text of its own."""
        matches = (re.fullmatch(pattern, key) for pattern in self.patterns)
        return key in self.keys or any(match and self.constants.issuperset(match.groups()) for match in matches)


class Reader(ast.NodeVisitor):
    """Collects the uses of one file."""

    def __init__(self, uses: Uses, file: str, tree: ast.Module, errors: set[str]) -> None:
        self.uses, self.file, self.errors = uses, file, errors
        self.scope: ast.AST = tree

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside, self.scope = self.scope, node
        self.generic_visit(node)
        self.scope = outside

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.uses.constants |= {node.value, node.value.replace("-", "_")}  # an option --any-version is any_version

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.name in self.errors:
            for function in (item for item in node.body if isinstance(item, ast.FunctionDef)):
                self.note_all(function.args.defaults, "error.{}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if name == "say" and node.args:
            self.note(node.args[0], "{}")
        elif name in self.errors or (owner == "super()" and name == "__init__"):
            self.note_all(node.args[:2], "error.{}")
        elif name == "take":
            self.note_all(node.args[1:], "cli.option.{}")
        elif name == "Reading":
            for keyword in (keyword for keyword in node.keywords if keyword.arg == "problem"):
                self.note_problem(keyword.value)
        elif ast.unparse(node.func) in CARRIERS:
            self.note_problem(node.args[CARRIERS[ast.unparse(node.func)]])
        self.generic_visit(node)

    def note_problem(self, node: ast.expr) -> None:
        self.note(node, "problem.{}.what")
        self.note(node, "problem.{}.cure")

    def note_all(self, nodes: list[ast.expr], form: str) -> None:
        for node in nodes:
            self.note(node, form)

    def note(self, node: ast.expr, form: str) -> None:
        """Note the key that an expression gives: a text, a choice of two, an f-string, or a name bound to these."""
        where = f"{self.file}:{node.lineno}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.uses.keys.setdefault(form.format(node.value), where)
        elif isinstance(node, ast.IfExp):
            self.note_all([node.body, node.orelse], form)
        elif isinstance(node, ast.JoinedStr):
            parts = [re.escape(part.value) if isinstance(part, ast.Constant) else "([^.]+)" for part in node.values]
            self.uses.patterns.setdefault("".join(parts), where)
        elif isinstance(node, ast.Name):
            self.note_all(list(self.find_bound(node.id)), form)

    def find_bound(self, name: str) -> Iterator[ast.expr]:
        """Yield what the function binds to a name, by assignment or by a loop over a written-out tuple."""
        for node in ast.walk(self.scope):
            if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
                yield from (value for value in [node.value] if not isinstance(value, ast.Name))
            elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple) and isinstance(node.target, ast.Tuple):
                names = [ast.unparse(item) for item in node.target.elts]
                rows = [row.elts for row in node.iter.elts if isinstance(row, ast.Tuple)]
                yield from (row[names.index(name)] for row in rows if name in names and len(row) == len(names))


def drop_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                item for item in body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ]
    return tree


def find_errors(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the names of all errors of the house, down to the children of children."""
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    errors = {"PondasiError"}
    while found := {name for name, above in bases.items() if above & errors} - errors:
        errors |= found
    return errors


def read_uses(code: Mapping[str, str], pages: Mapping[str, str]) -> Uses:
    uses = Uses()
    trees = {file: drop_docstrings(ast.parse(text)) for file, text in code.items()}
    errors = find_errors(trees)
    for file, tree in trees.items():
        Reader(uses, file, tree, errors).visit(tree)
    for file, text in pages.items():
        for _, key, joined in re.findall(r"""\bsay\((["'])([\w.]+)\1( ~)?""", text):
            if joined:
                uses.patterns.setdefault(re.escape(key) + "([^.]+)", file)
            else:
                uses.keys.setdefault(key, file)
    # Words itself puts these together, from keys that are noted where an error or a problem is made; take() likewise.
    for pattern in (r"error\.([^.]+)", r"problem\.([^.]+)\.what", r"problem\.([^.]+)\.cure", r"cli\.option\.([^.]+)"):
        uses.patterns.pop(pattern, None)
    return uses


@cache
def read_package() -> Uses:
    code = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    pages = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.html")}
    return read_uses(code, pages)


def test_every_key_that_the_code_says_exists() -> None:
    uses, keys = read_package(), read_keys()
    problems = [f"{where}: no text {key}" for key, where in uses.keys.items() if key not in keys]
    problems += [
        f"{where}: no text like {pattern}"
        for pattern, where in uses.patterns.items()
        if not any(re.fullmatch(pattern, key) for key in keys)
    ]
    assert not problems, show(problems)


def test_every_text_is_said_by_the_code() -> None:
    uses = read_package()
    problems = [f"{key} is said nowhere" for key in sorted(read_keys()) if not uses.covers(key)]
    assert not problems, show(problems)


EXAMPLE = '''
"""say("docstring")"""
class TornError(PondasiError):
    def __init__(self, key="torn"):
        super().__init__(key)
def f(words, pack, x):
    """Say 'hidden'."""
    words.say("a.b")
    words.say("c.d" if x else "c.e")
    key = "k.l" if x else "k.m"
    words.say(key, n=1)
    for name, fault in (("t", "loop_one"), ("u", "loop_two")):
        pack.add(fault, 1)
    [words.say(f"stage.{name}.short") for name in ("ore", "ink")]
    pack.add("bent" if x else "cut", 1)
    other.add("not_a_problem", 1)
    take(words, "seed")
    raise UsageError("wrong", path=1)
'''


def test_the_reader_finds_every_form_of_use() -> None:
    uses = read_uses(
        {"a.py": "class UsageError(PondasiError): pass\n" + EXAMPLE}, {"p.html": '{{ say("p.q") }} {{ say("r." ~ x) }}'}
    )
    cures = {f"problem.{key}.cure" for key in ("loop_one", "loop_two", "bent", "cut")}
    whats = {f"problem.{key}.what" for key in ("loop_one", "loop_two", "bent", "cut")}
    plain = {"a.b", "c.d", "c.e", "k.l", "k.m", "p.q", "error.torn", "error.wrong", "cli.option.seed"}
    assert set(uses.keys) == plain | cures | whats
    assert uses.covers("stage.ore.short")
    assert not uses.covers("stage.hidden.short")
    assert not uses.covers("stage.ore.long")
    assert uses.covers("r.seed")
    assert not uses.covers("a.c")


# --- numbers -------------------------------------------------------------------------------------


def speak(language: str) -> Numbers:
    return Numbers(Words(language))


MONEY = [
    (0.0, "0 USD", "0 USD", "0米ドル"),
    (500.0, "500 USD", "500 USD", "500米ドル"),
    (16_185.0, "16,200 USD", "16.200 USD", "1.62万米ドル"),
    (16.185e6, "16.2 million USD", "16,2 juta USD", "1,620万米ドル"),
    (999.96e6, "1.00 billion USD", "1,00 miliar USD", "10.0億米ドル"),
    (4.87e9, "4.87 billion USD", "4,87 miliar USD", "48.7億米ドル"),
    (16.185e9, "16.2 billion USD", "16,2 miliar USD", "162億米ドル"),
    (7.9e11, "790 billion USD", "790 miliar USD", "7,900億米ドル"),
    (1.2e12, "1.20 trillion USD", "1,20 triliun USD", "1.20兆米ドル"),
    (-4.87e9, "-4.87 billion USD", "-4,87 miliar USD", "-48.7億米ドル"),
]


@pytest.mark.parametrize(("value", "en", "id_", "ja"), MONEY)
def test_an_amount_has_the_scales_and_marks_of_its_language(value: float, en: str, id_: str, ja: str) -> None:
    assert [speak(language).money(value) for language in ("en", "id", "ja")] == [en, id_, ja]


MONEY_INTERVALS = [
    (
        4.9e9,
        4.5e9,
        5.3e9,
        "4.9 (4.5 to 5.3) billion USD",
        "4,9 (4,5 sampai 5,3) miliar USD",
        "49億米ドル（45〜53億米ドル）",
    ),
    (
        4.87e9,
        4.86e9,
        4.88e9,
        "4.87 (4.86 to 4.88) billion USD",
        "4,87 (4,86 sampai 4,88) miliar USD",
        "48.7億米ドル（48.6〜48.8億米ドル）",
    ),
    (4.87e9, None, None, "4.87 billion USD", "4,87 miliar USD", "48.7億米ドル"),
    # Two digits are two digits in every scale: 1,618万 would claim four.
    (
        16.185e6,
        15e6,
        17e6,
        "16 (15 to 17) million USD",
        "16 (15 sampai 17) juta USD",
        "1,600万米ドル（1,500〜1,700万米ドル）",
    ),
    (
        1.23e11,
        1e11,
        1.5e11,
        "120 (100 to 150) billion USD",
        "120 (100 sampai 150) miliar USD",
        "1,200億米ドル（1,000〜1,500億米ドル）",
    ),
]


@pytest.mark.parametrize(("value", "low", "high", "en", "id_", "ja"), MONEY_INTERVALS)
def test_an_amount_shows_its_interval(
    value: float, low: float | None, high: float | None, en: str, id_: str, ja: str
) -> None:
    assert [speak(language).money_interval(value, low, high) for language in ("en", "id", "ja")] == [en, id_, ja]


PERCENTS = [
    (0.0, "0 %", "0%", "0%"),
    (0.0003, "below 0.1 %", "kurang dari 0,1%", "0.1%未満"),
    (0.0005, "below 0.1 %", "kurang dari 0,1%", "0.1%未満"),
    (0.0006, "0.1 %", "0,1%", "0.1%"),
    (0.0264, "2.6 %", "2,6%", "2.6%"),
    (0.264, "26 %", "26%", "26%"),
    (1.0, "100 %", "100%", "100%"),
    (12.5, "1,200 %", "1.200%", "1,200%"),
]


@pytest.mark.parametrize(("value", "en", "id_", "ja"), PERCENTS)
def test_a_share_is_said_in_per_cent(value: float, en: str, id_: str, ja: str) -> None:
    assert [speak(language).percent(value) for language in ("en", "id", "ja")] == [en, id_, ja]


PERCENT_INTERVALS = [
    (0.264, 0.25, 0.28, "26 % (25 to 28)", "26% (25 sampai 28)", "26%（25〜28%）"),
    (0.085, 0.083, 0.089, "8.5 % (8.3 to 8.9)", "8,5% (8,3 sampai 8,9)", "8.5%（8.3〜8.9%）"),
    (0.264, None, None, "26.4 %", "26,4%", "26.4%"),
    (0.264, 0.264, 0.264, "26.4 %", "26,4%", "26.4%"),
    # A share that is there is never shown as zero.
    (0.0002, 0.0001, 0.0004, "below 0.1 %", "kurang dari 0,1%", "0.1%未満"),
]


@pytest.mark.parametrize(("value", "low", "high", "en", "id_", "ja"), PERCENT_INTERVALS)
def test_a_share_shows_its_interval(
    value: float, low: float | None, high: float | None, en: str, id_: str, ja: str
) -> None:
    assert [speak(language).percent_interval(value, low, high) for language in ("en", "id", "ja")] == [en, id_, ja]


@pytest.mark.parametrize(("language", "text"), [("en", "1,234.5"), ("id", "1.234,5"), ("ja", "1,234.5")])
def test_a_bare_number_inside_a_sentence_has_the_marks_of_its_language(language: str, text: str) -> None:
    assert text in Words(language).say("place.row", row=1234.5)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.0, -0.5, 1e-9, -1e-9, 16185.0, 16.185, 1e22, 1e300])
def test_any_number_can_be_said(language, value):
    assert spell_number(value, language)
    assert Words(language).say("problem.number_out_of_range.what", value="x", low=value, high=value, unit="")


def test_a_minus_is_heard():
    assert spell_number(-0.5, "en") == "minus zero point five"
    assert spell_number(-0.5, "id").startswith("minus nol")


def test_a_cure_writes_numbers_as_the_file_does():
    problem = Problem("number_percent", "shares", value="95%", fields={"readings": (0.95,), "locale": "id"})
    assert "0,95" in Words("en").problem(problem)
    assert "0.95" in Words("en").problem(replace(problem, fields={"readings": (0.95,), "locale": "en"}))
