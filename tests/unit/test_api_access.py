"""Who may come in, from where, and what the page is served with."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st
from socketio.exceptions import ConnectionError as RefusedError

from futuresboard.api.auth import COOKIE, cookie_holds, cookie_value
from support_rows import World
from support_web import Web

TOKEN = "open-sesame"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.fill("okx", made.register("okx", "BTC"))
    yield made
    made.close()


@pytest.fixture
def web(world: World, tmp_path: Path) -> Web:
    return Web(world, tmp_path, AUTH_TOKEN=TOKEN, METRICS_TOKEN="scrape-me")


PATHS = (
    "/api/metrics",
    "/api/settings",
    "/api/openapi.json",
    "/api/docs",
    "/assets/a.js",
    "/favicon.ico",
    "/api/x",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer scrape-me"]
)
def test_nothing_without_the_token(web: Web, path: str, header: str):
    response = web.get(path, Authorization=header)
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in response.get_data(as_text=True)


def test_the_token_opens(web: Web):
    assert web.get("/api/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert web.get("/api/metrics", Authorization=f"bearer {TOKEN}").status_code == 200
    assert web.get("/api/x", Authorization=f"Bearer {TOKEN}").status_code == 404


def test_health_tells_strangers_its_word_only(web: Web):
    assert web.get("/health").get_json() == {"status": "ok"}
    assert "exchanges" in web.get("/health", Authorization=f"Bearer {TOKEN}").get_json()
    assert web.get("/health/live").status_code == 200
    assert web.get("/health/ready").status_code == 200
    web.health["status"] = "down"
    assert (web.get("/health").status_code, web.get("/health").get_json()) == (503, {"status": "down"})


def test_prometheus_has_a_token_of_its_own(web: Web, world: World, tmp_path: Path):
    assert web.get("/metrics").status_code == 401
    assert web.get("/metrics", Authorization="Bearer scrape-me").status_code == 200
    assert web.get("/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200
    alone = Web(world, tmp_path, METRICS_TOKEN="scrape-me")
    assert alone.get("/metrics").status_code == 401
    assert alone.get("/metrics", Authorization="Bearer scrape-me").status_code == 200
    assert alone.get("/api/metrics").status_code == 200


def test_the_page_asks_and_remembers(web: Web):
    asked = web.get("/")
    assert (asked.status_code, asked.mimetype) == (401, "text/html")
    assert "<form" in asked.get_data(as_text=True)
    wrong = web.client.post("/login", data={"token": "guess"})
    assert wrong.status_code == 401
    assert "Set-Cookie" not in wrong.headers
    right = web.client.post("/login", data={"token": TOKEN})
    assert (right.status_code, right.headers["Location"]) == (303, "/")
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert web.get("/").status_code == 200
    assert web.get("/api/metrics").status_code == 200
    web.world.now += 31 * 86_400_000
    assert web.get("/api/metrics").status_code == 401


def test_without_a_token_there_is_no_login(world: World, tmp_path: Path):
    web = Web(world, tmp_path)
    assert web.get("/api/metrics").status_code == 200
    assert web.client.post("/login", data={"token": ""}).status_code in (404, 405)


@given(st.text(max_size=40), st.integers(0, 10**13))
def test_only_a_given_cookie_holds(text: str, now: int):
    assert not cookie_holds(text, TOKEN, now)
    value = cookie_value(TOKEN, now + 1)
    assert cookie_holds(value, TOKEN, now)
    assert not cookie_holds(value, TOKEN, now + 1)
    assert not cookie_holds(value, "another", now)
    assert not cookie_holds(f"{now + 2}.{value.partition('.')[2]}", TOKEN, now)


def try_socket(url: str, transport: str = "websocket", **kwargs: object) -> bool:
    client = socketio.Client(reconnection=False, handle_sigint=False)
    try:
        client.connect(url, transports=[transport], wait_timeout=10, **kwargs)
    except RefusedError:
        return False
    answered = client.call("subscribe", {}, timeout=20)["full"]
    client.disconnect()
    client.eio.wait()
    return answered


def test_sockets_need_the_token_too(web: Web):
    with web.serving() as server:
        assert not try_socket(server.url)
        assert not try_socket(server.url, auth={"token": "guess"})
        assert not try_socket(server.url, auth={"token": ""})
        assert not try_socket(server.url, auth="x")
        assert try_socket(server.url, auth={"token": TOKEN})
        assert try_socket(server.url, headers={"Authorization": f"Bearer {TOKEN}"})
        cookie = cookie_value(TOKEN, web.world.now + 1000)
        assert try_socket(server.url, headers={"Cookie": f"{COOKIE}={cookie}"})


# -- other origins --------------------------------------------------------------------------------


def test_other_origins_get_nothing_by_default(world: World, tmp_path: Path):
    web = Web(world, tmp_path)
    assert "Access-Control-Allow-Origin" not in web.get("/api/metrics", Origin="https://evil.example").headers
    with web.serving() as server:
        assert not try_socket(server.url, "polling", headers={"Origin": "https://evil.example"})
        assert try_socket(server.url, "polling", headers={"Origin": server.url})


def test_named_origins_may_read(world: World, tmp_path: Path):
    web = Web(world, tmp_path, CORS_ORIGINS="https://desk.example/,https://two.example", AUTH_TOKEN=TOKEN)
    asked = web.client.options(
        "/api/metrics",
        headers={
            "Origin": "https://desk.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == "https://desk.example"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    read = web.get("/api/metrics", Origin="https://two.example", Authorization=f"Bearer {TOKEN}")
    assert read.headers["Access-Control-Allow-Origin"] == "https://two.example"
    assert "Content-Range" in read.headers["Access-Control-Expose-Headers"]
    assert "Origin" in read.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in web.get("/api/metrics", Origin="https://evil.example").headers
    with web.serving() as server:
        token = {"token": TOKEN}
        assert try_socket(server.url, "polling", headers={"Origin": "https://desk.example"}, auth=token)
        assert try_socket(server.url, "polling", headers={"Origin": server.url}, auth=token)
        assert not try_socket(server.url, "polling", headers={"Origin": "https://evil.example"}, auth=token)


def test_websockets_are_not_compressed(world: World, tmp_path: Path):
    """Frames would be compressed for each client anew; the offer every browser makes is not taken up."""
    web = Web(world, tmp_path)
    seen: list[object] = []
    inner = web.app.wsgi_app._app

    def spy(environ, start_response):
        seen.append(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS"))
        return inner(environ, start_response)

    web.app.wsgi_app._app = spy
    with web.serving() as server:
        assert try_socket(server.url, headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert seen == [None]


# -- the page -------------------------------------------------------------------------------------


@pytest.fixture
def built(world: World, tmp_path: Path) -> Web:
    dist = tmp_path / "frontend" / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>futuresboard</title>" + " " * 600)
    (dist / "assets" / "index-abc.js").write_text("console.log(1);" * 100)
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "sw.js").write_text("self.addEventListener('fetch', () => {});")
    (dist / "manifest.webmanifest").write_text('{"name": "futuresboard"}')
    (dist / "icons").mkdir()
    (dist / "icons" / "icon-192.png").write_bytes(b"\x89PNG")
    (tmp_path / "frontend" / "secret.txt").write_text("no")
    return Web(world, tmp_path)


def test_an_unbuilt_page_says_how_to_build_it(world: World, tmp_path: Path):
    response = Web(world, tmp_path).get("/")
    assert response.status_code == 200
    assert "make install" in response.get_data(as_text=True)
    assert response.mimetype == "text/plain"


def test_the_page_and_its_files(built: Web):
    page = built.get("/")
    assert (page.mimetype, page.headers["Cache-Control"]) == ("text/html", "no-cache")
    assert built.get("/", If_None_Match=page.headers["ETag"]).status_code == 304
    script = built.get("/assets/index-abc.js", Accept_Encoding="gzip")
    assert script.mimetype == "text/javascript"
    assert script.headers["Content-Encoding"] == "gzip"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert built.get("/favicon.svg").mimetype == "image/svg+xml"
    assert built.get("/assets/gone.js").status_code == 404


@pytest.mark.parametrize(
    "path", ["/assets/../../secret.txt", "/..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"]
)
def test_nothing_outside_the_page_is_served(built: Web, path: str):
    assert built.get(path).status_code == 404


def test_a_rebuilt_page_is_served_at_once(built: Web):
    index = built.settings.root / "frontend" / "dist" / "index.html"
    before = built.get("/").headers["ETag"]
    index.write_text("<!doctype html><title>new</title>")
    assert built.get("/").headers["ETag"] != before


@pytest.mark.parametrize(
    "path", ["/replay/okx", "/replay", "/replay/x.js", "/assets/x", "/icons/x.png", "/a.html"]
)
def test_an_address_that_is_none_is_a_page_for_browsers_and_a_problem_for_others(built: Web, path: str):
    page = built.get(path, Accept="text/html,*/*;q=0.8")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    text = page.get_data(as_text=True)
    assert path in text
    assert 'href="/"' in text
    assert "<script" not in text
    for other in (built.get(path, Accept="*/*"), built.client.post(path, headers={"Accept": "text/html"})):
        assert other.status_code in (404, 405)
        assert other.mimetype == "application/problem+json"


def test_an_address_is_text_whatever_it_says(built: Web):
    page = built.get("/<script>alert(1)</script>/&amp;", Accept="text/html")
    text = page.get_data(as_text=True)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;/&amp;amp;" in text


def test_the_worker_the_manifest_and_icons(built: Web):
    for name, media in (
        ("/sw.js", "text/javascript"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icons/icon-192.png", "image/png"),
    ):
        answer = built.get(name)
        assert (answer.status_code, answer.mimetype) == (200, media), name
        assert answer.headers["Cache-Control"] == "no-cache"
        assert built.get(name, If_None_Match=answer.headers["ETag"]).status_code == 304
    folder = built.settings.root / "frontend" / "dist"
    before = built.get("/sw.js").get_data()
    (folder / "sw.js").write_text("self.skipWaiting();")
    assert built.get("/sw.js").get_data() != before


def test_types_are_not_this_machines(built: Web, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: ("text/plain", None))
    assert built.get("/assets/index-abc.js").mimetype == "text/javascript"


def test_a_file_is_compressed_once(built: Web, monkeypatch: pytest.MonkeyPatch):
    packed: list[int] = []
    whole = gzip.compress

    def counted(*args: Any, **given: Any) -> bytes:
        packed.append(1)
        return whole(*args, **given)

    monkeypatch.setattr(gzip, "compress", counted)
    first, again = (built.get("/assets/index-abc.js", Accept_Encoding="gzip") for _ in range(2))
    assert gzip.decompress(first.get_data()) == b"console.log(1);" * 100
    assert first.get_data() == again.get_data()
    assert packed == [1]


@pytest.mark.parametrize("path", ["/", "/api/metrics", "/api/docs", "/health", "/nothing"])
def test_every_answer_is_armoured(built: Web, path: str):
    headers = built.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-src"] == "'none'"
    assert [name for name, value in policy.items() if "unsafe" in value] == ["style-src"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
