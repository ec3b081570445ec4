"""Answers that are made part by part, as the server under the app sends them."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from futuresboard.api.server import Server

WAIT_S = 20.0
type Parts = Callable[[], Iterable[bytes]]


@contextmanager
def serving(parts: Parts, *headers: tuple[str, str]) -> Iterator[Server]:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return parts()

    server = Server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server.close()


def connected(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_parts_are_chunks_and_empty_ones_end_nothing():
    with serving(lambda: iter([b"one", b"", b"two" * 1000])) as server:
        answer = raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"Transfer-Encoding: chunked" in head
        assert b"Content-Length" not in head
        assert body == b"3\r\none\r\nbb8\r\n" + b"two" * 1000 + b"\r\n0\r\n\r\n"


def test_a_part_is_asked_for_when_the_one_before_is_on_its_way():
    read = threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"x" * 200_000
        assert read.wait(WAIT_S)
        yield b"y"

    with serving(parts) as server:
        connection = connected(server)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.read(100_000) == b"x" * 100_000
        read.set()
        assert response.read() == b"x" * 100_000 + b"y"
        connection.close()


def test_an_old_client_is_told_the_end_by_the_end():
    with serving(lambda: iter([b"one", b"two"])) as server:
        answer = raw(server, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"chunked" not in head
        assert b"Connection: close" in head
        assert body == b"onetwo"


def test_what_breaks_off_is_never_taken_for_the_whole(caplog: pytest.LogCaptureFixture):
    def parts() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the rest is lost")

    with caplog.at_level(logging.ERROR), serving(parts) as server:
        connection = connected(server)
        connection.request("GET", "/")
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
        connection.close()
    assert "an answer broke off" in caplog.text


def test_a_client_that_leaves_ends_the_making(caplog: pytest.LogCaptureFixture):
    ended = threading.Event()

    def parts() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    with caplog.at_level(logging.ERROR), serving(parts) as server:
        connection = connected(server)
        connection.request("GET", "/")
        connection.getresponse().read(10)
        connection.sock.close()
        connection.close()
        assert ended.wait(WAIT_S)
    assert caplog.text == ""


@pytest.mark.parametrize("parts", [[b"a", b"b"], (b"ab",)])
def test_what_is_there_at_once_has_a_length(parts: Iterable[bytes]):
    with serving(lambda: parts) as server:
        connection = connected(server)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.headers["Content-Length"], response.read()) == ("2", b"ab")
        connection.close()


def test_a_length_that_the_app_names_holds():
    with serving(lambda: iter([b"a", b"b"]), ("Content-Length", "2")) as server:
        connection = connected(server)
        for _ in range(2):
            connection.request("GET", "/")
            response = connection.getresponse()
            assert (response.headers.get("Transfer-Encoding"), response.read()) == (None, b"ab")
        connection.close()


def test_head_has_no_parts():
    with serving(lambda: iter([b"a"])) as server:
        connection = connected(server)
        for _ in range(2):
            connection.request("HEAD", "/")
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"")
        connection.close()
