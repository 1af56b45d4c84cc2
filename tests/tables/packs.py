"""A small valid pack as plain text cells, and ways to write it: what the tests break."""

import csv
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from pondasi.tables.dictionary import load_dictionary

Tables = dict[str, list[list[Any]]]
"""Table -> its rows of cells, the header first."""

HEAD = {"id": "small", "version": "2026.1"}

NODES = """
polysilicon,materials,material,material,Polysilicon,Polisilikon,多結晶シリコン,1500000000,1000000000,2000000000,2024,estimated,src_a,"38 kt, at 22-30 USD/kg"
wafer_300,materials,material,material,"Wafer, 300 mm",Wafer 300 mm,300 mmウエハー,12000000000,10000000000,14000000000,2024,estimated,src_a|src_b,
tool_litho,equipment,front_end,tool,Lithography,Litografi,露光装置,20000000000,18000000000,23000000000,2024,estimated,src_a,
fab_logic,fabrication,front_end,process,"Logic & ""foundry"" wafers",Wafer logika,ロジック前工程,60000000000,50000000000,70000000000,2024,estimated,src_b|src_a,
chip_logic,demand,design,product,Logic chips,Cip logika,ロジック半導体,150000000000,140000000000,160000000000,2024,exact,src_a,
chip_mcu,demand,design,product,Microcontrollers,Mikrokontroler,マイコン,20000000000,17000000000,25000000000,2024,assumed,judgement,
use_auto,demand,,process,Car makers,Pembuat mobil,自動車産業,75000000000,60000000000,90000000000,2024,estimated,src_a,
"""
LINKS = """
polysilicon,wafer_300,flow,critical,0.8,0.6,0.9,2024,assumed,judgement,
wafer_300,fab_logic,flow,critical,0.7,0.6,0.8,2024,estimated,src_a,
tool_litho,fab_logic,capital,critical,0.65,0.5,0.7,2024,estimated,src_a,
fab_logic,chip_logic,flow,critical,0.85,0.7,0.9,2024,estimated,src_a|src_b,
fab_logic,chip_mcu,flow,important,0.125,0.05,0.2,2024,assumed,judgement,
chip_logic,use_auto,flow,important,0.5,0.4,0.6,2024,estimated,src_b|src_a,
"""
VARIANTS = """
chip_mcu,chip_logic,0.3,0.1,0.5,2024,assumed,judgement,
"""
SHARES = """
polysilicon,DEU,,location,0.52,0.4,0.6,2024,estimated,src_a,
polysilicon,USA,,location,0.3,0.25,0.4,2024,estimated,src_a,"Hemlock; ""two"" plants"
polysilicon,JPN,,location,0.18,0.1,0.25,2024,estimated,src_a,
polysilicon,DEU,Wacker Chemie,location,0.45,0.4,0.5,2024,estimated,src_a,
wafer_300,JPN,,control,0.55,0.5,0.6,2024,estimated,src_a|src_b,
wafer_300,TWN,,control,0.25,0.2,0.3,2024,estimated,src_a,
wafer_300,KOR,,control,,,,2024,estimated,src_a,present
wafer_300,JPN,信越化学工業,control,0.3,0.25,0.35,2024,estimated,src_a,
wafer_300,JPN,SUMCO,control,0.24,0.2,0.28,2024,estimated,src_a,
tool_litho,NLD,,location,0.85,0.8,0.9,2024,estimated,src_a,
tool_litho,JPN,,location,0.15,0.1,0.2,2024,estimated,src_a,
fab_logic,TWN,,location,0.62,,,2024,exact,src_a,
fab_logic,ROW,,location,0.38,,,2024,exact,src_a,
chip_logic,USA,,control,0.7,0.6,0.8,2024,assumed,judgement,
chip_logic,IDN,,control,0.3,0.2,0.4,2024,assumed,judgement,
use_auto,IDN,,location,0.02,0.01,0.03,2024,estimated,src_a,
use_auto,ROW,,location,0.98,0.97,0.99,2024,estimated,src_a,
"""
TRAITS = """
polysilicon,inventory_weeks,12,8,20,weeks,2024,estimated,src_a,
fab_logic,utilisation,0.8,0.7,0.9,fraction,2024,estimated,src_a,
fab_logic,cycle_weeks,13,12,18,weeks,,assumed,judgement,
tool_litho,build_years,2,1.5,3,years,,assumed,judgement,
use_auto,user_industry_output_usd,3000000000000,2500000000000,3500000000000,USD/year,2024,estimated,src_a,
"""
SOURCES = """
src_a,SEMI,"Silicon report, 2024",2025,https://example.org/a,facts,seen,high
src_b,経済産業省,半導体・デジタル産業戦略,2023,,facts,recalled,medium
judgement,"The project's ""own"" view",No published figure,,,own,judged,low
"""
_BODIES = {"nodes": NODES, "links": LINKS, "variants": VARIANTS, "shares": SHARES, "traits": TRAITS, "sources": SOURCES}


def valid_tables() -> Tables:
    """Return the valid pack afresh."""
    dictionary = load_dictionary()
    return {
        name: [list(dictionary.tables[name]), *csv.reader(StringIO(body.lstrip(), newline=""))]
        for name, body in _BODIES.items()
    }


def column_of(table: str, column: str) -> int:
    """Return the position of a column of the dictionary."""
    return list(load_dictionary().tables[table]).index(column)


def put(tables: Tables, table: str, row: int, column: str, value: object) -> None:
    """Set one cell; rows count from one below the header."""
    tables[table][row][column_of(table, column)] = value


def get(tables: Tables, table: str, row: int, column: str) -> Any:
    return tables[table][row][column_of(table, column)]


def csv_text(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    stream = StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def write_csv(folder: Path, tables: Mapping[str, Sequence[Sequence[object]]], head: Mapping[str, str] = HEAD) -> Path:
    """Write a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    delimiter = head.get("delimiter", ",")
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(csv_text(rows, delimiter), encoding="utf-8", newline="")
    shown = {key: value.replace("\t", "\\t") for key, value in head.items()}
    (folder / "pack.toml").write_text("".join(f'{key} = "{value}"\n' for key, value in shown.items()), encoding="utf-8")
    return folder


def as_typed(table: str, column: str, cell: object) -> object:
    """Return the text of a valid cell as a spreadsheet would hold it: numbers as numbers, blanks as none."""
    if cell == "":
        return None
    numeric = load_dictionary().tables[table][column].numeric
    return (
        float(cell)
        if numeric and isinstance(cell, str) and "." in cell
        else int(cell)
        if numeric and isinstance(cell, str)
        else cell
    )


def typed_tables(tables: Tables) -> Tables:
    """Return the tables with numbers as numbers."""
    return {
        name: [
            rows[0],
            *([as_typed(name, column, cell) for column, cell in zip(rows[0], row, strict=True)] for row in rows[1:]),
        ]
        for name, rows in tables.items()
    }


def make_book(tables: Mapping[str, Sequence[Sequence[Any]]], head: Mapping[str, str] = HEAD) -> Workbook:
    """Return a workbook without units row: header in row 1, as a person makes one."""
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    readme = book.create_sheet("README")
    for item in head.items():
        readme.append(item)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, start=1):
            for position, cell in enumerate(row, start=1):
                if cell is not None:
                    set_cell(sheet.cell(number, position), cell)
    return book


def set_cell(cell: Any, value: object) -> None:
    """Set a cell to a text, even one that begins with '=', or to a number, date or boolean."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def write_book(path: Path, book: Workbook) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_parquet(folder: Path, tables: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a folder of Parquet files, each column of the type that its cells have."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, *rows) in tables.items():
        arrays = [pa.array([row[position] for row in rows]) for position in range(len(header))]
        pq.write_table(pa.Table.from_arrays(arrays, names=[str(cell) for cell in header]), folder / f"{name}.parquet")
    return folder


Edit = Callable[[Tables], None]
DAY = dt.datetime(2024, 1, 12)  # noqa: DTZ001 - a spreadsheet knows no time zones
