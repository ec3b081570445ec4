"""History, alerts, settings, health, Prometheus, OpenAPI, errors."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from futuresboard import db_ledger
from futuresboard.api.openapi import openapi_path
from futuresboard.metrics import REGISTRY
from futuresboard.rows import JUDGED_COLUMNS, ROW_COLUMNS, STORED_COLUMNS
from support_rows import T0, World, make_alert
from support_web import Web

STEP = 300_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def btc(world: World) -> str:
    (name,) = world.register("okx", "BTC")
    world.commit([("okx", name, "5m", T0 + n * STEP, {"close": 100.0 + n}) for n in (0, 1, 2, 4, 5)])
    return name


def history(web: Web, **query: object) -> dict:
    given = {"exchange": "okx", "symbol": "BTC/USDT:USDT"} | query
    response = web.get("/api/history?" + "&".join(f"{name}={value}" for name, value in given.items()))
    assert response.status_code == 200, response.get_json()
    return response.get_json()


def slots(found: dict) -> list[int]:
    return [(ts - T0) // STEP for ts in found["ts"]]


def test_history_is_contiguous_and_a_hole_is_a_gap(web: Web, btc: str):
    found = history(web)
    assert slots(found) == [0, 1, 2, 3, 4, 5]
    assert found["close"] == [100.0, 101.0, 102.0, None, 104.0, 105.0]
    assert found["quality"][3] == ["gap"]
    assert found["tiers"][3] == []
    assert tuple(found) == ("ts", *STORED_COLUMNS, *JUDGED_COLUMNS)
    assert found["source"] == ["rest", "rest", "rest", None, "rest", "rest"]
    assert {len(values) for values in found.values()} == {6}


def test_overlays_are_asked_for(web: Web, world: World):
    (name,) = world.register("okx", "ETH")
    closes = [100.0 + (n * 7 % 5) for n in range(80)]
    bars = [("okx", name, "5m", T0 - (79 - n) * STEP, {"close": closes[n]}) for n in range(80) if n != 60]
    world.commit(bars)
    plain = history(web, symbol=name, limit=30)
    found = history(web, symbol=name, limit=30, overlays="bollinger,obv,obv")
    lines = ["bollinger_middle", "bollinger_upper", "bollinger_lower", "obv"]
    assert list(found) == [*plain, *lines]
    assert {column: found[column] for column in plain} == plain
    # Bars 50 to 79: bar 60 is missing, the band warms up anew with the 20 bars after it.
    assert [value is None for value in found["bollinger_middle"]] == [False] * 10 + [True] * 20
    assert [value is None for value in found["obv"]] == [False] * 10 + [True] + [False] * 19
    assert found["bollinger_middle"][9] == pytest.approx(math.fsum(closes[40:60]) / 20)
    assert found["obv"][0] == 0.0
    for start in (T0 + STEP, 0):
        none = history(web, symbol=name, start=start, end=0, overlays="macd,atr")
        assert none["ts"] == none["macd"] == none["macd_signal"] == none["macd_hist"] == none["atr"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": 2}, [4, 5]),
        ({"start": T0 + STEP, "limit": 2}, [1, 2]),
        ({"start": T0 + 1, "limit": 1}, [1]),
        ({"end": T0 + 2 * STEP}, [0, 1, 2]),
        ({"end": T0 + 2 * STEP + 7, "limit": 1}, [2]),
        ({"start": T0 + STEP, "end": T0 + 2 * STEP}, [1, 2]),
        ({"start": T0 + 9 * STEP}, []),
        ({"end": 0}, []),
        ({"start": T0 + 3 * STEP, "end": T0}, []),
    ],
)
def test_history_ranges(web: Web, btc: str, query: dict, expected: list[int]):
    assert slots(history(web, **query)) == expected


def test_history_of_what_is_not_there(web: Web, btc: str):
    response = web.get("/api/history?exchange=okx&symbol=XXX/USDT:USDT")
    assert response.status_code == 404
    assert "XXX/USDT:USDT" in response.get_json()["detail"]
    assert web.get("/api/history?exchange=bybit&symbol=BTC/USDT:USDT").status_code == 404
    # A registered pair without bars has an empty history.
    assert history(web, tf="15m")["ts"] == []
    for query, parameter in (
        ("symbol=BTC/USDT:USDT", "exchange"),
        ("exchange=okx", "symbol"),
        ("exchange=okx&symbol=x&limit=5001", "limit"),
        ("exchange=okx&symbol=x&start=2024-01-01", "start"),
        ("exchange=okx&symbol=x&end=1.5", "end"),
        ("exchange=okx&symbol=x&tf=4h", "tf"),
    ):
        refused = web.get(f"/api/history?{query}")
        assert (refused.status_code, refused.get_json()["parameter"]) == (400, parameter)


def test_history_pages_backwards_to_the_first_bar(web: Web, world: World, btc: str):
    """A chart that is scrolled back asks for what ends before the oldest bar it has."""
    world.commit([("okx", btc, "5m", T0 + n * STEP, {"close": 100.0 + n}) for n in range(6, 25)])
    pages: list[list[int]] = []
    end: int | None = None
    while not pages or pages[-1]:
        page = history(web, limit=10, **({} if end is None else {"end": end}))
        assert all(len(values) == len(page["ts"]) for values in page.values())
        pages.append(slots(page))
        end = page["ts"][0] - 1 if page["ts"] else None
    assert pages == [list(range(15, 25)), list(range(5, 15)), list(range(5)), []]
    assert history(web, end=T0 - STEP, overlays="obv,macd")["macd"] == []
    assert history(web, end=0)["ts"] == []


def test_history_shows_revisions(web: Web, world: World, btc: str):
    assert history(web)["close"][-1] == 105.0
    world.commit([("okx", btc, "5m", T0 + 5 * STEP, {"close": 99.0, "quality": 2})])
    found = history(web)
    assert (found["close"][-1], found["quality"][-1]) == (99.0, ["revised"])


def test_history_reads_many_chunks(web: Web, world: World, btc: str):
    world.commit([("okx", btc, "5m", T0 + n * STEP, {"close": 100.0 + n}) for n in range(6, 1300)])
    found = history(web, limit=1200)
    assert slots(found) == list(range(100, 1300))
    assert found["close"] == [100.0 + n for n in range(100, 1300)]


# -- alerts ---------------------------------------------------------------------------------------


def fill_alerts(world: World, btc: str) -> None:
    world.register("bybit", "ETH")
    world.commit(
        alerts=[
            make_alert(btc, T0),
            make_alert(btc, T0 + STEP, tier=2),
            make_alert(btc, T0 + STEP, tier=None, kind="confluence"),
            make_alert("ETH/USDT:USDT", T0 + 3 * STEP, exchange="bybit", timeframe="15m", direction="long"),
        ]
    )


def test_alerts_are_newest_first(web: Web, world: World, btc: str):
    assert web.get("/api/alerts").headers["Content-Range"] == "alerts */0"
    fill_alerts(world, btc)
    response = web.get("/api/alerts")
    assert [alert["id"] for alert in response.get_json()] == [4, 3, 2, 1]
    assert response.headers["Content-Range"] == "alerts 0-3/4"
    page = web.get("/api/alerts?limit=2&offset=1")
    assert [alert["id"] for alert in page.get_json()] == [3, 2]
    assert page.headers["Content-Range"] == "alerts 1-2/4"
    assert web.get("/api/alerts?offset=4").headers["Content-Range"] == "alerts */4"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("tf=15m", [4]),
        ("tier=1", [4, 1]),
        ("tier=2", [2]),
        ("kind=confluence", [3]),
        ("kind=tier&exchange=okx", [2, 1]),
        ("symbol=ETH/USDT:USDT", [4]),
        (f"since={T0 + STEP}", [4, 3, 2]),
        (f"since={T0 + STEP + 1}", [4]),
        (f"until={T0 + STEP}", [3, 2, 1]),
        (f"until={T0 + STEP - 1}", [1]),
        (f"since={T0 + STEP}&until={T0 + STEP}", [3, 2]),
        (f"until={T0 - 1}", []),
        ("direction=long", [4]),
        ("direction=short", []),
        ("direction=none", [3, 2, 1]),
        ("direction=none&tier=2", [2]),
        ("tier=6", []),
        # A rule's number is none of a tier.
        ("tier=4", []),
        ("kind=rule", []),
        ("rule=1", []),
    ],
)
def test_alert_filters(web: Web, world: World, btc: str, query: str, ids: list[int]):
    fill_alerts(world, btc)
    assert [alert["id"] for alert in web.get(f"/api/alerts?{query}").get_json()] == ids


def test_one_alert_carries_all_that_made_it(web: Web, world: World, btc: str):
    fill_alerts(world, btc)
    found = web.get("/api/alerts/2").get_json()
    assert (found["id"], found["tier"], found["symbol"]) == (2, 2, btc)
    assert found["values"] == {"z_score": 4.2, "oi_delta_pct": 3.1, "rsi": None}
    assert found["window"] == {"oi_contracts": [1.0, None, 1.5]}
    assert found["thresholds"] == {"z": 2.5}
    assert found == web.get("/api/alerts?tier=2").get_json()[0] | {"evidence": []}
    for path in ("/api/alerts/5", "/api/alerts/0", f"/api/alerts/{2**70}", "/api/alerts/x"):
        missing = web.get(path)
        assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    assert web.get("/api/alerts?kind=other").get_json()["parameter"] == "kind"


# -- evidence -------------------------------------------------------------------------------------


def fill_evidence(world: World) -> None:
    cell = orjson.dumps({"n": 40, "hit_rate": 0.5, "verdict": "no measurable edge"}).decode()
    kinds = (("tier", 1), ("tier", 2), ("confluence", 0))
    cells = [(source, *kind, "long", 3, cell) for source in ("live", "historical") for kind in kinds]

    def write(connection: sqlite3.Connection) -> None:
        for timeframe in ("5m", "15m"):
            db_ledger.replace_evidence(connection, timeframe, cells)

    with world.store.transaction() as connection:
        write(connection)
    world.store.put_state({"evidence": str(int(world.store.state("evidence") or 0) + 1)})


def test_an_alert_carries_the_evidence_of_its_kind_and_timeframe(web: Web, world: World, btc: str):
    fill_alerts(world, btc)
    fill_evidence(world)
    tier, confluence, longer = (web.get(f"/api/alerts/{n}").get_json()["evidence"] for n in (2, 3, 4))
    assert [(row["source"], row["kind"], row["tier"], row["timeframe"]) for row in tier] == [
        ("historical", "tier", 2, "5m"),
        ("live", "tier", 2, "5m"),
    ]
    assert [(row["kind"], row["tier"]) for row in confluence] == [("confluence", None)] * 2
    assert {row["timeframe"] for row in longer} == {"15m"}
    assert tier[1] == {
        "timeframe": "5m",
        "source": "live",
        "kind": "tier",
        "tier": 2,
        "direction": "long",
        "horizon": 3,
        "n": 40,
        "hit_rate": 0.5,
        "verdict": "no measurable edge",
    }
    assert "evidence" not in web.get("/api/alerts").get_json()[0]


def test_the_table_of_evidence_is_filtered_and_tagged(web: Web, world: World):
    assert web.get("/api/evidence").get_json() == []
    fill_evidence(world)
    assert len(web.get("/api/evidence").get_json()) == 12
    for query, count in (("tf=5m", 6), ("tier=1", 4), ("kind=confluence&tf=15m", 2), ("tier=3", 0)):
        assert len(web.get(f"/api/evidence?{query}").get_json()) == count
    tag = web.get("/api/evidence").headers["ETag"]
    assert web.get("/api/evidence", If_None_Match=tag).status_code == 304
    with world.store.transaction() as connection:
        db_ledger.replace_evidence(connection, "5m", [])
    world.store.put_state({"evidence": "7"})
    assert web.get("/api/evidence", If_None_Match=tag).status_code == 200
    assert web.get("/api/evidence?tf=1w").get_json()["parameter"] == "tf"


def test_outcomes_of_an_alert_as_the_ledger_has_them(web: Web, world: World, btc: str):
    fill_alerts(world, btc)
    assert web.get("/api/alerts/2/outcomes").get_json() == []
    known = db_ledger.Outcome(2, 3, 0, 100.0, 102.0, 0.001, 0.0178, -0.0202, T0 + 5 * STEP)
    never = db_ledger.Outcome(2, 6, 1, None, 101.0, None, None, None, T0 + 9 * STEP)
    with world.store.transaction() as connection:
        db_ledger.append(connection, [known, never])
    found = web.get("/api/alerts/2/outcomes").get_json()
    assert [(row["direction"], row["horizon"], row["late"], row["hit"]) for row in found] == [
        ("long", 3, False, True),
        ("short", 3, False, False),
        ("long", 6, True, None),
        ("short", 6, True, None),
    ]
    assert found[1] == {
        "direction": "short",
        "horizon": 3,
        "late": False,
        "net": -0.0202,
        "gross": pytest.approx(-0.02),
        "hit": False,
        "entry": 100.0,
        "exit": 102.0,
        "funding": 0.001,
        "matured_ts": T0 + 5 * STEP,
    }
    for path in ("/api/alerts/5/outcomes", f"/api/alerts/{2**70}/outcomes"):
        assert web.get(path).status_code == 404


def test_alerts_after_are_found_by_their_index(world: World):
    plan = sqlite3.connect(world.path)
    query = "SELECT id, seq, payload FROM alerts WHERE seq > 1 AND seq <= 2 ORDER BY +id DESC LIMIT -1"
    steps = [row[3] for row in plan.execute(f"EXPLAIN QUERY PLAN {query}")]
    plan.close()
    assert any("alerts_by_seq" in step for step in steps)


# -- settings -------------------------------------------------------------------------------------


def put(web: Web, body: object, media_type: str = "application/json"):
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return web.client.put("/api/settings", data=data, content_type=media_type)


def test_settings_tell_what_runs_and_no_secret(world: World, tmp_path: Path):
    secret = "sesame-1234"
    web = Web(world, tmp_path, AUTH_TOKEN=secret, METRICS_TOKEN=secret, Z_THRESHOLD="3.5")
    world.store.put_state({"unpublished": json.dumps({"bybit": {"top_ls": "not by REST"}})})
    response = web.get("/api/settings", Authorization=f"Bearer {secret}")
    found = response.get_json()
    assert secret not in response.get_data(as_text=True)
    assert (found["mode"], found["timeframes"], found["interval"]) == ("simulated", ["5m", "15m"], 30.0)
    assert (found["alert_mode"], found["alert_budget"]) == ("literal", 50)
    assert found["thresholds"]["z_threshold"] == 3.5
    assert [metric["name"] for metric in found["catalog"]["metrics"]] == list(REGISTRY)
    assert found["catalog"]["columns"] == list(ROW_COLUMNS)
    assert {tier["tier"] for tier in found["catalog"]["tiers"]} >= {1, 2, 3, 4}
    ranks = {tier["tier"]: tier["severity"] for tier in found["catalog"]["tiers"]}
    assert ranks[2] > ranks[3] > ranks[1] > ranks[4]
    assert found["catalog"]["unpublished"] == {"bybit": {"top_ls": "not by REST"}}


def test_thresholds_can_be_changed_and_put_back(web: Web):
    assert (
        put(web, {"thresholds": {"z_threshold": 3, "confluence_min": 3}}).get_json()["thresholds"][
            "z_threshold"
        ]
        == 3.0
    )
    put(web, {"thresholds": {"ls_threshold": 1.5}})
    found = web.get("/api/settings").get_json()["thresholds"]
    assert (found["z_threshold"], found["confluence_min"], found["ls_threshold"]) == (3.0, 3, 1.5)
    put(web, {"thresholds": {"z_threshold": None}})
    found = web.get("/api/settings").get_json()["thresholds"]
    assert (found["z_threshold"], found["ls_threshold"]) == (2.5, 1.5)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"thresholds": {"z_threshold": 11}}, "z_threshold"),
        ({"thresholds": {"z_threshold": "3"}}, "z_threshold"),
        ({"thresholds": {"z_threshold": True}}, "z_threshold"),
        ({"thresholds": {"confluence_min": 2.5}}, "confluence_min"),
        ({"thresholds": {"auth_token": 1}}, "auth_token"),
        ({"thresholds": [1]}, "body"),
        ({"thresholds": {}, "interval": 1}, "body"),
        ([], "body"),
        (b"{", "body"),
        (b'{"thresholds": {"z_threshold": NaN}}', "body"),
    ],
)
def test_wrong_thresholds_change_nothing(web: Web, body: object, parameter: str):
    response = put(web, body)
    assert (response.status_code, response.get_json()["parameter"]) == (400, parameter)
    assert web.get("/api/settings").get_json()["thresholds"]["z_threshold"] == 2.5


def test_thresholds_need_json_and_something_that_keeps_them(web: Web, world: World, tmp_path: Path):
    assert put(web, {"thresholds": {}}, "text/plain").status_code == 415
    fixed = put(Web(world, tmp_path, can_save=False), {"thresholds": {}})
    assert fixed.status_code == 405
    assert "PUT" not in fixed.headers["Allow"]


# -- health and Prometheus ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "ready"),
    [("starting", 200, 503), ("ok", 200, 200), ("degraded", 200, 200), ("down", 503, 503)],
)
def test_health_statuses(web: Web, status: str, code: int, ready: int):
    web.health["status"] = status
    response = web.get("/health")
    assert (response.status_code, response.get_json()["status"]) == (code, status)
    assert response.get_json()["exchanges"]["okx"]["errors"] == 4
    assert response.get_json()["database"] == web.world.reader.facts()
    assert web.get("/health/ready").status_code == ready
    assert web.get("/health/live").status_code == 200


def test_a_database_that_fails_is_down_and_503(web: Web, world: World):
    world.reader.close()
    world.path.rename(world.path.with_suffix(".gone"))
    world.path.mkdir()
    assert web.get("/health").status_code == 503
    assert web.get("/health").get_json()["status"] == "down"
    assert web.get("/health/live").status_code == 200
    response = web.get("/api/metrics")
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")
    assert int(response.headers["Retry-After"]) > 0
    families = {
        family.name: family
        for family in text_string_to_metric_families(web.get("/metrics").get_data(as_text=True))
    }
    assert families["futuresboard_up"].samples[0].value == 0.0


def test_prometheus_shows_the_health_document(web: Web, world: World, btc: str):
    response = web.get("/metrics")
    assert response.content_type.startswith("text/plain; version=0.0.4")
    families = {
        family.name: family for family in text_string_to_metric_families(response.get_data(as_text=True))
    }
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["futuresboard_up",] == 1.0
    assert values["futuresboard_status", "ok"] == 1.0
    assert values["futuresboard_status", "down"] == 0.0
    assert values["futuresboard_uptime_seconds",] == 12.5
    assert values["futuresboard_warm_ratio",] == 0.75
    assert values["futuresboard_cycle_duration_seconds",] == 0.4
    assert values["futuresboard_closed_bar_lag_seconds", "0.99"] == 9.0
    assert values["futuresboard_exchange_state", "okx", "ok"] == 1.0
    assert values["futuresboard_exchange_errors_total", "okx"] == 4.0
    assert math.isclose(values["futuresboard_exchange_clock_skew_seconds", "okx"], -0.12)
    assert values["futuresboard_database_seq",] == 1.0
    assert values["futuresboard_database_size_bytes",] == world.path.stat().st_size
    assert values["futuresboard_database_bars",] == 6.0
    assert values["futuresboard_database_newest_bar_seconds",] == (T0 + 5 * STEP) / 1000
    assert values["futuresboard_recent_cycle_seconds", "0.99"] == 2.5
    assert values["futuresboard_exchange_gap_bars_open", "okx"] == 3.0
    assert values["futuresboard_exchange_gap_bars_missing", "okx"] == 1.0
    assert values["futuresboard_exchange_gap_rows_given_up_total", "okx"] == 1.0
    assert values["futuresboard_exchange_breaker_state", "okx", "closed"] == 1.0
    assert ("futuresboard_exchange_next_probe_seconds", "okx") not in values


def test_prometheus_shows_an_open_breaker(web: Web):
    breaker = {"state": "open", "reason": "banned", "next_probe_s": 42.5}
    web.health.update(exchanges={"okx": {"state": "banned", "breaker": breaker}})
    text = web.get("/metrics").get_data(as_text=True)
    assert 'futuresboard_exchange_breaker_state{exchange="okx",state="open"} 1.0' in text
    assert 'futuresboard_exchange_next_probe_seconds{exchange="okx"} 42.5' in text


def test_prometheus_counts_notifications_by_target(web: Web):
    target = {"state": "ok", "sent": 7, "failed": 2, "given_up": 1, "waiting": 3, "last_error": "HTTP 500"}
    web.health.update(notify={"state": "ok", "targets": {"phone": target}})
    text = web.get("/metrics").get_data(as_text=True)
    for name, value in (
        ("sent_total", 7),
        ("failed_attempts_total", 2),
        ("given_up_total", 1),
        ("waiting", 3),
    ):
        assert f'futuresboard_notify_{name}{{target="phone"}} {value}.0' in text


def test_prometheus_leaves_out_what_is_not_known(web: Web):
    web.health.update(last_cycle=None, closed_bar_lag_s=None, exchanges={}, warm=None)
    text = web.get("/metrics").get_data(as_text=True)
    assert "futuresboard_cycle" not in text
    assert "futuresboard_warm" not in text
    assert "futuresboard_uptime_seconds 12.5" in text


# -- OpenAPI --------------------------------------------------------------------------------------


def test_openapi_is_valid_and_knows_every_route(web: Web):
    document = web.get("/api/openapi.json").get_json()
    validate(document)
    served = {
        (openapi_path(rule.rule), method.lower())
        for rule in web.app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint.startswith("api.") and method not in ("HEAD", "OPTIONS")
    }
    described = {(path, method) for path, found in document["paths"].items() for method in found}
    assert described == served
    assert {path for path, _ in served} >= {"/api/metrics", "/api/alerts/{number}", "/health", "/metrics"}
    under_api = {rule.rule for rule in web.app.url_map.iter_rules() if rule.rule.startswith("/api")}
    assert {openapi_path(rule) for rule in under_api} <= {path for path, _ in described}
    for path, found in document["paths"].items():
        for operation in found.values():
            assert operation["summary"], path


def test_openapi_tells_the_parameters_that_are_read(web: Web):
    paths = web.get("/api/openapi.json").get_json()["paths"]
    by_name = {parameter["name"]: parameter for parameter in paths["/api/metrics"]["get"]["parameters"]}
    assert list(by_name) == [
        "tf", "exchange", "symbol", "search", "pairs", "tier", "filter", "sort", "limit", "offset",
    ]  # fmt: skip
    assert by_name["tf"]["schema"] == {"type": "string", "enum": ["5m", "15m"], "default": "5m"}
    assert by_name["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}


def test_docs_page_needs_no_other_host(web: Web):
    response = web.get("/api/docs")
    page = response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    assert "/api/alerts/{number}" in page
    assert not re.search(r"https?://|<script", page)


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/metrics/", "/api/x.html", "/health/x"]
)
def test_unknown_paths_are_problems_even_for_browsers(web: Web, path: str):
    response = web.get(path, Accept="text/html,*/*")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    problem = response.get_json()
    assert (problem["title"], problem["status"], problem["type"]) == ("Not Found", 404, "about:blank")


@pytest.mark.parametrize("method", ["post", "delete", "patch", "put"])
def test_unknown_methods(web: Web, method: str):
    response = getattr(web.client, method)("/api/metrics")
    assert (response.status_code, response.mimetype) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_a_failure_tells_nothing_of_the_inside(web: Web, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(web.world.reader, "alerts", fail)
    response = web.get("/api/alerts")
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "secret" not in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)
