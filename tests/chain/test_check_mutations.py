"""A valid pack with one thing changed: each cell whose value changes is named, or no value changes.

The corruptions are those of people, spreadsheets and exports. A corruption that yields another valid
value (one name for another, a share inside its interval) is not drawn: nobody could notice it.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pondasi.chain.load import CheckReport, check_pack
from pondasi.chain.rules import FIGURES, ROUNDING
from pondasi.errors import Problem
from pondasi.places import is_country
from pondasi.tables.dictionary import Column, load_dictionary
from pondasi.tables.write import column_values
from tests.tables.packs import (
    csv_text,
    get,
    make_book,
    put,
    set_cell,
    typed_tables,
    valid_tables,
    write_book,
    write_csv,
)

EXAMPLES = settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
WHOLE_ROW = {
    "row_too_long",
    "row_too_short",
    "row_is_remark",
    "csv_broken",
    "csv_binary",
    "csv_without_end",
    "key_twice",
}
"""Findings that hold for every cell of their row."""
FIRST_ROW = 2
"""Row of the first row of data, in a CSV and in a sheet without units row."""


@dataclass(frozen=True)
class Spot:
    """One cell of the valid pack; rows count from one below the header."""

    table: str
    row: int
    column: Column

    @property
    def text(self) -> str:
        return str(get(valid_tables(), self.table, self.row, self.column.name))

    def sibling(self, name: str) -> str:
        return str(get(valid_tables(), self.table, self.row, name))


@cache
def spots() -> list[Spot]:
    columns = load_dictionary().tables
    return [
        Spot(name, row, column)
        for name, rows in valid_tables().items()
        for row in range(1, len(rows))
        for column in columns[name].values()
    ]


# --- what is named, what changed -----------------------------------------------------------------


@cache
def valid_report(form: str, folder: Path) -> CheckReport:
    tables = valid_tables()
    if form == "csv":
        return check_pack(write_csv(folder / "valid", tables))
    return check_pack(write_book(folder / "valid.xlsx", make_book(typed_tables(tables))))


def named_places(report: CheckReport) -> set[tuple[str, int | None, str | None]]:
    """Return table, row and column of every cell that a finding names; a whole row has column None."""
    found = set()
    for problem in report.problems:
        for place in (problem.place, *problem.others):
            column = None if problem.key in WHOLE_ROW else place.column
            found.add((problem.table, place.row, column))
    return found


def changed_cells(before: CheckReport, after: CheckReport) -> list[tuple[str, int, str]]:
    """Return the cells whose loaded value differs, and '' for a row that is not where it was."""
    changed = []
    for table, frame in before.tables.items():
        other = after.tables.get(table)
        if other is None:
            if not any(problem.table == table and problem.level == "error" for problem in after.problems):
                changed.append((table, 0, ""))
            continue
        if len(frame) != len(other):
            continue  # the tests of rows look at these
        for column in frame.columns:
            pairs = zip(column_values(frame[column]), column_values(other[column]), strict=True)
            changed.extend(
                (table, position + FIRST_ROW, column) for position, (old, new) in enumerate(pairs) if old != new
            )
    return changed


def unnamed(before: CheckReport, after: CheckReport) -> list[tuple[str, int, str]]:
    """Return the cells that changed without being named: there must be none."""
    named = named_places(after)
    return [
        (table, row, column)
        for table, row, column in changed_cells(before, after)
        if (table, row, column) not in named and (table, row, None) not in named
    ]


# --- corruptions of one cell ---------------------------------------------------------------------

IDS = {"id", "reference", "references"}
STRICT = {"id", "reference", "references", "code", "country", "number", "year"}
Corruption = Callable[[Spot, st.DrawFn], Any]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def known_words(spot: Spot) -> set[str]:
    """Return what a misspelt id, code or country could mean as well."""
    tables = valid_tables()
    words = {row[0] for name in ("nodes", "sources") for row in tables[name][1:]}
    if spot.column.type == "code":
        words |= set(load_dictionary().allowed(spot.column))
    return words


def typo(spot: Spot, draw: st.DrawFn) -> str:
    """Insert, drop, replace or swap one letter of an id, code or country."""
    text = spot.text
    assume(spot.column.type in IDS | {"code", "country"} and len(text) > 1)
    position = draw(st.integers(0, len(text) - 2))
    letter = draw(st.sampled_from(LETTERS if spot.column.type != "country" else LETTERS.upper()))
    kinds = {
        "insert": text[:position] + letter + text[position:],
        "drop": text[:position] + text[position + 1 :],
        "replace": text[:position] + letter + text[position + 1 :],
        "swap": text[:position] + text[position + 1] + text[position] + text[position + 2 :],
    }
    new = kinds[draw(st.sampled_from(sorted(kinds)))]
    assume(new != text and not (set(new.split("|")) <= known_words(spot)))
    assume(not (spot.column.type == "country" and is_country(new)))
    return new


def change_case(spot: Spot, draw: st.DrawFn) -> str:
    assume(spot.column.type in IDS | {"code", "country"})
    new = draw(st.sampled_from([spot.text.upper(), spot.text.lower(), spot.text.title(), spot.text.swapcase()]))
    assume(new != spot.text)
    return new


def pad(spot: Spot, draw: st.DrawFn) -> str:
    signs = st.sampled_from([" ", "\t", "\n", "\u00a0", "\u3000", "\u2003", "  "])
    return draw(signs) + spot.text + draw(signs)


def split(spot: Spot, draw: st.DrawFn) -> str:
    """Put a blank, or a sign that looks like one, into a cell."""
    assume(spot.column.type in STRICT and len(spot.text) > 1)
    position = draw(st.integers(1, len(spot.text) - 1))
    return spot.text[:position] + draw(st.sampled_from([" ", "\u00a0", "\u3000", "\u2009", "-"])) + spot.text[position:]


def widen(spot: Spot, _draw: st.DrawFn) -> str:
    assume(spot.column.type in STRICT)
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in spot.text)


def hide(spot: Spot, draw: st.DrawFn) -> str:
    """Put a sign that cannot be seen or printed into a cell."""
    position = draw(st.integers(0, len(spot.text)))
    sign = draw(st.sampled_from(["\u200b", "\ufeff", "\u00ad", "\u200e", "\u2060", "\x7f"]))
    return spot.text[:position] + sign + spot.text[position:]


def decimal_comma(spot: Spot, _draw: st.DrawFn) -> str:
    assume(spot.column.type == "number" and "." in spot.text)
    return spot.text.replace(".", ",")


def group(spot: Spot, draw: st.DrawFn) -> str:
    assume(spot.column.numeric and spot.text.isdigit() and len(spot.text) > 3)
    return f"{int(spot.text):,}".replace(",", draw(st.sampled_from([",", ".", " ", "'", "\u00a0", "_", "，"])))


def decorate(spot: Spot, draw: st.DrawFn) -> str:
    """Write a number with a per cent sign, a unit, a currency or a guess."""
    assume(spot.column.numeric and spot.text)
    shapes = [
        "{}%",
        "{} %",
        "{}％",
        "{} juta",
        "USD {}",
        "{} USD",
        "${}",
        "約{}",
        "~{}",
        ">{}",
        "{}?",
        "{} (est.)",
        "{}円",
        "{}²",
        "{},-",
        "({})",
        "{}x",
        "'{}",
        '"{}"',
        "={}",
    ]
    return draw(st.sampled_from(shapes)).format(spot.text)


def say_unknown(spot: Spot, draw: st.DrawFn) -> str:
    assume(spot.column.type in {"number", "year", "country", "code"})
    return draw(
        st.sampled_from(
            [
                "-",
                "—",
                "n/a",
                "N/A",
                "#N/A",
                "NaN",
                "nan",
                "inf",
                "-inf",
                "null",
                "None",
                "?",
                "...",
                "tidak ada",
                "不明",
                "TRUE",
                "1e999",
                "1e-999",
                "0x10",
                "1_000",
            ]
        )
    )


def respell(spot: Spot, draw: st.DrawFn) -> str:
    """Write the same number in another way."""
    assume(spot.column.numeric and spot.text)
    number = float(spot.text)
    shapes = [
        f"+{spot.text}",
        f"0{spot.text}",
        f"{spot.text}{'0' if '.' in spot.text else '.0'}",
        f"{number:.14e}",
        f"{number:.14E}",
    ]
    return draw(st.sampled_from(shapes))


def scale(spot: Spot, draw: st.DrawFn) -> str:
    """Give a number the wrong size or sign, so that it leaves its interval or its sum."""
    assume(spot.column.type == "number" and spot.text)
    new = float(spot.text) * draw(st.sampled_from([10, 100, 1000, 0.1, 0.01, 0.001, -1, 52, 1e6, 1e-6, 1.3, 0.7]))
    assume(new < 0 or leaves_its_place(spot, new))
    return f"{new:.12g}"


def leaves_its_place(spot: Spot, new: float) -> bool:
    value, low, high = FIGURES[spot.table]
    figure, ends = spot.sibling(value), (spot.sibling(low), spot.sibling(high))
    if spot.column.name == low:
        return bool(figure) and new > float(figure)
    if spot.column.name == high:
        return bool(figure) and new < float(figure)
    if "" in ends:  # an exact share: the sum of its node tells
        return spot.table == "shares" and abs(new - float(figure)) > 2 * ROUNDING
    return not float(ends[0]) <= new <= float(ends[1])


def shift_year(spot: Spot, draw: st.DrawFn) -> str:
    assume(spot.column.type == "year" and spot.text)
    return draw(
        st.sampled_from(
            ["24", "20240", "0", "-2024", "2024.5", "2204", "Jan-24", "2024/25", "FY24", "令和6年", "2024-05-01"]
        )
    )


def blank(spot: Spot, draw: st.DrawFn) -> str:
    """Empty a cell that is needed, a figure, an end of an interval, or the year of a figure that was read."""
    column, figure = spot.column, FIGURES.get(spot.table, ("", "", ""))
    graded = "grade" in load_dictionary().tables[spot.table] and spot.sibling("grade") != "assumed"
    known = bool(figure[0]) and spot.sibling(figure[0]) != ""
    assume(
        column.required
        or column.name in figure
        or (column.type == "year" and known and graded)
        or column.name == "firm"
    )
    assume(not (column.name in figure[1:] and not known))
    return draw(st.sampled_from(["", " ", "\u3000", "\t"]))


def bad_url(spot: Spot, draw: st.DrawFn) -> str:
    assume(spot.column.type == "url" and spot.text)
    return draw(
        st.sampled_from(
            [
                spot.text.removeprefix("https://"),
                spot.text.replace("://", ":/"),
                spot.text.replace("e", " ", 1),
                "lihat halaman 3",
            ]
        )
    )


def another(spot: Spot, draw: st.DrawFn) -> str:
    """Put a word that belongs into another column."""
    assume(spot.column.type in {"code", "country", "number", "year", "reference", "references"})
    word = draw(
        st.sampled_from(
            [
                "flow",
                "estimated",
                "weeks",
                "JPN",
                "Japan",
                "semiconductor",
                "材料",
                "src",
                "src_a;src_b",
                "src_a, src_b",
                "a|b",
            ]
        )
    )
    assume(word not in known_words(spot) and not (spot.column.type == "country" and is_country(word)))
    return word


TEXTUAL: list[Corruption] = [
    typo,
    change_case,
    pad,
    split,
    widen,
    hide,
    decimal_comma,
    group,
    decorate,
    say_unknown,
    respell,
    scale,
    shift_year,
    blank,
    bad_url,
    another,
]


def make_formula(_spot: Spot, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["=1+1", "=A2", '="x"', "=SUM(E2:E3)", "=Sheet1!A1", "=0.52"]))


NOON = dt.datetime(2024, 1, 12, 12)  # noqa: DTZ001 - a spreadsheet knows no time zones


def make_date(_spot: Spot, draw: st.DrawFn) -> object:
    return draw(st.sampled_from([NOON, dt.date(2024, 5, 1), dt.time(12, 30), dt.timedelta(days=3), True, False]))


def make_error(_spot: Spot, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"]))


def make_number(spot: Spot, draw: st.DrawFn) -> float:
    """Put a number where a text belongs, or a wrong one where a number belongs."""
    assume(spot.column.type in {"code", "country", "year", "reference", "references", "url"})
    return draw(st.sampled_from([0, 1, 3.5, 45_292, -7, 1e300]))


def store_as_text(spot: Spot, _draw: st.DrawFn) -> str:
    assume(spot.column.numeric)
    return spot.text


def set_apart(before: CheckReport, after: CheckReport) -> list[Problem]:
    """Return the findings that the valid pack does not have."""
    return [problem for problem in after.problems if problem not in before.problems]


def explain(
    form: str, spot: Spot, corruption: Corruption, cell: object, before: CheckReport, after: CheckReport
) -> str:
    from pondasi.words import Words

    told = [Words("en").problem(problem) for problem in set_apart(before, after)]
    return f"{form}: {spot.table} row {spot.row} {spot.column.name} {spot.text!r} -> {cell!r} ({corruption.__name__}): {told}"


@pytest.mark.slow
@EXAMPLES
@given(data=st.data())
def test_a_changed_cell_of_a_csv_is_named_or_means_the_same(data: st.DataObject, tmp_path: Path) -> None:
    spot = data.draw(st.sampled_from(spots()))
    corruption = data.draw(st.sampled_from(TEXTUAL))
    cell = corruption(spot, data.draw)
    tables = valid_tables()
    put(tables, spot.table, spot.row, spot.column.name, cell)
    before = valid_report("csv", tmp_path)
    after = check_pack(write_csv(tmp_path / "pack", tables))
    assert unnamed(before, after) == [], explain("csv", spot, corruption, cell, before, after)


@pytest.mark.long
@EXAMPLES
@given(data=st.data())
def test_a_changed_cell_of_a_workbook_is_named_or_means_the_same(data: st.DataObject, tmp_path: Path) -> None:
    spot = data.draw(st.sampled_from(spots()))
    corruption = data.draw(st.sampled_from([*TEXTUAL, make_formula, make_date, make_error, make_number, store_as_text]))
    cell = corruption(spot, data.draw)
    book = make_book(typed_tables(valid_tables()))
    place = book[spot.table].cell(spot.row + 1, list(load_dictionary().tables[spot.table]).index(spot.column.name) + 1)
    set_cell(place, cell)
    if corruption in {make_formula, make_error}:
        place.data_type = "f" if corruption is make_formula else "e"
    elif corruption in {scale, respell} and data.draw(st.booleans()):
        place.value = float(cell)
    before = valid_report("xlsx", tmp_path)
    after = check_pack(write_book(tmp_path / "pack.xlsx", book))
    assert unnamed(before, after) == [], explain("xlsx", spot, corruption, cell, before, after)


# --- more than one cell --------------------------------------------------------------------------

FREE = {"text", "url"}


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_cells_in_each_others_place_are_noticed(data: st.DataObject, tmp_path: Path) -> None:
    """One of the two is named, and no other cell changes."""
    spot = data.draw(st.sampled_from(spots()))
    columns = list(load_dictionary().tables[spot.table].values())
    assume(spot.column != columns[-1])
    other = columns[columns.index(spot.column) + 1]
    types = {spot.column.type, other.type}
    assume(not types <= FREE and types != {"reference"})
    tables = valid_tables()
    put(tables, spot.table, spot.row, spot.column.name, spot.sibling(other.name))
    put(tables, spot.table, spot.row, other.name, spot.text)
    before, after = valid_report("csv", tmp_path), check_pack(write_csv(tmp_path / "pack", tables))
    changed, row = changed_cells(before, after), spot.row + 1
    pair = {(spot.table, row, spot.column.name), (spot.table, row, other.name)}
    assert set(changed) <= pair
    named = named_places(replace(after, problems=tuple(set_apart(before, after))))
    assert not changed or named & {*pair, (spot.table, row, None)}, (spot, other.name, changed)


@given(spot=st.sampled_from(spots()), place=st.integers(0, 20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_that_stands_twice_is_named(spot: Spot, place: int, tmp_path: Path) -> None:
    tables = valid_tables()
    rows = tables[spot.table]
    place = min(spot.row + 1 + place, len(rows))
    rows.insert(place, list(rows[spot.row]))
    report = check_pack(write_csv(tmp_path / "pack", tables))
    (twice,) = [problem for problem in report.errors if problem.key == "key_twice"]
    assert (twice.table, twice.place.row, twice.fields["first"]) == (spot.table, place + 1, spot.row + 1)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_misspelt_column_is_named(data: st.DataObject, tmp_path: Path) -> None:
    spot = data.draw(st.sampled_from(spots()))
    name = spot.column.name
    position = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdeXYZ_- "))
    new = name[:position] + letter + name[position + data.draw(st.integers(0, 1)) :]
    assume(new.strip() != name and not new.startswith(("_", "#")) and new not in load_dictionary().tables[spot.table])
    tables = valid_tables()
    tables[spot.table][0][tables[spot.table][0].index(name)] = new
    report = check_pack(write_csv(tmp_path / "pack", tables))
    named = {(problem.table, problem.place.row, problem.place.column) for problem in report.problems}
    assert (spot.table, 1, new.strip()) in named
    assert not report.ok


# --- the bytes of a CSV file ---------------------------------------------------------------------


def check_bytes(folder: Path, table: str, data: bytes) -> CheckReport:
    pack = write_csv(folder / "pack", valid_tables())
    (pack / f"{table}.csv").write_bytes(data)
    return check_pack(pack)


def lost_rows(before: CheckReport, after: CheckReport, table: str) -> bool:
    """Tell whether rows are gone without an error that names the table."""
    found = after.tables.get(table)
    gone = found is None or len(found) != len(before.tables[table])
    return gone and not any(problem.table == table and problem.level == "error" for problem in after.problems)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stray_sign_between_cells_is_noticed(data: st.DataObject, tmp_path: Path) -> None:
    """A delimiter, a quote or a line end where none belongs."""
    table = data.draw(st.sampled_from(sorted(valid_tables())))
    text = csv_text(valid_tables()[table])
    position = data.draw(st.integers(text.index("\n") + 1, len(text) - 2))
    sign = data.draw(st.sampled_from([",", '"', "\n", "\r", ";", "\x00", '""']))
    line_start = text.rfind("\n", 0, position) + 1
    start = text[line_start:position]
    free_text = in_free_text(table, start)
    assume(start.count('"') % 2 == 0)  # inside a quoted cell, any sign may stand
    assume(not (free_text and sign in {'"', '""', ";"}) and not (sign in "\n\r" and position == line_start))
    new = text[:position] + sign + text[position:]
    before, after = valid_report("csv", tmp_path), check_bytes(tmp_path, table, new.encode())
    assert not lost_rows(before, after, table), (table, new[line_start : position + 40])
    assert unnamed(before, after) == [], (table, new[line_start : position + 40])


def in_free_text(table: str, start: str) -> bool:
    """Tell whether the cell that follows ``start`` of a line holds free text, where most signs are allowed."""
    cells = start.split(",") if '"' not in start else [""] * 99
    columns = list(load_dictionary().tables[table].values())
    return len(cells) > len(columns) or columns[len(cells) - 1].type in FREE


@given(table=st.sampled_from(sorted(valid_tables())), part=st.floats(0, 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_cut_off_is_noticed(table: str, part: float, tmp_path: Path) -> None:
    """Unless the cut falls between two rows, where the file looks whole."""
    data = csv_text(valid_tables()[table]).encode()
    left = data[: int(len(data) * part)]
    assume(left and not left.endswith(b"\n"))
    report = check_bytes(tmp_path, table, left)
    rows = left.count(b"\n") + 1
    assert any(problem.table == table and problem.place.row in {rows, None} for problem in report.problems)


# --- the property can fail -----------------------------------------------------------------------


def test_a_change_that_no_finding_names_is_seen(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 1, "share", "0.9")
    before, after = valid_report("csv", tmp_path), check_pack(write_csv(tmp_path / "pack", tables))
    assert unnamed(before, after) == []
    assert unnamed(before, replace(after, problems=())) == [("shares", 2, "share")]
