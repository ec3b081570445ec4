"""Bybit v5: public market data under /v5/market (linear and the lists of inverse)."""

from __future__ import annotations

import base64
import binascii
from typing import NoReturn

import orjson

from futuresboard.sim_exchange.hashing import I64
from futuresboard.sim_exchange.live import Snapshot
from futuresboard.sim_exchange.series import Span
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument, Sort, State
from futuresboard.sim_exchange.venue import Venue, World, whole
from futuresboard.sim_exchange.wire import Query, fixed, floats, one, plain, power, refuse, trimmed

INTERVALS = {
    "1": 60_000,
    "3": 180_000,
    "5": 300_000,
    "15": 900_000,
    "30": 1_800_000,
    "60": HOUR_MS,
    "120": 2 * HOUR_MS,
    "240": 4 * HOUR_MS,
    "360": 6 * HOUR_MS,
    "720": 12 * HOUR_MS,
    "D": 24 * HOUR_MS,
    "W": 168 * HOUR_MS,
}
PERIODS = {
    "5min": 300_000,
    "15min": 900_000,
    "30min": 1_800_000,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "1d": 24 * HOUR_MS,
}
# The documented first day of long/short ratios, 20 July 2020.
RATIO_SINCE = 1_595_203_200_000
WEEK_OFFSET = 4 * 24 * HOUR_MS


class Bybit(Venue):
    """The /v5/market endpoints."""

    name = "bybit"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        api = "/bybit/v5/market/"
        self.routes = {
            f"{api}time": self.time,
            f"{api}instruments-info": self.instruments_info,
            f"{api}tickers": self.tickers,
            f"{api}kline": self.kline,
            f"{api}open-interest": self.open_interest,
            f"{api}account-ratio": self.account_ratio,
            f"{api}funding/history": self.funding_history,
            f"{api}recent-trade": self.recent_trade,
            f"{api}orderbook": self.orderbook,
        }

    # --- envelope ----------------------------------------------------------------------------
    def _ok(self, result: object) -> dict[str, object]:
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.now}

    def refuse(self, message: str) -> NoReturn:
        """Refuse with 10001, status 200 as Bybit does."""
        refuse(200, {"retCode": 10001, "retMsg": message, "result": {}, "retExtInfo": {}, "time": self.now})

    def _category(self, query: Query) -> str:
        category = query.get("category", "")
        if category not in ("linear", "inverse"):
            self.refuse("Illegal category")
        return category

    def instrument(self, query: Query, *states: State) -> tuple[int, Instrument, State]:
        """The asked-for instrument of the asked-for category."""
        inverse = self._category(query) == "inverse"
        at = self.market.index[self.name].get(query.get("symbol", ""))
        if at is not None and (self.rows[at].sort is Sort.INVERSE) == inverse:
            state = self.market.state(self.rows[at], self.now)
            if state in (states or (State.LIVE,)):
                return at, self.rows[at], state
        return self.refuse("params error: Symbol Invalid")

    def number(self, query: Query, name: str) -> int | None:
        """An integer parameter, refused when it is not one."""
        try:
            return whole(query, name)
        except ValueError:
            self.refuse(f"params error: {name} invalid")

    def limit(self, query: Query, default: int, most: int) -> int:
        """The page size; out of range it is refused."""
        value = self.number(query, "limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            self.refuse(f"params error: limit must be between 1 and {most}")
        return value

    # --- lists -------------------------------------------------------------------------------
    def time(self, _query: Query) -> bytes:
        """Server time."""
        now = self.now
        return orjson.dumps(self._ok({"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)}))

    def instruments_info(self, query: Query) -> bytes:
        """Contracts, 500 (at most 1000) a page with a cursor; `status` filters."""
        inverse = self._category(query) == "inverse"
        limit = self.limit(query, 500, 1000)
        wanted = query.get("status", "")
        rows = [
            self._contract(row, state)
            for _, row, state in self.listed(State.LIVE, State.SETTLING, State.PENDING)
            if (row.sort is Sort.INVERSE) == inverse
            and (not query.get("symbol") or row.id == query["symbol"])
            and _STATUS[state] in ((wanted,) if wanted else ("Trading", "Delivering"))
        ]
        start = self._cursor(query)
        more = start + limit < len(rows)
        return orjson.dumps(
            self._ok(
                {
                    "category": query["category"],
                    "list": rows[start : start + limit],
                    "nextPageCursor": _cursor_text(start + limit) if more else "",
                }
            )
        )

    def _cursor(self, query: Query) -> int:
        text = query.get("cursor", "")
        if not text:
            return 0
        try:
            return int(base64.urlsafe_b64decode(text).decode().removeprefix("from "))
        except (ValueError, binascii.Error):
            self.refuse("params error: cursor invalid")

    def _contract(self, row: Instrument, state: State) -> dict[str, object]:
        listed, ended = self.market.window(row)
        tick, step = power(-row.price_decimals), power(row.qty_exp)
        if row.qty_step != 1:
            step = str(row.qty_step)
        kind = "Inverse" if row.sort is Sort.INVERSE else "Linear"
        return {
            "symbol": row.id,
            "contractType": f"{kind}{'Futures' if row.sort is Sort.DELIVERY else 'Perpetual'}",
            "status": _STATUS[state],
            "baseCoin": row.base,
            "quoteCoin": row.quote,
            "launchTime": str(listed),
            "deliveryTime": str(ended or row.expiry_ts),
            "deliveryFeeRate": "0.0005" if row.expiry_ts else "",
            "priceScale": str(row.price_decimals),
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
            "priceFilter": {
                "minPrice": tick,
                "maxPrice": power(max(6 - row.price_decimals, 1)),
                "tickSize": tick,
            },
            "lotSizeFilter": {
                "maxOrderQty": "1000000",
                "minOrderQty": step,
                "qtyStep": step,
                "postOnlyMaxOrderQty": "1000000",
                "maxMktOrderQty": "100000",
                "minNotionalValue": "5",
            },
            "unifiedMarginTrade": True,
            "fundingInterval": 0 if row.sort is Sort.DELIVERY else row.funding_hours * 60,
            "settleCoin": row.settle,
            "copyTrading": "both",
            "upperFundingRate": "0.02",
            "lowerFundingRate": "-0.02",
            "isPreListing": False,
            "preListingInfo": None,
            "symbolType": row.topic if row.sort is Sort.TRADFI else "",
        }

    # --- tickers -----------------------------------------------------------------------------
    def tickers(self, query: Query) -> bytes:
        """Tickers with open interest (both sides, and one side) and funding."""
        category = self._category(query)
        if query.get("symbol"):
            at, row, state = self.instrument(query)
            rows = [self.ticker(row, *self.values(at, row, state)[:2])]
            return orjson.dumps(self._ok({"category": category, "list": rows}))

        def make() -> object:
            found = [
                self.ticker(row, *self.values(at, row, state)[:2])
                for at, row, state in self.listed(State.LIVE, State.SETTLING)
                if (row.sort is Sort.INVERSE) == (category == "inverse")
            ]
            return self._ok({"category": category, "list": found})

        return self.kept(("tickers", category), make)

    def ticker(self, row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
        """A row of tickers."""
        price, size = row.price_decimals, row.base_decimals
        last, open_, oi, volume = (int(a[i]) for a in (s.last, s.day_open, s.oi, s.day_volume))
        mark, pays = float(s.mark[i]), row.sort is not Sort.DELIVERY
        single = oi / 10**size * mark
        return {
            "symbol": row.id,
            "lastPrice": one(last, price),
            "indexPrice": f"{s.index[i]:.{price}f}",
            "markPrice": f"{mark:.{price}f}",
            "prevPrice24h": one(open_, price),
            "price24hPcnt": f"{last / open_ - 1:.6f}",
            "highPrice24h": one(int(s.day_high[i]), price),
            "lowPrice24h": one(int(s.day_low[i]), price),
            "prevPrice1h": one(int(s.hour_ago[i]), price),
            "openInterest": one(2 * oi, size),
            "openInterestValue": f"{2 * single:.2f}",
            "singleOpenInterest": one(oi, size),
            "singleOpenInterestValue": f"{single:.2f}",
            "turnover24h": one(int(s.day_quote[i]), 4),
            "volume24h": one(volume, size) if size else f"{volume}.0000",
            "fundingRate": plain(float(s.funding[i]), 8) if pays else "",
            "nextFundingTime": str(int(s.next_funding[i])) if pays else "0",
            "fundingIntervalHour": str(row.funding_hours) if pays else "",
            "fundingCap": "0.02" if pays else "",
            "predictedDeliveryPrice": "",
            "basisRate": "",
            "basisRateYear": "",
            "basis": "",
            "deliveryFeeRate": "0.0005" if row.expiry_ts else "",
            "deliveryTime": str(row.expiry_ts),
            "ask1Size": one(max(volume // 9_000, row.qty_step), size),
            "bid1Price": one(last, price),
            "ask1Price": one(last + 1, price),
            "bid1Size": one(max(volume // 7_000, row.qty_step), size),
            "preOpenPrice": "",
            "preQty": "",
            "curPreListingPhase": "",
        }

    # --- history -----------------------------------------------------------------------------
    def kline(self, query: Query) -> bytes:
        """Candles, newest first, the forming one at the head."""
        _, row, _ = self.instrument(query, State.LIVE, State.SETTLING)
        interval = INTERVALS.get(query.get("interval", ""))
        if interval is None:
            self.refuse("params error: Interval Is Invalid")
        since, until = self.number(query, "start"), self.number(query, "end")
        offset = WEEK_OFFSET if query["interval"] == "W" else 0
        if since is not None:
            since -= (since - offset) % interval
        span = Span(self.limit(query, 200, 1000), since, until, since is not None and until is None)
        c = self.series.candles(row, self.now, interval, span, offset)
        columns = (
            [str(ts) for ts in c.ts.tolist()],
            *(fixed(prices, row.price_decimals) for prices in (c.open, c.high, c.low, c.close)),
            fixed(c.volume, row.base_decimals),
            trimmed(c.quote, 4),
        )
        rows = list(zip(*columns, strict=True))[::-1]
        return orjson.dumps(self._ok({"symbol": row.id, "category": query["category"], "list": rows}))

    def _page(
        self, query: Query, period_name: str, path: str, most: int
    ) -> tuple[Instrument, int, Span, int]:
        """(instrument, period, span, delay) of a statistics request; a lone startTime is ignored."""
        _, row, _ = self.instrument(query, State.LIVE, State.SETTLING)
        period = PERIODS.get(query.get(period_name, ""))
        if period is None:
            self.refuse(f"params error: {period_name} invalid")
        since, until = self.number(query, "startTime"), self.number(query, "endTime")
        cursor = self._cursor(query)
        if cursor:
            until = cursor if until is None else min(until, cursor)
        elif until is None:
            since = None
        delay = self.publish_delay(f"/bybit/v5/market/{path}", row.id)
        return row, period, Span(self.limit(query, 50, most), since, until), delay

    def open_interest(self, query: Query) -> bytes:
        """Open interest counting both sides (and one side), newest first, with a cursor."""
        row, period, span, delay = self._page(query, "intervalTime", "open-interest", 200)
        h = self.series.history(row, self.now, period, span, delay_ms=delay)
        size = row.base_decimals
        both = (
            fixed(2 * h.levels.oi, size, 8 - size)
            if size
            else [f"{v}.00000000" for v in (2 * h.levels.oi).tolist()]
        )
        columns = (both, trimmed(h.levels.oi, size), h.ts.tolist())
        rows = [
            {"openInterest": o, "singleOpenInterest": single, "timestamp": str(ts)}
            for o, single, ts in zip(*columns, strict=True)
        ][::-1]
        result = {
            "symbol": row.id,
            "category": query["category"],
            "list": rows,
            "nextPageCursor": self._older(row, h.ts, span),
        }
        return orjson.dumps(self._ok(result))

    def account_ratio(self, query: Query) -> bytes:
        """Shares of accounts long and short, newest first, with a cursor."""
        row, period, span, delay = self._page(query, "period", "account-ratio", 500)
        span = Span(span.limit, max(span.since or 0, RATIO_SINCE), span.until)
        h = self.series.history(row, self.now, period, span, delay_ms=delay)
        columns = (floats(h.levels.longs, 4), h.ts.tolist())
        rows = [
            {"symbol": row.id, "buyRatio": b, "sellRatio": f"{1 - float(b):.4f}", "timestamp": str(ts)}
            for b, ts in zip(*columns, strict=True)
        ][::-1]
        return orjson.dumps(self._ok({"list": rows, "nextPageCursor": self._older(row, h.ts, span)}))

    def _older(self, row: Instrument, ts: I64, span: Span) -> str:
        if len(ts) < span.limit:
            return ""
        oldest = int(ts[0])
        first = max(self.market.window(row)[0], span.since or 0)
        return _cursor_text(oldest - 1) if oldest > first else ""

    def funding_history(self, query: Query) -> bytes:
        """Settled funding, newest first; a lone startTime is refused."""
        _, row, _ = self.instrument(query, State.LIVE, State.SETTLING)
        since, until = self.number(query, "startTime"), self.number(query, "endTime")
        if since is not None and until is None:
            self.refuse("params error: endTime is required when startTime is given")
        span = Span(self.limit(query, 200, 200), since, until)
        times, rates = self.series.settlements(row, self.now, span)
        rows = [
            {"symbol": row.id, "fundingRate": plain(rate, 8), "fundingRateTimestamp": str(ts)}
            for ts, rate in zip(times.tolist(), rates.tolist(), strict=True)
        ][::-1]
        if row.sort is Sort.DELIVERY:
            rows = []
        return orjson.dumps(self._ok({"category": query["category"], "list": rows}))

    # --- tape and book -----------------------------------------------------------------------
    def recent_trade(self, query: Query) -> bytes:
        """Latest trades, newest first."""
        _, row, _ = self.instrument(query)
        rows = [
            {
                "execId": str(t.id),
                "symbol": row.id,
                "price": one(t.price, row.price_decimals),
                "size": one(t.size, row.base_decimals),
                "side": "Buy" if t.buy else "Sell",
                "time": str(t.ts),
                "isBlockTrade": False,
                "isRPITrade": False,
                "seq": str(t.id),
            }
            for t in self.trades(row, self.limit(query, 500, 1000))
        ][::-1]
        return orjson.dumps(self._ok({"category": query["category"], "list": rows}))

    def orderbook(self, query: Query) -> bytes:
        """Order book."""
        _, row, _ = self.instrument(query)
        bids, asks = self.book(row, self.limit(query, 25, 500))
        b, a = (
            [[one(p, row.price_decimals), one(q, row.base_decimals)] for p, q in side]
            for side in (bids, asks)
        )
        now = self.now
        result = {"s": row.id, "b": b, "a": a, "ts": now, "u": now, "seq": now, "cts": now}
        return orjson.dumps(self._ok(result))


_STATUS = {State.LIVE: "Trading", State.SETTLING: "Delivering", State.PENDING: "PreLaunch"}


def _cursor_text(position: int) -> str:
    return base64.urlsafe_b64encode(f"from {position}".encode()).decode()
