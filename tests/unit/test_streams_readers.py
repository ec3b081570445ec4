"""What the exchanges push, as their documents show it, and what is read from it."""

from __future__ import annotations

import copy
import math
from decimal import Decimal

import numpy as np
import orjson
import pytest

from futuresboard.exchanges.streams.base import NOTHING, Channel, Heard, Reply, Trade, Wanted
from futuresboard.exchanges.streams.binanceusdm import BinanceReader, BinanceStreams
from futuresboard.exchanges.streams.bybit import BybitReader, BybitStreams
from futuresboard.exchanges.streams.okx import OkxReader, OkxStreams
from futuresboard.model import Market, Ticker

BTC = "BTC/USDT:USDT"
PEPE = "1000PEPE/USDT:USDT"
OPEN = 1_700_000_100_000 // 300_000 * 300_000
CLOSE = OPEN + 300_000

KLINE = {
    "e": "kline",
    "E": CLOSE + 31,
    "s": "BTCUSDT",
    "k": {
        "t": OPEN,
        "T": CLOSE - 1,
        "s": "BTCUSDT",
        "i": "5m",
        "f": 100,
        "L": 200,
        "o": "37000.10",
        "c": "37010.20",
        "h": "37020.30",
        "l": "36990.40",
        "v": "1000.5",
        "n": 100,
        "x": True,
        "q": "37000000.6",
        "V": "500.25",
        "Q": "18500000.7",
        "B": "0",
    },
}
ARRAY = [
    {
        "e": "24hrTicker",
        "E": CLOSE + 5,
        "s": "BTCUSDT",
        "p": "12.5",
        "P": "0.03",
        "w": "36000.1",
        "c": "37010.20",
        "Q": "0.001",
        "o": "36997.7",
        "h": "37100",
        "l": "36000",
        "v": "123456",
        "q": "4567890123.45",
        "O": CLOSE - 86_400_000,
        "C": CLOSE + 2,
        "F": 0,
        "L": 18150,
        "n": 18151,
        "st": 1,
    },
    {"e": "24hrTicker", "E": CLOSE + 5, "s": "BTCUSD_PERP", "c": "37011", "q": "1", "C": CLOSE, "st": 2},
    {"e": "24hrTicker", "E": CLOSE + 5, "s": "BTCUSDT", "c": "1", "q": "1", "C": CLOSE, "st": 2},
    {"e": "24hrTicker", "E": CLOSE + 5, "s": "NEWUSDT", "c": "1.5", "q": "1", "C": CLOSE},
]
MARKS = [
    {
        "e": "markPriceUpdate",
        "E": CLOSE,
        "s": "BTCUSDT",
        "p": "37009.55",
        "i": "37005.1",
        "P": "37006.2",
        "r": "0.00038167",
        "T": CLOSE + 3_600_000,
    },
    {"e": "markPriceUpdate", "E": CLOSE, "s": "BTCUSDT_240329", "p": "37300", "r": "", "T": 0},
]
BYBIT_KLINE = {
    "topic": "kline.5.BTCUSDT",
    "data": [
        {
            "start": OPEN,
            "end": CLOSE - 1,
            "interval": "5",
            "open": "37000.1",
            "close": "37010.2",
            "high": "37020.3",
            "low": "36990.4",
            "volume": "1000.5",
            "turnover": "37000000.6",
            "confirm": True,
            "timestamp": CLOSE + 10,
        }
    ],
    "ts": CLOSE + 12,
    "type": "snapshot",
}
SNAPSHOT = {
    "topic": "tickers.BTCUSDT",
    "type": "snapshot",
    "data": {
        "symbol": "BTCUSDT",
        "lastPrice": "37010.20",
        "markPrice": "37009.55",
        "openInterest": "60000.5",
        "openInterestValue": "2220000000",
        "turnover24h": "4567890123.45",
        "nextFundingTime": str(CLOSE + 3_600_000),
        "fundingRate": "-0.000212",
    },
    "cs": 24987956059,
    "ts": CLOSE + 20,
}
TRADES = {
    "topic": "publicTrade.BTCUSDT",
    "type": "snapshot",
    "ts": CLOSE + 3,
    "data": [
        {"T": CLOSE + 1, "s": "BTCUSDT", "S": "Buy", "v": "0.5", "p": "37010.2", "i": "a", "BT": False},
        {"T": CLOSE + 2, "s": "BTCUSDT", "S": "Sell", "v": "0.25", "p": "37010.1", "i": "b", "BT": False},
    ],
}
OKX_CANDLE = {
    "arg": {"channel": "candle5m", "instId": "BTC-USDT-SWAP"},
    "data": [
        [str(OPEN), "37000.1", "37020.3", "36990.4", "37010.2", "100050", "1000.5", "37000000.6", "1"],
    ],
}


def okx(channel: str, **row: str) -> dict[str, object]:
    return {
        "arg": {"channel": channel, "instId": "BTC-USDT-SWAP"},
        "data": [{"instType": "SWAP", "instId": "BTC-USDT-SWAP", **row}],
    }


def binance() -> BinanceReader:
    return BinanceReader({"BTCUSDT": BTC, "1000PEPEUSDT": PEPE})


def bybit() -> BybitReader:
    return BybitReader({"BTCUSDT": BTC, "1000PEPEUSDT": PEPE})


def okx_reader() -> OkxReader:
    return OkxReader({"BTC-USDT-SWAP": BTC})


def candle(heard: Heard) -> dict[str, float]:
    ((symbol, rows),) = heard.candles
    assert symbol == BTC
    assert rows.ts.tolist() == [OPEN]
    return {name: float(column[0]) for name, column in rows.columns.items()}


CANDLE = {
    "open": 37000.1,
    "high": 37020.3,
    "low": 36990.4,
    "close": 37010.2,
    "volume": 1000.5,
    "quote_volume": 37000000.6,
}


def test_binance_closed_candle_keeps_the_takers_buys() -> None:
    heard = binance().read(KLINE)
    assert candle(heard) == {**CANDLE, "taker_buy": 500.25}
    assert (heard.channel, heard.topic, heard.at_ms) == (Channel.CANDLES, "btcusdt@kline_5m", CLOSE + 31)


def test_wrapped_messages_are_the_same_ones() -> None:
    wrapped = binance().read({"stream": "btcusdt@kline_5m", "data": KLINE})
    assert candle(wrapped) == candle(binance().read(KLINE))


def changed(message: dict, **fields: object) -> dict:
    new = copy.deepcopy(message)
    new["k"].update(fields)
    return new


@pytest.mark.parametrize(
    "fields",
    [{"c": "NaN"}, {"h": "0"}, {"v": "-1"}, {"V": "1000.6"}, {"o": None}, {"t": OPEN + 1}, {"t": "soon"},
     {"i": "1m"}],
)  # fmt: skip
def test_a_candle_that_is_not_whole_is_left_to_rest(fields: dict[str, object]) -> None:
    heard = binance().read(changed(KLINE, **fields))
    assert not heard.candles
    assert heard.unreadable == 1


def test_a_candle_said_to_be_closed_before_its_close_is_not() -> None:
    early = {**KLINE, "E": CLOSE - 1_001}
    assert binance().read(early) == Heard(Channel.CANDLES, "btcusdt@kline_5m", CLOSE - 1_001, unreadable=1)
    early = {**BYBIT_KLINE, "ts": CLOSE - 1_001}
    assert bybit().read(early) == Heard(
        Channel.CANDLES, "kline.5.BTCUSDT", CLOSE - 1_001, candles=[], unreadable=1
    )


def test_forming_candles_say_nothing() -> None:
    assert not binance().read(changed(KLINE, x=False)).candles
    forming = copy.deepcopy(BYBIT_KLINE)
    forming["data"][0]["confirm"] = False
    assert not bybit().read(forming).candles
    row = OKX_CANDLE["data"][0]
    assert not okx_reader().read({**OKX_CANDLE, "data": [[*row[:-1], "0"]]}).candles


def test_only_forming_candles_are_boring() -> None:
    def wire(message: object) -> str:
        return orjson.dumps(message).decode()

    forming = copy.deepcopy(BYBIT_KLINE)
    forming["data"][0]["confirm"] = False
    both = {**BYBIT_KLINE, "data": [*BYBIT_KLINE["data"], *forming["data"]]}
    row = OKX_CANDLE["data"][0]
    open_row = [str(CLOSE), *row[1:-1], "0"]
    binance, bybit, okx_ = BinanceStreams(), BybitStreams(), OkxStreams()
    assert binance.is_boring(wire(changed(KLINE, x=False)))
    assert not any(binance.is_boring(wire(message)) for message in (KLINE, ARRAY, MARKS))
    assert bybit.is_boring(wire(forming))
    assert not any(bybit.is_boring(wire(message)) for message in (BYBIT_KLINE, both, SNAPSHOT, TRADES))
    assert okx_.is_boring(wire({**OKX_CANDLE, "data": [open_row]}))
    assert not okx_.is_boring(wire({**OKX_CANDLE, "data": [row, open_row]}))
    assert not okx_.is_boring(wire(OKX_CANDLE))


def test_binance_prices_of_its_own_contracts_only() -> None:
    heard = binance().read(ARRAY)
    assert heard.tickers == [Ticker(BTC, CLOSE + 2, price=37010.2, quote_volume=4567890123.45)]
    assert (heard.channel, heard.topic, heard.at_ms) == (Channel.TICKERS, "!ticker@arr", CLOSE + 5)
    assert heard.unreadable == 0


def test_binance_marks_and_funding() -> None:
    heard = binance().read(MARKS)
    assert heard.tickers == [
        Ticker(BTC, CLOSE, mark_price=37009.55, funding_next=0.00038167, funding_next_ts=CLOSE + 3_600_000)
    ]
    assert heard.channel is Channel.MARKS


def test_rows_without_a_time_count_as_unreadable() -> None:
    timeless = {key: value for key, value in ARRAY[0].items() if key != "E"}
    heard = binance().read([timeless, "text", ARRAY[0]])
    assert len(heard.tickers) == 1
    assert heard.unreadable == 2


def test_bybit_closed_candle_has_no_takers_buys() -> None:
    found = candle(bybit().read(BYBIT_KLINE))
    assert math.isnan(found.pop("taker_buy"))
    assert found == CANDLE


def test_bybit_deltas_are_merged_into_the_last_snapshot() -> None:
    reader = bybit()
    (first,) = reader.read(SNAPSHOT).tickers
    assert first == Ticker(
        BTC,
        CLOSE + 20,
        price=37010.2,
        mark_price=37009.55,
        quote_volume=4567890123.45,
        funding_next=-0.000212,
        funding_next_ts=CLOSE + 3_600_000,
        oi_contracts=30000.25,
        oi_usd=1110000000.0,
        oi_ts=CLOSE + 20,
    )
    delta = {
        "topic": "tickers.BTCUSDT",
        "type": "delta",
        "ts": CLOSE + 120,
        "data": {"openInterest": "60002"},
    }
    (second,) = reader.read(delta).tickers
    assert (second.oi_contracts, second.oi_usd, second.price) == (30001.0, 1110000000.0, 37010.2)
    assert (second.ts, second.oi_ts) == (CLOSE + 120, CLOSE + 120)


def test_a_delta_without_a_snapshot_is_no_ticker() -> None:
    delta = {"topic": "tickers.BTCUSDT", "type": "delta", "ts": CLOSE, "data": {"lastPrice": "1"}}
    assert bybit().read(delta) == Heard(Channel.TICKERS, "tickers.BTCUSDT", CLOSE, unreadable=1)


def test_an_old_single_side_does_not_outlive_a_change_of_both() -> None:
    reader = bybit()
    given = {**SNAPSHOT["data"], "singleOpenInterest": "30000", "singleOpenInterestValue": "1"}
    assert reader.read({**SNAPSHOT, "data": given}).tickers[0].oi_contracts == 30000.0
    both = {"openInterest": "60010", "openInterestValue": "2"}
    delta = {"topic": "tickers.BTCUSDT", "type": "delta", "ts": CLOSE + 120, "data": both}
    (ticker,) = reader.read(delta).tickers
    assert (ticker.oi_contracts, ticker.oi_usd) == (30005.0, 1.0)
    reader.read({**delta, "data": {**both, "singleOpenInterest": "30006"}})
    assert reader.read({**delta, "data": {"lastPrice": "2"}}).tickers[0].oi_contracts == 30006.0


def test_bybit_trades_by_the_takers_side() -> None:
    heard = bybit().read(TRADES)
    assert heard.trades == [
        Trade(BTC, CLOSE + 1, Decimal("0.5"), True),
        Trade(BTC, CLOSE + 2, Decimal("0.25"), False),
    ]
    bad = [{**TRADES["data"][0], **change} for change in ({"S": "buy"}, {"v": "NaN"}, {"T": 0}, {"v": "0"})]
    heard = bybit().read({**TRADES, "data": [*bad, None]})
    assert not heard.trades
    assert heard.unreadable == 5


def test_okx_closed_candle_counts_coins_not_contracts() -> None:
    found = candle(okx_reader().read(OKX_CANDLE))
    assert np.isnan(found.pop("taker_buy"))
    assert found == CANDLE


def test_okx_values_channel_by_channel() -> None:
    reader = okx_reader()
    at = CLOSE + 7
    ticker = okx("tickers", last="37010.2", vol24h="1", volCcy24h="2", ts=str(at))
    assert reader.read(ticker).tickers == [Ticker(BTC, at, price=37010.2, quote_volume=74020.4)]
    level = okx("open-interest", oi="3000025", oiCcy="30000.25", oiUsd="1110000000", ts=str(at))
    assert reader.read(level).tickers == [
        Ticker(BTC, at, oi_contracts=30000.25, oi_usd=1110000000.0, oi_ts=at)
    ]
    funding = okx(
        "funding-rate",
        fundingRate="0.0001",
        fundingTime=str(CLOSE + 3_600_000),
        nextFundingTime=str(CLOSE + 4 * 3_600_000),
        ts=str(at),
    )
    assert reader.read(funding).tickers == [
        Ticker(BTC, at, funding_next=0.0001, funding_next_ts=CLOSE + 3_600_000)
    ]
    heard = reader.read(okx("mark-price", markPx="37009.55", ts=str(at)))
    assert heard.tickers == [Ticker(BTC, at, mark_price=37009.55)]
    assert (heard.channel, heard.topic, heard.at_ms) == (Channel.MARKS, "mark-price:BTC-USDT-SWAP", at)


def test_answers_pongs_and_notices_are_no_data() -> None:
    assert binance().read({"result": None, "id": 3}) == Heard(reply=Reply(3, None))
    refused = binance().read({"error": {"code": 2, "msg": "Invalid request"}, "id": 4}).reply
    assert refused is not None
    assert refused.number == 4
    assert "Invalid request" in str(refused.refused)
    assert bybit().read({"success": True, "ret_msg": "pong", "conn_id": "x", "op": "ping"}) == NOTHING
    done = {"success": True, "ret_msg": "", "conn_id": "x", "req_id": "7", "op": "subscribe"}
    assert bybit().read(done) == Heard(reply=Reply(7, None))
    refused = bybit().read({**done, "success": False, "ret_msg": "error:handler not found"}).reply
    assert refused == Reply(7, "error:handler not found")
    assert okx_reader().read("pong") == NOTHING
    argument = {"channel": "tickers", "instId": "BTC-USDT-SWAP"}
    subscribed = {"event": "subscribe", "arg": argument, "connId": "a4d3ae55"}
    assert okx_reader().read(subscribed) == Heard(reply=Reply(None, None))
    error = {"event": "error", "code": "60018", "msg": "doesn't exist", "connId": "a4d3ae55", "id": "2"}
    assert okx_reader().read(error) == Heard(reply=Reply(2, "60018: doesn't exist"))
    notice = {"event": "notice", "code": "64008", "msg": "The connection will soon be closed"}
    assert okx_reader().read(notice).ending == "64008: The connection will soon be closed"


@pytest.mark.parametrize("make", [binance, bybit, okx_reader])
@pytest.mark.parametrize(
    "message",
    [None, 1, "text", [None], [[]], {}, {"data": None}, {"topic": 3}, {"topic": "kline.5.BTCUSDT"},
     {"topic": "tickers.BTCUSDT", "ts": CLOSE, "type": "snapshot", "data": []}, {"arg": "tickers"},
     {"topic": "kline.5.BTCUSDT", "ts": CLOSE, "data": [None, {"interval": "5", "confirm": True}]},
     {"arg": {"channel": "candle5m", "instId": "BTC-USDT-SWAP"}, "data": [None, [], ["1"] * 9, [[]] * 9]},
     {"arg": {"channel": "tickers", "instId": "BTC-USDT-SWAP"}, "data": [None, [], {"ts": "x"}]},
     {"e": "kline", "s": "BTCUSDT", "k": None}, {"e": "kline", "s": [], "k": {"x": True, "i": "5m"}}],
)  # fmt: skip
def test_nothing_a_socket_says_raises(make, message: object) -> None:
    heard = make().read(message)
    assert not heard.candles
    assert not heard.tickers
    assert not heard.trades


def market(exchange: str, id_: str, symbol: str) -> Market:
    return Market(exchange, symbol, id_, symbol.split("/")[0])


def test_topics_are_split_over_connections_within_the_limits() -> None:
    markets = [market("x", f"COIN{number}USDT", f"COIN{number}/USDT:USDT") for number in range(400)]
    lines = BinanceStreams("http://127.0.0.1:9/binance").lines(Wanted(markets))
    assert [len(line.topics) for line in lines] == [180, 180, 40, 2]
    assert [line.url for line in lines] == [f"ws://127.0.0.1:9/binance/market/ws/{n}" for n in range(4)]
    assert lines[0].topics[0].name == "coin0usdt@kline_5m"
    assert [topic.name for topic in lines[-1].topics] == ["!ticker@arr", "!markPrice@arr"]

    lines = BybitStreams("http://127.0.0.1:9/bybit").lines(Wanted(markets * 4, trades=3))
    assert [line.name for line in lines] == ["candles 1", "candles 2", "values 1", "values 2", "trades 1"]
    assert {line.url for line in lines} == {"ws://127.0.0.1:9/bybit/v5/public/linear"}
    assert all(sum(len(topic.name) + 3 for topic in line.topics) <= 21_000 for line in lines)
    assert sum(len(line.topics) for line in lines) == 4 * 400 * 2 + 3

    lines = OkxStreams("http://127.0.0.1:9/okx").lines(Wanted(markets))
    assert [len(line.topics) for line in lines] == [400, 400, 400, 400, 400]
    assert [line.url.removeprefix("ws://127.0.0.1:9/okx/ws/v5/") for line in lines] == [
        "business", "public", "public", "public", "public",
    ]  # fmt: skip
    asked = orjson.dumps(OkxStreams().subscribe(1, lines[1].topics[: OkxStreams.topics_per_request]))
    assert len(asked) < 65_536


def test_without_an_override_the_exchanges_own_addresses() -> None:
    one = Wanted([market("x", "BTCUSDT", BTC)], trades=1)
    assert BinanceStreams().lines(one)[0].url == "wss://fstream.binance.com/market/ws/0"
    assert BybitStreams().lines(one)[0].url == "wss://stream.bybit.com/v5/public/linear"
    assert [line.url for line in OkxStreams().lines(one)] == [
        "wss://ws.okx.com:443/ws/v5/business",
        "wss://ws.okx.com:443/ws/v5/public",
    ]


def test_signs_of_life_are_asked_for_as_each_exchange_wants_it() -> None:
    assert BinanceStreams().ping() is None
    assert BybitStreams().ping() == {"req_id": 1, "op": "ping"}
    assert OkxStreams().ping() == "ping"
    assert BybitStreams().ping_every_s < 20
    assert OkxStreams().ping_every_s < 30
    assert BinanceStreams().ping_every_s <= 180
