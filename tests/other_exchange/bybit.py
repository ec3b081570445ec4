"""Bybit v5 public market data, category linear.

Everything is a string inside {"retCode", "retMsg", "result", "retExtInfo", "time"}, lists run from
new to old, errors come with HTTP 200 and a retCode. Open interest counts both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote

from other_exchange.config import BAR, DAY, HOUR, Clock, OtherConfig
from other_exchange.markets import BYBIT, Listing
from other_exchange.model import Model
from other_exchange.stats import Cost, Stats
from other_exchange.wire import (
    Query,
    RefusedError,
    Reply,
    bybit_shares,
    fixed,
    integer,
    level_bounds,
    short,
    stamped,
)

PERIODS = {"5min": BAR, "15min": 3 * BAR, "30min": 6 * BAR, "1h": 12 * BAR, "4h": 48 * BAR, "1d": 288 * BAR}
INTERVALS = {"5": BAR, "15": 3 * BAR, "30": 6 * BAR, "60": 12 * BAR, "240": 48 * BAR, "D": 288 * BAR}
_STATUS = {"settling": "Settling", "prelaunch": "PreLaunch"}
_SYMBOL_TYPE = {"stock": "stock", "forex": "forex"}


class Bybit:
    """Answers by path."""

    def __init__(self, model: Model, clock: Clock, config: OtherConfig, stats: Stats) -> None:
        self.model, self.clock, self.config, self.stats = model, clock, config, stats
        self.listed = {x.id: x for x in config.listings if x.exchange == BYBIT}
        self.routes: dict[str, Callable[[Query], object]] = {
            "/v5/market/time": self.time,
            "/v5/market/instruments-info": self.instruments,
            "/v5/market/tickers": self.tickers,
            "/v5/market/kline": self.kline,
            "/v5/market/open-interest": self.open_interest,
            "/v5/market/account-ratio": self.account_ratio,
            "/v5/market/funding/history": self.funding_history,
            "/v5/market/recent-trade": self.recent_trade,
            "/v5/market/orderbook": self.orderbook,
        }

    # --- limits and errors --------------------------------------------------------------------

    def costs(self, path: str, query: Query) -> list[Cost]:
        return [Cost("ip", 600, 5)]

    def headers(self, path: str) -> dict[str, str]:
        return {"Ret_code": "0", "Traceid": "0123456789abcdef"}

    def throttled(self, cost: Cost) -> Reply:
        return Reply(
            {"retCode": 10006, "retMsg": "access too frequent.", "result": {}, "time": self.clock.now()}, 403
        )

    def unknown(self, path: str) -> Reply:
        return Reply(self._envelope({}, 10404, "path not found"), 404)

    def _envelope(self, result: object, code: int = 0, message: str = "OK") -> dict[str, object]:
        return {
            "retCode": code,
            "retMsg": message,
            "result": result,
            "retExtInfo": {},
            "time": self.clock.now(),
        }

    def _refuse(self, message: str, code: int = 10001) -> RefusedError:
        return RefusedError(Reply(self._envelope({}, code, message)))

    def _limit(self, query: Query, default: int, most: int) -> int:
        limit = self._whole(query, "limit")
        if limit is None:
            return default
        if limit < 1:
            raise self._refuse("params error: limit invalid")
        if limit > most:
            self.stats.over_limit["limit"] += 1
        return min(limit, most)

    def _whole(self, query: Query, name: str) -> int | None:
        try:
            return integer(query, name)
        except ValueError:
            raise self._refuse(f"params error: {name} invalid") from None

    def _category(self, query: Query) -> str:
        category = query.get("category", "")
        if category not in ("linear", "inverse", "spot", "option"):
            raise self._refuse("params error: Category is invalid")
        return category

    def _listing(self, query: Query) -> Listing:
        inverse = self._category(query) == "inverse"
        listing = self.listed.get(query.get("symbol", ""))
        if listing is None or (listing.kind == "inverse") != inverse:
            raise self._refuse("params error: Symbol Is Invalid")
        return listing

    def _category_listings(self, query: Query) -> list[Listing]:
        category = self._category(query)
        if category in ("spot", "option"):
            return []
        return [x for x in self.listed.values() if (x.kind == "inverse") == (category == "inverse")]

    # --- markets and live ---------------------------------------------------------------------

    def time(self, _: Query) -> object:
        now = self.clock.now()
        return self._envelope({"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000 + 123)})

    def instruments(self, query: Query) -> object:
        """Pages of at most `bybit_instruments_page` rows, whatever limit is asked for."""
        rows = sorted(self._category_listings(query), key=lambda x: x.id)
        if "symbol" in query:
            rows = [x for x in rows if x.id == query["symbol"]]
        wanted = query.get("status", "")
        rows = [
            x for x in rows if (_STATUS.get(x.kind, "Trading") == wanted if wanted else x.kind != "prelaunch")
        ]
        size = min(self._limit(query, 500, 1000), self.config.bybit_instruments_page)
        offset = self._offset(query, "page_start")
        following = (
            f"page_start%3D{offset + size}%26ts%3D{self.clock.start_ms}" if offset + size < len(rows) else ""
        )
        page = [self._instrument(x) for x in rows[offset : offset + size]]
        result = {"category": query["category"], "list": page, "nextPageCursor": following}
        return self._envelope(result)

    def _offset(self, query: Query, name: str) -> int:
        """The number a cursor carries, however often it was percent-encoded on its way."""
        cursor = query.get("cursor", "")
        while cursor != unquote(cursor):
            cursor = unquote(cursor)
        if not cursor:
            return 0
        fields = dict(pair.split("=", 1) for pair in cursor.split("&") if "=" in pair)
        if not fields.get(name, "").isdigit():
            raise self._refuse("params error: cursor invalid")
        return int(fields[name])

    def _instrument(self, x: Listing) -> dict[str, object]:
        base, rest = x.symbol.split("/")
        quoted = rest.split(":")[0]
        dated = x.kind == "delivery"
        contract = (
            "LinearFutures" if dated else "InversePerpetual" if x.kind == "inverse" else "LinearPerpetual"
        )
        return {
            "symbol": x.id,
            "contractType": contract,
            "status": _STATUS.get(x.kind, "Trading"),
            "baseCoin": base,
            "quoteCoin": quoted,
            "launchTime": str(self.model.first(x) * BAR),
            "deliveryTime": "1924588800000" if dated else "0",
            "deliveryFeeRate": "0.0005" if dated else "",
            "priceScale": str(max(0, -int(x.tick.as_tuple().exponent))),
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "12.50", "leverageStep": "0.01"},
            "priceFilter": {"minPrice": short(x.tick), "maxPrice": "1999999.8", "tickSize": short(x.tick)},
            "lotSizeFilter": {
                "maxOrderQty": "1190000.000",
                "minOrderQty": short(x.step),
                "qtyStep": short(x.step),
                "postOnlyMaxOrderQty": "1190000.000",
                "maxMktOrderQty": "500",
                "minNotionalValue": "5",
            },
            "unifiedMarginTrade": True,
            "fundingInterval": 0 if dated else x.funding_h * 60,
            "settleCoin": x.symbol.split(":")[1].split("-")[0],
            "copyTrading": "none",
            "upperFundingRate": "0.005",
            "lowerFundingRate": "-0.005",
            "isPreListing": x.kind == "prelaunch",
            "preListingInfo": {"curAuctionPhase": "ContinuousTrading"} if x.kind == "prelaunch" else None,
            "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
            "symbolType": _SYMBOL_TYPE.get(x.kind, "innovation" if x.thin else ""),
            "displayName": "",
        }

    def tickers(self, query: Query) -> object:
        rows = [self._listing(query)] if "symbol" in query else self._category_listings(query)
        return self._envelope({"category": query["category"], "list": [self._ticker(x) for x in rows]})

    def _ticker(self, x: Listing) -> dict[str, object]:
        now = self.clock.now()
        day, live = self.model.day(x, now // BAR), self.model.forming(x, now)
        mark, single = self.model.mark(x, now // BAR), self.model.live_oi(x, now)
        following = self.model.next_settlement(x, now)
        dated = x.kind == "delivery"
        row: dict[str, object] = {
            "symbol": x.id,
            "lastPrice": short(live.close),
            "indexPrice": short(mark),
            "markPrice": short(mark),
            "prevPrice24h": short(day.open),
            "price24hPcnt": fixed((live.close - day.open) / day.open, 6),
            "highPrice24h": short(max(day.high, live.high)),
            "lowPrice24h": short(min(day.low, live.low)),
            "prevPrice1h": short(day.close),
            "openInterest": short(single * 2),
            "openInterestValue": fixed(single * 2 * mark, 2),
            "turnover24h": fixed(day.quote + live.quote, 4),
            "volume24h": fixed(day.volume + live.volume, 4),
            "fundingRate": "" if dated else short(self.model.rate(x, following)),
            "nextFundingTime": "0" if dated else str(following),
            "predictedDeliveryPrice": "",
            "basisRate": "",
            "deliveryFeeRate": "",
            "deliveryTime": "1924588800000" if dated else "0",
            "ask1Size": "12.3",
            "bid1Price": short(live.close - x.tick),
            "ask1Price": short(live.close),
            "bid1Size": "4",
            "basis": "",
            "preOpenPrice": "",
            "curPreListingPhase": "",
            "fundingIntervalHour": "" if dated else str(x.funding_h),
            "fundingCap": "0.005",
            "basisRateYear": "",
        }
        if self.config.bybit_single_oi:
            row["singleOpenInterest"] = short(single)
            row["singleOpenInterestValue"] = fixed(single * mark, 2)
        return row

    # --- history ------------------------------------------------------------------------------

    def kline(self, query: Query) -> object:
        x = self._listing(query)
        span = INTERVALS.get(query.get("interval", ""))
        if span is None:
            raise self._refuse("Invalid period!")
        limit = self._limit(query, 200, 1000)
        start, end = self._whole(query, "start"), self._whole(query, "end")
        view = self.clock.now() - self.config.delay("candles")
        first = self.model.first(x) * BAR // span * span
        if start is not None:  # the candle that contains `start` is the first one
            first = max(first, start // span * span)
        last = view if end is None else min(view, end)
        stamps = stamped(
            first, last, span, limit, newest=end is not None or start is None, without=self.model.halted(x)
        )
        candles = [self.model.candle(x, ts, span, view) for ts in reversed(stamps)]
        rows = [
            [
                str(bar.ts),
                *(short(p) for p in (bar.open, bar.high, bar.low, bar.close)),
                short(bar.volume),
                short(bar.quote),
            ]
            for bar in candles
            if bar is not None
        ]
        return self._envelope({"symbol": x.id, "category": query["category"], "list": rows})

    def _level_page(
        self, query: Query, series: str, name: str, default: int, most: int
    ) -> tuple[Listing, list[int], int, str]:
        """Listing, stamps (new to old), what to add to a stamp, and the cursor of the next page."""
        x = self._listing(query)
        period = PERIODS.get(query.get(name, ""))
        if period is None:
            raise self._refuse(f"params error: {name} invalid")
        limit = self._limit(query, default, most)
        start, end = self._whole(query, "startTime"), self._whole(query, "endTime")
        stamp = self.config.stamp(BYBIT)
        view = self.clock.now() - self.config.delay(series)
        first, last = level_bounds(self.model.first(x), view, period, stamp, BAR)
        if end is not None:  # a start alone is ignored
            last = min(last, end)
            first = max(first, start or 0)
        before = self._offset(query, "before")
        if before:
            last = min(last, before - 1)
        ahead = 0 if stamp == "snapshot" else period
        halted = self.model.halted(x, BAR - ahead)
        stamps = stamped(first, last, period, limit, newest=True, without=halted)
        more = bool(stamps) and stamps[0] - period >= first
        cursor = quote(f"before={stamps[0]}&seq=7", safe="") if more else ""
        return x, stamps[::-1], ahead, cursor

    def open_interest(self, query: Query) -> object:
        x, stamps, ahead, cursor = self._level_page(query, "oi", "intervalTime", 50, 200)
        rows = []
        for t in stamps:
            single = self.model.oi(x, (t + ahead) // BAR)
            row = {"openInterest": fixed(single * 2, 8), "timestamp": str(t)}
            if self.config.bybit_single_oi:
                row["singleOpenInterest"] = short(single)
            rows.append(row)
        return self._envelope(
            {"symbol": x.id, "category": query["category"], "list": rows, "nextPageCursor": cursor}
        )

    def account_ratio(self, query: Query) -> object:
        x, stamps, ahead, cursor = self._level_page(query, "ls", "period", 50, 500)
        rows = []
        for t in stamps:
            long, against = bybit_shares(self.model.share(x, "global", (t + ahead) // BAR))
            rows.append({"symbol": x.id, "buyRatio": long, "sellRatio": against, "timestamp": str(t)})
        return self._envelope({"list": rows, "nextPageCursor": cursor})

    def funding_history(self, query: Query) -> object:
        x = self._listing(query)
        limit = self._limit(query, 200, 200)
        start, end = self._whole(query, "startTime"), self._whole(query, "endTime")
        if start is not None and end is None:
            raise self._refuse("params error: startTime needs endTime")
        view = self.clock.now() - self.config.delay("funding")
        last = view if end is None else min(view, end)
        first = max(last - 200 * 8 * HOUR - DAY, 0) if start is None else start
        times = self.model.settlements(x, first, last)[-limit:]
        rows = [
            {"symbol": x.id, "fundingRate": short(self.model.rate(x, t)), "fundingRateTimestamp": str(t)}
            for t in reversed(times)
        ]
        return self._envelope({"category": query["category"], "list": rows})

    # --- trades and book ----------------------------------------------------------------------

    def recent_trade(self, query: Query) -> object:
        x, now = self._listing(query), self.clock.now()
        trade = {
            "execId": "2100000000007764263",
            "symbol": x.id,
            "price": short(self.model.forming(x, now).close),
            "size": short(x.step),
            "side": "Buy",
            "time": str(now),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": "123456",
        }
        return self._envelope({"category": query["category"], "list": [trade]})

    def orderbook(self, query: Query) -> object:
        x, now = self._listing(query), self.clock.now()
        last = self.model.forming(x, now).close
        book = {
            "s": x.id,
            "b": [[short(last - x.tick), short(x.step)]],
            "a": [[short(last), short(x.step)]],
            "ts": now,
            "u": 18521288,
            "seq": 7961638724,
            "cts": now - 1,
        }
        return self._envelope(book)
