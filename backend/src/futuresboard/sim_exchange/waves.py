"""What sockets push, computed for many instruments at once: candles and the tape."""

from __future__ import annotations

import numpy as np

from futuresboard.sim_exchange.hashing import F64, I64
from futuresboard.sim_exchange.live import NODES, flows
from futuresboard.sim_exchange.market import Bars, bar_of, quote_factor, quote_units
from futuresboard.sim_exchange.model import BAR_MS
from futuresboard.sim_exchange.series import Span
from futuresboard.sim_exchange.venue import Trade, World, matched

# (open, high, low, close, volume, quote volume, taker buy, taker quote): integers as `Candles` has them.
type Candle = tuple[int, int, int, int, int, int, int, int]


class Waves:
    """Values of one exchange's instruments, equal to what its REST endpoints answer at that time."""

    def __init__(self, world: World, exchange: str) -> None:
        self._market = world.market
        self._live = world.live
        self._series = world.series
        self._exchange = exchange
        rows = world.market.rows[exchange]
        self._factor: F64 = np.array([quote_factor(row) for row in rows])
        self._lot: I64 = np.array([row.qty_step for row in rows])

    # --- candles -----------------------------------------------------------------------------
    def candles(self, lines: list[int], ts: int, interval: int, offset: int, now: int) -> list[Candle]:
        """The candle of each line (row number) that opens at `ts` (ms), as it reads at `now`."""
        if not lines:
            return []
        if interval == BAR_MS:
            return self._five(np.array(lines), ts, now)
        rows = self._market.rows[self._exchange]
        span = Span(1, ts, ts, oldest=True)
        found: list[Candle] = []
        for line in lines:
            c = self._series.candles(rows[line], min(now, ts + interval), interval, span, offset)
            columns = (c.open, c.high, c.low, c.close, c.volume, c.quote, c.taker_buy, c.taker_quote)
            found.append(_candle(*(int(column[0]) for column in columns)))
        return found

    def _five(self, lines: I64, ts: int, now: int) -> list[Candle]:
        bar = bar_of(ts)
        whole = self._market.across(self._exchange, bar) if now >= ts + BAR_MS else self._forming(bar, now)
        prices = tuple(column[lines] for column in (whole.open, whole.high, whole.low, whole.close))
        volume, buys = whole.volume[lines], whole.taker_buy[lines]
        quote = quote_units(self._factor[lines], (prices[0], prices[1], prices[2], prices[3], volume))
        taker_quote = np.rint(quote * (buys / np.maximum(volume, 1))).astype(np.int64)
        columns = (*prices, volume, quote, buys, taker_quote)
        return [_candle(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]

    def _forming(self, bar: int, now: int) -> Bars:
        s = self._live.snapshot(self._exchange, now)
        frame = self._live.frame(self._exchange, bar)
        return Bars(bar, frame.open, s.high, s.low, s.last, s.volume, s.taker_buy)

    # --- the tape ----------------------------------------------------------------------------
    def trades(self, lines: list[int], first: int, end: int) -> list[list[Trade]]:
        """Each line's trades of the 2-second steps first <= i < end (counted since 1970), oldest first."""
        found: list[list[Trade]] = [[] for _ in lines]
        at = np.array(lines, dtype=np.int64)
        while first < end and lines:
            bar, step = divmod(first, NODES)
            stop = min(end - bar * NODES, NODES)
            self._bar_trades(at, bar, range(step, stop), found)
            first = bar * NODES + stop
        return found

    def _bar_trades(self, lines: I64, bar: int, steps: range, found: list[list[Trade]]) -> None:
        frame = self._live.frame(self._exchange, bar)
        share = frame.progress[lines, : steps.stop]
        volume, buys = flows(
            frame.volume[lines, None], frame.taker_buy[lines, None], share, self._lot[lines, None]
        )
        bought = np.diff(buys, axis=1, prepend=0)[:, steps.start :].tolist()
        sold = np.diff(volume - buys, axis=1, prepend=0)[:, steps.start :].tolist()
        prices = frame.path[lines, steps.start : steps.stop].tolist()
        rows = self._market.rows[self._exchange]
        for i, tape in enumerate(found):
            row = rows[lines[i]]
            for j, step in enumerate(steps):
                tape += matched(row, bar * NODES + step, prices[i][j], bought[i][j], sold[i][j])


def _candle(*values: int) -> Candle:
    open_, high, low, close, volume, quote, buys, taker_quote = values
    return open_, high, low, close, volume, quote, buys, taker_quote
