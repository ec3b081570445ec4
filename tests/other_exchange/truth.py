"""What a correct reader of this server must have stored, as plain dictionaries.

All keys are bar open times in milliseconds; `start` and `end` bound bar opens, end excluded.
Levels belong to the bar at whose close they stand, open interest is one side in base units of the
symbol, funding is the last settled rate at or before the close.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from other_exchange.config import BAR, DAY, HOUR
from other_exchange.markets import BYBIT, OKX, Listing
from other_exchange.model import Model
from other_exchange.wire import binance_ratio, bybit_shares, okx_ratio

type Number = float | int | None
type Row = dict[str, Number]

SPAN = {"5m": BAR, "15m": 3 * BAR}
SUMS = ("volume", "quote_volume", "taker_buy", "taker_sell")
LAST = ("close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls", "funding", "funding_interval_h")


class Truth:
    """The values behind one server."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._by_key = {(x.exchange, x.symbol): x for x in model.config.listings if x.kind == "perp"}

    def symbols(self, exchange: str) -> list[str]:
        """Unified symbols that must be tracked."""
        return sorted(s for e, s in self._by_key if e == exchange)

    def decoys(self, exchange: str) -> list[str]:
        """Unified symbols that stand in the lists and must not be tracked."""
        return sorted(
            x.symbol for x in self.model.config.listings if x.exchange == exchange and x.kind != "perp"
        )

    def listing(self, exchange: str, symbol: str) -> Listing:
        return self._by_key[exchange, symbol]

    def base(self, exchange: str, symbol: str) -> str:
        """The coin behind a symbol (MOON for 1000MOON)."""
        return self.listing(exchange, symbol).coin

    def first_ts(self, exchange: str, symbol: str) -> int:
        """Open time of the pair's first bar ever."""
        return self.model.first(self.listing(exchange, symbol)) * BAR

    def _stamps(self, listing: Listing, start: int, end: int) -> Iterator[int]:
        first = max(-(-start // BAR), self.model.first(listing))
        halted = self.model.halted(listing)
        return (i * BAR for i in range(first, -(-end // BAR)) if i * BAR not in halted)

    def bars(self, exchange: str, symbol: str, start: int, end: int) -> dict[int, Row]:
        """Open, high, low, close, volume, quote_volume, taker_buy, taker_sell of each 5m bar."""
        listing = self.listing(exchange, symbol)
        out: dict[int, Row] = {}
        for ts in self._stamps(listing, start, end):
            bar = self.model.bar(listing, ts // BAR)
            row: Row = {
                name: float(getattr(bar, name)) for name in ("open", "high", "low", "close", "volume")
            }
            published = exchange != BYBIT
            row["quote_volume"] = float(bar.quote)
            row["taker_buy"] = float(bar.taker_buy) if published else None
            row["taker_sell"] = float(bar.volume - bar.taker_buy) if published else None
            out[ts] = row
        return out

    def oi(self, exchange: str, symbol: str, start: int, end: int) -> dict[int, Row]:
        """`oi_contracts` (base, one side) and `oi_abs_usd` at each bar's close."""
        listing = self.listing(exchange, symbol)
        out: dict[int, Row] = {}
        for ts in self._stamps(listing, start, end):
            boundary = ts // BAR + 1
            base = float(self.model.oi(listing, boundary) * listing.ct_val)
            usd = float(self.model.oi_usd(listing, boundary))
            if exchange == BYBIT:  # no USD history there: base times the bar's close
                usd = base * float(self.model.bar(listing, ts // BAR).close)
            # zero is no open interest but a fault of the feed: unknown
            out[ts] = {"oi_contracts": base or None, "oi_abs_usd": usd or None}
        return out

    def global_ls(self, exchange: str, symbol: str, start: int, end: int) -> dict[int, Number]:
        """Long / short accounts of all traders at each bar's close."""
        return self._ratio("global", exchange, symbol, start, end)

    def top_ls(self, exchange: str, symbol: str, start: int, end: int) -> dict[int, Number]:
        """Long / short positions of top traders at each bar's close; None where not published."""
        locked = exchange == "binanceusdm" and self.model.config.binance_top_needs_key
        if exchange == BYBIT or locked:
            return dict.fromkeys(self._stamps(self.listing(exchange, symbol), start, end))
        return self._ratio("top_positions", exchange, symbol, start, end)

    def _ratio(self, series: str, exchange: str, symbol: str, start: int, end: int) -> dict[int, Number]:
        listing = self.listing(exchange, symbol)
        out: dict[int, Number] = {}
        for ts in self._stamps(listing, start, end):
            share = self.model.share(listing, series, ts // BAR + 1)
            if exchange == BYBIT:
                long, short = bybit_shares(share)
                out[ts] = float(Decimal(long) / Decimal(short))
            else:
                out[ts] = float(okx_ratio(share) if exchange == OKX else binance_ratio(share))
        return out

    def settlements(self, exchange: str, symbol: str, start: int, end: int) -> list[tuple[int, float]]:
        """(time, settled rate) in [start, end], oldest first."""
        listing = self.listing(exchange, symbol)
        times = self.model.settlements(listing, start, end)
        return [(t, float(self.model.rate(listing, t))) for t in times]

    def funding(self, exchange: str, symbol: str, start: int, end: int) -> dict[int, Row]:
        """`funding` and `funding_interval_h` of each bar."""
        listing = self.listing(exchange, symbol)
        settled = self.model.settlements(listing, start - DAY, end + BAR)
        out: dict[int, Row] = {}
        for ts in self._stamps(listing, start, end):
            past = [t for t in settled if t <= ts + BAR]
            rate = float(self.model.rate(listing, past[-1])) if past else None
            stated = self.model.interval(listing, self.model.start * BAR)
            interval = (past[-1] - past[-2]) / HOUR if len(past) > 1 else stated
            out[ts] = {"funding": rate, "funding_interval_h": interval}
        return out

    def rows(self, exchange: str, symbol: str, timeframe: str, start: int, end: int) -> dict[int, Row]:
        """Whole rows by the columns of the product, 5m or resampled to 15m."""
        span = SPAN[timeframe]
        first, last = -(-start // span) * span, end if span == BAR else -(-end // span) * span
        base = self.bars(exchange, symbol, first, last)
        for part in (self.oi, self.funding):
            for ts, row in part(exchange, symbol, first, last).items():
                base[ts].update(row)
        for name, ratio in (("global_ls", self.global_ls), ("top_ls", self.top_ls)):
            for ts, value in ratio(exchange, symbol, first, last).items():
                base[ts][name] = value
        return base if span == BAR else _resampled(base, span)


def _resampled(base: dict[int, Row], span: int) -> dict[int, Row]:
    """Windows of `span` all of whose base bars exist: aggregates, levels of the last bar."""
    out: dict[int, Row] = {}
    for ts in sorted({t // span * span for t in base}):
        window = [base.get(t) for t in range(ts, ts + span, BAR)]
        bars = [bar for bar in window if bar is not None]
        if len(bars) < len(window):
            continue
        row: Row = {"open": bars[0]["open"]}
        row["high"] = max(_numbers(bars, "high"))
        row["low"] = min(_numbers(bars, "low"))
        for name in SUMS:
            values = _numbers(bars, name)
            row[name] = sum(values) if len(values) == len(bars) else None
        row.update({name: bars[-1][name] for name in LAST})
        out[ts] = row
    return out


def _numbers(bars: list[Row], name: str) -> list[float]:
    return [value for bar in bars if (value := bar[name]) is not None]
