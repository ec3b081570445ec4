"""A join that looks ahead by one bar is caught twice: by the law, and by the trade that enters a bar late.

A row's stamp is read as its window's start where it is the snapshot's time, so that each bar holds the
open interest of the bar after it. Prices here are a random walk and open interest follows the last move,
so that there is nothing to be known in time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from futuresboard.asof import Source, join, max_age_ms
from futuresboard.bars import UNLISTED, Bars
from futuresboard.metrics import get_all
from futuresboard.trade_sim import LONG, Costs, Prices, fixed_horizons, won

HOUR = 3_600_000
PAIRS, SLOTS = 40, 2_000
OFFSETS = np.arange(PAIRS + 1, dtype=np.int64) * SLOTS
FREE = Costs(0.0, 0.0)

type Join = Callable[[np.ndarray, Source], np.ndarray]


@pytest.fixture(scope="module")
def market() -> tuple[dict[str, np.ndarray], Source]:
    """Prices (n, T), and rows of open interest as they became available: each bar's at its close."""
    rng = np.random.default_rng(7)
    moves = rng.standard_t(4, (PAIRS, SLOTS)) * 0.004
    close = 100.0 * np.exp(np.cumsum(moves, axis=1))
    open_ = np.concatenate([np.full((PAIRS, 1), 100.0), close[:, :-1]], axis=1)
    grown = 0.5 * moves + rng.normal(0.0, 0.001, moves.shape)
    oi = 1e6 * np.exp(np.cumsum(grown, axis=1))
    closes = (np.arange(SLOTS, dtype=np.int64) + 1) * HOUR
    ages = np.full(PAIRS, max_age_ms("oi_contracts", HOUR), dtype=np.int64)
    return {"open": open_, "close": close}, Source(OFFSETS, np.tile(closes, PAIRS), oi.ravel(), ages)


def in_time(at: np.ndarray, source: Source) -> np.ndarray:
    """As the definitions have it: by availability."""
    return join(OFFSETS, at, source)


def ahead(at: np.ndarray, source: Source) -> np.ndarray:
    """The same rows with their stamps read as the windows' starts: each an hour too early."""
    early = Source(source.offsets, source.ts - HOUR, source.values, source.max_age_ms)
    return join(OFFSETS, at, early)


def closes() -> np.ndarray:
    return np.tile((np.arange(SLOTS, dtype=np.int64) + 1) * HOUR, PAIRS)


def hit_rates(market: tuple[dict[str, np.ndarray], Source], joined: Join) -> tuple[float, float, float, int]:
    """Of the trade T1 long, one bar: entered in time, one bar late, base rate, and number of trades."""
    prices, source = market
    ts = np.arange(SLOTS, dtype=np.int64) * HOUR
    unknown = np.full((PAIRS, SLOTS), np.nan)
    columns = dict.fromkeys(
        ("high", "low", "volume", "quote_volume", "taker_buy", "oi_abs_usd", "global_ls", "top_ls"), unknown
    )
    columns |= {"funding": np.zeros((PAIRS, SLOTS)), "funding_interval_h": np.full((PAIRS, SLOTS), 8.0)}
    columns |= prices | {"oi_contracts": joined(closes(), source).reshape(PAIRS, SLOTS)}
    bars = Bars(HOUR, ts, columns, np.full(PAIRS, UNLISTED), SLOTS)
    rows, slots = np.nonzero(get_all(bars)["z_score"] > 2.5)
    traded = Prices.of(HOUR, ts, columns)

    def share(of: np.ndarray, at: np.ndarray) -> float:
        (trades,) = fixed_horizons(traded, of, at, [1])
        return float(np.nanmean(won(trades.net(LONG, FREE))))

    every = np.nonzero(np.ones((PAIRS, SLOTS), dtype=bool))
    return share(rows, slots), share(rows, slots + 1), share(*every), len(rows)


def test_in_time_there_is_nothing_to_be_known(market: tuple[dict[str, np.ndarray], Source]):
    in_time_rate, late, base, trades = hit_rates(market, in_time)
    assert trades > 1_000
    assert abs(in_time_rate - base) < 0.05
    assert abs(late - base) < 0.05


def test_one_bar_late_the_edge_of_a_look_ahead_is_gone(market: tuple[dict[str, np.ndarray], Source]):
    """A hit rate above 60 % is what a join bug looks like."""
    found, late, base, trades = hit_rates(market, ahead)
    assert trades > 1_000
    assert found > 0.9
    assert abs(late - base) < 0.05


@pytest.mark.parametrize(("joined", "holds"), [(in_time, True), (ahead, False)], ids=["in time", "ahead"])
def test_the_law_catches_it(market: tuple[dict[str, np.ndarray], Source], joined: Join, holds: bool):
    """What became available after a time changes nothing of what was known at it: 200 random bars."""
    _, source = market
    whole = joined(closes(), source)
    rng = np.random.default_rng(1)
    known: list[bool] = []
    for pair, slot in zip(rng.integers(0, PAIRS, 200), rng.integers(0, SLOTS - 1, 200), strict=True):
        begin, now = int(source.offsets[pair]), (int(slot) + 1) * HOUR
        last = begin + int(np.searchsorted(source.ts[begin : source.offsets[pair + 1]], now, side="right"))
        later = np.zeros(len(source.ts), dtype=bool)
        later[last : source.offsets[pair + 1]] = True
        cut = Source(
            np.cumsum([0, *np.add.reduceat(~later, source.offsets[:-1])]),
            source.ts[~later],
            source.values[~later],
            source.max_age_ms,
        )
        at = slice(begin, begin + int(slot) + 1)
        known.append(np.array_equal(joined(closes(), cut)[at], whole[at], equal_nan=True))
    assert all(known) if holds else not any(known)
