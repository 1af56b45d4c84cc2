"""Text as people type and paste it, brought to the one form in which it is compared and kept.

A text of a pack has no white space at its ends, one sign for a line end, composed characters, and no
signs that cannot be seen. What people type into columns of numbers, ids and codes may also be
full-width, as Japanese keyboards write it.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT = 32_767
"""Longest text that a cell of a spreadsheet holds."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]|x005F_")
"""Signs that no text may hold; ``x005F_`` is the mark by which workbooks write such signs."""
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LINE_END = re.compile(r"_x000D_\n|\r\n?")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_NARROW = _WIDE | dict.fromkeys(_SPACES, ord(" "))


def tidy_text(text: str) -> str:
    r"""Return ``text`` with its ends stripped, one sign for line ends and composed characters.

    Example
    -------
    >>> tidy_text(" Kuarsa\r\nmurni ")
    'Kuarsa\nmurni'
    """
    if text.isascii() and "\r" not in text and "_x" not in text:
        return text.strip()
    return unicodedata.normalize("NFC", _LINE_END.sub("\n", text)).strip()


def narrow_text(text: str) -> str:
    """Return ``text`` tidied, with full-width letters, digits and spaces as plain ones.

    Nothing else is folded: '10²' does not become '102'.

    Example
    -------
    >>> narrow_text("　１２．５％ "), narrow_text("10²")
    ('12.5%', '10²')
    """
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text.translate(_NARROW)).strip()


def drop_invisible(text: str) -> str:
    """Return ``text`` without signs that have no width."""
    return text if text.isascii() else _INVISIBLE.sub("", text).strip()


def name_control(text: str) -> str:
    """Return the unprintable signs of ``text`` as 'U+0007', or '' if it has none."""
    return _name_signs(_CONTROL, text)


def name_invisible(text: str) -> str:
    """Return the signs without width of ``text`` as 'U+200B', or '' if it has none."""
    return "" if text.isascii() else _name_signs(_INVISIBLE, text)


def show_control(text: str) -> str:
    """Return ``text`` with a visible sign in the place of each unprintable one."""
    return _CONTROL.sub("\ufffd", text)


def escape_text(text: str) -> str:
    """Return ``text`` as a workbook must store it, so that '_x000D_' is not taken for a control sign."""
    return _ESCAPE.sub("_x005F_", text) if "_x" in text else text


def unescape_text(text: str) -> str:
    """Return what `escape_text` was given."""
    return _ESCAPED.sub("_", text) if "_x" in text else text


def make_id(text: str) -> str:
    """Return the identifier that ``text`` most likely means, or ''.

    Example
    -------
    >>> make_id("Wafer 300")
    'wafer_300'
    """
    return re.sub(r"[^a-z0-9_.\-]+", "_", drop_invisible(narrow_text(text)).casefold()).strip("_.-")


def suggest(text: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the entry of ``known`` that ``text`` most likely means, or ''.

    Example
    -------
    >>> suggest("sotrage", ["storage", "logic"])
    'storage'
    """
    return next(iter(get_close_matches(text.casefold(), known, n=1, cutoff=cutoff)), "")


def _name_signs(pattern: re.Pattern[str], text: str) -> str:
    found = dict.fromkeys(sign for run in pattern.findall(text) for sign in (run if len(run) == 1 else [run]))
    return ", ".join(sign if len(sign) > 1 else f"U+{ord(sign):04X}" for sign in found)
