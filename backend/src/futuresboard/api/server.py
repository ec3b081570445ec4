"""The HTTP server under the app: threads, keep-alive, and websockets without compression."""

from __future__ import annotations

import io
import logging
import socket
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from futuresboard.api.problems import PROBLEM_TYPE, document
from futuresboard.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)

_BACKLOG = 128
_IDLE_S = 75.0
# A request's body up to here is read before the app runs, so that the connection can be kept.
_KEPT_BODY = 1024 * 1024
# Of a longer one so much is read and dropped after the answer, so that the client sees the answer.
_DRAINED_BODY = 16 * 1024 * 1024
_DEAD_PEER_MS = 60_000
# A request takes the interpreter's lock several times (socket, database); beside a thread that
# computes each turn costs up to this. Measured with a writer in the process: p99 33 ms with the
# default of 5 ms, 15 ms with this.
_SWITCH_S = 0.0005


class WithoutCompression:
    """Hides a websocket's offer to compress: each client's frames would be compressed one by one.

    Measured at 200 clients: 583 ms against 30 to 40 ms of CPU a broadcast.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The wrapped app's answer."""
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return self._app(environ, start_response)


class Handler(WSGIRequestHandler):
    """One connection. Unlike Werkzeug's own it keeps the connection for the next request."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411, "Length Required", "send the body with its Content-Length, not in chunks")
            return
        environ = self.make_environ()
        length = self._body_length()
        if length > _KEPT_BODY:
            self.close_connection = True
        elif length:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(length))
        if self.headers.get("Upgrade"):
            # A websocket takes the connection over; its library sends whole frames only on a
            # socket without a time limit, and a dead peer must not hold its thread for ever.
            self.close_connection = True
            self.connection.settimeout(None)
            if sys.platform == "linux":
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_PEER_MS)
        try:
            self._answer(environ)
        except ConnectionError:
            self.close_connection = True
        if length > _KEPT_BODY:
            self._drain(length)

    def _body_length(self) -> int:
        given = self.headers.get("Content-Length", "0")
        if given.isascii() and given.isdigit():
            return int(given)
        # Where the next request begins cannot be known.
        self.close_connection = True
        return 0

    def _drain(self, length: int) -> None:
        left = min(length, _DRAINED_BODY)
        while left > 0:
            read = len(self.rfile.read(min(left, 65536)))
            if not read:
                return
            left -= read

    def _answer(self, environ: WSGIEnvironment) -> None:
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: OptExcInfo | None = None,
        ) -> Callable[[bytes], object]:
            answer[:] = [(status, headers)]
            return self.wfile.write

        parts = self.server.app(environ, start_response)
        try:
            # An app that names its answer's length has it whole; one that makes it part by part does not.
            body = None if self._flows(parts, answer) else b"".join(parts)
            if body is None:
                self._stream(*answer[0], parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        if body is not None:
            self._send(*answer[0], body)

    def _flows(self, parts: Iterable[bytes], answer: list[tuple[str, list[tuple[str, str]]]]) -> bool:
        if isinstance(parts, list | tuple) or not answer:
            return False
        status, headers = answer[0]
        return not self._is_bodiless(status) and "content-length" not in {name.lower() for name, _ in headers}

    def _is_bodiless(self, status: str) -> bool:
        code = int(status.partition(" ")[0])
        return self.command == "HEAD" or code in (204, 304) or code < 200

    def _begin(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        bodiless = self._is_bodiless(status)
        names = {name.lower() for name, _ in headers}
        if "content-length" not in names and not bodiless:
            headers = [*headers, ("Content-Length", str(len(body)))]
        self._begin(status, headers)
        if not bodiless:
            self.wfile.write(body)
        self.wfile.flush()

    def _stream(self, status: str, headers: list[tuple[str, str]], parts: Iterable[bytes]) -> None:
        """Send parts as they come, in chunks where the client knows them (HTTP/1.1)."""
        chunked = self.request_version == "HTTP/1.1"
        if chunked:
            headers = [*headers, ("Transfer-Encoding", "chunked")]
        else:
            self.close_connection = True
        self._begin(status, headers)
        try:
            for part in filter(None, parts):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
        except Exception as error:  # noqa: BLE001 - the outermost edge of this answer
            # Without its last chunk nobody takes the half for the whole.
            self.close_connection = True
            if not isinstance(error, OSError):
                _log.exception("an answer broke off: %s", self.path)
            return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP, as a problem too."""
        self.close_connection = True
        # Nothing is known about a client that sent nonsense: answer it like any other.
        self.request_version = self.protocol_version
        body = orjson.dumps(document(int(code), explain or message))
        self._send(f"{int(code)} {message or ''}", [("Content-Type", PROBLEM_TYPE)], body)

    def version_string(self) -> str:
        """The Server header."""
        return "futuresboard"

    def log(self, type: str, message: str, *args: Any) -> None:
        """One debug line a request: the log belongs to the cycles."""
        _log.debug("%s %s", self.address_string(), message % args if args else message)


class Server:
    """A listening server; raises ConfigError when the address cannot be had."""

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        listener = _listen(host, port)
        with listener:
            self._server: BaseWSGIServer = make_server(
                host, port, app, threaded=True, request_handler=Handler, fd=listener.fileno()
            )
        self.port: int = self._server.socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def serve(self) -> None:
        """Answer until `stop` is called from another thread or the process is interrupted."""
        sys.setswitchinterval(_SWITCH_S)
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """End `serve`, from another thread; answers under way are finished by their threads."""
        self._server.shutdown()

    def close(self) -> None:
        """Listen no more."""
        self._server.server_close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        # A name is looked up as IPv4: who calls it localhost expects 127.0.0.1 to answer.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            [
                f"HOST, PORT: got {host!r}, {port}, allowed: an address of this machine and a port "
                f"nothing else listens on ({error.strerror or error})"
            ]
        ) from error
