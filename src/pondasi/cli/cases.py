"""``pondasi cases``: the countries of which more is known; with a country, what its plan starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.places import name_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.words import Words

MILLION = 1e6
PERCENT = 100


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(country: str | None, *, json_: bool, **_: object) -> None:
        if country is not None:
            _show_plan(country, words, as_json=json_)
            return
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
        params=[
            click.Argument(["country"], metavar="[COUNTRY]", required=False),
            *take(words, "language", "json"),
        ],
        help=words.say("cli.cases.long"),
    )


def _show_plan(country: str, words: Words, *, as_json: bool) -> None:
    """Say what the case of a plan holds."""
    from pondasi.plan.case import load_case
    from pondasi.plan.summary import summarise_case
    from pondasi.plan.tell_targets import say_amount
    from pondasi.tables.dictionary import load_dictionary
    from pondasi.tables.rows import list_rows

    case = load_case(country)
    summary = summarise_case(case)
    if as_json:
        frames = ("steps", "money", "partners", "grades", "step_grades")
        content = {name: getattr(summary, name).to_dict("index") for name in frames}
        counts = {name: getattr(summary, name) for name in ("leaves", "full_leaves", "knowledge")}
        shares = {name: getattr(summary, name) for name in ("assumed_share", "sourced_capex")}
        say_json({"country": case.country, **shares, **counts, **content, "targets": list_rows(case.tables["targets"])})
        return
    pillars = load_dictionary().codes["pillar"]
    funders = case.frame("funders")[f"name_{words.language}"]
    click.echo(words.say("plan_case.title", title=case.titles[words.language], version=case.version))
    for row in list_rows(summary.steps.reset_index()):
        pillar = pillars[row["pillar"]][words.language]
        fields = {"pillar": pillar, "n": row["steps"], "committed": row["committed"]}
        click.echo(words.say("plan_case.pillar", **fields, **_in_millions(row, "capex")))
    for row in list_rows(summary.money.reset_index()):
        click.echo(words.say("plan_case.money", funder=funders[row["funder"]], **_in_millions(row, "value")))
    for row in list_rows(summary.partners.reset_index()):
        place = name_place(row["partner"], language=words.language)
        money = float(round(row["money"] / MILLION))
        click.echo(words.say("plan_case.partner", partner=place, kept=row["kept"], n=row["steps"], money=money))
    for row in list_rows(case.tables["targets"]):
        fields = {
            "name": row[f"name_{words.language}"],
            "year": str(row["year"]),
            "grade": words.say(f"grade.{row['grade']}"),
        }
        click.echo(words.say("plan_case.target", asked=say_amount(row["value"], row["unit"], words), **fields))
    click.echo(words.say("plan_case.futures", leaves=summary.leaves, full=summary.full_leaves))
    assumed, sourced = (float(round(PERCENT * part)) for part in (summary.assumed_share, summary.sourced_capex))
    click.echo(words.say("plan_case.assumed", share=assumed, capex=sourced))
    if not summary.knowledge:
        click.echo(words.say("plan_case.knowledge_off"))


def _in_millions(row: Mapping[str, Any], name: str) -> dict[str, float]:
    """Return a sum and its ends in whole millions, as slots of a text."""
    low, high = (f"{name}_low", f"{name}_high") if f"{name}_low" in row else ("low", "high")
    return {
        slot: float(round(row[column] / MILLION)) for slot, column in (("value", name), ("low", low), ("high", high))
    }
