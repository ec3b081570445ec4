"""Calm bars to lay by hand what a test is about upon, and how to read what comes out."""

from __future__ import annotations

import math

from reference import DAY

M5 = 300_000
M15 = 900_000
MIDNIGHT = 20_000 * DAY  # some day at 00:00 UTC


def bars(count, *, start=MIDNIGHT, step=M5, **columns):
    """Return calm bars; a column given as a list is laid along them, as a scalar repeated."""
    calm = {
        "open": 10.0,
        "high": 11.0,
        "low": 9.0,
        "close": 10.0,
        "volume": 100.0,
        "quote_volume": 1000.0,
        "taker_buy": 50.0,
        "oi_contracts": 500.0,
        "oi_abs_usd": 5000.0,
        "global_ls": 1.0,
        "top_ls": 1.0,
        "funding": 0.0001,
        "funding_interval_h": 8.0,
    }
    made = []
    for i in range(count):
        bar = {"ts": start + i * step, **calm}
        for column, value in columns.items():
            bar[column] = value[i] if isinstance(value, list) else value
        made.append(bar)
    return made


def column(rows, name):
    return [row[name] for row in rows]


def flag(rows, tier):
    return [row["flags"][tier] for row in rows]


def spike(last=105.0):
    """22 OI values: 21 that swing between 100 and 101, then `last`.

    The 20 changes before the last bar are ten of +1 % and ten of -100/101 %.
    """
    return [100.0, 101.0] * 10 + [100.0, last]


def spike_z(x):
    # mean = (1 - 100/101) / 2, every change is `half` away from it, ddof 1: sd = half * sqrt(20 / 19)
    mean, half = (1 - 100 / 101) / 2, (1 + 100 / 101) / 2
    return (x - mean) / (half * math.sqrt(20 / 19))
