"""``pondasi position HOME --peers A,B``: where a country stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.grid import lay_out
from pondasi.cli.inputs import describe_inputs, note_rate, open_world, say_overlays
from pondasi.cli.options import ROUTES, say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.position.profile import Position
    from pondasi.report.numbers import Numbers
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        home: str,
        *,
        peers: str | None,
        workspace_: Path | None,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        public_: bool,
        draws_: int,
        seed_: int,
        routes_: str,
        workers_: int | str,
        places_: str,
        currency_: str,
        json_: bool,
        quiet_: bool,
        verbose_: bool,
        **_: object,
    ) -> None:
        from pondasi.chain.flows import balance_flows
        from pondasi.chain.prior import read_prior
        from pondasi.currency import find_rate
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.position.profile import measure_position
        from pondasi.report.numbers import Numbers
        from pondasi.workspace import Manifest, open_workspace

        home = require_country(home)
        beside = [require_country(code.strip()) for code in (peers or "").split(",") if code.strip()]
        numbers = Numbers(words.at(find_rate(currency_)))
        world = open_world(world_, overlay_, public=public_)
        chain = world.chain
        flows = balance_flows(chain, read_prior(world) if routes_ == ROUTES[0] else None)
        with open_executor(workers_) as executor:
            position = measure_position(
                chain,
                home,
                beside,
                draws=draws_,
                seed=seed_,
                flows=flows,
                capability=world.companions.get("capability"),
                executor=executor,
            )
        chosen = {"home": home, "peers": ",".join(beside), "draws": draws_, "routes": routes_}
        manifest = Manifest(
            "position",
            {**chosen, **describe_inputs(world_, overlay_)},
            chain.origin,
            seed_,
            companions=world.companions_hash,
        )
        folder = open_workspace(workspace_).save_run(manifest, position.as_tables())
        if json_:
            say_json({**position.as_dict(), "run": str(folder)})
        elif not quiet_:
            say_overlays(chain, words)
            show(position, words, numbers, places_, whole=verbose_)
            for line in note_rate(world, numbers.words):
                click.echo(line)
            click.echo(words.say("position.saved", path=str(folder)))

    return SpokenCommand(
        name="position",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--peers"], metavar="A,B", help=words.say("cli.option.peers")),
            *take(words, "language", "places", "currency", "workspace", "world", "overlay", "public"),
            *take(words, "draws", "seed", "routes", "workers", "json", "quiet", "verbose"),
        ],
        help=words.say("cli.position.long"),
    )


def show(position: Position, words: Words, numbers: Numbers, places: str, *, whole: bool = False) -> None:
    """Print the position: sentences, then tables."""
    from pondasi.position.sentences import say_position
    from pondasi.report.position_tables import tabulate_position

    for text in say_position(position, words, places):
        click.echo(text)
    for table in tabulate_position(position, words, numbers, places, whole=whole):
        click.echo()
        click.echo(table.title)
        for line in lay_out(table.head, table.rows):
            click.echo(line)
    click.echo()
