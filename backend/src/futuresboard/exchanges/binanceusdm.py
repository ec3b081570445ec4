"""Binance USD-M futures: what differs from the shared adapter.

Open interest counts one side, in base coin; the candle carries the taker's buys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from futuresboard.errors import (
    ExchangeError,
    PairGoneError,
    PayloadError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges import parse
from futuresboard.exchanges.adapter import SETTLE, Adapter, together
from futuresboard.exchanges.base import Scarce
from futuresboard.exchanges.client import Request
from futuresboard.exchanges.failures import (
    Answer,
    banned,
    http_failure,
    retry_after_s,
    seconds_until,
    throttled,
)
from futuresboard.exchanges.pacing import Limit
from futuresboard.exchanges.parse import ById
from futuresboard.model import MS_PER_HOUR, Kind, Market, Rows, Ticker

HISTORY_DAYS = 30
OLD_TICKER_MS = MS_PER_HOUR
"""A ticker whose window closed this long before the newest one belongs to a delisted symbol."""
LONGEST_FUNDING_H = 8
TRANSIENT_CODES = frozenset({"-1000", "-1001", "-1006", "-1007", "-1016"})
NOT_PUBLIC_CODES = frozenset({"-2014", "-2015"})
BANNED_UNTIL = re.compile(r"banned until (\d{13})")

_DATA = {
    Kind.OI: "fapiDataGetOpenInterestHist",
    Kind.GLOBAL_LS: "fapiDataGetGlobalLongShortAccountRatio",
    Kind.TOP_LS: "fapiDataGetTopLongShortPositionRatio",
}
_COLUMNS: Mapping[Kind, tuple[parse.Key, Mapping[str, parse.Key]]] = {
    Kind.CANDLES: (
        0,
        {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5, "quote_volume": 7, "taker_buy": 9},
    ),
    Kind.OI: ("timestamp", {"oi_contracts": "sumOpenInterest", "oi_usd": "sumOpenInterestValue"}),
    Kind.GLOBAL_LS: ("timestamp", {"ratio": "longShortRatio"}),
    Kind.TOP_LS: ("timestamp", {"ratio": "longShortRatio"}),
    Kind.FUNDING: ("fundingTime", {"rate": "fundingRate"}),
}


class BinanceUsdm(Adapter):
    """Binance USD-M."""

    id = "binanceusdm"
    kinds = frozenset({Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS, Kind.FUNDING})
    unpublished: Mapping[str, str] = {}
    # 499 candles weigh 2, 500 weigh 5. 100 settlements back at 8 h are at most 800 at 1 h, within
    # the 1,000 rows of one answer.
    page_rows: Mapping[Kind, int] = {
        Kind.CANDLES: 499,
        Kind.OI: 500,
        Kind.GLOBAL_LS: 500,
        Kind.TOP_LS: 500,
        Kind.FUNDING: 100,
    }
    depth_rows: Mapping[Kind, int | None] = {
        Kind.CANDLES: None,
        Kind.OI: HISTORY_DAYS * 288,
        Kind.GLOBAL_LS: HISTORY_DAYS * 288,
        Kind.TOP_LS: HISTORY_DAYS * 288,
        Kind.FUNDING: None,
    }
    rotates_oi = True
    # Of 1,000 requests in 5 minutes 900 are used, and of those some stay for asking again.
    scarce = Scarce("data", (Kind.GLOBAL_LS, Kind.OI, Kind.TOP_LS), 855)
    time_request = Request("fapiPublicGetTime", budget="weight")
    budget_of: Mapping[Kind, str] = {
        **dict.fromkeys(_DATA, "data"),
        Kind.CANDLES: "weight",
        Kind.FUNDING: "funding",
    }
    limits: Mapping[str, Limit] = {
        "weight": Limit(2400, 60),
        "data": Limit(1000, 300),
        "funding": Limit(500, 300),
    }

    def failure(self, answer: Answer) -> ExchangeError | None:
        """Binance's error codes over the HTTP status. Pure."""
        code = answer.code("code")
        until = BANNED_UNTIL.search(answer.body)
        if answer.status == 418 or (until and answer.status in (403, 429)):
            seconds = retry_after_s(answer)
            if seconds is None and until:
                seconds = seconds_until(answer, float(until[1]))
            return banned(answer, seconds)
        if code == "-1003" or (answer.status == 503 and code == "-1008"):
            return throttled(answer)
        if code in NOT_PUBLIC_CODES:
            return UnpublishedError(self.id, f"needs a key: {answer.says()}")
        if code == "-1121":
            return _no_such_symbol(answer)
        if code in TRANSIENT_CODES:
            return TransientError(self.id, answer.says())
        failed = http_failure(answer)
        if failed is None and code is not None and code.startswith("-"):
            return TransientError(self.id, answer.says())
        return failed

    def read_time(self, payload: object) -> object:
        """`serverTime`."""
        return parse.mapping(self.id, payload, "time").get("serverTime")

    async def list_markets(self) -> tuple[Sequence[Market], Mapping[str, float | None]]:
        """From exchangeInfo, the 24 h ticker and, where stated, fundingInfo."""
        listed, tickers, intervals = await together(
            self.bulk(Request("fapiPublicGetExchangeInfo", budget="weight"), self._read_listing),
            self.bulk(_TICKERS, self._read_tickers),
            self.optional(
                "funding intervals",
                Request("fapiPublicGetFundingInfo", budget="funding"),
                self._read_by_symbol,
            ),
        )
        found = [
            Market(
                exchange=self.id,
                symbol=self.symbol_of(str(row["baseAsset"])),
                id=id_,
                base=self.coin_of(str(row["baseAsset"])),
                listed_ts=parse.stamp(row.get("onboardDate")),
                funding_interval_h=parse.positive(intervals.get(id_, {}).get("fundingIntervalHours")),
            )
            for id_, row in listed.items()
            if self._fits(row)
        ]
        return found, {id_: parse.non_negative(row.get("quoteVolume")) for id_, row in tickers.items()}

    def _fits(self, row: Mapping[str, object]) -> bool:
        types = {"PERPETUAL", "TRADIFI_PERPETUAL"} if self.tradfi else {"PERPETUAL"}
        return (
            row.get("contractType") in types
            and row.get("status") == "TRADING"
            and row.get("quoteAsset") == SETTLE
            and row.get("marginAsset", SETTLE) == SETTLE
            and bool(row.get("baseAsset"))
            and bool(row.get("symbol"))
        )

    def _read_by_symbol(self, payload: object) -> ById:
        return parse.by_id(self.id, payload, "symbol", "bulk")

    def _read_listing(self, payload: object) -> ById:
        listing = parse.mapping(self.id, payload, "exchangeInfo")
        self._adopt_weight_limit(listing.get("rateLimits"))
        return self._read_by_symbol(listing.get("symbols"))

    def _adopt_weight_limit(self, raw: object) -> None:
        for rule in raw if isinstance(raw, list) else []:
            if not isinstance(rule, dict) or rule.get("rateLimitType") != "REQUEST_WEIGHT":
                continue
            limit = parse.positive(rule.get("limit"))
            if limit and rule.get("interval") == "MINUTE" and rule.get("intervalNum") == 1:
                self.transport.bucket("weight").tighten(limit)

    def _read_tickers(self, payload: object) -> ById:
        """24 h tickers by id, without those of symbols that stopped trading."""
        rows = self._read_by_symbol(payload)
        closed = {id_: parse.stamp(row.get("closeTime")) or 0 for id_, row in rows.items()}
        oldest = max(closed.values(), default=0) - OLD_TICKER_MS
        return {id_: row for id_, row in rows.items() if closed[id_] > max(0, oldest)}

    async def tickers(self) -> Mapping[str, Ticker]:
        """24 h ticker (weight 40) and premium index (weight 10) of all pairs."""
        symbols = await self.known_symbols()
        rows, marks = await together(
            self.bulk(_TICKERS, self._read_tickers),
            self.optional("mark prices", _MARKS, self._read_by_symbol),
        )
        known = [(symbols[id_], row, marks.get(id_, {})) for id_, row in rows.items() if id_ in symbols]
        return {symbol: _ticker(symbol, row, mark) for symbol, row, mark in known}

    async def live_oi(self, market: Market) -> Ticker:
        """One pair's live open interest, base coin, one side (weight 1)."""
        request = Request("fapiPublicGetOpenInterest", {"symbol": market.id}, "weight", pair=True)
        payload = await self.transport.call(request)
        with self.reading():
            row = parse.mapping(self.id, payload, "openInterest")
            at = parse.stamp(row.get("time"))
            if at is None:
                raise PayloadError(self.id, f"openInterest without a time: {row!r:.80}")
        return Ticker(market.symbol, at, oi_contracts=parse.positive(row.get("openInterest")), oi_ts=at)

    async def page(self, kind: Kind, market: Market, limit: int, end: int | None) -> Request:
        """Stamps are inclusive on both sides; history is asked for with both sides named.

        The documents leave open which rows come when more lie between the sides than `limit`, so
        no more ever do.
        """
        if kind is Kind.CANDLES:
            params: dict[str, str | int] = {"symbol": market.id, "interval": "5m", "limit": limit}
            if end is not None:
                params["endTime"] = end
            weight = 1 if limit < 100 else 2
            return Request("fapiPublicGetKlines", params, "weight", cost=weight, pair=True)
        if kind is Kind.FUNDING:
            params = {"symbol": market.id, "limit": limit}
            if end is not None:
                span = limit * LONGEST_FUNDING_H * MS_PER_HOUR
                params |= {"startTime": end - span + 1, "endTime": end, "limit": 1000}
            return Request("fapiPublicGetFundingRate", params, "funding", pair=True)
        params = {"symbol": market.id, "period": "5m", "limit": limit}
        if end is not None:
            start = end - limit * parse.BASE_MS + 1
            params |= {"startTime": max(start, self._history_begin_ms()), "endTime": end}
        return Request(_DATA[kind], params, "data", pair=True)

    def _history_begin_ms(self) -> int:
        """An earlier start is refused."""
        now = self.transport.exchange_now_ms()
        return 0 if now is None else int(now) - HISTORY_DAYS * 24 * MS_PER_HOUR + 60_000

    def read(self, kind: Kind, payload: object) -> Rows:
        """Rows of a page; special funding (stock dividends) is none."""
        at, columns = _COLUMNS[kind]
        if kind is Kind.FUNDING:
            payload = [
                row for row in parse.objects(self.id, payload, kind) if row.get("rateType") != "Special"
            ]
        return parse.rows(self.id, kind, payload, at, columns)


_TICKERS = Request("fapiPublicGetTicker24hr", budget="weight", cost=40)
_MARKS = Request("fapiPublicGetPremiumIndex", budget="weight", cost=10)


def _ticker(symbol: str, row: Mapping[str, object], mark: Mapping[str, object]) -> Ticker:
    return Ticker(
        symbol=symbol,
        ts=parse.stamp(row.get("closeTime")) or 0,
        price=parse.positive(row.get("lastPrice")),
        mark_price=parse.positive(mark.get("markPrice")),
        quote_volume=parse.non_negative(row.get("quoteVolume")),
        funding_next=parse.number(mark.get("lastFundingRate")),
        funding_next_ts=parse.stamp(mark.get("nextFundingTime")),
    )


def _no_such_symbol(answer: Answer) -> ExchangeError:
    if answer.pair:
        return PairGoneError(answer.exchange, answer.says())
    return UnpublishedError(answer.exchange, answer.says())
