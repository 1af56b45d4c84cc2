"""``pondasi shocks``: events that can be put on the chain; list those that ship, check one of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.check import describe_problem
from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import ListingGroup, SpokenCommand
from pondasi.errors import DataError, UsageError

if TYPE_CHECKING:
    from pondasi.stress.shocks import Shock
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb with its own verbs."""
    return ListingGroup(
        name="shocks",
        words=words,
        verbs={"list": _make_list, "check": _make_check},
        params=take(words, "language"),
        callback=lambda **_: None,
        help=words.say("cli.shocks.long"),
    )


def _make_list(words: Words) -> click.Command:
    def run(*, hazard: str | None, country: str | None, node: str | None, json_: bool, **_: object) -> None:
        from pondasi.places import require_country
        from pondasi.stress.shock_library import load_shocks

        place = require_country(country) if country else None
        shocks = [
            shock for shock in load_shocks().shocks.values() if _is_chosen(shock, hazard=hazard, place=place, node=node)
        ]
        if json_:
            say_json([_describe(shock, words) for shock in shocks])
            return
        for shock in shocks:
            what = {"shock": shock.id, "name": shock.names[words.language], "date": shock.date}
            click.echo(words.say("shocks.line" if shock.date else "shocks.line_future", **what))
            click.echo("    " + shock.descriptions.get(words.language, ""))
        click.echo(words.say("shocks.count", n=len(shocks)))

    return SpokenCommand(
        name="list",
        words=words,
        callback=run,
        params=[
            click.Option(["--hazard"], type=click.Choice(_list_hazards()), help=words.say("cli.option.hazard")),
            click.Option(["--country"], metavar="CODE", help=words.say("cli.option.shock_country")),
            click.Option(["--node"], metavar="NODE", help=words.say("cli.option.node")),
            *take(words, "language", "json"),
        ],
        help=words.say("cli.shocks.list.long"),
    )


def _make_check(words: Words) -> click.Command:
    def run(path: Path, *, world_: Path | None, json_: bool, **_: object) -> int:
        from pondasi.chain.flows import balance_flows
        from pondasi.chain.load import load_chain
        from pondasi.stress.resolve import resolve_shock, weigh_suppliers
        from pondasi.stress.shock_form import check_shock
        from pondasi.stress.shock_library import know_chain

        chain = load_chain(world_)
        report = check_shock(path, know_chain(chain))
        problems = list(report.problems)
        if report.shock is not None:
            labels = balance_flows(chain).labels
            home = str(labels.get_level_values("country")[0]) if report.shock.needs_home else None
            try:
                problems += resolve_shock(report.shock, labels, weigh_suppliers(chain, labels), home=home).findings
            except DataError as error:
                problems += error.problems
        ok = all(problem.level != "error" for problem in problems)
        if json_:
            say_json(
                {"file": report.file, "ok": ok, "problems": [describe_problem(problem, words) for problem in problems]}
            )
        else:
            for problem in problems:
                level = words.say(f"level.{problem.level}")
                click.echo(words.say("check.finding", level=level, problem=words.problem(problem)))
            click.echo(words.say("shocks.good" if ok else "shocks.bad", file=report.file))
        return 0 if ok else DataError.exit_code

    return SpokenCommand(
        name="check",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="FILE.yaml"),
            *take(words, "world", "language", "json"),
        ],
        help=words.say("cli.shocks.check.long"),
    )


def _list_hazards() -> list[str]:
    from pondasi.tables.dictionary import load_dictionary

    return sorted(load_dictionary().codes["hazard_class"])


def _is_chosen(shock: Shock, *, hazard: str | None, place: str | None, node: str | None) -> bool:
    from pondasi.chain.load import load_chain
    from pondasi.stress.shocks import ALL
    from pondasi.tables.text import suggest

    if node is not None:
        known = load_chain().nodes["node"].tolist()
        if node not in known:
            raise UsageError("shock_node_unknown", node=node, guess=suggest(node, known))
    return (
        (hazard is None or shock.hazard == hazard)
        and (place is None or any({place, ALL} & {*hit.countries, *hit.buyers} for hit in shock.hits))
        and (node is None or any({node, ALL} & set(hit.nodes) for hit in shock.hits))
    )


def _describe(shock: Shock, words: Words) -> dict[str, Any]:
    return {
        "id": shock.id,
        "name": shock.names[words.language],
        "description": shock.descriptions.get(words.language),
        "class": shock.hazard,
        "date": shock.date or None,
        "event": shock.event or None,
        "market": shock.market or None,
        "grade": shock.grade,
        "sources": list(shock.sources),
        "needs_home": shock.needs_home,
        "nodes": sorted({node for hit in shock.hits for node in hit.nodes}),
        "countries": sorted({country for hit in shock.hits for country in (*hit.countries, *hit.buyers)}),
    }
