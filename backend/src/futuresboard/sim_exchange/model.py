"""The market behind the simulated exchanges: 5-minute bars and levels, by day.

Everything of one day is drawn from hashes of (seed, name, day) and bridged between anchors at its
two midnights; an anchor is a weighted sum of the last 90 days' shocks. So a day is known without
the days before it, neighbouring days join without a step, and coins share one market factor.
Numbers are rounded to ticks and lots here: what leaves this module is what goes over the wire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from futuresboard.sim_exchange.hashing import F64, I64, U64, fat_tailed, keys_of, normal, uniform
from futuresboard.sim_exchange.universe import Instrument, Sort

BAR_MS = 300_000
BARS = 288
SHARE_SCALE = 100_000_000
_MEMORY_DAYS = 90
_INDEX = np.arange(BARS, dtype=np.int64)
_EDGES = np.arange(BARS + 1, dtype=np.int64)
_RAMP = np.arange(1, BARS + 1, dtype=np.float64) / BARS
_HOURS = np.arange(BARS, dtype=np.float64) / 12.0
# Busiest when Europe and America overlap, quiet in the small hours (UTC).
_SEASON = 1.0 + 0.30 * np.cos((_HOURS - 15.0) / 24.0 * 2 * np.pi)

_COIN_KEYS = ("price", "price day", "vol", "oi", "oi day", "oi jump", "oi build", "ls", "ls day", "top")
_OWN_KEYS = ("basis", "range", "volume", "volume day", "taker", "own oi", "own oi day", "own jump", "own ls")


@dataclass(frozen=True, slots=True)
class Params:
    """What a group of instruments needs for its draws; arrays have shape (n, 1)."""

    log_price: F64
    sd: F64
    beta: F64
    price_scale: F64
    lot: F64
    step: F64
    turnover: F64
    log_oi: F64
    log_ls: F64
    calm: F64
    keys: dict[str, U64]
    market: dict[str, U64]


@dataclass(frozen=True, slots=True)
class Block:
    """One day of a group of instruments, in wire integers.

    `price` (n, 289): last price at each 5-minute boundary, so bar i opens at [i], closes at
    [i + 1]; `high`, `low`, `volume`, `taker_buy` (n, 288); `oi` (n, 289), one side; `longs`,
    `top_accounts`, `top_positions` (n, 289): the long share times 10**8.
    """

    price: NDArray[np.int32]
    high: NDArray[np.int32]
    low: NDArray[np.int32]
    volume: I64
    taker_buy: I64
    oi: I64
    longs: NDArray[np.int32]
    top_accounts: NDArray[np.int32]
    top_positions: NDArray[np.int32]


def _column(values: list[float]) -> F64:
    return np.array(values, dtype=np.float64)[:, None]


def params_of(seed: int, rows: list[Instrument]) -> Params:
    """The parameters of a group of instruments."""
    coins = [row.coin.name for row in rows]
    own = [f"{row.exchange}/{row.id}" for row in rows]
    keys = {name: keys_of(seed, name, coins)[:, None] for name in _COIN_KEYS}
    keys |= {name: keys_of(seed, name, own)[:, None] for name in _OWN_KEYS}
    lot = [10.0**row.qty_exp for row in rows]
    tilt = normal(keys["own ls"], np.array([[-7]]))
    mood = normal(keys["ls"], np.array([[-7]]))
    premium = [0.004 if row.sort is Sort.DELIVERY else 0.0 for row in rows]
    return Params(
        log_price=_column([float(np.log(row.price)) for row in rows]) + _column(premium),
        sd=_column([row.coin.sd_day for row in rows]),
        beta=_column([0.93 if row.coin.name == "BTC" else 0.70 - 0.0006 * row.coin.rank for row in rows]),
        price_scale=_column([10.0**row.price_decimals for row in rows]),
        lot=_column(lot),
        step=_column([float(row.qty_step) for row in rows]),
        turnover=_column([row.turnover_usd for row in rows]),
        log_oi=np.log(_column([row.oi_usd / row.price for row in rows])),
        log_ls=0.47 + 0.31 * mood + 0.12 * tilt,
        calm=_column([1.0 if row.coin.rank > 30 else 0.55 for row in rows]),
        keys=keys,
        market={name: keys_of(seed, name, ["market"])[:, None] for name in ("factor", "factor day", "vol")},
    )


def _anchor(keys: U64, day: int, fading: float) -> F64:
    """A slowly wandering level at the midnight that starts `day`, variance 1 a day; shape (n, 1)."""
    ages = np.arange(_MEMORY_DAYS, dtype=np.int64)
    return np.asarray((normal(keys, day - ages) * fading**ages).sum(axis=1, keepdims=True))


def _bridge(start: F64, end: F64, steps: F64) -> F64:
    """A path (n, 289) from start to end whose changes follow `steps` (n, 288)."""
    path = np.empty((steps.shape[0], BARS + 1))
    total = np.cumsum(steps, axis=1)
    path[:, :1] = start
    path[:, 1:] = start + total - (total[:, -1:] - (end - start)) * _RAMP
    path[:, -1:] = end
    return path


def _units(values: F64, step: F64) -> I64:
    """Whole lots, at least one."""
    return np.asarray(np.maximum(np.rint(values / step), 1.0) * step).astype(np.int64)


def _volatility(p: Params, day: int) -> F64:
    """Standard deviation of each bar's return, (n, 288)."""
    hours = day * 24 + np.arange(24, dtype=np.int64)
    regime = np.exp(0.28 * normal(p.market["vol"], hours) + 0.25 * normal(p.keys["vol"], hours))
    return np.asarray(p.sd / np.sqrt(BARS) * _SEASON * np.repeat(regime, 12, axis=1))


def _price_anchor(p: Params, day: int) -> F64:
    common = _anchor(p.market["factor day"], day, 0.965)
    own = _anchor(p.keys["price day"], day, 0.965)
    return np.asarray(p.log_price + 0.85 * p.sd * (p.beta * common + np.sqrt(1 - p.beta**2) * own))


def _log_price(p: Params, day: int, sigma: F64) -> F64:
    index = day * BARS + _INDEX
    common = fat_tailed(p.market["factor"], index)
    own = fat_tailed(p.keys["price"], index)
    steps = sigma * (p.beta * common + np.sqrt(1 - p.beta**2) * own)
    return _bridge(_price_anchor(p, day), _price_anchor(p, day + 1), steps)


def _ranges(p: Params, day: int, price: I64, sigma: F64) -> tuple[I64, I64]:
    """Highs and lows: a little beyond open and close."""
    index = 2 * (day * BARS + _INDEX)
    top = np.maximum(price[:, :-1], price[:, 1:])
    bottom = np.minimum(price[:, :-1], price[:, 1:])
    reach = 0.42 * sigma
    high = np.rint(top * np.exp(reach * np.abs(normal(p.keys["range"], index))))
    low = np.rint(bottom * np.exp(-reach * np.abs(normal(p.keys["range"], index + 1))))
    return high.astype(np.int64), np.maximum(low, 1.0).astype(np.int64)


def _volumes(p: Params, day: int, log_price: F64, sigma: F64) -> tuple[I64, I64]:
    """Base volume and its taker-buy part: busier when prices move, buyers when they rise."""
    index = day * BARS + _INDEX
    move = np.diff(log_price, axis=1) / sigma
    level = 0.30 * normal(p.keys["volume day"], np.array([day])) - 0.25
    noise = 0.48 * normal(p.keys["volume"], index)
    usd = p.turnover / BARS * _SEASON * np.exp(level + noise) * (0.6 + 0.55 * np.abs(move))
    volume = _units(usd / np.exp(log_price[:, 1:]) / p.lot, p.step)
    lean = 0.5 + 0.045 * np.tanh(0.8 * move) + 0.030 * p.calm * normal(p.keys["taker"], index)
    buy = np.rint(volume / p.step * np.clip(lean, 0.12, 0.88)) * p.step
    return volume, buy.astype(np.int64)


def _oi_anchor(p: Params, day: int) -> F64:
    common = _anchor(p.keys["oi day"], day, 0.90)
    return p.log_oi + 0.050 * common + 0.020 * _anchor(p.keys["own oi day"], day, 0.90)


def _open_interest(p: Params, day: int, log_price: F64, sigma: F64) -> I64:
    """One-sided open interest: noise, sudden jumps, two-hour build-ups, flushes on big moves."""
    index = day * BARS + _INDEX
    scale = (0.0009 + 0.050 * np.maximum(p.sd - 0.02, 0.0)) * _SEASON
    steps = scale * (0.75 * fat_tailed(p.keys["oi"], index) + 0.45 * fat_tailed(p.keys["own oi"], index))
    for name, odds, size in (("oi jump", 0.0030, 0.011), ("own jump", 0.0016, 0.008)):
        draw = uniform(p.keys[name], 2 * index)
        jump = size * p.calm * (0.5 + np.abs(normal(p.keys[name], index + (1 << 40))))
        steps = steps + np.where(draw < odds * 0.65, jump, np.where(draw < odds, -1.3 * jump, 0.0))
    building = uniform(p.keys["oi build"], day * 12 + np.arange(12, dtype=np.int64)) < 0.05
    steps = steps + 0.0011 * np.repeat(building, 24, axis=1)
    move = np.abs(np.diff(log_price, axis=1))
    steps = steps - np.minimum(0.5 * np.maximum(move - 3.0 * sigma, 0.0), 0.06)
    path = _bridge(_oi_anchor(p, day), _oi_anchor(p, day + 1), steps)
    return _units(np.exp(path) / p.lot, p.step)


def _ls_anchor(p: Params, day: int) -> F64:
    return np.asarray(p.log_ls + 0.075 * _anchor(p.keys["ls day"], day, 0.93))


def _shares(log_ratio: F64) -> NDArray[np.int32]:
    ratio = np.exp(np.clip(log_ratio, -0.88, 1.36))
    return np.asarray(np.rint(ratio / (1.0 + ratio) * SHARE_SCALE)).astype(np.int32)


def _positions(p: Params, day: int, log_price: F64) -> tuple[NDArray[np.int32], ...]:
    """Long shares of all accounts, of top accounts and of top positions: slow, against the move."""
    index = day * BARS + _INDEX
    edges = day * BARS + _EDGES
    steps = 0.0042 * normal(p.keys["ls"], index) - 0.9 * np.diff(log_price, axis=1)
    path = _bridge(_ls_anchor(p, day), _ls_anchor(p, day + 1), steps)
    everyone = path + 0.0012 * normal(p.keys["own ls"], edges)
    tilt = 0.12 * normal(p.keys["top"], np.array([-9]))
    accounts = 0.06 + 0.86 * path + tilt + 0.0016 * normal(p.keys["top"], 2 * edges)
    positions = 0.10 + 0.42 * path - tilt + 0.0022 * normal(p.keys["top"], 2 * edges + 1)
    return _shares(everyone), _shares(accounts), _shares(positions)


def generate(p: Params, day: int) -> Block:
    """One day (days since 1970) of a group of instruments."""
    sigma = _volatility(p, day)
    log_price = _log_price(p, day, sigma)
    basis = 0.00008 * normal(p.keys["basis"], day * BARS + _EDGES)
    price = np.maximum(np.rint(np.exp(log_price + basis) * p.price_scale), 1.0).astype(np.int64)
    high, low = _ranges(p, day, price, sigma)
    volume, taker_buy = _volumes(p, day, log_price, sigma)
    longs, top_accounts, top_positions = _positions(p, day, log_price)
    return Block(
        price=price.astype(np.int32),
        high=high.astype(np.int32),
        low=low.astype(np.int32),
        volume=volume,
        taker_buy=taker_buy,
        oi=_open_interest(p, day, log_price, sigma),
        longs=longs,
        top_accounts=top_accounts,
        top_positions=top_positions,
    )
