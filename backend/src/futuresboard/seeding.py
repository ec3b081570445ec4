"""Simulated history through the one pipeline, for developing and testing without any exchange."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from futuresboard.bars import RAW_COLUMNS
from futuresboard.config import BASE_TIMEFRAME, Settings
from futuresboard.db import Pair, Store
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, FloatArray, IntArray, Market
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.resample import resample
from futuresboard.sim_exchange.history import MockPair, mock_pairs, mock_series

_BASE_MS = TIMEFRAME_MS[BASE_TIMEFRAME]


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
    store = Store(settings.database_path, simulated=True)
    try:
        pipeline = Pipeline(store, (timeframe,), settings.thresholds, history_bars=bars)
        mocks = mock_pairs(seed, pairs)
        known = _register(pipeline, mocks)
        end = int(time.time() * 1000) // MS_PER_DAY * MS_PER_DAY
        spans = store.spans()
        written = skipped = 0
        hidden = not sys.stderr.isatty()
        for mock, pair in tqdm(list(zip(mocks, known, strict=True)), unit="pair", disable=hidden):
            if store.series_id(pair.id, timeframe) in spans:
                skipped += 1
                continue
            raw = _history(mock, pair, seed, timeframe, bars, end)
            pipeline.step(raw, end + MS_PER_DAY)
            written += len(raw.ts)
        return Seeded(written, pairs - skipped, skipped)
    finally:
        store.close()


def _register(pipeline: Pipeline, mocks: list[MockPair]) -> list[Pair]:
    known: dict[tuple[str, str], Pair] = {}
    for exchange in {mock.exchange for mock in mocks}:
        markets = [
            Market(
                exchange=mock.exchange,
                symbol=mock.symbol,
                id=mock.symbol,
                base=mock.base,
                multiplier=mock.multiplier,
            )
            for mock in mocks
            if mock.exchange == exchange
        ]
        for pair in pipeline.register(markets, complete=False):
            known[pair.exchange, pair.symbol] = pair
    return [known[mock.exchange, mock.symbol] for mock in mocks]


def _history(mock: MockPair, pair: Pair, seed: int, timeframe: str, bars: int, end: int) -> RawBars:
    step = TIMEFRAME_MS[timeframe]
    start = end - bars * step
    base = mock_series(seed, mock, start, end)
    per_bar = step // _BASE_MS
    columns, marks = _resampled(base, bars, per_bar)
    ts: IntArray = start + step * np.arange(bars, dtype=np.int64)
    return RawBars(np.full(bars, pair.id, dtype=np.int64), ts, columns, marks)


def _resampled(
    base: Mapping[str, FloatArray], bars: int, per_bar: int
) -> tuple[dict[str, FloatArray], IntArray]:
    windows = {name: base[name].reshape(bars, per_bar) for name in RAW_COLUMNS}
    shape = (bars, per_bar)
    return resample(windows, np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=bool))
