"""``pondasi cases``: the countries of which more is known than the world chain says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(*, json_: bool, **_: object) -> None:
        from pondasi.chain.cases import list_cases, load_case
        from pondasi.chain.load import load_chain

        chain = load_chain()
        cases = [load_case(country, chain) for country in list_cases()]
        if json_:
            say_json(
                [
                    {
                        "country": case.country,
                        "version": case.version,
                        "rows": {name: len(table) for name, table in case.tables.items()},
                    }
                    for case in cases
                ]
            )
            return
        for case in cases:
            rows = ", ".join(f"{name} {len(table)}" for name, table in case.tables.items())
            click.echo(words.say("cases.line", country=case.country, title=case.titles[words.language], rows=rows))

    return SpokenCommand(
        name="cases",
        words=words,
        callback=run,
        params=take(words, "language", "json"),
        help=words.say("cli.cases.long"),
    )
