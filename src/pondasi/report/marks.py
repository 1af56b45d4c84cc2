"""Text that remembers which of its words are figures, and where each figure comes from.

A sentence is made of a catalogue entry and fields. A field that shows a figure is *marked* with the
figure's place (as `pondasi explain` takes it), a field that names a thing of the chain with the row of that
thing. So page, PDF and JSON can lead from every number to its row and source, while whoever only wants to
read sees a plain string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal["figure", "name", ""]

OPEN, MIDDLE, CLOSE = "\x02", "\x1f", "\x03"
"""Control characters that no text of a catalogue or a table holds."""
_SIGNS: dict[str, Kind] = {"=": "figure", ":": "name"}
_MARK = re.compile(f"{OPEN}([=:])([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")


@dataclass(frozen=True)
class Run:
    """A stretch of text: plain, a figure, or the name of a row."""

    text: str
    kind: Kind = ""
    place: str = ""


class Text(str):
    """A plain string that also knows its runs.

    Example
    -------
    >>> text = Text("In " + mark_figure("use/IDN", "4.7 billion USD") + " lies all.")
    >>> text, [run.place for run in text.runs if run.kind == "figure"]
    ('In 4.7 billion USD lies all.', ['use/IDN'])
    """

    __slots__ = ("marked",)
    marked: str

    def __new__(cls, text: str) -> Self:
        """Return a text; marks of the given one are kept beside it."""
        marked = keep_marks(text)
        made = super().__new__(cls, _MARK.sub(r"\3", marked))
        made.marked = marked
        return made

    @property
    def runs(self) -> tuple[Run, ...]:
        """The text in stretches."""
        return split_runs(self)


class Count(int):
    """A whole number that chooses the plural form and shows itself as a figure."""

    place: str

    def __new__(cls, value: int, place: str) -> Self:
        """Return a count with the place of its figure."""
        made = super().__new__(cls, value)
        made.place = place
        return made

    def __format__(self, _: str) -> str:
        """Return the number with its mark."""
        return mark_figure(self.place, str(int(self)))


def mark_figure(place: str, text: str) -> str:
    """Return a text marked as the figure at a place."""
    return f"{OPEN}={place}{MIDDLE}{text}{CLOSE}"


def mark_name(place: str, text: str) -> str:
    """Return a text marked as the name of a row."""
    return f"{OPEN}:{place}{MIDDLE}{text}{CLOSE}"


def keep_marks(text: str) -> str:
    """Return a text with its marks, if it has any: what a longer text is made of."""
    return text.marked if isinstance(text, Text) else str(text)


def begin_text(text: str) -> Text:
    """Return a text with a capital first letter: a sentence may open with a name such as 'the Netherlands'."""
    marked = keep_marks(text)
    at = marked.index(MIDDLE) + 1 if marked.startswith(OPEN) else 0
    return Text(marked[:at] + marked[at : at + 1].upper() + marked[at + 1 :])


def split_runs(text: str) -> tuple[Run, ...]:
    """Return a text in stretches."""
    pieces = _MARK.split(keep_marks(text))
    runs = []
    for at in range(0, len(pieces), 4):
        if pieces[at]:
            runs.append(Run(pieces[at]))
        if at + 1 < len(pieces):
            sign, place, shown = pieces[at + 1 : at + 4]
            runs.append(Run(shown, _SIGNS[sign], place))
    return tuple(runs)
