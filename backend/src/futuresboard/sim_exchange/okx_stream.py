"""OKX v5: the payloads of its public and business channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from futuresboard.sim_exchange.feed import Channel, Feed, Group, Json, Pace, Push
from futuresboard.sim_exchange.okx import Okx, coins, contracts, trade_row
from futuresboard.sim_exchange.okx_history import BARS
from futuresboard.sim_exchange.venue import Trade
from futuresboard.sim_exchange.waves import Candle
from futuresboard.sim_exchange.wire import trimmed_one

_PUBLIC = {
    "tickers": "ticker",
    "open-interest": "interest",
    "funding-rate": "funding",
    "mark-price": "mark",
    "trades": "trade",
}


class OkxFeed(Feed):
    """candle… on /business; tickers, open-interest, funding-rate, mark-price and trades on /public."""

    def __init__(self, venue: Okx) -> None:
        super().__init__(venue)
        self._okx = venue
        self.intervals = dict(BARS)
        self.messages |= dict.fromkeys(("ticker", "interest", "funding", "mark"), self._rows)

    def channel(self, name: str, ident: str, access: str) -> Channel | None:
        """The channel of a subscription, None when it does not exist on this path."""
        line = self.market.index[self.venue.name].get(ident)
        option = name.removeprefix("candle") if name.startswith("candle") else ""
        kind = "kline" if option in self.intervals else _PUBLIC.get(name)
        if line is None or kind is None or (kind == "kline") != (access == "business"):
            return None
        path = f"/okx/ws/v5/{access}/{name}"
        return Channel(f"{name}:{ident}", kind, line, ident, option, path)

    def pace(self, group: Group) -> Pace:
        """As set; funding comes without a change too."""
        return Pace(self.world.config.push_ms(group.kind), always=group.kind == "funding")

    # --- payloads ----------------------------------------------------------------------------
    def _message(self, channel: Channel, rows: list[object]) -> Json:
        name, _, ident = channel.name.partition(":")
        return {"arg": {"channel": name, "instId": ident}, "data": rows}

    def candle(self, channel: Channel, ts: int, values: Candle, closed: bool, now: int) -> Json:
        """A candle; the last field says whether it is closed."""
        row = self.row(channel)
        open_, high, low, close, volume, quote = values[:6]
        price, lots = row.price_decimals, np.array([volume])
        fields: list[object] = [
            str(ts),
            *(trimmed_one(value, price) for value in (open_, high, low, close)),
            contracts(row, lots, np.array([close]))[0],
            coins(row, lots)[0],
            trimmed_one(quote, 4),
            "1" if closed else "0",
        ]
        return self._message(channel, [fields])

    def tape(self, channel: Channel, trades: list[Trade], now: int) -> Iterator[Json]:
        """One message a trade, as they are matched; sizes in contracts."""
        row = self.row(channel)
        for trade in trades:
            yield self._message(channel, [{**trade_row(row, trade), "count": "1", "seqId": trade.id}])

    def _row(self, channel: Channel) -> dict[str, object]:
        row, s = self.row(channel), self.venue.snapshot()
        make = {
            "ticker": self._okx.ticker_row,
            "interest": self._okx.interest_row,
            "funding": self._okx.funding_row,
            "mark": self._okx.mark_row,
        }[channel.kind]
        return make(row, s, channel.line)

    def _rows(self, group: Group, now: int) -> Iterable[Push]:
        if not self.moved(group, now):
            return
        for channel in group.receivers:
            if self.trading(channel.line, now):
                yield Push(channel, self._message(channel, [self._row(channel)]))

    def greeting(self, channel: Channel, now: int) -> list[Push]:
        """The present state, except of trades."""
        if channel.kind == "trade" or not self.trading(channel.line, now):
            return []
        if channel.kind != "kline":
            return [Push(channel, self._message(channel, [self._row(channel)]), greeting=True)]
        interval, offset = self.intervals[channel.option]
        ts = self.opening(channel.option, now)
        values = self.waves.candles([channel.line], ts, interval, offset, now)[0]
        return [Push(channel, self.candle(channel, ts, values, False, now), bar=ts, greeting=True)]
