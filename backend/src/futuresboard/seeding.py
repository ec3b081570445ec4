"""Simulated history through the one pipeline, for developing and testing without any exchange."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from futuresboard.bars import RAW_COLUMNS
from futuresboard.clock import SystemClock
from futuresboard.config import Settings
from futuresboard.db import Pair, Store
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, IntArray, Market
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.sim_exchange import SimConfig, Truth
from futuresboard.sim_exchange.venue import build_world

_EXCHANGES = ("binanceusdm", "bybit", "okx")


@dataclass(frozen=True)
class Seeded:
    """What a run wrote: rows, the pairs they are of, and pairs left alone because they had rows."""

    rows: int
    pairs: int
    skipped: int


def seed(settings: Settings, *, pairs: int, timeframe: str, bars: int, seed: int) -> Seeded:
    """Write `bars` bars of each of `pairs` simulated pairs, ending today at 00:00 UTC.

    A pair that has rows of the timeframe already is left as it is, so that existing rows never
    change. Raises StoreError when the database holds live data.
    """
    truth = Truth(build_world(SimConfig(seed=seed)))
    store = Store(settings.database_path, simulated=True)
    try:
        pipeline = Pipeline(store, (timeframe,), settings.thresholds, history_bars=bars)
        chosen = _register(pipeline, truth, pairs)
        end = SystemClock().time_ms() // MS_PER_DAY * MS_PER_DAY
        start = end - bars * TIMEFRAME_MS[timeframe]
        stored = store.spans()
        new = [pair for pair in chosen if store.series_id(pair.id, timeframe) not in stored]
        rows = 0
        for pair in tqdm(new, unit="pair", disable=not sys.stderr.isatty()):
            raw = _history(truth, pair, timeframe, start, bars)
            pipeline.step(raw, end + MS_PER_DAY)
            rows += len(raw.ts)
        return Seeded(rows, len(new), len(chosen) - len(new))
    finally:
        store.close()


def _register(pipeline: Pipeline, truth: Truth, pairs: int) -> list[Pair]:
    """The most traded pairs, the exchanges taking turns."""
    known: list[Pair] = []
    for i, exchange in enumerate(_EXCHANGES):
        share = pairs // len(_EXCHANGES) + (i < pairs % len(_EXCHANGES))
        markets = [_market(truth, exchange, symbol) for symbol in truth.symbols(exchange)[:share]]
        if markets:
            known += pipeline.register(markets, complete=False)
    return known


def _market(truth: Truth, exchange: str, symbol: str) -> Market:
    row = truth.row(exchange, symbol)
    return Market(
        exchange=exchange,
        symbol=symbol,
        id=row.id,
        base=row.coin.name,
        multiplier=row.multiplier,
        listed_ts=row.listed_ts,
        quote_volume=row.turnover_usd,
    )


def _history(truth: Truth, pair: Pair, timeframe: str, start: int, bars: int) -> RawBars:
    step = TIMEFRAME_MS[timeframe]
    found = truth.bars(pair.exchange, pair.symbol, start, bars, step)
    ts: IntArray = np.array([bar.ts for bar in found], dtype=np.int64)
    columns = {
        name: np.array([getattr(bar, name) for bar in found], dtype=np.float64)
        for name in ("open", "high", "low", "close", "volume", "quote_volume")
    }
    # Bybit publishes no taker volume per bar, and what it does not publish stays unknown here too.
    split = pair.exchange != "bybit"
    columns["taker_buy"] = np.array([bar.taker_buy if split else np.nan for bar in found])
    levels = _levels(truth, pair, [bar.ts + step for bar in found])
    for name, values in zip(RAW_COLUMNS[len(columns) :], zip(*levels, strict=True), strict=True):
        columns[name] = np.array(values, dtype=np.float64)
    usd = columns["oi_abs_usd"]
    columns["oi_abs_usd"] = np.where(np.isnan(usd), columns["oi_contracts"] * columns["close"], usd)
    return RawBars(np.full(len(ts), pair.id, dtype=np.int64), ts, columns, np.zeros(len(ts), dtype=np.int64))


def _levels(truth: Truth, pair: Pair, closes: Sequence[int]) -> list[tuple[float | None, ...]]:
    """What stood at each close, in the order of the raw columns after the candle's."""
    hours = float(truth.row(pair.exchange, pair.symbol).funding_hours)
    found: list[tuple[float | None, ...]] = []
    for close in closes:
        oi = truth.oi(pair.exchange, pair.symbol, close)
        ratio = truth.global_ls(pair.exchange, pair.symbol, close)
        top = truth.top_ls(pair.exchange, pair.symbol, close)
        funding = truth.funding(pair.exchange, pair.symbol, close)[1]
        found.append((oi.base, oi.usd, ratio, top, funding, hours))
    return found
