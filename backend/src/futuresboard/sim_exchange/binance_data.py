"""Binance USD-M futures: the statistics under /futures/data."""

from __future__ import annotations

import orjson

from futuresboard.sim_exchange.binance import INTERVALS, Binance, bounded, number
from futuresboard.sim_exchange.hashing import F64
from futuresboard.sim_exchange.series import History, Span
from futuresboard.sim_exchange.universe import DAY_MS, Instrument, State
from futuresboard.sim_exchange.venue import Endpoint, World
from futuresboard.sim_exchange.wire import Query, fixed, floats, refuse

PERIODS = {k: INTERVALS[k] for k in ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")}
DEPTH_MS = 30 * DAY_MS


class BinanceFutures(Binance):
    """Binance with its statistics, of which the latest 30 days exist."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        data = "/binance/futures/data/"
        statistics: dict[str, Endpoint] = {
            f"{data}openInterestHist": self.open_interest_hist,
            f"{data}globalLongShortAccountRatio": lambda q: self._ratio(q, "global"),
            f"{data}topLongShortAccountRatio": lambda q: self._ratio(q, "accounts"),
            f"{data}topLongShortPositionRatio": lambda q: self._ratio(q, "positions"),
            f"{data}takerlongshortRatio": self.taker_ratio,
        }
        self.routes |= statistics

    def _asked(self, query: Query) -> tuple[Instrument, int, Span]:
        """(instrument, period in ms, span) of a statistics request.

        A start older than 30 days is refused; of a span longer than `limit` the newest rows come.
        """
        _, row, _ = self.instrument(query, State.LIVE, State.SETTLING)
        period = PERIODS.get(query.get("period", ""))
        if period is None:
            refuse(400, {"code": -1130, "msg": "Data sent for parameter 'period' is not valid."})
        limit = bounded(query, "limit", 30, 500)
        since, until = number(query, "startTime"), number(query, "endTime")
        oldest = self.now - DEPTH_MS
        if since is not None and since < oldest - DAY_MS:
            refuse(400, {"code": -1130, "msg": "parameter 'startTime' is invalid."})
        if since is not None and until is not None and until < since:
            refuse(400, {"code": -1130, "msg": "parameter 'endTime' is invalid."})
        return row, period, Span(limit, max(since or 0, oldest), until)

    def _history(self, query: Query, path: str) -> tuple[Instrument, History]:
        row, period, span = self._asked(query)
        delay = self.publish_delay(f"/binance/futures/data/{path}", row.id)
        return row, self.series.history(row, self.now, period, span, delay_ms=delay)

    def open_interest_hist(self, query: Query) -> bytes:
        """Open interest in base units and USD, oldest first."""
        row, h = self._history(query, "openInterestHist")
        amount = fixed(h.levels.oi, row.base_decimals, 8 - row.base_decimals if row.base_decimals else 0)
        value = floats(h.levels.oi / 10.0**row.base_decimals * h.mark, 8)
        return orjson.dumps(
            [
                {
                    "symbol": row.id,
                    "sumOpenInterest": a,
                    "sumOpenInterestValue": v,
                    "CMCCirculatingSupply": "0.00000000",
                    "timestamp": ts,
                }
                for a, v, ts in zip(amount, value, h.ts.tolist(), strict=True)
            ]
        )

    def _ratio(self, query: Query, who: str) -> bytes:
        """Long/short ratios with the shares they come from, oldest first."""
        row, h = self._history(query, _RATIO_PATHS[who])
        shares: F64 = {
            "global": h.levels.longs,
            "accounts": h.levels.top_accounts,
            "positions": h.levels.top_positions,
        }[who]
        columns = (floats(shares, 4), floats(shares / (1 - shares), 4), floats(1 - shares, 4), h.ts.tolist())
        return orjson.dumps(
            [
                {
                    "symbol": row.id,
                    "longAccount": longs,
                    "longShortRatio": ratio,
                    "shortAccount": shorts,
                    "timestamp": ts,
                }
                for longs, ratio, shorts, ts in zip(*columns, strict=True)
            ]
        )

    def taker_ratio(self, query: Query) -> bytes:
        """Taker buy and sell volume of closed windows, oldest first."""
        row, period, span = self._asked(query)
        delay = self.publish_delay("/binance/futures/data/takerlongshortRatio", row.id)
        c = self.series.taker(row, self.now, period, span, delay_ms=delay)
        sells = c.volume - c.taker_buy
        ratio = c.taker_buy / sells.clip(1)
        buys, sold = fixed(c.taker_buy, row.base_decimals), fixed(sells, row.base_decimals)
        return orjson.dumps(
            [
                {"buySellRatio": r, "sellVol": s, "buyVol": b, "timestamp": ts}
                for r, s, b, ts in zip(floats(ratio, 4), sold, buys, c.ts.tolist(), strict=True)
            ]
        )


_RATIO_PATHS = {
    "global": "globalLongShortAccountRatio",
    "accounts": "topLongShortAccountRatio",
    "positions": "topLongShortPositionRatio",
}
