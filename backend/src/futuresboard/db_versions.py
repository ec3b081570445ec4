"""What was known when: every version of the bars of a timeframe, as of any transaction. Reads only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

import numpy as np
import orjson

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db_schema import RAW_FIELDS
from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray, IntArray, Thresholds
from futuresboard.quality import PROVISIONAL

_NEVER = np.iinfo(np.int64).max
_FIELDS = ", ".join(RAW_FIELDS)
_MARKS, _RAW_SEQ, _SEEN = (RAW_FIELDS.index(name) for name in ("marks", "raw_seq", "seen_ts"))


@dataclass(frozen=True)
class Series:
    """One series as verification sees it."""

    id: int
    exchange: str
    symbol: str
    base: str
    multiplier: float
    listed_ts: int | None


@dataclass(frozen=True)
class StoredAlert:
    """An alert as the database holds it, with the raw inputs and the calibration it keeps."""

    id: int
    series_id: int
    ts: int
    kind: str
    tier: int
    window: dict[str, list[float | None]]
    calibration: dict[str, object] | None


@dataclass(frozen=True)
class Mode:
    """By what bars were judged from a transaction on; budget: alerts a day, None in literal mode."""

    from_seq: int
    thresholds: Thresholds
    budget: int | None


@dataclass(frozen=True)
class BudgetAlert:
    """A stored alert as a day's budget counts it."""

    seq: int
    timeframe: str
    series_id: int
    ts: int
    tier: int
    discovery: bool


@dataclass(frozen=True)
class _Version:
    """Raw columns of a bar (m,) from transaction `seq` on, until `until`."""

    seq: int
    until: int
    seen_ts: int
    final: bool
    values: tuple[float, ...]


class Versions:
    """Bars of all series of a timeframe, first … last, with all their versions.

    series: in the order of the rows; ts: (T,) slots; decided, judged: (n, T) transactions in which a
    bar was finalised and judged beside its coin's others, 0 where not; seen_ts: (n, T) when it was
    finalised.
    """

    def __init__(self, db: Connection, series: Sequence[Series], first: int, last: int, step: int) -> None:
        self.series = list(series)
        self.step = step
        self.ts: IntArray = np.arange(first, last + step, step, dtype=np.int64)
        shape = (len(series), len(self.ts))
        self._row = {one.id: row for row, one in enumerate(series)}
        self._columns = np.full((len(RAW_COLUMNS), *shape), np.nan)
        self._seq: IntArray = np.full(shape, _NEVER)
        self._final = np.zeros(shape, dtype=bool)
        self._older: dict[tuple[int, int], list[_Version]] = {}
        self.decided: IntArray = np.zeros(shape, dtype=np.int64)
        self.judged: IntArray = np.zeros(shape, dtype=np.int64)
        self.seen_ts: IntArray = np.full(shape, _NEVER)
        self._read(db, first, last)

    def _read(self, db: Connection, first: int, last: int) -> None:
        span = "WHERE ts BETWEEN ? AND ?"
        for ts, number, judged, *raw in db.execute(
            f"SELECT ts, series_id, judged_seq, {_FIELDS} FROM bars {span}", (first, last)
        ):
            if (place := self._place(ts, number)) is None:
                continue
            self._columns[(slice(None), *place)] = np.array(raw[: len(RAW_COLUMNS)], dtype=np.float64)
            self._seq[place] = raw[_RAW_SEQ]
            self._final[place] = not raw[_MARKS] & PROVISIONAL
            self.judged[place] = judged or 0
            if self._final[place]:
                self.decided[place], self.seen_ts[place] = raw[_RAW_SEQ], raw[_SEEN]
        # The oldest version comes last: when it was stored the bar was finalised.
        for ts, number, until, *raw in db.execute(
            f"SELECT ts, series_id, until_seq, {_FIELDS} FROM superseded {span} ORDER BY until_seq DESC",
            (first, last),
        ):
            if (place := self._place(ts, number)) is None:
                continue
            values = tuple(np.array(raw[: len(RAW_COLUMNS)], dtype=np.float64).tolist())
            final = not raw[_MARKS] & PROVISIONAL
            version = _Version(raw[_RAW_SEQ], until, raw[_SEEN], final, values)
            self._older.setdefault(place, []).insert(0, version)
            if final:
                self.decided[place], self.seen_ts[place] = version.seq, version.seen_ts

    def _place(self, ts: int, number: int) -> tuple[int, int] | None:
        row, (slot, rest) = self._row.get(number), divmod(ts - int(self.ts[0]), self.step)
        return None if row is None or rest else (row, slot)

    def decisions(self, seqs: IntArray, from_ts: int) -> Iterator[tuple[int, int, list[int]]]:
        """(transaction, slot, rows) of bars from `from_ts` on that were decided together, in that order."""
        groups: dict[tuple[int, int], list[int]] = {}
        for row, slot in np.argwhere((seqs > 0) & (self.ts >= from_ts)[None, :]).tolist():
            groups.setdefault((int(seqs[row, slot]), slot), []).append(row)
        for (seq, slot), rows in sorted(groups.items()):
            yield seq, slot, rows

    def as_of(
        self, rows: Sequence[int], slot: int, slots: int, seq: int
    ) -> tuple[dict[str, FloatArray], BoolArray, BoolArray]:
        """Columns (n, slots) up to a slot as they stood after transaction `seq`; presence, and finality."""
        begin = slot + 1 - slots
        held = slice(max(0, begin), slot + 1)
        edge = ((0, 0), (max(0, -begin), 0))
        table = self._columns[:, rows, held].copy()
        newer = self._seq[rows, held] > seq
        present = self._seq[rows, held] != _NEVER
        final = self._final[rows, held].copy()
        for i, at in np.argwhere(newer & present).tolist():
            version = self._version((rows[i], at + held.start), seq)
            table[:, i, at] = np.nan if version is None else version.values
            present[i, at] = version is not None
            final[i, at] = version is not None and version.final
        columns = {
            name: np.pad(column, edge, constant_values=np.nan)
            for name, column in zip(RAW_COLUMNS, table, strict=True)
        }
        return columns, np.pad(present, edge), np.pad(final & present, edge)

    def _version(self, place: tuple[int, int], seq: int) -> _Version | None:
        older = self._older.get(place, [])
        at = bisect_right(older, seq, key=lambda version: version.until)
        return older[at] if at < len(older) and older[at].seq <= seq else None


def series_of(db: Connection, timeframe: str) -> list[Series]:
    """Every series of a timeframe that holds bars."""
    query = (
        "SELECT s.id, p.exchange, p.symbol, p.base, p.multiplier, p.listed_ts FROM series s "
        "JOIN pairs p ON p.id = s.pair_id WHERE s.timeframe = ? AND s.last_ts IS NOT NULL ORDER BY s.id"
    )
    return [Series(*row) for row in db.execute(query, (timeframe,))]


def first_seqs(db: Connection) -> dict[int, int]:
    """series_id -> the transaction that stored its first bar."""
    query = (
        "SELECT series_id, min(raw_seq) FROM (SELECT series_id, raw_seq FROM bars "
        "UNION ALL SELECT series_id, raw_seq FROM superseded) GROUP BY series_id"
    )
    return dict(db.execute(query).fetchall())


def registered_seqs(db: Connection) -> dict[int, int]:
    """series_id -> the newest transaction when its pair was first heard of: no bar before waited for it."""
    query = "SELECT s.id, p.registered_seq FROM series s JOIN pairs p ON p.id = s.pair_id"
    return dict(db.execute(query).fetchall())


def awaited_coins(db: Connection, timeframe: str) -> dict[str, int]:
    """Coins of listed pairs that have no bar of a timeframe at all -> the newest transaction when the first
    of those pairs was heard of."""
    query = (
        "SELECT p.base, min(p.registered_seq) FROM series s JOIN pairs p ON p.id = s.pair_id "
        "WHERE s.timeframe = ? AND p.active AND s.last_ts IS NULL GROUP BY p.base"
    )
    return dict(db.execute(query, (timeframe,)).fetchall())


def span_of(db: Connection, timeframe: str) -> tuple[int, int] | None:
    """(first, last) bar of a timeframe; None while there is none."""
    query = "SELECT min(first_ts), max(last_ts) FROM series WHERE timeframe = ? AND last_ts IS NOT NULL"
    first, last = db.execute(query, (timeframe,)).fetchone()
    return None if last is None else (first, last)


def modes_of(db: Connection) -> list[Mode]:
    """By what bars were judged, oldest first."""
    rows = db.execute("SELECT from_seq, thresholds, budget FROM judged_by ORDER BY from_seq").fetchall()
    return [Mode(seq, Thresholds(**orjson.loads(text)), budget) for seq, text, budget in rows]


class Calibrations:
    """The calibrations that are kept, and from which transaction on each served."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._made: dict[tuple[int, int], list[tuple[int, int]]] = {}
        query = "SELECT day, budget, from_seq, made_ts FROM calibrations ORDER BY from_seq, made_ts"
        for day, budget, from_seq, made_ts in db.execute(query):
            self._made.setdefault((day, budget), []).append((from_seq, made_ts))

    def made(self, day: int, budget: int, seq: int) -> int | None:
        """When that of a day was made that served in transaction `seq`, ms; None where none did."""
        served = [made_ts for from_seq, made_ts in self._made.get((day, budget), []) if from_seq <= seq]
        return served[-1] if served else None

    def payload(self, day: int, budget: int, made_ts: int) -> bytes:
        """One as it is kept."""
        query = "SELECT payload FROM calibrations WHERE day = ? AND budget = ? AND made_ts = ?"
        found: bytes = self._db.execute(query, (day, budget, made_ts)).fetchone()[0]
        return found


def budget_alerts_of(db: Connection, day: int) -> list[BudgetAlert]:
    """Every stored alert that a day's budget (its midnight, ms) counts, in the order they were started."""
    query = (
        "SELECT a.seq, s.timeframe, a.series_id, a.ts, a.tier, a.payload ->> '$.calibration.discovery' "
        "FROM alerts a JOIN series s ON s.id = a.series_id "
        "WHERE a.ts >= ? AND a.ts < ? AND a.payload ->> '$.calibration.day' IS NOT NULL ORDER BY a.id"
    )
    return [
        BudgetAlert(seq, timeframe, series_id, ts, tier, bool(discovery))
        for seq, timeframe, series_id, ts, tier, discovery in db.execute(query, (day, day + MS_PER_DAY))
    ]


def alerts_of(db: Connection, series: Sequence[Series], first: int, last: int) -> list[StoredAlert]:
    """Stored alerts of some series at bars first … last, in the order they were started."""
    mine = {one.id for one in series}
    query = (
        "SELECT id, series_id, ts, kind, tier, json_extract(payload, '$.window'), "
        "json_extract(payload, '$.calibration') FROM alerts "
        "WHERE ts BETWEEN ? AND ? ORDER BY id"
    )
    return [
        StoredAlert(number, series_id, ts, kind, tier, orjson.loads(window), orjson.loads(note or "null"))
        for number, series_id, ts, kind, tier, window, note in db.execute(query, (first, last))
        if series_id in mine
    ]
