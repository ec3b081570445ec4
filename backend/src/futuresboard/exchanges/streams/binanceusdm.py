"""Binance USD-M's public websockets: candles pair by pair, prices and funding of all pairs at once.

No stream carries open interest; it stays with REST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from futuresboard.exchanges import parse
from futuresboard.exchanges.streams.base import NOTHING, Channel, Dialect, Heard, Reply, Topic, Wanted
from futuresboard.exchanges.streams.reading import closed_candle, request_number
from futuresboard.model import Ticker

USDM = (None, 1, "1")
"""`st` of USD-M rows: arrays of all tickers carry COIN-M contracts too."""
_CANDLE: Mapping[str, parse.Key] = {
    "open": "o",
    "high": "h",
    "low": "l",
    "close": "c",
    "volume": "v",
    "quote_volume": "q",
    "taker_buy": "V",
}
_ALL = (Topic(Channel.TICKERS, "!ticker@arr"), Topic(Channel.MARKS, "!markPrice@arr"))
_ARRAYS = {"24hrTicker": _ALL[0], "markPriceUpdate": _ALL[1]}


class BinanceStreams(Dialect):
    """`/market` of the USD-M websockets."""

    exchange = "binanceusdm"
    needs: ClassVar[Mapping[Channel, float]] = {Channel.TICKERS: 6.0, Channel.MARKS: 10.0}
    topics_each = 180  # of 200 allowed
    topics_per_request = 60
    life_s = 23.5 * 3600  # of 24 h

    def topics(self, wanted: Wanted) -> Mapping[str, Sequence[Topic]]:
        """A kline each, and two arrays for everybody."""
        klines = [
            Topic(Channel.CANDLES, f"{market.id.lower()}@kline_5m", market.symbol)
            for market in wanted.markets
        ]
        return {"candles": klines, "values": _ALL}

    def url(self, kind: str, number: int) -> str:
        """ccxt.pro's own routing: an unrouted URL connects and stays silent."""
        return f"{self.client.get_ws_url('linear', 'market')}/{number}"

    def subscribe(self, number: int, topics: Sequence[Topic]) -> object:
        """SUBSCRIBE by stream names."""
        return {"method": "SUBSCRIBE", "params": [topic.name for topic in topics], "id": number}

    def is_boring(self, text: str) -> bool:
        """A kline that is not closed."""
        return '"x":false' in text

    def reader(self, symbols: Mapping[str, str]) -> BinanceReader:
        """A reader for a new connection."""
        return BinanceReader(symbols)


class BinanceReader:
    """Reads messages with or without the wrapper of combined streams."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def read(self, message: object) -> Heard:
        """What a decoded message says."""
        if isinstance(message, dict) and "data" in message:
            message = message["data"]
        if isinstance(message, list):
            return self._array(message)
        if not isinstance(message, dict):
            return Heard(unreadable=1)
        if message.get("e") == "kline":
            return self._kline(message)
        if "id" in message or "error" in message or "code" in message:
            return Heard(reply=_reply(message))
        return NOTHING

    def _kline(self, message: Mapping[str, object]) -> Heard:
        id_, candle, at = str(message.get("s")), message.get("k"), parse.stamp(message.get("E"))
        topic = f"{id_.lower()}@kline_5m"
        if not isinstance(candle, dict) or candle.get("i") != "5m" or id_ not in self._symbols:
            return Heard(Channel.CANDLES, topic, at, unreadable=1)
        if candle.get("x") is not True:
            return Heard(Channel.CANDLES, topic, at)
        rows = closed_candle("binanceusdm", candle, "t", _CANDLE, at)
        if rows is None:
            return Heard(Channel.CANDLES, topic, at, unreadable=1)
        return Heard(Channel.CANDLES, topic, at, candles=((self._symbols[id_], rows),))

    def _array(self, rows: Sequence[object]) -> Heard:
        tickers: list[Ticker] = []
        unreadable, newest, about = 0, 0, None
        for row in rows:
            if not isinstance(row, dict):
                unreadable += 1
                continue
            symbol, at = self._symbols.get(str(row.get("s"))), parse.stamp(row.get("E"))
            about = about or _ARRAYS.get(str(row.get("e")))
            if row.get("st") not in USDM or symbol is None:
                continue
            if at is None:
                unreadable += 1
                continue
            newest = max(newest, at)
            tickers.append(_value(symbol, at, row))
        if about is None:
            return Heard(unreadable=unreadable)
        return Heard(about.channel, about.name, newest or None, tickers=tickers, unreadable=unreadable)


def _value(symbol: str, at: int, row: Mapping[str, object]) -> Ticker:
    if row.get("e") == "markPriceUpdate":
        return Ticker(
            symbol,
            at,
            mark_price=parse.positive(row.get("p")),
            funding_next=parse.number(row.get("r")),
            funding_next_ts=parse.stamp(row.get("T")),
        )
    return Ticker(
        symbol,
        parse.stamp(row.get("C")) or at,
        price=parse.positive(row.get("c")),
        quote_volume=parse.non_negative(row.get("q")),
    )


def _reply(message: Mapping[str, object]) -> Reply:
    error = message.get("error", message if "code" in message else None)
    return Reply(request_number(message.get("id")), None if error is None else f"{error!r:.160}")
