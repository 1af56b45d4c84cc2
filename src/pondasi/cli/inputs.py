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
    from pondasi.plan.case import Case
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


def open_case(home: str, path: Path | None, world: World) -> Case:
    """Return the case of a plan of a country: the one that ships, or a folder or workbook of one's own.

    Raises
    ------
    UsageError
        If there is no such case, or if it is that of another country.
    DataError
        With all problems of the case.
    """
    from pondasi.plan.case import load_case

    if path is not None and not path.exists():
        raise UsageError("case_missing", path=str(path))
    case = load_case(home if path is None else path, world)
    if case.country != home:
        raise UsageError("case_of_another", path=str(path), country=case.country, home=home)
    return case


def describe_inputs(world: Path | None, overlays: Sequence[Path], case: Path | None = None) -> dict[str, Any]:
    """Return the options of a run that name its data, as a manifest keeps them; none where what ships is used.

    Paths are whole, so that the run can be made again from another folder; a world by its version keeps its name.
    """
    named = {
        "world": None if world is None else _whole(world),
        "overlay": [_whole(path) for path in overlays],
        "case": None if case is None else _whole(case),
    }
    return {name: value for name, value in named.items() if value}


def _whole(path: Path) -> str:
    return str(path.resolve() if path.exists() else path)


def say_overlays(chain: Chain, words: Words) -> None:
    """Print which overlays a result rests on, whose they are and how secret."""
    for mark in chain.overlays:
        click.echo(words.say("overlay.mark", id=mark.id, owner=mark.owner, secrecy=name_secrecy(mark.secrecy, words)))


def say_case(case: Case | None, path: Path | None, words: Words) -> None:
    """Print that a result rests on a case of one's own, if it does: its file, its version and the start of its hash."""
    if case is not None and path is not None:
        origin = case.origin
        version = origin["version"] or words.say("case.no_version")
        click.echo(words.say("case.mark", path=str(path), version=version, hash=origin["hash"][:8]))


def note_rate(world: World, words: Words) -> list[str]:
    """Return the rate at which the words show money, with who states it, as a sentence; nothing where they show USD."""
    from pondasi.currency import find_rate
    from pondasi.report.numbers import Numbers

    if words.rate is None or words.rate == find_rate():
        return []
    rows = world.chain.sources
    found = rows.loc[rows["source"] == words.rate.source, "publisher"].tolist()
    return [Numbers(words).rate_note(str(found[0]) if found else words.rate.source)]


def name_secrecy(code: str, words: Words) -> str:
    """Return a code of secrecy in words."""
    from pondasi.tables.dictionary import load_dictionary

    meaning: Mapping[str, str] = load_dictionary().codes["secrecy"][code]
    return meaning[words.language]
