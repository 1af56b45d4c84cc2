"""How far a long run is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.words import Words


class Bar:
    """A bar that a run of one or several parts moves, to be used in a ``with`` block.

    Parameters
    ----------
    words
        For its label.
    quiet
        No bar, wherever it is called from.
    """

    def __init__(self, words: Words, *, quiet: bool) -> None:
        self.words, self.quiet = words, quiet
        self.bar: Any = None
        self.of = 0
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.stack.close()

    def progress(self) -> Callable[[int, int], None] | None:
        """Return what a run calls as it gets on; nothing where nobody looks."""
        return None if self.quiet or not sys.stderr.isatty() else self.show

    def show(self, done: int, of: int) -> None:
        """Move the bar; a part that counts anew gets a bar of its own."""
        if self.bar is None or of != self.of or done < self.bar.pos:
            self.stack.close()
            label = self.words.say("stress.running")
            self.bar, self.of = self.stack.enter_context(click.progressbar(length=of, label=label, file=sys.stderr)), of
        self.bar.update(done - self.bar.pos)
