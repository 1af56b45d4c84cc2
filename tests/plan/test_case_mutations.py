"""A valid case with one cell changed: the cell is named, or what was loaded from it stays the same."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pondasi import load_world
from pondasi.plan.case import check_plan_case
from pondasi.tables.dictionary import Column, load_dictionary
from pondasi.tables.write import column_values
from tests.plan.small_case import Rows, small_rows, write_case
from tests.tables.packs import valid_tables, write_csv

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FIRST_ROW = 2
"""Row of the first row of data in a CSV file."""
COLUMNS = load_dictionary().tables
SPOTS = [
    (table, position, column)
    for table, rows in small_rows().items()
    for position in range(len(rows))
    for column in COLUMNS[table]
]
WHOLE_ROW = {"key_twice"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return load_world(write_csv(tmp_path_factory.mktemp("chain") / "small", valid_tables()))


@pytest.fixture(scope="module")
def sound(world, tmp_path_factory):
    return check_plan_case(write_case(tmp_path_factory.mktemp("sound") / "case", small_rows()), world.chain)


def corrupt(cell: object, column: Column, draw: Any) -> object:
    """Return a cell as a slip of the hand leaves it."""
    text = "" if cell is None else str(cell)
    kinds = ["blank", "word"]
    if column.type in {"number", "year"} and text:
        kinds += ["comma", "negative", "unit", "huge"]
    elif text:
        kinds += ["typo", "capital", "double"]
    slips: dict[str, Any] = {
        "blank": "",
        "word": "see note",
        "comma": text.replace(".", ",") if "." in text else f"{text},5",
        "negative": f"-{text}",
        "unit": f"{text} USD",
        "huge": f"{text}e40",
        "typo": text[:-1] + "x",
        "capital": text.upper(),
        "double": f"{text}|{text}",
    }
    return slips[draw(st.sampled_from(kinds))]


@given(data=st.data())
@EXAMPLES
def test_a_changed_cell_is_named_or_loads_as_before(data, world, sound, tmp_path_factory):
    table, position, name = data.draw(st.sampled_from(SPOTS))
    column = COLUMNS[table][name]
    rows: Rows = small_rows()
    before = rows[table][position].get(name, "")
    after = corrupt(before, column, data.draw)
    assume(str(after) != str(before))
    rows[table][position][name] = after
    report = check_plan_case(write_case(tmp_path_factory.mktemp("changed") / "case", rows), world.chain)
    places = {
        (place.file, place.row, None if problem.key in WHOLE_ROW else place.column)
        for problem in report.problems
        for place in (problem.place, *problem.others)
    }
    row = position + FIRST_ROW
    old, new = (column_values(found.tables[table][name])[position] for found in (sound, report))
    if column.type == "text":
        return  # any other text is a text
    if new is None and not column.required and after == "":
        return  # unknown is a valid thing to say, and it is not zero
    if column.type == "id" and new is not None:
        assert any(problem.value in (before, new) for problem in report.errors)
        return  # another id is an id: the rows that refer to the old one are named
    assert new == old or {(f"{table}.csv", row, name), (f"{table}.csv", row, None)} & places
