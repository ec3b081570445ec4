"""Rows of all kinds of one series joined to bars of one timeframe. Pure.

Levels belong to the bar at whose close they stand; what their stamps mean is decided from data where
they carry base and USD open interest beside prices, else by what is documented, and then marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from futuresboard import quality
from futuresboard.archive import IMPORTED_SEQ, NONE, Block, texts
from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.exchanges.stamps import STEP_MS, oi_stamp
from futuresboard.importing.pieces import Piece, Prefer, told, unite
from futuresboard.importing.shapes import Shape
from futuresboard.model import MS_PER_HOUR, TIMEFRAME_MS, FloatArray, IntArray, Kind, Rows

LABELS_CHANGED = 1_782_345_600_000
"""2026-06-25T00:00 UTC: Binance's metrics files carried end labels before it, start labels since."""
DEFAULT_INTERVAL_H = 8.0
IMPORTED = quality.HISTORIC | quality.BACKFILLED
_LEVELS = ("close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls")
_LS = ("global_ls", "top_ls")
_MIXED_SHARE = 0.01
_MOST_OFF = np.log(1.5)
_LEAST_COMPARED = 20
_LEAP = 1000.0

type Columns = dict[str, FloatArray]


@dataclass
class Notes:
    """What is worth telling: rows that said the same again, rows that fit no bar, decisions about stamps."""

    repeated: int = 0
    unplaced: int = 0
    verdicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """Bars that are stored already: their times and prices, for what is imported without any."""

    ts: IntArray
    open: FloatArray
    close: FloatArray


def join(pieces: Sequence[Piece], timeframe: str, known: Known, prefer: Prefer, notes: Notes) -> Block:
    """Bars of one series, one version each, imported. Raises FileError for what cannot be true."""
    step = TIMEFRAME_MS[timeframe]
    of = {shape: [piece for piece in pieces if piece.shape is shape] for shape in Shape}
    parts: list[tuple[IntArray, Columns, IntArray]] = []
    prices = known
    if bars := of[Shape.BARS]:
        _refuse_off_grid(bars, timeframe)
        ts, columns, again = unite(bars, prefer)
        notes.repeated += again
        parts.append((ts, columns, np.zeros(len(ts), dtype=np.int64)))
        prices = _with(known, ts, columns)
    if levels := of[Shape.LEVELS]:
        ts, columns, again = unite(levels, prefer)
        notes.repeated += again
        parts.append(_at_closes(ts, columns, step, quality.STAMP_ASSUMED, notes))
    if metrics := of[Shape.METRICS]:
        parts += _metrics(metrics, step, prices, prefer, notes)
    slots = np.unique(np.concatenate([part[0] for part in parts])) if parts else np.zeros(0, dtype=np.int64)
    if funding := of[Shape.FUNDING]:
        ts, columns, again = unite(funding, prefer)
        notes.repeated += again
        parts.append(settled(ts, columns, step, np.union1d(slots, known.ts)))
        slots = np.union1d(slots, parts[-1][0])
    raw, marks = _laid(slots, parts)
    _complete_usd(raw, slots, parts)
    _refuse_mixed_units(raw, slots, pieces)
    return _guarded(slots, raw, marks)


def _refuse_off_grid(bars: Sequence[Piece], timeframe: str) -> None:
    step = TIMEFRAME_MS[timeframe]
    for piece in bars:
        for at in np.flatnonzero(piece.ts % step)[:1].tolist():
            row = int(piece.rows[at])
            place = f"{piece.sheet.path}, {piece.sheet.word} {piece.sheet.lines[row]}"
            raise FileError(
                f"{place}: got a bar at {piece.ts[at]} ms UTC, allowed: whole multiples of {timeframe}"
            )


def _with(known: Known, ts: IntArray, columns: Mapping[str, FloatArray]) -> Known:
    """Stored prices and those of new bars, which win."""
    nothing = np.full(len(ts), np.nan)
    times = np.concatenate([ts, known.ts])
    unique, first = np.unique(times, return_index=True)
    opened = np.concatenate([columns.get("open", nothing), known.open])
    closed = np.concatenate([columns.get("close", nothing), known.close])
    return Known(unique, opened[first], closed[first])


def _metrics(
    pieces: Sequence[Piece], step: int, prices: Known, prefer: Prefer, notes: Notes
) -> list[tuple[IntArray, Columns, IntArray]]:
    """Binance's levels, each side of the day on which its labels changed by itself."""
    parts: list[tuple[IntArray, Columns, IntArray]] = []
    for before in (True, False):
        side = [cut for piece in pieces if len((cut := _side(piece, before)).ts)]
        if not side:
            continue
        ts, columns, again = unite(side, prefer)
        notes.repeated += again
        unknown = np.full(len(ts), np.nan)
        base, usd = (columns.get(name, unknown) for name in ("oi_contracts", "oi_abs_usd"))
        rows = Rows(Kind.OI, ts, {"oi_contracts": np.where(base > 0, base, np.nan), "oi_usd": usd})
        candles = Rows(Kind.CANDLES, prices.ts, {"open": prices.open, "close": prices.close})
        verdict = oi_stamp(rows, candles) if step == STEP_MS else None
        stamp = verdict or ("snapshot" if before else "start")
        mark = 0 if verdict else quality.STAMP_ASSUMED
        words = "their own prices" if verdict else "the date"
        meaning = "the moment of the snapshot" if stamp == "snapshot" else "the start of the window"
        notes.verdicts.append(f"{pieces[0].symbol}: metrics rows carry {meaning} (by {words}): {told(side)}")
        parts.append(_at_closes(ts + (0 if stamp == "snapshot" else STEP_MS), columns, step, mark, notes))
    return parts


def _side(piece: Piece, before: bool) -> Piece:
    """The rows of a piece with labels of before or after the change. Of the midnight of the change itself
    there may be two, the first with the old meaning."""
    old = piece.ts < LABELS_CHANGED
    if len(double := np.flatnonzero(piece.ts == LABELS_CHANGED)) > 1:
        old[double[0]] = True
    kept = np.flatnonzero(old if before else ~old)
    columns = {name: values[kept] for name, values in piece.columns.items()}
    return Piece(
        piece.exchange,
        piece.symbol,
        piece.shape,
        piece.timeframe,
        piece.ts[kept],
        columns,
        piece.sheet,
        piece.rows[kept],
    )


def _at_closes(
    moments: IntArray, columns: Mapping[str, FloatArray], step: int, mark: int, notes: Notes
) -> tuple[IntArray, Columns, IntArray]:
    """What stood at moments, by the bars that close then.

    Moments on the grid of 5 minutes speak for the bar that closes at them alone. Others speak for the
    next close, and prices and open interest not for longer than a bar, ratios not for longer than two.
    """
    if not (moments % STEP_MS).any():
        fits = moments % step == 0
        notes.unplaced += int((~fits).sum())
        moments = moments[fits]
        found = {name: values[fits] for name, values in columns.items()}
        if "close" in found:
            # A price at a moment closes one bar and opens the next.
            at = np.searchsorted(moments, moments - step)
            there = moments[at] == moments - step
            found["open"] = np.where(there, found["close"][at], np.nan)
        return moments - step, found, np.full(len(moments), mark, dtype=np.int64)
    first = -(-moments // step) * step
    closes = np.unique(np.concatenate([first, first + step]))
    result: Columns = {}
    for name, values in columns.items():
        known = np.flatnonzero(~np.isnan(values))
        at = np.searchsorted(moments[known], closes, side="right") - 1
        source = known[np.maximum(at, 0)] if len(known) else np.zeros(len(closes), dtype=np.int64)
        age = closes - moments[source]
        fresh = (at >= 0) & (age < step * (2 if name in _LS else 1))
        result[name] = np.where(fresh, values[source], np.nan)
    any_known = np.any([~np.isnan(values) for values in result.values()], axis=0)
    kept = {name: values[any_known] for name, values in result.items()}
    # What says nothing of the newest close alone is not a bar.
    return closes[any_known] - step, kept, np.full(int(any_known.sum()), mark, dtype=np.int64)


def settled(
    ts: IntArray, columns: Mapping[str, FloatArray], step: int, slots: IntArray
) -> tuple[IntArray, Columns, IntArray]:
    """The rate settled last at or before each bar's close, while its interval lasts.

    slots: the bars there are; where there is none in the time the rates speak of, bars are made for them.
    """
    known = ~np.isnan(columns["funding"])
    ts, rates = ts[known], columns["funding"][known]
    stated = columns.get("funding_interval_h", np.full(len(known), np.nan))[known]
    hours = np.where(stated > 0, stated, DEFAULT_INTERVAL_H)
    if len(ts) > 1:
        apart = np.maximum(1.0, np.round(np.diff(ts) / MS_PER_HOUR))
        # A settlement that is missing must not stretch the interval of the one after the gap.
        usual = np.where(stated[1:] > 0, stated[1:], np.median(apart))
        hours[1:] = np.where(apart > 24, usual, apart)
        if not stated[0] > 0:
            hours[0] = hours[1]
    until = ts + (hours * MS_PER_HOUR).astype(np.int64)
    if not len(ts):
        return ts, {}, ts
    mine = slots[(slots + step >= ts[0]) & (slots + step < until[-1])]
    if not len(mine):
        mine = np.arange(-(-ts[0] // step) * step - step, until[-1] - step, step, dtype=np.int64)
    at = np.searchsorted(ts, mine + step, side="right") - 1
    # At its very end another rate is due, which another file may tell.
    fresh = (at >= 0) & (mine + step < until[at])
    mine, at = mine[fresh], at[fresh]
    return mine, {"funding": rates[at], "funding_interval_h": hours[at]}, np.zeros(len(mine), dtype=np.int64)


def _laid(
    slots: IntArray, parts: Sequence[tuple[IntArray, Columns, IntArray]]
) -> tuple[FloatArray, IntArray]:
    """Parts laid on slots, (13, m) and marks (m,); of what two parts know the first is right."""
    raw = np.full((len(RAW_COLUMNS), len(slots)), np.nan)
    marks = np.full(len(slots), IMPORTED, dtype=np.int64)
    for ts, columns, own in parts:
        at = np.searchsorted(slots, ts)
        marks[at] |= own
        for number, name in enumerate(RAW_COLUMNS):
            if name in columns:
                before = raw[number, at]
                raw[number, at] = np.where(np.isnan(before), columns[name], before)
    return raw, marks


def _complete_usd(
    raw: FloatArray, slots: IntArray, parts: Sequence[tuple[IntArray, Columns, IntArray]]
) -> None:
    """Open interest in USD where no file tells it: at the mark price, else at the close."""
    price = np.full(len(slots), np.nan)
    for ts, columns, _ in parts:
        if "mark_price" in columns:
            price[np.searchsorted(slots, ts)] = columns["mark_price"]
    close, base, usd = (RAW_COLUMNS.index(name) for name in ("close", "oi_contracts", "oi_abs_usd"))
    price = np.where(price > 0, price, raw[close])
    raw[usd] = np.where(np.isnan(raw[usd]) & (raw[base] > 0), raw[base] * price, raw[usd])


def _refuse_mixed_units(raw: FloatArray, slots: IntArray, pieces: Sequence[Piece]) -> None:
    """Open interest must be base coin in one column and USD in the other, in every row."""
    close, base, usd = (raw[RAW_COLUMNS.index(name)] for name in ("close", "oi_contracts", "oi_abs_usd"))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(np.log(usd / base / close))
        compared = np.isfinite(off)
        wrong = compared & (off > _MOST_OFF)
        positive = base[base > 0]
        leaps = np.flatnonzero(np.abs(np.diff(np.log(positive))) > np.log(_LEAP))
    if compared.sum() >= _LEAST_COMPARED and wrong.sum() > _MIXED_SHARE * compared.sum():
        at = int(np.argmax(wrong))
        raise FileError(
            f"{told(pieces)}: at {slots[at]} ms UTC oi_abs_usd / oi_contracts is {usd[at] / base[at]:.6g} "
            f"and the price {close[at]:.6g}; allowed: oi_contracts in base coin, oi_abs_usd in USD, "
            "in every row"
        )
    if len(leaps):
        at = int(np.flatnonzero(base > 0)[leaps[0] + 1])
        raise FileError(
            f"{told(pieces)}: oi_contracts leaps from {positive[leaps[0]]:.6g} to {base[at]:.6g} "
            f"at {slots[at]} ms UTC; allowed: base coin in every row"
        )


def _guarded(slots: IntArray, raw: FloatArray, marks: IntArray) -> Block:
    """Unfit numbers taken out and kept aside; bars of which nothing at all is known are none."""
    clean, bits, failed = quality.guard({name: raw[i] for i, name in enumerate(RAW_COLUMNS)})
    table = np.array([clean[name] for name in RAW_COLUMNS])
    words: list[str | None] = [None] * len(slots)
    for row, values in failed.items():
        words[row] = orjson.dumps(values).decode()
    whole = np.zeros(len(slots), dtype=np.int64)
    block = Block(
        slots.astype(np.int64),
        table,
        marks | bits,
        texts(words),
        whole + IMPORTED_SEQ,
        whole + NONE,
        whole + NONE,
        whole + NONE,
    )
    return block.take(np.flatnonzero(~np.isnan(table).all(axis=0) | (bits != 0)))
