"""``pondasi template OUT.xlsx``: an empty workbook for a chain, or with ``--case`` for the case of a country."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import UsageError

if TYPE_CHECKING:
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(path: Path, *, case_: bool, overlay: bool, quiet_: bool, **_: object) -> None:
        from pondasi.chain.overlay_form import save_overlay_form
        from pondasi.tables.excel_write import save_template

        if overlay:
            save_overlay_form(path, words)
            if not quiet_:
                click.echo(words.say("overlay.template", path=str(path)))
            return
        if path.suffix.lower() != ".xlsx":
            raise UsageError("template_form", path=str(path))
        if path.exists():
            raise UsageError("out_exists", path=str(path))
        if case_:
            from pondasi.plan.case import CASE_HEAD, WORKBOOK_TABLES

            save_template(path, words.language, WORKBOOK_TABLES, CASE_HEAD)
        else:
            save_template(path, words.language)
        if not quiet_:
            click.echo(words.say("cli.template.done", path=str(path)))

    return SpokenCommand(
        name="template",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="OUT.xlsx"),
            click.Option(["--case", "case_"], is_flag=True, help=words.say("cli.option.template_case")),
            click.Option(["--overlay"], is_flag=True, help=words.say("cli.option.template_overlay")),
            *take(words, "language", "quiet"),
        ],
        help=words.say("cli.template.long"),
    )
