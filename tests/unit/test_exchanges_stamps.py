"""Deciding from data what a stamp means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.exchanges.stamps import LiveLevel, oi_stamp, oi_stamp_from_live, taker_stamp
from futuresboard.model import Kind, Rows

STEP = 300_000
T0 = 1_700_000_100_000 // STEP * STEP


def candles(rng: np.random.Generator, count: int, sigma: float = 0.002) -> Rows:
    edges = 100 * np.exp(np.cumsum(rng.normal(0, sigma, count + 1)))
    volume = rng.lognormal(3, 1, count)
    columns = {
        "open": edges[:-1],
        "high": np.maximum(edges[:-1], edges[1:]),
        "low": np.minimum(edges[:-1], edges[1:]),
        "close": edges[1:],
        "volume": volume,
        "quote_volume": volume * edges[:-1],
        "taker_buy": np.full(count, np.nan),
    }
    return Rows(Kind.CANDLES, T0 + STEP * np.arange(count), columns)


def level_rows(bars: Rows, price: np.ndarray, rng: np.random.Generator, noise: float) -> Rows:
    base = rng.lognormal(8, 0.1, len(bars.ts))
    usd = base * price * (1 + rng.normal(0, noise, len(base)))
    return Rows(Kind.OI, bars.ts, {"oi_contracts": base, "oi_usd": usd})


@given(st.integers(0, 2**32 - 1), st.integers(60, 500), st.booleans())
def test_oi_rows_tell_their_convention(seed: int, count: int, snapshot: bool) -> None:
    rng = np.random.default_rng(seed)
    bars = candles(rng, count)
    price = bars.columns["open"] if snapshot else bars.columns["close"]
    rows = level_rows(bars, price, rng, noise=0.0004)
    assert oi_stamp(rows, bars) == ("snapshot" if snapshot else "start")


def test_oi_verdict_needs_fifty_common_rows() -> None:
    rng = np.random.default_rng(1)
    bars = candles(rng, 60)
    rows = level_rows(bars, bars.columns["open"], rng, noise=0.0)
    apart = Rows(Kind.OI, rows.ts + 11 * STEP, rows.columns)
    assert oi_stamp(rows, bars) == "snapshot"
    assert oi_stamp(apart, bars) is None


def test_frozen_prices_and_unknown_values_give_no_oi_verdict() -> None:
    rng = np.random.default_rng(2)
    bars = candles(rng, 60, sigma=0.0)
    assert oi_stamp(level_rows(bars, bars.columns["open"], rng, noise=0.0), bars) is None
    rows = level_rows(bars, bars.columns["open"], rng, noise=0.0)
    unknown = Rows(Kind.OI, rows.ts, {**rows.columns, "oi_usd": np.full(60, np.nan)})
    assert oi_stamp(unknown, bars) is None


@given(st.integers(0, 2**32 - 1), st.integers(10, 300), st.booleans())
def test_live_levels_tell_the_convention(seed: int, pairs: int, snapshot: bool) -> None:
    rng = np.random.default_rng(seed)
    at_close = rng.lognormal(8, 2, pairs)
    moved = at_close * (1 + rng.choice([-1, 1], pairs) * rng.uniform(0.004, 0.02, pairs))
    before, after = at_close * (1 + rng.normal(0, 0.0003, (2, pairs)))
    row_at, row_before = (at_close, moved) if snapshot else (moved, at_close)
    levels = [LiveLevel(*map(float, row)) for row in np.stack([row_at, row_before, before, after], axis=1)]
    assert oi_stamp_from_live(levels) == ("snapshot" if snapshot else "start")


def test_live_levels_without_a_clear_winner_keep_the_default() -> None:
    same = LiveLevel(100.0, 100.4, 100.25, 100.25)
    assert oi_stamp_from_live([same] * 20) == "snapshot"
    assert oi_stamp_from_live([same] * 9) is None
    assert oi_stamp_from_live([LiveLevel(float("nan"), 1.0, 1.0, 1.0)] * 50) is None
    assert oi_stamp_from_live([]) is None


@given(st.integers(0, 2**32 - 1), st.integers(30, 100), st.sampled_from(["start", "end", None]))
def test_taker_rows_tell_their_convention(seed: int, count: int, truth: str | None) -> None:
    rng = np.random.default_rng(seed)
    bars = candles(rng, count)
    volume = bars.columns["volume"] * (1.5 if truth is None else 1 + rng.normal(0, 0.005, count))
    buy = volume * rng.uniform(0.2, 0.8, count)
    shift = STEP if truth == "end" else 0
    rows = Rows(Kind.TAKER, bars.ts + shift, {"buy": buy, "sell": volume - buy})
    assert taker_stamp(rows, bars) == truth


@pytest.mark.parametrize("count", [0, 11])
def test_few_taker_rows_are_refused(count: int) -> None:
    bars = candles(np.random.default_rng(3), count)
    half = bars.columns["volume"] / 2
    assert taker_stamp(Rows(Kind.TAKER, bars.ts, {"buy": half, "sell": half}), bars) is None
