"""`Piece`: the rows of one series in one file, and how pieces that overlap become one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.importing.shapes import (
    BINANCE,
    Named,
    Shape,
    exchange_in,
    exchange_of,
    names_of,
    roles,
    shape_of,
    symbol_in,
    unified,
)
from futuresboard.importing.sheet import Sheet
from futuresboard.model import TIMEFRAME_MS, FloatArray, IntArray

type Prefer = Literal["new", "old"] | None

_USED = (*RAW_COLUMNS, "mark_price")
_MINUTE_MS = 60_000
_LATE_STAMP_MS = 1_000


@dataclass(frozen=True)
class Options:
    """What the user says of all files: exchanges taken, the symbol and the timeframe where files do not
    say, columns by role, and which of two different values is right (None: neither)."""

    exchanges: tuple[str, ...] = ()
    symbol: str | None = None
    timeframe: str | None = None
    columns: Mapping[str, str] | None = None
    prefer: Prefer = None


@dataclass(frozen=True)
class Piece:
    """m rows of one series, as they stand in a file.

    ts: (m,) ms UTC as stamped; columns: role -> (m,); sheet, rows: where each row stands.
    """

    exchange: str
    symbol: str
    shape: Shape
    timeframe: str | None
    ts: IntArray
    columns: Mapping[str, FloatArray]
    sheet: Sheet
    rows: IntArray


@dataclass
class Skipped:
    """Rows left out: of exchanges that were not asked for, and without any number."""

    rows: int = 0
    blank: int = 0


def pieces_of(sheet: Sheet, name: Named | None, options: Options, skipped: Skipped) -> list[Piece]:
    """The series in a table. Raises FileError."""
    found = roles(sheet, options.columns or {})
    shape = shape_of(sheet, found, name)
    sheet = _filled(sheet, [column for role, column in found.items() if role in _USED], skipped)
    if not len(sheet):
        return []
    ts = sheet.times(found["ts"])
    if shape is Shape.FUNDING:
        ts = np.where(ts % _MINUTE_MS < _LATE_STAMP_MS, ts - ts % _MINUTE_MS, ts)
    columns = {role: sheet.numbers(column) for role, column in found.items() if role in _USED}
    result: list[Piece] = []
    for (exchange, symbol), rows in _series(sheet, found, shape, name, options, skipped).items():
        mine = {role: values[rows] for role, values in columns.items()}
        timeframe = name.timeframe if name is not None else options.timeframe
        result.append(Piece(exchange, symbol, shape, timeframe, ts[rows], mine, sheet, rows))
    return result


def _filled(sheet: Sheet, columns: Sequence[str], skipped: Skipped) -> Sheet:
    """A table without the rows that say nothing but their time."""
    filled = np.zeros(len(sheet), dtype=bool)
    for column in columns:
        filled |= np.array([text != "" for text in sheet.texts(column)], dtype=bool)
    skipped.blank += int((~filled).sum())
    return sheet if filled.all() else sheet.take(np.flatnonzero(filled))


def _series(
    sheet: Sheet,
    found: Mapping[str, str],
    shape: Shape,
    name: Named | None,
    options: Options,
    skipped: Skipped,
) -> dict[tuple[str, str], IntArray]:
    """(exchange, symbol) -> its rows."""
    exchanges = _exchanges(sheet, found, shape, name, options)
    symbols = _symbols(sheet, found, name, options)
    groups: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(exchanges, symbols, strict=True)):
        if options.exchanges and key[0] not in options.exchanges:
            skipped.rows += 1
            continue
        groups.setdefault(key, []).append(row)
    return {key: np.array(rows, dtype=np.int64) for key, rows in groups.items()}


def _exchanges(
    sheet: Sheet, found: Mapping[str, str], shape: Shape, name: Named | None, options: Options
) -> list[str]:
    if "exchange" in found:
        words = {text: exchange_of(text) for text in set(sheet.texts(found["exchange"]))}
        texts = sheet.texts(found["exchange"])
        for row, text in enumerate(texts):
            if words[text] is None and not options.exchanges:
                sheet.refuse(row, found["exchange"], "binanceusdm, bybit, okx (--exchange takes these alone)")
        return [words[text] or text for text in texts]
    if len(options.exchanges) == 1:
        return list(options.exchanges) * len(sheet)
    told_by_name = exchange_in(sheet.path.name)
    if name is not None or shape is Shape.METRICS or told_by_name is not None:
        return [told_by_name or BINANCE] * len(sheet)
    raise FileError(
        f"{sheet.path}: says no exchange, and neither does --exchange: one of binanceusdm, bybit, okx"
    )


def _symbols(sheet: Sheet, found: Mapping[str, str], name: Named | None, options: Options) -> list[str]:
    column = found.get("symbol") or found.get("coin")
    if column is None:
        symbol = options.symbol or (name.symbol if name is not None else symbol_in(sheet.path.name))
        if symbol is None:
            raise FileError(f"{sheet.path}: says no symbol, and neither does --symbol (BTC/USDT:USDT)")
        return [symbol] * len(sheet)
    texts = sheet.texts(column)
    coins = "symbol" not in found
    words = {text: unified(f"{text}USDT" if coins else text) for text in set(texts)}
    for row, text in enumerate(texts):
        if words[text] is None or (name is not None and words[text] != name.symbol):
            allowed = "USDT-margined perpetuals, like BTC/USDT:USDT" if name is None else name.symbol
            sheet.refuse(row, column, allowed)
    return [str(words[text]) for text in texts]


def step_of(pieces: Sequence[Piece], given: str | None) -> str:
    """The timeframe of some pieces of one series: as given, else the commonest distance of their rows.

    Raises FileError where that is none of ours.
    """
    if given is not None:
        return given
    stamps = np.unique(np.concatenate([piece.ts for piece in pieces]))
    distances, counts = np.unique(np.diff(stamps), return_counts=True)
    allowed = f"allowed: {', '.join(TIMEFRAME_MS)}"
    path = pieces[0].sheet.path
    if not len(distances):
        raise FileError(f"{path}: one row does not tell its timeframe; say it: --tf, {allowed}")
    common = int(distances[np.argmax(counts)])
    names = [name for name, step in TIMEFRAME_MS.items() if step == common]
    if not names:
        raise FileError(f"{path}: got rows {common / 60_000:g} minutes apart, {allowed}; or say it: --tf")
    return names[0]


def unite(pieces: Sequence[Piece], prefer: Prefer) -> tuple[IntArray, dict[str, FloatArray], int]:
    """One row a time: (ts ascending, columns by role, how many rows told the same again).

    Rows of one time complete each other. Raises FileError where they differ, with both values, unless
    `prefer` says which is right: the later one ("new": in the order of files and rows) or the earlier.
    """
    names = [name for name in _USED if any(name in piece.columns for piece in pieces)]
    ts = np.concatenate([piece.ts for piece in pieces])
    number = np.concatenate([np.full(len(piece.ts), i) for i, piece in enumerate(pieces)])
    place = np.concatenate([np.arange(len(piece.ts)) for piece in pieces])
    table = {
        name: np.concatenate([p.columns.get(name, np.full(len(p.ts), np.nan)) for p in pieces])
        for name in names
    }
    order = np.argsort(ts, kind="stable")
    ts, number, place = ts[order], number[order], place[order]
    head = np.flatnonzero(np.append(True, ts[1:] != ts[:-1])) if len(ts) else np.zeros(0, dtype=np.int64)
    group = np.cumsum(np.append(True, ts[1:] != ts[:-1])) - 1 if len(ts) else head
    united = {name: np.full(len(head), np.nan) for name in names}
    for name in names:
        values = table[name][order]
        later = np.flatnonzero(~np.isnan(values))
        first = np.full(len(head), -1)
        first[group[later[::-1]]] = later[::-1]
        last = np.full(len(head), -1)
        last[group[later]] = later
        told = first >= 0
        differ = later[values[later] != values[first[group[later]]]]
        if len(differ) and prefer is None:
            at, before = int(differ[0]), int(first[group[differ[0]]])
            _refuse(pieces, name, values, at, before, number, place)
        chosen = last if prefer == "new" else first
        united[name][told] = values[chosen[told]]
    return ts[head], united, len(ts) - len(head)


def _refuse(
    pieces: Sequence[Piece],
    name: str,
    values: FloatArray,
    at: int,
    before: int,
    number: IntArray,
    place: IntArray,
) -> None:
    where = []
    for row in (before, at):
        piece = pieces[int(number[row])]
        line = piece.sheet.lines[piece.rows[int(place[row])]]
        where.append(f"{float(values[row])!r} in {piece.sheet.path}, {piece.sheet.word} {line}")
    piece = pieces[int(number[at])]
    ts = int(piece.ts[int(place[at])])
    raise FileError(
        f"{piece.symbol}, column {name}: two values for the time {ts}: {where[0]}, and {where[1]}; "
        "allowed: one, or --prefer new (the later one) or --prefer old"
    )


def told(pieces: Sequence[Piece]) -> str:
    """The files of some pieces, in words."""
    return names_of(list(dict.fromkeys(str(piece.sheet.path) for piece in pieces)))
