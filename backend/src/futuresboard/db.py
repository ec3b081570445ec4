"""The one writer: a SQLite file in WAL mode, one transaction a step.

Reading for the API is in `db_read`. A `Store` may be used by one thread at a time (the writer);
every other thread opens a `Reader`.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import cast
from uuid import uuid4

import orjson

from futuresboard.db_ledger import mark_changed
from futuresboard.db_schema import DERIVED_FIELDS, LIVE_FIELDS, RAW_FIELDS, migrate
from futuresboard.errors import StoreError
from futuresboard.holding import hold
from futuresboard.model import COIN_TIERS, LATE_BARS, MS_PER_DAY, TIMEFRAME_MS, Alert, Market, Tier
from futuresboard.quality import GUARDED, PROVISIONAL

type SqlValue = float | int | str | None

BAR_FIELDS = ("ts", "series_id", *RAW_FIELDS, *DERIVED_FIELDS)
_SEEN = ("raw_seq", "seen_ts", "guarded")
_PLACES = ", ".join("?" * len(BAR_FIELDS))
_COIN_BITS = sum(1 << int(tier) for tier in COIN_TIERS)


def _kept_beside(name: str, new: str, stored: str) -> str:
    """SQL of a derived column's new value: flags judged beside other series are not this one's to change."""
    return f"({new} & ~{_COIN_BITS}) | ({stored} & {_COIN_BITS})" if name in ("tiers", "known") else new


# What was refused stays told as long as its mark stays, also where an answer does not speak of it; an
# imbalance is computed anew each time, and may be refused no longer.
_REFUSED = sum(bit for column, bit in GUARDED.items() if column != "imbalance")
_TOLD = (
    f"guarded = iif(excluded.guarded IS NULL AND excluded.marks & {_REFUSED}, "
    "json_remove(bars.guarded, '$.imbalance'), excluded.guarded)"
)
_UPSERT_BAR = (
    f"INSERT INTO bars ({', '.join(BAR_FIELDS)}) VALUES ({_PLACES}) "
    "ON CONFLICT (ts, series_id) DO UPDATE SET "
    + ", ".join(
        f"{name} = {_kept_beside(name, f'excluded.{name}', f'bars.{name}')}"
        for name in (*RAW_FIELDS, *DERIVED_FIELDS)
        if name not in _SEEN
    )
    + f", {_TOLD}"
    # Without a time the values are those that are here already: new marks say nothing new about them.
    + ", raw_seq = iif(excluded.seen_ts IS NULL, raw_seq, excluded.raw_seq)"
    + ", seen_ts = iif(excluded.seen_ts IS NULL, bars.seen_ts, excluded.seen_ts)"
)
_DERIVED = ", ".join(f"{name} = {_kept_beside(name, '?', name)}" for name in DERIVED_FIELDS)
_UPDATE_DERIVED = f"UPDATE bars SET {_DERIVED} WHERE ts = ? AND series_id = ?"
_UPDATE_COIN_FLAGS = (
    "UPDATE bars SET tiers = tiers & ~? | ?, known = known & ~? | ? WHERE ts = ? AND series_id = ?"
)
_SUPERSEDE = (
    f"INSERT INTO superseded (ts, series_id, until_seq, {', '.join(RAW_FIELDS)}) "
    f"SELECT ts, series_id, ?, {', '.join(RAW_FIELDS)} FROM bars WHERE ts = ? AND series_id = ?"
)
_RAW_BARS = f"SELECT ts, series_id, {', '.join(RAW_FIELDS[: RAW_FIELDS.index('marks') + 1])} FROM bars"
_UPSERT_LIVE = (
    f"INSERT OR REPLACE INTO live (pair_id, seq, {', '.join(LIVE_FIELDS)}) "
    f"VALUES (?, ?{', ?' * len(LIVE_FIELDS)})"
)


@dataclass(frozen=True)
class Pair:
    """A pair as the database knows it."""

    id: int
    exchange: str
    symbol: str
    base: str
    multiplier: float
    listed_ts: int | None
    active: bool


@dataclass
class Write:
    """Everything one transaction changes.

    bars: tuples in the order of `BAR_FIELDS` (raw_seq None: this transaction's;
    seen_ts None: the values are as stored, only what is said of them changes); derived: values of
    `DERIVED_FIELDS`, then ts and series_id, of bars whose raw part stays; revised: (ts, series_id)
    whose stored raw values are kept as superseded first; latest: series_id ->
    (first_ts, last_ts); live: pair_id -> values of `LIVE_FIELDS`; coin_flags: (bits cleared, tiers set,
    bits cleared, tiers known, ts, series_id) of flags judged beside the coin's other series; judged:
    (ts, series_id) whose alerts beside them are decided; judged_by: thresholds as JSON, and in
    calibrated mode the alerts a day (None: nothing is judged); alerts: (series_id, Alert).
    """

    bars: list[tuple[SqlValue, ...]] = field(default_factory=list)
    derived: list[tuple[SqlValue, ...]] = field(default_factory=list)
    revised: list[tuple[int, int]] = field(default_factory=list)
    latest: dict[int, tuple[int, int]] = field(default_factory=dict)
    live: dict[int, tuple[SqlValue, ...]] = field(default_factory=dict)
    coin_flags: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    judged: list[tuple[int, int]] = field(default_factory=list)
    judged_by: tuple[str, int | None] | None = None
    alerts: list[tuple[int, Alert]] = field(default_factory=list)


@dataclass(frozen=True)
class Committed:
    """What a transaction did: its `seq`, the alerts as stored (with id), the timeframes it changed."""

    seq: int
    alerts: tuple[Alert, ...]


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection with the settings every connection has; `readonly` refuses writes."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute(f"PRAGMA query_only = {int(readonly)}")
    # Bounded, in kB: what is read again and again is little, and the system caches the file too.
    connection.execute(f"PRAGMA cache_size = -{8192 if readonly else 16384}")
    return connection


def stamped(path: Path) -> str | None:
    """What a database holds, `live` or `simulated` data; None when that is still open."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(connect(path, readonly=True)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'kind'").fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else str(row[0])


class Store:
    """The writer's side of the database.

    Opens (and creates, migrates, stamps) the file; raises StoreError when the file holds the other
    kind of data (live against simulated) or a newer schema. sole: for those who record bars and
    remember what they recorded; a second one at a time is refused.
    """

    def __init__(self, path: Path, *, simulated: bool, sole: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._sole = _recorder(path) if sole else None
        try:
            self._connection = connect(path)
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._release()
            raise StoreError(f"{path.name}: {error}") from error
        self._stamp("simulated" if simulated else "live")
        self._pairs: dict[tuple[str, str], Pair] = {}
        self._series: dict[tuple[int, str], int] = {}
        self._load_ids()

    def _prepare(self) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            migrate(self._connection)
        except (sqlite3.DatabaseError, StoreError):
            self._connection.close()
            raise

    def _stamp(self, kind: str) -> None:
        # The id tells clients that come back whether this is the database they knew.
        self._connection.execute(
            "INSERT OR IGNORE INTO meta VALUES ('kind', ?), ('seq', '0'), ('id', ?)", (kind, uuid4().hex)
        )
        stamped = self.state("kind")
        if stamped != kind:
            self.close()
            raise StoreError(
                f"{self.path.name} holds {stamped} data and this run would write {kind} data: "
                "set another DATABASE_URL"
            )

    def _load_ids(self) -> None:
        self._pairs.clear()
        columns = "id, exchange, symbol, base, multiplier, listed_ts, active"
        for *values, active in self._connection.execute(f"SELECT {columns} FROM pairs").fetchall():
            number, exchange, symbol, base, multiplier, listed_ts = values
            pair = Pair(number, exchange, symbol, base, multiplier, listed_ts, bool(active))
            self._pairs[pair.exchange, pair.symbol] = pair
        for number, pair_id, timeframe in self._connection.execute(
            "SELECT id, pair_id, timeframe FROM series"
        ):
            self._series[pair_id, timeframe] = number

    def close(self) -> None:
        """Close the connection; committed rows stay."""
        self._connection.close()
        self._release()

    def _release(self) -> None:
        if self._sole is not None:
            self._sole.close()

    def state(self, key: str) -> str | None:
        """A value kept beside the data (kind, id, seq, request budgets …)."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put_state(self, values: Mapping[str, str]) -> None:
        """Keep values beside the data, in a transaction of their own."""
        with self.transaction():
            self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def register(
        self,
        markets: Sequence[Market],
        timeframes: Iterable[str],
        *,
        complete: bool = True,
        anew: Collection[str] = (),
    ) -> list[Pair]:
        """Give every market a pair and its series; returns the pairs in the order of `markets`.

        All markets are of one exchange. When they are `complete`, its other pairs turn inactive.
        anew: symbols that name another contract now; what is stored keeps its history under the
        symbol with the time of its last bar.
        """
        exchange = markets[0].exchange
        with self.transaction():
            self._connection.executemany(
                "UPDATE pairs SET active = 0, symbol = symbol || '~' || (SELECT strftime('%Y%m%dT%H%M', "
                "max(last_ts) / 1000, 'unixepoch') FROM series WHERE pair_id = pairs.id) "
                "WHERE exchange = ? AND symbol = ?",
                [(exchange, symbol) for symbol in anew],
            )
            if complete:
                self._connection.execute("UPDATE pairs SET active = 0 WHERE exchange = ?", (exchange,))
            self._connection.executemany(
                "INSERT INTO pairs (exchange, symbol, base, multiplier, listed_ts, active, quote_volume, "
                "registered_seq) VALUES (?, ?, ?, ?, ?, 1, ?, (SELECT CAST(value AS INTEGER) FROM meta "
                "WHERE key = 'seq')) ON CONFLICT (exchange, symbol) DO UPDATE SET "
                "base = excluded.base, multiplier = excluded.multiplier, listed_ts = excluded.listed_ts, "
                "active = 1, quote_volume = excluded.quote_volume",
                [(m.exchange, m.symbol, m.base, m.multiplier, m.listed_ts, m.quote_volume) for m in markets],
            )
            frames = list(timeframes)
            self._connection.executemany(
                "INSERT OR IGNORE INTO series (pair_id, timeframe) SELECT id, ? FROM pairs "
                "WHERE exchange = ? AND active",
                [(frame, exchange) for frame in frames],
            )
        self._load_ids()
        return [self._pairs[market.exchange, market.symbol] for market in markets]

    def pair(self, exchange: str, symbol: str) -> Pair | None:
        """A pair by its name; None when it was never registered."""
        return self._pairs.get((exchange, symbol))

    def newest_close(self, pair_id: int, timeframe: str) -> tuple[int, float | None] | None:
        """(time, close) of a pair's newest stored bar; None when it has none."""
        query = (
            "SELECT b.ts, b.close FROM series s JOIN bars b ON b.ts = s.last_ts AND b.series_id = s.id "
            "WHERE s.pair_id = ? AND s.timeframe = ?"
        )
        found: tuple[int, float | None] | None = self._connection.execute(
            query, (pair_id, timeframe)
        ).fetchone()
        return found

    def pairs(self) -> list[Pair]:
        """Every pair ever registered."""
        return list(self._pairs.values())

    def series_id(self, pair_id: int, timeframe: str) -> int:
        """The integer that names a pair's series of one timeframe."""
        return self._series[pair_id, timeframe]

    def has_series(self, pair_id: int, timeframe: str) -> bool:
        """Whether a pair was ever registered with a timeframe."""
        return (pair_id, timeframe) in self._series

    def spans(self) -> dict[int, tuple[int, int]]:
        """series_id -> (first, last) bar time of every series that holds bars."""
        query = "SELECT id, first_ts, last_ts FROM series WHERE last_ts IS NOT NULL"
        return {number: (first, last) for number, first, last in self._connection.execute(query)}

    def raw_bars(self, timeframe: str, start: int, end: int) -> Iterable[tuple[SqlValue, ...]]:
        """(ts, series_id, raw columns …, marks) of a timeframe's stored bars start <= ts <= end, by time."""
        mine = "series_id IN (SELECT id FROM series WHERE timeframe = ?)"
        # Once through the stretch; a look-up of each series at each time would be slower.
        query = f"{_RAW_BARS} WHERE ts BETWEEN ? AND ? AND +{mine} ORDER BY ts"
        return self._connection.execute(query, (start, end, timeframe))

    def raw_bars_at(self, series_id: int, times: Sequence[int]) -> Iterable[tuple[SqlValue, ...]]:
        """The same of one series' stored bars at some times."""
        places = ", ".join("?" * len(times))
        query = f"{_RAW_BARS} WHERE ts IN ({places}) AND series_id = ? ORDER BY ts"
        return self._connection.execute(query, (*times, series_id))

    def last_alerts(self) -> dict[tuple[int, str, int], int]:
        """(series_id, kind, tier or rule id) -> time of the newest alert."""
        query = "SELECT series_id, kind, tier, max(ts) FROM alerts GROUP BY series_id, kind, tier"
        return {(series, kind, tier): ts for series, kind, tier, ts in self._connection.execute(query)}

    def alerts_near_end(self, slots: int) -> list[tuple[int, int, int]]:
        """(series_id, ts, tier) of alerts of tiers 1–5 in each series' newest `slots` slots, by time."""
        lengths = " ".join(f"WHEN '{name}' THEN {step}" for name, step in TIMEFRAME_MS.items())
        query = (
            "SELECT a.series_id, a.ts, a.tier FROM alerts a JOIN series s ON s.id = a.series_id "
            f"WHERE a.kind = 'tier' AND a.tier < ? AND a.ts > s.last_ts - ? * CASE s.timeframe {lengths} END "
            "ORDER BY a.ts, a.id"
        )
        return self._connection.execute(query, (int(Tier.CLUSTER), slots)).fetchall()

    def unjudged(self) -> list[tuple[int, int]]:
        """(ts, series_id) of the newest bars, finalised in time, not judged beside the coin's others yet."""
        query = (
            "SELECT b.ts, b.series_id FROM bars b JOIN series s ON s.id = b.series_id "
            "WHERE s.timeframe = :tf "
            "AND b.ts > (SELECT max(last_ts) FROM series WHERE timeframe = :tf) - 2 * :late "
            f"AND b.judged_seq IS NULL AND NOT b.marks & {PROVISIONAL} AND b.seen_ts - b.ts <= :late + :step"
        )
        found: list[tuple[int, int]] = []
        for timeframe, step in TIMEFRAME_MS.items():
            given = {"tf": timeframe, "step": step, "late": LATE_BARS * step}
            found += self._connection.execute(query, given)
        return found

    def commit(self, write: Write) -> Committed:
        """Write everything in one transaction under the next `seq`."""
        with self.transaction():
            seq = int(self.state("seq") or 0) + 1
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'seq'", (str(seq),))
            self._connection.executemany(_SUPERSEDE, [(seq, ts, series) for ts, series in write.revised])
            at = BAR_FIELDS.index("raw_seq")
            self._connection.executemany(
                _UPSERT_BAR,
                (row if row[at] is not None else (*row[:at], seq, *row[at + 1 :]) for row in write.bars),
            )
            self._connection.executemany(_UPDATE_DERIVED, write.derived)
            self._connection.executemany(_UPDATE_COIN_FLAGS, write.coin_flags)
            self._connection.executemany(
                "UPDATE bars SET judged_seq = ? WHERE ts = ? AND series_id = ?",
                [(seq, ts, series) for ts, series in write.judged],
            )
            self._connection.executemany(
                "UPDATE series SET first_ts = min(coalesce(first_ts, :first), :first), "
                "last_ts = max(coalesce(last_ts, :last), :last), seq = :seq WHERE id = :series",
                [
                    {"first": first, "last": last, "seq": seq, "series": series}
                    for series, (first, last) in write.latest.items()
                ],
            )
            self._connection.executemany(
                _UPSERT_LIVE, [(pair, seq, *values) for pair, values in write.live.items()]
            )
            self._note_judged_by(seq, write.judged_by)
            mark_changed(self._connection, seq, _changed_days(write))
            stored = [self._insert_alert(seq, series, alert) for series, alert in write.alerts]
        return Committed(seq, tuple(alert for alert in stored if alert is not None))

    def _note_judged_by(self, seq: int, judged_by: tuple[str, int | None] | None) -> None:
        """Keep by what bars are judged from this transaction on, where it is another than before."""
        newest = "SELECT thresholds, budget FROM judged_by ORDER BY from_seq DESC LIMIT 1"
        if judged_by is not None and self._connection.execute(newest).fetchone() != judged_by:
            self._connection.execute("INSERT OR REPLACE INTO judged_by VALUES (?, ?, ?)", (seq, *judged_by))

    def _insert_alert(self, seq: int, series_id: int, alert: Alert) -> Alert | None:
        number = alert.rule.id if alert.rule is not None else alert.tier or 0
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO alerts (seq, series_id, ts, kind, tier, payload) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (seq, series_id, alert.ts, alert.kind, number, orjson.dumps(alert).decode()),
        )
        if not cursor.rowcount:
            return None
        return replace(alert, id=cursor.lastrowid or 0, seq=seq)

    def transaction(self) -> _Transaction:
        """A transaction around a block, which gets the connection; rolled back when the block raises."""
        return _Transaction(self._connection)


def _changed_days(write: Write) -> list[tuple[int, int, int]]:
    """(day, series_id, time of the first bar) of the days whose bars a transaction touches."""
    first: dict[tuple[int, int], int] = {}
    bars = ((row[0], row[1]) for row in write.bars)
    for ts, series in chain(bars, ((row[-2], row[-1]) for row in write.derived)):
        key = (cast("int", ts) // MS_PER_DAY, cast("int", series))
        first[key] = min(cast("int", ts), first.get(key, cast("int", ts)))
    return [(*key, ts) for key, ts in first.items()]


def _recorder(path: Path) -> sqlite3.Connection:
    words = f"another process records into {path.name}: end it first, or set another DATABASE_URL"
    return hold(path.with_name(f"{path.name}.recorder"), words)


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when the block raises."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            # A COMMIT that fails may leave the transaction open; some errors have ended it already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def sql_number(value: float) -> float | None:
    """NaN and infinities are unknown: NULL."""
    return value if math.isfinite(value) else None
