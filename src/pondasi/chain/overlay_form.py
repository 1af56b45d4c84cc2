"""An empty overlay to fill in: its head and the heads of its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pondasi.chain.overlay import HEAD_FILE, TOUCHED
from pondasi.errors import UsageError
from pondasi.tables.cells import empty_frame
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.write import replace_folder, table_to_csv

if TYPE_CHECKING:
    from pondasi.words import Words

FIRST = ("shares", "nodes", "links", "traits", "sources", "capability")
"""Tables that an empty overlay begins with; others may be added."""


def save_overlay_form(path: str | Path, words: Words) -> None:
    """Write an empty overlay as a new folder: ``overlay.toml`` with remarks, and a CSV file with its head per table.

    Raises
    ------
    UsageError
        If something stands at the path.
    """
    path = Path(path)
    if path.exists():
        raise UsageError("out_exists", path=str(path))
    dictionary = load_dictionary()
    with replace_folder(path, ()) as folder:
        (folder / HEAD_FILE).write_text(_write_head(words), encoding="utf-8", newline="\n")
        for name in FIRST:
            text = table_to_csv(empty_frame(dictionary.tables[name]))
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")


def _write_head(words: Words) -> str:
    secrecy = load_dictionary().codes["secrecy"]
    codes = ", ".join(f"{code} ({meaning[words.language]})" for code, meaning in secrecy.items())
    remarks = words.say("overlay.form", tables=", ".join(TOUCHED), secrecy=codes).splitlines()
    values = {"id": "", "owner": "", "secrecy": "confidential", "locale": "machine"}
    return "\n".join(
        [*(f"# {remark}" for remark in remarks), *(f'{key} = "{text}"' for key, text in values.items()), ""]
    )
