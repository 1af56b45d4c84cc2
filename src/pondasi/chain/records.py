"""The chain as a frozen record of six tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pondasi.tables.write import table_to_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

CHAIN_TABLES = ("nodes", "links", "variants", "shares", "traits", "sources")
COMPANION_TABLES = ("controls", "hazards", "sites", "capability", "routes")


@dataclass(frozen=True)
class Chain:
    """The world's chip chain: six tables and nothing else (MODEL page, section 1).

    A chain is made by `load_chain` or `build_chain`, which check it; its tables are handed out as
    copies-on-write, so that nobody can change a chain behind another's back.

    Parameters
    ----------
    tables
        The six tables by name, columns and types as in the dictionary.
    id, version
        What the pack says of itself.

    Example
    -------
    >>> from pondasi import load_chain
    >>> chain = load_chain()
    >>> chain.nodes["node"].is_unique
    True
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    id: str = ""
    version: str = ""

    @property
    def nodes(self) -> pd.DataFrame:
        """Nodes: one row a product, material, tool, licence or process."""
        return self.tables["nodes"].copy(deep=False)

    @property
    def links(self) -> pd.DataFrame:
        """Links from supplier node to user node, with the supplier's share of sales."""
        return self.tables["links"].copy(deep=False)

    @property
    def variants(self) -> pd.DataFrame:
        """Which node is a type of which family."""
        return self.tables["variants"].copy(deep=False)

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of countries and firms in the world sales of each node."""
        return self.tables["shares"].copy(deep=False)

    @property
    def traits(self) -> pd.DataFrame:
        """Traits of nodes: stocks, cycle times, utilisation and so on."""
        return self.tables["traits"].copy(deep=False)

    @property
    def sources(self) -> pd.DataFrame:
        """Sources of every figure."""
        return self.tables["sources"].copy(deep=False)

    @property
    def hash(self) -> str:
        """SHA-256 over the content of the six tables; equal for equal content in any form of file."""
        digest = hashlib.sha256()
        for name in CHAIN_TABLES:
            digest.update(name.encode())
            digest.update(table_to_csv(self.tables[name]).encode())
        return digest.hexdigest()

    def __str__(self) -> str:
        """Say what the chain holds, as a sentence."""
        counts = ", ".join(f"{len(self.tables[name])} {name}" for name in CHAIN_TABLES)
        return f"Chain {self.id} {self.version}: {counts}".replace("  ", " ")


@dataclass(frozen=True)
class World:
    """A chain with its companions: export controls, hazards, sites, capability, routes."""

    chain: Chain
    companions: Mapping[str, pd.DataFrame] = field(repr=False)
