"""A scratch database that stands where a recording stood after one of its transactions.

Ids of pairs, series and transactions are the recording's, so that what is replayed into it can be
compared with what was recorded, row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Store
from futuresboard.db_past import AlertRow, Recorded, Stored, alerts_between, stored_bars
from futuresboard.db_read import Unpublished, read_unpublished
from futuresboard.db_schema import RAW_FIELDS
from futuresboard.model import UserRule
from futuresboard.past import Past

_PAIR = "id, exchange, symbol, base, multiplier, listed_ts, active, quote_volume"
_META = ("unpublished", "trades_since")
_BAR = ("ts", "series_id", *RAW_FIELDS, "judged_seq")
_INSERT = f"INSERT OR IGNORE INTO bars ({', '.join(_BAR)}) VALUES ({', '.join('?' * len(_BAR))})"


class Scratch:
    """A `Store` in a folder of its own, filled from a recording; for one thread at a time.

    pairs: their ids; series: of these pairs.
    """

    def __init__(self, folder: Path, db: Connection, kind: str, series: Sequence[Recorded]) -> None:
        path = folder / "replay.db"
        Store(path, simulated=kind == "simulated").close()
        pair_ids = sorted({one.pair_id for one in series})
        places = ", ".join("?" * len(pair_ids))
        pairs = db.execute(f"SELECT {_PAIR} FROM pairs WHERE id IN ({places})", pair_ids).fetchall()
        meta = db.execute(f"SELECT key, value FROM meta WHERE key IN ({_quoted(_META)})").fetchall()
        # Opened anew, it knows the ids it is given.
        store = Store(path, simulated=kind == "simulated")
        with store.transaction() as connection:
            connection.executemany(f"INSERT INTO pairs ({_PAIR}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", pairs)
            connection.executemany(
                "INSERT INTO series (id, pair_id, timeframe) VALUES (?, ?, ?)",
                [(one.id, one.pair_id, one.timeframe) for one in series],
            )
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)
        store.close()
        self.store = Store(path, simulated=kind == "simulated")

    def close(self) -> None:
        """Close the file."""
        self.store.close()

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
        with self.store.transaction() as connection:
            connection.executemany(_INSERT, rows)

    def put_spans(self, spans: Mapping[int, tuple[int, int]]) -> None:
        """series_id -> (first, last) bar."""
        with self.store.transaction() as connection:
            connection.executemany(
                "UPDATE series SET first_ts = ?, last_ts = ? WHERE id = ?",
                [(first, last, number) for number, (first, last) in spans.items()],
            )

    def put_alerts(self, alerts: Sequence[tuple[object, ...]]) -> None:
        """(id, seq, series_id, ts, kind, tier, payload) as they are stored."""
        with self.store.transaction() as connection:
            connection.executemany("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)", alerts)

    def use_rules(self, rules: Sequence[UserRule]) -> None:
        """Exactly these rules are in force."""
        with self.store.transaction() as connection:
            connection.execute("DELETE FROM rules")
            connection.executemany(
                "INSERT INTO rules (id, name, expression, normal, created_ts, after_seq) "
                "VALUES (?, ?, ?, ?, ?, 0)",
                [(one.id, one.name, one.expression, one.normal, one.created_ts) for one in rules],
            )

    def stand_at(self, seq: int) -> None:
        """The next transaction is number `seq`."""
        self.store.put_state({"seq": str(seq - 1)})

    def rows(self, names: Sequence[str], series: Collection[int], ts: int) -> list[tuple[object, ...]]:
        """(series_id, columns `names` …) of the bars at a time."""
        query = f"SELECT series_id, {', '.join(names)} FROM bars WHERE ts = ? ORDER BY series_id"
        with self.store.transaction() as connection:
            return [row for row in connection.execute(query, (ts,)) if row[0] in series]

    def unpublished(self) -> Unpublished:
        """What its exchanges do not publish."""
        with self.store.transaction() as connection:
            return read_unpublished(connection)

    def bars(self, first: int, last: int) -> Iterator[Stored]:
        """What is stored of the bars first … last; see `stored_bars`."""
        with self.store.transaction() as connection:
            yield from stored_bars(connection, first, last)

    def alerts(self, after: int, until: int) -> list[AlertRow]:
        """The alerts of transactions after < seq <= until."""
        with self.store.transaction() as connection:
            return alerts_between(connection, after, until)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
