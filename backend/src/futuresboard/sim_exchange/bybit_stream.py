"""Bybit v5: the payloads of its public streams for linear and inverse contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from futuresboard.sim_exchange.bybit import INTERVALS, WEEK_OFFSET, Bybit
from futuresboard.sim_exchange.feed import Channel, Feed, Group, Json, Push
from futuresboard.sim_exchange.universe import Sort
from futuresboard.sim_exchange.venue import Trade
from futuresboard.sim_exchange.waves import Candle
from futuresboard.sim_exchange.wire import one, trimmed_one

MOST_TRADES = 1024
# Of the fields REST answers, those the stream carries.
_TICKER = (
    "symbol",
    "price24hPcnt",
    "lastPrice",
    "prevPrice24h",
    "highPrice24h",
    "lowPrice24h",
    "prevPrice1h",
    "markPrice",
    "indexPrice",
    "openInterest",
    "openInterestValue",
    "singleOpenInterest",
    "singleOpenInterestValue",
    "turnover24h",
    "volume24h",
    "nextFundingTime",
    "fundingRate",
    "fundingIntervalHour",
    "fundingCap",
    "bid1Price",
    "bid1Size",
    "ask1Price",
    "ask1Size",
    "preOpenPrice",
    "preQty",
    "curPreListingPhase",
)


class BybitFeed(Feed):
    """kline, tickers and publicTrade."""

    def __init__(self, venue: Bybit) -> None:
        super().__init__(venue)
        self._bybit = venue
        self.intervals = {name: (ms, WEEK_OFFSET if name == "W" else 0) for name, ms in INTERVALS.items()}
        self.messages |= {"ticker": self._tickers}

    def channel(self, topic: str, category: str) -> Channel | None:
        """The channel of a topic, None when it does not exist."""
        name, _, rest = topic.partition(".")
        option, _, ident = rest.rpartition(".")
        line = self.market.index[self.venue.name].get(ident)
        kind = {"kline": "kline", "tickers": "ticker", "publicTrade": "trade"}.get(name)
        if line is None or kind is None or (option in self.intervals) != (kind == "kline"):
            return None
        if (self.venue.rows[line].sort is Sort.INVERSE) != (category == "inverse"):
            return None
        return Channel(topic, kind, line, ident, option, f"/bybit/v5/public/{category}/{topic}")

    # --- payloads ----------------------------------------------------------------------------
    def candle(self, channel: Channel, ts: int, values: Candle, closed: bool, now: int) -> Json:
        """A kline message; `confirm` says whether the candle is closed."""
        row = self.row(channel)
        open_, high, low, close, volume, quote = values[:6]
        price = row.price_decimals
        candle = {
            "start": ts,
            "end": ts + self.intervals[channel.option][0] - 1,
            "interval": channel.option,
            "open": one(open_, price),
            "close": one(close, price),
            "high": one(high, price),
            "low": one(low, price),
            "volume": one(volume, row.base_decimals),
            "turnover": trimmed_one(quote, 4),
            "confirm": closed,
            "timestamp": now,
        }
        return {"type": "snapshot", "topic": channel.name, "data": [candle], "ts": now}

    def tape(self, channel: Channel, trades: list[Trade], now: int) -> Iterator[Json]:
        """Trades, at most 1,024 a message; `S` is the taker's side."""
        row = self.row(channel)
        rows = [
            {
                "T": t.ts,
                "s": row.id,
                "S": "Buy" if t.buy else "Sell",
                "v": one(t.size, row.base_decimals),
                "p": one(t.price, row.price_decimals),
                "L": "PlusTick",
                "i": str(t.id),
                "BT": False,
                "RPI": False,
                "seq": t.id,
            }
            for t in trades
        ]
        for i in range(0, len(rows), MOST_TRADES):
            part = rows[i : i + MOST_TRADES]
            yield {"topic": channel.name, "type": "snapshot", "ts": now, "data": part}

    def _ticker(self, line: int) -> dict[str, object]:
        row = self._bybit.ticker(self.venue.rows[line], self.venue.snapshot(), line)
        return {name: row[name] for name in _TICKER}

    def greeting(self, channel: Channel, now: int) -> list[Push]:
        """A ticker's snapshot: the state that the deltas after it build on."""
        if channel.kind != "ticker" or not self.trading(channel.line, now):
            return []
        group = self.groups[channel.kind, channel.option]
        row = group.sent.get(channel.line)
        if not isinstance(row, dict):
            row = group.sent[channel.line] = self._ticker(channel.line)
        return [Push(channel, self._message(channel, "snapshot", row, now), greeting=True)]

    def _message(self, channel: Channel, kind: str, data: dict[str, object], now: int) -> Json:
        tick = {"tickDirection": "PlusTick"} if kind == "snapshot" else {}
        return {"topic": channel.name, "type": kind, "data": data | tick, "cs": now, "ts": now}

    def _tickers(self, group: Group, now: int) -> Iterable[Push]:
        """Deltas: what changed since the last push."""
        if not self.moved(group, now):
            return
        for channel in group.receivers:
            before, line = group.sent.get(channel.line), channel.line
            if not self.trading(line, now) or not isinstance(before, dict):
                continue
            row = group.sent[line] = self._ticker(line)
            changed = {name: value for name, value in row.items() if before[name] != value}
            if changed:
                yield Push(channel, self._message(channel, "delta", {"symbol": row["symbol"]} | changed, now))
