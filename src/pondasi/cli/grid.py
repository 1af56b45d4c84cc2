"""Tables in a terminal: columns that line up in every language."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "


def lay_out(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 1) -> list[str]:
    r"""Return the lines of a table: a head, a rule and the rows.

    Parameters
    ----------
    head, rows
        Texts; every row has as many cells as the head.
    right
        Columns from this one on stand to the right, as numbers do.

    Example
    -------
    >>> print("\n".join(lay_out(["国", "part"], [["日本", "9 %"], ["Korea", "14 %"]])))
    国     part
    -----  ----
    日本    9 %
    Korea  14 %
    """
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(measure_width, column)) for column in columns]
    lines = [_join(row, widths, right) for row in (head, *rows)]
    return [lines[0], GAP.join("-" * width for width in widths), *lines[1:]]


def measure_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for the wide signs of Japanese.

    Example
    -------
    >>> measure_width("日本 a")
    6
    """
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in {"W", "F"}) for sign in text
    )


def _join(row: Sequence[str], widths: Sequence[int], right: int) -> str:
    cells = []
    for number, (text, width) in enumerate(zip(row, widths, strict=True)):
        space = " " * (width - measure_width(text))
        cells.append(space + text if number >= right else text + space)
    return GAP.join(cells).rstrip()
