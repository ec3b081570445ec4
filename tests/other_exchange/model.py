"""Deterministic market arithmetic: every number is a function of (listing, bar index) alone.

Bar index i covers [i * 5 min, (i + 1) * 5 min); boundary b is the instant b * 5 min, so bar i
closes at boundary i + 1. All values are decimals at the precision that goes over the wire.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from other_exchange.config import BAR, DAY, HOUR, OtherConfig
from other_exchange.markets import BINANCE, BYBIT, OKX, Listing

_MASK = (1 << 64) - 1
_QUOTE_DIGITS = {BINANCE: Decimal("0.0000001"), BYBIT: Decimal("0.0001"), OKX: Decimal("0.00000001")}


def _mix(seed: int, n: int) -> int:
    """Splitmix64 of (seed, n)."""
    z = (seed * 0x9E3779B97F4A7C15 + n * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


@lru_cache(maxsize=4096)
def _seed(*parts: str) -> int:
    return zlib.crc32("|".join(parts).encode())


def _u(seed: int, n: int) -> float:
    """Uniform in [0, 1)."""
    return _mix(seed, n) / 2**64


def _smooth(seed: int, n: int, period: int) -> float:
    """Value noise in [-1, 1): straight lines between random points `period` apart."""
    k, rest = divmod(n, period)
    a, b = _u(seed + period, k), _u(seed + period, k + 1)
    return 2 * (a + (b - a) * rest / period) - 1


def _wave(seed: int, n: int, amps: tuple[tuple[int, float], ...], jitter: float) -> float:
    total = sum(amp * _smooth(seed, n, period) for period, amp in amps)
    return math.exp(total + jitter * (2 * _u(seed, n) - 1))


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle, wire precision; volumes in base units of the symbol, `contracts` as OKX counts."""

    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote: Decimal
    taker_buy: Decimal
    taker_quote: Decimal
    contracts: Decimal
    taker_contracts: Decimal
    trades: int


class Model:
    """Values of one server's listings; `start_ms` fixes what counts as newly listed."""

    def __init__(self, config: OtherConfig, start_ms: int) -> None:
        self.config = config
        self.start = start_ms // BAR
        self.bar = lru_cache(maxsize=200_000)(self._bar)
        self.day = lru_cache(maxsize=2_000)(self._day)

    def first(self, listing: Listing) -> int:
        """Index of the listing's first bar."""
        return self.start - (120_000 if listing.age_bars is None else listing.age_bars)

    def halted(self, listing: Listing, shift: int = 0) -> range:
        """Open times of the bars in which trading stood still, `shift` later."""
        if listing.halt is None:
            return range(0)
        first, end = listing.halt
        return range((self.start - first) * BAR + shift, (self.start - end) * BAR + shift, BAR)

    def _price(self, listing: Listing, boundary: int) -> float:
        """Price of one unit of the symbol at a boundary; exchanges differ by up to 0.05 %."""
        wave = _wave(_seed("price", listing.coin), boundary, ((12, 0.004), (96, 0.02), (700, 0.06)), 0.002)
        basis = 1 + 0.0005 * (2 * _u(_seed("basis", listing.exchange, listing.coin), boundary) - 1)
        return listing.price * listing.unit * wave * basis

    def ticks(self, listing: Listing, boundary: int) -> int:
        return max(4, round(self._price(listing, boundary) / float(listing.tick)))

    def mark(self, listing: Listing, boundary: int) -> Decimal:
        """Mark price: the price path itself, two digits finer than the tick."""
        return Decimal(round(self._price(listing, boundary) / float(listing.tick) * 100)) * listing.tick / 100

    def _bar(self, listing: Listing, index: int) -> Bar:
        seed = _seed("bar", listing.exchange, listing.id)
        units = self._volume_units(listing, index)
        opening, closing = self.ticks(listing, index), self.ticks(listing, index + 1)
        if units == 0:
            return self._make(listing, index, (opening,) * 4, 0, 0)
        if _mix(seed, index) % 4 == 0:
            opening += _mix(seed + 1, index) % 3 - 1
        reach = max(2, opening // 800)
        high = max(opening, closing) + _mix(seed + 2, index) % reach
        low = max(1, min(opening, closing) - _mix(seed + 3, index) % reach)
        share = 0.3 + 0.4 * _u(seed + 4, index)
        if _mix(seed + 5, index) % 50 == 0:
            share = 0.97
        return self._make(listing, index, (opening, high, low, closing), units, int(units * share))

    def _volume_units(self, listing: Listing, index: int) -> int:
        seed = _seed("volume", listing.exchange, listing.id)
        if listing.thin and _mix(seed, index) % 4 == 0:
            return 0
        usd = listing.daily_volume_usd / 288 * _wave(seed + 1, index, ((24, 0.6), (288, 0.4)), 0.7)
        if listing.exchange == BYBIT:
            usd *= 0.61
        elif listing.exchange == OKX:
            usd *= 0.37
        step = float(listing.step * listing.ct_val)
        return max(1, int(usd / (listing.price * listing.unit) / step))

    def _make(self, listing: Listing, index: int, ohlc: tuple[int, ...], units: int, buy: int) -> Bar:
        tick, digits = listing.tick, _QUOTE_DIGITS[listing.exchange]
        average = Decimal(sum(ohlc)) / 4 * tick
        contracts, taker_contracts = units * listing.step, buy * listing.step
        volume, taker = contracts * listing.ct_val, taker_contracts * listing.ct_val
        opening, high, low, closing = (t * tick for t in ohlc)
        return Bar(
            index * BAR,
            opening,
            high,
            low,
            closing,
            volume,
            (volume * average).quantize(digits),
            taker,
            (taker * average).quantize(digits),
            contracts,
            taker_contracts,
            units % 9973,
        )

    def forming(self, listing: Listing, now: int) -> Bar:
        """The bar that contains `now`, as far as it has come."""
        index = now // BAR
        whole = self.bar(listing, index)
        part = (now % BAR) / BAR
        opening, closing = int(whole.open / listing.tick), int(whole.close / listing.tick)
        current = opening + int((closing - opening) * part)
        units, buy = int(whole.contracts / listing.step), int(whole.taker_contracts / listing.step)
        ohlc = (opening, max(opening, current), min(opening, current), current)
        done, bought = int(units * part), int(buy * part)
        return self._make(listing, index, ohlc, done, min(bought, done))

    def candle(self, listing: Listing, ts: int, span: int, now: int) -> Bar | None:
        """The candle [ts, ts + span) as seen at `now`; None where the listing has no bar in it."""
        newest = now // BAR
        indices = range(max(ts // BAR, self.first(listing)), min((ts + span) // BAR, newest + 1))
        halted = self.halted(listing)
        traded = [i for i in indices if i * BAR not in halted]
        bars = [self.forming(listing, now) if i == newest else self.bar(listing, i) for i in traded]
        if not bars:
            return None
        if len(bars) == 1 and span == BAR:
            return bars[0]
        total = {
            name: sum((getattr(b, name) for b in bars), Decimal(0))
            for name in ("volume", "quote", "taker_buy", "taker_quote", "contracts", "taker_contracts")
        }
        return Bar(
            ts=ts,
            open=bars[0].open,
            high=max(b.high for b in bars),
            low=min(b.low for b in bars),
            close=bars[-1].close,
            trades=sum(b.trades for b in bars),
            **total,
        )

    def _day(self, listing: Listing, index: int) -> Bar:
        """The closed bars of the 24 hours before `index`, as one (the bar itself when newly listed)."""
        first = max(self.first(listing), index - 288)
        span = max(index - first, 1) * BAR
        found = self.candle(listing, first * BAR, span, max(index, first + 1) * BAR)
        assert found is not None
        return found

    def oi(self, listing: Listing, boundary: int) -> Decimal:
        """Open interest in contracts (OKX) or base units, one side, at a boundary.

        A zero is a fault of the feed; it hits closes of quarter hours before the server's start.
        """
        broken = listing.zero_oi and boundary % 3 == 0 and boundary < self.start - 6
        if broken and _mix(_seed("zero", listing.id), boundary) % 12 == 0:
            return Decimal(0)
        return self._oi_units(listing, boundary) * listing.step

    def oi_usd(self, listing: Listing, boundary: int) -> Decimal:
        base = self.oi(listing, boundary) * listing.ct_val
        return (base * self.mark(listing, boundary)).quantize(_QUOTE_DIGITS[listing.exchange])

    def _oi_units(self, listing: Listing, boundary: int) -> int:
        seed = _seed("oi", listing.exchange, listing.id)
        usd = listing.daily_volume_usd * 0.3 * _wave(seed, boundary, ((36, 0.03), (288, 0.2)), 0.003)
        return max(50, int(usd / (listing.price * listing.unit) / float(listing.step * listing.ct_val)))

    def live_oi(self, listing: Listing, now: int) -> Decimal:
        """Open interest at any instant: a straight line between boundaries, whole steps."""
        b, rest = divmod(now, BAR)
        a, z = self._oi_units(listing, b), self._oi_units(listing, b + 1)
        return (a + (z - a) * rest // BAR) * listing.step

    def share(self, listing: Listing, series: str, boundary: int) -> float:
        """Long share of a long/short series ("global", "top_accounts", "top_positions")."""
        seed = _seed(series, listing.exchange, listing.id)
        return 0.5 + 0.22 * _smooth(seed, boundary, 60) + 0.05 * (2 * _u(seed, boundary) - 1)

    def rate(self, listing: Listing, ts: int) -> Decimal:
        """The rate settled at `ts`: eight digits, a third of them the exchanges' default."""
        seed = _seed("funding", listing.exchange, listing.id)
        n = ts // HOUR
        if _mix(seed, n) % 3 == 0:
            return Decimal("0.0001")
        return Decimal(round((_u(seed + 1, n) - 0.42) * 300_000)) / 10**8

    def interval(self, listing: Listing, ts: int) -> int:
        """Hours between settlements in force at `ts`."""
        if listing.funding_was:
            hours, bars_ago = listing.funding_was
            change = (self.start - bars_ago) * BAR // (8 * HOUR) * (8 * HOUR)
            if ts <= change:
                return hours
        return listing.funding_h

    def settlements(self, listing: Listing, start: int, end: int) -> list[int]:
        """Settlement times in [start, end], after the listing."""
        first = max(start, self.first(listing) * BAR + 1)
        hours = range(-(-first // HOUR), end // HOUR + 1)
        return [h * HOUR for h in hours if (h * HOUR) % (self.interval(listing, h * HOUR) * HOUR) == 0]

    def next_settlement(self, listing: Listing, now: int) -> int:
        return self.settlements(listing, now + 1, now + DAY)[0]
