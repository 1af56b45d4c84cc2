"""Read the ETO set (Advanced Semiconductor Supply Chain Dataset) as the tables of a chain.

Names, types and units are brought to the dictionary's; nothing is modelled. What the set does not state
stays unknown: what part of its sales an input sells to which step, how far types replace each other, all
traits, and every interval. Where the two do not fit, this is what is done, and each row's note says it:

- Shares are by head office (basis control). 'Various countries', 'Various' and 'EUR' are no countries: in
  their place stands a row for the rest of the world of unknown size, so that the remainder stays unknown.
- The market of a family includes its types, while a market in a chain is what is sold beyond them. Where a
  type has a market of its own, the family's is therefore left blank and stands in the note.
- Firms that together pass their country by the rounding of percentages are scaled to it; so are countries
  that together pass one by more than the check lets through.
- Shares of whole stages have no node to stand at and are left out.
- Role and essentiality of links follow the type of the input (``data/sources/eto.toml``): a choice of this
  project. The set does not rank inputs, so each is taken as critical.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.errors import DataError
from pondasi.sources.eto_set import COLUMNS, MARKET, WHOLE_SET, Citations, EtoSet, check_cells, read_year
from pondasi.sources.eto_shares import make_shares
from pondasi.sources.rows import read_rows
from pondasi.tables.dictionary import load_dictionary

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.errors import Problem
    from pondasi.sources.eto_set import Record
    from pondasi.sources.registry import SourceSet


def read_eto(folder: Path, source: SourceSet) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Return the tables of a chain, and how many rows have no place in them, by kind.

    Raises
    ------
    DataError
        With all cells that cannot be read, which only another version than the registered one has.
    """
    problems: list[Problem] = []
    rows = {name: read_rows(folder / f"{name}.csv", columns, problems) for name, columns in COLUMNS.items()}
    if not problems:
        problems = [*check_cells(rows)]
    if problems:
        raise DataError(problems, "source_not_read", name=source.name)
    eto = EtoSet(rows, Citations(source))
    left_out: Counter[str] = Counter()
    records: dict[str, list[Record]] = {
        "nodes": _make_nodes(eto, left_out),
        "links": _make_links(eto),
        "variants": _make_variants(eto),
        "shares": make_shares(eto, left_out),
        "traits": [],
        "sources": eto.citations.rows,
    }
    columns_of = load_dictionary().tables
    return {name: pd.DataFrame(found, columns=list(columns_of[name])) for name, found in records.items()}, dict(
        left_out
    )


def _make_nodes(eto: EtoSet, left_out: Counter[str]) -> list[Record]:
    sums = {family for name in eto.markets for family in eto.reach(name, [eto.families])}
    records: list[Record] = []
    for row in eto.rows["inputs"]:
        name, reading, stated = row["input_id"], eto.readings[row["input_id"]], row[MARKET]
        money = eto.markets.get(name)
        notes = [f"ETO input {name}", "name in English only"]
        if money is not None and name in sums:
            left_out["families"] += 1
            notes.append(f"stated with its types: {stated}")
            money = None
        elif money is not None and money.scope:
            notes.append(f"stated for: {money.scope}; taken as the market of this node")
        elif money is None and stated:
            notes.append(f"no amount: {stated}")
        records.append(
            {
                "node": eto.nodes[name],
                "stage": reading["stage"],
                "pillar": _find_pillar(eto, name),
                "kind": reading["kind"],
                **{f"name_{language}": row["input_name"] for language in ("en", "id", "ja")},
                "market_usd": money.value if money else None,
                "market_low": None,
                "market_high": None,
                "market_year": (money.year or read_year(row)) if money else None,
                "grade": "assumed" if money and money.scope else "estimated",
                "source": eto.cite(row["market_share_chart_source"]),
                "note": "; ".join(notes),
            }
        )
    return records


def _find_pillar(eto: EtoSet, name: str) -> str | None:
    """Return the pillar of an input, or of the nearest one that it goes into or is a type of."""
    reached = [name, *eto.reach(name, [eto.users, eto.families])]
    return next((pillar for item in reached if (pillar := eto.readings[item].get("pillar"))), None)


def _make_links(eto: EtoSet) -> list[Record]:
    return [
        {
            "supplier": eto.nodes[row["input_id"]],
            "user": eto.nodes[row["goes_into_id"]],
            "role": eto.readings[row["input_id"]]["role"],
            "essentiality": "critical",
            "sales_share": None,
            "low": None,
            "high": None,
            "year": None,
            "grade": "assumed",
            "source": WHOLE_SET,
            "note": "sales share not stated; role by the type of the input; essentiality assumed",
        }
        for row in eto.rows["sequence"]
        if row["goes_into_id"]
    ]


def _make_variants(eto: EtoSet) -> list[Record]:
    return [
        {
            "variant": eto.nodes[row["input_id"]],
            "family": eto.nodes[row["is_type_of_id"]],
            "substitution": None,
            "low": None,
            "high": None,
            "year": None,
            "grade": "estimated",
            "source": WHOLE_SET,
            "note": "substitution not stated",
        }
        for row in eto.rows["sequence"]
        if row["is_type_of_id"]
    ]
