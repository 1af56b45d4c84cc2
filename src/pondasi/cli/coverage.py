"""``pondasi coverage``: how much of the world chain is known, and how firmly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.inputs import open_world, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        *,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        public_: bool,
        out_: Path | None,
        json_: bool,
        **_: object,
    ) -> None:
        from pondasi.chain.coverage import count_grades, weigh_doubt, weigh_grades
        from pondasi.facts import GRADES
        from pondasi.report.coverage_page import render_coverage
        from pondasi.report.numbers import Numbers
        from pondasi.tables.rows import list_rows
        from pondasi.tables.write import replace_file

        chain = open_world(world_, overlay_, public=public_).chain
        counts = list_rows(count_grades(chain).reset_index())
        weights = {basis: weigh_grades(chain, basis).mean().to_dict() for basis in ("location", "control")}
        doubt = {reading: weigh_doubt(chain, strict=reading == "strict") for reading in ("graded", "strict")}
        if out_ is not None:
            with replace_file(out_) as temporary:
                temporary.write_text(render_coverage(chain, words), encoding="utf-8", newline="\n")
        if json_:
            say_json({"figures": counts, "weights": weights, "doubt": doubt, "data": chain.origin})
            return
        say_overlays(chain, words)
        numbers = Numbers(words)
        for row in counts:
            parts = ", ".join(f"{words.say(f'grade.{grade}')} {row[grade]}" for grade in GRADES)
            click.echo(words.say("coverage.table", table=row["table"], parts=parts))
        for basis, weight in weights.items():
            parts = ", ".join(f"{words.say(f'grade.{grade}')} {numbers.percent(weight[grade])}" for grade in GRADES)
            click.echo(words.say(f"coverage.weight_{basis}", parts=parts))
        click.echo(words.say("evidence.doubt"))
        for reading, doubtful in doubt.items():
            parts = ", ".join(
                f"{words.say(f'evidence.{by}')} {numbers.percent(doubtful[by], 3)}" for by in ("nodes", "sales")
            )
            click.echo(words.say("coverage.table", table=words.say(f"evidence.{reading}"), parts=parts))
        if out_ is not None:
            click.echo(words.say("coverage.done", path=str(out_)))

    return SpokenCommand(
        name="coverage",
        words=words,
        callback=run,
        params=take(words, "language", "world", "overlay", "public", "out", "json"),
        help=words.say("cli.coverage.long"),
    )
