"""OKX v5 public REST, instType SWAP.

Everything is a string inside {"code": "0", "msg": "", "data": [...]}, lists run from new to old,
`before`/`after` and `begin`/`end` leave out the bounds themselves. Amounts are counted in
contracts; the coin amount stands beside.
"""

from __future__ import annotations

from collections.abc import Callable

from other_exchange.config import BAR, DAY, Clock, OtherConfig
from other_exchange.markets import Listing
from other_exchange.model import Model
from other_exchange.okx_history import OkxHistory
from other_exchange.stats import Cost, Stats
from other_exchange.wire import Query, Reply, fixed, short

_RUBIK = "/api/v5/rubik/stat/"
_CONTRACTS = f"{_RUBIK}contracts/"
_STATE = {"settling": "suspend", "prelaunch": "preopen"}
# per two seconds; (limit, counted per instrument)
_LIMITS = {
    "/api/v5/public/time": (10, False),
    "/api/v5/public/instruments": (20, False),
    "/api/v5/public/open-interest": (20, True),
    "/api/v5/public/funding-rate": (10, True),
    "/api/v5/public/funding-rate-history": (10, True),
    "/api/v5/public/mark-price": (10, True),
    "/api/v5/market/tickers": (20, False),
    "/api/v5/market/ticker": (20, False),
    "/api/v5/market/candles": (40, False),
    "/api/v5/market/history-candles": (20, False),
    "/api/v5/market/trades": (100, False),
    "/api/v5/market/books": (40, False),
    f"{_CONTRACTS}open-interest-history": (10, True),
}


class Okx(OkxHistory):
    """Answers by path."""

    def __init__(self, model: Model, clock: Clock, config: OtherConfig, stats: Stats) -> None:
        super().__init__(model, clock, config, stats)
        self.routes: dict[str, Callable[[Query], object]] = {
            "/api/v5/public/time": lambda _: self.ok([{"ts": str(self.clock.now())}]),
            "/api/v5/public/instruments": self.instruments,
            "/api/v5/public/open-interest": self.open_interest,
            "/api/v5/public/funding-rate": self.funding_rate,
            "/api/v5/public/funding-rate-history": self.funding_rate_history,
            "/api/v5/public/mark-price": self.mark_price,
            "/api/v5/market/tickers": self.tickers,
            "/api/v5/market/ticker": self.ticker,
            "/api/v5/market/candles": lambda q: self.candles(q, history=False),
            "/api/v5/market/history-candles": lambda q: self.candles(q, history=True),
            "/api/v5/market/trades": self.trades,
            "/api/v5/market/books": self.books,
            f"{_CONTRACTS}open-interest-history": self.open_interest_history,
            f"{_CONTRACTS}long-short-account-ratio-contract": lambda q: self.ratio(q, "global"),
            f"{_CONTRACTS}long-short-account-ratio-contract-top-trader": lambda q: self.ratio(
                q, "top_accounts"
            ),
            f"{_CONTRACTS}long-short-position-ratio-contract-top-trader": lambda q: self.ratio(
                q, "top_positions"
            ),
            f"{_RUBIK}taker-volume-contract": self.taker_volume,
        }

    # --- limits and errors --------------------------------------------------------------------

    def costs(self, path: str, query: Query) -> list[Cost]:
        limit, by_instrument = _LIMITS.get(path, (5, True))
        if path.startswith(_RUBIK) and self.config.okx_rubik_per_ip:
            by_instrument = False
        name = f"{path} {query.get('instId', '')}" if by_instrument else path
        return [Cost(name, limit, 2)]

    def headers(self, path: str) -> dict[str, str]:
        return {}

    def throttled(self, cost: Cost) -> Reply:
        return Reply({"code": "50011", "data": [], "msg": "Too Many Requests"}, 429)

    def unknown(self, path: str) -> Reply:
        return Reply({"code": "404", "data": {}, "msg": "Not Found"}, 404)

    # --- markets and live ---------------------------------------------------------------------

    def instruments(self, query: Query) -> object:
        return self.ok([self._instrument(x) for x in self.swaps(query, without=())])

    def _instrument(self, x: Listing) -> dict[str, object]:
        if x.kind == "prelaunch":  # such rows come almost empty
            return {"instId": x.id, "instType": "SWAP", "state": "preopen", "baseCcy": "", "listTime": ""}
        base, rest = x.symbol.split("/")
        quoted, settle = rest.split(":")
        inverse = x.kind == "inverse"
        return {
            "alias": "",
            "auctionEndTime": "",
            "baseCcy": "",
            "category": "1",
            "contTdSwTime": str(self.model.first(x) * BAR),
            "ctMult": "1",
            "ctType": "inverse" if inverse else "linear",
            "ctVal": short(x.ct_val),
            "ctValCcy": quoted if inverse else base,
            "expTime": "",
            "futureSettlement": False,
            "groupId": "4",
            "instCategory": "1",
            "instFamily": f"{base}-{quoted}",
            "instId": x.id,
            "instIdCode": 10458,
            "instType": "SWAP",
            "lever": "50",
            "listTime": str(self.model.first(x) * BAR),
            "lotSz": short(x.step),
            "maxLmtSz": "100000000",
            "minSz": short(x.step),
            "openType": "",
            "optType": "",
            "quoteCcy": "",
            "ruleType": "normal",
            "settleCcy": settle,
            "state": _STATE.get(x.kind, "live"),
            "stk": "",
            "tickSz": short(x.tick),
            "tradeQuoteCcyList": [],
            "uly": f"{base}-{quoted}",
            "upcChg": [],
        }

    def tickers(self, query: Query) -> object:
        return self.ok([self._ticker(x) for x in self.swaps(query)])

    def ticker(self, query: Query) -> object:
        return self.ok([self._ticker(self.listing(query))])

    def _ticker(self, x: Listing) -> dict[str, str]:
        now = self.clock.now()
        day, live = self.model.day(x, now // BAR), self.model.forming(x, now)
        return {
            "instType": "SWAP",
            "instId": x.id,
            "last": short(live.close),
            "lastSz": short(x.step),
            "askPx": short(live.close),
            "askSz": "11",
            "bidPx": short(live.close - x.tick),
            "bidSz": "5.5",
            "open24h": short(day.open),
            "high24h": short(max(day.high, live.high)),
            "low24h": short(min(day.low, live.low)),
            "volCcy24h": short(day.volume + live.volume),
            "vol24h": short(day.contracts + live.contracts),
            "ts": str(now),
            "sodUtc0": short(day.open),
            "sodUtc8": short(day.open),
        }

    def mark_price(self, query: Query) -> object:
        now = self.clock.now()
        rows = self.swaps(query)
        return self.ok(
            [
                {
                    "instType": "SWAP",
                    "instId": x.id,
                    "markPx": short(self.model.mark(x, now // BAR)),
                    "ts": str(now),
                }
                for x in rows
            ]
        )

    def open_interest(self, query: Query) -> object:
        now = self.clock.now()
        rows: list[object] = []
        for x in self.swaps(query):
            contracts = self.model.live_oi(x, now)
            base = contracts * x.ct_val
            rows.append(
                {
                    "instType": "SWAP",
                    "instId": x.id,
                    "oi": short(contracts),
                    "oiCcy": short(base),
                    "oiUsd": fixed(base * self.model.mark(x, now // BAR), 10),
                    "ts": str(now),
                }
            )
        return self.ok(rows)

    def funding_rate(self, query: Query) -> object:
        everyone = query.get("instId") == "ANY"
        rows = (
            [x for x in self.listed.values() if x.kind not in ("prelaunch",)]
            if everyone
            else [self.listing(query)]
        )
        return self.ok([self._funding(x) for x in rows])

    def _funding(self, x: Listing) -> dict[str, str]:
        now = self.clock.now()
        following = self.model.next_settlement(x, now)
        after = self.model.next_settlement(x, following)
        past = self.model.settlements(x, now - DAY, now)
        return {
            "formulaType": "withRate",
            "fundingRate": short(self.model.rate(x, following)),
            "fundingTime": str(following),
            "impactValue": "20000.0000000000000000",
            "instId": x.id,
            "instType": "SWAP",
            "interestRate": "0.0001",
            "maxFundingRate": "0.00375",
            "method": "current_period",
            "minFundingRate": "-0.00375",
            "nextFundingRate": "",
            "nextFundingTime": str(after),
            "premium": "-0.0001233824646391",
            "prevFundingTime": str(past[-1]) if past else "",
            "settFundingRate": short(self.model.rate(x, past[-1])) if past else "",
            "settState": "settled",
            "ts": str(now),
        }

    # --- trades and book ----------------------------------------------------------------------

    def trades(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        price = short(self.model.forming(x, now).close)
        row = {
            "instId": x.id,
            "side": "sell",
            "sz": short(x.step),
            "px": price,
            "tradeId": "242720720",
            "ts": str(now),
        }
        return self.ok([row | {"count": "1", "source": "0"}])

    def books(self, query: Query) -> object:
        x, now = self.listing(query), self.clock.now()
        last = self.model.forming(x, now).close
        bids = [[short(last - x.tick), "12", "0", "3"]]
        return self.ok(
            [{"asks": [[short(last), "9", "0", "1"]], "bids": bids, "ts": str(now), "seqId": 3235851742}]
        )
