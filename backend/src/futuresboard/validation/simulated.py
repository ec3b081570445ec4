"""Bars of the simulated exchanges as arrays, without any wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import MS_PER_HOUR, FloatArray, IntArray, Market
from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.market import QUOTE_SCALE, quote_factor, quote_units
from futuresboard.sim_exchange.model import BAR_MS
from futuresboard.sim_exchange.universe import Instrument, Sort, State
from futuresboard.sim_exchange.venue import World, build_world

EXCHANGES = ("binanceusdm", "bybit", "okx")
START = 1_767_225_600_000
"""Midnight UTC of 2026-01-01: simulated bars are a function of seed and time."""


@dataclass(frozen=True)
class Simulated:
    """Raw columns (n, T) of 5-minute bars of n simulated pairs; NaN = not published."""

    markets: Sequence[Market]
    ts: IntArray
    columns: dict[str, FloatArray]


def simulate(seed: int, pairs: int, days: float, start: int = START) -> Simulated:
    """The `pairs` most traded pairs of each exchange over some days."""
    world = build_world(SimConfig(seed=seed, epoch_ms=start))
    rows = [row for exchange in EXCHANGES for row in _live(world, exchange, start)[:pairs]]
    count = int(days * 24 * MS_PER_HOUR) // BAR_MS
    first = start // BAR_MS
    found = [_columns(world, row, first, count) for row in rows]
    ts = (first + np.arange(count, dtype=np.int64)) * BAR_MS
    columns = {name: np.stack([one[name] for one in found]) for name in RAW_COLUMNS}
    return Simulated([_market(row) for row in rows], ts, columns)


def first_bars(market: Simulated, count: int) -> Simulated:
    """The same market, cut after `count` bars."""
    columns = {name: column[:, :count] for name, column in market.columns.items()}
    return Simulated(market.markets, market.ts[:count], columns)


def _live(world: World, exchange: str, now_ms: int) -> list[Instrument]:
    rows = world.market.rows[exchange]
    return [row for row in rows if row.sort is Sort.PERP and world.market.state(row, now_ms) is State.LIVE]


def _market(row: Instrument) -> Market:
    return Market(
        exchange=row.exchange,
        symbol=row.symbol,
        id=row.id,
        base=row.coin.name,
        multiplier=row.multiplier,
        listed_ts=row.listed_ts,
        quote_volume=row.turnover_usd,
    )


def _columns(world: World, row: Instrument, first: int, count: int) -> dict[str, FloatArray]:
    bars = world.market.bars(row, first, first + count)
    # A level belongs to the bar at whose close it stands.
    levels = world.market.levels(row, first + 1, first + count + 1)
    price, lot = np.float64(10.0**row.price_decimals), np.float64(10.0**row.qty_exp)
    quote = quote_units(quote_factor(row), (bars.open, bars.high, bars.low, bars.close, bars.volume))
    oi = levels.oi * lot
    close = bars.close / price
    nothing = np.full(count, np.nan)
    split = row.exchange != "bybit"
    found: dict[str, FloatArray] = {
        "open": bars.open / price,
        "high": bars.high / price,
        "low": bars.low / price,
        "close": close,
        "volume": bars.volume * lot,
        "quote_volume": quote / QUOTE_SCALE,
        "taker_buy": bars.taker_buy * lot if split else nothing,
        "oi_contracts": oi,
        "oi_abs_usd": oi * close,
        "global_ls": levels.longs / (1.0 - levels.longs),
        "top_ls": levels.top_positions / (1.0 - levels.top_positions) if split else nothing,
        "funding": _funding(world, row, first, count),
        "funding_interval_h": np.full(count, float(row.funding_hours)),
    }
    return found


def _funding(world: World, row: Instrument, first: int, count: int) -> FloatArray:
    """The last rate settled at or before each close."""
    interval = row.funding_hours * MS_PER_HOUR
    last = (first + 1 + np.arange(count, dtype=np.int64)) * BAR_MS // interval * interval
    times, at = np.unique(last, return_inverse=True)
    line = world.market.index[row.exchange][row.id]
    rates: FloatArray = world.market.funding[row.exchange].settled(line, times)[at]
    return rates
