"""Marks: what a trader must know about a row's data, as bits that spread over windows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray, IntArray

STALE = 1 << 0
REVISED = 1 << 1
LS_LATE = 1 << 2
STAMP_ASSUMED = 1 << 3
PARTIAL = 1 << 4
GAP = 1 << 5
BACKFILLED = 1 << 6
WARMING = 1 << 7
OI_LIVE = 1 << 8
HISTORIC = 1 << 9
"""First stored from history, long after its close; the database's own, never shown."""
PROVISIONAL = 1 << 10
"""Shown before it is finalised, as far as it is known (and `partial`); the database's own."""
BY_SOCKET = 1 << 11
"""Its candle came by websocket."""
BY_BOTH = 1 << 12
"""Of a longer bar: some of its candles came by websocket, some by REST."""
UNHEARD = 1 << 13
"""Its taker volume was not heard from the bar's begin to its end; a gap of these columns alone."""

_NAMES: dict[int, str] = {
    STALE: "stale",
    REVISED: "revised",
    LS_LATE: "ls:late",
    STAMP_ASSUMED: "stamp:assumed",
    PARTIAL: "partial",
    GAP: "gap",
    UNHEARD: "gap",
    BACKFILLED: "backfilled",
    WARMING: "warming",
    OI_LIVE: "oi:live",
}
GUARDED_COLUMNS: tuple[str, ...] = (*RAW_COLUMNS, "imbalance")
GUARDED: Mapping[str, int] = {column: 1 << (16 + i) for i, column in enumerate(GUARDED_COLUMNS)}
_NAMES |= {bit: f"guarded:{column}" for column, bit in GUARDED.items()}
REFUSED = STALE | sum(bit for column, bit in GUARDED.items() if column != "imbalance")
"""What a number of an exchange was refused for."""

STAND_INS: Mapping[int, tuple[str, ...]] = {
    OI_LIVE: ("oi_contracts", "oi_abs_usd"),
    LS_LATE: ("global_ls", "top_ls"),
}
"""Marks of values that stand in for what the exchange had not published yet, and their columns."""
SAID_OF: Mapping[str, int] = {
    "oi_contracts": OI_LIVE | STAMP_ASSUMED,
    "global_ls": LS_LATE | STAMP_ASSUMED,
    "top_ls": LS_LATE | STAMP_ASSUMED,
}
"""What else is said of a column's value, beside its guard."""

# A row shows its own WARMING and GAP, computed for it; the rest it inherits from its window.
_INHERITED = ~(STALE | WARMING | GAP | HISTORIC | PROVISIONAL | BY_SOCKET | BY_BOTH | UNHEARD)
# An imbalance beyond its guard harms nothing built on the volumes.
_NOT_INHERITED = GUARDED["imbalance"]
MARK_WINDOW = 22
"""Slots whose marks a row carries: the 21 changes of its Z-score need 22 levels."""

FUNDING_GUARD = 0.05
_POSITIVE = (
    "open",
    "high",
    "low",
    "close",
    "oi_contracts",
    "oi_abs_usd",
    "global_ls",
    "top_ls",
    "funding_interval_h",
)
_NOT_NEGATIVE = ("volume", "quote_volume", "taker_buy")


def names(bits: int) -> list[str]:
    """The marks of a row in words, in a fixed order."""
    return list(dict.fromkeys(name for bit, name in _NAMES.items() if bits & bit))


def source(bits: int) -> str:
    """Whence a row's candle came: `websocket`, `rest` or `mixed`."""
    if bits & BY_BOTH:
        return "mixed"
    return "websocket" if bits & BY_SOCKET else "rest"


def fit(column: str, values: FloatArray) -> BoolArray:
    """Which finite values of a raw column may be used (NaN is neither fit nor guarded)."""
    if column in _POSITIVE:
        return values > 0.0
    if column in _NOT_NEGATIVE:
        return values >= 0.0
    if column == "funding":
        return np.abs(values) < FUNDING_GUARD
    return np.isfinite(values)


def guard(
    columns: Mapping[str, FloatArray],
) -> tuple[dict[str, FloatArray], IntArray, dict[int, dict[str, float]]]:
    """Take unfit numbers out of raw columns of m bars each.

    Returns the clean columns, the guard bits of each bar (m,) and the raw values that failed by
    bar number. Taker buy above the volume (beyond rounding) is unfit too.
    """
    clean: dict[str, FloatArray] = {}
    size = len(next(iter(columns.values())))
    bits = np.zeros(size, dtype=np.int64)
    failed: dict[int, dict[str, float]] = {}
    # In the order of the columns: the volume is judged before what is compared with it.
    for name in RAW_COLUMNS:
        values = columns[name]
        bad = ~np.isnan(values) & ~(fit(name, values) & np.isfinite(values))
        if name == "taker_buy":
            with np.errstate(invalid="ignore"):
                bad |= values > clean["volume"] * (1.0 + 1e-9)
        clean[name] = np.where(bad, np.nan, values)
        bits |= np.where(bad, GUARDED[name], 0)
        for row in np.flatnonzero(bad):
            failed.setdefault(int(row), {})[name] = float(values[row])
    return clean, bits, failed


def spread(marks: IntArray, present: BoolArray, began: BoolArray, out: int) -> IntArray:
    """(n, out) marks each of the newest `out` slots shows: its own and those of its window.

    marks: (n, T) own bits; present: (n, T) whether a bar is stored in the slot; began: (n, T)
    whether the series has a bar there or before. A missing slot after the series began is a gap for
    every window over it.
    """
    series, slots = marks.shape
    own = np.where(began & ~present, marks | GAP, marks)
    padded = np.concatenate([np.zeros((series, MARK_WINDOW - 1), dtype=np.int64), own], axis=1)
    keep = (_INHERITED & ~_NOT_INHERITED) | GAP
    shown = own[:, slots - out :].copy()
    for back in range(1, MARK_WINDOW):
        stop = padded.shape[1] - back
        shown |= padded[:, stop - out : stop] & keep
    return shown
