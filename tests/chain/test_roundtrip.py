"""A chain is the same, to the bit, in CSV, Parquet, Excel and memory, in any order of saving and loading."""

import csv
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from pondasi.chain.load import build_chain, check_pack, load_chain, save_chain, world_path
from pondasi.chain.records import CHAIN_TABLES, Chain
from pondasi.errors import UsageError
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.excel_write import save_template
from tests.strategies import LONG, NASTY, small_chains
from tests.tables.packs import typed_tables, valid_tables

FORMS = {"csv": "chain", "parquet": "chain.parquet", "xlsx": "chain.xlsx"}
IN_FOLDER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def assert_same(found: Chain, wanted: Chain) -> None:
    for name in CHAIN_TABLES:
        assert_frame_equal(found.tables[name], wanted.tables[name], check_exact=True)
    assert found == wanted
    assert found.hash == wanted.hash


def through(chain: Chain, form: str, folder: Path) -> Chain:
    """Save and load a chain."""
    path = folder / FORMS[form]
    if path.is_dir():
        shutil.rmtree(path)
    save_chain(chain, path)
    return load_chain(path)


@given(tables=small_chains(), forms=st.permutations(sorted(FORMS)))
@pytest.mark.slow
@settings(suppress_health_check=IN_FOLDER)
def test_a_chain_is_the_same_in_every_form(tables: dict[str, pd.DataFrame], forms: list[str], tmp_path: Path) -> None:
    chain = build_chain(tables, id="small", version="2026.10")
    found = chain
    for form in forms:
        found = through(found, form, tmp_path)
        assert_same(found, chain)


@given(tables=small_chains())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_built_is_what_was_given(tables: dict[str, pd.DataFrame]) -> None:
    chain = build_chain(tables)
    assert_same(build_chain(chain.tables), chain)
    for name, frame in tables.items():
        numbers = [column.name for column in load_dictionary().tables[name].values() if column.numeric]
        for column in numbers:
            given_cells = pd.to_numeric(frame[column]).astype(float)
            assert_frame_equal(chain.tables[name][[column]].astype(float), given_cells.to_frame(), check_exact=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [*NASTY, LONG], ids=lambda text: repr(text[:12]))
def test_every_nasty_text_comes_back(form: str, text: str, tmp_path: Path) -> None:
    tables = typed_tables(valid_tables())
    for name, column in (("nodes", 13), ("sources", 2), ("shares", 10)):
        tables[name][1][column] = text
    tables["shares"][9][2] = text
    chain = build_chain({name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object) for name, rows in tables.items()})
    found = through(chain, form, tmp_path)
    assert_same(found, chain)
    assert found.shares["firm"][8] == found.nodes["note"][0] == found.sources["title"][0]


@pytest.mark.parametrize("form", FORMS)
def test_the_world_chain_is_the_same_in_every_form(form: str, tmp_path: Path) -> None:
    world = load_chain()
    assert_same(through(world, form, tmp_path), world)
    assert load_chain(world_path()).hash == world.hash


def test_texts_come_back_tidied() -> None:
    tables = typed_tables(valid_tables())
    tables["nodes"][1][4:7] = ["  spaces \u00a0", "a\r\nb\rc_x000D_\nd", "か\u3099"]
    chain = build_chain({name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object) for name, rows in tables.items()})
    assert chain.nodes.loc[0, ["name_en", "name_id", "name_ja"]].tolist() == ["spaces", "a\nb\nc\nd", "が"]


def test_numbers_keep_fifteen_digits_and_zero_has_no_sign(tmp_path: Path) -> None:
    tables = typed_tables(valid_tables())
    tables["shares"][12][4:5] = [0.1 + 0.2 + 0.32]
    tables["traits"][1][2:5] = [-0.0, -0.0, 1 / 3]
    tables["nodes"][6][7:10] = [123456789012.345678, 1e-7, 99999999999999.9]
    chain = build_chain({name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object) for name, rows in tables.items()})
    assert chain.shares["share"][11] == 0.62
    assert str(chain.traits["value"][0]) == "0.0"
    assert chain.traits["high"][0] == 0.333333333333333
    assert chain.nodes["market_usd"][5] == 123456789012.346
    for form in FORMS:
        assert_same(through(chain, form, tmp_path), chain)


def test_an_empty_table_has_the_same_types_as_a_full_one(tmp_path: Path) -> None:
    tables = {
        name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        for name, rows in typed_tables(valid_tables()).items()
    }
    full, part = build_chain(tables), build_chain({"nodes": tables["nodes"], "sources": tables["sources"]})
    for name in CHAIN_TABLES:
        assert part.tables[name].dtypes.tolist() == full.tables[name].dtypes.tolist()
    for form in FORMS:
        assert_same(through(part, form, tmp_path), part)


# --- the workbook --------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    save_chain(load_chain(), tmp_path / "world.xlsx", language="ja")
    return openpyxl.load_workbook(tmp_path / "world.xlsx")


def test_a_workbook_has_drop_downs_units_and_notes(book: openpyxl.Workbook) -> None:
    columns = load_dictionary().tables
    assert book.sheetnames == ["README", *CHAIN_TABLES, "_lists"]
    assert book["_lists"].sheet_state == "hidden"
    for name in CHAIN_TABLES:
        sheet = book[name]
        assert [cell.value for cell in sheet[1]] == list(columns[name])
        assert sheet["A2"].value == "#unit"
        units = {head.value: cell.value for head, cell in zip(sheet[1], sheet[2], strict=True)}
        assert all(units[column.name] == column.unit for column in columns[name].values() if column.unit)
        assert all(cell.comment.text.startswith(columns[name][cell.value].meaning["ja"]) for cell in sheet[1])
        choices = {
            str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in sheet.data_validations.dataValidation
        }
        for cell in sheet[1]:
            column = columns[name][cell.value]
            if column.type in {"code", "country", "reference"}:
                assert choices[cell.column_letter].type == "list"
                assert column_of_range(book, choices[cell.column_letter].formula1)


def column_of_range(book: openpyxl.Workbook, formula: str) -> list[str]:
    """Return the cells that a drop-down offers."""
    name, area = formula.split("!")
    return [cell.value for (cell,) in book[name][area.replace("$", "")] if cell.value is not None]


def test_drop_downs_offer_every_node_and_country(book: openpyxl.Workbook) -> None:
    rules = {
        str(rule.sqref)[0]: rule.formula1
        for rule in book["shares"].data_validations.dataValidation
        if rule.type == "list"
    }
    assert set(load_chain().nodes["node"]) == set(column_of_range(book, rules["A"]))
    assert {"IDN", "JPN", "ROW"} < set(column_of_range(book, rules["B"]))
    assert column_of_range(book, rules["D"]) == ["location", "control"]


def test_no_cell_of_a_saved_workbook_is_a_formula(tmp_path: Path) -> None:
    tables = typed_tables(valid_tables())
    tables["nodes"][1][13] = "=HYPERLINK(A1)"
    chain = build_chain({name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object) for name, rows in tables.items()})
    save_chain(chain, tmp_path / "chain.xlsx")
    cells = [
        cell for sheet in openpyxl.load_workbook(tmp_path / "chain.xlsx") for row in sheet.iter_rows() for cell in row
    ]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert "=HYPERLINK(A1)" in {cell.value for cell in cells}


@pytest.mark.parametrize("language", ["en", "id", "ja"])
def test_the_template_is_valid_but_for_its_empty_tables(language: str, tmp_path: Path) -> None:
    save_template(tmp_path / "template.xlsx", language)
    report = check_pack(tmp_path / "template.xlsx")
    assert {problem.key for problem in report.problems} == {"table_without_rows"}
    assert {problem.table for problem in report.errors} == {"nodes", "sources"}
    assert report.rows == dict.fromkeys(CHAIN_TABLES, 0)


def test_a_filled_template_loads(tmp_path: Path) -> None:
    save_template(tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    for name, rows in typed_tables(valid_tables()).items():
        for row in rows[1:]:
            book[name].append(row)
    book.save(tmp_path / "filled.xlsx")
    tables = {
        name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        for name, rows in typed_tables(valid_tables()).items()
    }
    assert load_chain(tmp_path / "filled.xlsx").hash == build_chain(tables).hash


# --- nothing half written ------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def break_csv(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    from pondasi.tables import write

    def fail(frame: pd.DataFrame) -> str:
        if "variant" in frame.columns:
            raise error
        return "half"

    monkeypatch.setattr(write, "table_to_csv", fail)


def break_parquet(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    write = pd.DataFrame.to_parquet

    def fail(frame: pd.DataFrame, *args: object, **options: object) -> None:
        if "variant" in frame.columns:
            raise error
        write(frame, *args, **options)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)


def break_xlsx(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(_book: object, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise error

    monkeypatch.setattr(openpyxl.Workbook, "save", fail)


def break_move(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    move = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if Path(target).name in FORMS.values():
            monkeypatch.setattr(Path, "replace", move)
            raise error
        return move(path, target)

    monkeypatch.setattr(Path, "replace", fail)


BREAKS = {"csv": break_csv, "parquet": break_parquet, "xlsx": break_xlsx}


@pytest.mark.parametrize(
    "error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()], ids=lambda error: type(error).__name__
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("when", ["writing", "moving"])
def test_an_interrupted_save_leaves_what_was_there(
    form: str, when: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {
        name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        for name, rows in typed_tables(valid_tables()).items()
    }
    chain, path = build_chain(tables), tmp_path / FORMS[form]
    save_chain(chain, path)
    before = snapshot(tmp_path)
    breaks: Callable[[pytest.MonkeyPatch, BaseException], None] = BREAKS[form] if when == "writing" else break_move
    breaks(monkeypatch, error)
    with pytest.raises(type(error)):
        save_chain(chain, path)
    assert snapshot(tmp_path) == before
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    monkeypatch.undo()
    assert load_chain(path) == chain


@pytest.mark.parametrize("form", FORMS)
def test_a_first_save_that_fails_leaves_nothing(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BREAKS[form](monkeypatch, OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        save_chain(load_chain(), tmp_path / FORMS[form])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "stranger", ["budget.csv", "controls.csv", "notes.txt", "sub/nodes.csv", "overlay.toml", ".git/config"]
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_folder_with_other_files_is_refused(form: str, stranger: str, tmp_path: Path) -> None:
    path = tmp_path / FORMS[form]
    save_chain(load_chain(), path)
    (path / stranger).parent.mkdir(exist_ok=True)
    (path / stranger).write_text("mine", encoding="utf-8")
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match=stranger.split("/", maxsplit=1)[0]):
        save_chain(load_chain(), path)
    assert snapshot(tmp_path) == before


def test_a_folder_may_take_the_place_of_its_other_form(tmp_path: Path) -> None:
    chain, path = load_chain(), tmp_path / "chain"
    save_chain(chain, path)
    for file in path.glob("*.csv"):
        file.rename(file.with_suffix(".parquet"))
    save_chain(chain, path)
    assert load_chain(path) == chain
    assert sorted(file.suffix for file in path.iterdir()) == [".csv"] * 6 + [".toml"]


def test_a_target_that_is_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for name, key in (
        ("folder.xlsx", "out_is_folder"),
        ("file", "out_holds_other_files"),
        ("chain.xls", "save_form_unknown"),
    ):
        with pytest.raises(UsageError) as caught:
            save_chain(load_chain(), tmp_path / name)
        assert caught.value.key == key
        assert name in str(caught.value)


def test_a_version_in_the_name_of_a_folder_is_no_form(tmp_path: Path) -> None:
    save_chain(load_chain(), tmp_path / "deep" / "world-2026.1")
    assert load_chain(tmp_path / "deep" / "world-2026.1") == load_chain()


def test_saved_csv_is_read_by_any_program(tmp_path: Path) -> None:
    save_chain(load_chain(), tmp_path / "world")
    text = (tmp_path / "world" / "shares.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert "\r" not in text
    assert [row["country"] for row in rows] == load_chain().shares["country"].tolist()
    assert sum(float(row["share"] or 0) for row in rows) == pytest.approx(load_chain().shares["share"].sum())
