"""``pondasi replay RUN``: make a run again from its manifest, and compare to the bit."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.words import Words
    from pondasi.workspace import SavedRun, Workspace

DRIFT = 1
"""Exit code where the figures are not the same to the bit."""
PLACES = {"workspace", "out", "json", "quiet", "verbose", "workers", "public", "help"}
"""Options that change where a result goes or how it is made and shown, not the result."""
SHOWN = 8
"""Changed figures that are shown."""


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(name: str, *, workspace_: Path | None, json_: bool, quiet_: bool, **_: object) -> int:
        from pondasi.workspace import open_workspace

        workspace = open_workspace(workspace_)
        old = workspace.open_run(name)
        if old is None:
            raise UsageError("run_unknown", run=name)
        found = replay_run(old, workspace, words)
        if json_:
            say_json(found)
        elif not quiet_:
            show(found, words)
        return 0 if found["same"] else DRIFT

    return SpokenCommand(
        name="replay",
        words=words,
        callback=run,
        params=[
            click.Argument(["name"], metavar="RUN"),
            *take(words, "language", "workspace", "json", "quiet"),
        ],
        help=words.say("cli.replay.long"),
    )


def replay_run(old: SavedRun, workspace: Workspace, words: Words) -> dict[str, Any]:
    """Make a run again in a folder that is gone afterwards, and say what is not the same.

    Raises
    ------
    UsageError
        If the manifest does not say enough to make the run again.
    PondasiError
        What the run itself raises, such as a world that is no longer there.
    """
    from pondasi.workspace import Workspace

    call = rebuild_call(old.manifest, words)
    cache = workspace.path / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="replay-", dir=cache))
    try:
        _run(call, folder, words)
        made = sorted((folder / "runs").glob(f"*-{old.manifest['verb']}-*"))
        new = Workspace(folder).open_run(made[-1]) if made else None
        if new is None:
            raise UsageError("replay_left_nothing", verb=old.manifest["verb"])
        return _compare(old, new, call)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rebuild_call(manifest: Mapping[str, Any], words: Words) -> list[str]:
    """Return the arguments of the call that made a run: its manifest keeps every option under the name of its flag.

    Raises
    ------
    UsageError
        If the verb does not exist, or the manifest holds an option that the verb does not have.
    """
    from pondasi.cli.app import make_group

    verb, given = str(manifest["verb"]), {**manifest["options"], "seed": manifest["seed"]}
    command = make_group(words).get_command(click.Context(click.Command("pondasi")), verb)
    if command is None:
        raise UsageError("replay_verb", verb=verb)
    call = [verb]
    for parameter in command.params:
        name = _name(parameter)
        value = given.pop(name, None)
        if value in (None, "", []) or name in PLACES:
            continue
        if isinstance(parameter, click.Argument):
            call += [str(part) for part in (value if isinstance(value, list) else [value])]
        elif parameter.is_flag:  # type: ignore[attr-defined]  # what is no argument is an option
            call += [parameter.opts[0]] if value else []
        else:
            for part in value if isinstance(value, list) else [value]:
                call += [parameter.opts[0], str(part)]
    strange = [name for name, value in given.items() if value is not None and name != "seed"]
    if strange:
        raise UsageError("replay_option", verb=verb, options=", ".join(strange))
    return call


def _name(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return str(parameter.name).rstrip("_")
    return parameter.opts[0].lstrip("-")


def _run(call: list[str], folder: Path, words: Words) -> None:
    """Run a verb as the command line would, its words thrown away and its errors passed on."""
    from pondasi.cli.app import make_group

    with contextlib.redirect_stdout(io.StringIO()):
        group = make_group(words)
        group.main([*call, "--workspace", str(folder)], prog_name="pondasi", standalone_mode=False)


def _compare(old: SavedRun, new: SavedRun, call: list[str]) -> dict[str, Any]:
    from pondasi.report.changes import compare_results

    before, after = old.tables(), new.tables()
    tables = {
        "missing": sorted(set(before) - set(after)),
        "new": sorted(set(after) - set(before)),
        "different": sorted(name for name in before if name in after and not before[name].equals(after[name])),
    }
    changed = compare_results(before, after)
    versions = {
        name: (version, new.manifest["versions"].get(name)) for name, version in old.manifest["versions"].items()
    }
    return {
        "run": str(old.path),
        "call": call,
        "same": not any(tables.values()),
        "tables": {**tables, "compared": len(before)},
        "data": _pair(old.manifest["data"], new.manifest["data"]),
        "companions": _pair(old.manifest.get("companions"), new.manifest.get("companions")),
        "case": _pair(old.manifest.get("case"), new.manifest.get("case")),
        "versions": {name: list(pair) for name, pair in versions.items() if pair[0] != pair[1]},
        "machine": _pair(old.manifest.get("machine"), new.manifest.get("machine")),
        "by_time": "run" in before and "settled" in before["run"] and not bool(before["run"]["settled"].all()),
        "figures": len(changed),
        "largest": [
            {"table": one.table, "place": one.place, "column": one.column, "old": one.old, "new": one.new}
            for one in sorted(changed, key=lambda change: -change.size)[:SHOWN]
        ],
    }


def _pair(old: object, new: object) -> list[object] | None:
    """Return both where they differ."""
    return None if old == new else [old, new]


def show(found: dict[str, Any], words: Words) -> None:
    """Print whether a run came out the same, and what is not the same."""
    click.echo(words.say("replay.call", call=" ".join(["pondasi", *found["call"]])))
    if found["same"]:
        click.echo(words.say("replay.same", n=found["tables"]["compared"]))
    else:
        click.echo(words.say("replay.differs", n=found["figures"]))
        for kind in ("missing", "new", "different"):
            if found["tables"][kind]:
                click.echo(words.say(f"replay.tables.{kind}", tables=", ".join(found["tables"][kind])))
        for row in found["largest"]:
            click.echo(words.say("changes.figure", **{name: _show(value) for name, value in row.items()}))
        if found["by_time"]:
            click.echo(words.say("replay.by_time"))
    if found["data"]:
        old, new = (f"{data['id']}-{data['version']} {data['hash'][:16]}" for data in found["data"])
        click.echo(words.say("replay.data", old=old, new=new))
    if found["companions"]:
        click.echo(words.say("replay.companions"))
    if found["case"]:
        click.echo(words.say("replay.case"))
    for name, (old, new) in found["versions"].items():
        click.echo(words.say("replay.version", name=name, old=old, new=str(new)))


def _show(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "-" if value is None else str(value)
