"""OKX's public websockets: candles on one path, everything else on another, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from futuresboard.exchanges import parse
from futuresboard.exchanges.okx import read_ticker
from futuresboard.exchanges.streams.base import NOTHING, Channel, Dialect, Heard, Reply, Topic, Wanted
from futuresboard.exchanges.streams.reading import closed_candle, request_number, text
from futuresboard.model import Rows, Ticker

CLOSES_SOON = "64008"
_CANDLE: Mapping[str, parse.Key] = {
    "open": 1,
    "high": 2,
    "low": 3,
    "close": 4,
    "volume": 6,
    "quote_volume": 7,
}
_CONFIRM = 8
_CANDLES = "candle5m"
_VALUES = {
    "tickers": Channel.TICKERS,
    "open-interest": Channel.OI,
    "funding-rate": Channel.FUNDING,
    "mark-price": Channel.MARKS,
}
_CHANNELS = {_CANDLES: Channel.CANDLES, **_VALUES}


class OkxStreams(Dialect):
    """`ws/v5/business` for candles, `ws/v5/public` for the rest."""

    exchange = "okx"
    needs: ClassVar[Mapping[Channel, float]] = {
        Channel.TICKERS: 6.0,
        Channel.MARKS: 15.0,
        Channel.OI: 15.0,
        Channel.FUNDING: 150.0,  # pushed every 30 to 90 s
    }
    topics_each = 400
    topics_per_request = 100  # about 6 KB of the 64 allowed; 480 requests an hour are far away

    def topics(self, wanted: Wanted) -> Mapping[str, Sequence[Topic]]:
        """A candle and four values each."""

        def each(name: str) -> list[Topic]:
            pairs = wanted.markets
            return [Topic(_CHANNELS[name], f"{name}:{market.id}", market.symbol) for market in pairs]

        return {"candles": each(_CANDLES), "values": [topic for name in _VALUES for topic in each(name)]}

    def url(self, kind: str, number: int) -> str:
        """As ccxt.pro routes them."""
        url: str = self.client.get_url(_CANDLES if kind == "candles" else "tickers", "public")
        return url

    def subscribe(self, number: int, topics: Sequence[Topic]) -> object:
        """Each topic is answered on its own; `id` comes back where one is refused."""
        pairs = [topic.name.split(":", 1) for topic in topics]
        args = [{"channel": name, "instId": id_} for name, id_ in pairs]
        return {"id": str(number), "op": "subscribe", "args": args}

    def is_boring(self, text: str) -> bool:
        """One candle that is not confirmed."""
        return '"candle5m"' in text and text.endswith('"0"]]}') and "],[" not in text

    def reader(self, symbols: Mapping[str, str]) -> OkxReader:
        """A reader for a new connection."""
        return OkxReader(symbols)


class OkxReader:
    """Nothing to remember: every message is whole."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def read(self, message: object) -> Heard:
        """What a decoded message says."""
        if message == "pong":
            return NOTHING
        if not isinstance(message, dict):
            return Heard(unreadable=1)
        if "event" in message:
            return _event(message)
        arg, data = message.get("arg"), message.get("data")
        if not isinstance(arg, dict):
            return Heard(unreadable=1)
        name, id_ = str(arg.get("channel")), str(arg.get("instId"))
        channel, symbol, topic = _CHANNELS.get(name), self._symbols.get(id_), f"{name}:{id_}"
        if channel is None or symbol is None or not isinstance(data, list):
            return Heard(channel, topic, unreadable=1)
        return (
            _candles(topic, symbol, data)
            if channel is Channel.CANDLES
            else _values(name, topic, symbol, data)
        )


def _candles(topic: str, symbol: str, data: Sequence[object]) -> Heard:
    found: list[tuple[str, Rows]] = []
    unreadable = 0
    for row in data:
        if not isinstance(row, list) or len(row) <= _CONFIRM:
            unreadable += 1
        elif row[_CONFIRM] == "1":
            rows = closed_candle("okx", row, 0, _CANDLE, None)
            if rows is None:
                unreadable += 1
            else:
                found.append((symbol, rows))
    return Heard(Channel.CANDLES, topic, candles=found, unreadable=unreadable)


def _values(name: str, topic: str, symbol: str, data: Sequence[object]) -> Heard:
    found: list[Ticker] = []
    for row in data:
        at = parse.stamp(row.get("ts")) if isinstance(row, dict) else None
        if at is not None and isinstance(row, dict):
            parts: list[Mapping[str, object]] = [row if key == name else {} for key in _VALUES]
            found.append(read_ticker(symbol, at, *parts))
    newest = max((ticker.ts for ticker in found), default=None)
    return Heard(_VALUES[name], topic, newest, tickers=found, unreadable=len(data) - len(found))


def _event(message: Mapping[str, object]) -> Heard:
    event, code = message.get("event"), text(message.get("code"))
    said = f"{code}: {message.get('msg')}"
    if event == "notice":
        return Heard(ending=said) if code == CLOSES_SOON else NOTHING
    if event in ("subscribe", "error"):
        refused = said if event == "error" else None
        return Heard(reply=Reply(request_number(message.get("id")), refused))
    return NOTHING
