"""A web server on this machine that can be told to fail."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event


class Server(ThreadingHTTPServer):
    """Serves a folder; ``faults`` names what it does instead, by file, and ``seen`` is what was asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = Path(folder)
        self.faults = {}
        self.seen = []
        self.over = Event()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away: that is what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.seen.append(self.path)
        fault = self.server.faults.get(name)
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault is None:
            path = self.server.folder / name
            fault = whole(path.read_bytes()) if path.exists() else status(404)
        fault(self)

    def log_message(self, *_):
        """Keep the output of the tests clean."""


def send(handler, data, length=None):
    handler.send_response(200)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(data)


def whole(data):
    return lambda handler: send(handler, data, len(data))


def cut(data, *, tell=True):
    """Send the first half and hang up."""
    return lambda handler: send(handler, data[: len(data) // 2], len(data) if tell else None)


def cut_chunk(data):
    """Announce a piece and hang up in the middle of it."""

    def do(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(f"{len(data):x}\r\n".encode() + data[: len(data) // 2])
        handler.close_connection = True

    return do


def hang_up(handler):
    handler.close_connection = True


def status(code):
    return lambda handler: handler.send_error(code)


def redirect(address):
    def do(handler):
        handler.send_response(302)
        handler.send_header("Location", address)
        handler.end_headers()

    return do


def silent(handler):
    """Say nothing until the test is over."""
    handler.server.over.wait(5)


def trickle(handler):
    """Send a byte now and then, without end."""
    handler.send_response(200)
    handler.end_headers()
    deadline = time.monotonic() + 5
    while not handler.server.over.wait(0.05) and time.monotonic() < deadline:
        handler.wfile.write(b"x")
        handler.wfile.flush()
