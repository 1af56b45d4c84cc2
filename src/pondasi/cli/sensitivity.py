"""``pondasi sensitivity HOME --shock NAME``: which uncertain figures decide what a shock costs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.bar import Bar
from pondasi.cli.grid import lay_out
from pondasi.cli.inputs import describe_inputs, open_world, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.chain.records import World
    from pondasi.report.numbers import Numbers
    from pondasi.sensitivity.stress import Sensitivity
    from pondasi.stress.shocks import Shock
    from pondasi.words import Words

PATHS, WEEKS = 4, 104
"""Defaults, as in `pondasi.sensitivity.stress`, which is not imported until it is needed; a test holds them equal."""
SHOWN = 12
"""Groups and figures that are printed; the run holds them all."""
NAMED = 3


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        home: str,
        *,
        shock: str,
        trajectories: int,
        sobol: int,
        weeks: int,
        workspace_: Path | None,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        public_: bool,
        seed_: int,
        workers_: int | str,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> None:
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.report.numbers import Numbers
        from pondasi.sensitivity.stress import measure_sensitivity
        from pondasi.stress.shock_library import load_shock
        from pondasi.workspace import Manifest, open_workspace

        home = require_country(home)
        world = open_world(world_, overlay_, public=public_)
        event = load_shock(shock, world.chain)
        given = {"shock": shock, "trajectories": trajectories, "sobol": sobol, "weeks": weeks}
        options: dict[str, Any] = {"home": home, **given, **describe_inputs(world_, overlay_)}
        with open_executor(workers_) as executor, Bar(words, quiet=quiet_ or json_) as bar:
            found = measure_sensitivity(
                world,
                home,
                event,
                trajectories=trajectories,
                samples=sobol,
                weeks=weeks,
                seed=seed_,
                executor=executor,
                progress=bar.progress(),
            )
        manifest = Manifest("sensitivity", options, world.chain.origin, seed_, companions=world.companions_hash)
        tables = found.as_tables()
        folder = open_workspace(workspace_).save_run(manifest, tables)
        if json_:
            say_json({name: list_rows(table) for name, table in tables.items()} | {"run": str(folder)})
        elif not quiet_:
            say_overlays(world.chain, words)
            for line in say_sensitivity(found, event, world, words, Numbers(words)):
                click.echo(line)
            click.echo(words.say("stress.saved", path=str(folder)))

    return SpokenCommand(
        name="sensitivity",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--shock"], required=True, metavar="NAME", help=words.say("cli.option.shock_one")),
            click.Option(
                ["--trajectories"],
                type=click.IntRange(min=2),
                default=PATHS,
                metavar="N",
                help=words.say("cli.option.trajectories", default=PATHS),
            ),
            click.Option(
                ["--sobol"], type=click.IntRange(min=0), default=0, metavar="N", help=words.say("cli.option.sobol")
            ),
            click.Option(
                ["--weeks"],
                type=click.IntRange(min=1),
                default=WEEKS,
                metavar="N",
                help=words.say("cli.option.weeks_two", default=WEEKS),
            ),
            *take(words, "language", "workspace", "world", "overlay", "public", "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.sensitivity.long"),
    )


def say_sensitivity(found: Sensitivity, shock: Shock, world: World, words: Words, numbers: Numbers) -> list[str]:
    """Return what a run found, as lines: the strongest groups, their figures one by one, and parts of the variance."""
    from pondasi.places import name_place

    name = shock.names.get(words.language, shock.id)
    ranked = found.screening.rank("gross")
    lines = [
        words.say(
            "sensitivity.summary",
            shock=name,
            place=name_place(found.home, words.language),
            gross=numbers.plain(float(found.central["gross"])),
            n=len(ranked),
            paths=found.screening.trajectories,
            runs=found.screening.runs,
            idle=int((ranked["mu_star"] == 0).sum()),
        )
    ]
    if not (ranked["mu_star"] > 0).any():
        return [*lines, words.say("sensitivity.none")]
    lines += ["", words.say("sensitivity.strongest"), *_lay_groups(found, words, numbers)]
    lines += ["", words.say("sensitivity.alone"), *_lay_rows(found, world, name, words, numbers)]
    if found.variance is not None:
        lines += ["", *_lay_variance(found, words, numbers)]
    first = name_first(found, world, name, words)
    return [
        *lines,
        *(["", words.say("sensitivity.first", figures=words.say("list.joint").join(first))] if first else []),
    ]


def name_first(found: Sensitivity, world: World, shock: str, words: Words) -> list[str]:
    """Return the names of the figures of the data that move the loss most alone and that no source states exactly."""
    from pondasi.sensitivity.figures import EVENT
    from pondasi.sensitivity.sentences import name_row

    groups = index_rows(found.groups.reset_index(), "factor")
    rows = [
        row
        for row in list_rows(found.rows.reset_index())
        if row["grade"] != "exact" and row["swing"] > 0 and groups[row["factor"]]["table"] != EVENT
    ]
    out = []
    for row in rows[:NAMED]:
        what = words.say(f"sensitivity.what.{groups[row['factor']]['what']}")
        of = name_row(row["factor"], row["row"], world, words, shock)
        out.append(words.say("sensitivity.factor", what=what, where=of) if of else what)
    return out


def _lay_groups(found: Sensitivity, words: Words, numbers: Numbers) -> list[str]:
    from pondasi.sensitivity.sentences import name_factor, tell_direction

    table = found.screening.rank("gross").join(found.groups)
    rows = [
        [
            name_factor(row["what"], row["where"], words),
            words.say(f"sensitivity.direction.{tell_direction(row['mu'], row['mu_star'])}"),
            numbers.plain(row["mu_star"]),
            _band(row["mu_star_low"], row["mu_star_high"], words, numbers),
            str(row["rows"]),
            str(row["assumed"]),
        ]
        for row in list_rows(table[table["mu_star"] > 0].head(SHOWN).reset_index())
    ]
    return lay_out(_head(words, "factor", "direction", "effect", "band", "rows", "assumed"), rows, right=2)


def _lay_rows(found: Sensitivity, world: World, shock: str, words: Words, numbers: Numbers) -> list[str]:
    from pondasi.sensitivity.sentences import name_row

    groups = index_rows(found.groups.reset_index(), "factor")
    rows = [
        [
            words.say(f"sensitivity.what.{groups[row['factor']]['what']}"),
            name_row(row["factor"], row["row"], world, words, shock),
            words.say(f"grade.{row['grade']}"),
            numbers.plain(row["value"]),
            _band(row["low"], row["high"], words, numbers),
            _band(row["loss_low"], row["loss_high"], words, numbers),
        ]
        for row in list_rows(found.rows.head(SHOWN).reset_index())
    ]
    return lay_out(_head(words, "figure", "of", "grade", "value", "interval", "loss"), rows, right=3)


def _lay_variance(found: Sensitivity, words: Words, numbers: Numbers) -> list[str]:
    from pondasi.sensitivity.sentences import name_factor

    if found.variance is None:
        return []
    spread = index_rows(found.variance.spread.reset_index(), "output")["gross"]
    fields = {name: numbers.plain(spread[name]) for name in ("mean", "deviation")}
    table = found.variance.rank("gross").join(found.groups)
    rows = [
        [
            name_factor(row["what"], row["where"], words),
            *(
                f"{numbers.percent(row[part])} ({_band(100 * row[f'{part}_low'], 100 * row[f'{part}_high'], words, numbers)})"
                for part in ("first", "total")
            ),
        ]
        for row in list_rows(table.reset_index())
    ]
    said = words.say("sensitivity.variance", samples=found.variance.samples, **fields)
    return [said, *lay_out(_head(words, "factor", "first", "total"), rows)]


def _band(low: float, high: float, words: Words, numbers: Numbers) -> str:
    return words.say("sensitivity.span", low=numbers.plain(low), high=numbers.plain(high))


def _head(words: Words, *columns: str) -> list[str]:
    return [words.say(f"sensitivity.column.{column}") for column in columns]
