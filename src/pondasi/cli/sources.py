"""``pondasi sources``: sets of other publishers; list them, fetch one, add one from files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import ListingGroup, SpokenCommand

if TYPE_CHECKING:
    from pondasi.sources.origin import Origin
    from pondasi.sources.registry import SourceFile, SourceSet
    from pondasi.sources.store import Stored
    from pondasi.words import Words
    from pondasi.workspace import Workspace


def make_command(words: Words) -> click.Command:
    """Return the verb with its own verbs."""
    return ListingGroup(
        name="sources",
        words=words,
        verbs={"list": _make_list, "fetch": _make_fetch, "add": _make_add},
        params=take(words, "language"),
        callback=lambda **_: None,
        help=words.say("cli.sources.long"),
    )


def _make_list(words: Words) -> click.Command:
    def run(*, workspace_: Path | None, json_: bool, **_: object) -> None:
        from pondasi.sources.registry import load_registry
        from pondasi.sources.store import look_up
        from pondasi.workspace import open_workspace

        workspace = open_workspace(workspace_)
        found = [(source, look_up(source, workspace)) for source in load_registry().values()]
        if json_:
            say_json([_describe(source, stored, words) for source, stored in found])
            return
        for source, stored in found:
            _show(source, stored, words)

    return SpokenCommand(
        name="list",
        words=words,
        callback=run,
        params=take(words, "language", "workspace", "json"),
        help=words.say("cli.sources.list.long"),
    )


def _make_fetch(words: Words) -> click.Command:
    def run(
        name: str,
        *,
        accept: bool,
        url: str | None,
        offline: bool,
        timeout: float,
        workspace_: Path | None,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> None:
        from pondasi.sources.download import Limits
        from pondasi.sources.registry import find_source
        from pondasi.sources.store import fetch_source
        from pondasi.workspace import open_workspace

        source, workspace = find_source(name), open_workspace(workspace_)
        talk = _Talk(words, source, quiet=quiet_ or json_)
        origin = fetch_source(
            source,
            workspace,
            accept=talk.hear(workspace, accept=accept, needed=not offline),
            base=url,
            offline=offline,
            limits=Limits(wait=timeout),
            tell=talk.tell,
        )
        _finish(words, workspace, origin, talk, as_json=json_)

    return SpokenCommand(
        name="fetch",
        words=words,
        callback=run,
        params=[
            click.Argument(["name"], metavar="NAME"),
            _flag(words, "accept"),
            click.Option(["--url"], metavar="ADDRESS", help=words.say("cli.sources.option.url", commit="{commit}")),
            _flag(words, "offline"),
            click.Option(
                ["--timeout"],
                type=click.FloatRange(min=0, min_open=True),
                default=15.0,
                metavar="SECONDS",
                help=words.say("cli.sources.option.timeout"),
            ),
            *take(words, "language", "workspace", "json", "quiet"),
        ],
        help=words.say("cli.sources.fetch.long"),
    )


def _make_add(words: Words) -> click.Command:
    def run(
        name: str,
        paths: tuple[Path, ...],
        *,
        accept: bool,
        any_version: bool,
        workspace_: Path | None,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> None:
        from pondasi.sources.registry import find_source
        from pondasi.sources.store import add_source
        from pondasi.workspace import open_workspace

        source, workspace = find_source(name), open_workspace(workspace_)
        talk = _Talk(words, source, quiet=quiet_ or json_)
        accepted = talk.hear(workspace, accept=accept)
        origin = add_source(source, workspace, paths, accept=accepted, any_version=any_version, tell=talk.tell)
        _finish(words, workspace, origin, talk, as_json=json_)

    return SpokenCommand(
        name="add",
        words=words,
        callback=run,
        params=[
            click.Argument(["name"], metavar="NAME"),
            click.Argument(["paths"], type=click.Path(path_type=Path), metavar="PATH...", nargs=-1, required=True),
            _flag(words, "accept"),
            _flag(words, "any-version"),
            *take(words, "language", "workspace", "json", "quiet"),
        ],
        help=words.say("cli.sources.add.long"),
    )


class _Talk:
    """What is said while a set is stored: its licence, a question, a line a file."""

    def __init__(self, words: Words, source: SourceSet, *, quiet: bool) -> None:
        self.words = words
        self.source = source
        self.quiet = quiet

    def hear(self, workspace: Workspace, *, accept: bool, needed: bool = True) -> bool:
        """Show the licence, unless it was accepted before, and ask if there is someone to ask."""
        from pondasi.sources.store import look_up

        origin = look_up(self.source, workspace).origin
        if not needed or self.quiet or (origin is not None and origin.licence == self.source.licence):
            return accept
        self.show_terms()
        if accept or not sys.stdin.isatty():
            return accept
        answer = click.prompt(self.words.say("sources.ask"), default="", show_default=False, prompt_suffix=" ")
        return answer.strip().casefold() in self.words.say("sources.yes").split()

    def show_terms(self) -> None:
        """Print what the licence allows."""
        source = self.source
        click.echo(self.words.say("sources.terms", name=source.name, publisher=source.publisher))
        click.echo(source.terms[self.words.language])
        click.echo(self.words.say("sources.terms_url", url=source.licence_url))

    def tell(self, file: SourceFile, way: str) -> None:
        """Print that a file is done."""
        if not self.quiet:
            click.echo(self.words.say(f"sources.file.{way}", file=file.name, bytes=file.bytes))


def _flag(words: Words, name: str) -> click.Option:
    return click.Option([f"--{name}"], is_flag=True, help=words.say(f"cli.sources.option.{name.replace('-', '_')}"))


def _finish(words: Words, workspace: Workspace, origin: Origin, talk: _Talk, *, as_json: bool) -> None:
    path = workspace.path / "data" / origin.source
    if as_json:
        say_json({"path": str(path), **asdict(origin)})
    elif not talk.quiet:
        click.echo(words.say("sources.done", name=origin.source, version=origin.version, path=str(path)))
    if origin.commit is None:
        click.echo(words.say("sources.done_other"), err=True)


def _show(source: SourceSet, stored: Stored, words: Words) -> None:
    size = sum(file.bytes for file in source.files)
    version = stored.origin.version if stored.origin is not None else ""
    state = words.say(f"sources.states.{stored.state}", name=source.name, version=version, path=str(stored.folder))
    click.echo(words.say("sources.entry", name=source.name, title=source.title[words.language]))
    click.echo(words.say("sources.publisher", publisher=source.publisher))
    click.echo(words.say("sources.licence", licence=source.licence, url=source.licence_url))
    date = source.date.isoformat()
    click.echo(words.say("sources.version", version=source.version, date=date, n=len(source.files), bytes=size))
    click.echo(words.say("sources.state", state=state))


def _describe(source: SourceSet, stored: Stored, words: Words) -> dict[str, object]:
    return {
        "name": source.name,
        "title": source.title[words.language],
        "publisher": source.publisher,
        "home": source.home,
        "licence": source.licence,
        "licence_url": source.licence_url,
        "version": source.version,
        "commit": source.commit,
        "date": source.date.isoformat(),
        "files": [asdict(file) for file in source.files],
        "state": stored.state,
        "path": str(stored.folder),
        "origin": asdict(stored.origin) if stored.origin is not None else None,
    }
