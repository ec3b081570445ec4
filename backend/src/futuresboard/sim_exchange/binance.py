"""Binance USD-M futures: market lists, tickers and candles under /fapi/v1."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from futuresboard.sim_exchange.binance_rows import best, contract, premium, ticker
from futuresboard.sim_exchange.series import Span
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument, Sort, State
from futuresboard.sim_exchange.venue import Venue, World, whole
from futuresboard.sim_exchange.wire import Query, fixed, floats, one, refuse

INTERVALS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": 24 * HOUR_MS,
    "3d": 72 * HOUR_MS,
    "1w": 168 * HOUR_MS,
}
# Weeks open on Monday; 1 January 1970 was a Thursday.
WEEK_OFFSET = 4 * 24 * HOUR_MS
_FUTURES = (State.LIVE, State.SETTLING, State.PENDING)
_QUOTED = (State.LIVE, State.SETTLING, State.GONE)


def bad_parameter(name: str) -> None:
    """Refuse a parameter whose value is out of its range."""
    refuse(400, {"code": -1130, "msg": f"Data sent for parameter '{name}' is not valid."})


def number(query: Query, name: str) -> int | None:
    """An integer parameter, refused as Binance does when it is not one."""
    try:
        return whole(query, name)
    except ValueError:
        refuse(
            400,
            {
                "code": -1102,
                "msg": f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
            },
        )


def bounded(query: Query, name: str, default: int, most: int) -> int:
    """An integer parameter between 1 and `most`."""
    value = number(query, name)
    if value is None:
        return default
    if not 1 <= value <= most:
        bad_parameter(name)
    return value


class Binance(Venue):
    """The /fapi/v1 endpoints; /futures/data is added by `binance_data`."""

    name = "binanceusdm"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        api = "/binance/fapi/v1/"
        self.routes = {
            f"{api}ping": lambda _query: b"{}",
            f"{api}time": lambda _query: orjson.dumps({"serverTime": self.now}),
            f"{api}exchangeInfo": self.exchange_info,
            f"{api}ticker/24hr": self.ticker_24hr,
            f"{api}ticker/price": self.ticker_price,
            f"{api}ticker/bookTicker": self.book_ticker,
            f"{api}premiumIndex": self.premium_index,
            f"{api}openInterest": self.open_interest,
            f"{api}klines": self.klines,
            f"{api}fundingRate": self.funding_rate,
            f"{api}fundingInfo": self.funding_info,
            f"{api}trades": self.recent_trades,
            f"{api}aggTrades": self.agg_trades,
            f"{api}depth": self.depth,
        }

    def instrument(self, query: Query, *states: State) -> tuple[int, Instrument, State]:
        """The asked-for instrument, refused unless it is known and in one of the states."""
        symbol = query.get("symbol")
        if not symbol:
            refuse(
                400,
                {
                    "code": -1102,
                    "msg": "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
                },
            )
        at = self.market.index[self.name].get(symbol)
        if at is not None:
            state = self.market.state(self.rows[at], self.now)
            if state in states:
                return at, self.rows[at], state
        return refuse(400, {"code": -1121, "msg": "Invalid symbol."})

    # --- lists -------------------------------------------------------------------------------
    def exchange_info(self, _query: Query) -> bytes:
        """All contracts with their filters."""

        def make() -> object:
            limits = [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            ]
            return {
                "timezone": "UTC",
                "serverTime": self.now,
                "futuresType": "U_MARGINED",
                "rateLimits": limits,
                "exchangeFilters": [],
                "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
                "symbols": [
                    contract(row, state, *self.market.window(row)) for _, row, state in self.listed(*_FUTURES)
                ],
            }

        return self.kept(("exchangeInfo",), make)

    # --- tickers -----------------------------------------------------------------------------
    def _bulk(
        self, query: Query, name: str, states: tuple[State, ...], make: Callable[..., dict[str, object]]
    ) -> bytes:
        if query.get("symbol"):
            at, row, state = self.instrument(query, *states)
            return orjson.dumps(make(row, *self.values(at, row, state)))
        entries = self.listed(*states)
        return self.kept((name,), lambda: [make(row, *self.values(at, row, st)) for at, row, st in entries])

    def ticker_24hr(self, query: Query) -> bytes:
        """24-hour statistics; delisted symbols stay with an old closeTime."""
        return self._bulk(query, "24hr", _QUOTED, ticker)

    def ticker_price(self, query: Query) -> bytes:
        """Last prices."""
        return self._bulk(
            query,
            "price",
            (State.LIVE,),
            lambda row, s, i, ts: {
                "symbol": row.id,
                "price": one(int(s.last[i]), row.price_decimals) + "0",
                "time": ts,
            },
        )

    def book_ticker(self, query: Query) -> bytes:
        """Best bid and ask."""
        return self._bulk(query, "book", (State.LIVE,), best)

    def premium_index(self, query: Query) -> bytes:
        """Mark price and the rate predicted for the next settlement."""
        return self._bulk(query, "premium", _QUOTED[:2], premium)

    def open_interest(self, query: Query) -> bytes:
        """One symbol's open interest now, base units, one side."""
        at, row, state = self.instrument(query, State.LIVE, State.SETTLING)
        if state is State.SETTLING:
            refuse(
                400,
                {
                    "code": -4108,
                    "msg": "Symbol is on delivering or delivered or settling or closed or pre-trading.",
                },
            )
        oi = int(self.snapshot().oi[at])
        return orjson.dumps({"symbol": row.id, "openInterest": one(oi, row.base_decimals), "time": self.now})

    # --- history -----------------------------------------------------------------------------
    def klines(self, query: Query) -> bytes:
        """Candles, oldest first, the forming one last."""
        _, row, _ = self.instrument(query, *_QUOTED[:2])
        interval = INTERVALS.get(query.get("interval", ""))
        if interval is None:
            refuse(400, {"code": -1120, "msg": "Invalid interval."})
        limit = bounded(query, "limit", 500, 1500)
        since, until = number(query, "startTime"), number(query, "endTime")
        offset = WEEK_OFFSET if interval == INTERVALS["1w"] else 0
        c = self.series.candles(row, self.now, interval, Span(limit, since, until, since is not None), offset)
        price, size = row.price_decimals, row.base_decimals
        columns = (
            c.ts.tolist(),
            *(fixed(prices, price, 1) for prices in (c.open, c.high, c.low, c.close)),
            fixed(c.volume, size),
            (c.ts + interval - 1).tolist(),
            fixed(c.quote, 4),
            (1 + c.quote // 7_000_000).tolist(),
            fixed(c.taker_buy, size),
            fixed(c.taker_quote, 4),
            ["0"] * len(c.ts),
        )
        return orjson.dumps(list(zip(*columns, strict=True)))

    def funding_rate(self, query: Query) -> bytes:
        """Settled funding, oldest first; without a symbol, all symbols."""
        limit = bounded(query, "limit", 100, 1000)
        since, until = number(query, "startTime"), number(query, "endTime")
        span = Span(limit, since, until, since is not None)
        if query.get("symbol"):
            _, row, _ = self.instrument(query, *_QUOTED[:2])
            return orjson.dumps(self._settled(row, span))
        if since is None and until is None:
            span = Span(3)
            limit = min(limit, 200)
        rows = [r for _, row, _ in self.listed(State.LIVE) for r in self._settled(row, span)]
        rows.sort(key=lambda r: int(str(r["fundingTime"])))
        return orjson.dumps(rows[:limit] if since is not None else rows[-limit:])

    def _settled(self, row: Instrument, span: Span) -> list[dict[str, object]]:
        if row.sort is Sort.DELIVERY:
            return []
        jitter = self.world.config.funding_jitter_ms
        times, rates = self.series.settlements(row, self.now, span)
        stamps = (times + (times // HOUR_MS % (jitter + 1))).tolist()
        texts = floats(rates, 8)
        return [
            {"symbol": row.id, "fundingTime": ts, "fundingRate": rate, "markPrice": "", "rateType": "Regular"}
            for ts, rate in zip(stamps, texts, strict=True)
        ]

    def funding_info(self, _query: Query) -> bytes:
        """Symbols whose funding clock or cap was adjusted; the others settle every 8 hours."""

        def make() -> object:
            return [
                {
                    "symbol": row.id,
                    "adjustedFundingRateCap": "0.02000000",
                    "adjustedFundingRateFloor": "-0.02000000",
                    "fundingIntervalHours": row.funding_hours,
                    "disclaimer": False,
                }
                for _, row, _ in self.listed(State.LIVE)
                if row.sort is not Sort.DELIVERY and (row.funding_hours != 8 or row.coin.rank % 5 == 0)
            ]

        return self.kept(("fundingInfo",), make)

    # --- tape and book -----------------------------------------------------------------------
    def recent_trades(self, query: Query) -> bytes:
        """Latest trades, oldest first."""
        _, row, _ = self.instrument(query, State.LIVE)
        found = self.trades(row, bounded(query, "limit", 500, 1000))
        return orjson.dumps(
            [
                {
                    "id": t.id,
                    "price": one(t.price, row.price_decimals) + "0",
                    "qty": one(t.size, row.base_decimals),
                    "quoteQty": f"{t.price * t.size / 10.0 ** (row.price_decimals + row.base_decimals):.2f}",
                    "time": t.ts,
                    "isBuyerMaker": not t.buy,
                }
                for t in found
            ]
        )

    def agg_trades(self, query: Query) -> bytes:
        """Latest trades in the compressed form."""
        _, row, _ = self.instrument(query, State.LIVE)
        found = self.trades(row, bounded(query, "limit", 500, 1000))
        return orjson.dumps(
            [
                {
                    "a": t.id,
                    "p": one(t.price, row.price_decimals) + "0",
                    "q": one(t.size, row.base_decimals),
                    "f": t.id,
                    "l": t.id,
                    "T": t.ts,
                    "m": not t.buy,
                }
                for t in found
            ]
        )

    def depth(self, query: Query) -> bytes:
        """Order book."""
        _, row, _ = self.instrument(query, State.LIVE)
        limit = number(query, "limit") or 500
        if limit not in (5, 10, 20, 50, 100, 500, 1000):
            bad_parameter("limit")
        bids, asks = self.book(row, limit)
        sides = [
            [[one(p, row.price_decimals) + "0", one(q, row.base_decimals)] for p, q in side]
            for side in (bids, asks)
        ]
        now = self.now
        return orjson.dumps({"lastUpdateId": now, "E": now, "T": now, "bids": sides[0], "asks": sides[1]})
