"""The house stands as CONTRIBUTING.md says: data flows one way, no one looks into another's drawers, imports are light."""

import ast
import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "pondasi"

FLOORS = (
    {"currency", "errors", "executor", "facts", "places", "seeds", "solver", "tables", "units", "words", "workspace"},
    {"sources"},
    {"chain"},
    {"position", "stress"},
    {"plan"},
    {"track", "sensitivity"},
    {"report"},
    {"web"},
    {"cli"},
    {"__main__"},
)
"""From the ground up: a room may import from the floors below its own; on the ground floor, from its neighbours too."""

SURFACE = [
    "BalanceError",
    "Brief",
    "Campaign",
    "Chain",
    "CheckReport",
    "DataError",
    "Exposure",
    "Figure",
    "Findings",
    "Flows",
    "Overlay",
    "PartnerValues",
    "Plan",
    "PondasiError",
    "Position",
    "Problem",
    "RankStability",
    "StressTest",
    "UsageError",
    "Words",
    "World",
    "balance_flows",
    "build_chain",
    "check_pack",
    "count_grades",
    "gather_findings",
    "lay_over",
    "load_chain",
    "load_overlay",
    "load_shock",
    "load_shocks",
    "load_world",
    "measure_complexity",
    "measure_concentration",
    "measure_dependence",
    "measure_exposure",
    "measure_position",
    "measure_stability",
    "measure_upstreamness",
    "read_prior",
    "run_campaign",
    "run_stress_test",
    "sample_chains",
    "save_chain",
    "save_template",
    "solve_plan",
    "value_partners",
    "weigh_grades",
    "write_brief",
]
"""What `import pondasi` offers, in the order of its __all__. Whoever changes the public surface changes this list in the
same commit, and says so in CHANGELOG.md."""

LONGEST_IMPORT = 0.5
"""Seconds; what the habits in CONTRIBUTING.md allow, several times what the import takes."""


@dataclass(frozen=True)
class Module:
    """One file of the package: its dotted name and its syntax."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """Return the part of the house that the file is in; '' for the public surface itself."""
        return self.name.split(".")[1] if "." in self.name else ""

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        parse(path.read_text(encoding="utf-8"), path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "data" not in path.relative_to(PACKAGE).parts
    )


def parse(text: str, path: Path) -> Module:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return Module(name, path, ast.parse(text, str(path)))


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every import of the package by itself, wherever it stands, as the dotted name it reaches."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node, name) for name in names if name.split(".")[0] == "pondasi")


def floor_of(room: str) -> int | None:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def rooms_without_floor(found: tuple[Module, ...]) -> list[str]:
    return sorted({module.room for module in found if module.room and floor_of(module.room) is None})


def upward_imports(found: tuple[Module, ...]) -> list[str]:
    """List the imports that lead to the same floor or up; the public surface may offer any room's names."""
    problems = []
    for module in found:
        own = floor_of(module.room)
        for node, name in imports(module):
            room = name.split(".")[1] if "." in name else ""
            other = floor_of(room)
            if not module.room or own is None or room in {module.room, "__version__"}:
                continue
            if other is None:
                problems.append(
                    f"{module.at(node)} imports {name}: not a room of the house; take it from where it is made"
                )
            elif other > own or (other == own and own > 0):
                problems.append(f"{module.at(node)} imports {name}: {module.room} stands below or beside {room}")
    return problems


def borrowed_names(found: tuple[Module, ...]) -> list[str]:
    """List the imports of what another file keeps to itself."""
    return [
        f"{module.at(node)} imports {name}"
        for module in found
        for node, name in imports(module)
        if any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
    ]


def prints(found: tuple[Module, ...]) -> list[str]:
    return [
        module.at(node)
        for module in found
        if module.room != "cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


ALSO_WORDS = {"AND", "ARE", "CAN", "PER"}
"""Codes of countries that are words of English too: refused alone, allowed inside a sentence."""


@cache
def country_codes() -> frozenset[str]:
    with (PACKAGE / "data" / "dictionary" / "countries.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["country"] for row in csv.DictReader(file) if re.fullmatch("[A-Z]{3}", row["country"]))


def countries_in_code(found: tuple[Module, ...]) -> list[str]:
    """List the texts in code that name a country by its code; docstrings may, in their examples."""
    problems = []
    for module in found:
        docstrings = {
            id(node.value)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                codes = country_codes() & set(re.findall(r"\b[A-Z]{3}\b", node.value))
                if codes - ALSO_WORDS or node.value in codes:
                    problems.append(f"{module.at(node)} names {', '.join(sorted(codes))}: countries are data")
    return problems


# --- the rules hold ------------------------------------------------------------------------------


def test_every_room_has_a_floor() -> None:
    assert rooms_without_floor(modules()) == []


def test_data_flows_one_way() -> None:
    assert upward_imports(modules()) == []


def test_no_file_borrows_what_another_keeps_to_itself() -> None:
    assert borrowed_names(modules()) == []


def test_only_the_command_line_prints() -> None:
    assert prints(modules()) == []


def test_no_country_stands_in_code() -> None:
    assert countries_in_code(modules()) == []


# --- the rules can fail --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "faults"),
    [
        ("plan/a.py", "from pondasi.stress import b", 0),
        ("plan/a.py", "from pondasi.plan.b import c", 0),
        ("plan/a.py", "import pondasi.errors", 0),
        ("plan/a.py", "from pondasi import __version__", 0),
        ("tables/a.py", "from pondasi.errors import DataError", 0),
        ("__init__.py", "from pondasi.report import write_brief", 0),
        ("cli.py", "def f():\n    from pondasi.report import write_brief", 0),
        ("plan/a.py", "from pondasi.report import b", 1),
        ("plan/a.py", "def f():\n    from pondasi.report import b", 1),
        ("plan/a.py", "if TYPE_CHECKING:\n    import pondasi.track", 1),
        ("plan/a.py", "from ..track import b", 1),
        ("plan/a.py", "from .. import track", 1),
        ("plan/a.py", "from pondasi import track, solve_plan", 2),
        ("plan/a.py", "import pondasi", 1),
        ("position/a.py", "from pondasi.stress import b", 1),
        ("stress/__init__.py", "from pondasi.position import b", 1),
        ("track/a.py", "from pondasi.sensitivity import b", 1),
        ("errors.py", "from pondasi.chain import b", 1),
    ],
)
def test_the_rule_of_floors_tells_up_from_down(file: str, text: str, faults: int) -> None:
    assert len(upward_imports((parse(text, PACKAGE / file),))) == faults


@pytest.mark.parametrize(
    ("rule", "text", "faults"),
    [
        (rooms_without_floor, "", 1),
        (borrowed_names, "from pondasi.chain import load_chain, __doc__", 0),
        (borrowed_names, "from numpy import _core", 0),
        (borrowed_names, "from pondasi.chain.build import _helper", 1),
        (borrowed_names, "from pondasi.chain._build import helper", 1),
        (prints, "console.print(1)", 0),
        (prints, "print(1)", 1),
        (countries_in_code, '"""Japan is JPN."""\ndef f():\n    """As in IDN."""\n    return "USD per year CAN be"', 0),
        (countries_in_code, 'x = "JPN"', 1),
        (countries_in_code, 'x = f"IDN|{y}"', 1),
        (countries_in_code, 'x = "CAN"', 1),
    ],
)
def test_the_other_rules_find_what_they_look_for(rule, text: str, faults: int) -> None:
    assert len(rule((parse(text, PACKAGE / "cellar" / "a.py"),))) == faults


# --- import pondasi ------------------------------------------------------------------------------

LOOK_AT_IMPORT = """
import json, logging, sys, time
opened, before = [], set(sys.modules)
def hear(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
sys.addaudithook(hear)
start = time.perf_counter()
import pondasi
seconds = time.perf_counter() - start
loaded = {name: getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before}
loggers = [logging.root, *(x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger))]
print(json.dumps({
    "seconds": seconds,
    "opened": opened,
    "loaded": loaded,
    "handlers": [repr(handler) for logger in loggers for handler in logger.handlers],
}))
"""


@pytest.fixture(scope="module")
def looks() -> list[dict]:
    """Import the package three times, each in a fresh process, and tell what was seen."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-W", "error", "-c", LOOK_AT_IMPORT],
                check=True,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                env=surroundings,
            ).stdout
        )
        for _ in range(3)
    ]


def test_import_is_quick(looks: list[dict]) -> None:
    assert min(look["seconds"] for look in looks) < LONGEST_IMPORT


def test_import_loads_no_other_package(looks: list[dict]) -> None:
    others = {name.split(".")[0] for name, file in looks[-1]["loaded"].items() if "site-packages" in Path(file).parts}
    assert others - {"pondasi"} == set(), "import these where they are used, not at the top of what __init__ loads"


def test_import_adds_no_handlers_to_the_log(looks: list[dict]) -> None:
    assert looks[-1]["handlers"] == []


def test_import_opens_nothing_but_modules(looks: list[dict]) -> None:
    modules_only = {".py", ".pyc", ".so", ".pyd"}
    # A fresh .pyc is written under a temporary name such as a.cpython-311.pyc.140234.
    assert [file for file in looks[-1]["opened"] if modules_only.isdisjoint(Path(file).suffixes)] == []


# --- the public surface --------------------------------------------------------------------------


def test_the_public_surface_is_the_one_written_here() -> None:
    import pondasi

    assert list(pondasi.__all__) == SURFACE


def test_every_name_of_the_surface_is_there() -> None:
    import pondasi

    assert [name for name in pondasi.__all__ if not hasattr(pondasi, name)] == []


def test_the_version_is_the_one_of_the_project() -> None:
    import pondasi

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pondasi.__version__ == project["version"]
