"""Write the pages of docs/ that are made from data and code: dictionary, command line, coverage, steps.

Run it after a change of the dictionary, the command line, the world data or a case: ``python tools/generate_docs.py``.
``tests/test_docs.py`` compares the pages with what this would write.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
import pandas as pd

from pondasi import Words, load_chain, load_world
from pondasi.chain.cases import case_path, list_cases
from pondasi.cli.app import make_group
from pondasi.places import name_place
from pondasi.plan.case import Case, load_case
from pondasi.plan.futures import grow_tree, name_nodes
from pondasi.plan.summary import summarise_case
from pondasi.report.coverage_page import render_coverage
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.shock_form import load_form
from pondasi.stress.shock_library import load_shocks
from pondasi.stress.shocks import Interval
from pondasi.tables.dictionary import Column, load_dictionary, read_resource
from pondasi.tables.rows import index_rows, list_rows

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- made by tools/generate_docs.py; do not edit -->"
WIDTH = 100
LISTED = 3
CITED = 4
"""Sources that the page of steps names for each of them."""
RATED = {
    "Traits": "traits",
    "Indicators": "indicators",
    "Traits of steps": "step_traits",
    "Parameters of a plan": "parameters",
}
"""Headings of the lists whose entries each have one unit and one range."""


def make_pages() -> dict[str, str]:
    """Return every generated page by its path under docs/."""
    return {
        "data/dictionary.md": write_dictionary(),
        "data/coverage.md": render_coverage(load_chain(), Words("en")),
        "data/trade-audit.md": write_trade_audit(),
        "data/steps.md": write_steps(),
        "data/shocks.md": write_shocks(),
        "command-line.md": write_command_line(),
    }


def write_dictionary() -> str:
    """Return the dictionary of all tables as Markdown."""
    dictionary = load_dictionary()
    lines = [MADE, "# The tables and their columns", ""]
    lines += [
        "Checks, Excel templates and this page are made from `src/pondasi/data/dictionary`. A column marked *key* is",
        "part of what makes a row unique; *needed* means that it must not be blank. Blank means unknown, never zero.",
    ]
    for table, columns in dictionary.tables.items():
        lines += ["", f"## {table}", "", "| column | type | unit | needed | range or codes | meaning |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        lines += [_describe(column) for column in columns.values()]
    lines += ["", "## Codes", "", "| list | code | meaning |", "| --- | --- | --- |"]
    for name, codes in dictionary.codes.items():
        lines += [f"| {name} | `{code}` | {_cell(meaning['en'])} |" for code, meaning in codes.items()]
    for heading, rated in RATED.items():
        lines += ["", f"## {heading}", "", "| name | unit | range | meaning |", "| --- | --- | --- | --- |"]
        for trait in dictionary.rated[rated].values():
            lines.append(
                f"| `{trait.name}` | {trait.unit} | {_range(trait.low, trait.high)} | {_cell(trait.meaning['en'])} |"
            )
    lines += ["", "## Units", "", "| unit | meaning | in base units |", "| --- | --- | --- |"]
    for unit in dictionary.units.values():
        lines.append(f"| `{unit.name}` | {_cell(unit.meaning['en'])} | {unit.factor:g} {unit.base} |")
    return "\n".join([*lines, ""])


def write_trade_audit() -> str:
    """Return the largest differences between shares of production and of exports as Markdown."""
    world = load_world()
    names = dict(zip(world.chain.nodes["node"], world.chain.nodes["name_en"], strict=True))
    lines = [MADE, "# Shares of production against shares of exports", ""]
    lines += [
        "Where a code of the Harmonized System covers the goods of some nodes (`concordance.csv`), the places of",
        "production of the chain are held against exports. They need not agree: exports leave out what is used at home,",
        "count goods that pass through, and book a whole machine where it is put together. These are the largest",
        "differences, in points of the world's total.",
        "",
        "| goods | HS | place | produced | exported | year | difference | reading |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in list_rows(world.companions["trade_audit"]):
        goods = ", ".join(names[node] for node in row["nodes"].split("|")[:LISTED])
        more = " and others" if row["nodes"].count("|") >= LISTED else ""
        shares = " | ".join(f"{100 * row[name]:.0f} %" for name in ("location_share", "export_share"))
        lines.append(
            f"| {goods}{more} | {row['hs']} | {name_place(row['country'])} | {shares} | {row['year']} | "
            f"{100 * row['difference']:+.0f} | {_cell(row['reading_en'])} |"
        )
    return "\n".join([*lines, ""])


def write_steps() -> str:
    """Return the catalogue of steps of every case that holds a plan as Markdown."""
    world = load_world()
    lines = [MADE, "# The catalogue of steps", ""]
    lines += [
        "What each step costs, how long it takes, what it gives, and on which sources that rests; one module of each.",
        "Money in million US dollars of 2025, with its interval. Grades: *exact* is stated by the source, *estimated* is",
        "derived from sources (the note of the row says how), *assumed* is judgement or memory. The chance is that of the",
        "whole step at base terms and rests on judgement in at least one stage. How the tables fit together, what was",
        "audited and which figures are weakest: [the case of a plan](plan-case.md).",
    ]
    for country in list_cases():
        if (case_path(country) / "steps.csv").exists():
            lines += _write_case(load_case(country, world))
    return "\n".join([*lines, ""])


def _write_case(case: Case) -> list[str]:
    summary = summarise_case(case)
    dictionary = load_dictionary()
    lines = ["", f"## {name_place(case.country)}", "", "| pillar | steps | exact | estimated | assumed |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for pillar, row in summary.step_grades.iterrows():
        counts = " | ".join(str(row[grade]) for grade in ("exact", "estimated", "assumed"))
        name = dictionary.codes["pillar"][pillar]["en"]
        lines.append(f"| {name} | {summary.steps.loc[pillar, 'steps']} | {counts} |")
    assumed, sourced = 100 * summary.assumed_share, 100 * summary.sourced_capex
    lines += ["", "Rows of the tables that describe steps, by pillar and grade. Over all tables of the case"]
    lines += [
        f"{assumed:.0f} % of the rows are assumed; of the capital cost {sourced:.0f} % rests on sources that were read."
    ]
    for family, meaning in dictionary.codes["step_family"].items():
        steps = [row for row in list_rows(case.tables["steps"]) if row["family"] == family]
        if steps:
            lines += ["", f"### {name_place(case.country)}: {meaning['en'].lower()}", ""]
            lines += [
                "| step | capital cost | running cost a year | years to first output | output | chance | with | sources |"
            ]
            lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
            lines += [_write_step(case, row) for row in steps]
    return lines + _write_tree(case)


def _write_step(case: Case, step: dict[str, Any]) -> str:
    name = step["step"]
    costs, nodes = case.frame("step_costs"), case.frame("step_nodes")
    traits, names = case.frame("step_traits"), case.world.chain.nodes.set_index("node")["name_en"]
    capital = _money(costs.loc[(name, "capex")]) if (name, "capex") in costs.index else "none"
    lead = traits.loc[(name, "lead_years")]
    output = [
        f"{names[node]} {_money(row)}"
        for (owner, node, effect), row in nodes.iterrows()
        if owner == name and effect == "capacity"
    ]
    partners = [partner for owner, partner in case.options.index if owner == name and partner != case.country]
    alone = (name, case.country) in case.options.index
    cells = [
        f"{_cell(step['name_en'])} (`{name}`)",
        capital,
        _money(costs.loc[(name, "opex")]),
        f"{lead['value']:g} ({lead['low']:g} to {lead['high']:g}), {lead['grade']}",
        "; ".join(output),
        f"{case.success[name]:.2f}",
        ", ".join([*(["alone"] if alone else []), *partners]),
        _cite(case, name),
    ]
    return "| " + " | ".join(cells) + " |"


def _money(row: pd.Series) -> str:
    value, low, high = (row[end] / 1e6 for end in ("value", "low", "high"))
    return f"{value:.4g} ({low:.4g} to {high:.4g}), {row['grade']}"


def _cite(case: Case, step: str) -> str:
    """Return the sources of the costs and capacity of a step that were read, the main ones first, as links."""
    sources = index_rows(pd.concat([case.world.chain.sources, case.sources]), "source")
    rows = [table[table["step"] == step] for table in (case.tables["step_costs"], case.tables["step_nodes"])]
    ids = dict.fromkeys(item for table in rows for cell in table["source"] for item in cell.split("|"))
    seen = [sources[item] for item in ids if sources[item]["evidence"] == "seen" and sources[item]["url"]]
    links = [f"[{_cell(row['publisher'])}{_year(row)}]({row['url'].replace('|', '%7C')})" for row in seen[:CITED]]
    return ", ".join(links) or "judgement"


def _year(source: dict[str, Any]) -> str:
    return "" if source["year"] is None else f" {source['year']}"


def _write_tree(case: Case) -> list[str]:
    tree = grow_tree(case)
    names, notes = name_nodes(case, tree, "en"), index_rows(case.tables["future_groups"], "group")
    joined = Counter(tree.joined.values())
    lines = ["", f"### {name_place(case.country)}: the reduced tree of futures", ""]
    ends, gates = len(grow_tree(case, full=True).leaves), " and ".join(map(str, tree.gates))
    lines += [
        f"{ends} ends of the full tree are joined into {len(tree.leaves)}; gates in {gates}.",
        "Probabilities and means of every variable are those of the full tree.",
        "",
        "| node | year | probability | nodes joined | what is joined |",
        "| --- | --- | --- | --- | --- |",
    ]
    for node, row in tree.nodes.iterrows():
        if node in notes:
            note = _cell(notes[node]["note"] or "")
            lines.append(f"| {names[node]} | {row['year']} | {row['reach']:.3f} | {joined[node]} | {note} |")
    return lines


def write_shocks() -> str:
    """Return the library of shocks, the form of one, and the rows of the backtest as Markdown."""
    library, sheet, codes = load_shocks(), load_score_rows(), load_dictionary().codes
    lines = [MADE, "# Shocks and backtests", ""]
    lines += [
        "What can be put on the chain, the form in which it is written down, and what the model is held against. The",
        "equations stand in [shocks](../model/shocks.md), sources in `data/shocks` and in the tables of the world.",
    ]
    for title, past in (("Events of the past", True), ("Events that have a name", False)):
        lines += [
            "",
            f"## {title}",
            "",
            "| shock | what happens | struck | grade | sources |",
            "| --- | --- | --- | --- | --- |",
        ]
        chosen = [shock for shock in library.shocks.values() if bool(shock.date) == past]
        for shock in sorted(chosen, key=lambda shock: (shock.date, shock.id)):
            struck = sorted({node for hit in shock.hits for node in hit.nodes})
            more = f" and {len(struck) - LISTED} more" if len(struck) > LISTED else ""
            places = sorted({place for hit in shock.hits for place in hit.countries})
            where = f"{', '.join(f'`{node}`' for node in struck[:LISTED])}{more} in {', '.join(places)}"
            when = f"{shock.date}: " if past else ""
            lines.append(
                f"| `{shock.id}` | {when}{_cell(shock.descriptions['en'])} | {_cell(where)} | {shock.grade} | "
                f"{', '.join(f'`{source}`' for source in shock.sources)} |"
            )
    lines += [
        "",
        "## The form",
        "",
        "| key | type | needed | range or codes | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for item in load_form().values():
        column = item.column
        limits = f"`{column.codes}`" if column.codes else _range(column.low, column.high)
        needed = "needed" if item.required else ""
        lines.append(f"| `{item.key}` | {item.type} | {needed} | {limits} | {_cell(column.meaning['en'])} |")
    lines += ["", "## Rows of the backtest", ""]
    lines += [
        "Losses and nulls that count are one per independent event. Observed figures with their interval; beside them the",
        "naive figure, share times weeks of full outage.",
        "",
        "| row | event | kind | counts | why, or why not | observed | naive | unit |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in sheet.rows:
        seen = "" if row.observed is None else _span(row.observed)
        naive = "" if row.naive is None else f"{row.naive.value:,.10g}"
        reason = _cell(codes["score_reason"][row.reason]["en"])
        counts = "yes" if row.counted else "no"
        lines.append(
            f"| `{row.row}` | {row.event} | {row.kind} | {counts} | {reason} | {seen} | {naive} | {row.unit} |"
        )
    return "\n".join([*lines, *_list_settings(), ""])


def _list_settings() -> list[str]:
    """Return the states of the market that events struck, and what is left out when an event is scored."""
    lines = [
        "",
        "## States of the market",
        "",
        "From figures of the time that are no outcome; what a state means for stocks and spare capacity stands in",
        "`data/backtests/market_traits.csv`.",
        "",
        "| event | nodes | of | state | grade | sources | why |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in read_resource("backtests/event_markets.csv"):
        nodes = ", ".join(f"`{node}`" for node in row["nodes"].split("|"))
        sources = ", ".join(f"`{source}`" for source in row["source"].split("|"))
        part = [row["event"], nodes, f"`{row['trait']}`", row["market"], row["grade"], sources, _cell(row["note"])]
        lines.append(f"| {' | '.join(part)} |")
    lines += [
        "",
        "## Set with an event in sight",
        "",
        "Left out when that event is scored: the figure of the class of the node takes its place, or the one given here.",
        "",
        "| event | node | trait | instead |",
        "| --- | --- | --- | --- |",
    ]
    for row in read_resource("backtests/set_with.csv"):
        instead = f"{row['value']} ({row['low']} to {row['high']}): {_cell(row['note'])}" if row["value"] else "class"
        lines.append(f"| {row['event']} | `{row['node']}` | `{row['trait']}` | {instead} |")
    return lines


def _span(interval: Interval) -> str:
    return f"{interval.value:,.10g} ({interval.low:,.10g} to {interval.high:,.10g})"


def write_command_line() -> str:
    """Return the help of every verb as Markdown."""
    group = make_group(Words("en"))
    context = click.Context(group, info_name="pondasi", max_content_width=WIDTH, terminal_width=WIDTH)
    lines = [MADE, "# The command line", "", "```text", group.get_help(context), "```"]
    lines += _list_verbs(group, context, "##")
    lines += ["", "Exit codes: 0 done; 1 the answer is negative; 2 the call is wrong; 3 the input has problems;"]
    lines += ["4 an extra or a program is missing; 5 interrupted."]
    return "\n".join([*lines, ""])


def _list_verbs(group: click.Group, context: click.Context, level: str) -> list[str]:
    lines = []
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        if command is None:
            continue
        inner = click.Context(command, parent=context, info_name=verb, max_content_width=WIDTH, terminal_width=WIDTH)
        lines += ["", f"{level} {verb}", "", "```text", command.get_help(inner), "```"]
        if isinstance(command, click.Group):
            lines += _list_verbs(command, inner, level + "#")
    return lines


def _describe(column: Column) -> str:
    need = "key" if column.key else ""
    need = ", ".join(part for part in (need, "needed" if column.required else "") if part)
    limits = f"`{column.codes}`" if column.codes else _range(column.low, column.high)
    meaning = _cell(column.meaning["en"])
    return f"| `{column.name}` | {column.type} | {column.unit or ''} | {need} | {limits} | {meaning} |"


def _range(low: float | None, high: float | None) -> str:
    return (
        ""
        if low is None and high is None
        else f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for name, page in make_pages().items():
        target = DOCS / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8", newline="\n")
        print(target.relative_to(DOCS.parent))
