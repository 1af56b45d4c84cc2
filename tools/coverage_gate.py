"""Hold the share of lines and the share of branches that the tests run, each to its own gate.

Run as `python tools/coverage_gate.py REPORT`, with the JSON report of coverage; the gates stand in
`pyproject.toml` under `[tool.coverage_gate]`. Exits with 1 if either is missed.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def measure(report: dict) -> dict[str, float]:
    """Return the shares of lines and branches that were run [%]; where there are none, all were."""
    totals = report["totals"]
    counts = {
        "lines": (totals["covered_lines"], totals["num_statements"]),
        "branches": (totals["covered_branches"], totals["num_branches"]),
    }
    return {what: 100 * run / of if of else 100.0 for what, (run, of) in counts.items()}


def judge(shares: dict[str, float], gates: dict[str, float]) -> list[tuple[str, bool]]:
    """Return a sentence and a verdict for each gate."""
    return [
        (f"{what}: {shares[what]:.1f} % run, at least {gate} % wanted", shares[what] >= gate)
        for what, gate in gates.items()
    ]


def main(arguments: list[str]) -> int:
    """Print how each gate fares and return 1 if one is missed."""
    file = Path(arguments[0])
    if not file.exists():
        print("There is no report of coverage: the tests did not finish.")
        return 1
    gates = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["coverage_gate"]
    verdicts = judge(measure(json.loads(file.read_text(encoding="utf-8"))), gates)
    for sentence, passed in verdicts:
        print(f"{'passed' if passed else 'FAILED'}  {sentence}")
    return int(not all(passed for _, passed in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
