"""OKX linear swaps: what differs from the shared adapter.

Volumes and open interest come in contracts and in base coin; the base coin is taken. Taker volume
and all ratios are series of their own, with limits per path and instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from futuresboard.clock import Clock
from futuresboard.errors import (
    ExchangeError,
    PairGoneError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges import parse
from futuresboard.exchanges.adapter import SETTLE, Adapter, log, together
from futuresboard.exchanges.client import Request
from futuresboard.exchanges.failures import Answer, http_failure, throttled
from futuresboard.exchanges.pacing import Limit
from futuresboard.exchanges.parse import ById
from futuresboard.model import MS_PER_HOUR, Kind, Market, Rows, Ticker

RECENT_ROWS = 1440
"""What market/candles and the rubik series reach back."""
TOO_MANY_S = 2.0
TRADFI_CATEGORIES = frozenset({"3", "4", "5", "6"})
THROTTLE_CODES = frozenset({"50011", "50061"})

_RUBIK = {
    Kind.OI: "publicGetRubikStatContractsOpenInterestHistory",
    Kind.GLOBAL_LS: "publicGetRubikStatContractsLongShortAccountRatioContract",
    Kind.TOP_LS: "publicGetRubikStatContractsLongShortPositionRatioContractTopTrader",
    Kind.TAKER: "publicGetRubikStatTakerVolumeContract",
}
_COLUMNS: Mapping[Kind, tuple[parse.Key, Mapping[str, parse.Key]]] = {
    Kind.CANDLES: (0, {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 6, "quote_volume": 7}),
    Kind.OI: (0, {"oi_contracts": 2, "oi_usd": 3}),
    Kind.GLOBAL_LS: (0, {"ratio": 1}),
    Kind.TOP_LS: (0, {"ratio": 1}),
    Kind.TAKER: (0, {"sell": 1, "buy": 2}),
    Kind.FUNDING: ("fundingTime", {"rate": "realizedRate"}),
}
_PER_IP = {kind: f"rubik {kind}" for kind in _RUBIK}


class Okx(Adapter):
    """OKX v5, linear USDT swaps."""

    id = "okx"
    confirms_candles = True
    kinds = frozenset(_COLUMNS)
    unpublished: Mapping[str, str] = {}
    page_rows: Mapping[Kind, int] = {
        **dict.fromkeys(_COLUMNS, 100),
        Kind.CANDLES: 300,
    }
    depth_rows: Mapping[Kind, int | None] = {
        **dict.fromkeys(_RUBIK, RECENT_ROWS),
        Kind.CANDLES: None,
        Kind.FUNDING: None,
    }
    budget_of: Mapping[Kind, str] = {
        **_PER_IP,
        Kind.CANDLES: "candles",
        Kind.FUNDING: "funding-rate-history",
    }
    limits: Mapping[str, Limit] = {
        "time": Limit(10, 2),
        "instruments": Limit(20, 2),
        "tickers": Limit(20, 2),
        "open-interest": Limit(20, 2, per_key=True),
        "funding-rate": Limit(10, 2, per_key=True),
        "mark-price": Limit(10, 2, per_key=True),
        "candles": Limit(40, 2),
        "history-candles": Limit(20, 2),
        "funding-rate-history": Limit(10, 2, per_key=True),
        **{name: Limit(10 if kind is Kind.OI else 5, 2, per_key=True) for kind, name in _PER_IP.items()},
    }

    time_request = Request("publicGetPublicTime", budget="time")

    def __init__(
        self,
        *,
        url_override: str | None = None,
        concurrency: int = 8,
        clock: Clock,
        tradfi: bool = False,
        rubik_per_ip: bool = False,
    ) -> None:
        super().__init__(url_override=url_override, concurrency=concurrency, clock=clock, tradfi=tradfi)
        self.rubik_per_ip = False
        if rubik_per_ip:
            self._limit_rubik_per_ip()

    def failure(self, answer: Answer) -> ExchangeError | None:
        """OKX's codes over the HTTP status. Pure."""
        code = answer.code("code")
        if code in THROTTLE_CODES or answer.status == 429:
            return throttled(answer, TOO_MANY_S)
        if code == "51001":
            gone = PairGoneError if answer.pair else UnpublishedError
            return gone(self.id, answer.says())
        if code is not None and code.startswith("51") and not answer.pair:
            return UnpublishedError(self.id, answer.says())
        failed = http_failure(answer)
        if failed is None and code not in (None, "0"):
            return TransientError(self.id, answer.says())
        return failed

    def read_time(self, payload: object) -> object:
        """`ts` of the one row."""
        data = parse.objects(self.id, parse.mapping(self.id, payload, "time").get("data"), "time")
        return data[0].get("ts") if data else None

    async def list_markets(self) -> tuple[Sequence[Market], Mapping[str, float | None]]:
        """From the instruments, the tickers and, for the funding interval, the funding rates."""
        listed, tickers, rates = await together(
            self.bulk(Request("publicGetPublicInstruments", _SWAPS, "instruments"), self._read_by_id),
            self.bulk(_TICKERS, self._read_by_id),
            self.optional("funding rates", _FUNDING, self._read_by_id),
        )
        found = [
            Market(
                exchange=self.id,
                symbol=self.symbol_of(_coin(row)),
                id=id_,
                base=self.coin_of(_coin(row)),
                contract_size=_contract_size(row) or 1.0,
                listed_ts=parse.stamp(row.get("listTime")),
                funding_interval_h=_interval_h(rates.get(id_, {})),
            )
            for id_, row in listed.items()
            if self._fits(row)
        ]
        return found, {id_: _quote_volume(row) for id_, row in tickers.items()}

    def _fits(self, row: Mapping[str, object]) -> bool:
        return (
            row.get("instType") == "SWAP"
            and row.get("ctType") == "linear"
            and row.get("settleCcy") == SETTLE
            and row.get("state") == "live"
            and (self.tradfi or str(row.get("instCategory", "")) not in TRADFI_CATEGORIES)
            and bool(row.get("instId"))
            and bool(_coin(row))
        )

    async def tickers(self) -> Mapping[str, Ticker]:
        """Tickers, and where they answer open interest, funding and mark prices: four requests."""
        symbols = await self.known_symbols()
        rows, *parts = await together(
            self.bulk(_TICKERS, self._read_by_id),
            self.optional("open interest", _OPEN_INTEREST, self._read_by_id),
            self.optional("funding rates", _FUNDING, self._read_by_id),
            self.optional("mark prices", _MARKS, self._read_by_id),
        )
        answer: dict[str, Ticker] = {}
        for id_, row in rows.items():
            at = parse.stamp(row.get("ts"))
            if id_ in symbols and at is not None:
                answer[symbols[id_]] = read_ticker(
                    symbols[id_], at, row, *(part.get(id_, {}) for part in parts)
                )
        return answer

    async def rows(
        self, kind: Kind, market: Market, *, limit: int, end: int | None = None, background: bool = False
    ) -> Rows:
        """As every exchange; a rubik path that refuses for its rate is paced per address from then on.

        Whoever was sent or waiting under the laxer reading then queues once more.
        """
        strict = self.rubik_per_ip
        try:
            return await super().rows(kind, market, limit=limit, end=end, background=background)
        except ThrottledError as error:
            if kind not in _RUBIK or error.ban or strict:
                raise
            if not self.rubik_per_ip:
                log.warning("okx: %s; its statistics are paced per address from now on", error.reason)
                self._limit_rubik_per_ip()
        return await super().rows(kind, market, limit=limit, end=end, background=background)

    def _limit_rubik_per_ip(self) -> None:
        self.rubik_per_ip = True
        for name in _PER_IP.values():
            old = self.limits[name]
            self.transport.relimit(name, Limit(old.limit, old.window_s))

    async def page(self, kind: Kind, market: Market, limit: int, end: int | None) -> Request:
        """Pages older than a stamp, which is excluded: hence the millisecond after `end`."""
        params: dict[str, str | int] = {"instId": market.id, "limit": limit}
        if kind in _RUBIK:
            params["period"] = "5m"
            if kind is Kind.TAKER:
                params["unit"] = 0
            if end is not None:
                params["end"] = end + 1
            return Request(_RUBIK[kind], params, _PER_IP[kind], market.id, pair=True)
        if end is not None:
            params["after"] = end + 1
        if kind is Kind.FUNDING:
            endpoint = "publicGetPublicFundingRateHistory"
            return Request(endpoint, params, "funding-rate-history", market.id, pair=True)
        params["bar"] = "5m"
        if end is not None and await self._is_behind_recent(end - (limit - 1) * parse.BASE_MS):
            return Request("publicGetMarketHistoryCandles", params, "history-candles", pair=True)
        return Request("publicGetMarketCandles", params, "candles", pair=True)

    async def _is_behind_recent(self, oldest: int) -> bool:
        """Whether a candle is, or within the next bar will be, older than market/candles reaches."""
        now = self.transport.exchange_now_ms()
        if now is None:
            now = await self.server_time()
        return oldest < int(now) // parse.BASE_MS * parse.BASE_MS - (RECENT_ROWS - 2) * parse.BASE_MS

    def read(self, kind: Kind, payload: object) -> Rows:
        """Rows of a page: the list is newest first, its candles say whether they are closed."""
        at, columns = _COLUMNS[kind]
        data = parse.mapping(self.id, payload, kind).get("data")
        if kind is Kind.CANDLES and isinstance(data, list):
            data = [row for row in data if not (isinstance(row, list) and row[8:9] == ["0"])]
        return parse.rows(self.id, kind, data, at, columns)

    def _read_by_id(self, payload: object) -> ById:
        data = parse.mapping(self.id, payload, "answer").get("data")
        return parse.by_id(self.id, data, "instId", "data")


_SWAPS: Mapping[str, str | int] = {"instType": "SWAP"}
_TICKERS = Request("publicGetMarketTickers", _SWAPS, "tickers")
_OPEN_INTEREST = Request("publicGetPublicOpenInterest", _SWAPS, "open-interest")
_FUNDING = Request("publicGetPublicFundingRate", {"instId": "ANY"}, "funding-rate", "ANY")
_MARKS = Request("publicGetPublicMarkPrice", _SWAPS, "mark-price")


def read_ticker(
    symbol: str,
    at: int,
    row: Mapping[str, object],
    level: Mapping[str, object],
    funding: Mapping[str, object],
    mark: Mapping[str, object],
) -> Ticker:
    """Live values of one swap from its rows of four series; an empty row leaves its values unknown."""
    return Ticker(
        symbol=symbol,
        ts=at,
        price=parse.positive(row.get("last")),
        mark_price=parse.positive(mark.get("markPx")),
        quote_volume=_quote_volume(row),
        funding_next=parse.number(funding.get("fundingRate")),
        funding_next_ts=parse.stamp(funding.get("fundingTime")),
        oi_contracts=parse.positive(level.get("oiCcy")),
        oi_usd=parse.positive(level.get("oiUsd")),
        oi_ts=parse.stamp(level.get("ts")),
    )


def _coin(row: Mapping[str, object]) -> str:
    """The base coin: of a swap it stands in the underlying (BTC-USDT)."""
    return str(row.get("uly") or row.get("instId") or "").split("-")[0]


def _contract_size(row: Mapping[str, object]) -> float | None:
    value, times = parse.positive(row.get("ctVal")), parse.positive(row.get("ctMult"))
    return None if value is None else value * (times or 1.0)


def _quote_volume(row: Mapping[str, object]) -> float | None:
    """24 h volume of a swap is base coin here (`volCcy24h`), so it is valued at the last price."""
    volume, last = parse.non_negative(row.get("volCcy24h")), parse.positive(row.get("last"))
    return None if volume is None or last is None else volume * last


def _interval_h(row: Mapping[str, object]) -> float | None:
    """Distance of the next two settlements."""
    first, second = parse.stamp(row.get("fundingTime")), parse.stamp(row.get("nextFundingTime"))
    if first is None or second is None or second <= first:
        return None
    return (second - first) / MS_PER_HOUR
