"""The tree of errors, and the record of one problem in the user's data.

::

    PondasiError
    ├── UsageError          exit 2   the request makes no sense
    ├── DataError           exit 3   the input has problems: all of them, at once
    │   └── BalanceError             no flows fit the stated margins
    ├── MissingExtraError   exit 4   an optional package or program is not installed
    └── SizeError           exit 2   the request would not fit this machine

An error holds a key of the word catalogues and fields, never a finished sentence: the text is made
where it is shown, in the language of whoever reads it. ``str(error)`` gives the English text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Place:
    """Where a problem stands: file, sheet, row and column as the user sees them.

    ``row`` counts as the user's program shows it (the header of a CSV file is row 1).
    """

    file: str = ""
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Problem:
    """One finding about the input: what is wrong, where, and what cures it.

    ``key`` names the entry ``problem.<key>`` of the catalogues, which has the texts ``what`` and
    ``cure``; ``fields`` fill their slots. ``place`` is where the user should look first; ``others`` are
    the further cells that take part, such as the rows that add up to too much.
    """

    key: str
    table: str = ""
    place: Place = field(default_factory=Place)
    value: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    level: Level = "error"
    others: tuple[Place, ...] = ()


class PondasiError(Exception):
    """Base of all errors that Pondasi raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields = fields

    def __str__(self) -> str:
        """Return the English text; use ``Words.error`` for another language."""
        from pondasi.words import Words

        return Words("en").error(self)


class UsageError(PondasiError):
    """The request makes no sense: an unknown country, language, verb or option."""

    exit_code = 2


class SizeError(PondasiError):
    """The request would not fit this machine; the text names the way that does."""

    exit_code = 2


class DataError(PondasiError):
    """The input has problems; ``problems`` lists all of them."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem], key: str = "data", **fields: object) -> None:
        super().__init__(key, **{"n": len(problems), **fields})
        self.problems = tuple(problems)


class BalanceError(DataError):
    """No non-negative flows fit the stated margins and the routes that are closed."""


class MissingExtraError(PondasiError):
    """An optional package or program is missing; the text gives the exact install line."""

    exit_code = 4
