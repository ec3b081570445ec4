"""Bybit linear perpetuals: what differs from the shared adapter.

Open interest counts both sides here: the single-sided field is taken where given, else half. The
candle carries no taker volume and there is no ratio of top traders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PairGoneError,
    PayloadError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges import parse
from futuresboard.exchanges.adapter import SETTLE, Adapter, together
from futuresboard.exchanges.client import Request
from futuresboard.exchanges.failures import Answer, banned, http_failure, throttled
from futuresboard.exchanges.pacing import Limit
from futuresboard.exchanges.parse import ById
from futuresboard.model import Kind, Market, Rows, Ticker

TOO_FREQUENT_BAN_S = 600.0
TOO_MANY_S = 5.0
MOST_LIST_PAGES = 20
NO_TAKER = "no bar-level taker volume by REST"
TRADFI_TYPES = frozenset({"stock", "forex", "commodity"})
BAN_CODES = frozenset({"10009"})
THROTTLE_CODES = frozenset({"10006", "10018"})
BLOCK_CODES = frozenset({"10024"})

_ENDPOINTS = {
    Kind.CANDLES: "publicGetV5MarketKline",
    Kind.OI: "publicGetV5MarketOpenInterest",
    Kind.GLOBAL_LS: "publicGetV5MarketAccountRatio",
    Kind.FUNDING: "publicGetV5MarketFundingHistory",
}
_PERIOD: Mapping[Kind, Mapping[str, str | int]] = {
    Kind.CANDLES: {"interval": "5"},
    Kind.OI: {"intervalTime": "5min"},
    Kind.GLOBAL_LS: {"period": "5min"},
    Kind.FUNDING: {},
}
_CANDLE: Mapping[str, parse.Key] = {
    "open": 1,
    "high": 2,
    "low": 3,
    "close": 4,
    "volume": 5,
    "quote_volume": 6,
}


class Bybit(Adapter):
    """Bybit v5, category linear."""

    id = "bybit"
    kinds = frozenset(_ENDPOINTS)
    unpublished: Mapping[str, str] = {
        "taker_buy": NO_TAKER,
        "taker_sell": NO_TAKER,
        "imbalance": NO_TAKER,
        "cvd": NO_TAKER,
        "top_ls": "no ratio of top traders",
    }
    page_rows: Mapping[Kind, int] = {
        Kind.CANDLES: 1000,
        Kind.OI: 200,
        Kind.GLOBAL_LS: 500,
        Kind.FUNDING: 200,
    }
    depth_rows: Mapping[Kind, int | None] = dict.fromkeys(_ENDPOINTS)
    budget_of: Mapping[Kind, str] = dict.fromkeys(_ENDPOINTS, "all")
    limits: Mapping[str, Limit] = {"all": Limit(600, 5)}
    time_request = Request("publicGetV5MarketTime", budget="all")

    def failure(self, answer: Answer) -> ExchangeError | None:
        """Bybit's return codes and the two meanings of its 403. Pure."""
        code = answer.code("retCode", "ret_code")
        if code in BAN_CODES or (answer.status == 403 and "access too frequent" in answer.body.lower()):
            return banned(answer, TOO_FREQUENT_BAN_S)
        if code in THROTTLE_CODES:
            return throttled(answer, TOO_MANY_S)
        if code in BLOCK_CODES:
            return BlockedError(self.id, f"refused by location: {answer.says()}")
        if code == "10001" and "symbol" in answer.body.lower():
            gone = PairGoneError if answer.pair else UnpublishedError
            return gone(self.id, answer.says())
        failed = http_failure(answer)
        if failed is None and code not in (None, "0"):
            return TransientError(self.id, answer.says())
        return failed

    def read_time(self, payload: object) -> object:
        """The answer's own time."""
        return parse.mapping(self.id, payload, "time").get("time")

    async def list_markets(self) -> tuple[Sequence[Market], Mapping[str, float | None]]:
        """From the instruments, page by page, and the tickers."""
        listed, tickers = await together(self._instruments(), self.bulk(_TICKERS, self._read_list))
        found = [
            Market(
                exchange=self.id,
                symbol=self.symbol_of(str(row["baseCoin"])),
                id=id_,
                base=self.coin_of(str(row["baseCoin"])),
                listed_ts=parse.stamp(row.get("launchTime")),
                funding_interval_h=_hours(row.get("fundingInterval")),
            )
            for id_, row in listed.items()
            if self._fits(row)
        ]
        return found, {id_: parse.non_negative(row.get("turnover24h")) for id_, row in tickers.items()}

    async def _instruments(self) -> ById:
        found: dict[str, Mapping[str, object]] = {}
        cursors = [""]

        def read(payload: object) -> ById:
            cursors.append(str(self._result(payload).get("nextPageCursor") or ""))
            return self._read_list(payload)

        for _ in range(MOST_LIST_PAGES):
            params: dict[str, str | int] = {"category": "linear", "limit": 1000}
            if cursors[-1]:
                params["cursor"] = cursors[-1]
            page = await self.bulk(Request("publicGetV5MarketInstrumentsInfo", params, "all"), read)
            nothing_new = page.keys() <= found.keys()
            found |= page
            if nothing_new or not cursors[-1]:
                break
        return found

    def _fits(self, row: Mapping[str, object]) -> bool:
        return (
            row.get("contractType") == "LinearPerpetual"
            and row.get("status") == "Trading"
            and row.get("quoteCoin") == SETTLE
            and row.get("settleCoin", SETTLE) == SETTLE
            and (self.tradfi or row.get("symbolType") not in TRADFI_TYPES)
            and bool(row.get("baseCoin"))
            and bool(row.get("symbol"))
        )

    async def tickers(self) -> Mapping[str, Ticker]:
        """One request: price, mark, funding and open interest of all pairs."""
        symbols = await self.known_symbols()
        at = 0

        def read(payload: object) -> ById:
            nonlocal at
            at = parse.stamp(self.read_time(payload)) or 0
            if not at:
                raise PayloadError(self.id, "tickers without a time")
            return self._read_list(payload)

        rows = await self.bulk(_TICKERS, read)
        self.transport.heard_time(at)
        known = [(symbols[id_], row) for id_, row in rows.items() if id_ in symbols]
        return {symbol: read_ticker(symbol, at, row) for symbol, row in known}

    async def page(self, kind: Kind, market: Market, limit: int, end: int | None) -> Request:
        """Pages by end time, inclusive; 5-minute history is asked for with both sides named."""
        params: dict[str, str | int] = {"category": "linear", "symbol": market.id, "limit": limit}
        params |= _PERIOD[kind]
        if end is not None and kind is Kind.CANDLES:
            params["end"] = end
        elif end is not None:
            params["endTime"] = end
            if kind is not Kind.FUNDING:
                params["startTime"] = max(0, end - limit * parse.BASE_MS + 1)
        return Request(_ENDPOINTS[kind], params, "all", pair=True)

    def read(self, kind: Kind, payload: object) -> Rows:
        """Rows of a page: the list is newest first."""
        result = self._result(payload).get("list")
        if kind is Kind.CANDLES:
            return parse.rows(self.id, kind, result, 0, _CANDLE)
        rows = parse.objects(self.id, result, kind)
        if kind is Kind.OI:
            levels: list[object] = [[row.get("timestamp"), _one_side(row, "openInterest")] for row in rows]
            return parse.rows(self.id, kind, levels, 0, {"oi_contracts": 1})
        if kind is Kind.GLOBAL_LS:
            ratios: list[object] = [[row.get("timestamp"), _ratio(row)] for row in rows]
            return parse.rows(self.id, kind, ratios, 0, {"ratio": 1})
        return parse.rows(self.id, kind, rows, "fundingRateTimestamp", {"rate": "fundingRate"})

    def _result(self, payload: object) -> Mapping[str, object]:
        return parse.mapping(self.id, parse.mapping(self.id, payload, "answer").get("result"), "result")

    def _read_list(self, payload: object) -> ById:
        return parse.by_id(self.id, self._result(payload).get("list"), "symbol", "list")


_TICKERS = Request("publicGetV5MarketTickers", {"category": "linear"}, "all")


def read_ticker(symbol: str, at: int, row: Mapping[str, object]) -> Ticker:
    """Live values of a row of the tickers as it stood at `at`."""
    return Ticker(
        symbol=symbol,
        ts=at,
        price=parse.positive(row.get("lastPrice")),
        mark_price=parse.positive(row.get("markPrice")),
        quote_volume=parse.non_negative(row.get("turnover24h")),
        funding_next=parse.number(row.get("fundingRate")),
        funding_next_ts=parse.stamp(row.get("nextFundingTime")),
        oi_contracts=parse.positive(_one_side(row, "openInterest")),
        oi_usd=parse.positive(_one_side(row, "openInterestValue")),
        oi_ts=at,
    )


def _one_side(row: Mapping[str, object], both: str) -> object:
    """The single-sided value where given, else half of `both`; what is no number, as it came."""
    single = row.get("single" + both[0].upper() + both[1:])
    if single not in (None, ""):
        return single
    value = parse.number(row.get(both))
    return row.get(both) if value is None else value / 2


def _ratio(row: Mapping[str, object]) -> object:
    """Long over short; the two raw shares where that is no number."""
    buy, sell = parse.positive(row.get("buyRatio")), parse.positive(row.get("sellRatio"))
    return (row.get("buyRatio"), row.get("sellRatio")) if buy is None or sell is None else buy / sell


def _hours(minutes: object) -> float | None:
    value = parse.positive(minutes)
    return None if value is None else value / 60
