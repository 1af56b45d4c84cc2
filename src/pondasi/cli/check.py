"""``pondasi check PATH``: every problem of a pack at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import DataError

if TYPE_CHECKING:
    from pondasi.chain.load import CheckReport
    from pondasi.errors import Problem
    from pondasi.words import Words

SHOWN = 12
"""Findings of one kind that are shown in full without --verbose; warnings and notes show fewer."""
SHOWN_NOTES = 3


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        path: Path,
        *,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        json_: bool,
        quiet_: bool,
        verbose_: bool,
        **_: object,
    ) -> int:
        from pondasi.chain.cases import is_case
        from pondasi.chain.load import check_pack, load_world
        from pondasi.chain.overlay import check_overlay, is_overlay
        from pondasi.plan.case import check_plan_case
        from pondasi.tables.read import read_pack

        if is_overlay(path):
            overlays: tuple[Path, ...] = (path, *overlay_)
            reports = []
        else:
            pack = read_pack(path)
            reports = [check_plan_case(pack) if is_case(pack) else check_pack(pack)]
            overlays = overlay_ if reports[0].ok else ()
        if overlays:
            world = load_world(world_ if is_overlay(path) else path)
            reports += [check_overlay(overlay, world) for overlay in overlays]
        if json_:
            shown = [describe(report, words) for report in reports]
            say_json(shown[0] if len(shown) == 1 else {"ok": all(report.ok for report in reports), "packs": shown})
        else:
            for report in reports:
                show(report, words, quiet=quiet_, verbose=verbose_)
        return 0 if all(report.ok for report in reports) else DataError.exit_code

    return SpokenCommand(
        name="check",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="PATH"),
            *take(words, "language", "world", "overlay", "json", "quiet", "verbose"),
        ],
        help=words.say("cli.check.long"),
    )


def show(report: CheckReport, words: Words, *, quiet: bool = False, verbose: bool = False) -> None:
    """Print a report: errors first, many findings of one kind cut short, then the count."""
    counts: Counter[str] = Counter()
    totals = Counter(problem.key for problem in report.problems)
    for problem in report.problems:
        if quiet and problem.level != "error":
            continue
        counts[problem.key] += 1
        limit = SHOWN if problem.level == "error" else SHOWN_NOTES
        if verbose or counts[problem.key] <= limit:
            level = words.say(f"level.{problem.level}")
            click.echo(words.say("check.finding", level=level, problem=words.problem(problem)))
        elif counts[problem.key] == totals[problem.key]:
            click.echo(
                words.say(
                    "check.summary.more", n=totals[problem.key] - limit, level=words.say(f"level.{problem.level}")
                )
            )
    if not quiet:
        for table, rows in report.rows.items():
            click.echo(words.say("check.summary.rows", table=table, n=rows))
    levels = Counter(problem.level for problem in report.problems)
    parts = [words.say(f"check.summary.{level}s", n=levels[level]) for level in ("error", "warning", "note")]
    key = "check.summary.ok" if report.ok else "check.summary.bad"
    count = words.say("check.summary.counts", errors=parts[0], warnings=parts[1], notes=parts[2])
    click.echo(words.say("list.sentence").join([words.say(key, file=report.file), count]))


def describe(report: CheckReport, words: Words) -> dict[str, object]:
    """Return a report as plain values."""
    return {
        "file": report.file,
        "form": report.form,
        "ok": report.ok,
        "rows": dict(report.rows),
        "problems": [describe_problem(problem, words) for problem in report.problems],
    }


def describe_problem(problem: Problem, words: Words) -> dict[str, object]:
    """Return a finding as plain values."""
    what, cure = words.problem_parts(problem)
    place = problem.place
    return {
        "key": problem.key,
        "level": problem.level,
        "table": problem.table,
        "file": place.file,
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "value": problem.value,
        "what": what,
        "cure": cure,
    }
