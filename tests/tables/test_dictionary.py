"""The dictionary is whole: every type is known, every code list and reference leads somewhere."""

from typing import get_args

import pytest

from pondasi.chain.rules import find_rated
from pondasi.tables.cells import UNIT_BY_ROW, empty_frame
from pondasi.tables.dictionary import Column, ColumnType, load_dictionary
from pondasi.tables.relations import find_target
from pondasi.words import LANGUAGES

COLUMNS = [column for table in load_dictionary().tables.values() for column in table.values()]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.table}.{column.name}")
def test_a_column_is_whole(column: Column) -> None:
    dictionary = load_dictionary()
    assert column.type in get_args(ColumnType.__value__ if hasattr(ColumnType, "__value__") else ColumnType)
    assert column.unit is None or column.unit in {*dictionary.units, UNIT_BY_ROW}
    assert (column.low is None) == (column.high is None)
    assert column.low is None or column.high is None or column.low < column.high
    assert (column.type in {"number", "year"}) == (column.unit is not None)
    assert set(column.meaning) == set(LANGUAGES)
    if column.type == "code":
        assert dictionary.allowed(column)
    if column.type in {"reference", "references"}:
        target = find_target(column)
        assert target is not None
        assert dictionary.tables[target[0]][target[1]].type == "id"


def test_every_table_has_a_key_whose_first_column_comes_first() -> None:
    for name, columns in load_dictionary().tables.items():
        assert any(column.key and column.required for column in columns.values()), name
        assert not empty_frame(columns).dtypes.empty


def test_what_is_rated_has_a_known_unit_and_an_order() -> None:
    dictionary = load_dictionary()
    for trait in [trait for rated in dictionary.rated.values() for trait in rated.values()]:
        assert trait.unit in dictionary.units, trait.name
        assert trait.low is None or trait.high is None or trait.low < trait.high
    for unit in dictionary.units.values():
        assert unit.base in dictionary.units
        assert unit.factor > 0
        assert dictionary.units[unit.base].factor == 1


def test_a_list_with_units_gives_one_to_each_of_its_codes() -> None:
    dictionary = load_dictionary()
    for name in set(dictionary.rated) & set(dictionary.codes):
        assert set(dictionary.rated[name]) == set(dictionary.codes[name]), name


def test_one_column_at_most_decides_the_unit_of_a_row() -> None:
    dictionary = load_dictionary()
    for name, columns in dictionary.tables.items():
        rated = [column.name for column in columns.values() if column.codes in dictionary.rated]
        assert len(rated) <= 1, name
        found = find_rated(columns, dictionary)
        assert found == (columns[rated[0]] if rated and "unit" in columns else None)
