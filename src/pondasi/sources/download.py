"""Download one file: stream to a temporary path, hash, and say in the user's words what went wrong.

The standard library does it. The well-known library for this task (pooch) has the same order of steps,
registry, temporary file, hash, move; but it knows no end to a server that sends a byte now and then, takes
a cut connection, a full disk and a wrong hash for the same kind of failure, moves file by file where a set
is wanted whole or not at all, and brings seven packages. Proxies come from the environment (``HTTPS_PROXY``
and the like), certificates from the system (``SSL_CERT_FILE`` names others).
"""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.errors import DataError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from http.client import HTTPResponse
    from pathlib import Path

    from pondasi.sources.registry import SourceFile

CHUNK = 65_536
MAX_BYTES = 100_000_000
"""A file that grows beyond this is not one of a registry's."""
GONE = (404, 410)
BUSY = 429
SERVER_FAULT = 500


@dataclass(frozen=True)
class Limits:
    """How long a download may take.

    Parameters
    ----------
    wait
        Longest silence of the server [seconds].
    total
        Longest time for one file in one try [seconds].
    tries
        How often a file is asked for when the network or the server fails.
    pause
        Wait before the second try [seconds]; twice as long before the third.
    """

    wait: float = 15.0
    total: float = 120.0
    tries: int = 3
    pause: float = 1.0


class FetchError(DataError):
    """A file could not be had, or is not the one that is meant.

    ``passing`` tells that the network or the server was at fault, so that another try may succeed.
    """

    def __init__(self, problems: Sequence[Problem], *, passing: bool = False) -> None:
        super().__init__(problems, "fetch_failed")
        self.passing = passing


def download(address: str, target: Path, file: SourceFile, limits: Limits | None = None) -> None:
    """Download ``address`` to ``target`` and hold its hash against the registry.

    Raises
    ------
    FetchError
        If the file cannot be had, or differs; ``target`` is then gone.
    OSError
        If ``target`` cannot be written.
    """
    limits = limits or Limits()
    for attempt in range(1, limits.tries + 1):
        try:
            _transfer(address, target, file, limits)
        except FetchError as error:
            target.unlink(missing_ok=True)
            if not error.passing or attempt == limits.tries:
                raise
            time.sleep(limits.pause * attempt)
        else:
            return


def hash_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and its length in bytes."""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def _transfer(address: str, target: Path, file: SourceFile, limits: Limits) -> None:
    deadline = time.monotonic() + limits.total
    digest, size = hashlib.sha256(), 0
    with _open(address, limits) as response, target.open("wb") as out:
        while chunk := _read(response, address, limits, deadline):
            digest.update(chunk)
            size += len(chunk)
            if size > MAX_BYTES:
                raise _fault("fetch_changed", address, found="…", size=size, wanted=file.sha256, bytes=file.bytes)
            out.write(chunk)
        announced = response.headers.get("Content-Length")
    # Without a length that the server tells, the registry's is the only sign of a cut.
    whole = int(announced) if announced and announced.isdigit() else file.bytes
    if size < whole:
        raise _fault("fetch_cut", address, passing=True, size=size, whole=whole)
    if digest.hexdigest() != file.sha256:
        found = digest.hexdigest()
        raise _fault("fetch_changed", address, found=found, size=size, wanted=file.sha256, bytes=file.bytes)


@contextmanager
def _open(address: str, limits: Limits) -> Iterator[HTTPResponse]:
    request = urllib.request.Request(address, headers={"User-Agent": "pondasi", "Accept-Encoding": "identity"})  # noqa: S310 - the opener knows http and https only
    with _explain(address, limits):
        response: HTTPResponse = _make_opener().open(request, timeout=limits.wait)
    with response:
        yield response


def _make_opener() -> urllib.request.OpenerDirector:
    """Return an opener with the proxies of the environment as they are now, for http and https and nothing else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _read(response: HTTPResponse, address: str, limits: Limits, deadline: float) -> bytes:
    """Return what came, at most one piece of the network: a server that trickles cannot hold us."""
    with _explain(address, limits):
        chunk = response.read1(CHUNK)
    if chunk and time.monotonic() > deadline:
        raise _fault("fetch_slow", address, passing=True, seconds=limits.total)
    return chunk


@contextmanager
def _explain(address: str, limits: Limits) -> Iterator[None]:
    """Turn what the network library raises into errors that say what to do."""
    try:
        yield
    except urllib.error.HTTPError as error:
        with error:
            raise _explain_status(address, error) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            raise _fault("fetch_slow", address, passing=True, seconds=limits.wait) from error
        if isinstance(reason, (http.client.HTTPException, ConnectionResetError, BrokenPipeError)):
            raise _fault("fetch_broken", address, passing=True, reason=_say(reason)) from error
        raise _fault("fetch_unreachable", address, passing=True, reason=_say(reason)) from error


def _explain_status(address: str, error: urllib.error.HTTPError) -> FetchError:
    if error.code in GONE:
        return _fault("fetch_gone", address, status=error.code)
    if error.code >= SERVER_FAULT or error.code == BUSY:
        return _fault("fetch_server", address, passing=True, status=error.code)
    return _fault("fetch_refused", address, status=error.code)


def _say(reason: object) -> str:
    text = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
    return f"{type(reason).__name__}: {text}".removesuffix(": ")


def _fault(key: str, address: str, /, *, passing: bool = False, **fields: object) -> FetchError:
    return FetchError([Problem(key, place=Place(address), fields=fields)], passing=passing)
