"""From a set in the workspace to the tables of a chain: one reader a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.sources.registry import find_source
from pondasi.sources.store import require_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.sources.registry import SourceSet
    from pondasi.workspace import Workspace


@dataclass(frozen=True)
class SourceTables:
    """A set as tables of a chain, to be checked by `pondasi.chain.load.build_chain`.

    Parameters
    ----------
    tables
        The six tables by name; what the publisher does not state is missing in them.
    id, version
        What the pack says of itself.
    left_out
        What of the set has no place in the tables: kind -> number of rows.
    source
        The set that it comes from.
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    id: str
    version: str
    left_out: Mapping[str, int]
    source: SourceSet

    @property
    def unknown(self) -> Mapping[str, tuple[int, int]]:
        """How many figures of each kind are unknown, and how many rows there are."""
        figures = {"nodes": "market_usd", "links": "sales_share", "variants": "substitution", "shares": "share"}
        return {
            name: (int(self.tables[name][column].isna().sum()), len(self.tables[name]))
            for name, column in figures.items()
        }


def read_source(name: str, workspace: Workspace) -> SourceTables:
    """Return a set that is in the workspace as tables of a chain; the network is not used.

    Raises
    ------
    UsageError
        If the set is unknown or not in the workspace.
    DataError
        If its files were changed, or cannot be read.
    """
    from pondasi.sources.eto import read_eto

    readers = {"eto": read_eto}
    source = find_source(name)
    stored = require_source(source, workspace)
    tables, left_out = readers[name](stored.folder, source)
    version = stored.origin.version if stored.origin is not None else ""
    return SourceTables(tables, name, version, left_out, source)
