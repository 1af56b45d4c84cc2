"""What both commands take: ``--only NAME`` (a row or a group of rows; may be repeated), ``--list``, ``--no-write``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Options:
    """The rows to run, and whether README.md gets the result: only when all are run."""

    names: tuple[str, ...]
    write: bool


def read_options(about: str, names: Sequence[str], arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ``--list`` prints the names and ends."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="run this row only, or the rows whose names begin with this and a hyphen; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the rows and end")
    parser.add_argument("--no-write", action="store_true", help="leave README.md as it is")
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(names))
        sys.exit(0)
    wanted = given.only or names
    strange = [name for name in wanted if not _choose([name], names)]
    if strange:
        parser.error(f"no row is called {', '.join(strange)}; --list prints their names")
    return Options(tuple(_choose(wanted, names)), write=not given.no_write and not given.only)


def _choose(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if any(name == word or name.startswith(f"{word}-") for word in wanted)]
