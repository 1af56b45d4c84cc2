"""``pondasi template OUT``: an empty workbook for a chain or the case of a country, or the form of an overlay or a shock."""

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

    def run(path: Path, *, case_: bool, overlay: bool, shock: bool, quiet_: bool, **_: object) -> None:
        if case_ + overlay + shock > 1:
            raise UsageError("template_one")
        _write(path, words, case=case_, overlay=overlay, shock=shock)
        if not quiet_:
            key = "cli.template.done_shock" if shock else "overlay.template" if overlay else "cli.template.done"
            click.echo(words.say(key, path=str(path)))

    return SpokenCommand(
        name="template",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="OUT"),
            click.Option(["--case", "case_"], is_flag=True, help=words.say("cli.option.template_case")),
            click.Option(["--overlay"], is_flag=True, help=words.say("cli.option.template_overlay")),
            click.Option(["--shock"], is_flag=True, help=words.say("cli.option.template_shock")),
            *take(words, "language", "quiet"),
        ],
        help=words.say("cli.template.long"),
    )


def _write(path: Path, words: Words, *, case: bool, overlay: bool, shock: bool) -> None:
    from pondasi.chain.overlay_form import save_overlay_form
    from pondasi.stress.shock_form import write_template
    from pondasi.stress.shock_library import FORMS
    from pondasi.tables.excel_write import save_template

    if overlay:
        save_overlay_form(path, words)
        return
    if shock and path.suffix.lower() not in FORMS:
        raise UsageError("template_form_shock", path=str(path))
    if not shock and path.suffix.lower() != ".xlsx":
        raise UsageError("template_form", path=str(path))
    if path.exists():
        raise UsageError("out_exists", path=str(path))
    if shock:
        path.write_text(write_template(words.language), encoding="utf-8", newline="\n")
    elif case:
        from pondasi.plan.case import CASE_HEAD, WORKBOOK_TABLES

        save_template(path, words.language, WORKBOOK_TABLES, CASE_HEAD)
    else:
        save_template(path, words.language)
