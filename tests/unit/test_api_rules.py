"""`/api/rules` on real HTTP: adding, showing and deleting rules, and what is refused."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from futuresboard.api.server import Server
from futuresboard.db_rules import MAX_RULES, add_rule
from support_rows import T0, World, make_alert
from support_web import Web

SQUEEZE = {"name": "Squeeze", "expression": "z > 2 and funding < 0\nand oi > 50M"}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: Any


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


class Client:
    """Asks a server over one connection."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        given = {"Content-Type": "application/json"} if body is not None else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        self.connection.request(method, path, data, given)
        response = self.connection.getresponse()
        text = response.read()
        return Answer(response.status, response.headers, orjson.loads(text) if text else None)


@pytest.fixture
def ask(server: Server) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.connection.close()


def test_a_rule_is_added_shown_and_deleted(ask: Client, world: World):
    assert ask("GET", "/api/rules").body == []
    added = ask("POST", "/api/rules", SQUEEZE)
    assert (added.status, added.headers["Location"]) == (201, "/api/rules/1")
    assert added.headers["Cache-Control"] == "no-store"
    assert added.body == {
        "id": 1,
        "name": "Squeeze",
        "expression": SQUEEZE["expression"],
        "normal": "z_score > 2 and funding < 0 and oi_abs_usd > 50M",
        "columns": ["z_score", "funding", "oi_abs_usd"],
        "created_ts": world.now,
        "problem": None,
    }
    other = ask("POST", "/api/rules", {"name": " BTC only ", "expression": 'base = "BTC" and z > 1'}).body
    assert (other["name"], other["columns"]) == ("BTC only", ["z_score", "base"])
    assert ask("GET", "/api/rules").body == [added.body, other]
    assert ask("GET", "/api/rules/1").body == added.body
    deleted = ask("DELETE", "/api/rules/1")
    assert (deleted.status, deleted.body) == (204, None)
    assert ask("GET", "/api/rules").body == [other]
    for method in ("GET", "DELETE"):
        for number in (1, 3, 2**70):
            missing = ask(method, f"/api/rules/{number}")
            assert (missing.status, missing.headers["Content-Type"]) == (404, "application/problem+json")
            assert str(number) in missing.body["detail"]
    # A number is never given twice, a name is free again.
    assert ask("POST", "/api/rules", SQUEEZE).body["id"] == 3


@pytest.mark.parametrize(
    ("expression", "position", "came", "allowed"),
    [
        ("z > ", 3, "the end", "a number"),
        ("z > 2 and fundng < 0", 10, "fundng", "funding (did you mean it?)"),
        ("z > 2; drop table rules", 5, ";", "and, or"),
        ("base = BTC and z > 1", 7, "BTC", 'a text goes in quotes: "BTC"'),
        ("", 0, "the end", "a column"),
    ],
)
def test_a_wrong_expression_is_refused_with_its_place(
    ask: Client, expression: str, position: int, came: str, allowed: str
):
    refused = ask("POST", "/api/rules", {"name": "x", "expression": expression})
    assert (refused.status, refused.headers["Content-Type"]) == (400, "application/problem+json")
    problem = refused.body
    assert (problem["parameter"], problem["position"], problem["came"]) == ("expression", position, came)
    assert allowed in problem["allowed"]
    assert f"at character {position + 1}" in problem["detail"]
    assert ask("GET", "/api/rules").body == []


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"{", "body"),
        ([], "body"),
        ({"name": "x"}, "body"),
        (SQUEEZE | {"colour": "red"}, "body"),
        (SQUEEZE | {"name": ""}, "name"),
        (SQUEEZE | {"name": "  "}, "name"),
        (SQUEEZE | {"name": "x" * 81}, "name"),
        (SQUEEZE | {"name": "two\nlines"}, "name"),
        (SQUEEZE | {"name": 7}, "name"),
        (SQUEEZE | {"expression": 7}, "expression"),
        (SQUEEZE | {"expression": "z > 2".ljust(2001)}, "expression"),
    ],
)
def test_wrong_bodies_keep_nothing(ask: Client, body: object, parameter: str):
    refused = ask("POST", "/api/rules", body)
    assert (refused.status, refused.body["parameter"]) == (400, parameter)
    assert ask("GET", "/api/rules").body == []


def test_a_taken_name_and_one_too_many_are_conflicts(ask: Client, world: World):
    assert ask("POST", "/api/rules", SQUEEZE | {"name": "Straße"}).status == 201
    taken = ask("POST", "/api/rules", SQUEEZE | {"name": "STRASSE"})
    assert (taken.status, taken.body["title"]) == (409, "Conflict")
    assert "STRASSE" in taken.body["detail"]
    for number in range(1, MAX_RULES):
        add_rule(world.store, f"r{number}", "z > 2", "z_score > 2", world.now)
    full = ask("POST", "/api/rules", SQUEEZE)
    assert (full.status, f"{MAX_RULES} rules" in full.body["detail"]) == (409, True)
    ask("DELETE", "/api/rules/7")
    assert ask("POST", "/api/rules", SQUEEZE).status == 201


def test_methods_media_types_and_parameters(ask: Client):
    assert ask("POST", "/api/rules", SQUEEZE, Content_Type="text/plain").status == 415
    assert ask("PUT", "/api/rules", SQUEEZE).status == 405
    assert ask("GET", "/api/rules?x=1").body["parameter"] == "x"
    assert ask("POST", "/api/rules?x=1", SQUEEZE).body["parameter"] == "x"
    assert ask("DELETE", "/api/rules/1?x=1").body["parameter"] == "x"
    assert ask("POST", "/api/rules", b"x" * 100_000).status == 413


def test_rules_need_the_token_as_everything_does(world: World, tmp_path: Path):
    web = Web(world, tmp_path, AUTH_TOKEN="open-sesame", CORS_ORIGINS="https://board.example")
    with web.serving() as server:
        ask = Client(server)
        for method, path, body in (
            ("GET", "/api/rules", None),
            ("POST", "/api/rules", SQUEEZE),
            ("DELETE", "/api/rules/1", None),
        ):
            assert ask(method, path, body).status == 401
        assert ask("POST", "/api/rules", SQUEEZE, Authorization="Bearer open-sesame").status == 201
        asked = ask("OPTIONS", "/api/rules/1", Origin="https://board.example")
        assert "DELETE" in asked.headers["Access-Control-Allow-Methods"]
        ask.connection.close()


def test_a_page_alone_shows_rules_and_changes_none(world: World, tmp_path: Path):
    add_rule(world.store, "Hot", "z > 2", "z_score > 2", world.now)
    with Web(world, tmp_path, can_save=False).serving() as server:
        ask = Client(server)
        assert [rule["name"] for rule in ask("GET", "/api/rules").body] == ["Hot"]
        for refused in (ask("POST", "/api/rules", SQUEEZE), ask("DELETE", "/api/rules/1")):
            assert refused.status == 405
            assert "GET" in refused.headers["Allow"]
        ask.connection.close()


def test_a_rule_that_can_no_longer_be_read_says_why(ask: Client, world: World):
    add_rule(world.store, "Old", "gone > 2", "gone > 2", world.now)
    (rule,) = ask("GET", "/api/rules").body
    assert "gone" in rule["problem"]
    assert rule["columns"] == []


def test_a_rules_alerts_are_none_of_a_tiers(ask: Client, world: World):
    (symbol,) = world.register("okx", "BTC")
    rule = add_rule(world.store, "Hot", "z > 2", "z_score > 2", world.now)
    assert rule.id == 1
    world.commit(
        alerts=[
            make_alert(symbol, T0),
            make_alert(symbol, T0, kind="rule", tier=None, rule=rule),
            make_alert(symbol, T0, kind="rule", tier=None, rule=rule),
        ]
    )
    assert [alert["id"] for alert in ask("GET", "/api/alerts?tier=1").body] == [1]
    for query in ("kind=rule", "rule=1"):
        (alert,) = ask("GET", f"/api/alerts?{query}").body
        assert (alert["kind"], alert["tier"], alert["rule"]["name"]) == ("rule", None, "Hot")
    assert ask("GET", "/api/alerts?rule=2").body == []
    assert ask("GET", "/api/alerts/1").body["rule"] is None
    assert ask("GET", "/api/alerts?rule=x").body["parameter"] == "rule"


def test_the_catalog_tells_how_rules_are_written(ask: Client):
    found = ask("GET", "/api/settings").body["catalog"]["rules"]
    assert found["aliases"]["z"] == "z_score"
    by_name = {column["name"]: column for column in found["columns"]}
    assert by_name["z_score"] == {"name": "z_score", "kind": "number", "unit": "σ", "values": []}
    assert "okx" in by_name["exchange"]["values"]
    assert ask("POST", "/api/rules", {"name": "x", "expression": found["example"]}).status == 201
