"""Bybit's public websockets, category linear: candles, tickers in deltas, and public trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from futuresboard.exchanges import parse
from futuresboard.exchanges.bybit import read_ticker
from futuresboard.exchanges.streams.base import NOTHING, Channel, Dialect, Heard, Reply, Topic, Trade, Wanted
from futuresboard.exchanges.streams.reading import closed_candle, request_number, text
from futuresboard.model import Rows

_CANDLE: Mapping[str, parse.Key] = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "quote_volume": "turnover",
}
_KLINE, _TICKERS, _TRADES = "kline.5", "tickers", "publicTrade"
_CHANNELS = {_KLINE: Channel.CANDLES, _TICKERS: Channel.TICKERS, _TRADES: Channel.TRADES}
_BOTH_SIDES = ("openInterest", "openInterestValue")
_BUYS = {"Buy": True, "Sell": False}


class BybitStreams(Dialect):
    """`v5/public/linear`."""

    exchange = "bybit"
    needs: ClassVar[Mapping[Channel, float]] = {Channel.TICKERS: 6.0}
    carries_trades = True
    topics_each = 2000
    chars_each = 20_000  # of 21,000 allowed
    topics_per_request = 100

    def topics(self, wanted: Wanted) -> Mapping[str, Sequence[Topic]]:
        """Candles and tickers of all, trades of the most liquid."""

        def each(name: str, most: int) -> list[Topic]:
            pairs = wanted.markets[:most]
            return [Topic(_CHANNELS[name], f"{name}.{market.id}", market.symbol) for market in pairs]

        everybody = len(wanted.markets)
        return {
            "candles": each(_KLINE, everybody),
            "values": each(_TICKERS, everybody),
            "trades": each(_TRADES, wanted.trades),
        }

    def url(self, kind: str, number: int) -> str:
        """One URL for all."""
        url: str = self.client.implode_hostname(self.client.urls["api"]["ws"]["public"]["linear"])
        return url

    def subscribe(self, number: int, topics: Sequence[Topic]) -> object:
        """One bad topic makes the whole request refused."""
        return {"req_id": str(number), "op": "subscribe", "args": [topic.name for topic in topics]}

    def is_boring(self, text: str) -> bool:
        """Candles of which none is confirmed."""
        return '"confirm":false' in text and '"confirm":true' not in text

    def reader(self, symbols: Mapping[str, str]) -> BybitReader:
        """A reader for a new connection."""
        return BybitReader(symbols)


class BybitReader:
    """Remembers the last full ticker of each pair: what follows names changed fields only."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols
        self._tickers: dict[str, dict[str, object]] = {}

    def read(self, message: object) -> Heard:
        """What a decoded message says."""
        if not isinstance(message, dict):
            return Heard(unreadable=1)
        topic = text(message.get("topic"))
        if topic is None:
            return _answer(message)
        name, _, id_ = topic.rpartition(".")
        channel, at = _CHANNELS.get(name), parse.stamp(message.get("ts"))
        symbol, data = self._symbols.get(id_), message.get("data")
        if channel is None or symbol is None or at is None:
            return Heard(channel, topic, at, unreadable=1)
        if channel is Channel.TICKERS:
            return self._ticker(topic, symbol, at, message.get("type"), data)
        if not isinstance(data, list):
            return Heard(channel, topic, at, unreadable=1)
        return (
            _candles(topic, symbol, at, data)
            if channel is Channel.CANDLES
            else _trades(topic, symbol, at, data)
        )

    def _ticker(self, topic: str, symbol: str, at: int, type_: object, data: object) -> Heard:
        known = self._tickers.get(symbol)
        if not isinstance(data, dict) or (known is None and type_ != "snapshot"):
            return Heard(Channel.TICKERS, topic, at, unreadable=1)
        if known is None or type_ == "snapshot":
            known = self._tickers[symbol] = dict(data)
        else:
            for both in _BOTH_SIDES:
                # An old single-sided value must not outlive a change that was told for both sides only.
                if both in data:
                    known.pop("single" + both[0].upper() + both[1:], None)
            known.update(data)
        return Heard(Channel.TICKERS, topic, at, tickers=(read_ticker(symbol, at, known),))


def _candles(topic: str, symbol: str, at: int, data: Sequence[object]) -> Heard:
    found: list[tuple[str, Rows]] = []
    unreadable = 0
    for row in data:
        if not isinstance(row, dict) or row.get("interval") != "5":
            unreadable += 1
        elif row.get("confirm") is True:
            rows = closed_candle("bybit", row, "start", _CANDLE, at)
            if rows is None:
                unreadable += 1
            else:
                found.append((symbol, rows))
    return Heard(Channel.CANDLES, topic, at, candles=found, unreadable=unreadable)


def _trades(topic: str, symbol: str, at: int, data: Sequence[object]) -> Heard:
    found: list[Trade] = []
    unreadable = 0
    for row in data:
        trade = _trade(symbol, row)
        if trade is None:
            unreadable += 1
        else:
            found.append(trade)
    return Heard(Channel.TRADES, topic, at, trades=found, unreadable=unreadable)


def _trade(symbol: str, row: object) -> Trade | None:
    if not isinstance(row, dict):
        return None
    at, size, buy = parse.stamp(row.get("T")), row.get("v"), _BUYS.get(str(row.get("S")))
    if at is None or buy is None or parse.positive(size) is None:
        return None
    return Trade(symbol, at, Decimal(str(size).strip()), buy)


def _answer(message: Mapping[str, object]) -> Heard:
    if message.get("op") != "subscribe":
        return NOTHING
    number, refused = request_number(message.get("req_id")), message.get("success") is not True
    return Heard(reply=Reply(number, str(message.get("ret_msg") or "refused") if refused else None))
