"""The SQLite schema, its versions and how each is reached from the one before."""

from __future__ import annotations

import sqlite3

from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import StoreError
from futuresboard.metrics import stored_names
from futuresboard.model import MS_PER_DAY

VERSION = 3

# Raw numbers of a bar, what is known about them, and when they were first seen (exchange time).
RAW_FIELDS: tuple[str, ...] = (*RAW_COLUMNS, "marks", "guarded", "raw_seq", "seen_ts")
# `tiers` is a bit set (1 << tier); `quality` the marks the row shows; `known` the tiers not unknown.
DERIVED_FIELDS: tuple[str, ...] = (*stored_names(), "confluence", "tiers", "known", "quality")
LIVE_FIELDS: tuple[str, ...] = (
    "live_price",
    "live_ts",
    "live_oi_contracts",
    "live_oi_abs_usd",
    "price_change_24h_pct",
    "volume_24h_usd",
    "oi_change_1h_pct",
    "oi_change_4h_pct",
    "oi_change_24h_pct",
    "oi_price_quadrant",
    "funding_next",
    "funding_next_ts",
    "market_cap_usd",
    "live_source",
)
_INTEGERS = {"marks", "raw_seq", "seen_ts", "tiers", "known", "quality", "live_ts", "funding_next_ts"}
_TEXTS = {"guarded", "oi_price_quadrant", "live_source"}


def column_type(name: str) -> str:
    """The SQLite type of a column by its name."""
    if name in _INTEGERS:
        return "INTEGER"
    return "TEXT" if name in _TEXTS else "REAL"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {column_type(name)}" for name in names)


# Time-major keys: a commit writes one bar of all series, which then lie side by side (measured 18
# times faster than series-major). A series' own history is read by its grid of times, so it needs
# no index of its own.
_VERSION_1 = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pairs (
    id INTEGER PRIMARY KEY, exchange TEXT NOT NULL, symbol TEXT NOT NULL, base TEXT NOT NULL,
    multiplier REAL NOT NULL, listed_ts INTEGER, active INTEGER NOT NULL, quote_volume REAL,
    UNIQUE (exchange, symbol));
CREATE TABLE series (
    id INTEGER PRIMARY KEY, pair_id INTEGER NOT NULL REFERENCES pairs (id), timeframe TEXT NOT NULL,
    first_ts INTEGER, last_ts INTEGER, seq INTEGER NOT NULL DEFAULT 0, UNIQUE (pair_id, timeframe));
CREATE TABLE bars (
    ts INTEGER NOT NULL, series_id INTEGER NOT NULL, {_columns(RAW_FIELDS)}, {_columns(DERIVED_FIELDS)},
    PRIMARY KEY (ts, series_id)) WITHOUT ROWID;
CREATE TABLE superseded (
    ts INTEGER NOT NULL, series_id INTEGER NOT NULL, until_seq INTEGER NOT NULL, {_columns(RAW_FIELDS)},
    PRIMARY KEY (ts, series_id, until_seq)) WITHOUT ROWID;
CREATE TABLE live (
    pair_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, {_columns(LIVE_FIELDS)});
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, series_id INTEGER NOT NULL,
    ts INTEGER NOT NULL, kind TEXT NOT NULL, tier INTEGER NOT NULL, payload TEXT NOT NULL,
    UNIQUE (series_id, ts, kind, tier));
CREATE INDEX alerts_by_seq ON alerts (seq);
"""

# judged_seq: the transaction in which a bar's alerts beside the coin's other exchanges were decided.
# judged_by: what thresholds judged the bars finalised from a transaction on; budget: alerts a day in
# calibrated mode, NULL in literal mode. calibrations: a day's thresholds, and from which transaction on.
# `alerts.tier` holds what tells an alert from others of its kind: the tier, of kind `rule` the rule's
# id (never given twice), else 0. A rule judges the transactions after `after_seq`, up to `until_seq`.
# outbox: what notification targets are still to be told, are being told and were told; see `outbox`.
# `outcomes`: one row per alert, horizon and entry (on time, one bar late), never changed. `base_days`
# and `past_alerts` are counted from bars by UTC day, `changed_days` says which days again;
# `evidence` is what they all come to.
_VERSION_2 = f"""
ALTER TABLE bars ADD COLUMN judged_seq INTEGER;
CREATE TABLE judged_by (from_seq INTEGER PRIMARY KEY, thresholds TEXT NOT NULL, budget INTEGER);
CREATE TABLE calibrations (
    day INTEGER NOT NULL, budget INTEGER NOT NULL, made_ts INTEGER NOT NULL, from_seq INTEGER NOT NULL,
    payload BLOB NOT NULL, PRIMARY KEY (day, budget, made_ts)) WITHOUT ROWID;
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, expression TEXT NOT NULL,
    normal TEXT NOT NULL, created_ts INTEGER NOT NULL, after_seq INTEGER NOT NULL,
    deleted_ts INTEGER, until_seq INTEGER);
CREATE TABLE outbox (
    target TEXT NOT NULL, alert_id INTEGER NOT NULL REFERENCES alerts (id), state TEXT NOT NULL,
    due_ts INTEGER NOT NULL, quiet INTEGER NOT NULL DEFAULT 0, message INTEGER, sent_ts INTEGER,
    PRIMARY KEY (target, alert_id)) WITHOUT ROWID;
CREATE INDEX outbox_by_state ON outbox (target, state);
CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY, alert_id INTEGER NOT NULL REFERENCES alerts (id), horizon INTEGER NOT NULL,
    late INTEGER NOT NULL, entry REAL, exit REAL, funding REAL, long_net REAL, short_net REAL,
    matured_ts INTEGER NOT NULL, hash BLOB NOT NULL, UNIQUE (alert_id, horizon, late));
CREATE TRIGGER outcomes_stay BEFORE UPDATE ON outcomes
    BEGIN SELECT RAISE (ABORT, 'outcomes are never changed'); END;
CREATE TRIGGER outcomes_remain BEFORE DELETE ON outcomes
    BEGIN SELECT RAISE (ABORT, 'outcomes are never deleted'); END;
CREATE TABLE base_days (
    series_id INTEGER NOT NULL, day INTEGER NOT NULL, horizon INTEGER NOT NULL, bars INTEGER NOT NULL,
    long_wins INTEGER NOT NULL, short_wins INTEGER NOT NULL,
    PRIMARY KEY (series_id, day, horizon)) WITHOUT ROWID;
CREATE TABLE past_alerts (
    series_id INTEGER NOT NULL, ts INTEGER NOT NULL, kind TEXT NOT NULL, tier INTEGER NOT NULL,
    nets BLOB NOT NULL, PRIMARY KEY (series_id, ts, kind, tier)) WITHOUT ROWID;
CREATE TABLE changed_days (
    day INTEGER NOT NULL, series_id INTEGER NOT NULL, from_ts INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (day, series_id)) WITHOUT ROWID;
CREATE TABLE evidence (
    timeframe TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, tier INTEGER NOT NULL,
    direction TEXT NOT NULL, horizon INTEGER NOT NULL, cell TEXT NOT NULL,
    PRIMARY KEY (timeframe, source, kind, tier, direction, horizon)) WITHOUT ROWID;
INSERT INTO changed_days
    SELECT ts / {MS_PER_DAY}, series_id, min(ts), 0 FROM bars GROUP BY ts / {MS_PER_DAY}, series_id;
"""

# registered_seq: the newest transaction when a pair was first heard of. No bar before it waited for it.
_VERSION_3 = "ALTER TABLE pairs ADD COLUMN registered_seq INTEGER NOT NULL DEFAULT 0;"

MIGRATIONS: dict[int, str] = {1: _VERSION_1, 2: _VERSION_2, 3: _VERSION_3}


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to `VERSION`, one version a transaction, and add columns that are new.

    Raises StoreError when the database was made by a newer futuresboard.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StoreError(f"the database has schema {version}, this futuresboard knows {VERSION}: update it")
    for number in range(version + 1, VERSION + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number}; COMMIT;"
        )
    for table, names in (("bars", DERIVED_FIELDS), ("live", LIVE_FIELDS)):
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for name in names:
            if name not in present:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {column_type(name)}")
