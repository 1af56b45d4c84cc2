"""``pondasi explain FIGURE``: from a figure to its rows and sources."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.inputs import open_world, say_overlays
from pondasi.cli.options import ROUTES, say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
    from pondasi.chain.records import Chain
    from pondasi.currency import Rate
    from pondasi.report.evidence import Explanation
    from pondasi.words import Words
    from pondasi.workspace import SavedRun


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        figure: str,
        *,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        public_: bool,
        workspace_: Path | None,
        routes_: str,
        currency_: str,
        json_: bool,
        **_: object,
    ) -> None:
        from pondasi.chain.prior import read_prior
        from pondasi.currency import find_rate
        from pondasi.report.explain import explain_figure

        world = open_world(world_, overlay_, public=public_)
        prior = read_prior(world) if routes_ == ROUTES[0] else None
        runs = _find_runs(figure, world.chain, workspace_)
        found = explain_figure(world.chain, figure, prior, runs=runs)
        if json_:
            say_json({**asdict(found), "data": world.chain.origin})
        else:
            say_overlays(world.chain, words)
            show(found, words, find_rate(currency_))

    return SpokenCommand(
        name="explain",
        words=words,
        callback=run,
        params=[
            click.Argument(["figure"], metavar="FIGURE"),
            *take(words, "language", "workspace", "world", "overlay", "public", "routes", "currency", "json"),
        ],
        help=words.say("cli.explain.long"),
    )


def _find_runs(figure: str, chain: Chain, workspace: Path | None) -> dict[str, SavedRun]:
    """Return the saved runs that a brief on the figure's country would take."""
    from pondasi.report.sections import SLOTS
    from pondasi.report.slots import match_runs
    from pondasi.workspace import Manifest, open_workspace

    kind, _, rest = figure.strip("/").partition("/")
    slots = [slot for slot in SLOTS if slot.key == kind.removesuffix("_run")]
    options = {"home": rest.split("/", 1)[0].upper()}
    return match_runs(slots, open_workspace(workspace), Manifest("explain", options, chain.origin, 0))


def show(found: Explanation, words: Words, rate: Rate | None = None) -> None:
    """Print a figure, the rows behind it and their sources."""
    from pondasi.report.numbers import Numbers

    numbers = Numbers(words, rate)
    grade = words.say(f"grade.{found.figure.grade}")
    click.echo(words.say("explain.figure", place=found.place, figure=numbers.figure(found.figure), grade=grade))
    for step in found.steps:
        fields = {
            "place": step.place,
            "figure": numbers.figure(step.figure),
            "grade": words.say(f"grade.{step.figure.grade}"),
            "sources": " ".join(f"[{source}]" for source in step.figure.sources),
        }
        if step.weight is None:
            click.echo("  " + words.say("explain.row", **fields))
        else:
            click.echo("  " + words.say("explain.part", weight=numbers.percent(step.weight), **fields))
        if step.note:
            click.echo(f"    {step.note}")
    if found.rest > 0:
        click.echo("  " + words.say("explain.rest", weight=numbers.percent(found.rest)))
    click.echo(words.say("explain.sources"))
    for row in found.sources:
        line = words.say("brief.source_line", publisher=row["publisher"], title=row["title"], year=str(row["year"]))
        click.echo(f"  [{row['source']}] {line} {row['url'] or ''}".rstrip())
