"""The workspace: the one folder that a run writes to, with a manifest for every run.

::

    pondasi-work/
      runs/<utc>-<verb>-<hash8>/manifest.json, tables/*.parquet
      documents/    briefs
      data/, overlays/, cache/
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

DEFAULT = "pondasi-work"
VARIABLE = "PONDASI_WORKSPACE"
MANIFEST = "manifest.json"
PACKAGES = (
    "babel",
    "click",
    "highspy",
    "jinja2",
    "num2words",
    "numba",
    "numpy",
    "openpyxl",
    "pandas",
    "pyarrow",
    "pyyaml",
    "scipy",
)
"""What the program runs on, the solver included: a run says which version of each it used."""


@dataclass(frozen=True)
class Workspace:
    """A folder for runs and documents; nothing is made until something is written."""

    path: Path

    @property
    def documents(self) -> Path:
        """Where documents are written."""
        return self.path / "documents"

    def find_run(
        self,
        verb: str,
        data: Mapping[str, Any],
        options: Mapping[str, Any],
        needs: Iterable[str] = (),
        tables: Iterable[str] = (),
        case: Mapping[str, str] | None = None,
    ) -> SavedRun | None:
        """Return the latest whole run of a verb on some data with some options, or None.

        Parameters
        ----------
        verb
            The command that made it.
        data
            As the manifest names them: all must be equal, so that a run on other figures never matches.
        options
            Those that must be equal; the run may have more.
        needs
            Names of options that the run must have, whatever their values.
        tables
            Names of tables that the run must hold.
        case
            The case that the run must rest on, as manifests name it; None where runs of the verb rest on none.
        """
        wanted = json.loads(json.dumps(dict(data)))  # as a manifest reads back: lists for tuples
        for file in sorted(self.path.glob(f"runs/*-{verb}-*/{MANIFEST}"), reverse=True):
            manifest = json.loads(file.read_text(encoding="utf-8"))
            given = manifest["options"]
            same = all(given.get(name) == value for name, value in options.items()) and given.keys() >= set(needs)
            whole = all((file.parent / "tables" / f"{name}.parquet").is_file() for name in tables)
            same = same and (case is None or manifest.get("case") == dict(case))
            if manifest["verb"] == verb and manifest["data"] == wanted and same and whole:
                return SavedRun(file.parent, manifest)
        return None

    def open_run(self, name: str | Path) -> SavedRun | None:
        """Return a saved run by the path of its folder or manifest, or by its name in the workspace; None if there is none."""
        path = Path(name)
        for folder in (path.parent if path.name == MANIFEST else path, self.path / "runs" / name):
            if (folder / MANIFEST).is_file():
                return SavedRun(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        return None

    def save_run(self, manifest: Manifest, tables: Mapping[str, pd.DataFrame]) -> Path:
        """Write a run's tables and then its manifest, so that a run with a manifest is whole."""
        folder = self.path / "runs" / manifest.name
        for name, table in tables.items():
            marked = table.copy(deep=False)
            marked.attrs["data"] = dict(manifest.data)  # a table that is passed on still says what it rests on
            with replace_file(folder / "tables" / f"{name}.parquet") as temporary:
                marked.to_parquet(temporary)
        with replace_file(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(manifest.as_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return folder


@dataclass(frozen=True)
class SavedRun:
    """A run as it lies in the workspace: its manifest and its tables."""

    path: Path
    manifest: Mapping[str, Any] = field(repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """Return one of its tables."""
        import pandas as pd

        return pd.read_parquet(self.path / "tables" / f"{name}.parquet")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all of its tables by name."""
        return {file.stem: self.table(file.stem) for file in sorted((self.path / "tables").glob("*.parquet"))}


@dataclass(frozen=True)
class Manifest:
    """What a run was made of, so that it can be repeated and compared.

    Parameters
    ----------
    verb, options
        The command and its options; they alone, with data and seed, fix the result. An option stands under the
        name of its flag, an argument under its own, so that ``pondasi replay`` can make the call again.
    data
        Id, version and hash of the chain, and the marks of overlays laid over it (`Chain.origin`).
    seed
        Seed of all draws.
    started
        Time of the start, UTC.
    companions
        Hash of the tables beside the chain, which the chain's own hash leaves out: trade, capability, hazards.
    case
        Country, version and hash of the case of a plan (`Case.origin`), where there is one.
    """

    verb: str
    options: Mapping[str, Any]
    data: Mapping[str, Any]
    seed: int
    started: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    companions: str = ""
    case: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 over verb, options, data, seed and version of the program; not over time or machine."""
        core = {
            key: value for key, value in self.as_dict().items() if key not in {"started", "machine", "name", "hash"}
        }
        return hashlib.sha256(json.dumps(core, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return f"{self.started:%Y%m%dT%H%M%SZ}-{self.verb}-{self.hash[:8]}"

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as plain values."""
        return {
            "verb": self.verb,
            "options": dict(self.options),
            "data": dict(self.data),
            **({"companions": self.companions} if self.companions else {}),
            **({"case": dict(self.case)} if self.case else {}),
            "seed": self.seed,
            "versions": {"pondasi": metadata.version("pondasi"), **{name: metadata.version(name) for name in PACKAGES}},
            "started": self.started.isoformat(timespec="seconds"),
            "machine": {
                "python": platform.python_version(),
                "system": platform.system(),
                "machine": platform.machine(),
            },
        }


def open_workspace(path: str | Path | None = None) -> Workspace:
    """Return the workspace at ``path``, else at ``PONDASI_WORKSPACE``, else ``./pondasi-work``."""
    return Workspace(Path(path or os.environ.get(VARIABLE) or DEFAULT))
