"""``pondasi backtest``: the engine held against what happened, on rows fixed beforehand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.words import Words

DRAWS = 16
"""Draws of a row's interval by default."""


def make_command(words: Words) -> click.Command:
    """Return the verb; it exits with 1 if a target is missed, and writes the report all the same."""

    def run(
        *,
        rows: Path | None,
        draws: int,
        workspace_: Path | None,
        world_: Path | None,
        out_: Path | None,
        seed_: int,
        workers_: int | str,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> int:
        from pondasi.chain.load import load_world
        from pondasi.executor import open_executor
        from pondasi.report.backtest_page import render_backtest, say_score
        from pondasi.stress.backtest import run_backtest
        from pondasi.stress.hindsight import ChainModel
        from pondasi.stress.score_rows import load_score_rows
        from pondasi.stress.shock_library import load_shocks
        from pondasi.tables.write import replace_file
        from pondasi.workspace import Manifest, open_workspace

        world = load_world(world_)
        sheet = load_score_rows(rows)
        with open_executor(workers_) as executor:
            model = ChainModel(world, load_shocks(world.chain, rows), draws, seed_, executor)
            report = run_backtest(model, sheet, seed=seed_)
        workspace = open_workspace(workspace_)
        options = {"draws": draws, "rows": None if rows is None else str(rows)}
        folder = workspace.save_run(
            Manifest("backtest", options, world.chain.origin, seed_), {"rows": report.table.reset_index()}
        )
        path = out_ or workspace.documents / f"backtest-{words.language}.md"
        with replace_file(path) as temporary:
            temporary.write_text(render_backtest(report, sheet, words), encoding="utf-8")
        if json_:
            mean = None if math.isnan(report.mean) else report.mean
            say_json({"targets": report.targets, "mean": mean, "page": str(path), "run": str(folder)})
        elif not quiet_:
            for sentence in say_score(report, words):
                click.echo("- " + sentence)
            click.echo(words.say("backtest.written", path=str(path)))
        return 0 if report.passed else 1

    return SpokenCommand(
        name="backtest",
        words=words,
        callback=run,
        params=[
            click.Option(
                ["--rows"], type=click.Path(path_type=Path), metavar="FOLDER", help=words.say("cli.option.rows")
            ),
            click.Option(
                ["--draws"],
                type=click.IntRange(min=0),
                default=DRAWS,
                metavar="N",
                help=words.say("cli.option.draws", default=DRAWS),
            ),
            *take(words, "language", "workspace", "world", "out", "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.backtest.long"),
    )
