"""Fills the database a replay begins with: SQLite copies it from the recording, by transaction number.

Ids of pairs, series and transactions are the recording's, so that what is replayed can be compared with
what was recorded, row by row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import orjson

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import connect
from futuresboard.db_past import FEW, GRID, Recorded
from futuresboard.db_schema import RAW_FIELDS, migrate
from futuresboard.model import TIMEFRAME_MS
from futuresboard.past import Past
from futuresboard.quality import PROVISIONAL

_PAIR = "id, exchange, symbol, base, multiplier, listed_ts, quote_volume"
_META = "'unpublished', 'trades_since'"
_RAW = ", ".join(RAW_FIELDS)
_INSERT = f"INSERT OR IGNORE INTO filled.bars (ts, series_id, {_RAW}, judged_seq) "
_PLACES = ", ".join("?" * (len(RAW_FIELDS) + 3))
_STOOD = (
    "series_id IN (SELECT s.id FROM filled.series s WHERE s.timeframe = :timeframe) "
    f"AND raw_seq <= :seq AND NOT (:final AND marks & {PROVISIONAL})"
)
# A version that was replaced later stood as well; where several say so it was the newest one.
_STANDING = (
    ("bars", "iif(:judged, 1, iif(judged_seq <= :seq, judged_seq, NULL))", ""),
    ("superseded", "iif(:judged, 1, NULL)", " AND until_seq > :seq ORDER BY raw_seq DESC"),
)
# Memory asks for places of earlier alerts, and a day's budget for what each said of its calibration.
_NOTE = "json_object('calibration', json_extract(payload, '$.calibration'))"
_BEGUN = "FROM main.alerts WHERE series_id IN (SELECT s.id FROM filled.series s) AND seq <= :seq"


class Filling:
    """A database that is being filled from a recording, in the transaction in which that is read.

    path: of a file that is not there yet; db: the recording, outside of a transaction. Until `close`, which
    is for outside of a transaction too, the file is attached to it as `filled`.
    """

    def __init__(self, path: Path, db: Connection) -> None:
        self.path, self._db = path, db
        self._series: Counter[str] = Counter()
        with closing(connect(path)) as empty:
            empty.execute("PRAGMA synchronous = OFF")
            migrate(empty)
        db.execute("ATTACH ? AS filled", (str(path),))
        # What is not whole is thrown away.
        db.execute("PRAGMA filled.journal_mode = OFF")
        db.execute("PRAGMA filled.synchronous = OFF")

    def close(self) -> None:
        """Let go of the file, which is whole now."""
        self._db.execute("DETACH filled")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The recording's connection, which refuses to write but here: into what is attached to it."""
        self._db.execute("PRAGMA query_only = 0")
        try:
            yield self._db
        finally:
            self._db.execute("PRAGMA query_only = 1")

    def begin(self, series: Sequence[Recorded], unheard: Collection[int] = ()) -> None:
        """Know these series, their pairs, all of which are waited for, and what their exchanges do not
        publish. unheard: pairs by id that are announced later."""
        self._series = Counter(one.timeframe for one in series)
        pairs = orjson.dumps(sorted({one.pair_id for one in series} - set(unheard))).decode()
        chosen = "WHERE id IN (SELECT value FROM json_each(?))"
        with self._writing() as db:
            db.execute(
                f"INSERT INTO filled.pairs ({_PAIR}, active) SELECT {_PAIR}, 1 FROM main.pairs {chosen}",
                (pairs,),
            )
            db.executemany(
                "INSERT INTO filled.series (id, pair_id, timeframe) VALUES (?, ?, ?)",
                [(one.id, one.pair_id, one.timeframe) for one in series],
            )
            db.execute(f"INSERT INTO filled.meta SELECT key, value FROM main.meta WHERE key IN ({_META})")

    def take(
        self, timeframe: str, first: int, last: int, seq: int, *, final: bool = False, judged: bool = False
    ) -> None:
        """The recording's bars first … last as they stood after transaction `seq`, with nothing derived.

        final: finalised ones alone; judged: with alerts beside other series decided, whatever was.
        """
        step = TIMEFRAME_MS[timeframe]
        begin = -(-first // step) * step
        if begin > last:
            return
        given = {"first": begin, "last": last, "step": step, "timeframe": timeframe}
        given |= {"seq": seq, "final": final, "judged": judged}
        by_series = "" if self._series[timeframe] <= FEW else "+"
        with self._writing() as db:
            for table, decided, which in _STANDING:
                source = f"FROM grid CROSS JOIN main.{table} ON ts = at WHERE {by_series}{_STOOD}{which}"
                db.execute(f"{_INSERT}{GRID}SELECT ts, series_id, {_RAW}, {decided} {source}", given)

    def put(self, bars: Past) -> None:
        """Bars as they stood: raw values and what is said of them, nothing derived."""
        values = bars.values.astype(object)
        values[np.isnan(bars.values)] = None
        rows = zip(
            bars.ts.tolist(),
            bars.series.tolist(),
            *(values[:, i].tolist() for i in range(len(RAW_COLUMNS))),
            bars.marks.tolist(),
            bars.guarded.tolist(),
            bars.seq.tolist(),
            bars.seen.tolist(),
            [seq or None for seq in bars.judged.tolist()],
            strict=True,
        )
        with self._writing() as db:
            db.executemany(f"{_INSERT}VALUES ({_PLACES})", rows)

    def spans(self) -> dict[int, tuple[int, int]]:
        """series_id -> (first, last) bar."""
        query = "SELECT series_id, min(ts), max(ts) FROM filled.bars GROUP BY series_id"
        return {number: (first, last) for number, first, last in self._db.execute(query)}

    def put_spans(self, spans: Mapping[int, tuple[int, int]]) -> None:
        """series_id -> (first, last) bar."""
        with self._writing() as db:
            db.executemany(
                "UPDATE filled.series SET first_ts = ?, last_ts = ? WHERE id = ?",
                [(first, last, number) for number, (first, last) in spans.items()],
            )

    def take_alerts(self, seq: int, since: int, before: int, *, notes: bool) -> None:
        """The alerts of transactions up to `seq` at bars since <= ts < before, and of each series, kind and
        tier the newest one of earlier bars. notes: with what they say of their calibration, else bare."""
        columns = f"kind, tier, {_NOTE}" if notes else "kind, tier, '{}'"
        with self._writing() as db:
            db.execute(
                "INSERT INTO filled.alerts "
                f"SELECT id, seq, series_id, ts, {columns} {_BEGUN} AND ts >= :since AND ts < :before "
                f"UNION ALL SELECT id, seq, series_id, max(ts), {columns} {_BEGUN} AND ts < :since "
                "GROUP BY series_id, kind, tier",
                {"seq": seq, "since": since, "before": before},
            )
