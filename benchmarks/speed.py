"""How long it takes, and against whom: `python -m benchmarks.speed [--only NAME] [--list] [--no-write]`.

Every run is a process of its own; both sides of a row run in turns and the medians are compared, since
machines are noisy. Exits with 1 if a row misses its target, or lacks its peer.
"""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

from benchmarks.options import read_options
from benchmarks.registry import MissingError, SpeedRow, speed_rows
from benchmarks.table import print_row, write_section

if TYPE_CHECKING:
    from benchmarks.measure import Run

HEADS = ["task", "ours [s]", "against", "theirs [s]", "ratio", "target", "peak [MB]", "result"]
WIDTHS = [72, 9, 33, 10, 6, 30, 10, 8]
NOTES = [
    "Medians over processes of their own, both sides in turns.",
    "Times leave out the start of Python and the preparation of the input, but for the rows of the command line.",
    "Peak: resident memory of the process and its children at the worst moment.",
]


def run_row(row: SpeedRow) -> tuple[list[str], bool]:
    """Run one row; return its cells and whether it met its target."""
    try:
        ours, theirs = _run_sides(row)
    except (MissingError, RuntimeError, OSError) as error:
        return [row.task, "-", row.against, "-", "-", _target(row), "-", f"FAILED: {error}"], False
    seconds = statistics.median(run.seconds for run in ours)
    peer = statistics.median(run.seconds for run in theirs) if theirs else None
    megabytes = max(run.megabytes for run in ours)
    met = _judge(row, seconds, peer, megabytes)
    cells = [
        row.task,
        f"{seconds:.3g}",
        row.against,
        "-" if peer is None else f"{peer:.3g}",
        "-" if peer is None or row.difference else f"{peer / seconds:.3g}",
        _target(row),
        f"{megabytes:.0f}",
        "met" if met else "MISSED",
    ]
    return cells, met


def _run_sides(row: SpeedRow) -> tuple[list[Run], list[Run]]:
    ours: list[Run] = []
    theirs: list[Run] = []
    for turn in range(max(row.repeats, row.peer_repeats if row.peer else 0)):
        if turn < row.repeats:
            ours.append(row.ours())
        if row.peer is not None and turn < row.peer_repeats:
            theirs.append(row.peer())
    return ours, theirs


def _judge(row: SpeedRow, seconds: float, peer: float | None, megabytes: float) -> bool:
    taken = seconds - (peer or 0.0) if row.difference else seconds
    fast = row.seconds is None or taken < row.seconds
    small = row.megabytes is None or megabytes < row.megabytes
    faster = row.ratio is None or (peer is not None and peer / seconds >= row.ratio)
    return fast and small and faster


def _target(row: SpeedRow) -> str:
    parts = [] if row.seconds is None else [f"< {row.seconds:g} s{' more' if row.difference else ''}"]
    parts += [] if row.megabytes is None else [f"< {row.megabytes:g} MB"]
    parts += [] if row.ratio is None else [f"{row.ratio:g} x faster"]
    return ", ".join(parts) or "-"


def main() -> int:
    """Run the rows that are asked for."""
    rows = {row.name: row for row in speed_rows()}
    options = read_options("Time Pondasi against its bounds and its peers.", list(rows))
    print_row(HEADS, WIDTHS)
    results = []
    for name in options.names:
        results.append(run_row(rows[name]))
        print_row(results[-1][0], WIDTHS)
    if options.write:
        write_section("speed", HEADS, [cells for cells, _ in results], NOTES)
    return int(not all(met for _, met in results))


if __name__ == "__main__":
    sys.exit(main())
