"""What only real HTTP shows: keep-alive, validators, compression, broken requests, a taken port."""

from __future__ import annotations

import gzip
import http.client
import json
import queue
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from futuresboard import app as app_module
from futuresboard.api.newest import BUCKET_MS, Newest
from futuresboard.api.pages import Page, Pages
from futuresboard.api.server import Server
from futuresboard.app import run
from futuresboard.errors import ConfigError
from support_rows import World
from support_web import Web


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.fill("okx", made.register("okx", *(f"C{n}" for n in range(30))))
    yield made
    made.close()


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    yield made
    made.close()


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response, response.read()


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection):
    connection.connect()
    first = connection.sock
    for path in ("/api/metrics", "/api/nothing", "/api/metrics?limit=x", "/health", "/metrics", "/api/docs"):
        ask(connection, path)
        assert connection.sock is first, path
    ask(connection, "/api/metrics", "HEAD")
    ask(connection, "/api/settings", "PUT", b'{"thresholds": {}}', Content_Type="application/json")
    assert connection.sock is first


def test_a_page_is_tagged_and_not_sent_twice(connection: http.client.HTTPConnection, world: World):
    response, body = ask(connection, "/api/metrics?limit=5")
    tag = response.headers["ETag"]
    assert tag.startswith('"')
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Range"] == "metrics 0-4/30"
    assert int(response.headers["Content-Length"]) == len(body)
    for given in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        again, nothing = ask(connection, "/api/metrics?limit=5", If_None_Match=given)
        assert (again.status, nothing) == (304, b""), given
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == "no-cache"
        assert "Accept-Encoding" in again.headers["Vary"]
    other, _ = ask(connection, "/api/metrics?limit=6", If_None_Match=tag)
    assert other.status == 200
    world.commit(live=[("okx", "C0/USDT:USDT", {"live_price": 1.5, "live_ts": world.now})])
    changed, new = ask(connection, "/api/metrics?limit=5&sort=symbol", If_None_Match=tag)
    assert changed.status == 200
    assert json.loads(new)[0]["live_price"] == 1.5


def test_a_tag_dies_with_its_data(connection: http.client.HTTPConnection, world: World):
    tag = ask(connection, "/api/metrics?symbol=C0/USDT:USDT")[0].headers["ETag"]
    world.commit(live=[("okx", "C0/USDT:USDT", {"live_price": 1.5, "live_ts": world.now})])
    response, body = ask(connection, "/api/metrics?symbol=C0/USDT:USDT", If_None_Match=tag)
    assert response.status == 200
    assert response.headers["ETag"] != tag
    assert json.loads(body)[0]["live_price"] == 1.5


def test_gzip_when_it_is_accepted(connection: http.client.HTTPConnection):
    plain, body = ask(connection, "/api/metrics")
    packed, packed_body = ask(connection, "/api/metrics", Accept_Encoding="br, gzip;q=0.5")
    assert plain.headers.get("Content-Encoding") is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed_body) == body
    assert len(packed_body) < len(body) / 4
    assert int(packed.headers["Content-Length"]) == len(packed_body)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    refused, whole = ask(connection, "/api/metrics", Accept_Encoding="gzip;q=0")
    assert (refused.headers.get("Content-Encoding"), whole) == (None, body)
    # The tag of the other encoding is another representation's.
    again, _ = ask(connection, "/api/metrics", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
    assert again.status == 304
    other, _ = ask(connection, "/api/metrics", Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"])
    assert other.status == 200


def test_head_has_the_headers_alone(connection: http.client.HTTPConnection):
    got, body = ask(connection, "/api/metrics?limit=3")
    head, nothing = ask(connection, "/api/metrics?limit=3", "HEAD")
    assert nothing == b""
    for name in ("ETag", "Content-Range", "Content-Length", "Content-Type"):
        assert head.headers[name] == got.headers[name]
    assert int(head.headers["Content-Length"]) == len(body)


def test_a_large_body_is_refused_in_words(connection: http.client.HTTPConnection):
    response, body = ask(
        connection, "/api/settings", "PUT", b" " * 3_000_000, Content_Type="application/json"
    )
    assert response.status == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["status"] == 413
    small, _ = ask(connection, "/api/settings", "PUT", b" " * 70_000, Content_Type="application/json")
    assert small.status == 413
    assert ask(connection, "/api/metrics")[0].status == 200


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        parts = []
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /api/metrics HTTP/1.1\r\nContent-Length: -5\r\nHost: x\r\n\r\n", 200),
        (b"BREW /api/metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ],
)
def test_what_is_not_proper_http(server: Server, request_: bytes, status: int):
    answer = raw(server, request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"<html" not in answer.lower()
    if status != 200:
        assert json.loads(body)["status"] == status


def test_two_requests_at_once_get_two_answers(server: Server):
    one = b"GET /api/metrics?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/metrics?limit=2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = raw(server, one + last)
    assert b"metrics 0-0/30" in answer
    assert b"metrics 0-1/30" in answer


def test_a_taken_port_is_one_sentence(server: Server, web: Web):
    with pytest.raises(ConfigError) as caught:
        Server(web.app, "127.0.0.1", server.port)
    assert len(caught.value.problems) == 1
    assert str(server.port) in caught.value.problems[0]


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_other_names_of_this_machine(web: Web, host: str):
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    server = Server(web.app, host, 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        with urlopen(f"{server.url}/health/live") as response:
            assert json.load(response) == {"status": "live"}
    finally:
        server.stop()
        thread.join()
        server.close()


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_foreign_address_is_one_sentence(web: Web):
    with pytest.raises(ConfigError):
        Server(web.app, "192.0.2.1", 0)


def test_pages_are_built_once_a_version():
    pages = Pages()
    built: list[int] = []

    def build() -> Page:
        built.append(1)
        return Page(b"x")

    first = pages.get("key", 1, build)
    assert pages.get("key", 1, build) is first
    assert pages.get("key", 2, build) is not first
    assert pages.get("other", 2, build) is not first
    assert len(built) == 3


def test_pages_forget_the_least_used():
    pages = Pages(max_bytes=30)
    built: list[str] = []

    def ask_for(key: str) -> None:
        def build() -> Page:
            built.append(key)
            return Page(b"0123456789")

        pages.get(key, 1, build)

    for key in ("a", "b", "c", "a", "d", "a", "b"):
        ask_for(key)
    assert built == ["a", "b", "c", "d", "b"]


def test_a_body_in_chunks_is_refused_in_words(server: Server):
    made = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    made.putrequest("PUT", "/api/settings")
    made.putheader("Content-Type", "application/json")
    made.putheader("Transfer-Encoding", "chunked")
    made.endheaders()
    # The answer comes before any chunk is sent: the connection may be closed while one is under way.
    response = made.getresponse()
    assert (response.status, response.headers["Connection"]) == (411, "close")
    assert json.loads(response.read())["status"] == 411
    made.close()


# -- the newest rows, read once -------------------------------------------------------------------


def test_rows_are_read_once_a_commit(world: World):
    newest = Newest(world.reader, lambda: world.now)
    first = newest.get("5m")
    assert newest.get("5m") is first
    assert newest.fresh("5m") is first
    world.fill("okx", ["C0/USDT:USDT"])
    second = newest.get("5m")
    assert second is not first
    assert second[0].seq == first[0].seq + 1
    world.now += BUCKET_MS
    assert newest.get("5m") is not second


def test_rows_renewed_by_another_are_taken_as_they_are(world: World):
    newest = Newest(world.reader, lambda: world.now)
    first = newest.get("5m")
    newest.rely(True)
    world.fill("okx", ["C0/USDT:USDT"])
    assert newest.get("5m") is first
    renewed = newest.fresh("5m")
    assert renewed is not first
    assert newest.get("5m") is renewed
    world.fill("okx", ["C0/USDT:USDT"])
    newest.rely(False)
    assert newest.get("5m") is not renewed


def test_nobody_waits_for_rows_that_are_being_read(world: World, monkeypatch: pytest.MonkeyPatch):
    newest = Newest(world.reader, lambda: world.now)
    first = newest.get("5m")
    world.fill("okx", ["C0/USDT:USDT"])
    reading, go_on = threading.Event(), threading.Event()
    whole = world.reader.snapshot

    def slow(*args: object) -> object:
        reading.set()
        assert go_on.wait(20)
        return whole(*args)

    monkeypatch.setattr(world.reader, "snapshot", slow)
    other = threading.Thread(target=newest.fresh, args=("5m",))
    other.start()
    assert reading.wait(20)
    assert newest.get("5m") is first
    go_on.set()
    other.join()
    assert newest.get("5m")[0].seq == first[0].seq + 1


# -- run ------------------------------------------------------------------------------------------


def test_run_serves_until_it_is_stopped(web: Web, monkeypatch: pytest.MonkeyPatch):
    made: list[Server] = []

    class Noted(Server):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(app_module, "Server", Noted)
    settings = replace(web.settings, port=0)
    urls: queue.Queue[str] = queue.Queue()
    thread = threading.Thread(target=run, args=(web.app, web.publisher, settings), kwargs={"ready": urls.put})
    thread.start()
    url = urls.get(timeout=20)
    assert url == f"http://127.0.0.1:{made[0].port}"
    with urlopen(f"{url}/api/metrics?limit=1") as response:
        assert response.headers["Content-Range"] == "metrics 0-0/30"
    made[0].stop()
    thread.join(20)
    assert not thread.is_alive()
    # The port is free again.
    Server(web.app, "127.0.0.1", made[0].port).close()


def test_run_leaves_nothing_behind_when_it_cannot_begin(web: Web):
    def fail(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(web.app, web.publisher, replace(web.settings, port=0), ready=fail)
    assert not [thread for thread in threading.enumerate() if thread.name == "publisher"]
