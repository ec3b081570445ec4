"""The streams' payloads: shapes and strings, and every value as REST answers it at the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from test_sim_wire import EPOCH, FAPI, M5, NOW_BAR, OKX, V5, ask, listed, make_world

from futuresboard.sim_exchange.binance_data import BinanceFutures
from futuresboard.sim_exchange.binance_stream import BinanceFeed
from futuresboard.sim_exchange.bybit import Bybit
from futuresboard.sim_exchange.bybit_stream import BybitFeed
from futuresboard.sim_exchange.feed import Channel, Feed
from futuresboard.sim_exchange.live import flows
from futuresboard.sim_exchange.okx_history import OkxSwaps
from futuresboard.sim_exchange.okx_stream import OkxFeed
from futuresboard.sim_exchange.truth import Truth
from futuresboard.sim_exchange.universe import State
from futuresboard.sim_exchange.venue import World

STEP = 2_000


class Listener:
    """A receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def deliver(self, _channel: Channel, payload: bytes) -> None:
        self.messages.append(orjson.loads(payload))

    def flush(self) -> None:
        """Everything is kept at once."""

    def take(self) -> list[Any]:
        taken, self.messages = self.messages, []
        return taken


class Desk:
    """One exchange's feed with one listener and a clock that is moved by hand."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or make_world()
        self.listener = Listener()
        self.feed: Feed

    def watch(self, channel: Channel | None) -> None:
        assert channel is not None
        self.feed.subscribe(channel, self.listener)

    def after(self, ms: float) -> list[Any]:
        """What is pushed when the clock has moved on."""
        self.world.clock.advance(ms)
        self.feed.publish()
        return self.listener.take()


class Binance(Desk):
    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.venue = BinanceFutures(self.world)
        self.feed = self.own = BinanceFeed(self.venue)

    def on(self, name: str, route: str = "market") -> None:
        self.watch(self.own.channel(name, route))


class BybitDesk(Desk):
    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.venue = Bybit(self.world)
        self.feed = self.own = BybitFeed(self.venue)

    def on(self, topic: str) -> None:
        self.watch(self.own.channel(topic, "linear"))


class Okx(Desk):
    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.venue = OkxSwaps(self.world)
        self.feed = self.own = OkxFeed(self.venue)

    def on(self, name: str, ident: str = "BTC-USDT-SWAP") -> None:
        self.watch(self.own.channel(name, ident, "business" if name.startswith("candle") else "public"))


# --- Binance -------------------------------------------------------------------------------------
KLINE = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")


@pytest.mark.parametrize("interval", ["5m", "1m", "15m", "1w"])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "1000PEPEUSDT", "ETHUSDC", "BTCUSDT_260327"])
def test_binance_kline(symbol: str, interval: str) -> None:
    desk = Binance()
    name = f"{symbol.lower()}@kline_{interval}"
    desk.on(name)
    (event,) = desk.after(STEP)
    now = EPOCH + STEP
    assert {k: event[k] for k in ("e", "E", "s")} == {"e": "kline", "E": now, "s": symbol}
    kline = event["k"]
    assert (kline["s"], kline["i"], kline["x"]) == (symbol, interval, False)
    rest = ask(desk.venue, FAPI + "klines", symbol=symbol, interval=interval, limit=1)[0]
    assert [kline[k] for k in KLINE] == rest[:11]
    assert kline["L"] - kline["f"] + 1 == kline["n"]


@pytest.mark.parametrize("interval", ["5m", "1m"])
def test_binance_closed_kline(interval: str) -> None:
    desk = Binance()
    desk.on(f"btcusdt@kline_{interval}")
    width = {"5m": M5, "1m": 60_000}[interval]
    left = width - EPOCH % width
    assert desk.after(left) == [], "100 ms are still to pass"
    closed, forming = desk.after(100)
    rest = ask(desk.venue, FAPI + "klines", symbol="BTCUSDT", interval=interval, limit=2)
    assert closed["k"]["x"] is True
    assert [closed["k"][k] for k in KLINE] == rest[0][:11]
    assert forming["k"]["x"] is False
    assert [forming["k"][k] for k in KLINE] == rest[1][:11]
    assert [e["k"]["x"] for e in desk.after(STEP)] == [False], "closed once"


def test_binance_tickers() -> None:
    desk = Binance()
    for name in ("btcusdt@ticker", "btcusdt@miniTicker"):
        desk.on(name)
    full, mini = desk.after(STEP)
    rest = ask(desk.venue, FAPI + "ticker/24hr", symbol="BTCUSDT")
    assert (full.pop("e"), full.pop("E"), full.pop("s")) == ("24hrTicker", EPOCH + STEP, "BTCUSDT")
    names = {
        "p": "priceChange",
        "P": "priceChangePercent",
        "w": "weightedAvgPrice",
        "c": "lastPrice",
        "Q": "lastQty",
        "o": "openPrice",
        "h": "highPrice",
        "l": "lowPrice",
        "v": "volume",
        "q": "quoteVolume",
        "O": "openTime",
        "C": "closeTime",
        "F": "firstId",
        "L": "lastId",
        "n": "count",
    }
    assert full == {short: rest[long] for short, long in names.items()}
    assert (mini.pop("e"), mini.pop("E"), mini.pop("s")) == ("24hrMiniTicker", EPOCH + STEP, "BTCUSDT")
    assert mini == {short: rest[names[short]] for short in "cohlvq"}


def test_binance_arrays() -> None:
    desk = Binance()
    for name in ("!ticker@arr", "!markPrice@arr@1s"):
        desk.on(name)
    tickers, marks = desk.after(STEP)
    rest = {row["symbol"]: row for row in ask(desk.venue, FAPI + "ticker/24hr")}
    own = {row["s"]: row for row in tickers if row["st"] == 1}
    live = {row.id for _, row, _ in desk.venue.listed(State.LIVE)}
    assert set(own) == live
    assert {row["s"] for row in tickers if row["st"] == 2} == {"BTCUSD_PERP", "ETHUSD_PERP"}
    assert [own[s]["c"] for s in live] == [rest[s]["lastPrice"] for s in live]
    premium = {row["symbol"]: row for row in ask(desk.venue, FAPI + "premiumIndex")}
    assert {row["s"] for row in marks} == live
    for row in marks:
        wanted = premium[row["s"]]
        assert (row["e"], row["p"], row["i"], row["r"], row["T"]) == (
            "markPriceUpdate",
            wanted["markPrice"],
            wanted["indexPrice"],
            wanted["lastFundingRate"],
            wanted["nextFundingTime"],
        )


def test_binance_mark_prices_come_every_third_second_unless_named_1s() -> None:
    desk = Binance(make_world(epoch_ms=NOW_BAR))
    desk.on("btcusdt@markPrice")
    assert desk.after(2_000) == []
    assert len(desk.after(1_000)) == 1
    other = Binance(make_world(epoch_ms=NOW_BAR))
    other.on("btcusdt@markPrice@1s")
    assert len(other.after(2_000)) == 1


def test_binance_book_and_trades() -> None:
    desk = Binance()
    desk.on("btcusdt@bookTicker", "public")
    desk.on("btcusdt@trade", "public")
    desk.on("btcusdt@aggTrade")
    book, *trades = desk.after(STEP)
    rest = ask(desk.venue, FAPI + "ticker/bookTicker", symbol="BTCUSDT")
    assert [book[k] for k in "sbBaA"] == [
        rest[k] for k in ("symbol", "bidPrice", "bidQty", "askPrice", "askQty")
    ]
    single = [t for t in trades if t["e"] == "trade"]
    newest = ask(desk.venue, FAPI + "trades", symbol="BTCUSDT", limit=len(single))
    assert {t["T"] for t in single} == {EPOCH + STEP - (EPOCH + STEP) % STEP}, (
        "one step's trades, all of them"
    )
    assert [(t["t"], t["p"], t["q"], t["T"], t["m"]) for t in single] == [
        (t["id"], t["price"], t["qty"], t["time"], t["isBuyerMaker"]) for t in newest
    ]
    grouped = ask(desk.venue, FAPI + "aggTrades", symbol="BTCUSDT", limit=len(single))
    assert [
        {k: t[k] for k in ("a", "p", "q", "f", "l", "T", "m")} for t in trades if t["e"] == "aggTrade"
    ] == grouped


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("btcusdt@kline_5m", "market"),
        ("btcusdt@ticker", "market"),
        ("!miniTicker@arr", "market"),
        ("!markPrice@arr", "market"),
        ("btcusdt@aggTrade", "market"),
        ("btcusdt@bookTicker", "public"),
        ("!bookTicker", "public"),
    ],
)
def test_binance_streams_are_silent_on_the_wrong_route(name: str, home: str) -> None:
    feed = Binance().own
    kinds = {}
    for route in ("market", "public", ""):
        channel = feed.channel(name, route)
        assert channel is not None, "it can be subscribed everywhere"
        kinds[route] = bool(channel.kind)
    assert kinds == {"market": home == "market", "public": home == "public", "": home == "public"}


def test_binance_stream_names() -> None:
    feed = Binance().own
    for name in ("btcusdt@kline_7m", "btcusdt@nonsense", "btcusdt", "!nonsense@arr", ""):
        assert feed.channel(name, "market") is None
    unknown = feed.channel("nopeusdt@kline_5m", "market")
    assert unknown is not None
    assert unknown.kind == "", "an unknown symbol is accepted and silent"


# --- Bybit ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("interval", "name"), [("5", "5"), ("1", "1"), ("60", "60")])
def test_bybit_kline(interval: str, name: str) -> None:
    desk = BybitDesk()
    topic = f"kline.{interval}.SHIB1000USDT"
    desk.on(topic)
    (message,) = desk.after(STEP)
    now = EPOCH + STEP
    assert (message["topic"], message["type"], message["ts"]) == (topic, "snapshot", now)
    (row,) = message["data"]
    rest = listed(
        ask(desk.venue, V5 + "kline", category="linear", symbol="SHIB1000USDT", interval=name, limit=1)
    )[0]
    keys = ("start", "open", "high", "low", "close", "volume", "turnover")
    assert [str(row[k]) for k in keys] == rest
    width = int(interval) * 60_000
    assert (row["end"], row["interval"], row["confirm"], row["timestamp"]) == (
        row["start"] + width - 1,
        interval,
        False,
        now,
    )


def test_bybit_closed_kline() -> None:
    desk = BybitDesk()
    desk.on("kline.5.BTCUSDT")
    messages = desk.after(NOW_BAR + M5 + 100 - EPOCH)
    rest = listed(ask(desk.venue, V5 + "kline", category="linear", symbol="BTCUSDT", interval="5", limit=2))
    rows = [message["data"][0] for message in messages]
    assert [row["confirm"] for row in rows] == [True, False]
    keys = ("start", "open", "high", "low", "close", "volume", "turnover")
    assert [[str(row[k]) for k in keys] for row in rows] == rest[::-1]


def test_bybit_tickers_are_a_snapshot_and_deltas() -> None:
    desk = BybitDesk()
    desk.on("tickers.BTCUSDT")
    (snapshot,) = desk.listener.take()
    assert (snapshot["type"], snapshot["topic"], snapshot["ts"]) == ("snapshot", "tickers.BTCUSDT", EPOCH)
    merged = dict(snapshot["data"])
    assert merged.pop("tickDirection")
    rest: Any = None
    for _ in range(5):
        (delta,) = desk.after(STEP)
        assert delta["type"] == "delta"
        assert delta["data"]["symbol"] == "BTCUSDT"
        unchanged = {k for k, v in delta["data"].items() if k != "symbol" and merged[k] == v}
        assert not unchanged, "a delta omits what has not changed"
        assert "fundingIntervalHour" not in delta["data"]
        merged |= delta["data"]
        rest = listed(ask(desk.venue, V5 + "tickers", category="linear", symbol="BTCUSDT"))[0]
        assert merged == {k: rest[k] for k in merged}
    assert float(merged["openInterest"]) == pytest.approx(2 * float(merged["singleOpenInterest"]))
    assert {"fundingRate", "nextFundingTime", "markPrice", "turnover24h", "bid1Price"} <= set(merged)


def test_a_late_bybit_subscriber_joins_the_same_state() -> None:
    desk, late = BybitDesk(), Listener()
    desk.on("tickers.BTCUSDT")
    desk.after(3 * STEP)
    channel = desk.own.channel("tickers.BTCUSDT", "linear")
    assert channel is not None
    desk.feed.subscribe(channel, late)
    (snapshot,) = late.take()
    (delta,) = desk.after(STEP)
    assert late.take() == [delta]
    rest = listed(ask(desk.venue, V5 + "tickers", category="linear", symbol="BTCUSDT"))[0]
    merged = snapshot["data"] | delta["data"]
    del merged["tickDirection"]
    assert merged == {k: rest[k] for k in merged}


def test_a_late_bybit_subscriber_takes_no_change_from_the_others() -> None:
    desk, late = BybitDesk(), Listener()
    desk.on("tickers.BTCUSDT")
    merged = desk.listener.take()[0]["data"]
    channel = desk.own.channel("tickers.BTCUSDT", "linear")
    assert channel is not None
    desk.world.clock.advance(STEP)
    desk.feed.subscribe(channel, late)
    (delta,) = desk.after(0)
    rest = listed(ask(desk.venue, V5 + "tickers", category="linear", symbol="BTCUSDT"))[0]
    for snapshot in (merged, late.take()[0]["data"]):
        del snapshot["tickDirection"]
        state = snapshot | delta["data"]
        assert state == {k: rest[k] for k in state}


def test_bybit_trades() -> None:
    desk = BybitDesk()
    desk.on("publicTrade.BTCUSDT")
    (message,) = desk.after(STEP)
    count = len(message["data"])
    rest = listed(ask(desk.venue, V5 + "recent-trade", category="linear", symbol="BTCUSDT", limit=count))
    assert [(t["i"], t["S"], t["v"], t["p"], str(t["T"])) for t in message["data"]] == [
        (t["execId"], t["side"], t["size"], t["price"], t["time"]) for t in rest[::-1]
    ]
    long = desk.after(2 * M5)
    sizes = [len(m["data"]) for m in long]
    assert max(sizes) == 1024, "more trades at once than fit one message"
    assert sum(sizes) > 1024
    stamps = [t["T"] for m in long for t in m["data"]]
    assert stamps == sorted(stamps)


def test_bybit_topics() -> None:
    feed = BybitDesk().own
    for topic in (
        "kline.7.BTCUSDT",
        "kline.BTCUSDT",
        "tickers.NOPE",
        "nonsense.BTCUSDT",
        "",
        "tickers.BTCUSD",
    ):
        assert feed.channel(topic, "linear") is None
    assert feed.channel("tickers.BTCUSD", "inverse") is not None


# --- OKX -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("bar", ["5m", "1m", "1H", "1D", "1Dutc"])
@pytest.mark.parametrize("ident", ["BTC-USDT-SWAP", "PEPE-USDT-SWAP", "BTC-USD-SWAP"])
def test_okx_candles(ident: str, bar: str) -> None:
    desk = Okx()
    desk.on(f"candle{bar}", ident)
    (first,) = desk.listener.take()
    assert first["arg"] == {"channel": f"candle{bar}", "instId": ident}
    assert first["data"] == listed(ask(desk.venue, OKX + "market/candles", instId=ident, bar=bar, limit=1)), (
        "the present state at once"
    )
    (message,) = desk.after(STEP)
    assert message["data"] == listed(ask(desk.venue, OKX + "market/candles", instId=ident, bar=bar, limit=1))


def test_okx_closed_candle() -> None:
    desk = Okx()
    desk.on("candle5m")
    desk.listener.take()
    messages = desk.after(NOW_BAR + M5 + 100 - EPOCH)
    rest = listed(ask(desk.venue, OKX + "market/candles", instId="BTC-USDT-SWAP", bar="5m", limit=2))
    assert [m["data"][0] for m in messages] == rest[::-1]
    assert [row[8] for row in rest] == ["0", "1"]


@pytest.mark.parametrize(
    ("channel", "path", "query"),
    [
        ("tickers", "market/ticker", {}),
        ("open-interest", "public/open-interest", {"instType": "SWAP"}),
        ("funding-rate", "public/funding-rate", {}),
        ("mark-price", "public/mark-price", {"instType": "SWAP"}),
    ],
)
def test_okx_live_values(channel: str, path: str, query: dict[str, str]) -> None:
    desk = Okx()
    desk.on(channel)
    at_once = desk.listener.take()
    later = desk.after(60_000)
    for messages in (at_once, later):
        (message,) = messages
        assert message["arg"] == {"channel": channel, "instId": "BTC-USDT-SWAP"}
    assert later[0]["data"] == listed(ask(desk.venue, OKX + path, instId="BTC-USDT-SWAP", **query))


def test_okx_trades() -> None:
    desk = Okx()
    desk.on("trades")
    assert desk.listener.take() == []
    messages = desk.after(STEP)
    rest = listed(ask(desk.venue, OKX + "market/trades", instId="BTC-USDT-SWAP", limit=len(messages)))
    assert [{k: m["data"][0][k] for k in rest[0]} for m in messages] == rest[::-1]


def test_okx_channels_belong_to_their_path() -> None:
    feed = Okx().own
    assert feed.channel("candle5m", "BTC-USDT-SWAP", "public") is None
    assert feed.channel("tickers", "BTC-USDT-SWAP", "business") is None
    assert feed.channel("candle7m", "BTC-USDT-SWAP", "business") is None
    assert feed.channel("tickers", "NOPE-USDT-SWAP", "public") is None


# --- all -----------------------------------------------------------------------------------------
DESKS = [
    (Binance, "btcusdt@kline_5m"),
    (BybitDesk, "kline.5.BTCUSDT"),
    (Okx, "candle5m"),
]


def opening_and_closed(message: Any) -> tuple[int, bool]:
    if "k" in message:
        return message["k"]["t"], message["k"]["x"]
    row = message["data"][0]
    return (int(row[0]), row[8] == "1") if isinstance(row, list) else (row["start"], row["confirm"])


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_every_closed_candle_comes_once_however_far_the_clock_jumps(kind: Any, name: str) -> None:
    desk = kind()
    desk.on(name)
    desk.listener.take()
    seen = [opening_and_closed(m) for ms in (3 * M5, 2 * M5, 7, M5) for m in desk.after(ms)]
    closed = [ts for ts, done in seen if done]
    assert closed == [NOW_BAR + i * M5 for i in range(6)]
    assert [ts for ts, _ in seen] == sorted(ts for ts, _ in seen)


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_nothing_is_pushed_while_nothing_moves(kind: Any, name: str) -> None:
    desk = kind(make_world(epoch_ms=NOW_BAR + 10_000))
    desk.on(name)
    desk.listener.take()
    assert desk.after(1_000) == []
    assert len(desk.after(1_000)) == 1
    assert desk.after(0) == []


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_the_pace_can_be_set(kind: Any, name: str) -> None:
    desk = kind(make_world(epoch_ms=NOW_BAR + 60_000, pushes={"kline": 60_000}, close_delay_ms=7_000))
    desk.on(name)
    desk.listener.take()
    assert desk.feed.next_due() == NOW_BAR + 120_000
    assert [len(desk.after(10_000)) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    desk.after(NOW_BAR + M5 - desk.feed.venue.now)
    assert [opening_and_closed(m)[1] for m in desk.after(6_999)] == []
    assert desk.feed.next_due() == NOW_BAR + M5 + 7_000
    assert [opening_and_closed(m)[1] for m in desk.after(1)] == [True, False]


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_a_clock_that_is_set_back_goes_on_from_there(kind: Any, name: str) -> None:
    desk = kind()
    desk.on(name)
    desk.after(2 * M5)
    desk.world.clock.set(NOW_BAR - M5)
    desk.feed.publish()
    assert {opening_and_closed(m) for m in desk.listener.take()} == {(NOW_BAR - M5, False)}
    assert (NOW_BAR - M5, True) in {opening_and_closed(m) for m in desk.after(M5 + 100)}


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_an_instrument_that_ends_falls_silent(kind: Any, name: str) -> None:
    desk = kind()
    desk.on(name)
    ident = desk.own.venue.rows[desk.own.market.index[desk.own.venue.name][ID[kind]]].id
    desk.world.market.delist(desk.own.venue.name, ident, NOW_BAR + M5)
    desk.listener.take()
    seen = {opening_and_closed(m) for m in desk.after(2 * M5)}
    assert seen == {(NOW_BAR, True)}, "its last bar was traded to the end"
    assert desk.after(M5) == []


ID = {Binance: "BTCUSDT", BybitDesk: "BTCUSDT", Okx: "BTC-USDT-SWAP"}


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_a_bar_that_was_cut_short_is_never_closed(kind: Any, name: str) -> None:
    desk = kind()
    desk.on(name)
    desk.world.market.delist(desk.own.venue.name, ID[kind], NOW_BAR + M5 - 1)
    desk.listener.take()
    assert desk.after(2 * M5) == []


@pytest.mark.parametrize(("kind", "name"), DESKS)
def test_the_end_of_a_subscription(kind: Any, name: str) -> None:
    desk = kind()
    desk.on(name)
    (channel,) = next(iter(desk.feed.groups.values())).receivers
    desk.listener.take()
    desk.feed.unsubscribe(channel, desk.listener)
    desk.feed.unsubscribe(channel, desk.listener)
    assert desk.after(M5) == []
    assert desk.feed.groups == {}
    assert desk.feed.next_due() is None


def test_trades_add_up_at_any_time_within_a_bar() -> None:
    desk = BybitDesk(make_world(epoch_ms=NOW_BAR - 1))
    for symbol in ("BTCUSDT", "SHIB1000USDT", "ARBUSDT"):
        desk.on(f"publicTrade.{symbol}")
    bought: dict[str, float] = {}
    sold: dict[str, float] = {}
    truth = Truth(desk.world)
    for ms in (1, 2_000, 2_000, 71_000, 150_000, 75_000 - 1 - 1):
        for message in desk.after(ms):
            for t in message["data"]:
                side = bought if t["S"] == "Buy" else sold
                side[t["s"]] = side.get(t["s"], 0.0) + float(t["v"])
        for symbol in bought:
            bar = truth.forming("bybit", symbol, desk.venue.now)
            assert bought[symbol] == pytest.approx(bar.taker_buy, rel=1e-12), (ms, symbol)
            assert sold[symbol] == pytest.approx(bar.volume - bar.taker_buy, rel=1e-12)
    whole = truth.bar("bybit", "BTCUSDT", NOW_BAR)
    assert bought["BTCUSDT"] == pytest.approx(whole.taker_buy, rel=1e-12)
    assert bought["BTCUSDT"] + sold["BTCUSDT"] == pytest.approx(whole.volume, rel=1e-12)


def test_small_flows_never_fall() -> None:
    share = np.linspace(0.01, 1.0, 100)[None, :]
    lot = np.array([[10]])
    for volume, buys in ((70, 30), (10, 10), (130, 0), (990, 980)):
        total, bought = flows(np.array([[volume]]), np.array([[buys]]), share, lot)
        assert (total[0, -1], bought[0, -1]) == (volume, buys)
        for column in (total, bought, total - bought):
            assert (np.diff(column[0]) >= 0).all()
            assert (column % 10 == 0).all()
