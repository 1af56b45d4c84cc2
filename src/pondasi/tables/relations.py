"""What a table must keep besides its cells: keys that are unique, references that resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pondasi.tables.text import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.dictionary import Column, Dictionary
    from pondasi.tables.raw import RawPack

MAX_GUESSES = 200
"""Unknown ids of a column for which the nearest known one is looked for: enough to see what happened."""


def check_keys(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """Name every row whose key an earlier row has already; a blank optional key counts as a value."""
    for name, typed in tables.items():
        key = [column for column in dictionary.tables[name].values() if column.key]
        names = [column.name for column in key]
        first: dict[tuple[Any, ...], int] = {}
        for position, cells in enumerate(typed.rows(*names)):
            if any(cell is None and column.required for cell, column in zip(cells, key, strict=True)):
                continue
            earlier = first.setdefault(cells, position)
            if earlier != position:
                others = [*typed.places(position, *names[1:]), *typed.places(earlier, *names)]
                value, row = " / ".join(str(cell) for cell in cells if cell is not None), typed.raw.rows[earlier]
                pack.add(
                    "key_twice", typed.place(position, names[0]), table=name, value=value, others=others, first=row
                )


def check_references(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """Name every reference without a row to refer to, with the nearest existing id."""
    for name, typed in tables.items():
        for column in dictionary.tables[name].values():
            target = find_target(column)
            if target is not None and target[0] in tables:
                known = {item for item in tables[target[0]].values[target[1]] if item is not None}
                _check_column(pack, typed, column, target[0], known)


def find_target(column: Column) -> tuple[str, str] | None:
    """Return the table and column that a reference points to, or None if the column is no reference.

    Example
    -------
    >>> from pondasi.tables.dictionary import load_dictionary
    >>> find_target(load_dictionary().tables["shares"]["node"])
    ('nodes', 'node')
    """
    if column.type not in {"reference", "references"} or column.codes is None:
        return None
    table, _, name = column.codes.partition(".")
    return table, name


def split_items(cells: Iterable[str | None]) -> Iterator[tuple[int, str]]:
    """Yield position and id of every reference of a column; a cell may hold several."""
    for position, cell in enumerate(cells):
        if cell is not None:
            for item in cell.split("|"):
                yield position, item


def _check_column(pack: RawPack, typed: Typed, column: Column, target: str, known: Collection[str]) -> None:
    guesses: dict[str, str] = {}
    candidates = sorted(known)
    for position, item in split_items(typed.values[column.name]):
        if item in known:
            continue
        if item not in guesses:
            guesses[item] = suggest(item, candidates) if len(guesses) < MAX_GUESSES else ""
        place, table = typed.place(position, column.name), typed.raw.table
        if guesses[item]:
            pack.add("reference_unknown_guess", place, table=table, value=item, target=target, guess=guesses[item])
        else:
            pack.add("reference_unknown", place, table=table, value=item, target=target)
