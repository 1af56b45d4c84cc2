"""``pondasi diff OLD NEW``: what changed between two runs, worlds or overlays."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.inputs import open_world, say_overlays
from pondasi.cli.options import ROUTES, say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.chain.records import World
    from pondasi.report.changes import Changes
    from pondasi.words import Words
    from pondasi.workspace import Workspace

SHOWN = 10
"""Changes of the data, and of each table of results, that are shown without --verbose."""


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison: its data, if they can be had, and its results, if there are any."""

    name: str
    world: World | None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    home: str | None = None


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        old: str,
        new: str,
        *,
        home: str | None,
        workspace_: Path | None,
        world_: Path | None,
        routes_: str,
        json_: bool,
        verbose_: bool,
        **_: object,
    ) -> None:
        from pondasi.places import require_country
        from pondasi.report.changes import ROUNDING, Changes, compare_data, compare_results, order_tables
        from pondasi.workspace import open_workspace

        workspace = open_workspace(workspace_)
        sides = [look_at(name, workspace, world_) for name in (old, new)]
        asked = require_country(home) if home else next((side.home for side in sides if side.home), None)
        one, other = (with_results(side, asked, routes_) for side in sides)
        data = compare_data(_tables(one), _tables(other)) if one.world and other.world else ()
        results = compare_results(one.tables, other.tables, data, ROUNDING)
        changes = Changes(data, results, order_tables(name for name in one.tables if name in other.tables))
        unread = [side.name for side in (one, other) if side.world is None]
        if json_:
            say_json({**asdict(changes), "data_not_compared": unread, "home": asked})
            return
        for side in (one, other):
            if side.world is not None:
                say_overlays(side.world.chain, words)
        for name in unread:
            click.echo(words.say("changes.no_data", run=name))
        show(changes, words, whole=verbose_)

    return SpokenCommand(
        name="diff",
        words=words,
        callback=run,
        params=[
            click.Argument(["old"], metavar="OLD"),
            click.Argument(["new"], metavar="NEW"),
            click.Option(["--home"], metavar="HOME", help=words.say("cli.option.diff_home")),
            *take(words, "language", "workspace", "world", "routes", "json", "verbose"),
        ],
        help=words.say("cli.diff.long"),
    )


def look_at(name: str, workspace: Workspace, world: Path | None) -> Side:
    """Return a side by its name: a run, the folder of an overlay (laid over the world), or a world.

    The data of a run are read again from where it took them; where they are no longer the same, there are none.
    """
    from pondasi.chain.overlay import is_overlay

    saved = workspace.open_run(name)
    if saved is None:
        if is_overlay(name):
            return Side(name, open_world(world, [Path(name)]))
        return Side(name, open_world(Path(name)))
    return Side(saved.path.name, _reopen(saved.manifest), saved.tables(), saved.manifest["options"].get("home"))


def _reopen(manifest: Mapping[str, Any]) -> World | None:
    """Return the world of a run if it can be read and is still the same."""
    from pondasi.errors import PondasiError

    options = manifest["options"]
    world, overlays = options.get("world"), options.get("overlay", [])
    try:
        found = open_world(None if world is None else Path(world), [Path(path) for path in overlays])
    except PondasiError:
        return None
    same = found.chain.hash == manifest["data"]["hash"]
    return found if same and manifest.get("companions") in {None, found.companions_hash} else None


def with_results(side: Side, home: str | None, routes: str) -> Side:
    """Return the side with results: those of its run, else the position of a home country."""
    if side.tables or home is None or side.world is None:
        return side
    from pondasi.chain.flows import balance_flows
    from pondasi.chain.prior import read_prior
    from pondasi.position.profile import measure_position

    chain = side.world.chain
    flows = balance_flows(chain, read_prior(side.world) if routes == ROUTES[0] else None)
    return Side(side.name, side.world, measure_position(chain, home, flows=flows).as_tables(), home)


def _tables(side: Side) -> dict[str, pd.DataFrame]:
    return {} if side.world is None else {**side.world.chain.tables, **side.world.companions}


def show(changes: Changes, words: Words, *, whole: bool = False) -> None:
    """Print what changed, the largest first: rows of data, then results table by table."""
    if not changes:
        click.echo(words.say("changes.none"))
        return
    click.echo(words.say("changes.data", n=len(changes.data)))
    for row in changes.data[: None if whole else SHOWN]:
        fields: dict[str, Any] = {"place": row.place, "column": row.column}
        click.echo("  " + words.say(f"changes.row.{row.kind}", old=_show(row.old), new=_show(row.new), **fields))
    if not whole and len(changes.data) > SHOWN:
        click.echo("  " + words.say("changes.more", n=len(changes.data) - SHOWN))
    for table in changes.tables:
        mine = [change for change in changes.results if change.table == table]
        if not mine:
            continue
        click.echo(words.say("changes.results", table=table, n=len(mine)))
        for change in mine[: None if whole else SHOWN]:
            text = words.say(
                "changes.figure",
                table=table,
                place=change.place,
                column=change.column,
                old=_show(change.old),
                new=_show(change.new),
            )
            why = words.say("changes.because", places=", ".join(change.reasons)) if change.reasons else ""
            click.echo("  " + words.say("list.sentence").join(part for part in (text, why) if part))
        if not whole and len(mine) > SHOWN:
            click.echo("  " + words.say("changes.more", n=len(mine) - SHOWN))


def _show(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
