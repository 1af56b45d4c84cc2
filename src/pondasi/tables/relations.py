"""What a table must keep besides its cells: keys that are unique, references that resolve."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.dictionary import Dictionary
    from pondasi.tables.raw import RawPack


def check_keys(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """Name every row whose key an earlier row has already; a blank optional key counts as a value."""
    for name, typed in tables.items():
        key = [column for column in dictionary.tables[name].values() if column.key]
        names = [column.name for column in key]
        if not names or typed.frame.empty:
            continue
        required = [column.name for column in key if column.required]
        keys = typed.frame[names]
        whole = keys[required].notna().all(axis=1) if required else pd.Series(data=True, index=keys.index)
        text = keys.fillna("").astype("str").agg("\x1f".join, axis=1) if len(names) > 1 else keys[names[0]].fillna("").astype("str")
        first: dict[str, int] = {}
        for position in range(len(text)):
            value = text.iloc[position]
            if not whole.iloc[position]:
                continue
            if value in first:
                pack.add(
                    "key_twice",
                    typed.place(position, names[0]),
                    table=name,
                    value=" / ".join(part for part in value.split("\x1f") if part),
                    first=typed.raw.rows[first[value]],
                )
            else:
                first[value] = position


def check_references(pack: RawPack, tables: Mapping[str, Typed], dictionary: Dictionary) -> None:
    """Name every reference without a row to refer to, with the nearest existing id."""
    for name, typed in tables.items():
        for column in dictionary.tables[name].values():
            if column.type not in {"reference", "references"} or column.codes is None:
                continue
            target_table, target_column = column.codes.split(".")
            target = tables.get(target_table)
            if target is None:
                continue
            known = frozenset(target.frame[target_column].dropna())
            guesses: dict[str, str] = {}
            for position, cell in typed.frame[column.name].dropna().items():
                for item in str(cell).split("|"):
                    if item in known:
                        continue
                    if item not in guesses:
                        guesses[item] = next(iter(get_close_matches(item, sorted(known), n=1, cutoff=0.6)), "")
                    key = "reference_unknown_guess" if guesses[item] else "reference_unknown"
                    place = typed.place(int(str(position)), column.name)
                    pack.add(key, place, table=name, value=item, target=target_table, guess=guesses[item])
