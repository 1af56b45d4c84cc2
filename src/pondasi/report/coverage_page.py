"""The coverage page: per node and country what is exact, estimated, assumed or unknown, with sources and years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.chain.coverage import count_grades, weigh_doubt, weigh_grades, weigh_links
from pondasi.facts import GRADES
from pondasi.report.numbers import Numbers
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from pondasi.chain.records import Chain
    from pondasi.chain.shares import Basis
    from pondasi.words import Words

BASES: tuple[Basis, ...] = ("location", "control")


def render_coverage(chain: Chain, words: Words) -> str:
    """Return the page as Markdown; a test renders it again and compares.

    Example
    -------
    >>> from pondasi import Words, load_chain
    >>> render_coverage(load_chain(), Words("en")).startswith("# ")
    True
    """
    numbers = Numbers(words)
    pack = f"{chain.id}-{chain.version} ({chain.hash[:16]})"
    lines = [f"# {words.say('coverage.title')}", "", words.say("coverage.intro", pack=pack), ""]
    grades = [words.say(f"grade.{grade}") for grade in GRADES]
    lines += _head([words.say("brief.column.table"), *grades])
    for row in list_rows(count_grades(chain).reset_index()):
        lines.append(_line([words.say(f"table.{row['table']}"), *(str(row[grade]) for grade in GRADES)]))
    lines += ["", words.say("coverage.weights"), ""]
    lines += _head([words.say("coverage.basis"), *grades])
    for basis in BASES:
        mean = weigh_grades(chain, basis).mean()
        meaning = load_dictionary().codes["basis"][basis][words.language]
        lines.append(_line([meaning, *(numbers.percent(float(mean[grade])) for grade in GRADES)]))
    lines += ["", words.say("evidence.links"), ""]
    lines += _head([words.say("evidence.role"), *grades])
    for role, part in weigh_links(chain).iterrows():
        meaning = load_dictionary().codes["role"][str(role)][words.language]
        lines.append(_line([meaning, *(numbers.percent(float(part[grade])) for grade in GRADES)]))
    lines += ["", words.say("evidence.doubt"), ""]
    lines += _head([words.say("evidence.reading"), words.say("evidence.nodes"), words.say("evidence.sales")])
    for reading in ("graded", "strict"):
        doubt = weigh_doubt(chain, strict=reading == "strict")
        lines.append(
            _line([words.say(f"evidence.{reading}"), *(numbers.percent(doubt[by], 3) for by in ("nodes", "sales"))])
        )
    shares = chain.shares
    rows = list_rows(shares[shares["firm"].isna()])
    for node in list_rows(chain.nodes):
        lines += _write_node(node, [row for row in rows if row["node"] == node["node"]], words, numbers)
    return "\n".join([*lines, ""])


def _write_node(node: dict[str, Any], rows: list[dict[str, Any]], words: Words, numbers: Numbers) -> list[str]:
    market = words.say("grade.unknown") if node["market_usd"] is None else numbers.money(node["market_usd"])
    year = "" if node["market_year"] is None else str(node["market_year"])
    head = words.say("coverage.node", market=market, year=year, grade=words.say(f"grade.{node['grade']}"))
    lines = ["", f"## {node[f'name_{words.language}']} (`{node['node']}`)", "", head, ""]
    by_basis = {basis: [row for row in rows if row["basis"] == basis] for basis in BASES}
    for basis, found in by_basis.items():
        parts = []
        for grade in GRADES:
            named = [row for row in found if (row["grade"] if row["share"] is not None else "unknown") == grade]
            if named:
                places = ", ".join(
                    _name_share(row, numbers) for row in sorted(named, key=lambda row: -(row["share"] or 0))
                )
                parts.append(f"{words.say(f'grade.{grade}')}: {places}")
        meaning = load_dictionary().codes["basis"][basis][words.language]
        lines.append(f"- {meaning}: " + ("; ".join(parts) or words.say("grade.unknown")))
    cells = [row["source"] for row in [node, *rows]]
    sources = dict.fromkeys(source for cell in cells for source in cell.split("|"))
    years = sorted({row["year"] for row in rows if row["year"] is not None})
    span = f"{years[0]}-{years[-1]}" if years else words.say("grade.unknown")
    lines.append("- " + words.say("coverage.sources", years=span, sources=", ".join(f"`{name}`" for name in sources)))
    return lines


def _name_share(row: dict[str, Any], numbers: Numbers) -> str:
    return row["country"] if row["share"] is None else f"{row['country']} {numbers.percent(row['share'])}"


def _head(cells: list[str]) -> list[str]:
    return [_line(cells), "|" + " --- |" * len(cells)]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
