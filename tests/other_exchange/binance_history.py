"""The history endpoints of Binance USD-M futures: klines, statistics, settled funding."""

from __future__ import annotations

from decimal import Decimal

from other_exchange.config import BAR, DAY, HOUR, Clock, OtherConfig
from other_exchange.markets import BINANCE, Listing
from other_exchange.model import Bar, Model
from other_exchange.stats import Stats
from other_exchange.wire import (
    Query,
    RefusedError,
    Reply,
    binance_ratio,
    fixed,
    integer,
    level_bounds,
    like,
    stamped,
)

SPANS = {"5m": BAR, "15m": 3 * BAR, "30m": 6 * BAR, "1h": 12 * BAR, "4h": 48 * BAR, "1d": 288 * BAR}


def _error(code: int, message: str, status: int = 400) -> RefusedError:
    return RefusedError(Reply({"code": code, "msg": message}, status))


def _limit(query: Query, default: int, most: int) -> int:
    try:
        limit = integer(query, "limit")
    except ValueError:
        raise _error(-1100, "Illegal characters found in parameter 'limit'.") from None
    limit = default if limit is None else limit
    if not 1 <= limit <= most:
        raise _error(-1130, "Data sent for parameter 'limit' is not valid.")
    return limit


class BinanceHistory:
    """What has closed; the live endpoints build on it."""

    def __init__(self, model: Model, clock: Clock, config: OtherConfig, stats: Stats) -> None:
        self.model, self.clock, self.config, self.stats = model, clock, config, stats
        self.listed = {x.id: x for x in config.listings if x.exchange == BINANCE}

    # --- parameters ---------------------------------------------------------------------------

    def listing(self, query: Query) -> Listing:
        symbol = query.get("symbol", "")
        if not symbol:
            raise _error(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        listing = self.listed.get(symbol)
        if listing is None or listing.kind in ("delisted", "pending"):
            raise _error(-1121, "Invalid symbol.")
        return listing

    def _bounds(self, query: Query) -> tuple[int | None, int | None]:
        try:
            start, end = integer(query, "startTime"), integer(query, "endTime")
        except ValueError:
            raise _error(-1100, "Illegal characters found in a parameter.") from None
        if start is not None and end is not None and start > end:
            raise _error(-1023, "Start time is greater than end time.")
        return start, end

    def quoted(self, kinds: tuple[str, ...]) -> list[Listing]:
        return [x for x in self.listed.values() if x.kind not in kinds]

    # --- history ------------------------------------------------------------------------------

    def klines(self, query: Query) -> object:
        x = self.listing(query)
        span = SPANS.get(query.get("interval", ""))
        if span is None:
            raise _error(-1120, "Invalid interval.")
        limit = _limit(query, 500, 1500)
        start, end = self._bounds(query)
        view = self.clock.now() - self.config.delay("candles")
        first = max(self.model.first(x) * BAR // span * span, start or 0)
        stamps = stamped(
            first,
            min(view, view if end is None else end),
            span,
            limit,
            newest=start is None,
            without=self.model.halted(x),
        )
        candles = [self.model.candle(x, ts, span, view) for ts in stamps]
        return [self._kline(x, bar, span) for bar in candles if bar is not None]

    @staticmethod
    def _kline(x: Listing, bar: Bar, span: int) -> list[object]:
        prices = [like(p, x.tick) for p in (bar.open, bar.high, bar.low, bar.close)]
        return [
            bar.ts,
            *prices,
            like(bar.volume, x.step),
            bar.ts + span - 1,
            fixed(bar.quote, 7),
            bar.trades,
            like(bar.taker_buy, x.step),
            fixed(bar.taker_quote, 7),
            "0",
        ]

    def _stat_stamps(self, query: Query, series: str) -> tuple[Listing, list[int], int, int]:
        """Listing, stamps and period of a statistics request, and what to add to a stamp."""
        x = self.listing(query)
        period = SPANS.get(query.get("period", ""))
        if period is None:
            raise _error(-1130, "Data sent for parameter 'period' is not valid.")
        limit = _limit(query, 30, 500)
        start, end = self._bounds(query)
        now = self.clock.now()
        if start is not None and start < now - 30 * DAY:
            raise _error(-1130, "parameter 'startTime' is invalid.")
        stamp = self.config.stamp(BINANCE)
        view = now - self.config.delay(series)
        first, last = level_bounds(self.model.first(x), view, period, stamp, BAR)
        first = max(first, now - 30 * DAY, start or 0)
        last = last if end is None else min(last, end)
        ahead = 0 if stamp == "snapshot" else period
        halted = self.model.halted(x, BAR - ahead)
        return x, stamped(first, last, period, limit, newest=True, without=halted), period, ahead

    def open_interest_hist(self, query: Query) -> object:
        x, stamps, _, ahead = self._stat_stamps(query, "oi")
        return [
            {
                "symbol": x.id,
                "sumOpenInterest": fixed(self.model.oi(x, (t + ahead) // BAR), 8),
                "sumOpenInterestValue": fixed(self.model.oi_usd(x, (t + ahead) // BAR), 8),
                "CMCCirculatingSupply": "100000000.00000000",
                "timestamp": t,
            }
            for t in stamps
        ]

    def ratio(self, query: Query, series: str) -> object:
        if series != "global" and self.config.binance_top_needs_key:
            raise _error(-2014, "API-key format invalid.", 401)
        x, stamps, _, ahead = self._stat_stamps(query, "ls")
        shares = [(t, self.model.share(x, series, (t + ahead) // BAR)) for t in stamps]
        return [
            {
                "symbol": x.id,
                "longAccount": f"{share:.4f}",
                "longShortRatio": binance_ratio(share),
                "shortAccount": f"{1 - share:.4f}",
                "timestamp": t,
            }
            for t, share in shares
        ]

    def taker_ratio(self, query: Query) -> object:
        x, stamps, period, ahead = self._stat_stamps(query, "taker")
        out = []
        for t in stamps:
            bar = self.model.candle(x, t + ahead - period, period, self.clock.now())
            if bar is not None:
                sell = bar.volume - bar.taker_buy
                out.append(
                    {
                        "buySellRatio": fixed(bar.taker_buy / sell if sell else Decimal(1), 4),
                        "buyVol": fixed(bar.taker_buy, 8),
                        "sellVol": fixed(sell, 8),
                        "timestamp": t,
                    }
                )
        return out

    def funding_rate(self, query: Query) -> object:
        limit = _limit(query, 100, 1000)
        start, end = self._bounds(query)
        view = self.clock.now() - self.config.delay("funding")
        whose = [self.listing(query)] if "symbol" in query else self.quoted(("pending", "delivery"))
        latest = start is None and end is None
        first = view - 250 * DAY if start is None else start
        rows = [
            row for x in whose for row in self._settled(x, first, min(view, view if end is None else end))
        ]
        rows.sort(key=lambda row: (int(str(row["fundingTime"])), str(row["symbol"])))
        return (
            rows[-min(limit, 200) :]
            if latest and "symbol" not in query
            else (rows[-limit:] if start is None else rows[:limit])
        )

    def _settled(self, x: Listing, first: int, last: int) -> list[dict[str, object]]:
        out = []
        for t in self.model.settlements(x, first, last):
            hour = t // HOUR
            row: dict[str, object] = {
                "symbol": x.id,
                "fundingTime": str(t) if hour % 16 == 8 else t,
                "fundingRate": fixed(self.model.rate(x, t), 8),
                "markPrice": fixed(self.model.mark(x, t // BAR), 10) if hour % 3 else "",
            }
            if hour % 24:
                row["rateType"] = "Regular"
            out.append(row)
            if x.special:  # a distribution is booked like funding, on the hour or between
                at = t if hour % 8 == 0 else t + HOUR // 2
                if at <= last:
                    out.append(row | {"fundingTime": at, "fundingRate": "0.01234000", "rateType": "Special"})
        return out

    def funding_info(self, _: Query) -> object:
        """Only symbols whose interval or caps were ever adjusted stand in this list."""
        return [
            {
                "symbol": x.id,
                "adjustedFundingRateCap": "0.03000000",
                "adjustedFundingRateFloor": "-0.03000000",
                "fundingIntervalHours": x.funding_h,
                "disclaimer": False,
                "updateTime": 1_700_000_000_000,
            }
            for x in self.quoted(("delisted",))
            if x.funding_h != 8
        ]
