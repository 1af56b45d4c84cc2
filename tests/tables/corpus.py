"""Broken packs, each with the faults that were planted in it and where: what `check_pack` must name."""

import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.formula import ArrayFormula

from pondasi.tables.dictionary import load_dictionary
from tests.tables.packs import (
    DAY,
    HEAD,
    Edit,
    Tables,
    column_of,
    csv_text,
    make_book,
    put,
    set_cell,
    typed_tables,
    valid_tables,
    write_book,
    write_csv,
    write_parquet,
)


@dataclass(frozen=True)
class Fault:
    """A finding that must be there; a part of None may be anything."""

    key: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    level: str = "error"
    says: str = ""
    """What the text must contain, such as the right guess."""


@dataclass(frozen=True)
class Case:
    """A broken pack; ``also`` are keys of errors that follow from the planted ones."""

    name: str
    build: Callable[[Path], Path]
    faults: tuple[Fault, ...]
    also: frozenset[str] = frozenset()


BOOK = "pack.xlsx"
TICK = True


def in_csv(name: str, edit: Edit, *faults: Fault, head: Mapping[str, str] = HEAD, also: Iterable[str] = ()) -> Case:
    """Return a folder of CSV files with an edit of the valid tables."""

    def build(folder: Path) -> Path:
        tables = valid_tables()
        edit(tables)
        return write_csv(folder / "pack", tables, head)

    return Case(f"csv: {name}", build, faults, frozenset(also))


def in_book(
    name: str,
    edit: Callable[[Workbook], object],
    *faults: Fault,
    tables: Edit = lambda _: None,
    head: Mapping[str, str] = HEAD,
    also: Iterable[str] = (),
) -> Case:
    """Return a workbook with an edit of the valid tables, then one of the workbook itself."""

    def build(folder: Path) -> Path:
        edited = typed_tables(valid_tables())
        tables(edited)
        book = make_book(edited, head)
        edit(book)
        return write_book(folder / BOOK, book)

    return Case(
        f"xlsx: {name}", build, tuple(replace(fault, file=fault.file or BOOK) for fault in faults), frozenset(also)
    )


def in_parquet(name: str, edit: Edit, *faults: Fault, also: Iterable[str] = ()) -> Case:
    """Return a folder of Parquet files with an edit of the valid tables, numbers as numbers."""

    def build(folder: Path) -> Path:
        tables = typed_tables(valid_tables())
        edit(tables)
        return write_parquet(folder / "pack", tables)

    return Case(f"parquet: {name}", build, faults, frozenset(also))


def on_disk(name: str, edit: Callable[[Path], object], *faults: Fault, also: Iterable[str] = ()) -> Case:
    """Return the valid folder of CSV files after an edit of its files."""

    def build(folder: Path) -> Path:
        pack = write_csv(folder / "pack", valid_tables())
        edit(pack)
        return pack

    return Case(f"folder: {name}", build, faults, frozenset(also))


def as_file(name: str, file: str, edit: Callable[[Path], object], *faults: Fault) -> Case:
    """Return a single file that ``edit`` makes; a valid workbook stands there before."""

    def build(folder: Path) -> Path:
        path = write_book(folder / file, make_book(typed_tables(valid_tables())))
        edit(path)
        return path

    return Case(f"file: {name}", build, faults)


def cell(
    table: str,
    row: int,
    column: str,
    value: object,
    key: str,
    says: str = "",
    *,
    level: str = "error",
    also: Iterable[str] = (),
    at: tuple[int, str] | None = None,
    forms: str = "csv xlsx",
) -> list[Case]:
    """Return the pack with one bad cell, in each form; rows count from one below the header, which is row 1.

    ``at`` is where the fault shows, if it is not that cell.
    """
    shown = f"{key}: {table} {row} {column} = {str(value)[:24]!r}"
    where = at or (row, column)
    fault = Fault(key, None, None, where[0] + 1, where[1], level, says)

    def edit(tables: Tables) -> None:
        put(tables, table, row, column, value)

    cases = []
    if "csv" in forms:
        cases.append(in_csv(shown, edit, replace(fault, file=f"{table}.csv"), also=also))
    if "xlsx" in forms:
        cases.append(in_book(shown, lambda _: None, replace(fault, sheet=table), tables=edit, also=also))
    if "parquet" in forms:
        cases.append(in_parquet(shown, edit, replace(fault, file=f"{table}.parquet", row=where[0]), also=also))
    return cases


DANGLING = ("reference_unknown", "reference_unknown_guess")

CELLS = [
    # --- numbers as people type them, in a file that declares no locale
    *cell("nodes", 2, "market_usd", "16,185", "number_two_readings", "16.185 (sixteen point one eight five)"),
    *cell("nodes", 2, "market_usd", "1.200.000.000", "number_other_locale", "one billion, two hundred million"),
    *cell("nodes", 2, "market_usd", "12,000,000,000", "number_other_locale", "twelve billion"),
    *cell("nodes", 2, "market_usd", "12 000 000 000", "number_other_locale", "12000000000"),
    *cell("nodes", 2, "market_usd", "12\u00a0000\u00a0000\u00a0000", "number_other_locale", "12000000000"),
    *cell("nodes", 2, "market_usd", "12'000'000'000", "number_other_locale", "12000000000"),
    *cell("shares", 1, "share", "0,52", "number_other_locale", "0.52 (zero point five two)"),
    *cell("shares", 1, "share", "５２％", "number_percent", "Write 0.52."),
    *cell("shares", 1, "share", "52 %", "number_percent", "Write 0.52."),
    *cell("shares", 1, "share", "52,5 %", "number_percent", "Write 0.525."),
    *cell("shares", 1, "share", "10²", "number_with_text"),
    *cell("shares", 1, "share", "-", "not_a_number", "leave the cell blank"),
    *cell("shares", 1, "share", "n/a", "not_a_number", "leave the cell blank"),
    *cell("shares", 1, "share", "NaN", "not_a_number"),
    *cell("shares", 1, "share", "inf", "not_a_number"),
    *cell("shares", 1, "share", "0.5.2", "not_a_number"),
    *cell("shares", 1, "share", "'0.52", "not_a_number"),
    *cell("shares", 1, "share", "約0.5", "number_with_text"),
    *cell("nodes", 2, "market_usd", "16,185 juta", "number_with_text", "juta"),
    *cell("nodes", 2, "market_usd", "Rp 12 miliar", "number_with_text", "alone"),
    *cell("nodes", 2, "market_usd", "$12", "number_with_text"),
    *cell("nodes", 2, "market_usd", "120億", "number_with_text"),
    *cell("nodes", 2, "market_usd", "1e400", "number_beyond_range", "exponent"),
    *cell("nodes", 2, "market_usd", "1e-400", "number_beyond_range", "exponent"),
    *cell("nodes", 2, "market_usd", "9e14", "number_out_of_range", "USD/year"),
    *cell("shares", 1, "share", "0.5\u200b2", "cell_invisible", "(U+200B)"),
    *cell("shares", 1, "share", "\u22120.52", "number_out_of_range", "0 to 1 (fraction)"),
    *cell("shares", 1, "share", -0.52, "number_out_of_range"),
    *cell("shares", 12, "share", 62, "number_out_of_range_percent", "write 0.62"),
    *cell("shares", 1, "year", "24", "year_out_of_range", "four digits"),
    *cell("shares", 1, "year", "FY2024", "not_a_year", "2025"),
    *cell("shares", 1, "year", "2,024", "not_a_year"),
    *cell("traits", 1, "value", "1e3", "trait_out_of_range", "(weeks)", also=["interval_order"]),
    *cell("traits", 2, "value", -0.1, "trait_out_of_range", "utilisation", also=["interval_order"]),
    # --- ids, codes, countries, lists
    *cell("links", 1, "supplier", "Polysilicon", "not_an_id_guess", "'polysilicon'"),
    *cell("links", 1, "supplier", "poly silicon", "not_an_id_guess", "'poly_silicon'"),
    *cell("links", 1, "supplier", "polysi\u200blicon", "cell_invisible", "'polysilicon'"),
    *cell("nodes", 3, "node", "露光装置", "not_an_id", "wafer_300", also=DANGLING),
    *cell("links", 1, "supplier", "polysilicom", "reference_unknown_guess", "'polysilicon'"),
    *cell("links", 1, "supplier", "xyz", "reference_unknown", "Add it there"),
    *cell("links", 1, "role", "flows", "code_unknown_guess", "'flow'"),
    *cell("links", 1, "role", "Flow", "code_unknown_guess", "'flow'"),
    *cell("links", 1, "role", "xyzzy", "code_unknown", "capital"),
    *cell("traits", 1, "trait", "inventory_week", "code_unknown_guess", "'inventory_weeks'"),
    *cell("traits", 1, "unit", "week", "code_unknown_guess", "'weeks'"),
    *cell("nodes", 1, "grade", "estimate", "code_unknown_guess", "'estimated'"),
    *cell("shares", 3, "country", "Jepang", "country_unknown_guess", "JPN"),
    *cell("shares", 3, "country", "Japn", "country_unknown_guess", "JPN"),
    *cell("shares", 3, "country", "日本", "country_unknown_guess", "JPN"),
    *cell("shares", 3, "country", "jpn", "country_unknown_guess", "JPN"),
    *cell("shares", 3, "country", "12345", "country_unknown", "ROW"),
    *cell("shares", 1, "source", "src_a, src_b", "list_item_guess", "Did you mean 'src_a|src_b'?"),
    *cell("shares", 1, "source", "報告書", "list_item"),
    *cell("shares", 1, "source", "src_a|src_a", "list_twice", "'src_a'"),
    *cell("shares", 1, "source", "src_a|", "list_blank_item"),
    *cell("shares", 1, "source", "src_a|srcb", "reference_unknown_guess", "'src_b'"),
    *cell("sources", 1, "url", "www.example.org", "not_a_url", "https://"),
    # --- texts
    *cell("nodes", 1, "note", "a\u0007b", "cell_control", "U+0007", forms="csv parquet"),
    *cell("nodes", 1, "note", "a_x005F_x0007_b", "cell_control", "x005F_", forms="csv parquet"),
    *cell("nodes", 1, "note", "pure\u200b silicon", "text_invisible", "U+200B", level="warning"),
    *cell(
        "nodes",
        1,
        "note",
        "あ" * 32_768,
        "text_too_long",
        "32768 signs; a cell of a spreadsheet holds 32767",
        forms="csv parquet",
    ),
    *cell("nodes", 1, "name_en", "", "cell_required", "Fill it in"),
    *cell("nodes", 1, "name_ja", " \u3000 ", "cell_required"),
    *cell("nodes", 1, "name_ja", "\u200b", "text_invisible", level="warning", also=["cell_required"]),
    *cell("links", 1, "user", "", "cell_required"),
    *cell(
        "shares",
        8,
        "firm",
        "Sumco",
        "firm_spelled_twice",
        "'Sumco' in row 9",
        level="warning",
        at=(9, "firm"),
        also=["firms_above_country"],
    ),
    # --- what must hold beyond a cell
    *cell("shares", 1, "low", 0.55, "interval_order", "low is 0.55, but share is 0.52", at=(1, "share")),
    *cell("shares", 2, "high", 0.2, "interval_order", "share is 0.3, but high is 0.2", at=(2, "share")),
    *cell("shares", 4, "share", 0.55, "firms_above_country", "more than the 0.52", also=["interval_order"]),
    *cell("links", 6, "user", "chip_logic", "self_loop", "'chip_logic' supplies itself"),
    *cell(
        "links", 4, "sales_share", 0.9, "sales_above_one", "1.025 times its sales (rows 5, 6)", at=(5, "sales_share")
    ),
    *cell("shares", 12, "share", 0.66, "shares_above_one", "add up to 1.04 (rows 13, 14)", at=(13, "share")),
    *cell("shares", 12, "share", 0.5, "shares_below_one", "add up to 0.88", level="warning", at=(13, "share")),
    *cell("shares", 12, "share", 0.61, "shares_rescaled", "add up to 0.99", level="note", at=(13, "share")),
    *cell("shares", 1, "share", "", "shares_remainder_unknown", "kept as unknown", level="note", at=(3, "share")),
    *cell("shares", 1, "share", "", "figure_unknown", "not taken as zero", level="note"),
    *cell("nodes", 1, "source", "src_b|judgement", "grade_too_high", "(src_b|judgement)", at=(1, "grade")),
    *cell(
        "nodes",
        5,
        "market_usd",
        45e9,
        "value_added_negative",
        "'chip_logic' buys inputs for 51,000,000,000",
        also=["interval_order"],
    ),
    *cell("variants", 1, "family", "chip_mcu", "variant_cycle", "chip_mcu -> chip_mcu"),
    *cell("traits", 4, "unit", "weeks", "unit_of_trait_convert", "Write 0.0384615 years instead of 2 weeks"),
    *cell("traits", 4, "unit", "USD", "unit_of_trait", "Convert the value"),
    *cell("shares", 1, "low", "", "interval_missing", "both ends", level="warning"),
    *cell("shares", 12, "low", 0.6, "interval_missing", level="warning", at=(12, "high")),
    *cell("shares", 1, "year", "", "year_missing", level="warning"),
    *cell(
        "shares",
        11,
        "country",
        "NLD",
        "key_twice",
        "'tool_litho / NLD / location' stands in row 11 already",
        at=(11, "node"),
    ),
    # --- what a spreadsheet or a program makes of a cell
    *cell("shares", 1, "share", DAY, "cell_is_date", "Format the column", forms="xlsx parquet"),
    *cell("nodes", 1, "note", DAY, "cell_is_date", forms="xlsx"),
    *cell("shares", 1, "year", DAY, "cell_is_date", forms="xlsx"),
    *cell("nodes", 1, "note", TICK, "cell_is_boolean", "TRUE or FALSE", forms="xlsx parquet"),
    *cell("shares", 1, "share", TICK, "cell_is_boolean", forms="xlsx"),
    *cell("nodes", 1, "note", b"abc", "cell_kind", "bytes", forms="parquet"),
]


def add_row(table: str, row: list[Any]) -> Edit:
    return lambda tables: tables[table].append(row)


def rename(table: str, column: str, name: str) -> Edit:
    def edit(tables: Tables) -> None:
        tables[table][0][column_of(table, column)] = name

    return edit


def drop_column(table: str, column: str) -> Edit:
    def edit(tables: Tables) -> None:
        for row in tables[table]:
            del row[column_of(table, column)]

    return edit


def add_column(table: str, *cells: object) -> Edit:
    def edit(tables: Tables) -> None:
        for position, row in enumerate(tables[table]):
            row.append(cells[position] if position < len(cells) else "")

    return edit


def keep_rows(table: str, count: int) -> Edit:
    def edit(tables: Tables) -> None:
        del tables[table][count:]

    return edit


def cycle(tables: Tables) -> None:
    tables["variants"].append(["chip_logic", "fab_logic", "0.3", "0.1", "0.5", "2024", "assumed", "judgement", ""])
    tables["variants"].append(["fab_logic", "chip_mcu", "0.3", "0.1", "0.5", "2024", "assumed", "judgement", ""])


def many(tables: Tables) -> None:
    """Plant faults of many kinds in every table."""
    put(tables, "nodes", 1, "stage", "material")
    put(tables, "nodes", 2, "market_usd", "16,185")
    put(tables, "links", 2, "user", "fab_logik")
    put(tables, "links", 6, "user", "chip_logic")
    put(tables, "shares", 3, "country", "Japan")
    put(tables, "shares", 10, "share", "85%")
    put(tables, "traits", 4, "unit", "weeks")
    put(tables, "sources", 1, "url", "semi.org")
    put(tables, "variants", 1, "family", "chip_mcu")
    tables["links"].append(tables["links"][1])


def indonesian(tables: Tables) -> None:
    """Write every number as Indonesia does."""
    for name, (header, *rows) in tables.items():
        columns = load_dictionary().tables[name]
        for row in rows:
            for position, column in enumerate(header):
                if columns[column].type == "number":
                    row[position] = row[position].replace(".", ",")


GROUPED = {1: 1_500_000_000, 2: 12_000_000_000, 3: 20_000_000_000, 4: 60_000_000_000}

CONTROL = [
    "ctl",
    "tool_litho|wafer_300",
    "USA|NLD",
    "",
    "CHN",
    "countries",
    "tools",
    "alat",
    "装置",
    "in_force",
    "2024-09-01",
    "",
    "2026-12",
    "exact",
    "src_a",
    "",
]
HAZARD = [
    "quake",
    "Quake",
    "Gempa",
    "地震",
    "earthquake",
    "JPN",
    "wafer_300",
    "0.05",
    "0.02",
    "0.1",
    "0.5",
    "0.2",
    "0.8",
    "country",
    "12",
    "4",
    "26",
    "estimated",
    "src_a",
    "",
]
CAPABILITY = [
    "IDN",
    "fdi_inflow",
    "21000000000",
    "20000000000",
    "22000000000",
    "USD/year",
    "2024",
    "exact",
    "src_a",
    "",
]
COMPANIONS = {"controls": CONTROL, "hazards": HAZARD, "capability": CAPABILITY}


def companion(table: str, column: str, value: str) -> Edit:
    """Add a companion table with one row, one cell of it changed."""

    def edit(tables: Tables) -> None:
        tables[table] = [list(load_dictionary().tables[table]), list(COMPANIONS[table])]
        if column:
            put(tables, table, 1, column, value)

    return edit


def beside(table: str, column: str, value: str, key: str, says: str = "", at: str = "") -> Case:
    fault = Fault(key, f"{table}.csv", None, 2, at or column, says=says)
    return in_csv(f"{table} {column} = {value!r}", companion(table, column, value), fault)


BESIDE = [
    *(in_csv(f"{table} is fine", companion(table, "", "")) for table in COMPANIONS),
    beside("controls", "start_date", "2024-13-01", "not_a_date", "YYYY-MM-DD"),
    beside("controls", "start_date", "01/09/2024", "not_a_date"),
    beside("controls", "change_date", "Sept 2024", "not_a_date"),
    beside("controls", "issuers", "USA|Belanda", "list_item_guess", "NLD"),
    beside("controls", "issuers", "USA, NLD", "list_item_guess", "'USA|NLD'"),
    beside("controls", "issuers", "USA|???", "list_item", "'???'"),
    beside("controls", "targets", "CHN|CHN", "list_twice", "'CHN'"),
    beside("controls", "nodes", "tool_lito", "reference_unknown_guess", "'tool_litho'"),
    beside("controls", "source", "judgement", "grade_too_high", at="grade"),
    beside("hazards", "loss", "0.9", "interval_order", "loss is 0.9, but loss_high is 0.8"),
    beside("hazards", "duration_weeks", "5000", "number_out_of_range", "0 to 1,040 (weeks)"),
    beside("capability", "indicator", "fdi_inflows", "code_unknown_guess", "'fdi_inflow'"),
    beside("capability", "unit", "USD", "unit_of_trait", "'USD/year'"),
    beside("capability", "value", "1e9", "interval_order", at="value"),
]

TABLES = [
    *BESIDE,
    in_csv(
        "many faults at once",
        many,
        Fault("code_unknown_guess", "nodes.csv", None, 2, "stage", says="'materials'"),
        Fault("number_two_readings", "nodes.csv", None, 3, "market_usd"),
        Fault("reference_unknown_guess", "links.csv", None, 3, "user", says="'fab_logic'"),
        Fault("self_loop", "links.csv", None, 7, "user"),
        Fault("key_twice", "links.csv", None, 8, "supplier", says="row 2"),
        Fault("sales_above_one", "links.csv", None, 8, "sales_share"),
        Fault("country_unknown_guess", "shares.csv", None, 4, "country", says="JPN"),
        Fault("number_percent", "shares.csv", None, 11, "share"),
        Fault("unit_of_trait_convert", "traits.csv", None, 5, "unit"),
        Fault("not_a_url", "sources.csv", None, 2, "url"),
        Fault("variant_cycle", "variants.csv", None, 2, "family"),
    ),
    in_csv(
        "row twice",
        lambda tables: tables["links"].append(tables["links"][2]),
        Fault("key_twice", "links.csv", None, 8, "supplier", says="'wafer_300 / fab_logic / flow' stands in row 3"),
        also=["sales_above_one"],
    ),
    in_csv(
        "source twice",
        add_row("sources", ["src_a", "x", "y", "", "", "own", "seen", "low"]),
        Fault("key_twice", "sources.csv", None, 5, "source", says="row 2"),
    ),
    in_csv(
        "cycle of three",
        cycle,
        Fault(
            "variant_cycle", "variants.csv", None, 2, "family", says="chip_mcu -> chip_logic -> fab_logic -> chip_mcu"
        ),
        Fault("variant_cycle", "variants.csv", None, 3, "family"),
        Fault("variant_cycle", "variants.csv", None, 4, "family"),
    ),
    in_csv(
        "unused source",
        add_row("sources", ["src_c", "x", "y", "2024", "", "own", "seen", "low"]),
        Fault("source_unused", "sources.csv", None, 5, "source", "note", says="src_c"),
    ),
    in_csv(
        "unused node",
        add_row(
            "nodes",
            [
                "gallium",
                "materials",
                "material",
                "material",
                "Ga",
                "Ga",
                "Ga",
                "1",
                "1",
                "1",
                "2024",
                "exact",
                "src_a",
                "",
            ],
        ),
        Fault("node_unused", "nodes.csv", None, 9, "node", "note"),
    ),
    in_csv(
        "user gets less than it buys",
        lambda tables: put(tables, "links", 6, "sales_share", "0.42"),
        Fault("user_market_differs", "nodes.csv", None, 8, "market_usd", "warning", says="63,000,000,000"),
    ),
    # --- headers
    in_csv(
        "misspelt column",
        rename("shares", "country", "contry"),
        Fault("column_misspelt", "shares.csv", None, 1, "contry", says="'country'"),
        also=[],
    ),
    in_csv(
        "capital column",
        rename("nodes", "market_usd", "Market_USD"),
        Fault("column_misspelt", "nodes.csv", None, 1, "Market_USD", says="'market_usd'"),
    ),
    in_csv("invisible sign in a column is harmless", rename("nodes", "node", "\ufeffnode\u200b")),
    in_csv(
        "unknown column",
        add_column("nodes", "gdp", "1"),
        Fault("column_unknown", "nodes.csv", None, 1, "gdp", says="market_usd"),
    ),
    in_csv("own column is passed over", add_column("nodes", "_mine", "1")),
    in_csv(
        "missing key column", drop_column("shares", "basis"), Fault("column_missing", "shares.csv", None, 1, "basis")
    ),
    in_csv(
        "missing number column",
        drop_column("links", "sales_share"),
        Fault("column_missing", "links.csv", None, 1, "sales_share", says="leave cells blank"),
    ),
    in_csv(
        "missing note column",
        drop_column("links", "note"),
        Fault("column_missing", "links.csv", None, 1, "note", "warning"),
    ),
    in_csv("column twice", add_column("nodes", "note", "x"), Fault("header_twice", "nodes.csv", None, 1, "note")),
    in_csv(
        "cells without a name",
        add_column("nodes", "", "x"),
        Fault("header_blank", "nodes.csv", None, 1, None, says="Column O (number 15)"),
    ),
    in_csv(
        "remark",
        lambda tables: tables["nodes"].insert(3, ["# checked by hand", *[""] * 13]),
        Fault("row_is_remark", "nodes.csv", None, 4, None, "note", says="checked by hand"),
    ),
    in_csv(
        "remark over the header",
        lambda tables: tables["nodes"].insert(0, ["# my nodes"]),
        Fault("row_is_remark", "nodes.csv", None, 1, None, "note"),
    ),
    in_csv(
        "units row",
        lambda tables: tables["nodes"].insert(1, ["#unit", *[""] * 6, "MUSD/year", *[""] * 6]),
        Fault("unit_of_column", "nodes.csv", None, 2, "market_usd", says="'USD/year'"),
    ),
    in_csv(
        "units row that fits", lambda tables: tables["nodes"].insert(1, ["#unit", *[""] * 6, "USD/year", *[""] * 6])
    ),
    in_csv(
        "units row of traits",
        lambda tables: tables["traits"].insert(1, ["#unit", "", "weeks", *[""] * 7]),
        Fault("unit_of_column_by_row", "traits.csv", None, 2, "value", says="'see unit'"),
    ),
    in_csv(
        "only a header",
        keep_rows("nodes", 1),
        Fault("table_without_rows", "nodes.csv", None, 1, None, says="Add its rows"),
        also=DANGLING,
    ),
    in_csv(
        "only a header where none is needed",
        keep_rows("variants", 1),
        Fault("table_without_rows", "variants.csv", None, 1, None, "note"),
    ),
    in_csv("empty table", keep_rows("links", 0), Fault("table_empty", "links.csv")),
    # --- locales
    in_csv(
        "locale id reads a grouped number back",
        lambda tables: [indonesian(tables), put(tables, "nodes", 2, "market_usd", "12.000.000.000")],
        Fault(
            "number_read_back",
            "nodes.csv",
            None,
            3,
            "market_usd",
            "note",
            says="was read as 12000000000: twelve billion",
        ),
        head={**HEAD, "locale": "id"},
    ),
    in_csv(
        "locale id refuses English",
        lambda tables: [indonesian(tables), put(tables, "shares", 1, "share", "0.52")],
        Fault("number_other_locale", "shares.csv", None, 2, "share", says="locale 'id'"),
        head={**HEAD, "locale": "id"},
    ),
    in_csv(
        "locale en refuses Indonesian",
        lambda tables: put(tables, "shares", 1, "share", "0,52"),
        Fault("number_other_locale", "shares.csv", None, 2, "share", says="0.52"),
        head={**HEAD, "locale": "en"},
    ),
    in_csv(
        "locale ja takes full width",
        lambda tables: put(tables, "nodes", 2, "market_usd", "１２，０００，０００，０００"),
        Fault("number_read_back", "nodes.csv", None, 3, "market_usd", "note"),
        head={**HEAD, "locale": "ja"},
    ),
    in_csv(
        "four grouped numbers",
        lambda tables: [put(tables, "nodes", row, "market_usd", f"{value:,}") for row, value in GROUPED.items()],
        Fault("numbers_read_back_more", "nodes.csv", None, 5, "market_usd", "note", says="1 more number with"),
        head={**HEAD, "locale": "en"},
    ),
    in_csv(
        "an undeclared number that Indonesia groups",
        lambda tables: [
            put(tables, "nodes", 1, column, value)
            for column, value in (("market_low", "1"), ("market_usd", "16.185"), ("market_high", "20"))
        ],
        Fault("number_read_back", "nodes.csv", None, 2, "market_usd", "note", says="sixteen point one eight five"),
    ),
    in_csv(
        "unknown locale",
        lambda tables: put(tables, "links", 1, "role", "flows"),
        Fault("locale_unknown", "pack.toml", None, 3, "locale", says="'id'"),
        Fault("code_unknown_guess", "links.csv", None, 2, "role"),
        head={**HEAD, "locale": "id_ID"},
    ),
    in_csv("semicolons, declared", indonesian, head={**HEAD, "locale": "id", "delimiter": ";"}),
    in_csv("tabs, declared", lambda _: None, head={**HEAD, "delimiter": "\t"}),
    in_csv(
        "unknown delimiter",
        lambda _: None,
        Fault("delimiter_unknown", "pack.toml", None, 3, "delimiter"),
        head={**HEAD, "delimiter": "|"},
        also=["table_missing"],
    ),
    in_csv(
        "odd version",
        lambda _: None,
        Fault("head_value", "pack.toml", None, 2, "version", says="version of the pack"),
        head={"id": "small", "version": "2026/1"},
    ),
]


def set_bytes(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Return an edit of the bytes of one file of a folder."""

    def edit(pack: Path) -> None:
        (pack / name).write_bytes(change((pack / name).read_bytes()))

    return edit


def encode(codec: str) -> Callable[[bytes], bytes]:
    return lambda data: data.decode().encode(codec, errors="replace")


def lose(name: str) -> Callable[[Path], object]:
    return lambda pack: (pack / name).unlink()


def move(name: str, to: str) -> Callable[[Path], object]:
    return lambda pack: (pack / name).rename(pack / to)


def copy(name: str, to: str) -> Callable[[Path], object]:
    return lambda pack: (pack / to).write_bytes((pack / name).read_bytes())


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


FOLDERS = [
    on_disk(
        "Shift-JIS",
        set_bytes("nodes.csv", encode("cp932")),
        Fault("csv_encoding", "nodes.csv", None, 2, None, says="Shift-JIS"),
    ),
    on_disk(
        "EUC-JP",
        set_bytes("nodes.csv", encode("euc_jp")),
        Fault("csv_encoding", "nodes.csv", None, 2, None, says="EUC-JP"),
    ),
    on_disk(
        "Windows-1252",
        set_bytes("nodes.csv", swap(b"Lithography", "Lithogr\u00e4phy".encode("cp1252"))),
        Fault("csv_encoding", "nodes.csv", None, 4, None, says="Windows-1252"),
    ),
    on_disk("UTF-16", set_bytes("nodes.csv", encode("utf-16")), Fault("csv_encoding", "nodes.csv", says="UTF-16")),
    on_disk(
        "UTF-16 without its mark",
        set_bytes("nodes.csv", encode("utf-16-le")),
        Fault("csv_binary", "nodes.csv", None, 1),
    ),
    on_disk("UTF-8 with its mark is fine", set_bytes("nodes.csv", encode("utf-8-sig"))),
    on_disk("Windows line ends are fine", set_bytes("nodes.csv", lambda data: data.replace(b"\n", b"\r\n"))),
    on_disk("NUL", set_bytes("shares.csv", swap(b"DEU", b"D\x00U")), Fault("csv_binary", "shares.csv", None, 2)),
    on_disk("not text", set_bytes("shares.csv", lambda _: bytes(range(256))), Fault("csv_binary", "shares.csv")),
    on_disk(
        "semicolons, not declared",
        set_bytes("links.csv", lambda _: csv_text(valid_tables()["links"], ";").encode()),
        Fault("csv_delimiter", "links.csv", says='delimiter = ";"'),
    ),
    on_disk(
        "unclosed quote",
        set_bytes("nodes.csv", swap(b'"Wafer, 300 mm"', b'"Wafer, 300 mm')),
        Fault("csv_broken", "nodes.csv", None, 3),
    ),
    on_disk(
        "quote after a quoted cell",
        set_bytes("nodes.csv", swap(b'"Wafer, 300 mm"', b'"Wafer, 300 mm"x')),
        Fault("csv_broken", "nodes.csv", None, 3),
    ),
    on_disk(
        "stray quote",
        set_bytes("links.csv", swap(b"important", b'"important')),
        Fault("csv_broken", "links.csv", None, 6),
    ),
    on_disk(
        "cut off in a row",
        set_bytes("links.csv", lambda data: data[:-20]),
        Fault("row_too_short", "links.csv", None, 7, None, says="only 9 cells under 11 columns"),
    ),
    on_disk(
        "cut off in the last cell",
        set_bytes("links.csv", lambda data: data[:-1]),
        Fault("csv_without_end", "links.csv", None, 7, None, "note"),
    ),
    on_disk(
        "decimal comma parts a cell",
        set_bytes("shares.csv", swap(b",0.52,", b",0,52,")),
        Fault("row_too_long", "shares.csv", None, 2, None, says="A decimal comma"),
        also=["firms_above_country"],
    ),
    on_disk(
        "comma in a bare text",
        set_bytes("shares.csv", swap(b",present\n", b",present, small\n")),
        Fault("row_too_long", "shares.csv", None, 8),
    ),
    on_disk("empty file", set_bytes("variants.csv", lambda _: b""), Fault("table_empty", "variants.csv")),
    on_disk("blank file", set_bytes("variants.csv", lambda _: b" \n\n"), Fault("table_empty", "variants.csv")),
    on_disk(
        "blank lines are passed over",
        set_bytes(
            "nodes.csv", lambda data: b"\n\n" + data.replace(b"wafer_300,materials", b"\nwafer_300,materials") + b"\n\n"
        ),
    ),
    on_disk(
        "oversized cell",
        set_bytes("nodes.csv", lambda data: data + b"x" * 200_000 + b"\n"),
        Fault("csv_broken", "nodes.csv", None, 9, None),
    ),
    on_disk("missing nodes", lose("nodes.csv"), Fault("table_missing", "pack", says="template")),
    on_disk("missing links", lose("links.csv"), Fault("table_missing", "pack", level="warning")),
    on_disk("misspelt file", move("nodes.csv", "node.csv"), Fault("table_misspelt", "node.csv", says="'nodes'")),
    on_disk("capital file", move("shares.csv", "Shares.csv"), Fault("table_misspelt", "Shares.csv", says="'shares'")),
    on_disk(
        "unknown file",
        copy("nodes.csv", "zebra.csv"),
        Fault("table_unknown", "zebra.csv", level="warning", says="links"),
    ),
    on_disk(
        "copy of a file", copy("nodes.csv", "nodes (2).csv"), Fault("table_unknown", "nodes (2).csv", level="warning")
    ),
    on_disk(
        "hidden ending",
        move("variants.csv", "variants.csv.txt"),
        Fault("file_passed_over", "variants.csv.txt", level="warning"),
        Fault("table_missing", level="warning"),
    ),
    on_disk(
        "both CSV and Parquet",
        lambda pack: write_parquet(pack, {"links": typed_tables(valid_tables())["links"]}),
        Fault("table_twice", "links.parquet"),
    ),
    on_disk("broken head", set_bytes("pack.toml", lambda _: b"locale = id\n"), Fault("head_unreadable", "pack.toml")),
    on_disk(
        "head in Shift-JIS",
        set_bytes("pack.toml", lambda _: "title = '半導体'\n".encode("cp932")),
        Fault("head_unreadable", "pack.toml"),
    ),
    on_disk(
        "head too deep",
        set_bytes("pack.toml", lambda _: b"a = " + b"[" * 100_000),
        Fault("head_unreadable", "pack.toml"),
    ),
    on_disk(
        "head of other kinds",
        set_bytes("pack.toml", lambda _: b"id = ['a']\nversion = 2026-01-01\nlocale = 3\ndelimiter = []\n"),
        Fault("head_value", "pack.toml", None, 1, "id"),
        Fault("locale_unknown", "pack.toml", None, 3, "locale"),
        Fault("delimiter_unknown", "pack.toml", None, 4, "delimiter"),
    ),
    on_disk(
        "no files", lambda pack: [file.unlink() for file in pack.iterdir()], Fault("folder_without_tables", "pack")
    ),
    on_disk(
        "broken Parquet",
        lambda pack: [lose("nodes.csv")(pack), (pack / "nodes.parquet").write_bytes(b"PAR1 no PAR1")],
        Fault("parquet_broken", "nodes.parquet"),
    ),
    in_parquet(
        "numbers as text",
        lambda tables: put_all(tables, "shares", "share", str),
    ),
    in_parquet(
        "decimal comma in text",
        lambda tables: [put_all(tables, "shares", "share", str), put(tables, "shares", 1, "share", "0,52")],
        Fault("number_other_locale", "shares.parquet", None, 1, "share"),
    ),
    in_parquet(
        "misspelt column",
        rename("shares", "country", "contry"),
        Fault("column_misspelt", "shares.parquet", None, None, "contry"),
    ),
    in_parquet(
        "column twice",
        rename("nodes", "note", "name_en"),
        Fault("header_twice", "nodes.parquet", None, None, "name_en"),
        Fault("column_missing", "nodes.parquet", level="warning"),
    ),
]


def put_all(tables: Tables, table: str, column: str, change: Callable[[Any], Any]) -> None:
    """Change the type of a column of Parquet cells; blanks stay."""
    position = column_of(table, column)
    for row in tables[table][1:]:
        row[position] = None if row[position] is None else change(row[position])


def at(sheet: str, place: str, value: object) -> Callable[[Workbook], object]:
    return lambda book: set_cell(book[sheet][place], value)


def formula(sheet: str, place: str, text: str) -> Callable[[Workbook], object]:
    def edit(book: Workbook) -> None:
        book[sheet][place] = text

    return edit


def error(sheet: str, place: str, text: str) -> Callable[[Workbook], object]:
    def edit(book: Workbook) -> None:
        book[sheet][place] = text
        book[sheet][place].data_type = "e"

    return edit


def retitle(sheet: str, name: str) -> Callable[[Workbook], object]:
    def edit(book: Workbook) -> None:
        book[sheet].title = name

    return edit


BOOKS = [
    in_book(
        "formula",
        formula("shares", "E2", "=0.5+0.02"),
        Fault("cell_formula", None, "shares", 2, "share", says="=0.5+0.02"),
    ),
    in_book(
        "formula in a text",
        formula("shares", "K2", '=CONCATENATE("a","b")'),
        Fault("cell_formula", None, "shares", 2, "note"),
    ),
    in_book(
        "formula in an id",
        formula("nodes", "A3", '="wafer"&"_300"'),
        Fault("cell_formula", None, "nodes", 3, "node"),
        also=DANGLING,
    ),
    in_book(
        "array formula",
        lambda book: array_formula(book["shares"]),
        Fault("cell_formula", None, "shares", 2, "share", says="=SUM(F2:G2)"),
    ),
    in_book(
        "formula in the header",
        formula("nodes", "H1", '="market_usd"'),
        Fault("cell_formula", None, "nodes", 1, '="market_usd"'),
        also=["column_misspelt"],
    ),
    in_book("error", error("shares", "E2", "#N/A"), Fault("cell_error", None, "shares", 2, "share", says="#N/A")),
    in_book("error in a text", error("nodes", "E2", "#REF!"), Fault("cell_error", None, "nodes", 2, "name_en")),
    in_book("text that looks like a formula", at("nodes", "N2", "=not a formula")),
    in_book("error as text", at("shares", "E2", "#N/A"), Fault("not_a_number", None, "shares", 2, "share")),
    in_book("number as text is read", at("shares", "E2", "0.52")),
    in_book(
        "merged cells",
        lambda book: book["shares"].merge_cells("A2:A4"),
        Fault("merged_cells", None, "shares", 2, "node", says="A2:A4"),
        also=["cell_required"],
    ),
    in_book(
        "merged header",
        lambda book: book["shares"].merge_cells("F1:G1"),
        Fault("merged_cells", None, "shares", 1, "low"),
        also=["header_blank", "column_missing"],
    ),
    in_book(
        "merged remark below",
        lambda book: book["shares"].merge_cells("A30:K30"),
        Fault("merged_cells", None, "shares", 30, "node"),
    ),
    in_book("empty sheet", lambda book: book["links"].delete_rows(1, 100), Fault("table_empty", None, "links")),
    in_book(
        "only a header",
        lambda book: book["nodes"].delete_rows(2, 100),
        Fault("table_without_rows", None, "nodes", 1),
        also=DANGLING,
    ),
    in_book(
        "header further down",
        lambda book: [book["nodes"].insert_rows(1, 3), at("nodes", "B6", "material")(book)],
        Fault("code_unknown_guess", None, "nodes", 6, "stage"),
    ),
    in_book("misspelt sheet", retitle("shares", "share"), Fault("table_misspelt", None, "share", says="'shares'")),
    in_book(
        "unknown sheet",
        lambda book: book.create_sheet("My notes"),
        Fault("table_unknown", None, "My notes", level="warning"),
    ),
    in_book(
        "copied sheet",
        lambda book: book.copy_worksheet(book["nodes"]),
        Fault("table_unknown", None, "nodes Copy", level="warning"),
    ),
    in_book("missing sheet", lambda book: book.remove(book["nodes"]), Fault("table_missing")),
    in_book(
        "chart in the place of a table",
        lambda book: [book.remove(book["variants"]), put_chart(book)],
        Fault("table_unknown", None, "variants", level="warning"),
        Fault("table_missing", level="warning"),
    ),
    in_book(
        "no tables", lambda book: [book.remove(sheet) for sheet in book.worksheets[1:]], Fault("excel_without_tables")
    ),
    in_book(
        "cells without a name", at("nodes", "P4", "x"), Fault("header_blank", None, "nodes", 1, None, says="Column P")
    ),
    in_book("column twice", at("nodes", "O1", "note"), Fault("header_twice", None, "nodes", 1, "note")),
    in_book(
        "units row",
        lambda book: units_row(book["nodes"]),
        Fault("unit_of_column", None, "nodes", 2, "market_usd", says="'USD/year'"),
    ),
    in_book(
        "sheet that reaches too far",
        at("nodes", "XFD1048576", "x"),
        Fault("sheet_too_large", None, "nodes", says="XFD1048576"),
        also=["reference_unknown", "reference_unknown_guess"],
    ),
    in_book("locale id holds for typed text", at("shares", "E2", "0,52"), head={**HEAD, "locale": "id"}),
    in_book(
        "locale id refuses English text",
        at("shares", "E2", "0.52"),
        Fault("number_other_locale", None, "shares", 2, "share"),
        head={**HEAD, "locale": "id"},
    ),
    in_book(
        "unknown locale",
        lambda _: None,
        Fault("locale_unknown", None, "README", 3, "locale", says="'id'"),
        head={**HEAD, "locale": "idn"},
    ),
    in_book("date in the version", at("README", "B2", DAY), Fault("head_value", None, "README", 2, "version")),
]


def put_chart(book: Workbook) -> None:
    chart = BarChart()
    chart.add_data(Reference(book["shares"], min_col=5, min_row=1, max_row=4), titles_from_data=True)
    book.create_chartsheet("variants").add_chart(chart)


def array_formula(sheet: Any) -> None:
    sheet["E2"] = ArrayFormula("E2", "=SUM(F2:G2)")


def units_row(sheet: Any) -> None:
    sheet.insert_rows(2)
    sheet["A2"], sheet["H2"] = "#unit", "juta USD"


def cut(share: float) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def zip_of(files: Mapping[str, bytes]) -> Callable[[Path], object]:
    def edit(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)

    return edit


def rewrite(member: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Return an edit of one member of a workbook."""

    def edit(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        files[member] = change(files[member])
        zip_of(files)(path)

    return edit


def declare_size(path: Path) -> None:
    """Make the directory of the archive say that a member unpacks to almost 4 GB."""
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 4_000_000_000)
    path.write_bytes(data)


def encrypt(path: Path) -> None:
    """Set the bit that says a member is locked by a password."""
    data = bytearray(path.read_bytes())
    position = -1
    while (position := data.find(b"PK\x01\x02", position + 1)) >= 0:
        data[position + 8] |= 1
    path.write_bytes(data)


LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">"""
    + b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghijkl")
    + b"]><workbook>&l;</workbook>"
)

FILES = [
    as_file("not there", "pack.xlsx", lambda path: path.unlink(), Fault("path_missing", says="typing error")),
    as_file("a folder named like a workbook", "pack.xlsx", make_folder, Fault("folder_without_tables", "pack.xlsx")),
    as_file(
        "a CSV file, not a folder",
        "nodes.csv",
        lambda path: path.write_text("node\n"),
        Fault("path_form_unknown", "nodes.csv", says="Give a folder"),
    ),
    as_file(
        "old Excel",
        "pack.xlsx",
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        Fault("excel_old_or_locked", says="password"),
    ),
    as_file("old ending", "pack.xls", lambda _: None, Fault("path_form_unknown", "pack.xls")),
    as_file("locked by a password", "pack.xlsx", encrypt, Fault("excel_truncated")),
    as_file("not an archive", "pack.xlsx", lambda path: path.write_text("node,stage\n"), Fault("excel_truncated")),
    as_file("empty", "pack.xlsx", lambda path: path.write_bytes(b""), Fault("excel_truncated")),
    as_file("cut off after a tenth", "pack.xlsx", cut(0.1), Fault("excel_truncated", says="Copy or export")),
    as_file("cut off in the middle", "pack.xlsx", cut(0.5), Fault("excel_truncated")),
    as_file("cut off at the end", "pack.xlsx", cut(0.995), Fault("excel_truncated")),
    as_file(
        "another archive",
        "pack.xlsx",
        zip_of({"content.xml": b"<office/>"}),
        Fault("excel_no_workbook", says="another kind"),
    ),
    as_file(
        "a document of another program",
        "pack.xlsx",
        zip_of(
            {
                "[Content_Types].xml": b"<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
                "word/document.xml": b"<w/>",
            }
        ),
        Fault("excel_broken"),
    ),
    as_file(
        "zip bomb", "pack.xlsx", declare_size, Fault("file_unpacks_too_large", says="4000 MB, more than the 200 MB")
    ),
    as_file("billion laughs", "pack.xlsx", rewrite("xl/workbook.xml", lambda _: LAUGHS), Fault("excel_broken")),
    as_file(
        "merged without end",
        "pack.xlsx",
        rewrite(
            "xl/worksheets/sheet2.xml",
            swap(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'),
        ),
        Fault("sheet_too_large", says="Delete the empty rows"),
    ),
    as_file(
        "sheet that is no XML",
        "pack.xlsx",
        rewrite("xl/worksheets/sheet2.xml", lambda data: data[:500]),
        Fault("excel_broken"),
    ),
]

CORPUS = [*CELLS, *TABLES, *FOLDERS, *BOOKS, *FILES]
