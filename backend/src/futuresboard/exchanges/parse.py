"""Payloads into numbers: nothing of a 200 is trusted before type, length and finiteness held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from futuresboard.errors import PayloadError
from futuresboard.model import ROW_COLUMNS, TIMEFRAME_MS, FloatArray, IntArray, Kind, Rows

BASE_MS = TIMEFRAME_MS["5m"]
EARLIEST_MS = 10**12
LATEST_MS = 10**13
"""Milliseconds of 2001 and 2286: anything outside is another unit or no time at all."""

_NON_NEGATIVE = frozenset({"volume", "quote_volume", "taker_buy", "buy", "sell"})
_ANY_FINITE = frozenset({"rate"})

type Record = Sequence[object] | Mapping[str, object]
type Key = int | str
type ById = Mapping[str, Mapping[str, object]]


def number(raw: object) -> float | None:
    """A finite float from a JSON number or numeric string, else None."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def positive(raw: object) -> float | None:
    """A finite float > 0, else None."""
    value = number(raw)
    return value if value is not None and value > 0 else None


def non_negative(raw: object) -> float | None:
    """A finite float >= 0, else None."""
    value = number(raw)
    return value if value is not None and value >= 0 else None


def stamp(raw: object) -> int | None:
    """Milliseconds UTC from an integer or a string of digits, else None."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    try:
        value = int(raw)
    except (ValueError, OverflowError):
        return None
    return value if EARLIEST_MS <= value < LATEST_MS else None


def mapping(exchange: str, raw: object, what: str) -> Mapping[str, object]:
    """`raw` as a JSON object; raises PayloadError naming `what`."""
    if not isinstance(raw, dict):
        raise PayloadError(exchange, f"{what}: expected an object, got {type(raw).__name__}")
    return raw


def sequence(exchange: str, raw: object, what: str) -> list[object]:
    """`raw` as a JSON array; raises PayloadError naming `what`."""
    if not isinstance(raw, list):
        raise PayloadError(exchange, f"{what}: expected an array, got {type(raw).__name__}")
    return raw


def objects(exchange: str, raw: object, what: str) -> list[Mapping[str, object]]:
    """`raw` as a JSON array of objects; raises PayloadError naming `what`."""
    return [mapping(exchange, item, what) for item in sequence(exchange, raw, what)]


def by_id(exchange: str, raw: object, key: str, what: str) -> ById:
    """`raw` as a JSON array of objects, by their `key`; raises PayloadError naming `what`."""
    return {str(item.get(key)): item for item in objects(exchange, raw, what)}


def rows(exchange: str, kind: Kind, raw: object, at: Key, columns: Mapping[str, Key]) -> Rows:
    """A page of rows from a JSON array of arrays (integer keys) or of objects (string keys).

    `at` is where the stamp stands, `columns` where each column of the kind does; a column not
    named is NaN (the exchange has none). Oldest first whatever the payload's order; of equal
    stamps the last; 5-minute kinds keep only stamps on the 5-minute grid. Raises PayloadError.
    """
    records = sequence(exchange, raw, str(kind))
    _check_shape(exchange, kind, records, [at, *columns.values()])
    stamps = _stamps(exchange, kind, [_get(record, at) for record in records])
    order = _oldest_first(stamps)
    if kind is not Kind.FUNDING:
        order = order[stamps[order] % BASE_MS == 0]
    ts = stamps[order]
    values: dict[str, FloatArray] = {}
    unfit: list[tuple[int, str, object]] = []
    for name in ROW_COLUMNS[kind]:
        if name not in columns:
            values[name] = np.full(len(ts), np.nan)
            continue
        raws = [_get(records[index], columns[name]) for index in order]
        values[name], bad = _column(name, raws)
        unfit += [(int(ts[index]), name, raws[index]) for index in bad]
    return _taker_within_volume(Rows(kind, ts, values, tuple(unfit)))


def newest(page: Rows, limit: int, end: int | None) -> Rows:
    """The newest `limit` rows with stamp <= `end`."""
    stop = len(page.ts) if end is None else int(np.searchsorted(page.ts, end, side="right"))
    start = max(0, stop - limit)
    if start == 0 and stop == len(page.ts):
        return page
    ts = page.ts[start:stop]
    kept = frozenset(ts.tolist())
    return Rows(
        page.kind,
        ts,
        {name: column[start:stop] for name, column in page.columns.items()},
        tuple(entry for entry in page.unfit if entry[0] in kept),
    )


def _get(record: object, key: Key) -> object:
    if isinstance(key, int):
        return record[key] if isinstance(record, list | tuple) else None
    return record.get(key) if isinstance(record, dict) else None


def _check_shape(exchange: str, kind: Kind, records: list[object], keys: list[Key]) -> None:
    width = 1 + max((key for key in keys if isinstance(key, int)), default=-1)
    for record in records:
        if width and not (isinstance(record, list | tuple) and len(record) >= width):
            raise PayloadError(exchange, f"{kind}: a row is no array of {width} fields: {record!r:.80}")
        if not width and not isinstance(record, dict):
            raise PayloadError(exchange, f"{kind}: a row is no object: {record!r:.80}")


def _stamps(exchange: str, kind: Kind, raws: list[object]) -> IntArray:
    stamps = [stamp(raw) for raw in raws]
    for value, raw in zip(stamps, raws, strict=True):
        if value is None:
            raise PayloadError(exchange, f"{kind}: a row has no time: {raw!r:.80}")
    return np.array(stamps, dtype=np.int64)


def _oldest_first(stamps: IntArray) -> NDArray[np.intp]:
    """Indices that sort the payload, one per stamp; a newest-first list is turned round first."""
    order = np.arange(len(stamps))
    if len(stamps) > 1 and stamps[0] > stamps[-1]:
        order = order[::-1]
    order = order[np.argsort(stamps[order], kind="stable")]
    last_of_equals = np.append(np.diff(stamps[order]) != 0, True)[: len(order)]
    kept: NDArray[np.intp] = order[last_of_equals]
    return kept


def _column(name: str, raws: list[object]) -> tuple[FloatArray, list[int]]:
    """Values with NaN where unfit, and the indices of those."""
    try:
        values = np.array(raws, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        values = np.array([number(raw) for raw in raws], dtype=np.float64)
    fit = np.isfinite(values)
    if name in _NON_NEGATIVE:
        fit &= values >= 0
    elif name not in _ANY_FINITE:
        fit &= values > 0
    values[~fit] = np.nan
    return values, np.flatnonzero(~fit).tolist()


def _taker_within_volume(page: Rows) -> Rows:
    """A taker volume above the whole volume would make the other side negative: unfit."""
    if page.kind is not Kind.CANDLES:
        return page
    taker, volume = page.columns["taker_buy"], page.columns["volume"]
    bad = taker > volume * (1 + 1e-9)
    if not bad.any():
        return page
    unfit = [(int(page.ts[index]), "taker_buy", float(taker[index])) for index in np.flatnonzero(bad)]
    columns = {**page.columns, "taker_buy": np.where(bad, np.nan, taker)}
    return Rows(page.kind, page.ts, columns, (*page.unfit, *unfit))
