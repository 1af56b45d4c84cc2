"""``pondasi partners HOME``: what does each partner bring, alone, last, and over all orders of joining?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.grid import lay_out
from pondasi.cli.inputs import describe_inputs, note_rate, open_case, open_world, say_case, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.currency import in_millions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from pondasi.plan.partners import PartnerValues
    from pondasi.words import Words

NOTHING = 1e-3
"""A value below this is none [million USD]: what is left of differences of large sums."""
OPEN = 1
"""Exit code where the order of partners is not yet plain: an answer, and less than was asked for."""


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        home: str,
        *,
        quick: bool,
        seconds: float | None,
        scenarios: int | None,
        offers: int | None,
        out_: Path | None,
        workspace_: Path | None,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        case_: Path | None,
        public_: bool,
        seed_: int,
        workers_: int | str,
        places_: str,
        currency_: str,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> int:
        from pondasi.currency import find_rate
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.plan.build import OFFERS
        from pondasi.plan.partners import value_partners
        from pondasi.plan.solve import GAP, QUICK_GAP, QUICK_SCENARIOS, QUICK_SECONDS, SCENARIOS, SECONDS
        from pondasi.tables.results import check_ending, save_results
        from pondasi.tables.rows import list_rows
        from pondasi.workspace import Manifest, open_workspace

        check_ending(out_)
        shown = words.at(find_rate(currency_))
        case = open_case(require_country(home), case_, open_world(world_, overlay_, public=public_))
        number = scenarios or (QUICK_SCENARIOS if quick else SCENARIOS)
        limit = seconds or (QUICK_SECONDS if quick else SECONDS)
        offered = OFFERS if offers is None else offers
        with open_executor(workers_) as executor:
            values = value_partners(
                case,
                scenarios=number,
                seed=seed_,
                offers=offered,
                gap=QUICK_GAP if quick else GAP,
                seconds=limit,
                executor=executor,
            )
        chain = case.world.chain
        chosen = {"home": case.country, "quick": quick, "seconds": limit, "scenarios": number, "offers": offered}
        chosen |= describe_inputs(world_, overlay_, case_)
        companions = case.world.companions_hash
        manifest = Manifest("partners", chosen, chain.origin, seed_, companions=companions, case=case.origin)
        tables = values.as_tables()
        folder = open_workspace(workspace_).save_run(manifest, tables)
        if out_ is not None:
            save_results(out_, title_tables(values, shown, places_, note_rate(case.world, shown)))
        if json_:
            say_json({name: list_rows(table) for name, table in tables.items()} | {"run": str(folder)})
        elif not quiet_:
            say_overlays(chain, words)
            say_case(case, case_, words)
            for line in (*tell_partners(values, shown, places_), *note_rate(case.world, shown)):
                click.echo(line)
            click.echo(words.say("plan.done", path=str(folder)))
        return 0 if values.separated else OPEN

    return SpokenCommand(
        name="partners",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--quick"], is_flag=True, help=words.say("cli.option.quick")),
            click.Option(
                ["--seconds"], type=click.FloatRange(min=1), metavar="N", help=words.say("cli.option.seconds_partners")
            ),
            click.Option(
                ["--scenarios"], type=click.IntRange(min=3), metavar="N", help=words.say("cli.option.scenarios")
            ),
            click.Option(["--offers"], type=click.IntRange(min=1), metavar="N", help=words.say("cli.option.offers")),
            *take(words, "out", "language", "places", "currency", "workspace", "world", "overlay", "case", "public"),
            *take(words, "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.partners.long"),
    )


def tell_partners(values: PartnerValues, words: Words, places: str) -> list[str]:
    """Return the values of partners as a table and the sentences below it."""
    from pondasi.report.numbers import Numbers

    unit, _ = Numbers(words).column_unit()
    return [
        words.say("partners.title", unit=unit),
        *_lay_out_partners(values, words, places),
        *say_partners(values, words),
    ]


def _lay_out_partners(values: PartnerValues, words: Words, places: str) -> list[str]:
    """Return the values of partners as a table, in the unit of a column of money."""
    from pondasi.places import name_place
    from pondasi.report.numbers import Numbers
    from pondasi.tables.rows import list_rows

    numbers = Numbers(words)
    _, factor = numbers.column_unit()

    def show(row: dict[str, float], name: str) -> str:
        ends = [numbers.plain(factor * _tidy(row[f"{name}{end}"])) for end in ("", "_low", "_high")]
        return words.say("position.interval", value=ends[0], low=ends[1], high=ends[2])

    names = ("shapley", "alone", "last")
    head = [words.say(f"partners.column.{name}") for name in ("partner", *names, "offers")]
    rows = [
        [
            name_place(row["partner"], words.language, places),
            *(show(row, name) for name in names),
            str(row["offers"]),
        ]
        for row in list_rows(values.table.reset_index())
    ]
    return lay_out(head, rows)


def say_partners(values: PartnerValues, words: Words) -> list[str]:
    """Return what the values of partners mean, as sentences."""
    worth = [max(0.0, values.everyone[0] - values.none[1]), values.everyone[1] - values.none[0]]
    told = [
        words.say("partners.together", low=in_millions(worth[0]), high=in_millions(worth[1])),
        words.say("partners.meaning"),
        *([words.say("partners.targets")] if len(values.targets) else []),
        words.say("partners.order_holds" if values.separated else "partners.order_open"),
    ]
    if values.orders:
        return [*told, words.say("partners.sampled", n=2 * values.orders, solved=values.solved)]
    return [*told, words.say("partners.solved", solved=values.solved, all=2**values.players)]


def _tidy(value: float) -> float:
    return value if abs(value) >= NOTHING else 0.0


def title_tables(
    values: PartnerValues, words: Words, places: str, notes: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """Return the tables as a reader sees them: titles, columns and places in the language of the words, money in their currency.

    ``notes`` are sentences beyond those on the values, such as on the rate at which money is shown.
    """
    import pandas as pd

    from pondasi.places import name_place
    from pondasi.report.numbers import Numbers

    unit, factor = Numbers(words).column_unit()

    def head(name: str, end: str = "") -> str:
        title = words.say(f"partners.column.{name}")
        title = words.say(f"partners.column.{end}", name=title) if end else title
        return words.say("partners.column.money", name=title, unit=unit)

    def ends(name: str) -> dict[str, str]:
        return {name: head(name), **{f"{name}_{end}": head(name, end) for end in ("low", "high")}}

    money = ends("shapley") | ends("alone") | ends("last")
    table, coalitions = values.table.reset_index(), values.coalitions.reset_index()
    table[list(money)] *= factor
    coalitions[["low", "high"]] *= factor
    table["partner"] = [name_place(code, words.language, places) for code in table["partner"]]
    columns = {name: words.say(f"partners.column.{name}") for name in ("partner", "offers")}
    coalitions["members"] = [
        ", ".join(name_place(code, words.language, places) for code in filter(None, members.split("+")))
        or words.say("partners.nobody")
        for members in coalitions["members"]
    ]
    heads = {name: words.say(f"partners.column.{name}") for name in ("members", "solved")}
    heads |= {end: head("value", end) for end in ("low", "high")}
    said = words.say("plan.sheet.said")
    return {
        words.say("partners.sheet.partners"): table.rename(columns=columns | money),
        words.say("partners.sheet.coalitions"): coalitions.rename(columns=heads),
        said: pd.DataFrame({said: [*say_partners(values, words), *notes]}),
    }
