"""How far a long run is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import math
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import click

from pondasi.cli.grid import measure_width
from pondasi.currency import in_millions

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


class Ticker:
    """How far a search has come: a line on a terminal that is written over, nothing elsewhere; to be used in a ``with`` block.

    Parameters
    ----------
    words
        For its text.
    quiet
        No line, wherever it is called from.
    """

    def __init__(self, words: Words, *, quiet: bool) -> None:
        self.words, self.quiet = words, quiet
        self.started, self.width = time.monotonic(), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        if self.width:
            self.write("")
            click.echo("\r", nl=False, err=True)

    def progress(self) -> Callable[[float, float], None] | None:
        """Return what a search calls with its bound and the cost it has reached; nothing where nobody looks."""
        return None if self.quiet or not sys.stderr.isatty() else self.show

    def show(self, bound: float, cost: float) -> None:
        """Say for how long the search has gone on, and what is still open between bound and cost."""
        seconds = round(time.monotonic() - self.started)
        if math.isfinite(cost - bound):
            self.write(self.words.say("plan.searching", seconds=seconds, short=in_millions(cost - bound)))
        else:
            self.write(self.words.say("plan.searching_first", seconds=seconds))

    def write(self, line: str) -> None:
        """Write over what stands there."""
        space = " " * max(0, self.width - measure_width(line))
        click.echo(f"\r{line}{space}", nl=False, err=True)
        self.width = measure_width(line)
