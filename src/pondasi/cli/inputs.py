"""What verbs are given: the world with its overlays, and how a result says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from pondasi.chain.records import Chain, World
    from pondasi.words import Words


def open_world(path: Path | None = None, overlays: Sequence[Path] = (), *, public: bool = False) -> World:
    """Return a world with overlays laid over it.

    Raises
    ------
    UsageError
        If the result is to be public and there are overlays: their figures are not the public's.
    DataError
        With all problems of the world or of the overlays.
    """
    from pondasi.chain.load import load_world
    from pondasi.chain.overlay import lay_over, load_overlay

    found = [load_overlay(overlay) for overlay in overlays]
    if public and found:
        raise UsageError("public_overlay", overlays=", ".join(overlay.id for overlay in found))
    return lay_over(load_world(path), found)


def describe_inputs(world: Path | None, overlays: Sequence[Path]) -> dict[str, Any]:
    """Return the options of a run that name its data, as a manifest keeps them; none where the shipped world is used.

    Paths are whole, so that the run can be made again from another folder; a world by its version keeps its name.
    """
    named = {"world": None if world is None else _whole(world), "overlay": [_whole(path) for path in overlays]}
    return {name: value for name, value in named.items() if value}


def _whole(path: Path) -> str:
    return str(path.resolve() if path.exists() else path)


def say_overlays(chain: Chain, words: Words) -> None:
    """Print which overlays a result rests on, whose they are and how secret."""
    for mark in chain.overlays:
        click.echo(words.say("overlay.mark", id=mark.id, owner=mark.owner, secrecy=name_secrecy(mark.secrecy, words)))


def name_secrecy(code: str, words: Words) -> str:
    """Return a code of secrecy in words."""
    from pondasi.tables.dictionary import load_dictionary

    meaning: Mapping[str, str] = load_dictionary().codes["secrecy"][code]
    return meaning[words.language]
