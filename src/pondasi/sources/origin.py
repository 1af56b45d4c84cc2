"""Where a stored set came from: ``origin.json`` beside its files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pondasi.sources.registry import SourceSet

    Entry = Mapping[str, str | int]

ORIGIN = "origin.json"


@dataclass(frozen=True)
class Origin:
    """Where a stored set came from.

    Parameters
    ----------
    source, version, commit
        The set and its version; no commit where another version than the registry's was accepted.
    licence, accepted
        The licence and the day (UTC) on which the user accepted it.
    way, obtained
        ``fetch`` or ``add``, and when (UTC).
    files
        File -> its ``sha256``, ``bytes`` and ``from``, the address or path.
    warnings
        What the user accepted beyond the registry.
    """

    source: str
    version: str
    commit: str | None
    licence: str
    accepted: str
    way: str
    obtained: str
    files: Mapping[str, Entry]
    warnings: tuple[str, ...] = ()


def write_origin(folder: Path, source: SourceSet, way: str, accepted: str, files: Mapping[str, Entry]) -> Origin:
    """Write ``origin.json`` beside the files of a set, as of now."""
    pinned = all(files[file.name]["sha256"] == file.sha256 for file in source.files)
    joint = hashlib.sha256("".join(str(entry["sha256"]) for entry in files.values()).encode()).hexdigest()
    origin = Origin(
        source=source.name,
        version=source.version if pinned else f"other-{joint[:8]}",
        commit=source.commit if pinned else None,
        licence=source.licence,
        accepted=accepted,
        way=way,
        obtained=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        files=files,
        warnings=() if pinned else ("not the registered version",),
    )
    text = json.dumps(asdict(origin), indent=2, ensure_ascii=False) + "\n"
    (folder / ORIGIN).write_text(text, encoding="utf-8", newline="")
    return origin


def read_origin(path: Path) -> Origin | None:
    """Return what ``origin.json`` says, or None where it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = {name: dict(entry) for name, entry in content["files"].items()}
        return Origin(**{**content, "files": files, "warnings": tuple(content["warnings"])})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
