"""The registry: which sets of data can be fetched, from where, with which hash and under which terms."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pondasi.errors import UsageError
from pondasi.tables.text import suggest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True)
class SourceFile:
    """One file of a set; the hash decides whether a file is the one that is meant."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class SourceSet:
    """A set of data of one publisher, pinned to one version.

    Parameters
    ----------
    name
        What the user calls it.
    title, terms
        Its title, and what its licence allows, by language.
    publisher, home
        Who publishes it, and the page that describes it.
    licence, licence_url
        Code of the licence in the dictionary, and its text.
    commit, date
        The version that the hashes belong to.
    base
        Address of the folder; ``{commit}`` stands for the version.
    files
        Its files.
    """

    name: str
    title: Mapping[str, str] = field(repr=False)
    terms: Mapping[str, str] = field(repr=False)
    publisher: str
    home: str
    licence: str
    licence_url: str
    commit: str
    date: dt.date
    base: str
    files: tuple[SourceFile, ...] = field(repr=False)

    @property
    def version(self) -> str:
        """The pinned version, short."""
        return self.commit[:8]

    def address(self, file: SourceFile, base: str | None = None) -> str:
        """Return the address of a file, at the publisher or under another base address.

        Raises
        ------
        UsageError
            If the base is no http or https address, or holds a user name.

        Example
        -------
        >>> eto = find_source("eto")
        >>> eto.address(eto.files[0], "http://mirror.example/eto/{commit}/")[:40]
        'http://mirror.example/eto/46e010644c2399'
        """
        where = (base or self.base).replace("{commit}", self.commit)
        _check_address(where)
        return f"{where.rstrip('/')}/{file.name}"


def find_source(name: str) -> SourceSet:
    """Return the set of that name.

    Raises
    ------
    UsageError
        If there is none, with the nearest name.

    Example
    -------
    >>> find_source("eto").licence
    'cc-by-nc-4.0'
    """
    registry = load_registry()
    if name in registry:
        return registry[name]
    guess = suggest(name, registry)
    known = ", ".join(registry)
    if guess:
        raise UsageError("source_unknown_guess", name=name, guess=guess)
    raise UsageError("source_unknown", name=name, known=known)


@lru_cache(maxsize=1)
def load_registry() -> Mapping[str, SourceSet]:
    """Return every set by name, in the order of the registry."""
    text = (resources.files("pondasi") / "data" / "sources" / "registry.toml").read_text(encoding="utf-8")
    return {
        name: SourceSet(**{**entry, "name": name, "files": tuple(SourceFile(**file) for file in entry["files"])})
        for name, entry in tomllib.loads(text).items()
    }


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        plain = plain and parts.port != 0
    except ValueError:
        plain = False
    if not plain:
        raise UsageError("source_address", address=address)
