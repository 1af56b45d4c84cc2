"""``pondasi build PATH --out OUT``: check a pack and write it in another form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(path: Path | None, *, out_: Path, quiet_: bool, **_: object) -> None:
        from pondasi.chain.load import load_chain, save_chain

        chain = load_chain(path)
        save_chain(chain, out_, language=words.language)
        if not quiet_:
            click.echo(words.say("cli.build.done", path=str(out_), hash=chain.hash[:8]))

    (out,) = take(words, "out")
    out.required = True
    return SpokenCommand(
        name="build",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="[PATH]", required=False),
            out,
            *take(words, "language", "quiet"),
        ],
        help=words.say("cli.build.long"),
    )
