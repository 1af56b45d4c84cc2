"""Options that verbs share, and how results are said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pondasi.currency import BASE, list_currencies
from pondasi.errors import UsageError
from pondasi.places import PROFILES
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from pondasi.words import Words

DRAWS = 100
"""Chains drawn by default: the ends of a band then move by about a seventh of its width between seeds."""

ROUTES = ("trade", "even")
"""What says who buys from whom: trade where it is known, or nothing, so that all buy in proportion."""


def read_workers(_ctx: click.Context, _option: click.Parameter, value: str | int) -> str | int:
    """Return what `pondasi.executor.open_executor` takes: a number of processes, or the address of a scheduler.

    Raises
    ------
    UsageError
        For anything else, in the words of the executor.
    """
    if "://" in str(value):
        return str(value)
    try:
        number = int(value)
    except ValueError as error:
        raise UsageError("workers_unknown", workers=value) from error
    if number < 0:
        raise UsageError("workers_negative", workers=number)
    return number


_MAKERS: dict[str, dict[str, Any]] = {
    "workspace": {"type": click.Path(file_okay=False, path_type=Path), "metavar": "FOLDER"},
    "out": {"type": click.Path(path_type=Path), "metavar": "PATH"},
    "language": {"type": click.Choice(LANGUAGES)},
    "places": {"type": click.Choice(PROFILES), "default": PROFILES[0]},
    "world": {"type": click.Path(path_type=Path), "metavar": "PATH"},
    "seed": {"type": click.IntRange(min=0), "default": 0, "metavar": "N"},
    "draws": {"type": click.IntRange(min=0), "default": DRAWS, "metavar": "N"},
    "routes": {"type": click.Choice(ROUTES), "default": ROUTES[0]},
    "case": {"type": click.Path(path_type=Path), "metavar": "PATH"},
    "overlay": {"type": click.Path(path_type=Path, file_okay=False), "metavar": "FOLDER", "multiple": True},
    "public": {"is_flag": True},
    "currency": {"type": click.Choice(list_currencies(), case_sensitive=False), "default": BASE},
    "workers": {"type": str, "callback": read_workers, "default": "1", "metavar": "N|ADDRESS"},
    "json": {"is_flag": True},
    "quiet": {"is_flag": True},
    "verbose": {"is_flag": True},
}


def take(words: Words, *names: str) -> list[click.Parameter]:
    """Return shared options by name, with their help in the user's language."""
    return [
        click.Option(
            [f"--{name}", f"{name}_"],
            help=words.say(f"cli.option.{name}", default=_MAKERS[name].get("default")),
            **_MAKERS[name],
        )
        for name in names
    ]


def say_json(content: object) -> None:
    """Print a result for another program: one JSON document, keys sorted."""
    click.echo(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2))
