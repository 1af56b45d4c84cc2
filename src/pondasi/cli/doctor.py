"""``pondasi doctor``: what is installed, and whether the shipped data are whole."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(*, json_: bool, **_: object) -> int:
        from pondasi.chain.load import check_pack, load_chain, world_path
        from pondasi.workspace import PACKAGES

        report = check_pack(world_path())
        chain = load_chain() if report.ok else None
        found = {
            "pondasi": metadata.version("pondasi"),
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        }
        if json_:
            say_json(
                {
                    "versions": found,
                    "world": {
                        "ok": report.ok,
                        "version": chain.version if chain else None,
                        "hash": chain.hash if chain else None,
                    },
                }
            )
        else:
            for name, version in found.items():
                click.echo(f"{name} {version}")
            if chain:
                click.echo(words.say("cli.doctor.world", version=chain.version, hash=chain.hash[:8]))
            else:
                click.echo(words.say("cli.doctor.broken", n=len(report.errors)))
        return 0 if report.ok else 3

    return SpokenCommand(
        name="doctor",
        words=words,
        callback=run,
        params=take(words, "language", "json"),
        help=words.say("cli.doctor.long"),
    )
