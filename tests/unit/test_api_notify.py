"""`POST /api/notify/test`, over real HTTP to a real webhook."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from futuresboard.clock import SystemClock
from futuresboard.config import load
from futuresboard.notifier import TRIALS, Notifier
from futuresboard.notify import open_outlets
from support_rows import World
from support_web import Web
from webhook_server import Webhook, webhook

SECRET = "xQ7kP2vZ9w"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


class Called:
    """The app with a notifier, behind a real server."""

    def __init__(self, world: World, folder: Path, urls: str, **environ: str) -> None:
        settings = load({"NOTIFY_URLS": urls, "DATABASE_URL": "sqlite:///test.db"}, folder)
        self.notifier = Notifier(
            settings,
            open_outlets(settings.notify_urls),
            clock=SystemClock(),
            now_ms=lambda: world.now,
            record=False,
        )
        self.web = Web(world, folder, send_test=self.notifier.test, NOTIFY_URLS=urls, **environ)

    def post(self, query: str = "", **headers: str) -> tuple[http.client.HTTPResponse, Any, str]:
        with self.notifier.running(), self.web.serving() as server:
            return self.ask(server.url, query, **headers)

    def ask(self, url: str, query: str = "", **headers: str) -> tuple[http.client.HTTPResponse, Any, str]:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        connection.request("POST", f"/api/notify/test{query}", headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response, json.loads(text), text


def called(world: World, tmp_path: Path, server: Webhook, **environ: str) -> Called:
    base = f"json://alice:{SECRET}@127.0.0.1:{server.port}"
    return Called(world, tmp_path, f"name=good {base}/good name=bad {base}/bad", **environ)


def test_every_target_answers_for_itself(world: World, tmp_path: Path, server: Webhook):
    server.says["/bad"] = 503
    response, found, text = called(world, tmp_path, server, PUBLIC_URL="https://b.example").post()
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert [(one["target"], one["ok"]) for one in found] == [("good", True), ("bad", False)]
    assert found[0]["reason"] is None
    assert "error=503" in found[1]["reason"]
    assert all(one["took_s"] >= 0.0 for one in found)
    assert SECRET not in text
    assert sorted(taken.path for taken in server.taken) == ["/bad", "/good"]


def test_one_target_by_name(world: World, tmp_path: Path, server: Webhook):
    one = called(world, tmp_path, server)
    _, found, _ = one.post("?target=good")
    assert [answer["target"] for answer in found] == ["good"]
    assert [taken.path for taken in server.taken] == ["/good"]


@pytest.mark.parametrize(("query", "parameter"), [("?target=other", "target"), ("?name=good", "name")])
def test_what_is_asked_wrongly(world: World, tmp_path: Path, server: Webhook, query: str, parameter: str):
    response, found, text = called(world, tmp_path, server).post(query)
    assert (response.status, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert found["parameter"] == parameter
    assert SECRET not in text
    assert server.taken == []


def test_no_targets(world: World, tmp_path: Path):
    response, found, _ = Called(world, tmp_path, "").post()
    assert (response.status, response.headers["Content-Type"]) == (409, "application/problem+json")
    assert "NOTIFY_URLS is empty" in found["detail"]


def test_not_too_often(world: World, tmp_path: Path, server: Webhook):
    one = called(world, tmp_path, server)
    with one.notifier.running(), one.web.serving() as running:
        answers = [one.ask(running.url, "?target=good")[0] for _ in range(TRIALS + 1)]
        # A wrong question costs nothing.
        assert one.ask(running.url, "?target=other")[0].status == 400
    assert [answer.status for answer in answers] == [200] * TRIALS + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert len(server.taken) == TRIALS


def test_the_token_is_asked_for(world: World, tmp_path: Path, server: Webhook):
    one = called(world, tmp_path, server, AUTH_TOKEN="open-sesame")
    with one.notifier.running(), one.web.serving() as running:
        assert one.ask(running.url)[0].status == 401
        assert server.taken == []
        assert one.ask(running.url, Authorization="Bearer open-sesame")[0].status == 200


def test_only_post(world: World, tmp_path: Path, server: Webhook):
    assert called(world, tmp_path, server).web.get("/api/notify/test").status_code == 405


def test_it_is_documented(world: World, tmp_path: Path):
    document = Called(world, tmp_path, "").web.get("/api/openapi.json").get_json()
    validate(document)
    operation = document["paths"]["/api/notify/test"]["post"]
    assert {"200", "400", "401", "409", "429"} <= set(operation["responses"])
