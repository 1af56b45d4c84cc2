"""The tools around the tests do what the gates rely on."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SKIPPING = {
    "test_mark.py": "import pytest\n@pytest.mark.skip(reason='no Chromium')\ndef test(): pass\n",
    "test_call.py": "import pytest\ndef test(): pytest.skip('no fonts')\n",
    "test_module.py": "import pytest\npytest.importorskip('no_such_module')\n",
    "test_shared.py": "def test(shared): shared('no/such/folder')\n",
    "test_known.py": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test(): assert False\n",
    "test_fine.py": "def test(): pass\n",
    "page.md": ">>> 1 + 1  # doctest: +SKIP\n3\n",
}


@pytest.mark.parametrize(
    ("no_skip", "outcome"),
    [
        ("0", {"passed": 1, "skipped": 5, "xfailed": 1}),
        # What remains skipped is what needs ../shared. A skip before the test's own first line counts as an error.
        ("1", {"passed": 1, "skipped": 1, "xfailed": 1, "failed": 2, "error": 2}),
    ],
)
def test_skips_fail_when_told_so(tmp_path: Path, no_skip: str, outcome: dict[str, int]) -> None:
    for name, text in SKIPPING.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:cov", "--doctest-glob=*.md", "-q"]
    command.append("--continue-on-collection-errors")
    surroundings = {**os.environ, "PONDASI_NO_SKIP": no_skip, "PONDASI_SHARED": str(tmp_path / "shared")}
    told = subprocess.run(
        command, cwd=tmp_path, env=surroundings, stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    closing = told.stdout.splitlines()[-1]
    assert {what.removesuffix("s"): int(n) for n, what in re.findall(r"(\d+) ([a-z]+)", closing)} == outcome


@pytest.mark.parametrize(
    ("lines", "branches", "code"),
    [((85, 100), (75, 100), 0), ((84, 100), (99, 100), 1), ((99, 100), (74, 100), 1), ((1, 1), (0, 0), 0)],
)
def test_lines_and_branches_have_a_gate_each(tmp_path: Path, capsys, lines, branches, code: int) -> None:
    gate = runpy.run_path(str(ROOT / "tools" / "coverage_gate.py"))["main"]
    report = tmp_path / "report.json"
    names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    report.write_text(json.dumps({"totals": dict(zip(names, (*lines, *branches), strict=True))}), encoding="utf-8")
    assert gate([str(report)]) == code
    assert capsys.readouterr().out.count("FAILED") == code


def test_no_report_of_coverage_is_a_failure(tmp_path: Path, capsys) -> None:
    gate = runpy.run_path(str(ROOT / "tools" / "coverage_gate.py"))["main"]
    assert gate([str(tmp_path / "none.json")]) == 1
    assert "no report" in capsys.readouterr().out


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.findall(r"(?m)^[a-z0-9][a-z0-9-]*==.*$", text)
    assert packages
    assert all(line.endswith("\\") for line in packages), "a package without a hash"
    assert [line for line in text.splitlines() if "://" in line or line.startswith(("-", "/"))] == []
