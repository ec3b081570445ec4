"""Answers that a running product seldom gives, held to the document; `test_serve` holds the others to it.

The health document of these tests is cut down; `test_serve` has whole ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from futuresboard import db_ledger
from futuresboard.db_rules import add_rule
from futuresboard.evidence import Evidence, Verdict
from support_rows import T0, World, make_alert
from support_schemas import DOCUMENT, JSON_PATHS, of_answer, of_component, strict
from support_web import Web

STEP = 300_000
CALIBRATION = {
    "day": T0,
    "made_ts": T0,
    "budget": 50,
    "statistic": None,
    "threshold": 3.5,
    "p_value": None,
    "discovery": True,
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    (btc,) = made.register("okx", "BTC")
    made.register("okx", "NEW")
    bare = {"close": None, "z_score": None, "tiers": None, "known": None, "guarded": '{"close": "NaN"}'}
    made.commit([("okx", btc, "5m", T0 + n * STEP, bare if n == 2 else {}) for n in (0, 1, 3, 2)])
    rule = add_rule(made.store, "Spike", "z > 2", "z_score > 2", T0)
    made.commit(
        alerts=[
            make_alert(btc, T0, calibration=CALIBRATION, direction="short"),
            make_alert(btc, T0, kind="rule", tier=None, rule=rule),
        ]
    )
    trades = [db_ledger.Outcome(1, 3, 0, None, 101.0, None, None, None, T0 + 4 * STEP)]
    cells = [
        ("live", "tier", 1, "long", 3, orjson.dumps(asdict(Evidence(1, 1))).decode()),
        ("historical", "rule", 1, "short", 3, orjson.dumps(asdict(whole_evidence())).decode()),
    ]
    with made.store.transaction() as connection:
        db_ledger.append(connection, trades)
        db_ledger.replace_evidence(connection, "5m", cells)
    yield made
    made.close()


def whole_evidence() -> Evidence:
    return Evidence(
        90, 40, 0.5, 0.4, 0.6, 0.4, 0.6, 0.48, 900, 0.02, 0.01, 0.001, 0.3, 0.4, Verdict.NONE, "n 90"
    )


QUERIES = {
    "/api/history": "?exchange=okx&symbol=BTC/USDT:USDT&overlays=macd",
    "/api/planner": "?tier=1",
}


ELSEWHERE = {"/health", "/api/runs/{name}", "/api/simulate/{name}"}
"""Held to the document by `test_serve` and `test_api_simulate`."""


@pytest.mark.parametrize("path", [path for path in JSON_PATHS if path not in ELSEWHERE])
def test_every_route_with_little_data(web: Web, path: str):
    asked = path.replace("{number}", "1")
    answer = web.get(asked + QUERIES.get(path, ""))
    assert answer.status_code == 200, answer.get_json()
    assert of_answer(asked, answer.get_json()) == []


@pytest.mark.parametrize(
    "path",
    ["/api/metrics", "/api/alerts", "/api/corr", "/api/weighted-oi", "/api/planner?tier=5", "/api/rules"],
)
def test_an_empty_database(tmp_path: Path, path: str):
    (tmp_path / "empty").mkdir()
    world = World(tmp_path / "empty")
    answer = Web(world, tmp_path).get(path)
    assert of_answer(path.partition("?")[0], answer.get_json()) == []
    world.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("put", "/api/settings", {"thresholds": {"z_threshold": 3, "ls_threshold": None}}, 200),
        ("put", "/api/settings", {"thresholds": {"z_threshold": 300}}, 400),
        ("post", "/api/rules", {"name": "Two", "expression": "rsi > 70"}, 201),
        ("post", "/api/rules", {"name": "Bad", "expression": "rsi >"}, 400),
        ("post", "/api/rules", {"name": "Spike", "expression": "rsi > 70"}, 409),
        ("post", "/api/notify/test", {}, 409),
    ],
)
def test_changes_and_their_refusals(web: Web, method: str, path: str, body: Any, status: int):
    answer = getattr(web.client, method)(path, data=orjson.dumps(body), content_type="application/json")
    assert (answer.status_code, of_answer(path, answer.get_json(), method, status)) == (status, [])
    if status < 300:
        content = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
        assert (
            list(
                Draft202012Validator(content["schema"] | {"components": DOCUMENT["components"]}).iter_errors(
                    body
                )
            )
            == []
        )


def test_notifications_that_were_tried(world: World, tmp_path: Path):
    results = [
        {"target": "phone", "ok": True, "reason": None, "took_s": 0.2},
        {"target": "desk", "ok": False, "reason": "the program is ending"},
    ]
    web = Web(
        world, tmp_path, send_test=lambda _: results, NOTIFY_URLS="name=phone json://h,name=desk json://h"
    )
    answer = web.client.post("/api/notify/test")
    assert answer.get_json() == results
    assert of_answer("/api/notify/test", results, "post") == []


@pytest.mark.parametrize("path", ["/api/nothing", "/api/metrics?tf=9m", "/api/alerts/9", "/api/history"])
def test_problems(web: Web, path: str):
    assert of_component("Problem", web.get(path).get_json()) == []


def test_health_in_all_its_shortness(web: Web, world: World, tmp_path: Path):
    guarded = Web(world, tmp_path, AUTH_TOKEN="sesame")
    assert of_component("Health", guarded.get("/health").get_json()) == []
    world.reader.close()
    world.path.rename(world.path.with_suffix(".gone"))
    world.path.mkdir()
    down = web.get("/health").get_json()
    assert down["detail"]
    assert of_component("Health", down) == []


def test_what_the_schemas_refuse():
    assert of_component("Rule", {})
    assert of_component("Thresholds", {"z_threshold": "3"})
    assert of_component("Probe", {"status": "ok", "more": 1})
    assert of_component("Problem", {"type": "x", "title": "x", "status": 400, "detail": None})
    assert strict([{"properties": {"a": {}}}])[0]["additionalProperties"] is False
