"""A real HTTP server on loopback that takes notifications: it records, refuses, hangs, drips or resets."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_S = 20.0
HANG, DRIP, RESET = "hang", "drip", "reset"


@dataclass(frozen=True)
class Taken:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.body.get("title"))


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        """Connections that break are what is asked for."""


class Webhook:
    """What came in (`taken`: everything that was read to its end), and how it is answered.

    `says`: by path (or "" for all) a status, `HANG` (no answer until the server ends), `DRIP` (an
    answer without an end, byte by byte) or `RESET`; else 200.
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.says: dict[str, int | str] = {}
        self.answer: bytes = b"{}"
        self.ending = threading.Event()
        self._news = threading.Condition()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length) or b"{}")
                webhook._respond(self, Taken(self.path, dict(self.headers), body))

            def log_message(self, *args: object) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def _respond(self, handler: BaseHTTPRequestHandler, taken: Taken) -> None:
        says = self.says.get(taken.path, self.says.get("", 200))
        with self._news:
            self.taken.append(taken)
            self._news.notify_all()
        if says == RESET:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Closed for good, and so reset, once nobody holds it any more.
            handler.rfile.close()
            handler.wfile.close()
            handler.connection.close()
            raise ConnectionResetError
        if says == HANG:
            self.ending.wait()
            return
        if says == DRIP:
            self._drip(handler)
            return
        handler.send_response(int(says))
        handler.send_header("Content-Length", str(len(self.answer)))
        handler.end_headers()
        handler.wfile.write(self.answer)

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not self.ending.wait(0.1):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    def wait(self, condition: Callable[[], object]) -> None:
        """Return when a condition over what came in holds; fails after a while."""
        with self._news:
            assert self._news.wait_for(condition, WAIT_S), [taken.title for taken in self.taken]

    @property
    def titles(self) -> list[str]:
        return [taken.title for taken in self.taken]

    def close(self) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A server for the length of a block."""
    made = Webhook()
    try:
        yield made
    finally:
        made.close()
