"""``pondasi stress HOME``: what breaks the chain for a country, how deep, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.bar import Bar
from pondasi.cli.grid import lay_out
from pondasi.cli.inputs import describe_inputs, open_world, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import UsageError
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.report.numbers import Numbers
    from pondasi.stress.assess import StressTest
    from pondasi.stress.campaign import Campaign
    from pondasi.stress.shocks import Shock
    from pondasi.words import Words

    _Answer = tuple[dict[str, pd.DataFrame], list[str]]

DRAWS = 16
"""Draws of a band by default: quick, and shown as such."""


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        home: str,
        *,
        shock: tuple[str, ...],
        sample: int | None,
        critical: bool,
        remedies: bool,
        scarcity: bool,
        weeks: int | None,
        draws: int,
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
        from pondasi.stress.assess import WEEKS
        from pondasi.stress.criticality import FOLLOWED_WEEKS
        from pondasi.workspace import Manifest, open_workspace

        home = require_country(home)
        _check(bool(shock), sample is not None, critical, remedies=remedies, scarcity=scarcity)
        weeks = weeks or (FOLLOWED_WEEKS if critical else WEEKS)
        world = open_world(world_, overlay_, public=public_)
        workspace = open_workspace(workspace_)
        what: dict[str, Any] = {"sample": sample} if sample else {"shock": list(shock), "draws": draws}
        what |= {"scarcity": True} if scarcity else {}
        what = {"critical": True} if critical else what
        what = {"shock": ",".join(shock), "remedies": True} if remedies else what
        options = {"home": home, "weeks": weeks, **what, **describe_inputs(world_, overlay_)}
        manifest = Manifest("stress", options, world.chain.origin, seed_, companions=world.companions_hash)
        numbers = Numbers(words)
        quiet = quiet_ or json_
        with open_executor(workers_) as executor, Bar(words, quiet=quiet) as bar:
            if critical:
                tables, lines = _stop_suppliers(world, home, weeks, executor, bar, words, numbers)
            elif remedies:
                tables, lines = _try_remedies(world, home, _choose(world, shock), weeks, words, numbers)
            elif sample is not None:
                from pondasi.stress.campaign import run_campaign

                cache = workspace.path / "cache" / f"stress-{manifest.hash[:16]}"
                campaign = run_campaign(
                    world,
                    home,
                    sample,
                    seed=seed_,
                    weeks=weeks,
                    executor=executor,
                    cache=cache,
                    progress=bar.progress(),
                )
                tables, lines = campaign.as_tables(), _say_campaign(campaign, words, numbers)
            else:
                how = {"draws": draws, "seed": seed_, "weeks": weeks, "executor": executor, "progress": bar.progress()}
                tables, lines = _test(world, home, _choose(world, shock), words, numbers, scarcity=scarcity, **how)
        folder = workspace.save_run(manifest, tables)
        if json_:
            say_json({name: list_rows(table) for name, table in tables.items()} | {"run": str(folder)})
        elif not quiet_:
            say_overlays(world.chain, words)
            for line in lines:
                click.echo(line)
            click.echo(words.say("stress.saved", path=str(folder)))

    return SpokenCommand(
        name="stress",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--shock"], multiple=True, metavar="NAME", help=words.say("cli.option.shock")),
            click.Option(["--sample"], type=click.IntRange(min=1), metavar="N", help=words.say("cli.option.sample")),
            click.Option(["--critical"], is_flag=True, help=words.say("cli.option.critical")),
            click.Option(["--remedies"], is_flag=True, help=words.say("cli.option.remedies")),
            click.Option(["--scarcity"], is_flag=True, help=words.say("cli.option.scarcity")),
            click.Option(["--weeks"], type=click.IntRange(min=1), metavar="N", help=words.say("cli.option.weeks")),
            click.Option(
                ["--draws"],
                type=click.IntRange(min=0),
                default=DRAWS,
                metavar="N",
                help=words.say("cli.option.draws", default=DRAWS),
            ),
            *take(words, "language", "workspace", "world", "overlay", "public", "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.stress.long"),
    )


def _check(*questions: bool, remedies: bool, scarcity: bool) -> None:
    """Refuse more than one question: shocks by name, a sample, all suppliers; what goes with shocks goes with them only."""
    shock, *others = questions
    if shock + sum(others) > 1 or (remedies and any(others)):
        raise UsageError("shock_or_sample")
    if scarcity and (remedies or any(others)):
        raise UsageError("scarcity_alone")


def _test(
    world: World,
    home: str,
    shocks: list[Shock],
    words: Words,
    numbers: Numbers,
    *,
    scarcity: bool,
    **how: Any,  # noqa: ANN401 - passed on to run_stress_test as it is
) -> _Answer:
    """Return tables and lines of named shocks, and on request of what becomes scarce under them."""
    from pondasi.cli.scarcity import say_scarcity
    from pondasi.stress.assess import run_stress_test
    from pondasi.stress.record import record_test
    from pondasi.stress.scarcity import measure_scarcity

    test = run_stress_test(world, home, shocks, **how)
    names = {one.id: one.names.get(words.language, one.id) for one in shocks}
    tables, lines = record_test(test, shocks), _say_test(test, names, words, numbers)
    if scarcity:
        found = measure_scarcity(world, home, shocks, weeks=how["weeks"])
        tables |= found.as_tables()
        lines += say_scarcity(found, names, world, words, numbers)
    return tables, lines


def _stop_suppliers(
    world: World, home: str, weeks: int, executor: Executor, bar: Bar, words: Words, numbers: Numbers
) -> _Answer:
    """Return tables and lines of every supplier gone in turn."""
    from pondasi.cli.survival import say_criticality, say_survival
    from pondasi.stress.criticality import measure_criticality
    from pondasi.stress.survival import measure_survival

    lost = measure_criticality(world, home, weeks=weeks, executor=executor, progress=bar.progress())
    survival = measure_survival(world)
    lines = [*say_criticality(lost, world, words, numbers), "", *say_survival(survival, world, words, numbers)]
    return lost.as_tables() | survival.as_tables(), lines


def _try_remedies(world: World, home: str, shocks: list[Shock], weeks: int, words: Words, numbers: Numbers) -> _Answer:
    """Return tables and lines of what would help."""
    from pondasi.cli.survival import say_remedies
    from pondasi.stress.remedies import rank_remedies

    found = rank_remedies(world, home, shocks, weeks=weeks)
    return found.as_tables(), say_remedies(found, world, words, numbers)


def _choose(world: World, names: tuple[str, ...]) -> list[Shock]:
    """Return the shocks that are asked for, or all that are not of the past."""
    from pondasi.stress.shock_library import load_shock, load_shocks

    if names:
        return [load_shock(name, world.chain) for name in names]
    return [shock for shock in load_shocks(world.chain).shocks.values() if not shock.event]


def _say_test(test: StressTest, names: dict[str, str], words: Words, numbers: Numbers) -> list[str]:
    from pondasi.stress.sentences import say_shock

    lines = ["- " + say_shock(test, shock, names[shock], words, numbers) for shock in test.rank().index.tolist()]
    return [*lines, words.say("stress.indicative", draws=test.draws, weeks=test.weeks)]


def _say_campaign(campaign: Campaign, words: Words, numbers: Numbers) -> list[str]:
    from pondasi.stress.campaign import FELT

    gross = campaign.outcomes["gross"].to_numpy()
    summary = words.say(
        "stress.campaign",
        n=campaign.scenarios,
        felt=numbers.percent(float((gross > FELT).mean())),
        mean=numbers.plain(float(gross.mean())),
        worst=numbers.plain(float(gross.max())),
        rate=numbers.plain(campaign.rate),
    )
    rows = [
        [
            row["hazard"],
            str(row["events"]),
            numbers.percent(row["chance"]),
            *map(numbers.plain, (row["mean"], row["high"])),
        ]
        for row in list_rows(campaign.hazards.reset_index())
    ]
    head = [words.say(f"stress.column.{name}") for name in ("hazard", "events", "chance", "mean", "high")]
    return [summary, *lay_out(head, rows)]
