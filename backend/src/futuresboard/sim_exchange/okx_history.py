"""OKX v5: candles, funding history and the trading statistics (rubik)."""

from __future__ import annotations

import numpy as np

from futuresboard.sim_exchange.hashing import F64
from futuresboard.sim_exchange.okx import Okx, coins, contracts
from futuresboard.sim_exchange.series import Candles, History, Span
from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS, Instrument
from futuresboard.sim_exchange.venue import Endpoint, World
from futuresboard.sim_exchange.wire import Query, floats, plain, trimmed

_UTC8 = -8 * HOUR_MS
_SHORT = {"1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000}
_HOURS = {"1H": HOUR_MS, "2H": 2 * HOUR_MS, "4H": 4 * HOUR_MS}
_LONG = {"6H": 6 * HOUR_MS, "12H": 12 * HOUR_MS, "1D": DAY_MS}
# Bars from 6 hours up open at midnight in Hong Kong unless they end in utc.
BARS: dict[str, tuple[int, int]] = {
    **{name: (period, 0) for name, period in (_SHORT | _HOURS).items()},
    **{name: (period, _UTC8 % period) for name, period in _LONG.items()},
    **{f"{name}utc": (period, 0) for name, period in _LONG.items()},
}
ENTRIES = 1440
FUNDING_DEPTH_MS = 92 * DAY_MS


class OkxSwaps(Okx):
    """OKX with everything that has a time range."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        api, stat = "/okx/api/v5/", "/okx/api/v5/rubik/stat/"
        ranged: dict[str, Endpoint] = {
            f"{api}market/candles": lambda q: self.candles(q, latest_only=True),
            f"{api}market/history-candles": lambda q: self.candles(q, latest_only=False),
            f"{api}public/funding-rate-history": self.funding_rate_history,
            f"{stat}contracts/open-interest-history": self.open_interest_history,
            f"{stat}taker-volume-contract": self.taker_volume,
            **{f"{stat}contracts/{path}": self._ratio_endpoint(path, who) for path, who in _RATIOS.items()},
        }
        self.routes |= ranged

    def _ratio_endpoint(self, path: str, who: str) -> Endpoint:
        return lambda query: self._ratio(query, path, who)

    # --- candles -----------------------------------------------------------------------------
    def candles(self, query: Query, *, latest_only: bool) -> bytes:
        """Candles, newest first; `after` means older than, `before` newer than (both exclusive)."""
        _, row, _ = self.instrument(query)
        limit = self.limit(query, 100, 300)
        found = BARS.get(query.get("bar", "1m"))
        if found is None:
            self.refuse("51000", "Parameter bar error")
        period, offset = found
        since, until = self._window(query, "before", "after")
        if latest_only:
            oldest = (self.now - offset) // period - ENTRIES + 1
            since = max(since or 0, oldest * period + offset)
        c = self.series.candles(row, self.now, period, Span(limit, since, until), offset)
        price = row.price_decimals
        columns = (
            [str(ts) for ts in c.ts.tolist()],
            *(trimmed(prices, price) for prices in (c.open, c.high, c.low, c.close)),
            contracts(row, c.volume, c.close),
            coins(row, c.volume),
            trimmed(c.quote, 4),
            ["1" if closed else "0" for closed in c.closed.tolist()],
        )
        return self.ok(list(zip(*columns, strict=True))[::-1])

    def _window(self, query: Query, newer: str, older: str) -> tuple[int | None, int | None]:
        since, until = self.number(query, newer), self.number(query, older)
        return None if since is None else since + 1, None if until is None else until - 1

    # --- funding -----------------------------------------------------------------------------
    def funding_rate_history(self, query: Query) -> bytes:
        """Settled funding of the last three months, newest first; realizedRate is what was paid."""
        _, row, _ = self.instrument(query)
        since, until = self._window(query, "before", "after")
        since = max(since or 0, self.now - FUNDING_DEPTH_MS)
        times, rates = self.series.settlements(row, self.now, Span(self.limit(query, 400, 400), since, until))
        drift = (times // HOUR_MS % 7) * 3.1e-9
        rows = [
            {
                "formulaType": "withRate",
                "fundingRate": plain(rate + off, 13),
                "fundingTime": str(ts),
                "instId": row.id,
                "instType": "SWAP",
                "method": "current_period",
                "realizedRate": plain(rate, 13),
            }
            for ts, rate, off in zip(times.tolist(), rates.tolist(), drift.tolist(), strict=True)
        ]
        return self.ok(rows[::-1])

    # --- trading statistics ------------------------------------------------------------------
    def _asked(self, query: Query) -> tuple[Instrument, int, Span]:
        """(instrument, period, span): at most 100 rows of the latest 1440; bounds exclusive."""
        _, row, _ = self.instrument(query)
        found = BARS.get(query.get("period", "5m"))
        if found is None or found[0] < 300_000:
            self.refuse("51000", "Parameter period error")
        period = found[0]
        since, until = self._window(query, "begin", "end")
        oldest = (self.now // period - ENTRIES + 1) * period
        return row, period, Span(self.limit(query, 100, 100), max(since or 0, oldest), until)

    def _history(self, query: Query, path: str) -> tuple[Instrument, History]:
        row, period, span = self._asked(query)
        delay = self.publish_delay(f"/okx/api/v5/rubik/stat/contracts/{path}", row.id)
        return row, self.series.history(row, self.now, period, span, delay_ms=delay)

    def open_interest_history(self, query: Query) -> bytes:
        """[ts, contracts, base coin, USD], newest first."""
        row, h = self._history(query, "open-interest-history")
        usd = np.array([row.quantity(oi) for oi in h.levels.oi.tolist()]) * h.mark
        columns = (
            [str(ts) for ts in h.ts.tolist()],
            contracts(row, h.levels.oi, h.levels.price),
            coins(row, h.levels.oi),
            floats(usd, 2),
        )
        return self.ok(list(zip(*columns, strict=True))[::-1])

    def _ratio(self, query: Query, path: str, who: str) -> bytes:
        """[ts, long/short ratio], newest first."""
        _, h = self._history(query, path)
        shares: F64 = {
            "global": h.levels.longs,
            "accounts": h.levels.top_accounts,
            "positions": h.levels.top_positions,
        }[who]
        ratios = [str(ratio) for ratio in (shares / (1 - shares)).tolist()]
        stamps = [str(ts) for ts in h.ts.tolist()]
        return self.ok(list(zip(stamps, ratios, strict=True))[::-1])

    def taker_volume(self, query: Query) -> bytes:
        """[ts, SELL volume, BUY volume], newest first; contracts unless `unit` says otherwise."""
        row, period, span = self._asked(query)
        unit = query.get("unit", "1")
        if unit not in ("0", "1", "2"):
            self.refuse("51000", "Parameter unit error")
        delay = self.publish_delay("/okx/api/v5/rubik/stat/taker-volume-contract", row.id)
        c = self.series.taker(row, self.now, period, span, delay_ms=delay)
        sells, buys = _in_unit(row, c, unit)
        return self.ok(list(zip([str(ts) for ts in c.ts.tolist()], sells, buys, strict=True))[::-1])


def _in_unit(row: Instrument, c: Candles, unit: str) -> tuple[list[str], list[str]]:
    sells = c.volume - c.taker_buy
    if unit == "0":
        return coins(row, sells), coins(row, c.taker_buy)
    if unit == "1":
        return contracts(row, sells, c.close), contracts(row, c.taker_buy, c.close)
    return trimmed(c.quote - c.taker_quote, 4), trimmed(c.taker_quote, 4)


_RATIOS = {
    "long-short-account-ratio-contract": "global",
    "long-short-account-ratio-contract-top-trader": "accounts",
    "long-short-position-ratio-contract-top-trader": "positions",
}
