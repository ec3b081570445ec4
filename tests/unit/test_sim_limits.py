"""Official limits: weights, windows, refusals, headers, bans, counts."""

from __future__ import annotations

import orjson
import pytest

from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.clock import SimClock
from futuresboard.sim_exchange.limits import BINANCE_PATIENCE, HANDOVER_S, Counts, Limits, binance_weight

# A full minute, so that Binance's window starts with the test.
EPOCH = 1_768_471_620_000
CLIENT = "10.0.0.1"
NAMES = ("binanceusdm", "bybit", "okx", "coingecko")


class Bench:
    """Limits on a clock moved by hand."""

    def __init__(self, **changes: object) -> None:
        config = SimConfig(epoch_ms=EPOCH, time_scale=0, in_exchange_time=True, **changes)  # type: ignore[arg-type]
        self.clock = SimClock(EPOCH, 0)
        self.counts = {name: Counts() for name in NAMES}
        self.limits = Limits(config, self.clock, self.counts)

    def ask(self, exchange: str, path: str, client: str = CLIENT, **query: object) -> int:
        """The status a request gets."""
        answer = self.limits.check(exchange, path, {k: str(v) for k, v in query.items()}, client)
        return 200 if answer is None else answer.status

    def many(self, times: int, exchange: str, path: str, **query: object) -> list[int]:
        return [self.ask(exchange, path, **query) for _ in range(times)]


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", {}, 1),
        ("klines", {"limit": "99"}, 1),
        ("klines", {"limit": "100"}, 2),
        ("klines", {"limit": "499"}, 2),
        ("klines", {"limit": "500"}, 5),
        ("klines", {}, 5),
        ("klines", {"limit": "1000"}, 5),
        ("klines", {"limit": "1001"}, 10),
        ("ticker/24hr", {}, 40),
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 1),
        ("ticker/price", {}, 2),
        ("ticker/bookTicker", {}, 5),
        ("ticker/bookTicker", {"symbol": "BTCUSDT"}, 2),
        ("premiumIndex", {}, 10),
        ("premiumIndex", {"symbol": "BTCUSDT"}, 1),
        ("openInterest", {"symbol": "BTCUSDT"}, 1),
        ("depth", {"limit": "50"}, 2),
        ("depth", {"limit": "100"}, 5),
        ("depth", {}, 10),
        ("depth", {"limit": "1000"}, 20),
        ("trades", {}, 5),
        ("aggTrades", {}, 20),
        ("fundingRate", {}, 0),
    ],
)
def test_binance_weights(path: str, query: dict[str, str], weight: int) -> None:
    assert binance_weight(path, query) == weight


def test_binance_minute() -> None:
    bench = Bench()
    path = "/binance/fapi/v1/ticker/24hr"
    assert bench.many(60, "binanceusdm", path) == [200] * 60
    assert bench.limits.headers("binanceusdm", path, CLIENT) == {"X-MBX-USED-WEIGHT-1M": "2400"}
    bench.clock.advance(20_000)
    answer = bench.limits.check("binanceusdm", "/binance/fapi/v1/ping", {}, CLIENT)
    assert answer is not None
    assert (answer.status, answer.headers["Retry-After"]) == (429, "40")
    assert orjson.loads(answer.body)["code"] == -1003
    assert bench.ask("binanceusdm", path, client="10.0.0.2") == 200, "limits count per address"
    bench.clock.advance(40_000)
    assert bench.ask("binanceusdm", path) == 200
    assert bench.counts["binanceusdm"].violations == {"weight": 1}
    assert bench.counts["binanceusdm"].most_used["weight"] == 2401
    assert bench.limits.headers("bybit", "/bybit/v5/market/time", CLIENT) == {}
    assert bench.limits.headers("binanceusdm", "/binance/futures/data/openInterestHist", CLIENT) == {}


def test_binance_bans_who_does_not_listen() -> None:
    bench = Bench(binance_ban_s=30)
    path = "/binance/fapi/v1/ticker/24hr"
    statuses = bench.many(60 + BINANCE_PATIENCE + 2, "binanceusdm", path)
    assert statuses[60:] == [429] * BINANCE_PATIENCE + [418, 418]
    answer = bench.limits.check("binanceusdm", path, {}, CLIENT)
    assert answer is not None
    assert f"banned until {EPOCH + 30_000}" in orjson.loads(answer.body)["msg"]
    assert bench.ask("binanceusdm", "/binance/futures/data/openInterestHist") == 418, "a ban covers all"
    bench.clock.advance(60_000)
    assert bench.ask("binanceusdm", path) == 200


def test_retry_after_can_be_missing() -> None:
    bench = Bench(retry_after=False)
    bench.many(60, "binanceusdm", "/binance/fapi/v1/ticker/24hr")
    answer = bench.limits.check("binanceusdm", "/binance/fapi/v1/ping", {}, CLIENT)
    assert answer is not None
    assert answer.headers == {}


@pytest.mark.parametrize(
    ("path", "capacity", "seconds"),
    [
        ("/binance/futures/data/openInterestHist", 1000, 300),
        ("/binance/fapi/v1/fundingRate", 500, 300),
    ],
)
def test_binance_pools(path: str, capacity: int, seconds: int) -> None:
    bench = Bench()
    assert set(bench.many(capacity, "binanceusdm", path)) == {200}
    assert bench.ask("binanceusdm", path) == 429
    assert bench.ask("binanceusdm", "/binance/fapi/v1/ping") == 200, "the weight is another limit"
    bench.clock.advance(seconds * 1000)
    assert bench.ask("binanceusdm", path) == 200


def test_the_statistics_share_one_pool() -> None:
    bench = Bench()
    bench.many(999, "binanceusdm", "/binance/futures/data/openInterestHist")
    assert bench.ask("binanceusdm", "/binance/futures/data/topLongShortPositionRatio") == 200
    assert bench.ask("binanceusdm", "/binance/futures/data/globalLongShortAccountRatio") == 429


def test_bybit_bans_for_ten_minutes() -> None:
    bench = Bench()
    path = "/bybit/v5/market/kline"
    assert set(bench.many(600, "bybit", path)) == {200}
    answer = bench.limits.check("bybit", path, {}, CLIENT)
    assert answer is not None
    assert (answer.status, answer.body, answer.content_type) == (403, b"access too frequent", "text/plain")
    bench.clock.advance(599_000)
    assert bench.ask("bybit", path) == 403
    bench.clock.advance(2_000)
    assert bench.ask("bybit", path) == 200
    assert bench.counts["bybit"].violations == {"ip": 1, "banned": 1}


def test_what_was_on_its_way_is_held_against_nobody() -> None:
    bench = Bench(binance_ban_s=30)
    path = "/binance/fapi/v1/ping"
    bench.limits.ban("binanceusdm", CLIENT, 30)
    sent = bench.limits.time()
    bench.clock.advance(100)
    # An answer made before the ban tells nothing; the first refusal does.
    bench.limits.answered("binanceusdm", CLIENT, 200)
    bench.clock.advance(100)
    later = bench.limits.time()
    bench.limits.answered("binanceusdm", CLIENT, 418)
    for at in (sent, later):
        answer = bench.limits.check("binanceusdm", path, {}, CLIENT, sent=at)
        assert answer is not None
        assert answer.status == 418
    assert bench.counts["binanceusdm"].violations == {}
    bench.clock.advance(1)
    bench.limits.check("binanceusdm", path, {}, CLIENT, sent=bench.limits.time())
    assert bench.counts["binanceusdm"].violations == {"banned": 1}


def test_what_crosses_with_the_first_refusal_is_held_against_nobody() -> None:
    bench = Bench(binance_ban_s=30)
    bench.clock.rescale(40)
    path = "/binance/fapi/v1/ping"
    bench.limits.ban("binanceusdm", CLIENT, 30)
    before = bench.limits.time()
    bench.limits.answered("binanceusdm", CLIENT, 418)
    after = bench.limits.time()
    handed_over = HANDOVER_S * 40
    bench.limits.check("binanceusdm", path, {}, CLIENT, sent=before + handed_over)
    assert bench.counts["binanceusdm"].violations == {}
    bench.limits.check("binanceusdm", path, {}, CLIENT, sent=after + handed_over + 0.001)
    assert bench.counts["binanceusdm"].violations == {"banned": 1}


def test_bybit_window_slides() -> None:
    bench = Bench()
    bench.many(300, "bybit", "/bybit/v5/market/kline")
    bench.clock.advance(3_000)
    bench.many(300, "bybit", "/bybit/v5/market/kline")
    bench.clock.advance(2_000)
    assert set(bench.many(300, "bybit", "/bybit/v5/market/kline")) == {200}
    assert bench.ask("bybit", "/bybit/v5/market/kline") == 403


@pytest.mark.parametrize(
    ("path", "capacity"), [("market/candles", 40), ("market/history-candles", 20), ("market/tickers", 20)]
)
def test_okx_paths_per_address(path: str, capacity: int) -> None:
    bench = Bench()
    statuses = [
        bench.ask("okx", f"/okx/api/v5/{path}", instId=f"C{i}-USDT-SWAP") for i in range(capacity + 1)
    ]
    assert statuses == [200] * capacity + [429]
    answer = bench.limits.check("okx", f"/okx/api/v5/{path}", {}, CLIENT)
    assert answer is not None
    assert orjson.loads(answer.body)["code"] == "50011"
    bench.clock.advance(2_000)
    assert bench.ask("okx", f"/okx/api/v5/{path}") == 200


@pytest.mark.parametrize(
    ("path", "capacity"),
    [
        ("rubik/stat/contracts/open-interest-history", 10),
        ("rubik/stat/contracts/long-short-account-ratio-contract", 5),
        ("rubik/stat/taker-volume-contract", 5),
        ("public/funding-rate-history", 10),
    ],
)
def test_okx_paths_per_instrument(path: str, capacity: int) -> None:
    bench = Bench()
    url = f"/okx/api/v5/{path}"
    for coin in ("BTC", "ETH", "SOL"):
        assert bench.many(capacity, "okx", url, instId=f"{coin}-USDT-SWAP") == [200] * capacity
    assert bench.ask("okx", url, instId="BTC-USDT-SWAP") == 429


def test_okx_statistics_can_count_per_address() -> None:
    bench = Bench(okx_rubik_per_ip=True)
    url = "/okx/api/v5/rubik/stat/taker-volume-contract"
    assert [bench.ask("okx", url, instId=f"C{i}") for i in range(6)] == [200] * 5 + [429]


def test_coingecko_limit() -> None:
    bench = Bench()
    assert bench.many(31, "coingecko", "/coingecko/api/v3/coins/markets") == [200] * 30 + [429]


def test_counting_without_enforcing() -> None:
    bench = Bench(enforce_limits=False)
    assert set(bench.many(45, "okx", "/okx/api/v5/market/candles")) == {200}
    assert bench.counts["okx"].total_violations == 5
    assert bench.counts["okx"].most_used["market/candles"] == 45


def test_reset_forgets() -> None:
    bench = Bench()
    bench.many(41, "okx", "/okx/api/v5/market/candles")
    bench.limits.ban("bybit", CLIENT, 60)
    bench.limits.reset()
    assert bench.ask("okx", "/okx/api/v5/market/candles") == 200
    assert bench.ask("bybit", "/bybit/v5/market/kline") == 200
