"""``pondasi build PATH --out OUT``: check a pack and write it in another form; ``--from NAME``: a set of sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pondasi.cli.options import take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import DataError, UsageError

if TYPE_CHECKING:
    from pondasi.chain.load import CheckReport
    from pondasi.chain.records import Chain
    from pondasi.sources.read import SourceTables
    from pondasi.words import Words


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        path: Path | None, *, from_: str | None, out_: Path, workspace_: Path | None, quiet_: bool, **_: object
    ) -> None:
        from pondasi.chain.load import load_chain, save_chain
        from pondasi.tables.save import save_tables

        if from_ is not None and path is not None:
            raise UsageError("build_two_inputs")
        if path is not None and (case := _read_case(path)) is not None:
            save_tables(case.tables, {key: str(value) for key, value in case.head.items()}, out_, words.language)
            if not quiet_:
                click.echo(words.say("cli.build.case", path=str(out_), n=len(case.tables)))
            return
        chain, found = (load_chain(path), None) if from_ is None else _build(from_, workspace_)
        save_chain(chain, out_, language=words.language)
        if not quiet_:
            if found is not None:
                show_gaps(found, words)
            click.echo(words.say("cli.build.done", path=str(out_), hash=chain.hash[:8]))

    (out,) = take(words, "out")
    out.required = True
    return SpokenCommand(
        name="build",
        words=words,
        callback=run,
        params=[
            click.Argument(["path"], type=click.Path(path_type=Path), metavar="[PATH]", required=False),
            click.Option(["--from", "from_"], metavar="NAME", help=words.say("cli.option.from")),
            out,
            *take(words, "language", "workspace", "quiet"),
        ],
        help=words.say("cli.build.long"),
    )


def show_gaps(found: SourceTables, words: Words) -> None:
    """Print what a chain built from a set does not know, what was left out, and the licence that holds for it."""
    for kind, n in found.left_out.items():
        click.echo(words.say(f"sources.left_out.{kind}", n=n))
    unknown = {name: blank for name, (blank, _) in found.unknown.items()}
    rows = {f"all_{name}": rows for name, (_, rows) in found.unknown.items()}
    click.echo(words.say("sources.build.unknown", **unknown, **rows))
    click.echo(words.say("sources.build.limits"))
    click.echo(words.say("sources.build.licence", licence=found.source.licence))
    if found.version != found.source.version:
        click.echo(words.say("sources.done_other"), err=True)


def _read_case(path: Path) -> CheckReport | None:
    """Return the checked tables of a case, or None if the path holds a chain."""
    from pondasi.chain.cases import is_case
    from pondasi.plan.case import check_plan_case
    from pondasi.tables.read import read_pack

    pack = read_pack(path)
    if not is_case(pack):
        return None
    report = check_plan_case(pack)
    if not report.ok:
        raise DataError(report.errors, "pack_has_problems", file=report.file)
    return report


def _build(name: str, workspace: Path | None) -> tuple[Chain, SourceTables]:
    from pondasi.chain.load import build_chain
    from pondasi.sources.read import read_source
    from pondasi.workspace import open_workspace

    found = read_source(name, open_workspace(workspace))
    return build_chain(found.tables, id=found.id, version=found.version), found
