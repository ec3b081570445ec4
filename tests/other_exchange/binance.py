"""Binance USD-M futures, public REST: /fapi/v1 and /futures/data.

Numbers are strings with fixed decimals, times are integers, lists run from old to new, errors are
{"code": -1121, "msg": "..."} with HTTP 400.
"""

from __future__ import annotations

from collections.abc import Callable

from other_exchange.binance_history import BinanceHistory
from other_exchange.config import BAR, DAY, Clock, OtherConfig
from other_exchange.markets import Listing
from other_exchange.model import Model
from other_exchange.stats import Cost, Stats
from other_exchange.wire import Query, Reply, fixed, like

PERPETUAL_DELIVERY = 4133404800000
_STATUS = {"settling": "SETTLING", "pending": "PENDING_TRADING"}


class Binance(BinanceHistory):
    """Answers by path; `costs` says what a request weighs."""

    def __init__(self, model: Model, clock: Clock, config: OtherConfig, stats: Stats) -> None:
        super().__init__(model, clock, config, stats)
        self.routes: dict[str, Callable[[Query], object]] = {
            "/fapi/v1/ping": lambda _: {},
            "/fapi/v1/time": lambda _: {"serverTime": self.clock.now()},
            "/fapi/v1/exchangeInfo": self.exchange_info,
            "/fapi/v1/ticker/24hr": self.ticker_24hr,
            "/fapi/v1/ticker/price": self.ticker_price,
            "/fapi/v1/ticker/bookTicker": self.book_ticker,
            "/fapi/v1/premiumIndex": self.premium_index,
            "/fapi/v1/openInterest": self.open_interest,
            "/fapi/v1/klines": self.klines,
            "/fapi/v1/fundingRate": self.funding_rate,
            "/fapi/v1/fundingInfo": self.funding_info,
            "/fapi/v1/trades": self.trades,
            "/fapi/v1/aggTrades": self.agg_trades,
            "/fapi/v1/depth": self.depth,
            "/futures/data/openInterestHist": self.open_interest_hist,
            "/futures/data/globalLongShortAccountRatio": lambda q: self.ratio(q, "global"),
            "/futures/data/topLongShortAccountRatio": lambda q: self.ratio(q, "top_accounts"),
            "/futures/data/topLongShortPositionRatio": lambda q: self.ratio(q, "top_positions"),
            "/futures/data/takerlongshortRatio": self.taker_ratio,
        }

    # --- limits -------------------------------------------------------------------------------

    def costs(self, path: str, query: Query) -> list[Cost]:
        """Request weight of the minute, the statistics pool, the funding pool."""
        if path.startswith("/futures/data/"):
            return [Cost("futures/data", 1000, 300)]
        if path in ("/fapi/v1/fundingRate", "/fapi/v1/fundingInfo"):
            return [Cost("funding", 500, 300)]
        return [Cost("weight", 2400, 60, self._weight(path, query))]

    @staticmethod
    def _weight(path: str, query: Query) -> int:
        name = path.removeprefix("/fapi/v1/")
        one = "symbol" in query
        bulk = {
            "ticker/24hr": (1, 40),
            "ticker/price": (1, 2),
            "ticker/bookTicker": (2, 5),
            "premiumIndex": (1, 10),
        }
        if name in bulk:
            return bulk[name][0 if one else 1]
        steps = {
            "klines": ((99, 1), (499, 2), (1000, 5), (9999, 10)),
            "depth": ((50, 2), (100, 5), (500, 10), (9999, 20)),
        }
        if name in steps:
            text = query.get("limit", "500")
            limit = int(text) if text.isdigit() else 500
            return next((weight for most, weight in steps[name] if limit <= most), 10)
        return {"trades": 5, "aggTrades": 20}.get(name, 1)

    def headers(self, path: str) -> dict[str, str]:
        """The used weight rides on every fapi answer, not on the statistics."""
        weight = self.stats.windows.get("weight")
        if path.startswith("/futures/data/") or weight is None:
            return {}
        return {"X-MBX-USED-WEIGHT-1M": str(weight.total)}

    def throttled(self, cost: Cost) -> Reply:
        text = f"Too many requests; current limit of IP is {cost.limit} requests per minute."
        return Reply({"code": -1003, "msg": text}, 429, {"Retry-After": "7"})

    def unknown(self, path: str) -> Reply:
        return Reply({"code": -5000, "msg": f"Path {path}, Method GET is invalid"}, 404)

    # --- markets and live ---------------------------------------------------------------------

    def exchange_info(self, _: Query) -> object:
        symbols = [self._symbol(x) for x in self.quoted(("delisted",))]
        limits = [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        ]
        return {
            "timezone": "UTC",
            "serverTime": self.clock.now(),
            "futuresType": "U_MARGINED",
            "rateLimits": limits,
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
            "symbols": symbols,
        }

    def _symbol(self, x: Listing) -> dict[str, object]:
        contract = {"delivery": "CURRENT_QUARTER", "stock": "TRADIFI_PERPETUAL", "pending": ""}
        base, rest = x.symbol.split("/")
        quote = rest.split(":")[0]
        tick, step = (f"{v:f}" for v in (x.tick, x.step))
        return {
            "symbol": x.id,
            "pair": f"{base}{quote}",
            "contractType": contract.get(x.kind, "PERPETUAL"),
            "deliveryDate": 1924588800000 if x.kind == "delivery" else PERPETUAL_DELIVERY,
            "onboardDate": self.model.first(x) * BAR,
            "status": _STATUS.get(x.kind, "TRADING"),
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": base,
            "quoteAsset": quote,
            "marginAsset": quote,
            "pricePrecision": max(0, -int(x.tick.as_tuple().exponent)),
            "quantityPrecision": max(0, -int(x.step.as_tuple().exponent)),
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "EQUITY" if x.kind == "stock" else "COIN",
            "underlyingSubType": ["Meme"],
            "permissionSets": ["COPY"],
            "triggerProtect": "0.0500",
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "10000000", "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "1000000", "stepSize": step},
                {"filterType": "MIN_NOTIONAL", "notional": "5"},
            ],
            "orderTypes": ["LIMIT", "MARKET"],
            "timeInForce": ["GTC", "IOC", "FOK", "GTX", "RPI"],
            "newFieldOfNextYear": {"a": [1, None]},
        }

    def _one_or_all(
        self, query: Query, make: Callable[[Listing], dict[str, object]], without: tuple[str, ...]
    ) -> object:
        if "symbol" in query:
            return make(self.listing(query))
        return [make(x) for x in self.quoted(without)]

    def ticker_24hr(self, query: Query) -> object:
        return self._one_or_all(query, self._ticker, ("pending",))

    def _ticker(self, x: Listing) -> dict[str, object]:
        now = self.clock.now()
        closed = now - 90 * DAY if x.kind in ("delisted", "settling") else now - 137
        day, live = self.model.day(x, now // BAR), self.model.forming(x, now)
        volume, quote = day.volume + live.volume, day.quote + live.quote
        change = live.close - day.open
        return {
            "symbol": x.id,
            "priceChange": like(change, x.tick),
            "priceChangePercent": fixed(change / day.open * 100, 3),
            "weightedAvgPrice": like(quote / volume if volume else day.open, x.tick),
            "lastPrice": like(live.close, x.tick),
            "lastQty": like(x.step, x.step),
            "openPrice": like(day.open, x.tick),
            "highPrice": like(max(day.high, live.high), x.tick),
            "lowPrice": like(min(day.low, live.low), x.tick),
            "volume": like(volume, x.step),
            "quoteVolume": fixed(quote, 7),
            "openTime": closed - DAY,
            "closeTime": closed,
            "firstId": 72234973,
            "lastId": 72423677,
            "count": day.trades,
        }

    def ticker_price(self, query: Query) -> object:
        def make(x: Listing) -> dict[str, object]:
            now = self.clock.now()
            return {"symbol": x.id, "price": like(self.model.forming(x, now).close, x.tick), "time": now}

        return self._one_or_all(query, make, ("pending", "delisted"))

    def book_ticker(self, query: Query) -> object:
        def make(x: Listing) -> dict[str, object]:
            now = self.clock.now()
            last = self.model.forming(x, now).close
            return {
                "symbol": x.id,
                "bidPrice": like(last - x.tick, x.tick),
                "bidQty": like(x.step * 7, x.step),
                "askPrice": like(last, x.tick),
                "askQty": like(x.step * 3, x.step),
                "time": now,
                "lastUpdateId": 9_007_199_254_740_993,
            }

        return self._one_or_all(query, make, ("pending", "delisted"))

    def premium_index(self, query: Query) -> object:
        return self._one_or_all(query, self._premium, ("pending", "delisted"))

    def _premium(self, x: Listing) -> dict[str, object]:
        now = self.clock.now()
        dated = x.kind == "delivery"
        following = self.model.next_settlement(x, now)
        return {
            "symbol": x.id,
            "markPrice": fixed(self.model.mark(x, now // BAR), 10),
            "indexPrice": fixed(self.model.mark(x, now // BAR), 10),
            "estimatedSettlePrice": fixed(self.model.mark(x, now // BAR), 10),
            "lastFundingRate": "" if dated else fixed(self.model.rate(x, following), 8),
            "interestRate": "" if dated else "0.00010000",
            "nextFundingTime": 0 if dated else following,
            "time": now,
        }

    def open_interest(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        return {"symbol": x.id, "openInterest": like(self.model.live_oi(x, now), x.step), "time": now}

    # --- trades and book ----------------------------------------------------------------------

    def trades(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        price = like(self.model.forming(x, now).close, x.tick)
        return [
            {
                "id": 1,
                "price": price,
                "qty": f"{x.step:f}",
                "quoteQty": price,
                "time": now,
                "isBuyerMaker": False,
            }
        ]

    def agg_trades(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        price = like(self.model.forming(x, now).close, x.tick)
        return [
            {"a": 1, "p": price, "q": f"{x.step:f}", "nq": f"{x.step:f}", "f": 1, "l": 1, "T": now, "m": True}
        ]

    def depth(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        last = self.model.forming(x, now).close
        rows = [[like(last + k * x.tick, x.tick), f"{x.step:f}"] for k in range(5)]
        bids = [[like(last - k * x.tick, x.tick), f"{x.step:f}"] for k in range(1, 4)]
        return {"lastUpdateId": 1, "E": now, "T": now, "bids": bids, "asks": rows}
