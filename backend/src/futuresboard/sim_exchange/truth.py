"""The numbers behind the wire, exactly as a client must read them.

Every value is the float that the exchange's decimal string parses to, so tests may compare with
equality. Quantities are in units of the symbol (base coin; 1000PEPE counts thousands), one side.
"""

from __future__ import annotations

from dataclasses import dataclass

from futuresboard.sim_exchange.funding import rate_decimals
from futuresboard.sim_exchange.market import QUOTE_SCALE
from futuresboard.sim_exchange.model import BAR_MS
from futuresboard.sim_exchange.series import Candles, Span
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument, Sort, State, scaled
from futuresboard.sim_exchange.venue import World
from futuresboard.sim_exchange.wire import plain


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle; volumes in units of the symbol, quote volumes in quote coin."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    taker_buy: float
    taker_quote: float


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """Open interest on one side: units of the symbol, and USD as the exchange's rows say it.

    `usd` is None where the exchange's history carries no USD value (Bybit).
    """

    base: float
    usd: float | None


class Truth:
    """Recomputes any published number from (seed, exchange, symbol, time)."""

    def __init__(self, world: World) -> None:
        self._world = world

    def row(self, exchange: str, symbol: str) -> Instrument:
        """An instrument by the exchange's id or ccxt's symbol. Raises KeyError."""
        row = self._world.market.find(exchange, symbol)
        if row is None:
            raise KeyError(f"{exchange} {symbol}")
        return row

    def symbols(self, exchange: str) -> list[str]:
        """Unified symbols of live crypto USDT perpetuals (no stocks, no index), most traded first."""
        now = self._world.clock.now_ms(exchange)
        market = self._world.market
        return [
            row.symbol
            for row in market.rows[exchange]
            if row.sort is Sort.PERP and market.state(row, now) is State.LIVE
        ]

    def bars(self, exchange: str, symbol: str, ts: int, count: int, interval_ms: int = BAR_MS) -> list[Bar]:
        """`count` whole candles from the one opening at `ts` (ms) on, whether past or still to come."""
        row = self.row(exchange, symbol)
        span = Span(count, ts, ts + count * interval_ms - 1, oldest=True)
        c = self._world.series.candles(row, ts + (count + 1) * interval_ms, interval_ms, span)
        return _bars(row, c)

    def bar(self, exchange: str, symbol: str, ts: int, interval_ms: int = BAR_MS) -> Bar:
        """The whole candle that opens at `ts` (ms). Raises KeyError before the listing."""
        found = self.bars(exchange, symbol, ts, 1, interval_ms)
        if not found:
            raise KeyError(f"{exchange} {symbol} {ts}")
        return found[0]

    def forming(self, exchange: str, symbol: str, now_ms: int, interval_ms: int = BAR_MS) -> Bar:
        """The candle that is open at `now_ms`, as it reads then."""
        row = self.row(exchange, symbol)
        return _bars(row, self._world.series.candles(row, now_ms, interval_ms, Span(1)))[0]

    def oi(self, exchange: str, symbol: str, t_ms: int) -> OpenInterest:
        """Open interest at a full 5-minute time."""
        row = self.row(exchange, symbol)
        boundary = t_ms // BAR_MS
        levels = self._world.market.levels(row, boundary, boundary + 1)
        mark = float(self._world.market.mark_at(row, levels)[0])
        units = int(levels.oi[0])
        if exchange == "bybit":
            return OpenInterest(row.quantity(units), None)
        if exchange == "okx":
            return OpenInterest(row.quantity(units), float(f"{row.quantity(units) * mark:.2f}"))
        return OpenInterest(row.quantity(units), float(f"{units / 10.0**row.base_decimals * mark:.8f}"))

    def live_oi(self, exchange: str, symbol: str, now_ms: int) -> float:
        """Open interest now, units of the symbol."""
        row = self.row(exchange, symbol)
        line = self._world.market.index[exchange][row.id]
        return row.quantity(int(self._world.live.snapshot(exchange, now_ms).oi[line]))

    def last(self, exchange: str, symbol: str, now_ms: int) -> float:
        """The last price now."""
        row = self.row(exchange, symbol)
        line = self._world.market.index[exchange][row.id]
        return scaled(int(self._world.live.snapshot(exchange, now_ms).last[line]), -row.price_decimals)

    def global_ls(self, exchange: str, symbol: str, t_ms: int) -> float:
        """Long/short ratio of all accounts at a full 5-minute time."""
        return self._ratio(exchange, symbol, t_ms, "longs")

    def top_ls(self, exchange: str, symbol: str, t_ms: int, *, accounts: bool = False) -> float | None:
        """Long/short ratio of top traders' positions (or accounts); None on Bybit."""
        if exchange == "bybit":
            return None
        return self._ratio(exchange, symbol, t_ms, "top_accounts" if accounts else "top_positions")

    def _ratio(self, exchange: str, symbol: str, t_ms: int, column: str) -> float:
        boundary = t_ms // BAR_MS
        levels = self._world.market.levels(self.row(exchange, symbol), boundary, boundary + 1)
        share = float(getattr(levels, column)[0])
        if exchange == "bybit":
            longs = f"{share:.4f}"
            return float(longs) / float(f"{1 - float(longs):.4f}")
        ratio = share / (1 - share)
        return float(f"{ratio:.4f}") if exchange == "binanceusdm" else ratio

    def funding(self, exchange: str, symbol: str, t_ms: int) -> tuple[int, float]:
        """(settlement time, rate) of the last funding paid at or before a time."""
        row = self.row(exchange, symbol)
        interval = row.funding_hours * HOUR_MS
        times, rates = self._world.series.settlements(row, t_ms, Span(1, until=t_ms - t_ms % interval))
        if not len(times):
            raise KeyError(f"{exchange} {symbol} {t_ms}")
        return int(times[0]), float(plain(float(rates[0]), rate_decimals(exchange)))


def _bars(row: Instrument, c: Candles) -> list[Bar]:
    price = 10**row.price_decimals
    columns = (c.ts, c.open, c.high, c.low, c.close, c.volume, c.quote, c.taker_buy, c.taker_quote)
    return [
        Bar(
            ts,
            open_ / price,
            high / price,
            low / price,
            close / price,
            row.quantity(volume),
            quote / QUOTE_SCALE,
            row.quantity(buy),
            taker_quote / QUOTE_SCALE,
        )
        for ts, open_, high, low, close, volume, quote, buy, taker_quote in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]
