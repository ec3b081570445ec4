"""K1: days of simulated bars through `Pipeline.step`, and every alert again from what was stored.

What is stored is recomputed by an implementation that shares nothing with this package: a Python file
given by its path (`tests/reference.py` in the source tree).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from tqdm import tqdm

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Pair, Store
from futuresboard.db_alerts import AlertFilter
from futuresboard.db_read import Reader
from futuresboard.errors import FuturesboardError
from futuresboard.model import TIMEFRAME_MS, Thresholds
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.validation.simulated import Simulated

TIMEFRAMES = ("5m", "15m")
BASE_MS = TIMEFRAME_MS[TIMEFRAMES[0]]
_AT_ONCE = 5_000
DELAY_MS = 10_000
"""How long after its close a bar is handed over."""
type Started = tuple[str, str, str, int, str, int]
"""Exchange, symbol, timeframe, time, kind, tier (0: none)."""
type Row = Mapping[str, object]


class Reference(Protocol):
    """What the other implementation offers; see `tests/reference.py`."""

    def resample(self, base_bars: Sequence[Row], base_ms: int, target_ms: int) -> list[Row]:
        """Rows of a longer timeframe."""

    def derive(self, bars: Sequence[Row], timeframe_ms: int) -> list[Row]:
        """Rows with every metric and `flags`."""

    def across(
        self, bars: Mapping[str, Sequence[Row]], timeframe_ms: int, multipliers: Mapping[str, float]
    ) -> list[Row]:
        """One coin on several exchanges."""

    def add_tier_5(self, rows: Sequence[Row], exchange: str, coin: Sequence[Row]) -> None:
        """Put the flag of tier 5 into the rows of one of them."""

    def alerts(self, rows: Sequence[Row], timeframe_ms: int) -> list[tuple[int, str, int | None]]:
        """(ts, kind, tier) of the alerts of one series, clusters included."""


@dataclass(frozen=True)
class Compared:
    """Alerts of a run: recomputed, stored, only recomputed, only stored; bars they were made of."""

    bars: int
    recomputed: int
    stored: int
    missing: int
    extra: int


def load_reference(path: Path) -> Reference:
    """The other implementation from its file. Raises FuturesboardError when that cannot be read."""
    spec = importlib.util.spec_from_file_location("independent_reference", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FuturesboardError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Reference", module)


def record(market: Simulated, path: Path, *, words: str, quiet: bool) -> list[Pair]:
    """Feed every bar at its close into a fresh database; returns the pairs in the market's order."""
    with closing(Store(path, simulated=True)) as store:
        pipeline = Pipeline(store, TIMEFRAMES, Thresholds())
        pairs = register(pipeline, market)
        for raw, now in tqdm(feed(market, pairs), words, len(market.ts), unit="close", disable=quiet):
            pipeline.step(raw, now)
    return pairs


def register(pipeline: Pipeline, market: Simulated) -> list[Pair]:
    """Announce a market's pairs."""
    exchanges = dict.fromkeys(one.exchange for one in market.markets)
    return [
        pair
        for exchange in exchanges
        for pair in pipeline.register([one for one in market.markets if one.exchange == exchange])
    ]


def feed(market: Simulated, pairs: Sequence[Pair], first: int = 0) -> Iterator[tuple[RawBars, int]]:
    """The bars of each close from slot `first` on, and when they are handed over."""
    for slot, ts in enumerate(market.ts[first:].tolist(), first):
        yield _bars(market, pairs, slice(slot, slot + 1)), ts + BASE_MS + DELAY_MS


def history(market: Simulated, pairs: Sequence[Pair], count: int) -> tuple[RawBars, int]:
    """The first `count` bars of every pair at once, and when they are handed over."""
    return _bars(market, pairs, slice(count)), int(market.ts[count - 1]) + BASE_MS + DELAY_MS


def _bars(market: Simulated, pairs: Sequence[Pair], slots: slice) -> RawBars:
    ids, ts = np.meshgrid([pair.id for pair in pairs], market.ts[slots], indexing="ij")
    columns = {name: column[:, slots].ravel() for name, column in market.columns.items()}
    return RawBars(ids.ravel(), ts.ravel(), columns, np.zeros(ids.size, dtype=np.int64))


def compare(path: Path, reference: Reference, *, quiet: bool) -> Compared:
    """Recompute every alert of a recording from its stored raw bars, coin by coin."""
    wanted: set[Started] = set()
    bars = 0
    with closing(Store(path, simulated=True)) as store:
        coins: dict[str, list[Pair]] = {}
        for pair in store.pairs():
            coins.setdefault(pair.base, []).append(pair)
        for pairs in tqdm(coins.values(), "K1, recomputing", unit="coin", disable=quiet):
            base = {pair: _stored(store, pair) for pair in pairs}
            bars += sum(map(len, base.values()))
            for timeframe in TIMEFRAMES:
                wanted |= _recomputed(reference, timeframe, base)
    stored = started(path)
    return Compared(bars, len(wanted), len(stored), len(wanted - stored), len(stored - wanted))


def _recomputed(reference: Reference, timeframe: str, base: Mapping[Pair, list[Row]]) -> set[Started]:
    """The alerts of one coin's pairs, from their base bars."""
    step = TIMEFRAME_MS[timeframe]
    raw = {
        pair: bars if step == BASE_MS else reference.resample(bars, BASE_MS, step)
        for pair, bars in base.items()
    }
    names = {pair: f"{pair.exchange} {pair.symbol}" for pair in raw}
    multipliers = {names[pair]: pair.multiplier for pair in raw}
    coin = reference.across({names[pair]: bars for pair, bars in raw.items()}, step, multipliers)
    found: set[Started] = set()
    for pair, bars in raw.items():
        rows = reference.derive(bars, step)
        reference.add_tier_5(rows, names[pair], coin)
        found |= {
            (pair.exchange, pair.symbol, timeframe, ts, kind, tier or 0)
            for ts, kind, tier in reference.alerts(rows, step)
        }
    return found


def started(path: Path) -> set[Started]:
    """Every alert a database holds."""
    with closing(Reader(path, stale_after_ms=0)) as reader:
        alerts, _ = reader.alerts(AlertFilter(), -1, 0)
    return {
        (
            str(one["exchange"]),
            str(one["symbol"]),
            str(one["timeframe"]),
            cast("int", one["ts"]),
            str(one["kind"]),
            cast("int | None", one["tier"]) or 0,
        )
        for one in alerts
    }


def _stored(store: Store, pair: Pair) -> list[Row]:
    """The base bars of a pair as first seen (nothing is revised here), oldest first."""
    series = store.series_id(pair.id, TIMEFRAMES[0])
    first, last = store.spans()[series]
    found: list[Row] = []
    for begin in range(first, last + 1, _AT_ONCE * BASE_MS):
        times = range(begin, min(last + 1, begin + _AT_ONCE * BASE_MS), BASE_MS)
        for ts, _, *values, _ in store.raw_bars_at(series, times):
            found.append({"ts": ts, **dict(zip(RAW_COLUMNS, values, strict=True))})
    return found
