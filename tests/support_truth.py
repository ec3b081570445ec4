"""What must be stored of a bar, by the simulated exchanges' own numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from futuresboard.sim_exchange import SimThread

STEP_MS = {"5m": 300_000, "15m": 900_000}
M5 = STEP_MS["5m"]
CANDLE = ("open", "high", "low", "close", "volume", "quote_volume")

type Key = tuple[str, str, str]
type Row = dict[str, Any]


def same(got: float | None, want: float | None) -> bool:
    """Equal but for the last bits; unknown equals only unknown."""
    if got is None or want is None:
        return got is want
    return math.isclose(got, want, rel_tol=1e-9)


def truth_of(sim: SimThread, key: Key, ts: Sequence[int], *, trades: bool = False) -> list[Row]:
    """Every raw column of the consecutive bars at `ts` of a series (exchange, symbol, timeframe).

    trades: as known to who listens to every trade.
    """
    exchange, symbol, timeframe = key
    step, truth = STEP_MS[timeframe], sim.truth
    rows: list[Row] = []
    for bar in truth.bars(exchange, symbol, ts[0], len(ts), step):
        close = bar.ts + step
        oi = truth.oi(exchange, symbol, close)
        last = bar if timeframe == "5m" else truth.bar(exchange, symbol, close - M5)
        rows.append(
            {name: getattr(bar, name) for name in CANDLE}
            | {
                "ts": bar.ts,
                "taker_buy": bar.taker_buy if trades or exchange != "bybit" else None,
                "oi_contracts": oi.base,
                "oi_abs_usd": oi.base * last.close if oi.usd is None else oi.usd,
                "global_ls": truth.global_ls(exchange, symbol, close),
                "top_ls": truth.top_ls(exchange, symbol, close),
                "funding": truth.funding(exchange, symbol, close)[1],
                "funding_interval_h": float(truth.row(exchange, symbol).funding_hours),
            }
        )
    return rows
