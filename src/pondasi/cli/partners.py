"""``pondasi partners HOME``: what does each partner bring, alone, last, and over all orders of joining?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.grid import lay_out
from pondasi.cli.inputs import describe_inputs, open_case, open_world, say_case, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand

if TYPE_CHECKING:
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
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> int:
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.plan.build import OFFERS
        from pondasi.plan.partners import value_partners
        from pondasi.plan.solve import GAP, QUICK_GAP, QUICK_SCENARIOS, QUICK_SECONDS, SCENARIOS, SECONDS
        from pondasi.tables.results import check_ending, save_results
        from pondasi.tables.rows import list_rows
        from pondasi.workspace import Manifest, open_workspace

        check_ending(out_)
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
            save_results(out_, title_tables(values, words, places_))
        if json_:
            say_json({name: list_rows(table) for name, table in tables.items()} | {"run": str(folder)})
        elif not quiet_:
            say_overlays(chain, words)
            say_case(case, case_, words)
            for line in tell_partners(values, words, places_):
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
            *take(words, "out", "language", "places", "workspace", "world", "overlay", "case", "public"),
            *take(words, "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.partners.long"),
    )


def tell_partners(values: PartnerValues, words: Words, places: str) -> list[str]:
    """Return the values of partners as a table and the sentences below it."""
    from pondasi.places import name_place
    from pondasi.report.numbers import Numbers
    from pondasi.tables.rows import list_rows

    numbers = Numbers(words)

    def show(row: dict[str, float], name: str) -> str:
        ends = [numbers.plain(_tidy(row[f"{name}{end}"])) for end in ("", "_low", "_high")]
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
    worth = [max(0.0, values.everyone[0] - values.none[1]), values.everyone[1] - values.none[0]]
    told = [
        words.say("partners.title"),
        *lay_out(head, rows),
        words.say("partners.together", low=numbers.plain(worth[0]), high=numbers.plain(worth[1])),
        words.say("partners.meaning"),
        words.say("partners.order_holds" if values.separated else "partners.order_open"),
    ]
    if values.orders:
        return [*told, words.say("partners.sampled", n=2 * values.orders, solved=values.solved)]
    return [*told, words.say("partners.solved", solved=values.solved, all=2**values.players)]


def _tidy(value: float) -> float:
    return value if abs(value) >= NOTHING else 0.0


def title_tables(values: PartnerValues, words: Words, places: str) -> dict[str, pd.DataFrame]:
    """Return the tables as a reader sees them: titles, columns and places in the language of the words."""
    from pondasi.places import name_place

    def ends(name: str) -> dict[str, str]:
        title = words.say(f"partners.column.{name}")
        return {
            name: title,
            **{f"{name}_{end}": words.say(f"partners.column.{end}", name=title) for end in ("low", "high")},
        }

    table, coalitions = values.table.reset_index(), values.coalitions.reset_index()
    table["partner"] = [name_place(code, words.language, places) for code in table["partner"]]
    columns = {name: words.say(f"partners.column.{name}") for name in ("partner", "offers")}
    coalitions["members"] = [
        ", ".join(name_place(code, words.language, places) for code in filter(None, members.split("+")))
        or words.say("partners.nobody")
        for members in coalitions["members"]
    ]
    heads = {name: words.say(f"partners.column.{name}") for name in ("members", "solved")}
    heads |= {
        end: words.say(f"partners.column.{end}", name=words.say("partners.column.value")) for end in ("low", "high")
    }
    return {
        words.say("partners.sheet.partners"): table.rename(
            columns=columns | ends("shapley") | ends("alone") | ends("last")
        ),
        words.say("partners.sheet.coalitions"): coalitions.rename(columns=heads),
    }
