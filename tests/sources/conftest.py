"""What the tests of sources share: no proxy, a server, a workspace, a made-up set."""

import threading

import pytest

from pondasi.workspace import Workspace
from tests.sources.made_up import TOY, make_set, write_files
from tests.sources.server import Server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve():
    """Return a function that starts a server on a folder."""
    servers = []

    def start(folder):
        server = Server(folder)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "work")


@pytest.fixture
def toy(tmp_path, serve):
    """A made-up set, a server that has it, and its files."""
    server = serve(write_files(tmp_path / "published", TOY))
    return make_set(TOY, base=server.base + "/{commit}/data"), server
