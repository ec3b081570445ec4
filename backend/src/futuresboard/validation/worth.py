"""K5: what every tier was worth in both directions and at every horizon, entered at once and a bar late."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from futuresboard.bars import UNLISTED, Bars
from futuresboard.model import MS_PER_HOUR, FloatArray, IntArray, Thresholds, Tier
from futuresboard.planning import COLUMNS, PLANNED, REACH, Window, Worth, judged

RECORDED = "btcusdt_binance_1h_oi_price_funding.csv"
"""Hourly open interest, price and funding of BTCUSDT on Binance; rows with OI 0 are real faults."""


def bars_of(timeframe_ms: int, ts: IntArray, columns: Mapping[str, FloatArray]) -> Bars:
    """`Bars` all of whose slots but the first few are asked for."""
    kept = {name: columns[name] for name in COLUMNS}
    series = len(kept["close"])
    return Bars(timeframe_ms, ts, kept, np.full(series, UNLISTED), max(1, len(ts) - REACH))


def worth(bars: Bars, coins: Sequence[tuple[str, float]], thresholds: Thresholds) -> list[tuple[Tier, Worth]]:
    """Every cell of every tier that these bars know, judged as one family; coins: as `Window` has them."""
    window = Window(bars, coins)
    tiers: list[Tier] = []
    cells: list[Worth] = []
    for tier in PLANNED:
        rows, slots = window.alerts(tier, window.flags(tier, thresholds), thresholds)
        found = window.worth(rows, slots)
        tiers += [tier] * len(found)
        cells += found
    return list(zip(tiers, judged(cells), strict=True))


def recorded(path: Path) -> Bars:
    """The recorded series as hourly bars: each opens at the last price of the hour before.

    An open interest or price of 0 is unknown, as everywhere.
    """
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stamps = [int(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000) for row in rows]
    first, step = stamps[0], MS_PER_HOUR
    slots = (stamps[-1] - first) // step + 1
    at = [(stamp - first) // step for stamp in stamps]
    close = _laid(rows, "last_price", at, slots)
    columns = dict.fromkeys(COLUMNS, np.full((1, slots), np.nan))
    columns |= {
        "close": close,
        "open": np.concatenate([[[np.nan]], close[:, :-1]], axis=1),
        "oi_contracts": _laid(rows, "open_interest", at, slots),
        "funding": _laid(rows, "funding_rate", at, slots, positive=False),
        "funding_interval_h": np.full((1, slots), 8.0),
    }
    return bars_of(step, first + step * np.arange(slots, dtype=np.int64), columns)


def _laid(
    rows: Sequence[Mapping[str, str]], name: str, at: Sequence[int], slots: int, *, positive: bool = True
) -> FloatArray:
    values = np.array([float(row[name] or "nan") for row in rows])
    laid = np.full((1, slots), np.nan)
    laid[0, list(at)] = np.where(values > 0.0, values, np.nan) if positive else values
    return laid
