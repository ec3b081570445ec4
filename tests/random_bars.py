"""Random series that are hard on statistics: gaps, unknowns, unfit values, edges, any scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars

Row = dict[str, Any]

DAY = 86_400_000
MIDNIGHT = 20_000 * DAY
UNFIT = (0.0, -1.0, math.inf, -math.inf)
FUNDING = (0.0, 1e-4, 1e-4 + 5e-10, 1e-4 + 2e-9, 5e-5, 6e-5, 1.25e-5, -3e-4, 8e-4, 0.0499, 0.05, -0.06)


def _walk(rng: np.random.Generator, count: int, scale: float) -> np.ndarray:
    """A positive series: a fat-tailed walk, a frozen one, plateaus, steps of exactly 1 %, or a ramp."""
    kind = rng.choice(["walk", "frozen", "plateaus", "percent", "ramp"], p=[0.6, 0.1, 0.1, 0.1, 0.1])
    if kind == "frozen":
        return np.full(count, scale)
    if kind == "plateaus":
        return scale * (1 + np.repeat(rng.integers(0, 5, count // 5 + 1), 5)[:count])
    if kind == "percent":
        return scale * rng.choice([100.0, 101.0], count)
    if kind == "ramp":
        return scale * 1.01 ** np.arange(count)
    steps = rng.standard_t(3, count) * 0.002
    steps += rng.choice([0.0, 0.06, -0.06], count, p=[0.94, 0.03, 0.03])
    return scale * np.exp(np.cumsum(np.clip(steps, -0.5, 0.5)))


def columns(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Raw columns of one series, all known and fit but for funding's guard; scales over 24 decades."""
    price = _walk(rng, count, 2.0 ** rng.integers(-30, 20))
    volume_scale = 2.0 ** rng.integers(-20, 40)
    volume = rng.choice([0.0, 100.0, 200.0, 400.0], count, p=[0.03, 0.47, 0.25, 0.25])
    lean = rng.choice([0.5, 0.515, 0.52, 0.48, 0.75, 0.25, 0.9, 0.0, 1.0], count, p=[0.2] * 4 + [0.04] * 5)
    oi = _walk(rng, count, 2.0 ** rng.integers(-10, 40))
    return {
        "open": price * rng.uniform(0.99, 1.01, count),
        "high": price * 1.01,
        "low": price * 0.99,
        "close": price,
        # In halves, so that sums are exact and a flow of 0 or an imbalance of 3 % is just that.
        "volume": volume * volume_scale,
        "quote_volume": volume * volume_scale * price,
        "taker_buy": np.round(volume * lean * 2) / 2 * volume_scale,
        "oi_contracts": oi,
        "oi_abs_usd": oi * price,
        "global_ls": np.repeat(rng.choice([0.4, 1.0, 2.0, 2.001, 3.0], count // 9 + 1), 9)[:count],
        "top_ls": rng.uniform(0.5, 3.0, count),
        "funding": np.repeat(rng.choice(FUNDING, count // 12 + 1), 12)[:count],
        "funding_interval_h": np.full(count, rng.choice([1.0, 4.0, 8.0])),
    }


def rows(
    rng: np.random.Generator, count: int, timeframe_ms: int, faults: float, *, gaps: bool = True
) -> list[Row]:
    """Raw rows of one series: in a share `faults` cells are unknown or unfit, with `gaps` bars missing."""
    start = MIDNIGHT - int(rng.integers(0, count)) * timeframe_ms
    made = columns(rng, count)
    series = []
    for i in range(count):
        if gaps and i and rng.random() < faults / 2:
            continue
        row: Row = {"ts": start + i * timeframe_ms}
        for name in RAW_COLUMNS:
            dice = rng.random()
            row[name] = float(made[name][i])
            if dice < faults / 20 and name != "funding_interval_h":
                row[name] = float(rng.choice(UNFIT))
            elif dice < faults / 8:
                row[name] = None
        if row["volume"] is not None and row["taker_buy"] is not None and row["volume"] < row["taker_buy"]:
            row["taker_buy"] = row["volume"]  # what more bought than traded means has a test of its own
        series.append(row)
    return series


def clean_bars(rng: np.random.Generator, series: int, slots: int, timeframe_ms: int) -> Bars:
    """`Bars` of gapless, fully known random walks that begin at any time of the day."""
    ts = MIDNIGHT + int(rng.integers(0, DAY // timeframe_ms)) * timeframe_ms
    price, oi, volume = (np.exp(np.cumsum(rng.normal(0, 0.01, (series, slots)), axis=1)) for _ in range(3))
    made = {name: price * rng.uniform(0.99, 1.01, (series, slots)) for name in ("open", "high", "low")}
    made |= {
        "close": price * 100.0,
        "volume": volume * 50.0,
        "quote_volume": volume * price,
        "taker_buy": volume * rng.uniform(15.0, 35.0, (series, slots)),
        "oi_contracts": oi * 1e6,
        "oi_abs_usd": oi * price,
        "global_ls": rng.uniform(0.5, 3.0, (series, slots)),
        "top_ls": rng.uniform(0.5, 3.0, (series, slots)),
        "funding": rng.normal(1e-4, 1e-4, (series, slots)),
        "funding_interval_h": np.full((series, slots), 8.0),
    }
    return Bars(
        timeframe_ms,
        ts + np.arange(slots, dtype=np.int64) * timeframe_ms,
        made,
        np.full(series, UNLISTED),
        slots,
    )


def faulty_bars(rng: np.random.Generator, series: int, slots: int, timeframe_ms: int, faults: float) -> Bars:
    """`Bars` as after the guards: holes, frozen stretches, any scale; some series listed on the way."""
    clean = clean_bars(rng, series, slots, timeframe_ms)
    drawn = [columns(rng, slots) for _ in range(series)]
    made = {name: np.stack([one[name] for one in drawn]) for name in RAW_COLUMNS}
    holes = rng.random((series, slots)) < faults / 2
    for name in RAW_COLUMNS:
        made[name] = np.where(holes | (rng.random((series, slots)) < faults / 8), np.nan, made[name])
    listed = np.where(rng.random(series) < 0.3, clean.ts[rng.integers(0, slots, series)], UNLISTED)
    return Bars(timeframe_ms, clean.ts, made, listed, slots)


def to_arrays(series: Sequence[Row], ts: np.ndarray) -> dict[str, np.ndarray]:
    """Lay rows on time slots: name -> (T,), NaN where unknown or no row."""
    at = {row["ts"]: row for row in series}
    made = {}
    for name in RAW_COLUMNS:
        cells = [at[slot].get(name) if slot in at else None for slot in ts.tolist()]
        made[name] = np.array([math.nan if cell is None else cell for cell in cells], dtype=np.float64)
    return made
