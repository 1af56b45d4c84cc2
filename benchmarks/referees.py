"""The same question put to another program: `python -m benchmarks.referees [--only NAME] [--list] [--no-write]`.

Exits with 1 if an answer is further off than its tolerance, or if a program or a shared file is missing.
"""

from __future__ import annotations

import sys

from benchmarks.options import read_options
from benchmarks.registry import MissingError, RefereeRow, referee_rows
from benchmarks.table import print_row, write_section

HEADS = ["quantity", "referee", "largest difference", "tolerance", "because", "result"]
WIDTHS = [66, 25, 18, 9, 58, 8]


def run_row(row: RefereeRow) -> tuple[list[str], bool]:
    """Run one row; return its cells and whether the answers agree."""
    try:
        difference = row.measure()
    except (MissingError, RuntimeError, OSError) as error:
        return [row.quantity, row.referee, "-", f"{row.tolerance:.0e}", row.reason, f"FAILED: {error}"], False
    agrees = difference <= row.tolerance
    result = "agrees" if agrees else "DIFFERS"
    return [row.quantity, row.referee, f"{difference:.1e}", f"{row.tolerance:.0e}", row.reason, result], agrees


def main() -> int:
    """Run the rows that are asked for."""
    rows = {row.name: row for row in referee_rows()}
    options = read_options("Put the same questions to other programs.", list(rows))
    print_row(HEADS, WIDTHS)
    results = []
    for name in options.names:
        results.append(run_row(rows[name]))
        print_row(results[-1][0], WIDTHS)
    if options.write:
        note = "Differences are relative to the largest figure of the referee."
        write_section("referees", HEADS, [cells for cells, _ in results], [note])
    return int(not all(agrees for _, agrees in results))


if __name__ == "__main__":
    sys.exit(main())
