"""The sets in the workspace: ``data/<name>/`` with the files and ``origin.json``, which says where they came from.

::

    pondasi-work/data/eto/
      inputs.csv, ...    exactly as published
      origin.json        way, address, hash and bytes of each file; version; licence and day of its acceptance
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pondasi.errors import DataError, Place, Problem, SizeError, UsageError
from pondasi.sources.download import FetchError, Limits, download, hash_file
from pondasi.sources.origin import ORIGIN, Origin, read_origin, write_origin
from pondasi.tables.write import replace_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pondasi.sources.origin import Entry
    from pondasi.sources.registry import SourceFile, SourceSet
    from pondasi.workspace import Workspace

    Tell = Callable[[SourceFile, Literal["kept", "fetched", "added"]], None]

OFFLINE = "PONDASI_OFFLINE"
ADDRESS = "PONDASI_SOURCE_URL"

State = Literal["absent", "ready", "other", "damaged"]
"""Not there; as registered; whole, but of another version than the registry's; changed since it was stored."""


@dataclass(frozen=True)
class Stored:
    """A set as it stands in the workspace."""

    folder: Path
    state: State
    origin: Origin | None = None
    good: frozenset[str] = field(default=frozenset(), repr=False)


def look_up(source: SourceSet, workspace: Workspace) -> Stored:
    """Return how a set stands in the workspace; ``good`` names the files that are as registered."""
    folder = workspace.path / "data" / source.name
    found = {path.name: hash_file(path)[0] for path in sorted(folder.glob("*")) if path.is_file()}
    registered = {file.name: file.sha256 for file in source.files}
    good = frozenset(name for name, sha256 in registered.items() if found.get(name) == sha256)
    if ORIGIN not in found:
        return Stored(folder, "absent", good=good)
    origin = read_origin(folder / ORIGIN)
    if origin is None or any(found.get(name) != origin.files.get(name, {}).get("sha256") for name in registered):
        return Stored(folder, "damaged", origin, good)
    return Stored(folder, "ready" if len(good) == len(registered) else "other", origin, good)


def require_source(source: SourceSet, workspace: Workspace) -> Stored:
    """Return a set that is in the workspace and as it was stored.

    Raises
    ------
    UsageError
        If it is not there; the text names the commands that bring it.
    DataError
        If its files were changed since.
    """
    stored = look_up(source, workspace)
    if stored.state == "absent":
        raise UsageError("source_absent", name=source.name, path=str(stored.folder))
    if stored.state == "damaged":
        problem = Problem("source_damaged", place=Place(str(stored.folder)), fields={"name": source.name})
        raise DataError([problem], "source_damaged", name=source.name)
    return stored


def fetch_source(
    source: SourceSet,
    workspace: Workspace,
    *,
    accept: bool = False,
    base: str | None = None,
    offline: bool = False,
    limits: Limits | None = None,
    tell: Tell | None = None,
) -> Origin:
    """Download a set into the workspace, whole or not at all.

    Files that are there and as registered are kept and not asked for again.

    Parameters
    ----------
    source, workspace
        What to fetch, and where to.
    accept
        The user accepts the licence; not needed again once ``origin.json`` says so.
    base
        Another base address, such as a mirror; by default ``PONDASI_SOURCE_URL``, else the registry's.
    offline
        Refuse the network; ``PONDASI_OFFLINE=1`` does the same.
    limits
        Timeouts and tries.
    tell
        Called for every file that is done.

    Raises
    ------
    UsageError
        Off-line, licence not accepted, no address, or no permission to write.
    FetchError
        With all files that could not be had or differ from the registry.
    SizeError
        If the disk is full.
    """
    stored = look_up(source, workspace)
    lacking = [file for file in source.files if file.name not in stored.good]
    if stored.state == "ready" and stored.origin is not None and stored.origin.licence == source.licence:
        return stored.origin
    if lacking and (offline or os.environ.get(OFFLINE, "0") not in {"", "0"}):
        raise UsageError("source_offline", name=source.name)
    accepted = _require_acceptance(source, stored, accept=accept)
    base = base or os.environ.get(ADDRESS) or None
    addresses = {file.name: source.address(file, base) for file in source.files}
    with _explain_disk(stored.folder), _replace(source, stored.folder) as folder:
        _fill(source, stored, folder, addresses, limits, tell)
        known = stored.origin.files if stored.origin is not None else {}
        files: dict[str, Entry] = {
            file.name: {"sha256": file.sha256, "bytes": file.bytes, "from": addresses[file.name]}
            for file in source.files
        }
        files |= {name: entry for name, entry in known.items() if name in stored.good}
        return write_origin(folder, source, "fetch", accepted, files)


def add_source(
    source: SourceSet,
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    accept: bool = False,
    any_version: bool = False,
    tell: Tell | None = None,
) -> Origin:
    """Store a set from files that were got by hand.

    A file is known by its hash, whatever its name; else by its name.

    Parameters
    ----------
    source, workspace
        What is added, and where to.
    paths
        Folders or files.
    accept
        The user accepts the licence; not needed again once ``origin.json`` says so.
    any_version
        Take files whose hash differs from the registry's; ``origin.json`` then says so.
    tell
        Called for every file that is done.

    Raises
    ------
    UsageError
        If a path does not exist, or the licence is not accepted.
    DataError
        With all files that are missing or differ from the registry.
    SizeError
        If the disk is full.
    """
    candidates = _list_files(paths)
    stored = look_up(source, workspace)
    accepted = _require_acceptance(source, stored, accept=accept)
    chosen, problems = _match(source, candidates, any_version=any_version)
    if problems:
        raise DataError(problems, "source_add_failed", name=source.name)
    with _explain_disk(stored.folder), _replace(source, stored.folder) as folder:
        files: dict[str, Entry] = {}
        for file in source.files:
            shutil.copyfile(chosen[file.name], folder / file.name)
            sha256, size = hash_file(folder / file.name)
            files[file.name] = {"sha256": sha256, "bytes": size, "from": str(chosen[file.name].resolve())}
            if tell is not None:
                tell(file, "added")
        return write_origin(folder, source, "add", accepted, files)


def _fill(
    source: SourceSet,
    stored: Stored,
    folder: Path,
    addresses: Mapping[str, str],
    limits: Limits | None,
    tell: Tell | None,
) -> None:
    """Copy or download every file; a fault of the network ends it, other faults are gathered."""
    problems: list[Problem] = []
    for file in source.files:
        way: Literal["kept", "fetched"] = "kept" if file.name in stored.good else "fetched"
        try:
            if way == "kept":
                shutil.copyfile(stored.folder / file.name, folder / file.name)
            else:
                download(addresses[file.name], folder / file.name, file, limits)
        except FetchError as error:
            problems += error.problems
            if error.passing:
                break
        else:
            if tell is not None:
                tell(file, way)
    if problems:
        raise FetchError(problems)


def _require_acceptance(source: SourceSet, stored: Stored, *, accept: bool) -> str:
    """Return the day on which the licence was accepted."""
    if stored.origin is not None and stored.origin.licence == source.licence:
        return stored.origin.accepted
    if not accept:
        raise UsageError("source_not_accepted", name=source.name, licence=source.licence, url=source.licence_url)
    return dt.datetime.now(dt.UTC).date().isoformat()


def _list_files(paths: Sequence[Path]) -> list[Path]:
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise UsageError("source_path_missing", path=", ".join(missing))
    found = [item for path in paths for item in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [item for item in found if item.is_file()]


def _match(
    source: SourceSet, candidates: Sequence[Path], *, any_version: bool
) -> tuple[dict[str, Path], list[Problem]]:
    """Return the path of each file of the set, and what is missing or differs."""
    lengths = {file.bytes for file in source.files}
    by_hash = {hash_file(path)[0]: path for path in candidates if path.stat().st_size in lengths}
    by_name = {path.name: path for path in candidates}
    chosen, problems = {}, []
    for file in source.files:
        path = by_hash.get(file.sha256) or by_name.get(file.name)
        if path is None:
            problems.append(Problem("source_file_missing", place=Place(file.name)))
            continue
        chosen[file.name] = path
        found, size = hash_file(path)
        if found != file.sha256 and not any_version:
            fields = {"found": found, "size": size, "wanted": file.sha256, "bytes": file.bytes}
            problems.append(Problem("source_file_differs", place=Place(str(path)), fields=fields))
    return chosen, problems


@contextmanager
def _replace(source: SourceSet, folder: Path) -> Iterator[Path]:
    with replace_folder(folder, [ORIGIN, *(file.name for file in source.files)]) as temporary:
        yield temporary


@contextmanager
def _explain_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise SizeError("disk_full", path=str(folder)) from error
            case errno.EACCES | errno.EPERM | errno.EROFS:
                raise UsageError("no_permission", path=str(folder)) from error
            case _:
                reason = error.strerror or str(error)
                raise UsageError("not_writable", path=str(folder), reason=reason) from error
