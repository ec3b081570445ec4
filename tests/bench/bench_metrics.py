"""What all metrics cost, beside pandas and `ta` a symbol at a time, in one process and in turn.

`python tests/bench/bench_metrics.py`: 500 pairs × 500 bars of 5 minutes. **New bar**: every metric of the
newest bar from raw columns, nothing kept from the bar before. **Rebuild**: every metric of every bar.
pandas with `ta` computes the same columns of the whole frame, which is what it does for a new bar too.
The answers are compared: with pandas from the first known value on, RSI with `ta` from bar 400 on, the
newest bar's Z and correlation with scipy. Figures go to `build/bench.json`; exits 1 when a goal is missed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np
import pandas as pd
from bench_live import keep
from scipy.stats import pearsonr, zscore
from ta.momentum import RSIIndicator

from futuresboard.bars import Bars
from futuresboard.metrics import IMBALANCE_GUARD, get_all
from futuresboard.windows import Z_WINDOW
from random_bars import clean_bars

PAIRS, BARS = 500, 500
ROUNDS = 5
STEP_MS = 300_000
HOUR, DAY = 12, 288
FORGETS = 400
"""Bars after which `ta`'s other seed has left Wilder's filter."""
AGREES = 1e-9
GOALS = {"new_bar": 300.0, "rebuild": 40.0}


def by_pandas(frame: pd.DataFrame) -> pd.DataFrame:
    """Every metric of one symbol, as a user of pandas and `ta` would write them."""
    close, oi, volume, buy = (frame[name] for name in ("close", "oi_contracts", "volume", "taker_buy"))
    sell = volume - buy
    imbalance = (buy - sell) / (buy + sell) * 100
    change = oi.pct_change(fill_method=None) * 100
    before = change.shift().rolling(Z_WINDOW)
    z_raw = (change - before.mean()) / before.std()
    day = frame.index // (DAY * STEP_MS)
    moves, oi_moves = np.log(close).diff(), np.log(oi).diff()
    return pd.DataFrame(
        {
            "taker_sell": sell,
            "imbalance": imbalance.where(imbalance.abs() < IMBALANCE_GUARD),
            "cvd": (buy - sell).groupby(day).cumsum(),
            "oi_delta_pct": change,
            "ls_delta_pct": frame["global_ls"].pct_change(fill_method=None) * 100,
            "rsi": RSIIndicator(close, 14).rsi(),
            "z_raw": z_raw,
            "z_score": z_raw.clip(-10, 10),
            "price_change_24h_pct": close.pct_change(DAY, fill_method=None) * 100,
            "oi_change_1h_pct": oi.pct_change(HOUR, fill_method=None) * 100,
            "oi_change_4h_pct": oi.pct_change(4 * HOUR, fill_method=None) * 100,
            "oi_change_24h_pct": oi.pct_change(DAY, fill_method=None) * 100,
            "price_change_1h_pct": close.pct_change(HOUR, fill_method=None) * 100,
            "oi_price_corr": oi_moves.rolling(DAY).corr(moves),
        }
    )


def furthest(ours: dict[str, np.ndarray], theirs: list[pd.DataFrame]) -> dict[str, float]:
    """Metric -> largest difference from pandas and `ta`, relative where above 1."""
    found = {}
    for name, values in ours.items():
        other = np.stack([frame[name].to_numpy() for frame in theirs])
        both = np.isfinite(values) & np.isfinite(other)
        if name == "rsi":
            both[:, :FORGETS] = False
        size = np.maximum(1.0, np.abs(other))
        found[name] = float(np.max(np.abs(values - other)[both] / size[both]))
    return found


def from_scipy(bars: Bars, ours: dict[str, np.ndarray]) -> dict[str, float]:
    """Metric -> largest difference of the newest bar from scipy."""
    change = bars.columns["oi_contracts"][:, 1:] / bars.columns["oi_contracts"][:, :-1] * 100.0 - 100.0
    moves = {name: np.diff(np.log(bars.columns[name]), axis=1) for name in ("oi_contracts", "close")}
    z, r = [], []
    for row in range(PAIRS):
        before, newest = change[row, -Z_WINDOW - 1 : -1], change[row, -1]
        scale = zscore(np.append(before, before.mean()), ddof=1)  # its mean is `before`'s
        assert abs(scale[-1]) < AGREES
        z.append((newest - before.mean()) / before.std(ddof=1) - ours["z_raw"][row, -1])
        r.append(
            pearsonr(moves["oi_contracts"][row, -DAY:], moves["close"][row, -DAY:]).statistic
            - ours["oi_price_corr"][row, -1]
        )
    return {"z_raw": float(np.abs(z).max()), "oi_price_corr": float(np.abs(r).max())}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    """Run, print and keep; 1 when a goal is missed."""
    bars = clean_bars(np.random.default_rng(1), PAIRS, BARS, STEP_MS)
    newest = replace(bars, out=1)
    frames = [
        pd.DataFrame({name: column[row] for name, column in bars.columns.items()}, index=bars.ts)
        for row in range(PAIRS)
    ]
    took: dict[str, list[float]] = {"new_bar": [], "rebuild": [], "pandas_ta": []}
    for _ in range(ROUNDS):
        took["pandas_ta"].append(seconds(lambda: [by_pandas(frame) for frame in frames]))
        took["rebuild"].append(min(seconds(lambda: get_all(replace(bars))) for _ in range(3)))
        took["new_bar"].append(min(seconds(lambda: get_all(replace(newest))) for _ in range(5)))
    ours, theirs = get_all(bars), [by_pandas(frame) for frame in frames]
    middle = {name: median(times) for name, times in took.items()}
    ratios = {name: middle["pandas_ta"] / middle[name] for name in GOALS}
    apart, apart_scipy = furthest(ours, theirs), from_scipy(bars, ours)
    print(f"{PAIRS} pairs × {BARS} bars, medians of {ROUNDS} rounds in turn")
    for name, value in middle.items():
        beside = f", {ratios[name]:.0f} × (goal {GOALS[name]:.0f})" if name in ratios else ""
        print(f"  {name:10} {value * 1000:8.1f} ms{beside}")
    print(f"  furthest from pandas and ta: {max(apart.values()):.1e}; from scipy: {apart_scipy}")
    keep({"bench": "metrics", "ms": {name: value * 1000 for name, value in middle.items()}, "ratios": ratios})
    met = all(ratios[name] >= goal for name, goal in GOALS.items())
    agrees = max(*apart.values(), *apart_scipy.values()) <= AGREES
    return 0 if met and agrees else 1


if __name__ == "__main__":
    sys.exit(main())
