"""Write the pages of docs/ that are made from data and code: dictionary, command line, coverage.

Run it after a change of the dictionary, the command line or the world data: ``python tools/generate_docs.py``.
``tests/test_docs.py`` compares the pages with what this would write.
"""

from __future__ import annotations

from pathlib import Path

import click

from pondasi import Words, load_chain, load_world
from pondasi.cli.app import make_group
from pondasi.places import name_place
from pondasi.report.coverage_page import render_coverage
from pondasi.tables.dictionary import Column, load_dictionary
from pondasi.tables.rows import list_rows

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- made by tools/generate_docs.py; do not edit -->"
WIDTH = 100
LISTED = 3
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
