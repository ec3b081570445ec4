"""Faults: what each kind does to an answer, and which requests a rule hits."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.binance_data import BinanceFutures
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.faults import AFTER, BEFORE, Rule, Visit, computed_at, only_symbol
from futuresboard.sim_exchange.okx_history import OkxSwaps
from futuresboard.sim_exchange.switchboard import Faults
from futuresboard.sim_exchange.venue import Venue, build_world
from futuresboard.sim_exchange.wire import Answer

EPOCH = 1_768_471_651_500
WORLD = build_world(SimConfig(seed=7, pairs=12, epoch_ms=EPOCH, time_scale=0))
VENUES: dict[str, Venue] = {v.name: v for v in (BinanceFutures(WORLD), Bybit(WORLD), OkxSwaps(WORLD))}
OI = {
    "binanceusdm": (
        "/binance/futures/data/openInterestHist",
        {"symbol": "BTCUSDT", "period": "5m", "limit": "9"},
    ),
    "bybit": (
        "/bybit/v5/market/open-interest",
        {"category": "linear", "symbol": "BTCUSDT", "intervalTime": "5min", "limit": "9"},
    ),
    "okx": (
        "/okx/api/v5/rubik/stat/contracts/open-interest-history",
        {"instId": "BTC-USDT-SWAP", "limit": "9"},
    ),
}
CANDLES = {
    "binanceusdm": ("/binance/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "5m", "limit": "9"}),
    "bybit": (
        "/bybit/v5/market/kline",
        {"category": "linear", "symbol": "BTCUSDT", "interval": "5", "limit": "9"},
    ),
    "okx": ("/okx/api/v5/market/candles", {"instId": "BTC-USDT-SWAP", "bar": "5m", "limit": "9"}),
}
EXCHANGES = list(OI)


def visit(exchange: str, path: str, query: dict[str, str]) -> Visit:
    async def hold(_seconds: float) -> None:
        return None

    symbol = query.get("symbol") or query.get("instId") or ""
    return Visit(exchange, path, symbol, query, "c", EPOCH, hold, lambda: None, lambda *_: None)


def rows_of(exchange: str, answer: Answer) -> list[Any]:
    payload = orjson.loads(answer.body)
    if exchange == "bybit":
        payload = payload["result"]["list"]
    elif exchange == "okx":
        payload = payload["data"]
    assert isinstance(payload, list)
    return payload


def ask(exchange: str, where: dict[str, tuple[str, dict[str, str]]]) -> tuple[Visit, Answer]:
    path, query = where[exchange]
    return visit(exchange, path, query), Answer(VENUES[exchange].routes[path](query))


def interest(exchange: str, row: Any) -> list[str]:
    if exchange == "okx":
        return list(row[1:])
    return [v for k, v in row.items() if "penInterest" in k]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_zero_and_thousandfold_open_interest(exchange: str) -> None:
    seen, true = ask(exchange, OI)
    for row in rows_of(exchange, AFTER["zero_oi"](Rule("zero_oi"), seen, true)):
        assert {float(value) for value in interest(exchange, row)} == {0.0}
    large = rows_of(exchange, AFTER["x1000"](Rule("x1000"), seen, true))
    for row, fair in zip(large, rows_of(exchange, true), strict=True):
        for value, was in zip(interest(exchange, row), interest(exchange, fair), strict=True):
            assert float(value) == pytest.approx(1000 * float(was), rel=1e-9)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_thousandfold_prices(exchange: str) -> None:
    seen, true = ask(exchange, CANDLES)
    rule = Rule("x1000", options={"fields": "price", "factor": 10})
    for row, fair in zip(
        rows_of(exchange, AFTER["x1000"](rule, seen, true)), rows_of(exchange, true), strict=True
    ):
        assert [float(c) for c in row[1:5]] == pytest.approx([10 * float(c) for c in fair[1:5]])
        assert row[5:] == fair[5:]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_missing_double_and_shuffled_rows(exchange: str) -> None:
    seen, true = ask(exchange, CANDLES)
    fair = rows_of(exchange, true)
    assert rows_of(exchange, AFTER["gap"](Rule("gap"), seen, true)) == [
        r for i, r in enumerate(fair) if i % 3 != 1
    ]
    double = rows_of(exchange, AFTER["duplicate"](Rule("duplicate"), seen, true))
    assert double[::2] == double[1::2] == fair
    mixed = rows_of(exchange, AFTER["shuffled"](Rule("shuffled"), seen, true))
    assert mixed != fair
    assert sorted(mixed) == sorted(fair)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_bad_numbers(exchange: str) -> None:
    seen, true = ask(exchange, OI)
    rows = rows_of(exchange, AFTER["bad_numbers"](Rule("bad_numbers"), seen, true))
    found = {value for row in rows for value in interest(exchange, row)}
    assert {"NaN", "Infinity", "1e400", "-1", "", "abc", None} <= found
    rows = rows_of(exchange, AFTER["bad_numbers"](Rule("bad_numbers", options={"value": "x"}), seen, true))
    assert {value for row in rows for value in interest(exchange, row)} == {"x"}


def test_bodies_that_are_not_answers() -> None:
    seen, true = ask("okx", OI)
    assert AFTER["empty"](Rule("empty"), seen, true).body == b""
    page = AFTER["html"](Rule("html"), seen, true)
    assert (page.status, page.content_type) == (200, "text/html")
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(AFTER["truncated"](Rule("truncated"), seen, true).body)
    assert "data" in orjson.loads(AFTER["wrong_shape"](Rule("wrong_shape"), seen, true).body)


def test_one_symbol_of_a_bulk_answer() -> None:
    path = "/bybit/v5/market/tickers"
    query = {"category": "linear"}
    true = Answer(VENUES["bybit"].routes[path](query))
    rule = Rule("zero_oi", symbol="ETHUSDT")
    rows = {
        r["symbol"]: r for r in rows_of("bybit", AFTER["zero_oi"](rule, visit("bybit", path, query), true))
    }
    assert rows["ETHUSDT"]["openInterest"] == "0"
    assert float(rows["BTCUSDT"]["openInterest"]) > 0


def test_refused_answers_are_not_damaged_further() -> None:
    seen, _ = ask("okx", OI)
    refusal = Answer(b'{"code":"51001","data":[]}', 400)
    assert AFTER["gap"](Rule("gap"), seen, refusal) is refusal


def before(kind: str, exchange: str, **options: object) -> Answer:
    path, query = OI[exchange]
    answer = asyncio.run(BEFORE[kind](Rule(kind, options=dict(options)), visit(exchange, path, query)))
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("kind", "exchange", "status", "text"),
    [
        ("ban", "binanceusdm", 418, b"banned until 1768471771500"),
        ("ban", "bybit", 403, b"access too frequent"),
        ("ban", "okx", 429, b"50011"),
        ("geo_block", "binanceusdm", 451, b"restricted location"),
        ("geo_block", "bybit", 403, b"CloudFront"),
        ("geo_block", "okx", 403, b"403"),
        ("maintenance", "binanceusdm", 503, b"-1001"),
        ("maintenance", "bybit", 200, b"10016"),
        ("maintenance", "okx", 503, b"50001"),
        ("reset", "okx", 502, b""),
        ("timeout", "okx", 504, b""),
        ("status", "okx", 500, b""),
    ],
)
def test_answers_instead(kind: str, exchange: str, status: int, text: bytes) -> None:
    answer = before(kind, exchange)
    assert answer.status == status
    assert text in answer.body


def test_any_status_with_any_body() -> None:
    answer = before("status", "okx", status=503, body={"code": -1008}, headers={"Retry-After": 7})
    assert (answer.status, answer.body, answer.headers) == (503, b'{"code":-1008}', {"Retry-After": "7"})


def test_slow_ends_in_the_true_answer() -> None:
    seen, _ = ask("okx", OI)
    assert asyncio.run(BEFORE["slow"](Rule("slow"), seen)) is None


# --- rules ---------------------------------------------------------------------------------------
def switchboard() -> Faults:
    return Faults(VENUES, WORLD.clock.now_ms)


def hit(faults: Faults, exchange: str, path: str, symbol: str = "") -> list[str]:
    return [rule.kind for rule in faults.matching(exchange, path, symbol)]


def test_rules_match_exchange_path_and_symbol() -> None:
    faults = switchboard()
    faults.add(Rule("html", exchange="okx", path="*/candles", symbol="BTC-USDT-SWAP"))
    path = "/okx/api/v5/market/candles"
    assert hit(faults, "okx", path, "BTC-USDT-SWAP") == ["html"]
    assert hit(faults, "okx", path, "ETH-USDT-SWAP") == []
    assert hit(faults, "okx", "/okx/api/v5/market/tickers", "BTC-USDT-SWAP") == []
    assert hit(faults, "bybit", path, "BTC-USDT-SWAP") == []
    assert hit(faults, "okx", path) == [], "a symbol's page fault does not hit bulk answers"
    faults.clear()
    assert hit(faults, "okx", path, "BTC-USDT-SWAP") == []


def test_rules_end_and_share() -> None:
    faults = switchboard()
    faults.add(Rule("html", until_ms=EPOCH))
    assert hit(faults, "okx", "/x") == []
    faults.clear()
    faults.add(Rule("html", share=0.25))
    hits = sum(bool(hit(faults, "okx", "/x")) for _ in range(1000))
    assert 200 < hits < 300


def test_one_rule_can_be_switched_off() -> None:
    faults = switchboard()
    first, second = faults.add(Rule("html")), faults.add(Rule("empty"))
    faults.clear(first.id)
    assert faults.rules == [second]


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        switchboard().add(Rule("meteor"))


def test_late_rows() -> None:
    faults = switchboard()
    path = OI["okx"][0]
    faults.add(Rule("late", exchange="okx", path="*rubik*", symbol="BTC-USDT-SWAP", options={"seconds": 200}))
    okx = VENUES["okx"]
    assert okx.publish_delay(path, "BTC-USDT-SWAP") == 200_000
    assert okx.publish_delay(path, "ETH-USDT-SWAP") == 2_000
    newest = orjson.loads(okx.routes[path](OI["okx"][1]))["data"][0][0]
    assert int(newest) == EPOCH - EPOCH % 300_000 - 300_000
    faults.clear()
    assert okx.publish_delay(path, "BTC-USDT-SWAP") == 2_000


def test_listings_by_rule_and_back() -> None:
    faults = switchboard()
    market = WORLD.market
    faults.add(Rule("delist", exchange="binanceusdm", symbol="SOLUSDT"))
    rule = faults.add(Rule("new_listing", exchange="binanceusdm"))
    fresh, gone = market.find("binanceusdm", rule.symbol), market.find("binanceusdm", "SOLUSDT")
    assert fresh is not None
    assert gone is not None
    assert (market.state(fresh, EPOCH), market.state(gone, EPOCH)) == ("live", "settling")
    faults.clear()
    assert (market.state(fresh, EPOCH), market.state(gone, EPOCH)) == ("spare", "live")


def test_frozen_and_lagging_data() -> None:
    frozen = Rule("frozen", since_ms=EPOCH - 7_000)
    assert computed_at([Rule("slow"), frozen], EPOCH) == (EPOCH - 7_000, frozen)
    lag = Rule("lag", options={"seconds": 30})
    assert computed_at([lag], EPOCH) == (EPOCH - 30_000, lag)
    assert computed_at([Rule("html")], EPOCH) is None


def test_one_frozen_symbol_in_a_bulk_answer() -> None:
    path, query = "/okx/api/v5/market/tickers", {"instType": "SWAP"}
    okx = VENUES["okx"]
    fresh = Answer(okx.routes[path](query))
    stale = Answer(okx.at(EPOCH - 600_000, okx.routes[path], query))
    rule = Rule("frozen", symbol="BTC-USDT-SWAP")
    mixed = rows_of("okx", only_symbol(rule, visit("okx", path, query), fresh, stale))
    by_id = {row["instId"]: row for row in mixed}
    assert by_id["BTC-USDT-SWAP"]["ts"] == str(EPOCH - 600_000)
    assert by_id["ETH-USDT-SWAP"]["ts"] == str(EPOCH)
    assert by_id["BTC-USDT-SWAP"] in rows_of("okx", stale)
