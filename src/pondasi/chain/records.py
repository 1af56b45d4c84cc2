"""The chain as a frozen record of six tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.tables.write import table_to_csv

if TYPE_CHECKING:
    import pandas as pd

CHAIN_TABLES = ("nodes", "links", "variants", "shares", "traits", "sources")


class Tables(Mapping[str, "pd.DataFrame"]):
    """Tables by name; each is handed out as a copy-on-write, so that nobody changes the original.

    Example
    -------
    >>> import pandas as pd
    >>> tables = Tables({"nodes": pd.DataFrame({"node": ["logic"]})})
    >>> nodes = tables["nodes"]
    >>> nodes.loc[0, "node"] = "memory"
    >>> tables["nodes"]["node"].tolist()
    ['logic']
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._frames = {name: frame.copy(deep=False) for name, frame in frames.items()}

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._frames[name].copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"Tables({', '.join(self._frames)})"


@dataclass(frozen=True)
class OverlayMark:
    """What a result must say of an overlay that it was made with.

    Parameters
    ----------
    id, owner
        Its name, and who owns its figures.
    secrecy
        A code of the dictionary: open, internal, confidential or secret.
    hash
        SHA-256 of its tables.
    """

    id: str
    owner: str
    secrecy: str
    hash: str


@dataclass(frozen=True, eq=False)
class Chain:
    """The world's chip chain: six tables and nothing else (MODEL page, section 1).

    A chain is made by `load_chain` or `build_chain`, which check it; its tables are handed out as
    copies-on-write, so that nobody can change a chain behind another's back. Two chains are equal when
    their content, id and version are.

    Parameters
    ----------
    tables
        The six tables by name, columns and types as in the dictionary.
    id, version
        What the pack says of itself.
    overlays
        Marks of the overlays laid over it: every result carries them.

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
    overlays: tuple[OverlayMark, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Take the tables as they are now."""
        object.__setattr__(self, "tables", Tables(self.tables))

    @property
    def nodes(self) -> pd.DataFrame:
        """Nodes: one row a product, material, tool, licence or process."""
        return self.tables["nodes"]

    @property
    def links(self) -> pd.DataFrame:
        """Links from supplier node to user node, with the supplier's share of sales."""
        return self.tables["links"]

    @property
    def variants(self) -> pd.DataFrame:
        """Which node is a type of which family."""
        return self.tables["variants"]

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of countries and firms in the world sales of each node."""
        return self.tables["shares"]

    @property
    def traits(self) -> pd.DataFrame:
        """Traits of nodes: stocks, cycle times, utilisation and so on."""
        return self.tables["traits"]

    @property
    def sources(self) -> pd.DataFrame:
        """Sources of every figure."""
        return self.tables["sources"]

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the content of the six tables; equal for equal content in any form of file."""
        return hash_tables({name: self.tables[name] for name in CHAIN_TABLES})

    @property
    def origin(self) -> dict[str, Any]:
        """What a run says of its data: id, version and hash, and the marks of overlays if there are any."""
        origin: dict[str, Any] = {"id": self.id, "version": self.version, "hash": self.hash}
        return {**origin, "overlays": [asdict(mark) for mark in self.overlays]} if self.overlays else origin

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chain):
            return NotImplemented
        return (self.id, self.version, self.hash) == (other.id, other.version, other.hash)

    def __hash__(self) -> int:
        return hash((self.id, self.version, self.hash))

    def __str__(self) -> str:
        """Say what the chain holds, as a sentence."""
        counts = ", ".join(f"{len(self.tables[name])} {name}" for name in CHAIN_TABLES)
        names = filter(None, ["Chain", self.id, self.version, *(f"+ {mark.id}" for mark in self.overlays)])
        return " ".join(names) + f": {counts}"


@dataclass(frozen=True, eq=False)
class World:
    """A chain with its companions, whatever other tables of the dictionary the pack holds: controls, hazards, sites..."""

    chain: Chain
    companions: Mapping[str, pd.DataFrame] = field(repr=False)

    @cached_property
    def companions_hash(self) -> str:
        """SHA-256 over the content of the companions."""
        return hash_tables({name: self.companions[name] for name in sorted(self.companions)})

    def __post_init__(self) -> None:
        """Take the tables as they are now."""
        object.__setattr__(self, "companions", Tables(self.companions))


def hash_tables(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return SHA-256 over tables in their order, names and content.

    Example
    -------
    >>> hash_tables({})[:8]
    'e3b0c442'
    """
    digest = hashlib.sha256()
    for name, table in tables.items():
        digest.update(name.encode())
        digest.update(table_to_csv(table).encode())
    return digest.hexdigest()
